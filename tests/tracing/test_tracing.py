"""Strips of a change map: laws of swapping, shifting, turning and cutting."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from shapely.geometry import Point

from colibri_geo.exporting import check_strips
from colibri_geo.layers.attachment import attach
from colibri_geo.layers.regions import no_regions
from colibri_geo.pairs import align, change, survey
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from colibri_geo.settings import TraceSettings
from colibri_geo.sim import Mix, SceneSpec, SimulatedPair, TruthStrip, random_spec, simulate_pair
from colibri_geo.tracing.scoring import score
from colibri_geo.tracing.tracing import trace
from tests.support.small_pair import STRIP, make_scenes, pair_grid

SIDE = 360


def spec_of(seed: int = 3, *, mix: Mix | None = None) -> SceneSpec:
    """A forest with strips of all kinds, without clouds."""
    mix = mix or Mix(new=3, old=1, regrowing=2, road=1, river=0, field=1, burn=0, clearing=1, season=0)
    return random_spec(
        seed,
        rows=SIDE,
        cols=SIDE,
        mix=mix,
        cloud_share=0.0,
        length_m=(450.0, 900.0),
        width_m=(18.0, 30.0),
        memory=0.7,
        surfaces=("laterite", "sand"),
    )


@pytest.fixture(scope="module")
def simulated() -> SimulatedPair:
    """A simulated pair."""
    return simulate_pair(spec_of())


def scene(values: np.ndarray, spec: SceneSpec, *, date: int, grid: GeoBox | None = None, salt: int = 0) -> Scene:
    """A scene of one date; `salt` tells scenes of the same values apart."""
    when = spec.looks[0].acquired + timedelta(days=30 * date + salt)
    return scene_from_arrays(
        np.ascontiguousarray(values), grid or pair_grid(spec), bands=spec.bands, acquired=when, name=f"date{date}.tif"
    )


def traced(before: Scene, after: Scene, settings: TraceSettings | None = None) -> gpd.GeoDataFrame:
    """Walk the road to the scored table."""
    change_map = change(align(before, after, survey(before, after)))
    return score(trace(change_map, settings))


@pytest.fixture(scope="module")
def strips(simulated: SimulatedPair) -> gpd.GeoDataFrame:
    """Its strips, as reported."""
    spec = simulated.spec
    return traced(scene(simulated.before, spec, date=0), scene(simulated.after, spec, date=1))


def axis_offset_m(strip: pd.Series, other: pd.Series) -> float:
    """Largest distance of the ends of one axis from the other, extended no further than it is."""
    return max(other.geometry.distance(gpd.points_from_xy([x], [y])[0]) for x, y in strip.geometry.coords)


def nearest(table: gpd.GeoDataFrame, strip: pd.Series) -> pd.Series:
    """Return the strip that lies nearest."""
    return min((row for _, row in table.iterrows()), key=lambda row: axis_offset_m(strip, row))


def turn_between(first_deg: float, second_deg: float) -> float:
    """Angle between two directions without sense."""
    return abs((first_deg - second_deg + 90) % 180 - 90)


def lies_on(strip: pd.Series, true: TruthStrip, within_m: float) -> bool:
    """Whether both planted ends lie on the found axis, within a distance."""
    ends = gpd.points_from_xy(*zip(true.end1, true.end2, strict=True))
    return bool(max(strip.geometry.distance(end) for end in ends) < within_m)


def test_planted_strips_are_found(simulated: SimulatedPair, strips: gpd.GeoDataFrame) -> None:
    """Each strip that appeared or disappeared is found once, with its verdict, and nothing else is called so."""
    changed = [true for true in simulated.truth if true.kind != "old"]
    assert strips["verdict"].isin(["new", "regrowing"]).sum() == len(changed) == 5
    for true in changed:
        found = [row.verdict for _, row in strips.iterrows() if lies_on(row, true, 25)]
        assert found == [true.verdict]


def test_table_keeps_its_contract(strips: gpd.GeoDataFrame) -> None:
    """With probability, regions and reasons the table has the columns, types and ranges of the design."""
    check_strips(attach(strips, no_regions()).strips)
    assert strips["azimuth_deg"].between(0, 180, inclusive="left").all()
    for name in ("length", "width"):
        assert (strips[f"{name}_lo_m"] <= strips[f"{name}_m"]).all()
        assert (strips[f"{name}_m"] <= strips[f"{name}_hi_m"]).all()
    np.testing.assert_allclose(strips["area_ha"], strips["length_m"] * strips["width_m"] / 1e4)
    assert strips["designator"].str.fullmatch(r"(0[1-9]|1[0-8])/(19|2\d|3[0-6])T").all()
    for _, row in strips.iterrows():
        low, high = (int(number) for number in row.designator.rstrip("T").split("/"))
        assert high - low == 18
        assert turn_between(10.0 * low, row.azimuth_deg) <= 5.01


def test_dates_follow_from_the_verdict(strips: gpd.GeoDataFrame) -> None:
    """A new strip was first seen after; a strip that grew over or stayed, before."""
    before, after = (pd.Timestamp(spec_of().looks[0].acquired) + timedelta(days=30 * date) for date in (0, 1))
    dates = {"new": (before, after), "regrowing": (pd.NaT, before), "unchanged": (pd.NaT, before)}
    assert set(strips["verdict"]) <= dates.keys()
    for _, row in strips.iterrows():
        without, first = dates[row.verdict]
        assert row.first_with == first
        assert row.last_without == without or (pd.isna(row.last_without) and pd.isna(without))


def test_empty_table_keeps_its_contract(simulated: SimulatedPair) -> None:
    """Where nothing is found the table has all of its columns and types."""
    spec = simulated.spec
    ground = np.full_like(simulated.before, 0.1)
    ground += np.random.default_rng(3).normal(0, 1e-3, ground.shape).astype(ground.dtype)
    table = traced(scene(ground, spec, date=0), scene(ground, spec, date=1))
    assert len(table) == 0
    check_strips(attach(table, no_regions()).strips)
    assert table.crs is not None


@pytest.mark.slow
def test_same_values_twice_hold_nothing_new(simulated: SimulatedPair) -> None:
    """The same image on two dates has no new strip and none that grew over."""
    spec = simulated.spec
    table = traced(scene(simulated.after, spec, date=0), scene(simulated.after, spec, date=1))
    assert set(table["verdict"]) <= {"unchanged"}


@pytest.mark.slow
def test_swapped_pair_turns_new_into_regrowing(simulated: SimulatedPair, strips: gpd.GeoDataFrame) -> None:
    """Seen backwards a new strip grows over, with the same axis within 5 m."""
    spec = simulated.spec
    back = traced(scene(simulated.after, spec, date=0), scene(simulated.before, spec, date=1))
    opposite = {"new": "regrowing", "regrowing": "new"}
    shift_m = 10 * np.array([spec.after.shift_east_px, spec.after.shift_north_px])
    for verdict, other in opposite.items():
        one, two = strips[strips["verdict"] == verdict], back[back["verdict"] == other]
        assert len(one) == len(two)
        # The pair's place is that of its first image, which is now the other one.
        moved = two.set_geometry(two.geometry.translate(-shift_m[0], -shift_m[1]))
        for _, strip in one.iterrows():
            assert axis_offset_m(strip, nearest(moved, strip)) <= 10
            ends = np.array(strip.geometry.coords), np.array(nearest(moved, strip).geometry.coords)
            away = ends[1].mean(axis=0) - ends[0].mean(axis=0)
            along = np.diff(ends[0], axis=0)[0] / np.hypot(*np.diff(ends[0], axis=0)[0])
            assert abs(away[0] * along[1] - away[1] * along[0]) <= 5


@pytest.mark.slow
def test_strips_follow_a_shift_of_whole_pixels(simulated: SimulatedPair, strips: gpd.GeoDataFrame) -> None:
    """The same pixels placed elsewhere give the same strips, placed there."""
    spec, grid = simulated.spec, pair_grid(simulated.spec)
    moved = GeoBox(grid.shape, grid.affine.translation(37 * 10, -52 * 10) @ grid.affine, grid.crs)
    table = traced(scene(simulated.before, spec, date=0, grid=moved), scene(simulated.after, spec, date=1, grid=moved))
    assert list(table["verdict"]) == list(strips["verdict"])
    back = table.geometry.translate(-370, 520)
    assert back.geom_equals_exact(strips.geometry, tolerance=0.01).all()


@pytest.mark.slow
def test_strips_follow_a_cut_of_the_image(simulated: SimulatedPair, strips: gpd.GeoDataFrame) -> None:
    """With rows and columns cut off, the strips that lie inside stay where they are."""
    spec, grid = simulated.spec, pair_grid(simulated.spec)
    inner = (slice(9, None), slice(14, None))
    cut = grid[inner]
    table = traced(
        scene(simulated.before[:, *inner], spec, date=0, grid=cut),
        scene(simulated.after[:, *inner], spec, date=1, grid=cut),
    )
    safe = strips[strips.geometry.within(cut.extent.geom.buffer(-600))]
    assert len(safe) >= 2
    for _, strip in safe.iterrows():
        other = nearest(table, strip)
        assert other.verdict == strip.verdict
        assert axis_offset_m(strip, other) <= 8


@pytest.mark.slow
def test_turned_image_has_turned_strips(simulated: SimulatedPair, strips: gpd.GeoDataFrame) -> None:
    """Arrays turned by 90 degrees: as many strips of each verdict, each turned, of the same length."""
    spec, grid = simulated.spec, pair_grid(simulated.spec)
    turned = [np.rot90(values, axes=(1, 2)) for values in (simulated.before, simulated.after)]
    table = traced(scene(turned[0], spec, date=0), scene(turned[1], spec, date=1))
    changed = ["new", "regrowing"]
    one, two = strips[strips["verdict"].isin(changed)], table[table["verdict"].isin(changed)]
    assert one["verdict"].value_counts().to_dict() == two["verdict"].value_counts().to_dict()
    # Counter-clockwise about the centre of the grid.
    centre = (grid.boundingbox.left + SIDE * 5, grid.boundingbox.bottom + SIDE * 5)
    back = two.set_geometry(two.geometry.rotate(-90, origin=centre))
    for _, strip in one.iterrows():
        other = nearest(back, strip)
        assert axis_offset_m(strip, other) <= 10
        assert turn_between(other.azimuth_deg, strip.azimuth_deg - 90) <= 0.5
        assert other.length_m == pytest.approx(strip.length_m, rel=0.02)


@pytest.mark.slow
def test_fainter_gain_does_not_matter(simulated: SimulatedPair, strips: gpd.GeoDataFrame) -> None:
    """A later image of another gain and offset has the same new strips."""
    spec = simulated.spec
    table = traced(scene(simulated.before, spec, date=0), scene(0.8 * simulated.after + 0.01, spec, date=1))
    assert (table["verdict"] == "new").sum() == (strips["verdict"] == "new").sum()


@pytest.mark.slow
@pytest.mark.parametrize("pixel_m", [3.0, 5.0])
def test_finer_images_give_the_strip_too(pixel_m: float) -> None:
    """At finer pixels the strip of a scene is found where it is, with its length and width."""
    side = int(1800 / pixel_m)
    scenes = make_scenes(SceneSpec(seed=5, rows=side, cols=side, pixel_m=pixel_m, strips=(STRIP,)))
    table = traced(scenes.before, scenes.after)
    new = table[table["verdict"] == "new"]
    assert len(new) == 1
    true = scenes.simulated.truth[0]
    assert new["length_m"].item() == pytest.approx(true.length_m, rel=0.04)
    assert new["width_m"].item() == pytest.approx(true.width_m, abs=6)


@pytest.mark.slow
def test_grid_in_degrees_gives_the_strip_in_metres(simulated: SimulatedPair) -> None:
    """A table is in metres whatever the CRS of the images: a pair in degrees comes out in its UTM zone."""
    spec, grid = simulated.spec, pair_grid(simulated.spec)
    box = grid.extent.to_crs("EPSG:4326").boundingbox
    step = (box.right - box.left) / SIDE
    degrees = GeoBox((SIDE, SIDE), Affine(step, 0, box.left, 0, -step, box.top), "EPSG:4326")
    table = traced(
        scene(simulated.before, spec, date=0, grid=degrees), scene(simulated.after, spec, date=1, grid=degrees)
    )
    assert table.crs.to_epsg() == 32618
    assert (table["verdict"] == "new").sum() == 3


@pytest.mark.parametrize("width_m", [12.0, 35.0, 55.0])
def test_strips_of_every_width_are_found(width_m: float) -> None:
    """What the settings call a strip is found, be it narrow or wide."""
    strip = dataclasses.replace(STRIP, width_m=width_m)
    scenes = make_scenes(SceneSpec(seed=5, rows=180, cols=180, strips=(strip,)))
    table = traced(scenes.before, scenes.after)
    assert (table["verdict"] == "new").sum() == 1


@pytest.mark.parametrize("apart_m", [60.0, 100.0])
def test_strip_beside_a_strip_is_found(apart_m: float) -> None:
    """Two parallel new strips are both found: a neighbour is no noise."""
    beside = dataclasses.replace(
        STRIP,
        end1=(STRIP.end1[0] - 0.64 * apart_m, STRIP.end1[1] + 0.77 * apart_m),
        end2=(STRIP.end2[0] - 0.64 * apart_m, STRIP.end2[1] + 0.77 * apart_m),
    )
    scenes = make_scenes(SceneSpec(seed=5, rows=180, cols=180, strips=(STRIP, beside)))
    table = traced(scenes.before, scenes.after)
    assert (table["verdict"] == "new").sum() == 2


def test_no_look_is_claimed_under_cloud() -> None:
    """A strip that is seen after, and lay under cloud before, has no last look without it."""
    spec = SceneSpec(seed=5, rows=180, cols=180, strips=(STRIP,))
    simulated = simulate_pair(spec)
    clouded = simulated.before.copy()
    clouded[:, 40:150] = np.nan  # the strip's rows: not measured on the earlier date
    table = traced(scene(clouded, spec, date=0), scene(simulated.after, spec, date=1))
    assert set(table["verdict"]) == {"not_observed"}
    assert table["last_without"].isna().all()


def test_axes_lie_in_the_crs_of_the_pair() -> None:
    """Axes are where the strip is, also where the grid is only just true to scale."""
    spec = dataclasses.replace(
        SceneSpec(seed=5, rows=180, cols=180, strips=(STRIP,)),
        crs="EPSG:3857",
        left_m=1_113_000.0,
        bottom_m=1_380_000.0,
    )
    scenes = make_scenes(spec)
    table = traced(scenes.before, scenes.after)
    new = table[table["verdict"] == "new"].iloc[0]
    true = gpd.GeoSeries([Point(scenes.simulated.truth[0].end1)], crs="EPSG:3857").to_crs(4326).iloc[0]
    gap = min(abs(new[f"end{end}_lon"] - true.x) + abs(new[f"end{end}_lat"] - true.y) for end in (1, 2))
    assert gap < 3e-4
