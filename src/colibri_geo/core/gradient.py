"""Heights between the postings of a grid, and the gradient of a profile with its error."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import stdtrit

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

LEAST_STEPS = 3
"""Between four independent heights: through fewer, a line has hardly an error that could be told."""
_CENTRAL = 0.95  # upper end of the central 90 %


@dataclass(frozen=True)
class Gradient:
    """The gradient of a line through a profile, metres a metre.

    Attributes
    ----------
    slope : float
        Positive where the profile rises along its way.
    half_width : float
        Of the central 90 % interval, 0 or more: what the scatter of the heights about the line tells, and no more.
    """

    slope: float
    half_width: float


def interpolate_bilinear(heights: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatArray:
    """Interpolate between the four pixels around each place.

    Parameters
    ----------
    heights : (M, N) ndarray of float64
        NaN where there is none.
    rows, cols : (K,) ndarray of float64
        Counted from the centre of the first pixel.

    Returns
    -------
    (K,) ndarray of float64
        NaN beyond the outermost centres, and where a pixel that has a part in the place has no height.

    Examples
    --------
    >>> interpolate_bilinear(
    ...     np.array([[0.0, 1.0], [2.0, np.nan]]), np.array([0.0, 0.5, 0.5]), np.array([0.5, 0.0, 0.5])
    ... )
    array([0.5, 1. , nan])
    """
    ahead = np.arange(2)[:, None]
    first_row, first_col = np.floor(rows), np.floor(cols)
    row_weights = np.abs(1 - ahead - (rows - first_row))
    col_weights = np.abs(1 - ahead - (cols - first_col))
    total = np.zeros(len(rows))
    for row, row_weight in zip(first_row + ahead, row_weights, strict=True):
        for col, col_weight in zip(first_col + ahead, col_weights, strict=True):
            weight = row_weight * col_weight
            total += np.where(weight == 0, 0.0, weight * _pick(heights, row, col))
    return total


def _pick(heights: FloatArray, rows: FloatArray, cols: FloatArray) -> FloatArray:
    """Return the pixels at whole rows and columns; NaN outside."""
    inside = (rows >= 0) & (rows < heights.shape[0]) & (cols >= 0) & (cols < heights.shape[1])
    picked = np.full(len(rows), np.nan)
    picked[inside] = heights[rows[inside].astype(np.intp), cols[inside].astype(np.intp)]
    return picked


def fit_gradient(along_m: FloatArray, heights_m: FloatArray, *, independent_m: float) -> Gradient | None:
    """Fit a line through the heights of a profile.

    Parameters
    ----------
    along_m : (K,) ndarray of float64
        Where on the profile each height lies, ascending.
    heights_m : (K,) ndarray of float64
        Finite. They may lie closer than what they were interpolated from, and leave gaps.
    independent_m : float
        Distance from which on heights are independent of each other.

    Returns
    -------
    Gradient or None
        None where less than `LEAST_STEPS` times that distance is covered.

    Notes
    -----
    The line is that of least squares. Heights that lie closer bring nothing new, so the scatter counts as that of
    ``n = covered / independent + 1`` heights: the variance of the slope is ``RSS / ((n - 2) Sxx)``, with the sums of
    squares over all K heights, and the interval that of Student's t.

    Examples
    --------
    >>> along_m = np.arange(0.0, 601.0, 15.0)
    >>> fitted = fit_gradient(along_m, 200 + 0.02 * along_m, independent_m=30.0)
    >>> round(fitted.slope, 6), round(fitted.half_width, 6)
    (0.02, 0.0)
    """
    step_m = np.diff(along_m)
    covered_m = float(step_m[step_m <= independent_m].sum())
    if covered_m < LEAST_STEPS * independent_m:
        return None
    count = covered_m / independent_m + 1
    station, rise = along_m - along_m.mean(), heights_m - heights_m.mean()
    spread = float(station @ station)
    slope = float(station @ rise) / spread
    rest = rise - slope * station
    error = math.sqrt(float(rest @ rest) / ((count - 2) * spread))
    return Gradient(slope, float(stdtrit(count - 2, _CENTRAL)) * error)
