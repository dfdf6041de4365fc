"""Editions for wider audiences: nothing in their folders tells a place finer than they promise."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyogrio
import pytest
from pypdf import PdfReader
from pyproj import Geod
from shapely.geometry import Point

from colibri_geo import Run, read_run, verify
from colibri_geo.documents import parse_xml
from colibri_geo.errors import NotARun, SettingsError
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting import FieldPicture, editions, format_mgrs, format_position, write_kmz
from colibri_geo.exporting.editions import EDITION_COLUMNS, LEAST_KM2, SQUARE_COLUMNS, make_edition, reduce_record
from colibri_geo.exporting.mail import MIME
from colibri_geo.exporting.squares import SQUARE_KM, find_square
from colibri_geo.language import ENGLISH, LANGUAGES
from colibri_geo.language.formats import ROUNDED_DIGITS, format_km2
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting import build_model, write_pdf
from colibri_geo.reporting.html import read_asset
from tests.exporting.leaks import find_leaks, unpack
from tests.reporting.test_pdf import list_tags, list_titles, read_pages
from tests.reporting.test_pdf import unpack as unpack_pdf
from tests.support.secret_run import CENTRES, secret_findings, secret_record, secret_run, secret_twin

EDITIONS = ("5km", "region")
EVERYWHERE = {
    *(f"findings.{kind}" for kind in ("csv", "geojson", "gpkg")),
    *("feedback.txt", "manifest.json", "message.txt", "report.html", "run.log"),
}
MAPS = {"findings.gpx", "findings.kml"}
Write = Callable[[Any, Point], str]
JPEG = b"\xff\xd8\xff\xe0 a picture"


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The secret run and its editions, saved."""
    place = tmp_path_factory.mktemp("editions")
    run = secret_run()
    saved = {name: run.save(place / name, precision=name) for name in EDITIONS}
    exact = run.save(place / "exact", report=False)
    write_kmz(run.findings, run.record, [FieldPicture("S001", JPEG, JPEG, 900.0, 0.0)], exact)
    return saved | {"exact": exact}


@pytest.mark.parametrize("name", EDITIONS)
def test_nothing_finer_is_found_in_any_file(folders: dict[str, Path], name: str) -> None:
    """No place, size, distance, picture, name or time of the exact run is found in the bytes of an edition."""
    assert find_leaks(folders[name], secret_run()) == {}


def test_the_attacker_finds_everything_in_an_exact_run(folders: dict[str, Path]) -> None:
    """Each kind of leak that editions are searched for is found in the exact run, in the files that have it."""
    leaks = find_leaks(folders["exact"], secret_run())
    place = {"degrees", "size", "identifier"}
    assert place | {"angles", "grid reference", "distance", "name", "time of day"} <= leaks["findings.csv"]
    assert place | {"metres", "grid reference", "distance", "name"} <= leaks["findings.gpkg"]
    assert place | {"distance", "height", "name"} <= leaks["findings.geojson"]
    assert place | {"angles", "grid reference", "picture"} <= leaks["findings.kmz"]
    assert {"degrees", "grid reference", "identifier", "time of day"} <= leaks["message.txt"]
    assert {"degrees", "grid reference"} <= leaks["findings.gpx"]
    assert {"name", "time of day"} <= leaks["manifest.json"]
    assert "metres" in leaks["tiles.gpkg"]


