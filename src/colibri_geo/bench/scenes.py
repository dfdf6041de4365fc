"""The benchmark's scenes: named groups, each a function from a seed to a pair in memory with its truth.

Seeds are apart and named. `DEVELOPMENT_SEEDS` are for training, thresholds and looking; `TEST_SEEDS` are for the dated
tables alone. A simulated scene's own seed is the benchmark's, plus 1,000,000 times the number of its group, plus
100,000,000 for each attempt in which not everything found room: two seeds that differ in their last six digits never
share a scene, and no two groups share one.

Real pictures come in by a folder of them (``--real``): the groups that plant strips into them draw the strips by seed,
the background is that of the pictures whatever the seed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely import affinity
from shapely.geometry import LineString, Point

from colibri_geo.bench.matching import Rules
from colibri_geo.bench.truth import Obstacle, Truth
from colibri_geo.errors import SettingsError
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scaling import RELATIVE, SURFACE
from colibri_geo.scenes.scene import Scene
from colibri_geo.sim import Cloud, Confuser, Mix, Paint, SceneSpec, SimulatedPair, random_spec, simulate_pair
from colibri_geo.sim.placing import outline
from colibri_geo.sim.sky import shadow_offset

DEVELOPMENT_SEEDS = range(1000)
TEST_SEEDS = range(10_000, 1_000_000)
SEEDS = {"development": DEVELOPMENT_SEEDS, "test": TEST_SEEDS}

BIOMES = ("forest", "savanna", "mixed")
RGB = ("blue", "green", "red")
RGBN = (*RGB, "nir")
SIX = (*RGBN, "swir16", "swir22")
ORDINARY = (0.7, 1.0)
FAINT = (0.1, 0.4)

_GROUP_STEP = 1_000_000
_ATTEMPT_STEP = 100_000_000
_ATTEMPTS = 20
_LASTING_KINDS = ("road", "logging", "pipeline", "power_line", "field", "burn")


@dataclass(frozen=True)
class BenchPair:
    """One pair of the benchmark.

    Attributes
    ----------
    group : str
    seed : int
        Of the benchmark.
    name : str
        Of the scene, unique in its group.
    biome : str
    before, after : Scene
    truth : Truth
    rules : Rules
        When a found strip is a true one.
    """

    group: str
    seed: int
    name: str
    biome: str
    before: Scene
    after: Scene
    truth: Truth
    rules: Rules = dataclasses.field(default_factory=Rules)

    @property
    def km2(self) -> float:
        """Ground of the pair."""
        rows, cols = self.before.grid.shape
        return float(rows * cols * abs(self.before.grid.affine.a * self.before.grid.affine.e)) / 1e6

    @property
    def observed_km2(self) -> float:
        """Ground that is observed on both dates, by the masks."""
        early, late = (scene.read_block(bands=scene.bands[:1]).valid for scene in (self.before, self.after))
        return self.km2 * float((early & late).mean())


Build = Callable[[int, Path | None], BenchPair]


@dataclass(frozen=True)
class Group:
    """A kind of scenes.

    Attributes
    ----------
    name : str
    about : str
        What it is, for the report.
    build : callable
        Seed and folder of real pictures to `BenchPair`.
    real : bool
        Whether it needs real pictures.
    """

    name: str
    about: str
    build: Build
    real: bool = False


@dataclass(frozen=True)
class Brief:
    """What the scenes of a simulated group have in common.

    Attributes
    ----------
    number : int
        Of the group, never used again for another.
    contrasts : tuple of (float, float)
        Lowest and highest contrast of strips, by scene in turn.
    new, old, regrowing : int
    bands : tuple of str
    pixel_m : float
    side_px : int
    crowd : int
        How many times the usual confusers.
    lasting : bool
        Whether whatever could be new is there on both dates.
    picture : bool
        Whether both dates are delivered as 8-bit pictures of unknown gain.
    clutter : float
        How much changes on ground that keeps its cover: 1 for as much as between real dates of one season.
    """

    number: int
    contrasts: tuple[tuple[float, float], ...] = (ORDINARY,)
    new: int = 6
    old: int = 2
    regrowing: int = 2
    bands: tuple[str, ...] = RGBN
    pixel_m: float = 10.0
    side_px: int = 640
    crowd: int = 1
    lasting: bool = False
    picture: bool = False
    clutter: float = 0.0


BRIEFS = {
    "ordinary": Brief(11),
    "faint": Brief(12, contrasts=(FAINT,)),
    "rough": Brief(13, contrasts=(ORDINARY, FAINT), clutter=1.0),
    "quiet": Brief(14, contrasts=(ORDINARY, FAINT), new=0, old=5, regrowing=0, lasting=True, clutter=1.0),
    "rgb": Brief(15, contrasts=(ORDINARY, FAINT), bands=RGB, picture=True),
    "six_bands": Brief(16, contrasts=(ORDINARY, FAINT), bands=SIX),
    "fine": Brief(17, contrasts=(ORDINARY, FAINT), new=3, old=1, regrowing=1, pixel_m=3.0, side_px=1200),
    "coarse": Brief(18, contrasts=(ORDINARY, FAINT), pixel_m=30.0, side_px=320, new=8, crowd=2),
}
"""Numbers 1 to 7 are spent: their test scenes were looked at while the detector was made."""
_ABOUT = {
    "ordinary": "10 m, four bands, strips of contrast 0.7 to 1, full of confusers",
    "faint": "10 m, four bands, strips of contrast 0.1 to 0.4, full of confusers",
    "rough": "10 m, four bands, ordinary and faint, ground as restless as between real dates, logging tracks, veils",
    "quiet": "10 m, four bands, restless ground, nothing new: strips, roads, fields, corridors, burns on both dates",
    "rgb": "10 m, 8-bit RGB pictures of unknown gain, ordinary and faint in turn",
    "six_bands": "10 m, six bands, ordinary and faint in turn",
    "fine": "3 m, four bands, ordinary and faint in turn",
    "coarse": "30 m, four bands, ordinary and faint in turn",
}


def build_simulated(group: str, seed: int) -> BenchPair:
    """Simulate one pair of a group.

    Parameters
    ----------
    group : str
        A name in `BRIEFS`.
    seed : int
        Of `DEVELOPMENT_SEEDS` or `TEST_SEEDS`.

    Returns
    -------
    BenchPair
        The same for the same group and seed.
    """
    spec = plan_scene(BRIEFS[group], seed)
    pair = simulate_pair(spec)
    before, after = make_scenes(pair, picture=BRIEFS[group].picture)
    truth = Truth(spec.crs, pair.truth, list_obstacles(spec))
    return BenchPair(group, seed, f"{group}-{seed}", spec.biome, before, after, truth)


def plan_scene(brief: Brief, seed: int) -> SceneSpec:
    """Draw the scene of a seed; where not everything finds room, the next attempt's.

    Raises
    ------
    SettingsError
        Where nothing fits after 20 attempts.
    """
    for attempt in range(_ATTEMPTS):
        own_seed = seed + _GROUP_STEP * brief.number + _ATTEMPT_STEP * attempt
        try:
            spec = random_spec(
                own_seed,
                rows=brief.side_px,
                cols=brief.side_px,
                pixel_m=brief.pixel_m,
                bands=brief.bands,
                biome=BIOMES[seed % len(BIOMES)],
                contrast=brief.contrasts[seed // len(BIOMES) % len(brief.contrasts)],
                mix=draw_mix(np.random.default_rng([own_seed, 21]), brief),
                clutter=brief.clutter,
            )
        except SettingsError:
            continue
        return make_lasting(spec) if brief.lasting else spec
    raise SettingsError(f"no room for the strips of seed {seed} after {_ATTEMPTS} attempts; ask for fewer")


def draw_mix(rng: np.random.Generator, brief: Brief) -> Mix:
    """Draw how many confusers of each kind a scene has."""
    rough = brief.clutter > 0
    corridor = str(rng.choice(["pipeline", "power_line", "none"], p=[0.4, 0.4, 0.2]))
    return Mix(
        new=brief.new,
        old=brief.old,
        regrowing=brief.regrowing,
        road=brief.crowd * int(rng.integers(2, 4)),
        river=int(rng.random() < 0.7),
        field=brief.crowd * int(rng.integers(5, 10)),
        pipeline=int(corridor == "pipeline"),
        power_line=int(corridor == "power_line"),
        burn=brief.crowd * int(rng.integers(1, 3)),
        clearing=brief.crowd * int(rng.integers(2, 5)),
        season=brief.crowd * 2,
        seam=int(rng.random() < 0.25),
        logging=int(rough and rng.random() < 0.3),
        shade=int(rough and rng.random() < 0.2),
        haze_front=int(rough and rng.random() < 0.2),
        gap=int(rough and rng.random() < 0.05),
    )


def make_lasting(spec: SceneSpec) -> SceneSpec:
    """Put whatever is new in a scene onto both dates, with a little less or more of its colour on the first."""
    rng = np.random.default_rng([spec.seed, 22])
    confusers = tuple(
        _last(rng, confuser) if confuser.kind in _LASTING_KINDS else confuser for confuser in spec.confusers
    )
    return dataclasses.replace(spec, confusers=confusers)


def _last(rng: np.random.Generator, confuser: Confuser) -> Confuser:
    features = []
    for feature in confuser.features:
        first, second = feature.paints
        if first is None and second is not None:
            opacity = min(second.opacity * float(rng.uniform(0.8, 1.1)), 1.0)
            first = Paint(second.surface, opacity, second.brightness * float(rng.uniform(0.95, 1.05)))
        features.append(dataclasses.replace(feature, paints=(first, second)))
    return dataclasses.replace(confuser, features=tuple(features))


def make_scenes(pair: SimulatedPair, *, picture: bool) -> tuple[Scene, Scene]:
    """Make scenes in memory of a simulated pair."""
    spec = pair.spec
    top_m = spec.bottom_m + spec.rows * spec.pixel_m
    grid = GeoBox(
        (spec.rows, spec.cols), Affine(spec.pixel_m, 0.0, spec.left_m, 0.0, -spec.pixel_m, top_m), str(spec.crs)
    )
    rng = np.random.default_rng([spec.seed, 23])
    scenes = []
    for date, (values, scl) in enumerate(((pair.before, pair.before_scl), (pair.after, pair.after_scl))):
        scenes.append(
            scene_from_arrays(
                to_picture(rng, values) if picture else values,
                grid,
                bands=spec.bands,
                acquired=spec.looks[date].acquired,
                scl=scl,
                quantity=RELATIVE if picture else SURFACE,
                name=("before", "after")[date],
                synthetic=True,
            )
        )
    return scenes[0], scenes[1]


def to_picture(rng: np.random.Generator, values: np.ndarray[Any, np.dtype[np.float32]]) -> Any:  # noqa: ANN401 - array
    """Turn reflectance into an 8-bit picture as viewers make them: a stretch of its own for each date.

    Returns
    -------
    (B, M, N) ndarray of float32, steps of 1/255 in [1/255, 1]
    """
    black, white = float(rng.uniform(0.0, 0.015)), float(rng.uniform(0.22, 0.35))
    gamma = float(rng.uniform(0.85, 1.15))
    shown = np.clip((values - black) / (white - black), 0, 1) ** gamma
    return (np.clip(np.rint(shown * 255), 1, 255) / 255).astype(np.float32)


def list_obstacles(spec: SceneSpec) -> tuple[Obstacle, ...]:
    """List what a false alarm in a simulated scene may have come from, on the map."""
    obstacles = [
        Obstacle(confuser.kind, _outline(confuser.kind, feature.shape), soft=confuser.kind == "season")
        for confuser in spec.confusers
        for feature in confuser.features
    ]
    obstacles += [Obstacle("access_track", LineString(strip.track)) for strip in spec.strips if strip.track]
    for cloud in spec.clouds:
        obstacles += _ring(cloud, spec)
    return tuple(
        dataclasses.replace(one, geometry=affinity.translate(one.geometry, spec.left_m, spec.bottom_m))
        for one in obstacles
    )


def _outline(kind: str, shape: Any) -> Any:  # noqa: ANN401 - shapes of the simulator, shapely's geometry
    """Return the ground of a shape; of a seam, the step itself: its first side."""
    return LineString(shape.points[:2]) if kind == "seam" else outline(shape)


def _ring(cloud: Cloud, spec: SceneSpec) -> list[Obstacle]:
    """Edges of a cloud and of its shadow, which are as ragged as a third of the radius."""
    east, north = shadow_offset(cloud, spec.looks[cloud.date])
    places = {"cloud_edge": cloud.center, "shadow_edge": (cloud.center[0] + east, cloud.center[1] + north)}
    return [
        Obstacle(
            kind,
            Point(place).buffer(1.6 * cloud.radius_m).difference(Point(place).buffer(0.5 * cloud.radius_m)),
            soft=True,
        )
        for kind, place in places.items()
    ]


def _simulated(name: str) -> Group:
    def build(seed: int, _real: Path | None) -> BenchPair:
        return build_simulated(name, seed)

    return Group(name, _ABOUT[name], build)


SIMULATED = tuple(_simulated(name) for name in BRIEFS)
