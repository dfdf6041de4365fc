"""Read tables of points: comma-separated text with columns of longitude and latitude."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from colibri_geo.errors import VectorError
from colibri_geo.layers.features import Features
from colibri_geo.layers.headers import find_place
from colibri_geo.layers.shapes import LONLAT
from colibri_geo.layers.tables import HINT, read_table


def read_points(path: Path) -> Features:
    """Read a table of points with columns of longitude and latitude, see `colibri_geo.layers.headers.find_place`.

    Returns
    -------
    Features
        Points in EPSG:4326; all columns are text.

    Raises
    ------
    InputTooLarge, EncodingError, CorruptInput, VectorError
        As `read_table`; without such columns.
    InvalidGeometry
        A row without a place on the globe.
    """
    table = read_table(path)
    found = find_place(table.columns)
    if found is None:
        raise VectorError(f"{path.name}: no columns of longitude and latitude, expected both; {HINT}")
    places = [row.place(found.lon, found.lat) for row in table.rows]
    points = shapely.points(np.array([(place.lon, place.lat) for place in places], dtype=np.float64).reshape(-1, 2))
    texts = {
        column: pd.Series([row.text(column) for row in table.rows], dtype=object)
        for column in table.columns
        if column != "geometry"
    }
    return Features(gpd.GeoDataFrame(texts, geometry=points, crs=LONLAT))
