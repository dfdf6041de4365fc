"""The ground that was not observed, and that was not asked about, as polygons for the eye."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio.features import shapes

from colibri_geo.layers.counting import CodeArray
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes.masks import Unseen

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]
ObjectArray = np.ndarray[Any, np.dtype[np.object_]]
Outline = Sequence[Sequence[tuple[float, float]]]
"""Rings of a polygon, the outer first; each a sequence of vertices."""

_STRAIGHT_SQUARES = 50
_AT_ONCE = 1024  # outlines in vertices of Python's own, each of which takes ten times what it takes in a polygon
_REASONS = {code.value: code.reason for code in Unseen} | {NOT_ASKED: "not_asked"}


def draw_squares(squares: CodeArray, side: int, grid: GeoBox, metre_crs: str | CRS) -> gpd.GeoDataFrame:
    """Draw the ground that was asked about and not observed. For the eye: shares and areas come from pixels.

    Parameters
    ----------
    squares : ndarray of uint8
        From `gather_squares`, of the whole grid.
    side : int
        Of a square, pixels of `grid`.
    grid : GeoBox
    metre_crs : str or CRS
        The pair's metre CRS.

    Returns
    -------
    GeoDataFrame
        ``reason`` and one polygon a patch of squares that share an edge; by reason, then from north to south.
    """
    return _draw(squares, (squares > 0) & (squares != NOT_ASKED), side, grid, metre_crs)


def draw_unasked(squares: CodeArray, side: int, grid: GeoBox, metre_crs: str | CRS) -> gpd.GeoDataFrame | None:
    """Draw the ground that was not asked about: beyond both images, or outside of the area of interest.

    Parameters are those of `draw_squares`.

    Returns
    -------
    GeoDataFrame or None
        As `draw_squares`, with the reason ``not_asked``; None where all ground of the grid was asked about.
    """
    unasked = squares == NOT_ASKED
    return _draw(squares, unasked, side, grid, metre_crs) if unasked.any() else None


def _draw(squares: CodeArray, drawn: BoolArray, side: int, grid: GeoBox, metre_crs: str | CRS) -> gpd.GeoDataFrame:
    pixel = grid.affine
    transform = Affine(pixel.a * side, 0, pixel.c, 0, pixel.e * side, pixel.f)
    found = iter(shapes(squares, mask=drawn, connectivity=4, transform=transform))
    reasons: list[str] = []
    patches: list[ObjectArray] = [np.empty(0, dtype=object)]
    while part := list(islice(found, _AT_ONCE)):
        reasons += [_REASONS[int(code)] for _, code in part]
        patches.append(_make_polygons([outline["coordinates"] for outline, _ in part]))
    polygons = gpd.GeoDataFrame({"reason": reasons}, geometry=np.concatenate(patches), crs=str(grid.crs))
    if polygons.crs != CRS.from_user_input(metre_crs):
        edge = _STRAIGHT_SQUARES * side * abs(grid.affine.a)
        polygons = polygons.set_geometry(polygons.geometry.segmentize(edge)).to_crs(metre_crs)
    return _sort(polygons)


def _make_polygons(outlines: Sequence[Outline]) -> ObjectArray:
    """Make a polygon of each outline, all of them at once: there are thousands."""
    rings = [ring for outline in outlines for ring in outline]
    vertices = np.array([vertex for ring in rings for vertex in ring], dtype=np.float64).reshape(-1, 2)
    edges = np.asarray(shapely.linearrings(vertices, indices=_number(rings)), dtype=object)
    return np.asarray(shapely.polygons(edges, indices=_number(outlines)), dtype=object)


def _number(groups: Sequence[Sequence[object]]) -> IntArray:
    """Return, for each member of each group, the number of its group."""
    return np.repeat(np.arange(len(groups)), np.fromiter(map(len, groups), dtype=np.int64))


def _sort(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    bounds = shapely.bounds(np.asarray(polygons.geometry.array, dtype=object)).reshape(-1, 4)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], -bounds[:, 3], polygons["reason"].to_numpy(dtype=str)))
    return polygons.iloc[order].reset_index(drop=True)
