"""Progress in Python: a bar in a notebook, nothing in a log, and whoever was asked to be told."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from colibri_geo.pipeline.progress import show_progress, tell_tiles
from colibri_geo.scanning.engine import TileDone


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Pretend to be a notebook; what it shows below the cell, one state after the other."""
    shown: list[str] = []

    def display(content: str, *, display_id: bool) -> SimpleNamespace:
        assert display_id
        shown.append(content)
        return SimpleNamespace(update=shown.append)

    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: SimpleNamespace(kernel=1)))
    monkeypatch.setitem(sys.modules, "IPython.display", SimpleNamespace(display=display, HTML=str))
    return shown


def test_log_stays_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    """Where standard error is no terminal nothing is written, whatever was asked for."""
    for progress in (True, False, None):
        with show_progress(progress) as tell:
            tell("survey the pair")
    assert capfd.readouterr() == ("", "")


def test_callable_is_told_itself() -> None:
    """A function hears the words as they are."""
    told: list[str] = []
    with show_progress(told.append) as tell:
        tell("survey the pair")
    assert told == ["survey the pair"]


def test_notebook_has_a_bar_that_goes(notebook: list[str]) -> None:
    """Words have a moving bar, those that count a full one; names are text; when the work is done the bar is gone."""
    with show_progress(True) as tell:
        tell("look at the cells: 1 of 4")
        tell("<b>")
    assert notebook[1:] == [
        '<progress value="1" max="4"></progress> look at the cells: 1 of 4',
        "<progress></progress> &lt;b&gt;",
        "",
    ]


def test_bar_stays_where_it_stopped(notebook: list[str]) -> None:
    """Work that fails leaves what it was at, and its error comes through."""
    with pytest.raises(ZeroDivisionError), show_progress(True) as tell:
        _fail(tell)
    assert notebook[-1].endswith("survey the pair")


def _fail(tell: Callable[[str], None]) -> None:
    tell("survey the pair")
    raise ZeroDivisionError


def test_shell_without_a_notebook_has_no_bar(notebook: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """IPython on a terminal, and IPython that only was imported, are no notebook."""
    for shell in (None, SimpleNamespace()):
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda shell=shell: shell))
        with show_progress(True) as tell:
            tell("survey the pair")
    assert notebook == []


def test_tiles_are_counted_in_words() -> None:
    """After each tile the words count tiles and candidates."""
    told: list[str] = []
    tell_tiles(told.append)(TileDone(4, 5, 20, 5_000_000, 20_000_000, 0, 3, 2.0))
    assert told == ["look at the tiles: 5 of 20, lines yet to be scored: 3"]
