"""Work on a pair tile by tile: in other processes, on other machines, with what is done kept on disk."""

from __future__ import annotations

from colibri_geo.scanning.engine import TileDone, Work, run_tiles
from colibri_geo.scanning.packing import Arrays
from colibri_geo.scanning.store import Fingerprint, MemoryStore, Store, TileStore, discard
from colibri_geo.scanning.tiles import Tile, cut_tiles
from colibri_geo.scanning.workers import LocalExecutor, OwnExecutor, WorkerExecutor, dask_executor, local_executor

__all__ = [
    "Arrays",
    "Fingerprint",
    "LocalExecutor",
    "MemoryStore",
    "OwnExecutor",
    "Store",
    "Tile",
    "TileDone",
    "TileStore",
    "Work",
    "WorkerExecutor",
    "cut_tiles",
    "dask_executor",
    "discard",
    "local_executor",
    "run_tiles",
]
