"""GeoPackage: read as the database it is, without extensions, views or functions from the file."""

from __future__ import annotations

import re
import sqlite3
import time
import unicodedata
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry.base import BaseGeometry

from colibri_geo.errors import CorruptInput, EncodingError, MissingCRS, UnsafeSource, VectorError
from colibri_geo.layers.features import Features
from colibri_geo.scenes.paths import is_there

_DESCRIBING = ("gpkg_geometry_columns", "gpkg_spatial_ref_sys")
_MOST_SECONDS = 60.0  # a layer of 1 GiB is read in some seconds
_STEPS = 1_000_000  # of the database engine between two looks at the clock
_MAX_VALUE_BYTES = 2**27  # of one geometry, eight million points, or one text
_REACHING_OUT = re.compile(
    r"\b(?:fsdir|zipfile)\b"  # SQLite's shell has these as tables, which need no parenthesis
    r"|\b(?:{})(?=[\s\"'`\]]*(?:\(|--|/\*))".format(  # where a comment is next, a call may follow
        "|".join(
            (
                # SQLite and its shell
                *("load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "eval"),
                # SpatiaLite
                *("blobfromfile", "blobtofile", "xb_loadxml", "xb_storexml", r"guesssridfrom\w*", "databasepath"),
                *(r"import(?:shp|dbf|dxf|geojson|kml|wfs|xls|zip)\w*", r"export(?:shp|dbf|dxf|geojson|kml)\w*"),
                *(r"sqlproc_\w*", r"storedproc_\w*", r"rl2_\w*"),
                # GDAL
                *(r"gdal_get_\w*", "ogr_datasource_load_layers", r"ogr_geocode\w*", r"ogr_[gs]etconfigoption"),
            )
        )
    ).encode(),
    re.IGNORECASE,
)
"""Functions by which the SQL of usual programs runs code, reads and writes files, or asks the network."""
_GDALS_NONE = ("GDAL", 99999)  # what GDAL writes for a layer without a reference system
_ENVELOPE_BYTES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}


@dataclass(frozen=True)
class _Table:
    name: str
    geometry: str
    srs_id: int


def read_geopackage(path: Path, *, layer: str | None = None) -> Features:
    """Read one layer of a GeoPackage; the file is opened read-only and never changed.

    Parameters
    ----------
    path : Path
    layer : str, optional
        Which one to take where there are several; a single layer is taken whatever its name.

    Returns
    -------
    Features

    Raises
    ------
    CorruptInput, EncodingError, VectorError
        Damaged, text that is not UTF-8, no or too many layers.
    UnsafeSource
        A trigger or view that names a function known to reach out of the file.
    MissingCRS
        Where its reference system is not defined; an undefined one (-1, 0) leaves the CRS empty.

    References
    ----------
    OGC 12-128r18, OGC GeoPackage Encoding Standard 1.3.1.
    """
    _check_journal(path)
    with _connect(path) as database:
        table = _choose_table(database, layer, path.name)
        _check_reach(database, path.name)
        crs = _read_crs(database, table, path.name)
        columns = _list_columns(database, table, path.name)
        rows = _read_rows(database, table, columns, path.name)
    geometries = [_parse_geometry(row[-1], path.name, number) for number, row in enumerate(rows)]
    values = [[_decode(value, path.name, number) for value in row[:-1]] for number, row in enumerate(rows)]
    frame = pd.DataFrame(values, columns=columns, index=range(len(rows)), dtype=object)
    return Features(gpd.GeoDataFrame(frame, geometry=geometries, crs=crs))


def list_tables(path: Path) -> tuple[str, ...]:
    """Return the names of all tables in a GeoPackage, in the order in which they were made; nothing in it is run.

    Raises
    ------
    CorruptInput, EncodingError, VectorError
        Where no layer of it could be read either.
    """
    _check_journal(path)
    with _connect(path) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY rowid")
        return tuple(_decode_text(name, path.name) for (name,) in names)


def _check_journal(path: Path) -> None:
    journal = path.with_name(f"{path.name}-wal")
    if is_there(journal) and journal.stat().st_size > 0:
        raise VectorError(
            f"{path.name}: changes wait in {journal.name} beside it, expected a finished file; "
            "close the program that has it open"
        )


@contextmanager
def _connect(path: Path) -> Iterator[sqlite3.Connection]:
    address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(address, uri=True)) as database:
            database.text_factory = bytes
            database.execute("PRAGMA trusted_schema=OFF")
            database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
            latest = time.monotonic() + _MOST_SECONDS
            database.set_progress_handler(lambda: time.monotonic() > latest, _STEPS)
            _check_described(database, path.name)
            yield database
    except sqlite3.Error as error:
        raise CorruptInput(f"{path.name}: cannot be read as GeoPackage ({str(error)[:120]}); fetch it again") from error
    except UnicodeDecodeError as error:  # of the schema: texts in rows are decoded here
        raise EncodingError(
            f"{path.name}: a name in it is not UTF-8, expected UTF-8; export the layer again"
        ) from error


def _check_described(database: sqlite3.Connection, source: str) -> None:
    """Refuse a file that tells of its layers by views: a view can be a query without an end."""
    names = ", ".join(f"'{name}'" for name in _DESCRIBING)
    query = f"SELECT name FROM sqlite_master WHERE lower(name) IN ({names}) AND type <> 'table'"  # noqa: S608 - constants
    views = [_decode_text(name, source) for (name,) in database.execute(query)]
    if views:
        raise CorruptInput(
            f"{source}: {', '.join(views)[:80]} is no table, expected a GeoPackage with tables of its layers and "
            "reference systems; export the layer again"
        )


