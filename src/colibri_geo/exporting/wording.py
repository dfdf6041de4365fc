"""What every output says about itself, and text in the forms that each format can hold."""

from __future__ import annotations

import math
import re
import unicodedata

import pandas as pd

from colibri_geo.evidence import RunRecord

CAUTION = "Preliminary analysis, not validated in the field, not a basis for the use of force."
SYNTHETIC = "Made from synthetic images: no real ground."

TEXT_LIMIT = 240
"""Longest text from a file that a reader is shown whole, in characters."""
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINK = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=mailto)(?=:)|(?<=\w)(?=@\w)", re.IGNORECASE)
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMULA = re.compile(
    r"^(?=[=+\-@\t\r\n＝＋－＠])"  # a cell that begins as a formula
    r"|(?<=[;\t\r\n])(?=[\s\"']*[=+\-@＝＋－＠])"  # or would, in a program that parts cells at these signs
)


def caution_for(record: RunRecord) -> str:
    """Return the caution that goes with every output of a run; it names synthetic images."""
    return f"{CAUTION} {SYNTHETIC}" if record.before.synthetic or record.after.synthetic else CAUTION


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


def format_share(share: float) -> str:
    """Write a share as per cent; 0 and 100% stand only for none and for all.

    Examples
    --------
    >>> [format_share(share) for share in (0.0, 0.0001, 0.8, 0.9999, 1.0)]
    ['0%', '<0.1%', '80.0%', '>99.9%', '100%']
    """
    if not math.isfinite(share):
        return "an unknown share"
    if share in {0.0, 1.0}:
        return f"{share:.0%}"
    return "<0.1%" if share < 0.001 else ">99.9%" if share > 0.999 else f"{share:.1%}"


def one_line(text: str) -> str:
    r"""Bring text onto one line, with what hides or turns text replaced: control signs, halves of letters, non-letters.

    Examples
    --------
    >>> one_line("Orito\r\nBcc: all")
    'Orito Bcc: all'
    """
    return " ".join("".join(_visible(sign) for sign in text).split())


def part_links(text: str) -> str:
    """Put a space where a program that shows text would make a link of it.

    Examples
    --------
    >>> part_links("https://example.org, www.example.org, a@example.org")
    'https: //example.org, www .example.org, a @example.org'
    """
    return _LINK.sub(" ", text)


def shown_text(text: str, *, limit: int = TEXT_LIMIT) -> str:
    """Make text from a file fit to be read: on one line, cut when it is long, and nothing that a program makes a link.

    It is not escaped: that is left to whoever writes it into a format.

    Parameters
    ----------
    text : str
    limit : int
        Longest text that stays whole, in characters.

    Returns
    -------
    str
        Cut text ends in a note that says how long it was.

    Examples
    --------
    >>> shown_text("abcdefghij", limit=4)
    'abcd… (cut, 10 characters)'
    """
    shown = part_links(one_line(text[:limit]))
    return shown if len(text) <= limit else f"{shown}… (cut, {len(text):,} characters)"


def _visible(sign: str) -> str:
    if sign.isspace():
        return " "
    hidden = unicodedata.category(sign) in {"Cc", "Cs"} or sign in _BIDI_CONTROLS or (ord(sign) & 0xFFFE) == 0xFFFE
    return "\N{REPLACEMENT CHARACTER}" if hidden else sign


def storable_text(text: str) -> str:
    """Replace what UTF-8 text in a table cannot hold: NUL, and the halves of letters of undecodable file names."""
    return _UNSTORABLE.sub("\ufffd", text)


def xml_text(text: str) -> str:
    """Leave out what no XML 1.0 document may hold, control characters above all."""
    return _NOT_XML.sub("", text)


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
