"""Landsat Collection 2 Level 2 products."""

from __future__ import annotations

import dataclasses
import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer

from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    ColibriError,
    CorruptInput,
    InputError,
    MissingDate,
    ProductIncomplete,
    RadiometryError,
    UnsafeXML,
    UnsupportedFormat,
)
from colibri_geo.scenes.bundle import Bundle, open_bundle
from colibri_geo.scenes.landsat import read_landsat, recognise
from colibri_geo.scenes.masks import DECODERS, MaskCode, Unseen
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.sky import Sky
from tests.support.products.ground import BANDS, Ground, make_ground
from tests.support.products.landsat import OFFSET, SCALE, name_product, sample, write_landsat

FORMS = ("json", "xml", "txt")
LEVEL2 = "LC08_L2SP_009059_20250321_20250330_02_T1"


@cache
def small_ground() -> Ground:
    """A ground of 600 m."""
    return make_ground(side_px=60, strips=()).after


def read(path: Path, entry: str | None = None) -> Product:
    """Read the metadata of a folder or archive."""
    return read_landsat(open_bundle(path), entry=entry)


def touch(folder: Path, *names: str) -> Bundle:
    """Make a folder of empty files."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return open_bundle(folder)


def edit(path: Path, old: str, new: str) -> None:
    """Replace a text of a file that holds it."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def find_metadata(product: Path, form: str) -> Path:
    """Return the MTL of a product."""
    return product / f"{product.name}_MTL.{form}"


# ------------------------------------------------------------------------------------------------------- what is read
def test_a_product_tells_what_it_is(tmp_path: Path) -> None:
    """Everything that a user would have to declare stands in the product."""
    path = write_landsat(
        tmp_path, dataclasses.replace(small_ground(), acquired=datetime(2025, 3, 21, 15, 20, 9, 50, UTC))
    )
    product = read(path)
    assert (product.sensor, product.quantity, product.product_id) == ("Landsat 8", "surface reflectance", LEVEL2)
    assert product.acquired == datetime(2025, 3, 21, 15, 20, 9, 50, UTC)
    assert product.processing_baseline == "LPGS_16.4.0"
    assert "U.S. Geological Survey" in (product.licence or "")
    assert product.notes == ()
    assert product.added is None
    assert {band.band: band.file.name for band in product.bands} == {
        name: f"{LEVEL2}_SR_B{number}.TIF" for name, number in zip(BANDS, range(2, 8), strict=True)
    }
    assert {(band.gain, band.offset, band.nodata) for band in product.bands} == {(2.75e-05, -0.2, 0)}
    assert [mask.code for mask in product.masks] == [MaskCode.QA_PIXEL, MaskCode.QA_RADSAT]


def test_sun_and_cloud_are_the_metadatas(tmp_path: Path) -> None:
    """From the horizon and clockwise from north, which the file counts negative to the west; cloud as a share."""
    path = write_landsat(tmp_path, small_ground(), mtl=("txt",))
    sky = read(path).sky
    assert (sky.sun_elevation_deg, sky.sun_azimuth_deg) == (59.497693, 107.509356)
    cloud = f"CLOUD_COVER = {100 * np.isin(sample(small_ground()).scl, (8, 9, 10)).mean():.2f}"
    edit(find_metadata(path, "txt"), cloud, "CLOUD_COVER = 12.50")
    edit(find_metadata(path, "txt"), "107.50935585", "-107.50935585")
    assert open_scene(path).provenance.sky == Sky(59.497693, 252.490644, 0.125)


@pytest.mark.parametrize(
    ("key", "stated", "told"),
    [
        ("SUN_ELEVATION", "NaN", "MTL.txt: SUN_ELEVATION is 'NaN', which is no number from -90 to 90"),
        ("SUN_ELEVATION", "95", "which is no number from -90 to 90"),
        ("SUN_AZIMUTH", '"east"', "SUN_AZIMUTH is 'east', which is no number from -180 to 360"),
        ("CLOUD_COVER", "100.01", "CLOUD_COVER is '100.01', which is no number from 0 to 100"),
        ("CLOUD_COVER", "-2", "which is no number from 0 to 100"),
    ],
)
def test_sun_and_cloud_that_cannot_be_are_left_aside(tmp_path: Path, key: str, stated: str, told: str) -> None:
    """What is no number, or out of range, keeps nobody from the scene, whose notes tell it."""
    path = write_landsat(tmp_path, small_ground(), mtl=("txt",))
    metadata = find_metadata(path, "txt")
    metadata.write_text(re.sub(rf"(\b{key} = )\S+", rf"\g<1>{stated}", metadata.read_text()))
    provenance = open_scene(path).provenance
    assert [note for note in provenance.notes if told in note] == list(provenance.sky.notes)
    assert len(provenance.sky.notes) == 1


