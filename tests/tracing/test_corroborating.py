"""Radar corroborates: a strip that grew darker than its flanks gets decibels, and nothing else changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from geopandas.testing import assert_geodataframe_equal
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely.geometry import LineString

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    BandMismatch,
    ColibriError,
    DateOrder,
    NoOverlap,
    QuantityMismatch,
    SameScene,
)
from colibri_geo.pairs import survey
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Block, Scene, Source
from colibri_geo.tracing.corroborating import corroborate
from tests.support.example_run import example_strips

LEFT, TOP, SIDE_M = 244_000.0, 134_000.0, 2000
CRS = "EPSG:32618"
MIDDLE = (LEFT + SIDE_M / 2, TOP - SIDE_M / 2)
FOREST_DB, BARE_DB = -13.0, -18.0
BEFORE, AFTER = datetime(2025, 1, 5, 10, 20, tzinfo=UTC), datetime(2025, 3, 18, 10, 20, tzinfo=UTC)

Array = np.ndarray[Any, Any]


def make_grid(pixel_m: float = 10.0) -> GeoBox:
    """A square of 2 km in UTM."""
    side = round(SIDE_M / pixel_m)
    return GeoBox((side, side), Affine(pixel_m, 0, LEFT, 0, -pixel_m, TOP), CRS)


def make_degree_grid() -> GeoBox:
    """The same ground and more in pixels of 1e-4 degrees."""
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(*MIDDLE)
    return GeoBox((300, 300), Affine(1e-4, 0, lon - 0.015, 0, -1e-4, lat + 0.015), "EPSG:4326")


def make_zone_grid() -> GeoBox:
    """The same ground and more in the neighbouring UTM zone."""
    east, north = Transformer.from_crs(CRS, "EPSG:32617", always_xy=True).transform(*MIDDLE)
    return GeoBox((300, 300), Affine(10, 0, east - 1500, 0, -10, north + 1500), "EPSG:32617")


def make_strips(axes: Sequence[LineString], *, width_m: float = 40.0) -> gpd.GeoDataFrame:
    """Strips with what corroboration reads; two columns more, to see that they stay."""
    index = pd.Index([f"S{number:03d}" for number in range(1, len(axes) + 1)], name="strip_id")
    return gpd.GeoDataFrame(
        {"verdict": "new", "probability": 0.5, "width_m": width_m, "sar_darkening": np.nan},
        geometry=list(axes),
        crs=CRS,
        index=index,
    )


def make_axis(azimuth_deg: float = 0.0, *, length_m: float = 1000.0, east_m: float = 0.0) -> LineString:
    """An axis through the middle of the ground, or east of it."""
    angle = np.radians(azimuth_deg)
    half = length_m / 2 * np.array([np.sin(angle), np.cos(angle)])
    middle = np.array([MIDDLE[0] + east_m, MIDDLE[1]])
    return LineString([middle - half, middle + half])


def paint(grid: GeoBox, axis: LineString | None, *, width_m: float = 40.0) -> Array:
    """Decibels of forest, with bare ground along an axis."""
    rows, cols = (int(side) for side in grid.shape)
    col, row = np.meshgrid(np.arange(cols) + 0.5, np.arange(rows) + 0.5)
    a = grid.affine
    to_metres = Transformer.from_crs(str(grid.crs), CRS, always_xy=True)
    east, north = to_metres.transform(a.c + a.a * col, a.f + a.e * row)
    if axis is None:
        return np.full(east.shape, FOREST_DB)
    (east1, north1), (east2, north2) = axis.coords
    along = np.array([east2 - east1, north2 - north1]) / axis.length
    station = (east - east1) * along[0] + (north - north1) * along[1]
    offset = (east - east1) * along[1] - (north - north1) * along[0]
    bare = (station >= 0) & (station <= axis.length) & (np.abs(offset) <= width_m / 2)
    return np.where(bare, BARE_DB, FOREST_DB)


def make_look(
    decibels: Array, acquired: datetime, *, grid: GeoBox | None = None, bands: Sequence[str] = ("vh",)
) -> Scene:
    """A radar scene in memory; the same decibels in all bands where one array is given."""
    stack = decibels if decibels.ndim == 3 else np.stack([decibels] * len(bands))
    return scene_from_arrays(
        stack.astype(np.float32),
        grid or make_grid(),
        bands=bands,
        acquired=acquired,
        quantity="gamma0_db",
        name=f"{acquired:%Y%m%d}",
    )


def measure(
    before: Array, after: Array, *axes: LineString, grid: GeoBox | None = None, width_m: float = 40.0
) -> list[float]:
    """Darkening of strips between two arrays of decibels."""
    looks = make_look(before, BEFORE, grid=grid), make_look(after, AFTER, grid=grid)
    found = corroborate(make_strips(axes, width_m=width_m), *looks)
    return [float(value) for value in found["sar_darkening"]]


def test_planted_strip_is_darker_by_what_was_planted() -> None:
    """On pixels that lie wholly in the strip or beside it the decibels are those between forest and bare ground."""
    axis = make_axis()
    forest, cleared = paint(make_grid(), None), paint(make_grid(), axis)
    assert measure(forest, cleared, axis) == [pytest.approx(FOREST_DB - BARE_DB, abs=1e-4)]
    assert measure(cleared, forest, axis) == [pytest.approx(BARE_DB - FOREST_DB, abs=1e-4)]


def test_what_changed_all_around_is_no_darkening(rng: np.random.Generator) -> None:
    """A change of gain leaves 0 on any ground, and so does an old strip."""
    ground = paint(make_grid(), make_axis()) + rng.normal(0, 1, make_grid().shape)
    assert measure(ground, ground - 2.5, make_axis(), make_axis(50)) == pytest.approx([0, 0], abs=1e-4)


def test_power_is_averaged_and_not_decibels() -> None:
    """Pixels of 0.5 and 1.5 of the power around have its mean, so nothing is darker, whatever their decibels."""
    axis, even = make_axis(), paint(make_grid(), None)
    chequered = np.indices(even.shape).sum(axis=0) % 2 == 0
    within = paint(make_grid(), axis) == BARE_DB
    uneven = even + within * 10 * np.log10(np.where(chequered, 0.5, 1.5))
    assert measure(even, uneven, axis) == [pytest.approx(0, abs=0.01)]


@pytest.mark.parametrize("azimuth_deg", [0, 27, 90, 145])
@pytest.mark.parametrize("place", [make_grid, make_degree_grid, make_zone_grid])
def test_any_azimuth_on_any_grid_survives_speckle(
    azimuth_deg: float, place: Callable[[], GeoBox], rng: np.random.Generator
) -> None:
    """A strip of 40 m is found darker within 1.5 dB of the truth under four looks, whatever the grid of the radar."""
    axis, grid = make_axis(azimuth_deg), place()
    before, after = (paint(grid, found) + 10 * np.log10(rng.gamma(4, 1 / 4, grid.shape)) for found in (None, axis))
    assert measure(before, after, axis, grid=grid) == [pytest.approx(5, abs=1.5)]


def test_untouched_ground_under_speckle_is_near_nothing(rng: np.random.Generator) -> None:
    """Places without a strip scatter around 0 by less than half a decibel."""
    before, after = (FOREST_DB + 10 * np.log10(rng.gamma(4, 1 / 4, make_grid().shape)) for _ in range(2))
    values = measure(before, after, *(make_axis(azimuth) for azimuth in range(0, 180, 12)))
    assert np.std(values) < 0.5
    assert abs(np.mean(values)) < 0.3


def test_both_dates_may_lie_on_grids_of_their_own() -> None:
    """The earlier image in degrees and the later in metres make a pair."""
    axis = make_axis(60)
    looks = (
        make_look(paint(make_degree_grid(), None), BEFORE, grid=make_degree_grid()),
        make_look(paint(make_grid(), axis), AFTER),
    )
    found = corroborate(make_strips([axis]), *looks)["sar_darkening"]
    assert found.iloc[0] == pytest.approx(4.2, abs=0.8)


def test_narrow_strip_is_read_by_one_pixel() -> None:
    """A strip narrower than a pixel is read from a pixel's width, and its flanks from as far away as that asks for."""
    axis = LineString([(LEFT + 1012.5, TOP - 500), (LEFT + 1012.5, TOP - 1500)])
    grid = make_grid(25)
    after = paint(grid, axis, width_m=25)
    assert measure(paint(grid, None), after, axis, grid=grid, width_m=8.0) == [pytest.approx(5, abs=1e-4)]


