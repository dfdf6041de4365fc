"""What comes from Python in place of a path: tables and other things, one or several."""

from __future__ import annotations

import io
import re
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from colibri_geo.arguments import list_given
from colibri_geo.errors import NotAFile, SettingsError, VectorError
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
        (lambda: read_context(TABLE.geometry), "aerodromes of type GeoSeries, expected paths (str or Path)"),
        (lambda: read_context({"a.csv": 1}), "aerodromes of type dict, expected paths"),
        (lambda: read_context(b"a.csv"), "aerodromes of type bytes, expected paths"),  # type: ignore[arg-type]
        (lambda: read_context(np.array("a.csv")), "aerodromes of type ndarray, expected paths"),  # type: ignore[arg-type]
        (lambda: read_context(io.StringIO("a.csv")), "aerodromes of type StringIO, expected paths"),  # type: ignore[arg-type]
        (lambda: read_context(["a.csv", 5]), "aerodromes of type int, expected paths"),  # type: ignore[list-item]
        (lambda: read_context(layers=iter([5])), "layers of type int, expected NAME=FILE (str)"),  # type: ignore[list-item]
    ],
)
def test_what_no_argument_takes_is_told_by_its_name(read: Callable[[], object], said: str) -> None:
    """A table where a path is expected is refused in one line with the argument, what came and what to do."""
    with pytest.raises(SettingsError, match=rf"^{re.escape(said)}[^\n]*; [^\n]+$"):
        read()


@pytest.mark.parametrize("several", [list, tuple, iter, np.array])
def test_several_come_in_anything_that_has_several(
    tmp_path: Path, several: Callable[[list[str]], Iterable[str]]
) -> None:
    """Lists, generators and arrays are taken, each by every argument that takes several."""
    paths = [tmp_path / name for name in ("a.geojson", "b.geojson")]
    for number, path in enumerate(paths):
        TABLE.translate(number).to_file(path)
    context = read_context(several([]), layers=several([f"{path.stem}={path}" for path in paths]))
    assert [layer.name for layer in context.layers] == ["a", "b"]
    with pytest.raises(VectorError, match="no column known"):
        read_regions(several([f"admin1={path}" for path in paths]))
    with pytest.raises(NotAFile, match=r"^none\.tif"):
        read_terrain(several(["none.tif"]), near=())


def test_what_has_no_order_is_sorted(tmp_path: Path) -> None:
    """Sets, and what a folder is listed by, give the same order everywhere; a list keeps its own."""
    given = [tmp_path / name for name in ("b", "c", "a")]
    for several in (set(given), frozenset(given), iter(given), dict.fromkeys(given).keys(), np.array(given)):
        assert list_given(several, Path, argument="x", expected="y") == sorted(given)
    for several in (given, tuple(given), deque(given)):
        assert list_given(several, Path, argument="x", expected="y") == given


def test_one_layer_of_regions_needs_no_list() -> None:
    """A single layer of regions is taken as it is, as a single text is."""
    assert read_regions(Layer("admin1", TABLE)).table["name"].tolist() == ["Orito"]
