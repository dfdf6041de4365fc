"""From the change between two scenes to the strips table."""

from __future__ import annotations

from colibri_geo.tracing.corroborating import check_radar, corroborate
from colibri_geo.tracing.scoring import describe_basis, score
from colibri_geo.tracing.search import CellFindings
from colibri_geo.tracing.tracing import measure_cells, search_cells, trace

__all__ = [
    "CellFindings",
    "check_radar",
    "corroborate",
    "describe_basis",
    "measure_cells",
    "score",
    "search_cells",
    "trace",
]
