"""Worker processes of this machine: hardened, without a word of the program that starts them, gone with it."""

from __future__ import annotations

import ctypes
import functools
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import colibri_geo
from colibri_geo import isolation
from colibri_geo.errors import CorruptInput, SettingsError
from colibri_geo.hardening import SETTINGS, SILENCE
from colibri_geo.isolation import Lost, call
from colibri_geo.scanning import LocalExecutor, OwnExecutor, WorkerExecutor, local_executor
from colibri_geo.scanning.workers import _find_trim, count_processors
from tests.support import children, tile_work

needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="the system has no limits for a process")


@pytest.fixture
def executor() -> Iterator[WorkerExecutor]:
    """One worker with tight limits."""
    with local_executor(1, seconds=20, max_bytes=2**30) as executor:
        yield executor


def test_work_is_done_elsewhere(executor: WorkerExecutor) -> None:
    """Another process works, the same one for one task after the other; `map` serves too."""
    first, second = (executor.submit(children.tell_process).result() for _ in range(2))
    assert first == second != os.getpid()
    assert list(executor.map(abs, [-1, 2])) == [1, 2]


def test_workers_are_of_the_library_that_is_tested(executor: WorkerExecutor) -> None:
    """Where another checkout is installed, workers do not run it."""
    assert executor.submit(children.tell_library).result() == colibri_geo.__file__


def test_this_process_can_work_too() -> None:
    """A task of the process itself is done at once; what it raises comes with the result, as it is."""
    executor = OwnExecutor()
    assert executor.workers == 1
    assert executor.submit(children.tell_process).result() == os.getpid()
    failed = executor.submit(children.refuse, "a.tif: cut short")
    with pytest.raises(CorruptInput, match=r"^a\.tif: cut short$"):
        failed.result()


def test_a_worker_imports_what_it_is_told_to() -> None:
    """The one that waits is warmed further, and no other is started for it."""
    with local_executor(1, warm="math") as executor:
        assert isinstance(executor, LocalExecutor)
        executor.warm("colorsys")
        assert executor.submit(children.has_imported, "colorsys").result()
        executor.warm("no_such_module")
        with pytest.raises(Lost):
            executor.submit(children.tell_process).result()


def test_workers_are_as_many_as_asked_for() -> None:
    """Each of two workers takes one of two tasks that last; by default there is one a processor."""
    with local_executor(2) as executor:
        assert executor.workers == 2
        work = functools.partial(tile_work.answer_slowly, 0.3)
        tile = tile_work.make_tiles(1)[0]
        executor.submit(work, tile).result()
        began = time.perf_counter()
        for future in [executor.submit(work, tile) for _ in range(2)]:
            future.result()
        assert time.perf_counter() - began < 5
    with local_executor() as executor:
        assert executor.workers == count_processors()


def test_no_worker_is_refused() -> None:
    """Less than one worker is one line."""
    with pytest.raises(SettingsError, match="0 workers, expected 1 or more; correct --workers"), local_executor(0):
        pass


