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
from colibri_geo.language import CONFUSERS, ENGLISH, LANGUAGES, UNSEEN_REASONS, Untranslated, load_messages, translate
from colibri_geo.language.formats import format_recorded
from colibri_geo.language.recorded import _form_of, translate_scene
from colibri_geo.scenes import opening, scaling
from colibri_geo.settings import ScoreSettings
from colibri_geo.tracing.scoring import _give_reasons, describe_basis
from tests.support.recorded_sentences import find_sentences

SPANISH, FRENCH = load_messages("es"), load_messages("fr")
NOTES = [key for key in ENGLISH.texts if key.startswith("recorded.note.")]
PARTS = {
    "brightness{}": (
        "brightness",
        "brightness over about {} % of the measured ground",
        "brightness over less than 1 % of the measured ground",
        "brightness, none in a sample of the measured ground",
    ),
    "the Sentinel-2 offset of {}{},": (
        "the Sentinel-2 offset of {},",
        "the Sentinel-2 offset of {} (baseline {}),",
    ),
    "left in ({})": ("left in (its metadata do not tell)", "left in (its metadata say that there is none)"),
    "named by {}:": ("named by the user:", "named by the band map {}:"),
    "state {} and": ("state processing baseline {} and", "state no processing baseline and"),
    "{}, its processing": ("the item states {} to be added to stored values, its processing",),
    "{}{} without": ("{} without", "{} and {} more without"),
    "no map of {}:": ("no map of layover and shadow of the radar:",),
    "not measured ({})": (
        "not measured ({} tiles show enough common texture)",
        "not measured (the tiles disagree)",
    ),
    "ground by {} at": ("ground by {}% at",),
    "stored x {} {} ({})": ("stored x {} {} ({}_MTL.{})",),
    "each band as in {}": ("each band as in {}_MTL.{}",),
    "as declared {}": ("as declared by the user", "as declared in the file"),
    "(declared {})": ("(declared by the user)", "(declared in the file)"),
}
"""What the modules put into sentences that they record, where it is no value."""
HOLDING = {"{}: {}", "each of the {} scenes: {}", "{}; {}", "{}, {}"}
HOLDING |= {
    f"{{}}: {rest}"
    for rest in (
        "its values still held the Sentinel-2 offset, and 0.1 was taken off it",
        "the Sentinel-2 offset of {} had been taken off twice, and 0.1 was added to it again",
    )
}
"""Sentences that hold others: a test of their own says them."""
NAMES = {"HLS L30", "HLS S30", "Landsat Collection 2 Level 2", "Sentinel-1 RTC", "Sentinel-2 L1C", "Sentinel-2 L2A"}
NAMES |= {"MSK_CLASSI_B00.jp2 (or MSK_CLOUDS_B00.gml)", "SCL (20 or 60 m)"}
"""Texts that stand beside notes and are none: names of layouts, and of files that are missing."""
ON_SCREEN = {
    "no international border of the country layer within {} km of some strips",
    "the country layer holds one country only, so no border is known: its outline may be a coast",
    "no region of the layers given touches the ground of the images: strips and shares have none",
}
"""Notes that the command line alone tells: no record holds them."""
ADDED = {" (the offset {} in its tags is for integers)", ", none of {} of {}"}
"""Ends of sentences that stand in the catalogue with them."""


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
    "text",
    [
        opening._NO_MASK,
        scaling.RELATIVE_COST,
        scaling.NO_INFRARED_COST,
        "none",
        "relative",
        "stored x 0.0001 -0.1 (STAC item)",
    ],
)
def test_common_notes_are_said(text: str) -> None:
    """Notes that most reports hold are known by their form."""
    assert not isinstance(translate(text, SPANISH), Untranslated)


@pytest.fixture(scope="module")
def sentences(project: Path) -> set[str]:
    """Every sentence that a module can record, with braces for its values."""
    found = find_sentences(project / "src" / "colibri_geo", ("scenes", "pairs", "layers", "pipeline"))
    return {whole for sentence in found for whole in _fill_parts(sentence)}


