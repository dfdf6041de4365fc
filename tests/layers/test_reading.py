"""Region layers of any format, with names and codes as they are."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, MultiPolygon, Point, Polygon, box

from colibri_geo.errors import (
    ArchiveError,
    ColibriError,
    CorruptInput,
    EmptyVector,
    EncodingError,
    GeoreferenceError,
    InputTooLarge,
    InvalidGeometry,
    MissingCRS,
    NotAFile,
    SettingsError,
    UnsafeSource,
    UnsafeXML,
    UnsupportedFormat,
    VectorError,
)
from colibri_geo.hashing import hash_file
from colibri_geo.isolation import isolated
from colibri_geo.layers import geopackage
from colibri_geo.layers import sources as sources_module
from colibri_geo.layers.columns import LEVELS
from colibri_geo.layers.reading import Layer, parse_layer, read_regions

UNREADABLE_PRJ = (
    b'PROJCS["\xff\xfe\xff",GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],'
    b'PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]],PROJECTION["Transverse_Mercator"],'
    b'PARAMETER["Central_Meridian",-75.0],UNIT["Meter",1.0]]'
)
BOW_TIE = Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])


def _departments() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"DPTO_CNMBR": ["NARIÑO", "CAQUETÁ"], "DPTO_CCDGO": ["52", "05"]},
        geometry=[box(-78, 0, -77, 1), box(-77, 0, -76, 1)],
        crs=4326,
    )


def _write_kml(path: Path, departments: gpd.GeoDataFrame) -> None:
    """Write departments as map programs do; GDAL's own writer changed its way of naming columns."""
    placemarks = [
        f"<Placemark><name>{row.DPTO_CNMBR}</name><ExtendedData><SchemaData><SimpleData name='code'>{row.DPTO_CCDGO}"
        "</SimpleData></SchemaData></ExtendedData><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        + " ".join(f"{lon},{lat}" for lon, lat in row.geometry.exterior.coords)
        + "</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        for row in departments.itertuples()
    ]
    document = f"<kml xmlns='http://www.opengis.net/kml/2.2'><Document>{''.join(placemarks)}</Document></kml>"
    path.write_text(document, encoding="utf-8")


def _write_geojson(path: Path, geometry: object, properties: object = None, **members: object) -> Path:
    feature = {"type": "Feature", "properties": properties or {"name": "A", "code": "1"}, "geometry": geometry}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature], **members}), encoding="utf-8")
    return path


def _square(west: float = 0.0, south: float = 0.0) -> dict[str, object]:
    return json.loads(shapely.to_geojson(box(west, south, west + 1, south + 1)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("ending", [".geojson", ".gpkg", ".shp", ".kml"])
def test_every_format_gives_the_same_regions(tmp_path: Path, ending: str) -> None:
    """Names, codes, areas and outlines do not depend on the format of the file."""
    path = tmp_path / f"regions{ending}"
    if ending == ".kml":
        _write_kml(path, _departments())
    else:
        _departments().to_file(path)
    table = read_regions([f"admin1={path}"]).table
    assert table["name"].tolist() == ["CAQUETÁ", "NARIÑO"]
    assert table["code"].tolist() == ["05", "52"]
    assert table.crs.to_epsg() == 4326
    assert shapely.equals(table.geometry.to_numpy(), _departments().geometry.to_numpy()[::-1]).all()


def test_geopackage_is_read_as_gdal_reads_it(tmp_path: Path) -> None:
    """Polygons, holes, parts, numbers and missing values of a GeoPackage come out as GDAL gives them."""
    hole = Polygon(box(10, 10, 14, 14).exterior.coords, [box(11, 11, 12, 12).exterior.coords])
    shapes = [hole, MultiPolygon([box(0, 0, 1, 1), box(2, 2, 3, 3)])]
    frame = gpd.GeoDataFrame({"name": ["Ñ", None], "code": [7, 8]}, geometry=shapes, crs=4326)
    path = tmp_path / "layer.gpkg"
    frame.to_file(path)
    table = read_regions([f"admin1={path}"]).table
    known = pyogrio.read_dataframe(path)
    assert table["name"].tolist() == ["Ñ", ""]
    assert table["code"].tolist() == [str(code) for code in known["code"]]
    assert shapely.equals(table.geometry.to_numpy(), known.geometry.to_numpy()).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("admin1=a.gpkg", Layer("admin1", "a.gpkg")),
        ("country=C:\\maps\\a.shp", Layer("country", "C:\\maps\\a.shp")),
        ("admin2=D:/a b/x=y.shp:NOMBRE", Layer("admin2", "D:/a b/x=y.shp", "NOMBRE")),
        ("admin2=m.geojson:N:C", Layer("admin2", "m.geojson", "N", "C")),
    ],
)
def test_specification_keeps_drive_letters_with_the_file(text: str, expected: Layer) -> None:
    """LEVEL=FILE:NAME:CODE comes apart at its own colons only."""
    assert parse_layer(text) == expected


@pytest.mark.parametrize("letters", [246, 250, 255])
@pytest.mark.parametrize("ending", [".gpkg", ".shp", ".geojson"])
def test_a_layer_with_the_longest_name_is_read(tmp_path: Path, ending: str, letters: int) -> None:
    """No file beside it can have a name that is longer, and no file is named by what is said of its columns."""
    _departments().to_file(tmp_path / f"a{ending}", encoding="utf-8")
    for file in list(tmp_path.iterdir()):
        file.rename(tmp_path / f"{'a' * (letters - len(ending))}{file.suffix}")
    path = tmp_path / f"{'a' * (letters - len(ending))}{ending}"
    regions = read_regions([parse_layer(f"admin1={path}:DPTO_CNMBR:DPTO_CCDGO")])
    assert list(regions.table["name"]) == ["CAQUETÁ", "NARIÑO"]


