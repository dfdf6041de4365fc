"""Images with lines and boxes drawn on them, for tests of the kernels."""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage

from colibri_geo.core.frames import Line

SUPERSAMPLE = 8


def draw_box(
    shape: tuple[int, int], line: Line, *, length_px: float, width_px: float, blur_px: float = 0.5
) -> np.ndarray:
    """Render a box around the middle of a line as an imager sees it: coverage of each pixel, then the optics' blur.

    Returns
    -------
    (M, N) ndarray of float32, 1 inside
    """
    step = (np.arange(SUPERSAMPLE) + 0.5) / SUPERSAMPLE - 0.5
    rows = (np.arange(shape[0])[:, None] + step).ravel()[:, None] - line.row
    cols = (np.arange(shape[1])[:, None] + step).ravel()[None, :] - line.col
    station = rows * line.along[0] + cols * line.along[1]
    offset = rows * line.across[0] + cols * line.across[1]
    covered = (np.abs(station) <= length_px / 2) & (np.abs(offset) <= width_px / 2)
    fine = covered.reshape(shape[0], SUPERSAMPLE, shape[1], SUPERSAMPLE).mean(axis=(1, 3))
    blurred: np.ndarray = ndimage.gaussian_filter(fine, blur_px).astype(np.float32)
    return blurred


def textured(rng: np.random.Generator, shape: tuple[int, int], *, grain_px: float = 1.5) -> np.ndarray:
    """Draw smooth noise of unit variance, (M, N) float32."""
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), grain_px, mode="wrap")
    return (noise / noise.std()).astype(np.float32)


def turn_between(first_deg: float, second_deg: float) -> float:
    """Angle between two directions without sense."""
    return abs((first_deg - second_deg + 90) % 180 - 90)


def distance_to(line: Line, row: float, col: float) -> float:
    """Distance of a point from a line."""
    return math.fabs(float(np.array([row - line.row, col - line.col]) @ line.across))
