"""How long a command takes, and how much memory it and all that it starts hold at the same time."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from colibri_geo.errors import ColibriError

HOW = (
    "summed proportional set size (PSS) of a process and all that it started, the highest of up to 5 samples a second",
    "and *at most* the sum of each one's own highest resident size (VmHWM), which counts shared pages once for each",
)
"""How memory is measured: its peak, and a bound above it."""
_EVERY_S = 0.2
_REST_PER_LOOK = 20.0
_PROC = Path("/proc")
_KIB_IN_MB = 1024 / 1e6


@dataclass(frozen=True)
class Ran:
    """What a command took.

    Attributes
    ----------
    seconds : float
        From its start to its end.
    peak_mb, most_mb : float or None
        Memory, see `HOW`; None where the system does not tell.
    output : str
        What it printed on standard output.
    """

    seconds: float
    peak_mb: float | None
    most_mb: float | None
    output: str


def run_command(words: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """Run a command to its end, and measure it.

    Parameters
    ----------
    words : sequence of str
    environment : Mapping of str to str
        Of the command.

    Returns
    -------
    Ran

    Raises
    ------
    ColibriError
        Where it ends with another status than 0.
    """
    start = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - the project's own commands
        words,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        watch = _Watch(process.pid)
        watch.start()
        try:
            output, complaint = process.communicate()
        except BaseException:
            process.terminate()
            raise
        finally:
            watch.stop()
    seconds = time.perf_counter() - start
    if process.returncode:
        last = complaint.strip().splitlines()[-1:] or ["it said nothing"]
        raise ColibriError(
            f"{' '.join(words[1:4])} ended with status {process.returncode}, expected 0; run it by itself: {last[0]}"
        )
    return Ran(seconds, watch.peak_mb, watch.most_mb, output)


@dataclass
class _Watch:
    """A thread that looks at the memory of a process and its descendants until it is stopped."""

    pid: int
    peak_kib: int = 0
    highest_kib: dict[int, int] = field(default_factory=dict)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        if (_PROC / "self" / "smaps_rollup").exists():
            self._thread = threading.Thread(target=self._look, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def peak_mb(self) -> float | None:
        return self.peak_kib * _KIB_IN_MB if self.peak_kib else None

    @property
    def most_mb(self) -> float | None:
        return sum(self.highest_kib.values()) * _KIB_IN_MB if self.highest_kib else None

    def _look(self) -> None:
        while True:
            began, held = time.perf_counter(), 0
            for pid in list_family(self.pid):
                held += _read_kib(pid, "smaps_rollup", "Pss:")
                if (highest := _read_kib(pid, "status", "VmHWM:")) > self.highest_kib.get(pid, 0):
                    self.highest_kib[pid] = highest
            self.peak_kib = max(self.peak_kib, held)
            # Looking stops what is looked at: the kernel walks all of its pages.
            if self._done.wait(max(_EVERY_S, _REST_PER_LOOK * (time.perf_counter() - began))):
                return


def list_family(pid: int) -> list[int]:
    """List a process and all that descend from it.

    Parameters
    ----------
    pid : int

    Returns
    -------
    list of int
    """
    parents = dict(_list_parents())
    family, young = [pid], {pid}
    while young:
        young = {child for child, parent in parents.items() if parent in young}
        family += sorted(young)
    return family


def _list_parents() -> Iterable[tuple[int, int]]:
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            text = _read(folder / "stat")
            if ")" in text:  # the name before it may hold anything
                yield int(folder.name), int(text.rpartition(")")[2].split()[1])


def _read_kib(pid: int, file: str, name: str) -> int:
    for line in _read(_PROC / str(pid) / file).splitlines():
        if line.startswith(name):
            return int(line.split()[1])
    return 0


def _read(path: Path) -> str:
    """Return what a file of the system says; nothing where its process has ended or is another user's."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