@pytest.mark.parametrize(
    ("kind", "write"),
    [
        ("degrees", lambda strip, _: f"{strip['end1_lat']:.4f} {strip['end1_lon']:.4f}"),
        ("angles", lambda _, middle: format_position(middle.x, middle.y)),
        ("metres", lambda strip, _: strip.geometry.wkt),
        ("grid reference", lambda _, middle: _coarsen(format_mgrs(middle.x, middle.y), digits=3)),
        ("size", lambda strip, _: f"{strip['length_m']:.1f}"),
        ("distance", lambda strip, _: f"{strip['border_km']:.2f}"),
        ("height", lambda strip, _: f"{strip['elevation_m']:.1f}"),
        ("height", lambda strip, _: f"{strip['slope_percent']:.2f}"),
        ("name", lambda strip, _: strip["aerodrome_name"]),
        ("identifier", lambda strip, _: strip.name),
    ],
)
def test_one_value_too_many_is_found(folders: dict[str, Path], tmp_path: Path, kind: str, write: Write) -> None:
    """A table of an edition into which one exact value slipped, even a rounded one, would not pass."""
    run = secret_run()
    middle = run.strips.geometry.interpolate(0.5, normalized=True).to_crs(4326).iloc[1]
    table = (folders["5km"] / "findings.csv").read_bytes()
    (tmp_path / "findings.csv").write_bytes(table + f'"{write(run.strips.iloc[1], middle)}"'.encode())
    assert find_leaks(tmp_path, run) == {"findings.csv": {kind}}


@pytest.mark.parametrize("told", ["Aerodrome:", "Around it:", "May serve a community"])
def test_mail_of_an_edition_names_nothing_around(folders: dict[str, Path], told: str) -> None:
    """The mail of a run says what is nearest to a strip; that of an edition, which it would place, does not."""
    mails = {name: (folder / "message.txt").read_text(encoding="utf-8") for name, folder in folders.items()}
    assert [name for name, mail in mails.items() if told in mail] == ["exact"]


@pytest.mark.parametrize("name", ["exact", *EDITIONS])
def test_every_mail_says_that_a_mask_was_missing(folders: dict[str, Path], name: str) -> None:
    """Whatever share was observed, cloud that no mask told may be in it."""
    mail = " ".join((folders[name] / "message.txt").read_text(encoding="utf-8").split())
    assert "The after image has no complete cloud mask" in mail


def _coarsen(reference: str, *, digits: int) -> str:
    return reference[:-10] + reference[-10 : digits - 10] + reference[-5 : digits - 5]


@pytest.mark.parametrize("name", EDITIONS)
def test_what_it_may_not_tell_changes_no_byte(folders: dict[str, Path], tmp_path: Path, name: str) -> None:
    """A run that differs in everything an edition leaves out writes the very same edition."""
    twin = secret_twin().save(tmp_path / "twin", precision=name)
    assert _read_all(twin) == _read_all(folders[name])


@pytest.mark.parametrize("name", EDITIONS)
@pytest.mark.parametrize("lang", [language for language in LANGUAGES if language != "en"])
def test_no_language_tells_more(folders: dict[str, Path], tmp_path: Path, name: str, lang: str) -> None:
    """Files for readers in other languages are those of a run that differs in all that an edition leaves out."""
    edition, twin = (
        run.save(tmp_path / kind, precision=name, lang=lang)
        for kind, run in (("run", secret_run()), ("twin", secret_twin()))
    )
    assert _read_all(twin) == _read_all(edition)
    assert find_leaks(edition, secret_run()) == {}
    spoken = {path.name for path in edition.iterdir()} - {"run.log"}
    same = {file for file in spoken if (edition / file).read_bytes() == (folders[name] / file).read_bytes()}
    assert same == {f"findings.{kind}" for kind in ("csv", "geojson", "gpkg")}


def test_twin_is_another_run(folders: dict[str, Path], tmp_path: Path) -> None:
    """The exact folders of the two runs differ in every table."""
    twin = _read_all(secret_twin().save(tmp_path / "twin", report=False))
    exact = _read_all(folders["exact"])
    tables = (
        *(f"findings.{kind}" for kind in ("csv", "geojson", "gpkg", "gpx", "kml")),
        "message.txt",
        "manifest.json",
    )
    assert [name for name in tables if twin[name] == exact[name]] == []


@pytest.mark.parametrize("name", EDITIONS)
def test_holds_its_files_and_no_others(folders: dict[str, Path], name: str) -> None:
    """Neither pictures, tiles nor rasters are written, and for regions nothing that draws a map."""
    expected = EVERYWHERE | MAPS if name == "5km" else EVERYWHERE
    assert {path.name for path in folders[name].iterdir()} == expected
    assert b"<img" not in (folders[name] / "report.html").read_bytes()


