"""Sun and cloud as an archive states them: facts of a whole product that are passed on; nothing is computed with them.

What is measured of clouds, pixel by pixel on the ground asked about, comes from masks and stands elsewhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from colibri_geo.errors import CorruptInput

_TURN_DEG = 360.0
_ZENITH_DEG = 90.0
_DIGITS = 6  # of degrees and per cent: archives state no more that holds
_NOT_ASSESSED = -1.0


@dataclass(frozen=True)
class Sky:
    """What an archive states of sun and cloud, None where it says nothing.

    Attributes
    ----------
    sun_elevation_deg : float or None
        Above the horizon, in [-90, 90], at the middle of the product or its mean.
    sun_azimuth_deg : float or None
        True, clockwise from north, in [0, 360).
    product_cloud_share : float or None
        Of the whole product, in [0, 1]; not of the ground that a run is asked about.
    """

    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None
    product_cloud_share: float | None = None


NOT_STATED = Sky()


def read_elevation(stated: object, *, source: str) -> float | None:
    """Read the sun's elevation above the horizon.

    Parameters
    ----------
    stated : object
        Text or number of the metadata; None or empty text where they say nothing.
    source : str
        Where it stands, for messages.

    Returns
    -------
    float or None
        Degrees.

    Raises
    ------
    CorruptInput
        For what is no number from -90 to 90.

    Examples
    --------
    >>> read_elevation("59.49769288", source="example")
    59.497693
    """
    return _read_number(stated, -_ZENITH_DEG, _ZENITH_DEG, source=source)


def read_zenith(stated: object, *, source: str) -> float | None:
    """Read the sun's angle from the zenith, and return its elevation; as `read_elevation`, from 0 to 180."""
    zenith_deg = _read_number(stated, 0.0, 2 * _ZENITH_DEG, source=source)
    return None if zenith_deg is None else round(_ZENITH_DEG - zenith_deg, _DIGITS)


def read_azimuth(stated: object, *, source: str) -> float | None:
    """Read the sun's azimuth; as `read_elevation`, from -180 (Landsat counts west below 0) to 360.

    Examples
    --------
    >>> read_azimuth("-107.5", source="example")
    252.5
    """
    azimuth_deg = _read_number(stated, -_TURN_DEG / 2, _TURN_DEG, source=source)
    return None if azimuth_deg is None else round(azimuth_deg % _TURN_DEG, _DIGITS)


def read_cloud(stated: object, *, source: str, whole: float = 100.0, unknown: float = _NOT_ASSESSED) -> float | None:
    """Read how much of a product is cloud; as `read_elevation`, from 0 to `whole`.

    Parameters
    ----------
    stated : object
    source : str
    whole : float
        What stands for all of the product.
    unknown : float
        What stands for not assessed: of Landsat, and of STAC items made of it, -1.

    Returns
    -------
    float or None
        Share in [0, 1].

    Examples
    --------
    >>> read_cloud(12.5, source="example"), read_cloud("-1.00", source="example")
    (0.125, None)
    """
    if _to_number(stated) == unknown:
        return None
    cloud = _read_number(stated, 0.0, whole, source=source)
    return None if cloud is None else round(cloud / whole, _DIGITS + 2)


def first_stated(*values: float | None) -> float | None:
    """Return the first value that is stated, None where none is."""
    return next((value for value in values if value is not None), None)


def _read_number(stated: object, low: float, high: float, *, source: str) -> float | None:
    if stated is None or not str(stated).strip():
        return None
    number = round(_to_number(stated), _DIGITS)
    if not low <= number <= high:
        raise CorruptInput(
            f"{source} is {str(stated)[:40]!r}, expected a number from {low:g} to {high:g}; "
            "correct it, or fetch the metadata again"
        )
    return number


def _to_number(stated: object) -> float:
    try:
        return float(str(stated))
    except ValueError:
        return math.nan
