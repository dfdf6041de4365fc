"""Rasters that are no images, named as what they are: masks and elevation models, told by the values that they hold."""

from __future__ import annotations

import re
from enum import StrEnum

import numpy as np

from colibri_geo.errors import ColibriError, GeoreferenceError, UnsupportedDtype, UnsupportedFormat
from colibri_geo.scenes.dates import DATE_OPTION
from colibri_geo.scenes.decoding import Header, StoredArray
from colibri_geo.scenes.image import Image
from colibri_geo.scenes.masks import NO_CODE, SCL_CODES
from colibri_geo.scenes.sampling import sample_stored

_HEIGHTS = re.compile(r"elev|height|altitude|\b(dem|dsm|dtm|srtm)\b", re.IGNORECASE)
_LENGTHS = re.compile(r"\W*(m|met(re|er)s?|ft|foot|feet)\b", re.IGNORECASE)
_LEAST_PEAK = 2.0  # above reflectance in [0, 1]
_LEAST_SHARE = 0.5  # of the values can be heights; others may be voids that the file does not declare
_LEAST_CODE = 2  # of a mask of 0 and 1 nobody knows what it is of


class RasterKind(StrEnum):
    """What a raster is."""

    IMAGE = "image"
    MASK = "mask"
    ELEVATION = "elevation model"


OPTIONS = {
    RasterKind.IMAGE: (),
    RasterKind.MASK: ("--before-mask", "--after-mask"),
    RasterKind.ELEVATION: ("--elevation",),
}
"""Which take it, where it is no image."""


def recognise_kind(image: Image) -> RasterKind:
    """Tell what an image is that cannot be used as one.

    Where the user or the file names its bands or says when it was taken, it is an image. Else one band of bytes that
    are Sentinel-2 SCL codes is a mask, and one band whose values can be metres of height is an elevation model.
    """
    header = image.header
    readable = not any(isinstance(problem, UnsupportedDtype) for problem in image.problems)
    if len(header.dtypes) != 1 or not readable or image.bands is not None or image.acquired is not None:
        return RasterKind.IMAGE
    try:
        values = sample_stored(image.storage, header.rows, header.cols)
    except ColibriError:
        return RasterKind.IMAGE
    if header.dtypes[0] == "uint8":
        return RasterKind.MASK if _are_codes(values) else RasterKind.IMAGE
    return RasterKind.ELEVATION if _are_heights(values, header) else RasterKind.IMAGE


def refuse_kind(kind: RasterKind, name: str, *, date_option: str = DATE_OPTION) -> UnsupportedFormat:
    """Make the error for what is given as an image and is none."""
    options = " or ".join(OPTIONS[kind])
    if kind is RasterKind.MASK:
        return UnsupportedFormat(
            f"{name}: one band of Sentinel-2 SCL codes, a mask, expected an image; give it with {options}"
        )
    return UnsupportedFormat(
        f"{name}: one band of what can be heights, an elevation model, expected an image; give it with {options}, or "
        f"say of an image which band it is and when it was taken (--bands, {date_option})"
    )


def find_faults(image: Image, kind: RasterKind, *, assume_crs: str | None) -> tuple[ColibriError, ...]:
    """Find what keeps a raster from being used as what it is."""
    if kind is RasterKind.MASK:
        return tuple(problem for problem in image.problems if isinstance(problem, GeoreferenceError))
    if kind is RasterKind.ELEVATION:
        from colibri_geo.scenes.elevation import open_elevation  # of no use for images

        try:
            open_elevation(image.file, assume_crs=assume_crs).check_heights()
        except ColibriError as error:
            return (error,)
        return ()
    return image.problems


def _are_codes(values: StoredArray) -> bool:
    return bool((SCL_CODES[values] != NO_CODE).all() and values.max() >= _LEAST_CODE)


def _are_heights(values: StoredArray, header: Header) -> bool:
    described = header.descriptions[0]
    told = bool(_HEIGHTS.search(described) or _LENGTHS.match(header.units[0]))
    if not told and (described or not header.dtypes[0].startswith(("int", "float"))):
        return False
    from colibri_geo.scenes.elevation import are_possible  # of no use for images

    metres = values.astype(np.float64) * header.scales[0] + header.offsets[0]
    possible = are_possible(metres)
    return bool(possible.mean() >= _LEAST_SHARE and (told or np.abs(metres[possible]).max() >= _LEAST_PEAK))
