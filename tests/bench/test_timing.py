"""Seconds and memory of commands."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from colibri_geo.bench.timing import list_family, run_command
from colibri_geo.errors import ColibriError

HOLD = "import time; held = b'x' * 80_000_000; time.sleep(0.8)"
PARENT = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {HOLD!r}]); {HOLD}; child.wait()"

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/smaps_rollup").exists(), reason="the system does not tell the memory of processes"
)


@needs_proc
def test_memory_is_that_of_all_processes_at_once() -> None:
    """Memory is summed over a command and what it starts, and its bound is not below it."""
    alone = run_command([sys.executable, "-c", HOLD], os.environ)
    both = run_command([sys.executable, "-c", PARENT], os.environ)
    assert alone.peak_mb is not None
    assert both.peak_mb is not None
    assert both.most_mb is not None
    assert 80 < alone.peak_mb < 160 < both.peak_mb <= both.most_mb


@needs_proc
def test_family_holds_descendants_alone() -> None:
    """A process without children is its own family, and belongs to that of its parent."""
    assert os.getpid() in list_family(os.getppid())
    assert list_family(2**30) == [2**30]


def test_seconds_and_output_are_those_of_the_command() -> None:
    """A command is timed from its start to its end, and what it prints is kept."""
    start = time.perf_counter()
    ran = run_command([sys.executable, "-c", "import time; time.sleep(0.3); print('done')"], os.environ)
    assert 0.3 <= ran.seconds <= time.perf_counter() - start
    assert ran.output == "done\n"


def test_command_that_fails_is_told_with_its_last_line() -> None:
    """A status other than 0 is an error that holds the last line of what the command said."""
    with pytest.raises(ColibriError, match="status 3, expected 0; run it by itself: last line"):
        run_command([sys.executable, "-c", "import sys; print('first\\nlast line', file=sys.stderr); sys.exit(3)"], {})
