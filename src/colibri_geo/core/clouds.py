"""Recognise clouds by what they look like, for images that come without a mask: bright, white, and wide."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

BODY_M = 170.0
"""Side of the square that a cloud has to fill: a cleared strip is at most 60 m wide, however white it is."""
EDGE_M = 150.0
"""How far around such a square thinner cloud belongs to it."""
REACH_M = BODY_M + EDGE_M
"""How far around a pixel decides on it, but for the rounding to whole pixels: see `find_reach_px`."""

_FILLED = 0.75  # of the square: two strips of 60 m that cross fill no more than that
_NEEDED, _HELPFUL = ("green", "red"), ("blue", "nir", "swir16")
_BRIGHT_BLUE, _VEILED_HAZE, _BRIGHT_HAZE = np.float32(0.2), np.float32(0.04), np.float32(0.08)
_HAZE_RED = np.float32(0.5)
_WHITE = np.float32(0.4)
_VEILED_GREEN, _BRIGHT_GREEN, _DAZZLING_GREEN = np.float32(0.14), np.float32(0.175), np.float32(0.39)
_LEAST_NIR_TO_RED = np.float32(0.8)
_LEAST_NIR_TO_SWIR = np.float32(0.75)
_LEAST_SWIR_TO_GREEN = np.float32(1 / 9)  # a snow index, (green - swir16) / (green + swir16), of 0.8


def choose_bands(bands: Sequence[str]) -> tuple[str, ...]:
    """Return those of some bands by which clouds are recognised; none where green or red is missing.

    Examples
    --------
    >>> choose_bands(("blue", "green", "red", "nir", "swir22"))
    ('blue', 'green', 'red', 'nir')
    >>> choose_bands(("red", "nir"))
    ()
    """
    if not set(_NEEDED) <= set(bands):
        return ()
    return tuple(band for band in bands if band in (*_NEEDED, *_HELPFUL))


def choose_first_band(bands: Sequence[str]) -> str:
    """Return the band that alone may tell that there is no cloud; see `find_bright`.

    Parameters
    ----------
    bands : sequence of str
        From `choose_bands`, at least one.
    """
    return "blue" if "blue" in bands else "green"


def find_bright(values: FloatArray, band: str) -> BoolArray:
    """Find pixels of the first band that are as bright as a cloud: where there are none, `find_clouds` finds none.

    Parameters
    ----------
    values : (M, N) ndarray of float32, reflectance
    band : str
        From `choose_first_band`.

    Returns
    -------
    (M, N) ndarray of bool
    """
    bright: BoolArray = values > (_BRIGHT_BLUE if band == "blue" else _BRIGHT_GREEN)
    return bright


def find_reach_px(pixel_m: float) -> int:
    """Return how many pixels around a pixel decide whether it is cloud.

    Examples
    --------
    >>> find_reach_px(10.0), find_reach_px(30.0), find_reach_px(3.0)
    (33, 11, 108)
    """
    return 2 * _half_body_px(pixel_m) + _edge_px(pixel_m)


def find_clouds(values: FloatArray, bands: Sequence[str], valid: BoolArray, *, pixel_m: float) -> BoolArray:
    """Find thick clouds by brightness, whiteness and width.

    Use it where no mask tells. Thin cloud and shadow are not found, nor is a cloud that fills no square of 170 m. White
    ground that does, such as a salt flat, or snow in an image without short-wave infrared, is taken for cloud.

    Parameters
    ----------
    values : (B, M, N) ndarray of float32, surface or top-of-atmosphere reflectance
    bands : sequence of str
        Common names, one a band.
    valid : (M, N) ndarray of bool
        Pixels that were measured; others are never cloud and fill no square.
    pixel_m : float
        Side of a pixel; the shorter one where they differ.

    Returns
    -------
    (M, N) ndarray of bool
        All False where `choose_bands` gives none. What lies beyond the array counts as no cloud: to cut an image into
        windows, read each with `find_reach_px` pixels more on every side, and cut the result.

    Notes
    -----
    A pixel is bright and white where, of the bands there are,

    - blue > 0.2, the spread of blue, green and red, sum(|band - mean|) / mean, is below 0.4, and the haze optimised
      transformation blue - 0.5 red is above 0.08 ([1]_, [2]_; [2]_ bounds the spread at 0.7); without blue: green above
      0.175 and above red, or green above 0.39 [3]_;
    - nir > 0.8 red: water, however turbid, is darker in near infrared;
    - nir / swir16 > 0.75 and (green - swir16) / (green + swir16) < 0.8: neither bright dry ground nor snow [2]_.

    A body of cloud is a square of 170 m of which three quarters are bright and white: a share, because clouds are
    ragged. In a body and up to 150 m around it, each pixel that is veiled at least is cloud: blue - 0.5 red > 0.04;
    without blue, green above 0.14 and above 0.9 red. Vegetation, bare soil and clear water lie below.

    References
    ----------
    .. [1] Zhang, Y., Guindon, B., Cihlar, J. (2002), An image transform to characterize and compensate for spatial
       variations in thin cloud contamination of Landsat images. Remote Sensing of Environment 82, 173-187.
       https://doi.org/10.1016/S0034-4257(02)00034-2
    .. [2] Zhu, Z., Woodcock, C. E. (2012), Object-based cloud and cloud shadow detection in Landsat imagery. Remote
       Sensing of Environment 118, 83-94. https://doi.org/10.1016/j.rse.2011.10.028
    .. [3] Braaten, J. D., Cohen, W. B., Yang, Z. (2015), Automated cloud and cloud shadow identification in Landsat MSS
       imagery for temperate ecosystems. Remote Sensing of Environment 169, 128-138.
       https://doi.org/10.1016/j.rse.2015.08.006
    """
    if not choose_bands(bands):
        return np.zeros(valid.shape, dtype=np.bool_)
    by_band = dict(zip(bands, values, strict=True))
    white = _find_white(by_band, valid)
    if not white.any():
        return white
    half = _half_body_px(pixel_m)
    bodies = _count_squares(white, half) >= math.ceil(_FILLED * (2 * half + 1) ** 2)
    if not bodies.any():
        return bodies
    around = _widen(bodies, half + _edge_px(pixel_m))
    return around & valid & (white | _find_veil(by_band))


def _half_body_px(pixel_m: float) -> int:
    """Pixels on each side of the middle one of the square."""
    return math.ceil(BODY_M / 2 / pixel_m)


def _edge_px(pixel_m: float) -> int:
    return math.ceil(EDGE_M / pixel_m)


def _find_white(by_band: dict[str, FloatArray], valid: BoolArray) -> BoolArray:
    """Find pixels that are bright and white; most images end at the first test."""
    green, red = by_band["green"], by_band["red"]
    blue, nir, swir = (by_band.get(band) for band in _HELPFUL)
    first = choose_first_band(tuple(by_band))
    white: BoolArray = valid & find_bright(by_band[first], first)
    if not white.any():
        return white
    if blue is None:
        white &= (green > red) | (green > _DAZZLING_GREEN)
    else:
        mean = (blue + green + red) / np.float32(3)
        white &= np.abs(blue - mean) + np.abs(green - mean) + np.abs(red - mean) < _WHITE * mean
        white &= blue - _HAZE_RED * red > _BRIGHT_HAZE
    if nir is not None:
        white &= nir > _LEAST_NIR_TO_RED * red
    if swir is not None:
        white &= swir > _LEAST_SWIR_TO_GREEN * green
    if nir is not None and swir is not None:
        white &= nir > _LEAST_NIR_TO_SWIR * swir
    return white


def _find_veil(by_band: dict[str, FloatArray]) -> BoolArray:
    """Find pixels that thin cloud could lie over."""
    green, red, blue = by_band["green"], by_band["red"], by_band.get("blue")
    if blue is None:
        return (green > _VEILED_GREEN) & (green > np.float32(0.9) * red)
    veiled: BoolArray = blue - _HAZE_RED * red > _VEILED_HAZE
    return veiled


def _count_squares(mask: BoolArray, half: int) -> np.ndarray[Any, np.dtype[np.int32]]:
    """Count the pixels of a mask in the square around each pixel; nothing lies beyond the array."""
    side = 2 * half + 1
    sums = np.pad(mask, ((half + 1, half), (half + 1, half))).cumsum(axis=0, dtype=np.int32)
    sums = (sums[side:] - sums[:-side]).cumsum(axis=1, dtype=np.int32)
    counts: np.ndarray[Any, np.dtype[np.int32]] = sums[:, side:] - sums[:, :-side]
    return counts


def _widen(mask: BoolArray, reach: int) -> BoolArray:
    """Grow a mask by a square, `reach` pixels to each side."""
    wide = np.pad(mask, reach)
    for _ in range(2):
        wide = _join_runs(wide, 2 * reach + 1).T
    return wide


def _join_runs(mask: BoolArray, length: int) -> BoolArray:
    """Join each run of `length` rows into one, by doubling."""
    done = 1
    while done < length:
        step = min(done, length - done)
        mask = mask[:-step] | mask[step:]
        done += step
    return mask
