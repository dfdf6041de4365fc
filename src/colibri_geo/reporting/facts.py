"""The facts on a sheet: size and direction, time and place, each with the columns of the strips table it comes from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

from colibri_geo.core.azimuths import round_azimuth
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.describing import say_aerodrome, say_around
from colibri_geo.language import Messages
from colibri_geo.language.formats import (
    format_interval,
    format_named,
    format_number,
    format_scene,
    format_share,
    format_text,
    format_time,
    is_day,
    is_missing,
    read_time,
)
from colibri_geo.layers.neighbours import Neighbour
from colibri_geo.reporting.parts import Fact

LEVELS = ("country", "admin1", "admin2")
REGION_COLUMNS = tuple(level + suffix for level in LEVELS for suffix in ("", "_code"))
_SIDES = ("length", "width")


def list_size_facts(row: pd.Series[Any], messages: Messages) -> tuple[Fact, ...]:
    """List what was measured of a strip's shape.

    Parameters
    ----------
    row : Series
        Its row of the strips table.
    messages : Messages

    Returns
    -------
    tuple of Fact
    """
    sides = [name for side in _SIDES for name in _interval_columns(side)]
    straying = _or_unknown(row["straightness_m"], "fact.straightness.value", "distance", messages, digits=1, unit="m")
    facts = (
        _fact("length", messages, _measured(row, "length", messages), columns=_interval_columns("length")),
        _fact("width", messages, _measured(row, "width", messages), columns=_interval_columns("width")),
        _fact("area", messages, _area(row, messages), columns=("area_ha", *sides)),
        _fact("azimuth", messages, format_azimuth(row["azimuth_deg"], messages), columns=("azimuth_deg",)),
        _fact("designator", messages, _designator(row["designator"], messages), columns=("designator",)),
        _fact("snr", messages, _or_unknown(row["snr"], "fact.snr.value", "snr", messages, digits=1), columns=("snr",)),
        _fact("straightness", messages, straying, columns=("straightness_m",)),
    )
    darkening_db = row["sar_darkening"]
    if is_missing(darkening_db):
        return facts
    key = "fact.radar.darker" if darkening_db >= 0 else "fact.radar.brighter"
    said = messages.say(key, change=messages.number(abs(darkening_db), digits=1))
    return (*facts, _fact("radar", messages, said, columns=("sar_darkening",)))


def list_place_facts(
    row: pd.Series[Any], shares: pd.DataFrame, around: Sequence[Neighbour], record: RunRecord, messages: Messages
) -> tuple[Fact, ...]:
    """List when a strip was seen, where it lies, and what lies around it.

    Parameters
    ----------
    row : Series
        Its row of the strips table.
    shares : DataFrame
        Its rows of ``strip_regions``.
    around : sequence of Neighbour
    record : RunRecord
    messages : Messages

    Returns
    -------
    tuple of Fact
    """
    border = row["border_km"]
    observed = messages.say("fact.observed.value", share=format_share(row["observed_share"], messages))
    far = (
        messages.say("fact.border.unknown")
        if is_missing(border)
        else messages.say("fact.border.value", distance=_distance(border, messages))
    )
    split = _shares(shares, messages)
    near = say_around(around, messages)
    scenes = " → ".join(format_scene(row[column], messages) for column in ("before_id", "after_id"))
    return (
        _fact("first_seen", messages, _first_seen(row, record, messages), columns=("last_without", "first_with")),
        _fact("observed", messages, observed, columns=("observed_share",)),
        _fact("region", messages, name_region_chain(row, messages), columns=REGION_COLUMNS),
        *((_fact("shares", messages, *split, columns=("strip_regions.share",)),) if split else ()),
        _fact("border", messages, far, columns=("border_km",)),
        _fact("aerodrome", messages, *_aerodrome(row, messages), columns=_AERODROME_COLUMNS),
        _fact("terrain", messages, *_terrain(row, messages), columns=_TERRAIN_COLUMNS),
        *((_fact("around", messages, *near, columns=_CONTEXT_COLUMNS),) if near else ()),
        _fact("scenes", messages, scenes, columns=("before_id", "after_id")),
    )


_AERODROME_COLUMNS = ("aerodrome", "aerodrome_name", "aerodrome_code", "aerodrome_km")
_TERRAIN_COLUMNS = ("elevation_m", "slope_percent", "slope_lo_percent", "slope_hi_percent", "relief_m")
_CONTEXT_COLUMNS = tuple(f"strip_context.{name}" for name in ("layer", "name", "distance_km", "overlap_share"))


def name_region(name: Any, code: Any, messages: Messages) -> str:  # noqa: ANN401 - cells of a table
    """Write a region's name with its code; a code alone where there is no name, empty where there is neither."""
    name, code = ("" if is_missing(part) else format_text(part, messages) for part in (name, code))
    return format_named(name, code, messages)


def name_region_chain(row: pd.Series[Any], messages: Messages, *, unknown: str = "fact.region.unknown") -> str:
    """Write country, first and second level of a strip, as far as they are known, else the text of `unknown`."""
    names = [name_region(row[level], row[f"{level}_code"], messages) for level in LEVELS]
    return " › ".join(name for name in names if name) or messages.say(unknown)


