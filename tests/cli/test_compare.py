"""`colibri-geo compare`: its options, its exit status, what it says and what it leaves behind."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from click.testing import CliRunner, Result
from shapely.geometry import box

from colibri_geo import read_run
from colibri_geo.cli.main import main
from colibri_geo.cli.options import PRECISIONS as OFFERED
from colibri_geo.cli.summary import summarize
from colibri_geo.errors import NotARun
from colibri_geo.evidence.versions import PDF_LIBRARIES, PDF_VERSIONS
from colibri_geo.exporting.editions import LEAST_KM2, make_edition
from colibri_geo.hardening import SETTINGS, SILENCE, THREADS
from colibri_geo.hashing import hash_file
from colibri_geo.pipeline.saving import Saved
from colibri_geo.reporting import list_pdf_versions
from colibri_geo.settings import PRECISIONS
from tests.scenes.images import TRANSFORM, made_pixels, write_image, write_scl
from tests.support.elevation import Plane, degree_grid, heights_on, write_heights
from tests.support.secret_run import secret_run
from tests.support.small_pair import write_small_pair

ENVIRONMENT = dict.fromkeys([*SETTINGS, *SILENCE, *THREADS])
"""What the command line sets in the environment, so that the runner puts it back."""
SIDE_PX = 160
LATER = "2024:05:10 15:20:00"
FILES = {
    *(f"findings.{kind}" for kind in ("csv", "geojson", "gpkg", "gpx", "kml")),
    *("feedback.txt", "message.txt", "manifest.json", "run.log"),
}
PICTURED = {"report.html", "findings.kmz"}


def run_cli(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner(env=ENVIRONMENT).invoke(main, ["compare", *map(str, arguments)])


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small simulated pair with one new strip."""
    return write_small_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture
def bare(tmp_path: Path) -> tuple[Path, Path]:
    """Two plain images of the same ground without a strip, the older first."""
    before, after = tmp_path / "before.tif", tmp_path / "after.tif"
    return write_image(before, plain_pixels(1)), write_image(after, plain_pixels(2), acquired=LATER)


def plain_pixels(date: int) -> np.ndarray:
    """Stored values of ground without a strip: what both dates have in common, and a little of each date's own."""
    own = np.random.default_rng(date).integers(-30, 30, (4, SIDE_PX, SIDE_PX))
    return (made_pixels(rows=SIDE_PX, cols=SIDE_PX) + own).astype(np.uint16)


