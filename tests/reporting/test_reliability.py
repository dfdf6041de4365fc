"""What the report says of how often the detector is wrong."""

from __future__ import annotations

import dataclasses
import re

import pytest

from colibri_geo.language import ENGLISH
from colibri_geo.reporting.parts import Reliability
from colibri_geo.reporting.reliability import build_reliability
from colibri_geo.settings import Settings
from tests.support.example_run import example_benchmark


def build(settings: Settings | None = None, /, **changes: str | Settings | None) -> Reliability:
    """Build what is said of the example's benchmark, with some of it changed."""
    benchmark = dataclasses.replace(example_benchmark(), **changes)
    return build_reliability(benchmark, settings or Settings(), ENGLISH)


def plain(text: str) -> str:
    """Write spaces that do not break as common ones."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_every_figure_has_its_interval_and_ground() -> None:
    """A row says on how much ground it was measured; where nothing was new to find, no recall is made up."""
    rows = [[plain(line) for cell in row for line in cell.lines] for row in build().groups.rows]
    assert [row[1:] for row in rows] == [
        ["2,389 km²", "in 72 pairs", "95.2 % (92.9 to 96.8 %) of 332", "8.8 (5.9 to 12.7)"],
        ["2,170 km²", "in 66 pairs", "–", "0.5 (0.0 to 2.2)"],
        ["30.0 km²", "in 1 pair", "100.0 % (60.0 to 100.0 %) of 4", "0.0 (0.0 to 99.9)"],
    ]
    assert rows[1][0] == "Simulated, 10 m, four bands, restless ground, no new strip"


def test_what_the_figures_leave_out_is_said() -> None:
    """Ground that is counted again for each pair is told, and what is no false alarm in them."""
    said = build().sentences[-1]
    assert "Each pair of the temperate forest counts the same square kilometre again" in said
    assert "Old strips that were called new are not among the false alarms" in said


def test_every_group_is_named_whole() -> None:
    """No name leans on the row before it: on a phone rows are cards side by side."""
    names = [text for key, text in ENGLISH.texts.items() if key.startswith("reliability.group.")]
    assert len(set(names)) == len(names) > 10
    assert [name for name in names if not re.match(r"(Simulated|Real)\b.* \d+ m, .*(four|six|three) bands", name)] == []


def test_group_of_another_version_keeps_its_name() -> None:
    """A group that this version has no words for is named as the run names it, in one line."""
    assert build().groups.rows[2][0].lines == ("made_up",)


def test_day_and_ground_are_told() -> None:
    """The day is written as dates are; that nothing was chosen is said of simulated scenes alone."""
    said = plain(build().sentences[0])
    assert "on 30 November 2025 with version 0.1.0 at the operating point “report”. On the simulated scenes no" in said
    assert "real ground was looked at while choosing" in said
    assert "Measured on not known with" in build(measured="").sentences[0]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, None),
        ({"watch_probability": 0.2, "vertical_error_m": 9.0}, None),
        ({"operating_point": "watch"}, "score.operating_point"),
        ({"report_probability": 0.7}, "score.report_probability"),
        ({"min_length_m": 500.0, "strips_per_1000_km2": 1.0}, "trace.min_length_m, score.strips_per_1000_km2"),
    ],
)
def test_other_settings_are_named(settings: dict[str, float | str], names: str | None) -> None:
    """Settings that decide on what is found and are not those that were measured are named; no others are."""
    sentences = build(Settings().replace(**settings)).sentences
    told = [sentence for sentence in sentences if "other settings" in sentence]
    assert told == ([] if names is None else [ENGLISH.say("reliability.settings", names=names)])


def test_settings_are_held_against_those_of_the_record() -> None:
    """Of a run of another version the settings are told by those that were measured of that one, not by today's."""
    other = Settings().replace(min_length_m=500.0)
    assert not [sentence for sentence in build(other, settings=other).sentences if "other settings" in sentence]
    assert ENGLISH.say("reliability.settings", names="trace.min_length_m") in build(settings=other).sentences


def test_of_measured_settings_that_are_not_known_nothing_is_said() -> None:
    """The record of an older version holds no settings: no run of it is said to have others."""
    sentences = build(Settings().replace(min_length_m=500.0), settings=None).sentences
    assert not [sentence for sentence in sentences if "other settings" in sentence]


def test_the_least_probability_is_known_of_every_record() -> None:
    """The record of an older version holds no settings but the least probability: a run with another is told so."""
    other = Settings().replace(report_probability=0.9, watch_probability=0.7)
    assert (
        ENGLISH.say("reliability.settings", names="score.report_probability") in build(other, settings=None).sentences
    )
