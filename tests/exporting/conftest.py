"""Tables with names that try to become a formula, a tag or damage."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from colibri_geo.exporting import write_tables
from colibri_geo.layers import Findings
from tests.support.example_run import example_findings, example_record

HOSTILE = (
    "=cmd|' /C calc'!A0",
    "<script>alert('x')</script><img src=x onerror=alert(1)>",
    '\t@SUM(1)\r\n;=1+1;"-2\x00\x07\x1b\ufffe]]>&amp;',
    "🛩️ São João \u202e ÑÃ 中文 " + "x" * 20_000,
    "half \udce9 letter",
)


@pytest.fixture
def hostile_findings() -> Findings:
    """The example's tables; the names of the second-level regions, and the reasons, are hostile."""
    example = example_findings()
    strips = example.strips.assign(admin2=list(HOSTILE), reasons=list(reversed(HOSTILE)))
    return dataclasses.replace(example, strips=strips)


@pytest.fixture
def hostile_folder(hostile_findings: Findings, tmp_path: Path) -> Path:
    """The hostile tables, written."""
    return _write(hostile_findings, tmp_path / "hostile")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The example's tables, written."""
    return _write(example_findings(), tmp_path / "example")


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    """The tables of a run that found nothing, written."""
    return _write(example_findings(strips=False), tmp_path / "empty")


def _write(findings: Findings, folder: Path) -> Path:
    folder.mkdir()
    write_tables(findings, example_record(), folder)
    return folder
