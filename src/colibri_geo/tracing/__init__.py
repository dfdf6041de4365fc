"""From the change between two scenes to the strips table."""

from __future__ import annotations

from colibri_geo.tracing.cells import Candidate, CellFindings, cut_cells, find_cell_side, trace_cell
from colibri_geo.tracing.corroborating import check_radar, corroborate
from colibri_geo.tracing.scoring import describe_basis, score
from colibri_geo.tracing.storing import from_array, is_sound, to_array
from colibri_geo.tracing.tracing import tabulate, trace

__all__ = [
    "Candidate",
    "CellFindings",
    "check_radar",
    "corroborate",
    "cut_cells",
    "describe_basis",
    "find_cell_side",
    "from_array",
    "is_sound",
    "score",
    "tabulate",
    "to_array",
    "trace",
    "trace_cell",
]
