"""Tables of points."""

from __future__ import annotations

from pathlib import Path

import pytest

from colibri_geo.errors import (
    ColibriError,
    CorruptInput,
    EmptyVector,
    EncodingError,
    InvalidGeometry,
    UnsupportedFormat,
    VectorError,
)
from colibri_geo.layers.aerodromes import read_aerodromes
from colibri_geo.layers.context import read_context
from colibri_geo.layers.inspecting import inspect_layer
from colibri_geo.layers.reading import read_aoi, read_regions
from colibri_geo.layers.recognising import is_layer

ROWS = "name,lat,lon\nUno,1.2,-77.3\n"


def write(path: Path, content: str | bytes) -> Path:
    """Write a table."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        ROWS,
        "\ufeff" + ROWS,
        ROWS.replace("\n", "\r\n"),
        ROWS.replace("\n", "\r"),
        'name,"lat",lon\n"Uno", 1.2 ,-77.3\n\n,,\n',
        "NAME;Latitud;Longitud\nUno;1,2;-77,3\n",
        "name;LAT;LNG\nUno;1.2;-7.73e1\n",
        "name,lat,lon,,\nUno,1.2,-77.3,,\n",
        ",name, ,lat,lon,\n0,Uno,,1.2,-77.3, \n",
        '"name, official";name;lat;lon\n"Uno, el";Uno;1,2;-77,3\n',
        'name,"lat;lon",lat,"lon"\nUno,x,1.2,-77.3\n',
        'name;lat;lon;"remarks, of\nall kinds"\nUno;1,2;-77,3;none\n',
        'largo (");name;lat;lon\n12;Uno;1,2;-77,3\n',
        "name,Latitude,Longitude\nUno,1.2,-77.3\n",
        'name,Latitúd,long\nUno,"1,2","-77,3"\n',
        "y,x,nombre\n+1.2,-77.30,Uno\n",
        "name , lat, lon\nUno,1.2,-77.3\n",
        "x,y,lon,lat,name\n200000,132000,-77.3,1.2,Uno\n",
    ],
)
@pytest.mark.parametrize("name", ["points.csv", "points.txt"])
def test_points_are_read_by_their_columns(tmp_path: Path, name: str, content: str) -> None:
    """Columns go by their common names, whatever the delimiter, the sign before decimals and the file's name."""
    path = write(tmp_path / name, content)
    context = read_context(path, f"villages={path}")
    assert context.aerodromes is not None
    for table in (context.layers[0].table, context.aerodromes.table):
        assert table["name"].tolist() == ["Uno"]
        assert [(point.x, point.y) for point in table.geometry] == [(-77.3, 1.2)]
        assert table.crs == "EPSG:4326"
    assert is_layer(path)
    found = inspect_layer(path)
    assert (found.layout, found.shapes, found.west, found.north) == ("CSV", "1 Point", -77.3, 1.2)
    assert (found.uses, found.warnings) == (("--layer", "--aerodromes"), ())


def test_a_table_of_points_is_a_register_where_it_says_so(tmp_path: Path) -> None:
    """The columns that other layers of aerodromes may have count here too; codes keep their zeros."""
    rows = "id,nombre,registered,lat,lon\n007,Uno,sí,1.2,-77.3\n008,Dos,,1.3,-77.3\n"
    table = read_aerodromes([write(tmp_path / "a.csv", rows)]).table
    assert table[["code", "name", "status"]].to_numpy().tolist() == [
        ["008", "Dos", "known"],
        ["007", "Uno", "registered"],
    ]


def test_columns_without_name_and_text_are_none(tmp_path: Path) -> None:
    """Ends of commas, as spreadsheets write them, are no columns; text below such a name is one."""
    path = write(tmp_path / "a.csv", "name,,lat,lon,,\nUno,,1.2,-77.3,x,\n")
    assert inspect_layer(path).columns == ("name", "lat", "lon", "")


def test_points_have_no_area(tmp_path: Path) -> None:
    """As regions or area of interest a table of points is answered as points of any format are."""
    path = write(tmp_path / "a.csv", ROWS)
    for read in (read_aoi, lambda path: read_regions(f"admin1={path}")):
        with pytest.raises(VectorError, match=r"^a\.csv: .*polygon"):
            read(path)


def test_findings_saved_as_points_do_not_lie_around(tmp_path: Path) -> None:
    """A table that is a run's by its columns is refused, also where it names places as others do."""
    path = write(tmp_path / "a.csv", "strip_id,verdict,probability,lat,lon\nS1,new,0.9,1.2,-77.3\n")
    with pytest.raises(UnsupportedFormat, match="written by a run"):
        read_context(layers=f"strips={path}")


@pytest.mark.parametrize(
    ("content", "error", "part"),
    [
        (ROWS + "Dos,,-77.3\n", InvalidGeometry, "row 3 has the longitude '-77.3' and latitude '', expected degrees"),
        (ROWS + "Dos,1.2\n", CorruptInput, "row 3 has 2 fields, expected 3"),
        (ROWS + "Dos,91,-77.3\n", InvalidGeometry, "row 3 has the longitude '-77.3' and latitude '91'"),
        (ROWS + "Dos,1.2,-180.1\n", InvalidGeometry, "row 3 has the longitude '-180.1'"),
        (ROWS + "Dos,nan,-77\n", InvalidGeometry, "latitude 'nan'"),
        (ROWS + "Dos,1_0,-77\n", InvalidGeometry, "latitude '1_0'"),
        (ROWS + "Dos,1.2,77.3W\n", InvalidGeometry, "longitude '77.3W'"),
        (ROWS + 'Dos,"1,234.5",-77\n', InvalidGeometry, "latitude '1,234.5'"),
        (ROWS.encode() + b"Nari\xf1o,1.2,-77.3\n", EncodingError, "byte 31 is not UTF-8"),
        (ROWS.encode("utf-16"), EncodingError, "the text is UTF-16"),
        ("lat,lon,Lon\n1,2,3\n", VectorError, "two columns are called 'Lon', expected names that differ"),
        ("lat,lon,, \n1,2,a,b\n", VectorError, "two columns are called '', expected names that differ"),
        ("lat,lon" + ",a" * 199 + "\n", VectorError, "201 columns, expected at most 200; take"),
        ("name,lat,lon\n", EmptyVector, "0 features"),
        ("name,lat\nUno,1.2\n", UnsupportedFormat, "a table with the columns 'name, lat', expected a GeoPackage"),
        ("a\x1b[2J,lat\n", UnsupportedFormat, "a table with the columns"),
        (b"%PDF-1.7,lat,lon\n", UnsupportedFormat, "content is PDF"),
    ],
)
def test_bad_tables_of_points_are_refused_in_a_line(
    tmp_path: Path, content: str | bytes, error: type[ColibriError], part: str
) -> None:
    """What is no table of points, or has a row without a place, is refused with the row, in one line."""
    path = write(tmp_path / "a.csv", content)
    for read in (lambda path: read_context(layers=f"villages={path}"), lambda path: read_aerodromes([path])):
        with pytest.raises(error) as caught:
            read(path)
        assert type(caught.value) is error
        assert str(caught.value).startswith("a.csv: ")
        assert part in str(caught.value)
        assert str(caught.value).isprintable()
