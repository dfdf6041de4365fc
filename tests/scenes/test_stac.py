"""STAC items on disk."""

from __future__ import annotations

import atexit
import dataclasses
import hashlib
import json
import re
import shutil
import socket
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colibri_geo.errors import (
    AmbiguousInput,
    ColibriError,
    CorruptInput,
    IntegrityError,
    MissingDate,
    NotAFile,
    ProductIncomplete,
    RadiometryError,
    UnsafeSource,
    UnsupportedFormat,
)
from colibri_geo.scenes.finding import recognise_item
from colibri_geo.scenes.masks import MaskCode
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.paths import parse_choice
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.stac import read_stac
from tests.support.products.ground import BANDS, Ground, make_ground, write_gtiff
from tests.support.products.stac import edit_item, write_collection, write_stac

OPTICAL = ("earth-search", "earth-search-c1", "planetary-computer", "copernicus", "landsat", "hls", "own")
VERSIONS = ("1.0.0", "1.1.0")
STEP = {"landsat": 2e-5, "own": 2e-4}
"""Twice what is lost to integers; other archives keep four digits."""

Change = Callable[[dict[str, Any]], object]


@cache
def small_ground() -> Ground:
    """A ground of 600 m."""
    return make_ground(side_px=60, strips=()).after


@cache
def made(**options: Any) -> Path:  # noqa: ANN401 - passed on
    """Write an item once for all tests."""
    folder = Path(tempfile.mkdtemp(prefix="colibri-stac-"))
    atexit.register(shutil.rmtree, folder)
    return write_stac(folder, small_ground(), **options).parent


def write(folder: Path, change: Change = lambda _: None, **options: Any) -> Path:  # noqa: ANN401 - passed on
    """Write an item and change it."""
    shutil.copytree(made(**options), folder, dirs_exist_ok=True)
    return edit_item(folder / "item.json", change)


def set_property(name: str, value: object) -> Change:
    """Return a change of one property of an item; None takes it away."""

    def change(item: dict[str, Any]) -> None:
        item["properties"].pop(name, None)
        if value is not None:
            item["properties"][name] = value

    return change


def set_bands(**members: object) -> Change:
    """Return a change of ``raster:bands`` of all assets that have it; None takes a member away."""

    def change(item: dict[str, Any]) -> None:
        for asset in item["assets"].values():
            for band in asset.get("raster:bands", ()):
                band.update(members)
                for name in [name for name, value in members.items() if value is None]:
                    del band[name]

    return change


def names(product: Product) -> dict[str, str]:
    """Return the file of each band."""
    return {band.band: band.file.name for band in product.bands}


# ------------------------------------------------------------------------------------------------------- what is read
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("archive", OPTICAL)
def test_every_archive_gives_the_ground_back(tmp_path: Path, archive: str, version: str) -> None:
    """Whatever an archive states and leaves out, the scene has the ground's own reflectance, with nothing declared."""
    scene = open_scene(write(tmp_path, archive=archive, version=version))
    assert (scene.bands, scene.quantity, scene.acquired) == (BANDS, "surface reflectance", small_ground().acquired)
    truth = small_ground().at(abs(scene.grid.affine.a))
    assert (scene.grid.shape, scene.grid.crs) == (truth.grid.shape, truth.grid.crs)
    values, valid = scene.read(bands=["blue", "green", "red", "nir"])
    assert valid.mean() > 0.95
    error = np.abs(values - truth.values[:4])[:, valid]
    assert error.max() <= STEP.get(archive, 1e-4)


@pytest.mark.parametrize("version", VERSIONS)
def test_radar_is_read_in_decibels(tmp_path: Path, version: str) -> None:
    """Terrain-corrected power becomes gamma0 in decibels."""
    scene = open_scene(write(tmp_path, archive="rtc", version=version))
    assert (scene.bands, scene.quantity, scene.sensor) == (("vv", "vh"), "gamma0_db", "Sentinel-1A")
    values, valid = scene.read()
    np.testing.assert_allclose((values[0] - values[1])[valid], 10 * np.log10(4), atol=1e-4)
    assert any("layover" in note for note in scene.provenance.notes)


