"""Confusers keep to what makes them what they are."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.sim.confusers import Site, draw_confuser
from colibri_geo.sim.shapes import Area, Ribbon, line_length
from colibri_geo.sim.spec import CONFUSER_KINDS
from colibri_geo.sim.spectra import SURFACES

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
            assert all(paint.surface is None or paint.surface in SURFACES for paint in paints)
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
