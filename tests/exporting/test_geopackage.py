"""The GeoPackage holds every table and gives each back."""

from __future__ import annotations

import dataclasses
import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
from geopandas.testing import assert_geodataframe_equal
from pandas.testing import assert_frame_equal
from shapely.geometry import MultiPolygon, box

from colibri_geo.errors import NotARun, OutputError
from colibri_geo.exporting import read_tables, write_tables
from colibri_geo.exporting.columns import (
    NOT_OBSERVED_COLUMNS,
    OBSERVED_COLUMNS,
    REGION_COLUMNS,
    STRIP_COLUMNS,
    STRIP_CONTEXT_COLUMNS,
    STRIP_REGION_COLUMNS,
    conform,
)
from colibri_geo.exporting.geopackage import plan_layers, write_geopackage
from colibri_geo.layers.findings import LAYERS as TOLD_LAYERS
from colibri_geo.layers.findings import Findings
from tests.support.example_run import METRE_CRS, example_findings, example_record

LAYERS = ["strips", "footprints", "strip_regions", "observed", "not_observed", "regions", "strip_context"]
EQUAL_AREA = "+proj=laea +lat_0=5 +lon_0=-73 +datum=WGS84 +units=m +no_defs"


def _assert_equal(found: Findings, expected: Findings) -> None:
    assert_geodataframe_equal(found.strips, conform(expected.strips, STRIP_COLUMNS))
    assert_frame_equal(found.strip_regions, conform(expected.strip_regions, STRIP_REGION_COLUMNS))
    assert_frame_equal(found.observed, conform(expected.observed, OBSERVED_COLUMNS))
    assert_geodataframe_equal(found.not_observed, conform(expected.not_observed, NOT_OBSERVED_COLUMNS))
    if expected.regions is None:
        assert found.regions is None
    else:
        assert_geodataframe_equal(found.regions, conform(expected.regions, REGION_COLUMNS))
    if expected.strip_context is None:
        assert found.strip_context is None
    else:
        assert_frame_equal(found.strip_context, conform(expected.strip_context, STRIP_CONTEXT_COLUMNS))


def _round_trip(findings: Findings, folder: Path) -> Findings:
    write_tables(findings, example_record(), folder)
    return read_tables(folder)


def _round_trip_unchecked(findings: Findings, folder: Path) -> Findings:
    """Write and read tables that lack columns of the contract."""
    write_geopackage(findings, folder / "findings.gpkg", moment=pd.Timestamp("2025-03-21T15:20:00Z"), caution="")
    return read_tables(folder)


def test_tables_come_back_exactly(tmp_path: Path) -> None:
    """Every table comes back with its types, index, zone and coordinates, to the last bit."""
    expected = example_findings()
    found = _round_trip(expected, tmp_path)
    _assert_equal(found, expected)
    assert_frame_equal(
        found.strips.drop(columns="geometry"), expected.strips.drop(columns="geometry"), check_exact=True
    )
    assert found.strips.geometry.geom_equals_exact(expected.strips.geometry, 0).all()
    assert found.strips.crs == expected.strips.crs


def test_run_that_found_nothing_comes_back(tmp_path: Path) -> None:
    """Without strips, unseen ground and regions the layers are there, with their columns and types."""
    example = example_findings(strips=False)
    expected = dataclasses.replace(example, not_observed=example.not_observed.iloc[:0], regions=None)
    found = _round_trip(expected, tmp_path)
    _assert_equal(found, expected)
    assert set(pyogrio.list_layers(tmp_path / "findings.gpkg")[:, 0]) == set(LAYERS) - {"regions"}


def test_without_layers_around_there_is_no_layer_of_them(tmp_path: Path) -> None:
    """A run that was given no layer of what lies around has no table of it, written or read back."""
    expected = dataclasses.replace(example_findings(), strip_context=None)
    _assert_equal(_round_trip(expected, tmp_path), expected)
    assert "strip_context" not in pyogrio.list_layers(tmp_path / "findings.gpkg")[:, 0]
    assert pyogrio.read_info(tmp_path / "findings.gpkg", layer="footprints")["geometry_type"] == "Polygon"


def test_layers_are_those_that_are_told() -> None:
    """A run with every table has the layers by which its GeoPackage is recognised, in their order."""
    findings = example_findings()
    whole = dataclasses.replace(findings, not_asked=findings.not_observed)
    assert tuple(layer.name for layer in plan_layers(whole, caution="")) == TOLD_LAYERS


