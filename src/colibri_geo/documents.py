"""XML and JSON of strangers, parsed strictly and within limits: the only place of the project where either is."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from colibri_geo.errors import ColibriError, CorruptInput, InputTooLarge, UnsafeXML

MAX_DEPTH = 200
"""Elements of XML, lists and objects of JSON, inside of each other."""

_ENCODINGS = frozenset({"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"})
_HALF_SIGN = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Limits:
    """How much of a document is read.

    Attributes
    ----------
    size_bytes : int
    parts : int
        Elements and attributes of XML; lists, objects and commas of JSON. In memory, a part takes 100 to 350 bytes.
    """

    size_bytes: int
    parts: int


@dataclass(frozen=True)
class Faults:
    """Which errors are raised; those of inputs by default.

    Attributes
    ----------
    damaged : type of ColibriError
        Not in the form that is expected, or too deep.
    undecodable : type of ColibriError
        Bytes that are not text.
    endless : type of ColibriError
        An infinite number.
    """

    damaged: type[ColibriError] = CorruptInput
    undecodable: type[ColibriError] = CorruptInput
    endless: type[ColibriError] = CorruptInput


INPUT = Faults()
"""Every fault is a `CorruptInput`."""
METADATA = Limits(64 * 2**20, 1_000_000)
"""Limits of metadata: those of a whole Sentinel-2 product have some 10,000 parts."""


def parse_xml(
    content: bytes,
    *,
    name: str,
    expected: str = "XML",
    faults: Faults = INPUT,
    limits: Limits = METADATA,
) -> Element:
    """Parse the bytes of an XML file into a tree of elements.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for messages.
    expected : str
        What it should have been, for messages.
    faults : Faults
    limits : Limits

    Returns
    -------
    Element
        The root; elements and attributes are named without their namespaces.

    Raises
    ------
    UnsafeXML
        For a document type declaration, and with it for every entity and every external file.
    InputTooLarge
        Beyond the limits.
    CorruptInput, or what `faults` names
        Not well-formed, deeper than `MAX_DEPTH`, in a rare encoding.

    References
    ----------
    W3C, Extensible Markup Language (XML) 1.0, fifth edition, section 2.8 (document type declaration).

    Examples
    --------
    >>> parse_xml(b"<a xmlns='urn:x'><b c='1'>text</b></a>", name="a.xml").findtext("b")
    'text'
    """
    _check_size(content, name, limits)
    builder = _Builder(name, expected, faults, limits)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.XmlDeclHandler = builder.declare
    parser.StartDoctypeDeclHandler = builder.refuse
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.tree.data
    try:
        parser.Parse(content, True)  # noqa: FBT003 - expat takes it by position only
    except expat.ExpatError as error:
        raise faults.damaged(
            f"{name}: not well-formed at line {error.lineno}, column {error.offset + 1} "
            f"({expat.ErrorString(error.code)}), expected {expected}; the file is damaged or cut short, fetch it again"
        ) from error
    return builder.tree.close()


@dataclass
class _Builder:
    """Takes what the parser meets, and stops it at what no file may hold."""

    name: str
    expected: str
    faults: Faults
    limits: Limits
    tree: TreeBuilder = field(default_factory=TreeBuilder)
    depth: int = 0
    parts: int = 0

    def declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.lower() not in _ENCODINGS:
            raise self.faults.undecodable(
                f"{self.name}: XML in the encoding {encoding[:40]!r}, expected {self.expected} in UTF-8; "
                "save it as UTF-8"
            )

    def refuse(self, *_: object) -> None:
        raise UnsafeXML(
            f"{self.name}: declares a document type, expected {self.expected} without one; remove the DOCTYPE line"
        )

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        self.parts += 1 + len(attributes)
        if self.depth > MAX_DEPTH:
            raise self.faults.damaged(
                f"{self.name}: nested deeper than {MAX_DEPTH} elements, expected {self.expected}; "
                "fetch or export it again"
            )
        if self.parts > self.limits.parts:
            raise _too_many(self.name, self.limits)
        self.tree.start(_local(tag), {_local(key): value for key, value in attributes.items()})

    def end(self, tag: str) -> None:
        self.depth -= 1
        self.tree.end(_local(tag))


def _local(tag: str) -> str:
    """Return a name without its namespace, which the parser puts before it with a space."""
    return tag.rpartition(" ")[2]


def parse_json(
    content: bytes,
    *,
    name: str,
    expected: str = "JSON",
    faults: Faults = INPUT,
    limits: Limits = METADATA,
    build: Callable[[dict[str, Any]], object] | None = None,
) -> object:
    """Parse the bytes of a JSON file.

    Parameters
    ----------
    content : bytes
    name : str
        Of the file, for messages.
    expected : str
        What it should have been, for messages.
    faults : Faults
    limits : Limits
    build : callable, optional
        Takes the members of each object, the innermost first, and returns what stands for it from then on: what is
        built early does not pile up as lists.

    Returns
    -------
    object
        Dicts, lists, text, numbers, booleans, None; and what `build` returned.

    Raises
    ------
    InputTooLarge
        Beyond the limits.
    CorruptInput, or what `faults` names
        Not UTF-8, not JSON, twice the same key in an object, numbers that are not finite, half a sign
        (a lone surrogate) in a text, deeper than `MAX_DEPTH`.

    References
    ----------
    RFC 8259, The JavaScript Object Notation (JSON) Data Interchange Format, https://doi.org/10.17487/RFC8259

    Examples
    --------
    >>> parse_json(b'{"bands": ["red", "nir"]}', name="a.json")
    {'bands': ['red', 'nir']}
    """
    _check_size(content, name, limits)
    if sum(content.count(sign) for sign in b"[{,") > limits.parts:
        raise _too_many(name, limits)
    text = _decode(content, name, expected, faults.undecodable)
    try:
        document = json.loads(text, object_pairs_hook=_Gatherer(build), parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise faults.damaged(
            f"{name}: not JSON at line {error.lineno}, column {error.colno} ({error.msg}), expected {expected}; "
            "the file is damaged or cut short, fetch it again"
        ) from error
    except RecursionError as error:
        raise faults.damaged(_too_deep(name, expected)) from error
    except _EndlessError as error:
        fault = faults.damaged if str(error) == "NaN" else faults.endless
        raise fault(f"{name}: {error} is not finite and not JSON, expected {expected}; correct it") from error
    except ColibriError:  # of `build`
        raise
    except ValueError as error:  # of the two hooks, and numbers of thousands of digits
        raise faults.damaged(
            f"{name}: {_tell(error)}, expected {expected} in strict form; fetch or export it again"
        ) from error
    _check_values(document, name, expected, faults)
    return document


def _tell(error: ValueError) -> str:
    """Tell what is wrong; what Python says of a number too long is advice to programmers."""
    return "a number of thousands of digits" if "set_int_max_str_digits" in str(error) else str(error)[:120]


class _Gatherer:
    """Takes the members of one object, each key once."""

    def __init__(self, build: Callable[[dict[str, Any]], object] | None) -> None:
        self._build = build

    def __call__(self, pairs: list[tuple[str, Any]]) -> object:
        members = dict(pairs)
        if len(members) < len(pairs):
            raise ValueError(f"duplicate key {_find_twice(pairs)[:40]!r}")
        return members if self._build is None else self._build(members)


def _find_twice(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    return next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]


class _EndlessError(ValueError):
    """Stands for NaN, Infinity or -Infinity, until the file's name is known."""


