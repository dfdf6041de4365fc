"""The catalogue of texts."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.wording import CAUTION
from colibri_geo.language import CONFUSERS, ENGLISH, LANGUAGES, UNSEEN_REASONS, Messages, load_messages
from colibri_geo.scenes.masks import Unseen


@pytest.fixture(scope="module")
def source() -> str:
    """All modules and templates that say something, but the catalogues themselves."""
    folder = Path(__file__).resolve().parents[2] / "src" / "colibri_geo"
    files = [path for path in folder.rglob("*") if path.suffix in {".py", ".j2"} and path.parent.name != "language"]
    return "\n".join(path.read_text(encoding="utf-8") for path in (*files, folder / "language" / "formats.py"))


def test_every_text_is_used(source: str) -> None:
    """Each key of the catalogue is asked for somewhere, in whole or by its family."""
    quoted = set(re.findall(r"""["']([a-z_0-9]+(?:\.[a-z_0-9]+)*)["']""", source))
    families = set(re.findall(r'["\']([a-z_0-9.]+\.)\{', source))
    unused = {  # but for what is recognised, and for dates: other tests hold these
        key
        for key in ENGLISH.texts
        if not key.startswith(("recorded.", "month."))
        and key != "date"
        and key not in quoted
        and key.removesuffix(".one").removesuffix(".many") not in quoted
        and not any(key.startswith(family) for family in families)
    }
    columns = {key for key in unused if key.startswith("column.") and key.removeprefix("column.") in quoted}
    assert unused - columns == set()


def test_every_text_that_is_asked_for_is_there(source: str) -> None:
    """No key that a module or a template names is missing; counted texts have both forms."""
    said = set(re.findall(r"""\bsay\(\s*["']([a-z_0-9]+(?:\.[a-z_0-9]+)+)["']""", source))
    counted = set(re.findall(r"""\.count\(\s*["']([a-z_0-9]+(?:\.[a-z_0-9]+)+)["']""", source))
    assert len(said) > 100
    assert said <= ENGLISH.texts.keys()
    assert {f"{key}.{form}" for key in counted for form in ("one", "many")} <= ENGLISH.texts.keys()


@pytest.mark.parametrize(
    ("families", "codes"),
    [
        (("verdict", "verdicts", "meaning", "colour"), VERDICTS),
        (("rival", "settle"), CONFUSERS),
        (("reason",), UNSEEN_REASONS),
    ],
)
def test_every_code_has_its_words(families: tuple[str, ...], codes: tuple[str, ...]) -> None:
    """Each code that tables hold has a text."""
    missing = [f"{family}.{code}" for family in families for code in codes if f"{family}.{code}" not in ENGLISH.texts]
    assert missing == []


def test_reasons_are_those_of_the_masks() -> None:
    """Every reason for not seeing ground has its own sign."""
    assert set(UNSEEN_REASONS) == {reason.reason for reason in Unseen} - {"observed"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_caution_is_the_one_of_every_output(language: str) -> None:
    """The caution of the report begins with the words that the other outputs carry."""
    messages = load_messages(language)
    assert messages.say("cover.caution").startswith(messages.say("caution"))
    assert ENGLISH.say("caution") == CAUTION


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_hold_no_judgement(language: str) -> None:
    """No text says of a strip what an image cannot know."""
    texts = " ".join(load_messages(language).texts.values()).lower()
    assert re.findall("illicit|il[ií]cit|illegal|ill[ée]gal|ilegal|clandestin|narco", texts) == []


def test_placeholders_are_named() -> None:
    """A translator can move every value within its sentence."""
    names = [name for text in ENGLISH.texts.values() for _, name, _, _ in string.Formatter().parse(text)]
    assert all(name is None or name.isidentifier() for name in names)


def test_numbers_take_the_signs_of_the_language() -> None:
    """Another language swaps decimal and thousands signs without touching each other."""
    spanish = Messages("es", {}, decimal=",", thousands=".")
    assert spanish.number(33268.25, digits=2) == "33.268,25"
