"""What is seen along a line, and its contrast with what lies beside it.

Sums over offsets are products with sparse matrices that say which offsets belong together: all lines, bands and
stations at once. Products with dense ones would wake the threads of the linear algebra library, which cost more here
than they do. What is in single precision is left to the kernels, where there are any.
"""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from scipy import ndimage, sparse

from colibri_geo.core import compiled
from colibri_geo.core.frames import ACROSS_STEP_PX

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
IntArray = np.ndarray[Any, np.dtype[np.intp]]

CORE_HALF_PX = 1.0
FLANK_GAP_PX = 1.5
FLANK_PX = 3.0
LEAST_KNOWN = 1 / 3
"""Share of the stations of an offset that has to be observed for it to be known."""

# Weight of a core or a flank above which it counts as seen, over that of one that is all seen.
_LEAST_OF_ZONE, _LEAST_OF_CORE, _LEAST_OF_FLANKS = 0.25, 0.5, 0.3
_LEAST_SUM, _LEAST_SIZE = 1e-6, 1e-12
_BOUND = 2.0  # of the median: what a single station can add to a mean
_SAME_OFFSET_PX = 1e-9


def add_in_order(values: FloatArray) -> FloatArray:
    """Sum along the last axis, one value after the other, as the compiled kernels do; 0 of nothing."""
    if not values.shape[-1]:
        return np.zeros(values.shape[:-1], dtype=values.dtype)
    sums: FloatArray = values.cumsum(axis=-1)[..., -1]
    return sums


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

    def __post_init__(self) -> None:
        shape = (len(self.offsets), len(self.stations))
        if self.weight.shape != shape or self.values.shape[-2:] != shape:
            given = f"values of {self.values.shape} with weights of {self.weight.shape}"
            raise ValueError(f"{given}, expected {shape} of both: offsets and stations")

    @property
    def is_single(self) -> bool:
        """Whether it is in single precision, as the kernels are."""
        return self.values.dtype == self.weight.dtype == np.float32

    def project(self, direction: FloatArray) -> Field:
        """Weigh the bands into one."""
        values = direction[0] * self.values[0]
        for share, band in zip(direction[1:], self.values[1:], strict=True):
            values += share * band
        return Field(values, self.weight, self.offsets, self.stations)

    def inside(self, extent: Extent) -> slice:
        """Stations inside."""
        first = self.stations.searchsorted(extent.start, side="left")
        last = self.stations.searchsorted(extent.stop, side="right")
        return slice(int(first), int(last))

    def beside(self, reach_px: float) -> slice:
        """Offsets no further than that to either side."""
        middle, reach = len(self.offsets) // 2, math.floor(reach_px / ACROSS_STEP_PX)
        return slice(max(middle - reach, 0), middle + reach + 1)

    def known_rows(self, extent: Extent) -> BoolArray:
        """Tell of which offsets at least a third of the stations inside was observed."""
        known: BoolArray = (self.weight[:, self.inside(extent)] > 0).mean(axis=1) >= LEAST_KNOWN
        return known

    def mean_profile(self, extent: Extent, rows: slice = slice(None)) -> FloatArray:
        """Weighted mean over the stations inside, for each offset that is asked for."""
        inside = self.inside(extent)
        weight = self.weight[rows, inside]
        total = weight.sum(axis=1)
        sums = add_in_order(self.values[..., rows, inside] * weight)
        profile: FloatArray = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
        return profile


@dataclass(frozen=True)
class Sides:
    """Contrast of the cores of O lines with their left and right flanks, (O, B, S); NaN where it is not known."""

    left: FloatArray
    right: FloatArray

    @property
    def mean(self) -> FloatArray:
        """Contrast with the mean of both flanks."""
        return (self.left + self.right) / 2


def compare_sides(field: Field, extent: Extent, *, offsets: FloatArray, core_half: float) -> Sides:
    """Compare the cores of parallel lines at `offsets` (O,) with their flanks, at each station inside."""
    zones = _zones_of_lines(len(field.offsets), tuple(offsets.tolist()), core_half)
    sums = _sum_zones(field, zones, field.inside(extent))
    share = np.where(sums.weight > zones.least, 1 / np.maximum(sums.weight, _LEAST_SUM), np.nan)
    means = sums.values * share[:, None]
    core, left, right = means.reshape(3, len(offsets), *means.shape[1:])
    return Sides(core - left, core - right)


