"""The image directory, judged before a decoder sees the file."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    ArchiveError,
    ColibriError,
    CorruptInput,
    InputTooLarge,
    NoValidData,
    UnsafeSource,
    UnsupportedDtype,
    UnsupportedFormat,
)
from colibri_geo.scenes.directory import AbsentBlocks, read_directory
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import CRS, TRANSFORM, made_pixels, write_image

LAYOUTS: tuple[dict[str, Any], ...] = (
    {},
    {"compress": "deflate", "predictor": 2},
    {"tiled": True, "blockxsize": 16, "blockysize": 32},
    {"interleave": "band", "compress": "lzw"},
    {"tiled": True, "blockxsize": 32, "blockysize": 16, "interleave": "band", "compress": "zstd"},
    {"BIGTIFF": "YES", "compress": "deflate"},
    {"ENDIANNESS": "BIG"},
    {"nbits": 12},
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_directory_agrees_with_gdal(tmp_path: Path, layout: dict[str, Any]) -> None:
    """Size, bands, blocks and their places are what GDAL finds, in each layout that it writes."""
    path = write_image(tmp_path / "a.tif", made_pixels(), **layout)
    directory = read_directory(RasterFile(path))
    with rasterio.open(path) as dataset:
        assert (directory.rows, directory.cols, directory.bands) == (dataset.height, dataset.width, dataset.count)
        assert (directory.block_rows, directory.block_cols) == dataset.block_shapes[0]
        assert directory.separate == (layout.get("interleave") == "band")
        for number in dataset.indexes if directory.separate else [1]:
            first = (number - 1) * directory.blocks // dataset.count
            for position, ((row, col), _) in enumerate(dataset.block_windows(number)):
                offset = dataset.get_tag_item(f"BLOCK_OFFSET_{col}_{row}", "TIFF", bidx=number)
                assert int(offset) == directory.offsets[first + position]
    assert directory.epsg == 32618
    assert directory.find_absent() is None


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pixels_of_each_layout_are_the_same(tmp_path: Path, layout: dict[str, Any]) -> None:
    """How a file is laid out does not show in what is read."""
    values = made_pixels()
    scene = open_scene(write_image(tmp_path / "a.tif", values, **layout))
    block = scene.read_block()
    np.testing.assert_allclose(block.values, values / 10_000, atol=1e-7)
    assert block.valid.all()


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, layout: dict[str, Any]) -> None:
    """However much of its end is lost, from one byte to all but one, a file is never read with zeros in the gap."""
    content = write_image(tmp_path / "a.tif", made_pixels(), **layout).read_bytes()
    cut = tmp_path / "cut.tif"
    for kept in {1, 7, 8, 100, *range(200, len(content), 997), len(content) - 1}:
        cut.write_bytes(content[:kept])
        with pytest.raises(CorruptInput, match=r"cut\.tif"):
            open_scene(cut, acquired="2024-03-01", bands="red=1")


@pytest.mark.parametrize("layout", LAYOUTS[1:5])
def test_a_cloud_optimised_layout_is_cut_too(tmp_path: Path, layout: dict[str, Any]) -> None:
    """Where the directory stands first, lost blocks are found by their places."""
    plain = write_image(tmp_path / "a.tif", made_pixels(rows=600, cols=600), **layout)
    with (
        rasterio.open(plain) as source,
        rasterio.open(tmp_path / "cog.tif", "w", driver="COG", **_profile(source)) as cog,
    ):
        cog.write(source.read())
    content = (tmp_path / "cog.tif").read_bytes()
    assert read_directory(RasterFile(tmp_path / "cog.tif")).blocks > 1
    cut = tmp_path / "cut.tif"
    for kept in range(len(content) // 2, len(content) - 1000, len(content) // 20):
        cut.write_bytes(content[:kept])
        with pytest.raises(CorruptInput, match="lie outside of the file or are cut short"):
            read_directory(RasterFile(cut))


def _profile(dataset: rasterio.DatasetReader) -> dict[str, Any]:
    return {
        "height": dataset.height,
        "width": dataset.width,
        "count": dataset.count,
        "dtype": dataset.dtypes[0],
        "crs": CRS,
        "transform": TRANSFORM,
        "blocksize": 256,
        "overviews": "none",
    }


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
@pytest.mark.parametrize("interleave", ["pixel", "band"])
def test_blocks_that_a_file_leaves_out_were_not_measured(tmp_path: Path, dtype: str, interleave: str) -> None:
    """A sparse block is nodata, never reflectance 0, and so is one that a single band lacks."""
    values = (made_pixels(rows=64, cols=64) / (10_000 if dtype == "float32" else 1)).astype(dtype)
    values[:, :16, 16:48] = 0
    values[1, 48:, :16] = 0
    layout = {"tiled": True, "blockxsize": 16, "blockysize": 16, "interleave": interleave, "SPARSE_OK": True}
    path = write_image(tmp_path / "a.tif", values, compress="deflate", **layout)
    lacking = np.zeros((64, 64), bool)
    lacking[:16, 16:48] = True
    lacking[48:, :16] = interleave == "band"
    np.testing.assert_array_equal(open_scene(path).read_block().unseen == Unseen.NODATA, lacking)
    window = Window(10, 30, 20, 30)
    np.testing.assert_array_equal(open_scene(path).read_block(window).valid, ~lacking[window.slices])


def test_a_file_without_any_block_has_no_valid_data(tmp_path: Path) -> None:
    """An image of which nothing is there is told at once, whatever its size."""
    path = tmp_path / "a.tif"
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "crs": CRS, "transform": TRANSFORM}
    with rasterio.open(path, "w", width=50_000, height=50_000, tiled=True, SPARSE_OK=True, **profile) as dataset:
        dataset.descriptions = ("red",)
    with pytest.raises(NoValidData, match="not one block"):
        open_scene(path, acquired="2024-03-01")


def test_absent_blocks_mark_their_pixels() -> None:
    """Flags of blocks spread over windows that begin and end within blocks."""
    absent = AbsentBlocks(2, 3, bytes([0, 1, 1, 0]), across=2)
    whole = np.array([[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [1, 1, 1, 0, 0]], bool)
    for row, col in np.ndindex(3, 5):
        window = Window(row, col, 3 - row, 5 - col)
        np.testing.assert_array_equal(absent.mark(window), whole[window.slices])


def _tiff(**changes: tuple[int, int]) -> bytes:
    """An 8-bit image of 64 x 64 pixels in one strip; a change is a tag's kind and value, kind 0 leaves it out."""
    tags = {
        256: (4, 64),
        257: (4, 64),
        258: (3, 8),
        259: (3, 1),
        273: (4, 200),
        277: (3, 1),
        278: (4, 64),
        279: (4, 4096),
    }
    tags |= {int(tag[1:]): change for tag, change in changes.items()}
    entries = b"".join(
        struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value))
        for tag, (kind, value) in sorted(tags.items())
        if kind
    )
    head = b"II*\0" + struct.pack("<IH", 8, len(entries) // 12) + entries + b"\0\0\0\0"
    return head.ljust(200, b"\0") + bytes(range(64)) * 64


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"t273": (4, 4000)}, CorruptInput, "1 of 1 blocks"),
        ({"t273": (4, 4)}, CorruptInput, "1 of 1 blocks"),
        ({"t279": (4, 2**32 - 1)}, CorruptInput, "1 of 1 blocks"),
        ({"t279": (4, 4095)}, CorruptInput, "1 of 1 blocks"),
        ({"t278": (4, 32)}, CorruptInput, "1 block offsets and 1 block sizes, expected 2"),
        ({"t257": (4, 0)}, CorruptInput, "lacks the size"),
        ({"t273": (0, 0)}, CorruptInput, "lacks the size"),
        ({"t279": (0, 0)}, CorruptInput, "lacks the size"),
        ({"t254": (4, 4)}, CorruptInput, "mask and no image"),
        ({"t259": (3, 34712)}, UnsupportedFormat, "compression 34712"),
        ({"t259": (3, 6)}, UnsupportedFormat, "compression 6"),
        ({"t258": (3, 33), "t259": (3, 8)}, UnsupportedFormat, "samples of 33 bits"),
        ({"t258": (3, 0)}, UnsupportedFormat, "samples of 0 bits"),
        ({"t277": (3, 65535)}, InputTooLarge, "65,535 bands"),
        ({"t258": (3, 128), "t259": (3, 8)}, UnsupportedDtype, "complex numbers"),
        ({"t256": (4, 2**20), "t257": (4, 2**20)}, InputTooLarge, "pixels declared"),
        ({"t256": (4, 2**31)}, CorruptInput, "2147483648 px declared"),
        ({"t256": (4, 100_000), "t257": (4, 100_000), "t278": (4, 100_000)}, InputTooLarge, "bytes a block"),
        ({"t256": (4, 1), "t257": (4, 2**25), "t278": (4, 1)}, InputTooLarge, "blocks declared"),
    ],
)
def test_headers_that_lie_are_refused(
    tmp_path: Path, changes: dict[str, tuple[int, int]], error: type[ColibriError], words: str
) -> None:
    """Each claim that the file does not keep, or that goes beyond a limit, has its own words."""
    path = tmp_path / "a.tif"
    path.write_bytes(_tiff())
    assert read_directory(RasterFile(path)).blocks == 1
    path.write_bytes(_tiff(**changes))
    with pytest.raises(error, match=words):
        read_directory(RasterFile(path))


