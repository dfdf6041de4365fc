"""What a scan has done so far: one file a tile, in a folder that a later scan can go on from.

A file is there whole or not at all, whenever the process or the machine ends. The folder may come from somebody else:
only files of its own names are looked at, what is read is bounded, and nothing in it can run.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from colibri_geo.documents import Limits, parse_json
from colibri_geo.errors import (
    DISK_FULL,
    InputError,
    IntegrityError,
    OutputError,
    OutputExists,
    SettingsError,
)
from colibri_geo.scanning.locking import FolderLock
from colibri_geo.scanning.packing import Arrays, is_sound, pack, unpack
from colibri_geo.scanning.tiles import Tile
from colibri_geo.writing import output_errors

FOLDER_MODE = 0o700

_STATE, _LOCK, _PARTIAL = "scan.json", "lock", ".partial"
_TILE_NAME = re.compile(r"tile_(\d{6,9})\.npz", re.ASCII)
_OWN_NAME = re.compile(r"(?:scan\.json|tile_\d{6,9}\.npz)(?:\.partial)?|lock", re.ASCII)
_STATE_LIMITS = Limits(size_bytes=4096, parts=32)
_SPARE_BYTES = 16 * 2**20
_BYTES_A_PIXEL = 64
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})  # what a desktop leaves where somebody looked


class Store(Protocol):
    """Where the results of tiles are kept."""

    @property
    def done(self) -> frozenset[int]:
        """Numbers of the tiles that are kept."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What was noticed about tiles of an earlier scan."""
        ...

    def load(self, number: int) -> Arrays:
        """Return the arrays of a tile that is kept."""
        ...

    def save(self, number: int, arrays: Arrays) -> None:
        """Keep the arrays of a tile."""
        ...


@dataclass(frozen=True)
class MemoryStore:
    """Keeps results in memory, for as long as the process lives."""

    notes: tuple[str, ...] = ()
    _kept: dict[int, Arrays] = field(default_factory=dict)

    @property
    def done(self) -> frozenset[int]:
        """Numbers of the tiles that are kept."""
        return frozenset(self._kept)

    def load(self, number: int) -> Arrays:
        """Return the arrays of a tile that is kept."""
        return self._kept[number]

    def save(self, number: int, arrays: Arrays) -> None:
        """Keep the arrays of a tile."""
        self._kept[number] = arrays


@dataclass(frozen=True)
class Fingerprint:
    """What decides on the tiles, and must be the same for a scan to go on from what an earlier one did.

    Attributes
    ----------
    inputs, settings, versions : str
        Texts that differ where these differ; their SHA-256 is kept.
    """

    inputs: str
    settings: str
    versions: str


