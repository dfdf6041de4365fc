"""Coordinates for people: exact to a tenth of a second, with the right carries and letters."""

from __future__ import annotations

import re

import mgrs
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from colibri_geo.errors import GeoreferenceError
from colibri_geo.exporting import format_dms, format_mgrs, format_position, strip_centres
from tests.support.example_run import example_strips

_DMS = re.compile(r"""(\d{1,3})°([0-5]\d)'([0-5]\d\.\d)"([NSEW])""")


def _parse(text: str) -> float:
    match = _DMS.fullmatch(text)
    assert match is not None
    degrees, minutes, seconds, letter = match.groups()
    value = int(degrees) + int(minutes) / 60 + float(seconds) / 3600
    return -value if letter in "SW" else value


@given(st.floats(-90, 90))
@example(0.0)
@example(-0.0)
@example(59.99 / 3600)
@example(-1e-9)
@example(89.999999)
@example(90.0)
def test_latitude_comes_back(value_deg: float) -> None:
    """A latitude read back from its text is the same within half a tenth of a second."""
    text = format_dms(value_deg, axis="lat")
    assert abs(_parse(text) - value_deg) <= 0.05 / 3600 + 1e-9
    assert text[-1] in "NS"


@given(st.floats(-180, 180))
@example(-179.9999999)
def test_longitude_comes_back(value_deg: float) -> None:
    """A longitude read back from its text is the same within half a tenth of a second."""
    text = format_dms(value_deg, axis="lon")
    assert abs(_parse(text) - value_deg) <= 0.05 / 3600 + 1e-9
    assert text[-1] in "EW"


@pytest.mark.parametrize(
    ("value_deg", "axis", "text"),
    [
        (1.2095833, "lat", "1°12'34.5\"N"),
        (-77.29722, "lon", "77°17'50.0\"W"),
        (1 + 59.94 / 3600, "lat", "1°00'59.9\"N"),
        (1 + 59.96 / 3600, "lat", "1°01'00.0\"N"),
        (1 + 59 / 60 + 59.96 / 3600, "lat", "2°00'00.0\"N"),
        (-1 - 59 / 60 - 59.96 / 3600, "lon", "2°00'00.0\"W"),
        (-1e-9, "lon", "0°00'00.0\"E"),
        (180.0, "lon", "180°00'00.0\"E"),
    ],
)
def test_carries_and_letters(value_deg: float, axis: str, text: str) -> None:
    """Seconds that round to sixty carry to the minute and on to the degree; zero has no minus."""
    assert format_dms(value_deg, axis=axis) == text


@pytest.mark.parametrize(("value_deg", "axis"), [(90.1, "lat"), (-180.1, "lon"), (np.nan, "lat"), (np.inf, "lon")])
def test_impossible_angles_are_refused(value_deg: float, axis: str) -> None:
    """An angle beyond the globe, or none, is refused in both forms."""
    with pytest.raises(GeoreferenceError, match=axis):
        format_dms(value_deg, axis=axis)
    place = {"lon": 0.0, "lat": 0.0} | {axis: value_deg}
    with pytest.raises(GeoreferenceError, match=axis):
        format_mgrs(place["lon"], place["lat"])


@given(lon=st.floats(-179.9, 179.9), lat=st.floats(-79, 83))
def test_mgrs_leads_back_to_the_metre(lon: float, lat: float) -> None:
    """A grid reference leads back to within two metres of the position."""
    found_lat, found_lon = mgrs.MGRS().toLatLon(format_mgrs(lon, lat))
    assert abs(found_lat - lat) * 111_320 < 2
    assert abs(found_lon - lon) * 111_320 * np.cos(np.radians(lat)) < 2


def test_position_has_latitude_first() -> None:
    """A position is written latitude first."""
    assert format_position(-77.3, 1.2) == "1°12'00.0\"N 77°18'00.0\"W"


def test_centres_lie_between_the_ends() -> None:
    """The centre of a straight strip is the middle of its ends, on the same index, on WGS 84."""
    strips = example_strips()
    centres = strip_centres(strips)
    assert centres.index.equals(strips.index)
    assert centres.crs.to_epsg() == 4326
    np.testing.assert_allclose(centres.x, (strips["end1_lon"] + strips["end2_lon"]) / 2, atol=1e-7)
    np.testing.assert_allclose(centres.y, (strips["end1_lat"] + strips["end2_lat"]) / 2, atol=1e-7)
