"""Executors whose tasks run in hardened child processes: here, or on the machines of a Dask cluster.

A task decodes files of strangers. Wherever it runs, it runs in a child that has the hardened environment, can write no
file, has limits of memory and time, and gives back plain values (`colibri_geo.isolation`). A child imports nothing of
the program that started it but what its task names: scripts and notebooks need no ``if __name__ == "__main__"``.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import math
import os
import pickle
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from numbers import Integral
from typing import Any, ParamSpec, TypeVar

from colibri_geo import __version__
from colibri_geo.arguments import check_given
from colibri_geo.errors import EngineError, SchedulerLost, SettingsError
from colibri_geo.extras import load_extra
from colibri_geo.hardening import harden
from colibri_geo.isolation import MAX_BYTES, Lost, Pool, is_loud, isolated

P = ParamSpec("P")
T = TypeVar("T")
_Args = tuple[Any, ...]
_Named = Mapping[str, Any]

MAX_TASK_SECONDS = 3600.0
"""A task that takes longer has met a file that keeps its decoder busy."""
CONNECT_SECONDS = 15.0
"""A scheduler that does not answer by then is not there."""
WORKER_SECONDS = 120.0
"""A cluster that has no worker by then has none."""

_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_LOOK_SECONDS = 0.25
_ASK_SECONDS = 1.0
_own_guard = threading.Lock()
KEPT = "tiles done are kept where there is a folder of the scan: go on with the same command and --resume"


class WorkerExecutor(Executor):
    """An executor that knows how many tasks it works on at the same time."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """Tasks that are worked on at the same time, 1 or more; may change."""


def count_processors() -> int:
    """Return how many processors this process may use."""
    with suppress(AttributeError):  # only Linux tells
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def check_workers(workers: int | None) -> None:
    """Refuse what is no number of workers, and one below one.

    Raises
    ------
    SettingsError
    """
    if workers is None:
        return
    check_given(workers, Integral, argument="workers", expected="a whole number, 1 or more; correct it")
    if workers < 1:
        raise SettingsError(f"{workers} workers, expected 1 or more; correct --workers (workers)")


def is_worker_lost(error: BaseException) -> bool:
    """Tell whether an error means that a process that worked on a task is gone."""
    return isinstance(error, Lost | BrokenExecutor) or _is_of_dask(error, "KilledWorker")


def is_scheduler_lost(error: BaseException) -> bool:
    """Tell whether an error means that a cluster does not work on its tasks any more."""
    return _is_of_dask(error, "CommClosedError", "FutureCancelledError")


def _is_of_dask(error: BaseException, *names: str) -> bool:
    """Tell errors of Dask by their names: it is an extra."""
    kinds = {kind.__name__ for kind in type(error).mro() if kind.__module__.partition(".")[0] == "distributed"}
    return not kinds.isdisjoint(names)


# ------------------------------------------------------------------------------------------------------- this machine
@contextmanager
def local_executor(
    workers: int | None = None,
    *,
    warm: str = "",
    loud: bool | None = None,
    seconds: float = MAX_TASK_SECONDS,
    max_bytes: int = MAX_BYTES,
) -> Iterator[WorkerExecutor]:
    """Give an executor of processes of this machine, until the block ends.

    The same processes decode what this process asks for inside of the block, so that a survey takes no further ones.
    All of them end with the block, however it ends, and with this process.

    Parameters
    ----------
    workers : int, optional
        Processes, 1 or more; as many as processors by default.
    warm : str
        Module that the first process imports at once, while this one does other things.
    loud : bool, optional
        Whether what the libraries of the processes print is shown on standard error; as of the children that this
        process has by default.
    seconds : float
        A task that takes longer is given up.
    max_bytes : int
        Address space of each process.

    Yields
    ------
    WorkerExecutor
        For functions of modules, or `functools.partial` of them, that take and give plain values; what they raise
        comes back as it is where it is a `ColibriError`, else as a RuntimeError that names it.

    Raises
    ------
    SettingsError
        For less than one worker.
    """
    check_workers(workers)
    count = count_processors() if workers is None else workers
    loud = is_loud() if loud is None else loud
    with ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(count, thread_name_prefix="colibri-worker"))
        pool = stack.enter_context(
            isolated(_make_environment(loud=loud), most=count, seconds=seconds, max_bytes=max_bytes, loud=loud)
        )
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)
        if warm:
            pool.warm(warm)  # one decodes for the survey; the others start with their first task, if there are so many
        yield LocalExecutor(pool, threads, count)


class LocalExecutor(WorkerExecutor):
    """Children of this process, and a thread for each: it hands over a task and waits for the answer."""

    def __init__(self, pool: Pool, threads: ThreadPoolExecutor, workers: int) -> None:
        self._pool = pool
        self._threads = threads
        self._workers = workers
        self._pack = functools.lru_cache(maxsize=1)(_pack)

    @property
    def workers(self) -> int:
        """Child processes."""
        return self._workers

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a child work on a task."""
        parcel: bytes = self._pack(fn)
        return self._threads.submit(self._pool.run, call_parcel, parcel, args, kwargs, os.getpid())

    def warm(self, module: str) -> None:
        """Let a child import a module."""
        self._pool.warm(module)

    def dismiss(self) -> None:
        """End the children that have nothing to do, and free what they hold."""
        self._pool.dismiss()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - as declared
        """Take no more tasks."""
        self._threads.shutdown(wait=wait, cancel_futures=cancel_futures)


