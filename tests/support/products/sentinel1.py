"""Small Sentinel-1 products: terrain-corrected ones of ASF HyP3 and of OPERA, and a raw one.

The first follows the Sentinel-1 RTC Product Guide of ASF HyP3 (product packaging, naming convention) and the README of
its products (layover-shadow mask), https://hyp3-docs.asf.alaska.edu/guides/rtc_product_guide/; the second the OPERA
RTC-S1 Product Guide, https://hyp3-docs.asf.alaska.edu/guides/opera_rtc_product_guide/, with the GeoTIFF metadata of its
Product Specification Document (JPL D-108758); the third the SAFE of the Sentinel-1 Product Specification
(S1-RS-MDA-52-7441), without the content of its annotation.

The radar sees plants and bare ground as they stand in a ground without clouds: bare where nothing is green.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import rasterio
from rasterio.control import GroundControlPoint

from tests.support.products.ground import Array, Ground, write_gtiff

FOREST_DB = {"VV": -7.0, "VH": -13.0}
BARE_DB = {"VV": -12.0, "VH": -18.0}
LOOKS = 4
_FOREST_NDVI, _BARE_NDVI = 0.75, 0.3
_UNITS = {"p": lambda power: power, "a": np.sqrt, "d": lambda power: 10 * np.log10(power)}
_OPERA_TAGS = {
    "PLATFORM": "SENTINEL-1A",
    "PROJECT": "OPERA",
    "PRODUCT_TYPE": "RTC-S1",
    "RADAR_BAND": "C",
    "ORBIT_PASS_DIRECTION": "DESCENDING",
    "PROCESSING_INFORMATION_OUTPUT_BACKSCATTER_NORMALIZATION_CONVENTION": "GAMMA0",
    "PROCESSING_INFORMATION_OUTPUT_BACKSCATTER_EXPRESSION_CONVENTION": "LINEAR POWER/INTENSITY",
}


@dataclass(frozen=True)
class Echoes:
    """Power that the radar gets back, (M, N) ndarray of float32 each."""

    vv: Array
    vh: Array


def make_echoes(ground: Ground) -> Echoes:
    """Make gamma0 power of a ground: forest and bare ground mixed by area, with gamma-distributed speckle."""
    red, nir = ground.band("red"), ground.band("nir")
    ndvi = (nir - red) / np.maximum(nir + red, 1e-6)
    bare = np.clip((_FOREST_NDVI - ndvi) / (_FOREST_NDVI - _BARE_NDVI), 0, 1)
    rng = np.random.default_rng(int(ground.acquired.timestamp()))

    def echo(polarisation: str) -> Array:
        forest, soil = (10 ** (db[polarisation] / 10) for db in (FOREST_DB, BARE_DB))
        speckle = rng.gamma(LOOKS, 1 / LOOKS, bare.shape)
        power: Array = ((forest * (1 - bare) + soil * bare) * speckle).astype(np.float32)
        return power

    return Echoes(echo("VV"), echo("VH"))


def write_rtc(
    folder: Path,
    ground: Ground,
    *,
    unit: str = "p",
    radiometry: str = "g",
    options: str = "uned",
    pixel_m: float = 10,
    layover_rows: int = 0,
    outside_cols: int = 0,
) -> Path:
    """Write a product of ASF HyP3 as it unpacks: a folder with one GeoTIFF a polarisation.

    Parameters
    ----------
    folder : Path
        Gets the product's folder.
    ground : Ground
        Without clouds.
    unit : str
        What is stored: ``p`` power, ``a`` amplitude, ``d`` decibels.
    radiometry : str
        ``g`` for gamma0, ``s`` for sigma0.
    options : str
        Letters of the name: ``u`` or ``w`` (water masked), ``n`` or ``f`` (filtered), ``e`` or ``c``, ``d`` or ``m``.
    pixel_m : float
        10 or 30.
    layover_rows, outside_cols : int
        First rows under layover, first columns beyond the swath.

    Returns
    -------
    Path
        The product's folder.
    """
    ground = ground.at(pixel_m)
    name = f"S1A_IW_{ground.acquired:%Y%m%dT%H%M%S}_DVP_RTC{pixel_m:.0f}_G_{radiometry}{unit}{options}_FD6A"
    target = folder / name
    echoes = make_echoes(ground)
    for polarisation, power in (("VV", echoes.vv), ("VH", echoes.vh)):
        stored = _UNITS[unit](power).astype(np.float32)
        stored[:, :outside_cols] = 0
        write_gtiff(target / f"{name}_{polarisation}.tif", stored, ground.grid, nodata=0)
        (target / f"{name}_{polarisation}.tif.xml").write_text("<metadata/>\n", encoding="utf-8")
    layover = np.ones(ground.grid.shape, dtype=np.uint8)
    layover[:layover_rows] = 5
    layover[:, :outside_cols] = 0
    write_gtiff(target / f"{name}_ls_map.tif", layover, ground.grid)
    readme = f"ASF RTC Data Package (GAMMA)\n============================\n\nBase name: {name}\n"
    (target / f"{name}.README.md.txt").write_text(readme, encoding="utf-8")
    (target / f"{name}.log").write_text("", encoding="utf-8")
    return target


def write_opera(folder: Path, ground: Ground, *, layover_rows: int = 0, outside_cols: int = 0) -> Path:
    """Write a product of OPERA RTC-S1, 30 m pixels, into a folder of its own.

    Parameters
    ----------
    folder : Path
        Made where it is missing.
    ground : Ground
        Without clouds.
    layover_rows, outside_cols : int
        First rows under layover, first columns beyond the burst.

    Returns
    -------
    Path
        The folder.
    """
    ground = ground.at(30)
    start, made = ground.acquired, ground.acquired + timedelta(days=1)
    name = f"OPERA_L2_RTC-S1_T069-147170-IW1_{start:%Y%m%dT%H%M%SZ}_{made:%Y%m%dT%H%M%SZ}_S1A_30_v1.0"
    tags = {**_OPERA_TAGS, "ZERO_DOPPLER_START_TIME": f"{start:%Y-%m-%dT%H:%M:%S.%fZ}"}
    echoes = make_echoes(ground)
    for polarisation, power in (("VV", echoes.vv), ("VH", echoes.vh)):
        stored = power.copy()
        stored[:, :outside_cols] = np.nan
        write_gtiff(folder / f"{name}_{polarisation}.tif", stored, ground.grid, nodata=np.nan, tags=tags)
    mask = np.zeros(ground.grid.shape, dtype=np.uint8)
    mask[:layover_rows] = 2
    mask[:, :outside_cols] = 255
    write_gtiff(folder / f"{name}_mask.tif", mask, ground.grid, nodata=255, tags=tags)
    (folder / f"{name}.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    (folder / f"{name}.iso.xml").write_text("<DS_Series/>\n", encoding="utf-8")
    return folder


def write_grd_safe(folder: Path) -> Path:
    """Write a raw product (GRD): counts in the geometry of the radar, with ground control points.

    Returns
    -------
    Path
        The SAFE folder.
    """
    target = folder / "S1A_IW_GRDH_1SDV_20250110T102030_20250110T102055_057384_0710A2_1A2B.SAFE"
    for place in ("measurement", "annotation"):
        (target / place).mkdir(parents=True)
    (target / "manifest.safe").write_text('<?xml version="1.0" encoding="UTF-8"?>\n<XFDU/>\n', encoding="utf-8")
    corners = ((0, 0, -74.0, 2.0), (0, 64, -73.9, 2.0), (64, 0, -74.0, 1.9), (64, 64, -73.9, 1.9))
    points = [GroundControlPoint(row=row, col=col, x=lon, y=lat) for row, col, lon, lat in corners]
    profile = {"driver": "GTiff", "count": 1, "height": 64, "width": 64, "dtype": "uint16"}
    for number, polarisation in enumerate(("vv", "vh"), start=1):
        name = f"s1a-iw-grd-{polarisation}-20250110t102030-20250110t102055-057384-0710a2-00{number}"
        (target / "annotation" / f"{name}.xml").write_text("<product/>\n", encoding="utf-8")
        image = target / "measurement" / f"{name}.tiff"
        with rasterio.open(image, "w", **profile, gcps=points, crs="EPSG:4326") as file:
            file.write(np.full((64, 64), 200, dtype=np.uint16), 1)
    return target


def zip_product(product: Path) -> Path:
    """Pack a product's folder into a ZIP archive beside it, as it is delivered."""
    packed = product.with_name(f"{product.name}.zip")
    shutil.make_archive(str(product), "zip", root_dir=product.parent, base_dir=product.name)
    return packed
