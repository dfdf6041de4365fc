"""The codestream of a JPEG 2000 file, judged before a decoder sees it, and decoded so that no loss goes unnoticed."""

from __future__ import annotations

import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from colibri_geo.core.windows import Window
from colibri_geo.errors import ArchiveError, ColibriError, CorruptInput, InputTooLarge, UnsupportedDtype
from colibri_geo.scenes import decoding
from colibri_geo.scenes.decoding import decode, read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.jpeg2000 import is_jpeg2000, read_codestream
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import CRS, TRANSFORM, made_pixels, write_image

WHOLE: dict[str, Any] = {"driver": "JP2OpenJPEG", "QUALITY": 100, "REVERSIBLE": "YES"}
TILED: dict[str, Any] = {"tiled": True, "BLOCKXSIZE": 128, "BLOCKYSIZE": 128}
LAYOUTS: tuple[dict[str, Any], ...] = (
    {},
    TILED,
    {**TILED, "TILEPARTS": "RESOLUTIONS", "RESOLUTIONS": 2},
    {**TILED, "TILEPARTS": "LAYERS", "QUALITY": "20,100"},
    {**TILED, "PROGRESSION": "RPCL", "RESOLUTIONS": 3, "SOP": "YES", "EPH": "YES"},
    {**TILED, "TLM": "YES", "PLT": "YES"},
    {**TILED, "CODEC": "J2K"},
    {**TILED, "NBITS": 12},
)
SAID: dict[str, Any] = {"acquired": "2024-03-01", "bands": "red=1,nir=2"}


def write_jp2(path: Path, values: np.ndarray, **options: Any) -> Path:  # noqa: ANN401 - GDAL's own
    """Write a JPEG 2000 of (B, M, N) values without loss."""
    write_image(path, values, names=None, acquired=None, **(WHOLE | options))
    path.with_name(f"{path.name}.aux.xml").unlink(missing_ok=True)  # of a bare codestream, which has no place for a CRS
    return path


def pixels() -> np.ndarray:
    """(2, 200, 300) values, which make six tiles."""
    return made_pixels(2, 200, 300)


@dataclass(frozen=True)
class Part:
    """One tile part of a codestream."""

    at: int
    size: int
    tile: int


def list_parts(content: bytes) -> list[Part]:
    """Find the tile parts of a file."""
    parts, at = [], content.index(b"\xff\x90\x00\x0a")
    while content[at : at + 2] == b"\xff\x90":
        tile, size = struct.unpack_from(">HI", content, at + 4)
        parts.append(Part(at, size, tile))
        at += size
    return parts


def resize_box(content: bytes) -> bytes:
    """Let the box of the codestream, the last one, end with the file."""
    changed, at = bytearray(content), content.index(b"jp2c") - 4
    struct.pack_into(">I", changed, at, len(content) - at)
    return bytes(changed)


def change(content: bytes, at: int, form: str, *values: int) -> bytes:
    """Write numbers into a copy."""
    changed = bytearray(content)
    struct.pack_into(form, changed, at, *values)
    return bytes(changed)


