"""Scenes of a few words."""

from __future__ import annotations

import numpy as np
import pytest
from shapely.geometry import LineString, box

from colibri_geo.errors import SettingsError
from colibri_geo.sim import Mix, draw_length, random_spec
from colibri_geo.sim.placing import LENGTH_SHARES, LENGTHS_M, outline

EVERYTHING = Mix(pipeline=1, power_line=1, seam=1)


def test_lengths_follow_real_strips(rng: np.random.Generator) -> None:
    """Quantiles of many lengths are those of the digitised runways."""
    lengths = [draw_length(rng) for _ in range(4000)]
    np.testing.assert_allclose(np.quantile(lengths, LENGTH_SHARES[1:-1]), LENGTHS_M[1:-1], rtol=0.06)
    assert min(lengths) >= LENGTHS_M[0]
    assert max(lengths) <= LENGTHS_M[-1]


def test_lengths_stay_in_the_range_asked_for(rng: np.random.Generator) -> None:
    """A cut distribution keeps its shape inside and nothing outside."""
    lengths = [draw_length(rng, shortest_m=500.0, longest_m=900.0) for _ in range(500)]
    assert 500 <= min(lengths) < 520
    assert 880 < max(lengths) <= 900


@pytest.mark.parametrize("biome", ["forest", "savanna", "mixed"])
def test_strips_lie_inside_and_apart(biome: str) -> None:
    """Strips keep within the scene and 100 m away from each other and from what could be taken for them."""
    spec = random_spec(8, biome=biome, mix=EVERYTHING)
    frame = box(0, 0, spec.width_m, spec.height_m)
    strips = [LineString([strip.end1, strip.end2]).buffer(strip.width_m / 2) for strip in spec.strips]
    hard = [
        outline(feature.shape)
        for confuser in spec.confusers
        if confuser.kind not in {"season", "seam", "clearing"}
        for feature in confuser.features
    ]
    assert len(strips) == 6
    for number, strip in enumerate(strips):
        assert frame.contains(strip)
        assert all(strip.distance(other) >= 99 for other in strips[:number] + hard)


def test_scene_holds_what_the_mix_asks_for() -> None:
    """Every kind comes as often as asked."""
    mix = Mix(new=1, old=2, regrowing=0, road=2, river=1, field=1, pipeline=2, power_line=1, burn=2, clearing=1, seam=1)
    spec = random_spec(2, rows=700, cols=700, mix=mix)
    kinds = [item.kind for item in (*spec.strips, *spec.confusers)]
    for kind in ("new", "old", "regrowing", "road", "river", "field", "pipeline", "power_line", "burn", "clearing"):
        assert kinds.count(kind) == getattr(mix, kind)


def test_seed_decides_the_scene() -> None:
    """The same seed gives the same scene, another seed another."""
    assert random_spec(5) == random_spec(5)
    assert random_spec(5).strips != random_spec(6).strips


def test_azimuths_fill_all_directions() -> None:
    """Each quarter of the compass gets its share of strips."""
    azimuths = [strip.grid_azimuth_deg for seed in range(12) for strip in random_spec(seed).strips]
    counts, _ = np.histogram(azimuths, bins=[0, 45, 90, 135, 180])
    assert counts.sum() == 72
    assert counts.min() >= 8


def test_words_are_kept_to() -> None:
    """Contrast, width, length and surface stay in the ranges given."""
    strips = [
        strip
        for seed in range(4)
        for strip in random_spec(
            seed, contrast=(0.1, 0.4), width_m=(15.0, 30.0), length_m=(400.0, 900.0), surfaces=("sand",)
        ).strips
    ]
    assert all(0.1 <= strip.contrast <= 0.4 for strip in strips)
    assert all(15 <= strip.width_m <= 30 for strip in strips)
    assert all(400 <= strip.length_m <= 900 for strip in strips)
    assert {strip.surface for strip in strips} == {"sand"}


def test_full_scene_is_refused() -> None:
    """Where strips find no room the caller learns it, rather than getting fewer."""
    with pytest.raises(SettingsError, match="no room"):
        random_spec(1, rows=100, cols=100, mix=Mix(new=30))


@pytest.mark.parametrize("words", [{"contrast": 0.0}, {"contrast": (0.5, 0.2)}, {"cloud_share": 1.0}])
def test_words_out_of_range_are_refused(words: dict[str, object]) -> None:
    """Contrast and cloud share must be shares that can be."""
    with pytest.raises(SettingsError, match=r"expected (the lowest first|a share)"):
        random_spec(1, **words)
