"""A strip over the corner of four cells of the lattice, and the same strip in a pair of one cell."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

import geopandas as gpd
import numpy as np
from scipy import ndimage

from colibri_geo.pairs import ChangeMap, align, change, survey
from colibri_geo.pairs.model import PairModel
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from colibri_geo.sim import SceneSpec, SimulatedPair, simulate_pair
from colibri_geo.sim.spectra import FloatArray
from colibri_geo.tracing.scoring import score
from colibri_geo.tracing.tracing import trace
from tests.support.small_pair import pair_grid

OFFSETS_PX = (-30.0, -18.5, -9.0, -3.25, 0.0, 2.0, 11.75, 24.0)
"""From the corner to the middle of the strip, in each direction: 64 offsets."""
AZIMUTHS_DEG = tuple(5.0 * number for number in range(36))
SHOWN = 0.9
"""Share of bare ground in what is seen of the strip."""
SMALL_CELL_PX = 96
"""Side of a cell in pixels of the search, in place of 1008: 192 px of the pair."""

_SIDE_PX = 384
_CORNER_PX = 192
_HALF_LENGTH_PX, _WIDTH_PX, _PATCH_PX = 42.0, 2.5, 3.0
_BARE = np.array([0.08, 0.12, 0.17, 0.28], dtype=np.float32)  # blue, green, red, near infrared
_NEAR_PX, _NEAR_DEG = 12.0, 10.0


@dataclass(frozen=True)
class Case:
    """Where the strip lies.

    Attributes
    ----------
    down_px, right_px : float
        From the corner to the middle of the strip.
    azimuth_deg : float
        Of the strip, in the grid.
    shown : float
        Share of bare ground in what is seen of it.
    uneven : float
        Spread of that share along the strip, relative, one standard deviation; each place has its own.
    """

    down_px: float
    right_px: float
    azimuth_deg: float
    shown: float = SHOWN
    uneven: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What was found of the strip.

    Attributes
    ----------
    case : Case
    of_one : int
        How often by a search with one cell.
    of_four : int
        How often by a search with four cells.
    apart_px : float
        The most that an end of the one lies from that of the other; missing unless both found it once.
    """

    case: Case
    of_one: int
    of_four: int
    apart_px: float

    @property
    def fault(self) -> str | None:
        """What is wrong, in a few words; None where nothing is."""
        if (self.of_one, self.of_four) != (1, 1):
            return f"found {self.of_four} times with four cells, {self.of_one} times with one"
        return f"an end lies {self.apart_px:.2f} px off" if self.apart_px > 1 else None


def list_cases(*, shown: float = SHOWN, uneven: float = 0.0) -> Iterator[Case]:
    """List every offset with every azimuth."""
    for down, right, azimuth in itertools.product(OFFSETS_PX, OFFSETS_PX, AZIMUTHS_DEG):
        yield Case(down, right, azimuth, shown, uneven)


def run_case(case: Case) -> Outcome:
    """Search for the strip with four cells and with one."""
    change_map = make_change_map(case)
    one = find_near(score(trace(change_map)), case)
    with patch("colibri_geo.tracing.search._CELL_PX", SMALL_CELL_PX):
        four = find_near(score(trace(change_map)), case)
    apart_px = measure_apart_px(one, four) if len(one) == len(four) == 1 else math.nan
    return Outcome(case, len(one), len(four), apart_px)


def make_change_map(case: Case) -> ChangeMap:
    """Plant a strip in the later date."""
    after = _make_scene("after.tif", paint(_simulate().after, case))
    return change(align(_make_before(), after, _survey()))


def find_near(strips: gpd.GeoDataFrame, case: Case) -> gpd.GeoDataFrame:
    """Return the strips that run as that of the case does, and the middle of which lies near its axis."""
    to_pixel = ~pair_grid(_spec()).affine
    near = []
    for line in strips.geometry:
        middle = line.interpolate(0.5, normalized=True)
        col, row = to_pixel @ (middle.x, middle.y)
        away_px = math.hypot(row - _CORNER_PX - case.down_px, col - _CORNER_PX - case.right_px)
        (east1, north1), (east2, north2) = line.coords[0], line.coords[-1]
        turn_deg = (math.degrees(math.atan2(east2 - east1, north2 - north1)) - case.azimuth_deg + 90) % 180 - 90
        near.append(away_px <= _HALF_LENGTH_PX + _NEAR_PX and abs(turn_deg) <= _NEAR_DEG)
    return strips[np.array(near, dtype=bool)]


def measure_apart_px(one: gpd.GeoDataFrame, other: gpd.GeoDataFrame, *, pixel_m: float = 10.0) -> float:
    """Return the most that an end of the only strip of one table lies from that of the other."""
    lines = [np.array([table.geometry.iloc[0].coords[place] for place in (0, -1)]) for table in (one, other)]
    apart_m = min(np.hypot(*(lines[0] - lines[1][::step]).T).max() for step in (1, -1))
    return float(apart_m) / pixel_m


def paint(values: FloatArray, case: Case) -> FloatArray:
    """Bare the ground of a strip with soft edges."""
    rows, cols = np.mgrid[:_SIDE_PX, :_SIDE_PX] + 0.5
    down, right, angle = rows - _CORNER_PX - case.down_px, cols - _CORNER_PX - case.right_px, _angle(case)
    along = right * math.sin(angle) - down * math.cos(angle)
    across = down * math.sin(angle) + right * math.cos(angle)
    covered = np.clip(_HALF_LENGTH_PX + 0.5 - np.abs(along), 0, 1) * np.clip(_WIDTH_PX / 2 + 0.5 - np.abs(across), 0, 1)
    shown = (case.shown * covered * _vary(along, case)).astype(np.float32)
    painted: FloatArray = values * (1 - shown) + _BARE[:, None, None] * shown
    return painted


def _vary(along: FloatArray, case: Case) -> FloatArray:
    """Return what the share of bare ground is multiplied by at stations along the strip."""
    if not case.uneven:
        return np.ones_like(along)
    place = [round(4 * (value + 100)) for value in (case.down_px, case.right_px, case.azimuth_deg)]
    noise = ndimage.gaussian_filter1d(np.random.default_rng(place).standard_normal(len(along)), _PATCH_PX)
    stations = np.arange(len(noise)) - len(noise) / 2
    varied: FloatArray = np.clip(1 + case.uneven * np.interp(along, stations, noise / noise.std()), 0, 1 / case.shown)
    return varied


def _angle(case: Case) -> float:
    return math.radians(case.azimuth_deg)


def _spec() -> SceneSpec:
    return SceneSpec(seed=3, rows=_SIDE_PX, cols=_SIDE_PX)


@cache
def _simulate() -> SimulatedPair:
    return simulate_pair(_spec())


def _make_scene(name: str, values: FloatArray) -> Scene:
    spec = _spec()
    look = spec.before if name == "before.tif" else spec.after
    return scene_from_arrays(
        values, pair_grid(spec), bands=spec.bands, acquired=look.acquired, name=name, synthetic=True
    )


@cache
def _make_before() -> Scene:
    return _make_scene("before.tif", _simulate().before)


@cache
def _survey() -> PairModel:
    """Survey the pair without a strip: what is measured on it is the same for all cases."""
    return survey(_make_before(), _make_scene("after.tif", _simulate().after))
