"""Trace the strips of a change map."""

from __future__ import annotations

from collections.abc import Iterable

import geopandas as gpd

from colibri_geo.pairs import ChangeMap
from colibri_geo.settings import TraceSettings, take_settings
from colibri_geo.tracing.cells import Candidate, cut_cells, merge_candidates, trace_cell
from colibri_geo.tracing.search import check_detail, plan_search
from colibri_geo.tracing.table import make_table


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
        see ``docs/conventions.md``. Pieces of lines that go on, or bend, beyond an end are no candidates; nothing else
        is dropped for being unlikely: that is what `score` is for.

    Raises
    ------
    TooCoarse
        Where pixels are wider than any strip that is looked for.
    """
    check_detail(change_map.pair.before, change_map.pair.after, take_settings(settings, TraceSettings))
    cells = (trace_cell(change_map, cell, settings) for cell in cut_cells(change_map, settings))
    return tabulate(change_map, (candidate for cell in cells for candidate in cell.candidates), settings)


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
    settings = take_settings(settings, TraceSettings)
    plan = plan_search(change_map.pair.pixel_m, settings)
    return make_table(merge_candidates(candidates), change_map.pair, settings, factor=plan.fine)
