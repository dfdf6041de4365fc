"""``findings.kml``: strips for a field phone; nothing in it is fetched from elsewhere."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
from shapely import LineString, Point

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.coordinates import WGS84, format_position, strip_centres
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.exporting.wording import caution_for, xml_text

KML = "findings.kml"
NAMESPACE = "http://www.opengis.net/kml/2.2"
# Opacity, blue, green, red, as KML has it; the colours stay apart for those who see no red or green.
_COLOURS = {
    "new": "ff005ed5",
    "extended": "ff009fe6",
    "reopened": "ffa779cc",
    "regrowing": "ff739e00",
    "unchanged": "ffe9b456",
    "not_observed": "ff999999",
}


@dataclass(frozen=True)
class Shapes:
    """A strip in longitude and latitude.

    Attributes
    ----------
    axis : LineString
    centre : Point
    """

    axis: LineString
    centre: Point


def write_kml(strips: gpd.GeoDataFrame, record: RunRecord, path: Path) -> None:
    """Write a folder for each verdict; each strip is a numbered point at its centre and the line of its axis.

    Point and line are placemarks of their own, because few field applications draw a placemark that holds both.

    Parameters
    ----------
    strips : GeoDataFrame
        As `check_strips` accepts it.
    record : RunRecord
    path : Path

    References
    ----------
    OGC 12-007r2, KML 2.3, https://docs.ogc.org/is/12-007r2/12-007r2.html
    """
    root = ET.Element("kml", {"xmlns": NAMESPACE})
    document = ET.SubElement(root, "Document")
    _add_text(document, "name", f"Candidate cleared strips: {record.before.name} to {record.after.name}")
    _add_text(document, "description", _as_html(_describe_run(record)))
    for verdict, colour in _COLOURS.items():
        _add_style(document, verdict, colour)
    _add_folders(document, strips, caution=caution_for(record))
    ET.indent(root)
    path.write_bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n")


def _describe_run(record: RunRecord) -> str:
    dates = f"Before {record.before.acquired}, after {record.after.acquired}."
    return f"{caution_for(record)} {dates}"


def _add_style(document: ET.Element, verdict: str, colour: str) -> None:
    style = ET.SubElement(document, "Style", {"id": verdict})
    _add_text(ET.SubElement(style, "IconStyle"), "color", colour)
    line = ET.SubElement(style, "LineStyle")
    _add_text(line, "color", colour)
    _add_text(line, "width", "3")


def _add_folders(document: ET.Element, strips: gpd.GeoDataFrame, *, caution: str) -> None:
    rows = plain_rows(strips)
    numbers = {strips.index[position]: number for number, position in enumerate(rank_positions(strips), start=1)}
    axes, centres = strips.geometry.to_crs(WGS84), strip_centres(strips)
    for verdict in VERDICTS:
        found = rows[rows["verdict"] == verdict]
        if found.empty:
            continue
        folder = ET.SubElement(document, "Folder")
        _add_text(folder, "name", f"{verdict.replace('_', ' ')} ({len(found)})")
        for row in found.to_dict("records"):
            strip_id = row["strip_id"]
            name = f"{numbers[strip_id]} {strip_id}"
            _add_strip(folder, row, name=name, shapes=Shapes(axes[strip_id], centres[strip_id]), caution=caution)


def _add_strip(folder: ET.Element, row: dict[Any, Any], *, name: str, shapes: Shapes, caution: str) -> None:
    centre = shapes.centre
    description = _as_html(_describe_strip(row, format_position(centre.x, centre.y), caution))
    for shape, title in ((centre, name), (shapes.axis, f"{name} axis")):
        placemark = ET.SubElement(folder, "Placemark")
        _add_text(placemark, "name", title)
        _add_text(placemark, "description", description)
        _add_text(placemark, "styleUrl", f"#{row['verdict']}")
        _add_data(placemark, row)
        corners = " ".join(f"{lon:.7f},{lat:.7f}" for lon, lat, *_ in shape.coords)
        _add_text(ET.SubElement(placemark, shape.geom_type), "coordinates", corners)


def _describe_strip(row: dict[Any, Any], position: str, caution: str) -> str:
    """Write what a person in the field reads first."""
    region = ", ".join(row[level] for level in ("admin2", "admin1", "country") if row[level])
    lines = [
        f"Candidate cleared strip, {row['verdict'].replace('_', ' ')}, probability {row['probability']:.2f}",
        f"Centre {position}, MGRS {row['mgrs']}",
        f"Length {_interval(row, 'length')}, width {_interval(row, 'width')}, azimuth {row['azimuth_deg']:.0f}° true",
        f"Region: {region}" if region else "Region: unknown",
        f"Last look without it: {row['last_without'] or 'none'}; first look with it: {row['first_with'] or 'none'}",
        f"Reasons: {row['reasons']}",
        caution,
    ]
    return "\n".join(lines)


def _interval(row: dict[Any, Any], measure: str) -> str:
    value, low, high = (row[f"{measure}{part}_m"] for part in ("", "_lo", "_hi"))
    known = low is not None and high is not None
    return f"{value:.0f} m ({low:.0f} to {high:.0f})" if known else f"{value:.0f} m"


def _add_data(placemark: ET.Element, row: dict[Any, Any]) -> None:
    data = ET.SubElement(placemark, "ExtendedData")
    for name, value in row.items():
        if value is not None:
            _add_text(ET.SubElement(data, "Data", {"name": xml_text(str(name))}), "value", str(value))


def _as_html(text: str) -> str:
    """Escape text for a balloon, which is drawn as HTML: no name may become a tag in it."""
    return html.escape(text, quote=False)


def _add_text(parent: ET.Element, tag: str, text: str) -> None:
    ET.SubElement(parent, tag).text = xml_text(text)
