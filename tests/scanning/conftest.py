"""What the tests of scanning share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.importing import list_import_paths


@pytest.fixture(autouse=True)
def _importable(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import the functions of the tests, and the library that is tested."""
    monkeypatch.setenv("PYTHONPATH", list_import_paths(project))
