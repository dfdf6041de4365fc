"""XML and JSON of strangers."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.documents import MAX_DEPTH, METADATA, Faults, Limits, parse_json, parse_xml
from colibri_geo.errors import (
    ColibriError,
    CorruptInput,
    EncodingError,
    InputTooLarge,
    InvalidGeometry,
    UnsafeXML,
    VectorError,
)

FAULTS = Faults(damaged=VectorError, undecodable=EncodingError, endless=InvalidGeometry)
LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10 if n else b"&lol;") for n in range(30))
    + b"]><lolz>&l29;</lolz>"
)

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


def refuse_xml(content: bytes, error: type[ColibriError], words: str, **options: Any) -> None:  # noqa: ANN401 - passed on
    """Expect one line that begins with the file's name."""
    with pytest.raises(error, match=words) as caught:
        parse_xml(content, name="a.xml", **options)
    assert str(caught.value).startswith("a.xml: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


def refuse_json(content: bytes, error: type[ColibriError], words: str, **options: Any) -> None:  # noqa: ANN401 - passed on
    """Expect one line that begins with the file's name."""
    with pytest.raises(error, match=words) as caught:
        parse_json(content, name="a.json", **options)
    assert str(caught.value).startswith("a.json: ")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


# ---------------------------------------------------------------------------------------------------------------- XML
def test_namespaces_are_left_out_of_names() -> None:
    """Elements and attributes go by their own names, whatever prefix or default stands for their namespace."""
    content = b"""<?xml version="1.0" encoding="UTF-8"?>
    <n1:a xmlns:n1="https://psd/2A.xsd" xmlns="urn:x" xmlns:g="urn:g">
    <b g:id="7">one<![CDATA[<two>]]></b><!-- no --></n1:a>"""
    root = parse_xml(content, name="a.xml")
    assert root.tag == "a"
    assert root.findtext("b") == "one<two>"
    assert root[0].attrib == {"id": "7"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252", "us-ascii"])
def test_common_encodings_are_read(encoding: str) -> None:
    """Text is what its declaration says, of the encodings that metadata come in."""
    text = "nino" if encoding == "us-ascii" else "niño"
    content = f'<?xml version="1.0" encoding="{encoding}"?><a>{text}</a>'.encode(encoding)
    assert parse_xml(content, name="a.xml").text == text


@pytest.mark.parametrize(
    "content",
    [
        LAUGHS,
        LAUGHS.decode().encode("utf-16"),
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><a/>',
        b'<!DOCTYPE a [<!ATTLIST a b CDATA "default">]><a/>',
    ],
)
def test_document_types_are_refused_at_once(content: bytes) -> None:
    """Nothing is expanded and nothing fetched: the declaration itself is refused."""
    began = time.perf_counter()
    refuse_xml(content, UnsafeXML, "DOCTYPE")
    assert time.perf_counter() - began < 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no element found"),
        (b"<a>", "line 1, column 4"),
        (b"<a></b>", "mismatched tag"),
        (b"<a>&undeclared;</a>", "undefined entity"),
        (b"<a>\xff</a>", "invalid token"),
        (b"<a b='1' b='2'/>", "duplicate attribute"),
        (b"<a/><b/>", "junk"),
        (b"{}", "not well-formed"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "utf-7"),
        (b'<?xml version="1.0" encoding="no-such-thing"?><a/>', "no-such-thing"),
    ],
)
def test_what_is_not_well_formed_is_refused_with_its_place(content: bytes, words: str) -> None:
    """The fault and where it lies are told, in the error that the caller wants."""
    refuse_xml(content, CorruptInput, words)
    refuse_xml(content, VectorError, words, faults=Faults(VectorError, VectorError), expected="KML")


def test_xml_is_read_up_to_the_limits() -> None:
    """Depth, size and number of parts: the limit is allowed, one more is not."""
    nested = b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH
    parse_xml(nested, name="a.xml")
    refuse_xml(b"<a>" + nested + b"</a>", CorruptInput, "nested deeper than 200")
    refuse_xml(b"<a>" * 1_000_000, CorruptInput, "nested deeper than 200")
    limits = Limits(size_bytes=26, parts=4)
    parse_xml(b"<a><b c='1'/><b/></a>     ", name="a.xml", limits=limits)
    refuse_xml(b"<a><b c='1'/><b d='1'/></a>"[:27], InputTooLarge, "0 MiB", limits=limits)
    refuse_xml(b"<a><b c=''/><b d=''/></a>", InputTooLarge, "more than 4", limits=limits)


