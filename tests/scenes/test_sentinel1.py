"""Sentinel-1 RTC: names tell unit, quantity and time; what is not terrain-corrected gamma0 is refused."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    BandError,
    ColibriError,
    InputError,
    NeedsOrthorectification,
    ProductIncomplete,
    RadiometryError,
    UnsupportedFormat,
)
from colibri_geo.scenes.backscatter import BackscatterUnit
from colibri_geo.scenes.bundle import Bundle, open_bundle
from colibri_geo.scenes.masks import DECODERS, MaskCode, Unseen
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Scene
from colibri_geo.scenes.sentinel1 import read_sentinel1, recognise
from tests.support.products.ground import GroundPair, make_ground, write_gtiff
from tests.support.products.sentinel1 import make_echoes, write_grd_safe, write_opera, write_rtc, zip_product

HYP3 = "S1A_IW_20250110T152000_DVP_RTC10_G_gpuned_FD6A"
OPERA = "OPERA_L2_RTC-S1_T069-147170-IW1_20250110T152000Z_20250111T152000Z_S1A_30_v1.0"


@pytest.fixture(scope="module")
def ground() -> GroundPair:
    """A small ground without clouds."""
    return make_ground(side_px=96, strips=())


def rename(folder: Path, old: str, new: str) -> Path:
    """Rename a product: its folder and what of it is named after it."""
    for file in folder.iterdir():
        file.rename(file.with_name(file.name.replace(old, new)))
    return folder.rename(folder.with_name(folder.name.replace(old, new)))


@pytest.mark.parametrize("packed", [False, True])
def test_hyp3_product_is_told_by_its_names(ground: GroundPair, tmp_path: Path, packed: bool) -> None:
    """Bands, unit, time, mask, sensor and identity come from the names, in a folder and in an archive."""
    product = write_rtc(tmp_path, ground.before)
    bundle = open_bundle(zip_product(product) if packed else product)
    assert recognise(bundle)
    found = read_sentinel1(bundle)
    assert [(band.band, band.unit, band.nodata) for band in found.bands] == [
        ("vv", BackscatterUnit.POWER, 0.0),
        ("vh", BackscatterUnit.POWER, 0.0),
    ]
    assert [band.file.name for band in found.bands] == [f"{HYP3}_VV.tif", f"{HYP3}_VH.tif"]
    assert [(mask.file.name, mask.code) for mask in found.masks] == [(f"{HYP3}_ls_map.tif", MaskCode.HYP3_LS)]
    assert (found.product_id, found.sensor, found.quantity) == (HYP3, "Sentinel-1A", "gamma0_db")
    assert found.acquired == datetime(2025, 1, 10, 15, 20, tzinfo=UTC)
    assert found.notes == ()


def test_opera_product_is_told_by_its_names(ground: GroundPair, tmp_path: Path) -> None:
    """The burst's names give bands, time, mask and version; static layers beside it are no product."""
    folder = write_opera(tmp_path / "burst", ground.before)
    (folder / "OPERA_L2_RTC-S1-STATIC_T069-147170-IW1_20140403_S1A_30_v1.0_mask.tif").write_bytes(b"II*\x00")
    found = read_sentinel1(open_bundle(folder))
    assert [(band.band, band.unit, band.nodata) for band in found.bands] == [
        ("vv", BackscatterUnit.POWER, None),
        ("vh", BackscatterUnit.POWER, None),
    ]
    assert [(mask.file.name, mask.code) for mask in found.masks] == [(f"{OPERA}_mask.tif", MaskCode.OPERA_MASK)]
    assert (found.product_id, found.processing_baseline) == (OPERA, "1.0")
    assert found.acquired == datetime(2025, 1, 10, 15, 20, tzinfo=UTC)


