"""Whether a place can be written to, asked before the work; and one line where the system refuses."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from colibri_geo.errors import ColibriError, OutputError, OutputExists

OVERWRITE = "--overwrite (overwrite=True)"
"""How a user lets what is there be replaced: on the command line, and in Python."""


def check_writable(folder: Path) -> None:
    """Refuse a folder that nothing can be written to; not all that refuses is told by the rights.

    Raises
    ------
    OutputError
    """
    with output_errors(folder):
        Path(tempfile.mkdtemp(prefix=".colibri-", dir=folder)).rmdir()


def check_new_file(path: Path) -> None:
    """Refuse a file that could not be written at the end, before the work starts.

    Raises
    ------
    OutputExists
        There is something of its name.
    OutputError
        Nothing can be written there.
    """
    with output_errors(path):
        if path.exists() or path.is_symlink():
            raise OutputExists(f"{path}: exists already, expected a new file; remove it first, or name another")
        if not path.parent.is_dir():
            raise OutputError(f"{path.parent}: no such folder to write to; make it first")
    check_writable(path.parent)


@contextmanager
def output_errors(place: Path, *, only: Collection[int] | None = None) -> Iterator[None]:
    """Turn what the system refuses into an `OutputError`.

    Parameters
    ----------
    place : Path
        What is written, for the message.
    only : collection of int, optional
        No more than these error numbers.
    """
    try:
        yield
    except ColibriError:
        raise
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        raise OutputError.refused(place, error) from error