class OwnExecutor(WorkerExecutor):
    """Works on tasks in this process: for so little work that another would take longer to start."""

    @property
    def workers(self) -> int:
        """One: this process."""
        return 1

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Work on a task at once."""
        future: Future[T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - who waits for the result raises it again
            future.set_exception(error)
        return future


def _pack(function: Callable[..., Any]) -> bytes:
    return pickle.dumps(function, protocol=pickle.HIGHEST_PROTOCOL)


def _make_environment(*, loud: bool) -> dict[str, str]:
    """Return the environment of a child: hardened, and each with one thread, because there are several of them."""
    environment = dict(os.environ)
    harden(environment, silent=not loud)
    return environment | {name: environment.get(name, "1") for name in _THREADS}


# ------------------------------------------------------------------------------------------------------------ a child
@functools.lru_cache(maxsize=1)
def _unpack(parcel: bytes) -> Callable[..., Any]:
    """Return the function in a parcel; the same parcel comes with one task after the other."""
    function: Callable[..., Any] = pickle.loads(parcel)  # noqa: S301 - from the parent
    return function


@functools.cache
def _watch(parent: int) -> None:
    """End this process when its parent is not there any more, also in the middle of a task."""
    if os.name != "posix":  # elsewhere the number of the parent stays: the child ends after its task
        return

    def look() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_SECONDS)
        os._exit(1)

    threading.Thread(target=look, name="colibri-parent", daemon=True).start()


@functools.cache
def _find_trim() -> Callable[[int], int] | None:
    """Return what gives memory that is free back to the system, where the C library has it: glibc."""
    if os.name != "posix":
        return None
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim.argtypes = [ctypes.c_size_t]
    return trim


def call_parcel(parcel: bytes, args: _Args, named: _Named, parent: int) -> Any:  # noqa: ANN401 - what the function gives
    """Call the function of a parcel, in a child of the process `parent`."""
    _watch(parent)
    try:
        return _unpack(parcel)(*args, **named)
    finally:
        # Blocks that GDAL keeps lie between arrays that are gone. What is free is in pieces then, of which large arrays
        # can use few: the process would grow from tile to tile.
        if (trim := _find_trim()) is not None:
            trim(0)


# ---------------------------------------------------------------------------------------------------------- a cluster
@contextmanager
def dask_executor(scheduler: Any) -> Iterator[WorkerExecutor]:  # noqa: ANN401 - distributed need not be there
    """Give an executor of the workers of a Dask cluster, until the block ends.

    Each worker hands its tasks to children of its own, one a thread of it. A worker that ends is replaced by the
    cluster, and its tasks are done again elsewhere; a task that is under way goes on there after an interrupt here. The
    workers need this version of colibri_geo, and the images at the same paths as here. Name only a scheduler that you
    trust: Dask unpickles here what it sends back.

    Parameters
    ----------
    scheduler : str or distributed.Client
        Address of a scheduler, as ``tcp://10.0.0.5:8786``, or a client, which stays open.

    Yields
    ------
    WorkerExecutor
        As from `local_executor`.

    Raises
    ------
    EngineError
        Where a worker has another version of colibri_geo.
    MissingExtra
        Where Dask is not installed here.
    SchedulerLost
        Where no scheduler answers at the address, or it has no workers.
    """
    distributed = load_extra("distributed", extra="scale", purpose="a scan on a cluster")
    with ExitStack() as stack:
        client = scheduler
        if isinstance(scheduler, str):
            stack.enter_context(_quiet("distributed.client"))
            client = stack.enter_context(_connect(distributed, scheduler))
        _await_worker(client)
        inner = client.get_executor(pure=False)
        stack.callback(_give_up, inner)
        yield _DaskExecutor(client, inner)


class _DaskExecutor(WorkerExecutor):
    """Wraps tasks so that a worker hands them to a child."""

    def __init__(self, client: Any, inner: Executor) -> None:  # noqa: ANN401 - distributed need not be there
        self._client = client
        self._inner = inner
        self._pack = functools.lru_cache(maxsize=1)(_pack)
        self._workers = 1
        self._asked = -math.inf

    @property
    def workers(self) -> int:
        """Threads of all workers of the cluster, as of a moment ago: it may grow and shrink."""
        if time.monotonic() - self._asked > _ASK_SECONDS:
            self._asked = time.monotonic()
            with suppress(OSError):  # the next task, and each that is under way, will tell that the scheduler is gone
                self._workers = max(1, sum(self._client.nthreads().values()))
        return self._workers

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Let a child of a worker work on a task."""
        if self._client.status != "running":
            raise SchedulerLost(f"the Dask scheduler is gone, expected it to go on; {KEPT}")
        parcel: bytes = self._pack(fn)
        return self._inner.submit(_call_in_child, parcel, args, kwargs, __version__)

    def shutdown(
        self,
        wait: bool = True,  # noqa: FBT001, FBT002 - as declared
        *,
        cancel_futures: bool = False,  # noqa: ARG002 - Dask's own gives up all
    ) -> None:
        """Take no more tasks."""
        self._inner.shutdown(wait=wait)


