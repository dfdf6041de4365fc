"""`compare`: masks, areas of interest, pictures of unknown gain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
from affine import Affine
from shapely.geometry import box

from colibri_geo import compare, scan
from colibri_geo.errors import ColibriError, EmptyVector, SettingsError, TooCoarse
from colibri_geo.reporting.canvas import plan_canvas
from colibri_geo.reporting.grounding import GroundGrid
from tests.support.small_pair import STRIP, small_spec, write_small_pair


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A small simulated pair with one new strip."""
    (tmp_path / "pair").mkdir()
    return write_small_pair(tmp_path / "pair")


def write_aoi(path: Path, *, left: float, bottom: float, right: float, top: float) -> Path:
    """Write an area of interest given in metres from the lower left corner of the small pair."""
    spec = small_spec()
    east, north = spec.left_m, spec.bottom_m
    shape = box(east + left, north + bottom, east + right, north + top)
    gpd.GeoDataFrame(geometry=[shape], crs=spec.crs).to_crs(4326).to_file(path)
    return path


def write_mask(source: Path, target: Path, codes: np.ndarray) -> Path:
    """Write a mask on the grid of an image."""
    with rasterio.open(source) as dataset:
        profile = {"driver": "GTiff", "crs": dataset.crs, "transform": dataset.transform, "dtype": "uint8", "count": 1}
    with rasterio.open(target, "w", height=codes.shape[0], width=codes.shape[1], **profile) as dataset:
        dataset.write(codes.astype(np.uint8), 1)
    return target


