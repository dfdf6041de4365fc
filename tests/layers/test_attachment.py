"""Where strips lie."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from shapely.geometry import LineString, MultiPolygon, box

from colibri_geo.layers.attachment import attach
from colibri_geo.layers.reading import Layer, read_regions
from colibri_geo.layers.regions import Regions
from tests.support.example_run import METRE_CRS, example_strips

GEOD = Geod(ellps="WGS84")
REGION_COLUMNS = ["country", "country_code", "admin1", "admin1_code", "admin2", "admin2_code"]


def layer(level: str, **shapes: object) -> Layer:
    """Return a layer of named shapes; codes are the names in small letters."""
    columns = {"name": list(shapes), "code": [name.lower() for name in shapes]}
    return Layer(level, gpd.GeoDataFrame(columns, geometry=list(shapes.values()), crs=4326))


def strips_at(*ends: tuple[float, float, float, float], crs: str = METRE_CRS) -> gpd.GeoDataFrame:
    """Return strips between pairs of longitude and latitude."""
    axes = [LineString([end[:2], end[2:]]) for end in ends]
    index = pd.Index([f"S{number}" for number in range(len(axes))], name="strip_id")
    return gpd.GeoDataFrame({"verdict": "new"}, geometry=axes, crs=4326, index=index).to_crs(crs)


def squares() -> Regions:
    """Return two countries side by side, each of two departments."""
    return read_regions(
        [
            layer("country", A=box(-78, 0, -77, 2), B=box(-77, 0, -76, 2)),
            layer(
                "admin1", AN=box(-78, 1, -77, 2), AS=box(-78, 0, -77, 1), BN=box(-77, 1, -76, 2), BS=box(-77, 0, -76, 1)
            ),
        ]
    )


def test_a_strip_belongs_to_the_region_of_most_of_its_axis() -> None:
    """Across a border the larger part decides, and the shares are lengths on the ground."""
    attached = attach(strips_at((-77.007, 1.5, -76.997, 1.5)), squares())
    row = attached.strips.iloc[0]
    assert row[REGION_COLUMNS].tolist() == ["A", "a", "AN", "an", "", ""]
    assert row["border_km"] == pytest.approx(0, abs=1e-6)
    shares = attached.strip_regions
    assert list(shares.columns) == ["strip_id", "level", "code", "name", "share"]
    assert shares[["strip_id", "level", "name"]].to_numpy().tolist() == [
        ["S0", "country", "A"],
        ["S0", "country", "B"],
        ["S0", "admin1", "AN"],
        ["S0", "admin1", "BN"],
    ]
    assert shares["share"].to_numpy() == pytest.approx([0.7, 0.3, 0.7, 0.3], abs=1e-4)


def test_strip_outside_of_all_regions_has_no_chain() -> None:
    """Off the map everything is empty, and no share is invented."""
    attached = attach(strips_at((-79, 1, -79, 1.01)), squares())
    assert attached.strips[REGION_COLUMNS].iloc[0].tolist() == [""] * 6
    assert attached.strip_regions.empty


def test_half_on_the_map_is_a_share_of_one_half() -> None:
    """Ground without a region stays without one: shares need not add up to one."""
    shares = attach(strips_at((-78.005, 1.5, -77.995, 1.5)), squares()).strip_regions
    assert shares["share"].to_numpy() == pytest.approx([0.5, 0.5], abs=1e-4)


def test_disputed_ground_counts_once() -> None:
    """Where regions of one level overlap, shares add up to one and the larger one has the overlap."""
    regions = read_regions([layer("admin1", P=box(-78, 0, -77, 2), Q=box(-77.003, 0, -76, 2))])
    shares = attach(strips_at((-77.007, 1.5, -76.997, 1.5)), regions).strip_regions
    assert shares["name"].tolist() == ["P", "Q"]
    assert shares["share"].to_numpy() == pytest.approx([0.7, 0.3], abs=1e-4)
    assert shares["share"].sum() <= 1 + 1e-12


def test_axis_along_a_border_counts_once() -> None:
    """An axis that runs on a border belongs to one side only."""
    shares = attach(strips_at((-77.0, 1.5, -77.0, 1.51), crs="EPSG:4326"), squares()).strip_regions
    assert shares.groupby("level")["share"].sum().to_numpy() == pytest.approx([1, 1])


def test_missing_levels_come_from_the_layer_below() -> None:
    """Municipalities that name their department give departments, with the shares of all of them together."""
    frame = gpd.GeoDataFrame(
        {
            "MPIO_CNMBR": ["X", "Y", "Z"],
            "MPIO_CCNCT": ["52001", "52002", "86001"],
            "DPTO_CNMBR": ["NARIÑO", "NARIÑO", "PUTUMAYO"],
            "DPTO_CCDGO": ["52", "52", "86"],
        },
        geometry=[box(-78, 0, -77.004, 2), box(-77.004, 0, -77.001, 2), box(-77.001, 0, -76, 2)],
        crs=4326,
    )
    attached = attach(strips_at((-77.007, 1.5, -76.997, 1.5)), read_regions([Layer("admin2", frame)]))
    assert attached.strips[REGION_COLUMNS].iloc[0].tolist() == ["", "", "NARIÑO", "52", "Z", "86001"]
    shares = attached.strip_regions
    assert shares[["level", "code"]].to_numpy().tolist()[:2] == [["admin1", "52"], ["admin1", "86"]]
    assert shares["share"].to_numpy()[:2] == pytest.approx([0.6, 0.4], abs=1e-4)


def test_the_order_of_strips_does_not_matter() -> None:
    """Each strip's row is the same whatever other strips there are, and whatever their order."""
    rng = np.random.default_rng(4)
    west, south = rng.uniform(-78.1, -75.9, 30), rng.uniform(-0.1, 2.1, 30)
    strips = strips_at(*zip(west, south, west + 0.01, south + rng.uniform(-0.01, 0.01, 30), strict=True))
    order = rng.permutation(30)
    whole = attach(strips, squares())
    mixed = attach(strips.iloc[order], squares())
    alone = attach(strips.iloc[[7]], squares())
    pd.testing.assert_frame_equal(mixed.strips.sort_index(), whole.strips.sort_index())
    pd.testing.assert_frame_equal(alone.strips, whole.strips.iloc[[7]])
    assert (whole.strip_regions.groupby(["strip_id", "level"])["share"].sum() <= 1 + 1e-9).all()


