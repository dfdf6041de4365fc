"""One grid for two scenes: planned from their places alone, before any pixel is read."""

from __future__ import annotations

import math
from functools import reduce
from itertools import product

from affine import Affine
from odc.geo.geobox import GeoBox
from odc.geo.geom import BoundingBox, Geometry
from pyproj import CRS, Geod
from pyproj.aoi import AreaOfInterest
from pyproj.database import query_utm_crs_info

from colibri_geo.core.windows import Window
from colibri_geo.errors import GeoreferenceError, NoOverlap
from colibri_geo.scenes.georeference import cut_grid, measure_pixel
from colibri_geo.scenes.scene import Part, Scene

_GEOD = Geod(ellps="WGS84")
_SAME_PX = 1e-3
_DISTORTION = 0.03  # a grid metre may differ from a ground metre by this share (UTM stays within 0.001)


def plan_grid(before: Scene, after: Scene) -> GeoBox:
    """Plan the grid of a pair.

    It has square pixels of the finer scene's size and lies in the before scene's CRS where a metre of that is a metre
    on the ground, else in the UTM zone of the scene. Where the finer scene is on such a grid already, its pixels are
    kept. It covers the ground of both scenes.

    Raises
    ------
    NoOverlap
        Where the scenes do not share a pixel of ground.
    """
    finest = min((before, after), key=lambda scene: measure_pixel(scene.grid).finer_m)
    anchor = next((s for s in (before, after) if _fits(s, before, finest)), None)
    if anchor is not None:
        return _extend(anchor.grid, before, after)
    size_m = measure_pixel(finest.grid).finer_m
    crs = str(before.grid.crs) if _is_metric(before.grid) else find_metre_crs(before.grid).to_string()
    size = size_m if not _is_metric(before.grid) else _grid_size(before.grid, size_m)
    place = before.grid.extent.to_crs(crs).boundingbox
    east, north = round(place.left / size) * size, round(place.top / size) * size
    return _extend(GeoBox((1, 1), Affine(size, 0, east, 0, -size, north), crs), before, after)


def find_metre_crs(grid: GeoBox) -> CRS:
    """Find the system of coordinates in metres for lengths on a grid: its own, or the UTM zone of its centre."""
    if _is_metric(grid):
        return CRS.from_user_input(str(grid.crs))
    centre = grid.extent.to_crs("EPSG:4326").centroid.coords[0]
    lon, lat = (centre[0] + 180) % 360 - 180, centre[1]
    zones = query_utm_crs_info("WGS 84", AreaOfInterest(lon, lat, lon, lat))
    if not zones:
        raise GeoreferenceError(
            f"the scene lies at latitude {lat:.0f}, outside of the UTM zones; warp it to a metre grid first"
        )
    return CRS.from_epsg(int(zones[0].code))


def measure_overlap_share(before: Scene, after: Scene, grid: GeoBox) -> float:
    """Ground that both scenes cover over the ground of either, in [0, 1].

    Raises
    ------
    NoOverlap
        Where they share less than one pixel.
    """
    first, second = _footprint(before, grid), _footprint(after, grid)
    pixel = abs(grid.affine.a * grid.affine.e)
    shared = (first & second).area
    if shared < pixel:
        raise NoOverlap(
            f"{before.name} and {after.name} share no ground (they lie {_distance_km(before, after):.0f} km apart, "
            "centre to centre); "
            "expected two images of the same place"
        )
    return float(shared / (first | second).area)


def find_shared(before: Scene, after: Scene, grid: GeoBox) -> list[Window]:
    """Find the windows of a pair's grid that both scenes reach; of mosaics, those that one of either's scenes do."""
    places = [[_find_window(part, grid) for part in (scene.provenance.parts or (scene,))] for scene in (before, after)]
    shared = {one.cut(other) for one, other in product(*places)}
    return sorted(window for window in shared if not window.empty)


def _find_window(scene: Scene | Part, grid: GeoBox) -> Window:
    """Find the window of a grid around the ground of a scene."""
    whole = Window(0, 0, int(grid.shape[0]), int(grid.shape[1]))
    return _cover(_footprint(scene, grid).boundingbox, grid).cut(whole)


def _footprint(scene: Scene | Part, grid: GeoBox) -> Geometry:
    steps = max(scene.grid.boundingbox.span_x, scene.grid.boundingbox.span_y) / 50
    return (
        scene.grid.extent.to_crs(str(grid.crs), resolution=steps) if scene.grid.crs != grid.crs else scene.grid.extent
    )


def _distance_km(before: Scene, after: Scene) -> float:
    first, second = (s.grid.extent.to_crs("EPSG:4326").centroid.coords[0] for s in (before, after))
    return float(_GEOD.inv(*first, *second)[2]) / 1000


def _is_metric(grid: GeoBox) -> bool:
    """Whether lengths on the grid are lengths on the ground."""
    crs = CRS.from_user_input(str(grid.crs))
    if not crs.is_projected or any(axis.unit_conversion_factor != 1 for axis in crs.axis_info[:2]):
        return False
    size = measure_pixel(grid)
    return all(
        abs(side / ground - 1) <= _DISTORTION
        for side, ground in ((abs(grid.affine.a), size.east_m), (abs(grid.affine.e), size.north_m))
    )


def _fits(scene: Scene, before: Scene, finest: Scene) -> bool:
    """Whether the pixels of `scene` can be the pixels of the pair."""
    grid = scene.grid
    square = math.isclose(abs(grid.affine.a), abs(grid.affine.e), rel_tol=_SAME_PX)
    as_fine = measure_pixel(grid).finer_m <= measure_pixel(finest.grid).finer_m * (1 + _SAME_PX)
    return square and as_fine and grid.crs == before.grid.crs and _is_metric(grid)


def _grid_size(grid: GeoBox, size_m: float) -> float:
    return float(min(abs(grid.affine.a), abs(grid.affine.e)) * size_m / measure_pixel(grid).finer_m)


def _extend(anchor: GeoBox, before: Scene, after: Scene) -> GeoBox:
    """Extend a grid by whole pixels over the ground of both scenes."""
    boxes = [_footprint(scene, anchor).boundingbox for scene in (before, after)]
    return cut_grid(anchor, reduce(Window.joined, (_cover(box, anchor) for box in boxes)))


def _cover(box: BoundingBox, grid: GeoBox) -> Window:
    """Return the window of whole pixels of a grid that covers a box."""
    a = grid.affine
    first_col, last_col = _floor((box.left - a.c) / a.a), _ceil((box.right - a.c) / a.a)
    first_row, last_row = _floor((box.top - a.f) / a.e), _ceil((box.bottom - a.f) / a.e)
    return Window(first_row, first_col, last_row - first_row, last_col - first_col)


def _floor(value: float) -> int:
    return math.floor(value + _SAME_PX)


def _ceil(value: float) -> int:
    return math.ceil(value - _SAME_PX)
