"""Elevation and slope of strips: those of the plane that the model holds, on any grid, across seams and over voids."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer
from shapely import LineString

from colibri_geo.errors import ColibriError, NotAFile, RadiometryError
from colibri_geo.hashing import hash_file
from colibri_geo.layers.terrain import COLUMNS, Terrain, describe_terrain, read_terrain
from colibri_geo.scenes.elevation import ElevationTile
from colibri_geo.settings import TerrainSettings
from tests.support.elevation import Plane, degree_grid, heights_on, metre_grid, write_heights

Array = np.ndarray[Any, Any]
AMAZON, NORTH, SOUTH = Plane(-76.61, 0.47), Plane(11.0, 60.0), Plane(-70.3, -60.0)
ZONES = {AMAZON: "EPSG:32618", NORTH: "EPSG:32632", SOUTH: "EPSG:32719"}
EXACT = TerrainSettings(vertical_error_m=0.0)


def make_axis(plane: Plane, azimuth_deg: float, *, length_m: float = 800.0, aside_m: float = 0.0) -> LineString:
    """An axis through the place of a plane, or east of it, in its UTM zone."""
    east, north = Transformer.from_crs(4326, ZONES[plane], always_xy=True).transform(plane.lon, plane.lat)
    angle = np.radians(azimuth_deg)
    half = length_m / 2 * np.array([np.sin(angle), np.cos(angle)])
    return LineString([np.array([east + aside_m, north]) - half, np.array([east + aside_m, north]) + half])


def make_strips(plane: Plane, axes: Sequence[LineString]) -> gpd.GeoDataFrame:
    """Strips with a column of their own, to see that it stays."""
    index = pd.Index([f"S{number:03d}" for number in range(1, len(axes) + 1)], name="strip_id")
    return gpd.GeoDataFrame({"verdict": "new"}, geometry=list(axes), crs=ZONES[plane], index=index)


def ground_of(plane: Plane) -> GeoBox:
    """A scene of 2 km around the place of a plane."""
    return metre_grid(plane, ZONES[plane], side_px=200, pixel_m=10.0)


def read(plane: Plane, *paths: Path, **options: Any) -> Terrain:  # noqa: ANN401 - those of read_terrain
    """Read a model for a scene around the place of a plane."""
    terrain = read_terrain(paths, near=[ground_of(plane)], **options)
    assert terrain is not None
    return terrain


def describe(plane: Plane, terrain: Terrain, *axes: LineString) -> pd.DataFrame:
    """The columns of terrain, with no error but that of the fit."""
    return pd.DataFrame(describe_terrain(make_strips(plane, axes), terrain, settings=EXACT))[list(COLUMNS)]


def end_heights(plane: Plane, axis: LineString) -> Array:
    """Heights of the plane at the ends of an axis, the lower first."""
    to_lonlat = Transformer.from_crs(ZONES[plane], 4326, always_xy=True)
    return np.sort(plane.height(*to_lonlat.transform(*np.array(axis.coords).T)))


def true_slope(plane: Plane, axis: LineString) -> float:
    """Percent: the heights of both ends over the geodesic between them."""
    low, high = end_heights(plane, axis)
    line = gpd.GeoSeries([axis], crs=ZONES[plane]).to_crs(4326).iloc[0]
    return float(100 * (high - low) / Geod(ellps="WGS84").geometry_length(line))


def expect_plane(found: pd.Series, plane: Plane, axis: LineString) -> None:
    """Hold what was found against the plane itself."""
    low, high = end_heights(plane, axis)
    assert found["slope_percent"] == pytest.approx(true_slope(plane, axis), abs=2e-4)
    assert found["elevation_m"] == pytest.approx((low + high) / 2, abs=2e-3)
    assert found["relief_m"] == pytest.approx(high - low, abs=2e-3)


@pytest.mark.parametrize("azimuth_deg", [0.0, 37.0, 90.0, 116.565, 150.0])
@pytest.mark.parametrize(
    ("plane", "grid"),
    [
        pytest.param(AMAZON, degree_grid(AMAZON), id="1 arc second"),
        pytest.param(AMAZON, degree_grid(AMAZON, lon_seconds=3, lat_seconds=3, side_px=60), id="3 arc seconds"),
        pytest.param(AMAZON, metre_grid(AMAZON, "EPSG:32618"), id="UTM"),
        pytest.param(AMAZON, metre_grid(AMAZON, "EPSG:32617", side_px=200), id="UTM of the next zone"),
        pytest.param(NORTH, degree_grid(NORTH, lon_seconds=2), id="60 north, 2 by 1 arc seconds"),
        pytest.param(SOUTH, degree_grid(SOUTH, lon_seconds=2), id="60 south, 2 by 1 arc seconds"),
        pytest.param(NORTH, degree_grid(NORTH, side_px=300), id="60 north, 1 arc second"),
    ],
)
def test_slope_is_that_of_the_plane(tmp_path: Path, plane: Plane, grid: GeoBox, azimuth_deg: float) -> None:
    """On any grid and in any direction, elevation, slope and relief are those of a tilted plane on the ellipsoid."""
    terrain = read(plane, write_heights(tmp_path / "dem.tif", heights_on(grid, plane.height), grid))
    axis = make_axis(plane, azimuth_deg)
    expect_plane(describe(plane, terrain, axis).iloc[0], plane, axis)


def turn(grid: GeoBox, degrees: float) -> GeoBox:
    """The same pixels, with other longitudes."""
    return GeoBox(grid.shape, Affine.translation(degrees, 0) @ grid.affine, grid.crs)


@pytest.mark.parametrize("lon_seconds", [1.0, 1.1])
@pytest.mark.parametrize("lon", [-76.61, 0.0, 11.0, 179.9999, -179.9999])
def test_longitudes_may_be_counted_from_zero(tmp_path: Path, lon: float, lon_seconds: float) -> None:
    """Tiles with longitudes a turn to the east, as in models from 0 to 360, or to the west, say the same."""
    degrees = -360 if lon > 0 else 360
    plane = Plane(lon, 0.47)
    grid = degree_grid(plane, lon_seconds=lon_seconds)
    heights = heights_on(grid, plane.height)
    scene = metre_grid(plane, f"+proj=tmerc +lat_0=0.47 +lon_0={lon}", side_px=200, pixel_m=10.0)
    axis = LineString([(-390.0, -150.0), (400.0, 160.0)])
    strips = gpd.GeoDataFrame(geometry=[axis], crs=str(scene.crs))
    found = []
    for name, place in (("plain", grid), ("turned", turn(grid, degrees))):
        terrain = read_terrain(write_heights(tmp_path / f"{name}.tif", heights, place), near=[scene])
        found.append(pd.DataFrame(describe_terrain(strips, terrain)[list(COLUMNS)]))
    assert found[0].notna().all(axis=None)
    pd.testing.assert_frame_equal(*found, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("west", [-180.0, 0.0])
@pytest.mark.parametrize("lon", [-76.61, 0.0, 11.0, 180.0])
def test_a_model_of_the_globe_has_no_end(tmp_path: Path, west: float, lon: float) -> None:
    """Where its first longitude is does not show, neither at Greenwich nor where the date changes."""
    cols = 7200
    grid = GeoBox((8, cols), Affine(360 / cols, 0, west, 0, -0.05, 0.2), "EPSG:4326")
    model = write_heights(tmp_path / "globe.tif", np.full(grid.shape, 70, np.int16), grid)
    scene = metre_grid(Plane(lon, 0.0), f"+proj=tmerc +lon_0={lon}", side_px=200, pixel_m=10.0)
    strips = gpd.GeoDataFrame(geometry=[LineString([(-400.0, 0.0), (400.0, 50.0)])], crs=str(scene.crs))
    found = describe_terrain(strips, read_terrain(model, near=[scene]))
    assert found["elevation_m"].tolist() == [70.0]


@pytest.mark.parametrize("west", [-180.0, 0.0])
def test_a_strip_over_the_date_line_is_read_by_its_two_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, west: float
) -> None:
    """No window of a model is wider than the strip, wherever the model begins; the heights are those of the plane."""
    plane = Plane(180.0, 0.0)
    cols = 36_000
    grid = GeoBox((16, cols), Affine(360 / cols, 0, west, 0, -0.01, 0.08), "EPSG:4326")
    lon = np.mod(west + (np.arange(cols) + 0.5) * 360 / cols, 360)
    heights = np.tile((500 + 1000 * (lon - 180)).clip(0, 1000).astype(np.float32), (16, 1))
    model = read_terrain(
        write_heights(tmp_path / "globe.tif", heights, grid),
        near=[metre_grid(plane, "+proj=tmerc +lon_0=180", side_px=200, pixel_m=10.0)],
    )
    axis = LineString([(-4000.0, 0.0), (4000.0, 500.0)])
    strips = gpd.GeoDataFrame(geometry=[axis], crs="+proj=tmerc +lon_0=180")
    widths = []
    read_tile = ElevationTile.read
    monkeypatch.setattr(
        ElevationTile, "read", lambda tile, window: (widths.append(window.cols), read_tile(tile, window))[1]
    )
    found = describe_terrain(strips, model).iloc[0]
    assert found["elevation_m"] == pytest.approx(500, abs=1)
    assert found["relief_m"] == pytest.approx(1000 * 8000 / 111_320, abs=1)
    assert 0 < max(widths) < 20


def split(folder: Path, heights: Array, grid: GeoBox, *, row: int, overlap: int = 0) -> list[Path]:
    """Write heights as a northern and a southern tile."""
    a = grid.affine
    parts = (slice(0, row + overlap), slice(row, None))
    return [
        write_heights(
            folder / f"tile{number}.tif",
            heights[part],
            GeoBox(heights[part].shape, Affine(a.a, 0, a.c, 0, a.e, a.f + a.e * (part.start or 0)), grid.crs),
        )
        for number, part in enumerate(parts)
    ]


@pytest.mark.parametrize("overlap", [0, 1])
@pytest.mark.parametrize("azimuth_deg", [0.0, 90.0, 45.0])
def test_a_seam_does_not_show(tmp_path: Path, overlap: int, azimuth_deg: float) -> None:
    """Across and along a seam, as of GLO-30 or, with a row in common, of SRTM, all is as in one file."""
    grid = degree_grid(AMAZON)
    rough = heights_on(grid, AMAZON.height) + np.random.default_rng(5).normal(0, 3, grid.shape).astype(np.float32)
    whole = read(AMAZON, write_heights(tmp_path / "whole.tif", rough, grid))
    tiles = read(AMAZON, *split(tmp_path, rough, grid, row=80, overlap=overlap))
    axes = [make_axis(AMAZON, azimuth_deg), make_axis(AMAZON, azimuth_deg, aside_m=300.0)]
    pd.testing.assert_frame_equal(describe(AMAZON, tiles, *axes), describe(AMAZON, whole, *axes), rtol=1e-5)
    assert describe(AMAZON, tiles, *axes).notna().all(axis=None)


def test_tiles_of_other_postings_join(tmp_path: Path) -> None:
    """Where GLO-30 changes its posting, at 60 degrees, a plane keeps its slope; a posting has no height."""
    south = degree_grid(NORTH, lon_seconds=1.5, side_px=200)
    north = degree_grid(NORTH, lon_seconds=2, side_px=200)
    paths = [
        split(tmp_path, heights_on(grid, NORTH.height), grid, row=100)[number].rename(tmp_path / f"{number}.tif")
        for number, grid in enumerate((north, south))
    ]
    axis = make_axis(NORTH, 10.0)
    found = describe(NORTH, read(NORTH, *paths), axis).iloc[0]
    assert found["slope_percent"] == pytest.approx(true_slope(NORTH, axis), abs=2e-4)
    assert found["elevation_m"] == pytest.approx(200.0, abs=0.3)


def test_order_and_folder_of_the_files_do_not_matter(tmp_path: Path) -> None:
    """Tiles given in any order, or as their folder, say the same; each is named with its checksum."""
    grid = degree_grid(AMAZON)
    folder = tmp_path / "tiles"
    folder.mkdir()
    paths = split(folder, heights_on(grid, AMAZON.height), grid, row=80)
    (folder / "readme.txt").write_text("no tile")
    given = [read(AMAZON, *paths), read(AMAZON, *reversed(paths)), read(AMAZON, folder)]
    assert given[0] == given[1] == given[2]
    assert [(source.role, source.name, source.sha256) for source in given[0].sources] == [
        ("elevation", path.name, hash_file(path)) for path in paths
    ]


@pytest.mark.parametrize("given", ["", [""]])
def test_an_empty_path_is_not_the_folder_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str | list[str]
) -> None:
    """An empty path is refused in one line, also where there is a model in the working folder."""
    grid = degree_grid(AMAZON)
    write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotAFile, match=r"^the path is empty, expected that of the GeoTIFF of an elevation model"):
        read_terrain(given, near=[ground_of(AMAZON)])


def test_what_desktops_leave_beside_tiles_is_left_aside(tmp_path: Path) -> None:
    """Names with a dot in front, as of the forks that a Mac writes, are no tiles."""
    grid = degree_grid(AMAZON)
    write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid)
    (tmp_path / "._dem.tif").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / ".cut.TIFF").write_bytes(b"II")
    assert [source.name for source in read(AMAZON, tmp_path).sources] == ["dem.tif"]


def test_a_file_that_is_given_twice_is_one_source(tmp_path: Path) -> None:
    """By its name and in its folder, or as a copy under another name, a tile is read and named once."""
    grid = degree_grid(AMAZON)
    folder = tmp_path / "tiles"
    folder.mkdir()
    path = write_heights(folder / "dem.tif", heights_on(grid, AMAZON.height), grid)
    once = read(AMAZON, path)
    copy = shutil.copy(path, tmp_path / "same.tif")
    assert read(AMAZON, path, folder, path) == read(AMAZON, copy, path) == once
    assert len(once.sources) == len(once.model.tiles) == 1


def test_tiles_elsewhere_are_left_aside(tmp_path: Path) -> None:
    """Of a folder of tiles those that touch the ground are read, and named."""
    for name, plane in (("here.tif", AMAZON), ("there.tif", NORTH)):
        grid = degree_grid(plane)
        write_heights(tmp_path / name, heights_on(grid, plane.height), grid)
    assert [source.name for source in read(AMAZON, tmp_path).sources] == ["here.tif"]


@pytest.mark.parametrize(
    ("dtype", "void", "nodata"),
    [
        ("float32", np.nan, None),
        ("float32", -32767.0, -32767.0),
        ("int16", -32768, -32768),
        ("int16", -32768, None),
        ("float32", -9999.0, None),
        ("int16", 32767, None),
        ("float32", 3.4e38, None),
    ],
)
def test_a_void_is_no_height(tmp_path: Path, dtype: str, void: float, nodata: float | None) -> None:
    """Over a void, declared or not, slope and elevation come from the rest of the axis; too large a one leaves none."""
    plane, grid = Plane(AMAZON.lon, AMAZON.lat, east=0.0, north=0.1), degree_grid(AMAZON)
    heights = heights_on(grid, plane.height).round().astype(dtype)
    heights[70:82] = void
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights, grid, nodata=nodata))
    axes = [make_axis(AMAZON, 0.0, length_m=length_m) for length_m in (1500.0, 500.0)]
    wide, held = (row for _, row in describe(AMAZON, terrain, *axes).iterrows())
    assert wide["slope_percent"] == pytest.approx(10.0, abs=0.1)
    assert wide["relief_m"] == pytest.approx(150.0, abs=1.5)
    assert held.isna().all()


@pytest.mark.parametrize("void", [32767, -32768])
@pytest.mark.parametrize("first", [0, 74])
def test_where_a_void_lies_does_not_decide(tmp_path: Path, void: int, first: int) -> None:
    """In a window that is sampled or between two, what no height can be is a void; strips elsewhere have theirs."""
    grid = degree_grid(AMAZON, side_px=400)
    heights = heights_on(grid, AMAZON.height).round().astype(np.int16)
    heights[first : first + 40, :80] = void
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights, grid))
    assert describe(AMAZON, terrain, make_axis(AMAZON, 0.0)).notna().all(axis=None)


def test_zero_is_a_height(tmp_path: Path) -> None:
    """Ground at sea level has elevation 0 and slope 0, which is not the same as none."""
    grid = degree_grid(AMAZON)
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", np.zeros(grid.shape, np.int16), grid))
    assert describe(AMAZON, terrain, make_axis(AMAZON, 20.0)).iloc[0].tolist() == [0.0] * 5


def test_beyond_the_model_nothing_is_known(tmp_path: Path) -> None:
    """A strip that leaves the model by more than half of its axis has no figures; the others have."""
    grid = degree_grid(AMAZON, side_px=60)
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid))
    found = describe(AMAZON, terrain, make_axis(AMAZON, 90.0), make_axis(AMAZON, 90.0, aside_m=1100.0))
    assert found.isna().all(axis=1).tolist() == [False, True]


def test_a_coarse_model_has_elevations_and_no_slope_of_short_strips(tmp_path: Path) -> None:
    """With heights 90 m apart a strip of 350 m has an elevation and a relief, and one of 800 m a slope too."""
    grid = degree_grid(AMAZON, side_px=60, lon_seconds=3, lat_seconds=3)
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid))
    found = describe(AMAZON, terrain, *(make_axis(AMAZON, 60.0, length_m=length_m) for length_m in (350.0, 800.0)))
    slopes = ["slope_percent", "slope_lo_percent", "slope_hi_percent"]
    assert found[slopes].isna().all(axis=1).tolist() == [True, False]
    assert found[["elevation_m", "relief_m"]].notna().all(axis=None)


def test_the_interval_is_the_models_error_over_the_length(tmp_path: Path) -> None:
    """On a plane the interval is the vertical error over the length, 2 m over 800 m; it never falls below level."""
    plane, grid = Plane(AMAZON.lon, AMAZON.lat, east=0.0, north=0.001), degree_grid(AMAZON)
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights_on(grid, plane.height), grid))
    steep = describe_terrain(make_strips(AMAZON, [make_axis(AMAZON, 0.0), make_axis(AMAZON, 90.0)]), terrain)
    assert steep["slope_percent"].tolist() == pytest.approx([0.1, 0.0], abs=1e-4)
    assert steep["slope_hi_percent"].tolist() == pytest.approx([0.35, 0.25], abs=1e-3)
    assert steep["slope_lo_percent"].tolist() == [0.0, 0.0]


def test_rough_treetops_widen_the_interval(tmp_path: Path) -> None:
    """Rough canopy makes the slope less sure: the interval holds that of the ground in nine of ten cases or more."""
    grid = degree_grid(AMAZON)
    axes = [make_axis(AMAZON, turn, aside_m=aside) for turn in range(0, 180, 20) for aside in (-600.0, 0.0, 600.0)]
    ground = np.array([true_slope(AMAZON, axis) for axis in axes])
    held = []
    for seed in range(8):
        canopy = 25 + np.random.default_rng(seed).normal(0, 5, grid.shape)
        heights = (heights_on(grid, AMAZON.height) + canopy).astype(np.float32)
        terrain = read(AMAZON, write_heights(tmp_path / f"{seed}.tif", heights, grid))
        found = describe(AMAZON, terrain, *axes)
        held.append((found["slope_lo_percent"] <= ground) & (found["slope_hi_percent"] >= ground))
        assert (found["slope_hi_percent"] - found["slope_percent"] > 0.2).all()
    assert np.mean(held) == pytest.approx(0.92, abs=0.04)


def test_without_a_model_all_is_missing() -> None:
    """Where none is given the columns are there, missing; nothing else changes."""
    strips = make_strips(AMAZON, [make_axis(AMAZON, 0.0)])
    assert read_terrain((), near=[ground_of(AMAZON)]) is None
    found = describe_terrain(strips)
    assert found[list(COLUMNS)].isna().all(axis=None)
    assert_geodataframe_equal(gpd.GeoDataFrame(found.drop(columns=list(COLUMNS))), strips)


def test_no_strip_is_well_too(tmp_path: Path) -> None:
    """A table without rows gets its columns, as numbers."""
    grid = degree_grid(AMAZON)
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid))
    found = describe_terrain(make_strips(AMAZON, [make_axis(AMAZON, 0.0)]).iloc[:0], terrain)
    assert (found[list(COLUMNS)].dtypes == np.float64).all()


@pytest.mark.parametrize("extra", [{"BIGTIFF": "YES"}, {"driver": "COG"}, {"tiled": True, "compress": "deflate"}])
def test_bigtiff_and_cog_are_read(tmp_path: Path, extra: dict[str, Any]) -> None:
    """A BigTIFF, a COG and a compressed file in tiles hold the same heights."""
    grid = degree_grid(AMAZON, side_px=200)
    terrain = read(AMAZON, write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid, **extra))
    axis = make_axis(AMAZON, 30.0)
    expect_plane(describe(AMAZON, terrain, axis).iloc[0], AMAZON, axis)


def test_scale_and_offset_are_applied(tmp_path: Path) -> None:
    """Decimetres that are declared as such come out as metres."""
    grid = degree_grid(AMAZON)
    path = write_heights(tmp_path / "dem.tif", (heights_on(grid, AMAZON.height) * 100).astype(np.int32), grid)
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = (0.01,), (50.0,)
    found = describe(AMAZON, read(AMAZON, path), make_axis(AMAZON, 90.0)).iloc[0]
    assert found["elevation_m"] == pytest.approx(250.0, abs=0.02)
    assert found["slope_percent"] == pytest.approx(2.0, abs=0.01)


def test_a_licence_stands_as_credit(tmp_path: Path) -> None:
    """What the tags say of the licence is passed on; so is a reference system that was given."""
    grid = degree_grid(AMAZON)
    path = write_heights(tmp_path / "dem.tif", heights_on(grid, AMAZON.height), grid, crs=None)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(LICENCE="CC0-1.0")
    source = read(AMAZON, path, assume_crs="EPSG:4326").sources[0]
    assert source.credit == "CC0-1.0"
    assert "EPSG:4326" in source.notes[0]


def write_bad(folder: Path, case: str) -> Path:
    """A file that is no elevation model of the ground around AMAZON."""
    plane = NORTH if case == "elsewhere" else AMAZON
    fine = case == "fine"
    grid = metre_grid(plane, ZONES[plane], pixel_m=0.1) if fine else degree_grid(plane)
    heights = heights_on(grid, plane.height)
    values, profile = {
        "bands": (np.stack([heights] * 3), {}),
        "bytes": (heights.astype(np.uint8), {}),
        "complex": (heights.astype(np.complex64), {}),
        "complex integers": (heights.astype(np.complex64), {"dtype": "complex_int16"}),
        "no system": (heights, {"crs": None}),
        "no place": (heights, {"transform": Affine.identity(), "crs": None}),
        "rotated": (heights, {"transform": grid.affine @ Affine.rotation(10)}),
        "high": (heights * 100, {}),
        "deep": (heights - 5000, {}),
        "empty": (np.full_like(heights, -9999), {"nodata": -9999}),
        "feet": (heights, {"crs": "EPSG:4326+6360"}),
    }.get(case, (heights, {}))
    path = write_heights(folder / "dem.tif", values, grid, **profile)
    if case == "unit":
        with rasterio.open(path, "r+") as dataset:
            dataset.units = ("ft",)
    if case == "cut":
        path.write_bytes(path.read_bytes()[:40_000])
    return path


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("bands", "BandError: dem.tif: 3 bands, expected one, of heights; give a digital elevation model"),
        ("bytes", "UnsupportedDtype: dem.tif: pixels of type uint8, expected heights as float32 or int16"),
        ("complex", "UnsupportedDtype: dem.tif: pixels of type complex64"),
        ("complex integers", "UnsupportedDtype: dem.tif: pixels of type complex_int16"),
        ("no system", "MissingCRS: dem.tif: no coordinate reference system"),
        ("no place", "MissingGeoreference: dem.tif: no place on the ground"),
        ("rotated", "RotatedGrid: dem.tif: the grid is rotated"),
        ("high", "RadiometryError: dem.tif: values from "),
        ("deep", "RadiometryError: dem.tif: values from "),
        ("empty", "NoValidData: dem.tif: not one measured pixel"),
        ("feet", "RadiometryError: dem.tif: heights in 'us survey foot', expected metres"),
        ("unit", "RadiometryError: dem.tif: heights in 'ft', expected metres"),
        ("fine", "BadGeoreference: dem.tif: pixels of 0.1 m, expected heights 0.5 m apart or more"),
        ("cut", "CorruptInput: dem.tif"),
        ("elsewhere", "NoOverlap: dem.tif: the elevation model lies elsewhere than the images"),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(tmp_path: Path, case: str, said: str) -> None:
    """A file of several bands, of a picture, without a place, in feet or elsewhere ends with one line that says so."""
    path = write_bad(tmp_path, case)
    with pytest.raises(ColibriError) as caught:
        read(AMAZON, path)
    told = f"{type(caught.value).__name__}: {caught.value}"
    assert told.startswith(said)
    assert "\n" not in told


@pytest.mark.parametrize("unit", ["[m]", "mt", "m above EGM2008", "ft", "m\nft"])
def test_a_unit_that_is_not_known_is_answered_for_metres_and_others(tmp_path: Path, unit: str) -> None:
    """Metres under another name are to be declared, other units converted; once declared, the file is read."""
    path = write_bad(tmp_path, "none")
    with rasterio.open(path, "r+") as dataset:
        dataset.units = (unit,)
    with pytest.raises(
        RadiometryError, match=r"if they are metres, .* \(gdal_edit\.py -units m\), else convert"
    ) as caught:
        read(AMAZON, path)
    assert repr(unit.lower()) in str(caught.value)
    assert "\n" not in str(caught.value)
    with rasterio.open(path, "r+") as dataset:
        dataset.units = ("m",)
    assert read(AMAZON, path).sources


def test_a_system_in_feet_gives_way_to_a_declared_unit(tmp_path: Path) -> None:
    """What is advised helps too where it is the reference system that says feet."""
    path = write_bad(tmp_path, "feet")
    with rasterio.open(path, "r+") as dataset:
        dataset.units = ("m",)
    assert read(AMAZON, path).sources


def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    """A missing file, and a folder without tiles, are told as what they are."""
    with pytest.raises(NotAFile, match="does not exist, expected the GeoTIFF of an elevation model or a folder"):
        read(AMAZON, tmp_path / "dem.tif")
    with pytest.raises(NotAFile, match=r"https://example.org/dem.tif: an address, expected a file"):
        read_terrain("https://example.org/dem.tif", near=[ground_of(AMAZON)])
    with pytest.raises(NotAFile, match=r"a folder without a \.tif file"):
        read(AMAZON, tmp_path)
