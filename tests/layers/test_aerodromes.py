"""Which strips lie on an aerodrome that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from pandas.testing import assert_frame_equal
from pyproj import Geod, Transformer

from colibri_geo.errors import (
    ColibriError,
    CorruptInput,
    EmptyVector,
    EncodingError,
    InputTooLarge,
    InvalidGeometry,
    NotAFile,
    UnsupportedFormat,
    VectorError,
)
from colibri_geo.layers import tables
from colibri_geo.layers.aerodromes import match_aerodromes, read_aerodromes
from colibri_geo.layers.context import read_context
from colibri_geo.layers.reading import read_aoi, read_regions
from tests.support.example_run import METRE_CRS, ORIGIN

GEOD = Geod(ellps="WGS84")
COLUMNS = ["aerodrome", "aerodrome_name", "aerodrome_code"]
AIRPORTS = "id,ident,type,name,latitude_deg,longitude_deg"
RUNWAYS = "airport_ref,airport_ident,closed,le_latitude_deg,le_longitude_deg,he_latitude_deg,he_longitude_deg"
LENGTH_M = 800.0
_TO_LONLAT = Transformer.from_crs(METRE_CRS, 4326, always_xy=True)


def strip_line(
    *, east_m: float = 0.0, north_m: float = 0.0, turn_deg: float = 0.0, length_m: float = LENGTH_M
) -> shapely.LineString:
    """A line in metres, towards the east from the origin unless moved or turned around its middle."""
    line = shapely.LineString([(0, 0), (length_m, 0)])
    moved = shapely.affinity.translate(line, ORIGIN[0] + east_m, ORIGIN[1] + north_m)
    return shapely.affinity.rotate(moved, turn_deg, origin="center")


def strips(*lines: shapely.LineString) -> gpd.GeoDataFrame:
    """Strips of these axes."""
    index = pd.Index([f"S{number}" for number in range(len(lines))], name="strip_id")
    return gpd.GeoDataFrame({"verdict": "new"}, geometry=list(lines), crs=METRE_CRS, index=index)


def layer(path: Path, shapes: Sequence[shapely.Geometry], **columns: Sequence[object]) -> Path:
    """Write a layer of shapes that are given in metres."""
    frame = gpd.GeoDataFrame(columns, geometry=list(shapes), crs=METRE_CRS).to_crs(4326)
    frame.to_file(path)
    return path


def degrees(shape: shapely.Geometry) -> list[tuple[float, float]]:
    """Longitude and latitude of the points of a shape in metres."""
    return [_TO_LONLAT.transform(*place) for place in shape.coords]


def airport(number: int, kind: str, east_m: float, north_m: float, name: str = "Aeródromo") -> str:
    """A row of a table of airports."""
    [(lon, lat)] = degrees(shapely.Point(ORIGIN[0] + east_m, ORIGIN[1] + north_m))
    return f"{number},X-{number},{kind},{name},{lat!r},{lon!r}"


def runway(number: int, line: shapely.LineString, *, closed: int = 0) -> str:
    """A row of a table of runways."""
    (lon1, lat1), (lon2, lat2) = degrees(line)
    return f"{number},X-{number},{closed},{lat1!r},{lon1!r},{lat2!r},{lon2!r}"


def table(path: Path, header: str, *rows: str) -> Path:
    """Write a table of OurAirports."""
    path.write_text("\n".join([header, *rows, ""]), encoding="utf-8")
    return path


def match(path: Path | Sequence[Path], *lines: shapely.LineString) -> pd.DataFrame:
    """Match strips with the aerodromes of files."""
    paths = [path] if isinstance(path, Path) else path
    return pd.DataFrame(match_aerodromes(strips(*lines), read_aerodromes(paths)).drop(columns="geometry"))


def test_without_a_layer_nothing_is_said() -> None:
    """Where no layer was given the status is empty, and no strip is called unknown."""
    found = match_aerodromes(strips(strip_line())).iloc[0]
    assert found[COLUMNS].tolist() == ["", "", ""]
    assert np.isnan(found["aerodrome_km"])


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (strip_line(north_m=49), "known"),
        (strip_line(north_m=51), "unknown"),
        (strip_line(turn_deg=9.5), "known"),
        (strip_line(turn_deg=10.5), "unknown"),
        (strip_line(turn_deg=180), "known"),
        (strip_line(east_m=395), "known"),
        (strip_line(east_m=405), "unknown"),
        (strip_line(length_m=1_590, east_m=-395), "known"),
        (strip_line(length_m=1_620, east_m=-410), "unknown"),
        (strip_line(length_m=400, east_m=200), "known"),
    ],
    ids=["beside", "too far", "turned", "too turned", "backwards", "half", "less", "half of it", "longer", "a part"],
)
def test_a_line_matches_within_its_tolerances(tmp_path: Path, line: shapely.LineString, status: str) -> None:
    """A strip matches a line that runs along half of it, within 50 m and 10 degrees, and none beyond that."""
    path = layer(tmp_path / "a.gpkg", [strip_line()], name=["Pista Sur"], code=["P-1"])
    found = match(path, line).iloc[0]
    assert found[COLUMNS].tolist() == [status, "Pista Sur", "P-1"]


def test_a_parallel_runway_beside_is_another_one(tmp_path: Path) -> None:
    """Of two parallel runways each strip matches its own; between them it matches none."""
    path = layer(tmp_path / "a.gpkg", [strip_line(), strip_line(north_m=120)], name=["south", "north"])
    found = match(path, strip_line(north_m=10), strip_line(north_m=115), strip_line(north_m=60))
    assert found["aerodrome"].tolist() == ["known", "known", "unknown"]
    assert found["aerodrome_name"].tolist()[:2] == ["south", "north"]


@pytest.mark.parametrize(
    ("place", "status", "metres"),
    [((400, 0), "known", 0), ((400, 198), "known", 198), ((400, 202), "unknown", 202), ((998, 0), "known", 198)],
    ids=["middle", "within", "beyond", "behind the end"],
)
def test_a_point_matches_by_its_distance(
    tmp_path: Path, place: tuple[float, float], status: str, metres: float
) -> None:
    """A point matches within 200 m of the axis; the distance is that on the ground."""
    point = shapely.Point(ORIGIN[0] + place[0], ORIGIN[1] + place[1])
    found = match(layer(tmp_path / "a.gpkg", [point], nombre=["Aeródromo"], icao=["SKXX"]), strip_line()).iloc[0]
    assert found[COLUMNS].tolist() == [status, "Aeródromo", "SKXX"]
    assert found["aerodrome_km"] == pytest.approx(metres / 1000, rel=2e-3, abs=1e-4)


def test_the_nearest_is_told_where_none_matches(tmp_path: Path) -> None:
    """An unknown strip is told the nearest aerodrome and how far it is on the ellipsoid; beyond 400 km none."""
    far = shapely.Point(ORIGIN[0] + 60_000, ORIGIN[1] + 40_000)
    path = layer(tmp_path / "a.gpkg", [far, shapely.Point(ORIGIN[0] + 90_000, ORIGIN[1])], name=["near", "far"])
    found = match(path, strip_line(), strip_line(east_m=2_000_000)).reset_index()
    assert found["aerodrome"].tolist() == ["unknown", "unknown"]
    assert found["aerodrome_name"].tolist() == ["near", ""]
    (_, (lon1, lat1)), [(lon2, lat2)] = degrees(strip_line()), degrees(far)
    assert found["aerodrome_km"][0] == pytest.approx(GEOD.inv(lon1, lat1, lon2, lat2)[2] / 1000, rel=1e-6)
    assert np.isnan(found["aerodrome_km"][1])


@pytest.mark.parametrize(
    ("columns", "status"),
    [
        ({"registered": ["yes"]}, "registered"),
        ({"registered": [True]}, "registered"),
        ({"registered": ["no"]}, "known"),
        ({"Status": ["Registered"]}, "registered"),
        ({"status": ["unregistered"]}, "known"),
        ({"kind": ["registered"]}, "known"),
    ],
)
def test_a_layer_says_itself_what_is_registered(tmp_path: Path, columns: dict[str, list[object]], status: str) -> None:
    """Only the columns ``registered`` and ``status`` make a feature registered."""
    assert match(layer(tmp_path / "a.gpkg", [strip_line()], **columns), strip_line())["aerodrome"].tolist() == [status]


def test_registered_goes_before_known_and_near_before_far(tmp_path: Path) -> None:
    """Of several that match a registered one counts, though another is nearer; then the nearest."""
    lines = [strip_line(), strip_line(north_m=30), strip_line(north_m=40)]
    path = layer(tmp_path / "a.gpkg", lines, name=["A", "B", "C"], registered=[0, 1, 1])
    assert match(path, strip_line())[COLUMNS[:2]].to_numpy().tolist() == [["registered", "B"]]


@pytest.mark.parametrize("ending", ["geojson", "gpkg", "shp", "kml"])
def test_points_and_lines_of_every_format_are_read(tmp_path: Path, ending: str) -> None:
    """Points and lines mean the same in every format of layers."""
    path = tmp_path / f"a.{ending}"
    shapes = [strip_line()] if ending == "shp" else [strip_line(), shapely.Point(ORIGIN[0], ORIGIN[1] + 5_000)]
    if ending == "kml":
        (start, stop), [point] = degrees(shapes[0]), degrees(shapes[1])
        marks = (
            f"<LineString><coordinates>{start[0]},{start[1]},0 {stop[0]},{stop[1]},0</coordinates></LineString>",
            f"<Point><coordinates>{point[0]},{point[1]}</coordinates></Point>",
        )
        body = "".join(f"<Placemark><name>Pista</name>{mark}</Placemark>" for mark in marks)
        path.write_text(f'<kml xmlns="http://www.opengis.net/kml/2.2"><Document>{body}</Document></kml>')
    else:
        layer(path, shapes, name=["Pista"] * len(shapes))
    aerodromes = read_aerodromes([path])
    assert sorted(aerodromes.table.geometry.geom_type) == sorted(shape.geom_type for shape in shapes)
    found = match_aerodromes(strips(strip_line(north_m=5)), aerodromes).iloc[0]
    assert found[["aerodrome", "aerodrome_name"]].tolist() == ["known", "Pista"]
    assert found["aerodrome_km"] == pytest.approx(0.005, rel=2e-3)


def test_airports_and_runways_belong_together(tmp_path: Path) -> None:
    """A runway with both ends is the axis of its airport and has its name; the airport's point then matches nothing."""
    airports = table(
        tmp_path / "airports.csv",
        AIRPORTS,
        airport(1, "small_airport", 400, 0, "El Encanto"),
        airport(2, "small_airport", 400, 20_000, "Sin Pista"),
        airport(3, "closed", 400, 40_000, "Vieja"),
        airport(4, "heliport", 400, 60_000, "Hospital"),
    )
    runways = table(
        tmp_path / "runways.csv", RUNWAYS, runway(1, strip_line()), "2,X-2,0,,,,", runway(3, strip_line(north_m=40_000))
    )
    lines = [strip_line(north_m=north_m) for north_m in (0, 150, 20_150, 40_000, 60_000)]
    found = match([runways, airports], *lines)
    assert found["aerodrome"].tolist() == ["registered", "unknown", "registered", "known", "unknown"]
    assert found["aerodrome_name"].tolist() == ["El Encanto", "El Encanto", "Sin Pista", "Vieja", "Hospital"]
    assert found["aerodrome_code"].tolist() == ["X-1", "X-1", "X-2", "X-3", "X-4"]
    alone = match(runways, *lines)
    assert alone["aerodrome"].tolist() == ["registered", "unknown", "unknown", "registered", "unknown"]
    assert alone["aerodrome_code"].tolist()[0] == "X-1"
    assert match(table(tmp_path / "c.csv", RUNWAYS, runway(1, strip_line(), closed=1)), strip_line()).iloc[0][
        COLUMNS
    ].tolist() == ["known", "", "X-1"]


