"""A real Dask cluster of this machine: a scheduler and two workers, in processes of their own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from colibri_geo.documents import parse_json
from colibri_geo.scanning import WorkerExecutor
from tests.support.importing import list_import_paths

SECONDS = 30


@dataclass(frozen=True)
class Cluster:
    """A scheduler and its workers."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: tuple[subprocess.Popen[bytes], ...]


@contextmanager
def running_cluster(project: Path, folder: Path) -> Iterator[Cluster]:
    """Run a scheduler with two workers of one thread each, until the block ends."""
    file = folder / "scheduler.json"
    parts = [start(project, "scheduler", "--port", "0", "--scheduler-file", str(file))]
    try:
        address = read_address(file)
        options = [address, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)]
        parts += [start(project, "worker", *options) for _ in range(2)]
        yield Cluster(address, parts[0], tuple(parts[1:]))
    finally:
        for part in parts:
            part.kill()
            part.wait()


def start(project: Path, program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a part of a cluster, which is reached from this machine alone."""
    return subprocess.Popen(
        [sys.executable, "-m", f"distributed.cli.dask_{program}", "--host", "127.0.0.1", "--no-dashboard", *arguments],
        env=os.environ | {"PYTHONPATH": list_import_paths(project)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def read_address(file: Path) -> str:
    """Wait for the file in which a scheduler tells its address."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        if file.exists() and (content := file.read_bytes()).rstrip().endswith(b"}"):
            found = parse_json(content, name=file.name)
            assert isinstance(found, dict)
            return str(found["address"])
        time.sleep(0.05)
    raise AssertionError("the scheduler did not start")


def wait_for_both(executor: WorkerExecutor) -> None:
    """Wait until both workers have come."""
    until = time.monotonic() + SECONDS
    while executor.workers < 2 and time.monotonic() < until:
        time.sleep(0.1)
    assert executor.workers == 2
