"""The parts of the report before the strips: cover, looked at, inputs, bottom line."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from colibri_geo.evidence import PairRecord, RunRecord, SceneRecord
from colibri_geo.exporting.columns import AERODROMES, VERDICTS
from colibri_geo.exporting.coordinates import format_position
from colibri_geo.exporting.describing import pick_regions, say_unmasked
from colibri_geo.language import Messages
from colibri_geo.language.formats import (
    format_bands,
    format_km2,
    format_name,
    format_number,
    format_probability,
    format_recorded,
    format_scene,
    format_share,
    format_text,
    format_time,
    is_missing,
    read_time,
)
from colibri_geo.reporting.facts import format_gap, name_region
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.parts import (
    BottomLine,
    Cell,
    Cover,
    Fact,
    Inputs,
    LookedAt,
    MapDrawing,
    Table,
    Term,
)
from colibri_geo.reporting.ranking import RankedStrip
from colibri_geo.reporting.skies import say_cloud, say_sun

_CALLED_NEW = ("new", "extended", "reopened")
_MOST_PLACES = 3
_SCENE_FIELDS = {
    "product": ("product_id",),
    "baseline": ("processing_baseline",),
    "sun": ("sun_elevation_deg", "sun_azimuth_deg"),
    "cloud": ("product_cloud_share",),
    "size": ("rows", "cols", "pixel_m"),
    "bytes": ("size_bytes",),
}
"""Of lines of a scene that are called otherwise than the field of its record."""
_OF_PARTS = ("sun", "cloud")
"""Lines of a scene that a mosaic has from its parts."""


def build_cover(record: RunRecord, messages: Messages) -> Cover:
    """Build the head of the report."""
    before, after = record.before, record.after
    start, stop = read_time(before.acquired), read_time(after.acquired)
    gap = (
        ""
        if start is None or stop is None
        else messages.say(
            "cover.gap",
            gap=format_gap(before.acquired, after.acquired, messages),
            start=messages.date(start.date()),
            stop=messages.date(stop.date()),
        )
    )
    return Cover(
        page_title=messages.say(
            "cover.page_title",
            before=_title_name(before, messages),
            after=_title_name(after, messages),
        ),
        heading=messages.say("cover.heading"),
        before=_cover_scene("before", before, messages),
        after=_cover_scene("after", after, messages),
        gap=gap,
        synthetic=_synthetic(before, after, messages),
        caution=messages.say("cover.caution"),
        handling=messages.say("cover.handling"),
    )


def say_place(observed: pd.DataFrame, pair: PairRecord, messages: Messages) -> str:
    """Say where the ground of a run lies: its regions, where such were given, its area and its middle."""
    ground = GroundGrid.from_record(pair)
    (middle,) = ground.to_lonlat((ground.cols / 2, ground.rows / 2))
    said = {
        "area": format_km2(float(observed.iloc[0]["asked_km2"]), messages),
        "centre": format_position(*middle),
    }
    names = [name_region(row["name"], row["code"], messages) for _, row in pick_regions(observed).iterrows()]
    if not any(names):
        return messages.say("cover.place.ground", **said)
    shown = ", ".join(name for name in names[:_MOST_PLACES] if name)
    return messages.say("cover.place", regions=f"{shown} …" if len(names) > _MOST_PLACES else shown, **said)


def _title_name(scene: SceneRecord, messages: Messages) -> str:
    time = read_time(scene.acquired)
    name = format_scene(scene.name, messages, limit=60)
    return name if time is None else messages.say("value.named", name=name, code=time.strftime("%Y-%m-%d"))


def _cover_scene(when: str, scene: SceneRecord, messages: Messages) -> Fact:
    lines = [format_scene(scene.name, messages), format_time(scene.acquired, messages)]
    if not is_missing(scene.sensor):
        lines.append(format_name(scene.sensor, messages))
    keys = tuple(f"run.{when}.{name}" for name in ("name", "acquired", "sensor"))
    return Fact(messages.say(f"cover.{when}"), tuple(lines), keys=keys)


def _synthetic(before: SceneRecord, after: SceneRecord, messages: Messages) -> str:
    made_up = [scene for scene in (before, after) if scene.synthetic]
    if not made_up:
        return ""
    names = (
        messages.say("cover.synthetic.both")
        if len(made_up) == 2
        else messages.say("cover.synthetic.one", name=format_scene(made_up[0].name, messages))
    )
    return messages.say("cover.synthetic", names=names)


# ----------------------------------------------------------------------------------------------------------- looked at
def build_looked_at(
    observed: pd.DataFrame, record: RunRecord, drawing: MapDrawing | None, messages: Messages
) -> LookedAt:
    """Build the statement of what was and was not seen, for all and for each region; an edition tells it rounded.

    The rest that was not observed is an area, but a share in an edition: the difference of two rounded areas may hold
    no digit.
    """
    rounded = record.precision != "exact"
    ground = _measure_ground(observed.iloc[0], messages, rounded=rounded)
    areas, share = ("observed.asked_km2", "observed.observed_km2"), ("observed.observed_share",)
    figures = (
        Fact(messages.say("looked_at.asked"), (ground.asked,), areas[:1]),
        Fact(messages.say("looked_at.observed"), (ground.observed,), areas[1:]),
        Fact(messages.say("looked_at.share"), (ground.share,), share),
        Fact(messages.say("looked_at.not_observed"), (ground.rest,), share if rounded else areas),
    )
    return LookedAt(
        (*_looked_at_statement(observed, ground, messages), *say_unmasked(record, messages)),
        figures,
        _regions_seen(observed, messages, rounded=rounded),
        drawing,
    )


@dataclass(frozen=True)
class _Ground:
    """Ground that was asked about and observed, in words."""

    asked: str
    observed: str
    share: str
    rest: str


def _measure_ground(row: pd.Series[Any], messages: Messages, *, rounded: bool) -> _Ground:
    asked, seen = float(row["asked_km2"]), float(row["observed_km2"])
    share = observed_share(row)
    return _Ground(
        asked=format_km2(asked, messages, rounded=rounded),
        observed=format_km2(seen, messages, rounded=rounded),
        share=format_share(share, messages, rounded=rounded),
        rest=format_share(1 - share, messages, rounded=True)
        if rounded
        else format_km2(max(asked - seen, 0.0), messages),
    )


def observed_share(row: pd.Series[Any]) -> float:
    """Return the share of ground asked that was observed, of a row of the observed table; 0 where none was asked."""
    share = float(row["observed_share"])
    return share if math.isfinite(share) else 0.0


def _looked_at_statement(observed: pd.DataFrame, ground: _Ground, messages: Messages) -> tuple[str, ...]:
    whole = observed.iloc[0]
    if not float(whole["asked_km2"]) > 0:
        return (messages.say("looked_at.nothing_asked"),)
    if not float(whole["observed_km2"]) > 0:
        none = messages.say("looked_at.none", asked=ground.asked)
        return none, messages.say("looked_at.rest", rest=ground.asked)
    if observed_share(whole) == 1.0:
        return (messages.say("looked_at.full", asked=ground.asked),)
    part = messages.say("looked_at.part", asked=ground.asked, observed=ground.observed, share=ground.share)
    return part, messages.say("looked_at.rest", rest=ground.rest)


def _regions_seen(observed: pd.DataFrame, messages: Messages, *, rounded: bool) -> Table:
    columns = ("region", "level", "region_km2", "asked", "observed", "share")
    rows = []
    for _, row in observed.iterrows():
        level, region_km2 = row["level"], row["region_km2"]
        ground = _measure_ground(row, messages, rounded=rounded)
        whole = "–" if level == "all" and is_missing(region_km2) else format_km2(float(region_km2), messages)
        rows.append(
            (
                _region_cell(row, messages),
                Cell((messages.say(f"level.{level}"),), columns=("observed.level",)),
                Cell((whole,), numeric=True, columns=("observed.region_km2",)),
                Cell((ground.asked,), numeric=True, columns=("observed.asked_km2",)),
                Cell((ground.observed,), numeric=True, columns=("observed.observed_km2",)),
                _share_cell(row, messages, rounded=rounded),
            )
        )
    caption = messages.say("looked_at.regions.rounded" if rounded else "looked_at.regions")
    return Table(caption, name_columns(columns, messages), tuple(rows))


def _share_cell(row: pd.Series[Any], messages: Messages, *, rounded: bool) -> Cell:
    share = format_share(float(row["observed_share"]), messages, rounded=rounded)
    return Cell((share,), numeric=True, columns=("observed.observed_share",))


def _region_cell(row: pd.Series[Any], messages: Messages) -> Cell:
    if row["level"] == "all":
        title = messages.say("region.all")
    else:
        title = name_region(row["name"], row["code"], messages) or messages.say("value.unknown")
    return Cell((title,), columns=("observed.name", "observed.code"))


def name_columns(names: Sequence[str], messages: Messages) -> tuple[str, ...]:
    """Write the heads of columns."""
    return tuple(messages.say(f"column.{name}") for name in names)


# -------------------------------------------------------------------------------------------------------------- inputs
def build_inputs(record: RunRecord, messages: Messages) -> Inputs:
    """Build the tables of the scenes and of how they fit."""
    return Inputs(
        scenes=_scene_table("inputs.scenes", (record.before, record.after), messages, keys=("run.before", "run.after")),
        radar=_scene_table("inputs.radar", (record.radar[0], record.radar[-1]), messages) if record.radar else None,
        pair=_pair_facts(record.pair, messages),
        bands=_band_table(record.pair, messages),
        notes=tuple(format_recorded(note, messages, limit=400) for note in record.pair.notes),
    )


def _scene_table(
    caption: str, scenes: Sequence[SceneRecord], messages: Messages, *, keys: Sequence[str] = ("run.radar",) * 2
) -> Table:
    told = [_scene_lines(scene, messages) for scene in scenes]
    shown = [line for line in told[0] if line != "parts" or any(scene.parts for scene in scenes)]
    rows = tuple(
        (
            Cell((messages.say(f"scene.{line}"),)),
            *(
                Cell(lines[line], code=line == "sha256", keys=_list_keys(key, scene, line))
                for key, scene, lines in zip(keys, scenes, told, strict=True)
            ),
        )
        for line in shown
    )
    columns = (messages.say("inputs.item"), messages.say("cover.before"), messages.say("cover.after"))
    return Table(messages.say(caption), columns, rows, stacks=False)


def _list_keys(key: str, scene: SceneRecord, line: str) -> tuple[str, ...]:
    """List the keys of the manifest that a line of a scene comes from; both radar scenes stand under one key."""
    if key == "run.radar":
        return (key,)
    names = ("parts",) if scene.parts and line in _OF_PARTS else _SCENE_FIELDS.get(line, (line,))
    return tuple(f"{key}.{name}" for name in names)


def _scene_lines(scene: SceneRecord, messages: Messages) -> dict[str, tuple[str, ...]]:
    """Write one scene, keyed by the end of the message that names each line."""
    notes = tuple(format_recorded(note, messages, limit=400) for note in scene.notes)
    return {
        "name": (format_scene(scene.name, messages),),
        "parts": tuple(_name_part(part, messages) for part in scene.parts) or ("–",),
        "layout": (_stated(scene.layout, messages),),
        "sensor": (_stated(scene.sensor, messages),),
        "product": (_stated(scene.product_id, messages),),
        "baseline": (_stated(scene.processing_baseline, messages),),
        "acquired": (format_time(scene.acquired, messages),),
        "sun": say_sun(scene, messages),
        "cloud": say_cloud(scene, messages),
        "bands": (format_bands(scene.bands, messages),),
        "quantity": (format_recorded(scene.quantity, messages),),
        "scaling": (format_recorded(scene.scaling, messages),),
        "mask": (format_recorded(scene.mask, messages),),
        "crs": (_stated(scene.crs, messages),),
        "size": (_size(scene.rows, scene.cols, scene.pixel_m, messages),),
        "licence": (_stated(scene.licence, messages),),
        "synthetic": (messages.say(f"scene.synthetic.{'yes' if scene.synthetic else 'no'}"),),
        "bytes": (messages.say("value.bytes", count=messages.number(scene.size_bytes)),),
        "sha256": (_stated(scene.sha256, messages),),
        "notes": notes or (messages.say("scene.notes.none"),),
    }


def _name_part(part: SceneRecord, messages: Messages) -> str:
    """Write a scene of a mosaic with the time when it was acquired."""
    name, time = format_text(part.name, messages), format_time(part.acquired, messages)
    return messages.say("value.named", name=name, code=time)


def _stated(text: str | None, messages: Messages) -> str:
    return messages.say("value.not_stated") if is_missing(text) else format_name(text, messages)


def _size(rows: int, cols: int, pixel_m: float, messages: Messages) -> str:
    return messages.say(
        "value.size",
        rows=messages.number(rows),
        cols=messages.number(cols),
        pixel=format_pixel(pixel_m, messages),
    )


def format_pixel(pixel_m: float, messages: Messages) -> str:
    """Write the side of a pixel, with decimals where it has any."""
    return format_number(pixel_m, messages, digits=0 if round(pixel_m, 2) == round(pixel_m) else 2, unit="m")


def _pair_facts(pair: PairRecord, messages: Messages) -> tuple[Fact, ...]:
    def say(fact: str, *lines: str, keys: tuple[str, ...]) -> Fact:
        return Fact(messages.say(f"pair.{fact}"), lines, keys=tuple(f"run.pair.{key}" for key in keys))

    shift = ("shift_east_m", "shift_north_m", "shift_spread_m", "shift_tiles")
    overlap = messages.say("pair.overlap.value", share=format_share(pair.overlap_share, messages))
    size = _size(pair.rows, pair.cols, pair.pixel_m, messages)
    return (
        say("shift", *_shift_lines(pair, messages), keys=shift),
        say("overlap", overlap, keys=("overlap_share",)),
        say("clear", format_share(pair.clear_share, messages), keys=("clear_share",)),
        say("grid", size, format_text(pair.crs, messages), keys=("rows", "cols", "pixel_m", "crs")),
        say("crs", format_text(pair.metre_crs, messages), keys=("metre_crs",)),
        say("quantity", format_recorded(pair.quantity, messages), keys=("quantity",)),
    )


def _shift_lines(pair: PairRecord, messages: Messages) -> tuple[str, ...]:
    if pair.shift_tiles == 0:
        return (messages.say("pair.shift.unmeasured"),)
    length_m = math.hypot(pair.shift_east_m, pair.shift_north_m)
    value = messages.say(
        "pair.shift.value",
        across=_say_way(pair.shift_east_m, "east", "west", messages),
        along=_say_way(pair.shift_north_m, "north", "south", messages),
        length=format_number(length_m, messages, digits=1, unit="m"),
        spread=format_number(pair.shift_spread_m, messages, digits=1, unit="m"),
    )
    return value, messages.say("pair.shift.tiles", count=messages.number(pair.shift_tiles))


def _say_way(distance_m: float, ahead: str, back: str, messages: Messages) -> str:
    """Say how far something lies one way or the other, without a sign."""
    distance = format_number(abs(distance_m), messages, digits=1, unit="m")
    return messages.say(f"pair.shift.{back if distance_m < 0 else ahead}", distance=distance)


def _band_table(pair: PairRecord, messages: Messages) -> Table:
    rows = tuple(
        (
            Cell((format_bands((band,), messages),), keys=("run.pair.bands",)),
            *(
                Cell((format_number(value, messages, digits=4),), numeric=True, keys=(f"run.pair.{name}",))
                for name, value in (("gain", gain), ("offset", offset), ("residual", residual))
            ),
        )
        for band, gain, offset, residual in zip(pair.bands, pair.gain, pair.offset, pair.residual, strict=True)
    )
    columns = name_columns(("band", "gain", "offset", "residual"), messages)
    return Table(messages.say("inputs.bands"), columns, rows)


# --------------------------------------------------------------------------------------------------------- bottom line
def build_bottom_line(
    observed: pd.DataFrame, strips: Sequence[RankedStrip], record: RunRecord, messages: Messages
) -> BottomLine:
    """Build the counts by verdict and region; "nothing new" never stands without the share that was observed."""
    verdicts = [verdict for verdict in VERDICTS if verdict in observed.columns]
    total = observed.iloc[0]
    counts = {verdict: int(total[verdict]) for verdict in verdicts}
    others = [
        messages.count(f"counted.{verdict}", number)
        for verdict, number in counts.items()
        if verdict not in _CALLED_NEW and number
    ]
    trace, score = record.settings.trace, record.settings.score
    rounded = record.precision != "exact"
    return BottomLine(
        statement=_bottom_statement(observed, counts, messages, rounded=rounded),
        others=(
            messages.say("bottom.others", parts=", ".join(others)) if others else messages.say("bottom.no_strips"),
            messages.say(
                "bottom.point",
                name=score.operating_point,
                least=format_probability(score.min_probability, messages),
                length=format_number(trace.min_length_m, messages, unit="m"),
            ),
            *_measured(record.candidates, len(strips), messages),
            *_aerodromes(strips, messages),
            *([messages.say("message.check.second")] if any(counts.values()) else []),
        ),
        regions=_regions_found(observed, verdicts, messages, rounded=rounded),
        words=tuple(
            Term(messages.say(f"verdict.{verdict}"), messages.say(f"meaning.{verdict}"), verdict)
            for verdict in verdicts
        ),
    )


def _bottom_statement(observed: pd.DataFrame, counts: dict[str, int], messages: Messages, *, rounded: bool) -> str:
    total = observed.iloc[0]
    ground = _measure_ground(total, messages, rounded=rounded)
    shown = {"observed": ground.observed, "share": ground.share, "asked": ground.asked}
    found = {verdict: counts[verdict] for verdict in _CALLED_NEW if counts.get(verdict)}
    if found:
        parts = ", ".join(messages.count(f"counted.{verdict}", number) for verdict, number in found.items())
        return messages.count("bottom.found", sum(found.values()), parts=parts, **shown)
    if not float(total["asked_km2"]) > 0:
        return messages.say("bottom.nothing_asked")
    if not float(total["observed_km2"]) > 0:
        return messages.say("bottom.unseen", asked=ground.asked)
    return messages.say("bottom.none", **shown)


def _measured(candidates: int | None, listed: int, messages: Messages) -> tuple[str, ...]:
    """Say how many lines were measured and are not listed, where the run knows it."""
    if candidates is None:
        return ()
    counts = {"measured": candidates, "listed": listed, "below": candidates - listed}
    return (messages.say("bottom.measured", **{name: messages.number(count) for name, count in counts.items()}),)


def _aerodromes(strips: Sequence[RankedStrip], messages: Messages) -> tuple[str, ...]:
    """Count the strips by what the registers say of them, where such were given."""
    said = [strip.row["aerodrome"] for strip in strips]
    counts = {status: said.count(status) for status in AERODROMES if status}
    if not any(counts.values()):
        return ()
    return (
        messages.say("bottom.aerodromes", **{status: messages.number(number) for status, number in counts.items()}),
    )


def _regions_found(observed: pd.DataFrame, verdicts: Sequence[str], messages: Messages, *, rounded: bool) -> Table:
    rows = []
    for position in range(len(observed)):
        row = observed.iloc[position]
        counts = (
            Cell((messages.number(int(row[verdict])),), numeric=True, columns=(f"observed.{verdict}",))
            for verdict in verdicts
        )
        rows.append((_region_cell(row, messages), *counts, _share_cell(row, messages, rounded=rounded)))
    columns = (
        messages.say("column.region"),
        *(messages.say(f"verdicts.{verdict}") for verdict in verdicts),
        messages.say("looked_at.share"),
    )
    return Table(messages.say("bottom.regions"), columns, tuple(rows))
