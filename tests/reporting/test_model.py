"""From tables to the report in its final words."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.language import ENGLISH
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting import ReportModel, build_model, maps
from colibri_geo.reporting.html import render_html
from tests.support.example_run import example_findings, example_record, example_strips


def texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a model
    """Walk through all texts of a model."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from texts(item)
    elif dataclasses.is_dataclass(value):
        for item in dataclasses.fields(value):
            yield from texts(getattr(value, item.name))


def build(findings: Findings | None = None, **changes: Any) -> ReportModel:  # noqa: ANN401 - fields of a record
    """Build the model of the example run, with some of its record changed."""
    return build_model(findings or example_findings(), dataclasses.replace(example_record(), **changes), (), None)


def with_observed(*, strips: bool = False, **first_row: float) -> Findings:
    """Change figures of the first row of the observed table."""
    findings = example_findings(strips=strips)
    observed = findings.observed.copy()
    for column, value in first_row.items():
        observed.loc[0, column] = value
    return dataclasses.replace(findings, observed=observed)


def plain(text: str) -> str:
    """Write spaces that do not break as common ones."""
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_both_maps_share_what_was_not_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unseen ground and regions are brought onto the drawing once, for a report of a country has much of both."""
    drawn: list[str] = []
    for name in ("_unseen_shapes", "_outline_regions"):
        draw = getattr(maps, name)
        monkeypatch.setattr(maps, name, lambda *given, name=name, draw=draw: drawn.append(name) or draw(*given))
    model = build()
    assert sorted(drawn) == ["_outline_regions", "_unseen_shapes"]
    assert model.map is not None
    for drawing in (model.map, model.looked_at.map):
        assert any(shape.kind.startswith("unseen-") for shape in drawing.shapes)


def test_nothing_new_has_its_share() -> None:
    """Where nothing is new, the ground that was observed and its share stand in the same sentence."""
    statement = plain(build(example_findings(strips=False)).bottom_line.statement)
    assert statement == "Nothing new found in 51.2 km² observed (80.0 % of the 64.0 km² asked)."


def test_old_strips_alone_are_nothing_new() -> None:
    """Unchanged and regrowing strips do not hide that nothing is new."""
    findings = with_observed(strips=True, new=0, extended=0)
    line = build(findings).bottom_line
    assert line.statement.startswith("Nothing new found in ")
    assert "1 regrowing" in line.others[0]


def test_a_second_person_is_asked_for_where_strips_are_listed() -> None:
    """What was found is looked at twice before anything is done; where there is nothing, nothing is asked for."""
    asked = ENGLISH.say("message.check.second")
    assert asked in build().bottom_line.others
    nothing = {verdict: 0 for verdict in VERDICTS if verdict in example_findings().observed}
    assert asked not in build(with_observed(**nothing)).bottom_line.others


def test_nothing_seen_is_never_nothing_found() -> None:
    """Where no ground was observed, the report says so and does not say that nothing was found."""
    model = build(with_observed(observed_km2=0.0, observed_share=0.0))
    assert model.bottom_line.statement.startswith("Not observed: ")
    assert model.looked_at.statement[0].startswith("Not observed: ")
    assert not [text for text in texts(model) if "Nothing new" in text]


def test_nothing_asked_is_said() -> None:
    """Where no ground was asked about, no share is made up."""
    model = build(with_observed(asked_km2=0.0, observed_km2=0.0, observed_share=np.nan))
    assert model.bottom_line.statement == "Not observed: no ground was asked about."


def test_found_strips_are_counted_with_the_share() -> None:
    """New and extended strips are counted together and apart, beside the share that was observed."""
    statement = plain(build().bottom_line.statement)
    assert statement.startswith("2 candidate cleared strips are new or longer than before (1 new, 1 extended)")
    assert "80.0 % of the 64.0 km² asked" in statement


def test_share_of_almost_all_is_not_all() -> None:
    """Ground that was seen but for a trace is not called all seen."""
    model = build(with_observed(observed_km2=63.99, observed_share=0.99984))
    assert plain(model.looked_at.statement[0]).endswith(">99.9 %.")


def test_counts_are_those_of_the_table() -> None:
    """Each count in the table by region is the one of the observed table."""
    findings = example_findings()
    rows = build(findings).bottom_line.regions.rows
    verdicts = [verdict for verdict in VERDICTS if verdict in findings.observed]
    printed = [[int(cell.lines[0]) for cell in row[1:-1]] for row in rows]
    assert printed == findings.observed[verdicts].to_numpy().tolist()


def test_ranking_is_by_verdict_then_probability() -> None:
    """New strips come first, and of one verdict the more probable; the order of the table does not matter."""
    strips = example_strips()
    strips = pd.concat([strips, strips.iloc[[0]].assign(probability=0.5).rename(index={"S001": "S009"})])
    for order in (strips, strips.iloc[::-1]):
        model = build(dataclasses.replace(example_findings(), strips=order))
        assert [sheet.strip_id for sheet in model.sheets] == ["S001", "S009", "S005", "S003", "S002", "S004"]
        assert [row[1].lines[0] for row in model.ranking.rows] == [sheet.strip_id for sheet in model.sheets]


def test_sheet_holds_the_facts() -> None:
    """A sheet gives ends in three notations, both directions, intervals, dates, shares, border, reasons and doubts."""
    sheet = build().sheets[0]
    everything = plain(" | ".join(texts(sheet)))
    row = example_strips().iloc[0]
    for expected in (
        f"{row['end1_lat']:.5f}, {row['end1_lon']:.5f}",
        "18N TG 44000 32000",
        "54.0° / 234.0°",
        "860 m (848 to 872 m)",
        "24 m (19 to 29 m)",
        "2025-01-10 15:20:00Z (last clear look without it)",
        "70 days",
        "NARIÑO (52) 70.0 %, PUTUMAYO (86) 30.0 %",
        "12.3 km",
        "97 %",
        "where 186 strips stand in 1,000 km²; where 10 do, the same evidence means 63 % or more",
        "Each end ± 8 m along the axis",
        "longer than a Cessna 206H needs",
        "Length alone does not tell use.",
        "both flanks differ from it",
        "only way to a doctor",
    ):
        assert expected in everything
    assert sheet.doubts == ("if it goes on as a road beyond its ends",)


@pytest.mark.parametrize(
    ("length_m", "words"),
    [
        (270.0, "shorter than the ground roll of a Cessna 206H"),
        (400.0, "longer than the ground roll of a Cessna 206H, shorter than it needs over an obstacle"),
        (500.0, "needs to land over an obstacle, shorter than to take off"),
        (567.0, "longer than a Cessna 206H needs to land and to take off over an obstacle"),
    ],
)
def test_length_is_set_beside_published_figures(length_m: float, words: str) -> None:
    """The length is compared with ground roll, landing and take-off; figures and assumptions stand beside it."""
    strips = example_strips().iloc[[0]].assign(length_m=length_m)
    sheet = build(dataclasses.replace(example_findings(), strips=strips)).sheets[0]
    said = plain(" ".join(sheet.aircraft))
    assert words in said
    for figure in ("277 m", "425 m", "567 m", "1,633 kg", "sea level", "no wind"):
        assert figure in said


def test_rarer_strips_make_the_probability_lower() -> None:
    """What the same evidence means where strips are rarer follows from the odds: 0.97 at 186 is 0.63 at 10."""
    odds = 0.97 / 0.03 * 10 / 186
    said = plain(build().sheets[0].probability[1])
    assert f"{odds / (1 + odds):.0%}".replace("%", " %") in said
    rare = build(settings=example_record().settings.replace(strips_per_1000_km2=5.0)).sheets[0].probability[1]
    assert "where 5 strips" in rare
    assert "where 0.5 do" in rare


@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        (("", ""), ""),
        (("", "cloud"), "End 2 is hidden and may lie up to 111 m further out."),
        (("cloud", "outside"), "Both ends are hidden: the strip may be up to 111 m longer."),
    ],
)
def test_a_hidden_end_may_lie_further_out(hidden: tuple[str, str], told: str) -> None:
    """The error of the ends is that of what was measured; what hides an end adds to the outside only, and is named."""
    ends = dict(zip(("hidden_end1", "hidden_end2"), hidden, strict=True))
    size = {"length_m": 733.0, "length_lo_m": 717.0, "length_hi_m": 844.0}
    strips = example_strips().iloc[[0]].assign(**size, **ends)
    caption = plain(build(dataclasses.replace(example_findings(), strips=strips)).sheets[0].positions.caption)
    assert "Each end ± 11 m along the axis" in caption
    assert caption.endswith(told or "adds to it.")


def test_lines_that_fell_below_are_counted() -> None:
    """The bottom line tells how many lines were measured and left out; a run that does not know it says nothing."""
    told = [text for text in build(candidates=31).bottom_line.others if "measured" in text]
    assert told == ["Straight lines measured in the observed ground: 31; listed: 5; left out as less probable: 26."]
    assert not [text for text in build().bottom_line.others if "measured" in text]


def test_strips_are_counted_by_aerodrome() -> None:
    """Where a register was given the bottom line counts what it says of the strips; where none was, it does not."""
    (told,) = [text for text in build().bottom_line.others if "registers" in text]
    for part in ("on a registered aerodrome 1;", "not stated to be registered 1;", "in none of the registers 2."):
        assert part in told
    bare = dataclasses.replace(example_findings(), strips=example_strips().assign(aerodrome=""))
    assert not [text for text in build(bare).bottom_line.others if "register" in text]


def test_radar_images_stand_in_a_table_of_their_own() -> None:
    """The radar images have the same lines as the optical ones; without them there is no such table."""
    assert build().inputs.radar is None
    record = example_record()
    looks = tuple(dataclasses.replace(record.before, name=name, bands=("vv", "vh")) for name in ("one.tif", "two.tif"))
    table = build(radar=looks).inputs.radar
    assert table is not None
    assert [cell.lines[0] for cell in table.rows[0]] == ["File", "one.tif", "two.tif"]
    assert len(table.rows) == len(build().inputs.scenes.rows)


def test_shares_only_where_a_strip_crosses() -> None:
    """A strip that lies in one region has no list of shares."""
    sheets = {sheet.strip_id: sheet for sheet in build().sheets}
    assert [fact.label for fact in sheets["S001"].time_and_place].count("Shares") == 1
    assert [fact.label for fact in sheets["S002"].time_and_place].count("Shares") == 0


def test_an_azimuth_just_below_a_half_turn_is_told_as_none() -> None:
    """The ranking, where it is sorted too, and the sheets keep to what lies below 180 degrees, beside its reverse."""
    model = build(dataclasses.replace(example_findings(), strips=example_strips().assign(azimuth_deg=179.96)))
    cells = {cell for row in model.ranking.rows for cell in row if cell.columns == ("azimuth_deg",)}
    assert {(cell.lines, cell.value) for cell in cells} == {(("0.0°",), "0")}
    facts = [fact for sheet in model.sheets for fact in sheet.size if fact.columns == ("azimuth_deg",)]
    assert {fact.lines for fact in facts} == {("0.0° / 180.0°",)}


def test_missing_values_are_said_in_words() -> None:
    """Whatever is missing from a strip, no code for nothing is printed."""
    strips = example_strips()
    numbers = ["snr", "straightness_m", "border_km", "probability", "azimuth_deg", "observed_share"]
    intervals = [column for column in strips if "_lo_" in column or "_hi_" in column]
    names = ["designator", "reasons", "country", "admin1", "admin2", "country_code", "admin1_code", "admin2_code"]
    bare = strips.assign(
        **dict.fromkeys([*numbers, *intervals], np.nan),
        **dict.fromkeys(names, None),
        last_without=pd.NaT,
        first_with=pd.NaT,
    )
    model = build(dataclasses.replace(example_findings(), strips=bare))
    words = set(" ".join(texts(model)).replace("(", " ").replace(")", " ").split())
    assert not words & {"nan", "NaN", "NaT", "None", "<NA>", "inf"}


def test_scenes_without_metadata_are_said_in_words() -> None:
    """Missing sensor, product, baseline and licence are not stated, and not printed as nothing."""
    record = example_record()
    bare = dataclasses.replace(record.before, sensor=None, product_id=None, processing_baseline=None, licence=None)
    model = build(before=bare)
    column = {row[0].lines[0]: row[1].lines[0] for row in model.inputs.scenes.rows}
    assert {column[name] for name in ("Sensor", "Product", "Processing baseline", "Licence")} == {"not stated"}


def test_sun_and_cloud_are_those_of_the_metadata() -> None:
    """The cloud is said to be of the whole product; what is not stated is said, each by itself."""
    record = example_record()
    dark = dataclasses.replace(record.after, sun_elevation_deg=None, product_cloud_share=None)
    rows = {row[0].lines[0]: row for row in build(after=dark).inputs.scenes.rows}
    sun, cloud = rows["Sun"], rows["Cloud, by the metadata"]
    assert sun[1].lines == ("elevation 52.4°, azimuth 131.7°",)
    assert sun[1].keys == ("run.before.sun_elevation_deg", "run.before.sun_azimuth_deg")
    assert sun[2].lines == ("elevation not stated, azimuth 131.7°",)
    said = cloud[1].lines[0].replace("\N{NO-BREAK SPACE}", " ")
    assert said == "12.3 % of the whole product, not of the ground asked: see “What was looked at”"
    assert cloud[1].keys == ("run.before.product_cloud_share",)
    assert cloud[2].lines == ("not stated",)
    dark = dataclasses.replace(dark, sun_azimuth_deg=None)
    assert {row[0].lines[0]: row for row in build(after=dark).inputs.scenes.rows}["Sun"][2].lines == ("not stated",)


def test_sun_and_cloud_do_not_apply_to_radar() -> None:
    """A radar image has neither, which is no gap in its metadata."""
    record = example_record()
    look = dataclasses.replace(record.before, quantity="gamma0_db", sun_elevation_deg=None, product_cloud_share=None)
    table = build(radar=(look, look)).inputs.radar
    assert table is not None
    lines = {row[0].lines[0]: row[1].lines for row in table.rows}
    assert lines["Sun"] == lines["Cloud, by the metadata"] == ("does not apply to radar",)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(False, False, ""), (True, False, "before.tif"), (False, True, "after.tif"), (True, True, "both images")],
)
def test_synthetic_images_are_called_so(before: bool, after: bool, expected: str) -> None:
    """The banner names which of the images is made up, and is absent when none is."""
    record = example_record()
    model = build(
        before=dataclasses.replace(record.before, synthetic=before),
        after=dataclasses.replace(record.after, synthetic=after),
    )
    assert expected in model.cover.synthetic
    assert bool(model.cover.synthetic) == (before or after)


def test_notes_of_scenes_and_pair_are_kept() -> None:
    """What an 8-bit picture costs, said in the notes, reaches the reader."""
    record = example_record()
    note = "8-bit picture of unknown gain: reflectance is not known"
    model = build(
        before=dataclasses.replace(record.before, notes=(note,)),
        pair=dataclasses.replace(record.pair, notes=("no near infrared",)),
    )
    assert note in list(texts(model.inputs.scenes))
    assert model.inputs.notes == ("no near infrared",)


def test_scenes_of_a_mosaic_are_listed_with_their_dates() -> None:
    """Each scene of which an image was made stands in the table of images; without a mosaic there is no such row."""
    before = example_record().before
    parts = tuple(
        dataclasses.replace(before, name=name, acquired=acquired)
        for name, acquired in (("west.tif", "2025-01-10T15:20:00Z"), ("east.tif", "2025-01-12T15:31:00Z"))
    )
    said = "Scenes of the mosaic"
    rows = {row[0].lines[0]: row for row in build(before=dataclasses.replace(before, parts=parts)).inputs.scenes.rows}
    assert [line[:20] for line in rows[said][1].lines] == ["west.tif (2025-01-10", "east.tif (2025-01-12"]
    assert rows[said][2].lines == ("–",)
    assert said not in list(texts(build().inputs.scenes))


@pytest.mark.parametrize(
    ("east_m", "north_m", "said"),
    [(3.0, 4.0, "3.0 m east, 4.0 m north (5.0 m"), (-3.0, -4.0, "3.0 m west, 4.0 m south (5.0 m")],
)
def test_shift_is_said_as_ways_not_signs(east_m: float, north_m: float, said: str) -> None:
    """What lies south is called south, not north with a sign."""
    pair = dataclasses.replace(example_record().pair, shift_east_m=east_m, shift_north_m=north_m)
    assert build(pair=pair).inputs.pair[0].lines[0].replace("\N{NO-BREAK SPACE}", " ").startswith(said)


def test_shift_that_was_not_measured_is_said() -> None:
    """Without tiles there is no shift to print."""
    pair = dataclasses.replace(example_record().pair, shift_tiles=0, shift_spread_m=float("nan"))
    assert "could not be measured" in build(pair=pair).inputs.pair[0].lines[0]


def test_all_settings_and_checksums_are_listed() -> None:
    """Every setting, version and checksum of the run stands in the report."""
    record = example_record()
    everything = set(texts(build()))
    settings = record.settings.to_dict()
    assert {f"{step}.{name}" for step, table in settings.items() for name in table} <= everything
    assert set(record.versions.values()) <= everything
    assert {"a" * 64, "b" * 64, "c" * 64, "d" * 64} <= everything


def test_model_is_plain_and_final() -> None:
    """The model holds nothing but text, tuples of it, and switches: no table, no number, no time."""

    def leaves(value: object) -> Iterator[object]:
        if isinstance(value, tuple):
            for item in value:
                yield from leaves(item)
        elif dataclasses.is_dataclass(value):
            for item in dataclasses.fields(value):
                yield from leaves(getattr(value, item.name))
        else:
            yield value

    assert {type(leaf) for leaf in leaves(build())} <= {str, bool, type(None)}


def test_tables_are_left_alone() -> None:
    """Building a report changes none of its tables."""
    findings, untouched = example_findings(), example_findings()
    build(findings)
    pd.testing.assert_frame_equal(findings.strips, untouched.strips)
    pd.testing.assert_frame_equal(findings.observed, untouched.observed)


def test_basis_of_probabilities_is_in_the_method() -> None:
    """What the probabilities were learnt on and for which ground they hold is said in whole sentences."""
    (fact,) = [fact for fact in build().method.key_settings if fact.label == "Probability"]
    said = " ".join(fact.lines)
    assert "simulated images" in said
    assert "186 strips in 1,000 km²" in said
    assert "fitted on 40 simulated pairs" in said


def test_every_input_is_in_the_annex() -> None:
    """Radar images that were looked at stand among the inputs with their checksums, where such were given."""
    radar = dataclasses.replace(example_record().before, name="a_radar_image", sha256="f" * 64)
    assert not any("radar" in text for text in texts(build().evidence))
    told = list(texts(build(radar=(radar, radar)).evidence))
    assert told.count("a_radar_image") == told.count("f" * 64) == 2


def test_ground_not_asked_about_is_no_ground_that_was_seen() -> None:
    """Both maps leave it blank and say so; where all was asked neither speaks of it."""
    findings = example_findings()
    blank = findings.not_observed.iloc[:1].assign(reason="not_asked")
    for found, expected in ((findings, 0), (dataclasses.replace(findings, not_asked=blank), 1)):
        model = build(found)
        assert model.map is not None
        for drawn in (model.map, model.looked_at.map):
            assert drawn is not None
            assert [shape.kind for shape in drawn.shapes].count("unseen-not_asked") == expected
            assert [entry.text for entry in drawn.legend if entry.text.startswith("not asked about")] == (
                ["not asked about: beyond the images, or outside of the area"] * expected
            )


def test_strips_beyond_the_most_have_no_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first of the ranking have sheets; the others stand in the table, where the map leads to them."""
    monkeypatch.setattr("colibri_geo.reporting.ranking.MOST_SHEETS", 3)
    model = build()
    assert [sheet.anchor for sheet in model.sheets] == ["strip-1", "strip-2", "strip-3"]
    numbers = [row[0] for row in model.ranking.rows]
    assert [number.target for number in numbers] == ["strip-1", "strip-2", "strip-3", "", ""]
    assert [number.anchor for number in numbers] == ["", "", "", "strip-4", "strip-5"]
    assert [row[1].target for row in model.ranking.rows[2:]] == ["strip-3", "", ""]
    assert model.sheets_note.startswith("The first 3 of 5 strips have a sheet. All of them stand in the table")
    assert "Each number up to 3 leads" in model.ranking.caption
    assert build(example_findings(strips=False)).sheets_note == ""
    assert model.map is not None
    assert {label.target for label in model.map.labels if label.kind == "number"} >= {"strip-3", "strip-5"}


def test_cover_says_where_the_ground_lies() -> None:
    """The regions that were given, the area asked about and its middle; without regions the latter two."""
    place = plain(build().cover.place)
    assert re.fullmatch(r"\S.*: 64\.0 km² around 1°\d\d'\d\d\.\d\"N 77°\d\d'\d\d\.\d\"W", place)
    observed = example_findings().observed
    alone = dataclasses.replace(example_findings(), observed=observed[observed["level"] == "all"])
    assert plain(build(alone).cover.place).startswith("64.0 km² around 1°")


def test_caption_of_the_map_tells_of_numbers_where_there_are_some() -> None:
    """Without strips no number stands on the map, nor a table below it."""
    told = [build(example_findings(strips=strips)).map for strips in (True, False)]
    assert [drawing is not None and "number" in drawing.caption for drawing in told] == [True, False]
    page = render_html(build(example_findings(strips=False)))
    assert "Strips carry their number" not in page
    assert "<figcaption></figcaption>" not in page
