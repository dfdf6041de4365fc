"""GDAL held to one file and one driver; its errors in our words."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterioWindow

from colibri_geo.core.windows import Window
from colibri_geo.errors import CorruptInput

StoredArray = np.ndarray[Any, np.dtype[Any]]

_SIDE_FILES_OFF = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
}


@contextmanager
def open_tiff(path: Path) -> Iterator[rasterio.DatasetReader]:
    """Open a TIFF with one driver and no side files; a file without a place on the ground makes rasterio warn.

    Parameters
    ----------
    path : Path
        Of a file that `colibri_geo.scenes.directory.read_directory` has passed.

    Raises
    ------
    CorruptInput
        Where GDAL fails, on opening or while the file is open.
    """
    try:
        with rasterio.Env(**_SIDE_FILES_OFF), rasterio.open(path, driver="GTiff") as dataset:
            yield dataset
    except (RasterioError, CRSError, UnicodeDecodeError) as error:
        raise CorruptInput(
            f"{path.name}: GDAL cannot read it ({_reason(error, path)}); it is damaged or cut short, fetch it again"
        ) from error


@contextmanager
def open_unjudged(path: Path) -> Iterator[rasterio.DatasetReader]:
    """Open a TIFF that may lie nowhere on the ground; not in threads, since it keeps a warning of rasterio quiet."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with open_tiff(path) as dataset:
            yield dataset


def read_pixels(dataset: rasterio.DatasetReader, indexes: int | Sequence[int], window: Window) -> StoredArray:
    """Read stored values of a window that lies inside the image: (M, N) of one band, (B, M, N) of several."""
    wanted = indexes if isinstance(indexes, int) else list(indexes)
    stored: StoredArray = dataset.read(wanted, window=to_rasterio(window))
    return stored


def to_rasterio(window: Window) -> RasterioWindow:
    """Return the window as rasterio knows it."""
    return RasterioWindow(window.col, window.row, window.cols, window.rows)


def _reason(error: Exception, path: Path) -> str:
    """Return what GDAL says, in one line without the folder."""
    text = str(error.__cause__ or error).replace(str(path), path.name)
    return " ".join(text.split())[:160]
