"""What a reader must do with damaged input, and what holds it to that, case by case.

A case is known by its format and number: the same seed gives the same damage. It ends well with a result, or with a
`ColibriError` whose message is one printable line that names the file; nothing else may come out: no other exception,
no warning, no file beside the input, no long wait.
"""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import numpy as np

from colibri_geo.errors import MOST_LETTERS, ColibriError
from colibri_geo.hardening import harden
from colibri_geo.isolation import Lost, isolated
from tests.fuzz.mutating import Mutator, damage_name

MOST_SECONDS = 5.0
TRIES = 3
_LOST_SECONDS = 20.0
_ELSEWHERE = (PendingDeprecationWarning, DeprecationWarning)  # of libraries; pyproject.toml lists those for the tests


@dataclass(frozen=True)
class Seed:
    """A good input, one file of which is damaged.

    Attributes
    ----------
    folder : Path
        Of the input; a case changes the target and puts it back.
    target : str
        Path inside `folder`.
    read : callable
        Reads the input; is given the path of the target.
    names : frozenset of str
        Of which a message must hold one.
    content : bytes
        Of the target.
    """

    folder: Path
    target: str
    read: Callable[[Path], object]
    names: frozenset[str]
    content: bytes

    @property
    def path(self) -> Path:
        """Where the target lies."""
        return self.folder / self.target


