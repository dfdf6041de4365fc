"""Work handed to other processes, started afresh as Windows and macOS do."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

PROBE = """
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor
import colibri_geo
from colibri_geo.core.windows import Window

def main():
    window = Window(40, 60, 50, 70)
    before, after = (colibri_geo.open_scene(path) for path in sys.argv[1:])
    pair = colibri_geo.align(before, after, colibri_geo.survey(before, after))
    change = colibri_geo.change(pair)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        values, valid = executor.submit(before.read, window).result()
        block = executor.submit(pair.read, window).result()
        moved = executor.submit(change.read, window).result()
    mine = before.read(window)
    assert (values == mine[0]).all() and (valid == mine[1]).all()
    assert (block.after == pair.read(window).after).all()
    assert (moved.change == change.read(window).change).all()
    print("same", values.shape)

if __name__ == "__main__":
    main()
"""


@pytest.mark.slow
def test_spawned_process_reads_what_this_one_reads(project: Path, tmp_path: Path) -> None:
    """A scene, a pair and its change that are sent to a fresh process read the same pixels there."""
    samples = project / "data" / "samples"
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, str(samples / "forest_before.tif"), str(samples / "forest_after.tif")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("same")


def test_scene_holds_no_open_file(project: Path) -> None:
    """A scene goes through pickle in a few kilobytes: it holds no pixels and no open file."""
    import colibri_geo

    scene = colibri_geo.open_scene(project / "data" / "samples" / "forest_before.tif")
    sent = pickle.dumps(scene)
    assert len(sent) < 20_000
    again = pickle.loads(sent)  # noqa: S301 - made in the line before
    assert again == scene
