"""What opening and reading a scene costs in each layout, against GDAL's decoding of the same files.

Run it as ``.venv/bin/python benchmarks/reading_speed.py [SIDE]``: one simulated ground of SIDE by SIDE pixels of 10 m
(1,500 unless told otherwise) is written in each layout, read in cells of 1,024 pixels with a margin as the search does,
in this process and through child processes as the command line does. Seconds depend on the machine; the ratios of one
run are what can be compared.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import rasterio

sys.path.insert(0, str(Path(__file__).parents[1]))  # the makers of products are the tests' own

from colibri_geo.core.windows import Window
from colibri_geo.isolation import isolated
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Scene
from tests.support.products.ground import BANDS, Ground, make_ground, to_integers, write_gtiff
from tests.support.products.landsat import write_landsat
from tests.support.products.planetscope import write_planetscope
from tests.support.products.sentinel2 import write_safe

CELL_PX, MARGIN_PX = 1024, 128


def write_image(folder: Path, ground: Ground) -> Path:
    """Write a GeoTIFF of six bands with its mask beside it."""
    folder.mkdir()
    tags = {"TIFFTAG_DATETIME": f"{ground.acquired:%Y:%m:%d %H:%M:%S}"}
    write_gtiff(folder / "a_scl.tif", ground.scl, ground.grid)
    return write_gtiff(
        folder / "a.tif", to_integers(ground.values), ground.grid, nodata=0, tags=tags, descriptions=BANDS
    )


LAYOUTS: dict[str, Callable[[Path, Ground], Path]] = {
    "GeoTIFF": write_image,
    "Sentinel-2 SAFE": write_safe,
    "Sentinel-2 SAFE, ZIP": lambda folder, ground: write_safe(folder, ground, zipped=True),
    "Landsat, TAR": lambda folder, ground: write_landsat(folder, ground, tar=True),
    "PlanetScope": write_planetscope,
}


def read_cells(scene: Scene) -> None:
    """Read a scene as the search does."""
    rows, cols = (int(side) for side in scene.grid.shape)
    for row in range(0, rows, CELL_PX):
        for col in range(0, cols, CELL_PX):
            scene.read_block(Window(row, col, CELL_PX, CELL_PX).padded(MARGIN_PX))


def time_scene(path: Path, *, apart: bool) -> float:
    """Seconds to open and read a scene."""
    start = time.perf_counter()
    with isolated(os.environ, warm="colibri_geo.scenes.decoding") if apart else nullcontext():
        read_cells(open_scene(path))
    return time.perf_counter() - start


def time_decoding(path: Path) -> float:
    """Seconds in which GDAL decodes the bands and masks that the scene reads, whole, one file after the other."""
    scene = open_scene(path)
    files = {part.storage.file: part.storage.indexes for part in scene.source.parts}
    files |= {mask.file: (mask.index,) for mask in scene.source.masks}
    start = time.perf_counter()
    for file, indexes in files.items():
        with rasterio.open(file.gdal_path) as dataset:
            dataset.read(list(indexes))
    return time.perf_counter() - start


def main() -> None:
    """Print one line a layout."""
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    ground = make_ground(side_px=side // 6 * 6).after
    print(f"{side} x {side} px of 10 m, {os.cpu_count()} cores: seconds, and times GDAL's decoding")
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, write) in enumerate(LAYOUTS.items()):
            path = write(Path(folder) / str(number), ground)
            # In this order: what this process has decoded for the first line would be there for the others.
            here, apart, floor = time_scene(path, apart=False), time_scene(path, apart=True), time_decoding(path)
            ratios = f"here {here:5.2f} ({here / floor:4.1f})  apart {apart:5.2f} ({apart / floor:4.1f})"
            print(f"{name:24} {floor:6.2f}  {ratios}")


if __name__ == "__main__":
    main()
