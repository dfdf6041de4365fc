"""Scenes of one date as one: on which grid, with which bands, and what has to be known of it.

How windows of it are read is told in `colibri_geo.scenes.mosaicking`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from operator import attrgetter
from pathlib import Path

from odc.geo.geobox import GeoBox
from pyproj import Transformer

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    AmbiguousInput,
    BandMismatch,
    DateError,
    GeoreferenceError,
    InputError,
    InputTooLarge,
    NotAFile,
    QuantityMismatch,
)
from colibri_geo.hashing import hash_file
from colibri_geo.scenes.bands import COMMON_NAMES
from colibri_geo.scenes.georeference import cut_grid, map_to_pixel, measure_pixel, name_crs, pixel_to_map
from colibri_geo.scenes.mosaicking import MosaicSource, PlacedScene
from colibri_geo.scenes.offset import OffsetVerdict
from colibri_geo.scenes.scene import Part, Provenance, Scene

LONGEST = timedelta(hours=36)
"""From the first to the last scene of one date: passes of one satellite and its twin, on both sides of midnight."""

_SIMILAR = 1.25  # pixel sizes of one mosaic, largest over smallest
_STRETCHED = 0.03  # as much as the metres of a pair's grid may differ from those of the ground
_ON_LATTICE_PX = 0.01
_EDGE_PX = 1e-3
_SIDE_STEPS = 50  # points a side of a footprint that is brought to another CRS
_MOST_SIDE_PX = 2**19  # a continent at 10 m
_NOTABLE = timedelta(hours=1)
_IMAGES = ("GeoTIFF", "JPEG 2000", "array")


def mosaic_scenes(scenes: Sequence[Scene]) -> Scene:
    """Make one scene of several of one date, which may overlap and lie in different UTM zones.

    Use it for ground that one scene does not cover. Nothing is evened out between the scenes: take them from one pass
    of a satellite, or from passes of one day.

    Parameters
    ----------
    scenes : sequence of Scene
        In any order. One alone is returned as it is. Of a scene that is there twice (the same bytes, or the same
        product of an archive) one is left out, and a note says so.

    Returns
    -------
    Scene
        With the bands that all of them have, in the CRS that most of them have (of several such the one with more
        ground), on the pixels that most of them have there. Its `acquired` is that of the earliest, so that a strip
        that is not seen was not there at that time; by `Scene.last_acquisition` all had been taken. `Provenance.parts`
        lists them; its SHA-256 is that of their SHA-256, sorted, each with a line feed.

    Raises
    ------
    DateError
        Where they were taken more than 36 hours apart.
    QuantityMismatch, BandMismatch
        Where they hold different quantities, or share no band.
    InputError
        Where their pixels differ in size by more than a quarter; InputTooLarge where they lie too far apart.
    GeoreferenceError
        Where the CRS of the mosaic does not serve the place of one of them.
    AmbiguousInput
        For one image with two different masks.
    """
    if not scenes:
        raise NotAFile("no scene is given, expected one or more; check what was given")
    kept = _drop_copies(sorted(scenes, key=_order))
    given = kept.scenes
    if len(given) == 1:
        return _add_notes(given[0], kept.notes)
    _check_alike(given)
    bands = _find_bands(given)
    layout = _plan_layout(given)
    placed = tuple(
        PlacedScene(
            scene.source,
            scene.grid,
            tuple(scene.bands.index(band) for band in bands.names),
            place.extent,
            place.aligned,
        )
        for scene, place in zip(given, layout.places, strict=True)
    )
    preferred = sorted(placed, key=lambda scene: not scene.aligned)  # what is not resampled is sharper; stable
    notes = [*kept.notes, *bands.notes, *layout.notes, *_note_times(given), *_gather_notes(given)]
    return Scene(
        grid=layout.grid,
        bands=bands.names,
        quantity=given[0].quantity,
        sensor=_join_texts(scene.sensor for scene in given),
        acquired=min(scene.acquired for scene in given),
        provenance=_describe(given, notes),
        source=MosaicSource(layout.grid, len(bands.names), tuple(preferred)),
    )


@dataclass(frozen=True)
class _Kept:
    """Scenes without copies, and a note on each that was left out."""

    scenes: tuple[Scene, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Bands:
    """What all scenes have, and a note on what not all have."""

    names: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where a scene lies on a grid; see `PlacedScene`."""

    extent: Window
    aligned: bool


