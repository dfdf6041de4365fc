"""A mask on another grid, right to the pixel."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from pyproj import Transformer

from colibri_geo.core.windows import Window
from colibri_geo.errors import GeoreferenceError, InputError, MissingCRS, NoOverlap, NotAFile, UnsupportedFormat
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import CRS, TRANSFORM, made_pixels, write_image, write_scl

ROWS, COLS = 40, 50


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A scene of 40 x 50 pixels of 10 m, all measured."""
    return write_image(tmp_path / "image.tif", made_pixels(rows=ROWS, cols=COLS))


def codes_for(rng: np.random.Generator, rows: int, cols: int) -> np.ndarray:
    """Every class anywhere."""
    return rng.integers(0, 12, (rows, cols))


def expected(codes: np.ndarray) -> np.ndarray:
    """What the conventions say of each class."""
    table = np.zeros(12, np.uint8)
    table[0], table[1], table[3] = Unseen.NODATA, Unseen.SATURATION, Unseen.SHADOW
    table[8:11] = Unseen.CLOUD
    return table[codes]


def test_a_mask_on_the_images_grid_is_taken_as_it_is(image: Path, rng: np.random.Generator) -> None:
    """Each pixel has its own code."""
    codes = codes_for(rng, ROWS, COLS)
    write_scl(image.with_name("image_scl.tif"), codes)
    np.testing.assert_array_equal(open_scene(image).read_block().unseen, expected(codes))