@pytest.mark.parametrize("name", EDITIONS)
def test_every_file_says_what_it_is(folders: dict[str, Path], name: str) -> None:
    """Each table, map, message and report names the edition and carries the caution."""
    for path in folders[name].iterdir():
        text = " ".join(unpack(path).decode("utf-8", "replace").split())
        if path.name in {"manifest.json", "feedback.txt"}:
            assert f'"precision": "{name}"' in text or f"edition {name}" in text
        elif path.name != "run.log":
            assert f"Edition {name}, for wider audiences" in text, path.name
            assert "not a basis for the use of force" in text, path.name


def test_balloons_say_a_thing_once(folders: dict[str, Path]) -> None:
    """What the edition is stands in the document alone; a balloon says its square once, a point that it is no place."""
    root = parse_xml((folders["5km"] / "findings.kml").read_bytes(), name="findings.kml")
    handling, middle = ENGLISH.say("edition.handling.5km"), ENGLISH.say("edition.middle")
    assert "".join(root.itertext()).count(handling) == 1
    placemarks = root.findall(".//{*}Placemark")
    assert len(placemarks) == 6
    for placemark in placemarks:
        balloon = placemark.findtext("{*}description", "")
        strips = [line for line in balloon.splitlines() if re.match(r"\d+ E\d{3}\. Verdict: ", line)]
        assert len(strips) == len(placemark.findtext("{*}name", "").split(","))
        assert [balloon.count(word) for word in ("Square: ", "Region: ", "not a basis")] == [1, 1, 1]
        assert balloon.startswith(middle) == (placemark.find("{*}Point") is not None)
    for waypoint in parse_xml((folders["5km"] / "findings.gpx").read_bytes(), name="findings.gpx").findall("{*}wpt"):
        assert [waypoint.findtext("{*}desc", "").count(word) for word in ("Square: ", "Region: ")] == [1, 1]


@pytest.mark.parametrize("name", EDITIONS)
def test_is_no_exact_run(folders: dict[str, Path], name: str) -> None:
    """An edition is proven by its manifest, and refused where an exact run is read."""
    assert verify(folders[name]).ok
    with pytest.raises(NotARun, match=f"edition {name} of a run, expected the run itself"):
        read_run(folders[name])


@pytest.mark.parametrize("name", EDITIONS)
def test_run_read_back_has_the_same_edition(folders: dict[str, Path], tmp_path: Path, name: str) -> None:
    """An edition needs no pixels: the saved run gives the one that the run itself gave."""
    again = read_run(folders["exact"]).save(tmp_path / "again", precision=name)
    assert _read_all(again) == _read_all(folders[name])


def test_squares_hold_their_strips(folders: dict[str, Path]) -> None:
    """Each strip has the square of its middle; two strips of one square have nothing that tells their places apart."""
    table = pyogrio.read_dataframe(folders["5km"] / "findings.gpkg", layer="strips")
    edition = make_edition(secret_findings(), secret_record(), "5km")
    numbers = [int(name[1:]) - 1 for name in edition.originals]
    for square, number in zip(table.geometry, numbers, strict=True):
        assert square.contains(Point(*CENTRES[number]))
    assert table.crs.to_epsg() == 4326
    assert table.geometry.nunique() == 3


def test_table_has_its_columns_and_no_others(folders: dict[str, Path]) -> None:
    """The columns are those of the contract; sizes are whole steps."""
    for name, expected in (("5km", (*EDITION_COLUMNS, *SQUARE_COLUMNS)), ("region", EDITION_COLUMNS)):
        table = pyogrio.read_dataframe(folders[name] / "findings.gpkg", layer="strips")
        assert [label for label in table.columns if label != "geometry"] == [column.name for column in expected]
        assert ("geometry" in table) == (name == "5km")
        for column, step in (("length_m", 100), ("width_m", 10), ("azimuth_deg", 10)):
            assert (table[column] % step == 0).all()
        assert [layer for layer, _ in pyogrio.list_layers(folders[name] / "findings.gpkg")] == ["strips", "observed"]


