"""The fit of a strip: axis, ends, width, and what it says about the dates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pytest
from scipy import ndimage

from colibri_geo.core.fields import Extent
from colibri_geo.core.frames import Frame, Line, straighten
from colibri_geo.core.segments import View, fit_segment
from colibri_geo.core.shape import Piece, Segment, measure_segment
from colibri_geo.core.surroundings import Past
from tests.core.painting import distance_to, draw_box, turn_between

SIDE = 220
BARE = np.ones(1, dtype=np.float32)
NOTHING = Past(nearest=0.0, strongest=0.0, hidden_px=0.0)
LENGTH_PX, WIDTH_PX, HEIGHT = 70.0, 2.6, 8.0
PLACE = (108.3, 111.8)
AZIMUTHS = [0.0, 7.3, 22.5, 45.0, 61.1, 90.0, 104.9, 135.0, 158.2]


@dataclass(frozen=True)
class Looks:
    """Single-band images of two dates, seen alike on both where `seen` is 1."""

    before: np.ndarray
    after: np.ndarray
    seen: np.ndarray

    def view(self, *images: np.ndarray) -> View:
        """Let images be seen along lines."""
        planes = [image * self.seen for image in images] + [self.seen] * len(images)
        stack = np.stack(planes, axis=-1).astype(np.float32)

        def look(line: Line, first: int, last: int, half_width_px: float) -> Frame:
            return straighten(
                stack,
                line,
                first_station=first,
                last_station=last,
                half_width_px=half_width_px,
                dates=len(images),
            )

        return look


def view_of(before: np.ndarray, after: np.ndarray, seen: np.ndarray | None = None) -> Looks:
    """Put the images of two dates together."""
    return Looks(before, after, np.ones(before.shape, dtype=np.float32) if seen is None else seen)


def grounds(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Two dates whose change has unit variance."""
    return tuple(math.sqrt(0.5) * rng.standard_normal((2, SIDE, SIDE)))  # type: ignore[return-value]


def fit(looks: Looks, line: Line, *, of_change: bool = True, min_length_px: float = 35.0) -> Segment | None:
    """Fit from a seed that is a little off; a piece of something longer is no strip."""
    found = fit_segment_or_piece(looks, line, of_change=of_change, min_length_px=min_length_px)
    return None if isinstance(found, Piece) else found


def fit_segment_or_piece(
    looks: Looks, line: Line, *, of_change: bool = True, min_length_px: float = 35.0, max_width_px: float = 8.0
) -> Segment | Piece | None:
    """Fit from a seed that is a little off in place, azimuth and length."""
    seed = line.moved(station=3.0, offset=1.0, turn_deg=2.0)
    shown = looks.after - looks.before if of_change else (looks.before + looks.after) / 2
    return fit_segment(
        looks.view(shown),
        seed,
        view_dates=looks.view(looks.before, looks.after),
        seed_half_px=25.0,
        min_length_px=min_length_px,
        max_length_px=400.0,
        max_width_px=max_width_px,
        bare_direction=BARE,
        of_change=of_change,
    )


def planted(rng: np.random.Generator, line: Line, *, width_px: float = WIDTH_PX, height: float = HEIGHT) -> Segment:
    """Fit a box that is there after and not before."""
    before, after = grounds(rng)
    box = draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=width_px)
    segment = fit(view_of(before, after + height * box), line)
    assert segment is not None
    return segment


@pytest.mark.parametrize("angle_deg", AZIMUTHS)
def test_axis_and_ends_are_those_of_the_box(rng: np.random.Generator, angle_deg: float) -> None:
    """At any azimuth the axis lies within 0.15 px, the ends within 0.6 px."""
    line = Line(*PLACE, angle_deg)
    segment = planted(rng, line)
    for side in (-1, 1):
        end = line.locate(side * LENGTH_PX / 2)
        assert distance_to(segment.line, *end) <= 0.15
        found = min(
            (segment.line.locate(way * segment.half_length_px) for way in (-1, 1)),
            key=lambda place, end=end: float(np.hypot(*(place - end))),
        )
        assert abs(float((found - end) @ line.along)) <= 0.6
    assert turn_between(segment.line.angle_deg, angle_deg) <= 0.3
    assert segment.length_px == 2 * segment.half_length_px


