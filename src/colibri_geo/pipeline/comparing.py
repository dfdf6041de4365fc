"""Two images in, a run out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.errors import SettingsError
from colibri_geo.evidence import RunRecord, SceneRecord, StepTiming, run_versions
from colibri_geo.layers import (
    Aoi,
    Attached,
    Findings,
    Layer,
    Regions,
    attach,
    check_aoi,
    clip_regions,
    count_pixels,
    mask_outside_aoi,
    no_pixels,
    no_regions,
    not_observed_polygons,
    observed_table,
    read_aoi,
    read_regions,
    region_map,
)
from colibri_geo.pairs import NOT_ASKED, ChangeMap, align, change, measure_overlap_share, survey
from colibri_geo.pipeline.describing import describe_layer, describe_pair, describe_scene
from colibri_geo.pipeline.run import Run
from colibri_geo.scenes import Scene, open_scene
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.settings import Settings
from colibri_geo.tracing import (
    CellFindings,
    check_radar,
    corroborate,
    describe_basis,
    measure_cells,
    score,
    search_cells,
)

CodeArray = np.ndarray[Any, np.dtype[np.uint8]]
Progress = Callable[[str], None]

_COUNT_PX = 1024  # pixels are counted by region in squares of this side; sums do not depend on it


def compare(
    before: str | Path | Scene,
    after: str | Path | Scene,
    *,
    regions: str | Sequence[str | Layer] = (),
    aoi: str | Path | None = None,
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
    progress: Progress | None = None,
) -> Run:
    """Compare two images of the same ground: the whole road in one call.

    Parameters
    ----------
    before, after : str, Path or Scene
        What `open_scene` reads, or an open scene, which keeps its own mask, date and bands.
    regions : str, or sequence of str or Layer
        ``LEVEL=FILE[:NAME[:CODE]]`` with level country, admin1 or admin2; see `read_regions`.
    aoi : str or Path, optional
        Polygons outside of which nothing is looked at.
    settings : Settings, optional
    before_mask, after_mask, before_date, after_date, bands, assume_crs : optional
        For `open_scene`: masks, acquisition times, which band is which, the CRS of files that name none.
    before_bands, after_bands : str, optional
        Which band is which in one of the images alone, in place of `bands`.
    before_radar, after_radar : str, Path or Scene, optional
        Terrain-corrected radar images (Sentinel-1 RTC) of the same ground, both or none: they fill the column
        ``sar_darkening`` of strips found in the optical images, and change nothing else.
    progress : callable, optional
        Told in words what is being done.

    Returns
    -------
    Run
        Nothing is written yet: see `Run.save`.

    Raises
    ------
    ColibriError
        Where an input cannot be used: see `colibri_geo.errors`.
    """
    settings = settings or Settings()
    clock = _Clock(progress or (lambda _: None))
    with clock.step("read the inputs"):
        earlier = _open(
            before, mask=before_mask, acquired=before_date, bands=before_bands or bands, assume_crs=assume_crs
        )
        later = _open(after, mask=after_mask, acquired=after_date, bands=after_bands or bands, assume_crs=assume_crs)
        radar = _open_radar(before_radar, after_radar, assume_crs=assume_crs)
        asked = [regions] if isinstance(regions, str) else regions
        layer = read_regions(asked, assume_crs=assume_crs) if asked else no_regions()
        area = read_aoi(aoi, assume_crs=assume_crs) if aoi is not None else None
    with clock.step("survey the pair"):
        pair = align(earlier, later, survey(earlier, later, settings.survey))
        if area is not None:
            check_aoi(area, pair.grid)
        for look in radar:
            measure_overlap_share(earlier, look, pair.grid)
    with clock.step("search for lines"):
        change_map = change(pair)
        cells = list(_search(change_map, settings, clock))
    with clock.step("measure and score"):
        strips = score(measure_cells(change_map, cells, settings.trace), settings.score)
        strips = strips if area is None else strips[_touches(strips, area)]
    if radar:
        with clock.step("look at the radar images"):
            strips = corroborate(strips, *radar)
    with clock.step("attach to regions"):
        attached = attach(strips, layer)
        findings = _gather(attached, _paste(cells, pair.grid, area), pair.grid, layer)
    notes = [*attached.notes]
    if len(layer.table) and findings.regions is None:
        notes.append("no region of the layers given touches the ground of the images: strips and shares have none")
    sources = (*layer.sources, *((area.source,) if area is not None else ()))
    record = RunRecord(
        before=describe_scene(earlier),
        after=describe_scene(later),
        pair=describe_pair(pair),
        layers=tuple(describe_layer(source) for source in sources),
        settings=settings,
        versions=run_versions(),
        probability_basis=describe_basis(settings.score),
        radar=tuple(_describe_radar(radar, earlier, later)),
    )
    return Run(record, findings, aligned=pair, area=area, timings=tuple(clock.timings), notes=tuple(notes))


def _open(image: str | Path | Scene, **options: Any) -> Scene:  # noqa: ANN401 - the options of open_scene
    if not isinstance(image, Scene):
        return open_scene(image, **options)
    if any(options.get(name) is not None for name in ("mask", "acquired")):
        raise SettingsError(
            f"{image.name} is an open scene, which has its own mask and acquisition time, expected none for it here; "
            "give them to open_scene"
        )
    return image


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
    looks = tuple(_open(image, assume_crs=assume_crs) for image in (before, after))
    check_radar(*looks)
    return looks


def _describe_radar(looks: Sequence[Scene], before: Scene, after: Scene) -> Iterator[SceneRecord]:
    """Describe the radar images, with a note where their times cannot show what the optical images show."""
    for which, look in enumerate(looks):
        record = describe_scene(look)
        note = None
        if which == 0 and look.acquired >= after.acquired:
            note = "taken no earlier than the later optical image: strips that this found new were there already"
        if which == 1 and look.acquired <= before.acquired:
            note = "taken no later than the earlier optical image: strips that are new since were not there yet"
        yield record if note is None else replace(record, notes=(*record.notes, note))


def _search(change_map: ChangeMap, settings: Settings, clock: _Clock) -> Iterable[CellFindings]:
    """Search all cells; strips are measured on all of the ground, whatever part of it was asked about."""

    def tell(done: int, count: int) -> None:
        clock.tell(f"search for lines: {done} of {count} cells")

    return search_cells(change_map, settings.trace, on_cell=tell)


def _touches(strips: gpd.GeoDataFrame, area: Aoi) -> Any:  # noqa: ANN401 - a boolean Series
    return strips.geometry.to_crs("EPSG:4326").intersects(area.polygon)


def _paste(cells: Sequence[CellFindings], grid: GeoBox, area: Aoi | None) -> CodeArray:
    """Put the codes of all cells together; what lies outside of the area of interest was not asked about."""
    codes = np.full((int(grid.shape[0]), int(grid.shape[1])), NOT_ASKED, dtype=np.uint8)
    for cell in cells:
        codes[cell.window.slices] = cell.unseen
        if area is not None:
            codes[cell.window.slices][mask_outside_aoi(cut_grid(grid, cell.window), area)] = NOT_ASKED
    return codes


def _gather(attached: Attached, codes: CodeArray, grid: GeoBox, layer: Regions) -> Findings:
    near = clip_regions(layer, grid)
    counts = no_pixels(near)
    for row in range(0, codes.shape[0], _COUNT_PX):
        for col in range(0, codes.shape[1], _COUNT_PX):
            window = Window(row, col, _COUNT_PX, _COUNT_PX).clipped(*codes.shape)
            counts += count_pixels(codes[window.slices], cut_grid(grid, window), near)
    return Findings(
        strips=attached.strips,
        strip_regions=attached.strip_regions,
        observed=observed_table(counts, near, attached.strips),
        not_observed=not_observed_polygons(codes, grid, str(grid.crs)),
        regions=region_map(near, grid) if len(near.table) else None,
    )


@dataclass
class _Clock:
    """Tells what is being done, and remembers how long it took."""

    tell: Progress
    timings: list[StepTiming] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        self.tell(name)
        started, first = datetime.now(UTC), time.perf_counter()
        yield
        self.timings.append(StepTiming(name, started, time.perf_counter() - first))
