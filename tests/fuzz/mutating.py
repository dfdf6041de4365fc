"""Damage done to bytes and to text, at places and by amounts that a seeded generator chooses."""

from __future__ import annotations

import copy
import json
import re
import sqlite3
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from typing import Any, TypeVar

import numpy as np

Rng = np.random.Generator
Mutator = Callable[[bytes, bytes, Rng], bytes]
"""Takes a content, another of the same format, and a generator; gives a damaged content."""

T = TypeVar("T")

_MOST_BYTES = 2**22
_HEAD_BYTES = 512
_HEAD_SHARE = 0.6
_BLOCK_BYTES = 512
_WIDTHS = (2, 4, 8)
_NUMBERS = (
    *("0", "-1", "1", "NaN", "nan", "Infinity", "-inf", "1e308", "-1e308", "1e999", "1e-320", "-0.0", "0.1e", "."),
    *("127", "255", "256", "32768", "65535", "65536", "2147483647", "2147483648", "-2147483649", "4294967295"),
    *(
        "9223372036854775807",
        "18446744073709551616",
        "9" * 400,
        "9" * 5000,
        "0" * 300,
        "1_000",
        "0x10",
        "1,5",
        "١٢",
        "½",
    ),
    *("", " ", "true", "null", "None", '""', "[]", "{}", "--1", "+1", "1e5", "10000000", "-32768", "0.0001"),
)
_STRANGE = (
    *("\u202e", "\u200b", "\ufeff", "\u0301" * 40, "\x1b[31m", "\x07", "\r", "\x85", "\u2028", "\U0001f99c", "\ud800"),
    *("ß", "İ", "ﬀ", "\x00", "\x00\x00", "\x7f", "%s%n", "{0}", "${x}", "../../", "/etc/passwd", "C:\\x", "file:///x"),
    *(
        "http://127.0.0.1:9/x",
        "/vsicurl/http://127.0.0.1:9/x",
        "&lt;",
        "&x;",
        "<!DOCTYPE x>",
        "<![CDATA[",
        "-->",
        "<?x?>",
    ),
    *("A" * 300, "A" * 70_000, "\\u0000", "\\ud800", "\\", "'", '"', "\n", "\n" * 50, "#", "=", ":"),
)
_NESTS = (
    ("{", "}"),
    ("[", "]"),
    ('{"a":', "}"),
    ("<a>", "</a>"),
    ("(", ")"),
    ("<a", ">"),
    ("GROUP = A\n", "END_GROUP = A\n"),
)
_DEPTHS = (3, 40, 200, 2000, 20_000)
_DROPPED = frozenset("\"'<>{}[]()/=,:;&")
_TOKEN = re.compile(r"[^\W\d]\w*|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\s+|.", re.DOTALL)
_NUMBER = re.compile(r"-?\d")