def _refuse_constant(constant: str) -> NoReturn:
    raise _EndlessError(constant)


def _check_values(document: object, name: str, expected: str, faults: Faults) -> None:
    """Go through a document level by level: depth, endless numbers, half signs."""
    level: list[object] = [document]
    for _ in range(MAX_DEPTH + 1):
        for value in level:
            if isinstance(value, float) and not math.isfinite(value):
                raise faults.endless(f"{name}: a number is not finite (beyond 1e308), expected {expected}; correct it")
            if isinstance(value, str) and not value.isascii() and _HALF_SIGN.search(value):
                raise faults.damaged(
                    f"{name}: a text holds half a sign ({value[:40]!r}), expected {expected}; correct it"
                )
        level = [part for value in level if isinstance(value, dict | list) for part in _list_parts(value)]
        if not level:
            return
    raise faults.damaged(_too_deep(name, expected))


def _list_parts(value: dict[str, object] | list[object]) -> list[object]:
    return [*value.keys(), *value.values()] if isinstance(value, dict) else value


def _decode(content: bytes, name: str, expected: str, undecodable: type[ColibriError]) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise undecodable(
            f"{name}: byte {error.start} (0x{content[error.start]:02x}) is not UTF-8, expected {expected} in UTF-8; "
            "save it as UTF-8"
        ) from error


def _too_deep(name: str, expected: str) -> str:
    return f"{name}: nested too deep (more than {MAX_DEPTH} levels), expected {expected}; fetch or export it again"


def _check_size(content: bytes, name: str, limits: Limits) -> None:
    if len(content) > limits.size_bytes:
        raise InputTooLarge(
            f"{name}: {len(content) / 2**20:.0f} MiB of text, expected at most {limits.size_bytes / 2**20:.0f} MiB; "
            "check that it is the right file"
        )


def _too_many(name: str, limits: Limits) -> InputTooLarge:
    return InputTooLarge(
        f"{name}: more than {limits.parts:,} elements or values, expected fewer; check that it is the right file"
    )
