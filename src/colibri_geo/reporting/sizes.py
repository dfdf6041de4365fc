"""Pictures made smaller: for a phone, and for a page of many strips."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import replace

from PIL import Image

from colibri_geo.exporting import FieldPicture
from colibri_geo.reporting.pictures import StripPicture

FIELD_PX, FIELD_BYTES = 320, 22_000
"""Side of a picture for a phone, and the most it takes: two a strip, 300 strips stay below 15 MB."""
PAGE_BYTES = 6_000_000
"""What all pictures of strips on a page share, before base64 makes a third more of them: 300 strips stay below 15 MB
with their text, and up to about 40 keep the pictures as they were cut."""
_FIELD_STEPS = tuple((FIELD_PX, quality) for quality in (80, 65, 50, 35, 20))
_PAGE_STEPS = ((320, 80), (280, 75), (240, 70), (220, 60), (200, 50), (180, 45), (160, 40))
"""Sides and qualities of a picture on a page, from the best: a strip of 10 m pixels loses little down to 160."""
_TRIED = 12
"""Pictures of so many strips tell which of the steps to begin with."""


def shrink_pictures(pictures: Sequence[StripPicture]) -> tuple[FieldPicture, ...]:
    """Make the pictures of strips small enough to be sent to a phone.

    Parameters
    ----------
    pictures : sequence of StripPicture

    Returns
    -------
    tuple of FieldPicture
        In the same order.
    """
    return tuple(
        FieldPicture(
            strip_id=picture.strip_id,
            before=_shrink(picture.before, _FIELD_STEPS, FIELD_BYTES),
            after=_shrink(picture.after, _FIELD_STEPS, FIELD_BYTES),
            side_m=picture.width_px * picture.metres_per_px,
            north_deg=picture.north_deg,
        )
        for picture in pictures
    )


def fit_pictures(pictures: Sequence[StripPicture], *, page_bytes: int = PAGE_BYTES) -> tuple[StripPicture, ...]:
    """Make the pictures of strips small enough to stand on one page, all by the same step.

    Parameters
    ----------
    pictures : sequence of StripPicture
    page_bytes : int
        What all of them may take. Below the last of a few steps none is made smaller, whatever their number.

    Returns
    -------
    tuple of StripPicture
        In the same order; as they are where they fit. Where they are made smaller, `width_px` and the places of the
        ends stay those of the drawing over them.
    """
    fitted, steps = tuple(pictures), list(_PAGE_STEPS)
    tried = fitted[:: max(1, len(fitted) // _TRIED)]
    share_bytes = page_bytes * len(tried) / max(1, len(fitted))
    if _weigh(fitted) <= page_bytes:
        return fitted
    while len(steps) > 1 and _weigh(_resize(tried, *steps[0])) > share_bytes:
        del steps[0]
    for step in steps:
        fitted = _resize(pictures, *step)
        if _weigh(fitted) <= page_bytes:
            break
    return fitted


def _weigh(pictures: Sequence[StripPicture]) -> int:
    return sum(len(image or b"") for picture in pictures for image in (picture.before, picture.after, picture.change))


def _resize(pictures: Sequence[StripPicture], size_px: int, quality: int) -> tuple[StripPicture, ...]:
    return tuple(
        replace(
            picture,
            before=_encode(picture.before, size_px, quality),
            after=_encode(picture.after, size_px, quality),
            change=None if picture.change is None else _encode(picture.change, size_px, quality),
        )
        for picture in pictures
    )


def _shrink(image: bytes, steps: Sequence[tuple[int, int]], most_bytes: int) -> bytes:
    """Write a picture again by the first of the steps that makes it small enough, else by the last."""
    for step in steps:
        small = _encode(image, *step)
        if len(small) <= most_bytes:
            break
    return small


def _encode(image: bytes, size_px: int, quality: int) -> bytes:
    """Write a square picture as JPEG with colours at half the resolution; every program reads it, a PDF keeps it."""
    buffer = io.BytesIO()
    with Image.open(io.BytesIO(image)) as large:
        small = large.resize((size_px, size_px), Image.Resampling.HAMMING)
    small.save(buffer, format="JPEG", quality=quality, subsampling=2)
    return buffer.getvalue()