@dataclass(eq=False)
class TileStore:
    """Keeps results on disk, one file a tile; see `TileStore.begin`.

    Attributes
    ----------
    folder : Path
    notes : tuple of str
        Which tiles of an earlier scan were damaged, and are done again.
    """

    folder: Path
    notes: tuple[str, ...]
    _sizes_px: Mapping[int, int]
    _done: set[int]
    _lock: FolderLock

    @classmethod
    def begin(cls, folder: Path, *, tiles: Sequence[Tile], fingerprint: Fingerprint, resume: bool) -> TileStore:
        """Open the folder of a scan, and keep all other scans out of it until `close` or `remove`.

        Parameters
        ----------
        folder : Path
            Made when it is missing; holds nothing else.
        tiles : sequence of Tile
            All tiles of the scan.
        fingerprint : Fingerprint
        resume : bool
            Whether to go on from what an earlier scan did. A scan that did not finish one tile is begun anew without.

        Raises
        ------
        SettingsError
            Where there is nothing to go on from, or what was begun was another scan.
        OutputExists
            Where an earlier scan would be lost.
        OutputError
            Where another scan is at work, the folder holds something else, or cannot be written.
        """
        if resume and not folder.is_dir():
            raise _nothing_there(folder)
        with output_errors(folder):
            folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            _check_content(folder)
            lock = FolderLock.take(folder / _LOCK)
        try:
            with output_errors(folder):
                state = _describe(tiles, fingerprint)
                _settle(folder, state, resume=resume)
                sizes_px = {tile.number: tile.size_px for tile in tiles}
                store = cls(folder, (), sizes_px, set(), lock)
                store._take_stock()
        except BaseException:
            lock.release()
            raise
        return store

    @staticmethod
    def check(folder: Path, *, resume: bool) -> None:
        """Refuse at once what `begin` would refuse of any scan, before the images are surveyed.

        Parameters
        ----------
        folder : Path
        resume : bool

        Raises
        ------
        SettingsError, OutputExists, OutputError
            As from `begin`.
        """
        with output_errors(folder):
            if not folder.exists():
                if resume:
                    raise _nothing_there(folder)
                return
            _check_content(folder)
            lock = FolderLock.take(folder / _LOCK)
            try:
                _check_begun(folder, _read_state(folder), resume=resume)
            finally:
                lock.release()

    @property
    def done(self) -> frozenset[int]:
        """Numbers of the tiles that are kept."""
        return frozenset(self._done)

    def load(self, number: int) -> Arrays:
        """Return the arrays of a tile that is kept.

        Raises
        ------
        IntegrityError
            Where the file is not what was stored.
        """
        path = self.folder / _name(number)
        try:
            content = _read_bounded(path, 2 * self._most_bytes(number))
        except OSError as error:
            raise IntegrityError(
                f"{path}: cannot be read ({error.strerror or error}), expected what the scan wrote; go on with --resume"
            ) from error
        return unpack(content, name=str(path), most_bytes=self._most_bytes(number))

    def save(self, number: int, arrays: Arrays) -> None:
        """Keep the arrays of a tile: when this returns, they are on disk.

        Raises
        ------
        OutputError
            Where an array holds more than plain values, or the disk does not take it; what was kept before stays.
        """
        content = pack(arrays, name=_name(number), most_bytes=self._most_bytes(number))
        try:
            _write_whole(self.folder / _name(number), content)
        except OSError as error:
            remedy = "make room" if error.errno in DISK_FULL else "mend that"
            raise OutputError(
                f"{self.folder}: tile {number} cannot be written ({error.strerror or error}); the {len(self._done)} "
                f"tiles done before it are kept: {remedy}, and go on with the same command and --resume"
            ) from error
        self._done.add(number)

    def close(self) -> None:
        """Let other scans into the folder; what is kept stays."""
        self._lock.release()

    def remove(self) -> None:
        """Remove what was kept, and the folder."""
        with output_errors(self.folder):
            _empty(self.folder)
            self._lock.release()
            _remove_folder(self.folder)
        self._done.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _most_bytes(self, number: int) -> int:
        return _SPARE_BYTES + _BYTES_A_PIXEL * self._sizes_px[number]

    def _take_stock(self) -> None:
        """Find the tiles that are kept; remove those that are damaged."""
        notes = []
        for path in sorted(self.folder.iterdir()):
            if path.name.endswith(_PARTIAL):
                path.unlink()
                continue
            if (match := _TILE_NAME.fullmatch(path.name)) is None:
                continue
            number = int(match[1])
            if number not in self._sizes_px or path.name != _name(number):
                raise _something_else(self.folder, path.name)
            if _is_sound(path, 2 * self._most_bytes(number)):
                self._done.add(number)
            else:
                notes.append(f"tile {number} of the earlier scan is damaged on disk: it is done again")
                path.unlink()
        self.notes = tuple(notes)


def discard(folder: Path) -> None:
    """Remove the folder of a scan that is not needed any more; nothing happens where there is none.

    Raises
    ------
    OutputError
        Where another scan is at work in it, or it holds something else.
    """
    if not folder.exists():
        return
    with output_errors(folder):
        _check_content(folder)
        lock = FolderLock.take(folder / _LOCK)
        try:
            _empty(folder)
        finally:
            lock.release()
        _remove_folder(folder)


# ------------------------------------------------------------------------------------------------------- the folder
@dataclass(frozen=True)
class _State:
    """What `scan.json` holds: checksums of what must not change, and the number of tiles."""

    format: int
    inputs: str
    settings: str
    versions: str
    tiles: str
    count: int


def _describe(tiles: Sequence[Tile], fingerprint: Fingerprint) -> _State:
    return _State(
        format=1,
        inputs=_hash(fingerprint.inputs),
        settings=_hash(fingerprint.settings),
        versions=_hash(fingerprint.versions),
        tiles=_hash(repr([(tile.number, tile.cells) for tile in tiles])),
        count=len(tiles),
    )


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


