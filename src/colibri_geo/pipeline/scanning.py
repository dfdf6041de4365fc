"""Two dates of a large area in, tile by tile, a run out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import geopandas as gpd
import shapely

from colibri_geo.evidence import run_versions
from colibri_geo.layers.aoi import check_aoi
from colibri_geo.layers.context import read_context
from colibri_geo.layers.reading import Layer, read_aoi, read_regions
from colibri_geo.pairs import align, change, survey
from colibri_geo.pipeline.clock import Clock, Progress
from colibri_geo.pipeline.describing import describe_layer, describe_pair, describe_scene
from colibri_geo.pipeline.finishing import Inputs, finish
from colibri_geo.pipeline.looking import (
    Looked,
    Task,
    choose_cells,
    join,
    look_at_tiles,
    plan_task,
)
from colibri_geo.pipeline.progress import show_progress, tell_tiles
from colibri_geo.pipeline.run import Run
from colibri_geo.scanning import (
    Fingerprint,
    MemoryStore,
    Store,
    Tile,
    TileDone,
    TileStore,
    cut_tiles,
    local_executor,
)
from colibri_geo.scenes.gathering import open_scenes
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import Settings

TILE_PX = 2000
"""Side of a tile unless it is set."""

Images = str | Path | Scene | Sequence[str | Path | Scene]


def scan(
    before: Images,
    after: Images,
    *,
    regions: str | Sequence[str | Layer] = (),
    aoi: str | Path | None = None,
    aerodromes: str | Path | Sequence[str | Path] = (),
    layers: str | Sequence[str] = (),
    settings: Settings | None = None,
    before_date: str | datetime | None = None,
    after_date: str | datetime | None = None,
    bands: str | None = None,
    before_bands: str | None = None,
    after_bands: str | None = None,
    assume_crs: str | None = None,
    tile_px: int | None = None,
    workers: int | None = None,
    executor: Executor | None = None,
    state: str | Path | None = None,
    resume: bool = False,
    progress: Progress | bool | None = None,
    on_tile: Callable[[TileDone], None] | None = None,
) -> Run:
    """Compare two dates of a large area, tile by tile, in several processes or on a cluster.

    What is found does not depend on tiles, workers or executor: `compare` finds the same in one process.

    Parameters
    ----------
    before, after : str, Path or Scene, or a sequence of these
        A scene, several scenes of about one date, a folder of such, or a STAC item collection; scenes may overlap and
        lie in different UTM zones.
    regions, aoi, aerodromes, layers, settings : optional
        As for `compare`.
    before_date, after_date, bands, before_bands, after_bands, assume_crs : optional
        As for `compare`.
    tile_px : int, optional
        Side of the tiles in pixels, 2,000 unless set, rounded up to whole cells: one task, and what is done again
        after a stop.
    workers : int, optional
        Processes of this machine; as many as processors by default. Not used with `executor`.
    executor : Executor, optional
        Works on the tiles in place of processes of this machine: of a cluster, from `dask_executor`, or any other.
    state : str or Path, optional
        Folder that keeps finished tiles; none are kept without. It stays when the scan is done: remove it when the run
        is saved.
    resume : bool
        Go on with the scan that `state` holds.
    progress : bool or callable, optional
        True shows a bar in a notebook, a line on a terminal, and nothing in a log; a callable is told in words what is
        being done.
    on_tile : callable, optional
        Told after each tile how far the work is (`colibri_geo.scanning.TileDone`).

    Returns
    -------
    Run
        With a table of the tiles. Nothing is written yet but `state`: see `Run.save`.

    Raises
    ------
    ColibriError
        Where an input cannot be used, a process of the scan is lost, or `state` holds another scan.
    """
    settings = settings or Settings()
    if state is not None:
        TileStore.check(Path(state), resume=resume)
    with ExitStack() as stack:
        clock = Clock(stack.enter_context(show_progress(progress)))
        if on_tile is None and progress is True:
            on_tile = tell_tiles(clock.tell)
        if executor is None:
            executor = stack.enter_context(local_executor(workers, warm="colibri_geo.pipeline.looking"))
        with clock.step("read the inputs"):
            inputs = Inputs(
                before=open_scenes(before, acquired=before_date, bands=before_bands or bands, assume_crs=assume_crs),
                after=open_scenes(after, acquired=after_date, bands=after_bands or bands, assume_crs=assume_crs),
                regions=read_regions([regions] if isinstance(regions, str) else regions, assume_crs=assume_crs),
                area=None if aoi is None else read_aoi(aoi, assume_crs=assume_crs),
                context=read_context(aerodromes, layers, assume_crs=assume_crs),
            )
        with clock.step("survey the pair"):
            pair = align(inputs.before, inputs.after, survey(inputs.before, inputs.after, settings.survey))
            if inputs.area is not None:
                check_aoi(inputs.area, pair.grid)
        with clock.step("look at the tiles"):
            task = plan_task(change(pair), settings.trace, inputs.list_near(pair.grid).shapes, inputs.area)
            tiles = cut_tiles(choose_cells(task), TILE_PX if tile_px is None else tile_px)
            fingerprint = _fingerprint(task, inputs, settings)
            store = stack.enter_context(_keep(state, tiles=tiles, fingerprint=fingerprint, resume=resume))
            looked = look_at_tiles(task, tiles, executor=executor, store=store, on_tile=on_tile)
        run = finish(task, join(task, task.change_map.whole, looked), inputs, settings, clock)
    return replace(run, tiles=_tabulate(task, tiles, looked))


@contextmanager
def _keep(
    state: str | Path | None, *, tiles: Sequence[Tile], fingerprint: Fingerprint, resume: bool
) -> Iterator[Store]:
    """Keep tiles on disk where there is a folder for them, else in memory."""
    if state is None:
        yield MemoryStore()
        return
    with TileStore.begin(Path(state), tiles=tiles, fingerprint=fingerprint, resume=resume) as store:
        yield store


def _fingerprint(task: Task, inputs: Inputs, settings: Settings) -> Fingerprint:
    """Describe what decides on the tiles: the scenes by their bytes, wherever they lie, and what was measured.

    That tells too which of their bands were read, and how they were scaled. What lies around the strips is looked at
    when all tiles are done, and decides on none of them.
    """
    scenes = [asdict(describe_scene(scene)) for scene in (inputs.before, inputs.after)]
    sources = [*inputs.regions.sources, *(() if inputs.area is None else (inputs.area.source,))]
    layers = [asdict(describe_layer(source)) for source in sources]
    return Fingerprint(
        inputs=json.dumps([scenes, asdict(describe_pair(task.change_map.pair)), layers], sort_keys=True),
        settings=json.dumps(asdict(settings), sort_keys=True),
        versions=json.dumps(run_versions(), sort_keys=True),
    )


def _tabulate(task: Task, tiles: Sequence[Tile], looked: Sequence[Looked]) -> gpd.GeoDataFrame:
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
