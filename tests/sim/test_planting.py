"""Strips planted into pictures, and earlier dates made of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from shapely.geometry import LineString
from skimage.registration import phase_cross_correlation

from colibri_geo.errors import NoValidData, SettingsError
from colibri_geo.sim import (
    Disturbance,
    Earlier,
    Mix,
    PlantedPair,
    SceneSpec,
    Strip,
    TruthStrip,
    make_earlier,
    make_painted_earlier,
    paint_out,
    plant_pair,
    random_spec,
    simulate_pair,
)

SIDE = 220
BANDS = ("blue", "green", "red")
FARTHEST_TRACK_M = 700.0


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    """Forest with fields and a road, as an 8-bit picture: grey level / 255."""
    mix = Mix(new=0, old=0, regrowing=0, river=0, road=1, field=2, burn=0)
    spec = random_spec(5, rows=SIDE, cols=SIDE, bands=BANDS, mix=mix, cloud_share=0.0, clutter=1.0)
    values = simulate_pair(spec).after
    return (np.clip(np.rint(values * 900), 1, 255) / 255).astype(np.float32)


@pytest.fixture(scope="module")
def valid() -> np.ndarray:
    """All of it but a corner."""
    mask = np.ones((SIDE, SIDE), dtype=bool)
    mask[:60, :60] = False
    return mask


def plant(picture: np.ndarray, valid: np.ndarray, **words: object) -> PlantedPair:
    """Plant two strips into a picture that is its own earlier date."""
    asked: dict[str, Any] = {"seed": 1, "count": 2, "length_m": (376.0, 900.0), **words}
    return plant_pair(picture, picture, valid, **asked)


def away_m(strip: TruthStrip) -> np.ndarray:
    """(M, N): distance of each pixel from the axis."""
    rows, cols = np.mgrid[:SIDE, :SIDE]
    east, north = (cols + 0.5) * 10 - strip.end1[0], (SIDE - rows - 0.5) * 10 - strip.end1[1]
    step = np.subtract(strip.end2, strip.end1)
    place = np.clip((east * step[0] + north * step[1]) / (step @ step), 0, 1)
    return np.asarray(np.hypot(east - place * step[0], north - place * step[1]))


def test_change_lies_where_the_truth_says(picture: np.ndarray, valid: np.ndarray) -> None:
    """The axis of every strip changes; ground beyond its track and apron does not, nor the earlier date."""
    pair = plant(picture, valid)
    assert pair.before is picture
    changed = np.abs(pair.after - picture).max(axis=0) > 0
    away = np.min([away_m(strip) for strip in pair.truth], axis=0)
    assert not changed[away > FARTHEST_TRACK_M].any()
    assert not changed[~valid].any()
    for strip in pair.truth:
        distance = away_m(strip)
        near = (distance < 4) & valid
        assert changed[near].mean() > 0.9
        rise = (pair.after - picture).max(axis=0)
        assert rise[near].mean() > 10 * rise[(distance > 60) & (distance < 120)].mean()


def test_same_seed_plants_the_same(picture: np.ndarray, valid: np.ndarray) -> None:
    """The seed decides places and pixels."""
    pair, again, other = plant(picture, valid), plant(picture, valid), plant(picture, valid, seed=2)
    np.testing.assert_array_equal(pair.after, again.after)
    assert pair.truth == again.truth != other.truth


def test_strips_are_seen_apart_and_on_the_map(picture: np.ndarray, valid: np.ndarray) -> None:
    """Strips lie on valid ground, 100 m apart, at the map place of the picture."""
    pair = plant(picture, valid, left_m=400_000.0, bottom_m=9_000_000.0)
    lines = [LineString([strip.end1, strip.end2]) for strip in pair.truth]
    assert lines[0].distance(lines[1]) > 100
    for strip in pair.truth:
        assert strip.observed_share >= 0.98
        assert strip.verdict == "new"
        assert strip.length_m == pytest.approx(np.hypot(*np.subtract(strip.end2, strip.end1)))
        assert 0 <= strip.end1[0] - 400_000 <= SIDE * 10
        assert 0 <= strip.end1[1] - 9_000_000 <= SIDE * 10


def test_contrast_is_the_share_of_the_strips_own_colour(picture: np.ndarray, valid: np.ndarray) -> None:
    """At a contrast of 0.3 the axis changes by a third of what it does at 0.9."""
    reflectance = picture * np.float32(0.2837)
    full, faint = (plant(reflectance, valid, contrast=(share, share)) for share in (0.9, 0.3))
    for strip, other in zip(full.truth, faint.truth, strict=True):
        near = away_m(strip) < 4
        assert strip.end1 == other.end1
        ratio = (faint.after - reflectance)[2, near].mean() / (full.after - reflectance)[2, near].mean()
        assert ratio == pytest.approx(1 / 3, abs=0.02)


def test_pictures_stay_pictures_and_reflectance_stays_itself(picture: np.ndarray, valid: np.ndarray) -> None:
    """8-bit pictures keep whole grey levels; other values are not rounded."""
    levels = plant(picture, valid).after * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
    reflectance = picture * np.float32(0.2837)
    planted = plant(reflectance, valid).after * 255
    assert np.abs(planted - np.rint(planted)).max() > 0.1


def test_four_bands_are_planted_too(valid: np.ndarray) -> None:
    """Where near infrared is there, bare strips lower it against red."""
    spec = SceneSpec(3, SIDE, SIDE)
    values = simulate_pair(spec).after
    pair = plant_pair(values, values, valid, seed=4, bands=spec.bands, count=2, length_m=(376.0, 800.0))
    bare = [strip for strip in pair.truth if strip.surface != "grassy"]
    assert bare
    for strip in bare:
        near = away_m(strip) < 4
        greenness = [(image[3, near] / image[2, near]).mean() for image in (values, pair.after)]
        assert greenness[1] < 0.6 * greenness[0]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"count": 60}, SettingsError, "no room"),
        ({"bands": ("blue", "green")}, SettingsError, "expected"),
        ({"bands": ("blue", "green", "nir")}, SettingsError, "green and red"),
    ],
)
def test_what_cannot_be_planted_is_refused(
    picture: np.ndarray, valid: np.ndarray, change: dict[str, object], error: type[Exception], words: str
) -> None:
    """Too many strips, wrong bands: one line says so, and fewer strips are never planted in silence."""
    with pytest.raises(error, match=words):
        plant(picture[:, :100, :100], valid[:100, :100] | True, **change)


def test_nothing_valid_is_refused(picture: np.ndarray, valid: np.ndarray) -> None:
    """Where nothing shows the ground there is nothing to learn from."""
    with pytest.raises(NoValidData, match="0 valid"):
        plant(picture, valid & False)


def test_earlier_date_is_of_the_same_ground_but_not_the_same(picture: np.ndarray, valid: np.ndarray) -> None:
    """It has the ground's pattern, a shift below a pixel, other texture and gain, and is decided by its seed."""
    made = make_earlier(picture, valid, seed=7)
    np.testing.assert_array_equal(made, make_earlier(picture, valid, seed=7))
    levels = made * 255
    np.testing.assert_allclose(levels, np.rint(levels), atol=1e-3)
    assert 1 <= levels.min() <= levels.max() <= 255
    likeness = np.corrcoef(made[1].ravel(), picture[1].ravel())[0, 1]
    assert 0.5 < likeness < 0.97
    assert not np.array_equal(made, make_earlier(picture, valid, seed=8))


