"""The KMZ holds one document and its pictures, opens by itself, and has no clock."""

from __future__ import annotations

import dataclasses
import html.parser
import io
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting import FieldPicture, write_kmz
from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.kml import write_colour
from colibri_geo.layers.findings import Findings
from tests.support.example_run import example_findings, example_record

NAMES = {"k": "http://www.opengis.net/kml/2.2"}


class Tags(html.parser.HTMLParser):
    """Collects the tags of a balloon."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember a tag and its attributes."""
        self.found.append((tag, dict(attrs)))


def _picture(strip_id: str, *, north_deg: float = 0.2) -> FieldPicture:
    before, after = io.BytesIO(), io.BytesIO()
    for shade, file in ((60, before), (160, after)):
        Image.fromarray(np.full((8, 8, 3), shade, dtype=np.uint8)).save(file, format="JPEG")
    return FieldPicture(strip_id, before.getvalue(), after.getvalue(), side_m=1460.0, north_deg=north_deg)


def _write(findings: Findings, folder: Path, record: RunRecord | None = None) -> zipfile.ZipFile:
    folder.mkdir(exist_ok=True)
    pictures = [_picture(str(strip_id)) for strip_id in findings.strips.index]
    write_kmz(findings, record or example_record(), pictures, folder)
    return zipfile.ZipFile(folder / "findings.kmz")


def _balloons(archive: zipfile.ZipFile) -> list[str]:
    root = ET.fromstring(archive.read("doc.kml"))  # noqa: S314 - written by the test itself
    return [element.text or "" for element in root.iterfind(".//k:Placemark/k:description", NAMES)]


def _tags(text: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Tags()
    reader.feed(text)
    return reader.found


def test_document_comes_first_with_the_pictures_of_each_strip(tmp_path: Path) -> None:
    """The archive holds the document, the dot, then before and after of each strip, named after its number."""
    with _write(example_findings(), tmp_path) as archive:
        pictures = [f"files/{rank}_{date}.jpg" for rank in range(1, 6) for date in ("before", "after")]
        assert archive.namelist() == ["doc.kml", "files/dot.png", *pictures]
        assert archive.read("files/2_after.jpg") == _picture("S005").after
        assert archive.testzip() is None


def test_balloons_show_pictures_of_the_archive_alone(tmp_path: Path) -> None:
    """Each picture of a balloon is a file of the archive; centre, axis and outline show those of their strip."""
    with _write(example_findings(), tmp_path) as archive:
        shown = [[attributes["src"] for tag, attributes in _tags(text) if tag == "img"] for text in _balloons(archive)]
        assert {path for paths in shown for path in paths} == set(archive.namelist()[2:])
    assert shown[:5] == [
        *([["files/1_before.jpg", "files/1_after.jpg"]] * 2),
        *([[]] * 2),
        ["files/1_before.jpg", "files/1_after.jpg"],
    ]


def test_points_are_dots_of_the_archive_in_the_colour_of_their_verdict(tmp_path: Path) -> None:
    """Each point has a picture of the archive: a white disc with a black rim, which takes the verdict's colour."""
    with _write(example_findings(), tmp_path) as archive:
        root = ET.fromstring(archive.read("doc.kml"))  # noqa: S314 - written by the test itself
        dot = np.asarray(Image.open(io.BytesIO(archive.read("files/dot.png"))).convert("RGBA"))
    icons = root.findall("k:Document/k:Style/k:IconStyle", NAMES)
    assert {icon.findtext("k:Icon/k:href", "", NAMES) for icon in icons} == {"files/dot.png"}
    for verdict, colour in VERDICT_COLOURS.items():
        styles = [root.find(f".//k:Style[@id='{verdict}{part}']/k:IconStyle/k:color", NAMES) for part in ("", "_end")]
        assert [style.text for style in styles if style is not None] == [write_colour(colour)] * 2
    centre, corner, rim = dot[32, 32], dot[0, 0], dot[32, 11]
    assert (centre == 255).all()
    assert corner[3] == 0
    assert rim.tolist() == [0, 0, 0, 255]
    assert (dot[..., :3] == dot[..., :1]).all()


def test_captions_tell_date_scale_and_north(tmp_path: Path) -> None:
    """A picture says when it was taken, how much ground it shows and where north is."""
    pictures = [_picture("S001"), _picture("S005", north_deg=-1.6)]
    write_kmz(example_findings(), example_record(), pictures, tmp_path)
    with zipfile.ZipFile(tmp_path / "findings.kmz") as archive:
        balloons = [text.replace("\N{NO-BREAK SPACE}", " ") for text in _balloons(archive)]
    assert any("After, 2025-03-21T15:20:00Z: 1,460 m across, north up" in text for text in balloons)
    assert any("1,460 m across, north 358° clockwise from the upper edge" in text for text in balloons)
    assert any("<img" not in text and "S003" in text for text in balloons)


def test_hostile_names_are_neither_tags_nor_paths(
    hostile_findings: Findings, hostile_record: RunRecord, tmp_path: Path
) -> None:
    """Balloons hold line breaks and pictures and no other tag; no name of a file comes from a table."""
    slipping = hostile_findings.strips.rename(index=lambda strip_id: f"../{strip_id}\"'><script>")
    with _write(dataclasses.replace(hostile_findings, strips=slipping), tmp_path, hostile_record) as archive:
        assert all(name.startswith("files/") and ".." not in name for name in archive.namelist()[1:])
        tags = [tag for text in _balloons(archive) for tag in _tags(text)]
    assert {tag for tag, _ in tags} == {"br", "img"}
    assert {name for _, attributes in tags for name in attributes} == {"src", "width", "height"}


@pytest.mark.parametrize("strips", [True, False])
def test_same_run_gives_the_same_bytes(tmp_path: Path, strips: bool) -> None:
    """Two archives of a run are equal, with the first date that the format knows; also without a strip."""
    archives = [_write(example_findings(strips=strips), tmp_path / name) for name in ("one", "two")]
    for archive in archives:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        archive.close()
    assert len({(tmp_path / name / "findings.kmz").read_bytes() for name in ("one", "two")}) == 1
