"""The shift between two images: its size, its sign, and when there is none to measure."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from colibri_geo.core.coregister import Shift, TileShift, combine_shifts, measure_shift
from tests.core.painting import textured

SHIFTS = [(0.0, 0.0), (0.3, -0.45), (-0.7, 0.2), (1.25, 1.6), (-2.4, 0.9), (0.05, -2.95)]


def shifted_pair(rng: np.random.Generator, rows: float, cols: float, *, side: int = 128) -> tuple[np.ndarray, ...]:
    """Two views of one texture; the content of the second lies `rows` further down and `cols` further right."""
    fine = textured(rng, (side + 20, side + 20), grain_px=1.5)
    moved = ndimage.shift(fine, (rows, cols), order=5, mode="wrap").astype(np.float32)
    inner = slice(10, 10 + side)
    return fine[inner, inner], moved[inner, inner]


@pytest.mark.parametrize(("rows", "cols"), SHIFTS)
def test_known_shift_is_measured_with_its_sign(rng: np.random.Generator, rows: float, cols: float) -> None:
    """A shift of textured ground is measured within 0.1 px under noise; further down and right is positive."""
    first, second = shifted_pair(rng, rows, cols)
    first, second = (image + 0.3 * textured(rng, image.shape, grain_px=0.7) for image in (first, second))
    shift = measure_shift(first, second, np.ones(first.shape, dtype=bool))
    assert shift is not None
    assert shift.rows_px == pytest.approx(rows, abs=0.1)
    assert shift.cols_px == pytest.approx(cols, abs=0.1)
    assert 0.3 < shift.correlation <= 1


def test_gain_and_offset_do_not_matter(rng: np.random.Generator) -> None:
    """A brighter second image has the same shift."""
    first, second = shifted_pair(rng, 0.6, -0.8)
    shift = measure_shift(first, 2.5 * second + 40, np.ones(first.shape, dtype=bool))
    assert shift is not None
    assert (shift.rows_px, shift.cols_px) == pytest.approx((0.6, -0.8), abs=0.1)


def test_clouds_under_the_mask_do_not_matter(rng: np.random.Generator) -> None:
    """What is masked has no say, however bright; a large hole draws the shift a little towards none."""
    first, second = shifted_pair(rng, 0.6, -0.8)
    valid = np.ones(first.shape, dtype=bool)
    valid[30:70, 50:95] = False
    second = np.where(valid, second, np.float32(100))
    shift = measure_shift(first, second, valid)
    assert shift is not None
    assert (shift.rows_px, shift.cols_px) == pytest.approx((0.6, -0.8), abs=0.2)


def test_swapped_images_have_the_opposite_shift(rng: np.random.Generator) -> None:
    """Seen from the other image the shift has the other sign."""
    first, second = shifted_pair(rng, 1.1, -0.4)
    valid = np.ones(first.shape, dtype=bool)
    one, other = measure_shift(first, second, valid), measure_shift(second, first, valid)
    assert one is not None
    assert other is not None
    assert (one.rows_px, one.cols_px) == pytest.approx((-other.rows_px, -other.cols_px), abs=0.11)


def test_nothing_to_measure_gives_none(rng: np.random.Generator) -> None:
    """Flat tiles, masked tiles and tiles that have nothing in common give no shift."""
    flat, first, second = np.zeros((96, 96), dtype=np.float32), textured(rng, (96, 96)), textured(rng, (96, 96))
    everywhere = np.ones((96, 96), dtype=bool)
    assert measure_shift(flat, flat, everywhere) is None
    assert measure_shift(first, flat, everywhere) is None
    assert measure_shift(first, first, np.zeros((96, 96), dtype=bool)) is None
    assert measure_shift(first, first, everywhere) is not None
    unlike = measure_shift(first, second, everywhere)
    assert unlike is None or unlike.correlation < 0.6


def test_outlier_is_left_out() -> None:
    """A tile that strays is not averaged in, and is told by the counts."""
    tiles = [TileShift(0.4, -0.2, 0.9), TileShift(0.5, -0.2, 0.9), TileShift(0.6, -0.2, 0.9), TileShift(-7.0, 8.0, 0.3)]
    shift = combine_shifts(tiles)
    assert (shift.rows_px, shift.cols_px) == pytest.approx((0.5, -0.2), abs=0.06)
    assert (shift.agreeing, shift.measured) == (3, 4)
    assert 0 < shift.spread_px < 0.2


def test_order_of_tiles_does_not_matter(rng: np.random.Generator) -> None:
    """Tiles in another order give the same shift."""
    tiles = [TileShift(*(0.3 + 0.2 * rng.standard_normal(2)), 0.5) for _ in range(9)]
    assert combine_shifts(tiles) == combine_shifts(tiles[::-1])


def test_no_tiles_give_no_shift() -> None:
    """Without tiles there is no shift, and no tile that agrees."""
    assert combine_shifts([]) == Shift(0.0, 0.0, 0.0, 0, 0)


def test_tiles_that_all_disagree_give_no_shift() -> None:
    """Tiles of which none lies near the median measure nothing."""
    shift = combine_shifts([TileShift(5.0, 0.0, 0.5), TileShift(-5.0, 3.0, 0.5)])
    assert (shift.agreeing, shift.measured) == (0, 2)
    assert (shift.rows_px, shift.cols_px) == (0, 0)
