"""Work on tiles: the same whatever works on it, kept as it comes, and never lost."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import CorruptInput, EngineError, OutputError, SchedulerLost, WorkerLost
from colibri_geo.scanning import (
    Arrays,
    Fingerprint,
    MemoryStore,
    Store,
    Tile,
    TileDone,
    TileStore,
    WorkerExecutor,
    local_executor,
    run_tiles,
)
from tests.support import tile_work
from tests.support.children import is_alive
from tests.support.importing import list_import_paths
from tests.support.tile_work import answer, make_tiles

needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")


class HandExecutor(Executor):
    """Works on a task when a test says so."""

    def __init__(self) -> None:
        self.tasks: list[tuple[Future[Arrays], Callable[[Tile], Arrays], Tile]] = []
        self.most = 0

    def submit(self, fn: Callable[..., Arrays], /, *args: Tile) -> Future[Arrays]:  # type: ignore[override]
        """Put a task beside the others."""
        future: Future[Arrays] = Future()
        self.tasks.append((future, fn, *args))
        self.most = max(self.most, sum(not task[0].done() for task in self.tasks))
        return future


class CountedExecutor(HandExecutor, WorkerExecutor):
    """Says that it has three workers."""

    workers = 3  # type: ignore[assignment]


def assert_all_there(store: Store, tiles: tuple[Tile, ...]) -> None:
    """Check that every tile is kept as it should be."""
    assert store.done == {tile.number for tile in tiles}
    for tile in tiles:
        found = store.load(tile.number)
        assert all(np.array_equal(found[name], array) for name, array in answer(tile).items())


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    """Two threads."""
    with ThreadPoolExecutor(2) as executor:
        yield executor


# ------------------------------------------------------------------------------------------------------------ the work
def test_any_executor_serves(threads: ThreadPoolExecutor) -> None:
    """Threads of this process do the same as the work itself."""
    tiles, store = make_tiles(9), MemoryStore()
    run_tiles(answer, tiles, executor=threads, store=store)
    assert_all_there(store, tiles)


def test_order_of_the_end_does_not_matter() -> None:
    """Tiles that are finished last first are kept the same, and told in the order of their end."""
    tiles, store, told = make_tiles(4), MemoryStore(), []
    with ThreadPoolExecutor(4) as executor:
        work = functools.partial(tile_work.answer_last_first, 0.5)
        run_tiles(work, tiles, executor=executor, store=store, on_tile=told.append)
    assert [done.number for done in told] == [None, 3, 2, 1, 0]
    assert_all_there(store, tiles)


def test_few_tasks_are_in_flight() -> None:
    """No more than two tasks a worker are handed over, and each that ends makes room for one."""
    executor, tiles, store = CountedExecutor(), make_tiles(20), MemoryStore()

    def finish() -> None:
        done = 0
        while done < len(tiles):
            if len(executor.tasks) > done:
                future, work, tile = executor.tasks[done]
                time.sleep(0.01)
                future.set_result(work(tile))
                done += 1

    helper = threading.Thread(target=finish)
    helper.start()
    run_tiles(answer, tiles, executor=executor, store=store)
    helper.join()
    assert executor.most == 6
    assert_all_there(store, tiles)


def test_nothing_to_do_is_told(threads: ThreadPoolExecutor) -> None:
    """A scan whose tiles are all done tells so, once; one without tiles too."""
    tiles, told = make_tiles(3), []
    store = MemoryStore()
    run_tiles(answer, tiles, executor=threads, store=store)
    run_tiles(tile_work.fail_unforeseen, tiles, executor=threads, store=store, on_tile=told.append)
    run_tiles(tile_work.fail_unforeseen, (), executor=threads, store=store, on_tile=told.append)
    assert [(done.number, done.tiles_done, done.tiles) for done in told] == [(None, 3, 3), (None, 0, 0)]


def test_it_is_kept_before_it_is_told(threads: ThreadPoolExecutor) -> None:
    """Whoever is told of a tile finds it in the store."""
    store, missing = MemoryStore(), []

    def look(done: TileDone) -> None:
        if done.number is not None and done.number not in store.done:
            missing.append(done.number)

    run_tiles(answer, make_tiles(6), executor=threads, store=store, on_tile=look)
    assert missing == []


def test_what_is_told_adds_up(threads: ThreadPoolExecutor) -> None:
    """Tiles, pixels and strips are counted, those of an earlier scan too, which count for no speed."""
    tiles, store, told = make_tiles(6), MemoryStore(), []
    for tile in tiles[:2]:
        store.save(tile.number, answer(tile))
    run_tiles(
        answer, tiles, executor=threads, store=store, count=lambda arrays: len(arrays["rows"]), on_tile=told.append
    )
    assert [done.tiles_done for done in told] == [2, 3, 4, 5, 6]
    assert [done.px_done for done in told] == [64 * count for count in (2, 3, 4, 5, 6)]
    assert {(done.px, done.px_before, done.tiles) for done in told} == {(6 * 64, 2 * 64, 6)}
    assert (told[0].strips, told[-1].strips) == (0 + 1, 0 + 1 + 2 + 3 + 0 + 1)
    assert told[0].seconds_left is None
    assert told[-1].seconds_left == 0
    assert told[-1].px_per_second == pytest.approx(4 * 64 / told[-1].seconds)
    assert [done.seconds for done in told] == sorted(done.seconds for done in told)


# ------------------------------------------------------------------------------------------------------------- failures
def test_a_failure_comes_as_it_is_and_ends_the_rest() -> None:
    """The error of a task is raised unchanged; what was finished is kept, what waits is given up."""
    executor, store = CountedExecutor(), MemoryStore()

    def finish() -> None:
        while len(executor.tasks) < 6:
            time.sleep(0.01)
        for number in (2, 0):
            future, work, tile = executor.tasks[number]
            future.set_result(work(tile))
        executor.tasks[1][0].set_exception(CorruptInput("scene.tif: cut short"))

    helper = threading.Thread(target=finish)
    helper.start()
    with pytest.raises(CorruptInput, match=r"^scene\.tif: cut short$"):
        run_tiles(answer, make_tiles(20), executor=executor, store=store)
    helper.join()
    assert store.done >= {0, 2}
    assert 1 not in store.done
    assert len(executor.tasks) <= 8
    assert all(task[0].cancelled() for task in executor.tasks[3:])


def test_unforeseen_failures_come_too(threads: ThreadPoolExecutor) -> None:
    """So does an error that nobody foresaw."""
    with pytest.raises(LookupError, match="no tile"):
        run_tiles(tile_work.fail_unforeseen, make_tiles(3), executor=threads, store=MemoryStore())


def test_want_of_memory_is_told(threads: ThreadPoolExecutor) -> None:
    """A tile that asks for too much memory is one line that says what to do."""
    with pytest.raises(EngineError, match=r"tile \d: asks for more memory than the 4 GiB a worker may have"):
        run_tiles(tile_work.run_out_of_memory, make_tiles(3), executor=threads, store=MemoryStore())


def test_a_full_disk_ends_it(threads: ThreadPoolExecutor) -> None:
    """When a tile cannot be kept the error of the store is raised."""

    class Full(MemoryStore):
        def save(self, number: int, arrays: Arrays) -> None:
            if len(self.done) == 2:
                raise OutputError(f"tile {number} cannot be written")
            super().save(number, arrays)

    store = Full()
    with pytest.raises(OutputError, match="cannot be written"):
        run_tiles(answer, make_tiles(9), executor=threads, store=store)
    assert len(store.done) == 2


def test_tasks_that_are_given_up_elsewhere_are_a_lost_scheduler() -> None:
    """A task that nobody here gave up means that the scheduler is gone."""
    executor = HandExecutor()

    def finish() -> None:
        while not executor.tasks:
            time.sleep(0.01)
        executor.tasks[0][0].cancel()
        executor.tasks[0][0].set_running_or_notify_cancel()

    helper = threading.Thread(target=finish)
    helper.start()
    with pytest.raises(SchedulerLost, match=r"tile 0 was given up by the cluster: its scheduler is gone; .* --resume$"):
        run_tiles(answer, make_tiles(3), executor=executor, store=MemoryStore())
    helper.join()


@pytest.mark.slow
@needs_signals
def test_a_worker_of_another_pool_that_ends_is_told() -> None:
    """Processes of the standard library serve too, and what became of one is one line."""
    store = MemoryStore()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        work = functools.partial(tile_work.die_at, 3)
        with pytest.raises(WorkerLost, match=r"tile 3: a worker process ended, expected an answer; .* --resume$"):
            run_tiles(work, make_tiles(6), executor=executor, store=store)
    assert store.done <= {0, 1, 2}


# ------------------------------------------------------------------------------------------------------ kill and resume
SCAN = """
import functools, signal, sys
from pathlib import Path
from colibri_geo.scanning import Fingerprint, TileStore, local_executor, run_tiles
from tests.support import tile_work

