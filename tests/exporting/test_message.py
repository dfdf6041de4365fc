"""The message is plain text in UTF-8 that says so, in the reader's language, and no name in it is more than text."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.exporting.message import write_message
from colibri_geo.exporting.numbering import number_strips
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.layers.findings import Findings
from colibri_geo.settings import ScoreSettings
from colibri_geo.tracing.scoring import describe_basis
from tests.support.example_run import example_findings, example_record

HEAD = ["MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
HEADINGS = re.compile(r"WHAT WAS FOUND|WHAT WAS COMPARED|BY REGION|STRIP \d+|WHAT TO CHECK")


def _read(folder: Path) -> str:
    return (folder / "message.txt").read_bytes().decode("utf-8")


def _write(findings: Findings, folder: Path) -> str:
    write_message(findings, number_strips(findings, example_record()), example_record(), folder / "message.txt")
    return _read(folder)


def _joined(text: str) -> str:
    return " ".join(text.split())


def test_head_is_four_lines(folder: Path) -> None:
    """The first line is the subject, with how many strips are new and the dates; then how to read it; an empty line."""
    assert _read(folder).splitlines()[:6] == [
        "Subject: 2 new candidate cleared strips, 2025-01-10 to 2025-03-21",
        *HEAD,
        "",
        "WHAT WAS FOUND",
    ]


def test_says_what_where_when_and_how_sure(folder: Path) -> None:
    """A strip that is new has its region, place, dates, probability, reasons and what to check; others are counted."""
    text = _joined(_read(folder))
    for part in (
        "Verdict: new, probability 97 %",
        "Region: Colombia / NARIÑO / São João",
        "Centre: MGRS 18NTF4435032250",
        "Last look without it: 2025-01-10T15:20:00Z; first look with it: 2025-03-21T15:20:00Z.",
        "Why: bare line appeared between the dates, 14 times the noise of its surroundings; both flanks differ from it",
        "Check: would be false if it goes on as a road beyond its ends",
        "In the tables too: 1 regrowing, 1 unchanged, 1 not observed.",
        "NARIÑO (52): 1 new, 1 extended, in 24.0 km² observed on both dates (100 % of 24.0 km² asked)",
        "Preliminary analysis, not validated in the field, not a basis for the use of force.",
        "Probabilities: fitted on 40 simulated pairs, for 1 strip per 1,000 km2.",
    ):
        assert part in text
    assert "S003" not in text


def test_nearest_aerodrome_is_named(folder: Path, tmp_path: Path) -> None:
    """Each strip has what the registers given tell of it, as its sheet in the report; without one there is no line."""
    text = _joined(_read(folder))
    nearest = "in none of the registers given; they may be incomplete; nearest: Orito (SKOR), 14.2 km."
    assert f"Aerodrome: {nearest}" in text
    findings = example_findings()
    known = findings.strips.assign(aerodrome="registered", aerodrome_name="São João", aerodrome_code="")
    told = _joined(_write(dataclasses.replace(findings, strips=known), tmp_path))
    assert told.count("Aerodrome: lies on a registered aerodrome: São João.") == 2
    bare = findings.strips.assign(aerodrome="", aerodrome_name="", aerodrome_code="", aerodrome_km=np.nan)
    assert "erodrome" not in _write(dataclasses.replace(findings, strips=bare), tmp_path)
    far = bare.assign(aerodrome="unknown")
    told = "they may be incomplete; none of the registers given has an aerodrome within 400 km."
    assert told in _joined(_write(dataclasses.replace(findings, strips=far), tmp_path))


def test_what_protects_people_comes_first(folder: Path, tmp_path: Path) -> None:
    """A strip near people says so right after its verdict, and each has what lies around it; else there is no line."""
    strips = re.split(r"STRIP \d+", _joined(_read(folder)))
    note = "May serve a community or health access: check before anything else. Near it: settlements."
    assert f"probability 97 % {note} Region: " in strips[1]
    assert "Around it: rivers: Río Guamués, 0.4 km Around it: settlements: 3.1 km Length" in strips[1]
    assert not any(told in strips[2] for told in ("May serve", "Around it"))
    bare = _write(dataclasses.replace(example_findings(), strip_context=None), tmp_path)
    assert not any(told in bare for told in ("May serve", "Around it"))


@pytest.mark.parametrize("strips", [True, False])
def test_says_what_was_looked_for(strips: bool, tmp_path: Path) -> None:
    """Whether or not something was found, it says how long a strip had to be, and how much of it observed."""
    example, findings = example_record(), example_findings(strips=strips)
    record = dataclasses.replace(example, settings=example.settings.replace(min_length_m=2000, min_observed_share=0.75))
    write_message(findings, number_strips(findings, record), record, tmp_path / "message.txt")
    text = _joined(_read(tmp_path))
    found = (
        "Candidate cleared strips, 2,000 m or longer: " if strips else "Nothing new found, 2,000 m or longer, in 51.2"
    )
    assert found in text
    assert "A strip of which less than 75.0 % was observed on either date counts as not observed." in text
    assert ("Subject: Nothing new found, 2,000 m or longer, 80.0 % observed, " in text) is not strips


def test_nothing_new_is_never_said_without_the_share(empty_folder: Path) -> None:
    """Subject and text of a run without a new strip say how much was observed."""
    text = _read(empty_folder)
    assert _joined(text).startswith(
        "Subject: Nothing new found, 350 m or longer, 80.0 % observed, 2025-01-10 to 2025-03-21 MIME"
    )
    assert (
        "Nothing new found, 350 m or longer, in 51.2 km² observed on both dates (80.0 % of 64.0 km² asked)."
        in _joined(text)
    )
    assert "WHAT TO CHECK" not in text


def test_nothing_observed_says_nothing_of_the_ground(tmp_path: Path) -> None:
    """Where no ground was seen on both dates, the message does not say that nothing was found."""
    example = example_findings(strips=False)
    unseen = example.observed.assign(observed_km2=0.0, observed_share=0.0)
    text = _write(dataclasses.replace(example, observed=unseen), tmp_path)
    assert text.startswith("Subject: Not observed, ")
    assert "Not observed: nothing can be said of the 64.0 km² asked." in _joined(text)
    assert "Nothing new" not in text


def test_no_ground_asked_is_no_share(tmp_path: Path) -> None:
    """Where images and area of interest share no ground, there is no share to tell."""
    example = example_findings(strips=False)
    none = example.observed.assign(asked_km2=0.0, observed_km2=0.0, observed_share=np.nan)
    text = _write(dataclasses.replace(example, observed=none), tmp_path)
    assert text.startswith("Subject: Not observed, ")
    assert "nan" not in text.lower()


def test_regions_without_name_or_code_are_told(tmp_path: Path) -> None:
    """A region goes by what is known of it."""
    example = example_findings()
    observed = example.observed.assign(name=["all", None, "PUTUMAYO"], code=["", "52", None])
    text = _write(dataclasses.replace(example, observed=observed), tmp_path)
    assert "- 52: 1 new" in text
    assert "- PUTUMAYO: 0 new" in text


def test_lines_are_text_and_short(folder: Path, hostile_folder: Path) -> None:
    """No line is longer than 75 characters, and none holds a control sign or one that turns the direction of text."""
    for place in (folder, hostile_folder):
        lines = (place / "message.txt").read_bytes().split(b"\n")
        assert all(len(line.decode("utf-8")) <= 75 for line in lines)
        assert UNSEEN.search(_read(place)) is None


def test_names_make_no_headers_and_no_links(hostile_folder: Path) -> None:
    """A mail made of the message has its head and no other header; no line begins with a name; nothing is a link."""
    text = _read(hostile_folder)
    mail = email.message_from_bytes((hostile_folder / "message.txt").read_bytes(), policy=email.policy.default)
    assert mail.keys() == ["Subject", *(line.partition(":")[0] for line in HEAD)]
    assert mail.get_content() == text.partition("\n\n")[2]
    lines = text.split("\n")[4:]
    assert all(not line or line.startswith("  ") or HEADINGS.fullmatch(line) for line in lines)
    assert "NARIÑO Bcc: all @example.org From x" in _joined(text)
    assert not any(lure in text for lure in ("://", "www.", "mailto:", "all@"))


def test_no_person_is_asked_for(folder: Path) -> None:
    """The message has no sender, no recipient and no name of a person to fill in."""
    assert re.search(r"^\s*(From|To|Cc|Name of|Contact|Officer|Reported by)\b.*:", _read(folder), re.MULTILINE) is None


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_speaks_the_language(language: str, tmp_path: Path) -> None:
    """In another language headings, sentences and reasons are its own; names, places and times stay as they are."""
    findings, messages = example_findings(), load_messages(language)
    reasons = "contrast 14 times the scatter of parallel lines nearby; "
    reasons += "would be false if it is a river bar: look for water beside it"
    findings = dataclasses.replace(findings, strips=findings.strips.assign(reasons=reasons))
    record = dataclasses.replace(example_record(), probability_basis=describe_basis(ScoreSettings()))
    write_message(findings, number_strips(findings, record), record, tmp_path / "message.txt", messages=messages)
    text = _read(tmp_path)
    assert text.splitlines()[0].removeprefix("Subject: ") == messages.count(
        "message.subject.found", 2, dates=messages.say("message.dates", before="2025-01-10", after="2025-03-21")
    )
    for part in (
        messages.say("caution"),
        messages.say("field.least", least=messages.number(60, digits=1) + "\N{NO-BREAK SPACE}%"),
        messages.say("sheet.care.near", layers="settlements"),
        messages.say(
            "field.around", feature=messages.say("fact.around.near_unnamed", layer="settlements", distance="")
        ),
        messages.say("recorded.why.contrast", times="14"),
        messages.say("recorded.doubt", condition=messages.say("recorded.doubt.river")),
        messages.say("message.centre.mgrs", mgrs="18NTF4435032250"),
        "NARIÑO",
        "2025-03-21T15:20:00Z",
    ):
        assert _joined(part) in _joined(text)
    assert not re.search(r"\b(strip|observed|the|would)\b", text)
