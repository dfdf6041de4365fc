"""ZIP and TAR archives of strangers: listed first, refused whole, read file by file, never unpacked to disk.

Archives of products are ordinary ones: files and folders, stored or deflated, each under its own plain name. What goes
beyond that is what an archive made to harm needs: links, names that lead elsewhere, entries that share their bytes,
sizes that explode. It is refused, and with it the archive.
"""

from __future__ import annotations

import re
import stat
import struct
import tarfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, cast

from colibri_geo.errors import ArchiveError, ColibriError, NotAFile, UnsupportedFormat

MAX_ENTRIES = 5_000
"""Files and folders of one archive; a Sentinel-2 product has about 100."""
MAX_UNPACKED_BYTES = 32 * 2**30
MAX_RATIO = 1000
"""Bytes that one byte of a large entry may unpack to."""

_LARGE_BYTES = 2**28
_MAX_NAME = 1024
_MAX_LIST_BYTES = 1024 * MAX_ENTRIES
_PIECE_BYTES = 2**20
_EXPECTED = "expected a ZIP or an uncompressed TAR archive of one product"
_AGAIN = "fetch the archive again from its source"

_OTHERS = {
    b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "Zstandard", b"\x1f\x9d": "compress",
    b"7z\xbc\xaf\x27\x1c": "7-Zip", b"Rar!": "RAR", b"MSCF": "CAB", b"PK\x07\x08": "split ZIP", b"PK00": "split ZIP",
}  # fmt: skip
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257

_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags: encrypted, strongly encrypted, with a list of entries that is encrypted too
_METHODS = {9: "Deflate64", 12: "bzip2", 14: "LZMA", 93: "Zstandard", 95: "xz", 98: "PPMd"}
_END = struct.Struct("<4sHHHHIIH")
_END_64 = struct.Struct("<4sQHHIIQQQQ")
_LOCATOR_64_BYTES = 20

_NAMES = "utf-8"
_BLOCK_BYTES = 512
_MAX_EXTENSION_BYTES = 8 * 2**10
_EXTENSIONS = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME)
_MOVES_BYTES = re.compile(rb"\d+ (size|GNU\.sparse[^=\n]*)=")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_UNDECODED = re.compile("[\ud800-\udfff]")
_DRIVE = re.compile(r"[A-Za-z]:")

_CANNOT_OPEN = (
    zipfile.BadZipFile, tarfile.TarError, struct.error, zlib.error, KeyError, EOFError, OSError, OverflowError,
    RuntimeError, ValueError,
)  # fmt: skip
_CANNOT_READ = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError)


class ArchiveKind(StrEnum):
    """The kinds of archive that are read."""

    ZIP = "zip"
    TAR = "tar"


@dataclass(frozen=True)
class ArchiveEntry:
    """One file or folder of an archive.

    Attributes
    ----------
    name : str
        With forward slashes, without ``./`` before it or a slash behind it.
    stored_name : str
        As the archive spells it.
    folder : bool
    size_bytes : int
        Unpacked.
    packed_bytes : int
    offset : int
        Of a TAR archive: where the file's bytes begin.
    """

    name: str
    stored_name: str
    folder: bool
    size_bytes: int
    packed_bytes: int
    offset: int = 0


def identify_archive(path: Path) -> ArchiveKind | None:
    """Tell the kind of an archive from its first bytes; its name counts for nothing.

    Returns
    -------
    ArchiveKind or None
        None for a file that is no archive.

    Raises
    ------
    NotAFile
        Nothing that can be opened.
    ArchiveError
        An archive of another kind.
    """
    try:
        if not path.is_file():
            raise NotAFile(f"{path}: no such file, {_EXPECTED}; check the path")
        with path.open("rb") as file:
            head = file.read(_BLOCK_BYTES)
    except OSError as error:
        raise NotAFile(f"{path}: cannot be opened ({error.strerror}), {_EXPECTED}; check the path") from error
    for magic, kind in _OTHERS.items():
        if head.startswith(magic):
            raise ArchiveError(
                f"{path.name}: {kind} compression or archive, {_EXPECTED}; decompress it first, and give what is inside"
            )
    if head.startswith(_ZIP):
        return ArchiveKind.ZIP
    return ArchiveKind.TAR if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC) else None


