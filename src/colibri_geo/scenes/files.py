"""One raster file, wherever it lies: in a folder, or inside of an archive that was checked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from colibri_geo.scenes.archives import ArchiveKind, find_file, identify_archive, open_file

IMAGE_ENDINGS = frozenset({".tif", ".tiff", ".jp2"})
"""Of names of images, in lower case."""


@dataclass(frozen=True)
class RasterFile:
    """Where the bytes of one raster lie.

    Attributes
    ----------
    path : Path
        The file itself, or the archive that holds it.
    member : str
        Name inside the archive, with forward slashes; empty for a file of its own.
    """

    path: Path
    member: str = ""

    @property
    def name(self) -> str:
        """File name without its folder."""
        return PurePosixPath(self.member).name if self.member else self.path.name

    @property
    def gdal_path(self) -> str:
        """The name by which GDAL opens it.

        Of a TAR archive it tells where the bytes lie: there, GDAL would not find files by long or accented names.
        """
        if not self.member:
            return str(self.path)
        path = self.path.resolve()
        if identify_archive(path) is ArchiveKind.ZIP:
            return f"/vsizip/{{{path}}}/{self.member}"
        entry = find_file(path, self.member)
        return f"/vsisubfile/{entry.offset}_{entry.size_bytes},{path}"

    @property
    def size_bytes(self) -> int:
        """Bytes of the file, unpacked."""
        return find_file(self.path, self.member).size_bytes if self.member else self.path.stat().st_size

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the bytes for reading; they can be read from any place on.

        Raises
        ------
        ArchiveError
            Where the archive cannot give them.
        """
        if self.member:
            with open_file(self.path, self.member) as entry:
                yield entry
        else:
            with self.path.open("rb") as file:
                yield file
