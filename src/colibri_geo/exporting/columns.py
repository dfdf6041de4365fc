"""The contract of a run's tables: which columns, of which type, in which unit.

Later steps append columns that may be missing in every row, as they are in a run of an older version that is read back;
none is renamed. A table may hold more columns than its contract, of text, numbers, truth values or times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd

from colibri_geo.errors import TableError
from colibri_geo.exporting.wording import storable_text

Table = TypeVar("Table", bound=pd.DataFrame)

AERODROMES = ("", "registered", "known", "unknown")
VERDICTS = ("new", "extended", "reopened", "regrowing", "unchanged", "not_observed")


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    """Strings; empty where there is nothing to say."""
    NUMBER = "number"
    """float64; NaN where missing."""
    COUNT = "count"
    """Integers."""
    FLAG = "flag"
    """True or False."""
    TIME = "time"
    """Timestamps in UTC; NaT where missing."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    name : str
    kind : Kind
    unit : str
        Empty for text, times and plain numbers.
    decimals : int or None
        Given to people and to GeoJSON; the GeoPackage holds all.
    required : bool
        Whether each row has a value.
    """

    name: str
    kind: Kind
    unit: str = ""
    decimals: int | None = None
    required: bool = False


def _text(name: str, *, required: bool = False) -> Column:
    return Column(name, Kind.TEXT, required=required)


def _number(name: str, unit: str, decimals: int, *, required: bool = False) -> Column:
    return Column(name, Kind.NUMBER, unit, decimals, required)


STRIP_ID = _text("strip_id", required=True)
"""The index of the strips table; a column where it is written."""
STRIP_COLUMNS = (
    _text("verdict", required=True),
    _number("probability", "", 4, required=True),
    _number("length_m", "m", 1, required=True),
    _number("length_lo_m", "m", 1),
    _number("length_hi_m", "m", 1),
    _number("width_m", "m", 1, required=True),
    _number("width_lo_m", "m", 1),
    _number("width_hi_m", "m", 1),
    _number("area_ha", "ha", 3),
    _number("azimuth_deg", "deg", 2, required=True),
    _text("designator"),
    _number("end1_lon", "deg", 7, required=True),
    _number("end1_lat", "deg", 7, required=True),
    _number("end2_lon", "deg", 7, required=True),
    _number("end2_lat", "deg", 7, required=True),
    _text("mgrs"),
    _number("snr", "", 2),
    _number("straightness_m", "m", 2),
    _text("confuser"),
    _text("reasons"),
    Column("last_without", Kind.TIME),
    Column("first_with", Kind.TIME),
    _number("observed_share", "", 4),
    *(_text(name + suffix) for name in ("country", "admin1", "admin2") for suffix in ("", "_code")),
    _number("border_km", "km", 2),
    _text("before_id"),
    _text("after_id"),
    _number("flank_ratio", "", 3),
    _number("evenness", "", 3),
    _number("beyond_end1", "", 3),
    _number("beyond_end2", "", 3),
    _number("resumes", "", 3),
    _number("hidden_ends", "", 0),
    _text("hidden_end1"),
    _text("hidden_end2"),
    _number("joined", "", 3),
    _number("lobe", "", 3),
    _number("grain", "", 3),
    _number("bareness", "", 3),
    _number("contrast_before", "", 2),
    _number("contrast_after", "", 2),
    _number("contrast_noise", "", 2),
    _number("pixel_m", "m", 3),
    _number("sar_darkening", "dB", 2),
    *(_text(name) for name in ("aerodrome", "aerodrome_name", "aerodrome_code")),
    _number("aerodrome_km", "km", 2),
    _number("elevation_m", "m", 1),
    *(_number(name, "percent", 2) for name in ("slope_percent", "slope_lo_percent", "slope_hi_percent")),
    _number("relief_m", "m", 1),
)
STRIP_REGION_COLUMNS = (
    STRIP_ID,
    _text("level", required=True),
    _text("code"),
    _text("name"),
    _number("share", "", 4, required=True),
)
STRIP_CONTEXT_COLUMNS = (
    STRIP_ID,
    _text("layer", required=True),
    _text("name"),
    _number("distance_km", "km", 3, required=True),
    _number("overlap_share", "", 4),
    _text("community_name"),
    _number("community_km", "km", 3),
)
OBSERVED_COLUMNS = (
    _text("level", required=True),
    _text("code"),
    _text("name"),
    _number("region_km2", "km2", 3),
    _number("asked_km2", "km2", 3, required=True),
    _number("observed_km2", "km2", 3, required=True),
    _number("observed_share", "", 4),
    *(
        Column(name, Kind.COUNT, required=True)
        for name in ("new", "unchanged", "regrowing", "extended", "not_observed")
    ),
)
NOT_OBSERVED_COLUMNS = (_text("reason", required=True),)
TILE_COLUMNS = (
    *(Column(name, Kind.COUNT, required=True) for name in ("tile", "row", "col", "rows", "cols")),
    *(Column(name, Kind.COUNT, required=True) for name in ("asked_px", "observed_px")),
    _number("observed_share", "", 4),
    Column("candidates", Kind.COUNT, required=True),
)
REGION_COLUMNS = (_text("level", required=True), _text("code"), _text("name"))

TEXT_DTYPE = pd.Series(["text"]).dtype
"""How this pandas holds text: ``str`` since version 3, objects before."""
TIME_DTYPE = pd.to_datetime(pd.Series(["2025-01-01T00:00:00Z"])).dtype
"""How this pandas holds times in UTC."""
_DTYPES = {
    Kind.TEXT: TEXT_DTYPE,
    Kind.NUMBER: np.dtype(np.float64),
    Kind.COUNT: np.dtype(np.int64),
    Kind.FLAG: np.dtype(np.bool_),
    Kind.TIME: TIME_DTYPE,
}

_NUMPY_KINDS = {"f": Kind.NUMBER, "i": Kind.COUNT, "u": Kind.COUNT, "b": Kind.FLAG}


def kind_of(column: pd.Series) -> Kind | None:
    """Tell what a column holds, None for what no output can hold.

    Parameters
    ----------
    column : Series

    Returns
    -------
    Kind or None

    Examples
    --------
    >>> str(kind_of(pd.Series([0.5])))
    'number'
    """
    dtype = column.dtype
    if isinstance(dtype, pd.DatetimeTZDtype):
        return Kind.TIME if str(dtype.tz) == "UTC" else None
    if isinstance(dtype, pd.StringDtype) or dtype == np.dtype(np.object_):
        return Kind.TEXT if all(isinstance(value, str) for value in column.dropna()) else None
    return _NUMPY_KINDS.get(dtype.kind) if isinstance(dtype, np.dtype) else None


def check_strips(strips: gpd.GeoDataFrame) -> None:
    """Refuse a strips table that later steps could not rely on.

    Parameters
    ----------
    strips : GeoDataFrame
        Index ``strip_id``, geometry the axes in a CRS in metres, columns of `STRIP_COLUMNS`.

    Raises
    ------
    TableError
        Names what is wrong first: index, CRS, geometry, a missing column, its type, a value out of range.
    """
    _check_index(strips)
    _check_axes(strips)
    check_table(strips, STRIP_COLUMNS, name="strips")
    azimuth = strips["azimuth_deg"]
    _check_all(strips["verdict"].isin(VERDICTS), name="strips", expected=f"verdict {' or '.join(VERDICTS)}")
    _check_all((azimuth >= 0) & (azimuth < 180), name="strips", expected="azimuth_deg from 0 to less than 180")
    aerodrome = strips["aerodrome"]
    _check_all(aerodrome.isna() | aerodrome.isin(AERODROMES), name="strips", expected="a known word as aerodrome")
    for share in ("probability", "observed_share"):
        _check_all(strips[share].isna() | strips[share].between(0, 1), name="strips", expected=f"{share} from 0 to 1")


def check_table(table: pd.DataFrame, columns: Sequence[Column], *, name: str) -> None:
    """Refuse a table that lacks a column of its contract, or holds what no output can hold.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of Column
        Its contract. In a table without rows the types are not looked at.
    name : str
        For messages.

    Raises
    ------
    TableError
        What is wrong first.
    """
    missing = [column.name for column in columns if column.name not in table]
    if missing:
        raise TableError(f"{name}: lacks {', '.join(missing)}; give the table that a run made, with all its columns")
    if isinstance(table, gpd.GeoDataFrame) and table.crs is None:
        raise TableError(f"{name}: has no CRS, expected that of its geometry; set it")
    known = {column.name: column for column in columns}
    for label in attributes(table).columns if len(table) else ():
        _check_column(table[label], known.get(label), name=name)


def attributes(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table without its geometry."""
    return pd.DataFrame(table.drop(columns=table.geometry.name)) if isinstance(table, gpd.GeoDataFrame) else table


