"""The polygons of what was not observed."""

from __future__ import annotations

import tracemalloc

import geopandas as gpd
import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.layers.counting import choose_square, gather_squares
from colibri_geo.layers.unseen import draw_squares, draw_unasked
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes.masks import Unseen

CRS = "EPSG:32618"
GRID = GeoBox((24, 36), Affine(10, 0, 244_000, 0, -10, 133_600), CRS)
LATTICE_PX = 2016


def draw(codes: np.ndarray, grid: GeoBox) -> gpd.GeoDataFrame:
    """Gather the squares of a whole grid, and draw them."""
    side = choose_square(grid, LATTICE_PX)
    return draw_squares(gather_squares(codes, side), side, grid, CRS)


@pytest.mark.parametrize("pixel_m", [0.5, 1.5, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 100.0])
@pytest.mark.parametrize("lattice_px", [1008, 2016, 6048])
def test_squares_are_about_sixty_metres_and_fill_the_cells(pixel_m: float, lattice_px: int) -> None:
    """A whole number of squares lies along a cell; a square is no more than 60 m wide and more than half of it."""
    grid = GeoBox((24, 36), Affine(pixel_m, 0, 244_000, 0, -pixel_m, 133_600), CRS)
    side = choose_square(grid, lattice_px)
    assert lattice_px % side == 0
    assert side == 1 or 30 < side * pixel_m <= 60


