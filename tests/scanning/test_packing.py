"""The bytes of a tile: the same arrays come back; what is damaged or made by an enemy is refused, within bounds."""

from __future__ import annotations

import hashlib
import io
import pickle
import tracemalloc
import zipfile
import zlib
from typing import Any

import numpy as np
import pytest

from colibri_geo.errors import IntegrityError, OutputError
from colibri_geo.scanning.packing import Arrays, pack, unpack

MOST_BYTES = 100_000

ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "codes": np.arange(12, dtype=np.uint8).reshape(3, 4),
    "columns": np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
    "strided": np.arange(20, dtype=np.int64)[::3],
    "none": np.zeros((0, 5), dtype=np.float64),
    "one": np.array(2.5),
    "flags": np.array([True, False]),
    "names": np.array(["a", "NARIÑO"]),
    "bytes": np.array([b"x", b"yz"]),
    "times": np.array(["2024-01-31T14:35:00"], dtype="datetime64[s]"),
    "large_endian": np.arange(3, dtype=">i4"),
    "unknown": np.array([np.nan, np.inf, -0.0]),
}


def seal(body: bytes) -> bytes:
    """Put the line with the right checksum before a body, as anybody can."""
    return b"colibri_geo tile 1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def zip_members(*members: tuple[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name), content, kind)
    return buffer.getvalue()


def npy(header: str, content: bytes = b"", magic: bytes = b"\x93NUMPY\x01\x00") -> bytes:
    """Return the bytes of an array with a header of one's own."""
    line = header.encode() + b"\n"
    return magic + len(line).to_bytes(2, "little") + line + content


def head(descr: str = "'<f4'", shape: str = "(2,)") -> str:
    """Return a header as NumPy writes it."""
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


def read(content: bytes) -> Arrays:
    """Read a file."""
    return unpack(content, name="tile.npz", most_bytes=MOST_BYTES)


def test_arrays_come_back_as_they_were() -> None:
    """Values, shapes and types are the same, and may be written to."""
    found = read(pack(ARRAYS, name="tile.npz", most_bytes=MOST_BYTES))
    assert found.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        assert found[name].tobytes() == array.tobytes()
        assert found[name].flags.writeable


def test_the_same_arrays_give_the_same_bytes() -> None:
    """Neither the order of the names nor that in memory shows in the bytes."""
    mixed = {name: np.asfortranarray(ARRAYS[name]) for name in reversed(ARRAYS)}
    mixed["one"] = ARRAYS["one"]  # which the line above makes a row
    assert pack(mixed, name="a", most_bytes=MOST_BYTES) == pack(ARRAYS, name="b", most_bytes=MOST_BYTES)


def test_numpy_reads_it_too() -> None:
    """After its first line a file is what NumPy calls an npz."""
    body = pack(ARRAYS, name="tile.npz", most_bytes=MOST_BYTES).partition(b"\n")[2]
    with np.load(io.BytesIO(body), allow_pickle=False) as found:
        assert {name: found[name].tolist() for name in ("codes", "names")} == {
            name: ARRAYS[name].tolist() for name in ("codes", "names")
        }


@pytest.mark.parametrize("array", [np.array([None]), np.zeros(2, dtype=[("a", "f4")]), np.zeros(2, dtype="V3")])
def test_only_plain_arrays_are_kept(array: np.ndarray[Any, Any]) -> None:
    """Objects, records and bytes without a meaning are refused before they are written."""
    with pytest.raises(OutputError, match="expected a plain array"):
        pack({"a": array}, name="tile.npz", most_bytes=MOST_BYTES)


@pytest.mark.parametrize("name", ["", "../a", "a/b", "1a", "a.npy", "ñ", "a" * 65])
def test_only_plain_names_are_kept(name: str) -> None:
    """A name that could be a path is refused."""
    with pytest.raises(OutputError, match="plain name"):
        pack({name: np.zeros(1)}, name="tile.npz", most_bytes=MOST_BYTES)


def test_what_is_too_large_is_not_kept() -> None:
    """What could not be read again is refused before it is written."""
    with pytest.raises(OutputError, match="expected at most 256 arrays of 100000 bytes"):
        pack({"a": np.zeros(MOST_BYTES + 1, dtype=np.uint8)}, name="tile.npz", most_bytes=MOST_BYTES)
    with pytest.raises(OutputError, match="would hold 257 arrays"):
        pack({f"a{number}": np.zeros(1) for number in range(257)}, name="tile.npz", most_bytes=MOST_BYTES)
    largest = {"a": np.arange(MOST_BYTES, dtype=np.uint8)}
    assert read(pack(largest, name="tile.npz", most_bytes=MOST_BYTES))["a"].nbytes == MOST_BYTES


