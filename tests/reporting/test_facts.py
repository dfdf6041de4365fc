"""Facts on a sheet."""

from __future__ import annotations

import dataclasses

import pandas as pd
import pytest

from colibri_geo.language import ENGLISH
from colibri_geo.reporting import build_model
from colibri_geo.reporting.facts import format_gap
from tests.support.example_run import example_findings, example_record


@pytest.mark.parametrize(
    ("start", "stop", "told"),
    [
        ("2025-01-10T15:20:00Z", "2025-01-10T16:20:00Z", "1 hour"),
        ("2025-01-10T15:20:00Z", "2025-01-12T15:19:00Z", "2 days"),
        ("2025-01-10T15:20:00Z", "2025-01-12T14:19:00Z", "47 hours"),
        ("2025-01-10T15:20:00Z", "2025-03-21T15:20:00Z", "70 days"),
        ("2025-01-10T15:20:00", "2025-01-12T15:20:00Z", "2 days"),
        ("2025-01-10T22:20:00-05:00", "2025-01-12", "1 day"),
        ("2025-01-10", "2025-01-11", "1 day"),
        ("2025-01-10", "2025-01-11T15:20:00Z", "1 day"),
        ("2025-01-10T23:50:00Z", "2025-01-12", "2 days"),
        ("2024-12-31", "2025-01-01T23:50:00Z", "1 day"),
        ("", "2025-01-01T23:50:00Z", "not known"),
    ],
)
def test_time_between_looks_is_as_fine_as_what_is_known(start: str, stop: str, told: str) -> None:
    """Hours are told where both scenes state a time; where one states a day alone, days are counted."""
    assert format_gap(start, stop, ENGLISH) == told


def test_days_alone_give_no_hours() -> None:
    """Tables count a day alone from 00:00: neither the head of the report nor a sheet takes that for a time."""
    record = example_record()
    before, after = (
        dataclasses.replace(scene, acquired=day)
        for scene, day in ((record.before, "2025-01-10"), (record.after, "2025-01-11"))
    )
    findings = example_findings()
    times = {"last_without": pd.Timestamp("2025-01-10T00:00:00Z"), "first_with": pd.Timestamp("2025-01-11T00:00:00Z")}
    findings = dataclasses.replace(findings, strips=findings.strips.assign(**times))
    model = build_model(findings, dataclasses.replace(record, before=before, after=after), (), None)
    assert model.cover.gap == "1 day between the two images, 10 January 2025 to 11 January 2025"
    told = "between 2025-01-10 (last clear look without it) and 2025-01-11 (first look with it), 1 day"
    looks = {fact.lines for sheet in model.sheets for fact in sheet.time_and_place if fact.label == "First seen"}
    assert looks == {(told,)}
