"""Sentinel-2 products in the SAFE layout."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from rasterio.features import geometry_mask

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
from colibri_geo.scenes.masks import DECODERS, MaskCode, Unseen
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.sentinel2 import read_sentinel2, recognise
from colibri_geo.scenes.sky import NOT_STATED
from colibri_geo.sim import Cloud
from tests.support.products.ground import BANDS, Ground, make_ground
from tests.support.products.sentinel2 import write_safe, zip_safe

CLOUD = Cloud((700.0, 2000.0), 180.0, 1)


def see() -> Ground:
    """The later date of the ground, with a cloud."""
    return make_ground(clouds=(CLOUD,)).after


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Products of one ground, by level and baseline, that no test writes to."""
    folder = tmp_path_factory.mktemp("safe")
    for level in ("L1C", "L2A"):
        for baseline in ("02.14", "05.09"):
            write_safe(folder / f"{level}_{baseline}", see(), level=level, baseline=baseline)
    return folder


@pytest.fixture
def safe(shelf: Path, tmp_path: Path) -> Path:
    """A Level-2A product of baseline 05.09 that the test may change."""
    return copy(shelf, tmp_path, "L2A_05.09")


def copy(shelf: Path, folder: Path, kind: str) -> Path:
    """Copy a product off the shelf."""
    (product,) = (shelf / kind).iterdir()
    return Path(shutil.copytree(product, folder / product.name))


def read(path: Path) -> Product:
    """Read the product of a path."""
    return read_sentinel2(open_bundle(path))


def find(safe: Path, pattern: str) -> Path:
    """Find the one file of a name."""
    (found,) = safe.rglob(pattern)
    return found


def edit(safe: Path, pattern: str, old: str, new: str) -> None:
    """Replace text in a file that holds it."""
    path = find(safe, pattern)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def cut_out(safe: Path, pattern: str, begin: str, end: str) -> None:
    """Remove text from a file, from one mark to another."""
    path = find(safe, pattern)
    head, _, rest = path.read_text(encoding="utf-8").partition(begin)
    _, found, tail = rest.partition(end)
    assert found
    path.write_text(head + tail, encoding="utf-8")


def test_a_level_2a_product_says_all_that_a_scene_needs(shelf: Path) -> None:
    """Bands, scale, offset, mask, time, sensor and identity come from the product alone."""
    (path,) = (shelf / "L2A_05.09").iterdir()
    product = read(path)
    ends = {band.band: band.file.name[-11:] for band in product.bands}
    assert ends == {
        "blue": "B02_10m.jp2",
        "green": "B03_10m.jp2",
        "red": "B04_10m.jp2",
        "nir": "B08_10m.jp2",
        "swir16": "B11_20m.jp2",
        "swir22": "B12_20m.jp2",
    }
    assert {(band.gain, band.offset, band.nodata, band.index) for band in product.bands} == {(1e-4, 0.0, 0.0, 1)}
    assert (product.added, product.scaling, product.quantity) == (
        -1000,
        "(stored + offset) x 0.0001",
        "surface reflectance",
    )
    assert [(mask.code, mask.file.name[-11:]) for mask in product.masks] == [(MaskCode.SCL, "SCL_20m.jp2")]
    assert product.mask_text.endswith("_SCL_20m.jp2, Sentinel-2 SCL")
    assert (product.layout, product.sensor, product.processing_baseline) == (
        "Sentinel-2 L2A SAFE",
        "Sentinel-2A",
        "05.09",
    )
    assert f"{product.acquired:%Y-%m-%dT%H:%M:%S}" == "2025-03-21T15:24:20"
    assert product.acquired.tzinfo is not None
    assert f"{product.product_id}.SAFE" == path.name
    assert product.licence == "Copernicus Sentinel data 2025: free, full and open (Regulation (EU) No 1159/2013)"
    assert (product.notes, product.outlines) == ((), ())


