"""What user scripts do: each recipe finds a plain bar, and pieces are joined."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from colibri_geo.bench import recipes
from colibri_geo.bench.matching import compare_axes
from colibri_geo.bench.recipes import RECIPES, LsdRecipe, Recipe, can_run, join_pieces


def bar(rng: np.random.Generator, ends: np.ndarray, *, strength: float = 6.0) -> np.ndarray:
    """Return a picture of change in standard deviations with a bar 2 pixels wide."""
    rows, cols = np.mgrid[:160, :160] + 0.5
    step = ends[1] - ends[0]
    along = step / np.hypot(*step)
    east, south = cols - ends[0, 0], rows - ends[0, 1]
    station, offset = east * along[0] + south * along[1], -east * along[1] + south * along[0]
    covered = (np.abs(offset) <= 1.0) & (station >= 0) & (station <= np.hypot(*step))
    change = ndimage.gaussian_filter(covered * 1.3 * strength, 0.5) + rng.normal(0, 0.4, covered.shape)
    return change.astype(np.float32)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_each_recipe_finds_a_plain_bar(recipe: Recipe, rng: np.random.Generator) -> None:
    """A clear bar of 700 m is found by its ends, and nothing beside it is."""
    ends = np.array([[40.0, 50.0], [100.0, 86.0]])
    found = recipe.find(bar(rng, ends), 10.0)
    found = found[np.hypot(*(found[:, 1] - found[:, 0]).T) >= 35]
    compared = compare_axes(found * 10, ends[None] * 10)
    assert len(found) >= 1
    assert compared.overlap_share.max() > 0.8
    assert (compared.offset_m < 30).all()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_a_bar_cut_by_a_mask_is_one_line(recipe: Recipe, rng: np.random.Generator) -> None:
    """Two pieces of 320 m, each too short alone, are one line of 720 m across 80 m that were not observed."""
    ends = np.array([[40.0, 50.0], [112.0, 50.0]])
    change = bar(rng, ends)
    change[:, 72:80] = 0
    found = recipe.find(change, 10.0)
    assert compare_axes(found * 10, ends[None] * 10).overlap_share.max() > 0.9


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_no_recipe_finds_a_line_in_no_change(recipe: Recipe) -> None:
    """Where nothing changed, nothing is found."""
    assert recipe.find(np.zeros((80, 80), dtype=np.float32), 10.0).shape == (0, 2, 2)


def test_pieces_of_a_line_are_joined(rng: np.random.Generator) -> None:
    """Pieces along a line become one, in whatever order they come; a wide gap, a turn or another line parts them."""
    line = np.array([[[0.0, 0.0], [10.0, 0.0]], [[12.0, 1.0], [25.0, 1.0]], [[30.0, 0.0], [42.0, 0.0]]])
    others = np.array([[[65.0, 0.0], [75.0, 0.0]], [[20.0, 0.0], [20.0, 9.0]], [[0.0, 8.0], [42.0, 8.0]]])
    joined = join_pieces(rng.permutation(np.concatenate([line, others])), 10.0)
    assert len(joined) == 4
    lengths = sorted(np.hypot(*(joined[:, 1] - joined[:, 0]).T).round())
    assert lengths == [9, 10, 42, 42]


def test_nothing_is_joined_to_nothing() -> None:
    """No pieces give no lines."""
    assert join_pieces(np.zeros((0, 2, 2)), 10.0).shape == (0, 2, 2)


def test_missing_opencv_leaves_one_recipe_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without OpenCV the line segment detector cannot run, and the others can."""
    monkeypatch.setattr(recipes, "load_opencv", lambda: None)
    assert [can_run(recipe) for recipe in RECIPES] == [True, True, False]
    with pytest.raises(ModuleNotFoundError, match="colibri_geo\\[bench\\]"):
        LsdRecipe().find(np.zeros((50, 50), dtype=np.float32), 10.0)
