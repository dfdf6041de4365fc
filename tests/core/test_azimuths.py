"""Azimuths that are rounded."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.core.azimuths import AXIS_TURN_DEG, WHOLE_TURN_DEG, round_azimuth


@pytest.mark.parametrize("turn_deg", [AXIS_TURN_DEG, WHOLE_TURN_DEG])
@given(share=st.floats(0, 1, exclude_max=True), digits=st.integers(0, 3))
def test_a_rounded_azimuth_stays_below_a_turn(turn_deg: float, share: float, digits: int) -> None:
    """It is as near to what it was as rounding allows, the short way around."""
    azimuth_deg = share * turn_deg
    rounded = round_azimuth(azimuth_deg, digits=digits, turn_deg=turn_deg)
    assert 0 <= rounded < turn_deg
    apart = abs(rounded - azimuth_deg)
    assert min(apart, turn_deg - apart) <= 0.5 * 10**-digits + 1e-9


def test_what_is_not_known_stays_so() -> None:
    """NaN has no turn to stay below."""
    assert math.isnan(round_azimuth(math.nan, digits=1))
