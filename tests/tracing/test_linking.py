"""Peaks of a search become seeds, one a line."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.core.lines import Peaks, no_peaks
from colibri_geo.tracing.linking import Seed, link_peaks

HALF_FILTER_PX = 24.0


def make_peaks(places: list[tuple[float, float]], strength: list[float], angle_deg: float = 0.0) -> Peaks:
    """Peaks of lines that run the same way; 0 is upright."""
    row, col = np.array(places, dtype=np.float64).T
    return Peaks(row, col, np.full(len(row), angle_deg), np.array(strength, dtype=np.float32))


def link(peaks: Peaks) -> list[Seed]:
    """Link peaks found by a filter of 48 pixels."""
    return link_peaks(peaks, half_filter_px=HALF_FILTER_PX)


def test_no_peaks_make_no_seed() -> None:
    """A cell in which nothing was found has nothing to link."""
    assert link(no_peaks()) == []


def test_a_lone_peak_is_a_seed_where_it_lies() -> None:
    """It is as long as a part of the filter that found it."""
    (seed,) = link(make_peaks([(40.0, 30.0)], [7.0], angle_deg=90.0))
    assert (seed.line.row, seed.line.col, seed.line.angle_deg) == (40.0, 30.0, 90.0)
    assert (seed.half_px, seed.strength) == (0.6 * HALF_FILTER_PX, 7.0)


@pytest.mark.parametrize(("gap_px", "seeds"), [(12.0, 1), (24.0, 1), (25.0, 2)])
def test_peaks_along_a_line_are_one_seed_unless_far_apart(gap_px: float, seeds: int) -> None:
    """Its middle and its length are those of the chain; a gap of more than 24 pixels parts it."""
    found = link(make_peaks([(100.0, 50.0), (100.0 + gap_px, 50.0)], [9.0, 8.0]))
    assert len(found) == seeds
    assert found[0].strength == 9.0
    if seeds == 1:
        assert found[0].line.row == pytest.approx(100.0 + gap_px / 2)
        assert found[0].half_px == pytest.approx(gap_px / 2 + 0.6 * HALF_FILTER_PX)


@pytest.mark.parametrize(
    ("aside_px", "turn_deg", "seeds"), [(2.0, 0.0, 1), (6.0, 0.0, 2), (2.0, 15.0, 1), (2.0, 20.0, 2)]
)
def test_what_lies_beside_or_runs_another_way_is_another_seed(aside_px: float, turn_deg: float, seeds: int) -> None:
    """Peaks of one line may stray by some pixels and by 15 degrees."""
    peaks = make_peaks([(100.0, 50.0), (112.0, 50.0 + aside_px)], [9.0, 8.0])
    peaks.angle_deg[1] = turn_deg
    assert len(link(peaks)) == seeds


def test_each_peak_belongs_to_the_strongest_line_only(rng: np.random.Generator) -> None:
    """The strongest comes first, what it has joined makes no seed of its own, and the order of peaks is no matter."""
    places = [(6.0 * row, 200.0) for row in range(9)] + [(30.0, 230.0 + 6 * col) for col in range(9)]
    angles = np.array([0.0] * 9 + [90.0] * 9)
    strength = rng.uniform(6, 20, 18)
    peaks = make_peaks(places, strength.tolist())
    peaks.angle_deg[:] = angles
    seeds = link(peaks)
    assert len(seeds) == 2
    assert [seed.strength for seed in seeds] == sorted((seed.strength for seed in seeds), reverse=True)
    for _ in range(5):
        assert link(peaks.pick(rng.permutation(18))) == seeds


def test_equal_peaks_at_one_place_are_linked_in_one_order() -> None:
    """Where two directions cross with the same strength, the one counted first goes first, however they came."""
    peaks = make_peaks([(50.0, 50.0), (50.0, 50.0)], [8.0, 8.0])
    peaks.angle_deg[1] = 60.0
    turned = peaks.pick(np.array([1, 0]))
    assert link(turned) == link(peaks)
    assert [seed.line.angle_deg for seed in link(peaks)] == [0.0, 60.0]
