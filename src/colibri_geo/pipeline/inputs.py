"""What a run is given, open: the images, then the layers; and what is measured and planned before strips are sought."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from odc.geo.geobox import GeoBox

from colibri_geo.layers.aoi import Aoi, check_aoi
from colibri_geo.layers.context import Context, read_context
from colibri_geo.layers.reading import Layer, read_aoi, read_regions
from colibri_geo.layers.regions import Regions, clip_regions
from colibri_geo.layers.sources import LayerSource
from colibri_geo.layers.terrain import Terrain, read_terrain
from colibri_geo.pairs import AlignedPair, align, change, measure_overlap_share, settle_scenes, survey
from colibri_geo.pipeline.looking import Task, plan_task
from colibri_geo.scenes.gathering import join_scenes
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import Settings
from colibri_geo.tracing.search import check_detail


@dataclass(frozen=True)
class Inputs:
    """What a run was given, open.

    Attributes
    ----------
    before, after : Scene
    regions : Regions
    area : Aoi or None
    radar : tuple of Scene
        The earlier and the later radar image, or none.
    context : Context
        Aerodromes and other layers of what lies around.
    terrain : Terrain or None
    """

    before: Scene
    after: Scene
    regions: Regions
    area: Aoi | None = None
    radar: tuple[Scene, ...] = ()
    context: Context = field(default_factory=Context)
    terrain: Terrain | None = None

    @property
    def ground_sources(self) -> tuple[LayerSource, ...]:
        """Where regions, area of interest and elevation model came from, without what lies around."""
        area = () if self.area is None else (self.area.source,)
        return (*self.regions.sources, *area, *(() if self.terrain is None else self.terrain.sources))

    def list_near(self, grid: GeoBox) -> Regions:
        """Return the regions by which the pixels of a grid are counted, in the order of the counts."""
        return clip_regions(self.regions, grid)


def add_layers(
    before: Scene,
    after: Scene,
    *,
    radar: tuple[Scene, ...] = (),
    regions: str | Layer | Iterable[str | Layer],
    aoi: str | Path | None,
    aerodromes: str | Path | Iterable[str | Path],
    layers: str | Iterable[str],
    elevation: str | Path | Iterable[str | Path],
    assume_crs: str | None,
    settings: Settings,
) -> Inputs:
    """Read the layers of a run beside its images, which are open and can show a strip; see `colibri_geo.compare`."""
    check_detail(before, after, settings.trace)
    return Inputs(
        before=before,
        after=after,
        radar=radar,
        regions=read_regions(regions, assume_crs=assume_crs),
        area=None if aoi is None else read_aoi(aoi, assume_crs=assume_crs),
        context=read_context(aerodromes, layers, assume_crs=assume_crs),
        terrain=read_terrain(elevation, near=(before.grid, after.grid), assume_crs=assume_crs),
    )


def settle_inputs(inputs: Inputs, before: Sequence[Scene], after: Sequence[Scene], settings: Settings) -> Inputs:
    """Put the scenes of each date where the others of it lie; see `colibri_geo.pairs.settle_scenes`."""
    settled = settle_scenes(before, after, settings.survey)
    return replace(inputs, before=join_scenes(settled.before), after=join_scenes(settled.after))


def survey_inputs(inputs: Inputs, settings: Settings) -> AlignedPair:
    """Survey the pair, and refuse an area or a radar image that lies elsewhere."""
    pair = align(inputs.before, inputs.after, survey(inputs.before, inputs.after, settings.survey))
    if inputs.area is not None:
        check_aoi(inputs.area, pair.grid)
    for look in inputs.radar:
        measure_overlap_share(inputs.before, look, pair.grid)
    return pair


def plan_look(inputs: Inputs, pair: AlignedPair, settings: Settings) -> Task:
    """Plan what is looked for in the pair."""
    return plan_task(change(pair), settings.trace, inputs.list_near(pair.grid).shapes, inputs.area)
