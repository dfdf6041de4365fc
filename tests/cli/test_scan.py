"""`colibri-geo scan`: its options, how it is stopped, and what it says on the way."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import click
import numpy as np
import pytest
from click.testing import CliRunner, Result

import colibri_geo
from colibri_geo import read_run
from colibri_geo.cli import summary
from colibri_geo.cli.main import main
from colibri_geo.cli.progress import ScanProgress
from colibri_geo.errors import LayoutError, NoOverlap, OutputError
from colibri_geo.evidence.manifest import FORMAT
from colibri_geo.pipeline.saving import Saved
from colibri_geo.scanning import Fingerprint, TileDone, TileStore, WorkerExecutor
from tests.support.cutting import cut_image
from tests.support.importing import list_import_paths
from tests.support.scan_pairs import plan_pair, read_findings, write_scan_pair
from tests.support.tile_work import answer, make_tiles

PAIR = ("before.tif", "after.tif")
TILES = make_tiles(4)


class FakeRun:
    """A run that writes a file."""

    def save(self, out: Path, **options: bool) -> Saved:
        """Write the folder."""
        out.mkdir()
        (out / "options.json").write_text(json.dumps(options))
        return Saved(out)


HALF = TileDone(
    number=1, tiles_done=2, tiles=4, px_done=122_000_000, px=183_000_000, px_before=0, strips=3, seconds=61.0
)
"""How far a scan is."""


@pytest.fixture(autouse=True)
def images(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the paths that these tests give lead somewhere: the command looks before it calls the library."""
    folder = tmp_path_factory.mktemp("images")
    for name in (*PAIR, "b", "a"):
        (folder / name).touch()
    monkeypatch.chdir(folder)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What `colibri_geo.scan` was called with; it does nothing."""
    calls: list[dict[str, Any]] = []

    def scan(before: Path, after: Path, **options: object) -> FakeRun:
        calls.append({"before": before, "after": after, **options})
        return FakeRun()

    put_in_place(monkeypatch, scan)
    return calls


def put_in_place(monkeypatch: pytest.MonkeyPatch, scan: Callable[..., FakeRun]) -> None:
    """Let the command call this in place of the library, save as the run says, and sum up nothing."""

    def sum_up(_: object, saved: Saved) -> summary.Summary:
        verdicts = dict.fromkeys(summary.VERDICTS, 0)
        return summary.Summary(
            *(str(saved.folder), None, None, "exact", "before", "after"),
            *(4.0, 2.0, 0.5, 4, 2016, verdicts, (), "a caution"),
        )

    monkeypatch.setattr(colibri_geo, "scan", scan, raising=False)
    monkeypatch.setattr("colibri_geo.pipeline.saving.save_run", lambda run, out, **options: run.save(out, **options))
    monkeypatch.setattr("colibri_geo.cli.summary.summarize", sum_up)


def run_cli(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner().invoke(main, ["scan", *map(str, arguments)])


def leave_tiles(folder: Path) -> None:
    """Leave the tiles of an unfinished scan."""
    scan = Fingerprint("inputs", "settings", "versions")
    with TileStore.begin(folder, tiles=TILES, fingerprint=scan, resume=False) as store:
        store.save(0, answer(TILES[0]))


# ------------------------------------------------------------------------------------------------------------- options
def test_promised_options_are_there() -> None:
    """The command has the options that its users were promised, and compare's but for single images."""
    options = {name for option in main.commands["scan"].params for name in option.opts}
    shared = {name for option in main.commands["compare"].params for name in option.opts}
    alone = {"--before-mask", "--after-mask", "--before-radar", "--after-radar", "--rasters"}
    assert options == shared - alone | {"--tile", "--workers", "--scheduler", "--resume"}


def test_shared_options_are_the_same() -> None:
    """An option that `compare` has too has the same type, name and help."""
    mine, others = ({option.name: option for option in main.commands[name].params} for name in ("scan", "compare"))
    shared = mine.keys() & others.keys()
    assert len(shared) > 15
    for name in shared:
        assert isinstance(mine[name], click.Argument) or mine[name].to_info_dict() == others[name].to_info_dict()