def test_workers_are_hardened(executor: WorkerExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has the hardened environment though this process has not, which keeps its own."""
    before = dict(os.environ)
    found = {name: executor.submit(children.tell_environment, name).result() for name in {**SETTINGS, **SILENCE}}
    assert found == {**SETTINGS, **SILENCE}
    assert dict(os.environ) == before
    monkeypatch.setenv("GDAL_VRT_ENABLE_PYTHON", "YES")
    with local_executor(1) as other:
        assert other.submit(children.tell_environment, "GDAL_VRT_ENABLE_PYTHON").result() == "NO"


def test_one_thread_a_worker(executor: WorkerExecutor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers do not multiply by the threads of linear algebra, unless their user wants it so."""
    names = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
    given = [os.environ.get(name, "1") for name in names]
    assert [executor.submit(children.tell_environment, name).result() for name in names] == given
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    with local_executor(1) as other:
        assert other.submit(children.tell_environment, "OMP_NUM_THREADS").result() == "3"


@needs_limits
def test_workers_write_no_file(executor: WorkerExecutor, tmp_path: Path) -> None:
    """A worker that was taken over cannot put a byte into a file."""
    with pytest.raises((Lost, RuntimeError)):
        executor.submit(children.write, tmp_path / "a.txt").result()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0


@needs_limits
def test_memory_is_limited(executor: WorkerExecutor) -> None:
    """A worker gets no more memory than it may have."""
    with pytest.raises(MemoryError):
        executor.submit(children.grow, 2**30).result()


@pytest.mark.skipif(_find_trim() is None, reason="the C library keeps what is free")
def test_what_a_task_leaves_free_goes_back(executor: WorkerExecutor) -> None:
    """Between tasks a worker holds what it uses, also where that lies scattered."""
    before = executor.submit(children.tell_resident).result()
    executor.submit(children.riddle, 400).result()
    held = executor.submit(children.tell_resident).result() - before
    assert held < 15_000_000


@pytest.mark.skipif(_find_trim() is None, reason="the C library keeps what is free")
def test_the_c_library_is_given_sizes_as_it_takes_them() -> None:
    """A size is as wide as an address, which a plain number is not."""
    assert _find_trim().argtypes == [ctypes.c_size_t]


def test_what_a_worker_sends_runs_nothing(executor: WorkerExecutor, tmp_path: Path) -> None:
    """An answer that makes a careless reader leave a mark is refused, and leaves none."""
    with pytest.raises(Lost):
        executor.submit(children.trick, f"mkdir '{tmp_path / 'm'}'").result()
    assert list(tmp_path.iterdir()) == []


def test_errors_come_back(executor: WorkerExecutor) -> None:
    """An error of the project comes as it is, any other names itself, and the worker goes on."""
    process = executor.submit(children.tell_process).result()
    with pytest.raises(CorruptInput, match=r"^scene\.tif: tile 0 is cut short$"):
        executor.submit(functools.partial(tile_work.fail_at, 0), tile_work.make_tiles(1)[0]).result()
    with pytest.raises(RuntimeError, match="LookupError: 'nothing there'"):
        executor.submit(children.fail, "'nothing there'").result()
    assert executor.submit(children.tell_process).result() == process


def test_a_task_that_hangs_is_given_up() -> None:
    """A task that does not end is lost after its time."""
    with local_executor(1, seconds=1) as executor, pytest.raises(Lost, match="took longer than 1 s"):
        executor.submit(children.hang).result()


def test_this_process_reads_in_its_workers() -> None:
    """Inside of the block the workers decode for this process too; afterwards it does so itself."""
    with local_executor(1) as executor:
        assert call(children.tell_process) == executor.submit(children.tell_process).result() != os.getpid()
    assert call(children.tell_process) == os.getpid()


def test_no_grandchildren(executor: WorkerExecutor) -> None:
    """A worker decodes in itself."""
    assert executor.submit(call, children.tell_process).result() == executor.submit(children.tell_process).result()


def test_after_the_block_nothing_is_left(executor: WorkerExecutor) -> None:
    """With the block workers end, those in the middle of a task too."""
    began = time.perf_counter()
    with local_executor(2) as other:
        process = other.submit(children.tell_process).result()
        futures = [other.submit(children.hang) for _ in range(5)]
        time.sleep(0.3)
    assert time.perf_counter() - began < 5
    assert all(future.done() for future in futures)
    assert executor.submit(_is_there, process).result() is False


def _is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_warm_worker_waits() -> None:
    """With a module named, one process is there at once; the others start with their tasks."""
    with local_executor(2, warm="math"):
        assert len(isolation._pools[-1]._idle) == 1


@pytest.mark.slow
def test_a_worker_is_there_within_a_second() -> None:
    """A worker answers its first task soon after it was started."""
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        with local_executor(1) as executor:
            executor.submit(abs, -1).result()
        seconds.append(time.perf_counter() - began)
    assert min(seconds) < 1


PROGRAMS = {
    "a script without a guard": """
        import os
        from colibri_geo.scanning import local_executor
        print("once", flush=True)
        with local_executor(2) as executor:
            print(executor.submit(abs, -3).result(), flush=True)
    """,
    "a script of one's own name": """
        from colibri_geo.scanning import local_executor
        print("once", flush=True)
        with local_executor(1) as executor:
            print(executor.submit(max, 2, 3).result(), flush=True)
    """,
}


@pytest.mark.parametrize("how", PROGRAMS)
def test_a_program_runs_once(tmp_path: Path, how: str) -> None:
    """Workers do not run the program that starts them, nor import a module beside it."""
    (tmp_path / "numpy.py").write_text("print('taken over', flush=True)\n")
    script = tmp_path / ("random.py" if "own name" in how else "scan.py")
    script.write_text(textwrap.dedent(PROGRAMS[how]))
    ended = subprocess.run(
        [sys.executable, "-P", str(script)], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert ended.stdout == "once\n3\n"
    assert ended.stderr == ""
