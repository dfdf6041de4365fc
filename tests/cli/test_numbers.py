"""Numbers on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from colibri_geo.cli.main import main
from colibri_geo.cli.numbers import Number, WholeNumber


def list_options(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Option]]:
    """List the options of a command and of those below it that take numbers."""
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            yield from list_options(below, (*path, name))
    numeric = {click.INT.name, click.FLOAT.name, click.IntRange.name, click.FloatRange.name}
    for option in command.params:
        if isinstance(option, click.Option) and option.type.name in numeric and not (option.is_flag or option.count):
            yield path, option


OPTIONS = list(list_options(main))


def test_many_options_take_numbers() -> None:
    """The tests below are about options of all commands that have such."""
    assert {path[0] for path, _ in OPTIONS} == {"bench", "compare", "fetch-scenes", "scan", "simulate"}


@pytest.mark.parametrize(("path", "option"), OPTIONS, ids=[f"{path[-1]}{option.opts[0]}" for path, option in OPTIONS])
@pytest.mark.parametrize("value", ["abc", "nan", "1e999", "-1e9", ""])
def test_what_is_no_number_is_one_line(path: tuple[str, ...], option: click.Option, value: str) -> None:
    """A line says what came, what was expected and what to do; nothing of Python's types."""
    done = CliRunner().invoke(main, [*path, option.opts[0], *[value] * option.nargs])
    line = (
        rf"colibri-geo: error: {option.opts[0]} is {value!r}, expected a (whole )?number, "
        rf"[-0-9.]+ (or more|to [0-9.]+); correct it\. See: \S* {' '.join(path)} --help\n"
    )
    assert done.exit_code == 2
    assert re.fullmatch(line, done.output), done.output


@pytest.mark.parametrize(("kind", "text", "number"), [(WholeNumber(min=1), "1", 1), (Number(0, 10), "2.5", 2.5)])
def test_numbers_are_read(kind: WholeNumber | Number, text: str, number: float) -> None:
    """What is a number in the range is that number."""
    assert kind.convert(text, None, None) == number
