"""Scenes of one date as one: what is seen where, whatever the window and the order."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
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
from colibri_geo.scenes import mosaicking
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.mosaic import mosaic_scenes
from colibri_geo.scenes.mosaicking import KeptBlocks, MosaicSource
from colibri_geo.scenes.offset import OffsetVerdict
from colibri_geo.scenes.scene import Block, Scene, Source, outside_block
from colibri_geo.scenes.sky import NOT_STATED, Sky

WHEN = datetime(2024, 3, 1, 15, 20, tzinfo=UTC)
BANDS = ("red", "nir")
GRID = GeoBox((90, 110), Affine(10, 0, 500_000, 0, -10, 200_000), "EPSG:32618")
CLEAR, CLOUD, SHADOW, SATURATED = 4, 9, 3, 1
SMALL_BLOCK_PX = 32


def make_scene(
    window: Window,
    name: str,
    *,
    grid: GeoBox = GRID,
    seed: int = 1,
    scl: np.ndarray | None = None,
    bands: Sequence[str] = BANDS,
    acquired: datetime = WHEN,
    **options: object,
) -> Scene:
    """Make a scene of random values over a window of a grid."""
    values = np.random.default_rng(seed).uniform(0.02, 0.5, (len(bands), window.rows, window.cols))
    return scene_from_arrays(
        values.astype(np.float32),
        cut_grid(grid, window),
        bands=bands,
        acquired=acquired,
        scl=np.full((window.rows, window.cols), CLEAR, np.uint8) if scl is None else scl,
        name=name,
        **options,  # type: ignore[arg-type]
    )


def cut_scene(scene: Scene, window: Window, name: str) -> Scene:
    """Cut a piece out of a scene."""
    block = scene.read_block(window)
    source = dataclasses.replace(scene.source, values=block.values, unseen=block.unseen)  # type: ignore[type-var]
    digest = hashlib.sha256(name.encode()).hexdigest()
    provenance = dataclasses.replace(scene.provenance, path=Path(name), sha256=digest)
    return dataclasses.replace(scene, grid=cut_grid(scene.grid, window), provenance=provenance, source=source)


def make_codes(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """Scatter blobs of cloud, shadow, saturation and nodata."""
    codes = np.full((rows, cols), CLEAR, np.uint8)
    for code in (CLOUD, SHADOW, SATURATED, 0, CLOUD, SHADOW):
        row, col = rng.integers(0, rows), rng.integers(0, cols)
        codes[row : row + rows // 3, col : col + cols // 3] = code
    return codes


def make_mixed(rng: np.random.Generator) -> list[Scene]:
    """Scenes on the lattice, off it, and in the next zone, all with clouds."""
    windows = [Window(0, 0, 60, 70), Window(20, 40, 70, 70), Window(-15, 55, 50, 60), Window(50, -20, 40, 60)]
    scenes = [
        make_scene(window, f"{name}.tif", seed=seed, scl=make_codes(rng, window.rows, window.cols))
        for seed, (name, window) in enumerate(zip("dbca", windows, strict=True))
    ]
    off = GeoBox((45, 80), Affine(10, 0, 499_913, 0, -10, 199_871), "EPSG:32618")
    east, north = Transformer.from_crs("EPSG:32618", "EPSG:32617", always_xy=True).transform(500_300, 199_900)
    other = GeoBox((70, 64), Affine(11, 0, east, 0, -11, north), "EPSG:32617")
    scenes.append(make_scene(Window(0, 0, 45, 80), "off.tif", grid=off, scl=make_codes(rng, 45, 80)))
    scenes.append(make_scene(Window(0, 0, 70, 64), "other.tif", grid=other, scl=make_codes(rng, 70, 64)))
    return scenes


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a small mosaic have several blocks."""
    monkeypatch.setattr(mosaicking, "BLOCK_PX", SMALL_BLOCK_PX)


