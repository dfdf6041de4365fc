"""The proof that the folder of a run is what the run wrote."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from colibri_geo.errors import OutputError
from colibri_geo.evidence.manifest import LOG, MANIFEST, FileRecord, Manifest, list_entries, load_manifest, take_folder
from colibri_geo.hashing import hash_file


@dataclass(frozen=True)
class Verification:
    """How a folder compares with its manifest.

    Attributes
    ----------
    missing : tuple of str
        Files of the manifest that are not there.
    changed : tuple of str
        Files whose bytes differ, or that became a link; ``manifest.json`` itself when it was edited.
    unexpected : tuple of str
        What the run did not write. ``run.log`` holds the clock and is no part of the proof.
    checked : int
        Files that were held to a checksum, the manifest among them.
    """

    missing: tuple[str, ...]
    changed: tuple[str, ...]
    unexpected: tuple[str, ...]
    checked: int

    @property
    def ok(self) -> bool:
        """Whether the folder is what the run wrote."""
        return not (self.missing or self.changed or self.unexpected)


def verify(folder: str | Path) -> Verification:
    """Hold every file of a run's folder to the SHA-256 in its manifest.

    Only names found inside the folder are read; links are reported and not followed.

    Parameters
    ----------
    folder : str or Path
        Written by a run.

    Returns
    -------
    Verification

    Raises
    ------
    SettingsError
        Something that is no path.
    NotARun
        No manifest, a damaged one, or one of an unknown format version.
    OutputError
        A file cannot be read.
    """
    folder = take_folder(folder)
    manifest = load_manifest(folder)
    try:
        return _compare(folder, manifest)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read whole ({error}); give yourself the right to read it") from error


def _compare(folder: Path, manifest: Manifest) -> Verification:
    entries = {entry.name: entry for entry in list_entries(folder)}
    listed = {file.name: file for file in manifest.files}
    regular = {name: entry.path for name, entry in entries.items() if entry.regular}
    found = [name for name in sorted(listed) if name in regular]
    changed = [name for name in found if _differs(regular[name], listed[name])]
    replaced = [name for name in listed if name in entries and name not in regular]
    own = {name for name in (MANIFEST, LOG) if name in regular}
    return Verification(
        missing=tuple(sorted(listed.keys() - entries.keys())),
        changed=tuple(sorted([*changed, *replaced, *([] if manifest.intact else [MANIFEST])])),
        unexpected=tuple(sorted(entries.keys() - listed.keys() - own)),
        checked=len(found) + 1,
    )


def _differs(path: Path, file: FileRecord) -> bool:
    return path.stat().st_size != file.size_bytes or hash_file(path) != file.sha256