@pytest.mark.parametrize("width_px", [1.5, 2.0, 3.0, 4.5])
@pytest.mark.parametrize("angle_deg", [0.0, 37.0, 90.0, 123.0])
def test_width_is_that_of_the_box(rng: np.random.Generator, angle_deg: float, width_px: float) -> None:
    """The width is found within 0.5 px and lies inside its interval."""
    segment = planted(rng, Line(*PLACE, angle_deg), width_px=width_px)
    assert segment.width_px == pytest.approx(width_px, abs=0.5)
    assert segment.width_lo_px < segment.width_px < segment.width_hi_px
    assert segment.width_lo_px - 0.2 <= width_px <= segment.width_hi_px + 0.2


def test_new_strip_is_seen_after_and_not_before(rng: np.random.Generator) -> None:
    """A box on the later date alone has its contrast there, both flanks, and no twin."""
    segment = planted(rng, Line(*PLACE, 40.0))
    assert segment.after.size > 0.6 * HEIGHT
    assert segment.before.size < 0.2 * segment.after.size
    assert segment.flank_ratio > 0.8
    assert segment.evenness > 0.9
    assert max(segment.beyond_start, segment.beyond_stop) < 0.25
    assert segment.lobe < 0.25
    assert segment.straightness_px < 0.4
    assert segment.observed_share == 1
    assert segment.bareness == pytest.approx(1, abs=0.01)
    assert segment.snr > 10


def test_strip_on_both_dates_is_found_in_what_they_show_alike(rng: np.random.Generator) -> None:
    """A box on both dates is fitted to their mean and seen on both."""
    line = Line(*PLACE, 75.0)
    before, after = grounds(rng)
    box = HEIGHT * draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    segment = fit(view_of(before + box, after + box), line, of_change=False)
    assert segment is not None
    assert segment.before.size == pytest.approx(segment.after.size, rel=0.15)
    assert segment.length_px == pytest.approx(LENGTH_PX, abs=1.2)


def test_nothing_gives_none(rng: np.random.Generator) -> None:
    """Empty images, images not observed and plain noise hold no strip that stands out."""
    line, empty = Line(*PLACE, 30.0), np.zeros((SIDE, SIDE))
    assert fit(view_of(empty, empty), line) is None
    assert fit(view_of(*grounds(rng), seen=np.zeros((SIDE, SIDE), dtype=np.float32)), line) is None
    noise = fit(view_of(*grounds(rng)), line)
    assert noise is None or noise.snr < 0.3 * planted(rng, line).snr


def test_shorter_than_the_shortest_is_given_up(rng: np.random.Generator) -> None:
    """A box of 70 px is no strip where 90 px are asked for."""
    line = Line(*PLACE, 30.0)
    before, after = grounds(rng)
    looks = view_of(before, after + HEIGHT * draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX))
    assert fit(looks, line) is not None
    assert fit(looks, line, min_length_px=90.0) is None


def test_edge_has_a_small_flank_ratio(rng: np.random.Generator) -> None:
    """A step has one flank: the fit fails, or says so."""
    line = Line(*PLACE, 30.0)
    before, after = grounds(rng)
    rows, cols = np.mgrid[:SIDE, :SIDE]
    step = HEIGHT * ((rows - line.row) * line.across[0] + (cols - line.col) * line.across[1] > 0)
    segment = fit(view_of(before, after + step), line)
    assert segment is None or segment.flank_ratio < 0.5


