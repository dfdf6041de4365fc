"""Child processes that decode files of strangers: whatever happens in one of them, the parent goes on."""

from __future__ import annotations

import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from affine import Affine

import colibri_geo
from colibri_geo import isolation
from colibri_geo.errors import CorruptInput
from colibri_geo.isolation import Lost, Pool, call, isolated
from tests.support import children
from tests.support.children import is_alive
from tests.support.importing import list_import_paths

needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="the system has no limits for a process")
needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")

LIMIT_BYTES = 2**30


@pytest.fixture
def environment(project: Path) -> dict[str, str]:
    """What lets a child import the functions of the tests, and the library that is tested."""
    return os.environ | {"PYTHONPATH": list_import_paths(project), "COLIBRI_TOLD": "yes"}


@pytest.fixture
def pool(environment: dict[str, str]) -> Iterator[Pool]:
    """One child at a time, with tight limits."""
    pool = Pool(environment, most=1, seconds=20, max_bytes=LIMIT_BYTES)
    yield pool
    pool.close()


def test_a_call_outside_of_isolation_is_a_plain_call() -> None:
    """A library that is imported starts no process."""
    assert call(children.tell_process) == os.getpid()


def test_a_child_is_of_the_library_that_is_tested(pool: Pool) -> None:
    """Where another checkout is installed, children do not run it."""
    assert pool.run(children.tell_library) == colibri_geo.__file__


def test_a_child_does_without_dask(pool: Pool) -> None:
    """No child imports Dask with the grids, which takes long; it knows the rest."""
    assert not pool.run(children.brings_along, "odc.geo.geobox", "dask")
    assert pool.run(children.brings_along, "odc.geo.geobox", "pyproj")


@pytest.mark.parametrize("tables", ["pandas", "geopandas", "pyogrio"])
def test_who_looks_at_cells_needs_no_tables(pool: Pool, tables: str) -> None:
    """Each worker of a scan imports what finds strips, which is long enough, and no library of tables."""
    assert not pool.run(children.brings_along, "colibri_geo.pipeline.looking", tables)


def test_a_call_inside_of_isolation_runs_elsewhere(environment: dict[str, str]) -> None:
    """Inside of the block another process works, with the environment it was given; after it, this one again."""
    with isolated(environment):
        first, second = call(children.tell_process), call(children.tell_process)
        assert first == second != os.getpid()
        assert call(children.tell_environment, "COLIBRI_TOLD") == "yes"
    assert call(children.tell_process) == os.getpid()
    assert not is_alive(first)


def test_a_warm_child_is_the_one_that_works(environment: dict[str, str]) -> None:
    """The child that was started beforehand takes the first call."""
    with isolated(environment, warm="math") as pool:
        waiting = pool._idle[0].process.pid
        assert call(children.tell_process) == waiting


def test_children_that_are_dismissed_are_gone(environment: dict[str, str]) -> None:
    """What was idle is ended and holds nothing more; the next call has a child as the first had."""
    with isolated(environment) as pool:
        first = call(children.tell_process)
        pool.dismiss()
        assert not is_alive(first)
        assert call(children.tell_process) not in {first, os.getpid()}


def test_values_come_back_as_they_are(pool: Pool) -> None:
    """Arrays, numbers, texts and transforms are the same on this side."""
    array = pool.run(np.arange, 6, dtype="float32")
    assert array.dtype == np.float32
    assert array.tolist() == [0, 1, 2, 3, 4, 5]
    array[0] = 7  # and may be written to
    assert pool.run(np.float64, 2.5) == 2.5
    assert pool.run(math.hypot, 3.0, 4.0) == 5.0
    assert pool.run(Affine.translation, 2.0, 3.0) == Affine(1, 0, 2, 0, 1, 3)
    assert pool.run(children.chatter, "an answer") == "an answer"


def test_errors_come_back_as_they_are(pool: Pool) -> None:
    """An error of the project keeps class and message; of any other the message tells which; the child goes on."""
    process = pool.run(children.tell_process)
    with pytest.raises(CorruptInput, match=r"^a\.tif: cut short$"):
        pool.run(children.refuse, "a.tif: cut short")
    with pytest.raises(RuntimeError, match="LookupError: 'nothing there'"):
        pool.run(children.fail, "'nothing there'")
    assert pool.run(children.tell_process) == process


@pytest.mark.slow
def test_a_child_that_hangs_is_ended(environment: dict[str, str]) -> None:
    """A call that does not return is given up after its time, and the next one has a new child."""
    pool = Pool(environment, most=1, seconds=2)
    process = pool.run(children.tell_process)
    began = time.perf_counter()
    with pytest.raises(Lost, match="longer than 2 s"):
        pool.run(children.hang)
    assert time.perf_counter() - began < 10
    assert not is_alive(process)
    assert pool.run(children.tell_process) != process
    pool.close()


