"""Maps as drawings."""

from __future__ import annotations

import dataclasses
import re

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.geometry import LineString, box

from colibri_geo.language import ENGLISH
from colibri_geo.reporting.canvas import Canvas, plan_canvas
from colibri_geo.reporting.grounding import GroundGrid
from colibri_geo.reporting.maps import NumberedStrip, draw_looked_at, draw_overview, place_ground
from colibri_geo.reporting.numbering import place_numbers
from colibri_geo.reporting.parts import MapDrawing, MapLabel
from tests.support.example_run import METRE_CRS, ORIGIN, example_findings, example_record

NOTHING = gpd.GeoDataFrame({"reason": []}, geometry=gpd.GeoSeries([], crs=METRE_CRS))


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    """The drawing area of the example run."""
    return plan_canvas(GroundGrid.from_record(example_record().pair))


def coordinates(path: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Read the points of an SVG path."""
    return np.array([[float(value) for value in pair.split()] for pair in re.findall(r"[-\d.]+ [-\d.]+", path)])


def overview(canvas: Canvas, axes: list[LineString], regions: gpd.GeoDataFrame | None = None) -> MapDrawing:
    """Draw strips over plain ground."""
    strips = [NumberedStrip(str(number), "new", axis, f"strip-{number}") for number, axis in enumerate(axes, start=1)]
    ground = place_ground(canvas, NOTHING, regions, ENGLISH)
    return draw_overview(ground, strips, METRE_CRS, image="", caption="", messages=ENGLISH)


def test_metres_are_as_long_in_both_directions(canvas: Canvas) -> None:
    """A kilometre east and a kilometre north are drawn alike, and the scale bar agrees with them."""
    east, north = ORIGIN
    axes = [LineString([(east, north), (east + 1000, north)]), LineString([(east, north), (east, north + 1000)])]
    lengths = [
        np.hypot(*np.ptp(coordinates(shape.path), axis=0))
        for shape in overview(canvas, axes).shapes
        if shape.kind == "strip-new"
    ]
    bar = overview(canvas, axes).scale_bar
    assert lengths[0] == pytest.approx(lengths[1], rel=0.002)
    assert bar.label == "2\N{NO-BREAK SPACE}km"
    assert float(bar.right) - float(bar.left) == pytest.approx(2 * lengths[0], rel=0.002)


def test_numbers_stand_beside_their_strips(canvas: Canvas) -> None:
    """A number lies off its axis, so that it hides nothing of it, and near enough to belong to it."""
    east, north = ORIGIN[0] + 4000, ORIGIN[1] + 4000
    for angle in np.radians([0, 30, 90, 150]):
        axis = LineString([(east, north), (east + 900 * np.cos(angle), north + 900 * np.sin(angle))])
        drawing = overview(canvas, [axis])
        line = LineString(coordinates(next(shape.path for shape in drawing.shapes if shape.kind == "strip-new")))
        number = next(label for label in drawing.labels if label.kind == "number")
        middle = shapely.Point(float(number.horizontal), float(number.vertical) - 6)
        assert 14 < line.distance(middle) < 30


def test_numbers_of_near_strips_keep_apart(canvas: Canvas, rng: np.random.Generator) -> None:
    """Of strips side by side and across each other no number covers another, in the letters of paper; none is far."""
    east, north = ORIGIN[0] + 4000, ORIGIN[1] + 4000
    side_by_side = [LineString([(east, north + 60 * at), (east + 900, north + 60 * at + 300)]) for at in range(4)]
    angles = rng.uniform(0, np.pi, 5)
    middles = rng.normal((east + 2000, north + 1500), 250, (5, 2))
    reaches = 450 * np.column_stack([np.cos(angles), np.sin(angles)])
    across = [LineString([m - reach, m + reach]) for m, reach in zip(middles, reaches, strict=True)]
    for axes in (side_by_side, across):
        drawing = overview(canvas, axes)
        lines = [LineString(coordinates(shape.path)) for shape in drawing.shapes if shape.kind == "strip-new"]
        numbers = [label for label in drawing.labels if label.kind == "number"]
        rooms = [_room(label) for label in numbers]
        for at, room in enumerate(rooms):
            assert not any(room.intersects(other) for other in rooms[:at])
            assert lines[at].distance(room) < 45
        assert overview(canvas, axes).labels == drawing.labels


@pytest.mark.parametrize("count", [2, 20, 120])
@pytest.mark.parametrize("reach", [8.0, 40.0])
def test_every_number_tells_its_own_strip(canvas: Canvas, rng: np.random.Generator, count: int, reach: float) -> None:
    """In a crowd a number stands nearest to its own axis, or a leader goes from it to that axis."""
    angles = rng.uniform(0, np.pi, count)
    middles = rng.uniform((100, 100), (400, 400), (count, 2))
    ends = reach * np.column_stack([np.cos(angles), np.sin(angles)])
    axes = [LineString([middle - end, middle + end]) for middle, end in zip(middles, ends, strict=True)]
    axes.append(axes[0])  # the same strip twice: no place is nearest to either
    placed = place_numbers(canvas, axes, [str(number) for number in range(1, len(axes) + 1)])
    leaders = [number.leader for number in placed if number.leader is not None]
    assert len(leaders) >= 2
    for at, number in enumerate(placed):
        middle = shapely.Point(number.across, number.down)
        if number.leader is None:
            others = [other.distance(middle) for other in (*axes[:at], *axes[at + 1 :])]
            assert axes[at].distance(middle) < min(others)
        else:
            first, last = (shapely.Point(end) for end in (number.leader.coords[0], number.leader.coords[-1]))
            assert axes[at].distance(last) < 1e-6
            assert middle.distance(first) < 45


def test_number_of_an_axis_without_length_stands_above_it(canvas: Canvas) -> None:
    """A strip that is a point on the drawing has its number beside it, alone and in company."""
    point, line = LineString([(200, 200), (200, 200)]), LineString([(400, 200), (460, 200)])
    alone, beside = place_numbers(canvas, [point, line], ["1", "2"])
    assert (alone.across, alone.leader) == (200, None)
    assert (beside.across, beside.down) == (430, alone.down)
    for number in place_numbers(canvas, [point, point], ["1", "2"]):
        assert number.leader is not None
        assert number.leader.coords[-1] == (200, 200)


def test_leader_is_drawn_and_goes_with_its_strip(canvas: Canvas) -> None:
    """A leader is a link to the sheet, as its strip is; of a strip alone there is none."""
    east, north = ORIGIN[0] + 4000, ORIGIN[1] + 4000
    axis = LineString([(east, north), (east + 900, north + 300)])
    shapes = overview(canvas, [axis, axis]).shapes
    leaders = [shape for shape in shapes if shape.kind == "leader"]
    assert [shape.target for shape in leaders] == ["strip-1", "strip-2"]
    assert {shape.target for shape in shapes if shape.kind == "leader-case"} == {"strip-1", "strip-2"}
    assert not [shape for shape in overview(canvas, [axis]).shapes if shape.kind.startswith("leader")]


def _room(label: MapLabel) -> shapely.Polygon:
    """Return the room of a number in letters of 40 units, without their rim."""
    across, down, half = float(label.horizontal), float(label.vertical), 12.5 * len(label.text)
    return box(across - half, down - 29, across + half, down)


def test_area_of_unseen_ground_is_drawn_to_scale(canvas: Canvas) -> None:
    """Unseen polygons keep their share of the drawing, by reason."""
    findings = example_findings()
    drawing = draw_looked_at(place_ground(canvas, findings.not_observed, None, ENGLISH), "80 %", ENGLISH)
    drawn = {
        shape.kind: shapely.Polygon(coordinates(shape.path)).area * canvas.metres_per_unit**2 / 1e6
        for shape in drawing.shapes
        if shape.kind.startswith("unseen-")
    }
    assert drawn == pytest.approx({"unseen-cloud": 6.0, "unseen-nodata": 0.9}, rel=0.01)


def test_legend_names_what_is_drawn(canvas: Canvas) -> None:
    """Every kind of unseen ground on the map has its sign in the legend, and no other."""
    ground = place_ground(canvas, example_findings().not_observed, None, ENGLISH)
    drawing = draw_looked_at(ground, "80 %", ENGLISH)
    shown = {shape.kind for shape in drawing.shapes if shape.kind.startswith("unseen-")}
    assert {entry.kind for entry in drawing.legend} == shown | {"observed"}


def test_region_names_stand_inside_their_regions(canvas: Canvas) -> None:
    """A name lies in its own region, and names do not run into each other."""
    regions = example_findings().regions
    assert regions is not None
    labels = [label for label in overview(canvas, [], regions).labels if label.kind.startswith("region")]
    places = canvas.place(regions.geometry)
    assert {label.text for label in labels} == set(regions["name"])
    for label in labels:
        place = places[(regions["name"] == label.text).to_numpy()].iloc[0]
        assert place.contains(shapely.Point(float(label.horizontal), float(label.vertical)))


def test_regions_far_away_do_no_harm(canvas: Canvas) -> None:
    """A layer of the whole world is cut to the map before it is projected."""
    columns = {"level": ["country"], "code": ["W"], "name": ["World"]}
    world = gpd.GeoDataFrame(columns, geometry=[box(-180, -90, 180, 90)], crs=4326)
    drawing = overview(canvas, [], world)
    points = np.vstack([coordinates(s.path) for s in drawing.shapes if s.kind.startswith("region")])
    assert np.abs(points).max() < 2000


def test_legend_names_outlines_that_show(canvas: Canvas) -> None:
    """Of regions the legend has the levels of which an outline crosses the map, not those around it or beside it."""
    west, south, east, north = canvas.lonlat_bounds()
    across = box(west - 1, south - 1, (west + east) / 2, north + 1)
    around, beside = box(west - 1, south - 1, east + 1, north + 1), box(east + 0.01, south, east + 1, north)
    cases = {
        ("admin2", "admin1", "country"): (across, across, across),
        ("admin1",): (beside, across, around),
        ("country",): (around, beside, across),
        (): (beside, around, around),
    }
    for shown, shapes in cases.items():
        columns = {"level": ["admin2", "admin1", "country"], "code": "", "name": "x"}
        drawing = overview(canvas, [], gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4326))
        explained = [f"region-{level}" for level in shown if level == "country" or level == shown[0]]
        assert [entry.kind for entry in drawing.legend] == explained


def test_region_names_are_cut(canvas: Canvas) -> None:
    """A name of megabytes takes no more room than a long name."""
    regions = example_findings().regions
    assert regions is not None
    long = regions.assign(name="x" * 1_000_000)
    assert max(len(label.text) for label in overview(canvas, [], long).labels) < 100


@pytest.mark.parametrize(("rows", "cols"), [(100, 5000), (5000, 100)])
def test_long_scenes_fit_a_page(rows: int, cols: int) -> None:
    """However long and narrow a scene is, its map keeps proportions that fit a page, and all of the scene is on it."""
    pair = dataclasses.replace(example_record().pair, rows=rows, cols=cols)
    canvas = plan_canvas(GroundGrid.from_record(pair))
    left, top, width, height = canvas.grid_box
    assert 0.5 < canvas.width / canvas.height < 2
    assert min(left, top) > 0
    assert left + width < canvas.width
    assert top + height < canvas.height