@dataclass(frozen=True)
class _Layout:
    """The mosaic's grid, and the place of each scene on it."""

    grid: GeoBox
    places: tuple[_Place, ...]
    notes: tuple[str, ...]


def _order(scene: Scene) -> tuple[str, str, bool, str]:
    """Sort by name, then by content; of copies the one with a mask comes first."""
    source = scene.provenance
    return scene.name, source.sha256, source.mask == "none", source.mask


def _drop_copies(scenes: Sequence[Scene]) -> _Kept:
    kept: list[Scene] = []
    notes: list[str] = []
    for scene in scenes:
        twin = next((other for other in kept if _is_copy(scene, other)), None)
        if twin is None:
            kept.append(scene)
        else:
            notes.append(f"{scene.name} holds the same as another scene, {twin.name}: it was left out")
    return _Kept(tuple(kept), tuple(notes))


def _is_copy(scene: Scene, other: Scene) -> bool:
    """Whether two scenes are the same file, or the same product, packed and unpacked."""
    one, two = scene.provenance, other.provenance
    if one.sha256 != two.sha256:
        packed = one.layout == two.layout and one.layout not in _IMAGES and one.product_id == two.product_id is not None
        return packed and (scene.grid, scene.bands, scene.acquired) == (other.grid, other.bands, other.acquired)
    masks = [path and hash_file(path) for path in (one.mask_path, two.mask_path)]
    if masks[0] != masks[1]:
        raise AmbiguousInput(
            f"{scene.name} is given twice with different masks ({two.mask} and {one.mask}), expected each image once; "
            "leave one of them out"
        )
    return True


def _check_alike(scenes: Sequence[Scene]) -> None:
    first = scenes[0]
    for scene in scenes:
        if scene.quantity != first.quantity:
            raise QuantityMismatch(
                f"{first.name} holds {first.quantity}, {scene.name} {scene.quantity}; expected the same of all scenes "
                "of one date, leave out those that differ"
            )
    early, late = min(scenes, key=lambda scene: scene.acquired), max(scenes, key=lambda s: s.last_acquisition.moment)
    if late.last_acquisition.moment - early.acquired > LONGEST:
        raise DateError(
            f"{early.name} ({early.acquisition}) and {late.name} ({late.last_acquisition}) are of different dates, "
            f"expected scenes within {LONGEST / timedelta(hours=1):.0f} hours of each other; give those of one date"
        )
    sizes = [measure_pixel(scene.grid, name=scene.name).finer_m for scene in scenes]
    if max(sizes) > min(sizes) * _SIMILAR:
        fine, coarse = scenes[sizes.index(min(sizes))], scenes[sizes.index(max(sizes))]
        raise InputError(
            f"{fine.name} has pixels of {min(sizes):.3g} m, {coarse.name} of {max(sizes):.3g} m; expected sizes within "
            f"{_SIMILAR - 1:.0%} of each other, leave out the scenes that differ"
        )


def _find_bands(scenes: Sequence[Scene]) -> _Bands:
    names = tuple(name for name in COMMON_NAMES if all(name in scene.bands for scene in scenes))
    if not names:
        odd = next(scene for scene in scenes if not set(scene.bands) >= set(scenes[0].bands))
        raise BandMismatch(
            f"{scenes[0].name} has {', '.join(scenes[0].bands)}, {odd.name} {', '.join(odd.bands)}; expected at least "
            "one band that all scenes of one date have, leave out those that differ"
        )
    notes = []
    for name in COMMON_NAMES:
        lacking = [scene.name for scene in scenes if name not in scene.bands]
        if lacking and len(lacking) < len(scenes):
            more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            notes.append(f"{lacking[0]}{more} without {name}: it was left out of the mosaic")
    return _Bands(names, tuple(notes))


def _plan_layout(scenes: Sequence[Scene]) -> _Layout:
    anchor = _choose_anchor(scenes)
    notes = _check_stretch(scenes, anchor)
    places = [_find_place(scene, anchor.grid) for scene in scenes]
    whole = places[0].extent
    for place in places:
        whole = whole.joined(place.extent)
    if max(whole.rows, whole.cols) > _MOST_SIDE_PX:
        raise InputTooLarge(
            f"the scenes span {whole.rows:,} x {whole.cols:,} pixels from edge to edge, expected at most "
            f"{_MOST_SIDE_PX:,} a side; give scenes that lie closer together"
        )
    moved = sum(not place.aligned for place in places)
    if moved:
        crs = name_crs(str(anchor.grid.crs))
        where = crs if crs.startswith("EPSG") else f"of {anchor.name}"
        notes.append(f"{moved} of {len(scenes)} scenes were resampled, by cubic convolution, to the grid {where}")
    relative = tuple(replace(place, extent=place.extent.relative_to(whole)) for place in places)
    return _Layout(cut_grid(anchor.grid, whole), relative, tuple(notes))


