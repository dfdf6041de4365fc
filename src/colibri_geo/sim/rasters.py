"""Images and heights of scenes as files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rasterio.io import DatasetWriter, MemoryFile


@contextmanager
def create_raster(path: Path, **profile: Any) -> Iterator[DatasetWriter]:  # noqa: ANN401 - what rasterio takes
    """Write an image in memory, then its file: where the disk is full, Python says so, and GDAL not why.

    Parameters
    ----------
    path : Path
    **profile
        How the file is laid out; as of `rasterio.open`.

    Yields
    ------
    DatasetWriter

    Raises
    ------
    OSError
        The file cannot be written.
    """
    with MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            yield dataset
        path.write_bytes(memory.getbuffer())
