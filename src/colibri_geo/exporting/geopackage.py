"""``findings.gpkg``: every table of a run, whole, and back again."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError, FieldError, GeometryError
from shapely.errors import GEOSException

from colibri_geo.errors import NotARun, OutputError
from colibri_geo.exporting.columns import (
    NOT_OBSERVED_COLUMNS,
    OBSERVED_COLUMNS,
    REGION_COLUMNS,
    STRIP_COLUMNS,
    STRIP_CONTEXT_COLUMNS,
    STRIP_ID,
    STRIP_REGION_COLUMNS,
    TILE_COLUMNS,
    Column,
    Table,
    conform,
)
from colibri_geo.exporting.wording import format_time
from colibri_geo.layers.findings import Findings

GEOPACKAGE = "findings.gpkg"
TILES = "tiles.gpkg"
TABLE_FILES = (GEOPACKAGE, TILES)
"""What a run is read back from."""
_TILES = "tiles"
_MAGIC = b"SQLite format 3\x00"
_CLOCK = "OGR_CURRENT_DATE"
_WAITING = "OGR_SQLITE_SYNCHRONOUS"
_one_writer = threading.Lock()  # options are those of the process
_READ_ERRORS = (DataSourceError, DataLayerError, FeatureError)
_WRITE_ERRORS = (*_READ_ERRORS, FieldError, GeometryError)


@dataclass(frozen=True)
class Layer:
    """One layer to be written.

    Attributes
    ----------
    name : str
    table : DataFrame or GeoDataFrame
    geometry_type : str or None
        None for a layer without geometry.
    description : str
    """

    name: str
    table: pd.DataFrame
    geometry_type: str | None
    description: str


def write_geopackage(findings: Findings, path: Path, *, moment: pd.Timestamp, caution: str) -> None:
    """Write all tables into one GeoPackage; the same tables give the same bytes.

    Parameters
    ----------
    findings : Findings
        As `check_strips` and `check_table` accept them.
    path : Path
        New file.
    moment : Timestamp
        Stands where the format asks when a layer was changed: the acquisition of the after scene, as there is no clock.
    caution : str
        Goes into the description of the layers of strips.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    write_layers(plan_layers(findings, caution=caution), path, moment=moment)


def write_layers(layers: Sequence[Layer], path: Path, *, moment: pd.Timestamp) -> None:
    """Write layers into a new GeoPackage, in their order; for the arguments see `write_geopackage`."""
    clock = format_time(moment.floor("s")).replace("Z", ".000Z")
    with _one_writer, _options({_CLOCK: clock, _WAITING: "OFF"}):
        for layer in layers:
            _write_layer(layer, path)
    _await_disk(path)


def plan_layers(findings: Findings, *, caution: str) -> list[Layer]:
    """Return the layers of a GeoPackage, in their order; those that may be None only where they are not.

    Parameters
    ----------
    findings : Findings
    caution : str

    Returns
    -------
    list of Layer
    """
    strips = conform(findings.strips.reset_index(), (STRIP_ID, *STRIP_COLUMNS))
    unseen = conform(findings.not_observed, NOT_OBSERVED_COLUMNS)
    layers = [
        Layer("strips", strips, "LineString", f"Candidate cleared strips, axes. {caution}"),
        Layer("footprints", draw_footprints(strips), "Polygon", f"Candidate cleared strips, outlines. {caution}"),
        Layer(
            "strip_regions", conform(findings.strip_regions, STRIP_REGION_COLUMNS), None, "Share of strips in regions."
        ),
        Layer("observed", conform(findings.observed, OBSERVED_COLUMNS), None, "How much of each region was observed."),
        Layer("not_observed", unseen, _geometry_type(unseen), "Ground that was not observed, and why."),
    ]
    if findings.not_asked is not None:
        unasked = conform(findings.not_asked, NOT_OBSERVED_COLUMNS)
        layers.append(Layer("not_asked", unasked, _geometry_type(unasked), "Ground that was not asked about."))
    if findings.regions is not None:
        regions = conform(findings.regions, REGION_COLUMNS)
        layers.append(Layer("regions", regions, _geometry_type(regions), "Regions of the ground asked about."))
    if findings.strip_context is not None:
        around = conform(findings.strip_context, STRIP_CONTEXT_COLUMNS)
        layers.append(Layer("strip_context", around, None, "Nearest feature of each layer around the strips."))
    return layers