@dataclass(frozen=True)
class Spy:
    """Remembers which windows and bands a source was asked for."""

    source: Source
    asked: list[tuple[Window, tuple[int, ...]]] = field(default_factory=list)

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read and remember."""
        self.asked.append((window, tuple(positions)))
        return self.source.read(window, positions)


def spy_on(scene: Scene) -> tuple[Scene, Spy]:
    """Return the scene with a source that remembers, and that source."""
    spy = Spy(scene.source)
    return dataclasses.replace(scene, source=spy), spy


def assert_same(one: Block, other: Block) -> None:
    """Check that two blocks are the same, bit for bit."""
    np.testing.assert_array_equal(one.values.view(np.uint32), other.values.view(np.uint32))
    np.testing.assert_array_equal(one.unseen, other.unseen)


# ------------------------------------------------------------------------------------------------------ what is seen


@pytest.mark.parametrize("block_px", [32, 512])
def test_pieces_of_an_image_make_it_whole_again(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, block_px: int
) -> None:
    """An image that was cut into four pieces that overlap comes back bit for bit, masks and all."""
    monkeypatch.setattr(mosaicking, "BLOCK_PX", block_px)
    whole = make_scene(Window(0, 0, 90, 110), "whole.tif", scl=make_codes(rng, 90, 110))
    cuts = [Window(0, 0, 50, 60), Window(0, 51, 47, 59), Window(40, 0, 50, 70), Window(39, 55, 51, 55)]
    joined = mosaic_scenes([cut_scene(whole, cut, f"{number}.tif") for number, cut in enumerate(cuts)])
    assert joined.grid == whole.grid
    assert_same(joined.read_block(), whole.read_block())


@pytest.mark.usefixtures("small_blocks")
def test_the_clearest_scene_of_each_block_is_seen(rng: np.random.Generator) -> None:
    """Every pixel comes from the clearest scene of its block that sees it; where none does it has the lowest code."""
    windows = [Window(0, 0, 90, 110), Window(10, 5, 80, 90), Window(0, 30, 70, 80)]
    scenes = [
        make_scene(window, f"{name}.tif", seed=seed, scl=make_codes(rng, window.rows, window.cols))
        for seed, (name, window) in enumerate(zip("bac", windows, strict=True))
    ]
    read = mosaic_scenes(scenes).read_block()
    ordered = sorted(scenes, key=lambda scene: scene.name)
    framed = [scene.read_block(Window(0, 0, 90, 110).relative_to(where(scene))) for scene in ordered]
    choices = set()
    for row, col in itertools.product(range(0, 90, 32), range(0, 110, 32)):
        at = Window(row, col, 32, 32).clipped(90, 110).slices
        shares = [int((block.unseen[at] == 0).sum()) for block in framed]
        ranked = sorted(range(3), key=lambda number: (-shares[number], number))
        choices.add(ranked[0])
        codes = np.stack([framed[number].unseen[at] for number in ranked])
        first = codes.argmin(axis=0)  # the first of equals
        values = np.stack([framed[number].values[:, *at] for number in ranked])
        np.testing.assert_array_equal(read.unseen[at], codes.min(axis=0))
        np.testing.assert_array_equal(read.values[:, *at], np.take_along_axis(values, first[None, None], axis=0)[0])
    assert len(choices) > 1, "else the test tells nothing"


def where(scene: Scene) -> Window:
    """Return where a scene lies on `GRID`."""
    place, whole = scene.grid.affine, GRID.affine
    return Window(round((whole.f - place.f) / 10), round((place.c - whole.c) / 10), *map(int, scene.grid.shape))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (CLOUD, SHADOW, Unseen.SHADOW),
        (SATURATED, CLOUD, Unseen.SATURATION),
        (0, CLOUD, Unseen.CLOUD),
        (0, 0, Unseen.NODATA),
    ],
)
def test_ground_that_no_scene_sees_has_the_lowest_code(first: int, second: int, expected: Unseen) -> None:
    """What kept the least from being seen is the reason; a value stands there only where one was measured."""
    window = Window(0, 0, 20, 20)
    scenes = [
        make_scene(window, name, seed=seed, scl=np.full((20, 20), code, np.uint8))
        for seed, (name, code) in enumerate((("a", first), ("b", second)))
    ]
    block = mosaic_scenes(scenes).read_block()
    assert (block.unseen == expected).all()
    assert (block.values != 0).all() == (expected < Unseen.NODATA)


def test_ground_between_scenes_is_outside() -> None:
    """Where no scene lies, the ground is outside and its values are 0."""
    scenes = [make_scene(Window(0, 0, 20, 20), "a"), make_scene(Window(50, 60, 20, 20), "b", seed=2)]
    block = mosaic_scenes(scenes).read_block()
    assert block.unseen.shape == (70, 80)
    assert (block.unseen[:20, 20:] == Unseen.OUTSIDE).all()
    assert (block.values[:, 20:50] == 0).all()
    assert int(block.valid.sum()) == 800


def test_a_hole_in_a_resampled_scene_is_empty() -> None:
    """What was not measured has no value, although its neighbours reach into it when they are resampled."""
    codes = np.full((60, 60), CLEAR, np.uint8)
    codes[20:25, 30:31] = 0
    off = GeoBox((60, 60), Affine(10, 0, 500_904, 0, -10, 199_997), "EPSG:32618")
    joined = mosaic_scenes(
        [make_scene(Window(0, 0, 20, 20), "a"), make_scene(Window(0, 0, 60, 60), "b", grid=off, scl=codes)]
    )
    block = joined.read_block()
    hole = block.unseen == Unseen.NODATA
    assert 3 <= hole.sum() <= 8
    assert (block.values[:, block.unseen >= Unseen.NODATA] == 0).all()


def state_day(scene: Scene) -> Scene:
    """Return a scene of which the day alone is known, counted from its 00:00."""
    provenance = dataclasses.replace(scene.provenance, day_alone=True)
    return dataclasses.replace(scene, acquired=scene.acquired.replace(hour=0, minute=0), provenance=provenance)


@pytest.mark.parametrize(
    ("hours", "days_alone", "first", "last", "noted"),
    [
        ((0, 20), (), "2024-03-01T15:20:00Z", "2024-03-02T11:20:00Z", True),
        ((0, 20), (0,), "2024-03-01", "2024-03-02T11:20:00Z", True),
        ((0, 20), (1,), "2024-03-01T15:20:00Z", "2024-03-02", True),
        ((0, 20), (0, 1), "2024-03-01", "2024-03-02", True),
        ((0, 2), (0,), "2024-03-01", "2024-03-01", False),
        ((0, 2), (0, 1), "2024-03-01", "2024-03-01", False),
        ((8.5, 9), (), "2024-03-01T23:50:00Z", "2024-03-02T00:20:00Z", False),
        ((8.5, 9), (1,), "2024-03-01T23:50:00Z", "2024-03-02", True),
    ],
)
def test_first_and_last_are_told_as_far_as_they_are_known(
    hours: tuple[float, float], days_alone: tuple[int, ...], first: str, last: str, noted: bool
) -> None:
    """A day alone may be the earliest of its day and the latest; where both ends are one day nothing more is known."""
    scenes = [
        make_scene(Window(0, n, 20, 20), "ab"[n], seed=n, acquired=WHEN + timedelta(hours=late))
        for n, late in enumerate(hours)
    ]
    joined = mosaic_scenes([state_day(scene) if n in days_alone else scene for n, scene in enumerate(scenes)])
    assert (str(joined.acquisition), str(joined.last_acquisition)) == (first, last)
    note = f"its scenes were taken from {first} to {last}: dated by the first"
    assert [note for note in joined.provenance.notes if "were taken from" in note] == ([note] if noted else [])


def test_days_alone_of_other_dates_are_refused_as_days() -> None:
    """Scenes that lie too far apart are told with what is known of their times."""
    late = make_scene(Window(0, 30, 30, 30), "b", seed=2, acquired=WHEN + timedelta(days=3))
    with pytest.raises(DateError, match=r"a \(2024-03-01T15:20:00Z\) and b \(2024-03-04\) are of different dates"):
        mosaic_scenes([make_scene(Window(0, 0, 30, 30), "a"), state_day(late)])


def test_a_day_alone_stays_one_in_a_mosaic() -> None:
    """Of the earliest scene the day alone is known: so it is of the mosaic, and the others keep their times."""
    early, late = (
        make_scene(Window(0, n, 20, 20), name, acquired=WHEN + timedelta(hours=n)) for n, name in enumerate("ab")
    )
    for scenes, expected in (((state_day(early), late), True), ((early, late), False)):
        joined = mosaic_scenes(scenes)
        assert joined.provenance.day_alone == expected
        assert [part.provenance.day_alone for part in joined.provenance.parts] == [expected, False]


def test_the_name_decides_among_equals() -> None:
    """Of two scenes that see as much of a block, but not the same, the first by name is seen where both do."""
    codes = np.full((2, 20, 20), CLEAR, np.uint8)
    codes[0, :5], codes[1, 15:] = CLOUD, CLOUD
    scenes = [make_scene(Window(0, 0, 20, 20), name, seed=n, scl=codes[n]) for n, name in enumerate("ab")]
    block = mosaic_scenes(scenes[::-1]).read_block()
    first, second = (scene.read_block() for scene in scenes)
    assert block.valid.all()
    np.testing.assert_array_equal(block.values[:, 5:], first.values[:, 5:])
    np.testing.assert_array_equal(block.values[:, :5], second.values[:, :5])


@pytest.mark.usefixtures("small_blocks")
def test_what_is_not_resampled_comes_first_among_equals() -> None:
    """Of two scenes that are equally clear, the one on the mosaic's pixels is seen, whatever its name."""
    native = [make_scene(Window(0, 0, 96, 96), "y"), make_scene(Window(0, 96, 96, 40), "z", seed=2)]
    around = _move_to_zone_17(cut_grid(GRID, Window(-10, -10, 116, 116)))
    joined = mosaic_scenes([*native, make_scene(Window(0, 0, 116, 116), "a", grid=around, seed=3)])
    assert str(joined.grid.crs) == "EPSG:32618"
    at = _find(joined, native[0])
    block = at.padded(-SMALL_BLOCK_PX).snapped(SMALL_BLOCK_PX)  # all of it lies in both
    assert block.relative_to(at).row >= 0
    expected = native[0].read_block(block.relative_to(at))
    assert expected.valid.all()
    assert_same(joined.read_block(block), expected)


