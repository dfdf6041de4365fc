"""Numbers on the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from colibri_geo.cli.main import main
from colibri_geo.cli.values import Number, WholeNumber


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


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["compare", "", "b", "--out", "c"], "BEFORE"),
        (["compare", "a", "b", "--out", ""], "--out"),
        (["info", ""], "PATH"),
        (["verify", ""], "DIRECTORY"),
        (["simulate", ""], "DIRECTORY"),
        (["fetch-scenes", "https://example.org", "--into", ""], "--into"),
    ],
)
def test_no_path_is_not_the_folder_one_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], name: str
) -> None:
    """An empty path, as of a variable of a script that is not set, is refused; nothing is read or written here."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert re.match(f"colibri-geo: error: {name} is '', expected a path; correct it\\. See: ", done.output)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["compare", "a", "b", "--out"], ["scan", "--tile"], ["simulate", "--contrast", "1"]])
def test_an_option_without_its_value_leads_to_the_help_of_its_command(words: list[str]) -> None:
    """Click's parser does not say of which command it speaks."""
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert re.search(rf"argument\w*\. See: \S* {words[0]} --help\n$", done.output)


@pytest.mark.parametrize(("kind", "text", "number"), [(WholeNumber(min=1), "1", 1), (Number(0, 10), "2.5", 2.5)])
def test_numbers_are_read(kind: WholeNumber | Number, text: str, number: float) -> None:
    """What is a number in the range is that number."""
    assert kind.convert(text, None, None) == number