def test_ground_not_asked_about_comes_back(tmp_path: Path) -> None:
    """It has a layer of its own, where there is such ground."""
    blank = example_findings().not_observed.assign(reason="not_asked")
    expected = dataclasses.replace(example_findings(), not_asked=blank)
    found = _round_trip(expected, tmp_path)
    assert_geodataframe_equal(found.not_asked, conform(blank, NOT_OBSERVED_COLUMNS))
    assert found.not_seen["reason"].tolist() == [*expected.not_observed["reason"], *blank["reason"]]


def test_missing_is_not_empty(tmp_path: Path) -> None:
    """Text that is missing and text that is empty stay two things; so do columns that are missing in every row."""
    example = example_findings()
    strips = example.strips.assign(
        country=["", None, "Perú", None, ""], admin1_code=None, last_without=pd.NaT, border_km=np.nan
    )
    found = _round_trip(dataclasses.replace(example, strips=strips), tmp_path)
    _assert_equal(found, dataclasses.replace(example, strips=strips))
    assert found.strips["country"].isna().tolist() == [False, True, False, True, False]
    assert found.strips["country"].iloc[0] == ""


def test_appended_columns_come_back(tmp_path: Path) -> None:
    """Columns that later steps append come back with their types."""
    example = example_findings()
    appended = example.strips.assign(
        road="NARIÑO", looks=np.int64(2**40), urgent=[True, False, True, False, True], reach=np.float32(0.1)
    )
    strips = appended[[*appended.columns.drop("geometry"), "geometry"]]
    found = _round_trip(dataclasses.replace(example, strips=strips), tmp_path)
    _assert_equal(found, dataclasses.replace(example, strips=strips.astype({"reach": "float64"})))


def test_hostile_names_come_back(hostile_findings: Findings, hostile_folder: Path) -> None:
    """Names come back to the letter; only what no file can hold is replaced by the sign for that."""
    found, given = read_tables(hostile_folder).strips, hostile_findings.strips
    expected = [name.replace("\x00", "\ufffd").replace("\udce9", "\ufffd") for name in given["admin2"]]
    assert found["admin2"].tolist() == expected


def test_mixed_polygons_and_own_projection_come_back(tmp_path: Path) -> None:
    """Single and multiple polygons stay what they are, and a projection without a code stays the same."""
    example = example_findings()
    unseen = gpd.GeoDataFrame(
        {"reason": ["cloud", "nodata"]},
        geometry=[box(0, 0, 60, 60), MultiPolygon([box(100, 0, 160, 60), box(200, 0, 260, 60)])],
        crs=EQUAL_AREA,
    )
    expected = dataclasses.replace(example, strips=example.strips.to_crs(EQUAL_AREA), not_observed=unseen)
    _assert_equal(_round_trip(expected, tmp_path), expected)


def test_times_are_kept_to_the_millisecond(tmp_path: Path) -> None:
    """A time keeps its milliseconds; what is finer is cut, never rounded up to a later time."""
    example = example_findings()
    strips = example.strips.assign(first_with=pd.Timestamp("2025-03-21T15:20:59.999999Z"))
    found = _round_trip(dataclasses.replace(example, strips=strips), tmp_path)
    assert set(found.strips["first_with"]) == {pd.Timestamp("2025-03-21T15:20:59.999Z")}


def test_columns_of_later_versions_are_missing(tmp_path: Path) -> None:
    """What an older version did not write comes back missing, of its type and in its place; names of strips do not."""
    example = example_findings()
    assert example.strip_context is not None
    later = ["community_name", "community_km", "sar_darkening", "aerodrome", "first_with"]
    strips = example.strips.drop(columns=later, errors="ignore")
    around = example.strip_context.drop(columns=later, errors="ignore")
    found = _round_trip_unchecked(dataclasses.replace(example, strips=strips, strip_context=around), tmp_path)
    whole = {"sar_darkening": np.nan, "aerodrome": None, "first_with": pd.NaT}
    context = example.strip_context.assign(community_name=None, community_km=np.nan)
    _assert_equal(found, dataclasses.replace(example, strips=example.strips.assign(**whole), strip_context=context))
    nameless = dataclasses.replace(example, strip_context=around.drop(columns="strip_id"))
    (tmp_path / "findings.gpkg").unlink()
    with pytest.raises(NotARun, match=r"damaged \(layer strip_context lacks strip_id\)"):
        _round_trip_unchecked(nameless, tmp_path)


