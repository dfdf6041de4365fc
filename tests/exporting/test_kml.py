"""The KML opens by itself, and no name in it is more than text."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pyogrio
import pytest
from shapely import Polygon

from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.columns import STRIP_COLUMNS, VERDICTS
from colibri_geo.exporting.kml import write_kml
from colibri_geo.exporting.numbering import number_strips
from colibri_geo.language import ENGLISH, load_messages
from tests.support.example_run import example_findings, example_record, example_strips

NAMES = {"k": "http://www.opengis.net/kml/2.2"}


def _parse(folder: Path) -> ET.Element:
    return ET.fromstring((folder / "findings.kml").read_bytes())  # noqa: S314 - written by the test itself


def _texts(root: ET.Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path, NAMES)]


def test_folder_for_each_region_with_numbered_strips(folder: Path) -> None:
    """Each region has a folder; each strip is a centre, an axis, two ends and an outline, with the report's number."""
    root = _parse(folder)
    assert _texts(root, "k:Document/k:Folder/k:name") == ["Colombia / NARIÑO (2)", "Colombia / PUTUMAYO (3)"]
    names = [_texts(place, "k:Placemark/k:name") for place in root.findall("k:Document/k:Folder", NAMES)]
    assert names[0][:5] == ["1 S001", "1 axis", "1 end 1", "1 end 2", "1 outline"]
    assert [found[::5] for found in names] == [["1 S001", "4 S002"], ["2 S005", "3 S003", "5 S004"]]
    shapes = [[shape.tag.rpartition("}")[2] for shape in place] for place in root.iterfind(".//k:Placemark", NAMES)]
    assert [tags[-1] for tags in shapes] == ["Point", "LineString", "Point", "Point", "Polygon"] * 5


def test_regions_are_told_apart_by_their_codes(tmp_path: Path) -> None:
    """Regions of one name and two codes are two folders; a strip without a region has a folder too."""
    strips = example_strips().assign(admin1="Sur", admin1_code=["1", "2", "1", "2", ""])
    strips.loc["S005", ["country", "country_code", "admin1", "admin2", "admin2_code"]] = ""
    findings = dataclasses.replace(example_findings(), strips=strips)
    write_kml(findings, number_strips(findings, example_record()), example_record(), tmp_path / "findings.kml")
    assert _texts(_parse(tmp_path), "k:Document/k:Folder/k:name") == [
        *("Colombia / Sur (2)", "region unknown (1)", "Colombia / Sur (2)")
    ]


def test_lines_run_from_end_to_end(folder: Path) -> None:
    """The line of a strip is in longitude and latitude, from its first to its second end."""
    strip = example_strips().iloc[0]
    text = _texts(_parse(folder), "k:Document/k:Folder/k:Placemark/k:LineString/k:coordinates")[0]
    corners = [[float(value) for value in corner.split(",")] for corner in text.split()]
    expected = [[strip["end1_lon"], strip["end1_lat"]], [strip["end2_lon"], strip["end2_lat"]]]
    np.testing.assert_allclose(corners, expected, atol=6e-8)


def test_ends_are_small_and_not_labelled(folder: Path) -> None:
    """The points at the ends lie where the table says, smaller than the centre and without a label."""
    root = _parse(folder)
    strip = example_strips().iloc[0]
    for number in (1, 2):
        place = next(p for p in root.iterfind(".//k:Placemark", NAMES) if _texts(p, "k:name") == [f"1 end {number}"])
        lon, lat = (float(value) for value in _texts(place, "k:Point/k:coordinates")[0].split(","))
        assert (lon, lat) == pytest.approx((strip[f"end{number}_lon"], strip[f"end{number}_lat"]), abs=6e-8)
        style = _texts(place, "k:styleUrl")[0].removeprefix("#")
        assert _texts(root, f".//k:Style[@id='{style}']/k:LabelStyle/k:scale") == ["0"]
        assert float(_texts(root, f".//k:Style[@id='{style}']/k:IconStyle/k:scale")[0]) < 1


def test_outline_is_that_of_the_geopackage(folder: Path) -> None:
    """The outline of a strip is its footprint in the GeoPackage, counter-clockwise as KML wants it."""
    root = _parse(folder)
    footprints = pyogrio.read_dataframe(folder / "findings.gpkg", layer="footprints").set_index("strip_id").to_crs(4326)
    place = next(p for p in root.iterfind(".//k:Placemark", NAMES) if _texts(p, "k:name") == ["2 outline"])
    ring = _texts(place, "k:Polygon/k:outerBoundaryIs/k:LinearRing/k:coordinates")[0]
    corners = Polygon([[float(value) for value in corner.split(",")] for corner in ring.split()])
    assert corners.exterior.is_ccw
    assert corners.symmetric_difference(footprints.geometry["S005"]).area < 1e-3 * corners.area


