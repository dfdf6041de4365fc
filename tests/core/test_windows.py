"""Rectangles of pixels."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.core.windows import Window

ROWS, COLS = 23, 31
windows = st.builds(Window, st.integers(-40, 40), st.integers(-40, 40), st.integers(0, 50), st.integers(0, 50))


def _pixels(window: Window) -> set[tuple[int, int]]:
    return {
        (row, col)
        for row in range(window.row, window.row + window.rows)
        for col in range(window.col, window.col + window.cols)
    }


@given(windows)
def test_clipping_keeps_the_pixels_that_the_image_has(window: Window) -> None:
    """A clipped window holds those of its pixels that lie inside the image, and no other."""
    image = _pixels(Window(0, 0, ROWS, COLS))
    assert _pixels(window.clipped(ROWS, COLS)) == _pixels(window) & image


@given(windows)
def test_a_clipped_window_lies_inside_even_when_empty(window: Window) -> None:
    """Slices of a clipped window never count from the end of an array."""
    clipped = window.clipped(ROWS, COLS)
    assert 0 <= clipped.row <= clipped.row + clipped.rows <= ROWS
    assert 0 <= clipped.col <= clipped.col + clipped.cols <= COLS
    assert np.zeros((ROWS, COLS))[clipped.slices].shape == (clipped.rows, clipped.cols)
    assert clipped.empty == (not _pixels(clipped))


@given(windows, st.integers(0, 9))
def test_padding_undone_gives_the_window_back(window: Window, margin: int) -> None:
    """A margin grows every side by itself, and a negative one takes it away."""
    padded = window.padded(margin)
    assert (padded.rows, padded.cols) == (window.rows + 2 * margin, window.cols + 2 * margin)
    assert _pixels(window) <= _pixels(padded)
    assert padded.padded(-margin) == window


@given(windows, st.integers(1, 16))
def test_snapping_gives_the_smallest_window_on_the_lattice(window: Window, step: int) -> None:
    """Edges are multiples of the step, less than a step from the window's own; snapping again changes nothing."""
    snapped = window.snapped(step)
    edges = (snapped.row, snapped.col, snapped.row + snapped.rows, snapped.col + snapped.cols)
    assert all(edge % step == 0 for edge in edges)
    assert 0 <= window.row - snapped.row < step
    assert 0 <= window.col - snapped.col < step
    assert 0 <= edges[2] - (window.row + window.rows) < step
    assert 0 <= edges[3] - (window.col + window.cols) < step
    assert snapped.snapped(step) == snapped


@given(windows, st.integers(-9, 9), st.integers(-9, 9))
def test_relative_windows_name_the_same_pixels(window: Window, row: int, col: int) -> None:
    """A window counted from another one's first pixel finds the same pixels in that one's array."""
    outer = Window(row, col, 100, 100)
    relative = window.relative_to(outer)
    assert _pixels(window) == {(r + row, c + col) for r, c in _pixels(relative)}


def test_windows_order_by_row_then_column() -> None:
    """Sorted windows go from top to bottom and left to right, whatever their size."""
    assert sorted([Window(1, 0, 1, 1), Window(0, 5, 1, 1), Window(0, 2, 9, 9)]) == [
        Window(0, 2, 9, 9),
        Window(0, 5, 1, 1),
        Window(1, 0, 1, 1),
    ]
