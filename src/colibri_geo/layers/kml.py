"""KML: polygons and names are read; document types are refused, links are never followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from colibri_geo.errors import InvalidGeometry, UnsafeXML, UnsupportedFormat, VectorError
from colibri_geo.layers.features import Features

_MAX_DEPTH = 200


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
    UnsupportedFormat, VectorError, InvalidGeometry
        Not KML, not well-formed, coordinates that are not numbers.

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
    """Build the tree of elements, named without their namespaces."""
    builder: TreeBuilder = TreeBuilder()
    depth = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        local = tag.rpartition(" ")[2]
        if depth == 0 and local != "kml":
            raise UnsupportedFormat(f"{name}: XML whose root is <{local[:40]}>, expected <kml>; convert it")
        depth += 1
        if depth > _MAX_DEPTH:
            raise VectorError(f"{name}: nested deeper than {_MAX_DEPTH} elements, expected KML; export the layer again")
        builder.start(local, {key.rpartition(" ")[2]: value for key, value in attributes.items()})

    def end(tag: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(tag.rpartition(" ")[2])

    def refuse(*_: object) -> None:
        raise UnsafeXML(f"{name}: declares a document type, expected KML without one; remove the DOCTYPE line")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes it by position only
    except expat.ExpatError as error:
        raise VectorError(
            f"{name}: not well-formed at line {error.lineno}, column {error.offset + 1} "
            f"({expat.ErrorString(error.code)}), expected KML; the file is damaged or cut short, fetch it again"
        ) from error
    return builder.close()


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
    others = any(next(placemark.iter(tag), None) is not None for tag in ("Point", "LineString", "LinearRing", "Track"))
    return Point(0, 0) if others else None


def _read_polygon(element: Element, place: str) -> Polygon:
    shell = [_read_ring(node, place) for node in element.findall("outerBoundaryIs/LinearRing/coordinates")]
    holes = [_read_ring(node, place) for node in element.findall("innerBoundaryIs/LinearRing/coordinates")]
    if len(shell) != 1:
        raise InvalidGeometry(f"{place} has {len(shell)} outer rings, expected one a polygon; export the layer again")
    return Polygon(shell[0], holes)


def _read_ring(element: Element, place: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        ring = np.array([[float(part) for part in position.split(",")[:2]] for position in _text(element).split()])
    except ValueError as error:
        raise InvalidGeometry(
            f"{place} has coordinates that are not longitude,latitude pairs; export it again"
        ) from error
    if ring.ndim != 2 or ring.shape[1] != 2 or not np.isfinite(ring).all():
        raise InvalidGeometry(f"{place} has coordinates that are not finite longitude,latitude pairs; export it again")
    closed = np.vstack([ring, ring[:1]]) if (ring[0] != ring[-1]).any() else ring
    if len(closed) < 4:
        raise InvalidGeometry(f"{place} has a ring of fewer than three points, expected a polygon; export it again")
    return closed


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()