def test_every_style_is_there(folder: Path) -> None:
    """Each style that is named is there; lines and labels have the verdict's colour."""
    root = _parse(folder)
    styles = {style.get("id"): style for style in root.iterfind("k:Document/k:Style", NAMES)}
    assert {text.removeprefix("#") for text in _texts(root, ".//k:styleUrl")} <= set(styles)
    for verdict, colour in VERDICT_COLOURS.items():
        for kind in ("LineStyle", "LabelStyle"):
            assert _texts(styles[verdict], f"k:{kind}/k:color") == [f"ff{colour[5:7]}{colour[3:5]}{colour[1:3]}"]


def test_legend_names_what_is_there(folder: Path, empty_folder: Path) -> None:
    """The legend names the colour of each verdict that a strip has, and of no other; without strips there is none."""
    told = [
        {v for v in VERDICTS if f"{v.replace('_', ' ')} {ENGLISH.say(f'colour.{v}')} (" in legend}
        for place in (folder, empty_folder)
        for legend in _texts(_parse(place), "k:Document/k:description")
    ]
    assert told == [{"new", "extended", "regrowing", "unchanged", "not_observed"}, set()]
    (empty,) = _texts(_parse(empty_folder), "k:Document/k:description")
    assert "Of each strip" not in empty


def test_points_without_a_picture_are_not_tinted(folder: Path) -> None:
    """A pin of the application's own, which is often yellow, is given no colour: it would have a false one."""
    root = _parse(folder)
    assert root.findall(".//k:IconStyle", NAMES)
    assert root.findall(".//k:IconStyle/k:color", NAMES) == []


def test_document_carries_the_caution(folder: Path, empty_folder: Path) -> None:
    """The caution is in the description of the document, with and without strips."""
    for place in (folder, empty_folder):
        (text,) = _texts(_parse(place), "k:Document/k:description")
        assert "not a basis for the use of force" in text
        assert "synthetic" in text
        assert "51.2 km² observed on both dates (80.0 % of 64.0 km² asked)" in text.replace("\N{NO-BREAK SPACE}", " ")
        assert "The after image has no complete cloud mask" in text


def test_data_hold_all_columns_that_are_known(folder: Path) -> None:
    """A strip carries every column by name; what is missing is left out."""
    data = _parse(folder).findall("k:Document/k:Folder/k:Placemark/k:ExtendedData", NAMES)
    names = [element.get("name") for element in data[0]]
    assert names == ["strip_id", *(column.name for column in STRIP_COLUMNS)]
    assert _texts(data[4], "k:Data[@name='strip_id']/k:value") == ["S005"]
    assert "border_km" not in [element.get("name") for element in data[4]]


def test_balloons_tell_what_lies_around(folder: Path) -> None:
    """Balloons of a strip near people say so in their second line, and what lies around in a line for each layer."""
    places = _parse(folder).iterfind(".//k:Placemark", NAMES)
    balloons = {_texts(place, "k:name")[0]: _texts(place, "k:description")[0].splitlines() for place in places}
    for name in ("1 S001", "1 axis", "1 outline"):
        assert balloons[name][1] == (
            "May serve a community or health access: check before anything else. Near it: settlements."
        )
    around = [[line for line in lines if line.startswith("Around it")] for lines in balloons.values()]
    river, village = (
        f"Around it: {told}\N{NO-BREAK SPACE}km" for told in ("rivers: Río Guamués, 0.4", "settlements: 3.1")
    )
    park = "Around it: parks: La Paya; 40.0\N{NO-BREAK SPACE}% of the axis inside"
    assert [lines for lines in around if lines] == [[river, village]] * 3 + [[park]] * 3
    assert sum("May serve" in line for lines in balloons.values() for line in lines) == 3


def test_nothing_is_fetched(hostile_folder: Path) -> None:
    """No element of the file leads elsewhere: no links, icons, overlays or schemas."""
    tags = {element.tag.removeprefix(f"{{{NAMES['k']}}}") for element in _parse(hostile_folder).iter()}
    assert tags == {
        *("kml", "Document", "Folder", "Placemark", "name", "description", "styleUrl", "ExtendedData", "Data", "value"),
        *("Style", "IconStyle", "LabelStyle", "LineStyle", "PolyStyle", "color", "width", "scale", "open"),
        *("Point", "LineString", "Polygon", "outerBoundaryIs", "LinearRing", "coordinates", "tessellate"),
    }


