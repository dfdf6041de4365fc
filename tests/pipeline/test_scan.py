"""`scan`: the findings of `compare`, whoever works on the tiles and however the images are cut."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import rasterio
from affine import Affine
from shapely.geometry import LineString, box

import colibri_geo
from colibri_geo import Run, compare, read_run, verify
from colibri_geo.hashing import hash_file
from colibri_geo.reporting import build_model
from colibri_geo.scanning import LocalExecutor, dask_executor, local_executor
from colibri_geo.sim import SceneSpec
from tests.support.cluster import running_cluster, wait_for_both
from tests.support.corners import measure_apart_px
from tests.support.cutting import PIECES, cut_image, write_items
from tests.support.scan_pairs import hash_findings, plan_pair, read_findings, write_scan_pair

ZONE = "EPSG:32617"
WEST_M = 165_000.0
"""Easting at which zone 18 meets zone 17 near the equator."""

VERDICTS = {"new": "new", "old": "unchanged", "regrowing": "regrowing"}


@dataclass(frozen=True)
class Pair:
    """A pair of files, and the findings of `compare`."""

    before: Path
    after: Path
    spec: SceneSpec
    run: Run
    hashes: dict[str, str]


def make_pair(folder: Path, spec: SceneSpec) -> Pair:
    """Write a pair, and compare it."""
    before, after = write_scan_pair(folder / "pair", spec)
    run = compare(before, after)
    return Pair(before, after, spec, run, hash_findings(run, folder / "compare"))


@pytest.fixture(scope="module")
def row(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A pair of three cells in a row, with a strip over each seam."""
    return make_pair(tmp_path_factory.mktemp("row"), plan_pair(128, 2300, pixel_m=15.0))


