"""Link the peaks of a search into chains, each the seed of one candidate."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from colibri_geo.core.frames import Line
from colibri_geo.core.lines import Peaks

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_NEAR_PX = 2.5
_SWING = 0.05  # pixels across that a peak may stray, for each pixel along
_TURN_DEG = 15.0
_GAP_PX = 24.0
_REACH_PX = 60.0
_AWAY_PX = _REACH_PX + _NEAR_PX + _SWING * _REACH_PX  # further from station 0 lies nothing beside a line
_TOGETHER = 64  # lines that are compared at once with the peaks around them


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
    peaks = peaks.pick(np.lexsort((peaks.angle_deg, peaks.col, peaks.row)))
    place = np.stack([peaks.row, peaks.col], axis=1)
    lines = [Line(row, col, angle) for (row, col), angle in zip(place.tolist(), peaks.angle_deg.tolist(), strict=True)]
    strength = np.round(peaks.strength.astype(np.float64), 3)
    near = _find_near(place, lines)
    free = [True] * len(lines)
    seeds = []
    for top in np.argsort(-strength, kind="stable").tolist():
        if free[top]:
            chain = _join(near[top], free)
            for peak in chain:
                free[peak] = False
            seeds.append(_make_seed(place[chain], lines[top], float(strength[top]), half_filter_px))
    return seeds


def _find_near(place: FloatArray, lines: list[Line]) -> list[list[tuple[int, float]]]:
    """Find the peaks beside each line, the nearest to its station 0 first, each with its station.

    `place` is in reading order: lines are compared with the peaks of the rows around them, some lines at once.
    """
    along = np.array([line.along for line in lines])
    across = np.array([line.across for line in lines])
    angle_deg = np.array([line.angle_deg for line in lines])
    near: list[list[tuple[int, float]]] = []
    for first in range(0, len(lines), _TOGETHER):
        some = slice(first, first + _TOGETHER)
        rows = place[some, 0]
        start, stop = np.searchsorted(place[:, 0], [rows[0] - _AWAY_PX, rows[-1] + _AWAY_PX])
        away = place[start:stop] - place[some, None]
        station = np.einsum("lpi,li->lp", away, along[some])
        offset = np.einsum("lpi,li->lp", away, across[some])
        distance = np.abs(station)
        line, peak = np.nonzero((distance <= _REACH_PX) & (np.abs(offset) <= _NEAR_PX + _SWING * distance))
        alike = np.abs((angle_deg[start + peak] - angle_deg[first + line] + 90) % 180 - 90) <= _TURN_DEG
        line, peak = line[alike], peak[alike]
        order = np.lexsort((distance[line, peak], line))
        line, peak = line[order], peak[order]
        stationed = list(zip((start + peak).tolist(), station[line, peak].tolist(), strict=True))
        bounds = np.searchsorted(line, np.arange(len(rows) + 1)).tolist()
        near.extend(stationed[begin:end] for begin, end in pairwise(bounds))
    return near


def _join(near: list[tuple[int, float]], free: list[bool]) -> list[int]:
    """Free peaks beside a line that join its station 0 without a wide gap."""
    chain, first, last = [], 0.0, 0.0
    for peak, station in near:
        if free[peak] and first - station <= _GAP_PX and station - last <= _GAP_PX:
            chain.append(peak)
            first, last = min(first, station), max(last, station)
    return chain


def _make_seed(chain: FloatArray, line: Line, strength: float, half_filter_px: float) -> Seed:
    station = (chain - np.array([line.row, line.col])) @ line.along
    first, last = station.min(), station.max()
    middle, half = (last + first) / 2, (last - first) / 2
    return Seed(line.moved(station=middle, offset=0.0, turn_deg=0.0), half + 0.6 * half_filter_px, strength)
