"""What makes real ground unquiet between dates: small plots, gaps and crowns with a life of their own, speckle, wisps.

Between clear dates of real images far more pixels lie beyond three robust standard deviations of the local change than
a Gaussian texture has: 7 to 14 in a hundred. Most of them belong to small things on the ground that brighten, darken,
green up or are laid bare on one date and not on the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import ndtr

from colibri_geo.sim.shapes import View
from colibri_geo.sim.spec import SceneSpec
from colibri_geo.sim.spectra import FloatArray
from colibri_geo.sim.texture import draw_texture

Column = np.ndarray[Any, np.dtype[np.float64]]
IndexArray = np.ndarray[Any, np.dtype[np.int64]]

CROWNS_PER_KM2 = {"forest": 480.0, "savanna": 300.0, "mixed": 360.0}
"""Tree crowns, gaps in the canopy and termite mounds that change, at clutter 1."""
PLOTS_PER_KM2 = {"forest": 78.0, "savanna": 70.0, "mixed": 70.0}
"""Small plots, clearings, wet hollows and grass patches that change, at clutter 1."""
CROWN_M = (10.0, 30.0)
PLOT_M = (18.0, 80.0)
_HAMLETS_PER_KM2 = 0.8
_HAMLET_M = 320.0
_CELL_M = 900.0
_ROW = 4
_SOFT_M = 5.0
_KEPT = 0.65
_CHUNK = 40_000_000
_MOTTLE = {"forest": 0.030, "savanna": 0.022, "mixed": 0.025}
_WISP = 0.035
_SCRAPS_PER_KM2 = 0.2


@dataclass(frozen=True)
class Patches:
    """Small pieces of ground, all of one length K.

    Attributes
    ----------
    east_m, north_m : (K,) ndarray of float64
        Centres, from the lower left corner of the scene.
    length_m, width_m : (K,) ndarray of float64
    azimuth_rad : (K,) ndarray of float64
        Of the longer side, clockwise from north.
    light, green : (K,) ndarray of float64
        What is added to the logarithm of brightness, and to greenness, within.
    bare : (K,) ndarray of float64
        Share of bare or dry ground within, in [0, 1].
    """

    east_m: Column
    north_m: Column
    length_m: Column
    width_m: Column
    azimuth_rad: Column
    light: Column
    green: Column
    bare: Column

    def __len__(self) -> int:
        """Count the pieces."""
        return len(self.east_m)


@dataclass(frozen=True)
class Litter:
    """What the small things add up to on one date, each (M, N) ndarray of float32.

    Attributes
    ----------
    light, green : (M, N) ndarray of float32
        Added to the logarithm of brightness, and to greenness.
    bare : (M, N) ndarray of float32
        Share of bare or dry ground, in [0, 1].
    """

    light: FloatArray
    green: FloatArray
    bare: FloatArray


def draw_litter(spec: SceneSpec, view: View, blur_m: float, date: int) -> Litter:
    """Draw what the small things of one date add, as a view with a point spread sees them.

    Parameters
    ----------
    spec : SceneSpec
        Its `clutter` sets how many there are.
    view : View
    blur_m : float
        Standard deviation of the Gaussian point spread.
    date : int

    Returns
    -------
    Litter
        The same for the same seed, whatever the bands.
    """
    light, green, bare = (np.zeros((view.rows, view.cols), dtype=np.float32) for _ in range(3))
    for patches in (_lasting(spec, date), _fleeting(spec, date)):
        for window in _windows(view, patches, math.hypot(blur_m, _SOFT_M)):
            share = window.share
            for layer, values in ((light, patches.light), (green, patches.green), (bare, patches.bare)):
                weights = (share * values[window.chosen, None, None].astype(np.float32)).ravel()
                np.add(layer, np.bincount(window.flat, weights, minlength=layer.size).reshape(layer.shape), out=layer)
    mottle = _mottle(spec, view, blur_m, date)
    return Litter(light + mottle[0], green + mottle[1], np.clip(bare, 0, 0.9))


def _lasting(spec: SceneSpec, date: int) -> Patches:
    """Things that are at one place on all dates and look different on each."""
    rng = np.random.default_rng([spec.seed, 8])
    placed = _place(rng, spec, 0.7)
    kept = _looks(rng, placed)
    own = _looks(np.random.default_rng([spec.seed, 8, 1, date]), placed)
    mixed = [_KEPT * one + math.sqrt(1 - _KEPT**2) * other for one, other in zip(kept, own, strict=True)]
    return _patches(placed, mixed)


def _fleeting(spec: SceneSpec, date: int) -> Patches:
    """Things that are there on one date alone."""
    rng = np.random.default_rng([spec.seed, 8, 2, date])
    placed = _place(rng, spec, 0.3)
    return _patches(placed, _looks(rng, placed))


@dataclass(frozen=True)
class _Placed:
    """Where pieces lie and how large they are: (K,) arrays; crowns first, then plots."""

    east_m: Column
    north_m: Column
    size_m: Column
    aspect: Column
    azimuth_rad: Column
    crowns: int


def _place(rng: np.random.Generator, spec: SceneSpec, part: float) -> _Placed:
    width_m, height_m = spec.width_m, spec.height_m
    area_km2 = width_m * height_m * 1e-6 * spec.clutter * part
    crowns, plots = (int(rng.poisson(many[spec.biome] * area_km2)) for many in (CROWNS_PER_KM2, PLOTS_PER_KM2))
    east, north = rng.uniform(0, width_m, crowns + plots), rng.uniform(0, height_m, crowns + plots)
    _gather(rng, spec, east[crowns:], north[crowns:])
    size = np.concatenate(
        [
            np.clip(rng.lognormal(math.log(15), 0.35, crowns), *CROWN_M),
            np.clip(rng.lognormal(math.log(36), 0.45, plots), *PLOT_M),
        ]
    )
    aspect = np.concatenate([rng.uniform(1, 1.5, crowns), np.exp(rng.uniform(0, math.log(3), plots))])
    azimuth = rng.uniform(0, math.pi, crowns + plots)
    azimuth[crowns:] = _line_up(rng, east[crowns:], north[crowns:], azimuth[crowns:])
    _queue(east[crowns:], north[crowns:], azimuth[crowns:], size[crowns:])
    return _Placed(east, north, size, aspect, azimuth, crowns)


def _gather(rng: np.random.Generator, spec: SceneSpec, east_m: Column, north_m: Column) -> None:
    """Move half of the plots near to hamlets, in place."""
    hamlets = max(int(rng.poisson(_HAMLETS_PER_KM2 * spec.width_m * spec.height_m * 1e-6)), 1)
    places = rng.uniform(0, 1, (hamlets, 2)) * [spec.width_m, spec.height_m]
    chosen = np.flatnonzero(rng.random(len(east_m)) < 0.5)
    home = places[rng.integers(0, hamlets, len(chosen))]
    moved = home + rng.normal(0, _HAMLET_M, (len(chosen), 2))
    east_m[chosen], north_m[chosen] = moved[:, 0], moved[:, 1]


def _line_up(rng: np.random.Generator, east_m: Column, north_m: Column, azimuth_rad: Column) -> Column:
    """Turn six in ten of the plots along a direction that their neighbourhood shares."""
    cell = (np.floor(east_m / _CELL_M) + 64 * np.floor(north_m / _CELL_M)).astype(np.int64)
    shared = rng.uniform(0, math.pi, 64)[cell % 64]
    turned = shared + rng.choice([0.0, math.pi / 2], len(cell)) + rng.normal(0, math.radians(3), len(cell))
    return np.where(rng.random(len(cell)) < 0.6, turned, azimuth_rad)


def _queue(east_m: Column, north_m: Column, azimuth_rad: Column, size_m: Column) -> None:
    """Put the first fifth of the plots into rows, edge beside edge, in place."""
    queued = len(east_m) // 5 // _ROW * _ROW
    lead = np.arange(queued) // _ROW * _ROW
    step_m = np.arange(queued) % _ROW * 1.15 * size_m[lead]
    azimuth_rad[:queued] = azimuth_rad[lead]
    size_m[:queued] = size_m[lead]
    east_m[:queued] = east_m[lead] + step_m * np.sin(azimuth_rad[lead])
    north_m[:queued] = north_m[lead] + step_m * np.cos(azimuth_rad[lead])


def _looks(rng: np.random.Generator, placed: _Placed) -> list[Column]:
    """Draw brightness, greenness and bare share of all pieces; many are slight, few are strong."""
    count, crowns = len(placed.size_m), placed.crowns
    plot = np.arange(count) >= crowns
    strength = rng.lognormal(math.log(0.26), 0.45, count)
    light = np.where(rng.random(count) < np.where(plot, 0.5, 0.35), strength, -strength)
    green = rng.choice([-1.0, 1.0], count) * rng.lognormal(math.log(0.26), 0.5, count) - 0.25 * light
    laid_bare = plot & (rng.random(count) < 0.22)
    bare = np.where(laid_bare, rng.lognormal(math.log(0.12), 0.8, count), 0.0)
    return [np.where(plot, 0.8, 1.2) * light, np.where(plot, 1.1, 0.7) * green, np.minimum(bare, 0.8)]


def _patches(placed: _Placed, looks: list[Column]) -> Patches:
    root = np.sqrt(placed.aspect)
    light, green, bare = looks
    return Patches(
        placed.east_m,
        placed.north_m,
        placed.size_m * root,
        placed.size_m / root,
        placed.azimuth_rad,
        light,
        green,
        bare,
    )


@dataclass(frozen=True)
class _Window:
    """Pieces of about one size, and what they cover.

    Attributes
    ----------
    chosen : (J,) ndarray of int64
    flat : (J * s * s,) ndarray of int64
        Index of each pixel in the flattened view.
    share : (J, s, s) ndarray of float32
        Nothing where the pixel lies outside.
    """

    chosen: IndexArray
    flat: IndexArray
    share: FloatArray


def _windows(view: View, patches: Patches, blur_m: float) -> Iterator[_Window]:
    """Go through the pieces, those of one window size together, not more of them at once than memory has room for."""
    reach = np.hypot(patches.length_m, patches.width_m) / 2 + 3.5 * blur_m
    half = np.ceil(reach / view.pixel_m).astype(np.int64)
    half = np.where(half > 6, -(-half // 4) * 4, half)
    for size in np.unique(half):
        alike = np.flatnonzero(half == size)
        step = max(_CHUNK // (2 * int(size) + 1) ** 2 // 16, 1)
        for start in range(0, len(alike), step):
            yield _window(view, patches, alike[start : start + step], int(size), blur_m)


def _window(view: View, patches: Patches, chosen: IndexArray, half: int, blur_m: float) -> _Window:
    east = patches.east_m[chosen] + view.shift_east_m
    north = view.rows * view.pixel_m - patches.north_m[chosen] - view.shift_north_m
    around = np.arange(-half, half + 1)
    cols = np.floor(east / view.pixel_m).astype(np.int64)[:, None] + around
    rows = np.floor(north / view.pixel_m).astype(np.int64)[:, None] + around
    right = ((cols + 0.5) * view.pixel_m - east[:, None]).astype(np.float32)[:, None, :]
    up = (north[:, None] - (rows + 0.5) * view.pixel_m).astype(np.float32)[:, :, None]
    sine, cosine = (f(patches.azimuth_rad[chosen]).astype(np.float32)[:, None, None] for f in (np.sin, np.cos))
    along, across = right * sine + up * cosine, right * cosine - up * sine
    share = _within(along, patches.length_m[chosen], blur_m) * _within(across, patches.width_m[chosen], blur_m)
    share *= ((rows >= 0) & (rows < view.rows))[:, :, None] & ((cols >= 0) & (cols < view.cols))[:, None, :]
    flat = np.clip(rows, 0, view.rows - 1)[:, :, None] * view.cols + np.clip(cols, 0, view.cols - 1)[:, None, :]
    return _Window(chosen, flat.ravel(), share)


def _within(distance_m: FloatArray, size_m: Column, blur_m: float) -> FloatArray:
    half = (size_m / 2).astype(np.float32)[:, None, None]
    inside = ndtr((half - distance_m) / np.float32(blur_m)) - ndtr((-half - distance_m) / np.float32(blur_m))
    return np.asarray(inside, dtype=np.float32)


def _mottle(spec: SceneSpec, view: View, blur_m: float, date: int) -> list[FloatArray]:
    """Return brightness and greenness of crowns, stands and sods under another sun and other rain.

    Texture whose strength differs from place to place by far more than that of the ground itself: so few places change
    much.
    """
    rng, metre = np.random.default_rng([spec.seed, 8, 3, date]), 1 / view.pixel_m
    size, blur_px = (spec.rows, spec.cols), blur_m / view.pixel_m
    where = draw_texture(rng, *size, slope=1.9, largest_px=350 * metre).sample(blur_px=1.0)
    light = draw_texture(rng, *size, slope=1.5, largest_px=250 * metre).sample(blur_px=blur_px)
    green = draw_texture(rng, *size, slope=1.9, largest_px=400 * metre).sample(blur_px=blur_px)
    strength = np.float32(_MOTTLE[spec.biome] * min(spec.clutter, 2.0)) * np.exp(np.float32(1.0) * where)
    return [strength * light, np.float32(1.2) * strength * green]


@dataclass(frozen=True)
class Wisps:
    """What of the sky no mask says, each (M, N) ndarray of float32 in [0, 1].

    Attributes
    ----------
    cirrus : (M, N) ndarray of float32
        Thin ice cloud in streaks.
    scraps : (M, N) ndarray of float32
        What is left of small clouds at their edges.
    """

    cirrus: FloatArray
    scraps: FloatArray


def draw_wisps(spec: SceneSpec, date: int) -> Wisps:
    """Draw thin cirrus and scraps of cloud of one date.

    Returns
    -------
    Wisps
    """
    rng, size = np.random.default_rng([spec.seed, 9, date]), (spec.rows, spec.cols)
    metre = 1 / spec.pixel_m
    bend = draw_texture(rng, *size, slope=3.4, largest_px=2600 * metre).sample(blur_px=1.0)
    where = draw_texture(rng, *size, slope=3.0, largest_px=3500 * metre).sample(blur_px=1.0)
    direction = float(rng.uniform(0, math.pi))
    rows, cols = np.arange(size[0], dtype=np.float32)[:, None], np.arange(size[1], dtype=np.float32)[None, :]
    across = (cols * np.float32(math.cos(direction)) + rows * np.float32(math.sin(direction))) * np.float32(
        spec.pixel_m / 420
    )
    streak = np.exp(np.float32(2.5) * (np.sin(across + np.float32(2.4) * bend) - 1))
    cirrus = np.float32(_WISP * min(spec.clutter, 2.0)) * streak * ndtr(where - np.float32(0.6)).astype(np.float32)
    scraps = np.zeros(size, dtype=np.float32)
    for _ in range(int(rng.poisson(_SCRAPS_PER_KM2 * spec.clutter * spec.width_m * spec.height_m * 1e-6))):
        _leave_scrap(rng, spec, scraps)
    return Wisps(cirrus, scraps)


def _leave_scrap(rng: np.random.Generator, spec: SceneSpec, into: FloatArray) -> None:
    view = View(spec.rows, spec.cols, spec.pixel_m)
    place = np.array([[rng.uniform(0, spec.width_m), rng.uniform(0, spec.height_m)]], dtype=np.float32)
    radius, depth = float(rng.uniform(20, 70)), float(rng.uniform(0.02, 0.12))
    stretch, turn = float(rng.uniform(1, 2.5)), float(rng.uniform(0, math.pi))
    patch = view.window(place, 3 * radius * stretch)
    if patch.empty:
        return
    east, north = patch.east_m - place[0, 0], patch.north_m - place[0, 1]
    along = (east * math.sin(turn) + north * math.cos(turn)) / stretch
    across = east * math.cos(turn) - north * math.sin(turn)
    part = into[patch.slices]
    np.maximum(part, np.float32(depth) * np.exp(-(along**2 + across**2) / np.float32(2 * radius**2)), out=part)
