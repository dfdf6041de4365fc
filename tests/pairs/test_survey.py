"""What is measured on a pair, and which scenes are refused."""

from __future__ import annotations

import dataclasses
import pickle
import shutil
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from odc.geo.geobox import GeoBox

from colibri_geo.errors import (
    BandMismatch,
    DateOrder,
    MisalignedPair,
    NoOverlap,
    NoValidData,
    PairError,
    QuantityMismatch,
    SameScene,
    UnsupportedFormat,
)
from colibri_geo.pairs import align, change, survey
from colibri_geo.pairs.grid import find_shared
from colibri_geo.pairs.surveying import check_order, list_tiles, place_tiles
from colibri_geo.scenes.gathering import join_scenes, open_each
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.mosaic import mosaic_scenes
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scaling import RELATIVE, SURFACE, TOA
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import SurveySettings
from tests.support.products.ground import BANDS, make_ground
from tests.support.small_pair import Scenes, make_scenes, pair_grid, small_spec


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    """A small pair, well registered."""
    return make_scenes(small_spec())


def with_scene(scene: Scene, **values: object) -> Scene:
    """The same scene with other attributes, and other bytes."""
    provenance = dataclasses.replace(scene.provenance, sha256="0" * 64)
    return dataclasses.replace(scene, provenance=provenance, **values)  # type: ignore[arg-type]


def refused(before: Scene, after: Scene, error: type[Exception], *parts: str) -> None:
    """Check that a pair is refused in one line that holds `parts`."""
    with pytest.raises(error) as raised:
        survey(before, after)
    assert "\n" not in str(raised.value)
    assert ";" in str(raised.value) or ", " in str(raised.value)
    for part in parts:
        assert part in str(raised.value)


def test_older_after_is_refused(scenes: Scenes) -> None:
    """The older image has to come first."""
    refused(scenes.after, scenes.before, DateOrder, "before.tif", "after.tif", "older", "swap")


def state_day(scene: Scene) -> Scene:
    """Return a scene of which the day alone is known, counted from its 00:00."""
    provenance = dataclasses.replace(scene.provenance, day_alone=True)
    start = scene.acquired.replace(hour=0, minute=0, second=0)
    return dataclasses.replace(scene, acquired=start, provenance=provenance)


def test_order_within_a_day_needs_both_times(scenes: Scenes) -> None:
    """A day without a time is neither before nor after a time of that day; other days are told as days."""
    same_day = with_scene(scenes.after, acquired=scenes.before.acquired + timedelta(hours=1))
    for one, other in (
        (state_day(scenes.before), same_day),
        (scenes.before, state_day(same_day)),
        (state_day(scenes.before), state_day(same_day)),
    ):
        refused(one, other, DateOrder, "of one day, ", "not of both the time is known", "--before-date")
    refused(
        scenes.after, state_day(scenes.before), DateOrder, f"before.tif ({scenes.before.acquired:%Y-%m-%d}) is older"
    )


def test_days_of_all_scenes_count_for_the_order(scenes: Scenes) -> None:
    """A scene of a mosaic that may be later than the other date is found; a day alone of an earlier day hides none."""
    start = scenes.before.acquired.replace(hour=11, minute=0, second=0)
    first, second, same = (
        scene_from_arrays(
            scenes.simulated.before + step, scenes.before.grid, bands=scenes.before.bands, acquired=when, name=name
        )
        for step, when, name in (
            (0.01, start, "first"),
            (0.02, start + timedelta(days=1), "second"),
            (0.03, start + timedelta(hours=1), "same"),
        )
    )
    morning = with_scene(scenes.after, acquired=start + timedelta(hours=20))
    evening = with_scene(scenes.after, acquired=start + timedelta(hours=30))
    for before, after in (
        (mosaic_scenes([first, state_day(second)]), morning),
        (mosaic_scenes([first, state_day(same)]), with_scene(scenes.after, acquired=start + timedelta(hours=3))),
    ):
        refused(before, after, DateOrder, "of one day, ", "not of both the time is known")
    day_first = mosaic_scenes([state_day(first), second])
    check_order(day_first, evening, remedy="wait")
    told = f"after.tif ({morning.acquired:%Y-%m-%dT%H:%M:%SZ}) is older than {day_first.name} ("
    refused(day_first, morning, DateOrder, f"{told}{second.acquired:%Y-%m-%dT%H:%M:%SZ})")


