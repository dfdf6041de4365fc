"""What a vector layer is: its columns, how many features, where; which options take it, and what keeps it from use."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from colibri_geo.errors import EmptyVector, GeoreferenceError, VectorError
from colibri_geo.hashing import hash_file
from colibri_geo.layers.aerodromes import read_aerodromes
from colibri_geo.layers.features import Features
from colibri_geo.layers.findings import is_result
from colibri_geo.layers.ourairports import Runway, has_columns, read_ourairports
from colibri_geo.layers.polygons import clean_shapes
from colibri_geo.layers.reading import read_credit, read_features
from colibri_geo.layers.shapes import LONLAT, measure_km2
from colibri_geo.layers.sources import identify

_MOST_COLUMNS = 100


@dataclass(frozen=True)
class LayerInspection:
    """What a vector layer is; None where it does not say.

    Attributes
    ----------
    name, layout : str
        File name and format.
    features : int
    shapes : str
        Kinds of geometry with their numbers.
    columns : tuple of str
        Of the attributes, a hundred at most.
    crs : str or None
        Stated by the file.
    west, south, east, north : float or None
        Degrees.
    area_km2 : float or None
        Geodesic, of the polygons together; None where there are none.
    uses : tuple of str
        Options that take it: ``--regions`` and ``--aoi`` take polygons, ``--aerodromes`` points and lines, ``--layer``
        all of them but what a run found.
    licence : str or None
        Where its side file states one.
    sha256 : str
    size_bytes : int
    notes : tuple of str
        What was mended or left out on reading.
    warnings : tuple of str
        Why it cannot be used as it is, with the name of the error.
    """

    name: str
    layout: str
    features: int
    shapes: str
    columns: tuple[str, ...]
    crs: str | None
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    area_km2: float | None
    uses: tuple[str, ...]
    licence: str | None
    sha256: str
    size_bytes: int
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def inspect_layer(path: str | Path, *, assume_crs: str | None = None) -> LayerInspection:
    """Find out what a vector layer is.

    Use it to see which columns hold names and codes before naming them in ``LEVEL=FILE:NAME:CODE``.

    Parameters
    ----------
    path : str or Path
        GeoPackage, shapefile, GeoJSON or KML; or a CSV of points or a table of OurAirports.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for a file that states none.

    Returns
    -------
    LayerInspection

    Raises
    ------
    InputError, UnsafeSource, VectorError
        Where the file cannot be read.
    UnsupportedFormat
        For the tables of a run, whose layers belong together.
    """
    path = Path(path)
    if has_columns(path):
        return _inspect_table(path)
    features = read_features(path, role="aoi")
    sha256, warnings = hash_file(path), []
    shapes: Features | None = None
    try:
        shapes = clean_shapes(features, source=path.name, assume_crs=assume_crs)
    except (VectorError, GeoreferenceError) as error:
        warnings.append(f"{type(error).__name__}: {error}")
    frame = features.frame
    return LayerInspection(
        name=path.name,
        layout=str(identify(path)),
        features=len(frame),
        shapes=_count_shapes(frame),
        columns=tuple(str(name) for name in frame.columns if name != frame.geometry.name)[:_MOST_COLUMNS],
        crs=None if frame.crs is None else frame.crs.to_string(),
        **_measure(shapes),
        uses=() if shapes is None else _list_uses(shapes),
        licence=read_credit(path, sha256),
        sha256=sha256,
        size_bytes=path.stat().st_size,
        notes=features.notes if shapes is None else shapes.notes,
        warnings=tuple(warnings),
    )


def _inspect_table(path: Path) -> LayerInspection:
    found = read_ourairports(path)
    airports = [shapely.Point(airport.place.lon, airport.place.lat) for airport in found.airports]
    runways = [_draw_runway(runway) for runway in found.runways]
    frame = gpd.GeoDataFrame(geometry=[*airports, *runways], crs=LONLAT)
    warnings = []
    try:
        read_aerodromes([path])
    except EmptyVector as error:
        warnings.append(f"{type(error).__name__}: {error}")
    return LayerInspection(
        name=path.name,
        layout=f"OurAirports' table of {'runways' if found.runways else 'airports'}",
        features=len(frame),
        shapes=_count_shapes(frame),
        columns=found.columns[:_MOST_COLUMNS],
        crs=LONLAT,
        **_measure(Features(frame) if frame.geometry.notna().any() else None),
        uses=() if warnings else ("--aerodromes",),
        licence=None,
        sha256=hash_file(path),
        size_bytes=path.stat().st_size,
        notes=found.notes,
        warnings=tuple(warnings),
    )


def _draw_runway(runway: Runway) -> shapely.LineString | None:
    if runway.low is None or runway.high is None:
        return None
    return shapely.LineString([(runway.low.lon, runway.low.lat), (runway.high.lon, runway.high.lat)])


def _count_shapes(frame: gpd.GeoDataFrame) -> str:
    kinds = Counter("none" if shape is None else str(shape.geom_type) for shape in frame.geometry)
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def _list_uses(shapes: Features) -> tuple[str, ...]:
    areas = shapely.area(shapes.frame.geometry) > 0
    polygons = ("--regions", "--aoi") if areas.any() else ()
    if is_result(shapes.frame):  # nothing that lies around
        return polygons
    others = () if areas.all() else ("--aerodromes",)
    return (*polygons, "--layer", *others)


def _measure(shapes: Features | None) -> dict[str, float | None]:
    if shapes is None:
        return dict.fromkeys(("west", "south", "east", "north", "area_km2"))
    geometries = np.asarray(shapes.frame.geometry.array, dtype=object)
    west, south, east, north = (float(side) for side in shapes.frame.total_bounds)
    polygons = geometries[shapely.area(geometries) > 0]
    area_km2 = float(measure_km2(np.array([shapely.union_all(polygons)], dtype=object))[0]) if len(polygons) else None
    return {
        "west": west,
        "south": south,
        "east": east,
        "north": north,
        "area_km2": None if area_km2 is None else round(area_km2, 4),
    }