def find_mean_vectors(field: Field, extent: Extent, *, offsets: FloatArray, core_half: float) -> FloatArray:
    """Mean contrast vectors of parallel lines at `offsets` (O,), the strip's own at 0; what a station adds is bounded.

    Where offsets, and half the width of the core, are multiples of `ACROSS_STEP_PX`, as those of a fit are, the kernel
    does it, which counts in rows; of any others its twin.

    Returns
    -------
    (O, B) ndarray
        Zeros for a line of which nothing was observed.
    """
    if compiled.KERNELS is not None and field.is_single and _are_whole_steps(offsets, core_half):
        return _find_compiled_vectors(compiled.KERNELS, field, field.inside(extent), offsets, core_half)
    both = compare_sides(field, extent, offsets=offsets, core_half=core_half).mean
    square = both[:, 0] * both[:, 0]
    for band in range(1, both.shape[1]):
        square += both[:, band] * both[:, band]
    norm = np.sqrt(square)
    seen = np.isfinite(norm)
    counts = seen.sum(axis=1)
    bound = _BOUND * _find_medians(norm, counts)
    share = np.minimum(1, bound[:, None] / np.maximum(norm, _LEAST_SIZE))
    sums = add_in_order(np.where(seen[:, None], both * share[:, None], np.float32(0)))
    vectors: FloatArray = sums / np.maximum(counts, 1).astype(sums.dtype)[:, None]
    return vectors


def _are_whole_steps(offsets: FloatArray, core_half: float) -> bool:
    steps = offsets / ACROSS_STEP_PX
    away = np.abs(steps - np.rint(steps)).max(initial=0) * ACROSS_STEP_PX
    return bool(away <= _SAME_OFFSET_PX) and (core_half / ACROSS_STEP_PX).is_integer()


def _find_compiled_vectors(
    kernels: ctypes.CDLL, field: Field, inside: slice, offsets: FloatArray, core_half: float
) -> FloatArray:
    """Do what `find_mean_vectors` does, without holding all stations of all lines."""
    rows = np.rint(offsets / ACROSS_STEP_PX).astype(np.int64) + len(field.offsets) // 2
    count = max(inside.stop - inside.start, 0)
    stated = state_field(field)
    vectors: FloatArray = np.empty((len(rows), stated.bands), dtype=np.float32)
    asked = (inside.start, count, compiled.locate(rows, ctypes.c_int64), len(rows), compiled.locate(vectors))
    compiled.check(kernels.cg_find_mean_vectors(stated, _zones_of_width(core_half), *asked))
    return vectors


