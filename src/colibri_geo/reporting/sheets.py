"""The sheet of one strip: pictures with their marks, facts, how sure, and what speaks against it."""

from __future__ import annotations

import base64
import math
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from colibri_geo.evidence import RunRecord, SceneRecord
from colibri_geo.exporting.coordinates import format_dms, format_mgrs, strip_centres
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.language import CONFUSERS, ENGLISH, Messages, Untranslated
from colibri_geo.language.formats import (
    format_interval,
    format_name,
    format_number,
    format_probability,
    format_recorded,
    format_share,
    format_text,
    format_time,
    is_missing,
    read_time,
)
from colibri_geo.reporting.maps import draw_scale_bar
from colibri_geo.reporting.painting import CHANGE_LIMIT, TRUE_COLOUR
from colibri_geo.reporting.parts import Cell, Fact, MapLabel, Photo, Photos, Sheet, Table
from colibri_geo.reporting.pictures import StripPicture

LEVELS = ("country", "admin1", "admin2")
COMMUNITY_LAYERS = (
    *("settlements", "villages", "communities", "health", "indigenous"),
    *("asentamientos", "poblados", "comunidades", "salud", "indigenas"),
    *("povoados", "saude", "localites", "communautes", "sante", "autochtones"),
)  # fmt: skip
"""Names of layers of people, or of health, in whatever letters, as in ``--layer health=posts.gpkg``."""
COMMUNITY_KM = 5.0
"""How far people walk to a strip that serves them, an hour: a note costs nothing, a strip taken from a clinic does."""
_REASON_LIMIT = 400
_DOUBT = "would be false"
_GAP_PX, _TICK_PX, _LABEL_PX = 9.0, 12.0, 13.0
"""From the edge of the strip to a tick, its length, and from there to the number of the end."""
_SIGNATURES = ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG", "image/png"))


@dataclass(frozen=True)
class RankedStrip:
    """One row of the strips table, in its place in the ranking.

    Attributes
    ----------
    rank : int
        From 1.
    strip_id : str
    row : Series
        The columns of ``docs/conventions.md``.
    centre_lon, centre_lat : float
    """

    rank: int
    strip_id: str
    row: Any
    centre_lon: float
    centre_lat: float

    @property
    def anchor(self) -> str:
        """Anchor of the sheet; made of the rank, because an identifier may hold anything."""
        return f"strip-{self.rank}"

    @property
    def verdict(self) -> str:
        """The verdict as it stands in the table."""
        return str(self.row["verdict"])


def rank_strips(strips: gpd.GeoDataFrame) -> tuple[RankedStrip, ...]:
    """Put strips into the order of the report: by verdict, then by probability, then by identifier.

    Parameters
    ----------
    strips : GeoDataFrame

    Returns
    -------
    tuple of RankedStrip
    """
    if not len(strips):
        return ()
    centres = strip_centres(strips)
    return tuple(
        RankedStrip(
            rank=rank,
            strip_id=str(strips.index[position]),
            row=strips.iloc[position],
            centre_lon=float(centres.iloc[position].x),
            centre_lat=float(centres.iloc[position].y),
        )
        for rank, position in enumerate(rank_positions(strips), start=1)
    )


def build_sheet(
    strip: RankedStrip,
    shares: pd.DataFrame,
    record: RunRecord,
    picture: StripPicture | None,
    messages: Messages,
    *,
    around: pd.DataFrame | None = None,
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
    around : DataFrame, optional
        Its rows of ``strip_context``, where there is such a table.

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
            azimuth=_azimuth(row["azimuth_deg"], messages),
            region=name_region_chain(row, messages),
        ),
        photos=None if picture is None else _build_photos(strip, picture, record, messages),
        size=_size_facts(row, messages),
        time_and_place=_time_and_place_facts(row, shares, around, messages),
        positions=_positions(strip, messages),
        probability=(
            messages.say(
                "probability.value", probability=format_probability(row["probability"], messages), verdict=verdict
            ),
            _say_basis(record.probability_basis, messages),
        ),
        reasons=tuple(_say_reason(reason, messages) for reason in reasons if not reason.startswith(_DOUBT)),
        doubts=tuple(
            _say_reason(reason.removeprefix(_DOUBT).strip(), messages)
            for reason in reasons
            if reason.startswith(_DOUBT)
        ),
        rival=_rival(str(row["confuser"]), messages),
        care=(*_care_nearby(around, messages), messages.say("sheet.care.text")),
    )


