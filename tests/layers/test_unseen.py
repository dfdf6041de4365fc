"""The polygons of what was not observed."""

from __future__ import annotations

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.layers import not_observed_polygons
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes.masks import Unseen

CRS = "EPSG:32618"
GRID = GeoBox((24, 36), Affine(10, 0, 244_000, 0, -10, 133_600), CRS)


def test_squares_of_sixty_metres_cover_what_was_not_observed() -> None:
    """A cloud on the lattice of squares is drawn as it is, with its reason, in the metre system."""
    codes = np.zeros((24, 36), dtype=np.uint8)
    codes[6:18, 12:24] = Unseen.CLOUD
    polygons = not_observed_polygons(codes, GRID, CRS)
    assert polygons["reason"].tolist() == ["cloud"]
    assert polygons.crs.to_epsg() == 32618
    assert polygons.geometry[0].bounds == (244_120, 133_420, 244_240, 133_540)
    assert polygons.geometry[0].area == 120 * 120


@pytest.mark.parametrize(
    ("cloud", "shadow", "asked", "reason"),
    [
        (18, 0, 36, "cloud"),
        (17, 0, 36, None),
        (4, 0, 8, "cloud"),
        (10, 10, 36, "cloud"),
        (8, 11, 36, "shadow"),
        (0, 0, 36, None),
    ],
)
def test_half_of_a_square_decides_and_most_of_it_names_the_reason(
    cloud: int, shadow: int, asked: int, reason: str | None
) -> None:
    """A square is drawn when half of what was asked was not observed; of equals the graver reason stands."""
    square = np.full(36, NOT_ASKED, dtype=np.uint8)
    square[:asked] = Unseen.OBSERVED
    square[:cloud] = Unseen.CLOUD
    square[cloud : cloud + shadow] = Unseen.SHADOW
    grid = GeoBox((6, 6), GRID.affine, CRS)
    polygons = not_observed_polygons(square.reshape(6, 6), grid, CRS)
    assert polygons["reason"].tolist() == ([] if reason is None else [reason])


def test_what_was_not_asked_is_not_drawn() -> None:
    """Ground outside of the question is neither observed nor unobserved; an empty table keeps its columns."""
    polygons = not_observed_polygons(np.full((24, 36), NOT_ASKED, dtype=np.uint8), GRID, CRS)
    assert polygons.empty
    assert list(polygons.columns) == ["reason", "geometry"]
    assert polygons.crs.to_epsg() == 32618


def test_patches_are_joined_and_ordered() -> None:
    """Squares that share an edge are one polygon, those that share a corner are not; order is by reason, then place."""
    codes = np.zeros((24, 36), dtype=np.uint8)
    codes[0:6, 0:12] = Unseen.CLOUD
    codes[6:12, 12:18] = Unseen.CLOUD
    codes[12:24, 24:36] = Unseen.NODATA
    codes[18:24, 0:6] = Unseen.CLOUD
    polygons = not_observed_polygons(codes, GRID, CRS)
    assert polygons["reason"].tolist() == ["cloud", "cloud", "cloud", "nodata"]
    assert polygons.geometry.bounds["maxy"].tolist() == [133_600, 133_540, 133_420, 133_480]
    assert polygons.geometry.is_valid.all()


def test_grid_in_degrees_is_drawn_in_metres() -> None:
    """On a grid in degrees the squares are about 60 m too, and land in the metre system."""
    grid = GeoBox((60, 60), Affine(1e-4, 0, -77.3, 0, -1e-4, 1.3), "EPSG:4326")
    codes = np.zeros((60, 60), dtype=np.uint8)
    codes[:, :30] = Unseen.SHADOW
    polygons = not_observed_polygons(codes, grid, CRS)
    assert polygons.geometry.area.sum() == pytest.approx(60 * 30 * 11.13 * 11.06, rel=0.01)
    assert polygons.crs.to_epsg() == 32618
