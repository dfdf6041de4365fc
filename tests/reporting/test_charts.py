"""Profiles as diagrams."""

from __future__ import annotations

import dataclasses
import re

import pytest

from colibri_geo.language import ENGLISH
from colibri_geo.reporting.charts import draw_profiles
from colibri_geo.reporting.parts import Chart, Charts
from colibri_geo.reporting.profiles import Profile, StripProfiles
from colibri_geo.reporting.ranking import rank_strips
from tests.support.example_run import example_record, example_strips

ACROSS = Profile((-100.0, -50.0, 0.0, 50.0, 100.0), (0.05,) * 5, (0.05, 0.05, 0.25, 0.05, 0.05))
ALONG = Profile((-200.0, 0.0, 400.0, 860.0, 1060.0), (0.05,) * 5, (0.05, 0.25, None, 0.25, 0.05))


def draw(across: Profile = ACROSS, along: Profile = ALONG, **pair: object) -> Charts | None:
    """Draw the profiles of the first strip, 860 m by 24 m."""
    record = dataclasses.replace(example_record().pair, **pair)
    return draw_profiles(rank_strips(example_strips())[0], StripProfiles("red", across, along), record, ENGLISH)


def points(chart: Chart, kind: str) -> list[list[tuple[float, float]]]:
    """The pieces of a path, each a list of places on the drawing."""
    (path,) = [shape.path for shape in chart.shapes if shape.kind == kind]
    pieces = [re.findall(r"(-?[\d.]+) (-?[\d.]+)", piece) for piece in path.split("M") if piece]
    return [[(float(across), float(down)) for across, down in piece] for piece in pieces]


def test_brighter_is_higher_and_the_strip_is_in_the_middle() -> None:
    """The line of the after image peaks in the middle of the measured width, that of the before image is level."""
    charts = draw()
    assert charts is not None
    (after,), (before,) = points(charts.charts[0], "profile-after"), points(charts.charts[0], "profile-before")
    peak = min(after, key=lambda place: place[1])
    assert peak == after[2]
    assert len({down for _, down in before}) == 1
    edges = re.findall(r"[MH](-?[\d.]+)", charts.charts[0].shapes[0].path)
    assert float(edges[0]) < peak[0] < float(edges[1])


def test_a_gap_breaks_the_line_and_is_shaded() -> None:
    """Where a date was not observed its line is broken, and the ground is marked as not observed."""
    charts = draw()
    assert charts is not None
    along = charts.charts[1]
    assert len(points(along, "profile-after")) == 2
    assert len(points(along, "profile-before")) == 1
    assert [entry.text for entry in charts.legend] == ["measured strip", "before", "after", "not observed"]
    whole = draw(along=dataclasses.replace(ALONG, after=ALONG.before))
    assert whole is not None
    assert "not observed" not in [entry.text for entry in whole.legend]


def test_ends_are_numbered_at_their_metres() -> None:
    """End 1 stands over 0 and end 2 over the length; ticks are round numbers."""
    charts = draw()
    assert charts is not None
    labels = {label.text: float(label.horizontal) for label in charts.charts[1].labels if label.vertical != "122"}
    assert labels["1"] == labels["0"]
    assert labels["0"] < labels["500"] < labels["2"] < labels["1,000"]


def test_figures_stand_in_words_too() -> None:
    """Who does not see the diagram reads its figures: on the strip and beside it, on both dates, with band and unit."""
    charts = draw()
    assert charts is not None
    for text in (charts.charts[0].description, charts.note):
        assert {"0.250", "0.050"} <= set(re.findall(r"0\.\d+", text))
    assert "surface reflectance" in charts.note
    assert all("red" in chart.description and chart.heading.endswith("red") for chart in charts.charts)
    assert "24" in charts.charts[0].description
    assert "860" in charts.charts[1].description


@pytest.mark.parametrize(("low", "high"), [(-18.0, -9.0), (0.2, 0.2), (0.0, 0.0), (1200.0, 9000.0)])
def test_any_values_have_axes(low: float, high: float) -> None:
    """Decibels below zero, level ground and large numbers are drawn inside of the frame, with ticks that differ."""
    profile = Profile((-100.0, 0.0, 100.0), (low, low, low), (low, high, low))
    charts = draw(profile, Profile((0.0, 400.0, 860.0), (low, low, low), (high, high, low)))
    assert charts is not None
    for chart in charts.charts:
        downs = [
            down for kind in ("before", "after") for piece in points(chart, f"profile-{kind}") for _, down in piece
        ]
        assert all(18 <= down <= 118 for down in downs)
        ticks = [label.text for label in chart.labels if label.anchor == "end"]
        assert len(ticks) == len(set(ticks)) >= 2


def test_nothing_observed_is_not_drawn() -> None:
    """Where nothing was observed on either date there is no diagram."""
    empty = Profile((0.0, 100.0), (None, None), (None, None))
    assert draw(empty, empty) is None
