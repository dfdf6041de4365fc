"""Images seen along a line."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.frames import ACROSS_STEP_PX, Line, straighten
from tests.core.painting import draw_box

AZIMUTHS = [0.0, 33.0, 90.0, 128.0, 271.0]


def stack_of(before: np.ndarray, after: np.ndarray, seen_before: np.ndarray, seen_after: np.ndarray) -> np.ndarray:
    """Put single-band images and what was observed together as `straighten` takes them."""
    planes = [before * seen_before, after * seen_after, seen_before, seen_after]
    return np.stack(planes, axis=-1).astype(np.float32)


def test_line_is_measured_clockwise_from_up() -> None:
    """At 0 degrees stations count up the image, at 90 to the right; offsets lie to the right of that."""
    up, right = Line(50, 50, 0), Line(50, 50, 90)
    np.testing.assert_allclose(up.locate(10, 3), [40, 53], atol=1e-12)
    np.testing.assert_allclose(right.locate(10, 3), [53, 60], atol=1e-12)


@pytest.mark.parametrize("angle_deg", AZIMUTHS)
def test_moved_line_goes_through_the_point(angle_deg: float) -> None:
    """A line moved to a station and an offset begins there, turned clockwise."""
    line = Line(12.3, 45.6, angle_deg)
    moved = line.moved(station=7.0, offset=-2.0, turn_deg=4.0)
    np.testing.assert_allclose([moved.row, moved.col], line.locate(7.0, -2.0))
    assert moved.angle_deg == angle_deg + 4


@pytest.mark.parametrize("angle_deg", AZIMUTHS)
def test_line_becomes_a_row(angle_deg: float) -> None:
    """A line drawn on the image lies along the middle row of the frame, between its ends."""
    line = Line(60.2, 59.7, angle_deg)
    box, seen = draw_box((120, 120), line, length_px=60, width_px=3), np.ones((120, 120))
    stack = stack_of(np.zeros_like(box), box, seen, seen)
    frame = straighten(stack, line, first_station=-45, last_station=45, half_width_px=10)
    assert frame.after.shape == (1, 41, 91)
    middle = frame.after[0, 20]
    assert (middle[np.abs(frame.stations) <= 27] > 0.85).all()
    assert (middle[np.abs(frame.stations) >= 33] < 0.05).all()
    assert (frame.after[0, np.abs(frame.offsets) >= 4] < 0.05).all()
    np.testing.assert_allclose(np.diff(frame.offsets), ACROSS_STEP_PX)
    np.testing.assert_allclose(frame.before, 0)


def test_plane_is_sampled_exactly() -> None:
    """Bilinear samples of a plane are the plane."""
    rows, cols = np.mgrid[:80, :80].astype(np.float64)
    plane, seen = 2 * rows - 3 * cols, np.ones((80, 80))
    line = Line(40.3, 38.8, 62.0)
    frame = straighten(stack_of(plane, plane, seen, seen), line, first_station=-20, last_station=20, half_width_px=8)
    places = np.array([[line.locate(s, t) for s in frame.stations] for t in frame.offsets])
    np.testing.assert_allclose(frame.before[0], 2 * places[..., 0] - 3 * places[..., 1], atol=2e-3)


def test_what_was_not_observed_has_no_weight() -> None:
    """Holes and what lies beyond the image weigh nothing, and do not darken what lies beside them."""
    seen, holed = np.ones((60, 60)), np.ones((60, 60))
    holed[25:35, 28:32] = 0
    stack = stack_of(np.full((60, 60), 5.0), np.full((60, 60), 7.0), seen, holed)
    frame = straighten(stack, Line(30, 30, 90.0), first_station=-40, last_station=40, half_width_px=5)
    outside = np.abs(frame.stations) > 31
    assert (frame.weight_before[:, outside] == 0).all()
    assert (frame.weight_after[np.abs(frame.offsets) <= 3][:, np.abs(frame.stations) <= 0.5] == 0).all()
    np.testing.assert_allclose(frame.before[0][frame.weight_before > 0], 5, rtol=1e-5)
    np.testing.assert_allclose(frame.after[0][frame.weight_after > 0], 7, rtol=1e-5)
    assert (frame.after[0][frame.weight_after == 0] == 0).all()
    assert (frame.weight_after <= 1).all()


@pytest.mark.parametrize("angle_deg", AZIMUTHS)
def test_samples_are_means_of_four_pixels(rng: np.random.Generator, angle_deg: float) -> None:
    """A sample is the mean of the four pixels around it, the nearer the more, whether or not others lie outside."""
    image, line = rng.standard_normal((70, 60)), Line(30.7, 33.1, angle_deg)
    stack = stack_of(image, image, np.ones_like(image), np.ones_like(image))
    inside = straighten(stack, line, first_station=-12, last_station=15, half_width_px=6)
    wider = straighten(stack, line, first_station=-80, last_station=80, half_width_px=6)
    for number, offset in enumerate(inside.offsets):
        row, col = line.locate(inside.stations[4], offset)
        (i, j), (down, right) = (int(row), int(col)), (row % 1, col % 1)
        four = image[i : i + 2, j : j + 2] * np.outer([1 - down, down], [1 - right, right])
        assert inside.before[0, number, 4] == pytest.approx(four.sum(), abs=1e-5)
    same = (wider.stations >= -12) & (wider.stations <= 15)
    np.testing.assert_allclose(wider.after[..., same], inside.after, atol=1e-5)
