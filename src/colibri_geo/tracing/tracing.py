"""Trace the strips of a change map."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import geopandas as gpd
import numpy as np

from colibri_geo.core.shape import Segment
from colibri_geo.core.whitening import Whitening
from colibri_geo.pairs import ChangeMap
from colibri_geo.settings import TraceSettings
from colibri_geo.tracing.ends import Cover
from colibri_geo.tracing.linking import link_peaks, merge_peaks
from colibri_geo.tracing.measuring import ChangeReader, Limits, measure_seeds
from colibri_geo.tracing.search import CellFindings, SearchPlan, list_cells, plan_search, search_cell
from colibri_geo.tracing.table import make_table

_MOST_THREADS = 4


def trace(change_map: ChangeMap, settings: TraceSettings | None = None) -> gpd.GeoDataFrame:
    """Find straight strips in a change map: those that appeared, those that disappeared, those that stayed.

    Use it step by step in a notebook; `colibri_geo.compare` walks the whole road.

    Parameters
    ----------
    change_map : ChangeMap
    settings : TraceSettings, optional

    Returns
    -------
    GeoDataFrame
        One row a candidate, index ``strip_id``, geometry = axis in metres; every measure that pixels give is a column,
        see ``docs/conventions.md``. Nothing is dropped for being unlikely: that is what `score` is for.
    """
    return measure_cells(change_map, list(search_cells(change_map, settings)), settings)


def search_cells(
    change_map: ChangeMap, settings: TraceSettings | None = None, *, on_cell: Callable[[int, int], None] | None = None
) -> Iterable[CellFindings]:
    """Search a pair cell by cell, in reading order; each cell is independent of the others.

    Parameters
    ----------
    change_map : ChangeMap
    settings : TraceSettings, optional
    on_cell : callable, optional
        Told after each cell how many are done, and of how many.

    Yields
    ------
    CellFindings
    """
    settings = settings or TraceSettings()
    plan = plan_search(change_map.pair.pixel_m, settings)
    cells = list(list_cells(change_map.whole, settings, plan))
    # Threads are enough here: nearly all of the time is spent in NumPy, which lets go of the interpreter.
    pool = ThreadPoolExecutor(max_workers=min(_MOST_THREADS, os.cpu_count() or 1))
    try:
        found = pool.map(partial(search_cell, change_map, plan=plan), cells)
        for done, findings in enumerate(found, start=1):
            yield findings
            if on_cell is not None:
                on_cell(done, len(cells))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who stops early does not wait for the rest


def measure_cells(
    change_map: ChangeMap, cells: Sequence[CellFindings], settings: TraceSettings | None = None
) -> gpd.GeoDataFrame:
    """Put what was found in the cells together and measure it; the order of the cells does not matter.

    Parameters
    ----------
    change_map : ChangeMap
    cells : sequence of CellFindings
        Of the whole pair.
    settings : TraceSettings, optional

    Returns
    -------
    GeoDataFrame
        As `trace` gives it.
    """
    settings = settings or TraceSettings()
    plan = plan_search(change_map.pair.pixel_m, settings)
    pixel_m = change_map.pair.pixel_m * plan.factor
    limits = Limits(settings.min_length_m / pixel_m, settings.max_length_m / pixel_m)
    reader = ChangeReader(change_map, _join_whitening(cells, plan), plan.factor)
    segments: list[Segment] = []
    for of_change in (True, False):
        peaks = merge_peaks([cell.change if of_change else cell.lasting for cell in cells])
        seeds = link_peaks(peaks, half_filter_px=plan.bank.length_px / 2)
        segments += measure_seeds(reader, seeds, of_change=of_change, limits=limits, taken=segments)
    kept = [segment for segment in segments if segment.width_px * pixel_m <= settings.max_width_m]
    return make_table(kept, change_map.pair, settings, cover=Cover(cells, plan.factor))


def _join_whitening(cells: Sequence[CellFindings], plan: SearchPlan) -> Whitening:
    """Put the matrices of all cells in their place."""
    places = [(cell.window.row // plan.step_px, cell.window.col // plan.step_px) for cell in cells]
    shapes = [cell.whitening.shape for cell in cells]
    rows = max(place[0] + shape[0] for place, shape in zip(places, shapes, strict=True))
    cols = max(place[1] + shape[1] for place, shape in zip(places, shapes, strict=True))
    matrices = np.zeros((rows, cols, *shapes[0][2:]), dtype=np.float32)
    for (row, col), shape, cell in zip(places, shapes, cells, strict=True):
        matrices[row : row + shape[0], col : col + shape[1]] = cell.whitening
    return Whitening(matrices)