@pytest.mark.parametrize("level", ["L1C", "L2A"])
def test_sun_and_cloud_are_the_metadatas(shelf: Path, level: str) -> None:
    """The sun is the tile's mean, told from the horizon; the cloud is that of the whole product."""
    sky = read(shelf / f"{level}_05.09").sky
    assert (sky.sun_elevation_deg, sky.sun_azimuth_deg) == (60.0, 65.0)
    assert sky.product_cloud_share == pytest.approx(np.isin(see().scl, (8, 9, 10)).mean(), abs=1e-7)
    assert 0 < (sky.product_cloud_share or 0) < 1


def test_sun_and_cloud_that_cannot_be_are_left_aside(safe: Path) -> None:
    """They keep nobody from the product, whose notes tell them."""
    edit(safe, "MTD_TL.xml", ">30.0<", ">NaN<")
    edit(safe, "MTD_TL.xml", ">65.0<", ">361<")
    edit(safe, "MTD_MSIL2A.xml", "Assessment>3.5", "Assessment>x3.5")
    provenance = open_scene(safe).provenance
    assert (provenance.sky.sun_elevation_deg, provenance.sky.product_cloud_share) == (None, None)
    assert [note.split(", ")[0] for note in provenance.sky.notes] == [
        "MTD_TL.xml: Mean_Sun_Angle/ZENITH_ANGLE is 'NaN'",
        "MTD_TL.xml: Mean_Sun_Angle/AZIMUTH_ANGLE is '361'",
        "MTD_MSIL2A.xml: Cloud_Coverage_Assessment is 'x3.512397'",
    ]
    assert set(provenance.sky.notes) <= set(provenance.notes)


def test_metadata_without_sun_and_cloud_state_none(safe: Path) -> None:
    """A product that says nothing of them is read as any other."""
    edit(safe, "MTD_TL.xml", "Mean_Sun_Angle", "Other")
    edit(safe, "MTD_MSIL2A.xml", "Cloud_Coverage_Assessment", "Other")
    assert read(safe).sky == NOT_STATED
    assert open_scene(safe).provenance.sky == NOT_STATED


@pytest.mark.parametrize("level", ["L1C", "L2A"])
@pytest.mark.parametrize(("baseline", "added"), [("02.14", 0), ("05.09", -1000)])
def test_the_offset_is_the_metadatas(shelf: Path, level: str, baseline: str, added: float) -> None:
    """Before baseline 04.00 nothing is added to stored values, from there on what the metadata state."""
    product = read(shelf / f"{level}_{baseline}")
    assert (product.processing_baseline, product.added) == (baseline, added)
    assert product.scaling == "(stored + offset) x 0.0001"


def test_the_first_baseline_with_an_offset(safe: Path) -> None:
    """Baseline 04.00 without an offset element contradicts itself, 03.01 does not."""
    cut_out(safe, "MTD_MSIL2A.xml", "<BOA_ADD_OFFSET_VALUES_LIST>", "</BOA_ADD_OFFSET_VALUES_LIST>")
    added = {}
    for old, new in (("05.09", "04.00"), ("04.00", "03.01")):
        edit(safe, "MTD_MSIL2A.xml", f"<PROCESSING_BASELINE>{old}<", f"<PROCESSING_BASELINE>{new}<")
        product = read(safe)
        added[new] = product.added
        assert any("no BOA_ADD_OFFSET" in note and new in note for note in product.notes) == (new == "04.00")
    assert added == {"04.00": None, "03.01": 0}


def test_without_baseline_and_offset_the_values_must_tell(safe: Path) -> None:
    """Metadata that state neither leave the offset open, and say so."""
    cut_out(safe, "MTD_MSIL2A.xml", "<BOA_ADD_OFFSET_VALUES_LIST>", "</BOA_ADD_OFFSET_VALUES_LIST>")
    cut_out(safe, "MTD_MSIL2A.xml", "<PROCESSING_BASELINE>", "</PROCESSING_BASELINE>")
    product = read(safe)
    assert (product.added, product.processing_baseline) == (None, None)
    assert product.notes == ("its metadata state no processing baseline and no BOA_ADD_OFFSET",)


