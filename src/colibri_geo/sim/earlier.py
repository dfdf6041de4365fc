"""Earlier dates made of one real picture: of the same ground, with or without the lines that are there."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage
from shapely.geometry import LineString

from colibri_geo.sim.clutter import draw_litter
from colibri_geo.sim.ground import BLUR_PX
from colibri_geo.sim.planting import GREY_LEVELS, check_images, is_grey, to_grey
from colibri_geo.sim.shapes import View
from colibri_geo.sim.spec import SceneSpec
from colibri_geo.sim.spectra import GREEN_MODE, SHADE_MODE, SURFACES, FloatArray, band_positions
from colibri_geo.sim.texture import draw_texture

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_KERNEL_HALF_PX = 6
_PAINT_BEYOND_PX = 1.5


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
    check_images(picture, picture, valid, bands)
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
    stretched = _stretch(rng, lit, dark, earlier, grey=is_grey(picture))
    level = np.median(np.abs(stretched[:, valid]), axis=1)[:, None, None]
    noise = rng.standard_normal(stretched.shape, dtype=np.float32) * (earlier.noise * level).astype(np.float32)
    recorded = stretched + noise
    if is_grey(picture):
        return np.maximum(to_grey(recorded), np.float32(1 / GREY_LEVELS))
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