def _settle(folder: Path, state: _State, *, resume: bool) -> None:
    """Leave a folder whose state is that of this scan."""
    found = _read_state(folder)
    _check_begun(folder, found, resume=resume)
    if resume and found is not None:
        _check_same(folder, found, asdict(state))
        return
    _empty(folder)
    _write_whole(folder / _STATE, json.dumps(asdict(state), indent=2).encode())


def _check_begun(folder: Path, found: Mapping[str, object] | None, *, resume: bool) -> None:
    """Refuse to go on from nothing, and to lose what was done."""
    if resume:
        if found is None:
            raise _nothing_there(folder)
        return
    count = sum(1 for path in folder.iterdir() if _TILE_NAME.fullmatch(path.name))
    if found is not None and count:
        total = found.get("count")
        of_all = f" of {total}" if isinstance(total, int) else ""
        what, how = ("a scan that is done", "take it") if count == total else ("an unfinished scan", "go on")
        raise OutputExists(
            f"{folder}: holds {what} ({count}{of_all} tiles are done), expected none; {how} with --resume "
            "(resume=True), or remove the folder to begin anew"
        )


def _read_state(folder: Path) -> dict[str, Any] | None:
    path = folder / _STATE
    if not path.exists():
        return None
    try:
        found = parse_json(
            _read_bounded(path, _STATE_LIMITS.size_bytes), name=str(path), expected="a scan", limits=_STATE_LIMITS
        )
    except InputError:
        return {}
    return found if isinstance(found, dict) else {}


def _check_same(folder: Path, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    if found.keys() != expected.keys() or found["format"] != expected["format"]:
        raise SettingsError(
            f"{folder}: its {_STATE} is damaged or of another version, expected that of the scan to go on with; remove "
            "the folder to begin anew"
        )
    changed = [name for name in ("inputs", "settings", "versions", "tiles") if found[name] != expected[name]]
    if changed:
        raise SettingsError(
            f"{folder}: was begun with other {', '.join(changed)} than now, expected the same as then to go on; give "
            "the former command, or remove the folder to begin anew"
        )


def _nothing_there(folder: Path) -> SettingsError:
    return SettingsError(
        f"{folder}: holds no unfinished scan, expected one to go on from; leave out --resume (resume=True) to begin"
    )


def _something_else(folder: Path, name: str) -> OutputError:
    return OutputError(
        f"{folder}: holds {name}, expected nothing but what a scan keeps; give another folder, or move it away"
    )


def _check_content(folder: Path) -> None:
    if folder.is_symlink():
        raise OutputError(f"{folder}: is a link, expected a folder or a free name; give the folder that it leads to")
    with os.scandir(folder) as entries:
        for entry in entries:
            own = _OWN_NAME.fullmatch(entry.name) or entry.name in _LITTER
            if not (own and entry.is_file(follow_symlinks=False)):
                raise _something_else(folder, entry.name)


def _empty(folder: Path) -> None:
    """Remove what a scan keeps, first of all what says that there is a scan; the lock stays."""
    (folder / _STATE).unlink(missing_ok=True)
    for path in sorted(folder.iterdir()):
        if (_OWN_NAME.fullmatch(path.name) and path.name != _LOCK) or path.name in _LITTER:
            path.unlink()


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):  # where something else was put into it meanwhile, that stays
        (folder / _LOCK).unlink(missing_ok=True)
        folder.rmdir()


# --------------------------------------------------------------------------------------------------------- the files
def _name(number: int) -> str:
    return f"tile_{number:06d}.npz"


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    partial = path.with_name(path.name + _PARTIAL)
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Let the new name of a file outlive the machine too, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENOTSUP}:  # some file systems know no such thing
            raise
    finally:
        os.close(descriptor)


def _read_bounded(path: Path, most: int) -> bytes:
    """Return the bytes of a file, no more than one beyond `most`."""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size  # room for `most` is not asked for where so much is not there
        return file.read(min(most, size) + 1)


def _is_sound(path: Path, most: int) -> bool:
    content = _read_bounded(path, most)
    return len(content) <= most and is_sound(content)
