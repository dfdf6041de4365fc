"""From whatever geometries a file holds to valid polygons in longitude and latitude."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError, ProjError
from shapely.errors import GEOSException

from colibri_geo.errors import EmptyVector, GeoreferenceError, InvalidGeometry, MissingCRS
from colibri_geo.isolation import Lost, call
from colibri_geo.layers.features import Features
from colibri_geo.layers.shapes import LONLAT, GeometryArray, add_points, keep_polygons, split
from colibri_geo.scenes.georeference import note_own_crs

_FARTHEST_M = 1e8
_ROUNDING_DEG = 1e-6
_STRAIGHT_M = 1000.0  # a straight line of a projected system and its image are centimetres apart over this length

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


def clean_polygons(features: Features, *, source: str, assume_crs: str | None = None) -> Features:
    """Bring features to valid polygons in EPSG:4326.

    Features without a geometry and those without an area are left out, heights dropped and invalid polygons mended, all
    with a note. The index of the table keeps the number of each feature in its file.

    Parameters
    ----------
    features : Features
    source : str
        Name of the layer for messages.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for a layer that states none.

    Returns
    -------
    Features

    Raises
    ------
    EmptyVector
        No features, or none with a geometry.
    MissingCRS, GeoreferenceError
        No coordinate reference system, or one that has no place on the ground.
    InvalidGeometry
        No polygons, coordinates that are not finite or lie outside of the globe, no area, shapes of too few points.
    """
    try:
        return _clean(place_shapes(features, source=source, expected="polygons", assume_crs=assume_crs), source)
    except GEOSException as error:
        raise _no_shape(source, error) from error


def clean_shapes(features: Features, *, source: str, assume_crs: str | None = None) -> Features:
    """Bring features of any kind to EPSG:4326: points and lines as they are, polygons valid.

    Parameters and errors are those of `clean_polygons`; what has more than one kind in it keeps its polygons alone.

    Returns
    -------
    Features
    """
    try:
        placed = place_shapes(features, source=source, expected="points, lines or polygons", assume_crs=assume_crs)
        geometries = np.array(placed.frame.geometry.array, dtype=object)
        areas = np.array(["Polygon" in {part.geom_type for part in split(shape)} for shape in geometries])
        invalid = ~shapely.is_valid(geometries[areas])
        geometries[areas] = _keep_all(geometries[areas], invalid, source)
    except GEOSException as error:
        raise _no_shape(source, error) from error
    notes = list(placed.notes)
    if mended := int(invalid.sum()):
        notes.append(f"{mended} invalid polygon(s) mended")
    keep = ~areas | (shapely.area(geometries) > 0)
    if not keep.any():
        raise InvalidGeometry(f"{source}: the polygons have area 0, expected an area; draw them again")
    if dropped := int((~keep).sum()):
        notes.append(f"{dropped} polygon(s) without an area left out")
    return Features(placed.frame[keep].set_geometry(geometries[keep], crs=LONLAT), tuple(notes))


def _clean(placed: Features, source: str) -> Features:
    notes = list(placed.notes)
    geometries = np.asarray(placed.frame.geometry.array, dtype=object)
    invalid = ~shapely.is_valid(geometries)
    polygons = _keep_all(geometries, invalid, source)
    if mended := int((invalid & (shapely.area(polygons) > 0)).sum()):
        notes.append(f"{mended} invalid polygon(s) mended")
    keep = shapely.area(polygons) > 0
    _check_any(geometries, keep, source)
    if dropped := int((~keep).sum()):
        notes.append(f"{dropped} feature(s) that are no polygon with an area left out")
    return Features(placed.frame[keep].set_geometry(polygons[keep], crs=LONLAT), tuple(notes))


def place_shapes(features: Features, *, source: str, expected: str, assume_crs: str | None) -> Features:
    """Bring features of any kind to longitude and latitude without heights; each has a geometry, finite, on the globe.

    Parameters and errors are those of `clean_polygons`.

    Returns
    -------
    Features
        The column of geometries is called ``geometry``.
    """
    notes = list(features.notes)
    frame, absent = _drop_absent(features.frame, source, expected)
    if absent:
        notes.append(f"{absent} feature(s) without a geometry left out")
    geometries = np.asarray(frame.geometry.array, dtype=object)
    _check_finite(geometries, frame, source)
    frame = frame.set_crs(_find_crs(frame, source, assume_crs), allow_override=True)
    if features.frame.crs is None:
        notes.append(f"states no coordinate reference system; {assume_crs} was assumed")
    else:
        notes += note_own_crs(features.frame.crs, assume_crs)
    if shapely.has_z(geometries).any():
        notes.append("heights were dropped")
    geometries = _to_lonlat(shapely.force_2d(geometries), frame, source)
    placed = frame.drop(columns=frame.geometry.name).set_geometry(geometries, crs=LONLAT)
    return Features(placed, tuple(notes))


def _keep_all(geometries: GeometryArray, invalid: BoolArray, source: str) -> GeometryArray:
    """Keep the polygons of each geometry; invalid ones are mended apart: that may take for ever, or too much memory."""
    polygons: GeometryArray = np.empty(len(geometries), dtype=object)
    polygons[~invalid] = [keep_polygons(shape) for shape in geometries[~invalid]]
    if invalid.any():
        try:
            polygons[invalid] = shapely.from_wkb(call(_mend, list(shapely.to_wkb(geometries[invalid])), source))
        except (Lost, MemoryError) as error:
            raise InvalidGeometry(
                f"{source}: {int(invalid.sum())} invalid polygon(s), of which some cross themselves too often to be "
                "mended here, expected valid ones; mend the layer in a GIS first"
            ) from error
    return polygons


def _mend(shapes: list[bytes], source: str) -> list[bytes]:
    """Mend shapes given, and returned, as well-known binary."""
    try:
        return [bytes(shapely.to_wkb(keep_polygons(shapely.from_wkb(shape)))) for shape in shapes]
    except GEOSException as error:
        raise _no_shape(source, error) from error


def _no_shape(source: str, error: GEOSException) -> InvalidGeometry:
    return InvalidGeometry(
        f"{source}: holds a shape that is none ({' '.join(str(error).split())[:100]}), expected polygons; mend it "
        "or export it again"
    )


def _drop_absent(frame: gpd.GeoDataFrame, source: str, expected: str) -> tuple[gpd.GeoDataFrame, int]:
    """Leave out features without a geometry; refuse a layer in which none has one."""
    present = ~(frame.geometry.isna() | frame.geometry.is_empty)
    if not present.any():
        raise EmptyVector(
            f"{source}: {len(frame)} features, none with a geometry, expected {expected}; give a layer that has some"
        )
    return frame[present], int((~present).sum())


def _find_crs(frame: gpd.GeoDataFrame, source: str, assume_crs: str | None) -> CRS:
    try:  # also where the layer needs none: it is a mistake all the same
        given = None if assume_crs is None else CRS.from_user_input(assume_crs)
    except CRSError as error:
        raise MissingCRS(
            f"{source}: {str(assume_crs)[:60]!r} is no known coordinate reference system; name one such as EPSG:32618"
        ) from error
    crs = given if frame.crs is None else frame.crs
    if crs is None:
        raise MissingCRS(
            f"{source}: no coordinate reference system, expected one in the layer (a shapefile keeps it in its .prj); "
            "add it, or name it with --assume-crs EPSG:32618 or the like"
        )
    if not (crs.is_projected or crs.is_geographic):
        raise MissingCRS(
            f"{source}: {crs.name!r} is neither a projected nor a geographic system; reproject the layer to EPSG:4326"
        )
    return crs


def _check_finite(geometries: GeometryArray, frame: gpd.GeoDataFrame, source: str) -> None:
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    wrong = ~np.isfinite(coordinates).all(axis=1)
    if wrong.any():
        number = frame.index[owner[wrong][0]]
        raise InvalidGeometry(
            f"{source}: feature {number} has coordinates that are not finite; mend it or export it again"
        )


def _to_lonlat(geometries: GeometryArray, frame: gpd.GeoDataFrame, source: str) -> GeometryArray:
    crs = frame.crs
    if crs.is_geographic:
        _check_on_globe(geometries, frame, source)
    else:
        unit_m = crs.axis_info[0].unit_conversion_factor or 1.0
        _check_on_map(geometries, frame, source, farthest=_FARTHEST_M / unit_m)
        geometries = add_points(geometries, _STRAIGHT_M / unit_m)
    try:
        moved = gpd.GeoSeries(geometries, index=frame.index, crs=crs).to_crs(LONLAT)
    except ProjError as error:
        raise GeoreferenceError(
            f"{source}: cannot be brought from {crs.name!r} to longitude and latitude; reproject it to EPSG:4326"
        ) from error
    lonlat = np.asarray(moved.array, dtype=object)
    _check_on_globe(lonlat, frame, source)
    return lonlat


def _check_on_map(geometries: GeometryArray, frame: gpd.GeoDataFrame, source: str, *, farthest: float) -> None:
    if (wrong := _find_beyond(geometries, farthest, farthest)) is not None:
        raise InvalidGeometry(
            f"{source}: feature {frame.index[wrong]} lies outside of any map in {frame.crs.name!r}; "
            "mend it, or state the right coordinate reference system in the layer"
        )


def _check_on_globe(geometries: GeometryArray, frame: gpd.GeoDataFrame, source: str) -> None:
    if (wrong := _find_beyond(geometries, 180.0 + _ROUNDING_DEG, 90.0 + _ROUNDING_DEG)) is not None:
        raise InvalidGeometry(
            f"{source}: feature {frame.index[wrong]} lies outside -180..180 degrees of longitude, "
            "-90..90 of latitude; state the right coordinate reference system in the layer"
        )


def _find_beyond(geometries: GeometryArray, first: float, second: float) -> int | None:
    """Return the number of the first geometry with a coordinate beyond the limits; bounds would leave out holes."""
    coordinates, owner = shapely.get_coordinates(geometries, return_index=True)
    wrong = ~(np.abs(coordinates) <= (first, second)).all(axis=1)
    return int(owner[wrong][0]) if wrong.any() else None


def _check_any(geometries: GeometryArray, keep: BoolArray, source: str) -> None:
    if keep.any():
        return
    kinds = {shape.geom_type for shape in geometries}
    if any("Polygon" in kind or kind == "GeometryCollection" for kind in kinds):
        raise InvalidGeometry(f"{source}: the polygons have area 0, expected an area; draw them again")
    raise InvalidGeometry(
        f"{source}: holds {', '.join(sorted(kinds))}, expected polygons; give a layer of polygons (polygon needed)"
    )
