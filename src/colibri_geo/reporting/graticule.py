"""The graticule of a map: meridians and parallels at round degrees, with their labels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from colibri_geo.exporting.coordinates import format_degrees
from colibri_geo.reporting.canvas import FOOT, MARGIN, Canvas, trim
from colibri_geo.reporting.parts import MapLabel

_GRATICULE_LINES = 5


@dataclass(frozen=True)
class GraticuleLine:
    """One meridian or parallel on the drawing, where it is labelled, and with what."""

    path: BaseGeometry
    degrees: float
    digits: int
    meridian: bool
    horizontal: float
    vertical: float

    def label(self) -> MapLabel:
        """Write the degrees where they stand."""
        degrees = format_degrees(self.degrees, axis="lon" if self.meridian else "lat", digits=self.digits)
        anchor = "middle" if self.meridian else "start"
        return MapLabel(trim(self.horizontal), trim(self.vertical), degrees, "degrees", anchor)


def draw_graticule(canvas: Canvas) -> list[GraticuleLine]:
    """Draw meridians and parallels at round degrees; those without room for their label are left out."""
    west, south, east, north = canvas.lonlat_bounds()
    step = _nice_step((east - west) / _GRATICULE_LINES)
    digits = max(0, -math.floor(math.log10(step)))
    ticks = [
        *((lon, True, _even(lon, south, north, meridian=True)) for lon in _ticks(west, east, step)),
        *((lat, False, _even(lat, west, east, meridian=False)) for lat in _ticks(south, north, step)),
    ]
    placed = canvas.place(gpd.GeoSeries([LineString(points) for _, _, points in ticks], crs=4326))
    lines: list[GraticuleLine] = []
    for (degrees, meridian, _), line in zip(ticks, placed.intersection(canvas.frame), strict=True):
        if not line.is_empty and isinstance(line, LineString):
            lines += _label_line(canvas, line, degrees, digits, meridian=meridian)
    return lines


def _label_line(
    canvas: Canvas, line: LineString, degrees: float, digits: int, *, meridian: bool
) -> list[GraticuleLine]:
    """Label a meridian at the lower edge and a parallel at the left edge; in a corner neither has room."""
    points = shapely.get_coordinates(line)
    end = points[points[:, 1].argmax()] if meridian else points[points[:, 0].argmin()]
    horizontal, vertical = (float(end[0]), canvas.height - 14) if meridian else (MARGIN + 6, float(end[1]) - 6)
    room = 70 < horizontal < canvas.width - 70 if meridian else 40 < vertical < canvas.height - FOOT
    return [GraticuleLine(line, degrees, digits, meridian, horizontal, vertical)] if room else []


def _even(fixed: float, start: float, stop: float, *, meridian: bool) -> list[tuple[float, float]]:
    return [(fixed, float(at)) if meridian else (float(at), fixed) for at in np.linspace(start, stop, 9)]


def _nice_step(shortest: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(shortest))
    return min(step * power for step in (1.0, 2.0, 5.0, 10.0) if step * power >= shortest)


def _ticks(start: float, stop: float, step: float) -> list[float]:
    return [index * step for index in range(math.ceil(start / step), math.floor(stop / step) + 1)]
