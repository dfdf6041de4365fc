"""PlanetScope ortho scenes."""

from __future__ import annotations

import dataclasses
import json
import shutil
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    ColibriError,
    CorruptInput,
    InputError,
    NeedsOrthorectification,
    ProductIncomplete,
    RadiometryError,
    UnsafeXML,
    UnsupportedFormat,
)
from colibri_geo.scenes.bundle import Bundle, open_bundle
from colibri_geo.scenes.masks import DECODERS, MaskCode, Unseen
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.planetscope import read_planetscope, recognise
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.sky import NOT_STATED
from colibri_geo.sim import Cloud
from tests.support.products.ground import Ground, make_ground
from tests.support.products.planetscope import COEFFICIENTS, name_item, write_planetscope

FOUR = ("blue", "green", "red", "nir")
ITEM = "20250321_152009_12_2477"
ACQUIRED = datetime(2025, 3, 21, 15, 20, 9, 120_000, UTC)


@cache
def small_ground() -> Ground:
    """A ground of 600 m."""
    return dataclasses.replace(make_ground(side_px=60, strips=()).after, acquired=ACQUIRED)


def read(path: Path, entry: str | None = None) -> Product:
    """Read the metadata of a folder or archive."""
    return read_planetscope(open_bundle(path), entry=entry)


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


def find_json(order: Path) -> Path:
    """Return the JSON of the scene of an order."""
    return order / "PSScene" / f"{ITEM}_metadata.json"


def find_xml(order: Path) -> Path:
    """Return the XML of the scene of an order."""
    return order / "PSScene" / f"{ITEM}_3B_AnalyticMS_metadata.xml"


# ------------------------------------------------------------------------------------------------------- what is read
@pytest.mark.parametrize(("bands", "numbers"), [(4, (1, 2, 3, 4)), (8, (2, 4, 6, 8))])
@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("harmonized", [False, True])
def test_a_scene_tells_what_it_is(
    tmp_path: Path, bands: int, numbers: tuple[int, ...], clip: bool, harmonized: bool
) -> None:
    """Everything that a user would have to declare stands in the product, however it was ordered."""
    product = read(write_planetscope(tmp_path, small_ground(), bands=bands, clip=clip, harmonized=harmonized))
    assert (product.product_id, product.acquired) == (ITEM, ACQUIRED)
    assert product.sensor == ("PlanetScope PSB.SD" if bands == 8 else "PlanetScope PS2")
    assert product.quantity == "surface reflectance"
    assert tuple(band.band for band in product.bands) == FOUR
    assert tuple(band.index for band in product.bands) == numbers
    assert {(band.gain, band.offset, band.nodata) for band in product.bands} == {(1e-4, 0, 0)}
    assert {mask.file.name for mask in product.masks} == {f"{ITEM}_3B_udm2{'_clip' * clip}.tif"}
    assert ("harmonized" in product.scaling) == harmonized
    assert product.licence == "Planet Labs PBC, licence of the order"
    assert product.notes == ()
    assert product.added is None


@pytest.mark.parametrize("documents", [("xml", "json"), ("xml",), ("json",), ()])
def test_sun_and_cloud_are_the_metadatas(tmp_path: Path, documents: tuple[str, ...]) -> None:
    """JSON and XML state the sun and the cloud each; without either nothing is stated."""
    clouds = (Cloud((300.0, 300.0), 150.0, 1),)
    ground = make_ground(side_px=60, strips=(), clouds=clouds).after
    sky = read(write_planetscope(tmp_path, ground, documents=documents)).sky
    share = float(np.isin(ground.at(3.0).scl, (8, 9)).mean())
    assert share > 0.05
    if documents:
        assert (sky.sun_elevation_deg, sky.sun_azimuth_deg) == (60.1, 145.1)
        assert sky.product_cloud_share == round(share, 2)
    else:
        assert sky == NOT_STATED


