"""What files for the field and for mail say of a strip and of a run, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from colibri_geo.core.azimuths import round_azimuth
from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.numbering import CALLED_NEW, NumberedStrip
from colibri_geo.exporting.wording import part_links, shown_text
from colibri_geo.language import Messages
from colibri_geo.language.formats import (
    TEXT_LIMIT,
    format_interval,
    format_km2,
    format_named,
    format_number,
    format_recorded,
    format_share,
    is_missing,
)
from colibri_geo.layers.neighbours import Neighbour
from colibri_geo.scenes.scaling import GAMMA0_DB

NAME_LIMIT = 60
_REASON_LIMIT = 400
_DOUBT = "would be false"
_PLACES = ("country", "admin1")
_TOLD_LEVELS = ("admin1", "country", "admin2")


def group_by_region(strips: Sequence[NumberedStrip], messages: Messages) -> list[tuple[str, list[NumberedStrip]]]:
    """Group strips by country and first level; a region's place is that of its first strip in the ranking.

    Where a run was given the second level alone, that one is taken.

    Parameters
    ----------
    strips : sequence of NumberedStrip
        In the order of the ranking.
    messages : Messages

    Returns
    -------
    list of tuple
        Name of the region ("region unknown" where there is none), and its strips. Regions of one name with two codes
        are two.
    """
    groups: dict[tuple[str, ...], list[NumberedStrip]] = {}
    for strip in strips:
        levels = _folder_levels(strip, messages)
        key = tuple(str(strip.row[level + part] or "") for level in levels for part in ("", "_code"))
        groups.setdefault(key, []).append(strip)
    return [
        (
            _join_names(found[0].row, _folder_levels(found[0], messages), messages)
            or messages.say("field.folder.unknown"),
            found,
        )
        for found in groups.values()
    ]


def say_title(strip: NumberedStrip, messages: Messages) -> str:
    """Say number and identifier of a strip, fit to be read."""
    return f"{strip.rank} {shown_text(strip.row['strip_id'], messages, limit=NAME_LIMIT)}"


def say_region(strip: NumberedStrip, messages: Messages) -> str:
    """Say country, first and second level, as far as they are known."""
    return _join_names(strip.row, (*_PLACES, "admin2"), messages) or messages.say("field.region.unknown")


def say_size(strip: NumberedStrip, messages: Messages) -> str:
    """Say length and width with their intervals, and the azimuth."""
    length, width = (_interval(strip.measured, measure, messages) for measure in ("length", "width"))
    azimuth = messages.number(round_azimuth(strip.row["azimuth_deg"], digits=0))
    return messages.say("field.size", length=length, width=width, azimuth=azimuth)


def say_looks(strip: NumberedStrip, messages: Messages) -> str:
    """Say when it was last not seen and first seen."""
    without, seen = (time or messages.say("field.looks.none") for time in (strip.without, strip.seen))
    return messages.say("field.looks", without=without, seen=seen)


def say_reasons(strip: NumberedStrip, messages: Messages, *, doubts: bool | None = None) -> list[str]:
    """Say why it was found, and what would make that false.

    Parameters
    ----------
    strip : NumberedStrip
    messages : Messages
    doubts : bool, optional
        What would make it false alone, or all but that; both unless given.

    Returns
    -------
    list of str
        One sentence each.
    """
    clauses = [clause.strip() for clause in str(strip.row["reasons"] or "").split(";")]
    return [
        part_links(format_recorded(clause, messages, limit=_REASON_LIMIT))
        for clause in clauses
        if clause and doubts in {None, clause.startswith(_DOUBT)}
    ]


def say_aerodrome(row: Mapping[Any, Any] | pd.Series[Any], name: str, messages: Messages) -> tuple[str, ...]:
    """Say whether a strip lies on an aerodrome of the registers given, else which is nearest.

    Not to lie on one is no verdict.

    Parameters
    ----------
    row : mapping or Series
        Of the strips table.
    name : str
        Of the aerodrome, fit to be read; empty where it has none.
    messages : Messages

    Returns
    -------
    tuple of str
        One or two sentences without their stop; none where no register was given.
    """
    status, distance_km = row["aerodrome"], row["aerodrome_km"]
    if is_missing(status):
        return ()
    name = name or messages.say("fact.aerodrome.unnamed")
    said = messages.say(f"fact.aerodrome.{status}", name=name)
    if status != "unknown":
        return (said,)
    if is_missing(distance_km):
        return said, messages.say("fact.aerodrome.none")
    distance = format_number(float(distance_km), messages, digits=1, unit="km")
    return said, messages.say("fact.aerodrome.nearest", name=name, distance=distance)


def say_community(around: Sequence[Neighbour], messages: Messages) -> tuple[str, ...]:
    """Say that a strip may serve people, where a layer has something of people or of health near it; else nothing."""
    near = ", ".join(_say_near(neighbour, messages) for neighbour in around if neighbour.is_community)
    return (messages.say("sheet.care.near", layers=near),) if near else ()


def say_around(around: Sequence[Neighbour], messages: Messages, *, name_limit: int = TEXT_LIMIT) -> tuple[str, ...]:
    """Say of each layer its nearest feature with the distance, or the share of the axis inside.

    Parameters
    ----------
    around : sequence of Neighbour
    messages : Messages
    name_limit : int
        Letters of a feature's name, at most.

    Returns
    -------
    tuple of str
        A clause for each, in their order.
    """
    return tuple(_say_neighbour(neighbour, messages, name_limit) for neighbour in around)


def say_field_around(strip: NumberedStrip, messages: Messages) -> tuple[str, ...]:
    """Say what lies around a strip, a line for each layer; nothing where no layer was given."""
    told = say_around(strip.around, messages, name_limit=NAME_LIMIT)
    return tuple(messages.say("field.around", feature=feature) for feature in told)


def say_counts(counts: dict[str, int], messages: Messages) -> str:
    """Say how many strips have each verdict."""
    return ", ".join(messages.count(f"counted.{verdict}", count) for verdict, count in counts.items())


def say_share(row: pd.Series[Any], messages: Messages, *, rounded: bool = False) -> str:
    """Say how much of one row of the observed table was observed.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> row = pd.Series({"asked_km2": 64.0, "observed_km2": 51.2, "observed_share": 0.8})
    >>> say_share(row, ENGLISH).replace(chr(160), " ")
    '51.2 km² observed on both dates (80.0 % of 64.0 km² asked)'
    """
    seen_km2, asked_km2 = float(row["observed_km2"]), float(row["asked_km2"])
    return messages.say(
        "field.share",
        observed=format_km2(seen_km2, messages, rounded=rounded),
        share=(
            format_share(float(row["observed_share"]), messages, rounded=rounded)
            if asked_km2 > 0
            else messages.say("value.none")
        ),
        asked=format_km2(asked_km2, messages, rounded=rounded),
    )


def say_dates(record: RunRecord, messages: Messages) -> str:
    """Say the days of both images, and of an edition which it is, for a subject."""
    days = {"before": record.before.acquired[:10], "after": record.after.acquired[:10]}
    if record.precision == "exact":
        return messages.say("message.dates", **days)
    return messages.say("edition.dates", **days, edition=record.precision)


def pick_regions(observed: pd.DataFrame) -> pd.DataFrame:
    """Pick the rows of the observed table whose level tells most in few lines; none where no regions were given."""
    level = next((level for level in _TOLD_LEVELS if (observed["level"] == level).any()), None)
    return observed[observed["level"] == level]


def name_region(row: pd.Series[Any], messages: Messages) -> str:
    """Name the region of one row of the observed table, with its code."""
    return name_place(row["name"], row["code"], messages) or messages.say("message.region.unnamed")


def name_place(name: str | None, code: str | None, messages: Messages) -> str:
    """Name a region or an aerodrome with its code; empty where it has neither."""
    name, code = (
        "" if is_missing(part) else shown_text(str(part), messages, limit=NAME_LIMIT) for part in (name, code)
    )
    return format_named(name, code, messages)


def say_region_row(row: pd.Series[Any], region: str, messages: Messages, *, rounded: bool = False) -> str:
    """Say what was found in a region that is one row of the observed table, and how much of it was observed."""
    return messages.say(
        "message.region",
        region=region,
        counts=say_counts({verdict: int(row[verdict]) for verdict in ("new", "extended")}, messages),
        share=say_share(row, messages, rounded=rounded),
    )


def say_findings(counts: dict[str, int], observed: pd.DataFrame, record: RunRecord, messages: Messages) -> str:
    """Say what was found; "nothing new" never without what was looked for and the share that was observed.

    Parameters
    ----------
    counts : dict
        Strips by verdict, see `count_verdicts`.
    observed : DataFrame
        The observed table of a run.
    record : RunRecord
        Of the run, or of an edition, whose areas and shares are rounded.
    messages : Messages

    Returns
    -------
    str
        One sentence.
    """
    whole, rounded = observed.iloc[0], record.precision != "exact"
    share = say_share(whole, messages, rounded=rounded)
    found = {verdict: count for verdict, count in counts.items() if verdict in CALLED_NEW}
    shortest = say_shortest(record, messages)
    if found:
        return messages.say("field.found", length=shortest, counts=say_counts(found, messages), share=share)
    if not float(whole["observed_km2"]) > 0:
        return messages.say("field.unseen", asked=format_km2(float(whole["asked_km2"]), messages, rounded=rounded))
    return messages.say("field.nothing_new", length=shortest, share=share)


def say_shortest(record: RunRecord, messages: Messages) -> str:
    """Say how long a strip had to be."""
    return format_number(record.settings.trace.min_length_m, messages, unit="m")


def say_least_observed(record: RunRecord, messages: Messages) -> str:
    """Say of how much of a strip both dates had to be observed."""
    return messages.say("field.least", least=format_share(record.settings.trace.min_observed_share, messages))


def say_unmasked(record: RunRecord, messages: Messages) -> list[str]:
    """Say of which image no mask tells cloud and shadow, in all of it or in part; nothing of radar, which sees through.

    Parameters
    ----------
    record : RunRecord
        Of the run, or of an edition.
    messages : Messages

    Returns
    -------
    list of str
        One sentence, or none.
    """
    scenes = (("before", record.before), ("after", record.after))
    dates = [date for date, scene in scenes if scene.lacks_mask and scene.quantity != GAMMA0_DB]
    return [messages.say(f"field.unmasked.{dates[0] if len(dates) == 1 else 'both'}")] if dates else []


def say_others(counts: dict[str, int], messages: Messages) -> list[str]:
    """Say how many strips are in the tables that are not called new; nothing where there is none."""
    others = {verdict: count for verdict, count in counts.items() if verdict not in CALLED_NEW}
    return [messages.say("message.others", counts=say_counts(others, messages))] if others else []


def say_outcome(counts: dict[str, int], observed: pd.DataFrame, record: RunRecord, messages: Messages) -> str:
    """Say what was found, new or not, and how much was observed; see `say_findings`."""
    return " ".join([say_findings(counts, observed, record, messages), *say_others(counts, messages)])


def _say_neighbour(neighbour: Neighbour, messages: Messages, name_limit: int) -> str:
    inside = neighbour.overlap_share > 0
    key = "fact.around.inside" if inside else "fact.around.near"
    return messages.say(
        key if neighbour.name else f"{key}_unnamed",
        layer=_show_layer(neighbour, messages),
        name=shown_text(neighbour.name, messages, limit=name_limit),
        distance=format_number(neighbour.distance_km, messages, digits=1, unit="km"),
        share=format_share(neighbour.overlap_share, messages) if inside else "",
    )


def _say_near(neighbour: Neighbour, messages: Messages) -> str:
    """Name the layer, with what is of people in it where something else is nearer, which is told apart."""
    layer, name = _show_layer(neighbour, messages), neighbour.community_name
    return layer if name in {"", neighbour.name} else f"{layer} ({shown_text(name, messages, limit=NAME_LIMIT)})"


def _show_layer(neighbour: Neighbour, messages: Messages) -> str:
    return shown_text(neighbour.layer, messages, limit=NAME_LIMIT)


def _folder_levels(strip: NumberedStrip, messages: Messages) -> tuple[str, ...]:
    return _PLACES if _join_names(strip.row, _PLACES, messages) else ("admin2",)


def _join_names(row: dict[Any, Any], levels: Sequence[str], messages: Messages) -> str:
    names = [row[level] or row[f"{level}_code"] for level in levels]
    return " / ".join(shown_text(name, messages, limit=NAME_LIMIT) for name in names if name)


def _interval(row: pd.Series, measure: str, messages: Messages) -> str:
    value, low, high = (row[f"{measure}{part}_m"] for part in ("", "_lo", "_hi"))
    if pd.isna(low) or pd.isna(high):
        return format_number(value, messages, unit="m")
    return format_interval(value, low, high, messages, unit="m")
