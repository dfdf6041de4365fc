"""What was not seen, and why: one small code for each reason, and the masks that tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Protocol

import numpy as np

from colibri_geo.errors import InputError


class Unseen(IntEnum):
    """Why a pixel says nothing about the ground; `OBSERVED` (0) when it does.

    The lower-case name is the value of the `reason` column. Where two reasons meet, the higher code stands. Arrays of
    codes are compared with the `value` of a reason: beside a member NumPy widens every pixel, which takes ten times as
    long.
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


class MaskCode(StrEnum):
    """What the values of a mask mean."""

    SCL = "Sentinel-2 scene classification"
    S2_CLASSI = "Sentinel-2 L1C cloud classification"
    QA_PIXEL = "Landsat QA_PIXEL"
    QA_RADSAT = "Landsat 8 and 9 QA_RADSAT"
    QA_RADSAT_TM = "Landsat 4 to 7 QA_RADSAT"
    UDM2_SHADOW = "Planet UDM2, shadow"
    UDM2_CLOUD = "Planet UDM2, heavy haze or cloud"
    UDM2_UNUSABLE = "Planet UDM2, unusable pixels"
    UDM = "Planet UDM"
    HYP3_LS = "HyP3 layover and shadow map"
    OPERA_MASK = "OPERA RTC-S1 mask"
    HLS_FMASK = "HLS Fmask"


NO_CODE = 255
SCL_CODES = np.full(256, NO_CODE, dtype=np.uint8)
"""Sentinel-2 scene classification (0 to 11) to `Unseen`; `NO_CODE` marks codes that do not exist."""
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


def check_scl(codes: np.ndarray[Any, Any], *, source: str) -> None:
    """Refuse a mask of 0 and 1 that was given as a scene classification, in which both mean that nothing was seen.

    Parameters
    ----------
    codes : ndarray of integers
        Values from all over the mask.
    source : str
        Name of the mask for the error message.

    Raises
    ------
    InputError
        Where there are zeros and ones and nothing else.

    Examples
    --------
    >>> check_scl(np.array([0, 4, 1]), source="example")
    """
    if set(np.unique(codes).tolist()) == {0, 1}:
        raise InputError(
            f"{source}: the mask holds only 0 and 1, expected Sentinel-2 SCL codes, in which 0 is no data and 1 "
            "saturated; of a mask of clouds write 4 where it is clear and 9 where there is cloud"
        )


