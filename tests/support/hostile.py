"""The shared set of bad inputs, and what watches a command that meets one of them."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from colibri_geo import errors
from colibri_geo.errors import ColibriError
from tests.support.quiet import ROOM

MOST_SECONDS = 5.0
MOST_BYTES = 512 * 2**20

_POLL_SECONDS = 0.05
_GIVE_UP_SECONDS = 60.0
_NAME = re.compile(r"[A-Z][A-Za-z]+")
_LINE = re.compile(r"colibri-geo: error: ([A-Za-z]+): [^\n]{1,600}\n")
_SECRET = Path("/etc/passwd")


@dataclass(frozen=True)
class Row:
    """One row of the manifest.

    Attributes
    ----------
    number, kind, op, expect, must : str
        As there.
    files : tuple of str
        Paths inside of the set.
    """

    number: str
    kind: str
    op: str
    expect: str
    must: str
    files: tuple[str, ...]

    @property
    def named(self) -> frozenset[str]:
        """Errors of the project that it names."""
        found = _NAME.findall(self.must)
        return frozenset(name for name in found if isinstance(getattr(errors, name, None), type))


def list_rows(*ops: str) -> list[Row]:
    """Return the rows of some commands; none where the set is not on this machine."""
    folder = os.environ.get("COLIBRI_BAD_INPUTS")
    if not folder or not Path(folder).is_dir():
        return []
    with (Path(folder) / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            Row(row["id"], row["kind"], row["op"], row["expect"], row["must"], tuple(row["files"].split(" | ")))
            for row in csv.DictReader(file)
        ]
    return [row for row in rows if row.op in ops or not ops]


def each(rows: Sequence[Row]) -> pytest.MarkDecorator:
    """Run a test once a row; where there is none, once with a reason to skip."""
    if rows:
        return pytest.mark.parametrize("row", rows, ids=[row.number for row in rows])
    reason = "COLIBRI_BAD_INPUTS is not set: no damaged and hostile inputs on this machine"
    return pytest.mark.parametrize("row", [pytest.param(None, marks=pytest.mark.skip(reason=reason))])


# ------------------------------------------------------------------------------------------------------------ watching
@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes
    ----------
    status : int
    output, errors : str
    seconds : float
        Without those in which its processes waited for a processor: others use the machine too.
    peak_bytes : int
        Most memory of its processes together, or more while that is allowed; 0 where the system does not tell.
    strays : tuple of Path
        What it left outside of its output folder.
    """

    status: int
    output: str
    errors: str
    seconds: float
    peak_bytes: int
    strays: tuple[Path, ...]

    @property
    def told(self) -> Any:  # noqa: ANN401 - whatever the command prints as JSON
        """What it printed."""
        return json.loads(self.output)

    @property
    def error(self) -> str | None:
        """Name of the error; None where it ended well."""
        if self.status == 0:
            return None
        match = _LINE.fullmatch(self.errors)
        assert match is not None, self.errors
        return match[1]


@dataclass
class Watch:
    """Runs commands, and looks at what they do besides.

    Attributes
    ----------
    inputs : Path
        That no command may change.
    port : int
        Where no command may ring.
    calls : list of str
        Who did.
    """

    inputs: Path
    port: int
    calls: list[str] = field(default_factory=list)

    def run(self, folder: Path, *arguments: str) -> Ended:
        """Run a command in places of its own, which it leaves empty; only `folder` may hold what it writes."""
        before = list_stamps(self.inputs)
        ended = self._run_once(folder, arguments)
        if ended.seconds > MOST_SECONDS:  # others use the machine too: it is timed without them
            self._check(dataclasses.replace(ended, seconds=0.0), folder)
            shutil.rmtree(folder, ignore_errors=True)
            with ROOM.alone():
                ended = self._run_once(folder, arguments)
        assert list_stamps(self.inputs) == before, "an input was changed, or a file put beside it"
        assert not self.calls, "something was asked of the network"
        self._check(ended, folder)
        return ended

    def _run_once(self, folder: Path, arguments: Sequence[str]) -> Ended:
        places = {name: folder.parent / f"{folder.name}_{name}" for name in ("cwd", "home", "tmp")}
        for place in places.values():
            place.mkdir(exist_ok=True)
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("COLIBRI_", "PYTEST_"))},
            "HOME": str(places["home"]),
            "TMPDIR": str(places["tmp"]),
        }
        output, messages = folder.parent / f"{folder.name}_output", folder.parent / f"{folder.name}_messages"
        command = [sys.executable, "-m", "colibri_geo", *arguments]
        began = time.perf_counter()
        with output.open("wb") as out, messages.open("wb") as err:
            process = subprocess.Popen(command, cwd=places["cwd"], env=environment, stdout=out, stderr=err)
            used = _wait(process)
        seconds = max(time.perf_counter() - began - used.starved_seconds, used.worked_seconds)
        strays = tuple(path for place in places.values() for path in place.rglob("*"))
        return Ended(
            process.returncode, output.read_text("utf-8"), messages.read_text("utf-8"), seconds, used.peak_bytes, strays
        )

    def _check(self, ended: Ended, folder: Path) -> None:
        """Hold a command to what every row asks."""
        assert ended.status in {0, 2}, ended.errors
        assert "Traceback" not in ended.errors
        assert ended.seconds < MOST_SECONDS, f"took {ended.seconds:.2f} s"
        assert ended.peak_bytes < MOST_BYTES
        assert ended.strays == ()
        if ended.status == 0:
            assert ended.told
            assert ended.errors == ""
        else:
            assert ended.output == ""
            assert issubclass(getattr(errors, ended.error or ""), ColibriError)
            assert not folder.exists()
        check_secret(ended, folder)
        assert not [path for place in ("/", "/tmp", self.inputs) for path in Path(place).glob("colibri_pwned*")]  # noqa: S108 - looks there


