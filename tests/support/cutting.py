"""An image cut into overlapping files, as archives deliver ground: side by side, or one of them in another UTM zone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.warp import Resampling, reproject
from rasterio.windows import Window
from shapely.geometry import mapping

PIECES = 4


def cut_image(image: Path, folder: Path, *, overlap_px: int = 40, zone: str | None = None) -> list[Path]:
    """Cut an image and its mask into four pieces that overlap in its middle.

    Parameters
    ----------
    image : Path
        With its mask beside it, ``NAME_scl.tif``.
    folder : Path
        Is made; gets ``piece0.tif``, ``piece0_scl.tif`` and so on.
    overlap_px : int
        Rows and columns that neighbours share.
    zone : str, optional
        CRS to which the last piece is brought, on pixels of the same size.
    """
    folder.mkdir(parents=True)
    mask = image.with_name(f"{image.stem}_scl.tif")
    with rasterio.open(image) as dataset:
        windows = _list_windows(dataset.height, dataset.width, overlap_px)
    paths = []
    for number, window in enumerate(windows):
        crs = zone if number == PIECES - 1 else None
        paths.append(_write_piece(image, folder / f"piece{number}.tif", window, crs, Resampling.cubic))
        _write_piece(mask, folder / f"piece{number}_scl.tif", window, crs, Resampling.nearest)
    return paths


def write_items(folder: Path, images: Sequence[Path]) -> Path:
    """Write images into a STAC item collection, without their masks, and return it."""
    folder.mkdir(parents=True)
    items = []
    for number, image in enumerate(images):
        (folder / f"item{number}.tif").write_bytes(image.read_bytes())
        items.append(_describe_item(image, number))
    path = folder / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}), encoding="utf-8")
    return path


def _list_windows(rows: int, cols: int, overlap_px: int) -> list[Window]:
    half, row, col = overlap_px // 2, rows // 2, cols // 2
    return [
        Window.from_slices(slice(*place), slice(*across))
        for place in ((0, row + half), (row - half, rows))
        for across in ((0, col + half), (col - half, cols))
    ]


def _write_piece(source: Path, target: Path, window: Window, crs: str | None, how: Resampling) -> Path:
    with rasterio.open(source) as dataset:
        values, profile = dataset.read(window=window), dataset.profile
        corner = dataset.transform @ Affine.translation(window.col_off, window.row_off)
        profile |= {"height": window.height, "width": window.width, "transform": corner}
        names, tags = dataset.descriptions, dataset.tags()
    if crs is not None:
        values, profile = _bring(values, profile, crs, how)
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(values)
        dataset.descriptions = names
        dataset.update_tags(**{name: value for name, value in tags.items() if name != "AREA_OR_POINT"})
    return target


def _bring(
    values: np.ndarray[Any, Any], profile: dict[str, Any], crs: str, how: Resampling
) -> tuple[np.ndarray[Any, Any], dict[str, Any]]:
    """Bring pixels to another CRS; 0 where there are none."""
    here = GeoBox((profile["height"], profile["width"]), profile["transform"], str(profile["crs"]))
    there = GeoBox.from_geopolygon(here.extent.to_crs(crs), resolution=profile["transform"].a)
    brought = np.zeros((len(values), *there.shape), dtype=values.dtype)
    reproject(
        values,
        brought,
        src_transform=here.affine,
        src_crs=profile["crs"],
        src_nodata=0,
        dst_transform=there.affine,
        dst_crs=crs,
        dst_nodata=0,
        resampling=how,
    )
    rows, cols = there.shape
    return brought, profile | {"crs": crs, "transform": there.affine, "height": rows, "width": cols}


def _describe_item(image: Path, number: int) -> dict[str, Any]:
    with rasterio.open(image) as dataset:
        place = shapely.box(*rasterio.warp.transform_bounds(dataset.crs, 4326, *dataset.bounds))
        bands = [{"name": name, "common_name": name} for name in dataset.descriptions]
        when = dataset.tags()["TIFFTAG_DATETIME"].replace(":", "-", 2).replace(" ", "T") + "Z"
        epsg = dataset.crs.to_epsg()
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": [],
        "id": f"S_{number}",
        "collection": "agency-mosaics",
        "geometry": mapping(place),
        "bbox": list(place.bounds),
        "properties": {"datetime": when, "platform": "survey-3", "processing:level": "L2", "proj:epsg": epsg},
        "links": [],
        "assets": {
            "image": {
                "href": f"./item{number}.tif",
                "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                "roles": ["data"],
                "eo:bands": bands,
                "raster:bands": [{"scale": 0.0001, "nodata": 0, "data_type": "uint16"} for _ in bands],
            }
        },
    }