def _choose_anchor(scenes: Sequence[Scene]) -> Scene:
    """Return the scene whose pixels most others have, of the CRS that most have; of several such, of most ground."""
    groups: dict[str, list[Scene]] = {}
    for scene in scenes:
        groups.setdefault(name_crs(str(scene.grid.crs)), []).append(scene)
    chosen = min(groups, key=lambda crs: (-len(groups[crs]), -sum(map(_measure_area, groups[crs])), crs))
    alike = groups[chosen]
    return max(alike, key=lambda anchor: sum(_find_place(scene, anchor.grid).aligned for scene in alike))


def _measure_area(scene: Scene) -> int:
    """Return the ground under a scene, in square metres."""
    pixel = measure_pixel(scene.grid, name=scene.name)
    return round(int(scene.grid.shape[0]) * int(scene.grid.shape[1]) * pixel.east_m * pixel.north_m)


def _check_stretch(scenes: Sequence[Scene], anchor: Scene) -> list[str]:
    """Hold the size of the mosaic's pixels at the middle of each scene to their size at the middle of its anchor."""
    size_m = measure_pixel(anchor.grid, name=anchor.name).finer_m
    worst, where = 0.0, anchor
    for scene in scenes:
        found_m = _measure_pixel_at(scene, anchor)
        stretch = abs(found_m / size_m - 1)
        if not 1 / _SIMILAR <= found_m / size_m <= _SIMILAR:
            raise _too_far(scene, anchor)
        if stretch > worst:
            worst, where = stretch, scene
    if worst <= _STRETCHED:
        return []
    return [
        f"the mosaic's grid stretches or shrinks the ground by {worst:.0%} at {where.name}: widths are less certain"
    ]


def _measure_pixel_at(scene: Scene, anchor: Scene) -> float:
    """Measure a pixel of the anchor's lattice at the middle of another scene, metres."""
    middle = pixel_to_map(scene.grid, int(scene.grid.shape[0]) / 2, int(scene.grid.shape[1]) / 2)
    to_anchor = Transformer.from_crs(str(scene.grid.crs), str(anchor.grid.crs), always_xy=True)
    east, north = to_anchor.transform(middle.east, middle.north)
    if not (math.isfinite(east) and math.isfinite(north)):
        raise _too_far(scene, anchor)
    pixel = map_to_pixel(anchor.grid, east, north)
    place = cut_grid(anchor.grid, Window(math.floor(pixel.row), math.floor(pixel.col), 1, 1))
    return measure_pixel(place, name=scene.name).finer_m


def _too_far(scene: Scene, anchor: Scene) -> GeoreferenceError:
    return GeoreferenceError(
        f"{scene.name} lies too far from {anchor.name} to be drawn in its coordinate reference system, expected scenes "
        "that one system serves; give them apart"
    )


def _find_place(scene: Scene, anchor: GeoBox) -> _Place:
    """Find the pixels of the anchor's lattice, counted from its first, that a scene may reach."""
    rows, cols = (int(side) for side in scene.grid.shape)
    if name_crs(str(scene.grid.crs)) == name_crs(str(anchor.crs)):
        corners = [pixel_to_map(scene.grid, *corner) for corner in ((0, 0), (0, cols), (rows, 0), (rows, cols))]
        pixels = [map_to_pixel(anchor, corner.east, corner.north) for corner in corners]
        first, last = pixels[0], pixels[-1]
        extent = Window(round(first.row), round(first.col), rows, cols)
        off = (
            first.row - extent.row,
            first.col - extent.col,
            last.row - extent.row - rows,
            last.col - extent.col - cols,
        )
        if max(map(abs, off)) <= _ON_LATTICE_PX:
            return _Place(extent, aligned=True)
    else:
        steps: float = max(scene.grid.boundingbox.span_x, scene.grid.boundingbox.span_y) / _SIDE_STEPS
        box = scene.grid.extent.to_crs(str(anchor.crs), resolution=steps).boundingbox
        pixels = [
            map_to_pixel(anchor, east, north) for east in (box.left, box.right) for north in (box.bottom, box.top)
        ]
    top, left = (math.floor(min(values) + _EDGE_PX) for values in ([p.row for p in pixels], [p.col for p in pixels]))
    bottom, right = (math.ceil(max(values) - _EDGE_PX) for values in ([p.row for p in pixels], [p.col for p in pixels]))
    return _Place(Window(top, left, bottom - top, right - left), aligned=False)


