"""Products of several rasters as one scene."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import shapely
from affine import Affine

from colibri_geo.core.windows import Window
from colibri_geo.errors import BadGeoreference, BandError, BandMismatch, NoOverlap, RadiometryError
from colibri_geo.scenes.assembly import open_product
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.masks import MaskCode, Unseen
from colibri_geo.scenes.product import BandFile, MaskBand, MaskPolygons, Product
from tests.scenes.images import CRS, TRANSFORM, write_image, write_scl

ROWS, COLS = 60, 80


def _ramp(rows: int, cols: int, pixel: float) -> np.ndarray:
    """Stored values that grow by 10 a 10 m pixel to the east and by 5 to the south, at pixel centres, (1, M, N)."""
    south = (np.arange(rows) + 0.5) * pixel / 10
    east = (np.arange(cols) + 0.5) * pixel / 10
    return (1000 + 10 * east[None, :] + 5 * south[:, None]).round().astype(np.uint16)[None]


@pytest.fixture
def product(tmp_path: Path) -> Product:
    """Red and near infrared at 10 m, short-wave infrared at 20 m, an SCL at 20 m; the values a plane."""
    fine = {"red": tmp_path / "red.tif", "nir": tmp_path / "nir.tif"}
    for path in fine.values():
        write_image(path, _ramp(ROWS, COLS, 10), names=None, acquired=None)
    coarse = Affine(20, 0, TRANSFORM.c, 0, -20, TRANSFORM.f)
    write_image(tmp_path / "swir.tif", _ramp(ROWS // 2, COLS // 2, 20), names=None, acquired=None, transform=coarse)
    codes = np.full((ROWS // 2, COLS // 2), 4)
    codes[0, 0] = 9
    write_scl(tmp_path / "scl.tif", codes, transform=coarse)
    files = {**fine, "swir16": tmp_path / "swir.tif"}
    return Product(
        path=tmp_path,
        layout="test",
        bands=tuple(BandFile(band, RasterFile(path), 1e-4, nodata=0.0) for band, path in files.items()),
        masks=(MaskBand(RasterFile(tmp_path / "scl.tif"), MaskCode.SCL),),
        mask_text="SCL",
        quantity="surface reflectance",
        scaling="stored x 0.0001",
        sensor="a sensor",
        acquired=datetime(2024, 3, 1, tzinfo=UTC),
        sha256="0" * 64,
        size_bytes=1,
    )


def test_bands_of_two_pixel_sizes_lie_on_the_finer_grid(product: Product) -> None:
    """A plane stays a plane when its 20 m band is brought to 10 m; what lies at the rim is left aside."""
    scene = open_product(product)
    assert (scene.bands, tuple(scene.grid.shape), scene.grid.crs) == (("red", "nir", "swir16"), (ROWS, COLS), CRS)
    values, valid = scene.read(Window(8, 8, 40, 60))
    assert valid.all()
    np.testing.assert_allclose(values[2], values[0], atol=2e-4)


def test_a_window_does_not_depend_on_the_cut(product: Product) -> None:
    """Any window, over the rim too, is the part of the whole; a scene that was pickled reads the same."""
    scene = open_product(product)
    whole = scene.read_block()
    for window in (Window(3, 5, 31, 27), Window(37, 50, 23, 30), Window(0, 0, 7, 9)):
        part = pickle.loads(pickle.dumps(scene)).read_block(window)  # noqa: S301 - its own
        np.testing.assert_allclose(part.values, whole.values[:, *window.slices], atol=1e-6)
        np.testing.assert_array_equal(part.unseen, whole.unseen[window.slices])


def test_masks_cover_the_pixels_that_they_are_of(product: Product) -> None:
    """One cloudy pixel of 20 m covers four of 10 m; polygons cover those whose centre they hold."""
    assert (open_product(product).read_block().unseen[:3, :3] == np.array([[3, 3, 0], [3, 3, 0], [0, 0, 0]])).all()
    box = shapely.box(TRANSFORM.c + 14, TRANSFORM.f - 36, TRANSFORM.c + 36, TRANSFORM.f - 14)
    drawn = replace(product, masks=(), outlines=(MaskPolygons("clouds.gml", (box,), CRS, Unseen.CLOUD),))
    unseen = open_product(drawn).read_block().unseen
    assert (unseen[1:4, 1:4] == Unseen.CLOUD).all()
    assert (unseen != Unseen.OBSERVED).sum() == 9


def test_nodata_and_saturation_are_told_apart(product: Product, tmp_path: Path) -> None:
    """The value of fill was not measured, the value of saturation was too bright to tell."""
    values = _ramp(ROWS, COLS, 10)
    values[0, 20, 20], values[0, 30, 30] = 0, 65_535
    write_image(tmp_path / "red.tif", values, names=None, acquired=None)
    bands = tuple(replace(band, saturated=65_535.0) for band in product.bands)
    unseen = open_product(replace(product, bands=bands), bands="red,nir").read_block().unseen
    assert (unseen[20, 20], unseen[30, 30]) == (Unseen.NODATA, Unseen.SATURATION)
    assert (unseen != 0).sum() == 6


def test_a_given_mask_stands_in_place_of_the_products(product: Product, tmp_path: Path) -> None:
    """The user's own mask is the one that counts, and the scene names it."""
    given = write_scl(tmp_path / "mine.tif", np.full((ROWS, COLS), 8))
    scene = open_product(product, mask=RasterFile(given))
    assert (scene.read_block().unseen == Unseen.CLOUD).all()
    assert "mine.tif" in scene.provenance.mask


