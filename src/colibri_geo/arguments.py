"""What an argument of a function takes: one of its types, or several, or refused by its name."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from io import IOBase
from pathlib import Path
from typing import Any

from colibri_geo.errors import SettingsError

TO_FILE = "write what is in memory to a file (to_file), and give its path"


def list_given(given: object, *kinds: type, argument: str, expected: str) -> list[Any]:
    """Return what was given for an argument, one or several of its kinds, as a list.

    A sequence keeps its order. All else that gives several, such as a set or the files that `Path.glob` finds, is
    sorted: the same call gives the same bytes. A table, a mapping and an open file are one thing each.

    Parameters
    ----------
    given : object
        As it came.
    *kinds, argument, expected
        As of `check_given`.

    Raises
    ------
    SettingsError
        As `check_given`.
    """
    single = isinstance(given, str | bytes | IOBase) or hasattr(given, "keys") or getattr(given, "ndim", 1) == 0
    if single or not isinstance(given, Iterable):
        parts = [given]
    else:
        parts = [*given] if isinstance(given, Sequence) else sorted(given, key=str)
    for part in parts:
        check_given(part, *kinds, argument=argument, expected=expected)
    return parts


def check_given(given: object, *kinds: type, argument: str, expected: str) -> None:
    """Refuse what is of none of the types that an argument takes; True and False, which count as numbers, are of none.

    Parameters
    ----------
    given : object
        As it came.
    *kinds : type
        What the argument takes.
    argument, expected : str
        Its name, and what to say was expected, with what to do.

    Raises
    ------
    SettingsError
        Such as for a table in place of a path.
    """
    if not isinstance(given, kinds) or isinstance(given, bool):
        raise SettingsError(f"{argument} of type {type(given).__name__}, expected {expected}")


def take_path(given: str | os.PathLike[str], *, argument: str, expected: str) -> Path:
    """Return the path that was given for an argument; an empty one is none. See `check_given`."""
    text = os.fspath(given) if isinstance(given, os.PathLike) else given
    check_given(text, str, argument=argument, expected=expected)
    if not text:
        raise SettingsError(f"{argument} is empty, expected {expected}")
    return Path(text)
