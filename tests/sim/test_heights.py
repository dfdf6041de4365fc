"""The made-up heights under a sample."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from colibri_geo.layers.terrain import describe_terrain, read_terrain
from colibri_geo.scenes.opening import open_scene
from colibri_geo.sim.heights import lay_heights, simulate_heights
from colibri_geo.sim.samples import SAMPLES, sample_spec

SIDE_SECONDS = 4000 / 30.9
MOST_BYTES = 15_000


@pytest.fixture
def samples(project: Path) -> Path:
    """The folder of the samples."""
    return project / "data" / "samples"


def test_the_samples_heights_are_a_model_of_the_forest(samples: Path) -> None:
    """They are read as an elevation model, are marked and small, and each strip of the forest lies on low hills."""
    path = samples / "forest_elevation.tif"
    terrain = read_terrain(path, near=[open_scene(samples / f"forest_{date}.tif").grid for date in ("before", "after")])
    assert terrain is not None
    assert terrain.sources[0].credit == "CC0-1.0"
    assert path.stat().st_size < MOST_BYTES
    truth = gpd.read_file(samples / "forest_truth.geojson").set_index("strip_id").to_crs("EPSG:32618")
    found = pd.DataFrame(describe_terrain(truth, terrain))
    assert found["elevation_m"].between(180, 280).all()
    assert found["slope_percent"].between(0, 8).all()
    assert found["relief_m"].between(2, 60).all()


def test_heights_reach_over_all_of_the_scene() -> None:
    """The grid has its centres on whole arc seconds, and some of them outside of the scene on each side."""
    spec = sample_spec(SAMPLES[0])
    grid = lay_heights(spec)
    west = (grid.affine.c + 0.5 / 3600) * 3600
    assert west == pytest.approx(round(west), abs=1e-6)
    assert all(SIDE_SECONDS + 4 < side < SIDE_SECONDS + 12 for side in grid.shape)
    np.testing.assert_array_equal(simulate_heights(spec, grid), simulate_heights(spec, grid))
