"""From values to the text a reader sees: numbers, shares, times, and words that came from files."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

from colibri_geo.language.messages import Messages
from colibri_geo.language.recorded import translate, translate_scene

TEXT_LIMIT = 240
"""Longest text from a file that a reader is shown whole, in characters."""
ROUNDED_DIGITS = 2
"""Significant digits of areas that were rounded."""
_BAND_LETTERS = 40
_BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_missing(value: Any) -> bool:  # noqa: ANN401 - a cell of a table, of any kind
    """Tell whether a cell of a table holds nothing: None, NaN, NaT or an empty text."""
    return bool(pd.isna(value)) or value == ""


def one_line(text: str) -> str:
    r"""Bring text onto one line, with what hides or turns text replaced: control signs, halves of letters, non-letters.

    Examples
    --------
    >>> one_line("Orito\r\nBcc: all")
    'Orito Bcc: all'
    """
    visible = text if text.isprintable() else "".join(_visible(sign) for sign in text)
    return " ".join(visible.split())


def _visible(sign: str) -> str:
    if sign.isspace():
        return " "
    hidden = unicodedata.category(sign) in {"Cc", "Cs"} or sign in _BIDI_CONTROLS or (ord(sign) & 0xFFFE) == 0xFFFE
    return "\N{REPLACEMENT CHARACTER}" if hidden else sign


def format_text(value: Any, messages: Messages, *, limit: int = TEXT_LIMIT) -> str:  # noqa: ANN401 - a cell of a table
    """Make text from a file fit to be shown: on one line, without control signs, cut when it is long.

    It is not escaped: that is left to whoever lays it out.

    Parameters
    ----------
    value : str or missing
    messages : Messages
    limit : int
        Longest text that stays whole, in characters.

    Returns
    -------
    str
        Cut text ends in a note that says how long it was.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> format_text("abcdefghij", ENGLISH, limit=4)
    'abcd… (cut, 10 characters)'
    """
    if is_missing(value):
        return messages.say("value.unknown")
    text = str(value)
    shown = one_line(text[:limit])
    if len(text) <= limit:
        return shown
    return messages.say("text.cut", text=shown, count=messages.number(len(text)))


def format_recorded(text: Any, messages: Messages, *, limit: int = TEXT_LIMIT) -> str:  # noqa: ANN401 - a cell of a table
    """Make a sentence that the run recorded fit to be shown, in the reader's language where its form is known.

    Returns
    -------
    str
        `colibri_geo.language.Untranslated` where it stays in English.
    """
    shown = format_text(text, messages, limit=limit)
    return shown if is_missing(text) else translate(shown, messages)


def format_name(name: Any, messages: Messages) -> str:  # noqa: ANN401 - a cell of a table
    """Make a name that the run recorded fit to be shown: the few that are words are said in the reader's language."""
    return str(format_recorded(name, messages))


def format_named(name: str, code: str, messages: Messages) -> str:
    """Write a name with its code, both fit to be shown; one alone where the other is empty."""
    return messages.say("value.named", name=name, code=code) if name and code else name or code


def format_scene(name: str, messages: Messages, *, limit: int = TEXT_LIMIT) -> str:
    """Make the name of a scene fit to be shown; that of several scenes as one is said in the reader's language."""
    return translate_scene(format_text(name, messages, limit=limit), messages)


def format_bands(bands: Iterable[str], messages: Messages) -> str:
    """Name bands in the reader's language; those of other names by them.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> format_bands(("red", "nir", "vv"), ENGLISH)
    'red, near infrared, vv'
    """
    names = (messages.texts.get(f"band.{band}") or format_text(band, messages, limit=_BAND_LETTERS) for band in bands)
    return ", ".join(names)


def format_number(value: float | None, messages: Messages, *, digits: int = 0, unit: str = "") -> str:
    r"""Write a number with its unit, or say that it is not known.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> format_number(33268.04, ENGLISH, digits=1, unit="km²")
    '33,268.0\xa0km²'
    >>> format_number(float("nan"), ENGLISH)
    'not known'
    """
    if value is None or not math.isfinite(value):
        return messages.say("value.unknown")
    number = messages.number(value, digits=digits)
    return f"{number}\N{NO-BREAK SPACE}{unit}" if unit else number