def list_files(path: Path) -> tuple[ArchiveEntry, ...]:
    """List the files of an archive, sorted by name, when all of its entries have been judged.

    Raises
    ------
    ArchiveError
        Where one entry is a link or a device, encrypted, compressed in a way that is not read here, or named so that it
        leads elsewhere, where two have one name but for letter case, where there are more than `MAX_ENTRIES`, where
        they unpack to too much, or where the list itself is damaged.
    UnsupportedFormat, NotAFile
        Neither ZIP nor TAR, or nothing that can be opened.
    """
    kind = identify_archive(path)
    if kind is None:
        raise UnsupportedFormat(f"{path.name}: no archive by its first bytes, {_EXPECTED}; check the path")
    status = path.stat()
    return _list_files(path, kind, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=16)  # an archive is asked for each of its files, and again for each block of pixels
def _list_files(path: Path, kind: ArchiveKind, _modified_ns: int, _size_bytes: int) -> tuple[ArchiveEntry, ...]:
    entries = _list_zip(path) if kind is ArchiveKind.ZIP else _list_tar(path)
    _check_names(entries, path.name)
    _check_sizes(entries, path)
    return tuple(sorted((entry for entry in entries if not entry.folder), key=lambda entry: entry.name))


def find_file(path: Path, name: str) -> ArchiveEntry:
    """Find one file of an archive.

    Raises
    ------
    ArchiveError
        As `list_files`, or where there is none of that name.
    """
    for entry in list_files(path):
        if entry.name == name:
            return entry
    raise ArchiveError(f"{path.name}: holds no file {name[:120]!r}, expected one; {_AGAIN}")


@contextmanager
def open_file(path: Path, name: str) -> Iterator[BinaryIO]:
    """Open one file of an archive for reading; it can be read from any place on.

    Raises
    ------
    ArchiveError
        Where the archive cannot give its bytes, or where they do not have the checksum (CRC) that it states.
    """
    entry = find_file(path, name)
    opener = _open_in_zip if identify_archive(path) is ArchiveKind.ZIP else _open_in_tar
    with opener(path, entry) as file:
        try:
            yield file
        except _CANNOT_READ as error:
            raise _damaged(path.name, f"its entry {_show(name)} cannot be read ({_one_line(error)})") from error


def read_file(path: Path, name: str) -> bytes:
    """Read one file of an archive whole; see `check_file`. Ask `find_file` first how large it is."""
    expected = find_file(path, name).size_bytes
    with open_file(path, name) as file:
        content = file.read()
    _check_length(len(content), expected, path.name, name)
    return content


def check_file(path: Path, name: str) -> None:
    """Read one file of an archive through, and hold it to the size and, in a ZIP, to the checksum that are stated.

    Raises
    ------
    ArchiveError
        As `open_file`, and for fewer bytes than stated.
    """
    expected = find_file(path, name).size_bytes
    size = 0
    with open_file(path, name) as file:
        while piece := file.read(_PIECE_BYTES):
            size += len(piece)
    _check_length(size, expected, path.name, name)


def _check_length(size: int, expected: int, archive: str, name: str) -> None:
    if size != expected:
        raise _damaged(archive, f"its entry {_show(name)} has {size:,} bytes of the {expected:,} stated")


@contextmanager
def _open_in_zip(path: Path, entry: ArchiveEntry) -> Iterator[BinaryIO]:
    with _in_words(path):
        archive = zipfile.ZipFile(path)
    with archive:
        with _in_words(path):
            file = archive.open(entry.stored_name)
        with file:
            yield cast("BinaryIO", file)


@contextmanager
def _open_in_tar(path: Path, entry: ArchiveEntry) -> Iterator[BinaryIO]:
    with _in_words(path):
        archive = tarfile.TarFile(path, "r", encoding=_NAMES)
    with archive:
        with _in_words(path):
            file = archive.extractfile(entry.stored_name)
        if file is None:
            raise _damaged(path.name, f"its entry {_show(entry.name)} is no file")
        with file:
            yield cast("BinaryIO", file)


# ------------------------------------------------------------------------------------------------------------- listing
def _list_zip(path: Path) -> list[ArchiveEntry]:
    _check_end_of_zip(path)
    with _in_words(path), zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
    _check_count(len(infos), path.name)
    infos = [info for info in infos if not _is_root(info.orig_filename)]
    for info in infos:
        _check_zip_entry(info, path.name)
    return [
        ArchiveEntry(_plain(info.filename), info.filename, info.is_dir(), info.file_size, info.compress_size)
        for info in infos
    ]


