"""Numbers on the command line: what is none, or not in its range, is refused in one line of the house's form."""

from __future__ import annotations

import math
from typing import Any, NoReturn

import click


class WholeNumber(click.IntRange):
    """A whole number from the least on.

    Examples
    --------
    >>> WholeNumber(min=1)("two")
    Traceback (most recent call last):
    click.exceptions.UsageError: the number is 'two', expected a whole number, 1 or more; correct it.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:  # noqa: ANN401 - as click declares it
        """Read the number."""
        try:
            return int(super().convert(value, param, ctx))
        except click.BadParameter:
            _refuse(value, "a whole number", self, param, ctx)


class Number(click.FloatRange):
    """A finite number from the least on.

    Examples
    --------
    >>> Number(0, 10)("nan")
    Traceback (most recent call last):
    click.exceptions.UsageError: the number is 'nan', expected a number, 0 to 10; correct it.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - as click declares it
        """Read the number."""
        try:
            number = float(super().convert(value, param, ctx))
        except click.BadParameter:
            number = math.nan
        if not math.isfinite(number):
            _refuse(value, "a number", self, param, ctx)
        return number


def _refuse(
    value: object, kind: str, limits: WholeNumber | Number, param: click.Parameter | None, ctx: click.Context | None
) -> NoReturn:
    name = param.opts[0] if param else "the number"
    span = f"{limits.min} or more" if limits.max is None else f"{limits.min} to {limits.max}"
    raise click.UsageError(f"{name} is {str(value)[:40]!r}, expected {kind}, {span}; correct it.", ctx)
