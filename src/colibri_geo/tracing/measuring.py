"""Measure the candidates that a search found, one by one, on the images themselves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import product
from typing import Any

import numpy as np

from colibri_geo.core.frames import Frame, Line, straighten
from colibri_geo.core.resample import Coarse, average_blocks
from colibri_geo.core.segments import fit_segment
from colibri_geo.core.shape import Piece, Segment
from colibri_geo.core.whitening import Whitening
from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.tracing.linking import Seed

FloatArray = np.ndarray[Any, np.dtype[np.float32]]

_TILE_PX = 128
_KEPT_TILES, _KEPT_STACKS = 128, 64
_NEAR_PX = 18
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


@dataclass(frozen=True)
class _Dates:
    """Both images of a tile."""

    before: Coarse
    after: Coarse


@dataclass
class ChangeReader:
    """Reads a change map along lines; keeps the tiles read last, since candidates cluster.

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
    _tiles: dict[tuple[Shown, int, int], FloatArray] = field(default_factory=dict)
    _blocks: dict[tuple[int, int], _Dates] = field(default_factory=dict)

    def find_bare_direction(self, line: Line) -> FloatArray:
        """(B,) ndarray of float32: unit vector of bareness among the bands, as they are whitened around a line."""
        direction = np.linalg.solve(self.whitening.at(line.row, line.col).T, self.change_map.bare_direction)
        unit: FloatArray = direction / np.linalg.norm(direction)
        return unit

    def view(self, line: Line, first_station: int, last_station: int, half_width_px: float, *, shown: Shown) -> Frame:
        """Read what is `shown` along a line; see `colibri_geo.core.segments.View`."""
        corners = np.array(
            [
                line.locate(station, offset)
                for station in (first_station, last_station)
                for offset in (-half_width_px, half_width_px)
            ]
        )
        low, high = np.floor(corners.min(axis=0)).astype(int) - 1, np.ceil(corners.max(axis=0)).astype(int) + 2
        window = Window(int(low[0]), int(low[1]), int(high[0] - low[0]), int(high[1] - low[1]))
        local = Line(line.row - window.row, line.col - window.col, line.angle_deg)
        return straighten(
            self._read(window, self._find_tiles(line, first_station, last_station, half_width_px), shown),
            local,
            first_station=first_station,
            last_station=last_station,
            half_width_px=half_width_px,
            dates=shown.images,
        )

    @staticmethod
    def _find_tiles(line: Line, first: int, last: int, half_width_px: float) -> set[tuple[int, int]]:
        """Find the tiles of the lattice that what is seen along a line lies on, and no others."""
        stations = np.linspace(first, last, 2 + (last - first) // (2 * _NEAR_PX))
        offsets = np.linspace(-half_width_px, half_width_px, 2 + int(half_width_px) // _NEAR_PX)
        rows, cols = (
            start + stations[:, None] * along + offsets * across
            for start, along, across in zip((line.row, line.col), line.along, line.across, strict=True)
        )
        near = [
            (((rows + down) // _TILE_PX).ravel().tolist(), ((cols + right) // _TILE_PX).ravel().tolist())
            for down, right in product((-_NEAR_PX, _NEAR_PX), repeat=2)
        ]
        tiles = {place for down, right in near for place in zip(down, right, strict=True)}
        return {(int(row) * _TILE_PX, int(col) * _TILE_PX) for row, col in tiles}

    def _read(self, window: Window, tiles: set[tuple[int, int]], shown: Shown) -> FloatArray:
        planes = shown.images * (len(self.change_map.pair.model.bands) + 1)
        stack = np.zeros((window.rows, window.cols, planes), dtype=np.float32)
        for row, col in sorted(tiles):
            place = Window(row, col, _TILE_PX, _TILE_PX).relative_to(window)
            target = place.clipped(window.rows, window.cols)
            if not target.empty:
                stack[target.slices] = self._tile(shown, row, col)[target.relative_to(place).slices]
        return stack

    def _tile(self, shown: Shown, row: int, col: int) -> FloatArray:
        """Read one tile of the lattice, (128, 128, planes); see `straighten` for the planes."""
        key = (shown, row, col)
        if key not in self._tiles:
            self._tiles[key] = np.ascontiguousarray(_stack(self._block(row, col), shown).transpose(1, 2, 0))
            _forget(self._tiles, _KEPT_STACKS)
        return self._tiles[key]

    def _block(self, row: int, col: int) -> _Dates:
        if (row, col) not in self._blocks:
            window = Window(*(self.factor * place for place in (row, col, _TILE_PX, _TILE_PX)))
            block = self.change_map.read(window)
            before = average_blocks(block.before, block.valid_before, self.factor)
            after = average_blocks(block.after, block.valid_after, self.factor)
            self._blocks[row, col] = _Dates(*(self._whiten(date, row, col) for date in (before, after)))
            _forget(self._blocks, _KEPT_TILES)
        return self._blocks[row, col]

    def _whiten(self, date: Coarse, row: int, col: int) -> Coarse:
        return Coarse(self.whitening.apply(date.image, Window(row, col, _TILE_PX, _TILE_PX)), date.seen)


def _forget(kept: dict[Any, Any], most: int) -> None:
    """Drop what was read first."""
    while len(kept) > most:
        kept.pop(next(iter(kept)))


def _stack(dates: _Dates, shown: Shown) -> FloatArray:
    before, after = dates.before.seen.astype(np.float32), dates.after.seen.astype(np.float32)
    if shown is Shown.DATES:
        return np.concatenate([dates.before.image, dates.after.image, np.stack([before, after])])
    if shown is Shown.CHANGE:
        both = before * after
        return np.concatenate([(dates.after.image - dates.before.image) * both, both[None]])
    lasting = (dates.before.image + dates.after.image) / np.maximum(before + after, np.float32(1))
    return np.concatenate([lasting, np.maximum(before, after)[None]])


@dataclass(frozen=True)
class Limits:
    """What a fit may give, pixels."""

    min_length_px: float
    max_length_px: float
    max_width_px: float


def measure_seeds(
    reader: ChangeReader, seeds: Sequence[Seed], *, of_change: bool, limits: Limits, known: Known
) -> list[Segment]:
    """Measure seeds square by square, in each the strongest first; one on a strip measured before is left out.

    Parameters
    ----------
    reader : ChangeReader
    seeds : sequence of Seed
    of_change : bool
        Fit to the change between the dates, or else to what both show.
    limits : Limits
    known : Known
        What is known already; what is found is added to it.

    Returns
    -------
    list of Segment
    """
    found: list[Segment] = []
    view = partial(reader.view, shown=Shown.CHANGE if of_change else Shown.LASTING)
    view_dates = partial(reader.view, shown=Shown.DATES)
    for seed in sorted(seeds, key=_visit):
        if known.holds(seed.line):
            continue
        segment = fit_segment(
            view,
            seed.line,
            view_dates=view_dates,
            seed_half_px=seed.half_px,
            min_length_px=limits.min_length_px,
            max_length_px=limits.max_length_px,
            bare_direction=reader.find_bare_direction(seed.line),
            of_change=of_change,
        )
        if segment is None or known.holds(segment.line):
            continue
        known.add(segment)
        if isinstance(segment, Segment):
            found.append(segment)
    return [segment for segment in found if segment.width_px <= limits.max_width_px]


def _visit(seed: Seed) -> tuple[int, int, float]:
    """Order in which seeds are measured: block by block, so that the tiles read for one serve the next."""
    return int(seed.line.row) // _BLOCK_PX, int(seed.line.col) // _BLOCK_PX, -seed.strength


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
