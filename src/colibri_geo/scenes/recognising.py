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

_HEIGHTS = re.compile(r"\b(elev|height|altitude|(dem|dsm|dtm|srtm)\b)", re.IGNORECASE)
_LENGTHS = re.compile(r"\W*(m|met(re|er)s?|ft|foot|feet)\W*", re.IGNORECASE)
_LEAST_PEAK = 2.0  # above reflectance in [0, 1] and backscatter in decibels
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

    Where the user or the file names its bands, it is an image; a date alone does not make it one. Else one band of
    whole numbers that are all Sentinel-2 SCL codes is a mask, and one band is an elevation model whose unit or
    description says so, or that has no description and holds signed or broken numbers which can be metres of height.
    """
    header = image.header
    readable = not any(isinstance(problem, UnsupportedDtype) for problem in image.problems)
    if len(header.dtypes) != 1 or not readable or image.bands is not None:
        return RasterKind.IMAGE
    try:
        values = sample_stored(image.storage, header.rows, header.cols)
    except ColibriError:
        return RasterKind.IMAGE
    if values.dtype.kind in "iu" and _are_codes(values):
        return RasterKind.MASK
    can_be_heights = values.dtype.itemsize > 1 and _are_heights(values, header)
    return RasterKind.ELEVATION if can_be_heights else RasterKind.IMAGE


def refuse_kind(kind: RasterKind, name: str, *, date_option: str = DATE_OPTION) -> UnsupportedFormat:
    """Make the error for what is given as an image and is none."""
    options = " or ".join(OPTIONS[kind])
    holds = {
        RasterKind.MASK: "Sentinel-2 SCL codes, a mask",
        RasterKind.ELEVATION: "what can be heights, an elevation model",
    }
    how = f" (--bands, {date_option})" if date_option else ""
    return UnsupportedFormat(
        f"{name}: one band of {holds[kind]}, expected an image; give it with {options}, or say of an image which band "
        f"it is and when it was taken{how}"
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
    known = np.flatnonzero(SCL_CODES != NO_CODE)
    return bool(np.isin(values, known).all() and values.max() >= _LEAST_CODE)


def _are_heights(values: StoredArray, header: Header) -> bool:
    described = header.descriptions[0]
    told = bool(_HEIGHTS.search(described) or _LENGTHS.fullmatch(header.units[0]))
    if not told and (described or not header.dtypes[0].startswith(("int", "float"))):
        return False
    from colibri_geo.scenes.elevation import are_possible  # of no use for images

    metres = values.astype(np.float64) * header.scales[0] + header.offsets[0]
    possible = are_possible(metres)
    return bool(possible.mean() >= _LEAST_SHARE and (told or metres[possible].max() >= _LEAST_PEAK))
