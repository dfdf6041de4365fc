"""The files of one product: a folder, or an archive that is listed first and refused whole."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from colibri_geo.documents import METADATA
from colibri_geo.errors import ArchiveError, InputTooLarge, NotAFile, ProductIncomplete, UnsafeSource
from colibri_geo.hashing import hash_file
from colibri_geo.scenes.archives import (
    MAX_ENTRIES,
    ArchiveKind,
    check_file,
    find_file,
    identify_archive,
    list_files,
    read_file,
)
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.paths import name_folder

_LITTER = frozenset({".ds_store", "thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class Bundle:
    """The files of one product, in a folder or an archive.

    Attributes
    ----------
    path : Path
        The folder, or the archive.
    names : tuple of str
        Of its files, relative to the folder or the root of the archive, with forward slashes, sorted. What desktops
        leave behind (``__MACOSX``, ``._NAME``, ``.DS_Store``, ``Thumbs.db``) is left out, and all that is hidden in a
        folder, whatever it is.
    """

    path: Path
    names: tuple[str, ...]

    def find(self, pattern: str) -> tuple[str, ...]:
        """Return the names that a regular expression matches somewhere, letter case ignored."""
        return tuple(name for name in self.names if re.search(pattern, name, re.IGNORECASE))

    def read(self, name: str) -> bytes:
        """Read a small file, such as metadata, whole.

        Raises
        ------
        ProductIncomplete
            Where `name` is none of its `names`.
        InputTooLarge
            For more than 64 MiB.
        ArchiveError, NotAFile
            Where the archive is damaged, or the file cannot be opened.
        """
        self._check_name(name)
        limit = METADATA.size_bytes
        if self._size(name) > limit:
            raise InputTooLarge(
                f"{_label(self.path, name)}: {self._size(name) / 2**20:.0f} MiB, expected metadata of at most "
                f"{limit / 2**20:.0f} MiB; fetch the product again"
            )
        if not self.path.is_dir():
            return read_file(self.path, name)
        try:
            with (self.path / name).open("rb") as file:
                return file.read(limit)
        except OSError as error:
            raise _cannot_open(self.path, name, error) from error

    def raster(self, name: str) -> RasterFile:
        """Return where the bytes of one of its rasters lie.

        Raises
        ------
        ProductIncomplete
            Where `name` is none of its `names`.
        """
        self._check_name(name)
        return RasterFile(self.path / name) if self.path.is_dir() else RasterFile(self.path, name)

    def digest(self, names: tuple[str, ...]) -> str:
        """Return the SHA-256 of the product: of an archive its bytes, of a folder the named files and their names.

        Of a folder, it is the SHA-256 of one line a file, sorted: name, a zero byte, and the file's SHA-256 in
        hexadecimal digits.

        Raises
        ------
        ProductIncomplete
            Where one of the names is none of its `names`.
        ArchiveError
            Where an entry that is named does not have the checksum that the archive states for it.
        """
        for name in names:
            self._check_name(name)
        if not self.path.is_dir():
            for name in names:
                check_file(self.path, name)
            return hash_file(self.path)
        total = hashlib.sha256()
        for name in sorted(set(names)):
            try:
                total.update(os.fsencode(name) + b"\0" + hash_file(self.path / name).encode() + b"\n")
            except OSError as error:
                raise _cannot_open(self.path, name, error) from error
        return total.hexdigest()

    def measure(self, names: tuple[str, ...]) -> int:
        """Return the bytes of the archive, or of the named files of a folder.

        Raises
        ------
        ProductIncomplete
            Where one of the names is none of its `names`.
        """
        for name in names:
            self._check_name(name)
        if not self.path.is_dir():
            return self.path.stat().st_size
        return sum(self._size(name) for name in set(names))

    def _check_name(self, name: str) -> None:
        """Hold a name, which metadata may have given, to the list: none leads out of the folder."""
        if name not in self.names:
            raise ProductIncomplete(
                f"{self.path.name}: holds no file {name[-120:]!r}, expected the whole product; fetch it again"
            )

    def _size(self, name: str) -> int:
        if not self.path.is_dir():
            return find_file(self.path, name).size_bytes
        try:
            return (self.path / name).stat().st_size
        except OSError as error:
            raise _cannot_open(self.path, name, error) from error


def open_bundle(path: Path, *, deep: bool = True) -> Bundle:
    """List the files of a folder or an archive (ZIP, TAR); nothing is unpacked.

    The kind of an archive is told from its first bytes, whatever its name.

    Parameters
    ----------
    path : Path
    deep : bool
        Whether folders below a folder belong to the product. Where they do not, it may hold more than the product, as a
        folder of downloads does: only its own plain files are listed, and links are left out.

    Returns
    -------
    Bundle

    Raises
    ------
    ArchiveError
        Where one entry is a link, absolute, outside of the archive, encrypted, named like another but for its case,
        where there are too many, or where they unpack to too much: then nothing of the archive is read. An archive of
        another kind, such as ``.tar.gz``.
    UnsafeSource
        A folder that holds a link, a device or a pipe, where folders below belong to the product.
    InputTooLarge
        A folder of more than `MAX_ENTRIES` files and folders.
    NotAFile, UnsupportedFormat
        Neither a folder nor an archive that can be read.
    """
    if path.is_dir():
        names = _list_folder(path) if deep else _list_files(path)
    else:
        _check_path(path)
        names = [entry.name for entry in list_files(path)]
    return Bundle(path, tuple(sorted(name for name in names if not _is_litter(name))))


def _list_folder(folder: Path) -> list[str]:
    names = []
    for count, entry in enumerate(_walk(folder), start=1):
        _check_count(count, folder)
        name = Path(entry.path).relative_to(folder).as_posix()
        if entry.is_symlink():
            raise UnsafeSource(
                f"{name_folder(folder)}: {name[-120:]!r} is a link, expected the product's own files; copy the "
                "product to a folder of its own"
            )
        if entry.is_file(follow_symlinks=False):
            names.append(name)
        elif not entry.is_dir(follow_symlinks=False):
            raise UnsafeSource(f"{name_folder(folder)}: {name[-120:]!r} is neither a file nor a folder; remove it")
    return names


def _list_files(folder: Path) -> list[str]:
    names = [entry.name for entry in _scan(folder) if entry.is_file(follow_symlinks=False)]
    _check_count(len(names), folder)
    return names


def _check_count(count: int, folder: Path) -> None:
    if count > MAX_ENTRIES:
        raise InputTooLarge(
            f"{name_folder(folder)}: more than {MAX_ENTRIES:,} files and folders, expected the folder of one product; "
            "give that folder"
        )


def _walk(folder: Path) -> Iterator[os.DirEntry[str]]:
    """List a folder and those below, links unfollowed; a folder comes before what it holds."""
    waiting = [str(folder)]
    while waiting:
        entries = _scan(waiting.pop())
        yield from entries
        waiting += [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]


def _scan(place: str | Path) -> list[os.DirEntry[str]]:
    """List a folder by name without what is hidden in it: no archive delivers such, and environments hold links."""
    try:
        with os.scandir(str(place)) as found:
            return sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        raise NotAFile(
            f"{place}: cannot be opened ({error.strerror}), expected the folder of a product; check its rights"
        ) from error


def _check_path(path: Path) -> None:
    """Refuse the one sign that GDAL takes for the end of an archive's path."""
    if identify_archive(path) is ArchiveKind.ZIP and re.search(r"[{}]", str(path.resolve())):
        raise ArchiveError(
            f"{path.name}: has a brace in its path, expected a path without braces; rename its file or folder"
        )


def _is_litter(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or parts[-1].startswith("._") or parts[-1].lower() in _LITTER


def _label(path: Path, name: str) -> str:
    return f"{path.name}: {PurePosixPath(name).name}"


def _cannot_open(path: Path, name: str, error: OSError) -> NotAFile:
    return NotAFile(f"{_label(path, name)}: cannot be opened ({error.strerror}), expected a file; check its rights")