@pytest.fixture(scope="module")
def tiled(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of six tiles, one part each."""
    return write_jp2(tmp_path_factory.mktemp("jp2") / "a.jp2", pixels(), **TILED).read_bytes()


@pytest.fixture(scope="module")
def parted(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A file of six tiles, two parts each."""
    options = {**TILED, "TILEPARTS": "RESOLUTIONS", "RESOLUTIONS": 2}
    return write_jp2(tmp_path_factory.mktemp("jp2") / "a.jp2", pixels(), **options).read_bytes()


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")  # a bare codestream has no place
@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_codestream_agrees_with_gdal(tmp_path: Path, layout: dict[str, Any]) -> None:
    """Size, bands and tiles are what GDAL finds, in each layout that it writes; and the pixels come out whole."""
    path = write_jp2(tmp_path / "a.jp2", pixels(), **layout)
    codestream = read_codestream(RasterFile(path))
    with rasterio.open(path) as dataset:
        assert (codestream.rows, codestream.cols, codestream.bands) == (dataset.height, dataset.width, dataset.count)
        if layout:
            assert (codestream.tile_rows, codestream.tile_cols) == dataset.block_shapes[0]
    assert codestream.tiles == (6 if layout else 1)
    assert codestream.bits == layout.get("NBITS", 16)
    assert is_jpeg2000(path.read_bytes()[:12])
    if "QUALITY" not in layout:
        values = decode(RasterFile(path), [1, 2], Window(0, 0, 200, 300)).values
        np.testing.assert_array_equal(values, pixels())


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("archived", [False, True])
def test_a_file_cut_anywhere_is_refused(tmp_path: Path, layout: dict[str, Any], archived: bool) -> None:
    """However much of its end is lost, a file is never read with zeros in the gap; inside of an archive neither."""
    content = write_jp2(tmp_path / "a.jp2", pixels(), **layout).read_bytes()
    cut = tmp_path / ("cut.zip" if archived else "cut.jp2")
    lost = {*range(3, 300, 37), *range(300, len(content) - 12, 9973), len(content) - 12, len(content) - 20}
    if layout.get("CODEC") != "J2K":
        lost |= {1, 2}  # a bare codestream lacks no pixel without its end mark
    for count in lost:
        _write(cut, content[: len(content) - count])
        with pytest.raises(CorruptInput, match=r"cut\.jp2"):
            open_scene(cut, **SAID, assume_crs=CRS)


def _write(path: Path, content: bytes) -> None:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("cut.jp2", content)
    else:
        path.write_bytes(content)


@pytest.mark.parametrize("bands", [1, 2])
@pytest.mark.parametrize("lost", [1, 10, 100, 5000])
def test_a_tile_that_lacks_bytes_is_not_zero(tmp_path: Path, lost: int, bands: int) -> None:
    """A tile whose data are cut, and whose lengths are mended, is an error where it is decoded, whatever the window."""
    values = made_pixels(bands, 200, 300)
    file = RasterFile(_write_short(tmp_path, values, lost))
    assert read_header(file).rows == 200
    numbers = range(1, bands + 1)
    with pytest.raises(CorruptInput, match=r"a\.jp2"):
        decode(file, numbers, Window(0, 0, 200, 300))
    np.testing.assert_array_equal(decode(file, numbers, Window(0, 0, 128, 128)).values, values[:, :128, :128])


def test_gdal_by_itself_gives_zeros_for_a_tile_that_fails(tmp_path: Path) -> None:
    """The loss that is an error here is none to GDAL with threads of its own: so they stay off."""
    path = _write_short(tmp_path, made_pixels(1, 200, 300), 5000)
    with rasterio.Env(GDAL_NUM_THREADS="2"), rasterio.open(path) as dataset:
        assert (dataset.read(1) == 0).any()
    assert decoding._OPTIONS["GDAL_NUM_THREADS"] == "1"


def _write_short(folder: Path, values: np.ndarray, lost: int) -> Path:
    """Write a file whose second tile lacks its last bytes; all lengths are right."""
    content = write_jp2(folder / "a.jp2", values, **TILED).read_bytes()
    part = list_parts(content)[1]
    short = content[: part.at + part.size - lost] + content[part.at + part.size :]
    (folder / "a.jp2").write_bytes(resize_box(change(short, part.at + 6, ">I", part.size - lost)))
    return folder / "a.jp2"


def test_a_tile_that_is_not_there_is_missed(tiled: bytes, tmp_path: Path) -> None:
    """A tile that was taken out, however neatly, and one that stands there twice."""
    parts = list_parts(tiled)
    for number in (0, 2, 5):
        part = parts[number]
        content = resize_box(tiled[: part.at] + tiled[part.at + part.size :])
        assert _judge(tmp_path, content, CorruptInput) == "1 of 6 tiles are missing or lack parts"
    twice = change(tiled, parts[3].at + 4, ">H", 2)
    assert _judge(tmp_path, twice, CorruptInput) == "the parts of tile 2 are not in their order"


def test_a_part_of_a_tile_that_is_not_there_is_missed(parted: bytes, tmp_path: Path) -> None:
    """Each tile tells how many parts it has: the last of them, and any other, may not be taken out."""
    parts = list_parts(parted)
    assert [part.tile for part in parts] == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    last, first = parts[3], parts[4]
    content = resize_box(parted[: last.at] + parted[last.at + last.size :])
    assert _judge(tmp_path, content, CorruptInput) == "1 of 6 tiles are missing or lack parts"
    content = resize_box(parted[: first.at] + parted[first.at + first.size :])
    assert _judge(tmp_path, content, CorruptInput) == "the parts of tile 2 are not in their order"
    untold = change(change(parted, parts[0].at + 11, "B", 0), parts[2].at + 11, "B", 0)
    _write(tmp_path / "a.jp2", untold)
    assert read_codestream(RasterFile(tmp_path / "a.jp2")).tiles == 6
    contradiction = change(parted, parts[1].at + 11, "B", 3)
    assert _judge(tmp_path, contradiction, CorruptInput) == "the parts of tile 0 are not in their order"


def _judge(folder: Path, content: bytes, error: type[ColibriError]) -> str:
    """Return what is said between the name of a file and what was expected."""
    path = folder / "a.jp2"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_codestream(RasterFile(path))
    name, _, rest = str(caught.value).partition(": ")
    assert name == "a.jp2"
    assert len(str(caught.value)) < 400
    return rest.partition(", expected")[0]


SIZES = {
    "right": 0,
    "bottom": 4,
    "left": 8,
    "top": 12,
    "tile_cols": 16,
    "tile_rows": 20,
    "tile_left": 24,
    "tile_top": 28,
}


@pytest.mark.parametrize(
    ("sizes", "error", "words"),
    [
        ({"right": 2**31, "bottom": 2**31}, InputTooLarge, "pixels declared"),
        ({"right": 2**32 - 1, "bottom": 2**32 - 1}, InputTooLarge, "pixels declared"),
        (dict.fromkeys(("right", "bottom", "tile_rows", "tile_cols"), 2**14), InputTooLarge, "bytes a tile"),
        (dict.fromkeys(("right", "bottom"), 2**17), InputTooLarge, "tiles declared"),
        (dict.fromkeys(("right", "bottom"), 2**15 - 128), InputTooLarge, "unpacked bytes for each byte"),
        ({"tile_cols": 1, "tile_rows": 1, "right": 300, "bottom": 250}, InputTooLarge, "75,000 tiles"),
        ({"right": 0}, CorruptInput, "declares no pixels"),
        ({"left": 300}, CorruptInput, "declares no pixels"),
        ({"tile_cols": 0}, CorruptInput, "declares no pixels"),
        ({"tile_left": 1}, CorruptInput, "declares no pixels"),
        ({"left": 128}, CorruptInput, "first tile holds no pixels"),
        ({"tile_cols": 64}, CorruptInput, "4 of 10 tiles are missing"),
        ({"tile_cols": 150}, CorruptInput, "tile 4 ends"),
    ],
)
def test_sizes_that_lie_are_refused(
    tiled: bytes, tmp_path: Path, sizes: dict[str, int], error: type[ColibriError], words: str
) -> None:
    """Each claim beyond a limit, and each that its tiles do not bear out, has its own words; nothing is allocated."""
    at, content = tiled.index(b"\xff\x4f\xff\x51") + 8, tiled
    for name, value in sizes.items():
        content = change(content, at + SIZES[name], ">I", value)
    assert words in _judge(tmp_path, content, error)


@pytest.mark.parametrize(
    ("offset", "form", "value", "error", "words"),
    [
        (32, ">H", 0, CorruptInput, "declares no pixels"),
        (32, ">H", 16384, InputTooLarge, "16,384 bands"),
        (34, "B", 16, UnsupportedDtype, "samples of 17 bits"),
        (34, "B", 0x80 | 31, UnsupportedDtype, "samples of 32 bits"),
    ],
)
def test_bands_that_lie_are_refused(
    tiled: bytes, tmp_path: Path, offset: int, form: str, value: int, error: type[ColibriError], words: str
) -> None:
    """The number of bands and their bits have limits too."""
    at = tiled.index(b"\xff\x4f\xff\x51") + 8 + offset
    assert words in _judge(tmp_path, change(tiled, at, form, value), error)


def test_a_grid_of_tiles_may_begin_elsewhere(tiled: bytes, tmp_path: Path) -> None:
    """Tiles are counted from where their grid begins: an image that begins within it may touch one more of them."""
    at = tiled.index(b"\xff\x4f\xff\x51") + 8
    content = change(tiled, at, ">IIII", 300 + 100, 200 + 50, 100, 50)
    assert _judge(tmp_path, content, CorruptInput) == "2 of 8 tiles are missing or lack parts"
    path = tmp_path / "a.jp2"
    path.write_bytes(change(content, at + SIZES["tile_left"], ">II", 100, 50))
    codestream = read_codestream(RasterFile(path))
    assert (codestream.tiles, codestream.rows, codestream.cols) == (6, 200, 300)


def test_markers_and_boxes_are_walked_within_bounds(tiled: bytes, tmp_path: Path) -> None:
    """Neither boxes nor markers without end, or without length, keep the walker busy."""
    start = tiled.index(b"\xff\x4f\xff\x51")
    header = struct.unpack_from(">H", tiled, start + 4)[0] + start + 4
    boxes = tiled[:12] + struct.pack(">I4s", 8, b"free") * 1001 + tiled[12:]
    assert _judge(tmp_path, boxes, CorruptInput) == "no codestream among its first 1000 boxes"
    for size in (2, 7):
        assert "box" in _judge(tmp_path, change(tiled, 12, ">I", size), CorruptInput)
    comment = struct.pack(">HHH", 0xFF64, 4, 0)
    many = resize_box(tiled[:header] + comment * 70_000 + tiled[header:])
    assert "too many" in _judge(tmp_path, many, CorruptInput)
    assert "unknown marker" in _judge(tmp_path, change(tiled, header, ">H", 0x1234), CorruptInput)
    assert "unknown marker" in _judge(tmp_path, change(tiled, header + 2, ">H", 0), CorruptInput)
    assert "unknown marker" in _judge(tmp_path, change(tiled, header, ">HH", 0xFF64, 0xFFFF), CorruptInput)
    part = list_parts(tiled)[0]
    for size in (1, 13, 2**32 - 1):
        assert _judge(tmp_path, change(tiled, part.at + 6, ">I", size), CorruptInput).startswith("tile 0 ends")


def test_a_box_may_state_its_length_in_64_bits(tiled: bytes, tmp_path: Path) -> None:
    """A codestream in a box of the long form is found, and held to its length all the same."""
    at = tiled.index(b"jp2c") - 4
    body = tiled[at + 8 :]
    path = tmp_path / "a.jp2"
    path.write_bytes(tiled[:at] + struct.pack(">I4sQ", 1, b"jp2c", len(body) + 16) + body)
    assert read_codestream(RasterFile(path)).tiles == 6
    content = tiled[:at] + struct.pack(">I4sQ", 1, b"jp2c", 2**63) + body
    assert "'jp2c' ends at byte" in _judge(tmp_path, content, CorruptInput)


def test_an_entry_that_has_fewer_bytes_than_it_states_is_refused(tiled: bytes, tmp_path: Path) -> None:
    """An archive whose list states more bytes than an entry has is refused before anything is decoded."""
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.jp2", tiled[:-5000])
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    struct.pack_into("<I", content, entry + 24, len(tiled))
    path.write_bytes(content)
    with pytest.raises((ArchiveError, CorruptInput)):
        open_scene(path, **SAID)


def test_a_scene_inside_of_an_archive_is_the_same(tmp_path: Path, tiled: bytes) -> None:
    """A JPEG 2000 alone in a ZIP opens as the file itself does."""
    (tmp_path / "a.jp2").write_bytes(tiled)
    _write(tmp_path / "a.zip", tiled)
    plain, zipped = (open_scene(tmp_path / name, **SAID) for name in ("a.jp2", "a.zip"))
    assert plain.grid == zipped.grid
    assert plain.grid.affine == TRANSFORM
    np.testing.assert_array_equal(plain.read_block().values, zipped.read_block().values)