def test_vh_is_preferred_and_vv_serves() -> None:
    """With both bands on both dates VH counts; where one date has VV alone, VV counts."""
    axis, forest, cleared = make_axis(), paint(make_grid(), None), paint(make_grid(), make_axis())
    both = ("vv", "vh")
    before = make_look(forest, BEFORE, bands=both)
    after = make_look(np.stack([forest, cleared]), AFTER, bands=both)
    strips = make_strips([axis])
    assert corroborate(strips, before, after)["sar_darkening"].iloc[0] == pytest.approx(5, abs=1e-4)
    alone = make_look(forest, AFTER, bands=("vv",))
    assert corroborate(strips, before, alone)["sar_darkening"].iloc[0] == pytest.approx(0, abs=1e-4)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("place", ["axis", "left", "right"])
def test_what_was_not_measured_on_one_date_is_missing(which: int, place: str) -> None:
    """A strip whose axis or one flank lacks more than half on either date has no value; with less it keeps it."""
    axis = make_axis()
    looks = [paint(make_grid(), None), paint(make_grid(), axis)]
    cols = {"axis": slice(98, 102), "left": slice(80, 92), "right": slice(108, 120)}[place]
    for rows, missing in ((slice(50, 95), False), (slice(50, 110), True)):
        holed = [look.copy() for look in looks]
        holed[which][rows, cols] = np.nan
        value = measure(*holed, axis)[0]
        assert np.isnan(value) == missing
        assert missing or value == pytest.approx(5, abs=1e-4)


