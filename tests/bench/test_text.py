"""A report as text."""

from __future__ import annotations

import json
import math

import numpy as np

from colibri_geo.bench.detection import DetectionReport
from colibri_geo.bench.measures import measure_calibration, measure_median, measure_proportion, measure_rate
from colibri_geo.bench.summing import Alarms, Answer, Errors, GroupReport, MethodReport, Share
from colibri_geo.bench.text import format_json, format_markdown
from colibri_geo.settings import Settings


def method(name: str, *, not_run: str = "") -> MethodReport:
    """Return what a method did, made up."""
    nothing = measure_median(np.zeros(0), [])
    end = measure_median(np.array([6.0, 7.0, 8.0]), ["a", "b", "c"])
    share = measure_proportion(0, 0) if not_run else measure_proportion(19, 20)
    return MethodReport(
        method=name,
        about=f"the method {name}",
        not_run=not_run,
        scenes=0 if not_run else 3,
        km2=0.0 if not_run else 123.0,
        observed_km2=0.0 if not_run else 100.0,
        recall=share,
        recall_by=() if not_run else (Share("biome", "forest", share),),
        precision=share,
        false_alarms=measure_rate(0 if not_run else 2, 0.0 if not_run else 100.0),
        false_alarms_by=() if not_run else (Alarms("road", measure_rate(2, 100.0)),),
        old_called_new=share,
        fragments=0,
        hidden=0,
        errors=Errors(end, end, end, end, nothing),
        length_coverage=share,
        width_coverage=share,
        answers=(Answer("new", "new", 19), Answer("new", "not found", 1)),
    )


def report(seeds: str = "test") -> DetectionReport:
    """Return a made-up report of one group."""
    calibration = measure_calibration(np.array([0.9, 0.8]), np.array([True, False]))
    methods = (method("report"), method("watch"), method("opencv-lsd", not_run="not run: install colibri_geo[bench]"))
    group = GroupReport("ordinary", "made up", 3, 123.0, 100.0, ("x: refused",), methods, calibration, calibration)
    return DetectionReport(
        "0",
        "quick",
        seeds,
        10_000,
        Settings().replace(report_probability=0.5, watch_probability=0.2),
        "made up",
        (group,),
    )


def test_json_holds_every_figure() -> None:
    """The JSON is strict, with null for what is missing, and holds what the report holds."""
    read = json.loads(format_json(report()))
    (group,) = read["groups"]
    assert group["methods"][0]["recall"]["hits"] == 19
    assert group["methods"][0]["errors"]["width_m"]["value"] is None
    assert group["methods"][2]["not_run"].startswith("not run")
    assert not any(isinstance(value, float) and math.isnan(value) for value in group["methods"][2]["recall"].values())


def test_markdown_says_area_seeds_and_bounds() -> None:
    """The text names the seeds, the ground observed, the interval of each rate, and what was left out."""
    text = format_markdown(report())
    assert "test seeds: kept for measuring" in text
    assert "20.0 (3.6 to 63.0; 2)" in text
    assert "123 km2, of which 100 observed" in text
    assert "not run: install colibri_geo[bench]" in text
    assert "Refused: x: refused" in text
    assert "do not publish" in format_markdown(report("development"))


def test_every_row_of_a_table_has_every_column() -> None:
    """Rows of one table have as many cells as its head."""
    for block in format_markdown(report()).split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
