"""STAC items taken apart."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from colibri_geo.errors import AmbiguousInput, BandError, InputTooLarge, RadiometryError
from colibri_geo.scenes.sky import NOT_STATED, Sky
from colibri_geo.scenes.stac_item import MAX_ASSETS, Fields, StacAsset, StacBand, parse_item, pick_item

ASSETS = {"red": {"href": "./red.tif"}}


def write(assets: dict[str, Any] = ASSETS, **properties: object) -> Fields:
    """Write an item."""
    content = {"stac_version": "1.0.0", "type": "Feature", "id": "a", "properties": properties, "assets": assets}
    return Fields(content)


def parse_asset(**members: object) -> StacAsset:
    """Take an item of one asset apart."""
    return parse_item(write({"red": {"href": "./red.tif", **members}}), source="s").assets[0]


def parse_band(**members: object) -> StacBand:
    """Take an item of one band, with members in the words of STAC 1.0, apart."""
    return parse_asset(**{"raster:bands": [members]}).bands[0]


def test_members_of_another_type_count_as_missing() -> None:
    """What is no text, number or flag is none; true and false are no numbers."""
    fields = Fields({"a": 1, "b": "x", "c": True, "d": ["y", 2], "e": "  "})
    assert (fields.text("a", "e", "b"), fields.text("a"), fields.text("d")) == ("x", "", "y")
    assert (fields.number("b", "c", "a"), fields.number("c")) == (1.0, None)
    assert (fields.flag("c"), fields.flag("a")) == (True, None)
    assert fields.texts("d") == ("y",)
    assert fields.objects("a") == ()


@pytest.mark.parametrize("number", [int("9" * 400), -int("9" * 400), float("inf"), float("nan")])
def test_numbers_without_bounds_are_no_numbers(number: float) -> None:
    """A number of hundreds of digits is no scale."""
    assert Fields({"scale": number}).number("scale") is None
    with pytest.raises(RadiometryError, match="expected a number"):
        parse_band(scale=number)


def test_sun_and_cloud_are_read_in_both_vocabularies() -> None:
    """The extension view counts from the horizon, older items of Sentinel-2 from the zenith; null is nothing stated."""
    new = {"view:sun_elevation": 58.75, "view:sun_azimuth": 121.25, "eo:cloud_cover": 4.5}
    old = {"s2:mean_solar_zenith": 31.25, "s2:mean_solar_azimuth": 121.25, "eo:cloud_cover": 4.5}
    skies = [parse_item(write(**stated), source="s").sky for stated in (new, old, {**old, "view:sun_elevation": None})]
    assert skies == [Sky(58.75, 121.25, 0.045)] * 3
    assert parse_item(write(), source="s").sky == NOT_STATED
    assert parse_item(write(**{"eo:cloud_cover": -1}), source="s").sky == NOT_STATED


@pytest.mark.parametrize(
    ("name", "stated"),
    [
        ("view:sun_elevation", 90.5),
        ("view:sun_azimuth", "east"),
        ("s2:mean_solar_zenith", -1),
        ("s2:mean_solar_azimuth", [120]),
        ("eo:cloud_cover", 101),
        ("eo:cloud_cover", True),
        ("eo:cloud_cover", int("9" * 400)),
    ],
)
def test_sun_and_cloud_that_cannot_be_are_left_aside(name: str, stated: object) -> None:
    """What is no number, or out of range, keeps nobody from the item; a note tells it."""
    sky = parse_item(write(**{name: stated}), source="s").sky
    assert replace(sky, notes=()) == NOT_STATED
    (note,) = sky.notes
    assert re.fullmatch(f"s: {name} is .*, which is no number from .*: it was left aside", note)


@pytest.mark.parametrize("members", [{"scale": "0.0001"}, {"offset": [1]}, {"nodata": "none"}, {"nodata": [0]}])
def test_numbers_that_are_none_are_refused(members: dict[str, object]) -> None:
    """A scale, offset or nodata that cannot be meant is no missing one."""
    with pytest.raises(RadiometryError, match="correct the item"):
        parse_band(**members)


@pytest.mark.parametrize(("stated", "found"), [("nan", None), ("-inf", None), (None, None), (7, 7.0), (0, 0.0)])
def test_nodata_may_be_no_number(stated: object, found: float | None) -> None:
    """``nan`` and its like are written as text; what is not finite is never a measurement anyway."""
    assert parse_band(nodata=stated).nodata == found


def test_both_versions_say_the_same_of_a_band() -> None:
    """Bands side by side in the words of 1.0, one list in those of 1.1, or members of the asset: one band."""
    said = {"eo:common_name": "red", "raster:scale": 0.1, "raster:offset": -1, "nodata": 0, "data_type": "uint16"}
    stored = {name.removeprefix("raster:"): value for name, value in said.items() if name != "eo:common_name"}
    old = parse_asset(**{"eo:bands": [{"common_name": "red"}], "raster:bands": [stored]})
    new = parse_asset(bands=[said])
    inherited = parse_asset(bands=[{"eo:common_name": "red"}], **{k: v for k, v in said.items() if "name" not in k})
    assert old.bands == new.bands
    assert (inherited.bands[0].scale, inherited.bands[0].offset) == (0.1, -1.0)


def test_bands_that_are_counted_twice_have_to_agree() -> None:
    """As many ``eo:bands`` as ``raster:bands``."""
    with pytest.raises(BandError, match="1 eo:bands and 2 raster:bands, expected as many"):
        parse_asset(**{"eo:bands": [{"name": "red"}], "raster:bands": [{}, {}]})


@pytest.mark.parametrize(
    ("href", "kind", "tiff", "jp2"),
    [
        ("a.tif", "", True, False),
        ("a.TIFF?sig=b.jp2", "", True, False),
        ("a.jp2", "", False, True),
        ("a.tif", "image/png", False, False),
        ("a.bin", "image/tiff; application=geotiff; profile=cloud-optimized", True, False),
        ("a", "image/jp2", False, True),
    ],
)
def test_the_ending_tells_where_no_media_type_is_stated(href: str, kind: str, tiff: bool, jp2: bool) -> None:
    """An asset without a media type is what its file name says, one with a media type is what that says."""
    asset = parse_asset(href=href, type=kind)
    assert (asset.is_tiff, asset.is_jp2) == (tiff, jp2)


def test_more_assets_than_any_archive_has_are_refused() -> None:
    """Where there are too many, none is looked at."""
    assert len(parse_item(write({f"a{n}": {} for n in range(MAX_ASSETS)}), source="s").assets) == MAX_ASSETS
    with pytest.raises(InputTooLarge, match="1,001 assets"):
        parse_item(write({f"a{n}": {"scale": "no number"} for n in range(MAX_ASSETS + 1)}), source="s")


def test_an_item_is_picked_by_its_name() -> None:
    """One alone needs no name; of several none, a name that is not there and one that is there twice are ambiguous."""
    one, two = Fields({"id": "a"}), Fields({"id": "b"})
    assert pick_item([one], None, source="s") is one
    assert pick_item([one, two], "b", source="s") is two
    with pytest.raises(AmbiguousInput, match=r"holds 2 items \(a, b\), expected one; name it as s#a"):
        pick_item([one, two], None, source="s")
    with pytest.raises(AmbiguousInput, match="has 0 items of the name 'c'"):
        pick_item([one, two], "c", source="s")
    with pytest.raises(AmbiguousInput, match="has 2 items of the name 'a'"):
        pick_item([one, one], "a", source="s")