def _move_to_zone_17(grid: GeoBox) -> GeoBox:
    """Return a grid of zone 17 around the same ground."""
    a = grid.affine
    to_17 = Transformer.from_crs("EPSG:32618", "EPSG:32617", always_xy=True)
    east, north = to_17.transform(a.c, a.f)
    return GeoBox(grid.shape, Affine(10, 0, round(east), 0, -10, round(north)), "EPSG:32617")


def _find(joined: Scene, scene: Scene) -> Window:
    """Return the pixels of a mosaic on which one of its scenes lies."""
    a, b = joined.grid.affine, scene.grid.affine
    return Window(round((a.f - b.f) / 10), round((b.c - a.c) / 10), *map(int, scene.grid.shape))


# ------------------------------------------------------------------------------------------------- border of UTM zones


def test_a_strip_goes_on_over_the_border_of_two_zones() -> None:
    """A strip that crosses 78 W, seen in zone 17 on one side and in 18 on the other, bends by less than 1/10 pixel."""
    border_east = Transformer.from_crs("EPSG:4326", "EPSG:32618", always_xy=True).transform(-78, 1.5)[0]
    north = 166_000.0
    in_18 = GeoBox((120, 160), Affine(10, 0, round(border_east, -1) - 200, 0, -10, north + 600), "EPSG:32618")
    east_17, north_17 = Transformer.from_crs("EPSG:32618", "EPSG:32617", always_xy=True).transform(border_east, north)
    in_17 = GeoBox((110, 140), Affine(10, 0, round(east_17) - 1153, 0, -10, round(north_17) + 547), "EPSG:32617")
    slope, width_m = 0.3, 25.0

    def draw(grid: GeoBox) -> np.ndarray:
        cols, rows = np.meshgrid(np.arange(grid.shape[1]) + 0.5, np.arange(grid.shape[0]) + 0.5)
        a = grid.affine
        to_18 = Transformer.from_crs(str(grid.crs), "EPSG:32618", always_xy=True)
        easts, norths = to_18.transform(a.c + a.a * cols, a.f + a.e * rows)
        off = norths - north - slope * (easts - border_east)
        return np.exp(-((off / width_m) ** 2))[None].astype(np.float32)

    scenes = [
        scene_from_arrays(draw(grid), grid, bands=("red",), acquired=WHEN, name=name)
        for name, grid in (("T17.tif", in_17), ("T18.tif", in_18))
    ]
    joined = mosaic_scenes(scenes)
    assert joined.grid.crs == "EPSG:32618"
    values, valid = joined.read()
    a = joined.grid.affine
    rows = np.arange(values.shape[1]) + 0.5
    cols = np.flatnonzero(values[0].sum(axis=0) > 4)  # the strip with all of its width
    found = (values[0] * rows[:, None]).sum(axis=0)[cols] / values[0].sum(axis=0)[cols]
    expected = (north + slope * (a.c + a.a * (cols + 0.5) - border_east) - a.f) / a.e
    west, east = cols * 10 + a.c < in_18.affine.c, cols * 10 + a.c > in_18.affine.c
    assert west.sum() > 60
    assert east.sum() > 120
    assert np.abs(found - expected).max() < 0.1
    assert valid[:, cols].mean() > 0.8


