"""Strips planted into real pictures, and earlier dates made of them: the background is nobody's model.

What is planted is drawn as in a simulated scene, at sub-pixel geometry and through the sensor's point spread, but its
colour is learned from the picture itself: of its barest ground, of the barest nearby, or of its brightest grass.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from shapely.geometry import LineString, box

from colibri_geo.errors import NoValidData, SettingsError
from colibri_geo.sim.clutter import draw_litter
from colibri_geo.sim.confusers import Site
from colibri_geo.sim.ground import BLUR_PX
from colibri_geo.sim.pairs import TruthStrip, strip_features
from colibri_geo.sim.placing import LENGTHS_M, WIDTHS_M, StripBrief, Taken, draw_strip, dress_strip
from colibri_geo.sim.shapes import View, cover
from colibri_geo.sim.spec import SceneSpec, Strip
from colibri_geo.sim.spectra import GREEN_MODE, SHADE_MODE, SURFACES, FloatArray, band_positions
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
_KERNEL_HALF_PX = 6
_PAINT_BEYOND_PX = 1.5


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
    _check(before, after, valid, bands)
    rng, (rows, cols) = np.random.default_rng([seed, 20]), valid.shape
    brief = StripBrief(*contrast, *length_m, *width_m, tuple(kind for kind, share in KINDS for _ in range(share)))
    palette = Palette.learn(after, valid, bands)
    strips = _lay_out(rng, palette, brief, count=count, pixel_m=pixel_m)
    planted, view = after.astype(np.float32, copy=True), View(rows, cols, pixel_m)
    fields = _draw_wear(rng, view)
    for strip in strips:
        _plant(planted, strip, palette.colour_of(strip.surface, strip, pixel_m, rng), fields, view)
    planted[:, ~valid] = after[:, ~valid]
    if _is_grey(after):
        planted = _to_grey(planted)
    truth = tuple(
        _true_strip(strip, number, valid, pixel_m=pixel_m, left_m=left_m, bottom_m=bottom_m)
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


def _check(before: FloatArray, after: FloatArray, valid: BoolArray, bands: Sequence[str]) -> None:
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


def _true_strip(
    strip: Strip, number: int, valid: BoolArray, *, pixel_m: float, left_m: float, bottom_m: float
) -> TruthStrip:
    end1, end2 = ((east + left_m, north + bottom_m) for east, north in (strip.end1, strip.end2))
    return TruthStrip(
        strip_id=f"P{number:03d}",
        kind=strip.kind,
        end1=end1,
        end2=end2,
        length_m=strip.length_m,
        width_m=strip.width_m,
        grid_azimuth_deg=strip.grid_azimuth_deg,
        surface=strip.surface,
        contrast=strip.contrast,
        observed_share=_seen_share(strip, valid, pixel_m),
    )


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


def _is_grey(picture: FloatArray) -> bool:
    """Whether all values are whole grey levels of 8 bits."""
    levels = picture.ravel()[:: max(picture.size // 50_000, 1)].astype(np.float64) * GREY_LEVELS
    return bool(np.all(np.abs(levels - np.rint(levels)) < 1e-3))


def _to_grey(picture: FloatArray) -> FloatArray:
    levels = np.clip(np.rint(picture * np.float32(GREY_LEVELS)), 0, GREY_LEVELS)
    return np.asarray(levels / np.float32(GREY_LEVELS), dtype=np.float32)


@dataclass(frozen=True)
class Earlier:
    """How much an earlier date differs from the picture that it is made of.

    Attributes
    ----------
    shift_px : float
        Largest misplacement along each axis.
    gain, offset : float
        Spread of the gain, relative, and of the offset, of the whole range.
    gamma : float
        Spread of the logarithm of the exponent of an 8-bit stretch; other pictures have none.
    memory : float
        Share of the finest texture that both dates have in common, by variance.
    drift : float
        Spread of slow changes of brightness over the picture, relative.
    clutter : float
        Small unrest on the ground; 1.5 gives as much as real pairs have, for bright ground gets less.
    noise : float
        Noise of the sensor, of the median of each band.
    """

    shift_px: float = 0.5
    gain: float = 0.08
    offset: float = 0.006
    gamma: float = 0.06
    memory: float = 0.6
    drift: float = 0.03
    clutter: float = 1.5
    noise: float = 0.012


def make_earlier(
    picture: FloatArray,
    valid: BoolArray,
    *,
    seed: int,
    pixel_m: float = 10.0,
    bands: Sequence[str] = ("blue", "green", "red"),
    biome: str = "forest",
    earlier: Earlier | None = None,
) -> FloatArray:
    """Make an earlier date of the same ground from one real picture, for pictures of which there is no other date.

    Parameters
    ----------
    picture : (B, M, N) ndarray of float32
        Surface reflectance, or grey level / 255; these stay whole grey levels.
    valid : (M, N) ndarray of bool
        What is not valid is filled from its neighbours first, so that it does not ring; leave a rim of two pixels
        around it out of a comparison.
    seed : int
    pixel_m : float
    bands : sequence of str
    biome : str
        Of the small unrest: ``forest``, ``savanna`` or ``mixed``.
    earlier : Earlier, optional
        How much it differs.

    Returns
    -------
    (B, M, N) ndarray of float32

    Raises
    ------
    SettingsError
        Where the arrays do not fit.
    NoValidData
        Where nothing is valid.

    Notes
    -----
    The picture is moved by a sinc of 12 pixels under a Kaiser window, which a detector's short kernel does not undo.
    Of its finest texture only a share stays; as much of another takes the place of what goes, so that neither date is
    the smoother one. What stands out of the texture (edges, roads, strips) stays whole.
    """
    _check(picture, picture, valid, bands)
    earlier, rng = earlier or Earlier(), np.random.default_rng([seed, 21])
    rows, cols = valid.shape
    spec = SceneSpec(seed, rows, cols, pixel_m, tuple(bands), biome, clutter=earlier.clutter)
    whole = _fill(picture.astype(np.float32), valid)
    moved = _move(whole, *rng.uniform(-earlier.shift_px, earlier.shift_px, 2))
    fresh = _retexture(rng, moved, earlier.memory)
    dark = np.quantile(fresh[:, valid], 0.001, axis=1).astype(np.float32)[:, None, None]
    lit = np.maximum(fresh - dark, 0)
    lit *= _unrest(spec) ** _liveliness(lit, valid)
    drift = draw_texture(rng, *valid.shape, slope=3.5, largest_px=6000 / pixel_m).sample(blur_px=2.0)
    lit *= np.exp(np.float32(earlier.drift) * drift)
    stretched = _stretch(rng, lit, dark, earlier, grey=_is_grey(picture))
    level = np.median(np.abs(stretched[:, valid]), axis=1)[:, None, None]
    noise = rng.standard_normal(stretched.shape, dtype=np.float32) * (earlier.noise * level).astype(np.float32)
    recorded = stretched + noise
    if _is_grey(picture):
        return np.maximum(_to_grey(recorded), np.float32(1 / GREY_LEVELS))
    return np.maximum(recorded, np.float32(1e-4))


def _fill(picture: FloatArray, valid: BoolArray) -> FloatArray:
    """Give each pixel that is not valid the values of the nearest that is."""
    if valid.all():
        return picture
    rows, cols = ndimage.distance_transform_edt(~valid, return_distances=False, return_indices=True)
    return np.asarray(picture[:, rows, cols], dtype=np.float32)


def _move(picture: FloatArray, down_px: float, right_px: float) -> FloatArray:
    """Move the content down and right."""
    moved = picture
    for axis, shift in ((1, down_px), (2, right_px)):
        away = np.arange(-_KERNEL_HALF_PX, _KERNEL_HALF_PX + 1) + shift
        kernel = np.sinc(away) * np.i0(5.0 * np.sqrt(np.maximum(1 - (away / (_KERNEL_HALF_PX + 1)) ** 2, 0)))
        moved = ndimage.correlate1d(moved, kernel / kernel.sum(), axis=axis, mode="nearest")
    return np.asarray(moved, dtype=np.float32)


def _retexture(rng: np.random.Generator, picture: FloatArray, memory: float) -> FloatArray:
    """Put another texture in place of a part of the finest one, as strong as that is around each place."""
    smooth = ndimage.gaussian_filter(picture, (0, 2.5, 2.5), mode="nearest")
    detail = picture - smooth
    size = picture.shape[1:]
    common = draw_texture(rng, *size, slope=1.4, largest_px=20.0).sample(blur_px=BLUR_PX)
    common -= ndimage.gaussian_filter(common, 2.5, mode="nearest")
    common /= common.std()
    kept, fresh = np.float32(math.sqrt(memory)), np.float32(math.sqrt(1 - memory))
    bands = []
    for base, fine in zip(smooth, detail, strict=True):
        spread = np.float32(1.25) * ndimage.uniform_filter(np.abs(fine), 15, mode="nearest")
        usual = np.clip(fine, -2 * spread, 2 * spread)
        bands.append(base + (fine - usual) + kept * usual + fresh * spread * common)
    return np.stack(bands)


def _unrest(spec: SceneSpec) -> FloatArray:
    """(B, M, N) ndarray of float32: factor of small things on the ground that differ."""
    if spec.clutter <= 0:
        return np.ones((len(spec.bands), spec.rows, spec.cols), dtype=np.float32)
    litter = draw_litter(spec, View(spec.rows, spec.cols, spec.pixel_m), BLUR_PX * spec.pixel_m, 0)
    rise = {band: SURFACES["dry_grass"].reflectance[band] / SURFACES["forest"].reflectance[band] for band in range(6)}
    factors = [
        np.exp(np.float32(SHADE_MODE[band]) * litter.light + np.float32(GREEN_MODE[band]) * litter.green)
        * (1 + litter.bare * np.float32(min(rise[band], 3.0) - 1))
        for band in band_positions(spec.bands)
    ]
    return np.stack(factors)


def _liveliness(lit: FloatArray, valid: BoolArray) -> FloatArray:
    """(M, N) ndarray of float32 in [0.2, 1]: how much of the unrest there is; bright sand and water have little."""
    level = ndimage.gaussian_filter(lit.mean(axis=0), 2.0)
    usual = np.median(level[valid])
    return np.asarray(np.clip((usual / np.maximum(level, usual / 10)) ** 0.7, 0.2, 1.0), dtype=np.float32)


def _stretch(
    rng: np.random.Generator, lit: FloatArray, dark: FloatArray, earlier: Earlier, *, grey: bool
) -> FloatArray:
    """Give each band another gain and offset, and a picture another gamma about its bright end."""
    count = len(lit)
    gain = np.exp(rng.normal(0, earlier.gain) + rng.normal(0, earlier.gain / 3, count)).astype(np.float32)
    offset = (rng.normal(0, earlier.offset, count) * (1.0 if grey else 0.3)).astype(np.float32)
    gamma = math.exp(rng.normal(0, earlier.gamma)) if grey else 1.0
    top = np.maximum(np.quantile(lit, 0.995, axis=(1, 2)), 1e-4).astype(np.float32)[:, None, None]
    bent = top * (lit / top) ** np.float32(gamma)
    return np.asarray(dark + offset[:, None, None] + gain[:, None, None] * bent, dtype=np.float32)


@dataclass(frozen=True)
class Disturbance:
    """What differs between two dates besides the lines that are painted out.

    Attributes
    ----------
    gain : float
    noise : float
        Standard deviation, in units of the picture.
    shift_rows_px, shift_cols_px : float
        How far the content of the earlier date lies down and right.
    """

    gain: float = 0.9
    noise: float = 1.0
    shift_rows_px: float = 0.3
    shift_cols_px: float = -0.4


def paint_out(image: FloatArray, line: LineString, *, half_width_px: float = 2.0) -> FloatArray:
    """Replace a line by the ground beside it, no wider than a strip and its blur.

    Parameters
    ----------
    image : (B, M, N) ndarray of float32
    line : LineString
        In pixels, column and row; the centre of the first pixel is at 0.5, 0.5.
    half_width_px : float
        Pixels nearer to the line than this are replaced by those on the same side that lie a little further out.

    Returns
    -------
    (B, M, N) ndarray of float32

    Notes
    -----
    What replaces a pixel lies at the mirror about the edge of the painted band, which keeps the texture of each side.
    A wider repaint would make the change a plot, not a strip.
    """
    (col1, row1), (col2, row2) = line.coords[0], line.coords[-1]
    length = float(np.hypot(col2 - col1, row2 - row1))
    along = np.array([row2 - row1, col2 - col1]) / length
    across = np.array([-along[1], along[0]])
    rows, cols = np.mgrid[: image.shape[1], : image.shape[2]]
    down, right = rows + 0.5 - row1, cols + 0.5 - col1
    station, offset = down * along[0] + right * along[1], down * across[0] + right * across[1]
    covered = np.abs(offset) <= half_width_px
    covered &= (station >= -_PAINT_BEYOND_PX) & (station <= length + _PAINT_BEYOND_PX)
    side = np.where(offset >= 0, 1.0, -1.0)
    target = side * (2 * (half_width_px + 0.7) - np.abs(offset))
    move = (target - offset)[covered]
    from_rows, from_cols = rows[covered] + move * across[0], cols[covered] + move * across[1]
    painted = image.copy()
    for band in range(len(image)):
        painted[band][covered] = ndimage.map_coordinates(image[band], (from_rows, from_cols), order=1, mode="nearest")
    return painted


def make_painted_earlier(
    picture: FloatArray,
    lines: Sequence[LineString],
    *,
    rng: np.random.Generator,
    disturbance: Disturbance | None = None,
) -> FloatArray:
    """Make an earlier date on which lines were not there yet, from one real picture in grey levels.

    Parameters
    ----------
    picture : (B, M, N) ndarray of float32
        Grey levels, 0 to 255.
    lines : sequence of LineString
        To paint out; in pixels, column and row, the centre of the first pixel is at 0.5, 0.5.
    rng : Generator
    disturbance : Disturbance, optional

    Returns
    -------
    (B, M, N) ndarray of float32
        Whole grey levels, 1 to 255. `make_earlier` differs in more.
    """
    disturbance = disturbance or Disturbance()
    before = picture
    for line in lines:
        before = paint_out(before, line)
    move = (disturbance.shift_rows_px, disturbance.shift_cols_px)
    before = np.stack([ndimage.shift(band, move, order=3, mode="nearest") for band in before])
    before = before * disturbance.gain + rng.normal(0, disturbance.noise, before.shape)
    return np.asarray(np.clip(np.rint(before), 1, GREY_LEVELS), dtype=np.float32)
