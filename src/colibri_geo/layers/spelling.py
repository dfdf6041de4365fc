"""Names as their people write them: text that was decoded with the wrong table is put right, or refused."""

from __future__ import annotations

import unicodedata

from colibri_geo.errors import EncodingError, VectorError

MAX_NAME_CHARS = 200


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


def check_name(text: str, *, source: str, hint: str = "name the right column with FILE:NAME:CODE") -> str:
    """Return a name or code with its outer blanks and control characters gone, and otherwise as it is spelled.

    Raises
    ------
    EncodingError
        Where signs were lost already (U+FFFD).
    VectorError
        Where it is too long to be a name.
    """
    if len(text) > MAX_NAME_CHARS:
        raise VectorError(f"{source}: a name of {len(text):,} characters, expected at most {MAX_NAME_CHARS}; {hint}")
    if "\ufffd" in text:
        raise EncodingError(
            f"{source}: {text!r} lost characters when the file was written, expected names in UTF-8; "
            "export the layer again"
        )
    return "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in text).strip()
