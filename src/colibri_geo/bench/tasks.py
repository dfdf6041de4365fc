"""What `bench_speed` measures within a process: each a task of ``python -m colibri_geo.bench.tasks TASK IMAGE...``.

A task prints its seconds as JSON, without the start of the interpreter and the loading of libraries.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import rasterio

from colibri_geo import align, compare, open_scene, survey
from colibri_geo.bench.counting import count_found
from colibri_geo.bench.recipes import RegionRecipe, measure_plain_change, run_recipe

Find = Callable[[Path, Path], gpd.GeoDataFrame]


def read_blocks(images: Sequence[Path]) -> None:
    """Decode every block of images and of the masks beside them, and nothing else."""
    for path in images:
        for file in (path, path.with_name(f"{path.stem}_scl.tif")):
            with rasterio.open(file, driver="GTiff") as dataset:
                for _, window in dataset.block_windows(1):
                    dataset.read(window=window)


def find_by_regions(before: Path, after: Path) -> gpd.GeoDataFrame:
    """Find strips as the recipe ``regionprops`` does."""
    early, late = open_scene(before), open_scene(after)
    pair = align(early, late, survey(early, late))
    return run_recipe(RegionRecipe(), pair, measure_plain_change(pair))


def find_by_comparing(before: Path, after: Path) -> gpd.GeoDataFrame:
    """Find strips as `colibri_geo.compare` does."""
    return compare(before, after).strips


FINDERS: dict[str, Find] = {"regionprops": find_by_regions, "compare": find_by_comparing}


def main(words: Sequence[str]) -> None:
    """Run a task: ``read IMAGE...``, or one of `FINDERS` with before, after and truth."""
    task, paths = words[0], [Path(word) for word in words[1:]]
    start = time.perf_counter()
    if task == "read":
        read_blocks(paths)
        told: dict[str, float] = {"seconds": time.perf_counter() - start}
    else:
        table = FINDERS[task](paths[0], paths[1])
        told = {"seconds": time.perf_counter() - start} | dataclasses.asdict(count_found(table, paths[2]))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
