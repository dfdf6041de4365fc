"""Simulated pairs: what is planted is in the pixels, and nothing else moves."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from skimage.registration import phase_cross_correlation

from colibri_geo.errors import BandError, SettingsError
from colibri_geo.sim import Cloud, Mix, SceneSpec, SimulatedPair, Strip, random_spec, simulate_pair
from colibri_geo.sim.pairs import UNSEEN_SCL

STRIPS = (
    Strip((300.0, 300.0), (800.0, 700.0), 22.0, "new"),
    Strip((900.0, 300.0), (1500.0, 300.0), 22.0, "old"),
    Strip((900.0, 1200.0), (900.0, 1700.0), 22.0, "regrowing"),
)
SPEC = SceneSpec(seed=3, rows=200, cols=200, strips=STRIPS)
KEPT_PIXEL = (0.07147, 0.10703, 0.1534, 0.27246)
KEPT_MEANS = (0.06969, 0.09095, 0.10121, 0.29911)


@pytest.fixture(scope="module")
def pair() -> SimulatedPair:
    """A forest with one strip of each kind."""
    return simulate_pair(SPEC)


def contrast_in_red(values: np.ndarray, strip: Strip, *, shift_east_m: float = 0.0) -> float:
    """How much brighter the axis is than both flanks at 60 m, in the red band."""
    place = np.linspace(0.05, 0.95, 60)[:, None]
    axis = np.array(strip.end1) + place * np.subtract(strip.end2, strip.end1) + (shift_east_m, 0.0)
    along = np.subtract(strip.end2, strip.end1) / strip.length_m
    across = np.array([along[1], -along[0]])

    def red(points: np.ndarray) -> float:
        rows = np.floor(200 - points[:, 1] / 10).astype(int)
        return float(np.mean(values[2, rows, np.floor(points[:, 0] / 10).astype(int)]))

    return red(axis) - max(red(axis + 60 * across), red(axis - 60 * across))


def test_same_spec_gives_the_same_pixels(pair: SimulatedPair) -> None:
    """A spec decides every value; another seed gives other values."""
    again = simulate_pair(SPEC)
    np.testing.assert_array_equal(pair.before, again.before)
    np.testing.assert_array_equal(pair.after, again.after)
    np.testing.assert_array_equal(pair.after_scl, again.after_scl)
    assert not np.array_equal(pair.before, simulate_pair(dataclasses.replace(SPEC, seed=4)).before)


def test_values_are_reflectance_in_float32(pair: SimulatedPair) -> None:
    """Both images are (B, M, N) float32 in [0, 1], the masks uint8 SCL codes."""
    for values in (pair.before, pair.after):
        assert values.shape == (4, 200, 200)
        assert values.dtype == np.float32
        assert 0 < values.min() < values.max() < 1
    assert pair.before_scl.dtype == np.uint8
    assert pair.before_scl.max() <= 11


@pytest.mark.parametrize(("number", "kind"), [(0, "new"), (1, "old"), (2, "regrowing")])
def test_strip_is_bright_on_the_dates_of_its_kind_alone(pair: SimulatedPair, number: int, kind: str) -> None:
    """A strip shows against both flanks when it is there, and leaves nothing when it is not."""
    assert pair.truth[number].kind == kind
    before, after = (contrast_in_red(values, STRIPS[number]) for values in (pair.before, pair.after))
    assert (before > 0.08) == (kind != "new")
    assert (after > 0.08) == (kind != "regrowing")
    assert min(before, after) > -0.005
    assert (min(before, after) < 0.005) == (kind != "old")


def test_truth_is_in_map_coordinates(pair: SimulatedPair) -> None:
    """Ends, length, azimuth and verdict of the truth are those of the planted strip."""
    first = pair.truth[0]
    assert first.end1 == (SPEC.left_m + 300.0, SPEC.bottom_m + 300.0)
    assert first.length_m == pytest.approx(np.hypot(500, 400))
    assert first.grid_azimuth_deg == pytest.approx(np.degrees(np.arctan2(500, 400)))
    assert [strip.verdict for strip in pair.truth] == ["new", "unchanged", "regrowing"]
    assert first.observed_share == 1.0


def test_faint_strip_is_faint() -> None:
    """A contrast of 0.3 leaves 0.3 of the step against the flanks."""
    faint = dataclasses.replace(STRIPS[0], contrast=0.3)
    seen = [
        contrast_in_red(simulate_pair(dataclasses.replace(SPEC, strips=(strip,))).after, strip)
        for strip in (STRIPS[0], faint)
    ]
    assert seen[1] / seen[0] == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize(("east", "north"), [(0.6, -0.35), (-1.3, 0.7)])
def test_after_image_lies_where_its_shift_says(east: float, north: float) -> None:
    """A positive shift puts the after image's content further east and further north."""
    spec = dataclasses.replace(SPEC, strips=(), memory=0.8)
    after = dataclasses.replace(spec.after, shift_east_px=east, shift_north_px=north)
    pair = simulate_pair(dataclasses.replace(spec, after=after))
    to_before, *_ = phase_cross_correlation(pair.before[3], pair.after[3], upsample_factor=20, normalization=None)
    np.testing.assert_allclose(to_before, [north, -east], atol=0.1)


