"""Masks that are drawn as polygons in GML: the cloud masks of Sentinel-2 before processing baseline 04.00."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from xml.etree.ElementTree import Element

from pyproj import CRS
from pyproj.exceptions import CRSError
from shapely import Polygon

from colibri_geo.documents import parse_xml
from colibri_geo.errors import CorruptInput
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.product import MaskPolygons


def read_mask_polygons(
    content: bytes, *, name: str, types: Mapping[str, Unseen], crs: str | None = None
) -> tuple[MaskPolygons, ...]:
    """Read a mask of the form ``eop:Mask``.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file.
    types : mapping of str to Unseen
        What each type of mask means; a feature of another type is refused.
    crs : str, optional
        For a file that names none.

    Returns
    -------
    tuple of MaskPolygons
        One for each meaning in `types`, in order of its code, with or without polygons.

    Raises
    ------
    CorruptInput
        For what is no such mask.
    UnsafeXML
        For a document type or entities.

    References
    ----------
    ESA, Sentinel-2 Products Specification Document, issue 14.5, vector masks; OGC 10-157, Earth Observation Metadata
    profile of Observations & Measurements, masks; OGC 07-036, Geography Markup Language 3.2.1.
    """
    document = parse_xml(content, name=name)
    if document.tag != "Mask":
        raise CorruptInput(
            f"{name}: holds the element {document.tag[:40]!r}, expected a GML mask (eop:Mask); fetch it again"
        )
    drawn: dict[Unseen, list[Polygon]] = {code: [] for code in sorted(set(types.values()))}
    for feature in document.iter("MaskFeature"):
        kind = (feature.findtext("maskType") or "").strip()
        if kind not in types:
            raise CorruptInput(
                f"{name}: draws a mask of type {kind[:40]!r}, expected {', '.join(types)}; fetch it again"
            )
        drawn[types[kind]] += [_read_polygon(polygon, name=name) for polygon in feature.iter("Polygon")]
    place = _find_crs(document, name=name) or crs
    if place is None and any(drawn.values()):
        raise CorruptInput(
            f"{name}: names no coordinate reference system, expected srsName with an EPSG code; fetch it again"
        )
    if place is not None and any(drawn.values()) and not _is_map(place):
        raise CorruptInput(f"{name}: {place} is no coordinate reference system of a map; fetch it again")
    return tuple(MaskPolygons(name, tuple(polygons), place or "", code) for code, polygons in drawn.items())


def _is_map(place: str) -> bool:
    """Whether a code stands for a system that has places on the ground, and not for none, or for heights alone."""
    try:
        crs = CRS.from_user_input(place)
    except CRSError:
        return False
    return bool(crs.is_projected or crs.is_geographic)


def _find_crs(document: Element, *, name: str) -> str | None:
    """Return the one system that srsName tells, such as ``urn:ogc:def:crs:EPSG:8.7:32718``."""
    names = {text for element in document.iter() if (text := element.get("srsName"))}
    codes = {match[1] for text in names if (match := re.fullmatch(r".*EPSG:(?:[0-9.]*:)?([0-9]{4,6})", text[:200]))}
    if len(names) > len(codes) or len(codes) > 1:
        raise CorruptInput(
            f"{name}: names the coordinate reference systems {', '.join(sorted(names))[:120]}, expected one EPSG code; "
            "fetch it again"
        )
    return f"EPSG:{codes.pop()}" if codes else None


def _read_polygon(polygon: Element, *, name: str) -> Polygon:
    shells = polygon.findall("exterior")
    if len(shells) != 1:
        raise CorruptInput(f"{name}: a polygon with {len(shells)} outer rings, expected one; fetch it again")
    holes = [_read_ring(ring, name=name) for ring in polygon.findall("interior")]
    return Polygon(_read_ring(shells[0], name=name), holes)


def _read_ring(ring: Element, *, name: str) -> list[list[float]]:
    """Return the points of a ring, closed, without heights."""
    places = ring.find("LinearRing/posList")
    words = [] if places is None else (places.text or "").split()
    size = 2 if places is None else {"2": 2, "3": 3}.get(places.get("srsDimension", "2"), 0)
    numbers = [_read_number(word) for word in words]
    points = [numbers[start : start + 2] for start in range(0, len(numbers), size)] if size else []
    whole = bool(size) and len(numbers) % size == 0 and all(map(math.isfinite, numbers))
    if not whole or len(points) < 4 or points[0] != points[-1]:
        raise CorruptInput(
            f"{name}: a ring of {len(words)} numbers, expected four points or more, the last the same as the first; "
            "fetch it again"
        )
    return points


def _read_number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan
