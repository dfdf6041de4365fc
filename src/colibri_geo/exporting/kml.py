"""``findings.kml``: strips for a field phone; nothing in it is fetched from elsewhere."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapely import LinearRing, LineString, Point

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.coordinates import format_mgrs, format_position
from colibri_geo.exporting.describing import (
    NAME_LIMIT,
    group_by_region,
    say_community,
    say_field_around,
    say_findings,
    say_looks,
    say_reasons,
    say_region,
    say_size,
    say_title,
    say_unmasked,
)
from colibri_geo.exporting.markup import Pieces, add_text, stream_element, stream_xml
from colibri_geo.exporting.numbering import NumberedStrip, count_verdicts
from colibri_geo.exporting.wording import balloon_text, caution_for, shown_scene, shown_text, xml_text
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_probability, one_line
from colibri_geo.layers.findings import Findings

KML = "findings.kml"
NAMESPACE = "http://www.opengis.net/kml/2.2"
_END, _OUTLINE = "_end", "_outline"
_OPAQUE, _SHEER = 1.0, 0.3


@dataclass(frozen=True)
class Photo:
    """A picture in a balloon.

    Attributes
    ----------
    path : str
        In the archive, from the document.
    caption : str
    side_px : int
    """

    path: str
    caption: str
    side_px: int


def write_kml(
    findings: Findings,
    strips: Sequence[NumberedStrip],
    record: RunRecord,
    path: Path,
    *,
    messages: Messages = ENGLISH,
) -> None:
    """Write the strips into a folder for each region, in the order of the ranking.

    Parameters
    ----------
    findings : Findings
        As `check_findings` accepts them.
    strips : sequence of NumberedStrip
        Its strips, numbered.
    record : RunRecord
    path : Path
    messages : Messages
        The language of names and balloons; the data of a strip stay as they are.

    References
    ----------
    OGC 12-007r2, KML 2.3, https://docs.ogc.org/is/12-007r2/12-007r2.html
    """
    with path.open("wb") as file:
        file.writelines(build_kml(findings, strips, record, messages=messages))


def build_kml(
    findings: Findings,
    strips: Sequence[NumberedStrip],
    record: RunRecord,
    photos: Mapping[int, Sequence[Photo]] | None = None,
    *,
    icon: str | None = None,
    messages: Messages = ENGLISH,
) -> Iterator[bytes]:
    """Build the document: a strip is a numbered point at its centre, the line of its axis, its ends and its outline.

    They are placemarks of their own, because few field applications draw a placemark that holds more than one.

    Parameters
    ----------
    findings : Findings
    strips : sequence of NumberedStrip
        Its strips, numbered.
    record : RunRecord
    photos : mapping of int to sequence of Photo, optional
        Pictures for the balloons, by rank.
    icon : str, optional
        Path in the archive of the picture of a point: white, for applications multiply it by the colour of a verdict.
    messages : Messages

    Yields
    ------
    bytes
        Pieces, strip by strip: the elements of all strips of a country take a gigabyte.
    """
    root = ET.Element("kml", {"xmlns": NAMESPACE})
    document = ET.SubElement(root, "Document")
    before, after = (shown_scene(scene.name, messages, limit=NAME_LIMIT) for scene in (record.before, record.after))
    add_text(document, "name", messages.say("field.title", before=before, after=after))
    add_text(document, "open", "1")
    add_text(document, "description", _draw_balloon(_describe_run(findings, strips, record, messages)))
    for verdict, colour in VERDICT_COLOURS.items():
        _add_styles(document, verdict, colour, icon)
    folders = _build_folders(strips, caution_for(record, messages), photos or {}, messages)
    return stream_xml(root, folders, parent=document)


def _build_folders(
    strips: Sequence[NumberedStrip], caution: str, photos: Mapping[int, Sequence[Photo]], messages: Messages
) -> Iterator[Pieces]:
    """Build a folder for each region, in the document."""
    for region, found in group_by_region(strips, messages):
        folder = ET.Element("Folder")
        add_text(folder, "name", messages.say("field.folder", region=region, count=messages.number(len(found))))
        placemarks = (
            stream_element(placemark, level=3)
            for strip in found
            for placemark in _build_placemarks(strip, caution, photos.get(strip.rank, ()), messages)
        )
        yield stream_element(folder, placemarks, level=2)


def _describe_run(
    findings: Findings, strips: Sequence[NumberedStrip], record: RunRecord, messages: Messages
) -> list[str]:
    counts = count_verdicts(strip.verdict for strip in strips)
    legend = [
        messages.say(
            "field.colour",
            verdict=messages.say(f"verdict.{verdict}"),
            colour=messages.say(f"colour.{verdict}"),
            count=messages.number(count),
        )
        for verdict, count in counts.items()
    ]
    signs = [messages.say("field.colours", legend=", ".join(legend)), messages.say("field.signs")]
    return [
        say_findings(counts, findings.observed, record, messages),
        *say_unmasked(record, messages),
        messages.say("field.dates", before=record.before.acquired, after=record.after.acquired),
        *(signs if legend else []),
        caution_for(record, messages),
    ]


def write_colour(colour: str, *, opacity: float = _OPAQUE) -> str:
    """Write a colour as KML has it: opacity, blue, green, red.

    Examples
    --------
    >>> write_colour("#d55e00", opacity=0.2)
    '33005ed5'
    """
    red, green, blue = colour[1:3], colour[3:5], colour[5:7]
    return f"{round(255 * opacity):02x}{blue}{green}{red}"


def _add_styles(document: ET.Element, verdict: str, colour: str, icon: str | None) -> None:
    opaque = write_colour(colour)
    strip = ET.SubElement(document, "Style", {"id": verdict})
    _add_icon_style(strip, opaque, icon, scale=1.0)
    add_text(ET.SubElement(strip, "LabelStyle"), "color", opaque)
    _add_line_style(strip, opaque, width_px=3)
    end = ET.SubElement(document, "Style", {"id": verdict + _END})
    _add_icon_style(end, opaque, icon, scale=0.5)
    add_text(ET.SubElement(end, "LabelStyle"), "scale", "0")
    outline = ET.SubElement(document, "Style", {"id": verdict + _OUTLINE})
    _add_line_style(outline, opaque, width_px=1)
    add_text(ET.SubElement(outline, "PolyStyle"), "color", write_colour(colour, opacity=_SHEER))


def _add_icon_style(style: ET.Element, colour: str, icon: str | None, *, scale: float) -> None:
    """Add the look of a point: coloured where its picture comes along, else what the application has, as it is.

    A file alone brings no picture, and one on a server would be fetched. What applications have instead is often a
    yellow pin, which multiplied by a colour has that of another verdict: there lines and labels tell the verdict, for
    they are drawn without a picture.
    """
    element = ET.SubElement(style, "IconStyle")
    if icon is not None:
        add_text(element, "color", colour)
    add_text(element, "scale", f"{scale:g}")
    if icon is not None:
        add_text(ET.SubElement(element, "Icon"), "href", icon)
        ET.SubElement(element, "hotSpot", {"x": "0.5", "y": "0.5", "xunits": "fraction", "yunits": "fraction"})


def _add_line_style(style: ET.Element, colour: str, *, width_px: int) -> None:
    line = ET.SubElement(style, "LineStyle")
    add_text(line, "color", colour)
    add_text(line, "width", str(width_px))


def _build_placemarks(
    strip: NumberedStrip, caution: str, photos: Sequence[Photo], messages: Messages
) -> Iterator[ET.Element]:
    number, title = str(strip.rank), say_title(strip, messages)
    balloon = _draw_balloon(_describe_strip(strip, caution, messages), photos)
    yield _build_placemark(title, balloon, strip.verdict, _build_data(strip), _build_shape(strip.centre))
    axis = messages.say("field.axis", number=number)
    yield _build_placemark(axis, balloon, strip.verdict, _build_data(strip), _build_shape(strip.axis))
    for end, place in enumerate(strip.ends, start=1):
        name = messages.say("field.end", number=number, end=str(end))
        text = _draw_balloon([messages.say("field.end.of", end=str(end), title=title), _describe_end(place)])
        yield _build_placemark(name, text, strip.verdict + _END, _build_shape(place))
    if not strip.outline.is_empty:
        name = messages.say("field.outline", number=number)
        polygon = ET.Element("Polygon")
        add_text(polygon, "tessellate", "1")
        ET.SubElement(polygon, "outerBoundaryIs").append(_build_shape(strip.outline.exterior))
        yield _build_placemark(name, balloon, strip.verdict + _OUTLINE, polygon)


def _build_placemark(name: str, balloon: str, style: str, *parts: ET.Element) -> ET.Element:
    placemark = ET.Element("Placemark")
    add_text(placemark, "name", name)
    add_text(placemark, "description", balloon)
    add_text(placemark, "styleUrl", f"#{style}")
    placemark.extend(parts)
    return placemark


def _build_shape(shape: Point | LineString | LinearRing) -> ET.Element:
    element = ET.Element(str(shape.geom_type))
    if shape.geom_type == "LineString":
        add_text(element, "tessellate", "1")
    add_text(element, "coordinates", " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat, *_ in shape.coords))
    return element


def _build_data(strip: NumberedStrip) -> ET.Element:
    data = ET.Element("ExtendedData")
    for name, value in strip.row.items():
        if value is not None:
            add_text(ET.SubElement(data, "Data", {"name": xml_text(str(name))}), "value", one_line(str(value)))
    return data


def _describe_strip(strip: NumberedStrip, caution: str, messages: Messages) -> list[str]:
    """Write what a person in the field reads first."""
    reasons = messages.say("field.reasons.join").join(say_reasons(strip, messages)) or messages.say(
        "field.reasons.none"
    )
    return [
        messages.say(
            "field.strip",
            title=say_title(strip, messages),
            verdict=messages.say(f"verdict.{strip.verdict}"),
            probability=format_probability(strip.row["probability"], messages),
        ),
        *say_community(strip.around, messages),
        messages.say(
            "field.centre",
            position=format_position(strip.centre.x, strip.centre.y),
            mgrs=shown_text(strip.mgrs, messages, limit=NAME_LIMIT),
        ),
        say_size(strip, messages),
        messages.say("field.region", region=say_region(strip, messages)),
        *say_field_around(strip, messages),
        say_looks(strip, messages),
        messages.say("field.reasons", reasons=reasons),
        caution,
    ]


def _describe_end(end: Point) -> str:
    return f"{format_position(end.x, end.y)}, MGRS {format_mgrs(end.x, end.y)}"


def _draw_balloon(lines: Sequence[str], photos: Sequence[Photo] = ()) -> str:
    """Write a balloon, which is drawn as HTML: plain lines; with pictures, lines that HTML keeps apart."""
    texts = [balloon_text(line) for line in lines]
    if not photos:
        return "\n".join(texts)
    return "<br>\n".join([*texts, *(_draw_photo(photo) for photo in photos)])


def _draw_photo(photo: Photo) -> str:
    size = f'width="{photo.side_px}" height="{photo.side_px}"'
    return f'{balloon_text(photo.caption)}<br>\n<img src="{photo.path}" {size}>'
