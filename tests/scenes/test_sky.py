"""Sun and cloud as archives write them."""

from __future__ import annotations

import pytest

from colibri_geo.errors import CorruptInput
from colibri_geo.scenes.sky import read_azimuth, read_cloud, read_elevation, read_zenith


@pytest.mark.parametrize("stated", [None, "", "  "])
def test_nothing_stated_is_none(stated: str | None) -> None:
    """An element without text states no more than one that is not there."""
    assert [read(stated, source="s") for read in (read_elevation, read_zenith, read_azimuth, read_cloud)] == [None] * 4


def test_zenith_and_elevation_are_one_angle() -> None:
    """The sun overhead, at the horizon, and below it."""
    assert [read_zenith(zenith, source="s") for zenith in ("0", 90, "95.5")] == [90.0, 0.0, -5.5]
    assert [read_elevation(elevation, source="s") for elevation in (90, "0", "-5.5")] == [90.0, 0.0, -5.5]


@pytest.mark.parametrize(
    ("stated", "found"), [("0", 0.0), (360, 0.0), ("-90", 270.0), (-180, 180.0), ("359.5", 359.5), ("-1e-9", 0.0)]
)
def test_azimuths_go_once_around(stated: object, found: float) -> None:
    """Whatever an archive counts from, an azimuth lies in [0, 360)."""
    assert read_azimuth(stated, source="s") == found


def test_cloud_is_a_share() -> None:
    """Per cent and shares; a last digit too much of all is all."""
    assert [read_cloud(cloud, source="s") for cloud in ("0.0", 50, "100.00000000001")] == [0.0, 0.5, 1.0]
    assert read_cloud(0.25, source="s", whole=1.0) == 0.25
    assert [read_cloud(unknown, source="s") for unknown in (-1, "-1.00")] == [None, None]
    assert read_cloud("999", source="s", unknown=999.0) is None


@pytest.mark.parametrize(
    "stated", ["nan", "inf", "-inf", "east", True, [45], {"deg": 45}, "1e400", "45 deg", -181, 361]
)
def test_what_cannot_be_is_told_in_one_line(stated: object) -> None:
    """Text, no number, out of range: refused with what came and what was expected."""
    for read in (read_elevation, read_zenith, read_azimuth, read_cloud):
        with pytest.raises(CorruptInput) as raised:
            read(stated, source="a.xml: SUN")
        assert str(raised.value).startswith(f"a.xml: SUN is {str(stated)!r}, expected a number from ")
        assert "\n" not in str(raised.value)
