"""Pixels are counted by region, to the pixel and whatever the cut."""

from __future__ import annotations

import itertools
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from pyproj import Geod, Transformer
from shapely.geometry import LineString, Point, Polygon, box

from colibri_geo.errors import InputError, RotatedGrid
from colibri_geo.layers.attachment import attach
from colibri_geo.layers.counting import PixelCounts, count_pixels, no_pixels
from colibri_geo.layers.observed import VERDICTS, observed_table
from colibri_geo.layers.pixels import PixelCover, find_footprint
from colibri_geo.layers.reading import Layer, read_regions
from colibri_geo.layers.regions import Regions, clip_regions, no_regions, region_map
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes.masks import Unseen

CodeArray = np.ndarray[Any, np.dtype[np.uint8]]
GRID = GeoBox((150, 190), Affine(10, 0, 244_005, 0, -10, 133_600), "EPSG:32618")
GRIDS = {
    "utm": GRID,
    "degrees": GeoBox((120, 130), Affine(1e-4, 0, -77.3, 0, -1e-4, 1.3), "EPSG:4326"),
    "web mercator": GeoBox((100, 90), Affine(20, 0, 1_110_000, 0, -20, 8_400_000), "EPSG:3857"),
    "feet": GeoBox((110, 90), Affine(32.808, 0, 7_600_000.7, 0, -32.808, 700_000.3), "EPSG:2913"),
}


def cut(grid: GeoBox, rows: slice, cols: slice) -> GeoBox:
    """Return a window of a grid."""
    pixel = grid.affine
    origin = (pixel.c + cols.start * pixel.a, pixel.f + rows.start * pixel.e)
    place = Affine(pixel.a, 0, origin[0], 0, pixel.e, origin[1])
    return GeoBox((rows.stop - rows.start, cols.stop - cols.start), place, str(grid.crs))


