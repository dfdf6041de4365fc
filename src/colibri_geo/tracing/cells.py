"""Everything that is found in one cell of a pair, whoever computes it and whenever."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.shape import Segment
from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.settings import TraceSettings, take_settings
from colibri_geo.tracing.ends import name_hiding
from colibri_geo.tracing.linking import link_peaks
from colibri_geo.tracing.measuring import ChangeReader, Known, Limits, Measured, measure_seeds
from colibri_geo.tracing.search import CellSearch, SearchPlan, list_cells, plan_search, search_cell

CodeArray = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Candidate:
    """A strip that was found in a cell.

    Attributes
    ----------
    segment : Segment
        In pixels of what is measured, counted from the first of the whole pair.
    of_change : bool
        Found in the change between the dates, or else in what both show.
    hidden_by : tuple of str
        What hides the ground beyond the first and the last station; empty where it was observed.
    """

    segment: Segment
    of_change: bool
    hidden_by: tuple[str, str]


@dataclass(frozen=True)
class CellFindings:
    """What one cell gives.

    Attributes
    ----------
    window : Window
        The cell, in pixels of the pair's grid.
    candidates : tuple of Candidate
        That were found in the cell; they may reach beyond it.
    unseen : (M, N) ndarray of uint8
        `Unseen` codes of the cell: 0 where observed on both dates; `NOT_ASKED` where neither scene reaches.
    """

    window: Window
    candidates: tuple[Candidate, ...]
    unseen: CodeArray


def cut_cells(change_map: ChangeMap, settings: TraceSettings | None = None) -> list[Window]:
    """Cut a pair into the cells of its lattice, in reading order; however they are grouped, they stay the same."""
    return list_cells(change_map.whole, plan_search(change_map.pair.pixel_m, take_settings(settings, TraceSettings)))


def find_cell_side(change_map: ChangeMap, settings: TraceSettings | None = None) -> int:
    """Return the side of the lattice's cells, in pixels of the pair's grid."""
    return plan_search(change_map.pair.pixel_m, take_settings(settings, TraceSettings)).cell_px


def trace_cell(change_map: ChangeMap, cell: Window, settings: TraceSettings | None = None) -> CellFindings:
    """Find the strips of one cell; they depend on the pair and the place of the cell alone.

    Parameters
    ----------
    change_map : ChangeMap
    cell : Window
        Of `cut_cells`.
    settings : TraceSettings, optional

    Returns
    -------
    CellFindings
    """
    settings = take_settings(settings, TraceSettings)
    plan = plan_search(change_map.pair.pixel_m, settings)
    searched = search_cell(change_map, cell, plan)
    measured = _measure(change_map, searched, plan, settings)
    candidates = [
        Candidate(segment, of_change, name_hiding(change_map, segment, plan.fine))
        for of_change, segments in ((True, measured.change), (False, measured.lasting))
        for segment in segments
    ]
    return CellFindings(cell, tuple(candidates), searched.unseen)


def _measure(change_map: ChangeMap, searched: CellSearch, plan: SearchPlan, settings: TraceSettings) -> Measured:
    """Measure what was found in the change, and what else the dates show alike."""
    pixel_m = change_map.pair.pixel_m * plan.fine
    limits = Limits(settings.min_length_m / pixel_m, settings.max_length_m / pixel_m, settings.max_width_m / pixel_m)
    half_filter_px = plan.bank.length_px * plan.ratio / 2
    change, lasting = (
        link_peaks(peaks, half_filter_px=half_filter_px) for peaks in (searched.change, searched.lasting)
    )
    return measure_seeds(ChangeReader(change_map, searched.whitening, plan.fine), change, lasting, limits=limits)


def merge_candidates(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Take each strip once; the order in which they come does not matter.

    What crosses from one cell to another is found by both. The clearer is kept, one whose middle lies on it is not;
    what was found in the change goes before what both dates show.
    """
    known, kept = Known(), []
    for candidate in sorted(candidates, key=_precedence):
        if not known.holds(candidate.segment.line):
            known.add(candidate.segment)
            kept.append(candidate)
    return kept


def _precedence(candidate: Candidate) -> tuple[bool, float, float, float, float, float]:
    segment = candidate.segment
    line = segment.line
    return not candidate.of_change, -segment.snr, line.row, line.col, line.angle_deg, segment.half_length_px
