"""Intervals against known values, and calibration on made-up probabilities."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from colibri_geo.bench.measures import measure_calibration, measure_median, measure_proportion, measure_rate


@pytest.mark.parametrize(("hits", "count"), [(0, 10), (1, 10), (7, 10), (10, 10), (97, 100)])
def test_proportion_is_wilson(hits: int, count: int) -> None:
    """The interval is that of Wilson's score test, as SciPy works it out."""
    expected = stats.binomtest(hits, count).proportion_ci(0.9, method="wilson")
    found = measure_proportion(hits, count)
    assert (found.lo, found.hi) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.lo <= found.value <= found.hi


def test_proportion_of_nothing_is_missing() -> None:
    """A share of nothing is missing, not zero."""
    assert math.isnan(measure_proportion(0, 0).value)


def test_rate_is_garwood() -> None:
    """The limits are those at which the count seen, or one further out, has a probability of 5 %."""
    rate = measure_rate(4, 2000.0)
    assert rate.per_1000_km2 == 2.0
    assert stats.poisson.cdf(4, rate.hi * 2) == pytest.approx(0.05)
    assert stats.poisson.sf(3, rate.lo * 2) == pytest.approx(0.05)


def test_rate_without_an_alarm_has_a_bound() -> None:
    """No alarm in 6,000 km2 claims less than 0.5 per 1,000 km2, and no more."""
    rate = measure_rate(0, 6000.0)
    assert (rate.per_1000_km2, rate.lo) == (0.0, 0.0)
    assert rate.hi == pytest.approx(-math.log(0.05) / 6, rel=1e-9)
    assert math.isnan(measure_rate(0, 0.0).hi)


def test_median_is_drawn_by_scene(rng: np.random.Generator) -> None:
    """Copies within a scene make a median no surer; the same values give the same interval."""
    values = rng.normal(5, 2, 30)
    scenes = [f"s{number}" for number in range(30)]
    once, copied = measure_median(values, scenes), measure_median(np.repeat(values, 4), list(np.repeat(scenes, 4)))
    assert (copied.value, copied.lo, copied.hi) == (once.value, once.lo, once.hi)
    assert once == measure_median(values, scenes)
    assert once.lo < once.value < once.hi
    apart = measure_median(np.repeat(values, 4), [str(number) for number in range(120)])
    assert apart.hi - apart.lo < once.hi - once.lo


def test_median_leaves_out_what_is_missing() -> None:
    """Missing values are no part of a median, and of nothing it is missing."""
    assert measure_median(np.array([1.0, math.nan, 3.0, 2.0]), ["a", "a", "b", "b"]).count == 3
    assert math.isnan(measure_median(np.array([math.nan]), ["a"]).value)


def test_calibrated_probabilities_have_a_small_error(rng: np.random.Generator) -> None:
    """Events drawn with the probabilities stated give almost no error; the same, overstated, give theirs."""
    probability = rng.uniform(0, 0.7, 40_000)
    real = rng.random(40_000) < probability
    assert measure_calibration(probability, real).ece < 0.01
    assert measure_calibration(probability + 0.3, real).ece == pytest.approx(0.3, abs=0.01)


def test_reliability_table_holds_everything() -> None:
    """Each probability falls into one bin, 0 and 1 too; the error of a made-up table is what one works out by hand."""
    whole = measure_calibration(np.array([0.0, 0.1, 0.95, 1.0]), np.array([False, True, True, False]))
    assert [one.count for one in whole.bins] == [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert whole.ece == pytest.approx((0.0 + 0.9 + 2 * abs(0.5 - 0.975)) / 4)
    assert math.isnan(measure_calibration(np.zeros(0), np.zeros(0, dtype=bool)).ece)
