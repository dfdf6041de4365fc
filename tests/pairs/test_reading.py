"""Scenes read on the grid of a pair."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.pairs.reading import Placement
from colibri_geo.scenes import Scene, Unseen
from colibri_geo.scenes.memory import scene_from_arrays

SIDE = 60
GRID = GeoBox((SIDE, SIDE), Affine(10, 0, 500_000, 0, -10, 200_000), "EPSG:32618")
WINDOWS = [Window(0, 0, SIDE, SIDE), Window(-7, 11, 30, 70), Window(45, 50, 40, 9), Window(80, 80, 5, 5)]


def scene(rng: np.random.Generator, *, constant: float | None = None, grid: GeoBox = GRID) -> Scene:
    """Random values, or one value, with cloud, shadow and holes."""
    values = rng.uniform(0.05, 0.3, (2, SIDE, SIDE)).astype(np.float32)
    if constant is not None:
        values[:] = constant
    values[:, 20:31, 8:22] = np.nan
    scl = rng.choice([4, 4, 4, 4, 5, 9, 3, 1], (SIDE, SIDE)).astype(np.uint8)
    return scene_from_arrays(values, grid, bands=["red", "nir"], acquired=datetime(2024, 1, 1, tzinfo=UTC), scl=scl)


def moved_grid(*, down_m: float = 0.0, right_m: float = 0.0) -> GeoBox:
    """The grid of the scene, further down and right."""
    return GeoBox((SIDE, SIDE), Affine(10, 0, 500_000 + right_m, 0, -10, 200_000 - down_m), "EPSG:32618")


@pytest.mark.parametrize("window", WINDOWS)
def test_scene_on_its_own_grid_is_read_as_it_is(rng: np.random.Generator, window: Window) -> None:
    """Where nothing moves, values and codes are those of the scene to the bit, beyond its edges too."""
    one = scene(rng)
    placed, plain = Placement(one, ("red", "nir"), GRID).read(window), one.read_block(window)
    np.testing.assert_array_equal(placed.values, plain.values)
    np.testing.assert_array_equal(placed.unseen, plain.unseen)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize(("down", "right"), [(3, -2), (-5, 0), (0, 11)])
def test_whole_pixels_move_values_and_codes_exactly(
    rng: np.random.Generator, window: Window, down: int, right: int
) -> None:
    """A grid or a shift of whole pixels takes the pixels as they are."""
    one = scene(rng)
    plain = one.read_block(Window(window.row + down, window.col + right, window.rows, window.cols))
    for placement in (
        Placement(one, ("red", "nir"), moved_grid(down_m=10.0 * down, right_m=10.0 * right)),
        Placement(one, ("red", "nir"), GRID, shift_row_px=down, shift_col_px=right),
    ):
        placed = placement.read(window)
        np.testing.assert_array_equal(placed.values, plain.values)
        np.testing.assert_array_equal(placed.unseen, plain.unseen)


@pytest.mark.parametrize(("down", "right"), [(0.3, -0.2), (1.6, 0.45), (-0.49, 2.51)])
def test_codes_go_by_the_nearest_pixel(rng: np.random.Generator, down: float, right: float) -> None:
    """Under a fraction of a pixel each code is that of the nearest pixel of the scene."""
    one = scene(rng)
    placed = Placement(one, ("red", "nir"), GRID, shift_row_px=down, shift_col_px=right).read(Window(5, 5, 40, 40))
    plain = one.read_block(Window(5 + round(down), 5 + round(right), 40, 40))
    np.testing.assert_array_equal(placed.unseen, plain.unseen)


@pytest.mark.parametrize("fraction", [0.25, 0.5, 0.9])
def test_holes_do_not_bleed_into_their_neighbours(rng: np.random.Generator, fraction: float) -> None:
    """A constant image with holes is that constant wherever it is observed, however it is moved."""
    one = scene(rng, constant=0.2)
    for placement in (
        Placement(one, ("red", "nir"), GRID, shift_row_px=fraction, shift_col_px=-fraction),
        Placement(one, ("red", "nir"), moved_grid(down_m=10 * fraction, right_m=-3)),
    ):
        block = placement.read(Window(0, 0, SIDE, SIDE))
        np.testing.assert_allclose(block.values[:, block.valid], 0.2, rtol=1e-4)
        assert block.valid.mean() > 0.3


def test_holes_do_not_bleed_when_warped(rng: np.random.Generator) -> None:
    """The same on a grid in degrees, and of another pixel size."""
    one = scene(rng, constant=0.2)
    box = GRID.extent.to_crs("EPSG:4326").boundingbox
    step = (box.right - box.left) / 70
    degrees = GeoBox((70, 70), Affine(step, 0, box.left, 0, -step, box.top), "EPSG:4326")
    finer = GeoBox((90, 90), Affine(20 / 3, 0, 500_000, 0, -20 / 3, 200_000), "EPSG:32618")
    for grid in (degrees, finer):
        block = Placement(one, ("red", "nir"), grid).read(Window(0, 0, *grid.shape))
        np.testing.assert_allclose(block.values[:, block.valid], 0.2, rtol=1e-4)
        assert block.valid.any()
        assert set(np.unique(block.unseen)) <= {int(code) for code in Unseen}


def test_window_does_not_matter_when_warped(rng: np.random.Generator) -> None:
    """On another grid too a window is that part of the whole."""
    one = scene(rng)
    box = GRID.extent.to_crs("EPSG:4326").boundingbox
    step = (box.right - box.left) / 70
    degrees = GeoBox((70, 70), Affine(step, 0, box.left, 0, -step, box.top), "EPSG:4326")
    placement = Placement(one, ("red", "nir"), degrees)
    whole, part = placement.read(Window(0, 0, 70, 70)), placement.read(Window(13, 20, 31, 25))
    np.testing.assert_array_equal(part.unseen, whole.unseen[13:44, 20:45])
    np.testing.assert_allclose(part.values, whole.values[:, 13:44, 20:45], atol=2e-5)


def test_moved_plane_is_the_plane() -> None:
    """A shift of content down and right is undone: the ground is read where it is."""
    rows, cols = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    values = (0.1 + 0.001 * rows - 0.0005 * cols)[None]
    when = datetime(2024, 1, 1, tzinfo=UTC)
    # Its content lies 0.4 px further down and 0.7 px further left than the ground.
    shown = (0.1 + 0.001 * (rows - 0.4) - 0.0005 * (cols + 0.7))[None]
    one = scene_from_arrays(shown.astype(np.float32), GRID, bands=["red"], acquired=when)
    block = Placement(one, ("red",), GRID, shift_row_px=0.4, shift_col_px=-0.7).read(Window(4, 4, 50, 50))
    np.testing.assert_allclose(block.values, values[:, 4:54, 4:54], atol=1e-6)
