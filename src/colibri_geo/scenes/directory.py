"""The first image directory of a TIFF, read natively: the limits and losses of which a decoder says nothing.

A decoder gives zeros for a block that is missing, allocates what a header claims, and drops a tag that is cut off. So
the directory is read and judged before a decoder sees the file.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    CorruptInput,
    InputTooLarge,
    NoValidData,
    UnsafeSource,
    UnsupportedDtype,
    UnsupportedFormat,
)
from colibri_geo.scenes.files import RasterFile

MAX_BANDS = 512
MAX_PIXELS = 2**35  # 185,000 px a side: a country at 10 m
MAX_BLOCK_BYTES = 2**28  # 256 MiB: a tile of 4096 px with eight 16-bit bands
MAX_BLOCKS = 2**24
MAX_RATIO = 10_000  # Deflate reaches 1,030, ZSTD 30,000 where all is one value: an image with little else is no scene
_MAX_SIDE = 2**31 - 1  # no reader can count further
JUDGED_BYTES = 2**30  # of an image unpacked; smaller ones may have any ratio

UintArray = np.ndarray[Any, np.dtype[np.uint64]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_MAGIC = {b"II*\0": ("<", False), b"MM\0*": (">", False), b"II+\0": ("<", True), b"MM\0+": (">", True)}
_KNOWN = {
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"%PDF": "PDF",
    b"PK\x03\x04": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "HDF5",
    b"CDF\x01": "NetCDF",
    b"GIF8": "GIF",
    b"SQLite": "an SQLite database (GeoPackage)",
    b"EHFA": "ERDAS Imagine",
}
_RECIPES = (b"<vrtdataset", b"doctype vrtdataset", b"<gdal_", b"<wcs_gdal", b"<gdaltileindexdataset")
_COMPRESSIONS = {
    1: "none",
    5: "LZW",
    7: "JPEG",
    8: "Deflate",
    32773: "PackBits",
    32946: "Deflate",
    34887: "LERC",
    34925: "LZMA",
    50000: "ZSTD",
    50001: "WebP",
}
_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_UNSIGNED = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}

_SUBFILE, _COLS, _ROWS, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 257, 258, 259, 262
_STRIP_OFFSETS, _SAMPLES, _STRIP_ROWS, _STRIP_SIZES, _PLANAR = 273, 277, 278, 279, 284
_TILE_COLS, _TILE_ROWS, _TILE_OFFSETS, _TILE_SIZES, _GEOKEYS, _NODATA = 322, 323, 324, 325, 34735, 42113
_NEEDED = (
    *(_SUBFILE, _COLS, _ROWS, _BITS, _COMPRESSION, _PHOTOMETRIC, _STRIP_OFFSETS, _SAMPLES, _STRIP_ROWS, _STRIP_SIZES),
    *(_PLANAR, _TILE_COLS, _TILE_ROWS, _TILE_OFFSETS, _TILE_SIZES, _GEOKEYS, _NODATA),
)
_KINDS = {_NODATA: {2}}  # text; of all others numbers
_MAX_TAGS = 65_535  # as many as the common form can count
_IS_MASK, _YCBCR, _SEPARATE = 4, 6, 2
_CRS_KEYS = (3072, 2048)  # ProjectedCSType, GeographicType
_HEAD_BYTES = 512


@dataclass(frozen=True)
class AbsentBlocks:
    """Blocks that an image declares and its file does not hold: sparse files leave them out.

    Attributes
    ----------
    block_rows, block_cols : int
        Pixels of a block.
    flags : bytes
        One a block, row by row: 1 where the file does not hold it, in whichever band.
    across : int
        Blocks in a row.
    """

    block_rows: int
    block_cols: int
    flags: bytes
    across: int

    def mark(self, window: Window) -> BoolArray:
        """Return (M, N) ndarray of bool for a window inside the image, True where the file holds no pixel."""
        absent = np.frombuffer(self.flags, dtype=np.bool_).reshape(-1, self.across)
        rows = np.arange(window.row, window.row + window.rows) // self.block_rows
        cols = np.arange(window.col, window.col + window.cols) // self.block_cols
        marked: BoolArray = absent[np.ix_(rows, cols)]
        return marked


@dataclass(frozen=True, eq=False)
class ImageDirectory:
    """What the first image directory of a TIFF declares.

    Attributes
    ----------
    name : str
        Of the file.
    file_bytes : int
        Size of the file.
    rows, cols, bands : int
    bits : int
        Of one sample.
    compression : int
        TIFF code.
    separate : bool
        Whether each band has blocks of its own.
    subsampled : bool
        Whether colours may be stored at a lower resolution than pixels.
    block_rows, block_cols : int
    tiled : bool
    offsets, sizes : (K,) ndarray of uint64, bytes
        Place of each block in the file.
    epsg : int or None
        Code of the coordinate reference system, where the file gives one.
    nodata : str
        Value of pixels that were not measured as the file spells it; empty where it gives none.
    """

    name: str
    file_bytes: int
    rows: int
    cols: int
    bands: int
    bits: int
    compression: int
    separate: bool
    subsampled: bool
    block_rows: int
    block_cols: int
    tiled: bool
    offsets: UintArray
    sizes: UintArray
    epsg: int | None
    nodata: str

    @property
    def across(self) -> int:
        """Blocks from left to right."""
        return -(-self.cols // self.block_cols)

    @property
    def blocks(self) -> int:
        """Blocks of the whole image, all bands."""
        return self.across * -(-self.rows // self.block_rows) * (self.bands if self.separate else 1)

    def block_bytes(self, rows: int) -> int:
        """Bytes of a block of `rows` rows when unpacked."""
        samples = 1 if self.separate else self.bands
        return rows * -(-self.block_cols * samples * self.bits // 8)

    def find_absent(self) -> AbsentBlocks | None:
        """Find the blocks that the file does not hold; None where it holds all.

        Raises
        ------
        NoValidData
            Where it holds none.
        """
        absent = (self.sizes == 0) | (self.offsets == 0)
        if not absent.any():
            return None
        if absent.all():
            raise NoValidData(
                f"{self.name}: {self.rows} x {self.cols} px are declared, the file holds not one block of them; "
                "expected measured pixels, fetch it again"
            )
        anywhere = absent.reshape(-1, self.blocks // (self.bands if self.separate else 1)).any(axis=0)
        return AbsentBlocks(self.block_rows, self.block_cols, anywhere.tobytes(), self.across)


def read_directory(file: RasterFile) -> ImageDirectory:
    """Read and judge the first image directory of a TIFF.

    Parameters
    ----------
    file : RasterFile

    Returns
    -------
    ImageDirectory
        Of a file whose tags and blocks all lie inside of it, in a form that is read here, within limits.

    Raises
    ------
    UnsupportedFormat, UnsupportedDtype
        Not a TIFF by its first bytes, or one of a compression or sample size that is not read here.
    UnsafeSource
        A recipe (VRT, WMS and the like) that makes GDAL read other files or addresses.
    CorruptInput
        Where tags or blocks lie outside of the file, or do not fit together.
    InputTooLarge
        Beyond `MAX_BANDS`, `MAX_PIXELS`, `MAX_BLOCKS`, `MAX_BLOCK_BYTES` or `MAX_RATIO`.

    References
    ----------
    Adobe, TIFF Revision 6.0 (1992); BigTIFF by the libtiff project.
    """
    with file.open() as content:
        directory = _TagReader(content, file.name, file.size_bytes).read()
    _check_limits(directory)
    _check_blocks(directory)
    _check_form(directory)
    return directory


@dataclass(frozen=True)
class _TagReader:
    file: BinaryIO
    name: str
    file_bytes: int

    def read(self) -> ImageDirectory:
        head = self._bytes_at(0, min(_HEAD_BYTES, self.file_bytes))
        order, big = _identify(head, self.name)
        first = self._unpack(order + "Q", 8)[0] if big else self._unpack(order + "I", 4)[0]
        values = self._read_values(first, order, big=big)
        return self._describe(values)

    def _read_values(self, at: int, order: str, *, big: bool) -> dict[int, UintArray]:
        counting, entry = (
            (order + "Q", struct.Struct(order + "HHQ8s")) if big else (order + "H", struct.Struct(order + "HHI4s"))
        )
        count = self._unpack(counting, at)[0]
        if count > _MAX_TAGS:
            raise CorruptInput(
                f"{self.name}: an image directory of {count:,} tags, expected {_MAX_TAGS:,} or fewer; the file is "
                "damaged, fetch it again"
            )
        start = at + struct.calcsize(counting)
        values: dict[int, UintArray] = {}
        for tag, kind, number, inline in entry.iter_unpack(self._bytes_at(start, count * entry.size)):
            size = number * _TYPE_BYTES.get(kind, 0)
            raw = inline
            if size > len(inline):
                offset = struct.unpack(order + ("Q" if big else "I"), inline)[0]
                self._check_inside(offset, size, f"tag {tag}")
                raw = self._bytes_at(offset, size) if tag in _NEEDED and number <= MAX_BLOCKS else b""
            if tag in _NEEDED and number > MAX_BLOCKS:
                raise InputTooLarge(
                    f"{self.name}: tag {tag} has {number:,} values, expected {MAX_BLOCKS:,} or fewer; "
                    "cut it into smaller images"
                )
            if tag in _NEEDED and kind in _KINDS.get(tag, _UNSIGNED) and tag not in values:
                values[tag] = np.frombuffer(raw[:size], dtype=order + _UNSIGNED.get(kind, "u1")).astype(np.uint64)
        return values

    def _describe(self, values: Mapping[int, UintArray]) -> ImageDirectory:
        if _first(values, _SUBFILE, 0) & _IS_MASK:
            raise CorruptInput(f"{self.name}: the file holds a mask and no image, expected an image; fetch it again")
        rows, cols = _first(values, _ROWS, 0), _first(values, _COLS, 0)
        tiled = _TILE_OFFSETS in values
        block_rows = _first(values, _TILE_ROWS, 0) if tiled else min(_first(values, _STRIP_ROWS, rows), rows)
        block_cols = _first(values, _TILE_COLS, 0) if tiled else cols
        if max(rows, cols, block_rows, block_cols) > _MAX_SIDE:
            raise CorruptInput(
                f"{self.name}: {rows} x {cols} px declared, in blocks of {block_rows} x {block_cols} px, expected at "
                f"most {_MAX_SIDE} a side; the file is damaged, fetch it again"
            )
        offsets = values.get(_TILE_OFFSETS if tiled else _STRIP_OFFSETS)
        sizes = values.get(_TILE_SIZES if tiled else _STRIP_SIZES)
        bits = values.get(_BITS, np.ones(1, dtype=np.uint64))
        if (
            not (rows and cols and block_rows and block_cols)
            or offsets is None
            or sizes is None
            or len(set(bits.tolist())) != 1
        ):
            raise CorruptInput(
                f"{self.name}: the image directory lacks the size, sample type or place of the pixels, "
                "expected a whole TIFF; the file is damaged, fetch it again"
            )
        return ImageDirectory(
            name=self.name,
            file_bytes=self.file_bytes,
            rows=rows,
            cols=cols,
            bands=_first(values, _SAMPLES, 1),
            bits=int(bits[0]),
            compression=_first(values, _COMPRESSION, 1),
            separate=_first(values, _PLANAR, 1) == _SEPARATE,
            subsampled=_first(values, _PHOTOMETRIC, 0) == _YCBCR,
            block_rows=block_rows,
            block_cols=block_cols,
            tiled=tiled,
            offsets=offsets,
            sizes=sizes,
            epsg=_find_epsg(values.get(_GEOKEYS)),
            nodata=_to_text(values.get(_NODATA)),
        )

    def _unpack(self, form: str, at: int) -> tuple[Any, ...]:
        return struct.unpack(form, self._bytes_at(at, struct.calcsize(form)))

    def _bytes_at(self, at: int, size: int) -> bytes:
        self._check_inside(at, size, "image directory")
        self.file.seek(at)
        content = self.file.read(size)
        if len(content) < size:
            raise CorruptInput(f"{self.name}: it ends before the bytes that its archive states; fetch it again")
        return content

    def _check_inside(self, at: int, size: int, what: str) -> None:
        if at + size > self.file_bytes:
            raise CorruptInput(
                f"{self.name}: the {what} ends at byte {at + size}, the file at {self.file_bytes}; "
                "it is cut short or damaged, fetch it again"
            )


def _identify(head: bytes, name: str) -> tuple[str, bool]:
    """Return byte order and whether offsets have 64 bits."""
    if head[:4] in _MAGIC:
        return _MAGIC[head[:4]]
    if len(head) < 8:
        raise CorruptInput(f"{name}: {len(head)} byte(s), expected a GeoTIFF; it is empty or cut short, fetch it again")
    if any(recipe in head.lower() for recipe in _RECIPES):
        raise UnsafeSource(
            f"{name}: content is a GDAL recipe, which names other files or addresses, expected GeoTIFF or JPEG 2000; "
            "give the image itself"
        )
    raise UnsupportedFormat(
        f"{name}: content is {_name_content(head)}, expected GeoTIFF or JPEG 2000; convert it or fetch it again"
    )


def _name_content(head: bytes) -> str:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "an HTML page (a failed download or a login page)"
    return next((name for magic, name in _KNOWN.items() if head.startswith(magic)), "no raster known here")


def _first(values: Mapping[int, UintArray], tag: int, default: int) -> int:
    found = values.get(tag)
    return int(found[0]) if found is not None and found.size else default


def _to_text(letters: UintArray | None) -> str:
    return "" if letters is None else bytes(letters.astype(np.uint8)).decode("latin-1").strip("\0 ")[:40]


def _find_epsg(geokeys: UintArray | None) -> int | None:
    """Find the code of the coordinate reference system among GeoTIFF keys (key, place, count, value)."""
    if geokeys is None:
        return None
    keys = geokeys[: geokeys.size // 4 * 4].reshape(-1, 4)
    codes = {int(key): int(value) for key, place, _, value in keys[1:] if place == 0}
    return next((codes[key] for key in _CRS_KEYS if key in codes), None)


def _check_form(directory: ImageDirectory) -> None:
    if directory.compression not in _COMPRESSIONS:
        raise UnsupportedFormat(
            f"{directory.name}: TIFF compression {directory.compression}, expected one of "
            f"{', '.join(dict.fromkeys(_COMPRESSIONS.values()))}; convert it (gdal_translate -co COMPRESS=DEFLATE)"
        )
    if directory.bits == 128:
        raise UnsupportedDtype(
            f"{directory.name}: samples of 128 bits, complex numbers, expected measurements of 64 bits or fewer; "
            "convert it"
        )
    if not (1 <= directory.bits <= 16 or directory.bits in {32, 64}):
        raise UnsupportedFormat(
            f"{directory.name}: samples of {directory.bits} bits, expected 1 to 16, 32 or 64; convert it"
        )


def _check_limits(directory: ImageDirectory) -> None:
    block_bytes = directory.block_bytes(directory.block_rows)
    packed = directory.compression != 1 or block_bytes > directory.file_bytes
    limits = (
        ("bands", directory.bands, MAX_BANDS),
        ("pixels", directory.rows * directory.cols, MAX_PIXELS),
        ("blocks", directory.blocks, MAX_BLOCKS),
        ("bytes a block", block_bytes if packed else 0, MAX_BLOCK_BYTES),
        ("unpacked bytes for each byte of the file", _measure_ratio(directory), MAX_RATIO),
    )
    for what, value, limit in limits:
        if value > limit:
            raise InputTooLarge(
                f"{directory.name}: {value:,} {what} declared, expected {limit:,} or fewer; "
                "cut it into smaller images or tiles"
            )


def _measure_ratio(directory: ImageDirectory) -> int:
    """Return how many times its size a large image takes unpacked; blocks that the file leaves out take nothing."""
    held = int(np.count_nonzero(directory.sizes))
    unpacked = held * directory.block_bytes(directory.block_rows)
    return unpacked // directory.file_bytes if unpacked > JUDGED_BYTES else 0


def _check_blocks(directory: ImageDirectory) -> None:
    offsets, sizes = directory.offsets, directory.sizes
    if not directory.blocks == offsets.size == sizes.size:
        raise CorruptInput(
            f"{directory.name}: {offsets.size} block offsets and {sizes.size} block sizes, "
            f"expected {directory.blocks} of each; the file is damaged, fetch it again"
        )
    end = np.uint64(directory.file_bytes)
    held = (sizes > 0) & (offsets > 0)
    outside = held & ((offsets > end) | (sizes > end - np.minimum(offsets, end)))
    outside |= held & (offsets < 8)
    short = held & (sizes < _least_sizes(directory))
    lost = int(np.count_nonzero(outside | short))
    if lost:
        raise CorruptInput(
            f"{directory.name}: {lost} of {directory.blocks} blocks of pixels lie outside of the file or are cut "
            "short; it is damaged, fetch it again"
        )


def _least_sizes(directory: ImageDirectory) -> UintArray:
    """Return the bytes that each block must have at least: all its pixels where they are not packed, else one."""
    if directory.compression != 1 or directory.subsampled:
        return np.ones(directory.blocks, dtype=np.uint64)
    down = math.ceil(directory.rows / directory.block_rows)
    rows = np.full(down, directory.block_rows)
    if not directory.tiled:
        rows[-1] = directory.rows - (down - 1) * directory.block_rows
    a_row = directory.block_bytes(1)
    least = np.repeat(rows.astype(np.uint64) * np.uint64(a_row), directory.across)
    return np.resize(least, directory.blocks)