@pytest.mark.parametrize(("letter", "unit"), [("p", "POWER"), ("a", "AMPLITUDE"), ("d", "DB")])
def test_unit_is_a_letter_of_the_name(ground: GroundPair, tmp_path: Path, letter: str, unit: str) -> None:
    """Power, amplitude and decibels are told apart by the name alone."""
    found = read_sentinel1(open_bundle(write_rtc(tmp_path, ground.before, unit=letter)))
    assert {band.unit for band in found.bands} == {BackscatterUnit[unit]}


def test_single_polarisation_and_single_files_serve(ground: GroundPair, tmp_path: Path) -> None:
    """A product of VV alone has one band; of OPERA, whose layers are fetched one by one, VH alone serves too."""
    product = rename(write_rtc(tmp_path, ground.before), "DVP", "SVP")
    next(product.glob("*_VH.tif")).unlink()
    assert [band.band for band in read_sentinel1(open_bundle(product)).bands] == ["vv"]
    burst = write_opera(tmp_path / "burst", ground.before)
    for layer in ("VV", "mask"):
        next(burst.glob(f"*_{layer}.tif")).unlink()
    alone = read_sentinel1(open_bundle(burst))
    assert [band.band for band in alone.bands] == ["vh"]
    assert alone.mask_text == "none"
    assert "layover and shadow" in alone.notes[0]


def test_what_was_done_to_the_product_is_noted(ground: GroundPair, tmp_path: Path) -> None:
    """A speckle filter and a water mask stand in the notes."""
    notes = " ".join(read_sentinel1(open_bundle(write_rtc(tmp_path, ground.before, options="wfed"))).notes)
    assert "speckle filter" in notes
    assert "water" in notes


def test_one_of_several_products_is_chosen_by_a_file(ground: GroundPair, tmp_path: Path) -> None:
    """Two products in one folder are ambiguous, until a file of one is named."""
    for date in (ground.before, ground.after):
        write_opera(tmp_path, date)
    bundle = open_bundle(tmp_path)
    with pytest.raises(AmbiguousInput, match="holds 2 Sentinel-1 products"):
        read_sentinel1(bundle)
    later = next(name for name in bundle.names if f"{ground.after.acquired:_%Y%m%dT%H%M%SZ_}" in name and "VH" in name)
    assert read_sentinel1(bundle, entry=later).acquired == ground.after.acquired
    with pytest.raises(AmbiguousInput, match="belongs to none"):
        read_sentinel1(bundle, entry="other.tif")


@pytest.mark.parametrize("packed", [False, True])
def test_raw_product_needs_terrain_correction(tmp_path: Path, packed: bool) -> None:
    """A GRD is told apart and refused with what to do, as a folder, as an archive, and by the folder above it."""
    safe = write_grd_safe(tmp_path / "raw")
    for path in (zip_product(safe),) if packed else (safe, safe.parent, safe / "measurement"):
        assert recognise(open_bundle(path))
        with pytest.raises(
            NeedsOrthorectification, match=r"Sentinel-1 GRD .* expected terrain-corrected gamma0 \(RTC\)"
        ):
            read_sentinel1(open_bundle(path))


def test_the_name_of_a_raw_product_alone_is_none(tmp_path: Path) -> None:
    """Archives name terrain-corrected images after the raw product: without its files it is not taken for one."""
    folder = tmp_path / "S1A_IW_GRDH_1SDV_20250110T102030_20250110T102055_057384_rtc"
    assert not recognise(Bundle(folder, ("vv.tif", "vh.tif")))
    for names in (("manifest.safe",), ("measurement/iw-vv.tiff",)):
        assert recognise(Bundle(folder, names))
        with pytest.raises(NeedsOrthorectification, match="Sentinel-1 GRD"):
            read_sentinel1(Bundle(folder, names))


