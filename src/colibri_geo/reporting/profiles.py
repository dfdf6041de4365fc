"""Profiles of a strip: the mean brightness across its axis and along it, on both dates."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.frames import Frame, Line, straighten
from colibri_geo.reporting.painting import BoolArray, FloatArray

Numbers = np.ndarray[Any, np.dtype[np.float64]]

BEYOND_M = 200.0
"""How far a profile along the axis goes on beyond each end; pictures reach further, so that all of it is read."""
_LEAST_ASIDE_M, _MOST_ASIDE_M, _ASIDE_WIDTHS = 100.0, 200.0, 2.5
_MOST_PLACES = 120
"""More places along an axis are drawn in steps finer than the eye sees."""
_LEAST_OBSERVED = 0.1
_TELLING = ("red", "swir16", "green")
"""Ground that loses its plants changes most in these, red first: leaves take it up, bare soil throws it back."""


@dataclass(frozen=True)
class Profile:
    """Means of both dates at places on a line.

    Attributes
    ----------
    places_m : (K,) tuple of float
        Across: metres to the right of the axis, seen from end 1. Along: metres from end 1.
    before, after : (K,) tuple of float or None
        In the pair's quantity, `after` matched to `before`; None where too little was observed on that date.
    """

    places_m: tuple[float, ...]
    before: tuple[float | None, ...]
    after: tuple[float | None, ...]

    def mean(self, date: str, *, nearest_m: float, farthest_m: float) -> float | None:
        """Return the mean of a date over the places so far from 0, on both sides; None where there is none.

        Parameters
        ----------
        date : str
            ``before`` or ``after``.
        nearest_m, farthest_m : float

        Returns
        -------
        float or None
        """
        values = self.before if date == "before" else self.after
        known = [
            value
            for place_m, value in zip(self.places_m, values, strict=True)
            if value is not None and nearest_m <= abs(place_m) <= farthest_m
        ]
        return math.fsum(known) / len(known) if known else None


@dataclass(frozen=True)
class StripProfiles:
    """Both profiles of a strip, of one band.

    Attributes
    ----------
    band : str
    across : Profile
        Each value the mean over the length of the strip.
    along : Profile
        Each value the mean over its width.
    """

    band: str
    across: Profile
    along: Profile


def choose_telling_band(available: Sequence[str]) -> str:
    """Choose the band that tells bare ground best.

    Examples
    --------
    >>> choose_telling_band(("blue", "green", "red", "nir"))
    'red'
    >>> choose_telling_band(("vv", "vh"))
    'vv'
    """
    return next((band for band in _TELLING if band in available), available[0])


def measure_profiles(
    before: FloatArray,
    after: FloatArray,
    seen: tuple[BoolArray, BoolArray],
    *,
    ends: tuple[tuple[float, float], tuple[float, float]],
    pixel_m: float,
    width_m: float,
    band: str,
) -> StripProfiles:
    """Measure the profiles of a strip on pixels around it.

    Parameters
    ----------
    before, after : (M, N) ndarray of float32
        One band on both dates.
    seen : two (M, N) ndarray of bool
        Observed on the earlier and on the later date.
    ends : two (row, col) tuples of float, pixels
        Of the axis; 0, 0 is the centre of the first pixel.
    pixel_m : float
        Side of a pixel, metres.
    width_m : float
        Of the strip.
    band : str
        Name of the band.

    Returns
    -------
    StripProfiles
        An offset counts where a tenth of the length was observed, a station where a tenth of the width was.
    """
    (row1, col1), (row2, col2) = ends
    line = Line(row1, col1, math.degrees(math.atan2(col2 - col1, row1 - row2)))
    length_px, beyond_px = math.hypot(row2 - row1, col2 - col1), math.ceil(BEYOND_M / pixel_m)
    aside_m = min(max(_LEAST_ASIDE_M, _ASIDE_WIDTHS * width_m), _MOST_ASIDE_M)
    images = [np.where(where, image, 0) for image, where in zip((before, after), seen, strict=True)]
    frame = straighten(
        np.stack([*images, *seen], axis=-1).astype(np.float32),
        line,
        first_station=-beyond_px,
        last_station=math.ceil(length_px) + beyond_px,
        half_width_px=aside_m / pixel_m,
    )
    inside = (frame.stations >= 0) & (frame.stations <= length_px)
    core = np.abs(frame.offsets) <= max(width_m / pixel_m, 1.0) / 2
    every = math.ceil(len(frame.stations) / _MOST_PLACES)
    return StripProfiles(
        band,
        across=_average(frame, (slice(None), inside), frame.offsets * pixel_m, axis=1),
        along=_average(frame, (core, slice(None)), frame.stations * pixel_m, axis=0, every=every),
    )


def _average(frame: Frame, part: tuple[Any, Any], places_m: Numbers, *, axis: int, every: int = 1) -> Profile:
    """Average part of a frame over one axis, and over each `every` places that follow one another."""
    starts = np.arange(0, len(places_m), every)
    counts = np.diff(np.append(starts, len(places_m)))
    means = []
    for image, weight in zip(frame.images[:, 0], frame.weights, strict=True):
        weights = weight[part].astype(np.float64)
        total = np.add.reduceat(weights.sum(axis=axis), starts)
        sums = np.add.reduceat((image[part] * weights).sum(axis=axis), starts)
        known = total >= _LEAST_OBSERVED * weights.shape[axis] * counts
        means.append(
            tuple(
                float(value) / float(weight) if enough else None
                for value, weight, enough in zip(sums, total, known & (total > 0), strict=True)
            )
        )
    middles = np.add.reduceat(places_m, starts) / counts
    return Profile(tuple(float(place) for place in middles), means[0], means[1])
