"""Measure a pair once, on a fixed lattice of tiles, before anything is compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.coregister import Shift, TileShift, combine_shifts, measure_shift
from colibri_geo.core.normalize import MIN_SAMPLE, RadiometricMatch, match_radiometry
from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    BandMismatch,
    DateOrder,
    MisalignedPair,
    NoValidData,
    QuantityMismatch,
    SameScene,
    UnsupportedFormat,
)
from colibri_geo.pairs.changemap import BARE_WEIGHTS
from colibri_geo.pairs.grid import find_shared, measure_overlap_share, plan_grid
from colibri_geo.pairs.model import PairModel
from colibri_geo.pairs.offsets import Repair, Side, reconcile_offsets
from colibri_geo.pairs.reading import Placement
from colibri_geo.scenes.georeference import measure_pixel
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.sampling import cover_windows
from colibri_geo.scenes.scaling import GAMMA0_DB
from colibri_geo.scenes.scene import Block, Scene
from colibri_geo.settings import SurveySettings, take_settings

SampleArray = np.ndarray[Any, np.dtype[np.float64]]

_LEAST_TILE_PX = 48
_COARSER = 1.25
_LEAST_TILES = 3  # that agree: of one or two, chance alone makes a shift
_FEW_OTHERS = 0.25  # of the tiles: more of another shift than those are no outliers
_SAMPLE = 20_000
_AT_ONCE_PX = 512 * 512
_TEXTURE_ORDER = (
    "red",
    "green",
    "swir16",
    "blue",
    "nir",
    "swir22",
    "vv",
    "vh",
)  # vegetation's texture lasts longest in red
_LEAST_NOISE = {"relative": 0.5 / 255}
_LEAST_REFLECTANCE_NOISE = 0.001
_MOST_CLASSES = 12  # as many as SCL has codes
_LOOKED_AT = 3  # windows a side
_LEAST_AREA = 0.9  # of neighbours with the same value: 0.99 in real masks, 0.43 at most in real images of 8 bits
_SAME_VALUE = 1e-5  # stored steps of reflectance are ten times that; scaling and resampling move a value by less


def survey(before: Scene, after: Scene, settings: SurveySettings | None = None) -> PairModel:
    """Measure shift, radiometric match and noise of a pair.

    The same tiles are sampled however the work is cut later, so that no result depends on the cut.

    Parameters
    ----------
    before, after : Scene
    settings : SurveySettings, optional

    Returns
    -------
    PairModel

    Raises
    ------
    DateOrder, SameScene, QuantityMismatch, BandMismatch
        Where the scenes do not make a pair.
    UnsupportedFormat
        Where both are masks or other maps of classes.
    NoOverlap
        Where they share no ground.
    NoValidData
        Where one of them has the same value wherever both were measured.
    MisalignedPair
        Where they are shifted against each other by more than the stated limit.
    RadiometryError
        Where one Sentinel-2 offset lies between them and it cannot be told which is the wrong one.
    """
    settings = take_settings(settings, SurveySettings)
    grid = plan_grid(before, after)
    overlap_share = measure_overlap_share(before, after, grid)
    bands = choose_bands(before, after)
    classes = _check_classes(before, after)
    tiles = place_tiles(before, after, grid, settings)
    first, second = Placement(before, bands, grid), Placement(after, bands, grid)
    shift, notes = _measure_shift(first, second, tiles, settings)
    moved = Placement(after, bands, grid, shift.rows_px, shift.cols_px)
    sample = _sample(first, moved, tiles)
    _check_values(first, sample.before)
    _check_values(moved, sample.after)
    match, match_notes = _match(sample, quantity=before.quantity)
    same = _note_same(sample)
    repair = Repair() if match_notes else _reconcile(first, moved, sample, match)
    if repair.notes:
        sample = _Sample(sample.before + repair.added_before, sample.after + repair.added_after, sample.clear_share)
        match, _ = _match(sample, quantity=before.quantity)
    return PairModel(
        grid=grid,
        bands=bands,
        quantity=before.quantity,
        shift_east_m=shift.cols_px * float(grid.affine.a),
        shift_north_m=shift.rows_px * float(grid.affine.e),
        shift_spread_m=shift.spread_px * float(grid.affine.a),
        shift_tiles=shift.agreeing,
        gain=tuple(float(g) for g in match.gain),
        offset=tuple(float(o) for o in match.offset),
        residual=tuple(float(r) for r in match.residual),
        covariance=tuple(tuple(float(c) for c in row) for row in match.covariance),
        overlap_share=overlap_share,
        clear_share=sample.clear_share,
        added_before=repair.added_before,
        added_after=repair.added_after,
        notes=(*classes, *_note_pixels(before, after), *same, *notes, *match_notes, *repair.notes),
    )


def _note_pixels(before: Scene, after: Scene) -> tuple[str, ...]:
    """Say where one image is much coarser than the other, whose pixels the pair has."""
    sizes = sorted(measure_pixel(scene.grid).finer_m for scene in (before, after))
    if sizes[1] <= _COARSER * sizes[0]:
        return ()
    note = (
        f"the images have pixels of {sizes[0]:.0f} m and {sizes[1]:.0f} m: nothing is seen sharper than in the coarser "
        "and widths are less certain than their intervals say"
    )
    return (note,)


def _check_classes(before: Scene, after: Scene) -> tuple[str, ...]:
    """Refuse two masks that were named as bands; note one alone: it may be an image that was saved with few values."""
    found = [scene.name for scene in (before, after) if _holds_classes(scene)]
    if len(found) == 2:
        raise UnsupportedFormat(
            f"{before.name} and {after.name}: one band of {_MOST_CLASSES} values or fewer in areas of one value, as "
            "masks and maps of classes have, expected images of the ground; give masks with --before-mask, --after-mask"
        )
    return tuple(
        f"{name} has {_MOST_CLASSES} values or fewer in areas of one value, as masks and maps of classes have: "
        "is it an image?"
        for name in found
    )


def _holds_classes(scene: Scene) -> bool:
    if len(scene.bands) > 1:
        return False
    found = np.empty(0, np.float32)
    same = beside = 0
    for window in cover_windows(scene.whole.rows, scene.whole.cols, _LOOKED_AT):
        block = scene.read_block(window)
        image, both = block.values[0], block.valid[:, 1:] & block.valid[:, :-1]
        found = np.union1d(found, image[block.valid])
        if found.size > _MOST_CLASSES:
            return False
        same += int((image[:, 1:] == image[:, :-1])[both].sum())
        beside += int(both.sum())
    return found.size > 1 and beside > 0 and same >= _LEAST_AREA * beside


def _check_values(place: Placement, values: SampleArray) -> None:
    """Refuse an image that shows nothing: one value a band wherever it was sampled, as of a failed or filled one."""
    if values.shape[1] >= MIN_SAMPLE and np.ptp(values, axis=1).max() <= _SAME_VALUE:
        found = ", ".join(f"{band} {value:.3g}" for band, value in zip(place.bands, values[:, 0], strict=True))
        raise NoValidData(
            f"{place.scene.name}: all sampled pixels have the same value ({found}), expected an image of the ground; "
            "fetch it again"
        )


def _note_same(sample: _Sample) -> tuple[str, ...]:
    """Say where both images show the same, though they are other files."""
    if sample.before.shape[1] < MIN_SAMPLE or np.abs(sample.before - sample.after).max() > _SAME_VALUE:
        return ()
    return ("the two images have the same pixels: is one a copy of the other?",)


def choose_bands(before: Scene, after: Scene) -> tuple[str, ...]:
    """Return the bands that both scenes have, after checking that the scenes make a pair.

    Raises
    ------
    DateOrder, SameScene, QuantityMismatch, BandMismatch
    """
    check_order(before, after, remedy="correct the times with --before-date and --after-date")
    if before.quantity == after.quantity == GAMMA0_DB:
        raise BandMismatch(
            f"{before.name} and {after.name} are radar images, expected optical ones; "
            "radar corroborates strips found in optical images; give it as --before-radar and --after-radar"
        )
    if before.quantity != after.quantity:
        raise QuantityMismatch(
            f"{before.name} holds {before.quantity}, {after.name} {after.quantity}; expected the same in both, "
            "give images of one kind"
        )
    for one, other in ((before, after), (after, before)):
        lacking = [band for band in ("red", "nir") if band in one.bands and band not in other.bands]
        if lacking:
            raise BandMismatch(
                f"{other.name} lacks {', '.join(lacking)}, which {one.name} has; expected the same bands in both, "
                "or name those to use with "
                f"--bands {','.join(band for band in one.bands if band in other.bands)}"
            )
    bands = tuple(band for band in before.bands if band in after.bands)
    if not any(BARE_WEIGHTS.get(band) for band in bands):
        raise BandMismatch(
            f"{before.name} has {', '.join(before.bands)}, {after.name} has {', '.join(after.bands)}; expected "
            f"common bands that tell bare ground, of {', '.join(BARE_WEIGHTS)}"
        )
    return bands


def check_order(before: Scene, after: Scene, *, remedy: str) -> None:
    """Check that two scenes are different images, the older first.

    Parameters
    ----------
    before, after : Scene
    remedy : str
        What to do where neither image was given twice nor both the wrong way round, for the error message.

    Raises
    ------
    SameScene, DateOrder
    """
    if before.provenance.sha256 == after.provenance.sha256:
        raise SameScene(
            f"{before.name} and {after.name} hold the same bytes; expected two images of different dates, give the "
            "other one"
        )
    older, newer = before.last_acquisition, after.acquisition
    day = newer.moment.date()
    if older.moment.date() == day and (older.day_alone or newer.day_alone):
        raise DateOrder(
            f"{before.name} and {after.name} are of one day, {day}, and not of both the time is known; expected an "
            f"older and a newer image: is it the same one? Give the other one, or {remedy}"
        )
    if after.acquired == before.acquired:
        raise DateOrder(
            f"{before.name} and {after.name} have the same acquisition time {before.acquisition}; "
            f"expected two dates: is it the same image? Give the other one, or {remedy}"
        )
    if newer < older:
        raise DateOrder(
            f"{after.name} ({newer}) is older than {before.name} ({older}); expected the older image first, swap the "
            f"images, or {remedy}"
        )


def place_tiles(before: Scene, after: Scene, grid: GeoBox, settings: SurveySettings) -> list[Window]:
    """List the tiles on which a pair is measured: spread over its grid, or over what both scenes reach of it.

    The latter where they reach fewer than half of the tiles: scenes of a mosaic may lie far apart.
    """
    tiles = list_tiles(int(grid.shape[0]), int(grid.shape[1]), settings)
    shared = find_shared(before, after, grid)
    if 2 * sum(any(not tile.cut(window).empty for window in shared) for tile in tiles) >= len(tiles):
        return tiles
    spread = [
        Window(window.row + tile.row, window.col + tile.col, tile.rows, tile.cols)
        for window in shared
        for tile in list_tiles(window.rows, window.cols, settings)
    ]
    return spread[:: -(-len(spread) // settings.max_tiles)]


def list_tiles(rows: int, cols: int, settings: SurveySettings) -> list[Window]:
    """List the tiles on which a pair of `rows` by `cols` pixels is measured: spread evenly, in a fixed order.

    Examples
    --------
    >>> [(tile.row, tile.col, tile.rows) for tile in list_tiles(100, 300, SurveySettings())]
    [(0, 0, 48), (0, 126, 48), (0, 252, 48), (52, 0, 48), (52, 126, 48), (52, 252, 48)]
    """
    side = min(rows, cols, max(_LEAST_TILE_PX, min(settings.tile_px, min(rows, cols) // 3)))
    most = max(1, int(settings.max_tiles**0.5))
    starts = [
        _spread(length, side, min(most, max(1, 3 if length >= 3 * side else length // side))) for length in (rows, cols)
    ]
    if min(rows, cols) >= 4 * side:
        starts = [_spread(length, side, min(most, length // side)) for length in (rows, cols)]
    return [Window(row, col, side, side) for row, col in product(*starts)]


def _spread(length: int, side: int, count: int) -> list[int]:
    if count == 1:
        return [(length - side) // 2]
    return [(length - side) * step // (count - 1) for step in range(count)]


def _measure_shift(
    first: Placement, second: Placement, tiles: list[Window], settings: SurveySettings
) -> tuple[Shift, tuple[str, ...]]:
    """Measure the shift of a pair, and tell whether it is one to be removed."""
    shift = find_shift(first, second, tiles, settings)
    pixel_m = float(first.grid.affine.a)
    if not shift.agreeing:
        few = shift.measured < _LEAST_TILES
        reason = f"{shift.measured} tiles show enough common texture" if few else "the tiles disagree"
        return shift, (f"shift between the images not measured ({reason}): none was removed",)
    apart = _note_apart(first.scene, second.scene, shift)
    length_px = float(np.hypot(shift.rows_px, shift.cols_px))
    if length_px > settings.max_shift_px:
        raise MisalignedPair(
            f"{second.scene.name} lies {length_px:.1f} px ({length_px * pixel_m:.0f} m) off {first.scene.name}, "
            f"expected at most {settings.max_shift_px:g} px; orthorectify one of them again"
        )
    if length_px > settings.quality_shift_px:
        note = (
            f"the images were shifted by {length_px:.1f} px ({length_px * pixel_m:.0f} m) against each other, more "
            f"than the {settings.quality_shift_px:g} px of a sound pair: removed, but treat ends and edges with care"
        )
        return shift, (note, *apart)
    return shift, apart


def find_shift(first: Placement, second: Placement, tiles: list[Window], settings: SurveySettings) -> Shift:
    """Measure the shift twice: on the pair as it is, then on what is left of it.

    Parameters
    ----------
    first, second : Placement
        Both scenes on one grid, with the bands that both have, one at least.
    tiles : list of Window
        Of that grid, on which the shift is measured.
    settings : SurveySettings

    Returns
    -------
    Shift
        Of the second scene against the first, in pixels of the grid. Where too few tiles agree, `agreeing` is 0: it
        was not measured.
    """
    band = next(name for name in _TEXTURE_ORDER if name in first.bands)
    texture = [Placement(p.scene, (band,), p.grid) for p in (first, second)]
    still = list(_read_tiles(texture[0], tiles))
    shift = _combine(still, texture[1], tiles)
    if shift.agreeing < max(_LEAST_TILES, settings.min_agreement * shift.measured):
        return Shift(0.0, 0.0, 0.0, 0, shift.measured)
    moved = Placement(second.scene, (band,), second.grid, shift.rows_px, shift.cols_px)
    rest = _combine(still, moved, tiles)
    if rest.agreeing < max(_LEAST_TILES, settings.min_agreement * rest.measured):
        return shift
    rows_px, cols_px = shift.rows_px + rest.rows_px, shift.cols_px + rest.cols_px
    return Shift(rows_px, cols_px, rest.spread_px, rest.agreeing, rest.measured)


def _note_apart(before: Scene, after: Scene, shift: Shift) -> tuple[str, ...]:
    """Say where scenes of a mosaic may be shifted otherwise than the pair as a whole."""
    others = shift.measured - shift.agreeing
    if not (before.provenance.parts or after.provenance.parts) or others <= _FEW_OTHERS * shift.measured:
        return ()
    note = (
        f"{others} of {shift.measured} tiles show another shift than the one removed: scenes of a date may be shifted "
        "against each other, and there what is old can look new; compare them one by one"
    )
    return (note,)


def _read_tiles(placement: Placement, tiles: Sequence[Window]) -> Iterator[Block]:
    """Read tiles one by one, or at once where all they lie on is small: asking costs more than pixels."""
    around = reduce(Window.joined, tiles)
    if around.rows * around.cols > _AT_ONCE_PX:
        yield from map(placement.read, tiles)
        return
    whole = placement.read(around)
    for tile in tiles:
        rows, cols = tile.relative_to(around).slices
        yield Block(whole.values[:, rows, cols], whole.unseen[rows, cols])


def _combine(still: Sequence[Block], moving: Placement, tiles: list[Window]) -> Shift:
    measured: list[TileShift] = []
    for one, other in zip(still, _read_tiles(moving, tiles), strict=True):
        shift = measure_shift(one.values[0], other.values[0], one.valid & other.valid)
        if shift is not None:
            measured.append(shift)
    return combine_shifts(measured)


@dataclass(frozen=True)
class _Sample:
    """Pixels of the tiles that are observed on both dates, (B, K) each."""

    before: SampleArray
    after: SampleArray
    clear_share: float


def _sample(first: Placement, second: Placement, tiles: list[Window]) -> _Sample:
    step = max(1, math.ceil(math.sqrt(sum(tile.rows * tile.cols for tile in tiles) / _SAMPLE)))
    befores, afters, common = [], [], 0
    for one, other in zip(_read_tiles(first, tiles), _read_tiles(second, tiles), strict=True):
        valid = (one.valid & other.valid)[::step, ::step]
        inside = np.maximum(one.unseen[::step, ::step], other.unseen[::step, ::step]) < Unseen.OUTSIDE.value
        common += int(inside.sum())
        befores.append(one.values[:, ::step, ::step][:, valid])
        afters.append(other.values[:, ::step, ::step][:, valid])
    before = np.concatenate(befores, axis=1).astype(np.float64)
    after = np.concatenate(afters, axis=1).astype(np.float64)
    return _Sample(before, after, before.shape[1] / common if common else 0.0)


def _reconcile(first: Placement, second: Placement, sample: _Sample, match: RadiometricMatch) -> Repair:
    before, after = Side(first.scene, sample.before), Side(second.scene, sample.after)
    return reconcile_offsets(before, after, match, first.bands)


def _match(sample: _Sample, *, quantity: str) -> tuple[RadiometricMatch, tuple[str, ...]]:
    least_noise = _LEAST_NOISE.get(quantity, _LEAST_REFLECTANCE_NOISE)
    count = len(sample.before)
    if sample.before.shape[1] < MIN_SAMPLE:
        still = np.full(count, least_noise)
        note = "too little ground was observed on both dates to match their radiometry: it was taken as it is"
        return RadiometricMatch(np.ones(count), np.zeros(count), still, np.diag(still**2)), (note,)
    return match_radiometry(sample.before, sample.after, least_noise=least_noise), ()
