"""``colibri-geo info``."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from colibri_geo.cli.main import main
from colibri_geo.errors import ColibriError, UnsupportedFormat
from colibri_geo.evidence import write_manifest
from colibri_geo.exporting import make_edition, write_edition, write_tables
from colibri_geo.exporting.geopackage import plan_layers
from colibri_geo.hardening import SETTINGS, SILENCE, THREADS
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import made_pixels, write_image, write_scl
from tests.support.example_run import example_findings, example_record
from tests.support.products.ground import make_ground
from tests.support.products.stac import write_stac

ENVIRONMENT = dict.fromkeys([*SETTINGS, *SILENCE, *THREADS])


def run_info(*arguments: object) -> Result:
    """Run the command."""
    return CliRunner(env=ENVIRONMENT).invoke(main, ["info", *map(str, arguments)])


def test_the_table_tells_what_the_image_is(tmp_path: Path) -> None:
    """One line a fact, on standard output."""
    result = run_info(write_image(tmp_path / "a.tif", made_pixels()))
    assert result.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert lines["name"] == "a.tif"
    assert lines["bands"] == "blue, green, red, nir"
    assert lines["acquired"] == "2024-03-21T15:20:00Z"
    assert lines["size"] == "40 x 50 px"
    assert "100.0%" in lines["clear"]
    assert result.stderr == ""


def test_sun_and_cloud_are_told_where_they_are_stated(tmp_path: Path) -> None:
    """The cloud is said to be that of the whole product; a file that states neither has no such line."""
    item = write_stac(tmp_path / "item", make_ground(side_px=60, strips=()).after)
    lines = dict(line.split(maxsplit=1) for line in run_info(item).stdout.splitlines())
    assert lines["sun"] == "elevation 58.8 deg, azimuth 121.2 deg"
    assert lines["cloud"] == "4.5% of the whole product, as the archive states it"
    found = json.loads(run_info(item, "--json").stdout)
    names = ("sun_elevation_deg", "sun_azimuth_deg", "product_cloud_share")
    assert [found[name] for name in names] == [58.75, 121.25, 0.045]
    plain = write_image(tmp_path / "a.tif", made_pixels())
    assert not {"sun", "cloud"} & {line.split()[0] for line in run_info(plain).stdout.splitlines()}
    assert [json.loads(run_info(plain, "--json").stdout)[name] for name in names] == [None, None, None]


def test_json_is_one_object_and_nothing_else(tmp_path: Path) -> None:
    """The same facts for a program, with the warnings that a person reads last."""
    result = run_info(write_image(tmp_path / "a.tif", made_pixels(), acquired=None), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (found["rows"], found["cols"], found["crs"], found["acquired"]) == (40, 50, "EPSG:32618", None)
    assert [warning.partition(":")[0] for warning in found["warnings"]] == ["MissingDate"]


def test_options_tell_what_the_file_lacks(tmp_path: Path) -> None:
    """A band map and a date turn the warnings into a scene."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None, acquired=None)
    found = json.loads(run_info(path, "--json", "--bands", "red=3,nir=4", "--date", "2024-01-01").stdout)
    assert (found["bands"], found["acquired"], found["warnings"]) == (["red", "nir"], "2024-01-01", [])


@pytest.mark.parametrize(("content", "name"), [(b"", "CorruptInput"), (b"<html></html>", "UnsupportedFormat")])
def test_what_cannot_be_read_ends_in_one_line(tmp_path: Path, content: bytes, name: str) -> None:
    """The line begins with the name of the error; nothing is on standard output."""
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    result = run_info(path)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"colibri-geo: error: {name}: a.tif")


def test_tags_cannot_steer_the_terminal(tmp_path: Path) -> None:
    """Escape sequences and line ends in a file's words come out as spaces."""
    tags = {"SENSOR": "\x1b[2J\x1b]0;x\x07bad\nwarning none", "LICENCE": "a\u202eb"}
    text = run_info(write_image(tmp_path / "a.tif", made_pixels(), tags=tags)).stdout
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert "bad warning none" in text


def test_a_layer_is_told_too(project: Path) -> None:
    """The columns that ``--regions LEVEL=FILE:NAME:CODE`` wants are in the table of a vector layer."""
    result = run_info(project / "data" / "samples" / "regions.gpkg")
    assert result.exit_code == 0
    lines = dict(line.split(maxsplit=1) for line in result.stdout.splitlines())
    assert (lines["layout"], lines["columns"]) == ("GeoPackage", "fid, name, code")


