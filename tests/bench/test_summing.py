"""From the results of scenes to figures: made-up results with sums worked out by hand."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from colibri_geo.bench.evaluating import SceneResult
from colibri_geo.bench.recipes import RECIPES
from colibri_geo.bench.scenes import SIMULATED
from colibri_geo.bench.summing import sum_group, sum_method

METHODS = ("all", "report", "watch")


def strips(scene: str, *answers: str, kinds: str = "new") -> pd.DataFrame:
    """Return true strips with the same answers by every method."""
    rows = [
        {
            "scene": scene,
            "method": method,
            "biome": "forest",
            "bands": "4",
            "strip_id": f"T{number}",
            "kind": kinds,
            "observable": True,
            "contrast": 0.15 + 0.1 * number,
            "length_m": 400.0 + 300.0 * number,
            "width_m": 20.0,
            "answer": answer,
        }
        for method in METHODS
        for number, answer in enumerate(answers)
    ]
    return pd.DataFrame(rows)


def rows(scene: str, *kinds: str, probability: float = 0.8, length_error_m: float = 5.0) -> pd.DataFrame:
    """Return found strips of these kinds by every method."""
    found = [
        {
            "scene": scene,
            "method": method,
            "kind": kind,
            "verdict": "new",
            "obstacle": "road" if kind == "false_alarm" else "",
            "lies_on": "T0" if kind == "old_called_new" else "",
            "probability": probability,
            "end_m": 6.0,
            "offset_m": 2.0,
            "turn_deg": 0.1,
            "length_error_m": -length_error_m,
            "true_length_m": 500.0,
            "true_width_m": 20.0,
            "length_lo_m": 490.0,
            "length_hi_m": 501.0,
            "width_m": 23.0,
            "width_lo_m": 21.0,
            "width_hi_m": 25.0,
        }
        for method in METHODS
        for kind in kinds
    ]
    return pd.DataFrame(found)


def result(scene: str, true: pd.DataFrame, found: pd.DataFrame, refused: str = "") -> SceneResult:
    """Return a scene of 41 km2 of which 36 were observed."""
    return SceneResult("ordinary", scene, 41.0, 0.0 if refused else 36.0, true, found, METHODS, refused)


@pytest.fixture
def results() -> list[SceneResult]:
    """Two scenes: three of four new strips found, one false alarm, one fragment; and one old strip called new."""
    return [
        result("a", strips("a", "new", "extended"), rows("a", "hit", "hit", "false_alarm")),
        result("b", strips("b", "new", ""), rows("b", "hit", "fragment", "hidden", "other")),
        result("c", strips("c", "new", "unchanged", kinds="old"), rows("c", "old_called_new", "old_called_new")),
    ]


def test_sums_are_those_by_hand(results: list[SceneResult]) -> None:
    """Recall, precision, alarms, coverage and errors of made-up scenes are what one works out by hand."""
    report = sum_method("report", "", results)
    assert (report.recall.hits, report.recall.count) == (3, 4)
    assert (report.precision.hits, report.precision.count) == (3, 6)
    assert report.false_alarms.per_1000_km2 == pytest.approx(1000 / 108)
    assert [(alarms.obstacle, alarms.rate.events) for alarms in report.false_alarms_by] == [("road", 1)]
    assert (report.old_called_new.hits, report.old_called_new.count) == (1, 2)
    assert (report.fragments, report.hidden, report.scenes, report.km2) == (1, 1, 3, 123.0)
    assert report.errors.length_percent.value == pytest.approx(1.0)
    assert report.errors.width_m.value == pytest.approx(3.0)
    assert (report.length_coverage.hits, report.length_coverage.count) == (3, 3)
    assert (report.width_coverage.hits, report.width_coverage.count) == (0, 3)


def test_classes_hold_every_strip(results: list[SceneResult]) -> None:
    """Each kind of class parts all new strips, and the answers count all strips."""
    report = sum_method("watch", "", results)
    for by in ("length", "width", "contrast", "biome", "bands"):
        assert sum(share.share.count for share in report.recall_by if share.by == by) == 4
    assert sum(answer.count for answer in report.answers) == 6
    assert {(answer.truth, answer.answer): answer.count for answer in report.answers}["new", "not found"] == 1


def test_calibration_leaves_out_what_is_neither(results: list[SceneResult]) -> None:
    """Three hits, one false alarm and two old strips of probability 0.8 are off by 0.3; fragments have no say."""
    group = sum_group(SIMULATED[0], results)
    assert group.calibration.count == 6
    assert group.calibration.ece == pytest.approx(0.3)
    assert [method.method for method in group.methods] == ["report", "watch"]


def test_refused_pair_misses_its_strips_and_counts_no_ground(results: list[SceneResult]) -> None:
    """A pair that could not be compared lowers recall, not the rate of false alarms."""
    refused = result("d", strips("d", "", ""), rows("d")[:0].reindex(columns=results[0].rows.columns), "misaligned")
    group = sum_group(SIMULATED[0], [*results, refused])
    assert group.refused == ("d: misaligned",)
    assert (group.methods[0].recall.hits, group.methods[0].recall.count) == (3, 6)
    assert group.methods[0].false_alarms.km2 == 108.0


def test_recipe_that_could_not_run_says_so(results: list[SceneResult], monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe whose library is missing has a row with the reason, once the recipes were asked for."""
    monkeypatch.setattr("colibri_geo.bench.recipes.load_opencv", lambda: None)
    first = RECIPES[0].name
    ran = [
        SceneResult(
            one.group,
            one.name,
            one.km2,
            one.observed_km2,
            pd.concat([one.strips, one.strips[one.strips["method"] == "all"].assign(method=first)]),
            one.rows,
            (*METHODS, first),
        )
        for one in results
    ]
    methods = sum_group(SIMULATED[0], ran).methods
    assert [method.method for method in methods] == ["report", "watch", first, RECIPES[2].name]
    assert methods[-1].not_run == "not run: install colibri_geo[bench]"
    assert methods[2].not_run == ""
    assert methods[-1].scenes == 0
    assert math.isnan(methods[-1].false_alarms.per_1000_km2)
