"""Whitening by the clutter around each place."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.whitening import BLOCK_PX, REACH_PX, Whitening, flatten, measure_whitening, whiten
from colibri_geo.core.windows import Window

SIDE = 8 * BLOCK_PX
ALL_SEEN = np.ones((SIDE, SIDE), dtype=bool)
MIXING = np.array([[1.0, 0.0], [0.8, 0.6]], dtype=np.float32)


def correlated(rng: np.random.Generator, side: int = SIDE) -> np.ndarray:
    """Two bands of noise, correlated, four times as strong on the right half."""
    noise = np.einsum("ab,bmn->amn", MIXING, rng.standard_normal((2, side, side), dtype=np.float32))
    return noise * np.where(np.arange(side) < side // 2, 1, 4).astype(np.float32)


def test_clutter_becomes_white_everywhere(rng: np.random.Generator) -> None:
    """Whitened noise has unit variance and no correlation between bands, wherever it was weak or strong."""
    flat = flatten(correlated(rng), ALL_SEEN)
    white = whiten(flat, measure_whitening(flat, ALL_SEEN))
    for part in (white[:, :, : SIDE // 2 - 64], white[:, :, SIDE // 2 + 64 :]):
        np.testing.assert_allclose(np.cov(part.reshape(2, -1)), np.eye(2), atol=0.2)


def test_what_stands_out_does_not_hide_itself(rng: np.random.Generator) -> None:
    """A bright line across a block changes the measure of its clutter by no more than half."""
    noise = correlated(rng)
    lined = noise.copy()
    lined[:, 100:103, 20:90] += 40
    quiet, loud = (measure_whitening(flatten(field, ALL_SEEN), ALL_SEEN) for field in (noise, lined))
    assert loud[3, 1, 0, 0] > 0.45 * quiet[3, 1, 0, 0]


def test_level_goes_and_leaves_no_trough(rng: np.random.Generator) -> None:
    """The local level is removed; beside something bright it is hardly dragged down; what is not seen is 0."""
    field = rng.standard_normal((1, SIDE, SIDE), dtype=np.float32) + 50
    field[:, 100:110, 100:140] += 100
    seen = ALL_SEEN.copy()
    seen[20:40, 50:70] = False
    flat = flatten(field * seen, seen)
    assert abs(float(np.median(flat[:, seen]))) < 0.2
    assert abs(float(flat[0, 90:98, 100:140].mean())) < 10
    assert (flat[:, ~seen] == 0).all()


def test_nothing_seen_changes_nothing() -> None:
    """Without a measurement the matrices are finite, and zeros stay zeros."""
    empty, unseen = np.zeros((3, SIDE, SIDE), dtype=np.float32), np.zeros((SIDE, SIDE), dtype=bool)
    whitening = measure_whitening(flatten(empty, unseen), unseen)
    assert np.isfinite(whitening).all()
    assert not whiten(empty, whitening).any()


def test_whitening_does_not_depend_on_the_cut(rng: np.random.Generator) -> None:
    """Blocks further from a cut than the reach get the same matrices, and the same pixels, as without the cut."""
    field = correlated(rng, side=10 * BLOCK_PX)
    seen = np.ones(field.shape[1:], dtype=bool)
    whole = measure_whitening(flatten(field, seen), seen)
    part = measure_whitening(flatten(field[:, : 8 * BLOCK_PX], seen[: 8 * BLOCK_PX]), seen[: 8 * BLOCK_PX])
    safe = 8 - -(-REACH_PX // BLOCK_PX)
    np.testing.assert_allclose(part[:safe], whole[:safe], rtol=1e-4)
    window = Window(64, 96, 128, 64)
    np.testing.assert_array_equal(
        Whitening(whole).apply(field[:, *window.slices], window), whiten(field, whole)[:, *window.slices]
    )


def test_matrix_of_a_place_is_that_of_its_block(rng: np.random.Generator) -> None:
    """Places beyond the image get the matrix of the nearest block."""
    matrices = rng.standard_normal((2, 3, 1, 1)).astype(np.float32)
    whitening = Whitening(matrices)
    assert whitening.at(40.0, 70.0) == pytest.approx(matrices[1, 2])
    assert whitening.at(-5.0, 1e4) == pytest.approx(matrices[0, 2])
