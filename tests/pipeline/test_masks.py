"""What was not seen, and why: from the pixels of an image to the tables, the rasters and the report of a run."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from click.testing import CliRunner
from shapely.geometry import box

from colibri_geo import Run, compare, read_run
from colibri_geo.cli.main import main
from colibri_geo.hardening import SETTINGS, SILENCE, THREADS
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes.masks import Unseen
from colibri_geo.sim import simulate_pair, write_pair
from tests.support.small_pair import STRIP, small_spec

pytestmark = pytest.mark.slow

ENVIRONMENT = dict.fromkeys([*SETTINGS, *SILENCE, *THREADS])
PIXEL_KM2 = 1e-4
SIDE = 180


@dataclass(frozen=True)
class Pair:
    """Two images as files, without masks."""

    before: Path
    after: Path


@dataclass(frozen=True)
class Outcome:
    """What a command gave."""

    run: Run
    summary: dict[str, object]
    report: str
    validity: np.ndarray


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """A small simulated pair with one new strip and no masks."""
    folder = tmp_path / "pair"
    folder.mkdir()
    files = write_pair(simulate_pair(small_spec()), folder, "small")
    for mask in folder.glob("*_scl.tif"):
        mask.unlink()
    return Pair(files[0], files[2])


def run_cli(pair: Pair, out: Path, *options: str) -> Outcome:
    """Compare on the command line, and read everything back."""
    arguments = ["compare", str(pair.before), str(pair.after), "--out", str(out), "--rasters", "--json", *options]
    result = CliRunner(env=ENVIRONMENT).invoke(main, arguments)
    assert result.exit_code == 0, result.output
    with rasterio.open(out / "validity.tif") as dataset:
        validity = dataset.read(1)
    report = (out / "report.html").read_text(encoding="utf-8")
    return Outcome(read_run(out), json.loads(result.stdout), report, validity)


def write_codes(image: Path, codes: np.ndarray) -> Path:
    """Write Sentinel-2 SCL codes beside an image, where they are found by themselves."""
    with rasterio.open(image) as dataset:
        profile = {"driver": "GTiff", "crs": dataset.crs, "transform": dataset.transform, "dtype": "uint8", "count": 1}
    path = image.with_name(f"{image.stem}_scl.tif")
    with rasterio.open(path, "w", height=codes.shape[0], width=codes.shape[1], **profile) as dataset:
        dataset.write(codes.astype(np.uint8), 1)
    return path


def edit_pixels(image: Path, place: tuple[slice, slice], value: int) -> None:
    """Overwrite all bands of a part of an image."""
    with rasterio.open(image, "r+") as dataset:
        values = dataset.read()
        values[:, *place] = value
        dataset.write(values)


def crop(image: Path, *, cols: int) -> Path:
    """Write the first columns of an image as a file of their own."""
    with rasterio.open(image) as dataset:
        profile, tags, names = dataset.profile, dataset.tags(), dataset.descriptions
        values = dataset.read()[:, :, :cols]
    path = image.with_name(f"cropped_{image.name}")
    with rasterio.open(path, "w", **profile | {"width": cols}) as dataset:
        dataset.write(values)
        dataset.descriptions = names
        dataset.update_tags(**tags)
    return path


def share_of(outcome: Outcome) -> float:
    """Share observed, as the table has it."""
    return float(outcome.run.observed.iloc[0]["observed_share"])


def drawn_km2(outcome: Outcome, reason: str) -> float:
    """Area drawn for a reason."""
    layer = outcome.run.not_observed
    return float(layer[layer["reason"] == reason].area.sum() / 1e6)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (0, Unseen.NODATA),
        (1, Unseen.SATURATION),
        (3, Unseen.SHADOW),
        (8, Unseen.CLOUD),
        (9, Unseen.CLOUD),
        (10, Unseen.CLOUD),
    ],
)
@pytest.mark.parametrize("which", ["before", "after"])
def test_each_reason_of_a_mask_reaches_the_output(
    pair: Pair, tmp_path: Path, code: int, reason: Unseen, which: str
) -> None:
    """Ground that a mask hides is missing from the share, marked in the raster and drawn under its reason."""
    codes = np.full((SIDE, SIDE), 4)
    codes[:60] = code
    write_codes(getattr(pair, which), codes)
    outcome = run_cli(pair, tmp_path / "out")
    hidden = np.count_nonzero(outcome.validity == reason)
    assert set(np.unique(outcome.validity)) == {Unseen.OBSERVED, reason}
    assert hidden == pytest.approx(60 * SIDE, abs=SIDE)
    assert share_of(outcome) == pytest.approx(1 - hidden / SIDE**2, abs=1e-9)
    assert set(outcome.run.not_observed["reason"]) == {reason.reason}
    assert drawn_km2(outcome, reason.reason) == pytest.approx(hidden * PIXEL_KM2, rel=0.05)
    assert list(outcome.run.strips["verdict"]) == ["new"]


@pytest.mark.parametrize("masked", [True, False], ids=["by a mask", "recognised"])
def test_cloudy_date_is_a_report_that_found_nothing_out(pair: Pair, tmp_path: Path, masked: bool) -> None:
    """All under cloud, told by a mask or not: a run, of which nothing was observed, and no word that nothing is new."""
    if masked:
        write_codes(pair.after, np.full((SIDE, SIDE), 9))
    else:
        edit_pixels(pair.after, np.s_[:, :], 7000)
    outcome = run_cli(pair, tmp_path / "out")
    assert share_of(outcome) == outcome.summary["observed_share"] == 0
    assert drawn_km2(outcome, "cloud") == pytest.approx(SIDE**2 * PIXEL_KM2, rel=1e-6)
    assert not outcome.run.strips["verdict"].isin(["new", "extended", "regrowing", "unchanged"]).any()
    assert "Not observed: none of the" in outcome.report
    assert not re.search("nothing new", outcome.report, re.IGNORECASE)
    assert ("clouds were recognised by brightness over about 100 %" in outcome.report) != masked


def test_clouds_without_a_mask_are_masked_and_stated(pair: Pair, tmp_path: Path) -> None:
    """Of a picture half under cloud the note states the share, the layer shows it, and its edge is no finding."""
    edit_pixels(pair.after, np.s_[:, 110:], 6500)
    outcome = run_cli(pair, tmp_path / "out")
    assert "clouds were recognised by brightness over about 39 % of the measured ground" in outcome.report
    assert share_of(outcome) == pytest.approx(110 / SIDE, abs=0.02)
    assert set(outcome.run.not_observed["reason"]) == {"cloud"}
    assert set(outcome.run.strips["verdict"]) <= {"new", "not_observed"}
    assert len(outcome.run.strips) <= 1


def test_ground_of_one_image_alone_is_outside(pair: Pair, tmp_path: Path) -> None:
    """Where one image ends, the other's ground is not observed, and the share says so."""
    outcome = run_cli(dataclasses.replace(pair, after=crop(pair.after, cols=140)), tmp_path / "out")
    assert share_of(outcome) == pytest.approx(140 / SIDE, abs=0.01)
    assert drawn_km2(outcome, "outside") == pytest.approx(40 * SIDE * PIXEL_KM2, rel=0.05)
    assert np.count_nonzero(outcome.validity == Unseen.OUTSIDE) == pytest.approx(40 * SIDE, abs=SIDE)
    assert list(outcome.run.strips["verdict"]) == ["new"]