@pytest.mark.parametrize("text", ["a.gpkg", "admin1=", "admin1=:N", "admin1=a::C", "admin1=a:b:c:d", "province=a.gpkg"])
def test_specification_that_is_none_is_refused(text: str) -> None:
    """A text that is not LEVEL=FILE[:NAME[:CODE]] is one line that says what was expected."""
    with pytest.raises(SettingsError, match="expected") as caught:
        parse_layer(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("level", "columns", "name", "code"),
    [
        ("admin2", {"MPIO_CCDGO": "001", "MPIO_CCNCT": "52001", "MPIO_CNMBR": "PASTO"}, "PASTO", "52001"),
        ("admin1", {"mpio": "x", "dpto_ccdgo": "52", "dpto_cnmbr": "NARIÑO"}, "NARIÑO", "52"),
        ("country", {"id": "170", "name": "Colombia"}, "Colombia", "170"),
        ("admin1", {"adm0_a3": "BOL", "admin": "Bolivia", "name": "La Paz", "iso_3166_2": "BO-L"}, "La Paz", "BO-L"),
        ("country", {"ADMIN": "France", "ADM0_A3": "FRA", "ISO_A3": "-99"}, "France", "FRA"),
        ("admin1", {"GID_0": "PER", "NAME_0": "Peru", "GID_1": "PER.1_1", "NAME_1": "Ucayali"}, "Ucayali", "PER.1_1"),
        ("admin2", {"GID_1": "PER.1_1", "NAME_1": "Loreto", "GID_2": "a", "NAME_2": "Maynas"}, "Maynas", "a"),
        ("country", {"shapeName": "Ecuador", "shapeISO": "ECU", "shapeGroup": "ECU"}, "Ecuador", "ECU"),
        ("admin1", {"shapeName": "Beni", "shapeISO": "", "shapeID": "77B", "shapeGroup": "BOL"}, "Beni", "77B"),
        ("admin1", {"NM_UF": "Pará", "CD_UF": 15}, "Pará", "15"),
        ("admin2", {"ADM2_ES": "Coca", "ADM2_PCODE": "EC2201", "ADM1_ES": "Orellana"}, "Coca", "EC2201"),
        ("admin1", {"nombre": "Meta", "codigo": 50.0}, "Meta", "50"),
    ],
)
def test_known_columns_are_found(level: str, columns: dict[str, object], name: str, code: str) -> None:
    """The columns of well-known sources are found without being named."""
    frame = gpd.GeoDataFrame({key: [value] for key, value in columns.items()}, geometry=[box(0, 0, 1, 1)], crs=4326)
    row = read_regions([Layer(level, frame)]).table.iloc[0]
    assert (row["name"], row["code"]) == (name, code)


