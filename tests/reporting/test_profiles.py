"""Profiles across and along a strip."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.reporting.profiles import BEYOND_M, StripProfiles, choose_telling_band, measure_profiles

ROWS, COLS = 120, 160
SEEN = np.ones((ROWS, COLS), dtype=bool)
PIXEL_M = 10.0


def ground(*, first: int = 40, last: int = 100, row: int = 60, half: int = 1) -> np.ndarray:
    """Dark ground with a bright strip from west to east, from one column to another, both included."""
    image = np.full((ROWS, COLS), 0.05, dtype=np.float32)
    image[row - half : row + half + 1, first : last + 1] = 0.25
    return image


def measure(after: np.ndarray, *, seen_after: np.ndarray = SEEN, reverse: bool = False) -> StripProfiles:
    """Measure the strip of `ground`; before it was not there."""
    ends = ((60.0, 39.5), (60.0, 100.5))
    return measure_profiles(
        np.full_like(after, 0.05),
        after,
        (SEEN, seen_after),
        ends=ends[::-1] if reverse else ends,
        pixel_m=PIXEL_M,
        width_m=30.0,
        band="red",
    )


def values(profile: tuple[float | None, ...]) -> np.ndarray:
    """Values as an array, NaN where there is none."""
    return np.array([np.nan if value is None else value for value in profile])


def test_strip_stands_out_across_its_axis() -> None:
    """Across, the mean within the width is that of the strip, beside it that of the ground; before, all is ground."""
    across = measure(ground()).across
    places = np.array(across.places_m)
    assert values(across.after)[np.abs(places) <= 10] == pytest.approx(0.25, rel=0.02)
    assert values(across.after)[np.abs(places) >= 25] == pytest.approx(0.05)
    assert values(across.before) == pytest.approx(0.05)
    assert places[0] == -places[-1] == -100
    assert across.mean("after", nearest_m=0, farthest_m=10) == pytest.approx(0.25, rel=0.02)
    assert across.mean("after", nearest_m=500, farthest_m=900) is None


def test_strip_lies_between_its_ends_along_its_axis() -> None:
    """Along, the strip reaches from 0 to its length, and the ground beyond both ends is drawn too."""
    along = measure(ground()).along
    places, after = np.array(along.places_m), values(along.after)
    assert after[(places > 10) & (places < 600)].min() > 0.22
    assert after[(places < -10) | (places > 620)] == pytest.approx(0.05)
    assert places[0] == -BEYOND_M
    assert places[-1] >= 610 + BEYOND_M


@pytest.mark.parametrize(("reverse", "side"), [(False, 1), (True, -1)])
def test_right_is_positive_seen_from_end_1(reverse: bool, side: int) -> None:
    """A bright edge south of a strip that runs east lies on the right; of one that runs west, on the left."""
    image = ground()
    image[64:66] = 0.5
    across = measure(image, reverse=reverse).across
    assert np.sign(across.places_m[int(np.nanargmax(values(across.after)))]) == side


def test_what_was_not_observed_is_left_out() -> None:
    """A cloud makes a gap along the axis on its date only, and its brightness enters no mean."""
    image, seen = ground(), SEEN.copy()
    image[:, 60:80] = 9.0
    seen[:, 60:80] = False
    profiles = measure(image, seen_after=seen)
    places = np.array(profiles.along.places_m)
    hidden = (places > 215) & (places < 385)
    assert np.isnan(values(profiles.along.after)[hidden]).all()
    assert not np.isnan(values(profiles.along.before)).any()
    assert np.nanmax(values(profiles.along.after)) < 0.26
    assert np.nanmax(values(profiles.across.after)) < 0.26


def test_nothing_observed_gives_no_value() -> None:
    """Without one observed pixel every value is missing, and none is made up."""
    profiles = measure(ground(), seen_after=~SEEN)
    assert set(profiles.across.after) == set(profiles.along.after) == {None}


def test_profile_of_a_long_strip_has_a_bounded_number_of_places() -> None:
    """A longer strip is drawn in coarser steps, whose means are those of all pixels in them."""
    image = np.tile(np.float32([0.0, 1.0]), (5, 2000))
    seen = np.ones_like(image, dtype=bool)
    ends = ((2.0, 10.0), (2.0, 3900.0))
    profiles = measure_profiles(image, image, (seen, seen), ends=ends, pixel_m=1.0, width_m=3.0, band="red")
    assert len(profiles.along.places_m) <= 120
    inner = values(profiles.along.after)[10:-10]
    assert inner == pytest.approx(0.5, abs=0.02)


def test_red_tells_bare_ground_best() -> None:
    """Red is drawn where there is red, and something is drawn of whatever bands there are."""
    assert choose_telling_band(("swir16", "nir", "red")) == "red"
    assert choose_telling_band(("green", "swir16", "nir")) == "swir16"
    assert choose_telling_band(("vh", "vv")) == "vh"
