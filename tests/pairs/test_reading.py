"""Scenes read on the grid of a pair."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.resample import average_blocks
from colibri_geo.core.windows import Window
from colibri_geo.pairs.reading import Placement
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from tests.core.painting import textured

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


@pytest.mark.parametrize("moved", [0.2, 0.7])
def test_what_is_seen_moves_with_the_image(rng: np.random.Generator, moved: float) -> None:
    """Where nothing is averaged, pixels are seen where the codes say so, however far the image moves."""
    placement = Placement(scene(rng), ("red", "nir"), GRID, shift_row_px=moved, shift_col_px=moved)
    block = placement.read_coarse(Window(0, 0, 48, 48), 1)
    assert not block.coarse.seen.all()
    np.testing.assert_array_equal(block.coarse.seen, block.unseen == 0)


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


# ------------------------------------------------------------------------------------------------------------- coarse
COARSE_WINDOWS = [Window(0, 0, SIDE, SIDE), Window(-12, 6, 36, 72), Window(36, 48, 36, 12), Window(84, 84, 12, 12)]


def plain_scene(rng: np.random.Generator, *, amplitude: float = 0.1) -> Scene:
    """Smooth ground that was observed everywhere."""
    values = 0.2 + amplitude * np.stack([textured(rng, (SIDE, SIDE), grain_px=3.0) for _ in range(2)])
    return scene_from_arrays(values, GRID, bands=["red", "nir"], acquired=datetime(2024, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("window", COARSE_WINDOWS)
@pytest.mark.parametrize("factor", [1, 2, 3, 6])
@pytest.mark.parametrize(("down", "right", "added"), [(0, 0, 0.0), (4, -3, 0.0), (0, 0, -0.1)])
def test_coarse_pixels_are_averages_of_what_is_read(
    rng: np.random.Generator, window: Window, factor: int, down: int, right: int, added: float
) -> None:
    """Where nothing moves by fractions, a window read in larger pixels is the average of the window; codes stay."""
    placement = Placement(
        scene(rng), ("red", "nir"), GRID, shift_row_px=float(down), shift_col_px=float(right), added=added
    )
    fine, block = placement.read(window), placement.read_coarse(window, factor)
    coarse = average_blocks(fine.values, fine.valid, factor)
    np.testing.assert_array_equal(block.unseen, fine.unseen)
    np.testing.assert_array_equal(block.coarse.seen, coarse.seen)
    np.testing.assert_allclose(block.coarse.image, coarse.image, atol=1e-6)
    assert block.coarse.image.dtype == np.float32
    assert (block.coarse.image[:, ~block.coarse.seen] == 0).all()


@pytest.mark.parametrize(("down", "right"), [(0.4, -0.3), (1.5, 2.25), (-0.9, 0.0)])
def test_coarse_pixels_of_moved_ground_are_nearly_its_averages(
    rng: np.random.Generator, down: float, right: float
) -> None:
    """Moved after it is averaged, smooth ground differs little from ground averaged after it moved; codes do not."""
    placement = Placement(plain_scene(rng), ("red", "nir"), GRID, shift_row_px=down, shift_col_px=right)
    window = Window(12, 12, 36, 36)
    fine, block = placement.read(window), placement.read_coarse(window, 2)
    coarse = average_blocks(fine.values, fine.valid, 2)
    np.testing.assert_array_equal(block.unseen, fine.unseen)
    assert block.coarse.seen.all()
    off = block.coarse.image - coarse.image
    assert np.abs(off).max() < 0.1 * coarse.image.std()
    still = Placement(plain_scene(rng), ("red", "nir"), GRID).read_coarse(window, 2).coarse.image
    assert np.abs(off).std() < 0.1 * np.abs(still - coarse.image).std()


@pytest.mark.parametrize("window", [Window(12, 18, 24, 30), Window(0, 6, 36, 42), Window(18, 0, 12, 60)])
@pytest.mark.parametrize(("down", "right"), [(0.0, 0.0), (2.0, -1.0), (0.4, -0.3)])
def test_coarse_pixels_do_not_depend_on_the_window(
    rng: np.random.Generator, window: Window, down: float, right: float
) -> None:
    """A window on the lattice of blocks is that part of a wider one, to the last bit, holes and all."""
    placement = Placement(scene(rng), ("red", "nir"), GRID, shift_row_px=down, shift_col_px=right)
    around = Window(-6, -6, 72, 72)
    whole, part = placement.read_coarse(around, 3), placement.read_coarse(window, 3)
    inner = window.relative_to(around)
    coarse = Window(inner.row // 3, inner.col // 3, inner.rows // 3, inner.cols // 3).slices
    np.testing.assert_array_equal(part.unseen, whole.unseen[inner.slices])
    np.testing.assert_array_equal(part.coarse.seen, whole.coarse.seen[coarse])
    np.testing.assert_array_equal(part.coarse.image, whole.coarse.image[:, *coarse])


def test_coarse_pixels_do_not_depend_on_what_is_read_at_once(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in chunks of a few rows or all at once, the pixels are the same to the bit."""
    placement = Placement(scene(rng), ("red", "nir"), GRID, shift_row_px=0.4, added=0.01)
    window = Window(-6, -6, 72, 72)
    whole = placement.read_coarse(window, 3)
    monkeypatch.setattr("colibri_geo.pairs.reading._CHUNK_PX", 500)
    chunked = placement.read_coarse(window, 3)
    np.testing.assert_array_equal(chunked.coarse.image, whole.coarse.image)
    np.testing.assert_array_equal(chunked.coarse.seen, whole.coarse.seen)
    np.testing.assert_array_equal(chunked.unseen, whole.unseen)


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_holes_do_not_bleed_into_coarse_pixels(rng: np.random.Generator, fraction: float) -> None:
    """A constant image with holes is that constant wherever it is seen, in larger pixels too."""
    placement = Placement(scene(rng, constant=0.2), ("red", "nir"), GRID, shift_row_px=fraction, shift_col_px=-fraction)
    coarse = placement.read_coarse(Window(0, 0, SIDE, SIDE), 2).coarse
    np.testing.assert_allclose(coarse.image[:, coarse.seen], 0.2, rtol=1e-4)
    assert coarse.seen.mean() > 0.3


def test_coarse_pixels_of_a_warped_scene_are_averages(rng: np.random.Generator) -> None:
    """On a grid in degrees a coarse window is the average of the window too, chunk by chunk."""
    box = GRID.extent.to_crs("EPSG:4326").boundingbox
    step = (box.right - box.left) / 72
    degrees = GeoBox((72, 72), Affine(step, 0, box.left, 0, -step, box.top), "EPSG:4326")
    placement = Placement(scene(rng), ("red", "nir"), degrees)
    window = Window(12, 18, 36, 30)
    fine, block = placement.read(window), placement.read_coarse(window, 3)
    coarse = average_blocks(fine.values, fine.valid, 3)
    np.testing.assert_array_equal(block.coarse.seen, coarse.seen)
    np.testing.assert_allclose(block.coarse.image, coarse.image, atol=2e-5)