def test_sun_and_cloud_that_cannot_be_are_left_aside(tmp_path: Path) -> None:
    """What one document gets wrong the other may say; the notes of the scene tell both places."""
    order = write_planetscope(tmp_path, small_ground())
    content = json.loads(find_json(order).read_text())
    content["properties"] |= {"sun_elevation": 90.1, "cloud_percent": "few"}
    find_json(order).write_text(json.dumps(content))
    provenance = open_scene(order).provenance
    assert provenance.sky.sun_elevation_deg == 60.1
    assert [note.split("_metadata.json: ")[-1] for note in provenance.sky.notes] == [
        "sun_elevation is '90.1', which is no number from -90 to 90: it was left aside",
        "cloud_percent is 'few', which is no number from 0 to 100: it was left aside",
    ]
    assert set(provenance.sky.notes) <= set(provenance.notes)


def test_the_cloud_is_that_of_the_newer_mask(tmp_path: Path) -> None:
    """Per cent as UDM2 counts them come before the share of the older mask, which serves where it is alone."""
    order = write_planetscope(tmp_path, small_ground())
    content = json.loads(find_json(order).read_text())
    content["properties"] |= {"cloud_cover": 0.5, "cloud_percent": 12}
    find_json(order).write_text(json.dumps(content))
    assert read(order).sky.product_cloud_share == 0.12
    del content["properties"]["cloud_percent"]
    find_json(order).write_text(json.dumps(content))
    assert read(order).sky.product_cloud_share == 0.5


def test_values_are_those_of_the_ground(tmp_path: Path) -> None:
    """Each pixel of 3 m has the reflectance of its ground, from 4 and from 8 bands."""
    ground = small_ground()
    for bands in (4, 8):
        scene = open_scene(write_planetscope(tmp_path / str(bands), ground, bands=bands))
        values, _ = scene.read()
        expected = ground.at(3.0)
        assert scene.bands == FOUR
        assert scene.grid == expected.grid
        np.testing.assert_allclose(values, expected.values[:4], rtol=0, atol=0.5e-4 + 1e-6)


def test_folder_and_archive_are_one_scene(tmp_path: Path) -> None:
    """An order as it was fetched reads as its unpacked files do, whichever place names it."""
    folder = write_planetscope(tmp_path / "order", small_ground())
    archive = Path(shutil.make_archive(str(tmp_path / "order"), "zip", folder))
    image = folder / "PSScene" / f"{ITEM}_3B_AnalyticMS_SR.tif"
    scenes = [open_scene(path) for path in (folder, folder / "PSScene", image, archive)]
    for scene in scenes[1:]:
        assert (scene.grid, scene.acquired, scene.sensor) == (scenes[0].grid, scenes[0].acquired, scenes[0].sensor)
        np.testing.assert_array_equal(scene.read()[0], scenes[0].read()[0])
        np.testing.assert_array_equal(scene.read_block().unseen, scenes[0].read_block().unseen)


@pytest.mark.parametrize("bands", [4, 8])
def test_stac_that_the_order_adds_is_left_aside(tmp_path: Path, bands: int) -> None:
    """With Planet's STAC item beside the image, folder and archive read as without."""
    plain, added = (
        write_planetscope(tmp_path / str(stac), small_ground(), bands=bands, stac=stac) for stac in (False, True)
    )
    assert (added / "PSScene" / f"{ITEM}.json").is_file()
    archive = Path(shutil.make_archive(str(tmp_path / "order"), "zip", added))
    expected = open_scene(plain)
    for path in (added, added / "PSScene", archive):
        scene = open_scene(path)
        assert (scene.provenance.layout, scene.sensor) == (expected.provenance.layout, expected.sensor)
        np.testing.assert_array_equal(scene.read()[0], expected.read()[0])
        np.testing.assert_array_equal(scene.read_block().unseen, expected.read_block().unseen)


