"""What GDAL says of a file becomes an error of the project, wherever in the reading it says so."""

from __future__ import annotations

import hashlib
import struct
import threading
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
import rasterio
from rasterio._env import get_gdal_config, set_gdal_config

from colibri_geo.core.windows import Window
from colibri_geo.errors import CorruptInput, InputTooLarge, UnsupportedFormat
from colibri_geo.hardening import CACHE
from colibri_geo.isolation import Lost
from colibri_geo.scenes import decoding
from colibri_geo.scenes.decoding import decode, read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.inspecting import inspect_scene
from colibri_geo.scenes.opening import open_scene
from tests.scenes.images import made_pixels, write_image

WHOLE = Window(0, 0, 40, 50)


def test_mask_with_an_empty_directory_is_refused(tmp_path: Path) -> None:
    """GDAL meets the damage only when it is asked for the colours of the bands, and that is one line too."""
    hidden = np.where(np.arange(48) < 9, 0, 255).astype(np.uint8)[None].repeat(40, axis=0)
    tiles = {"tiled": True, "blockxsize": 16, "blockysize": 16}
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 48), mask=hidden, **tiles)
    content = bytearray(path.read_bytes())
    first = struct.unpack_from("<I", content, 4)[0]
    entries = struct.unpack_from("<H", content, first)[0]
    second = struct.unpack_from("<I", content, first + 2 + 12 * entries)[0]
    kept, entries = 7, struct.unpack_from("<H", content, second)[0]
    start, stop = second + 2 + 12 * kept, second + 2 + 12 * entries
    content[start:stop] = bytes(stop - start)
    path.write_bytes(content)
    with pytest.raises(CorruptInput, match=r"a\.tif: GDAL cannot read it"):
        inspect_scene(path)


def _put_files_beside(path: Path) -> list[Path]:
    """Put everything beside an image that GDAL would read along with it: each says something else than the image."""
    stem = path.with_suffix("")
    forged = '<PAMDataset><PAMRasterBand band="1"><Description>forged</Description></PAMRasterBand></PAMDataset>'
    (path.parent / f"{path.name}.aux.xml").write_text(forged, encoding="utf-8")
    stem.with_suffix(".tfw").write_text("30\n0\n0\n-30\n1000\n2000\n", encoding="utf-8")
    write_image(path.parent / f"{path.name}.ovr", np.full((4, 20, 25), 9, np.uint16), names=None, acquired=None)
    recipe = '<VRTDataset rasterXSize="50" rasterYSize="40"><VRTRasterBand dataType="Byte" band="1"/></VRTDataset>'
    (path.parent / f"{path.name}.msk").write_text(recipe, encoding="utf-8")
    return [path.with_name(f"{path.name}{ending}") for ending in (".aux.xml", ".msk", ".ovr")] + [
        stem.with_suffix(".tfw")
    ]


def test_side_files_change_nothing(tmp_path: Path) -> None:
    """In a process that nobody hardened, what lies beside an image is not read: not a name, not a pixel changes.

    GDAL by itself takes the names from there.
    """
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 50))
    file, numbers = RasterFile(path), [1, 2, 3, 4]
    alone, pixels = read_header(file), decode(file, numbers, WHOLE, masked=True)
    _put_files_beside(path)
    again = RasterFile(write_image(tmp_path / "b.tif", made_pixels(4, 40, 50)))
    _put_files_beside(again.path)
    assert read_header(again) == alone
    beside = decode(again, numbers, WHOLE, masked=True)
    np.testing.assert_array_equal(beside.values, pixels.values)
    np.testing.assert_array_equal(beside.masked, pixels.masked)
    (tmp_path / "b.tif.msk").unlink()  # GDAL by itself would fail at it
    with rasterio.open(again.path) as dataset:
        assert dataset.descriptions[0] == "forged"


def test_side_files_are_named(tmp_path: Path) -> None:
    """Each file that is not read is told with its checksum, so that the record of a run names what lay there."""
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 50))
    before = open_scene(path).provenance.notes
    sides = _put_files_beside(path)
    notes = set(open_scene(path).provenance.notes) - set(before)
    assert notes == {
        f"the side file {side.name} beside it was ignored (SHA-256 {hashlib.sha256(side.read_bytes()).hexdigest()})"
        for side in sides
    }


def test_a_long_tag_is_cut_with_a_note(tmp_path: Path) -> None:
    """A tag of a million letters costs a few thousand, and that is said; one of ordinary length is left as it is."""
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 50), tags={"LONG": "x" * 1_000_000, "SENSOR": "y" * 100})
    tags = read_header(RasterFile(path)).tags
    assert len(tags["LONG"]) == 4096
    assert tags["SENSOR"] == "y" * 100
    assert "of its tags LONG, the first 4,096 letters were read" in open_scene(path).provenance.notes


def test_a_nodata_value_that_pixels_cannot_have_is_told(tmp_path: Path) -> None:
    """It masks nothing, and a note says so; one that they can have needs none."""
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 50), nodata=65535)
    assert not [note for note in open_scene(path).provenance.notes if "nodata" in note]
    content = path.read_bytes()
    path.write_bytes(content.replace(b"65535\0", b"-9999\0"))
    scene = open_scene(path)
    assert scene.read_block().valid.all()
    assert "its nodata value '-9999' is none that its pixels can have: it was ignored" in scene.provenance.notes


