"""Scenes without a mask: clouds are marked wherever a window is read, and the note says how much of the ground."""

from __future__ import annotations

import pickle
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage

from colibri_geo.core.windows import Window
from colibri_geo.errors import BadGeoreference, BandError
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scaling import RELATIVE, SURFACE, TOA
from colibri_geo.scenes.scene import Scene
from colibri_geo.scenes.screening import can_screen, describe_screening, screen_clouds
from colibri_geo.sim import random_spec, simulate_pair
from tests.scenes.images import write_image, write_scl

FOUR = ("blue", "green", "red", "nir")
FOREST, WHITE = (0.03, 0.045, 0.035, 0.28), (0.62, 0.60, 0.60, 0.64)
UTM = "EPSG:32618"


def cloudy_scene(share: np.ndarray, *, quantity: str = SURFACE, grid: GeoBox | None = None) -> Scene:
    """Forest under clouds, which are as opaque as `share` says; the first rows were not measured."""
    ground, white = (np.array(spectrum)[:, None, None] for spectrum in (FOREST, WHITE))
    values = (ground + share * (white - ground)).astype(np.float32)
    values[:, :5] = np.nan
    place = grid or GeoBox(share.shape, Affine(10, 0, 500_000, 0, -10, 200_000), UTM)
    return scene_from_arrays(
        values, place, bands=FOUR, acquired=datetime(2025, 1, 1, tzinfo=UTC), quantity=quantity, name="made.tif"
    )


def patchy(rng: np.random.Generator, rows: int, cols: int, *, grain_px: float = 12.0) -> np.ndarray:
    """Share covered by a broken sky."""
    noise = ndimage.gaussian_filter(rng.standard_normal((rows, cols)), grain_px, mode="wrap")
    return np.clip(0.5 + 2 * noise / noise.std(), 0, 1)


@dataclass(frozen=True)
class Stated:
    """What a note says of the share under cloud, per cent."""

    percent: int

    @classmethod
    def of(cls, scene: Scene) -> Stated:
        """Read the one note on clouds of a scene."""
        said = [note for note in scene.provenance.notes if "clouds were recognised" in note]
        assert len(said) == 1
        found = re.search(r"over about (\d+) % of the measured ground; thin cloud and shadow were not$", said[0])
        return cls(0 if found is None else int(found[1]))


def test_clouds_are_marked_and_nothing_else_changes(rng: np.random.Generator) -> None:
    """Values stay; codes become cloud where there is some, and what was not measured stays so."""
    scene = cloudy_scene(patchy(rng, 150, 150))
    screened = screen_clouds(scene)
    plain, block = scene.read_block(), screened.read_block()
    np.testing.assert_array_equal(block.values, plain.values)
    assert set(np.unique(block.unseen)) == {Unseen.OBSERVED, Unseen.CLOUD, Unseen.NODATA}
    np.testing.assert_array_equal(block.unseen == Unseen.NODATA, plain.unseen == Unseen.NODATA)
    white = (scene.read_block().values[0] > 0.5) & plain.valid
    assert (block.unseen[white] == Unseen.CLOUD).mean() > 0.95
    assert (block.unseen[(plain.values[0] < 0.05) & plain.valid] == Unseen.OBSERVED).all()


def test_window_and_bands_do_not_matter(rng: np.random.Generator) -> None:
    """What is cloud does not depend on the window or the bands that are read, nor on what was read before."""
    scene = cloudy_scene(patchy(rng, 620, 600))
    whole = screen_clouds(scene).read_block().unseen
    assert 0.1 < (whole == Unseen.CLOUD).mean() < 0.9
    windows = [
        Window(0, 0, 30, 40), Window(500, 470, 120, 130), Window(255, 250, 260, 300), Window(-20, 560, 90, 80),
        Window(100, 100, 128, 128), Window(100, 100, 129, 128), Window(700, 0, 10, 10), Window(10, 10, 0, 5),
    ]  # fmt: skip
    framed = np.pad(whole, 150, constant_values=np.uint8(Unseen.OUTSIDE))
    for bands in (FOUR, ("red",), ("nir", "blue")):
        screened = screen_clouds(scene)
        for window in windows:
            block = screened.read_block(window, bands)
            place = Window(window.row + 150, window.col + 150, window.rows, window.cols)
            np.testing.assert_array_equal(block.unseen, framed[place.slices])
            np.testing.assert_array_equal(block.values, scene.read_block(window, bands).values)


