"""Damaged, hostile and merely awkward pairs, areas of interest and regions of the shared set, compared and watched.

What a command may take, write, ask and tell is watched by `tests.support.hostile`; what it has to find stands here.
"""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pytest
import rasterio

import colibri_geo
from colibri_geo import Run, errors, read_run
from tests.support.hostile import Ended, Row, Watch, each, list_rows, watching

pytestmark = pytest.mark.slow

TEXTS = ("report.html", "findings.kml", "findings.gpx", "findings.geojson")
MARKUP = ("<script>alert", "onerror=alert", "javascript:")


@dataclass(frozen=True)
class Finds:
    """What a run of a row has to give."""

    new: tuple[int, ...] = (1,)
    """Allowed counts of strips called new."""
    placed: bool = True
    """Whether the strip lies where the truth says."""
    said: tuple[str, ...] = ()
    """Words in the report."""


PAIRS = {
    "P000": Finds(),
    "P004": Finds(),
    "P006": Finds(),
    "P010": Finds(said=("81.2\u00a0%",)),
    "P014": Finds(),
    "P016": Finds(),
    "P022": Finds(said=("stored x 0.0001", "stored as reflectance")),
    "P024": Finds(),
    "P026": Finds(),
    "P030": Finds(said=("2024-01-01",)),
    "P032": Finds(new=(0, 1), placed=False, said=("clouds were recognised",)),
    "P034": Finds(new=(0, 1), placed=False),
    "P036": Finds(new=(0,), placed=False),
    "P038": Finds(placed=False, said=("cut by the edge",)),
    "P040": Finds(new=(0,), placed=False),
    "P042": Finds(placed=False),
}
SHIFT_PX = {"P014": 1.0, "P016": 2.0}
SAID = {
    "P018": ("after_rgb.tif lacks nir",),
    "P020": ("--bands",),
    "P028": ("same acquisition time",),
    "P044": ("before_0cover.tif",),
    "G002": ("line 1, column 2",),
    "G004": ("0 features",),
    "G010": ("area 0",),
    "G014": ("not finite",),
    "G018": ("coordinates may be swapped",),
    "G022": ("feature 1", "-180..180"),
    "G024": ("duplicate key 'features'",),
    "G028": ("nested too deep",),
    "G032": ("byte 91",),
    "G038": ("not pairs of numbers",),
    "K008": ("VRT",),
    "S004": ("--assume-crs",),
    "S006": ("SHAPE_RESTORE_SHX",),
    "S008": (".shp has 3", ".dbf has 1"),
    "D010": ("424242",),
    "X064": ("polygon needed",),
    "X069": ("not finite",),
}
"""Words in the line of an error."""
AREAS_KM2 = {"G020": 2.56}
"""Of areas of interest; 11.1 unless stated."""
REGIONS = {"G026": ":a", "D008": ""}
"""Layers that stand for what is written: the column that holds names."""
ENDLESS = ("G034",)
"""A layer whose name is so long that it is none: cut, with a note."""
FORMULAS = ("G042",)
"""A table of points whose name is a formula."""
SAME_STRIP = ("R066", "R070", "R072", "R074", "R096", "R114", "R136")
"""Images of the same ground as the reference, with its strip."""
ELSEWHERE = ("R084", "R086")
"""Images with the strip on other ground, in other units."""


@pytest.fixture(scope="module")
def watch(bad_inputs: Path) -> Iterator[Watch]:
    """What runs the commands."""
    with watching(bad_inputs) as watch:
        yield watch


def compare(watch: Watch, out: Path, before: str | Path, after: str | Path, *options: str | Path) -> Ended:
    """Compare two files on the command line; names are those of the set."""
    files = (watch.inputs / before, watch.inputs / after)
    return watch.run(out, "compare", *map(str, (*files, *options)), "--out", str(out), "--json")


def list_of(op: str, *expected: str) -> list[Row]:
    """Return the rows of a command that may end in one of these ways."""
    return [row for row in list_rows(op) if row.expect in expected]