def _find_medians(values: FloatArray, counts: IntArray) -> FloatArray:
    """Median of each row of (O, S), of which `counts` (O,) are known and the rest is NaN; NaN where none is known."""
    if values.shape[1] == 0:
        return np.full(len(values), np.nan, dtype=values.dtype)
    ranked, rows = np.sort(values, axis=1), np.arange(len(values))
    medians: FloatArray = (ranked[rows, np.maximum(counts - 1, 0) // 2] + ranked[rows, counts // 2]) / 2
    return medians


def find_direction(field: Field, extent: Extent) -> FloatArray | None:
    """Direction of the strip's mean contrast among the bands."""
    vector = find_mean_vectors(field, extent, offsets=np.zeros(1), core_half=CORE_HALF_PX)[0]
    precise = vector.astype(np.float64)
    norm = math.sqrt(float(add_in_order(precise * precise)))
    return vector / norm if norm > 0 else None


def map_contrast(signal: Field, core_half: float) -> Field:
    """Contrast with both flanks at every offset and station; weight 0 where it cannot be told."""
    if compiled.KERNELS is not None and signal.is_single:
        return _map_compiled_contrast(compiled.KERNELS, signal, core_half)
    zones = _zones_of_all(len(signal.offsets), core_half)
    sums = _sum_zones(signal, zones, slice(None))
    shape = (2, *signal.weight.shape)
    core, flank = (sums.values[:, 0] / np.maximum(sums.weight, _LEAST_SUM)).reshape(shape)
    seen = np.logical_and(*(sums.weight > zones.least).reshape(shape))
    return Field(np.where(seen, core - flank, 0), seen.astype(np.float64), signal.offsets, signal.stations)


def _map_compiled_contrast(kernels: ctypes.CDLL, signal: Field, core_half: float) -> Field:
    """Do what `map_contrast` does."""
    contrast, known = np.empty((2, *signal.weight.shape), dtype=np.float32)
    compiled.check(
        kernels.cg_map_contrast(
            state_field(signal), _zones_of_width(core_half), compiled.locate(contrast), compiled.locate(known)
        )
    )
    return Field(contrast, known.astype(np.float64), signal.offsets, signal.stations)


@lru_cache(maxsize=16)
def smoothing(count: int, sigma_px: float) -> sparse.csr_array:
    """Matrix (T, T) that smooths T offsets by a Gaussian."""
    return sparse.csr_array(ndimage.gaussian_filter1d(np.eye(count), sigma_px / ACROSS_STEP_PX, axis=0, mode="nearest"))


@dataclass(frozen=True)
class _Zones:
    """Zones of offsets: `summing` (Z, R) is 1 where one of the `rows` lies in a zone, known beyond `least` (Z, 1)."""

    rows: slice
    summing: sparse.csr_array
    least: FloatArray


@lru_cache(maxsize=64)
def _zones_of_lines(count: int, offsets: tuple[float, ...], core_half: float) -> _Zones:
    """Cores, then left flanks, then right flanks of lines at `offsets`, of T offsets around 0."""
    near, far = core_half + FLANK_GAP_PX, core_half + FLANK_GAP_PX + FLANK_PX
    limits = [(-core_half, core_half), (-far, -near), (near, far)]
    away = (np.arange(count) - count // 2) * ACROSS_STEP_PX - np.array(offsets)[:, None]
    within = [(away >= low - _SAME_OFFSET_PX) & (away <= high + _SAME_OFFSET_PX) for low, high in limits]
    summing = np.concatenate(within).astype(np.float32)
    used = np.flatnonzero(summing.any(axis=0))
    rows = slice(int(used[0]), int(used[-1]) + 1)
    return _Zones(rows, sparse.csr_array(summing[:, rows]), _LEAST_OF_ZONE * summing.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class _Reach:
    """Offsets that a core reaches to either side; where its flanks begin, and how many more they have."""

    core: int
    gap: int
    flank: int

    @classmethod
    def of(cls, core_half: float) -> _Reach:
        steps = [length / ACROSS_STEP_PX for length in (core_half, core_half + FLANK_GAP_PX, FLANK_PX)]
        return cls(*map(round, steps))

    @property
    def least(self) -> tuple[float, float]:
        """Weights of a core and of both flanks together above which they count as seen."""
        return _LEAST_OF_CORE * (2 * self.core + 1), _LEAST_OF_FLANKS * 2 * (self.flank + 1)


@lru_cache(maxsize=64)
def _zones_of_all(count: int, core_half: float) -> _Zones:
    """Cores, then both flanks, of a line at each of T offsets; a zone beyond the last offset is the less seen."""
    reach = _Reach.of(core_half)
    away = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    flanks = (away >= reach.gap) & (away <= reach.gap + reach.flank)
    summing = np.concatenate([away <= reach.core, flanks]).astype(np.float32)
    return _Zones(slice(count), sparse.csr_array(summing), np.repeat(reach.least, count)[:, None])


def state_zones(core_half: float) -> compiled.Rules:
    """State the zones of a line and what counts as seen, as the kernels take it; the rest of a turn is left open."""
    reach = _Reach.of(core_half)
    least_core, least_flanks = reach.least
    return compiled.Rules(
        step_px=ACROSS_STEP_PX,
        core_rows=reach.core,
        gap_rows=reach.gap,
        flank_rows=reach.flank,
        least_of_zone=_LEAST_OF_ZONE,
        least_core=least_core,
        least_flanks=least_flanks,
        least_sum=_LEAST_SUM,
        bound=_BOUND,
        least_size=_LEAST_SIZE,
    )


_zones_of_width = lru_cache(maxsize=16)(state_zones)  # those who add the rest of a turn need their own


def state_field(field: Field) -> compiled.Field:
    """State where a field in single precision lies in memory, as the kernels take it: in one piece."""
    values, weight = (np.ascontiguousarray(part) for part in (field.values, field.weight))
    offsets, stations = weight.shape
    stated = compiled.Field(
        values=compiled.locate(values),
        weight=compiled.locate(weight),
        bands=values.size // weight.size,
        offsets=offsets,
        stations=stations,
        first_station=float(field.stations[0]),
    )
    stated.kept = values, weight  # as long as what is stated
    return stated


@dataclass(frozen=True)
class _Sums:
    """Weighted sums of the values of each band (Z, B, S), and of the weight (Z, S)."""

    values: FloatArray
    weight: FloatArray


def _sum_zones(field: Field, zones: _Zones, stations: slice) -> _Sums:
    """Sum what is seen, and the weight as if it were one band more."""
    values, weight = field.values[..., zones.rows, stations], field.weight[zones.rows, stations]
    bands = values.transpose(1, 0, 2) if values.ndim == 3 else values[:, None]
    terms = np.empty((len(weight), bands.shape[1] + 1, weight.shape[1]), dtype=values.dtype)
    np.multiply(bands, weight[:, None], out=terms[:, :-1])
    terms[:, -1] = weight
    sums = zones.summing @ terms.reshape(len(terms), terms[0].size)
    sums = sums.reshape(len(zones.least), *terms.shape[1:])
    return _Sums(sums[:, :-1], sums[:, -1])
