"""Verification: every difference is found and named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import colibri_geo
from colibri_geo.errors import NotARun
from colibri_geo.evidence import Verification, verify


def _link(link: Path, target: Path) -> None:
    try:
        link.symlink_to(target)
    except OSError as error:
        pytest.skip(f"no links on this system: {error}")


def test_untouched_run_is_ok(run_folder: Path) -> None:
    """A run as it was written has no difference, and the public name is the same function."""
    assert verify(run_folder) == Verification((), (), (), checked=3)
    assert colibri_geo.verify(str(run_folder)).ok


def test_each_difference_is_named(run_folder: Path) -> None:
    """A file that was edited, removed or added is named in its own list."""
    (run_folder / "findings.csv").write_bytes(b"strip_ie\n")
    (run_folder / "rasters" / "change.tif").unlink()
    (run_folder / "rasters" / "new.tif").write_bytes(b"")
    (run_folder / "notes").mkdir()
    assert verify(run_folder) == Verification(
        missing=("rasters/change.tif",), changed=("findings.csv",), unexpected=("notes/", "rasters/new.tif"), checked=2
    )


def test_log_is_outside_of_the_proof(run_folder: Path) -> None:
    """Another or no log changes nothing."""
    (run_folder / "run.log").write_bytes(b"other\n")
    assert verify(run_folder).ok
    (run_folder / "run.log").unlink()
    assert verify(run_folder).ok


@pytest.mark.parametrize("edit", ["value", "space", "entry", "digest"])
def test_edited_manifest_is_found(run_folder: Path, edit: str) -> None:
    """Any edit of the manifest shows: a value, a blank, a file struck out, the digest."""
    path = run_folder / "manifest.json"
    raw = path.read_bytes()
    content = json.loads(raw)
    if edit == "entry":
        content["files"] = content["files"][1:]
        (run_folder / "findings.csv").unlink()
    if edit == "digest":
        content["digest"] = "0" * 64
    edited = json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
    path.write_bytes({"value": raw.replace(b'"rows": 800', b'"rows": 801'), "space": raw + b" "}.get(edit, edited))
    assert path.read_bytes() != raw
    assert verify(run_folder).changed == ("manifest.json",)


def test_links_are_named_and_not_followed(run_folder: Path, tmp_path: Path) -> None:
    """A file replaced by a link to its own copy counts as changed; links to folders are not entered."""
    copy = tmp_path / "copy.csv"
    (run_folder / "findings.csv").rename(copy)
    _link(run_folder / "findings.csv", copy)
    _link(run_folder / "outside", tmp_path)
    (run_folder / "run.log").unlink()
    _link(run_folder / "run.log", copy)
    assert verify(run_folder) == Verification((), ("findings.csv",), ("outside", "run.log"), checked=2)


def test_names_outside_of_the_folder_are_not_read(run_folder: Path, tmp_path: Path) -> None:
    """A manifest that names files above the folder finds them missing, whatever lies there."""
    (tmp_path / "secret").write_bytes(b"")
    path = run_folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"findings.csv"', b'"../secret"'))
    found = verify(run_folder)
    assert found.missing == ("../secret",)
    assert found.changed == ("manifest.json",)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
def test_pipes_are_not_opened(run_folder: Path) -> None:
    """A pipe in place of a file is a change, and does not make verification wait."""
    (run_folder / "findings.csv").unlink()
    os.mkfifo(run_folder / "findings.csv")
    assert verify(run_folder).changed == ("findings.csv",)


def test_no_run_is_refused(tmp_path: Path) -> None:
    """A folder without a manifest is no run, rather than a run with differences."""
    with pytest.raises(NotARun, match=r"manifest\.json"):
        verify(tmp_path)
