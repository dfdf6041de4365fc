"""The benchmark's scenes: named, frozen, apart."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from colibri_geo.bench.scenes import (
    BRIEFS,
    DEVELOPMENT_SEEDS,
    SIMULATED,
    TEST_SEEDS,
    list_obstacles,
    make_lasting,
    make_scenes,
    plan_scene,
    to_picture,
)
from colibri_geo.sim import simulate_pair


def test_seeds_are_apart() -> None:
    """No development seed is a test seed."""
    assert not set(DEVELOPMENT_SEEDS) & set(TEST_SEEDS)
    assert (len(DEVELOPMENT_SEEDS), TEST_SEEDS.start) == (1000, 10_000)


def test_scenes_of_different_seeds_and_groups_are_different() -> None:
    """The seed of a scene tells its group and the benchmark's seed: no two groups or seeds share one."""
    of_seeds = {plan_scene(BRIEFS["quiet"], seed).seed for seed in (0, 999, 10_000, 10_001)}
    of_groups = {plan_scene(brief, 10_000).seed for brief in BRIEFS.values()}
    assert (len(of_seeds), len(of_groups)) == (4, len(BRIEFS))
    assert {number % 1_000_000 for number in of_seeds} == {0, 999, 10_000, 10_001}
    assert {number % 1_000_000 for number in of_groups} == {10_000}
    assert len({brief.number for brief in BRIEFS.values()}) == len(BRIEFS)


@pytest.mark.parametrize("name", [group.name for group in SIMULATED])
def test_plan_is_the_same_again(name: str) -> None:
    """A seed plans the same scene each time; biomes take turns."""
    first, again = plan_scene(BRIEFS[name], 10_000), plan_scene(BRIEFS[name], 10_000)
    assert first == again
    assert {plan_scene(BRIEFS[name], seed).biome for seed in range(3)} == {"forest", "savanna", "mixed"}


@pytest.mark.parametrize("name", ["ordinary", "faint", "rgb", "six_bands", "fine", "coarse"])
def test_strips_are_as_the_group_says(name: str) -> None:
    """Number, kind and contrast of the strips are those of the group."""
    brief = BRIEFS[name]
    for seed in (10_000, 10_003):
        spec = plan_scene(brief, seed)
        low, high = brief.contrasts[seed // 3 % len(brief.contrasts)]
        assert all(low <= strip.contrast <= high for strip in spec.strips)
        counted = [sum(strip.kind == kind for strip in spec.strips) for kind in ("new", "old", "regrowing")]
        assert counted == [brief.new, brief.old, brief.regrowing]


def test_quiet_scenes_hold_nothing_new() -> None:
    """In a quiet scene no strip, road, field, corridor or burn is there on the later date alone."""
    lasting = ("road", "field", "pipeline", "power_line", "burn")
    for seed in range(10_000, 10_006):
        spec = plan_scene(BRIEFS["quiet"], seed)
        assert {strip.kind for strip in spec.strips} == {"old"}
        features = [one for confuser in spec.confusers if confuser.kind in lasting for one in confuser.features]
        assert features
        assert all(feature.paints[0] is not None for feature in features)


def test_lasting_adds_and_takes_nothing_else() -> None:
    """Making a scene last changes paints of the first date only."""
    spec = plan_scene(BRIEFS["ordinary"], 3)
    lasting = make_lasting(spec)
    assert dataclasses.replace(lasting, confusers=spec.confusers) == spec
    for one, other in zip(spec.confusers, lasting.confusers, strict=True):
        assert [feature.shape for feature in one.features] == [feature.shape for feature in other.features]
        assert [feature.paints[1] for feature in one.features] == [feature.paints[1] for feature in other.features]


def test_pictures_are_eight_bit_and_of_their_own_gain(rng: np.random.Generator) -> None:
    """A picture has whole grey levels from 1 to 255 and keeps the order of what it shows; no two stretches agree."""
    values = np.linspace(0, 0.5, 300, dtype=np.float32).reshape(3, 10, 10)
    first, second = to_picture(rng, values), to_picture(rng, values)
    assert not np.array_equal(first, second)
    levels = first * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
    assert levels.min() >= 1
    assert levels.max() <= 255.001
    assert (np.diff(first.ravel()) >= 0).all()


def test_obstacles_lie_on_the_map() -> None:
    """What may cause false alarms is given in the scene's metre system, each kind by its name."""
    spec = plan_scene(BRIEFS["ordinary"], 10_000)
    obstacles = list_obstacles(spec)
    assert {confuser.kind for confuser in spec.confusers} <= {obstacle.kind for obstacle in obstacles}
    place = np.array([obstacle.geometry.centroid.coords[0] for obstacle in obstacles if obstacle.kind == "field"])
    middle = np.array([spec.left_m + spec.width_m / 2, spec.bottom_m + spec.height_m / 2])
    assert np.abs(place - middle).max() < spec.width_m


def test_scenes_carry_grid_time_and_mask() -> None:
    """The scenes of a pair lie where the truth says, one after the other, with what is masked marked."""
    brief = dataclasses.replace(BRIEFS["rgb"], side_px=160, new=1, old=0, regrowing=0)
    spec = dataclasses.replace(plan_scene(dataclasses.replace(brief, side_px=640), 0), rows=160, cols=160)
    pair = simulate_pair(spec)
    before, after = make_scenes(pair, picture=True)
    assert before.acquired < after.acquired
    assert before.quantity == "relative"
    assert tuple(before.grid.boundingbox)[:2] == (spec.left_m, spec.bottom_m)
    seen = before.read_block().valid
    np.testing.assert_array_equal(seen, ~np.isin(pair.before_scl, (0, 1, 3, 8, 9, 10)))