def test_every_damage_is_found(rng: np.random.Generator) -> None:
    """A file that was cut anywhere, or has one other byte anywhere, is refused."""
    content = pack(ARRAYS, name="tile.npz", most_bytes=MOST_BYTES)
    for place in rng.integers(0, len(content), 100):
        with pytest.raises(IntegrityError, match=r"^tile\.npz: is damaged"):
            read(content[:place])
        other = bytearray(content)
        other[place] ^= 1 << int(rng.integers(8))
        with pytest.raises(IntegrityError, match=r"^tile\.npz: is damaged"):
            read(bytes(other))


VALID = npy(head(), b"\0" * 8)
EVIL = {
    "no archive": b"never",
    "nothing": b"",
    "a pickle": zip_members(("a.npy", pickle.dumps([1]))),
    "an array of objects": zip_members(("a.npy", npy(head("'|O'", "(1,)"), pickle.dumps([1])))),
    "an array of records": zip_members(("a.npy", npy(head("[('a', '<f4')]"), b"\0" * 8))),
    "an array of nothing": zip_members(("a.npy", npy(head("'<U0'")))),
    "an array of a type that is none": zip_members(("a.npy", npy(head("'<f3'"), b"\0" * 6))),
    "a time of a unit that is none": zip_members(("a.npy", npy(head("'<M8[xy]'"), b"\0" * 16))),
    "a header that calls": zip_members(("a.npy", npy(head("__import__('os').getcwd()"), b"\0" * 8))),
    "a header that no parser likes": zip_members(("a.npy", npy("{[]: " + "(" * 3000, b"\0" * 8))),
    "a header beyond the end": zip_members(("a.npy", VALID[:8] + b"\xff\xff" + VALID[10:])),
    "another version": zip_members(("a.npy", npy(head(), b"\0" * 8, magic=b"\x93NUMPY\x02\x00"))),
    "a shape that is not there": zip_members(("a.npy", npy(head(shape="(100000000000,)"), b"\0" * 8))),
    "a shape without end": zip_members(("a.npy", npy(head(shape=f"({'999999999999, ' * 40})"), b"\0" * 8))),
    "less than nothing": zip_members(("a.npy", npy(head(shape="(-2,)"), b"\0" * 8))),
    "more than the shape": zip_members(("a.npy", npy(head(), b"\0" * 9))),
    "a file": zip_members(("a.txt", b"hello")),
    "a way out": zip_members(("../a.npy", VALID)),
    "another compression": zip_members(("a.npy", VALID), kind=zipfile.ZIP_BZIP2),
    "too many": zip_members(*((f"a{number}.npy", VALID) for number in range(300))),
    "too much": zip_members(("a.npy", npy(head("'|u1'", "(10000000,)"), b"\0" * 10_000_000))),
}


@pytest.mark.parametrize("how", EVIL)
def test_an_enemys_file_is_refused(how: str) -> None:
    """What anybody else may have written under the right checksum is refused in a line, without taking memory."""
    tracemalloc.start()
    try:
        with pytest.raises(IntegrityError, match="is damaged"):
            read(seal(EVIL[how]))
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_the_frame_of_the_enemys_files_is_right() -> None:
    """The same frame around an honest array is read."""
    assert read(seal(zip_members(("a.npy", VALID))))["a"].tolist() == [0, 0]


def test_an_archive_that_lies_unfolds_no_further() -> None:
    """A member that says to be small is read as far as it says, whatever its stream would unfold to."""
    small = npy(head("'|u1'", "(1,)"), b"\0")
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    stream = bomb.compress(small + b"\0" * 50_000_000) + bomb.flush()
    honest = zip_members(("a.npy", small))
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    short = deflater.compress(small) + deflater.flush()
    assert honest.count(short) == 1
    lying = honest.replace(short, stream)
    sizes = len(short).to_bytes(4, "little") + len(small).to_bytes(4, "little")
    assert lying.count(sizes) == 2
    lying = lying.replace(sizes, len(stream).to_bytes(4, "little") + len(small).to_bytes(4, "little"))
    start = lying.rindex(b"PK\x05\x06")
    place = int.from_bytes(lying[start + 16 : start + 20], "little") + len(stream) - len(short)
    lying = lying[: start + 16] + place.to_bytes(4, "little") + lying[start + 20 :]
    tracemalloc.start()
    try:
        assert read(seal(lying))["a"].tolist() == [0]
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