@pytest.fixture(scope="module")
def lattice(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A pair of two by three cells, with a strip over each corner and over each side."""
    return make_pair(tmp_path_factory.mktemp("lattice"), plan_pair(1200, 2160, pixel_m=15.0, left_m=WEST_M))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """A pair of one cell at the border of two UTM zones, with a strip in its middle and no cloud."""
    spec = dataclasses.replace(plan_pair(240, 280, left_m=WEST_M), clouds=())
    return make_pair(tmp_path_factory.mktemp("small"), spec)


# ------------------------------------------------------------------------------------------------------- the same bytes
def test_processes_find_what_compare_finds(small: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker process gives the bytes that `compare` writes."""
    with local_executor(1) as executor:
        monkeypatch.setattr("colibri_geo.pipeline.scanning.OwnExecutor", lambda: executor)
        run = colibri_geo.scan(small.before, small.after, executor=executor)
    assert hash_findings(run, tmp_path / "out") == small.hashes


def test_a_single_cell_is_looked_at_here(small: Pair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For one cell no worker is asked, and the bytes are the same."""

    def refuse(*_: object) -> None:
        raise AssertionError("a worker was asked to look")

    monkeypatch.setattr(LocalExecutor, "submit", refuse)
    run = colibri_geo.scan(small.before, small.after, workers=2)
    assert hash_findings(run, tmp_path / "out") == small.hashes


@pytest.mark.slow
def test_seams_between_processes_do_not_show(row: Pair, tmp_path: Path) -> None:
    """Tiles in two processes give the bytes that `compare` writes, each strip over a seam once."""
    assert list(row.run.strips["verdict"]) == ["new"] * len(row.spec.strips)
    run = colibri_geo.scan(row.before, row.after, workers=2, tile_px=1)
    assert run.tiles is not None
    assert len(run.tiles) == 3
    assert hash_findings(run, tmp_path / "out") == row.hashes


@pytest.mark.slow
@pytest.mark.parametrize(("tile_px", "tiles", "workers"), [(512, 6, 8), (777, 6, 2), (1024, 2, 2), (100_000, 1, 1)])
def test_tiles_and_workers_do_not_show(lattice: Pair, tmp_path: Path, tile_px: int, tiles: int, workers: int) -> None:
    """Whatever the side of a tile and the number of processes, findings are the bytes that `compare` writes."""
    run = colibri_geo.scan(lattice.before, lattice.after, workers=workers, tile_px=tile_px)
    assert run.tiles is not None
    assert len(run.tiles) == tiles
    assert hash_findings(run, tmp_path / "out") == lattice.hashes


@pytest.mark.slow
def test_threads_do_not_show(lattice: Pair, tmp_path: Path) -> None:
    """An executor that is given, of threads in this process, gives the same bytes."""
    with ThreadPoolExecutor(3) as executor:
        run = colibri_geo.scan(lattice.before, lattice.after, executor=executor, tile_px=512)
    assert hash_findings(run, tmp_path / "out") == lattice.hashes


@pytest.mark.slow
def test_each_strip_over_a_seam_is_that_of_one_cell(lattice: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    """Strips over corners and sides of cells are found once each, with the ends that a search with one cell gives."""
    spec, strips = lattice.spec, lattice.run.strips
    monkeypatch.setattr("colibri_geo.tracing.search._CELL_PX", 3 * 1008)
    expected = compare(lattice.before, lattice.after).strips
    assert len(strips) == len(expected)
    for strip in spec.strips:
        line = LineString([(spec.left_m + east, spec.bottom_m + north) for east, north in (strip.end1, strip.end2)])
        near, near_expected = (table[table.geometry.intersects(line.buffer(60))] for table in (strips, expected))
        assert list(near["verdict"]) == list(near_expected["verdict"]) == [VERDICTS[strip.kind]]
        assert measure_apart_px(near, near_expected, pixel_m=spec.pixel_m) < 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the system sends no signals to one process")
def test_a_cluster_does_not_show(lattice: Pair, tmp_path: Path, project: Path) -> None:
    """A Dask cluster gives the same bytes, also when one of its two workers is killed on the way."""
    pytest.importorskip("distributed", reason="Dask is not installed: pip install 'colibri_geo[scale]'")
    with running_cluster(project, tmp_path) as cluster, dask_executor(cluster.address) as executor:
        wait_for_both(executor)
        whole = colibri_geo.scan(lattice.before, lattice.after, executor=executor, tile_px=512)
        halved = colibri_geo.scan(
            lattice.before,
            lattice.after,
            executor=executor,
            tile_px=512,
            on_tile=lambda done: cluster.workers[0].kill() if done.tiles_done == 1 else None,
        )
        assert cluster.workers[0].wait(10) != 0
    assert hash_findings(whole, tmp_path / "whole") == lattice.hashes
    assert hash_findings(halved, tmp_path / "halved") == lattice.hashes


ENVIRONMENTS = {
    "here": {"PYTHONHASHSEED": "0", "TZ": "America/Bogota", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "there": {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C", "LANG": "C", "OMP_NUM_THREADS": "3"},
}


@pytest.mark.slow
@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("command", ["scan", "compare"])
def test_surroundings_do_not_show(row: Pair, tmp_path: Path, environment: str, command: str) -> None:
    """Hash seed, time zone, locale, threads, working folder and the form of paths leave findings as they are."""
    relative = environment == "here"
    paths = [path.name if relative else str(path) for path in (row.before, row.after)]
    options = ["--workers", "2", "--tile", "512"] if command == "scan" else []
    subprocess.run(
        [sys.executable, "-m", "colibri_geo", command, *paths, "--out", str(tmp_path / "out"), "--no-report", *options],
        cwd=row.before.parent if relative else tmp_path,
        env=os.environ | ENVIRONMENTS[environment],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    assert read_findings(tmp_path / "out") == row.hashes


# ------------------------------------------------------------------------------------------------------------- mosaics
def cut_pair(pair: Pair, folder: Path, **options: Any) -> tuple[list[Path], list[Path]]:  # noqa: ANN401 - of cut_image
    """Cut both images of a pair into four files."""
    before = cut_image(pair.before, folder / "before", **options)
    return before, cut_image(pair.after, folder / "after", **options)


def drop_names(strips: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return all that is told of strips but the names of the scenes."""
    return pd.DataFrame(strips.drop(columns=["before_id", "after_id"]))


def scan_here(before: Any, after: Any, **options: Any) -> Run:  # noqa: ANN401 - what scan takes
    """Scan in threads of this process."""
    with ThreadPoolExecutor(2) as executor:
        return colibri_geo.scan(before, after, executor=executor, **options)


def test_four_files_are_one_image(small: Pair, tmp_path: Path) -> None:
    """A strip over the seams of four files is that of the uncut image to the last digit, and each file is recorded."""
    assert len(small.run.strips) == 1
    before, after = cut_pair(small, tmp_path / "cut")
    run = scan_here(tmp_path / "cut" / "before", tmp_path / "cut" / "after")
    pd.testing.assert_frame_equal(drop_names(run.strips), drop_names(small.run.strips))
    pd.testing.assert_frame_equal(run.observed, small.run.observed)
    folder = run.save(tmp_path / "out")
    manifest = (folder / "manifest.json").read_text(encoding="utf-8")
    for record, files in ((run.before, before), (run.after, after)):
        told = {part.name: (part.sha256, part.mask_sha256) for part in record.parts}
        assert told == {path.name: (hash_file(path), hash_file(find_mask(path))) for path in files}
        assert all(part.sha256 in manifest for part in record.parts)
    assert verify(folder).ok
    back = read_run(folder)
    assert back.record == run.record
    assert run.tiles is not None
    assert back.tiles is not None
    pd.testing.assert_frame_equal(
        pd.DataFrame(back.tiles.drop(columns="geometry")),
        pd.DataFrame(run.tiles.drop(columns="geometry")),
        check_dtype=False,
    )
    assert back.tiles.geometry.geom_equals_exact(run.tiles.geometry, tolerance=1e-6).all()


def find_mask(image: Path) -> Path:
    """Return the mask beside an image."""
    return image.with_name(f"{image.stem}_scl.tif")


@pytest.mark.slow
@pytest.mark.parametrize("zone", [None, ZONE])
def test_order_of_files_does_not_show(small: Pair, tmp_path: Path, zone: str | None) -> None:
    """A folder, and its files in whatever order, give the same bytes, in one zone or two."""
    before, after = cut_pair(small, tmp_path / "cut", zone=zone)
    expected = hash_findings(scan_here(before[0].parent, after[0].parent), tmp_path / "folder")
    run = scan_here(before[::-1], after[2:] + after[:2])
    assert hash_findings(run, tmp_path / "list") == expected


def test_a_strip_over_two_zones_is_found_once(small: Pair, tmp_path: Path) -> None:
    """With one of four files in the next UTM zone, the strip over the seam is found once, within 15 m of its place."""
    before, after = cut_pair(small, tmp_path / "cut", zone=ZONE)
    run = scan_here(before[0].parent, after[0].parent)
    assert [part.crs for part in run.before.parts] == ["EPSG:32618"] * 3 + [ZONE]
    assert list(run.strips["verdict"]) == ["new"]
    assert measure_apart_px(run.strips, small.run.strips, pixel_m=1.0) < 15


def test_a_file_that_lies_off_the_others_is_moved_back(small: Pair, tmp_path: Path) -> None:
    """One of four files lies 11 m off, as it says itself: the strip over the seam is found once, and a note tells."""
    before, after = cut_pair(small, tmp_path / "cut")
    for path in (after[3], find_mask(after[3])):
        with rasterio.open(path, "r+") as dataset:
            dataset.transform = Affine.translation(-8.0, 7.5) @ dataset.transform
    run = scan_here(before[0].parent, after[0].parent)
    (moved,) = [note for note in run.after.notes if "off the other scenes of its date" in note]
    assert moved.startswith("piece3.tif: it lay 1")
    assert "degrees from north, and was moved back" in moved
    assert list(run.strips["verdict"]) == ["new"]
    assert measure_apart_px(run.strips, small.run.strips, pixel_m=1.0) < 5


def test_a_look_that_may_be_the_latest_of_its_day_is_told_as_a_day(small: Pair, tmp_path: Path) -> None:
    """One of four files states no time, the others a day after the older image to the hour: nobody knows of hours."""
    before, after = cut_pair(small, tmp_path / "cut")
    for path in after:
        with rasterio.open(path, "r+") as dataset:
            dataset.update_tags(ACQUISITIONDATETIME="2025-01-11" if path == after[3] else "2025-01-11T15:20:00Z")
    run = scan_here(before, after)
    (sheet,) = build_model(run.findings, run.record, (), None).sheets
    (told,) = [fact.lines for fact in sheet.time_and_place if fact.label == "First seen"]
    looks = "between 2025-01-10 15:20:00Z (last clear look without it) and 2025-01-11 (first look with it), 1 day"
    assert told == (looks,)


def test_an_item_collection_is_one_image(small: Pair, tmp_path: Path) -> None:
    """Files that two STAC item collections name are one pair: the strip over their seams is found once, whole."""
    sides = [
        write_items(tmp_path / f"{name}_items", files)
        for name, files in zip(("before", "after"), cut_pair(small, tmp_path / "cut"), strict=True)
    ]
    run = scan_here(*sides)
    assert len(run.before.parts) == len(run.after.parts) == PIECES
    assert list(run.strips["verdict"]) == ["new"]
    assert measure_apart_px(run.strips, small.run.strips) < 1


@pytest.mark.slow
def test_a_mosaic_of_many_cells_is_one_image(lattice: Pair, tmp_path: Path) -> None:
    """In processes and many tiles, a mosaic gives all strips of the uncut image to the last digit."""
    cut_pair(lattice, tmp_path / "cut", overlap_px=90)
    run = colibri_geo.scan(tmp_path / "cut" / "before", tmp_path / "cut" / "after", workers=2, tile_px=512)
    pd.testing.assert_frame_equal(drop_names(run.strips), drop_names(lattice.run.strips))
    pd.testing.assert_frame_equal(run.observed, lattice.run.observed)


@pytest.mark.slow
def test_a_mosaic_of_two_zones_has_all_strips(lattice: Pair, tmp_path: Path) -> None:
    """With a quarter of the ground in the next zone, each clear strip is found once, with its verdict, within 15 m."""
    cut_pair(lattice, tmp_path / "cut", overlap_px=90, zone=ZONE)
    run = colibri_geo.scan(tmp_path / "cut" / "before", tmp_path / "cut" / "after", workers=2, tile_px=512)
    clear = lattice.run.strips[lattice.run.strips["probability"] > 0.9]
    assert len(clear) >= 8
    for line, verdict in zip(clear.geometry, clear["verdict"], strict=True):
        near = run.strips[run.strips.geometry.hausdorff_distance(line) < 200]
        assert list(near["verdict"]) == [verdict]
        assert near.geometry.iloc[0].hausdorff_distance(line) < 15


# ---------------------------------------------------------------------------------------------------------------- area
@pytest.mark.slow
def test_ground_far_from_the_area_has_no_tile(lattice: Pair, tmp_path: Path) -> None:
    """Cells from which no strip reaches the area are not looked at; findings are those of `compare`."""
    spec = lattice.spec
    east_m, top_m = spec.left_m + spec.width_m, spec.bottom_m + spec.height_m
    area = tmp_path / "area.geojson"
    shape = box(east_m - 2900, top_m - spec.height_m / 2, east_m - 500, top_m - 200)
    gpd.GeoDataFrame(geometry=[shape], crs=spec.crs).to_crs(4326).to_file(area)
    run = colibri_geo.scan(lattice.before, lattice.after, aoi=area, workers=2, tile_px=512)
    expected = compare(lattice.before, lattice.after, aoi=area)
    assert hash_findings(run, tmp_path / "scan") == hash_findings(expected, tmp_path / "compare")
    tiles = read_run(tmp_path / "scan").tiles
    assert tiles is not None
    assert list(zip(tiles["row"], tiles["col"], strict=True)) == [(0, 1008), (0, 2016)]
    assert list(run.strips["verdict"]) == ["unchanged"]
    assert lattice.run.strips.geometry.hausdorff_distance(run.strips.geometry.iloc[0]).min() == 0
