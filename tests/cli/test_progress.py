"""Progress: for people at a terminal, nothing for pipes."""

from __future__ import annotations

import io

import pytest

from colibri_geo.cli.progress import show_progress


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
