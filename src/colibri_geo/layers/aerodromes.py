"""Which strips lie on an aerodrome that a register or a map knows, and which is the nearest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from colibri_geo.errors import EmptyVector, InvalidGeometry
from colibri_geo.hashing import hash_file
from colibri_geo.layers.columns import read_plain_labels, read_texts
from colibri_geo.layers.nearness import find_nearest, lay_out
from colibri_geo.layers.ourairports import Airport, Aviation, Runway, has_columns, read_ourairports
from colibri_geo.layers.planes import GEOD, FloatArray, GeometryArray
from colibri_geo.layers.reading import read_credit, read_surroundings
from colibri_geo.layers.shapes import LONLAT, split
from colibri_geo.layers.sources import LayerSource
from colibri_geo.layers.tables import Place

ROLE = "aerodromes"
REGISTERED, KNOWN, UNKNOWN = "registered", "known", "unknown"

MAX_OFFSET_M = 50.0
"""Mean distance of a strip's axis from a line that it matches, where they run side by side.

The benchmark allows 30 m between a strip and its truth; a register's line is worse. Of OurAirports' 786 runways in
Latin America with both ends 9 % have an end of four decimals or fewer (2 % of three or fewer: 55 m and more at worst);
three of four points of airports lie within 42 m of their runway. More would take a neighbour for it: the closest
parallel runways of one airport there are 45, 69 and 127 m apart.
"""
MAX_TURN_DEG = 10.0
"""Between the two, as in the benchmark. The headings stated there differ from those of the ends by 2 degrees or less in
95 of 100 cases: a register costs nothing here."""
MIN_ALONG_SHARE = 0.5
"""Of the strip's axis that lies beside the line: a part of a runway is matched, a strip that goes far beyond is not."""
MAX_POINT_M = 200.0
"""Distance of a strip's axis from a point that it matches.

Of those 786 airports 90 of 100 have their point within 200 m of the runway's axis (86 within 100 m, 92 within 300 m);
3 in 1,000 have another airport within 300 m.
"""

_SHORTEST_AXIS_M, _LONGEST_AXIS_M = 100.0, 10_000.0
_NOT_FOR_PLANES = ("heliport", "seaplane_base", "balloonport")
_YES = {"1", "true", "t", "yes", "y", "si", "sí", "sim", "oui", "x"}
_COLUMNS = ["name", "code", "status", "is_axis", "matches"]
_NONE = {"aerodrome": "", "aerodrome_name": "", "aerodrome_code": "", "aerodrome_km": np.nan}


@dataclass(frozen=True)
class Aerodromes:
    """The aerodromes of all layers given, in an order that does not depend on that of the files.

    Attributes
    ----------
    table : GeoDataFrame
        ``name``, ``code``, ``status`` (``registered`` or ``known``), ``is_axis`` (a line that a strip can lie along),
        ``matches`` (whether a strip can be this one); points and lines in EPSG:4326.
    sources : tuple of LayerSource
    """

    table: gpd.GeoDataFrame
    sources: tuple[LayerSource, ...] = ()


def read_aerodromes(paths: Sequence[str | Path], *, assume_crs: str | None = None) -> Aerodromes:
    """Read registers and maps of aerodromes.

    Parameters
    ----------
    paths : sequence of str or Path
        Tables of OurAirports, of airports or of runways, which belong together: runways are the axes of airports, which
        have names; or GeoPackage, shapefile, GeoJSON, KML with points or lines, or a CSV of points (columns such as
        ``lon`` and ``lat``, degrees on WGS 84). An OurAirports entry is ``registered``,
        and ``known`` where it is closed. A feature of another layer is ``registered`` where its column ``registered``
        says yes or ``status`` says registered, else ``known``.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for files that state none.

    Returns
    -------
    Aerodromes

    Raises
    ------
    InputError, UnsafeSource, VectorError, GeoreferenceError
        A file that cannot be read, holds no points or lines, or was written by a run.
    """
    tables, sources, aviation = [], [], []
    for path in map(Path, paths):
        if has_columns(path):
            found = read_ourairports(path)
            aviation.append(found)
            sources.append(LayerSource(ROLE, path.name, hash_file(path), None, found.notes))
        else:
            table, source = _read_layer(path, assume_crs)
            tables.append(table)
            sources.append(source)
    if aviation:
        joined = _join_aviation(aviation)
        if joined.empty:
            names = ", ".join(source.name for source in sources)
            raise EmptyVector(
                f"{names}: holds no airport or runway with a place, expected some; give the table of airports"
            )
        tables.append(joined)
    return Aerodromes(_put_in_order(pd.concat(tables, ignore_index=True)), tuple(sources))


