"""Benchmarks that a user can run: how well and how fast the detector finds strips, beside what user scripts do."""

from __future__ import annotations

from colibri_geo.bench.detection import DetectionReport, bench_detection, list_groups
from colibri_geo.bench.scenes import DEVELOPMENT_SEEDS, TEST_SEEDS
from colibri_geo.bench.speed import SpeedReport, bench_speed
from colibri_geo.bench.speed_text import format_speed
from colibri_geo.bench.text import format_json, format_markdown

__all__ = [
    "DEVELOPMENT_SEEDS",
    "TEST_SEEDS",
    "DetectionReport",
    "SpeedReport",
    "bench_detection",
    "bench_speed",
    "format_json",
    "format_markdown",
    "format_speed",
    "list_groups",
]