def test_graver_reason_stands_where_two_meet(pair: Pair, tmp_path: Path) -> None:
    """Shadow on one date under cloud on the other is cloud; what one image does not reach is outside."""
    write_codes(pair.before, np.full((SIDE, SIDE), 9))
    write_codes(pair.after, np.full((SIDE, SIDE), 3))
    cropped = crop(pair.after, cols=140)
    write_codes(cropped, np.full((SIDE, 140), 3))
    outcome = run_cli(dataclasses.replace(pair, after=cropped), tmp_path / "out")
    assert (outcome.validity[:, :139] == Unseen.CLOUD).all()
    assert (outcome.validity[:, 141:] == Unseen.OUTSIDE).all()


def test_raster_leaves_out_what_was_not_asked(pair: Pair, tmp_path: Path) -> None:
    """Outside of the area of interest the rasters hold nothing, as the table counts nothing there."""
    spec = small_spec()
    area = box(spec.left_m + 300, spec.bottom_m + 300, spec.left_m + 1300, spec.bottom_m + 1500)
    path = tmp_path / "aoi.geojson"
    gpd.GeoDataFrame(geometry=[area], crs=spec.crs).to_crs(4326).to_file(path)
    codes = np.full((SIDE, SIDE), 4)
    codes[:60] = 9
    write_codes(pair.before, codes)
    outcome = run_cli(pair, tmp_path / "out", "--aoi", str(path))
    asked = outcome.validity != NOT_ASKED
    assert asked.sum() == pytest.approx(100 * 120, rel=0.01)
    assert share_of(outcome) == pytest.approx((outcome.validity == Unseen.OBSERVED).sum() / asked.sum(), abs=1e-9)
    assert set(np.unique(outcome.validity)) == {Unseen.OBSERVED, Unseen.CLOUD, NOT_ASKED}
    with rasterio.open(tmp_path / "out" / "change.tif") as dataset:
        assert (dataset.read(1) != dataset.nodata).sum() == (outcome.validity == Unseen.OBSERVED).sum()
    blank = gpd.read_file(tmp_path / "out" / "findings.gpkg", layer="not_asked")
    assert set(blank["reason"]) == {"not_asked"}
    assert blank.area.sum() == pytest.approx(np.count_nonzero(~asked) * 100, rel=0.03)


