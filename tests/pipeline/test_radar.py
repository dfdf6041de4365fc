"""Radar beside an optical pair: one column more, from the products to the report, and no strip more or less."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result
from odc.geo.geobox import GeoBox

from colibri_geo import Run, compare, read_run
from colibri_geo.cli.main import main
from colibri_geo.errors import NoOverlap, SettingsError
from colibri_geo.hardening import SETTINGS, SILENCE, THREADS
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from tests.support.products.ground import BANDS, Ground, GroundPair, make_ground, to_integers, write_gtiff
from tests.support.products.sentinel1 import write_opera, write_rtc
from tests.support.small_pair import make_scenes, small_spec

ENVIRONMENT = dict.fromkeys([*SETTINGS, *SILENCE, *THREADS])
SPEC = small_spec()


def write_optical(path: Path, ground: Ground) -> Path:
    """Write what an optical sensor sees as a plain image."""
    tags = {"TIFFTAG_DATETIME": f"{ground.acquired:%Y:%m:%d %H:%M:%S}"}
    stored = to_integers(ground.values)
    return write_gtiff(path, stored, ground.grid, nodata=0, tags=tags, descriptions=BANDS)


@pytest.fixture(scope="module")
def ground() -> GroundPair:
    """A forest with one new strip of 30 m."""
    return make_ground()


@pytest.fixture(scope="module")
def optical(ground: GroundPair, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The ground on both dates as plain images."""
    folder = tmp_path_factory.mktemp("optical")
    return write_optical(folder / "before.tif", ground.before), write_optical(folder / "after.tif", ground.after)