def test_an_offset_counts_whatever_the_baseline_says(safe: Path) -> None:
    """An old baseline that states an offset has one."""
    edit(safe, "MTD_MSIL2A.xml", "<PROCESSING_BASELINE>05.09<", "<PROCESSING_BASELINE>02.14<")
    assert read(safe).added == -1000


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('band_id="3">-1000<', 'band_id="3">-999<', "is -1000, -999, expected one for all bands"),
        ('<BOA_ADD_OFFSET band_id="7">-1000</BOA_ADD_OFFSET>', "", "no BOA_ADD_OFFSET for B08"),
        ('band_id="3">', 'band_id="2">', "for band_id '2'"),
        ('band_id="3">', 'band_id="99">', "for band_id '99'"),
        (">-1000<", ">1000<", "is 1000, expected one for all bands, 0 or negative"),
        ('band_id="3">-1000<', 'band_id="3">minus<', "'minus' BOA_ADD_OFFSET"),
        ('band_id="3">-1000<', 'band_id="3">nan<', "'nan' BOA_ADD_OFFSET"),
        ('band_id="3">-1000<', 'band_id="3"><', "no BOA_ADD_OFFSET, expected a number"),
        (">10000<", ">0<", "BOA_QUANTIFICATION_VALUE is 0"),
        ("BOA_QUANTIFICATION_VALUE", "QUANTIFICATION", "no BOA_QUANTIFICATION_VALUE"),
        ("<SPECIAL_VALUE_INDEX>0<", "<SPECIAL_VALUE_INDEX>-1<", "NODATA is -1"),
    ],
)
def test_radiometry_that_does_not_hold_is_refused(safe: Path, old: str, new: str, told: str) -> None:
    """Offsets that differ, are missing, doubled or no numbers are refused, and so is a scale that is none."""
    edit(safe, "MTD_MSIL2A.xml", old, new)
    with pytest.raises(RadiometryError, match=told) as caught:
        read(safe)
    assert "\n" not in str(caught.value)


def test_offsets_of_bands_that_are_not_read_do_not_count(safe: Path) -> None:
    """The cirrus band may have an offset of its own."""
    edit(safe, "MTD_MSIL2A.xml", 'band_id="10">-1000<', 'band_id="10">-500<')
    assert read(safe).added == -1000


def test_band_ids_are_those_of_the_metadata(safe: Path) -> None:
    """Where the metadata number bands in their own way, an offset belongs to the band of that number."""
    edit(safe, "MTD_MSIL2A.xml", 'bandId="8" physicalBand="B8A"', 'bandId="8" physicalBand="B8"')
    edit(safe, "MTD_MSIL2A.xml", 'bandId="7" physicalBand="B8"', 'bandId="7" physicalBand="B8A"')
    edit(safe, "MTD_MSIL2A.xml", 'band_id="7">-1000<', 'band_id="7">-500<')
    assert read(safe).added == -1000
    edit(safe, "MTD_MSIL2A.xml", 'band_id="8">-1000<', 'band_id="8">-500<')
    with pytest.raises(RadiometryError):
        read(safe)


def test_a_level_1c_product_has_the_cloud_mask_of_its_baseline(shelf: Path) -> None:
    """From baseline 04.00 on the mask is a raster, two bands of it are cloud; before it was drawn as polygons."""
    new, old = read(shelf / "L1C_05.09"), read(shelf / "L1C_02.14")
    assert [(mask.code, mask.index) for mask in new.masks] == [(MaskCode.S2_CLASSI, 1), (MaskCode.S2_CLASSI, 2)]
    assert new.mask_text == "MSK_CLASSI_B00.jp2, opaque cloud and cirrus"
    assert (new.outlines, old.masks) == ((), ())
    assert old.mask_text == "MSK_CLOUDS_B00.gml, opaque cloud and cirrus"
    for product in (new, old):
        assert (product.quantity, product.layout) == ("toa reflectance", "Sentinel-2 L1C SAFE")
        assert any("shadow" in note for note in product.notes)
        assert [band.file.name[-7:] for band in product.bands][::5] == ["B02.jp2", "B12.jp2"]


