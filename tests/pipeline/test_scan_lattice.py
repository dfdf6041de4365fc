"""Cells and tiles that do not show: small cells in place of the usual ones, so that a small pair has many."""

from __future__ import annotations

import itertools
import shutil
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Transformer
from shapely.geometry import box

import colibri_geo
from colibri_geo import Run, compare, read_run
from colibri_geo.errors import OutputExists, SettingsError, WorkerLost
from colibri_geo.scanning import TileDone
from colibri_geo.settings import Settings
from colibri_geo.sim import SceneSpec
from tests.support.corners import AZIMUTHS_DEG, OFFSETS_PX, Case, run_case
from tests.support.elevation import Plane, degree_grid, heights_on, write_heights
from tests.support.scan_pairs import SMALL_CELL_PX, hash_findings, plan_pair, write_scan_pair

ROWS, COLS = 330, 500
CELL_PX = 2 * SMALL_CELL_PX


class LastFirstExecutor(ThreadPoolExecutor):
    """Finishes a task the sooner, the later it came."""

    def __init__(self, workers: int) -> None:
        super().__init__(workers)
        self._waits_seconds = itertools.chain([3.0, 0.5], itertools.repeat(0.0))

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:  # noqa: ANN401 - as declared
        """Let the first tasks wait."""
        return super().submit(_call_late, next(self._waits_seconds), fn, *args, **kwargs)


