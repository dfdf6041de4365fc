"""Radiometric match of two dates on ground that did not change, and the noise of what is left."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

MIN_SAMPLE = 100
_ROUNDS = 8
_KEPT = 0.95  # share of unchanged ground that the test for change lets pass
_NO_TRUST, _FULL_TRUST = 0.3, 0.8
_GAIN_RANGE = (0.2, 5.0)


@dataclass(frozen=True)
class RadiometricMatch:
    """``before = after * gain + offset`` on unchanged ground.

    Attributes
    ----------
    gain, offset : (B,) ndarray of float64
    residual : (B,) ndarray of float64
        Robust standard deviation of what is left, one a band.
    covariance : (B, B) ndarray of float64
        Of what is left.
    """

    gain: FloatArray
    offset: FloatArray
    residual: FloatArray
    covariance: FloatArray


def match_radiometry(before: FloatArray, after: FloatArray, *, least_noise: float) -> RadiometricMatch:
    """Match the bands of two dates on unchanged ground.

    Parameters
    ----------
    before, after : (B, K) ndarray of float64
        K >= `MIN_SAMPLE` pixels, observed on both dates.
    least_noise : float
        Standard deviation below which no band is trusted (quantisation, sensor noise).

    Returns
    -------
    RadiometricMatch

    Notes
    -----
    Unchanged pixels are found by turns with the match, as in iteratively reweighted multivariate alteration
    detection [1]_: pixels whose Mahalanobis distance exceeds the 95 % quantile of its chi-square distribution are
    left out of the next round. The gain is the ratio of robust spreads, since least squares is biased low by the noise
    of the regressor. That ratio speaks of gain only where the dates show the same texture: below a correlation of 0.3
    the gain is 1 and only the median is matched, from 0.8 on it is the ratio, and in between a power of it.

    References
    ----------
    .. [1] Nielsen, A. A. (2007). The regularized iteratively reweighted MAD method for change detection in multi- and
       hyperspectral data. IEEE Transactions on Image Processing 16, 463-478. https://doi.org/10.1109/TIP.2006.888195
    """
    limit = 2 * float(special.gammaincinv(len(before) / 2, _KEPT))  # quantile of chi squared
    # What is left of a normal cloud when its outer 5 % are cut off has less variance; this puts it right.
    shrinkage = math.sqrt(float(special.chdtr(len(before) + 2, limit)) / _KEPT)
    kept = np.ones(before.shape[1], dtype=bool)
    match = _fit(before, after, least_noise=least_noise)
    for _ in range(_ROUNDS):
        rest = before - (after * match.gain[:, None] + match.offset[:, None])
        rest -= np.median(rest[:, kept], axis=1, keepdims=True)
        distance = np.einsum("bk,bc,ck->k", rest, np.linalg.inv(match.covariance), rest)
        unchanged = distance <= limit
        if unchanged.sum() < MIN_SAMPLE or np.array_equal(unchanged, kept):
            break
        kept = unchanged
        match = _fit(before[:, kept], after[:, kept], least_noise=least_noise, shrinkage=shrinkage)
    return match


def _fit(before: FloatArray, after: FloatArray, *, least_noise: float, shrinkage: float = 1.0) -> RadiometricMatch:
    middle_before, middle_after = np.median(before, axis=1), np.median(after, axis=1)
    spread_before, spread_after = measure_spread(before), measure_spread(after)
    correlation = np.array([_correlate(b, a) for b, a in zip(before, after, strict=True)])
    ratio = np.divide(spread_before, spread_after, out=np.ones_like(spread_before), where=spread_after > 0)
    trust = np.clip((correlation - _NO_TRUST) / (_FULL_TRUST - _NO_TRUST), 0, 1)
    gain = np.where(ratio > 0, np.clip(ratio, *_GAIN_RANGE), 1.0) ** trust
    offset = middle_before - gain * middle_after
    rest = before - (after * gain[:, None] + offset[:, None])
    residual = np.maximum(measure_spread(rest) / shrinkage, least_noise)
    # The correlation of what is left, scaled to its robust spread: outliers set neither.
    bounded = np.clip(rest / residual[:, None], -3, 3)
    shape = np.array([[_correlate(one, other) for other in bounded] for one in bounded])
    np.fill_diagonal(shape, 1.0)
    shape = 0.98 * shape + 0.02 * np.eye(len(before))
    return RadiometricMatch(gain, offset, residual, shape * np.outer(residual, residual))


def measure_spread(values: FloatArray) -> FloatArray:
    """Return the standard deviation of each band, (B, K), extremes bounded at three times the median deviation.

    The median deviation itself would not do: of values in few grey levels it is one level or two, never between.
    """
    away = values - np.median(values, axis=1, keepdims=True)
    scale = 1.4826 * np.median(np.abs(away), axis=1, keepdims=True)
    limit = 3 * np.where(scale > 0, scale, away.std(axis=1, keepdims=True))
    spread: FloatArray = np.clip(away, -limit, limit).std(axis=1)
    return spread


def _correlate(first: FloatArray, second: FloatArray) -> float:
    if first.std() == 0 or second.std() == 0:
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
