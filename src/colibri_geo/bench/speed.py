"""Measure speed: every way to go through a pair, held to the decoding of the same blocks in the same run.

Each thing is measured in a fresh process of its own, the decode floor before and after it: seconds depend on the
machine and on what else it does, the ratio to the floor around it much less. Files are read once before, so that disks
do not count.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import colibri_geo
from colibri_geo.bench.counting import Found, count_found
from colibri_geo.bench.timing import Ran, run_command
from colibri_geo.bench.wide import TILE_PX, WidePair, make_wide_pair
from colibri_geo.errors import SettingsError
from colibri_geo.evidence.manifest import LOG
from colibri_geo.sim import Mix, random_spec, write_scene
from colibri_geo.sim.files import pair_files

Progress = Callable[[str], None]

COUNTRY_MPX = 11_400
"""Colombia on pixels of 10 m, one date."""
TINY_PX = 128
_TINY_SEED = 7
_MOST_MPX = 1000
_CHUNK = 2**24
_STEP = re.compile(r"\S+Z (?P<name>.+) (?P<seconds>\d+\.\d+) s")
_CACHES = ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")


@dataclass(frozen=True)
class Method:
    """A way to go through a pair.

    Attributes
    ----------
    name, about : str
    words : tuple of str
        Of the command ``colibri-geo``, without its images; in process, the task of `colibri_geo.bench.tasks`.
    command : bool
        Whether it is a command.
    most_mpx : int
        Of larger pairs it is left out: they do not fit, or take too long.
    """

    name: str
    about: str
    words: tuple[str, ...]
    command: bool = True
    most_mpx: int = _MOST_MPX


METHODS = (
    Method(
        "regionprops",
        "the recipe, in process, from open_scene to its table",
        ("regionprops",),
        command=False,
        most_mpx=16,
    ),
    Method("compare", "colibri_geo.compare, in process", ("compare",), command=False, most_mpx=100),
    Method(
        "compare command",
        "colibri-geo compare --no-report, on all processors",
        ("compare", "--no-report"),
        most_mpx=100,
    ),
    Method("scan 1", "colibri-geo scan --workers 1 --no-report", ("scan", "--workers", "1", "--no-report")),
    Method("scan 2", "colibri-geo scan --workers 2 --no-report", ("scan", "--workers", "2", "--no-report")),
)
END_TO_END = Method("scan 2, report", "colibri-geo scan --workers 2, with its report", ("scan", "--workers", "2"))
SCANS = tuple(method for method in METHODS if method.words[0] == "scan")


@dataclass(frozen=True)
class Form:
    """What is measured.

    Attributes
    ----------
    about : str
    sides_px : tuple of int
    methods : tuple of Method
    """

    about: str
    sides_px: tuple[int, ...]
    methods: tuple[Method, ...] = METHODS


FORMS = {
    "full": Form("4 to 400 Mpx", (2000, 4000, 10_000, 20_000)),
    "quick": Form("4 and 16 Mpx", (2000, 4000)),
    "tile110": Form("a Sentinel-2 tile of 110 x 110 km", (TILE_PX,), (*SCANS, END_TO_END)),
}


@dataclass(frozen=True)
class Step:
    """What one step of a command took, by its ``run.log``."""

    name: str
    seconds: float


@dataclass(frozen=True)
class MethodSpeed:
    """What one method took on one pair; medians over its runs.

    Attributes
    ----------
    name, about : str
    runs : int
    seconds : float
    mpx_per_s : float
        Pixels of the pair's grid.
    ratio : float
        Of the seconds to those of the decode floor, measured before and after.
    peak_mb, most_mb : float or None
        Memory, see `colibri_geo.bench.timing.HOW`; highest of all runs.
    found : Found or None
        Of the last run; None for what finds nothing.
    steps : tuple of Step
        Of the last run; empty for what keeps no log.
    """

    name: str
    about: str
    runs: int
    seconds: float
    mpx_per_s: float
    ratio: float
    peak_mb: float | None
    most_mb: float | None
    found: Found | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True)
class SizeReport:
    """What was measured on one pair.

    Attributes
    ----------
    rows, cols, bands : int
    blocks, distinct : int
        Of how many simulated blocks it is made, and how many of them differ.
    floor : MethodSpeed
    methods : tuple of MethodSpeed
    """

    rows: int
    cols: int
    bands: int
    blocks: int
    distinct: int
    floor: MethodSpeed
    methods: tuple[MethodSpeed, ...]

    @property
    def mpx(self) -> float:
        """Pixels of the pair's grid, millions."""
        return self.rows * self.cols / 1e6


@dataclass(frozen=True)
class StartUp:
    """What a scan of next to nothing takes.

    Attributes
    ----------
    side_px : int
    first_seconds : float
        Of the first run, with a home folder and caches that are empty.
    again_seconds : float
        Of the next.
    """

    side_px: int
    first_seconds: float
    again_seconds: float