def test_names_of_other_archives_are_not_recognised(tmp_path: Path) -> None:
    """Optical products, plain images and empty folders hold nothing of Sentinel-1."""
    names = (
        "S2A_MSIL2A_20250110T152000_N0511_R011_T18NTF_20250110T190000.SAFE/MTD_MSIL2A.xml",
        "LC08_L2SP_009059_20250110_20250118_02_T1_SR_B4.TIF",
        "before_VV.tif",
        f"{HYP3}.README.md.txt",
    )
    for bundle in (Bundle(tmp_path / "a", names), Bundle(tmp_path / "a", ())):
        assert not recognise(bundle)
        with pytest.raises(UnsupportedFormat):
            read_sentinel1(bundle)


def drop(layer: str, folder: Path) -> Path:
    """Remove a layer of a product."""
    next(folder.glob(f"*_{layer}.tif")).unlink()
    return folder


def test_products_that_cannot_serve_are_refused_by_name(ground: GroundPair, tmp_path: Path) -> None:
    """Missing polarisations, HH and HV, sigma0 and impossible times each have their error, in one line."""
    before = ground.before
    crossless = drop("VH", write_rtc(tmp_path / "crossless", before))
    empty = drop("VV", drop("VH", write_rtc(tmp_path / "empty", before)))
    horizontal = rename(write_rtc(tmp_path / "horizontal", before), "DVP", "DHP")
    for old, new in (("VV", "HH"), ("VH", "HV")):
        rename(horizontal, f"_{old}.", f"_{new}.")
    undated = rename(write_rtc(tmp_path / "undated", before), "20250110T", "20251310T")
    cases: list[tuple[Path, type[ColibriError], str]] = [
        (crossless, ProductIncomplete, f"lacks {HYP3}_VH.tif, expected"),
        (empty, ProductIncomplete, f"lacks {HYP3}_VV.tif, {HYP3}_VH.tif, expected"),
        (horizontal, BandError, "holds HH, HV, expected VV or VH"),
        (write_rtc(tmp_path / "sigma", before, radiometry="s"), RadiometryError, "sigma0 .* of spuned"),
        (undated, BadDate, "20251310T"),
    ]
    for product, error, message in cases:
        with pytest.raises(error, match=message) as raised:
            read_sentinel1(open_bundle(product))
        assert "\n" not in str(raised.value)


def test_layover_and_radar_shadow_were_not_measured() -> None:
    """Both maps tell layover, shadow and fill as not measured, leave the rest to the bands, and hold no other value."""
    decode_map, decode_mask = DECODERS[MaskCode.HYP3_LS], DECODERS[MaskCode.OPERA_MASK]
    sums = np.arange(32, dtype=np.uint8)[None]
    hidden = ((sums & 4) > 0) | ((sums & 16) > 0)
    expected = np.where(hidden, Unseen.NODATA, Unseen.OBSERVED)
    assert (decode_map(sums, source="a.tif") == expected).all()
    codes = np.array([[0, 1, 2, 3, 255]], dtype=np.uint8)
    assert decode_mask(codes, source="a.tif").tolist() == [[Unseen.OBSERVED, *[Unseen.NODATA] * 4]]
    for decode, wrong in ((decode_map, 32), (decode_mask, 4)):
        with pytest.raises(InputError, match=r"a\.tif"):
            decode(np.array([[0, wrong]], dtype=np.uint8), source="a.tif")


def read_all(scene: Scene) -> tuple[np.ndarray, np.ndarray]:
    """Return decibels and codes of a whole scene."""
    block = scene.read_block()
    return block.values, block.unseen