def test_same_time_is_refused(scenes: Scenes) -> None:
    """Two images of one time are no pair."""
    again = with_scene(scenes.after, acquired=scenes.before.acquired)
    with pytest.raises(DateOrder, match=r"same acquisition time .+ is it the same image\?") as caught:
        survey(scenes.before, again)
    assert "swap" not in str(caught.value)


def test_same_bytes_are_refused(scenes: Scenes) -> None:
    """The same image twice is no pair, whatever its dates say."""
    later = dataclasses.replace(scenes.before, acquired=scenes.before.acquired + timedelta(days=9))
    refused(scenes.before, later, SameScene, "same bytes")


@pytest.mark.parametrize("quantity", [RELATIVE, TOA])
def test_other_quantity_is_refused(scenes: Scenes, quantity: str) -> None:
    """Surface reflectance is not mixed with that at the top of the atmosphere, nor with pictures of unknown gain."""
    other = with_scene(scenes.after, quantity=quantity)
    refused(scenes.before, other, QuantityMismatch, "before.tif", "after.tif", SURFACE, quantity)
    refused(with_scene(scenes.before, quantity=quantity), scenes.after, QuantityMismatch, SURFACE, quantity)


def test_lacking_band_is_refused(scenes: Scenes) -> None:
    """A pair of which one image lacks near infrared is refused; that a blue band is missing is not."""
    values, grid, when = scenes.simulated.after, scenes.after.grid, scenes.after.acquired
    no_nir = scene_from_arrays(values[:3], grid, bands=scenes.after.bands[:3], acquired=when, name="three.tif")
    refused(scenes.before, no_nir, BandMismatch, "three.tif", "nir")
    no_blue = scene_from_arrays(values[1:], grid, bands=scenes.after.bands[1:], acquired=when, name="other.tif")
    assert survey(scenes.before, no_blue).bands == ("green", "red", "nir")


@pytest.mark.parametrize("lacking", ["red", "nir"])
@pytest.mark.parametrize("side", [0, 1])
def test_lacking_red_or_infrared_needs_the_users_word(scenes: Scenes, lacking: str, side: int) -> None:
    """Red and near infrared are not dropped in silence from either date; a subset that both have can be asked for."""
    pair = [scenes.before, scenes.after]
    values = [scenes.simulated.before, scenes.simulated.after]
    kept = [position for position, band in enumerate(pair[side].bands) if band != lacking]
    subset = tuple(pair[side].bands[position] for position in kept)

    def without(which: int, name: str) -> Scene:
        scene = pair[which]
        return scene_from_arrays(values[which][kept], scene.grid, bands=subset, acquired=scene.acquired, name=name)

    poor = list(pair)
    poor[side] = without(side, "poor.tif")
    refused(poor[0], poor[1], BandMismatch, f"poor.tif lacks {lacking}", f"--bands {','.join(subset)}")
    assert survey(without(0, "a.tif"), without(1, "b.tif")).bands == subset


def test_no_overlap_is_refused(scenes: Scenes) -> None:
    """Images of other places are no pair."""
    away = GeoBox(
        scenes.after.grid.shape, scenes.after.grid.affine.translation(0, 5000) @ scenes.after.grid.affine, "EPSG:32618"
    )
    refused(scenes.before, with_scene(scenes.after, grid=away), NoOverlap, "share no ground")


def test_pair_errors_are_value_errors(scenes: Scenes) -> None:
    """What makes no pair is caught as PairError and as ValueError."""
    for family in (PairError, ValueError):
        with pytest.raises(family):
            survey(scenes.after, scenes.before)


def test_too_large_shift_is_refused(scenes: Scenes) -> None:
    """An image misplaced by more than the limit is refused, and the message says by how much."""
    moved = np.roll(scenes.simulated.after, (5, -3), axis=(1, 2))
    after = scene_from_arrays(
        moved, scenes.after.grid, bands=scenes.after.bands, acquired=scenes.after.acquired, name="moved.tif"
    )
    refused(scenes.before, after, MisalignedPair, "moved.tif", "5.8 px (58 m)", "at most 3 px")


@pytest.mark.parametrize(("east_px", "north_px"), [(0.0, 0.0), (0.4, -0.3), (-0.8, 0.6), (1.3, 1.0), (-2.2, -1.1)])
def test_planted_shift_is_measured(east_px: float, north_px: float) -> None:
    """The misplacement of the later image is measured within 0.15 px, with its sign, in metres east and north."""
    scenes = make_scenes(small_spec(shift_east_px=east_px, shift_north_px=north_px))
    model = survey(scenes.before, scenes.after)
    assert model.shift_east_m / 10 == pytest.approx(east_px, abs=0.15)
    assert model.shift_north_m / 10 == pytest.approx(north_px, abs=0.15)
    assert model.shift_tiles > 0
    assert model.shift_spread_m < 3
    flagged = any("more than the 1.5 px" in note for note in model.notes)
    assert flagged == (np.hypot(east_px, north_px) > 1.5)


