"""The grid of a pair: planned from the places of two scenes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.errors import NoOverlap
from colibri_geo.pairs import find_metre_crs, measure_pixel
from colibri_geo.pairs.grid import measure_overlap_share, plan_grid
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene

UTM = "EPSG:32618"
LEFT, TOP = 500_000.0, 200_000.0


def scene(transform: Affine, *, rows: int = 60, cols: int = 80, crs: str = UTM, name: str = "scene.tif") -> Scene:
    """An empty scene at a place."""
    grid = GeoBox((rows, cols), transform, crs)
    values = np.full((1, rows, cols), 0.1, dtype=np.float32)
    return scene_from_arrays(values, grid, bands=["red"], acquired=datetime(2024, 1, 1, tzinfo=UTC), name=name)


def utm(*, left: float = LEFT, top: float = TOP, size: float = 10.0, **options: Any) -> Scene:  # noqa: ANN401 - of `scene`
    """An empty scene in UTM zone 18 north."""
    return scene(Affine(size, 0, left, 0, -size, top), **options)


def test_same_grid_is_kept_exactly() -> None:
    """Two scenes on one grid have that grid, to the last digit."""
    before, after = utm(left=LEFT + 3.7), utm(left=LEFT + 3.7)
    grid = plan_grid(before, after)
    assert (grid.shape, grid.affine, grid.crs) == (before.grid.shape, before.grid.affine, before.grid.crs)


def test_partial_overlap_has_the_ground_of_both_in_whole_pixels() -> None:
    """The grid covers both scenes, and the pixels of the before scene stay where they are."""
    before, after = utm(), utm(left=LEFT + 204, top=TOP + 96)
    grid = plan_grid(before, after)
    assert (grid.affine.a, grid.affine.e) == (10, -10)
    assert ((grid.affine.c - LEFT) / 10) % 1 == 0
    assert ((grid.affine.f - TOP) / 10) % 1 == 0
    box = grid.boundingbox
    assert (box.left, box.bottom) == (LEFT, TOP - 600)
    assert LEFT + 204 + 800 <= box.right < LEFT + 204 + 810
    assert TOP + 96 <= box.top < TOP + 106


def test_finer_scene_gives_the_pixels() -> None:
    """Of two resolutions in one CRS the finer grid is kept, whichever date it is."""
    coarse, fine = utm(size=20, rows=30, cols=40), utm(left=LEFT + 5, top=TOP - 5, rows=58, cols=78)
    for before, after in ((coarse, fine), (fine, coarse)):
        grid = plan_grid(before, after)
        assert grid.affine.a == 10
        assert ((grid.affine.c - fine.grid.affine.c) / 10) % 1 == 0
        assert grid.boundingbox.left <= LEFT
        assert grid.boundingbox.right >= LEFT + 800


def test_other_crs_is_brought_to_that_of_the_before_scene() -> None:
    """A scene in degrees after one in UTM: the grid is that of the before scene, grown by whole pixels."""
    before = utm()
    lonlat = before.grid.extent.to_crs("EPSG:4326").boundingbox
    step = 10 / 111_320
    transform = Affine(step, 0, lonlat.left, 0, -step, lonlat.top)
    after = scene(transform, rows=60, cols=80, crs="EPSG:4326")
    grid = plan_grid(before, after)
    assert str(grid.crs) == UTM
    assert grid.affine.a == pytest.approx(10, rel=0.01)
    assert -grid.affine.e == pytest.approx(grid.affine.a)


@pytest.mark.parametrize(
    ("crs", "transform"),
    [
        ("EPSG:4326", Affine(9e-5, 0, -75.1, 0, -9e-5, 2.0)),
        ("EPSG:3857", Affine(20, 0, 2_800_000, 0, -20, 8_400_000)),
        ("EPSG:2263", Affine(32.81, 0, 985_000, 0, -32.81, 200_000)),
    ],
    ids=["degrees", "web mercator at 60 N", "feet"],
)
def test_systems_whose_units_are_no_ground_metres_go_to_utm(crs: str, transform: Affine) -> None:
    """A pair in degrees, in stretched metres or in feet gets a UTM grid of the pixel's true size."""
    before, after = scene(transform, crs=crs), scene(transform, crs=crs)
    grid = plan_grid(before, after)
    assert str(grid.crs).startswith("EPSG:326")
    assert find_metre_crs(before.grid).to_epsg() == int(str(grid.crs).split(":")[1])
    true = measure_pixel(before.grid).finer_m
    assert true == pytest.approx(10, rel=0.02)
    assert measure_pixel(grid).finer_m == pytest.approx(true, rel=0.002)
    assert -grid.affine.e == grid.affine.a
    covered = before.grid.extent.to_crs(str(grid.crs), resolution=1000)
    assert (covered - grid.extent).area < 1e-3 * covered.area


def test_pixels_that_are_not_square_become_square() -> None:
    """Pixels of 10 by 20 m become pixels of 10 m."""
    before = scene(Affine(10, 0, LEFT, 0, -20, TOP), rows=30)
    grid = plan_grid(before, before)
    assert grid.affine.a == pytest.approx(10, rel=1e-3)
    assert -grid.affine.e == grid.affine.a
    assert grid.shape[0] in range(60, 63)


def test_overlap_is_shared_ground_over_all_ground() -> None:
    """Half a scene shared is a third of the ground of either."""
    before, after = utm(), utm(left=LEFT + 400)
    assert measure_overlap_share(before, after, plan_grid(before, after)) == pytest.approx(1 / 3)
    assert measure_overlap_share(before, before, plan_grid(before, before)) == 1


@pytest.mark.parametrize("left", [LEFT + 800, LEFT + 20_000])
def test_scenes_that_touch_or_lie_apart_are_refused(left: float) -> None:
    """An edge in common is no ground in common; the message names both and how far apart they lie."""
    before, after = utm(name="one.tif"), utm(left=left, name="two.tif")
    with pytest.raises(NoOverlap, match=r"one\.tif and two\.tif share no ground .* km apart") as raised:
        measure_overlap_share(before, after, plan_grid(before, after))
    assert "\n" not in str(raised.value)