def format_azimuth(azimuth_deg: float, messages: Messages) -> str:
    """Write both directions of an axis."""
    if not math.isfinite(azimuth_deg):
        return messages.say("value.unknown")
    first_deg = round_azimuth(azimuth_deg, digits=1)
    return messages.say(
        "fact.azimuth.value",
        first=messages.number(first_deg, digits=1),
        second=messages.number(first_deg + 180, digits=1),
    )


def format_gap(start: str, stop: str, messages: Messages) -> str:
    """Write the time between two looks as their scenes state them: in days, below two days in hours.

    Between days alone no hours are known: from one to the next it may be none or 48. A time without a zone is UTC; of
    one that is missing nothing is known.
    """
    first, last = read_time(start), read_time(stop)
    if first is None or last is None:
        return messages.say("value.unknown")
    if is_day(start) or is_day(stop):
        return messages.count("value.days", (last.date() - first.date()).days)
    hours = round((last - first).total_seconds() / 3600)
    return messages.count("value.hours", hours) if hours < 48 else messages.count("value.days", round(hours / 24))


# --------------------------------------------------------------------------------------------------- size and direction
def _fact(name: str, messages: Messages, *lines: str, columns: tuple[str, ...]) -> Fact:
    return Fact(messages.say(f"fact.{name}"), lines, columns)


def _interval_columns(side: str) -> tuple[str, ...]:
    return f"{side}_m", f"{side}_lo_m", f"{side}_hi_m"


def _measured(row: pd.Series[Any], name: str, messages: Messages) -> str:
    return format_interval(row[f"{name}_m"], row[f"{name}_lo_m"], row[f"{name}_hi_m"], messages, unit="m")


def _area(row: pd.Series[Any], messages: Messages) -> str:
    """Write the area; its interval adds the relative half widths of length and width in quadrature."""
    area_ha = float(row["area_ha"])
    low, high = (
        area_ha * (1 + side * math.hypot(*(row[f"{name}_{bound}_m"] / row[f"{name}_m"] - 1 for name in _SIDES)))
        for bound, side in (("lo", -1), ("hi", 1))
    )
    return format_interval(area_ha, max(low, 0.0), high, messages, digits=2, unit="ha")


def _designator(designator: Any, messages: Messages) -> str:  # noqa: ANN401 - a cell of a table
    if is_missing(designator):
        return messages.say("value.unknown")
    key = "fact.designator.true" if str(designator).endswith("T") else "fact.designator.value"
    return messages.say(key, designator=format_text(designator, messages))


def _or_unknown(value: float, key: str, name: str, messages: Messages, *, digits: int, unit: str = "") -> str:
    if not math.isfinite(value):
        return messages.say("value.unknown")
    return messages.say(key, **{name: format_number(value, messages, digits=digits, unit=unit)})


# ------------------------------------------------------------------------------------------------------- time and place
def _shares(shares: pd.DataFrame, messages: Messages) -> tuple[str, ...]:
    """Write the shares at each level at which the strip lies in more than one region."""
    lines = []
    for level in LEVELS:
        rows = shares[(shares["level"] == level).to_numpy()].sort_values("share", ascending=False, kind="stable")
        if len(rows) > 1:
            parts = [
                f"{name_region(name, code, messages)} {format_share(float(share), messages)}"
                for name, code, share in zip(rows["name"], rows["code"], rows["share"], strict=True)
            ]
            lines.append(
                messages.say("fact.shares.value", level=messages.say(f"level.{level}"), parts=", ".join(parts))
            )
    return tuple(lines)


def _aerodrome(row: pd.Series[Any], messages: Messages) -> tuple[str, ...]:
    """Write the status at the registers given, and the nearest aerodrome."""
    name = name_region(row["aerodrome_name"], row["aerodrome_code"], messages)
    return say_aerodrome(row, name, messages) or (messages.say("fact.aerodrome.not_given"),)


def _terrain(row: pd.Series[Any], messages: Messages) -> tuple[str, ...]:
    """Write how high a strip lies and how it slopes, as far as an elevation model was given that knows."""
    if is_missing(row["elevation_m"]):
        return (messages.say("fact.terrain.unknown"),)
    elevation, relief = (format_number(row[name], messages, unit="m") for name in ("elevation_m", "relief_m"))
    height = messages.say("fact.terrain.elevation", elevation=elevation, relief=relief)
    if is_missing(row["slope_percent"]):
        return height, messages.say("fact.terrain.no_slope")
    slope, low, high = (row[f"slope{part}_percent"] for part in ("", "_lo", "_hi"))
    said = format_interval(slope, low, high, messages, digits=1, unit="%")
    return height, messages.say("fact.terrain.slope", slope=said)


def _distance(distance_km: float, messages: Messages) -> str:
    return format_number(float(distance_km), messages, digits=1, unit="km")


def _first_seen(row: pd.Series[Any], record: RunRecord, messages: Messages) -> str:
    without, with_it = read_time(row["last_without"]), read_time(row["first_with"])
    if with_it is None:
        return messages.say("fact.first_seen.unknown")
    seen = _state_look(with_it, record)
    if without is None:
        return messages.say("fact.first_seen.already", with_it=format_time(seen, messages))
    last = _state_look(without, record)
    return messages.say(
        "fact.first_seen.between",
        without=format_time(last, messages),
        with_it=format_time(seen, messages),
        gap=format_gap(last, seen, messages),
    )


def _state_look(time: pd.Timestamp, record: RunRecord) -> str:
    return record.state_time(f"{time:%Y-%m-%dT%H:%M:%SZ}")
