"""From arrays to small pictures: one stretch for both dates, hatching where nothing was seen, a compact file."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
ByteArray = np.ndarray[Any, np.dtype[np.uint8]]

TRUE_COLOUR = ("red", "green", "blue")
_COMPOSITES = (TRUE_COLOUR, ("nir", "red", "green"), ("swir16", "nir", "red"))
_GREY_LIGHT, _GREY_DARK = 205, 120
_HATCH_PITCH_PX, _HATCH_LINE_PX = 9, 2
_JPEG_QUALITY = 84
_GAMMA = 0.65
"""Lifts dark ground, so that a forest around a bright strip still shows its roads and rivers."""
_CHANGE_COLOURS = np.array(
    [[84, 39, 136], [153, 142, 195], [247, 247, 247], [241, 163, 64], [127, 59, 8]], dtype=np.float64
)
"""Purple to orange through white: the two sides stay apart for readers who do not tell red from green."""
CHANGE_LIMIT = 6.0
"""The colours of a change picture end at this many standard deviations of unchanged ground."""


@dataclass(frozen=True)
class Stretch:
    """How values become brightness.

    Attributes
    ----------
    low : (B,) tuple of float
        The value drawn black, one a band.
    span : float
        What is drawn white lies this far above `low`, the same for all bands, so that colours keep their hue.
    """

    low: tuple[float, ...]
    span: float


def choose_bands(available: Sequence[str]) -> tuple[str, ...]:
    """Choose three bands for a picture, or one where no three fit.

    Examples
    --------
    >>> choose_bands(("blue", "green", "red", "nir"))
    ('red', 'green', 'blue')
    >>> choose_bands(("vv", "vh"))
    ('vv',)
    """
    fitting = [bands for bands in _COMPOSITES if set(bands) <= set(available)]
    return fitting[0] if fitting else (available[0],)


def fit_stretch(images: Sequence[FloatArray], observed: Sequence[BoolArray]) -> Stretch | None:
    """Fit one stretch to several images of the same ground.

    Parameters
    ----------
    images : sequence of (B, M, N) ndarray of float32
        All dates, so that a brighter date is drawn brighter.
    observed : sequence of (M, N) ndarray of bool
        One an image.

    Returns
    -------
    Stretch or None
        From the 1st to the 99th percentile of the observed pixels; None where there are none.
    """
    values = np.concatenate([image[:, seen] for image, seen in zip(images, observed, strict=True)], axis=1)
    if not values.size:
        return None
    low, high = np.percentile(values, (1.0, 99.0), axis=1)
    return Stretch(tuple(float(value) for value in low), float(max((high - low).max(), 1e-6)))


def paint_image(image: FloatArray, observed: BoolArray, stretch: Stretch | None) -> ByteArray:
    """Turn values into colours.

    Parameters
    ----------
    image : (B, M, N) ndarray of float32
        Three bands, or one for grey.
    observed : (M, N) ndarray of bool
    stretch : Stretch or None
        None where nothing was observed.

    Returns
    -------
    (M, N, 3) ndarray of uint8
        Flat grey where not observed.
    """
    rows, cols = observed.shape
    if stretch is None:
        return np.full((rows, cols, 3), _GREY_LIGHT, dtype=np.uint8)
    low = np.array(stretch.low, dtype=np.float32)[:, None, None]
    seen = np.where(observed, image, low)
    brightness = np.clip((seen - low) / np.float32(stretch.span), 0.0, 1.0) ** np.float32(_GAMMA)
    colours = np.broadcast_to((brightness * 255 + 0.5).astype(np.uint8), (3, rows, cols)).transpose(1, 2, 0).copy()
    colours[~observed] = _GREY_LIGHT
    return colours


def paint_change(change: FloatArray, observed: BoolArray) -> ByteArray:
    """Turn signed change into colours: purple below, white at, orange above zero.

    Parameters
    ----------
    change : (M, N) ndarray of float32, standard deviations of unchanged ground
    observed : (M, N) ndarray of bool

    Returns
    -------
    (M, N, 3) ndarray of uint8
    """
    place = np.clip(np.where(observed, change, 0.0) / CHANGE_LIMIT, -1.0, 1.0) * 2 + 2
    stops = np.arange(len(_CHANGE_COLOURS))
    bands = [np.interp(place, stops, _CHANGE_COLOURS[:, band]) for band in range(3)]
    colours = (np.stack(bands, axis=-1) + 0.5).astype(np.uint8)
    colours[~observed] = _GREY_LIGHT
    return colours


def enlarge(colours: ByteArray, observed: BoolArray, *, size_px: int) -> ByteArray:
    """Bring a picture to a square of `size_px`, bicubic, and hatch what was not observed, by nearest neighbour.

    Parameters
    ----------
    colours : (M, N, 3) ndarray of uint8
    observed : (M, N) ndarray of bool
    size_px : int

    Returns
    -------
    (size_px, size_px, 3) ndarray of uint8
    """
    size = (size_px, size_px)
    large = np.array(Image.fromarray(colours).resize(size, Image.Resampling.BICUBIC))
    if observed.all():
        return large
    unseen = np.array(Image.fromarray(~observed).resize(size, Image.Resampling.NEAREST), dtype=bool)
    large[unseen] = _GREY_LIGHT
    large[unseen & _hatch(size_px)] = _GREY_DARK
    return large


@lru_cache(maxsize=1)
def _hatch(size_px: int) -> BoolArray:
    """Mark the lines of a hatching."""
    across = np.arange(size_px)
    lines: BoolArray = np.add.outer(across, across) % _HATCH_PITCH_PX < _HATCH_LINE_PX
    return lines


def encode_jpeg(colours: ByteArray, *, quality: int = _JPEG_QUALITY) -> bytes:
    """Write a picture as JPEG without any metadata; the same picture gives the same bytes.

    Parameters
    ----------
    colours : (M, N, 3) ndarray of uint8
    quality : int

    Returns
    -------
    bytes
    """
    buffer = io.BytesIO()
    Image.fromarray(colours).save(buffer, format="JPEG", quality=quality, subsampling=0)
    return buffer.getvalue()
