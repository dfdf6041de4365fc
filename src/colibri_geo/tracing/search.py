"""Search a change map cell by cell for places through which straight lines pass."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.lines import LineFilter, Origin, Peaks, compress, screen_peaks, search_lines
from colibri_geo.core.resample import average_blocks
from colibri_geo.core.whitening import BLOCK_PX, REACH_PX, flatten, measure_whitening, whiten
from colibri_geo.core.windows import Window
from colibri_geo.pairs import NOT_ASKED, ChangeBlock, ChangeMap
from colibri_geo.scenes import Unseen
from colibri_geo.settings import TraceSettings

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

_SEARCH_M = 10.0
_COARSE_M = 18.0  # a strip is narrower than such a pixel
_FILTER_SHARE = 1.37  # of the shortest strip: longer strips gain more than the shortest lose


@dataclass(frozen=True)
class _Limits:
    """Least strength and promise of a peak that is measured."""

    strength: float
    promise: float


_CHANGE = _Limits(strength=7.0, promise=-3.7)
_LASTING = _Limits(strength=8.0, promise=-2.0)


@dataclass(frozen=True)
class CellFindings:
    """What the search of one cell gives.

    Attributes
    ----------
    window : Window
        The cell, in pixels of the pair's grid.
    change, lasting : Peaks
        Lines in the change between the dates; bare lines in what the dates show alike, or in the only one that is
        observed. Rows and columns are pixels of the search, counted from the first of the whole pair.
    whitening : (R, C, B, B) ndarray of float32
        Matrices that whiten the clutter of the change, one a block of `BLOCK_PX` pixels of the search.
    unseen : (M, N) ndarray of uint8
        `Unseen` codes of the cell: 0 where observed on both dates; `NOT_ASKED` where neither scene reaches.
    """

    window: Window
    change: Peaks
    lasting: Peaks
    whitening: FloatArray
    unseen: CodeArray


@dataclass(frozen=True)
class SearchPlan:
    """How a pair is searched; the same for all of its cells.

    Attributes
    ----------
    bank : LineFilter
    factor : int
        Pixels of the pair that make one pixel of the search, in each direction.
    """

    bank: LineFilter
    factor: int

    @property
    def step_px(self) -> int:
        """Pixels of the pair in a step of the lattice on which clutter is measured."""
        return self.factor * BLOCK_PX

    @property
    def margin_px(self) -> int:
        """Pixels of the pair that a cell needs on each side; whole steps of the lattice."""
        return -(-max(self.bank.margin_px, REACH_PX) // BLOCK_PX) * self.step_px


def plan_search(pixel_m: float, settings: TraceSettings) -> SearchPlan:
    """Choose filter and resolution: about 10 m a pixel, finer images are averaged.

    Examples
    --------
    >>> plan_search(3.0, TraceSettings()).factor, plan_search(10.0, TraceSettings()).bank.length_px
    (3, 48)
    """
    factor = max(1, round(_SEARCH_M / pixel_m))
    length = max(7, round(_FILTER_SHARE * settings.min_length_m / (pixel_m * factor)))
    coarse = pixel_m >= _COARSE_M
    return SearchPlan(LineFilter(length, half_core_px=0, flank_px=3) if coarse else LineFilter(length), factor)


def list_cells(whole: Window, settings: TraceSettings, plan: SearchPlan) -> Iterator[Window]:
    """Cut a pair into cells of a fixed lattice, in reading order."""
    side = max(plan.step_px, settings.cell_px // plan.step_px * plan.step_px)
    for row in range(0, whole.rows, side):
        for col in range(0, whole.cols, side):
            yield Window(row, col, min(side, whole.rows - row), min(side, whole.cols - col))


def search_cell(change_map: ChangeMap, cell: Window, plan: SearchPlan) -> CellFindings:
    """Search one cell.

    Lines are placed on a lattice of the whole pair. Local means reach a little beyond the margin that is read, so that
    the strength of a peak may differ by some thousandths between cuts; what is measured later does not.

    Parameters
    ----------
    change_map : ChangeMap
    cell : Window
        Whose first row and column are multiples of the search lattice.
    plan : SearchPlan

    Returns
    -------
    CellFindings
    """
    window = cell.snapped(plan.step_px).padded(plan.margin_px)
    block = change_map.read(window)
    inner = cell.relative_to(window).slices
    before = average_blocks(block.before, block.valid_before, plan.factor)
    after = average_blocks(block.after, block.valid_after, plan.factor)
    both, either = before.seen & after.seen, before.seen | after.seen
    flat = flatten(np.where(both, after.image - before.image, np.float32(0)), both)
    whitening = measure_whitening(flat, both)
    mine, code = _cut_blocks(whitening, cell, window, plan), _code(block, inner)
    if not (block.valid_before | block.valid_after)[inner].any():
        return CellFindings(cell, _no_peaks(), _no_peaks(), mine, code)
    origin = Origin(window.row // plan.factor, window.col // plan.factor)
    change = _search(whiten(flat, whitening), both, plan, origin, _CHANGE)
    looks = np.maximum(before.seen.astype(np.float32) + after.seen, np.float32(1))
    level = ((before.image + after.image) / looks).astype(np.float32, copy=False)
    bare = flatten(_project(block.bare_direction, level)[None], either)
    lasting = _search(whiten(bare, measure_whitening(bare, either)), either, plan, origin, _LASTING)
    return CellFindings(cell, _place(change, cell, window, plan), _place(lasting, cell, window, plan), mine, code)


def _project(direction: FloatArray, image: FloatArray) -> FloatArray:
    projected: FloatArray = np.einsum("b,bmn->mn", direction, image)
    return projected


def _search(field: FloatArray, seen: BoolArray, plan: SearchPlan, origin: Origin, limits: _Limits) -> Peaks:
    quiet = compress(field)
    peaks = search_lines(quiet, seen, plan.bank, origin=origin, threshold=limits.strength)
    return screen_peaks(quiet, peaks, plan.bank, least_promise=limits.promise)


def _cut_blocks(whitening: FloatArray, cell: Window, window: Window, plan: SearchPlan) -> FloatArray:
    """Keep the blocks of the cell itself."""
    inner = cell.snapped(plan.step_px).relative_to(window)
    rows, cols = (slice(part.start // plan.step_px, part.stop // plan.step_px) for part in inner.slices)
    return whitening[rows, cols].copy()


def _place(peaks: Peaks, cell: Window, window: Window, plan: SearchPlan) -> Peaks:
    """Keep the peaks of the cell itself, counted in pixels of the search from the first of the whole pair."""
    row, col = peaks.row + window.row // plan.factor, peaks.col + window.col // plan.factor
    first_row, first_col = cell.row // plan.factor, cell.col // plan.factor
    last_row, last_col = (cell.row + cell.rows) / plan.factor, (cell.col + cell.cols) / plan.factor
    mine = (row >= first_row) & (row < last_row) & (col >= first_col) & (col < last_col)
    return Peaks(row[mine], col[mine], peaks.angle_deg[mine], peaks.strength[mine])


def _code(block: ChangeBlock, inner: tuple[slice, slice]) -> CodeArray:
    unseen = block.unseen[inner].copy()
    neither = (block.unseen_before[inner] == Unseen.OUTSIDE) & (block.unseen_after[inner] == Unseen.OUTSIDE)
    unseen[neither] = NOT_ASKED
    return unseen


def _no_peaks() -> Peaks:
    nothing = np.zeros(0)
    return Peaks(nothing, nothing, nothing, nothing.astype(np.float32))
