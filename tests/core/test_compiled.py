"""Compiled kernels and their twins in NumPy: the same numbers, bit by bit."""

from __future__ import annotations

import ctypes
import dataclasses
import math
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import colibri_geo
from colibri_geo.core import compiled
from colibri_geo.core.fields import CORE_HALF_PX, Extent, Field, find_mean_vectors, map_contrast
from colibri_geo.core.frames import ACROSS_STEP_PX, Frame, Line, Mosaic, merge_dates, straighten
from colibri_geo.core.resample import Coarse, translate
from colibri_geo.core.segments import Turn, take_turn
from colibri_geo.core.whitening import Whitening
from colibri_geo.core.windows import Window

SIDE_PX = 32
SEEDS = range(40)


@pytest.fixture(autouse=True)
def kernels() -> ctypes.CDLL:
    """What was compiled at installation."""
    if compiled.KERNELS is None:
        pytest.skip("the library was installed without a C compiler: there are only the twins")
    return compiled.KERNELS


@contextmanager
def only_twins() -> Iterator[None]:
    """Let the twins work."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compiled, "KERNELS", None)
        yield


def _draw_mosaic(rng: np.random.Generator, window: Window, *, bands: int, dates: int) -> Mosaic:
    """Tiles of noise of which some pixels were not observed, and some tiles are not there."""
    planes = dates * (bands + 1)
    tiles = {}
    for row in range(window.row // SIDE_PX * SIDE_PX, window.end_row, SIDE_PX):
        for col in range(window.col // SIDE_PX * SIDE_PX, window.end_col, SIDE_PX):
            seen = (rng.random((SIDE_PX, SIDE_PX, dates)) < 0.9).astype(np.float32)
            images = rng.standard_normal((SIDE_PX, SIDE_PX, dates, bands)).astype(np.float32) * seen[..., None]
            tile = np.concatenate([images.reshape(SIDE_PX, SIDE_PX, -1), seen], axis=2)
            if rng.random() < 0.9:
                tiles[row, col] = np.ascontiguousarray(tile)
    return Mosaic(window, tiles, SIDE_PX, planes)


def _straighten(rng: np.random.Generator) -> tuple[Mosaic, dict[str, int | float]]:
    dates, half_width_px = int(rng.integers(1, 3)), float(rng.integers(2, 15))
    window = Window(*rng.integers(-90, 90, 2).tolist(), *rng.integers(120, 160, 2).tolist())
    mosaic = _draw_mosaic(rng, window, bands=int(rng.integers(1, 7)), dates=dates)
    first, last = int(rng.integers(-40, -20)), int(rng.integers(20, 40))
    return mosaic, {
        "first_station": first,
        "last_station": last,
        "half_width_px": half_width_px,
        "dates": dates,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_tiles_are_sampled_alike(seed: int) -> None:
    """Samples of tiles, also of pixels at their seams and of tiles that are not there, are those of the stack."""
    rng = np.random.default_rng(seed)
    mosaic, look = _straighten(rng)
    line = Line(mosaic.window.rows / 2 + rng.random(), mosaic.window.cols / 2 + rng.random(), 360 * rng.random())
    frames: list[Frame] = [straighten(mosaic, line, **look)]
    with only_twins():
        frames.append(straighten(mosaic, line, **look))
    frames.append(straighten(mosaic.assemble(), line, **look))
    for frame in frames[1:]:
        np.testing.assert_array_equal(frames[0].images.view(np.uint32), frame.images.view(np.uint32))
        np.testing.assert_array_equal(frames[0].weights.view(np.uint32), frame.weights.view(np.uint32))
    assert frames[0].weights.any()


def _draw_field(rng: np.random.Generator) -> Field:
    """A strip, somewhat aslant, in noise; some of it was not observed."""
    bands, half = int(rng.integers(1, 8)), int(rng.choice([17, 25]))
    offsets = np.arange(-half, half + 1) * ACROSS_STEP_PX
    stations = np.arange(int(rng.integers(-150, -60)), int(rng.integers(60, 150))).astype(np.float64)
    axis = rng.uniform(-2, 2) + math.tan(math.radians(rng.uniform(-2, 2))) * stations
    strip = (np.abs(offsets[:, None] - axis) <= 1.3) & (np.abs(stations) <= rng.uniform(10, 70))
    height = rng.uniform(0, 4) * rng.standard_normal(bands)
    values = rng.standard_normal((bands, len(offsets), len(stations))) + height[:, None, None] * strip
    weight = rng.random(strip.shape) * (rng.random(strip.shape) < 0.97)
    weight[:, : int(rng.integers(0, 30))] = 0
    return Field((values * (weight > 0)).astype(np.float32), weight.astype(np.float32), offsets, stations)


@pytest.mark.parametrize("core_half", [0.5, CORE_HALF_PX, 4.0])
def test_contrasts_are_alike(core_half: float) -> None:
    """Mean vectors of all parallels, up to the sides of what is seen, and the map of contrasts are the same."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        field = _draw_field(rng)
        extent = Extent(-rng.uniform(8, 200), rng.uniform(8, 200))
        single = field.project(rng.standard_normal(len(field.values)).astype(np.float32))
        measured = [_measure_contrasts(field, single, extent, core_half)]
        with only_twins():
            measured.append(_measure_contrasts(field, single, extent, core_half))
        for one, other in zip(*measured, strict=True):
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)
            assert one.any()


