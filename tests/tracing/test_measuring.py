"""Which seeds are measured, in which order, and what is known already."""

from __future__ import annotations

import dataclasses
from itertools import product

import numpy as np
import pytest

from colibri_geo.core.frames import Line
from colibri_geo.core.shape import Piece, Segment
from colibri_geo.tracing import measuring
from colibri_geo.tracing.linking import Seed
from colibri_geo.tracing.measuring import ChangeReader, Known, Limits, Shown, measure_seeds
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


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    """A tile is made once while it is kept; a new one takes the place of that which was asked for longest ago."""
    kept: dict[object, np.ndarray] = {}
    made: list[str] = []

    def recall(key: str) -> None:
        def make() -> np.ndarray:
            made.append(key)
            return np.zeros(1, dtype=np.float32)

        measuring._recall(kept, key, make, most=2)

    for key in "abacab":
        recall(key)
    assert made == ["a", "b", "c", "b"]
    assert list(kept) == ["a", "b"]


def test_tiles_are_read_once_from_the_top_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the tiles of a cell, ten wide, looked at block by block with those around, none is read twice."""
    read: list[tuple[int, int]] = []

    def read_dates(_: ChangeReader, row: int, col: int) -> np.ndarray:
        read.append((row, col))
        return np.zeros((1, 1, 4), dtype=np.float32)

    monkeypatch.setattr(ChangeReader, "_read_dates", read_dates)
    reader = ChangeReader(None, None)  # type: ignore[arg-type]
    for row, col in product(range(0, 10, 2), repeat=2):
        for down, right in product(*(range(max(first - 1, 0), min(first + 3, 10)) for first in (row, col))):
            for shown in Shown:
                reader._tile(shown, down, right)
    assert len(read) == len(set(read)) == 100


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, Line]]:
    """Let a fit give the seed's own line: a strip, or a piece where its half is longer than 90; lists the fits."""
    fits: list[tuple[bool, Line]] = []

    def fit(_view: object, line: Line, *, seed_half_px: float, of_change: bool, **_: object) -> Segment | Piece:
        fits.append((of_change, line))
        if seed_half_px > 90:
            return Piece(line, seed_half_px, 2.0)
        return dataclasses.replace(make_segment(), line=line, half_length_px=seed_half_px, width_px=2.0)

    monkeypatch.setattr(measuring, "fit_segment", fit)
    monkeypatch.setattr(ChangeReader, "find_bare_direction", lambda *_: None)
    return fits


READER = ChangeReader(None, None)  # type: ignore[arg-type]
LIMITS = Limits(35.0, 400.0, 6.0)
EAST, WEST = Line(100.0, 520.0, 90.0), Line(100.0, 500.0, 90.0)  # middles on one line, in two blocks


def test_block_by_block_the_change_goes_first(fitted: list[tuple[bool, Line]]) -> None:
    """Seeds are measured block by block, in each those of the change before those that last, the strongest first."""
    lines = [Line(row, col, 90.0) for row, col in ((600.0, 10.0), (10.0, 600.0), (10.0, 10.0), (200.0, 10.0))]
    change = [Seed(line, 40.0, strength) for line, strength in zip(lines, (9.0, 8.0, 6.0, 7.0), strict=True)]
    lasting = [Seed(line.moved(station=0, offset=60, turn_deg=0), 40.0, 99.0) for line in lines]
    measure_seeds(READER, change, lasting, limits=LIMITS)
    north_west = [(True, lines[3]), (True, lines[2]), (False, lasting[2].line), (False, lasting[3].line)]
    rest = [(of_change, seeds[at].line) for at in (1, 0) for of_change, seeds in ((True, change), (False, lasting))]
    assert fitted == north_west + rest


@pytest.mark.usefixtures("fitted")
@pytest.mark.parametrize("half_px", [60.0, 95.0])
@pytest.mark.parametrize(("changed", "lasted"), [(EAST, WEST), (WEST, EAST)])
def test_a_change_hides_what_lasts_on_it(changed: Line, lasted: Line, half_px: float) -> None:
    """In whichever block it is found, a change hides what lasts on it, as a piece of a changed line does."""
    free = Line(300.0, 520.0, 90.0)
    measured = measure_seeds(
        READER, [Seed(changed, half_px, 9.0)], [Seed(lasted, 60.0, 9.0), Seed(free, 60.0, 8.0)], limits=LIMITS
    )
    assert [segment.line for segment in measured.change] == ([changed] if half_px <= 90 else [])
    assert [segment.line for segment in measured.lasting] == [free]