def test_strip_beyond_the_radar_is_missing() -> None:
    """A strip outside of the images, or half outside, has no value; one beside it keeps its own."""
    axes = [make_axis(east_m=9000), make_axis(90, east_m=1050), make_axis()]
    values = measure(paint(make_grid(), None), paint(make_grid(), make_axis()), *axes)
    assert np.isnan(values).tolist() == [True, True, False]


def test_nothing_else_changes() -> None:
    """Rows, order, verdicts and probabilities stay; the table given stays as it was; no rows make no rows."""
    strips = make_strips([make_axis(), make_axis(30)])
    original = strips.copy()
    looks = make_look(paint(make_grid(), None), BEFORE), make_look(paint(make_grid(), make_axis()), AFTER)
    found = corroborate(strips, *looks)
    assert_geodataframe_equal(strips, original)
    assert_geodataframe_equal(found.drop(columns="sar_darkening"), original.drop(columns="sar_darkening"))
    empty = corroborate(example_strips().iloc[:0], *looks)
    assert empty.empty
    assert empty["sar_darkening"].dtype == np.float64


@dataclasses.dataclass
class CountingSource:
    """Counts the pixels that are read."""

    source: Source
    pixels: int = 0

    def read(self, window: Window, positions: Sequence[int]) -> Block:
        """Read and count."""
        self.pixels += window.rows * window.cols * len(positions)
        return self.source.read(window, positions)


def test_only_the_ground_around_strips_is_read() -> None:
    """Of a large image no more is read than the strip and its flanks span."""
    look = make_look(paint(make_grid(), None), BEFORE)
    source = CountingSource(look.source)
    before = dataclasses.replace(look, source=source)
    corroborate(make_strips([make_axis(length_m=400)]), before, make_look(paint(make_grid(), make_axis()), AFTER))
    assert 0 < source.pixels <= 44 * 44


def test_what_is_no_pair_of_radar_images_is_refused() -> None:
    """Optical images, one image twice, swapped dates, different polarisations and distant places are refused."""
    forest, strips = paint(make_grid(), None), make_strips([make_axis()])
    before, after = make_look(forest, BEFORE), make_look(forest - 1, AFTER)
    distant = GeoBox((200, 200), Affine(10, 0, LEFT + 50_000, 0, -10, TOP), CRS)
    cases: list[tuple[Scene, Scene, type[ColibriError], str]] = [
        (dataclasses.replace(before, quantity="surface reflectance"), after, QuantityMismatch, "surface reflectance"),
        (before, before, SameScene, "same bytes"),
        (after, before, DateOrder, "older image first"),
        (before, make_look(forest - 1, BEFORE), DateOrder, "same acquisition time"),
        (before, make_look(forest, AFTER, bands=("vv",)), BandMismatch, "VH or VV in both"),
        (before, make_look(forest, AFTER, grid=distant), NoOverlap, "share no ground"),
    ]
    for first, second, error, message in cases:
        with pytest.raises(error, match=message) as raised:
            corroborate(strips, first, second)
        assert "\n" not in str(raised.value)


def test_radar_alone_is_no_pair_to_search() -> None:
    """Two radar images as the pair itself are refused, and the message says where they belong."""
    forest = paint(make_grid(), None)
    with pytest.raises(
        BandMismatch, match="radar corroborates strips found in optical images; give it as --before-radar"
    ):
        survey(make_look(forest, BEFORE), make_look(forest - 1, AFTER))