def test_hostile_names_are_no_tags(hostile_folder: Path) -> None:
    """In a balloon, which is drawn as HTML, no name opens a tag; elsewhere names are text, on one line."""
    root = _parse(hostile_folder)
    descriptions = _texts(root, ".//k:description")
    assert any("&lt;script>" in text for text in descriptions)
    assert not any("<" in text for text in descriptions)
    values = _texts(root, ".//k:Data[@name='admin2']/k:value")
    assert "<script>alert('x')</script><img src=x onerror=alert(1)>" in values
    assert any("🛩️ São João \N{REPLACEMENT CHARACTER} ÑÃ 中文" in text for text in values)
    shown = "".join(_texts(root, ".//k:Data/k:value"))
    assert not set(shown) & set("\n\r\t\x07\x85\u2028\u202e")


def test_balloons_shown_as_text_hold_no_escapes_of_their_own(tmp_path: Path) -> None:
    """A probability above 99 % reads so where balloons are drawn as HTML and where they are shown as text."""
    findings = example_findings()
    sure = dataclasses.replace(findings, strips=findings.strips.assign(probability=0.997))
    write_kml(sure, number_strips(sure, example_record()), example_record(), tmp_path / "findings.kml")
    descriptions = _texts(_parse(tmp_path), ".//k:Placemark/k:description")
    assert any(">99\N{NO-BREAK SPACE}%" in text for text in descriptions)
    assert not any("&gt;" in text for text in descriptions)


def test_names_are_no_links_and_are_not_filled_in(hostile_folder: Path) -> None:
    """What a map application would make a link of, or fill in from the data, is kept from it in balloons and titles."""
    root = _parse(hostile_folder)
    shown = [*_texts(root, ".//k:description"), *_texts(root, ".//k:name")]
    assert any("https: //example.org/a www .example.org" in text for text in shown)
    assert not any(lure in text for text in shown for lure in ("://", "www.", "mailto:", "all@"))
    assert not any("$[" in text for text in _texts(root, ".//k:description"))
    assert not any("\n" in text for text in _texts(root, ".//k:name"))


def test_long_names_are_cut_with_a_note(hostile_folder: Path) -> None:
    """A name without end does not fill a balloon."""
    descriptions = _texts(_parse(hostile_folder), ".//k:description")
    assert any("… (cut, 20,0" in text for text in descriptions)
    assert max(len(text) for text in descriptions) < 4000


def test_no_control_characters(hostile_folder: Path) -> None:
    """The file holds no character that XML 1.0 forbids."""
    text = (hostile_folder / "findings.kml").read_bytes().decode("utf-8")
    assert re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", text) is None


def test_other_readers_agree(folder: Path) -> None:
    """A reader of KML finds a layer for each region, with the shapes of its strips in it."""
    table = pyogrio.read_dataframe(folder / "findings.kml", layer="Colombia / NARIÑO (2)")
    shapes = ["LineString", *["Point"] * 3, "Polygon"]
    assert sorted(table.geometry.geom_type) == sorted(shapes * 2)


def test_names_and_balloons_speak_the_language(tmp_path: Path) -> None:
    """In another language placemarks and balloons are its own, with its numbers; the data of a strip stay the same."""
    written = {}
    for language in ("en", "fr"):
        findings, path = example_findings(), tmp_path / language / "findings.kml"
        path.parent.mkdir()
        strips = findings.strips.assign(reasons="9% of the axis was observed on both dates", border_km=1234.5)
        findings = dataclasses.replace(findings, strips=strips)
        write_kml(
            findings,
            number_strips(findings, example_record()),
            example_record(),
            path,
            messages=load_messages(language),
        )
        written[language] = _parse(path.parent)
    french = written["fr"]
    assert _texts(french, ".//k:Placemark/k:name")[1:5] == ["1 axe", "1 extrémité 1", "1 extrémité 2", "1 contour"]
    balloon = " ".join(_texts(french, ".//k:Placemark/k:description")[0].split())
    assert "9 % de l’axe ont été observés aux deux dates" in balloon
    assert "probabilité 97 %" in balloon
    data = [_texts(root, ".//k:ExtendedData/k:Data/k:value") for root in written.values()]
    assert data[0] == data[1]
    assert "1234.5" in data[0]
