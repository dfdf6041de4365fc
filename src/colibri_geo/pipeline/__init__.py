"""The whole road: the only place that knows all of its steps."""

from __future__ import annotations

from colibri_geo.pipeline.comparing import compare
from colibri_geo.pipeline.run import Run, read_run
from colibri_geo.pipeline.scanning import scan

__all__ = ["Run", "compare", "read_run", "scan"]