def test_bands_are_chosen_by_name(product: Product) -> None:
    """A subset is read in the usual order; names with numbers, unknown and missing ones are refused."""
    assert open_product(product, bands="nir, red").bands == ("red", "nir")
    with pytest.raises(BandMismatch, match="blue"):
        open_product(product, bands="blue,red")
    for wrong in ("red=1", "rot", "red,red", ""):
        with pytest.raises(BandError):
            open_product(product, bands=wrong)


def test_one_band_may_be_black(product: Product, tmp_path: Path) -> None:
    """Clear water reflects no short-wave infrared, and less than nothing after atmospheric correction."""
    coarse = Affine(20, 0, TRANSFORM.c, 0, -20, TRANSFORM.f)
    write_image(
        tmp_path / "swir.tif",
        np.full((1, ROWS // 2, COLS // 2), 990, dtype=np.uint16),
        names=None,
        acquired=None,
        transform=coarse,
    )
    bands = tuple(replace(band, offset=-0.1) if band.band == "swir16" else band for band in product.bands)
    block = open_product(replace(product, bands=bands)).read_block(Window(8, 8, 40, 60))
    np.testing.assert_allclose(block.values[2], -0.001, atol=1e-6)
    assert block.valid.all()


def test_a_band_of_wrong_scale_is_refused(product: Product) -> None:
    """One among several is enough."""
    bands = tuple(replace(band, gain=0.1) if band.band == "nir" else band for band in product.bands)
    with pytest.raises(RadiometryError, match="values reach"):
        open_product(replace(product, bands=bands))


def test_rasters_of_other_ground_are_refused(product: Product, tmp_path: Path) -> None:
    """A band that lies elsewhere, or in another system, is no band of this product; nor is a mask."""
    moved = Affine(10, 0, TRANSFORM.c + 50, 0, -10, TRANSFORM.f)
    write_image(tmp_path / "nir.tif", _ramp(ROWS, COLS, 10), names=None, transform=moved)
    with pytest.raises(BadGeoreference, match=r"nir\.tif"):
        open_product(product)
    write_image(tmp_path / "nir.tif", _ramp(ROWS, COLS, 10), names=None, crs="EPSG:32619")
    with pytest.raises(BadGeoreference, match=r"nir\.tif"):
        open_product(product)
    far = Affine(20, 0, TRANSFORM.c + 50_000, 0, -20, TRANSFORM.f)
    write_scl(tmp_path / "scl.tif", np.full((30, 40), 4), transform=far)
    with pytest.raises(NoOverlap, match=r"scl\.tif"):
        open_product(product, bands="red")


def test_a_system_that_was_given_is_told(product: Product, tmp_path: Path) -> None:
    """Where one raster names no system the scene says that one was given; where all do, that another was left aside."""
    assert open_product(product, assume_crs=CRS).provenance.notes == open_product(product).provenance.notes
    mask = RasterFile(write_scl(tmp_path / "mine.tif", np.full((ROWS, COLS), 4)))
    notes = open_product(product, assume_crs="EPSG:32619", mask=mask).provenance.notes
    aside = [
        note
        for note in notes
        if "EPSG:32619, which was given as its coordinate reference system, was left aside" in note
    ]
    assert [note.split(" is in ")[0] for note in aside] == ["it", "its mask"]
    write_image(tmp_path / "nir.tif", _ramp(ROWS, COLS, 10), names=None, acquired=None, crs=None)
    notes = open_product(product, assume_crs=CRS).provenance.notes
    assert [note for note in notes if "coordinate reference system was given, EPSG:32618" in note]


def test_a_band_number_that_is_not_there_is_refused(product: Product) -> None:
    """A file with fewer bands than its product promises is told."""
    bands = (replace(product.bands[0], index=2),)
    with pytest.raises(BandMismatch, match="expected band 2"):
        open_product(replace(product, bands=bands))