def test_regions_are_of_the_square_not_of_the_strip(folders: dict[str, Path]) -> None:
    """A square over a border names both sides, counts in both, and does not tell on which the strip lies."""
    table = pd.read_csv(folders["5km"] / "findings.csv", encoding="utf-8-sig", dtype=str).set_index("strip_id")
    assert set(table["admin1"]) == {"ANTIOQUIA / CÓRDOBA", "ANTIOQUIA"}
    assert set(table.loc[table["admin1"] == "ANTIOQUIA / CÓRDOBA", "admin1_code"]) == {"05 / 23"}
    observed = pyogrio.read_dataframe(folders["5km"] / "findings.gpkg", layer="observed").set_index("name")
    assert list(observed["new"]) == [2, 1, 2]
    assert list(observed["not_observed"]) == [1, 0, 1]


def test_region_edition_names_regions_and_nothing_else(folders: dict[str, Path]) -> None:
    """The region edition names the regions and has no geometry at all."""
    collection = json.loads((folders["region"] / "findings.geojson").read_text(encoding="utf-8"))
    assert {feature["geometry"] for feature in collection["features"]} == {None}
    named = {feature["properties"]["admin1"] for feature in collection["features"]}
    assert named == {"ANTIOQUIA / CÓRDOBA", "ANTIOQUIA"}
    assert b"<svg" not in (folders["region"] / "report.html").read_bytes()


def test_sliver_of_a_region_is_not_named() -> None:
    """Where a region with a strip was observed on too little ground, its whole level is left out."""
    findings = secret_findings()
    small = findings.observed.assign(observed_km2=[360.0, 24.9, 210.0])
    edition = make_edition(dataclasses.replace(findings, observed=small), secret_record(), "region")
    assert set(edition.strips["admin1"]) | set(edition.strips["country"]) == {""}
    assert list(edition.observed["level"]) == ["all"]
    enough = make_edition(findings, secret_record(), "region")
    assert set(enough.strips["admin1"]) == {"ANTIOQUIA / CÓRDOBA", "ANTIOQUIA"}


def test_region_without_a_row_was_not_observed() -> None:
    """Where a square touches a region of which nothing was observed, the whole level is left out."""
    findings = secret_findings()
    less = findings.observed[findings.observed["name"] != "CÓRDOBA"]
    edition = make_edition(dataclasses.replace(findings, observed=less), secret_record(), "region")
    assert set(edition.strips["admin1"]) == {""}
    assert list(edition.observed["level"]) == ["all"]


def test_sliver_without_a_strip_has_no_row() -> None:
    """The region edition leaves out a region that was observed on too little ground, and keeps the level."""
    findings = secret_findings()
    sliver = findings.observed.iloc[[1]].assign(code="70", name="SUCRE", asked_km2=30.0, observed_km2=24.96)
    more = dataclasses.replace(findings, observed=pd.concat([findings.observed, sliver], ignore_index=True))
    edition = make_edition(more, secret_record(), "region")
    assert list(edition.observed["name"]) == ["all", "CÓRDOBA", "ANTIOQUIA"]
    assert set(edition.strips["admin1"]) == {"ANTIOQUIA / CÓRDOBA", "ANTIOQUIA"}