@pytest.mark.parametrize("shape", [(96, 144), (100, 131), (48, 48), (7, 200)])
def test_squares_gathered_by_cell_are_those_of_the_whole(rng: np.random.Generator, shape: tuple[int, int]) -> None:
    """Cut into cells whose sides are whole squares, the last ones smaller, the squares are the same."""
    codes = np.array([0, 0, 0, 1, 2, 3, 4, NOT_ASKED], dtype=np.uint8)[
        rng.integers(0, 8, (-(-shape[0] // 4), shape[1]))
    ]
    codes = codes.repeat(4, axis=0)[: shape[0]]
    whole = gather_squares(codes, 6)
    rows, cols = range(0, shape[0], 48), range(0, shape[1], 48)
    cells = [[gather_squares(codes[row : row + 48, col : col + 48], 6) for col in cols] for row in rows]
    np.testing.assert_array_equal(np.block(cells), whole)
    assert len(np.unique(whole)) >= 4


@pytest.mark.parametrize("side", [1, 6, 15, 16, 40])
def test_each_square_says_what_its_own_pixels_say(rng: np.random.Generator, side: int) -> None:
    """However many pixels a square has, and however many squares there are, each is as if it were alone."""
    codes = rng.choice(np.array([0, 2, 3, NOT_ASKED], dtype=np.uint8), (35 * side, 3 * side), p=[0.45, 0.3, 0.2, 0.05])
    codes[: 2 * side, :side] = Unseen.CLOUD
    rows, cols = range(0, codes.shape[0], side), range(0, codes.shape[1], side)
    alone = [[gather_squares(codes[row : row + side, col : col + side], side) for col in cols] for row in rows]
    np.testing.assert_array_equal(gather_squares(codes, side), np.block(alone))
    assert gather_squares(codes, side)[0, 0] == Unseen.CLOUD


def test_ground_seen_through_a_hole_is_left_out() -> None:
    """A patch around clear ground has a hole; what lies unseen in the hole is a patch of its own."""
    squares = np.full((5, 5), Unseen.CLOUD, dtype=np.uint8)
    squares[1:4, 1:4] = Unseen.OBSERVED
    squares[2, 2] = Unseen.SHADOW
    polygons = draw_squares(squares, 6, GRID, CRS)
    assert polygons["reason"].tolist() == ["cloud", "shadow"]
    assert [len(polygon.interiors) for polygon in polygons.geometry] == [1, 0]
    assert polygons.area.tolist() == [16 * 60**2, 60**2]
    assert polygons.is_valid.all()


def test_many_patches_are_drawn_within_bounds() -> None:
    """Each patch takes little more than its polygon: there are hundreds of thousands on a scene."""
    squares = np.zeros((200, 200), dtype=np.uint8)
    squares[::2, ::2] = Unseen.CLOUD
    grid = GeoBox((1200, 1200), GRID.affine, CRS)
    draw_squares(squares[:2, :2], 6, grid, CRS)
    tracemalloc.start()
    try:
        polygons = draw_squares(squares, 6, grid, CRS)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(polygons) == 10_000
    assert peak < 700 * len(polygons)


def test_squares_of_sixty_metres_cover_what_was_not_observed() -> None:
    """A cloud on the lattice of squares is drawn as it is, with its reason, in the metre system."""
    codes = np.zeros((24, 36), dtype=np.uint8)
    codes[6:18, 12:24] = Unseen.CLOUD
    polygons = draw(codes, GRID)
    assert polygons["reason"].tolist() == ["cloud"]
    assert polygons.crs.to_epsg() == 32618
    assert polygons.geometry[0].bounds == (244_120, 133_420, 244_240, 133_540)
    assert polygons.geometry[0].area == 120 * 120


@pytest.mark.parametrize(
    ("cloud", "shadow", "asked", "reason"),
    [
        (18, 0, 36, "cloud"),
        (17, 0, 36, None),
        (4, 0, 8, "cloud"),
        (10, 10, 36, "cloud"),
        (8, 11, 36, "shadow"),
        (0, 0, 36, None),
    ],
)
def test_half_of_a_square_decides_and_most_of_it_names_the_reason(
    cloud: int, shadow: int, asked: int, reason: str | None
) -> None:
    """A square is drawn when half of what was asked was not observed; of equals the graver reason stands."""
    square = np.full(36, NOT_ASKED, dtype=np.uint8)
    square[:asked] = Unseen.OBSERVED
    square[:cloud] = Unseen.CLOUD
    square[cloud : cloud + shadow] = Unseen.SHADOW
    grid = GeoBox((6, 6), GRID.affine, CRS)
    polygons = draw(square.reshape(6, 6), grid)
    assert polygons["reason"].tolist() == ([] if reason is None else [reason])


def test_what_was_not_asked_is_not_drawn() -> None:
    """Ground outside of the question is neither observed nor unobserved; an empty table keeps its columns."""
    polygons = draw(np.full((24, 36), NOT_ASKED, dtype=np.uint8), GRID)
    assert polygons.empty
    assert list(polygons.columns) == ["reason", "geometry"]
    assert polygons.crs.to_epsg() == 32618


def test_what_was_not_asked_can_be_drawn_by_itself() -> None:
    """Ground outside of the question is told from what was seen, in whole squares; none where all was asked."""
    codes = np.zeros((24, 36), dtype=np.uint8)
    codes[:, 24:] = NOT_ASKED
    codes[:3, :6] = NOT_ASKED
    codes[12:18, 12:18] = Unseen.CLOUD
    squares = gather_squares(codes, 6)
    unasked = draw_unasked(squares, 6, GRID, CRS)
    assert unasked is not None
    assert unasked["reason"].tolist() == ["not_asked"]
    assert unasked.geometry[0].bounds == (244_240, 133_360, 244_360, 133_600)
    assert draw_squares(squares, 6, GRID, CRS)["reason"].tolist() == ["cloud"]
    assert draw_unasked(gather_squares(codes[:, 6:24], 6), 6, GRID, CRS) is None


def test_patches_are_joined_and_ordered() -> None:
    """Squares that share an edge are one polygon, those that share a corner are not; order is by reason, then place."""
    codes = np.zeros((24, 36), dtype=np.uint8)
    codes[0:6, 0:12] = Unseen.CLOUD
    codes[6:12, 12:18] = Unseen.CLOUD
    codes[12:24, 24:36] = Unseen.NODATA
    codes[18:24, 0:6] = Unseen.CLOUD
    polygons = draw(codes, GRID)
    assert polygons["reason"].tolist() == ["cloud", "cloud", "cloud", "nodata"]
    assert polygons.geometry.bounds["maxy"].tolist() == [133_600, 133_540, 133_420, 133_480]
    assert polygons.geometry.is_valid.all()


def test_grid_in_degrees_is_drawn_in_metres() -> None:
    """On a grid in degrees the squares are about 60 m too, and land in the metre system."""
    grid = GeoBox((60, 60), Affine(1e-4, 0, -77.3, 0, -1e-4, 1.3), "EPSG:4326")
    codes = np.zeros((60, 60), dtype=np.uint8)
    codes[:, :32] = Unseen.SHADOW
    polygons = draw(codes, grid)
    assert polygons.geometry.area.sum() == pytest.approx(60 * 32 * 11.13 * 11.06, rel=0.01)
    assert polygons.crs.to_epsg() == 32618