def match_aerodromes(strips: gpd.GeoDataFrame, aerodromes: Aerodromes | None = None) -> gpd.GeoDataFrame:
    """Tell which strips lie on an aerodrome of the layers given, and which one is nearest.

    A strip matches a line that it lies along: at least half of its axis (`MIN_ALONG_SHARE`) beside the line, 50 m from
    it at most (`MAX_OFFSET_M`), turned by 10 degrees at most (`MAX_TURN_DEG`). It matches a point that is within 200 m
    of its axis (`MAX_POINT_M`); the reasons of the tolerances stand with them. Of several that match, a registered one
    goes first, then the nearest. Points of airports that have a runway with both ends, heliports and seaplane bases are
    matched by nothing, and count as nearest. A strip that matches nothing is not thereby suspect: registers are
    incomplete, and an unregistered strip may serve a community.

    Parameters
    ----------
    strips : GeoDataFrame
        Index ``strip_id``, geometry the axis, in any CRS.
    aerodromes : Aerodromes, optional
        None where no layer was given.

    Returns
    -------
    GeoDataFrame
        As given, with ``aerodrome`` (``registered``, ``known``, ``unknown``: in none of the layers given; empty where
        none was given), and of the aerodrome that is matched, else of the nearest, ``aerodrome_name``,
        ``aerodrome_code`` and ``aerodrome_km`` (geodesic, from the axis; missing beyond 400 km).
    """
    if aerodromes is None:
        return strips.assign(**_NONE)
    axes = np.asarray(strips.geometry.to_crs(LONLAT).array, dtype=object)
    shapes = np.asarray(aerodromes.table.geometry.array, dtype=object)
    nearest = find_nearest(axes, shapes)
    matched = _find_matches(axes, aerodromes)
    is_matched = (matched["feature"] >= 0).to_numpy()
    feature = np.where(is_matched, matched["feature"], nearest["feature"]).astype(int)
    labels = aerodromes.table[["name", "code", "status"]].astype(object).reset_index(drop=True).reindex(feature)
    labels = labels.fillna("").set_index(strips.index)
    return strips.assign(
        aerodrome=labels["status"].where(is_matched, UNKNOWN),
        aerodrome_name=labels["name"],
        aerodrome_code=labels["code"],
        aerodrome_km=np.where(is_matched, matched["distance_km"], nearest["distance_km"]).astype(np.float64),
    )


# ------------------------------------------------------------------------------------------------------------- reading
def _read_layer(path: Path, assume_crs: str | None) -> tuple[pd.DataFrame, LayerSource]:
    features = read_surroundings(path, role=ROLE, assume_crs=assume_crs)
    labels = read_plain_labels(features.frame, "name", "code", source=path.name)
    texts = read_texts(features.frame)
    registered = np.zeros(len(features.frame), dtype=bool)
    if "registered" in texts:
        registered |= texts["registered"].str.lower().isin(_YES).to_numpy()
    if "status" in texts:
        registered |= (texts["status"].str.lower() == REGISTERED).to_numpy()
    rows = [
        (name, code, REGISTERED if listed else KNOWN, _is_axis(part), True, part)
        for name, code, listed, shape in zip(
            labels.table["name"], labels.table["code"], registered, features.frame.geometry, strict=True
        )
        for part in split(shape)
        if part.geom_type != "Polygon"
    ]
    areas = int((shapely.get_dimensions(np.asarray(features.frame.geometry.array)) == 2).sum())
    if not rows:
        raise InvalidGeometry(
            f"{path.name}: holds polygons alone, expected points or lines of aerodromes; draw their runways as lines"
        )
    notes = (*features.notes, *labels.notes, *((f"{areas} polygon(s) left out",) if areas else ()))
    sha256 = hash_file(path)
    source = LayerSource(ROLE, path.name, sha256, read_credit(path, sha256), notes)
    return pd.DataFrame(rows, columns=[*_COLUMNS, "geometry"]), source


def _is_axis(shape: Any) -> bool:  # noqa: ANN401 - a geometry
    """Tell whether a line has the length of a runway from end to end: others are places only."""
    if shape.geom_type != "LineString":
        return False
    (lon1, lat1), (lon2, lat2) = shape.coords[0], shape.coords[-1]
    return bool(_SHORTEST_AXIS_M <= GEOD.inv(lon1, lat1, lon2, lat2)[2] <= _LONGEST_AXIS_M)