def split_reasons(reasons: Any) -> tuple[str, ...]:  # noqa: ANN401 - a cell of a table
    """Split the sentences of the ``reasons`` column; none where it is empty."""
    whole = () if is_missing(reasons) else (reason.strip() for reason in str(reasons).split(";"))
    return tuple(reason for reason in whole if reason)


def _say_reason(reason: str, messages: Messages) -> str:
    return format_recorded(reason, messages, limit=_REASON_LIMIT)


def _say_basis(basis: str, messages: Messages) -> str:
    """Say what the probability rests on; all of it in English where its form is not known."""
    said = format_recorded(basis.rstrip("."), messages)
    if isinstance(said, Untranslated):
        return Untranslated(ENGLISH.say("probability.basis", basis=said))
    return messages.say("probability.basis", basis=said)


def name_region(name: Any, code: Any, messages: Messages) -> str:  # noqa: ANN401 - cells of a table
    """Write a region's name with its code; a code alone where there is no name, empty where there is neither."""
    if is_missing(name):
        return "" if is_missing(code) else format_text(code, messages)
    shown = format_text(name, messages)
    return shown if is_missing(code) else messages.say("value.named", name=shown, code=format_text(code, messages))


def name_region_chain(row: pd.Series[Any], messages: Messages) -> str:
    """Write country, first and second level of a strip, as far as they are known."""
    names = [name_region(row[level], row[f"{level}_code"], messages) for level in LEVELS]
    return " › ".join(name for name in names if name) or messages.say("fact.region.unknown")


def data_uri(image: bytes) -> str:
    r"""Write a picture as a data URI.

    Examples
    --------
    >>> data_uri(b"\x89PNG....")[:22]
    'data:image/png;base64,'
    """
    kind = next(media for signature, media in _SIGNATURES if image.startswith(signature))
    return f"data:{kind};base64,{base64.b64encode(image).decode('ascii')}"


# --------------------------------------------------------------------------------------------------------------- facts
def _azimuth(azimuth_deg: float, messages: Messages) -> str:
    if not math.isfinite(azimuth_deg):
        return messages.say("value.unknown")
    return messages.say(
        "fact.azimuth.value",
        first=messages.number(azimuth_deg, digits=1),
        second=messages.number(azimuth_deg + 180, digits=1),
    )


def _size_facts(row: pd.Series[Any], messages: Messages) -> tuple[Fact, ...]:
    def say(fact: str, *lines: str) -> Fact:
        return Fact(messages.say(f"fact.{fact}"), lines)

    facts = (
        say("length", _measured(row, "length", messages)),
        say("width", _measured(row, "width", messages)),
        say("area", _area(row, messages)),
        say("azimuth", _azimuth(row["azimuth_deg"], messages)),
        say("designator", _designator(row["designator"], messages)),
        say("snr", _or_unknown(row["snr"], "fact.snr.value", "snr", messages, digits=1)),
        say(
            "straightness",
            _or_unknown(row["straightness_m"], "fact.straightness.value", "distance", messages, digits=1, unit="m"),
        ),
    )
    darkening_db = row["sar_darkening"]
    if is_missing(darkening_db):
        return facts
    key = "fact.radar.darker" if darkening_db >= 0 else "fact.radar.brighter"
    return (*facts, say("radar", messages.say(key, change=messages.number(abs(darkening_db), digits=1))))


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


_SIDES = ("length", "width")


def _designator(designator: Any, messages: Messages) -> str:  # noqa: ANN401 - a cell of a table
    if is_missing(designator):
        return messages.say("value.unknown")
    key = "fact.designator.true" if str(designator).endswith("T") else "fact.designator.value"
    return messages.say(key, designator=format_text(designator, messages))


def _or_unknown(value: float, key: str, name: str, messages: Messages, *, digits: int, unit: str = "") -> str:
    if not math.isfinite(value):
        return messages.say("value.unknown")
    return messages.say(key, **{name: format_number(value, messages, digits=digits, unit=unit)})