@dataclass(frozen=True)
class SpeedReport:
    """What a benchmark of speed measured.

    Attributes
    ----------
    version : str
        Of colibri_geo.
    form : str
    processors : int
    bands : int
    repeats : int
    start_up : StartUp
    sizes : tuple of SizeReport
    """

    version: str
    form: str
    processors: int
    bands: int
    repeats: int
    start_up: StartUp | None
    sizes: tuple[SizeReport, ...]


def bench_speed(
    *,
    form: str = "full",
    mpx: Sequence[int] = (),
    bands: int = 4,
    methods: Sequence[str] = (),
    repeats: int = 1,
    folder: str | Path = "out/benchmarks",
    workers: int = 1,
    progress: Progress | None = None,
) -> SpeedReport:
    """Measure how long each way through a pair takes, and how much memory.

    Parameters
    ----------
    form : str
        ``full``, ``quick`` or ``tile110``.
    mpx : sequence of int
        Sizes in place of the form's, megapixels of the pair's grid.
    bands : int
        4 or 6.
    methods : sequence of str
        Names of `METHODS` or `END_TO_END`, in place of all of the form.
    repeats : int
        How many times each is measured, in turn.
    folder : str or Path
        Where the pairs are, or are made; made where it is missing.
    workers : int
        Processes that make them.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    SpeedReport

    Raises
    ------
    SettingsError
        For words that mean nothing here.
    ColibriError
        Where something that is measured fails.
    """
    if form not in FORMS or repeats < 1 or workers < 1:
        raise SettingsError(
            f"form {form!r}, {repeats} repeats, {workers} workers; expected one of {', '.join(FORMS)}, and 1 or more; "
            "correct them"
        )
    sides_px = tuple(map(choose_side, mpx)) or FORMS[form].sides_px
    chosen = choose_methods(methods, FORMS[form].methods)
    tell, home = progress or (lambda _: None), Path(folder)
    pairs = [make_wide_pair(home, side, bands=bands, workers=workers, progress=tell) for side in sides_px]
    scans = any(method.words[0] == "scan" for method in chosen)
    return SpeedReport(
        version=colibri_geo.__version__,
        form=form if not (mpx or methods) else "own",
        processors=os.cpu_count() or 1,
        bands=bands,
        repeats=repeats,
        start_up=measure_start_up(home, tell) if scans else None,
        sizes=tuple(measure_pair(pair, chosen, home, repeats=repeats, tell=tell) for pair in pairs),
    )


def choose_side(mpx: int) -> int:
    """Return the side of a square of so many megapixels.

    Raises
    ------
    SettingsError

    Examples
    --------
    >>> choose_side(16)
    4000
    """
    if not 1 <= mpx <= _MOST_MPX:
        raise SettingsError(f"{mpx} megapixels, expected 1 to {_MOST_MPX}; choose a size that the disk has room for")
    return math.isqrt(mpx * 10**6)


def choose_methods(names: Sequence[str], usual: tuple[Method, ...]) -> tuple[Method, ...]:
    """Return the methods of these names, or the usual ones.

    Raises
    ------
    SettingsError
    """
    known = {method.name: method for method in (*METHODS, END_TO_END)}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"method {unknown[0][:60]!r} does not exist; choose of {', '.join(map(repr, known))}")
    return tuple(method for name, method in known.items() if name in names) or usual


def measure_pair(
    pair: WidePair, methods: Sequence[Method], folder: Path, *, repeats: int, tell: Progress
) -> SizeReport:
    """Measure the methods on a pair, the decode floor before and after each.

    Returns
    -------
    SizeReport
    """
    fitting = [method for method in methods if pair.mpx <= method.most_mpx]
    _warm(pair)
    runs: dict[str, list[_Run]] = {method.name: [] for method in fitting}
    floors = [_read(pair)]
    for turn in range(repeats):
        for method in fitting:
            tell(f"{pair.mpx:.0f} Mpx: {method.name}, {turn + 1} of {repeats}")
            run = _run(method, pair, folder)
            floors.append(_read(pair))
            runs[method.name].append(run.held_to((floors[-2].seconds + floors[-1].seconds) / 2))
    return SizeReport(
        rows=pair.rows,
        cols=pair.cols,
        bands=pair.bands,
        blocks=pair.blocks,
        distinct=pair.distinct,
        floor=_sum_up(
            "floor", "one process decodes the same blocks of bands and masks, and nothing else", floors, pair
        ),
        methods=tuple(_sum_up(method.name, method.about, runs[method.name], pair) for method in fitting),
    )


