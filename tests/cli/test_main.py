"""How a command ends: its exit status, and the one line on standard error that goes with it."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import colibri_geo
from colibri_geo import errors
from colibri_geo.cli.main import main


@contextmanager
def _command_that(raises: BaseException) -> Iterator[str]:
    """Add a command that ends with an exception for as long as a test needs it."""

    @click.command("fail")
    def fail() -> None:
        raise raises

    main.add_command(fail)
    try:
        yield "fail"
    finally:
        del main.commands["fail"]


def _run_failing(error: BaseException, *options: str) -> Result:
    with _command_that(error) as command:
        return CliRunner().invoke(main, [*options, command])


def _all_errors(family: type[errors.ColibriError] = errors.ColibriError) -> list[type[errors.ColibriError]]:
    return [family, *(error for child in family.__subclasses__() for error in _all_errors(child))]


@pytest.mark.parametrize("family", _all_errors(), ids=lambda family: family.__name__)
def test_own_errors_are_status_2(family: type[errors.ColibriError]) -> None:
    """Every error ends with status 2, its name and message in one line, and nothing on standard output."""
    result = _run_failing(family("a.tif: has no CRS, expected one; give --assume-crs"))
    assert result.exit_code == 2
    name = family.__name__
    assert result.stderr == f"colibri-geo: error: {name}: a.tif: has no CRS, expected one; give --assume-crs\n"
    assert result.stdout == ""


def test_unforeseen_errors_are_status_1() -> None:
    """An error that nobody foresaw ends with status 1, in one line that names it and asks for a report."""
    result = _run_failing(ZeroDivisionError("division\nby zero"))
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert "unexpected ZeroDivisionError: division by zero" in result.stderr
    assert "--debug" in result.stderr
    assert "report it" in result.stderr


def test_debug_shows_where() -> None:
    """With --debug an unforeseen error is not caught, so that its traceback is seen; a foreseen one still is."""
    assert isinstance(_run_failing(ZeroDivisionError("0"), "--debug").exception, ZeroDivisionError)
    assert _run_failing(errors.NoOverlap("apart"), "--debug").exit_code == 2


def test_interrupted_is_status_130() -> None:
    """Ctrl-C ends with status 130 and says that nothing was written."""
    result = _run_failing(KeyboardInterrupt())
    assert result.exit_code == 130
    assert result.stderr.strip() == "colibri-geo: error: interrupted; nothing was written"


def test_closed_pipe_is_quiet() -> None:
    """A reader of the output that goes away, as `head` does, is no fault of the program: nothing is said of it."""
    result = _run_failing(BrokenPipeError(errno.EPIPE, "Broken pipe"))
    assert result.exit_code == 1
    assert result.stderr == ""


@pytest.mark.skipif(os.name != "posix", reason="pipes close like this on POSIX")
@pytest.mark.parametrize("arguments", [["--help"], ["compare", "--help"]])
def test_closed_pipe_is_quiet_in_a_shell(arguments: list[str]) -> None:
    """Help that nobody reads to its end leaves no traceback behind."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "colibri_geo", *arguments],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writer)
    assert ended.stderr == b""


@pytest.mark.skipif(os.name != "posix", reason="outputs are closed like this on POSIX")
@pytest.mark.parametrize(("closed", "kept"), [("1", "stderr"), ("2", "stdout")])
def test_closed_output_is_no_fault(tmp_path: Path, closed: str, kept: str) -> None:
    """A command whose output was closed by who started it does its work, and says in the other what goes there."""
    words = [sys.executable, "-m", "colibri_geo", "simulate", "out", "--size", "64"]
    plain = ["--new", "0", "--old", "0", "--regrowing", "0"]

    def run(folder: str, ending: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / folder).mkdir()
        shell = ["/bin/sh", "-c", f'exec "$@" {ending}', "sh", *words, *plain]
        return subprocess.run(shell, cwd=tmp_path / folder, capture_output=True, text=True, check=False, timeout=60)

    whole, ended = run("whole", ""), run("closed", f"{closed}>&-")
    assert whole.stdout != ""
    told = {"stderr": "", "stdout": "", kept: getattr(whole, kept)}
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, told["stdout"], told["stderr"])
    assert (tmp_path / "closed" / "out" / "scene_before.tif").is_file()


