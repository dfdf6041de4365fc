"""What lies around strips."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyproj import Geod, Transformer

from colibri_geo.errors import InvalidGeometry, SettingsError, UnsupportedFormat, VectorError
from colibri_geo.exporting import make_edition, write_edition, write_tables
from colibri_geo.exporting.columns import STRIP_CONTEXT_COLUMNS
from colibri_geo.layers.context import Context, note_far, place_in_context, read_context
from colibri_geo.layers.nearness import find_nearest
from tests.support.example_run import METRE_CRS, ORIGIN, example_findings, example_record, example_strips

GEOD = Geod(ellps="WGS84")
ORIGIN_LON, ORIGIN_LAT = Transformer.from_crs(METRE_CRS, 4326, always_xy=True).transform(*ORIGIN)
COLUMNS = [column.name for column in STRIP_CONTEXT_COLUMNS]


def strips(*wests: float) -> gpd.GeoDataFrame:
    """Strips of 800 m towards the east, this far from the origin."""
    lines = [shapely.LineString([(ORIGIN[0] + west, ORIGIN[1]), (ORIGIN[0] + west + 800, ORIGIN[1])]) for west in wests]
    index = pd.Index([f"S{number}" for number in range(len(lines))], name="strip_id")
    return gpd.GeoDataFrame({"verdict": "new"}, geometry=lines, crs=METRE_CRS, index=index)


def box(west: float, east: float) -> shapely.Polygon:
    """A square of 10 km from north to south, from metres to metres east of the origin."""
    return shapely.box(ORIGIN[0] + west, ORIGIN[1] - 5_000, ORIGIN[0] + east, ORIGIN[1] + 5_000)


def write(path: Path, *shapes: shapely.Geometry, **columns: list[object]) -> Path:
    """Write a layer of shapes given in metres."""
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=METRE_CRS).to_crs(4326).to_file(path)
    return path


def around(path: Path, table: gpd.GeoDataFrame, name: str = "things") -> pd.DataFrame:
    """Return the rows of one layer."""
    rows = place_in_context(table, read_context(layers=f"{name}={path}")).strip_context
    assert rows is not None
    return rows


@pytest.mark.parametrize("precision", ["exact", "5km"])
@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "kml"])
def test_what_a_run_found_does_not_lie_around(tmp_path: Path, precision: str, suffix: str) -> None:
    """Strips of a run or an edition, in any format, are no layer of somebody else, nor a map of aerodromes."""
    findings, record = example_findings(), example_record()
    if precision == "exact":
        write_tables(findings, record, tmp_path)
    else:
        write_edition(make_edition(findings, record, precision), tmp_path)
    path = tmp_path / f"findings.{suffix}"
    with pytest.raises(UnsupportedFormat, match=rf"^findings\.{suffix}: .* of a(n edition of one| run), expected"):
        read_context(layers=f"strips={path}")
    with pytest.raises(UnsupportedFormat, match="expected"):
        read_context(path)


@pytest.mark.parametrize("layer", ["strips", "footprints"])
def test_strips_that_were_saved_anew_do_not_lie_around(tmp_path: Path, layer: str) -> None:
    """Strips that were taken out of the file of a run are known by their columns."""
    path = take_out(tmp_path, layer)
    with pytest.raises(UnsupportedFormat, match=rf"^{layer}\.gpkg: written by a run"):
        read_context(layers=f"strips={path}")


def test_ground_that_was_not_observed_lies_around(tmp_path: Path) -> None:
    """Of what was taken out of the file of a run, what tells of no strip is a layer like any other."""
    rows = around(take_out(tmp_path, "not_observed"), strips(0), name="unseen")
    assert rows["layer"].tolist() == ["unseen"]


def take_out(folder: Path, layer: str) -> Path:
    """Save one layer of a run alone."""
    write_tables(example_findings(), example_record(), folder)
    path = folder / f"{layer}.gpkg"
    gpd.read_file(folder / "findings.gpkg", layer=layer).to_file(path)
    return path


def test_without_layers_there_is_no_table() -> None:
    """Where nothing was given nothing is said, and the strips have empty columns."""
    placed = place_in_context(strips(0), Context())
    assert placed.strip_context is None
    assert placed.strips["aerodrome"].tolist() == [""]


def test_the_nearest_feature_of_each_layer_is_told(tmp_path: Path) -> None:
    """Each strip has a row a layer, by the order of the strips, with the geodesic distance and no share for lines."""
    line = shapely.LineString([(ORIGIN[0] - 5_000, ORIGIN[1] + 3_000), (ORIGIN[0] + 9_000, ORIGIN[1] + 3_000)])
    point = shapely.Point(ORIGIN[0] + 2_000, ORIGIN[1])
    rivers = write(tmp_path / "r.gpkg", line, nombre=["Río"])
    health = write(tmp_path / "h.geojson", point, shapely.Point(ORIGIN[0] + 90_000, ORIGIN[1]), name=[None, "far"])
    context = read_context(layers=[f"rivers={rivers}", f"health={health}"])
    assert [(source.role, source.name) for source in context.sources] == [
        ("layer rivers", "r.gpkg"),
        ("layer health", "h.geojson"),
    ]
    rows = place_in_context(strips(4_000, 0), context).strip_context
    assert rows is not None
    assert rows[COLUMNS[:3]].to_numpy().tolist() == [
        ["S0", "health", ""],
        ["S0", "rivers", "Río"],
        ["S1", "health", ""],
        ["S1", "rivers", "Río"],
    ]
    places = Transformer.from_crs(METRE_CRS, 4326, always_xy=True)
    lon, lat = places.transform([ORIGIN[0] + 800, ORIGIN[0] + 2_000], [ORIGIN[1]] * 2)
    metres = GEOD.inv(lon[0], lat[0], lon[1], lat[1])[2]
    assert rows["distance_km"][2] == pytest.approx(metres / 1000, rel=1e-6)
    assert rows["distance_km"][3] == pytest.approx(3, rel=2e-3)
    assert rows["overlap_share"].isna().all()


def test_the_share_of_the_axis_inside_counts_ground_once(tmp_path: Path) -> None:
    """Polygons that overlap count together; the name is that of the one that holds most."""
    path = write(tmp_path / "p.gpkg", box(-100, 200), box(100, 500), box(5_000, 6_000), name=["A", "B", "C"])
    rows = around(path, strips(0, 1_000, 5_100))
    assert rows["name"].tolist() == ["B", "B", "C"]
    assert rows["overlap_share"].to_numpy() == pytest.approx([500 / 800, 0, 1], abs=1e-4)
    assert rows["distance_km"].to_numpy() == pytest.approx([0, 0.5, 0], rel=2e-3, abs=1e-6)


def test_what_is_far_has_no_row(tmp_path: Path) -> None:
    """Beyond 400 km nothing is told; within it, however far the next strip is, the distance is the same."""
    path = write(tmp_path / "p.gpkg", shapely.Point(ORIGIN[0] + 350_000, ORIGIN[1]), name=["A"])
    rows = around(path, strips(0, -60_000))
    assert rows["strip_id"].tolist() == ["S0"]
    assert_frame_equal(around(path, strips(0)), rows)


def test_layers_in_the_wrong_place_are_noted(tmp_path: Path) -> None:
    """Coordinates that were swapped are told where nothing else of the layer could tell them; what lies near is not."""
    ground = shapely.Point(ORIGIN_LON, ORIGIN_LAT).buffer(0.5).envelope
    places = {
        "swapped": shapely.Point(ORIGIN_LAT, ORIGIN_LON),
        "beyond": shapely.Point(ORIGIN_LON, ORIGIN_LAT + 0.5 + 4.0),  # 444 km
        "near": shapely.Point(ORIGIN_LON, ORIGIN_LAT + 0.5 + 3.5),  # 387 km
        "around": ground.buffer(20),
    }
    for name, place in places.items():
        gpd.GeoDataFrame({"name": ["N"]}, geometry=[place], crs=4326).to_file(tmp_path / f"{name}.geojson")
    layers = [f"{name}={tmp_path / name}.geojson" for name in places]
    told = {}
    for register in ("swapped", "near"):
        context = note_far(read_context(tmp_path / f"{register}.geojson", layers), ground)
        told[register] = [" ".join(source.notes) for source in context.sources]
    far = (
        "nothing of it lies within 400 km of the images: look whether it is of another place, or its coordinates are "
        "swapped"
    )
    assert told == {"swapped": [far, far, far, "", ""], "near": ["", far, far, "", ""]}


def test_results_do_not_depend_on_the_order_of_features(tmp_path: Path, rng: np.random.Generator) -> None:
    """Features in any order give the same rows, also where several are equally near or lie on each other."""
    count = 30
    shapes = [box(west, west + 900) for west in np.repeat(rng.uniform(0, 6_000, count // 3), 3)]
    shapes += [shapely.Point(shape.exterior.coords[0]) for shape in shapes]
    names = [f"N{number % 5}" for number in range(len(shapes))]
    table = strips(*rng.uniform(-3_000, 9_000, 25))
    results = []
    for number, order in enumerate((np.arange(len(shapes)), rng.permutation(len(shapes)))):
        path = write(tmp_path / f"{number}.geojson", *(shapes[at] for at in order), name=[names[at] for at in order])
        results.append(around(path, table))
    assert_frame_equal(*results)
    assert set(results[0]["overlap_share"] > 0) == {True, False}


def test_crossed_polygons_are_mended_and_flat_ones_left_out(tmp_path: Path) -> None:
    """Polygons that cross themselves are mended, those without an area left out, with a note; not all may be so."""
    west, south = ORIGIN
    crossed = shapely.Polygon(
        [(west, south - 900), (west + 900, south + 900), (west + 900, south - 900), (west, south + 900)]
    )
    flat = shapely.Polygon([(west, south), (west + 900, south), (west + 900, south), (west, south)])
    context = read_context(layers=f"areas={write(tmp_path / 'p.gpkg', crossed, flat, name=['A', 'B'])}")
    assert context.layers[0].table["name"].tolist() == ["A"]
    notes = context.sources[0].notes
    assert "1 polygon(s) without an area left out" in notes
    assert any(note.endswith("invalid polygon(s) mended") for note in notes)
    rows = place_in_context(strips(0), context).strip_context
    assert rows is not None
    assert rows["overlap_share"].to_numpy() == pytest.approx([1], abs=2e-3)
    with pytest.raises(InvalidGeometry, match="area 0"):
        read_context(layers=f"areas={write(tmp_path / 'f.gpkg', flat, name=['B'])}")


def test_people_count_where_something_else_is_nearer(tmp_path: Path) -> None:
    """Of each layer the nearest feature whose name or kind tells people stands beside the nearest of all."""
    places = [shapely.Point(ORIGIN[0] + metres, ORIGIN[1]) for metres in (1_000, 2_000, 3_000, 4_000)]
    names, kinds = ["Puente", "San José", "Hospital", "x"], ["bridge", "village", "", ""]
    rows = around(write(tmp_path / "pois.geojson", *places, name=names, amenity=kinds), strips(0, 9_000))
    assert rows["name"].tolist() == ["Puente", "x"]
    assert rows["community_name"].tolist() == ["San José", "Hospital"]
    assert rows["community_km"].to_numpy() == pytest.approx([1.2, 6.0], rel=2e-3)
    bridge = around(write(tmp_path / "b.geojson", *places, name=["x"] * 4, made_by=["hospital"] * 4), strips(0))
    assert (bridge["community_name"].tolist(), bridge["community_km"].isna().all()) == ([""], True)
    whole = around(write(tmp_path / "a.geojson", *places, name=["x"] * 4), strips(0), name="Aldeas")
    assert whole["community_km"].tolist() == whole["distance_km"].tolist()


def test_a_layer_of_people_is_searched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all features are of people the nearest is the nearest of people."""
    searched = []

    def count(axes: np.ndarray, shapes: np.ndarray) -> pd.DataFrame:
        searched.append(len(shapes))
        return find_nearest(axes, shapes)

    monkeypatch.setattr("colibri_geo.layers.context.find_nearest", count)
    places = [shapely.Point(ORIGIN[0] + metres, ORIGIN[1]) for metres in (1_000, 2_000)]
    path = write(tmp_path / "a.geojson", *places, name=["Puente", "Hospital"])
    around(path, strips(0), name="pois")
    around(path, strips(0), name="aldeas")
    assert searched == [2, 1, 2]