def test_removed_shift_is_gone() -> None:
    """Once the shift is removed, none is left to measure between the aligned images."""
    scenes = make_scenes(small_spec(shift_east_px=0.6, shift_north_px=-0.5))
    block = align(scenes.before, scenes.after, survey(scenes.before, scenes.after)).read()
    inner = slice(5, -5)
    rest = []
    for scene, values in ((scenes.before, block.before), (scenes.after, block.after)):
        grid = pair_grid(small_spec())[inner, inner]
        rest.append(
            scene_from_arrays(
                values[:, inner, inner], grid, bands=scene.bands, acquired=scene.acquired, name="rest.tif"
            )
        )
    left = survey(rest[0], rest[1])
    assert abs(left.shift_east_m) <= 1
    assert abs(left.shift_north_m) <= 1


def test_model_of_unchanged_ground(scenes: Scenes) -> None:
    """The model of a plain pair: gains near 1, small residuals, a sound covariance, all of it clear."""
    model = survey(scenes.before, scenes.after)
    np.testing.assert_allclose(model.gain, 1, atol=0.1)
    covariance = np.array(model.covariance)
    np.testing.assert_allclose(np.sqrt(np.diag(covariance)), model.residual)
    np.testing.assert_allclose(covariance, covariance.T)
    assert (np.linalg.eigvalsh(covariance) > 0).all()
    assert model.overlap_share == 1
    assert 0.95 < model.clear_share <= 1
    assert model.grid == scenes.before.grid
    assert model.bands == scenes.before.bands


def test_same_pair_has_the_same_model(scenes: Scenes) -> None:
    """A survey is the same each time."""
    assert survey(scenes.before, scenes.after) == survey(scenes.before, scenes.after)


def test_clear_share_is_that_of_the_masks() -> None:
    """Half of one image under cloud: half of the sample is clear."""
    scenes = make_scenes(small_spec())
    scl = scenes.simulated.after_scl.copy()
    scl[:, :90] = 9
    after = scene_from_arrays(
        scenes.simulated.after, scenes.after.grid, bands=scenes.after.bands, acquired=scenes.after.acquired, scl=scl
    )
    assert survey(scenes.before, after).clear_share == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(("rows", "cols"), [(60, 60), (100, 300), (1000, 90), (2000, 2000)])
def test_tiles_lie_inside_and_reach_every_side(rows: int, cols: int) -> None:
    """Tiles are inside of the pair, not more than the most, and touch all of its sides."""
    settings = SurveySettings()
    tiles = list_tiles(rows, cols, settings)
    assert 1 <= len(tiles) <= settings.max_tiles
    assert len(set(tiles)) == len(tiles)
    assert all(tile.clipped(rows, cols) == tile for tile in tiles)
    if len(tiles) > 1 and rows == cols:
        assert min(tile.row for tile in tiles) == 0
        assert max(tile.col + tile.cols for tile in tiles) == cols


def test_scenes_far_apart_are_measured_where_they_lie(tmp_path: Path, project: Path) -> None:
    """Scenes of a mosaic with nothing but empty ground between them are matched, and told to be shifted apart."""
    for date in ("before", "after"):
        (tmp_path / date).mkdir()
        for path in (project / "data" / "samples").glob(f"*_{date}*.tif"):
            shutil.copy(path, tmp_path / date)
    before, after = (join_scenes(open_each(tmp_path / date)) for date in ("before", "after"))
    model = survey(before, after)
    alone = [
        survey(*(open_scene(project / "data" / "samples" / f"{name}_{date}.tif") for date in ("before", "after")))
        for name in ("forest", "savanna")
    ]
    shifts = [(one.shift_east_m, one.shift_north_m) for one in alone]
    assert any((model.shift_east_m, model.shift_north_m) == pytest.approx(shift, abs=1.0) for shift in shifts)
    assert model.clear_share == pytest.approx(np.mean([one.clear_share for one in alone]), abs=0.03)
    assert len([note for note in model.notes if "tiles show another shift than the one removed" in note]) == 1
    shared = find_shared(before, after, model.grid)
    assert len(shared) == 2
    tiles = place_tiles(before, after, model.grid, SurveySettings())
    assert len(tiles) <= SurveySettings().max_tiles
    assert all(any(tile.cut(window) == tile for window in shared) for tile in tiles)
    assert all(any(not tile.cut(window).empty for tile in tiles) for window in shared)


