"""Whitening by the clutter around each place."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.whitening import BLOCK_PX, REACH_PX, Whitening, flatten, measure_whitening, whiten
from colibri_geo.core.windows import Window

SIDE = 16 * BLOCK_PX
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
    lined[:, 100:102, 20:60] += 40
    quiet, loud = (measure_whitening(flatten(field, ALL_SEEN), ALL_SEEN) for field in (noise, lined))
    assert (loud[5:8, 1:4, 0, 0] > 0.45 * quiet[5:8, 1:4, 0, 0]).all()


def test_level_goes_and_leaves_no_trough(rng: np.random.Generator) -> None:
    """The local level is removed; beside something bright it is hardly dragged down; what is not seen is 0."""
    field = rng.standard_normal((1, SIDE, SIDE), dtype=np.float32) + 50
    field[:, 100:103, 100:140] += 100
    seen = ALL_SEEN.copy()
    seen[20:40, 50:70] = False
    flat = flatten(field * seen, seen)
    assert abs(float(np.median(flat[:, seen]))) < 0.2
    assert abs(float(flat[0, 90:98, 100:140].mean())) < 10
    assert float(flat[0, 100:103, 100:140].mean()) > 90
    assert (flat[:, ~seen] == 0).all()


def test_nothing_seen_changes_nothing() -> None:
    """Without a measurement the matrices are finite, and zeros stay zeros."""
    empty, unseen = np.zeros((3, SIDE, SIDE), dtype=np.float32), np.zeros((SIDE, SIDE), dtype=bool)
    whitening = measure_whitening(flatten(empty, unseen), unseen)
    assert np.isfinite(whitening).all()
    assert not whiten(empty, whitening).any()


def test_whitening_does_not_depend_on_the_cut(rng: np.random.Generator) -> None:
    """Blocks further from a cut than the reach get the same matrices, and the same pixels, as without the cut."""
    field = correlated(rng)
    whole = measure_whitening(flatten(field, ALL_SEEN), ALL_SEEN)
    blocks = 12
    cut = slice(0, blocks * BLOCK_PX)
    part = measure_whitening(flatten(field[:, cut], ALL_SEEN[cut]), ALL_SEEN[cut])
    safe = blocks - -(-REACH_PX // BLOCK_PX)
    np.testing.assert_allclose(part[:safe], whole[:safe], rtol=5e-3, atol=1e-4)
    window = Window(64, 96, 128, 64)
    np.testing.assert_array_equal(
        Whitening(whole).apply(field[:, *window.slices], window), whiten(field, whole)[:, *window.slices]
    )


def test_matrices_of_a_part_serve_its_windows(rng: np.random.Generator) -> None:
    """Matrices counted from a block further down and right are those of their own places."""
    matrices, field = rng.standard_normal((8, 8, 2, 2)).astype(np.float32), rng.standard_normal((2, 48, 32))
    window = Window(3 * BLOCK_PX, 4 * BLOCK_PX, 48, 32)
    part = Whitening(matrices[1:, 2:], row=1, col=2)
    values = field.astype(np.float32)
    np.testing.assert_array_equal(part.apply(values, window), Whitening(matrices).apply(values, window))
    np.testing.assert_array_equal(part.at(50.0, 70.0), matrices[3, 4])


def test_finer_pixels_get_the_matrices_of_their_ground(rng: np.random.Generator) -> None:
    """Where pixels are half as wide, a block holds twice as many each way, and each pixel is whitened as its like."""
    matrices, field = rng.standard_normal((4, 5, 2, 2)).astype(np.float32), rng.standard_normal((2, 32, 48))
    coarse = Whitening(matrices).apply(field.astype(np.float32), Window(16, 16, 32, 48))
    doubled = field.astype(np.float32).repeat(2, axis=1).repeat(2, axis=2)
    finer = Whitening(matrices, scale=2)
    fine = finer.apply(doubled, Window(32, 32, 64, 96))
    np.testing.assert_array_equal(fine, coarse.repeat(2, axis=1).repeat(2, axis=2))
    np.testing.assert_array_equal(finer.at(40.0, 70.0), Whitening(matrices).at(20.0, 35.0))


def test_matrix_of_a_place_is_that_of_its_block(rng: np.random.Generator) -> None:
    """Places beyond the image get the matrix of the nearest block."""
    matrices = rng.standard_normal((2, 3, 1, 1)).astype(np.float32)
    whitening = Whitening(matrices)
    assert whitening.at(20.0, 35.0) == pytest.approx(matrices[1, 2])
    assert whitening.at(-5.0, 1e4) == pytest.approx(matrices[0, 2])
