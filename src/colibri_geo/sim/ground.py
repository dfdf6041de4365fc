"""Reflectance of the ground on one date, as the sensor's point spread leaves it: land cover, texture, features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import ndtr

from colibri_geo.sim.clutter import Litter, draw_litter
from colibri_geo.sim.shapes import View, cover
from colibri_geo.sim.spec import Feature, Paint, SceneSpec
from colibri_geo.sim.spectra import BANDS, GREEN_MODE, SHADE_MODE, SURFACES, VEILS, FloatArray
from colibri_geo.sim.texture import TYPICAL_BLUR_PX, TextureField, draw_texture

CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

BLUR_PX = 0.52
"""Point spread of a band on its native pixels: a transfer of 0.26 at the sampling limit, as measured of the 10 m bands
of Sentinel-2A (Gascon et al. 2017, doi:10.3390/rs9060584)."""
SWIR_NATIVE_M = 20.0
"""Sentinel-2 takes its shortwave infrared on pixels of 20 m."""
FINE_NATIVE_M = 3.9
"""Small satellites take what is delivered on pixels of 3 m at 3.7 to 4.2 m."""
USUAL_PIXEL_M = 10.0
"""The pixels that the spreads of `colibri_geo.sim.spectra.SURFACES` are of."""
VEGETATION = 4
_WIDE_ROUGHNESS_M = 15.0
_LITTER = ("mud", "dry_grass", "laterite")


@dataclass(frozen=True)
class BandGroup:
    """Bands that share a point spread.

    Attributes
    ----------
    positions : tuple of int
        Where they stand among the scene's bands.
    spectral : tuple of int
        Where they stand in `colibri_geo.sim.spectra.BANDS`.
    blur_px : float
    """

    positions: tuple[int, ...]
    spectral: tuple[int, ...]
    blur_px: float


def group_bands(bands: Sequence[str], pixel_m: float) -> tuple[BandGroup, ...]:
    """Group a scene's bands by point spread: shortwave infrared of fine scenes is taken on coarser pixels."""
    blur_px = BLUR_PX * max(FINE_NATIVE_M / pixel_m, 1.0)
    swir_blur_px = BLUR_PX * max(SWIR_NATIVE_M / pixel_m, 1.0) if pixel_m >= USUAL_PIXEL_M else blur_px
    groups = []
    for blur, names in ((blur_px, BANDS[:4]), (swir_blur_px, BANDS[4:])):
        positions = tuple(index for index, band in enumerate(bands) if band in names)
        if positions:
            groups.append(BandGroup(positions, tuple(BANDS.index(bands[index]) for index in positions), blur))
    return tuple(groups)


@dataclass(frozen=True)
class Fields:
    """What the ground keeps between dates, as random fields.

    Attributes
    ----------
    land, cover : TextureField
        Large patterns of land cover.
    shade, green : TextureField
        Texture of brightness and of greenness.
    liveliness : TextureField
        Where texture is strong and where it is weak.
    rough, wear : TextureField
        What bends edges, and what makes surfaces uneven.
    """

    land: TextureField
    cover: TextureField
    shade: TextureField
    green: TextureField
    liveliness: TextureField
    rough: TextureField
    wear: TextureField


@dataclass(frozen=True)
class OwnFields:
    """Texture that one date has for itself.

    Attributes
    ----------
    shade, green, liveliness, wear : TextureField
    """

    shade: TextureField
    green: TextureField
    liveliness: TextureField
    wear: TextureField


class _Draw(Protocol):
    def __call__(
        self, rng: np.random.Generator, *, slope: float, largest_m: float, smallest_m: float = 0.0, fine: int = 1
    ) -> TextureField: ...


def _drawer(spec: SceneSpec) -> _Draw:
    """Return what draws a field of wavelengths in metres, of unit variance behind the point spread of usual pixels."""

    def draw(
        rng: np.random.Generator, *, slope: float, largest_m: float, smallest_m: float = 0.0, fine: int = 1
    ) -> TextureField:
        return draw_texture(
            rng,
            spec.rows,
            spec.cols,
            slope=slope,
            largest_px=largest_m / spec.pixel_m,
            smallest_px=smallest_m / spec.pixel_m,
            fine=fine,
            seen_blur_px=TYPICAL_BLUR_PX * (USUAL_PIXEL_M / spec.pixel_m),
        )

    return draw


