"""Measure the candidates that a search found, one by one, on the images themselves."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property, partial
from itertools import product
from typing import Any

import numpy as np

from colibri_geo.core.frames import Frame, Line, Mosaic, merge_dates, straighten
from colibri_geo.core.resample import average_blocks
from colibri_geo.core.segments import fit_segment
from colibri_geo.core.shape import Piece, Segment
from colibri_geo.core.whitening import Whitening
from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.tracing.linking import Seed

FloatArray = np.ndarray[Any, np.dtype[np.float32]]

_TILE_PX = 256
_KEPT_DATES, _KEPT_SHOWN = 32, 24
_AROUND_PX = 2.0
_BLOCK_PX = 512
_SAME_TURN_DEG = 20.0
_BESIDE_PX, _BEYOND_PX = 3.0, 5.0
_SQUARE_PX = 128


class Shown(Enum):
    """What is seen along a line."""

    DATES = "dates"
    """Both images, each where it is observed."""
    CHANGE = "change"
    """Their difference, where both are observed."""
    LASTING = "lasting"
    """What they show alike: their mean, or the one that is observed."""

    @property
    def images(self) -> int:
        """Number of images."""
        return 2 if self is Shown.DATES else 1


@dataclass
class ChangeReader:
    """Reads a change map along lines; keeps some tiles, since candidates cluster.

    Of tiles with both dates, which are dear to read, it keeps the lowest; of what is made of them those that were
    asked for last.

    Attributes
    ----------
    change_map : ChangeMap
    whitening : Whitening
        Of the clutter around each place.
    factor : int
        Pixels of the pair that make one pixel of what is measured, in each direction; lines are in such pixels.
    """

    change_map: ChangeMap
    whitening: Whitening
    factor: int = 1
    _dates: dict[tuple[int, int], FloatArray] = field(default_factory=dict)
    _shown: dict[tuple[Shown, int, int], FloatArray] = field(default_factory=dict)

    @cached_property
    def _bare_direction(self) -> FloatArray:
        return self.change_map.bare_direction

    def find_bare_direction(self, line: Line) -> FloatArray:
        """(B,) ndarray of float32: unit vector of bareness among the bands, as they are whitened around a line."""
        direction = np.linalg.solve(self.whitening.at(line.row, line.col).T, self._bare_direction)
        unit: FloatArray = direction / np.linalg.norm(direction)
        return unit

    def view(self, line: Line, first_station: int, last_station: int, half_width_px: float, *, shown: Shown) -> Frame:
        """Read what is `shown` along a line; see `colibri_geo.core.segments.View`."""
        window = _find_window(line, first_station, last_station, half_width_px)
        places = _find_tiles(window, line, first_station, last_station, half_width_px)
        mosaic = Mosaic(
            window,
            {place: self._tile(shown, *place) for place in places},
            side_px=_TILE_PX,
            planes=shown.images * (len(self.change_map.pair.model.bands) + 1),
        )
        return straighten(
            mosaic,
            Line(line.row - window.row, line.col - window.col, line.angle_deg),
            first_station=first_station,
            last_station=last_station,
            half_width_px=half_width_px,
            dates=shown.images,
        )

    def _tile(self, shown: Shown, row: int, col: int) -> FloatArray:
        """Give one tile of the lattice, (256, 256, planes); see `straighten` for the planes."""
        if shown is Shown.DATES:
            read = partial(self._read_dates, row, col)
            return _recall(self._dates, (row, col), read, most=_KEPT_DATES, forget=_find_highest)
        return _recall(self._shown, (shown, row, col), partial(self._merge, shown, row, col), most=_KEPT_SHOWN)

    def _merge(self, shown: Shown, row: int, col: int) -> FloatArray:
        return merge_dates(self._tile(Shown.DATES, row, col), of_change=shown is Shown.CHANGE)

    def _read_dates(self, row: int, col: int) -> FloatArray:
        """Read both dates of a tile: the bands of each, then 1 where each is observed, (256, 256, 2 B + 2)."""
        window = Window(*(self.factor * place for place in (row, col, _TILE_PX, _TILE_PX)))
        block = self.change_map.read(window)
        before = average_blocks(block.before, block.valid_before, self.factor)
        after = average_blocks(block.after, block.valid_after, self.factor)
        return self.whitening.weave([before, after], Window(row, col, _TILE_PX, _TILE_PX))


def _find_window(line: Line, first: int, last: int, half_width_px: float) -> Window:
    """Find the window around what is seen along a line, with the pixels around its samples."""
    down, right = line.along.tolist()
    middle, length, width = (first + last) / 2, (last - first) / 2, half_width_px
    row, col = line.row + middle * down, line.col + middle * right
    tall, wide = length * abs(down) + width * abs(right), length * abs(right) + width * abs(down)
    first_row, first_col = math.floor(row - tall) - 1, math.floor(col - wide) - 1
    return Window(first_row, first_col, math.ceil(row + tall) + 2 - first_row, math.ceil(col + wide) + 2 - first_col)


def _find_tiles(window: Window, line: Line, first: int, last: int, half_width_px: float) -> list[tuple[int, int]]:
    """Find the tiles of the lattice in a window that what is seen along a line lies on, and few others."""
    down, right = line.along.tolist()
    # Half the sides of the rectangle that is seen, with the pixels around its samples, and what a tile adds to them.
    added = _TILE_PX / 2 * (abs(down) + abs(right)) + _AROUND_PX
    length, width = (last - first) / 2 + added, half_width_px + added
    row, col = line.row + (first + last) / 2 * down, line.col + (first + last) / 2 * right
    tiles = window.snapped(_TILE_PX)
    near = []
    for place in product(range(tiles.row, tiles.end_row, _TILE_PX), range(tiles.col, tiles.end_col, _TILE_PX)):
        away_row, away_col = place[0] + _TILE_PX / 2 - row, place[1] + _TILE_PX / 2 - col
        along, across = away_row * down + away_col * right, away_row * right - away_col * down
        if abs(along) <= length and abs(across) <= width:
            near.append(place)
    return near


def _find_oldest(kept: dict[Any, FloatArray]) -> object:
    """Find what was not asked for longest."""
    return next(iter(kept))


def _find_highest(kept: dict[tuple[int, int], FloatArray]) -> object:
    """Find the tile that lies highest, be it the newest: strips are measured from the top down."""
    return min(kept)


def _recall(
    kept: dict[Any, FloatArray],
    key: object,
    make: Callable[[], FloatArray],
    *,
    most: int,
    forget: Callable[[dict[Any, FloatArray]], object] = _find_oldest,
) -> FloatArray:
    """Take what is kept, or make it; of more than `most` one is forgotten."""
    found = kept.pop(key) if key in kept else make()
    kept[key] = found
    if len(kept) > most:
        del kept[forget(kept)]
    return found


@dataclass(frozen=True)
class Limits:
    """What a fit may give, pixels."""

    min_length_px: float
    max_length_px: float
    max_width_px: float


class Known:
    """Strips that were found, and pieces of longer lines, to tell whether a line lies on one that runs the same way."""

    def __init__(self, segments: Iterable[Segment | Piece] = ()) -> None:
        self._squares: dict[tuple[int, int], list[tuple[float, ...]]] = defaultdict(list)
        for segment in segments:
            self.add(segment)

    def add(self, segment: Segment | Piece) -> None:
        """Add a strip or a piece."""
        line, half = segment.line, segment.half_length_px
        footprint = (line.row, line.col, line.angle_deg, half, segment.width_px)
        reach = half + _BEYOND_PX + segment.width_px + _BESIDE_PX
        rows, cols = (
            range(int((middle - reach) // _SQUARE_PX), int((middle + reach) // _SQUARE_PX) + 1)
            for middle in (line.row, line.col)
        )
        for square in product(rows, cols):
            self._squares[square].append(footprint)

    def holds(self, line: Line) -> bool:
        """Tell whether the middle of a line lies on a strip that runs the same way."""
        near = self._squares.get((int(line.row // _SQUARE_PX), int(line.col // _SQUARE_PX)))
        if not near:
            return False
        row, col, angle_deg, half_length, width = np.array(near).T
        angle = np.radians(angle_deg)
        down, right = line.row - row, line.col - col
        along = np.abs(-down * np.cos(angle) + right * np.sin(angle))
        across = np.abs(down * np.sin(angle) + right * np.cos(angle))
        turn = np.abs((line.angle_deg - angle_deg + 90) % 180 - 90)
        on = (along <= half_length + _BEYOND_PX) & (across <= width / 2 + _BESIDE_PX)
        return bool(((turn <= _SAME_TURN_DEG) & on).any())


@dataclass(frozen=True)
class Measured:
    """Strips that were found.

    Attributes
    ----------
    change, lasting : tuple of Segment
        In the change between the dates; in what else they show alike.
    """

    change: tuple[Segment, ...]
    lasting: tuple[Segment, ...]


def measure_seeds(reader: ChangeReader, change: Sequence[Seed], lasting: Sequence[Seed], *, limits: Limits) -> Measured:
    """Measure seeds block by block, in each the strongest first; one on a strip measured before is left out.

    Parameters
    ----------
    reader : ChangeReader
    change, lasting : sequence of Seed
        Found in the change between the dates, and in what they show alike.
    limits : Limits

    Returns
    -------
    Measured

    Notes
    -----
    In each block the change goes first, so that what was read for it serves what lasts. A strip that lasts never hides
    a change; a change hides what lasts, also where it is found in a later block.
    """
    changed, lasted = _Pass(reader, Shown.CHANGE, limits), _Pass(reader, Shown.LASTING, limits)
    for seed, of_change in sorted([(seed, True) for seed in change] + [(seed, False) for seed in lasting], key=_visit):
        if of_change:
            changed.measure(seed)
        elif not changed.known.holds(seed.line):
            lasted.measure(seed)
    return Measured(
        tuple(changed.found), tuple(segment for segment in lasted.found if not changed.known.holds(segment.line))
    )


def _visit(seen: tuple[Seed, bool]) -> tuple[int, int, bool, float]:
    """Order in which seeds are measured: block by block, so that the tiles read for one serve the next."""
    seed, of_change = seen
    return int(seed.line.row) // _BLOCK_PX, int(seed.line.col) // _BLOCK_PX, not of_change, -seed.strength


@dataclass
class _Pass:
    """The measuring of seeds of one kind: what is known by now, and which of it is a strip as asked for."""

    reader: ChangeReader
    shown: Shown
    limits: Limits
    known: Known = field(default_factory=Known)
    found: list[Segment] = field(default_factory=list)

    def measure(self, seed: Seed) -> None:
        """Fit a strip to a seed, unless it lies on one that is known."""
        if self.known.holds(seed.line):
            return
        segment = fit_segment(
            partial(self.reader.view, shown=self.shown),
            seed.line,
            view_dates=partial(self.reader.view, shown=Shown.DATES),
            seed_half_px=seed.half_px,
            min_length_px=self.limits.min_length_px,
            max_length_px=self.limits.max_length_px,
            max_width_px=self.limits.max_width_px,
            bare_direction=self.reader.find_bare_direction(seed.line),
            of_change=self.shown is Shown.CHANGE,
        )
        if segment is None or self.known.holds(segment.line):
            return
        self.known.add(segment)
        if isinstance(segment, Segment):
            self.found.append(segment)
