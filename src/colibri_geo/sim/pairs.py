"""Two dates of one synthetic ground, with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.errors import SettingsError
from colibri_geo.sim.ground import CodeArray, Fields, draw_fields, render_ground
from colibri_geo.sim.shapes import Area, Bar, Point, Ribbon, View, cover
from colibri_geo.sim.sky import classify, draw_sky, look_through
from colibri_geo.sim.spec import BIOMES, CONFUSER_KINDS, STRIP_KINDS, Confuser, Feature, Paint, SceneSpec, Strip
from colibri_geo.sim.spectra import SURFACES, FloatArray, band_positions

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

UNSEEN_SCL = (0, 1, 3, 8, 9, 10)
MIN_OBSERVED_SHARE = 0.6
_NOISE_FLOOR = 0.0008
_NOISE_SLOPE = 0.006
_VERDICTS = {"new": "new", "old": "unchanged", "regrowing": "regrowing"}
_LOWEST = ("season", "clearing", "field", "burn", "river", "power_line", "pipeline", "road", "logging")
_OPTICS = ("seam", "shade", "haze_front")


@dataclass(frozen=True)
class TruthStrip:
    """A planted strip as it lies on the map.

    Attributes
    ----------
    strip_id : str
    kind : str
        ``new``, ``old`` or ``regrowing``.
    end1, end2 : Point
        Easting, northing in metres.
    length_m, width_m : float
        On the grid.
    grid_azimuth_deg : float
        Clockwise from grid north, in [0, 180).
    surface : str
    contrast : float
    observed_share : float
        Of the axis, on both dates, by the delivered masks.
    """

    strip_id: str
    kind: str
    end1: Point
    end2: Point
    length_m: float
    width_m: float
    grid_azimuth_deg: float
    surface: str
    contrast: float
    observed_share: float

    @property
    def observable(self) -> bool:
        """Whether enough of it is seen on both dates to be found."""
        return self.observed_share >= MIN_OBSERVED_SHARE

    @property
    def verdict(self) -> str:
        """The verdict that a perfect detector gives."""
        return _VERDICTS[self.kind] if self.observable else "not_observed"


@dataclass(frozen=True)
class SimulatedPair:
    """Two synthetic acquisitions and the truth.

    Attributes
    ----------
    before, after : (B, M, N) ndarray of float32, surface reflectance
    before_scl, after_scl : (M, N) ndarray of uint8, Sentinel-2 SCL codes
    truth : tuple of TruthStrip
    spec : SceneSpec
        Holds the confusers and clouds too.
    """

    before: FloatArray
    after: FloatArray
    before_scl: CodeArray
    after_scl: CodeArray
    truth: tuple[TruthStrip, ...]
    spec: SceneSpec


@dataclass(frozen=True)
class Acquisition:
    """One synthetic image.

    Attributes
    ----------
    values : (B, M, N) ndarray of float32, surface reflectance
    scl : (M, N) ndarray of uint8, Sentinel-2 SCL codes
    """

    values: FloatArray
    scl: CodeArray


def simulate_pair(spec: SceneSpec) -> SimulatedPair:
    """Simulate two acquisitions of one ground with planted strips and confusers.

    Parameters
    ----------
    spec : SceneSpec
        See `random_spec` for a scene of a few words.

    Returns
    -------
    SimulatedPair
        The same for the same spec.

    Raises
    ------
    SettingsError, BandError
        Where the spec cannot be rendered.

    Notes
    -----
    The ground is rendered anew at the place where each date sees it, and a share of its texture is each date's own: a
    detector that undoes a shift by interpolation meets no inverse of its own operation.

    Examples
    --------
    >>> strip = Strip((200.0, 300.0), (800.0, 700.0), width_m=20.0)
    >>> pair = simulate_pair(SceneSpec(seed=1, rows=100, cols=100, strips=(strip,)))
    >>> pair.after.shape, pair.truth[0].verdict, round(pair.truth[0].length_m)
    ((4, 100, 100), 'new', 721)
    """
    check_spec(spec)
    if spec.later:
        raise SettingsError(f"{len(spec.looks)} dates, expected the two of a pair; use simulate_series")
    before, after = acquire(spec)
    truth = tuple(
        true_strip(spec, strip, number, (before.scl, after.scl)) for number, strip in enumerate(spec.strips, start=1)
    )
    return SimulatedPair(before.values, after.values, before.scl, after.scl, truth, spec)


def check_spec(spec: SceneSpec) -> None:
    """Refuse what cannot be rendered.

    Raises
    ------
    SettingsError, BandError
    """
    band_positions(spec.bands)
    if min(spec.rows, spec.cols) < 32 or spec.pixel_m <= 0:
        raise SettingsError(
            f"scene of {spec.rows} x {spec.cols} pixels of {spec.pixel_m:g} m, expected at least 32 x 32 "
            "of a positive size; enlarge it"
        )
    if spec.biome not in BIOMES:
        raise SettingsError(f"biome {spec.biome!r}, expected {', '.join(BIOMES)}; correct it")
    if not 0 <= spec.memory <= 1:
        raise SettingsError(f"memory {spec.memory:g}, expected a share in [0, 1]; correct it")
    if not 0 <= spec.clutter <= 10:
        raise SettingsError(f"clutter {spec.clutter:g}, expected 0 (none) to 10, 1 being real ground's; correct it")
    _check_strips(spec)
    for look in spec.looks:
        for values in (look.gain, look.offset):
            if len(values) not in {0, len(spec.bands)}:
                raise SettingsError(
                    f"{len(values)} gains or offsets for {len(spec.bands)} bands; give one a band, or none"
                )


def _check_strips(spec: SceneSpec) -> None:
    kinds = [strip.kind for strip in spec.strips if strip.kind not in STRIP_KINDS]
    kinds += [confuser.kind for confuser in spec.confusers if confuser.kind not in CONFUSER_KINDS]
    if kinds:
        raise SettingsError(f"kind {kinds[0]!r} of a strip or confuser is not known; correct it")
    surfaces = [strip.surface for strip in spec.strips if strip.surface not in SURFACES]
    if surfaces:
        raise SettingsError(f"surface {surfaces[0]!r}, expected {', '.join(SURFACES)}; correct it")
    lives = [strip.life for strip in spec.strips if len(strip.life) not in {0, len(spec.looks)}]
    lives += [strip.life for strip in spec.strips if strip.life and not 0 <= min(strip.life) <= max(strip.life) <= 1]
    if lives:
        raise SettingsError(
            f"life of {len(lives[0])} contrasts over {len(spec.looks)} dates, expected one in [0, 1] a date; correct it"
        )


def strip_features(strip: Strip) -> tuple[Feature, ...]:
    """Return what a strip puts on the ground: access track, apron, the strip itself."""
    paints = _strip_paints(strip)
    features = [Feature(Bar(strip.end1, strip.end2, strip.width_m), paints, 1.2, strip.evenness)]
    if strip.apron:
        features.insert(0, Feature(Area(strip.apron), paints, 2.0, strip.evenness))
    if strip.track:
        faint = tuple(paint and Paint(paint.surface, paint.opacity * 0.8) for paint in paints)
        features.insert(0, Feature(Ribbon(strip.track, 4.0), faint, 0.8, 0.3))
    return tuple(features)


def _strip_paints(strip: Strip) -> tuple[Paint | None, ...]:
    if strip.life:
        return tuple(Paint(strip.surface, contrast) if contrast > 0 else None for contrast in strip.life)
    early = Paint(strip.surface, strip.contrast)
    late = Paint(
        strip.later_surface or strip.surface, strip.contrast if strip.later_contrast is None else strip.later_contrast
    )
    return {"new": (None, early), "old": (early, late), "regrowing": (early, None)}[strip.kind]


def scene_features(spec: SceneSpec) -> tuple[Feature, ...]:
    """Return all that is painted, lowest first: confusers by kind, then strips, then what the optics add."""
    ground = [c for kind in _LOWEST for c in spec.confusers if c.kind == kind]
    optics: list[Confuser] = [c for kind in _OPTICS for c in spec.confusers if c.kind == kind]
    features = [feature for confuser in ground for feature in confuser.features]
    features += [feature for strip in spec.strips for feature in strip_features(strip)]
    return (*features, *(feature for confuser in optics for feature in confuser.features))


def acquire(spec: SceneSpec) -> tuple[Acquisition, ...]:
    """Look at a scene on each of its dates, in order of time.

    Returns
    -------
    tuple of Acquisition
    """
    fields, features = draw_fields(spec), scene_features(spec)
    return tuple(_acquire(spec, features, fields, date) for date in range(len(spec.looks)))


def _acquire(spec: SceneSpec, features: Sequence[Feature], fields: Fields, date: int) -> Acquisition:
    ground, sky = render_ground(spec, features, fields, date), draw_sky(spec, date)
    scl = classify(spec, ground, sky, date)
    return _leave_gaps(spec, Acquisition(_record(spec, look_through(spec, ground, sky, date), date), scl), date)


def _leave_gaps(spec: SceneSpec, taken: Acquisition, date: int) -> Acquisition:
    """Blank what was not measured; in some products it is filled in from both sides, and only the mask tells."""
    view, flat = View(spec.rows, spec.cols, spec.pixel_m), np.zeros(taken.scl.shape, dtype=np.float32)
    missing, filled = np.zeros(flat.shape, dtype=bool), False
    for feature in (f for c in spec.confusers if c.kind == "gap" for f in c.features):
        paint = feature.paints[date]
        covered = cover(feature.shape, view, blur_m=0.01 * spec.pixel_m, rough=flat, roughness_m=0.0)
        if paint is not None and not covered.patch.empty:
            missing[covered.patch.slices] |= covered.share > 0.5
            filled |= paint.opacity < 1
    if not missing.any():
        return taken
    taken.scl[missing] = 0
    taken.values[:, missing] = _from_both_sides(taken.values, missing) if filled else np.float32(0)
    return taken


def _from_both_sides(values: FloatArray, missing: BoolArray) -> FloatArray:
    """Interpolate down each column what is missing: (B, K) ndarray of float32, in the order of the mask."""
    whole, rows = values.copy(), np.arange(len(missing))
    for col in np.flatnonzero(missing.any(axis=0) & ~missing.all(axis=0)):
        gap = missing[:, col]
        for band in whole:
            band[gap, col] = np.interp(rows[gap], rows[~gap], band[~gap, col])
    return whole[:, missing]


def _record(spec: SceneSpec, values: FloatArray, date: int) -> FloatArray:
    """Add the sensor's noise, gain and offset."""
    look, rng = spec.looks[date], np.random.default_rng([spec.seed, 6, date])
    spread = np.hypot(np.float32(_NOISE_FLOOR), np.float32(_NOISE_SLOPE) * values) * np.float32(spec.noise)
    values = values + spread * rng.standard_normal(values.shape, dtype=np.float32)
    gain = np.array(look.gain or [1.0] * len(spec.bands), dtype=np.float32)[:, None, None]
    offset = np.array(look.offset or [0.0] * len(spec.bands), dtype=np.float32)[:, None, None]
    recorded: FloatArray = np.maximum(values * gain + offset, np.float32(1e-4))
    return recorded


