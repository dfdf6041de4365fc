"""How high a strip lies and how it slopes, by a digital elevation model: evidence beside a strip, never a filter."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from odc.geo.geobox import GeoBox
from pyproj import Transformer
from shapely import LineString

from colibri_geo.arguments import list_given
from colibri_geo.core.gradient import fit_gradient
from colibri_geo.errors import NoOverlap, NotAFile
from colibri_geo.layers.pixels import find_footprint
from colibri_geo.layers.planes import GEOD, FloatArray
from colibri_geo.layers.shapes import LONLAT
from colibri_geo.layers.sources import LayerSource
from colibri_geo.scenes.elevation import ElevationModel, ElevationTile, open_elevation
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.opening import check_hash
from colibri_geo.scenes.paths import check_file, check_path, list_folder
from colibri_geo.settings import TerrainSettings, take_settings

ROLE = "elevation"

_LEAST_SHARE = 0.5  # of the axis that has heights
_ENDINGS = (".tif", ".tiff")
_EXPECTED = "the GeoTIFF of an elevation model or a folder of its tiles"


@dataclass(frozen=True)
class Terrain:
    """An elevation model that was given, and where it came from.

    Attributes
    ----------
    model : ElevationModel
    sources : tuple of LayerSource
        One a file, in the order of the model's tiles; of files with the same bytes the first.
    """

    model: ElevationModel
    sources: tuple[LayerSource, ...]


@dataclass(frozen=True)
class _Heights:
    """What an elevation model says of one axis; NaN where it does not. The names are those of the columns."""

    elevation_m: float = math.nan
    slope_percent: float = math.nan
    slope_lo_percent: float = math.nan
    slope_hi_percent: float = math.nan
    relief_m: float = math.nan


COLUMNS = tuple(column.name for column in fields(_Heights))


def read_terrain(
    paths: str | Path | Iterable[str | Path], *, near: Sequence[GeoBox], assume_crs: str | None = None
) -> Terrain | None:
    """Open an elevation model where a pair lies; heights are read later.

    Parameters
    ----------
    paths : str or Path, or several of these
        GeoTIFFs of one band, heights in metres, such as the tiles of Copernicus GLO-30, or a folder of such. Give files
        of one model: where two meet, what they differ by would be a slope.
    near : sequence of GeoBox
        Grids of the scenes. A file that does not touch all of them is left aside.
    assume_crs : str, optional
        CRS such as ``EPSG:4326`` for files that name none.

    Returns
    -------
    Terrain or None
        None where nothing is given. Where several files have a height, that with the finest pixels tells, then the
        first by name.

    Raises
    ------
    SettingsError
        Something that is neither text nor path.
    InputError, UnsafeSource, BandError, RadiometryError, GeoreferenceError
        A file that cannot be read, or is no elevation model.
    NoOverlap
        No file touches the ground of the scenes.
    """
    given = list_given(
        paths,
        str,
        Path,
        argument="elevation",
        expected="paths (str or Path) of GeoTIFFs or of their folder; give those",
    )
    files = list(_list_files(given))
    if not files:
        return None
    ground = [find_footprint(grid) for grid in near]
    tiles = [open_elevation(file, assume_crs=assume_crs) for file in files]
    chosen = [tile for tile in tiles if _touches(tile, ground)]
    if not chosen:
        others = f" and {len(files) - 1} more" if len(files) > 1 else ""
        raise NoOverlap(
            f"{files[0].name}{others}: the elevation model lies elsewhere than the images, expected one of the same "
            "ground; give the file or tile that holds it"
        )
    sources = {tile.file: _describe(tile) for tile in chosen}
    chosen.sort(key=lambda tile: (tile.posting_m, tile.file.name, sources[tile.file].sha256))
    by_content: dict[str, ElevationTile] = {}
    for tile in chosen:
        by_content.setdefault(sources[tile.file].sha256, tile)
    once = tuple(by_content.values())
    return Terrain(ElevationModel(once), tuple(sources[tile.file] for tile in once))


def describe_terrain(
    strips: gpd.GeoDataFrame, terrain: Terrain | None = None, *, settings: TerrainSettings | None = None
) -> gpd.GeoDataFrame:
    """Tell how high each strip lies and how it slopes, as far as an elevation model can.

    No strip is left out by it, no verdict and no probability changes. Most global models are surface models: over
    forest they hold the tops of the trees of the years when they were measured, and not the ground that was cleared.

    Parameters
    ----------
    strips : GeoDataFrame
        Index ``strip_id``, geometry the axis, in a CRS in metres.
    terrain : Terrain, optional
        None where no model was given: all is missing.
    settings : TerrainSettings, optional

    Returns
    -------
    GeoDataFrame
        As given, with ``elevation_m`` (median along the axis), ``slope_percent`` (of the line through all heights along
        the axis, whichever end is the higher), ``slope_lo_percent`` and ``slope_hi_percent`` (central 90 %), and
        ``relief_m`` (highest less lowest along the axis). Missing where less than half of the axis has heights; the
        slope also where the axis is shorter than three diagonals of the model's pixels.

    Notes
    -----
    Heights are taken every half posting along the axis, bilinear between the centres of the model's pixels, and set
    against geodesic distance. A pixel's diagonal apart they count as independent. Two errors add in quadrature to the
    half width of the interval: that of the fitted line, from the scatter of the heights about it
    (`colibri_geo.core.gradient`), and the error between two places of the model, ``vertical_error_m`` over the length
    of the axis. Neither knows of a wood at one end.
    """
    found = [_Heights()] * len(strips)
    if terrain is not None:
        step_m = min(tile.posting_m for tile in terrain.model.tiles) / 2
        to_lonlat = Transformer.from_crs(strips.crs, LONLAT, always_xy=True)
        ways = (_lay_out(axis, step_m, to_lonlat) for axis in strips.geometry)
        found = [_measure(way, terrain.model, take_settings(settings, TerrainSettings)) for way in ways]
    return strips.assign(**pd.DataFrame(found, index=strips.index, columns=list(COLUMNS), dtype=np.float64))


@dataclass(frozen=True)
class _Way:
    """Places along an axis."""

    lon: FloatArray
    lat: FloatArray
    along_m: FloatArray


def _lay_out(axis: LineString, step_m: float, to_lonlat: Transformer) -> _Way:
    """Spread places evenly along an axis, its ends among them; how far they lie apart is geodesic."""
    count = math.ceil(axis.length / step_m) + 1
    points = shapely.get_coordinates(shapely.line_interpolate_point(axis, np.linspace(0, 1, count), normalized=True))
    lon, lat = to_lonlat.transform(points[:, 0], points[:, 1])
    steps_m = GEOD.line_lengths(lon, lat)
    return _Way(lon, lat, np.concatenate([[0.0], np.cumsum(steps_m)]))


def _measure(way: _Way, model: ElevationModel, settings: TerrainSettings) -> _Heights:
    heights = model.sample(way.lon, way.lat)
    known = np.isfinite(heights)
    if known.mean() < _LEAST_SHARE:
        return _Heights()
    along_m, heights = way.along_m[known], heights[known]
    level = _Heights(elevation_m=float(np.median(heights)), relief_m=float(np.ptp(heights)))
    fitted = fit_gradient(along_m, heights, independent_m=math.sqrt(2) * model.posting_m)
    if fitted is None:
        return level
    slope = 100 * abs(fitted.slope)
    half_width = 100 * math.hypot(fitted.half_width, settings.vertical_error_m / float(np.ptp(along_m)))
    return replace(
        level,
        slope_percent=slope,
        slope_lo_percent=max(slope - half_width, 0.0),
        slope_hi_percent=slope + half_width,
    )


def _list_files(paths: Sequence[str | Path]) -> Iterator[RasterFile]:
    """List the files that are given, and those right inside of a folder."""
    for given in paths:
        check_path(given, expected=_EXPECTED)
        path = check_file(Path(given), or_folder=True, expected=_EXPECTED)
        if not path.is_dir():
            yield RasterFile(path)
            continue
        entries = list_folder(path, expected="a folder of tiles of an elevation model")
        inside = [file for file in entries if file.suffix.lower() in _ENDINGS]
        if not inside:
            raise NotAFile(
                f"{path}: a folder without a .tif file, expected the tiles of an elevation model; check the path"
            )
        yield from (RasterFile(check_file(file)) for file in inside)


def _touches(tile: ElevationTile, ground: Sequence[Any]) -> bool:
    footprint = find_footprint(tile.grid)
    return all(footprint.intersects(part) for part in ground)


def _describe(tile: ElevationTile) -> LayerSource:
    tile.check_heights()
    return LayerSource(ROLE, tile.file.name, check_hash(tile.file.path), tile.licence, tile.notes)
