"""Real strips of the Peruvian Amazon, painted out of one date: 8-bit colour pictures of unknown gain."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import LineString

from colibri_geo import Run, compare
from tests.support.painting import make_painted_pair

pytestmark = pytest.mark.slow

SCENES = ("2020_02", "2020_03", "2021_01", "2021_03")


@dataclass(frozen=True)
class Tally:
    """What was found in one scene."""

    planted: int
    found: int
    other: int


def matches(line: LineString, true: LineString) -> bool:
    """Whether a line lies on an annotated one; annotations are by eye: 40 m, 12 degrees, 40 % of the longer."""
    start, end = np.array(true.coords[0]), np.array(true.coords[-1])
    length = float(np.hypot(*(end - start)))
    along = (end - start) / length
    ends = np.array([line.coords[0], line.coords[-1]])
    direction = ends[1] - ends[0]
    turn = np.degrees(np.arccos(np.clip(abs(direction @ along) / np.hypot(*direction), 0, 1)))
    away = ends.mean(axis=0) - start
    across = abs(away[0] * along[1] - away[1] * along[0])
    stations = sorted((ends - start) @ along)
    overlap = min(stations[1], length) - max(stations[0], 0.0)
    return bool(turn <= 12 and across <= 40 and overlap >= 0.4 * max(length, line.length))


def compare_painted(real_data: Path, folder: Path, scene: str) -> tuple[Run, gpd.GeoDataFrame]:
    """Paint the clear strips of a scene out of an earlier date, and compare."""
    peru = real_data / "peru_s2"
    lines = gpd.read_file(peru / "line_candidates_visual.geojson")
    lines = lines[(lines["aoi"] == scene) & (lines["visual_class"] == "airstrip_clear")]
    picture = peru / f"peru_s2_rgb_aoi_{scene}.tif"
    rng = np.random.default_rng([20_240_229, SCENES.index(scene)])
    pair = make_painted_pair(picture, picture.with_name(f"{picture.stem}_overlay.tif"), lines, folder, rng=rng)
    run = compare(*pair, before_date="2019-07-01", after_date="2020-07-01", bands="red,green,blue")
    return run, lines


@pytest.fixture(scope="module")
def tallies(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tally]:
    """What was found, for each scene."""
    counted = {}
    for scene in SCENES:
        run, lines = compare_painted(real_data, tmp_path_factory.mktemp(scene), scene)
        new = run.strips[run.strips["verdict"].isin(["new", "extended"])].geometry
        true = lines.to_crs(new.crs).geometry
        found = sum(any(matches(line, planted) for line in new) for planted in true)
        other = sum(not any(matches(line, planted) for planted in true) for line in new)
        counted[scene] = Tally(len(true), found, other)
    return counted


def test_most_painted_strips_are_found(tallies: dict[str, Tally]) -> None:
    """At least six of the nine strips are called new."""
    assert sum(tally.planted for tally in tallies.values()) == 9
    assert sum(tally.found for tally in tallies.values()) >= 6, tallies


def test_little_else_is_called_new(tallies: dict[str, Tally]) -> None:
    """At most two other lines a scene are called new."""
    assert max(tally.other for tally in tallies.values()) <= 2, tallies


def test_report_says_what_pictures_cost(real_data: Path, tmp_path: Path) -> None:
    """The record of 8-bit pictures says that they are relative, and the notes what that costs."""
    run, _ = compare_painted(real_data, tmp_path, "2020_03")
    assert run.pair.quantity == "relative"
    assert run.pair.bands == ("blue", "green", "red")
    out = run.save(tmp_path / "out")
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "near infrared" in report
    assert "8-bit" in report
