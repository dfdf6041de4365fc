"""Points and windows on grids."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from rasterio.control import GroundControlPoint

from colibri_geo.core.windows import Window
from colibri_geo.errors import BadGeoreference, GeoreferenceError, MissingCRS, NeedsOrthorectification, RotatedGrid
from colibri_geo.scenes.georeference import cut_grid, map_to_pixel, measure_pixel, note_own_crs, pixel_to_map
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import CRS, TRANSFORM, made_pixels, write_image, write_scl

GRID = GeoBox((30, 40), TRANSFORM, CRS)
SKEWED = GeoBox((30, 40), Affine(9, 2, 500_000, 1, -11, 200_000), CRS)
positions = st.floats(-1e4, 1e4)


@given(positions, positions, st.sampled_from([GRID, SKEWED]))
def test_to_the_map_and_back(row: float, col: float, grid: GeoBox) -> None:
    """A point of the grid comes back from the map, on any grid."""
    point = pixel_to_map(grid, row, col)
    back = map_to_pixel(grid, point.east, point.north)
    np.testing.assert_allclose((back.row, back.col), (row, col), atol=1e-6)


@given(st.integers(-50, 50), st.integers(-50, 50), st.floats(-2, 2), st.floats(-2, 2), st.sampled_from([GRID, SKEWED]))
def test_a_cut_grid_keeps_its_pixels_in_place(row: int, col: int, down: float, right: float, grid: GeoBox) -> None:
    """A pixel of a cut and shifted grid lies where the whole grid has it, moved by the shift."""
    cut = cut_grid(grid, Window(row, col, 7, 8), shift_row_px=down, shift_col_px=right)
    assert tuple(cut.shape) == (7, 8)
    assert cut.crs == grid.crs
    mine, whole = pixel_to_map(cut, 3, 5), pixel_to_map(grid, row + 3 + down, col + 5 + right)
    np.testing.assert_allclose((mine.east, mine.north), (whole.east, whole.north), atol=1e-6)


def test_a_file_keeps_its_grid(tmp_path: Path) -> None:
    """Shape, transform and system of a scene are the file's."""
    path = write_image(tmp_path / "a.tif", made_pixels(rows=40, cols=50))
    assert open_scene(path).grid == GeoBox((40, 50), TRANSFORM, CRS)


def test_a_missing_system_is_given_or_refused(tmp_path: Path) -> None:
    """Without a system the file is refused; a system given is used, and the scene says so."""
    path = write_image(tmp_path / "a.tif", made_pixels(), crs=None)
    with pytest.raises(MissingCRS, match="--assume-crs"):
        open_scene(path)
    scene = open_scene(path, assume_crs="EPSG:32619")
    assert scene.grid.crs == "EPSG:32619"
    assert any("EPSG:32619" in note for note in scene.provenance.notes)


def test_an_unknown_system_is_named_and_may_be_given(tmp_path: Path) -> None:
    """A local system places no pixel on a map: it is refused until another one is given, which the scene then tells."""
    local = 'LOCAL_CS["a building site",UNIT["metre",1]]'
    path = write_image(tmp_path / "a.tif", made_pixels(), crs=local)
    with pytest.raises(BadGeoreference, match="no known projected or geographic"):
        open_scene(path)
    scene = open_scene(path, assume_crs=CRS)
    assert scene.grid.crs == CRS
    assert any(CRS in note for note in scene.provenance.notes)


