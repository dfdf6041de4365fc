"""Work on tiles that does nothing but what a test needs, in whatever process."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from colibri_geo.core.windows import Window
from colibri_geo.errors import CorruptInput
from colibri_geo.scanning import Arrays, Tile, cut_tiles


def make_tiles(count: int, *, side_px: int = 8) -> tuple[Tile, ...]:
    """Return tiles of one cell each, in a row."""
    return cut_tiles([Window(0, number * side_px, side_px, side_px) for number in range(count)], side_px)


def answer(tile: Tile) -> dict[str, np.ndarray[Any, Any]]:
    """Return arrays that belong to this tile alone."""
    codes = np.random.default_rng(tile.number).integers(0, 6, (tile.window.rows, tile.window.cols), dtype=np.uint8)
    return {"codes": codes, "rows": np.full(tile.number % 4, tile.number, dtype=np.float64)}


def answer_slowly(seconds: float, tile: Tile) -> Arrays:
    """Return the same after a while."""
    time.sleep(seconds)
    return answer(tile)


def slow_from(number: int, seconds: float, tile: Tile) -> Arrays:
    """Return the same, from one tile on after a while."""
    return answer_slowly(seconds, tile) if tile.number >= number else answer(tile)


def answer_last_first(seconds: float, tile: Tile) -> Arrays:
    """Return the same, tiles of high numbers sooner."""
    time.sleep(seconds / (1 + tile.number))
    return answer(tile)


def leave_mark(folder: Path, seconds: float, tile: Tile) -> Arrays:
    """Return the same after a while, and leave a folder that tells which tile was worked on, and by whom."""
    (folder / f"{tile.number}_{os.getpid()}_{time.monotonic_ns()}").mkdir()
    return answer_slowly(seconds, tile)


def fail_at(number: int, tile: Tile) -> Arrays:
    """Refuse one tile."""
    if tile.number == number:
        raise CorruptInput(f"scene.tif: tile {number} is cut short")
    return answer(tile)


def fail_unforeseen(tile: Tile) -> NoReturn:
    """Raise an error that nobody foresaw."""
    raise LookupError(f"no tile {tile.number}")


def run_out_of_memory(_: Tile) -> NoReturn:
    """Ask for more memory than there is."""
    raise MemoryError


def die_at(number: int, tile: Tile) -> Arrays:
    """End the process at one tile, as the system does when memory is short."""
    if tile.number == number:
        os.kill(os.getpid(), signal.SIGKILL)
    return answer(tile)
