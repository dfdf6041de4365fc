"""What is seen along a line, and its contrast with what lies beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from colibri_geo.core.frames import ACROSS_STEP_PX

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

CORE_HALF_PX = 1.0
FLANK_GAP_PX = 1.5
FLANK_PX = 3.0
_LEAST_KNOWN = 1 / 3
_BOUND = 2.0  # of the median: what a single station can add to a mean


@dataclass(frozen=True)
class Extent:
    """First and last station of a strip."""

    start: float
    stop: float

    @property
    def middle(self) -> float:
        """The station half way."""
        return (self.start + self.stop) / 2

    @property
    def length(self) -> float:
        """From the first to the last station."""
        return self.stop - self.start


@dataclass(frozen=True)
class Field:
    """Something seen along a line: `values` (B, T, S) or (T, S); `weight` (T, S), 0 where nothing was observed."""

    values: FloatArray
    weight: FloatArray
    offsets: FloatArray
    stations: FloatArray

    def project(self, direction: FloatArray) -> Field:
        """Weigh the bands into one."""
        return Field(np.einsum("b,bts->ts", direction, self.values), self.weight, self.offsets, self.stations)

    def bounded(self, most: float) -> Field:
        """Bound the values to at most `most` in size."""
        return Field(np.clip(self.values, -most, most), self.weight, self.offsets, self.stations)

    def inside(self, extent: Extent) -> BoolArray:
        """Tell which stations lie inside."""
        inside: BoolArray = (self.stations >= extent.start) & (self.stations <= extent.stop)
        return inside

    def zone(self, first: float, last: float) -> slice:
        """Rows from offset `first` to `last`."""
        rows = np.flatnonzero((self.offsets >= first - 1e-9) & (self.offsets <= last + 1e-9))
        return slice(int(rows[0]), int(rows[-1]) + 1)

    def row_means(self, first: float, last: float) -> FloatArray:
        """Weighted mean from offset `first` to `last` for each station, NaN where too little is observed."""
        rows = self.zone(first, last)
        share = self.weight[rows]
        total = share.sum(axis=0)
        sums = (self.values[..., rows, :] * share).sum(axis=-2)
        means: FloatArray = np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0.25 * len(share))
        return means

    def known_rows(self, extent: Extent) -> BoolArray:
        """Tell of which offsets at least a third of the stations inside was observed."""
        known: BoolArray = (self.weight[:, self.inside(extent)] > 0).mean(axis=1) >= _LEAST_KNOWN
        return known

    def mean_profile(self, extent: Extent) -> FloatArray:
        """Weighted mean over the stations inside, for each offset."""
        inside = self.inside(extent)
        weight = self.weight[:, inside]
        total = weight.sum(axis=1)
        sums = (self.values[..., inside] * weight).sum(axis=-1)
        profile: FloatArray = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
        return profile


@dataclass(frozen=True)
class Sides:
    """Contrast of a strip's core with its left and its right flank, for each station."""

    left: FloatArray
    right: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Contrast with the mean of both flanks."""
        return (self.left + self.right) / 2


def compare_sides(field: Field, *, offset: float, core_half: float) -> Sides:
    """Compare the core of a line at `offset` with its flanks, station by station."""
    near, far = core_half + FLANK_GAP_PX, core_half + FLANK_GAP_PX + FLANK_PX
    core = field.row_means(offset - core_half, offset + core_half)
    return Sides(
        core - field.row_means(offset - far, offset - near), core - field.row_means(offset + near, offset + far)
    )


def find_mean_vector(field: Field, extent: Extent, *, offset: float, core_half: float) -> FloatArray:
    """Mean contrast vector of the strip, or of a parallel line at `offset`; what one station adds is bounded."""
    both = compare_sides(field, offset=offset, core_half=core_half).mean[:, field.inside(extent)]
    seen = np.isfinite(both).all(axis=0)
    if not seen.any():
        return np.zeros(len(field.values))
    norm = np.sqrt((both[:, seen] ** 2).sum(axis=0))
    bound = _BOUND * float(np.median(norm))
    vector: FloatArray = (both[:, seen] * np.minimum(1, bound / np.maximum(norm, 1e-12))).mean(axis=1)
    return vector


def find_direction(field: Field, extent: Extent) -> FloatArray | None:
    """Direction of the strip's mean contrast among the bands."""
    vector = find_mean_vector(field, extent, offset=0.0, core_half=CORE_HALF_PX)
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm > 0 else None


def map_contrast(signal: Field, core_half: float) -> Field:
    """Contrast with both flanks at every offset and station; weight 0 where it cannot be told."""
    step = ACROSS_STEP_PX
    core_n, flank_n, gap_n = round(core_half / step), round(FLANK_PX / step), round((core_half + FLANK_GAP_PX) / step)
    middle = gap_n + flank_n
    core_kernel, flank_kernel = np.zeros(2 * middle + 1), np.zeros(2 * middle + 1)
    core_kernel[middle - core_n : middle + core_n + 1] = 1
    flank_kernel[: flank_n + 1] = flank_kernel[-flank_n - 1 :] = 1
    core, core_share = _weighted_sums(signal, core_kernel)
    flank, flank_share = _weighted_sums(signal, flank_kernel)
    seen = (core_share > 0.5 * core_kernel.sum()) & (flank_share > 0.3 * flank_kernel.sum())
    contrast = np.where(seen, core / np.maximum(core_share, 1e-6) - flank / np.maximum(flank_share, 1e-6), 0.0)
    return Field(contrast, seen.astype(np.float64), signal.offsets, signal.stations)


def _weighted_sums(signal: Field, kernel: FloatArray) -> tuple[FloatArray, FloatArray]:
    sums = ndimage.convolve1d(signal.values * signal.weight, kernel, axis=0, mode="constant")
    return sums, ndimage.convolve1d(signal.weight, kernel, axis=0, mode="constant")
