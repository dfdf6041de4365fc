"""Measure the detector: on named groups of scenes, at both operating points, beside what user scripts do today."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import colibri_geo
from colibri_geo.bench.evaluating import Detected, SceneResult, detect, detect_aligned, evaluate
from colibri_geo.bench.matching import judge
from colibri_geo.bench.real import REAL
from colibri_geo.bench.scenes import SEEDS, SIMULATED, BenchPair, Group
from colibri_geo.bench.summing import GroupReport, sum_group
from colibri_geo.errors import SettingsError
from colibri_geo.settings import Settings
from colibri_geo.tracing.scoring import describe_basis

__all__ = [
    "BenchPair",
    "Detected",
    "DetectionReport",
    "bench_detection",
    "build_pair",
    "detect",
    "detect_aligned",
    "evaluate",
    "judge",
    "list_groups",
]

Progress = Callable[[str], None]

GROUPS = (*SIMULATED, *REAL)


@dataclass(frozen=True)
class Size:
    """How much of a group a form takes.

    Attributes
    ----------
    scenes : int
    with_recipes : int
        The recipes run on the first of these.
    """

    scenes: int
    with_recipes: int


FORMS = {
    "quick": {
        "ordinary": Size(12, 5),
        "faint": Size(12, 5),
        "rough": Size(9, 0),
        "quiet": Size(9, 0),
        "rgb": Size(6, 0),
        "six_bands": Size(6, 0),
        "fine": Size(2, 0),
        "coarse": Size(6, 0),
        "planted_romania": Size(15, 15),
        "planted_peru": Size(4, 4),
        "planted_faint_peru": Size(2, 0),
        "quiet_romania": Size(15, 15),
        "painted_peru": Size(2, 0),
    },
    "full": {
        "ordinary": Size(72, 18),
        "faint": Size(72, 18),
        "rough": Size(36, 9),
        "quiet": Size(66, 6),
        "rgb": Size(30, 9),
        "six_bands": Size(18, 0),
        "fine": Size(9, 0),
        "coarse": Size(12, 0),
        "planted_romania": Size(30, 30),
        "planted_peru": Size(16, 4),
        "planted_faint_peru": Size(12, 0),
        "quiet_romania": Size(15, 15),
        "painted_peru": Size(4, 4),
    },
}


@dataclass(frozen=True)
class DetectionReport:
    """What a benchmark of the detector measured.

    Attributes
    ----------
    version : str
        Of colibri_geo.
    form : str
        ``quick`` or ``full``.
    seeds : str
        ``test`` or ``development``.
    first_seed : int
    settings : Settings
        Of both operating points.
    basis : str
        What the probabilities rest on.
    groups : tuple of GroupReport
    """

    version: str
    form: str
    seeds: str
    first_seed: int
    settings: Settings
    basis: str
    groups: tuple[GroupReport, ...]


@dataclass(frozen=True)
class _Job:
    """One scene to evaluate; small, so that it travels between processes."""

    group: str
    seed: int
    real: Path | None
    recipes: bool
    settings: Settings


def bench_detection(
    *,
    form: str = "quick",
    groups: Sequence[str] = (),
    seeds: str = "test",
    real: str | Path | None = None,
    workers: int | None = None,
    settings: Settings | None = None,
    sizes: dict[str, Size] | None = None,
    progress: Progress | None = None,
) -> DetectionReport:
    """Measure recall, false alarms, errors and calibration of the detector.

    Parameters
    ----------
    form : str
        ``quick`` (minutes) or ``full`` (for releases).
    groups : sequence of str
        Names as in `list_groups`; by default all, those of real pictures only where `real` is given.
    seeds : str
        ``test`` for figures to publish, ``development`` for everything that is chosen by looking at the outcome.
    real : str or Path, optional
        Folder of real pictures, see `colibri_geo.bench.real`.
    workers : int, optional
        Processes; as many as there are processors by default. 1 works in this process.
    settings : Settings, optional
    sizes : dict of str to Size, optional
        Other sizes than the form's, for some groups.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    DetectionReport
        The same for the same arguments, whatever the number of workers.

    Raises
    ------
    SettingsError
        For unknown names, or a group of real pictures without a folder of them.
    """
    settings = settings or Settings()
    if form not in FORMS or seeds not in SEEDS or (workers is not None and workers < 1):
        raise SettingsError(
            f"form {form!r}, seeds {seeds!r}, {workers} workers; expected one of {', '.join(FORMS)}, one of "
            f"{', '.join(SEEDS)}, and 1 worker or more; correct them"
        )
    folder = None if real is None else Path(real)
    chosen = choose_groups(groups, folder)
    all_sizes = FORMS[form] | (sizes or {})
    empty = [group.name for group in chosen if all_sizes[group.name].scenes < 1]
    if empty:
        raise SettingsError(f"group {empty[0]!r} has no scenes, expected 1 or more; correct its size")
    for group in chosen:
        if group.real:  # a folder that lacks something is told before hours of work
            group.build(SEEDS[seeds][0], folder)
    jobs = [job for group in chosen for job in _plan(group, all_sizes[group.name], seeds, folder, settings)]
    results = list(_run(jobs, workers or os.cpu_count() or 1, progress or (lambda _: None)))
    reports = [sum_group(group, [result for result in results if result.group == group.name]) for group in chosen]
    return DetectionReport(
        version=colibri_geo.__version__,
        form=form,
        seeds=seeds,
        first_seed=SEEDS[seeds].start,
        settings=settings,
        basis=describe_basis(settings.score),
        groups=tuple(reports),
    )


def list_groups() -> tuple[Group, ...]:
    """List all groups, simulated ones first."""
    return GROUPS


def choose_groups(names: Sequence[str], real: Path | None) -> tuple[Group, ...]:
    """Return the groups of these names in their fixed order, or all that can run.

    Raises
    ------
    SettingsError
    """
    known = {group.name: group for group in GROUPS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError(f"group {unknown[0][:60]!r} does not exist; choose of {', '.join(known)}")
    homeless = [name for name in names if known[name].real and real is None]
    if homeless:
        raise SettingsError(f"group {homeless[0]!r} needs real pictures; give their folder with --real DIR")
    if real is not None and not real.is_dir():
        raise SettingsError(f"{real.name[:80]}: no such folder, expected one of real pictures; check --real")
    return tuple(group for group in GROUPS if group.name in names or (not names and (real or not group.real)))


def build_pair(group: str, seed: int, real: str | Path | None = None) -> BenchPair:
    """Build one pair of a group, in memory.

    Parameters
    ----------
    group : str
        A name as in `list_groups`.
    seed : int
        Of `DEVELOPMENT_SEEDS` for everything that is chosen by looking at the outcome.
    real : str or Path, optional
        Folder of real pictures, for the groups that need it.

    Returns
    -------
    BenchPair

    Raises
    ------
    SettingsError
    """
    folder = None if real is None else Path(real)
    return choose_groups([group], folder)[0].build(seed, folder)


def _plan(group: Group, size: Size, seeds: str, real: Path | None, settings: Settings) -> list[_Job]:
    numbers = SEEDS[seeds][: size.scenes]
    return [
        _Job(group.name, seed, real, recipes=position < size.with_recipes, settings=settings)
        for position, seed in enumerate(numbers)
    ]


def _run(jobs: Sequence[_Job], workers: int, progress: Progress) -> Iterator[SceneResult]:
    """Evaluate scenes in their order; each is independent of the others."""
    if workers == 1:
        for number, job in enumerate(jobs, start=1):
            progress(f"{job.group}: scene {number} of {len(jobs)}")
            yield run_job(job)
        return
    # Processes that start afresh, on every system alike.
    pool = ProcessPoolExecutor(max_workers=workers, mp_context=multiprocessing.get_context("spawn"))
    try:
        for number, result in enumerate(pool.map(run_job, jobs), start=1):
            progress(f"{result.group}: scene {number} of {len(jobs)}")
            yield result
    finally:
        pool.shutdown(cancel_futures=True)


def run_job(job: _Job) -> SceneResult:
    """Build and evaluate one scene, in whatever process."""
    return evaluate(build_pair(job.group, job.seed, job.real), job.settings, recipes=job.recipes)