def test_regions_above_are_read_from_the_layer() -> None:
    """A municipality keeps the department and the country that its row names."""
    columns = {"MPIO_CCNCT": ["52001"], "MPIO_CNMBR": ["PASTO"], "DPTO_CCDGO": ["52"], "DPTO_CNMBR": ["NARIÑO"]}
    frame = gpd.GeoDataFrame({**columns, "shapeGroup": ["COL"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    row = read_regions([Layer("admin2", frame)]).table.iloc[0]
    assert (row["admin1"], row["admin1_code"], row["country"], row["country_code"]) == ("NARIÑO", "52", "", "COL")


def test_named_columns_go_first(tmp_path: Path) -> None:
    """NAME and CODE of the caller win over what would be found, in any case of letters."""
    frame = _departments().assign(alt=["x", "y"], num=[1, 2])
    frame.to_file(tmp_path / "a.gpkg")
    table = read_regions([f"admin1={tmp_path / 'a.gpkg'}:ALT:num"]).table
    assert table[["name", "code"]].to_numpy().tolist() == [["x", "1"], ["y", "2"]]


@pytest.mark.parametrize("name", [None, "NOMBRE"])
def test_columns_that_cannot_be_told_are_refused(name: str | None) -> None:
    """A layer without a known or the named column is refused with the list of its columns."""
    frame = gpd.GeoDataFrame({"f1": ["a"], "f2": ["b"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    with pytest.raises(VectorError, match="f1, f2"):
        read_regions([Layer("admin1", frame, name=name)])


def test_same_name_with_other_codes_stays_apart() -> None:
    """Two municipalities of one name are two regions."""
    frame = gpd.GeoDataFrame(
        {"name": ["SAN PEDRO"] * 2, "code": ["1", "2"]}, geometry=[box(0, 0, 1, 1), box(4, 0, 5, 1)], crs=4326
    )
    assert len(read_regions([Layer("admin2", frame)]).table) == 2


def test_same_name_without_codes_is_refused() -> None:
    """Names that repeat need codes, or two regions would be counted as one."""
    frame = gpd.GeoDataFrame({"name": ["SAN PEDRO"] * 2}, geometry=[box(0, 0, 1, 1), box(4, 0, 5, 1)], crs=4326)
    with pytest.raises(VectorError, match="expected codes"):
        read_regions([Layer("admin2", frame)])


def test_parts_of_one_region_are_joined_and_noted() -> None:
    """Rows of one code and name become one region; one code with two names stays two, with a note."""
    frame = gpd.GeoDataFrame(
        {"name": ["Lima", "Lima", "Lima Province"], "code": ["PE-LIM"] * 3},
        geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1), box(4, 0, 5, 1)],
        crs=4326,
    )
    regions = read_regions([Layer("admin1", frame)])
    assert regions.table["name"].tolist() == ["Lima", "Lima Province"]
    assert regions.table.geometry[0].equals(box(0, 0, 2, 1))
    assert {
        "1 row(s) joined to another of the same code and name",
        "1 code(s) stand for more than one name, as PE-LIM",
    } == set(regions.sources[0].notes)


def test_layers_of_one_level_are_put_together(tmp_path: Path) -> None:
    """Departments of two countries from two files are one level, each with its source."""
    for number, west in enumerate((0.0, 5.0)):
        _write_geojson(tmp_path / f"{number}.json", _square(west), {"name": f"N{number}", "code": str(number)})
    regions = read_regions([f"admin1={tmp_path / '1.json'}", f"admin1={tmp_path / '0.json'}"])
    assert regions.table["code"].tolist() == ["0", "1"]
    assert regions.levels == ("admin1",)
    assert [source.name for source in regions.sources] == ["1.json", "0.json"]


def test_two_layers_of_one_level_over_the_same_ground_are_refused(tmp_path: Path) -> None:
    """Of two layers of a level that cover the same ground only one could count: both together are refused."""
    for number in (0, 1):
        _write_geojson(tmp_path / f"{number}.json", _square(0.0), {"name": f"N{number}", "code": str(number)})
    with pytest.raises(VectorError, match=r"0\.json and 1\.json both hold admin1: N0 and N1 cover the same ground"):
        read_regions([f"admin1={tmp_path / '0.json'}", f"admin1={tmp_path / '1.json'}"])


def test_order_of_layers_and_rows_does_not_matter() -> None:
    """The table is the same whatever the order of the input."""
    frame = _departments()
    country = gpd.GeoDataFrame({"name": ["C"], "code": ["C"]}, geometry=[box(-78, 0, -76, 1)], crs=4326)
    one = read_regions([Layer("country", country), Layer("admin1", frame)]).table
    other = read_regions([Layer("admin1", frame.iloc[::-1]), Layer("country", country)]).table
    assert one.equals(other)


def test_region_area_is_that_of_the_ellipsoid() -> None:
    """A degree square at the equator measures 12,309 km2 (Karney, GeographicLib Planimeter)."""
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    assert read_regions([Layer("admin1", frame)]).table["region_km2"][0] == pytest.approx(12308.78, rel=1e-4)


def test_no_layers_give_no_regions() -> None:
    """A run without region layers has an empty table of the same columns."""
    empty = read_regions([])
    assert empty.table.empty
    assert empty.levels == ()
    assert list(empty.table.columns) == list(read_regions([Layer("admin1", _departments())]).table.columns)


# ------------------------------------------------------------------------------------------------------ text and names
def _shapefile(folder: Path, encoding: str, *, cpg: str | None = None, language: int | None = None) -> Path:
    path = folder / "a.shp"
    _departments().to_file(path, encoding=encoding)
    path.with_suffix(".cpg").unlink(missing_ok=True)
    if cpg is not None:
        path.with_suffix(".cpg").write_text(cpg)
    if language is not None:
        content = bytearray(path.with_suffix(".dbf").read_bytes())
        content[29] = language
        path.with_suffix(".dbf").write_bytes(content)
    return path


@pytest.mark.parametrize(
    ("encoding", "cpg", "language"),
    [
        ("UTF-8", "UTF-8", None),
        ("UTF-8", None, 0),
        ("UTF-8", None, 0x57),
        ("ISO-8859-1", "ISO-8859-1", 0),
        ("ISO-8859-1", None, 0x57),
        ("UTF-8", "ISO-8859-1", None),
    ],
)
def test_shapefile_names_keep_their_spelling(tmp_path: Path, encoding: str, cpg: str | None, language: int) -> None:
    """NARIÑO is NARIÑO with or without a .cpg, with a right or a wrong one."""
    path = _shapefile(tmp_path, encoding, cpg=cpg, language=language)
    assert read_regions([f"admin1={path}"]).table["name"].tolist() == ["CAQUETÁ", "NARIÑO"]


@pytest.mark.parametrize(("cpg", "language"), [(None, 0), ("UTF-8", 0)])
def test_shapefile_text_that_nothing_explains_is_refused(tmp_path: Path, cpg: str | None, language: int) -> None:
    """Latin-1 text with no stated encoding, or with a false one, is an EncodingError and not a guess."""
    path = _shapefile(tmp_path, "ISO-8859-1", cpg=cpg, language=language)
    with pytest.raises(EncodingError, match=r"\.cpg"):
        read_regions([f"admin1={path}"])


def test_name_decoded_with_the_wrong_table_is_put_right(tmp_path: Path) -> None:
    """NariÃ±o becomes Nariño with a note, in any format, and right names are left alone."""
    frame = _departments().assign(DPTO_CNMBR=["NariÃ±o", "CAQUETÃ\x81"])
    frame.to_file(tmp_path / "a.gpkg")
    regions = read_regions([f"admin1={tmp_path / 'a.gpkg'}"])
    assert regions.table["name"].tolist() == ["CAQUETÁ", "Nariño"]
    assert regions.sources[0].notes[0].startswith("2 name(s)")


@pytest.mark.parametrize("name", ["São João", "Ñuñoa", "Quibdó – ½ °", "Ã", "Côte d’Ivoire", "Ærø"])
def test_right_names_are_left_alone(name: str) -> None:
    """Names that are right are not touched by the search for wrong ones."""
    frame = gpd.GeoDataFrame({"name": [name]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    assert read_regions([Layer("admin1", frame)]).table["name"][0] == name


def test_names_that_lost_characters_are_refused() -> None:
    """A name with a replacement character is refused, in a line that shows no more of it than is needed."""
    frame = gpd.GeoDataFrame({"name": ["x" * 5000 + "Nari\ufffdo"]}, geometry=[box(0, 0, 1, 1)], crs=4326)
    with pytest.raises(EncodingError, match=r"'x+Nari.o' lost characters") as caught:
        read_regions([Layer("admin1", frame)])
    assert len(str(caught.value)) < 300


def test_names_without_end_are_cut_with_a_note() -> None:
    """What is longer than a name can be keeps its beginning; the note counts each text once, whatever its rows."""
    columns = {
        "admin1": ["á" * 201, "á" * 201],
        "name": ["x" * 198 + " " + "x" * 9, "y" * 200],
        "code": ["a" * 200, "b"],
    }
    frame = gpd.GeoDataFrame(columns, geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1)], crs=4326)
    regions = read_regions([Layer("admin2", frame.assign(admin1_code="7"))])
    assert regions.table["name"].tolist() == ["x" * 198 + "…", "y" * 200]
    assert regions.table["code"].tolist() == ["a" * 200, "b"]
    assert regions.table["admin1"].tolist() == ["á" * 199 + "…"] * 2
    assert regions.sources[0].notes == ("2 name(s) of more than 200 characters were cut",)


@pytest.mark.parametrize("column", ["code", "country_code"])
def test_codes_without_end_are_refused(column: str) -> None:
    """Cut, codes of two layers could become the same."""
    columns = {"name": "A", "country": "B", "country_code": "C", "code": "1"} | {column: "x" * 300}
    frame = gpd.GeoDataFrame({key: [text] for key, text in columns.items()}, geometry=[box(0, 0, 1, 1)], crs=4326)
    with pytest.raises(VectorError, match=r"a code of 300 characters, expected at most 200; .*FILE:NAME:CODE"):
        read_regions([Layer("admin1", frame)])


def test_names_that_stand_for_codes_differ_when_they_are_cut() -> None:
    """Regions without codes whose names would be the same once cut are refused."""
    frame = gpd.GeoDataFrame({"name": ["x" * 300 + end for end in "ab"]}, geometry=[box(0, 0, 1, 1)] * 2, crs=4326)
    with pytest.raises(VectorError, match=r"names of more than 200 characters begin alike, .*FILE:NAME:CODE"):
        read_regions([Layer("country", frame)])


# ---------------------------------------------------------------------------------------------------------- geometries
def test_projected_layer_is_brought_to_longitude_and_latitude() -> None:
    """A layer in metres lands where its reference system says; straight edges stay where they were on the map."""
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(600_000, 6_600_000, 700_000, 6_700_000)], crs=32618)
    table = read_regions([Layer("admin1", frame)]).table
    back = table.to_crs(32618).geometry[0]
    assert back.symmetric_difference(frame.geometry[0]).area / 400_000 < 0.05


def test_missing_crs_is_refused_unless_one_is_assumed() -> None:
    """No reference system is an error that names the option; the option is honoured and noted."""
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(243_000, 132_000, 244_600, 133_600)])
    with pytest.raises(MissingCRS, match="--assume-crs"):
        read_regions([Layer("admin1", frame)])
    regions = read_regions([Layer("admin1", frame)], assume_crs="EPSG:32618")
    assert regions.table["region_km2"][0] == pytest.approx(2.56, rel=2e-3)
    assert "EPSG:32618 was assumed" in regions.sources[0].notes[0]


