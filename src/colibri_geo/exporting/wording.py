"""What every output says about itself, and text in the forms that each format can hold."""

from __future__ import annotations

import re

import pandas as pd

from colibri_geo.evidence import RunRecord
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.language.formats import TEXT_LIMIT, format_scene, format_text

CAUTION = ENGLISH.say("caution")

_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=\w)(?=@\w)", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMULA = re.compile(
    r"^(?=[=+\-@\t\r\n＝＋－＠])"  # a cell that begins as a formula
    r"|(?<=[;\t\r\n])(?=[\s\"']*[=+\-@＝＋－＠])"  # or would, in a program that parts cells at these signs
)


def caution_for(record: RunRecord, messages: Messages = ENGLISH) -> str:
    """Return the caution that goes with every output of a run; it names synthetic images."""
    return say_caution(messages, synthetic=record.before.synthetic or record.after.synthetic)


def say_caution(messages: Messages, *, synthetic: bool) -> str:
    """Say the caution that goes with every output of a pair of images, `synthetic` or not."""
    return " ".join(messages.say(key) for key in ("caution", *(("caution.synthetic",) if synthetic else ())))


def format_time(moment: pd.Timestamp) -> str:
    """Write a time in UTC as ISO 8601 with a Z; parts of a millisecond are left out.

    Examples
    --------
    >>> format_time(pd.Timestamp("2025-01-10T10:20:00-05:00"))
    '2025-01-10T15:20:00Z'
    """
    utc = moment.tz_convert("UTC")
    text: str = utc.isoformat(timespec="milliseconds" if utc.microsecond >= 1000 else "seconds")
    return text.replace("+00:00", "Z")


def part_links(text: str) -> str:
    """Put a space where a program that shows text would make a link of it.

    Examples
    --------
    >>> part_links("https://example.org, www.example.org, a@example.org")
    'https: //example.org, www .example.org, a @example.org'
    """
    return _LINK.sub(" ", text)


def shown_text(text: str, messages: Messages, *, limit: int = TEXT_LIMIT) -> str:
    """Make text from a file fit to be read, as `format_text`, and nothing in it that a program makes a link.

    It is not escaped: that is left to whoever writes it into a format.

    Examples
    --------
    >>> shown_text("www.example.org", ENGLISH)
    'www .example.org'
    """
    return part_links(format_text(text, messages, limit=limit))


def shown_scene(name: str, messages: Messages, *, limit: int = TEXT_LIMIT) -> str:
    """Make the name of a scene fit to be read, as `format_scene`, and nothing in it that a program makes a link."""
    return part_links(format_scene(name, messages, limit=limit))


def storable_text(text: str) -> str:
    """Replace what UTF-8 text in a table cannot hold: NUL, and the halves of letters of undecodable file names."""
    return _UNSTORABLE.sub("\ufffd", text)


def xml_text(text: str) -> str:
    """Leave out what no XML 1.0 document may hold, control characters above all."""
    return _NOT_XML.sub("", text)


def balloon_text(text: str) -> str:
    """Escape text for a balloon, drawn as HTML or as it is: no name becomes a tag, nor a ``$[...]`` that is filled in.

    A ``>`` opens nothing and stays: programs that show balloons as they are would show its escape.

    Examples
    --------
    >>> balloon_text("<b>: >99 %, $[name]")
    '&lt;b>: >99 %, &#36;[name]'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("$[", "&#36;[")


def spreadsheet_text(text: str) -> str:
    """Keep a spreadsheet from taking text for a formula: an apostrophe goes before what would start one.

    Spreadsheets set to Spanish, Portuguese or French part cells at semicolons, so what follows one is guarded too.

    References
    ----------
    OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection

    Examples
    --------
    >>> spreadsheet_text("=1+1")
    "'=1+1"
    >>> spreadsheet_text("Orito; -sur"), spreadsheet_text("São João")
    ("Orito;' -sur", 'São João')
    """
    return _FORMULA.sub("'", storable_text(text))