def random_codes(grid: GeoBox, rng: np.random.Generator) -> CodeArray:
    """Return codes of every kind, in lumps."""
    rows, cols = grid.shape
    lumps = rng.choice([0, 0, 0, 1, 2, 3, 4, 5, NOT_ASKED], (rows // 7 + 1, cols // 7 + 1)).astype(np.uint8)
    return np.kron(lumps, np.ones((7, 7), dtype=np.uint8))[:rows, :cols]


def some_regions(grid: GeoBox) -> Regions:
    """Return a country around the grid, two departments with a crooked border, and blobs over it."""
    west, south, east, north = find_footprint(grid).bounds
    wide, high = east - west, north - south
    country = box(west - wide, south - high, east + wide, north + high)
    crooked = [(west + wide * (0.5 + 0.17 * np.sin(9 * t)), south + high * (3 * t - 1)) for t in np.linspace(0, 1, 40)]
    left = Polygon([(west - wide, south - high), *crooked, (west - wide, north + high)])
    blobs = [Point(west + wide * x, south + high * y).buffer(high / 5) for x, y in ((0.2, 0.1), (0.6, 0.5), (0.9, 0.9))]
    layers = [
        Layer("country", gpd.GeoDataFrame({"name": ["C"], "code": ["C"]}, geometry=[country], crs=4326)),
        Layer(
            "admin1",
            gpd.GeoDataFrame(
                {"name": ["L", "R"], "code": ["1", "2"]}, geometry=[left, country.difference(left)], crs=4326
            ),
        ),
        Layer("admin2", gpd.GeoDataFrame({"name": list("abc"), "code": list("abc")}, geometry=blobs, crs=4326)),
    ]
    return read_regions(layers)


def same(one: PixelCounts, other: PixelCounts) -> bool:
    """Whether two counts agree in every number."""
    return all(
        np.array_equal(getattr(one, field), getattr(other, field)) for field in ("asked_px", "observed_px", "asked_cm2")
    )


def pixel_centres(grid: GeoBox) -> np.ndarray[Any, np.dtype[np.object_]]:
    """Return the pixel centres in longitude and latitude, one by one."""
    rows, cols = np.indices(grid.shape)
    east = grid.affine.c + (cols + 0.5) * grid.affine.a
    north = grid.affine.f + (rows + 0.5) * grid.affine.e
    lon, lat = Transformer.from_crs(str(grid.crs), 4326, always_xy=True).transform(east, north)
    points: np.ndarray[Any, np.dtype[np.object_]] = shapely.points(lon, lat)
    return points


@pytest.mark.parametrize("name", list(GRIDS))
def test_a_pixel_belongs_to_the_region_that_holds_its_centre(name: str) -> None:
    """The quick answer by blocks is that of asking each pixel, on every kind of grid."""
    grid = GRIDS[name]
    regions = some_regions(grid)
    centres = pixel_centres(grid)
    cover = PixelCover(grid)
    for shape in regions.table.geometry:
        expected = shapely.contains(shape, centres)
        assert np.array_equal(cover.cover(shape), expected)
        assert expected.any()


@pytest.mark.slow
@given(
    seed=st.integers(0, 2**31),
    row_cuts=st.sets(st.integers(1, 149), max_size=3),
    col_cuts=st.sets(st.integers(1, 189), max_size=3),
)
@settings(max_examples=20, deadline=None, derandomize=True)
def test_counts_do_not_depend_on_the_cut(seed: int, row_cuts: set[int], col_cuts: set[int]) -> None:
    """Cells of any size, counted in any order, add up to the count of the whole, in pixels and in area."""
    rng = np.random.default_rng(seed)
    codes = random_codes(GRID, rng)
    regions = some_regions(GRID)
    rows = [0, *sorted(row_cuts), 150]
    cols = [0, *sorted(col_cuts), 190]
    cells = [
        (slice(top, bottom), slice(left, right))
        for top, bottom in itertools.pairwise(rows)
        for left, right in itertools.pairwise(cols)
    ]
    total = no_pixels(regions.shapes)
    for number in rng.permutation(len(cells)):
        total = total + count_pixels(codes[cells[number]], cut(GRID, *cells[number]), regions.shapes)
    assert same(total, count_pixels(codes, GRID, regions.shapes))


@pytest.mark.parametrize("name", list(GRIDS))
def test_clipped_regions_count_the_same(name: str) -> None:
    """Cutting the regions to the ground of the grid changes no count and no region area."""
    grid = GRIDS[name]
    regions = some_regions(grid)
    codes = random_codes(grid, np.random.default_rng(1))
    clipped = clip_regions(regions, grid)
    assert same(count_pixels(codes, grid, clipped.shapes), count_pixels(codes, grid, regions.shapes))
    assert clipped.table["region_km2"].tolist() == regions.table["region_km2"].tolist()


@pytest.mark.parametrize("name", list(GRIDS))
def test_area_is_that_of_the_ground(name: str) -> None:
    """Kilometres are those of the ellipsoid, whatever a unit of the grid measures there."""
    grid = GRIDS[name]
    rows, cols = grid.shape
    codes = np.zeros((rows, cols), dtype=np.uint8)
    table = observed_table(count_pixels(codes, grid, no_regions().shapes), no_regions(), pd.DataFrame({"verdict": []}))
    geodesic_m2 = abs(Geod(ellps="WGS84").geometry_area_perimeter(find_footprint(grid))[0])
    assert table["asked_km2"][0] == pytest.approx(geodesic_m2 / 1e6, rel=2e-6)


def test_shares_are_pixels_over_pixels() -> None:
    """Half of a region under cloud is a share of one half, to the pixel; what was not asked counts in neither."""
    codes = np.zeros((150, 190), dtype=np.uint8)
    codes[:, :20] = NOT_ASKED
    codes[40:77, 30:61] = Unseen.CLOUD
    table = observed_table(count_pixels(codes, GRID, no_regions().shapes), no_regions(), pd.DataFrame({"verdict": []}))
    asked = 150 * 170
    assert table["observed_share"].tolist() == [(asked - 37 * 31) / asked]
    assert table["observed_km2"][0] == pytest.approx(table["asked_km2"][0] * table["observed_share"][0], rel=1e-12)
    assert table["level"].tolist() == ["all"]


def test_regions_of_one_level_share_out_the_whole() -> None:
    """Departments without a gap between them hold each pixel once, also where their border runs through centres."""
    grid = GeoBox((40, 40), Affine(0.25, 0, 0, 0, -0.25, 10), "EPSG:4326")
    halves = gpd.GeoDataFrame(
        {"name": ["W", "E"], "code": ["1", "2"]}, geometry=[box(-1, -1, 5.125, 11), box(5.125, -1, 11, 11)], crs=4326
    )
    codes = random_codes(grid, np.random.default_rng(2))
    counts = count_pixels(codes, grid, read_regions([Layer("admin1", halves)]).shapes)
    for pixels in (counts.asked_px, counts.observed_px, counts.asked_cm2):
        assert pixels[0] == pixels[1:].sum()


def test_regions_outside_of_the_question_have_no_row() -> None:
    """Only regions of which something was asked stand in the table, after the row of everything."""
    far = gpd.GeoDataFrame({"name": ["far"], "code": ["9"]}, geometry=[box(100, 10, 101, 11)], crs=4326)
    near = gpd.GeoDataFrame({"name": ["near"], "code": ["1"]}, geometry=[find_footprint(GRID).buffer(1)], crs=4326)
    regions = read_regions([Layer("admin1", pd.concat([far, near]))])
    table = observed_table(
        count_pixels(np.zeros((150, 190), dtype=np.uint8), GRID, regions.shapes), regions, pd.DataFrame({"verdict": []})
    )
    assert table["name"].tolist() == ["all", "near"]
    assert np.isnan(table["region_km2"][0])
    assert table["observed_share"].tolist() == [1.0, 1.0]


def test_nothing_asked_is_no_share() -> None:
    """Without a pixel asked about there is a row of everything, with a missing share."""
    codes = np.full((150, 190), NOT_ASKED, dtype=np.uint8)
    table = observed_table(count_pixels(codes, GRID, no_regions().shapes), no_regions(), pd.DataFrame({"verdict": []}))
    assert table["asked_km2"].tolist() == [0.0]
    assert table["observed_share"].isna().all()


def test_strips_are_counted_by_verdict_in_the_region_of_most_of_them() -> None:
    """Each strip counts once a level, and in the row of everything."""
    regions = some_regions(GRID)
    west, south, east, north = find_footprint(GRID).bounds
    lat = (south + north) / 2
    thirds = np.linspace(west, east, 4)
    axes = [LineString([(thirds[0], lat), (thirds[1], lat)]), LineString([(thirds[2], lat), (thirds[3], lat)])]
    strips = gpd.GeoDataFrame(
        {"verdict": ["new", "regrowing"]}, geometry=axes, crs=4326, index=pd.Index(["S1", "S2"], name="strip_id")
    )
    strips = attach(strips.to_crs(str(GRID.crs)), regions).strips
    codes = np.zeros((150, 190), dtype=np.uint8)
    table = observed_table(count_pixels(codes, GRID, regions.shapes), regions, strips).set_index("name")
    assert table.loc[["all", "C", "L", "R"], "new"].tolist() == [1, 1, 1, 0]
    assert table.loc[["all", "C", "L", "R"], "regrowing"].tolist() == [1, 1, 0, 1]
    assert list(table.columns[-5:]) == list(VERDICTS)


def test_codes_and_grid_must_fit() -> None:
    """Codes of another shape and rotated grids are refused."""
    with pytest.raises(InputError, match="expected the same"):
        count_pixels(np.zeros((3, 3), dtype=np.uint8), GRID, no_regions().shapes)
    rotated = GeoBox((2, 2), Affine(10, 1, 0, 1, -10, 0), "EPSG:32618")
    with pytest.raises(RotatedGrid):
        count_pixels(np.zeros((2, 2), dtype=np.uint8), rotated, no_regions().shapes)


def test_grid_across_the_antimeridian_is_covered() -> None:
    """Pixels on both sides of 180 degrees are found in regions on both sides."""
    grid = GeoBox((20, 40), Affine(1000, 0, 800_000, 0, -1000, 10_000), "EPSG:32660")
    halves = [box(175, -5, 180, 5), box(-180, -5, -175, 5)]
    layer = Layer("admin1", gpd.GeoDataFrame({"name": ["W", "E"], "code": ["1", "2"]}, geometry=halves, crs=4326))
    counts = count_pixels(np.zeros((20, 40), dtype=np.uint8), grid, read_regions([layer]).shapes)
    assert counts.asked_px[0] == counts.asked_px[1:].sum() == 800
    assert (counts.asked_px[1:] > 100).all()


def test_map_shows_the_regions_that_touch_the_grid() -> None:
    """The map holds what touches the ground, near its true place, and little of what lies around."""
    regions = some_regions(GRID)
    drawn = region_map(regions, GRID)
    ground = find_footprint(GRID)
    assert list(drawn.columns) == ["level", "code", "name", "geometry"]
    assert drawn["name"].tolist() == ["C", "L", "R", "a", "b", "c"]
    assert drawn.crs.to_epsg() == 4326
    kept, whole = (shapely.area(table.geometry.intersection(ground).to_numpy()) for table in (drawn, regions.table))
    assert np.allclose(kept, whole, rtol=0.02)
    assert drawn.total_bounds[2] - drawn.total_bounds[0] < 2.1 * (ground.bounds[2] - ground.bounds[0])
