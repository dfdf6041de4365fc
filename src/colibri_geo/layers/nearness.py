"""Which feature of a layer is nearest to each axis, and how much of the axis lies inside of its polygons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely
from pyproj import Transformer

from colibri_geo.layers.planes import (
    GEOD,
    GeometryArray,
    frame_cell,
    make_plane,
    measure_lines_km,
    part_cells,
    project,
)

REACHES_KM = (25.0, 100.0, 400.0)
"""How far is looked, step by step; what lies beyond the last is not near in any sense, and not measured."""

IntArray = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Patch:
    """Axes of one cell and the features around it, on one plane.

    Attributes
    ----------
    rows, features : (K,) and (L,) ndarray of int64
        Which axes and which features these are.
    axes, shapes : (K,) and (L,) ndarray of geometries
        On the plane, metres; of a feature what lies near the cell.
    to_plane : Transformer
        From longitude and latitude.
    """

    rows: IntArray
    axes: GeometryArray
    features: IntArray
    shapes: GeometryArray
    to_plane: Transformer


def lay_out(axes: GeometryArray, shapes: GeometryArray, *, reach_km: float) -> Iterator[Patch]:
    """Lay axes and the features within `reach_km` of them on planes, cell by cell; cells without any are left out.

    Parameters
    ----------
    axes, shapes : ndarray of geometries, EPSG:4326
    reach_km : float
    """
    tree = shapely.STRtree(shapes)
    for cell in part_cells(axes):
        frame = frame_cell(cell.corner, reach_km)
        near = np.sort(tree.query(frame))
        parts = shapely.intersection(shapes[near], frame)
        there = ~shapely.is_empty(parts)
        if there.any():
            to_plane = make_plane(cell.corner)
            rows = np.flatnonzero(cell.rows)
            yield Patch(rows, project(axes[rows], to_plane), near[there], project(parts[there], to_plane), to_plane)


def find_nearest(axes: GeometryArray, shapes: GeometryArray) -> pd.DataFrame:
    """Find the nearest feature of each axis.

    Of features that are equally near, that which holds most of the axis counts, then the first: put the features into
    an order of their own, and the result does not depend on that of the file. It depends on no other axis either.

    Parameters
    ----------
    axes : (K,) ndarray of LineString, EPSG:4326
    shapes : (L,) ndarray of geometries, EPSG:4326
        Valid.

    Returns
    -------
    DataFrame
        A row an axis: ``feature`` (position, -1 where none is within reach), ``distance_km`` (geodesic, 0 where they
        touch; missing where none is within reach), ``overlap_share`` (of the axis inside of polygons, all together;
        missing where the layer holds none).
    """
    feature, km = np.full(len(axes), -1), np.full(len(axes), np.nan)
    held_m = _measure_held(axes, shapes)
    for reach_km in REACHES_KM:
        missing = np.flatnonzero(feature < 0)
        if not len(missing):
            break
        for patch in lay_out(axes[missing], shapes, reach_km=reach_km):
            near = _choose_nearest(patch, missing, held_m)
            near = near[near["km"] <= reach_km]
            feature[near["row"]], km[near["row"]] = near["feature"], near["km"]
    has_areas = bool((shapely.get_dimensions(shapes) == 2).any())
    share = _measure_shares(axes, shapes, held_m) if has_areas else np.full(len(axes), np.nan)
    return pd.DataFrame({"feature": feature, "distance_km": km, "overlap_share": share})


def _choose_nearest(patch: Patch, rows: IntArray, held_m: dict[tuple[int, int], float]) -> pd.DataFrame:
    """Return ``row`` of the axis, ``feature`` and ``km``; of equals the one that holds most, then the first."""
    pairs = shapely.STRtree(patch.shapes).query_nearest(patch.axes, all_matches=True)
    lines = shapely.shortest_line(patch.axes[pairs[0]], patch.shapes[pairs[1]])
    near = pd.DataFrame(
        {
            "row": rows[patch.rows[pairs[0]]],
            "feature": patch.features[pairs[1]],
            "km": measure_lines_km(lines, patch.to_plane),
        }
    )
    near["held"] = [held_m.get(pair, 0.0) for pair in zip(near["row"], near["feature"], strict=True)]
    near = near.sort_values(["row", "held", "feature"], ascending=[True, False, True], kind="stable")
    return near.drop_duplicates("row")


def _measure_held(axes: GeometryArray, shapes: GeometryArray) -> dict[tuple[int, int], float]:
    """Return how many metres of which axis lie in which polygon."""
    pairs = shapely.STRtree(shapes).query(axes, predicate="intersects").T
    areas = pairs[shapely.get_dimensions(shapes[pairs[:, 1]]) == 2].tolist()
    return {
        (row, feature): float(GEOD.geometry_length(shapely.intersection(axes[row], shapes[feature])))
        for row, feature in areas
    }


def _measure_shares(
    axes: GeometryArray, shapes: GeometryArray, held_m: dict[tuple[int, int], float]
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the share of each axis inside of polygons; ground in two of them counts once."""
    shares = np.zeros(len(axes))
    by_axis: dict[int, list[int]] = {}
    for row, feature in held_m:
        by_axis.setdefault(row, []).append(feature)
    for row, features in by_axis.items():
        inside = shapely.intersection(axes[row], shapely.union_all(shapes[sorted(features)]))
        shares[row] = min(float(GEOD.geometry_length(inside) / GEOD.geometry_length(axes[row])), 1.0)
    return shares
