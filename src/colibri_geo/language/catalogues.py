"""Catalogues of translations: gettext's ``.po``, read as they are edited."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType

from colibri_geo.errors import ConfigError
from colibri_geo.language.messages import ENGLISH, LANGUAGES, Messages

_FOLDER = Path(__file__).with_name("locale")
_SIGNS = {
    "es": (",", ".", False),
    "pt": (",", ".", True),
    "fr": (",", "\N{NARROW NO-BREAK SPACE}", True),
}
"""Decimal and thousands signs, and whether zero is counted as one is; see `Messages`."""


@lru_cache(maxsize=len(LANGUAGES))
def load_messages(language: str) -> Messages:
    r"""Load the texts of a language.

    Parameters
    ----------
    language : str
        ``en``, ``es``, ``pt`` or ``fr``.

    Returns
    -------
    Messages

    Raises
    ------
    ConfigError
        There is no such language.

    Examples
    --------
    >>> load_messages("fr").number(33268.5, digits=1)
    '33\u202f268,5'
    """
    if language not in LANGUAGES:
        raise ConfigError(f"language {language!r}: not known, expected one of {', '.join(LANGUAGES)}")
    if language == ENGLISH.language:
        return ENGLISH
    decimal, thousands, zero_is_one = _SIGNS[language]
    place = _FOLDER / language / "LC_MESSAGES" / "colibri_geo.po"
    texts = read_catalogue(place.read_text(encoding="utf-8"))
    return Messages(language, MappingProxyType(texts), decimal, thousands, zero_is_one)


def read_catalogue(catalogue: str, *, part: str = "msgstr") -> dict[str, str]:
    r"""Read the translations of a catalogue, by the key in their ``msgctxt``.

    Parameters
    ----------
    catalogue : str
        A ``.po`` file whose entries have a context; its head, which has none, is passed over.
    part : str
        ``msgid`` for the English texts that were translated.

    Returns
    -------
    dict of str to str

    Notes
    -----
    Read as they are edited, catalogues cannot fall behind a compiled form. All texts of a language take 4 ms; Babel,
    which the tests hold this against, takes over 100 ms to be imported and to read them.

    References
    ----------
    The format of PO files, https://www.gnu.org/software/gettext/manual/html_node/PO-Files.html

    Examples
    --------
    >>> read_catalogue('msgctxt "nav.skip"\nmsgid "Skip"\nmsgstr ""\n"Ir al "\n"informe"\n')
    {'nav.skip': 'Ir al informe'}
    """
    texts: dict[str, str] = {}
    key, wanted = "", False
    for line in catalogue.splitlines():
        name, _, quoted = line.partition(" ")
        if name == "msgctxt":
            key = json.loads(quoted)
        elif name.startswith("msg"):
            wanted = name == part and key != ""
            if wanted:
                texts[key] = json.loads(quoted)
        elif line.startswith('"') and wanted:
            texts[key] += json.loads(line)
    return texts