def test_blocks_that_share_their_bytes_are_no_scene(tmp_path: Path) -> None:
    """A small file whose blocks all lie at one place, and claim gigabytes, is refused before it is unpacked."""
    path = tmp_path / "a.tif"
    layout = {"tiled": True, "blockxsize": 2048, "blockysize": 2048, "compress": "deflate", "SPARSE_OK": True}
    profile = {"driver": "GTiff", "count": 1, "dtype": "uint8", "crs": CRS, "transform": TRANSFORM}
    with rasterio.open(path, "w", width=40_960, height=40_960, **profile, **layout) as dataset:
        dataset.write(np.full((1, 2048, 2048), 9, np.uint8), window=((0, 2048), (0, 2048)))
    content = bytearray(path.read_bytes())
    for tag in (324, 325):
        count, place = struct.unpack_from("<II", content, content.index(struct.pack("<HH", tag, 4)) + 4)
        values = np.frombuffer(content, "<u4", count, place).copy()
        values[:] = values.max()
        content[place : place + 4 * count] = values.tobytes()
    path.write_bytes(content)
    with pytest.raises(InputTooLarge, match="unpacked bytes for each byte of the file"):
        read_directory(RasterFile(path))


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", CorruptInput, "0 byte"),
        (b"II*", CorruptInput, "3 byte"),
        (b"II*\0\xff\xff\xff\x7f", CorruptInput, "ends at byte"),
        (b"II*\0\x08\0\0\0\xff\xff", CorruptInput, "ends at byte"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), UnsupportedFormat, "PNG"),
        (b"\n <!DOCTYPE html><html>Please log in", UnsupportedFormat, "login page"),
        (b"PK\x03\x04" + bytes(20), ArchiveError, "archive"),
        (b"just some words in a file", UnsupportedFormat, "no raster"),
        (b'<VRTDataset rasterXSize="20">', UnsafeSource, "recipe"),
        (b'<?xml version="1.0"?>\n<!DOCTYPE VRTDataset [', UnsafeSource, "recipe"),
        (b'<GDAL_WMS><Service name="TMS">', UnsafeSource, "recipe"),
    ],
)
def test_what_is_no_tiff_is_named(tmp_path: Path, content: bytes, error: type[ColibriError], words: str) -> None:
    """The first bytes decide, not the name; the message says what the file is instead."""
    path = tmp_path / "a.tif"
    path.write_bytes(content)
    with pytest.raises(error, match=words):
        open_scene(path)


