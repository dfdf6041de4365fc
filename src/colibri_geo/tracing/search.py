"""Search a change map cell by cell for places through which straight lines pass.

The search looks at pixels of about 20 m: a coarse look at all of the ground. What it finds is measured on the images
themselves, see `colibri_geo.tracing.measuring`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.lines import LineFilter, Origin, Peaks, compress, no_peaks, screen_peaks, search_lines
from colibri_geo.core.whitening import BLOCK_PX, REACH_PX, Whitening, flatten, measure_whitening, whiten
from colibri_geo.core.windows import Window
from colibri_geo.pairs import NOT_ASKED, ChangeMap, CoarseChange
from colibri_geo.scenes.masks import Unseen
from colibri_geo.settings import TraceSettings

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

_MEASURE_M = 10.0
_MOST_HALVED_M = 13.5  # of what is measured; coarser pixels are searched as they are
_CELL_PX = 1008  # whole blocks of clutter, steps of the line filter and squares of what was not seen
_LATTICE_PX = 48
_MOST_CELL_PX = 6000  # of the pair: what was not seen is told for each of its pixels
_FILTER_SHARE = 1.37  # of the shortest strip: longer strips gain more than the shortest lose
_LEAST_FILTER_PX = 12


@dataclass(frozen=True)
class _Limits:
    """Least strength and promise of a peak that is measured."""

    strength: float
    promise: float


_CHANGE = _Limits(strength=5.5, promise=-3.7)
_LASTING = _Limits(strength=7.0, promise=-4.5)


@dataclass(frozen=True)
class SearchPlan:
    """How a pair is searched; the same for all of its cells.

    Attributes
    ----------
    bank : LineFilter
    fine : int
        Pixels of the pair that make one pixel of what is measured, in each direction.
    ratio : int
        Pixels of what is measured that make one pixel of the search, in each direction.
    """

    bank: LineFilter
    fine: int
    ratio: int

    @property
    def factor(self) -> int:
        """Pixels of the pair that make one pixel of the search, in each direction."""
        return self.fine * self.ratio

    @property
    def cell_px(self) -> int:
        """Pixels of the pair along the side of a cell."""
        return min(_CELL_PX, max(_MOST_CELL_PX // (_LATTICE_PX * self.factor), 1) * _LATTICE_PX) * self.factor

    @property
    def margin_px(self) -> int:
        """Pixels of the pair that a cell needs on each side: whole blocks of those in which clutter is measured."""
        return -(-max(self.bank.margin_px, REACH_PX) // BLOCK_PX) * BLOCK_PX * self.factor


@dataclass(frozen=True)
class CellSearch:
    """What the search of one cell gives.

    Attributes
    ----------
    change, lasting : Peaks
        Lines in the change between the dates; bare lines in what the dates show alike, or in the only one that is
        observed. Rows and columns are pixels of what is measured, counted from the first of the whole pair.
    whitening : Whitening
        Of the clutter of the change in and around the cell, for pixels of what is measured.
    unseen : (M, N) ndarray of uint8
        `Unseen` codes of the cell: 0 where observed on both dates; `NOT_ASKED` where neither scene reaches.
    """

    change: Peaks
    lasting: Peaks
    whitening: Whitening
    unseen: CodeArray


def plan_search(pixel_m: float, settings: TraceSettings) -> SearchPlan:
    """Choose filter and resolutions: about 10 m a pixel to measure, 20 m to search; finer images are averaged.

    Examples
    --------
    >>> plan_search(10.0, TraceSettings())
    SearchPlan(bank=LineFilter(length_px=24, flank_px=3), fine=1, ratio=2)
    >>> plan_search(3.0, TraceSettings()).factor, plan_search(30.0, TraceSettings()).factor
    (6, 1)
    """
    fine = max(1, round(_MEASURE_M / pixel_m))
    ratio = 1 if pixel_m * fine > _MOST_HALVED_M else 2
    length = max(_LEAST_FILTER_PX, round(_FILTER_SHARE * settings.min_length_m / (pixel_m * fine * ratio)))
    return SearchPlan(LineFilter(length), fine, ratio)


def list_cells(whole: Window, plan: SearchPlan) -> list[Window]:
    """Cut a pair into the cells of its lattice, in reading order."""
    side = plan.cell_px
    return [
        Window(row, col, min(side, whole.rows - row), min(side, whole.cols - col))
        for row in range(0, whole.rows, side)
        for col in range(0, whole.cols, side)
    ]


def search_cell(change_map: ChangeMap, cell: Window, plan: SearchPlan) -> CellSearch:
    """Search one cell; what it gives depends on the pair and the place of the cell alone.

    Parameters
    ----------
    change_map : ChangeMap
    cell : Window
        Of `list_cells`.
    plan : SearchPlan

    Returns
    -------
    CellSearch
    """
    step_px = BLOCK_PX * plan.factor
    window = cell.snapped(step_px).padded(plan.margin_px)
    block = change_map.read_coarse(window, plan.factor)
    before, after = block.before, block.after
    both, either = before.seen & after.seen, before.seen | after.seen
    code = _code(block, cell.relative_to(window).slices)
    if not either.any():
        as_it_is = np.eye(len(before.image), dtype=np.float32)[None, None]
        return CellSearch(no_peaks(), no_peaks(), Whitening(as_it_is), code)
    flat = flatten((after.image - before.image) * both, both)
    whitening = measure_whitening(flat, both)
    place = Whitening(whitening, window.row // step_px, window.col // step_px, scale=plan.ratio)
    origin = Origin(window.row // plan.factor, window.col // plan.factor)
    change = _search(whiten(flat, whitening), both, plan, origin, _CHANGE)
    looks = np.maximum(before.seen.astype(np.float32) + after.seen, np.float32(1))
    level = ((before.image + after.image) / looks).astype(np.float32, copy=False)
    bare = flatten(_project(block.bare_direction, level)[None], either)
    lasting = _search(whiten(bare, measure_whitening(bare, either)), either, plan, origin, _LASTING)
    return CellSearch(_place(change, cell, window, plan), _place(lasting, cell, window, plan), place, code)


def _project(direction: FloatArray, image: FloatArray) -> FloatArray:
    projected: FloatArray = np.einsum("b,bmn->mn", direction, image)
    return projected


def _search(field: FloatArray, seen: BoolArray, plan: SearchPlan, origin: Origin, limits: _Limits) -> Peaks:
    quiet = compress(field)
    peaks = search_lines(quiet, seen, plan.bank, origin=origin, threshold=limits.strength)
    return screen_peaks(quiet, peaks, plan.bank, least_promise=limits.promise)


def _place(peaks: Peaks, cell: Window, window: Window, plan: SearchPlan) -> Peaks:
    """Keep the peaks of the cell itself, counted in pixels of what is measured from the first of the whole pair."""
    row, col = peaks.row + window.row // plan.factor, peaks.col + window.col // plan.factor
    first_row, first_col = cell.row // plan.factor, cell.col // plan.factor
    last_row, last_col = (cell.row + cell.rows) / plan.factor, (cell.col + cell.cols) / plan.factor
    mine = (row >= first_row) & (row < last_row) & (col >= first_col) & (col < last_col)
    to_fine = 0.5 * (plan.ratio - 1)  # centres of pixels are whole numbers on either grid
    return Peaks(
        row[mine] * plan.ratio + to_fine, col[mine] * plan.ratio + to_fine, peaks.angle_deg[mine], peaks.strength[mine]
    )


def _code(block: CoarseChange, inner: tuple[slice, slice]) -> CodeArray:
    before, after = block.unseen_before[inner], block.unseen_after[inner]
    unseen: CodeArray = np.maximum(before, after)
    unseen[np.minimum(before, after) == Unseen.OUTSIDE.value] = NOT_ASKED
    return unseen
