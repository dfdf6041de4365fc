"""What is done with one cell of a pair: strips are found, and what was seen of the ground is counted.

`compare` and `scan` differ in who works on the cells, and in nothing else.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.errors import IntegrityError
from colibri_geo.layers.aoi import Aoi, mask_outside_aoi
from colibri_geo.layers.counting import (
    PixelCounts,
    choose_square,
    count_pixels,
    gather_squares,
    no_pixels,
)
from colibri_geo.layers.pixels import find_footprint
from colibri_geo.layers.shapes import Shapes
from colibri_geo.pairs import NOT_ASKED, ChangeMap
from colibri_geo.scanning import Arrays, Store, Tile, run_tiles
from colibri_geo.scanning.engine import OnTile
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.settings import TraceSettings
from colibri_geo.tracing.cells import Candidate, cut_cells, find_cell_side, trace_cell
from colibri_geo.tracing.storing import from_array, is_sound, to_array

CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

_COUNTS = ("asked_px", "observed_px", "asked_cm2")
_COUNT_PX = 1024  # pixels are counted by region in squares of this side; sums do not depend on it


@dataclass(frozen=True)
class Task:
    """What is looked for in all cells of a pair; picklable.

    Attributes
    ----------
    change_map : ChangeMap
    settings : TraceSettings
    shapes : tuple of Polygon or MultiPolygon
        The regions, cut to the ground of the pair; EPSG:4326.
    area : Aoi or None
    square_px : int
        Side of the squares in which unseen ground is drawn.
    """

    change_map: ChangeMap
    settings: TraceSettings
    shapes: Shapes
    area: Aoi | None
    square_px: int

    @property
    def grid(self) -> GeoBox:
        """The pair's grid."""
        return self.change_map.grid


@dataclass(frozen=True)
class Looked:
    """What was found and seen in some cells.

    Attributes
    ----------
    window : Window
        Around the cells, in pixels of the pair's grid.
    candidates : tuple of Candidate
    counts : PixelCounts
    squares : ndarray of uint8
        Reasons of unseen ground in `window`; see `gather_squares`.
    """

    window: Window
    candidates: tuple[Candidate, ...]
    counts: PixelCounts
    squares: CodeArray


def plan_task(change_map: ChangeMap, settings: TraceSettings, shapes: Shapes, area: Aoi | None) -> Task:
    """Plan what is looked for in all cells of a pair; see `Task`."""
    square_px = choose_square(change_map.grid, find_cell_side(change_map, settings))
    return Task(change_map, settings, shapes, area, square_px)


def choose_cells(task: Task) -> list[Window]:
    """List the cells in which strips may lie that touch the area of interest; all of them where there is none."""
    cells = cut_cells(task.change_map, task.settings)
    return cells if task.area is None else [cell for cell in cells if _may_touch(task, cell, task.area)]


def _may_touch(task: Task, cell: Window, area: Aoi) -> bool:
    reach_px = math.ceil(task.settings.max_length_m / task.change_map.pair.pixel_m)
    return bool(find_footprint(cut_grid(task.grid, cell.padded(reach_px))).intersects(area.polygon))


def look_at_cell(task: Task, cell: Window) -> Looked:
    """Find the strips of a cell, and count what was seen of it."""
    found = trace_cell(task.change_map, cell, task.settings)
    codes = found.unseen
    if task.area is not None:
        codes[mask_outside_aoi(cut_grid(task.grid, cell), task.area)] = NOT_ASKED
    counts = no_pixels(task.shapes)
    for row in range(0, cell.rows, _COUNT_PX):
        for col in range(0, cell.cols, _COUNT_PX):
            part = Window(row, col, _COUNT_PX, _COUNT_PX).clipped(cell.rows, cell.cols)
            place = Window(cell.row + row, cell.col + col, part.rows, part.cols)
            counts += count_pixels(codes[part.slices], cut_grid(task.grid, place), task.shapes)
    return Looked(cell, found.candidates, counts, gather_squares(codes, task.square_px))


def look_at_tiles(
    task: Task, tiles: Sequence[Tile], *, executor: Executor, store: Store, on_tile: OnTile | None
) -> list[Looked]:
    """Look at tiles in other processes; see `colibri_geo.scanning.run_tiles`."""
    work = partial(look_at_tile, task)
    run_tiles(work, tiles, executor=executor, store=store, count=count_candidates, on_tile=on_tile)
    return [restore(task, tile, store.load(tile.number)) for tile in tiles]


def look_at_tile(task: Task, tile: Tile) -> Arrays:
    """Look at all cells of a tile; see `colibri_geo.scanning.run_tiles`."""
    looked = join(task, tile.window, (look_at_cell(task, cell) for cell in tile.cells))
    return {
        "candidates": to_array(looked.candidates),
        "asked_px": looked.counts.asked_px,
        "observed_px": looked.counts.observed_px,
        "asked_cm2": looked.counts.asked_cm2,
        "squares": looked.squares,
    }


def count_candidates(arrays: Arrays) -> int:
    """Return the number of candidates of a tile, likely or not."""
    return len(arrays.get("candidates", ()))


def restore(task: Task, tile: Tile, arrays: Arrays) -> Looked:
    """Return what `look_at_tile` gave.

    Raises
    ------
    IntegrityError
        For arrays that it cannot have given.
    """
    _check_arrays(task, tile, arrays)
    counts = PixelCounts(*(arrays[name].astype(np.int64) for name in _COUNTS))
    return Looked(tile.window, tuple(from_array(arrays["candidates"])), counts, arrays["squares"].astype(np.uint8))


def _check_arrays(task: Task, tile: Tile, arrays: Arrays) -> None:
    """Refuse what no tile of this task gives: the folder of a scan may come from elsewhere."""
    squares = tuple(-(-side // task.square_px) for side in (tile.window.rows, tile.window.cols))
    expected = {"squares": (squares, "u1"), **dict.fromkeys(_COUNTS, ((1 + len(task.shapes),), "i8"))}
    found = {name: (array.shape, array.dtype.str[1:]) for name, array in arrays.items() if name != "candidates"}
    if found != expected or not is_sound(arrays.get("candidates")):
        raise IntegrityError(
            f"tile {tile.number}: what was kept of it is not what a scan of this pair gives, expected its own folder; "
            "remove the folder and begin anew"
        )


def join(task: Task, window: Window, parts: Iterable[Looked]) -> Looked:
    """Put what was found in parts of a window together; their order does not matter to what is made of it."""
    side = task.square_px
    squares = np.full((-(-window.rows // side), -(-window.cols // side)), NOT_ASKED, dtype=np.uint8)
    counts = no_pixels(task.shapes)
    candidates: list[Candidate] = []
    for part in parts:
        counts += part.counts
        candidates += part.candidates
        row, col = (part.window.row - window.row) // side, (part.window.col - window.col) // side
        squares[row : row + part.squares.shape[0], col : col + part.squares.shape[1]] = part.squares
    return Looked(window, tuple(candidates), counts, squares)
