"""Two dates of a large area in, tile by tile, a run out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING

from colibri_geo.arguments import check_given, take_path
from colibri_geo.errors import SettingsError
from colibri_geo.pipeline.clock import Clock, Progress
from colibri_geo.pipeline.progress import show_progress, tell_tiles
from colibri_geo.scanning import LocalExecutor, OwnExecutor, TileDone, TileStore, cut_tiles, local_executor
from colibri_geo.scanning.tiles import check_tile
from colibri_geo.scenes.dates import AFTER_OPTION, BEFORE_OPTION
from colibri_geo.scenes.gathering import join_scenes, open_each
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import Settings, take_settings

if TYPE_CHECKING:
    from colibri_geo.layers.reading import Layer
    from colibri_geo.pipeline.run import Run

TILE_PX = 2000
"""Side of a tile unless it is set."""

Images = str | Path | Scene | Sequence[str | Path | Scene]


def scan(
    before: Images,
    after: Images,
    *,
    regions: str | Layer | Iterable[str | Layer] = (),
    aoi: str | Path | None = None,
    aerodromes: str | Path | Iterable[str | Path] = (),
    layers: str | Iterable[str] = (),
    elevation: str | Path | Iterable[str | Path] = (),
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
    regions, aoi, aerodromes, layers, elevation, settings : optional
        As for `compare`.
    before_date, after_date, bands, before_bands, after_bands, assume_crs : optional
        As for `compare`.
    tile_px : int, optional
        Side of the tiles in pixels, 2,000 unless set, rounded up to whole cells: one task, and what is done again
        after a stop.
    workers : int, optional
        Processes of this machine; as many as processors by default. Not used with `executor`. A pair of a single cell
        is looked at in this process, without the limits of time and memory that others have; images are decoded in
        a child all the same.
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
    settings = take_settings(settings, Settings)
    tile_px = TILE_PX if tile_px is None else tile_px
    check_tile(tile_px)
    if state is None and resume:
        raise SettingsError("resume=True without state, expected the folder that keeps the scan; give it as state")
    if state is not None:
        state = take_path(state, argument="state", expected="the path of a folder; correct it")
        TileStore.check(state, resume=resume)
    expected = "an Executor; give what `with dask_executor(...) as executor` gives, or leave it out"
    check_given(executor, Executor, NoneType, argument="executor", expected=expected)
    if not (on_tile is None or callable(on_tile)):
        raise SettingsError(f"on_tile of type {type(on_tile).__name__}, expected a function; give one, or leave it out")
    with ExitStack() as stack:
        clock = Clock(stack.enter_context(show_progress(progress)))
        if on_tile is None and progress is True:
            on_tile = tell_tiles(clock.tell)
        if executor is None:
            executor = stack.enter_context(local_executor(workers, warm="colibri_geo.scenes.decoding"))
        with clock.step("read the inputs"):
            open_date = partial(open_each, assume_crs=assume_crs)
            befores = open_date(before, acquired=before_date, date_option=BEFORE_OPTION, bands=before_bands or bands)
            first = join_scenes(befores)
            afters = open_date(after, acquired=after_date, date_option=AFTER_OPTION, bands=after_bands or bands)
            second = join_scenes(afters)
            local = executor if isinstance(executor, LocalExecutor) else None
            if local and max(first.grid.shape) > TILE_PX:
                local.warm("colibri_geo.pipeline.looking")
            from colibri_geo.pipeline.inputs import add_layers, plan_look, settle_inputs, survey_inputs

            inputs = add_layers(
                first,
                second,
                regions=regions,
                aoi=aoi,
                aerodromes=aerodromes,
                layers=layers,
                elevation=elevation,
                assume_crs=assume_crs,
                settings=settings,
            )
        with clock.step("survey the pair"):
            inputs = settle_inputs(inputs, befores, afters, settings)
            pair = survey_inputs(inputs, settings)
        with clock.step("look at the tiles"):
            from colibri_geo.pipeline.looking import choose_cells, join, look_at_tiles
            from colibri_geo.pipeline.tiling import describe_task, keep_tiles, tabulate_tiles

            task = plan_look(inputs, pair, settings)
            cells = choose_cells(task)
            tiles = cut_tiles(cells, tile_px)
            if local and len(cells) < 2:
                executor = OwnExecutor()
            fingerprint = describe_task(task, inputs, settings)
            store = stack.enter_context(keep_tiles(state, tiles=tiles, fingerprint=fingerprint, resume=resume))
            looked = look_at_tiles(task, tiles, executor=executor, store=store, on_tile=on_tile)
            if executor is local:
                local.dismiss()  # what they hold of images is of no use any more, and this process comes to its largest
        from colibri_geo.pipeline.finishing import finish

        run = finish(task, join(task, task.change_map.whole, looked), inputs, settings, clock)
    return replace(run, tiles=tabulate_tiles(task, tiles, looked))
