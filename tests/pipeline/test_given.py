"""What no argument takes, as it comes from Python."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from colibri_geo import Run, compare, inspect_scene, read_run, scan, verify
from colibri_geo.errors import ColibriError
from tests.support.example_run import example_findings, example_record

NOWHERE = Path("nowhere.tif")
RUN = Run(example_record(), example_findings())


class OfBytes:
    """A path in bytes, as some systems have them."""

    def __fspath__(self) -> bytes:
        """Return it."""
        return b"run"


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: read_run(None), "folder of type NoneType, expected the path"),  # type: ignore[arg-type]
        (lambda: verify(None), "folder of type NoneType, expected the path"),  # type: ignore[arg-type]
        (lambda: verify(3), "folder of type int, expected the path"),  # type: ignore[arg-type]
        (lambda: read_run(OfBytes()), "folder of type bytes, expected the path"),  # type: ignore[arg-type]
        (lambda: read_run(""), "folder is empty, expected the path of a run's folder"),
        (lambda: RUN.save(3), "out of type int, expected the path of a new folder"),  # type: ignore[arg-type]
        (lambda: RUN.save(""), "out is empty, expected the path of a new folder"),
        (lambda: compare(NOWHERE, NOWHERE, workers="x"), "workers of type str, expected a whole"),  # type: ignore[arg-type]
        (lambda: compare(NOWHERE, NOWHERE, workers=True), "workers of type bool, expected a whole"),
        (lambda: compare(NOWHERE, NOWHERE, before_mask=3), "a mask of type int, expected a path"),  # type: ignore[arg-type]
        (lambda: compare(NOWHERE, NOWHERE, after_mask=OfBytes()), "a mask of type OfBytes, expected a path"),  # type: ignore[arg-type]
        (lambda: compare(NOWHERE, NOWHERE, after_mask=""), "the path is empty, expected that of a mask"),
        (lambda: inspect_scene(NOWHERE, mask=3), "a mask of type int, expected a path"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, workers=2.5), "workers of type float, expected a whole"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, tile_px="x"), "tile_px of type str, expected a whole"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, tile_px=True), "tile_px of type bool, expected a whole"),
        (lambda: scan(NOWHERE, NOWHERE, executor=3), "executor of type int, expected an Executor"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, on_tile=3), "on_tile of type int, expected a function"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, state=3), "state of type int, expected the path"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, state=OfBytes()), "state of type bytes, expected the path"),  # type: ignore[arg-type]
        (lambda: scan(NOWHERE, NOWHERE, state=""), "state is empty, expected the path"),
        (lambda: scan(NOWHERE, NOWHERE, resume=True), "resume=True without state, expected the folder"),
        (lambda: scan(None, NOWHERE), "an image of type NoneType, expected a path"),  # type: ignore[arg-type]
        (lambda: scan([NOWHERE, 3], NOWHERE), "an image of type int, expected a path"),  # type: ignore[list-item]
    ],
)
def test_it_is_told_in_one_line_before_any_image_is_read(call: Callable[[], object], said: str) -> None:
    """The line has the argument, what came and what to do."""
    with pytest.raises(ColibriError, match=rf"^{re.escape(said)}[^\n]*; [^\n]+$"):
        call()
