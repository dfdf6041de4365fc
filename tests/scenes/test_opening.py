"""Files as scenes: what they hold, what was not measured, where it was read from."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import pickle
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import rasterio
from rasterio.enums import ColorInterp

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    AmbiguousInput,
    BandError,
    BandMismatch,
    BandsUnknown,
    IntegrityError,
    MissingDate,
    NotAFile,
    ProductIncomplete,
    TooSmall,
    UnsafeSource,
    UnsupportedFormat,
)
from colibri_geo.scenes.inspecting import inspect_scene
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.sky import Sky
from tests.scenes.images import FOUR, made_pixels, write_image, write_scl
from tests.support.products.ground import make_ground
from tests.support.products.landsat import write_landsat
from tests.support.products.planetscope import write_planetscope
from tests.support.products.sentinel2 import write_safe
from tests.support.products.stac import write_stac


def missing(path: Path, **options: str) -> np.ndarray:
    """Pixels that the scene calls nodata."""
    return open_scene(path, **options).read_block().unseen == Unseen.NODATA


def test_a_scene_knows_what_it_shows(tmp_path: Path) -> None:
    """Bands, time, quantity, sensor, licence, product and checksum come from the file."""
    tags = {"SENSOR": "Sentinel-2", "LICENCE": "CC0-1.0", "PRODUCT_ID": "S2A_x", "PROCESSING_BASELINE": "05.09"}
    path = write_image(tmp_path / "a.tif", made_pixels(), tags=tags)
    scene = open_scene(path)
    assert (scene.name, scene.bands, scene.sensor) == ("a.tif", FOUR, "Sentinel-2")
    assert scene.acquired == datetime(2024, 3, 21, 15, 20, tzinfo=UTC)
    assert scene.quantity == "surface reflectance"
    provenance = scene.provenance
    assert (provenance.licence, provenance.product_id) == ("CC0-1.0", "S2A_x")
    assert (provenance.processing_baseline, provenance.synthetic) == ("05.09", False)
    assert provenance.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert provenance.size_bytes == path.stat().st_size
    assert scene.whole == Window(0, 0, 40, 50)


@pytest.mark.parametrize(("stated", "share"), [("12.5", 0.125), ("0", 0.0), ("100", 1.0), ("999", None), (None, None)])
def test_the_cloud_of_a_file_is_the_one_of_its_tag(tmp_path: Path, stated: str | None, share: float | None) -> None:
    """GDAL's tag holds per cent, and 999 where nobody knows; of the sun there is no tag."""
    path = write_image(tmp_path / "a.tif", made_pixels(), tags={} if stated is None else {"CLOUDCOVER": stated})
    assert open_scene(path).provenance.sky == Sky(product_cloud_share=share)


@pytest.mark.parametrize("stated", ["nan", "-1", "100.5", "few"])
def test_a_cloud_that_cannot_be_is_left_aside(tmp_path: Path, stated: str) -> None:
    """A note names the tag, also where the file is only inspected, and where more is wrong with it."""
    told = f"CLOUDCOVER is '{stated}', which is no number from 0 to 100: it was left aside"
    for acquired in ("2024-03-21", None):
        path = write_image(tmp_path / "a.tif", made_pixels(), acquired=acquired, tags={"CLOUDCOVER": stated})
        found = inspect_scene(path)
        assert found.notes.count(told) == 1
        assert found.product_cloud_share is None
    assert open_scene(path, acquired="2024-03-21").provenance.notes.count(told) == 1


def test_what_the_caller_says_is_used(tmp_path: Path) -> None:
    """Bands and time that the file lacks come from the options; without them the file is refused."""
    path = write_image(tmp_path / "a.tif", made_pixels(), names=None, acquired=None)
    with pytest.raises(BandsUnknown):
        open_scene(path)
    with pytest.raises(MissingDate):
        open_scene(path, bands="red=3,nir=4")
    scene = open_scene(path, bands="red=3,nir=4", acquired="2024-03-21")
    assert scene.bands == ("red", "nir")
    np.testing.assert_allclose(scene.read()[0], made_pixels()[2:] / 10_000, atol=1e-7)


