"""Which found strip is which true one, and what the others are.

A found strip matches a true one when their axes overlap by half of the longer or more, lie within 30 m and turn by at
most 10 degrees; one to one, pairs of the same verdict first, then those that overlap most. The rest of what is reported
as appeared falls into kinds:

==================  ==================================================================================================
kind                meaning
==================  ==================================================================================================
``hit``             matches a new strip
``fragment``        most of it lies along a new strip that it does not match, as a part or a second copy: neither a hit
                    nor a false alarm, but counted
``hidden``          matches a new strip of which too little was observed: neither
``old_called_new``  matches, or is part of, a strip that is old or regrowing
``false_alarm``     anything else; it has the kind of what lies there (road, river, ...; none)
``other``           reported with another verdict, such as unchanged
==================  ==================================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from colibri_geo.bench.truth import FloatArray, Obstacle, OnGround, Truth, as_axes, measure_on_ground

IntArray = np.ndarray[Any, np.dtype[np.int64]]

APPEARED = ("new", "extended", "reopened")
"""Verdicts that ask someone to go and look."""
KINDS = ("hit", "fragment", "hidden", "old_called_new", "false_alarm", "other")
SHORTEST_M = 350.0
_BESIDE_M = 20.0
_SOFT_BESIDE_M = 60.0
_LIES_ON = 0.3


@dataclass(frozen=True)
class Rules:
    """When a found strip is a true one.

    Attributes
    ----------
    min_overlap_share : float
        Of the longer axis.
    max_offset_m : float
        Mean distance of the found axis from the true one, where they overlap.
    max_turn_deg : float
    """

    min_overlap_share: float = 0.5
    max_offset_m: float = 30.0
    max_turn_deg: float = 10.0


BY_EYE = Rules(0.4, 40.0, 12.0)
"""For truth that was drawn by eye on pictures of 10 m."""


@dataclass(frozen=True)
class Comparison:
    """Each found axis (K) against each true one (L), (K, L) ndarrays of float64.

    Attributes
    ----------
    overlap_m : along the true axis
    offset_m : mean distance from the true axis, where they overlap
    turn_deg : between the axes, in [0, 90]
    end_m : mean distance of the ends, each from the one that it belongs to
    found_m, true_m : lengths, (K, 1) and (1, L)
    """

    overlap_m: FloatArray
    offset_m: FloatArray
    turn_deg: FloatArray
    end_m: FloatArray
    found_m: FloatArray
    true_m: FloatArray

    @property
    def overlap_share(self) -> FloatArray:
        """Overlap over the longer of the two."""
        share: FloatArray = self.overlap_m / np.maximum(self.found_m, self.true_m)
        return share

    def near(self, rules: Rules) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """Tell which lie along each other, whatever their lengths."""
        near: np.ndarray[Any, np.dtype[np.bool_]] = (
            (self.overlap_m > 0) & (self.offset_m <= rules.max_offset_m) & (self.turn_deg <= rules.max_turn_deg)
        )
        return near


def compare_axes(found: FloatArray, true: FloatArray) -> Comparison:
    """Compare each found axis with each true one.

    Parameters
    ----------
    found : (K, 2, 2) ndarray of float64, metres
    true : (L, 2, 2) ndarray of float64, metres

    Returns
    -------
    Comparison

    Examples
    --------
    >>> found = np.array([[[10.0, 0.0], [10.0, 500.0]]])
    >>> both = compare_axes(found, np.array([[[0.0, 100.0], [0.0, 500.0]]]))
    >>> both.overlap_m.item(), both.overlap_share.item(), both.offset_m.item()
    (400.0, 0.8, 10.0)
    """
    step = true[:, 1] - true[:, 0]
    true_m = np.hypot(step[:, 0], step[:, 1])
    along = step / true_m[:, None]
    across = np.stack([along[:, 1], -along[:, 0]], axis=-1)
    away = found[:, None] - true[None, :, :1]  # (K, L, end, 2)
    station = np.einsum("klec,lc->kle", away, along)
    offset = np.einsum("klec,lc->kle", away, across)
    low = np.clip(station.min(axis=-1), 0, None)
    high = np.minimum(station.max(axis=-1), true_m)
    found_step = found[:, 1] - found[:, 0]
    found_m = np.hypot(found_step[:, 0], found_step[:, 1])
    cosine = np.abs(found_step @ along.T) / found_m[:, None]
    straight = np.hypot(*np.moveaxis(found[:, None] - true[None], -1, 0)).mean(axis=-1)
    crossed = np.hypot(*np.moveaxis(found[:, None, ::-1] - true[None], -1, 0)).mean(axis=-1)
    return Comparison(
        overlap_m=np.maximum(high - low, 0),
        offset_m=_mean_distance(station, offset, low, high),
        turn_deg=np.degrees(np.arccos(np.clip(cosine, 0, 1))),
        end_m=np.minimum(straight, crossed),
        found_m=found_m[:, None],
        true_m=true_m[None],
    )


def _mean_distance(station: FloatArray, offset: FloatArray, low: FloatArray, high: FloatArray) -> FloatArray:
    """Mean of the distance between two stations of a line that may cross the axis in between."""
    run = station[..., 1] - station[..., 0]
    slope = np.divide(offset[..., 1] - offset[..., 0], run, out=np.zeros_like(run), where=np.abs(run) > 1e-9)
    first, last = (offset[..., 0] + slope * (at - station[..., 0]) for at in (low, high))
    size = np.abs(first) + np.abs(last)
    crossing = np.divide(first**2 + last**2, 2 * size, out=np.zeros_like(size), where=size > 0)
    distance: FloatArray = np.where(first * last >= 0, size / 2, crossing)
    return distance


def match_axes(compared: Comparison, *, agrees: np.ndarray[Any, np.dtype[np.bool_]], rules: Rules) -> IntArray:
    """Match found and true axes one to one, those of the same verdict first, then by overlap.

    Parameters
    ----------
    compared : Comparison
    agrees : (K, L) ndarray of bool
        Whether the verdicts are the same.
    rules : Rules

    Returns
    -------
    (K,) ndarray of int64
        Number of the true axis, or -1.
    """
    fits = compared.near(rules) & (compared.overlap_share >= rules.min_overlap_share)
    found, true = np.nonzero(fits)
    order = np.lexsort((true, found, -compared.overlap_share[fits], ~agrees[fits]))
    matched = np.full(fits.shape[0], -1, dtype=np.int64)
    taken = np.zeros(fits.shape[1], dtype=bool)
    for row, col in zip(found[order], true[order], strict=True):
        if matched[row] < 0 and not taken[col]:
            matched[row], taken[col] = col, True
    return matched


def judge(table: gpd.GeoDataFrame, truth: Truth, *, rules: Rules | None = None) -> pd.DataFrame:
    """Say of each found strip what it really is.

    Parameters
    ----------
    table : GeoDataFrame
        A strips table with ``verdict``; more columns give more errors.
    truth : Truth
    rules : Rules, optional

    Returns
    -------
    DataFrame
        The rows of the table without their geometry, and ``kind`` (see above), ``true_id``, ``true_kind``,
        ``true_verdict`` (empty where it matches none), ``lies_on`` (the strip that it matches or of which it is a
        part), ``obstacle`` (of false alarms), ``overlap_share`` and the errors ``end_m``, ``offset_m``, ``turn_deg``,
        ``length_error_m``, ``true_length_m``, ``true_width_m`` (missing where it matches none). Lengths and azimuths
        are compared on the ellipsoid.
    """
    rules = rules or Rules()
    crs = str(table.crs)
    found, true = as_axes(list(table.geometry)), truth.axes_in(crs)
    verdicts = table["verdict"].to_numpy(dtype=object)
    wanted = np.array([strip.verdict for strip in truth.strips], dtype=object)
    compared = compare_axes(found, true)
    as_new = np.where(np.isin(verdicts, APPEARED), "new", verdicts)
    matched = match_axes(compared, agrees=as_new[:, None] == wanted[None], rules=rules)
    part_of = _find_whole(compared, rules)
    kinds = [
        _name_kind(str(verdict), match=int(match), part=int(part), truth=truth)
        for verdict, match, part in zip(verdicts, matched, part_of, strict=True)
    ]
    strips = [truth.strips[number] if number >= 0 else None for number in matched]
    judged = pd.DataFrame(table.drop(columns=table.geometry.name))
    judged["kind"] = pd.Series(kinds, index=table.index, dtype="str")
    for name, field in (("true_id", "strip_id"), ("true_kind", "kind"), ("true_verdict", "verdict")):
        texts = [getattr(strip, field) if strip else "" for strip in strips]
        judged[name] = pd.Series(texts, index=table.index, dtype="str")
    judged["lies_on"] = pd.Series(_name_strips(matched, part_of, truth), index=table.index, dtype="str")
    judged["obstacle"] = pd.Series(_name_obstacles(table, kinds, truth), index=table.index, dtype="str")
    really = measure_on_ground(true, crs)
    widths_m = np.array([strip.width_m for strip in truth.strips], dtype=np.float64)
    return judged.assign(**_measure_errors(compared, matched, measure_on_ground(found, crs), really, widths_m))


def _find_whole(compared: Comparison, rules: Rules) -> IntArray:
    """Return the true strip along which most of each found one lies, or -1."""
    share = np.where(compared.near(rules), compared.overlap_m / compared.found_m, 0.0)
    if not share.shape[1]:
        return np.full(share.shape[0], -1, dtype=np.int64)
    return np.where(share.max(axis=1) >= rules.min_overlap_share, share.argmax(axis=1), -1)


def _name_strips(matched: IntArray, part_of: IntArray, truth: Truth) -> list[str]:
    numbers = np.where(matched >= 0, matched, part_of)
    return [truth.strips[number].strip_id if number >= 0 else "" for number in numbers]


def _name_kind(verdict: str, *, match: int, part: int, truth: Truth) -> str:
    if verdict not in APPEARED:
        return "other"
    if max(match, part) < 0:
        return "false_alarm"
    strip = truth.strips[match if match >= 0 else part]
    if strip.kind != "new":
        return "old_called_new"
    if match < 0:
        return "fragment"
    return "hit" if strip.observable else "hidden"


def _name_obstacles(table: gpd.GeoDataFrame, kinds: list[str], truth: Truth) -> list[str]:
    alarms = [number for number, kind in enumerate(kinds) if kind == "false_alarm"]
    names = [""] * len(table)
    lines = table.geometry.iloc[alarms].to_crs(truth.crs)
    for number, line in zip(alarms, lines, strict=True):
        names[number] = name_obstacle(line, truth.obstacles)
    return names


def name_obstacle(line: Any, obstacles: tuple[Obstacle, ...]) -> str:  # noqa: ANN401 - shapely's line
    """Return the kind of what a false alarm lies on or along.

    Parameters
    ----------
    line : LineString
        Axis, in the metre system of the obstacles.
    obstacles : tuple of Obstacle

    Returns
    -------
    str
        ``none`` where less than 30 % of the axis lies on or beside any; sharp ones go before soft ones.
    """
    for soft, beside_m in ((False, _BESIDE_M), (True, _SOFT_BESIDE_M)):
        near = [obstacle for obstacle in obstacles if obstacle.soft is soft]
        grounds = shapely.buffer([obstacle.geometry for obstacle in near], beside_m)
        share = shapely.length(shapely.intersection(grounds, line)) / line.length
        if len(share) and share.max() >= _LIES_ON:
            return near[int(share.argmax())].kind
    return "none"


def _measure_errors(
    compared: Comparison, matched: IntArray, found: OnGround, really: OnGround, widths_m: FloatArray
) -> dict[str, FloatArray]:
    """Errors of matched strips as columns; missing where a strip matches none."""
    rows = np.flatnonzero(matched >= 0)
    cols = matched[rows]
    turn = found.azimuth_deg[rows] - really.azimuth_deg[cols]
    values = {
        "overlap_share": compared.overlap_share[rows, cols],
        "end_m": compared.end_m[rows, cols],
        "offset_m": compared.offset_m[rows, cols],
        "turn_deg": np.abs((turn + 90) % 180 - 90),
        "length_error_m": found.length_m[rows] - really.length_m[cols],
        "true_length_m": really.length_m[cols],
        "true_width_m": widths_m[cols],
    }
    columns = {name: np.full(len(matched), np.nan) for name in values}
    for name, column in columns.items():
        column[rows] = values[name]
    return columns