def test_a_systems_own_name_stands_above_a_given_one(tmp_path: Path) -> None:
    """`assume_crs` is for files that name none: one that names another keeps it and says so, of its mask too."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    write_scl(tmp_path / "a_scl.tif", np.full(made_pixels().shape[1:], 4))
    scene = open_scene(path, assume_crs="EPSG:32619")
    assert scene.grid.crs == CRS
    told = f"is in {CRS}: EPSG:32619, which was given as its coordinate reference system, was left aside"
    assert {f"it {told}", f"its mask {told}"} <= set(scene.provenance.notes)
    assert open_scene(path, assume_crs=CRS).provenance.notes == open_scene(path).provenance.notes


@pytest.mark.parametrize("code", ["EPSG:3116", "EPSG:9377"])
def test_a_system_in_other_words_is_the_same(tmp_path: Path, code: str) -> None:
    """A national system as ESRI writes it, its axes the other way round, is no other than the one that is given."""
    path = write_image(tmp_path / "a.tif", made_pixels(), crs=pyproj.CRS.from_user_input(code).to_wkt("WKT1_ESRI"))
    assert open_scene(path, assume_crs=code).provenance.notes == open_scene(path).provenance.notes


def test_a_system_without_a_name_is_called_by_its_projection() -> None:
    """What a PROJ string describes has no name that a reader could be told."""
    own = pyproj.CRS.from_user_input("+proj=tmerc +lat_0=1 +lon_0=-70 +ellps=GRS80 +units=m")
    assert note_own_crs(own, "EPSG:32619")[0].startswith("it is in Transverse Mercator: EPSG:32619, which was given")


@pytest.mark.parametrize("own", [CRS, None])
def test_a_given_system_that_is_none_is_refused(tmp_path: Path, own: str | None) -> None:
    """A slip in `assume_crs` is told, whether or not the file needs it."""
    path = write_image(tmp_path / "a.tif", made_pixels(), crs=own)
    with pytest.raises(BadGeoreference, match="--assume-crs 'EPSG:99999' is no known"):
        open_scene(path, assume_crs="EPSG:99999")


@pytest.mark.parametrize("given", ["EPSG:999999", "nonsense", "EPSG:4978", "EPSG:5773", 3, True])
def test_a_given_system_must_be_one_of_maps(tmp_path: Path, given: Any) -> None:  # noqa: ANN401 - as it may come
    """Unknown, geocentric and vertical systems place no pixel on a map, and what is no text names none."""
    path = write_image(tmp_path / "a.tif", made_pixels(), crs=None)
    with pytest.raises(GeoreferenceError, match=str(given)):
        open_scene(path, assume_crs=given)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:3857", "EPSG:3116", "ESRI:102033", "EPSG:2225"])
def test_systems_of_many_kinds_are_understood(tmp_path: Path, crs: str) -> None:
    """Degrees, metres and feet, of EPSG and ESRI, are kept as they are."""
    degrees = Affine(1e-4, 0, -75, 0, -1e-4, 1.8)
    path = write_image(
        tmp_path / "a.tif", made_pixels(), crs=crs, transform=degrees if crs == "EPSG:4326" else TRANSFORM
    )
    assert open_scene(path).grid.crs == crs


@pytest.mark.parametrize(
    ("transform", "error"),
    [
        (Affine(10, 1, 500_000, 0, -10, 200_000), RotatedGrid),
        (Affine(-10, 0, 500_000, 0, -10, 200_000), RotatedGrid),
        (Affine(10, 0, 500_000, 0, 10, 200_000), RotatedGrid),
        (Affine(float("nan"), 0, 500_000, 0, -10, 200_000), GeoreferenceError),
        (Affine.identity(), GeoreferenceError),
    ],
)
def test_grids_that_are_not_north_up_are_refused(
    tmp_path: Path, transform: Affine, error: type[GeoreferenceError]
) -> None:
    """Sheared, mirrored, endless and missing grids are refused, not read as if they were plain."""
    path = tmp_path / "a.tif"
    if transform == Affine.identity():
        with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
            write_image(path, made_pixels(), transform=transform)
    else:
        write_image(path, made_pixels(), transform=transform)
    with pytest.raises(error):
        open_scene(path)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:4326", Affine(1, 0, 500, 0, -1, 500)),
        ("EPSG:32618", Affine(10, 0, 1e12, 0, -10, 1e12)),
        ("EPSG:32618", Affine(1e-300, 0, 1e300, 0, -1e-300, 1e300)),
    ],
)
def test_a_place_that_is_nowhere_is_refused(tmp_path: Path, crs: str, transform: Affine) -> None:
    """Numbers that the system gives no place for are no georeference."""
    path = write_image(tmp_path / "a.tif", made_pixels(), crs=crs, transform=transform)
    with pytest.raises(BadGeoreference, match=r"a\.tif: the grid lies outside"):
        open_scene(path)


@pytest.mark.parametrize("radius_m", [1_737_400, 3_396_190, 6_051_800])
def test_places_on_other_bodies_are_refused(tmp_path: Path, radius_m: int) -> None:
    """Degrees of the Moon, Mars and Venus are no degrees of Earth, in the file or given; those of a round Earth are."""
    degrees = Affine(1e-4, 0, -75, 0, -1e-4, 1.8)
    path = write_image(
        tmp_path / "a.tif", made_pixels(), crs=f"+proj=longlat +R={radius_m} +no_defs", transform=degrees
    )
    with pytest.raises(BadGeoreference, match=r"a\.tif: .*body of \d+ km radius, expected one of Earth"):
        open_scene(path)
    blank = write_image(tmp_path / "b.tif", made_pixels(), crs=None, transform=degrees)
    with pytest.raises(BadGeoreference, match="expected one of Earth"):
        open_scene(blank, assume_crs=f"+proj=longlat +R={radius_m} +no_defs +type=crs")
    open_scene(blank, assume_crs="+proj=longlat +R=6370997 +no_defs +type=crs")


def test_control_points_ask_for_orthorectification(tmp_path: Path) -> None:
    """An image with control points alone is not on a map grid yet, and the message names the tool."""
    path = tmp_path / "a.tif"
    corners = ((0, 0), (0, 50), (40, 0), (40, 50))
    points = [GroundControlPoint(row, col, 500_000 + 10 * col, 200_000 - 10 * row) for row, col in corners]
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        write_image(path, made_pixels(), transform=Affine.identity(), crs=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.gcps = (points, CRS)
    with pytest.raises(NeedsOrthorectification, match="gdalwarp"):
        open_scene(path)


def test_pixel_is_measured_on_the_ground() -> None:
    """A pixel of web mercator at 60 degrees is half as large as it says."""
    size = measure_pixel(GeoBox((10, 10), Affine(20, 0, 2_800_000, 0, -20, 8_399_738), "EPSG:3857"))
    assert size.east_m == pytest.approx(10, rel=0.01)
    assert size.finer_m == min(size.east_m, size.north_m)


def test_pixel_of_no_place_on_earth_is_refused() -> None:
    """Beyond the pole nothing is measured, and the message names the image."""
    with pytest.raises(BadGeoreference, match=r"^a\.tif: the grid lies outside"):
        measure_pixel(GeoBox((10, 10), Affine(1, 0, 0, 0, -1, 200), "EPSG:4326"), name="a.tif")