@each([row for row in list_rows("pair") if row.number not in PAIRS])
def test_pair_is_refused(watch: Watch, tmp_path: Path, row: Row) -> None:
    """The pair is refused with the error of the manifest, in a line that names a file; by the library too."""
    assert row.expect == "error"
    ended = compare(watch, tmp_path / "out", *row.files)
    assert ended.error in row.named
    assert any(Path(name).name in ended.errors for name in row.files)
    for words in SAID.get(row.number, ()):
        assert words in ended.errors
    with pytest.raises(getattr(errors, ended.error)):
        colibri_geo.compare(*(watch.inputs / name for name in row.files))


@each([row for row in list_rows("pair") if row.number in PAIRS])
def test_pair_gives_what_the_manifest_says(watch: Watch, tmp_path: Path, row: Row) -> None:
    """The pair is compared, the strip found where it is, and nothing else called new."""
    expected, out = PAIRS[row.number], tmp_path / "out"
    ended = compare(watch, out, *row.files)
    assert ended.status == 0, ended.errors
    assert ended.told["verdicts"]["new"] in expected.new
    run = read_run(out)
    if expected.placed:
        assert_strip_is_the_planted_one(run, watch.inputs)
    report = (out / "report.html").read_text(encoding="utf-8")
    for words in expected.said:
        assert words in report
    if row.number in SHIFT_PX:
        assert_shift_is_stated(run, SHIFT_PX[row.number])


def assert_strip_is_the_planted_one(run: Run, bad_inputs: Path) -> None:
    """Check length and centre of the one new strip against the truth of the set."""
    truth = json.loads((bad_inputs / "truth.json").read_text(encoding="utf-8"))["strip"]
    new = run.strips[run.strips["verdict"] == "new"]
    assert new["length_m"].item() == pytest.approx(truth["length_m"], abs=60)
    centre = new.geometry.to_crs("EPSG:32618").item().centroid
    assert centre.x == pytest.approx(truth["centre"][0], abs=20)
    assert centre.y == pytest.approx(truth["centre"][1], abs=20)


def assert_shift_is_stated(run: Run, size_px: float) -> None:
    """Check the measured shift, and that a large one is noted as a flag of quality."""
    pair = run.pair
    largest = max(abs(pair.shift_east_m), abs(pair.shift_north_m)) / pair.pixel_m
    assert largest == pytest.approx(size_px, abs=0.25)
    flagged = any("more than" in note for note in pair.notes)
    assert flagged == (size_px > 1.5)


@pytest.mark.slow
@pytest.mark.parametrize("tile_px", [64, 256])
def test_strip_on_a_tile_border_is_found_once(watch: Watch, tmp_path: Path, tile_px: int) -> None:
    """A strip along the border of two tiles is one strip, for tiles of any size."""
    files = [str(watch.inputs / "pair" / name) for name in ("before.tif", "after_on_tile_border_1.tif")]
    out = tmp_path / "out"
    ended = watch.run(out, "scan", *files, "--out", str(out), "--tile", str(tile_px), "--no-report", "--json")
    assert ended.status == 0, ended.errors
    assert ended.told["verdicts"]["new"] == 1


def test_lattice_is_no_setting(watch: Watch, tmp_path: Path) -> None:
    """A file of settings that names the side of the cells is refused: their lattice is fixed."""
    settings = tmp_path / "cells.toml"
    settings.write_text("[trace]\ncell_px = 256\n")
    ended = compare(watch, tmp_path / "out", "pair/before.tif", "pair/after.tif", "--settings", settings)
    assert ended.error == "ConfigError"
    assert "cell_px" in ended.errors


