"""Which assets of a STAC item serve."""

from __future__ import annotations

from typing import Any

import pytest

from colibri_geo.errors import BandsUnknown, ColibriError, NeedsOrthorectification, RadiometryError, UnsupportedFormat
from colibri_geo.scenes.backscatter import BackscatterUnit
from colibri_geo.scenes.masks import MaskCode
from colibri_geo.scenes.stac_assets import Choice, choose_assets
from colibri_geo.scenes.stac_item import Fields, parse_item

S2 = "sentinel-2-l2a"


def band(name: str = "", **members: object) -> dict[str, Any]:
    """Write an asset of one band."""
    said = {"eo:bands": [{"common_name": name}]} if name else {}
    return {"href": "./a.tif", "type": "image/tiff", **said, **members}


def choose(
    assets: dict[str, dict[str, Any]], collection: str = S2, *, item_id: str = "scene", **properties: object
) -> Choice:
    """Choose from the assets of an item."""
    item = {"stac_version": "1.0.0", "id": item_id, "collection": collection, "assets": assets}
    return choose_assets(parse_item(Fields({**item, "properties": properties}), source="s"), source="s")


def keys(choice: Choice) -> dict[str, str]:
    """Return the asset of each band."""
    return {chosen.name: chosen.asset.key for chosen in choice.bands}


def test_the_finest_band_is_taken() -> None:
    """Of several assets of one band the finest serves, in whatever order they stand."""
    names = ("B04_20m", "B04_10m", "B04_60m")
    assert keys(choose({name: band("red", gsd=int(name[4:6])) for name in names})) == {"red": "B04_10m"}


def test_measurements_come_before_pictures() -> None:
    """Pictures for the eye count for nothing, by key, by role, and in 8 bits where there is better."""
    stored = {"raster:bands": [{"data_type": "uint8"}]}
    for picture in ({"visual": band("red")}, {"x": band("red", roles=["visual"])}, {"a": band("red", gsd=1, **stored)}):
        assert keys(choose({**picture, "z": band("red", gsd=10)})) == {"red": "z"}


def test_a_geotiff_comes_before_jpeg_2000() -> None:
    """Archives list their own JPEG 2000, which may still hold the offset, beside their GeoTIFFs."""
    assert keys(choose({"red-jp2": band("red", type="image/jp2"), "red": band("red")})) == {"red": "red"}


def test_the_narrow_band_stands_in() -> None:
    """Broad before narrow near infrared, though it be coarser; the narrow one where it is alone."""
    both = choose({"B8A": band("nir08", gsd=10), "B08": band("nir", gsd=20)})
    alone = choose({"B8A": band("nir08")})
    assert (keys(both), keys(alone)) == ({"nir": "B08"}, {"nir": "B8A"})
    assert [choice.bands[0].narrow for choice in (both, alone)] == [False, True]


def test_bands_are_told_by_name_where_the_sensor_is_known() -> None:
    """Keys alone tell the bands of a known archive, and of no other."""
    assets = {"B02": band(), "SR_B4": band(), "B04_10m": band(), "AOT": band()}
    assert keys(choose(assets)) == {"blue": "B02", "red": "B04_10m"}
    with pytest.raises(BandsUnknown, match="eo:common_name"):
        choose(assets, "mosaics l2")


@pytest.mark.parametrize("kind", ["application/vnd+zarr", "image/png"])
def test_other_formats_are_refused(kind: str) -> None:
    """Bands in a format that is not read here are named as such."""
    with pytest.raises(UnsupportedFormat, match=f"are {kind.replace('+', '.')}, expected GeoTIFF or JPEG 2000"):
        choose({"red": band("red", type=kind)})


@pytest.mark.parametrize(
    ("collection", "properties", "masks"),
    [
        (S2, {}, {"SCL": MaskCode.SCL}),
        ("landsat-c2-l2", {}, {"qa_pixel": MaskCode.QA_PIXEL, "qa_radsat": MaskCode.QA_RADSAT}),
        (
            *("landsat-c2-l2", {"platform": "landsat-7"}),
            {"qa_pixel": MaskCode.QA_PIXEL, "qa_radsat": MaskCode.QA_RADSAT_TM},
        ),
        ("HLSS30.v2.0", {}, {"Fmask": MaskCode.HLS_FMASK}),
        ("mosaics", {"processing:level": "L2"}, {}),
    ],
)
def test_masks_are_those_of_the_archive(
    collection: str, properties: dict[str, object], masks: dict[str, MaskCode]
) -> None:
    """Each archive has masks of its own; those of others are left alone, and so are all of an unknown one."""
    assets = {"red": band("red"), **{key: band() for key in ("SCL", "qa_pixel", "qa_radsat", "Fmask")}}
    choice = choose(assets, collection, **properties)
    assert {mask.asset.key: mask.code for mask in choice.masks} == masks
    assert {asset.key for asset in choice.assets} == {"red", *masks}


@pytest.mark.parametrize(
    ("collection", "properties", "error", "text"),
    [
        ("sentinel-1-grd", {"sar:product_type": "GRD"}, NeedsOrthorectification, "Sentinel-1 GRD, expected RTC"),
        ("landsat", {"landsat:correction": "L1TP"}, RadiometryError, "Landsat L1TP, expected Collection 2"),
        ("scenes", {"platform": "Sentinel-2A"}, RadiometryError, "no stated level"),
        ("scenes", {"platform": "sentinel-2a", "processing:level": "L1C L2A"}, RadiometryError, "two levels"),
        ("mosaics", {}, RadiometryError, "says neither surface nor top of atmosphere, .* processing:level"),
        ("mosaics", {"title": "TOA", "processing:level": "L2"}, RadiometryError, "surface reflectance and top of"),
    ],
)
def test_levels_that_are_not_read(
    collection: str, properties: dict[str, object], error: type[ColibriError], text: str
) -> None:
    """Raw radar, Landsat Level 1 and what says no level, or two, is refused by name."""
    with pytest.raises(error, match=text):
        choose({"red": band("red")}, collection, **properties)


@pytest.mark.parametrize(
    ("collection", "properties", "quantity"),
    [
        (S2, {}, "surface reflectance"),
        ("sentinel-2-l1c", {}, "toa reflectance"),
        ("mosaics", {"processing:level": "L1C"}, "toa reflectance"),
        ("mosaics", {"title": "Bottom of Atmosphere"}, "surface reflectance"),
    ],
)
def test_the_level_tells_the_quantity(collection: str, properties: dict[str, object], quantity: str) -> None:
    """Level-1 is top-of-atmosphere reflectance, Level-2 is surface reflectance."""
    assert choose({"red": band("red")}, collection, **properties).quantity == quantity


def test_radar_is_power() -> None:
    """Terrain-corrected radar has the polarisations of its keys, and stores power."""
    choice = choose({"vv": band(), "vh": band()}, "sentinel-1-rtc", platform="SENTINEL-1A")
    assert keys(choice) == {"vv": "vv", "vh": "vh"}
    assert choice.quantity == "gamma0_db"
    assert choice.sensor is not None
    assert choice.sensor.unit is BackscatterUnit.POWER
