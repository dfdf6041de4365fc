"""Sun and cloud as an archive states them: facts of a whole product that are passed on; nothing is computed with them.

What is measured of clouds, pixel by pixel on the ground asked about, comes from masks and stands elsewhere. Since no
pixel depends on these facts, one that cannot be true keeps nobody from the image: it is left aside, with a note.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

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
    notes : tuple of str
        What was left aside because it cannot be true.
    """

    sun_elevation_deg: float | None = None
    sun_azimuth_deg: float | None = None
    product_cloud_share: float | None = None
    notes: tuple[str, ...] = ()


NOT_STATED = Sky()


@dataclass(frozen=True)
class Stated:
    """One thing that metadata state.

    Attributes
    ----------
    value : float or None
        None where they say nothing, or what cannot be true.
    note : str or None
        What cannot be true.
    """

    value: float | None = None
    note: str | None = None


def gather_sky(
    *, elevation: Iterable[Stated] = (), azimuth: Iterable[Stated] = (), cloud: Iterable[Stated] = ()
) -> Sky:
    """Put together what is stated at several places; of each thing the first place that says it counts.

    Examples
    --------
    >>> gather_sky(elevation=[read_elevation(None, source="a"), read_zenith(30, source="b")]).sun_elevation_deg
    60.0
    """
    elevations, azimuths, clouds = tuple(elevation), tuple(azimuth), tuple(cloud)
    return Sky(
        _first(elevations),
        _first(azimuths),
        _first(clouds),
        tuple(place.note for place in (*elevations, *azimuths, *clouds) if place.note is not None),
    )


def _first(places: Iterable[Stated]) -> float | None:
    return next((place.value for place in places if place.value is not None), None)


def read_elevation(stated: object, *, source: str) -> Stated:
    """Read the sun's elevation above the horizon.

    Parameters
    ----------
    stated : object
        Text or number of the metadata; None or empty text where they say nothing.
    source : str
        Where it stands, for notes.

    Returns
    -------
    Stated
        Degrees; what is no number from -90 to 90 is left aside.

    Examples
    --------
    >>> read_elevation("59.49769288", source="example").value
    59.497693
    >>> read_elevation("high", source="a.xml: SUN").note
    "a.xml: SUN is 'high', which is no number from -90 to 90: it was left aside"
    """
    return _read_number(stated, -_ZENITH_DEG, _ZENITH_DEG, source=source)


def read_zenith(stated: object, *, source: str) -> Stated:
    """Read the sun's angle from the zenith, and return its elevation; as `read_elevation`, from 0 to 180."""
    zenith = _read_number(stated, 0.0, 2 * _ZENITH_DEG, source=source)
    return zenith if zenith.value is None else Stated(round(_ZENITH_DEG - zenith.value, _DIGITS))


def read_azimuth(stated: object, *, source: str) -> Stated:
    """Read the sun's azimuth; as `read_elevation`, from -180 (Landsat counts west below 0) to 360.

    Examples
    --------
    >>> read_azimuth("-107.5", source="example").value
    252.5
    """
    azimuth = _read_number(stated, -_TURN_DEG / 2, _TURN_DEG, source=source)
    return azimuth if azimuth.value is None else Stated(round(azimuth.value % _TURN_DEG, _DIGITS))


def read_cloud(stated: object, *, source: str, whole: float = 100.0, unknown: float = _NOT_ASSESSED) -> Stated:
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
    Stated
        Share in [0, 1].

    Examples
    --------
    >>> read_cloud(12.5, source="example").value, read_cloud("-1.00", source="example")
    (0.125, Stated(value=None, note=None))
    """
    if _to_number(stated) == unknown:
        return Stated()
    cloud = _read_number(stated, 0.0, whole, source=source)
    return cloud if cloud.value is None else Stated(round(cloud.value / whole, _DIGITS + 2))


def _read_number(stated: object, low: float, high: float, *, source: str) -> Stated:
    if stated is None or not str(stated).strip():
        return Stated()
    number = round(_to_number(stated), _DIGITS)
    if not low <= number <= high:
        came = repr(str(stated)[:40])
        return Stated(note=f"{source} is {came}, which is no number from {low:g} to {high:g}: it was left aside")
    return Stated(number)


def _to_number(stated: object) -> float:
    try:
        return float(str(stated))
    except ValueError:
        return math.nan
