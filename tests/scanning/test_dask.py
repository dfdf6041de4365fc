"""A cluster: a real scheduler with two worker processes, and what becomes of a scan when one of them goes."""

from __future__ import annotations

import functools
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from colibri_geo.errors import CorruptInput, EngineError, MissingExtra, SchedulerLost, WorkerLost
from colibri_geo.hardening import SETTINGS
from colibri_geo.scanning import MemoryStore, TileDone, dask_executor, local_executor, run_tiles, workers
from tests.support import children, tile_work
from tests.support.cluster import SECONDS, Cluster, read_address, running_cluster, start, wait_for_both
from tests.support.tile_work import answer, make_tiles

pytest.importorskip("distributed", reason="Dask is not installed: pip install 'colibri_geo[scale]'")


@pytest.fixture
def cluster(project: Path, tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler with two workers of one thread each."""
    with running_cluster(project, tmp_path) as cluster:
        yield cluster


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
def test_a_worker_that_is_killed_costs_nothing(cluster: Cluster, tmp_path: Path) -> None:
    """With one of two workers killed half way, every tile is there, the same as without a cluster."""
    tiles, store, told = make_tiles(20), MemoryStore(), list[TileDone]()
    marks = tmp_path / "marks"
    marks.mkdir()

    def kill_one(done: TileDone) -> None:
        told.append(done)
        if done.tiles_done == 8:
            time.sleep(0.1)  # the middle of its next tile
            cluster.workers[0].kill()

    with dask_executor(cluster.address) as executor:
        wait_for_both(executor)
        work = functools.partial(tile_work.leave_mark, marks, 0.2)
        run_tiles(work, tiles, executor=executor, store=store, on_tile=kill_one)
    assert cluster.workers[0].wait(timeout=SECONDS) == -signal.SIGKILL
    assert len({path.name.split("_")[1] for path in marks.iterdir()}) == 2  # both took part
    assert len(list(marks.iterdir())) > 20  # and what the one was at, the other did again
    assert [done.tiles_done for done in told] == list(range(21))
    alone = MemoryStore()
    with local_executor(1) as executor:
        run_tiles(answer, tiles, executor=executor, store=alone)
    assert store.done == alone.done == {tile.number for tile in tiles}
    for number in store.done:
        found, expected = store.load(number), alone.load(number)
        assert found.keys() == expected.keys()
        assert all(np.array_equal(found[name], expected[name]) for name in expected)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
def test_work_on_a_cluster_is_hardened_and_told(cluster: Cluster) -> None:
    """On a cluster too a child does the work, hardened; its errors come as they are, and what kills it is one line."""
    tiles = make_tiles(6)
    with dask_executor(cluster.address) as executor:
        first = executor.submit(children.tell_process).result()
        assert first not in {os.getpid(), *(worker.pid for worker in cluster.workers)}
        for name, value in SETTINGS.items():
            assert executor.submit(children.tell_environment, name).result() == value
        with pytest.raises(CorruptInput, match=r"^scene\.tif: tile 3 is cut short$"):
            run_tiles(functools.partial(tile_work.fail_at, 3), tiles, executor=executor, store=MemoryStore())
        with pytest.raises(WorkerLost, match=r"tile 2: working on it ended the reading process \(status -9\)"):
            run_tiles(functools.partial(tile_work.die_at, 2), tiles, executor=executor, store=MemoryStore())
        with pytest.raises(EngineError, match=r"has colibri_geo [\w.]+, expected 0\.0 as here; install the same"):
            executor._inner.submit(workers._call_in_child, b"", (), {}, "0.0").result()
        store = MemoryStore()
        run_tiles(answer, tiles, executor=executor, store=store)
        assert len(store.done) == 6


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
def test_a_lost_scheduler_is_one_line(cluster: Cluster, capfd: pytest.CaptureFixture[str]) -> None:
    """When the scheduler is gone, that is said at once in a line with the way on, and nothing else is printed."""
    store, moments = MemoryStore(), list[float]()

    def kill_scheduler(done: TileDone) -> None:
        if done.tiles_done == 3:
            cluster.scheduler.kill()
            moments.append(time.monotonic())

    work = functools.partial(tile_work.answer_slowly, 0.2)
    with pytest.raises(SchedulerLost) as caught, dask_executor(cluster.address) as executor:
        run_tiles(work, make_tiles(40), executor=executor, store=store, on_tile=kill_scheduler)
    assert time.monotonic() - moments[0] < 5
    assert re.search(r"scheduler is gone.*go on with the same command and --resume$", str(caught.value))
    assert 3 <= len(store.done) < 40
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_a_cluster_without_workers_is_told(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler to which no worker comes is one line."""
    monkeypatch.setattr(workers, "WORKER_SECONDS", 0.5)
    file = tmp_path / "scheduler.json"
    scheduler = start(project, "scheduler", "--port", "0", "--scheduler-file", str(file))
    try:
        address = read_address(file)
        with pytest.raises(SchedulerLost, match=r"no worker after 0\.5 s, expected one"), dask_executor(address):
            pass
    finally:
        scheduler.kill()
        scheduler.wait()


@pytest.mark.slow
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense", "", "foo://10.0.0.5:1", "127.0.0.1:port"])
def test_no_scheduler_is_told(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    """An address at which no scheduler answers, or that is none, is one line that says what one looks like."""
    monkeypatch.setattr(workers, "CONNECT_SECONDS", 0.5)
    expected = r"no Dask scheduler answers there \(.+\), expected one, as tcp://10"
    with pytest.raises(SchedulerLost, match=expected) as caught, dask_executor(address):
        pass
    assert str(caught.value).startswith(repr(address))


@pytest.mark.slow
def test_another_service_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port at which something else listens, which says nothing, is no scheduler either."""
    monkeypatch.setattr(workers, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as service:
        address = f"tcp://127.0.0.1:{service.getsockname()[1]}"
        began = time.monotonic()
        with pytest.raises(SchedulerLost, match="no Dask scheduler answers there"), dask_executor(address):
            pass
        assert time.monotonic() - began < 5


def test_without_dask_it_is_told_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Dask is not installed, one line has the command that installs it."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    expected = r'^a scan on a cluster needs distributed, .*pip install "colibri_geo\[scale\]"$'
    with pytest.raises(MissingExtra, match=expected), dask_executor("tcp://127.0.0.1:1"):
        pass
