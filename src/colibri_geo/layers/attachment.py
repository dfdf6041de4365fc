"""Where strips lie: the chain of regions, the share in each, the nearest border, and what lies around."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from colibri_geo.layers.borders import measure_border_km
from colibri_geo.layers.columns import LEVELS
from colibri_geo.layers.context import Context, place_in_context
from colibri_geo.layers.regions import Regions, no_regions
from colibri_geo.layers.shapes import LONLAT
from colibri_geo.layers.terrain import Terrain, describe_terrain
from colibri_geo.settings import TerrainSettings

_GEOD = Geod(ellps="WGS84")
_LEAST_SHARE = 1e-9
_SHARE_COLUMNS = ["strip_id", "level", "code", "name", "share"]


@dataclass(frozen=True)
class Attached:
    """Strips with their regions, what lies around, and their heights.

    Attributes
    ----------
    strips : GeoDataFrame
        As given, with ``country``, ``admin1``, ``admin2``, each with ``_code`` ("" where unknown), ``border_km``, and
        the columns of `match_aerodromes` and `describe_terrain`.
    strip_regions : DataFrame
        Share of each strip in each region that it touches: ``strip_id``, ``level``, ``code``, ``name``, ``share``.
    notes : tuple of str
        What a reader has to know, such as why no border distance is given.
    strip_context : DataFrame or None
        The nearest feature of each layer of what lies around; see `Placed`.
    """

    strips: gpd.GeoDataFrame
    strip_regions: pd.DataFrame
    notes: tuple[str, ...] = ()
    strip_context: pd.DataFrame | None = None


def attach(
    strips: gpd.GeoDataFrame,
    regions: Regions | None = None,
    *,
    context: Context | None = None,
    terrain: Terrain | None = None,
    terrain_settings: TerrainSettings | None = None,
) -> Attached:
    """Find the regions of each strip, what lies around it, and how high it lies.

    At each level a strip belongs to the region that holds the largest share of its axis. Where a level has no layer of
    its own, a lower layer tells, if it names the regions above.

    Parameters
    ----------
    strips : GeoDataFrame
        Index ``strip_id``, geometry the axis, in any CRS.
    regions : Regions, optional
        None where no layer was given: everything stays unknown.
    context : Context, optional
        Aerodromes and other layers, from `colibri_geo.layers.read_context`.
    terrain : Terrain, optional
        Elevation model, from `colibri_geo.layers.terrain.read_terrain`; without one heights stay unknown.
    terrain_settings : TerrainSettings, optional

    Returns
    -------
    Attached
        Shares are geodesic lengths over the length of the axis; of ground that regions of one level dispute, the region
        that holds more of the strip has all.
    """
    regions = no_regions() if regions is None else regions
    axes = strips.geometry.to_crs(LONLAT)
    held = _measure_shares(axes, regions)
    strip_regions = pd.concat([_list_level(held, regions, level) for level in LEVELS], ignore_index=True)
    border = measure_border_km(axes, regions.at("country"))
    columns = {level: _chain(strip_regions, level, strips.index) for level in LEVELS}
    named = {
        name: values
        for level, chain in columns.items()
        for name, values in ((level, chain["name"]), (f"{level}_code", chain["code"]))
    }
    placed = place_in_context(strips.assign(**named, border_km=border.border_km), context or Context())
    shares = _sort_shares(strip_regions, strips.index)
    described = describe_terrain(placed.strips, terrain, settings=terrain_settings)
    return Attached(described, shares, border.notes, placed.strip_context)


def _measure_shares(axes: gpd.GeoSeries, regions: Regions) -> pd.DataFrame:
    """Return ``strip`` (position), ``region`` (position) and ``share``, larger shares first."""
    shapes = np.asarray(axes.array, dtype=object)
    if len(shapes) == 0 or regions.table.empty:
        return pd.DataFrame({"strip": [], "region": [], "share": []}).astype({"strip": int, "region": int})
    strip, region = regions.table.sindex.query(shapes, predicate="intersects", sort=True)
    areas = np.asarray(regions.table.geometry.array, dtype=object)
    around = shapely.box(*shapely.total_bounds(shapes)).buffer(0.01).envelope
    cut = {int(row): shapely.intersection(areas[row], around) for row in np.unique(region)}
    pieces = shapely.intersection(shapes[strip], np.array([cut[int(row)] for row in region], dtype=object))
    lengths = np.array([_GEOD.geometry_length(shape) for shape in shapes])
    parts = np.array([_GEOD.geometry_length(piece) for piece in pieces])
    held = pd.DataFrame({"strip": strip, "region": region, "share": parts / lengths[strip], "piece": pieces})
    held["level"] = regions.table["level"].to_numpy()[region]
    held = held.sort_values(["strip", "level", "share", "region"], ascending=[True, True, False, True], kind="stable")
    shared = held.groupby(["strip", "level"])["share"].transform("sum") > 1 + _LEAST_SHARE
    for _, group in held[shared].groupby(["strip", "level"]):
        held.loc[group.index, "share"] = _settle(group["piece"].to_list(), float(lengths[group["strip"].iloc[0]]))
    held["share"] = held["share"].clip(upper=1.0)
    return held.loc[held["share"] > _LEAST_SHARE, ["strip", "region", "share"]]


def _settle(pieces: list[BaseGeometry], length_m: float) -> list[float]:
    """Give ground that several regions hold to the first of them alone."""
    shares = []
    taken: Any = shapely.LineString()
    for piece in pieces:
        shares.append(float(_GEOD.geometry_length(shapely.difference(piece, taken))) / length_m)
        taken = shapely.union(taken, piece)
    return shares


def _list_level(held: pd.DataFrame, regions: Regions, level: str) -> pd.DataFrame:
    """Return ``strip``, ``level``, ``code``, ``name``, ``share`` of one level, from the layer that tells it."""
    below = LEVELS[LEVELS.index(level) + 1 :]
    table = regions.table
    if level in regions.levels:
        teller, code, name = level, "code", "name"
    else:
        telling = [lower for lower in below if (regions.at(lower)[[level, f"{level}_code"]] != "").any(axis=None)]
        teller, code, name = (telling or [""])[0], f"{level}_code", level
    rows = held[table["level"].to_numpy()[held["region"]] == teller]
    if rows.empty:
        return pd.DataFrame(columns=["strip", *_SHARE_COLUMNS[1:]]).astype({"strip": int, "share": float})
    labels = table.iloc[rows["region"]][[code, name]].to_numpy(dtype=object)
    listed = pd.DataFrame(
        {
            "strip": rows["strip"].to_numpy(),
            "code": labels[:, 0],
            "name": labels[:, 1],
            "share": rows["share"].to_numpy(),
        }
    )
    listed = listed.groupby(["strip", "code", "name"], as_index=False)["share"].sum().assign(level=level)
    known: pd.DataFrame = listed[(listed["code"] != "") | (listed["name"] != "")]
    return known


def _chain(strip_regions: pd.DataFrame, level: str, index: pd.Index[Any]) -> pd.DataFrame:
    """Return ``code`` and ``name`` of the region that holds most of each strip."""
    rows = strip_regions[strip_regions["level"] == level]
    rows = rows.sort_values(["strip", "share", "code", "name"], ascending=[True, False, True, True], kind="stable")
    first = rows.drop_duplicates("strip").set_index("strip")[["code", "name"]]
    return first.reindex(range(len(index))).fillna("").astype(object).set_index(index)


def _sort_shares(strip_regions: pd.DataFrame, index: pd.Index[Any]) -> pd.DataFrame:
    rank = strip_regions["level"].map({level: rank for rank, level in enumerate(LEVELS)})
    ranked = strip_regions.assign(rank=rank)
    ranked = ranked.sort_values(["strip", "rank", "share", "code"], ascending=[True, True, False, True], kind="stable")
    named = ranked.assign(strip_id=index.to_numpy()[ranked["strip"].to_numpy(dtype=int)])
    return named[_SHARE_COLUMNS].reset_index(drop=True)