def draw_footprints(strips: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the outline of each strip: half the width to both sides of the axis, cut straight at the ends.

    Parameters
    ----------
    strips : GeoDataFrame
        Columns ``strip_id``, ``verdict``, ``probability``, ``width_m``; axes in a CRS in metres.

    Returns
    -------
    GeoDataFrame
        ``strip_id``, ``verdict``, ``probability`` and a polygon, on the same index.
    """
    outlines = strips.geometry.buffer(strips["width_m"] / 2, cap_style="flat")
    return gpd.GeoDataFrame(strips[["strip_id", "verdict", "probability"]], geometry=outlines, crs=strips.crs)


def read_tables(folder: Path) -> Findings:
    """Read the tables of a run back from its GeoPackage, as they were written.

    Parameters
    ----------
    folder : Path
        Written by a run.

    Returns
    -------
    Findings
        With the types, the index ``strip_id`` and the missing values of the tables that were written. The
        geometry is the last column; the rows of the other tables are numbered from 0. Columns that an older version
        did not write are missing in every row.

    Raises
    ------
    NotARun
        No GeoPackage, a damaged one, or one that lacks a layer or a required column.
    """
    path = Path(folder) / GEOPACKAGE
    names = _list_layers(path)
    return Findings(
        strips=_read_layer(path, "strips", (STRIP_ID, *STRIP_COLUMNS)).set_index("strip_id"),
        strip_regions=_read_layer(path, "strip_regions", STRIP_REGION_COLUMNS),
        observed=_read_layer(path, "observed", OBSERVED_COLUMNS),
        not_observed=_read_layer(path, "not_observed", NOT_OBSERVED_COLUMNS),
        not_asked=_read_layer(path, "not_asked", NOT_OBSERVED_COLUMNS) if "not_asked" in names else None,
        regions=_read_layer(path, "regions", REGION_COLUMNS) if "regions" in names else None,
        strip_context=_read_layer(path, "strip_context", STRIP_CONTEXT_COLUMNS) if "strip_context" in names else None,
    )


def write_tiles(tiles: gpd.GeoDataFrame, folder: Path, *, moment: pd.Timestamp) -> None:
    """Write ``tiles.gpkg``, the tiles of a scan; the same table gives the same bytes.

    Parameters
    ----------
    tiles : GeoDataFrame
        Of polygons, with the columns that `colibri_geo.scan` gives.
    folder : Path
    moment : Timestamp
        As for `write_geopackage`.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    layer = Layer(
        _TILES, conform(tiles, TILE_COLUMNS), "Polygon", "Tiles of a scan, and how much of each was observed."
    )
    write_layers([layer], folder / TILES, moment=moment)


def read_tiles(folder: Path) -> gpd.GeoDataFrame | None:
    """Read the tiles of a scan back; None where a run has none.

    Raises
    ------
    NotARun
        A damaged file.
    """
    path = Path(folder) / TILES
    if not path.exists():
        return None
    _list_layers(path)
    return _read_layer(path, _TILES, TILE_COLUMNS)


@contextmanager
def _options(options: Mapping[str, str]) -> Iterator[None]:
    """Let GDAL have options; the caller's own come back."""
    former = {name: pyogrio.get_gdal_config_option(name) for name in options}
    pyogrio.set_gdal_config_options(dict(options))
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(former)


def _await_disk(path: Path) -> None:
    """Wait once until the whole file is on the disk, in place of several times a layer."""
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise OutputError.refused(path.name, error) from error


def _write_layer(layer: Layer, path: Path) -> None:
    try:
        pyogrio.write_dataframe(
            layer.table,
            path,
            layer=layer.name,
            driver="GPKG",
            geometry_type=layer.geometry_type,
            layer_options={"DESCRIPTION": layer.description},
        )
    except _WRITE_ERRORS as error:
        raise OutputError(
            f"{path.name}: layer {layer.name} cannot be written ({error}); look whether its folder has room and may be "
            "written to"
        ) from error


def _geometry_type(table: gpd.GeoDataFrame) -> str:
    """Return the one type of polygons in a table, "Unknown" where it holds both."""
    types = sorted(set(table.geometry.geom_type))
    return types[0] if len(types) == 1 else "Unknown" if types else "Polygon"


def _list_layers(path: Path) -> list[str]:
    if path.is_symlink() or not path.is_file():
        raise NotARun(
            f"{path.parent}: holds no {GEOPACKAGE}, expected the folder of a run; give the folder that a run wrote"
        )
    with path.open("rb") as file:
        magic = file.read(len(_MAGIC))
    if magic != _MAGIC:
        raise _damaged(path, "it is no GeoPackage")
    with _taken_as_damage(path):
        return [str(name) for name in pyogrio.list_layers(path)[:, 0]]


@contextmanager
def _taken_as_damage(path: Path, *, layer: str = "") -> Iterator[None]:
    """Refuse what GDAL or GEOS cannot read, and what GDAL has remarks on: it has none on what a run wrote."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        try:
            yield
        except (*_READ_ERRORS, GEOSException, UnicodeDecodeError) as error:
            raise _damaged(path, _tell(error, path, layer)) from error
    if remarks:
        raise _damaged(path, _tell(remarks[0].message, path, layer))


def _tell(reason: object, path: Path, layer: str) -> str:
    text = " ".join(str(reason).replace(str(path), path.name).split())[:120]
    return f"layer {layer} cannot be read: {text}" if layer else text


def _read_layer(path: Path, name: str, columns: Sequence[Column]) -> pd.DataFrame:
    with _taken_as_damage(path, layer=name):
        table = pyogrio.read_dataframe(path, layer=name)
    missing = [column.name for column in columns if column.required and column.name not in table]
    if missing:
        raise _damaged(path, f"layer {name} lacks {', '.join(missing)}")
    return conform(_add_later(_in_utc(table), columns), columns)


def _add_later(table: Table, columns: Sequence[Column]) -> Table:
    """Add the columns that the version of the run did not have yet, missing in every row."""
    whole = table.copy()
    for place, column in enumerate(columns):
        if column.name not in whole:
            whole.insert(place, column.name, None)
    return whole


def _in_utc(table: pd.DataFrame) -> pd.DataFrame:
    """Give times their zone, which is not read back where a column has no time in it."""
    naive = table.select_dtypes("datetime").columns
    return table.assign(**{name: table[name].dt.tz_localize("UTC") for name in naive})


def _damaged(path: Path, reason: str) -> NotARun:
    return NotARun(
        f"{path.parent}: {path.name} is damaged ({reason}), expected as written; get a fresh copy of the run"
    )