def draw_fields(spec: SceneSpec) -> Fields:
    """Draw what the ground keeps."""
    draw, rng = _drawer(spec), np.random.default_rng([spec.seed, 1])
    return Fields(
        land=draw(rng, slope=3.2, largest_m=4000.0, smallest_m=10.0),
        cover=draw(rng, slope=2.6, largest_m=1500.0),
        shade=draw(rng, slope=1.4, largest_m=3000.0, fine=2),
        green=draw(rng, slope=2.1, largest_m=2000.0, fine=2),
        liveliness=draw(rng, slope=2.4, largest_m=800.0),
        rough=draw(rng, slope=2.0, largest_m=150.0, smallest_m=7.0),
        wear=draw(rng, slope=1.8, largest_m=250.0, smallest_m=5.0),
    )


def draw_own_fields(spec: SceneSpec, date: int) -> OwnFields:
    """Draw the texture of one date."""
    draw, rng = _drawer(spec), np.random.default_rng([spec.seed, 2, date])
    return OwnFields(
        shade=draw(rng, slope=1.4, largest_m=3000.0, fine=2),
        green=draw(rng, slope=2.1, largest_m=2000.0, fine=2),
        liveliness=draw(rng, slope=2.0, largest_m=400.0),
        wear=draw(rng, slope=1.8, largest_m=250.0, smallest_m=5.0),
    )


@dataclass(frozen=True)
class Ground:
    """The ground on one date.

    Attributes
    ----------
    reflectance : (B, M, N) ndarray of float32
    classes : (M, N) ndarray of uint8
        Sentinel-2 scene classification of the ground: 4 vegetation, 5 bare, 6 water.
    """

    reflectance: FloatArray
    classes: CodeArray


def render_ground(spec: SceneSpec, features: Sequence[Feature], fields: Fields, date: int) -> Ground:
    """Render the ground of one date, at the place where that date sees it.

    Parameters
    ----------
    spec : SceneSpec
    features : sequence of Feature
        Lowest first.
    fields : Fields
    date : int

    Returns
    -------
    Ground
    """
    look, own = spec.looks[date], draw_own_fields(spec, date)
    view = View(
        spec.rows, spec.cols, spec.pixel_m, look.shift_east_px * spec.pixel_m, look.shift_north_px * spec.pixel_m
    )
    reflectance = np.empty((len(spec.bands), spec.rows, spec.cols), dtype=np.float32)
    classes = np.zeros((spec.rows, spec.cols), dtype=np.uint8)
    for group in group_bands(spec.bands, spec.pixel_m):
        canvas = _Canvas(spec, group, fields, view=view, own=own, date=date)
        canvas.lay_cover()
        if spec.clutter > 0:
            canvas.strew(draw_litter(spec, view, group.blur_px * spec.pixel_m, date))
        for feature in features:
            canvas.paint(feature)
        reflectance[list(group.positions)] = canvas.values
        classes = classes if classes.any() else canvas.classes
    return Ground(reflectance, classes)


@dataclass(frozen=True)
class _Share:
    surface: str
    share: FloatArray


