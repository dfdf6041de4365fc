"""The change and what was seen, as cloud-optimised GeoTIFFs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.shutil
from rasterio.windows import Window as RasterioWindow

from colibri_geo.core.windows import Window
from colibri_geo.layers.aoi import Aoi, mask_outside_aoi
from colibri_geo.pairs import NOT_ASKED, AlignedPair, change
from colibri_geo.scenes.decoding import RESULT_TAG
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen

OUTSIDE = int(Unseen.OUTSIDE)
_BLOCK_PX = 512
_CHANGE_NODATA = -9999.0


def write_rasters(pair: AlignedPair, folder: Path, *, area: Aoi | None = None) -> None:
    """Write ``change.tif`` and ``validity.tif``, window by window.

    Parameters
    ----------
    pair : AlignedPair
    folder : Path
        ``change.tif``: float32, change of bareness in standard deviations of unchanged ground, -9999 where not
        observed or not asked about. ``validity.tif``: uint8, 0 where observed on both dates, else the reason
        (`colibri_geo.scenes.Unseen`), 255 where nothing was asked: where neither scene reaches, or outside of the area
        of interest.
    area : Aoi, optional
    """
    change_map = change(pair)

    def read(window: Window) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        block = change_map.read(window)
        not_asked = np.minimum(block.unseen_before, block.unseen_after) == OUTSIDE
        if area is not None:
            not_asked |= mask_outside_aoi(cut_grid(pair.grid, window), area)
        return (
            np.where(block.valid & ~not_asked, block.change, np.float32(_CHANGE_NODATA)),
            np.where(not_asked, np.uint8(NOT_ASKED), block.unseen),
        )

    profile = {
        "driver": "GTiff", "count": 1, "height": pair.whole.rows, "width": pair.whole.cols, "crs": str(pair.grid.crs),
        "transform": pair.grid.affine, "tiled": True, "blockxsize": _BLOCK_PX, "blockysize": _BLOCK_PX,
        "compress": "deflate",
    }  # fmt: skip
    change_path, validity_path = folder / "change.raw.tif", folder / "validity.raw.tif"
    with (
        rasterio.open(change_path, "w", **profile, dtype="float32", nodata=_CHANGE_NODATA) as changes,
        rasterio.open(validity_path, "w", **profile, dtype="uint8", nodata=NOT_ASKED) as validities,
    ):
        for window in _list_blocks(pair):
            place = RasterioWindow(window.col, window.row, window.cols, window.rows)
            values, unseen = read(window)
            changes.write(values, 1, window=place)
            validities.write(unseen, 1, window=place)
        changes.update_tags(**{RESULT_TAG: "change of bareness, standard deviations of unchanged ground"})
        validities.update_tags(**{RESULT_TAG: "why ground was not observed, 0 where it was"})
    for raw in (change_path, validity_path):
        name = raw.name.replace(".raw", "")
        rasterio.shutil.copy(raw, folder / name, driver="COG", compress="deflate", resampling="nearest")
        raw.unlink()


def _list_blocks(pair: AlignedPair) -> Iterator[Window]:
    for row in range(0, pair.whole.rows, _BLOCK_PX):
        for col in range(0, pair.whole.cols, _BLOCK_PX):
            yield Window(row, col, _BLOCK_PX, _BLOCK_PX).clipped(pair.whole.rows, pair.whole.cols)
