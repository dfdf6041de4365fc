"""Numbers and paths on the command line: what is none is refused in one line of the house's form."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any, NoReturn

import click


class WholeNumber(click.IntRange):
    """A whole number from the least on.

    Examples
    --------
    >>> WholeNumber(min=1)("two")
    Traceback (most recent call last):
    click.exceptions.UsageError: the value is 'two', expected a whole number, 1 or more; correct it.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - as click declares it
        """Read the number."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            _refuse(value, f"a whole number, {_say_range(self)}", param, ctx)


class Number(click.FloatRange):
    """A finite number from the least on.

    Examples
    --------
    >>> Number(0, 10)("nan")
    Traceback (most recent call last):
    click.exceptions.UsageError: the value is 'nan', expected a number, 0 to 10; correct it.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click declares it
        """Read the number."""
        try:
            number = float(super().convert(value, param, ctx))
        except click.BadParameter:
            number = math.nan
        if not math.isfinite(number):
            _refuse(value, f"a number, {_say_range(self)}", param, ctx)
        return number


class GivenPath(click.Path):
    """The path of a file or folder; whether it is there, and can be read, is told by who reads it.

    Examples
    --------
    >>> GivenPath()("")
    Traceback (most recent call last):
    click.exceptions.UsageError: the value is '', expected a path; correct it.
    """

    def __init__(self) -> None:
        super().__init__(readable=False, path_type=Path)

    def convert(
        self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None
    ) -> str | bytes | os.PathLike[str]:
        """Read the path; nothing at all would be the folder that one stands in."""
        if not os.fspath(value):
            _refuse(value, "a path", param, ctx)
        return super().convert(value, param, ctx)


def _say_range(limits: WholeNumber | Number) -> str:
    return f"{limits.min} or more" if limits.max is None else f"{limits.min} to {limits.max}"


def _refuse(value: object, expected: str, param: click.Parameter | None, ctx: click.Context | None) -> NoReturn:
    name = "the value"
    if param is not None:
        name = param.opts[0] if isinstance(param, click.Option) else param.opts[0].upper()
    raise click.UsageError(f"{name} is {str(value)[:40]!r}, expected {expected}; correct it.", ctx)