def _call_late(seconds: float, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    time.sleep(seconds)
    return function(*args, **kwargs)


class StopError(Exception):
    """Stops a scan on the way."""


@dataclass(frozen=True)
class Pair:
    """A pair of files, and what `compare` finds in it with small cells and with one cell."""

    before: Path
    after: Path
    spec: SceneSpec
    small: Run
    whole: Run
    hashes: dict[str, str]

    def scan(self, **options: Any) -> Run:  # noqa: ANN401 - the options of scan
        """Scan the pair in two threads, unless told otherwise."""
        with ThreadPoolExecutor(2) as executor:
            return colibri_geo.scan(self.before, self.after, **{"executor": executor, **options})


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A pair of two by three cells, with a strip over each corner."""
    folder = tmp_path_factory.mktemp("lattice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colibri_geo.tracing.search._CELL_PX", SMALL_CELL_PX)
        spec = plan_pair(ROWS, COLS)
        before, after = write_scan_pair(folder / "pair", spec)
        small = compare(before, after)
    return Pair(before, after, spec, small, compare(before, after), hash_findings(small, folder / "out"))


@pytest.fixture
def small_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells of 192 pixels of 10 m."""
    monkeypatch.setattr("colibri_geo.tracing.search._CELL_PX", SMALL_CELL_PX)


# ------------------------------------------------------------------------------------------------------------- findings
@pytest.mark.usefixtures("small_cells")
@pytest.mark.parametrize(
    ("tile_px", "tiles"), [(1, 6), pytest.param(193, 2, marks=pytest.mark.slow), (10_000, 1)], ids=str
)
def test_tiles_do_not_show(pair: Pair, tmp_path: Path, tile_px: int, tiles: int) -> None:
    """Whatever the side of a tile, findings are the bytes that `compare` writes."""
    run = pair.scan(tile_px=tile_px)
    assert run.tiles is not None
    assert len(run.tiles) == tiles
    assert hash_findings(run, tmp_path / "out") == pair.hashes


@pytest.mark.usefixtures("small_cells")
@pytest.mark.parametrize(
    "executor",
    [
        lambda: ThreadPoolExecutor(8),
        pytest.param(lambda: ThreadPoolExecutor(1), marks=pytest.mark.slow),
        pytest.param(lambda: LastFirstExecutor(3), marks=pytest.mark.slow),
    ],
    ids=["many", "one", "out of order"],
)
def test_order_and_workers_do_not_show(pair: Pair, tmp_path: Path, executor: Callable[[], Executor]) -> None:
    """One worker, more than there are tiles, and one that finishes them out of order give the same bytes."""
    numbers: list[int | None] = []
    with executor() as chosen:
        run = pair.scan(executor=chosen, tile_px=CELL_PX, on_tile=lambda done: numbers.append(done.number))
    assert {*numbers} == {None, *range(6)}
    if isinstance(chosen, LastFirstExecutor):
        assert numbers.index(0) > numbers.index(2)
    assert hash_findings(run, tmp_path / "out") == pair.hashes


@pytest.mark.slow
@pytest.mark.usefixtures("small_cells")
def test_compare_shares_its_cells(pair: Pair, tmp_path: Path) -> None:
    """With workers, `compare` has other processes look at the cells, and writes the same bytes."""
    told: list[str] = []
    run = compare(pair.before, pair.after, workers=2, progress=told.append)
    assert "look at the cells: 6 of 6" in told
    assert hash_findings(run, tmp_path / "out") == pair.hashes


@pytest.mark.usefixtures("small_cells")
def test_a_lost_worker_of_compare_is_told(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line names what can be done about it with `compare`, which keeps nothing to go on from."""

    def lose(*_: object, **__: object) -> None:
        raise WorkerLost("tile 3: lost; go on with --resume")

    monkeypatch.setattr("colibri_geo.pipeline.looking.look_at_tiles", lose)
    with pytest.raises(WorkerLost, match="fewer --workers") as caught:
        compare(pair.before, pair.after, workers=2)
    assert "resume" not in str(caught.value)


def test_strips_over_corners_are_found_once_and_whole(pair: Pair) -> None:
    """Each strip over a corner is found once, with its ends within a pixel of those that one cell gives."""
    found, expected = pair.small.strips, pair.whole.strips
    assert len(found) == len(expected) == len(pair.spec.strips) == 2
    near = found.geometry.apply(lambda line: expected.geometry.hausdorff_distance(line).min())
    assert near.max() < pair.spec.pixel_m
    assert (found["verdict"] == "new").all()


# ---------------------------------------------------------------------------------------------------------- area
def write_area(path: Path, spec: SceneSpec, *, rows: tuple[int, int], cols: tuple[int, int]) -> Path:
    """Write an area of interest that is given in pixels."""
    top_m = spec.bottom_m + spec.rows * spec.pixel_m
    (bottom, top), (left, right) = (
        tuple(top_m - row * spec.pixel_m for row in reversed(rows)),
        tuple(spec.left_m + col * spec.pixel_m for col in cols),
    )
    gpd.GeoDataFrame(geometry=[box(left, bottom, right, top)], crs=spec.crs).to_crs(4326).to_file(path)
    return path


@pytest.mark.usefixtures("small_cells")
def test_ground_far_from_the_area_is_not_looked_at(pair: Pair, tmp_path: Path) -> None:
    """Cells from which no strip reaches the area have no tile; strips and shares are those of `compare`."""
    area = write_area(tmp_path / "area.geojson", pair.spec, rows=(100, 185), cols=(395, 490))
    settings = Settings().replace(max_length_m=1000.0)
    run = pair.scan(aoi=area, settings=settings, tile_px=CELL_PX)
    expected = compare(pair.before, pair.after, aoi=area, settings=settings)
    assert hash_findings(run, tmp_path / "scan") == hash_findings(expected, tmp_path / "compare")
    tiles = read_run(tmp_path / "scan").tiles
    assert tiles is not None
    assert list(zip(tiles["row"], tiles["col"], strict=True)) == [(0, 192), (0, 384), (192, 192), (192, 384)]
    assert len(run.strips) == 1
    whole = pair.small.strips.geometry
    assert whole.hausdorff_distance(run.strips.geometry.iloc[0]).min() == 0
    asked_km2 = run.observed.iloc[0]["asked_km2"]
    assert tiles["asked_px"].sum() * 1e-4 == pytest.approx(asked_km2, rel=1e-3)
    assert asked_km2 == pytest.approx(85 * 95 * 1e-4, rel=0.03)
    assert list(tiles["asked_px"])[2] == 0


@pytest.mark.usefixtures("small_cells")
def test_what_lies_around_is_that_of_compare(pair: Pair, tmp_path: Path) -> None:
    """Aerodromes and layers stand beside the strips of a scan as beside those of `compare`, and leave none out."""
    first = pair.small.strips.geometry.iloc[[0]].to_crs(4326)
    path = tmp_path / "lines.gpkg"
    gpd.GeoDataFrame({"name": ["Pista"]}, geometry=first.to_numpy(), crs=4326).to_file(path)
    around = {"aerodromes": path, "layers": f"roads={path}"}
    run = pair.scan(**around)
    expected = compare(pair.before, pair.after, **around)
    assert hash_findings(run, tmp_path / "scan") == hash_findings(expected, tmp_path / "compare")
    assert len(run.strips) == len(pair.small.strips)
    assert run.strips["aerodrome"].tolist() == ["known"] + ["unknown"] * (len(run.strips) - 1)
    assert run.findings.strip_context is not None
    assert run.findings.strip_context["strip_id"].tolist() == run.strips.index.tolist()
    assert [layer.role for layer in run.record.layers] == ["aerodromes", "layer roads"]


@pytest.fixture
def model(pair: Pair, tmp_path: Path) -> Path:
    """An elevation model of the pair's ground, in two tiles."""
    place = pair.small.strips.geometry.iloc[0].centroid
    lon, lat = Transformer.from_crs(pair.spec.crs, 4326, always_xy=True).transform(place.x, place.y)
    plane, folder = Plane(lon, lat), tmp_path / "tiles"
    folder.mkdir()
    grid = degree_grid(plane, side_px=400)
    for name, part in (("north.tif", grid[:200, :]), ("south.tif", grid[200:, :])):
        write_heights(folder / name, heights_on(part, plane.height), part)
    return folder


@pytest.mark.usefixtures("small_cells")
def test_heights_are_those_of_compare(pair: Pair, model: Path, tmp_path: Path) -> None:
    """Elevation and slope of a scan are those of `compare`; they change no verdict and no probability."""
    run = pair.scan(elevation=model, tile_px=1)
    expected = compare(pair.before, pair.after, elevation=model)
    assert hash_findings(run, tmp_path / "scan") == hash_findings(expected, tmp_path / "compare")
    assert run.strips[["elevation_m", "slope_percent", "relief_m"]].notna().all(axis=None)
    kept = ["verdict", "probability", "reasons"]
    pd.testing.assert_frame_equal(run.strips[kept], pair.small.strips[kept])
    assert [(layer.role, layer.name) for layer in run.record.layers] == [
        ("elevation", "north.tif"),
        ("elevation", "south.tif"),
    ]


def write_regions(path: Path, pair: Pair, name: str, *, share: float = 1.0) -> str:
    """Write one region around a share of the pair's ground; as it is given to `scan`."""
    west, south, east, north = pair.small.strips.to_crs(4326).total_bounds
    region = gpd.GeoDataFrame(
        {"name": [name]}, geometry=[box(west, south, west + share * (east - west), north)], crs=4326
    )
    region.to_file(path, driver="GPKG")
    return f"admin1={path}"


@pytest.mark.usefixtures("small_cells")
def test_what_decides_on_no_tile_may_change(pair: Pair, model: Path, tmp_path: Path) -> None:
    """Heights, operating point and the name of a region may be others than before, the outline of a region may not."""
    state = tmp_path / "out.scan"
    with pytest.raises(StopError):
        pair.scan(
            regions=write_regions(tmp_path / "a.gpkg", pair, "A"),
            tile_px=CELL_PX,
            state=state,
            on_tile=stop_after(2),
        )
    with pytest.raises(SettingsError, match="was begun with other inputs than now"):
        pair.scan(
            regions=write_regions(tmp_path / "half.gpkg", pair, "A", share=0.5),
            tile_px=CELL_PX,
            state=state,
            resume=True,
        )
    changed = {
        "regions": write_regions(tmp_path / "b.gpkg", pair, "B"),
        "elevation": model,
        "settings": Settings().replace(operating_point="watch", vertical_error_m=9.0),
    }
    told: list[TileDone] = []
    run = pair.scan(**changed, tile_px=CELL_PX, state=state, resume=True, on_tile=told.append)
    assert told[0].tiles_done == 2
    expected = pair.scan(**changed, tile_px=CELL_PX)
    assert hash_findings(run, tmp_path / "resumed") == hash_findings(expected, tmp_path / "whole")


# ------------------------------------------------------------------------------------------------- stopped, and gone on
def stop_after(tiles: int) -> Callable[[TileDone], None]:
    """Stop a scan when this many tiles are done."""

    def look(done: TileDone) -> None:
        if done.tiles_done >= tiles:
            raise StopError

    return look


@pytest.fixture(scope="module")
def stopped(pair: Pair, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a scan that was stopped after two of six tiles."""
    state = tmp_path_factory.mktemp("stopped") / "out.scan"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("colibri_geo.tracing.search._CELL_PX", SMALL_CELL_PX)
        with pytest.raises(StopError):
            pair.scan(tile_px=CELL_PX, state=state, on_tile=stop_after(2))
    assert len(list(state.glob("*.npz"))) == 2
    return state


@pytest.fixture
def unfinished(stopped: Path, small_cells: None, tmp_path: Path) -> Path:  # noqa: ARG001 - cells are small meanwhile
    """A copy of it, to do with as one likes."""
    return Path(shutil.copytree(stopped, tmp_path / "out.scan"))


def test_a_stopped_scan_goes_on(pair: Pair, unfinished: Path, tmp_path: Path) -> None:
    """What goes on begins with the tiles that were done, and gives the bytes of an unbroken run."""
    told: list[TileDone] = []
    run = pair.scan(tile_px=CELL_PX, state=unfinished, resume=True, on_tile=told.append)
    assert [done.tiles_done for done in told] == [2, 3, 4, 5, 6]
    assert told[0].px_before == told[0].px_done > 0
    assert hash_findings(run, tmp_path / "out") == pair.hashes


@pytest.mark.slow
def test_files_may_move_meanwhile(pair: Pair, unfinished: Path, tmp_path: Path) -> None:
    """Inputs are told by their bytes: the same files in another folder are the same scan."""
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in pair.before.parent.iterdir():
        (moved / path.name).write_bytes(path.read_bytes())
    told: list[TileDone] = []
    with ThreadPoolExecutor(2) as executor:
        run = colibri_geo.scan(
            *(moved / path.name for path in (pair.before, pair.after)),
            tile_px=CELL_PX,
            executor=executor,
            state=unfinished,
            resume=True,
            on_tile=told.append,
        )
    assert told[0].tiles_done == 2
    assert hash_findings(run, tmp_path / "out") == pair.hashes


@pytest.mark.parametrize(
    ("options", "changed"),
    [
        ({"settings": Settings().replace(min_length_m=500.0)}, "settings"),
        ({"tile_px": 2 * CELL_PX}, "tiles"),
        ({"before_date": "2025-01-09"}, "inputs"),
        ({"bands": "blue=1,green=2,red=3"}, "inputs"),
    ],
)
def test_another_scan_does_not_go_on(pair: Pair, unfinished: Path, options: dict[str, Any], changed: str) -> None:
    """With other settings, tiles or inputs than before, one line says which differ, and the tiles stay."""
    with pytest.raises(SettingsError, match=rf"was begun with other {changed}.* than now, expected the same") as caught:
        pair.scan(**{"tile_px": CELL_PX, **options}, state=unfinished, resume=True)
    assert "\n" not in str(caught.value)
    assert len(list(unfinished.glob("*.npz"))) == 2


@pytest.mark.parametrize("name", ["pair_before.tif", "pair_after.tif", "pair_before_scl.tif"])
def test_changed_bytes_do_not_go_on(pair: Pair, unfinished: Path, tmp_path: Path, name: str) -> None:
    """An image or mask of which a byte changed is another input, though its name, size and time are the same."""
    moved = tmp_path / "moved"
    moved.mkdir()
    for path in pair.before.parent.iterdir():
        (moved / path.name).write_bytes(path.read_bytes())
    touched = moved / name
    tags = touched.read_bytes()
    place = tags.rindex(b"SYNTHETIC")
    touched.write_bytes(tags[:place] + b"SYNTHETIK" + tags[place + 9 :])
    with ThreadPoolExecutor(2) as executor, pytest.raises(SettingsError, match="other inputs than now"):
        colibri_geo.scan(
            moved / pair.before.name,
            moved / pair.after.name,
            tile_px=CELL_PX,
            executor=executor,
            state=unfinished,
            resume=True,
        )
    assert len(list(unfinished.glob("*.npz"))) == 2


def test_tiles_that_are_done_are_not_lost(unfinished: Path) -> None:
    """Without `resume` an unfinished scan is refused, with it none; before an image is read."""
    with pytest.raises(OutputExists, match=r"2 of 6 tiles are done.*--resume"):
        colibri_geo.scan("no.tif", "image.tif", state=unfinished)
    assert len(list(unfinished.glob("*.npz"))) == 2
    with pytest.raises(SettingsError, match="holds no unfinished scan"):
        colibri_geo.scan("no.tif", "image.tif", state=unfinished.with_name("other.scan"), resume=True)


@pytest.mark.slow
def test_a_damaged_tile_is_done_again(pair: Pair, unfinished: Path, tmp_path: Path) -> None:
    """A tile that does not hold to its checksum any more is said, and done again."""
    kept = sorted(unfinished.glob("*.npz"))[0]
    content = bytearray(kept.read_bytes())
    content[len(content) // 2] ^= 1
    kept.write_bytes(bytes(content))
    told: list[TileDone] = []
    run = pair.scan(tile_px=CELL_PX, state=unfinished, resume=True, on_tile=told.append)
    assert told[0].tiles_done == 1
    assert "is damaged on disk: it is done again" in told[0].notes[0]
    assert hash_findings(run, tmp_path / "out") == pair.hashes


# ----------------------------------------------------------------------------------------------------------- corners
@pytest.mark.parametrize("case", [Case(0.0, 0.0, 45.0), Case(11.75, -18.5, 150.0)], ids=str)
def test_a_strip_over_a_corner_is_found_once(case: Case) -> None:
    """A strip over the corner of four cells is found once, its ends within a pixel of where one cell has them."""
    outcome = run_case(case)
    assert outcome.fault is None


@pytest.mark.slow
@pytest.mark.parametrize("azimuth_deg", AZIMUTHS_DEG[::3])
def test_strips_around_a_corner_are_found_once(azimuth_deg: float) -> None:
    """The same of twelve azimuths, axes and diagonals among them, each by half of the offsets and the next by the rest.

    ``benchmarks/corner_cases.py`` runs all.
    """
    turn = AZIMUTHS_DEG.index(azimuth_deg)
    offsets = [(down, OFFSETS_PX[(number + turn) % 8]) for number, down in enumerate(OFFSETS_PX)][turn % 2 :: 2]
    outcomes = [run_case(Case(down, right, azimuth_deg)) for down, right in offsets]
    assert [(one.case, one.fault) for one in outcomes if one.fault] == []
    assert np.nanmax([one.apart_px for one in outcomes]) < 1