def test_earlier_date_is_moved_by_its_own_shift(picture: np.ndarray, valid: np.ndarray) -> None:
    """Other seeds give other shifts, none larger than asked for."""
    quiet = Earlier(shift_px=0.6, clutter=0.0, memory=1.0)
    shifts = []
    for seed in range(4):
        made = make_earlier(picture, valid, seed=seed, earlier=quiet)
        shift, *_ = phase_cross_correlation(made[1], picture[1], upsample_factor=20, normalization=None)
        shifts.append(shift)
    assert np.abs(shifts).max() <= 0.65
    assert np.ptp(shifts) > 0.3


def test_what_is_not_valid_does_not_leak(picture: np.ndarray, valid: np.ndarray) -> None:
    """Whatever is burnt into pixels that are not valid changes nothing anywhere."""
    burnt = picture.copy()
    burnt[:, ~valid] = 1.0
    made, clean = (make_earlier(values, valid, seed=7) for values in (burnt, picture))
    np.testing.assert_array_equal(made[:, valid], clean[:, valid])


def test_painted_out_strip_is_gone_and_nothing_else() -> None:
    """Painting out takes the strip away and touches no pixel farther than half a strip and its blur."""
    strip = Strip((400.0, 500.0), (1300.0, 900.0), 20.0)
    with_it, without = (simulate_pair(SceneSpec(6, 150, 150, strips=strips)).after for strips in ((strip,), ()))
    line = LineString([(east / 10, 150 - north / 10) for east, north in (strip.end1, strip.end2)])
    painted = paint_out(with_it, line)
    rows, cols = np.mgrid[:150, :150]
    place = np.stack([cols + 0.5, rows + 0.5], axis=-1)
    away = np.array([[line.distance(_point(at)) for at in row] for row in place[::3, ::3]])
    touched = (painted != with_it).any(axis=0)[::3, ::3]
    assert not touched[away > 3.0].any()
    axis = (away < 1.0) & (away >= 0)
    left = np.abs(painted - without)[2, ::3, ::3][axis].mean()
    assert left < 0.1 * np.abs(with_it - without)[2, ::3, ::3][axis].mean()


def test_painted_earlier_date_is_whole_grey_levels(picture: np.ndarray) -> None:
    """The painted date differs by gain, noise and shift, and stays an 8-bit picture."""
    levels = picture * 255
    line = LineString([(40, 40), (120, 90)])
    made = make_painted_earlier(levels, [line], rng=np.random.default_rng(1), disturbance=Disturbance(gain=0.8))
    np.testing.assert_array_equal(made, np.rint(made))
    assert 1 <= made.min() <= made.max() <= 255
    assert np.median(made) == pytest.approx(0.8 * np.median(levels), abs=1.5)


def _point(at: np.ndarray) -> Any:  # noqa: ANN401 - a point of shapely
    return LineString([at, at + 1e-9]).centroid
