"""Landsat Collection 2 Level 2, as the USGS delivers it: a folder or a ``.tar`` of GeoTIFFs with their metadata (MTL).

Layout and names: USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide, LSDS-1619, and Data Format Control Book,
LSDS-1328; for Landsat 4 to 7 LSDS-1618. Sun and cloud: USGS, Landsat Collection 2 Data Dictionary,
https://www.usgs.gov/centers/eros/science/landsat-collection-2-data-dictionary
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from colibri_geo.documents import parse_json, parse_xml
from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    CorruptInput,
    InputError,
    MissingDate,
    ProductIncomplete,
    RadiometryError,
    UnsupportedFormat,
)
from colibri_geo.scenes.bands import LANDSAT47, LANDSAT89
from colibri_geo.scenes.bundle import Bundle
from colibri_geo.scenes.dates import parse_date
from colibri_geo.scenes.masks import MaskCode
from colibri_geo.scenes.odl import parse_odl
from colibri_geo.scenes.product import BandFile, MaskBand, Product
from colibri_geo.scenes.scaling import SURFACE
from colibri_geo.scenes.sky import Sky, gather_sky, read_azimuth, read_cloud, read_elevation

LAYOUT = "Landsat Collection 2 Level 2"
LICENCE = "public domain (image courtesy of the U.S. Geological Survey)"
NODATA = 0.0
"""Stored value of fill in the reflectance bands."""

_ID = r"L[A-Z]\d\d_L\d[A-Z]{2}_\d{6}_\d{8}_\d{8}_\d\d_(?:RT|T1|T2)"
_FILE = re.compile(rf"(?:.*/)?(?P<id>{_ID})_(?P<part>[^/]+)", re.IGNORECASE)
_KNOWN = rf"(?:^|/){_ID}_[^/]+\.(?:tiff?|json|xml|txt)$"
_METADATA = ("MTL.JSON", "MTL.XML", "MTL.TXT")
_ROOT = "LANDSAT_METADATA_FILE"
_REFLECTANCE = "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"
_NAMES_SHOWN = 4


@dataclass(frozen=True)
class _Generation:
    """What the sensors of one generation have in common.

    Attributes
    ----------
    bands : mapping of str to int
        Common names, and the number of the band that has each.
    saturation : MaskCode
        What the bits of QA_RADSAT mean.
    """

    bands: Mapping[str, int]
    saturation: MaskCode


_TM = _Generation(LANDSAT47, saturation=MaskCode.QA_RADSAT_TM)
_OLI = _Generation(LANDSAT89, saturation=MaskCode.QA_RADSAT)
_GENERATIONS = {
    **dict.fromkeys(("LT04", "LT05", "LE07"), _TM),
    **dict.fromkeys(("LC08", "LC09", "LO08", "LO09"), _OLI),
}


@dataclass(frozen=True)
class _Files:
    """The files of one scene.

    Attributes
    ----------
    scene : str
        Identifier of the product, upper case.
    parts : mapping of str to str
        What follows the identifier, upper case, and the whole name.
    """

    scene: str
    parts: Mapping[str, str]


@dataclass(frozen=True)
class _Metadata:
    """The MTL of one scene.

    Attributes
    ----------
    name : str
        Of the file.
    groups : mapping of str to mapping of str to str
    """

    name: str
    groups: Mapping[str, Mapping[str, str]]

    def find(self, group: str, key: str) -> str:
        """Return a value, empty where it is not there."""
        return self.groups.get(group, {}).get(key, "")


def recognise(bundle: Bundle) -> bool:
    """Tell from the names alone whether a folder or archive holds Landsat products, of any level and collection."""
    return bool(bundle.find(_KNOWN))


def read_landsat(bundle: Bundle, *, entry: str | None = None) -> Product:
    """Read the metadata of a Landsat 4 to 9 Collection 2 Level 2 product.

    Parameters
    ----------
    bundle : Bundle
        Folder or archive that holds its files, at any depth.
    entry : str, optional
        Name of one of the files, to choose its scene where the bundle holds several.

    Returns
    -------
    Product
        With blue, green, red, nir, swir16 and swir22 as surface reflectance, and the masks QA_PIXEL and QA_RADSAT.

    Raises
    ------
    AmbiguousInput
        Several scenes, and none is chosen.
    UnsupportedFormat
        Another level or collection, or a sensor without surface reflectance.
    ProductIncomplete
        Names all files that are missing.
    CorruptInput, UnsafeXML, InputError
        For metadata that cannot be read or belong to another scene.
    RadiometryError
        Where the scale or the offset of a band is not stated or cannot be true.
    MissingDate, BadDate

    Notes
    -----
    ``reflectance = stored * REFLECTANCE_MULT_BAND_n + REFLECTANCE_ADD_BAND_n``, of the group on Level 2: the MTL has
    others of the same names for the Level 1 product it was made from.

    References
    ----------
    USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide, LSDS-1619; Landsat 4-7, LSDS-1618.
    """
    files = _choose(bundle, entry)
    generation = _check_kind(files.scene)
    metadata_name = _check_complete(files, generation, entry)
    metadata = _read_metadata(bundle, metadata_name)
    _check_metadata(metadata, files.scene)
    bands = _list_bands(bundle, files, generation, metadata)
    masks = (
        MaskBand(bundle.raster(files.parts["QA_PIXEL.TIF"]), MaskCode.QA_PIXEL),
        MaskBand(bundle.raster(files.parts["QA_RADSAT.TIF"]), generation.saturation),
    )
    used = (metadata_name, *(files.parts[part] for part in _list_rasters(generation)))
    return Product(
        path=bundle.path,
        layout=LAYOUT,
        bands=bands,
        masks=masks,
        mask_text="Landsat QA_PIXEL (cloud, dilated cloud, cirrus, cloud shadow, fill) and QA_RADSAT",
        quantity=SURFACE,
        scaling=_describe_scaling(bands, metadata),
        sensor=_find_sensor(metadata),
        acquired=_find_time(metadata, files.scene),
        sha256=bundle.digest(used),
        size_bytes=bundle.measure(used),
        product_id=files.scene,
        processing_baseline=metadata.find("LEVEL2_PROCESSING_RECORD", "PROCESSING_SOFTWARE_VERSION") or None,
        licence=LICENCE,
        notes=_list_notes(metadata, files.scene),
        sky=_read_sky(metadata),
    )


def _choose(bundle: Bundle, entry: str | None) -> _Files:
    """Return the files of the one scene, or of the one that has the entry."""
    scenes: dict[tuple[str, str], dict[str, str]] = {}
    for name in bundle.names:
        matched = _FILE.fullmatch(name)
        if matched is not None:
            place = (str(PurePosixPath(name).parent), matched["id"].upper())
            scenes.setdefault(place, {})[_spell(matched["part"])] = name
    if entry is not None:
        scenes = {place: parts for place, parts in scenes.items() if entry in parts.values()}
    if not scenes:
        raise ProductIncomplete(
            f"{bundle.path.name}: {entry or 'no file'} belongs to no Landsat scene, expected names such as "
            "LC08_L2SP_001070_20190114_20200830_02_T2_MTL.json; name the folder or archive that holds it"
        )
    if len(scenes) > 1:
        shown = ", ".join(scene for _, scene in list(scenes)[:_NAMES_SHOWN])
        more = ", ..." if len(scenes) > _NAMES_SHOWN else ""
        raise AmbiguousInput(
            f"{bundle.path.name}: holds {len(scenes)} Landsat scenes ({shown}{more}), expected one; "
            "name the MTL file of the one to read"
        )
    ((_, scene), parts), *_ = scenes.items()
    return _Files(scene, parts)


def _spell(part: str) -> str:
    """Return the part of a name in one spelling."""
    return re.sub(r"\.TIFF$", ".TIF", part.upper())


def _check_kind(scene: str) -> _Generation:
    """Return what the sensor has, if the product is Level 2 surface reflectance of Collection 2."""
    sensor, level, *_, collection, _ = scene.split("_")
    if not level.startswith("L2"):
        raise UnsupportedFormat(
            f"{scene}: processing level {level}, expected Level 2 surface reflectance (L2SP or L2SR); "
            "order the Level 2 product of the same scene"
        )
    if collection != "02":
        raise UnsupportedFormat(
            f"{scene}: Collection {int(collection)}, expected Collection 2; order the scene from Collection 2"
        )
    if sensor not in _GENERATIONS:
        raise UnsupportedFormat(
            f"{scene}: sensor {sensor}, expected one of {', '.join(_GENERATIONS)}; use another scene"
        )
    return _GENERATIONS[sensor]


def _list_rasters(generation: _Generation) -> tuple[str, ...]:
    return (*(f"SR_B{number}.TIF" for number in generation.bands.values()), "QA_PIXEL.TIF", "QA_RADSAT.TIF")


def _check_complete(files: _Files, generation: _Generation, entry: str | None) -> str:
    """Return the name of the metadata file, if nothing is missing."""
    found = [files.parts[part] for part in _METADATA if part in files.parts]
    missing = [part for part in _list_rasters(generation) if part not in files.parts]
    missing += [] if found else ["MTL.json (or MTL.xml, MTL.txt)"]
    if missing:
        raise ProductIncomplete(
            f"{files.scene}: lacks {', '.join(missing)}, expected all bands, masks and metadata of the product; "
            "fetch what is missing"
        )
    return entry if entry in found else found[0]


def _read_metadata(bundle: Bundle, name: str) -> _Metadata:
    content = bundle.read(name)
    short = PurePosixPath(name).name
    ending = PurePosixPath(name).suffix.lower()
    if ending == ".json":
        return _Metadata(short, _group_json(parse_json(content, name=short), name=short))
    if ending == ".xml":
        return _Metadata(short, _group_xml(parse_xml(content, name=short), name=short))
    return _Metadata(short, parse_odl(content, name=short))


def _group_xml(root: Element, *, name: str) -> dict[str, dict[str, str]]:
    if root.tag != _ROOT:
        raise _refuse(name, f"begins with {root.tag[:40]!r}")
    groups: dict[str, dict[str, str]] = {}
    for group in root:
        keys = {key.tag: (key.text or "").strip() for key in group}
        if group.tag in groups or len(keys) != len(group):
            raise _refuse(name, f"{group.tag[:40]} or one of its keys occurs twice")
        groups[group.tag] = keys
    return groups


def _group_json(document: object, *, name: str) -> dict[str, dict[str, str]]:
    root = document.get(_ROOT) if isinstance(document, dict) else None
    if not isinstance(root, dict):
        raise _refuse(name, f"has no {_ROOT}")
    groups: dict[str, dict[str, str]] = {}
    for group, keys in root.items():
        if not isinstance(keys, dict):
            raise _refuse(name, f"{group[:40]} is no group")
        groups[group] = {key: str(value) for key, value in keys.items() if isinstance(value, str | int | float)}
    return groups


def _refuse(name: str, found: str) -> CorruptInput:
    return CorruptInput(f"{name}: {found}, expected Landsat metadata in groups below {_ROOT}; fetch the file again")


def _check_metadata(metadata: _Metadata, scene: str) -> None:
    """Check that the metadata belong to the files."""
    stated = metadata.find("PRODUCT_CONTENTS", "LANDSAT_PRODUCT_ID")
    if stated.upper() != scene:
        raise InputError(
            f"{metadata.name}: describes {stated[:60] or 'no product'}, expected {scene} as in the names of the files; "
            "fetch the metadata of the same scene"
        )
    level = metadata.find("PRODUCT_CONTENTS", "PROCESSING_LEVEL")
    if level != scene.split("_")[1]:
        raise UnsupportedFormat(
            f"{metadata.name}: processing level {level[:20] or 'not stated'}, expected {scene.split('_')[1]} as in the "
            "names of the files; fetch the Level 2 product again"
        )


def _list_bands(bundle: Bundle, files: _Files, generation: _Generation, metadata: _Metadata) -> tuple[BandFile, ...]:
    return tuple(
        BandFile(
            band=band,
            file=bundle.raster(files.parts[f"SR_B{number}.TIF"]),
            gain=_read_number(metadata, f"REFLECTANCE_MULT_BAND_{number}", low=1e-6, high=1e-3),
            offset=_read_number(metadata, f"REFLECTANCE_ADD_BAND_{number}", low=-1, high=1),
            nodata=NODATA,
        )
        for band, number in generation.bands.items()
    )


def _read_number(metadata: _Metadata, key: str, *, low: float, high: float) -> float:
    """Return a number of the group on surface reflectance, between generous limits."""
    stated = metadata.find(_REFLECTANCE, key)
    try:
        number = float(stated)
    except ValueError:
        number = math.nan
    if not low <= number <= high:
        raise RadiometryError(
            f"{metadata.name}: {key} of {_REFLECTANCE} is {stated[:30]!r}, expected a number from {low:g} to {high:g}; "
            "fetch the metadata again"
        )
    return number


def _describe_scaling(bands: tuple[BandFile, ...], metadata: _Metadata) -> str:
    if len({(band.gain, band.offset) for band in bands}) == 1:
        return f"stored x {bands[0].gain:g} {bands[0].offset:+g} ({metadata.name})"
    return f"scale and offset of each band as in {metadata.name}"


def _find_sensor(metadata: _Metadata) -> str:
    """Return the name of the satellite."""
    stated = metadata.find("IMAGE_ATTRIBUTES", "SPACECRAFT_ID")
    if re.fullmatch(r"LANDSAT_\d", stated) is None:
        raise CorruptInput(
            f"{metadata.name}: SPACECRAFT_ID is {stated[:30]!r}, expected a name such as LANDSAT_8; "
            "fetch the file again"
        )
    return f"Landsat {stated[-1]}"


def _find_time(metadata: _Metadata, scene: str) -> datetime:
    """Return when the middle of the scene was acquired."""
    day = metadata.find("IMAGE_ATTRIBUTES", "DATE_ACQUIRED")
    time = metadata.find("IMAGE_ATTRIBUTES", "SCENE_CENTER_TIME")
    if not day or not time:
        raise MissingDate(
            f"{metadata.name}: no {'SCENE_CENTER_TIME' if day else 'DATE_ACQUIRED'}, expected the day and the time of "
            "acquisition; fetch the metadata again"
        )
    acquired = parse_date(f"{day}T{time}", source=metadata.name)
    named = scene.split("_")[3]
    if f"{acquired:%Y%m%d}" != named:
        raise BadDate(
            f"{metadata.name}: acquired on {acquired:%Y%m%d}, expected {named} as in the names of the files; "
            "fetch the metadata of the same scene"
        )
    return acquired


def _read_sky(metadata: _Metadata) -> Sky:
    """Return the sun at the centre of the scene, and its cloud; -1 says that the cloud was not assessed."""

    def find(key: str) -> str:
        return metadata.find("IMAGE_ATTRIBUTES", key)

    return gather_sky(
        elevation=[read_elevation(find("SUN_ELEVATION"), source=f"{metadata.name}: SUN_ELEVATION")],
        azimuth=[read_azimuth(find("SUN_AZIMUTH"), source=f"{metadata.name}: SUN_AZIMUTH")],
        cloud=[read_cloud(find("CLOUD_COVER"), source=f"{metadata.name}: CLOUD_COVER")],
    )


def _list_notes(metadata: _Metadata, scene: str) -> tuple[str, ...]:
    notes = []
    if not scene.endswith("_T1"):
        notes.append("Tier 2 or real-time scene: its position on the ground may be wrong by more than 12 m")
    if metadata.find("IMAGE_ATTRIBUTES", "SENSOR_MODE_SLC") == "OFF":
        notes.append("scan line corrector off: wedge-shaped gaps without data cross the scene")
    return tuple(notes)
