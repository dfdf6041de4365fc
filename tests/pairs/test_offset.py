"""Pairs of which one scene holds the Sentinel-2 offset, by its baseline, by an archive, or by a wrong flag."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rasterio

from colibri_geo import compare
from colibri_geo.errors import RadiometryError
from colibri_geo.pairs import PairModel, align, survey
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.offset import ADDED, OffsetVerdict
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.scene import Scene
from colibri_geo.sim import Look, SimulatedPair, simulate_pair
from tests.support.small_pair import pair_grid, small_spec

BEFORE = datetime(2021, 11, 20, 15, 20, tzinfo=UTC)
AFTER = datetime(2022, 3, 10, 15, 20, tzinfo=UTC)  # baseline 04.00 came on 2022-01-25
Tags = dict[str, str]

OLD: Tags = {"PROCESSING_BASELINE": "03.01"}
NEW: Tags = {"PROCESSING_BASELINE": "04.00", "BOA_ADD_OFFSET": "-1000"}
COLLECTION_1: Tags = {"PROCESSING_BASELINE": "05.00", "BOA_ADD_OFFSET": "-1000"}
SAID_APPLIED: Tags = {"PROCESSING_BASELINE": "05.09", "BOA_ADD_OFFSET": "0"}
SILENT: Tags = {}


@cache
def simulate() -> SimulatedPair:
    """One ground before and after, with a new strip."""
    return simulate_pair(small_spec(before=Look(BEFORE)))


def write(folder: Path, date: int, tags: Tags, *, held: bool) -> Path:
    """Write a date as a plain GeoTIFF, reflectance x 10000, with 1000 added where the offset is held."""
    pair = simulate()
    spec = pair.spec
    values, when = ((pair.before, BEFORE), (pair.after, AFTER))[date]
    stored = np.clip(np.rint(values * 10_000), 1, None).astype(np.uint16) + np.uint16(1000 if held else 0)
    path = folder / ("before.tif", "after.tif")[date]
    profile = {"driver": "GTiff", "crs": spec.crs, "transform": pair_grid(spec).affine, "dtype": "uint16", "nodata": 0}
    with rasterio.open(path, "w", width=spec.cols, height=spec.rows, count=len(stored), **profile) as dataset:
        dataset.write(stored)
        dataset.descriptions = spec.bands
        dataset.update_tags(ACQUISITIONDATETIME=when.isoformat(), **tags)
    return path


@dataclasses.dataclass(frozen=True)
class Case:
    """How the two dates are stored, and which of them the pair has to put right, and how."""

    before: Tags
    before_held: bool
    after: Tags
    after_held: bool
    added_before: float = 0.0
    added_after: float = 0.0

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both dates."""
        folder.mkdir()
        return (
            write(folder, 0, self.before, held=self.before_held),
            write(folder, 1, self.after, held=self.after_held),
        )


PLAIN = Case(OLD, False, OLD, False)
CASES = {
    "old and new baseline": Case(OLD, False, NEW, True),
    "reprocessed and new baseline": Case(COLLECTION_1, True, NEW, True),
    "reprocessed and old baseline": Case(COLLECTION_1, True, OLD, False),
    "after harmonised, flag says -1000": Case(OLD, False, NEW, False),
    "after harmonised, said so": Case(OLD, False, SAID_APPLIED, False),
    "both harmonised, flags say -1000": Case(COLLECTION_1, False, NEW, False),
    "new baseline without the offset tag": Case(OLD, False, {"PROCESSING_BASELINE": "05.11"}, True),
    "nothing said, no offset": Case(SILENT, False, SILENT, False),
    "flag wrong: after says none and holds it": Case(OLD, False, SAID_APPLIED, True, added_after=-0.1),
    "flag wrong: before says none and holds it": Case(OLD, True, NEW, True, added_before=-0.1),
    "nothing said, after holds it": Case(SILENT, False, SILENT, True, added_after=-0.1),
    "nothing said, before holds it": Case(SILENT, True, NEW, True, added_before=-0.1),
}


QUICK = ("old and new baseline", "after harmonised, flag says -1000", "nothing said, after holds it")


def survey_case(case: Case, folder: Path) -> tuple[Scene, Scene, PairModel]:
    """Open and survey the two dates of a case."""
    before, after = (open_scene(path) for path in case.write(folder))
    return before, after, survey(before, after)


@pytest.fixture(scope="module")
def plain_pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, Scene, PairModel]:
    """Scenes without any offset, and their survey."""
    return survey_case(PLAIN, tmp_path_factory.mktemp("plain") / "pair")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_pair_reads_as_if_no_offset_had_ever_been(
    name: str, tmp_path: Path, plain_pair: tuple[Scene, Scene, PairModel]
) -> None:
    """However the offset is stored and stated, both dates read as reflectance, and one that was put right is told."""
    case = CASES[name]
    before, after, model = survey_case(case, tmp_path / "case")
    first, second, plain = plain_pair
    assert (model.added_before, model.added_after) == (case.added_before, case.added_after)
    told = [note for note in model.notes if "Sentinel-2 offset" in note]
    assert len(told) == bool(case.added_before or case.added_after)
    wanted, got = align(first, second, plain).read(), align(before, after, model).read()
    np.testing.assert_allclose(got.before, wanted.before, atol=1e-6)
    np.testing.assert_allclose(got.after, wanted.after, atol=1e-6)
    np.testing.assert_array_equal(got.unseen, wanted.unseen)
    np.testing.assert_allclose(model.covariance, plain.covariance, rtol=1e-3)


