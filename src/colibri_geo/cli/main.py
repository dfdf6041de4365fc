"""The entry point: the group of commands, and the one place that turns what ends a command into an exit status."""

from __future__ import annotations

import atexit
import errno
import gc
import io
import os
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from colibri_geo import __version__
from colibri_geo.cli.bench import bench
from colibri_geo.cli.compare import compare
from colibri_geo.cli.fetch_regions import fetch_regions
from colibri_geo.cli.fetch_scenes import fetch_scenes
from colibri_geo.cli.info import info
from colibri_geo.cli.printing import to_printable
from colibri_geo.cli.scan import scan
from colibri_geo.cli.simulate import simulate
from colibri_geo.cli.verify import verify
from colibri_geo.errors import ColibriError
from colibri_geo.hardening import harden
from colibri_geo.isolation import collect_rarely

PROGRAM = "colibri-geo"
DONE = 0
UNEXPECTED = 1
BAD_INPUT = 2
INTERRUPTED = 130


class BadInput(click.ClickException):
    """A command that ended with an error of `colibri_geo.errors`."""

    exit_code = BAD_INPUT


class Unexpected(click.ClickException):
    """A command that ended with an error that nobody foresaw."""

    exit_code = UNEXPECTED


class Commands(click.Group):
    """A group whose commands end in one line on standard error and an exit status, however they end."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:  # noqa: ANN401 - as click declares it
        """Run the command line and leave the process with its exit status."""
        _open_closed_outputs()
        _accept_every_letter()
        collect_rarely()
        atexit.register(gc.freeze)  # nor at the end
        status = self._run(*args, **extra | {"standalone_mode": False})
        _drop_unwritable()
        sys.exit(status)

    def _run(self, *args: Any, **extra: Any) -> int:  # noqa: ANN401 - as click declares it
        """Run the command line and return its exit status."""
        try:
            result = super().main(*args, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            return BAD_INPUT
        except click.UsageError as error:
            place = error.ctx.command_path if error.ctx else PROGRAM
            message = error.format_message()
            _complain(f"{message}{'' if message.endswith(('.', '?')) else '.'} See: {place} --help")
            return BAD_INPUT
        except click.ClickException as error:
            _complain(error.format_message())
            return error.exit_code
        except click.Abort:
            _complain("interrupted; nothing was written")
            return INTERRUPTED
        except OSError as error:
            _complain(f"standard output cannot be written ({error.strerror}); send it elsewhere")
            return UNEXPECTED
        return result if isinstance(result, int) else DONE

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as click declares it
        """Run the chosen command; what it raises becomes one line and an exit status."""
        try:
            return super().invoke(ctx)
        except ColibriError as error:
            raise BadInput(f"{type(error).__name__}: {error}") from error
        except click.UsageError as error:
            name = ctx.invoked_subcommand or ""
            if error.ctx is None and name in self.commands:  # click's parser leaves it out
                error.ctx = click.Context(self.commands[name], info_name=name, parent=ctx)
            raise
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if ctx.params["debug"] or _is_about_output(error):
                raise
            advice = f"this is a fault of {PROGRAM}: run it as '{PROGRAM} --debug ...' to see where, and report it"
            raise Unexpected(f"unexpected {type(error).__name__}: {error}; {advice}") from error


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    """Treat a request to end like Ctrl-C: what was begun is cleared away."""
    raise KeyboardInterrupt


def _open_closed_outputs() -> None:
    """Let an output that was closed before the start lead nowhere; else the first file opened would take its place."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - until the end


def _accept_every_letter() -> None:
    """Let an output that cannot show a letter show its code instead; click sees to ASCII alone by itself."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _is_about_output(error: Exception) -> bool:
    """Tell whether standard output takes no more: its reader went away, as ``head`` does, or its disk is full.

    Files of a run are not meant: what they meet is an `OutputError`.
    """
    return isinstance(error, OSError) and error.errno in {errno.EPIPE, errno.ENOSPC}


def _drop_unwritable() -> None:
    """Forget what standard output did not take: Python would try once more at its end, and complain."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = io.StringIO()


def _complain(message: str) -> None:
    """Print one line on standard error."""
    click.echo(f"{PROGRAM}: error: {to_printable(message)}", err=True)


@click.group(cls=Commands, name=PROGRAM, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an unexpected failure, and GDAL's own messages.")
@click.version_option(__version__, prog_name=PROGRAM)
def main(*, debug: bool) -> None:
    """Find new straight cleared strips between satellite images of the same ground.

    Every run says what it could not see. Its findings are candidates: a preliminary analysis, not validated in the
    field.
    """
    harden(os.environ, silent=not debug)
    os.umask(os.umask(0) | 0o022)  # nobody but the user writes to what a command leaves, whatever the user's habit
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _interrupt)


for command in (bench, compare, fetch_regions, fetch_scenes, info, scan, simulate, verify):
    main.add_command(command)
