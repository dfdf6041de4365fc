"""KML: shapes and names are read; document types are refused, links are never followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import GeometryCollection, LineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from colibri_geo.documents import Faults, Limits, parse_xml
from colibri_geo.errors import InvalidGeometry, UnsupportedFormat, VectorError
from colibri_geo.layers.features import Features
from colibri_geo.layers.sources import MAX_TEXT_BYTES

_FAULTS = Faults(damaged=VectorError, undecodable=VectorError)
_LIMITS = Limits(MAX_TEXT_BYTES, parts=2**22)


def read_kml(path: Path) -> Features:
    """Read the placemarks of a KML file; their names and extended data become columns.

    Parameters
    ----------
    path : Path

    Returns
    -------
    Features
        In longitude and latitude.

    Raises
    ------
    UnsafeXML
        For a document type declaration.
    InputTooLarge, UnsupportedFormat, VectorError, InvalidGeometry
        Too large, not KML, not well-formed, coordinates that are not numbers.

    References
    ----------
    OGC 12-007r2, OGC KML 2.3.
    """
    root = _parse(path.read_bytes(), path.name)
    placemarks = list(root.iter("Placemark"))
    frame = gpd.GeoDataFrame(
        pd.DataFrame([_read_values(placemark) for placemark in placemarks], index=range(len(placemarks))),
        geometry=[_read_geometry(mark, f"{path.name}: placemark {number}") for number, mark in enumerate(placemarks)],
        crs="EPSG:4326",
    )
    linked = next(root.iter("NetworkLink"), None) is not None
    return Features(frame, ("links to other files are not followed",) if linked else ())


def _parse(content: bytes, name: str) -> Element:
    root = parse_xml(content, name=name, expected="KML", faults=_FAULTS, limits=_LIMITS)
    if root.tag != "kml":
        raise UnsupportedFormat(f"{name}: XML whose root is <{root.tag[:40]}>, expected <kml>; convert it")
    return root


def _read_values(placemark: Element) -> dict[str, str]:
    values = {"name": _text(placemark.find("name"))}
    for data in placemark.iter("Data"):
        values[data.get("name", "")] = _text(data.find("value"))
    for data in placemark.iter("SimpleData"):
        values[data.get("name", "")] = _text(data)
    return {key: value for key, value in values.items() if key not in {"", "geometry"}}


def _read_geometry(placemark: Element, place: str) -> BaseGeometry | None:
    polygons = [_read_polygon(element, place) for element in placemark.iter("Polygon")]
    if polygons:
        return MultiPolygon(polygons)
    lines = [_read_line(element, place) for tag in ("LineString", "LinearRing") for element in placemark.iter(tag)]
    points = [Point(_read_positions(_only_child(element, place), place)[0]) for element in placemark.iter("Point")]
    shapes = [*lines, *points]
    return shapes[0] if len(shapes) == 1 else GeometryCollection(shapes) if shapes else None


def _read_line(element: Element, place: str) -> LineString:
    positions = _read_positions(_only_child(element, place), place)
    if len(positions) < 2:
        raise InvalidGeometry(f"{place} has a line of fewer than two points, expected a line; export it again")
    return LineString(positions)


def _only_child(element: Element, place: str) -> Element:
    child = element.find("coordinates")
    if child is None:
        raise InvalidGeometry(f"{place} has a shape without coordinates; export it again")
    return child


def _read_polygon(element: Element, place: str) -> Polygon:
    shell = [_read_ring(node, place) for node in element.findall("outerBoundaryIs/LinearRing/coordinates")]
    holes = [_read_ring(node, place) for node in element.findall("innerBoundaryIs/LinearRing/coordinates")]
    if len(shell) != 1:
        raise InvalidGeometry(f"{place} has {len(shell)} outer rings, expected one a polygon; export the layer again")
    return Polygon(shell[0], holes)


def _read_ring(element: Element, place: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    ring = _read_positions(element, place)
    closed = np.vstack([ring, ring[:1]]) if (ring[0] != ring[-1]).any() else ring
    if len(closed) < 4:
        raise InvalidGeometry(f"{place} has a ring of fewer than three points, expected a polygon; export it again")
    return closed


def _read_positions(element: Element, place: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        positions = np.array([[float(part) for part in position.split(",")[:2]] for position in _text(element).split()])
    except ValueError as error:
        raise InvalidGeometry(
            f"{place} has coordinates that are not longitude,latitude pairs; export it again"
        ) from error
    if positions.ndim != 2 or positions.shape[1] != 2 or not np.isfinite(positions).all():
        raise InvalidGeometry(f"{place} has coordinates that are not finite longitude,latitude pairs; export it again")
    return positions


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()