@pytest.mark.parametrize("size", [2, 3, 5])
def test_coarse_masks_cover_blocks_of_pixels(image: Path, rng: np.random.Generator, size: int) -> None:
    """A mask of whole multiples of the pixel gives each block of pixels one code."""
    codes = codes_for(rng, -(-ROWS // size), -(-COLS // size))
    transform = Affine(10 * size, 0, TRANSFORM.c, 0, -10 * size, TRANSFORM.f)
    mask = write_scl(image.with_name("m.tif"), codes, transform=transform)
    whole = np.repeat(np.repeat(expected(codes), size, axis=0), size, axis=1)[:ROWS, :COLS]
    np.testing.assert_array_equal(open_scene(image, mask=mask).read_block().unseen, whole)


def test_a_finer_mask_counts_where_the_pixels_centre_lies(image: Path, rng: np.random.Generator) -> None:
    """Of a mask with three pixels a side, the middle one tells."""
    codes = codes_for(rng, 3 * ROWS, 3 * COLS)
    mask = write_scl(image.with_name("m.tif"), codes, transform=Affine(10 / 3, 0, TRANSFORM.c, 0, -10 / 3, TRANSFORM.f))
    np.testing.assert_array_equal(open_scene(image, mask=mask).read_block().unseen, expected(codes[1::3, 1::3]))


@pytest.mark.parametrize(("down", "right"), [(0, 0), (-3, 4), (7, -2), (12, 30)])
def test_ground_outside_of_the_mask_was_not_measured(
    image: Path, rng: np.random.Generator, down: int, right: int
) -> None:
    """A mask of another extent counts where it lies; beyond it nothing is known."""
    codes = codes_for(rng, 20, 20)
    transform = Affine(10, 0, TRANSFORM.c + 10 * right, 0, -10, TRANSFORM.f - 10 * down)
    mask = write_scl(image.with_name("m.tif"), codes, transform=transform)
    place = np.full((ROWS + 40, COLS + 40), int(Unseen.NODATA), np.uint8)
    place[20 + down : 40 + down, 20 + right : 40 + right] = expected(codes)
    np.testing.assert_array_equal(open_scene(image, mask=mask).read_block().unseen, place[20:-20, 20:-20])


def test_windows_of_the_mask_equal_the_whole(image: Path, rng: np.random.Generator) -> None:
    """Reading by window gives what reading at once gives, at the rim too."""
    codes = codes_for(rng, 20, 25)
    mask = write_scl(image.with_name("m.tif"), codes, transform=Affine(20, 0, TRANSFORM.c, 0, -20, TRANSFORM.f))
    scene = open_scene(image, mask=mask)
    whole = np.full((ROWS + 20, COLS + 20), int(Unseen.OUTSIDE), np.uint8)
    whole[10:-10, 10:-10] = scene.read_block().unseen
    for row, col in np.ndindex(5, 5):
        window = Window(row * 11 - 9, col * 13 - 8, 11, 13)
        part = whole[window.row + 10 :, window.col + 10 :][: window.rows, : window.cols]
        read = scene.read_block(window).unseen[: part.shape[0], : part.shape[1]]
        np.testing.assert_array_equal(read, part)


def test_a_mask_in_another_system_is_right_to_the_pixel(image: Path, rng: np.random.Generator) -> None:
    """A mask in degrees gives each pixel the code under its centre, window by window."""
    step = 1.7e-4
    codes = codes_for(rng, 40, 50)
    transform = Affine(step, 0, -74.9998, 0, -step, 1.8091)
    mask = write_scl(image.with_name("m.tif"), codes, transform=transform, crs="EPSG:4326")
    rows, cols = np.mgrid[:ROWS, :COLS] + 0.5
    lon, lat = Transformer.from_crs(CRS, 4326, always_xy=True).transform(
        TRANSFORM.c + 10 * cols, TRANSFORM.f - 10 * rows
    )
    row, col = np.floor((lat - transform.f) / -step).astype(int), np.floor((lon - transform.c) / step).astype(int)
    inside = (row >= 0) & (row < 40) & (col >= 0) & (col < 50)
    assert 0.2 < inside.mean() < 1
    answer = np.where(inside, expected(codes)[row.clip(0, 39), col.clip(0, 49)], Unseen.NODATA)
    scene = open_scene(image, mask=mask)
    np.testing.assert_array_equal(scene.read_block().unseen, answer)
    window = Window(30, 0, 10, 50)
    np.testing.assert_array_equal(scene.read_block(window).unseen, answer[window.slices])


def test_nodata_of_the_mask_is_no_data(image: Path) -> None:
    """A value that the mask declares as nodata stands for class 0."""
    codes = np.full((ROWS, COLS), 4)
    codes[5:9, 7] = 255
    mask = write_scl(image.with_name("m.tif"), codes, nodata=255)
    unseen = open_scene(image, mask=mask).read_block().unseen
    np.testing.assert_array_equal(unseen == Unseen.NODATA, codes == 255)


@pytest.mark.parametrize("ending", ["_scl.tif", "_SCL.tif"])
def test_a_mask_beside_the_image_is_found(image: Path, ending: str) -> None:
    """NAME_scl.tif is used without being asked for, and named in the provenance."""
    assert open_scene(image).provenance.mask == "none"
    beside = write_scl(image.with_name(f"image{ending}"), np.full((ROWS, COLS), 9))
    scene = open_scene(image)
    assert scene.provenance.mask_path == beside
    assert beside.name in scene.provenance.mask
    assert not scene.read_block().valid.any()


def test_a_mask_given_stands_above_the_one_beside(image: Path) -> None:
    """The option is used even where a file lies beside the image."""
    write_scl(image.with_name("image_scl.tif"), np.full((ROWS, COLS), 9))
    clear = write_scl(image.with_name("clear.tif"), np.full((ROWS, COLS), 4))
    assert open_scene(image, mask=clear).read_block().valid.all()


def test_without_a_mask_the_scene_says_what_that_costs(image: Path) -> None:
    """A note tells that clouds count as observed; with a mask there is none."""
    assert any("no cloud mask" in note for note in open_scene(image).provenance.notes)
    write_scl(image.with_name("image_scl.tif"), np.full((ROWS, COLS), 4))
    assert not any("no cloud mask" in note for note in open_scene(image).provenance.notes)


def test_where_reasons_meet_what_was_not_measured_stands(tmp_path: Path) -> None:
    """Under a cloud, a pixel that the image does not have is nodata, and holds no value."""
    values = made_pixels(rows=ROWS, cols=COLS)
    values[:, :4] = 0
    image = write_image(tmp_path / "image.tif", values)
    write_scl(tmp_path / "image_scl.tif", np.full((ROWS, COLS), 9))
    block = open_scene(image).read_block()
    assert (block.unseen[:4] == Unseen.NODATA).all()
    assert (block.unseen[4:] == Unseen.CLOUD).all()
    assert (block.values[:, :4] == 0).all()
    assert (block.values[:, 4:] > 0).all()


def test_masks_that_cannot_serve_are_refused_on_opening(image: Path) -> None:
    """No file, several bands, floats, no system, a turned grid, other ground: each is told before a pixel is read."""
    plain = np.full((ROWS, COLS), 4, np.uint8)
    cases = [
        (image.with_name("nowhere.tif"), NotAFile),
        (write_image(image.with_name("m1.tif"), made_pixels()), InputError),
        (write_image(image.with_name("m2.tif"), plain[None].astype(np.float32)), UnsupportedFormat),
        (
            write_image(image.with_name("m7.tif"), plain[None].astype(np.complex64), dtype="complex_int16"),
            UnsupportedFormat,
        ),
        (write_scl(image.with_name("m3.tif"), plain, crs=None), MissingCRS),
        (write_scl(image.with_name("m4.tif"), plain, transform=Affine(10, 3, 5e5, 0, -10, 2e5)), GeoreferenceError),
        (write_scl(image.with_name("m5.tif"), plain, transform=Affine(10, 0, 6e5, 0, -10, 2e5)), NoOverlap),
        (write_scl(image.with_name("m6.tif"), plain, crs="EPSG:32619"), NoOverlap),
    ]
    for mask, error in cases:
        with pytest.raises(error, match=mask.name):
            open_scene(image, mask=mask)


def test_codes_of_another_classification_are_refused_on_reading(image: Path) -> None:
    """A mask of 0 and 255 is not read as Sentinel-2 classes."""
    mask = write_scl(image.with_name("m.tif"), np.full((ROWS, COLS), 255))
    with pytest.raises(InputError, match="SCL codes 0 to 11"):
        open_scene(image, mask=mask).read_block()


def test_share_of_the_image_that_a_mask_covers_is_told(image: Path) -> None:
    """What a mask of a part leaves out counts as not measured, and a note says so."""
    part = write_scl(image.with_name("part.tif"), np.full((20, 25), 4))
    whole = write_scl(image.with_name("whole.tif"), np.full((ROWS, COLS), 4))
    note = "its mask covers 25 % of it: the rest counts as not measured; give a mask of the whole image"
    assert note in open_scene(image, mask=part).provenance.notes
    assert not any("its mask covers" in told for told in open_scene(image, mask=whole).provenance.notes)