def _check_end_of_zip(path: Path) -> None:
    """Judge how large the list of entries is, before it is read, and whether all of it is in this file."""
    size = path.stat().st_size
    reach = _END.size + 0xFFFF + _LOCATOR_64_BYTES + _END_64.size
    with path.open("rb") as file:
        file.seek(max(size - reach, 0))
        tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise _damaged(path.name, "it has no list of entries (central directory) at its end, so it is cut short")
    _, disk, list_disk, _, _, list_bytes, _, _ = _END.unpack_from(tail, at)
    if tail[max(at - _LOCATOR_64_BYTES, 0) : at].startswith(b"PK\x06\x07"):
        start = at - _LOCATOR_64_BYTES - _END_64.size
        if start < 0 or not tail.startswith(b"PK\x06\x06", start):
            raise _damaged(path.name, "its list of entries (central directory) cannot be found")
        _, _, _, _, disk, list_disk, _, _, list_bytes, _ = _END_64.unpack_from(tail, start)
    if disk or list_disk:
        raise ArchiveError(f"{path.name}: one part of an archive of several (multi-disk), {_EXPECTED}; join the parts")
    if list_bytes > _MAX_LIST_BYTES:
        raise ArchiveError(
            f"{path.name}: its list of entries has {list_bytes:,} bytes, beyond the entry limit of {MAX_ENTRIES:,} "
            f"entries; {_AGAIN}"
        )


def _check_zip_entry(info: zipfile.ZipInfo, archive: str) -> None:
    _check_spelling(info.orig_filename, archive)
    kind = stat.S_IFMT(info.external_attr >> 16)
    _check_kind(info.orig_filename, archive, link=kind == stat.S_IFLNK, plain=kind in {0, stat.S_IFREG, stat.S_IFDIR})
    shown = _show(info.filename)
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveError(
            f"{archive}: its entry {shown} is password protected, expected none that is; unpack it with the password "
            "first, and give the folder"
        )
    if info.volume:
        raise ArchiveError(f"{archive}: one part of an archive of several (multi-disk), {_EXPECTED}; join the parts")
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        method = _METHODS.get(info.compress_type, "unknown")
        raise ArchiveError(
            f"{archive}: its entry {shown} is compressed by method {info.compress_type} ({method}), expected stored or "
            "deflated; unpack it first, and give the folder"
        )
    if info.compress_type == zipfile.ZIP_STORED and info.file_size != info.compress_size:
        raise _damaged(archive, f"its entry {shown} states two sizes")


def _list_tar(path: Path) -> list[ArchiveEntry]:
    with _in_words(path):
        _check_headers_of_tar(path)
        with tarfile.TarFile(path, "r", encoding=_NAMES) as archive:
            members = list(archive)
    members = [member for member in members if not (_is_root(member.name) and member.isdir())]
    for member in members:
        _check_spelling(member.name, path.name)
    return [
        ArchiveEntry(_plain(member.name), member.name, member.isdir(), member.size, member.size, member.offset_data)
        for member in members
    ]