@pytest.mark.parametrize("header", [AIRPORTS, RUNWAYS], ids=["airports", "runways"])
@pytest.mark.parametrize(
    "read",
    [lambda path: read_context(layers=f"air={path}"), lambda path: read_regions([f"admin1={path}"]), read_aoi],
    ids=["layer", "regions", "aoi"],
)
def test_a_table_in_place_of_a_layer_is_told_its_option(
    tmp_path: Path, header: str, read: Callable[[Path], object]
) -> None:
    """Where a layer of shapes is asked for, a table of OurAirports is answered with the option that takes it."""
    with pytest.raises(
        UnsupportedFormat, match=r"a table of OurAirports, .* give it with --aerodromes \(aerodromes\)$"
    ):
        read(table(tmp_path / "a.csv", header))
    with pytest.raises(UnsupportedFormat, match="convert it"):
        read(table(tmp_path / "b.csv", "a,b"))


def test_airports_without_a_number_are_told_apart_by_their_codes(tmp_path: Path) -> None:
    """A part of the table may lack numbers: each runway stays with the airport of its code."""
    airports = table(
        tmp_path / "airports.csv",
        AIRPORTS,
        airport(1, "small_airport", 400, 0, "Uno").replace("1,", ",", 1),
        airport(2, "small_airport", 400, 20_000, "Dos").replace("2,", ",", 1),
    )
    runways = table(tmp_path / "runways.csv", RUNWAYS, runway(1, strip_line()).replace("1,", ",", 1))
    found = match([airports, runways], strip_line(), strip_line(north_m=20_100))
    assert found["aerodrome"].tolist() == ["registered", "registered"]
    assert found["aerodrome_name"].tolist() == ["Uno", "Dos"]


