"""What lies between the ground and the sensor: haze, clouds, their shadows, and the imperfect mask of them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from colibri_geo.sim.clutter import draw_wisps
from colibri_geo.sim.ground import CodeArray, Ground
from colibri_geo.sim.shapes import Point, View
from colibri_geo.sim.spec import Cloud, Look, SceneSpec
from colibri_geo.sim.spectra import FloatArray, band_positions
from colibri_geo.sim.texture import draw_texture

CLOUD = (0.62, 0.60, 0.60, 0.64, 0.50, 0.38)
"""Thick water cloud, bands as in `colibri_geo.sim.spectra.BANDS`."""
HAZE = (0.30, 0.26, 0.23, 0.25, 0.12, 0.08)
"""What thin haze adds, bluer than cloud."""
SHADOW = (0.62, 0.52, 0.45, 0.38, 0.33, 0.30)
"""What is left of the light in a cloud's shadow: sky light is blue."""

SCL_SHADOW, SCL_CLOUD_MEDIUM, SCL_CLOUD_HIGH, SCL_CIRRUS = 3, 8, 9, 10
MASK_M = 20.0
"""The scene classification of Sentinel-2 is made on pixels of 20 m."""
_SOFT_M = 28.0
_RAGGED = 0.32


@dataclass(frozen=True)
class Sky:
    """Shares of what hides or darkens the ground, each (M, N) ndarray of float32 in [0, 1].

    Attributes
    ----------
    haze, cloud, shadow : (M, N) ndarray of float32
    """

    haze: FloatArray
    cloud: FloatArray
    shadow: FloatArray


def draw_sky(spec: SceneSpec, date: int) -> Sky:
    """Draw the sky of one date."""
    rng, size = np.random.default_rng([spec.seed, 3, date]), (spec.rows, spec.cols)
    look = spec.looks[date]
    ragged = draw_texture(rng, *size, slope=2.6, largest_px=600 / spec.pixel_m).sample(blur_px=10 / spec.pixel_m)
    front = draw_texture(rng, *size, slope=3.0, largest_px=5000 / spec.pixel_m).sample(blur_px=20 / spec.pixel_m)
    haze = np.float32(look.haze) * ndtr((front - 0.2) / 0.6).astype(np.float32)
    cloud, shadow = np.zeros(size, dtype=np.float32), np.zeros(size, dtype=np.float32)
    view = View(spec.rows, spec.cols, spec.pixel_m)
    for one in spec.clouds:
        if one.date == date:
            _gather(cloud, view, one, ragged, offset_m=(0.0, 0.0))
            _gather(shadow, view, one, ragged, offset_m=shadow_offset(one, look))
    return Sky(haze, cloud, shadow * (1 - cloud))


def shadow_offset(cloud: Cloud, look: Look) -> Point:
    """Return where a cloud's shadow lies relative to the cloud: east, north in metres."""
    reach = cloud.height_m * math.tan(math.radians(look.sun_zenith_deg))
    azimuth = math.radians(look.sun_azimuth_deg)
    return -reach * math.sin(azimuth), -reach * math.cos(azimuth)


def _gather(into: FloatArray, view: View, cloud: Cloud, ragged: FloatArray, *, offset_m: Point) -> None:
    """Add one cloud, or its shadow, to the share that is covered; the ragged edge moves along."""
    east_m, north_m = offset_m
    center = np.array([[cloud.center[0] + east_m, cloud.center[1] + north_m]], dtype=np.float32)
    patch = view.window(center, cloud.radius_m * (1 + 3.5 * _RAGGED) + 4 * _SOFT_M)
    if patch.empty:
        return
    moved = np.roll(ragged, (round(-north_m / view.pixel_m), round(east_m / view.pixel_m)), axis=(0, 1))[patch.slices]
    distance = np.hypot(patch.east_m - center[0, 0], patch.north_m - center[0, 1])
    depth = cloud.radius_m * (1 + np.float32(_RAGGED) * moved) - distance
    part = into[patch.slices]
    np.maximum(part, ndtr(depth / np.float32(_SOFT_M)), out=part)


def look_through(spec: SceneSpec, ground: Ground, sky: Sky, date: int) -> FloatArray:
    """Return reflectance at the sensor, before its own errors.

    Returns
    -------
    (B, M, N) ndarray of float32
    """
    positions = band_positions(spec.bands)
    rng = np.random.default_rng([spec.seed, 4, date])
    size, pixel_m = (spec.rows, spec.cols), spec.pixel_m
    billow = draw_texture(rng, *size, slope=2.4, largest_px=600 / pixel_m).sample(blur_px=5 / pixel_m)
    values = ground.reflectance.copy()
    wisps = draw_wisps(spec, date) if spec.clutter > 0 else None
    for index, band in enumerate(positions):
        layer = values[index]
        layer *= 1 - sky.shadow * np.float32(1 - SHADOW[band])
        if wisps is not None:
            layer += wisps.cirrus * (np.float32(HAZE[band]) - layer)
            layer += wisps.scraps * (np.float32(CLOUD[band]) - layer)
        layer += sky.haze * (np.float32(HAZE[band]) - layer)
        layer += sky.cloud * (np.float32(CLOUD[band]) * np.exp(np.float32(0.10) * billow) - layer)
    return values


def classify(spec: SceneSpec, ground: Ground, sky: Sky, date: int) -> CodeArray:
    """Return the mask that a processor would deliver: coarse, and wrong by about a pixel along the edges.

    Returns
    -------
    (M, N) ndarray of uint8, Sentinel-2 SCL codes
    """
    block = max(round(MASK_M / spec.pixel_m), 1)
    rng = np.random.default_rng([spec.seed, 5, date])
    size, pixel_m = (spec.rows, spec.cols), spec.pixel_m
    field = draw_texture(rng, *size, slope=2.0, largest_px=300 / pixel_m).sample(blur_px=20 / pixel_m)
    doubt = _coarse(field, block)
    cloud, shadow, haze = (_coarse(share, block) for share in (sky.cloud, sky.shadow, sky.haze))
    codes = ground.classes[block // 2 :: block, block // 2 :: block]
    codes = np.pad(codes, [(0, full - part) for full, part in zip(cloud.shape, codes.shape, strict=True)], mode="edge")
    codes[haze > 0.14 + 0.03 * doubt] = SCL_CIRRUS
    codes[shadow > 0.45 + 0.22 * doubt] = SCL_SHADOW
    codes[cloud > 0.30 + 0.22 * doubt] = SCL_CLOUD_MEDIUM
    codes[cloud > 0.75] = SCL_CLOUD_HIGH
    fine = codes.repeat(block, axis=0).repeat(block, axis=1)[: spec.rows, : spec.cols]
    return np.ascontiguousarray(fine, dtype=np.uint8)


def _coarse(values: FloatArray, block: int) -> FloatArray:
    """Average over square blocks; the last ones may be cut."""
    padded = np.pad(values, [(0, -side % block) for side in values.shape], mode="edge")
    rows, cols = (side // block for side in padded.shape)
    averaged: FloatArray = padded.reshape(rows, block, cols, block).mean(axis=(1, 3), dtype=np.float32)
    return averaged