def _join_aviation(tables: Sequence[Aviation]) -> pd.DataFrame:
    """Make one table of airports, by their points, and of runways that have a place, by their axes."""
    airports = [airport for table in tables for airport in table.airports]
    by_number = {airport.number: airport for airport in airports if airport.number}
    by_ident = {airport.ident: airport for airport in airports if airport.ident}
    rows: list[tuple[Any, ...]] = []
    with_axis: set[Airport] = set()
    for runway in (runway for table in tables for runway in table.runways):
        airport = by_number.get(runway.number) or by_ident.get(runway.ident)
        shape = _draw_runway(runway)
        if shape is None or (airport is not None and not _is_axis(shape)):
            continue  # the airport's own point tells more
        name, code = (airport.name, airport.ident) if airport is not None else ("", runway.ident)
        closed = runway.closed or (airport is not None and airport.kind == "closed")
        for_planes = airport is None or airport.kind not in _NOT_FOR_PLANES
        rows.append((name, code, KNOWN if closed else REGISTERED, _is_axis(shape), for_planes, shape))
        if airport is not None:
            with_axis.add(airport)
    rows += [_list_airport(airport, matches=airport not in with_axis) for airport in airports]
    return pd.DataFrame(rows, columns=[*_COLUMNS, "geometry"])


def _draw_runway(runway: Runway) -> Any:  # noqa: ANN401 - a geometry or None
    ends = [end for end in (runway.low, runway.high) if end is not None]
    if not ends:
        return None
    line = shapely.LineString([_as_position(ends[0]), _as_position(ends[-1])])
    return line if _is_axis(line) else shapely.Point(_as_position(ends[0]))


def _list_airport(airport: Airport, *, matches: bool) -> tuple[Any, ...]:
    status = KNOWN if airport.kind == "closed" else REGISTERED
    matches = matches and airport.kind not in _NOT_FOR_PLANES
    return airport.name, airport.ident, status, False, matches, shapely.Point(_as_position(airport.place))


def _as_position(place: Place) -> tuple[float, float]:
    return place.lon, place.lat


def _put_in_order(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Sort by what the rows hold, so that nothing depends on the order of features or files."""
    hexes = shapely.to_wkb(table["geometry"].to_numpy(dtype=object), hex=True)
    ordered = table.assign(wkb=hexes).sort_values([*_COLUMNS, "wkb"], kind="stable").drop(columns="wkb")
    return gpd.GeoDataFrame(ordered.reset_index(drop=True), geometry="geometry", crs=LONLAT)


# ------------------------------------------------------------------------------------------------------------ matching
def _find_matches(axes: GeometryArray, aerodromes: Aerodromes) -> pd.DataFrame:
    """Return ``feature`` (-1 where none matches) and ``distance_km`` of each axis."""
    matches = aerodromes.table[aerodromes.table["matches"].to_numpy(dtype=bool)]
    shapes = np.asarray(matches.geometry.array, dtype=object)
    found = []
    if len(axes) and len(shapes):
        for patch in lay_out(axes, shapes, reach_km=1.0):
            near = shapely.STRtree(patch.shapes).query(patch.axes, predicate="dwithin", distance=MAX_POINT_M)
            for at, by in near.T:
                row = matches.iloc[patch.features[by]]
                axis, shape = patch.axes[at], patch.shapes[by]
                if not row["is_axis"] or lies_along(shapely.get_coordinates(axis), shapely.get_coordinates(shape)):
                    found.append((patch.rows[at], row["status"] != REGISTERED, shapely.distance(axis, shape), row.name))
    ranked = pd.DataFrame(found, columns=["row", "unregistered", "distance_m", "feature"]).sort_values(
        ["row", "unregistered", "distance_m", "feature"], kind="stable"
    )
    first = ranked.drop_duplicates("row").set_index("row").reindex(range(len(axes)))
    return pd.DataFrame(
        {
            "feature": first["feature"].astype(np.float64).fillna(-1).astype(int),
            "distance_km": first["distance_m"].astype(np.float64) / 1000,
        }
    )


def lies_along(axis: FloatArray, line: FloatArray) -> bool:
    """Tell whether a strip lies along a line: beside half of it or more, near it, and in its direction.

    Parameters
    ----------
    axis, line : (N, 2) ndarray of float64, metres on a plane
        Of each the first and the last point count: runways are straight.

    Examples
    --------
    >>> axis = np.array([[0.0, 0.0], [800.0, 0.0]])
    >>> lies_along(axis, axis + [400.0, 49.0]), lies_along(axis, axis + [401.0, 49.0])
    (True, False)
    """
    start, step = axis[0], axis[-1] - axis[0]
    length_m = float(np.hypot(*step))
    along = step / length_m
    across = np.array([-along[1], along[0]])
    ends = np.array([line[0], line[-1]]) - start
    direction = ends[1] - ends[0]
    cosine = abs(float(direction @ along)) / float(np.hypot(*direction))
    station, offset = ends @ along, ends @ across
    order = np.argsort(station)
    low, high = max(float(station.min()), 0.0), min(float(station.max()), length_m)
    if high - low < MIN_ALONG_SHARE * length_m or np.degrees(np.arccos(min(cosine, 1.0))) > MAX_TURN_DEG:
        return False
    beside = np.interp(np.linspace(low, high, 101), station[order], offset[order])
    return bool(np.abs(beside).mean() <= MAX_OFFSET_M)
