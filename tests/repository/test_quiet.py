"""Tests that measure time have the machine to themselves."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.support.quiet import Room

MOST_SECONDS = 30.0


def make_rooms(folder: Path) -> tuple[Room, Room]:
    """Make the room of two tests."""
    door, floor = folder / "door", folder / "floor"
    for path in (door, floor):
        path.touch()
    return Room(door, floor), Room(door, floor)


def test_alone_waits_for_the_test_beside_it_and_keeps_the_next_out(tmp_path: Path) -> None:
    """One that asks to be alone begins when the other ends, and the next begins when it has ended."""
    pytest.importorskip("fcntl", reason="no locks that this could use")
    one, other = make_rooms(tmp_path)
    told: list[str] = []
    asked = threading.Event()

    def measure() -> None:
        with one.beside_others():
            asked.set()
            with one.alone():
                told.append("alone")
                told.append("alone no more")

    thread = threading.Thread(target=measure)
    with other.beside_others():
        thread.start()
        assert asked.wait(MOST_SECONDS)
        told.append("other ends")
    thread.join(MOST_SECONDS)
    with other.beside_others():
        told.append("next")
    assert told == ["other ends", "alone", "alone no more", "next"]


def test_two_that_want_to_be_alone_take_turns(tmp_path: Path) -> None:
    """Neither waits for the other without end, nor do they overlap."""
    rooms = make_rooms(tmp_path)
    inside = threading.Semaphore(1)
    both = threading.Barrier(2)
    turns: list[bool] = []

    def measure(room: Room) -> None:
        with room.beside_others():
            both.wait(MOST_SECONDS)
            with room.alone():
                turns.append(inside.acquire(blocking=False))
                inside.release()

    threads = [threading.Thread(target=measure, args=(room,)) for room in rooms]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(MOST_SECONDS)
    assert turns == [True, True]
