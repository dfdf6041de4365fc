"""The area of interest, and every kind of file that is given for one."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo import errors
from colibri_geo.errors import ColibriError, NoOverlap
from colibri_geo.layers.aoi import check_aoi, mask_outside_aoi
from colibri_geo.layers.reading import read_aoi

GRID = GeoBox((160, 160), Affine(10, 0, 243_000, 0, -10, 133_600), "EPSG:32618")


def _write(path: Path, west: float, south: float, east: float, north: float) -> Path:
    path.write_text(shapely.to_geojson(shapely.box(west, south, east, north)), encoding="utf-8")
    return path


def _classes(text: str) -> set[type[ColibriError]]:
    """Return the error classes that a row of the manifest names before its colon or comma."""
    names = text.replace("/", " ").replace(",", " ").replace(":", " ").split()
    return {getattr(errors, name) for name in names if hasattr(errors, name) and name[0].isupper()}


def test_bad_areas_of_interest_end_as_the_manifest_says(bad_inputs: Path) -> None:
    """Each damaged or hostile area of interest is read, or refused with the named error in one line."""
    rows = list(csv.DictReader((bad_inputs / "MANIFEST.csv").read_text(encoding="utf-8").splitlines()))
    rows = [row for row in rows if row["op"] == "aoi"]
    assert len(rows) > 30
    wrong = []
    for row in rows:
        path = bad_inputs / row["files"].split(" | ")[0]
        try:
            read_aoi(path)
        except ColibriError as error:
            if row["expect"] == "ok" or "\n" in str(error):
                wrong.append((row["id"], str(error)))
            classes = _classes(row["must"])
            if row["expect"] == "error" and classes and not isinstance(error, tuple(classes)):
                wrong.append((row["id"], type(error).__name__))
        else:
            if row["expect"] == "error":
                wrong.append((row["id"], "read without an error"))
    assert wrong == []


@pytest.mark.parametrize("name", ["ok.geojson", "unclosed.geojson", "three_d.geojson", "bom_utf8.geojson", "ok.kml"])
def test_mended_areas_measure_as_the_whole_one(bad_inputs: Path, name: str) -> None:
    """What was mended has the area of the undamaged file."""
    assert read_aoi(bad_inputs / "vector" / name).area_km2 == pytest.approx(11.1, rel=0.01)


def test_older_crs_member_is_honoured(bad_inputs: Path) -> None:
    """A file in metres that says so is brought to its place."""
    aoi = read_aoi(bad_inputs / "vector" / "legacy_crs.geojson")
    assert aoi.area_km2 == pytest.approx(2.56, rel=2e-3)
    check_aoi(aoi, GRID)


def test_whole_globe_leaves_nothing_outside(tmp_path: Path) -> None:
    """An area of interest around the globe holds every pixel and has the area of the globe."""
    aoi = read_aoi(_write(tmp_path / "globe.geojson", -180, -90, 180, 90))
    assert not mask_outside_aoi(GRID, aoi).any()
    assert aoi.area_km2 == pytest.approx(510_065_622, rel=1e-6)


def test_swapped_coordinates_are_told(tmp_path: Path) -> None:
    """An area beside the images is refused; where swapping would help, the message says so."""
    lon, lat = -77.3, 1.2
    with pytest.raises(NoOverlap, match="swapped"):
        check_aoi(read_aoi(_write(tmp_path / "a.geojson", lat, lon, lat + 0.02, lon + 0.02)), GRID)
    with pytest.raises(NoOverlap, match="check its place"):
        check_aoi(read_aoi(_write(tmp_path / "b.geojson", 10, 10, 11, 11)), GRID)


def test_mask_follows_pixel_centres(tmp_path: Path) -> None:
    """A pixel is inside when its centre is, and the mask of a part is the part of the mask."""
    grid = GeoBox((4, 6), Affine(1, 0, 0, 0, -1, 4), "EPSG:4326")
    aoi = read_aoi(_write(tmp_path / "a.geojson", 0.6, 1.4, 3.4, 3.6))
    outside = mask_outside_aoi(grid, aoi)
    inside = np.zeros((4, 6), dtype=bool)
    inside[0:3, 1:3] = True
    assert np.array_equal(outside, ~inside)
    assert np.array_equal(
        mask_outside_aoi(GeoBox((2, 3), Affine(1, 0, 2, 0, -1, 3), "EPSG:4326"), aoi), outside[1:3, 2:5]
    )
