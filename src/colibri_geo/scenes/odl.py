"""Metadata in the Object Description Language, as Landsat's ``MTL.txt`` has them: groups of ``KEY = VALUE`` lines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from colibri_geo.errors import CorruptInput

_LINE = re.compile(r"\s*(?P<key>\w+)\s*=\s*(?P<value>\"[^\"]*\"|[^\s\"]+)\s*")


def parse_odl(content: bytes, *, name: str) -> Mapping[str, Mapping[str, str]]:
    r"""Read the groups of an ODL text, all in one group that holds them.

    Parameters
    ----------
    content : bytes
        ASCII; ends with a line ``END``, so that a text that was cut short is noticed; what follows it is not read.
    name : str
        Of the file, for error messages.

    Returns
    -------
    mapping of str to mapping of str to str
        For each group its keys and values, without quotes.

    Raises
    ------
    CorruptInput
        For any line that is not ``GROUP = NAME``, ``END_GROUP = NAME``, ``KEY = VALUE`` or ``END``, for groups that are
        nested deeper or not closed in order, and for groups or keys that occur twice.

    References
    ----------
    USGS, Landsat 8-9 Collection 2 Level 2 Data Format Control Book, LSDS-1328, the metadata file (MTL).

    Examples
    --------
    >>> text = b'GROUP = ALL\n  GROUP = ONE\n    KEY = "a b"\n  END_GROUP = ONE\nEND_GROUP = ALL\nEND\n'
    >>> parse_odl(text, name="example")["ONE"]["KEY"]
    'a b'
    """
    groups: dict[str, dict[str, str]] = {}
    opened: list[str] = []
    for number, line in enumerate(_decode(content, name=name).splitlines(), start=1):
        if line.strip() == "END" and not opened and groups:
            return MappingProxyType({group: MappingProxyType(keys) for group, keys in groups.items()})
        if line.strip() and not _take(line, opened, groups):
            raise CorruptInput(
                f"{name}: line {number} is {line.strip()[:60]!r}, expected GROUP = NAME, KEY = VALUE or END in order, "
                "each once; fetch the file again"
            )
    raise CorruptInput(f"{name}: the text ends without END, expected whole metadata; fetch the file again")


def _decode(content: bytes, *, name: str) -> str:
    try:
        return content.rstrip(b"\x00").decode("ascii")
    except UnicodeDecodeError as error:
        raise CorruptInput(
            f"{name}: holds bytes that are no ASCII text, expected metadata; fetch the file again"
        ) from error


def _take(line: str, opened: list[str], groups: dict[str, dict[str, str]]) -> bool:
    """Add what a line says; False where it says nothing that can stand there."""
    matched = _LINE.fullmatch(line)
    if matched is None:
        return False
    key, value = matched["key"], matched["value"].strip('"')
    if key == "GROUP":
        return _open(value, opened, groups)
    if key == "END_GROUP":
        return bool(opened) and opened.pop() == value
    if len(opened) != 2 or key in groups[opened[-1]]:
        return False
    groups[opened[-1]][key] = value
    return True


def _open(group: str, opened: list[str], groups: dict[str, dict[str, str]]) -> bool:
    opened.append(group)
    if len(opened) == 1:
        return not groups
    if len(opened) != 2 or group in groups:
        return False
    groups[group] = {}
    return True