def test_polygons_of_clouds_lie_where_the_clouds_are(shelf: Path) -> None:
    """Drawn on the mask's own grid, the polygons are the cloud of the ground, in the tile's system."""
    seen = see().at(60)
    (mask,) = read(shelf / "L1C_02.14").outlines
    drawn = geometry_mask(mask.polygons, seen.grid.shape, seen.grid.affine, invert=True)
    clouds = np.isin(seen.scl, (8, 9, 10))
    assert 0 < clouds.mean() < 0.5
    np.testing.assert_array_equal(drawn, clouds)
    assert (mask.crs, mask.code) == ("EPSG:32618", Unseen.CLOUD)


def test_values_of_the_cloud_mask() -> None:
    """1 is cloud, 0 is not, and there is nothing else."""
    decode = DECODERS[MaskCode.S2_CLASSI]
    decoded = decode(np.array([[0, 1]], dtype=np.uint8), source="m")
    assert decoded.tolist() == [[Unseen.OBSERVED, Unseen.CLOUD]]
    with pytest.raises(InputError, match="expected integers from 0 to 1"):
        decode(np.array([[0, 255]], dtype=np.uint8), source="m")


@pytest.mark.parametrize("stored", [True, False])
def test_an_archive_says_what_the_folder_says(safe: Path, stored: bool) -> None:
    """Zipped, compressed or not, a product differs in path and checksum alone."""
    folder = read(safe)
    names = [band.file.name for band in folder.bands]
    content = find(safe, names[0]).read_bytes()
    archive = read(zip_safe(safe, stored=stored))
    assert archive.sha256 != folder.sha256
    assert archive.size_bytes == archive.path.stat().st_size
    same = [field.name for field in dataclasses.fields(Product)]
    for name in ("path", "bands", "masks", "sha256", "size_bytes"):
        same.remove(name)
    assert [getattr(archive, name) for name in same] == [getattr(folder, name) for name in same]
    assert [dataclasses.replace(band, file=None) for band in archive.bands] == [  # type: ignore[arg-type]
        dataclasses.replace(band, file=None)  # type: ignore[arg-type]
        for band in folder.bands
    ]
    with archive.bands[0].file.open() as file:
        assert file.read() == content


def test_a_folder_that_holds_the_product_is_the_product(safe: Path) -> None:
    """The product's folder and the one around it mean the same product."""
    inner, outer = read(safe), read(safe.parent)
    assert (inner.product_id, inner.added, inner.acquired) == (outer.product_id, outer.added, outer.acquired)
    assert [band.file for band in inner.bands] == [band.file for band in outer.bands]


def test_a_folder_of_another_name_keeps_the_products_name(safe: Path) -> None:
    """A product is called what its metadata call it."""
    renamed = safe.rename(safe.with_name("after"))
    assert str(read(renamed).product_id).startswith("S2A_MSIL2A_20250321T152000_N0509_R011_T")


def test_the_checksum_is_that_of_the_files_read(safe: Path) -> None:
    """A file that is not read does not change a product; one that is read does."""
    first = read(safe)
    find(safe, "manifest.safe").write_text("other")
    assert read(safe).sha256 == first.sha256
    edit(safe, "MTD_TL.xml", "NOMINAL", "URGENT!")
    assert read(safe).sha256 != first.sha256


def test_of_several_products_one_has_to_be_named(shelf: Path, tmp_path: Path) -> None:
    """Two products in one folder are refused with both names; naming a file of one chooses it."""
    paths = [copy(shelf, tmp_path, kind) for kind in ("L2A_02.14", "L2A_05.09")]
    with pytest.raises(AmbiguousInput, match="2 Sentinel-2 products") as caught:
        read(tmp_path)
    assert all(path.name in str(caught.value) for path in paths)
    chosen = read_sentinel2(open_bundle(tmp_path), entry=f"{paths[0].name}/MTD_MSIL2A.xml")
    assert f"{chosen.product_id}.SAFE" == paths[0].name


