"""Scenes of one date that lie shifted against each other: measured on those of the other date, and put in their place.

A pair has one shift. Where it is made of many scenes, of which some are shifted otherwise than the others, what is old
looks new there: so they are moved before they become one image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry.base import BaseGeometry

from colibri_geo.core.azimuths import WHOLE_TURN_DEG, round_azimuth
from colibri_geo.pairs.grid import plan_grid
from colibri_geo.pairs.reading import Placement
from colibri_geo.pairs.surveying import find_shift, place_tiles
from colibri_geo.scenes.georeference import measure_pixel
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import SurveySettings, take_settings

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_APART_PX = 0.5
_TILES = 9  # on which two scenes are held against each other
_LEAST_SHARED = 0.1  # of the smaller scene: neighbours overlap by less, and have better partners


@dataclass(frozen=True)
class Settled:
    """The scenes of two dates, each where the others of its date lie.

    Attributes
    ----------
    before, after : tuple of Scene
        By name; what was moved says so in its notes.
    """

    before: tuple[Scene, ...]
    after: tuple[Scene, ...]


@dataclass(frozen=True)
class _Meeting:
    """Where a scene of the later date lies relative to one of the earlier date, metres to the east and to the north."""

    before: int
    after: int
    shift_m: FloatArray
    tiles: int


def settle_scenes(before: Sequence[Scene], after: Sequence[Scene], settings: SurveySettings | None = None) -> Settled:
    """Move scenes that are shifted by more than half a pixel against most others of their date.

    Parameters
    ----------
    before, after : sequence of Scene
        Of one date each, in any order.
    settings : SurveySettings, optional

    Returns
    -------
    Settled
        The scenes as they are where each date has one, or where none is found to be shifted. A scene that shares too
        little clear ground with the other date to be measured stays in its place.

    Notes
    -----
    Each pair of scenes that share ground is held against each other as `survey` does. Places of scenes are those that
    explain the measured shifts best, by weighted least squares, in each group of scenes that meet; of the earlier date
    each group keeps the scene that lies nearest to all others of it, and of the later date all groups together do.
    """
    earlier, later = (sorted(scenes, key=_order) for scenes in (before, after))
    if len(earlier) == len(later) == 1:
        return Settled(tuple(earlier), tuple(later))
    meetings = list(_measure(earlier, later, replace(take_settings(settings, SurveySettings), max_tiles=_TILES)))
    if not meetings:
        return Settled(tuple(earlier), tuple(later))
    places = _solve(meetings, len(earlier), len(later))
    known = np.isin(np.arange(len(places)), [(one.before, len(earlier) + one.after) for one in meetings])
    first, second = slice(0, len(earlier)), slice(len(earlier), None)
    return Settled(_move(earlier, places[first], known[first]), _move(later, places[second], known[second]))


def _order(scene: Scene) -> tuple[str, str]:
    return scene.name, scene.provenance.sha256


def _measure(before: Sequence[Scene], after: Sequence[Scene], settings: SurveySettings) -> Iterator[_Meeting]:
    """Hold scenes of both dates against each other, where enough tiles agree."""
    footprints = [[scene.grid.extent.to_crs("EPSG:4326").geom for scene in scenes] for scenes in (before, after)]
    for (first, scene), (second, other) in product(enumerate(before), enumerate(after)):
        bands = tuple(band for band in scene.bands if band in other.bands)
        if not bands or not _share_ground(footprints[0][first], footprints[1][second]):
            continue
        grid = plan_grid(scene, other)
        tiles = place_tiles(scene, other, grid, settings)
        shift = find_shift(Placement(scene, bands, grid), Placement(other, bands, grid), tiles, settings)
        if shift.agreeing:
            shift_m = np.array([shift.cols_px * grid.affine.a, shift.rows_px * grid.affine.e])
            yield _Meeting(first, second, shift_m, shift.agreeing)


def _share_ground(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool((one & other).area >= _LEAST_SHARED * min(one.area, other.area))


def _solve(meetings: Sequence[_Meeting], before: int, after: int) -> FloatArray:
    """Find the places that explain the shifts best, (before + after, 2), metres; 0 where nothing tells."""
    rows, first = np.arange(len(meetings)), np.array([one.before for one in meetings])
    second = before + np.array([one.after for one in meetings])
    weights = np.sqrt([one.tiles for one in meetings])
    terms = np.zeros((len(meetings), before + after))
    terms[rows, second], terms[rows, first] = weights, -weights
    shifts = np.array([one.shift_m for one in meetings]) * weights[:, None]
    places: FloatArray = np.linalg.lstsq(terms, shifts, rcond=None)[0]
    groups = connected_components(coo_array((weights, (first, second)), shape=(before + after,) * 2), directed=False)[1]
    for group in np.unique(groups[first]):
        mine = groups == group
        places[mine] -= _find_middle(places[:before][mine[:before]])
    return places


def _find_middle(places: FloatArray) -> FloatArray:
    """Return the place that lies nearest to all others; of several such, the one nearest to 0."""
    away = np.hypot(*(places[:, None] - places).T).sum(axis=0)
    middle: FloatArray = places[np.lexsort((np.hypot(*places.T), away.round(6)))[0]]
    return middle


def _move(scenes: Sequence[Scene], places: FloatArray, known: BoolArray) -> tuple[Scene, ...]:
    """Move the scenes that lie off the one which lies nearest to all others."""
    off = np.where(known[:, None], places - _find_middle(places[known]), 0.0)
    return tuple(_move_scene(scene, off_m) for scene, off_m in zip(scenes, off, strict=True))


def _move_scene(scene: Scene, off_m: FloatArray) -> Scene:
    pixel = measure_pixel(scene.grid, name=scene.name)
    east_m, north_m = off_m.tolist()
    cols_px, rows_px = east_m / pixel.east_m, -north_m / pixel.north_m
    if math.hypot(cols_px, rows_px) <= _APART_PX:
        return scene
    towards_deg = round_azimuth(
        math.degrees(math.atan2(east_m, north_m)) % WHOLE_TURN_DEG, digits=0, turn_deg=WHOLE_TURN_DEG
    )
    note = (
        f"it lay {math.hypot(east_m, north_m):.1f} m off the other scenes of its date, held against the other date, "
        f"towards {towards_deg:.0f} degrees from north, and was moved back"
    )
    source = scene.provenance
    return replace(
        scene,
        grid=scene.grid.translate_pix(-cols_px, -rows_px),
        provenance=replace(source, notes=(*source.notes, note)),
    )