def test_dates_share_part_of_their_texture() -> None:
    """The dates agree in more than noise and in less than all, by the memory that was set."""

    def likeness(memory: float) -> float:
        pair = simulate_pair(dataclasses.replace(SPEC, strips=(), memory=memory))
        return float(np.corrcoef(pair.before[3].ravel(), pair.after[3].ravel())[0, 1])

    none, most, whole = likeness(0.0), likeness(0.8), likeness(1.0)
    assert abs(none) < 0.3
    assert none + 0.3 < most < whole
    assert whole < 0.999


def test_gain_and_offset_are_those_of_the_look() -> None:
    """Doubling the gain and adding an offset changes every value by just that."""
    changed = dataclasses.replace(SPEC.after, gain=(2.0,) * 4, offset=(0.01,) * 4)
    plain = simulate_pair(SPEC).after
    np.testing.assert_allclose(
        simulate_pair(dataclasses.replace(SPEC, after=changed)).after, 2 * plain + 0.01, rtol=1e-5
    )


def test_cloud_hides_and_its_mask_is_nearly_right() -> None:
    """A cloud is bright and masked, its shadow dark and masked, both with an edge that misses a little."""
    spec = dataclasses.replace(SPEC, strips=(), clouds=(Cloud((1000.0, 1000.0), 300.0, date=1, height_m=1500.0),))
    clear, cloudy = simulate_pair(dataclasses.replace(spec, clouds=())), simulate_pair(spec)
    np.testing.assert_array_equal(clear.before, cloudy.before)
    masked = np.isin(cloudy.after_scl, (8, 9))
    shadow = cloudy.after_scl == 3
    assert cloudy.after[0][cloudy.after_scl == 9].mean() > 0.5
    ratio = cloudy.after / clear.after
    assert np.median(ratio[3][shadow]) < 0.6
    touched = cloudy.after[0] - clear.after[0] > 0.1
    assert 0 < (touched & ~masked & ~shadow).sum() < 0.15 * masked.sum()
    assert 0.5 < masked.sum() * 1e-4 / (np.pi * 0.3**2) < 2


def test_strip_under_cloud_is_not_observed() -> None:
    """A strip that a cloud covers on one date is told apart from those that can be found."""
    middle = np.add(STRIPS[0].end1, STRIPS[0].end2) / 2
    pair = simulate_pair(dataclasses.replace(SPEC, clouds=(Cloud((middle[0], middle[1]), 300.0, date=0),)))
    assert [strip.observable for strip in pair.truth] == [False, True, True]
    assert pair.truth[0].verdict == "not_observed"
    assert set(np.unique(pair.before_scl)) & set(UNSEEN_SCL)


@pytest.mark.parametrize("bands", [("red", "green", "blue"), ("blue", "green", "red", "nir", "swir16", "swir22")])
def test_bands_do_not_disturb_each_other(pair: SimulatedPair, bands: tuple[str, ...]) -> None:
    """The ground of a band is the same whichever bands are asked for: only noise differs."""
    other = simulate_pair(dataclasses.replace(SPEC, bands=bands))
    difference = other.before[bands.index("red")] - pair.before[2]
    assert np.abs(difference).max() < 0.02