@pytest.mark.slow
@needs_limits
def test_a_child_that_is_forgotten_ends_by_itself(pool: Pool) -> None:
    """The system ends a child that works on and on, which nobody may be left to end; each call has its time anew."""
    before = pool.run(children.tell_cpu_limit)
    most = 20 * (os.cpu_count() or 1) + isolation._SPARE_SECONDS + 10
    assert 0 < before <= most
    pool.run(children.work, 1.2)
    assert before < pool.run(children.tell_cpu_limit) <= before + 10


@needs_signals
@pytest.mark.parametrize(("function", "status"), [(children.crash, -signal.SIGSEGV), (children.leave, 3)])
def test_a_child_that_ends_takes_nothing_along(pool: Pool, function: object, status: int) -> None:
    """A crash, and an end without a word, are told with their status; the next call has a new child."""
    arguments = (3,) if function is children.leave else ()
    with pytest.raises(Lost, match=rf"ended the reading process \(status {status}\)"):
        pool.run(function, *arguments)  # type: ignore[arg-type]
    assert pool.run(math.hypot, 3.0, 4.0) == 5.0


@needs_limits
def test_memory_is_limited(pool: Pool) -> None:
    """What asks for more memory than a child may have gets none; half of it is there."""
    assert pool.run(children.grow, LIMIT_BYTES // 2) == LIMIT_BYTES // 2
    with pytest.raises(MemoryError):
        pool.run(children.grow, LIMIT_BYTES)
    assert pool.run(math.hypot, 3.0, 4.0) == 5.0


@needs_limits
def test_nothing_is_written(pool: Pool, tmp_path: Path) -> None:
    """A child cannot put a byte into a file, wherever it is."""
    with pytest.raises((Lost, RuntimeError)):
        pool.run(children.write, tmp_path / "a.txt")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) == 0


def test_what_a_library_prints_is_no_answer(pool: Pool, capfd: pytest.CaptureFixture[str]) -> None:
    """Standard output of a child is not where its answers go, and is not shown."""
    assert pool.run(children.chatter, "a remark") == "a remark"
    assert capfd.readouterr() == ("", "")


def test_what_a_library_prints_is_shown_to_who_asks(
    environment: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """Who looks for a fault sees the remarks of the libraries, on standard error."""
    with isolated(environment, loud=True):
        assert call(children.chatter, "a remark") == "a remark"
    assert capfd.readouterr() == ("", "a remark\n")


# ------------------------------------------------------------------------------------------ a child that was taken over
def _global(module: str, name: str, argument: str) -> bytes:
    """Pickle of a call of `name`, with one text, spelt out: `pickle` itself would not write some of them."""
    texts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
    return b"\x80\x04" + texts + b"\x93\x8c" + bytes([len(argument)]) + argument.encode() + b"\x85R."


EVIL = {
    "function": ("os", "system", "mkdir '{}'"),
    "builtin": ("builtins", "exec", "__import__('os').mkdir('{}')"),
    "function that a module of the project imports": ("colibri_geo.isolation", "os.mkdir", "{}"),
}


@pytest.mark.parametrize("how", EVIL)
def test_an_answer_runs_nothing(tmp_path: Path, how: str) -> None:
    """An answer that makes a careless reader leave a mark is refused, and leaves none."""
    marker = tmp_path / "m"
    module, name, argument = EVIL[how]
    content = _global(module, name, argument.format(marker))
    with pytest.raises(Lost, match="cannot be read"):
        isolation._read_answer(content)
    assert not marker.exists()
    pickle.loads(content)  # noqa: S301 - the attack works on one who does not look
    assert marker.exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("colibri_geo.scenes.archives", "Path"),
        ("colibri_geo.scenes.archives", "open_file"),
        ("colibri_geo.isolation", "Pool"),
        ("colibri_geo.isolation", "subprocess.Popen"),
        ("colibri_geo.cli.main", "main"),
        ("builtins", "SystemExit"),
        ("builtins", "KeyboardInterrupt"),
        ("builtins", "getattr"),
        ("numpy", "load"),
        ("pathlib", "PosixPath"),
    ],
)
def test_an_answer_holds_values_alone(module: str, name: str) -> None:
    """Neither functions, nor what changes or runs, nor errors that end a program can be part of an answer."""
    with pytest.raises(Lost, match="cannot be read"):
        isolation._read_answer(_global(module, name, "x"))


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (children.trick, ("true",)),
        (children.end_reader, ()),
        (children.raise_foreign, ()),
        (children.announce_bytes, (5, b"never")),
        (children.announce_bytes, (0, b"")),
        (children.announce_bytes, (2**62, b"much")),
    ],
)
def test_an_answer_that_is_none_is_no_answer(pool: Pool, function: object, arguments: tuple[object, ...]) -> None:
    """What is no value, and bytes that are nothing at all, end that child alone."""
    process = pool.run(children.tell_process)
    with pytest.raises(Lost):
        pool.run(function, *arguments)  # type: ignore[arg-type]
    assert pool.run(children.tell_process) != process
    assert not is_alive(process)


