"""What a synthetic scene is made of: frozen descriptions, no pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime

from colibri_geo.sim.shapes import Point, Shape

BIOMES = ("forest", "savanna", "mixed")
STRIP_KINDS = ("new", "old", "regrowing")
CONFUSER_KINDS = (
    "road", "river", "field", "pipeline", "power_line", "burn", "clearing", "season", "seam",
    "logging", "shade", "haze_front", "gap",
)  # fmt: skip

RGBN = ("blue", "green", "red", "nir")


@dataclass(frozen=True)
class Paint:
    """What a shape does to the ground below it on one date.

    Attributes
    ----------
    surface : str or None
        Name in `colibri_geo.sim.spectra.SURFACES` or `VEILS`; None leaves the ground's own.
    opacity : float
        Share of the surface in what is covered, in [0, 1].
    brightness : float
        Factor on all that is covered.
    """

    surface: str | None
    opacity: float = 1.0
    brightness: float = 1.0


@dataclass(frozen=True)
class Feature:
    """A shape and what it looks like on each date.

    Attributes
    ----------
    shape : Shape
    paints : tuple of Paint or None
        One a date; None where it is not there.
    roughness_m : float
        How irregular its edges are, one standard deviation.
    evenness : float
        Spread of the opacity within it, relative, one standard deviation.
    """

    shape: Shape
    paints: tuple[Paint | None, ...]
    roughness_m: float = 1.0
    evenness: float = 0.15


@dataclass(frozen=True)
class Strip:
    """A planted cleared strip.

    Attributes
    ----------
    end1, end2 : Point
        Ends of the axis, metres from the lower left corner of the scene.
    width_m : float
    kind : str
        ``new``: after only; ``old``: on both dates; ``regrowing``: before only.
    surface : str
        Name in `colibri_geo.sim.spectra.SURFACES`.
    contrast : float
        1: bare of anything else; 0.1 to 0.4: faint. Share of the surface in what is seen.
    later_surface, later_contrast : str, float or None
        Of an old strip on the later date, where they differ.
    evenness : float
        Spread of the contrast along and across, relative.
    apron, track : tuple of Point
        Corners of a turning place beside it, and points of an access track; empty for none.
    life : tuple of float
        Contrast on each date, 0 where it is not there; empty: by its kind, as on two dates.
    """

    end1: Point
    end2: Point
    width_m: float
    kind: str = "new"
    surface: str = "laterite"
    contrast: float = 1.0
    later_surface: str | None = None
    later_contrast: float | None = None
    evenness: float = 0.15
    apron: tuple[Point, ...] = ()
    track: tuple[Point, ...] = ()
    life: tuple[float, ...] = ()

    @property
    def length_m(self) -> float:
        """Length of the axis."""
        return math.dist(self.end1, self.end2)

    @property
    def grid_azimuth_deg(self) -> float:
        """Direction of the axis, clockwise from grid north, in [0, 180)."""
        return math.degrees(math.atan2(self.end2[0] - self.end1[0], self.end2[1] - self.end1[1])) % 180.0


@dataclass(frozen=True)
class Confuser:
    """Something that could be taken for a strip, or hide one.

    Attributes
    ----------
    kind : str
        One of `CONFUSER_KINDS`.
    features : tuple of Feature
    """

    kind: str
    features: tuple[Feature, ...]


@dataclass(frozen=True)
class Cloud:
    """A cloud with its shadow.

    Attributes
    ----------
    center : Point
        In the image, not on the ground: clouds do not follow the misregistration.
    radius_m, height_m : float
    date : int
        0 before, 1 after, and so on.
    """

    center: Point
    radius_m: float
    date: int
    height_m: float = 900.0


@dataclass(frozen=True)
class Look:
    """One acquisition.

    Attributes
    ----------
    acquired : datetime
        UTC.
    shift_east_px, shift_north_px : float
        Where the image lies relative to the ground, in pixels: 0.5 east shows everything half a pixel too far east.
    gain, offset : tuple of float
        One a band, or none: recorded = true * gain + offset.
    haze : float
        Largest share of haze in what is seen.
    greenness : float
        Season: shift of the whole scene's greenness, in standard deviations of its classes.
    sun_azimuth_deg, sun_zenith_deg : float
        Set where shadows fall.
    """

    acquired: datetime
    shift_east_px: float = 0.0
    shift_north_px: float = 0.0
    gain: tuple[float, ...] = ()
    offset: tuple[float, ...] = ()
    haze: float = 0.0
    greenness: float = 0.0
    sun_azimuth_deg: float = 65.0
    sun_zenith_deg: float = 30.0


def _before() -> Look:
    return Look(datetime(2025, 1, 10, 15, 20, tzinfo=UTC))


def _after() -> Look:
    return Look(datetime(2025, 3, 21, 15, 20, tzinfo=UTC))


@dataclass(frozen=True)
class SceneSpec:
    """Everything that decides a pair of synthetic scenes.

    Attributes
    ----------
    seed : int
        Decides all textures and noise.
    rows, cols : int
    pixel_m : float
    bands : tuple of str
        Common names: blue green red nir swir16 swir22.
    biome : str
        One of `BIOMES`.
    before, after : Look
    strips, confusers, clouds : tuple
    memory : float
        Share of the ground's texture that both dates have in common, by variance. Between clear Sentinel-2 dates over
        forest 0.1 to 0.8 was measured, by season.
    noise : float
        Factor on the sensor's noise.
    left_m, bottom_m : float
        Map place of the lower left corner.
    crs : str
    clutter : float
        How much small unrest there is between the dates: plots, gaps, crowns, wisps; 0 none, 1 as real ground has.
    later : tuple of Look
        Dates beyond the second.
    """

    seed: int
    rows: int = 512
    cols: int = 512
    pixel_m: float = 10.0
    bands: tuple[str, ...] = RGBN
    biome: str = "forest"
    before: Look = field(default_factory=_before)
    after: Look = field(default_factory=_after)
    strips: tuple[Strip, ...] = ()
    confusers: tuple[Confuser, ...] = ()
    clouds: tuple[Cloud, ...] = ()
    memory: float = 0.65
    noise: float = 1.0
    left_m: float = 500_000.0
    bottom_m: float = 100_000.0
    crs: str = "EPSG:32618"
    clutter: float = 0.0
    later: tuple[Look, ...] = ()

    @property
    def looks(self) -> tuple[Look, ...]:
        """The dates in order of time."""
        return self.before, self.after, *self.later

    @property
    def width_m(self) -> float:
        """East to west."""
        return self.cols * self.pixel_m

    @property
    def height_m(self) -> float:
        """North to south."""
        return self.rows * self.pixel_m