@pytest.mark.parametrize("extent", [Extent(500.0, 510.0), Extent(10.0, -10.0), Extent(3.0, 3.0), Extent(-20.0, 20.0)])
@pytest.mark.parametrize("observed", [0, 1])
def test_lines_without_contrast_are_alike(extent: Extent, observed: int) -> None:
    """Beyond what is seen, of no station or of one, where nothing was observed, and on even ground."""
    field = _draw_field(np.random.default_rng(0))
    even = Field(np.ones_like(field.values), np.full_like(field.weight, observed), field.offsets, field.stations)
    measured = [_measure_contrasts(even, even.project(np.ones(len(even.values), np.float32)), extent, CORE_HALF_PX)]
    with only_twins():
        measured.append(
            _measure_contrasts(even, even.project(np.ones(len(even.values), np.float32)), extent, CORE_HALF_PX)
        )
    for one, other in zip(*measured, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)
    assert not measured[0][0].any()


def _measure_contrasts(field: Field, single: Field, extent: Extent, core_half: float) -> list[np.ndarray]:
    vectors = find_mean_vectors(field, extent, offsets=field.offsets, core_half=core_half)
    contrast = map_contrast(single, core_half)
    return [vectors, contrast.values, contrast.weight]


@pytest.mark.parametrize(("shift_px", "core_half"), [(0.2, 1.0), (0.0, 1.2), (-0.3, 0.8)])
def test_lines_between_the_rows_are_alike(rng: np.random.Generator, shift_px: float, core_half: float) -> None:
    """Lines, and cores, that are no whole steps apart have the contrast of where they are, not of the nearest row."""
    offsets, stations = np.arange(-20, 21) * ACROSS_STEP_PX, np.arange(60.0)
    values = rng.standard_normal((2, len(offsets), len(stations))).astype(np.float32)
    field = Field(values, np.ones(values.shape[1:], dtype=np.float32), offsets, stations)
    asked = np.array([-1.5, 0.0, 1.0]) + shift_px
    vectors = find_mean_vectors(field, Extent(5, 50), offsets=asked, core_half=core_half)
    with only_twins():
        twin = find_mean_vectors(field, Extent(5, 50), offsets=asked, core_half=core_half)
    np.testing.assert_array_equal(vectors, twin)


