"""Coverage of pixels by shapes."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.sim.shapes import Area, Bar, Ribbon, Shape, View, cover

VIEW = View(rows=60, cols=80, pixel_m=10.0)
FLAT = np.zeros((60, 80), dtype=np.float32)


def covered(shape: Shape, view: View = VIEW, *, blur_m: float = 5.0) -> np.ndarray:
    """Coverage in a whole image."""
    found = cover(shape, view, blur_m=blur_m, rough=FLAT, roughness_m=0.0)
    image = np.zeros((view.rows, view.cols))
    image[found.patch.slices] = found.share
    return image


@pytest.mark.parametrize("azimuth_deg", [0, 17, 45, 90, 133])
@pytest.mark.parametrize("width_m", [8.0, 30.0])
def test_bar_covers_its_own_area(azimuth_deg: float, width_m: float) -> None:
    """Coverage adds up to length times width, in any direction, also for bars narrower than a pixel."""
    step = np.array([np.sin(np.radians(azimuth_deg)), np.cos(np.radians(azimuth_deg))]) * 150
    middle = np.array([403.0, 296.0])
    bar = Bar(tuple(middle - step), tuple(middle + step), width_m)
    assert covered(bar).sum() * 100 == pytest.approx(300 * width_m, rel=0.01)


def test_polygon_covers_its_own_area() -> None:
    """Coverage adds up to the area of a polygon that is not convex."""
    corners = ((200.0, 200.0), (500.0, 210.0), (480.0, 450.0), (350.0, 300.0), (230.0, 440.0))
    east, north = np.array(corners).T
    area = abs(np.sum(east * np.roll(north, -1) - north * np.roll(east, -1))) / 2
    assert covered(Area(corners)).sum() * 100 == pytest.approx(area, rel=0.01)


def test_straight_ribbon_is_a_bar_away_from_its_ends() -> None:
    """A ribbon through the scene covers what a bar covers, however many points it has."""
    points = tuple((float(east), 100.0 + 0.4 * float(east)) for east in range(-300, 1200, 50))
    bar = Bar(points[0], points[-1], 14.0)
    np.testing.assert_allclose(covered(Ribbon(points, 14.0)), covered(bar), atol=1e-3)


def test_view_shows_the_ground_where_its_shift_puts_it() -> None:
    """A view that lies 20 m east and 10 m north shows everything two columns right and one row up."""
    bar = Bar((300.0, 200.0), (420.0, 380.0), 20.0)
    moved = covered(bar, View(60, 80, 10.0, shift_east_m=20.0, shift_north_m=10.0))
    np.testing.assert_allclose(moved[:-1, 2:], covered(bar)[1:, :-2], atol=1e-5)


def test_shape_outside_covers_nothing() -> None:
    """A shape beyond the scene leaves it bare."""
    assert covered(Bar((5000.0, 5000.0), (5500.0, 5000.0), 20.0)).sum() == 0
