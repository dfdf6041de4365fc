"""The contract of the tables: what keeps it passes, each breach is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import LineString, Point

from colibri_geo.errors import TableError
from colibri_geo.exporting.columns import OBSERVED_COLUMNS, STRIP_COLUMNS, check_strips, check_table, conform, kind_of
from tests.support.example_run import example_findings, example_strips

Breach = Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]


def test_contract_names_the_documented_columns(project: Path) -> None:
    """Each column of the contract stands in the conventions, and each has its unit in its name or there."""
    text = (project / "docs" / "conventions.md").read_text(encoding="utf-8")
    for column in STRIP_COLUMNS:
        assert f"`{column.name}`" in text or column.name.endswith("_code")
        in_name = column.name.endswith((f"_{column.unit}", "_lon", "_lat"))
        assert not column.unit or in_name or (column.unit == "dB" and f"| `{column.name}` | decibels" in text)


def test_sound_tables_pass() -> None:
    """The example's strips, and a table without strips, keep the contract."""
    check_strips(example_strips())
    check_strips(example_strips().iloc[:0])


def test_appended_columns_pass() -> None:
    """Later steps may append text, numbers, counts, flags and times."""
    strips = example_strips()
    appended = strips.assign(
        road="", speed_m_s=np.float32(1.5), looks=3, urgent=True, checked=pd.Timestamp("2025-05-01", tz="UTC")
    )
    check_strips(appended)


@pytest.mark.parametrize(
    ("breach", "message"),
    [
        (lambda t: t.reset_index(), "the index is None"),
        (lambda t: t.rename(index={"S002": "S001"}), "twice"),
        (lambda t: t.set_axis(pd.Index(range(5), name="strip_id")), "no text"),
        (lambda t: t.to_crs(4326), "expected a projected CRS in metres"),
        (lambda t: t.to_crs(2225), "expected a projected CRS in metres"),
        (lambda t: t.set_crs(None, allow_override=True), "no CRS"),
        (lambda t: t.set_geometry([*t.geometry[:4], Point(0, 0)], crs=t.crs), "row S005 does not have a line"),
        (lambda t: t.set_geometry([*t.geometry[:4], LineString()], crs=t.crs), "row S005 does not have a line"),
        (lambda t: t.set_geometry([*t.geometry[:4], None], crs=t.crs), "row S005 does not have a line"),
        (lambda t: t.drop(columns=["mgrs", "snr"]), "lacks mgrs, snr"),
        (lambda t: t.assign(snr=t["snr"].astype("float32")), "snr is float32, expected number"),
        (lambda t: t.assign(length_m="860"), "length_m is .*expected number"),
        (lambda t: t.assign(country=57), "country is int64, expected text"),
        (lambda t: t.assign(aerodrome="clear"), "row S001 does not have a known word as aerodrome"),
        (lambda t: t.assign(first_with=t["first_with"].dt.tz_localize(None)), "first_with is .*expected time"),
        (lambda t: t.assign(first_with=t["first_with"].dt.tz_convert("America/Bogota")), "expected time"),
        (lambda t: t.assign(probability=t["probability"].where(t.index != "S003")), "row S003 .*probability"),
        (lambda t: t.assign(probability=1.5), "probability from 0 to 1"),
        (lambda t: t.assign(azimuth_deg=180.0), "less than 180"),
        (lambda t: t.assign(border_km=np.inf), "finite numbers in border_km"),
        (lambda t: t.assign(verdict="illicit"), "verdict new or extended"),
        (lambda t: t.assign(parts=[[1]] * len(t)), "parts is object"),
    ],
)
def test_breach_is_named_in_one_line(breach: Breach, message: str) -> None:
    """Each breach of the contract is refused with one line that names it."""
    with pytest.raises(TableError, match=message) as raised:
        check_strips(breach(example_strips()))
    assert "\n" not in str(raised.value)


def test_missing_values_are_allowed_where_nothing_is_known() -> None:
    """Regions, borders and times may be missing in every row, whatever type pandas gives to such a column."""
    strips = example_strips().assign(country=np.nan, border_km=np.nan, last_without=pd.NaT, first_with=None)
    check_strips(strips)
    conformed = conform(strips, STRIP_COLUMNS)
    kinds = [str(kind_of(conformed[name])) for name in ("country", "border_km", "last_without", "first_with")]
    assert kinds == ["text", "number", "time", "time"]
    assert conformed[["country", "border_km", "last_without", "first_with"]].isna().all(axis=None)


def test_table_without_rows_gets_its_types() -> None:
    """An empty table, of whatever types, has the types of its contract afterwards; the one given is as before."""
    empty = pd.DataFrame(columns=[column.name for column in OBSERVED_COLUMNS], dtype=object)
    check_table(empty, OBSERVED_COLUMNS, name="observed")
    conformed = conform(empty, OBSERVED_COLUMNS)
    assert [kind_of(conformed[column.name]) for column in OBSERVED_COLUMNS] == [c.kind for c in OBSERVED_COLUMNS]
    assert (empty.dtypes == np.dtype(object)).all()


def test_sound_table_is_not_changed() -> None:
    """A table that keeps its contract comes out as it went in."""
    observed = example_findings().observed
    pd.testing.assert_frame_equal(conform(observed, OBSERVED_COLUMNS), observed)
