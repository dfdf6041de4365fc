"""The files of an edition; the writers of the exact run never see it, nor it what they write."""

from __future__ import annotations

import html
import json
import textwrap
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Polygon
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

from colibri_geo.exporting.columns import OBSERVED_COLUMNS, VERDICTS, conform
from colibri_geo.exporting.describing import NAME_LIMIT, say_counts, say_share
from colibri_geo.exporting.editions import LEAST_KM2, Edition
from colibri_geo.exporting.forms import FEEDBACK, write_feedback
from colibri_geo.exporting.geojson import GEOJSON
from colibri_geo.exporting.geopackage import GEOPACKAGE, Layer, write_layers
from colibri_geo.exporting.gpx import GPX
from colibri_geo.exporting.gpx import NAMESPACE as GPX_NAMESPACE
from colibri_geo.exporting.kml import KML
from colibri_geo.exporting.kml import NAMESPACE as KML_NAMESPACE
from colibri_geo.exporting.markup import add_text, write_xml
from colibri_geo.exporting.message import MESSAGE, MIME, WIDTH
from colibri_geo.exporting.numbering import CALLED_NEW
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.exporting.spreadsheet import CSV, write_rows
from colibri_geo.exporting.wording import shown_text
from colibri_geo.language import ENGLISH
from colibri_geo.language.formats import format_km2, format_probability, format_share
from colibri_geo.layers.columns import LEVELS

_INDENT = "  "
_BELOW = " > "
_SQUARE_STYLE = "square"
_SQUARE_COLOURS = ("ff005ed5", "33005ed5")
"""Of the line and the ground, as KML has it."""


def write_edition(edition: Edition, folder: Path) -> None:
    """Write ``findings.gpkg``, ``.geojson`` and ``.csv``, ``message.txt`` and ``feedback.txt``, and for squares a map.

    ``findings.kml`` and ``findings.gpx`` are written where there are squares.

    Parameters
    ----------
    edition : Edition
    folder : Path
        Exists, and holds none of these files.

    Raises
    ------
    OutputError
        The disk refuses.
    """
    rows = _list_rows(edition)
    moment = pd.Timestamp(edition.record.after.acquired, tz="UTC")
    write_layers(_plan_layers(edition), folder / GEOPACKAGE, moment=moment)
    (folder / GEOJSON).write_bytes(_build_geojson(edition, rows).encode("utf-8"))
    write_rows(_plain(edition), edition.caution, folder / CSV)
    (folder / MESSAGE).write_bytes(_build_message(edition, rows).encode("utf-8"))
    titles = (f"{number} {row['strip_id']}" for number, row in enumerate(rows, start=1))
    write_feedback(titles, edition.record, folder / FEEDBACK)
    if isinstance(edition.strips, gpd.GeoDataFrame):
        (folder / KML).write_bytes(_build_kml(edition, rows))
        (folder / GPX).write_bytes(_build_gpx(edition, rows))


def _plain(edition: Edition) -> pd.DataFrame:
    return plain_rows(edition.strips)


def _list_rows(edition: Edition) -> list[dict[Any, Any]]:
    """Return the strips as plain values, the one with number 1 first."""
    return list(_plain(edition).to_dict("records"))


# -------------------------------------------------------------------------------------------------------------- tables
def _plan_layers(edition: Edition) -> list[Layer]:
    observed = conform(edition.observed, OBSERVED_COLUMNS)
    squares = isinstance(edition.strips, gpd.GeoDataFrame)
    about = f"Candidate cleared strips, {'squares' if squares else 'regions'}. {edition.caution}"
    return [
        Layer("strips", edition.strips.reset_index(), "Polygon" if squares else None, about),
        Layer("observed", observed, None, f"How much of each region was observed. {edition.caution}"),
    ]


def _build_geojson(edition: Edition, rows: list[dict[Any, Any]]) -> str:
    head = {
        "type": "FeatureCollection",
        "edition": edition.precision,
        "caution": edition.caution,
        "before": {"acquired": edition.record.before.acquired},
        "after": {"acquired": edition.record.after.acquired},
    }
    squares: list[Polygon] | list[None] = _list_squares(edition) or [None] * len(rows)
    features = ",\n".join(
        _dump({"type": "Feature", "id": row["strip_id"], "geometry": square and mapping(square), "properties": row})
        for row, square in zip(rows, squares, strict=True)
    )
    members = [f"{_dump(name)}: {_dump(value)}" for name, value in head.items()]
    return "{\n" + ",\n".join([*members, f'"features": [\n{features}\n]']) + "\n}\n"


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _list_squares(edition: Edition) -> list[Polygon]:
    if not isinstance(edition.strips, gpd.GeoDataFrame):
        return []
    return [orient(square) for square in edition.strips.geometry]


