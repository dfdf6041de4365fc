"""GeoJSON: parsed here, strictly, so that a fault is named by its place and nothing is guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely.geometry import GeometryCollection, LineString, MultiLineString, MultiPoint, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from colibri_geo.documents import Faults, Limits, parse_json
from colibri_geo.errors import EncodingError, InvalidGeometry, MissingCRS, UnsafeSource, VectorError
from colibri_geo.layers.features import Features
from colibri_geo.layers.sources import MAX_TEXT_BYTES

_AUTHORITY = re.compile(r"(?:urn:ogc:def:crs:)?(EPSG|OGC|ESRI):(?:[0-9.]*:)?([A-Za-z0-9]+)", re.IGNORECASE)
_SIMPLE = {"Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"}
_FAULTS = Faults(damaged=VectorError, undecodable=EncodingError, endless=InvalidGeometry)
_LIMITS = Limits(MAX_TEXT_BYTES, parts=2**26)  # three for each of the points that so much text can hold
_JsonDict = dict[str, Any]


@dataclass(frozen=True)
class _Shape:
    """A geometry, with what was mended; or its fault, to be told with the number of its feature."""

    geometry: BaseGeometry | None = None
    fault: VectorError | None = None
    closed: bool = False
    flattened: bool = False


def read_geojson(path: Path) -> Features:
    """Read a FeatureCollection, a Feature or a bare geometry.

    A byte order mark and the ``crs`` member of the older standard are honoured; rings that are not closed are closed,
    heights are dropped, both with a note.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Features

    Raises
    ------
    InputTooLarge
        More text than is held in memory.
    EncodingError
        Not UTF-8.
    VectorError
        Not JSON, twice the same key, nested too deep, not GeoJSON.
    InvalidGeometry
        Coordinates that are not finite numbers, rings of fewer than three points.
    MissingCRS, UnsafeSource
        A ``crs`` member that cannot be understood, or that links to a file or an address.

    References
    ----------
    RFC 7946, The GeoJSON Format, https://doi.org/10.17487/RFC7946
    """
    return parse_geojson(path.read_bytes(), name=path.name)


def parse_geojson(content: bytes, *, name: str) -> Features:
    """Parse the bytes of a GeoJSON file; see `read_geojson`."""
    document = _parse_json(content, name)
    members = _list_features(document, name)
    shapes = [_to_shape(member.get("geometry"), name, number) for number, member in enumerate(members)]
    frame = gpd.GeoDataFrame(
        _tabulate([member.get("properties") for member in members]),
        geometry=[shape.geometry for shape in shapes],
        crs=_read_crs(document, name),
    )
    notes = []
    if closed := sum(shape.closed for shape in shapes):
        notes.append(f"{closed} polygon(s) with a ring that was not closed were closed")
    if any(shape.flattened for shape in shapes):
        notes.append("heights were dropped")
    return Features(frame, tuple(notes))


def _parse_json(content: bytes, name: str) -> object:
    return parse_json(
        content,
        name=name,
        expected="GeoJSON",
        faults=_FAULTS,
        limits=_LIMITS,
        build=_build_early,
    )


def _build_early(members: _JsonDict) -> _JsonDict | _Shape:
    """Take the members of one JSON object; a shape becomes a geometry at once, so that its lists do not pile up."""
    kind = members.get("type")
    if isinstance(kind, str) and kind in _SIMPLE and "coordinates" in members:
        return _build_shape(kind, members["coordinates"])
    return members


def _build_shape(kind: str, coordinates: object) -> _Shape:
    build = _build_area if "Polygon" in kind else _build_lines if "Line" in kind else _build_points
    try:
        return build(_as_list(coordinates) if kind.startswith("Multi") else [coordinates])
    except VectorError as error:
        return _Shape(fault=error)


def _build_points(positions: list[Any]) -> _Shape:
    positions = [position for position in positions if position != []]  # RFC 7946, 3.1: no place
    places = _build_positions(positions) if positions else np.empty((0, 2))
    flattened = any(len(position) > 2 for position in positions)
    return _Shape(Point(places[0]) if len(places) == 1 else MultiPoint(places), flattened=flattened)


def _build_lines(lines: list[Any]) -> _Shape:
    lines = [line for line in lines if line != []]  # RFC 7946, 3.1: no place
    arrays = [_build_positions(_as_list(line)) for line in lines]
    if any(len(line) < 2 for line in arrays):
        raise InvalidGeometry("a line of fewer than two points, expected a line")
    flattened = any(len(position) > 2 for line in lines for position in line)
    return _Shape(LineString(arrays[0]) if len(arrays) == 1 else MultiLineString(arrays), flattened=flattened)


def _build_area(polygons: list[Any]) -> _Shape:
    parts = [_build_polygon(polygon) for polygon in polygons]
    whole = MultiPolygon([part.geometry for part in parts if isinstance(part.geometry, Polygon)])
    return _Shape(whole, closed=any(p.closed for p in parts), flattened=any(p.flattened for p in parts))


def _build_polygon(rings: object) -> _Shape:
    positions = [_as_list(ring) for ring in _as_list(rings)]
    if not positions:
        return _Shape(Polygon())
    arrays = [_build_positions(ring) for ring in positions]
    closed = [np.vstack([ring, ring[:1]]) if (ring[0] != ring[-1]).any() else ring for ring in arrays]
    if any(len(ring) < 4 for ring in closed):
        raise InvalidGeometry("a ring of fewer than three points, expected a polygon")
    return _Shape(
        Polygon(closed[0], closed[1:]),
        closed=any(len(new) > len(old) for new, old in zip(closed, arrays, strict=True)),
        flattened=any(len(position) > 2 for ring in positions for position in ring),
    )


def _build_positions(positions: Sequence[Any]) -> np.ndarray[Any, Any]:
    try:
        places = np.array([position[:2] for position in positions])
    except (TypeError, ValueError, KeyError) as error:
        raise VectorError("coordinates that are not pairs of numbers") from error
    if places.ndim != 2 or places.shape[1] != 2 or places.dtype.kind not in "if":
        raise VectorError("coordinates that are not pairs of numbers")
    if not np.isfinite(places).all():
        raise InvalidGeometry("coordinates that are not finite")
    return places


def _as_list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise VectorError("coordinates that are not lists of rings")
    return value


def _list_features(document: object, name: str) -> list[_JsonDict]:
    if isinstance(document, _Shape):
        return [{"geometry": document}]
    kind = document.get("type") if isinstance(document, dict) else None
    if isinstance(document, dict) and kind == "FeatureCollection" and isinstance(document.get("features"), list):
        features: list[Any] = document["features"]
    elif isinstance(document, dict) and kind == "Feature":
        features = [document]
    elif isinstance(document, dict) and isinstance(kind, str) and kind in {*_SIMPLE, "GeometryCollection"}:
        return [{"geometry": document}]
    else:
        raise VectorError(f"{name}: JSON that is not GeoJSON, expected a FeatureCollection; export the layer again")
    for number, feature in enumerate(features):
        if not isinstance(feature, dict) or feature.get("type") != "Feature":
            raise VectorError(f"{name}: feature {number} is no GeoJSON Feature; export the layer again")
    return features


def _to_shape(member: object, name: str, number: int) -> _Shape:
    """Return the geometry of one feature."""
    if member is None:
        return _Shape()
    if isinstance(member, _Shape):
        if member.fault:
            raise type(member.fault)(
                f"{name}: feature {number} has {member.fault}; mend the feature or export the layer again"
            )
        return member
    kind = member.get("type") if isinstance(member, dict) else None
    if isinstance(member, dict) and kind == "GeometryCollection" and isinstance(member.get("geometries"), list):
        parts = [_to_shape(part, name, number) for part in member["geometries"]]
        return _Shape(
            GeometryCollection([part.geometry for part in parts if part.geometry is not None]),
            closed=any(part.closed for part in parts),
            flattened=any(part.flattened for part in parts),
        )
    raise VectorError(f"{name}: feature {number} has no geometry that GeoJSON knows; export the layer again")


def _tabulate(properties: list[object]) -> pd.DataFrame:
    """Make a table of the plain values; what is nested is left out."""
    rows = [
        {
            key: value
            for key, value in (member if isinstance(member, dict) else {}).items()
            if key != "geometry" and (value is None or isinstance(value, str | int | float))
        }
        for member in properties
    ]
    return pd.DataFrame(rows, index=range(len(rows)))


def _read_crs(document: object, name: str) -> CRS:
    """Return longitude and latitude, unless the member of the older standard names another system."""
    member = document.get("crs") if isinstance(document, dict) else None
    if member is None:
        return CRS.from_epsg(4326)
    if isinstance(member, dict) and member.get("type") == "link":
        raise UnsafeSource(f"{name}: its crs member links elsewhere, expected a name such as EPSG:32618; name it")
    properties = member.get("properties") if isinstance(member, dict) else None
    text = properties.get("name") if isinstance(properties, dict) else None
    match = _AUTHORITY.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise MissingCRS(f"{name}: its crs member is not understood, expected a name such as EPSG:32618; correct it")
    if match[2].upper() == "CRS84":
        return CRS.from_epsg(4326)
    try:
        return CRS.from_authority(match[1].upper(), match[2])
    except CRSError as error:
        raise MissingCRS(f"{name}: {match[0]} is no known coordinate reference system; correct it") from error
