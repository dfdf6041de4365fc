"""Tests side by side, and now and then one that has the machine to itself, because it measures time."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO


@dataclass(frozen=True)
class Room:
    """Where tests of several processes run: beside each other, or one alone.

    The locks are the system's and end with the process; where it has none, nobody waits.

    Attributes
    ----------
    door, floor : Path
        Two files that all of them can read.
    """

    door: Path
    floor: Path
    _held: list[IO[str]] = field(default_factory=list)

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Run a test, once nobody is alone or waits to be."""
        with ExitStack() as stack:
            door, floor = (stack.enter_context(path.open(encoding="utf-8")) for path in (self.door, self.floor))
            _lock(door, "LOCK_EX")
            _lock(floor, "LOCK_SH")
            _lock(door, "LOCK_UN")
            self._held[:] = door, floor
            try:
                yield
            finally:
                self._held.clear()
                _lock(floor, "LOCK_UN")  # else it is kept by processes that the test has forked

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait inside of a test until those beside it have ended, and let none begin before the block ends."""
        door, floor = self._held
        _lock(floor, "LOCK_UN")  # else two that want to be alone wait for each other
        _lock(door, "LOCK_EX")
        _lock(floor, "LOCK_EX")
        try:
            yield
        finally:
            _lock(floor, "LOCK_SH")
            _lock(door, "LOCK_UN")


ROOM = Room(Path(__file__), Path(__file__).with_name("__init__.py"))
"""Of all tests of this checkout."""


def _lock(file: IO[str], kind: str) -> None:
    if importlib.util.find_spec("fcntl"):
        system = importlib.import_module("fcntl")
        system.flock(file, getattr(system, kind))