def test_two_tiles_are_refused(safe: Path) -> None:
    """A product of one tile is read, and none of several."""
    granule = find(safe, "L2A_T*")
    shutil.copytree(granule, granule.with_name("L2A_T18NXX_A050999_20250321T152000"))
    with pytest.raises(AmbiguousInput, match="holds 2 tiles"):
        read(safe)


def test_bands_of_two_acquisitions_are_refused(safe: Path) -> None:
    """A band of another date in the folder is told by its name."""
    band = find(safe, "*_B08_10m.jp2")
    band.rename(band.with_name(band.name.replace("20250321", "20250301")))
    with pytest.raises(AmbiguousInput, match="2 acquisitions"):
        read(safe)


def test_one_band_twice_is_refused(safe: Path) -> None:
    """Two files for one band leave open which is meant."""
    band = find(safe, "*_B08_10m.jp2")
    shutil.copy(band, band.with_name(f"copy_{band.name}"))
    with pytest.raises(AmbiguousInput, match=r"2 files for B08"):
        read(safe)


def test_all_that_is_missing_or_empty_is_named(safe: Path) -> None:
    """One message names every file that is missing and every file that is empty."""
    find(safe, "*_B08_10m.jp2").unlink()
    find(safe, "MTD_TL.xml").unlink()
    find(safe, "*_B04_10m.jp2").write_bytes(b"")
    for scl in safe.rglob("*_SCL_*.jp2"):
        scl.unlink()
    with pytest.raises(ProductIncomplete) as caught:
        read(safe)
    assert "missing: MTD_TL.xml, B08 (10 m), SCL (20 or 60 m); empty: B04 (10 m); expected" in str(caught.value)


@pytest.mark.parametrize(("level", "name"), [("L2A", "MTD_MSIL2A.xml"), ("L1C", "MTD_MSIL1C.xml")])
def test_product_metadata_that_are_missing_are_named(shelf: Path, tmp_path: Path, level: str, name: str) -> None:
    """Without its metadata a product is known by its folder's name, alone or inside of another folder."""
    path = copy(shelf, tmp_path, f"{level}_05.09")
    (path / name).unlink()
    for given in (path, tmp_path):
        assert recognise(open_bundle(given))
        with pytest.raises(ProductIncomplete, match=rf"missing: {name}; expected"):
            read(given)


def test_the_cloud_mask_of_level_1c_is_needed(shelf: Path, tmp_path: Path) -> None:
    """A Level-1C product without any cloud mask is not whole."""
    path = copy(shelf, tmp_path, "L1C_05.09")
    find(path, "MSK_CLASSI_B00.jp2").unlink()
    with pytest.raises(ProductIncomplete, match="missing: MSK_CLASSI_B00"):
        read(path)


def test_the_coarse_classification_serves_where_the_fine_one_is_missing(safe: Path) -> None:
    """The scene classification of 60 m is used without the one of 20 m, and a note says so."""
    find(safe, "*_SCL_20m.jp2").unlink()
    product = read(safe)
    assert product.masks[0].file.name.endswith("_SCL_60m.jp2")
    assert any("60 m" in note for note in product.notes)


@pytest.mark.parametrize("name", ["MTD_MSIL2A.xml", "MTD_TL.xml"])
def test_metadata_with_entities_are_refused(safe: Path, name: str) -> None:
    """A document type in the metadata is refused, also where files are missing."""
    edit(safe, name, "<n1:Level", '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><n1:Level')
    with pytest.raises(UnsafeXML):
        read(safe)
    find(safe, "*_B08_10m.jp2").unlink()
    with pytest.raises(UnsafeXML):
        read(safe)


def test_polygons_with_entities_are_refused(shelf: Path, tmp_path: Path) -> None:
    """A document type in a mask is refused."""
    path = copy(shelf, tmp_path, "L1C_02.14")
    edit(path, "*.gml", "<eop:Mask ", '<!DOCTYPE a [<!ENTITY b "c">]><eop:Mask ')
    with pytest.raises(UnsafeXML):
        read(path)