# ---------------------------------------------------------------------------------------- neither order nor window show


@pytest.mark.usefixtures("small_blocks")
def test_the_order_of_the_scenes_does_not_matter(rng: np.random.Generator) -> None:
    """Whatever the order in which scenes are given, grid, values and provenance are the same."""
    scenes = make_mixed(rng)
    first = mosaic_scenes(scenes)
    for order in (scenes[::-1], [scenes[number] for number in (3, 5, 0, 4, 1, 2)]):
        again = mosaic_scenes(order)
        assert (again.grid, again.bands, again.acquired) == (first.grid, first.bands, first.acquired)
        assert again.provenance == first.provenance
        assert_same(again.read_block(), first.read_block())


@pytest.mark.usefixtures("small_blocks")
def test_the_window_does_not_matter(rng: np.random.Generator) -> None:
    """Any window, any bands, in any order: always a cut of the whole; beyond the mosaic all is outside."""
    joined = mosaic_scenes(make_mixed(rng))
    rows, cols = (int(side) for side in joined.grid.shape)
    whole = mosaic_scenes(make_mixed(np.random.default_rng(20_240_229))).read_block(
        Window(-40, -40, rows + 80, cols + 80)
    )
    assert set(np.unique(whole.unseen)) >= {Unseen.OBSERVED, Unseen.CLOUD, Unseen.OUTSIDE}
    assert (whole.values[:, whole.unseen >= Unseen.NODATA] == 0).all()
    for _ in range(120):
        row, col = rng.integers(-40, rows), rng.integers(-40, cols)
        window = Window(
            int(row), int(col), int(rng.integers(1, rows + 40 - row)), int(rng.integers(1, cols + 40 - col))
        )
        at = Window(window.row + 40, window.col + 40, window.rows, window.cols).slices
        read = joined.read_block(window)
        assert_same(read, Block(whole.values[:, *at], whole.unseen[at]))
        np.testing.assert_array_equal(joined.read_block(window, ["nir"]).values, whole.values[1:, *at])
    assert joined.read_block(Window(3, 3, 0, 4)).values.shape == (2, 0, 4)


