"""Progress on standard error, for people: on a terminal as it goes; a scan tells it to a log too, once a minute."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from colibri_geo.cli.printing import to_printable

if TYPE_CHECKING:
    from colibri_geo.scanning import TileDone

Progress = Callable[[str], None]

LOG_SECONDS = 60.0
"""Between two lines where standard error is no terminal."""

_BAR_LETTERS = 24


class Stopped(click.ClickException):
    """Work that was interrupted, and leaves something to go on from."""

    exit_code = 130


@contextmanager
def show_progress() -> Iterator[Progress | None]:
    """Yield a function that shows the step a run is at, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    with _status() as show:
        yield show


@dataclass
class ScanProgress:
    """Shows how far a scan is, and remembers it.

    Attributes
    ----------
    show : callable
        Shows a line in place of the former.
    bar : bool
        Whether tiles are shown as a bar too.
    last : TileDone or None
        What was told last.
    """

    show: Progress
    bar: bool
    last: TileDone | None = None

    def tell_step(self, step: str) -> None:
        """Show the step a scan is at."""
        self.show(step)

    def tell_tile(self, done: TileDone) -> None:
        """Show how many tiles are done."""
        self.last = done
        for note in done.notes:
            click.echo(f"note: {to_printable(note)}", err=True)
        self.show(describe_tiles(done, bar=self.bar))


@contextmanager
def show_scan_progress() -> Iterator[ScanProgress]:
    """Yield what shows a scan: steps and a bar on a terminal, else a line a minute, whatever was told last."""
    if not sys.stderr.isatty():
        with _logging() as show:
            yield ScanProgress(show, bar=False)
        return
    with _status() as show:
        yield ScanProgress(show, bar=True)


def describe_tiles(done: TileDone, *, bar: bool = False) -> str:
    """Return how far a scan is, in letters that every terminal has.

    Examples
    --------
    >>> from colibri_geo.scanning import TileDone
    >>> describe_tiles(TileDone(4, 5, 20, 5_000_000, 20_000_000, 1_000_000, 3, 2.0), bar=True)
    '[######------------------] 5 of 20 tiles, 2 Mpx/s, 0:08 left, lines yet to be scored: 3'
    """
    parts = [f"{done.tiles_done} of {done.tiles} tiles"]
    if (left := done.seconds_left) is not None:
        speed = done.px_per_second / 1e6
        parts += [f"{speed:.0f} Mpx/s" if speed >= 10 else f"{speed:.2g} Mpx/s", f"{_format_time(left)} left"]
    parts.append(f"lines yet to be scored: {done.strips}")
    text = ", ".join(parts)
    if not bar:
        return text
    full = _BAR_LETTERS * done.px_done // max(done.px, 1)
    return f"[{'#' * full}{'-' * (_BAR_LETTERS - full)}] {text}"


def _format_time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


@contextmanager
def _logging() -> Iterator[Progress]:
    """Yield a function that keeps a line; the one kept last is printed with its time, once a minute."""
    kept = ["starting"]
    ended = threading.Event()

    def log() -> None:
        while not ended.wait(LOG_SECONDS):
            click.echo(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {to_printable(kept[0])}", err=True)

    def keep(line: str) -> None:
        kept[0] = line

    thread = threading.Thread(target=log, name="colibri-log", daemon=True)
    thread.start()
    try:
        yield keep
    finally:
        ended.set()
        thread.join()


@contextmanager
def _status() -> Iterator[Progress]:
    """Yield a function that shows a line on the terminal in place of the former."""
    from rich.console import Console
    from rich.text import Text

    # The spinner is drawn with ASCII, and lines are plain text: they may name files such as "[b].tif".
    with Console(stderr=True).status("starting", spinner="line") as status:
        yield lambda line: status.update(Text(line))
