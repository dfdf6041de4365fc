"""Tiles: whole cells of the lattice that are worked on together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from numbers import Integral

from colibri_geo.arguments import check_given
from colibri_geo.core.windows import Window
from colibri_geo.errors import SettingsError


@dataclass(frozen=True)
class Tile:
    """A group of cells: one task, and one file of an unfinished scan.

    Attributes
    ----------
    number : int
        0, 1, ... in reading order.
    window : Window
        The smallest one around the cells, in pixels of the pair's grid.
    cells : tuple of Window
        Whole cells of the lattice, in reading order.
    """

    number: int
    window: Window
    cells: tuple[Window, ...]

    @property
    def size_px(self) -> int:
        """Number of pixels of all cells."""
        return sum(cell.rows * cell.cols for cell in self.cells)


def check_tile(tile_px: int) -> None:
    """Refuse what is no side of a tile; see `cut_tiles`."""
    check_given(tile_px, Integral, argument="tile_px", expected="a whole number, 1 or more; correct it")
    if tile_px < 1:
        raise SettingsError(f"the side of a tile is {tile_px} px, expected 1 or more; correct --tile (tile_px)")


def cut_tiles(cells: Sequence[Window], tile_px: int) -> tuple[Tile, ...]:
    """Group cells into tiles.

    A cell belongs to the tile that holds its first pixel. What is found cannot depend on it: a tile decides which cells
    are worked on together, and nothing else.

    Parameters
    ----------
    cells : sequence of Window
        Cells of one lattice, in any order; some may be left out.
    tile_px : int
        Side of a tile in pixels, 1 or more; rounded up to whole cells.

    Returns
    -------
    tuple of Tile
        In reading order.

    Raises
    ------
    SettingsError
        Where the side is no whole number, or less than a pixel.

    Examples
    --------
    >>> cells = [Window(row, col, 4, 4) for row in (0, 4) for col in (0, 4, 8)]
    >>> [len(tile.cells) for tile in cut_tiles(cells, 5)]
    [4, 2]
    """
    check_tile(tile_px)
    rows = _round_up(tile_px, max((cell.rows for cell in cells), default=1))
    cols = _round_up(tile_px, max((cell.cols for cell in cells), default=1))
    groups: defaultdict[tuple[int, int], list[Window]] = defaultdict(list)
    for cell in sorted(cells):
        groups[cell.row // rows, cell.col // cols].append(cell)
    places = sorted(groups)
    return tuple(
        Tile(number, reduce(Window.joined, groups[place]), tuple(groups[place])) for number, place in enumerate(places)
    )


def find_side(windows: Iterable[Window]) -> int:
    """Return the longest side of the windows of some tiles in pixels; 0 where there are none."""
    return max((side for window in windows for side in (window.rows, window.cols)), default=0)


def _round_up(side_px: int, step_px: int) -> int:
    return -(-side_px // max(step_px, 1)) * max(step_px, 1)
