"""Groups on real pictures: the background is nobody's model.

The folder of real pictures holds

- ``romania_s2``: six dates of one square kilometre, ``s2_DATE_B2B3B4B8.tif`` with ``s2_DATE_SCL.tif``;
- ``peru_s2``: RGB pictures ``peru_s2_rgb_aoi_NAME.tif`` with ``..._overlay.tif`` (1 where a box is burnt in) and
  ``line_candidates_visual.geojson``, lines classed by eye.

Neither is part of the project. Places that are true are those in the later image: the shift that was measured between
the dates is taken off before they are compared with what was found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import combinations
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from scipy import ndimage
from shapely.geometry import LineString

from colibri_geo.bench.matching import BY_EYE
from colibri_geo.bench.scenes import FAINT, ORDINARY, RGB, BenchPair, Group
from colibri_geo.bench.truth import Obstacle, Truth
from colibri_geo.core.windows import Window
from colibri_geo.errors import NotAFile
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scaling import RELATIVE
from colibri_geo.scenes.scene import Scene
from colibri_geo.sim import PlantedPair, TruthStrip, make_earlier, make_painted_earlier, plant_pair

FloatArray = np.ndarray[Any, np.dtype[np.float32]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

DATES = ("2015-08-31", "2016-06-16", "2016-08-15", "2017-06-06", "2017-07-21", "2018-08-25")
DATE_PAIRS = tuple(combinations(DATES, 2))
PICTURES = ("2020_02", "2020_03", "2021_01", "2021_03")
_EARLIER, _LATER = datetime(2019, 7, 1, tzinfo=UTC), datetime(2020, 7, 1, tzinfo=UTC)
_QUARTERS = 4
_CLEAR, _UNSEEN = 4, 0
_ROMANIA_STRIPS, _PERU_STRIPS = 2, 5
_GREY_LEVELS = 255
_STATIONS = 200


@dataclass(frozen=True)
class Picture:
    """One real picture, or a part of it, in memory.

    Attributes
    ----------
    values : (B, M, N) ndarray of float32, grey level / 255
    seen : (M, N) ndarray of bool
        Where nothing is burnt in.
    grid : GeoBox
    lines : GeoDataFrame
        Lines classed by eye, in the grid's system.
    """

    values: FloatArray
    seen: BoolArray
    grid: GeoBox
    lines: gpd.GeoDataFrame

    @property
    def crs(self) -> str:
        """Of the grid."""
        return str(self.grid.crs)

    def quarter(self, number: int) -> Picture:
        """Cut one of the four quarters."""
        rows, cols = self.seen.shape[0] // 2, self.seen.shape[1] // 2
        window = Window(number // 2 * rows, number % 2 * cols, rows, cols)
        return Picture(
            np.ascontiguousarray(self.values[:, *window.slices]),
            np.ascontiguousarray(self.seen[window.slices]),
            cut_grid(self.grid, window),
            self.lines,
        )

    def scene(self, values: FloatArray, acquired: datetime, name: str) -> Scene:
        """Make a scene of values on this grid."""
        scl = np.where(self.seen, np.uint8(_CLEAR), np.uint8(_UNSEEN)).astype(np.uint8)
        return scene_from_arrays(values, self.grid, bands=RGB, acquired=acquired, scl=scl, quantity=RELATIVE, name=name)

    def obstacles(self) -> tuple[Obstacle, ...]:
        """Lines classed by eye, by their class."""
        named = zip(self.lines["visual_class"], self.lines.geometry, strict=True)
        return tuple(Obstacle(str(kind), line) for kind, line in named)


def build_planted_romania(seed: int, real: Path | None) -> BenchPair:
    """Plant strips into the later of two real dates."""
    first, second = DATE_PAIRS[seed % len(DATE_PAIRS)]
    before, after = (_open_romania(_folder(real), day) for day in (first, second))
    (early, seen_early), (late, seen_late) = before.read(), after.read()
    valid = seen_early & seen_late
    planted = _plant(early, late, valid, seed, Planting(before.grid, before.bands, _ROMANIA_STRIPS, ORDINARY))
    scenes = [
        _make_scene(values, seen, scene)
        for scene, values, seen in ((before, planted.before, seen_early), (after, planted.after, seen_late))
    ]
    truth = Truth(str(before.grid.crs), planted.truth, _romanian_road(_folder(real), before.grid), on_after=True)
    return BenchPair(
        "planted_romania", seed, f"{first}-{second}-{seed}", "temperate forest", scenes[0], scenes[1], truth
    )


def build_quiet_romania(seed: int, real: Path | None) -> BenchPair:
    """Pair two real dates as they are: between none of them did a strip appear."""
    first, second = DATE_PAIRS[seed % len(DATE_PAIRS)]
    before, after = (_open_romania(_folder(real), day) for day in (first, second))
    truth = Truth(str(before.grid.crs), (), _romanian_road(_folder(real), before.grid), on_after=True)
    return BenchPair("quiet_romania", seed, f"{first}-{second}", "temperate forest", before, after, truth)


def _build_planted_peru(group: str, contrast: tuple[float, float], seed: int, real: Path | None) -> BenchPair:
    """Plant strips into a quarter of a real picture; the earlier date is made of the picture itself."""
    name = PICTURES[seed % len(PICTURES)]
    picture = load_picture(_folder(real), name).quarter(seed // len(PICTURES) % _QUARTERS)
    before = make_earlier(picture.values, picture.seen, seed=seed)
    plan = Planting(picture.grid, RGB, _PERU_STRIPS, contrast)
    planted = _plant(before, picture.values, picture.seen, seed, plan)
    return BenchPair(
        group,
        seed,
        f"{name}-{seed}",
        "Amazon forest",
        picture.scene(planted.before, _EARLIER, "before"),
        picture.scene(planted.after, _LATER, "after"),
        Truth(picture.crs, planted.truth, picture.obstacles(), on_after=True),
    )


def build_planted_peru(seed: int, real: Path | None) -> BenchPair:
    """Plant strips of ordinary contrast into a quarter of a real picture."""
    return _build_planted_peru("planted_peru", ORDINARY, seed, real)


def build_planted_faint_peru(seed: int, real: Path | None) -> BenchPair:
    """Plant faint strips into a quarter of a real picture."""
    return _build_planted_peru("planted_faint_peru", FAINT, seed, real)


def build_painted_peru(seed: int, real: Path | None) -> BenchPair:
    """Paint the clear strips of a real picture out of an earlier date made of it."""
    name = PICTURES[seed % len(PICTURES)]
    picture = load_picture(_folder(real), name)
    clear = picture.lines[picture.lines["visual_class"] == "airstrip_clear"]
    inverse = ~picture.grid.affine
    pixels = [LineString([inverse @ point for point in line.coords]) for line in clear.geometry]
    grey = (picture.values * _GREY_LEVELS).astype(np.float32)
    before = make_painted_earlier(grey, pixels, rng=np.random.default_rng([seed, 25])) / np.float32(_GREY_LEVELS)
    strips = tuple(_true_line(number, line, picture) for number, line in enumerate(clear.geometry, start=1))
    others = tuple(one for one in picture.obstacles() if one.kind != "airstrip_clear")
    return BenchPair(
        "painted_peru",
        seed,
        f"{name}-{seed}",
        "Amazon forest",
        picture.scene(before, _EARLIER, "before"),
        picture.scene(picture.values, _LATER, "after"),
        Truth(picture.crs, strips, others, on_after=True),
        BY_EYE,
    )


REAL = (
    Group(
        "planted_romania",
        "real Sentinel-2 dates of a temperate forest, 10 m, four bands; strips of contrast 0.7 to 1 planted",
        build_planted_romania,
        real=True,
    ),
    Group(
        "planted_peru",
        "real RGB pictures of the Amazon, 10 m; strips of contrast 0.7 to 1 planted, the earlier date made",
        build_planted_peru,
        real=True,
    ),
    Group("planted_faint_peru", "the same with strips of contrast 0.1 to 0.4", build_planted_faint_peru, real=True),
    Group("quiet_romania", "real Sentinel-2 dates as they are: no strip anywhere", build_quiet_romania, real=True),
    Group(
        "painted_peru",
        "real RGB pictures of the Amazon: clear strips (by eye) painted out of the earlier date, which is else the "
        "same picture, shifted, with another gain and noise: nothing else changed",
        build_painted_peru,
        real=True,
    ),
)


@lru_cache(maxsize=2)
def load_picture(folder: Path, name: str) -> Picture:
    """Load one of the pictures of Peru.

    Raises
    ------
    ColibriError
        Where a file is missing or cannot be read.
    """
    peru = folder / "peru_s2"
    file = peru / f"peru_s2_rgb_aoi_{name}.tif"
    scene = open_scene(file, acquired="2020-07-01", bands="red,green,blue")
    values, valid = scene.read()
    overlay, lines = file.with_name(f"{file.stem}_overlay.tif"), peru / "line_candidates_visual.geojson"
    for needed in (overlay, lines):
        if not needed.is_file():
            raise NotAFile(f"{needed.name}: missing beside {file.name}; expected the whole folder peru_s2, complete it")
    with rasterio.open(overlay) as dataset:
        boxes = ndimage.binary_dilation(dataset.read(1) > 0, iterations=2)
    classed = gpd.read_file(lines)
    here = classed[classed["aoi"] == name].to_crs(str(scene.grid.crs))
    return Picture(values, valid & ~boxes, scene.grid, here)


def _folder(real: Path | None) -> Path:
    if real is None or not real.is_dir():
        raise NotAFile("no folder of real pictures, expected one for this group; give it with --real DIR")
    return real


@lru_cache(maxsize=len(DATES))
def _open_romania(folder: Path, day: str) -> Scene:
    files = [folder / "romania_s2" / f"s2_{day}_{part}.tif" for part in ("B2B3B4B8", "SCL")]
    return open_scene(files[0], mask=files[1], acquired=day, bands="blue,green,red,nir")


def _romanian_road(folder: Path, grid: GeoBox) -> tuple[Obstacle, ...]:
    """Return the winding forest road that appeared between 2016 and 2017."""
    file = folder / "romania_s2" / "truth_new_road.geojson"
    if not file.is_file():
        return ()
    return tuple(Obstacle("road", line) for line in gpd.read_file(file).to_crs(str(grid.crs)).geometry)


def _make_scene(values: FloatArray, seen: BoolArray, like: Scene) -> Scene:
    """Make a scene of other values of the grid, bands and time of another."""
    scl = np.where(seen, np.uint8(_CLEAR), np.uint8(_UNSEEN)).astype(np.uint8)
    return scene_from_arrays(
        values, like.grid, bands=like.bands, acquired=like.acquired, scl=scl, quantity=like.quantity, name=like.name
    )


@dataclass(frozen=True)
class Planting:
    """What is planted, and where."""

    grid: GeoBox
    bands: tuple[str, ...]
    count: int
    contrast: tuple[float, float]


def _plant(before: FloatArray, after: FloatArray, valid: BoolArray, seed: int, plan: Planting) -> PlantedPair:
    affine = plan.grid.affine
    return plant_pair(
        before,
        after,
        valid,
        seed=seed,
        pixel_m=float(affine.a),
        left_m=float(affine.c),
        bottom_m=float(affine.f + plan.grid.shape[0] * affine.e),
        bands=plan.bands,
        count=plan.count,
        contrast=plan.contrast,
    )


def _true_line(number: int, line: Any, picture: Picture) -> TruthStrip:  # noqa: ANN401 - shapely's line
    """Describe a strip that was drawn by eye; what the eye does not tell is missing (nan)."""
    (east1, north1), (east2, north2) = line.coords[0], line.coords[-1]
    along = [line.interpolate(share, normalized=True) for share in np.linspace(0, 1, _STATIONS)]
    cols, rows = np.floor(np.array([~picture.grid.affine @ (point.x, point.y) for point in along])).astype(int).T
    inside = (rows >= 0) & (rows < picture.seen.shape[0]) & (cols >= 0) & (cols < picture.seen.shape[1])
    return TruthStrip(
        strip_id=f"E{number:03d}",
        kind="new",
        end1=(east1, north1),
        end2=(east2, north2),
        length_m=float(line.length),
        width_m=float("nan"),
        grid_azimuth_deg=float(np.degrees(np.arctan2(east2 - east1, north2 - north1)) % 180),
        surface="unknown",
        contrast=float("nan"),
        observed_share=float(picture.seen[rows[inside], cols[inside]].sum()) / _STATIONS,
    )
