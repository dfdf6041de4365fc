"""The structure of a JPEG 2000 file, read natively: limits, and whether every tile is there.

A decoder gives zeros for a tile that is missing and allocates what a header claims, so both are judged before.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from colibri_geo.errors import CorruptInput, InputTooLarge, UnsupportedDtype
from colibri_geo.scenes.directory import JUDGED_BYTES, MAX_BANDS, MAX_BLOCK_BYTES, MAX_PIXELS, MAX_RATIO
from colibri_geo.scenes.files import RasterFile

_SIGNATURE = b"\x00\x00\x00\x0cjP  \r\n\x87\n"
_CODESTREAM = b"\xff\x4f\xff\x51"
_SIZ, _SOT, _EOC = 0xFF51, 0xFF90, 0xFFD9
_FIRST_MARKER = 0xFF4F
_BOX, _SIZE, _TILE_PART = struct.Struct(">I4s"), struct.Struct(">HIIIIIIIIH"), struct.Struct(">HIBB")
_LEAST_PART = 14  # bytes of a tile part without data
_MAX_BOXES = 1000
_MAX_MARKERS = 2**16  # of the header; a comment or a list of lengths each
_MAX_TILES = 65_535  # as many as a tile's number can tell apart
_MAX_PARTS = 2**18


@dataclass(frozen=True)
class Codestream:
    """What the header of a codestream declares.

    Attributes
    ----------
    rows, cols, bands : int
    tile_rows, tile_cols : int
    tiles : int
    bits : int
        Of the widest band's samples.
    """

    rows: int
    cols: int
    bands: int
    tile_rows: int
    tile_cols: int
    tiles: int
    bits: int


def is_jpeg2000(head: bytes) -> bool:
    """Tell from the first twelve bytes whether a file is JPEG 2000, in its box form or as a bare codestream."""
    return head == _SIGNATURE or head.startswith(_CODESTREAM)


def read_codestream(file: RasterFile) -> Codestream:
    """Read and judge the codestream of a JPEG 2000 file.

    Raises
    ------
    CorruptInput
        Where a box, a marker or a tile lies outside of the file, or a tile or a part of one is missing.
    InputTooLarge
        Beyond the limits of `colibri_geo.scenes.directory`.
    UnsupportedDtype
        Samples of more than 16 bits.

    References
    ----------
    ISO/IEC 15444-1 (ITU-T T.800), annexes A (codestream) and I (file format).
    """
    with file.open() as content:
        return _Walker(content, file.name, file.size_bytes).read()


@dataclass(frozen=True)
class _Walker:
    file: BinaryIO
    name: str
    file_bytes: int

    def read(self) -> Codestream:
        start, end = self._find_codestream()
        header, place = self._read_header(start, end)
        self._check_limits(header)
        self._check_tiles(header, place, end)
        return header

    def _find_codestream(self) -> tuple[int, int]:
        """Return where the codestream begins and ends."""
        if self._bytes_at(0, 4) == _CODESTREAM:
            return 0, self.file_bytes
        at = 0
        for _ in range(_MAX_BOXES):
            size, kind = _BOX.unpack(self._bytes_at(at, _BOX.size))
            body = at + _BOX.size
            if size == 1:
                size, body = struct.unpack(">Q", self._bytes_at(body, 8))[0], body + 8
            end = self.file_bytes if size == 0 else at + size
            if end > self.file_bytes or end < body:
                raise self._cut(f"box {kind.decode('latin-1')!r} ends at byte {end}")
            if kind == b"jp2c":
                return body, end
            at = end
        raise self._damaged(f"no codestream among its first {_MAX_BOXES} boxes")

    def _read_header(self, start: int, end: int) -> tuple[Codestream, int]:
        """Read the image's size; return it with the place of the first tile."""
        if self._bytes_at(start, 4) != _CODESTREAM:
            raise self._damaged("the codestream does not begin as one")
        _, right, bottom, left, top, tile_cols, tile_rows, tile_left, tile_top, bands = _SIZE.unpack(
            self._bytes_at(start + 6, _SIZE.size)
        )
        if not (right > left >= tile_left and bottom > top >= tile_top and tile_rows and tile_cols and bands):
            raise self._damaged("it declares no pixels")
        if left >= tile_left + tile_cols or top >= tile_top + tile_rows:
            raise self._damaged("its first tile holds no pixels")
        depths = self._bytes_at(start + 6 + _SIZE.size, 3 * bands)[::3] if bands <= MAX_BANDS else b""
        tiles = -(-(right - tile_left) // tile_cols) * -(-(bottom - tile_top) // tile_rows)
        bits = max(((depth & 0x7F) + 1 for depth in depths), default=0)
        header = Codestream(bottom - top, right - left, bands, tile_rows, tile_cols, tiles, bits)
        return header, self._find_first_tile(start + 2, end)

    def _find_first_tile(self, at: int, end: int) -> int:
        for _ in range(_MAX_MARKERS):
            marker = self._number_at(at)
            if marker == _SOT:
                return at
            length = self._number_at(at + 2)
            if not _FIRST_MARKER < marker < _SOT or length < 2 or at + 2 + length > end:
                break
            at += 2 + length
        raise self._damaged("its header has an unknown marker, or too many of them")

    def _check_limits(self, header: Codestream) -> None:
        tile_px = min(header.tile_rows, header.rows) * min(header.tile_cols, header.cols)
        a_pixel = header.bands * -(-header.bits // 8)
        unpacked = header.rows * header.cols * a_pixel
        ratio = unpacked // self.file_bytes if unpacked > JUDGED_BYTES else 0
        limits = (
            ("bands", header.bands, MAX_BANDS),
            ("pixels", header.rows * header.cols, MAX_PIXELS),
            ("bytes a tile", tile_px * a_pixel, MAX_BLOCK_BYTES),
            ("tiles", header.tiles, _MAX_TILES),
            ("unpacked bytes for each byte of the file", ratio, MAX_RATIO),
        )
        for what, value, limit in limits:
            if value > limit:
                raise InputTooLarge(
                    f"{self.name}: {value:,} {what} declared, expected {limit:,} or fewer; "
                    "cut it into smaller images or tiles"
                )
        if header.bits > 16:
            raise UnsupportedDtype(
                f"{self.name}: samples of {header.bits} bits, expected 16 or fewer; convert it to GeoTIFF"
            )

    def _check_tiles(self, header: Codestream, at: int, end: int) -> None:
        """Walk from one tile part to the next; each tells how long it is, and how many a tile has."""
        met, stated = [0] * header.tiles, [0] * header.tiles
        for _ in range(_MAX_PARTS):
            if at + 2 > end or self._number_at(at) != _SOT:
                break
            number, size, part, parts = _TILE_PART.unpack(self._bytes_at(at + 4, _TILE_PART.size))
            stop = at + size if size else end
            if number >= header.tiles or stop > end or (size and size < _LEAST_PART):
                raise self._cut(f"tile {number} ends at byte {stop}")
            if part != met[number] or (parts and stated[number] not in {0, parts}):
                raise self._damaged(f"the parts of tile {number} are not in their order")
            met[number] += 1
            stated[number] = stated[number] or parts
            at = stop
        missing = sum(not count or 0 < told != count for count, told in zip(met, stated, strict=True))
        if missing:
            raise self._damaged(f"{missing} of {header.tiles} tiles are missing or lack parts")
        if at != end and self._number_at(at) != _EOC:
            raise self._damaged("its tiles do not end where the codestream does")

    def _number_at(self, at: int) -> int:
        return int(struct.unpack(">H", self._bytes_at(at, 2))[0])

    def _bytes_at(self, at: int, size: int) -> bytes:
        self.file.seek(at)
        content = self.file.read(size) if at + size <= self.file_bytes else b""
        if len(content) < size:
            raise self._cut(f"its structure goes on to byte {at + size}")
        return content

    def _cut(self, what: str) -> CorruptInput:
        return CorruptInput(
            f"{self.name}: {what}, the file at {self.file_bytes}; it is cut short or damaged, fetch it again"
        )

    def _damaged(self, what: str) -> CorruptInput:
        return CorruptInput(f"{self.name}: {what}, expected a whole JPEG 2000 image; it is damaged, fetch it again")
