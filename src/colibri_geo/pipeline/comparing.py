"""Two images in, a run out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from colibri_geo.errors import SettingsError, WorkerLost
from colibri_geo.pipeline.clock import Clock, Progress
from colibri_geo.pipeline.progress import show_progress
from colibri_geo.scanning import MemoryStore, cut_tiles, local_executor
from colibri_geo.scanning.workers import check_workers
from colibri_geo.scenes.dates import AFTER_OPTION, BEFORE_OPTION
from colibri_geo.scenes.finding import find_input
from colibri_geo.scenes.opening import Options, keep_open, open_found
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import Settings, take_settings

if TYPE_CHECKING:
    from colibri_geo.layers.reading import Layer
    from colibri_geo.pipeline.looking import Looked, Task
    from colibri_geo.pipeline.run import Run


def compare(
    before: str | Path | Scene,
    after: str | Path | Scene,
    *,
    regions: str | Layer | Iterable[str | Layer] = (),
    aoi: str | Path | None = None,
    aerodromes: str | Path | Iterable[str | Path] = (),
    layers: str | Iterable[str] = (),
    elevation: str | Path | Iterable[str | Path] = (),
    settings: Settings | None = None,
    before_mask: str | Path | None = None,
    after_mask: str | Path | None = None,
    before_date: str | datetime | None = None,
    after_date: str | datetime | None = None,
    bands: str | None = None,
    before_bands: str | None = None,
    after_bands: str | None = None,
    assume_crs: str | None = None,
    before_radar: str | Path | Scene | None = None,
    after_radar: str | Path | Scene | None = None,
    workers: int | None = None,
    progress: Progress | bool | None = None,
) -> Run:
    """Compare two images of the same ground: the whole road in one call.

    Parameters
    ----------
    before, after : str, Path or Scene
        What `open_scene` reads, or an open scene, which keeps its own mask, date and bands.
    regions : str or Layer, or several of these
        ``LEVEL=FILE[:NAME[:CODE]]`` with level country, admin1 or admin2; see `read_regions`.
    aoi : str or Path, optional
        Polygons outside of which nothing is looked at.
    aerodromes : str or Path, or several of these
        Registers and maps of aerodromes, such as OurAirports' tables: each strip is told whether it lies on one. See
        `colibri_geo.layers.read_aerodromes`.
    layers : str, or several of these
        ``NAME=FILE``: rivers, roads, settlements, protected or indigenous areas, any layer, under a name of your own.
        The nearest feature of each stands beside a strip, as evidence; no strip is left out by it.
    elevation : str or Path, or several of these
        A digital elevation model, such as tiles of Copernicus GLO-30 or a folder of them: how high each strip lies, and
        how it slopes, stands beside it. See `colibri_geo.layers.terrain`.
    settings : Settings, optional
    before_mask, after_mask, before_date, after_date, bands, assume_crs : optional
        For `open_scene`: masks, acquisition times, which band is which, the CRS of files that name none.
    before_bands, after_bands : str, optional
        Which band is which in one of the images alone, in place of `bands`.
    before_radar, after_radar : str, Path or Scene, optional
        Terrain-corrected radar images (Sentinel-1 RTC) of the same ground, both or none: they fill the column
        ``sar_darkening`` of strips found in the optical images, and change nothing else.
    workers : int, optional
        Processes that look for strips, where the pair has more than one cell (2,016 pixels a side at 10 m); in this
        process unless given. What is found is the same.
    progress : bool or callable, optional
        True shows a bar in a notebook, a line on a terminal, and nothing in a log; a callable is told in words what is
        being done.

    Returns
    -------
    Run
        Nothing is written yet: see `Run.save`.

    Raises
    ------
    ColibriError
        Where an input cannot be used: see `colibri_geo.errors`.
    """
    settings = take_settings(settings, Settings)
    check_workers(workers)
    earlier = Options(before_bands or bands, before_mask, before_date, assume_crs, BEFORE_OPTION)
    later = Options(after_bands or bands, after_mask, after_date, assume_crs, AFTER_OPTION)
    with show_progress(progress) as tell:
        clock = Clock(tell)
        with clock.step("read the inputs"):
            first, second = _open(before, earlier), _open(after, later)
            radar = _open_radar(before_radar, after_radar, assume_crs=assume_crs)
            from colibri_geo.pipeline.inputs import add_layers, plan_look, survey_inputs

            inputs = add_layers(
                first,
                second,
                radar=radar,
                regions=regions,
                aoi=aoi,
                aerodromes=aerodromes,
                layers=layers,
                elevation=elevation,
                assume_crs=assume_crs,
                settings=settings,
            )
        with clock.step("survey the pair"):
            pair = survey_inputs(inputs, settings)
        with clock.step("look at the cells"):
            from colibri_geo.pipeline.looking import join

            task = plan_look(inputs, pair, settings)
            looked = join(task, task.change_map.whole, _look(task, clock, workers))
        from colibri_geo.pipeline.finishing import finish

        return finish(task, looked, inputs, settings, clock)


def _look(task: Task, clock: Clock, workers: int | None) -> Iterator[Looked]:
    """Look at all cells: here, one after the other, or in as many processes as there are workers."""
    from colibri_geo.pipeline.looking import choose_cells, look_at_cell, look_at_tiles

    cells = choose_cells(task)
    if workers is None or len(cells) < 2:
        for done, cell in enumerate(cells, start=1):
            yield look_at_cell(task, cell)
            clock.tell(f"look at the cells: {done} of {len(cells)}")
        return
    try:
        with local_executor(min(workers, len(cells))) as executor:
            yield from look_at_tiles(
                task,
                cut_tiles(cells, tile_px=1),
                executor=executor,
                store=MemoryStore(),
                on_tile=lambda done: clock.tell(f"look at the cells: {done.tiles_done} of {done.tiles}"),
            )
    except WorkerLost as error:
        raise WorkerLost(
            f"{task.change_map.pair.after.name}: a process that looked for strips was lost, expected an answer; it may "
            "have been ended for want of memory: close other programs or give fewer --workers (workers)"
        ) from error


def _open(image: str | Path | Scene, options: Options) -> Scene:
    return keep_open(image, options) if isinstance(image, Scene) else open_found(find_input(image), options)


def _open_radar(
    before: str | Path | Scene | None, after: str | Path | Scene | None, *, assume_crs: str | None
) -> tuple[Scene, ...]:
    """Open both radar images, the earlier first; none where none is given."""
    if before is None and after is None:
        return ()
    if before is None or after is None:
        given, lacking = ("before", "after") if after is None else ("after", "before")
        raise SettingsError(
            f"--{given}-radar is given without --{lacking}-radar, expected both or none; give the other image too"
        )
    from colibri_geo.tracing.corroborating import check_radar

    options = Options(assume_crs=assume_crs, date_option="")
    looks = tuple(_open(image, options) for image in (before, after))
    check_radar(*looks)
    return looks
