"""What looks like a strip and is not, drawn at random: roads, rivers, fields, corridors, burns, seasons, seams."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from colibri_geo.sim.shapes import Area, Point, Ribbon
from colibri_geo.sim.spec import Confuser, Feature, Paint

_SOILS = ("laterite", "sand", "mud", "laterite")
_BEYOND_M = 600.0
_GAP_EVERY_M = 1000.0


@dataclass(frozen=True)
class Site:
    """Where something is to be drawn.

    Attributes
    ----------
    width_m, height_m : float
    biome : str
    """

    width_m: float
    height_m: float
    biome: str

    @property
    def size_m(self) -> float:
        """The longer side."""
        return max(self.width_m, self.height_m)


def draw_confuser(kind: str, rng: np.random.Generator, site: Site) -> Confuser:
    """Draw one confuser.

    Parameters
    ----------
    kind : str
        One of `colibri_geo.sim.spec.CONFUSER_KINDS`.
    rng : Generator
    site : Site

    Returns
    -------
    Confuser
    """
    return Confuser(kind, _DRAW[kind](rng, site))


def _draw_road(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a road that winds through the scene and branches; new, or old with another colour."""
    width = float(rng.uniform(5, 10))
    paints = _road_paints(rng, new=bool(rng.random() < 0.6))
    trunk = _wander(rng, *_entry(rng, site), length_m=2.6 * site.size_m, step_m=70.0, bend_rad=0.16)
    features = [Feature(Ribbon(trunk, width), paints, 0.8)]
    for _ in range(int(rng.integers(1, 4))):
        start = int(rng.integers(len(trunk) // 5, 3 * len(trunk) // 5))
        heading = _heading(trunk[start], trunk[start + 1]) + float(rng.choice([-1, 1])) * float(rng.uniform(0.7, 1.6))
        branch = _wander(rng, trunk[start], heading, length_m=float(rng.uniform(500, 2500)), step_m=60.0, bend_rad=0.22)
        features.append(Feature(Ribbon(branch, width * 0.7), paints, 0.8, 0.25))
    return tuple(features)


def _road_paints(rng: np.random.Generator, *, new: bool) -> tuple[Paint | None, ...]:
    soil = str(rng.choice(_SOILS))
    if new:
        return None, Paint(soil, float(rng.uniform(0.6, 0.95)))
    later = str(rng.choice([soil, "laterite", "mud", "dry_grass"]))
    opacity = float(rng.uniform(0.5, 0.9))
    return Paint(soil, opacity), Paint(later, opacity * float(rng.uniform(0.7, 1.1)), float(rng.uniform(0.8, 1.25)))


def _draw_river(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a meandering river with bars at its bends, another water level and a moved bank on the later date."""
    width = float(rng.uniform(25, 75))
    line = _meander(rng, site, width)
    bars = _bars(rng, line, width)
    later = _moved(rng, line, width)
    water = (Paint("water", 1.0), Paint("water", 1.0, float(rng.uniform(0.9, 1.2))))
    level = width * float(rng.uniform(0.8, 1.15))
    shore = Feature(Ribbon(line, width * 1.12 + 6), (Paint("mud", 0.7), Paint("mud", 0.7)), 4.0, 0.4)
    return (
        shore,
        *(
            Feature(Area(bar), (Paint("sand", 0.9), Paint("sand", float(rng.uniform(0.7, 1.0)))), 8.0, 0.2)
            for bar in bars
        ),
        Feature(Ribbon(later, level * 1.12 + 6), (None, Paint("mud", 0.7)), 4.0, 0.4),
        Feature(Ribbon(line, width), (water[0], None), 3.0, 0.0),
        Feature(Ribbon(later, level), (None, water[1]), 3.0, 0.0),
    )


def _meander(rng: np.random.Generator, site: Site, width_m: float) -> tuple[Point, ...]:
    """Follow a sine-generated curve (Langbein and Leopold 1966, doi:10.3133/pp422H) whose bends change in size."""
    start, heading = _entry(rng, site)
    step = 35.0
    count = int(4.5 * site.size_m / step)
    wave = width_m * float(rng.uniform(10, 14)) * 1.6
    swing = np.radians(75) * _smooth_noise(rng, count, 25, low=0.35, high=1.0)
    phase = np.cumsum(2 * np.pi * step / (wave * _smooth_noise(rng, count, 25, low=0.7, high=1.4)))
    direction = heading + swing * np.sin(phase) + 0.25 * _smooth_noise(rng, count, 60, low=-1.0, high=1.0)
    return _trail(start, direction, step)


def _bars(rng: np.random.Generator, line: tuple[Point, ...], width_m: float) -> list[tuple[Point, ...]]:
    """Sand along the inner side of the stronger bends."""
    points = np.array(line)
    direction = np.unwrap(np.arctan2(*np.diff(points, axis=0).T))
    turn = np.convolve(np.gradient(direction), np.ones(5) / 5, mode="same")
    bars = []
    peaks = [
        i for i in range(8, len(turn) - 8) if abs(turn[i]) == np.abs(turn[i - 8 : i + 9]).max() and abs(turn[i]) > 0.03
    ]
    for peak in peaks:
        if rng.random() < 0.75:
            half = int(rng.integers(4, 8))
            inner = points[peak - half : peak + half + 1]
            heading = direction[peak - half : peak + half + 1]
            side = np.sign(turn[peak])
            bulge = np.sin(np.linspace(0, np.pi, len(inner))) ** 0.7 * width_m * float(rng.uniform(0.4, 1.0))
            normal = np.stack([np.cos(heading), -np.sin(heading)], axis=1) * side
            edge = inner + normal * (width_m * 0.45 + bulge)[:, None]
            bars.append(_points(np.concatenate([inner, edge[::-1]])))
    return bars


def _moved(rng: np.random.Generator, line: tuple[Point, ...], width_m: float) -> tuple[Point, ...]:
    """Move the bank of a river along a few bends."""
    points = np.array(line)
    normal = np.gradient(points, axis=0)[:, ::-1] * [1, -1]
    normal /= np.maximum(np.hypot(*normal.T), 1e-6)[:, None]
    move = np.zeros(len(points))
    for _ in range(int(rng.integers(2, 6))):
        center, reach = rng.uniform(0, len(points)), rng.uniform(6, 16)
        bump = np.exp(-(((np.arange(len(points)) - center) / reach) ** 2))
        move += float(rng.uniform(-0.45, 0.45)) * width_m * bump
    return _points(points + normal * move[:, None])


def _draw_field(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a plot with straight edges: newly cleared, or of another crop on the later date."""
    corners = _quad(rng, _somewhere(rng, site), float(rng.uniform(60, 200)), aspect=float(rng.uniform(1.0, 2.5)))
    soil = str(rng.choice(["mud", "laterite", "pasture", "dry_grass", "burn"]))
    opacity = float(rng.uniform(0.5, 0.95))
    if rng.random() < 0.65:
        return (Feature(Area(corners), (None, Paint(soil, opacity)), 3.0, 0.25),)
    other = str(rng.choice(["grass", "pasture", "regrowth", "mud"]))
    return (Feature(Area(corners), (Paint(soil, opacity), Paint(other, opacity)), 3.0, 0.25),)


def _draw_clearing(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a group of small old plots, as around a settlement, some of which change a little."""
    center, features = _somewhere(rng, site), []
    for _ in range(int(rng.integers(3, 9))):
        place = (center[0] + float(rng.normal(0, 350)), center[1] + float(rng.normal(0, 350)))
        size = float(rng.lognormal(math.log(50), 0.45))
        surface = str(rng.choice(["regrowth", "pasture", "grass", "dry_grass", "mud"], p=[0.35, 0.3, 0.15, 0.12, 0.08]))
        opacity = float(rng.uniform(0.4, 0.9))
        later = min(opacity * float(rng.uniform(0.75, 1.15)), 1.0)
        shape = Area(_quad(rng, place, size, aspect=float(rng.uniform(1.0, 2.0))), 3.0)
        features.append(Feature(shape, (Paint(surface, opacity), Paint(surface, later)), 6.0, 0.3))
    return tuple(features)


def _draw_pipeline(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a cleared corridor that runs on beyond the scene, with at most a slight bend."""
    paints = (None, Paint(str(rng.choice(_SOILS)), float(rng.uniform(0.5, 0.95))))
    return (Feature(Ribbon(_through(rng, site), float(rng.uniform(12, 22))), paints, 1.2, 0.25),)


def _draw_power_line(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a mown corridor that runs on beyond the scene; new, or mown again."""
    green = "grass" if site.biome == "forest" else "dry_grass"
    fresh = Paint(green, float(rng.uniform(0.5, 0.85)))
    old = Paint("regrowth", float(rng.uniform(0.4, 0.8))) if rng.random() < 0.5 else None
    return (Feature(Ribbon(_through(rng, site), float(rng.uniform(25, 45))), (old, fresh), 2.0, 0.3),)


def _draw_burn(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw burnt ground with a ragged edge; fresh, or old and fading."""
    blob = _blob(rng, _somewhere(rng, site), float(rng.uniform(120, 450)))
    fresh, faded = Paint("burn", float(rng.uniform(0.5, 0.9))), Paint("burn", float(rng.uniform(0.05, 0.3)))
    paints = (None, fresh) if rng.random() < 0.6 else (fresh, faded)
    return (Feature(Area(blob, 6.0), paints, 30.0, 0.35),)


def _draw_season(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a patch whose greenness changes with the season."""
    blob = _blob(rng, _somewhere(rng, site), float(rng.uniform(250, 900)))
    surface = str(rng.choice(["grass", "dry_grass"])) if site.biome != "forest" else "regrowth"
    paint = Paint(surface, float(rng.uniform(0.15, 0.4)))
    paints = (None, paint) if rng.random() < 0.5 else (paint, None)
    return (Feature(Area(blob, 60.0), paints, 80.0, 0.2),)


def _draw_seam(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a detector seam: a step in gain along the track of the satellite, on one of the dates."""
    heading = math.radians(float(rng.uniform(190, 197)))
    place = float(rng.uniform(0.15, 0.85)) * site.width_m
    reach = 3 * site.size_m
    top = (place - reach * math.sin(heading), site.height_m / 2 - reach * math.cos(heading))
    foot = (place + reach * math.sin(heading), site.height_m / 2 + reach * math.cos(heading))
    corners = (top, foot, (foot[0] + 6 * reach, foot[1]), (top[0] + 6 * reach, top[1]))
    step = Paint(None, 1.0, 1 + float(rng.choice([-1, 1])) * float(rng.uniform(0.01, 0.04)))
    return (Feature(Area(corners), (step, None) if rng.random() < 0.3 else (None, step), 0.0, 0.0),)


def _draw_logging(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a logging road that bends a little, with straight tracks that leave it and end in the forest."""
    width, soil = float(rng.uniform(5, 9)), str(rng.choice(_SOILS))
    paint = Paint(soil, float(rng.uniform(0.5, 0.9)))
    paints: tuple[Paint | None, ...] = (None, paint) if rng.random() < 0.6 else (paint, paint)
    trunk = _wander(rng, *_entry(rng, site), length_m=2.6 * site.size_m, step_m=70.0, bend_rad=0.06)
    inside = [i for i, (e, n) in enumerate(trunk[:-1]) if 0 < e < site.width_m and 0 < n < site.height_m]
    features = [Feature(Ribbon(trunk, width), paints, 0.8)]
    start = inside[0] if inside else len(trunk) // 2
    for place in range(start, len(trunk) - 1, int(rng.integers(4, 8)))[: int(rng.integers(3, 8))]:
        turn = float(rng.choice([-1, 1])) * math.radians(float(rng.uniform(55, 95)))
        heading, length = _heading(trunk[place], trunk[place + 1]) + turn, float(rng.uniform(250, 900))
        end = (trunk[place][0] + length * math.sin(heading), trunk[place][1] + length * math.cos(heading))
        track = (None, Paint(soil, paint.opacity * float(rng.uniform(0.7, 1.0))))
        features.append(Feature(Ribbon((trunk[place], end), width * float(rng.uniform(0.6, 0.9))), track, 0.8, 0.3))
    return tuple(features)


def _draw_shade(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw a cloud's shadow that no mask knows, of a cloud that may lie beyond the scene."""
    blob = _blob(rng, _somewhere(rng, site), float(rng.uniform(120, 450)))
    paint = Paint("shade", float(rng.uniform(0.3, 0.6)))
    paints: tuple[Paint | None, ...] = (None, paint) if rng.random() < 0.6 else (paint, None)
    return (Feature(Area(blob, 25.0), paints, 25.0, 0.05),)


def _draw_haze_front(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw thin haze with one nearly straight edge, on one of the dates."""
    (start, bearing), reach = _entry(rng, site), 3 * site.size_m
    along = np.array([math.sin(bearing), math.cos(bearing)])
    across = np.array([along[1], -along[0]])
    count = 24
    bend = _smooth_noise(rng, count, 6, low=-0.01, high=0.01)[:, None] * site.size_m
    edge = np.array(start) + np.linspace(0, reach, count)[:, None] * along + bend * across
    corners = _points(np.concatenate([edge, (edge[[-1, 0]] + 4 * reach * across)]))
    haze = Paint("haze", float(rng.uniform(0.02, 0.09)))
    paints: tuple[Paint | None, ...] = (None, haze) if rng.random() < 0.6 else (haze, None)
    return (Feature(Area(corners, float(rng.uniform(15, 120))), paints, 0.0, 0.02),)


def _draw_gap(rng: np.random.Generator, site: Site) -> tuple[Feature, ...]:
    """Draw the wedges that Landsat 7 does not measure since its scan line corrector failed.

    They come about every kilometre across the track and widen towards the edge of the swath, up to some 400 m; in all
    22 % of a scene [1]_.
    Where the opacity is below one, the values were filled in from beside and only the mask says so.

    References
    ----------
    .. [1] Storey et al. (2005), Landsat 7 scan line corrector-off gap-filled product development, Proc. Pecora 16.
    """
    heading = math.radians(float(rng.uniform(97, 101)))
    along = np.array([math.sin(heading), math.cos(heading)])
    across = np.array([along[1], -along[0]])
    narrow = float(rng.uniform(20, 260))
    wide = narrow + float(rng.uniform(0.005, 0.012)) * site.width_m
    ends = (narrow, wide) if rng.random() < 0.5 else (wide, narrow)
    told = Paint(None, 1.0 if rng.random() < 0.6 else 0.5)
    paints: tuple[Paint | None, ...] = (None, told) if rng.random() < 0.7 else (told, None)
    reach, first = site.size_m, float(rng.uniform(0, _GAP_EVERY_M))
    features = []
    for step in np.arange(-site.size_m + first, site.size_m, _GAP_EVERY_M):
        middle = np.array([site.width_m / 2, site.height_m / 2]) + across * step
        left, right = middle - along * reach, middle + along * reach
        corners = [left + across * ends[0] / 2, right + across * ends[1] / 2]
        corners += [right - across * ends[1] / 2, left - across * ends[0] / 2]
        features.append(Feature(Area(_points(np.array(corners))), paints, 0.0, 0.0))
    return tuple(features)


_DRAW: dict[str, Callable[[np.random.Generator, Site], tuple[Feature, ...]]] = {
    "road": _draw_road,
    "river": _draw_river,
    "field": _draw_field,
    "clearing": _draw_clearing,
    "pipeline": _draw_pipeline,
    "power_line": _draw_power_line,
    "burn": _draw_burn,
    "season": _draw_season,
    "seam": _draw_seam,
    "logging": _draw_logging,
    "shade": _draw_shade,
    "haze_front": _draw_haze_front,
    "gap": _draw_gap,
}


def _somewhere(rng: np.random.Generator, site: Site) -> Point:
    return float(rng.uniform(0, site.width_m)), float(rng.uniform(0, site.height_m))


def _entry(rng: np.random.Generator, site: Site) -> tuple[Point, float]:
    """Return a place outside the scene and a heading that leads through its inner part, in radians from north."""
    bearing = float(rng.uniform(0, 2 * np.pi))
    middle = (site.width_m * float(rng.uniform(0.25, 0.75)), site.height_m * float(rng.uniform(0.25, 0.75)))
    reach = 0.76 * math.hypot(site.width_m, site.height_m) + _BEYOND_M
    start = (middle[0] - reach * math.sin(bearing), middle[1] - reach * math.cos(bearing))
    return start, bearing


def _through(rng: np.random.Generator, site: Site) -> tuple[Point, ...]:
    start, bearing = _entry(rng, site)
    reach = 1.6 * math.hypot(site.width_m, site.height_m) + 2 * _BEYOND_M
    bend = bearing + math.radians(float(rng.uniform(-3, 3)))
    share = float(rng.uniform(0.2, 0.6)) * reach
    middle = (start[0] + share * math.sin(bearing), start[1] + share * math.cos(bearing))
    return start, middle, (middle[0] + reach * math.sin(bend), middle[1] + reach * math.cos(bend))


def _wander(
    rng: np.random.Generator, start: Point, heading: float, *, length_m: float, step_m: float, bend_rad: float
) -> tuple[Point, ...]:
    """Walk with a heading that drifts and comes back."""
    count = max(int(length_m / step_m), 3)
    drift = np.zeros(count)
    for index in range(1, count):
        drift[index] = 0.93 * drift[index - 1] + float(rng.normal(0, bend_rad))
    return _trail(start, heading + drift, step_m)


def _trail(start: Point, direction: np.ndarray, step_m: float) -> tuple[Point, ...]:
    steps = np.stack([np.sin(direction), np.cos(direction)], axis=1) * step_m
    return _points(np.concatenate([[start], start + np.cumsum(steps, axis=0)]))


def _smooth_noise(rng: np.random.Generator, count: int, every: int, *, low: float, high: float) -> np.ndarray:
    knots = rng.uniform(low, high, count // every + 2)
    return np.interp(np.arange(count), np.arange(len(knots)) * every, knots)


def _quad(rng: np.random.Generator, center: Point, size_m: float, *, aspect: float) -> tuple[Point, ...]:
    """Draw a four-cornered plot, turned at random, its corners a little off a rectangle's."""
    half = np.array([[-aspect, -1], [aspect, -1], [aspect, 1], [-aspect, 1]]) * size_m / 2 / math.sqrt(aspect)
    half = half + rng.normal(0, 0.1 * size_m, half.shape)
    angle = float(rng.uniform(0, np.pi))
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    return _points(half @ turn.T + np.array(center))


def _blob(rng: np.random.Generator, center: Point, radius_m: float) -> tuple[Point, ...]:
    angle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    radius = radius_m * rng.uniform(0.6, 1.3, len(angle))
    return _points(np.stack([np.sin(angle), np.cos(angle)], axis=1) * radius[:, None] + np.array(center))


def _heading(first: Point, second: Point) -> float:
    return math.atan2(second[0] - first[0], second[1] - first[1])


def _points(array: np.ndarray) -> tuple[Point, ...]:
    return tuple((float(east), float(north)) for east, north in array)
