"""``message.txt``: the findings as a mail in plain text, for a closed group."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.coordinates import format_mgrs
from colibri_geo.exporting.numbering import (
    CALLED_NEW,
    NAME_LIMIT,
    NumberedStrip,
    count_verdicts,
    name_verdict,
    state_findings,
    state_share,
)
from colibri_geo.exporting.wording import caution_for, format_share, one_line, part_links, shown_text
from colibri_geo.layers import Findings

MESSAGE = "message.txt"
WIDTH = 75
_INDENT = "  "
_LEVELS = ("admin1", "country", "admin2")
_DOUBT = "would be false"


def write_message(findings: Findings, strips: Sequence[NumberedStrip], record: RunRecord, path: Path) -> None:
    """Write the subject, an empty line, and what was looked at and found.

    The text is ASCII, whatever the mail system: letters lose their accents, and others become question marks. No line
    begins with text from a file, and the subject holds none, so that no name becomes a header.

    Parameters
    ----------
    findings : Findings
        As `check_findings` accepts them.
    strips : sequence of NumberedStrip
        Its strips, numbered.
    record : RunRecord
    path : Path
    """
    lines = [f"Subject: {_write_subject(strips, findings.observed, record)}", ""]
    for heading, paragraphs in _write_sections(strips, findings, record):
        lines += [heading, *(line for text in paragraphs for line in _wrap(text)), ""]
    path.write_bytes("\n".join(lines).encode("ascii"))


def _write_subject(strips: Sequence[NumberedStrip], observed: pd.DataFrame, record: RunRecord) -> str:
    """Write one line of numbers and dates."""
    whole, new = observed.iloc[0], sum(strip.verdict in CALLED_NEW for strip in strips)
    dates = f"{record.before.acquired[:10]} to {record.after.acquired[:10]}"
    if new:
        return f"{new} new candidate cleared strip{'s' if new > 1 else ''}, {dates}"
    if not float(whole["observed_km2"]) > 0:
        return f"Not observed, {dates}"
    return f"Nothing new found, {format_share(float(whole['observed_share']))} observed, {dates}"


def _write_sections(
    strips: Sequence[NumberedStrip], findings: Findings, record: RunRecord
) -> Iterator[tuple[str, list[str]]]:
    new = [strip for strip in strips if strip.verdict in CALLED_NEW]
    basis = [f"Probabilities: {shown_text(record.probability_basis)}."] if strips else []
    yield "WHAT WAS FOUND", [*_write_summary(strips, findings.observed), *basis, caution_for(record)]
    yield "WHAT WAS COMPARED", [_write_scene("Before", record), _write_scene("After", record)]
    regions = _write_regions(findings.observed)
    if regions:
        yield "BY REGION", regions
    for strip in new:
        yield f"STRIP {strip.rank}", _write_strip(strip)
    if new:
        yield (
            "WHAT TO CHECK",
            [
                'Each strip: what its "Check" says, in sharper or later images.',
                "Whether it is registered, and whether a community uses it, for health above all.",
                "A second person looks at each finding before anything is done.",
            ],
        )


def _write_summary(strips: Sequence[NumberedStrip], observed: pd.DataFrame) -> list[str]:
    others = {verdict: count for verdict, count in count_verdicts(strips).items() if verdict not in CALLED_NEW}
    listed = ", ".join(f"{count} {name_verdict(verdict)}" for verdict, count in others.items())
    return [state_findings(strips, observed), *([f"In the tables too: {listed}."] if listed else [])]


def _write_scene(date: str, record: RunRecord) -> str:
    scene = record.before if date == "Before" else record.after
    return f"{date}: {scene.acquired}, {shown_text(scene.name, limit=NAME_LIMIT)}"


def _write_regions(observed: pd.DataFrame) -> list[str]:
    """Write a line a region, of the level that tells most in few lines."""
    level = next((level for level in _LEVELS if (observed["level"] == level).any()), None)
    rows = observed[observed["level"] == level]
    return [
        f"- {_name_region(row)}: {int(row['new'])} new, {int(row['extended'])} extended, in {state_share(row)}"
        for _, row in rows.iterrows()
    ]


def _name_region(row: pd.Series[Any]) -> str:
    name, code = ("" if pd.isna(row[part]) else shown_text(row[part], limit=NAME_LIMIT) for part in ("name", "code"))
    return f"{name} ({code})" if name and code else name or code or "unnamed"


def _write_strip(strip: NumberedStrip) -> list[str]:
    reasons = [reason.strip() for reason in strip.reasons.split(";")]
    why = [reason for reason in reasons if not reason.startswith(_DOUBT)]
    check = [reason for reason in reasons if reason.startswith(_DOUBT)]
    ends = ", ".join(format_mgrs(end.x, end.y) for end in strip.ends)
    return [
        f"Name: {shown_text(strip.row['strip_id'], limit=NAME_LIMIT)}",
        f"Verdict: {name_verdict(strip.verdict)}, probability {strip.probability}",
        f"Region: {strip.region}",
        f"Centre: MGRS {shown_text(strip.mgrs, limit=NAME_LIMIT)}",
        f"Centre: latitude {strip.centre.y:.5f}, longitude {strip.centre.x:.5f} (WGS 84)",
        f"Ends: MGRS {ends}",
        f"{strip.size}.",
        f"{strip.dates}.",
        *([f"Why: {'; '.join(why)}"] if why else []),
        *(f"Check: {reason}" for reason in check),
    ]


def _wrap(text: str) -> list[str]:
    """Break text into lines that stay inside their paragraph."""
    return textwrap.wrap(
        _as_ascii(text), WIDTH, initial_indent=_INDENT, subsequent_indent=2 * _INDENT, break_on_hyphens=False
    )


def _as_ascii(text: str) -> str:
    """Write letters without accents; what has no such letter becomes a question mark."""
    letters = (sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return part_links(one_line("".join(letters).encode("ascii", "replace").decode("ascii")))
