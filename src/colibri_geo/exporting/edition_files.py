"""The files of an edition; the writers of the exact run never see it, nor it what they write."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
from shapely import Polygon
from shapely.geometry import mapping
from shapely.geometry.polygon import orient

from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.columns import OBSERVED_COLUMNS, VERDICTS, conform
from colibri_geo.exporting.describing import (
    name_region,
    say_least_observed,
    say_outcome,
    say_region_row,
    say_unmasked,
)
from colibri_geo.exporting.editions import LEAST_KM2, Edition, say_square
from colibri_geo.exporting.forms import FEEDBACK, write_feedback
from colibri_geo.exporting.geojson import GEOJSON
from colibri_geo.exporting.geopackage import GEOPACKAGE, Layer, write_layers
from colibri_geo.exporting.gpx import GPX
from colibri_geo.exporting.gpx import NAMESPACE as GPX_NAMESPACE
from colibri_geo.exporting.kml import KML, write_colour
from colibri_geo.exporting.kml import NAMESPACE as KML_NAMESPACE
from colibri_geo.exporting.markup import add_text, write_xml
from colibri_geo.exporting.message import MESSAGE, write_sections, write_subject
from colibri_geo.exporting.numbering import CALLED_NEW
from colibri_geo.exporting.rows import plain_rows
from colibri_geo.exporting.spreadsheet import CSV, write_rows
from colibri_geo.exporting.wording import balloon_text, caution_for, shown_text
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_km2, format_number, format_probability
from colibri_geo.layers.columns import LEVELS
from colibri_geo.layers.findings import EDITION_MARK

_BELOW = " > "
_SQUARE_STYLE = "square"
_GROUND_OPACITY = 0.2


def write_edition(edition: Edition, folder: Path, *, messages: Messages = ENGLISH) -> None:
    """Write ``findings.gpkg``, ``.geojson`` and ``.csv``, ``message.txt`` and ``feedback.txt``, and for squares a map.

    ``findings.kml`` and ``findings.gpx`` are written where there are squares.

    Parameters
    ----------
    edition : Edition
    folder : Path
        Exists, and holds none of these files.
    messages : Messages
        The language of the map, the waypoints, the message and the form; tables are the same in each.

    Raises
    ------
    OutputError
        The disk refuses.
    """
    plain = plain_rows(edition.strips)
    rows: list[dict[Any, Any]] = plain.to_dict("records")  # the strip with number 1 first
    moment = pd.Timestamp(edition.record.after.acquired, tz="UTC")
    write_layers(_plan_layers(edition), folder / GEOPACKAGE, moment=moment)
    (folder / GEOJSON).write_bytes(_build_geojson(edition, rows).encode("utf-8"))
    write_rows(plain, edition.say_caution(), folder / CSV)
    (folder / MESSAGE).write_bytes(_build_message(edition, rows, messages).encode("utf-8"))
    # Editions number their strips anew: a block that comes back alone has to say of which it is.
    titles = (f"{number} {row['strip_id']} ({edition.precision})" for number, row in enumerate(rows, start=1))
    write_feedback(titles, edition.record, folder / FEEDBACK, messages=messages)
    if isinstance(edition.strips, gpd.GeoDataFrame):
        (folder / KML).write_bytes(_build_kml(edition, rows, messages))
        (folder / GPX).write_bytes(_build_gpx(edition, rows, messages))


# -------------------------------------------------------------------------------------------------------------- tables
def _plan_layers(edition: Edition) -> list[Layer]:
    observed = conform(edition.observed, OBSERVED_COLUMNS)
    squares = isinstance(edition.strips, gpd.GeoDataFrame)
    about = f"Candidate cleared strips, {'squares' if squares else 'regions'}. {edition.say_caution()}"
    return [
        Layer("strips", edition.strips.reset_index(), "Polygon" if squares else None, about),
        Layer("observed", observed, None, f"How much of each region was observed. {edition.say_caution()}"),
    ]


def _build_geojson(edition: Edition, rows: list[dict[Any, Any]]) -> str:
    head = {
        "type": "FeatureCollection",
        "edition": edition.precision,
        "caution": edition.say_caution(),
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
def _build_message(edition: Edition, rows: list[dict[Any, Any]], messages: Messages) -> str:
    """Write a mail as `write_message` does, with what an edition knows."""
    subject = write_subject(_count_verdicts(edition), edition.observed, edition.record, messages)
    return write_sections(subject, _write_sections(edition, rows, messages))


def _write_sections(
    edition: Edition, rows: list[dict[Any, Any]], messages: Messages
) -> Iterator[tuple[str, list[str]]]:
    say, record = messages.say, edition.record
    named = say("edition.levels", least=format_km2(LEAST_KM2, messages, rounded=True))
    rules = [named] if edition.precision == "region" else []
    yield (
        say("message.heading.found"),
        [
            f"{say_edition(edition, messages)} {say_least_observed(record, messages)}",
            edition.say_caution(messages),
            *rules,
            say("edition.others"),
        ],
    )
    yield (
        say("message.heading.compared"),
        [say("edition.before", day=record.before.acquired), say("edition.after", day=record.after.acquired)],
    )
    regions = edition.observed[edition.observed["level"] != "all"]
    if len(regions):
        counted = [
            say_region_row(row, _name_row(row, messages), messages, rounded=True) for _, row in regions.iterrows()
        ]
        yield say("message.heading.regions"), [*counted, say("edition.each")]
    for number, row in enumerate(rows, start=1):
        if row["verdict"] in CALLED_NEW:
            name = say("message.name", name=row["strip_id"])
            yield say("message.heading.strip", number=str(number)), [name, *describe_row(row, messages)]
    yield say("message.heading.check"), [say(f"message.check.{check}") for check in ("use", "second")]


def _name_row(row: pd.Series[Any], messages: Messages) -> str:
    level = messages.say(f"level.{row['level']}")
    return f"{level} {name_region(row, messages)}"


def _count_verdicts(edition: Edition) -> dict[str, int]:
    whole = edition.observed.iloc[0]
    return {verdict: int(whole[verdict]) for verdict in VERDICTS if whole.get(verdict)}


def say_edition(edition: Edition, messages: Messages) -> str:
    """Say what was found; "nothing new" never without the share that was observed, nor that without missing masks."""
    found = say_outcome(_count_verdicts(edition), edition.observed, edition.record, messages)
    return " ".join([found, *say_unmasked(edition.record, messages)])


def describe_row(row: dict[Any, Any], messages: Messages) -> list[str]:
    """Say what an edition knows of one strip, a sentence each."""
    return [_say_verdict(row, messages), *_say_place(row, messages), *_say_measures(row, messages)]


def _say_verdict(row: dict[Any, Any], messages: Messages) -> str:
    probability = format_probability(row["probability"], messages)
    return messages.say("message.verdict", verdict=messages.say(f"verdict.{row['verdict']}"), probability=probability)


def _say_place(row: dict[Any, Any], messages: Messages) -> list[str]:
    """Say square and region, which all strips of a square have in common."""
    names = (row[level] or row[f"{level}_code"] for level in LEVELS)
    region = _BELOW.join(shown_text(name, messages) for name in names if name)
    return [
        *([messages.say("edition.square", square=say_square(row, messages))] if "square" in row else []),
        messages.say("field.region", region=region or messages.say("edition.region.none")),
    ]


def _say_measures(row: dict[Any, Any], messages: Messages) -> list[str]:
    say = messages.say
    length, width = (format_number(row[name], messages, unit="m") for name in ("length_m", "width_m"))
    without, seen = (row[name] or say("field.looks.none") for name in ("last_without", "first_with"))
    return [
        say("edition.size", length=length, width=width, azimuth=messages.number(row["azimuth_deg"])),
        say("field.looks", without=without, seen=seen),
    ]


# ---------------------------------------------------------------------------------------------------------------- maps
@dataclass(frozen=True)
class _Square:
    """A square, and what is told of the strips in it.

    Attributes
    ----------
    outline : Polygon
    numbers : str
        Of the strips, in their order.
    lines : list of str
        One for the square, and one for each strip.
    """

    outline: Polygon
    numbers: str
    lines: list[str]


def _group_by_square(edition: Edition, rows: list[dict[Any, Any]], messages: Messages) -> Iterator[_Square]:
    """Gather the strips of each square, in the order of their first strips."""
    outlines = _list_squares(edition)
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, row in enumerate(rows):
        positions[row["square"]].append(position)
    for inside in positions.values():
        place = f"{'. '.join(_say_place(rows[inside[0]], messages))}."
        strips = [_say_strip(position + 1, rows[position], messages) for position in inside]
        numbers = ", ".join(str(position + 1) for position in inside)
        yield _Square(outlines[inside[0]], numbers, [place, *strips])


def _say_strip(number: int, row: dict[Any, Any], messages: Messages) -> str:
    said = [f"{number} {row['strip_id']}", _say_verdict(row, messages), *_say_measures(row, messages)]
    return f"{'. '.join(said)}."


def _build_kml(edition: Edition, rows: list[dict[Any, Any]], messages: Messages) -> bytes:
    """Build a document with a square and a point in its middle for all strips in it.

    Both tell of the strips, for applications differ in which of the two answers a touch; what the edition is stands in
    the document alone.
    """
    root = ET.Element("kml", {"xmlns": KML_NAMESPACE})
    document = ET.SubElement(root, "Document")
    add_text(document, "name", messages.say("edition.title", edition=edition.precision))
    add_text(document, "open", "1")
    add_text(document, "description", f"{say_edition(edition, messages)}\n{edition.say_caution(messages)}")
    style = ET.SubElement(document, "Style", {"id": _SQUARE_STYLE})
    colour = VERDICT_COLOURS["new"]
    add_text(ET.SubElement(style, "LineStyle"), "color", write_colour(colour))
    add_text(ET.SubElement(style, "PolyStyle"), "color", write_colour(colour, opacity=_GROUND_OPACITY))
    for square in _group_by_square(edition, rows, messages):
        text = "\n".join([*map(balloon_text, square.lines), caution_for(edition.record, messages)])
        middle = f"{messages.say('edition.middle')}\n{text}"
        point = ET.SubElement(_add_placemark(document, square.numbers, middle), "Point")
        add_text(point, "coordinates", _write_middle(square.outline))
        outline = _add_placemark(document, messages.say("edition.outline", numbers=square.numbers), text)
        mark = ET.SubElement(ET.SubElement(outline, "ExtendedData"), "Data", {"name": EDITION_MARK})
        add_text(mark, "value", edition.precision)
        polygon = ET.SubElement(outline, "Polygon")
        add_text(polygon, "tessellate", "1")
        ring = ET.SubElement(ET.SubElement(polygon, "outerBoundaryIs"), "LinearRing")
        add_text(ring, "coordinates", " ".join(f"{lon:.2f},{lat:.2f}" for lon, lat in square.outline.exterior.coords))
    return write_xml(root)


def _add_placemark(document: ET.Element, name: str, text: str) -> ET.Element:
    placemark = ET.SubElement(document, "Placemark")
    add_text(placemark, "name", name)
    add_text(placemark, "description", text)
    add_text(placemark, "styleUrl", f"#{_SQUARE_STYLE}")
    return placemark


def _build_gpx(edition: Edition, rows: list[dict[Any, Any]], messages: Messages) -> bytes:
    """Build a waypoint in the middle of each square; the description says that it is no position."""
    root = ET.Element("gpx", {"xmlns": GPX_NAMESPACE, "version": "1.1", "creator": "colibri_geo"})
    metadata = ET.SubElement(root, "metadata")
    add_text(metadata, "name", messages.say("edition.title", edition=edition.precision))
    add_text(metadata, "desc", edition.say_caution(messages))
    for square in _group_by_square(edition, rows, messages):
        lon, lat = _write_middle(square.outline).split(",")
        waypoint = ET.SubElement(root, "wpt", {"lat": lat, "lon": lon})
        add_text(waypoint, "name", messages.say("edition.waypoint", numbers=square.numbers))
        add_text(waypoint, "desc", f"{messages.say('edition.middle')} {' '.join(square.lines)}")
        add_text(waypoint, "sym", "Flag, Blue")
    return write_xml(root)


def _write_middle(square: Polygon) -> str:
    west, south, east, north = square.bounds
    return f"{(west + east) / 2:.3f},{(south + north) / 2:.3f}"
