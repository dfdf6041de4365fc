"""A lock on a folder that the system takes away with the process that holds it."""

from __future__ import annotations

import errno
import importlib
import importlib.util
import os
import platform
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colibri_geo.errors import OutputError

_BUSY = frozenset({errno.EACCES, errno.EAGAIN, errno.EDEADLK})
_FAR = 2**30  # Windows locks bytes, and nobody can read those; far behind what the file holds
_HOLDER = re.compile(r"\d{1,10} [\w.-]{1,64}", re.ASCII)


@dataclass
class FolderLock:
    """A file of the folder that one process at a time holds.

    The system gives it up when the process ends, however it ends: a lock is never stale.
    """

    path: Path
    _descriptor: int | None = None

    @classmethod
    def take(cls, path: Path) -> FolderLock:
        """Take the lock.

        Parameters
        ----------
        path : Path
            Of the lock's file, which is made when it is missing; it stays.

        Raises
        ------
        OutputError
            Where another scan holds it, or the file system knows no locks.
        OSError
            Where the file cannot be opened.
        """
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            _lock(descriptor)
            if os.fstat(descriptor).st_ino != path.stat().st_ino:
                raise BlockingIOError(errno.EAGAIN, "removed meanwhile")
            os.ftruncate(descriptor, 0)
            os.write(descriptor, f"{os.getpid()} {platform.node()}\n".encode(errors="replace"))
        except OSError as error:
            holder = _read_holder(descriptor)
            os.close(descriptor)
            if error.errno in _BUSY or isinstance(error, FileNotFoundError):
                raise OutputError(
                    f"{path.parent}: another scan is at work in it{holder}, expected none; wait for its end, or give "
                    "another folder"
                ) from error
            raise OutputError(
                f"{path.parent}: cannot be locked ({error.strerror or error}), expected a file system that knows "
                "locks; give another folder"
            ) from error
        return cls(path, descriptor)

    def release(self) -> None:
        """Give up the lock; nothing happens where it was given up before."""
        if self._descriptor is not None:
            descriptor, self._descriptor = self._descriptor, None
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    """Take the lock or raise an OSError at once."""
    if importlib.util.find_spec("fcntl"):
        system: Any = importlib.import_module("fcntl")  # which Windows does not have
        system.flock(descriptor, system.LOCK_EX | system.LOCK_NB)
        return
    system = importlib.import_module("msvcrt")
    os.lseek(descriptor, _FAR, os.SEEK_SET)
    system.locking(descriptor, system.LK_NBLCK, 1)
    os.lseek(descriptor, 0, os.SEEK_SET)


def _read_holder(descriptor: int) -> str:
    """Return who wrote into the file, as far as it can be read."""
    with suppress(OSError):
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 128).decode("ascii", errors="replace").strip()
        if _HOLDER.fullmatch(text):
            process, _, host = text.partition(" ")
            return f" (process {process} on {host})"
    return ""