def test_road_goes_on_beyond_its_ends(rng: np.random.Generator) -> None:
    """A line that turns off goes on beyond the end of its straight piece; a strip does not."""
    line = Line(*PLACE, 0.0)
    before, after = grounds(rng)
    road = draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    end = line.locate(LENGTH_PX / 2)
    bend = Line(float(end[0]), float(end[1]), 28.0).moved(station=20.0, offset=0.0, turn_deg=0.0)
    road = np.maximum(road, draw_box((SIDE, SIDE), bend, length_px=40, width_px=WIDTH_PX))
    found = fit_segment_or_piece(view_of(before, after + HEIGHT * road), line)
    assert isinstance(found, Piece)
    assert 2 * found.half_length_px == pytest.approx(LENGTH_PX, rel=0.15)
    strip = draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    segment = fit(view_of(before, after + HEIGHT * strip), line)
    assert segment is not None
    assert max(segment.beyond_start, segment.beyond_stop) < 0.3


def test_what_is_wider_than_asked_for_is_no_strip(rng: np.random.Generator) -> None:
    """A box is a strip up to the width asked for; a wider one is known of, but no strip."""
    line = Line(*PLACE, 40.0)
    before, after = grounds(rng)
    looks = view_of(before, after + HEIGHT * draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=4.0))
    strip, wide = (fit_segment_or_piece(looks, line, max_width_px=most) for most in (4.5, 3.5))
    assert isinstance(strip, Segment)
    assert wide == Piece(strip.line, strip.half_length_px, strip.width_px)


def test_shifted_old_line_has_a_twin(rng: np.random.Generator) -> None:
    """A line shown on both dates, a pixel apart, leaves a bright line with a dark twin."""
    line = Line(*PLACE, 0.0)
    before, after = grounds(rng)
    box = HEIGHT * draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    segment = fit(view_of(before + ndimage.shift(box, (0, 1.5), order=1), after + box), line)
    assert segment is None or segment.lobe > 0.5 or min(segment.before.size, segment.after.size) > 4


def test_hole_over_the_strip_is_bridged_and_counted(rng: np.random.Generator) -> None:
    """A strip under a gap is one strip, and its observed share is what the gap leaves."""
    line = Line(*PLACE, 90.0)
    before, after = grounds(rng)
    seen = np.ones((SIDE, SIDE), dtype=np.float32)
    seen[:, 105:119] = 0
    box = HEIGHT * draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    segment = fit(view_of(before, after + box, seen), line)
    assert segment is not None
    assert segment.length_px == pytest.approx(LENGTH_PX, abs=1.5)
    assert segment.observed_share == pytest.approx(1 - 14 / 70, abs=0.03)


def test_clearer_strip_has_surer_ends(rng: np.random.Generator) -> None:
    """The standard error of the ends and the interval of the width shrink as the strip gets clearer."""
    line = Line(*PLACE, 50.0)
    faint, clear = planted(rng, line, height=3.0), planted(rng, line, height=20.0)
    assert clear.end_sigma_px < faint.end_sigma_px
    assert clear.width_hi_px - clear.width_lo_px <= faint.width_hi_px - faint.width_lo_px
    assert clear.snr > faint.snr


def test_line_that_comes_back_resumes(rng: np.random.Generator) -> None:
    """A line interrupted for 30 px comes back straight ahead; a strip alone does not."""
    line = Line(*PLACE, 40.0)
    before, after = grounds(rng)
    box = draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    further = line.moved(station=LENGTH_PX / 2 + 50, offset=0.0, turn_deg=0.0)
    more = draw_box((SIDE, SIDE), further, length_px=40, width_px=WIDTH_PX)
    alone = fit(view_of(before, after + HEIGHT * box), line)
    followed = fit(view_of(before, after + HEIGHT * np.maximum(box, more)), line)
    assert alone is not None
    assert followed is not None
    assert followed.resumes > 0.7
    assert alone.resumes < 0.3
    assert max(followed.beyond_start, followed.beyond_stop) < 0.3


