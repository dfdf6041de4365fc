"""Pixels with their labels: xarray gets the scene's values, its place and why ground was not seen."""

from __future__ import annotations

import importlib

import numpy as np
import odc.geo.xr  # noqa: F401 - which reads the place of an array
import pytest

from colibri_geo.core.windows import Window
from colibri_geo.errors import BandMismatch, MissingExtra
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import Scene
from tests.support.small_pair import make_veiled_scenes, small_spec

CLOUD, HOLE = (slice(10, 20), slice(0, 9)), (slice(40, 50), slice(60, 70))


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A scene with a part under cloud and a part that was not measured."""
    return make_veiled_scenes(small_spec(), hole=HOLE, cloud=CLOUD)[1]


def test_values_are_those_of_the_scene(scene: Scene) -> None:
    """Bands, values and masks are those of `read_block`; what was not measured is NaN, what lies under cloud is not."""
    array, block = scene.to_xarray(), scene.read_block()
    assert array.dims == ("band", "y", "x")
    assert array.dtype == np.float32
    assert list(array.band.values) == list(scene.bands)
    np.testing.assert_array_equal(array.unseen, block.unseen)
    assert np.isnan(array.values[:, *HOLE]).all()
    np.testing.assert_array_equal(array.values[:, *CLOUD], block.values[:, *CLOUD])
    clear = array.where(array.unseen == 0)
    assert np.isnan(clear.values[:, *CLOUD]).all()
    np.testing.assert_array_equal(np.isfinite(clear.values[0]), block.valid)


def test_place_is_read_by_odc_geo(scene: Scene) -> None:
    """The grid of the array is that of the scene; coordinates are centres of pixels in its system."""
    array = scene.to_xarray()
    assert array.odc.geobox.affine.almost_equals(scene.grid.affine)
    assert array.odc.geobox.shape == scene.grid.shape
    assert array.odc.crs.epsg == 32618
    assert array.x.values[0] == scene.grid.affine.c + 5
    assert array.y.values[0] == scene.grid.affine.f - 5
    assert array.time.values == np.datetime64(scene.acquired.replace(tzinfo=None))


def test_window_is_read_alone(scene: Scene) -> None:
    """A window has its own place, even where it reaches beyond the scene; the rest is outside and NaN."""
    window = Window(-5, 100, 30, 200)
    array = scene.to_xarray(window, ["nir", "red"])
    assert array.shape == (2, 30, 200)
    assert array.odc.geobox.affine.almost_equals(cut_grid(scene.grid, window).affine)
    assert (array.unseen[:5] == Unseen.OUTSIDE).all()
    assert np.isnan(array.values[:, :5]).all()
    np.testing.assert_array_equal(array.sel(band="nir")[5:, :80], scene.read(Window(0, 100, 25, 80), ["nir"])[0][0])


def test_reasons_are_named(scene: Scene) -> None:
    """The codes of the mask say what they mean, as CF wants flags."""
    flags = scene.to_xarray(Window(0, 0, 2, 2)).unseen.attrs
    assert dict(zip(flags["flag_meanings"].split(), flags["flag_values"], strict=True)) == {
        code.reason: code.value for code in Unseen
    }


def test_what_misses_is_told(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """A band that the scene has not, and a library that is not installed, are one line each."""
    with pytest.raises(BandMismatch, match="lacks swir16"):
        scene.to_xarray(bands=["swir16"])

    def fail(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(MissingExtra, match=r'needs xarray.*pip install "colibri_geo\[notebook\]"'):
        scene.to_xarray()