def test_a_folder_of_scenes_is_told_with_what_takes_it(tmp_path: Path) -> None:
    """What `scan` takes is no error: its scenes are listed, in subfolders too, and masks are none of them."""
    for place in ("b.tif", "below/a.tif"):
        (tmp_path / place).parent.mkdir(exist_ok=True)
        write_image(tmp_path / place, made_pixels())
    (tmp_path / "b_scl.tif").write_bytes((tmp_path / "b.tif").read_bytes())
    (tmp_path / "readme.txt").touch()
    result = run_info(tmp_path)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert lines[:4] == [
        ["name", tmp_path.name],
        ["layout", "folder of scenes: 2"],
        ["scene", "b.tif"],
        ["scene", "a.tif"],
    ]
    assert re.match(r"taken by +scan\b", result.stdout.splitlines()[4])
    assert json.loads(run_info(tmp_path, "--json").stdout)["scenes"] == ["b.tif", "a.tif"]


@pytest.mark.parametrize("option", ["--date", "--bands", "--mask"])
def test_options_of_images_are_refused_of_what_is_none(tmp_path: Path, project: Path, option: str) -> None:
    """What is said of an image is not passed over in silence where a layer or a folder of scenes is given."""
    for name in ("a.tif", "b.tif"):
        write_image(tmp_path / name, made_pixels())
    for path in (project / "data" / "samples" / "regions.gpkg", tmp_path):
        result = run_info(path, option, tmp_path / "a.tif" if option == "--mask" else "2024-01-01")
        assert (result.exit_code, result.stdout) == (2, "")
        assert f"{option} is given of {path.name}" in result.stderr


@pytest.mark.parametrize("option", ["--date", "--bands", "--assume-crs"])
def test_options_hide_no_fault_of_what_they_are_given_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    """What cannot be used ends in the same line with an option of images as without; a dot is told by its name."""
    for name in ("empty", "scenes"):
        (tmp_path / name).mkdir()
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        for name in ("a.tif", "b.tif"):
            archive.write(write_image(tmp_path / "scenes" / name, made_pixels()), name)
    for path, error in ((tmp_path / "two.zip", "AmbiguousInput"), (tmp_path / "empty", "UnsupportedFormat")):
        result = run_info(path, option, "2024-01-01")
        assert (result.exit_code, result.stdout, result.stderr) == (2, "", run_info(path).stderr)
        assert result.stderr.startswith(f"colibri-geo: error: {error}: {path.name}: ")
    monkeypatch.chdir(tmp_path / "scenes")
    assert f"{option} is given of scenes, which is a folder of scenes" in run_info(".", option, "2024-01-01").stderr


def test_what_cannot_be_read_in_a_folder_is_told(tmp_path: Path) -> None:
    """A scan would stop at it: the folder is taken by none, and each such file says why."""
    write_image(tmp_path / "good.tif", made_pixels(4, 40, 50))
    (tmp_path / "text.tif").write_text("no image at all")
    (tmp_path / "cut.tif").write_bytes((tmp_path / "good.tif").read_bytes()[:200])
    found = json.loads(run_info(tmp_path, "--json").stdout)
    assert (found["scenes"], found["uses"]) == (["good.tif"], [])
    assert sorted(re.findall(r"\b\w+\.tif", " ".join(found["warnings"]))) == ["cut.tif", "text.tif"]


