"""The sheet of one strip: pictures with their marks, facts, how sure, and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_dms, format_mgrs
from colibri_geo.exporting.describing import say_community
from colibri_geo.language import CONFUSERS, Messages
from colibri_geo.language.formats import (
    format_number,
    format_probability,
    format_recorded,
    format_text,
    is_missing,
)
from colibri_geo.layers.findings import Findings
from colibri_geo.layers.neighbours import Neighbour, group_neighbours
from colibri_geo.reporting.aircraft import compare_length
from colibri_geo.reporting.charts import draw_profiles
from colibri_geo.reporting.facts import format_azimuth, list_place_facts, list_size_facts, name_region_chain
from colibri_geo.reporting.parts import Cell, Sheet, Table
from colibri_geo.reporting.photos import build_photos
from colibri_geo.reporting.pictures import StripPicture
from colibri_geo.reporting.ranking import RankedStrip

_REASON_LIMIT = 400
_DOUBT = "would be false"


def build_sheets(
    strips: Sequence[RankedStrip],
    findings: Findings,
    record: RunRecord,
    messages: Messages,
    *,
    pictures: Sequence[StripPicture] = (),
) -> tuple[Sheet, ...]:
    """Build the sheets of strips, in their order.

    Parameters
    ----------
    strips : sequence of RankedStrip
        Those of `findings`.
    findings : Findings
    record : RunRecord
    messages : Messages
    pictures : sequence of StripPicture
        In any order; a strip without one gets a sheet without pictures.

    Returns
    -------
    tuple of Sheet
    """
    by_strip = {picture.strip_id: picture for picture in pictures}
    around = group_neighbours(findings.strip_context)
    return tuple(
        build_sheet(
            strip,
            _rows_of(strip, findings.strip_regions),
            record,
            by_strip.get(strip.strip_id),
            messages,
            around=around.get(strip.strip_id, ()),
        )
        for strip in strips
    )


def _rows_of(strip: RankedStrip, table: pd.DataFrame) -> pd.DataFrame:
    return table[(table["strip_id"].astype(str) == strip.strip_id).to_numpy()]


def build_sheet(
    strip: RankedStrip,
    shares: pd.DataFrame,
    record: RunRecord,
    picture: StripPicture | None,
    messages: Messages,
    *,
    around: Sequence[Neighbour] = (),
) -> Sheet:
    """Build the sheet of one strip.

    Parameters
    ----------
    strip : RankedStrip
    shares : DataFrame
        Its rows of ``strip_regions``.
    record : RunRecord
    picture : StripPicture or None
    messages : Messages
    around : sequence of Neighbour

    Returns
    -------
    Sheet
    """
    row = strip.row
    reasons = split_reasons(row["reasons"])
    verdict = messages.say(f"verdict.{strip.verdict}")
    return Sheet(
        anchor=strip.anchor,
        number=messages.number(strip.rank),
        strip_id=format_text(strip.strip_id, messages),
        verdict=strip.verdict,
        verdict_text=verdict,
        headline=messages.say(
            "sheet.headline",
            length=format_number(row["length_m"], messages, unit="m"),
            width=format_number(row["width_m"], messages, unit="m"),
            azimuth=format_azimuth(row["azimuth_deg"], messages),
            region=name_region_chain(row, messages, unknown="sheet.headline.region_unknown"),
        ),
        photos=None if picture is None else build_photos(strip, picture, record, messages),
        profiles=None if picture is None else draw_profiles(strip, picture.profiles, record.pair, messages),
        size=list_size_facts(row, messages),
        time_and_place=list_place_facts(row, shares, around, record, messages),
        positions=_positions(strip, messages),
        aircraft=compare_length(row, messages),
        probability=_probability(row, verdict, record, messages),
        reasons=tuple(_say_reason(reason, messages) for reason in reasons if not reason.startswith(_DOUBT)),
        doubts=tuple(
            _say_reason(reason.removeprefix(_DOUBT).strip(), messages)
            for reason in reasons
            if reason.startswith(_DOUBT)
        ),
        rival=_rival(str(row["confuser"]), messages),
        community=tuple(say_community(around, messages)),
        care=messages.say("sheet.care.text"),
    )


def split_reasons(reasons: Any) -> tuple[str, ...]:  # noqa: ANN401 - a cell of a table
    """Split the sentences of the ``reasons`` column; none where it is empty."""
    whole = () if is_missing(reasons) else (reason.strip() for reason in str(reasons).split(";"))
    return tuple(reason for reason in whole if reason)


def _say_reason(reason: str, messages: Messages) -> str:
    return format_recorded(reason, messages, limit=_REASON_LIMIT)


def _probability(row: pd.Series[Any], verdict: str, record: RunRecord, messages: Messages) -> tuple[str, ...]:
    """Write the probability, for which ground it holds, and what it is where strips are rarer.

    The odds of a shape are proportional to the density of strips. The probability is that of the shape times that of
    the verdict, so that with the odds of both lowered alike what is written is a lower bound.
    """
    probability, density = float(row["probability"]), record.settings.score.strips_per_1000_km2
    said = messages.say("probability.value", probability=format_probability(probability, messages), verdict=verdict)
    rare = _RARE if density > _RARE else density / 10
    kept = rare / density
    lower = kept * probability / (1 - probability * (1 - kept))
    basis = messages.say(
        "probability.basis",
        density=messages.resign(f"{density:g}"),
        rare=messages.resign(f"{rare:g}"),
        lower=format_probability(lower, messages),
    )
    return said, basis


_RARE = 10.0


def _position_caption(row: pd.Series[Any], messages: Messages) -> str:
    """Write how far an end may lie along the axis from where it is given, and which may lie further out.

    Both ends err alike and apart from each other, so that each has the measured half of the length's interval over the
    root of 2; the other half reaches over what hides an end.
    """
    error_m, further_m = (row["length_m"] - row["length_lo_m"]) / math.sqrt(2), row["length_hi_m"] - row["length_m"]
    hidden = [number for number in ("1", "2") if not is_missing(row[f"hidden_end{number}"])]
    caption = messages.say("position.caption", error=format_number(error_m, messages, unit="m"))
    if not hidden:
        return caption
    key = "position.hidden" if len(hidden) == 1 else "position.hidden_both"
    further = format_number(further_m, messages, unit="m")
    return f"{caption} {messages.say(key, end=hidden[0], further=further)}"


def _positions(strip: RankedStrip, messages: Messages) -> Table:
    row = strip.row
    points = (
        ("end1", float(row["end1_lon"]), float(row["end1_lat"])),
        ("centre", strip.centre_lon, strip.centre_lat),
        ("end2", float(row["end2_lon"]), float(row["end2_lat"])),
    )
    return Table(
        caption=_position_caption(row, messages),
        caption_columns=("length_m", "length_lo_m", "length_hi_m", "hidden_end1", "hidden_end2"),
        columns=tuple(messages.say(f"position.{column}") for column in ("point", "decimal", "dms", "mgrs")),
        rows=tuple(
            (
                Cell((messages.say(f"position.{name}"),)),
                *(
                    Cell((text,), code=True, columns=_COLUMNS[name])
                    for text in (
                        f"{lat:.5f}, {lon:.5f}",
                        f"{format_dms(lat, axis='lat')} {format_dms(lon, axis='lon')}",
                        _space_mgrs(format_mgrs(lon, lat)),
                    )
                ),
            )
            for name, lon, lat in points
        ),
    )


_COLUMNS = {"end1": ("end1_lat", "end1_lon"), "centre": ("geometry",), "end2": ("end2_lat", "end2_lon")}


def _space_mgrs(reference: str) -> str:
    """Part zone, square, easting and northing, as on printed maps."""
    zone, digits = reference[:-12], reference[-10:]
    return f"{zone} {reference[-12:-10]} {digits[:5]} {digits[5:]}"


def _rival(confuser: str, messages: Messages) -> tuple[str, ...]:
    if confuser not in CONFUSERS:
        return (messages.say("rival.other", name=format_text(confuser, messages)), messages.say("settle.none"))
    return messages.say(f"rival.{confuser}"), messages.say(f"settle.{confuser}")
