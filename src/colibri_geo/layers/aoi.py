"""The area of interest: the ground that a run is asked about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from odc.geo.geobox import GeoBox
from shapely.geometry.base import BaseGeometry

from colibri_geo.errors import NoOverlap
from colibri_geo.layers.pixels import PixelCover, find_footprint
from colibri_geo.layers.shapes import measure_km2
from colibri_geo.layers.sources import LayerSource


@dataclass(frozen=True)
class Aoi:
    """An area of interest.

    Attributes
    ----------
    polygon : Polygon or MultiPolygon
        All polygons of the file together; EPSG:4326.
    source : LayerSource
    """

    polygon: BaseGeometry
    source: LayerSource

    @property
    def area_km2(self) -> float:
        """Geodesic area, square kilometres."""
        return float(measure_km2(np.array([self.polygon]))[0])


def check_aoi(aoi: Aoi, grid: GeoBox) -> None:
    """Refuse an area of interest that has no ground in common with a grid.

    Raises
    ------
    NoOverlap
        With a hint where longitude and latitude seem to be swapped.
    """
    ground = find_footprint(grid)
    if shapely.intersection(aoi.polygon, ground).area > 0:
        return
    swapped = shapely.transform(aoi.polygon, lambda lonlat: lonlat[:, ::-1])
    hint = (
        "coordinates may be swapped: GeoJSON has longitude first" if swapped.intersects(ground) else "check its place"
    )
    lon, lat = aoi.polygon.centroid.coords[0]
    raise NoOverlap(
        f"{aoi.source.name}: the area of interest lies at longitude {lon:.2f}, latitude {lat:.2f}, "
        f"outside of the images, expected one that overlaps them; {hint}"
    )


def mask_outside_aoi(grid: GeoBox, aoi: Aoi) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return the pixels whose centre lies outside of an area of interest.

    Parameters
    ----------
    grid : GeoBox
        Any window; the answer for a pixel does not depend on the window.
    aoi : Aoi

    Returns
    -------
    (M, N) ndarray of bool
    """
    return ~PixelCover(grid).cover(aoi.polygon)
