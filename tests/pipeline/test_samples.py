"""The whole road on the samples: what was planted is found where it is, and nothing else is called new."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from colibri_geo import Run, compare

GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module", params=["forest", "savanna"])
def sample(request: pytest.FixtureRequest) -> str:
    """Name of a sample."""
    return str(request.param)


@pytest.fixture(scope="module")
def run(sample: str) -> Run:
    """The comparison of a sample."""
    samples = Path(__file__).resolve().parents[2] / "data" / "samples"
    return compare(samples / f"{sample}_before.tif", samples / f"{sample}_after.tif")


@pytest.fixture(scope="module")
def truth(sample: str) -> gpd.GeoDataFrame:
    """What was planted in a sample."""
    samples = Path(__file__).resolve().parents[2] / "data" / "samples"
    return gpd.read_file(samples / f"{sample}_truth.geojson").set_index("strip_id")


def end_distances(strip: pd.Series, planted: pd.Series) -> np.ndarray:
    """Distances of the two ends from those of a planted strip, metres, whichever end comes first."""
    found = [(strip.end1_lon, strip.end1_lat), (strip.end2_lon, strip.end2_lat)]
    true = list(planted.geometry.coords)
    ways = [[GEOD.inv(*a, *b)[2] for a, b in zip(found, way, strict=True)] for way in (true, true[::-1])]
    return np.array(min(ways, key=max))


def nearest(strips: gpd.GeoDataFrame, planted: pd.Series) -> pd.Series:
    """Return the strip whose ends lie nearest to those of a planted one."""
    return min((row for _, row in strips.iterrows()), key=lambda row: end_distances(row, planted).max())


def turn_between(first_deg: float, second_deg: float) -> float:
    """Angle between two directions without sense."""
    return abs((first_deg - second_deg + 90) % 180 - 90)


def test_every_planted_new_strip_is_found_and_nothing_else_is_new(run: Run, truth: gpd.GeoDataFrame) -> None:
    """The new strips are those planted: ends within 20 m, azimuth within 1 degree, length within 5 %."""
    planted = truth[(truth["kind"] == "new") & truth["observable"]]
    new = run.strips[run.strips["verdict"].isin(["new", "extended"])]
    assert len(new) == len(planted) >= 3
    matched = [nearest(new, row) for _, row in planted.iterrows()]
    assert len({row.name for row in matched}) == len(planted)
    for strip, (_, true) in zip(matched, planted.iterrows(), strict=True):
        assert end_distances(strip, true).max() <= 20
        assert turn_between(strip.azimuth_deg, true.azimuth_deg) <= 1
        assert strip.length_m == pytest.approx(true.length_m, rel=0.05)


def test_verdicts_of_what_is_found_are_true(run: Run, truth: gpd.GeoDataFrame) -> None:
    """Each strip reported lies on a planted one and has its verdict."""
    for _, strip in run.strips.iterrows():
        if strip.verdict == "not_observed":
            continue
        true = min((row for _, row in truth.iterrows()), key=lambda row: end_distances(strip, row).max())
        assert end_distances(strip, true).max() <= 30
        assert strip.verdict == true.verdict


def test_hidden_strip_is_not_called_new(run: Run, truth: gpd.GeoDataFrame) -> None:
    """A strip under cloud is never new, unchanged or regrowing."""
    for _, hidden in truth[~truth["observable"]].iterrows():
        near = [strip.verdict for _, strip in run.strips.iterrows() if end_distances(strip, hidden).max() <= 100]
        assert set(near) <= {"not_observed"}


def test_intervals_hold_the_truth_more_often_than_not(run: Run, truth: gpd.GeoDataFrame) -> None:
    """At least two thirds of the central 90 % intervals of length and width hold the planted value."""
    planted = truth[truth["observable"]]
    matched = [(nearest(run.strips, row), row) for _, row in planted.iterrows()]
    matched = [(strip, true) for strip, true in matched if end_distances(strip, true).max() <= 30]
    length = [strip.length_lo_m <= true.length_m <= strip.length_hi_m for strip, true in matched]
    width = [strip.width_lo_m <= true.width_m <= strip.width_hi_m for strip, true in matched]
    assert len(matched) >= 5
    assert np.mean(length) >= 2 / 3
    assert np.mean(width) >= 2 / 3


def test_shift_of_the_sample_is_measured(run: Run, sample: str) -> None:
    """The planted misregistration is measured to a fifth of a pixel."""
    east_px, north_px = {"forest": (0.40, -0.30), "savanna": (-0.25, 0.45)}[sample]
    assert run.pair.shift_east_m / 10 == pytest.approx(east_px, abs=0.2)
    assert run.pair.shift_north_m / 10 == pytest.approx(north_px, abs=0.2)


def test_synthetic_images_are_called_so(run: Run) -> None:
    """The record of a sample says that it is synthetic."""
    assert run.before.synthetic
    assert run.after.synthetic
