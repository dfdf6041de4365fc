"""Small GeoTIFFs for tests of the readers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from affine import Affine

CRS = "EPSG:32618"
TRANSFORM = Affine(10, 0, 500_000, 0, -10, 200_000)
ACQUIRED = "2024:03:21 15:20:00"
FOUR = ("blue", "green", "red", "nir")


def made_pixels(bands: int = 4, rows: int = 40, cols: int = 50, *, low: int = 300, high: int = 4000) -> np.ndarray:
    """Stored values between `low` and `high`, each pixel another, (B, M, N) uint16."""
    count = bands * rows * cols
    return (low + np.arange(count) * 7919 % (high - low)).reshape(bands, rows, cols).astype(np.uint16)


def write_image(
    path: Path,
    values: np.ndarray,
    *,
    names: tuple[str | None, ...] | None = FOUR,
    acquired: str | None = ACQUIRED,
    tags: dict[str, str] | None = None,
    scales: tuple[float, ...] | None = None,
    offsets: tuple[float, ...] | None = None,
    mask: np.ndarray | None = None,
    **profile: Any,  # noqa: ANN401 - rasterio's own
) -> Path:
    """Write a GeoTIFF of (B, M, N) values; what is not said is a plain scene of UTM zone 18 north."""
    settings = {"driver": "GTiff", "crs": CRS, "transform": TRANSFORM, "dtype": values.dtype, **profile}
    count, rows, cols = values.shape
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", count=count, height=rows, width=cols, **settings) as dataset,
    ):
        dataset.write(values)
        if names is not None:
            dataset.descriptions = names[:count]
        if acquired is not None:
            dataset.update_tags(TIFFTAG_DATETIME=acquired)
        dataset.update_tags(**(tags or {}))
        if scales is not None:
            dataset.scales = scales
        if offsets is not None:
            dataset.offsets = offsets
        if mask is not None:
            dataset.write_mask(mask)
    return path


def write_scl(path: Path, codes: np.ndarray, **profile: Any) -> Path:  # noqa: ANN401 - rasterio's own
    """Write a mask of (M, N) codes."""
    return write_image(path, codes[None].astype(np.uint8), names=None, acquired=None, **profile)
