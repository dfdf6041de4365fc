"""What was not seen, and why: one small code for each reason, and the masks that tell."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from colibri_geo.errors import InputError


class Unseen(IntEnum):
    """Why a pixel says nothing about the ground; `OBSERVED` (0) when it does.

    The lower-case name is the value of the `reason` column. Where two reasons meet, the higher code stands.
    """

    OBSERVED = 0
    SATURATION = 1
    SHADOW = 2
    CLOUD = 3
    NODATA = 4
    OUTSIDE = 5

    @property
    def reason(self) -> str:
        """The reason as it stands in tables."""
        return self.name.lower()


SCL_CODES = np.full(256, 255, dtype=np.uint8)
"""Sentinel-2 scene classification (0 to 11) to `Unseen`; 255 marks codes that do not exist."""
SCL_CODES[:12] = Unseen.OBSERVED
SCL_CODES[0] = Unseen.NODATA
SCL_CODES[1] = Unseen.SATURATION
SCL_CODES[3] = Unseen.SHADOW
SCL_CODES[[8, 9, 10]] = Unseen.CLOUD


def decode_scl(codes: np.ndarray[Any, Any], *, source: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Turn Sentinel-2 scene classification codes into `Unseen` codes.

    Parameters
    ----------
    codes : (M, N) ndarray of integers, 0 to 11
        Classes 0 (no data), 1 (saturated or defective), 3 (cloud shadow), 8 and 9 (cloud), 10 (thin cirrus) are not
        observed; all others are.
    source : str
        Name of the mask for the error message.

    Returns
    -------
    (M, N) ndarray of uint8, `Unseen` codes

    Raises
    ------
    InputError
        For codes that the classification does not have.

    References
    ----------
    ESA, Sentinel-2 Products Specification Document, issue 14.9, scene classification (SCL).

    Examples
    --------
    >>> decode_scl(np.array([[4, 9, 3, 0]]), source="example")
    array([[0, 3, 2, 4]], dtype=uint8)
    """
    if codes.size and (int(codes.min()) < 0 or int(codes.max()) > 11):
        raise InputError(
            f"{source}: the mask holds values from {codes.min()} to {codes.max()}, "
            "expected Sentinel-2 SCL codes 0 to 11; give a mask in these codes"
        )
    decoded: np.ndarray[Any, np.dtype[np.uint8]] = SCL_CODES[codes.astype(np.intp)]
    return decoded
