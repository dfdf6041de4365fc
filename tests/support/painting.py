"""Pairs from one real picture: lines are painted out of it to make an earlier date on which they were not there yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
from scipy import ndimage
from shapely.geometry import LineString

FloatArray = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Disturbance:
    """What differs between two dates besides the lines.

    Attributes
    ----------
    gain : float
    noise : float
        Standard deviation, grey levels.
    shift_rows_px, shift_cols_px : float
        How far the content of the earlier date lies down and right.
    """

    gain: float = 0.9
    noise: float = 1.0
    shift_rows_px: float = 0.3
    shift_cols_px: float = -0.4


def paint_out(image: FloatArray, line: LineString, *, half_width_px: float = 2.0) -> FloatArray:
    """Replace a line by the ground beside it, no wider than a strip and its blur.

    Parameters
    ----------
    image : (B, M, N) ndarray of float32
    line : LineString
        In pixels, column and row; the centre of the first pixel is at 0.5, 0.5.
    half_width_px : float
        Pixels nearer to the line than this are replaced by those on the same side that lie a little further out.

    Returns
    -------
    (B, M, N) ndarray of float32
    """
    (col1, row1), (col2, row2) = line.coords[0], line.coords[-1]
    length = float(np.hypot(col2 - col1, row2 - row1))
    along = np.array([row2 - row1, col2 - col1]) / length
    across = np.array([-along[1], along[0]])
    rows, cols = np.mgrid[: image.shape[1], : image.shape[2]]
    down, right = rows + 0.5 - row1, cols + 0.5 - col1
    station, offset = down * along[0] + right * along[1], down * across[0] + right * across[1]
    covered = (np.abs(offset) <= half_width_px) & (station >= -1.5) & (station <= length + 1.5)
    # A mirror about the edge of the painted band keeps the texture of each side.
    side = np.where(offset >= 0, 1.0, -1.0)
    target = side * (2 * (half_width_px + 0.7) - np.abs(offset))
    move = (target - offset)[covered]
    from_rows, from_cols = rows[covered] + move * across[0], cols[covered] + move * across[1]
    painted = image.copy()
    for band in range(len(image)):
        painted[band][covered] = ndimage.map_coordinates(image[band], (from_rows, from_cols), order=1, mode="nearest")
    return painted


def make_painted_pair(
    picture: Path,
    overlay: Path,
    lines: gpd.GeoDataFrame,
    folder: Path,
    *,
    rng: np.random.Generator,
    disturbance: Disturbance | None = None,
) -> tuple[Path, Path]:
    """Write a pair of 8-bit pictures: the later is the picture itself, the earlier lacks the lines.

    Parameters
    ----------
    picture, overlay : Path
        A real picture, and where boxes are burnt into it (1).
    lines : GeoDataFrame
        Lines to paint out.
    folder : Path
        Gets ``before.tif``, ``after.tif`` and their masks.
    rng : Generator
    disturbance : Disturbance, optional

    Returns
    -------
    before, after : Path
    """
    disturbance = disturbance or Disturbance()
    with rasterio.open(picture) as dataset:
        image, profile, names = dataset.read().astype(np.float32), dataset.profile, dataset.descriptions
        inverse = ~dataset.transform
        place = lines.to_crs(dataset.crs)
    with rasterio.open(overlay) as dataset:
        boxes = ndimage.binary_dilation(dataset.read(1) > 0, iterations=2)
    before = image
    for line in place.geometry:
        before = paint_out(before, LineString([inverse @ point for point in line.coords]))
    move = (disturbance.shift_rows_px, disturbance.shift_cols_px)
    before = np.stack([ndimage.shift(band, move, order=3, mode="nearest") for band in before])
    before = before * disturbance.gain + rng.normal(0, disturbance.noise, before.shape)
    paths = []
    for name, values in (("before", before), ("after", image)):
        path = folder / f"{name}.tif"
        with rasterio.open(path, "w", **{**profile, "driver": "GTiff", "compress": "deflate"}) as dataset:
            dataset.write(np.clip(np.rint(values), 1, 255).astype(np.uint8))
            dataset.descriptions = names
        mask_profile = {
            **profile,
            "driver": "GTiff",
            "count": 1,
            "dtype": "uint8",
            "nodata": None,
            "compress": "deflate",
        }
        with rasterio.open(folder / f"{name}_scl.tif", "w", **mask_profile) as dataset:
            dataset.write(np.where(boxes, 1, 4).astype(np.uint8), 1)
        paths.append(path)
    return paths[0], paths[1]