def test_own_crs_of_a_layer_stands_above_an_assumed_one() -> None:
    """A layer that states a system keeps it; that another was given, and left aside, is noted."""
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(243_000, 132_000, 244_600, 133_600)], crs=32618)
    plain = read_regions([Layer("admin1", frame)], assume_crs="EPSG:32618")
    regions = read_regions([Layer("admin1", frame)], assume_crs="EPSG:32619")
    assert regions.table.geom_equals_exact(plain.table, 0).all()
    assert not any("left aside" in note for note in plain.sources[0].notes)
    told = "it is in EPSG:32618: EPSG:32619, which was given as its coordinate reference system, was left aside"
    assert told in regions.sources[0].notes


@pytest.mark.parametrize("level", LEVELS)
def test_layer_without_a_column_of_names_is_told_with_its_level(level: str) -> None:
    """A layer that no names are found in is refused with its level and its columns, in a sentence that fits each."""
    frame = gpd.GeoDataFrame({"area_ha": [1]}, geometry=[BOW_TIE], crs=4326)
    with pytest.raises(VectorError, match=f"no column known to hold names of {level}, has area_ha; "):
        read_regions([Layer(level, frame)])


def test_invalid_polygons_are_mended_and_counted() -> None:
    """A bow tie keeps its two triangles, and the source says that it was mended."""
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[BOW_TIE], crs=4326)
    regions = read_regions([Layer("admin1", frame)])
    shape = regions.table.geometry[0]
    assert shape.is_valid
    assert shape.area == pytest.approx(0.5)
    assert regions.sources[0].notes == (
        "1 invalid polygon(s) mended",
        "no column known to hold codes: the regions have none",
    )


@pytest.mark.parametrize(
    ("shapes", "error", "text"),
    [
        ([], EmptyVector, "0 features"),
        ([None, Polygon()], EmptyVector, "2 features, none with a geometry"),
        ([Point(0, 0)], InvalidGeometry, "holds Point, expected polygons"),
        ([Polygon([(0, 0), (1, 1), (2, 2), (0, 0)])], InvalidGeometry, "area 0"),
        ([box(0, 0, 1, 1), box(0, 0, 1, 91)], InvalidGeometry, "feature 1 lies outside -180..180"),
        (
            [Polygon([(0, 0), (1, 0), (1, np.inf), (0, 0)])],
            InvalidGeometry,
            "feature 0 has coordinates that are not finite",
        ),
    ],
)
def test_layers_without_usable_polygons_are_refused(shapes: list[object], error: type[ColibriError], text: str) -> None:
    """Empty layers, points, flat and impossible polygons are refused in one line each."""
    frame = gpd.GeoDataFrame({"name": ["A"] * len(shapes)}, geometry=gpd.GeoSeries(shapes, crs=4326), crs=4326)
    with pytest.raises(error, match=text) as caught:
        read_regions([Layer("country", frame)])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("crs", [32618, 4326])
def test_endless_edges_cost_no_endless_time(crs: int) -> None:
    """A few hundred edges across the whole map, or beyond it, are measured or refused at once."""
    reach = {32618: 9e7, 4326: 90.0}[crs]
    fan = [(reach * (1 if n % 2 else -1), reach * n / 400) for n in range(400)]
    teeth = MultiPolygon([Polygon([(-reach, y), (reach, y), (reach, y + reach / 900)]) for _, y in fan])
    layer = Layer("country", gpd.GeoDataFrame({"name": ["A"]}, geometry=[teeth], crs=crs))
    if crs == 4326:
        assert read_regions([layer]).table["region_km2"][0] > 1e6
    else:
        with pytest.raises(InvalidGeometry):
            read_regions([layer])
    far = gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(0, 0, 1e300, 1)], crs=crs)
    with pytest.raises(InvalidGeometry, match="outside"):
        read_regions([Layer("country", far)])