signal.signal(signal.SIGINT, signal.default_int_handler)  # programs begun in the background ignore it
folder, marks, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
tiles = tile_work.make_tiles(30)
scan = Fingerprint("inputs", "settings", "versions")
resume = folder.exists() and any(folder.glob("*.npz"))
with TileStore.begin(folder, tiles=tiles, fingerprint=scan, resume=resume) as store, local_executor(2) as executor:
    work = functools.partial(tile_work.leave_mark, marks, seconds)
    run_tiles(work, tiles, executor=executor, store=store, on_tile=lambda done: print(done.tiles_done, flush=True))
print("whole", flush=True)
"""


def start_scan(project: Path, folder: Path, marks: Path, seconds: float) -> subprocess.Popen[str]:
    """Start a program that works on thirty tiles."""
    return subprocess.Popen(
        [sys.executable, "-c", SCAN, str(folder), str(marks), str(seconds)],
        env=os.environ | {"PYTHONPATH": list_import_paths(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def hash_tiles(folder: Path) -> dict[str, str]:
    """Return the checksums of all tiles."""
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("tile_*"))}


@pytest.mark.slow
@needs_signals
def test_ten_kills_leave_the_same_bytes(project: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    """A scan that is killed ten times at random moments, and gone on with, keeps what an unbroken one keeps."""
    whole, broken, marks = tmp_path / "whole", tmp_path / "broken", tmp_path / "marks"
    marks.mkdir()
    output, errors = start_scan(project, whole, marks, 0).communicate(timeout=60)
    assert output.endswith("whole\n"), errors
    done = 0
    for _ in range(10):
        process = start_scan(project, broken, marks, 0.1)
        assert process.stdout is not None
        assert int(process.stdout.readline()) == done
        for _ in range(rng.integers(2)):
            process.stdout.readline()
        time.sleep(rng.uniform(0, 0.1))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        kept = len(list(broken.glob("tile_??????.npz")))
        assert kept >= done
        done = kept
    assert 0 < done < 30
    output, errors = start_scan(project, broken, marks, 0).communicate(timeout=60)
    assert output.endswith("whole\n"), errors
    assert int(output.split()[0]) == done
    assert len(hash_tiles(whole)) == 30
    assert hash_tiles(broken) == hash_tiles(whole)


def _workers(marks: Path) -> set[int]:
    return {int(path.name.split("_")[1]) for path in marks.iterdir()}


@pytest.mark.slow
@needs_signals
@pytest.mark.parametrize(("number", "within_seconds"), [(signal.SIGKILL, 2.0), (signal.SIGINT, 1.0)])
def test_nobody_is_left_behind(project: Path, tmp_path: Path, number: signal.Signals, within_seconds: float) -> None:
    """When a scan is killed or interrupted, its workers end at once, in the middle of their tiles."""
    marks = tmp_path / "marks"
    marks.mkdir()
    process = start_scan(project, tmp_path / "scan", marks, 60)
    until = time.monotonic() + 20
    while len(_workers(marks)) < 2 and time.monotonic() < until:
        time.sleep(0.02)
    workers = _workers(marks)
    assert len(workers) == 2
    assert all(map(is_alive, workers))
    began = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    while any(map(is_alive, workers)) and time.monotonic() < began + 10:
        time.sleep(0.02)
    assert time.monotonic() - began < within_seconds
    assert not any(map(is_alive, workers))
    assert ("KeyboardInterrupt" in errors) == (number == signal.SIGINT)


def test_a_worker_that_ends_costs_no_tile(tmp_path: Path) -> None:
    """A worker that is killed is one line; what was done is kept, and the rest is done afterwards."""
    tiles, scan = make_tiles(8), Fingerprint("inputs", "settings", "versions")
    with (
        TileStore.begin(tmp_path / "scan", tiles=tiles, fingerprint=scan, resume=False) as store,
        local_executor(1) as executor,
        pytest.raises(WorkerLost, match=r"tile 5: working on it ended the reading process \(status -9\)") as caught,
    ):
        run_tiles(functools.partial(tile_work.die_at, 5), tiles, executor=executor, store=store)
    assert re.search(r"expected an answer; .* go on with the same command and --resume$", str(caught.value))
    with TileStore.begin(tmp_path / "scan", tiles=tiles, fingerprint=scan, resume=True) as store:
        assert store.done >= {0, 1, 2, 3, 4}
        with local_executor(2) as executor:
            run_tiles(answer, tiles, executor=executor, store=store)
        assert_all_there(store, tiles)