@pytest.mark.parametrize("observed", [0.7, 1.0])
@pytest.mark.parametrize(("row_fraction", "col_fraction"), [(0.3, 0.86), (0.0, 0.5), (0.25, 0.0), (0.0, 0.0)])
@pytest.mark.parametrize("shape", [(33, 50), (1, 7), (0, 3)])
def test_images_are_moved_alike(
    shape: tuple[int, int], row_fraction: float, col_fraction: float, observed: float
) -> None:
    """By any fraction of a pixel, with gaps and without, wherever they lie in memory."""
    rng = np.random.default_rng(7)
    values = rng.standard_normal((2 * shape[0] + 8, 3, shape[1] + 4)).astype(np.float32)[::2].transpose(1, 0, 2)
    measured = rng.random(values.shape[1:]) < observed
    moved = translate(values, measured, row_fraction=row_fraction, col_fraction=col_fraction)
    assert moved.shape == (3, *shape)
    with only_twins():
        alone = translate(values, measured, row_fraction=row_fraction, col_fraction=col_fraction)
    np.testing.assert_array_equal(moved.view(np.uint32), alone.view(np.uint32))


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("dates", [1, 2])
def test_images_are_woven_alike(dates: int, scale: int) -> None:
    """Whitened and put side by side, wherever they lie in memory; each is what is whitened alone."""
    rng = np.random.default_rng(dates)
    whitening = Whitening(np.tril(rng.standard_normal((4, 5, 3, 3))).astype(np.float32), row=-1, scale=scale)
    window = Window(16 * scale, 0, 32 * scale, 64 * scale)
    drawn = rng.standard_normal((dates, 3, 2 * window.rows, window.cols)).astype(np.float32)[:, :, ::2]
    images = [Coarse(image, rng.random((window.rows, window.cols)) < 0.8) for image in drawn]
    woven = whitening.weave(images, window)
    with only_twins():
        np.testing.assert_array_equal(woven.view(np.uint32), whitening.weave(images, window).view(np.uint32))
    for date, image in enumerate(images):
        alone = woven[..., 3 * date : 3 * date + 3].transpose(2, 0, 1)
        np.testing.assert_array_equal(alone, whitening.apply(image.image, window))
        np.testing.assert_array_equal(woven[..., 3 * dates + date], image.seen)
    assert woven.flags.c_contiguous


@pytest.mark.parametrize(
    ("sides", "window", "said"),
    [
        ([30], Window(0, 0, 30, 30), "expected edges at multiples of 16"),
        ([32], Window(0, 8, 32, 32), "expected edges at multiples of 16"),
        ([32, 16], Window(0, 0, 32, 32), r"an image of \(3, 16, 16\), seen in \(16, 16\); expected \(3, 32, 32\)"),
        ([16], Window(0, 0, 32, 32), r"an image of \(3, 16, 16\)"),
    ],
)
def test_images_that_do_not_fill_the_window_are_not_woven(sides: list[int], window: Window, said: str) -> None:
    """Images of several sizes, or beside the lattice of blocks, are refused; nothing is written beyond a row."""
    whitening = Whitening(np.ones((4, 4, 3, 3), dtype=np.float32))
    images = [Coarse(np.ones((3, side, side), dtype=np.float32), np.ones((side, side), dtype=bool)) for side in sides]
    with pytest.raises(ValueError, match=said):
        whitening.weave(images, window)
    with only_twins(), pytest.raises(ValueError, match=said):
        whitening.weave(images, window)


@pytest.mark.parametrize("shape", [(2, 32, 32), (4, 32, 32), (3, 32)])
def test_images_of_other_bands_are_not_woven(shape: tuple[int, ...]) -> None:
    """An image has the bands that are whitened, and what was seen of it the same pixels."""
    whitening = Whitening(np.ones((2, 2, 3, 3), dtype=np.float32))
    spoilt = [
        Coarse(np.ones(shape, dtype=np.float32), np.ones((32, 32), dtype=bool)),
        Coarse(np.ones((3, 32, 32), dtype=np.float32), np.ones(shape, dtype=bool)),
    ]
    for image in spoilt:
        with pytest.raises(ValueError, match=r"expected \(3, 32, 32\)"):
            whitening.weave([image], Window(0, 0, 32, 32))
        with only_twins(), pytest.raises(ValueError, match=r"expected \(3, 32, 32\)"):
            whitening.weave([image], Window(0, 0, 32, 32))


@pytest.mark.parametrize("of_change", [True, False])
@pytest.mark.parametrize("bands", [1, 4, 6])
def test_dates_are_merged_alike(bands: int, *, of_change: bool) -> None:
    """The change where both dates are observed, or else the mean, or the date that is observed."""
    rng = np.random.default_rng(bands)
    seen = (rng.random((16, 16, 2)) < 0.7).astype(np.float32)
    images = rng.standard_normal((16, 16, 2, bands)).astype(np.float32) * seen[..., None]
    dates = np.concatenate([images.reshape(16, 16, -1), seen], axis=2)
    merged = merge_dates(dates, of_change=of_change)
    with only_twins():
        np.testing.assert_array_equal(merged.view(np.uint32), merge_dates(dates, of_change=of_change).view(np.uint32))
    both, alone = seen.all(axis=2), seen[..., 0] > seen[..., 1]
    before, after = images[..., 0, :], images[..., 1, :]
    np.testing.assert_array_equal(merged[both, :-1], (after - before if of_change else (before + after) / 2)[both])
    np.testing.assert_array_equal(merged[alone, :-1], 0 if of_change else before[alone])
    np.testing.assert_array_equal(merged[..., -1], seen.min(axis=2) if of_change else seen.max(axis=2))