def test_features_without_area_are_left_out_with_a_note() -> None:
    """One good polygon is enough; what is left out is counted."""
    shapes = [box(0, 0, 1, 1), None, Point(0, 0)]
    frame = gpd.GeoDataFrame({"name": list("ABC"), "code": list("abc")}, geometry=shapes, crs=4326)
    regions = read_regions([Layer("admin1", frame)])
    assert regions.table["name"].tolist() == ["A"]
    assert regions.sources[0].notes == (
        "1 feature(s) without a geometry left out",
        "1 feature(s) that are no polygon with an area left out",
    )


# --------------------------------------------------------------------------------------------------- files as they come
@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", CorruptInput),
        (b"PK\x03\x04rest", ArchiveError),
        (b"II*\x00rest", UnsupportedFormat),
        (b"<OGRVRTDataSource/>", UnsupportedFormat),
        (b"<!DOCTYPE html><html>", UnsupportedFormat),
        (b"SQLite format 3\x00" + bytes(200), UnsupportedFormat),
        (b"SQLite format 3\x00" + bytes(52) + b"GPKG" + bytes(200), CorruptInput),
        (b"\xff\xfe{\x00}\x00", EncodingError),
        (b"{", VectorError),
        (b"[1, 2]", VectorError),
        (b'{"type": "Topology"}', VectorError),
        (b'{"type": "FeatureCollection", "features": [7]}', VectorError),
        (b"[" * 200_000, VectorError),
        (b'{"a": ' * 200_000, VectorError),
        (b'{"type": "Polygon", "coordinates": [[[0, 0], [1, 0]]]}', InvalidGeometry),
        (b'{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1e999], [0, 0]]]}', InvalidGeometry),
        (b'{"type": "Polygon", "coordinates": [[["0", "0"], ["1", "0"], ["1", "1"], ["0", "0"]]]}', VectorError),
        (b'{"type": "Polygon", "coordinates": {"a": 1}}', VectorError),
        (b'{"type": "Polygon", "coordinates": [[{"a": 1}]]}', VectorError),
        (b"<kml><Placemark><Polygon/></Placemark></kml>", InvalidGeometry),
        (b"<kml><Placemark>", VectorError),
        (b"<a><kml/></a>", UnsupportedFormat),
        (b"<kml>" * 1000, VectorError),
        (b'<?xml version="1.0"?><!DOCTYPE kml SYSTEM "http://127.0.0.1/x"><kml></kml>', UnsafeXML),
    ],
)
def test_hostile_or_foreign_files_are_one_line(tmp_path: Path, content: bytes, error: type[ColibriError]) -> None:
    """Whatever the bytes, the answer is the fitting error in one line that names the file."""
    path = tmp_path / "layer.geojson"
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read_regions([f"admin1={path}"])
    assert str(caught.value).startswith("layer.geojson: ")
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    """A path without a file says so."""
    for path in (tmp_path, tmp_path / "none.gpkg"):
        with pytest.raises(NotAFile):
            read_regions([f"admin1={path}"])


def test_files_beyond_the_limit_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Size is checked before anything is parsed, more strictly for text."""
    path = _write_geojson(tmp_path / "a.geojson", _square())
    monkeypatch.setattr(sources_module, "MAX_TEXT_BYTES", 50)
    with pytest.raises(InputTooLarge, match="GeoPackage"):
        read_regions([f"admin1={path}"])
    monkeypatch.setattr(sources_module, "MAX_BYTES", 40)
    with pytest.raises(InputTooLarge, match="GiB"):
        read_regions([f"admin1={path}"])


def test_rings_are_closed_and_heights_dropped_with_notes(tmp_path: Path) -> None:
    """An open ring is closed and a third coordinate dropped; both are noted and the outline is the same."""
    ring = [[0, 0, 5], [1, 0, 5], [1, 1, 5], [0, 1]]
    path = _write_geojson(tmp_path / "a.geojson", {"type": "Polygon", "coordinates": [ring]})
    regions = read_regions([f"admin1={path}"])
    assert regions.table.geometry[0].equals(box(0, 0, 1, 1))
    assert regions.sources[0].notes == (
        "1 polygon(s) with a ring that was not closed were closed",
        "heights were dropped",
    )


def test_bare_geometry_collection_gives_its_polygons(tmp_path: Path) -> None:
    """Of a collection the polygons count, points and lines do not."""
    members = [_square(), {"type": "Point", "coordinates": [5, 5]}, _square(0.5)]
    path = _write_geojson(tmp_path / "a.geojson", {"type": "GeometryCollection", "geometries": members})
    assert read_regions([f"admin1={path}"]).table.geometry[0].equals(box(0, 0, 1.5, 1))


@pytest.mark.parametrize(
    ("crs", "error"),
    [
        ({"type": "link", "properties": {"href": "http://127.0.0.1/crs"}}, UnsafeSource),
        ({"type": "name", "properties": {"name": "+proj=longlat +nadgrids=/etc/passwd"}}, MissingCRS),
        ({"type": "name", "properties": {"name": "EPSG:999999"}}, MissingCRS),
        ({"type": "name"}, MissingCRS),
        ("EPSG:4326", MissingCRS),
    ],
)
def test_geojson_crs_that_is_no_plain_code_is_refused(tmp_path: Path, crs: object, error: type[ColibriError]) -> None:
    """A crs member may name an authority's code and nothing else."""
    path = _write_geojson(tmp_path / "a.geojson", _square(), crs=crs)
    with pytest.raises(error):
        read_regions([f"admin1={path}"])


