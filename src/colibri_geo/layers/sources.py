"""Where a layer came from, and which format the first bytes of a vector layer say it has."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from colibri_geo.errors import (
    ArchiveError,
    CorruptInput,
    EncodingError,
    InputTooLarge,
    UnsupportedFormat,
)
from colibri_geo.layers.headers import LATITUDES, LONGITUDES, find_place, split_header
from colibri_geo.scenes.paths import check_file, check_path

MAX_BYTES = 2**30
MAX_TEXT_BYTES = 2**28  # text is held in memory as a whole, several times its size

FORMATS = "a GeoPackage, shapefile, GeoJSON or KML"
_EXPECTED = f"expected {FORMATS}"
_ARCHIVES = {b"PK\x03\x04": "ZIP", b"\x1f\x8b": "gzip", b"7z\xbc\xaf": "7-Zip", b"Rar!": "RAR", b"BZh": "bzip2"}
_KNOWN = {
    b"II*\x00": "TIFF", b"MM\x00*": "TIFF", b"%PDF": "PDF", b"\x89PNG": "PNG", b"\xff\xd8\xff": "JPEG",
    b"PAR1": "Parquet", b"fgb\x03": "FlatGeobuf", b"\x89HDF": "HDF5", b"PGDMP": "a PostgreSQL dump",
}  # fmt: skip
ENDINGS = frozenset({".csv", ".dbf", ".fgb", ".geojson", ".gml", ".gpkg", ".gpx", ".kml", ".osm", ".shp", ".shx"})
_PARTS = frozenset({".cpg", ".dbf", ".prj", ".qix", ".sbn", ".sbx", ".shx"})
_UTF8_BOM = b"\xef\xbb\xbf"
_SQLITE = b"SQLite format 3\x00"
_SHAPEFILE = b"\x00\x00\x27\x0a"
_GEOPACKAGE_IDS = (b"GPKG", b"GP10", b"GP11")
_HEAD_BYTES = 4096
_GEOJSON = re.compile(
    rb'"type"\s*:\s*"(FeatureCollection|Feature|(Multi)?(Point|LineString|Polygon)|GeometryCollection)"'
)
_STAC = re.compile(rb'"stac_version"\s*:')


class LayerFormat(StrEnum):
    """The formats that are read here."""

    GEOJSON = "GeoJSON"
    GEOPACKAGE = "GeoPackage"
    SHAPEFILE = "shapefile"
    KML = "KML"
    CSV = "CSV"


@dataclass(frozen=True)
class LayerSource:
    """One layer that was given, vector or heights, as the manifest and the report name it.

    Attributes
    ----------
    role : str
        ``country``, ``admin1``, ``admin2``, ``aoi``, ``aerodromes``, ``elevation``, or ``layer NAME`` of any other.
    name, sha256 : str
        File name and checksum; of a shapefile that of the ``.shp``, the others stand in the notes.
    credit : str or None
        Source and licence, where the side file of `fetch_regions` states them.
    notes : tuple of str
        What was mended or left out on reading, one sentence each.
    """

    role: str
    name: str
    sha256: str
    credit: str | None = None
    notes: tuple[str, ...] = ()


def recognise_layer(path: Path) -> bool:
    """Tell from the first bytes whether a file is a vector layer rather than an image, or is called as one.

    Some metadata of images are GeoJSON too: ask the readers of images first. What is no file, or cannot be opened, is
    no layer. What is called as a layer and is none is taken for one, so that its error speaks of layers.
    """
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return False
    if path.suffix.lower() in ENDINGS | _PARTS:
        return True
    text = head.removeprefix(_UTF8_BOM).lstrip()
    if text.startswith(b"<"):
        return b"<kml" in text.lower()
    if text.startswith((b"{", b"[")):
        return _GEOJSON.search(text) is not None and not _STAC.search(text)
    return head.startswith((_SQLITE, _SHAPEFILE)) or find_place(split_header(head)) is not None


def identify(path: Path) -> LayerFormat:
    """Tell the format of a vector file from its first bytes; the name of the file counts for errors alone.

    Raises
    ------
    NotAFile, InputTooLarge, CorruptInput
        Nothing to read, too much of it, or an empty file.
    ArchiveError, UnsupportedFormat, EncodingError
        An archive, another format, text that is not UTF-8.
    """
    check_layer(path)
    if path.suffix.lower() in _PARTS:
        raise UnsupportedFormat(f"{path.name}: a part of a shapefile, expected the .shp beside it; give that")
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if not head:
        raise CorruptInput(f"{path.name}: the file is empty, {_EXPECTED}; fetch it again")
    found = _identify_head(head, path.name)
    text = found in {LayerFormat.GEOJSON, LayerFormat.KML}
    if text and path.stat().st_size > MAX_TEXT_BYTES:
        raise InputTooLarge(
            f"{path.name}: {path.stat().st_size / 2**20:.0f} MiB of {found}, "
            f"expected at most {MAX_TEXT_BYTES / 2**20:.0f} MiB; convert it to GeoPackage"
        )
    return found


def check_layer(path: Path) -> None:
    """Refuse what is no file, or too large a one, to be read.

    Raises
    ------
    NotAFile, InputTooLarge
    """
    check_path(path, expected="a layer")
    check_file(path, expected=FORMATS)
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InputTooLarge(
            f"{path.name}: {size / 2**30:.1f} GiB, expected at most {MAX_BYTES / 2**30:.0f} GiB; "
            "cut the layer to the region needed"
        )


def _identify_head(head: bytes, name: str) -> LayerFormat:
    if head.startswith(_SQLITE):
        return _identify_sqlite(head, name)
    if head.startswith(_SHAPEFILE):
        return LayerFormat.SHAPEFILE
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise EncodingError(f"{name}: the text is UTF-16, expected UTF-8; save it as UTF-8")
    for magic, archive in _ARCHIVES.items():
        if head.startswith(magic):
            raise ArchiveError(f"{name}: a {archive} archive, {_EXPECTED}; unpack it and give the layer inside")
    text = head.removeprefix(_UTF8_BOM).lstrip()
    if text.startswith((b"{", b"[")):
        return LayerFormat.GEOJSON
    if text.startswith(b"<"):
        return _identify_xml(text, name)
    if known := next((known for magic, known in _KNOWN.items() if head.startswith(magic)), None):
        raise UnsupportedFormat(f"{name}: content is {known}, {_EXPECTED}; convert it")
    return _identify_table(head, name)


def _identify_table(head: bytes, name: str) -> LayerFormat:
    columns = split_header(head)
    if find_place(columns) is not None:
        return LayerFormat.CSV
    if name.lower().endswith(".csv"):
        raise UnsupportedFormat(
            f"{name}: a table with the columns {', '.join(columns)[:80]!r}, {_EXPECTED}, or of points columns of "
            f"longitude ({', '.join(LONGITUDES)}) and latitude ({', '.join(LATITUDES)}), or all those of OurAirports; "
            "convert it, or correct its first line"
        )
    raise UnsupportedFormat(f"{name}: content is no format known here, {_EXPECTED}; convert it")


def _identify_sqlite(head: bytes, name: str) -> LayerFormat:
    if len(head) < 100:
        raise CorruptInput(
            f"{name}: {len(head)} bytes of a database, expected a GeoPackage; the file is cut short, fetch it again"
        )
    if head[68:72] not in _GEOPACKAGE_IDS:
        raise UnsupportedFormat(f"{name}: an SQLite database that is no GeoPackage, {_EXPECTED}; convert it")
    return LayerFormat.GEOPACKAGE


def _identify_xml(text: bytes, name: str) -> LayerFormat:
    lowered = text.lower()
    if b"<kml" in lowered:
        return LayerFormat.KML
    what = "XML that is not KML"
    if lowered.startswith((b"<ogrvrt", b"<vrt")):
        what = "a GDAL virtual layer (VRT)"
    elif lowered.startswith((b"<!doctype html", b"<html")):
        what = "an HTML page (a failed download or a login page)"
    raise UnsupportedFormat(f"{name}: content is {what}, {_EXPECTED}; convert it")