def _time_and_place_facts(
    row: pd.Series[Any], shares: pd.DataFrame, around: pd.DataFrame | None, messages: Messages
) -> tuple[Fact, ...]:
    border = row["border_km"]
    facts = [
        Fact(messages.say("fact.first_seen"), (_first_seen(row, messages),)),
        Fact(
            messages.say("fact.observed"),
            (messages.say("fact.observed.value", share=format_share(row["observed_share"], messages)),),
        ),
        Fact(messages.say("fact.region"), (name_region_chain(row, messages),)),
        Fact(
            messages.say("fact.border"),
            (
                messages.say("fact.border.unknown")
                if is_missing(border)
                else messages.say(
                    "fact.border.value", distance=format_number(float(border), messages, digits=1, unit="km")
                ),
            ),
        ),
    ]
    facts.append(Fact(messages.say("fact.aerodrome"), _aerodrome(row, messages)))
    if around is not None and len(around):
        facts.append(Fact(messages.say("fact.around"), _around(around, messages)))
    split = _shares(shares, messages)
    if split:
        facts.insert(3, Fact(messages.say("fact.shares"), split))
    scenes = tuple(format_text(row[column], messages) for column in ("before_id", "after_id"))
    return (*facts, Fact(messages.say("fact.scenes"), (" → ".join(scenes),)))


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
    """Write the status at the registers given, and the nearest aerodrome; a status that is unknown is no verdict."""
    status = row["aerodrome"]
    if is_missing(status):
        return (messages.say("fact.aerodrome.not_given"),)
    name = name_region(row["aerodrome_name"], row["aerodrome_code"], messages)
    name = name or messages.say("fact.aerodrome.unnamed")
    said = messages.say(f"fact.aerodrome.{status}", name=name)
    if status != "unknown":
        return (said,)
    if is_missing(row["aerodrome_km"]):
        return said, messages.say("fact.aerodrome.none")
    return said, messages.say("fact.aerodrome.nearest", name=name, distance=_distance(row["aerodrome_km"], messages))


def _around(around: pd.DataFrame, messages: Messages) -> tuple[str, ...]:
    """Write the nearest feature of each layer of what lies around."""
    lines = []
    for layer, name, distance_km, share in zip(
        around["layer"], around["name"], around["distance_km"], around["overlap_share"], strict=True
    ):
        key = "fact.around.inside" if not is_missing(share) and share > 0 else "fact.around.near"
        lines.append(
            messages.say(
                f"{key}_unnamed" if is_missing(name) else key,
                layer=format_text(layer, messages),
                name="" if is_missing(name) else format_text(name, messages),
                distance=_distance(distance_km, messages),
                share="" if is_missing(share) else format_share(float(share), messages),
            )
        )
    return tuple(lines)


def _distance(distance_km: float, messages: Messages) -> str:
    return format_number(float(distance_km), messages, digits=1, unit="km")


def _care_nearby(around: pd.DataFrame | None, messages: Messages) -> tuple[str, ...]:
    """Say that a strip may serve people, where a layer of people or of health has something near it."""
    if around is None:
        return ()
    of_people = around["layer"].astype(str).str.lower().isin(COMMUNITY_LAYERS)
    near = around["layer"][(of_people & (around["distance_km"] <= COMMUNITY_KM)).to_numpy()]
    if near.empty:
        return ()
    layers = ", ".join(format_text(layer, messages) for layer in near)
    return (messages.say("sheet.care.near", layers=layers),)


def _first_seen(row: pd.Series[Any], messages: Messages) -> str:
    without, with_it = read_time(row["last_without"]), read_time(row["first_with"])
    if with_it is None:
        return messages.say("fact.first_seen.unknown")
    if without is None:
        return messages.say("fact.first_seen.already", with_it=format_time(with_it, messages))
    return messages.say(
        "fact.first_seen.between",
        without=format_time(without, messages),
        with_it=format_time(with_it, messages),
        gap=format_gap(without, with_it, messages),
    )


def format_gap(start: pd.Timestamp, stop: pd.Timestamp, messages: Messages) -> str:
    """Write the time between two looks: in days, below two days in hours."""
    hours = (stop - start).total_seconds() / 3600
    if hours < 48:
        return messages.say("value.hours", count=messages.number(hours))
    return messages.say("value.days", count=messages.number(hours / 24))


def _positions(strip: RankedStrip, messages: Messages) -> Table:
    row = strip.row
    points = (
        ("end1", float(row["end1_lon"]), float(row["end1_lat"])),
        ("centre", strip.centre_lon, strip.centre_lat),
        ("end2", float(row["end2_lon"]), float(row["end2_lat"])),
    )
    return Table(
        caption=messages.say("position.caption"),
        columns=tuple(messages.say(f"position.{column}") for column in ("point", "decimal", "dms", "mgrs")),
        rows=tuple(
            (
                Cell((messages.say(f"position.{name}"),)),
                Cell((f"{lat:.5f}, {lon:.5f}",), code=True),
                Cell((f"{format_dms(lat, axis='lat')} {format_dms(lon, axis='lon')}",), code=True),
                Cell((_space_mgrs(format_mgrs(lon, lat)),), code=True),
            )
            for name, lon, lat in points
        ),
    )


