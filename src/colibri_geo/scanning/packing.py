"""The bytes of a finished tile: a line with a checksum, then plain arrays as NumPy's ``.npz``, without pickles.

A file may come from somebody else. It is read within bounds, whatever it says of itself, and nothing in it can run.
"""

from __future__ import annotations

import hashlib
import io
import math
import re
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from colibri_geo.errors import IntegrityError, OutputError

AnyArray = np.ndarray[Any, np.dtype[Any]]
Arrays = Mapping[str, AnyArray]
"""What the work on a tile gives: plain arrays by name."""

_HEAD = re.compile(rb"colibri_geo tile 1 ([0-9a-f]{64})\n")
_HEAD_BYTES = 84
_ARRAY_NAME = re.compile(r"[A-Za-z]\w{0,63}", re.ASCII)
_MOST_ARRAYS = 256
_LEVEL = 1
"""Of compression: most of a tile is one code, and the process that packs is the one that all others wait for."""
_VERSION = (1, 0)
_PLAIN_KINDS = frozenset("biufcSUmM")
_FAULTS = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, tokenize.TokenError, ValueError, TypeError)
"""What `zipfile` (the first four) and NumPy (the others) raise over bytes that are damaged or made to be so."""


def pack(arrays: Arrays, *, name: str, most_bytes: int) -> bytes:
    """Return the bytes of a file; the same arrays give the same bytes.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        Of numbers, booleans, times or texts of a fixed length.
    name : str
        Of the file, for messages.
    most_bytes : int
        Memory that the arrays may take.

    Raises
    ------
    OutputError
        Where an array holds anything else, or they are too large.
    """
    size = sum(array.nbytes for array in arrays.values())
    if size > most_bytes or len(arrays) > _MOST_ARRAYS:
        raise OutputError(
            f"{name}: would hold {len(arrays)} arrays of {size} bytes, expected at most {_MOST_ARRAYS} arrays of "
            f"{most_bytes} bytes; keep less of a tile"
        )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for key, array in sorted(arrays.items()):
            if not (_is_plain(array.dtype) and _ARRAY_NAME.fullmatch(key)):
                raise OutputError(f"{name}: array {key!r} is {array.dtype}, expected a plain array with a plain name")
            with archive.open(f"{key}.npy", "w") as member:
                np.lib.format.write_array(member, np.asarray(array, order="C"), version=_VERSION, allow_pickle=False)
    body = buffer.getbuffer()
    return b"colibri_geo tile 1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def is_sound(content: bytes) -> bool:
    """Tell whether the bytes of a file are those that its first line was written for."""
    head = _HEAD.match(content)
    return head is not None and hashlib.sha256(memoryview(content)[_HEAD_BYTES:]).hexdigest().encode() == head[1]


def unpack(content: bytes, *, name: str, most_bytes: int) -> Arrays:
    """Return the arrays of a file.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for messages.
    most_bytes : int
        Memory that the arrays may take.

    Raises
    ------
    IntegrityError
        Where the bytes are not what `pack` gives.
    """
    if not is_sound(content):
        raise _damaged(name, "its checksum differs")
    try:
        with zipfile.ZipFile(io.BytesIO(memoryview(content)[_HEAD_BYTES:])) as archive:
            members = archive.infolist()
            _check_members(members, most_bytes)
            return {member.filename.removesuffix(".npy"): _read_member(archive, member) for member in members}
    except _FAULTS as error:
        raise _damaged(name, str(error)) from error


def _check_members(members: list[zipfile.ZipInfo], most_bytes: int) -> None:
    if len(members) > _MOST_ARRAYS or sum(member.file_size for member in members) > most_bytes + 1024 * len(members):
        raise ValueError("it unfolds to more than a tile can hold")
    for member in members:
        stem = member.filename.removesuffix(".npy")
        if stem == member.filename or not _ARRAY_NAME.fullmatch(stem) or member.compress_type != zipfile.ZIP_DEFLATED:
            raise ValueError("it holds something else than arrays")


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> AnyArray:
    with archive.open(member) as file:
        content = file.read(member.file_size)  # without a size, all of the stream would be unfolded first
    if len(content) != member.file_size:
        raise ValueError("an array is cut short")
    return _read_array(content)


def _read_array(content: bytes) -> AnyArray:
    """Return the array of a ``.npy``, once it is clear that it holds what its header says."""
    file = io.BytesIO(content)
    if np.lib.format.read_magic(file) != _VERSION:
        raise ValueError("an array is of another version")
    shape, by_columns, dtype = np.lib.format.read_array_header_1_0(file)
    start = file.tell()
    if by_columns or not _is_plain(dtype):
        raise ValueError("it holds something else than plain arrays")
    if math.prod(shape) * dtype.itemsize != len(content) - start:
        raise ValueError("an array has another size than its header says")
    return np.frombuffer(content, dtype=dtype, offset=start).reshape(shape).copy()


def _is_plain(dtype: np.dtype[Any]) -> bool:
    """Tell whether an array of a type holds numbers, booleans, times or texts, and nothing that could run."""
    return dtype.kind in _PLAIN_KINDS and dtype.itemsize > 0


def _damaged(name: str, reason: str) -> IntegrityError:
    return IntegrityError(
        f"{name}: is damaged ({reason}), expected what the scan wrote; remove that file, and go on with --resume"
    )
