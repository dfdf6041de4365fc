"""Scenes from arrays."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.windows import Window
from colibri_geo.errors import BandError, InputError
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Scene
from tests.scenes.images import ACQUIRED, CRS, FOUR, TRANSFORM, made_pixels, write_image, write_scl

GRID = GeoBox((40, 50), TRANSFORM, CRS)
WHEN = datetime(2024, 3, 21, 15, 20, tzinfo=UTC)


def reflectance() -> np.ndarray:
    """(4, 40, 50) float32."""
    return (made_pixels() * np.float32(1e-4)).astype(np.float32)


def make(values: np.ndarray | None = None, **options: Any) -> Scene:  # noqa: ANN401 - any option
    """A scene of four bands."""
    return scene_from_arrays(
        reflectance() if values is None else values,
        **{"grid": GRID, "bands": FOUR, "acquired": WHEN, **options},
    )


@pytest.mark.parametrize("window", [None, Window(3, 4, 10, 20), Window(-5, 40, 12, 30), Window(90, 0, 4, 4)])
def test_a_scene_from_arrays_reads_as_the_file_does(tmp_path: Path, rng: np.random.Generator, window: Window) -> None:
    """The same pixels and mask give the same blocks from memory and from files, at the rim too."""
    stored, codes = made_pixels(), rng.integers(0, 12, (40, 50)).astype(np.uint8)
    stored[:, 10:20, 5:9] = 0
    path = write_image(tmp_path / "a.tif", stored, acquired=ACQUIRED)
    write_scl(tmp_path / "a_scl.tif", codes)
    values = np.where(stored == 0, np.float32(np.nan), reflectance())
    file, memory = open_scene(path), make(values, scl=codes)
    for bands in (None, ("nir", "red")):
        mine, theirs = memory.read_block(window, bands), file.read_block(window, bands)
        np.testing.assert_array_equal(mine.unseen, theirs.unseen)
        np.testing.assert_allclose(mine.values, theirs.values, atol=1e-7)
    assert (memory.acquired, memory.bands, memory.quantity) == (file.acquired, file.bands, file.quantity)


def test_a_scene_does_not_share_the_callers_arrays() -> None:
    """What is written into a block or into the arrays afterwards changes no later reading."""
    values = reflectance()
    scene = make(values)
    first = scene.read_block()
    kept = first.values.copy()
    values[:] = 0
    first.values[:] = 1
    first.unseen[:] = Unseen.CLOUD
    np.testing.assert_array_equal(scene.read_block().values, kept)
    assert scene.read_block().valid.all()


def test_a_scene_survives_a_pickle() -> None:
    """Workers get the scene, and read the same."""
    scene = make()
    again = pickle.loads(pickle.dumps(scene))  # noqa: S301 - of this test's own
    np.testing.assert_array_equal(again.read_block().values, scene.read_block().values)
    assert again.grid == scene.grid


def test_identity_is_content_place_and_time() -> None:
    """The checksum is the same for the same scene and another one for another value, place, time, band or mask."""
    changed = reflectance()
    changed[0, 0, 0] += np.float32(1e-4)
    moved = GeoBox((40, 50), Affine(10, 0, 500_010, 0, -10, 200_000), CRS)
    scenes = [
        make(),
        make(changed),
        make(grid=moved),
        make(acquired=WHEN + timedelta(days=1)),
        make(bands=("green", "red", "nir", "swir16")),
        make(scl=np.full((40, 50), 9, np.uint8)),
    ]
    assert len({scene.provenance.sha256 for scene in scenes}) == len(scenes)
    assert make().provenance.sha256 == scenes[0].provenance.sha256
    assert make(name="other").provenance.sha256 == scenes[0].provenance.sha256


def test_times_are_kept_in_utc() -> None:
    """A time of another zone is the same moment in UTC."""
    scene = make(acquired=WHEN.astimezone(timezone(timedelta(hours=-5))))
    assert (scene.acquired, scene.acquired.tzinfo) == (WHEN, UTC)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"bands": ("red", "green", "blue", "nir")}, BandError),
        ({"bands": ("blue", "green", "red")}, BandError),
        ({"bands": ("blue", "green", "red", "ultra")}, BandError),
        ({"grid": GeoBox((50, 40), TRANSFORM, CRS)}, InputError),
        ({"values": np.zeros((40, 50), np.float32)}, InputError),
        ({"scl": np.zeros((4, 4), np.uint8)}, InputError),
        ({"scl": np.full((40, 50), 77, np.uint8)}, InputError),
        ({"acquired": WHEN.replace(tzinfo=None)}, InputError),
        ({"quantity": "brightness"}, InputError),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], error: type[Exception]) -> None:
    """Bands out of order, other shapes, unknown codes, times without a zone and unknown quantities are refused."""
    with pytest.raises(error, match=r"^array: "):
        make(**options)
