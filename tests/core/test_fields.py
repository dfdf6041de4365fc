"""Contrast of what is seen along a line with what lies beside it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from colibri_geo.core.fields import (
    CORE_HALF_PX,
    Extent,
    Field,
    compare_sides,
    find_direction,
    find_mean_vectors,
    map_contrast,
    smoothing,
)

OFFSETS = np.arange(-50, 51) * 0.5
STATIONS = np.arange(-60.0, 61.0)
EXTENT = Extent(-30.2, 28.7)
PARALLELS = np.array([0.0, -12.5, -7.0, 7.0, 8.5, 16.0])


@pytest.fixture
def field(rng: np.random.Generator) -> Field:
    """Three bands of noise, seen in part: a hole, a veil, and nothing at one of the parallels."""
    weight = np.where(rng.random((len(OFFSETS), len(STATIONS))) < 0.9, 1.0, 0.6)
    weight[40:60, 50:70] = 0
    weight[OFFSETS >= 13] = 0
    return Field(rng.standard_normal((3, *weight.shape)), weight, OFFSETS, STATIONS)


def weighted_mean(field: Field, first: float, last: float, station: int) -> np.ndarray:
    """Mean of each band between two offsets at one station, written out; NaN where at most a quarter is seen."""
    rows = (first <= field.offsets) & (field.offsets <= last)
    weight = field.weight[rows, station]
    if weight.sum() <= 0.25 * rows.sum():
        return np.full(len(field.values), np.nan)
    mean: np.ndarray = (field.values[:, rows, station] * weight).sum(axis=1) / weight.sum()
    return mean


@pytest.mark.parametrize("part", ["values", "weight", "offsets", "stations"])
def test_parts_that_do_not_fit_are_no_field(field: Field, part: str) -> None:
    """Values, weights, offsets and stations are of one size, on which what reads them relies."""
    with pytest.raises(ValueError, match="of both: offsets and stations"):
        dataclasses.replace(field, **{part: getattr(field, part)[..., :-1]})


@pytest.mark.parametrize(("reach_px", "furthest"), [(0.0, 0.0), (0.3, 0.0), (0.5, 0.5), (7.9, 7.5), (99.0, 25.0)])
def test_offsets_beside_lie_no_further_than_asked(field: Field, reach_px: float, furthest: float) -> None:
    """A reach between two offsets ends at the nearer one, one beyond the field at its last."""
    beside = field.offsets[field.beside(reach_px)]
    assert (beside[0], beside[-1]) == (-furthest, furthest)


@pytest.mark.parametrize("core_half", [0.5, 1.0, 2.5])
def test_sides_are_differences_of_means(field: Field, core_half: float) -> None:
    """At each station a side is the mean of the core less the mean of the flank, 1.5 to 4.5 px beyond the core."""
    sides = compare_sides(field, EXTENT, offsets=PARALLELS, core_half=core_half)
    stations = np.flatnonzero(np.abs(STATIONS - EXTENT.middle) <= EXTENT.length / 2)
    assert sides.left.shape == (len(PARALLELS), 3, len(stations))
    near, far = core_half + 1.5, core_half + 4.5
    for number, offset in enumerate(PARALLELS):
        for place, station in enumerate(stations[::7]):
            core = weighted_mean(field, offset - core_half, offset + core_half, station)
            left = core - weighted_mean(field, offset - far, offset - near, station)
            right = core - weighted_mean(field, offset + near, offset + far, station)
            np.testing.assert_allclose(sides.left[number, :, 7 * place], left, rtol=1e-12, atol=1e-12)
            np.testing.assert_allclose(sides.right[number, :, 7 * place], right, rtol=1e-12, atol=1e-12)


def test_all_parallels_at_once_are_as_one_by_one(field: Field) -> None:
    """The mean contrast of a line does not depend on which others are measured with it."""
    together = find_mean_vectors(field, EXTENT, offsets=PARALLELS, core_half=1.5)
    alone = [find_mean_vectors(field, EXTENT, offsets=offset[None], core_half=1.5)[0] for offset in PARALLELS]
    assert together.shape == (len(PARALLELS), 3)
    np.testing.assert_allclose(together, alone, rtol=1e-12)


def test_line_that_was_not_observed_has_no_contrast(field: Field) -> None:
    """A parallel on unseen ground, and any line of a strip without stations, has a vector of zeros."""
    vectors = find_mean_vectors(field, EXTENT, offsets=PARALLELS, core_half=1.0)
    assert (vectors.any(axis=1) == (PARALLELS < 13)).all()
    nowhere = Extent(500.0, 510.0)
    assert not find_mean_vectors(field, nowhere, offsets=PARALLELS, core_half=1.0).any()
    assert find_direction(field, nowhere) is None


@pytest.mark.parametrize("outlier", [100.0, 1e6])
def test_one_station_adds_at_most_twice_the_median(outlier: float) -> None:
    """However strong one station is, the mean vector of sixty is moved by no more than two medians in sixty."""
    values = np.broadcast_to(np.abs(OFFSETS)[:, None] <= 1, (2, len(OFFSETS), len(STATIONS))).astype(float)
    plain = Field(values, np.ones(values.shape[1:]), OFFSETS, STATIONS)
    struck = values.copy()
    struck[:, :, 60] *= outlier
    first, second = (
        find_mean_vectors(Field(v, plain.weight, OFFSETS, STATIONS), EXTENT, offsets=np.zeros(1), core_half=1.0)[0]
        for v in (values, struck)
    )
    np.testing.assert_allclose(first, 1.0)
    np.testing.assert_allclose(second, 1 + 1 / 59)


def test_direction_is_that_of_the_strip(rng: np.random.Generator) -> None:
    """Of a strip drawn along a vector of the bands, the direction is that vector, of unit length."""
    drawn = np.array([3.0, -2.0, 6.0]) / 7.0
    strip = (np.abs(OFFSETS) <= 1.0)[:, None] & (np.abs(STATIONS) <= 40)
    values = 20 * drawn[:, None, None] * strip + 0.1 * rng.standard_normal((3, *strip.shape))
    found = find_direction(Field(values, np.ones(strip.shape), OFFSETS, STATIONS), EXTENT)
    assert found is not None
    np.testing.assert_allclose(found, drawn, atol=0.01)


def test_map_holds_the_contrast_of_every_line(field: Field) -> None:
    """Where the core and both flanks are all seen, the map is the contrast with both sides; elsewhere it has a say."""
    whole = Field(field.values, np.ones_like(field.weight), OFFSETS, STATIONS)
    signal = whole.project(np.array([0.6, 0.0, 0.8]))
    contrast = map_contrast(signal, CORE_HALF_PX)
    everywhere = Extent(STATIONS[0], STATIONS[-1])
    sides = compare_sides(signal, everywhere, offsets=PARALLELS, core_half=CORE_HALF_PX)
    rows = np.searchsorted(OFFSETS, PARALLELS)
    np.testing.assert_allclose(contrast.values[rows], sides.mean[:, 0], rtol=1e-9, atol=1e-12)
    assert (contrast.weight == 1).all()


def test_map_leaves_out_what_was_not_seen(field: Field) -> None:
    """Inside of a hole the contrast is 0 and weighs nothing; float32 gives the same map as float64."""
    signal = field.project(np.array([1.0, 0.0, 0.0]))
    contrast = map_contrast(signal, CORE_HALF_PX)
    assert not contrast.weight[42:58, 52:68].any()
    assert not contrast.values[contrast.weight == 0].any()
    single = Field(signal.values.astype(np.float32), signal.weight.astype(np.float32), OFFSETS, STATIONS)
    np.testing.assert_allclose(map_contrast(single, CORE_HALF_PX).values, contrast.values, atol=1e-5)


def test_inside_are_the_stations_of_the_extent() -> None:
    """Stations on the first and the last place count as inside."""
    field = Field(np.zeros((1, 101, 121)), np.ones((101, 121)), OFFSETS, STATIONS)
    assert STATIONS[field.inside(Extent(-3.0, 2.0))].tolist() == [-3, -2, -1, 0, 1, 2]
    assert STATIONS[field.inside(Extent(-2.9, 1.9))].tolist() == [-2, -1, 0, 1]


def test_smoothing_keeps_a_constant_and_spreads_a_spike() -> None:
    """Rows of the matrix add up to 1; a spike gets the standard deviation asked for."""
    matrix = smoothing(len(OFFSETS), 1.2).toarray()
    np.testing.assert_allclose(matrix.sum(axis=1), 1.0)
    spread = matrix[:, len(OFFSETS) // 2]
    assert np.sqrt((spread * OFFSETS**2).sum()) == pytest.approx(1.2, rel=0.01)