def check_secret(ended: Ended, folder: Path) -> None:
    """Look for the password file in all that a command gave."""
    if not _SECRET.is_file():
        return
    secret = _SECRET.read_bytes().splitlines()[0]
    written = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    for content in (ended.output.encode(), ended.errors.encode(), *written):
        assert secret not in content


def list_stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Return size and time of change of all files below a folder."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def list_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of all files below a folder."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@contextmanager
def watching(inputs: Path) -> Iterator[Watch]:
    """Watch the set of bad inputs and the port that some of them would call, until the block ends."""
    port = json.loads((inputs / "truth.json").read_text(encoding="utf-8"))["ssrf_port"]
    before = list_hashes(inputs)
    watch = Watch(inputs, port)
    with listening(watch.calls, port=port):
        yield watch
    assert list_hashes(inputs) == before
    assert not watch.calls


@contextmanager
def listening(calls: list[str], *, port: int = 0) -> Iterator[int]:
    """Note who rings at a port of this machine, any that is free unless it is named; give its number.

    Tests that run side by side listen at the same port together: one of them notes it.
    """
    ended = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
        door.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_REUSEPORT", socket.SO_REUSEADDR), 1)
        door.bind(("127.0.0.1", port))
        door.listen()
        door.settimeout(0.1)

        def answer() -> None:
            while not ended.is_set():
                try:
                    visitor, place = door.accept()
                except TimeoutError:
                    continue
                calls.append(str(place))
                visitor.close()

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            yield int(door.getsockname()[1])
        finally:
            ended.set()
            thread.join()


@dataclass(frozen=True)
class _Use:
    """What a command took of the machine."""

    peak_bytes: int
    worked_seconds: float
    starved_seconds: float


def _wait(process: subprocess.Popen[bytes]) -> _Use:
    """Wait for a process, and look at it and at those below it until it ends."""
    peak = 0
    times: dict[str, list[float]] = {}
    until = time.monotonic() + _GIVE_UP_SECONDS
    while process.poll() is None:
        tree = _list_tree(process.pid)
        times |= {path: seconds for number in tree for path, seconds in _read_times(number).items()}
        peak = max(peak, _measure_peak(tree))
        if time.monotonic() > until:
            process.send_signal(signal.SIGTERM)
            process.wait(10)
        time.sleep(_POLL_SECONDS)
    worked, starved = (sum(seconds[kind] for seconds in times.values()) for kind in (0, 1))
    return _Use(peak, worked, starved)


def _measure_peak(tree: Sequence[int]) -> int:
    """Return the most memory of processes together, or more while that is allowed: the exact figure slows them down."""
    alone = [_read_bytes(number, "status", "VmHWM") for number in tree]
    if sum(alone) < MOST_BYTES:  # pages that they share are counted more than once: together they took no more
        return sum(alone)
    return max(*alone, sum(_read_bytes(number, "smaps_rollup", "Pss") for number in tree))


def _list_tree(root: int) -> list[int]:
    waiting, found = [root], []
    while waiting:
        found.append(waiting.pop())
        for path in Path(f"/proc/{found[-1]}/task").glob("*/children"):
            waiting += map(int, _read(path).split())
    return found


def _read_bytes(number: int, file: str, name: str) -> int:
    match = re.search(rf"^{name}:\s+(\d+) kB", _read(Path(f"/proc/{number}/{file}")), re.MULTILINE)
    return int(match[1]) * 1024 if match else 0


def _read_times(number: int) -> dict[str, list[float]]:
    """Return the seconds in which each thread of a process ran, and in which it could have and had no processor."""
    found = {}
    for path in Path(f"/proc/{number}/task").glob("*/schedstat"):
        if fields := _read(path).split():
            found[str(path)] = [int(field) / 1e9 for field in fields[:2]]
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process is gone
        return ""
