"""``findings.gpx``: waypoints for navigation devices, at the centre and the ends of each strip."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

from shapely import MultiPoint, Point

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_mgrs
from colibri_geo.exporting.markup import add_text, write_xml
from colibri_geo.exporting.numbering import NAME_LIMIT, NumberedStrip, name_verdict
from colibri_geo.exporting.wording import caution_for, shown_text

GPX = "findings.gpx"
NAMESPACE = "http://www.topografix.com/GPX/1/1"
_CENTRE_SYMBOL, _END_SYMBOL = "Flag, Blue", "Dot, White"


def write_gpx(strips: Sequence[NumberedStrip], record: RunRecord, path: Path) -> None:
    """Write three waypoints a strip, in the order of the ranking; elements stand in the order of the schema.

    Parameters
    ----------
    strips : sequence of NumberedStrip
        In the order of the ranking.
    record : RunRecord
    path : Path

    References
    ----------
    GPX 1.1, https://www.topografix.com/GPX/1/1/
    """
    root = ET.Element("gpx", {"xmlns": NAMESPACE, "version": "1.1", "creator": "colibri_geo"})
    _add_metadata(root, strips, record)
    for strip in strips:
        _add_waypoint(root, strip.centre, strip.title, _describe_strip(strip), _CENTRE_SYMBOL)
        for number, end in enumerate(strip.ends, start=1):
            text = f"End {number} of strip {strip.title}. MGRS {format_mgrs(end.x, end.y)}"
            _add_waypoint(root, end, f"{strip.rank} end {number}", text, _END_SYMBOL)
    path.write_bytes(write_xml(root))


def _add_metadata(root: ET.Element, strips: Sequence[NumberedStrip], record: RunRecord) -> None:
    metadata = ET.SubElement(root, "metadata")
    before, after = (shown_text(scene.name, limit=NAME_LIMIT) for scene in (record.before, record.after))
    add_text(metadata, "name", f"Candidate cleared strips: {before} to {after}")
    dates = f"Before {record.before.acquired}, after {record.after.acquired}."
    add_text(metadata, "desc", f"{dates} {caution_for(record)}")
    if strips:
        places = MultiPoint([place for strip in strips for place in (strip.centre, *strip.ends)])
        edges = dict(zip(("minlon", "minlat", "maxlon", "maxlat"), places.bounds, strict=True))
        ET.SubElement(metadata, "bounds", {name: f"{value:.7f}" for name, value in edges.items()})


def _add_waypoint(root: ET.Element, place: Point, name: str, description: str, symbol: str) -> None:
    waypoint = ET.SubElement(root, "wpt", {"lat": f"{place.y:.7f}", "lon": f"{place.x:.7f}"})
    for tag, text in (("name", name), ("desc", description), ("sym", symbol)):
        add_text(waypoint, tag, text)


def _describe_strip(strip: NumberedStrip) -> str:
    """Write one line: devices show no more."""
    parts = [
        f"Candidate cleared strip, {name_verdict(strip.verdict)}, probability {strip.probability}",
        strip.size,
        f"MGRS {shown_text(strip.mgrs, limit=NAME_LIMIT)}",
        f"Region: {strip.region}",
        strip.dates,
        "Preliminary, not validated in the field",
    ]
    return ". ".join(parts)
