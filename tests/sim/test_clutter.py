"""Small unrest between the dates."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.stats import chi2

from colibri_geo.errors import SettingsError
from colibri_geo.sim import Mix, SceneSpec, SimulatedPair, random_spec, simulate_pair
from colibri_geo.sim.clutter import draw_litter, draw_wisps
from colibri_geo.sim.pairs import UNSEEN_SCL
from colibri_geo.sim.shapes import View

QUIET = Mix(new=0, old=0, regrowing=0, road=0, river=0, field=0, burn=0, clearing=0, season=0)
BLOCK_PX = 60


def heavy_share(pair: SimulatedPair) -> float:
    """Share of pixels whose whitened change lies beyond what 3 sigma is of one Gaussian band, noise taken locally."""
    valid = ~np.isin(pair.before_scl, UNSEEN_SCL) & ~np.isin(pair.after_scl, UNSEEN_SCL)
    change = pair.after - pair.before
    beyond = seen = 0
    for row in range(0, valid.shape[0], BLOCK_PX):
        for col in range(0, valid.shape[1], BLOCK_PX):
            block = np.s_[row : row + BLOCK_PX, col : col + BLOCK_PX]
            values = change[:, *block][:, valid[block]]
            values = values - np.median(values, axis=1, keepdims=True)
            values /= 1.4826 * np.median(np.abs(values), axis=1, keepdims=True)
            _, axes = np.linalg.eigh(np.cov(np.clip(values, -3, 3)))
            white = axes.T @ values
            white /= 1.4826 * np.median(np.abs(white), axis=1, keepdims=True)
            beyond += int(((white**2).sum(axis=0) > chi2.ppf(0.9973, len(change))).sum())
            seen += values.shape[1]
    return beyond / seen


@pytest.mark.parametrize("biome", ["forest", "savanna", "mixed"])
def test_cluttered_ground_has_the_tails_of_real_ground(biome: str) -> None:
    """With clutter 1 the share of large changes on ground where nothing happened is that of real pairs, 7 to 14 %."""
    words = {"rows": 240, "cols": 240, "biome": biome, "mix": QUIET, "cloud_share": 0.0, "memory": 0.65}
    shares = [heavy_share(simulate_pair(random_spec(seed, clutter=1.0, **words))) for seed in (1, 2)]
    plain = heavy_share(simulate_pair(random_spec(1, **words)))
    assert 0.07 <= np.mean(shares) <= 0.14
    assert plain < shares[0] - 0.015


def test_no_clutter_is_the_default() -> None:
    """A spec that does not ask for clutter has none, and clutter changes neither the layout nor the looks."""
    assert random_spec(4, clutter=0.0) == random_spec(4)
    assert dataclasses.replace(random_spec(4, clutter=1.0), clutter=0.0) == random_spec(4)


@pytest.mark.parametrize("pixel_m", [3.0, 10.0, 30.0])
def test_litter_keeps_its_metres(pixel_m: float) -> None:
    """The area laid bare is the same on fine and coarse pixels."""

    def bare_m2(pixel_m: float) -> float:
        side = round(1800 / pixel_m)
        spec = SceneSpec(9, side, side, pixel_m, clutter=1.0)
        litter = draw_litter(spec, View(side, side, pixel_m), 0.5 * pixel_m, 0)
        return float(litter.bare.sum()) * pixel_m**2

    assert bare_m2(pixel_m) == pytest.approx(bare_m2(5.0), rel=0.06)


def test_litter_lies_where_the_view_sees_it() -> None:
    """A view that lies two pixels east and one north shows every bare piece there."""
    spec = SceneSpec(9, 120, 120, clutter=1.0)
    still = draw_litter(spec, View(120, 120, 10.0), 5.0, 0).bare
    moved = draw_litter(spec, View(120, 120, 10.0, 20.0, 10.0), 5.0, 0).bare
    np.testing.assert_allclose(moved[:-1, 2:], still[1:, :-2], atol=1e-5)


def test_dates_share_part_of_their_litter() -> None:
    """Some pieces are at one place on both dates, and none looks the same."""
    spec = SceneSpec(9, 200, 200, clutter=1.0)
    first, second = (draw_litter(spec, View(200, 200, 10.0), 5.0, date).light.ravel() for date in (0, 1))
    assert 0.1 < np.corrcoef(first, second)[0, 1] < 0.8


def test_wisps_are_thin_and_no_mask_knows_them() -> None:
    """Cirrus and scraps hide little of the ground, and the mask is that of the scene without them."""
    spec = SceneSpec(9, 150, 150, clutter=1.0)
    wisps = draw_wisps(spec, 0)
    assert min(wisps.cirrus.min(), wisps.scraps.min()) >= 0
    assert max(wisps.cirrus.max(), wisps.scraps.max()) < 0.15
    plain = simulate_pair(dataclasses.replace(spec, clutter=0.0))
    np.testing.assert_array_equal(simulate_pair(spec).before_scl, plain.before_scl)


def test_clutter_out_of_range_is_refused() -> None:
    """Less than none is no clutter."""
    with pytest.raises(SettingsError, match="clutter -1"):
        simulate_pair(SceneSpec(1, clutter=-1.0))
