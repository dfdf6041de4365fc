"""Clouds by brightness, whiteness and width: what is one, and what never is."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy import ndimage

from colibri_geo.core.clouds import BODY_M, EDGE_M, choose_bands, find_clouds, find_reach_px
from colibri_geo.core.frames import Line
from colibri_geo.sim import Mix, Strip, random_spec, simulate_pair
from colibri_geo.sim.sky import CLOUD, HAZE
from colibri_geo.sim.spec import BIOMES, SceneSpec
from colibri_geo.sim.spectra import SURFACES, reflectance
from tests.core.painting import draw_box, textured

SIX = ("blue", "green", "red", "nir", "swir16", "swir22")
FOUR = SIX[:4]
SALT = (0.55, 0.58, 0.60, 0.62, 0.35, 0.30)
GRAVEL = (0.36, 0.38, 0.40, 0.42, 0.44, 0.42)
DESERT = (0.30, 0.32, 0.34, 0.36, 0.52, 0.50)
SNOW = (0.85, 0.84, 0.82, 0.75, 0.06, 0.05)
LOOK_ALIKES = Mix(
    new=6, old=4, regrowing=2, road=2, river=3, field=6, clearing=4, burn=1, season=2, pipeline=1, power_line=1
)


def ground(size: int, surface: str = "forest") -> np.ndarray:
    """Even ground of six bands."""
    return np.repeat(reflectance(surface, SIX), size * size).reshape(6, size, size).astype(np.float32)


def cover(image: np.ndarray, share: np.ndarray, spectrum: tuple[float, ...]) -> np.ndarray:
    """Lay a spectrum over an image, as opaque as `share` says."""
    return (image + share * (np.array(spectrum, dtype=np.float32)[:, None, None] - image)).astype(np.float32)


def find(image: np.ndarray, bands: tuple[str, ...] = SIX, *, pixel_m: float = 10.0) -> np.ndarray:
    """Find clouds in an image of six bands all of which were measured."""
    chosen = image[[SIX.index(band) for band in bands]]
    return find_clouds(chosen, bands, np.ones(image.shape[1:], dtype=np.bool_), pixel_m=pixel_m)


def round_cloud(size: int, radius: float, *, soft: float = 3.0) -> np.ndarray:
    """Share covered by one round cloud with a soft edge, in the middle."""
    rows, cols = np.mgrid[:size, :size] - size / 2
    return (1 / (1 + np.exp((np.hypot(rows, cols) - radius) / soft))).astype(np.float32)


def ragged_clouds(rng: np.random.Generator, size: int) -> np.ndarray:
    """Share covered by a broken sky: hard edges, holes and shreds, 0 or 1."""
    return (textured(rng, (size, size), grain_px=6.0) + 0.6 * textured(rng, (size, size), grain_px=0.8) > 0).astype(
        np.float32
    )


@pytest.mark.parametrize("bands", [SIX, FOUR, FOUR[:3], ("green", "red", "nir"), ("green", "red")], ids=",".join)
@pytest.mark.parametrize("surface", sorted(SURFACES))
def test_thick_cloud_is_found_to_its_edge(bands: tuple[str, ...], surface: str) -> None:
    """Over any ground, what is half covered is found, without blue what is mostly covered; clear ground is left."""
    share = round_cloud(120, 20)
    clouds = find(cover(ground(120, surface), share, CLOUD), bands)
    assert clouds[share > (0.5 if "blue" in bands else 0.75)].mean() > 0.99
    assert not clouds[share < 0.02].any()


@pytest.mark.parametrize("pixel_m", [3.0, 10.0, 20.0, 30.0])
@pytest.mark.parametrize("spectrum", [SALT, GRAVEL, CLOUD], ids=["salt", "gravel", "cloud"])
@pytest.mark.parametrize("angle_deg", [0.0, 20.0, 45.0, 90.0])
def test_strip_is_never_cloud(pixel_m: float, spectrum: tuple[float, ...], angle_deg: float) -> None:
    """A strip 60 m wide is left, though as white as a cloud, at any pixel size and angle, even where two cross."""
    size = round(900 / pixel_m)
    lines = [Line(size / 2, size / 2, angle_deg + turn_deg) for turn_deg in (0.0, 90.0)]
    box = {"length_px": 2 * size, "width_px": 60 / pixel_m}
    one, other = (draw_box((size, size), line, **box) for line in lines)
    for share in (one, np.maximum(one, other)):
        white = cover(ground(size), share, spectrum)
        for bands in (SIX, FOUR):
            assert not find(white, bands, pixel_m=pixel_m).any()


@pytest.mark.slow
@pytest.mark.parametrize("biome", BIOMES)
def test_simulated_ground_is_never_cloud(biome: str) -> None:
    """Strips of any contrast, sand bars, fields, burns, bright savanna and dense haze are left: no sky is cloudy."""
    spec = random_spec(
        7,
        rows=420,
        cols=420,
        biome=biome,
        bands=SIX,
        contrast=(0.1, 1.0),
        mix=LOOK_ALIKES,
        width_m=(15.0, 60.0),
        clutter=0.5,
    )
    hazy = dataclasses.replace(spec.after, haze=0.4, gain=(1.15,) * 6)
    pair = simulate_pair(dataclasses.replace(spec, after=hazy, clouds=()))
    for values in (pair.before, pair.after):
        assert not find(values).any()
        assert not find(values, FOUR).any()
        assert not find(values, FOUR[:3]).any()


def test_wide_bare_ground_is_no_cloud() -> None:
    """Ground of one surface, however wide, is left; so are white desert and snow where short-wave infrared tells."""
    for surface in SURFACES:
        for bands in (SIX, FOUR, FOUR[:3], ("green", "red", "nir")):
            assert not find(ground(60, surface), bands).any(), surface
    everywhere = np.ones((60, 60), dtype=np.float32)
    for spectrum in (DESERT, SNOW):
        white = cover(ground(60), everywhere, spectrum)
        assert not find(white).any()
        assert find(white, FOUR).all(), "without it nothing tells them from cloud"


def test_thin_haze_is_no_cloud() -> None:
    """Haze that lets a third of the ground through is left, wherever it lies alone."""
    share = round_cloud(120, 30)
    assert not find(cover(ground(120), 0.6 * share, HAZE)).any()


def test_narrow_cloud_is_left_and_wide_one_found() -> None:
    """A puff as narrow as a strip is left; what is one and a half times as wide as a body is found."""
    assert not find(cover(ground(120), round_cloud(120, 3.0, soft=0.5), CLOUD)).any()
    assert find(cover(ground(120), round_cloud(120, 0.75 * BODY_M / 10, soft=0.5), CLOUD)).any()


def test_ragged_cloud_is_found_by_its_share(rng: np.random.Generator) -> None:
    """Of a broken sky the share that is found is the share that is there, and no clear pixel is taken with it."""
    share = ragged_clouds(rng, 200)
    clouds = find(cover(ground(200), share, CLOUD), FOUR)
    assert clouds.mean() == pytest.approx(share.mean(), abs=0.05)
    assert not clouds[share == 0].any()


@pytest.mark.parametrize("pixel_m", [7.0, 10.0, 30.0])
def test_window_does_not_matter(rng: np.random.Generator, pixel_m: float) -> None:
    """A window read with its reach around gives what the whole image gives."""
    share = ndimage.gaussian_filter(ragged_clouds(rng, 160), 1.0)
    image = cover(ground(160), share, CLOUD)
    whole = find(image, pixel_m=pixel_m)
    assert 0.1 < whole.mean() < 0.9
    reach = find_reach_px(pixel_m)
    for row, col in ((0, 0), (61, 47), (100, 119)):
        rows, cols = (slice(max(at - reach, 0), at + 40 + reach) for at in (row, col))
        part = find(image[:, rows, cols], pixel_m=pixel_m)
        inner = part[row - rows.start :, col - cols.start :][:40, :40]
        np.testing.assert_array_equal(inner, whole[row : row + 40, col : col + 40])


def test_reach_is_not_stated_too_small() -> None:
    """A pixel answers to what lies as far away as the reach, and to nothing beyond."""
    reach = find_reach_px(10.0)
    size = 2 * reach + 61
    veiled = cover(ground(size), np.full((size, size), 0.15, dtype=np.float32), CLOUD)
    assert not find(veiled).any()
    body = np.zeros((size, size), dtype=np.float32)
    body[30:50, 30:50] = 1
    rows, cols = np.nonzero(find(cover(veiled, body, CLOUD)))
    for places in (rows, cols):
        assert 30 - EDGE_M / 10 - 4 <= places.min() <= 30 - EDGE_M / 10 + 3
    gone = body.copy()
    gone[30] = 0
    changed = find(cover(veiled, body, CLOUD)) != find(cover(veiled, gone, CLOUD))
    assert changed.any()
    assert np.abs(np.nonzero(changed)[0] - 30).max() <= reach


def test_unmeasured_pixels_are_no_cloud() -> None:
    """Where nothing was measured there is no cloud, and it does not make a body wider."""
    image = cover(ground(80), np.ones((80, 80), dtype=np.float32), CLOUD)
    measured = np.zeros((80, 80), dtype=np.bool_)
    measured[:, 37:43] = True
    assert not find_clouds(image, SIX, measured, pixel_m=10.0).any()
    measured[:, 20:60] = True
    np.testing.assert_array_equal(find_clouds(image, SIX, measured, pixel_m=10.0), measured)


def test_bands_that_do_not_tell_find_nothing() -> None:
    """Without green and red no cloud is called, however bright the rest is."""
    image = cover(ground(60), np.ones((60, 60), dtype=np.float32), CLOUD)
    assert choose_bands(("blue", "nir", "swir16")) == ()
    assert not find(image, ("blue", "nir", "swir16")).any()


def test_planted_strips_beside_clouds_stay_seen() -> None:
    """Of laterite and sand strips that end under a cloud, what lies in the open is not masked with it."""
    spec = SceneSpec(
        seed=3,
        rows=160,
        cols=160,
        strips=tuple(
            Strip((200.0, north_m), (1400.0, north_m), width_m=25.0, surface=surface)
            for north_m, surface in ((500.0, "laterite"), (1100.0, "sand"))
        ),
    )
    after = simulate_pair(spec).after
    cols = np.broadcast_to(np.arange(160), (160, 160))
    share = (1 / (1 + np.exp((cols - 60) / 2.5))).astype(np.float32)
    clouds = find(cover(np.concatenate([after, after[:2]]), share, CLOUD), FOUR)
    assert clouds[:, :60].mean() > 0.95
    assert not clouds[:, 75:].any()