@pytest.mark.parametrize("shape", [(6,), (4, 6), (4, 4, 7), (4, 4, 0)])
def test_dates_of_another_shape_are_not_merged(shape: tuple[int, ...]) -> None:
    """What has no rows and columns, or not the planes of two dates, is refused, not read beyond its end."""
    dates = np.ones(shape, dtype=np.float32)
    with pytest.raises(ValueError, match="expected rows, columns and 2 B \\+ 2 planes"):
        merge_dates(dates, of_change=True)
    with only_twins(), pytest.raises(ValueError, match="expected rows, columns and 2 B \\+ 2 planes"):
        merge_dates(dates, of_change=True)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"half_width_px": -1.0}, "-1.0 pixels to each side; expected one station or more, and 0 pixels or more"),
        ({"last_station": -6}, "stations -5 to -6"),
        ({"half_width_px": math.nan}, "nan pixels to each side"),
        ({"dates": 2}, "a stack of 3 planes for 2 images, expected B . 1 for each"),
        ({"dates": 3}, "a stack of 3 planes for 3 images, expected B . 1 for each"),
        ({"dates": 0}, "a stack of 3 planes for 0 images"),
    ],
)
def test_looks_at_nothing_are_refused(asked: dict[str, float], said: str) -> None:
    """A look without stations or offsets, or of other images than there are, gives no frame."""
    mosaic = _draw_mosaic(np.random.default_rng(0), Window(0, 0, 64, 64), bands=2, dates=1)
    look = {"first_station": -5, "last_station": 5, "half_width_px": 5.0, "dates": 1} | asked
    with pytest.raises(ValueError, match=said):
        straighten(mosaic, Line(32.0, 32.0, 0.0), **look)
    with only_twins(), pytest.raises(ValueError, match=said):
        straighten(mosaic, Line(32.0, 32.0, 0.0), **look)


def test_single_band_has_vectors_of_one() -> None:
    """A field of one band that is given without an axis of bands has the mean contrast of one with it."""
    field = _draw_field(np.random.default_rng(3))
    flat, asked = Field(field.values[0], field.weight, field.offsets, field.stations), np.array([0.0, 1.0])
    single = dataclasses.replace(field, values=field.values[:1])
    vectors = find_mean_vectors(flat, Extent(-20, 20), offsets=asked, core_half=1.0)
    np.testing.assert_array_equal(vectors, find_mean_vectors(single, Extent(-20, 20), offsets=asked, core_half=1.0))
    with only_twins():
        np.testing.assert_array_equal(vectors, find_mean_vectors(flat, Extent(-20, 20), offsets=asked, core_half=1.0))


def _take_both(field: Field, extent: Extent, *, judged: bool) -> tuple[Turn | None, Turn | None]:
    compiled_turn = take_turn(field, extent, least_px=60.0, most_px=150.0, judged=judged)
    with only_twins():
        return compiled_turn, take_turn(field, extent, least_px=60.0, most_px=150.0, judged=judged)


def test_turns_of_the_fit_are_alike() -> None:
    """Axis, ends and verdict of a turn are the same, of strips that are clear, faint or not there."""
    taken = []
    for seed in range(300):
        rng = np.random.default_rng(seed)
        field = _draw_field(rng)
        extent = Extent(-rng.uniform(8, 50), rng.uniform(8, 50))
        one, other = _take_both(field, extent, judged=bool(seed % 2))
        assert one == other, seed
        taken.append(one is not None)
    assert 30 < sum(taken) < 270  # both were asked


@pytest.mark.parametrize("observed", [0, 1])
def test_turn_with_nothing_to_go_by_is_given_up(observed: int) -> None:
    """Nothing observed, or an even ground, gives no turn."""
    field = _draw_field(np.random.default_rng(0))
    weight = np.full_like(field.weight, observed)
    empty = Field(np.ones_like(field.values) * observed, weight, field.offsets, field.stations)
    assert _take_both(empty, Extent(-20.0, 20.0), judged=True) == (None, None)