def only_reasons(run: Run) -> str:
    """Reasons of the one strip that was found."""
    assert len(run.strips) == 1
    return str(run.strips["reasons"].item())


EAST_END_COL = round(STRIP.end2[0] / 10)


@pytest.mark.parametrize("which", ["before", "after", "both"])
def test_strip_at_the_edge_of_an_image_is_said_to_be_cut(pair: Pair, tmp_path: Path, which: str) -> None:
    """A strip that leaves an image, or the ground that both images cover, is said to be cut by the edge."""
    cut = {
        date: crop(getattr(pair, date), cols=EAST_END_COL - 20)
        for date in ("before", "after")
        if which in {date, "both"}
    }
    outcome = run_cli(dataclasses.replace(pair, **cut), tmp_path / "out")
    strip = outcome.run.strips.iloc[0]
    assert (strip["hidden_end1"], strip["hidden_end2"]) in {("", "outside"), ("outside", "")}
    number = 1 if strip["hidden_end1"] else 2
    assert f"end {number} is cut by the edge of an image, it may be longer" in only_reasons(outcome.run)
    assert "cut by the edge" in outcome.report
    assert "cloud hides" not in outcome.report


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "is cut by the edge of the measured ground, it may be longer"),
        (1, "is too bright to measure, it may be longer"),
        (3, "a cloud's shadow hides the ground beyond end"),
        (9, "cloud hides the ground beyond end"),
    ],
)
def test_cover_over_an_end_is_named(pair: Pair, tmp_path: Path, code: int, said: str) -> None:
    """A mask over one end is named as what it is; only what was not measured is called an edge."""
    codes = np.full((SIDE, SIDE), 4)
    codes[:, EAST_END_COL - 20 : EAST_END_COL + 20] = code
    write_codes(pair.after, codes)
    reasons = only_reasons(run_cli(pair, tmp_path / "out").run)
    assert said in reasons
    assert ("cut by the edge" in reasons) == (code == 0)


def test_strip_within_its_ground_is_not_cut(pair: Pair) -> None:
    """A strip whose both ends were seen is not said to be cut or hidden."""
    run = compare(pair.before, pair.after)
    assert run.strips[["hidden_end1", "hidden_end2"]].to_numpy().tolist() == [["", ""]]
    assert not re.search("cut by|hides|too bright", only_reasons(run))


@pytest.mark.parametrize("which", ["before", "after"])
def test_image_without_a_measured_pixel_is_refused(pair: Pair, tmp_path: Path, which: str) -> None:
    """An image of which not one pixel was measured is bad input, not an empty report."""
    edit_pixels(getattr(pair, which), np.s_[:, :], 0)
    arguments = ["compare", str(pair.before), str(pair.after), "--out", str(tmp_path / "out")]
    result = CliRunner(env=ENVIRONMENT).invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "NoValidData" in result.stderr
    assert getattr(pair, which).name in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "percent"),
    [("slc_off", 75.0), ("striping", 100.0), ("zero_collar_undeclared", 79.6), ("nodata0_dark_water", 96.5)],
)
def test_gaps_stripes_and_collars_are_no_findings(bad_inputs: Path, tmp_path: Path, name: str, percent: float) -> None:
    """The strip that both images show is told once, as unchanged; no edge of what is missing is told at all."""
    images = Pair(bad_inputs / "raster/ok_reference.tif", bad_inputs / f"raster/{name}.tif")
    outcome = run_cli(images, tmp_path / "out", "--before-date", "2025-01-10")
    assert list(outcome.run.strips["verdict"]) == ["unchanged"]
    truth = json.loads((bad_inputs / "truth.json").read_text(encoding="utf-8"))["strip"]
    assert outcome.run.strips["length_m"].item() == pytest.approx(truth["length_m"], abs=60)
    assert 100 * share_of(outcome) == pytest.approx(percent, abs=0.1)
    assert set(outcome.run.not_observed["reason"]) == ({"nodata"} if percent < 100 else set())
