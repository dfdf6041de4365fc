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
