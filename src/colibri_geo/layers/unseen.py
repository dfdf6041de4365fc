"""The ground that was not observed, as polygons for the eye."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import CRS
from rasterio.features import shapes
from shapely.geometry import shape

from colibri_geo.pairs import NOT_ASKED, measure_pixel
from colibri_geo.scenes.masks import Unseen

DRAWN_M = 60.0
"""Most of the side of the squares of which the polygons are made."""

_STRAIGHT_SQUARES = 50
_REASONS = [code for code in Unseen if code is not Unseen.OBSERVED]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]


def choose_square(grid: GeoBox, lattice_px: int) -> int:
    """Choose how many pixels make the side of a square: about 60 m, whole squares in each cell of a lattice.

    Parameters
    ----------
    grid : GeoBox
    lattice_px : int
        Side of the cells in which squares are gathered.

    Returns
    -------
    int
        The largest divisor of `lattice_px` that makes no more than 60 m, at least 1.
    """
    most = max(1, round(DRAWN_M / measure_pixel(grid).finer_m))
    return max(side for side in range(1, min(most, lattice_px) + 1) if lattice_px % side == 0)


def gather_squares(codes: CodeArray, side: int) -> CodeArray:
    """Return the reason of each square of `side` by `side` pixels, 0 where it is not drawn.

    A square is drawn where at least half of its pixels asked about were not observed; its reason is the one of most of
    them, of equals the graver (`Unseen`).

    Parameters
    ----------
    codes : (M, N) ndarray of uint8
        `Unseen` codes; 255 (`NOT_ASKED`) where nothing was asked.
    side : int

    Returns
    -------
    (ceil(M / side), ceil(N / side)) ndarray of uint8
    """
    rows, cols = -(-codes.shape[0] // side), -(-codes.shape[1] // side)
    if not codes.any():
        return np.zeros((rows, cols), dtype=np.uint8)
    padded = np.full((rows * side, cols * side), NOT_ASKED, dtype=np.uint8)
    padded[: codes.shape[0], : codes.shape[1]] = codes
    blocks = padded.reshape(rows, side, cols, side)
    asked = np.count_nonzero(blocks != NOT_ASKED, axis=(1, 3))
    by_reason = np.stack([np.count_nonzero(blocks == reason, axis=(1, 3)) for reason in reversed(_REASONS)])
    most = np.array(_REASONS[::-1], dtype=np.uint8)[by_reason.argmax(axis=0)]
    drawn = (asked > 0) & (2 * by_reason.sum(axis=0) >= asked)
    return np.where(drawn, most, np.uint8(0))


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
    pixel = grid.affine
    transform = Affine(pixel.a * side, 0, pixel.c, 0, pixel.e * side, pixel.f)
    found = list(shapes(squares, mask=squares > 0, connectivity=4, transform=transform))
    polygons = gpd.GeoDataFrame(
        {"reason": [Unseen(int(code)).reason for _, code in found]},
        geometry=np.array([shape(outline) for outline, _ in found], dtype=object),
        crs=str(grid.crs),
    )
    if polygons.crs != CRS.from_user_input(metre_crs):
        edge = _STRAIGHT_SQUARES * side * abs(grid.affine.a)
        polygons = polygons.set_geometry(polygons.geometry.segmentize(edge)).to_crs(metre_crs)
    return _sort(polygons)


def _sort(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    bounds = shapely.bounds(np.asarray(polygons.geometry.array, dtype=object)).reshape(-1, 4)
    order = np.lexsort((bounds[:, 1], bounds[:, 0], -bounds[:, 3], polygons["reason"].to_numpy(dtype=str)))
    return polygons.iloc[order].reset_index(drop=True)
