"""A scan between its plan and its findings: which tiles there are, what is kept of them, and their table."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import geopandas as gpd
import shapely

from colibri_geo.evidence.versions import run_versions
from colibri_geo.pipeline.describing import describe_pair, describe_scene
from colibri_geo.pipeline.inputs import Inputs
from colibri_geo.pipeline.looking import Looked, Task
from colibri_geo.scanning import Fingerprint, MemoryStore, Store, Tile, TileStore
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.settings import Settings


@contextmanager
def keep_tiles(
    state: str | Path | None, *, tiles: Sequence[Tile], fingerprint: Fingerprint, resume: bool
) -> Iterator[Store]:
    """Keep tiles on disk where there is a folder for them, else in memory."""
    if state is None:
        yield MemoryStore()
        return
    with TileStore.begin(Path(state), tiles=tiles, fingerprint=fingerprint, resume=resume) as store:
        yield store


def describe_task(task: Task, inputs: Inputs, settings: Settings) -> Fingerprint:
    """Describe what decides on the tiles: the scenes by their bytes, wherever they lie, and what was measured.

    That tells too which of their bands were read, and how they were scaled. Of regions and the area of interest their
    outlines decide, by which pixels are counted. Names of regions, heights, what lies around the strips, and the
    settings of both score and terrain are looked at when all tiles are done, and decide on none.
    """
    scenes = [asdict(describe_scene(scene)) for scene in (inputs.before, inputs.after)]
    outlines = [*task.shapes, None if task.area is None else task.area.polygon]
    described = [scenes, asdict(describe_pair(task.change_map.pair)), shapely.to_wkb(outlines, hex=True).tolist()]
    return Fingerprint(
        inputs=json.dumps(described, sort_keys=True),
        settings=json.dumps([asdict(settings.survey), asdict(settings.trace)], sort_keys=True),
        versions=json.dumps(run_versions(), sort_keys=True),
    )


def tabulate_tiles(task: Task, tiles: Sequence[Tile], looked: Sequence[Looked]) -> gpd.GeoDataFrame:
    """Make the table of tiles: what was done, and how much of each was observed."""
    places = [cut_grid(task.grid, tile.window).extent.geom for tile in tiles]
    asked = [int(one.counts.asked_px[0]) for one in looked]
    observed = [int(one.counts.observed_px[0]) for one in looked]
    return gpd.GeoDataFrame(
        {
            "tile": [tile.number for tile in tiles],
            "row": [tile.window.row for tile in tiles],
            "col": [tile.window.col for tile in tiles],
            "rows": [tile.window.rows for tile in tiles],
            "cols": [tile.window.cols for tile in tiles],
            "asked_px": asked,
            "observed_px": observed,
            "observed_share": [o / a if a else float("nan") for o, a in zip(observed, asked, strict=True)],
            "candidates": [len(one.candidates) for one in looked],
        },
        geometry=[shapely.normalize(place) for place in places],
        crs=str(task.grid.crs),
    )