@pytest.mark.parametrize("name", EDITIONS)
@pytest.mark.parametrize(
    ("exact", "written"),
    [
        ((1234.5, 987.6, 0.8), (1200.0, 990.0, 0.8)),
        ((10.5, 9.23, 0.879), (10.0, 9.2, 0.88)),
        ((104.2, 103.9, 0.997), (100.0, 100.0, 0.99)),
        ((104.2, 104.2, 1.0), (100.0, 100.0, 1.0)),
        ((987.6, 0.0314, 3e-5), (990.0, 0.031, 0.01)),
        ((987.6, 0.0, 0.0), (990.0, 0.0, 0.0)),
        ((0.0, 0.0, np.nan), (0.0, 0.0, np.nan)),
    ],
)
def test_areas_have_two_digits(name: str, exact: tuple[float, ...], written: tuple[float, ...]) -> None:
    """Areas and the share are rounded, each by itself; a share says none and all only where that is so."""
    findings, columns = secret_findings(), ["asked_km2", "observed_km2", "observed_share"]
    observed = findings.observed.copy()
    observed.loc[0, columns] = exact
    edition = make_edition(dataclasses.replace(findings, observed=observed), secret_record(), name)
    np.testing.assert_array_equal(edition.observed.loc[0, columns].to_numpy(float), written)
    assert tuple(observed.loc[0, columns])[:2] == exact[:2]


@pytest.mark.parametrize(("exact", "written"), [(9.9973, 10.0), (30.0214, 30.0), (119.6, 120.0), (2.9871, 3.0)])
def test_pixels_have_two_digits(exact: float, written: float) -> None:
    """The size of a pixel does not tell how far a map's central meridian is, or the latitude."""
    record = secret_record()
    before, after = (dataclasses.replace(scene, pixel_m=exact) for scene in (record.before, record.after))
    pair = dataclasses.replace(record.pair, pixel_m=exact)
    reduced = reduce_record(dataclasses.replace(record, before=before, after=after, pair=pair), "5km")
    assert [part.pixel_m for part in (reduced.before, reduced.after, reduced.pair)] == [written] * 3


def test_both_editions_together_tell_no_more_than_the_finer() -> None:
    """Each row of the region edition is a row of the edition with squares, without its square."""
    fine, coarse = (make_edition(secret_findings(), secret_record(), name).strips for name in ("5km", "region"))
    shared = [column.name for column in EDITION_COLUMNS[2:]]
    rows = [sorted(strips[shared].astype(str).agg(" ".join, axis=1)) for strips in (fine, coarse)]
    assert rows[0] == rows[1]


def test_names_of_an_edition_lead_back_for_who_made_it() -> None:
    """The maker of an edition finds the strip that feedback is about."""
    run = secret_run()
    names = run.name_in_edition("5km")
    edition = make_edition(run.findings, run.record, "5km")
    assert sorted(names) == list(edition.strips.index)
    for strip_id, name in names.items():
        assert edition.strips.loc[name, "verdict"] == run.strips.loc[strip_id, "verdict"]


def test_run_without_strips_and_regions_has_editions(tmp_path: Path) -> None:
    """Nothing new is an edition too, with the share that was observed."""
    findings = secret_findings()
    observed = findings.observed.iloc[:1].assign(new=0, extended=0, unchanged=0, regrowing=0, not_observed=0)
    empty = Findings(findings.strips.iloc[:0], findings.strip_regions.iloc[:0], observed, findings.not_observed)
    for name in EDITIONS:
        folder = Run(secret_record(), empty).save(tmp_path / name, precision=name)
        text = (folder / "message.txt").read_text(encoding="utf-8")
        assert (
            "Nothing new found, 350 m or longer, in 360 km² observed on both dates (90 % of 400 km² asked)."
            in " ".join(text.split())
        )
        assert verify(folder).ok


@pytest.mark.parametrize(
    ("precision", "rasters", "said"),
    [
        ("1km", False, "precision '1km': expected one of"),
        (5, False, "precision '5': expected one of"),
        ("5km", True, r"--rasters \(rasters\) and --precision 5km \(precision\) exclude each other"),
        ("region", True, r"--rasters \(rasters\) and --precision region \(precision\) exclude each other"),
    ],
)
def test_what_no_edition_has_is_refused(tmp_path: Path, precision: str, rasters: bool, said: str) -> None:
    """An unknown precision and rasters of an edition are refused in one line; nothing is written."""
    with pytest.raises(SettingsError, match=said):
        secret_run().save(tmp_path / "out", precision=precision, rasters=rasters)
    assert list(tmp_path.iterdir()) == []


