"""From JSON back to the records that were written: each value gets the type that its record declares."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from colibri_geo.errors import NotARun, SettingsError
from colibri_geo.settings import Settings

_LARGEST = 2**1023  # of whole numbers that stand for others: what is larger is no float
_WORDS = {
    type(None): "nothing",
    bool: "true or false",
    int: "a whole number",
    float: "a decimal number",
    str: "a text",
    list: "a list",
    tuple: "a list",
}
"""Of what JSON holds; all else are objects."""


def decode(kind: Any, value: Any, *, place: str, source: str) -> Any:  # noqa: ANN401 - any part of a record
    """Give a value of JSON the type that a record declares.

    Parameters
    ----------
    kind : type
        A record, or what a record's field may be.
    value : object
        As JSON was read.
    place : str
        Where in the file it stands, for errors.
    source : str
        The file, for errors.

    Returns
    -------
    object
        Of the kind; a missing number is NaN.

    Raises
    ------
    NotARun
        For a value that is of another kind.
    """
    if kind is Settings and isinstance(value, dict):
        return _decode_settings(value, place=place, source=source)
    if dataclasses.is_dataclass(kind) and isinstance(value, dict):
        return _decode_record(kind, value, place=place, source=source)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        inner = next(part for part in parts if part is not type(None))
        return None if value is None else decode(inner, value, place=place, source=source)
    if origin is tuple and isinstance(value, list):
        return tuple(decode(parts[0], part, place=place, source=source) for part in value)
    if origin is dict and isinstance(value, dict):
        return {key: decode(parts[1], part, place=f"{place}.{key}", source=source) for key, part in value.items()}
    return _decode_plain(kind, value, place=place, source=source)


def _decode_plain(kind: Any, value: Any, *, place: str, source: str) -> Any:  # noqa: ANN401 - a number or text
    if kind is float and value is None:
        return math.nan
    if kind is float and type(value) is int and abs(value) < _LARGEST:
        return float(value)
    if type(value) is kind:
        return value
    came, expected = (_WORDS.get(part, "an object") for part in (type(value), get_origin(kind) or kind))
    raise NotARun(f"{source} is damaged, {place} is {came}, expected {expected}; get a fresh copy of the run")


def _decode_record(kind: Any, value: Mapping[str, Any], *, place: str, source: str) -> Any:  # noqa: ANN401 - any record
    """Make a record; an older version did not write what has a default by now."""
    hints = get_type_hints(kind)
    needed = {field.name for field in dataclasses.fields(kind) if field.default is dataclasses.MISSING}
    if not needed <= set(value) <= set(hints):
        differing = ", ".join(sorted((set(value) - set(hints)) | (needed - set(value))))
        raise NotARun(f"{source} is damaged, {place} differs in {differing}; get a fresh copy of the run")
    return kind(
        **{name: decode(hints[name], part, place=f"{place}.{name}", source=source) for name, part in value.items()}
    )


def _decode_settings(value: dict[str, Any], *, place: str, source: str) -> Settings:
    try:
        return Settings.from_dict(value, source=place)
    except SettingsError as error:
        raise NotARun(f"{source} is damaged ({error}); get a fresh copy of the run") from error
