"""The radiometric match of two dates: gain, offset and the noise of what is left."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.normalize import RadiometricMatch, match_radiometry

LEAST = 0.0005
GAIN, OFFSET = np.array([1.25, 0.8, 1.1]), np.array([0.01, -0.02, 0.003])
NOISE = np.array([0.002, 0.003, 0.004])


def ground(rng: np.random.Generator, count: int) -> np.ndarray:
    """Reflectances of three bands that go together, (3, K)."""
    common = rng.standard_normal(count)
    own = rng.standard_normal((3, count))
    return np.array([0.05, 0.08, 0.25])[:, None] + np.array([0.01, 0.015, 0.04])[:, None] * (0.7 * common + 0.7 * own)


def assert_matched(match: RadiometricMatch, true: np.ndarray, *, tolerance: float) -> None:
    """Check the gain, and that the typical ground is matched."""
    np.testing.assert_allclose(match.gain, GAIN, rtol=tolerance)
    middle = np.median(true, axis=1)
    np.testing.assert_allclose((middle - OFFSET) / GAIN * match.gain + match.offset, middle, atol=0.001)


@pytest.mark.parametrize("changed_share", [0.0, 0.1])
def test_gain_and_offset_are_recovered(rng: np.random.Generator, changed_share: float) -> None:
    """Gain and offset are recovered within 3 % although a tenth of the ground became bare."""
    truth = ground(rng, 20_000)
    before = truth + NOISE[:, None] * rng.standard_normal(truth.shape)
    after = (truth + NOISE[:, None] * rng.standard_normal(truth.shape) - OFFSET[:, None]) / GAIN[:, None]
    changed = rng.random(before.shape[1]) < changed_share
    after[:, changed] += np.array([0.06, 0.1, -0.1])[:, None]
    assert_matched(match_radiometry(before, after, least_noise=LEAST), before, tolerance=0.03)


def test_gain_is_unbiased_under_noise_on_both_dates(rng: np.random.Generator) -> None:
    """Equal noise on both dates does not shrink the gain, as least squares would (by 20 % here)."""
    truth = ground(rng, 20_000)
    spread = truth.std(axis=1, keepdims=True)
    before = truth + 0.5 * spread * rng.standard_normal(truth.shape)
    after = (truth + 0.5 * spread * rng.standard_normal(truth.shape) - OFFSET[:, None]) / GAIN[:, None]
    np.testing.assert_allclose(match_radiometry(before, after, least_noise=LEAST).gain, GAIN, rtol=0.05)


def test_swapped_dates_have_the_inverse_gain(rng: np.random.Generator) -> None:
    """Matched the other way round, the gain is the inverse."""
    before = ground(rng, 20_000)
    after = (before - OFFSET[:, None]) / GAIN[:, None] + NOISE[:, None] * rng.standard_normal(before.shape)
    one = match_radiometry(before, after, least_noise=LEAST)
    other = match_radiometry(after, before, least_noise=LEAST)
    np.testing.assert_allclose(one.gain * other.gain, 1, rtol=0.02)


def test_residual_and_covariance_are_those_of_what_is_left(rng: np.random.Generator) -> None:
    """On unchanged ground residual and covariance are those of the noise, correlations included."""
    before = ground(rng, 40_000)
    mixing = np.array([[1, 0, 0], [0.6, 0.8, 0], [0.0, 0.0, 1]]) * NOISE[:, None]
    rest = mixing @ rng.standard_normal(before.shape)
    match = match_radiometry(before, before + rest, least_noise=LEAST)
    expected = mixing @ mixing.T
    np.testing.assert_allclose(match.residual, np.sqrt(np.diag(expected)), rtol=0.15)
    np.testing.assert_allclose(np.diag(match.covariance), match.residual**2)
    measured = match.covariance / np.outer(match.residual, match.residual)
    np.testing.assert_allclose(measured, expected / np.outer(*[np.sqrt(np.diag(expected))] * 2), atol=0.08)
    assert (np.linalg.eigvalsh(match.covariance) > 0).all()


def test_identical_dates_are_matched_by_nothing(rng: np.random.Generator) -> None:
    """The same values twice: gain 1, offset 0, the least noise."""
    before = ground(rng, 2000)
    match = match_radiometry(before, before.copy(), least_noise=LEAST)
    np.testing.assert_allclose(match.gain, 1)
    np.testing.assert_allclose(match.offset, 0, atol=1e-12)
    np.testing.assert_allclose(match.residual, LEAST)


def test_ground_without_common_texture_is_matched_by_its_level_alone(rng: np.random.Generator) -> None:
    """Where the dates do not correlate the gain is 1 and the medians are brought together."""
    before, after = ground(rng, 5000), 2 * ground(rng, 5000)
    match = match_radiometry(before, after, least_noise=LEAST)
    np.testing.assert_array_equal(match.gain, 1)
    matched = np.median(after + match.offset[:, None], axis=1)
    np.testing.assert_allclose(matched, np.median(before, axis=1), atol=0.01)


def test_flat_ground_has_a_covariance_that_can_be_inverted() -> None:
    """Constant values are matched without a division by zero."""
    before, after = np.full((3, 500), 0.2), np.full((3, 500), 0.3)
    match = match_radiometry(before, after, least_noise=LEAST)
    np.testing.assert_allclose(match.offset, -0.1)
    assert np.isfinite(np.linalg.inv(match.covariance)).all()


@pytest.mark.parametrize("level_step", [0.5, 1.0])
def test_gain_of_coarsely_stored_values_is_not_coarse(rng: np.random.Generator, level_step: float) -> None:
    """Values stored in few grey levels, as in 8-bit pictures of forest, still have their gain within 6 %."""
    levels = 30 + np.array([2.1, 2.6, 3.4])[:, None] * rng.standard_normal((3, 20_000))
    own = 0.8 * rng.standard_normal((2, *levels.shape))
    before = np.round((levels + own[0]) / level_step) * level_step
    after = np.round(((levels + own[1]) / 1.15) / level_step) * level_step
    match = match_radiometry(before / 255, after / 255, least_noise=0.5 / 255)
    np.testing.assert_allclose(match.gain, 1.15, rtol=0.06)