def test_names_of_regions_alone_are_refused_of_a_run_without_regions(tmp_path: Path) -> None:
    """An edition that tells of a place no more than names of regions is refused where there are none to tell."""
    record = secret_record()
    elsewhere = tuple(layer for layer in record.layers if layer.role != "admin1")
    run = Run(dataclasses.replace(record, layers=elsewhere), secret_findings())
    said = r"^--precision region \(precision\) is given without --regions \(regions\), .* or --precision 5km$"
    with pytest.raises(SettingsError, match=said):
        run.save(tmp_path / "out", precision="region")
    assert list(tmp_path.iterdir()) == []
    assert run.save(tmp_path / "out", precision="5km").is_dir()


def test_run_itself_is_no_edition() -> None:
    """There is no edition with exact positions."""
    with pytest.raises(SettingsError, match="edition 'exact': expected 5km or region"):
        secret_run().name_in_edition("exact")


def test_squares_are_never_narrower_and_never_overlap(rng: np.random.Generator) -> None:
    """Wherever on Earth, a square holds its place, is 5 km wide and high, and is the same from everywhere in it."""
    geod = Geod(ellps="WGS84")
    for lon, lat in zip(rng.uniform(-180, 180, 300), np.degrees(np.arcsin(rng.uniform(-0.99, 0.99, 300))), strict=True):
        square = find_square(lon, lat)
        west, south, east, north = square.bounds
        assert square.covers(Point(lon, lat))
        far = max(south, north, key=abs)
        assert geod.line_length([west, east], [far, far]) >= SQUARE_KM * 1000
        assert geod.line_length([west, west], [south, north]) >= SQUARE_KM * 1000
        inside = rng.uniform([west + 1e-9, south + 1e-9], [east - 1e-9, north - 1e-9])
        assert find_square(*inside).equals(square)
    assert find_square(180.0, 0.01).equals(find_square(-180.0, 0.01))


def test_hostile_names_stay_text(hostile_findings: Findings, hostile_record: RunRecord, tmp_path: Path) -> None:
    """No name of a region becomes a tag, a header, a link or a formula in an edition."""
    observed = hostile_findings.observed.assign(observed_km2=500.0)
    findings = dataclasses.replace(hostile_findings, observed=observed)
    for name in EDITIONS:
        folder = Run(hostile_record, findings).save(tmp_path / name, precision=name)
        page = (folder / "report.html").read_text(encoding="utf-8")
        own = f"<script>{read_asset('report.js')}</script>"
        assert re.findall(r"<script.*?</script>", page, flags=re.DOTALL) == [own]
        message = (folder / "message.txt").read_text(encoding="utf-8")
        head, _, body = message.partition("\n\n")
        subject, *rest = head.splitlines()
        assert subject.startswith("Subject: ")
        assert rest == list(MIME)
        assert re.search(r"(?im)^(bcc|cc|from|to):|https?://", body) is None
        rows = (folder / "findings.csv").read_text(encoding="utf-8-sig")
        assert re.search(r'(^|,|\n)"[=+@-]', rows) is None


def test_hostile_identifiers_stay_titles_of_the_form(hostile_folder: Path) -> None:
    """No identifier of a strip adds a line to the form or becomes a link in it."""
    text = (hostile_folder / "feedback.txt").read_text(encoding="utf-8")
    assert len(re.findall(r"^STRIP ", text, re.MULTILINE)) == 5
    assert re.search(r"(?im)^(bcc|cc|from|mailto):|https?://|www\.", text) is None