def test_columns_are_appended_and_nothing_is_changed() -> None:
    """The input keeps its columns and values; the result has the same index and CRS."""
    appended = [*REGION_COLUMNS, "border_km", "aerodrome", "aerodrome_name", "aerodrome_code", "aerodrome_km"]
    strips = example_strips().drop(columns=appended)
    copy = strips.copy()
    attached = attach(strips, squares()).strips
    pd.testing.assert_frame_equal(strips, copy)
    assert list(attached.columns) == [*strips.columns, *appended]
    assert attached.index.equals(strips.index)
    assert attached.crs == strips.crs


@pytest.mark.parametrize("regions", [None, squares()])
def test_no_strips_or_no_regions_keep_the_contract(regions: Regions | None) -> None:
    """Empty tables have all columns; without layers everything is unknown."""
    none = attach(example_strips().iloc[:0], regions)
    assert none.strips.empty
    assert list(none.strip_regions.columns) == ["strip_id", "level", "code", "name", "share"]
    unknown = attach(example_strips(), None)
    assert (unknown.strips[REGION_COLUMNS] == "").all(axis=None)
    assert unknown.strips["border_km"].isna().all()
    assert unknown.strip_regions.empty


# ------------------------------------------------------------------------------------------------------------- borders
def test_border_distance_is_geodesic() -> None:
    """The distance runs from the nearer end of the axis to the border, on the ellipsoid."""
    attached = attach(strips_at((-77.11, 1.5, -77.1, 1.5), (-76.9, 0.5, -76.89, 0.5)), squares())
    expected = [GEOD.inv(-77.1, 1.5, -77, 1.5)[2] / 1000, GEOD.inv(-76.9, 0.5, -77, 0.5)[2] / 1000]
    assert attached.strips["border_km"].to_numpy() == pytest.approx(expected, rel=1e-4)
    assert attached.notes == ()


