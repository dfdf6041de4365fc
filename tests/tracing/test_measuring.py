"""What is known already: whether a line lies on a strip that was found."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from colibri_geo.core.frames import Line
from colibri_geo.core.shape import Segment
from colibri_geo.tracing.measuring import Known
from tests.tracing.segments import make_segment


def draw_segment(rng: np.random.Generator) -> Segment:
    """A segment anywhere in a square of 600 pixels, up to 300 long."""
    line = Line(*rng.uniform(-300, 300, 2), float(rng.uniform(0, 180)))
    return dataclasses.replace(
        make_segment(), line=line, half_length_px=float(rng.uniform(5, 150)), width_px=float(rng.uniform(1, 8))
    )


def lies_on(segment: Segment, line: Line) -> bool:
    """The same said plainly: the middle lies on the footprint and its margins, and the turn is small."""
    away = np.array([line.row - segment.line.row, line.col - segment.line.col])
    along, across = abs(away @ segment.line.along), abs(away @ segment.line.across)
    turn = abs((line.angle_deg - segment.line.angle_deg + 90) % 180 - 90)
    return bool(turn <= 20 and along <= segment.half_length_px + 5 and across <= segment.width_px / 2 + 3)


def test_known_ground_is_that_of_the_footprints(rng: np.random.Generator) -> None:
    """However many strips are known, a line is held if it lies on one of them and runs the same way, else not."""
    segments = [draw_segment(rng) for _ in range(60)]
    known = Known(segments)
    lines = [Line(*rng.uniform(-500, 500, 2), float(rng.uniform(0, 180))) for _ in range(3000)]
    lines += [one.line.moved(station=rng.uniform(-160, 160), offset=rng.uniform(-9, 9), turn_deg=0) for one in segments]
    held = [known.holds(line) for line in lines]
    assert held == [any(lies_on(segment, line) for segment in segments) for line in lines]
    assert 50 < sum(held) < len(held) - 50


def test_added_strips_are_known_as_those_given(rng: np.random.Generator) -> None:
    """Strips given at first and strips added later are the same; where none is known nothing is held."""
    segments = [draw_segment(rng) for _ in range(5)]
    known = Known(segments[:2])
    assert [known.holds(one.line) for one in segments[:2]] == [True, True]
    for segment in segments[2:]:
        known.add(segment)
        assert known.holds(segment.line)
    assert not Known().holds(segments[0].line)


@pytest.mark.parametrize("turn_deg", [0.0, 180.0, -180.0])
def test_a_line_has_no_sense(turn_deg: float) -> None:
    """A line that runs the other way is the same line."""
    segment = dataclasses.replace(make_segment(), half_length_px=30.0, width_px=2.0)
    turned = dataclasses.replace(segment.line, angle_deg=segment.line.angle_deg + turn_deg)
    assert Known([segment]).holds(turned)
    assert not Known([segment]).holds(dataclasses.replace(turned, angle_deg=turned.angle_deg + 21))