def test_options_reach_the_library(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    """What is given on the command line is what the library is called with."""
    settings = tmp_path / "settings.toml"
    settings.write_text("[trace]\nmin_length_m = 500\n")
    result = run_cli(
        *("b", "a", "--out", tmp_path / "out", "--before-date", "2023-01-01", "--after-date", "2024-01-01"),
        *("--bands", "red=1", "--before-bands", "red=2", "--after-bands", "red=3", "--assume-crs", "EPSG:32618"),
        *("--regions", "admin1=a.gpkg", "--regions", "country=b.gpkg", "--aoi", "aoi.gpkg", "--settings", settings),
        *("--aerodromes", "airports.csv", "--layer", "rivers=r.gpkg", "--elevation", "tiles"),
        *("--operating-point", "watch", "--tile", "777", "--workers", "1", "--resume", "--no-report"),
    )
    assert result.exit_code == 0, result.output
    (given,) = calls
    executor, chosen = given.pop("executor"), given.pop("settings")
    assert isinstance(executor, WorkerExecutor)
    assert executor.workers == 1
    assert chosen == colibri_geo.Settings().replace(min_length_m=500.0, operating_point="watch")
    assert callable(given.pop("progress"))
    assert callable(given.pop("on_tile"))
    assert given == {
        "before": Path("b"),
        "after": Path("a"),
        "before_date": "2023-01-01",
        "after_date": "2024-01-01",
        "bands": "red=1",
        "before_bands": "red=2",
        "after_bands": "red=3",
        "assume_crs": "EPSG:32618",
        "regions": ("admin1=a.gpkg", "country=b.gpkg"),
        "aoi": Path("aoi.gpkg"),
        "aerodromes": (Path("airports.csv"),),
        "layers": ("rivers=r.gpkg",),
        "elevation": (Path("tiles"),),
        "tile_px": 777,
        "resume": True,
        "state": tmp_path / "out.scan",
    }
    told = json.loads((tmp_path / "out" / "options.json").read_text())
    assert told == {
        "overwrite": False,
        "rasters": False,
        "report": False,
        "pdf": False,
        "lang": "en",
        "precision": "exact",
    }


def test_defaults_are_told_to_the_library(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    """Without options tiles have the default side, nothing is gone on with, and JSON is all of standard output."""
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--json", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert (calls[0]["tile_px"], calls[0]["resume"], calls[0]["regions"]) == (None, False, ())
    assert json.loads(result.stdout)["out"] == str(tmp_path / "out")
    assert result.stderr == ""


def test_summary_says_the_side_of_the_tiles(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    """The number that --tile was rounded to stands in the summary."""
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--tile", "100")
    assert calls[0]["tile_px"] == 100
    assert "Tiles: 4, of 2,016 px a side at most" in result.stdout.splitlines()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--workers", "0"], "--workers"),
        (["--tile", "0"], "--tile"),
        (["--workers", "2", "--scheduler", "tcp://10.0.0.5:8786"], "exclude each other"),
        (["--min-length", "short"], "--min-length"),
        (["--rasters"], "--rasters"),
        (["--pdf", "--no-report"], "exclude each other"),
        (["--precision", "region"], "without --regions"),
    ],
)
def test_bad_usage_is_one_line(tmp_path: Path, calls: list[dict[str, Any]], options: list[str], words: str) -> None:
    """What the command does not take ends with status 2 and one line, before anything is begun."""
    result = run_cli(*PAIR, "--out", tmp_path / "out", *options)
    assert result.exit_code == 2
    assert words in result.stderr
    assert result.stderr.count("\n") == 1
    assert calls == []
    assert list(tmp_path.iterdir()) == []


def test_existing_folder_is_refused_at_once(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    """A folder that could not be written in the end is refused before the work."""
    (tmp_path / "out").mkdir()
    result = run_cli(*PAIR, "--out", tmp_path / "out")
    assert result.exit_code == 2
    assert "OutputExists" in result.stderr
    assert calls == []


@pytest.mark.parametrize("command", ["compare", "scan"])
@pytest.mark.parametrize("place", ["before/out", "before/deep/out", "after/../after/out"])
def test_a_folder_of_images_is_no_place_to_write(tmp_path: Path, command: str, place: str) -> None:
    """What is written into it would be read as images by the next scan, and by one that goes on."""
    for name in ("before", "after"):
        (tmp_path / name).mkdir()
    result = CliRunner().invoke(
        main, [command, str(tmp_path / "before"), str(tmp_path / "after"), "--out", str(tmp_path / place)]
    )
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (2, "", 1)
    assert (
        f"OutputError: {tmp_path / place}: lies in {tmp_path / place.partition('/')[0]}, which is given as images"
        in result.stderr
    )
    assert not any(path.is_file() or path.name == "out" for path in tmp_path.rglob("*"))


def test_a_run_that_cannot_be_written_leaves_the_tiles(
    tmp_path: Path, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a disk that is full after the last tile, one line tells the place, what is kept, and how to go on."""
    leave_tiles(tmp_path / "out.scan")
    full = "findings.gpkg: layer strips cannot be written (disk full); look whether its folder has room"

    def fail(*_: object, **__: object) -> NoReturn:
        raise OutputError(full)

    with monkeypatch.context() as patch:
        patch.setattr("colibri_geo.pipeline.saving.save_run", fail)
        result = run_cli(*PAIR, "--out", tmp_path / "out", "--resume")
    assert result.exit_code == 2
    assert result.stderr.splitlines()[-1].endswith(
        f"{tmp_path / 'out'}: the run cannot be written ({full}); all tiles are kept in {tmp_path / 'out.scan'}: mend "
        "that, and go on with the same command and --resume"
    )
    assert (tmp_path / "out.scan" / "scan.json").exists()
    assert run_cli(*PAIR, "--out", tmp_path / "out", "--resume").exit_code == 0
    assert [call["resume"] for call in calls] == [True, True]


def test_nothing_is_resumed_where_the_run_is_done(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    """A scan that is done is not gone on with: its folder is told, and stays as it is."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "manifest.json").write_text(json.dumps({"format": FORMAT}))
    before = (tmp_path / "out" / "manifest.json").read_bytes()
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--resume")
    assert result.exit_code == 2
    assert "holds a run that is done, expected a scan that was stopped (out.scan beside it)" in result.stderr
    assert result.stderr.count("\n") == 1
    assert calls == []
    assert (tmp_path / "out" / "manifest.json").read_bytes() == before


@pytest.mark.slow
def test_no_scheduler_is_one_line(tmp_path: Path, calls: list[dict[str, Any]]) -> None:
    """A scheduler that is none ends with status 2 and one line, before anything is begun."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'colibri_geo[scale]'")
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--scheduler", "nonsense")
    assert result.exit_code == 2
    assert "SchedulerLost: 'nonsense': no Dask scheduler answers there" in result.stderr
    assert result.stderr.count("\n") == 1
    assert calls == []


def test_tiles_are_kept_beside_the_output(
    tmp_path: Path, calls: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the spelling of the folder, tiles are kept beside it and not in it."""
    (tmp_path / "out").mkdir()
    pair = [Path(name).resolve() for name in PAIR]
    monkeypatch.setattr("colibri_geo.cli.scan.check_target", lambda *_, **__: None)
    for place, state in (("new", "new.scan"), ("sub/new/", "sub/new.scan"), (".", "out.scan")):
        monkeypatch.chdir(tmp_path / "out")
        run_cli(*pair, "--out", place, "--workers", "1")
        assert calls[-1]["state"].resolve() == (tmp_path if place == "." else tmp_path / "out") / state


# ------------------------------------------------------------------------------------------------- the end of a scan
def test_tiles_go_when_the_run_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the output is there, what was kept on the way is not any more."""

    def scan(*_: object, state: Path, **__: object) -> FakeRun:
        leave_tiles(state)
        return FakeRun()

    put_in_place(monkeypatch, scan)
    assert run_cli(*PAIR, "--out", tmp_path / "out", "--workers", "1").exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_tiles_go_too_where_the_pdf_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is whole but for its PDF is done: no tiles are kept, the summary is told, then what failed."""

    class Unpaginated(FakeRun):
        def save(self, out: Path, **options: bool) -> Saved:
            return replace(super().save(out, **options), lost=LayoutError("no such font"))

    def scan(*_: object, state: Path, **__: object) -> FakeRun:
        leave_tiles(state)
        return Unpaginated()

    put_in_place(monkeypatch, scan)
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--workers", "1", "--json")
    assert (result.exit_code, result.stderr) == (2, "colibri-geo: error: LayoutError: no such font\n")
    assert json.loads(result.stdout)["out"] == str(tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("when", ["scan", "save"])
def test_tiles_stay_when_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    """When the scan, or writing its output, fails, the tiles stay and the error is one line."""

    class Failing(FakeRun):
        def save(self, *_: object, **__: object) -> Saved:  # type: ignore[override]
            raise NoOverlap("never mind")

    def scan(*_: object, state: Path, **__: object) -> FakeRun:
        leave_tiles(state)
        if when == "scan":
            raise NoOverlap("never mind")
        return Failing()

    put_in_place(monkeypatch, scan)
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--workers", "1")
    assert result.exit_code == 2
    assert result.stderr == "colibri-geo: error: NoOverlap: never mind\n"
    assert (tmp_path / "out.scan" / "tile_000000.npz").exists()


def test_interrupt_before_the_first_tile_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt before tiles were begun says that nothing was written."""

    def scan(*_: object, **__: object) -> FakeRun:
        raise KeyboardInterrupt

    put_in_place(monkeypatch, scan)
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--workers", "1")
    assert result.exit_code == 130
    assert result.stderr.strip() == "colibri-geo: error: interrupted; nothing was written"


INTERRUPTED = """
import functools, os, signal, sys
from pathlib import Path
import colibri_geo
from colibri_geo.cli.main import main
from colibri_geo.scanning import Fingerprint, TileStore, run_tiles
from tests.support import tile_work

signal.signal(signal.SIGINT, signal.default_int_handler)  # programs begun in the background ignore it

def scan(before, after, *, executor, state, resume, on_tile, **_):
    tiles = tile_work.make_tiles(40)
    scan = Fingerprint("inputs", "settings", "versions")
    with TileStore.begin(state, tiles=tiles, fingerprint=scan, resume=resume) as store:
        def tell(done):
            on_tile(done)
            if done.tiles_done == 3:
                print("going", flush=True)
        run_tiles(functools.partial(tile_work.slow_from, 3, 60.0), tiles, executor=executor, store=store, on_tile=tell)

colibri_geo.scan = scan
main(["scan", *sys.argv[1:]])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_says_how_to_go_on(project: Path, tmp_path: Path, number: signal.Signals) -> None:
    """An interrupt ends the command within a second, with status 130 and a line that says how to go on."""
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, *PAIR, "--out", str(out), "--workers", "2", "--json"],
        env=os.environ | {"PYTHONPATH": list_import_paths(project)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "going\n"
    time.sleep(0.3)
    process.send_signal(number)
    began = time.monotonic()
    output, errors = process.communicate(timeout=20)
    assert time.monotonic() - began < 1
    assert process.returncode == 130
    assert output == ""
    assert errors.strip() == (
        f"colibri-geo: error: scan stopped: 3 of 40 tiles are done and kept in {out}.scan; "
        "go on with the same command and --resume"
    )
    assert len(list((tmp_path / "out.scan").glob("*.npz"))) == 3


# ------------------------------------------------------------------------------------------------------------ progress
def test_a_pipe_is_told_once_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where standard error is no terminal there is a line with its time a minute, tile or not, and notes at once."""
    monkeypatch.setattr("colibri_geo.cli.progress.LOG_SECONDS", 0.1)
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    print_line = click.echo

    def echo(line: str, **options: Any) -> None:  # noqa: ANN401 - those of click
        print_line(line, **options)
        said.put(line)

    def scan(*_: object, progress: Callable[[str], None], on_tile: Callable[[TileDone], None], **__: object) -> FakeRun:
        progress("survey\x1b the pair")
        wait_for("survey")
        on_tile(replace(HALF, number=None, tiles_done=0, px_done=0, seconds=0.0, notes=("tile 1 is\x1b damaged",)))
        on_tile(HALF)
        wait_for("2 of 4 tiles")
        return FakeRun()

    def wait_for(part: str) -> None:
        while part not in said.get(timeout=30):
            pass

    monkeypatch.setattr("colibri_geo.cli.progress.click.echo", echo)

    put_in_place(monkeypatch, scan)
    result = run_cli(*PAIR, "--out", tmp_path / "out", "--workers", "1", "--json")
    json.loads(result.stdout)
    logged = [line.partition(" ") for line in result.stderr.splitlines()]
    assert all(when.endswith("Z") for when, _, _ in logged if when != "note:")
    told = [line for _, _, line in logged]
    places = [
        told.index(line)
        for line in (
            "survey the pair",
            "tile 1 is damaged",
            "2 of 4 tiles, 2 Mpx/s, 0:30 left, lines yet to be scored: 3",
        )
    ]
    assert places == sorted(places)


# --------------------------------------------------------------------------------------------------- a scan as a whole
CELLS = 5


COMMAND_LINE = """
import signal
from colibri_geo.cli.main import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # programs begun in the background ignore it
main()
"""


@dataclass(frozen=True)
class Row:
    """A pair of five cells in a row, and what an unbroken scan of it gave."""

    before: Path
    after: Path
    hashes: dict[str, str]
    seconds: float

    def command(self, out: Path, *options: str) -> list[str]:
        """Return the command that scans it cell by cell."""
        program = [sys.executable, "-c", COMMAND_LINE, "scan", str(self.before), str(self.after)]
        return [*program, "--out", str(out), "--no-report", "--workers", "2", "--tile", "1008", *options]

    def start(self, out: Path, *options: str) -> subprocess.Popen[str]:
        """Start the command; its processes are a group of their own, as on a terminal."""
        return subprocess.Popen(
            self.command(out, *options),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Row:
    """A pair of five cells with a strip over each seam."""
    folder = tmp_path_factory.mktemp("row")
    before, after = write_scan_pair(folder / "pair", plan_pair(112, 4 * 1008 + 100, pixel_m=15.0))
    row = Row(before, after, {}, 0.0)
    began = time.monotonic()
    ended = subprocess.run(row.command(folder / "out", "--json"), capture_output=True, text=True, check=True)
    seconds = time.monotonic() - began
    assert json.loads(ended.stdout)["out"] == str(folder / "out")
    assert ended.stderr == ""
    run = read_run(folder / "out")
    assert run.tiles is not None
    assert len(run.tiles) == CELLS
    assert len(run.strips) >= 3
    return Row(before, after, read_findings(folder / "out"), seconds)


def list_kept(out: Path) -> list[str]:
    """List the tiles that are kept of an unfinished scan."""
    return sorted(path.name for path in out.with_name(f"{out.name}.scan").glob("tile_*.npz"))


def wait_for_tiles(process: subprocess.Popen[str], out: Path, count: int) -> None:
    """Wait until this many tiles of a scan are kept, or it has ended."""
    until = time.monotonic() + 60
    while len(list_kept(out)) < count and process.poll() is None:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
def test_ten_kills_cost_nothing(row: Row, tmp_path: Path) -> None:
    """A scan that is killed at ten random moments, and gone on with, gives the bytes of an unbroken one."""
    rng = np.random.default_rng(5)
    out, kills, kept, broken = tmp_path / "out", 0, set[str](), 0
    while kills < 10 or not out.exists():
        state = out.with_name("out.scan")
        if out.exists():  # it was finished before it could be killed: begin anew
            assert read_findings(out) == row.hashes
            shutil.rmtree(out)
            shutil.rmtree(state, ignore_errors=True)
            kept = set()
        resume = ["--resume"] if (state / "scan.json").exists() else []
        process = row.start(out, *resume)
        more, part = int(rng.integers(0, 3)), rng.uniform(0.0, 0.3)  # how many more tiles, and how long after them
        try:
            if kills < 10:
                wait_for_tiles(process, out, len(kept) + more)
            process.wait(part * row.seconds if kills < 10 else None)
        except subprocess.TimeoutExpired:
            process.kill()
            kills += 1
        _, errors = process.communicate(timeout=60)
        assert process.returncode in {0, -signal.SIGKILL}, errors
        broken += bool(resume and list_kept(out))
        if process.returncode:
            assert kept <= set(list_kept(out)) or out.exists()
            kept = set(list_kept(out))
    assert broken >= 3
    assert read_findings(out) == row.hashes
    assert not out.with_name("out.scan").exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
def test_an_interrupted_scan_goes_on(row: Row, tmp_path: Path) -> None:
    """Ctrl-C ends a real scan at once with a line that says how to go on, and so does it go on."""
    out = tmp_path / "out"
    process = row.start(out, "--json")
    wait_for_tiles(process, out, 2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    began = time.monotonic()
    output, errors = process.communicate(timeout=20)
    seconds = time.monotonic() - began
    assert process.returncode == 130
    assert seconds < 2
    assert output == ""
    found = re.fullmatch(
        r"colibri-geo: error: scan stopped: (\d) of 5 tiles are done and kept in (.+); "
        r"go on with the same command and --resume\n",
        errors,
    )
    assert found is not None, errors
    kept = len(list_kept(out))
    assert 2 <= kept < CELLS
    assert int(found[1]) in {kept - 1, kept}  # a tile may have been kept a moment before it was told
    assert found[2] == f"{out}.scan"
    assert not out.exists()
    again = subprocess.run(row.command(out), capture_output=True, text=True, check=False)
    assert again.returncode == 2
    assert re.search(r"holds an unfinished scan \(\d of 5 tiles are done\).*--resume", again.stderr)
    assert again.stderr.count("\n") == 1
    other = subprocess.run(
        row.command(out, "--resume", "--min-length", "500"), capture_output=True, text=True, check=False
    )
    assert other.returncode == 2
    assert "was begun with other settings than now" in other.stderr
    assert other.stderr.count("\n") == 1
    assert list_kept(out)
    ended = subprocess.run(row.command(out, "--resume", "--json"), capture_output=True, text=True, check=True)
    json.loads(ended.stdout)
    assert ended.stderr == ""
    assert read_findings(out) == row.hashes
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.slow
def test_folders_make_a_run_that_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two folders of files in, a run out that verifies and is read back with its tiles; progress goes to stderr."""

    @contextmanager
    def show_all() -> Iterator[ScanProgress]:
        yield ScanProgress(lambda line: click.echo(line, err=True), bar=False)

    monkeypatch.setattr("colibri_geo.cli.scan.show_scan_progress", show_all)
    before, after = write_scan_pair(tmp_path / "pair", plan_pair(240, 280))
    for image, name in ((before, "before"), (after, "after")):
        cut_image(image, tmp_path / name)
    result = run_cli(tmp_path / "before", tmp_path / "after", "--out", tmp_path / "out", "--json", "--workers", "1")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert told["before"].startswith("4 scenes of 2025-01-10")
    assert (told["tiles"], told["tile_px"]) == (1, 280)
    lines = result.stderr.splitlines()
    assert lines[:4] == [
        "read the inputs",
        "survey the pair",
        "look at the tiles",
        "0 of 1 tiles, lines yet to be scored: 0",
    ]
    assert re.fullmatch(r"1 of 1 tiles, [\d.]+ Mpx/s, 0:00 left, lines yet to be scored: \d+", lines[4])
    assert lines[-1] == "write the tables, draw the report"
    assert CliRunner().invoke(main, ["verify", str(tmp_path / "out")]).exit_code == 0
    run = read_run(tmp_path / "out")
    assert run.tiles is not None
    assert len(run.tiles) == 1
    assert list(run.strips["verdict"]) == ["new"]
    assert (tmp_path / "out" / "report.html").is_file()
