"""What lies around a strip: aerodromes, and any layers that were named, such as rivers, roads or settlements."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from colibri_geo.arguments import TO_FILE, list_given
from colibri_geo.errors import SettingsError
from colibri_geo.hashing import hash_file
from colibri_geo.layers.aerodromes import Aerodromes, match_aerodromes, read_aerodromes
from colibri_geo.layers.columns import read_plain_labels
from colibri_geo.layers.communities import find_communities
from colibri_geo.layers.nearness import REACHES_KM, find_nearest
from colibri_geo.layers.planes import GeometryArray, frame_ground
from colibri_geo.layers.reading import read_credit, read_surroundings
from colibri_geo.layers.shapes import LONLAT
from colibri_geo.layers.sources import LayerSource

_MAX_NAME_LETTERS = 60
_BETWEEN = frozenset(" _-'’")
"""What a name may hold beside letters, their marks and digits: nothing that is markup, a formula or a path anywhere."""
_UNSEEN = frozenset(
    map(
        chr,
        (
            *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
            *(*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)),
        ),
    )
)
"""Letters and marks that show nothing by themselves: with them two names would look alike."""
_COLUMNS = ["strip_id", "layer", "name", "distance_km", "overlap_share", "community_name", "community_km"]


@dataclass(frozen=True)
class ContextLayer:
    """One layer of what lies around.

    Attributes
    ----------
    name : str
        As it was named by who gave it: rivers, áreas protegidas.
    table : GeoDataFrame
        ``name`` ("" where a feature has none), ``is_community`` and shapes of any kind; EPSG:4326; in an order of its
        own.
    source : LayerSource
    """

    name: str
    table: gpd.GeoDataFrame
    source: LayerSource


@dataclass(frozen=True)
class Context:
    """All that is known of what lies around.

    Attributes
    ----------
    aerodromes : Aerodromes or None
    layers : tuple of ContextLayer
    """

    aerodromes: Aerodromes | None = None
    layers: tuple[ContextLayer, ...] = ()

    @property
    def sources(self) -> tuple[LayerSource, ...]:
        """Where all of it came from."""
        registers = () if self.aerodromes is None else self.aerodromes.sources
        return (*registers, *(layer.source for layer in self.layers))


@dataclass(frozen=True)
class Placed:
    """Strips among what lies around.

    Attributes
    ----------
    strips : GeoDataFrame
        As given, with the columns of `match_aerodromes`.
    strip_context : DataFrame or None
        A row a strip and layer that has a feature within 400 km: ``strip_id``, ``layer``, ``name`` of the nearest
        feature, ``distance_km``, ``overlap_share``, and of the nearest feature that is of people or of health
        ``community_name`` and ``community_km``. None where no layer was given.
    """

    strips: gpd.GeoDataFrame
    strip_context: pd.DataFrame | None


def read_context(
    aerodromes: str | Path | Iterable[str | Path] = (),
    layers: str | Iterable[str] = (),
    *,
    assume_crs: str | None = None,
) -> Context:
    """Read what lies around.

    Parameters
    ----------
    aerodromes : str or Path, or several of these
        See `read_aerodromes`.
    layers : str, or several of these
        ``NAME=FILE`` with NAME as `parse_context_layer` takes it and FILE a GeoPackage, shapefile, GeoJSON or KML, or
        a CSV of points (columns such as ``lon`` and ``lat``, degrees on WGS 84); of a GeoPackage with several layers
        the one called NAME is taken.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for files that state none.

    Returns
    -------
    Context

    Raises
    ------
    SettingsError
        Text that is not ``NAME=FILE``, twice the same NAME, or something that is neither text nor path.
    InputError, UnsafeSource, VectorError, GeoreferenceError
        A file that cannot be read, holds no shapes with a place on the ground, or was written by a run.
    """
    registers = list_given(aerodromes, str, Path, argument="aerodromes", expected=f"paths (str or Path); {TO_FILE}")
    texts = list_given(layers, str, argument="layers", expected=f"NAME=FILE (str) or several; {TO_FILE}")
    named = [parse_context_layer(text) for text in texts]
    names = [name for name, _ in named]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"layer {repeated!r} is given twice, expected names that differ; rename one")
    return Context(
        aerodromes=read_aerodromes(registers, assume_crs=assume_crs) if registers else None,
        layers=tuple(_read_layer(name, path, assume_crs) for name, path in named),
    )


def note_far(context: Context, ground: shapely.Polygon) -> Context:
    """Say in the notes of each layer of which nothing lies around some ground that it may be in the wrong place.

    Registers of aerodromes are one layer here, whatever the number of their files.

    Parameters
    ----------
    context : Context
    ground : Polygon, EPSG:4326
        That of the images.
    """
    frame = frame_ground(ground, REACHES_KM[-1])
    note = (
        f"nothing of it lies within {REACHES_KM[-1]:.0f} km of the images: look whether it is of another place, or its "
        "coordinates are swapped"
    )

    def add(source: LayerSource, table: gpd.GeoDataFrame) -> LayerSource:
        return source if table.intersects(frame).any() else replace(source, notes=(*source.notes, note))

    known = context.aerodromes
    if known is not None:
        known = replace(known, sources=tuple(add(source, known.table) for source in known.sources))
    layers = (replace(layer, source=add(layer.source, layer.table)) for layer in context.layers)
    return Context(known, tuple(layers))


def parse_context_layer(text: str) -> tuple[str, Path]:
    """Take ``NAME=FILE`` apart.

    NAME is a heading of the report: letters of any script, digits, and between these spaces, ``_``, ``-`` and
    apostrophes, up to 60 signs. It comes back composed (NFC).

    Raises
    ------
    SettingsError

    Examples
    --------
    >>> parse_context_layer("áreas protegidas=maps/parks.gpkg")[0]
    'áreas protegidas'
    """
    name, equals, path = text.partition("=")
    name = unicodedata.normalize("NFC", name)
    if not equals or not path or not _is_name(name):
        raise SettingsError(
            f"layer {text[:80]!r}: expected NAME=FILE with NAME of letters and digits, between them spaces, _, - or "
            f"apostrophes, at most {_MAX_NAME_LETTERS} signs, as rivers=rivers.gpkg; correct it"
        )
    return name, Path(path)


def _is_name(text: str) -> bool:
    ends = text[:1].isalnum() and (text[-1].isalnum() or _is_mark(text[-1]))
    return ends and len(text) <= _MAX_NAME_LETTERS and all(map(_is_part, text))


def _is_part(sign: str) -> bool:
    return (sign.isalnum() or sign in _BETWEEN or _is_mark(sign)) and sign not in _UNSEEN


def _is_mark(sign: str) -> bool:
    """Tell whether a sign belongs to the letter before it, as in scripts of India, or where both have no common one."""
    return unicodedata.category(sign) in {"Mn", "Mc"}


def place_in_context(strips: gpd.GeoDataFrame, context: Context) -> Placed:
    """Tell what lies around each strip. Evidence only: no strip is left out or judged by it.

    Parameters
    ----------
    strips : GeoDataFrame
        Index ``strip_id``, geometry the axis, in any CRS.
    context : Context

    Returns
    -------
    Placed
    """
    tables = [_describe_nearest(strips, layer) for layer in context.layers]
    return Placed(match_aerodromes(strips, context.aerodromes), _sort_rows(tables, strips) if tables else None)


def _read_layer(name: str, path: Path, assume_crs: str | None) -> ContextLayer:
    features = read_surroundings(path, role=name, assume_crs=assume_crs)
    labels = read_plain_labels(features.frame, "name", source=path.name)
    shapes = np.asarray(features.frame.geometry.array, dtype=object)
    table = pd.DataFrame(
        {
            "name": labels.table["name"].to_numpy(),
            "wkb": shapely.to_wkb(shapes, hex=True),
            "is_community": find_communities(name, labels.table["name"], features.frame),
            "geometry": shapes,
        }
    )
    table = table.sort_values(["name", "wkb", "is_community"], kind="stable").drop(columns="wkb").reset_index(drop=True)
    sha256 = hash_file(path)
    notes = (*features.notes, *labels.notes)
    source = LayerSource(f"layer {name}", path.name, sha256, read_credit(path, sha256), notes)
    return ContextLayer(name, gpd.GeoDataFrame(table, geometry="geometry", crs=LONLAT), source)


def _describe_nearest(strips: gpd.GeoDataFrame, layer: ContextLayer) -> pd.DataFrame:
    axes = np.asarray(strips.geometry.to_crs(LONLAT).array, dtype=object)
    nearest = _find_nearest_named(axes, layer.table)
    is_community = layer.table["is_community"]
    people = nearest if is_community.all() else _find_nearest_named(axes, layer.table[is_community])
    nearest = nearest.assign(community_name=people["name"], community_km=people["distance_km"])
    nearest = nearest.assign(strip_id=strips.index.to_numpy(), layer=layer.name)
    return nearest[nearest["feature"] >= 0][_COLUMNS]


def _find_nearest_named(axes: GeometryArray, table: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return `find_nearest` with the ``name`` of each feature, "" where there is none."""
    nearest = find_nearest(axes, np.asarray(table.geometry.array, dtype=object))
    names = np.append(table["name"].to_numpy(dtype=object), "")  # the last, -1, is that of no feature
    return nearest.assign(name=names[nearest["feature"]])


def _sort_rows(tables: Sequence[pd.DataFrame], strips: gpd.GeoDataFrame) -> pd.DataFrame:
    """Sort by the order of the strips, then by the name of the layer."""
    rows = pd.concat(tables, ignore_index=True)
    rank = pd.Series(range(len(strips)), index=strips.index)
    ranked = rows.assign(rank=rank.reindex(rows["strip_id"]).to_numpy())
    return ranked.sort_values(["rank", "layer"], kind="stable")[_COLUMNS].reset_index(drop=True)