def test_windows_equal_the_whole(tmp_path: Path) -> None:
    """Any cut gives the pixels of the whole; what lies beyond the image is outside, and 0."""
    values = made_pixels()
    values[:, 5:9, 11:30] = 0
    scene = open_scene(write_image(tmp_path / "a.tif", values, tiled=True, blockxsize=16, blockysize=16))
    whole = scene.read_block()
    margin = Window(-7, -7, 40 + 14, 50 + 14)
    framed = scene.read_block(margin)
    np.testing.assert_array_equal(framed.values[:, 7:-7, 7:-7], whole.values)
    np.testing.assert_array_equal(framed.unseen[7:-7, 7:-7], whole.unseen)
    rim = np.ones(framed.unseen.shape, bool)
    rim[7:-7, 7:-7] = False
    assert (framed.unseen[rim] == Unseen.OUTSIDE).all()
    assert (framed.values[:, rim] == 0).all()
    for row, col in np.ndindex(4, 5):
        window = Window(-7 + 13 * row, -7 + 13 * col, 13, 13)
        part = framed.values[:, 13 * row :, 13 * col :][:, :13, :13]
        read = scene.read_block(window).values[:, : part.shape[1], : part.shape[2]]
        np.testing.assert_array_equal(read, part)


@pytest.mark.parametrize(
    "window", [Window(40, 0, 5, 5), Window(-9, -9, 9, 9), Window(0, 900, 3, 4), Window(3, 3, 0, 0)]
)
def test_windows_beside_the_image_are_outside(tmp_path: Path, window: Window) -> None:
    """Nothing is read of a window that shares no pixel with the image."""
    block = open_scene(write_image(tmp_path / "a.tif", made_pixels())).read_block(window, ("red", "nir"))
    assert block.values.shape == (2, window.rows, window.cols)
    assert block.values.dtype == np.float32
    assert (block.unseen == Unseen.OUTSIDE).all()


def test_bands_are_read_by_name_in_the_order_asked(tmp_path: Path) -> None:
    """A subset is the same pixels as in the whole; a band that is not there is refused by name."""
    scene = open_scene(write_image(tmp_path / "a.tif", made_pixels()))
    whole, _ = scene.read()
    subset, valid = scene.read(bands=("nir", "blue"))
    np.testing.assert_array_equal(subset, whole[[3, 0]])
    assert valid.all()
    with pytest.raises(BandMismatch, match="lacks swir16"):
        scene.read(bands=("red", "swir16"))


@pytest.mark.parametrize(("fill", "nodata"), [(0, None), (0, 0), (65_535, 65_535), (7, 7)])
def test_nodata_of_integers_is_masked(tmp_path: Path, fill: int, nodata: int | None) -> None:
    """Declared nodata is masked, and so is an undeclared collar of zeros in all bands."""
    values = made_pixels()
    hole = np.zeros((40, 50), bool)
    hole[3:20, 5:9] = True
    values[:, hole] = fill
    path = write_image(tmp_path / "a.tif", values, nodata=nodata)
    np.testing.assert_array_equal(missing(path), hole)
    assert (open_scene(path).read()[0][:, hole] == 0).all()


