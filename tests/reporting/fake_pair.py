"""A made-up pair of images: textured ground, and on the after date a bright line for each strip."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage

from colibri_geo.core.windows import Window
from colibri_geo.pairs.model import PairModel
from colibri_geo.scenes.masks import Unseen
from tests.support.example_run import example_record

Floats = np.ndarray[Any, np.dtype[np.float32]]
Codes = np.ndarray[Any, np.dtype[np.uint8]]
Array = TypeVar("Array", bound=np.ndarray[Any, Any])
REFLECTANCES = {"blue": 0.04, "green": 0.07, "red": 0.05, "nir": 0.3}
BARE = {"blue": 0.1, "green": 0.15, "red": 0.22, "nir": 0.28}


@dataclass(frozen=True)
class FakeBlock:
    """Pixels of one window, before and after."""

    before: Floats
    after: Floats
    unseen_before: Codes
    unseen_after: Codes


@dataclass(frozen=True)
class FakeChange:
    """Change of one window: positive where ground became bare."""

    change: Floats


@dataclass(frozen=True)
class FakePair:
    """Reads as an aligned pair does, and remembers which windows were asked for."""

    model: PairModel
    before: Floats
    after: Floats
    unseen_before: Codes
    unseen_after: Codes
    windows: list[Window] = field(default_factory=list)

    @property
    def grid(self) -> GeoBox:
        """The grid of the model."""
        return self.model.grid

    def read(self, window: Window) -> FakeBlock:
        """Cut a window; what lies outside is unseen."""
        self.windows.append(window)
        return FakeBlock(
            _cut(self.before, window, 0),
            _cut(self.after, window, 0),
            _cut(self.unseen_before, window, int(Unseen.OUTSIDE)),
            _cut(self.unseen_after, window, int(Unseen.OUTSIDE)),
        )


@dataclass(frozen=True)
class FakeChangeMap:
    """Measures as a change map does."""

    pair: FakePair

    def measure(self, block: FakeBlock) -> FakeChange:
        """Take the difference in red, in made-up noise."""
        red = self.pair.model.bands.index("red")
        return FakeChange((block.after[red] - block.before[red]) / np.float32(0.02))


def make_pair(strips: gpd.GeoDataFrame, *, bands: tuple[str, ...] = ("blue", "green", "red", "nir")) -> FakePair:
    """Make the pair of the example run, with a cloud on each date and a line of bare ground for each strip."""
    record = example_record().pair
    grid = GeoBox((record.rows, record.cols), Affine(*record.transform), record.crs)
    model = PairModel(
        grid=grid,
        bands=bands,
        quantity=record.quantity,
        shift_east_m=record.shift_east_m,
        shift_north_m=record.shift_north_m,
        shift_spread_m=record.shift_spread_m,
        shift_tiles=record.shift_tiles,
        gain=(1.0,) * len(bands),
        offset=(0.0,) * len(bands),
        residual=(0.01,) * len(bands),
        covariance=tuple(tuple(1e-4 * (row == col) for col in range(len(bands))) for row in range(len(bands))),
        overlap_share=1.0,
        clear_share=0.8,
    )
    rng = np.random.default_rng(7)
    texture = ndimage.gaussian_filter(rng.normal(size=(record.rows, record.cols)), 1.2)
    bare = _bareness(strips, model)
    level = np.array([REFLECTANCES[band] for band in bands], dtype=np.float32)[:, None, None]
    soil = np.array([BARE[band] for band in bands], dtype=np.float32)[:, None, None]
    ground = level * (1 + 0.5 * texture.astype(np.float32))
    unseen_before, unseen_after = np.zeros(texture.shape, np.uint8), np.zeros(texture.shape, np.uint8)
    unseen_before[400:600, :300] = Unseen.CLOUD
    unseen_after[760:800, 30:90] = Unseen.SHADOW
    return FakePair(model, ground, ground * (1 - bare) + soil * bare, unseen_before, unseen_after)


def with_bands(pair: FakePair, bands: tuple[str, ...]) -> FakePair:
    """Give the bands of a pair other names."""
    count = len(bands)
    model = dataclasses.replace(pair.model, bands=bands)
    return dataclasses.replace(pair, model=model, before=pair.before[:count], after=pair.after[:count])


def _bareness(strips: gpd.GeoDataFrame, model: PairModel) -> Floats:
    """(M, N) share of bare ground: 1 on the axis, falling off to 0 within three pixels."""
    rows, cols = (int(side) for side in model.grid.shape)
    bare = np.zeros((rows, cols), dtype=np.float32)
    a, b, c, d, e, f = (~model.grid.affine)[:6]
    lines = strips.geometry.affine_transform([a, b, d, e, c, f])
    for line in lines:
        west, top, east, bottom = (int(side) for side in line.buffer(4).bounds)
        down, across = np.mgrid[max(top, 0) : min(bottom, rows), max(west, 0) : min(east, cols)]
        far = shapely.distance(shapely.points(across + 0.5, down + 0.5), line)
        place = (slice(max(top, 0), min(bottom, rows)), slice(max(west, 0), min(east, cols)))
        bare[place] = np.maximum(bare[place], np.clip(2 - far, 0, 1).astype(np.float32))
    return bare


def _cut(array: Array, window: Window, outside: int) -> Array:
    rows, cols = array.shape[-2:]
    inside = window.clipped(rows, cols)
    cut = np.full((*array.shape[:-2], window.rows, window.cols), outside, dtype=array.dtype)
    if not inside.empty:
        target = inside.relative_to(window).slices
        cut[(..., *target)] = array[(..., *inside.slices)]
    return cut