def test_counts_become_reflectance_by_the_coefficients(tmp_path: Path) -> None:
    """Images without _SR are top-of-atmosphere reflectance, band by band."""
    for bands, numbers in ((4, (1, 2, 3, 4)), (8, (2, 4, 6, 8))):
        path = write_planetscope(tmp_path / str(bands), small_ground(), bands=bands, surface=False)
        product, scene = read(path), open_scene(path)
        assert product.quantity == scene.quantity == "toa reflectance"
        gains = [COEFFICIENTS[number - 1] for number in numbers]
        assert [band.gain for band in product.bands] == gains
        steps = np.array(gains)[:, None, None]
        wrong = np.abs(scene.read()[0] - small_ground().at(3.0).values[:4]) / steps
        assert wrong.max() <= 0.51


def test_the_coefficients_are_not_for_surface_reflectance(tmp_path: Path) -> None:
    """The XML beside surface reflectance is of the counts: its coefficients change nothing."""
    path = write_planetscope(tmp_path, small_ground())
    edit(find_xml(path), str(COEFFICIENTS[0]), "1")
    assert {band.gain for band in read(path).bands} == {1e-4}


def test_masks_say_why_a_pixel_was_not_seen(tmp_path: Path) -> None:
    """Cloud, heavy haze, shadow and unusable pixels are not observed; light haze and snow are."""
    codes = np.repeat(np.array([0, 1, 3, 4, 6, 8, 9, 10, 11, 12], dtype=np.uint8), 6)[:, None].repeat(60, axis=1)
    ground = dataclasses.replace(small_ground(), scl=codes)
    scene = open_scene(write_planetscope(tmp_path, ground))
    reasons = {0: Unseen.NODATA, 1: Unseen.NODATA, 3: Unseen.SHADOW, **dict.fromkeys((8, 9, 10), Unseen.CLOUD)}
    expected = np.vectorize(lambda code: reasons.get(code, Unseen.OBSERVED))(ground.at(3.0).scl)
    np.testing.assert_array_equal(scene.read_block().unseen, expected)
    assert any("light haze over 10 %" in note for note in scene.provenance.notes)


def test_the_older_mask_serves_where_it_is_alone(tmp_path: Path) -> None:
    """UDM tells of cloud and unusable pixels, and the result says that it tells of nothing else."""
    codes = np.repeat(np.array([0, 1, 3, 8], dtype=np.uint8), 15)[:, None].repeat(60, axis=1)
    ground = dataclasses.replace(small_ground(), scl=codes)
    product = read(write_planetscope(tmp_path, ground, mask="udm"))
    assert [mask.code for mask in product.masks] == [MaskCode.UDM]
    assert any("cloud shadow count as observed" in note for note in product.notes)
    unseen = open_scene(tmp_path).read_block().unseen
    assert [unseen[row, 0] for row in (10, 60, 110, 160)] == [
        *(Unseen.NODATA, Unseen.NODATA, Unseen.OBSERVED, Unseen.CLOUD)
    ]
    write_planetscope(tmp_path, ground, mask="udm2")
    assert MaskCode.UDM not in {mask.code for mask in read(tmp_path).masks}


def test_a_missing_mask_is_said(tmp_path: Path) -> None:
    """Without a mask there is a note, and no error."""
    product = read(write_planetscope(tmp_path, small_ground(), mask=None))
    assert (product.masks, product.mask_text) == ((), "none")
    assert any("no usable data mask" in note for note in product.notes)


@pytest.mark.parametrize("documents", [("xml",), ("json",), ()])
def test_any_metadata_will_do_for_surface_reflectance(tmp_path: Path, documents: tuple[str, ...]) -> None:
    """Time and sensor come from XML or JSON; without both, the name has the time to the second, which is said."""
    product = read(write_planetscope(tmp_path, small_ground(), documents=documents))
    assert product.acquired.replace(microsecond=0) == ACQUIRED.replace(microsecond=0)
    assert product.sensor == ("PlanetScope PS2" if documents else "PlanetScope")
    assert any("no metadata" in note for note in product.notes) == (not documents)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"ground_control": true', '"ground_control": false', "without ground control"),
        ('"quality_category": "standard"', '"quality_category": "test"', "test quality"),
        ('"publishing_stage": "finalized"', '"publishing_stage": "preview"', "preview edition"),
    ],
)
def test_what_the_archive_warns_of_is_noted(tmp_path: Path, old: str, new: str, words: str) -> None:
    """Warnings in the JSON reach the reader of the result."""
    path = write_planetscope(tmp_path, small_ground())
    edit(find_json(path), old, new)
    assert [words in note for note in read(path).notes] == [True]