@pytest.mark.parametrize("lure", ["../../../../etc/passwd", "/etc/passwd", "GRANULE/../../secret", "C:\\secret"])
def test_paths_in_the_metadata_lead_nowhere(safe: Path, lure: str) -> None:
    """Whatever files the metadata name, those of the product's own folder are read."""
    before = read(safe)
    path = find(safe, "MTD_MSIL2A.xml")
    lines = path.read_text().splitlines()
    path.write_text("\n".join(f"<IMAGE_FILE>{lure}</IMAGE_FILE>" if "<IMAGE_FILE>" in line else line for line in lines))
    after = read(safe)
    assert (after.bands, after.masks) == (before.bands, before.masks)


@pytest.mark.parametrize(
    ("name", "old", "new", "error", "told"),
    [
        ("MTD_TL.xml", "SENSING_TIME", "SEEN", MissingDate, "no SENSING_TIME in its metadata"),
        ("MTD_TL.xml", ">2025-03-21T15", ">2024-03-21T15", BadDate, "expected both within the hour"),
        ("MTD_TL.xml", ">2025-03-21T15", ">2025-13-21T15", BadDate, "is not a date"),
        ("MTD_MSIL2A.xml", ">Sentinel-2A<", ">Sentinel-3A<", CorruptInput, "spacecraft 'Sentinel-3A'"),
        ("MTD_MSIL2A.xml", ">05.09<", ">5.9<", CorruptInput, "baseline '5.9'"),
        ("MTD_MSIL2A.xml", ">S2A_MSIL2A_", "> <![CDATA[<b>]]>", CorruptInput, "its metadata call it '<b>"),
        ("MTD_MSIL2A.xml", "Level-2A_User_Product", "Level-1C_User_Product", CorruptInput, "expected Level-2A_User_"),
    ],
)
def test_metadata_that_contradict_themselves_are_refused(
    safe: Path, name: str, old: str, new: str, error: type[ColibriError], told: str
) -> None:
    """A time that is missing or cannot be, another sensor, level or baseline: refused, each with its reason."""
    edit(safe, name, old, new)
    with pytest.raises(error, match=told):
        read(safe)


OLD = "S2A_OPER_PRD_MSIL1C_PDMC_20160905T104813_R002_V20160905T005712_20160905T010424.SAFE"


def test_the_layout_before_2016_is_refused_by_name() -> None:
    """Products of many tiles with the long names are known, and refused with what to fetch instead."""
    for maker in ("OPER", "USER"):  # ESA, or somebody's own Sen2Cor
        name = f"{OLD}/S2A_OPER_MTD_SAFL1C_PDMC_20160905T104813.xml".replace("OPER", maker)
        bundle = Bundle(Path("folder"), (name,))
        assert recognise(bundle)
        with pytest.raises(UnsupportedFormat, match="before December 2016"):
            read_sentinel2(bundle)


@pytest.mark.parametrize(
    "names",
    [
        (),
        ("B04.tif", "LC08_L2SP_MTL.json"),
        ("20250321_PSScene_AnalyticMS_SR.tif",),
        ("notes/MTD_MSIL2A.xml.txt", "x_MTD_MSIL2A.xml"),
        ("S1A_IW_GRDH_1SDV_20250321.SAFE/manifest.safe",),
        ("(((", "\n", "S2A_MSIL2A_20250321"),
    ],
)
def test_other_names_are_not_taken_for_sentinel_2(names: tuple[str, ...]) -> None:
    """Only the layout's own names make a product of it."""
    assert not recognise(Bundle(Path("folder"), names))


def test_two_products_in_an_archive_are_refused(shelf: Path, tmp_path: Path) -> None:
    """An archive is held to one product, as a folder is."""
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for kind in ("L2A_02.14", "L1C_05.09"):
            for file in sorted((shelf / kind).rglob("*")):
                archive.write(file, file.relative_to(shelf / kind).as_posix())
    with pytest.raises(AmbiguousInput, match="2 Sentinel-2 products"):
        read(path)