def test_people_count_inside_their_land(tmp_path: Path) -> None:
    """A strip inside of an indigenous reserve, in a layer of protected areas, is among people; in a park it is not."""
    shapes = [box(-9_000, 2_000), box(20_000, 29_000)]
    path = write(tmp_path / "p.gpkg", *shapes, name=["Resguardo Ñukanchi", "La Paya"], category=["reserve", "park"])
    rows = around(path, strips(0, 22_000), name="protected")
    assert rows["overlap_share"].to_numpy() == pytest.approx([1, 1])
    assert rows["community_km"].to_numpy() == pytest.approx([0, 20], rel=2e-3)


def test_no_strips_give_an_empty_table(tmp_path: Path) -> None:
    """A run that found nothing has the table with its columns, and no rows."""
    path = write(tmp_path / "p.gpkg", box(0, 1), name=["A"])
    placed = place_in_context(example_strips().iloc[:0], read_context(path_of_points(tmp_path), f"areas={path}"))
    assert placed.strip_context is not None
    assert list(placed.strip_context.columns) == COLUMNS
    assert placed.strip_context.empty
    assert placed.strips.empty


def path_of_points(folder: Path) -> Path:
    """Write a layer of one point."""
    return write(folder / "points.gpkg", shapely.Point(ORIGIN))


