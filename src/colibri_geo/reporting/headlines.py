"""What figures and maps for notebooks say of a run in a few words, in the reader's language."""

from __future__ import annotations

from datetime import date

from colibri_geo.evidence import RunRecord
from colibri_geo.language import NOT_ASKED, Messages


def name_run(record: RunRecord, messages: Messages) -> str:
    """Name a run by what it looked for and its two days."""
    before, after = (date.fromisoformat(scene.acquired[:10]) for scene in (record.before, record.after))
    return messages.say("figure.title", before=messages.date(before), after=messages.date(after))


def name_unseen(reason: str, messages: Messages) -> str:
    """Say that ground was not observed, and why; or that it was not asked about."""
    if reason == NOT_ASKED:
        return messages.say(f"reason.{reason}")
    return messages.say("figure.unseen", reason=messages.say(f"reason.{reason}"))
