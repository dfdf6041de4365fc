"""What a message of any error is, whatever the input that it quotes holds."""

from __future__ import annotations

import pickle

import pytest

from colibri_geo import errors
from colibri_geo.errors import MOST_LETTERS, ColibriError

FAMILY = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ColibriError)]


@pytest.mark.parametrize("kind", FAMILY)
def test_message_is_one_short_printable_line(kind: type[ColibriError]) -> None:
    """Controls, line ends and half signs become spaces; of an endless message both ends are kept."""
    assert str(kind("plain: ñ")) == "plain: ñ"
    assert str(kind("a\x1b[31m\r\n\u2028\ud800\u202eb")) == "a [31m     b"
    long = str(kind(f"scene.tif: {'A' * 10_000}, expected less; cut it"))
    assert len(long) == MOST_LETTERS
    assert long.startswith("scene.tif: A")
    assert long.endswith("A, expected less; cut it")


@pytest.mark.parametrize("kind", FAMILY)
def test_error_comes_back_from_another_process(kind: type[ColibriError]) -> None:
    """An error that was sent from one process to another is the same."""
    sent = pickle.loads(pickle.dumps(kind("scene.tif: cut short")))  # noqa: S301 - made here
    assert type(sent) is kind
    assert str(sent) == "scene.tif: cut short"