NO_NAMES = (
    *("", " ríos", "ríos ", "-ríos", "_ríos", "'ríos", "@ríos", "+1", "\u0301o", "x" * 61),
    *("<b>", "a&b", 'a"b', "a.b", "a/b", "a\\b", "a:b", "a;b", "a|b", "a$b", "a*b", "a[b]", "a,b"),
    *("a\tb", "a\nb", "a\x00b", "a\u202eb", "a\u200db", "a\u2028b", "a\u00a0b", "a\ufeffb", "a\ud800b"),
    *("\u3164", "\u115f", "a\u034f", "a\ufe0f", "a\U000e0100"),
)


@pytest.mark.parametrize("text", ["rivers", "rivers=", *(f"{name}=rivers.gpkg" for name in NO_NAMES)])
def test_layers_are_named_by_words(text: str) -> None:
    """Anything but NAME=FILE with words is refused: markup, formulas, paths, and signs that hide or turn text."""
    with pytest.raises(SettingsError, match="expected NAME=FILE with NAME of letters and digits"):
        read_context(layers=text)


@pytest.mark.parametrize(
    "name",
    [
        *("rivers", "my rivers", "ríos", "áreas protegidas", "cours d'eau", "cours d’eau", "uso_2020-21", "3 ríos"),
        *("Tetã Guarani g\u0303", "реки", "川", "नदियाँ", "x" * 60),
    ],
)
def test_names_of_layers_are_in_any_script(tmp_path: Path, name: str) -> None:
    """Words of any script are kept composed, however they were typed, and find their layer of a GeoPackage."""
    typed = unicodedata.normalize("NFD", name)
    path = tmp_path / "p.gpkg"
    for layer in ("other", typed):
        gpd.GeoDataFrame({"name": [layer]}, geometry=[shapely.Point(ORIGIN)], crs=METRE_CRS).to_file(path, layer=layer)
    context = read_context(layers=f"{typed}={path}")
    assert [layer.name for layer in context.layers] == [name]
    assert context.layers[0].table["name"].tolist() == [typed]
    assert [source.role for source in context.sources] == [f"layer {name}"]
    with pytest.raises(SettingsError, match="given twice"):
        read_context(layers=[f"{typed}={path}", f"{name}={path}"])