@pytest.mark.parametrize("lacking", ["CLOUD_COVER = -1.00", ""])
def test_cloud_that_was_not_assessed_is_not_stated(tmp_path: Path, lacking: str) -> None:
    """The archive writes -1 where it did not look for clouds."""
    path = write_landsat(tmp_path, small_ground(), mtl=("txt",))
    metadata = find_metadata(path, "txt")
    metadata.write_text(re.sub(r"CLOUD_COVER = \S+", lacking, metadata.read_text()))
    sky = read(path).sky
    assert (sky.sun_elevation_deg, sky.product_cloud_share) == (59.497693, None)


@pytest.mark.parametrize("form", FORMS)
def test_each_form_of_the_metadata_says_the_same(tmp_path: Path, form: str) -> None:
    """JSON, XML and text give one product."""
    products = [read(write_landsat(tmp_path / each, small_ground(), mtl=(each,))) for each in ("json", form)]
    first, second = (
        dataclasses.replace(product, path=tmp_path, bands=(), masks=(), scaling="", sha256="", size_bytes=0)
        for product in products
    )
    assert first == second
    gains = [[(band.band, band.gain, band.offset) for band in product.bands] for product in products]
    assert gains[0] == gains[1]


def test_the_form_that_is_named_is_read(tmp_path: Path) -> None:
    """JSON comes before XML before text, unless one is named."""
    path = write_landsat(tmp_path, small_ground())
    assert [read(path).scaling.split("MTL")[1]] == [".json)"]
    for form in FORMS:
        assert f"MTL.{form}" in read(path, find_metadata(path, form).name).scaling


def test_values_are_those_of_the_ground(tmp_path: Path) -> None:
    """Each pixel has the mean reflectance of its 30 m, to half a step of what is stored."""
    ground = make_ground(side_px=120, strips=()).after
    scene = open_scene(write_landsat(tmp_path, ground))
    values, _ = scene.read()
    expected = sample(ground)
    assert scene.bands == BANDS
    assert scene.grid == expected.grid
    np.testing.assert_allclose(values, expected.values, rtol=0, atol=SCALE / 2 + 1e-6)
    assert OFFSET < values.min() < 0.3


def test_pixels_lie_where_the_archive_has_them(tmp_path: Path) -> None:
    """Centres of pixels are multiples of 30 m, as the metadata say, though they are told as points."""
    ground = make_ground(side_px=120, strips=()).after
    grid = open_scene(write_landsat(tmp_path, ground)).grid
    centre = grid.affine @ (0.5, 0.5)
    assert [coordinate % 30 for coordinate in centre] == [0, 0]
    assert abs(grid.affine.c - ground.grid.affine.c) < 30
    assert abs(grid.affine.f - ground.grid.affine.f) < 30


def test_southern_scenes_come_in_northern_zones(tmp_path: Path) -> None:
    """A scene south of the equator has negative northings, and lies where it lies."""
    north = make_ground(side_px=120, strips=()).after
    affine = north.grid.affine
    grid = type(north.grid)(north.grid.shape, type(affine)(affine.a, 0, 500_010, 0, affine.e, 9_500_020), "EPSG:32718")
    scene = open_scene(write_landsat(tmp_path, dataclasses.replace(north, grid=grid)))
    assert scene.grid.crs.epsg == 32618
    assert scene.grid.affine.f < 0
    place = Transformer.from_crs(32618, 32718).transform(scene.grid.affine.c, scene.grid.affine.f)
    assert 0 <= place[0] - 500_010 < 30
    assert 0 <= 9_500_020 - place[1] < 30


def test_folder_and_archive_are_one_scene(tmp_path: Path) -> None:
    """The bundle as it was fetched reads as its unpacked files do, whichever file names them."""
    ground = make_ground(side_px=120, strips=()).after
    folder, archive = (write_landsat(tmp_path / str(tar), ground, tar=tar) for tar in (False, True))
    scenes = [open_scene(path) for path in (folder, archive, *(find_metadata(folder, form) for form in FORMS))]
    for scene in scenes[1:]:
        assert (scene.grid, scene.acquired, scene.sensor) == (scenes[0].grid, scenes[0].acquired, scenes[0].sensor)
        np.testing.assert_array_equal(scene.read()[0], scenes[0].read()[0])


