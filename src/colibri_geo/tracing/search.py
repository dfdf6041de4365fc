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
from colibri_geo.errors import TooCoarse
from colibri_geo.pairs import NOT_ASKED, ChangeMap, CoarseChange, measure_pixel
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import Scene
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
_STRETCHED = 1.03  # a pixel of 60 m on the map may be that much longer on the ground


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


def check_detail(before: Scene, after: Scene, settings: TraceSettings) -> None:
    """Refuse a pair of which an image has pixels wider than any strip that is looked for; of mosaics, each scene.

    Raises
    ------
    TooCoarse
    """
    for scene in (before, after):
        for part in scene.provenance.parts or (scene,):
            size_m = measure_pixel(part.grid, name=part.name).finer_m
            if size_m > settings.max_width_m * _STRETCHED:
                raise TooCoarse(
                    f"{part.name}: pixels of {size_m:.0f} m, expected {settings.max_width_m:g} m or less: no strip "
                    "that is looked for could be seen (trace.max_width_m); give a finer image"
                )


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
    site = _Site(cell, window, plan)
    level = before.image + after.image
    level /= np.maximum(before.seen.astype(np.float32) + after.seen, np.float32(1))
    bare = _project(block.bare_direction, level)[None]
    difference = np.subtract(after.image, before.image, out=level)
    difference *= both
    del block, before, after, level  # all bands of both dates, while a search takes as much again
    flat = flatten(difference, both)
    del difference
    matrices = measure_whitening(flat, both)
    whitening = Whitening(matrices, window.row // step_px, window.col // step_px, scale=plan.ratio)
    change = _search(whiten(flat, matrices), both, site, _CHANGE)
    bare = flatten(bare, either)
    lasting = _search(whiten(bare, measure_whitening(bare, either)), either, site, _LASTING)
    return CellSearch(change, lasting, whitening, code)


@dataclass(frozen=True)
class _Site:
    """Where a cell and the window that is searched for it lie in the pair."""

    cell: Window
    window: Window
    plan: SearchPlan

    @property
    def origin(self) -> Origin:
        """Place of the window's first pixel of the search."""
        return Origin(self.window.row // self.plan.factor, self.window.col // self.plan.factor)

    def pick_inside(self, peaks: Peaks) -> Peaks:
        """Pick those of the cell itself."""
        factor, cell, origin = self.plan.factor, self.cell, self.origin
        row, col = peaks.row + origin.row, peaks.col + origin.col
        inside = (row >= cell.row // factor) & (row < (cell.row + cell.rows) / factor)
        return peaks.pick(inside & (col >= cell.col // factor) & (col < (cell.col + cell.cols) / factor))

    def to_measured(self, peaks: Peaks) -> Peaks:
        """Count rows and columns in pixels of what is measured, from the first of the whole pair."""
        ratio, to_fine = self.plan.ratio, 0.5 * (self.plan.ratio - 1)  # centres of pixels are whole on either grid
        row, col = (peaks.row + self.origin.row) * ratio + to_fine, (peaks.col + self.origin.col) * ratio + to_fine
        return Peaks(row, col, peaks.angle_deg, peaks.strength)


def _project(direction: FloatArray, image: FloatArray) -> FloatArray:
    projected: FloatArray = np.einsum("b,bmn->mn", direction, image)
    return projected


def _search(field: FloatArray, seen: BoolArray, site: _Site, limits: _Limits) -> Peaks:
    field, bank = compress(field), site.plan.bank
    peaks = search_lines(field, seen, bank, origin=site.origin, threshold=limits.strength)
    # The look at what lies around is spared for peaks that are the neighbouring cells'.
    return site.to_measured(screen_peaks(field, site.pick_inside(peaks), bank, least_promise=limits.promise))


def _code(block: CoarseChange, inner: tuple[slice, slice]) -> CodeArray:
    before, after = block.unseen_before[inner], block.unseen_after[inner]
    unseen: CodeArray = np.maximum(before, after)
    unseen[np.minimum(before, after) == Unseen.OUTSIDE.value] = NOT_ASKED
    return unseen