def test_the_folder_one_stands_in_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dot is told as the folder that it is."""
    monkeypatch.chdir(tmp_path)
    for name in ("a.tif", "b.tif"):
        write_image(tmp_path / name, made_pixels())
    assert run_info(".").stdout.split()[:2] == ["name", tmp_path.name]
    (tmp_path / "notes.xyz").touch()
    assert f"{tmp_path.name}: 'notes.xyz' is neither" in run_info(".").stderr


def test_what_is_hidden_in_a_folder_is_no_scene(tmp_path: Path) -> None:
    """A folder with an environment or a repository in it is told by its scenes."""
    for name in ("a.tif", "b.tif"):
        write_image(tmp_path / name, made_pixels())
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "python").symlink_to(tmp_path)
    lines = run_info(tmp_path).stdout.splitlines()
    assert [line.split()[-1] for line in lines if line.startswith("scene ")] == ["a.tif", "b.tif"]


def test_many_scenes_are_counted(tmp_path: Path) -> None:
    """Of a large folder the first scenes are listed and the rest is counted."""
    content = write_image(tmp_path / "00.tif", made_pixels(4, 20, 20)).read_bytes()
    for number in range(1, 23):
        (tmp_path / f"{number:02d}.tif").write_bytes(content)
    lines = run_info(tmp_path).stdout.splitlines()
    assert sum(line.startswith("scene ") for line in lines) == 20
    assert "and 3 more" in "\n".join(lines)


def test_a_folder_that_scan_refuses_is_told_as_scan_tells_it(tmp_path: Path) -> None:
    """What keeps a folder of scenes from being taken is named."""
    for name in ("a.tif", "b.tif"):
        write_image(tmp_path / name, made_pixels())
    (tmp_path / "notes.xyz").touch()
    result = run_info(tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "'notes.xyz' is neither an image nor an archive" in result.stderr


def test_the_tables_of_a_run_are_told_as_what_they_are(tmp_path: Path) -> None:
    """The GeoPackage of a run is answered with its layers and with what reads them; that of an edition is a layer."""
    findings, record = example_findings(), example_record()
    write_tables(findings, record, tmp_path)
    names = [layer.name for layer in plan_layers(findings, caution="")]
    result = run_info(tmp_path / "findings.gpkg")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "colibri-geo: error: UnsupportedFormat: findings.gpkg: the tables of a run, expected an image or a layer; "
        f"its layers are {', '.join(names)}: open them in a GIS, or its folder with colibri_geo.read_run\n"
    )
    (tmp_path / "5km").mkdir()
    write_edition(make_edition(findings, record, "5km"), tmp_path / "5km")
    edition = json.loads(run_info(tmp_path / "5km" / "findings.gpkg", "--json").stdout)
    assert edition["features"] == len(findings.strips)
    assert edition["uses"] == ["--regions", "--aoi"]


def test_the_folder_of_a_run_is_told_as_one(tmp_path: Path) -> None:
    """Nothing of a run is to be taken out of its folder: who looks at it is sent to what reads it."""
    (tmp_path / "run").mkdir()
    write_tables(example_findings(), example_record(), tmp_path / "run")
    write_manifest(tmp_path / "run", example_record())
    result = run_info(tmp_path / "run")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "colibri-geo: error: UnsupportedFormat: run: the folder of a run, expected images or layers; colibri-geo "
        "verify checks it, and its tables are in findings.gpkg\n"
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "a.csv",
            b"id,name\n1,x\n",
            (
                "UnsupportedFormat: a.csv: a table with the columns 'id, name', expected a GeoPackage, shapefile, "
                "GeoJSON or KML, or of points columns of longitude (lon, lng, long, longitude, longitud, x) and "
                "latitude (lat, latitude, latitud, y), or all those of OurAirports; convert it, or "
                "correct its first line\n"
            ),
        ),
        ("a.gpkg", b"", "CorruptInput: a.gpkg: the file is empty, expected a GeoPackage, shapefile, GeoJSON or KML"),
        ("a.geojson", b"{", "VectorError: a.geojson: not JSON at line 1"),
        ("a.geojson", b"[" * 500 + b"]" * 500, "VectorError: a.geojson: nested too deep"),
        ("a.gml", b"<gml/>", "UnsupportedFormat: a.gml: content is XML that is not KML, expected a GeoPackage"),
        ("a.shx", b"\x00\x00\x27\x0a", "UnsupportedFormat: a.shx: a part of a shapefile, expected the .shp beside it"),
        ("a.dbf", b"\x03", "UnsupportedFormat: a.dbf: a part of a shapefile, expected the .shp beside it"),
    ],
)
def test_what_is_called_as_a_layer_is_answered_as_one(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    """A layer that is broken, or of another format, is not sent to readers of images."""
    path = tmp_path / name
    path.write_bytes(content)
    result = run_info(path)
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert result.stderr.startswith(f"colibri-geo: error: {said}")


def test_an_archive_of_a_layer_is_to_be_unpacked(tmp_path: Path) -> None:
    """Layers are delivered in ZIP files, which no option takes: that is told, and no word of images."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for ending in ("dbf", "shp", "shx"):
            archive.writestr(f"borders.{ending}", b"\x00")
    assert run_info(tmp_path / "a.zip").stderr == (
        "colibri-geo: error: ArchiveError: a.zip: a ZIP archive, expected a GeoPackage, shapefile, GeoJSON or KML; "
        "unpack it and give the layer inside\n"
    )


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder of an image, an elevation model and a mask that is called after no image."""
    write_image(tmp_path / "image.tif", made_pixels())
    heights = made_pixels(1, low=100, high=900).astype(np.int16)
    write_image(tmp_path / "heights.tif", heights, names=None, acquired=None)
    write_scl(tmp_path / "mask.tif", made_pixels(1, low=2, high=12)[0])
    return tmp_path


@pytest.mark.parametrize(
    ("name", "kind", "uses"),
    [
        ("heights.tif", "elevation model", ["--elevation"]),
        ("mask.tif", "mask", ["--before-mask", "--after-mask"]),
        ("image.tif", "image", []),
    ],
)
def test_a_raster_that_is_no_image_is_told_as_what_it_is(others: Path, name: str, kind: str, uses: list[str]) -> None:
    """An elevation model and a mask are named with the options that take them, and lack no date and no band."""
    found = json.loads(run_info(others / name, "--json").stdout)
    assert (found["kind"], found["uses"], found["warnings"]) == (kind, uses, [])
    text = run_info(others / name).stdout
    assert ("acquired" in text, f", {kind}\n" in text) == (not uses, bool(uses))
    if uses:
        told = run_info(others / name, "--mask", others / "mask.tif").stderr
        assert f"--mask is given of {name}, which is a raster of another kind ({kind})," in told


def test_a_folder_asks_for_dates_with_options_of_pairs(others: Path) -> None:
    """What is to be said of a file in a folder, which takes no --date itself, is said to `compare` or `scan`."""
    warnings = json.loads(run_info(others, "--json").stdout)["warnings"]
    assert len(warnings) == 2
    for warning in warnings:
        assert re.findall(r"--[a-z-]*date\b", warning) == ["--before-date", "--after-date"]


def test_what_is_said_of_a_raster_makes_it_an_image(others: Path) -> None:
    """A band and a time that the user gives stand above what the values look like."""
    said = ("--bands", "red=1", "--date", "2024-01-01")
    found = json.loads(run_info(others / "heights.tif", *said, "--json").stdout)
    assert (found["kind"], found["bands"]) == ("image", ["red"])


def test_a_band_makes_an_image_and_a_date_does_not(others: Path) -> None:
    """A slip in the name of a band is told; a date that is given with a mask or a model changes nothing."""
    with pytest.raises(ColibriError, match="rouge"):
        open_scene(others / "heights.tif", bands="rouge=1")
    for name, option in (("heights.tif", "--elevation"), ("mask.tif", "--before-mask")):
        with pytest.raises(UnsupportedFormat, match=f"give it with {option}"):
            open_scene(others / name, acquired="2024-01-01")
        found = json.loads(run_info(others / name, "--date", "2024-01-01", "--json").stdout)
        assert option in found["uses"]


@pytest.mark.parametrize(
    ("dtype", "low", "high", "kind"),
    [
        ("int16", 2, 12, "mask"),
        ("uint16", 2, 12, "mask"),
        ("int8", 20, 90, "image"),
        ("float32", -25, 0, "image"),
        ("float32", -25, 900, "elevation model"),
    ],
)
def test_values_tell_what_a_raster_is(tmp_path: Path, dtype: str, low: int, high: int, kind: str) -> None:
    """Codes are a mask in whatever whole numbers; decibels and bytes are no heights."""
    path = tmp_path / "one.tif"
    write_image(path, made_pixels(1, low=low, high=high).astype(dtype), names=None, acquired=None)
    found = json.loads(run_info(path, "--json").stdout)
    assert (found["kind"], bool(found["uses"])) == (kind, kind != "image")


def test_what_is_no_scene_is_not_listed_among_scenes(others: Path) -> None:
    """A folder with a model or a mask is told as what `scan` makes of it; one of a model alone as what it is."""
    found = json.loads(run_info(others, "--json").stdout)
    assert (found["layout"], found["scenes"], found["uses"]) == ("folder of scenes", ["image.tif"], [])
    assert "taken by" not in run_info(others).stdout
    said = dict(zip(("heights.tif", "mask.tif"), found["warnings"], strict=True))
    for name, option in (("heights.tif", "--elevation"), ("mask.tif", "--before-mask")):
        assert said[name].startswith(f"UnsupportedFormat: {name}: ")
        assert f"expected an image; give it with {option}" in said[name]
        with pytest.raises(UnsupportedFormat, match=re.escape(f"expected an image; give it with {option}")):
            open_scene(others / name)
    (others / "image.tif").unlink()
    (others / "mask.tif").write_bytes((others / "heights.tif").read_bytes())
    assert [" ".join(line.split()) for line in run_info(others).stdout.splitlines()[1:]] == [
        "layout folder of an elevation model: 2",
        "tile heights.tif",
        "tile mask.tif",
        "taken by --elevation",
    ]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("20240101_150000_01_24a1_metadata.json", {}),
        ("item.json", {"assets": {"red": {"href": "x" * 5000}}, "stac_version": "1.0.0"}),
    ],
    ids=["planet", "stac"],
)
def test_metadata_in_geojson_stand_for_their_image(tmp_path: Path, name: str, content: dict[str, object]) -> None:
    """Archives write them as GeoJSON; they are told as `open_scene` would take them, not as a layer."""
    shape = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    path = tmp_path / name
    path.write_text(json.dumps({"type": "Feature", "id": "a", "geometry": shape, "properties": {}, **content}))
    result = run_info(path)
    assert (result.exit_code, result.stdout) == (2, "")
    with pytest.raises(ColibriError) as caught:
        open_scene(path)
    assert type(caught.value).__name__ in result.stderr