@pytest.mark.usefixtures("small_blocks")
def test_what_is_read_belongs_to_the_reader(rng: np.random.Generator) -> None:
    """Who writes to what was read changes nothing of what is read next."""
    joined = mosaic_scenes(make_mixed(rng))
    window = Window(0, 0, SMALL_BLOCK_PX, SMALL_BLOCK_PX)
    first = joined.read_block(window)
    kept = Block(first.values.copy(), first.unseen.copy())
    first.values[:] = 7
    first.unseen[:] = 7
    assert_same(joined.read_block(window), kept)


@pytest.mark.usefixtures("small_blocks")
def test_it_goes_to_another_process(rng: np.random.Generator) -> None:
    """A mosaic is pickled without the blocks that it keeps, and reads the same."""
    joined = mosaic_scenes(make_mixed(rng))
    fresh = len(pickle.dumps(joined))
    whole = joined.read_block()
    packed = pickle.dumps(joined)
    assert len(packed) == fresh
    assert_same(pickle.loads(packed).read_block(), whole)  # noqa: S301 - its own


# ------------------------------------------------------------------------------------------------------ what it costs


@pytest.mark.usefixtures("small_blocks")
def test_one_scene_on_the_lattice_costs_nothing_more() -> None:
    """Where one scene lies alone, it is asked for just the window and bands, once, over all blocks."""
    one, spy = spy_on(make_scene(Window(0, 0, 90, 64), "a"))
    joined = mosaic_scenes([one, make_scene(Window(0, 64, 90, 64), "b", seed=2)])
    joined.read_block(Window(5, 7, 80, 50), ["nir"])
    joined.read_block(Window(-5, 40, 80, 40), ["nir"])
    assert spy.asked == [(Window(5, 7, 80, 50), (1,)), (Window(0, 40, 75, 24), (1,))]


def test_a_scene_that_sees_all_ends_the_search() -> None:
    """Behind a scene that sees the whole block, no other is read."""
    first, spy_first = spy_on(make_scene(Window(0, 0, 40, 40), "a"))
    second, spy_second = spy_on(make_scene(Window(0, 0, 40, 40), "b", seed=2))
    block = mosaic_scenes([first, second]).read_block()
    assert_same(block, first.read_block())
    assert spy_first.asked
    assert not spy_second.asked


