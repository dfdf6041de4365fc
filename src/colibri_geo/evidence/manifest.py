"""``manifest.json``: what a run was made of and the checksum of every file that it wrote.

The manifest holds no clock and no path, so the same run gives the same bytes. It carries the digest of its own content,
which finds an edit made by accident or in passing; it is not a signature, and does not stop who computes it again.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import math
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colibri_geo.arguments import take_path
from colibri_geo.errors import NotARun, OutputError
from colibri_geo.evidence.decoding import decode
from colibri_geo.evidence.records import RunRecord
from colibri_geo.hashing import hash_file

MANIFEST = "manifest.json"
LOG = "run.log"
FORMAT = "colibri_geo run"
FORMAT_VERSION = 1
_ADVICE = "give the folder that a run wrote"
MAX_BYTES = 64 * 2**20
_NOT_HASHED = frozenset({MANIFEST, LOG})


@dataclass(frozen=True)
class FileRecord:
    """One file that a run wrote.

    Attributes
    ----------
    name : str
        Path inside the folder, with forward slashes.
    sha256 : str
    size_bytes : int
    """

    name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Manifest:
    """A manifest as it was read.

    Attributes
    ----------
    files : tuple of FileRecord
        Sorted by name; neither the manifest nor ``run.log`` is among them.
    run : RunRecord
    intact : bool
        Whether the manifest is, byte for byte, what was written.
    """

    files: tuple[FileRecord, ...]
    run: RunRecord
    intact: bool


@dataclass(frozen=True)
class Entry:
    """Something that lies in a folder.

    Attributes
    ----------
    name : str
        Path inside the folder, with forward slashes.
    path : Path
    regular : bool
        False for links, devices, pipes and empty folders: they are named, never followed or opened.
    """

    name: str
    path: Path
    regular: bool


def take_folder(folder: str | Path) -> Path:
    """Return the path of a run's folder as a user gave it.

    Raises
    ------
    SettingsError
        Something that is no path, or an empty one.
    """
    return take_path(folder, argument="folder", expected="the path of a run's folder; correct it")


def write_manifest(folder: Path, record: RunRecord) -> None:
    """Write the manifest of a run into its folder, when all other files are there.

    Parameters
    ----------
    folder : Path
        Holds all files of the run.
    record : RunRecord

    Raises
    ------
    OutputError
        The folder holds something that is not a file, or the record a number without an end.
    """
    ordered = dataclasses.replace(record, versions=dict(sorted(record.versions.items())))
    content = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "files": [dataclasses.asdict(file) for file in _record_files(folder)],
        "run": _to_plain(dataclasses.asdict(ordered)),
    }
    (folder / MANIFEST).write_bytes(_render(content))


def read_manifest(folder: Path, *, files: Collection[str] = ()) -> RunRecord:
    """Read what a run was made of.

    Parameters
    ----------
    folder : Path
        Written by a run.
    files : collection of str
        Names of files that are to be read next: those that the run wrote have to be there as they were written, and no
        others.

    Returns
    -------
    RunRecord
        Equal to the one that was written.

    Raises
    ------
    NotARun
        No manifest, a damaged or edited one, or one of an unknown format version; a file that was edited, added or
        removed.
    """
    manifest = load_manifest(folder)
    if not manifest.intact:
        raise _changed(folder, MANIFEST)
    written = {file.name: file.sha256 for file in manifest.files}
    for name in files:
        path = folder / name
        if path.is_file() != (name in written):
            raise _changed(folder, name, "removed" if name in written else "added")
        if name in written and hash_file(path) != written[name]:
            raise _changed(folder, name)
    return manifest.run


def _changed(folder: Path, name: str, how: str = "edited") -> NotARun:
    return NotARun(f"{folder}: {name} was {how} after the run, expected it as written; get a fresh copy of the run")


def load_manifest(folder: Path) -> Manifest:
    """Read a manifest, edited or not; `read_manifest` is for those who want to rely on it.

    Raises
    ------
    NotARun
        No manifest, a damaged one, or one of an unknown format version.
    """
    raw = _read_bytes(folder)
    content = _parse(raw, folder)
    if content.get("format_version") != FORMAT_VERSION:
        raise NotARun(
            f"{folder}: {MANIFEST} has format version {content.get('format_version')!r}, expected {FORMAT_VERSION}; "
            "read it with the colibri_geo that wrote it"
        )
    source = f"{folder}: {MANIFEST}"
    files: tuple[FileRecord, ...] = decode(tuple[FileRecord, ...], content.get("files"), place="files", source=source)
    run: RunRecord = decode(RunRecord, content.get("run"), place="run", source=source)
    unsigned = {key: value for key, value in content.items() if key != "digest"}
    return Manifest(files=files, run=run, intact=_render(unsigned) == raw)


def holds_run(folder: Path) -> bool:
    """Tell whether a folder holds a manifest of this project, whatever its version."""
    try:
        _parse(_read_bytes(folder), folder)
    except NotARun:
        return False
    return True


def list_entries(folder: Path) -> Iterator[Entry]:
    """List what lies in a folder and below, sorted by name; links are named and not followed."""
    yield from sorted(_walk(folder, prefix=""), key=lambda entry: entry.name)


def is_hashed(name: str) -> bool:
    """Tell whether a file of a run is covered by its manifest."""
    return name not in _NOT_HASHED


def _walk(folder: Path, *, prefix: str) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        name, path = prefix + entry.name, Path(entry.path)
        if not entry.is_dir(follow_symlinks=False):
            yield Entry(name, path, regular=entry.is_file(follow_symlinks=False))
        elif any(path.iterdir()):
            yield from _walk(path, prefix=f"{name}/")
        else:
            yield Entry(f"{name}/", path, regular=False)


def _record_files(folder: Path) -> list[FileRecord]:
    records = []
    for entry in list_entries(folder):
        if not entry.regular:
            raise OutputError(
                f"{entry.name}: is no regular file, a run holds only files; remove it and write the run again"
            )
        if is_hashed(entry.name):
            records.append(FileRecord(entry.name, hash_file(entry.path), entry.path.stat().st_size))
    return records


def _to_plain(value: Any) -> Any:  # noqa: ANN401 - any part of a record
    """Turn a part of a record into what JSON can hold; a missing number becomes null."""
    if isinstance(value, dict):
        return {key: _to_plain(value[key]) for key in value}
    if isinstance(value, tuple | list):
        return [_to_plain(part) for part in value]
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, float) and math.isinf(value):
        raise OutputError(
            f"{MANIFEST}: a value of the run is {value}, expected a finite number; report this as a fault"
        )
    return value


def _render(content: Mapping[str, Any]) -> bytes:
    """Write a manifest's content with its digest; a file name that is not Unicode is kept as an escape."""
    digest = hashlib.sha256(_encode(content)).hexdigest()
    return _encode({**content, "digest": digest})