def test_radar_that_is_no_power_is_refused(tmp_path: Path) -> None:
    """An item of power whose files hold decibels contradicts itself."""
    path = write(tmp_path, archive="rtc")
    grid = small_ground().grid
    write_gtiff(tmp_path / "vh.tif", np.full(grid.shape, -13, dtype=np.float32), grid, nodata=-32768)
    with pytest.raises(RadiometryError, match=r"100 % of VH is negative, .* expected power"):
        open_scene(path)


@pytest.mark.parametrize("archive", OPTICAL)
def test_both_versions_say_the_same(tmp_path: Path, archive: str) -> None:
    """An item in the words of 1.0 and in those of 1.1 becomes the same product."""
    products = [read_stac(write(tmp_path / v, archive=archive, version=v)) for v in VERSIONS]
    plain = [
        dataclasses.replace(product, path=Path(), sha256="", size_bytes=0, bands=(), masks=()) for product in products
    ]
    assert plain[0] == plain[1]
    bands = [
        [dataclasses.replace(band, file=dataclasses.replace(band.file, path=Path(band.file.name))) for band in p.bands]
        for p in products
    ]
    assert bands[0] == bands[1]


def test_a_product_tells_what_it_is(tmp_path: Path) -> None:
    """What a reader has to know stands in the product."""
    product = read_stac(write(tmp_path))
    assert (product.sensor, product.layout) == ("Sentinel-2A", "STAC item, Sentinel-2 L2A")
    assert (product.product_id, product.processing_baseline) == ("S2A_18NTJ_20250321_0_L2A", "05.09")
    assert product.licence == "https://example.org/licence"
    assert [(mask.file.name, mask.code) for mask in product.masks] == [("scl.tif", MaskCode.SCL)]
    stated = read_stac(write(tmp_path, set_property("license", "CC-BY-4.0")))
    assert stated.licence == "CC-BY-4.0"


def test_digest_is_that_of_what_is_read(tmp_path: Path) -> None:
    """The same files give the same digest, another word of the item another; unread files do not count."""
    path = write(tmp_path)
    first = read_stac(path)
    (tmp_path / "visual.tif").write_bytes(b"other")
    assert read_stac(path).sha256 == first.sha256
    assert read_stac(edit_item(path, set_property("title", "new"))).sha256 != first.sha256
    used = [path, *(tmp_path / name for name in {*names(first).values(), "scl.tif"})]
    assert read_stac(path).size_bytes == sum(file.stat().st_size for file in used)


# --------------------------------------------------------------------------------------------------------- which asset
def test_the_narrow_band_stands_in(tmp_path: Path) -> None:
    """Where the broad near infrared is missing the narrow one serves, and the product says so."""
    product = read_stac(write(tmp_path, lambda item: item["assets"].pop("nir")))
    assert names(product)["nir"] == "nir08.tif"
    assert any("narrow band (nir08)" in note for note in product.notes)
    landsat = read_stac(write(tmp_path, archive="landsat"))
    assert not any("narrow" in note for note in landsat.notes)


