"""Backscatter: its unit told from the values, and decibels of it."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.errors import RadiometryError
from colibri_geo.scenes.backscatter import BackscatterUnit, infer_backscatter, to_decibels

FOREST_DB = {"vv": -7.0, "vh": -13.0}
BARE_DB = {"vv": -12.0, "vh": -18.0}


def make_power(median_db: dict[str, float], rng: np.random.Generator) -> np.ndarray:
    """Power of even ground with the speckle of four looks, VV and VH."""
    means = np.array([[10 ** (median_db[band] / 10)] for band in ("vv", "vh")])
    return means * rng.gamma(4, 1 / 4, (2, 2000))


@pytest.mark.parametrize("median_db", [FOREST_DB, BARE_DB, {"vv": -20.0, "vh": -28.0}])
def test_power_and_decibels_are_told_apart(median_db: dict[str, float], rng: np.random.Generator) -> None:
    """Power of forest, bare ground and calm water is power, and its decibels are decibels."""
    power = make_power(median_db, rng)
    assert infer_backscatter(power, bands=["vv", "vh"], source="a.tif") is BackscatterUnit.POWER
    decibels = 10 * np.log10(power)
    assert infer_backscatter(decibels, bands=["vv", "vh"], source="a.tif") is BackscatterUnit.DB


def test_zero_and_endless_values_do_not_count(rng: np.random.Generator) -> None:
    """Fill of 0 and values that are not finite change nothing, however many they are."""
    decibels = 10 * np.log10(make_power(FOREST_DB, rng))
    decibels[:, ::2], decibels[0, 1], decibels[1, 3] = 0, np.nan, -np.inf
    assert infer_backscatter(decibels, bands=["vv", "vh"], source="a.tif") is BackscatterUnit.DB


@pytest.mark.parametrize(
    "change",
    [
        np.sqrt,
        lambda power: power * 1e4,
        lambda power: 10 * np.log10(power) * 100,
        lambda power: 10 * np.log10(power / power[:, ::-1]),
        np.zeros_like,
        lambda power: np.stack([power[0], 10 * np.log10(power[1])]),
        lambda power: np.full_like(power, -9999.0),
    ],
    ids=["amplitude", "counts", "dB x 100", "change in dB", "nothing", "one of each", "fill"],
)
def test_what_fits_neither_is_refused(change: np.ufunc, rng: np.random.Generator) -> None:
    """Amplitude, scaled integers, differences, fill, and bands in different units are refused in one line."""
    with pytest.raises(RadiometryError, match=r"a\.tif: the median is .* in VV, .* in VH, expected gamma0") as raised:
        infer_backscatter(change(make_power(FOREST_DB, rng)), bands=["vv", "vh"], source="a.tif")
    assert "\n" not in str(raised.value)


def test_units_give_the_same_decibels(rng: np.random.Generator) -> None:
    """Power, its root and its decibels are the same backscatter."""
    power = make_power(BARE_DB, rng)
    stored = {
        BackscatterUnit.POWER: power,
        BackscatterUnit.AMPLITUDE: np.sqrt(power),
        BackscatterUnit.DB: 10 * np.log10(power),
    }
    for unit, values in stored.items():
        decibels = to_decibels(values, unit)
        assert decibels.dtype == np.float32
        np.testing.assert_allclose(decibels, 10 * np.log10(power), atol=1e-4)


def test_what_no_ground_sends_back_was_not_measured() -> None:
    """Power of 0 or less, values that are not finite, and fill values become NaN."""
    power = np.array([0.0, -0.001, np.nan, np.inf, -9999.0, 1e20, 0.05])
    assert np.isnan(to_decibels(power, BackscatterUnit.POWER)).tolist() == [True] * 6 + [False]
    decibels = np.array([-32768.0, -9999.0, 1e20, np.nan, -np.inf, -13.0])
    assert np.isnan(to_decibels(decibels, BackscatterUnit.DB)).tolist() == [True] * 5 + [False]
