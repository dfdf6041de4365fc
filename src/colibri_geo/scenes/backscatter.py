"""Radar backscatter: in which unit a file stores it, and decibels of it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np

from colibri_geo.errors import RadiometryError
from colibri_geo.scenes.scene import FloatArray

_PLAUSIBLE_DB = (-60.0, 40.0)  # the noise of the sensor lies near -25 dB, the brightest buildings near 30 dB
_NEGATIVE_SHARE = 0.8  # of land in decibels, even in cities
_STRAY_SHARE = 0.01  # of power that the subtraction of noise left below 0
_BRIGHTEST_POWER = {"vv": 0.3, "vh": 0.1}
"""Median power of the brightest land: dense tropical forest has about 0.2 in VV and 0.06 in VH."""


class BackscatterUnit(StrEnum):
    """In which unit backscatter is stored."""

    DB = "decibels"
    POWER = "power"
    AMPLITUDE = "amplitude"


_TEXTS = {
    BackscatterUnit.DB: "stored in dB",
    BackscatterUnit.POWER: "10 log10 of stored power",
    BackscatterUnit.AMPLITUDE: "20 log10 of stored amplitude",
}


def describe_backscatter(unit: BackscatterUnit) -> str:
    """Say in words how stored backscatter became decibels.

    Examples
    --------
    >>> describe_backscatter(BackscatterUnit.POWER)
    '10 log10 of stored power'
    """
    return _TEXTS[unit]


def to_decibels(stored: np.ndarray[Any, Any], unit: BackscatterUnit) -> FloatArray:
    """Turn stored backscatter into decibels.

    Parameters
    ----------
    stored : ndarray of any shape
        As the file holds it.
    unit : BackscatterUnit

    Returns
    -------
    ndarray of float32, dB, of the same shape
        NaN where nothing was measured: not finite, power or amplitude of 0 or less, or beyond -60 to 40 dB, where fill
        values lie and no ground.

    Examples
    --------
    >>> to_decibels(np.array([0.01, 0.0, 1.0]), BackscatterUnit.POWER).round(3)
    array([-20.,  nan,   0.], dtype=float32)
    """
    values = stored.astype(np.float32)
    if unit is not BackscatterUnit.DB:
        factor = np.float32(10 if unit is BackscatterUnit.POWER else 20)
        logarithm = np.full(values.shape, np.nan, dtype=np.float32)
        values = factor * np.log10(values, out=logarithm, where=np.isfinite(values) & (values > 0))
    low, high = _PLAUSIBLE_DB
    decibels: FloatArray = np.where((values >= low) & (values <= high), values, np.float32(np.nan))
    return decibels


def infer_backscatter(sample: np.ndarray[Any, Any], *, bands: Sequence[str], source: str) -> BackscatterUnit:
    """Tell from the values themselves whether a file holds decibels or power.

    Decibels of land are nearly all negative. Power is positive and small: the median of a band is not above that of the
    brightest land. Amplitude is the root of power and would pass for the power of brighter land in places; it is never
    assumed, and is refused where VH is there to tell it.

    Parameters
    ----------
    sample : (B, K) ndarray, stored values of measured pixels
    bands : sequence of str
        ``vv`` or ``vh``, one a row of the sample.
    source : str
        Name of the file for the error message.

    Returns
    -------
    BackscatterUnit
        ``DB`` or ``POWER``.

    Raises
    ------
    RadiometryError
        Where the values fit neither, or one band fits one and the other the other.

    Examples
    --------
    >>> infer_backscatter(np.array([[0.05, 0.02, 0.04]]), bands=["vh"], source="example")
    <BackscatterUnit.POWER: 'power'>
    >>> infer_backscatter(np.array([[-13.0, -17.0, -14.0]]), bands=["vh"], source="example")
    <BackscatterUnit.DB: 'decibels'>
    """
    units = {_infer_band(values, band) for values, band in zip(sample, bands, strict=True)}
    unit = units.pop() if len(units) == 1 else None
    if unit is None:
        medians = ", ".join(
            f"{np.median(_drop_fill(values)) if len(_drop_fill(values)) else 0:.3g} in {band.upper()}"
            for values, band in zip(sample, bands, strict=True)
        )
        raise RadiometryError(
            f"{source}: the median is {medians}, expected gamma0 of land in decibels (nearly all negative) or as power "
            "(positive, median up to 0.3 in VV and 0.1 in VH); convert amplitude or scaled integers to one of these"
        )
    return unit


def _infer_band(values: np.ndarray[Any, Any], band: str) -> BackscatterUnit | None:
    """Tell the unit of one band, None where its values fit none."""
    known = _drop_fill(values)
    if not known.size:
        return None
    negative, median = float(np.mean(known < 0)), float(np.median(known))
    low, high = np.percentile(known, (1, 99))
    if negative >= _NEGATIVE_SHARE and low >= _PLAUSIBLE_DB[0] and high <= _PLAUSIBLE_DB[1]:
        return BackscatterUnit.DB
    if negative <= _STRAY_SHARE and 10 ** (_PLAUSIBLE_DB[0] / 10) <= median <= _BRIGHTEST_POWER[band]:
        return BackscatterUnit.POWER
    return None


def _drop_fill(values: np.ndarray[Any, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Leave out what no unit holds: 0, and values that are not finite."""
    plain = values.astype(np.float64)
    known: np.ndarray[Any, np.dtype[np.float64]] = plain[np.isfinite(plain) & (plain != 0)]
    return known
