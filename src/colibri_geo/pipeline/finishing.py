"""From what all cells gave to a run: the end of the road, the same for `compare` and `scan`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd

from colibri_geo.evidence import RunRecord, SceneRecord
from colibri_geo.evidence.benchmark import load_benchmark
from colibri_geo.evidence.versions import run_versions
from colibri_geo.layers.aoi import Aoi
from colibri_geo.layers.attachment import attach
from colibri_geo.layers.context import note_far
from colibri_geo.layers.findings import Findings
from colibri_geo.layers.observed import observed_table
from colibri_geo.layers.pixels import find_footprint
from colibri_geo.layers.regions import region_map
from colibri_geo.layers.unseen import draw_squares, draw_unasked
from colibri_geo.pipeline.clock import Clock
from colibri_geo.pipeline.describing import describe_layer, describe_pair, describe_scene
from colibri_geo.pipeline.inputs import Inputs
from colibri_geo.pipeline.looking import Looked, Task
from colibri_geo.pipeline.run import Run
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import Settings
from colibri_geo.tracing.scoring import describe_basis, score
from colibri_geo.tracing.tracing import tabulate


def finish(task: Task, looked: Looked, inputs: Inputs, settings: Settings, clock: Clock) -> Run:
    """Score what was found, attach it to regions and to what lies around, and describe what it was made of.

    Parameters
    ----------
    task : Task
    looked : Looked
        All cells together.
    inputs : Inputs
    settings : Settings
    clock : Clock
    """
    with clock.step("merge and score"):
        measured = tabulate(task.change_map, looked.candidates, settings.trace)
        measured = measured if inputs.area is None else measured[_touches(measured, inputs.area)]
        strips = score(measured, settings.score)
    if inputs.radar:
        with clock.step("look at the radar images"):
            from colibri_geo.tracing.corroborating import corroborate

            strips = corroborate(strips, *inputs.radar)
    with clock.step("attach to regions"):
        near = inputs.list_near(task.grid)
        attached = attach(
            strips,
            inputs.regions,
            context=inputs.context,
            terrain=inputs.terrain,
            terrain_settings=settings.terrain,
        )
        findings = Findings(
            strips=attached.strips,
            strip_regions=attached.strip_regions,
            observed=observed_table(looked.counts, near, attached.strips),
            not_observed=draw_squares(looked.squares, task.square_px, task.grid, str(task.grid.crs)),
            not_asked=draw_unasked(looked.squares, task.square_px, task.grid, str(task.grid.crs)),
            regions=region_map(inputs.regions, task.grid) if len(near.table) else None,
            strip_context=attached.strip_context,
        )
        around = note_far(inputs.context, find_footprint(task.grid))
    notes = [*attached.notes]
    if len(inputs.regions.table) and findings.regions is None:
        notes.append("no region of the layers given touches the ground of the images: strips and shares have none")
    pair = task.change_map.pair
    record = RunRecord(
        before=describe_scene(inputs.before),
        after=describe_scene(inputs.after),
        pair=describe_pair(pair),
        layers=tuple(describe_layer(source) for source in (*inputs.ground_sources, *around.sources)),
        settings=settings,
        versions=run_versions(),
        probability_basis=describe_basis(settings.score),
        radar=tuple(_describe_radar(inputs.radar, inputs.before, inputs.after)),
        candidates=len(measured),
        benchmark=load_benchmark(settings.score.operating_point),
    )
    return Run(record, findings, aligned=pair, area=inputs.area, timings=tuple(clock.timings), notes=tuple(notes))


def _touches(strips: gpd.GeoDataFrame, area: Aoi) -> Any:  # noqa: ANN401 - a boolean Series
    return strips.geometry.to_crs("EPSG:4326").intersects(area.polygon)


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