def test_results_do_not_depend_on_the_order_of_features_or_files(tmp_path: Path, rng: np.random.Generator) -> None:
    """Files and features in any order give the same rows, also where several are equally near."""
    count = 40
    north = np.repeat(rng.uniform(0, 3_000, count // 2), 2)
    lines = [strip_line(north_m=value) for value in north]
    names = [f"A{number % 7}" for number in range(count)]
    rows = [runway(number, line) for number, line in enumerate(lines)]
    asked = [strip_line(north_m=value) for value in rng.uniform(0, 3_000, 30)]
    results = []
    for order in (np.arange(count), rng.permutation(count)):
        places = tmp_path / str(len(results))
        places.mkdir()
        one = layer(places / "a.geojson", [lines[at] for at in order], name=[names[at] for at in order])
        other = table(places / "r.csv", RUNWAYS, *(rows[at] for at in order))
        results.append(match([one, other] if results else [other, one], *asked))
    assert_frame_equal(*results)
    assert set(results[0]["aerodrome"]) == {"registered", "unknown"}


BAD_TABLES: list[tuple[bytes, type[ColibriError], str]] = [
    (b"a,b\n1,2\n", UnsupportedFormat, "columns 'a, b', expected a GeoPackage"),
    (b"", CorruptInput, "the file is empty, expected a GeoPackage"),
    (f"{AIRPORTS},id\n".encode(), VectorError, "two columns are called 'id', expected names that differ"),
    (f"{AIRPORTS}\n1,A,closed,N\n".encode(), CorruptInput, "row 2 has 4 fields, expected 6"),
    (f"{AIRPORTS}\n1,A,closed,N,91,0\n".encode(), InvalidGeometry, "row 2 has the longitude '0' and latitude '91'"),
    (f"{AIRPORTS}\n1,A,closed,N,nan,0\n".encode(), InvalidGeometry, "latitude 'nan'"),
    (f"{AIRPORTS}\n1,A,closed,N,a\x1b[2J,0\n".encode(), InvalidGeometry, "row 2 has the longitude"),
    (f'{AIRPORTS}\n1,A,closed,"N" x,1,0\n'.encode(), CorruptInput, "no row of a table"),
    (f"{AIRPORTS}\n1,A,closed,{'N' * 300},1,0\n".encode(), VectorError, "a name of 300 characters"),
    (f"{AIRPORTS}\n1,A,closed,N,1,{'0' * 20_000}\n".encode(), VectorError, "a field of more than 10,000"),
    (f"{AIRPORTS}\n1,A,closed,N,1,{'0' * 200_000}\n".encode(), CorruptInput, "no row of a table"),
    (f"{AIRPORTS}\n1,A,closed,Nari\xf1o,1,0\n".encode("latin-1"), EncodingError, "is not UTF-8"),
]


@pytest.mark.parametrize(("content", "error", "part"), BAD_TABLES)
def test_bad_tables_are_refused_in_a_line(tmp_path: Path, content: bytes, error: type[ColibriError], part: str) -> None:
    """A table that is damaged, of others or hostile is refused with its name, in one line without control signs."""
    path = tmp_path / "airports.csv"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_aerodromes([path])
    assert type(caught.value) is error
    assert str(caught.value).startswith("airports.csv: ")
    assert part in str(caught.value)
    assert str(caught.value).isprintable()


def test_tables_beyond_their_limits_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table of more rows, or more text, than is read is refused; so is what is no file."""
    path = table(tmp_path / "a.csv", AIRPORTS, airport(1, "closed", 0, 0), "", airport(2, "closed", 0, 9))
    assert len(read_aerodromes([path]).table) == 2
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    with pytest.raises(InputTooLarge, match="more than 2 rows"):
        read_aerodromes([path])
    monkeypatch.setattr(tables, "MAX_TEXT_BYTES", 100)
    with pytest.raises(InputTooLarge, match="MiB of text"):
        read_aerodromes([path])
    with pytest.raises(NotAFile):
        read_aerodromes([tmp_path / "none.csv"])


def test_what_has_no_place_is_told(tmp_path: Path) -> None:
    """Airports and runways without a place are counted in a note; tables that hold nothing else are refused."""
    airports = table(tmp_path / "a.csv", AIRPORTS, airport(1, "closed", 0, 0), "2,X-2,small_airport,Sin,,-70")
    runways = table(tmp_path / "r.csv", RUNWAYS, "1,X-1,0,,,,", "2,X-2,0,,,,")
    aerodromes = read_aerodromes([airports, runways])
    assert aerodromes.table["code"].tolist() == ["X-1"]
    assert [source.notes[0].partition(" runway")[0] for source in aerodromes.sources] == [
        "1 airport(s) without a place left out",
        "2 of 2",
    ]
    with pytest.raises(EmptyVector, match=r"r\.csv: holds no airport or runway with a place"):
        read_aerodromes([runways])


def test_polygons_are_no_aerodromes(tmp_path: Path) -> None:
    """Polygons are left out with a note; a layer of nothing else is refused."""
    area = strip_line().buffer(20)
    path = layer(tmp_path / "a.gpkg", [area, shapely.Point(ORIGIN)], name=["A", "B"])
    aerodromes = read_aerodromes([path])
    assert aerodromes.table["name"].tolist() == ["B"]
    assert aerodromes.sources[0].notes == ("1 polygon(s) left out",)
    with pytest.raises(InvalidGeometry, match="holds polygons alone"):
        read_aerodromes([layer(tmp_path / "b.gpkg", [area])])


@pytest.mark.slow
def test_every_runway_of_the_real_register_is_found_again(real_data: Path) -> None:
    """Axes of OurAirports' own runways have the status and code of their airport; those moved aside are unknown."""
    folder = real_data / "ourairports"
    paths = [folder / "airports_latam_2022.csv", folder / "runways_latam_2026.csv"]
    aerodromes = read_aerodromes(paths)
    assert [source.role for source in aerodromes.sources] == ["aerodromes", "aerodromes"]
    axes = aerodromes.table[aerodromes.table["is_axis"].to_numpy(dtype=bool)]
    assert len(axes) > 700
    axes = axes.iloc[::10]
    index = pd.Index([f"S{number}" for number in range(len(axes))], name="strip_id")
    found = match_aerodromes(gpd.GeoDataFrame(geometry=axes.geometry.to_numpy(), crs=4326, index=index), aerodromes)
    agrees = (found["aerodrome"].to_numpy() == axes["status"].to_numpy()) & (
        found["aerodrome_code"].to_numpy() == axes["code"].to_numpy()
    )
    assert agrees.mean() > 0.98  # the rest are in the register twice
    assert (found["aerodrome"] != "unknown").all()
    assert (found["aerodrome_km"] == 0).all()
    aside = axes.geometry.translate(xoff=0.01, yoff=0.01).to_numpy()
    moved = match_aerodromes(gpd.GeoDataFrame(geometry=aside, crs=4326, index=index), aerodromes)
    assert (moved["aerodrome"] == "unknown").mean() > 0.95
    assert moved["aerodrome_km"].max() < 3