# --------------------------------------------------------------------------------------------------------------- JSON
@given(JSON_VALUES)
def test_json_comes_back_as_it_was_written(value: object) -> None:
    """What is strict JSON is read without a change, with or without a byte order mark."""
    content = json.dumps(value, ensure_ascii=False).encode()
    assert parse_json(content, name="a.json") == value
    assert parse_json(b"\xef\xbb\xbf" + json.dumps(value).encode(), name="a.json") == value


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", VectorError, "line 1, column 1"),
        (b'{"a": 1', VectorError, "cut short"),
        (b'{"a": 1}}', VectorError, "Extra data"),
        (b"{'a': 1}", VectorError, "line 1, column 2"),
        (b'["a\nb"]', VectorError, "control character"),
        (b'{"a": 1, "b": {"c": 1, "c": 2}}', VectorError, "duplicate key 'c'"),
        (b"[1, NaN]", VectorError, "NaN is not finite"),
        (b'{"a": -Infinity}', InvalidGeometry, "-Infinity is not finite"),
        (b'{"a": [1e999]}', InvalidGeometry, "not finite"),
        (b"[" + b"9" * 5000 + b"]", VectorError, "digits"),
        (b'{"a": "\\ud800"}', VectorError, "half a sign"),
        (b'{"\\udc00x": 1}', VectorError, "half a sign"),
        (b'{"a": "ni\xf1o"}', EncodingError, r"byte 9 \(0xf1\)"),
        ('{"a": 1}'.encode("utf-16"), EncodingError, "byte 0"),
    ],
)
def test_what_is_not_strict_json_is_refused(content: bytes, error: type[ColibriError], words: str) -> None:
    """The fault is told in the error that the caller wants; by default it is one of inputs."""
    refuse_json(content, error, words, faults=FAULTS, expected="GeoJSON")
    refuse_json(content, CorruptInput, words)


def test_whole_signs_outside_of_the_first_plane_are_read() -> None:
    """Two escapes that make one sign are no halves."""
    assert parse_json(b'["\\ud83d\\udee9"]', name="a.json") == ["\N{SMALL AIRPLANE}"]


def test_json_is_read_up_to_the_limits() -> None:
    """Depth, size and number of parts: the limit is allowed, one more is not."""
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        nested = opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH
        parse_json(nested, name="a.json")
        refuse_json(opening + nested + closing, CorruptInput, "nested too deep")
        refuse_json(opening * 100_000, CorruptInput, "nested too deep")
    limits = Limits(size_bytes=10, parts=4)
    assert parse_json(b"[[], 1, 2]", name="a.json", limits=limits) == [[], 1, 2]
    refuse_json(b"[[], 1, 2] ", InputTooLarge, "0 MiB", limits=limits)
    for content in (b"[1,2,3,4,", b"[[[[[]]]]]"):
        refuse_json(content, InputTooLarge, "more than 4", limits=limits)
    assert METADATA.size_bytes == 64 * 2**20


def test_objects_are_built_as_they_come() -> None:
    """The innermost objects are built first; an error of the builder's own stays what it is."""

    def build(members: dict[str, Any]) -> object:
        if "bad" in members:
            raise InvalidGeometry("bad")
        return members["corners"] * 2 if "corners" in members else members

    assert parse_json(b'{"a": {"corners": [1]}}', name="a.json", build=build) == {"a": [1, 1]}
    with pytest.raises(InvalidGeometry, match=r"^bad$"):
        parse_json(b'{"a": {"bad": 1}}', name="a.json", build=build)


def test_number_of_thousands_of_digits_is_told_as_that() -> None:
    """What Python advises its programmers is no advice to who has the file."""
    with pytest.raises(ColibriError, match=r"a\.json: a number of thousands of digits, expected"):
        parse_json(b'{"a": ' + b"9" * 5000 + b"}", name="a.json")