def true_strip(spec: SceneSpec, strip: Strip, number: int, masks: Sequence[CodeArray]) -> TruthStrip:
    """Return the truth of a strip that is seen through the masks given.

    Returns
    -------
    TruthStrip
    """
    share = observed_share(spec, strip, masks)
    return place_truth(strip, f"T{number:03d}", left_m=spec.left_m, bottom_m=spec.bottom_m, observed_share=share)


def place_truth(strip: Strip, strip_id: str, *, left_m: float, bottom_m: float, observed_share: float) -> TruthStrip:
    """Put a strip onto the map: its own places count from the lower left corner at `left_m`, `bottom_m`.

    Returns
    -------
    TruthStrip
    """
    end1, end2 = ((east + left_m, north + bottom_m) for east, north in (strip.end1, strip.end2))
    return TruthStrip(
        strip_id=strip_id,
        kind=strip.kind,
        end1=end1,
        end2=end2,
        length_m=strip.length_m,
        width_m=strip.width_m,
        grid_azimuth_deg=strip.grid_azimuth_deg,
        surface=strip.surface,
        contrast=strip.contrast,
        observed_share=observed_share,
    )


def observed_share(spec: SceneSpec, strip: Strip, masks: Sequence[CodeArray]) -> float:
    """Return the share of an axis that is in the scene and clear by all masks."""
    place = np.linspace(0, 1, max(int(strip.length_m / spec.pixel_m * 2), 2))
    east = strip.end1[0] + place * (strip.end2[0] - strip.end1[0])
    north = strip.end1[1] + place * (strip.end2[1] - strip.end1[1])
    rows = np.floor(spec.rows - north / spec.pixel_m).astype(int)
    cols = np.floor(east / spec.pixel_m).astype(int)
    inside = (rows >= 0) & (rows < spec.rows) & (cols >= 0) & (cols < spec.cols)
    seen = inside.copy()
    for scl in masks:
        seen[inside] &= ~np.isin(scl[rows[inside], cols[inside]], UNSEEN_SCL)
    return float(seen.mean())
