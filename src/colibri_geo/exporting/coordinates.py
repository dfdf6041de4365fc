"""Coordinates as people read them: degrees, minutes and seconds, and the Military Grid Reference System."""

from __future__ import annotations

from typing import Literal

import geopandas as gpd

from colibri_geo.errors import GeoreferenceError
from colibri_geo.tracing.table import find_mgrs

WGS84 = "EPSG:4326"
_LIMITS = {"lat": 90.0, "lon": 180.0}
_LETTERS = {"lat": "NS", "lon": "EW"}
_TENTHS_PER_DEGREE = 36_000


def compass_letter(value_deg: float, *, axis: Literal["lat", "lon"]) -> str:
    """Return the letter of the side of the equator or of Greenwich, as navigation has it in every language.

    Examples
    --------
    >>> compass_letter(-77.3, axis="lon"), compass_letter(0.0, axis="lat")
    ('W', 'N')
    """
    return _LETTERS[axis][value_deg < 0]


def format_degrees(value_deg: float, *, axis: Literal["lat", "lon"], digits: int) -> str:
    """Write an angle in decimal degrees with its side: like every coordinate with a point, in every language.

    Examples
    --------
    >>> format_degrees(-77.3, axis="lon", digits=2)
    '77.30° W'
    >>> format_degrees(-0.001, axis="lon", digits=2)
    '0.00° E'
    """
    rounded = round(value_deg, digits)
    return f"{abs(rounded):.{digits}f}° {compass_letter(rounded, axis=axis)}"


def format_dms(value_deg: float, *, axis: Literal["lat", "lon"]) -> str:
    r"""Write an angle in degrees, minutes and seconds; a tenth of a second is 3 m on the ground.

    Parameters
    ----------
    value_deg : float
        Decimal degrees, north and east positive.
    axis : {"lat", "lon"}

    Returns
    -------
    str

    Raises
    ------
    GeoreferenceError
        Beyond 90 or 180 degrees, or not a number.

    Examples
    --------
    >>> format_dms(1.2095833, axis="lat")
    '1°12\'34.5"N'
    >>> format_dms(-77.99999, axis="lon")
    '78°00\'00.0"W'
    """
    limit = _LIMITS[axis]
    if not -limit <= value_deg <= limit:
        raise GeoreferenceError(
            f"{axis} {value_deg}: expected {-limit:g} to {limit:g} degrees; give WGS 84 coordinates"
        )
    tenths = round(abs(value_deg) * _TENTHS_PER_DEGREE)
    letter = compass_letter(value_deg if tenths else 0.0, axis=axis)
    minutes, rest = divmod(tenths, 600)
    degrees, minute = divmod(minutes, 60)
    return f"{degrees}°{minute:02d}'{rest // 10:02d}.{rest % 10}\"{letter}"


def format_position(lon_deg: float, lat_deg: float) -> str:
    r"""Write a position as pilots do, latitude first.

    Examples
    --------
    >>> format_position(-77.3, 1.2)
    '1°12\'00.0"N 77°18\'00.0"W'
    """
    return f"{format_dms(lat_deg, axis='lat')} {format_dms(lon_deg, axis='lon')}"


def format_mgrs(lon_deg: float, lat_deg: float) -> str:
    """Write a position in the Military Grid Reference System, to the metre.

    Raises
    ------
    GeoreferenceError
        Beyond 90 or 180 degrees, or not a number.

    Examples
    --------
    >>> format_mgrs(-75.0, 0.0)
    '18NWF0000000000'
    """
    for value, axis in ((lat_deg, "lat"), (lon_deg, "lon")):
        if not -_LIMITS[axis] <= value <= _LIMITS[axis]:
            raise GeoreferenceError(f"{axis} {value}: expected degrees on WGS 84; give WGS 84 coordinates")
    return find_mgrs(lon_deg, lat_deg)


def strip_centres(strips: gpd.GeoDataFrame) -> gpd.GeoSeries:
    """Return the middle of each axis.

    Parameters
    ----------
    strips : GeoDataFrame
        Axes in a CRS in metres.

    Returns
    -------
    GeoSeries
        Points in longitude and latitude on WGS 84, on the same index.
    """
    return strips.geometry.interpolate(0.5, normalized=True).to_crs(WGS84)
