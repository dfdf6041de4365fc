"""A folder that is written whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from colibri_geo.errors import DISK_FULL, NotARun, OutputError, OutputExists
from colibri_geo.evidence.manifest import holds_run
from colibri_geo.evidence.verification import verify
from colibri_geo.writing import OVERWRITE, check_writable, output_errors

FILE_MODE = 0o644
FOLDER_MODE = 0o755
_PREFIX = ".colibri-"
_MOST_NAMED = 3


def check_target(out: Path, *, overwrite: bool) -> None:
    """Refuse a folder that a run could not be written to, before the work starts.

    Folders above `out` may be missing: they are made when the run is written.

    Parameters
    ----------
    out : Path
        Folder to be written.
    overwrite : bool
        Whether a run that is there may be replaced. Nothing else is ever replaced but an empty folder, and no run that
        holds what it did not write, or that was changed since.

    Raises
    ------
    OutputExists
        The folder exists and may not be replaced, or something in it would be lost.
    NotARun
        It may be replaced, but holds something else than a run, or one that cannot be verified.
    OutputError
        The place is not a folder, is a link, lies inside a run, or cannot be written.
    """
    with output_errors(out):
        _check_place(out)
        if out.exists():
            _check_existing(out, overwrite=overwrite)


@contextmanager
def staged_folder(out: Path, *, overwrite: bool) -> Iterator[Path]:
    """Give a temporary folder beside `out` that takes its place at the end, or vanishes with any failure.

    Parameters
    ----------
    out : Path
        Folder to be written; see `check_target`.
    overwrite : bool
        Whether a run that is there is replaced: it stays until the new one is whole.

    Yields
    ------
    Path
        An empty folder, hidden, on the same file system.

    Raises
    ------
    OutputExists, NotARun, OutputError
        As in `check_target`, and when the disk is full or refuses.
    """
    check_target(out, overwrite=overwrite)
    target = out.resolve()
    with ExitStack() as undo:
        with output_errors(out):
            staging = _make_staging(target, undo)
        with output_errors(out, only=DISK_FULL):
            yield staging
        with output_errors(out):
            _set_modes(staging)
            check_target(out, overwrite=overwrite)
            _move_in(staging, target)
        undo.pop_all()


def _check_place(out: Path) -> None:
    if out.is_symlink():
        raise OutputError(f"{out}: is a link, expected a folder or a free name; give the folder that it leads to")
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: is a file, expected a folder or a free name; give another folder")
    places = Path(os.path.realpath(out)).parents  # resolve() ends at links that lead in a circle
    parent = next((place for place in places if place.exists() or place.is_symlink()), out)
    if not parent.is_dir():
        what = "link that leads nowhere" if parent.is_symlink() else "file"
        raise OutputError(f"{out}: {parent.name} is a {what}, expected a folder; give another folder")
    around = next((place for place in places if holds_run(place)), None)
    if around is not None:
        raise OutputError(
            f"{out}: lies in {around}, the folder of a run, which holds nothing but what that run wrote; give a folder "
            "outside of it"
        )
    check_writable(parent)


def _check_existing(out: Path, *, overwrite: bool) -> None:
    if not overwrite:
        raise OutputExists(
            f"{out}: exists already, expected a free name; give another folder, or {OVERWRITE} to replace a run"
        )
    if not any(out.iterdir()):
        return
    if not holds_run(out):
        raise NotARun(f"{out}: holds something else than a run, which is never replaced; give another folder")
    _check_lossless(out)


def _check_lossless(out: Path) -> None:
    """Refuse a run with something in it that writing the run again would not bring back."""
    found = verify(out)
    kept = [
        f"{_name_few(names)}, which {what}"
        for names, what in (
            (found.unexpected, "the run there did not write"),
            (found.changed, "changed since it was written"),
        )
        if names
    ]
    if kept:
        raise OutputExists(
            f"{out}: holds {', and '.join(kept)}; {OVERWRITE} would lose that: move it away first, or give another "
            "folder"
        )


def _name_few(names: Sequence[str]) -> str:
    named = ", ".join(names[:_MOST_NAMED])
    rest = len(names) - _MOST_NAMED
    return f"{named} and {rest:,} more" if rest > 0 else named


def _make_staging(target: Path, undo: ExitStack) -> Path:
    _make_parents(target, undo)
    staging = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=".partial", dir=target.parent))
    undo.callback(shutil.rmtree, staging, ignore_errors=True)
    return staging


def _make_parents(target: Path, undo: ExitStack) -> None:
    """Make the missing folders above `target`; those that stay empty are removed with a failure."""
    for parent in reversed([place for place in target.parents if not place.exists()]):
        parent.mkdir(mode=FOLDER_MODE)
        undo.callback(_remove_if_empty, parent)


def _remove_if_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _set_modes(folder: Path) -> None:
    """Let the owner write and all others read, whatever the process's own habit (temporary folders are closed)."""
    if os.name != "posix":
        return
    folder.chmod(FOLDER_MODE)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(FOLDER_MODE if path.is_dir() else FILE_MODE)


def _move_in(staging: Path, target: Path) -> None:
    if not target.exists():
        staging.rename(target)
        return
    aside = staging.with_suffix(".former")
    try:
        target.rename(aside)
        staging.rename(target)
    finally:
        _settle(aside, target)


def _settle(aside: Path, target: Path) -> None:
    """Leave one folder: the new one if it is in place, else the former one."""
    if not aside.exists():
        return
    if not target.exists():
        aside.rename(target)
        return
    try:
        shutil.rmtree(aside)
    except OSError as error:
        raise OutputError(
            f"{target}: the new run is in place, but the former one could not be removed ({error.strerror}); "
            f"remove {aside.name} beside it"
        ) from error
