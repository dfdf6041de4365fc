"""Reading windows of many scenes as of one, block by block, the clearest scene first; never built whole.

The mosaic's grid is cut into blocks of a fixed lattice. What a block shows is decided for the block as a whole, so that
nothing depends on the window that is read, nor on the order in which the scenes were given.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.scene import Block, Source, outside_block
from colibri_geo.scenes.warping import find_source_window, warp_block

BLOCK_PX = 512
"""Side of the blocks in which it is decided which scene is seen."""

_KEPT_BYTES = 48 * 2**20  # of blocks, a mosaic and process: eleven of four bands, enough for windows that overlap


class KeptBlocks:
    """The blocks that were read last, up to a number of bytes; another process starts with none.

    Examples
    --------
    >>> kept = KeptBlocks()
    >>> kept.keep((0, 0), outside_block(1, Window(0, 0, 2, 2)))
    >>> kept.recall((0, 0)) is None, kept.recall((0, 1)) is None
    (False, True)
    """

    def __init__(self, most_bytes: int = _KEPT_BYTES) -> None:
        self.most_bytes = most_bytes
        self._blocks: OrderedDict[tuple[int, ...], Block] = OrderedDict()
        self._guard = threading.Lock()

    def __reduce__(self) -> tuple[type[KeptBlocks], tuple[int]]:
        return KeptBlocks, (self.most_bytes,)

    @property
    def size_bytes(self) -> int:
        """Bytes of the blocks that are kept."""
        return sum(block.values.nbytes + block.unseen.nbytes for block in self._blocks.values())

    def recall(self, key: tuple[int, ...]) -> Block | None:
        """Return a block that is still kept."""
        with self._guard:
            block = self._blocks.get(key)
            if block is not None:
                self._blocks.move_to_end(key)
            return block

    def keep(self, key: tuple[int, ...], block: Block) -> None:
        """Keep a block, and forget those that were not asked for the longest."""
        with self._guard:
            self._blocks[key] = block
            while len(self._blocks) > 1 and self.size_bytes > self.most_bytes:
                self._blocks.popitem(last=False)


@dataclass(frozen=True)
class PlacedScene:
    """One scene of a mosaic, and where it lies on the mosaic's grid.

    Attributes
    ----------
    source : Source
    grid : GeoBox
        The scene's own.
    positions : tuple of int
        Of the mosaic's bands among those of the scene.
    extent : Window
        Pixels of the mosaic's grid that it may reach.
    aligned : bool
        Whether its pixels are pixels of the mosaic's grid: then they are read as they are, else resampled.
    """

    source: Source
    grid: GeoBox
    positions: tuple[int, ...]
    extent: Window
    aligned: bool

    def touches(self, window: Window) -> bool:
        """Whether it may reach into a window of the mosaic's grid."""
        return not self.extent.cut(window).empty

    def read(self, window: Window, positions: Sequence[int], grid: GeoBox) -> Block:
        """Read a window of the mosaic's grid, `positions` among the mosaic's bands."""
        wanted = [self.positions[position] for position in positions]
        if self.aligned:
            return self.source.read(window.relative_to(self.extent), wanted)
        place = cut_grid(grid, window)
        mine = find_source_window(self.grid, place)
        if mine.empty:
            return outside_block(len(positions), window)
        return warp_block(self.source.read(mine, wanted), cut_grid(self.grid, mine), place)


@dataclass(frozen=True)
class _Piece:
    """A part of a window that is read at once: pixels of one block, or of several with the same only scene."""

    window: Window
    scenes: tuple[int, ...]

    def follows(self, other: _Piece) -> bool:
        """Whether it goes on to the right of another."""
        mine, its = self.window, other.window
        return self.scenes == other.scenes and (mine.row, mine.rows, mine.col) == (its.row, its.rows, its.end_col)

    def lies_below(self, other: _Piece) -> bool:
        """Whether it goes on below another."""
        mine, its = self.window, other.window
        return self.scenes == other.scenes and (mine.col, mine.cols, mine.row) == (its.col, its.cols, its.end_row)


