"""Pictures cut from a pair."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from PIL import Image

from colibri_geo.core.windows import Window
from colibri_geo.reporting import overview_picture, picture_strips
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.pictures import MARGIN_M, PICTURE_PX, _read_sample
from tests.reporting.fake_pair import FakeChangeMap, FakePair, make_pair, with_bands
from tests.support.example_run import example_strips


@pytest.fixture(scope="module")
def pair() -> FakePair:
    """The pair of the example run."""
    return make_pair(example_strips())


def pixels(picture: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Decode a picture."""
    return np.array(Image.open(io.BytesIO(picture)))


def test_one_picture_a_strip_in_order(pair: FakePair) -> None:
    """Pictures come in the order of the table, before and after of the same size."""
    strips = example_strips()
    pictures = picture_strips(pair, strips)
    assert [picture.strip_id for picture in pictures] == list(strips.index)
    assert {pixels(image).shape for p in pictures for image in (p.before, p.after)} == {(PICTURE_PX, PICTURE_PX, 3)}


def test_strip_lies_between_its_ends(pair: FakePair) -> None:
    """The bright line of the after picture lies at the middle of the two ends, and is absent before."""
    strip = picture_strips(pair, example_strips())[2]
    col, row = (int((first + second) / 2) for first, second in zip(strip.end1_px, strip.end2_px, strict=True))
    before, after = (
        pixels(image)[row - 3 : row + 4, col - 3 : col + 4].mean() for image in (strip.before, strip.after)
    )
    assert after > before + 60


def test_ends_are_as_far_apart_as_the_strip_is_long(pair: FakePair) -> None:
    """Distance on the picture times metres a pixel is the length; the margin is kept on each side."""
    strips = example_strips()
    for picture, length_m in zip(picture_strips(pair, strips), strips["length_m"], strict=True):
        ends = np.array([picture.end1_px, picture.end2_px])
        assert np.hypot(*(ends[1] - ends[0])) * picture.metres_per_px == pytest.approx(length_m, rel=0.01)
        assert ends.min() * picture.metres_per_px >= MARGIN_M - 15
        assert (PICTURE_PX - ends.max()) * picture.metres_per_px >= MARGIN_M - 15


def test_each_date_is_hatched_for_itself(pair: FakePair) -> None:
    """A cloud of the before date hides ground on the before picture only."""
    clouded = dataclasses.replace(pair, unseen_before=np.full_like(pair.unseen_before, 3))
    picture = picture_strips(clouded, example_strips().iloc[[2]])[0]
    colour = [np.ptp(pixels(image)[:200].astype(int), axis=2).mean() for image in (picture.before, picture.after)]
    assert colour[0] < 2
    assert colour[1] > 10


def test_change_picture_only_when_asked(pair: FakePair) -> None:
    """Without a change map there is no change picture; with it the strip stands out on it."""
    strips = example_strips().iloc[[2]]
    assert picture_strips(pair, strips)[0].change is None
    change = picture_strips(pair, strips, change=FakeChangeMap(pair))[0].change
    assert change is not None
    assert pixels(change).min() < 120


def test_pictures_are_the_same_each_time(pair: FakePair) -> None:
    """The same pair gives the same bytes."""
    strips = example_strips()
    assert picture_strips(pair, strips) == picture_strips(pair, strips)
    assert overview_picture(pair) == overview_picture(pair)


def test_empty_table_reads_nothing() -> None:
    """Without strips there are no pictures, and no pixel is read."""
    pair = make_pair(example_strips().iloc[:0])
    assert picture_strips(pair, example_strips().iloc[:0]) == ()
    assert pair.windows == []


def test_any_bands_make_a_picture(pair: FakePair) -> None:
    """Pairs without red, green and blue are drawn too."""
    strips = example_strips().iloc[[1]]
    for bands in (("green", "red", "nir"), ("vv", "vh"), ("nir",)):
        picture = picture_strips(with_bands(pair, bands), strips)[0]
        assert set(picture.bands) <= set(bands)


def test_overview_is_read_cell_by_cell(pair: FakePair) -> None:
    """The overview keeps its size, and never asks for more than a cell at once."""
    pair.windows.clear()
    overview = overview_picture(pair, max_px=300)
    assert overview is not None
    assert max(overview.width_px, overview.height_px) <= 300
    assert max(max(window.rows, window.cols) for window in pair.windows) <= 512
    assert sum(window.rows * window.cols for window in pair.windows) == 800 * 800


def test_overview_of_a_country_is_none(pair: FakePair) -> None:
    """All pixels of a very large pair are not read once more for a picture of it."""
    pair.windows.clear()
    country = dataclasses.replace(pair.model, grid=pair.grid.zoom_to((20_000, 20_001)))
    assert overview_picture(dataclasses.replace(pair, model=country)) is None
    assert pair.windows == []


@pytest.mark.parametrize("step", [1, 3, 7])
def test_sampling_keeps_one_lattice(pair: FakePair, step: int) -> None:
    """Cutting into cells moves no sampled pixel and no mask."""
    sample = _read_sample(pair, Window(0, 0, 800, 800), step=step, bands=("red", "nir"))
    np.testing.assert_array_equal(sample.after, pair.after[[2, 3], ::step, ::step])
    np.testing.assert_array_equal(sample.before, pair.before[[2, 3], ::step, ::step])
    np.testing.assert_array_equal(sample.seen_before, pair.unseen_before[::step, ::step] == 0)
    np.testing.assert_array_equal(sample.seen_after, pair.unseen_after[::step, ::step] == 0)


def test_pictures_of_a_pair_in_degrees_are_square_on_the_ground() -> None:
    """On a grid in degrees far from the equator, metres are as long across the picture as along it."""
    strips = example_strips().iloc[[0]]
    ends = {"end1_lon": 10.0, "end1_lat": 60.0, "end2_lon": 10.01, "end2_lat": 60.005}
    from geopandas import GeoSeries
    from shapely.geometry import LineString

    axis = GeoSeries([LineString([(10.0, 60.0), (10.01, 60.005)])], crs=4326).to_crs(32632)
    placed = strips.assign(**ends).set_geometry(axis.to_numpy(), crs=axis.crs)
    fake = make_pair(strips)
    grid = GeoBox((800, 800), Affine(0.0001, 0, 9.97, 0, -0.0001, 60.04), "EPSG:4326")
    picture = picture_strips(dataclasses.replace(fake, model=dataclasses.replace(fake.model, grid=grid)), placed)[0]
    across, down = np.subtract(picture.end2_px, picture.end1_px) * picture.metres_per_px
    assert across == pytest.approx(558, rel=0.02)
    assert down == pytest.approx(-557, rel=0.02)


def test_north_follows_the_grid() -> None:
    """True north stands upright on the central meridian and leans to the other side on either side of it."""
    from pyproj import CRS

    lean = [
        GroundGrid(Affine(10, 0, easting, 0, -10, 5_000_000), CRS.from_epsg(32632), 10, 10).scale_at(5, 5).north_deg
        for easting in (200_000, 499_950, 800_000)
    ]
    assert lean[0] > 1
    assert abs(lean[1]) < 0.01
    assert lean[2] < -1


def test_window_outside_of_the_grid_is_unseen(pair: FakePair) -> None:
    """The made-up pair itself keeps the contract that windows may reach beyond the grid."""
    block = pair.read(Window(-5, -5, 10, 10))
    assert (block.unseen_before[:5] > 0).all()
    assert (block.unseen_after[5:, 5:] == 0).all()