def test_hostile_products_are_refused(bad_inputs: Path) -> None:
    """A product of two files lacks all others by name, and one of entities is not read."""
    with pytest.raises(ProductIncomplete, match=r"missing: MTD_TL.*B08.*empty: B04 \(10 m\)"):
        read(bad_inputs / "archive" / "safe_missing_band.zip")
    with pytest.raises(UnsafeXML):
        read(bad_inputs / "archive" / "safe_laughs.zip")


@pytest.mark.parametrize("baseline", ["02.14", "05.09"])
def test_the_scene_is_the_ground(shelf: Path, baseline: str) -> None:
    """Opened as a scene, a Level-2A product shows the ground's reflectance in steps of 0.0001, at any baseline."""
    ground = see()
    scene = open_scene(next((shelf / f"L2A_{baseline}").iterdir()))
    block = scene.source.read(scene.whole, range(len(BANDS)))
    assert (scene.bands, scene.grid, scene.sensor) == (BANDS, ground.grid, "Sentinel-2A")
    np.testing.assert_allclose(block.values[:4][:, block.valid], ground.values[:4][:, block.valid], atol=5.1e-5)
    shortwave = ground.at(20).values[4:].mean(axis=(1, 2))
    np.testing.assert_allclose(block.values[4:].mean(axis=(1, 2)), shortwave, rtol=0.02)
    clouds = np.isin(ground.at(20).scl, (8, 9, 10)).repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(block.unseen == Unseen.CLOUD, clouds)


@pytest.mark.parametrize("baseline", ["02.14", "05.09"])
def test_clouds_of_level_1c_are_not_observed(shelf: Path, baseline: str) -> None:
    """Opened as a scene, a Level-1C product hides what its mask calls cloud, drawn as raster or as polygons."""
    scene = open_scene(next((shelf / f"L1C_{baseline}").iterdir()))
    block = scene.source.read(scene.whole, range(len(BANDS)))
    clouds = np.isin(see().at(60).scl, (8, 9, 10)).repeat(6, axis=0).repeat(6, axis=1)
    np.testing.assert_array_equal(block.unseen == Unseen.CLOUD, clouds)
    assert scene.quantity == "toa reflectance"


def test_an_archive_opens_as_the_folder_does(shelf: Path, tmp_path: Path) -> None:
    """Pixels of a zipped product are those of its folder."""
    path = copy(shelf, tmp_path, "L2A_05.09")
    folder = open_scene(path)
    expected = folder.source.read(folder.whole, range(len(BANDS)))
    archive = open_scene(zip_safe(path))
    found = archive.source.read(archive.whole, range(len(BANDS)))
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.unseen, expected.unseen)


def test_level_2a_of_2017_is_read_by_its_own_names(tmp_path: Path) -> None:
    """Products in the words of issue 14.2 say the same as later ones, and show the ground."""
    old = write_safe(tmp_path / "old", see(), baseline="02.05", psd="14.2")
    new = write_safe(tmp_path / "new", see(), baseline="02.05")
    product, later = read(old), read(new)
    assert [band.file.name for band in product.bands] == [f"L2A_{band.file.name}" for band in later.bands]
    assert product.mask_text == f"L2A_{later.mask_text}"
    for field in (
        "product_id",
        "acquired",
        "sensor",
        "quantity",
        "scaling",
        "added",
        "processing_baseline",
        "notes",
        "sky",
    ):
        assert getattr(product, field) == getattr(later, field)
    assert {(band.gain, band.nodata) for band in product.bands} == {(1e-4, 0.0)}
    assert read(old.rename(old.with_name("renamed"))).product_id == later.product_id
    scene, expected = open_scene(tmp_path / "old" / "renamed"), open_scene(new)
    np.testing.assert_array_equal(scene.read_block().values, expected.read_block().values)
    np.testing.assert_array_equal(scene.read_block().unseen, expected.read_block().unseen)


def test_the_metadata_file_stands_for_the_product(shelf: Path) -> None:
    """Naming the product's metadata opens the product."""
    (path,) = (shelf / "L2A_05.09").iterdir()
    assert open_scene(path / "MTD_MSIL2A.xml").acquired == open_scene(path).acquired