@pytest.fixture(scope="module")
def radar(ground: GroundPair, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The ground on both dates as Sentinel-1 RTC products, taken some days off the optical images."""
    folder = tmp_path_factory.mktemp("radar")
    dates = [
        dataclasses.replace(date, acquired=date.acquired + timedelta(days=days))
        for date, days in ((ground.before, -5), (ground.after, 3))
    ]
    return write_rtc(folder, dates[0]), write_rtc(folder, dates[1])


@pytest.fixture(scope="module")
def runs(optical: tuple[Path, Path], radar: tuple[Path, Path]) -> tuple[Run, Run]:
    """The comparison without radar and with it."""
    return compare(*optical), compare(*optical, before_radar=radar[0], after_radar=radar[1])


@pytest.mark.slow
def test_planted_strip_grew_darker_and_nothing_else_changed(runs: tuple[Run, Run]) -> None:
    """The strip gets decibels above 2; no row, verdict or probability differs from the run without radar."""
    without, beside = runs
    assert list(beside.strips["verdict"]) == ["new"]
    assert beside.strips["sar_darkening"].iloc[0] > 2
    assert without.strips["sar_darkening"].isna().all()
    kept = [name for name in without.strips.columns if name not in {"sar_darkening", "geometry"}]
    pd.testing.assert_frame_equal(pd.DataFrame(without.strips[kept]), pd.DataFrame(beside.strips[kept]))
    pd.testing.assert_frame_equal(without.observed, beside.observed)


@pytest.mark.slow
def test_folder_tells_of_the_radar(runs: tuple[Run, Run], radar: tuple[Path, Path], tmp_path: Path) -> None:
    """Record, tables and report of a saved run hold the radar images and their decibels, and come back the same."""
    beside = runs[1]
    folder = beside.save(tmp_path / "out")
    back = read_run(folder)
    assert back.record == beside.record
    assert [look.name for look in back.record.radar] == [product.name for product in radar]
    assert {look.quantity for look in back.record.radar} == {"gamma0_db"}
    assert back.strips["sar_darkening"].iloc[0] == beside.strips["sar_darkening"].iloc[0]
    assert "dB darker after than before" in (folder / "report.html").read_text(encoding="utf-8")
    for name in ("findings.csv", "findings.geojson", "findings.kml"):
        assert "sar_darkening" in (folder / name).read_text(encoding="utf-8")


@pytest.mark.slow
def test_swapped_ground_grew_brighter(optical: tuple[Path, Path], ground: GroundPair, tmp_path: Path) -> None:
    """Radar that saw the strip only on the earlier date gives decibels below -2: it speaks against the finding."""
    earlier = dataclasses.replace(ground.after, acquired=ground.before.acquired - timedelta(days=5))
    later = dataclasses.replace(ground.before, acquired=ground.after.acquired + timedelta(days=3))
    run = compare(*optical, before_radar=write_rtc(tmp_path, earlier), after_radar=write_rtc(tmp_path, later))
    assert list(run.strips["verdict"]) == ["new"]
    assert run.strips["sar_darkening"].iloc[0] < -2


@pytest.mark.slow
def test_pixels_of_30_m_corroborate_too(optical: tuple[Path, Path], ground: GroundPair, tmp_path: Path) -> None:
    """Bursts of OPERA, in pixels as wide as the strip, tell it as well, if with less."""
    before, after = write_opera(tmp_path / "before", ground.before), write_opera(tmp_path / "after", ground.after)
    run = compare(*optical, before_radar=before, after_radar=after)
    assert run.strips["sar_darkening"].iloc[0] > 1


def make_radar(scene: Scene, *, days: int, east_m: float = 0.0) -> Scene:
    """A radar image of even ground in the place of a scene, some days later than it."""
    a = scene.grid.affine
    grid = GeoBox(scene.grid.shape, a.translation(east_m, 0) @ a, scene.grid.crs)
    decibels = np.full((1, *scene.grid.shape), -13.0 + days / 100, dtype=np.float32)
    acquired = scene.acquired + timedelta(days=days)
    return scene_from_arrays(
        decibels, grid, bands=("vh",), acquired=acquired, quantity="gamma0_db", name=f"radar{days}"
    )


@pytest.mark.parametrize("given", ["before", "after"])
def test_one_radar_image_is_refused(given: str) -> None:
    """Radar is given for both dates or for none; the message names the missing option."""
    scenes = make_scenes(SPEC)
    look = make_radar(scenes.before, days=-2)
    other = {"before": "after", "after": "before"}[given]
    with pytest.raises(SettingsError, match=f"--{given}-radar is given without --{other}-radar"):
        compare(scenes.before, scenes.after, **{f"{given}_radar": look})  # type: ignore[arg-type]


def test_radar_of_another_place_is_refused() -> None:
    """Radar images that share no ground with the optical pair are refused before the search."""
    scenes = make_scenes(SPEC)
    looks = make_radar(scenes.before, days=-2, east_m=90_000), make_radar(scenes.after, days=2, east_m=90_000)
    with pytest.raises(NoOverlap, match="radar-2"):
        compare(scenes.before, scenes.after, before_radar=looks[0], after_radar=looks[1])


@pytest.mark.slow
def test_radar_at_the_wrong_time_is_noted() -> None:
    """An earlier radar image younger than the optical pair, or a later one older than it, has a note in its record."""
    scenes = make_scenes(SPEC)
    young = make_radar(scenes.after, days=1), make_radar(scenes.after, days=20)
    old = make_radar(scenes.before, days=-20), make_radar(scenes.before, days=-1)
    sound = make_radar(scenes.before, days=-2), make_radar(scenes.after, days=2)
    for looks, noted in ((young, [True, False]), (old, [False, True]), (sound, [False, False])):
        run = compare(scenes.before, scenes.after, before_radar=looks[0], after_radar=looks[1])
        notes = [" ".join(look.notes) for look in run.record.radar]
        assert ["optical image" in note for note in notes] == noted


def run_cli(*arguments: object) -> Result:
    """Run the command line in this process."""
    return CliRunner(env=ENVIRONMENT).invoke(main, ["compare", *map(str, arguments)])


@pytest.mark.slow
def test_command_line_takes_radar(optical: tuple[Path, Path], radar: tuple[Path, Path], tmp_path: Path) -> None:
    """With --before-radar and --after-radar a run has decibels; with one alone it ends with status 2 and no folder."""
    out = tmp_path / "out"
    options = ("--out", out, "--no-report", "--before-radar", radar[0])
    refused = run_cli(*optical, *options)
    assert refused.exit_code == 2
    assert "--after-radar" in refused.stderr
    assert not out.exists()
    done = run_cli(*optical, *options, "--after-radar", radar[1])
    assert done.exit_code == 0, done.output
    assert read_run(out).strips["sar_darkening"].iloc[0] > 2


@pytest.mark.slow
def test_radar_as_the_pair_is_refused(radar: tuple[Path, Path], tmp_path: Path) -> None:
    """Two radar products as BEFORE and AFTER end with status 2 and the options that take them."""
    refused = run_cli(*radar, "--out", tmp_path / "out")
    assert refused.exit_code == 2
    assert "give it as --before-radar" in refused.stderr