# ----------------------------------------------------------------------------------------------------------- radiometry
@pytest.mark.parametrize(
    ("flag", "stated", "baseline", "added", "note"),
    [
        (True, -0.1, "05.09", 0, "off the stored values already"),
        (False, -0.1, "05.09", -1000, ""),
        (None, -0.1, "05.09", -1000, ""),
        (None, -0.1, None, -1000, ""),
        (None, None, "05.09", -1000, ""),
        (None, None, "04.00", -1000, ""),
        (None, None, "02.14", 0, ""),
        (None, None, None, None, "neither an offset"),
        (None, None, "99.99", None, "neither an offset"),
        (None, 0, "02.14", 0, ""),
        (None, 0, "05.09", 0, "processing baseline 05.09 has -1000"),
        (None, -0.1, "02.14", -1000, "processing baseline 02.14 has +0"),
        (True, None, "05.09", 0, "off the stored values already"),
        (True, 0, "02.14", 0, ""),
    ],
)
def test_offset_of_sentinel2(
    tmp_path: Path, flag: bool | None, stated: float | None, baseline: str | None, added: float | None, note: str
) -> None:
    """The flag stands above the stated offset, that above the baseline; whatever contradicts is told."""
    path = write(tmp_path, set_bands(offset=stated))
    edit_item(path, set_property("earthsearch:boa_offset_applied", flag))
    product = read_stac(edit_item(path, set_property("s2:processing_baseline", baseline)))
    assert product.added == added
    assert {band.offset for band in product.bands} == {0.0}
    assert {band.gain for band in product.bands} == {0.0001}
    assert (note in " ".join(product.notes)) if note else product.notes == ()


def test_a_wrong_flag_does_not_subtract_twice(tmp_path: Path) -> None:
    """Items whose flag denies that the offset is off the values, as some of Earth Search do, give the right values."""
    path = write(tmp_path, set_property("earthsearch:boa_offset_applied", False))
    assert read_stac(path).added == -1000
    values, valid = open_scene(path).read(bands=["red"])
    np.testing.assert_allclose(values[0][valid], small_ground().band("red")[valid], atol=1e-4)


def test_offsets_that_differ_are_refused(tmp_path: Path) -> None:
    """One band with another offset than the rest cannot be right."""
    with pytest.raises(RadiometryError, match="same for all bands"):
        read_stac(write(tmp_path, lambda item: item["assets"]["red"]["raster:bands"][0].update(offset=0)))
    with pytest.raises(RadiometryError, match="0 or negative"):
        read_stac(write(tmp_path, set_bands(offset=0.1)))


@pytest.mark.parametrize(
    ("archive", "gain", "offset"),
    [("planetary-computer", 1e-4, 0.0), ("landsat", 2.75e-5, -0.2), ("hls", 1e-4, 0.0)],
)
def test_a_known_archive_lends_its_scale(tmp_path: Path, archive: str, gain: float, offset: float) -> None:
    """Where an item states no scale, that of its archive is used, and said."""
    product = read_stac(
        write(
            tmp_path, set_bands(scale=None, offset=None) if archive == "landsat" else (lambda _: None), archive=archive
        )
    )
    assert {(band.gain, band.offset) for band in product.bands} == {(gain, offset)}
    assert any("states no scale of blue" in note for note in product.notes)


def test_an_unknown_archive_has_to_state_its_scale(tmp_path: Path) -> None:
    """Nothing is guessed of an archive that nobody knows."""
    with pytest.raises(RadiometryError, match="no scale"):
        read_stac(write(tmp_path, set_bands(scale=None), archive="own"))
    with pytest.raises(RadiometryError, match="an offset and no scale"):
        read_stac(write(tmp_path, set_bands(scale=None, offset=-0.1), archive="own"))


@pytest.mark.parametrize("scale", [0, -1, 25])
def test_scales_that_cannot_be_meant_are_refused(tmp_path: Path, scale: float) -> None:
    """No archive stores reflectance in units of more than 1, or in none."""
    with pytest.raises(RadiometryError, match="above 0 and up to 1; correct the item"):
        read_stac(write(tmp_path, set_bands(scale=scale)))


def test_nodata_of_the_item_counts_before_that_of_its_archive(tmp_path: Path) -> None:
    """Where an item states none, its archive is known to have one."""
    for stated, used in ((7, 7.0), (None, 0.0)):
        product = read_stac(write(tmp_path / str(stated), set_bands(nodata=stated)))
        assert {band.nodata for band in product.bands} == {used}


# ------------------------------------------------------------------------------------------------------ where and when
def test_another_crs_than_that_of_the_rasters_is_told(tmp_path: Path) -> None:
    """The rasters know better where they are."""
    product = read_stac(write(tmp_path, set_property("proj:epsg", 32718)))
    assert any("EPSG:32718, its rasters EPSG:32618" in note for note in product.notes)
    newer = read_stac(write(tmp_path, set_property("proj:code", "EPSG:32718"), version="1.1.0"))
    assert any("EPSG:32718" in note for note in newer.notes)


