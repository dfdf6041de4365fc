"""Samples of scenes that are mostly empty."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.core.windows import Window
from colibri_geo.errors import NoValidData
from colibri_geo.scenes import sampling
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.sampling import sample_stored
from colibri_geo.scenes.storage import Storage
from tests.scenes.images import made_pixels, write_image

SIDE = 1000


def _write(path: Path, *, rows: slice, cols: slice) -> Path:
    values = np.zeros((2, SIDE, SIDE), np.uint16)
    values[:, rows, cols] = 2500
    return write_image(path, values, names=("red", "nir"), compress="deflate")


@pytest.mark.parametrize(
    ("rows", "cols"),
    [
        (slice(0, SIDE), slice(0, SIDE)),
        (slice(0, SIDE), slice(150, 400)),
        (slice(200, 300), slice(0, SIDE)),
        (slice(70, 76), slice(70, 470)),
        (slice(SIDE - 150, SIDE - 149), slice(150, 151)),
    ],
)
def test_whatever_was_measured_is_found(tmp_path: Path, rows: slice, cols: slice) -> None:
    """A stripe between the windows, down to a single pixel, gives the sample; nothing that was not measured gets in."""
    path = _write(tmp_path / "a.tif", rows=rows, cols=cols)
    sample = sample_stored(Storage(RasterFile(path), (1, 2), zero_is_nodata=True), SIDE, SIDE)
    assert sample.shape[0] == 2
    assert sample.shape[1] > 0
    assert (sample == 2500).all()
    assert open_scene(path).provenance.scaling == "stored x 0.0001"


def test_a_file_without_a_measured_pixel_is_refused(tmp_path: Path) -> None:
    """All zero in all bands is a file that shows nothing."""
    path = _write(tmp_path / "a.tif", rows=slice(0), cols=slice(0))
    with pytest.raises(NoValidData, match="in the whole image"):
        open_scene(path)


def test_a_huge_file_is_searched_by_windows_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the search ends after the windows, and the message says so instead of claiming the whole."""
    monkeypatch.setattr(sampling, "SEARCHED_PX", SIDE * SIDE - 1)
    hidden = _write(tmp_path / "a.tif", rows=slice(SIDE - 150, SIDE - 149), cols=slice(150, 151))
    with pytest.raises(NoValidData, match="in 144 windows spread over the image"):
        open_scene(hidden)
    assert open_scene(_write(tmp_path / "b.tif", rows=slice(0, SIDE), cols=slice(150, 400))).bands == ("red", "nir")


@pytest.mark.parametrize("side", [16, 100, 192])
def test_a_small_image_is_read_once_for_the_same_sample(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, side: int
) -> None:
    """An image that the windows would cover is read as a whole; the sample is what the windows hold, one by one."""
    path = write_image(tmp_path / "a.tif", made_pixels(2, side, side), names=("red", "nir"))
    storage = Storage(RasterFile(path), (1, 2))
    with monkeypatch.context() as apart:
        apart.setattr(sampling, "_are_covered", lambda *_: False)
        expected = sample_stored(storage, side, side)
    read: list[Window] = []
    original = Storage.read

    def counted(self: Storage, window: Window, positions: Sequence[int]) -> object:
        read.append(window)
        return original(self, window, positions)

    monkeypatch.setattr(Storage, "read", counted)
    np.testing.assert_array_equal(sample_stored(storage, side, side), expected)
    assert read == [Window(0, 0, side, side)]
    assert list(sampling.cover_windows(side, side, 3)) == read


def test_a_common_scene_is_read_in_few_small_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening reads nine windows of a scene that is measured throughout, not the scene."""
    path = write_image(tmp_path / "a.tif", made_pixels(2, SIDE, SIDE), names=("red", "nir"))
    read: list[int] = []
    original = Storage.read

    def counted(self: Storage, window: Window, positions: Sequence[int]) -> object:
        stored = original(self, window, positions)
        read.append(stored.measured.size)
        return stored

    monkeypatch.setattr(Storage, "read", counted)
    open_scene(path)
    assert len(read) == 9
    assert sum(read) <= 9 * sampling.WINDOW_PX**2