@pytest.mark.parametrize("pixel_m", [3.0, 30.0])
def test_other_pixels_show_the_same_strip(pixel_m: float) -> None:
    """The strip lies at the same place on the map with fine and coarse pixels."""
    side = round(1800 / pixel_m)
    values = simulate_pair(dataclasses.replace(SPEC, rows=side, cols=side, pixel_m=pixel_m, strips=STRIPS[:1])).after
    rows, cols = np.nonzero(values[2] > 0.06)
    east, north = (cols + 0.5) * pixel_m, (side - rows - 0.5) * pixel_m
    across = ((east - 300) * 400 - (north - 300) * 500) / np.hypot(500, 400)
    along = ((east - 300) * 500 + (north - 300) * 400) / np.hypot(500, 400)
    bare = np.abs(across) < 11 + 1.5 * pixel_m
    assert bare.mean() > 0.98
    across, along = across[bare], along[bare]
    assert abs(across.mean()) < 0.2 * pixel_m
    np.testing.assert_allclose([along.min(), along.max()], [0, np.hypot(500, 400)], atol=1.5 * pixel_m + 4)


@pytest.mark.parametrize("pixel_m", [3.0, 30.0])
def test_texture_keeps_its_metres(pixel_m: float) -> None:
    """Averaged to 30 m, ground looks as uneven whatever the pixels are that it was taken with."""

    def spread(pixel_m: float) -> float:
        side, block = round(1500 / pixel_m), round(30 / pixel_m)
        found = []
        for seed in (1, 2):
            nir = simulate_pair(SceneSpec(seed, side, side, pixel_m)).after[3]
            coarse = nir.reshape(side // block, block, side // block, block).mean(axis=(1, 3))
            found.append(np.std(coarse - coarse.mean()))
        return float(np.mean(found))

    assert spread(pixel_m) == pytest.approx(spread(10.0), rel=0.2)


@pytest.mark.parametrize(("pixel_m", "block"), [(3.0, 7), (10.0, 2), (30.0, 1)])
def test_masks_are_coarse_in_metres(pixel_m: float, block: int) -> None:
    """The mask comes in squares of about 20 m, or of one pixel where those are larger."""
    side = round(2400 / pixel_m) // block * block
    cloud = Cloud((1200.0, 1200.0), 400.0, date=1)
    scl = simulate_pair(SceneSpec(3, side, side, pixel_m, clouds=(cloud,))).after_scl
    squares = scl.reshape(side // block, block, side // block, block)
    assert (squares == squares[:, :1, :, :1]).all()
    assert 0.02 < np.isin(scl, (8, 9)).mean() < 0.3


def test_pixels_of_earlier_versions_stay() -> None:
    """A scene of a few words has the values that it always had: training and samples rest on them."""
    pair = simulate_pair(random_spec(6, rows=200, cols=200, biome="mixed", mix=Mix(new=1, old=0, regrowing=0, river=0)))
    np.testing.assert_allclose(pair.after[:, 150, 40], KEPT_PIXEL, atol=2e-5)
    np.testing.assert_allclose(pair.before.mean(axis=(1, 2)), KEPT_MEANS, atol=2e-5)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"rows": 10}, SettingsError),
        ({"biome": "desert"}, SettingsError),
        ({"memory": 1.5}, SettingsError),
        ({"bands": ("thermal",)}, BandError),
        ({"strips": (dataclasses.replace(STRIPS[0], kind="unknown"),)}, SettingsError),
        ({"strips": (dataclasses.replace(STRIPS[0], surface="snow"),)}, SettingsError),
        ({"before": dataclasses.replace(SPEC.before, gain=(1.0,))}, SettingsError),
    ],
)
def test_spec_that_cannot_be_rendered_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    """What makes no scene is named before anything is rendered."""
    with pytest.raises(error, match=r"expected|not known|one a band"):
        simulate_pair(dataclasses.replace(SPEC, **change))