@pytest.mark.parametrize("tar", [False, True])
def test_a_stac_item_that_the_archive_adds_is_left_aside(tmp_path: Path, tar: bool) -> None:
    """The item beside the files names addresses: the product is read by its own metadata, and is the same without."""
    plain, added = (write_landsat(tmp_path / str(stac), small_ground(), tar=tar, stac=stac) for stac in (False, True))
    assert any(name.endswith("_SR_stac.json") for name in open_bundle(added).names)
    scene, expected = open_scene(added), open_scene(plain)
    assert (scene.provenance.layout, scene.grid) == (expected.provenance.layout, expected.grid)
    assert tar or scene.provenance.sha256 == expected.provenance.sha256
    np.testing.assert_array_equal(scene.read()[0], expected.read()[0])


def test_masks_say_why_a_pixel_was_not_seen(tmp_path: Path) -> None:
    """Cloud, cirrus, shadow, saturation and fill are told apart; water, snow and dark ground are observed."""
    ground = make_ground(side_px=120, strips=()).after
    codes = np.repeat(np.arange(12), 10).astype(np.uint8)[:, None].repeat(120, axis=1)
    values = np.where(codes == 0, np.float32(0), ground.values)
    ground = dataclasses.replace(ground, scl=codes, values=values)
    unseen = open_scene(write_landsat(tmp_path, ground)).read_block().unseen
    reasons = {0: Unseen.NODATA, 1: Unseen.SATURATION, 3: Unseen.SHADOW, **dict.fromkeys((8, 9, 10), Unseen.CLOUD)}
    expected = np.vectorize(lambda code: reasons.get(code, Unseen.OBSERVED))(sample(ground).scl)
    np.testing.assert_array_equal(unseen, expected)
    assert set(np.unique(unseen)) == {Unseen.OBSERVED, Unseen.SATURATION, Unseen.SHADOW, Unseen.CLOUD, Unseen.NODATA}


@pytest.mark.parametrize("spacecraft", [4, 5, 7, 8, 9])
def test_each_satellite_has_its_own_bands(tmp_path: Path, spacecraft: int) -> None:
    """The same common names come from other band numbers before Landsat 8, and so do the bits of saturation."""
    path = write_landsat(tmp_path, small_ground(), spacecraft=spacecraft)
    product = read(path)
    numbers = [band.file.name[-5] for band in product.bands]
    assert product.sensor == f"Landsat {spacecraft}"
    assert [band.band for band in product.bands] == list(BANDS)
    assert "".join(numbers) == ("234567" if spacecraft > 7 else "123457")
    assert product.masks[1].code is (MaskCode.QA_RADSAT if spacecraft > 7 else MaskCode.QA_RADSAT_TM)


def test_gaps_and_poor_geometry_are_noted(tmp_path: Path) -> None:
    """A reader of the result learns of Tier 2 and of the broken scan line corrector."""
    tier2 = read(write_landsat(tmp_path / "2", small_ground(), tier="T2"))
    gaps = read(write_landsat(tmp_path / "7", small_ground(), spacecraft=7, slc="OFF"))
    assert [len(tier2.notes), len(gaps.notes)] == [1, 1]
    assert "12 m" in tier2.notes[0]
    assert "scan line corrector off" in gaps.notes[0]


# ------------------------------------------------------------------------------------------------- what is recognised
@pytest.mark.parametrize(
    ("name", "known"),
    [
        (f"{LEVEL2}_SR_B2.TIF", True),
        (f"deep/er/{LEVEL2.lower()}_sr_b2.tif", True),
        ("LC08_L1TP_009059_20170101_20170218_01_T1_MTL.txt", True),
        ("LM05_L1GS_001001_19850524_20210918_02_T2_B4.TIF", True),
        (f"{LEVEL2}_thumb_large.jpeg", False),
        ("20250321_152000_00_2477_3B_AnalyticMS_SR.tif", False),
        ("MTD_MSIL2A.xml", False),
        ("scene.tif", False),
    ],
)
def test_landsat_is_told_by_its_names(tmp_path: Path, name: str, known: bool) -> None:
    """Names of any level and collection are recognised, so that the message can say what is wrong with them."""
    assert recognise(touch(tmp_path, name)) is known


