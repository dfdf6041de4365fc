"""Sentences that a run recorded, said in the reader's language."""

from __future__ import annotations

import ast
import itertools
import re
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.language import CONFUSERS, ENGLISH, UNSEEN_REASONS, Untranslated, load_messages, translate
from colibri_geo.language.formats import format_recorded
from colibri_geo.language.recorded import _form_of
from colibri_geo.scenes import opening, scaling
from colibri_geo.settings import ScoreSettings
from colibri_geo.tracing.scoring import _give_reasons, describe_basis

SPANISH, FRENCH = load_messages("es"), load_messages("fr")
NOTES = [key for key in ENGLISH.texts if key.startswith("recorded.note.")]
JOINED = {
    *(f"recorded.note.screened{part}" for part in ("", ".little", ".none")),
    *(f"recorded.note.offset_{part}" for part in ("gone", "doubt", "untold")),
}
"""Notes that the modules put together from parts."""


def _row(verdict: str, confuser: str, hidden: str, value: float) -> SimpleNamespace:
    shares = ("flank_ratio", "beyond_end1", "beyond_end2", "resumes", "joined", "lobe", "grain", "observed_share")
    measures = dict.fromkeys(shares, value) | {"snr": 14.2, "straightness_m": 1.8, "length_m": 1060.0, "width_m": 24.0}
    return SimpleNamespace(
        **measures,
        verdict=verdict,
        confuser=confuser,
        hidden_end1=hidden,
        hidden_end2=hidden,
        contrast_before=3.0,
        contrast_after=12.0,
    )


def test_every_reason_is_said() -> None:
    """Whatever a strip is flagged for, and whatever would make it false, is said in the reader's language."""
    cases = itertools.product(VERDICTS, CONFUSERS, ("", *UNSEEN_REASONS), (0.0, 0.7))
    clauses = {clause for case in cases for clause in _give_reasons(_row(*case)).split("; ")}
    assert len(clauses) > 30
    assert [clause for clause in clauses if isinstance(translate(clause, SPANISH), Untranslated)] == []
    assert [clause for clause in clauses if translate(clause, SPANISH) == clause] == []


def test_values_are_those_recorded_with_the_signs_of_the_language() -> None:
    """Numbers come over to the digit; names and times as they are."""
    told = translate("its pieces stray 1,234.5 m from a straight axis (root mean square)", SPANISH)
    assert "1.234,5" in told
    note = "a.b,c.tif: its coordinate reference system was given, EPSG:32618: the file names none that is known"
    assert translate(note, FRENCH).startswith("a.b,c.tif\N{NO-BREAK SPACE}: son système")
    assert "EPSG:32618" in translate(note, FRENCH)


def test_basis_of_the_probability_is_said() -> None:
    """What the probabilities rest on has a known form."""
    told = translate(describe_basis(ScoreSettings()), FRENCH)
    assert not isinstance(told, Untranslated)
    assert "paires simulées" in told


@pytest.mark.parametrize(
    "text", [opening._NO_MASK, scaling.RELATIVE_COST, scaling.NO_INFRARED_COST, "none", "relative"]
)
def test_common_notes_are_said(text: str) -> None:
    """Notes that most reports hold are known by their form."""
    assert not isinstance(translate(text, SPANISH), Untranslated)


def test_notes_have_the_form_that_the_modules_write(project: Path) -> None:
    """Each note of the catalogue stands in a module, word by word."""
    written = set()
    for path in (project / "src" / "colibri_geo").rglob("*.py"):
        if path.parent.name in {"scenes", "pairs", "layers", "pipeline"}:
            written |= {_text_of(node) for node in ast.walk(ast.parse(path.read_bytes()))}
    forms = {key: re.sub(r"\{\w+\}", "{}", ENGLISH.texts[key]) for key in NOTES}
    assert {key for key, form in forms.items() if form not in written} == JOINED


def _text_of(node: ast.AST) -> str:
    """Return a text with braces for its values; empty for what is no text."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def test_notes_put_together_from_parts_are_said() -> None:
    """What holds of a scene of a mosaic, and what is said of one scene beside another, is said whole."""
    seen = "a.tif was 0.1 brighter than b.tif in every band, with the same contrast"
    for text in (
        f"{seen}: its values still held the Sentinel-2 offset, and 0.1 was taken off it",
        f"{seen}: the Sentinel-2 offset of b.tif had been taken off twice, and 0.1 was added to it again",
        f"each of the 3 scenes: {opening._NO_MASK}",
        f"T18NTF.SAFE: {opening._NO_MASK}",
    ):
        assert not isinstance(translate(text, SPANISH), Untranslated)
        assert translate(text, ENGLISH) == text


def test_one_form_a_sentence() -> None:
    """No recorded sentence, filled with numbers, has the form of another."""
    for key, text in ENGLISH.texts.items():
        if key.startswith("recorded.") and not text.startswith("{"):
            filled = re.sub(r"\{\w+\}", "1", text)
            matching = [
                other
                for other, form in ENGLISH.texts.items()
                if other.startswith("recorded.") and not form.startswith("{") and re.fullmatch(_form_of(form), filled)
            ]
            assert matching == [key]


def test_unknown_sentences_stay_and_say_so() -> None:
    """A sentence without a known form stays in English, and so does one that holds such a sentence."""
    for text in ("a bare line appeared", "would be false if it is a dream", "a.tif: no such note", ""):
        told = translate(text, SPANISH)
        assert told == text
        assert isinstance(told, Untranslated)
        assert told.language == "en"
    assert format_recorded(None, SPANISH) == SPANISH.say("value.unknown")


@pytest.mark.parametrize("text", [": " * 500, "{length} {0} {}" * 60, "2 m by " * 140, "a" * 1_000_000, "1" * 1000])
def test_hostile_text_costs_no_time(text: str) -> None:
    """No text makes the search for its form long or deep, and braces in it are no values."""
    start = time.process_time()
    assert translate(text, SPANISH) == text
    assert time.process_time() - start < 1
