"""Which band is which."""

from __future__ import annotations

import pytest

from colibri_geo.errors import BandError, BandMismatch, BandsUnknown
from colibri_geo.scenes.bands import COMMON_NAMES, BandMap, map_bands, name_band


@pytest.mark.parametrize(
    ("description", "name"),
    [
        *((name, name) for name in COMMON_NAMES),
        *(("B02", "blue"), ("B2", "blue"), ("B8A", "nir"), ("b11", "swir16"), ("B12", "swir22")),
        *(("SR_B2", "blue"), ("SR_B5", "nir"), ("SR_B7", "swir22")),
        *(("B4_red", "red"), ("Red Band", "red"), ("Near Infrared", "nir"), ("NIR", "nir"), ("nir08", "nir")),
        *(("B01", None), ("B05", None), ("Band 1", None), ("AOT", None), ("", None), (None, None), ("infrared", None)),
    ],
)
def test_descriptions_are_understood(description: str | None, name: str | None) -> None:
    """Sentinel-2, Landsat and plain names give common names; what does not tell gives none."""
    assert name_band(description) == name


@pytest.mark.parametrize("text", ["coastal_blue", "green_i", "Red Edge", "B05 Red edge 1", "rededge"])
def test_neighbours_of_a_colour_are_not_that_colour(text: str) -> None:
    """PlanetScope and RapidEye have bands that are called almost like the common ones."""
    assert name_band(text) is None


def test_planetscope_of_eight_bands_is_told_by_its_descriptions() -> None:
    """Four of the eight have common names."""
    names = ["coastal_blue", "blue", "green_i", "green", "yellow", "red", "rededge", "nir"]
    assert map_bands(names, asked=None, source="f") == BandMap(("blue", "green", "red", "nir"), (2, 4, 6, 8))


def test_landsat_of_unknown_numbers_is_not_guessed() -> None:
    """SR_B4 is red of Landsat 8 and near infrared of Landsat 5, and SR_B6 is of Landsat 8 and 9 alone."""
    old = [f"SR_B{number}" for number in (1, 2, 3, 4, 5, 7)]
    with pytest.raises(BandsUnknown, match="SR_B1 without SR_B6"):
        map_bands(old, asked=None, source="f")
    asked = "blue=1,green=2,red=3,nir=4,swir16=5,swir22=6"
    assert map_bands(old, asked=asked, source="f").indexes == (1, 2, 3, 4, 5, 6)
    assert map_bands([*old, "SR_B6"], asked=None, source="f").names[-1] == "swir22"


TM = ("SR_B1", "SR_B2", "SR_B3", "SR_B4", "SR_B5", "SR_B7")


@pytest.mark.parametrize("descriptions", [["SR_B3", "SR_B4"], ["SR_B4"], ["SR_B2", "SR_B3", "SR_B4", "SR_B7"], TM])
@pytest.mark.parametrize("prefix", ["SR_", ""])
def test_a_landsat_band_is_read_by_its_satellite(descriptions: list[str], prefix: str) -> None:
    """Tags or the file's name tell what a number means; where nothing does, what may be either is refused."""
    with pytest.raises(BandsUnknown, match=r"Landsat 4 to 7.*SPACECRAFT_ID.*--bands blue=1"):
        map_bands(descriptions, asked=None, source="stack.tif")
    meant = dict(zip(TM, ("blue", "green", "red", "nir", "swir16", "swir22"), strict=True))
    texts = [text.replace("SR_", prefix) for text in descriptions]
    for sensors, source in (
        (["LANDSAT_5"], "a.tif"),
        (["ETM+"], "a.tif"),
        ([], "LE07_009059_2003.tif"),
        ([], "a_LT05.tif"),
    ):
        names = map_bands(texts, asked=None, source=source, sensors=sensors).names
        assert names == tuple(meant[text] for text in descriptions)
    newer = {"SR_B2": "blue", "SR_B3": "green", "SR_B4": "red", "SR_B5": "nir", "SR_B7": "swir22"}
    for sensors, source in ((["LANDSAT_8"], "LT05.tif"), (["OLI_TIRS"], "a.tif"), ([], "LC09_009059_2023.tif")):
        names = map_bands(texts, asked=None, source=source, sensors=sensors).names
        assert names == tuple(newer[text] for text in descriptions if text in newer)


def test_names_that_only_look_like_a_satellite_tell_nothing() -> None:
    """Letters inside of another word, and two satellites at once, leave the numbers unknown."""
    for sensors, source in (
        ([], "XLC08.tif"),
        ([], "LC081.tif"),
        (["UTM"], "a.tif"),
        (["LANDSAT_5", "LANDSAT_8"], "a"),
    ):
        with pytest.raises(BandsUnknown):
            map_bands(["SR_B3", "SR_B4"], asked=None, source=source, sensors=sensors)


