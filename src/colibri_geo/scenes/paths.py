"""What was given in place of an image: a path that leads somewhere, and which item of a STAC file is meant.

Nothing of what reads images is imported here, so that a path that leads nowhere is refused at once.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass
from pathlib import Path

from colibri_geo.errors import NotAFile

_LITTER = frozenset({"__MACOSX", "Thumbs.db", "desktop.ini"})
_ADDRESS = re.compile(r"(https?|s3|gs|ftp):/+", re.IGNORECASE)


@dataclass(frozen=True)
class ItemChoice:
    """A JSON file, and which of its items is meant.

    Attributes
    ----------
    path : Path
    item : str or None
    """

    path: Path
    item: str | None


def locate(given: str | Path) -> ItemChoice:
    """Take what was given apart, and refuse a path that leads to no file or folder that can be opened.

    Raises
    ------
    NotAFile
    """
    check_path(given, expected="an image or a product")
    choice = parse_choice(given)
    check_file(choice.path, or_folder=True, expected="an image, a product (a folder or an archive) or a STAC item")
    return choice


def parse_choice(given: str | Path) -> ItemChoice:
    """Take ``FILE#ITEM`` apart; a ``#`` of a file that is there belongs to its name.

    Examples
    --------
    >>> parse_choice("items.json#S2A_T18NTJ").item
    'S2A_T18NTJ'
    """
    text = str(given)
    path, mark, item = text.rpartition("#")
    if not mark or not path or not item or is_there(Path(text), or_folder=True):
        return ItemChoice(Path(text), None)
    return ItemChoice(Path(path), item)


def check_file(path: Path, *, or_folder: bool = False, expected: str = "an image or mask file") -> Path:
    """Return the path of a file that can be opened.

    Parameters
    ----------
    path : Path
    or_folder : bool
        Whether a folder will do.
    expected : str
        What to say in the message.

    Raises
    ------
    NotAFile
    """
    advice = "check the path"
    try:
        if or_folder and path.is_dir():
            return path
        what = "is a folder" if path.is_dir() else "does not exist" if not path.exists() else "is not a regular file"
        if path.is_file():
            path.open("rb").close()
            return path
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
        advice = "check its rights" if isinstance(error, PermissionError) else advice
    raise NotAFile(f"{path}: {what}, expected {expected}; {advice}")


def is_there(path: Path, *, or_folder: bool = False) -> bool:
    """Tell whether there is a file of a name that nobody need have given one, as that of a side file.

    A name longer than any file can have is not there, where `Path.is_file` raises an error.

    Parameters
    ----------
    path : Path
    or_folder : bool
        Whether a folder will do.
    """
    try:
        return path.exists() if or_folder else path.is_file()
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        return False


def name_folder(folder: Path) -> str:
    """Name a folder for messages; the uppermost has no name but its path."""
    return folder.name or str(folder)


def list_folder(folder: Path, *, expected: str) -> list[Path]:
    """List the files and folders right inside of a folder by name, without what desktops leave behind.

    Parameters
    ----------
    folder : Path
    expected : str
        What to say in the message where it cannot be opened.

    Raises
    ------
    NotAFile
    """
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise NotAFile(
            f"{folder}: cannot be opened ({error.strerror}), expected {expected}; check its rights"
        ) from error
    return [entry for entry in entries if not entry.name.startswith(".") and entry.name not in _LITTER]


def check_path(path: str | Path, *, expected: str) -> None:
    """Refuse what is no path: nothing at all, and addresses, which a path has lost a slash of; and unreadable names.

    Parameters
    ----------
    path : str or Path
    expected : str
        What it should lead to, for the message.

    Raises
    ------
    NotAFile
    """
    text = str(path)
    if not text:
        raise NotAFile(f"the path is empty, expected that of {expected}; check what was given")
    if not is_utf8(text):
        raise NotAFile(f"{text}: its name is no text in UTF-8, expected one that is; rename it, or its folder")
    if _ADDRESS.match(text) and not is_there(Path(text), or_folder=True):
        address = _ADDRESS.sub(r"\1://", text)[:200]
        raise NotAFile(
            f"{address}: an address, expected a file: only files are read here; download it first (STAC items "
            "with colibri-geo fetch-scenes)"
        )


def is_utf8(text: str) -> bool:
    """Tell whether a name can be written as text: systems let names be any bytes."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
