"""Every reader meets some damaged files: the command ``tests/fuzz/fuzz.py`` throws more of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import CorruptInput
from tests.fuzz.formats import FORMATS
from tests.fuzz.fuzzing import Format, Seed, children, judge_message, plant, run_cases
from tests.fuzz.mutating import Mutator, damage_bytes, damage_name, damage_text

CASES = 100
GOOD = b"good"


@pytest.fixture(scope="module")
def _children() -> Iterator[None]:
    with children():
        yield


@pytest.mark.slow
@pytest.mark.usefixtures("_children")
@pytest.mark.parametrize("form", FORMATS, ids=[form.name for form in FORMATS])
def test_damaged_files_end_with_a_result_or_one_line(form: Format, tmp_path: Path) -> None:
    """Nothing comes out of a reader but a result or a line that names the file, soon, and nothing is left behind."""
    ended = dict(run_cases(form, tmp_path / "inputs", range(CASES), seed=0))
    assert {case: outcome.fault for case, outcome in ended.items() if outcome.fault} == {}
    assert {outcome.end for outcome in ended.values()} != {"result"} or form.name == "cpg", "no damage was seen"


def _run(folder: Path, read: object) -> set[str]:
    """Run cases of a format that is read by `read`; tell what was wrong."""

    def make(folder: Path) -> list[Seed]:
        (folder / "a.bin").write_bytes(GOOD)
        return [plant(folder, "a.bin", read)]  # type: ignore[arg-type]

    form = Format("made up", make, lambda content, *_: content + b"!")
    return {outcome.fault for _, outcome in run_cases(form, folder, range(3), seed=0)}


def test_faults_are_seen(tmp_path: Path) -> None:
    """Another exception, a message without the name, a warning and a file left behind are faults, a good end is not."""

    def fail(path: Path, error: Exception) -> None:
        if path.read_bytes() != GOOD:
            raise error

    def leave(path: Path) -> None:
        if path.read_bytes() != GOOD:
            path.with_suffix(f".{len(list(path.parent.iterdir()))}").write_bytes(b"")

    def warn(path: Path) -> None:
        if path.read_bytes() != GOOD:
            np.float64(1e308) * np.float64(10)

    named = CorruptInput("a.bin: damaged, expected better; fetch it again")
    assert _run(tmp_path / "good", lambda path: path.read_bytes()) == {""}
    assert _run(tmp_path / "named", lambda path: fail(path, named)) == {""}
    assert _run(tmp_path / "nameless", lambda path: fail(path, CorruptInput("damaged"))) == {"names no file: damaged"}
    assert all("KeyError" in fault for fault in _run(tmp_path / "key", lambda path: fail(path, KeyError("x"))))
    assert all("overflow" in fault for fault in _run(tmp_path / "warning", warn))
    assert all("left something" in fault for fault in _run(tmp_path / "left", leave))


@pytest.mark.parametrize("text", ["a.tif: \x1b[31m", "a.tif: two\nlines", "a.tif: " + "x" * 400, "damaged"])
def test_messages_are_judged(text: str) -> None:
    """Signs that no one can see, several lines, too many letters and no name are faults."""
    assert judge_message(text, {"a.tif"})
    assert not judge_message("a.tif: damaged", {"a.tif"})


def _damage_often(damage: Mutator, content: bytes, seed: int) -> list[bytes]:
    return [damage(content, content, np.random.default_rng((seed, case))) for case in range(40)]


def test_damage_is_the_same_each_time() -> None:
    """A seed gives the same damage, another seed another."""
    content = b'{"name": [1, 2.5, "NARI\xc3\x91O"], "when": "2025-03-21"}\n' * 20
    for damage in (damage_bytes, damage_text, lambda *given: damage_name("a_b_2025.tif", given[-1]).encode()):
        made = [_damage_often(damage, content, seed) for seed in (0, 0, 1)]
        assert made[0] == made[1]
        assert made[0] != made[2]
        assert len(set(made[0])) > 20
