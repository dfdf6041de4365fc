"""What an input is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine

from colibri_geo.errors import BadDate, BandError, ColibriError, CorruptInput, GeoreferenceError, NoValidData
from colibri_geo.scenes import inspecting
from colibri_geo.scenes.inspecting import inspect_scene
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import made_pixels, write_image, write_scl


def test_a_sound_image_is_told_whole(tmp_path: Path) -> None:
    """Bands, grid, time, scaling and shares are those of the file; nothing keeps it from being a scene."""
    values = made_pixels(rows=40, cols=50)
    values[:, :10] = 0
    path = write_image(tmp_path / "a.tif", values, tags={"SENSOR": "Sentinel-2A", "LICENCE": "free"})
    codes = np.full((40, 50), 4)
    codes[20:30] = 9
    write_scl(tmp_path / "a_scl.tif", codes)
    found = inspect_scene(path)
    assert (found.name, found.layout, found.sensor, found.licence) == ("a.tif", "GeoTIFF", "Sentinel-2A", "free")
    assert found.bands == ("blue", "green", "red", "nir")
    assert (found.rows, found.cols, found.crs) == (40, 50, "EPSG:32618")
    assert found.pixel_east_m == pytest.approx(10, abs=0.01)
    assert found.west is not None
    assert found.west == pytest.approx(-75.0, abs=0.01)
    assert (found.measured_share, found.clear_share, found.shares_sampled) == (0.75, 0.5, False)
    assert found.warnings == ()


@pytest.mark.parametrize(
    ("crs", "east", "expected"),
    [
        ("EPSG:32601", 166_000, (179.99, -179.98)),
        ("EPSG:32660", 833_000, (179.993, -179.994)),
        ("EPSG:32660", 800_000, (179.69, 179.70)),
        ("EPSG:4326", 179.9, (179.9, -179.6)),
        ("EPSG:4326", -180.1, (179.9, -179.6)),
        ("EPSG:4326", 179.5, (179.5, 180.0)),
        ("EPSG:4326", -180.0, (-180.0, -179.5)),
    ],
)
def test_a_scene_across_180_degrees_has_its_west_in_the_east(
    tmp_path: Path, crs: str, east: float, expected: tuple[float, float]
) -> None:
    """West and east are the scene's own edges, not those of the map of the world."""
    transform = Affine(0.01, 0, east, 0, -0.01, 1) if crs == "EPSG:4326" else Affine(30, 0, east, 0, -30, 200_000)
    found = inspect_scene(write_image(tmp_path / "a.tif", made_pixels(), crs=crs, transform=transform))
    assert (found.west, found.east) == pytest.approx(expected, abs=0.01)


def test_a_map_of_the_whole_earth_goes_around_it(tmp_path: Path) -> None:
    """Its west is not its east."""
    for west in (-180.0, 0.0):
        whole = Affine(7.2, 0, west, 0, -4.5, 90)
        found = inspect_scene(write_image(tmp_path / "a.tif", made_pixels(), crs="EPSG:4326", transform=whole))
        assert (found.west, found.east) == (-180.0, 180.0)


def test_every_thing_that_is_missing_is_told(tmp_path: Path) -> None:
    """Bands, time and place are told as warnings with the names of their errors, beside what is there."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None, acquired=None, crs=None)
    found = inspect_scene(path)
    assert [warning.partition(":")[0] for warning in found.warnings] == ["MissingCRS", "BandsUnknown", "MissingDate"]
    assert (found.bands, found.acquired, found.crs, found.quantity) == ((), None, None, None)
    assert (found.rows, found.measured_share) == (40, 1.0)
    assert not inspect_scene(path, bands="red=1", acquired="2024-01-01", assume_crs="EPSG:32618").warnings


@pytest.mark.parametrize("stated", ["unknown", "0000:00:00", "9999:01:01"])
def test_what_is_no_date_is_no_day(tmp_path: Path, stated: str) -> None:
    """Of a tag that states no possible date neither a time nor a day is told."""
    found = inspect_scene(write_image(tmp_path / "a.tif", made_pixels(), acquired=stated))
    assert [warning.partition(":")[0] for warning in found.warnings] == ["BadDate"]
    assert (found.acquired, found.day_alone, found.acquired_text) == (None, False, None)


@pytest.mark.parametrize(("stated", "told"), [("2024:03:21", "2024-03-21"), ("20240321T15", "2024-03-21T15:00:00Z")])
def test_a_day_is_told_as_one_everywhere(tmp_path: Path, stated: str, told: str) -> None:
    """Scene and inspection write a day alone as a day, and a time to the second."""
    path = write_image(tmp_path / "a.tif", made_pixels(), acquired=stated)
    unnamed = write_image(tmp_path / "b.tif", made_pixels(), acquired=stated, names=None)
    for found in (inspect_scene(path), inspect_scene(unnamed)):
        assert found.acquired_text == told
        assert f", {told}, " in repr(found)
    assert f", {told}, " in repr(open_scene(path))


@pytest.mark.parametrize("side", [1, 15])
def test_a_small_image_is_told_of(tmp_path: Path, side: int) -> None:
    """An image that no strip fits in is described all the same."""
    found = inspect_scene(write_image(tmp_path / "a.tif", made_pixels(rows=side, cols=side)))
    assert found.rows == side
    assert [warning.partition(":")[0] for warning in found.warnings] == ["TooSmall"]


def test_complex_pixels_are_told_of(tmp_path: Path) -> None:
    """Numbers that hold no reflectance are named, and no share is made up."""
    found = inspect_scene(write_image(tmp_path / "a.tif", made_pixels().astype(np.complex64)))
    assert any(warning.startswith("UnsupportedDtype") for warning in found.warnings)
    assert found.measured_share is None


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    """A damaged file, and one that shows nothing, are refused as by every other reader."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(CorruptInput):
        inspect_scene(path)
    with pytest.raises(NoValidData):
        inspect_scene(write_image(tmp_path / "b.tif", np.zeros((4, 40, 50), np.uint16)))


def test_shares_of_a_large_image_are_of_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the shares come from windows spread over the image, and that is said."""
    monkeypatch.setattr(inspecting, "_COUNTED_PX", 100)
    values = made_pixels(rows=400, cols=400)
    values[:, :, :200] = 0
    found = inspect_scene(write_image(tmp_path / "a.tif", values))
    assert found.shares_sampled
    assert found.measured_share == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"bands": "redd=1"}, BandError),
        ({"acquired": "10/01/2025"}, BadDate),
        ({"assume_crs": "utm18"}, GeoreferenceError),
    ],
)
def test_what_the_user_says_wrong_is_an_error(
    tmp_path: Path, options: dict[str, str], error: type[ColibriError]
) -> None:
    """A fault of the file is told as a warning, a fault of an option ends the command."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None, acquired=None, crs=None)
    with pytest.raises(error):
        inspect_scene(path, **options)
