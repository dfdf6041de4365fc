"""``message.txt``: the findings as a mail in plain text, for a closed group."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_mgrs
from colibri_geo.exporting.describing import (
    NAME_LIMIT,
    say_counts,
    say_findings,
    say_looks,
    say_reasons,
    say_region,
    say_share,
    say_size,
)
from colibri_geo.exporting.numbering import CALLED_NEW, NumberedStrip, count_verdicts
from colibri_geo.exporting.wording import caution_for, part_links, shown_text
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import format_probability, format_recorded, format_share, is_missing
from colibri_geo.layers.findings import Findings

MESSAGE = "message.txt"
WIDTH = 75
_INDENT = "  "
_LEVELS = ("admin1", "country", "admin2")
MIME = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")


def write_message(
    findings: Findings,
    strips: Sequence[NumberedStrip],
    record: RunRecord,
    path: Path,
    *,
    messages: Messages = ENGLISH,
) -> None:
    """Write the head, an empty line, and what was looked at and found.

    The text is UTF-8, and the head says so. The head has four lines and no more: the subject, of the catalogue's words,
    numbers and dates, and three that never change. No line begins with text from a file, and the head holds none, so
    that no name becomes a header.

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

    References
    ----------
    RFC 6532, Internationalized Email Headers, https://www.rfc-editor.org/rfc/rfc6532: a subject may be UTF-8.
    """
    lines = [f"Subject: {_write_subject(strips, findings.observed, record, messages)}", *MIME, ""]
    for heading, paragraphs in _write_sections(strips, findings, record, messages):
        lines += [heading, *(line for text in paragraphs for line in _wrap(text)), ""]
    path.write_bytes("\n".join(lines).encode("utf-8"))


def _write_subject(
    strips: Sequence[NumberedStrip], observed: pd.DataFrame, record: RunRecord, messages: Messages
) -> str:
    """Write one line of numbers and dates."""
    whole, new = observed.iloc[0], sum(strip.verdict in CALLED_NEW for strip in strips)
    dates = messages.say("message.dates", before=record.before.acquired[:10], after=record.after.acquired[:10])
    if new:
        return messages.count("message.subject.found", new, dates=dates)
    if not float(whole["observed_km2"]) > 0:
        return messages.say("message.subject.unseen", dates=dates)
    share = format_share(float(whole["observed_share"]), messages)
    return messages.say("message.subject.nothing_new", share=share, dates=dates)


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
    yield say_findings(strips, findings.observed, messages)
    others = {verdict: count for verdict, count in count_verdicts(strips).items() if verdict not in CALLED_NEW}
    if others:
        yield messages.say("message.others", counts=say_counts(others, messages))
    if strips:
        basis = part_links(format_recorded(record.probability_basis, messages))
        yield messages.say("message.probabilities", basis=basis)
    yield caution_for(record, messages)


def _write_scenes(record: RunRecord, messages: Messages) -> Iterator[str]:
    for date, scene in (("before", record.before), ("after", record.after)):
        name = shown_text(scene.name, messages, limit=NAME_LIMIT)
        yield messages.say(f"message.scene.{date}", time=scene.acquired, name=name)


def _write_regions(observed: pd.DataFrame, messages: Messages) -> list[str]:
    """Write a line a region, of the level that tells most in few lines."""
    level = next((level for level in _LEVELS if (observed["level"] == level).any()), None)
    rows = observed[observed["level"] == level]
    return [
        messages.say(
            "message.region",
            region=_name_region(row, messages),
            counts=say_counts({verdict: int(row[verdict]) for verdict in ("new", "extended")}, messages),
            share=say_share(row, messages),
        )
        for _, row in rows.iterrows()
    ]


def _name_region(row: pd.Series[Any], messages: Messages) -> str:
    name, code = (
        "" if is_missing(row[part]) else shown_text(row[part], messages, limit=NAME_LIMIT) for part in ("name", "code")
    )
    return f"{name} ({code})" if name and code else name or code or messages.say("message.region.unnamed")


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
        say("field.region", region=say_region(strip, messages)),
        say("message.centre.mgrs", mgrs=shown_text(strip.mgrs, messages, limit=NAME_LIMIT)),
        say("message.centre.degrees", latitude=f"{strip.centre.y:.5f}", longitude=f"{strip.centre.x:.5f}"),
        say("message.ends", ends=", ".join(format_mgrs(end.x, end.y) for end in strip.ends)),
        f"{say_size(strip, messages)}.",
        f"{say_looks(strip, messages)}.",
        *([say("message.why", reasons=say("field.reasons.join").join(why))] if why else []),
        *(say("message.doubt", reason=reason) for reason in say_reasons(strip, messages, doubts=True)),
    ]


def _wrap(text: str) -> list[str]:
    """Break text into lines that stay inside their paragraph."""
    return textwrap.wrap(text, WIDTH, initial_indent=_INDENT, subsequent_indent=2 * _INDENT, break_on_hyphens=False)
