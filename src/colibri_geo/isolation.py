"""Work on files of strangers in a process of its own, which may hang, crash or run out of memory.

The libraries that decode files are written in C: they do not listen when the caller gives up, and a fault in them takes
the process along. Inside `isolated` every `call` runs in one of a few child processes. They have the hardened
environment of the command line, can write no file, and have limits of memory and time; one that does not answer is
ended and its file refused. What it answers is read as plain values, whatever it sends. Outside of it a `call` is a
plain call, so that a library never starts processes, nor changes the environment, of those who import it.
"""

from __future__ import annotations

import dataclasses
import gc
import importlib
import importlib.util
import io
import math
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO, Any, BinaryIO, ParamSpec, TypeVar

from colibri_geo.errors import ColibriError

P = ParamSpec("P")
T = TypeVar("T")

MAX_SECONDS = 120.0
"""A call that takes longer has met a file that keeps its decoder busy; a block of pixels takes well under a second."""
MAX_BYTES = 4 * 2**30
"""Address space of a child: libraries take 1 GiB of it, the largest block 256 MiB."""

_LENGTH = struct.Struct(">Q")
_SPARE_SECONDS = 5.0
_MOST_UNCOLLECTED = 250_000
_ERRORS = frozenset({"RuntimeError", "MemoryError"})
_VALUES = frozenset(
    {
        ("numpy", "ndarray"),
        ("numpy", "dtype"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("affine", "Affine"),
    }
)


class Lost(Exception):
    """A child ended or gave nonsense; the message says what became of the work, for the caller to say of what work."""


class Late(Lost):
    """A child did not answer in time, and was ended."""


@dataclass
class Pool:
    """Child processes that wait for work; started when they are needed.

    Attributes
    ----------
    environment : Mapping of str to str
        Of the children.
    most : int
        Children at the same time; further calls wait.
    seconds : float
        A call that takes longer is given up.
    max_bytes : int
        Address space of a child.
    loud : bool
        Whether what the children's libraries print is shown on standard error.
    """

    environment: Mapping[str, str]
    most: int
    seconds: float = MAX_SECONDS
    max_bytes: int = MAX_BYTES
    loud: bool = False
    _idle: list[_Child] = field(default_factory=list)
    _busy: list[_Child] = field(default_factory=list)
    _guard: threading.Condition = field(default_factory=threading.Condition)
    _count: int = 0
    _closed: bool = False

    def run(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
        """Run a function of a module in a child.

        Raises
        ------
        Lost
            Where the child ended, did not answer in time, or gave an answer that is none.
        Exception
            Whatever the function raised.
        """
        child = self._take()
        try:
            answer = child.ask((function.__module__, function.__qualname__, args, named), self.seconds)
        except BaseException:
            self._give_back(child, spoilt=True)
            raise
        self._give_back(child)
        if isinstance(answer, BaseException):
            raise answer
        result: T = answer
        return result

    def warm(self, module: str) -> None:
        """Let a child import a module while this process does other things; one is started where none is idle."""
        with self._guard:
            if self._closed:
                return
            if self._idle:
                self._idle[0].warm(module)  # the last of them is the next to be called
            elif self._count < self.most:
                child = self._start()
                child.warm(module)
                self._idle.append(child)
                self._count += 1

    def dismiss(self) -> None:
        """End the children that are idle, and free what they hold; another starts with the next call."""
        with self._guard:
            idle, self._idle = self._idle, []
            self._count -= len(idle)
            self._guard.notify_all()
        for child in idle:
            child.kill()

    def close(self) -> None:
        """End all children; calls that wait for one, in other threads, are `Lost` at once."""
        with self._guard:
            self._closed = True
            for child in self._busy:
                child.process.kill()
        self.dismiss()

    def _take(self) -> _Child:
        with self._guard:
            while not self._closed and not self._idle and self._count >= self.most:
                self._guard.wait()
            if self._closed:
                raise Lost("was given up")
            if self._idle:
                child = self._idle.pop()
            else:
                child = self._start()
                self._count += 1
            self._busy.append(child)
            return child

    def _start(self) -> _Child:
        command = [sys.executable, "-P", "-m", "colibri_geo.isolation", str(self.max_bytes), str(self.seconds)]
        errors = subprocess.PIPE if self.loud else subprocess.DEVNULL  # a child can write to no file, not even to that
        process = subprocess.Popen(  # noqa: S603 - this program itself
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=dict(self.environment)
        )
        relay = threading.Thread(target=_relay, args=(process.stderr,), daemon=True)
        relay.start()
        return _Child(process, self.max_bytes, relay)

    def _give_back(self, child: _Child, *, spoilt: bool = False) -> None:
        with self._guard:
            self._busy.remove(child)
            keep = not (spoilt or self._closed)
            if keep:
                self._idle.append(child)
            else:
                self._count -= 1
            self._guard.notify()
        if not keep:
            child.kill()


_pools: list[Pool] = []


def call(function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Call a function of a module: in a child inside of `isolated`, else right here.

    Parameters
    ----------
    function : callable
        Of a module, so that a child can import it; takes and gives plain values.

    Raises
    ------
    Lost
        Where a child ended, or did not answer in time.
    Exception
        Whatever the function raises.

    Examples
    --------
    >>> import math
    >>> call(math.hypot, 3.0, 4.0)
    5.0
    """
    return _pools[-1].run(function, *args, **named) if _pools else function(*args, **named)


def count_children() -> int:
    """Return how many children `call` may use at the same time; 0 where it runs right here."""
    return _pools[-1].most if _pools else 0


def is_loud() -> bool:
    """Tell whether what the children of this process print is shown; without children it is not."""
    return bool(_pools) and _pools[-1].loud


@contextmanager
def isolated(
    environment: Mapping[str, str],
    *,
    warm: str = "",
    most: int | None = None,
    loud: bool | None = None,
    seconds: float | None = None,
    max_bytes: int | None = None,
) -> Iterator[Pool]:
    """Let every `call` of this process run in child processes until the block ends.

    Parameters
    ----------
    environment : mapping of str to str
        Of the children.
    warm : str
        Module that a first child imports at once.
    most : int, optional
        Children at the same time; as many as processors, up to four, by default.
    loud : bool, optional
        Whether what the children's libraries print is shown on standard error; as in the block around it by default.
    seconds : float, optional
        A call that takes longer is given up; `MAX_SECONDS` by default.
    max_bytes : int, optional
        Address space of a child; `MAX_BYTES` by default.
    """
    pool = Pool(dict(environment), most or max(1, min(4, os.cpu_count() or 1)))
    pool.loud = is_loud() if loud is None else loud
    pool.seconds = pool.seconds if seconds is None else seconds
    pool.max_bytes = pool.max_bytes if max_bytes is None else max_bytes
    if warm:
        pool.warm(warm)
    _pools.append(pool)
    try:
        yield pool
    finally:
        _pools.remove(pool)
        pool.close()


@dataclass(frozen=True, eq=False)
class _Child:
    process: subprocess.Popen[bytes]
    max_bytes: int
    relay: threading.Thread

    def ask(self, request: object, seconds: float) -> Any:  # noqa: ANN401 - whatever the function gives
        """Send a request and wait for its answer."""
        late = threading.Event()

        def end() -> None:
            late.set()
            self.process.kill()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            _send(self._pipe(self.process.stdin), request)
            content = _receive_bytes(self._pipe(self.process.stdout), most=self.max_bytes)
        except (EOFError, OSError) as error:
            status = self._end()
            if late.is_set():
                raise Late(f"took longer than {seconds:g} s") from error
            raise Lost(f"ended the reading process (status {status})") from error
        finally:
            timer.cancel()
        return _read_answer(content)

    def warm(self, module: str) -> None:
        """Send the name of a module to import; there is no answer."""
        with suppress(OSError):  # a child that has ended says so when it is asked
            _send(self._pipe(self.process.stdin), module)

    def _end(self) -> int:
        """Return how the process ended; one that goes on has sent nonsense, and is ended."""
        with suppress(subprocess.TimeoutExpired):
            return self.process.wait(timeout=1)
        self.process.kill()
        return self.process.wait()

    def kill(self) -> None:
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.process.wait()
        self.relay.join(timeout=1)

    @staticmethod
    def _pipe(pipe: Any) -> BinaryIO:  # noqa: ANN401 - None only where no pipe was asked for
        return pipe  # type: ignore[no-any-return]


def _relay(pipe: IO[bytes] | None) -> None:
    """Show on standard error what a child prints."""
    if pipe is not None:
        with pipe:
            for line in pipe:
                sys.stderr.write(line.decode(errors="backslashreplace"))


class _AnswerReader(pickle.Unpickler):
    """Reads values and errors alone: a child that was taken over cannot have this process run anything."""

    def find_class(self, module: str, name: str) -> Any:  # noqa: ANN401 - as pickle declares it
        """Return a class that an answer may hold."""
        known = (module, name) in _VALUES or (module == "builtins" and name in _ERRORS)
        if known or (module.startswith("colibri_geo.") and name.isidentifier()):
            found = super().find_class(module, name)
            if known or (_is_value(found) and found.__module__ == module):
                return found
        raise pickle.UnpicklingError(f"an answer may not hold {module}.{name}")


def _is_value(found: object) -> bool:
    """Tell whether something is an error of this project, or a class that does no more than to hold values."""
    if not isinstance(found, type):
        return False
    frozen = dataclasses.is_dataclass(found) and found.__dataclass_params__.frozen  # type: ignore[attr-defined]
    return issubclass(found, ColibriError) or frozen


def _read_answer(content: bytes) -> Any:  # noqa: ANN401 - whatever was sent
    try:
        answer = _AnswerReader(io.BytesIO(content)).load()
    except Exception as error:  # whatever a damaged answer can make an unpickler raise: there is no list of it
        raise Lost("gave an answer that cannot be read") from error
    if isinstance(answer, BaseException) and not isinstance(answer, ColibriError | RuntimeError | MemoryError):
        raise Lost("gave an answer that cannot be read")
    return answer


def _send(pipe: BinaryIO, value: object) -> None:
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL)
    # Libraries teach pickle ways of their own, such as tblib for every exception, that no answer may use.
    pickler.dispatch_table = {}
    pickler.dump(value)
    content = buffer.getvalue()
    pipe.write(_LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def _receive_bytes(pipe: BinaryIO, *, most: int) -> bytes:
    head = pipe.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    size = _LENGTH.unpack(head)[0]
    content = pipe.read(size) if size <= most else b""
    if len(content) < size:
        raise EOFError
    return content


def _serve(max_bytes: int, seconds: float) -> None:
    """Answer requests, and import what is named, until the parent closes the pipe."""
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints must not get among the answers
    _limit(max_bytes)
    collect_rarely()
    # "As if it were not there": odc-geo imports it, for a tenth of a start, to ask which arrays are its own. None are.
    sys.modules["dask"] = None  # type: ignore[assignment]
    while True:
        try:
            request = pickle.loads(_receive_bytes(requests, most=sys.maxsize))  # noqa: S301 - from the parent
        except EOFError:
            return
        if isinstance(request, str):
            importlib.import_module(request)
            continue
        _limit_time(seconds)
        _send(answers, _answer(*request))


def collect_rarely() -> None:
    """Look for garbage seldom: what libraries make when they are imported stays, and looking at it takes a fifth.

    For processes of this package alone: the command line and its children.
    """
    gc.set_threshold(_MOST_UNCOLLECTED)


def _answer(module: str, name: str, args: tuple[Any, ...], named: dict[str, Any]) -> object:
    try:
        function: Any = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
        return function(*args, **named)
    except ColibriError as error:
        return type(error)(str(error))
    except MemoryError:
        return MemoryError("a decoder asked for more memory than it may have")
    except Exception as error:  # noqa: BLE001 - it is raised again in the parent
        return RuntimeError(f"{type(error).__name__}: {error}")


def _limit(max_bytes: int) -> None:
    """Take away what a decoder does not need."""
    if (resource := _find_limits()) is not None:
        resource.setrlimit(resource.RLIMIT_AS, (max_bytes, max_bytes))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_time(seconds: float) -> None:
    """Let the system end this process when a call goes on and on: the parent may not be there any more to do so."""
    if (resource := _find_limits()) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        most = math.ceil(used.ru_utime + used.ru_stime + seconds * (os.cpu_count() or 1) + _SPARE_SECONDS)
        resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def _find_limits() -> Any:  # noqa: ANN401 - a module that not every system has
    """Return the module that sets limits; where the system has none, the parent's clock alone limits a child."""
    return importlib.import_module("resource") if importlib.util.find_spec("resource") else None


if __name__ == "__main__":
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    _serve(int(sys.argv[1]), float(sys.argv[2]))