def format_range(low: float, high: float, messages: Messages, *, digits: int = 0, unit: str = "") -> str:
    """Write an interval, such as the central 90 % of a measured value."""
    if not (math.isfinite(low) and math.isfinite(high)):
        return messages.say("value.unknown")
    return messages.say(
        "value.range",
        low=messages.number(low, digits=digits),
        high=format_number(high, messages, digits=digits, unit=unit),
    )


def format_interval(
    value: float, low: float, high: float, messages: Messages, *, digits: int = 0, unit: str = ""
) -> str:
    """Write a measured value with its central 90 % interval."""
    return messages.say(
        "value.interval",
        value=format_number(value, messages, digits=digits, unit=unit),
        range=format_range(low, high, messages, digits=digits, unit=unit),
    )


def format_km2(area_km2: float, messages: Messages, *, rounded: bool = False) -> str:
    """Write an area: two decimals below 10 km², one below 1,000 km², none above; of a rounded one what holds.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> [format_km2(area, ENGLISH, rounded=True).replace(chr(160), " ") for area in (0.0, 0.83, 9.0, 10.0, 1200.0)]
    ['0 km²', '0.83 km²', '9.0 km²', '10 km²', '1,200 km²']
    """
    digits = 2 if abs(area_km2) < 10 else 1 if abs(area_km2) < 1000 else 0
    if rounded:
        digits = max(0, ROUNDED_DIGITS - 1 - math.floor(math.log10(area_km2))) if area_km2 > 0 else 0
    return format_number(area_km2, messages, digits=digits, unit="km²")


def format_share(share: float, messages: Messages, *, rounded: bool = False) -> str:
    """Write a share as per cent; 0 and 100 % stand only for none and for all. A rounded one holds whole per cent.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> [format_share(share, ENGLISH).replace(chr(160), " ") for share in (0.0, 0.0001, 0.8, 0.9999, 1.0)]
    ['0 %', '<0.1 %', '80.0 %', '>99.9 %', '100 %']
    >>> format_share(0.88, ENGLISH, rounded=True).replace(chr(160), " ")
    '88 %'
    """
    if not math.isfinite(share):
        return messages.say("value.unknown")
    percent = share * 100
    if rounded or percent in {0.0, 100.0}:
        return format_number(percent, messages, unit="%")
    if percent < 0.1:
        return "<" + format_number(0.1, messages, digits=1, unit="%")
    if percent > 99.9:
        return ">" + format_number(99.9, messages, digits=1, unit="%")
    return format_number(percent, messages, digits=1, unit="%")


def format_probability(probability: float, messages: Messages) -> str:
    """Write a probability as whole per cent; never as certain or impossible."""
    if not math.isfinite(probability):
        return messages.say("value.unknown")
    percent = format_number(min(max(probability * 100, 1.0), 99.0), messages, unit="%")
    return f"<{percent}" if probability < 0.01 else f">{percent}" if probability > 0.99 else percent


def read_time(value: Any) -> pd.Timestamp | None:  # noqa: ANN401 - a cell of a table
    """Return a time in UTC, or None for a missing one; a time without a zone is UTC."""
    if is_missing(value):
        return None
    time = pd.Timestamp(value)
    return time.tz_localize("UTC") if time.tzinfo is None else time.tz_convert("UTC")


def is_day(value: Any) -> bool:  # noqa: ANN401 - a cell of a table
    """Tell whether a time is the text of a day alone."""
    return isinstance(value, str) and len(value) == len("2025-01-10")


def format_time(value: Any, messages: Messages) -> str:  # noqa: ANN401 - a cell of a table
    """Write a time in UTC; the text of a day alone stays one.

    Examples
    --------
    >>> from colibri_geo.language import ENGLISH
    >>> format_time("2025-01-10T15:20:00Z", ENGLISH), format_time("2025-01-10", ENGLISH)
    ('2025-01-10 15:20:00Z', '2025-01-10')
    """
    if is_day(value):
        return str(value)
    time = read_time(value)
    return messages.say("value.unknown") if time is None else time.strftime("%Y-%m-%d %H:%M:%SZ")
