"""Pages of the documentation: what they point to is there, and they name what the code uses."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from PIL import Image

from colibri_geo.evidence.benchmark import BenchmarkGroup, BenchmarkRecord
from colibri_geo.settings import Settings
from colibri_geo.tracing.scoring import load_shape_model

DOCS = Path(__file__).resolve().parents[2] / "docs"
METHOD = (DOCS / "method.md").read_text(encoding="utf-8")
LARGEST_BYTES = 700_000
WIDTH_PX = 1200


def test_what_it_links_is_there() -> None:
    """Every file that the page links or shows exists."""
    targets = [target for target in re.findall(r"\]\(([^)]+)\)", METHOD) if "://" not in target]
    assert targets
    assert [target for target in targets if not (DOCS / target.partition("#")[0]).is_file()] == []


def test_every_measure_of_the_model_is_told() -> None:
    """Each measure that the probability rests on has its line in the table."""
    rows = [line.split("|")[1] for line in METHOD.splitlines() if line.startswith("| `")]
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert set(load_shape_model().curves) <= told


def test_every_setting_it_names_exists() -> None:
    """Settings are named by step and name, as in a settings file."""
    settings = Settings()
    known = {
        f"{step.name}.{setting.name}"
        for step in dataclasses.fields(settings)
        for setting in dataclasses.fields(getattr(settings, step.name))
    }
    named = set(re.findall(r"`((?:survey|trace|score)\.[a-z_0-9]+)`", METHOD))
    assert named
    assert named <= known


def test_every_key_of_the_benchmark_is_told() -> None:
    """What the manifest holds of the benchmark has its meaning among the conventions."""
    told = (DOCS / "conventions.md").read_text(encoding="utf-8").partition("## Benchmark in the manifest")[2]
    keys = [field.name for record in (BenchmarkRecord, BenchmarkGroup) for field in dataclasses.fields(record)]
    assert [key for key in keys if f"`{key}`" not in told] == []


def test_the_gallery_fits_a_page() -> None:
    """Each sheet of the gallery is shown, as wide as a page and not heavy."""
    sheets = sorted((DOCS / "images").glob("gallery_*.png"))
    assert [sheet.name for sheet in sheets] == ["gallery_findings.png", "gallery_refusals.png"]
    for sheet in sheets:
        assert f"(images/{sheet.name})" in METHOD
        assert sheet.stat().st_size < LARGEST_BYTES
        with Image.open(sheet) as picture:
            assert picture.width == WIDTH_PX
