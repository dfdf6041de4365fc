"""Landsat 4 to 9 Collection 2 Level 2 products of a simulated ground, as the USGS delivers them.

Layout, names and metadata: USGS, Landsat 8-9 Collection 2 Level 2 Data Format Control Book, LSDS-1328, version 6, and
Science Product Guide, LSDS-1619; for Landsat 4 to 7 LSDS-1618. What is true to them: all file names of a L2SP product;
reflectance as ``stored * 2.75e-05 - 0.2`` in uint16 with fill 0; QA_PIXEL and QA_RADSAT; the MTL in its three forms,
with the groups of Level 1 that repeat key names of Level 2; pixels whose *centres* are multiples of 30 m, told as
points (AREA_OR_POINT); UTM zones of the northern hemisphere everywhere, with negative northings south of the equator;
the STAC item of surface reflectance, which the archive keeps beside the files, with assets at its own addresses.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Transformer

from tests.support.products.ground import Array, Ground, average, to_integers, write_gtiff

SCALE, OFFSET = 2.75e-05, -0.2
PIXEL_M = 30.0
_FALSE_NORTHING_M = 10_000_000

_QA_OLI = {0: 1, 3: 23888, 6: 21952, 8: 22280, 9: 22280, 10: 54596, 11: 30048}
"""QA_PIXEL by SCL code; every other code is clear."""
_CLEAR_OLI = 21824
_QA_TM = {0: 1, 3: 7440, 6: 5504, 8: 5896, 9: 5896, 10: 5896, 11: 13664}
_CLEAR_TM = 5440
_SATURATED = 1  # SCL code

_SURFACE_TEMPERATURE = (
    *("ST_TRAD", "ST_URAD", "ST_DRAD", "ST_ATRAN", "ST_EMIS", "ST_EMSD", "ST_CDIST"),
    "ST_QA",
)
_FILE_KEYS = {
    "ST_TRAD": "THERMAL_RADIANCE",
    "ST_URAD": "UPWELL_RADIANCE",
    "ST_DRAD": "DOWNWELL_RADIANCE",
    "ST_ATRAN": "ATMOSPHERIC_TRANSMITTANCE",
    "ST_EMIS": "EMISSIVITY",
    "ST_EMSD": "EMISSIVITY_STDEV",
    "ST_CDIST": "CLOUD_DISTANCE",
    "ST_QA": "QUALITY_L2_SURFACE_TEMPERATURE",
    "SR_QA_AEROSOL": "QUALITY_L2_AEROSOL",
    "SR_ATMOS_OPACITY": "ATMOSPHERIC_OPACITY",
    "SR_CLOUD_QA": "QUALITY_L2_SURFACE_REFLECTANCE_CLOUD",
    "QA_PIXEL": "QUALITY_L1_PIXEL",
    "QA_RADSAT": "QUALITY_L1_RADIOMETRIC_SATURATION",
}


@dataclass(frozen=True)
class _Sensor:
    """What differs between the sensors."""

    prefix: str
    spacecraft: str
    instrument: str
    bands: tuple[int, ...]
    thermal: str
    extra: tuple[str, ...]
    doi: str

    @property
    def oli(self) -> bool:
        """Whether band 1 is coastal aerosol."""
        return self.instrument == "OLI_TIRS"


_TM_BANDS, _TM_EXTRA = (1, 2, 3, 4, 5, 7), ("SR_ATMOS_OPACITY", "SR_CLOUD_QA")
_SENSORS = {
    4: _Sensor("LT04", "LANDSAT_4", "TM", _TM_BANDS, "ST_B6", _TM_EXTRA, "10.5066/P9IAXOVV"),
    5: _Sensor("LT05", "LANDSAT_5", "TM", _TM_BANDS, "ST_B6", _TM_EXTRA, "10.5066/P9IAXOVV"),
    7: _Sensor("LE07", "LANDSAT_7", "ETM", _TM_BANDS, "ST_B6", _TM_EXTRA, "10.5066/P9C7I13B"),
    8: _Sensor("LC08", "LANDSAT_8", "OLI_TIRS", tuple(range(1, 8)), "ST_B10", ("SR_QA_AEROSOL",), "10.5066/P9OGBGM6"),
    9: _Sensor("LC09", "LANDSAT_9", "OLI_TIRS", tuple(range(1, 8)), "ST_B10", ("SR_QA_AEROSOL",), "10.5066/P9OGBGM6"),
}

_COLOURS = ("blue", "green", "red", "nir08", "swir16", "swir22")

Groups = dict[str, dict[str, str]]


def name_product(ground: Ground, *, spacecraft: int = 8, tier: str = "T1", path_row: str = "009059") -> str:
    """Return the identifier of the product of one ground."""
    made = ground.acquired + timedelta(days=9)
    dates = f"{ground.acquired:%Y%m%d}_{made:%Y%m%d}"
    return f"{_SENSORS[spacecraft].prefix}_L2SP_{path_row}_{dates}_02_{tier}"


def write_landsat(
    folder: Path,
    ground: Ground,
    *,
    spacecraft: int = 8,
    tar: bool = False,
    mtl: tuple[str, ...] = ("json", "xml", "txt"),
    tier: str = "T1",
    path_row: str = "009059",
    slc: str = "ON",
    stac: bool = False,
) -> Path:
    """Write one product.

    Parameters
    ----------
    folder : Path
    ground : Ground
        In pixels of 10 m; loses less than 30 m on each side to the archive's lattice of pixels.
    spacecraft : int
        4, 5, 7, 8 or 9.
    tar : bool
        As a bundle, else as a folder.
    mtl : tuple of str
        Forms of the metadata: json, xml, txt.
    tier, path_row : str
    slc : str
        Scan line corrector, ON or OFF, of Landsat 4 to 7.
    stac : bool
        Whether the STAC item of surface reflectance lies beside the files.

    Returns
    -------
    Path
        The folder or the ``.tar``, named as the product.
    """
    sensor, name = _SENSORS[spacecraft], name_product(ground, spacecraft=spacecraft, tier=tier, path_row=path_row)
    sampled = sample(ground)
    product = folder / name
    rasters = _make_rasters(sampled, sensor)
    for part, values in rasters.items():
        _write_raster(product / f"{name}_{part}.TIF", values, sampled.grid)
    groups = _describe(sampled, sensor, name, tuple(rasters), slc)
    for form in mtl:
        (product / f"{name}_MTL.{form}").write_text(_FORMATS[form](groups), encoding="ascii")
    (product / f"{name}_ANG.txt").write_text("GROUP = FILE_HEADER\nEND_GROUP = FILE_HEADER\nEND\n", encoding="ascii")
    if stac:
        item = json.dumps(_describe_item(sampled, sensor, name))
        (product / f"{name}_SR_stac.json").write_text(item, encoding="ascii")
    return _pack(product) if tar else product


def sample(ground: Ground) -> Ground:
    """Bring a ground of 10 m to the archive's pixels: 30 m, centres on multiples of 30 m, a northern UTM zone."""
    grid = _move_north(ground.grid)
    half = int(ground.pixel_m) // 2
    west, north = int(grid.affine.c), int(grid.affine.f)
    east_steps = (PIXEL_M / 2 - west) % PIXEL_M / half
    south_steps = (north - PIXEL_M / 2) % PIXEL_M / half
    top, left = int(south_steps), int(east_steps)
    assert (top, left) == (south_steps, east_steps), "the corner of the ground is no multiple of 5 m"
    side = int(PIXEL_M) // half
    fine, codes = (np.repeat(np.repeat(array, 2, axis=-1), 2, axis=-2) for array in (ground.values, ground.scl))
    rows, cols = ((size - skip) // side for size, skip in zip(codes.shape, (top, left), strict=True))
    place = (..., slice(top, top + rows * side), slice(left, left + cols * side))
    affine = Affine(PIXEL_M, 0, west + left * half, 0, -PIXEL_M, north - top * half)
    middle = codes[place][side // 2 :: side, side // 2 :: side]
    return Ground(average(fine[place], side), middle, GeoBox((rows, cols), affine, grid.crs), ground.acquired)


def _move_north(grid: GeoBox) -> GeoBox:
    """Tell a grid in a southern UTM zone in the northern one."""
    epsg = int(str(grid.crs).removeprefix("EPSG:"))
    if epsg // 100 != 327:
        return grid
    return GeoBox(grid.shape, Affine.translation(0, -_FALSE_NORTHING_M) @ grid.affine, f"EPSG:{epsg - 100}")


def _make_rasters(ground: Ground, sensor: _Sensor) -> dict[str, Array]:
    """Return the stored values of each raster by the end of its name."""
    stored = to_integers(ground.values, per_unit=1 / SCALE, added=-OFFSET / SCALE)
    coastal = stored[:1] if sensor.oli else stored[:0]
    rasters = {f"SR_B{band}": values for band, values in zip(sensor.bands, [*coastal, *stored], strict=True)}
    flat = np.full(ground.scl.shape, 1, dtype=np.int16)
    rasters |= dict.fromkeys(_SURFACE_TEMPERATURE, flat) | {sensor.thermal: np.full(flat.shape, 44_000, np.uint16)}
    rasters |= {part: flat.astype(np.int16 if part == "SR_ATMOS_OPACITY" else np.uint8) for part in sensor.extra}
    table = np.full(256, _CLEAR_OLI if sensor.oli else _CLEAR_TM, dtype=np.uint16)
    codes = _QA_OLI if sensor.oli else _QA_TM
    table[list(codes)] = list(codes.values())
    red = 1 << (3 if sensor.oli else 2)
    saturated = np.where(ground.scl == _SATURATED, red, 0).astype(np.uint16)
    return {**rasters, "QA_PIXEL": table[ground.scl], "QA_RADSAT": saturated}


def _write_raster(path: Path, values: Array, grid: GeoBox) -> None:
    nodata = {"SR": 0, "QA": 1 if "PIXEL" in path.name else None}.get(path.stem.split("_")[7])
    tags = {"AREA_OR_POINT": "Point"}
    write_gtiff(path, values, grid, nodata=nodata, tags=tags, blockxsize=256, blockysize=256, predictor=2)


def _describe(ground: Ground, sensor: _Sensor, name: str, parts: tuple[str, ...], slc: str) -> Groups:
    """Return the groups of the MTL."""
    source = {"ORIGIN": "Image courtesy of the U.S. Geological Survey"}
    source["DIGITAL_OBJECT_IDENTIFIER"] = f"https://doi.org/{sensor.doi}"
    level1 = name.replace("L2SP", "L1TP")
    return {
        "PRODUCT_CONTENTS": {
            **source,
            "LANDSAT_PRODUCT_ID": name,
            "PROCESSING_LEVEL": "L2SP",
            "COLLECTION_NUMBER": "02",
            "COLLECTION_CATEGORY": name[-2:],
            "OUTPUT_FORMAT": "GEOTIFF",
            **{f"FILE_NAME_{_find_key(part)}": f"{name}_{part}.TIF" for part in parts},
            "FILE_NAME_ANGLE_COEFFICIENT": f"{name}_ANG.txt",
            "FILE_NAME_METADATA_ODL": f"{name}_MTL.txt",
            "FILE_NAME_METADATA_XML": f"{name}_MTL.xml",
        },
        "IMAGE_ATTRIBUTES": _describe_image(ground, sensor, name, slc),
        "PROJECTION_ATTRIBUTES": _describe_grid(ground.grid),
        "LEVEL2_PROCESSING_RECORD": {
            **source,
            "REQUEST_ID": "L2",
            "LANDSAT_PRODUCT_ID": name,
            "PROCESSING_LEVEL": "L2SP",
            "OUTPUT_FORMAT": "GEOTIFF",
            "DATE_PRODUCT_GENERATED": f"{ground.acquired + timedelta(days=9):%Y-%m-%d}T00:50:29Z",
            "PROCESSING_SOFTWARE_VERSION": "LPGS_16.4.0",
            "ALGORITHM_SOURCE_SURFACE_REFLECTANCE": "LaSRC_1.6.0" if sensor.oli else "LEDAPS_3.4.0",
        },
        "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS": _describe_scale(sensor, f"{SCALE:.3g}", f"{OFFSET:g}"),
        "LEVEL1_PROCESSING_RECORD": {
            **source,
            "LANDSAT_PRODUCT_ID": level1,
            "PROCESSING_LEVEL": "L1TP",
            **{f"FILE_NAME_BAND_{band}": f"{level1}_B{band}.TIF" for band in sensor.bands},
        },
        "LEVEL1_RADIOMETRIC_RESCALING": _describe_scale(sensor, "2.0000E-05", "-0.100000"),
    }


def _find_key(part: str) -> str:
    band = re.fullmatch(r"SR_B(\d)|(ST_B\d+)", part)
    return f"BAND_{band[1] or band[2]}" if band else _FILE_KEYS[part]


def _describe_image(ground: Ground, sensor: _Sensor, name: str, slc: str) -> dict[str, str]:
    place = name.split("_")[2]
    cloudy = f"{100 * np.isin(ground.scl, (8, 9, 10)).mean():.2f}"
    described = {
        "SPACECRAFT_ID": sensor.spacecraft,
        "SENSOR_ID": sensor.instrument,
        "WRS_TYPE": "2",
        "WRS_PATH": str(int(place[:3])),
        "WRS_ROW": str(int(place[3:])),
        "DATE_ACQUIRED": f"{ground.acquired:%Y-%m-%d}",
        "SCENE_CENTER_TIME": f"{ground.acquired:%H:%M:%S.%f}0Z",
        "CLOUD_COVER": cloudy,
        "CLOUD_COVER_LAND": cloudy,
        "SUN_AZIMUTH": "107.50935585",
        "SUN_ELEVATION": "59.49769288",
        "EARTH_SUN_DISTANCE": "0.9835616",
    }
    return described if sensor.oli else {**described, "SENSOR_MODE": "SAM", "SENSOR_MODE_SLC": slc}


def _describe_item(ground: Ground, sensor: _Sensor, name: str) -> dict[str, object]:
    """Return the STAC item of surface reflectance, whose assets lie at addresses of the archive."""
    west, south, east, north = ground.grid.extent.to_crs("EPSG:4326").boundingbox.bbox
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    path, row = name.split("_")[2][:3], name.split("_")[2][3:]
    folder = f"collection02/level-2/standard/{sensor.instrument.lower().replace('_', '-')}/2025/{path}/{row}/{name}"
    bands = ("coastal", *_COLOURS) if sensor.oli else _COLOURS
    parts = {colour: f"SR_B{number}" for colour, number in zip(bands, sensor.bands, strict=True)}
    parts |= {part.lower(): part for part in ("QA_PIXEL", "QA_RADSAT")}
    assets = {
        key: {
            "type": "image/vnd.stac.geotiff; cloud-optimized=true",
            "roles": ["data"],
            "href": f"https://landsatlook.usgs.gov/data/{folder}/{name}_{part}.TIF",
            "alternate": {"s3": {"href": f"s3://usgs-landsat/{folder}/{name}_{part}.TIF"}},
            **({"eo:bands": [{"name": part[3:], "common_name": key, "gsd": 30}]} if part.startswith("SR") else {}),
        }
        for key, part in parts.items()
    }
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.0.0/schema.json"],
        "id": f"{name}_SR",
        "description": "Landsat Collection 2 Level-2 Surface Reflectance Product",
        "bbox": [west, south, east, north],
        "geometry": {"type": "Polygon", "coordinates": [ring]},
        "properties": {
            "datetime": f"{ground.acquired:%Y-%m-%dT%H:%M:%S.%f}Z",
            "platform": sensor.spacecraft,
            "landsat:wrs_path": path,
            "landsat:wrs_row": row,
            "landsat:collection_category": name[-2:],
            "landsat:collection_number": "02",
            "landsat:correction": "L2SP",
            "proj:epsg": ground.epsg,
            "proj:shape": list(ground.grid.shape),
        },
        "assets": assets,
        "links": [],
        "collection": "landsat-c2l2-sr",
    }


def _describe_grid(grid: GeoBox) -> dict[str, str]:
    """Corners are the centres of the corner pixels."""
    rows, cols = grid.shape
    zone = int(str(grid.crs).removeprefix("EPSG:")) % 100
    described = {
        "MAP_PROJECTION": "UTM",
        "DATUM": "WGS84",
        "ELLIPSOID": "WGS84",
        "UTM_ZONE": str(zone),
        "GRID_CELL_SIZE_REFLECTIVE": "30.00",
        "GRID_CELL_SIZE_THERMAL": "30.00",
        "REFLECTIVE_LINES": str(rows),
        "REFLECTIVE_SAMPLES": str(cols),
        "ORIENTATION": "NORTH_UP",
    }
    to_lonlat = Transformer.from_crs(str(grid.crs), "EPSG:4326", always_xy=True)
    for corner, col, row in (("UL", 0, 0), ("UR", cols - 1, 0), ("LL", 0, rows - 1), ("LR", cols - 1, rows - 1)):
        easting, northing = grid.affine @ (col + 0.5, row + 0.5)
        lon, lat = to_lonlat.transform(easting, northing)
        described |= {f"CORNER_{corner}_LAT_PRODUCT": f"{lat:.5f}", f"CORNER_{corner}_LON_PRODUCT": f"{lon:.5f}"}
        described |= {f"CORNER_{corner}_PROJECTION_X_PRODUCT": f"{easting:.3f}"}
        described |= {f"CORNER_{corner}_PROJECTION_Y_PRODUCT": f"{northing:.3f}"}
    return described


def _describe_scale(sensor: _Sensor, scale: str, offset: str) -> dict[str, str]:
    return {f"REFLECTANCE_MULT_BAND_{band}": scale for band in sensor.bands} | {
        f"REFLECTANCE_ADD_BAND_{band}": offset for band in sensor.bands
    }


def _format_json(groups: Groups) -> str:
    return json.dumps({"LANDSAT_METADATA_FILE": groups})


def _format_xml(groups: Groups) -> str:
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<LANDSAT_METADATA_FILE>"]
    for group, keys in groups.items():
        lines += [f"  <{group}>", *(f"    <{key}>{value}</{key}>" for key, value in keys.items()), f"  </{group}>"]
    return "\n".join([*lines, "</LANDSAT_METADATA_FILE>", ""])


def _format_odl(groups: Groups) -> str:
    lines = ["GROUP = LANDSAT_METADATA_FILE"]
    for group, keys in groups.items():
        lines += [f"  GROUP = {group}", *(f"    {key} = {_quote(value)}" for key, value in keys.items())]
        lines += [f"  END_GROUP = {group}"]
    return "\n".join([*lines, "END_GROUP = LANDSAT_METADATA_FILE", "END", ""])


def _quote(value: str) -> str:
    """Numbers and dates stand without quotes."""
    plain = re.fullmatch(r"[-+]?[\d.]+(E[-+]?\d+)?|\d{4}-\d\d-\d\d(T[\d:]+Z)?", value, re.IGNORECASE)
    return value if plain else f'"{value}"'


_FORMATS = {"json": _format_json, "xml": _format_xml, "txt": _format_odl}


def _pack(product: Path) -> Path:
    """Put the files of a folder into a ``.tar`` beside it, flat, and remove the folder."""
    archive = product.with_name(f"{product.name}.tar")
    with tarfile.open(archive, "w") as file:
        for path in sorted(product.iterdir()):
            content = path.read_bytes()
            info = tarfile.TarInfo(path.name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
            path.unlink()
    product.rmdir()
    return archive
