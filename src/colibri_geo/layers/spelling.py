"""Names as their people write them: text that was decoded with the wrong table is put right, or refused."""

from __future__ import annotations

import re

from colibri_geo.errors import EncodingError, VectorError

MAX_NAME_CHARS = 200

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def unscramble(text: str) -> str:
    """Undo UTF-8 that was decoded as Windows-1252 or Latin-1; other text comes back as it is.

    Text that makes sense as it stands does not decode as UTF-8, so nothing is changed by chance.

    Examples
    --------
    >>> unscramble("NariÃ±o"), unscramble("NARIÑO"), unscramble("São João")
    ('Nariño', 'NARIÑO', 'São João')
    """
    if text.isascii():
        return text
    try:
        return b"".join(_to_byte(sign) for sign in text).decode("utf-8")
    except UnicodeError:
        return text


def _to_byte(sign: str) -> bytes:
    """Return the byte that Windows-1252 has for a sign, or Latin-1 where the former has none."""
    try:
        return sign.encode("cp1252")
    except UnicodeEncodeError:
        return sign.encode("latin-1")


def clean_name(text: str, *, source: str) -> str:
    """Return a name or code with its outer blanks and control characters gone, and otherwise as it is spelled.

    Raises
    ------
    EncodingError
        Where signs were lost already (U+FFFD).
    """
    if (at := text.find("\ufffd")) >= 0:
        raise EncodingError(
            f"{source}: {text[max(at - 40, 0) : at + 40]!r} lost characters when the file was written, expected names "
            "in UTF-8; export the layer again"
        )
    return _CONTROLS.sub(" ", text).strip()


def cut_name(text: str) -> str:
    """Return a name, of one that is too long the beginning with an ellipsis.

    Examples
    --------
    >>> cut_name("Nariño"), cut_name(200 * "x") == 200 * "x", cut_name(201 * "x") == 199 * "x" + "…"
    ('Nariño', True, True)
    """
    return text if len(text) <= MAX_NAME_CHARS else f"{text[: MAX_NAME_CHARS - 1].rstrip()}…"


def check_length(text: str, *, source: str, kind: str, hint: str) -> None:
    """Refuse a name, or a text of another kind, that is too long to be one.

    Raises
    ------
    VectorError
    """
    if len(text) > MAX_NAME_CHARS:
        raise VectorError(f"{source}: a {kind} of {len(text):,} characters, expected at most {MAX_NAME_CHARS}; {hint}")