# ---------------------------------------------------------------------------------------------------- areas of interest
@each(list_of("aoi", "ok"))
def test_area_of_interest_is_read(watch: Watch, tmp_path: Path, row: Row) -> None:
    """The strip inside of the area is found; the area is as large as the manifest says, and its names are as spelt."""
    path, out = watch.inputs / row.files[0], tmp_path / "out"
    names = ("--regions", f"admin1={path}") if "Nari" in row.must else ()
    ended = compare(watch, out, "pair/before.tif", "pair/after.tif", "--aoi", path, *names)
    assert ended.status == 0, ended.errors
    assert ended.told["verdicts"]["new"] == 1
    assert (read_run(out).strips["admin1"].tolist() == ["Nariño"]) == bool(names)
    address = f"127.0.0.1:{watch.port}".encode()
    assert not [file.name for file in out.iterdir() if address in file.read_bytes()]
    told = watch.run(tmp_path / "again", "info", str(path), "--json").told
    assert told["area_km2"] == pytest.approx(AREAS_KM2.get(row.number, 11.1), rel=0.01)
    assert told["warnings"] == []


@each(list_of("aoi", "error", "ok_or_error"))
def test_area_of_interest_is_refused(watch: Watch, tmp_path: Path, row: Row) -> None:
    """The area is refused with the error of the manifest, in a line that names the file, or is read with a note."""
    path, out = watch.inputs / row.files[0], tmp_path / "out"
    ended = compare(watch, out, "pair/before.tif", "pair/after.tif", "--aoi", path, "--no-report")
    if ended.status == 0:
        assert row.expect == "ok_or_error"
        assert ended.told["verdicts"]["new"] == 1
        return
    assert ended.error in row.named or row.expect == "ok_or_error"
    assert path.name in ended.errors
    for words in SAID.get(row.number, ()):
        assert words in ended.errors


# ------------------------------------------------------------------------------------------------ findings of one image
@each([row for row in list_rows("raster") if row.number in SAME_STRIP])
def test_image_of_the_same_ground_gives_no_finding(watch: Watch, tmp_path: Path, row: Row) -> None:
    """What lacks or distorts pixels is no finding; the strip of both dates is reported once, with its length."""
    out = tmp_path / "out"
    dates = ("--before-date", "2025-01-10", "--no-report")
    ended = compare(watch, out, "raster/ok_reference.tif", row.files[0], *dates)
    assert ended.status == 0, ended.errors
    assert_only_the_strip(read_run(out), tolerance_m=80 if row.number == "R096" else 60)


@each([row for row in list_rows("raster") if row.number in ELSEWHERE])
def test_length_is_true_in_other_units(watch: Watch, tmp_path: Path, row: Row) -> None:
    """Feet, and metres that are longer at the equator, do not lengthen a strip."""
    before, out = tmp_path / "before.tif", tmp_path / "out"
    write_again(watch.inputs / row.files[0], before)
    ended = compare(watch, out, before, row.files[0], "--before-date", "2025-01-10", "--no-report")
    assert ended.status == 0, ended.errors
    assert_only_the_strip(read_run(out), tolerance_m=60)


def assert_only_the_strip(run: Run, *, tolerance_m: float) -> None:
    """Check that a strip of 900 m stands there as on both dates, and no other."""
    strips = run.strips
    assert strips["verdict"].tolist() == ["unchanged"]
    assert strips["length_m"].item() == pytest.approx(900, abs=tolerance_m)


def write_again(path: Path, copy: Path) -> None:
    """Write an image of the same ground with the noise of another day."""
    with rasterio.open(path) as image:
        profile: dict[str, Any] = dict(image.profile)
        values = image.read()
        names, tags = image.descriptions, image.tags()
    noise = np.random.default_rng(1).integers(0, 30, values.shape)
    with rasterio.open(copy, "w", **profile) as image:
        image.write((values + noise).astype(values.dtype))
        image.descriptions = names
        image.update_tags(**tags)


