"""Scenes from a seed and a few words: strips of real lengths and confusers, apart from each other."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon, box

from colibri_geo.errors import SettingsError
from colibri_geo.sim.confusers import Site, draw_confuser
from colibri_geo.sim.shapes import Area, Point, Shape
from colibri_geo.sim.spec import RGBN, Cloud, Confuser, Look, SceneSpec, Strip

LENGTH_SHARES = (0.0, 0.05, 0.25, 0.50, 0.75, 0.95, 1.0)
LENGTHS_M = (376.0, 532.0, 633.0, 772.0, 1060.0, 1662.0, 3130.0)
"""Quantiles of the length of 154 digitised runways in Peru, 2015 to 2023 (Zindi/ITU training set)."""
WIDTHS_M = (8.0, 35.0)
SURFACE_MIX = (("laterite", 9), ("sand", 3), ("mud", 4), ("grass", 4))
"""Surfaces of strips, with how many in twenty."""
_APART_M = 100.0
_TRIES = 400
_DRAWN = (
    "river", "road", "pipeline", "power_line", "field", "burn", "clearing", "season", "seam",
    "logging", "shade", "haze_front", "gap",
)  # fmt: skip
_SOFT_KINDS = ("season", "seam", "clearing", "shade", "haze_front", "gap")


@dataclass(frozen=True)
class Mix:
    """How many of each there are.

    Attributes
    ----------
    new, old, regrowing : int
        Strips.
    road, river, field, pipeline, power_line, burn, clearing, season, seam : int
        Confusers; a clearing is a group of small plots.
    logging, shade, haze_front, gap : int
        A logging road with straight dead ends, a cloud's shadow without a mask, haze with a straight edge, wedges that
        were not measured.
    """

    new: int = 3
    old: int = 2
    regrowing: int = 1
    road: int = 2
    river: int = 1
    field: int = 6
    pipeline: int = 0
    power_line: int = 0
    burn: int = 1
    clearing: int = 3
    season: int = 2
    seam: int = 0
    logging: int = 0
    shade: int = 0
    haze_front: int = 0
    gap: int = 0


@dataclass(frozen=True)
class StripBrief:
    """What strips are drawn from.

    Attributes
    ----------
    min_contrast, max_contrast : float
    min_length_m, max_length_m : float
    min_width_m, max_width_m : float
    surfaces : tuple of str
        Each entry is as likely as another.
    """

    min_contrast: float
    max_contrast: float
    min_length_m: float
    max_length_m: float
    min_width_m: float
    max_width_m: float
    surfaces: tuple[str, ...]


def draw_length(rng: np.random.Generator, *, shortest_m: float = 0.0, longest_m: float = math.inf) -> float:
    """Draw the length of a strip from the distribution of real ones.

    Parameters
    ----------
    rng : Generator
    shortest_m, longest_m : float
        The distribution is cut there.

    Returns
    -------
    float, metres

    Examples
    --------
    >>> rng = np.random.default_rng(3)
    >>> 376 <= draw_length(rng) <= 3130
    True
    """
    low, high = np.interp([shortest_m, longest_m], LENGTHS_M, LENGTH_SHARES)
    return float(np.interp(rng.uniform(low, high), LENGTH_SHARES, LENGTHS_M))


def random_spec(
    seed: int,
    *,
    rows: int = 512,
    cols: int = 512,
    pixel_m: float = 10.0,
    bands: Sequence[str] = RGBN,
    biome: str = "forest",
    contrast: float | tuple[float, float] = (0.8, 1.0),
    mix: Mix | None = None,
    cloud_share: float = 0.04,
    max_shift_px: float = 0.5,
    memory: float | None = None,
    noise: float = 1.0,
    length_m: tuple[float, float] = (LENGTHS_M[0], LENGTHS_M[-1]),
    width_m: tuple[float, float] = WIDTHS_M,
    surfaces: Sequence[str] | None = None,
    clutter: float = 0.0,
) -> SceneSpec:
    """Make a scene from a seed and a few words.

    Parameters
    ----------
    seed : int
    rows, cols : int
    pixel_m : float
    bands : sequence of str
    biome : str
        ``forest``, ``savanna`` or ``mixed``.
    contrast : float or tuple of float
        Of strips, or its lowest and highest: about 1 ordinary, 0.1 to 0.4 faint.
    mix : Mix, optional
        How many strips and confusers.
    cloud_share : float
        About this share of each date is under cloud, in [0, 0.9].
    max_shift_px : float
        Each date is misplaced by up to half of this along each axis, the later against the earlier by up to all of it.
    memory : float, optional
        Share of texture that both dates have in common; drawn from 0.4 to 0.85 by default.
    noise : float
        Factor on the sensor's noise.
    length_m, width_m : tuple of float
        Shortest and longest, narrowest and widest strip; lengths follow the distribution of real ones in between.
    surfaces : sequence of str, optional
        Of strips, each as likely; by default `SURFACE_MIX`, without grass in the savanna.
    clutter : float
        Small unrest between the dates: 0 none, 1 as real ground has.

    Returns
    -------
    SceneSpec

    Raises
    ------
    SettingsError
        Where not everything finds room, or a word is out of range.

    Notes
    -----
    Strips lie in the scene with their ends, at least 100 m from each other and from roads, rivers, fields, corridors
    and burns. Seasonal patches and old plots may lie anywhere.
    """
    low, high = contrast if isinstance(contrast, tuple) else (contrast, contrast)
    if not 0 < low <= high <= 1:
        raise SettingsError(
            f"contrast {low:g} to {high:g}, expected the lowest first, both above 0 and at most 1; correct it"
        )
    if not 0 <= cloud_share <= 0.9:
        raise SettingsError(f"cloud share {cloud_share:g}, expected a share in [0, 0.9]; correct it")
    rng = np.random.default_rng([seed, 0, *biome.encode()])
    mix = mix or Mix()
    brief = StripBrief(low, high, *length_m, *width_m, tuple(surfaces or _usual_surfaces(biome)))
    site = Site(cols * pixel_m, rows * pixel_m, biome)
    looks = _draw_looks(rng, len(bands), max_shift_px)
    taken = Taken()
    confusers = _draw_confusers(rng, site, mix, taken)
    strips = tuple(
        _place_strip(rng, site, taken, brief, kind=kind)
        for kind, count in (("new", mix.new), ("old", mix.old), ("regrowing", mix.regrowing))
        for _ in range(count)
    )
    return SceneSpec(
        seed=seed,
        rows=rows,
        cols=cols,
        pixel_m=pixel_m,
        bands=tuple(bands),
        biome=biome,
        before=looks[0],
        after=looks[1],
        strips=strips,
        confusers=confusers,
        clouds=draw_clouds(rng, site, cloud_share),
        memory=float(rng.uniform(0.4, 0.85)) if memory is None else memory,
        noise=noise,
        clutter=clutter,
    )


class Taken:
    """Ground that is taken already."""

    def __init__(self) -> None:
        self.geometries: list[Any] = []

    def add(self, geometry: Any) -> None:  # noqa: ANN401 - any geometry
        """Take the ground that a geometry covers."""
        self.geometries.append(geometry)

    def near(self, geometry: Any) -> bool:  # noqa: ANN401 - any geometry
        """Whether anything lies nearer than the distance kept."""
        return bool(self.geometries) and bool((shapely.distance(np.array(self.geometries), geometry) < _APART_M).any())


def outline(shape: Shape) -> Any:  # noqa: ANN401 - line buffered, or polygon
    """Return the ground that a shape covers, as a geometry in its own coordinates."""
    if isinstance(shape, Area):
        return Polygon(shape.points).buffer(0)
    return LineString(shape.points).buffer(shape.half_width_m)


def _draw_looks(rng: np.random.Generator, band_count: int, max_shift_px: float) -> tuple[Look, ...]:
    first = datetime(2024, 1, 1, 15, 20, tzinfo=UTC) + timedelta(days=int(rng.integers(0, 400)))
    second = first + timedelta(days=int(rng.integers(5, 180)))
    return tuple(
        draw_look(rng, acquired, band_count, reach) for acquired, reach in ((first, 0.0), (second, max_shift_px))
    )


def draw_look(rng: np.random.Generator, acquired: datetime, band_count: int, max_shift_px: float) -> Look:
    """Draw where a date lies, its gains, haze and season.

    Returns
    -------
    Look
    """
    gain = 1 + float(rng.normal(0, 0.05)) + rng.normal(0, 0.02, band_count)
    offset = rng.normal(0, 0.003, band_count)
    return Look(
        acquired,
        shift_east_px=float(rng.uniform(-max_shift_px, max_shift_px)),
        shift_north_px=float(rng.uniform(-max_shift_px, max_shift_px)),
        gain=tuple(float(value) for value in gain),
        offset=tuple(float(value) for value in offset),
        haze=float(rng.choice([0.0, 0.03, 0.1], p=[0.5, 0.35, 0.15])),
        greenness=float(rng.normal(0, 0.3)),
        sun_azimuth_deg=float(rng.uniform(45, 130)),
        sun_zenith_deg=float(rng.uniform(22, 40)),
    )


def _draw_confusers(rng: np.random.Generator, site: Site, mix: Mix, taken: Taken) -> tuple[Confuser, ...]:
    confusers = []
    for kind in _DRAWN:
        for _ in range(getattr(mix, kind)):
            confuser = draw_confuser(kind, rng, site)
            confusers.append(confuser)
            if kind not in _SOFT_KINDS:
                for feature in confuser.features:
                    taken.add(outline(feature.shape))
    return tuple(confusers)


def _place_strip(rng: np.random.Generator, site: Site, taken: Taken, brief: StripBrief, *, kind: str) -> Strip:
    """Draw strips until one has room."""
    frame = box(0, 0, site.width_m, site.height_m).buffer(-30)
    for _ in range(_TRIES):
        strip = draw_strip(rng, site, brief, kind=kind)
        line = LineString([strip.end1, strip.end2])
        ground = line.buffer(strip.width_m / 2)
        if frame.contains(line) and not taken.near(ground):
            taken.add(ground)
            return dress_strip(rng, strip)
    raise SettingsError(
        f"no room for a strip ({kind}) in {site.width_m / 1000:g} x {site.height_m / 1000:g} km after {_TRIES} tries; "
        "enlarge the scene or ask for fewer strips and confusers"
    )


def draw_strip(rng: np.random.Generator, site: Site, brief: StripBrief, *, kind: str) -> Strip:
    """Draw a strip anywhere in a site."""
    longest = min(brief.max_length_m, 0.8 * min(site.width_m, site.height_m))
    length = draw_length(rng, shortest_m=brief.min_length_m, longest_m=longest)
    azimuth = float(rng.uniform(0, np.pi))
    half = (math.sin(azimuth) * length / 2, math.cos(azimuth) * length / 2)
    middle = (float(rng.uniform(0, site.width_m)), float(rng.uniform(0, site.height_m)))
    contrast = float(rng.uniform(brief.min_contrast, brief.max_contrast))
    recoloured = kind == "old" and rng.random() < 0.6
    return Strip(
        end1=(middle[0] - half[0], middle[1] - half[1]),
        end2=(middle[0] + half[0], middle[1] + half[1]),
        width_m=float(rng.uniform(brief.min_width_m, brief.max_width_m)),
        kind=kind,
        surface=str(rng.choice(brief.surfaces)),
        contrast=contrast,
        later_surface=str(rng.choice(brief.surfaces)) if recoloured else None,
        later_contrast=contrast * float(rng.uniform(0.7, 1.0)) if recoloured else None,
        evenness=float(rng.uniform(0.05, 0.25)),
    )


def _usual_surfaces(biome: str) -> tuple[str, ...]:
    """Surfaces by their usual share; mown grass shows in the forest only."""
    return tuple(name for name, count in SURFACE_MIX for _ in range(count) if biome == "forest" or name != "grass")


def dress_strip(rng: np.random.Generator, strip: Strip) -> Strip:
    """Give some strips a turning place and an access track."""
    along = np.subtract(strip.end2, strip.end1) / strip.length_m
    side = np.array([along[1], -along[0]]) * float(rng.choice([-1, 1]))
    end = np.array(strip.end1 if rng.random() < 0.5 else strip.end2)
    inward = along if np.allclose(end, strip.end1) else -along
    apron: tuple[Point, ...] = ()
    track: tuple[Point, ...] = ()
    if rng.random() < 0.3:
        size = float(rng.uniform(18, 35))
        start = end + inward * float(rng.uniform(0, 60))
        corners = [start, start + inward * size, start + inward * size + side * size, start + side * size]
        apron = tuple((float(corner[0]), float(corner[1])) for corner in corners)
    if rng.random() < 0.4:
        points = [end + inward * float(rng.uniform(10, strip.length_m * 0.5))]
        heading = math.atan2(side[0], side[1])
        for _ in range(int(rng.integers(4, 12))):
            heading += float(rng.normal(0, 0.35))
            points.append(points[-1] + np.array([math.sin(heading), math.cos(heading)]) * 45)
        track = tuple((float(point[0]), float(point[1])) for point in points)
    return dataclasses.replace(strip, apron=apron, track=track)


def draw_clouds(
    rng: np.random.Generator, site: Site, cloud_share: float, *, dates: Sequence[int] = (0, 1)
) -> tuple[Cloud, ...]:
    """Draw fair-weather clouds of many sizes until about the share asked for is under them, on each date.

    Returns
    -------
    tuple of Cloud
    """
    clouds = []
    for date in dates:
        left = cloud_share * site.width_m * site.height_m
        while left > 0:
            radius = min(float(rng.lognormal(math.log(170), 0.5)), 0.3 * min(site.width_m, site.height_m))
            place = (float(rng.uniform(0, site.width_m)), float(rng.uniform(0, site.height_m)))
            clouds.append(Cloud(place, radius, date, float(rng.uniform(600, 1500))))
            left -= np.pi * radius**2
    return tuple(clouds)