def test_one_driver_reads_whatever_the_name(tmp_path: Path) -> None:
    """A name that another format uses is no reason to try that format."""
    path = write_image(tmp_path / "a.tif", made_pixels(4, 40, 50)).rename(tmp_path / "a.vrt")
    assert read_header(RasterFile(path)).driver == "GTiff"
    (tmp_path / "b.tif").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(100))
    with pytest.raises(UnsupportedFormat, match="PNG"):
        read_header(RasterFile(tmp_path / "b.tif"))


def test_a_file_that_changed_is_opened_anew(tmp_path: Path) -> None:
    """Files are kept open between windows, and yet what is read is what lies there."""
    path = write_image(tmp_path / "a.tif", made_pixels(1, 40, 50), names=None)
    first = decode(RasterFile(path), [1], WHOLE).values
    write_image(path, made_pixels(1, 40, 50) + 1, names=None, compress="deflate")
    np.testing.assert_array_equal(decode(RasterFile(path), [1], WHOLE).values, first + 1)


def test_threads_read_side_by_side(tmp_path: Path) -> None:
    """Each thread has files of its own open, of which GDAL allows no sharing."""
    values = made_pixels(4, 40, 50)
    file = RasterFile(write_image(tmp_path / "a.tif", values, compress="deflate"))
    found: list[bool] = []

    def read(band: int) -> None:
        found.extend((decode(file, [band], WHOLE).values == values[band - 1]).all() for _ in range(20))

    threads = [threading.Thread(target=read, args=(band,)) for band in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 80


@pytest.mark.parametrize(
    ("fault", "error", "words"),
    [
        (Lost("took longer than 2 s"), CorruptInput, "a.tif: decoding it took longer than 2 s"),
        (MemoryError(), InputTooLarge, "a.tif: decoding it takes more memory than there is"),
    ],
)
def test_a_decoder_that_is_lost_is_told_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, error: type[Exception], words: str
) -> None:
    """What became of the process that decoded is said of the file that it decoded."""

    def fail(*_: object) -> NoReturn:
        raise fault

    file = RasterFile(write_image(tmp_path / "a.tif", made_pixels(1, 40, 50), names=None))
    monkeypatch.setattr(decoding, "call", fail)
    with pytest.raises(error, match=words):
        read_header(file)
    with pytest.raises(error, match=words):
        decode(file, [1], WHOLE)


LAYOUTS = {
    "tiles": {"tiled": True, "blockxsize": 128, "blockysize": 128, "interleave": "band"},
    "tiles of all bands": {"tiled": True, "blockxsize": 128, "blockysize": 128, "interleave": "pixel"},
    "strips": {"blockysize": 1, "interleave": "band"},
}
IO = Path("/proc/self/io")
SQUARE = Window(131, 203, 600, 600)


@pytest.fixture
def small_cache(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that is hardened, and keeps little where a file asks for little."""
    if not IO.exists():
        pytest.skip("this system does not tell how much a process reads")
    monkeypatch.setattr(decoding, "_LEAST_KEPT", 2**20)
    monkeypatch.setattr(decoding, "_open_files", decoding._OpenFiles())
    monkeypatch.setenv(*next(iter(CACHE.items())))
    own_bytes = get_gdal_config("GDAL_CACHEMAX")
    yield
    set_gdal_config("GDAL_CACHEMAX", own_bytes)


def read_square(file: RasterFile, square: Window, *, rows: int, cols: int) -> int:
    """Read a square in pieces; return the bytes that the system was asked for."""
    asked = [int(IO.read_text().split()[1])]
    for row in range(square.row, square.end_row, rows):
        for col in range(square.col, square.end_col, cols):
            decode(file, [1, 2, 3, 4], Window(row, col, rows, cols))
    asked.append(int(IO.read_text().split()[1]))
    return asked[1] - asked[0]


def write_wide(path: Path, rng: np.random.Generator, **layout: object) -> RasterFile:
    """Write an image of 1000 x 1500 px whose blocks do not shrink to nothing."""
    values = rng.integers(300, 4000, (4, 1000, 1500), dtype=np.uint16)
    return RasterFile(write_image(path, values, compress="deflate", zlevel=1, **layout))


@pytest.mark.usefixtures("small_cache")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_was_read_by_rows_is_decoded_when_it_is_read_again(
    tmp_path: Path, rng: np.random.Generator, layout: str
) -> None:
    """However a file is laid out, its blocks are decoded once for a square that is read in rows, then in pieces."""
    file = write_wide(tmp_path / "a.tif", rng, **LAYOUTS[layout])
    first = read_square(file, SQUARE, rows=50, cols=600)
    assert first > 2_000_000
    assert read_square(file, SQUARE, rows=100, cols=100) < first / 50


@pytest.mark.usefixtures("small_cache")
@pytest.mark.parametrize(("chosen", "kept"), [(CACHE["GDAL_CACHEMAX"], False), ("500", True), (None, True)])
def test_what_lies_elsewhere_is_not_kept(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, chosen: str | None, kept: bool
) -> None:
    """GDAL keeps the blocks of a square, not of all that was read; unless a user or another program has the say."""
    if chosen is None:
        monkeypatch.delenv("GDAL_CACHEMAX")
    else:
        monkeypatch.setenv("GDAL_CACHEMAX", chosen)
    file = write_wide(tmp_path / "a.tif", rng, **LAYOUTS["tiles"])
    for row, col in product(range(0, 1000, 250), range(0, 1500, 250)):
        read_square(file, Window(row, col, 250, 250), rows=250, cols=250)
    again = read_square(file, Window(0, 0, 250, 250), rows=250, cols=250)
    assert again < 50_000 if kept else again > 400_000