def test_screened_scene_can_be_sent(rng: np.random.Generator) -> None:
    """A screened scene is picklable, before and after it was read."""
    screened = screen_clouds(cloudy_scene(patchy(rng, 150, 150)))
    fresh = pickle.loads(pickle.dumps(screened))  # noqa: S301 - our own
    block = screened.read_block()
    for sent in (fresh, pickle.loads(pickle.dumps(screened))):  # noqa: S301 - our own
        np.testing.assert_array_equal(sent.read_block().unseen, block.unseen)


def test_what_was_seen_is_not_sent(rng: np.random.Generator) -> None:
    """A scene that was read is as small to send as before: memories of tiles stay behind."""
    screened = screen_clouds(cloudy_scene(patchy(rng, 150, 150)))
    size = len(pickle.dumps(screened))
    screened.read_block()
    assert len(pickle.dumps(screened)) == size


@pytest.mark.parametrize(
    "grid",
    [
        GeoBox((60, 60), Affine(1e-4, 0, 500_000, 0, -1e-4, 200_000), UTM),
        GeoBox((60, 60), Affine(0.03, 0, 500_000, 0, -0.03, 200_000), UTM),
    ],
)
def test_very_fine_images_are_not_screened(rng: np.random.Generator, grid: GeoBox) -> None:
    """Thousands of pixels around each window would have to be read, or more than any memory holds."""
    assert not can_screen(cloudy_scene(patchy(rng, 60, 60), grid=grid))


def test_a_place_beyond_the_pole_is_refused(rng: np.random.Generator) -> None:
    """No pixel there has a size."""
    grid = GeoBox((60, 60), Affine(1, 0, 500, 0, -1, 500), "EPSG:4326")
    with pytest.raises(BadGeoreference, match=r"made\.tif: the grid lies outside"):
        can_screen(cloudy_scene(patchy(rng, 60, 60), grid=grid))


def test_only_reflectance_with_bands_that_tell_is_screened(rng: np.random.Generator) -> None:
    """Surface and top-of-atmosphere reflectance are screened; pictures of unknown gain and other bands never."""
    share = patchy(rng, 60, 60)
    assert can_screen(cloudy_scene(share))
    assert can_screen(cloudy_scene(share, quantity=TOA))
    picture = cloudy_scene(share, quantity=RELATIVE)
    assert not can_screen(picture)
    with pytest.raises(BandError, match=r"made\.tif: relative with blue.*give a mask"):
        screen_clouds(picture)


@pytest.mark.parametrize("size", [160, 900])
@pytest.mark.parametrize("target", [0.05, 0.3, 0.6, 0.9])
def test_share_is_stated(rng: np.random.Generator, size: int, target: float) -> None:
    """The share that the note states is that of the measured ground under cloud, of a large scene within some."""
    noise = ndimage.gaussian_filter(rng.standard_normal((size, size)), 14.0, mode="wrap")
    share = (noise > np.quantile(noise, 1 - target)).astype(np.float64)
    screened = screen_clouds(cloudy_scene(share))
    unseen = screened.read_block().unseen
    true = 100 * (unseen == Unseen.CLOUD).sum() / (unseen != Unseen.NODATA).sum()
    assert Stated.of(screened).percent == pytest.approx(true, abs=0.51 if size == 160 else 8)


def test_share_of_a_clear_scene_is_none() -> None:
    """Without a cloud the note says that none was found, and still what was not looked for."""
    note = describe_screening(screen_clouds(cloudy_scene(np.zeros((150, 150)))))
    assert note == (
        "no cloud mask: clouds were recognised by brightness, none in a sample of the measured ground; "
        "thin cloud and shadow were not"
    )


