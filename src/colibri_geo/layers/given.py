"""Layers and paths as given to a function: of the types that it takes, or refused by the name of the argument."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from colibri_geo.errors import SettingsError

TO_FILE = "write a table in memory to a file (to_file) and give that"


def list_given(given: object, *kinds: type, argument: str, expected: str) -> list[Any]:
    """Return what was given for an argument, one or a sequence of its kinds, as a list; see `check_given`."""
    parts = [*given] if isinstance(given, Sequence) and not isinstance(given, str) else [given]
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
