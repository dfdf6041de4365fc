"""Tables and other things in place of paths, as they come from Python."""

from __future__ import annotations

import re
from collections.abc import Callable

import geopandas as gpd
import pytest
import shapely

from colibri_geo.errors import SettingsError
from colibri_geo.layers.context import read_context
from colibri_geo.layers.reading import Layer, read_aoi, read_regions
from colibri_geo.layers.terrain import read_terrain

TABLE = gpd.GeoDataFrame({"name": ["Orito"]}, geometry=[shapely.box(-77, 0, -76, 1)], crs=4326)


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (lambda: read_regions(TABLE), "regions of type GeoDataFrame, expected LEVEL=FILE"),  # type: ignore[arg-type]
        (lambda: read_regions([TABLE]), "regions of type GeoDataFrame, expected LEVEL=FILE"),  # type: ignore[list-item]
        (lambda: read_regions(Layer("admin1", 5)), "data of Layer('admin1') of type int"),  # type: ignore[arg-type]
        (lambda: read_aoi(TABLE), "aoi of type GeoDataFrame, expected the path of a file"),  # type: ignore[arg-type]
        (lambda: read_context(layers=TABLE), "layers of type GeoDataFrame, expected NAME=FILE"),  # type: ignore[arg-type]
        (lambda: read_context(TABLE), "aerodromes of type GeoDataFrame, expected paths"),  # type: ignore[arg-type]
        (lambda: read_terrain([TABLE], near=()), "elevation of type GeoDataFrame"),  # type: ignore[list-item]
    ],
)
def test_what_no_argument_takes_is_told_by_its_name(read: Callable[[], object], said: str) -> None:
    """A table where a path is expected is refused in one line with the argument, what came and what to do."""
    with pytest.raises(SettingsError, match=rf"^{re.escape(said)}[^\n]*; [^\n]+$"):
        read()


def test_one_layer_of_regions_needs_no_list() -> None:
    """A single layer of regions is taken as it is, as a single text is."""
    assert read_regions(Layer("admin1", TABLE)).table["name"].tolist() == ["Orito"]