# ------------------------------------------------------------------------------------------------------------- message
def _build_message(edition: Edition, rows: list[dict[Any, Any]]) -> str:
    """Write a mail as `write_message` does, with what an edition knows; no line begins with text from a file."""
    lines = [f"Subject: {_write_subject(edition)}", *MIME, ""]
    for heading, paragraphs in _write_sections(edition, rows):
        lines += [heading, *(line for text in paragraphs for line in _wrap(text)), ""]
    return "\n".join(lines)


def _write_subject(edition: Edition) -> str:
    whole, record = edition.observed.iloc[0], edition.record
    about = f"{record.before.acquired} to {record.after.acquired}, edition {edition.precision}"
    new = int(sum(whole[verdict] for verdict in CALLED_NEW if verdict in whole))
    if new:
        return f"{new} new candidate cleared strip{'s' if new > 1 else ''}, {about}"
    if not float(whole["observed_km2"]) > 0:
        return f"Not observed, {about}"
    return f"Nothing new found, {format_share(float(whole['observed_share']), ENGLISH)} observed, {about}"


def _write_sections(edition: Edition, rows: list[dict[Any, Any]]) -> Iterator[tuple[str, list[str]]]:
    named = ENGLISH.say("edition.levels", least=format_km2(LEAST_KM2, ENGLISH))
    rules = [named] if edition.precision == "region" else []
    yield "WHAT WAS FOUND", [state_edition(edition), edition.caution, *rules]
    dates = [f"{date}: {scene.acquired}" for date, scene in _list_dates(edition)]
    yield "WHAT WAS COMPARED", dates
    regions = edition.observed[edition.observed["level"] != "all"]
    if len(regions):
        rule = "A strip whose square of 5 km touches several regions counts in each of them."
        counted = [_write_region(row) for _, row in regions.iterrows()]
        yield "BY REGION", [*counted, rule]
    for number, row in enumerate(rows, start=1):
        if row["verdict"] in CALLED_NEW:
            yield f"STRIP {number}", [f"Name: {row['strip_id']}", *describe_row(row)]
    yield (
        "WHAT TO DO",
        [
            "Ask who sent this for the exact positions, if your task needs them.",
            "A second person looks at each finding before anything is done.",
            "A community may use the strip, for health above all: ask those who know the place.",
        ],
    )


def state_edition(edition: Edition) -> str:
    """Say what was found; "nothing new" never without the share that was observed."""
    whole = edition.observed.iloc[0]
    if not float(whole["observed_km2"]) > 0:
        return f"Not observed: nothing can be said of the {float(whole['asked_km2']):,.1f} km2 asked."
    counts = {verdict: int(whole[verdict]) for verdict in VERDICTS if whole.get(verdict)}
    new, others = (
        say_counts({verdict: count for verdict, count in counts.items() if (verdict in CALLED_NEW) == called}, ENGLISH)
        for called in (True, False)
    )
    share = say_share(whole, ENGLISH)
    found = f"Candidate cleared strips: {new}, in {share}." if new else f"Nothing new found in {share}."
    return f"{found} In the tables too: {others}." if others else found


def describe_row(row: dict[Any, Any]) -> list[str]:
    """Write what an edition knows of one strip, a sentence each."""
    region = _BELOW.join(shown_text(name, ENGLISH) for level in LEVELS if (name := row[level] or row[f"{level}_code"]))
    probability = format_probability(row["probability"], ENGLISH)
    length, width, azimuth = (f"{row[name]:.0f}" for name in ("length_m", "width_m", "azimuth_deg"))
    return [
        ENGLISH.say("message.verdict", verdict=ENGLISH.say(f"verdict.{row['verdict']}"), probability=probability),
        *([f"Square: {row['square']} (WGS 84)"] if "square" in row else []),
        f"Region: {region or 'not named'}",
        f"Length about {length} m, width about {width} m, azimuth about {azimuth} deg true",
        f"Last look without it: {row['last_without'] or 'none'}; first look with it: {row['first_with'] or 'none'}",
    ]


