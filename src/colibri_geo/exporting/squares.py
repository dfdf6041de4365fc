"""The squares that stand for positions in an edition: a lattice of degrees, the same for every run."""

from __future__ import annotations

import math
from typing import Literal

from shapely import Polygon, box

from colibri_geo.exporting.coordinates import compass_letter
from colibri_geo.language import ENGLISH, Messages

SQUARE_KM = 5.0
"""Least side of a square."""
STEP_DEG = 0.05
_PER_DEG = 20
_WIDEST = 16
"""Most steps of longitude in one square; the circle of 7,200 steps holds it a whole number of times."""
_KM_PER_DEG = 111.3
"""Of longitude at the equator, and a little less than on the ellipsoid."""


def find_square(lon_deg: float, lat_deg: float) -> Polygon:
    """Return the square of the lattice that holds a place.

    A square is 0.05 degrees high, 5.5 km, and 0.05 degrees wide, or the double of that as often as it takes to make
    5 km: up to latitude 26 it is 0.05, up to 63 it is 0.1. Its edges are whole steps of 0.05 degrees. The lattice is
    the same for the whole Earth, without zones, so that two runs never give one place two squares that overlap in less
    than a square, and no seam makes a narrower one.

    Parameters
    ----------
    lon_deg, lat_deg : float
        WGS 84.

    Returns
    -------
    Polygon
        West, south, east and north edges in degrees.

    Examples
    --------
    >>> find_square(-77.289, 1.192).bounds
    (-77.3, 1.15, -77.25, 1.2)
    >>> find_square(-69.99, -33.4501).bounds
    (-70.0, -33.5, -69.9, -33.45)
    """
    row = math.floor(lat_deg * _PER_DEG)
    steps = _count_steps(max(abs(row), abs(row + 1)) / _PER_DEG)
    east_of_antimeridian = (lon_deg + 180) % 360
    col = math.floor(east_of_antimeridian * _PER_DEG / steps) * steps - 180 * _PER_DEG
    return box(col / _PER_DEG, row / _PER_DEG, (col + steps) / _PER_DEG, (row + 1) / _PER_DEG)


def name_square(square: Polygon, messages: Messages = ENGLISH) -> str:
    """Write a square by its edges, latitude first.

    Examples
    --------
    >>> name_square(find_square(-77.289, 1.192))
    '1.15 to 1.20 N, 77.25 to 77.30 W'
    """
    west, south, east, north = square.bounds
    return f"{_name_sides(south, north, 'lat', messages)}, {_name_sides(west, east, 'lon', messages)}"


def _count_steps(lat_deg: float) -> int:
    """Return how many steps of longitude make a square wide enough at its narrower edge."""
    steps = 1
    while steps < _WIDEST and steps / _PER_DEG * _KM_PER_DEG * math.cos(math.radians(lat_deg)) < SQUARE_KM:
        steps *= 2
    return steps


def _name_sides(low: float, high: float, axis: Literal["lat", "lon"], messages: Messages) -> str:
    near, far = sorted((abs(low), abs(high)))
    return f"{messages.say('value.range', low=f'{near:.2f}', high=f'{far:.2f}')} {compass_letter(low, axis=axis)}"