@pytest.mark.parametrize("unit", ["p", "a", "d"])
def test_every_unit_opens_as_the_same_decibels(ground: GroundPair, tmp_path: Path, unit: str) -> None:
    """Whatever a product stores, the scene holds gamma0 in decibels; layover and what lies outside was not measured."""
    product = write_rtc(tmp_path, ground.before, unit=unit, layover_rows=7, outside_cols=5)
    scene = open_scene(product)
    assert (scene.bands, scene.quantity, scene.sensor) == (("vv", "vh"), "gamma0_db", "Sentinel-1A")
    values, unseen = read_all(scene)
    hidden = np.zeros(unseen.shape, dtype=bool)
    hidden[:7], hidden[:, :5] = True, True
    assert (unseen[hidden] == Unseen.NODATA).all()
    assert (unseen[~hidden] == Unseen.OBSERVED).all()
    echoes = make_echoes(ground.before)
    for found, power in zip(values, (echoes.vv, echoes.vh), strict=True):
        np.testing.assert_allclose(found[~hidden], 10 * np.log10(power[~hidden]), atol=1e-3)


@pytest.mark.parametrize("said", ["p", "a"])
def test_decibels_under_another_name_are_refused(ground: GroundPair, tmp_path: Path, said: str) -> None:
    """A product whose name promises power or amplitude, and which holds decibels, is refused."""
    product = rename(write_rtc(tmp_path, ground.before, unit="d", outside_cols=60), "_gd", f"_g{said}")
    with pytest.raises(RadiometryError, match=r"% of VV is negative, as decibels are, expected (power|amplitude)"):
        open_scene(product)


def test_archive_and_named_file_open_as_the_product(ground: GroundPair, tmp_path: Path) -> None:
    """The archive, and the name of one of its images, give the scene that the folder gives."""
    product = write_rtc(tmp_path, ground.before)
    values, unseen = read_all(open_scene(product))
    for path in (zip_product(product), next(product.glob("*_VH.tif"))):
        other, codes = read_all(open_scene(path))
        np.testing.assert_array_equal(other, values)
        np.testing.assert_array_equal(codes, unseen)


def test_opera_burst_opens_with_its_mask(ground: GroundPair, tmp_path: Path) -> None:
    """A burst opens in 30 m pixels; its mask and its fill are not measured."""
    scene = open_scene(write_opera(tmp_path / "burst", ground.before, layover_rows=3, outside_cols=4))
    values, unseen = read_all(scene)
    assert (unseen[:3] == Unseen.NODATA).all()
    assert (unseen[:, :4] == Unseen.NODATA).all()
    assert (unseen[3:, 4:] == Unseen.OBSERVED).all()
    assert np.median(values[1][unseen == Unseen.OBSERVED]) == pytest.approx(-13.4, abs=1.5)


@pytest.mark.parametrize("decibels", [False, True])
def test_plain_image_of_radar_bands_opens(ground: GroundPair, tmp_path: Path, decibels: bool) -> None:
    """A GeoTIFF with bands vv and vh is radar; its unit is told from its values, and that gamma0 was taken is noted."""
    echoes = make_echoes(ground.before)
    power = np.stack([echoes.vv, echoes.vh])
    stored = (10 * np.log10(power)).astype(np.float32) if decibels else power
    tags = {"TIFFTAG_DATETIME": "2025:01:10 10:20:30"}
    image = write_gtiff(tmp_path / "radar.tif", stored, ground.before.grid, tags=tags, descriptions=("vv", "vh"))
    scene = open_scene(image)
    assert scene.quantity == "gamma0_db"
    np.testing.assert_allclose(scene.read()[0], 10 * np.log10(power), atol=1e-3)
    assert any("gamma0" in note for note in scene.provenance.notes)
    assert not any("cloud" in note or "infrared" in note for note in scene.provenance.notes)


def test_scene_of_another_ground_has_another_digest(ground: GroundPair, tmp_path: Path) -> None:
    """Two acquisitions differ in their checksum, two copies of one do not."""
    first = read_sentinel1(open_bundle(write_rtc(tmp_path / "a", ground.before)))
    copy = read_sentinel1(open_bundle(write_rtc(tmp_path / "b", ground.before)))
    other = dataclasses.replace(ground.before, acquired=ground.after.acquired)
    later = read_sentinel1(open_bundle(write_rtc(tmp_path / "c", other)))
    assert first.sha256 == copy.sha256 != later.sha256