@pytest.mark.parametrize(("left", "right"), [(9, 9), (17, 16)])
def test_turn_needs_room_beside_the_line(left: int, right: int) -> None:
    """A field that is too narrow for the flanks, on either side, is refused, not read beyond its sides."""
    field = _draw_field(np.random.default_rng(0))
    middle = len(field.offsets) // 2
    near = slice(middle - left, middle + right + 1)
    narrow = Field(field.values[:, near], field.weight[near], field.offsets[near], field.stations)
    with pytest.raises(ValueError, match="fewer offsets than it needs"):
        take_turn(narrow, Extent(-20.0, 20.0), least_px=20.0, most_px=300.0, judged=False)


def test_whole_run_finds_the_same(project: Path) -> None:
    """The strips of the samples are the same to the last digit, whoever measures them."""
    images = [project / "data" / "samples" / f"forest_{date}.tif" for date in ("before", "after")]
    fast = colibri_geo.compare(*images).strips
    with only_twins():
        slow = colibri_geo.compare(*images).strips
    assert len(fast)
    pd.testing.assert_frame_equal(fast, slow, check_exact=True)


def test_only_what_was_made_of_this_source_is_loaded(
    kernels: ctypes.CDLL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once the source differs from what was compiled it is not loaded, nor what cannot be."""
    source = tmp_path / "kernels.c"
    shutil.copy(compiled.SOURCE, source)
    library = source.with_name(compiled.name_library(source.read_bytes()))
    shutil.copy(kernels._name, library)
    monkeypatch.setattr(compiled, "SOURCE", source)
    assert compiled.load_kernels() is not None
    source.write_bytes(source.read_bytes() + b"\n")
    assert compiled.load_kernels() is None
    source.with_name(compiled.name_library(source.read_bytes())).write_bytes(b"of another machine")
    assert compiled.load_kernels() is None
    source.unlink()
    assert compiled.load_kernels() is None


@pytest.mark.parametrize("spoil", [np.asfortranarray, lambda tile: tile.astype(np.float64), lambda tile: tile[:-1]])
def test_tiles_that_the_kernel_cannot_read_are_refused(spoil: Callable[[np.ndarray], np.ndarray]) -> None:
    """A tile of another layout, type or size is never read as if it were right."""
    mosaic = _draw_mosaic(np.random.default_rng(0), Window(0, 0, 64, 64), bands=2, dates=1)
    spoilt = dataclasses.replace(mosaic, tiles={place: spoil(tile) for place, tile in mosaic.tiles.items()})
    with pytest.raises(ValueError, match="expected 32 x 32 pixels in one piece"):
        straighten(spoilt, Line(32.0, 32.0, 0.0), first_station=-5, last_station=5, half_width_px=5, dates=1)


Given = Callable[[np.ndarray], np.ndarray]
"""What makes something else of an array before a kernel gets it."""


def _move(given: Given) -> list[np.ndarray]:
    drawn = np.random.default_rng(1).integers(-50, 50, (2, 12, 13)).astype(np.float32)
    masks = [given(drawn[0] > least) for least in (-51, -45)]  # of all that is measured nothing is copied before
    return [translate(given(drawn), measured, row_fraction=0.25, col_fraction=0.5) for measured in masks]


def _weave(given: Given) -> list[np.ndarray]:
    drawn = np.random.default_rng(2).integers(-50, 50, (2, 2, 16, 32)).astype(np.float32)
    images = [Coarse(given(image), given(image[0] > 0)) for image in drawn]
    return [Whitening(given(np.tri(2, dtype=np.float32)[None, None])).weave(images, Window(0, 0, 16, 32))]


def _merge(given: Given) -> list[np.ndarray]:
    drawn = np.random.default_rng(3).integers(-50, 50, (8, 8, 6)).astype(np.float32)
    return [merge_dates(given(drawn), of_change=of_change) for of_change in (False, True)]


def _sample(given: Given) -> list[np.ndarray]:
    mosaic = _draw_mosaic(np.random.default_rng(4), Window(0, 0, 64, 64), bands=2, dates=1)
    mosaic = dataclasses.replace(mosaic, tiles={place: given(tile) for place, tile in mosaic.tiles.items()})
    line = Line(32.0, 32.0, 30.0)
    frame = straighten(mosaic, line, first_station=-9, last_station=9, half_width_px=5, dates=1)
    return [frame.images, frame.weights]


def _contrast(given: Given) -> list[np.ndarray]:
    field = _draw_field(np.random.default_rng(5))
    whole = dataclasses.replace(field, values=given(np.rint(field.values)), weight=given(np.rint(field.weight)))
    flat = dataclasses.replace(whole, values=given(np.rint(field.values[0])))
    return _measure_contrasts(whole, flat, Extent(-20.0, 20.0), CORE_HALF_PX)


def _turn(given: Given) -> list[np.ndarray]:
    field = _draw_field(np.random.default_rng(0))
    whole = dataclasses.replace(field, values=given(np.rint(9 * field.values)), weight=given(np.rint(field.weight)))
    taken = take_turn(whole, Extent(-20.0, 20.0), least_px=1.0, most_px=300.0, judged=False)
    assert taken is not None
    return [np.array([taken.offset, taken.slope, taken.extent.start, taken.extent.stop])]


def _assert_twins_agree(call: Callable[[Given], list[np.ndarray]], given: Given) -> None:
    answers = [call(given)]
    with only_twins():
        answers.append(call(given))
    for one, other in zip(*answers, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.any()


@pytest.mark.parametrize("kind", ["f8", ">f4", "f2", "i4"])
@pytest.mark.parametrize("call", [_move, _weave, _contrast, _turn])
def test_other_types_give_what_they_give_the_twins(call: Callable[[Given], list[np.ndarray]], kind: str) -> None:
    """What is not in single precision is turned into it, or left to the twins; it is never read as if it were."""
    _assert_twins_agree(call, lambda array: array.astype(kind) if array.dtype == np.float32 else array)


@pytest.mark.parametrize("kind", ["f8", ">f4", "f2", "i4"])
@pytest.mark.parametrize("call", [_merge, _sample])
def test_other_types_of_tiles_are_refused(call: Callable[[Given], list[np.ndarray]], kind: str) -> None:
    """Tiles are single precision, as they are made."""
    with pytest.raises(ValueError, match="expected"):
        call(lambda array: array.astype(kind))


def test_dates_of_another_type_are_refused_by_the_twin_too() -> None:
    """Whether there are kernels does not decide what is taken."""
    dates = np.ones((4, 4, 6))
    for ways in (nullcontext(), only_twins()):
        with ways, pytest.raises(ValueError, match="float64, expected rows, columns and 2 B"):
            merge_dates(dates, of_change=False)


def _freeze(array: np.ndarray) -> np.ndarray:
    frozen = array.copy()
    frozen.flags.writeable = False
    return frozen


@pytest.mark.parametrize("call", [_move, _weave, _merge, _sample, _contrast, _turn])
def test_what_must_not_be_written_to_is_read(call: Callable[[Given], list[np.ndarray]]) -> None:
    """Arrays that are read-only serve as any others do."""
    _assert_twins_agree(call, _freeze)
    for frozen, free in zip(call(_freeze), call(np.copy), strict=True):
        np.testing.assert_array_equal(frozen, free)


def test_what_lies_in_pieces_is_not_located() -> None:
    """A kernel goes through memory without a step: an array that has one is refused, read-only or not."""
    pieces = np.zeros((4, 4), dtype=np.float32)[:, :2]
    for array in (pieces, np.broadcast_to(np.float32(1), (4, 4)), pieces.T):
        with pytest.raises(ValueError, match="an array of float32 in pieces, expected c_float in one piece"):
            compiled.locate(array)
    with pytest.raises(ValueError, match="in pieces"):
        merge_dates(np.zeros((4, 8, 6), dtype=np.float32)[:, ::2], of_change=True)


@pytest.mark.parametrize("kind", [ctypes.c_double, ctypes.c_bool, ctypes.c_int64, ctypes.c_size_t])
def test_types_that_a_kernel_does_not_take_are_not_located(kind: type) -> None:
    """Each kernel names what it takes an array for: another is refused, of whatever size."""
    array = np.zeros(4, dtype=kind)
    assert compiled.locate(array, kind) == array.ctypes.data
    with pytest.raises(ValueError, match=f"an array of {array.dtype}, expected c_float"):
        compiled.locate(array)
    with pytest.raises(ValueError, match="an array of float32, expected c_"):
        compiled.locate(array.astype(np.float32), kind)


def test_who_builds_needs_no_library() -> None:
    """The name of what is compiled is asked for where neither NumPy nor anything else is installed yet."""
    words = "import runpy, sys; print(runpy.run_path(sys.argv[1])['name_library'](b'x'))"
    asked = [sys.executable, "-I", "-S", "-c", words, compiled.__file__]
    told = subprocess.run(asked, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == compiled.name_library(b"x")
