"""The GeoJSON keeps RFC 7946 and strict JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio

from colibri_geo.exporting.columns import STRIP_COLUMNS
from tests.exporting.conftest import HOSTILE
from tests.support.example_run import example_strips


def _refuse(constant: str) -> float:
    raise AssertionError(constant)


def _load(folder: Path) -> dict[str, Any]:
    text = (folder / "findings.geojson").read_bytes().decode("utf-8")
    content: dict[str, Any] = json.loads(text, parse_constant=_refuse)
    return content


def test_collection_says_what_it_is(folder: Path) -> None:
    """The collection carries the caution and both scenes, and no CRS member."""
    content = _load(folder)
    assert content["type"] == "FeatureCollection"
    assert "not a basis for the use of force" in content["caution"]
    assert "synthetic" in content["caution"]
    assert content["after"] == {"name": "after.tif", "acquired": "2025-03-21T15:20:00Z"}
    assert "crs" not in content


def test_axes_are_in_degrees_with_seven_decimals(folder: Path) -> None:
    """An axis is a line of longitude and latitude, from end to end."""
    strips = example_strips()
    for feature, (strip_id, strip) in zip(_load(folder)["features"], strips.iterrows(), strict=True):
        assert feature["id"] == strip_id
        assert feature["geometry"]["type"] == "LineString"
        ends = np.array(feature["geometry"]["coordinates"])
        expected = [[strip["end1_lon"], strip["end1_lat"]], [strip["end2_lon"], strip["end2_lat"]]]
        np.testing.assert_allclose(ends, expected, atol=6e-8)
        assert (np.round(ends, 7) == ends).all()


def test_all_columns_have_their_types(folder: Path) -> None:
    """Every column is there; numbers are numbers, times end with Z, what is missing is null."""
    features = _load(folder)["features"]
    for feature in features:
        assert list(feature["properties"]) == ["strip_id", *(column.name for column in STRIP_COLUMNS)]
        assert isinstance(feature["properties"]["probability"], float)
    last = features[4]["properties"]
    assert last["border_km"] is None
    assert features[1]["properties"]["last_without"] is None
    assert last["first_with"] == "2025-03-21T15:20:00Z"
    assert last["admin1_code"] == "86"


def test_no_strip_is_an_empty_collection(empty_folder: Path) -> None:
    """Without strips the collection is there, and empty."""
    content = _load(empty_folder)
    assert content["features"] == []
    assert content["caution"]


def test_hostile_names_stay_text(hostile_folder: Path) -> None:
    """Hostile names come back to the letter, but for what no file can hold."""
    names = [feature["properties"]["admin2"] for feature in _load(hostile_folder)["features"]]
    assert names == [name.replace("\x00", "\ufffd").replace("\udce9", "\ufffd") for name in HOSTILE]


def test_other_readers_agree(folder: Path) -> None:
    """A reader of GeoJSON finds five lines on WGS 84, with times as times."""
    table = pyogrio.read_dataframe(folder / "findings.geojson")
    assert len(table) == 5
    assert table.crs == "EPSG:4326"
    assert str(table["first_with"].dtype).startswith("datetime64")
