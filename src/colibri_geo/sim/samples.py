"""The samples of this repository: two small synthetic pairs, made-up regions and heights, and the truth."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from io import BytesIO
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
from pyproj import Transformer
from shapely.geometry import LineString, Point, Polygon

from colibri_geo.errors import SettingsError
from colibri_geo.sim.files import LICENCE, pair_files, publish, write_pair
from colibri_geo.sim.heights import write_heights
from colibri_geo.sim.pairs import simulate_pair
from colibri_geo.sim.placing import Mix, random_spec
from colibri_geo.sim.sky import shadow_offset
from colibri_geo.sim.spec import Cloud, Look, SceneSpec, Strip

REGIONS = "regions.gpkg"
ELEVATION = "forest_elevation.tif"
README = "README.md"
_SIDE_PX = 400
_LENGTH_M = (400.0, 900.0)
_WIDTH_M = (15.0, 30.0)
_CONTRAST = (0.85, 1.0)
_SURFACES = ("laterite", "laterite", "sand")
_BEFORE = datetime(2025, 1, 10, 15, 20, tzinfo=UTC)
_AFTER = datetime(2025, 3, 21, 15, 20, tzinfo=UTC)
_CHANGED = "2025-03-21T00:00:00.000Z"
_WEST, _EAST, _SOUTH, _MIDDLE, _NORTH = -78.0, -72.0, -0.5, 1.5, 3.5
_BORDER_SLOPE = 0.2
_BORDER_SHARE = 0.35


@dataclass(frozen=True)
class Sample:
    """One pair of the samples.

    Attributes
    ----------
    name, biome : str
    seed : int
        Chosen so that everything finds room and only the hidden strip is hidden.
    left_m, bottom_m : float
        Lower left corner in UTM zone 18 N, in the south of Colombia.
    mix : Mix
    hidden : int
        Number of the strip that lies under cloud.
    shift_east_px, shift_north_px : float
        Misregistration of the after image.
    """

    name: str
    biome: str
    seed: int
    left_m: float
    bottom_m: float
    mix: Mix
    hidden: int
    shift_east_px: float
    shift_north_px: float


SAMPLES = (
    Sample(
        "forest", "forest", 392, 320_000.0, 50_000.0,
        Mix(new=4, old=2, regrowing=1, road=1, river=1, field=3, burn=0, clearing=3, season=1), 3, 0.40, -0.30,
    ),
    Sample(
        "savanna", "savanna", 4, 644_000.0, 210_000.0,
        Mix(new=3, old=3, regrowing=1, road=1, river=1, field=2, burn=1, clearing=1, season=2), 5, -0.25, 0.45,
    ),
)  # fmt: skip


def sample_files() -> tuple[str, ...]:
    """Return the names of all files of the samples."""
    images = [f"{sample.name}_{part}" for sample in SAMPLES for part in pair_files()]
    return (*images, ELEVATION, REGIONS, README)


def write_samples(directory: str | Path, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Write the samples into a folder: all of them, or none.

    Parameters
    ----------
    directory : str or Path
        Made where it is missing; other files in it stay.
    overwrite : bool
        Whether files of the samples that are there are replaced.

    Returns
    -------
    tuple of Path
        The files written; with the same versions of the libraries below, the same bytes.

    Raises
    ------
    OutputExists
        Files of the samples are there already.
    OutputError
        The folder cannot be written.
    """
    return publish(Path(directory), sample_files(), _write_all, overwrite=overwrite)


def sample_spec(sample: Sample) -> SceneSpec:
    """Return the scene of a sample."""
    spec = random_spec(
        sample.seed,
        rows=_SIDE_PX,
        cols=_SIDE_PX,
        biome=sample.biome,
        contrast=_CONTRAST,
        mix=sample.mix,
        cloud_share=0.0,
        memory=0.7,
        length_m=_LENGTH_M,
        width_m=_WIDTH_M,
        surfaces=_SURFACES,
    )
    after = dataclasses.replace(
        spec.after, acquired=_AFTER, shift_east_px=sample.shift_east_px, shift_north_px=sample.shift_north_px
    )
    before = dataclasses.replace(spec.before, acquired=_BEFORE)
    placed = dataclasses.replace(spec, before=before, after=after, left_m=sample.left_m, bottom_m=sample.bottom_m)
    return dataclasses.replace(placed, clouds=_place_clouds(placed, hidden=sample.hidden))