@pytest.mark.parametrize("name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_geojson_crs_of_the_older_standard_is_honoured(tmp_path: Path, name: str) -> None:
    """Longitude and latitude are recognised by their names, longitude first."""
    path = _write_geojson(tmp_path / "a.geojson", _square(100), crs={"type": "name", "properties": {"name": name}})
    assert read_regions([f"admin1={path}"]).table.geometry[0].equals(box(100, 0, 101, 1))


def test_geopackage_with_several_layers_gives_the_one_of_the_level(tmp_path: Path) -> None:
    """The layer is chosen by the name of the level; without one of that name the file is refused."""
    path = tmp_path / "a.gpkg"
    _departments().to_file(path, layer="admin1")
    _departments().assign(DPTO_CNMBR=["x", "y"]).to_file(path, layer="other")
    assert read_regions([f"admin1={path}"]).table["name"].tolist() == ["CAQUETÁ", "NARIÑO"]
    with pytest.raises(VectorError, match="admin1, other"):
        read_regions([f"admin2={path}:DPTO_CNMBR"])


def test_geopackage_views_and_foreign_functions_are_not_run(tmp_path: Path) -> None:
    """A layer that is a view is none: nothing that the file brings is executed."""
    path = tmp_path / "a.gpkg"
    _departments().to_file(path, layer="admin1")
    with sqlite3.connect(path) as database:
        database.execute("CREATE VIEW trap AS SELECT fid, geom, load_extension('x') AS name FROM admin1")
        database.execute("UPDATE gpkg_geometry_columns SET table_name = 'trap'")
    database.close()
    with pytest.raises(VectorError, match="without a layer"):
        read_regions([f"admin1={path}"])


@pytest.mark.parametrize(
    ("kind", "called", "function"),
    [
        ("trigger", """"LOAD_extension"/**/('x')""", "LOAD_extension"),
        ("view", "writefile('x', geom)", "writefile"),
        ("trigger", "edit(NEW.DPTO_CNMBR, 'sh -c x')", "edit"),
        ("trigger", "'--' || [EDIT] /* of ( */ -- and\n ('x', 'sh -c x')", "EDIT"),
        ("view", "eval('SELECT ' || DPTO_CNMBR)", "eval"),
        ("view", "BlobToFile(geom, '/tmp/x')", "BlobToFile"),
        ("view", "BlobFromFile('/etc/passwd')", "BlobFromFile"),
        ("view", "ExportSHP('admin1', 'geom', '/tmp/x', 'UTF-8')", "ExportSHP"),
        ("view", "ExportGeoJSON2('admin1', 'geom', '/tmp/x')", "ExportGeoJSON2"),
        ("view", "ImportDXFfromDir('/tmp')", "ImportDXFfromDir"),
        ("view", "ImportWFS('http://localhost/', 'x', 'y')", "ImportWFS"),
        ("view", "XB_StoreXML(geom, '/tmp/x')", "XB_StoreXML"),
        ("view", "SqlProc_FromFile('/tmp/x')", "SqlProc_FromFile"),
        ("view", "gdal_get_pixel_value('/vsicurl/http://localhost/', 1, 'pixel', 0, 0)", "gdal_get_pixel_value"),
        ("view", "ogr_geocode(DPTO_CNMBR)", "ogr_geocode"),
        ("view", "(SELECT data FROM fsdir WHERE path = '/etc')", "fsdir"),
    ],
)
def test_geopackage_that_reaches_out_is_refused(tmp_path: Path, kind: str, called: str, function: str) -> None:
    """Nothing of it is run here, but it would be where the file is changed: the layer is not taken."""
    path = tmp_path / "a.gpkg"
    _departments().to_file(path, layer="admin1")
    made = {
        "trigger": f"CREATE TRIGGER trap AFTER UPDATE ON admin1 BEGIN SELECT {called}; END",
        "view": f"CREATE VIEW trap AS SELECT {called} FROM admin1",  # noqa: S608 - constants
    }
    with closing(sqlite3.connect(path)) as database:
        database.execute(made[kind])
        database.commit()
    with pytest.raises(UnsafeSource, match=f"^a.gpkg: its {kind} trap calls {function}, which"):
        read_regions([f"admin1={path}"])


def test_geopackage_of_the_bad_inputs_that_loads_a_library_is_refused(bad_inputs: Path) -> None:
    """Row D002 of the manifest, given as a layer; the control beside it has every trigger that GDAL writes."""
    with pytest.raises(UnsafeSource, match="trigger evil2 calls load_extension"):
        read_regions([f"admin1={bad_inputs / 'vector' / 'trigger_loadext.gpkg'}"])
    assert len(read_regions([f"admin1={bad_inputs / 'vector' / 'ok.gpkg'}"]).table) == 2


@pytest.mark.parametrize("index", ["YES", "NO"])
def test_geopackage_with_a_spatial_index_and_triggers_is_read(tmp_path: Path, index: str) -> None:
    """Those of the index and the count of features, and a user's own that keep a log, are nothing unusual."""
    path = tmp_path / "a.gpkg"
    _departments().to_file(path, layer="admin1", SPATIAL_INDEX=index)
    with closing(sqlite3.connect(path)) as database:
        database.execute("ALTER TABLE admin1 ADD COLUMN changed TEXT")
        database.execute(
            "CREATE TRIGGER noted AFTER UPDATE OF DPTO_CNMBR ON admin1 "
            "BEGIN UPDATE admin1 SET changed = datetime('now') WHERE fid = NEW.fid; END"
        )
        database.execute("CREATE TABLE edits (fid INTEGER, what TEXT, edit TEXT)")
        database.execute(
            "CREATE TRIGGER logged AFTER DELETE ON admin1 "
            "BEGIN INSERT INTO edits (fid, what, edit) VALUES (OLD.fid, 'edit', (SELECT datetime('now'))); END"
        )
        database.execute("CREATE TABLE links (fid INTEGER, url2_foto TEXT, databasepath TEXT, importkml_date TEXT)")
        database.execute("CREATE VIEW named AS SELECT fid, url2_foto, databasepath, importkml_date FROM links")
        database.execute("CREATE VIEW names AS SELECT fid, geom, DPTO_CNMBR FROM admin1")
        triggers = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
        database.commit()
    assert ("rtree_admin1_geom_insert" in triggers) == (index == "YES")
    assert read_regions([f"admin1={path}"]).table["name"].tolist() == ["CAQUETÁ", "NARIÑO"]


def test_geopackage_that_is_open_elsewhere_is_refused(tmp_path: Path) -> None:
    """Changes that wait in a journal are not ignored."""
    path = tmp_path / "a.gpkg"
    _departments().to_file(path, layer="admin1")
    path.with_name("a.gpkg-wal").write_bytes(b"x")
    with pytest.raises(VectorError, match="gpkg-wal"):
        read_regions([f"admin1={path}"])


def test_reading_changes_nothing_on_disk(tmp_path: Path) -> None:
    """No side file, journal or index appears beside an input, and its bytes stay."""
    for name in ("a.gpkg", "b.shp"):
        _departments().to_file(tmp_path / name)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    for name in ("a.gpkg", "b.shp"):
        read_regions([f"admin1={tmp_path / name}"])
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("ending", [".shx", ".shp", ".prj", ".dbf"])
def test_incomplete_shapefile_is_refused(tmp_path: Path, ending: str) -> None:
    """Each missing or cut part of a shapefile is told by its own error."""
    path = tmp_path / "a.shp"
    _departments().to_file(path)
    part = path.with_suffix(ending)
    if ending == ".shp":
        part.write_bytes(part.read_bytes()[:-40])
    else:
        part.unlink()
    expected = {".shx": VectorError, ".shp": CorruptInput, ".prj": MissingCRS, ".dbf": VectorError}[ending]
    with pytest.raises(expected):
        read_regions([f"admin1={path}"])


@pytest.mark.parametrize("clash", ["DPTO_CNMBR", "geometry"])
def test_shapefile_whose_fields_hide_each_other_is_refused(tmp_path: Path, clash: str) -> None:
    """Of two fields of one name, or one called as the shapes are, the first would be lost in silence."""
    path = tmp_path / "a.shp"
    _departments().assign(other="x").to_file(path)
    table = path.with_suffix(".dbf")
    table.write_bytes(table.read_bytes().replace(b"other".ljust(11, b"\0"), clash.encode().ljust(11, b"\0")))
    with pytest.raises(VectorError, match=rf"a\.shp: fields called {clash}, expected one of a name"):
        read_regions([f"admin1={path}"])


def test_shapefile_under_another_name_is_refused(tmp_path: Path) -> None:
    """The content decides on the reader, and the reader needs the name."""
    _departments().to_file(tmp_path / "a.shp")
    shutil.copy(tmp_path / "a.shp", tmp_path / "a.dat")
    with pytest.raises(UnsupportedFormat, match=r"\.shp"):
        read_regions([f"admin1={tmp_path / 'a.dat'}"])


def test_source_tells_the_checksum_of_file_and_table(tmp_path: Path) -> None:
    """The same content has the same checksum, other content another; a file's is the plain SHA-256."""
    path = _write_geojson(tmp_path / "a.geojson", _square())
    assert read_regions([f"admin1={path}"]).sources[0].sha256 == hash_file(path)
    frames = [_departments(), _departments(), _departments().assign(DPTO_CCDGO=["1", "2"])]
    one, same, other = (read_regions([Layer("admin1", frame)]).sources[0].sha256 for frame in frames)
    assert one == same != other


# -------------------------------------------------------------------------------------------------------- real layers
def test_colombian_layers_are_whole(real_data: Path) -> None:
    """33 departments and 1,122 municipalities are read, with unique codes and the area of the country."""
    folder = real_data / "colombia"
    regions = read_regions(
        [
            f"admin1={folder / 'co_2018_MGN_DPTO_POLITICO.geojson'}",
            f"admin2={folder / 'co_2018_MGN_MPIO_POLITICO.geojson'}",
        ]
    )
    municipalities = regions.at("admin2")
    assert (len(regions.at("admin1")), len(municipalities)) == (33, 1122)
    assert municipalities["code"].is_unique
    assert municipalities["name"].nunique() == 1037
    assert municipalities["region_km2"].sum() == pytest.approx(1_134_571, rel=1e-4)
    assert municipalities.set_index("code").loc["52001", ["name", "admin1", "admin1_code"]].tolist() == [
        "PASTO",
        "NARIÑO",
        "52",
    ]


def test_natural_earth_is_mended(real_data: Path) -> None:
    """Countries with invalid outlines are mended, and the source counts them."""
    regions = read_regions([f"country={real_data / 'natural_earth' / 'ne_10m_admin0_latam.geojson'}"])
    assert len(regions.table) == 21
    assert regions.table.geometry.is_valid.all()
    assert regions.sources[0].notes == ("7 invalid polygon(s) mended",)


def _edit_database(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{name}"')
        for statement in statements:
            database.execute(statement)
        database.commit()


@pytest.mark.parametrize("value", ["'x'", "NULL", "x'00ff'", "0.5"])
def test_geopackage_with_a_code_that_is_no_number_is_refused(tmp_path: Path, value: str) -> None:
    """A column of a database may hold anything, whatever its type says."""
    path = tmp_path / "a.gpkg"
    _departments().to_file(path)
    _edit_database(
        path,
        "PRAGMA writable_schema=ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'NOT NULL', '') WHERE name = 'gpkg_geometry_columns'",
    )
    _edit_database(path, f"UPDATE gpkg_geometry_columns SET srs_id = {value}")  # noqa: S608 - of this test
    with pytest.raises(CorruptInput, match=r"a\.gpkg: the code of its reference system is"):
        read_regions([f"admin1={path}"])


def test_geopackage_with_names_that_are_no_text_is_refused(tmp_path: Path) -> None:
    """A column called in bytes that are no UTF-8 is told as that."""
    path = tmp_path / "a.gpkg"
    _departments().assign(marked="x").to_file(path)
    path.write_bytes(path.read_bytes().replace(b"marked", b"m\xffrked"))
    with pytest.raises(EncodingError, match="UTF-8"):
        read_regions([f"admin1={path}"])


def test_shapefile_with_coordinates_that_are_no_numbers_is_refused(tmp_path: Path) -> None:
    """They are found when they are looked at, and no warning comes before."""
    path = tmp_path / "a.shp"
    _departments().to_file(path)
    content = path.read_bytes()
    second = 100 + 8 + 44 + 4 + 16  # heads of file and record, the parts, the first point, which is the last one too
    path.write_bytes(content[:second] + np.full(1, np.nan).tobytes() + content[second + 8 :])
    with pytest.raises(InvalidGeometry, match="not finite"):
        read_regions([f"admin1={path}"])


@pytest.mark.parametrize("text", [b"{}", b'{"type": "Point"}', b"[]", UNREADABLE_PRJ])
def test_shapefile_with_a_prj_that_is_none_is_one_line(tmp_path: Path, text: bytes) -> None:
    """A .prj that looks like a reference system and is none, or has a name in no encoding, gets an answer too."""
    path = tmp_path / "a.shp"
    _departments().to_file(path)
    path.with_suffix(".prj").write_bytes(text)
    with pytest.raises(GeoreferenceError, match=r"a\.shp"):
        read_regions([f"admin1={path}"])


@pytest.mark.parametrize("crs", [4326, 32618])
def test_hole_beyond_the_globe_is_refused(crs: int) -> None:
    """A hole that lies anywhere but inside its polygon does not escape the look at the coordinates."""
    shell = box(-77.0, 1.0, -76.0, 2.0) if crs == 4326 else box(200_000, 200_000, 300_000, 300_000)
    shape = Polygon(shell.exterior.coords, [[(1e200, 1e200), (1e200, 2e200), (2e200, 2e200)]])
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[shape], crs=crs)
    with pytest.raises(InvalidGeometry, match="lies outside"):
        read_regions([Layer("admin1", frame)])


@pytest.mark.parametrize("crs", [4326, 32618])
def test_line_without_length_is_no_polygon(crs: int) -> None:
    """A shape that no program should write does not end in an error of the library beneath."""
    frame = gpd.GeoDataFrame({"name": ["A"]}, geometry=[LineString([(9, 9), (9, 9)])], crs=crs)
    with pytest.raises(InvalidGeometry, match="expected polygons"):
        read_regions([Layer("admin1", frame)])


@pytest.mark.slow
def test_a_polygon_that_cannot_be_mended_ends_in_time() -> None:
    """A star of two million crossings is given up with the reason; simple shapes are mended in a child as here."""
    turns = 2 * np.pi * (np.arange(2001) * 1000 % 2001) / 2001
    star = Polygon(np.column_stack([np.cos(turns) - 75, np.sin(turns)]))
    with isolated(os.environ) as pool:
        mended = read_regions([Layer("admin1", gpd.GeoDataFrame({"name": ["A"]}, geometry=[BOW_TIE], crs=4326))])
        assert mended.table.geometry[0].area == pytest.approx(0.5)
        pool.seconds = 2.0
        with pytest.raises(InvalidGeometry, match="cross themselves too often"):
            read_regions([Layer("admin1", gpd.GeoDataFrame({"name": ["A"]}, geometry=[star], crs=4326))])


@pytest.mark.parametrize("name", ["gpkg_geometry_columns", "gpkg_spatial_ref_sys"])
def test_a_geopackage_that_describes_itself_by_views_is_refused(tmp_path: Path, name: str) -> None:
    """A view can be a query without an end: it is refused before it is asked."""
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(-77, 1, -76, 2)], crs=4326).to_file(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA writable_schema=ON")
        database.execute("PRAGMA foreign_keys=OFF")
        database.execute(f"ALTER TABLE {name} RENAME TO kept")
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT kept.* FROM kept, n"
        database.execute(f"CREATE VIEW {name} AS {endless}")
        database.commit()
    with pytest.raises(CorruptInput, match=f"{name} is no table"):
        read_regions([f"admin1={path}"])


def test_a_query_without_an_end_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What keeps the database engine busy beyond the limit is an error, not a wait."""
    monkeypatch.setattr(geopackage, "_MOST_SECONDS", -1.0)
    monkeypatch.setattr(geopackage, "_STEPS", 1)
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(-77, 1, -76, 2)], crs=4326).to_file(path)
    with pytest.raises(CorruptInput, match="interrupted"):
        read_regions([f"admin1={path}"])


@pytest.mark.parametrize(
    ("computed", "words"),
    [("geom", "does not store the column geom"), ("name", "has fid, kept; name it")],
)
def test_columns_that_are_computed_cost_nothing(tmp_path: Path, computed: str, words: str) -> None:
    """A column that a database computes on reading can be of any size: neither shapes nor names are taken from one."""
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(-77, 1, -76, 2)], crs=4326).to_file(path)
    _edit_database(
        path,
        f"ALTER TABLE a RENAME COLUMN {computed} TO kept",
        f"ALTER TABLE a ADD COLUMN {computed} GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL",
        "UPDATE gpkg_geometry_columns SET column_name = 'geom'",
    )
    with pytest.raises((CorruptInput, VectorError), match=words):
        read_regions([f"admin1={path}"])


def test_a_value_without_measure_is_refused(tmp_path: Path) -> None:
    """A file that describes itself by a value of a gigabyte is refused before it is made."""
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame({"name": ["A"]}, geometry=[box(-77, 1, -76, 2)], crs=4326).to_file(path)
    _edit_database(
        path,
        "ALTER TABLE gpkg_geometry_columns RENAME COLUMN column_name TO kept",
        "ALTER TABLE gpkg_geometry_columns ADD COLUMN column_name GENERATED ALWAYS AS (zeroblob(900000000)) VIRTUAL",
    )
    with pytest.raises(CorruptInput, match="cannot be read as GeoPackage"):
        read_regions([f"admin1={path}"])
