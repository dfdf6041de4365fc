"""Damaged and hostile rasters, as their manifest has them."""

from __future__ import annotations

import csv
import os
import re
import time
from pathlib import Path

import numpy as np
import pytest

from colibri_geo import errors
from colibri_geo.core.windows import Window
from colibri_geo.errors import BandsUnknown, ColibriError, MissingDate
from colibri_geo.scenes import Scene, open_scene

MOST_SECONDS = 5.0
MOST_WINDOWS = 16
SIDE_PX = 1024

# Names in the manifest that have another one here.
NAMES = {
    "BadDate": "BadDate",
    "BadGeoreference": "GeoreferenceError",
    "MissingGeoreference": "GeoreferenceError",
    "UnsupportedDtype": "UnsupportedFormat",
}

# Rows that wait for `info`, which tells of a file without making a scene of it: these are no scenes, for another fault
# than the one they stand for. They end in one line all the same.
WAITING = frozenset(
    {
        "X040",  # 1 x 1 px: too small for a scene before its direction matters
        "X044",  # 1 x 3 px
        "X045",  # 10 x 10 px
        "X046",  # no georeference, so no scene whose mask could be honoured
        "X099",  # 2 x 3 px
        "X101",  # 2 x 2 px
    }
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test a row; a single one, which skips, where there is no manifest."""
    folder = os.environ.get("COLIBRI_BAD_INPUTS", "")
    rows: list[dict[str, str] | None] = [None]
    if folder:
        with (Path(folder) / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["op"] == "raster"]
    metafunc.parametrize("row", rows, ids=[row["id"] if row else "none" for row in rows])


def _read_all(scene: Scene) -> None:
    """Read the scene by windows, of a large one as many as fit the time."""
    rows, cols = scene.grid.shape
    places = [(row, col) for row in range(0, rows, SIDE_PX) for col in range(0, cols, SIDE_PX)]
    for row, col in places[:: max(len(places) // MOST_WINDOWS, 1)]:
        block = scene.read_block(Window(row, col, min(SIDE_PX, rows - row), min(SIDE_PX, cols - col)))
        assert np.isfinite(block.values).all()


def _try(path: Path, must: str) -> ColibriError | None:
    """Open and read; name bands and date where the file does not, unless that is the fault it stands for."""
    options: dict[str, str] = {}
    while True:
        try:
            _read_all(open_scene(path, **options))
        except BandsUnknown as error:
            if "BandsUnknown" in must or "bands" in options:
                return error
            options["bands"] = "red=1"
        except MissingDate as error:
            if "date" in must.lower() or "acquired" in options:
                return error
            options["acquired"] = "2025-03-21"
        except ColibriError as error:
            return error
        else:
            return None


def _expected(must: str) -> tuple[type[ColibriError], ...]:
    """Families of the errors that the manifest names, of any where it names none."""
    named = [NAMES.get(name, name) for name in re.findall(r"[A-Z][A-Za-z]+", must)]
    classes = [getattr(errors, name) for name in named if hasattr(errors, name)]
    return tuple(_family(found) for found in classes) or (ColibriError,)


def _family(found: type[ColibriError]) -> type[ColibriError]:
    return next(parent for parent in reversed(found.__mro__) if ColibriError in parent.__bases__)


def test_ends_as_the_manifest_says(row: dict[str, str], bad_inputs: Path) -> None:
    """An error of the named family in one line, or a scene that can be read; never another exception, never long."""
    path = bad_inputs / row["files"].split(" | ")[0]
    began = time.perf_counter()
    error = _try(path, row["must"])
    assert time.perf_counter() - began < MOST_SECONDS
    if error is not None:
        assert path.stem in str(error)
        assert "\n" not in str(error)
        assert len(str(error)) < 400
    if row["id"] in WAITING:
        assert error is not None
        return
    if row["expect"] == "error":
        assert isinstance(error, _expected(row["must"]))
    if row["expect"] == "ok":
        assert error is None, error
