"""A small simulated pair with one new strip: as scenes in memory, or as files."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from colibri_geo.sim import Look, SceneSpec, SimulatedPair, Strip, simulate_pair, write_pair

STRIP = Strip((420.0, 500.0), (1240.0, 1180.0), width_m=25.0)


def small_spec(*, shift_east_px: float = 0.0, shift_north_px: float = 0.0, **values: object) -> SceneSpec:
    """Describe 180 by 180 pixels of forest with one new strip; the content of the later date may be misplaced."""
    spec = SceneSpec(seed=11, rows=180, cols=180, strips=(STRIP,))
    after: Look = dataclasses.replace(spec.after, shift_east_px=shift_east_px, shift_north_px=shift_north_px)
    return dataclasses.replace(spec, after=after, **values)  # type: ignore[arg-type]


def pair_grid(spec: SceneSpec) -> GeoBox:
    """Return the grid of a simulated pair."""
    top_m = spec.bottom_m + spec.rows * spec.pixel_m
    transform = Affine(spec.pixel_m, 0, spec.left_m, 0, -spec.pixel_m, top_m)
    return GeoBox((spec.rows, spec.cols), transform, spec.crs)


@dataclasses.dataclass(frozen=True)
class Scenes:
    """Both scenes of a pair, in memory, and what was planted."""

    before: Scene
    after: Scene
    simulated: SimulatedPair


def make_scenes(spec: SceneSpec) -> Scenes:
    """Simulate a pair and open it in memory."""
    simulated, grid = simulate_pair(spec), pair_grid(spec)
    before = scene_from_arrays(
        simulated.before,
        grid,
        bands=spec.bands,
        acquired=spec.before.acquired,
        scl=simulated.before_scl,
        name="before.tif",
        synthetic=True,
    )
    after = scene_from_arrays(
        simulated.after,
        grid,
        bands=spec.bands,
        acquired=spec.after.acquired,
        scl=simulated.after_scl,
        name="after.tif",
        synthetic=True,
    )
    return Scenes(before, after, simulated)


def make_veiled_scenes(
    spec: SceneSpec, *, hole: tuple[slice, slice], cloud: tuple[slice, slice]
) -> tuple[Scene, Scene]:
    """Simulate a pair in memory of which the later image has a part that was not measured, and a part under cloud."""
    simulated = simulate_pair(spec)
    later = simulated.after.copy()
    later[:, *hole] = np.nan
    scl = np.full(later.shape[1:], 4, dtype=np.uint8)
    scl[cloud] = 9
    before, after = (
        scene_from_arrays(
            values,
            pair_grid(spec),
            bands=spec.bands,
            acquired=spec.before.acquired + timedelta(days=30 * date),
            scl=codes,
            name=f"date{date}.tif",
        )
        for date, values, codes in ((0, simulated.before, None), (1, later, scl))
    )
    return before, after


def write_small_pair(folder: Path) -> tuple[Path, Path]:
    """Write the small pair: ``small_before.tif`` and ``small_after.tif``, with masks and truth beside them."""
    files = write_pair(simulate_pair(small_spec()), folder, "small")
    return files[0], files[2]
