"""Pairs from one real picture: lines are painted out of it to make an earlier date on which they were not there yet."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
from scipy import ndimage
from shapely.geometry import LineString

from colibri_geo.sim import Disturbance, make_painted_earlier


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
    with rasterio.open(picture) as dataset:
        image, profile, names = dataset.read().astype(np.float32), dataset.profile, dataset.descriptions
        inverse = ~dataset.transform
        place = lines.to_crs(dataset.crs)
    with rasterio.open(overlay) as dataset:
        boxes = ndimage.binary_dilation(dataset.read(1) > 0, iterations=2)
    pixels = [LineString([inverse @ point for point in line.coords]) for line in place.geometry]
    before = make_painted_earlier(image, pixels, rng=rng, disturbance=disturbance)
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
