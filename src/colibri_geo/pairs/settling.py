"""Scenes of one date that lie shifted against each other: measured on those of the other date, and put in their place.

A pair has one shift. Where it is made of many scenes, of which some are shifted otherwise than the others, what is old
looks new there: so they are moved before they become one image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from shapely.geometry.base import BaseGeometry

from colibri_geo.pairs.grid import plan_grid
from colibri_geo.pairs.reading import Placement
from colibri_geo.pairs.surveying import choose_bands, find_shift, place_tiles
from colibri_geo.scenes.georeference import measure_pixel
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import SurveySettings

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_APART_PX = 0.5
_TILES = 9  # on which two scenes are held against each other
_LEAST_SHARED = 0.1  # of the smaller scene: neighbours overlap by less, and have better partners
_ROUNDS = 100


@dataclass(frozen=True)
class Settled:
    """The scenes of two dates, each where the others of its date lie.

    Attributes
    ----------
    before, after : tuple of Scene
        In the order given; what was moved says so in its notes.
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
        Of one date each.
    settings : SurveySettings, optional

    Returns
    -------
    Settled
        The scenes as they are where each date has one, or where none is found to be shifted. A scene that shares too
        little clear ground with the other date to be measured stays in its place.

    Notes
    -----
    Each pair of scenes that share ground is held against each other as `survey` does. Places of scenes are those that
    explain the measured shifts best, by least squares; each date keeps the scene that lies nearest to all others of it.
    """
    if len(before) == len(after) == 1:
        return Settled(tuple(before), tuple(after))
    meetings = list(_measure(before, after, replace(settings or SurveySettings(), max_tiles=_TILES)))
    places = [np.zeros((len(scenes), 2)) for scenes in (before, after)]
    for _ in range(_ROUNDS):
        places[1] = _place(places[1], [(one.after, places[0][one.before] + one.shift_m, one.tiles) for one in meetings])
        places[0] = _place(places[0], [(one.before, places[1][one.after] - one.shift_m, one.tiles) for one in meetings])
    known = [sorted({one.before for one in meetings}), sorted({one.after for one in meetings})]
    return Settled(*(_move(*date) for date in zip((before, after), places, known, strict=True)))


def _measure(before: Sequence[Scene], after: Sequence[Scene], settings: SurveySettings) -> Iterator[_Meeting]:
    """Hold scenes of both dates against each other, where enough tiles agree."""
    footprints = [[scene.grid.extent.to_crs("EPSG:4326").geom for scene in scenes] for scenes in (before, after)]
    for first, scene in enumerate(before):
        for second, other in enumerate(after):
            if _share_ground(footprints[0][first], footprints[1][second]):
                grid = plan_grid(scene, other)
                tiles = place_tiles(scene, other, grid, settings)
                bands = choose_bands(scene, other)
                shift = find_shift(Placement(scene, bands, grid), Placement(other, bands, grid), tiles, settings)
                if shift.agreeing:
                    shift_m = np.array([shift.cols_px * grid.affine.a, shift.rows_px * grid.affine.e])
                    yield _Meeting(first, second, shift_m, shift.agreeing)


def _share_ground(one: BaseGeometry, other: BaseGeometry) -> bool:
    return bool((one & other).area >= _LEAST_SHARED * min(one.area, other.area))


def _place(places: FloatArray, seen: Sequence[tuple[int, FloatArray, int]]) -> FloatArray:
    """Put each scene into the middle of where others see it."""
    total, weight = np.zeros_like(places), np.zeros((len(places), 1))
    for scene, place, tiles in seen:
        total[scene] += tiles * place
        weight[scene] += tiles
    return np.where(weight > 0, total / np.maximum(weight, 1), places)


def _move(scenes: Sequence[Scene], places: FloatArray, known: Sequence[int]) -> tuple[Scene, ...]:
    """Move the scenes that lie off the one which lies nearest to all others."""
    if not known:
        return tuple(scenes)
    away = np.hypot(*(places[known][:, None] - places[known]).T).sum(axis=0)
    rest = places - places[known[int(away.argmin())]]
    return tuple(_move_scene(scene, rest[number]) if number in known else scene for number, scene in enumerate(scenes))


def _move_scene(scene: Scene, off_m: FloatArray) -> Scene:
    pixel = measure_pixel(scene.grid, name=scene.name)
    east_m, north_m = off_m.tolist()
    cols_px, rows_px = east_m / pixel.east_m, -north_m / pixel.north_m
    if math.hypot(cols_px, rows_px) <= _APART_PX:
        return scene
    note = (
        f"it lay {math.hypot(east_m, north_m):.1f} m off the other scenes of its date, towards "
        f"{math.degrees(math.atan2(east_m, north_m)) % 360:.0f} degrees from north, and was moved back"
    )
    source = scene.provenance
    return replace(
        scene,
        grid=scene.grid.translate_pix(-cols_px, -rows_px),
        provenance=replace(source, notes=(*source.notes, note)),
    )