def _check_reach(database: sqlite3.Connection, source: str) -> None:
    """Refuse a file with a trigger or a view that reaches out of it: not run here, but by who changes it elsewhere.

    Triggers of spatial indexes and counts of features, and those of a user's own, call nothing of the kind.
    """
    query = "SELECT name, type, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
    for name, kind, sql in database.execute(query):
        if called := _REACHING_OUT.search(sql or b""):
            raise UnsafeSource(
                f"{source}: its {_decode_text(kind, source)} {_decode_text(name, source)[:80]} calls "
                f"{called[0].decode()}, which reaches out of the file, expected features alone; do not change it in a "
                "GIS, get the layer from a source that you trust"
            )


def _choose_table(database: sqlite3.Connection, layer: str | None, source: str) -> _Table:
    query = (
        "SELECT g.table_name, g.column_name, g.srs_id FROM gpkg_geometry_columns AS g "
        "JOIN sqlite_master AS m ON lower(m.name) = lower(g.table_name) WHERE m.type = 'table' ORDER BY 1"
    )
    tables = [
        _Table(_decode_text(name, source), _decode_text(column, source), _check_code(srs_id, source))
        for name, column, srs_id in database.execute(query)
    ]
    if not tables:
        raise VectorError(
            f"{source}: a GeoPackage without a layer of features, expected polygons; export the layer again"
        )
    if len(tables) == 1:
        return tables[0]
    named = [table for table in tables if unicodedata.normalize("NFC", table.name) == layer]
    if not named:
        raise VectorError(
            f"{source}: has the layers {', '.join(table.name for table in tables[:10])}, expected a single one"
            f"{f' or one named {layer}' if layer else ''}; save the layer alone"
        )
    return named[0]


def _check_code(srs_id: object, source: str) -> int:
    if isinstance(srs_id, int):
        return srs_id
    raise CorruptInput(
        f"{source}: the code of its reference system is {str(srs_id)[:40]!r}, expected a number; export the layer again"
    )


def _read_crs(database: sqlite3.Connection, table: _Table, source: str) -> CRS | None:
    if table.srs_id in {-1, 0}:
        return None
    query = "SELECT organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys WHERE srs_id = ?"
    row = database.execute(query, (table.srs_id,)).fetchone()
    if row is None:
        raise MissingCRS(
            f"{source}: its reference system {table.srs_id} is not defined in the file, expected an EPSG code; "
            "set the CRS of the layer, or name it with --assume-crs"
        )
    organization, code, definition = _decode_text(row[0], source), row[1], _decode_text(row[2], source)
    if (organization, code) == _GDALS_NONE:
        return None
    try:
        if organization.upper() in {"EPSG", "ESRI"}:
            return CRS.from_authority(organization.upper(), str(code))
        return CRS.from_wkt(definition)
    except CRSError as error:
        raise MissingCRS(
            f"{source}: its reference system {organization}:{code} is not known, expected an EPSG code; "
            "set the CRS of the layer"
        ) from error


def _list_columns(database: sqlite3.Connection, table: _Table, source: str) -> list[str]:
    """Return the columns that may hold names and codes; computed ones can be of any size, and are left out."""
    query = "SELECT name, type FROM pragma_table_info(?)"
    described = [
        (_decode_text(name, source), _decode_text(kind, source).upper())
        for name, kind in database.execute(query, (table.name,))
    ]
    if table.geometry.lower() not in {name.lower() for name, _ in described}:
        raise CorruptInput(
            f"{source}: its layer {table.name[:80]} does not store the column {table.geometry[:80]}, expected "
            "geometries; export the layer again"
        )
    return [name for name, kind in described if name not in {table.geometry, "geometry"} and "BLOB" not in kind]


def _read_rows(
    database: sqlite3.Connection, table: _Table, columns: list[str], source: str
) -> list[tuple[object, ...]]:
    names = ", ".join(_quote(name) for name in [*columns, table.geometry])
    try:
        return list(database.execute(f"SELECT {names} FROM {_quote(table.name)} ORDER BY rowid"))  # noqa: S608 - quoted
    except sqlite3.OperationalError as error:
        raise CorruptInput(
            f"{source}: its layer {table.name} cannot be read ({str(error)[:80]}); export it again"
        ) from error


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _decode(value: object, source: str, number: int) -> object:
    return _decode_text(value, f"{source}: feature {number}") if isinstance(value, bytes) else value


def _decode_text(value: object, source: str) -> str:
    if not isinstance(value, bytes):
        return "" if value is None else str(value)
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{source}: byte {error.start} of a text is not UTF-8, expected UTF-8; export the layer again"
        ) from error


def _parse_geometry(blob: object, source: str, number: int) -> BaseGeometry | None:
    """Take the well-known binary out of its GeoPackage envelope."""
    if blob is None:
        return None
    if not isinstance(blob, bytes) or len(blob) < 8 or blob[:2] != b"GP":
        raise CorruptInput(f"{source}: feature {number} holds no GeoPackage geometry; export the layer again")
    flags = blob[3]
    if flags & 0b100000:
        raise VectorError(f"{source}: feature {number} is of an extended geometry type, expected polygons; convert it")
    skip = 8 + _ENVELOPE_BYTES.get((flags >> 1) & 0b111, 0)
    try:
        with np.errstate(invalid="ignore"):  # coordinates that are no numbers are judged when polygons are built
            geometry: BaseGeometry = shapely.from_wkb(blob[skip:])
    except shapely.errors.GEOSException as error:
        raise CorruptInput(
            f"{source}: feature {number} has a damaged geometry ({str(error).splitlines()[0][:80]}); "
            "export the layer again"
        ) from error
    return geometry
