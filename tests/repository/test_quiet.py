"""Tests that measure time have the machine to themselves."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.quiet import Room

pytest.importorskip("fcntl", reason="the system has no locks that tests could use")

MOST_SECONDS = 30.0
NOT_YET_SECONDS = 0.3


def make_rooms(folder: Path, count: int) -> list[Room]:
    """Make the room as several tests know it."""
    door, floor = folder / "door", folder / "floor"
    for path in (door, floor):
        path.touch()
    return [Room(door, floor) for _ in range(count)]


def test_alone_waits_for_the_test_beside_it_and_keeps_the_next_out(tmp_path: Path) -> None:
    """One that asks to be alone begins when the other ends, and the next begins when it has ended."""
    one, other, next_one = make_rooms(tmp_path, 3)
    beside, alone, enough, entered = (threading.Event() for _ in range(4))

    def measure() -> None:
        with one.beside_others():
            beside.set()
            with one.alone():
                alone.set()
                enough.wait(MOST_SECONDS)

    def follow() -> None:
        with next_one.beside_others():
            entered.set()

    threads = [threading.Thread(target=work, daemon=True) for work in (measure, follow)]
    with other.beside_others():
        threads[0].start()
        assert beside.wait(MOST_SECONDS)
        assert not alone.wait(NOT_YET_SECONDS)
    assert alone.wait(MOST_SECONDS)
    threads[1].start()
    assert not entered.wait(NOT_YET_SECONDS)
    enough.set()
    assert entered.wait(MOST_SECONDS)
    for thread in threads:
        thread.join(MOST_SECONDS)
        assert not thread.is_alive()


def test_two_that_want_to_be_alone_take_turns(tmp_path: Path) -> None:
    """Neither waits for the other without end, nor do they overlap."""
    rooms = make_rooms(tmp_path, 2)
    both, busy, overlaps = threading.Barrier(2), threading.Event(), threading.Event()

    def measure(room: Room) -> None:
        with room.beside_others():
            both.wait(MOST_SECONDS)
            with room.alone():
                if busy.is_set():
                    overlaps.set()
                busy.set()
                overlaps.wait(NOT_YET_SECONDS)
                busy.clear()

    threads = [threading.Thread(target=measure, args=(room,), daemon=True) for room in rooms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST_SECONDS)
        assert not thread.is_alive()
    assert not overlaps.is_set()
