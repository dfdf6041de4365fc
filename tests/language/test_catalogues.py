"""The catalogues of translations: complete, in step with English, and with the signs and rules of their language."""

from __future__ import annotations

import datetime as dt
import io
import re
import runpy
import string
from pathlib import Path

import pytest

from colibri_geo.errors import ConfigError
from colibri_geo.language import ENGLISH, LANGUAGES, load_messages
from colibri_geo.language.catalogues import read_catalogue

TRANSLATED = tuple(language for language in LANGUAGES if language != "en")
ALIKE = {"position.decimal"}
"""Texts of more than twelve letters, without their values, that may be the same as in English."""


@pytest.fixture(params=TRANSLATED)
def language(request: pytest.FixtureRequest) -> str:
    """Each language but English."""
    return str(request.param)


@pytest.fixture
def catalogue(language: str, project: Path) -> str:
    """The catalogue of a language, as it is edited."""
    place = project / "src" / "colibri_geo" / "language" / "locale" / language / "LC_MESSAGES" / "colibri_geo.po"
    return place.read_text(encoding="utf-8")


def _names(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def test_every_text_is_translated(language: str, catalogue: str, project: Path) -> None:
    """A catalogue has an entry for each English text as it stands now, in its order, and none for another."""
    script = runpy.run_path(str(project / ".ci" / "catalogues.py"))
    assert script["write_catalogue"](language, script["keep_translations"](catalogue)) == catalogue
    assert [key for key, text in load_messages(language).texts.items() if not text.strip()] == []


def test_values_are_the_same(language: str) -> None:
    """Each translation holds the values of the English text, each once."""
    texts = load_messages(language).texts
    assert {key: _names(text) for key, text in texts.items()} == {k: _names(text) for k, text in ENGLISH.texts.items()}


def test_no_english_is_left(language: str) -> None:
    """No text of more than twelve letters is the same as in English."""
    texts = load_messages(language).texts
    same = {key for key, text in ENGLISH.texts.items() if texts[key] == text}
    letters = {key: re.sub(r"\{\w+\}|[^a-z]", "", ENGLISH.texts[key].lower()) for key in same}
    assert {key for key, text in letters.items() if len(text) > 12} - ALIKE == set()


def test_spaces_before_units_do_not_break(language: str) -> None:
    """No line breaks between a number and its unit, nor before the signs that French sets apart."""
    texts = "\n".join(load_messages(language).texts.values())
    assert re.findall(r"[}\d] (?:m|km|km²|dB|px|%)(?!\w)", texts) == []
    assert language != "fr" or re.findall(r"« | [:;?!»]|[^\s][;?!»]|'", texts) == []


def test_other_readers_agree(language: str, catalogue: str) -> None:
    """Babel reads the same texts from the catalogue, and takes none as doubtful."""
    pofile = pytest.importorskip("babel.messages.pofile", reason="babel is not installed")
    read = pofile.read_po(io.BytesIO(catalogue.encode("utf-8")), locale=language)
    assert {entry.context: entry.string for entry in read if entry.id} == dict(load_messages(language).texts)
    assert not any(entry.fuzzy for entry in read if entry.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_signs_and_rules_are_those_of_the_language(language: str) -> None:
    """Numbers, plurals and dates are written as the Unicode Common Locale Data Repository has them."""
    babel = pytest.importorskip("babel", reason="babel is not installed")
    from babel.dates import format_date
    from babel.numbers import format_decimal

    messages = load_messages(language)
    for value in (0, 7, 1234.5, 1_234_567.5):
        assert messages.number(value, digits=1) == format_decimal(value, format="#,##0.0", locale=language)
    one = [messages.count("counted.not_observed", n) == f"{messages.number(n)} {_singular(language)}" for n in range(4)]
    rule = babel.Locale.parse(language).plural_form
    assert [rule(number) == "one" for number in range(4)] == one or language == "en"
    for month in range(1, 13):
        day = dt.date(2025, month, 21)
        assert messages.date(day) == format_date(day, format="long", locale="en_GB" if language == "en" else language)


def _singular(language: str) -> str:
    return load_messages(language).texts["counted.not_observed.one"].removeprefix("{count} ")


def test_unknown_language_is_refused() -> None:
    """A language without a catalogue is refused with what there is."""
    with pytest.raises(ConfigError, match="'de': not known, expected one of en, es, pt, fr"):
        load_messages("de")


def test_catalogues_break_lines_between_words() -> None:
    """A long text comes back whole from the lines that it was broken into."""
    entry = 'msgctxt "a"\nmsgid "A \\"b\\"\\n"\nmsgstr ""\n"uno "\n"dos"\n\n#, fuzzy\n'
    entry += 'msgctxt "b"\nmsgid "B"\nmsgstr "tres"\n'
    assert read_catalogue(entry) == {"a": "uno dos", "b": "tres"}
    assert read_catalogue(entry, part="msgid") == {"a": 'A "b"\n', "b": "B"}
