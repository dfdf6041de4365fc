"""Looking at cells: counts and squares are those of the whole pair, however cells are grouped."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from colibri_geo.errors import IntegrityError
from colibri_geo.layers.aoi import mask_outside_aoi
from colibri_geo.layers.counting import count_pixels, gather_squares
from colibri_geo.layers.reading import read_aoi
from colibri_geo.layers.regions import Regions
from colibri_geo.pairs import NOT_ASKED, ChangeMap, align, change, survey
from colibri_geo.pipeline.looking import (
    Looked,
    Task,
    choose_cells,
    count_candidates,
    join,
    look_at_cell,
    look_at_tile,
    plan_task,
    restore,
)
from colibri_geo.scanning import cut_tiles
from colibri_geo.scenes.masks import Unseen
from colibri_geo.settings import TraceSettings
from colibri_geo.tracing.cells import cut_cells
from colibri_geo.tracing.storing import to_array
from tests.support.small_pair import STRIP, make_veiled_scenes, small_spec

CELL_PX = 96


@pytest.fixture(autouse=True)
def small_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lattice fine enough for a small pair to have several cells, of 96 pixels at 10 m."""
    monkeypatch.setattr("colibri_geo.tracing.search._CELL_PX", CELL_PX // 2)


@pytest.fixture(scope="module")
def change_map() -> ChangeMap:
    """A small pair with a new strip, a hole and a cloud."""
    scenes = make_veiled_scenes(small_spec(), hole=np.s_[100:131, 130:], cloud=np.s_[150:, :101])
    return change(align(*scenes, survey(*scenes)))


def write_aoi(path: Path, *, left: float, bottom: float, right: float, top: float) -> Path:
    """Write an area of interest given in metres from the lower left corner of the small pair."""
    spec = small_spec()
    shape = box(spec.left_m + left, spec.bottom_m + bottom, spec.left_m + right, spec.bottom_m + top)
    gpd.GeoDataFrame(geometry=[shape], crs=spec.crs).to_crs(4326).to_file(path)
    return path


def planned(change_map: ChangeMap, *, aoi: Path | None = None, settings: TraceSettings | None = None) -> Task:
    """Plan without regions."""
    return plan_task(change_map, settings or TraceSettings(), (), None if aoi is None else read_aoi(aoi))


def codes_of(change_map: ChangeMap) -> np.ndarray:
    """Codes of the whole pair."""
    block = change_map.pair.read()
    nowhere = np.minimum(block.unseen_before, block.unseen_after) == Unseen.OUTSIDE
    return np.where(nowhere, NOT_ASKED, block.unseen)


def assert_same(one: Looked, other: Looked) -> None:
    """Check that two give the same, to the last bit."""
    assert one.window == other.window
    np.testing.assert_array_equal(*(sorted(to_array(looked.candidates).tolist()) for looked in (one, other)))
    for counts in ("asked_px", "observed_px", "asked_cm2"):
        np.testing.assert_array_equal(getattr(one.counts, counts), getattr(other.counts, counts))
    np.testing.assert_array_equal(one.squares, other.squares)


def look_at_all(task: Task) -> Looked:
    """Look at all cells one by one."""
    return join(task, task.change_map.whole, (look_at_cell(task, cell) for cell in choose_cells(task)))


def test_cells_together_are_the_pair(change_map: ChangeMap) -> None:
    """Pixels asked about and observed, areas and squares of all cells are those of the pair at once."""
    task = planned(change_map)
    looked, codes = look_at_all(task), codes_of(change_map)
    counts = count_pixels(codes, change_map.grid, ())
    for name in ("asked_px", "observed_px", "asked_cm2"):
        np.testing.assert_array_equal(getattr(looked.counts, name), getattr(counts, name))
    np.testing.assert_array_equal(looked.squares, gather_squares(codes, task.square_px))
    assert set(np.unique(looked.squares)) == {0, int(Unseen.CLOUD), int(Unseen.NODATA)}
    assert len(looked.candidates) >= 1


@pytest.mark.parametrize("tile_px", [1, 96, 100, 5000])
def test_tiles_together_are_the_cells_together(change_map: ChangeMap, tile_px: int) -> None:
    """However cells are grouped into tiles, and through plain arrays and back, what comes of them is the same."""
    task = planned(change_map)
    tiles = cut_tiles(choose_cells(task), tile_px)
    arrays = [look_at_tile(task, tile) for tile in tiles]
    assert all(values.dtype != object for one in arrays for values in one.values())
    back = [restore(task, tile, one) for tile, one in zip(tiles, arrays, strict=True)]
    assert_same(join(task, change_map.whole, back[::-1]), look_at_all(task))
    assert [count_candidates(one) for one in arrays] == [len(looked.candidates) for looked in back]


def test_kept_tiles_of_another_pair_are_refused(change_map: ChangeMap) -> None:
    """What no tile of this pair gives is refused, whichever array it is in."""
    task = planned(change_map)
    tile = cut_tiles(choose_cells(task), 5000)[0]
    arrays = dict(look_at_tile(task, tile))
    for name, values in arrays.items():
        others = {key: value for key, value in arrays.items() if key != name}
        for wrong in (others, others | {name: values[..., None]}, others | {name: values.astype(np.float32)}):
            with pytest.raises(IntegrityError, match="begin anew"):
                restore(task, tile, wrong)


def test_task_travels_to_another_process(change_map: ChangeMap) -> None:
    """A task that was pickled does the same work."""
    task = planned(change_map)
    cell = choose_cells(task)[-1]
    assert_same(look_at_cell(pickle.loads(pickle.dumps(task)), cell), look_at_cell(task, cell))  # noqa: S301 - its own


def test_regions_are_counted_cell_by_cell(change_map: ChangeMap) -> None:
    """Counts by region add up over the cells to those of the pair at once; each pixel belongs to one of two halves."""
    frame = change_map.grid.boundingbox
    middle = (frame.left + frame.right) / 2 + 3
    halves = gpd.GeoDataFrame(
        {"level": ["admin1", "admin1"], "name": ["west", "east"], "code": ["1", "2"], "parent": [None, None]},
        geometry=[
            box(frame.left - 9e3, frame.bottom - 9e3, middle, frame.top + 9e3),
            box(middle, frame.bottom - 9e3, frame.right + 9e3, frame.top + 9e3),
        ],
        crs=str(change_map.grid.crs),
    ).to_crs(4326)
    regions = Regions(halves, ())
    task = plan_task(change_map, TraceSettings(), regions.shapes, None)
    counts = look_at_all(task).counts
    expected = count_pixels(codes_of(change_map), change_map.grid, regions.shapes)
    for name in ("asked_px", "observed_px", "asked_cm2"):
        np.testing.assert_array_equal(getattr(counts, name), getattr(expected, name))
    assert counts.asked_px[0] == counts.asked_px[1] + counts.asked_px[2] == 180 * 180
    assert min(counts.asked_px[1:]) > 0


def test_only_cells_that_matter_to_the_area_are_looked_at(change_map: ChangeMap, tmp_path: Path) -> None:
    """Cells further from the area than the longest strip are left out; of the others only the area is asked about."""
    aoi = write_aoi(tmp_path / "aoi.geojson", left=0, bottom=0, right=400, top=300)
    near = dataclasses.replace(TraceSettings(), max_length_m=350.0)
    task = planned(change_map, aoi=aoi, settings=near)
    assert [(cell.row, cell.col) for cell in choose_cells(task)] == [(CELL_PX, 0)]
    far = planned(change_map, aoi=aoi)
    assert choose_cells(far) == cut_cells(change_map)
    area = read_aoi(aoi)
    outside = mask_outside_aoi(change_map.grid, area)
    for one in (task, far):
        looked = look_at_all(one)
        assert looked.counts.asked_px[0] == np.count_nonzero(~outside) > 1000
        assert looked.counts.observed_px[0] == np.count_nonzero(~outside & (codes_of(change_map) == 0))
    assert STRIP.end2[0] > 400
