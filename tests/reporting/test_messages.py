"""The catalogue of texts."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.exporting.wording import CAUTION
from colibri_geo.reporting.messages import CONFUSERS, ENGLISH, UNSEEN_REASONS, Messages
from colibri_geo.scenes.masks import Unseen


def test_every_text_is_used(project: Path) -> None:
    """Each key of the catalogue is asked for somewhere, in whole or by its family."""
    folder = project / "src" / "colibri_geo" / "reporting"
    files = [*folder.glob("*.py"), *folder.glob("templates/*.j2")]
    source = "\n".join(path.read_text(encoding="utf-8") for path in files if path.name != "messages.py")
    quoted = set(re.findall(r"""["']([a-z_0-9]+(?:\.[a-z_0-9]+)*)["']""", source))
    families = set(re.findall(r'"([a-z_0-9.]+\.)\{', source))
    unused = {
        key
        for key in ENGLISH.texts
        if key not in quoted
        and key.removesuffix(".one").removesuffix(".many") not in quoted
        and not any(key.startswith(family) for family in families)
    }
    columns = {key for key in unused if key.startswith("column.") and key.removeprefix("column.") in quoted}
    assert unused - columns == set()


@pytest.mark.parametrize(
    ("families", "codes"),
    [
        (("verdict", "meaning"), VERDICTS),
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


def test_caution_is_the_one_of_every_output() -> None:
    """The caution of the report begins with the words that the other outputs carry."""
    assert ENGLISH.say("cover.caution").startswith(CAUTION)


def test_texts_hold_no_judgement() -> None:
    """No text says of a strip what an image cannot know."""
    words = re.findall(r"[a-z]+", " ".join(ENGLISH.texts.values()).lower())
    assert not {"illicit", "illegal", "clandestine", "narco"} & set(words)


def test_placeholders_are_named() -> None:
    """A translator can move every value within its sentence."""
    names = [name for text in ENGLISH.texts.values() for _, name, _, _ in string.Formatter().parse(text)]
    assert all(name is None or name.isidentifier() for name in names)


def test_numbers_take_the_signs_of_the_language() -> None:
    """Another language swaps decimal and thousands signs without touching each other."""
    spanish = Messages("es", {}, decimal=",", thousands=".")
    assert spanish.number(33268.25, digits=2) == "33.268,25"
