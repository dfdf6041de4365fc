"""Link the peaks of a search into chains, each the seed of one candidate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.frames import Line
from colibri_geo.core.lines import Peaks

_NEAR_PX = 2.5
_SWING = 0.05  # pixels across that a peak may stray, for each pixel along
_TURN_DEG = 15.0
_GAP_PX = 24.0
_REACH_PX = 60.0


@dataclass(frozen=True)
class Seed:
    """Where a candidate may lie.

    Attributes
    ----------
    line : Line
        Station 0 lies in the middle of the chain.
    half_px : float
        Half the length of the chain.
    strength : float
        Of its strongest peak.
    """

    line: Line
    half_px: float
    strength: float


def link_peaks(peaks: Peaks, *, half_filter_px: float) -> list[Seed]:
    """Link peaks that lie along one line, the strongest first.

    Parameters
    ----------
    peaks : Peaks
    half_filter_px : float
        Half the length of the search filter.

    Returns
    -------
    list of Seed
        The strongest first.
    """
    place = np.stack([peaks.row, peaks.col], axis=1).astype(np.float64)
    strength = np.round(peaks.strength.astype(np.float64), 3)
    free = np.ones(len(place), dtype=bool)
    seeds = []
    for top in np.lexsort((place[:, 1], place[:, 0], -strength)):
        if not free[top]:
            continue
        line = Line(float(place[top, 0]), float(place[top, 1]), float(peaks.angle_deg[top]))
        chain = _gather(place, peaks.angle_deg, free, line)
        free[chain] = False
        free[top] = False
        seeds.append(_make_seed(place[chain], line, float(strength[top]), half_filter_px))
    return seeds


def _gather(
    place: np.ndarray[Any, Any], angle_deg: np.ndarray[Any, Any], free: np.ndarray[Any, Any], line: Line
) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Peaks near a line that join its first peak without a wide gap."""
    away = place - np.array([line.row, line.col])
    station, offset = away @ line.along, away @ line.across
    turn = np.abs((angle_deg - line.angle_deg + 90) % 180 - 90)
    near = free & (turn <= _TURN_DEG) & (np.abs(station) <= _REACH_PX)
    near &= np.abs(offset) <= _NEAR_PX + _SWING * np.abs(station)
    members = np.flatnonzero(near)
    members = members[np.argsort(station[members], kind="stable")]
    at = int(np.searchsorted(station[members], 0.0))
    gaps = np.diff(station[members]) > _GAP_PX
    first = last = min(at, len(members) - 1)
    while first > 0 and not gaps[first - 1]:
        first -= 1
    while last < len(members) - 1 and not gaps[last]:
        last += 1
    chain: np.ndarray[Any, np.dtype[np.int64]] = members[first : last + 1]
    return chain


def _make_seed(chain: np.ndarray[Any, Any], line: Line, strength: float, half_filter_px: float) -> Seed:
    station = (chain - np.array([line.row, line.col])) @ line.along if len(chain) else np.zeros(1)
    middle, half = (station.max() + station.min()) / 2, (station.max() - station.min()) / 2
    return Seed(line.moved(station=middle, offset=0.0, turn_deg=0.0), half + 0.6 * half_filter_px, strength)