def test_the_licence_of_the_xml_is_kept(tmp_path: Path) -> None:
    """Where the XML names a licence, it stands in the product."""
    path = write_planetscope(tmp_path, small_ground())
    licence = "<eop:license><eop:licenseType>Government, single user</eop:licenseType></eop:license>"
    edit(find_xml(path), "<ps:versionIsd>", f"{licence}<ps:versionIsd>")
    assert read(path).licence == "Planet Labs PBC, Government, single user"


# ------------------------------------------------------------------------------------------------- what is recognised
@pytest.mark.parametrize(
    ("name", "known"),
    [
        (f"PSScene/{ITEM}_3B_AnalyticMS_SR_8b_harmonized_clip.tif", True),
        ("20190813_143022_1040_3B_AnalyticMS_SR.tif", True),
        ("20160831_143848_1_0c79_3B_Visual.tif", True),
        (f"{ITEM}_1B_AnalyticMS.tif", True),
        (f"{ITEM}_3B_udm2.tif", True),
        (f"{ITEM}_metadata.json", True),
        (f"{ITEM}.json", False),
        ("manifest.json", False),
        ("20250321_before.tif", False),
        ("LC08_L2SP_009059_20250321_20250330_02_T1_SR_B2.TIF", False),
    ],
)
def test_planetscope_is_told_by_its_names(tmp_path: Path, name: str, known: bool) -> None:
    """Names of any asset are recognised, so that the message can say what is wrong with them."""
    assert recognise(touch(tmp_path, name)) is known


def test_one_of_several_scenes_is_chosen_by_a_file(tmp_path: Path) -> None:
    """Several scenes in one order are named, and any file of one chooses it."""
    for satellite in ("2477", "24ee"):
        write_planetscope(tmp_path, small_ground(), satellite=satellite)
    with pytest.raises(AmbiguousInput, match=f"holds 2 PlanetScope images .{ITEM}_3B_AnalyticMS_SR.tif, "):
        read(tmp_path)
    for satellite in ("2477", "24ee"):
        item = name_item(small_ground(), satellite=satellite)
        for part in ("3B_AnalyticMS_SR.tif", "3B_udm2.tif", "metadata.json"):
            product = read(tmp_path, f"PSScene/{item}_{part}")
            assert product.product_id == item
            assert {mask.file.name for mask in product.masks} == {f"{item}_3B_udm2.tif"}


def test_surface_reflectance_comes_before_counts_of_the_same_scene(tmp_path: Path) -> None:
    """An order with both is read as surface reflectance, unless the other is named."""
    for surface in (True, False):
        write_planetscope(tmp_path, small_ground(), surface=surface)
    assert read(tmp_path).quantity == "surface reflectance"
    assert read(tmp_path, f"PSScene/{ITEM}_3B_AnalyticMS.tif").quantity == "toa reflectance"


def test_counts_of_one_scene_are_not_passed_over_for_another(tmp_path: Path) -> None:
    """Counts of one scene and surface reflectance of another are two scenes."""
    write_planetscope(tmp_path, small_ground())
    write_planetscope(tmp_path, small_ground(), surface=False, satellite="24ee")
    with pytest.raises(AmbiguousInput):
        read(tmp_path)


def test_two_editions_of_one_scene_are_told_apart(tmp_path: Path) -> None:
    """Editions are not chosen in silence; each has the mask that was ordered with it."""
    for clip in (False, True):
        write_planetscope(tmp_path, small_ground(), clip=clip)
    with pytest.raises(AmbiguousInput, match="holds 2 PlanetScope images"):
        read(tmp_path)
    for cut in ("", "_clip"):
        product = read(tmp_path, f"PSScene/{ITEM}_3B_AnalyticMS_SR{cut}.tif")
        assert {mask.file.name for mask in product.masks} == {f"{ITEM}_3B_udm2{cut}.tif"}