# ---------------------------------------------------------------------------------------------------------- being ended
def test_calls_of_several_threads_share_the_children(environment: dict[str, str]) -> None:
    """No more children than were asked for, however many threads call."""
    pool = Pool(environment, most=2)
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(pool.run(children.tell_process))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pool.close()
    assert len(found) == 8
    assert 1 <= len(set(found)) <= 2
    assert not any(is_alive(process) for process in found)


def test_a_pool_that_is_closed_keeps_nobody_waiting(environment: dict[str, str]) -> None:
    """Threads whose child hangs, and those that wait for a child, are told at once."""
    pool = Pool(environment, most=1)
    lost: list[str] = []

    def ask() -> None:
        try:
            pool.run(children.hang)
        except Lost as error:
            lost.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    pool.close()
    for thread in threads:
        thread.join(timeout=10)
    assert len(lost) == 3
    with pytest.raises(Lost):
        pool.run(children.tell_process)


INTERRUPTED = """
import os, signal, sys
from concurrent.futures import ThreadPoolExecutor
from colibri_geo.isolation import call, isolated
from tests.support import children

signal.signal(signal.SIGINT, signal.default_int_handler)  # programs begun in the background ignore it
with isolated(os.environ, most=2):
    print(call(children.tell_process), flush=True)
    if sys.argv[1] == "here":
        call(children.hang)
    threads = ThreadPoolExecutor(2)
    try:
        list(threads.map(lambda _: call(children.hang), range(4)))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
"""


@needs_signals
@pytest.mark.parametrize("where", ["here", "in threads"])
def test_ctrl_c_ends_what_hangs(project: Path, where: str) -> None:
    """A program whose children hang is interrupted at once, in the main thread and others, and leaves none behind."""
    process = _start(project, INTERRUPTED, where)
    child = int(process.stdout.readline())  # type: ignore[union-attr]
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    began = time.perf_counter()
    _, errors = process.communicate(timeout=20)
    assert time.perf_counter() - began < 5
    assert "KeyboardInterrupt" in errors
    assert not is_alive(child)


ABANDONED = """
import os, signal
from colibri_geo.isolation import call, isolated
from tests.support import children

with isolated(os.environ, most=1):
    print(call(children.tell_process), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@needs_signals
def test_a_child_without_parent_ends(project: Path) -> None:
    """A child that waits for work ends when nobody is there any more to give it."""
    process = _start(project, ABANDONED)
    child = int(process.stdout.readline())  # type: ignore[union-attr]
    process.communicate(timeout=20)
    until = time.monotonic() + 10
    while is_alive(child) and time.monotonic() < until:
        time.sleep(0.05)
    assert not is_alive(child)


# ----------------------------------------------------------------------------------------------------- the command line
COMMAND = """
import functools, os, signal, sys
from colibri_geo import isolation
from colibri_geo.cli.main import main
from colibri_geo.scenes import decoding
from tests.support import children

signal.signal(signal.SIGINT, signal.default_int_handler)  # programs begun in the background ignore it
isolation.Pool = functools.partial(isolation.Pool, seconds=float(sys.argv[2]))
decoding._read_header = getattr(children, sys.argv[1])
main(["info", sys.argv[3]])
"""


@pytest.mark.slow
@needs_signals
@pytest.mark.parametrize(
    ("function", "words"), [("crash", "ended the reading process (status -11)"), ("hang", "took longer than 1.5 s")]
)
def test_a_file_that_breaks_its_decoder_is_refused_in_a_line(project: Path, function: str, words: str) -> None:
    """Where a child crashes or hangs, the command line names the file, in one line, with status 2."""
    image = project / "data" / "samples" / "forest_before.tif"
    process = _start(project, COMMAND, function, "1.5", str(image))
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 2
    assert output == ""
    assert errors.startswith("colibri-geo: error: CorruptInput: forest_before.tif: ")
    assert words in errors
    assert errors.count("\n") == 1


@pytest.mark.slow
@needs_signals
def test_ctrl_c_ends_a_command_whose_decoder_hangs(project: Path) -> None:
    """The command line ends at once with status 130."""
    image = project / "data" / "samples" / "forest_before.tif"
    process = _start(project, COMMAND, "hang", "60", str(image))
    time.sleep(3)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    began = time.perf_counter()
    _, errors = process.communicate(timeout=20)
    assert time.perf_counter() - began < 3
    assert process.returncode == 130
    assert errors.strip() == "colibri-geo: error: interrupted; nothing was written"


def _start(project: Path, code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | {"PYTHONPATH": list_import_paths(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