def conform(table: Table, columns: Sequence[Column]) -> Table:
    """Give each column of a checked table the type of its contract, so that empty tables have types too.

    Parameters
    ----------
    table : DataFrame or GeoDataFrame
        As `check_table` accepts it.
    columns : sequence of Column

    Returns
    -------
    DataFrame or GeoDataFrame
        A new table. Times are cut to whole milliseconds, the finest that a GeoPackage holds; letters that no file can
        hold are replaced.
    """
    known = {column.name: column.kind for column in columns}
    result = table.copy()
    for label in attributes(table).columns:
        kind = known.get(label) or kind_of(table[label])
        if kind is not None:
            result[label] = _cast(table[label], kind)
    return result


def _cast(column: pd.Series, kind: Kind) -> pd.Series:
    if column.isna().all() and kind in (Kind.TEXT, Kind.TIME, Kind.NUMBER):
        return pd.Series([None] * len(column), index=column.index, dtype=_DTYPES[kind])
    if kind is Kind.TEXT:
        column = column.map(storable_text, na_action="ignore")
    if kind is Kind.TIME:
        column = column.dt.floor("ms")
    return column.astype(_DTYPES[kind])


def _check_index(strips: gpd.GeoDataFrame) -> None:
    index = strips.index
    if index.name != "strip_id":
        raise TableError(f"strips: the index is {index.name!r}, expected 'strip_id'; set it as the index")
    texts = all(isinstance(label, str) and label for label in index)
    if not texts or not index.is_unique:
        raise TableError(
            "strips: strip_id holds values twice or no text, expected one name a strip; name each strip anew"
        )