def _encode(content: Mapping[str, Any]) -> bytes:
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    return text.encode("utf-8", errors="backslashreplace")


def _read_bytes(folder: Path) -> bytes:
    try:
        _check_folder(folder)
        with (folder / MANIFEST).open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except NotARun:
        raise
    except OSError as error:
        advice = "check the path" if error.errno == errno.ENAMETOOLONG else "give it back its rights"
        raise NotARun(f"{folder}: {MANIFEST} cannot be read ({error.strerror}); {advice}") from error
    if len(raw) > MAX_BYTES:
        raise NotARun(f"{folder}: {MANIFEST} is larger than {MAX_BYTES:,} bytes, which no run writes; {_ADVICE}")
    return raw


def _check_folder(folder: Path) -> None:
    path = folder / MANIFEST
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "no such folder"
        raise NotARun(f"{folder}: {what}, expected the folder of a run; {_ADVICE}")
    if path.is_symlink() or not path.is_file():
        raise NotARun(f"{folder}: holds no {MANIFEST}, expected the folder of a run; {_ADVICE}")


def _parse(raw: bytes, folder: Path) -> dict[str, Any]:
    try:
        content = json.loads(raw.decode("utf-8"), parse_float=_parse_float, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise NotARun(f"{folder}: {MANIFEST} is damaged, expected JSON; get a fresh copy of the run") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NotARun(
            f"{folder}: {MANIFEST} is of another program, expected one of colibri_geo; give the folder of a run"
        )
    return content


def _parse_float(text: str) -> float:
    """Read a number; one too large to be told from infinity is none that was written."""
    number = float(text)
    return number if math.isfinite(number) else _refuse_constant(text)


def _refuse_constant(name: str) -> float:
    raise ValueError(name)
