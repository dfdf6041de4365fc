"""``message.txt``: the findings as a mail in plain text, for a closed group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_mgrs
from colibri_geo.exporting.describing import (
    NAME_LIMIT,
    name_place,
    name_region,
    pick_regions,
    say_aerodrome,
    say_community,
    say_dates,
    say_field_around,
    say_findings,
    say_least_observed,
    say_looks,
    say_others,
    say_reasons,
    say_region,
    say_region_row,
    say_shortest,
    say_size,
    say_unmasked,
)
from colibri_geo.exporting.mail import wrap, write_mail
from colibri_geo.exporting.numbering import CALLED_NEW, NumberedStrip, count_verdicts
from colibri_geo.exporting.wording import caution_for, part_links, shown_scene, shown_text
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_probability, format_recorded, format_share
from colibri_geo.layers.findings import Findings

MESSAGE = "message.txt"


def write_message(
    findings: Findings,
    strips: Sequence[NumberedStrip],
    record: RunRecord,
    path: Path,
    *,
    messages: Messages = ENGLISH,
) -> None:
    """Write the head, an empty line, and what was looked at and found.

    The text is UTF-8, and the head says so. No line begins with text from a file, and the head holds none, so that no
    name becomes a header.

    Parameters
    ----------
    findings : Findings
        As `check_findings` accepts them.
    strips : sequence of NumberedStrip
        Its strips, numbered.
    record : RunRecord
    path : Path
    messages : Messages
        The language of the mail.
    """
    counts = count_verdicts(strip.verdict for strip in strips)
    subject = write_subject(counts, findings.observed, record, messages)
    path.write_bytes(write_sections(subject, _write_sections(strips, findings, record, messages)).encode("utf-8"))


def write_sections(subject: str, sections: Iterable[tuple[str, list[str]]]) -> str:
    """Write a mail of headings with paragraphs below; no line begins with text from a file."""
    blocks = ([heading, *(line for text in paragraphs for line in wrap(text))] for heading, paragraphs in sections)
    return write_mail(subject, blocks)


def write_subject(counts: dict[str, int], observed: pd.DataFrame, record: RunRecord, messages: Messages) -> str:
    """Write one line of numbers and dates, of strips counted by verdict."""
    whole, new = observed.iloc[0], sum(counts.get(verdict, 0) for verdict in CALLED_NEW)
    dates = say_dates(record, messages)
    if new:
        return messages.count("message.subject.found", new, dates=dates)
    if not float(whole["observed_km2"]) > 0:
        return messages.say("message.subject.unseen", dates=dates)
    share = format_share(float(whole["observed_share"]), messages, rounded=record.precision != "exact")
    shortest = say_shortest(record, messages)
    return messages.say("message.subject.nothing_new", length=shortest, share=share, dates=dates)


def _write_sections(
    strips: Sequence[NumberedStrip], findings: Findings, record: RunRecord, messages: Messages
) -> Iterator[tuple[str, list[str]]]:
    new = [strip for strip in strips if strip.verdict in CALLED_NEW]
    say = messages.say
    yield say("message.heading.found"), [*_write_summary(strips, findings, record, messages)]
    yield say("message.heading.compared"), [*_write_scenes(record, messages)]
    regions = _write_regions(findings.observed, messages)
    if regions:
        yield say("message.heading.regions"), regions
    for strip in new:
        yield say("message.heading.strip", number=str(strip.rank)), _write_strip(strip, messages)
    if new:
        checks = [say(f"message.check.{check}") for check in ("images", "use", "second")]
        yield say("message.heading.check"), checks


def _write_summary(
    strips: Sequence[NumberedStrip], findings: Findings, record: RunRecord, messages: Messages
) -> Iterator[str]:
    counts = count_verdicts(strip.verdict for strip in strips)
    yield f"{say_findings(counts, findings.observed, record, messages)} {say_least_observed(record, messages)}"
    yield from say_unmasked(record, messages)
    yield from say_others(counts, messages)
    if strips:
        basis = part_links(format_recorded(record.probability_basis, messages))
        yield messages.say("message.probabilities", basis=basis)
    yield caution_for(record, messages)


def _write_scenes(record: RunRecord, messages: Messages) -> Iterator[str]:
    for date, scene in (("before", record.before), ("after", record.after)):
        name = shown_scene(scene.name, messages, limit=NAME_LIMIT)
        yield messages.say(f"message.scene.{date}", time=scene.acquired, name=name)


def _write_regions(observed: pd.DataFrame, messages: Messages) -> list[str]:
    """Write a line a region."""
    rows = pick_regions(observed)
    return [say_region_row(row, name_region(row, messages), messages) for _, row in rows.iterrows()]


def _write_strip(strip: NumberedStrip, messages: Messages) -> list[str]:
    say = messages.say
    why = say_reasons(strip, messages, doubts=False)
    return [
        say("message.name", name=shown_text(strip.row["strip_id"], messages, limit=NAME_LIMIT)),
        say(
            "message.verdict",
            verdict=say(f"verdict.{strip.verdict}"),
            probability=format_probability(strip.row["probability"], messages),
        ),
        *say_community(strip.around, messages),
        say("field.region", region=say_region(strip, messages)),
        say("message.centre.mgrs", mgrs=shown_text(strip.mgrs, messages, limit=NAME_LIMIT)),
        say("message.centre.degrees", latitude=f"{strip.centre.y:.5f}", longitude=f"{strip.centre.x:.5f}"),
        say("message.ends", ends=", ".join(format_mgrs(end.x, end.y) for end in strip.ends)),
        *_write_aerodrome(strip, messages),
        *say_field_around(strip, messages),
        f"{say_size(strip, messages)}.",
        f"{say_looks(strip, messages)}.",
        *([say("message.why", reasons=say("field.reasons.join").join(why))] if why else []),
        *(say("message.doubt", reason=reason) for reason in say_reasons(strip, messages, doubts=True)),
    ]


def _write_aerodrome(strip: NumberedStrip, messages: Messages) -> list[str]:
    """Write what the registers of aerodromes tell of a strip; nothing where none was given."""
    name = name_place(strip.row["aerodrome_name"], strip.row["aerodrome_code"], messages)
    told = say_aerodrome(strip.row, name, messages)
    return [messages.say("message.aerodrome", told=messages.say("field.reasons.join").join(told))] if told else []
