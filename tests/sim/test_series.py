"""Many dates of one ground."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import rasterio

from colibri_geo.errors import OutputExists, SettingsError
from colibri_geo.sim import (
    Confuser,
    Feature,
    Look,
    Paint,
    SceneSpec,
    Strip,
    random_series_spec,
    random_spec,
    simulate_pair,
    simulate_series,
    write_scene,
)
from colibri_geo.sim.series import draw_life
from colibri_geo.sim.shapes import Bar

STRIP = Strip((200.0, 300.0), (800.0, 700.0), width_m=22.0)
DAYS = (0, 20, 60, 150, 300)


def looks(count: int) -> tuple[Look, ...]:
    """Looks on the first of each month."""
    return tuple(Look(datetime(2025, 3 + number, 1, 15, tzinfo=UTC)) for number in range(count))


def red_rise(values: np.ndarray) -> float:
    """How much brighter in red the axis of `STRIP` is than the scene, in a picture of 100 x 100 pixels."""
    place = np.linspace(0.05, 0.95, 40)[:, None]
    points = np.array(STRIP.end1) + place * np.subtract(STRIP.end2, STRIP.end1)
    rows, cols = np.floor(100 - points[:, 1] / 10).astype(int), np.floor(points[:, 0] / 10).astype(int)
    return float(values[2, rows, cols].mean() - np.median(values[2]))


@pytest.mark.slow
@pytest.mark.parametrize("clutter", [0.0, 1.0])
def test_series_of_two_dates_is_the_pair(clutter: float) -> None:
    """Two dates give the pixels, masks and verdict of the pair."""
    spec = random_series_spec(3, dates=2, rows=300, cols=300, clutter=clutter)
    assert spec == random_spec(3, rows=300, cols=300, clutter=clutter)
    pair, series = simulate_pair(spec), simulate_series(spec)
    first, second = series.acquisitions
    np.testing.assert_array_equal(first.values, pair.before)
    np.testing.assert_array_equal(second.values, pair.after)
    np.testing.assert_array_equal(second.scl, pair.after_scl)
    assert tuple(life.strip for life in series.truth) == pair.truth
    for life in series.truth:
        assert life.present == {"new": (False, True), "old": (True, True), "regrowing": (True, False)}[life.strip.kind]


def test_strip_shows_by_its_contrast_on_each_date() -> None:
    """A strip is where and as strong as its life says: it comes, fades, is cleared again and goes."""
    life = (0.0, 0.9, 0.45, 0.9, 0.0)
    spec = SceneSpec(seed=2, rows=100, cols=100, strips=(dataclasses.replace(STRIP, life=life),), later=looks(3))
    series = simulate_series(spec)
    rise = [red_rise(taken.values) for taken in series.acquisitions]
    np.testing.assert_allclose(np.array(rise) / rise[1], np.array(life) / 0.9, atol=0.12)
    assert series.truth[0].contrasts == life
    assert series.truth[0].present == (False, True, True, True, False)
    assert series.truth[0].observable == (True,) * 5


def test_dates_have_texture_of_their_own() -> None:
    """No two dates of one ground are alike, and all share a part."""
    series = simulate_series(SceneSpec(seed=2, rows=100, cols=100, later=looks(1)))
    nir = [taken.values[3].ravel() for taken in series.acquisitions]
    for first, second in ((0, 1), (0, 2), (1, 2)):
        assert 0.3 < np.corrcoef(nir[first], nir[second])[0, 1] < 0.98


def test_what_has_no_life_changes_once() -> None:
    """A strip and a confuser that are described for two dates come on one date and stay."""
    track = Feature(Bar((700.0, 100.0), (900.0, 100.0), 15.0), (None, Paint("sand")))
    spec = SceneSpec(2, 100, 100, strips=(STRIP,), confusers=(Confuser("field", (track,)),), later=looks(3))
    series = simulate_series(spec)
    present = series.truth[0].present
    assert not present[0]
    assert present[-1]
    assert sorted(present) == list(present)
    bright = [taken.values[2, 89, 75:85].mean() > 0.15 for taken in series.acquisitions]
    assert not bright[0]
    assert bright[-1]
    assert sorted(bright) == bright


def test_lives_follow_their_kind(rng: np.random.Generator) -> None:
    """New strips come after the first date, old ones are there, regrowing ones go; contrast falls unless cleared."""
    for _ in range(40):
        new, old, gone = (draw_life(rng, dataclasses.replace(STRIP, kind=k), DAYS) for k in ("new", "old", "regrowing"))
        assert new[0] == 0 < max(new)
        assert old[0] > 0
        assert list(gone) == sorted(gone, reverse=True)
        assert gone[-1] < 0.35 * gone[0]
        assert all(0 <= contrast <= 1 for life in (new, old, gone) for contrast in life)
    assert any(max(np.diff(draw_life(rng, dataclasses.replace(STRIP, kind="old"), DAYS))) > 0.05 for _ in range(20))


def test_random_series_goes_on_from_the_pair() -> None:
    """The first two looks and the ground are those of the pair of that seed; dates are in order."""
    spec, pair = random_series_spec(3, dates=5, rows=300, cols=300), random_spec(3, rows=300, cols=300)
    assert spec.looks[:2] == pair.looks
    assert spec.confusers == pair.confusers
    assert [dataclasses.replace(strip, life=()) for strip in spec.strips] == list(pair.strips)
    acquired = [look.acquired for look in spec.looks]
    assert acquired == sorted(set(acquired))
    assert {cloud.date for cloud in spec.clouds} == set(range(5))
    assert spec == random_series_spec(3, dates=5, rows=300, cols=300)


@pytest.mark.parametrize("life", [(1.0,), (0.0, 1.5, 0.2), (0.0, -0.1, 0.0)])
def test_life_that_does_not_fit_is_refused(life: tuple[float, ...]) -> None:
    """A contrast a date, each a share."""
    spec = SceneSpec(2, 100, 100, strips=(dataclasses.replace(STRIP, life=life),), later=looks(1))
    with pytest.raises(SettingsError, match="life of"):
        simulate_series(spec)


def test_more_than_two_dates_are_no_pair() -> None:
    """A pair is never made of the first two of many dates in silence."""
    with pytest.raises(SettingsError, match="simulate_series"):
        simulate_pair(SceneSpec(2, 100, 100, later=looks(1)))


@pytest.mark.parametrize("words", [{"dates": 1}, {"dates": 3, "revisit_days": (9, 2)}])
def test_words_of_a_series_are_checked(words: dict[str, object]) -> None:
    """Fewer than two dates, and days out of order, are refused."""
    with pytest.raises(SettingsError, match="at least 2 dates"):
        random_series_spec(1, **words)


def test_series_is_written_whole_with_its_truth(tmp_path: Path) -> None:
    """Each date has an image, a mask and its time; the truth says for each date what is there; twice the same bytes."""
    life = (0.0, 0.9, 0.5)
    spec = SceneSpec(2, 100, 100, strips=(dataclasses.replace(STRIP, life=life),), later=looks(1))
    paths, again = (write_scene(spec, tmp_path / folder, "scene") for folder in ("one", "two"))
    assert [path.read_bytes() for path in paths] == [path.read_bytes() for path in again]
    assert len(paths) == len(set(paths)) == 7
    with rasterio.open(tmp_path / "one" / "scene_03.tif") as image:
        assert image.tags()["TIFFTAG_DATETIME"] == "2025:03:01 15:00:00"
    truth = json.loads((tmp_path / "one" / "scene_truth.geojson").read_text(encoding="utf-8"))
    assert len(truth["acquired"]) == 3
    assert truth["features"][0]["properties"]["contrasts"] == [0.0, 0.9, 0.5]
    assert truth["features"][0]["properties"]["present"] == [False, True, True]
    with pytest.raises(OutputExists, match=r"--overwrite \(overwrite=True\)"):
        write_scene(spec, tmp_path / "one", "scene")