@pytest.mark.parametrize(
    "grid",
    [
        GeoBox((150, 150), Affine(1e-4, 0, -75, 0, -1e-4, 60.0), "EPSG:4326"),
        GeoBox((150, 150), Affine(20, 0, 0, 0, -20, 8_399_738), "EPSG:3857"),
    ],
    ids=["degrees", "mercator"],
)
def test_pixels_count_in_metres_of_the_ground(grid: GeoBox) -> None:
    """In degrees, or far north on a Mercator map, a strip of 60 m of white is left and a wide cloud is found."""
    east_m = {"EPSG:4326": 5.56, "EPSG:3857": 10.0}[f"EPSG:{grid.crs.epsg}"] if grid.crs is not None else 0.0
    columns = np.broadcast_to(np.arange(150) * east_m, (150, 150))
    strip = ((columns > 300) & (columns < 360)).astype(np.float64)
    body = ((columns > 300) & (columns < 600)).astype(np.float64)
    assert not (screen_clouds(cloudy_scene(strip, grid=grid)).read_block().unseen == Unseen.CLOUD).any()
    assert (screen_clouds(cloudy_scene(body, grid=grid)).read_block().unseen == Unseen.CLOUD).mean() > 0.15


def test_file_is_screened_where_no_mask_tells(tmp_path: Path, rng: np.random.Generator) -> None:
    """A GeoTIFF without a mask is screened when it is opened; with one, the mask alone tells; 8 bits are left."""
    stored = np.round(np.nan_to_num(cloudy_scene(patchy(rng, 90, 90)).read_block().values) * 1e4).astype(np.uint16)
    image = write_image(tmp_path / "image.tif", stored)
    scene = open_scene(image)
    assert (scene.read_block().unseen == Unseen.CLOUD).any()
    assert 0 < Stated.of(scene).percent < 100
    assert scene.provenance.mask == "none"
    clear = write_scl(tmp_path / "clear.tif", np.full((90, 90), 4))
    masked = open_scene(image, mask=clear)
    assert not (masked.read_block().unseen == Unseen.CLOUD).any()
    assert not any("recognised" in note for note in masked.provenance.notes)
    picture = open_scene(write_image(tmp_path / "picture.tif", (stored // 40).clip(1, 255).astype(np.uint8)))
    assert not (picture.read_block().unseen == Unseen.CLOUD).any()
    assert any("clouds and their shadows count as observed ground" in note for note in picture.provenance.notes)


@pytest.mark.slow
@pytest.mark.parametrize("day", ["2015-08-31", "2016-06-16", "2016-08-15", "2017-06-06", "2017-07-21", "2018-08-25"])
def test_clear_real_scene_is_left(real_data: Path, tmp_path: Path, day: str) -> None:
    """Of a real scene without a cloud less than a thousandth is taken for one."""
    name = f"s2_{day}_B2B3B4B8.tif"
    alone = tmp_path / name
    alone.symlink_to(real_data / "romania_s2" / name)
    scene = open_scene(alone, acquired=day, bands=",".join(FOUR))
    assert any("clouds were recognised" in note for note in scene.provenance.notes)
    assert (scene.read_block().unseen == Unseen.CLOUD).mean() < 0.001


@pytest.mark.slow
@pytest.mark.parametrize("biome", ["forest", "savanna"])
def test_simulated_clouds_are_found(biome: str) -> None:
    """Of a simulated sky nearly all of what is thick and wide is found, and hardly any clear ground is taken."""
    spec = random_spec(21, rows=400, cols=400, biome=biome, cloud_share=0.3)
    pair = simulate_pair(spec)
    grid = GeoBox((400, 400), Affine(10, 0, 500_000, 0, -10, 200_000), UTM)
    scene = scene_from_arrays(pair.after, grid, bands=spec.bands, acquired=spec.after.acquired)
    found = screen_clouds(scene).read_block().unseen == Unseen.CLOUD
    thick = ndimage.binary_opening(np.isin(pair.after_scl, (8, 9)), np.ones((17, 17)))
    told = np.isin(pair.after_scl, (3, 8, 9, 10))
    assert thick.mean() > 0.05
    assert found[thick].mean() > 0.95
    assert found[~ndimage.binary_dilation(told, iterations=10)].mean() < 0.005
