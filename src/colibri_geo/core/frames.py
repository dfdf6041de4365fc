"""Images seen along a line: sampled so that the line becomes a row."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import sparse

from colibri_geo.core import compiled
from colibri_geo.core.windows import Window

FloatArray = np.ndarray[Any, np.dtype[np.float32]]

ACROSS_STEP_PX = 0.5
_LEAST_WEIGHT = 0.5


@dataclass(frozen=True)
class Line:
    """A straight line on an image, in pixels; the centre of the first pixel is at 0, 0.

    Attributes
    ----------
    row, col : float
        A point on it: station 0.
    angle_deg : float
        Direction in which stations count up, clockwise from up.
    """

    row: float
    col: float
    angle_deg: float

    @property
    def along(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Unit step (row, col) along the line."""
        angle = math.radians(self.angle_deg)
        return np.array([-math.cos(angle), math.sin(angle)])

    @property
    def across(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Unit step (row, col) to the right of the line."""
        angle = math.radians(self.angle_deg)
        return np.array([math.sin(angle), math.cos(angle)])

    def locate(self, station: float, offset: float = 0.0) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return row and column of a station, `offset` pixels to the right."""
        angle = math.radians(self.angle_deg)
        down, right = -math.cos(angle), math.sin(angle)
        return np.array([self.row + station * down + offset * right, self.col + station * right - offset * down])

    def moved(self, *, station: float, offset: float, turn_deg: float) -> Line:
        """Return the line through the point at `station` and `offset`, turned clockwise by `turn_deg`."""
        row, col = self.locate(station, offset).tolist()
        return Line(row, col, self.angle_deg + turn_deg)


@dataclass(frozen=True)
class Frame:
    """Images sampled along a line.

    Attributes
    ----------
    images : (D, B, T, S) ndarray of float32
        D images of B bands at T offsets across the line and S stations along it; 0 where an image is not observed.
    weights : (D, T, S) ndarray of float32, [0, 1]
        0 where an image is not observed.
    offsets : (T,) ndarray of float64, pixels
        Symmetric around 0, positive to the right.
    stations : (S,) ndarray of float64, pixels
        One a pixel.
    """

    images: FloatArray
    weights: FloatArray
    offsets: np.ndarray[Any, np.dtype[np.float64]]
    stations: np.ndarray[Any, np.dtype[np.float64]]

    @property
    def before(self) -> FloatArray:
        """(B, T, S) ndarray of float32: the first image."""
        first: FloatArray = self.images[0]
        return first

    @property
    def after(self) -> FloatArray:
        """(B, T, S) ndarray of float32: the last image."""
        last: FloatArray = self.images[-1]
        return last

    @property
    def weight_before(self) -> FloatArray:
        """(T, S) ndarray of float32: weight of the first image."""
        first: FloatArray = self.weights[0]
        return first

    @property
    def weight_after(self) -> FloatArray:
        """(T, S) ndarray of float32: weight of the last image."""
        last: FloatArray = self.weights[-1]
        return last


@dataclass(frozen=True)
class Mosaic:
    """Part of a stack, as the tiles that it is cut from: a line crosses few of those in the window around it.

    Attributes
    ----------
    window : Window
        What is looked at, counted in the whole image.
    tiles : mapping of (row, col) to (side, side, planes) ndarray of float32, C-contiguous
        By the place of their first pixel, a multiple of the side; where none is, the stack is 0.
    side_px, planes : int
        The side is a power of two.
    """

    window: Window
    tiles: Mapping[tuple[int, int], FloatArray]
    side_px: int
    planes: int

    def assemble(self) -> FloatArray:
        """(M, N, planes) ndarray of float32: the stack of the window."""
        stack = np.zeros((self.window.rows, self.window.cols, self.planes), dtype=np.float32)
        for (row, col), tile in self.tiles.items():
            place = Window(row, col, self.side_px, self.side_px).relative_to(self.window)
            target = place.clipped(self.window.rows, self.window.cols)
            if not target.empty:
                stack[target.slices] = tile[target.relative_to(place).slices]
        return stack


def merge_dates(dates: FloatArray, *, of_change: bool) -> FloatArray:
    """Make one image of both dates.

    Parameters
    ----------
    dates : (M, N, 2 B + 2) ndarray of float32, C-contiguous
        The bands of each date, then for each 1 where it is observed; a date is 0 where it is not observed.
    of_change : bool
        Take the difference, where both are observed; or else the mean, or the date that is observed.

    Returns
    -------
    (M, N, B + 1) ndarray of float32
        The bands, then 1 where the image is observed; 0 where it is not.

    Raises
    ------
    ValueError
        Where `dates` is no such array.
    """
    if dates.ndim != 3 or dates.shape[2] < 2 or dates.shape[2] % 2 or dates.dtype != np.float32:
        raise ValueError(f"dates of {dates.shape}, {dates.dtype}, expected rows, columns and 2 B + 2 planes of float32")
    bands = dates.shape[-1] // 2 - 1
    merged = np.empty((*dates.shape[:2], bands + 1), dtype=np.float32)
    if compiled.KERNELS is not None:
        asked = (bands, merged[..., 0].size, of_change, compiled.locate(merged))
        compiled.check(compiled.KERNELS.cg_merge_dates(compiled.locate(dates), *asked))
        return merged
    before, after, seen_before, seen_after = np.split(dates, [bands, 2 * bands, 2 * bands + 1], axis=2)
    image, seen = merged[..., :-1], merged[..., -1:]
    if of_change:
        np.multiply(seen_before, seen_after, out=seen)
        np.subtract(after, before, out=image)
        image *= seen
    else:
        np.maximum(seen_before, seen_after, out=seen)
        np.add(before, after, out=image)
        image /= np.maximum(seen_before + seen_after, np.float32(1))
    return merged


def straighten(
    stack: FloatArray | Mosaic,
    line: Line,
    *,
    first_station: int,
    last_station: int,
    half_width_px: float,
    dates: int = 2,
) -> Frame:
    """Sample images along a line.

    Parameters
    ----------
    stack : (M, N, D B + D) ndarray of float32, or Mosaic
        The bands of each image, one image after the other, then for each image 1 where it is observed; an image is 0
        where it is not observed. All that is looked at has to lie in the window of a mosaic.
    line : Line
        Counted in the stack.
    first_station, last_station : int
        Both included.
    half_width_px : float
        How far to look to each side.
    dates : int
        D, the number of images in the stack.

    Returns
    -------
    Frame
        Sampled by bilinear interpolation of observed pixels.

    Raises
    ------
    ValueError
        Where nothing is looked at, or the planes or tiles are others than those of so many images.
    """
    if last_station < first_station or not 0 <= half_width_px < math.inf:
        looked_at = f"stations {first_station} to {last_station}, {half_width_px} pixels to each side"
        raise ValueError(f"{looked_at}; expected one station or more, and 0 pixels or more")
    planes = stack.planes if isinstance(stack, Mosaic) else stack.shape[2]
    if dates < 1 or planes % dates or planes == dates:
        raise ValueError(f"a stack of {planes} planes for {dates} images, expected B + 1 for each of one or more")
    offsets = _list_offsets(round(half_width_px / ACROSS_STEP_PX))
    stations = np.arange(first_station, last_station + 1, dtype=np.float64)
    if isinstance(stack, Mosaic):
        if compiled.KERNELS is not None:
            return _straighten_compiled(compiled.KERNELS, stack, line, offsets=offsets, stations=stations, dates=dates)
        stack = stack.assemble()
    (down, right), (aside_down, aside_right) = line.along, line.across
    rows = (line.row + stations * down) + (offsets * aside_down)[:, None]
    cols = (line.col + stations * right) + (offsets * aside_right)[:, None]
    sampled = _interpolate(stack, rows, cols)
    weights = np.ascontiguousarray(sampled[:, -dates:].T)
    weights[weights < _LEAST_WEIGHT] = 0
    scale = np.divide(1, weights, out=np.zeros_like(weights), where=weights > 0)
    np.minimum(weights, 1, out=weights)  # the shares of four pixels may add up to a little more
    images = np.empty((dates, sampled.shape[1] // dates - 1, rows.size), dtype=np.float32)
    np.multiply(sampled[:, :-dates].T.reshape(images.shape), scale[:, None], out=images)
    return Frame(images.reshape(dates, -1, *rows.shape), weights.reshape(dates, *rows.shape), offsets, stations)


@lru_cache(maxsize=16)
def _list_offsets(half: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    offsets: np.ndarray[Any, np.dtype[np.float64]] = ACROSS_STEP_PX * np.arange(-half, half + 1, dtype=np.float64)
    offsets.flags.writeable = False
    return offsets


def _straighten_compiled(
    kernels: ctypes.CDLL,
    mosaic: Mosaic,
    line: Line,
    *,
    offsets: np.ndarray[Any, np.dtype[np.float64]],
    stations: np.ndarray[Any, np.dtype[np.float64]],
    dates: int,
) -> Frame:
    """Do what `straighten` does, without putting the tiles together."""
    (down, right), (aside_down, aside_right) = line.along, line.across
    look = compiled.Look(
        row=line.row,
        col=line.col,
        down=down,
        right=right,
        aside_down=aside_down,
        aside_right=aside_right,
        window_row=mosaic.window.row % mosaic.side_px,
        window_col=mosaic.window.col % mosaic.side_px,
        first_station=int(stations[0]),
        stations=len(stations),
        half_offsets=len(offsets) // 2,
        offset_step=ACROSS_STEP_PX,
        least_weight=_LEAST_WEIGHT,
    )
    images = np.empty((dates, mosaic.planes // dates - 1, len(offsets), len(stations)), dtype=np.float32)
    weights = np.empty((dates, len(offsets), len(stations)), dtype=np.float32)
    tiles = _state_tiles(mosaic, dates)
    compiled.check(kernels.cg_straighten(tiles, look, compiled.locate(images), compiled.locate(weights)))
    return Frame(images, weights, offsets, stations)


def _state_tiles(mosaic: Mosaic, dates: int) -> compiled.Mosaic:
    """State where the tiles around the window lie in memory, as the kernel takes it; the mosaic has to outlive it."""
    side, around = mosaic.side_px, mosaic.window.snapped(mosaic.side_px)
    if side & (side - 1):
        raise ValueError(f"tiles of {side} pixels, expected a power of two")
    places = np.zeros((around.rows // side, around.cols // side), dtype=np.uintp)
    for (row, col), tile in mosaic.tiles.items():
        if tile.shape != (side, side, mosaic.planes) or tile.dtype != np.float32 or not tile.flags.c_contiguous:
            raise ValueError(f"a tile of {tile.shape} {tile.dtype}, expected {side} x {side} pixels in one piece")
        if around.row <= row < around.end_row and around.col <= col < around.end_col:
            places[(row - around.row) // side, (col - around.col) // side] = compiled.locate(tile)
    nothing = np.zeros(mosaic.planes, dtype=np.float32)
    stated = compiled.Mosaic(
        tiles=compiled.locate(places, ctypes.c_size_t),
        nothing=compiled.locate(nothing),
        tile_rows=places.shape[0],
        tile_cols=places.shape[1],
        side_bits=side.bit_length() - 1,
        planes=mosaic.planes,
        dates=dates,
    )
    stated.kept = places, nothing  # as long as what is stated
    return stated


def _interpolate(stack: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatArray:
    """Bilinear samples of all planes on a rectangle, (T S, planes); outside of the image all are 0.

    A product with a sparse matrix: each sample is a weighted sum of four pixels.
    """
    margin = _find_margin(rows, cols, stack.shape)
    if margin > 0:
        # A frame of zeros, as wide as the samples stray, makes all of them lie inside.
        padded = np.pad(stack, ((margin, margin), (margin, margin), (0, 0)))
        return _interpolate(padded, rows + margin, cols + margin)
    height, width, planes = stack.shape
    first_row, first_col = rows.astype(np.int32), cols.astype(np.int32)
    down, right = (rows - first_row).astype(np.float32), (cols - first_col).astype(np.float32)
    up, left = 1 - down, 1 - right
    first = first_row * width + first_col
    pixels, shares = np.empty((*rows.shape, 4), dtype=np.int32), np.empty((*rows.shape, 4), dtype=np.float32)
    for corner, step in enumerate((0, 1, width, width + 1)):
        np.add(first, step, out=pixels[..., corner])
        np.multiply(down if corner >= 2 else up, right if corner % 2 else left, out=shares[..., corner])
    ends = np.arange(0, shares.size + 1, 4, dtype=np.int32)
    matrix = sparse.csr_array((shares.ravel(), pixels.ravel(), ends), shape=(rows.size, height * width))
    samples: FloatArray = matrix @ stack.reshape(-1, planes)
    return samples


def _find_margin(rows: FloatArray, cols: FloatArray, shape: tuple[int, ...]) -> int:
    """Find by how much an image has to grow for four pixels to lie around each sample; 0 where they do."""
    corners = [0, rows.shape[1] - 1, -rows.shape[1], -1]  # a rectangle strays most at them
    places = [axis.take(corners).tolist() for axis in (rows, cols)]
    short = -min(map(min, places))
    beyond = max(max(places[0]) - shape[0], max(places[1]) - shape[1]) + 1
    return 0 if short <= 0 and beyond < 0 else 1 + math.ceil(max(short, beyond, 0))
