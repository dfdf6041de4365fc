"""Tiles are worked on by an executor, few at a time, and what each gives is kept before anybody hears of it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from typing import NoReturn

from colibri_geo.errors import EngineError, SchedulerLost, WorkerLost
from colibri_geo.isolation import Late, Lost
from colibri_geo.scanning.packing import Arrays
from colibri_geo.scanning.store import Store
from colibri_geo.scanning.tiles import Tile
from colibri_geo.scanning.workers import KEPT, WorkerExecutor, count_processors, is_scheduler_lost, is_worker_lost

Work = Callable[[Tile], Arrays]
"""A function of a module, or a `functools.partial` of one: it goes to other processes."""

_AHEAD = 2
"""Tasks in flight a worker: none waits for the next, and few are lost when a scan is stopped."""
_LOOK_SECONDS = 0.5  # some systems do not hear an interrupt while they wait without end


@dataclass(frozen=True)
class TileDone:
    """How far the work is, each time a tile was kept.

    Attributes
    ----------
    number : int or None
        Of the tile; None at the beginning, when only what an earlier scan did is done.
    tiles_done, tiles : int
    px_done, px : int
        Pixels of these tiles.
    px_before : int
        Of the pixels done, those that an earlier scan did.
    strips : int
        Counted so far, before anything is known of all tiles together.
    seconds : float
        Since the beginning.
    notes : tuple of str
        What was noticed about tiles of an earlier scan; at the beginning only.
    """

    number: int | None
    tiles_done: int
    tiles: int
    px_done: int
    px: int
    px_before: int
    strips: int
    seconds: float
    notes: tuple[str, ...] = ()

    @property
    def px_per_second(self) -> float:
        """Pixels of this scan alone over its time; 0 at the beginning."""
        return (self.px_done - self.px_before) / self.seconds if self.seconds > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """Time that the rest takes at the speed so far; None while that is not known."""
        return (self.px - self.px_done) / self.px_per_second if self.px_per_second > 0 else None


OnTile = Callable[[TileDone], None]


def run_tiles(
    work: Work,
    tiles: Sequence[Tile],
    *,
    executor: Executor,
    store: Store,
    count: Callable[[Arrays], int] | None = None,
    on_tile: OnTile | None = None,
) -> None:
    """Work on all tiles that the store has not; afterwards it has all.

    What the store holds in the end depends on `work` and `tiles` alone: not on the executor, nor on the order in which
    tiles are finished.

    Parameters
    ----------
    work : callable
        Takes a tile and gives plain arrays by name, always the same for the same tile.
    tiles : sequence of Tile
    executor : Executor
        Of this machine or of a cluster; `local_executor` and `dask_executor` give one, any other serves as well.
    store : Store
        Keeps what a tile gives, before the next is looked at.
    count : callable, optional
        Takes the arrays of a tile and gives the number of strips to be told.
    on_tile : callable, optional
        Told at the beginning, and after each tile that was kept.

    Raises
    ------
    ColibriError, or whatever `work` raises
        As it is; what was finished by then is kept, what was not is given up.
    WorkerLost
        Where a process that worked on a tile ended by itself, or did not answer in time.
    SchedulerLost
        Where the scheduler of a cluster is gone.
    """
    tally = _Tally(tiles, store, count, on_tile)
    tally.begin()
    waiting = deque(tile for tile in tiles if tile.number not in store.done)
    running: dict[Future[Arrays], Tile] = {}
    try:
        while waiting or running:
            for tile in _take_some(waiting, _count_in_flight(executor) - len(running)):
                running[_submit(executor, work, tile)] = tile
            ended, _ = wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            _keep(sorted(ended, key=lambda future: running[future].number), running, tally)
    finally:
        for future in running:
            future.cancel()


def _take_some(waiting: deque[Tile], most: int) -> Iterable[Tile]:
    return [waiting.popleft() for _ in range(min(most, len(waiting)))]


def _count_in_flight(executor: Executor) -> int:
    workers = executor.workers if isinstance(executor, WorkerExecutor) else count_processors()
    return _AHEAD * workers


def _submit(executor: Executor, work: Work, tile: Tile) -> Future[Arrays]:
    try:
        return executor.submit(work, tile)
    except BrokenExecutor as error:  # by another task, a moment ago
        _tell_lost(tile, error)


def _keep(ended: Iterable[Future[Arrays]], running: dict[Future[Arrays], Tile], tally: _Tally) -> None:
    """Keep what was finished; then raise the first failure."""
    failed: list[tuple[Tile, Future[Arrays]]] = []
    for future in ended:
        tile = running.pop(future)
        if future.cancelled() or future.exception() is not None:
            failed.append((tile, future))
        else:
            tally.add(tile, future.result())
    for tile, future in failed:
        _raise_failure(tile, future)


def _raise_failure(tile: Tile, future: Future[Arrays]) -> NoReturn:
    error = None if future.cancelled() else future.exception()
    if error is None or is_scheduler_lost(error):  # nobody here gave it up
        raise SchedulerLost(f"tile {tile.number} was given up by the cluster: its scheduler is gone; {KEPT}") from error
    if isinstance(error, MemoryError):
        raise EngineError(
            f"tile {tile.number}: asks for more memory than the 4 GiB a worker may have, expected some 0.5 GiB a cell; "
            "report it as a fault"
        ) from error
    if is_worker_lost(error):
        _tell_lost(tile, error)
    raise error


def _tell_lost(tile: Tile, error: BaseException) -> NoReturn:
    """Say what became of a process that worked on a tile."""
    how = f"working on it {error}" if isinstance(error, Lost) else "a worker process ended"
    remedy = (
        "look at the images there with colibri-geo info, or give smaller tiles"
        if isinstance(error, Late)
        else "it may have been ended for want of memory: close other programs or give fewer workers"
    )
    raise WorkerLost(f"tile {tile.number}: {how}, expected an answer; {remedy}; {KEPT}") from error


@dataclass
class _Tally:
    """Keeps what tiles give, and tells how far the work is."""

    tiles: Sequence[Tile]
    store: Store
    count: Callable[[Arrays], int] | None
    on_tile: OnTile | None
    began: float = field(default_factory=time.perf_counter)
    tiles_done: int = 0
    px: int = 0
    px_done: int = 0
    px_before: int = 0
    strips: int = 0

    def begin(self) -> None:
        """Tell what is kept of an earlier scan."""
        kept = self.store.done
        self.px = sum(tile.size_px for tile in self.tiles)
        for tile in self.tiles:
            if tile.number in kept:
                self._add(tile, self.store.load(tile.number) if self.count else {})
        self.px_before = self.px_done
        self._tell(None, self.store.notes)

    def add(self, tile: Tile, arrays: Arrays) -> None:
        """Keep what a tile gave."""
        self.store.save(tile.number, arrays)
        self._add(tile, arrays)
        self._tell(tile.number)

    def _add(self, tile: Tile, arrays: Arrays) -> None:
        self.tiles_done += 1
        self.px_done += tile.size_px
        if self.count is not None:
            self.strips += self.count(arrays)

    def _tell(self, number: int | None, notes: tuple[str, ...] = ()) -> None:
        if self.on_tile is None:
            return
        self.on_tile(
            TileDone(
                number=number,
                tiles_done=self.tiles_done,
                tiles=len(self.tiles),
                px_done=self.px_done,
                px=self.px,
                px_before=self.px_before,
                strips=self.strips,
                seconds=time.perf_counter() - self.began,
                notes=notes,
            )
        )
