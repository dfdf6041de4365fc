"""The figures of the benchmark that come with the package."""

from __future__ import annotations

from pathlib import Path

import pytest

from colibri_geo.bench.detection import GROUPS
from colibri_geo.errors import SettingsError
from colibri_geo.evidence.benchmark import BenchmarkRecord, load_benchmark
from colibri_geo.language import ENGLISH
from colibri_geo.settings import OPERATING_POINTS, Settings
from colibri_geo.tracing.scoring import hash_shape_model

TABLES = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(params=OPERATING_POINTS)
def record(request: pytest.FixtureRequest) -> BenchmarkRecord:
    """What was measured at each operating point."""
    return load_benchmark(request.param)


def test_record_is_of_this_detector(record: BenchmarkRecord) -> None:
    """Whoever fits another model or changes a default has to measure again before anything is said of it."""
    assert record.shape_model_sha256 == hash_shape_model()
    assert record.settings == Settings().replace(operating_point=record.operating_point)
    assert record.min_probability == record.settings.score.min_probability


def test_record_is_the_dated_table(record: BenchmarkRecord) -> None:
    """What reports state stands in the table of the same day, group by group."""
    table = (TABLES / f"detection-{record.measured}.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines() if line.startswith("| ")]
    summary = {row[0]: row for row in rows if row[1:2] == [record.operating_point] and len(row) == 10}
    assert list(summary) == [group.name for group in record.groups]
    for group in record.groups:
        _, _, scenes, area, recall, _, alarms, *_ = summary[group.name]
        rate = group.false_alarms_per_1000_km2
        assert (scenes, area) == (str(group.scenes), f"{group.observed_km2:,.0f}")
        assert alarms == f"{rate.value:.1f} ({rate.lo:.1f} to {rate.hi:.1f}; {group.false_alarms})"
        found = group.recall
        assert recall.startswith("-" if found is None else f"{found.value:.3f} ({found.lo:.3f} to {found.hi:.3f}; ")
        assert found is None or recall.endswith(f"/{group.new_strips})")


def test_operating_point_that_does_not_exist_is_refused() -> None:
    """Whoever asks for another is told which there are."""
    with pytest.raises(SettingsError, match="does not exist, expected report or watch"):
        load_benchmark("x")
    with pytest.raises(SettingsError, match="operating point 'None' does not exist"):
        load_benchmark(None)  # type: ignore[arg-type]


def test_every_group_was_measured_and_has_words(record: BenchmarkRecord) -> None:
    """All groups of the benchmark are in the record, and a report has a name for each."""
    assert {group.name for group in record.groups} == {group.name for group in GROUPS}
    assert all(f"reliability.group.{group.name}" in ENGLISH.texts for group in record.groups)