@pytest.mark.usefixtures("small_blocks")
def test_never_more_than_a_few_blocks(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading all of it in small windows keeps no more than the stated bytes, and asks for blocks only."""
    spied = [spy_on(scene) for scene in make_mixed(rng)]
    joined = mosaic_scenes([scene for scene, _ in spied])
    source = joined.source
    assert isinstance(source, MosaicSource)
    most = 3 * SMALL_BLOCK_PX**2 * (4 * len(BANDS) + 1)
    monkeypatch.setattr(source._kept, "most_bytes", most)
    rows, cols = (int(side) for side in joined.grid.shape)
    for row, col in itertools.product(range(0, rows, 20), range(0, cols, 20)):
        joined.read_block(Window(row, col, 20, 20))
        assert 0 < source._kept.size_bytes <= most
    largest = max(window.rows * window.cols for _, spy in spied for window, _ in spy.asked)
    assert largest < (SMALL_BLOCK_PX + 20) ** 2


def test_kept_blocks_forget_the_oldest() -> None:
    """What was not asked for the longest goes first; one block is kept, however large."""
    kept, block = KeptBlocks(25), outside_block(1, Window(0, 0, 2, 1))  # 10 bytes
    for key in ((1,), (2,)):
        kept.keep(key, block)
    assert kept.recall((1,)) is block
    kept.keep((3,), block)
    assert [kept.recall((key,)) is None for key in (1, 2, 3)] == [False, True, False]
    kept.keep((4,), outside_block(9, Window(0, 0, 2, 2)))
    assert [kept.recall((key,)) is None for key in (1, 3, 4)] == [True, True, False]


# --------------------------------------------------------------------------------------------------- what it is made of


def test_it_says_what_it_is_made_of() -> None:
    """Parts, checksum, size, name, times, sensors and notes tell of all scenes, by name."""
    scenes = [
        make_scene(Window(0, 30 * number, 30, 30), name, seed=number, acquired=WHEN + timedelta(hours=late))
        for number, (name, late) in enumerate((("b.tif", 0), ("a.tif", 30)))
    ]
    notes = (("hazy", "cut"), ("cut",))
    scenes = [
        dataclasses.replace(
            scene, sensor=sensor, provenance=dataclasses.replace(scene.provenance, notes=told, licence=f"CC {sensor}")
        )
        for scene, sensor, told in zip(scenes, ("S2B", "S2A"), notes, strict=True)
    ]
    joined = mosaic_scenes(scenes)
    provenance = joined.provenance
    assert (joined.name, joined.sensor) == ("2 scenes of 2024-03-01 to 2024-03-02", "S2A, S2B")
    assert (joined.acquired, joined.last_acquisition.moment) == (WHEN, WHEN + timedelta(hours=30))
    assert scenes[0].last_acquisition.moment == WHEN
    assert [part.name for part in provenance.parts] == ["a.tif", "b.tif"]
    assert [part.provenance for part in provenance.parts] == [scenes[1].provenance, scenes[0].provenance]
    hashes = sorted(scene.provenance.sha256 for scene in scenes)
    assert provenance.sha256 == hashlib.sha256("".join(f"{digest}\n" for digest in hashes).encode()).hexdigest()
    assert provenance.size_bytes == sum(scene.provenance.size_bytes for scene in scenes)
    assert (provenance.licence, provenance.layout) == ("CC S2A, CC S2B", "mosaic of 2 (array)")
    assert provenance.mask == scenes[0].provenance.mask
    assert provenance.notes == (
        "its scenes were taken from 2024-03-01T15:20:00Z to 2024-03-02T21:20:00Z: dated by the first",
        "each of the 2 scenes: cut",
        "b.tif: hazy",
    )


@pytest.mark.parametrize(("flags", "expected"), [((True, True), True), ((True, False), False)])
def test_it_is_synthetic_where_all_of_it_is(flags: tuple[bool, bool], expected: bool) -> None:
    """A mosaic is simulated only if every scene is."""
    scenes = [
        make_scene(Window(0, 30 * number, 30, 30), str(number), synthetic=flag) for number, flag in enumerate(flags)
    ]
    assert mosaic_scenes(scenes).provenance.synthetic is expected


def test_sun_and_cloud_stay_with_its_scenes() -> None:
    """A mosaic has no sun of its own: each part keeps what its archive states."""
    skies = (Sky(60.0, 350.0, 0.1), NOT_STATED)
    scenes = [
        dataclasses.replace(scene, provenance=dataclasses.replace(scene.provenance, sky=sky))
        for scene, sky in zip(
            (make_scene(Window(0, 30 * number, 30, 30), name) for number, name in enumerate("ab")), skies, strict=True
        )
    ]
    provenance = mosaic_scenes(scenes).provenance
    assert provenance.sky == NOT_STATED
    assert tuple(part.provenance.sky for part in provenance.parts) == skies


def test_masks_and_offsets_that_differ_are_told() -> None:
    """A mask that some lack is said; a verdict on the offset holds where all agree on what was taken off."""
    with_mask = make_scene(Window(0, 0, 30, 30), "a")
    values = np.full((2, 30, 30), 0.2, np.float32)
    without = scene_from_arrays(values, cut_grid(GRID, Window(0, 30, 30, 30)), bands=BANDS, acquired=WHEN, name="b")
    assert mosaic_scenes([with_mask, without]).provenance.mask == "each scene's own, none of 1 of 2"
    sure = OffsetVerdict(-1000.0, certain=True, stated=True, text="offset taken off")
    open_ = dataclasses.replace(sure, certain=False, note="unsure")

    def join(*offsets: OffsetVerdict | None) -> OffsetVerdict | None:
        scenes = [
            dataclasses.replace(scene, provenance=dataclasses.replace(scene.provenance, offset=offset))
            for scene, offset in zip((with_mask, without), offsets, strict=True)
        ]
        return mosaic_scenes(scenes).provenance.offset

    assert join(open_, sure) == sure
    assert join(sure, dataclasses.replace(sure, added=0.0)) is None
    assert join(sure, None) is None


def test_bands_that_not_all_have_are_left_out() -> None:
    """The common bands stay, read from their own place in each scene, and a note names the scene that lacks one."""
    rich = make_scene(Window(0, 0, 30, 30), "a", bands=("blue", "red", "nir"))
    poor = make_scene(Window(0, 30, 30, 30), "b", bands=("red", "nir"), seed=2)
    joined = mosaic_scenes([rich, poor])
    assert joined.bands == ("red", "nir")
    np.testing.assert_array_equal(joined.read(rich.whole)[0], rich.read(bands=("red", "nir"))[0])
    assert joined.provenance.notes == ("b without blue: it was left out of the mosaic",)


def test_the_crs_of_most_scenes_is_taken() -> None:
    """Most scenes decide, then the ground under them, then the name; resampled scenes are counted in a note."""
    east, north = Transformer.from_crs("EPSG:32618", "EPSG:32617", always_xy=True).transform(500_000, 200_000)
    grid_17 = GeoBox((40, 40), Affine(10, 0, round(east), 0, -10, round(north)), "EPSG:32617")
    in_17 = [make_scene(Window(0, 40 * n, 40, 40), f"a{n}", grid=grid_17, seed=n) for n in range(2)]
    in_18 = [make_scene(Window(0, 40 * n, 40, 40), f"b{n}", seed=9 + n) for n in range(2)]
    larger = make_scene(Window(0, 0, 50, 50), "c", seed=5)
    assert mosaic_scenes([*in_18, in_17[0]]).grid.crs == "EPSG:32618"
    assert mosaic_scenes([*in_17, in_18[0]]).grid.crs == "EPSG:32617"
    assert mosaic_scenes([in_17[0], larger]).grid.crs == "EPSG:32618"
    joined = mosaic_scenes([*in_18, in_17[0]])
    assert "1 of 3 scenes were resampled, by cubic convolution, to the grid EPSG:32618" in joined.provenance.notes
    assert joined.grid.affine.c % 10 == 0


def test_the_pixels_of_most_scenes_are_kept() -> None:
    """A scene off the lattice of the others is the one that is resampled, also where it is the first by name."""
    others = [make_scene(Window(0, 30 * n, 40, 40), f"b{n}", seed=n) for n in range(2)]
    off = make_scene(Window(20, 10, 40, 40), "a", seed=5)
    off = dataclasses.replace(off, grid=off.grid.translate_pix(0.3, 0.4))
    joined = mosaic_scenes([off, *others])
    assert any(note.startswith("1 of 3 scenes were resampled") for note in joined.provenance.notes)
    assert joined.grid.affine.c % 10 == 0


def test_one_scene_stays_as_it_is() -> None:
    """A mosaic of one scene is the scene."""
    scene = make_scene(Window(0, 0, 30, 30), "a")
    assert mosaic_scenes([scene]) is scene


def test_copies_are_left_out() -> None:
    """The same image twice is used once, and a note says so."""
    scene, other = make_scene(Window(0, 0, 30, 30), "a"), make_scene(Window(0, 30, 30, 30), "c", seed=2)
    copy = dataclasses.replace(scene, provenance=dataclasses.replace(scene.provenance, path=Path("b")))
    note = "b holds the same as another scene, a: it was left out"
    joined = mosaic_scenes([other, copy, scene])
    assert [part.name for part in joined.provenance.parts] == ["a", "c"]
    assert joined.provenance.notes == (note,)
    alone = mosaic_scenes([copy, scene])
    assert (alone.name, alone.provenance.notes) == ("a", (note,))


# ------------------------------------------------------------------------------------------------------------- refused


def test_one_image_with_two_masks_is_refused(tmp_path: Path) -> None:
    """Which of two masks of one image holds cannot be told."""
    scene = make_scene(Window(0, 0, 30, 30), "a")
    masked = []
    for number in range(2):
        path = tmp_path / f"{number}.tif"
        path.write_bytes(bytes([number]))
        provenance = dataclasses.replace(scene.provenance, mask=path.name, mask_path=path)
        masked.append(dataclasses.replace(scene, provenance=provenance))
    with pytest.raises(AmbiguousInput, match="twice with different masks"):
        mosaic_scenes(masked)


def test_other_dates_are_refused() -> None:
    """36 hours apart is one date, a minute more is not; the error names the first and the last."""
    scenes = [
        make_scene(Window(0, 30 * n, 30, 30), f"{n}.tif", seed=n, acquired=WHEN + timedelta(hours=hours))
        for n, hours in enumerate((10, 0, 36))
    ]
    assert mosaic_scenes(scenes).acquired == WHEN
    scenes[2] = dataclasses.replace(scenes[2], acquired=WHEN + timedelta(hours=36, minutes=1))
    with pytest.raises(DateError, match=r"1\.tif \(2024-03-01T15:20:00Z\) and 2\.tif \(2024-03-03T03:21:00Z\)"):
        mosaic_scenes(scenes)


def test_what_does_not_go_together_is_refused() -> None:
    """Quantities, bands and pixel sizes that do not fit, and no scene at all, are one clear line each."""
    first = make_scene(Window(0, 0, 30, 30), "a")
    with pytest.raises(QuantityMismatch, match="a holds surface reflectance, b toa reflectance"):
        mosaic_scenes([first, make_scene(Window(0, 30, 30, 30), "b", quantity="toa reflectance")])
    with pytest.raises(BandMismatch, match="a has red, nir, b blue"):
        mosaic_scenes([first, make_scene(Window(0, 30, 30, 30), "b", bands=("blue",))])
    for size, fits in ((12.4, True), (12.6, False)):
        grid = GeoBox((30, 30), Affine(size, 0, 500_300, 0, -size, 200_000), "EPSG:32618")
        other = make_scene(Window(0, 0, 30, 30), "b", grid=grid)
        if fits:
            assert mosaic_scenes([first, other]).read_block().valid.mean() > 0.8
        else:
            with pytest.raises(InputError, match=r"a has pixels of 10 m, b of 12\.6 m"):
                mosaic_scenes([first, other])
    with pytest.raises(NotAFile, match="no scene"):
        mosaic_scenes([])


def test_scenes_far_apart_are_refused() -> None:
    """One grid does not serve half the Earth, and a continent is as much as it holds; a stretched one says so."""
    first = make_scene(Window(0, 0, 30, 30), "a")
    for zone, wrong in ((24, False), (40, True)):
        other = make_scene(Window(0, 0, 30, 30), "b", grid=GeoBox(GRID.shape, GRID.affine, f"EPSG:326{zone}"))
        if wrong:
            with pytest.raises(GeoreferenceError, match="b lies too far from a"):
                mosaic_scenes([first, other])
        else:
            assert "stretches or shrinks the ground by" in " ".join(mosaic_scenes([first, other]).provenance.notes)
    step = 1e-4
    degrees = [
        GeoBox((30, 30), Affine(step, 0, lon, 0, -step, lat), "EPSG:4326") for lon, lat in ((-75.0, 2.0), (25.0, -30.0))
    ]
    with pytest.raises(InputTooLarge, match="span"):
        mosaic_scenes([make_scene(Window(0, 0, 30, 30), name, grid=g) for name, g in zip("ab", degrees, strict=True)])
