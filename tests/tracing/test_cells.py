"""Cells of the lattice: they cover a pair once, each gives what it gives, and strips across them are taken once."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import Point

from colibri_geo.core.frames import Line
from colibri_geo.core.whitening import BLOCK_PX
from colibri_geo.core.windows import Window
from colibri_geo.pairs import NOT_ASKED, ChangeMap, align, change, survey
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import TraceSettings
from colibri_geo.sim import SceneSpec, Strip
from colibri_geo.tracing import measuring
from colibri_geo.tracing.cells import Candidate, CellFindings, cut_cells, find_cell_side, merge_candidates, trace_cell
from colibri_geo.tracing.search import plan_search
from colibri_geo.tracing.storing import to_array
from colibri_geo.tracing.tracing import tabulate, trace
from tests.support.small_pair import STRIP, make_scenes, make_veiled_scenes, small_spec
from tests.tracing.segments import make_segment

SMALL_CELL_PX = 48
BESIDE = dataclasses.replace(STRIP, end1=(1500.0, 300.0), end2=(1500.0, 1400.0))


def mapped(before: Scene, after: Scene) -> ChangeMap:
    """Walk the road to the change map."""
    return change(align(before, after, survey(before, after)))


@pytest.fixture(scope="module")
def veiled() -> ChangeMap:
    """A small pair with two new strips; a part of the later image was not measured, and a part is cloud."""
    scenes = make_veiled_scenes(small_spec(strips=(STRIP, BESIDE)), hole=np.s_[:30, 90:], cloud=np.s_[150:, :40])
    return mapped(*scenes)


@pytest.fixture
def small_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lattice fine enough for a small pair to have several cells."""
    monkeypatch.setattr("colibri_geo.tracing.search._CELL_PX", SMALL_CELL_PX)


def assert_same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    """Check that two tables are the same to the last bit."""
    pd.testing.assert_frame_equal(one, other, check_exact=True)


# -------------------------------------------------------------------------------------------------------- the lattice
@pytest.mark.usefixtures("small_cells")
def test_cells_cover_the_pair_once(veiled: ChangeMap) -> None:
    """In reading order, from the first pixel of the pair, each of the same side but for the last ones."""
    cells, side = cut_cells(veiled), find_cell_side(veiled)
    cover = np.zeros((veiled.whole.rows, veiled.whole.cols), dtype=int)
    for cell in cells:
        cover[cell.slices] += 1
        assert (cell.row % side, cell.col % side) == (0, 0)
        assert max(cell.rows, cell.cols) <= side
    assert (cover == 1).all()
    assert len(cells) == 4
    assert cells == sorted(cells, key=lambda cell: (cell.row, cell.col))


@pytest.mark.parametrize("pixel_m", [0.3, 0.5, 1.0, 3.0, 5.0, 7.0, 8.0, 10.0, 13.0, 15.0, 20.0, 30.0, 60.0])
def test_sides_of_cells_follow_the_pixel(pixel_m: float) -> None:
    """A cell has some 20 km, of finer images up to 6,000 pixels; tiles that are read fit into its lattice."""
    plan = plan_search(pixel_m, TraceSettings())
    assert plan.cell_px % (48 * plan.factor) == 0
    assert plan.cell_px <= 6000
    assert plan.cell_px * pixel_m >= 900
    assert measuring._TILE_PX % (BLOCK_PX * plan.ratio) == 0


def scenes_of(spec: SceneSpec) -> tuple[Scene, Scene]:
    """Simulate a pair and open it."""
    scenes = make_scenes(spec)
    return scenes.before, scenes.after


@pytest.mark.usefixtures("small_cells")
def test_codes_of_all_cells_are_those_of_the_pair(veiled: ChangeMap) -> None:
    """What was not seen in the cells is what was not seen of the pair, pixel by pixel, whatever was found."""
    block = veiled.pair.read()
    nowhere = np.minimum(block.unseen_before, block.unseen_after) == Unseen.OUTSIDE
    expected = np.where(nowhere, NOT_ASKED, block.unseen)
    codes = np.full_like(expected, 99)
    for found in look_at_all(veiled):
        codes[found.window.slices] = found.unseen
    np.testing.assert_array_equal(codes, expected)
    assert {int(Unseen.CLOUD), int(Unseen.NODATA)} <= set(np.unique(codes))


def test_ground_that_neither_scene_reaches_is_not_asked_about(veiled: ChangeMap) -> None:
    """Of a cell beyond both scenes nothing is asked, and nothing is found in it."""
    found = trace_cell(veiled, Window(2016, 2016, 96, 96))
    assert (found.unseen == NOT_ASKED).all()
    assert found.candidates == ()


# ------------------------------------------------------------------------------------------- each cell by itself alone
@pytest.mark.usefixtures("small_cells")
def test_a_cell_gives_the_same_whoever_works_on_it(veiled: ChangeMap) -> None:
    """Alone, after the others or together with them, a cell has the same findings to the last bit."""
    together = look_at_all(veiled)
    alone = [trace_cell(veiled, cell) for cell in reversed(cut_cells(veiled))][::-1]
    assert sum(len(found.candidates) for found in together) >= 2
    for one, other in zip(together, alone, strict=True):
        assert one.window == other.window
        np.testing.assert_array_equal(to_array(one.candidates), to_array(other.candidates))
        np.testing.assert_array_equal(one.unseen, other.unseen)


@pytest.mark.usefixtures("small_cells")
def test_number_of_threads_does_not_matter(veiled: ChangeMap) -> None:
    """Cells that several threads work on at the same time give the same table as one after the other."""
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(partial(trace_cell, veiled), cut_cells(veiled)))
    table = tabulate(veiled, candidates_of(found))
    assert len(table) >= 2
    assert_same(table, trace(veiled))


