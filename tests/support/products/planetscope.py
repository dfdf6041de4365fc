"""PlanetScope ortho scenes of a simulated ground, as Planet's orders deliver them.

Layout, names and metadata: Planet, PlanetScope Product Specifications (June 2021); the assets of a PSScene,
https://docs.planet.com/data/imagery/planetscope/psscene/; the usable data mask,
https://docs.planet.com/data/imagery/udm/. What is true to them: the names and their suffixes; 4 or 8 bands as uint16
with fill 0, surface reflectance x 10000, or counts with the coefficients of the XML; the eight bands of UDM2; XML in
its namespaces and nesting; the JSON of the scene; the folder of the item type and the manifest of an order; the STAC
catalogue, collection and item that an order brings where it was asked for them (``metadata: stac``).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from pyproj import Transformer

from tests.support.products.ground import Array, Ground, to_integers, write_gtiff

COEFFICIENTS = (2.2782e-05, 2.2002e-05, 2.3515e-05, 2.2581e-05, 2.4107e-05, 2.6283e-05, 2.7391e-05, 3.7744e-05)
"""Counts to toa reflectance; an image of 4 bands has the first four."""
_LIGHT_HAZE = 12  # no SCL code: what a test paints
_CLASSES = ((2, (11,)), (3, (3,)), (4, (_LIGHT_HAZE,)), (5, (10,)), (6, (8, 9)))
"""Bands of UDM2, and the SCL codes that set them."""
_MEDIA_TYPES = {".tif": "image/tiff", ".xml": "text/xml", ".json": "application/json"}
_NOT_MEASURED, _SUSPECT = 0, 1  # SCL codes
_NAMESPACES = {
    "ps": "http://schemas.planet.com/ps/v1/planet_product_metadata_geocorrected_level",
    "eop": "http://earth.esa.int/eop",
    "opt": "http://earth.esa.int/opt",
    "gml": "http://www.opengis.net/gml",
    "xlink": "http://www.w3.org/1999/xlink",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
}


def name_item(ground: Ground, *, satellite: str = "2477") -> str:
    """Return the identifier of the scene of one ground."""
    return f"{ground.acquired:%Y%m%d_%H%M%S}_{ground.acquired.microsecond // 10_000:02d}_{satellite}"


def write_planetscope(
    folder: Path,
    ground: Ground,
    *,
    bands: int = 4,
    pixel_m: float = 3.0,
    surface: bool = True,
    harmonized: bool = False,
    clip: bool = False,
    mask: str | None = "udm2",
    documents: tuple[str, ...] = ("xml", "json"),
    satellite: str = "2477",
    stac: bool = False,
) -> Path:
    """Write one scene as an order of its own.

    Parameters
    ----------
    folder : Path
        Of the order: scenes that are written into one folder belong to one order.
    ground : Ground
        SCL code 10 becomes heavy haze, 12 light haze.
    bands : int
        4 or 8.
    pixel_m : float
    surface : bool
        Surface reflectance, else counts of radiance.
    harmonized, clip : bool
        How it was ordered.
    mask : str or None
        udm2, udm or None.
    documents : tuple of str
        Metadata that are written: xml, json.
    satellite : str
    stac : bool
        Whether a STAC item lies beside the image, and the catalogue of the order above it.

    Returns
    -------
    Path
        The folder of the order.
    """
    scene, item = ground.at(pixel_m), name_item(ground, satellite=satellite)
    product = folder / "PSScene"
    wide, cut = "_8b" * (bands == 8), "_clip" * clip
    image = product / f"{item}_3B_AnalyticMS{'_SR' * surface}{wide}{'_harmonized' * harmonized}{cut}.tif"
    _write_image(image, scene, bands, surface=surface)
    if mask == "udm2":
        names = ("clear", "snow", "shadow", "haze_light", "haze_heavy", "cloud", "confidence", "udm1")
        path = product / f"{item}_3B_udm2{cut}.tif"
        write_gtiff(path, make_udm2(scene.scl), scene.grid, descriptions=names, compress="lzw")
    if mask == "udm":
        write_gtiff(product / f"{item}_3B_AnalyticMS_DN_udm{cut}.tif", make_udm(scene.scl), scene.grid, compress="lzw")
    if "xml" in documents:
        text = _format_xml(scene, item, image.name, bands)
        (product / f"{item}_3B_AnalyticMS{wide}_metadata{cut}.xml").write_text(text, encoding="utf-8")
    if "json" in documents:
        content = json.dumps(_describe(scene, item, bands, satellite))
        (product / f"{item}_metadata.json").write_text(content, encoding="utf-8")
    if stac:
        _write_stac(folder, scene, item)
    _write_manifest(folder)
    return folder


def make_udm2(codes: Array) -> Array:
    """Return the eight bands of UDM2, (8, M, N) ndarray of uint8, from SCL codes."""
    bands = np.zeros((8, *codes.shape), dtype=np.uint8)
    for number, members in _CLASSES:
        bands[number - 1] = np.isin(codes, members)
    imaged = codes != _NOT_MEASURED
    bands[0] = imaged & ~bands[1:6].any(axis=0)
    bands[6] = np.where(imaged, 90, 0)
    bands[7] = make_udm(codes) & 0b1111_1101
    return bands


def make_udm(codes: Array) -> Array:
    """Return the older mask, (M, N) ndarray of uint8: bit 0 not imaged, bit 1 cloud, bit 4 suspect red."""
    bits = (codes == _NOT_MEASURED) * 1 + np.isin(codes, (8, 9)) * 2 + (codes == _SUSPECT) * 16
    return bits.astype(np.uint8)


def _write_image(path: Path, scene: Ground, bands: int, *, surface: bool) -> None:
    blue, green, red, nir = scene.values[:4]
    values = np.stack([blue, green, red, nir])
    if bands == 8:
        values = np.stack([blue, blue, green, green, (green + red) / 2, red, (red + nir) / 2, nir])
    stored = to_integers(values) if surface else _to_counts(values)
    tags = {
        "TIFFTAG_DATETIME": f"{scene.acquired:%Y:%m:%d %H:%M:%S}",
        "TIFFTAG_IMAGEDESCRIPTION": _describe_correction() if surface else "",
    }
    write_gtiff(path, stored, scene.grid, nodata=0, tags=tags, interleave="pixel", compress="lzw")


def _to_counts(values: Array) -> Array:
    gains = np.array(COEFFICIENTS[: len(values)])[:, None, None]
    return to_integers((values / gains).astype(np.float64), per_unit=1)


def _describe_correction() -> str:
    return json.dumps(
        {"atmospheric_correction": {"aot_coverage": 0.9, "aot_method": "fixed", "aot_source": "mod09cma"}}
    )


def _describe(scene: Ground, item: str, bands: int, satellite: str) -> dict[str, object]:
    """Return the JSON of the scene."""
    share = {code: float((scene.scl == code).mean()) for code in range(_LIGHT_HAZE + 1)}
    return {
        "_links": {"_self": f"https://api.planet.com/data/v1/item-types/PSScene/items/{item}"},
        "_permissions": [],
        "assets": [f"ortho_analytic_{bands}b_sr", f"ortho_analytic_{bands}b_xml", "ortho_udm2"],
        "geometry": {"type": "Polygon", "coordinates": [_trace_footprint(scene)]},
        "id": item,
        "properties": {
            "acquired": f"{scene.acquired:%Y-%m-%dT%H:%M:%S.%f}Z",
            "clear_percent": round(100 * (1 - sum(share[code] for code in (0, 3, 8, 9, 10, 11, 12)))),
            "cloud_cover": round(share[8] + share[9], 2),
            "cloud_percent": round(100 * (share[8] + share[9])),
            "ground_control": True,
            "gsd": 3.9,
            "heavy_haze_percent": round(100 * share[10]),
            "instrument": "PSB.SD" if bands == 8 else "PS2",
            "item_type": "PSScene",
            "light_haze_percent": round(100 * share[_LIGHT_HAZE]),
            "pixel_resolution": scene.pixel_m,
            "provider": "planetscope",
            "publishing_stage": "finalized",
            "quality_category": "standard",
            "satellite_id": satellite,
            "shadow_percent": round(100 * share[3]),
            "strip_id": "7527050",
            "sun_azimuth": 145.1,
            "sun_elevation": 60.1,
            "view_angle": 3,
        },
        "type": "Feature",
    }


def _write_stac(folder: Path, scene: Ground, item: str) -> None:
    """Write the STAC item of a scene, with its files as assets, its collection and the catalogue of the order."""
    product, footprint = folder / "PSScene", _trace_footprint(scene)
    files = sorted(path for path in product.iterdir() if path.name.startswith(item))
    lons, lats = zip(*footprint, strict=True)
    box = [min(lons), min(lats), max(lons), max(lats)]
    time = f"{scene.acquired:%Y-%m-%dT%H:%M:%S.%f}Z"
    feature = {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": item,
        "properties": {"datetime": time, "platform": item[-4:], "constellation": "planetscope", "gsd": 3.9},
        "geometry": {"type": "Polygon", "coordinates": [footprint]},
        "links": [{"rel": "collection", "href": "./PSScene_collection.json", "type": "application/json"}],
        "assets": {path.name.replace(".", "_"): _describe_asset(path, scene) for path in files},
        "bbox": box,
        "stac_extensions": ["https://stac-extensions.github.io/eo/v1.0.0/schema.json"],
        "collection": "PSScene",
    }
    collection = {
        "type": "Collection",
        "id": "PSScene",
        "stac_version": "1.0.0",
        "description": "PlanetScope Scenes",
        "links": [{"rel": "item", "href": f"./{item}.json", "type": "application/json"}],
        "extent": {"spatial": {"bbox": [box]}, "temporal": {"interval": [[time, time]]}},
        "license": "proprietary",
    }
    catalogue = {
        "type": "Catalog",
        "id": "order",
        "stac_version": "1.0.0",
        "description": "an order",
        "links": [{"rel": "child", "href": "./PSScene/PSScene_collection.json", "type": "application/json"}],
    }
    places = {product / f"{item}.json": feature, product / "PSScene_collection.json": collection}
    for path, content in {**places, folder / "catalog.json": catalogue}.items():
        path.write_text(json.dumps(content), encoding="utf-8")


def _describe_asset(path: Path, scene: Ground) -> dict[str, object]:
    asset: dict[str, object] = {"href": f"./{path.name}", "type": _MEDIA_TYPES[path.suffix], "roles": ["metadata"]}
    if path.suffix != ".tif":
        return asset
    a = scene.grid.affine
    place = {"proj:epsg": scene.epsg, "proj:shape": list(scene.grid.shape), "proj:transform": list(a[:6])}
    if "AnalyticMS" not in path.name or "udm" in path.name:
        return asset | place | {"roles": ["data", "snow-ice", "cloud", "cloud-shadow"]}
    wide = ("coastal", "blue", "green_i", "green", "yellow", "red", "rededge", "nir")
    bands = wide if "_8b" in path.name else ("blue", "green", "red", "nir")
    stored = {"nodata": 0, "data_type": "uint16", "spatial_resolution": scene.pixel_m}
    return (
        asset
        | place
        | {
            "roles": ["data", "reflectance"],
            "eo:bands": [{"name": band, "common_name": band} for band in bands],
            "raster:bands": [stored] * len(bands),
        }
    )


def _trace_footprint(scene: Ground) -> list[list[float]]:
    rows, cols = scene.grid.shape
    to_lonlat = Transformer.from_crs(str(scene.grid.crs), "EPSG:4326", always_xy=True)
    corners = [(0, 0), (0, rows), (cols, rows), (cols, 0), (0, 0)]
    return [list(to_lonlat.transform(*(scene.grid.affine @ corner))) for corner in corners]


def _format_xml(scene: Ground, item: str, file_name: str, bands: int) -> str:
    """Return the XML of the image that counts are delivered with, which comes beside surface reflectance too."""
    declared = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in _NAMESPACES.items())
    time = f"{scene.acquired:%Y-%m-%dT%H:%M:%S}+00:00"
    rows, cols = scene.grid.shape
    cloudy = 100 * np.isin(scene.scl, (8, 9)).mean()
    radiometry = "\n".join(_format_band(number) for number in range(1, bands + 1))
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ps:EarthObservation {declared} version="1.2.1" planet_standard_product_version="1.0">
  <gml:metaDataProperty>
    <ps:EarthObservationMetaData>
      <eop:identifier>{item}_3B_AnalyticMS</eop:identifier>
      <eop:acquisitionType>NOMINAL</eop:acquisitionType>
      <eop:productType>AnalyticMS</eop:productType>
      <eop:status>ARCHIVED</eop:status>
      <eop:processing>
        <eop:ProcessingInformation>
          <eop:processorName>CMO Processor</eop:processorName>
          <eop:processorVersion>4.1.4</eop:processorVersion>
          <eop:nativeProductFormat>GeoTIFF</eop:nativeProductFormat>
        </eop:ProcessingInformation>
      </eop:processing>
      <ps:versionIsd>1.0</ps:versionIsd>
      <ps:pixelFormat>16U</ps:pixelFormat>
    </ps:EarthObservationMetaData>
  </gml:metaDataProperty>
  <gml:validTime>
    <gml:TimePeriod><gml:beginPosition>{time}</gml:beginPosition><gml:endPosition>{time}</gml:endPosition></gml:TimePeriod>
  </gml:validTime>
  <gml:using>
    <eop:EarthObservationEquipment>
      <eop:platform>
        <eop:Platform>
          <eop:shortName>PlanetScope</eop:shortName>
          <eop:serialIdentifier>{item[-4:]}</eop:serialIdentifier>
        </eop:Platform>
      </eop:platform>
      <eop:instrument>
        <eop:Instrument><eop:shortName>{"PSB.SD" if bands == 8 else "PS2"}</eop:shortName></eop:Instrument>
      </eop:instrument>
      <eop:acquisitionParameters>
        <ps:Acquisition>
          <eop:incidenceAngle uom="deg">2.973505e+00</eop:incidenceAngle>
          <opt:illuminationAzimuthAngle uom="deg">1.451e+02</opt:illuminationAzimuthAngle>
          <opt:illuminationElevationAngle uom="deg">6.01e+01</opt:illuminationElevationAngle>
          <ps:acquisitionDateTime>{time}</ps:acquisitionDateTime>
        </ps:Acquisition>
      </eop:acquisitionParameters>
    </eop:EarthObservationEquipment>
  </gml:using>
  <gml:resultOf>
    <ps:EarthObservationResult>
      <eop:product>
        <ps:ProductInformation>
          <eop:fileName>{file_name}</eop:fileName>
          <ps:spatialReferenceSystem><ps:epsgCode>{scene.epsg}</ps:epsgCode></ps:spatialReferenceSystem>
          <ps:numRows>{rows}</ps:numRows>
          <ps:numColumns>{cols}</ps:numColumns>
          <ps:numBands>{bands}</ps:numBands>
          <ps:rowGsd>{scene.pixel_m}</ps:rowGsd>
          <ps:columnGsd>{scene.pixel_m}</ps:columnGsd>
          <ps:radiometricCorrectionApplied>true</ps:radiometricCorrectionApplied>
          <ps:geoCorrectionLevel>Precision Geocorrection</ps:geoCorrectionLevel>
        </ps:ProductInformation>
      </eop:product>
      <opt:cloudCoverPercentage uom="percentage">{cloudy:.0f}</opt:cloudCoverPercentage>
      <ps:bandSpecificMetadataList>
{radiometry}
      </ps:bandSpecificMetadataList>
    </ps:EarthObservationResult>
  </gml:resultOf>
</ps:EarthObservation>
"""


def _format_band(number: int) -> str:
    return f"""        <ps:bandSpecificMetadata>
          <ps:bandNumber>{number}</ps:bandNumber>
          <ps:radiometricScaleFactor>0.01</ps:radiometricScaleFactor>
          <ps:reflectanceCoefficient>{COEFFICIENTS[number - 1]}</ps:reflectanceCoefficient>
        </ps:bandSpecificMetadata>"""


def _write_manifest(folder: Path) -> None:
    """Write the manifest of the order, which lists its files."""
    files = [
        {
            "path": path.relative_to(folder).as_posix(),
            "media_type": _MEDIA_TYPES[path.suffix],
            "size": path.stat().st_size,
            "digests": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        }
        for path in sorted((folder / "PSScene").iterdir())
    ]
    (folder / "manifest.json").write_text(json.dumps({"name": "", "files": files}), encoding="utf-8")
