"""Blocks on another grid: those that nest in a coarser one are not warped, and come out as if they were."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.scenes import warping
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import Block, FloatArray
from colibri_geo.scenes.warping import warp_block

COARSE = GeoBox((40, 50), Affine(20, 0, 500_000, 0, -20, 900_000), "EPSG:32618")


def fill(rng: np.random.Generator, *, unseen: np.ndarray | None = None) -> Block:
    """Return a block of two bands on the coarse grid."""
    values: FloatArray = rng.normal(0.3, 0.1, (2, *COARSE.shape)).astype(np.float32)
    return Block(values, np.zeros(COARSE.shape, dtype=np.uint8) if unseen is None else unseen)


def refine(factor: int, window: Window) -> GeoBox:
    """Return a window of pixels of which `factor` make one of the coarse grid, counted from its first."""
    return cut_grid(GeoBox((1, 1), Affine(20 / factor, 0, 500_000, 0, -20 / factor, 900_000), COARSE.crs), window)


@pytest.mark.parametrize("factor", [2, 4])
def test_nested_pixels_are_those_of_gdal(
    rng: np.random.Generator, factor: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pixels nest in coarser ones, both are cubic convolution; codes are those of the nearest pixel."""
    unseen = np.where(np.arange(50) < 25, np.uint8(Unseen.OBSERVED), np.uint8(Unseen.CLOUD)) + np.zeros(
        (40, 1), np.uint8
    )
    block, target = (
        fill(rng, unseen=unseen.astype(np.uint8)),
        refine(factor, Window(4 * factor + 1, 5 * factor - 1, 53, 61)),
    )
    nested = warp_block(block, COARSE, target)
    monkeypatch.setattr(warping, "_find_nesting", lambda *_: None)
    warped = warp_block(block, COARSE, target)
    np.testing.assert_allclose(nested.values, warped.values, atol=2e-6)
    np.testing.assert_array_equal(nested.unseen, warped.unseen)


@pytest.mark.parametrize("side_m", [20.0, 20.0000001, 20.001])
def test_all_windows_of_a_grid_nest_or_none(side_m: float) -> None:
    """Whether pixels nest is told by the grids, not by where in them the window lies."""
    coarse = GeoBox((6000, 6000), Affine(side_m, 0, 500_000, 0, -side_m, 900_000), COARSE.crs)
    fine = GeoBox((12000, 12000), Affine(10, 0, 500_000, 0, -10, 900_000), COARSE.crs)
    places = [cut_grid(fine, Window(place, place, 40, 40)) for place in (0, 1, 100, 1000, 11_900)]
    assert {warping._find_nesting(coarse, place) is not None for place in places} == {side_m == 20.0}


def test_the_window_does_not_show(rng: np.random.Generator) -> None:
    """Windows that begin and end anywhere give the bytes of the whole."""
    block = fill(rng)
    whole = warp_block(block, COARSE, refine(2, Window(0, 0, 80, 100)))
    for window in (Window(0, 0, 1, 1), Window(13, 20, 31, 44), Window(79, 98, 1, 2)):
        part = warp_block(block, COARSE, refine(2, window))
        np.testing.assert_array_equal(part.unseen, whole.unseen[window.slices])
        inner = window.clipped(*whole.unseen.shape)
        np.testing.assert_array_equal(part.values, whole.values[:, *inner.slices])


def test_ground_beyond_is_outside_and_gaps_stay(rng: np.random.Generator) -> None:
    """What the coarse pixels do not reach is outside; what was not measured keeps its code and colours nothing."""
    unseen = np.zeros(COARSE.shape, dtype=np.uint8)
    unseen[10:14, 20:26] = Unseen.NODATA
    block = fill(rng, unseen=unseen)
    block.values[:, unseen > 0] = 1e9
    found = warp_block(block, COARSE, refine(2, Window(-3, 60, 50, 60)))
    assert (found.unseen[:3] == Unseen.OUTSIDE).all()
    assert (found.unseen[:, 40:] == Unseen.OUTSIDE).all()
    assert (found.unseen[3:, :40] == unseen.repeat(2, axis=0).repeat(2, axis=1)[:47, 60:]).all()
    assert found.values[:, found.unseen == Unseen.OBSERVED].max() < 2


@pytest.mark.parametrize(
    "fine",
    [
        GeoBox((20, 20), Affine(10, 0, 500_002, 0, -10, 899_800), "EPSG:32618"),
        GeoBox((20, 20), Affine(12, 0, 500_000, 0, -12, 899_800), "EPSG:32618"),
        GeoBox((20, 20), Affine(10, 0, 500_000, 0, -5, 899_800), "EPSG:32618"),
        GeoBox((20, 20), Affine(10, 0, 500_000, 0, -10, 899_800), "EPSG:32617"),
        GeoBox((20, 20), Affine(20, 0, 500_000, 0, -20, 899_800), "EPSG:32618"),
        GeoBox((20, 20), Affine(10, 1, 500_000, 1, -10, 899_800), "EPSG:32618"),
        GeoBox((20, 20), Affine(0.1, 0, 500_000, 0, -0.1, 899_800), "EPSG:32618"),
    ],
    ids=["off the lattice", "no whole number", "not square", "another zone", "as large", "turned", "far smaller"],
)
def test_other_pixels_do_not_nest(fine: GeoBox) -> None:
    """Only whole numbers of pixels, edge on edge, are taken for a part of the coarser ones."""
    assert warping._find_nesting(COARSE, refine(2, Window(1, 2, 3, 4))) == warping._Nesting(2, 1, 2)
    assert warping._find_nesting(COARSE, fine) is None
