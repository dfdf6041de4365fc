"""Proportions, rates and medians with their intervals, and how well probabilities are calibrated.

All intervals are central 90 %, as everywhere in colibri_geo: the upper end of each is a 95 % bound. With no false alarm
in A km2 the bound is 3.0 / A, so that 6,000 km2 without one are needed to claim 0.5 per 1,000 km2.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_Z90 = 1.6448536269514722
_BOOTSTRAPS = 1000
_SEED = 7
_BIN_COUNT = 10


@dataclass(frozen=True)
class Proportion:
    """A share of a count, with its Wilson interval.

    Attributes
    ----------
    hits, count : int
    value, lo, hi : float
        In [0, 1]; missing (nan) where the count is 0.
    """

    hits: int
    count: int
    value: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Rate:
    """Events per 1,000 km2, with their exact (Garwood) interval.

    Attributes
    ----------
    events : int
    km2 : float
    per_1000_km2, lo, hi : float
        Missing (nan) where there is no area.
    """

    events: int
    km2: float
    per_1000_km2: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Median:
    """A median, with its interval by bootstrap over scenes.

    Attributes
    ----------
    count : int
    value, lo, hi : float
        Missing (nan) where nothing was measured.
    """

    count: int
    value: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Bin:
    """One row of a reliability table.

    Attributes
    ----------
    low, high : float
        Probabilities, low included.
    count : int
    mean_probability, true_share : float
        Missing (nan) where the count is 0.
    """

    low: float
    high: float
    count: int
    mean_probability: float
    true_share: float


@dataclass(frozen=True)
class Calibration:
    """How well probabilities agree with what is true.

    Attributes
    ----------
    count : int
    ece : float
        Expected calibration error; missing (nan) where there is nothing.
    bins : tuple of Bin
    """

    count: int
    ece: float
    bins: tuple[Bin, ...]


def measure_proportion(hits: int, count: int) -> Proportion:
    """Return a proportion with its 90 % Wilson score interval.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
    Statistical Association 22, 209-212. doi:10.1080/01621459.1927.10502953

    Examples
    --------
    >>> whole = measure_proportion(97, 100)
    >>> round(whole.lo, 3), round(whole.hi, 3)
    (0.927, 0.988)
    """
    if count == 0:
        return Proportion(0, 0, math.nan, math.nan, math.nan)
    share, z2 = hits / count, _Z90**2
    middle = (share + z2 / (2 * count)) / (1 + z2 / count)
    reach = _Z90 / (1 + z2 / count) * math.sqrt(share * (1 - share) / count + z2 / (4 * count**2))
    low = 0.0 if hits == 0 else middle - reach
    high = 1.0 if hits == count else middle + reach
    return Proportion(hits, count, share, low, high)


def measure_rate(events: int, km2: float) -> Rate:
    """Return a rate per 1,000 km2 with its exact 90 % interval.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.
    doi:10.1093/biomet/28.3-4.437

    Examples
    --------
    >>> round(measure_rate(0, 6000.0).hi, 2)
    0.5
    """
    if km2 <= 0:
        return Rate(events, km2, math.nan, math.nan, math.nan)
    low = float(stats.chi2.ppf(0.05, 2 * events)) / 2 if events else 0.0
    high = float(stats.chi2.ppf(0.95, 2 * (events + 1))) / 2
    unit = 1000.0 / km2
    return Rate(events, km2, events * unit, low * unit, high * unit)


def measure_median(values: FloatArray, scenes: Sequence[str]) -> Median:
    """Return the median with its 90 % interval by bootstrap over scenes: values of one scene are not independent.

    Parameters
    ----------
    values : (N,) ndarray of float64
        Missing ones (nan) are left out.
    scenes : sequence of str
        The scene that each value is of.

    Returns
    -------
    Median
        The same for the same values.

    References
    ----------
    Efron, B., Tibshirani, R. J. (1993). An Introduction to the Bootstrap. doi:10.1201/9780429246593
    """
    known = np.isfinite(values)
    sample = values[known]
    if not len(sample):
        return Median(0, math.nan, math.nan, math.nan)
    _, scene = np.unique(np.asarray(scenes, dtype=str)[known], return_inverse=True)
    groups = [sample[scene == number] for number in range(scene.max() + 1)]
    rng = np.random.default_rng(_SEED)
    draws = rng.integers(0, len(groups), (_BOOTSTRAPS, len(groups)))
    medians = [float(np.median(np.concatenate([groups[number] for number in draw]))) for draw in draws]
    low, high = np.quantile(medians, [0.05, 0.95])
    return Median(len(sample), float(np.median(sample)), float(low), float(high))


def measure_calibration(probability: FloatArray, real: np.ndarray[Any, np.dtype[np.bool_]]) -> Calibration:
    """Compare probabilities with what is true, in ten bins of equal width.

    Parameters
    ----------
    probability : (N,) ndarray of float64, in [0, 1]
    real : (N,) ndarray of bool

    Returns
    -------
    Calibration

    Notes
    -----
    ECE is the mean over bins of ``|true share - mean probability|``, each weighted with its count.

    References
    ----------
    Naeini, M. P., Cooper, G. F., Hauskrecht, M. (2015). Obtaining well calibrated probabilities using Bayesian binning.
    Proceedings of the AAAI Conference 29. doi:10.1609/aaai.v29i1.9602

    Examples
    --------
    >>> measure_calibration(np.array([0.95, 0.95, 0.05, 0.05]), np.array([True, True, False, False])).ece
    0.05
    """
    place = np.minimum((probability * _BIN_COUNT).astype(int), _BIN_COUNT - 1)
    bins = []
    for number in range(_BIN_COUNT):
        inside = place == number
        count = int(inside.sum())
        mean = float(probability[inside].mean()) if count else math.nan
        share = float(real[inside].mean()) if count else math.nan
        bins.append(Bin(number / _BIN_COUNT, (number + 1) / _BIN_COUNT, count, mean, share))
    gaps = [one.count * abs(one.true_share - one.mean_probability) for one in bins if one.count]
    ece = round(sum(gaps) / len(probability), 12) if len(probability) else math.nan
    return Calibration(len(probability), ece, tuple(bins))