def test_footprints_have_length_and_width(folder: Path) -> None:
    """A footprint is as long as its axis, as wide as the strip, and carries the strip's name and verdict."""
    strips = read_tables(folder).strips
    footprints = pyogrio.read_dataframe(folder / "findings.gpkg", layer="footprints")
    assert list(footprints.columns) == ["strip_id", "verdict", "probability", "geometry"]
    assert footprints["strip_id"].tolist() == strips.index.tolist()
    assert footprints.crs == METRE_CRS
    np.testing.assert_allclose(footprints.area, strips.length.to_numpy() * strips["width_m"].to_numpy())
    assert footprints.contains(strips.geometry.interpolate(0.5, normalized=True).reset_index(drop=True)).all()


def test_file_is_sound_and_knows_no_clock(folder: Path) -> None:
    """The database is sound, and the time of the last change is when the after scene was taken."""
    with closing(sqlite3.connect(folder / "findings.gpkg")) as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        rows = store.execute("SELECT table_name, last_change, description FROM gpkg_contents").fetchall()
    assert [row[0] for row in rows] == LAYERS
    assert {row[1] for row in rows} == {"2025-03-21T15:20:00.000Z"}
    assert "not a basis for the use of force" in rows[0][2]


def test_a_file_is_on_the_disk_before_it_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The disk is waited for once, when all layers are written; where it refuses, that is said."""
    synced: list[int] = []
    sync = os.fsync

    def note(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_size)
        sync(descriptor)

    def refuse(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    (tmp_path / "one").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", note)
        write_tables(example_findings(), example_record(), tmp_path / "one")
    assert synced == [(tmp_path / "one" / "findings.gpkg").stat().st_size]
    (tmp_path / "two").mkdir()
    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(OutputError, match=r"findings\.gpkg: cannot be written \(.+\); give another folder"):
        write_tables(example_findings(), example_record(), tmp_path / "two")


@pytest.mark.parametrize(
    ("option", "former"),
    [
        ("OGR_CURRENT_DATE", None),
        ("OGR_CURRENT_DATE", "2001-02-03T04:05:06Z"),
        ("OGR_SQLITE_SYNCHRONOUS", None),
        ("OGR_SQLITE_SYNCHRONOUS", "FULL"),
    ],
)
def test_setting_of_the_caller_comes_back(tmp_path: Path, option: str, former: str | None) -> None:
    """The caller's own clock of GDAL, and how it writes, are as before, also after a failure."""
    pyogrio.set_gdal_config_options({option: former})
    try:
        write_tables(example_findings(), example_record(), tmp_path)
        assert pyogrio.get_gdal_config_option(option) == former
        with pytest.raises(OutputError, match="layer strips cannot be written"):
            write_tables(example_findings(), example_record(), tmp_path / "missing")
        assert pyogrio.get_gdal_config_option(option) == former
    finally:
        pyogrio.set_gdal_config_options({option: None})


def test_damage_is_one_line(folder: Path, tmp_path: Path) -> None:
    """No GeoPackage, another file by its name, a cut one and one without a layer are refused in one line."""
    path = folder / "findings.gpkg"
    raw = path.read_bytes()
    with closing(sqlite3.connect(path)) as store:
        store.execute("DELETE FROM gpkg_contents WHERE table_name = 'observed'")
        store.execute("DROP TABLE observed")
        store.commit()
    lacking = path.read_bytes()
    for damaged in (b"", b"PK\x03\x04", raw[:100], raw[: len(raw) // 3], lacking):
        path.write_bytes(damaged)
        with pytest.raises(NotARun, match="damaged") as raised:
            read_tables(folder)
        assert "\n" not in str(raised.value)
    with pytest.raises(NotARun, match=r"holds no findings\.gpkg"):
        read_tables(tmp_path)


OPEN_RING = (
    b"GP\x00\x01" + bytes(4) + b"\x01" + np.array([3, 1, 2], "<u4").tobytes() + np.array([0, 0, 1, 0], "<f8").tobytes()
).hex()


@pytest.mark.parametrize(
    "statement",
    [
        "PRAGMA application_id = 0",
        "PRAGMA user_version = 99990000",
        "DROP TABLE footprints",
        "UPDATE gpkg_geometry_columns SET geometry_type_name = 'x' WHERE table_name = 'strips'",
        "DELETE FROM gpkg_spatial_ref_sys",
        f"UPDATE regions SET geom = x'{OPEN_RING}'",  # noqa: S608 - of this test
    ],
)
def test_what_gdal_has_remarks_on_is_damage(folder: Path, statement: str) -> None:
    """GDAL reads on over much damage and only warns; what a run wrote gives no cause for that."""
    with closing(sqlite3.connect(folder / "findings.gpkg")) as store:
        for (name,) in store.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            store.execute(f'DROP TRIGGER "{name}"')
        store.execute(statement)
        store.commit()
    with pytest.raises(NotARun, match=r"findings\.gpkg is damaged"):
        read_tables(folder)