def assert_refused(result: Result, *parts: str, folder: Path, files: set[Path]) -> None:
    """Check status 2, one line with `parts` on standard error, nothing on standard output, nothing written."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1, result.stderr
    assert result.stderr.startswith("colibri-geo: error: ")
    for part in parts:
        assert part in result.stderr
    assert set(folder.rglob("*")) == files


@pytest.mark.slow
def test_finds_the_planted_strip_and_says_what_was_looked_at_first(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A plain run ends with status 0, writes the folder, and names the ground looked at before any finding."""
    result = run_cli(*pair, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES | PICTURED
    assert result.stdout.index("Looked at: ") < result.stdout.index("Candidate cleared strips: 1 new")
    assert "Preliminary analysis, not validated in the field" in result.stdout
    assert list(read_run(tmp_path / "out").strips["verdict"]) == ["new"]
    assert result.stderr == ""


@pytest.mark.slow
def test_json_is_one_object_and_nothing_else(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """With --json standard output is one JSON object, and standard error stays empty."""
    out = tmp_path / "out"
    result = run_cli(*pair, "--out", out, "--json", "--no-report")
    summary = json.loads(result.stdout)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert summary["out"] == str(out)
    assert summary["report"] is None
    assert summary["verdicts"]["new"] == 1
    assert 0 < summary["observed_share"] <= 1
    assert "not a basis for the use of force" in summary["caution"]


def test_error_with_json_leaves_standard_output_empty(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """An error under --json is one line on standard error."""
    result = run_cli(pair[0], tmp_path / "missing.tif", "--out", tmp_path / "out", "--json")
    assert_refused(result, "missing.tif", folder=tmp_path, files=set())


@pytest.mark.slow
def test_no_report_leaves_the_report_out(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """With --no-report there is everything but the report."""
    result = run_cli(*pair, "--out", tmp_path / "out", "--no-report")
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert f"Written: {tmp_path / 'out'}" in result.stdout


@pytest.mark.slow
@pytest.mark.usefixtures("typst")
def test_pdf_is_written_on_request(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """With --pdf the report lies in the folder as a PDF too, and the manifest knows it."""
    result = run_cli(*pair, "--out", tmp_path / "out", "--pdf")
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES | PICTURED | {"report.pdf"}
    assert (tmp_path / "out" / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert f"Report: {tmp_path / 'out' / 'report.html'} and {tmp_path / 'out' / 'report.pdf'}" in result.stdout
    assert "report.pdf" in (tmp_path / "out" / "manifest.json").read_text(encoding="utf-8")
    run = read_run(tmp_path / "out")
    assert {name: run.record.versions[name] for name in PDF_VERSIONS} == list_pdf_versions()
    again = run.save(tmp_path / "again", report=False)
    assert not set(PDF_VERSIONS) & set(read_run(again).record.versions)
    assert CliRunner(env=ENVIRONMENT).invoke(main, ["verify", str(tmp_path / "out")]).exit_code == 0


@pytest.mark.parametrize("precision", ["exact", "5km"])
def test_pdf_that_cannot_be_laid_out_is_told_and_all_else_is_there(
    typst: Any,  # noqa: ANN401
    pair: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    precision: str,
) -> None:
    """Where typst fails, one line says so, and the folder is whole and sound without the PDF; nothing states typst."""

    def fail(*_: object, **__: object) -> bytes:
        raise typst.TypstError("assertion failed")

    monkeypatch.setattr(typst, "compile", fail)
    result = run_cli(*pair, "--out", tmp_path / "out", "--pdf", "--precision", precision, "--json")
    assert result.exit_code == 2
    told = json.loads(result.stdout)
    assert (told["precision"], told["report"], told["pdf"]) == (precision, str(tmp_path / "out" / "report.html"), None)
    assert "cannot lay it out (assertion failed); report.html beside it holds the same" in result.stderr
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.output
    assert (tmp_path / "out" / "report.html").is_file()
    assert not (tmp_path / "out" / "report.pdf").exists()
    for name in ("manifest.json", "report.html"):
        stated = (tmp_path / "out" / name).read_text(encoding="utf-8")
        assert not any(version in stated for version in PDF_VERSIONS), name
    assert CliRunner(env=ENVIRONMENT).invoke(main, ["verify", str(tmp_path / "out")]).exit_code == 0


@pytest.mark.parametrize("library", PDF_LIBRARIES)
def test_pdf_that_cannot_be_made_is_refused_before_an_image_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str
) -> None:
    """Where a library is missing, --pdf ends in one line before the images, which are missing here too, are opened."""
    monkeypatch.setitem(sys.modules, library, None)
    result = run_cli(tmp_path / "before.tif", tmp_path / "after.tif", "--out", tmp_path / "out", "--pdf")
    assert_refused(result, library, 'pip install "colibri_geo[pdf]"', folder=tmp_path, files=set())


def test_pdf_without_report_is_refused(tmp_path: Path) -> None:
    """--pdf and --no-report cannot both be meant."""
    result = run_cli(tmp_path / "a.tif", tmp_path / "b.tif", "--out", tmp_path / "out", "--pdf", "--no-report")
    assert_refused(result, "--pdf and --no-report exclude each other", folder=tmp_path, files=set())


@pytest.mark.slow
def test_rasters_are_written_on_request(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """With --rasters the change and the validity lie in the folder too, and the manifest knows them."""
    result = run_cli(*pair, "--out", tmp_path / "out", "--no-report", "--rasters")
    assert result.exit_code == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES | {"change.tif", "validity.tif"}
    assert CliRunner(env=ENVIRONMENT).invoke(main, ["verify", str(tmp_path / "out")]).exit_code == 0


def test_existing_folder_is_refused_and_kept(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder that exists is refused before any work, and left as it is."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("kept")
    result = run_cli(*pair, "--out", out)
    assert_refused(result, str(out.name), "--overwrite", folder=tmp_path, files={out, out / "mine.txt"})
    assert (out / "mine.txt").read_text() == "kept"


@pytest.mark.slow
def test_overwrite_replaces_a_run_but_no_other_folder(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """--overwrite replaces an earlier run, and refuses a folder that is none."""
    out = tmp_path / "out"
    assert run_cli(*pair, "--out", out).exit_code == 0
    assert run_cli(*pair, "--out", out, "--no-report", "--overwrite").exit_code == 0
    assert {path.name for path in out.iterdir()} == FILES
    other = tmp_path / "other"
    other.mkdir()
    (other / "mine.txt").write_text("kept")
    assert run_cli(*pair, "--out", other, "--overwrite").exit_code == 2
    assert (other / "mine.txt").read_text() == "kept"


@pytest.mark.slow
def test_files_for_readers_speak_the_language_asked_for(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A language without a catalogue is refused, with what there is; in another the message is its own."""
    result = run_cli(*pair, "--out", tmp_path / "out", "--lang", "xx")
    assert_refused(result, "--lang", "'en', 'es', 'pt', 'fr'", folder=tmp_path, files=set())
    assert run_cli(*pair, "--out", tmp_path / "out", "--lang", "es", "--no-report").exit_code == 0
    assert "LO QUE SE ENCONTRÓ" in (tmp_path / "out" / "message.txt").read_text(encoding="utf-8")


@pytest.mark.slow
def test_edition_is_written_in_place_of_the_run(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """With --precision the folder holds an edition, which verifies and is no exact run, in the language asked for."""
    result = run_cli(*pair, "--out", tmp_path / "out", "--precision", "5km", "--lang", "fr")
    assert "Edition (5km): it holds no exact position" in result.stdout
    assert result.exit_code == 0, result.output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES | {"report.html"}
    assert CliRunner(env=ENVIRONMENT).invoke(main, ["verify", str(tmp_path / "out")]).exit_code == 0
    assert "CE QUI A ÉTÉ TROUVÉ" in (tmp_path / "out" / "message.txt").read_text(encoding="utf-8")
    with pytest.raises(NotARun, match="edition 5km"):
        read_run(tmp_path / "out")


def test_summary_says_the_longest_side_of_tiles() -> None:
    """It is found as a scan finds it for its own note, and is a number that JSON has; no tiles have no side."""
    run = secret_run()
    assert run.tiles is not None
    tall = dataclasses.replace(run, tiles=run.tiles.assign(rows=300, cols=2016))
    assert json.loads(summarize(tall, Saved(Path("out"))).to_json())["tile_px"] == 2016
    none = dataclasses.replace(run, tiles=run.tiles.iloc[:0])
    assert json.loads(summarize(none, Saved(Path("out"))).to_json())["tile_px"] == 0


@pytest.mark.parametrize("named", [True, False])
def test_edition_that_names_no_region_says_so(named: bool) -> None:
    """Regions that were given and are too little observed to be named are told of on the terminal, not in silence."""
    run = secret_run()
    observed = run.observed if named else run.observed.assign(observed_km2=LEAST_KM2 - 1)
    run = dataclasses.replace(run, findings=dataclasses.replace(run.findings, observed=observed))
    told = summarize(run, Saved(Path("out"), edition=make_edition(run.findings, run.record, "region")))
    assert any("names no region" in note for note in told.notes) != named


def test_edition_outside_all_regions_is_not_told_that_too_little_was_observed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Strips that no region holds are a reason of its own, and the edition that was written is not made again."""
    run = secret_run()
    regions = run.findings.regions
    assert regions is not None
    far = regions.set_geometry(regions.geometry.translate(xoff=5))
    edition = make_edition(dataclasses.replace(run.findings, regions=far), run.record, "region")
    monkeypatch.setattr("colibri_geo.exporting.editions.make_edition", None)
    (note,) = (note for note in summarize(run, Saved(Path("out"), edition=edition)).notes if "no region" in note)
    assert "each strip lies outside all regions given, or one" in note


def test_edition_that_tells_too_much_or_nothing_is_refused_before_the_work(
    bare: tuple[Path, Path], tmp_path: Path
) -> None:
    """An edition with rasters, one of regions without regions, and a precision that there is not, are refused."""
    result = run_cli(*bare, "--out", tmp_path / "out", "--precision", "region", "--rasters")
    assert_refused(result, "--rasters", "--precision region", folder=tmp_path, files=set(bare))
    result = run_cli(*bare, "--out", tmp_path / "out", "--precision", "region")
    assert_refused(result, "--precision region", "without --regions", "5km", folder=tmp_path, files=set(bare))
    result = run_cli(*bare, "--out", tmp_path / "out", "--precision", "1m")
    assert_refused(result, *PRECISIONS, folder=tmp_path, files=set(bare))
    assert OFFERED == PRECISIONS


@pytest.mark.slow
def test_aoi_bounds_what_is_asked(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """With --aoi only its ground is asked about, and strips outside of it are not named."""
    with rasterio.open(pair[0]) as dataset:
        bounds, crs = dataset.bounds, dataset.crs
    half = gpd.GeoDataFrame(geometry=[box(bounds.left, bounds.top - 400, bounds.right, bounds.top)], crs=crs)
    half.to_crs(4326).to_file(tmp_path / "north.geojson")
    result = run_cli(*pair, "--out", tmp_path / "out", "--no-report", "--json", "--aoi", tmp_path / "north.geojson")
    summary = json.loads(result.stdout)
    assert summary["asked_km2"] == pytest.approx(0.4 * 1.8, rel=0.02)
    assert summary["verdicts"]["new"] == 0


@pytest.mark.slow
def test_min_length_leaves_shorter_strips_out(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A strip of about 1,065 m is named at --min-length 900 and not at 1300."""
    counts = []
    for length in (900, 1300):
        result = run_cli(*pair, "--out", tmp_path / f"{length}", "--no-report", "--json", "--min-length", length)
        counts.append(json.loads(result.stdout)["verdicts"]["new"])
    assert counts == [1, 0]


@pytest.mark.slow
def test_command_line_goes_before_the_settings_file(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """The settings file counts, and an option of the command line over it."""
    file = tmp_path / "my.toml"
    file.write_text('[trace]\nmin_length_m = 1300\n[score]\noperating_point = "watch"\n')
    result = run_cli(*pair, "--out", tmp_path / "out", "--no-report", "--settings", file, "--min-length", "900")
    assert result.exit_code == 0
    settings = read_run(tmp_path / "out").record.settings
    assert (settings.trace.min_length_m, settings.score.operating_point) == (900.0, "watch")


@pytest.mark.parametrize(
    ("option", "value", "part"),
    [
        ("--min-length", "20", "min_length_m is 20"),
        ("--settings", "missing.toml", "missing.toml"),
        ("--aoi", "missing.geojson", "missing.geojson"),
        ("--regions", "admin1=missing.gpkg", "missing.gpkg"),
        ("--regions", "missing.gpkg", "LEVEL=FILE"),
        ("--before-mask", "missing_scl.tif", "missing_scl.tif"),
        ("--before-date", "yesterday", "yesterday"),
        ("--bands", "blue=1,blue=2", "blue"),
        ("--operating-point", "never", "never"),
    ],
)
def test_bad_options_are_refused(
    pair: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str, part: str
) -> None:
    """An option that cannot be used is named in one line; nothing is written."""
    monkeypatch.chdir(tmp_path)
    assert_refused(run_cli(*pair, "--out", "out", option, value), part, folder=tmp_path, files=set())


@pytest.mark.parametrize("which", ["before", "after"])
def test_missing_file(bare: tuple[Path, Path], tmp_path: Path, which: str) -> None:
    """A missing image is named; status 2, nothing written."""
    paths = dict(zip(("before", "after"), bare, strict=True)) | {which: tmp_path / "gone.tif"}
    result = run_cli(paths["before"], paths["after"], "--out", tmp_path / "out")
    assert_refused(result, "gone.tif", folder=tmp_path, files=set(bare))


def test_folder_that_is_no_product(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder in place of an image is named; status 2, nothing written."""
    (tmp_path / "folder").mkdir()
    result = run_cli(tmp_path / "folder", bare[1], "--out", tmp_path / "out")
    assert_refused(result, "folder", folder=tmp_path, files={*bare, tmp_path / "folder"})


@pytest.mark.parametrize("content", [b"", b"not a raster at all\n" * 20, b"<!DOCTYPE html><html>log in</html>"])
def test_not_a_raster(bare: tuple[Path, Path], tmp_path: Path, content: bytes) -> None:
    """A file that is no raster is named; status 2, nothing written."""
    other = tmp_path / "words.tif"
    other.write_bytes(content)
    result = run_cli(bare[0], other, "--out", tmp_path / "out")
    assert_refused(result, "words.tif", folder=tmp_path, files={*bare, other})


def test_no_overlap(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Two images of different places are refused by both names."""
    away = tmp_path / "away.tif"
    transform = TRANSFORM.translation(9000, 0) @ TRANSFORM
    write_image(away, plain_pixels(3), acquired=LATER, transform=transform)
    result = run_cli(bare[0], away, "--out", tmp_path / "out")
    assert_refused(result, "before.tif", "away.tif", "same place", folder=tmp_path, files={*bare, away})


def test_after_older_than_before(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Images in the wrong order are refused, and the line says to swap them."""
    result = run_cli(bare[1], bare[0], "--out", tmp_path / "out")
    assert_refused(result, "before.tif", "after.tif", "older", "swap", folder=tmp_path, files=set(bare))


def test_same_date(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Two images of one time are refused, and the line names the options that correct it."""
    when = "2024-03-21T15:20:00Z"
    result = run_cli(*bare, "--out", tmp_path / "out", "--after-date", when)
    assert_refused(result, "before.tif", "after.tif", "same", "--after-date", folder=tmp_path, files=set(bare))


def test_no_date(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """An image that does not say when it was taken is refused, and the line names the option that says it."""
    undated = write_image(tmp_path / "undated.tif", plain_pixels(3), acquired=None)
    result = run_cli(undated, bare[1], "--out", tmp_path / "out")
    assert_refused(result, "undated.tif", "--before-date", folder=tmp_path, files={*bare, undated})


@pytest.mark.parametrize("given", [[], ["soon"]])
@pytest.mark.parametrize("command", ["info", "compare", "scan"])
def test_a_date_is_asked_for_by_the_commands_own_option(
    bare: tuple[Path, Path], tmp_path: Path, command: str, given: list[str]
) -> None:
    """A date that is missing, or none, is told with the option that this command has for it, and with no other.

    What `info` misses is asked for by `compare` and `scan` too, with options of other names.
    """
    undated = write_image(tmp_path / "undated.tif", plain_pixels(3), acquired=None)
    option = "--date" if command == "info" else "--after-date"
    paths = [undated] if command == "info" else [bare[0], undated, "--out", tmp_path / "out"]
    dates = [option, *given] if given else []
    result = CliRunner(env=ENVIRONMENT).invoke(main, [command, *map(str, [*paths, *dates])])
    (line,) = [line for line in result.output.splitlines() if "Date" in line]
    of_pairs = [] if given or command != "info" else ["--before-date", "--after-date"]
    assert re.findall(r"--[a-z-]*date\b", line) == [*of_pairs, option]


def test_bands_without_names(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """An image whose bands have no names is refused, and the line names the option that gives them."""
    nameless = tmp_path / "nameless.tif"
    write_image(nameless, plain_pixels(3), names=None, acquired=LATER)
    result = run_cli(bare[0], nameless, "--out", tmp_path / "out")
    assert_refused(result, "nameless.tif", "--bands", folder=tmp_path, files={*bare, nameless})


def test_bands_that_only_one_image_has(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """An image without the near infrared of the other is refused by name."""
    three = tmp_path / "three.tif"
    write_image(three, plain_pixels(3)[:3], acquired=LATER)
    result = run_cli(bare[0], three, "--out", tmp_path / "out")
    assert_refused(result, "three.tif", "nir", folder=tmp_path, files={*bare, three})


@pytest.mark.slow
def test_no_crs(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """An image without a coordinate reference system is refused; with --assume-crs it is read."""
    placeless = tmp_path / "placeless.tif"
    write_image(placeless, plain_pixels(3), acquired=LATER, crs=None)
    result = run_cli(bare[0], placeless, "--out", tmp_path / "out")
    assert_refused(result, "placeless.tif", "--assume-crs", folder=tmp_path, files={*bare, placeless})
    accepted = run_cli(bare[0], placeless, "--out", tmp_path / "out", "--assume-crs", "EPSG:32618", "--no-report")
    assert accepted.exit_code == 0, accepted.output


@pytest.mark.parametrize("option", ["--regions", "--aoi"])
def test_empty_layer(bare: tuple[Path, Path], tmp_path: Path, option: str) -> None:
    """A region layer or area of interest without features is named; status 2, nothing written."""
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}')
    value = f"admin1={empty}" if option == "--regions" else str(empty)
    result = run_cli(*bare, "--out", tmp_path / "out", option, value)
    assert_refused(result, "empty.geojson", folder=tmp_path, files={*bare, empty})


@pytest.mark.parametrize("cloudy", [("before",), ("after",), ("before", "after")])
def test_everything_cloudy_is_a_report(bare: tuple[Path, Path], tmp_path: Path, cloudy: tuple[str, ...]) -> None:
    """All cloud is no error: status 0, nothing observed, and the first words say so."""
    options: list[object] = []
    for which in cloudy:
        mask = write_scl(tmp_path / f"clouds_{which}.tif", np.full((SIDE_PX, SIDE_PX), 9))
        options += [f"--{which}-mask", mask]
    result = run_cli(*bare, "--out", tmp_path / "out", *options)
    assert result.exit_code == 0, result.output
    assert "Not observed: nothing can be said of the 2.6 km2 asked." in result.stdout
    assert "0.0% of 2.6 km2" in result.stdout
    assert "Nothing new found" not in result.stdout
    run = read_run(tmp_path / "out")
    assert run.observed.iloc[0]["observed_share"] == 0
    assert len(run.strips) == 0
    assert "not observed" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8").lower()


@pytest.mark.slow
def test_nothing_new_is_never_said_without_the_share_observed(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Where nothing new is found, the same sentence gives the ground observed and its share."""
    result = run_cli(*bare, "--out", tmp_path / "out", "--no-report")
    assert result.exit_code == 0, result.output
    assert "Nothing new found in 2.6 km2 observed on both dates (100.0% of 2.6 km2 asked)." in result.stdout


@pytest.fixture
def around(pair: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """A register whose runway lies on the planted strip, and a village beside it; names are hostile."""
    run_cli(*pair, "--out", tmp_path / "first", "--no-report")
    ends = read_run(tmp_path / "first").strips.iloc[0]
    lon, lat = ends["end2_lon"], ends["end2_lat"]
    runways = tmp_path / "runways.csv"
    runways.write_text(
        "airport_ref,airport_ident,closed,le_latitude_deg,le_longitude_deg,he_latitude_deg,he_longitude_deg\n"
        f"1,=1+1<b>,0,{ends['end1_lat']},{ends['end1_lon']},{lat},{lon}\n"
    )
    village = tmp_path / "village.geojson"
    place = {"type": "Point", "coordinates": [lon, lat + 0.01]}
    name = {"name": "<script>alert(1)</script>"}
    village.write_text(json.dumps({"type": "Feature", "properties": name, "geometry": place}))
    return runways, village


@pytest.mark.slow
def test_strips_stand_beside_what_is_known(pair: tuple[Path, Path], around: tuple[Path, Path], tmp_path: Path) -> None:
    """The strip on a registered runway says so, the village beside it is told first, and no name becomes markup."""
    out = tmp_path / "out"
    result = run_cli(*pair, "--out", out, "--aerodromes", around[0], "--layer", f"settlements={around[1]}")
    assert result.exit_code == 0, result.output
    run = read_run(out)
    strip = run.strips.iloc[0]
    assert (strip["aerodrome"], strip["aerodrome_code"], strip["aerodrome_km"]) == ("registered", "=1+1<b>", 0)
    rows = run.findings.strip_context
    assert rows is not None
    assert rows[["strip_id", "layer", "name"]].to_numpy().tolist() == [
        [run.strips.index[0], "settlements", "<script>alert(1)</script>"]
    ]
    assert rows["distance_km"].to_numpy() == pytest.approx([1.1], rel=0.05)
    given = [(layer.role, layer.name, layer.sha256) for layer in run.record.layers]
    assert given == [
        ("aerodromes", "runways.csv", hash_file(around[0])),
        ("layer settlements", "village.geojson", hash_file(around[1])),
    ]
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "lies on a registered aerodrome: =1+1&lt;b&gt;" in report
    assert "May serve a community or health access: check before anything else. Near it: settlements." in report
    assert "what lies around: settlements" in report
    assert "<script>alert" not in report
    assert "'=1+1<b>" in (out / "findings.csv").read_text(encoding="utf-8-sig")


@pytest.mark.slow
def test_strips_have_the_heights_of_a_model(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Elevation and slope stand in every table, on the sheet and in the method; the model stands in the manifest."""
    plain = run_cli(*pair, "--out", tmp_path / "plain", "--no-report")
    assert plain.exit_code == 0, plain.output
    bare = read_run(tmp_path / "plain").strips
    ends = bare.iloc[0]
    plane = Plane(ends["end1_lon"], ends["end1_lat"])
    grid = degree_grid(plane)
    model = write_heights(tmp_path / "dem.tif", heights_on(grid, plane.height), grid)
    out = tmp_path / "out"
    result = run_cli(*pair, "--out", out, "--elevation", model)
    assert result.exit_code == 0, result.output
    run = read_run(out)
    strip = run.strips.iloc[0]
    rise_m = plane.height(*ends[["end2_lon", "end2_lat"]]) - plane.height(*ends[["end1_lon", "end1_lat"]])
    assert strip["slope_percent"] == pytest.approx(100 * abs(rise_m) / strip["length_m"], rel=0.01)
    assert strip["elevation_m"] == pytest.approx(200 + rise_m / 2, abs=0.2)
    assert [(layer.role, layer.name, layer.sha256) for layer in run.record.layers] == [
        ("elevation", "dem.tif", hash_file(model))
    ]
    unchanged = ["verdict", "probability", "length_m", "reasons"]
    pd.testing.assert_frame_equal(run.strips[unchanged], bare[unchanged])
    report = (out / "report.html").read_text(encoding="utf-8")
    for said in (
        "(in forest: treetops), relief",
        "not the ground that was cleared",
        hash_file(model),
    ):
        assert said in report
    told = f"{strip['slope_percent']:.2f}".rstrip("0")
    assert f",{told}," in (out / "findings.csv").read_text(encoding="utf-8-sig")
    assert f'"slope_percent": {told}' in (out / "findings.geojson").read_text()
    assert re.search(rf'<Data name="slope_percent">\s*<value>{told}<', (out / "findings.kml").read_text())
    features = json.loads((tmp_path / "plain" / "findings.geojson").read_text())["features"]
    assert all(feature["properties"]["elevation_m"] is None for feature in features)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--aerodromes", "airports.csv"), "or all those of OurAirports; convert it, or correct its first line"),
        (("--elevation", "airports.csv"), "content is no raster known here, expected GeoTIFF or JPEG 2000"),
        (("--elevation", "missing.tif"), "does not exist, expected the GeoTIFF of an elevation model or a folder"),
        (("--aerodromes", "missing.csv"), "does not exist"),
        (("--layer", "rivers"), "expected NAME=FILE"),
        (("--layer", f"rivers={'x' * 300}"), "cannot be opened (File name too long), expected a GeoPackage"),
        (("--aoi", "x" * 300), "cannot be opened (File name too long), expected a GeoPackage"),
        (("--regions", f"admin1={'x' * 300}"), "cannot be opened (File name too long), expected a GeoPackage"),
        (("--aerodromes", "x" * 300), "cannot be opened (File name too long), expected a GeoPackage"),
        (("--aoi", "https://example.org/a.kml"), "https://example.org/a.kml: an address, expected a file"),
        (("--layer", "rivers=airports.csv"), "expected a GeoPackage, shapefile, GeoJSON or KML"),
    ],
)
def test_layers_that_cannot_be_read_are_refused(
    bare: tuple[Path, Path], tmp_path: Path, options: tuple[str, str], part: str
) -> None:
    """Before any image is compared, what is wrong with a layer is told in one line."""
    (tmp_path / "airports.csv").write_text("a,b\n1,2\n")
    files = set(tmp_path.rglob("*"))
    option, value = options
    named = value.replace("airports.csv", str(tmp_path / "airports.csv"))
    assert_refused(run_cli(*bare, "--out", tmp_path / "out", option, named), part, folder=tmp_path, files=files)
