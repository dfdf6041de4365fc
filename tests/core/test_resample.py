"""Cubic convolution: what it keeps, and what takes no part."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.core.resample import (
    ENLARGING_MARGIN_PX,
    KERNEL_MARGIN_PX,
    average_blocks,
    cubic_weights,
    enlarge,
    sum_blocks,
    translate,
)
from tests.core.painting import textured

FRACTIONS = st.floats(0, 0.999)


@given(FRACTIONS)
def test_weights_sum_to_one(fraction: float) -> None:
    """The weights of a sample sum to 1."""
    assert cubic_weights(fraction).sum() == pytest.approx(1, abs=1e-12)


@given(FRACTIONS, st.floats(-5, 5), st.floats(-5, 5))
def test_weights_reproduce_a_ramp(fraction: float, level: float, slope: float) -> None:
    """Constants and ramps are interpolated exactly."""
    values = level + slope * np.array([-1, 0, 1, 2])
    assert cubic_weights(fraction) @ values == pytest.approx(level + slope * fraction, abs=1e-9)


def test_weights_of_several_fractions_are_those_of_each() -> None:
    """An array of fractions gives the weights of each."""
    fractions = np.linspace(0, 0.9, 7)
    np.testing.assert_allclose(cubic_weights(fractions), np.stack([cubic_weights(f) for f in fractions], axis=1))


@pytest.mark.parametrize(("row", "col"), [(0.0, 0.0), (0.3, 0.0), (0.0, 0.7), (0.25, 0.5)])
def test_plane_is_moved_down_and_right(row: float, col: float) -> None:
    """A sample lies the fraction further down and right: on a plane that is the plane, moved."""
    rows, cols = np.mgrid[:20, :24].astype(np.float32)
    plane = (3 + 0.5 * rows - 0.25 * cols)[None]
    moved = translate(plane, np.ones((20, 24), dtype=bool), row_fraction=row, col_fraction=col)
    inner = slice(KERNEL_MARGIN_PX, -KERNEL_MARGIN_PX)
    np.testing.assert_allclose(moved[0], plane[0, inner, inner] + 0.5 * row - 0.25 * col, atol=1e-5)
    assert moved.dtype == np.float32


def test_no_fraction_is_no_change(rng: np.random.Generator) -> None:
    """Moved by nothing, the values are the values."""
    image = textured(rng, (16, 18))[None]
    moved = translate(image, np.ones((16, 18), dtype=bool), row_fraction=0, col_fraction=0)
    np.testing.assert_array_equal(moved, image[:, 2:-2, 2:-2])


def test_what_was_not_measured_takes_no_part(rng: np.random.Generator) -> None:
    """Values where nothing was measured do not change the result; a constant with a hole stays that constant."""
    measured = np.ones((30, 30), dtype=bool)
    measured[12:17, 9:20] = False
    image = textured(rng, (30, 30))[None]
    results = []
    for filler in (0.0, 1e6):
        filled = np.where(measured, image, np.float32(filler))
        results.append(translate(filled, measured, row_fraction=0.4, col_fraction=0.6))
    np.testing.assert_array_equal(*results)
    flat = translate(np.where(measured, np.float32(7), 0)[None], measured, row_fraction=0.4, col_fraction=0.6)[0]
    known = flat != 0
    np.testing.assert_allclose(flat[known], 7, rtol=1e-5)
    assert not known[12 - 2 + 1 : 17 - 2 - 2, 9 - 2 + 1 : 20 - 2 - 2].any(), "the middle of the hole is not filled"
    assert known[:8].all()


def test_result_does_not_depend_on_the_window(rng: np.random.Generator) -> None:
    """A part of an image is moved as the whole is, to the last bit."""
    image, measured = textured(rng, (40, 40))[None], rng.random((40, 40)) > 0.05
    measured[:, :15] = True  # here a part is all measured, the whole is not
    whole = translate(image, measured, row_fraction=0.35, col_fraction=0.8)
    for cols in (slice(11, 34), slice(2, 13)):
        part = translate(image[:, 7:29, cols], measured[7:29, cols], row_fraction=0.35, col_fraction=0.8)
        np.testing.assert_array_equal(part, whole[:, 7 : 29 - 4, cols.start : cols.stop - 4])


@pytest.mark.parametrize("factor", [2, 4])
def test_smaller_pixels_do_not_depend_on_the_window(rng: np.random.Generator, factor: int) -> None:
    """Far from a gap a part is enlarged as the whole is, to the last bit; beside it the gap takes no part."""
    image, measured = textured(rng, (40, 40))[None], np.ones((40, 40), dtype=bool)
    measured[15:19, 20:26] = False
    image[:, ~measured] = 1e9
    whole = enlarge(image, measured, factor)
    part = enlarge(image[:, 20:38, 2:17], measured[20:38, 2:17], factor)
    np.testing.assert_array_equal(part, whole[:, 20 * factor : 32 * factor, 2 * factor : 11 * factor])
    seen = measured[3:-3, 3:-3].repeat(factor, axis=0).repeat(factor, axis=1)
    assert np.abs(whole[0, seen]).max() < 2 * np.abs(image[0, measured]).max()


@pytest.mark.parametrize("factor", [2, 3, 6])
def test_smaller_pixels_of_a_plane_lie_on_it(factor: int) -> None:
    """Smaller pixels take the values of a plane at their own centres, which lie even in the larger ones."""
    rows, cols = np.mgrid[:14, :17].astype(np.float32)
    large = enlarge((3 + 0.5 * rows - 0.25 * cols)[None], np.ones((14, 17), dtype=bool), factor)
    inner = 14 - 2 * ENLARGING_MARGIN_PX, 17 - 2 * ENLARGING_MARGIN_PX
    row, col = (ENLARGING_MARGIN_PX + (np.arange(factor * side) + 0.5) / factor - 0.5 for side in inner)
    np.testing.assert_allclose(large[0], 3 + 0.5 * row[:, None] - 0.25 * col, atol=1e-5)
    assert large.dtype == np.float32


@pytest.mark.parametrize("factor", [1, 2, 3, 7])
def test_sums_of_blocks_are_those_of_their_pixels(rng: np.random.Generator, factor: int) -> None:
    """Each block sums its own pixels; rows and columns that do not fill a block are left out."""
    image = rng.integers(-50, 50, (2, 23, 31)).astype(np.float32)
    sums = sum_blocks(image, factor)
    assert sums.shape == (2, 23 // factor, 31 // factor)
    for row, col in np.ndindex(sums.shape[1:]):
        block = image[:, row * factor : (row + 1) * factor, col * factor : (col + 1) * factor]
        np.testing.assert_array_equal(sums[:, row, col], block.sum(axis=(1, 2)))


@pytest.mark.parametrize("factor", [1, 2, 4])
def test_averages_are_of_valid_pixels_alone(rng: np.random.Generator, factor: int) -> None:
    """What is not valid does not count, whatever it holds; a constant stays one; half of a block makes it seen."""
    valid = rng.random((24, 32)) > 0.5
    image = np.where(valid, np.float32(3), rng.uniform(-1e3, 1e3, (24, 32)).astype(np.float32))[None]
    coarse = average_blocks(image, valid, factor)
    share = sum_blocks(valid[None].astype(np.float32), factor)[0] / factor**2
    np.testing.assert_array_equal(coarse.seen, share >= 0.5)
    np.testing.assert_allclose(coarse.image[0], np.where(coarse.seen, 3, 0), rtol=1e-6)


def test_averages_of_averages_are_averages(rng: np.random.Generator) -> None:
    """Where all is valid, averaging by 2 and by 3 is averaging by 6."""
    image, valid = textured(rng, (36, 48))[None], np.ones((36, 48), dtype=bool)
    once = average_blocks(image, valid, 6)
    twice = average_blocks(average_blocks(image, valid, 2).image, valid[::2, ::2], 3)
    np.testing.assert_allclose(twice.image, once.image, atol=1e-6)
    assert once.seen.all()