@dataclass(frozen=True)
class MosaicSource:
    """Reads windows of many scenes as of one; picklable where their sources are, holds no open file.

    Attributes
    ----------
    grid : GeoBox
        The mosaic's.
    bands : int
        Number of its bands.
    scenes : tuple of PlacedScene
        Of two that are equally clear, the earlier one is seen.

    Notes
    -----
    In a block that several scenes touch, each pixel is taken from the scene that sees it; where several do, from the
    one that sees most of the block. Where none does, it has the lowest of their `Unseen` codes: what kept the least
    from being seen, with the value measured under it, if any. To be seen there, a pixel has to be measured in all of
    the mosaic's bands, whichever are read. In a block that one scene touches, it is read as by itself.
    """

    grid: GeoBox
    bands: int
    scenes: tuple[PlacedScene, ...]
    _kept: KeptBlocks = field(default_factory=KeptBlocks, repr=False, compare=False)

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read the bands at `positions`; see `colibri_geo.scenes.scene.Source`."""
        inside = window.clipped(*(int(side) for side in self.grid.shape))
        pieces = [] if inside.empty else _join_pieces(self._cut(inside), self._is_plain)
        if len(pieces) == 1 and self._is_plain(pieces[0]):
            return self.scenes[pieces[0].scenes[0]].read(window, positions, self.grid)
        whole = outside_block(len(positions), window)
        for piece in pieces:
            block = self._read_piece(piece, positions)
            place = piece.window.relative_to(window).slices
            whole.values[:, *place] = block.values
            whole.unseen[place] = block.unseen
        return whole

    def _cut(self, inside: Window) -> Iterator[_Piece]:
        """Cut a window at the edges of blocks; what no scene touches is left out."""
        around = inside.snapped(BLOCK_PX)
        for row in range(around.row, around.row + around.rows, BLOCK_PX):
            for col in range(around.col, around.col + around.cols, BLOCK_PX):
                block = self._find_block(row, col)
                scenes = tuple(number for number, scene in enumerate(self.scenes) if scene.touches(block))
                if scenes:
                    yield _Piece(block.cut(inside), scenes)

    def _find_block(self, row: int, col: int) -> Window:
        first = Window(row // BLOCK_PX * BLOCK_PX, col // BLOCK_PX * BLOCK_PX, BLOCK_PX, BLOCK_PX)
        return first.clipped(*(int(side) for side in self.grid.shape))

    def _is_plain(self, piece: _Piece) -> bool:
        """Whether it is read from one scene as it is."""
        return len(piece.scenes) == 1 and self.scenes[piece.scenes[0]].aligned

    def _read_piece(self, piece: _Piece, positions: Sequence[int]) -> Block:
        if self._is_plain(piece):
            return self.scenes[piece.scenes[0]].read(piece.window, positions, self.grid)
        window = self._find_block(piece.window.row, piece.window.col)
        alone = len(piece.scenes) == 1
        read = tuple(positions) if alone else tuple(range(self.bands))  # which scene is seen must not depend on bands
        block = self._recall(window, piece.scenes, read)
        place = piece.window.relative_to(window).slices
        values = block.values[:, *place]
        return Block(values if alone else values[list(positions)], block.unseen[place])

    def _recall(self, window: Window, scenes: tuple[int, ...], positions: tuple[int, ...]) -> Block:
        key = (window.row, window.col, *positions)
        block = self._kept.recall(key)
        if block is None:
            block = self._compose(window, scenes, positions)
            self._kept.keep(key, block)
        return block

    def _compose(self, window: Window, scenes: Sequence[int], positions: Sequence[int]) -> Block:
        """Put a whole block together; one scene at a time is held beside it."""
        best = outside_block(len(positions), window)
        clearness = np.full(best.unseen.shape, -1, dtype=np.int32)  # pixels seen in the block by each pixel's scene
        for number in scenes:
            block = self.scenes[number].read(window, positions, self.grid)
            seen = int(np.count_nonzero(block.valid))
            better = (block.unseen < best.unseen) | ((block.unseen == best.unseen) & (seen > clearness))
            np.copyto(best.values, block.values, where=better)
            np.copyto(best.unseen, block.unseen, where=better)
            clearness[better] = seen
            if seen == clearness.size:  # none is clearer
                break
        return best


def _join_pieces(pieces: Iterable[_Piece], is_plain: Callable[[_Piece], bool]) -> list[_Piece]:
    """Join neighbours that are read from the same scene as it is: each read has its price."""
    runs: list[_Piece] = []
    for piece in pieces:
        if runs and is_plain(piece) and piece.follows(runs[-1]):
            runs[-1] = replace(runs[-1], window=runs[-1].window.joined(piece.window))
        else:
            runs.append(piece)
    joined: list[_Piece] = []
    for run in runs:
        above = next((n for n, other in enumerate(joined) if is_plain(run) and run.lies_below(other)), None)
        if above is None:
            joined.append(run)
        else:
            joined[above] = replace(run, window=joined[above].window.joined(run.window))
    return joined