@contextmanager
def _connect(distributed: Any, address: str) -> Iterator[Any]:  # noqa: ANN401 - an extra
    import asyncio  # noqa: PLC0415 - slow, and of use for a cluster alone

    try:
        # A client that finds nothing leaves threads behind which can stop the next one: look before there is a client.
        with ThreadPoolExecutor(1) as aside:  # a notebook has an event loop of its own in this thread
            aside.submit(asyncio.run, _look_for(distributed, address)).result()
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        reason = str(error) or "not a word"
        raise SchedulerLost(
            f"{address!r}: no Dask scheduler answers there ({reason}), expected one, as tcp://10.0.0.5:8786; start it "
            "with dask scheduler, or correct --scheduler"
        ) from error
    try:
        yield client
    finally:
        client.close(timeout=1)


async def _look_for(distributed: Any, address: str) -> None:  # noqa: ANN401 - an extra
    """Find that a scheduler answers; something else that listens there may not say a word, or not end."""
    import asyncio  # noqa: PLC0415 - as above

    async with asyncio.timeout(CONNECT_SECONDS):
        line = await distributed.connect(address, timeout=CONNECT_SECONDS)
        await line.close()


@contextmanager
def _quiet(name: str) -> Iterator[None]:
    """Keep a log from standard error: what it would tell of a scheduler that is gone is raised."""
    log = logging.getLogger(name)
    before, log.disabled = log.disabled, True
    try:
        yield
    finally:
        log.disabled = before


def _await_worker(client: Any) -> None:  # noqa: ANN401 - an extra
    try:
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    except TimeoutError as error:
        raise SchedulerLost(
            f"the Dask scheduler has no worker after {WORKER_SECONDS:g} s, expected one at least; start some with dask "
            "worker"
        ) from error


def _give_up(inner: Executor) -> None:
    with suppress(CancelledError, OSError):
        inner.shutdown(wait=False)


@functools.cache
def _make_own_pool() -> Pool:
    """Return the children of a worker of a cluster; they end with it."""
    return Pool(_make_environment(loud=False), most=count_processors(), seconds=MAX_TASK_SECONDS)


def _call_in_child(parcel: bytes, args: _Args, named: _Named, version: str) -> Any:  # noqa: ANN401 - what it gives
    """Call the function of a parcel in a child of this process, a worker of a cluster."""
    if version != __version__:
        raise EngineError(
            f"a worker of the cluster has colibri_geo {__version__}, expected {version} as here; install the same"
        )
    with _own_guard:  # several threads of a worker may begin at the same time
        pool = _make_own_pool()
    return pool.run(call_parcel, parcel, args, named, os.getpid())