@pytest.mark.usefixtures("small_cells")
def test_order_of_cells_does_not_matter(veiled: ChangeMap) -> None:
    """Candidates handed over in any order give the same table to the last bit."""
    found = look_at_all(veiled)
    usual = tabulate(veiled, candidates_of(found))
    assert_same(tabulate(veiled, candidates_of(found[::-1])), usual)
    assert_same(tabulate(veiled, candidates_of(found)[::-1]), usual)
    assert_same(trace(veiled), usual)


def look_at_all(change_map: ChangeMap) -> list[CellFindings]:
    """Find the strips of all cells, in reading order."""
    return [trace_cell(change_map, cell) for cell in cut_cells(change_map)]


def candidates_of(found: list[CellFindings]) -> list[Candidate]:
    """All candidates of some cells."""
    return [candidate for cell in found for candidate in cell.candidates]


# --------------------------------------------------------------------------------------------------- across the borders
def newly(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """What is called new."""
    return table[table["verdict"] == "new"]


@pytest.mark.parametrize("cell_px", [48, 96, 144])
def test_strips_across_cells_are_those_of_one_cell(
    veiled: ChangeMap, monkeypatch: pytest.MonkeyPatch, cell_px: int
) -> None:
    """Cut by the borders of a finer lattice, the new strips are as many, each where it is, to a few metres."""
    whole = newly(trace(veiled))
    monkeypatch.setattr("colibri_geo.tracing.search._CELL_PX", cell_px)
    cut = newly(trace(veiled))
    assert len(whole) == len(cut) == 2
    for (_, one), (_, other) in zip(whole.iterrows(), cut.iterrows(), strict=True):
        assert one.geometry.hausdorff_distance(other.geometry) <= 15
        assert one.length_m == pytest.approx(other.length_m, rel=0.03)
        assert one.width_m == pytest.approx(other.width_m, abs=4)


@pytest.mark.parametrize("turn_deg", [0.0, 8.0, 90.0])
def test_strip_on_the_border_of_two_cells_is_found_once(turn_deg: float) -> None:
    """Along the border of the lattice, nearly along it, and straight across it: one strip."""
    spec = border_spec(turn_deg)
    change_map = mapped(*scenes_of(spec))
    cells = cut_cells(change_map)
    assert [cell.col for cell in cells] == [0, 2016]
    new = newly(trace(change_map))
    left, top = (change_map.grid.boundingbox.left, change_map.grid.boundingbox.top)
    found = new[new.distance(Point(left + 20_160, top - 900)) < 100]
    assert found["length_m"].tolist() == pytest.approx([900], rel=0.05)


def border_spec(turn_deg: float) -> SceneSpec:
    """One strip whose middle lies on the border of two cells, at an angle with it."""
    along = 450 * np.array([np.sin(np.radians(turn_deg)), np.cos(np.radians(turn_deg))])
    middle = np.array([20_160.0, 900.0])
    strip = Strip(tuple(middle - along), tuple(middle + along), width_m=25.0)
    return SceneSpec(seed=11, rows=180, cols=2112, strips=(strip,))


# -------------------------------------------------------------------------------------------------------------- merging
class Placed(NamedTuple):
    """Where a made-up candidate lies, and how clear it is."""

    row: float
    col: float
    angle_deg: float
    snr: float
    of_change: bool


PLACES = st.builds(
    Placed,
    row=st.sampled_from([100.0, 101.5, 240.0]),
    col=st.sampled_from([100.0, 102.0, 300.0]),
    angle_deg=st.sampled_from([0.0, 10.0, 80.0]),
    snr=st.sampled_from([5.0, 9.0, 12.5]),
    of_change=st.booleans(),
)


def candidate(placed: Placed) -> Candidate:
    """Make a candidate of 60 by 2 pixels."""
    line = Line(placed.row, placed.col, placed.angle_deg)
    segment = dataclasses.replace(make_segment(), line=line, half_length_px=30.0, width_px=2.0, snr=placed.snr)
    return Candidate(segment, placed.of_change, ("", ""))


@given(st.lists(PLACES, max_size=8), st.randoms(use_true_random=False))
def test_merging_does_not_depend_on_the_order(places: list[Placed], shuffler: object) -> None:
    """Whatever comes first, the same candidates are kept, and merged again they stay."""
    found = [candidate(placed) for placed in places]
    mixed = list(found)
    shuffler.shuffle(mixed)  # type: ignore[attr-defined]
    kept = merge_candidates(found)
    assert merge_candidates(mixed) == kept
    assert merge_candidates(kept) == kept
    assert bool(kept) == bool(found)


def test_one_of_two_on_the_same_ground_is_kept() -> None:
    """Of two that lie on each other the clearer is kept; others that lie apart or turn away stay."""
    clear, faint = Placed(100.0, 100.0, 20.0, 9.0, of_change=True), Placed(101.0, 101.0, 22.0, 6.0, of_change=True)
    for found in ([clear, faint], [faint, clear], [clear, clear, faint]):
        assert merge_candidates(map(candidate, found)) == [candidate(clear)]
    others = [faint._replace(angle_deg=110.0), faint._replace(col=140.0)]
    assert len(merge_candidates(map(candidate, [clear, *others]))) == 3


def test_change_goes_before_what_lasts() -> None:
    """Where a change and a lasting line lie on each other the change is kept, however faint it is."""
    lasting, changed = (
        Placed(100.0, 100.0, 20.0, 30.0, of_change=False),
        Placed(100.0, 101.0, 20.0, 5.0, of_change=True),
    )
    for found in ([lasting, changed], [changed, lasting]):
        assert merge_candidates(map(candidate, found)) == [candidate(changed)]