@pytest.mark.parametrize("thermal", ["B10", "B11"])
def test_a_landsat_stack_of_bare_numbers_is_not_taken_for_sentinel_2(thermal: str) -> None:
    """B11 is short-wave infrared of Sentinel-2 and thermal of Landsat 8, whose B5 is near infrared."""
    stack = ["B2", "B3", "B4", "B5", "B6", "B7", thermal]
    with pytest.raises(BandsUnknown, match=r"B10 or B11 without B8A and B12"):
        map_bands(stack, asked=None, source="f")
    landsat = map_bands(stack, asked=None, source="f", sensors=["Landsat 8 OLI"])
    assert landsat.names == ("blue", "green", "red", "nir", "swir16", "swir22")
    for more in ("B8A", "B12", "B08"):
        assert map_bands([*stack, more], asked=None, source="f").names[:3] == ("blue", "green", "red")
    assert map_bands(stack, asked=None, source="f", sensors=["Sentinel-2A"]).names[:3] == ("blue", "green", "red")
    common = map_bands(["B2", "B3", "B4", "B8", thermal], asked=None, source="f")
    assert common.names[:4] == ("blue", "green", "red", "nir")
    assert map_bands(["red", "nir", "ST_B10", "B10"], asked=None, source="f").names == ("red", "nir")


def test_bands_come_in_common_order_with_the_files_numbers() -> None:
    """A file with red first is read blue first, each name with the number that holds it."""
    found = map_bands(["B4_red", "B3_green", "B2_blue"], asked=None, source="f")
    assert found == BandMap(("blue", "green", "red"), (3, 2, 1))


@pytest.mark.parametrize("descriptions", [["B8A", "B08"], ["B08", "B8A"], ["nir08", "nir"]])
def test_the_broad_near_infrared_is_preferred(descriptions: list[str]) -> None:
    """Of both near-infrared bands the one at the visible bands' resolution is taken, wherever it stands."""
    broad = descriptions.index("B08" if "B08" in descriptions else "nir") + 1
    assert map_bands(descriptions, asked=None, source="f") == BandMap(("nir",), (broad,))


def test_two_bands_of_one_name_are_refused() -> None:
    """A stack of dates has two red bands, and which of them is meant is for the user to say."""
    with pytest.raises(BandError, match="bands 1 and 3 are both called red"):
        map_bands(["2020_B4", "2020_B8", "2021_B4"], asked=None, source="f")
    assert map_bands(["2020_B4", "2020_B8", "2021_B4"], asked="red=3,nir=2", source="f").indexes == (3, 2)


def test_unknown_bands_are_not_guessed() -> None:
    """Without names the message says how many bands there are and which option names them."""
    with pytest.raises(BandsUnknown, match=r"2 band.*--bands blue=1"):
        map_bands([None, "AOT"], asked=None, source="f")


def test_a_list_of_names_chooses_from_named_bands() -> None:
    """Names alone choose from what the file names, in common order."""
    assert map_bands(["blue", "red", "nir"], asked="nir, red", source="f") == BandMap(("red", "nir"), (2, 3))
    with pytest.raises(BandMismatch, match="asks for green, the file has blue, red, nir"):
        map_bands(["blue", "red", "nir"], asked="green", source="f")


def test_a_list_of_names_names_the_bands_of_a_file_without_names() -> None:
    """Names alone follow the file's order, one for each band that is not alpha."""
    assert map_bands([None] * 3, asked="red,green,blue", source="f") == BandMap(("blue", "green", "red"), (3, 2, 1))
    assert map_bands([None] * 4, asked="red,green,blue", source="f", alpha=4).indexes == (3, 2, 1)
    assert map_bands([None] * 4, asked="red,green,blue", source="f", alpha=1).indexes == (4, 3, 2)
    with pytest.raises(BandError, match="names 3 bands, the file has 4"):
        map_bands([None] * 4, asked="red,green,blue", source="f")


@pytest.mark.parametrize(
    "asked",
    ["", ",", "mauve", "red,red", "red=0", "red=5", "red=1,nir=1", "red=one", "red=1,nir", "red=-1", "red=4", "red=²"],
)
def test_maps_that_do_not_fit_are_refused(asked: str) -> None:
    """Unknown or repeated names, numbers that the file does not have and the alpha band are refused."""
    with pytest.raises(BandError):
        map_bands([None] * 4, asked=asked, source="f", alpha=4)


def test_numbers_overrule_the_files_names() -> None:
    """A user's map with numbers stands above what the file says."""
    assert map_bands(["blue", "red"], asked="red=1,nir=2", source="f") == BandMap(("red", "nir"), (1, 2))
