"""What the tests of scanning share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _importable(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let workers import the functions of the tests."""
    monkeypatch.setenv("PYTHONPATH", str(project))
