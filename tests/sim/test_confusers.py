"""Confusers keep to what makes them what they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from colibri_geo.sim import Confuser, Feature, Mix, Paint, SceneSpec, random_spec, simulate_pair, write_pair
from colibri_geo.sim.confusers import Site, draw_confuser
from colibri_geo.sim.shapes import Area, Ribbon, line_length
from colibri_geo.sim.spec import CONFUSER_KINDS
from colibri_geo.sim.spectra import SURFACES, VEILS

SITE = Site(5000.0, 4000.0, "forest")


@pytest.mark.parametrize("kind", CONFUSER_KINDS)
def test_every_kind_can_be_drawn(kind: str, rng: np.random.Generator) -> None:
    """Each confuser has features that are there on one date at least, of surfaces that are known."""
    for _ in range(5):
        confuser = draw_confuser(kind, rng, SITE)
        assert confuser.kind == kind
        for feature in confuser.features:
            paints = [paint for paint in feature.paints if paint is not None]
            assert len(feature.paints) == 2
            assert paints
            assert all(paint.surface is None or paint.surface in {**SURFACES, **VEILS} for paint in paints)
            assert all(0 < paint.opacity <= 1 for paint in paints)


def test_road_is_long_bends_and_branches(rng: np.random.Generator) -> None:
    """A road is longer than the scene is wide, is not straight and has branches."""
    for _ in range(10):
        trunk, *branches = (feature.shape for feature in draw_confuser("road", rng, SITE).features)
        assert isinstance(trunk, Ribbon)
        assert line_length(trunk.points) > SITE.width_m
        assert line_length(trunk.points) > 1.003 * line_length((trunk.points[0], trunk.points[-1]))
        assert branches


@pytest.mark.parametrize("kind", ["pipeline", "power_line"])
def test_corridor_runs_on_beyond_the_scene(kind: str, rng: np.random.Generator) -> None:
    """Both ends of a corridor lie outside, and it is nearly straight."""
    for _ in range(10):
        (feature,) = draw_confuser(kind, rng, SITE).features
        assert isinstance(feature.shape, Ribbon)
        for end in (feature.shape.points[0], feature.shape.points[-1]):
            assert not (0 <= end[0] <= SITE.width_m and 0 <= end[1] <= SITE.height_m)
        assert line_length(feature.shape.points) < 1.01 * line_length(
            (feature.shape.points[0], feature.shape.points[-1])
        )


def test_river_moves_a_bank_and_keeps_a_bar(rng: np.random.Generator) -> None:
    """Water lies elsewhere on the later date, and sand lies beside it on both."""
    confuser = draw_confuser("river", rng, SITE)
    water = [feature for feature in confuser.features if any(p and p.surface == "water" for p in feature.paints)]
    assert [tuple(paint is None for paint in feature.paints) for feature in water] == [(False, True), (True, False)]
    assert water[0].shape.points != water[1].shape.points
    assert any(isinstance(feature.shape, Area) for feature in confuser.features)


def test_logging_tracks_are_straight_and_end(rng: np.random.Generator) -> None:
    """Every track leaves the road at one of its points, is straight and ends before a kilometre."""
    for _ in range(10):
        trunk, *tracks = (feature.shape for feature in draw_confuser("logging", rng, SITE).features)
        assert isinstance(trunk, Ribbon)
        assert tracks
        for track in tracks:
            assert isinstance(track, Ribbon)
            assert len(track.points) == 2
            assert track.points[0] in trunk.points
            assert 250 <= line_length(track.points) <= 900


@pytest.mark.parametrize(("opacity", "blank"), [(1.0, True), (0.5, False)])
def test_gap_is_not_measured(tmp_path: Path, opacity: float, *, blank: bool) -> None:
    """A gap is nodata in mask and image, or filled in so that only the mask tells; the rest stays as it is."""
    wedge = Feature(
        Area(((-100.0, 480.0), (1300.0, 440.0), (1300.0, 520.0), (-100.0, 600.0))), (None, Paint(None, opacity))
    )
    spec = SceneSpec(1, 100, 100, confusers=(Confuser("gap", (wedge,)),))
    plain, pair = simulate_pair(SceneSpec(1, 100, 100)), simulate_pair(spec)
    gap = pair.after_scl == 0
    assert 0.05 < gap.mean() < 0.2
    np.testing.assert_array_equal(pair.before, plain.before)
    np.testing.assert_array_equal(pair.after[:, ~gap], plain.after[:, ~gap])
    assert bool((pair.after[:, gap] == 0).all()) == blank
    assert not np.array_equal(pair.after[:, gap], plain.after[:, gap])
    write_pair(pair, tmp_path, "here")
    with rasterio.open(tmp_path / "here_after.tif") as image:
        np.testing.assert_array_equal(image.dataset_mask() == 0, gap & blank)


@pytest.mark.parametrize(("kind", "brighter"), [("haze_front", True), ("shade", False)])
def test_veils_leave_no_trace_in_the_mask(kind: str, *, brighter: bool) -> None:
    """Haze with an edge brightens blue and shade darkens all, and the mask says nothing."""
    mix = Mix(0, 0, 0, road=0, river=0, field=0, burn=0, clearing=0, season=0, **{kind: 1})
    seen = []
    for seed in range(3):
        spec = random_spec(seed, rows=150, cols=150, mix=mix, cloud_share=0.0)
        plain = simulate_pair(SceneSpec(**{**vars(spec), "confusers": ()}))
        pair = simulate_pair(spec)
        np.testing.assert_array_equal(pair.after_scl, plain.after_scl)
        seen.append(max((pair.after - plain.after)[0].max(), (pair.before - plain.before)[0].max()))
        seen.append(min((pair.after - plain.after)[0].min(), (pair.before - plain.before)[0].min()))
    assert (max(seen) > 0.004) == brighter
    assert (min(seen) < -0.004) == (not brighter)
