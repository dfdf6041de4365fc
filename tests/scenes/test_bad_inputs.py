"""Damaged and hostile rasters in the caller's own process, where nothing hardens the readers but the readers.

What the command line makes of the same files is in ``tests/cli/test_bad_inputs.py``.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from colibri_geo import errors
from colibri_geo.core.windows import Window
from colibri_geo.errors import BandsUnknown, ColibriError, MissingDate
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Scene
from tests.support.hostile import Row, each, list_rows

MOST_SECONDS = 5.0
MOST_WINDOWS = 16
SIDE_PX = 1024

# These are no scenes, for another fault than the one they stand for; `info` tells of them all the same.
NO_SCENES = frozenset(
    {
        "X023",  # 1 x 2 px
        "X028",  # 1 x 1 px
        "X040",  # 1 x 1 px: too small for a scene before its direction matters
        "X044",  # 1 x 3 px
        "X045",  # 10 x 10 px
        "X046",  # no georeference, so no scene whose mask could be honoured
        "X099",  # 2 x 3 px
        "X101",  # 2 x 2 px
    }
)


def _read_all(scene: Scene) -> None:
    """Read the scene by windows, of a large one as many as fit the time."""
    rows, cols = scene.grid.shape
    places = [(row, col) for row in range(0, rows, SIDE_PX) for col in range(0, cols, SIDE_PX)]
    for row, col in places[:: max(len(places) // MOST_WINDOWS, 1)]:
        block = scene.read_block(Window(row, col, min(SIDE_PX, rows - row), min(SIDE_PX, cols - col)))
        assert np.isfinite(block.values).all()


def _try(path: Path, named: frozenset[str]) -> ColibriError | None:
    """Open and read; name bands and date where the file does not, unless that is the fault it stands for."""
    options: dict[str, str] = {}
    while True:
        try:
            _read_all(open_scene(path, **options))
        except BandsUnknown as error:
            if "BandsUnknown" in named or "bands" in options:
                return error
            options["bands"] = "red=1"
        except MissingDate as error:
            if "acquired" in options:
                return error
            options["acquired"] = "2025-03-21"
        except ColibriError as error:
            return error
        else:
            return None


@each(list_rows("raster"))
def test_ends_as_the_manifest_says(row: Row, bad_inputs: Path) -> None:
    """The error that is named, in one line, or a scene that can be read; never another exception, never long."""
    path = bad_inputs / row.files[0]
    began = time.perf_counter()
    error = _try(path, row.named)
    assert time.perf_counter() - began < MOST_SECONDS
    if error is not None:
        assert path.stem in str(error)
        assert "\n" not in str(error)
        assert len(str(error)) < 400
    if row.number in NO_SCENES:
        assert error is not None
        return
    if row.expect == "error":
        assert isinstance(error, tuple(getattr(errors, name) for name in row.named) or ColibriError)
    if row.expect == "ok":
        assert error is None, error
