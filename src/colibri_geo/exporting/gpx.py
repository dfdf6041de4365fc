"""``findings.gpx``: waypoints for navigation devices, at the centre and the ends of each strip."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from shapely import MultiPoint, Point

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_mgrs
from colibri_geo.exporting.describing import (
    NAME_LIMIT,
    say_community,
    say_looks,
    say_region,
    say_size,
    say_title,
)
from colibri_geo.exporting.markup import add_text, write_xml
from colibri_geo.exporting.numbering import NumberedStrip
from colibri_geo.exporting.wording import caution_for, shown_scene, shown_text
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_probability

GPX = "findings.gpx"
NAMESPACE = "http://www.topografix.com/GPX/1/1"
_CENTRE_SYMBOL, _END_SYMBOL = "Flag, Blue", "Dot, White"


def write_gpx(strips: Sequence[NumberedStrip], record: RunRecord, path: Path, *, messages: Messages = ENGLISH) -> None:
    """Write three waypoints a strip, in the order of the ranking; elements stand in the order of the schema.

    Parameters
    ----------
    strips : sequence of NumberedStrip
        In the order of the ranking.
    record : RunRecord
    path : Path
    messages : Messages
        The language of names and descriptions.

    References
    ----------
    GPX 1.1, https://www.topografix.com/GPX/1/1/
    """
    root = ET.Element("gpx", {"xmlns": NAMESPACE, "version": "1.1", "creator": "colibri_geo"})
    _add_metadata(root, strips, record, messages)
    for strip in strips:
        title, number = say_title(strip, messages), str(strip.rank)
        _add_waypoint(root, strip.centre, title, _describe_strip(strip, messages), _CENTRE_SYMBOL)
        for end, place in enumerate(strip.ends, start=1):
            name = messages.say("field.end", number=number, end=str(end))
            text = f"{messages.say('field.end.of', end=str(end), title=title)}. MGRS {format_mgrs(place.x, place.y)}"
            _add_waypoint(root, place, name, text, _END_SYMBOL)
    path.write_bytes(write_xml(root))


def _add_metadata(root: ET.Element, strips: Sequence[NumberedStrip], record: RunRecord, messages: Messages) -> None:
    metadata = ET.SubElement(root, "metadata")
    before, after = (shown_scene(scene.name, messages, limit=NAME_LIMIT) for scene in (record.before, record.after))
    add_text(metadata, "name", messages.say("field.title", before=before, after=after))
    dates = messages.say("field.dates", before=record.before.acquired, after=record.after.acquired)
    add_text(metadata, "desc", f"{dates} {caution_for(record, messages)}")
    if strips:
        places = MultiPoint([place for strip in strips for place in (strip.centre, *strip.ends)])
        edges = dict(zip(("minlon", "minlat", "maxlon", "maxlat"), places.bounds, strict=True))
        ET.SubElement(metadata, "bounds", {name: f"{value:.7f}" for name, value in edges.items()})


def _add_waypoint(root: ET.Element, place: Point, name: str, description: str, symbol: str) -> None:
    waypoint = ET.SubElement(root, "wpt", {"lat": f"{place.y:.7f}", "lon": f"{place.x:.7f}"})
    for tag, text in (("name", name), ("desc", description), ("sym", symbol)):
        add_text(waypoint, tag, text)


def _describe_strip(strip: NumberedStrip, messages: Messages) -> str:
    """Write one line, which is all that devices show; what protects people first, for some show its beginning alone."""
    parts = [
        messages.say(
            "field.waypoint",
            verdict=messages.say(f"verdict.{strip.verdict}"),
            probability=format_probability(strip.row["probability"], messages),
        ),
        say_size(strip, messages),
        f"MGRS {shown_text(strip.mgrs, messages, limit=NAME_LIMIT)}",
        messages.say("field.region", region=say_region(strip, messages)),
        say_looks(strip, messages),
        messages.say("field.preliminary"),
    ]
    return " ".join([*say_community(strip.around, messages), ". ".join(parts)])