def test_a_name_stands_for_one_layer(tmp_path: Path) -> None:
    """Two layers of one name are refused."""
    path = write(tmp_path / "p.gpkg", box(0, 1), name=["A"])
    with pytest.raises(SettingsError, match="given twice"):
        read_context(layers=[f"areas={path}", f"areas={path}"])


def test_names_without_end_are_cut_with_a_note(tmp_path: Path) -> None:
    """A name that is too long to be one keeps its beginning."""
    long = write(tmp_path / "l.gpkg", *[shapely.Point(ORIGIN)] * 2, name=["A" * 300, "A" * 301])
    notes = ("2 name(s) of more than 200 characters were cut",)
    context = read_context(long, f"areas={long}")
    assert [source.notes for source in context.sources] == [notes, notes]
    assert context.aerodromes is not None
    for table in (context.aerodromes.table, context.layers[0].table):
        assert table["name"].tolist() == ["A" * 199 + "…"] * 2


def test_codes_without_end_are_refused_where_they_are_used(tmp_path: Path) -> None:
    """A code of an aerodrome that is too long to be one is refused, with advice that fits; layers have no codes."""
    path = write(tmp_path / "a.gpkg", *[shapely.Point(ORIGIN)] * 2, name=["A", "B"], code=["A" * 300, "A" * 301])
    with pytest.raises(VectorError, match=r"^a\.gpkg: a code of 300 characters, expected at most 200; take") as caught:
        read_context(path)
    assert "NAME:CODE" not in str(caught.value)
    assert around(path, strips(0))["name"].tolist() == ["A"]


