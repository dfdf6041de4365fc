"""Progress for those who work in Python: a bar in a notebook, a line on a terminal, nothing in a log."""

from __future__ import annotations

import html
import importlib
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from colibri_geo.pipeline.clock import Progress

if TYPE_CHECKING:
    from colibri_geo.scanning.engine import OnTile, TileDone

_COUNT = re.compile(r"(\d+) of (\d+)")


@contextmanager
def show_progress(progress: Progress | bool | None) -> Iterator[Progress]:  # noqa: FBT001 - what the caller was given
    """Yield what is told in words what is being done.

    Parameters
    ----------
    progress : callable, bool or None
        A callable is told itself. True shows a bar in a notebook and a line on a terminal, and nothing where standard
        error is neither, as in a log. False and None tell nobody.
    """
    if callable(progress):
        yield progress
    elif progress and (display := _find_notebook()) is not None:
        yield from _show_bar(display)
    elif progress and sys.stderr and sys.stderr.isatty():
        yield from _show_line()
    else:
        yield lambda _: None


def tell_tiles(tell: Progress) -> OnTile:
    """Return what tells in words how many tiles are done."""

    def on_tile(done: TileDone) -> None:
        tell(f"look at the tiles: {done.tiles_done} of {done.tiles}, lines yet to be scored: {done.strips}")

    return on_tile


def draw_bar(words: str) -> str:
    """Return words with a bar before them as HTML: full by what they count, moving where they count nothing.

    Examples
    --------
    >>> draw_bar("look at the tiles: 3 of 9")
    '<progress value="3" max="9"></progress> look at the tiles: 3 of 9'
    >>> draw_bar("survey the pair")
    '<progress></progress> survey the pair'
    """
    count = _COUNT.search(words)
    share = f' value="{count[1]}" max="{count[2]}"' if count else ""
    return f"<progress{share}></progress> {html.escape(words)}"


def _find_notebook() -> Any | None:  # noqa: ANN401 - of IPython, which need not be there
    """Return what a notebook shows things by; None anywhere else. A notebook has loaded IPython already."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return importlib.import_module("IPython.display") if hasattr(shell, "kernel") else None


def _show_bar(display: Any) -> Iterator[Progress]:  # noqa: ANN401 - of IPython
    """Show a bar below the cell; it goes when the work is done, and stays where it stopped if it fails."""
    shown = display.display(display.HTML(draw_bar("starting")), display_id=True)
    yield lambda words: shown.update(display.HTML(draw_bar(words)))
    shown.update(display.HTML(""))


def _show_line() -> Iterator[Progress]:
    """Show a line on the terminal in place of the former."""
    console, text = (importlib.import_module(f"rich.{part}") for part in ("console", "text"))
    with console.Console(stderr=True).status("starting", spinner="line") as status:
        yield lambda words: status.update(text.Text(words))
