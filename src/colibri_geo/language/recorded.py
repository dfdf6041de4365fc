"""Sentences that a run recorded in English, said again in the reader's language.

Tables and manifest hold reasons, notes and the like as English text, and stay as they are in every language. Files for
readers recognise such a sentence by the form that the English catalogue has of it (keys ``recorded.``), and say it with
the same values; they never compute a value anew, so that no language can say other than what was recorded.
"""

from __future__ import annotations

import re
import string
from functools import lru_cache

from colibri_geo.language.messages import ENGLISH, Messages

FAMILY = "recorded."
SCENES = "recorded.scenes."
"""Keys of the names that several scenes have as one."""
SENTENCES = frozenset({"note", "condition"})
"""Values that are recorded sentences themselves."""
BANDS = "bands"
"""The value that is names of bands."""
LAYOUT = "layout"
"""The value that is a layout, said where its form is known, else as it is: most are names."""
NAMES = frozenset({"name", "other"})
"""Values that are names, which stay as they are but for those of several scenes as one."""
TIMES = frozenset({"start", "stop"})
WORDS = NAMES | {BANDS, LAYOUT, "code"}
"""Values that are text. All but these, times and sentences are numbers."""
_LONGEST = 1000
"""No recorded sentence of a known form is longer; what is, is not matched, so that no text from a file costs time."""
_DEEPEST = 3
"""How many recorded sentences stand in each other: a mosaic's note on a scene, a scene's note, what that is about."""
_NUMBER = r"[+-]?[\d,]*\.?\d+(?:e[+-]\d+)?"
_TIMES = r"\d[\dTZ:., -]{0,200}"
_TEXT = ".{1,400}?"


class Untranslated(str):
    """A text that stays in the language of the record."""

    __slots__ = ()
    language = ENGLISH.language


def translate(text: str, messages: Messages) -> str:
    """Say a recorded sentence in another language.

    Parameters
    ----------
    text : str
        As the run recorded it.
    messages : Messages

    Returns
    -------
    str
        `Untranslated` where the sentence has no known form.

    Examples
    --------
    >>> translate("no cloud mask: clouds and their shadows count as observed ground", ENGLISH)
    'no cloud mask: clouds and their shadows count as observed ground'
    """
    return text if messages.language == ENGLISH.language else _translate(text, messages, depth=_DEEPEST)


def translate_scene(name: str, messages: Messages) -> str:
    """Say the name of a scene in another language, where it is the one of several as one; files keep theirs.

    Examples
    --------
    >>> translate_scene("2 scenes of 2025-01-10", ENGLISH)
    '2 scenes of 2025-01-10'
    """
    return str(_translate(name, messages, depth=1, family=SCENES))


def _translate(text: str, messages: Messages, *, depth: int, family: str = FAMILY) -> str:
    if depth and len(text) <= _LONGEST:
        for form, key in _forms(family):
            found = form.fullmatch(text)
            if found is not None:
                values = {name: _say_value(name, value, messages, depth) for name, value in found.groupdict().items()}
                if not any(isinstance(value, Untranslated) for value in values.values()):
                    return messages.say(key, **values)
    return Untranslated(text)


def _say_value(name: str, value: str, messages: Messages, depth: int) -> str:
    if name == BANDS:
        return ", ".join(messages.texts.get(f"band.{band}", band) for band in value.split(", "))
    if name in SENTENCES:
        return _translate(value, messages, depth=depth - 1)
    if name == LAYOUT:
        return str(_translate(value, messages, depth=depth - 1))
    if name in NAMES:
        return translate_scene(value, messages)
    return value if name in WORDS | TIMES else messages.resign(value)


@lru_cache(maxsize=2)
def _forms(family: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the form of each recorded sentence; those that begin with a value come last, for they match most."""
    keys = sorted((key for key in ENGLISH.texts if key.startswith(family)), key=_begins_with_a_value)
    return tuple((re.compile(_form_of(ENGLISH.texts[key])), key) for key in keys)


def _begins_with_a_value(key: str) -> bool:
    return ENGLISH.texts[key].startswith("{")


def _form_of(text: str) -> str:
    parts = []
    for literal, name, _, _ in string.Formatter().parse(text):
        parts.append(re.escape(literal))
        if name:
            form = _TEXT if name in SENTENCES | WORDS else _TIMES if name in TIMES else _NUMBER
            parts.append(f"(?P<{name}>{form})")
    return "".join(parts)
