"""``feedback.txt``: an empty form to send back what was found at each strip, and what was seized."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from colibri_geo.evidence import RunRecord
from colibri_geo.exporting.describing import say_dates
from colibri_geo.exporting.mail import wrap, write_mail
from colibri_geo.language import ENGLISH, Messages

FEEDBACK = "feedback.txt"
_STRIP = ("checked", "by", "found", "used", "community", "remarks")
_SEIZURE = ("strip", "day", "region", "goods", "quantity", "aircraft")


def write_feedback(titles: Iterable[str], record: RunRecord, path: Path, *, messages: Messages = ENGLISH) -> None:
    """Write the form as a mail: a block for each strip with its number and name, then one for a seizure.

    The fields are of this project and follow no agency's form; none asks for a person.

    Parameters
    ----------
    titles : iterable of str
        Number and identifier of each strip, fit to be read, in the order of the ranking.
    record : RunRecord
    path : Path
    messages : Messages
        The language of the form.
    """
    subject = messages.say("feedback.subject", dates=say_dates(record, messages))
    path.write_bytes(write_mail(subject, _write_blocks(titles, messages)).encode("utf-8"))


def _write_blocks(titles: Iterable[str], messages: Messages) -> Iterator[list[str]]:
    say = messages.say
    yield wrap(say("feedback.how"), indent="")
    empty = [line for name in _STRIP for line in wrap(say(f"feedback.{name}"))]
    blocks = [[*wrap(say("message.heading.strip", number=title), indent=""), *empty] for title in titles]
    yield from blocks or [[*wrap(say("feedback.none"), indent=""), *wrap(say("feedback.remarks"))]]
    yield [say("feedback.seizure"), *wrap(say("feedback.seizure.apart"), indent="")]
    yield [line for name in _SEIZURE for line in wrap(say(f"feedback.seizure.{name}"))]