def test_scene_pair_and_change_are_picklable(scenes: Scenes) -> None:
    """Scenes, pairs and change maps go to other processes and read the same there."""
    pair = align(scenes.before, scenes.after, survey(scenes.before, scenes.after))
    for value in (scenes.before, pair, change(pair)):
        copy = pickle.loads(pickle.dumps(value))  # noqa: S301 - made right here
        read = [item.read_block() if isinstance(item, Scene) else item.read() for item in (value, copy)]
        for mine, other in zip(vars(read[0]).values(), vars(read[1]).values(), strict=True):
            np.testing.assert_array_equal(mine, other)


def test_pixels_of_different_sizes_are_told() -> None:
    """Of a pair of 10 m and 30 m the reader is told that the coarser image limits what is seen."""
    pair = make_ground()
    fine, coarse = pair.before, pair.after.at(30.0)
    before, after = (
        scene_from_arrays(ground.values, ground.grid, bands=BANDS, acquired=ground.acquired, name=name)
        for ground, name in ((fine, "fine"), (coarse, "coarse"))
    )
    assert any("pixels of 10 m and 30 m" in note for note in survey(before, after).notes)
    same = scene_from_arrays(pair.after.values, pair.after.grid, bands=BANDS, acquired=pair.after.acquired, name="same")
    assert not any("pixels of" in note for note in survey(before, same).notes)


@pytest.mark.parametrize("date", ["before", "after"])
def test_image_of_one_value_is_refused(scenes: Scenes, date: str) -> None:
    """An image that shows nothing was not observed, though it holds numbers."""
    scene: Scene = getattr(scenes, date)
    dead = scene_from_arrays(
        np.full((len(scene.bands), *scene.grid.shape), 0.12, dtype=np.float32),
        scene.grid,
        bands=scene.bands,
        acquired=scene.acquired,
        name=scene.name,
    )
    pair = dataclasses.replace(scenes, **{date: dead})
    refused(
        pair.before, pair.after, NoValidData, f"{date}.tif: all sampled pixels have the same value (", "0.12", "fetch"
    )


def as_one_band(scene: Scene, values: np.ndarray) -> Scene:
    """Return a scene of red alone with these values, in steps of 8 bits."""
    image = (values / 255).astype(np.float32)[None]
    return scene_from_arrays(image, scene.grid, bands=("red",), acquired=scene.acquired, name=scene.name)


def test_two_masks_named_as_bands_are_refused(scenes: Scenes, rng: np.random.Generator) -> None:
    """Two maps of classes are no images; one alone may be one, and so may a dark image of few values."""
    shape = scenes.before.grid.shape
    classes = [np.kron(rng.integers(2, 8, (shape[0] // 20 + 1, shape[1] // 20 + 1)), np.ones((20, 20))) for _ in "ab"]
    masks = [
        as_one_band(scene, codes[: shape[0], : shape[1]])
        for scene, codes in zip((scenes.before, scenes.after), classes, strict=True)
    ]
    refused(*masks, UnsupportedFormat, "before.tif and after.tif: one band of 12 values or fewer", "--before-mask")
    dark = [as_one_band(scene, rng.integers(4, 9, shape)) for scene in (scenes.before, scenes.after)]
    for one, other, told in ((*dark, None), (masks[0], dark[1], "before.tif"), (dark[0], masks[1], "after.tif")):
        model = survey(one, other)
        assert model.bands == ("red",)
        assert [note.split(" has 12 values")[0] for note in model.notes if "maps of classes" in note] == [
            *([told] if told else [])
        ]


def test_pixels_without_neighbours_are_no_areas(scenes: Scenes, rng: np.random.Generator) -> None:
    """Where no two neighbours were measured nothing tells that values lie in areas, as those of classes do."""
    shape = scenes.before.grid.shape
    holes = np.where(np.indices(shape).sum(axis=0) % 2, np.nan, 0)
    sparse = [as_one_band(scene, rng.integers(4, 9, shape) + holes) for scene in (scenes.before, scenes.after)]
    assert not any("maps of classes" in note for note in survey(*sparse).notes)


def test_image_saved_again_is_told(scenes: Scenes) -> None:
    """The same pixels under another name and date are compared, and a note asks for the other image."""
    copy = with_scene(scenes.before, acquired=scenes.after.acquired)
    note = "the two images have the same pixels: is one a copy of the other?"
    assert note in survey(scenes.before, copy).notes
    assert note not in survey(scenes.before, scenes.after).notes
