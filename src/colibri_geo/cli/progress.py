"""Progress on standard error, for people only: nothing is shown when it is not a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str], None]


@contextmanager
def show_progress() -> Iterator[Progress | None]:
    """Yield a function that shows the step a run is at, or None when standard error is not a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.text import Text

    # The spinner is drawn with ASCII, and steps are plain text: they may name files such as "[b].tif".
    with Console(stderr=True).status("starting", spinner="line") as status:
        yield lambda step: status.update(Text(step))
