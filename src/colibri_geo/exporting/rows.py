"""Strips as plain values, for formats that are text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import geopandas as gpd
import pandas as pd

from colibri_geo.core.azimuths import round_azimuth
from colibri_geo.exporting.columns import STRIP_COLUMNS, Kind, attributes, kind_of
from colibri_geo.exporting.wording import format_time, storable_text

Plain = str | float | int | bool | None
_DECIMALS = {column.name: column.decimals for column in STRIP_COLUMNS}


def plain_rows(strips: gpd.GeoDataFrame) -> pd.DataFrame:
    """Return all columns as plain values: rounded as people need them, times as text, None where missing.

    Parameters
    ----------
    strips : GeoDataFrame
        As `check_strips` accepts it.

    Returns
    -------
    DataFrame
        Of Python objects, ``strip_id`` first, on the same index.
    """
    table = attributes(strips.reset_index())
    columns = {name: _plain_column(table[name]) for name in table.columns}
    return pd.DataFrame(columns, index=strips.index, dtype=object)


def _plain_column(column: pd.Series) -> list[Plain]:
    kind, round_value = kind_of(column), _choose_rounding(str(column.name))
    return [
        None if missing else _plain(value, kind, round_value)
        for value, missing in zip(column, column.isna(), strict=True)
    ]


def _choose_rounding(name: str) -> Callable[[float], float]:
    decimals = _DECIMALS.get(name)
    if decimals is None:
        return float
    if name == "azimuth_deg":
        return lambda value: round_azimuth(value, digits=decimals)
    return lambda value: round(value, decimals) + 0.0


def _plain(value: Any, kind: Kind | None, round_value: Callable[[float], float]) -> Plain:  # noqa: ANN401 - any cell
    if isinstance(value, pd.Timestamp):
        return format_time(value)
    if isinstance(value, str):
        return storable_text(value)
    if kind is Kind.FLAG:
        return bool(value)
    if kind is Kind.COUNT:
        return int(value)
    return round_value(float(value))