def damage_bytes(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Damage binary content in one to four ways."""
    return _repeat(_BINARY, content, other, rng)


def damage_text(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Damage text in one to four ways; now and then as if it were binary."""
    if rng.random() < 0.1:
        return damage_bytes(content, other, rng)
    return _repeat(_TEXTUAL, content, other, rng)


def damage_json(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Damage JSON, half of the time so that it stays JSON."""
    return _change_json(content, rng) if rng.random() < 0.5 else damage_text(content, other, rng)


def damage_xml(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Damage XML, half of the time so that it stays XML."""
    return _change_xml(content, rng) if rng.random() < 0.5 else damage_text(content, other, rng)


def damage_values(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Damage text of another form, half of the time in its words and numbers alone."""
    return _repeat(_MILD, content, other, rng) if rng.random() < 0.5 else damage_text(content, other, rng)


def damage_database(content: bytes, other: bytes, rng: Rng) -> bytes:
    """Damage an SQLite database, half of the time so that it stays one."""
    return _change_database(content, rng) if rng.random() < 0.5 else damage_bytes(content, other, rng)


def damage_name(name: str, rng: Rng) -> str:
    """Damage the name of a file; it stays a name that a file can have."""
    damaged = damage_text(name.encode(), b"", rng).decode("utf-8", errors="surrogateescape")
    cut = damaged.replace("/", "_").replace("\0", "").encode("utf-8", errors="surrogateescape")[:200]
    kept = cut.decode("utf-8", errors="ignore")
    return kept if kept not in {"", ".", ".."} else "x"


def _repeat(mutators: Sequence[Mutator], content: bytes, other: bytes, rng: Rng) -> bytes:
    for _ in range(int(rng.choice((1, 1, 1, 2, 2, 3, 4)))):
        content = _choose(mutators, rng)(content, other, rng)[:_MOST_BYTES]
    return content


def _choose(values: Sequence[T], rng: Rng) -> T:
    return values[int(rng.integers(len(values)))]


# ------------------------------------------------------------------------------------------------------------- binary
def _place(content: bytes, rng: Rng) -> int:
    """Choose a place; heads and ends, which say what the rest is, more often than the rest."""
    size = max(len(content), 1)
    if rng.random() >= _HEAD_SHARE:
        return int(rng.integers(size))
    near = int(rng.integers(min(size, _HEAD_BYTES)))
    return near if rng.random() < 0.7 else size - 1 - near


def _flip_bits(content: bytes, _: bytes, rng: Rng) -> bytes:
    damaged = bytearray(content or b"\0")
    for _count in range(int(rng.integers(1, 9))):
        damaged[_place(damaged, rng)] ^= 1 << int(rng.integers(8))
    return bytes(damaged)


def _set_bytes(content: bytes, _: bytes, rng: Rng) -> bytes:
    damaged = bytearray(content or b"\0")
    for _count in range(int(rng.integers(1, 9))):
        damaged[_place(damaged, rng)] = int(rng.choice((0, 1, 0x7F, 0x80, 0xFF, int(rng.integers(256)))))
    return bytes(damaged)


def _set_integer(content: bytes, _: bytes, rng: Rng) -> bytes:
    width = _choose(_WIDTHS, rng)
    step = 2 if rng.random() < 0.5 else width  # entries of a TIFF directory lie on every second byte
    at = _place(content, rng) // step * step
    top = 2 ** (8 * width)
    small = int(rng.integers(-4, 5))
    value = int(_choose((0, 1, top - 1, top // 2, top // 2 - 1, top // 4, 2**31 - 1, 65535, 4096), rng)) + small
    piece = (value % top).to_bytes(width, _choose(("little", "big"), rng))
    return content[:at] + piece + content[at + width :]


def _nudge_integer(content: bytes, _: bytes, rng: Rng) -> bytes:
    """Change an integer by a little: sizes and counts that are nearly right."""
    width = _choose(_WIDTHS[:2], rng)
    at = _place(content, rng) // 2 * 2
    order = _choose(("little", "big"), rng)
    piece = content[at : at + width]
    value = (int.from_bytes(piece, order) + int(rng.integers(-9, 10))) % 2 ** (8 * width)
    return content[:at] + value.to_bytes(width, order)[: len(piece)] + content[at + width :]


def _truncate(content: bytes, _: bytes, rng: Rng) -> bytes:
    return content[: _place(content, rng)]


def _duplicate_block(content: bytes, _: bytes, rng: Rng) -> bytes:
    start, stop = _block(content, rng)
    return content[:stop] + content[start:]


def _remove_block(content: bytes, _: bytes, rng: Rng) -> bytes:
    start, stop = _block(content, rng)
    return content[:start] + content[stop:]


def _zero_block(content: bytes, _: bytes, rng: Rng) -> bytes:
    start, stop = _block(content, rng)
    return content[:start] + bytes(stop - start) + content[stop:]


def _move_block(content: bytes, _: bytes, rng: Rng) -> bytes:
    start, stop = _block(content, rng)
    at = _place(content, rng)
    return content[:at] + content[start:stop] + content[at + stop - start :]


def _fill_block(content: bytes, _: bytes, rng: Rng) -> bytes:
    start, stop = _block(content, rng)
    return content[:start] + rng.bytes(stop - start) + content[stop:]


def _splice(content: bytes, other: bytes, rng: Rng) -> bytes:
    return content[: _place(content, rng)] + other[_place(other, rng) :]


def _append(content: bytes, other: bytes, rng: Rng) -> bytes:
    return content + _choose((other, content, bytes(4096), rng.bytes(64)), rng)


def _block(content: bytes, rng: Rng) -> tuple[int, int]:
    start = _place(content, rng)
    return start, min(start + int(rng.integers(1, _BLOCK_BYTES)), len(content))


_BINARY: tuple[Mutator, ...] = (
    *(_flip_bits, _flip_bits, _set_bytes, _set_bytes, _set_integer, _set_integer, _set_integer, _nudge_integer),
    *(_truncate, _duplicate_block, _remove_block, _zero_block, _move_block, _fill_block, _splice, _append),
)


# --------------------------------------------------------------------------------------------------------------- text
def _change_text(change: Callable[[list[str], Rng], None]) -> Mutator:
    """Make a mutator of bytes from a change of tokens in place."""

    def mutate(content: bytes, _: bytes, rng: Rng) -> bytes:
        tokens = _TOKEN.findall(content.decode("utf-8", errors="surrogateescape")) or [""]
        change(tokens, rng)
        return "".join(tokens).encode("utf-8", errors="surrogatepass")

    return mutate


def _find(tokens: list[str], rng: Rng, fits: Callable[[str], object]) -> int:
    """Choose a token that fits; any where none does."""
    found = [at for at, token in enumerate(tokens) if fits(token)]
    return int(_choose(found, rng)) if found else int(rng.integers(len(tokens)))


def _is_word(token: str) -> bool:
    return token[:1].isalnum()


def _swap_tokens(tokens: list[str], rng: Rng) -> None:
    one, two = _find(tokens, rng, _is_word), _find(tokens, rng, _is_word)
    tokens[one], tokens[two] = tokens[two], tokens[one]


def _copy_token(tokens: list[str], rng: Rng) -> None:
    tokens[_find(tokens, rng, _is_word)] = tokens[_find(tokens, rng, _is_word)]


def _delete_token(tokens: list[str], rng: Rng) -> None:
    tokens[int(rng.integers(len(tokens)))] = ""


def _change_number(tokens: list[str], rng: Rng) -> None:
    tokens[_find(tokens, rng, _NUMBER.match)] = _choose(_NUMBERS, rng)


def _nudge_number(tokens: list[str], rng: Rng) -> None:
    """Change one digit of a number: dates and codes that are nearly right."""
    at = _find(tokens, rng, _NUMBER.match)
    digits = list(tokens[at])
    if digits:
        digits[int(rng.integers(len(digits)))] = str(rng.integers(10))
    tokens[at] = "".join(digits)


def _replace_value(tokens: list[str], rng: Rng) -> None:
    tokens[_find(tokens, rng, _is_word)] = _choose((*_NUMBERS, *_STRANGE), rng)


def _drop_sign(tokens: list[str], rng: Rng) -> None:
    tokens[_find(tokens, rng, _DROPPED.__contains__)] = ""


def _swap_sign(tokens: list[str], rng: Rng) -> None:
    tokens[_find(tokens, rng, _DROPPED.__contains__)] = _choose(sorted(_DROPPED), rng)


def _insert_strange(tokens: list[str], rng: Rng) -> None:
    tokens.insert(int(rng.integers(len(tokens) + 1)), _choose(_STRANGE, rng))


def _nest(tokens: list[str], rng: Rng) -> None:
    opening, closing = _choose(_NESTS, rng)
    depth = _choose(_DEPTHS, rng)
    inside = tokens[at] if _is_word(tokens[at := _find(tokens, rng, _is_word)]) else ""
    tokens[at] = opening * depth + inside + closing * (depth if rng.random() < 0.8 else 0)


def _cut_part(tokens: list[str], rng: Rng) -> None:
    start, stop = _part(tokens, rng)
    del tokens[start:stop]


def _double_part(tokens: list[str], rng: Rng) -> None:
    start, stop = _part(tokens, rng)
    tokens[start:start] = tokens[start:stop] * int(rng.choice((1, 1, 1, 30)))


def _move_part(tokens: list[str], rng: Rng) -> None:
    start, stop = _part(tokens, rng)
    part = tokens[start:stop]
    del tokens[start:stop]
    at = int(rng.integers(len(tokens) + 1))
    tokens[at:at] = part


def _truncate_text(tokens: list[str], rng: Rng) -> None:
    del tokens[int(rng.integers(len(tokens))) :]


def _part(tokens: list[str], rng: Rng) -> tuple[int, int]:
    """Choose a part: a line, an element between two marks of one kind, or some tokens."""
    way = int(rng.integers(3))
    start = int(rng.integers(len(tokens)))
    if way == 0:
        return start, start + int(rng.integers(1, 12))
    marks = [at for at, token in enumerate(tokens) if ("\n" in token if way == 1 else token in {"<", "{", "[", ","})]
    if len(marks) < 2:
        return start, start + 1
    first = int(rng.integers(len(marks) - 1))
    return marks[first], marks[min(first + int(rng.choice((1, 1, 2, 3, 8))), len(marks) - 1)]


def _splice_lines(content: bytes, other: bytes, rng: Rng) -> bytes:
    mine, theirs = content.split(b"\n"), other.split(b"\n")
    return b"\n".join((*mine[: int(rng.integers(len(mine) + 1))], *theirs[int(rng.integers(len(theirs))) :]))


_CHANGES = (
    *(_swap_tokens, _copy_token, _delete_token, _change_number, _change_number, _nudge_number, _nudge_number),
    *(_replace_value, _replace_value, _drop_sign, _swap_sign, _insert_strange, _nest),
    *(_cut_part, _cut_part, _double_part, _move_part, _truncate_text),
)
_TEXTUAL: tuple[Mutator, ...] = (*(_change_text(change) for change in _CHANGES), _splice_lines)
_MILD: tuple[Mutator, ...] = tuple(
    _change_text(change)
    for change in (
        _swap_tokens,
        _copy_token,
        _change_number,
        _change_number,
        _nudge_number,
        _nudge_number,
        _replace_value,
    )
)


# ------------------------------------------------------------------------------------------------- damage inside a form
_VALUES: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        1,
        2,
        0.5,
        -0.0,
        1e300,
        -1e300,
        1e-300,
        2**31,
        2**63,
        2**64,
        -(2**63),
        10**400,
        255,
        65535,
    ),
    *(
        "",
        " ",
        "0",
        "-1",
        "NaN",
        "1e999",
        "x",
        "\u202e",
        "\x00",
        "\x1b[31m",
        "A" * 5000,
        "../../etc/passwd",
        "/dev/zero",
    ),
    *("http://127.0.0.1:9/x.tif", "file:///etc/passwd", "s3://x/y.tif", "item.json", ".", "..", "a\nb", "9999-99-99"),
    *("2025-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2025-03-21", "EPSG:0", "EPSG:999999"),
    *([], {}, [[]], [None], {"": None}, [0, 0, 0, 0], [1e308, -1e308], ["x"] * 40, {"type": "Point"}, [[[[]]]]),
)


def _change_json(content: bytes, rng: Rng) -> bytes:
    root = [json.loads(content)]
    for _ in range(int(rng.choice((1, 1, 2, 3)))):
        places = list(_list_places(root))
        holder, key = _choose(places, rng)
        source, source_key = _choose(places, rng)
        way = int(rng.integers(6))
        if way == 0 and holder is not root:
            del holder[key]
        elif way == 1:
            holder[key] = copy.deepcopy(source[source_key])
        elif way == 2 and isinstance(holder, list):
            holder.insert(int(rng.integers(len(holder) + 1)), copy.deepcopy(source[source_key]))
        elif way == 3 and isinstance(holder, dict):
            holder[_choose(("", key.upper(), f"{key}s", "type", "x" * 3000, "\x07"), rng)] = holder.pop(key)
        elif way == 4 and isinstance(holder[key], int | float) and abs(holder[key]) < 1e200:
            holder[key] = holder[key] * _choose((-1, 0, 2, 10, 1e-9, 1e9, 1e100), rng)
        else:
            holder[key] = copy.deepcopy(_choose(_VALUES, rng))
    return json.dumps(root[0], ensure_ascii=bool(rng.random() < 0.5), indent=1).encode("utf-8", errors="surrogatepass")


def _list_places(holder: Any) -> Any:  # noqa: ANN401 - any part of JSON
    """List every place that holds a value: its holder and its key."""
    for key, value in holder.items() if isinstance(holder, dict) else enumerate(holder):
        yield holder, key
        if isinstance(value, dict | list):
            yield from _list_places(value)


def _change_xml(content: bytes, rng: Rng) -> bytes:
    root = ET.fromstring(content)  # noqa: S314 - written by the tests themselves
    ET.register_namespace("", root.tag.partition("}")[0].removeprefix("{"))
    for _ in range(int(rng.choice((1, 1, 2, 3)))):
        elements = list(root.iter())
        parent = _choose([element for element in elements if len(element)] or [root], rng)
        element = _choose(elements, rng)
        texts = [one for one in elements if (one.text or "").strip()] or [root]
        way = int(rng.integers(8))
        if way == 0 and len(parent):
            parent.remove(parent[int(rng.integers(len(parent)))])
        elif way == 1 and len(elements) < 2000:
            parent.insert(int(rng.integers(len(parent) + 1)), copy.deepcopy(element))
        elif way == 2:
            element.tag = _choose((*(other.tag for other in elements), "x", f"{element.tag}_"), rng)
        elif way == 3:
            element.attrib = {name: _make_text(value, rng) for name, value in _choose(elements, rng).attrib.items()}
        elif way == 4:
            element.clear()
        elif way == 5:
            _choose(texts, rng).text = _choose(texts, rng).text
        else:
            chosen = _choose(texts, rng)
            chosen.text = _make_text(chosen.text or "", rng)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True)


def _make_text(text: str, rng: Rng) -> str:
    """Damage a text by its words and numbers, and leave out what XML cannot hold."""
    damaged = _choose(_MILD, rng)(text.encode(), b"", rng).decode("utf-8", errors="ignore")
    return "".join(letter for letter in damaged if letter in "\t\n" or " " <= letter < "\ud800" or letter > "\ufffd")


def _change_database(content: bytes, rng: Rng) -> bytes:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        database.deserialize(content)
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        tables = [
            name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY 1")
        ]
        for _ in range(int(rng.choice((1, 1, 2, 3)))):
            with suppress(sqlite3.Error):  # what this database does not let anybody do
                _change_row(database, _choose(tables, rng), rng)
        return database.serialize()


def _change_row(database: sqlite3.Connection, table: str, rng: Rng) -> None:
    columns = [row[1] for row in database.execute(f'PRAGMA table_info("{table}")')]
    if not columns:
        return  # dropped before
    column, way = _choose(columns, rng), int(rng.integers(10))
    if way == 0:
        database.execute(f'DELETE FROM "{table}"')  # noqa: S608 - the names are the database's own
    elif way == 1:
        database.execute(f'ALTER TABLE "{table}" RENAME COLUMN "{column}" TO "{_choose(_NAMES, rng)}"')
    elif way == 2:
        database.execute(f'DROP TABLE "{table}"')
    else:
        where = f" WHERE rowid = {int(rng.integers(1, 4))}" if rng.random() < 0.5 else ""
        value = _make_cell(database, table, column, rng)
        database.execute(f'UPDATE OR IGNORE "{table}" SET "{column}" = ?{where}', (value,))  # noqa: S608


_NAMES = ("x", "", "geom", "name", "NAME", "rowid", "a b", "select", "\U0001f99c")


def _make_cell(database: sqlite3.Connection, table: str, column: str, rng: Rng) -> object:
    row = database.execute(f'SELECT "{column}" FROM "{table}" LIMIT 1').fetchone()  # noqa: S608
    old = row[0] if row else None
    if isinstance(old, bytes) and rng.random() < 0.8:
        return damage_bytes(old, old, rng)
    if isinstance(old, str) and rng.random() < 0.5:
        return _choose(_MILD, rng)(old.encode(), b"", rng).decode("utf-8", errors="ignore")
    value = _choose(_VALUES, rng)
    fits = value is None or (isinstance(value, str | float)) or (isinstance(value, int) and abs(value) < 2**63)
    return value if fits else b"\x00\xff" * 9