def test_a_span_is_dated_by_its_start(tmp_path: Path) -> None:
    """A composite says that it is one; an item without a time is refused."""
    path = write(tmp_path, set_property("datetime", None))
    assert read_stac(path).acquired == small_ground().acquired
    assert not any("made of images" in note for note in read_stac(path).notes)
    edit_item(path, set_property("end_datetime", "2025-04-21T00:00:00Z"))
    assert any("made of images from 2025-03-21 to 2025-04-21" in note for note in read_stac(path).notes)
    with pytest.raises(MissingDate):
        read_stac(edit_item(path, set_property("start_datetime", None)))


@pytest.mark.parametrize("name", ["datetime", "start_datetime"])
def test_a_day_without_a_time_stays_a_day(tmp_path: Path, name: str) -> None:
    """An item that states a day alone is not told as one of midnight, nor is the day that a given time replaces."""
    path = edit_item(write(tmp_path, set_property("datetime", None)), set_property(name, "2025-03-21"))
    assert str(open_scene(path).acquisition) == "2025-03-21"
    given = open_scene(path, acquired="2025-03-21T15:20")
    assert str(given.acquisition) == "2025-03-21T15:20:00Z"
    assert any("in place of 2025-03-21 in its metadata" in note for note in given.provenance.notes)