def _place_clouds(spec: SceneSpec, *, hidden: int) -> tuple[Cloud, ...]:
    """Put one cloud over the strip to be hidden, and others where neither they nor their shadows touch a strip."""
    rng = np.random.default_rng([spec.seed, 7])
    others = [strip for number, strip in enumerate(spec.strips) if number != hidden]
    clouds = [_draw_clear(rng, spec, others, date=1, over=spec.strips[hidden])]
    for date, count in ((0, 3), (1, 2)):
        clouds += [_draw_clear(rng, spec, list(spec.strips), date=date) for _ in range(count)]
    return tuple(clouds)


def _draw_clear(
    rng: np.random.Generator, spec: SceneSpec, strips: list[Strip], *, date: int, over: Strip | None = None
) -> Cloud:
    """Draw clouds until one leaves all `strips` in the sun."""
    for _ in range(1000):
        cloud = Cloud(
            (float(rng.uniform(0, spec.width_m)), float(rng.uniform(0, spec.height_m))),
            float(rng.uniform(110, 220)),
            date,
            float(rng.uniform(600, 1300)),
        )
        if over is not None:
            middle = np.add(over.end1, over.end2) / 2
            cloud = dataclasses.replace(
                cloud, center=(float(middle[0]), float(middle[1])), radius_m=over.length_m * 0.42
            )
        if _leaves_clear(cloud, spec.looks[date], strips):
            return cloud
    raise SettingsError("no room for a cloud of the samples; choose another seed")


def _leaves_clear(cloud: Cloud, look: Look, strips: list[Strip]) -> bool:
    reach = cloud.radius_m * 1.7 + 80.0
    center, shadow = Point(cloud.center), Point(np.add(cloud.center, shadow_offset(cloud, look)))
    axes = [LineString([strip.end1, strip.end2]) for strip in strips]
    return all(min(axis.distance(center), axis.distance(shadow)) > reach for axis in axes)


def made_up_regions() -> gpd.GeoDataFrame:
    """Return three made-up regions over both scenes; the border of two crosses the first strip of the forest.

    Returns
    -------
    GeoDataFrame
        Columns ``name``, ``code``; EPSG:4326.
    """
    lon, lat = _border_place(sample_spec(SAMPLES[0]))
    foot, head = (round(lon + _BORDER_SLOPE * (edge - lat), 6) for edge in (_SOUTH, _MIDDLE))
    polygons = [
        Polygon([(_WEST, _SOUTH), (foot, _SOUTH), (head, _MIDDLE), (_WEST, _MIDDLE)]),
        Polygon([(foot, _SOUTH), (_EAST, _SOUTH), (_EAST, _MIDDLE), (head, _MIDDLE)]),
        Polygon([(_WEST, _MIDDLE), (head, _MIDDLE), (_EAST, _MIDDLE), (_EAST, _NORTH), (_WEST, _NORTH)]),
    ]
    names = {"name": ["Región Ñandú", "Provincia Árbol Añil", "Llanos de la Cigüeña"], "code": ["X-01", "X-02", "X-03"]}
    return gpd.GeoDataFrame(names, geometry=polygons, crs="EPSG:4326")


def _border_place(spec: SceneSpec) -> tuple[float, float]:
    """Return longitude and latitude of the place on the first strip where the border crosses."""
    strip = spec.strips[0]
    place = np.array(strip.end1) + _BORDER_SHARE * np.subtract(strip.end2, strip.end1) + (spec.left_m, spec.bottom_m)
    lon, lat = Transformer.from_crs(spec.crs, 4326, always_xy=True).transform(*place)
    return float(lon), float(lat)


def _write_all(folder: Path) -> None:
    for sample in SAMPLES:
        write_pair(simulate_pair(sample_spec(sample)), folder, sample.name)
    write_heights(sample_spec(SAMPLES[0]), folder / ELEVATION, licence=LICENCE)
    regions = BytesIO()
    with _still_clock():
        pyogrio.write_dataframe(made_up_regions(), regions, layer="regions", driver="GPKG")
    (folder / REGIONS).write_bytes(regions.getbuffer())
    (folder / README).write_bytes(resources.files("colibri_geo.sim").joinpath("samples.md").read_bytes())


@contextmanager
def _still_clock() -> Iterator[None]:
    """Keep the clock out of a GeoPackage: the driver writes the time given here as that of the last change."""
    former = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _CHANGED})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": former})