def _check_axes(strips: gpd.GeoDataFrame) -> None:
    crs = strips.crs
    if crs is None or not crs.is_projected or {axis.unit_name for axis in crs.axis_info} != {"metre"}:
        found = "no CRS" if crs is None else crs.name
        raise TableError(f"strips: the axes are in {found}, expected a projected CRS in metres; bring them there")
    axes = strips.geometry
    sound = (axes.geom_type == "LineString") & ~axes.is_empty & np.isfinite(axes.length)
    _check_all(sound, name="strips", expected="a line with finite coordinates as axis")


def _check_column(values: pd.Series, column: Column | None, *, name: str) -> None:
    label, found = values.name, kind_of(values)
    if column is None:
        if found is None:
            raise TableError(
                f"{name}: {label} is {values.dtype}, expected text, numbers or UTC times; convert or drop it"
            )
    elif column.required or not values.isna().all():
        _check_contract(values, column, found, name=name)
    if found is Kind.NUMBER:
        _check_all(~np.isinf(values), name=name, expected=f"finite numbers in {label}")


def _check_contract(values: pd.Series, column: Column, found: Kind | None, *, name: str) -> None:
    narrow = column.kind is Kind.NUMBER and values.dtype != _DTYPES[Kind.NUMBER]
    if found is not column.kind or narrow:
        wanted = f"{column.kind} ({_DTYPES[column.kind]})"
        raise TableError(f"{name}: {column.name} is {values.dtype}, expected {wanted}; convert it")
    if column.required:
        _check_all(values.notna(), name=name, expected=f"a value of {column.name}")


def _check_all(sound: pd.Series, *, name: str, expected: str) -> None:
    if not sound.all():
        row = sound.index[~sound][0]
        raise TableError(f"{name}: row {row} does not have {expected}; correct the step that wrote it")