def test_one_of_several_scenes_is_chosen_by_a_file(tmp_path: Path) -> None:
    """Several scenes in one folder are named, and any file of one chooses it."""
    ground = small_ground()
    for path_row in ("009059", "009060"):
        product = write_landsat(tmp_path, ground, path_row=path_row)
        for file in product.iterdir():
            file.rename(tmp_path / file.name)
        product.rmdir()
    names = [name_product(ground, path_row=path_row) for path_row in ("009059", "009060")]
    with pytest.raises(AmbiguousInput, match=f"holds 2 Landsat scenes .{names[0]}, {names[1]}."):
        read(tmp_path)
    for name in names:
        for part in ("MTL.xml", "SR_B4.TIF"):
            assert read(tmp_path, f"{name}_{part}").product_id == name
    with pytest.raises(ProductIncomplete, match="belongs to no Landsat scene"):
        read(tmp_path, "other_MTL.json")


# ---------------------------------------------------------------------------------------------------- what is refused
def test_all_that_is_missing_is_named(tmp_path: Path) -> None:
    """One message lists every band, mask and metadata file that is not there."""
    path = write_landsat(tmp_path, small_ground(), mtl=())
    for part in ("SR_B4", "SR_B7", "QA_RADSAT"):
        (path / f"{path.name}_{part}.TIF").unlink()
    with pytest.raises(ProductIncomplete) as caught:
        read(path)
    assert "lacks SR_B4.TIF, SR_B7.TIF, QA_RADSAT.TIF, MTL.json (or MTL.xml, MTL.txt), expected" in str(caught.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("LC08_L1TP_009059_20250321_20250330_02_T1_B4.TIF", "processing level L1TP, expected Level 2 surface"),
        ("LC08_L2SP_009059_20170101_20170218_01_T1_MTL.txt", "Collection 1, expected Collection 2"),
        ("LT08_L2SP_009059_20170101_20170218_02_T1_MTL.txt", "sensor LT08, expected one of LT04"),
    ],
)
def test_other_products_are_refused_by_name(tmp_path: Path, name: str, words: str) -> None:
    """Level 1, Collection 1 and sensors without reflectance are told before anything is read."""
    with pytest.raises(UnsupportedFormat, match=words):
        read_landsat(touch(tmp_path, name))


_SCALE_OF_RED = '"REFLECTANCE_MULT_BAND_4": "2.75e-05"'


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        (_SCALE_OF_RED, '"REFLECTANCE_MULT_BAND_4": "many"', RadiometryError, "REFLECTANCE_MULT_BAND_4 of LEVEL2_"),
        (_SCALE_OF_RED, '"REFLECTANCE_MULT_BAND_4": "1e400"', RadiometryError, "expected a number from 1e-06"),
        (_SCALE_OF_RED, '"REFLECTANCE_MULT_BAND_4": "nan"', RadiometryError, "is 'nan'"),
        (_SCALE_OF_RED, '"X": "1"', RadiometryError, "is ''"),
        ('"REFLECTANCE_ADD_BAND_4": "-0.2"', '"REFLECTANCE_ADD_BAND_4": "-2000"', RadiometryError, "-2000"),
        ('"LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"', '"X"', RadiometryError, "is ''"),
        ('"LANDSAT_METADATA_FILE"', '"L1_METADATA_FILE"', CorruptInput, "has no LANDSAT_METADATA_FILE"),
        ('{"LANDSAT_METADATA_FILE": {', '{"LANDSAT_METADATA_FILE": {"A": 3, ', CorruptInput, "A is no group"),
        ("LC08_L2SP_009059", "LC08_L2SP_009060", InputError, "describes LC08_L2SP_009060.* expected LC08_L2SP_009059"),
        ('"PROCESSING_LEVEL": "L2SP"', '"PROCESSING_LEVEL": "L1TP"', UnsupportedFormat, "processing level L1TP"),
        ('"LANDSAT_8"', '"SENTINEL"', CorruptInput, "SPACECRAFT_ID is 'SENTINEL'"),
        ('"DATE_ACQUIRED": "2025-03-21"', '"DATE_ACQUIRED": "2025-03-22"', BadDate, "acquired on 20250322"),
        ('"DATE_ACQUIRED": "2025-03-21"', '"DATE_ACQUIRED": "yesterday"', BadDate, "yesterday"),
        ('"DATE_ACQUIRED": "2025-03-21"', '"X": "1"', MissingDate, "no DATE_ACQUIRED"),
        ('"SCENE_CENTER_TIME": "15:20:00.0000000Z"', '"X": "1"', MissingDate, "no SCENE_CENTER_TIME"),
    ],
)
def test_metadata_that_cannot_be_true_are_refused(
    tmp_path: Path, old: str, new: str, error: type[ColibriError], words: str
) -> None:
    """What is missing, of another scene or impossible is named, and nothing stands in for it."""
    path = write_landsat(tmp_path, small_ground(), mtl=("json",))
    edit(find_metadata(path, "json"), old, new)
    with pytest.raises(error, match=words):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        ("<LANDSAT_METADATA_FILE>", "<!DOCTYPE x><LANDSAT_METADATA_FILE>", UnsafeXML),
        ("LANDSAT_METADATA_FILE>", "OTHER>", CorruptInput),
        ("<WRS_TYPE>2</WRS_TYPE>", "<WRS_ROW>2</WRS_ROW>", CorruptInput),
        ("LEVEL1_RADIOMETRIC_RESCALING>", "LEVEL2_SURFACE_REFLECTANCE_PARAMETERS>", CorruptInput),
    ],
)
def test_xml_that_is_no_metadata_is_refused(tmp_path: Path, old: str, new: str, error: type[ColibriError]) -> None:
    """A document type, another root, or a group or key that occurs twice is no metadata."""
    path = write_landsat(tmp_path, small_ground(), mtl=("xml",))
    edit(find_metadata(path, "xml"), old, new)
    with pytest.raises(error):
        read(path)


