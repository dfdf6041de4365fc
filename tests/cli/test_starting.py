"""What a command imports, and when: what cannot be used is refused before anything that only later steps need."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.libraries import HEAVY
from tests.support.small_pair import write_small_pair

PROBE = """
import json, sys
from colibri_geo.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    print(json.dumps({"status": end.code, "modules": sorted(sys.modules)}), file=sys.stderr)
"""
TABLES_AND_KERNELS = frozenset({"geopandas", "pandas", "pyogrio", "scipy", "skimage", "sqlite3"})
REPORTS = frozenset({"PIL", "colibri_geo.pipeline.drawing", "colibri_geo.reporting", "jinja2"})
PRODUCTS = frozenset(
    f"colibri_geo.scenes.{name}" for name in ("landsat", "planetscope", "sentinel1", "sentinel2", "stac")
)
CLUSTERS = frozenset({"asyncio", "dask", "distributed", "multiprocessing"})


@dataclass(frozen=True)
class Ended:
    """A command that has ended, and what it had imported by then."""

    status: int
    modules: frozenset[str]


def run(*arguments: object) -> Ended:
    """Run the command line in a process of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *map(str, arguments)], capture_output=True, text=True, check=True, timeout=120
    )
    found = json.loads(ended.stderr.splitlines()[-1])
    return Ended(found["status"], frozenset(found["modules"]))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small simulated pair."""
    return write_small_pair(tmp_path_factory.mktemp("pair"))


@pytest.mark.parametrize("command", ["compare", "scan", "info"])
def test_a_path_that_leads_nowhere_is_refused_at_once(command: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """No library that does the work is imported for a file that is not there."""
    missing = tmp_path / "missing.tif"
    ended = run(command, *([missing] if command == "info" else [pair[0], missing, "--out", tmp_path / "out"]))
    assert ended.status == 2
    assert "colibri_geo.scenes.paths" in ended.modules
    assert HEAVY.isdisjoint(ended.modules)


@pytest.mark.parametrize("command", ["compare", "scan", "info"])
def test_a_file_that_is_no_image_is_refused_before_the_later_steps(
    command: str, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """Neither tables, kernels nor reports are imported for a file that cannot be read."""
    text = tmp_path / "text.tif"
    text.write_text("no image")
    ended = run(command, *([text] if command == "info" else [pair[0], text, "--out", tmp_path / "out"]))
    assert ended.status == 2
    assert "colibri_geo.scenes.decoding" in ended.modules
    assert (TABLES_AND_KERNELS | REPORTS | PRODUCTS | CLUSTERS).isdisjoint(ended.modules)


@pytest.mark.parametrize("command", ["compare", "scan"])
def test_a_run_imports_what_it_uses(command: str, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Without a report nothing is imported that draws one, nor readers of other images, nor what a cluster needs."""
    ended = run(command, *pair, "--out", tmp_path / "out", "--no-report", "--workers", "1")
    assert ended.status == 0
    assert "colibri_geo.exporting.geopackage" in ended.modules
    assert (REPORTS | PRODUCTS | CLUSTERS).isdisjoint(ended.modules)