def plant(folder: Path, target: str, read: Callable[[Path], object]) -> Seed:
    """Make a seed of a folder; the undamaged input must give a result."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    inside = [Path(name) for path in files if is_zipfile(path) for name in ZipFile(path).namelist()]
    names = {name for path in (*files, *inside) for name in (path.name, path.parent.name) if name}
    read(folder / target)
    return Seed(folder, target, read, frozenset(names), (folder / target).read_bytes())


@dataclass(frozen=True)
class Format:
    """A format that is read.

    Attributes
    ----------
    name : str
    make : callable
        Writes good inputs into a folder.
    mutate : callable or None
        Damages a content; None damages the target's name in place of its content.
    """

    name: str
    make: Callable[[Path], Sequence[Seed]]
    mutate: Mutator | None


@dataclass(frozen=True)
class Outcome:
    """How a case ended.

    Attributes
    ----------
    end : str
        ``result``, or the name of the error.
    fault : str
        What was wrong with that, empty where nothing was.
    lost : bool
        Whether a reading child ended or was ended.
    seconds : float
    """

    end: str
    fault: str
    lost: bool
    seconds: float


@dataclass
class Tally:
    """How the cases of one format ended.

    Attributes
    ----------
    name : str
    ends : Counter
        By result or error.
    lost : int
    slowest_seconds, seconds : float
        Of one case, of all.
    slowest : int
        Number of that case.
    faults : dict of int to str
        By the number of the case.
    """

    name: str
    ends: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    slowest_seconds: float = 0.0
    seconds: float = 0.0
    slowest: int = 0
    faults: dict[int, str] = field(default_factory=dict)

    def add(self, case: int, outcome: Outcome) -> None:
        """Count a case."""
        self.ends[outcome.end] += 1
        self.lost += outcome.lost
        self.seconds += outcome.seconds
        if outcome.seconds > self.slowest_seconds:
            self.slowest_seconds, self.slowest = outcome.seconds, case
        if outcome.fault:
            self.faults[case] = outcome.fault

    @property
    def cases(self) -> int:
        """Number of cases."""
        return self.ends.total()


@contextmanager
def children() -> Iterator[None]:
    """Decode in children with the environment of the command line, which wait less long for an answer."""
    environment = dict(os.environ)
    harden(environment)
    with isolated(environment, most=1) as pool:
        pool.seconds = _LOST_SECONDS
        yield


def make_seeds(form: Format, folder: Path) -> list[Seed]:
    """Write the good inputs of a format; damage may put the names of one into another."""
    clear(folder)
    seeds = form.make(folder)
    names = frozenset(name for seed in seeds for name in seed.names)
    return [dataclasses.replace(seed, names=names) for seed in seeds]


def run_cases(form: Format, folder: Path, cases: Sequence[int], *, seed: int) -> Iterator[tuple[int, Outcome]]:
    """Run some cases of a format, inside of `children`.

    Parameters
    ----------
    form : Format
    folder : Path
        For the inputs; what it held is lost.
    cases : sequence of int
        Their numbers.
    seed : int
    """
    seeds = make_seeds(form, folder)
    for case in cases:
        yield case, run_case(form, seeds, case, seed=seed)


def run_case(form: Format, seeds: Sequence[Seed], case: int, *, seed: int) -> Outcome:
    """Run one case; one that is slow may try again, others use the machine too."""
    rng = np.random.default_rng((seed, zlib.crc32(form.name.encode()), case))
    good = seeds[int(rng.integers(len(seeds)))]
    other = seeds[int(rng.integers(len(seeds)))]
    with _damaged(form, good, other.content, rng, case) as path:
        before = _list(good.folder)
        outcome = _read(good, path)
        for _ in range(TRIES - 1):
            if outcome.seconds > MOST_SECONDS:
                outcome = min(outcome, _read(good, path), key=lambda one: one.seconds)
        if not outcome.fault and outcome.seconds > MOST_SECONDS:
            return Outcome(outcome.end, f"took {outcome.seconds:.1f} s", outcome.lost, outcome.seconds)
        if not outcome.fault and _list(good.folder) != before:
            return Outcome(outcome.end, "left something behind, or changed a file", outcome.lost, outcome.seconds)
        return outcome


@contextmanager
def _damaged(form: Format, good: Seed, other: bytes, rng: np.random.Generator, case: int) -> Iterator[Path]:
    """Put damage in the place of the target, and take it away afterwards."""
    if form.mutate is None:
        path = good.path.with_name(damage_name(good.path.name, rng))
        if path != good.path and path.exists():
            path = good.path
        good.path.rename(path)
        try:
            yield path
        finally:
            path.rename(good.path)
        return
    good.path.write_bytes(form.mutate(good.content, other, rng))
    moment = 10**18 + case * 10**9  # every case another, for readers that remember files by their time
    os.utime(good.path, ns=(moment, moment))
    try:
        yield good.path
    finally:
        good.path.write_bytes(good.content)


def _list(folder: Path) -> list[tuple[str, int, int]]:
    found = []
    for entry in os.scandir(folder):
        status = entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            found.extend(_list(Path(entry.path)))
        else:
            found.append((entry.path, status.st_size, status.st_mtime_ns))
    return sorted(found)


def _read(seed: Seed, path: Path) -> Outcome:
    began = time.perf_counter()
    end, fault, lost = "result", "", False
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            seed.read(path)
        except ColibriError as error:
            end, fault = type(error).__name__, judge_message(str(error), {*seed.names, path.name})
            lost = isinstance(error.__cause__, Lost)
        except Exception as error:  # noqa: BLE001 - what must not come out is what is looked for
            end, fault = type(error).__name__, _trace(error)
    seconds = time.perf_counter() - began
    told = [warning for warning in caught if not issubclass(warning.category, _ELSEWHERE)]
    if told and not fault:
        fault = f"{told[0].category.__name__}: {told[0].message} ({told[0].filename}:{told[0].lineno})"
    return Outcome(end, fault, lost, seconds)


def judge_message(text: str, names: set[str]) -> str:
    """Say what is wrong with a message; nothing where it is one short printable line that names a file."""
    if not text.isprintable():
        return f"not printable: {text[:200]!r}"
    if len(text) > MOST_LETTERS:
        return f"{len(text)} letters: {text[:200]}..."
    if not any(name[:40] in text for name in names):
        return f"names no file: {text}"
    return ""


def _trace(error: Exception) -> str:
    """Tell an exception in one line, with the last places of the project that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames if "colibri_geo" in frame.filename]
    last = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}"
    return f"{type(error).__name__}: {' '.join(str(error).split())[:160]} ({' '.join([*ours[-3:], last])})"


def clear(folder: Path) -> None:
    """Empty a folder that holds inputs of a format."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
