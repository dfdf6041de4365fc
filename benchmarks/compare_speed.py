"""How long `colibri-geo compare` takes, and how much memory, against reading the same pixels.

Run it as ``.venv/bin/python benchmarks/compare_speed.py [SIDE]``: a pair of SIDE by SIDE pixels (2000 unless told
otherwise), four bands, with clouds and many look-alikes, is simulated once into ``out/benchmarks``. Seconds depend on
the machine: the ratio to the reading of the same blocks, in the same run, is what can be compared.
"""

from __future__ import annotations

import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

import rasterio

from colibri_geo.sim import Mix, random_spec, simulate_pair, write_pair

FOLDER = Path("out/benchmarks")
SEED = 77
MIX = Mix(
    new=12, old=8, regrowing=4, road=6, river=2, field=20, clearing=10, burn=3, season=4, pipeline=1, power_line=1
)


def make_pair(side: int) -> list[Path]:
    """Simulate the pair, unless it is there."""
    paths = [FOLDER / f"pair{side}_{date}.tif" for date in ("before", "after")]
    if not all(path.exists() for path in paths):
        FOLDER.mkdir(parents=True, exist_ok=True)
        spec = random_spec(SEED, rows=side, cols=side, biome="mixed", mix=MIX)
        write_pair(simulate_pair(spec), FOLDER, f"pair{side}")
    return paths


def time_reading(paths: list[Path]) -> float:
    """Seconds to decode every block of both images and nothing else."""
    start = time.perf_counter()
    for path in paths:
        with rasterio.open(path) as dataset:
            for _, window in dataset.block_windows(1):
                dataset.read(window=window)
    return time.perf_counter() - start


def time_command(paths: list[Path]) -> float:
    """Seconds for the whole command, start of the interpreter and report included."""
    command = [
        sys.executable,
        "-m",
        "colibri_geo",
        "compare",
        *map(str, paths),
        "--out",
        str(FOLDER / "run"),
        "--overwrite",
    ]
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - the project's own command
    return time.perf_counter() - start


def main() -> None:
    """Print one line of the table in benchmarks/README.md, and the time of each step."""
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    paths = make_pair(side)
    reading, whole = time_reading(paths), time_command(paths)
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"{side} x {side} px, 4 bands, {os.cpu_count()} cores: {whole:.1f} s, {peak_mb:.0f} MB,", end=" ")
    print(f"{whole / reading:.0f} times the reading of the same blocks ({reading:.2f} s)")
    log = (FOLDER / "run" / "run.log").read_text(encoding="utf-8")
    print(*(re.sub(r"^\S+Z ", "  ", line) for line in log.splitlines()), sep="\n")


if __name__ == "__main__":
    main()
