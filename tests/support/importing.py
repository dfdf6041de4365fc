"""Where the processes that tests start import from."""

from __future__ import annotations

import os
from pathlib import Path

import colibri_geo


def list_import_paths(project: Path) -> str:
    """Return a ``PYTHONPATH`` that lets a child import the tests, and the library from where it is imported here."""
    return os.pathsep.join([str(Path(colibri_geo.__file__).parents[1]), str(project)])
