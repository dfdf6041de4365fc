"""`colibri-geo verify`: its exit status and what it says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from colibri_geo.cli.main import main
from colibri_geo.evidence import staged_folder, write_manifest
from colibri_geo.exporting import write_tables
from colibri_geo.hardening import SETTINGS, SILENCE, THREADS
from tests.support.example_run import example_findings, example_record

ENVIRONMENT = dict.fromkeys([*SETTINGS, *SILENCE, *THREADS])
"""What the command line sets in the environment, so that the runner puts it back."""


@pytest.fixture
def run_folder(tmp_path: Path) -> Path:
    """The example run, written."""
    out = tmp_path / "out"
    with staged_folder(out, overwrite=False) as folder:
        write_tables(example_findings(), example_record(), folder)
        write_manifest(folder, example_record())
    return out


def _verify(folder: Path) -> Result:
    return CliRunner(env=ENVIRONMENT).invoke(main, ["verify", str(folder)])


def test_untouched_run_passes(run_folder: Path) -> None:
    """A run as it was written ends with status 0 and says how many files were held to their checksum."""
    result = _verify(run_folder)
    assert result.exit_code == 0
    assert "8 files checked" in result.output


def test_changed_file_is_status_3(run_folder: Path) -> None:
    """A changed byte ends with status 3 and names the file."""
    with (run_folder / "findings.csv").open("ab") as file:
        file.write(b" ")
    result = _verify(run_folder)
    assert result.exit_code == 3
    assert "changed: findings.csv" in result.output


def test_missing_and_added_files_are_status_3(run_folder: Path) -> None:
    """A missing file and an added one end with status 3; each is named."""
    (run_folder / "findings.kml").rename(run_folder / "other.kml")
    result = _verify(run_folder)
    assert result.exit_code == 3
    assert result.output.splitlines()[:2] == ["missing: findings.kml", "unexpected: other.kml"]


@pytest.mark.skipif(os.name != "posix", reason="other systems take no such names")
def test_names_cannot_steer_the_terminal(run_folder: Path) -> None:
    """Signs of control in names of files and of the folder are not printed."""
    folder = run_folder.rename(run_folder.with_name("o\x1bo"))
    assert _verify(folder).output.strip().isprintable()
    (folder / "a\x1b[2J\x07b\nc").touch()
    lines = _verify(folder).output.split("\n")
    assert lines[0] == "unexpected: a [2J b c"
    assert all(line.isprintable() for line in lines)


def test_edited_manifest_is_status_3(run_folder: Path) -> None:
    """An edited manifest ends with status 3 and is named."""
    path = run_folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b"1 strip per", b"2 strip per"))
    result = _verify(run_folder)
    assert result.exit_code == 3
    assert "changed: manifest.json" in result.output


def test_no_run_is_status_2(tmp_path: Path) -> None:
    """A folder that holds no run, or is not there, ends with status 2 and one line."""
    for folder in (tmp_path, tmp_path / "missing"):
        result = _verify(folder)
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
        assert "expected the folder of a run" in result.stderr
    result = _verify(tmp_path / ("x" * 300))
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1)
    assert "NotARun" in result.stderr
    assert "(File name too long); check the path" in result.stderr