def decode_opera_mask(values: np.ndarray[Any, Any], /, *, source: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Turn the mask of an OPERA RTC-S1 product into `Unseen` codes.

    Parameters
    ----------
    values : (M, N) ndarray of integers
        0 is valid; 1 shadow of the radar, 2 layover, 3 both, 255 not measured: `Unseen.NODATA`.
    source : str
        Name of the mask for the error message.

    Returns
    -------
    (M, N) ndarray of uint8, `Unseen` codes

    Raises
    ------
    InputError
        For values that the mask does not have.

    References
    ----------
    OPERA RTC-S1 Product Guide, validity mask, https://hyp3-docs.asf.alaska.edu/guides/opera_rtc_product_guide/

    Examples
    --------
    >>> decode_opera_mask(np.array([[0, 1, 2, 3, 255]], dtype=np.uint8), source="example")
    array([[0, 4, 4, 4, 4]], dtype=uint8)
    """
    known = np.isin(values, (0, 1, 2, 3, 255))
    if not known.all():
        raise InputError(
            f"{source}: the mask holds {values[~known].flat[0]}, expected 0, 1, 2, 3 or 255; "
            "give the mask as the archive delivers it"
        )
    return np.where(values == 0, np.uint8(Unseen.OBSERVED), np.uint8(Unseen.NODATA))


@dataclass(frozen=True)
class BitMask:
    """Turns a mask whose bits are flags into `Unseen` codes; where several bits are set, the highest reason stands.

    Attributes
    ----------
    bits : int
        How many its values have, 16 at most.
    reasons : mapping of int to Unseen
        What each bit means, counted from 0; the others leave a pixel observed.
    unmeasured : tuple of int
        Whole values that stand for pixels that were not measured.

    Examples
    --------
    >>> BitMask(2, {0: Unseen.CLOUD}, unmeasured=(3,))(np.array([[0, 1, 2, 3]]), source="example")
    array([[0, 3, 0, 4]], dtype=uint8)
    """

    bits: int
    reasons: Mapping[int, Unseen]
    unmeasured: tuple[int, ...] = ()

    def __call__(self, values: np.ndarray[Any, Any], /, *, source: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Decode (M, N) integers of the mask called `source`.

        Raises
        ------
        InputError
            For what is no field of so many bits.
        """
        fields = self._check(values, source)
        decoded = np.zeros(fields.shape, dtype=np.uint8)
        for reason in sorted(set(self.reasons.values())):
            flags = sum(1 << bit for bit, meant in self.reasons.items() if meant == reason)
            decoded[fields & np.uint16(flags) != 0] = reason
        decoded[np.isin(fields, self.unmeasured)] = Unseen.NODATA
        return decoded

    def _check(self, values: np.ndarray[Any, Any], source: str) -> np.ndarray[Any, np.dtype[np.uint16]]:
        beyond = 1 << self.bits
        if values.dtype.kind not in "ui" or (values.size and not 0 <= int(values.min()) <= int(values.max()) < beyond):
            held = f"values from {values.min()} to {values.max()}" if values.size else f"{values.dtype} values"
            raise InputError(
                f"{source}: the mask holds {held}, expected integers from 0 to {beyond - 1}; "
                "give the mask as the archive delivers it"
            )
        return values.astype(np.uint16)


class Decoder(Protocol):
    """What turns the values of one mask band into `Unseen` codes."""

    def __call__(self, values: np.ndarray[Any, Any], /, *, source: str) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """Decode (M, N) values of the mask called `source`."""
        ...


DECODERS: Mapping[MaskCode, Decoder] = MappingProxyType(
    {
        MaskCode.SCL: decode_scl,
        # Band 1 is 1 in opaque cloud, band 2 in cirrus. Band 3, snow and ice, is not for this: such ground is observed.
        # ESA, Sentinel-2 Products Specification Document, issue 14.9, classification masks of Level-1C (MSK_CLASSI).
        MaskCode.S2_CLASSI: BitMask(1, {0: Unseen.CLOUD}),
        # Bit 0 is fill, bits 1 (dilated cloud), 2 (cirrus) and 3 (cloud) are cloud, bit 4 is cloud shadow. Snow and
        # water (bits 5 and 7) count as observed, as the classes 11 and 6 of Sentinel-2 do. The value 0, which no pixel
        # of an archive has, is what a warped file is filled with.
        # USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide, LSDS-1619, pixel quality assessment.
        MaskCode.QA_PIXEL: BitMask(
            16,
            {0: Unseen.NODATA, **dict.fromkeys((1, 2, 3), Unseen.CLOUD), 4: Unseen.SHADOW},
            unmeasured=(0,),
        ),
        # Bits 1 to 6 are saturation in bands 2 to 7, those that are read; bit 11 is ground that terrain hides from the
        # sensor. USGS, LSDS-1619, radiometric saturation.
        MaskCode.QA_RADSAT: BitMask(16, {**dict.fromkeys(range(1, 7), Unseen.SATURATION), 11: Unseen.NODATA}),
        # Bits 0 to 4 and 6 are saturation in bands 1 to 5 and 7, those that are read; bit 9 is a dropped pixel.
        # USGS, Landsat 4-7 Collection 2 Level 2 Science Product Guide, LSDS-1618, radiometric saturation.
        MaskCode.QA_RADSAT_TM: BitMask(16, {**dict.fromkeys((0, 1, 2, 3, 4, 6), Unseen.SATURATION), 9: Unseen.NODATA}),
        # Band 3 is 1 in cloud shadow, bands 5 and 6 in heavy haze and in cloud.
        # Planet, Usable Data Mask, https://docs.planet.com/data/imagery/udm/.
        MaskCode.UDM2_SHADOW: BitMask(1, {0: Unseen.SHADOW}),
        MaskCode.UDM2_CLOUD: BitMask(1, {0: Unseen.CLOUD}),
        # Band 8: bit 0 is ground that was not imaged, bits 2 to 7 are missing or suspect values of one band. Bit 1, a
        # threshold of brightness that takes bare ground for cloud, is left to the bands that followed it.
        # Planet Imagery Product Specifications, unusable data mask file.
        MaskCode.UDM2_UNUSABLE: BitMask(8, dict.fromkeys((0, *range(2, 8)), Unseen.NODATA)),
        # All there is before August 2018: the same, but nothing else tells of cloud, and nothing of haze and shadow.
        MaskCode.UDM: BitMask(8, {1: Unseen.CLOUD, **dict.fromkeys((0, *range(2, 8)), Unseen.NODATA)}),
        # Bit 2 is layover, bit 4 shadow of the radar, where no place on the ground was measured by itself;
        # `Unseen.SHADOW` is that of a cloud. The others (tested, steep slopes) leave a pixel to the bands.
        # ASF HyP3, Sentinel-1 RTC Product Guide, and the README of each product, layover-shadow mask,
        # https://hyp3-docs.asf.alaska.edu/guides/rtc_product_guide/
        MaskCode.HYP3_LS: BitMask(5, {2: Unseen.NODATA, 4: Unseen.NODATA}),
        MaskCode.OPERA_MASK: decode_opera_mask,
        # Bit 1 is cloud, bit 2 beside cloud or its shadow, bit 3 shadow of a cloud; 255 is fill. The others (snow,
        # water, aerosol) leave a pixel observed.
        # NASA, Harmonized Landsat and Sentinel-2 (HLS) Product User Guide, version 2.0, quality assessment layer.
        MaskCode.HLS_FMASK: BitMask(8, {1: Unseen.CLOUD, 2: Unseen.CLOUD, 3: Unseen.SHADOW}, unmeasured=(255,)),
    }
)
"""What decodes each code."""
