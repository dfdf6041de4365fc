"""Read layers of regions: any polygon file or table, with the columns that hold names and codes."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from colibri_geo.arguments import TO_FILE, check_given, list_given
from colibri_geo.documents import parse_json
from colibri_geo.errors import CorruptInput, SettingsError, UnsupportedFormat, VectorError
from colibri_geo.hashing import hash_file
from colibri_geo.layers.aoi import Aoi
from colibri_geo.layers.columns import LEVELS, read_labels
from colibri_geo.layers.features import Features
from colibri_geo.layers.findings import ALWAYS, LAYERS, is_result
from colibri_geo.layers.geojson import read_geojson
from colibri_geo.layers.geopackage import list_tables, read_geopackage
from colibri_geo.layers.kml import read_kml
from colibri_geo.layers.ourairports import has_columns
from colibri_geo.layers.points import read_points
from colibri_geo.layers.polygons import clean_polygons, clean_shapes
from colibri_geo.layers.regions import COLUMNS, Regions, no_regions
from colibri_geo.layers.shapefile import read_shapefile
from colibri_geo.layers.shapes import LONLAT, measure_km2
from colibri_geo.layers.sources import FORMATS, LayerFormat, LayerSource, identify
from colibri_geo.scenes.paths import is_there

SIDE_FILE_MARK = "colibri_geo fetch_regions"
"""Value of ``made_by`` in the side file of a layer that `fetch_regions` wrote."""

_MAX_SIDE_BYTES = 2**20
_SAME_GROUND = 0.1  # of the smaller region: neighbours from two sources overlap by less
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")


@dataclass(frozen=True)
class Layer:
    """One layer of regions: a file, or a table that is in memory already.

    Attributes
    ----------
    level : str
        ``country``, ``admin1`` or ``admin2``.
    data : str, Path or GeoDataFrame
    name, code : str or None
        Columns; the well-known ones are found by themselves.
    """

    level: str
    data: str | Path | gpd.GeoDataFrame
    name: str | None = None
    code: str | None = None


def read_regions(layers: str | Layer | Iterable[str | Layer], *, assume_crs: str | None = None) -> Regions:
    """Read layers of regions.

    Use it once a run; several layers of one level (two countries' departments) are put together. Names keep their
    spelling; codes stand beside them, because names repeat.

    Parameters
    ----------
    layers : str or Layer, or several of these
        ``LEVEL=FILE[:NAME[:CODE]]`` with LEVEL country, admin1 or admin2, FILE a GeoPackage, shapefile, GeoJSON or KML,
        and NAME and CODE columns (those of well-known layers are found by themselves); or `Layer`, which takes a
        GeoDataFrame too. Of a GeoPackage with several layers the one named like the level is taken.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for layers that state none.

    Returns
    -------
    Regions

    Raises
    ------
    SettingsError
        Text that is not ``LEVEL=FILE[:NAME[:CODE]]``, or something that is neither text nor `Layer`.
    InputError, UnsafeSource, VectorError, GeoreferenceError
        A file that cannot be read, or does not hold named polygons with a place on the ground.

    Examples
    --------
    >>> frame = gpd.GeoDataFrame(
    ...     {"name": ["NARIÑO"], "code": ["52"]}, geometry=[shapely.box(-79, 0.3, -76.8, 2.7)], crs=4326
    ... )
    >>> read_regions([Layer("admin1", frame)]).table[["level", "code", "name"]].values.tolist()
    [['admin1', '52', 'NARIÑO']]
    """
    expected = "LEVEL=FILE[:NAME[:CODE]] (str) or Layer, or several; give a table as Layer('admin1', table)"
    given = list_given(layers, str, Layer, argument="regions", expected=expected)
    asked = [parse_layer(layer) if isinstance(layer, str) else layer for layer in given]
    parts = [_read_layer(layer, assume_crs) for layer in asked]
    if not parts:
        return no_regions()
    for number, part in enumerate(parts):
        for other in parts[:number]:
            _check_apart(other, part)
    table = pd.concat([part.table for part in parts])
    table["rank"] = table["level"].map({level: rank for rank, level in enumerate(LEVELS)})
    table = table.sort_values(["rank", "code", "name"], kind="stable").drop(columns="rank").reset_index(drop=True)
    return Regions(gpd.GeoDataFrame(table, crs=LONLAT), tuple(source for part in parts for source in part.sources))


def _check_apart(first: Regions, second: Regions) -> None:
    """Refuse two layers of one level that cover the same ground: only one of them could count its pixels and strips."""
    if first.levels != second.levels:
        return
    shapes, others = first.table.geometry.to_numpy(), second.table.geometry.to_numpy()
    mine, theirs = shapely.STRtree(others).query(shapes, predicate="intersects")
    shared = shapely.area(shapely.intersection(shapes[mine], others[theirs]))
    smaller = np.minimum(shapely.area(shapes[mine]), shapely.area(others[theirs]))
    if (shared > _SAME_GROUND * smaller).any():
        at = int(np.argmax(shared / smaller))
        one, other = first.table.iloc[mine[at]], second.table.iloc[theirs[at]]
        raise VectorError(
            f"{first.sources[0].name} and {second.sources[0].name} both hold {one['level']}: {one['name']} and "
            f"{other['name']} cover the same ground, expected layers of one level side by side; give one of them"
        )


def parse_layer(text: str) -> Layer:
    """Take ``LEVEL=FILE[:NAME[:CODE]]`` apart; a drive letter, or a colon in a file that is there, belongs to FILE.

    Raises
    ------
    SettingsError

    Examples
    --------
    >>> parse_layer("admin2=C:/maps/mpio.shp:MPIO_CNMBR:MPIO_CCNCT")
    Layer(level='admin2', data='C:/maps/mpio.shp', name='MPIO_CNMBR', code='MPIO_CCNCT')
    """
    level, equals, rest = text.partition("=")
    path = _find_path(rest)
    parts = [path, *rest[len(path) :].removeprefix(":").split(":")] if len(rest) > len(path) else [path]
    if not equals or not parts[0] or len(parts) > 3 or "" in parts:
        raise SettingsError(f"regions {text!r}: expected LEVEL=FILE[:NAME[:CODE]], as admin1=regions.gpkg; correct it")
    _check_level(level)
    columns: list[str | None] = [*parts[1:], None, None]
    return Layer(level, parts[0], columns[0], columns[1])


def _find_path(text: str) -> str:
    """Take the path from the start of ``FILE[:NAME[:CODE]]``: a colon belongs to it where such a file is there."""
    pieces = text.split(":")
    for count in range(len(pieces), 1, -1):
        path = ":".join(pieces[:count])
        if is_there(Path(path)):
            return path
    drive = text[:2] if _DRIVE.match(text) else ""
    return drive + text[len(drive) :].split(":", maxsplit=1)[0]


def read_aoi(path: str | Path, *, assume_crs: str | None = None) -> Aoi:
    """Read an area of interest from any polygon layer.

    Parameters
    ----------
    path : str or Path
        GeoPackage, shapefile, GeoJSON or KML; of a GeoPackage with several layers the one named ``aoi`` is taken.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for a file that states none.

    Returns
    -------
    Aoi

    Raises
    ------
    SettingsError
        Something that is no path.
    InputError, UnsafeSource, VectorError, GeoreferenceError
        As `read_regions`.
    """
    check_given(path, str, Path, argument="aoi", expected=f"the path of a file (str or Path); {TO_FILE}")
    path = Path(path)
    polygons = read_polygons(path, role="aoi", assume_crs=assume_crs)
    source = LayerSource("aoi", path.name, hash_file(path), None, polygons.notes)
    return Aoi(shapely.union_all(polygons.frame.geometry.to_numpy()), source)


def read_polygons(path: Path, *, role: str, assume_crs: str | None = None) -> Features:
    """Read the polygons of any vector file into EPSG:4326; see `read_regions` for formats and errors."""
    return clean_polygons(read_features(path, role=role), source=path.name, assume_crs=assume_crs)


def read_surroundings(path: Path, *, role: str, assume_crs: str | None = None) -> Features:
    """Read the shapes of any vector file into EPSG:4326, as something that lies around strips.

    For formats and errors see `read_regions`.

    Raises
    ------
    UnsupportedFormat
        What a run found, which would lie around itself.
    """
    features = read_features(path, role=role)
    if is_result(features.frame):
        raise UnsupportedFormat(
            f"{path.name}: written by a run or of an edition of one, expected what others know of the ground; give a "
            "layer of theirs"
        )
    return clean_shapes(features, source=path.name, assume_crs=assume_crs)


def read_features(path: Path, *, role: str) -> Features:
    """Read the features of any vector file as they stand in it; of several layers the one called like the role.

    Raises
    ------
    UnsupportedFormat
        For the tables of a run, whose layers belong together.
    """
    if has_columns(path):
        raise UnsupportedFormat(
            f"{path.name}: a table of OurAirports, expected {FORMATS}; give it with --aerodromes (aerodromes)"
        )
    readers = {
        LayerFormat.GEOJSON: read_geojson,
        LayerFormat.KML: read_kml,
        LayerFormat.SHAPEFILE: read_shapefile,
        LayerFormat.CSV: read_points,
    }
    found = identify(path)
    if found is LayerFormat.GEOPACKAGE and set(tables := list_tables(path)) >= set(ALWAYS):
        raise UnsupportedFormat(
            f"{path.name}: the tables of a run, expected an image or a layer; its layers are "
            f"{', '.join(name for name in LAYERS if name in tables)}: open them in a GIS, or its folder with "
            "colibri_geo.read_run"
        )
    return read_geopackage(path, layer=role) if found is LayerFormat.GEOPACKAGE else readers[found](path)


def read_credit(path: Path, sha256: str) -> str | None:
    """Return source and licence of a layer that `fetch_regions` wrote, None for any other.

    Raises
    ------
    CorruptInput
        Where the layer is not the one that was written.
    """
    side = path.with_name(f"{path.name}.json")
    if not is_there(side) or side.stat().st_size > _MAX_SIDE_BYTES:
        return None
    try:
        content = parse_json(side.read_bytes(), name=side.name)
    except CorruptInput:
        return None  # a file of somebody else that happens to have this name
    if not isinstance(content, dict) or content.get("made_by") != SIDE_FILE_MARK:
        return None
    if content.get("sha256") != sha256:
        raise CorruptInput(
            f"{path.name}: its SHA-256 {sha256[:12]}... is not the one in {side.name}, "
            "expected the layer as it was fetched; fetch it again, or remove the .json if it was edited on purpose"
        )
    return str(content.get("credit", ""))


def _check_level(level: str) -> None:
    if level not in LEVELS:
        raise SettingsError(f"region level {level!r} is not known, expected one of {', '.join(LEVELS)}; correct it")


def _read_layer(layer: Layer, assume_crs: str | None) -> Regions:
    _check_level(layer.level)
    expected = "the path of a file or a GeoDataFrame; correct it"
    check_given(layer.data, str, Path, gpd.GeoDataFrame, argument=f"data of Layer({layer.level!r})", expected=expected)
    if isinstance(layer.data, str | Path):
        path = Path(layer.data)
        polygons = read_polygons(path, role=layer.level, assume_crs=assume_crs)
        sha256 = hash_file(path)
        source = LayerSource(layer.level, path.name, sha256, read_credit(path, sha256), polygons.notes)
    else:
        polygons = clean_polygons(_copy_frame(layer.data), source=f"{layer.level} table", assume_crs=assume_crs)
        source = LayerSource(layer.level, "table in memory", _hash_frame(layer.data), None, polygons.notes)
    labels = read_labels(polygons.frame, layer.level, name=layer.name, code=layer.code, source=source.name)
    table = _join_parts(_tabulate(polygons.frame, labels.table, layer.level), source.name)
    notes = (*source.notes, *labels.notes, *_describe_joins(len(labels.table) - len(table), table))
    return Regions(table, (dataclasses.replace(source, notes=notes),))


def _copy_frame(frame: gpd.GeoDataFrame) -> Features:
    return Features(frame.reset_index(drop=True))


def _hash_frame(frame: gpd.GeoDataFrame) -> str:
    """Return the SHA-256 of a table in memory: its CRS, its attributes and its geometries."""
    digest = hashlib.sha256(str(frame.crs).encode())
    digest.update(pd.DataFrame(frame.drop(columns=frame.geometry.name)).to_csv(index=False).encode())
    for binary in frame.geometry.to_wkb():
        digest.update(binary or b"")
    return digest.hexdigest()


def _tabulate(polygons: gpd.GeoDataFrame, labels: pd.DataFrame, level: str) -> gpd.GeoDataFrame:
    table = labels.assign(level=level, region_km2=0.0).reindex(columns=COLUMNS[:-1], fill_value="")
    return gpd.GeoDataFrame(table, geometry=np.asarray(polygons.geometry.array, dtype=object), crs=LONLAT)


def _join_parts(table: gpd.GeoDataFrame, source: str) -> gpd.GeoDataFrame:
    """Make one row of rows with the same code and name, and measure each region."""
    coded = table["code"] != ""
    level = table["level"].iloc[0]
    repeated = table["name"][~coded & table["name"].duplicated(keep=False)]
    if len(repeated) and level != LEVELS[0]:
        raise VectorError(
            f"{source}: {len(repeated)} rows without a code share names such as {repeated.iloc[0]!r}, expected codes, "
            "because names repeat; name the column as LEVEL=FILE:NAME:CODE"
        )
    keys = [table["code"], table["name"]]
    first = table.groupby(keys, sort=True).first().reset_index()
    shapes = [shapely.union_all(part.to_numpy()) for _, part in table.geometry.groupby(keys, sort=True)]
    return gpd.GeoDataFrame(
        first.assign(region_km2=measure_km2(np.array(shapes, dtype=object)))[list(COLUMNS[:-1])],
        geometry=shapes,
        crs=LONLAT,
    )


def _describe_joins(joined: int, table: gpd.GeoDataFrame) -> list[str]:
    notes = []
    if joined:
        notes.append(f"{joined} row(s) joined to another of the same code and name")
    repeated = table["code"][(table["code"] != "") & table["code"].duplicated()].unique()
    if len(repeated):
        notes.append(f"{len(repeated)} code(s) stand for more than one name, as {repeated[0]}")
    return notes
