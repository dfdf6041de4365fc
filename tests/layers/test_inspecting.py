"""What a vector layer is."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from colibri_geo.errors import VectorError
from colibri_geo.layers.inspecting import inspect_layer
from colibri_geo.layers.recognising import is_layer
from colibri_geo.layers.sources import recognise_layer
from tests.scenes.images import made_pixels, write_image

BOX = shapely.box(-77.0, 1.0, -76.5, 1.4)


def _frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": ["Nariño"], "code": ["52"]}, geometry=[BOX], crs="EPSG:4326")


@pytest.mark.parametrize(
    ("file", "layout"), [("a.gpkg", "GeoPackage"), ("a.geojson", "GeoJSON"), ("a.shp", "shapefile")]
)
def test_a_layer_is_told_whole(tmp_path: Path, file: str, layout: str) -> None:
    """Columns, features, place and area are those of the file, whatever its format; nothing keeps it from use."""
    path = tmp_path / file
    _frame().to_file(path)
    assert recognise_layer(path)
    found = inspect_layer(path)
    assert (found.name, found.layout, found.features, found.warnings) == (file, layout, 1, ())
    assert {"name", "code"} <= set(found.columns)
    assert (found.west, found.south, found.east, found.north) == pytest.approx(BOX.bounds)
    assert found.area_km2 == pytest.approx(55.6 * 44.2, rel=0.01)


def test_what_keeps_polygons_from_use_is_told(tmp_path: Path) -> None:
    """A layer without a reference system, and one of points, are described with the reason."""
    path = tmp_path / "a.shp"
    _frame().to_file(path)
    (tmp_path / "a.prj").unlink()
    found = inspect_layer(path)
    assert (found.features, found.crs, found.area_km2) == (1, None, None)
    assert found.warnings[0].startswith("MissingCRS: a.shp")
    assert not inspect_layer(path, assume_crs="EPSG:4326").warnings
    empty = tmp_path / "e.geojson"
    nothing = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": []}}
    empty.write_text(json.dumps({"type": "FeatureCollection", "features": [nothing]}), encoding="utf-8")
    assert inspect_layer(empty).warnings[0].startswith("EmptyVector: e.geojson")


@pytest.mark.parametrize(
    ("shapes", "uses", "area"),
    [
        ([BOX], ("--regions", "--aoi", "--layer"), True),
        ([shapely.LineString([(-77, 1), (-76.5, 1.4)])], ("--layer", "--aerodromes"), False),
        ([shapely.Point(-77, 1), shapely.Point(-76.5, 1.4)], ("--layer", "--aerodromes"), False),
        ([BOX, shapely.Point(-77, 1)], ("--regions", "--aoi", "--layer", "--aerodromes"), True),
    ],
)
def test_what_takes_a_layer_is_told(
    tmp_path: Path, shapes: list[shapely.Geometry], uses: tuple[str, ...], area: bool
) -> None:
    """Points and lines serve as they are: their place is told without a warning, and which options take them."""
    path = tmp_path / "a.gpkg"
    gpd.GeoDataFrame(geometry=shapes, crs="EPSG:4326").to_file(path)
    found = inspect_layer(path)
    assert (found.uses, found.warnings) == (uses, ())
    assert (found.west, found.south, found.east, found.north) == pytest.approx(BOX.bounds)
    assert (found.area_km2 is not None) == area


def test_a_geopackage_without_a_reference_system_can_be_given_one(tmp_path: Path) -> None:
    """What GDAL writes for none is none: the option that names one is asked for, and serves."""
    path = tmp_path / "a.gpkg"
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        gpd.GeoDataFrame(geometry=[BOX]).to_file(path)
    assert "--assume-crs" in inspect_layer(path).warnings[0]
    assert inspect_layer(path, assume_crs="EPSG:4326").warnings == ()


def test_a_system_that_is_none_is_told_also_where_none_is_needed(tmp_path: Path) -> None:
    """A misspelt reference system is no more passed over of a layer than of an image."""
    path = tmp_path / "a.gpkg"
    _frame().to_file(path)
    assert inspect_layer(path, assume_crs="EPSG:32618").warnings == ()
    assert (
        "'EPSG:nope' is no known coordinate reference system" in inspect_layer(path, assume_crs="EPSG:nope").warnings[0]
    )


def test_images_and_their_metadata_are_no_layers(tmp_path: Path) -> None:
    """An image, a STAC item and other JSON or XML are not taken for a layer."""
    assert not recognise_layer(write_image(tmp_path / "a.tif", made_pixels()))
    for name, content in (
        ("item.json", json.dumps({"type": "Feature", "stac_version": "1.0.0"})),
        ("a_MTL.json", json.dumps({"LANDSAT_METADATA_FILE": {}})),
        ("MTD_MSIL2A.xml", "<?xml version='1.0'?><Level-2A_User_Product/>"),
        ("empty", ""),
    ):
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        assert not recognise_layer(path)
    assert not recognise_layer(tmp_path)


AIRPORTS = "id,ident,type,name,latitude_deg,longitude_deg\n1,SKAA,small_airport,Uno,1.5,-77\n2,SKBB,closed,Dos,,\n"
RUNWAYS = (
    "airport_ref,airport_ident,closed,le_latitude_deg,le_longitude_deg,he_latitude_deg,he_longitude_deg\n"
    "1,SKAA,0,1.5,-77,1.51,-77\n1,SKAA,0,,,,\n"
)


@pytest.mark.parametrize("name", ["table.csv", "table.txt"])
@pytest.mark.parametrize(
    ("content", "layout", "shapes", "north"),
    [
        (AIRPORTS, "OurAirports' table of airports", "1 Point", 1.5),
        (RUNWAYS, "OurAirports' table of runways", "1 LineString, 1 none", 1.51),
    ],
)
def test_a_table_of_ourairports_is_told(
    tmp_path: Path, name: str, content: str, layout: str, shapes: str, north: float
) -> None:
    """Airports and runways are told with their place and the option that takes them, whatever the file is called."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    assert is_layer(path)
    found = inspect_layer(path)
    assert (found.layout, found.shapes, found.uses, found.warnings) == (layout, shapes, ("--aerodromes",), ())
    assert (found.west, found.south, found.north) == (-77.0, 1.5, north)
    assert {"airport_ident", "ident"} & set(found.columns)


def test_an_archive_of_images_is_no_layer(tmp_path: Path) -> None:
    """A layer beside the images of an order does not make the order a layer: what keeps the images from use is told."""
    for name, names in (("order.zip", ["a.tif", "aoi.geojson"]), ("layer.zip", ["aoi.geojson"])):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for one in names:
                archive.writestr(one, "{}")
    assert [is_layer(tmp_path / name) for name in ("order.zip", "layer.zip")] == [False, True]


def test_a_table_without_a_place_is_told_with_what_keeps_it_from_use(tmp_path: Path) -> None:
    """No option takes a register of which no entry lies anywhere."""
    path = tmp_path / "airports.csv"
    path.write_text(AIRPORTS.replace("1.5,-77", ","), encoding="utf-8")
    found = inspect_layer(path)
    assert (found.features, found.uses, found.west) == (0, (), None)
    assert found.warnings[0].startswith("EmptyVector: airports.csv")


def test_a_damaged_layer_is_an_error(tmp_path: Path) -> None:
    """JSON that is cut short is refused with its place."""
    path = tmp_path / "a.geojson"
    path.write_text('{"type": "FeatureCollection", "features": [', encoding="utf-8")
    with pytest.raises(VectorError, match=r"a\.geojson"):
        inspect_layer(path)