# ------------------------------------------------------------------------------------------------------------- hostile
@pytest.fixture
def port() -> Any:  # noqa: ANN401 - a generator of sockets
    """A port of this computer that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        yield listener


@pytest.mark.parametrize(
    "href",
    [
        "../outside.tif",
        "./deep/../../outside.tif",
        "..%2Foutside.tif",
        "%2e%2e/outside.tif",
        "/etc/hostname",
        "file:///etc/hostname",
        "FILE:///etc/hostname",
        "file://localhost/etc/hostname",
        "file://other/share/a.tif",
        "//other/share/a.tif",
        "http://127.0.0.1:{port}/a.tif",
        "HTTPS://127.0.0.1:{port}/a.tif",
        "ftp://127.0.0.1:{port}/a.tif",
        "s3://bucket/a.tif",
        "/vsicurl/http://127.0.0.1:{port}/a.tif",
        "vsicurl:http://127.0.0.1:{port}/a.tif",
        "link.tif",
        "linked/outside.tif",
        "a\x00b.tif",
        "a\nb.tif",
        "a" * 5000,
        "http://[",
        "file://[",
    ],
)
def test_no_item_leads_out_of_its_folder(tmp_path: Path, port: socket.socket, href: str) -> None:
    """An address or a place outside is refused by name, and nobody is asked for anything."""
    folder = tmp_path / "item"
    path = write(folder)
    write_gtiff(tmp_path / "outside.tif", np.ones((60, 60), np.uint16), small_ground().grid)
    (folder / "link.tif").symlink_to(tmp_path / "outside.tif")
    (folder / "linked").symlink_to(tmp_path, target_is_directory=True)
    address = href.replace("{port}", str(port.getsockname()[1]))
    edit_item(path, lambda item: item["assets"]["red"].update(href=address))
    for read in (open_scene, read_stac):
        with pytest.raises(UnsafeSource, match="asset red") as caught:
            read(path)
        assert "\n" not in str(caught.value)
        is_address = re.match(r"(?!file)[a-z0-9]{2,}:", href, re.IGNORECASE) is not None
        assert ("fetch-scenes" in str(caught.value)) == is_address
    with pytest.raises(TimeoutError):
        port.accept()


def test_an_address_is_shown_without_its_secret(tmp_path: Path) -> None:
    """What signs an address stays out of messages."""
    href = "https://example.org/a.tif?sig=secret"
    with pytest.raises(UnsafeSource, match=r"https://example\.org/a\.tif\)") as caught:
        read_stac(write(tmp_path, lambda item: item["assets"]["red"].update(href=href)))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("form", ["absolute", "file", "quoted", "link", "plain"])
def test_places_inside_of_the_folder_are_read(tmp_path: Path, form: str) -> None:
    """Absolute paths, file URLs, quoted names and links are followed for as long as they stay inside."""
    path = write(tmp_path)
    (tmp_path / "sub").mkdir()
    place = (tmp_path / "red.tif").rename(tmp_path / "sub" / "red 100%.tif")
    (tmp_path / "link.tif").symlink_to(place)
    href = {
        "absolute": str(place),
        "file": place.as_uri(),
        "quoted": "sub/red%20100%25.tif",
        "link": "link.tif",
        "plain": "./sub/red 100%.tif",
    }[form]
    edit_item(path, lambda item: item["assets"]["red"].update(href=href))
    product = read_stac(path)
    assert names(product)["red"] == "red 100%.tif"
    assert all(band.file.path.is_relative_to(tmp_path.resolve()) for band in product.bands)


def test_all_that_is_missing_is_named(tmp_path: Path) -> None:
    """Files that are not there, and empty ones, are listed together."""
    path = write(tmp_path)
    (tmp_path / "red.tif").unlink()
    (tmp_path / "scl.tif").write_bytes(b"")
    with pytest.raises(ProductIncomplete, match=r"red\.tif, scl\.tif"):
        read_stac(path)
    with pytest.raises(CorruptInput, match="no href"):
        read_stac(edit_item(path, lambda item: item["assets"]["red"].pop("href")))


def test_checksums_are_held(tmp_path: Path) -> None:
    """A file that is not what its checksum says is refused."""
    path = write(tmp_path)
    checksum = f"1220{hashlib.sha256((tmp_path / 'red.tif').read_bytes()).hexdigest()}"
    read_stac(edit_item(path, lambda item: item["assets"]["red"].update({"file:checksum": checksum})))
    content = bytearray((tmp_path / "red.tif").read_bytes())
    content[-1] ^= 1
    (tmp_path / "red.tif").write_bytes(content)
    with pytest.raises(IntegrityError, match=r"red\.tif"):
        read_stac(path)


def test_sizes_are_held(tmp_path: Path) -> None:
    """A file of another size than stated is refused."""
    path = write(tmp_path, checksums=True)
    read_stac(path)
    with (tmp_path / "red.tif").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(IntegrityError, match="file:size"):
        read_stac(path)


def test_checksums_of_no_known_kind_are_told(tmp_path: Path) -> None:
    """What is no multihash, or one of an unknown algorithm, cannot be checked: the product says so."""
    product = read_stac(write(tmp_path, lambda item: item["assets"]["red"].update({"file:checksum": "99" * 20})))
    assert any("red is no multihash" in note for note in product.notes)


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b'{"stac_version": "1.0.0", "type": "Feature", "a": ' + b"[" * 100_000, CorruptInput),
        (b'{"stac_version": "1.0.0", "a": ' + b"[" * 500 + b"]" * 500 + b"}", CorruptInput),
        (b'{"stac_version": "1.0.0", "type": "Feature", "id": "a", "id": "b"}', CorruptInput),
        (b'{"stac_version": "1.0.0", "a": NaN}', CorruptInput),
        (b'{"stac_version": "1.0.0", "a": "\xff"}', CorruptInput),
        (b'{"stac_version": "1.0.0", "type": "Feature", "id": "a"', CorruptInput),
        (b'{"stac_version": "1.0.0", "type": "Feature", "id": "a", "assets": {}}', CorruptInput),
        (b'{"stac_version": "1.0.0", "type": "Feature", "assets": {"a": {}}}', CorruptInput),
        (b'{"stac_version": "1.0.0", "type": "Feature", "id": ["a"], "assets": [1]}', CorruptInput),
        (b'{"stac_version": "1.0.0", "type": "Feature", "id": "a", "assets": {"a": 7}}', RadiometryError),
        (b'{"stac_version": "0.9.0", "type": "Feature", "id": "a", "assets": {"a": {}}}', UnsupportedFormat),
        (b'{"stac_version": 1, "type": "Feature", "id": "a", "assets": {"a": {}}}', UnsupportedFormat),
        (b'{"stac_version": "1.0.0", "type": "Catalog", "id": "a"}', UnsupportedFormat),
        (b'{"stac_version": "1.0.0", "type": "FeatureCollection", "features": []}', UnsupportedFormat),
        (b'{"stac_version": "1.0.0", "type": "FeatureCollection", "features": [1, null]}', UnsupportedFormat),
    ],
)
def test_json_that_is_no_item(tmp_path: Path, content: bytes, error: type[ColibriError]) -> None:
    """Whatever is wrong with the JSON is one line."""
    path = tmp_path / "item.json"
    path.write_bytes(content)
    assert recognise_item(content)
    with pytest.raises(error) as caught:
        open_scene(path)
    assert "\n" not in str(caught.value)


def list_places(value: Any, *, before: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401 - JSON
    """Return the way to each value inside of a JSON document."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way for step, part in steps for way in ((*before, step), *list_places(part, before=(*before, step)))]


