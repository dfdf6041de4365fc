"""From a benchmark's report to the record that runs carry."""

from __future__ import annotations

import dataclasses
from datetime import date

import pytest

from colibri_geo.bench.detection import DetectionReport
from colibri_geo.bench.recording import record_benchmark
from colibri_geo.bench.scenes import SIMULATED
from colibri_geo.bench.summing import sum_group
from colibri_geo.errors import SettingsError
from colibri_geo.settings import Settings
from tests.bench.test_summing import result, rows, strips

SETTINGS = Settings().replace(report_probability=0.7, min_length_m=400.0)


def report(seeds: str = "test") -> DetectionReport:
    """Return a report of one group of two scenes: two of three new strips found, one false alarm."""
    results = [
        result("a", strips("a", "new", "extended"), rows("a", "hit", "hit", "false_alarm")),
        result("b", strips("b", ""), rows("b", "other")),
    ]
    return DetectionReport("1.2", "full", seeds, 10_000, SETTINGS, "made up", (sum_group(SIMULATED[0], results),))


def test_record_has_the_figures_of_each_operating_point() -> None:
    """Each operating point has its own record, with the figures of the report."""
    records = record_benchmark(report(), date(2026, 1, 31))
    assert [(one.operating_point, one.min_probability) for one in records] == [("report", 0.7), ("watch", 0.35)]
    assert [one.settings for one in records] == [SETTINGS, SETTINGS.replace(operating_point="watch")]
    (group,) = records[0].groups
    assert (records[0].measured, records[0].version, group.name) == ("2026-01-31", "1.2", "ordinary")
    assert (group.scenes, group.observed_km2, group.new_strips, group.false_alarms) == (2, 72.0, 3, 1)
    assert group.recall is not None
    assert group.recall.value == pytest.approx(2 / 3)
    assert group.false_alarms_per_1000_km2.value == pytest.approx(1000 / 72)


def test_no_recall_where_nothing_was_new() -> None:
    """A group without a new strip has no recall, rather than a number that is none."""
    quiet = sum_group(SIMULATED[0], [result("a", strips("a", "", kinds="old"), rows("a", "false_alarm"))])
    whole = DetectionReport("1.2", "full", "test", 10_000, SETTINGS, "made up", (quiet,))
    assert record_benchmark(whole, date(2026, 1, 31))[0].groups[0].recall is None


def test_scenes_on_which_something_was_chosen_are_refused() -> None:
    """What was chosen on development seeds is not published as measured on them."""
    with pytest.raises(SettingsError, match="full report of development seeds, expected a full one of test seeds"):
        record_benchmark(report("development"), date(2026, 1, 31))


def test_a_few_scenes_are_refused() -> None:
    """What the quick form measures is too little to be stated by every run."""
    with pytest.raises(SettingsError, match="quick report of test seeds, expected a full one of test seeds"):
        record_benchmark(dataclasses.replace(report(), form="quick"), date(2026, 1, 31))
