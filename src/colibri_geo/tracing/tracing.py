"""Trace the strips of a change map."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import geopandas as gpd

from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.settings import TraceSettings
from colibri_geo.tracing.cells import Candidate, CellFindings, cut_cells, merge_candidates, trace_cell
from colibri_geo.tracing.search import plan_search
from colibri_geo.tracing.table import make_table

_MOST_THREADS = 4
T = TypeVar("T")


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
    found = (candidate for cell in trace_cells(change_map, settings) for candidate in cell.candidates)
    return tabulate(change_map, found, settings)


def trace_cells(change_map: ChangeMap, settings: TraceSettings | None = None) -> Iterator[CellFindings]:
    """Find the strips of a pair cell by cell, in reading order; each cell is independent of the others.

    Parameters
    ----------
    change_map : ChangeMap
    settings : TraceSettings, optional

    Yields
    ------
    CellFindings
    """
    yield from map_cells(partial(trace_cell, change_map, settings=settings), cut_cells(change_map, settings))


def map_cells(work: Callable[[Window], T], cells: Sequence[Window]) -> Iterator[T]:
    """Work on cells in a few threads of this process, and yield what comes of each, in their order."""
    # Threads are enough here: most of the time is spent in NumPy, which lets go of the interpreter.
    pool = ThreadPoolExecutor(max_workers=min(_MOST_THREADS, os.cpu_count() or 1))
    try:
        yield from pool.map(work, cells)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # who stops early does not wait for the rest


def tabulate(
    change_map: ChangeMap, candidates: Iterable[Candidate], settings: TraceSettings | None = None
) -> gpd.GeoDataFrame:
    """Put what was found in all cells together; its order does not matter.

    Parameters
    ----------
    change_map : ChangeMap
    candidates : iterable of Candidate
        Of all cells.
    settings : TraceSettings, optional

    Returns
    -------
    GeoDataFrame
        As `trace` gives it.
    """
    settings = settings or TraceSettings()
    plan = plan_search(change_map.pair.pixel_m, settings)
    return make_table(merge_candidates(candidates), change_map.pair, settings, factor=plan.fine)
