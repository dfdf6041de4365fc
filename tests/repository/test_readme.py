"""The README: what it promises is there, and what it shows runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from colibri_geo.cli.main import main
from colibri_geo.layers.findings import LAYERS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def _shell_lines() -> list[list[str]]:
    """Return the commands that the README shows, without their comments."""
    lines = [shlex.split(line, comments=True) for block in _blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


def _options(command: click.Command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts}


def test_every_command_has_its_line() -> None:
    """Each command has a line in the table, and each line is a command with arguments and options that it takes."""
    lines = re.findall(r"^\| `colibri-geo ([a-z-]+)([^`]*)` \| (.+) \|$", README, flags=re.MULTILINE)
    assert [name for name, _, _ in lines] == list(dict.fromkeys(name for name, _, _ in lines))
    assert {name for name, _, _ in lines} == set(main.commands)
    for name, usage, _ in lines:
        command = main.commands[name]
        required = {option.opts[0] for option in command.params if isinstance(option, click.Option) and option.required}
        arguments = [parameter for parameter in command.params if isinstance(parameter, click.Argument)]
        assert required <= set(re.findall(r"--[a-z-]+", usage)) <= _options(command)
        assert len(re.findall(r"\b[A-Z]+\b", re.sub(r"--[a-z-]+ [A-Z]+", "", usage))) == len(arguments)
        assert ("..." in usage) == any(argument.nargs == -1 for argument in arguments)


def test_every_option_is_there() -> None:
    """Each option that the README names belongs to a command."""
    known = {"--help", *_options(main), *(name for command in main.commands.values() for name in _options(command))}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", README)) <= known


def test_every_layer_of_the_findings_is_told() -> None:
    """The table of what a run writes names the layers of its GeoPackage, all of them and in their order."""
    line = re.search(r"^\| `findings\.gpkg` \| (.+) \|$", README, flags=re.MULTILINE)
    assert line is not None
    assert tuple(re.findall(r"`([a-z_]+)`", line[1])) == LAYERS


def test_every_exit_status_is_told() -> None:
    """The README tells the exit statuses."""
    paragraph = re.search(r"^Exit status:.*?\n\n", README, flags=re.MULTILINE | re.DOTALL)
    assert paragraph is not None
    assert set(re.findall(r"(?<![\d-])\d+(?![\d-])", paragraph[0])) == {"0", "1", "2", "3", "130"}


def test_make_words_are_there() -> None:
    """Each word of make that the README shows is one of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    words = [line[1] for line in _shell_lines() if line[0] == "make"]
    assert words
    assert set(words) <= set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples where the README looks for them."""
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    return folder


@pytest.mark.slow
def test_shell_lines_run(copy: Path) -> None:
    """The commands that the README shows run, one after the other, and leave what they say."""
    script = Path(sys.executable).parent / "colibri-geo"
    commands = [line for line in _shell_lines() if line[0] == "colibri-geo"]
    assert commands
    for command in commands:
        subprocess.run([str(script), *command[1:]], cwd=copy, check=True, capture_output=True, timeout=300)
    written = {path.name for path in (copy / "out" / "forest").iterdir()}
    promised = re.findall(r"^\| `([a-z]+\.[a-z]+)` \|", README, flags=re.MULTILINE)
    assert written == set(promised)


@pytest.mark.slow
@pytest.mark.parametrize(("block", "said"), list(zip(_blocks("python"), ("observed_share", "admin1"), strict=True)))
def test_python_blocks_run(copy: Path, block: str, said: str) -> None:
    """The Python that the README shows runs as it stands, each block in a tenth of a page."""
    assert len([line for line in block.splitlines() if line.strip()]) <= 12
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", block],
        cwd=copy,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
        check=True,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    assert said in ended.stdout
    assert "run.save" not in block or (copy / "out" / "python" / "report.html").is_file()


def test_every_notebook_has_its_line() -> None:
    """Each notebook stands in the table, and each line of the table is a notebook."""
    told = re.findall(r"^\| \[(\S+\.ipynb)\]\(notebooks/\1\) \| .+ \|$", README, flags=re.MULTILINE)
    assert told == sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))