def test_the_scale_of_level_1_is_never_taken(tmp_path: Path) -> None:
    """Level 2 has its own group: other numbers in the group of Level 1 change nothing, in any form."""
    for form in FORMS:
        path = write_landsat(tmp_path / form, small_ground(), mtl=(form,))
        before = [(band.gain, band.offset) for band in read(path).bands]
        edit(find_metadata(path, form), "2.0000E-05", "9.0000E-05")
        assert [(band.gain, band.offset) for band in read(path).bands] == before


# ------------------------------------------------------------------------------------------------------------- masks
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, Unseen.NODATA),
        (0, Unseen.NODATA),
        (21824, Unseen.OBSERVED),
        (21952, Unseen.OBSERVED),  # water
        (30048, Unseen.OBSERVED),  # snow
        (21826, Unseen.CLOUD),  # dilated
        (22280, Unseen.CLOUD),
        (54596, Unseen.CLOUD),  # cirrus
        (23888, Unseen.SHADOW),
        (24344, Unseen.CLOUD),  # cloud above shadow
    ],
)
def test_values_of_the_product_guide(value: int, expected: Unseen) -> None:
    """Values that the guide lists mean what it says they mean."""
    decode = DECODERS[MaskCode.QA_PIXEL]
    assert decode(np.array([[value]], dtype=np.uint16), source="f").item() == expected


@pytest.mark.parametrize(
    ("code", "seen", "saturated", "unmeasured"),
    [(MaskCode.QA_RADSAT, (0, 7, 8), range(1, 7), 11), (MaskCode.QA_RADSAT_TM, (5, 7, 8), (0, 1, 2, 3, 4, 6), 9)],
)
def test_saturation_counts_in_the_bands_that_are_read(
    code: MaskCode, seen: tuple[int, ...], saturated: range | tuple[int, ...], unmeasured: int
) -> None:
    """Each bit alone: a band that is not read may be saturated, hidden or dropped pixels were not measured."""
    decoded = DECODERS[code](np.array([[1 << bit for bit in range(12)]], dtype=np.uint16), source="f")[0]
    assert {bit for bit in range(12) if decoded[bit] == Unseen.SATURATION} == set(saturated)
    assert [decoded[bit] for bit in seen] == [Unseen.OBSERVED] * len(seen)
    assert decoded[unmeasured] == Unseen.NODATA


@pytest.mark.parametrize("code", [MaskCode.QA_PIXEL, MaskCode.QA_RADSAT, MaskCode.QA_RADSAT_TM])
@pytest.mark.parametrize("values", [np.array([[-1]]), np.array([[65536]]), np.array([[1.0]])])
def test_what_is_no_field_of_bits_is_no_mask(code: MaskCode, values: np.ndarray) -> None:
    """Values beyond 16 bits and fractions are refused by the name of the mask."""
    with pytest.raises(InputError, match=r"^f: the mask holds values from .* expected integers from 0 to 65535"):
        DECODERS[code](values, source="f")