def test_a_coast_is_no_border() -> None:
    """Next to the sea the distance is that to the neighbour, not to the shore."""
    border_km = attach(strips_at((-77.99, 1.5, -77.99, 1.51)), squares()).strips["border_km"].iloc[0]
    assert border_km == pytest.approx(GEOD.inv(-77.99, 1.505, -77, 1.505)[2] / 1000, rel=1e-3)


def test_one_country_alone_has_no_known_border() -> None:
    """With one country the distance is missing and a note says why."""
    attached = attach(strips_at((-77.5, 1, -77.5, 1.01)), read_regions([layer("country", A=box(-78, 0, -77, 2))]))
    assert attached.strips["border_km"].isna().all()
    assert "one country only" in attached.notes[0]


@pytest.mark.parametrize(("gap_deg", "known"), [(0.004, True), (-0.004, True), (0.3, False)])
def test_borders_of_two_sources_need_not_fit(gap_deg: float, known: bool) -> None:
    """A gap or an overlap of some hundred metres is a border, a strait is none."""
    countries = layer("country", A=box(-78, 0, -77, 2), B=box(-77 + gap_deg, 0, -76, 2))
    attached = attach(strips_at((-77.2, 1, -77.2, 1.01)), read_regions([countries]))
    border_km = attached.strips["border_km"].iloc[0]
    assert np.isfinite(border_km) == known
    assert bool(attached.notes) != known
    if known:
        assert border_km == pytest.approx(22.26, abs=0.6)


def test_far_borders_are_found() -> None:
    """A strip far inside a large country has its distance too."""
    countries = layer("country", A=box(-78, -5, -68, 5), B=box(-68, -5, -60, 5))
    attached = attach(strips_at((-77, 1, -77, 1.01)), read_regions([countries]))
    expected = GEOD.inv(-77, 1.0, -68, 1.0)[2] / 1000
    assert attached.strips["border_km"].iloc[0] == pytest.approx(expected, rel=2e-3)


def test_enclave_and_island_are_sane() -> None:
    """A country inside of another is bordered by it; an island has the border of the mainland."""
    inner = box(-77.6, 0.9, -77.4, 1.1)
    outer = MultiPolygon([box(-78, 0, -77, 2).difference(inner), box(-76, 0.9, -75.9, 1.1)])
    attached = attach(
        strips_at((-77.5, 1, -77.5, 1.01), (-75.95, 1, -75.95, 1.01)),
        read_regions([layer("country", O=outer, I=inner)]),
    )
    assert attached.strips["country"].tolist() == ["I", "O"]
    assert attached.strips["border_km"].iloc[0] == pytest.approx(GEOD.inv(-77.5, 1.01, -77.5, 1.1)[2] / 1000, rel=1e-3)
    assert attached.strips["border_km"].iloc[1] == pytest.approx(GEOD.inv(-75.95, 1, -77.4, 1)[2] / 1000, rel=1e-3)


# -------------------------------------------------------------------------------------------------------- real layers
def test_a_strip_near_pasto_is_in_pasto(real_data: Path) -> None:
    """With the layers of DANE and Natural Earth a strip lands in PASTO, NARIÑO, Colombia, 61 km from Ecuador."""
    colombia = real_data / "colombia"
    regions = read_regions(
        [
            f"country={real_data / 'natural_earth' / 'ne_10m_admin0_latam.geojson'}",
            f"admin1={colombia / 'co_2018_MGN_DPTO_POLITICO.geojson'}",
            f"admin2={colombia / 'co_2018_MGN_MPIO_POLITICO.geojson'}",
        ]
    )
    row = attach(strips_at((-77.28, 1.21, -77.275, 1.213)), regions).strips.iloc[0]
    assert row[REGION_COLUMNS].tolist() == ["Colombia", "170", "NARIÑO", "52", "PASTO", "52001"]
    border = regions.at("country").set_index("name").loc[["Colombia", "Ecuador"], "geometry"]
    line = border.iloc[0].boundary.intersection(border.iloc[1])
    metres = gpd.GeoSeries([line], crs=4326).to_crs(METRE_CRS).distance(row["geometry"]).iloc[0]
    assert row["border_km"] == pytest.approx(metres / 1000, rel=2e-3)