def test_a_tag_that_ends_beyond_the_file_is_not_dropped(tmp_path: Path) -> None:
    """A cut at the tag that holds band names and date is an error, where a decoder would go on without them."""
    content = bytearray(write_image(tmp_path / "a.tif", made_pixels(), tags={"SENSOR": "x" * 300}).read_bytes())
    place = content.index(struct.pack("<HH", 42112, 2))
    size, offset = struct.unpack_from("<II", content, place + 4)
    struct.pack_into("<I", content, place + 4, len(content) - offset + 1)
    assert size < len(content)
    (tmp_path / "b.tif").write_bytes(content)
    with pytest.raises(CorruptInput, match="tag 42112"):
        open_scene(tmp_path / "b.tif")


def test_numbers_of_tags_and_values_are_bounded(tmp_path: Path) -> None:
    """A directory of a million tags, and a list of more blocks than an image may have, are refused unread."""
    path = tmp_path / "a.tif"
    with path.open("wb") as file:
        file.write(b"II+\0\x08\0\0\0" + struct.pack("<QQ", 16, 2**20))
        file.truncate(2**20 * 20 + 100)
    with pytest.raises(CorruptInput, match="1,048,576 tags"):
        read_directory(RasterFile(path))
    with path.open("wb") as file:
        file.write(b"II+\0\x08\0\0\0" + struct.pack("<QQHHQQ", 16, 1, 324, 16, 2**25, 100))
        file.truncate(2**25 * 8 + 100)
    with pytest.raises(InputTooLarge, match="tag 324 has 33,554,432 values"):
        read_directory(RasterFile(path))
