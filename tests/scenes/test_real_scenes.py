"""Real Sentinel-2 scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import rasterio

from colibri_geo.errors import MissingDate
from colibri_geo.scenes.opening import open_scene

ROMANIA_DATES = ("2015-08-31", "2016-06-16", "2016-08-15", "2017-06-06", "2017-07-21", "2018-08-25")
PERU_AREAS = ("2020_02", "2020_03", "2021_01", "2021_03")


@pytest.mark.parametrize("date", ROMANIA_DATES)
def test_surface_reflectance_with_its_mask(real_data: Path, date: str) -> None:
    """Each date is reflectance of vegetation and soil, and observed exactly where image and mask say so."""
    folder = real_data / "romania_s2"
    mask = folder / f"s2_{date}_SCL.tif"
    scene = open_scene(folder / f"s2_{date}_B2B3B4B8.tif", mask=mask, acquired=date)
    assert (scene.bands, scene.quantity) == (("blue", "green", "red", "nir"), "surface reflectance")
    values, valid = scene.read()
    with rasterio.open(mask) as codes, rasterio.open(scene.provenance.path) as image:
        clear = ~np.isin(codes.read(1), (0, 1, 3, 8, 9, 10)) & (image.read() != 0).any(axis=0)
    np.testing.assert_array_equal(valid, clear)
    blue, nir = (float(np.median(values[band][valid])) for band in (0, 3))
    assert 0 < blue < 0.1 < nir < 0.6


@pytest.mark.parametrize("area", PERU_AREAS)
def test_rgb_pictures_of_unknown_gain(real_data: Path, area: str) -> None:
    """A portal's 8-bit picture is relative, in common band order whatever its own, and lacks a date."""
    path = real_data / "peru_s2" / f"peru_s2_rgb_aoi_{area}.tif"
    with pytest.raises(MissingDate):
        open_scene(path)
    scene = open_scene(path, acquired="2020-07-01")
    assert (scene.bands, scene.quantity) == (("blue", "green", "red"), "relative")
    assert "Copernicus" in (scene.provenance.licence or "")
    with rasterio.open(path) as image:
        np.testing.assert_allclose(scene.read()[0], image.read([3, 2, 1]) / 255, atol=1e-6)
