"""The canvas of a map: how the grid of a pair lies on a drawing, and shapes as its paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import Transformer
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from colibri_geo.reporting.grounding import GroundGrid, PixelScale

WIDTH = 1000.0
"""Of every map, in its own units."""
_NARROWEST, _WIDEST = 0.6, 1.8
"""Least and greatest width of a map over its height; a longer scene gets blank ground beside it."""
DOT = 2.5
"""Radius of the dot at the end of a leader."""
MARGIN, FOOT = 12.0, 46.0
"""Blank ground around the grid; below it stand the longitudes."""


@dataclass(frozen=True)
class Canvas:
    """The area that a map is drawn on, and how the grid lies on it.

    Attributes
    ----------
    ground : GroundGrid
    scale : PixelScale
        At the centre of the grid.
    width, height : float
        In units of the drawing.
    left, top : float
        Where the first pixel of the grid lies.
    per_col, per_row : float
        Units per pixel, so that a metre is as long in both directions.
    """

    ground: GroundGrid
    scale: PixelScale
    width: float
    height: float
    left: float
    top: float
    per_col: float
    per_row: float

    @property
    def frame(self) -> Polygon:
        """The edge of the drawing."""
        return box(0, 0, self.width, self.height)

    @property
    def grid_box(self) -> tuple[float, float, float, float]:
        """Left, top, width and height of the pair's grid."""
        return self.left, self.top, self.ground.cols * self.per_col, self.ground.rows * self.per_row

    @property
    def metres_per_unit(self) -> float:
        """Metres on the ground for one unit of the drawing."""
        return self.scale.col_m / self.per_col

    def place(self, shapes: gpd.GeoSeries) -> gpd.GeoSeries:
        """Bring geometries of any CRS onto the drawing."""
        pixels = self.ground.to_pixels(shapes)
        return pixels.affine_transform([self.per_col, 0, 0, self.per_row, self.left, self.top])

    def to_map(self, across: float, down: float) -> tuple[float, float]:
        """Return easting and northing, or longitude and latitude, of one place on the drawing."""
        return self.ground.to_map((across - self.left) / self.per_col, (down - self.top) / self.per_row)

    def lonlat_bounds(self) -> tuple[float, float, float, float]:
        """West, south, east and north of the drawing, in degrees."""
        to_lonlat = Transformer.from_crs(self.ground.crs, 4326, always_xy=True)
        corners = [(0.0, 0.0), (self.width, 0.0), (self.width, self.height), (0.0, self.height)]
        places = [self.to_map(*corner) for corner in corners]
        eastings, northings = zip(*places, strict=True)
        bounds = to_lonlat.transform_bounds(min(eastings), min(northings), max(eastings), max(northings))
        return float(bounds[0]), float(bounds[1]), float(bounds[2]), float(bounds[3])


def plan_canvas(ground: GroundGrid) -> Canvas:
    """Plan the drawing of a grid: its proportions on the ground, within what fits a page.

    Parameters
    ----------
    ground : GroundGrid

    Returns
    -------
    Canvas
    """
    scale = ground.scale_at(ground.cols / 2, ground.rows / 2)
    width_m, height_m = ground.cols * scale.col_m, ground.rows * scale.row_m
    area_width_m = max(width_m, height_m * _NARROWEST)
    area_height_m = max(height_m, area_width_m / _WIDEST)
    units = (WIDTH - 2 * MARGIN) / area_width_m
    return Canvas(
        ground=ground,
        scale=scale,
        width=WIDTH,
        height=area_height_m * units + MARGIN + FOOT,
        left=MARGIN + (area_width_m - width_m) / 2 * units,
        top=MARGIN + (area_height_m - height_m) / 2 * units,
        per_col=scale.col_m * units,
        per_row=scale.row_m * units,
    )


def canvas_corners(canvas: Canvas) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the pair's grid on a drawing."""
    left, top, width, height = canvas.grid_box
    return left, top, left + width, top + height


def polygon_path(polygon: Polygon) -> str:
    """Write a polygon as the path of a drawing."""
    rings = [polygon.exterior, *polygon.interiors]
    return "".join(f"M{_points(shapely.get_coordinates(ring)[:-1])}Z" for ring in rings)


def line_path(line: BaseGeometry) -> str:
    """Write a line, of one part or more, as the path of a drawing."""
    parts = shapely.get_parts(line)
    return "".join(f"M{_points(shapely.get_coordinates(part))}" for part in parts)


def leader_path(line: LineString) -> str:
    """Write a line that leads to a thing, and the dot at its end there, as the path of a drawing."""
    across, down = line.coords[-1]
    dot = (
        f"M{trim(across - DOT)} {trim(down)}a{DOT:g} {DOT:g} 0 1 0 {2 * DOT:g} 0a{DOT:g} {DOT:g} 0 1 0 {-2 * DOT:g} 0Z"
    )
    return f"{line_path(line)}{dot}"


def _points(coordinates: np.ndarray[Any, np.dtype[np.float64]]) -> str:
    return "L".join(f"{trim(across)} {trim(down)}" for across, down in coordinates)


def trim(value: float) -> str:
    """Write a length of the drawing: one decimal, none where it is 0."""
    return f"{round(float(value), 1) + 0.0:.1f}".removesuffix(".0")