def _list_dates(edition: Edition) -> list[tuple[str, Any]]:
    return [("Before", edition.record.before), ("After", edition.record.after)]


def _write_region(row: pd.Series[Any]) -> str:
    name, code = (
        "" if pd.isna(row[part]) else shown_text(row[part], ENGLISH, limit=NAME_LIMIT) for part in ("name", "code")
    )
    title = f"{name} ({code})" if name and code else name or code or "unnamed"
    counts = f"{int(row['new'])} new, {int(row['extended'])} extended"
    return f"- {row['level']} {title}: {counts}, in {say_share(row, ENGLISH)}"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, WIDTH, initial_indent=_INDENT, subsequent_indent=2 * _INDENT, break_on_hyphens=False)


# ---------------------------------------------------------------------------------------------------------------- maps
def _group_by_square(edition: Edition, rows: list[dict[Any, Any]]) -> list[tuple[Polygon, str, list[str]]]:
    """Gather the strips of each square: its shape, their numbers, and a line for each."""
    found: dict[str, tuple[Polygon, list[int], list[str]]] = {}
    for number, (square, row) in enumerate(zip(_list_squares(edition), rows, strict=True), start=1):
        _, numbers, lines = found.setdefault(row["square"], (square, [], []))
        numbers.append(number)
        lines.append(f"{number} {row['strip_id']}. {'. '.join(describe_row(row))}.")
    return [(square, ", ".join(map(str, numbers)), lines) for square, numbers, lines in found.values()]


def _build_kml(edition: Edition, rows: list[dict[Any, Any]]) -> bytes:
    """Build a document with a square and a point in its middle for all strips in it."""
    root = ET.Element("kml", {"xmlns": KML_NAMESPACE})
    document = ET.SubElement(root, "Document")
    add_text(document, "name", f"Candidate cleared strips, edition {edition.precision}")
    add_text(document, "open", "1")
    add_text(document, "description", f"{state_edition(edition)}\n{edition.caution}")
    style = ET.SubElement(document, "Style", {"id": _SQUARE_STYLE})
    for tag, colour in zip(("LineStyle", "PolyStyle"), _SQUARE_COLOURS, strict=True):
        add_text(ET.SubElement(style, tag), "color", colour)
    for square, numbers, lines in _group_by_square(edition, rows):
        text = "\n".join([*(_as_html(line) for line in lines), edition.caution])
        point = ET.SubElement(_add_placemark(document, numbers, text), "Point")
        add_text(point, "coordinates", _write_middle(square))
        polygon = ET.SubElement(_add_placemark(document, f"{numbers} square", text), "Polygon")
        add_text(polygon, "tessellate", "1")
        ring = ET.SubElement(ET.SubElement(polygon, "outerBoundaryIs"), "LinearRing")
        add_text(ring, "coordinates", " ".join(f"{lon:.2f},{lat:.2f}" for lon, lat in square.exterior.coords))
    return write_xml(root)


def _add_placemark(document: ET.Element, name: str, text: str) -> ET.Element:
    placemark = ET.SubElement(document, "Placemark")
    add_text(placemark, "name", name)
    add_text(placemark, "description", text)
    add_text(placemark, "styleUrl", f"#{_SQUARE_STYLE}")
    return placemark


def _build_gpx(edition: Edition, rows: list[dict[Any, Any]]) -> bytes:
    """Build a waypoint in the middle of each square; the description says that it is no position."""
    root = ET.Element("gpx", {"xmlns": GPX_NAMESPACE, "version": "1.1", "creator": "colibri_geo"})
    metadata = ET.SubElement(root, "metadata")
    add_text(metadata, "name", f"Candidate cleared strips, edition {edition.precision}")
    add_text(metadata, "desc", edition.caution)
    for square, numbers, lines in _group_by_square(edition, rows):
        lon, lat = _write_middle(square).split(",")
        waypoint = ET.SubElement(root, "wpt", {"lat": lat, "lon": lon})
        add_text(waypoint, "name", f"Square of {numbers}")
        add_text(waypoint, "desc", f"Middle of a square, not the place of a strip. {' '.join(lines)}")
        add_text(waypoint, "sym", "Flag, Blue")
    return write_xml(root)


def _write_middle(square: Polygon) -> str:
    west, south, east, north = square.bounds
    return f"{(west + east) / 2:.3f},{(south + north) / 2:.3f}"


def _as_html(text: str) -> str:
    return html.escape(text, quote=False).replace("$[", "&#36;[")