# ---------------------------------------------------------------------------------------------------- what is refused
@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        ((f"{ITEM}_1B_AnalyticMS.tif", f"{ITEM}_1B_udm2.tif"), NeedsOrthorectification, "basic scene"),
        ((f"{ITEM}_3B_Visual.tif", f"{ITEM}_3B_udm2.tif"), UnsupportedFormat, "3B_Visual.tif holds no reflectance"),
        ((f"{ITEM}_3B_AnalyticMS_SR_bandmath.tif",), UnsupportedFormat, "_bandmath in the name .* is not known"),
        (
            (f"{ITEM}_3B_AnalyticMS_SR_8b_clip_coreg.tif", f"{ITEM}_3B_udm2_clip_coreg.tif"),
            *(UnsupportedFormat, f": _coreg in the name {ITEM}_3B_AnalyticMS_SR_8b_clip_coreg.tif is not known"),
        ),
        (
            (f"{ITEM}_metadata.json", "20250321_152011_24_2477_metadata.json", "composite.tif", "composite_udm2.tif"),
            *(UnsupportedFormat, r"composite\.tif is put together from several scenes, .* with --bands"),
        ),
        ((f"{ITEM}_metadata.json", "composite_udm2.tif"), ProductIncomplete, f"{ITEM} lacks its image"),
        ((f"{ITEM}_3B_udm2.tif", f"{ITEM}_metadata.json"), ProductIncomplete, f"{ITEM} lacks its image"),
        ((f"{ITEM}_3B_AnalyticMS.tif",), ProductIncomplete, f"lacks {ITEM}_3B_AnalyticMS_metadata.xml"),
        ((f"{ITEM}_3B_AnalyticMS_8b.tif",), ProductIncomplete, f"lacks {ITEM}_3B_AnalyticMS_8b_metadata.xml"),
    ],
)
def test_other_assets_are_refused_by_name(
    tmp_path: Path, names: tuple[str, ...], error: type[ColibriError], words: str
) -> None:
    """The message says what the folder holds, and what to order."""
    with pytest.raises(error, match=words):
        read_planetscope(touch(tmp_path, *names))


def test_an_image_that_is_named_is_not_passed_over_for_another(tmp_path: Path) -> None:
    """An image whose name is not known is refused, also where another of its scene could be read."""
    order = write_planetscope(tmp_path, small_ground())
    other = shutil.copy(order / "PSScene" / f"{ITEM}_3B_AnalyticMS_SR.tif", order / "PSScene" / f"{ITEM}_x.tif")
    named = Path(other).rename(order / "PSScene" / f"{ITEM}_3B_AnalyticMS_SR_coreg.tif")
    assert read(order).product_id == ITEM
    with pytest.raises(UnsupportedFormat, match="_coreg in the name"):
        open_scene(named)