@pytest.mark.skipif(os.name != "posix", reason="outputs are closed like this on POSIX")
def test_progress_without_standard_error_tells_nobody(tmp_path: Path) -> None:
    """A command that shows its progress ends as it does with standard error, also where that was closed."""
    words = [sys.executable, "-m", "colibri_geo", "scan", "none.tif", "none.tif", "--out", str(tmp_path / "out")]
    ended = subprocess.run(
        ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *words], capture_output=True, check=False, timeout=60
    )
    assert (ended.returncode, ended.stdout) == (2, b"")


def test_full_disk_in_a_command_is_no_fault() -> None:
    """A result that standard output takes no more is one line with status 1, and no fault of the program."""
    result = _run_failing(OSError(errno.ENOSPC, "No space left on device"))
    assert result.exit_code == 1
    assert result.stderr == (
        "colibri-geo: error: standard output cannot be written (No space left on device); send it elsewhere\n"
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_disk_under_the_output_is_one_line() -> None:
    """An output that takes nothing more ends with status 1 and one line."""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "colibri_geo", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert ended.returncode == 1
    assert ended.stderr.count(b"\n") == 1
    assert b"standard output cannot be written" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [["--nonsense"], ["nonsense"], ["compare"], ["compare", "a.tif"], ["verify", "a", "b"]]
)
def test_bad_usage_is_status_2(arguments: list[str]) -> None:
    """What the command line does not understand ends with status 2 and one line that says where help is."""
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert result.stderr.endswith("--help\n")


def test_no_command_shows_the_help() -> None:
    """Without a command the help goes to standard error with status 2: a script that lost its command must stop."""
    result = CliRunner().invoke(main, [])
    assert result.exit_code == 2
    assert result.stdout == ""
    assert all(name in result.stderr for name in main.commands)


def test_version_and_help_are_status_0() -> None:
    """Version and help are answers, not failures."""
    assert CliRunner().invoke(main, ["--version"]).output == f"colibri-geo, version {colibri_geo.__version__}\n"
    for arguments in (["--help"], ["-h"], *([name, "--help"] for name in main.commands)):
        assert CliRunner().invoke(main, arguments).exit_code == 0


def test_a_file_name_cannot_steer_the_terminal() -> None:
    """Control characters of a file name reach the terminal as blanks, and the message stays in one line."""
    result = _run_failing(errors.NotAFile("\x1b]0;owned\x07\x1b[2Ja\nb\u202e.tif: no such file"))
    assert result.stderr == "colibri-geo: error: NotAFile: ]0;owned [2Ja b .tif: no such file\n"


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_every_terminal_is_enough(tmp_path: Path, encoding: str) -> None:
    """Results and errors with letters that the terminal lacks, or that no text can hold, are printed all the same."""
    script = tmp_path / "probe.py"
    script.write_text(
        "import click, sys\n"
        "from colibri_geo.cli.main import main\n"
        "main.add_command(click.Command('say', callback=lambda: click.echo('said \\u00d1 \\u2192 \\udcff')))\n"
        "main(sys.argv[1:])\n",
        encoding="utf-8",
    )
    for arguments, status in ((["say"], 0), (["verify", "\u00d1 \u2192"], 2)):
        ended = subprocess.run(
            [sys.executable, str(script), *arguments],
            env=os.environ | {"PYTHONIOENCODING": encoding},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == status
        assert (ended.stderr if status else ended.stdout).count(b"\n") >= 1
        assert b"Traceback" not in ended.stderr


def test_module_and_script_are_the_same() -> None:
    """`python -m colibri_geo` is the command line."""
    ended = subprocess.run(
        [sys.executable, "-m", "colibri_geo", "--version"], capture_output=True, check=True, timeout=60
    )
    assert ended.stdout.split()[-1].decode() == colibri_geo.__version__