@pytest.fixture(scope="module")
def plain_strips(tmp_path_factory: pytest.TempPathFactory) -> gpd.GeoDataFrame:
    """What is found where no offset is."""
    return compare(*PLAIN.write(tmp_path_factory.mktemp("plain") / "pair")).strips


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_findings_are_the_same_with_and_without_the_offset(
    name: str, tmp_path: Path, plain_strips: gpd.GeoDataFrame
) -> None:
    """The table of strips is that of the pair without any offset, to the last digit that rounding leaves."""
    case = CASES[name]
    run = compare(*case.write(tmp_path / "pair"))
    assert list(plain_strips["verdict"]) == ["new"]
    ids = ["before_id", "after_id"]  # checksums of other bytes
    wanted, got = (strips.drop(columns=["geometry", *ids]) for strips in (plain_strips, run.strips))
    pd.testing.assert_frame_equal(pd.DataFrame(got), pd.DataFrame(wanted), rtol=1e-5, atol=1e-5)
    assert run.strips.geometry.iloc[0].hausdorff_distance(plain_strips.geometry.iloc[0]) < 0.1
    assert (run.pair.added_before, run.pair.added_after) == (case.added_before, case.added_after)


def make_scene(values: np.ndarray, when: datetime, name: str, offset: OffsetVerdict | None) -> Scene:
    """A scene in memory with a verdict on its offset."""
    pair = simulate()
    scene = scene_from_arrays(
        values.astype(np.float32), pair_grid(pair.spec), bands=pair.spec.bands, acquired=when, name=name
    )
    return dataclasses.replace(scene, provenance=dataclasses.replace(scene.provenance, offset=offset))


def verdict(added: float = 0.0, *, certain: bool = False, stated: bool = False) -> OffsetVerdict:
    """A verdict in few words."""
    return OffsetVerdict(added, certain=certain, stated=stated, text="")


def survey_values(
    before: np.ndarray, after: np.ndarray, first: OffsetVerdict | None, second: OffsetVerdict | None
) -> PairModel:
    """Survey two arrays with verdicts."""
    return survey(make_scene(before, BEFORE, "before.tif", first), make_scene(after, AFTER, "after.tif", second))


def test_an_offset_taken_off_twice_is_added_again() -> None:
    """An archive took the offset off, its metadata did again, and only this part of the scene shows it."""
    pair = simulate()
    for certain in (True, False):
        twice = verdict(ADDED, certain=certain, stated=True)
        model = survey_values(pair.before, pair.after - 0.1, verdict(certain=True), twice)
        assert (model.added_before, model.added_after) == (0.0, 0.1)
        assert any("after.tif had been taken off twice" in note for note in model.notes)
    model = survey_values(pair.before - 0.1, pair.after, twice, None)
    assert (model.added_before, model.added_after) == (0.1, 0.0)


def test_metadata_that_contradict_each_other_are_refused() -> None:
    """Bright ground, one scene stated without, the other stated with the offset: neither can be believed alone."""
    pair = simulate()
    with pytest.raises(RadiometryError, match=r"before\.tif is 0\.1 brighter than after\.tif.*band map"):
        survey_values(pair.before + 0.2, pair.after + 0.1, verdict(stated=True), verdict(ADDED, stated=True))


def test_metadata_that_are_silent_give_way() -> None:
    """Of the same two scenes the one that nothing is said of is put right."""
    pair = simulate()
    model = survey_values(pair.before + 0.2, pair.after + 0.1, verdict(), verdict(ADDED, stated=True))
    assert (model.added_before, model.added_after) == (-0.1, 0.0)


@pytest.mark.parametrize("side", [0, 1])
def test_scenes_that_are_certain_are_left_alone(side: int) -> None:
    """A step of 0.1 between scenes without doubt, or of sensors that know no such offset, is matched as any other."""
    pair = simulate()
    values = [pair.before + 0.1 * (side == 0), pair.after + 0.1 * (side == 1)]
    for found in (verdict(certain=True, stated=True), None):
        model = survey_values(values[0], values[1], found, found)
        assert (model.added_before, model.added_after, model.notes) == (0.0, 0.0, ())
        np.testing.assert_allclose(model.offset, 0.1 if side == 0 else -0.1, atol=0.04)


@pytest.mark.parametrize(
    ("factor", "added"),
    [
        (1.35, (0.0, 0.0, 0.0, 0.0)),  # brightening by a third
        (1.0, (0.05, 0.05, 0.05, 0.05)),  # half of an offset
        (1.0, (0.1, 0.0, 0.1, 0.1)),  # of some bands only
        (0.4, (0.1, 0.09, 0.09, 0.1)),  # haze
        (1.0, (0.02, 0.01, 0.02, 0.12)),  # leaves
        (1.0, (0.2, 0.2, 0.2, 0.2)),  # twice the offset
    ],
)
def test_light_haze_and_season_are_no_offset(factor: float, added: tuple[float, ...]) -> None:
    """What brightens a scene otherwise is left to the match, however uncertain the offset of the scene is."""
    pair = simulate()
    after = pair.after * factor + np.array(added)[:, None, None]
    model = survey_values(pair.before, after, verdict(certain=True), verdict())
    assert (model.added_before, model.added_after) == (0.0, 0.0)


def test_ground_that_was_not_measured_stays_without_value() -> None:
    """What is put right is added to measured pixels alone."""
    pair = simulate()
    before = pair.before + 0.1
    before[:, :20] = np.nan
    scenes = make_scene(before, BEFORE, "before.tif", verdict()), make_scene(pair.after, AFTER, "after.tif", None)
    model = survey(*scenes)
    block = align(*scenes, model).read()
    assert model.added_before == -0.1
    assert (block.before[:, :20] == 0).all()
    np.testing.assert_allclose(block.before[:, 25:], pair.before[:, 25:], atol=1e-6)
