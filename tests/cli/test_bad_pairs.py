"""The damaged, hostile and merely awkward pairs of the shared set of bad inputs, through the command line."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import colibri_geo
from colibri_geo import errors
from colibri_geo.cli.hardening import SETTINGS, SILENCE, THREADS
from colibri_geo.cli.main import main
from colibri_geo.pipeline import Run, read_run

pytestmark = pytest.mark.slow

ENVIRONMENT = dict.fromkeys([*SETTINGS, *SILENCE, *THREADS])


@dataclass(frozen=True)
class Finds:
    """What a run of a row has to give."""

    new: tuple[int, ...] = (1,)
    """Allowed counts of strips called new."""
    placed: bool = True
    """Whether the strip lies where the truth says."""
    said: tuple[str, ...] = ()
    """Words in the report."""


OK = {
    "P000": Finds(),
    "P004": Finds(),
    "P006": Finds(),
    "P010": Finds(said=("81.2\u00a0%",)),
    "P014": Finds(),
    "P016": Finds(),
    "P022": Finds(),
    "P024": Finds(),
    "P026": Finds(),
    "P030": Finds(said=("2024-01-01",)),
    "P032": Finds(new=(0, 1), placed=False, said=("clouds were recognised",)),
    "P034": Finds(new=(0, 1), placed=False),
    "P036": Finds(new=(0,), placed=False),
    "P038": Finds(placed=False, said=("cut by the edge",)),
    "P040": Finds(new=(0,), placed=False),
    "P042": Finds(placed=False),
}
WAITS = frozenset({"P030", "P032", "P038"})
"""Rows whose report does not say yet what it should, and that wait for issue 4: a date in the file's name that speaks
against its tag (P030), cloud of which no mask tells (P032), a strip cut by the edge of the image (P038). Their findings
are held to the manifest already."""
REFUSED = {
    "P002": "SameScene",
    "P008": "NoOverlap",
    "P018": "BandMismatch",
    "P020": "BandsUnknown",
    "P028": "DateOrder",
    "P044": "NoValidData",
}
SHIFT_PX = {"P014": 1.0, "P016": 2.0}


def pair_files(bad_inputs: Path, number: str) -> list[Path]:
    """Return the two files of a row."""
    with (bad_inputs / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["id"] == number)
    return [bad_inputs / name.strip() for name in row["files"].split("|")]


def run_cli(files: list[Path], out: Path, *options: str) -> Result:
    """Compare two files on the command line."""
    arguments = ["compare", *map(str, files), "--out", str(out), "--json", *options]
    return CliRunner(env=ENVIRONMENT).invoke(main, arguments)


def test_every_row_of_pairs_is_tested(bad_inputs: Path) -> None:
    """Each row of the manifest that asks for `compare` on a pair has a test below."""
    with (bad_inputs / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["op"] == "pair" and row["id"].startswith("P")]
    assert {row["id"] for row in rows} == OK.keys() | REFUSED.keys()
    assert {row["id"] for row in rows if row["expect"] == "error"} == REFUSED.keys()


@pytest.mark.parametrize("number", sorted(REFUSED))
def test_pair_is_refused(bad_inputs: Path, tmp_path: Path, number: str) -> None:
    """The pair is refused in one line that names a file, with the error of the manifest; nothing is written."""
    files = pair_files(bad_inputs, number)
    result = run_cli(files, tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert any(file.name in result.stderr for file in files)
    assert not list(tmp_path.iterdir())
    with pytest.raises(getattr(errors, REFUSED[number])):
        colibri_geo.compare(*files)


@pytest.mark.parametrize("number", sorted(OK))
def test_pair_gives_what_the_manifest_says(bad_inputs: Path, tmp_path: Path, number: str) -> None:
    """The pair is compared, the strip found where it is, and nothing else called new."""
    expected, out = OK[number], tmp_path / "out"
    result = run_cli(pair_files(bad_inputs, number), out)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["verdicts"]["new"] in expected.new
    run = read_run(out)
    if expected.placed:
        assert_strip_is_the_planted_one(run, bad_inputs)
    report = (out / "report.html").read_text(encoding="utf-8")
    for words in expected.said:
        assert (words in report) == (number not in WAITS)
    if number in SHIFT_PX:
        assert_shift_is_stated(run, SHIFT_PX[number])


def assert_strip_is_the_planted_one(run: Run, bad_inputs: Path) -> None:
    """Check length and centre of the one new strip against the truth of the set."""
    truth = json.loads((bad_inputs / "truth.json").read_text(encoding="utf-8"))["strip"]
    new = run.strips[run.strips["verdict"] == "new"]
    assert new["length_m"].item() == pytest.approx(truth["length_m"], abs=60)
    centre = new.geometry.to_crs("EPSG:32618").item().centroid
    assert centre.x == pytest.approx(truth["centre"][0], abs=20)
    assert centre.y == pytest.approx(truth["centre"][1], abs=20)


def assert_shift_is_stated(run: Run, size_px: float) -> None:
    """Check the measured shift, and that a large one is noted as a flag of quality."""
    pair = run.pair
    largest = max(abs(pair.shift_east_m), abs(pair.shift_north_m)) / pair.pixel_m
    assert largest == pytest.approx(size_px, abs=0.25)
    flagged = any("more than" in note for note in pair.notes)
    assert flagged == (size_px > 1.5)


@pytest.mark.parametrize("cell_px", [128, 256])
def test_strip_on_a_cell_border_is_found_once(bad_inputs: Path, tmp_path: Path, cell_px: int) -> None:
    """A strip along the border of two cells is one strip, for cells of any size."""
    settings = tmp_path / "cells.toml"
    settings.write_text(f"[trace]\ncell_px = {cell_px}\n")
    result = run_cli(pair_files(bad_inputs, "P042"), tmp_path / "out", "--settings", str(settings), "--no-report")
    assert json.loads(result.stdout)["verdicts"]["new"] == 1
