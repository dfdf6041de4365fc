"""The GPX keeps to its schema, and holds a waypoint for the centre and for each end of a strip."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from pathlib import Path

import pyogrio
import pytest

from colibri_geo.exporting import strip_centres
from tests.support.example_run import example_strips

NAMESPACE = "{http://www.topografix.com/GPX/1/1}"
SEQUENCES = {
    "gpx": ("metadata", "wpt", "rte", "trk", "extensions"),
    "metadata": ("name", "desc", "author", "copyright", "link", "time", "keywords", "bounds", "extensions"),
    "wpt": (
        *("ele", "time", "magvar", "geoidheight", "name", "cmt", "desc", "src", "link", "sym", "type", "fix", "sat"),
        *("hdop", "vdop", "pdop", "ageofdgpsdata", "dgpsid", "extensions"),
    ),
}
"""Elements in the order that the schema of GPX 1.1 asks for."""
ATTRIBUTES = {
    "gpx": {"version", "creator"},
    "wpt": {"lat", "lon"},
    "bounds": {"minlat", "minlon", "maxlat", "maxlon"},
}
"""Attributes that the schema requires; it knows no others."""


def _parse(folder: Path) -> ET.Element:
    return ET.fromstring((folder / "findings.gpx").read_bytes())  # noqa: S314 - written by the test itself


def _tag(element: ET.Element) -> str:
    assert element.tag.startswith(NAMESPACE)
    return element.tag.removeprefix(NAMESPACE)


@pytest.mark.parametrize("name", ["folder", "empty_folder", "hostile_folder"])
def test_elements_keep_to_the_schema(name: str, request: pytest.FixtureRequest) -> None:
    """Elements stand in the order of the schema, once where it wants them once, with its attributes and no others."""
    root = _parse(request.getfixturevalue(name))
    assert (_tag(root), root.get("version")) == ("gpx", "1.1")
    for element in root.iter():
        tags = [_tag(child) for child in element]
        order = [SEQUENCES[_tag(element)].index(tag) for tag in tags] if tags else []
        assert order == sorted(order)
        assert len(set(tags)) == len(tags) or _tag(element) == "gpx"
        assert set(element.keys()) == ATTRIBUTES.get(_tag(element), set())
    assert len(root.findall(f"{NAMESPACE}metadata")) == 1


def test_places_are_degrees_in_the_range_of_the_schema(folder: Path) -> None:
    """Latitudes and longitudes are decimal numbers on the globe, and the bounds are around all of them."""
    root = _parse(folder)
    places = [(float(w.attrib["lat"]), float(w.attrib["lon"])) for w in root.iter(f"{NAMESPACE}wpt")]
    assert all(-90 <= lat <= 90 and -180 <= lon < 180 for lat, lon in places)
    (bounds,) = root.iter(f"{NAMESPACE}bounds")
    lats, lons = zip(*places, strict=True)
    edges = [float(bounds.attrib[name]) for name in ("minlat", "maxlat", "minlon", "maxlon")]
    assert edges == [min(lats), max(lats), min(lons), max(lons)]


def test_three_waypoints_a_strip_in_the_order_of_the_ranking(folder: Path) -> None:
    """A strip is its centre and its two ends, with the number of the report; another reader finds them there."""
    table = pyogrio.read_dataframe(folder / "findings.gpx", layer="waypoints")
    assert list(table["name"][:4]) == ["1 S001", "1 end 1", "1 end 2", "2 S005"]
    assert len(table) == 15
    strips = example_strips()
    centre, strip = strip_centres(strips).iloc[0], strips.iloc[0]
    expected = [(centre.x, centre.y), *((strip[f"{end}_lon"], strip[f"{end}_lat"]) for end in ("end1", "end2"))]
    for place, wanted in zip(table.geometry[:3], expected, strict=True):
        assert (place.x, place.y) == pytest.approx(wanted, abs=6e-8)
    assert set(table["sym"]) == {"Flag, Blue", "Dot, White"}


def test_descriptions_are_one_line_and_say_what_it_is(folder: Path) -> None:
    """The description of a strip is one line with verdict, probability and region, and that it is preliminary."""
    text = _parse(folder).findtext(f"{NAMESPACE}wpt/{NAMESPACE}desc", "")
    assert "\n" not in text
    for part in (
        "Candidate cleared strip, new, probability 97\N{NO-BREAK SPACE}%",
        "NARIÑO",
        "MGRS",
        "not validated in the field",
    ):
        assert part in text


def test_what_protects_people_comes_first(folder: Path) -> None:
    """The description of a strip near people begins with it, as some devices show no more; no other has it."""
    note = "May serve a community or health access: check before anything else. Near it: settlements. Candidate"
    waypoints = _parse(folder).iterfind(f"{NAMESPACE}wpt")
    noted = [w.findtext(f"{NAMESPACE}name") for w in waypoints if note in w.findtext(f"{NAMESPACE}desc", "")]
    assert noted == ["1 S001"]


def test_hostile_names_are_text(hostile_folder: Path) -> None:
    """No name opens an element, is more than a line or becomes a link."""
    root = _parse(hostile_folder)
    texts = [element.text or "" for element in root.iter() if not len(element)]
    assert {_tag(element) for element in root.iter()} == {"gpx", "metadata", "bounds", "wpt", "name", "desc", "sym"}
    assert any("<script>alert" in text for text in texts)
    assert not any("\n" in text or "://" in text or "www." in text for text in texts)
    assert b"<![CDATA[" not in (hostile_folder / "findings.gpx").read_bytes()
