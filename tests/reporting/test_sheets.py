"""The sheet of a strip: what stands on it only when it is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from colibri_geo.exporting.columns import STRIP_CONTEXT_COLUMNS
from colibri_geo.language import ENGLISH
from colibri_geo.layers.neighbours import group_neighbours
from colibri_geo.reporting.parts import Sheet
from colibri_geo.reporting.ranking import rank_strips
from colibri_geo.reporting.sheets import build_sheet
from tests.support.example_run import example_findings, example_record, example_strips

TERRAIN = ("elevation_m", "slope_percent", "slope_lo_percent", "slope_hi_percent", "relief_m")


@pytest.mark.parametrize(
    ("darkening_db", "lines"),
    [
        (2.13, ("2.1 dB darker after than before, relative to its flanks",)),
        (-0.84, ("0.8 dB brighter after than before, relative to its flanks",)),
        (np.nan, ()),
    ],
)
def test_radar_has_a_line_where_it_looked(darkening_db: float, lines: tuple[str, ...]) -> None:
    """A strip that radar measured has a line on it, darker or brighter; any other has none."""
    strips = example_strips().assign(sar_darkening=darkening_db)
    shares = example_findings().strip_regions.iloc[:0]
    sheet = build_sheet(rank_strips(strips)[0], shares, example_record(), None, ENGLISH)
    assert tuple(line for fact in sheet.size for line in fact.lines if fact.label == "Radar") == lines


def _sheet(around: pd.DataFrame | None = None, **columns: object) -> Sheet:
    """The sheet of the first strip, with these values in its row."""
    strips = example_strips().assign(**columns)
    shares = example_findings().strip_regions.iloc[:0]
    neighbours = group_neighbours(around).get("S001", ())
    return build_sheet(rank_strips(strips)[0], shares, example_record(), None, ENGLISH, around=neighbours)


def _plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def _lines(sheet: Sheet, label: str) -> tuple[str, ...]:
    return tuple(line for fact in sheet.time_and_place for line in fact.lines if fact.label == label)


@pytest.mark.parametrize(
    ("heights", "lines"),
    [
        (
            (212.4, 1.42, 0.94, 1.89, 9.1),
            (
                "212 m (in forest: treetops), relief 9 m",
                "slope 1.4 % (0.9 to 1.9 %)",
            ),
        ),
        (
            (0.0, 0.0, 0.0, 0.31, 0.0),
            (
                "0 m (in forest: treetops), relief 0 m",
                "slope 0.0 % (0.0 to 0.3 %)",
            ),
        ),
        (
            (3104.6, np.nan, np.nan, np.nan, 45.0),
            (
                "3,105 m (in forest: treetops), relief 45 m",
                "slope not known: the strip is short for this elevation model",
            ),
        ),
        ((np.nan,) * 5, ("not known: no elevation model with heights here was given",)),
    ],
)
def test_the_sheet_tells_elevation_and_slope(heights: tuple[float, ...], lines: tuple[str, ...]) -> None:
    """Elevation, slope with its interval and relief are told as far as they are known; sea level is known."""
    sheet = _sheet(**dict(zip(TERRAIN, heights, strict=True)))
    assert tuple(_plain(line) for line in _lines(sheet, "Elevation and slope")) == lines


@pytest.mark.parametrize(
    ("elevation_m", "slope_percent", "said"),
    [
        (212.4, 1.42, "Here: 212 m and a slope of 1.4 % by the elevation model."),
        (212.4, np.nan, "Here: 212 m by the elevation model."),
        (np.nan, np.nan, None),
    ],
)
def test_an_aircrafts_figures_stand_beside_the_ground(
    elevation_m: float, slope_percent: float, said: str | None
) -> None:
    """What is known of elevation and slope stands beside the published figures, which do not change with it."""
    told = [_plain(line) for line in _sheet(elevation_m=elevation_m, slope_percent=slope_percent).aircraft]
    bare = [_plain(line) for line in _sheet(elevation_m=np.nan).aircraft]
    assert told == [*bare[:2], *([said] if said else []), bare[2]]


@pytest.mark.parametrize(
    ("status", "name", "km", "lines"),
    [
        ("registered", "Orito", 0.0, ("lies on a registered aerodrome: Orito (SKOR)",)),
        (
            "known",
            "Orito",
            0.1,
            ("lies on an aerodrome that a layer shows, and that is not stated to be registered: Orito (SKOR)",),
        ),
        (
            "unknown",
            "Orito",
            14.23,
            (
                "in none of the registers given; they may be incomplete",
                "nearest: Orito (SKOR), 14.2\N{NO-BREAK SPACE}km",
            ),
        ),
        (
            "unknown",
            "",
            np.nan,
            (
                "in none of the registers given; they may be incomplete",
                "none of the registers given has an aerodrome within 400 km",
            ),
        ),
        ("", "", np.nan, ("not known: no register was given",)),
    ],
)
def test_the_aerodrome_is_told_with_its_status(status: str, name: str, km: float, lines: tuple[str, ...]) -> None:
    """What is in no register is said to be just that, beside the nearest aerodrome."""
    code = "SKOR" if name else ""
    sheet = _sheet(aerodrome=status, aerodrome_name=name, aerodrome_code=code, aerodrome_km=km)
    assert _lines(sheet, "Aerodrome") == lines


def test_what_lies_around_has_a_line_each() -> None:
    """Each layer has its nearest feature with its name and distance, or the share of the axis inside."""
    around = pd.DataFrame(
        [
            ("S001", "rivers", "Guamués", 0.43, np.nan, "", np.nan),
            ("S001", "roads", "", 2.0, np.nan, "", np.nan),
            ("S001", "parks", "A", 0, 0.4, "", np.nan),
        ],
        columns=[column.name for column in STRIP_CONTEXT_COLUMNS],
    )
    assert _lines(_sheet(around), "Around it") == (
        "rivers: Guamués, 0.4\N{NO-BREAK SPACE}km",
        "roads: 2.0\N{NO-BREAK SPACE}km",
        "parks: A; 40.0\N{NO-BREAK SPACE}% of the axis inside",
    )
    assert _lines(_sheet(), "Around it") == ()


@pytest.mark.parametrize(
    ("name", "km", "noted", "told"),
    [
        ("", 5.0, True, "places"),
        ("Puente", 0.0, True, "places"),
        ("Aldea <b>", 1.0, True, "places (Aldea <b>)"),
        ("Aldea", 5.1, False, ""),
        ("", np.nan, False, ""),
    ],
)
def test_a_strip_near_people_is_noted_first(name: str, km: float, noted: bool, told: str) -> None:
    """People or health within 5 km put the note at the head of the sheet; it names what is not nearest."""
    row = ("S001", "places", "Puente", 0.0, np.nan, name, km)
    around = pd.DataFrame([row], columns=[column.name for column in STRIP_CONTEXT_COLUMNS])
    community = _sheet(around).community
    note = f"May serve a community or health access: check before anything else. Near it: {told}."
    assert community == ((note,) if noted else ())