def test_metadata_of_4_bands_do_not_serve_8(tmp_path: Path) -> None:
    """Coefficients are of the bands of one asset."""
    write_planetscope(tmp_path, small_ground(), bands=4, surface=False)
    write_planetscope(tmp_path, small_ground(), bands=8, surface=False, documents=())
    with pytest.raises(ProductIncomplete, match=r"8b_metadata\.xml"):
        read(tmp_path, f"PSScene/{ITEM}_3B_AnalyticMS_8b.tif")


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        (f'"id": "{ITEM}"', '"id": "20250321_152009_12_24ee"', InputError, f"describes .*24ee, expected {ITEM}"),
        (f'"id": "{ITEM}"', '"id": 3', InputError, "describes no scene"),
        ('"properties"', '"other"', CorruptInput, "has no properties"),
        ("2025-03-21T15:20:09", "2025-03-21T15:30:09", BadDate, "acquired at 2025-03-21T15:30:09Z"),
        ("2025-03-21T15:20:09.120000Z", "yesterday", BadDate, "yesterday"),
        ('"id"', '"type": 3, "id"', CorruptInput, "duplicate key"),
    ],
)
def test_json_that_cannot_be_true_is_refused(
    tmp_path: Path, old: str, new: str, error: type[ColibriError], words: str
) -> None:
    """JSON of another scene, or of nothing, is not believed."""
    path = write_planetscope(tmp_path, small_ground())
    edit(find_json(path), old, new)
    with pytest.raises(error, match=words):
        read(path)


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        (f"{ITEM}_3B_AnalyticMS<", "20250321_152009_12_24ee_3B_AnalyticMS<", InputError, "describes .*24ee"),
        ("ps:EarthObservation>", "ps:Other>", CorruptInput, "metadata.xml: "),
        ("<gml:metaDataProperty>", "<!-- <", CorruptInput, "not well-formed"),
        (str(COEFFICIENTS[2]), "0.5", RadiometryError, "no usable reflectanceCoefficient of band 3"),
        (str(COEFFICIENTS[2]), "nan", RadiometryError, "no usable reflectanceCoefficient of band 3"),
        ("<ps:bandNumber>2<", "<ps:bandNumber>7<", RadiometryError, "no usable reflectanceCoefficient of band 2"),
        ("acquisitionDateTime>2025-03-21", "acquisitionDateTime>2025-03-22", BadDate, "2025-03-22T15:20:09Z"),
    ],
)
def test_xml_that_cannot_be_true_is_refused(
    tmp_path: Path, old: str, new: str, error: type[ColibriError], words: str
) -> None:
    """XML of another scene, without a coefficient, or of nothing, is not believed."""
    path = write_planetscope(tmp_path, small_ground(), surface=False, documents=("xml",))
    edit(find_xml(path), old, new)
    with pytest.raises(error, match=words):
        read(path)


def test_a_document_type_is_refused(tmp_path: Path) -> None:
    """XML that declares a document type is not read."""
    path = write_planetscope(tmp_path, small_ground())
    edit(find_xml(path), "<ps:EarthObservation xmlns", '<!DOCTYPE a [<!ENTITY b "c">]><ps:EarthObservation xmlns')
    with pytest.raises(UnsafeXML):
        read(path)


# ------------------------------------------------------------------------------------------------------------- masks
def test_bits_of_unusable_pixels() -> None:
    """Each bit alone: what was not imaged or is suspect is not measured; bit 1 is cloud in the older mask only."""
    bits = np.array([[0, *(1 << bit for bit in range(8))]], dtype=np.uint8)
    newer, older = (DECODERS[code](bits, source="f")[0] for code in (MaskCode.UDM2_UNUSABLE, MaskCode.UDM))
    assert list(newer) == [Unseen.OBSERVED, Unseen.NODATA, Unseen.OBSERVED, *[Unseen.NODATA] * 6]
    assert list(older) == [Unseen.OBSERVED, Unseen.NODATA, Unseen.CLOUD, *[Unseen.NODATA] * 6]


@pytest.mark.parametrize(
    ("code", "top", "reason"),
    [
        (MaskCode.UDM2_SHADOW, 1, Unseen.SHADOW),
        (MaskCode.UDM2_CLOUD, 1, Unseen.CLOUD),
        (MaskCode.UDM2_UNUSABLE, 255, Unseen.NODATA),
        (MaskCode.UDM, 255, Unseen.NODATA),
    ],
)
def test_values_that_the_mask_cannot_have_are_refused(code: MaskCode, top: int, reason: Unseen) -> None:
    """The highest value has its reason; the next one is refused by the name of the mask."""
    assert DECODERS[code](np.array([[0, top]]), source="f").tolist() == [[Unseen.OBSERVED, reason]]
    with pytest.raises(InputError, match=rf"^f: the mask holds values .* expected integers from 0 to {top};"):
        DECODERS[code](np.array([[top + 1]]), source="f")
