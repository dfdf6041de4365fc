"""What a decoder that was taken over, or met a file made for it, may do in a child process."""

from __future__ import annotations

import importlib
import os
import signal
import stat
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import colibri_geo
from colibri_geo.errors import ColibriError, CorruptInput


def brings_along(module: str, other: str) -> bool:
    """Import a module, and tell whether another is there afterwards."""
    importlib.import_module(module)
    return sys.modules.get(other) is not None


def has_imported(module: str) -> bool:
    """Tell whether a module is there already."""
    return module in sys.modules


def tell_library() -> str:
    """Return where the library was imported from."""
    return colibri_geo.__file__


def hang(*_: object) -> NoReturn:
    """Wait for something that never comes."""
    while True:
        time.sleep(60)


def is_alive(process: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{process}/stat")
    return not (state.is_file() and state.read_text().rpartition(") ")[2].startswith("Z"))


def work(seconds: float) -> None:
    """Keep the processor busy."""
    began = time.process_time()
    while time.process_time() - began < seconds:
        pass


def crash(*_: object) -> NoReturn:
    """End as a fault of memory in C code ends a process."""
    os.kill(os.getpid(), signal.SIGSEGV)
    raise AssertionError("still here")


def leave(status: int) -> NoReturn:
    """End the process without a word."""
    os._exit(status)


def grow(size_bytes: int) -> int:
    """Ask for memory and use it."""
    return len(b"\1" * size_bytes)


_held: list[bytearray] = []


def riddle(count: int) -> None:
    """Take `count` times 100 kB, and free all but every eighth: what is free lies between what is not."""
    taken = [bytearray(100_000) for _ in range(count)]
    _held.extend(taken[7::8])


def tell_resident() -> int:
    """Return the bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def write(path: Path) -> bool:
    """Write a file."""
    with path.open("wb", buffering=0) as file:
        return bool(file.write(b"was here"))


def chatter(text: str) -> str:
    """Print on standard output, as libraries do."""
    print(text, flush=True)  # noqa: T201 - that is what it is for
    return text


def refuse(message: str) -> NoReturn:
    """Raise an error of the project."""
    raise CorruptInput(message)


def fail(message: str) -> NoReturn:
    """Raise an error that nobody foresaw."""
    raise LookupError(message)


def tell_process(*_: object) -> int:
    """Return the number of the process."""
    return os.getpid()


def tell_cpu_limit() -> int:
    """Return how many seconds of processor time the process may take."""
    import resource

    return resource.getrlimit(resource.RLIMIT_CPU)[0]


def tell_environment(name: str) -> str | None:
    """Return a variable of the environment."""
    return os.environ.get(name)


def send_bytes(content: bytes) -> NoReturn:
    """Write bytes where answers are expected, then wait."""
    for descriptor in range(3, 64):
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        except OSError:
            continue
        if is_pipe:
            os.write(descriptor, content)
    hang()


def announce_bytes(size: int, content: bytes) -> NoReturn:
    """Write an answer that says to have `size` bytes."""
    send_bytes(struct.pack(">Q", size) + content)


class Trick:
    """Pickled, it calls a function of whoever reads it."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[object, ...]]:
        return self.call


def trick(command: str) -> Trick:
    """Return what makes the reader run a command."""
    return Trick(os.system, command)


def end_reader(_: object = None) -> BaseException:
    """Return what ends the reader, where it raises the errors that it is given."""
    return SystemExit(0)


class Foreign(ColibriError):
    """An error that the project does not know."""


def raise_foreign() -> NoReturn:
    """Raise it."""
    raise Foreign(sys.executable)