@pytest.mark.parametrize(
    ("geometry", "part"),
    [
        ('{"type": "Point", "coordinates": [0, "a"]}', "not pairs of numbers"),
        ('{"type": "Point", "coordinates": [200, 0]}', "outside -180..180"),
        ('{"type": "LineString", "coordinates": [[0, 0]]}', "a line of fewer than two points"),
        ('{"type": "MultiLineString", "coordinates": [1, 1]}', "not lists"),
    ],
)
def test_bad_points_and_lines_are_refused(tmp_path: Path, geometry: str, part: str) -> None:
    """Points and lines of GeoJSON are held to what polygons are held to."""
    path = tmp_path / "a.geojson"
    path.write_text(f'{{"type": "Feature", "properties": {{}}, "geometry": {geometry}}}')
    with pytest.raises(VectorError, match=part):
        read_context(layers=f"roads={path}")


@pytest.mark.parametrize("kind", ["Point", "LineString", "MultiPoint", "MultiLineString"])
def test_shapes_without_a_place_are_left_out(tmp_path: Path, kind: str) -> None:
    """Empty coordinates are no place (RFC 7946, 3.1): what else there is counts."""
    features = [
        {"type": "Feature", "properties": {"name": name}, "geometry": {"type": kind_of, "coordinates": places}}
        for name, kind_of, places in (("none", kind, []), ("some", "Point", [ORIGIN_LON, ORIGIN_LAT]))
    ]
    path = tmp_path / "a.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert around(path, strips(0))["name"].tolist() == ["some"]


@pytest.mark.parametrize(
    "shape",
    [
        "<Point></Point>",
        "<Point><coordinates>a,b</coordinates></Point>",
        "<LineString><coordinates>1,1</coordinates></LineString>",
    ],
)
def test_bad_shapes_of_kml_are_refused(tmp_path: Path, shape: str) -> None:
    """Points and lines of KML without coordinates, or with what are none, are refused."""
    path = tmp_path / "a.kml"
    path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark>{shape}</Placemark></kml>')
    with pytest.raises(InvalidGeometry):
        read_context(layers=f"roads={path}")
