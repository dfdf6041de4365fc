"""Where the number of each strip stands on a map, and the leader that tells which strip it belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, Point, box
from shapely.geometry.base import BaseGeometry

from colibri_geo.reporting.canvas import FOOT, Canvas

Floats = np.ndarray[Any, np.dtype[np.float64]]

_DIGIT_HEIGHT, _DIGIT_WIDTH = 32.0, 26.0
"""Room that a number takes, and a digit of it, on paper and on a phone, where they are largest."""
_LABEL_GAP = 6.0
"""Between a number and its axis."""
_NUMBER_GAP = np.array([6.0, 0.0])
"""Between a number and the next on its line, so that they are not read as one."""
_SQUARE_ROOM = 40.0
"""Least height of a square that holds its numbers."""
_RINGS = (0.5, 1.5, 2.5)
"""How far from its axis a number may stand, in rooms of a number."""
_CLEARLY = 1.25
"""A number is seen to belong to its axis where every other axis is farther by this factor."""
_MOST_APART = 3000
"""Numbers that make room for each other; of more, the later ones in the ranking stand where they would alone."""
_LED_TO = np.linspace(0.0, 1.0, 9)
"""Parts of an axis that a leader may end on."""


@dataclass(frozen=True)
class PlacedNumber:
    """Where a number stands.

    Attributes
    ----------
    across, down : float
        Its middle, in units of the drawing.
    leader : LineString or None
        From the number to its axis, where it does not stand clearly nearest to that.
    """

    across: float
    down: float
    leader: LineString | None

    @property
    def baseline(self) -> float:
        """How far down its letters stand."""
        return self.down + _DIGIT_HEIGHT / 3


def place_numbers(canvas: Canvas, axes: Sequence[BaseGeometry], numbers: Sequence[str]) -> list[PlacedNumber]:
    """Put each number beside its axis, in the order given: off other numbers, nearest to its own axis, off all axes.

    Parameters
    ----------
    canvas : Canvas
    axes : sequence of LineString or Polygon
        On the drawing.
    numbers : sequence of str

    Returns
    -------
    list of PlacedNumber
        One a number. Whichever cannot be nearest to its own axis has a leader to it.
    """
    tree, taken, placed = shapely.STRtree(axes), np.empty((len(axes), 4)), []
    for count, (axis, number) in enumerate(zip(axes, numbers, strict=True)):
        room = np.array([len(number) * _DIGIT_WIDTH, _DIGIT_HEIGHT])
        middles = _list_places(canvas, axis, room)[: None if count < _MOST_APART else 1]
        bounds = np.hstack([middles - room / 2, middles + room / 2])
        overlapping = (bounds[:, None, :2] < taken[:count, 2:] + _NUMBER_GAP) & (
            taken[:count, :2] - _NUMBER_GAP < bounds[:, None, 2:]
        )
        covered = overlapping.all(axis=2).sum(axis=1)
        crossed = np.bincount(tree.query(shapely.box(*bounds.T), "intersects")[0], minlength=len(bounds))
        far = np.arange(len(bounds)) * len(_RINGS) // len(middles)
        astray = _rival(tree, count, axis, middles)
        best = np.lexsort((crossed, far, astray, covered))[0]
        taken[count] = bounds[best]
        across, down = middles[best]
        leader = _lead(tree, count, Point(across, down), room) if astray[best] else None
        placed.append(PlacedNumber(float(across), float(down), leader))
    return placed


def _rival(tree: shapely.STRtree, own: int, axis: BaseGeometry, middles: Floats) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Say of which places another axis is about as near as the own one, or nearer."""
    places = shapely.points(middles)
    reach = _CLEARLY * shapely.distance(places, axis)
    near, which = tree.query(places, "dwithin", distance=reach)
    rivals = np.zeros(len(middles), dtype=bool)
    rivals[near[which != own]] = True
    return rivals


def _lead(tree: shapely.STRtree, own: int, middle: Point, room: Floats) -> LineString:
    """Draw the shortest line from a number to its axis that crosses the fewest others."""
    axis = tree.geometries[own]
    edge = axis.exterior if axis.geom_type == "Polygon" else axis
    ends = [edge.interpolate(edge.project(middle)), *edge.interpolate(_LED_TO, normalized=True)]
    lines = shapely.linestrings([[(middle.x, middle.y), (end.x, end.y)] for end in ends])
    crossed = np.bincount(tree.query(lines, "intersects")[0], minlength=len(lines))
    letters = box(*np.array([middle.x, middle.y] * 2) + np.concatenate([-room, room]) * 0.4)
    outside = shapely.difference(lines, letters)
    hidden = shapely.is_empty(outside)
    best = np.lexsort((shapely.length(lines), crossed, hidden))[0]
    leader: LineString = lines[best] if hidden[best] else outside[best]
    return leader


def _list_places(canvas: Canvas, axis: BaseGeometry, room: Floats) -> Floats:
    """List where the middle of a number may stand, the usual place first: beside the middle of the axis, above it.

    Then below it, and beside other parts of the axis; the second and third part of the list are the same farther
    away. A square, which has no direction, has its number in its middle, or a small one above it.

    Parameters
    ----------
    canvas : Canvas
    axis : LineString or Polygon
        On the drawing.
    room : (2,) ndarray of float
        Width and height of the number.

    Returns
    -------
    (P, 2) ndarray of float
        Across and down.
    """
    west, top, east, bottom = axis.bounds
    size = np.array([east - west, bottom - top])
    middle = np.array([(west + east) / 2, (top + bottom) / 2])
    offsets = _list_offsets(axis, room) if axis.geom_type == "LineString" else _list_square_offsets(size, room)
    inside: Floats = np.clip(middle + offsets, room / 2, np.array([canvas.width, canvas.height - FOOT]) - room / 2)
    return inside


def _list_offsets(axis: BaseGeometry, room: Floats) -> Floats:
    """List the places beside an axis, from its middle; one without length counts as level."""
    start, end = shapely.get_coordinates(axis)[[0, -1]]
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length if length else np.array([1.0, 0.0])
    outward = np.array([-along[1], along[0]]) * (1 if along[0] < 0 else -1)
    step, depth = np.abs(along) @ room, np.abs(outward) @ room
    steps = [number * step for number in (0, -1, 1, -2, 2) if abs(number) * step <= length / 2]
    return np.array(
        [
            shift * along + side * outward * (depth * lines + _LABEL_GAP)
            for lines in _RINGS
            for shift in steps
            for side in (1, -1)
        ]
    )


def _list_square_offsets(size: Floats, room: Floats) -> Floats:
    """List the places of the number of a square, from its middle."""
    if size[1] >= _SQUARE_ROOM:
        return np.zeros((1, 2))
    sides = np.array([[0.0, -1.0], [1.0, -1.0], [-1.0, -1.0]])
    gap = np.array([0.0, _LABEL_GAP])
    return np.vstack([sides * (size * (0, 0.5) + room * (0.5, lines) + gap) for lines in _RINGS])
