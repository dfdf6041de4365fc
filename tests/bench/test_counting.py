"""Counting what was found of a pair on disk."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import geopandas as gpd
import pytest
from shapely.geometry import LineString

from colibri_geo.bench.counting import Found, count_found, read_truth
from colibri_geo.sim import TruthStrip
from colibri_geo.sim.files import format_strips

CRS = "EPSG:32618"
STRIPS = tuple(
    TruthStrip(f"T{number}", kind, (500_000.0 + 2000 * number, 100_000.0), (500_600.0 + 2000 * number, 100_600.0),
               848.5, 20.0, 45.0, "sand", 0.9, share)
    for number, (kind, share) in enumerate([("new", 1.0), ("new", 0.9), ("new", 0.3), ("old", 1.0)])
)  # fmt: skip


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Truth as the simulator writes it."""
    path = tmp_path / "truth.geojson"
    path.write_text(format_strips(STRIPS, CRS), encoding="utf-8")
    return path


def table(*numbers: int) -> gpd.GeoDataFrame:
    """Return a table in which these strips are called new."""
    lines = [LineString([STRIPS[number].end1, STRIPS[number].end2]) for number in numbers]
    return gpd.GeoDataFrame({"verdict": ["new"] * len(lines)}, geometry=lines, crs=CRS)


def test_truth_is_read_as_it_was_written(truth: Path) -> None:
    """Strips come back as they were, to the digits that the file has."""
    for read, written in zip(read_truth(truth, CRS).strips, STRIPS, strict=True):
        assert read.end1 == pytest.approx(written.end1, abs=0.02)
        assert read.end2 == pytest.approx(written.end2, abs=0.02)
        assert read.grid_azimuth_deg == pytest.approx(45, abs=0.01)
        assert (read.verdict, read.observable) == (written.verdict, written.observable)
        assert (
            dataclasses.replace(read, end1=written.end1, end2=written.end2, length_m=848.5, grid_azimuth_deg=45.0)
            == written
        )


def test_found_are_new_strips_that_could_be_seen(truth: Path) -> None:
    """Recall is of new strips that were observed; an old strip called new is called new, and no hit."""
    assert count_found(table(0, 1, 2, 3), truth) == Found(called_new=4, hits=2, there=2)
    assert count_found(table(0), truth) == Found(called_new=1, hits=1, there=2)
    assert count_found(table(), truth) == Found(called_new=0, hits=0, there=2)