def measure_start_up(folder: Path, tell: Progress) -> StartUp:
    """Scan a tiny pair twice, the first time with a home folder and caches that are empty.

    Returns
    -------
    StartUp
    """
    tell("start-up")
    before, after = _make_tiny(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".speed-") as scratch:
        clean = dict(os.environ) | {name: f"{scratch}/{name}" for name in _CACHES}
        for name in _CACHES:
            (Path(scratch) / name).mkdir()
        words = _command(SCANS[0].words, before, after)
        first, again = (
            run_command([*words, "--out", f"{scratch}/{number}"], clean).seconds for number in ("first", "again")
        )
    return StartUp(TINY_PX, first, again)


def _make_tiny(folder: Path) -> tuple[Path, Path]:
    """Give a pair with one strip and nothing else."""
    name, names = "tiny1", [f"tiny1_{part}" for part in pair_files()]
    if not all((folder / one).is_file() for one in names):
        mix = Mix(new=1, old=0, regrowing=0, road=0, river=0, field=0, burn=0, clearing=0, season=0)
        spec = random_spec(_TINY_SEED, rows=TINY_PX, cols=TINY_PX, mix=mix, cloud_share=0.0)
        write_scene(spec, folder, "tiny1", overwrite=True)
    return folder / f"{name}_before.tif", folder / f"{name}_after.tif"


@dataclass(frozen=True)
class _Run:
    """One run of one method; its ratio is to the floors around it."""

    seconds: float
    peak_mb: float | None
    most_mb: float | None
    found: Found | None = None
    steps: tuple[Step, ...] = ()
    ratio: float = 1.0

    def held_to(self, floor_seconds: float) -> _Run:
        return replace(self, ratio=self.seconds / floor_seconds)


def _read(pair: WidePair) -> _Run:
    ran = _run_task("read", pair.before, pair.after)
    return _Run(json.loads(ran.output)["seconds"], ran.peak_mb, ran.most_mb)


def _run(method: Method, pair: WidePair, folder: Path) -> _Run:
    if not method.command:
        ran = _run_task(method.words[0], pair.before, pair.after, pair.truth)
        told = json.loads(ran.output)
        return _Run(told.pop("seconds"), ran.peak_mb, ran.most_mb, Found(**told))
    with tempfile.TemporaryDirectory(dir=folder, prefix=".speed-") as scratch:
        out = Path(scratch) / "run"
        ran = run_command([*_command(method.words, pair.before, pair.after), "--out", str(out)], os.environ)
        found = count_found(colibri_geo.read_run(out).strips, pair.truth)
        return _Run(ran.seconds, ran.peak_mb, ran.most_mb, found, read_steps(out / LOG))


def read_steps(log: Path) -> tuple[Step, ...]:
    """Read how long each step took; steps of one name are added up.

    Parameters
    ----------
    log : Path
        The ``run.log`` of a run.

    Returns
    -------
    tuple of Step
    """
    steps: dict[str, float] = {}
    for line in log.read_text(encoding="utf-8").splitlines():
        if found := _STEP.fullmatch(line):
            steps[found["name"]] = steps.get(found["name"], 0.0) + float(found["seconds"])
    return tuple(Step(name, seconds) for name, seconds in steps.items())


def _run_task(task: str, *paths: Path) -> Ran:
    # As in the command line: threads of the matrix library do not help, and no task has them to itself.
    environment: Mapping[str, str] = {"OPENBLAS_NUM_THREADS": "1"} | dict(os.environ)
    return run_command([sys.executable, "-m", "colibri_geo.bench.tasks", task, *map(str, paths)], environment)


def _command(words: Sequence[str], before: Path, after: Path) -> list[str]:
    return [sys.executable, "-m", "colibri_geo", words[0], str(before), str(after), *words[1:]]


def _warm(pair: WidePair) -> None:
    """Read the files of a pair once, so that the system has them at hand where it can."""
    masks = (path.with_name(f"{path.stem}_scl.tif") for path in (pair.before, pair.after))
    for path in (pair.before, pair.after, *(mask for mask in masks if mask.exists())):
        with path.open("rb") as file:
            while file.read(_CHUNK):
                pass


def _sum_up(name: str, about: str, runs: Sequence[_Run], pair: WidePair) -> MethodSpeed:
    seconds = median(run.seconds for run in runs)
    return MethodSpeed(
        name=name,
        about=about,
        runs=len(runs),
        seconds=seconds,
        mpx_per_s=pair.mpx / seconds,
        ratio=median(run.ratio for run in runs),
        peak_mb=max(_known(run.peak_mb for run in runs), default=None),
        most_mb=max(_known(run.most_mb for run in runs), default=None),
        found=runs[-1].found,
        steps=runs[-1].steps,
    )


def _known(values: Iterator[float | None]) -> Iterator[float]:
    return (value for value in values if value is not None)
