"""Which found strip is which true one."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString, box

from colibri_geo.bench.matching import Rules, compare_axes, judge, match_axes, name_obstacle
from colibri_geo.bench.truth import Obstacle, Truth
from colibri_geo.sim import TruthStrip

CRS = "EPSG:32618"
EAST, NORTH = 500_000.0, 100_000.0


def axis(east_m: float, north_m: float, length_m: float, turn_deg: float = 0.0) -> list[list[float]]:
    """Return an axis from a start, northward, turned clockwise."""
    angle = np.radians(turn_deg)
    return [[east_m, north_m], [east_m + length_m * np.sin(angle), north_m + length_m * np.cos(angle)]]


def strip(number: int, ends: list[list[float]], kind: str = "new", observed_share: float = 1.0) -> TruthStrip:
    """Return a true strip at a place relative to the corner of the scene."""
    (east1, north1), (east2, north2) = ((EAST + east, NORTH + north) for east, north in ends)
    length_m = float(np.hypot(east2 - east1, north2 - north1))
    return TruthStrip(
        f"T{number}", kind, (east1, north1), (east2, north2), length_m, 20.0, 0.0, "laterite", 1.0, observed_share
    )


def table(*found: tuple[list[list[float]], str]) -> gpd.GeoDataFrame:
    """Return a strips table with verdicts and axes relative to the corner of the scene."""
    lines = [LineString([(EAST + east, NORTH + north) for east, north in ends]) for ends, _ in found]
    return gpd.GeoDataFrame({"verdict": [verdict for _, verdict in found]}, geometry=lines, crs=CRS)


def kinds(found: gpd.GeoDataFrame, *strips: TruthStrip) -> list[str]:
    """Return what each found strip is."""
    return list(judge(found, Truth(CRS, strips))["kind"])


def test_order_of_the_ends_does_not_matter(rng: np.random.Generator) -> None:
    """An axis compares the same from either end, found or true."""
    found, true = rng.uniform(0, 1000, (5, 2, 2)), rng.uniform(0, 1000, (4, 2, 2))
    forth, back = compare_axes(found, true), compare_axes(found[:, ::-1], true[:, ::-1])
    for name in ("overlap_m", "offset_m", "turn_deg", "end_m"):
        np.testing.assert_allclose(getattr(forth, name), getattr(back, name), atol=1e-9)


def test_moving_both_changes_nothing(rng: np.random.Generator) -> None:
    """Comparison knows no place and no direction: turned and moved alike, axes compare the same."""
    found, true = rng.uniform(0, 1000, (5, 2, 2)), rng.uniform(0, 1000, (4, 2, 2))
    turn = np.array([[0.6, -0.8], [0.8, 0.6]])
    here, there = compare_axes(found, true), compare_axes(found @ turn + 77.0, true @ turn + 77.0)
    for name in ("overlap_share", "offset_m", "turn_deg", "end_m"):
        np.testing.assert_allclose(getattr(here, name), getattr(there, name), atol=1e-6)


def test_offset_of_a_crossing_line_is_the_mean_distance() -> None:
    """A line that crosses the axis in its middle lies as far from it as the mean of the distance along it."""
    found = np.array([[[-20.0, 0.0], [20.0, 400.0]]])
    both = compare_axes(found, np.array([[[0.0, 0.0], [0.0, 400.0]]]))
    assert both.offset_m.item() == pytest.approx(10.0)
    assert both.end_m.item() == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (axis(0, 0, 600), "hit"),
        (axis(29, 0, 600), "hit"),
        (axis(31, 0, 600), "false_alarm"),
        (axis(0, 0, 301), "hit"),
        (axis(0, 0, 299), "fragment"),
        (axis(0, 0, 1199), "hit"),
        (axis(0, 0, 1201), "false_alarm"),
        (axis(0, 0, 200, 9.9), "fragment"),
        (axis(0, 0, 200, 10.1), "false_alarm"),
        (axis(0, 601, 600), "false_alarm"),
    ],
)
def test_limits_of_a_match(ends: list[list[float]], expected: str) -> None:
    """Half of the longer, 30 m and 10 degrees part a hit from the rest, a part of a strip from something else."""
    assert kinds(table((ends, "new")), strip(1, axis(0, 0, 600))) == [expected]


def test_matching_is_one_to_one() -> None:
    """Of two found strips along one true strip, the better is the hit and the other a fragment."""
    found = table((axis(5, 0, 500), "new"), (axis(0, 0, 590), "new"))
    assert kinds(found, strip(1, axis(0, 0, 600))) == ["fragment", "hit"]


def test_same_verdict_goes_first() -> None:
    """A strip that is found twice is matched by the one with the right verdict, even where it overlaps less."""
    found = table((axis(0, 0, 600), "unchanged"), (axis(0, 0, 450), "new"))
    judged = judge(found, Truth(CRS, (strip(1, axis(0, 0, 600)),)))
    assert list(judged["kind"]) == ["other", "hit"]
    assert list(judged["true_id"]) == ["", "T1"]


def test_neighbours_are_told_apart() -> None:
    """Two parallel strips 60 m apart match one each."""
    found = table((axis(62, 0, 600), "new"), (axis(2, 0, 600), "new"))
    judged = judge(found, Truth(CRS, (strip(1, axis(0, 0, 600)), strip(2, axis(60, 0, 600)))))
    assert list(judged["true_id"]) == ["T2", "T1"]


def test_old_and_hidden_strips_are_counted_apart() -> None:
    """A new verdict on an old or regrowing strip is its own kind, whole or in part; on a hidden strip it is neither."""
    true = (
        strip(1, axis(0, 0, 600), "old"),
        strip(2, axis(500, 0, 600), "regrowing"),
        strip(3, axis(1000, 0, 600), observed_share=0.5),
    )
    found = table((axis(0, 0, 200), "new"), (axis(500, 0, 600), "extended"), (axis(1000, 0, 600), "new"))
    judged = judge(found, Truth(CRS, true))
    assert list(judged["kind"]) == ["old_called_new", "old_called_new", "hidden"]
    assert list(judged["lies_on"]) == ["T1", "T2", "T3"]


@pytest.mark.parametrize("verdict", ["unchanged", "regrowing", "not_observed"])
def test_only_what_appeared_is_an_alarm(verdict: str) -> None:
    """What is not said to have appeared is no false alarm, wherever it lies."""
    assert kinds(table((axis(0, 0, 600), verdict)), strip(1, axis(5000, 0, 600))) == ["other"]


def test_errors_are_those_of_the_ellipsoid() -> None:
    """Length and azimuth are compared on the ellipsoid, offsets in metres of the map."""
    judged = judge(table((axis(3, 10, 600), "new")), Truth(CRS, (strip(1, axis(0, 0, 600)),))).iloc[0]
    assert judged["offset_m"] == pytest.approx(3.0)
    assert judged["end_m"] == pytest.approx(np.hypot(3, 10))
    assert judged["turn_deg"] == pytest.approx(0.0, abs=1e-5)
    assert judged["length_error_m"] == pytest.approx(0.0, abs=1e-3)
    assert judged["true_length_m"] == pytest.approx(600 / 0.9996, rel=1e-5)


def test_truth_in_another_system_is_brought_over() -> None:
    """A table in another metre system than the truth's gives the same answer."""
    found = table((axis(0, 0, 600), "new")).to_crs("EPSG:32619")
    assert kinds(found, strip(1, axis(0, 0, 600))) == ["hit"]


