"""The form of feedback says how it is to be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from colibri_geo.exporting.forms import FEEDBACK, write_feedback
from colibri_geo.language import LANGUAGES, load_messages
from tests.support.example_run import example_record

COPY = {"en": "a copy", "es": "una copia", "pt": "uma cópia", "fr": "une copie"}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_form_says_first_that_a_copy_is_filled_in(tmp_path: Path, lang: str) -> None:
    """The form is sealed with its folder, and says so before it asks for anything."""
    write_feedback(["1 S001"], example_record(), tmp_path / FEEDBACK, messages=load_messages(lang))
    text = (tmp_path / FEEDBACK).read_text(encoding="utf-8")
    assert COPY[lang] in text.split("\n\n")[1].partition(":")[0]
