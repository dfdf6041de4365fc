"""The change of a pair: nothing where nothing changed, its sign, its unit."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime

import numpy as np
import pytest

from colibri_geo.core.resample import average_blocks
from colibri_geo.core.windows import Window
from colibri_geo.pairs import NOT_ASKED, ChangeMap, align, change, survey
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from tests.support.small_pair import Scenes, make_scenes, pair_grid, small_spec

BANDS = ("blue", "green", "red", "nir")
SIDE = 180


def scene(values: np.ndarray, *, day: int, scl: np.ndarray | None = None) -> Scene:
    """A scene of given values."""
    when = datetime(2024, 1, day, tzinfo=UTC)
    return scene_from_arrays(
        values.astype(np.float32), pair_grid(small_spec()), bands=BANDS, acquired=when, scl=scl, name=f"day{day}.tif"
    )


def mapped(before: Scene, after: Scene) -> ChangeMap:
    """Walk the road to the change map."""
    return change(align(before, after, survey(before, after)))


@pytest.fixture(scope="module")
def ground() -> np.ndarray:
    """Reflectances with texture that the dates have in common, (4, M, N)."""
    return make_scenes(small_spec(strips=())).simulated.before


def test_same_values_twice_are_no_change(ground: np.ndarray) -> None:
    """The same array on two dates changes by exactly nothing."""
    block = mapped(scene(ground, day=1), scene(ground, day=9)).read()
    assert (block.change == 0).all()
    np.testing.assert_array_equal(block.before, block.after)


def test_gain_and_offset_are_no_change(ground: np.ndarray) -> None:
    """A scene-wide gain and offset change nothing."""
    block = mapped(scene(ground, day=1), scene(1.3 * ground + 0.02, day=9)).read()
    assert np.abs(block.change).max() < 0.5


def test_change_of_unchanged_ground_has_unit_variance(rng: np.random.Generator, ground: np.ndarray) -> None:
    """Both dates with noise of their own: the whitened change has unit variance and hardly any correlation."""
    sigma = np.array([0.004, 0.004, 0.006, 0.02])[:, None, None]
    noisy = [ground + sigma * rng.standard_normal(ground.shape) for _ in range(2)]
    block = mapped(scene(noisy[0], day=1), scene(noisy[1], day=9)).read()
    covariance = np.cov((block.after - block.before).reshape(4, -1))
    np.testing.assert_allclose(np.diag(covariance), 1, rtol=0.15)
    assert np.abs(covariance - np.diag(np.diag(covariance))).max() < 0.1
    assert block.change.std() == pytest.approx(1, rel=0.1)


def test_ground_that_became_bare_is_positive(rng: np.random.Generator, ground: np.ndarray) -> None:
    """Brighter red and darker near infrared after are positive; the other way round, negative."""
    bare = ground.copy()
    place = (slice(80, 90), slice(60, 75))
    bare[2][place] += 0.08
    bare[3][place] -= 0.08
    noise = [0.004 * rng.standard_normal(ground.shape) for _ in range(2)]
    cleared = mapped(scene(ground + noise[0], day=1), scene(bare + noise[1], day=9)).read()
    regrown = mapped(scene(bare + noise[1], day=1), scene(ground + noise[0], day=9)).read()
    assert cleared.change[place].mean() > 4
    assert regrown.change[place].mean() < -4
    assert cleared.bare_after[place].mean() > cleared.bare_before[place].mean() + 4
    elsewhere = np.ones((SIDE, SIDE), dtype=bool)
    elsewhere[place] = False
    assert abs(float(cleared.change[elsewhere].mean())) < 0.2
    assert np.linalg.norm(cleared.bare_direction) == pytest.approx(1, abs=1e-5)


def test_what_was_not_seen_is_no_change(ground: np.ndarray) -> None:
    """Under cloud on either date the change is 0, and the validities say why."""
    scl = np.full((SIDE, SIDE), 4, dtype=np.uint8)
    scl[40:60, 40:70] = 9
    cloudy = np.where(scl == 9, 0.6, ground)
    block = mapped(scene(ground, day=1), scene(cloudy, day=9, scl=scl)).read()
    assert (block.change[scl == 9] == 0).all()
    assert not block.valid_after[scl == 9].any()
    assert block.valid_before.all()
    np.testing.assert_array_equal(block.valid, scl == 4)
    assert (block.unseen[scl == 9] == Unseen.CLOUD).all()
    assert (block.after[:, scl == 9] == 0).all()


def test_window_is_that_part_of_the_whole() -> None:
    """A window of the change map is that part of the whole, to the bit; beyond the pair lies nothing."""
    scenes: Scenes = make_scenes(small_spec(shift_east_px=0.4, shift_north_px=-0.3))
    change_map = mapped(scenes.before, scenes.after)
    whole, part = change_map.read(), change_map.read(Window(31, 47, 64, 50))
    for name in ("before", "after", "unseen_before", "unseen_after", "change"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[..., 31:95, 47:97])
    beyond = change_map.read(Window(-20, SIDE - 5, 15, 30))
    assert (beyond.unseen == Unseen.OUTSIDE).all()
    assert (beyond.change == 0).all()


def test_partial_overlap_is_outside_of_one_date(ground: np.ndarray) -> None:
    """Where one image does not reach, the ground is outside on that date alone."""
    before = scene(ground, day=1)
    spec = small_spec(left_m=500_500.0)
    after = scene_from_arrays(
        np.roll(ground, -50, axis=2), pair_grid(spec), bands=BANDS, acquired=datetime(2024, 1, 9, tzinfo=UTC)
    )
    pair = align(before, after, survey(before, after))
    block = pair.read()
    assert pair.grid.shape == (SIDE, SIDE + 50)
    assert (block.unseen_after[:, :50] == Unseen.OUTSIDE).all()
    assert (block.unseen_before[:, SIDE:] == Unseen.OUTSIDE).all()
    assert block.valid[:, 50:SIDE].all()
    assert NOT_ASKED not in np.unique(block.unseen)
    assert pair.model.overlap_share == pytest.approx(130 / 230)


@pytest.mark.parametrize("factor", [1, 2, 3])
def test_coarse_change_is_the_average_of_the_change(rng: np.random.Generator, ground: np.ndarray, factor: int) -> None:
    """Where nothing moves, averaging commutes with matching and whitening; what was not seen is 0."""
    later = 1.2 * ground + 0.01 + 0.01 * rng.standard_normal(ground.shape)
    scl = np.full(ground.shape[1:], 4)
    scl[40:60, 30:80] = 9
    before, after = scene(ground, day=1), scene(later, day=9, scl=scl)
    still = dataclasses.replace(survey(before, after), shift_east_m=0.0, shift_north_m=0.0)
    change_map = change(align(before, after, still))
    window = Window(-6, 12, 96, 120)
    fine, coarse = change_map.read(window), change_map.read_coarse(window, factor)
    np.testing.assert_array_equal(coarse.unseen_before, fine.unseen_before)
    np.testing.assert_array_equal(coarse.unseen_after, fine.unseen_after)
    np.testing.assert_array_equal(coarse.bare_direction, fine.bare_direction)
    for one, image, valid in (
        (coarse.before, fine.before, fine.valid_before),
        (coarse.after, fine.after, fine.valid_after),
    ):
        expected = average_blocks(image, valid, factor)
        np.testing.assert_array_equal(one.seen, expected.seen)
        np.testing.assert_allclose(one.image, expected.image, rtol=1e-4, atol=2e-3)
        assert (one.image[:, ~one.seen] == 0).all()
    assert not coarse.after.seen.all()
