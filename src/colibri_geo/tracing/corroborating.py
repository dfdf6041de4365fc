"""What a pair of radar images says of strips that were found in optical images: one more column, nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from shapely.geometry import LineString

from colibri_geo.core.windows import Window
from colibri_geo.errors import BandMismatch, QuantityMismatch
from colibri_geo.pairs import check_order, measure_overlap_share, measure_pixel
from colibri_geo.scenes.scaling import GAMMA0_DB
from colibri_geo.scenes.scene import Scene

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_BANDS = ("vh", "vv")  # the first that both have: what is sent back cross-polarised comes from the volume of plants
_FLANKS = (2.0, 5.0)  # widths away from the axis
_STEP_PX = 0.5
_LEAST_SHARE = 0.5  # of the axis, and of each flank, measured on both dates


def check_radar(before: Scene, after: Scene) -> str:
    """Check that two scenes are a pair of radar images that can corroborate strips.

    Parameters
    ----------
    before, after : Scene

    Returns
    -------
    str
        The band to use: ``vh`` where both have it, else ``vv``.

    Raises
    ------
    QuantityMismatch
        Where one does not hold terrain-corrected backscatter in decibels.
    SameScene, DateOrder
    BandMismatch
        Where they share neither VH nor VV.
    NoOverlap
        Where they share no ground.
    """
    for scene in (before, after):
        if scene.quantity != GAMMA0_DB:
            raise QuantityMismatch(
                f"{scene.name}: holds {scene.quantity}, expected terrain-corrected radar backscatter ({GAMMA0_DB}); "
                "give Sentinel-1 RTC images with --before-radar and --after-radar, optical ones as BEFORE and AFTER"
            )
    check_order(before, after, remedy="take radar images of other dates")
    band = next((band for band in _BANDS if band in before.bands and band in after.bands), None)
    if band is None:
        raise BandMismatch(
            f"{before.name} has {', '.join(before.bands)}, {after.name} has {', '.join(after.bands)}; expected VH or "
            "VV in both, give radar images of the same polarisation"
        )
    measure_overlap_share(before, after, before.grid)
    return band


def corroborate(strips: gpd.GeoDataFrame, before: Scene, after: Scene) -> gpd.GeoDataFrame:
    """Say of each strip how much darker to the radar it became, relative to its flanks.

    Use it on strips that were found in optical images. It finds none, drops none, and leaves verdict and probability
    alone: a value near 0 speaks against bare smooth ground in place of forest, but a strip in grass, or one that was
    rough or wet on the later date, shows little.

    Parameters
    ----------
    strips : GeoDataFrame
        With ``width_m``; geometry = axes in metres.
    before, after : Scene
        Terrain-corrected backscatter, ``gamma0_db``, on any grids.

    Returns
    -------
    GeoDataFrame
        The same rows with ``sar_darkening``: dB, positive where the strip is darker after than before; NaN where less
        than half of the axis or of a flank was measured on both dates.

    Raises
    ------
    QuantityMismatch, SameScene, DateOrder, BandMismatch, NoOverlap
        As `check_radar`.

    Notes
    -----
    On each date the contrast is ``10 log10(flanks / axis)`` of mean power: over the axis within the width (one pixel at
    least), and over both flanks from two to five widths away. Power is averaged, not decibels: its mean over speckle is
    that of the ground. The darkening is the contrast after less that before, so whatever changed all around, such as
    wet leaves, drops out.

    At C band plants scatter in their volume, and much of it comes back cross-polarised; a bare surface that is smooth
    on the scale of the wave (5.5 cm) sends most of it away and depolarises little, so VH goes first [1]_. Clearing of
    humid tropical forest lowers Sentinel-1 backscatter; alerts rest on it [2]_.

    References
    ----------
    .. [1] Oh, Y., Sarabandi, K., Ulaby, F. T., 1992. An empirical model and an inversion technique for radar scattering
       from bare soil surfaces. IEEE Transactions on Geoscience and Remote Sensing 30(2).
       https://doi.org/10.1109/36.134086
    .. [2] Reiche, J., et al., 2021. Forest disturbance alerts for the Congo Basin using Sentinel-1. Environmental
       Research Letters 16, 024005. https://doi.org/10.1088/1748-9326/abd0a8
    """
    band = check_radar(before, after)
    looks = [_Look(scene, band, _to_scene(strips, scene)) for scene in (before, after)]
    pixels = [measure_pixel(scene.grid) for scene in (before, after)]
    step_m = _STEP_PX * min(pixel.finer_m for pixel in pixels)
    least_width_m = max(max(pixel.east_m, pixel.north_m) for pixel in pixels)
    values = [
        _darken(_lay_out(axis, max(width_m, least_width_m), step_m), looks)
        for axis, width_m in zip(strips.geometry, strips["width_m"], strict=True)
    ]
    return strips.assign(sar_darkening=pd.Series(values, index=strips.index, dtype="float64"))


@dataclass(frozen=True)
class _Points:
    """Points of the map, in the CRS of the strips.

    Attributes
    ----------
    east, north : (K,) ndarray of float64, metres
    """

    east: FloatArray
    north: FloatArray


@dataclass(frozen=True)
class _Layout:
    """Where a strip and its flanks are sampled."""

    axis: _Points
    flanks: tuple[_Points, _Points]


@dataclass(frozen=True)
class _Look:
    """One radar scene, read where the strips are.

    Attributes
    ----------
    scene : Scene
    band : str
    to_scene : Transformer
        From the CRS of the strips to that of the scene.
    """

    scene: Scene
    band: str
    to_scene: Transformer

    def read_power(self, points: _Points) -> FloatArray:
        """Read the power of the pixel under each point, (K,) ndarray of float64; NaN where not measured."""
        east, north = self.to_scene.transform(points.east, points.north)
        to_pixel = ~self.scene.grid.affine
        row = to_pixel.f + to_pixel.d * east + to_pixel.e * north
        col = to_pixel.c + to_pixel.a * east + to_pixel.b * north
        rows, cols = (int(side) for side in self.scene.grid.shape)
        power = np.full(len(row), np.nan)
        inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
        if inside.any():
            power[inside] = self._read_pixels(row[inside].astype(np.intp), col[inside].astype(np.intp))
        return power

    def _read_pixels(self, row: np.ndarray[Any, Any], col: np.ndarray[Any, Any]) -> FloatArray:
        """Read pixels of the scene in one window around them."""
        first_row, first_col = int(row.min()), int(col.min())
        window = Window(first_row, first_col, int(row.max()) - first_row + 1, int(col.max()) - first_col + 1)
        block = self.scene.read_block(window, (self.band,))
        decibels = block.values[0, row - first_row, col - first_col].astype(np.float64)
        power: FloatArray = np.where(block.valid[row - first_row, col - first_col], 10 ** (decibels / 10), np.nan)
        return power


def _to_scene(strips: gpd.GeoDataFrame, scene: Scene) -> Transformer:
    return Transformer.from_crs(strips.crs, str(scene.grid.crs), always_xy=True)


def _lay_out(axis: LineString, width_m: float, step_m: float) -> _Layout:
    """Spread points evenly over a strip and its flanks, each for the same ground."""
    (east1, north1), (east2, north2) = axis.coords[0], axis.coords[-1]
    length_m = float(np.hypot(east2 - east1, north2 - north1))
    along = np.array([east2 - east1, north2 - north1]) / length_m
    stations = _spread(0.0, length_m, step_m)

    def place(first_m: float, last_m: float) -> _Points:
        station, offset = (grid.ravel() for grid in np.meshgrid(stations, _spread(first_m, last_m, step_m)))
        return _Points(
            east1 + station * along[0] + offset * along[1],
            north1 + station * along[1] - offset * along[0],
        )

    near, far = (widths * width_m for widths in _FLANKS)
    return _Layout(place(-width_m / 2, width_m / 2), (place(-far, -near), place(near, far)))


def _spread(first_m: float, last_m: float, step_m: float) -> FloatArray:
    """Middles of equal parts of a stretch, none longer than a step."""
    edges = np.linspace(first_m, last_m, math.ceil((last_m - first_m) / step_m) + 1, dtype=np.float64)
    middles: FloatArray = (edges[1:] + edges[:-1]) / 2
    return middles


def _darken(layout: _Layout, looks: Sequence[_Look]) -> float:
    """Contrast of a strip with its flanks on the later date, less that on the earlier, dB."""
    axis = _read_both(layout.axis, looks)
    flanks = [_read_both(points, looks) for points in layout.flanks]
    if any(np.isfinite(part[0]).mean() < _LEAST_SHARE for part in (axis, *flanks)):
        return float("nan")
    around = np.concatenate(flanks, axis=1)
    contrast_before, contrast_after = 10 * np.log10(np.nanmean(around, axis=1) / np.nanmean(axis, axis=1))
    return float(contrast_after - contrast_before)


def _read_both(points: _Points, looks: Sequence[_Look]) -> FloatArray:
    """Read the power on both dates, (2, K) ndarray of float64; NaN on both where it was not measured on one."""
    power = np.stack([look.read_power(points) for look in looks])
    power[:, np.isnan(power).any(axis=0)] = np.nan
    return power
