"""Benchmarks that a user can run: how well the detector finds strips, beside what user scripts do today."""

from __future__ import annotations

from colibri_geo.bench.detection import DetectionReport, bench_detection, list_groups
from colibri_geo.bench.scenes import DEVELOPMENT_SEEDS, TEST_SEEDS
from colibri_geo.bench.text import format_json, format_markdown

__all__ = [
    "DEVELOPMENT_SEEDS",
    "TEST_SEEDS",
    "DetectionReport",
    "bench_detection",
    "format_json",
    "format_markdown",
    "list_groups",
]
