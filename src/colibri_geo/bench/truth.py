"""What is true of a benchmark scene: its strips on the ellipsoid, and what else lies there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from pyproj import CRS, Geod, Transformer
from shapely import affinity

from colibri_geo.sim import TruthStrip

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Obstacle:
    """Something that is no strip, where a false alarm may have its cause.

    Attributes
    ----------
    kind : str
        As road, river, field, burn, cloud, shadow; ``none`` is kept for what lies on nothing.
    geometry : shapely geometry
        In the metre system of the scene.
    soft : bool
        Of no sharp edge, or everywhere: the cause only where nothing sharper lies.
    """

    kind: str
    geometry: Any
    soft: bool = False


@dataclass(frozen=True)
class Truth:
    """What is true of one pair of scenes.

    Attributes
    ----------
    crs : str
        Metre system of all places.
    strips : tuple of TruthStrip
    obstacles : tuple of Obstacle
    on_after : bool
        Whether places are those of the after image: then what is found, on the grid of the before image, is to be
        compared with `seen_from_before`.
    """

    crs: str
    strips: tuple[TruthStrip, ...]
    obstacles: tuple[Obstacle, ...] = ()
    on_after: bool = False

    def seen_from_before(self, *, shift_east_m: float, shift_north_m: float) -> Truth:
        """Return the truth on the grid of the before image, given where the after image lies relative to it."""
        if not self.on_after:
            return self
        east, north = -shift_east_m, -shift_north_m
        strips = tuple(
            replace(
                strip,
                end1=(strip.end1[0] + east, strip.end1[1] + north),
                end2=(strip.end2[0] + east, strip.end2[1] + north),
            )
            for strip in self.strips
        )
        moved = (replace(one, geometry=affinity.translate(one.geometry, east, north)) for one in self.obstacles)
        return Truth(self.crs, strips, tuple(moved))

    def axes_in(self, crs: str) -> FloatArray:
        """Return the axes of the strips in another metre system.

        Returns
        -------
        (K, 2, 2) ndarray of float64, metres
            Strip, end, easting and northing.
        """
        axes = np.array([(strip.end1, strip.end2) for strip in self.strips], dtype=np.float64).reshape(-1, 2, 2)
        if CRS.from_user_input(self.crs) == CRS.from_user_input(crs) or not len(axes):
            return axes
        east, north = Transformer.from_crs(self.crs, crs, always_xy=True).transform(axes[..., 0], axes[..., 1])
        return np.stack([east, north], axis=-1)


@dataclass(frozen=True)
class OnGround:
    """Axes as they lie on the ellipsoid.

    Attributes
    ----------
    length_m : (K,) ndarray of float64
        Geodesic.
    azimuth_deg : (K,) ndarray of float64
        True, in [0, 180).
    """

    length_m: FloatArray
    azimuth_deg: FloatArray


def measure_on_ground(axes: FloatArray, crs: str) -> OnGround:
    """Measure axes as the strips table does: on the WGS 84 ellipsoid.

    Parameters
    ----------
    axes : (K, 2, 2) ndarray of float64, metres of `crs`
    crs : str

    Returns
    -------
    OnGround
    """
    flat = axes.reshape(-1, 2)
    lon, lat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(flat[:, 0], flat[:, 1])
    lon, lat = np.reshape(lon, (-1, 2)), np.reshape(lat, (-1, 2))
    azimuth, _, length = _GEOD.inv(lon[:, 0], lat[:, 0], lon[:, 1], lat[:, 1])
    return OnGround(np.asarray(length, dtype=np.float64), np.asarray(azimuth, dtype=np.float64) % 180.0)


def as_axes(lines: Sequence[Any]) -> FloatArray:
    """Return the ends of straight lines as an array.

    Parameters
    ----------
    lines : sequence of LineString

    Returns
    -------
    (K, 2, 2) ndarray of float64
    """
    return np.array([(line.coords[0], line.coords[-1]) for line in lines], dtype=np.float64).reshape(-1, 2, 2)
