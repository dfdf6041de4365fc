"""The profiles of a strip as diagrams: two lines over metres, with the measured strip and what was not observed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from colibri_geo.evidence import PairRecord
from colibri_geo.language import Messages
from colibri_geo.language.formats import format_bands, format_name, format_number, format_text
from colibri_geo.reporting.parts import Chart, Charts, LegendEntry, MapLabel, MapShape
from colibri_geo.reporting.profiles import Profile, StripProfiles
from colibri_geo.reporting.ranking import RankedStrip

_WIDTH, _HEIGHT = 420.0, 160.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 48.0, 402.0, 18.0, 118.0
_EDGE = 16.0
"""So near to the left edge a number centred on its tick would touch those beside it."""
_TICKS = 4
_FLANK_PX = 2.0
"""Pixels beside the measured edge that hold some of the strip, left out of the mean beside it."""
_DATES = ("before", "after")


@dataclass(frozen=True)
class _Axes:
    """How values lie on the drawing, and where ticks stand: ``places`` across it, ``levels`` up it."""

    start: float
    stop: float
    low: float
    high: float
    step_places: float
    step_levels: float

    def across(self, place_m: float) -> float:
        return _LEFT + (place_m - self.start) / (self.stop - self.start) * (_RIGHT - _LEFT)

    def down(self, value: float) -> float:
        return _BOTTOM - (value - self.low) / (self.high - self.low) * (_BOTTOM - _TOP)

    @property
    def places(self) -> list[float]:
        return _list_ticks(self.start, self.stop, self.step_places)

    @property
    def levels(self) -> list[float]:
        return _list_ticks(self.low, self.high, self.step_levels)


def draw_profiles(strip: RankedStrip, profiles: StripProfiles, pair: PairRecord, messages: Messages) -> Charts | None:
    """Draw the profiles of a strip, both over the same range of values.

    Parameters
    ----------
    strip : RankedStrip
    profiles : StripProfiles
    pair : PairRecord
    messages : Messages

    Returns
    -------
    Charts or None
        None where nothing was observed on either date.
    """
    width_m, length_m = float(strip.row["width_m"]), float(strip.row["length_m"])
    values = [value for profile in (profiles.across, profiles.along) for value in _known(profile)]
    if not values:
        return None
    band, quantity = format_bands((profiles.band,), messages), format_name(pair.quantity, messages)
    means = _say_means(profiles.across, width_m, pair.pixel_m, messages)
    name = format_text(strip.strip_id, messages)
    width, length = (format_number(side_m, messages, unit="m") for side_m in (width_m, length_m))
    across, along = (_plan_axes(profile, values) for profile in (profiles.across, profiles.along))
    parts = {"strip": name, "band": band, "quantity": quantity, "width": width, "length": length, **means}
    words: dict[str, Any] = {"parts": parts, "messages": messages}
    first = _draw(profiles.across, across, which="across", measured_m=(-width_m / 2, width_m / 2), **words)
    second = _draw(profiles.along, along, which="along", measured_m=(0.0, length_m), **words)
    charts = (first, replace(second, labels=(*second.labels, *_number_ends(along, length_m))))
    kinds = dict.fromkeys(shape.kind for chart in charts for shape in chart.shapes)
    return Charts(
        charts=charts,
        legend=tuple(
            LegendEntry(kind, messages.say(f"profile.sign.{kind.removeprefix('profile-')}")) for kind in kinds
        ),
        note=messages.say("profile.note", **parts),
    )


def _known(profile: Profile) -> Iterator[float]:
    return (value for value in (*profile.before, *profile.after) if value is not None)


def _say_means(across: Profile, width_m: float, pixel_m: float, messages: Messages) -> dict[str, str]:
    """Write the mean on the strip and beside it, on each date."""
    edge_m = width_m / 2
    zones = {"on": (0.0, max(edge_m, pixel_m / 2)), "beside": (edge_m + _FLANK_PX * pixel_m, math.inf)}
    return {
        f"{date}_{zone}": _write_value(across.mean(date, nearest_m=near, farthest_m=far), messages)
        for date in _DATES
        for zone, (near, far) in zones.items()
    }


def _write_value(value: float | None, messages: Messages) -> str:
    return format_number(value, messages, digits=3 if value is not None and abs(value) < 2 else 1)


def _plan_axes(profile: Profile, values: Sequence[float]) -> _Axes:
    start, stop = profile.places_m[0], profile.places_m[-1]
    least, most = min(values), max(values)
    step = _find_step(most - least or abs(most) or 1.0)
    low, high = math.floor(least / step) * step, math.ceil(most / step) * step
    return _Axes(start, stop, low, max(high, low + step), _find_step(stop - start), step)


def _find_step(reach: float) -> float:
    """Return 1, 2 or 5 times a power of ten: the least that parts `reach` into about four."""
    power = 10.0 ** math.floor(math.log10(reach / _TICKS))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= reach / _TICKS * 0.999)


def _list_ticks(start: float, stop: float, step: float) -> list[float]:
    first, last = math.ceil(start / step - 0.01), math.floor(stop / step + 0.01)
    return [number * step for number in range(first, last + 1)]


def _draw(
    profile: Profile,
    axes: _Axes,
    *,
    which: str,
    measured_m: tuple[float, float],
    parts: dict[str, str],
    messages: Messages,
) -> Chart:
    digits = max(0, -math.floor(math.log10(axes.step_levels) + 1e-9))
    labels = [
        MapLabel(_plain(_LEFT - 6), _plain(axes.down(level) + 4), messages.number(level, digits=digits), "axis", "end")
        for level in axes.levels
    ]
    labels += [_label_place(axes.across(place), messages.number(place)) for place in axes.places]
    labels += [
        MapLabel(_plain((_LEFT + _RIGHT) / 2), _plain(_HEIGHT - 6), messages.say(f"profile.{which}.places"), "axis"),
    ]
    unseen = _area_path(axes, _list_gaps(profile))
    return Chart(
        heading=messages.say(f"profile.{which}", band=parts["band"]),
        description=messages.say(f"profile.{which}.alternative", **parts),
        width=_plain(_WIDTH),
        height=_plain(_HEIGHT),
        grid="".join(f"M{_plain(_LEFT)} {_plain(axes.down(level))}H{_plain(_RIGHT)}" for level in axes.levels),
        frame=f"M{_plain(_LEFT)} {_plain(_TOP)}V{_plain(_BOTTOM)}H{_plain(_RIGHT)}"
        + "".join(f"M{_plain(axes.across(place))} {_plain(_BOTTOM)}v4" for place in axes.places),
        shapes=(
            MapShape(_area_path(axes, [measured_m]), "profile-measured"),
            *((MapShape(unseen, "profile-unseen"),) if unseen else ()),
            *(MapShape(_line_path(axes, profile, date), f"profile-{date}") for date in _DATES),
        ),
        labels=tuple(labels),
    )


def _label_place(across: float, text: str) -> MapLabel:
    """Write a number below its tick; at the left edge, where that of the lowest level ends, it begins at the tick."""
    anchor = "start" if across < _LEFT + _EDGE else "middle"
    return MapLabel(_plain(across), _plain(_BOTTOM + 15), text, "axis", anchor)


def _number_ends(axes: _Axes, length_m: float) -> Iterator[MapLabel]:
    for number, place_m in (("1", 0.0), ("2", length_m)):
        yield MapLabel(_plain(axes.across(place_m)), _plain(_TOP - 4), number, "end")


def _list_gaps(profile: Profile) -> list[tuple[float, float]]:
    """List the spans where either date was not observed, each half a step wider than its places."""
    places = profile.places_m
    half_m = (places[-1] - places[0]) / max(len(places) - 1, 1) / 2
    gaps: list[tuple[float, float]] = []
    for place_m, *values in zip(places, profile.before, profile.after, strict=True):
        if None not in values:
            continue
        if gaps and place_m - half_m <= gaps[-1][1] + half_m / 2:
            gaps[-1] = (gaps[-1][0], place_m + half_m)
        else:
            gaps.append((place_m - half_m, place_m + half_m))
    return gaps


def _area_path(axes: _Axes, spans_m: Sequence[tuple[float, float]]) -> str:
    edges = [(max(axes.across(start), _LEFT), min(axes.across(stop), _RIGHT)) for start, stop in spans_m]
    return "".join(
        f"M{_plain(left)} {_plain(_TOP)}H{_plain(right)}V{_plain(_BOTTOM)}H{_plain(left)}Z" for left, right in edges
    )


def _line_path(axes: _Axes, profile: Profile, date: str) -> str:
    """Write the line of one date; it is broken where nothing is known, and a lone value is a dot."""
    values = profile.before if date == "before" else profile.after
    pieces: list[list[str]] = [[]]
    for place_m, value in zip(profile.places_m, values, strict=True):
        if value is None:
            pieces.append([])
        else:
            pieces[-1].append(f"{_plain(axes.across(place_m))} {_plain(axes.down(value))}")
    return "".join("M" + "L".join(points if len(points) > 1 else points * 2) for points in pieces if points)


def _plain(value: float) -> str:
    """Write a length of the drawing: one decimal, none where it is 0."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")