def _note_times(scenes: Sequence[Scene]) -> list[str]:
    first = min(scene.acquisition for scene in scenes)
    last = max((scene.last_acquisition for scene in scenes), key=attrgetter("latest"))
    if first == last or last.latest - first.moment <= _NOTABLE:
        return []
    return [f"its scenes were taken from {first} to {last}: dated by the first"]


def _gather_notes(scenes: Sequence[Scene]) -> Iterator[str]:
    """Give the notes of each scene with its name; what holds of all is said once."""
    shared = [note for note in scenes[0].provenance.notes if all(note in scene.provenance.notes for scene in scenes)]
    yield from (f"each of the {len(scenes)} scenes: {note}" for note in shared)
    for scene in scenes:
        yield from (f"{scene.name}: {note}" for note in scene.provenance.notes if note not in shared)


def _join_texts(texts: Iterable[str | None]) -> str | None:
    """Return what is said once of each, sorted; None where nothing is."""
    return ", ".join(sorted({text for text in texts if text})) or None


def _describe(scenes: Sequence[Scene], notes: Sequence[str]) -> Provenance:
    sources = [scene.provenance for scene in scenes]
    digest = hashlib.sha256("".join(f"{sha256}\n" for sha256 in sorted(part.sha256 for part in sources)).encode())
    layouts = _join_texts(part.layout for part in sources)
    return Provenance(
        path=Path(_name(scenes)),
        sha256=digest.hexdigest(),
        size_bytes=sum(part.size_bytes for part in sources),
        scaling=_say_once([part.scaling for part in sources]),
        mask=_say_once([part.mask for part in sources]),
        processing_baseline=_join_texts(part.processing_baseline for part in sources),
        licence=_join_texts(part.licence for part in sources),
        synthetic=all(part.synthetic for part in sources),
        layout=f"mosaic of {len(scenes)} ({layouts})",
        offset=_join_offsets([part.offset for part in sources]),
        notes=tuple(notes),
        day_alone=min(scene.acquisition for scene in scenes).day_alone,
        parts=tuple(
            Part(
                name=scene.name,
                grid=scene.grid,
                bands=scene.bands,
                quantity=scene.quantity,
                sensor=scene.sensor,
                acquired=scene.acquired,
                provenance=scene.provenance,
            )
            for scene in scenes
        ),
    )


def _name(scenes: Sequence[Scene]) -> str:
    last = max(scene.last_acquisition.moment for scene in scenes)
    days = [f"{when:%Y-%m-%d}" for when in (min(scene.acquired for scene in scenes), last)]
    return f"{len(scenes)} scenes of {days[0]}" + (f" to {days[1]}" if days[1] != days[0] else "")


def _say_once(texts: Sequence[str]) -> str:
    """Return what is said of all scenes, or that it differs."""
    if len(set(texts)) == 1:
        return texts[0]
    without = texts.count("none")
    return "each scene's own" + (f", none of {without} of {len(texts)}" if without else "")


def _join_offsets(offsets: Sequence[OffsetVerdict | None]) -> OffsetVerdict | None:
    """Return the verdict that holds of all scenes; None where they differ, for then no one repair can be right.

    It is certain where it is of any of them: what was taken off all of them is then right.
    """
    first = offsets[0]
    known = [offset for offset in offsets if offset is not None]
    if first is None or len(known) < len(offsets) or any(offset.added != first.added for offset in known):
        return None
    certain, stated = any(offset.certain for offset in known), all(offset.stated for offset in known)
    return replace(first, certain=certain, stated=stated, note=None)


def _add_notes(scene: Scene, notes: Sequence[str]) -> Scene:
    if not notes:
        return scene
    source = scene.provenance
    return replace(scene, provenance=replace(source, notes=(*source.notes, *notes)))
