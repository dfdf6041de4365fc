"""The search of a cell: where a strip passes, and nothing where nothing does."""

from __future__ import annotations

import dataclasses
import re
import tracemalloc
from datetime import timedelta

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.lines import Peaks
from colibri_geo.errors import TooCoarse
from colibri_geo.pairs import ChangeMap, align, change, survey
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import TraceSettings
from colibri_geo.tracing.search import check_detail, list_cells, plan_search, search_cell
from tests.support.small_pair import STRIP, Scenes, make_scenes, pair_grid, small_spec

SMALL_CELL_PX = 48


def mapped(scenes: Scenes) -> ChangeMap:
    """Walk the road to the change map."""
    return change(align(scenes.before, scenes.after, survey(scenes.before, scenes.after)))


@pytest.fixture(scope="module")
def planted() -> ChangeMap:
    """The small pair with its new strip."""
    return mapped(make_scenes(small_spec()))


def away_px(peaks: Peaks) -> np.ndarray:
    """Distances of peaks from the axis of the strip, in pixels of 10 m."""
    (x1, y1), (x2, y2) = STRIP.end1, STRIP.end2
    across = np.array([x2 - x1, y2 - y1]) / np.hypot(x2 - x1, y2 - y1)
    east, north = 10 * (peaks.col + 0.5) - x1, 1800 - 10 * (peaks.row + 0.5) - y1
    return np.abs(across[0] * north - across[1] * east) / 10


@pytest.mark.parametrize("min_length_m", [350.0, 500.0])
def test_strip_is_where_the_strongest_peak_is(planted: ChangeMap, min_length_m: float) -> None:
    """The strongest peak of the change lies within a pixel of the search of the axis, and points along it."""
    plan = plan_search(10.0, TraceSettings(min_length_m=min_length_m))
    (cell,) = list_cells(planted.whole, plan)
    found = search_cell(planted, cell, plan).change
    best = int(found.strength.argmax())
    assert away_px(found)[best] <= 2
    azimuth_deg = np.degrees(np.arctan2(STRIP.end2[0] - STRIP.end1[0], STRIP.end2[1] - STRIP.end1[1]))
    assert abs((found.angle_deg[best] - azimuth_deg + 90) % 180 - 90) <= 8


def test_same_image_twice_has_no_line_in_its_change() -> None:
    """Where nothing changed nothing is found in the change; what both dates show may well be a line."""
    spec = small_spec()
    values = make_scenes(spec).simulated.after
    earlier, later = (
        scene_from_arrays(
            values, pair_grid(spec), bands=spec.bands, acquired=look.acquired, name=f"{look.acquired:%j}.tif"
        )
        for look in (spec.before, spec.after)
    )
    twice = change(align(earlier, later, survey(earlier, later)))
    plan = plan_search(10.0, TraceSettings())
    (cell,) = list_cells(twice.whole, plan)
    found = search_cell(twice, cell, plan)
    assert len(found.change.row) == 0
    assert away_px(found.lasting).min() <= 2


def test_cells_share_the_peaks_out(planted: ChangeMap, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peaks of a cell lie in it, counted from the first pixel of the whole pair."""
    monkeypatch.setattr("colibri_geo.tracing.search._CELL_PX", SMALL_CELL_PX)
    plan = plan_search(10.0, TraceSettings())
    cells = list_cells(planted.whole, plan)
    assert len(cells) == 4
    peaks = 0
    for cell in cells:
        found = search_cell(planted, cell, plan)
        for some in (found.change, found.lasting):
            assert ((some.row >= cell.row) & (some.row < cell.row + cell.rows)).all()
            assert ((some.col >= cell.col) & (some.col < cell.col + cell.cols)).all()
            peaks += len(some.row)
        assert found.unseen.shape == (cell.rows, cell.cols)
    assert peaks > 2


def test_search_holds_few_images(rng: np.random.Generator) -> None:
    """While a cell is searched no more is held than it is read with: both dates, moved and whitened, of all bands."""
    spec = dataclasses.replace(small_spec(shift_east_px=0.4), rows=800, cols=800)
    grid = pair_grid(spec)
    ground = rng.uniform(0.05, 0.3, (4, 800, 800)).astype(np.float32)
    scenes = [
        scene_from_arrays(
            ground + rng.normal(0, 0.01, ground.shape).astype(np.float32),
            grid,
            bands=("blue", "green", "red", "nir"),
            acquired=look.acquired,
            name=f"{look.acquired:%j}.tif",
        )
        for look in (spec.before, spec.after)
    ]
    searched = change(align(*scenes, survey(*scenes)))
    plan = plan_search(10.0, TraceSettings())
    (cell,) = list_cells(searched.whole, plan)
    around = cell.padded(plan.margin_px)
    bands = 4 * 4 * around.rows * around.cols / plan.factor**2
    tracemalloc.start()
    try:
        search_cell(searched, cell, plan)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 6 * bands


def scene_of(pixel: float, crs: str, *, days: int = 0) -> Scene:
    """A scene of dark ground near the equator, with pixels of a size in units of the map."""
    spec = small_spec()
    left, top = (spec.left_m, 1e6) if pixel > 1 else (-75.0, 0.5)
    grid = GeoBox((20, 20), Affine(pixel, 0, left, 0, -pixel, top), crs)
    values = np.full((len(spec.bands), 20, 20), 0.1, dtype=np.float32)
    when = spec.before.acquired + timedelta(days=days)
    return scene_from_arrays(values, grid, bands=spec.bands, acquired=when, name=f"date{days}.tif")


@pytest.mark.parametrize(("pixel", "crs"), [(60.0, "EPSG:32618"), (60.0, "EPSG:3857"), (60 / 111_000, "EPSG:4326")])
def test_pixels_as_wide_as_the_widest_strip_serve(pixel: float, crs: str) -> None:
    """Pixels of 60 m are compared, though one of them may be a little longer on the ground than on the map."""
    check_detail(scene_of(pixel, crs), scene_of(10.0, "EPSG:32618", days=30), TraceSettings())


@pytest.mark.parametrize(("pixel", "crs"), [(100.0, "EPSG:32618"), (100 / 111_000, "EPSG:4326")])
def test_pixels_wider_than_any_strip_are_refused(pixel: float, crs: str) -> None:
    """Either image may be the coarse one; what is refused follows the setting."""
    coarse, fine = scene_of(pixel, crs, days=30), scene_of(10.0, "EPSG:32618")
    line = (
        "date30.tif: pixels of 100 m, expected 60 m or less: no strip that is looked for could be seen "
        "(trace.max_width_m); give a finer image"
    )
    for pair in ((fine, coarse), (coarse, fine)):
        with pytest.raises(TooCoarse, match=re.escape(line)):
            check_detail(*pair, TraceSettings())
    with pytest.raises(TooCoarse, match="pixels of 55 m, expected 20 m or less"):
        check_detail(fine, scene_of(55.0, "EPSG:32618", days=30), TraceSettings(max_width_m=20.0))