def test_nothing_found_and_nothing_true() -> None:
    """Empty tables and scenes without strips are judged too."""
    empty = gpd.GeoDataFrame({"verdict": []}, geometry=[], crs=CRS)
    assert len(judge(empty, Truth(CRS, (strip(1, axis(0, 0, 600)),)))) == 0
    assert kinds(table((axis(0, 0, 600), "new"))) == ["false_alarm"]


def test_matching_needs_enough_overlap(rng: np.random.Generator) -> None:
    """Whatever lies where, every match keeps the rules and no true strip is matched twice."""
    found = rng.uniform(0, 600, (40, 1, 2)) + np.array([[0.0, 0.0], [0.0, 400.0]])
    true = rng.uniform(0, 600, (30, 1, 2)) + np.array([[0.0, 0.0], [0.0, 400.0]])
    both, rules = compare_axes(found, true), Rules()
    matched = match_axes(both, agrees=np.ones((40, 30), dtype=bool), rules=rules)
    rows = np.flatnonzero(matched >= 0)
    assert len(rows) > 5
    assert len(set(matched[rows])) == len(rows)
    assert (both.overlap_share[rows, matched[rows]] >= rules.min_overlap_share).all()
    assert (both.offset_m[rows, matched[rows]] <= rules.max_offset_m).all()


def test_false_alarm_is_named_after_what_lies_there() -> None:
    """A false alarm on a road is a road's even inside a seasonal patch; far from everything it has no cause."""
    line = LineString([(0, 0), (0, 500)])
    road, patch = (
        Obstacle("road", LineString([(10, -100), (10, 900)])),
        Obstacle("season", box(-400, -400, 400, 900), soft=True),
    )
    assert name_obstacle(line, (patch, road)) == "road"
    assert name_obstacle(line, (patch,)) == "season"
    assert name_obstacle(line, (Obstacle("road", LineString([(900, 0), (900, 500)])),)) == "none"
    assert name_obstacle(line, ()) == "none"
