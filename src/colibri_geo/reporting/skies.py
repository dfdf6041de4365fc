"""Sun and cloud in words, as its archive states them; of a mosaic from the least to the most of its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from colibri_geo.core.azimuths import WHOLE_TURN_DEG, round_azimuth
from colibri_geo.evidence import SceneRecord
from colibri_geo.language import Messages
from colibri_geo.language.formats import format_number, format_share
from colibri_geo.scenes.scaling import GAMMA0_DB


@dataclass(frozen=True)
class _Span:
    """The first and the last of some values; azimuths go clockwise from the first to the last."""

    first: float
    last: float


def say_sun(scene: SceneRecord, messages: Messages) -> tuple[str, ...]:
    """Say where the sun stood, or that the archive does not state it."""
    if scene.quantity == GAMMA0_DB:
        return (messages.say("scene.sky.radar"),)
    scenes = scene.parts or (scene,)
    elevations = [one.sun_elevation_deg for one in scenes]
    azimuths = [one.sun_azimuth_deg for one in scenes]
    if all(angle is None for angle in (*elevations, *azimuths)):
        return (messages.say("value.not_stated"),)
    return (
        messages.say(
            "scene.sun.value",
            elevation=_say(elevations, span_values, _format_angle, messages),
            azimuth=_say(azimuths, span_azimuths, _format_azimuth, messages),
        ),
    )


def say_cloud(scene: SceneRecord, messages: Messages) -> tuple[str, ...]:
    """Say how much of the whole product is cloud, and that this is not the ground asked about."""
    if scene.quantity == GAMMA0_DB:
        return (messages.say("scene.sky.radar"),)
    shares = [one.product_cloud_share for one in scene.parts or (scene,)]
    share = _say(shares, span_values, format_share, messages)
    if all(one is None for one in shares):
        return (share,)
    return (messages.say("scene.cloud.value", share=share, heading=messages.say("looked_at.heading")),)


def span_values(values: Sequence[float]) -> _Span:
    """Return the least and the most."""
    return _Span(min(values), max(values))


def span_azimuths(azimuths_deg: Sequence[float]) -> _Span:
    """Return the ends of the shortest arc that holds all azimuths, which may lead over north.

    Examples
    --------
    >>> span_azimuths([350.0, 10.0, 355.0])
    _Span(first=350.0, last=10.0)
    """
    ordered = sorted(azimuths_deg)
    steps = [after - before for before, after in pairwise([*ordered, ordered[0] + WHOLE_TURN_DEG])]
    widest = steps.index(max(steps))
    return _Span(ordered[(widest + 1) % len(ordered)], ordered[widest])


def _say(
    values: Sequence[float | None],
    span: Callable[[Sequence[float]], _Span],
    form: Callable[[float, Messages], str],
    messages: Messages,
) -> str:
    """Write one value, or from which to which they go, and of how many scenes where not all state it."""
    stated = [value for value in values if value is not None]
    if not stated:
        return messages.say("value.not_stated")
    ends = span(stated)
    low, high = form(ends.first, messages), form(ends.last, messages)
    said = low if low == high else messages.say("value.range", low=low, high=high)
    if len(stated) == len(values):
        return said
    count, total = messages.number(len(stated)), messages.number(len(values))
    return messages.say("scene.sky.some", value=said, count=count, total=total)


def _format_azimuth(azimuth_deg: float, messages: Messages) -> str:
    return _format_angle(round_azimuth(azimuth_deg, digits=1, turn_deg=WHOLE_TURN_DEG), messages)


def _format_angle(angle_deg: float, messages: Messages) -> str:
    return format_number(angle_deg, messages, digits=1) + "°"