def test_hidden_end_is_counted_and_looked_past(rng: np.random.Generator) -> None:
    """Where a mask hides an end, the ground behind it tells that the strip ends; a mask over a line is bridged."""
    line = Line(*PLACE, 90.0)
    before, after = grounds(rng)
    seen = np.ones((SIDE, SIDE), dtype=np.float32)
    seen[:, 140:170] = 0
    short, long = (
        HEIGHT * draw_box((SIDE, SIDE), line, length_px=length_px, width_px=WIDTH_PX) for length_px in (LENGTH_PX, 190)
    )
    ended, goes_on = (fit(view_of(before, after + box, seen), line) for box in (short, long))
    assert ended is not None
    assert goes_on is not None
    assert ended.hidden_ends == 1
    assert max(ended.beyond_start, ended.beyond_stop) < 0.35
    assert goes_on.length_px == pytest.approx(190, abs=2)


def test_branch_joins_its_road(rng: np.random.Generator) -> None:
    """A line that ends at another one across it joins something; a strip alone does not."""
    line = Line(*PLACE, 0.0)
    before, after = grounds(rng)
    branch = draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    end = line.locate(LENGTH_PX / 2 + 2)
    across = draw_box((SIDE, SIDE), Line(float(end[0]), float(end[1]), 80.0), length_px=90, width_px=WIDTH_PX)
    alone = fit(view_of(before, after + HEIGHT * branch), line)
    joined = fit(view_of(before, after + HEIGHT * np.maximum(branch, across)), line)
    assert alone is not None
    assert joined is not None
    assert joined.joined > 0.6
    assert alone.joined < 0.3


def test_old_line_is_seen_through_the_texture_of_its_ground(rng: np.random.Generator) -> None:
    """Texture that both dates share in one direction of the bands does not hide a faint line in another."""
    line = Line(*PLACE, 30.0)
    texture = 6 * ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 2.0) / 0.14
    box = draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    noise = math.sqrt(0.5) * rng.standard_normal((4, SIDE, SIDE))
    before = np.stack([texture + noise[0], 1.5 * box + noise[1]])
    after = np.stack([texture + noise[2], 5.0 * box + noise[3]])
    planes = np.stack([*before, *after, *np.ones((2, SIDE, SIDE))], axis=-1).astype(np.float32)
    frame = straighten(planes, line, first_station=-75, last_station=75, half_width_px=25.0)
    segment = measure_segment(
        frame,
        line,
        Extent(-LENGTH_PX / 2, LENGTH_PX / 2),
        max_width_px=8.0,
        look_past_ends=lambda: (NOTHING, NOTHING),
        bare_direction=np.ones(2, dtype=np.float32),
        of_change=True,
    )
    assert segment is not None
    assert segment.before.size / segment.after.size == pytest.approx(0.3, abs=0.1)


@pytest.mark.parametrize("sides", [(1,), (1, -1)])
def test_ground_that_is_not_seen_beside_a_strip_does_not_count_as_quiet(
    rng: np.random.Generator, sides: tuple[int, ...]
) -> None:
    """With one side or both masked a little away, neither strength nor grain gets much better than with all seen."""
    line = Line(*PLACE, 0.0)
    before, after = grounds(rng)
    box = 2.0 * draw_box((SIDE, SIDE), line, length_px=LENGTH_PX, width_px=WIDTH_PX)
    away = np.broadcast_to(np.arange(SIDE) - line.col, (SIDE, SIDE))
    seen = np.ones((SIDE, SIDE), dtype=np.float32)
    for side in sides:
        seen[side * away > 8] = 0
    extent = Extent(-LENGTH_PX / 2, LENGTH_PX / 2)
    found = []
    for mask in (np.ones_like(seen), seen):
        stack = np.stack([before * mask, (after + box) * mask, mask, mask], axis=-1).astype(np.float32)
        frame = straighten(stack, line, first_station=-75, last_station=75, half_width_px=25.0)
        found.append(
            measure_segment(
                frame,
                line,
                extent,
                max_width_px=8.0,
                look_past_ends=lambda: (NOTHING, NOTHING),
                bare_direction=BARE,
                of_change=True,
            )
        )
    free, hemmed = found
    assert free is not None
    assert hemmed is not None
    assert hemmed.snr < 2 * free.snr
    assert hemmed.grain > 0.5 * free.grain
    assert hemmed.end_sigma_px > 0.5 * free.end_sigma_px
