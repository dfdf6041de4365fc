"""A sample placed in Colombia: findings land in the department and municipality that hold them, spelled as they are."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import geopandas as gpd
import pytest
import rasterio
from affine import Affine
from pyproj import Transformer

from colibri_geo import Run, compare
from colibri_geo.exporting import check_strips

pytestmark = pytest.mark.slow

NARINO_LON, NARINO_LAT = -77.28, 1.21
CRS = "EPSG:32618"


def place_at(source: Path, target: Path, lon: float, lat: float) -> None:
    """Copy a GeoTIFF of UTM zone 18 north with its tags, its centre at another place."""
    east, north = Transformer.from_crs(4326, CRS, always_xy=True).transform(lon, lat)
    with rasterio.open(source) as dataset:
        pixels, profile, tags, names = dataset.read(), dataset.profile, dataset.tags(), dataset.descriptions
    rows, cols = pixels.shape[1:]
    left, top = round(east / 10 - cols / 2) * 10, round(north / 10 + rows / 2) * 10
    profile |= {"crs": CRS, "transform": Affine(10, 0, left, 0, -10, top)}
    with rasterio.open(target, "w", **profile) as dataset:
        dataset.write(pixels)
        dataset.descriptions = names
        dataset.update_tags(**tags)


@pytest.fixture(scope="module")
def layers(real_data: Path) -> dict[str, Path]:
    """Departments and municipalities."""
    colombia = real_data / "colombia"
    return {
        "admin1": colombia / "co_2018_MGN_DPTO_POLITICO.geojson",
        "admin2": colombia / "co_2018_MGN_MPIO_POLITICO.geojson",
    }


@pytest.fixture(scope="module")
def run(layers: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The forest sample, placed in Nariño."""
    folder = tmp_path_factory.mktemp("placed")
    samples = Path(__file__).resolve().parents[2] / "data" / "samples"
    for name in ("before.tif", "before_scl.tif", "after.tif", "after_scl.tif"):
        place_at(samples / f"forest_{name}", folder / name, NARINO_LON, NARINO_LAT)
    regions = [f"{level}={path}" for level, path in layers.items()]
    return compare(folder / "before.tif", folder / "after.tif", regions=regions)


@pytest.fixture(scope="module")
def saved(run: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of that run."""
    return run.save(tmp_path_factory.mktemp("saved") / "out")


def name_columns(layer: gpd.GeoDataFrame, level: str) -> tuple[str, str]:
    """Return the columns of the name and of the code of a layer of the statistics office."""
    stem = {"admin1": "DPTO", "admin2": "MPIO"}[level]
    name = next(column for column in layer if column.upper() == f"{stem}_CNMBR")
    code = next(column for column in layer if column.upper() in {f"{stem}_CCNCT", f"{stem}_CCDGO"})
    return name, code


@pytest.mark.parametrize("level", ["admin1", "admin2"])
def test_strips_land_where_a_plain_join_puts_their_centres(run: Run, layers: dict[str, Path], level: str) -> None:
    """Department and municipality of each strip are those of the polygon that holds its centre."""
    layer = gpd.read_file(layers[level])
    name, _ = name_columns(layer, level)
    shares = run.findings.strip_regions
    whole = shares[(shares["level"] == level) & (shares["share"] > 0.999)]["strip_id"]
    strips = run.strips.loc[run.strips.index.isin(whole)]
    assert len(strips) >= 4
    centres = gpd.GeoDataFrame(geometry=strips.geometry.centroid, crs=strips.crs).to_crs(layer.crs)
    joined = gpd.sjoin(centres, layer, predicate="within")
    assert joined[name].reindex(strips.index).tolist() == strips[level].tolist()


@pytest.mark.parametrize("level", ["admin1", "admin2"])
def test_codes_belong_to_the_names(run: Run, layers: dict[str, Path], level: str) -> None:
    """The code beside each name is that of the same polygon."""
    layer = gpd.read_file(layers[level])
    _, code = name_columns(layer, level)
    centres = gpd.GeoDataFrame(geometry=run.strips.geometry.centroid, crs=run.strips.crs).to_crs(layer.crs)
    joined = gpd.sjoin(centres, layer, predicate="within")[code].reindex(run.strips.index).astype(str)
    assert (run.strips[f"{level}_code"] != "").all()
    own = run.strips[f"{level}_code"].astype(str)
    assert all(mine.endswith(theirs) for mine, theirs in zip(own, joined, strict=True))


def test_observed_table_has_the_regions_that_the_scenes_touch(run: Run, layers: dict[str, Path]) -> None:
    """The observed table names each municipality under the scenes, and their asked ground adds up to the whole."""
    layer = gpd.read_file(layers["admin2"])
    name, _ = name_columns(layer, "admin2")
    assert run.aligned is not None
    extent = run.aligned.grid.extent.to_crs("EPSG:4326").geom
    touched = set(layer[layer.to_crs(4326).intersects(extent)][name])
    rows = run.observed[run.observed["level"] == "admin2"]
    assert set(rows["name"]) <= touched
    assert rows["asked_km2"].sum() == pytest.approx(run.observed.iloc[0]["asked_km2"], rel=1e-3)
    assert rows["new"].sum() == run.observed.iloc[0]["new"] >= 3


def test_spelling_is_kept_in_every_file(saved: Path) -> None:
    """NARIÑO stays NARIÑO in every output that names regions."""
    for file in ("findings.geojson", "findings.csv", "findings.kml", "report.html"):
        assert "NARIÑO" in (saved / file).read_text(encoding="utf-8-sig"), file
    for layer in ("strips", "strip_regions", "observed"):
        table = gpd.read_file(saved / "findings.gpkg", layer=layer)
        names = table["admin1"] if layer == "strips" else table["name"]
        assert "NARIÑO" in set(names), layer


def test_files_parse_and_keep_the_contract(saved: Path, run: Run) -> None:
    """GeoJSON and KML parse, each with every strip; the table keeps its columns."""
    check_strips(run.strips)
    features = json.loads((saved / "findings.geojson").read_text(encoding="utf-8"))["features"]
    assert {feature["properties"]["strip_id"] for feature in features} == set(run.strips.index)
    kml = ET.fromstring((saved / "findings.kml").read_bytes())  # noqa: S314 - written by this test's own run
    lines = kml.findall(".//{http://www.opengis.net/kml/2.2}LineString")
    assert len(lines) >= len(run.strips)
