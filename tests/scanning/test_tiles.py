"""Tiles: every cell is in one of them, and their order is fixed."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.windows import Window
from colibri_geo.errors import SettingsError
from colibri_geo.scanning import cut_tiles
from colibri_geo.scanning.tiles import find_side

SIDE_PX = 16


def cut_cells(rows: int, cols: int) -> list[Window]:
    """Cut an image into cells, those at the end smaller."""
    return [
        Window(row, col, min(SIDE_PX, rows - row), min(SIDE_PX, cols - col))
        for row in range(0, rows, SIDE_PX)
        for col in range(0, cols, SIDE_PX)
    ]


@pytest.mark.parametrize("tile_px", [1, 16, 17, 32, 50, 10_000])
def test_each_cell_is_in_one_tile(tile_px: int) -> None:
    """Tiles hold all cells, each once, whole, in reading order."""
    cells = cut_cells(100, 75)
    tiles = cut_tiles(cells, tile_px)
    assert sorted(cell for tile in tiles for cell in tile.cells) == cells
    assert [tile.number for tile in tiles] == list(range(len(tiles)))
    assert [tile.window for tile in tiles] == sorted(tile.window for tile in tiles)
    assert all(list(tile.cells) == sorted(tile.cells) for tile in tiles)
    assert sum(tile.size_px for tile in tiles) == 100 * 75


@pytest.mark.parametrize(("tile_px", "side"), [(1, 16), (16, 16), (17, 32), (33, 48)])
def test_side_is_rounded_up_to_whole_cells(tile_px: int, side: int) -> None:
    """A tile is as large as was asked for, or up to a cell larger."""
    first = cut_tiles(cut_cells(160, 160), tile_px)[0]
    assert first.window == Window(0, 0, side, side)


def test_the_longest_side_is_told() -> None:
    """The longest side is that of whole cells, and of the ground where that is smaller than a tile."""
    cut = (cut_tiles(cut_cells(160, 160), tile_px) for tile_px in (1, 33, 999))
    assert [find_side(tile.window for tile in tiles) for tiles in cut] == [16, 48, 160]
    assert find_side(()) == 0


def test_order_of_the_cells_does_not_matter(rng: np.random.Generator) -> None:
    """The same cells make the same tiles, however they come."""
    cells = cut_cells(100, 75)
    mixed = [cells[place] for place in rng.permutation(len(cells))]
    assert cut_tiles(mixed, 40) == cut_tiles(cells, 40)


def test_cells_that_are_left_out_are_in_no_tile() -> None:
    """Where cells are missing, tiles are smaller or missing too, and numbers go on without a gap."""
    cells = [cell for cell in cut_cells(64, 64) if cell.row >= 32 or cell.col >= 48]
    tiles = cut_tiles(cells, 32)
    assert [tile.window for tile in tiles] == [Window(0, 48, 32, 16), Window(32, 0, 32, 32), Window(32, 32, 32, 32)]
    assert [tile.number for tile in tiles] == [0, 1, 2]


def test_nothing_gives_nothing() -> None:
    """Without cells there are no tiles."""
    assert cut_tiles([], 512) == ()


def test_a_tile_has_a_side() -> None:
    """A side of no pixel is refused."""
    with pytest.raises(SettingsError, match="is 0 px, expected 1 or more; correct --tile"):
        cut_tiles(cut_cells(32, 32), 0)
