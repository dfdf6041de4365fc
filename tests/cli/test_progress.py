"""Progress: for people at a terminal, nothing for pipes."""

from __future__ import annotations

import io

import pytest

from colibri_geo.cli.progress import describe_tiles, show_progress, show_scan_progress
from colibri_geo.scanning import TileDone


class _Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_pipe_is_shown_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard error is no terminal there is no progress to call, and nothing is written."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with show_progress() as progress:
        assert progress is None
    assert stream.getvalue() == ""


def test_terminal_is_shown_the_step_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal is shown each step, letter by letter: brackets in a file's name are no markup."""
    stream = _Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    with show_progress() as progress:
        assert progress is not None
        progress("reading [/b][red]a.tif")
    shown = stream.getvalue()
    assert "reading [/b][red]a.tif" in shown
    assert shown.replace("\u2026", "").isascii()


def _done(tiles: int, *, seconds: float, before: int = 0) -> TileDone:
    """A scan of 400 tiles of 1 Mpx each."""
    return TileDone(
        number=None if tiles == before else tiles - 1,
        tiles_done=tiles,
        tiles=400,
        px_done=tiles * 1_000_000,
        px=400_000_000,
        px_before=before * 1_000_000,
        strips=tiles // 10,
        seconds=seconds,
    )


def test_scan_on_a_terminal_is_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal is shown steps, then a bar with tiles, speed, time left and strips, in letters that all have."""
    stream = _Terminal()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with show_scan_progress() as progress:
        progress.tell_step("survey the pair")
        progress.tell_tile(_done(0, seconds=0.0))
        progress.tell_tile(_done(100, seconds=50.0))
        assert progress.last == _done(100, seconds=50.0)
    shown = stream.getvalue()
    assert "[######------------------] 100 of 400 tiles, 2 Mpx/s, 2:30 left, lines yet to be scored: 10" in shown
    assert shown.isascii()


@pytest.mark.parametrize(
    ("done", "expected"),
    [
        (_done(0, seconds=0.0), "0 of 400 tiles, lines yet to be scored: 0"),
        (_done(50, seconds=0.0, before=50), "50 of 400 tiles, lines yet to be scored: 5"),
        (_done(100, seconds=50.0, before=50), "100 of 400 tiles, 1 Mpx/s, 5:00 left, lines yet to be scored: 10"),
        (_done(1, seconds=60.0), "1 of 400 tiles, 0.017 Mpx/s, 6:39:00 left, lines yet to be scored: 0"),
        (_done(400, seconds=100.0), "400 of 400 tiles, 4 Mpx/s, 0:00 left, lines yet to be scored: 40"),
    ],
)
def test_what_an_earlier_scan_did_is_no_speed(done: TileDone, expected: str) -> None:
    """Speed and time left are of this scan alone, and left out while they are not known."""
    assert describe_tiles(done) == expected


def test_a_bar_is_full_at_the_end_and_empty_at_the_beginning() -> None:
    """The bar tells the share of the pixels."""
    assert describe_tiles(_done(0, seconds=0.0), bar=True).startswith("[" + "-" * 24 + "] ")
    assert describe_tiles(_done(400, seconds=9.0), bar=True).startswith("[" + "#" * 24 + "] ")
    assert describe_tiles(_done(399, seconds=9.0), bar=True).startswith("[" + "#" * 23 + "-] ")