def test_members_of_the_wrong_type_end_in_one_line(tmp_path: Path, rng: np.random.Generator) -> None:
    """Whatever stands in place of a value, the item is read or refused in one line, and nothing else happens."""
    path = write(tmp_path, checksums=True)
    text = path.read_text()
    values: list[Any] = [None, [], {}, "x", "", -1, True, [None], [["x"]], {"a": 1}, 1e308, "\u2028\n"]
    refused = 0
    for way in rng.permuted(np.array(list_places(json.loads(text)), dtype=object))[:240]:
        item = json.loads(text)
        holder = item
        for step in way[:-1]:
            holder = holder[step]
        holder[way[-1]] = values[rng.integers(len(values))]
        path.write_text(json.dumps(item))
        message = find_refusal(path)
        refused += bool(message)
        assert "\n" not in message
    assert 20 < refused < 240


def find_refusal(path: Path) -> str:
    """Return why an item is refused, empty where it is read."""
    try:
        read_stac(path)
    except ColibriError as error:
        return str(error)
    return ""


# --------------------------------------------------------------------------------------------------------- collections
def test_one_of_a_collection_is_chosen_by_name(tmp_path: Path) -> None:
    """Several items are ambiguous until one is named; a single one needs no name."""
    items = [write(tmp_path / name, item_id=f"{name}_L2A") for name in ("a", "b")]
    path = write_collection(tmp_path / "items.json", items)
    with pytest.raises(AmbiguousInput, match="a_L2A, b_L2A"):
        open_scene(path)
    for name in ("a", "b"):
        scene = open_scene(f"{path}#{name}_L2A")
        assert scene.provenance.product_id == f"{name}_L2A"
    single = write_collection(tmp_path / "single.json", items[:1])
    assert read_stac(single).product_id == "a_L2A"


def test_a_hash_in_a_file_name_stays_there(tmp_path: Path) -> None:
    """A ``#`` parts file and item only where there is no file of the whole name."""
    odd = write(tmp_path / "a#b")
    assert parse_choice(odd).item is None
    assert parse_choice(tmp_path / "a#b" / "none.json#id").path == tmp_path / "a#b" / "none.json"
    assert parse_choice("#id").item is None
    assert open_scene(odd).bands == BANDS


def test_other_json_is_not_recognised() -> None:
    """Only what has a STAC version is of STAC."""
    assert recognise_item(b'\xef\xbb\xbf {"type": "Feature", "stac_version" : "1.0.0"}')
    for content in (b"", b"II*\x00", b'{"type": "Feature"}', b'["stac_version"]', b"<xml/>", b'{"a": "stac_version"}'):
        assert not recognise_item(content)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    """A folder or nothing is no item."""
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(NotAFile):
            read_stac(path)
