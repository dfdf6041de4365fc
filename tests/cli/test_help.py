"""The help of the command line: quick, and complete."""

from __future__ import annotations

import re
import subprocess
import sys

import click
import pytest

from colibri_geo.cli.main import main
from colibri_geo.errors import SettingsError
from colibri_geo.settings import Settings
from tests.support.libraries import HEAVY

PROBE = """
import sys
from colibri_geo.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(end.code, *sorted({name.partition(".")[0] for name in sys.modules}), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], *([name, "--help"] for name in main.commands)])
def test_help_imports_no_heavy_library(arguments: list[str]) -> None:
    """Help and version load none of the libraries that do the work."""
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    status, *modules = ended.stderr.split()
    assert status == "0"
    assert "colibri_geo" in modules
    assert HEAVY.isdisjoint(modules)


def _commands() -> list[click.Command]:
    return [main, *main.commands.values()]


@pytest.mark.parametrize("command", _commands(), ids=lambda command: command.name)
def test_every_option_is_explained(command: click.Command) -> None:
    """Each command says what it does in a line, and each of its options what it changes."""
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{option.opts[0]} of {command.name}"
            assert option.help.endswith((".", ")")), f"{option.opts[0]} of {command.name}"
    if command is not main:
        assert command.short_help


def test_help_of_the_least_length_states_what_settings_allow() -> None:
    """The range that the help of --min-length names is the one that settings are held to, and its default theirs."""
    (option,) = (option for option in main.commands["compare"].params if "--min-length" in option.opts)
    assert isinstance(option, click.Option)
    assert option.help is not None
    low, high, usual = map(float, re.findall(r"\d+", option.help))
    settings = Settings()
    assert settings.trace.min_length_m == usual
    for length_m, beyond_m in ((low, low - 1), (high, high + 1)):
        assert settings.replace(min_length_m=length_m).trace.min_length_m == length_m
        with pytest.raises(SettingsError, match="min_length_m"):
            settings.replace(min_length_m=beyond_m)


def test_design_options_of_compare_are_there() -> None:
    """The command has the options that its users were promised."""
    options = {name for option in main.commands["compare"].params for name in option.opts}
    assert options >= {
        *("--out", "--overwrite", "--before-mask", "--after-mask", "--before-date", "--after-date", "--bands"),
        *("--assume-crs", "--regions", "--aoi", "--min-length", "--operating-point", "--settings"),
        *("--rasters", "--no-report", "--pdf", "--lang", "--json", "--precision"),
    }