class _Canvas:
    """The bands of one group while they are painted."""

    def __init__(
        self, spec: SceneSpec, group: BandGroup, fields: Fields, *, view: View, own: OwnFields, date: int
    ) -> None:
        look = spec.looks[date]
        shifted = {"shift_row_px": -look.shift_north_px, "shift_col_px": look.shift_east_px, "blur_px": group.blur_px}
        kept, drawn = np.float32(np.sqrt(spec.memory)), np.float32(np.sqrt(1 - spec.memory))

        def see(field: TextureField) -> FloatArray:
            return field.sample(**shifted)

        lively = np.exp(0.4 * see(fields.liveliness) - 0.08)
        self.land, self.cover = see(fields.land), see(fields.cover)
        self.shade = (
            kept * see(fields.shade) + drawn * see(own.shade) * np.exp(0.5 * see(own.liveliness) - 0.125)
        ) * lively
        self.green = (kept * see(fields.green) + drawn * see(own.green)) * lively + np.float32(look.greenness)
        self.rough = see(fields.rough)
        self.wear = (see(fields.wear) + see(own.wear)) * np.float32(np.sqrt(0.5))
        self.biome, self.group, self.view, self.date = spec.biome, group, view, date
        self.values = np.zeros((len(group.positions), spec.rows, spec.cols), dtype=np.float32)
        self.classes = np.full((spec.rows, spec.cols), VEGETATION, dtype=np.uint8)

    def lay_cover(self) -> None:
        """Lay the biome's land cover."""
        whole = (slice(None), slice(None))
        for part in _shares(self.biome, self.land, self.cover):
            self.values += part.share * self._surface(part.surface, whole)
            if SURFACES[part.surface].scl != VEGETATION:
                self.classes[part.share > 0.5] = SURFACES[part.surface].scl

    def strew(self, litter: Litter) -> None:
        """Add the small things of this date to the land cover."""
        for index, band in enumerate(self.group.spectral):
            factor = np.exp(np.float32(SHADE_MODE[band]) * litter.light + np.float32(GREEN_MODE[band]) * litter.green)
            soil = np.float32(np.mean([SURFACES[name].reflectance[band] for name in _LITTER]))
            lit = self.values[index] * factor
            self.values[index] = lit + litter.bare * (soil - lit)

    def paint(self, feature: Feature) -> None:
        """Paint a feature over what is there, if it is there on this date."""
        paint = feature.paints[self.date]
        if paint is None:
            return
        blur_m = self.group.blur_px * self.view.pixel_m
        rough = self.rough if feature.roughness_m < _WIDE_ROUGHNESS_M else self.cover
        covered = cover(feature.shape, self.view, blur_m=blur_m, rough=rough, roughness_m=feature.roughness_m)
        if covered.patch.empty:
            return
        place = covered.patch.slices
        even = np.clip(1 + np.float32(feature.evenness) * self.wear[place], 0, 1 / max(paint.opacity, 1e-3))
        share = covered.share * np.float32(paint.opacity) * even
        self.values[:, *place] = self._mixed(paint, place, share)
        if paint.surface is not None and paint.surface not in VEILS:
            self.classes[place][share > 0.5] = SURFACES[paint.surface].scl

    def _mixed(self, paint: Paint, place: tuple[slice, slice], share: FloatArray) -> FloatArray:
        below = self.values[:, *place]
        if paint.surface is None:
            return below * (1 + share * np.float32(paint.brightness - 1))
        above = self._surface(paint.surface, place) * np.float32(paint.brightness)
        return below + share * (above - below)

    def _surface(self, name: str, place: tuple[slice, slice]) -> FloatArray:
        """(B, m, n) ndarray of float32: a surface with its texture."""
        surface = VEILS[name] if name in VEILS else SURFACES[name]
        shade, green = self.shade[place], self.green[place]
        rows = [
            np.float32(surface.reflectance[band])
            * np.exp(
                np.float32(surface.shade * SHADE_MODE[band]) * shade
                + np.float32(surface.green * GREEN_MODE[band]) * green
            )
            for band in self.group.spectral
        ]
        return np.stack(rows)


def _shares(biome: str, land: FloatArray, cover_field: FloatArray) -> list[_Share]:
    """Share of each surface in each pixel; they add up to 1."""
    edge = {"forest": -np.inf, "savanna": 1.2, "mixed": 0.0}[biome]
    woods = ndtr((land - np.float32(edge)) / np.float32(0.1)).astype(np.float32)
    young = ndtr((cover_field - 1.9) / 0.25).astype(np.float32)
    dry = 0.7 * ndtr((cover_field - 0.4) / 0.7).astype(np.float32)
    return [
        _Share("forest", woods * (1 - young)),
        _Share("regrowth", woods * young),
        _Share("savanna", (1 - woods) * (1 - dry)),
        _Share("dry_grass", (1 - woods) * dry),
    ]
