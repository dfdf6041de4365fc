"""Simulated pairs of several cells, with a strip over every seam between them, and what is told of them."""

from __future__ import annotations

import hashlib
import itertools
import math
from pathlib import Path

from colibri_geo import Run
from colibri_geo.settings import TraceSettings
from colibri_geo.sim import Cloud, SceneSpec, Strip, simulate_pair, write_pair
from colibri_geo.tracing.search import plan_search

FINDINGS = (*(f"findings.{kind}" for kind in ("csv", "geojson", "gpkg", "gpx", "kml")), "feedback.txt", "message.txt")
LENGTH_M = 900.0
SMALL_CELL_PX = 96
"""Side of a cell in pixels of the search: put it in place of ``colibri_geo.tracing.search._CELL_PX``, which is 1008."""

_KINDS = ("new", "new", "old", "regrowing")
_WIDTH_M = 30.0
_WIDE_M = 4 * LENGTH_M


def plan_pair(rows: int, cols: int, *, pixel_m: float = 10.0, left_m: float = 500_000.0) -> SceneSpec:
    """Plan a pair with a strip over each corner of its cells, and over each side where cells are wide.

    Over the seams of one row of cells, if it has no more.
    """
    spec = SceneSpec(seed=7, rows=rows, cols=cols, pixel_m=pixel_m, left_m=left_m)
    cell_px = plan_search(pixel_m, TraceSettings()).cell_px
    seams = _list_seams(rows, cell_px), _list_seams(cols, cell_px)
    places = list(itertools.product(*seams))
    if cell_px * pixel_m > _WIDE_M and min(rows, cols) > cell_px:
        places += [*itertools.product(seams[0], _list_middles(cols, cell_px))]
        places += [*itertools.product(_list_middles(rows, cell_px), seams[1])]
    strips = tuple(
        _plan_strip(number, col * pixel_m, (rows - row) * pixel_m) for number, (row, col) in enumerate(places)
    )
    cloud = Cloud((0.1 * spec.width_m, 0.2 * spec.height_m), radius_m=300.0, date=0)
    return SceneSpec(
        seed=7, rows=rows, cols=cols, pixel_m=pixel_m, left_m=left_m, strips=strips, clouds=(cloud,), memory=0.8
    )


def write_scan_pair(folder: Path, spec: SceneSpec) -> tuple[Path, Path]:
    """Write a pair into a folder that is made: ``pair_before.tif``, ``pair_after.tif``, with masks and truth."""
    folder.mkdir(parents=True)
    files = write_pair(simulate_pair(spec), folder, "pair")
    return files[0], files[2]


def hash_findings(run: Run, folder: Path) -> dict[str, str]:
    """Save a run, and return the SHA-256 of the files of its findings."""
    return read_findings(run.save(folder, report=False))


def read_findings(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of the files of a run's findings."""
    return {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in FINDINGS}


def _list_seams(side_px: int, cell_px: int) -> list[int]:
    """List the pixels at which cells meet; the middle where there is one cell."""
    return list(range(cell_px, side_px, cell_px)) or [side_px // 2]


def _list_middles(side_px: int, cell_px: int) -> list[int]:
    """List the pixels in the middle between the seams and the edges."""
    return [first + min(cell_px, side_px - first) // 2 for first in range(0, side_px, cell_px)]


def _plan_strip(number: int, east_m: float, north_m: float) -> Strip:
    azimuth = math.radians(25 + 50 * number)
    east, north = LENGTH_M / 2 * math.sin(azimuth), LENGTH_M / 2 * math.cos(azimuth)
    ends = (east_m - east, north_m - north), (east_m + east, north_m + north)
    return Strip(*ends, width_m=_WIDTH_M, kind=_KINDS[number % len(_KINDS)])
