"""How often the detector is wrong, as the benchmark measured it: one row for each group of test scenes."""

from __future__ import annotations

from collections.abc import Iterator

from colibri_geo.evidence.benchmark import BenchmarkGroup, BenchmarkRecord, Interval
from colibri_geo.language import Messages
from colibri_geo.language.formats import (
    format_interval,
    format_km2,
    format_name,
    format_text,
    read_time,
)
from colibri_geo.reporting.parts import Cell, Reliability, Table
from colibri_geo.reporting.sections import name_columns
from colibri_geo.settings import Settings

_SETTINGS = ("survey", "trace", "score")  # steps that decide on what is found
_KEYS = ("run.benchmark.groups",)


def build_reliability(benchmark: BenchmarkRecord, settings: Settings, messages: Messages) -> Reliability:
    """Say how reliable the detector is, and whether the run has the settings that were measured."""
    day = read_time(benchmark.measured)
    measured = messages.say(
        "reliability.measured",
        date=format_text(benchmark.measured, messages) if day is None else messages.date(day.date()),
        version=format_text(benchmark.version, messages),
        point=format_name(benchmark.operating_point, messages),
    )
    names = ", ".join(_list_changed(settings, benchmark))
    changed = (messages.say("reliability.settings", names=names),) if names else ()
    columns = name_columns(("test_scenes", "observed", "recall", "false_alarms"), messages)
    rows = tuple(_build_row(group, messages) for group in benchmark.groups)
    return Reliability(
        (measured, *changed, messages.say("reliability.nearest"), messages.say("reliability.counted")),
        Table(messages.say("reliability.groups"), columns, rows),
    )


def _list_changed(settings: Settings, benchmark: BenchmarkRecord) -> Iterator[str]:
    """List the settings that decide on what is found and are not those that were measured.

    Of a record of an older version the least probability alone is known.
    """
    if benchmark.settings is None:
        if settings.score.min_probability != benchmark.min_probability:
            yield f"score.{settings.score.operating_point}_probability"
        return
    least = f"{benchmark.operating_point}_probability"
    had, measured = settings.to_dict(), benchmark.settings.to_dict()
    for step in _SETTINGS:
        for name, value in had[step].items():
            unused = name.endswith("_probability") and name != least
            if not unused and value != measured[step][name]:
                yield f"{step}.{name}"


def _build_row(group: BenchmarkGroup, messages: Messages) -> tuple[Cell, ...]:
    title = messages.texts.get(f"reliability.group.{group.name}", format_text(group.name, messages))
    pairs = messages.count("reliability.pairs", group.scenes)
    return (
        Cell((title,), keys=_KEYS),
        Cell((format_km2(group.observed_km2, messages), pairs), numeric=True, keys=_KEYS),
        Cell(_say_recall(group, messages), numeric=True, keys=_KEYS),
        Cell(
            (_say(group.false_alarms_per_1000_km2, messages),),
            numeric=True,
            keys=_KEYS,
        ),
    )


def _say_recall(group: BenchmarkGroup, messages: Messages) -> tuple[str, ...]:
    recall = group.recall
    if recall is None:
        return ("–",)
    percent = Interval(100 * recall.value, 100 * recall.lo, 100 * recall.hi)
    count = messages.number(group.new_strips)
    return (messages.say("reliability.recall", share=_say(percent, messages, unit="%"), count=count),)


def _say(figure: Interval, messages: Messages, *, unit: str = "") -> str:
    return format_interval(figure.value, figure.lo, figure.hi, messages, digits=1, unit=unit)
