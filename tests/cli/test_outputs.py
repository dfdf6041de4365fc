"""What commands leave behind: nobody else may write to it, and the log tells times, not places."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from colibri_geo import Run, read_run

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="the system has no such rights")]

PLACES = ("end1_lon", "end1_lat", "end2_lon", "end2_lat")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _list_commands(project: Path, folder: Path) -> Iterator[list[str]]:
    samples = project / "data" / "samples"
    pair = [str(samples / name) for name in ("forest_before.tif", "forest_after.tif")]
    yield ["compare", *pair, "--out", str(folder / "new" / "run"), "--rasters"]
    yield ["compare", *pair, "--out", str(folder / "new" / "run"), "--overwrite", "--no-report"]
    yield ["simulate", str(folder / "made")]


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_nobody_else_may_write(project: Path, tmp_path: Path, umask: int) -> None:
    """Whatever the umask, neither a file nor a folder that a command makes can be written by others."""
    for arguments in _list_commands(project, tmp_path):
        _run(arguments, tmp_path, umask=umask)
    made = [path for path in tmp_path.rglob("*") if not path.is_symlink()]
    assert len(made) > 15
    assert [path.name for path in made if path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH)] == []


def test_umask_of_a_careless_user_is_what_would_show(tmp_path: Path) -> None:
    """Without anybody who looks after it, such a umask leaves files that all may write."""
    _run(["-c", f"open({str(tmp_path / 'a')!r}, 'w')"], tmp_path, umask=0, program=())
    assert (tmp_path / "a").stat().st_mode & stat.S_IWOTH


def test_log_and_progress_tell_no_place(project: Path, tmp_path: Path) -> None:
    """Neither `run.log` nor the progress on a terminal holds a coordinate of what was found, in whatever notation."""
    arguments = next(_list_commands(project, tmp_path))
    shown = _run_at_terminal(arguments, tmp_path)
    run = read_run(tmp_path / "new" / "run")
    log = (tmp_path / "new" / "run" / "run.log").read_text(encoding="utf-8")
    assert len(run.strips) > 0
    assert "attach to regions" in shown
    assert find_places(log, run) == []
    assert find_places(shown, run) == []


def test_places_would_be_found(project: Path, tmp_path: Path) -> None:
    """A log that told a place in degrees, in metres or as a grid reference would not pass."""
    arguments = next(_list_commands(project, tmp_path))
    _run([*arguments, "--no-report"], tmp_path)
    run = read_run(tmp_path / "new" / "run")
    strip, axis = run.strips.iloc[0], run.strips.geometry.iloc[0]
    east, north = axis.coords[0]
    for text in (
        f"at {strip['end1_lon']:.3f}, {strip['end1_lat']:.3f}",
        f"{abs(strip['end2_lat']):.5f} N",
        f"{east:.0f} {north:.0f}",
        strip["mgrs"],
    ):
        assert find_places(f"2024-01-01T00:00:00Z measuring {text} 0.1 s", run)


def find_places(text: str, run: Run) -> list[str]:
    """Return what in a text is a coordinate of a strip: degrees to three digits, metres, or a grid reference."""
    strips = run.strips
    degrees = [abs(float(value)) for name in PLACES for value in strips[name]]
    metres = [abs(value) for axis in strips.geometry for point in axis.coords for value in point]
    numbers = [abs(float(number)) for number in _NUMBER.findall(text) if len(number.lstrip("-")) > 4]
    found = [f"{number}" for number in numbers if any(abs(number - value) < 0.0006 for value in degrees)]
    found += [f"{number}" for number in numbers if any(abs(number - value) < 1 for value in metres)]
    return found + [reference for reference in strips["mgrs"] if reference in text]


def _run(
    arguments: Sequence[str], folder: Path, *, umask: int = -1, program: Sequence[str] = ("-m", "colibri_geo")
) -> None:
    subprocess.run(
        [sys.executable, *program, *arguments], cwd=folder, umask=umask, check=True, capture_output=True, timeout=300
    )


def _run_at_terminal(arguments: Sequence[str], folder: Path) -> str:
    """Run a command whose standard error is a terminal; return what is shown there."""
    import pty

    reader, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "colibri_geo", *arguments],
        cwd=folder,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "200"},
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            piece = os.read(reader, 4096)
        except OSError:  # the terminal is gone with its last user
            break
        if not piece:
            break
        shown += piece
    os.close(reader)
    assert process.wait(60) == 0
    return shown.decode(errors="replace")