@pytest.mark.parametrize(
    ("fill", "nodata"),
    [(np.nan, None), (np.nan, np.nan), (-9999, -9999), (-9999, None), (np.inf, None), (-3.4e38, None)],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_nodata_of_floats_is_masked(tmp_path: Path, fill: float, nodata: float | None, dtype: str) -> None:
    """NaN, declared and undeclared fill values are masked in whichever band they stand; a real 0 is kept."""
    values = (made_pixels() / 10_000).astype(dtype)
    values[1, 4:9, 8] = fill
    values[:, 30, 30] = 0
    path = write_image(tmp_path / "a.tif", values, nodata=nodata)
    hole = np.zeros((40, 50), bool)
    hole[4:9, 8] = True
    np.testing.assert_array_equal(missing(path), hole)
    assert np.isfinite(open_scene(path).read()[0]).all()


@pytest.mark.parametrize("nodata", [None, 0])
def test_a_zero_in_one_band_is_a_dark_pixel(tmp_path: Path, nodata: int | None) -> None:
    """Deep shadow may be 0 in a band; only a pixel that is 0 in all bands was not measured."""
    values = made_pixels()
    values[0, 10] = 0
    values[:, 20] = 0
    path = write_image(tmp_path / "a.tif", values, nodata=nodata)
    np.testing.assert_array_equal(np.flatnonzero(missing(path).any(axis=1)), [20])


def test_validity_does_not_depend_on_the_bands_asked_for(tmp_path: Path) -> None:
    """A pixel that is dark in one band is valid also where that band alone is read."""
    values = made_pixels()
    values[0, 10] = 0
    values[:, 20] = 0
    scene = open_scene(write_image(tmp_path / "a.tif", values))
    whole = scene.read_block().valid
    for band in FOUR:
        np.testing.assert_array_equal(scene.read_block(bands=(band,)).valid, whole)


@pytest.mark.parametrize("alpha", ["YES", "NO"])
def test_alpha_is_a_mask_and_no_band(tmp_path: Path, alpha: str) -> None:
    """Where alpha is 0 nothing was measured; half transparent pixels count, and zeros under full alpha are dark."""
    values = made_pixels(5)
    values[4] = 65_535
    values[4, :, 40:], values[4, 5] = 0, 1
    values[:4, 30, 30] = 0
    path = write_image(tmp_path / "a.tif", values, names=(*FOUR, "alpha"), alpha=alpha)
    hole = np.zeros((40, 50), bool)
    hole[:5, 40:] = hole[6:, 40:] = True
    assert open_scene(path).bands == FOUR
    np.testing.assert_array_equal(missing(path), hole)


def test_a_named_band_is_no_alpha(tmp_path: Path) -> None:
    """GDAL may mark the second of four named bands as alpha; the names are the word of the maker."""
    values = made_pixels()
    values[1, 8] = 0
    path = write_image(tmp_path / "a.tif", values, alpha="YES")
    with rasterio.open(path) as dataset:
        assert ColorInterp.alpha in dataset.colorinterp
    assert open_scene(path).bands == FOUR
    assert not missing(path).any()


def test_an_internal_mask_is_honoured(tmp_path: Path) -> None:
    """A mask inside the file tells what was measured."""
    shown = np.ones((40, 50), bool)
    shown[:, :13] = False
    values = made_pixels()
    values[:, 9, 20] = 0  # dark, and measured: the mask says so
    path = write_image(tmp_path / "a.tif", values, mask=shown)
    assert not path.with_name("a.tif.msk").exists()
    np.testing.assert_array_equal(missing(path), ~shown)


def test_side_files_are_ignored(tmp_path: Path) -> None:
    """World files, masks, statistics and overviews beside the image change nothing that is read."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    alone = open_scene(path)
    (tmp_path / "a.tfw").write_text("1\n0\n0\n-1\n0\n0\n")
    (tmp_path / "a.tif.msk").write_text("<VRTDataset rasterXSize='50' rasterYSize='40'></VRTDataset>")
    (tmp_path / "a.tif.ovr").write_bytes(b"II*\0 broken")
    (tmp_path / "a.tif.aux.xml").write_text("<PAMDataset><SRS>EPSG:4326</SRS></PAMDataset>")
    again = open_scene(path)
    assert again.grid == alone.grid
    np.testing.assert_array_equal(again.read_block().values, alone.read_block().values)


@pytest.mark.parametrize("letters", [246, 250, 255])
def test_an_image_with_the_longest_name_is_read(tmp_path: Path, letters: int) -> None:
    """The name of a mask, a checksum or a side file of it would be longer than any file can have: it has none."""
    short = write_image(tmp_path / "a.tif", made_pixels())
    path = short.rename(tmp_path / f"{'a' * (letters - 4)}.tif")
    scene = open_scene(path)
    assert (scene.name, scene.provenance.mask) == (path.name, "none")
    with pytest.raises(NotAFile, match="give the path without it"):
        open_scene(f"{path}#item")


def test_eight_bit_rgb_is_read_by_its_colours_and_says_its_cost(tmp_path: Path) -> None:
    """A plain RGB picture needs no names; the scene is relative and notes what that and the missing infrared cost."""
    values = (made_pixels(3) % 251).astype(np.uint8)
    scene = open_scene(write_image(tmp_path / "a.tif", values, names=None, photometric="RGB"))
    assert (scene.bands, scene.quantity) == (("blue", "green", "red"), "relative")
    np.testing.assert_allclose(scene.read()[0], values[::-1] / 255, atol=1e-7)
    notes = " ".join(scene.provenance.notes)
    assert "unknown gain" in notes
    assert "no near infrared" in notes


def test_eight_bit_rgba_takes_alpha_as_its_mask(tmp_path: Path) -> None:
    """The fourth band of a portal's picture is no colour."""
    values = (made_pixels(4) % 251).astype(np.uint8)
    values[3, :, 7] = 0
    values[3, :, :7] = values[3, :, 8:] = 255
    path = write_image(
        tmp_path / "a.tif", values, names=("Band 1", "Band 2", "Band 3", None), photometric="RGB", alpha="YES"
    )
    assert open_scene(path).bands == ("blue", "green", "red")
    np.testing.assert_array_equal(np.flatnonzero(missing(path).any(axis=0)), [7])


def test_wide_types_are_not_taken_for_rgb(tmp_path: Path) -> None:
    """Three bands of 16 bits without names are not guessed."""
    with pytest.raises(BandsUnknown):
        open_scene(write_image(tmp_path / "a.tif", made_pixels(3), names=None))


def test_infrared_costs_nothing(tmp_path: Path) -> None:
    """With near infrared there is no note on its absence."""
    scene = open_scene(write_image(tmp_path / "a.tif", made_pixels()))
    assert not any("infrared" in note for note in scene.provenance.notes)


def test_the_mark_of_simulated_scenes_is_kept(tmp_path: Path) -> None:
    """A file that says that it is synthetic is called so."""
    assert open_scene(write_image(tmp_path / "a.tif", made_pixels(), tags={"SYNTHETIC": "yes"})).provenance.synthetic


def test_a_scene_is_a_value_without_an_open_file(tmp_path: Path) -> None:
    """A pickled scene equals the first one and reads the same, mask and sparse blocks included."""
    values = made_pixels(rows=48, cols=48)
    values[:, :16, :16] = 0
    layout = {"tiled": True, "blockxsize": 16, "blockysize": 16, "SPARSE_OK": True}
    path = write_image(tmp_path / "a.tif", values, **layout)
    write_scl(tmp_path / "a_scl.tif", np.full((48, 48), 4))
    scene = open_scene(path)
    again = pickle.loads(pickle.dumps(scene))  # noqa: S301 - of this test's own
    assert again == scene
    np.testing.assert_array_equal(again.read_block().unseen, scene.read_block().unseen)
    assert dataclasses.is_dataclass(scene)


def test_reading_leaves_the_callers_settings_alone(tmp_path: Path) -> None:
    """Opening and reading change neither the environment nor the image."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    before, content = dict(os.environ), path.read_bytes()
    open_scene(path).read_block()
    assert dict(os.environ) == before
    assert path.read_bytes() == content
    assert sorted(tmp_path.iterdir()) == [path]


def test_an_image_that_goes_away_is_told(tmp_path: Path) -> None:
    """A file that is removed between opening and reading is named, as an input that is not there."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    scene = open_scene(path)
    path.unlink()
    with pytest.raises(NotAFile, match=r"a\.tif: cannot be opened any more \(No such file"):
        scene.read_block()


def test_a_checksum_beside_the_image_is_held(tmp_path: Path) -> None:
    """A file that is what its .sha256 says is read; one that is not is refused."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    beside = tmp_path / "a.tif.sha256"
    beside.write_text(f"{digest.upper()}  a.tif\n")
    assert open_scene(path).provenance.sha256 == digest
    beside.write_text("0" * 64)
    with pytest.raises(IntegrityError, match=digest[:12]):
        open_scene(path)


@pytest.mark.parametrize("given", ["nowhere.tif", "a\0b.tif", "x" * 400, "x" * 400 + "#item", "/vsizip/a.zip"])
def test_what_is_no_file_is_told(tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing files, impossible names and GDAL's own paths are no files."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotAFile, match="expected an image, a product \\(a folder or an archive\\) or a STAC item"):
        open_scene(given)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_an_item_of_what_is_no_collection_is_refused(tmp_path: Path) -> None:
    """What follows # is not dropped."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    with pytest.raises(NotAFile, match=r"a\.tif#b: # names an item of a STAC collection"):
        open_scene(f"{path}#b")


def test_a_pipe_is_no_file(tmp_path: Path) -> None:
    """A named pipe is refused without waiting for a writer."""
    os.mkfifo(tmp_path / "pipe.tif")
    with pytest.raises(NotAFile, match="not a regular file"):
        open_scene(tmp_path / "pipe.tif")


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (15, 40), (40, 15)])
def test_small_images_are_refused(tmp_path: Path, rows: int, cols: int) -> None:
    """An image in which no strip fits is too small, and its size is told."""
    with pytest.raises(TooSmall, match=f"{rows} x {cols} px"):
        open_scene(write_image(tmp_path / "a.tif", made_pixels(rows=rows, cols=cols)))


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
def test_complex_numbers_are_refused(tmp_path: Path, dtype: str) -> None:
    """Radar in complex numbers is no optical reflectance."""
    with pytest.raises(UnsupportedFormat):
        open_scene(write_image(tmp_path / "a.tif", made_pixels().astype(dtype)))


