"""Sun and cloud as archives write them."""

from __future__ import annotations

import pytest

from colibri_geo.scenes.sky import NOT_STATED, Stated, gather_sky, read_azimuth, read_cloud, read_elevation, read_zenith

READERS = (read_elevation, read_zenith, read_azimuth, read_cloud)


@pytest.mark.parametrize("stated", [None, "", "  "])
def test_nothing_stated_is_none(stated: str | None) -> None:
    """An element without text states no more than one that is not there."""
    assert [read(stated, source="s") for read in READERS] == [Stated()] * 4


def test_zenith_and_elevation_are_one_angle() -> None:
    """The sun overhead, at the horizon, and below it."""
    assert [read_zenith(zenith, source="s").value for zenith in ("0", 90, "95.5")] == [90.0, 0.0, -5.5]
    assert [read_elevation(elevation, source="s").value for elevation in (90, "0", "-5.5")] == [90.0, 0.0, -5.5]


@pytest.mark.parametrize(
    ("stated", "found"), [("0", 0.0), (360, 0.0), ("-90", 270.0), (-180, 180.0), ("359.5", 359.5), ("-1e-9", 0.0)]
)
def test_azimuths_go_once_around(stated: object, found: float) -> None:
    """Whatever an archive counts from, an azimuth lies in [0, 360)."""
    assert read_azimuth(stated, source="s").value == found


def test_cloud_is_a_share() -> None:
    """Per cent and shares; a last digit too much of all is all."""
    assert [read_cloud(cloud, source="s").value for cloud in ("0.0", 50, "100.00000000001")] == [0.0, 0.5, 1.0]
    assert read_cloud(0.25, source="s", whole=1.0).value == 0.25
    assert [read_cloud(unknown, source="s") for unknown in (-1, "-1.00")] == [Stated()] * 2
    assert read_cloud("999", source="s", unknown=999.0) == Stated()


@pytest.mark.parametrize(
    "stated", ["nan", "inf", "-inf", "east", True, [45], {"deg": 45}, "1e400", "45 deg", -181, 361]
)
def test_what_cannot_be_is_left_aside_in_one_line(stated: object) -> None:
    """Text, no number, out of range: no value, and a note of what came and what a value would be."""
    for read in READERS:
        found = read(stated, source="a.xml: SUN")
        assert found.value is None
        assert found.note is not None
        assert found.note.startswith(f"a.xml: SUN is {str(stated)!r}, which is no number from ")
        assert "\n" not in found.note


def test_first_place_that_says_it_counts() -> None:
    """What one place leaves open another may say; what cannot be is noted wherever it stands."""
    sky = gather_sky(
        elevation=[read_elevation("", source="a"), read_zenith(30, source="b"), read_elevation(10, source="c")],
        cloud=[read_cloud("lots", source="d"), read_cloud(5, source="e")],
    )
    assert (sky.sun_elevation_deg, sky.sun_azimuth_deg, sky.product_cloud_share) == (60.0, None, 0.05)
    assert sky.notes == ("d is 'lots', which is no number from 0 to 100: it was left aside",)
    assert gather_sky() == NOT_STATED