@pytest.mark.slow
def test_area_of_interest_restricts_ground_and_strips(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Only the area is asked about; a strip that it touches is told, one outside is not."""
    whole = compare(*pair)
    middle_m = (STRIP.end1[1] + STRIP.end2[1]) / 2
    on_it = write_aoi(tmp_path / "on.geojson", left=0, bottom=middle_m - 100, right=1800, top=middle_m + 100)
    off_it = write_aoi(tmp_path / "off.geojson", left=0, bottom=0, right=1800, top=300)
    touching, away = compare(*pair, aoi=on_it), compare(*pair, aoi=off_it)
    assert touching.observed.iloc[0]["asked_km2"] == pytest.approx(0.36, rel=0.06)
    assert away.observed.iloc[0]["asked_km2"] == pytest.approx(0.54, rel=0.04)
    assert list(touching.strips["verdict"]) == ["new"]
    assert touching.strips["length_m"].iloc[0] == whole.strips["length_m"].iloc[0]
    assert len(away.strips) == 0
    assert whole.record.candidates >= touching.record.candidates >= len(touching.strips)
    assert away.record.candidates < whole.record.candidates
    assert touching.record.layers[0].role == "aoi"


def test_area_outside_of_the_scenes_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """An area of interest that the scenes do not touch is an error, not an empty report."""
    away = write_aoi(tmp_path / "away.geojson", left=90_000, bottom=0, right=91_000, top=1000)
    with pytest.raises(ColibriError, match=r"away\.geojson"):
        compare(*pair, aoi=away)


def test_empty_region_layer_is_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A region layer without features is an error that names it."""
    empty = tmp_path / "empty.geojson"
    empty.write_text('{"type": "FeatureCollection", "features": []}')
    with pytest.raises(EmptyVector, match=r"empty\.geojson"):
        compare(*pair, regions=[f"admin1={empty}"])


def test_region_around_the_images_draws_no_border_on_the_map(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Regions for maps reach beyond the drawing: where they are cut no border is, and none must show."""
    wide = write_aoi(tmp_path / "wide.geojson", left=-90_000, bottom=-90_000, right=90_000, top=90_000)
    gpd.read_file(wide).assign(name="A").to_file(tmp_path / "regions.gpkg")
    run = compare(*pair, regions=[f"admin1={tmp_path / 'regions.gpkg'}"])
    canvas = plan_canvas(GroundGrid.from_record(run.pair))
    assert run.findings.regions is not None
    (region,) = canvas.place(run.findings.regions.geometry)
    assert region.contains(canvas.frame)


@pytest.mark.parametrize("which", ["before", "after"])
def test_all_cloud_is_a_run_that_observed_nothing(pair: tuple[Path, Path], tmp_path: Path, which: str) -> None:
    """One date all under cloud: nothing observed, nothing new, and the whole area stands as cloud."""
    clouds = write_mask(pair[0], tmp_path / "clouds.tif", np.full((180, 180), 9))
    run = compare(*pair, **{f"{which}_mask": clouds})  # type: ignore[arg-type]
    whole = run.observed.iloc[0]
    assert (whole["observed_share"], whole["observed_km2"]) == (0, 0)
    assert not run.strips["verdict"].isin(["new", "unchanged", "regrowing", "extended"]).any()
    assert "cloud" in set(run.not_observed["reason"])
    assert run.save(tmp_path / "out", rasters=True).is_dir()


@pytest.mark.slow
def test_strip_under_cloud_is_not_called_new(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """A strip that the before date hides for more than 40 % of its length is not_observed or not told."""
    codes = np.full((180, 180), 4)
    middle_row = 180 - (STRIP.end1[1] + STRIP.end2[1]) / 20
    middle_col = (STRIP.end1[0] + STRIP.end2[0]) / 20
    rows, cols = np.mgrid[:180, :180]
    codes[np.hypot(rows - middle_row, cols - middle_col) <= 35] = 9
    run = compare(*pair, before_mask=write_mask(pair[0], tmp_path / "cloud.tif", codes))
    assert set(run.strips["verdict"]) <= {"not_observed"}
    assert (run.strips["observed_share"] < 0.6).all()


def write_picture(source: Path, target: Path, *, gain: float) -> Path:
    """Write red, green and blue of an image as an 8-bit picture."""
    with rasterio.open(source) as dataset:
        names, profile, tags = list(dataset.descriptions), dataset.profile, dataset.tags()
        values = dataset.read([names.index(name) + 1 for name in ("red", "green", "blue")])
    profile |= {"count": 3, "dtype": "uint8", "nodata": None, "photometric": "RGB"}
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(np.clip(values / 3000 * 255 * gain, 1, 255).astype(np.uint8))
        dataset.update_tags(**tags)
    return target


def test_pictures_of_unknown_gain_are_compared_and_their_cost_is_told(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Two 8-bit RGB pictures with different gains give the strip, and the report says what they cannot tell."""
    before = write_picture(pair[0], tmp_path / "before.tif", gain=1.0)
    after = write_picture(pair[1], tmp_path / "after.tif", gain=0.8)
    run = compare(before, after)
    assert run.pair.quantity == "relative"
    assert list(run.strips["verdict"]) == ["new"]
    notes = " ".join((*run.before.notes, *run.after.notes))
    assert "8-bit" in notes
    assert "near infrared" in notes
    report = (run.save(tmp_path / "out") / "report.html").read_text(encoding="utf-8")
    for note in run.before.notes:
        assert note in report


def test_picture_and_reflectance_do_not_make_a_pair(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Quantities are not mixed in a pair."""
    picture = write_picture(pair[0], tmp_path / "before.tif", gain=1.0)
    with pytest.raises(ColibriError, match=r"before\.tif"):
        compare(picture, pair[1])


def test_less_than_one_worker_is_refused_before_anything_is_read() -> None:
    """A number of workers is held to its limit, however many cells there are."""
    with pytest.raises(SettingsError, match="0 workers, expected 1 or more"):
        compare("no.tif", "image.tif", workers=0)


@pytest.mark.parametrize("how", [compare, scan])
def test_image_too_coarse_for_any_strip_is_refused(pair: tuple[Path, Path], how: Callable[..., object]) -> None:
    """Pixels of 100 m show nothing of what is looked for: "nothing new found" would be false."""
    with rasterio.open(pair[1], "r+") as dataset:
        dataset.transform = Affine(100, 0, dataset.transform.c, 0, -100, dataset.transform.f)
    pair[1].with_name("small_after_scl.tif").unlink()
    with pytest.raises(TooCoarse, match=r"small_after\.tif: pixels of 100 m, expected 60 m or less"):
        how(*pair)
