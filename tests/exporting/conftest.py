"""Tables with names that try to become a formula, a tag or damage."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pandas as pd
import pytest

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting import write_tables
from colibri_geo.layers.findings import Findings
from tests.support.example_run import example_findings, example_record

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    '\t@SUM(1)\r\n;=1+1;"-2\x00\x07\x1b\ufffe]]>&amp;',
    "🛩️ São João \u202e ÑÃ 中文 " + "x" * 20_000,
    "half \udce9 letter",
)
LURES = (
    "NARIÑO\r\nBcc: all@example.org\r\n\r\nFrom x",
    "https://example.org/a www.example.org <a href='https://example.org'>here</a>",
    "$[name] $[snr]",
    "\n.\nmailto:all@example.org\u2028Cc: b\x85Cc: c",
    "\uff1a\uff0f\uff0fexample.org https\uff1a\uff0f\uff0fexample.org",
)
"""Names that try to become a header, a link, or something that a map application fills in."""


@pytest.fixture
def hostile_findings() -> Findings:
    """The example's tables; the names of regions, aerodromes and what lies around, and the reasons, are hostile."""
    example = example_findings()
    strips = example.strips.assign(
        admin1=list(LURES),
        admin2=list(HOSTILE),
        reasons=list(reversed(HOSTILE)),
        aerodrome_name=list(HOSTILE),
        aerodrome_code=list(reversed(HOSTILE)),
    )
    strips.index = pd.Index([f"{name}-{lure}" for name, lure in zip(strips.index, LURES, strict=True)], name="strip_id")
    observed = example.observed.assign(name=["all", LURES[0], LURES[1]], code=["", HOSTILE[2], LURES[4]])
    around = pd.DataFrame({"strip_id": strips.index[0], "layer": "rivers", "name": HOSTILE, "distance_km": 1.0})
    around = around.assign(overlap_share=0.5, community_name=HOSTILE[::-1], community_km=1.0)
    return dataclasses.replace(example, strips=strips, observed=observed, strip_context=around)


@pytest.fixture
def hostile_record() -> RunRecord:
    """The example's record; the names of the scenes are hostile."""
    example = example_record()
    before, after = (
        dataclasses.replace(scene, name=name)
        for scene, name in ((example.before, LURES[0] + HOSTILE[3]), (example.after, LURES[1] + HOSTILE[2]))
    )
    return dataclasses.replace(example, before=before, after=after, probability_basis=LURES[3])


@pytest.fixture
def hostile_folder(hostile_findings: Findings, hostile_record: RunRecord, tmp_path: Path) -> Path:
    """The hostile tables, written."""
    return _write(hostile_findings, tmp_path / "hostile", hostile_record)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example's tables, written."""
    return _write(example_findings(), tmp_path / "example")


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """The tables of a run that found nothing, written."""
    return _write(example_findings(strips=False), tmp_path / "empty")


def _write(findings: Findings, folder: Path, record: RunRecord | None = None) -> Path:
    folder.mkdir()
    write_tables(findings, record or example_record(), folder)
    return folder
