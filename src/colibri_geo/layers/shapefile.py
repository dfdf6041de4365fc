"""Shapefiles: several files that must fit together, and text in whatever encoding."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyogrio.raw
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, GeometryError
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.errors import GEOSException

from colibri_geo.errors import (
    CorruptInput,
    EncodingError,
    GeoreferenceError,
    InvalidGeometry,
    UnsupportedFormat,
    VectorError,
)
from colibri_geo.hashing import hash_file
from colibri_geo.isolation import Lost, call
from colibri_geo.layers.features import Features
from colibri_geo.scenes.paths import is_there

_SIDE_FILES = (".shx", ".dbf", ".prj", ".cpg")
_BYTES_AS_THEY_ARE = "ISO-8859-1"
_WINDOWS_1252 = {0x03, 0x57}


def read_shapefile(path: Path) -> Features:
    """Read a shapefile with its side files; the input is never written to.

    Without a ``.cpg`` the text is UTF-8 where its bytes are, else what the ``.dbf`` itself says.

    Parameters
    ----------
    path : Path
        The ``.shp``.

    Returns
    -------
    Features
        Without a CRS where there is no ``.prj``.

    Raises
    ------
    VectorError
        No ``.shx``, two fields of one name, or one called ``geometry``.
    CorruptInput
        Cut short, or as many attributes as shapes it has not.
    EncodingError
        Text whose encoding is stated nowhere.
    GeoreferenceError
        A ``.prj`` that is none.

    References
    ----------
    ESRI Shapefile Technical Description, July 1998.
    """
    if path.suffix.lower() != ".shp":
        raise UnsupportedFormat(f"{path.name}: a shapefile by content, expected its name to end in .shp; rename it")
    sides = {ending: side for ending in _SIDE_FILES if (side := _find_side(path, ending)) is not None}
    if ".shx" not in sides:
        raise VectorError(
            f"{path.name}: its .shx is missing, expected .shp, .shx and .dbf together; fetch all of them, "
            "or rebuild it in a copy (ogr2ogr --config SHAPE_RESTORE_SHX YES)"
        )
    _check_sizes(path, sides)
    frame, note = _read_text(path, sides)
    _check_shapes(path, sides[".shx"], frame)
    hashes = (f"with {side.name}, SHA-256 {hash_file(side)}" for side in sides.values())
    return Features(frame, (*((note,) if note else ()), *hashes))


def _find_side(path: Path, ending: str) -> Path | None:
    candidates = (path.with_suffix(ending), path.with_suffix(ending.upper()))
    return next((side for side in candidates if is_there(side)), None)


def _check_sizes(path: Path, sides: dict[str, Path]) -> None:
    with path.open("rb") as file:
        head = file.read(100)
    declared = int.from_bytes(head[24:28], "big") * 2
    size = path.stat().st_size
    if len(head) < 100 or declared > size:
        raise CorruptInput(
            f"{path.name}: {size} bytes, expected {max(declared, 100)}; the file is cut short, fetch it again"
        )
    shapes = (sides[".shx"].stat().st_size - 100) // 8
    if ".dbf" in sides:
        with sides[".dbf"].open("rb") as file:
            records = int.from_bytes(file.read(8)[4:], "little")
        if records != shapes:
            raise CorruptInput(
                f"{path.name}: .shp has {shapes} shapes, .dbf has {records} records, expected as many; fetch both again"
            )


def _check_shapes(path: Path, index: Path, frame: gpd.GeoDataFrame) -> None:
    """Refuse shapes that are there and yet came back as nothing."""
    with path.open("rb") as shapes, index.open("rb") as places:
        for number in frame.index[frame.geometry.isna() | frame.geometry.is_empty]:
            places.seek(100 + 8 * int(number))
            shapes.seek(2 * int.from_bytes(places.read(4), "big") + 8)
            kind = int.from_bytes(shapes.read(4), "little")
            if kind != 0 and frame.geometry[number] is not None:
                raise InvalidGeometry(
                    f"{path.name}: shape {number} is not finite, expected coordinates; mend the layer"
                )
            if kind != 0:
                raise CorruptInput(f"{path.name}: shape {number} is damaged, expected a polygon; fetch the layer again")


def _read_text(path: Path, sides: dict[str, Path]) -> tuple[gpd.GeoDataFrame, str | None]:
    """Read with the right encoding, and say where it had to be found out."""
    if ".cpg" in sides or ".dbf" not in sides:
        return _read(path, None), None
    raw = _read(path, _BYTES_AS_THEY_ARE)
    texts = [text for column in raw.columns.drop("geometry") for text in raw[column] if isinstance(text, str)]
    foreign = [text.encode(_BYTES_AS_THEY_ARE) for text in texts if not text.isascii()]
    if not foreign:
        return raw, None
    if all(_is_utf8(text) for text in foreign):
        return _read(path, "UTF-8"), "no .cpg says how its text is encoded; it is UTF-8 by its bytes"
    with sides[".dbf"].open("rb") as file:
        language = file.read(32)[29]
    if language == 0:
        raise EncodingError(
            f"{path.name}: text such as {foreign[0][:40]!r} in no stated encoding, expected a .cpg beside it; "
            "put its encoding there, such as ISO-8859-1"
        )
    return _read(path, "cp1252" if language in _WINDOWS_1252 else None), None


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _read(path: Path, encoding: str | None) -> gpd.GeoDataFrame:
    try:
        raw = call(_read_raw, path.resolve(), encoding)
        with np.errstate(invalid="ignore"):  # coordinates that are no numbers are judged when polygons are built
            shapes = shapely.from_wkb(raw.shapes)
    except Lost as error:
        raise CorruptInput(
            f"{path.name}: decoding it {error}; the file is damaged or made to do so, fetch it again"
        ) from error
    except GEOSException as error:
        raise _damaged(path, error) from error
    _check_fields(path, raw.columns)
    frame = pd.DataFrame(dict(zip(raw.columns, raw.values, strict=True)), index=pd.Index(raw.numbers, name="fid"))
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=_parse_crs(path, raw.crs))


def _parse_crs(path: Path, text: str | None) -> CRS | None:
    try:
        return None if text is None else CRS.from_user_input(text)
    except CRSError as error:
        raise _wrong_prj(path) from error


def _check_fields(path: Path, fields: Sequence[str]) -> None:
    """Refuse names under which one field would stand in place of another, or of the shapes."""
    unclear = sorted({field for field in fields if field == "geometry" or fields.count(field) > 1})
    if unclear:
        raise VectorError(
            f"{path.name}: fields called {', '.join(unclear)[:80]}, expected one of a name, and none called geometry, "
            "as the shapes are; rename them in a copy"
        )


def _wrong_prj(path: Path) -> GeoreferenceError:
    return GeoreferenceError(
        f"{path.name}: its .prj holds no reference system that is known, expected one; correct it, or take it away "
        "and name the system with --assume-crs"
    )


@dataclass(frozen=True)
class _Raw:
    """A layer as arrays, one a column; shapes as WKB."""

    crs: str | None
    columns: tuple[str, ...]
    values: tuple[np.ndarray[Any, Any], ...]
    numbers: np.ndarray[Any, Any]
    shapes: np.ndarray[Any, Any]


def _read_raw(path: Path, encoding: str | None) -> _Raw:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # remarks on ring order, mended when polygons are built
            about, numbers, shapes, values = pyogrio.raw.read(path, encoding=encoding, return_fids=True)
    except UnicodeDecodeError as error:
        raise EncodingError(
            f"{path.name}: text that is not {encoding or 'in the encoding of its .cpg'}; correct the .cpg"
        ) from error
    except UnboundLocalError as error:  # how pyogrio fails at a reference system whose text cannot be decoded
        raise _wrong_prj(path) from error
    except (DataSourceError, DataLayerError, FeatureError, GeometryError) as error:
        raise _damaged(path, error) from error
    if shapes is None:
        raise VectorError(f"{path.name}: holds attributes without shapes, expected polygons; give the layer's .shp")
    return _Raw(about["crs"], tuple(str(name) for name in about["fields"]), tuple(values), numbers, shapes)


def _damaged(path: Path, error: Exception) -> CorruptInput:
    reason = str(error).replace(str(path.resolve()), path.name).splitlines()[0][:120]
    return CorruptInput(f"{path.name}: cannot be read as shapefile ({reason}); fetch it again")
