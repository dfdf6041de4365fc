"""A run's folder, as small as it may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from colibri_geo.evidence import write_manifest
from tests.support.example_run import example_record


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """A folder with two files, one in a folder of its own, a log and the manifest."""
    folder = tmp_path / "run"
    (folder / "rasters").mkdir(parents=True)
    (folder / "findings.csv").write_bytes(b"strip_id\n")
    (folder / "rasters" / "change.tif").write_bytes(b"II*\x00")
    (folder / "run.log").write_bytes(b"2025-01-01T00:00:00Z survey 1.000 s\n")
    write_manifest(folder, example_record())
    return folder