def test_feedback_form_has_a_block_for_each_strip(folders: dict[str, Path]) -> None:
    """The form names each strip as its edition does, and the edition too; it asks for no person, is empty and plain."""
    renamed = [f"E{n:03d}" for n in range(1, 6)]
    named = {
        "exact": (secret_run().strips.index, ""),
        "5km": (renamed, r" \(5km\)"),
        "region": (renamed, r" \(region\)"),
    }
    for name, (strips, edition) in named.items():
        text = (folders[name] / "feedback.txt").read_text(encoding="utf-8")
        titles = re.findall(rf"^STRIP (\d+) (\S+){edition}$", text, re.MULTILINE)
        assert [int(number) for number, _ in titles] == [1, 2, 3, 4, 5]
        assert sorted(title for _, title in titles) == list(strips)
        assert text.count("Checked on") == 5
        assert text.count("SEIZURE") == 1
        assert max(map(len, text.splitlines()[1:])) <= 75
        assert name == "exact" or f"edition {name}" in text.splitlines()[0]


@pytest.mark.parametrize("name", EDITIONS)
def test_message_says_how_to_read_it(folders: dict[str, Path], name: str) -> None:
    """The head of the mail is that of an exact run's: a subject, and that the text is UTF-8."""
    subject, *rest = (folders[name] / "message.txt").read_text(encoding="utf-8").partition("\n\n")[0].splitlines()
    assert subject.startswith("Subject: 2 new candidate cleared strips, ")
    assert rest == list(MIME)


@pytest.mark.parametrize("file", ["message.txt", "findings.kml", "findings.gpx"])
def test_probabilities_are_per_cent(folders: dict[str, Path], file: str) -> None:
    """What people read has probabilities as the report has them; tables keep numbers."""
    text = " ".join((folders["5km"] / file).read_text(encoding="utf-8").split())
    assert "Verdict: new, probability 97 %" in text
    assert re.search(r"probability 0", text) is None


def test_message_and_report_say_the_same_rules(folders: dict[str, Path]) -> None:
    """The message states the edition and its regions in the words of the report."""
    levels = ENGLISH.say("edition.levels", least=format_km2(LEAST_KM2, ENGLISH, rounded=True))
    for file in ("message.txt", "report.html"):
        text = " ".join((folders["region"] / file).read_text(encoding="utf-8").split())
        for rule in (levels, ENGLISH.say("edition.handling.region")):
            assert " ".join(rule.split()) in text, file


@pytest.mark.slow
def test_nothing_finer_is_laid_out_on_paper(tmp_path: Path) -> None:
    """The pages of an edition's report hold no leak and no picture; those of the exact run do hold leaks."""
    run = secret_run()
    folder = run.save(tmp_path / "edition", precision="5km", pdf=True)
    write_pdf(build_model(run.findings, run.record, (), None), tmp_path / "exact.pdf")
    pages = tmp_path / "pages"
    pages.mkdir()
    for name, path in (("edition", folder / "report.pdf"), ("exact", tmp_path / "exact.pdf")):
        document = PdfReader(path)
        told = [*read_pages(document), str(list_titles(document)), str(list_tags(document))]
        (pages / name).write_text("\n".join(told), encoding="utf-8")
    leaks = find_leaks(pages, run)
    assert set(leaks) == {"exact"}
    assert {"degrees", "angles", "identifier", "name", "time of day"} <= leaks["exact"]
    assert "Edition 5km, for wider audiences" in (pages / "edition").read_text(encoding="utf-8")
    content = unpack_pdf((folder / "report.pdf").read_bytes())
    assert re.search(rb"/Title ?\(Change report: 2025-01-10 and 2025-03-21\)", content)
    assert re.search(rb"/Subtype\s*/Image\b", content) is None


def test_notes_do_not_promise_what_columns_break() -> None:
    """The steps that the notes name are those of the sizes and areas."""
    words = {2: "two"}
    for name in EDITIONS:
        note = make_edition(secret_findings(), secret_record(), name).say_caution()
        assert note.startswith(ENGLISH.say(f"edition.handling.{name}"))
        assert f"areas looked at to {words[ROUNDED_DIGITS]} significant digits" in note
        assert f"length to {editions.LENGTH_STEP_M:.0f} m" in note
        assert f"width to {editions.WIDTH_STEP_M:.0f} m" in note
        assert f"azimuth to {editions.AZIMUTH_STEP_DEG:.0f}°" in note


def _read_all(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files but the log, which knows the clock."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "run.log"}