def _check_headers_of_tar(path: Path) -> None:
    """Walk from header to header as they are, before `tarfile` gives extended ones their meaning."""
    size = path.stat().st_size
    count = at = 0
    with path.open("rb") as file:
        while (block := file.read(_BLOCK_BYTES)).strip(b"\0"):
            header = tarfile.TarInfo.frombuf(block, _NAMES, "surrogateescape")
            data_bytes = -(-header.size // _BLOCK_BYTES) * _BLOCK_BYTES
            at += _BLOCK_BYTES + data_bytes
            if header.size < 0 or at > size:
                raise _damaged(path.name, f"its entry {_show(header.name)} ends outside of it, so it is cut short")
            if header.type in _EXTENSIONS:
                _check_extension(file.read(min(header.size, _MAX_EXTENSION_BYTES + 1)), path.name)
            else:
                _check_tar_entry(header, path.name)
            count += 1
            _check_count(count, path.name)
            file.seek(at)
    if not block:
        raise _damaged(path.name, "it has no end mark, so it is cut short")


def _check_tar_entry(header: tarfile.TarInfo, archive: str) -> None:
    link = header.islnk() or header.issym() or header.type == tarfile.GNUTYPE_LONGLINK
    file = header.type in {tarfile.REGTYPE, tarfile.AREGTYPE}
    _check_kind(header.name, archive, link=link, plain=file or header.isdir())
    if header.isdir() and header.size:
        raise _damaged(archive, f"its folder {_show(header.name)} has {header.size:,} bytes")


def _check_extension(content: bytes, archive: str) -> None:
    if len(content) > _MAX_EXTENSION_BYTES:
        raise ArchiveError(
            f"{archive}: a description of an entry has more than {_MAX_EXTENSION_BYTES:,} bytes, expected a name; "
            f"{_AGAIN}"
        )
    if moved := _MOVES_BYTES.search(content):
        raise ArchiveError(
            f"{archive}: an entry is described by {_show(moved[1].decode('latin-1'))}, expected plain entries of less "
            "than 8 GiB; unpack it first, and give the folder"
        )


# ------------------------------------------------------------------------------------------------------------- judging
def _check_count(count: int, archive: str) -> None:
    if count > MAX_ENTRIES:
        raise ArchiveError(
            f"{archive}: {count:,} entries or more, beyond the entry limit of {MAX_ENTRIES:,}; "
            "give an archive of one product"
        )


def _check_kind(name: str, archive: str, *, link: bool, plain: bool) -> None:
    if link:
        raise ArchiveError(
            f"{archive}: its entry {_show(name)} is a link, and links are not allowed in an archive; {_AGAIN}"
        )
    if not plain:
        raise ArchiveError(f"{archive}: its entry {_show(name)} is neither a file nor a folder; {_AGAIN}")


def _check_spelling(name: str, archive: str) -> None:
    """Refuse a name that means different places to different programs, or one outside of the archive."""
    parts = _plain(name).split("/")
    faults = {
        "has an absolute name": name.startswith("/") or _DRIVE.match(name) is not None,
        "has a backslash in its name": "\\" in name,
        "has a name that leads out of the archive (..)": ".." in parts,
        "has a name with empty parts": "" in parts or "." in parts,
        "has a name with control characters": _CONTROL.search(name) is not None,
        "has a name that is not UTF-8": _UNDECODED.search(name) is not None,
        f"has a name of more than {_MAX_NAME:,} characters": len(name) > _MAX_NAME,
    }
    for fault, found in faults.items():
        if found:
            raise ArchiveError(f"{archive}: its entry {_show(name)} {fault}, expected plain relative names; {_AGAIN}")


def _check_names(entries: Sequence[ArchiveEntry], archive: str) -> None:
    """Refuse two files of one name, or of names that are one where letter case and ways to write accents are lost."""
    folders = {_fold(part) for entry in entries for part in _list_folders(entry)}
    seen: dict[str, str] = {}
    for entry in entries:
        if entry.folder:
            continue
        key = _fold(entry.name)
        if key in seen:
            how = (
                "twice the same name" if seen[key] == entry.name else "a case clash, names that are one to many systems"
            )
            raise ArchiveError(f"{archive}: {_show(seen[key])} and {_show(entry.name)}: {how}; {_AGAIN}")
        seen[key] = entry.name
        if key in folders:
            raise ArchiveError(f"{archive}: {_show(entry.name)} is both a file and a folder, expected one; {_AGAIN}")


def _list_folders(entry: ArchiveEntry) -> list[str]:
    parts = entry.name.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + entry.folder)]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _check_sizes(entries: Sequence[ArchiveEntry], path: Path) -> None:
    for entry in entries:
        if entry.size_bytes > max(_LARGE_BYTES, MAX_RATIO * entry.packed_bytes):
            raise ArchiveError(
                f"{path.name}: its entry {_show(entry.name)} unpacks {entry.packed_bytes:,} bytes to "
                f"{entry.size_bytes:,}, expected at most {MAX_RATIO:,} times as much; {_AGAIN}"
            )
    unpacked = sum(entry.size_bytes for entry in entries)
    if unpacked > MAX_UNPACKED_BYTES:
        raise ArchiveError(
            f"{path.name}: unpacks to {unpacked / 2**30:.0f} GiB, expected at most "
            f"{MAX_UNPACKED_BYTES / 2**30:.0f} GiB; give an archive of one product"
        )
    if sum(entry.packed_bytes for entry in entries) > path.stat().st_size:
        raise ArchiveError(f"{path.name}: its entries overlap, expected each in a place of its own; {_AGAIN}")


def _is_root(name: str) -> bool:
    """Tell whether a name is that of the folder itself that was packed."""
    return name in {".", "./"}


def _plain(name: str) -> str:
    return name.removeprefix("./").removesuffix("/")


# --------------------------------------------------------------------------------------------------------------- words
@contextmanager
def _in_words(path: Path) -> Iterator[None]:
    """Say in one line what the libraries found wrong; they raise many kinds of error for the same damage."""
    try:
        yield
    except ColibriError:
        raise
    except _CANNOT_OPEN as error:
        raise _damaged(path.name, f"it cannot be read ({_one_line(error)})") from error


def _damaged(archive: str, what: str) -> ArchiveError:
    return ArchiveError(f"{archive}: {what}, expected a whole archive; {_AGAIN}")


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__


def _show(name: str) -> str:
    return repr(name if len(name) <= 100 else f"{name[:40]}...{name[-40:]}")
