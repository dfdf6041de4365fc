"""Metadata in the Object Description Language."""

from __future__ import annotations

import pytest

from colibri_geo.errors import CorruptInput
from colibri_geo.scenes.odl import parse_odl

WHOLE = """GROUP = ALL
  GROUP = FIRST
    NAME = "a name = with a sign"
    COUNT = 02
    DAY = 2025-03-21
  END_GROUP = FIRST
  GROUP = SECOND
    NAME = "another"
    EMPTY = ""
  END_GROUP = SECOND
END_GROUP = ALL
END
"""


def test_each_group_has_its_own_keys() -> None:
    """A key that occurs in two groups has two values, and quotes are no part of a value."""
    groups = parse_odl(WHOLE.encode(), name="f")
    assert {group: dict(keys) for group, keys in groups.items()} == {
        "FIRST": {"NAME": "a name = with a sign", "COUNT": "02", "DAY": "2025-03-21"},
        "SECOND": {"NAME": "another", "EMPTY": ""},
    }


@pytest.mark.parametrize("content", [WHOLE.replace("\n", "\r\n"), WHOLE + "\n\x00\x00", WHOLE + "anything"])
def test_what_follows_the_end_does_not_count(content: str) -> None:
    """Line ends of any kind, and what stands behind END, change nothing."""
    assert parse_odl(content.encode(), name="f") == parse_odl(WHOLE.encode(), name="f")


def test_a_text_that_is_cut_anywhere_is_refused() -> None:
    """No beginning of a text is taken for the whole."""
    lines = WHOLE.splitlines(keepends=True)
    for count in range(len(lines)):
        with pytest.raises(CorruptInput, match="without END"):
            parse_odl("".join(lines[:count]).encode(), name="f")


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("COUNT = 02", "NAME = 3", 4),  # a key twice
        ("COUNT = 02", "COUNT 02", 4),
        ("COUNT = 02", 'COUNT = "02', 4),
        ("GROUP = SECOND", "GROUP = FIRST", 7),  # a group twice
        ("  END_GROUP = FIRST\n", "", 6),  # nested deeper
        ("END_GROUP = FIRST", "END_GROUP = SECOND", 6),
        ("END_GROUP = ALL", "KEY = 1\nEND_GROUP = ALL", 11),  # a key outside of the groups
        ("END_GROUP = ALL\n", "END_GROUP = ALL\nGROUP = MORE\n", 12),
        ("GROUP = ALL", "END_GROUP = ALL\nGROUP = ALL", 1),
        ("GROUP = ALL", "END\nGROUP = ALL", 1),
    ],
)
def test_what_is_out_of_order_is_named_with_its_line(old: str, new: str, line: int) -> None:
    """Whatever is no such text is refused, not skipped."""
    with pytest.raises(CorruptInput, match=rf"f: line {line} is "):
        parse_odl(WHOLE.replace(old, new, 1).encode(), name="f")


def test_bytes_that_are_no_text_are_refused() -> None:
    """Metadata are ASCII."""
    with pytest.raises(CorruptInput, match="no ASCII text"):
        parse_odl(WHOLE.replace("another", "año").encode(), name="f")