def _space_mgrs(reference: str) -> str:
    """Part zone, square, easting and northing, as on printed maps."""
    zone, digits = reference[:-12], reference[-10:]
    return f"{zone} {reference[-12:-10]} {digits[:5]} {digits[5:]}"


def _rival(confuser: str, messages: Messages) -> tuple[str, ...]:
    if confuser not in CONFUSERS:
        return (messages.say("rival.other", name=format_text(confuser, messages)), messages.say("settle.none"))
    return messages.say(f"rival.{confuser}"), messages.say(f"settle.{confuser}")


# ------------------------------------------------------------------------------------------------------------ pictures
def _build_photos(strip: RankedStrip, picture: StripPicture, record: RunRecord, messages: Messages) -> Photos:
    side = format_number(picture.width_px * picture.metres_per_px, messages, unit="m")
    notes = [messages.say("photo.note", side=side, bands=_name_bands(picture.bands, messages))]
    photos = [
        _build_photo(strip, "before", picture.before, record.before, side=side, messages=messages),
        _build_photo(strip, "after", picture.after, record.after, side=side, messages=messages),
    ]
    if picture.change is not None:
        notes.append(messages.say("photo.note.change", limit=messages.number(CHANGE_LIMIT)))
        photos.append(
            Photo(
                heading=messages.say("photo.change"),
                caption=messages.say("photo.caption.change"),
                alternative=messages.say(
                    "photo.alternative.change", side=side, strip=format_text(strip.strip_id, messages)
                ),
                image=data_uri(picture.change),
            )
        )
    gap = _GAP_PX + float(strip.row["width_m"]) / 2 / picture.metres_per_px
    return Photos(
        width=str(picture.width_px),
        height=str(picture.height_px),
        photos=tuple(photos),
        marks=_ticks(picture, gap),
        labels=_end_labels(picture, gap),
        scale_bar=draw_scale_bar(
            picture.metres_per_px,
            right=picture.width_px - 12,
            vertical=picture.height_px - 14,
            room=130,
            messages=messages,
        ),
        north_deg=f"{picture.north_deg + 0.0:.1f}",
        north_left=str(picture.width_px - 22),
        north_top="36",
        note=" ".join(notes),
    )


def _build_photo(
    strip: RankedStrip, when: str, image: bytes, scene: SceneRecord, *, side: str, messages: Messages
) -> Photo:
    time = format_time(scene.acquired, messages)
    heading = messages.say(f"photo.{when}")
    sensor = scene.sensor
    seen_by = messages.say("photo.sensor_unknown") if is_missing(sensor) else format_name(sensor, messages)
    return Photo(
        heading=heading,
        caption=messages.say("photo.caption", time=time, sensor=seen_by),
        alternative=messages.say(
            "photo.alternative",
            when=heading,
            time=time,
            side=side,
            strip=format_text(strip.strip_id, messages),
            azimuth=_azimuth(strip.row["azimuth_deg"], messages),
        ),
        image=data_uri(image),
    )


def _name_bands(bands: tuple[str, ...], messages: Messages) -> str:
    if bands == TRUE_COLOUR:
        return messages.say("photo.bands.true")
    key = "photo.bands.false" if len(bands) == len(TRUE_COLOUR) else "photo.bands.grey"
    return messages.say(key, bands=", ".join(bands))


def _unit_across(picture: StripPicture) -> tuple[float, float]:
    """Return the direction across the axis on the picture, of length 1."""
    along_col, along_row = picture.end2_px[0] - picture.end1_px[0], picture.end2_px[1] - picture.end1_px[1]
    length = math.hypot(along_col, along_row) or 1.0
    return -along_row / length, along_col / length


def _ticks(picture: StripPicture, gap: float) -> str:
    """Draw a short tick on either side of each end, across the axis: the strip and what lies beyond it stay free."""
    across_col, across_row = _unit_across(picture)
    strokes = []
    for col, row in (picture.end1_px, picture.end2_px):
        for side in (-1, 1):
            near, far = side * gap, side * (gap + _TICK_PX)
            strokes.append(
                f"M{col + near * across_col:.1f} {row + near * across_row:.1f}"
                f"L{col + far * across_col:.1f} {row + far * across_row:.1f}"
            )
    return "".join(strokes)


def _end_labels(picture: StripPicture, gap: float) -> tuple[MapLabel, ...]:
    across_col, across_row = _unit_across(picture)
    away = gap + _TICK_PX + _LABEL_PX
    return tuple(
        MapLabel(f"{col + away * across_col:.1f}", f"{row + away * across_row + 5:.1f}", number, "end")
        for number, (col, row) in (("1", picture.end1_px), ("2", picture.end2_px))
    )