def _fill_parts(sentence: str) -> list[str]:
    for part, wholes in PARTS.items():
        if part in sentence:
            return [sentence.replace(part, whole) for whole in wholes]
    return [sentence]


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_every_sentence_that_a_run_records_is_said(sentences: set[str], language: str) -> None:
    """No note, scaling or mask that a module can record stays in English, but names."""
    messages = load_messages(language)
    whole = {sentence for sentence in sentences if " " in sentence} - HOLDING - NAMES - ON_SCREEN - ADDED
    assert len(whole) > 100
    told = {sentence: translate(sentence.replace("{}", "1"), messages) for sentence in whole}
    assert {sentence for sentence, text in told.items() if isinstance(text, Untranslated)} == set()


def test_what_is_left_out_is_there(sentences: set[str]) -> None:
    """What the test of all sentences passes over is still what modules write."""
    assert sentences >= HOLDING | NAMES | ON_SCREEN | ADDED


def test_notes_have_the_form_that_the_modules_write(sentences: set[str]) -> None:
    """Each note of the catalogue stands in a module, word by word."""
    forms = {key: re.sub(r"\{\w+\}", "{}", ENGLISH.texts[key]) for key in NOTES}
    assert {key for key, form in forms.items() if form not in sentences} == {"recorded.note.brighter"}  # held by others


def test_places_of_sun_and_cloud_are_told_without_words(project: Path) -> None:
    """What a note says of where sun and cloud stand are names of files and keys: words there would stay in English."""
    modules = [ast.parse(path.read_text()) for path in sorted((project / "src/colibri_geo/scenes").glob("*.py"))]
    functions = [node for module in modules for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    readers = [function for function in functions if function.name == "_read_sky"]
    keywords = [node for reader in readers for node in ast.walk(reader) if isinstance(node, ast.keyword)]
    places = [ast.unparse(keyword.value) for keyword in keywords if keyword.arg == "source"]
    assert len(places) > 10
    assert [place for place in places if " " in place.replace(": ", "")] == []


def test_bands_are_named_in_the_language_of_the_reader() -> None:
    """Names of bands in a note are those that the tables of the report have."""
    told = translate("a.tif without nir: it was left out of the mosaic", SPANISH)
    assert "infrarrojo cercano" in told
    assert translate("stored x 2.75e-05 -0.2 (a_MTL.txt)", FRENCH) == "valeur stockée × 2,75e-05 -0,2 (a_MTL.txt)"


def test_names_of_mosaics_are_said_and_those_of_files_stay() -> None:
    """What several scenes are called as one is said, in notes too; a file that is named like a word keeps its name."""
    days = "2 scenes of 2025-01-10", "2 scenes of 2025-01-10 to 2025-01-12"
    assert [translate_scene(name, SPANISH) for name in days] == [
        "2 escenas del 2025-01-10", "2 escenas del 2025-01-10 al 2025-01-12"
    ]  # fmt: skip
    assert [translate_scene(name, SPANISH) for name in ("none", "2 scenes of a ford", days[0] + ".tif")] == [
        "none", "2 scenes of a ford", days[0] + ".tif"
    ]  # fmt: skip
    note = f"{days[0]} was 0.1 brighter than {days[1]} in every band, with the same contrast"
    assert "scenes" not in translate(note, SPANISH)


def test_layouts_of_mosaics_are_said() -> None:
    """What a mosaic is made of is said with it where it has a form, and else keeps its name."""
    layouts = ["mosaic of 2 (GeoTIFF)", "mosaic of 1,200 (array)", "mosaic of 3 (GeoTIFF, Sentinel-2 L2A SAFE)"]
    assert [translate(layout, FRENCH).replace("\N{NARROW NO-BREAK SPACE}", " ") for layout in layouts] == [
        "mosaïque de 2 (GeoTIFF)",
        "mosaïque de 1 200 (tableau)",
        "mosaïque de 3 (GeoTIFF, Sentinel-2 L2A SAFE)",
    ]


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
