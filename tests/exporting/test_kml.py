"""The KML opens by itself, and no name in it is more than text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyogrio

from colibri_geo.exporting.columns import STRIP_COLUMNS
from tests.support.example_run import example_strips

NAMES = {"k": "http://www.opengis.net/kml/2.2"}


def _parse(folder: Path) -> ET.Element:
    return ET.fromstring((folder / "findings.kml").read_bytes())  # noqa: S314 - written by the test itself


def _texts(root: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path, NAMES)]


def test_folder_for_each_verdict_with_numbered_strips(folder: Path) -> None:
    """Each verdict has a folder; each strip is a centre and a line, with the number that the report gives it."""
    root = _parse(folder)
    folders = root.findall("k:Document/k:Folder", NAMES)
    assert _texts(root, "k:Document/k:Folder/k:name") == [
        *("new (1)", "extended (1)", "regrowing (1)", "unchanged (1)", "not observed (1)")
    ]
    points = [place.findtext("k:Placemark[k:Point]/k:name", None, NAMES) for place in folders]
    assert points == ["1 S001", "2 S005", "3 S003", "4 S002", "5 S004"]
    assert [place.findtext("k:Placemark[k:LineString]/k:name", None, NAMES) for place in folders] == [
        f"{name} axis" for name in points
    ]


def test_lines_run_from_end_to_end(folder: Path) -> None:
    """The line of a strip is in longitude and latitude, from its first to its second end."""
    strip = example_strips().iloc[0]
    text = _texts(_parse(folder), "k:Document/k:Folder/k:Placemark/k:LineString/k:coordinates")[0]
    corners = [[float(value) for value in corner.split(",")] for corner in text.split()]
    expected = [[strip["end1_lon"], strip["end1_lat"]], [strip["end2_lon"], strip["end2_lat"]]]
    np.testing.assert_allclose(corners, expected, atol=6e-8)


def test_document_carries_the_caution(folder: Path, empty_folder: Path) -> None:
    """The caution is in the description of the document, with and without strips."""
    for place in (folder, empty_folder):
        (text,) = _texts(_parse(place), "k:Document/k:description")
        assert "not a basis for the use of force" in text
        assert "synthetic" in text


def test_data_hold_all_columns_that_are_known(folder: Path) -> None:
    """A strip carries every column by name; what is missing is left out."""
    data = _parse(folder).findall("k:Document/k:Folder/k:Placemark/k:ExtendedData", NAMES)
    names = [element.get("name") for element in data[0]]
    assert names == ["strip_id", *(column.name for column in STRIP_COLUMNS)]
    assert "border_km" not in [element.get("name") for element in data[2]]


def test_nothing_is_fetched(hostile_folder: Path) -> None:
    """No element of the file leads elsewhere: no links, icons, overlays or schemas."""
    tags = {element.tag.removeprefix(f"{{{NAMES['k']}}}") for element in _parse(hostile_folder).iter()}
    assert tags == {
        *("kml", "Document", "Folder", "Placemark", "name", "description", "styleUrl", "ExtendedData", "Data", "value"),
        *("Style", "IconStyle", "LineStyle", "color", "width", "Point", "LineString", "coordinates"),
    }


def test_hostile_names_are_no_tags(hostile_folder: Path) -> None:
    """In a balloon, which is drawn as HTML, no name opens a tag; elsewhere names are text to the letter."""
    root = _parse(hostile_folder)
    descriptions = _texts(root, ".//k:description")
    assert any("&lt;script&gt;" in text for text in descriptions)
    assert not any("<" in text for text in descriptions)
    values = _texts(root, ".//k:Data[@name='admin2']/k:value")
    assert "<script>alert('x')</script><img src=x onerror=alert(1)>" in values
    assert any("🛩️ São João" in text for text in values)


def test_no_control_characters(hostile_folder: Path) -> None:
    """The file holds no character that XML 1.0 forbids."""
    text = (hostile_folder / "findings.kml").read_bytes().decode("utf-8")
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text) is None


def test_other_readers_agree(folder: Path) -> None:
    """A reader of KML finds a layer for each verdict, with a point and a line in it."""
    table = pyogrio.read_dataframe(folder / "findings.kml", layer="new (1)")
    assert sorted(table.geometry.geom_type) == ["LineString", "Point"]
