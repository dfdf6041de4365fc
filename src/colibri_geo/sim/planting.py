"""Strips planted into real pictures: the background is nobody's model.

What is planted is drawn as in a simulated scene, at sub-pixel geometry and through the sensor's point spread, but its
colour is learned from the picture itself: of its barest ground, of the barest nearby, or of its brightest grass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from shapely.geometry import LineString, box

from colibri_geo.errors import NoValidData, SettingsError
from colibri_geo.sim.confusers import Site
from colibri_geo.sim.ground import BLUR_PX
from colibri_geo.sim.pairs import TruthStrip, place_truth, strip_features
from colibri_geo.sim.placing import LENGTHS_M, WIDTHS_M, StripBrief, Taken, draw_strip, dress_strip
from colibri_geo.sim.shapes import View, cover
from colibri_geo.sim.spec import Strip
from colibri_geo.sim.spectra import SURFACES, FloatArray, band_positions
from colibri_geo.sim.texture import draw_texture

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

KINDS = (("barest", 6), ("nearby", 3), ("spectral", 2), ("grassy", 2))
"""Where the colour of a strip comes from, with how many in thirteen; `colour_of` says what they are."""
GREY_LEVELS = 255
LEAST_SEEN_SHARE = 0.98
_LEAST_RISE = 1.8
_NEARBY_M = 1500.0
_TRIES = 300
_LAYOUTS = 12
_SHADE = 0.07


@dataclass(frozen=True)
class PlantedPair:
    """Two real images with strips planted into the later one.

    Attributes
    ----------
    before, after : (B, M, N) ndarray of float32
        In the quantity that was given.
    truth : tuple of TruthStrip
        Places on the map; `surface` says where the colour came from, see `KINDS`.
    """

    before: FloatArray
    after: FloatArray
    truth: tuple[TruthStrip, ...]


def plant_pair(
    before: FloatArray,
    after: FloatArray,
    valid: BoolArray,
    *,
    seed: int,
    pixel_m: float = 10.0,
    left_m: float = 0.0,
    bottom_m: float = 0.0,
    bands: Sequence[str] = ("blue", "green", "red"),
    count: int = 3,
    contrast: tuple[float, float] = (0.7, 1.0),
    length_m: tuple[float, float] = (LENGTHS_M[0], LENGTHS_M[-1]),
    width_m: tuple[float, float] = WIDTHS_M,
) -> PlantedPair:
    """Plant new strips into the later of two real images of the same ground.

    Parameters
    ----------
    before, after : (B, M, N) ndarray of float32
        Surface reflectance, or 8-bit pictures of unknown gain as grey level / 255; these stay whole grey levels.
    valid : (M, N) ndarray of bool
        Where both show the ground.
    seed : int
    pixel_m, left_m, bottom_m : float
        Size of the pixels, and map place of the lower left corner.
    bands : sequence of str
        Common names in the order of the images.
    count : int
        Strips.
    contrast : tuple of float
        Lowest and highest share of a strip's own colour in what is seen.
    length_m, width_m : tuple of float
        Shortest and longest, narrowest and widest; lengths follow the distribution of real ones in between.

    Returns
    -------
    PlantedPair
        `before` is the array that was given.

    Raises
    ------
    SettingsError
        Where the arrays do not fit, or not all strips find room on valid ground that is not bare already.
    NoValidData
        Where nothing is valid.

    Notes
    -----
    The blend is ``after + share * (colour - after)``, `share` being coverage by the strip through a Gaussian point
    spread, times contrast, times wear; so noise and texture of the picture stay in what is seen of the ground.
    """
    check_images(before, after, valid, bands)
    rng, (rows, cols) = np.random.default_rng([seed, 20]), valid.shape
    brief = StripBrief(*contrast, *length_m, *width_m, tuple(kind for kind, share in KINDS for _ in range(share)))
    palette = Palette.learn(after, valid, bands)
    strips = _lay_out(rng, palette, brief, count=count, pixel_m=pixel_m)
    planted, view = after.astype(np.float32, copy=True), View(rows, cols, pixel_m)
    fields = _draw_wear(rng, view)
    for strip in strips:
        _plant(planted, strip, palette.colour_of(strip.surface, strip, pixel_m, rng), fields, view)
    planted[:, ~valid] = after[:, ~valid]
    if is_grey(after):
        planted = to_grey(planted)
    truth = tuple(
        place_truth(
            strip,
            f"P{number:03d}",
            left_m=left_m,
            bottom_m=bottom_m,
            observed_share=_seen_share(strip, valid, pixel_m),
        )
        for number, strip in enumerate(strips, start=1)
    )
    return PlantedPair(before, planted, truth)


@dataclass(frozen=True)
class Palette:
    """The colours of a picture.

    Attributes
    ----------
    picture : (B, M, N) ndarray of float32
    valid : (M, N) ndarray of bool
    bands : tuple of str
    bareness : (M, N) ndarray of float32
        Red that is not just brightness: twice the red less the blue, or less the green where there is no blue.
    ground_level, bare_level : float
        Of bareness: of the usual ground, of the barest.
    """

    picture: FloatArray
    valid: BoolArray
    bands: tuple[str, ...]
    bareness: FloatArray
    ground_level: float
    bare_level: float

    @classmethod
    def learn(cls, picture: FloatArray, valid: BoolArray, bands: Sequence[str]) -> Palette:
        """Measure what a picture has.

        Returns
        -------
        Palette
        """
        red = picture[bands.index("red")]
        other = picture[bands.index("blue" if "blue" in bands else "green")]
        bareness = ndimage.uniform_filter(2 * red - other, 3)
        ground, bare = np.quantile(bareness[valid], [0.5, 0.99])
        return cls(picture, valid, tuple(bands), bareness, float(ground), float(bare))

    def ground_at(self, strip: Strip, pixel_m: float) -> FloatArray:
        """(B,) ndarray of float32: median of the ground within some 60 m of an axis."""
        return self._median(self._near(strip, pixel_m, 60.0))

    def colour_of(self, kind: str, strip: Strip, pixel_m: float, rng: np.random.Generator) -> FloatArray:
        """Return the colour of bare strip.

        Parameters
        ----------
        kind : str
            ``barest``: of the barest few percent of the whole picture; ``nearby``: of what is barest within 1.5 km;
            ``grassy``: the brightest green of the picture; ``spectral``: the local ground times the ratio of the
            spectra of soil and forest, as it is too where the picture has no bare ground.
        strip : Strip
        pixel_m : float
        rng : Generator

        Returns
        -------
        (B,) ndarray of float32
        """
        ground = self.ground_at(strip, pixel_m)
        if kind == "grassy":
            return np.asarray(0.5 * (ground + self._grass()) * np.float32(rng.uniform(1.1, 1.4)), dtype=np.float32)
        if kind in {"barest", "nearby"}:
            within = self._near(strip, pixel_m, _NEARBY_M) if kind == "nearby" else self.valid
            colour = self._barest(within, float(rng.uniform(0.003, 0.02)))
            red = self.bands.index("red")
            if colour[red] > _LEAST_RISE * ground[red]:
                return np.asarray(colour * np.float32(rng.uniform(0.9, 1.1)), dtype=np.float32)
        return np.asarray(ground * self._soil_ratio(rng), dtype=np.float32)

    def is_bare(self, strip: Strip, pixel_m: float) -> bool:
        """Whether much of the ground along an axis and beside it looks like a strip already."""
        level = 0.5 * (self.ground_level + self.bare_level)
        near = self._near(strip, pixel_m, 40.0)
        return bool(np.mean(self.bareness[near] > level) > 0.12)

    def _near(self, strip: Strip, pixel_m: float, reach_m: float) -> BoolArray:
        rows, cols = self.valid.shape
        place = np.linspace(0, 1, max(int(strip.length_m / pixel_m), 2))
        east = strip.end1[0] + place * (strip.end2[0] - strip.end1[0])
        north = strip.end1[1] + place * (strip.end2[1] - strip.end1[1])
        seed = np.zeros((rows, cols), dtype=bool)
        row = np.clip(np.floor(rows - north / pixel_m), 0, rows - 1).astype(int)
        col = np.clip(np.floor(east / pixel_m), 0, cols - 1).astype(int)
        seed[row, col] = True
        half = max(round(reach_m / pixel_m), 1)
        first_row, last_row = max(row.min() - half, 0), row.max() + half + 1
        first_col, last_col = max(col.min() - half, 0), col.max() + half + 1
        window = (slice(first_row, last_row), slice(first_col, last_col))
        seed[window] = ndimage.distance_transform_edt(~seed[window]) <= half
        near: BoolArray = seed & self.valid
        return near

    def _median(self, where: BoolArray) -> FloatArray:
        return np.asarray(np.median(self.picture[:, where], axis=1), dtype=np.float32)

    def _barest(self, within: BoolArray, share: float) -> FloatArray:
        level = np.quantile(self.bareness[within], [1 - share, 1 - share / 8])
        return self._median(within & (self.bareness >= level[0]) & (self.bareness <= level[1]))

    def _grass(self) -> FloatArray:
        green, red = (self.picture[self.bands.index(name)] for name in ("green", "red"))
        lush = 2 * green - red
        level = np.quantile(lush[self.valid], [0.96, 0.995])
        return self._median(self.valid & (lush >= level[0]) & (lush <= level[1]))

    def _soil_ratio(self, rng: np.random.Generator) -> FloatArray:
        positions = band_positions(self.bands)
        soil = SURFACES[str(rng.choice(["laterite", "laterite", "sand", "mud"]))].reflectance
        forest = SURFACES["forest"].reflectance
        ratio = np.array([soil[band] / forest[band] for band in positions])
        return np.asarray(ratio ** float(rng.uniform(0.5, 0.75)), dtype=np.float32)


def check_images(before: FloatArray, after: FloatArray, valid: BoolArray, bands: Sequence[str]) -> None:
    """Refuse images, a mask and bands that do not fit each other.

    Raises
    ------
    SettingsError, BandError, NoValidData
    """
    band_positions(bands)
    shape = (len(bands), *valid.shape)
    if before.shape != shape or after.shape != shape:
        raise SettingsError(
            f"images of shape {before.shape} and {after.shape} with a mask of {valid.shape} and {len(bands)} bands, "
            "expected (bands, rows, cols) on one grid; correct them"
        )
    if not {"green", "red"} <= set(bands):
        raise SettingsError(f"bands {', '.join(bands)}, expected green and red among them; add them")
    if not valid.any():
        raise NoValidData("0 valid pixels, expected ground that both images show; give other images or another mask")


def _lay_out(
    rng: np.random.Generator, palette: Palette, brief: StripBrief, *, count: int, pixel_m: float
) -> tuple[Strip, ...]:
    """Place all strips, starting anew where the first ones leave the last no room."""
    for _ in range(_LAYOUTS):
        taken, strips = Taken(), []
        for _ in range(count):
            strip = _place(rng, palette, brief, taken, pixel_m)
            if strip is None:
                break
            strips.append(strip)
        if len(strips) == count:
            return tuple(strips)
    rows, cols = palette.valid.shape
    raise SettingsError(
        f"no room for {count} strips in {cols * pixel_m / 1000:g} x {rows * pixel_m / 1000:g} km of valid ground that "
        "is not bare; give a larger picture, fewer or shorter strips"
    )


def _place(rng: np.random.Generator, palette: Palette, brief: StripBrief, taken: Taken, pixel_m: float) -> Strip | None:
    rows, cols = palette.valid.shape
    site = Site(cols * pixel_m, rows * pixel_m, "forest")
    frame = box(0, 0, site.width_m, site.height_m).buffer(-3 * pixel_m)
    for _ in range(_TRIES):
        strip = draw_strip(rng, site, brief, kind="new")
        line = LineString([strip.end1, strip.end2])
        if not frame.contains(line) or taken.near(line.buffer(strip.width_m / 2)):
            continue
        if _seen_share(strip, palette.valid, pixel_m) >= LEAST_SEEN_SHARE and not palette.is_bare(strip, pixel_m):
            taken.add(line.buffer(strip.width_m / 2))
            return dress_strip(rng, strip)
    return None


@dataclass(frozen=True)
class _Wear:
    """What bends the edges of a strip, makes it uneven and shades it: (M, N) ndarrays of float32."""

    rough: FloatArray
    wear: FloatArray
    shade: FloatArray


def _draw_wear(rng: np.random.Generator, view: View) -> _Wear:
    size, metre = (view.rows, view.cols), 1 / view.pixel_m
    rough = draw_texture(rng, *size, slope=2.0, largest_px=150 * metre, smallest_px=7 * metre)
    wear = draw_texture(rng, *size, slope=1.8, largest_px=250 * metre, smallest_px=5 * metre)
    shade = draw_texture(rng, *size, slope=1.4, largest_px=3000 * metre)
    return _Wear(*(field.sample(blur_px=BLUR_PX) for field in (rough, wear, shade)))


def _plant(picture: FloatArray, strip: Strip, colour: FloatArray, fields: _Wear, view: View) -> None:
    """Blend a strip with its apron and track into a picture, in place."""
    for feature in strip_features(strip):
        paint = feature.paints[1]
        covered = cover(
            feature.shape, view, blur_m=BLUR_PX * view.pixel_m, rough=fields.rough, roughness_m=feature.roughness_m
        )
        if paint is None or covered.patch.empty:
            continue
        place = covered.patch.slices
        even = np.clip(1 + np.float32(feature.evenness) * fields.wear[place], 0, 1 / paint.opacity)
        share = covered.share * np.float32(paint.opacity) * even
        surface = colour[:, None, None] * np.exp(np.float32(_SHADE) * fields.shade[place])
        picture[:, *place] += share * (surface - picture[:, *place])


def _seen_share(strip: Strip, valid: BoolArray, pixel_m: float) -> float:
    """Share of the axis that lies on valid pixels."""
    rows, cols = valid.shape
    place = np.linspace(0, 1, max(int(strip.length_m / pixel_m * 2), 2))
    row = np.floor(rows - (strip.end1[1] + place * (strip.end2[1] - strip.end1[1])) / pixel_m).astype(int)
    col = np.floor((strip.end1[0] + place * (strip.end2[0] - strip.end1[0])) / pixel_m).astype(int)
    inside = (row >= 0) & (row < rows) & (col >= 0) & (col < cols)
    seen = inside.copy()
    seen[inside] = valid[row[inside], col[inside]]
    return float(seen.mean())


def is_grey(picture: FloatArray) -> bool:
    """Whether all values are whole grey levels of 8 bits."""
    levels = picture.ravel()[:: max(picture.size // 50_000, 1)].astype(np.float64) * GREY_LEVELS
    return bool(np.all(np.abs(levels - np.rint(levels)) < 1e-3))


def to_grey(picture: FloatArray) -> FloatArray:
    """Round to whole grey levels of 8 bits, over 255."""
    levels = np.clip(np.rint(picture * np.float32(GREY_LEVELS)), 0, GREY_LEVELS)
    return np.asarray(levels / np.float32(GREY_LEVELS), dtype=np.float32)