def test_a_second_image_in_the_file_is_noted(tmp_path: Path) -> None:
    """The first image is used, and the scene says that there are others."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    write_image(path, made_pixels(low=100), APPEND_SUBDATASET="YES")
    scene = open_scene(path)
    assert any("further images" in note for note in scene.provenance.notes)
    np.testing.assert_allclose(scene.read()[0], made_pixels() / 10_000, atol=1e-7)


def test_an_archive_with_one_image_is_that_image(tmp_path: Path) -> None:
    """A ZIP, under whatever name, and a folder that hold one image read as the image itself."""
    image = write_image(tmp_path / "a.tif", made_pixels())
    expected = open_scene(image).read_block()
    archive = tmp_path / "download.bin"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(image, "exported/a.tif")
    folder = tmp_path / "folder"
    folder.mkdir()
    image.rename(folder / "a.tif")
    for path in (archive, folder):
        np.testing.assert_array_equal(open_scene(path).read_block().values, expected.values)


@pytest.mark.parametrize("mask", ["a_scl.tif", "a_SCL.tif"])
def test_an_image_keeps_its_mask_in_a_folder_and_in_an_archive(tmp_path: Path, mask: str) -> None:
    """NAME.tif and NAME_scl.tif together are one image with its mask, wherever they lie; a third is too many."""
    folder, codes = tmp_path / "folder", np.full((40, 50), 4)
    folder.mkdir()
    codes[:9] = 9
    image, beside = write_image(folder / "a.tif", made_pixels()), write_scl(folder / mask, codes)
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in (image, beside):
            file.write(path, f"exported/{path.name}")
    for path in (image, folder, archive):
        scene = open_scene(path)
        assert scene.provenance.mask == f"{mask}, Sentinel-2 SCL"
        np.testing.assert_array_equal(scene.read_block().unseen == Unseen.CLOUD, codes == 9)
    with zipfile.ZipFile(archive, "a") as file:
        file.write(image, "exported/b.tif")
    with pytest.raises(AmbiguousInput, match="2 images and no product known here"):
        open_scene(archive)


def test_links_beside_a_named_file_are_not_followed(tmp_path: Path) -> None:
    """Other links in the folder of a product change nothing; a band that is a link is not there."""
    product = write_landsat(tmp_path, make_ground(side_px=60, strips=()).after)
    metadata = next(product.glob("*_MTL.json"))
    before = open_scene(metadata).provenance.sha256
    (product / "elsewhere").symlink_to(tmp_path)
    assert open_scene(metadata).provenance.sha256 == before
    band = next(product.glob("*_SR_B4.TIF"))
    band.symlink_to(band.rename(tmp_path / "other.tif"))
    with pytest.raises(ProductIncomplete, match=r"lacks SR_B4\.TIF"):
        open_scene(metadata)
    with pytest.raises(UnsafeSource, match="is a link"):
        open_scene(product)


def test_a_file_that_cannot_be_read_is_told_as_what_it_was_given_for() -> None:
    """The memory of a process can be opened, and not read from its start."""
    with pytest.raises(NotAFile, match=r"cannot be read \(.*\), expected an image or a product; check"):
        open_scene("/proc/self/mem")


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.EACCES, "its rights"), (errno.EPERM, "its rights"), (errno.EIO, "the path")]
)
def test_a_file_that_may_not_be_read_is_told_with_its_rights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, advice: str
) -> None:
    """The path of a file without rights is right: looking at it again would mend nothing."""
    path = write_image(tmp_path / "a.tif", made_pixels())

    def refuse(_: Path, *__: object) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(NotAFile, match=rf"a\.tif: cannot be opened \({os.strerror(number)}\), .*; check {advice}$"):
        open_scene(path)


def test_a_folder_that_holds_nothing_known_is_refused(tmp_path: Path) -> None:
    """Two images could be anything: the message says what lies there and what would be read."""
    for name in ("a.tif", "b.tif"):
        write_image(tmp_path / name, made_pixels())
    with pytest.raises(AmbiguousInput, match=r"holds a\.tif, b\.tif.*Sentinel-2 SAFE"):
        open_scene(tmp_path)


@pytest.mark.slow
def test_a_file_of_a_product_stands_for_the_product(tmp_path: Path) -> None:
    """The image of an order, the metadata of a SAFE, and the folder of a STAC item lead to the whole."""
    ground = make_ground().after
    order = write_planetscope(tmp_path / "order", ground)
    image = next(order.rglob("*_AnalyticMS_SR.tif"))
    scene = open_scene(image)
    assert (scene.name, scene.provenance.layout) == (image.name, "PlanetScope ortho scene")
    assert "UDM2" in scene.provenance.mask
    safe = write_safe(tmp_path / "safe", ground)
    assert open_scene(safe / "MTD_MSIL2A.xml").provenance.sha256 == open_scene(safe).provenance.sha256
    item = write_stac(tmp_path / "item", ground)
    assert open_scene(item.parent).provenance.sha256 == open_scene(item).provenance.sha256


def test_items_that_archives_add_are_left_aside(tmp_path: Path) -> None:
    """Planet's orders and Landsat's folders may hold STAC items and catalogues of their own: the product is read."""
    ground = make_ground(side_px=60, strips=()).after
    order, scene = write_planetscope(tmp_path / "order", ground), write_landsat(tmp_path, ground)
    red = {"href": "https://landsatlook.usgs.gov/red.tif", "type": "image/tiff", "eo:bands": [{"common_name": "red"}]}
    item = {"type": "Feature", "stac_version": "1.0.0", "id": "a", "properties": {}, "assets": {"red": red}}
    catalogue = {"type": "Catalog", "stac_version": "1.0.0", "id": "b", "links": []}
    (order / "catalog.json").write_text(json.dumps(catalogue))
    (order / "PSScene" / "20250321_152009_12_2477.json").write_text(json.dumps(item))
    (scene / f"{scene.name}_SR_stac.json").write_text(json.dumps(item))
    layouts = [open_scene(path).provenance.layout for path in (order, order / "PSScene", scene)]
    assert layouts == ["PlanetScope ortho scene", "PlanetScope ortho scene", "Landsat Collection 2 Level 2"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "path is empty"),
        (Path("https://example.org/a.tif"), "^https://example.org/a.tif: an address"),
        ("s3://bucket/a.tif", "an address"),
        (b"a\xff.tif".decode(errors="surrogateescape"), "no text in UTF-8"),
    ],
)
def test_what_is_no_path_is_told(given: str | Path, words: str) -> None:
    """Nothing at all, addresses, and names that are no text are told apart from files that are missing."""
    with pytest.raises(NotAFile, match=words):
        open_scene(given)


def test_a_folder_of_several_images_leads_to_scan(tmp_path: Path) -> None:
    """Who gives all of a date where one image is expected is told of the command that takes it."""
    for name in ("a.tif", "b.tif"):
        write_image(tmp_path / name, made_pixels())
    with pytest.raises(AmbiguousInput, match=r"name the image that is meant, or give the folder to scan"):
        open_scene(tmp_path)
    archive = tmp_path / "both.zip"
    with zipfile.ZipFile(archive, "w") as both:
        for name in ("a.tif", "b.tif"):
            both.write(tmp_path / name, name)
    with pytest.raises(AmbiguousInput, match=r"name the image that is meant$"):
        open_scene(archive)


def test_bands_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A table of bands, as Python users may give it, is answered with the text that is wanted."""
    path = write_image(tmp_path / "a.tif", made_pixels())
    with pytest.raises(BandError, match=r"type dict.*blue=1"):
        open_scene(path, bands={"blue": 1})
    assert open_scene(path, acquired=date(2024, 1, 10)).acquired == datetime(2024, 1, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "given", "day_alone"),
    [
        ("2024:03:21 15:20:00", None, False),
        ("2024:03:21", None, True),
        ("2024-03-21T00:00:00Z", None, False),
        ("2024:03:21", "2024-03-21T00:00", False),
        ("2024:03:21 15:20:00", "2024-03-21", True),
        ("2024:03:21 15:20:00", date(2024, 3, 21), True),
        ("2024:03:21 15:20:00", datetime(2024, 3, 21, tzinfo=UTC), False),
    ],
)
def test_a_day_without_a_time_is_known_as_one(
    tmp_path: Path,
    tag: str,
    given: str | date | datetime | None,
    day_alone: bool,
) -> None:
    """Whether a time was stated, by the file or by the caller who goes first, is kept: midnight is a time too."""
    path = write_image(tmp_path / "a.tif", made_pixels(), acquired=tag)
    assert open_scene(path, acquired=given).provenance.day_alone == day_alone


def test_a_day_given_of_a_product_is_known_as_one(tmp_path: Path) -> None:
    """A day in place of the time in the metadata of a product is a day; the metadata have a time."""
    path = write_safe(tmp_path / "safe", make_ground().after)
    assert not open_scene(path).provenance.day_alone
    for given, day_alone, told in (
        ("2024-03-21", True, "2024-03-21"),
        ("2024-03-21T09", False, "2024-03-21T09:00:00Z"),
    ):
        source = open_scene(path, acquired=given).provenance
        assert source.day_alone == day_alone
        note = f"its acquisition time was given by the user, {told}, in place of 2025-03-21T15:24:20Z in its metadata"
        assert note in source.notes


def test_a_product_is_called_by_its_own_name(tmp_path: Path) -> None:
    """Metadata that are called alike in every product do not name the scene; files of the archive do."""
    ground = make_ground().after
    assert open_scene(write_stac(tmp_path / "item", ground)).name == "S2A_18NTJ_20250321_0_L2A"
    safe = write_safe(tmp_path / "safe", ground, zipped=True)
    assert open_scene(safe).name == safe.name