# ------------------------------------------------------------------------------------------------ what is written of it
@each([row for row in list_rows("report") if row.number in REGIONS])
def test_names_of_regions_are_text_wherever_they_are_written(watch: Watch, tmp_path: Path, row: Row) -> None:
    """Markup and formulas of a layer do no harm in any file, and stay what they are in the GeoPackage."""
    out = tmp_path / "out"
    layer = f"admin1={watch.inputs / row.files[0]}{REGIONS[row.number]}"
    ended = compare(watch, out, "pair/before.tif", "pair/after.tif", "--regions", layer)
    assert ended.status == 0, ended.errors
    name = read_run(out).strips["admin1"].item()
    given = gpd.read_file(watch.inputs / row.files[0])
    assert name in {value for column in given.columns.drop("geometry") for value in given[column]}
    texts = {path.name: path.read_text(encoding="utf-8") for path in (out / name for name in TEXTS)}
    with zipfile.ZipFile(out / "findings.kmz") as archive:
        texts["doc.kml"] = archive.read("doc.kml").decode("utf-8")
    for file, text in texts.items():
        assert not any(mark in text for mark in MARKUP), file
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as table:
        cell = next(csv.DictReader(table))["admin1"]
    assert (cell == name) != (row.number == "G026")
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


@each([row for row in list_rows("report") if row.number in ENDLESS])
def test_names_without_end_are_cut(watch: Watch, tmp_path: Path, row: Row) -> None:
    """A name of two million letters is cut with a note wherever it is written; the PDF is made in the time allowed."""
    out, layer = tmp_path / "out", watch.inputs / row.files[0]
    given = ("--regions", f"admin1={layer}", "--layer", f"areas={layer}", "--lang", "es", "--pdf")
    ended = compare(watch, out, "pair/before.tif", "pair/after.tif", *given)
    assert ended.status == 0, ended.errors
    run = read_run(out)
    assert run.findings.strip_context is not None
    assert {run.strips["admin1"].item(), run.findings.strip_context["name"].item()} == {"A" * 199 + "…"}
    report = (out / "report.html").read_text(encoding="utf-8")
    assert report.count("se recortaron 1 nombre(s) de más de 200 caracteres") == 2
    assert (out / "report.pdf").stat().st_size < 2_000_000
    assert not [path.name for path in out.iterdir() if b"A" * 201 in path.read_bytes()]


@each([row for row in list_rows("report") if row.number in FORMULAS])
def test_names_of_points_are_text_wherever_they_are_written(watch: Watch, tmp_path: Path, row: Row) -> None:
    """A formula in a table of points stays what it is in the GeoPackage, and is none in the table for spreadsheets."""
    out, table = tmp_path / "out", watch.inputs / row.files[0]
    around = ("--aerodromes", table, "--layer", f"villages={table}")
    ended = compare(watch, out, "pair/before.tif", "pair/after.tif", *around)
    assert ended.status == 0, ended.errors
    with table.open(encoding="utf-8", newline="") as given:
        name = next(csv.DictReader(given))["name"]
    assert name.startswith("=")
    for layer, column in (("strips", "aerodrome_name"), ("strip_context", "name")):
        assert gpd.read_file(out / "findings.gpkg", layer=layer)[column].tolist() == [name]
    with (out / "findings.csv").open(encoding="utf-8-sig", newline="") as written:
        assert next(csv.DictReader(written))["aerodrome_name"] == f"'{name}"


@each([row for row in list_rows("report") if row.number in {"R124", "R126"}])
def test_tags_are_text_in_the_report(watch: Watch, tmp_path: Path, row: Row) -> None:
    """Markup in an image's tags is no part of the page, and a tag without end is cut, with a note."""
    out = tmp_path / "out"
    ended = compare(watch, out, "pair/before.tif", row.files[0], "--after-date", "2025-03-21")
    assert ended.status == 0, ended.errors
    with rasterio.open(watch.inputs / row.files[0]) as image:
        texts = [*image.tags().values(), *image.descriptions]
    report = (out / "report.html").read_text(encoding="utf-8")
    hostile = [text for text in texts if any(mark in text for mark in MARKUP) or len(text) > 4096]
    assert hostile
    assert not any(text in report for text in hostile)
    assert ("the first 4,096 letters were read" in report) == (row.number == "R126")
