"""Heights between postings are those of the plane; the interval of a gradient holds what it promises."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.core.gradient import LEAST_STEPS, fit_gradient, interpolate_bilinear

SLOPES = st.floats(-1, 1)
ALONG_M = np.arange(0.0, 601.0, 15.0)


@given(st.floats(-100, 100), SLOPES, SLOPES, st.floats(0, 5), st.floats(0, 6))
def test_plane_is_reproduced(level: float, down: float, across: float, row: float, col: float) -> None:
    """A plane is interpolated exactly, at centres of pixels and between them."""
    rows, cols = np.mgrid[:6, :7].astype(np.float64)
    found = interpolate_bilinear(level + down * rows + across * cols, np.array([row]), np.array([col]))
    assert found[0] == pytest.approx(level + down * row + across * col, abs=1e-9)


@pytest.mark.parametrize(("row", "col"), [(-0.01, 1.0), (3.01, 1.0), (1.0, -0.01), (1.0, 4.01), (np.nan, 1.0)])
def test_nothing_is_known_beyond_the_outermost_centres(row: float, col: float) -> None:
    """Heights are not drawn out beyond the centres of the pixels at the edge."""
    assert np.isnan(interpolate_bilinear(np.zeros((4, 5)), np.array([row]), np.array([col]))).all()


def test_a_void_reaches_as_far_as_it_has_a_part() -> None:
    """Between a pixel without height and its neighbours nothing is known; on the neighbours themselves it is."""
    heights = np.full((5, 5), 7.0)
    heights[2, 2] = np.nan
    rows, cols = np.array([2.0, 1.0, 1.01, 2.0, 1.5, 2.0]), np.array([2.0, 2.0, 2.0, 1.0, 3.01, 2.99])
    assert np.isnan(interpolate_bilinear(heights, rows, cols)).tolist() == [True, False, True, False, False, True]


@given(SLOPES, st.floats(-400, 4000))
def test_a_line_has_its_slope_and_no_error(slope: float, level: float) -> None:
    """Heights on a line give its slope, whatever their level, and no scatter."""
    fitted = fit_gradient(ALONG_M, level + slope * ALONG_M, independent_m=30.0)
    assert fitted is not None
    assert (fitted.slope, fitted.half_width) == pytest.approx((slope, 0.0), abs=1e-7)


def test_a_gap_leaves_the_slope_and_widens_its_interval() -> None:
    """Where a third of a jagged profile is missing its slope is about as it was, and less sure."""
    heights_m = 0.02 * ALONG_M + np.where(np.arange(len(ALONG_M)) % 2, 1.0, -1.0)
    kept = (ALONG_M < 200) | (ALONG_M > 400)
    whole = fit_gradient(ALONG_M, heights_m, independent_m=30.0)
    part = fit_gradient(ALONG_M[kept], heights_m[kept], independent_m=30.0)
    assert whole is not None
    assert part is not None
    assert part.slope == pytest.approx(whole.slope, abs=1e-3)
    assert part.half_width > whole.half_width > 0


def test_closer_heights_bring_no_certainty(rng: np.random.Generator) -> None:
    """Heights interpolated between postings give about the interval of the postings alone."""
    postings_m = np.arange(0.0, 901.0, 30.0)
    heights_m = rng.normal(0, 2, len(postings_m))
    close_m = np.arange(0.0, 901.0, 5.0)
    alone = fit_gradient(postings_m, heights_m, independent_m=30.0)
    close = fit_gradient(close_m, np.interp(close_m, postings_m, heights_m), independent_m=30.0)
    assert alone is not None
    assert close is not None
    assert close.half_width == pytest.approx(alone.half_width, rel=0.25)


@pytest.mark.parametrize("count", [4, 12, 40])
def test_the_interval_holds_the_slope_nine_times_in_ten(rng: np.random.Generator, count: int) -> None:
    """Of many profiles with independent errors, the interval holds the true slope in 90 % of cases."""
    along_m = 30.0 * np.arange(count)
    fits = [fit_gradient(along_m, 0.01 * along_m + rng.normal(0, 1.5, count), independent_m=30.0) for _ in range(2000)]
    held = [fit is not None and abs(fit.slope - 0.01) <= fit.half_width for fit in fits]
    assert np.mean(held) == pytest.approx(0.9, abs=0.025)


def test_a_short_profile_has_no_gradient() -> None:
    """Where less than three steps are covered there is no slope; gaps do not count as covered."""
    short_m = np.arange(0.0, LEAST_STEPS * 30.0, 15.0)
    assert fit_gradient(short_m, short_m, independent_m=30.0) is None
    torn_m = np.concatenate([short_m[:3], short_m[:3] + 500.0])
    assert fit_gradient(torn_m, torn_m, independent_m=30.0) is None
