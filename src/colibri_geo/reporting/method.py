"""The end of the report: what the run did and what it cannot tell, and the files that it rests on."""

from __future__ import annotations

from collections.abc import Sequence

from colibri_geo.evidence import LayerRecord, RunRecord, SceneRecord
from colibri_geo.language import ENGLISH, Messages, Untranslated
from colibri_geo.language.formats import (
    format_number,
    format_probability,
    format_recorded,
    format_scene,
    format_share,
    format_text,
    is_missing,
)
from colibri_geo.reporting.parts import Cell, Evidence, Fact, Method, Table
from colibri_geo.reporting.reliability import build_reliability
from colibri_geo.reporting.sections import format_pixel, name_columns

_VERIFY = "colibri-geo verify DIR"


def build_method(record: RunRecord, messages: Messages) -> Method:
    """Build what the run did, with its settings and versions, and what it cannot tell."""
    trace = record.settings.trace
    shortest = format_number(trace.min_length_m, messages, unit="m")
    return Method(
        steps=tuple(messages.say(f"method.step.{step}") for step in ("align", "change", "judge")),
        limits=(
            messages.say("method.limit.ground"),
            messages.say(
                "method.limit.short", length=shortest, width=format_number(trace.max_width_m, messages, unit="m")
            ),
            messages.say("method.limit.pixel", pixel=format_pixel(record.pair.pixel_m, messages)),
            messages.say("method.limit.position"),
            *_limit_terrain(record, messages),
            *(messages.say(f"method.limit.{limit}") for limit in ("gone", "use")),
        ),
        reliability=build_reliability(record.benchmark, record.settings, messages) if record.benchmark else None,
        key_settings=_key_settings(record, messages),
        settings=_settings_table(record, messages),
        versions=_versions_table(record, messages),
    )


def _limit_terrain(record: RunRecord, messages: Messages) -> tuple[str, ...]:
    """Say what elevations are of and how far slopes can be trusted, where an elevation model was given."""
    if not any(layer.role == "elevation" for layer in record.layers):
        return ()
    error_m = record.settings.terrain.vertical_error_m
    error = format_number(error_m, messages, digits=1, unit="m")
    slope = format_number(100 * error_m / 600, messages, digits=1, unit="%")
    return (messages.say("method.limit.terrain", error=error, slope=slope),)


def _basis(basis: str, messages: Messages) -> str:
    """Say what the probability rests on; all of it in English where its form is not known."""
    said = format_recorded(basis.rstrip("."), messages, limit=400)
    if isinstance(said, Untranslated):
        return Untranslated(ENGLISH.say("method.probability.basis", basis=said))
    return messages.say("method.probability.basis", basis=said)


def _key_settings(record: RunRecord, messages: Messages) -> tuple[Fact, ...]:
    trace, score = record.settings.trace, record.settings.score
    least = format_probability(score.min_probability, messages)
    density = messages.say("method.probability.density", density=messages.resign(f"{score.strips_per_1000_km2:g}"))
    point = messages.say("method.operating_point.value", name=score.operating_point, least=least)

    def say(fact: str, *lines: str, keys: tuple[str, ...]) -> Fact:
        return Fact(messages.say(f"method.{fact}"), lines, keys=tuple(f"run.{key}" for key in keys))

    return (
        say(
            "probability",
            messages.say("method.probability.learnt"),
            density,
            _basis(record.probability_basis, messages),
            keys=("probability_basis", "settings.score.strips_per_1000_km2"),
        ),
        say(
            "operating_point",
            point,
            keys=("settings.score.operating_point", f"settings.score.{score.operating_point}_probability"),
        ),
        say(
            "min_length",
            format_number(trace.min_length_m, messages, unit="m"),
            keys=("settings.trace.min_length_m",),
        ),
        say(
            "observed_share",
            format_share(trace.min_observed_share, messages),
            keys=("settings.trace.min_observed_share",),
        ),
    )


def _settings_table(record: RunRecord, messages: Messages) -> Table:
    """List every setting under its name in a settings file."""
    rows = tuple(
        (Cell((f"{step}.{name}",), code=True), Cell((str(value),), code=True))
        for step, table in record.settings.to_dict().items()
        for name, value in table.items()
    )
    return Table(messages.say("method.settings"), name_columns(("setting", "value"), messages), rows, stacks=False)


def _versions_table(record: RunRecord, messages: Messages) -> Table:
    rows = tuple(
        (Cell((format_text(name, messages),)), Cell((format_text(version, messages),), code=True))
        for name, version in record.versions.items()
    )
    return Table(messages.say("method.versions"), name_columns(("software", "version"), messages), rows, stacks=False)


def build_evidence(record: RunRecord, messages: Messages) -> Evidence:
    """Build the list of inputs with their checksums, and how to verify them."""
    rows = [_evidence_scene("before", record.before, messages), _evidence_scene("after", record.after, messages)]
    for when, scene in (("before", record.before), ("after", record.after)):
        if scene.mask_sha256 is not None:
            role = messages.say(f"role.{when}_mask")
            rows.append(_evidence_row(role, format_text(scene.mask, messages), scene.mask_sha256, None, messages))
    for when, scene in zip(("before_radar", "after_radar"), record.radar, strict=False):
        rows.append(_evidence_scene(when, scene, messages))
    rows += [_evidence_layer(layer, messages) for layer in record.layers]
    columns = name_columns(("role", "file", "sha256", "credit"), messages)
    return Evidence(
        files=Table(messages.say("evidence.files"), columns, tuple(rows)),
        command=_VERIFY,
        trace=tuple(messages.say(f"evidence.trace.{step}") for step in ("figure", "row", "pixel", "again")),
    )


def _evidence_scene(when: str, scene: SceneRecord, messages: Messages) -> tuple[Cell, ...]:
    name = format_scene(scene.name, messages)
    return _evidence_row(messages.say(f"role.{when}"), name, scene.sha256, scene.licence, messages)


def _evidence_layer(layer: LayerRecord, messages: Messages) -> tuple[Cell, ...]:
    kind, _, name = layer.role.partition(" ")
    role = messages.say(f"role.{kind}", name=format_text(name, messages))
    shown = format_text(layer.name, messages)
    return _evidence_row(role, shown, layer.sha256, layer.credit, messages, notes=layer.notes)


def _evidence_row(
    role: str, name: str, sha256: str, credit: str | None, messages: Messages, *, notes: Sequence[str] = ()
) -> tuple[Cell, ...]:
    lines = [] if is_missing(credit) else [format_text(credit, messages)]
    lines += [format_recorded(note, messages) for note in notes]
    return (
        Cell((role,)),
        Cell((name,)),
        Cell((sha256,), code=True),
        Cell(tuple(lines) or ("–",)),
    )
