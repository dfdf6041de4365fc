"""From fitted segments to the strips table: one row a candidate, every number that pixels gave in a column."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import mgrs
import numpy as np
import pandas as pd
from pyproj import CRS, Geod, Transformer
from shapely.geometry import LineString

from colibri_geo.core.shape import Segment
from colibri_geo.pairs import AlignedPair
from colibri_geo.scenes.georeference import pixel_to_map
from colibri_geo.settings import TraceSettings
from colibri_geo.tracing.cells import Candidate

_GEOD = Geod(ellps="WGS84")
_90 = 1.645
_MOST_HIDDEN = 0.95  # of the ground that hides an end: it may lie anywhere under it
_HALF_METRE_DEG = 5e-6
_SEEN_SIGMA = 4.0
_SEEN_SHARES = (0.2, 0.45)


@dataclass(frozen=True)
class _Ends:
    """Both ends of an axis, in degrees; `turned` where they had to be swapped for an azimuth in [0, 180)."""

    lon1: float
    lat1: float
    lon2: float
    lat2: float
    azimuth_deg: float
    length_m: float
    turned: bool


def make_table(
    candidates: Sequence[Candidate], pair: AlignedPair, settings: TraceSettings, *, factor: int
) -> gpd.GeoDataFrame:
    """Make the strips table.

    Parameters
    ----------
    candidates : sequence of Candidate
    pair : AlignedPair
    settings : TraceSettings
    factor : int
        Pixels of the pair that make one pixel of what was measured, in each direction.

    Returns
    -------
    GeoDataFrame
        Index ``strip_id``, north to south; geometry = axis in the pair's metre CRS. Lengths, areas and azimuths are
        geodesic.
    """
    crs = CRS.from_user_input(str(pair.grid.crs))  # planned so that its metres are metres on the ground
    ordered = sorted(candidates, key=lambda one: (one.segment.line.row, one.segment.line.col))
    to_lonlat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    rows = [_describe(candidate, pair, to_lonlat, settings, factor) for candidate in ordered]
    index = pd.Index([f"S{number:03d}" for number in range(1, len(rows) + 1)], name="strip_id", dtype="str")
    columns = {name: [row[name] for row in rows] for name in rows[0]} if rows else {name: [] for name in _COLUMNS}
    axes = columns.pop("geometry")
    table = gpd.GeoDataFrame(columns, index=index, geometry=axes, crs=crs)
    return _set_types(table)[[*_COLUMNS]]


_TEXTS = ("verdict", "designator", "mgrs", "before_id", "after_id", "hidden_end1", "hidden_end2")
_TIMES = ("last_without", "first_with")
_ALIKE = (
    "flank_ratio",
    "evenness",
    "resumes",
    "hidden_ends",
    "joined",
    "lobe",
    "grain",
    "bareness",
    "observed_share",
    "snr",
)
"""Columns that a segment carries by the same name: they have no unit that pixels would change."""
_COLUMNS = (
    *("verdict", "length_m", "length_lo_m", "length_hi_m", "width_m", "width_lo_m", "width_hi_m", "area_ha"),
    *("azimuth_deg", "designator", "end1_lon", "end1_lat", "end2_lon", "end2_lat", "mgrs", "snr", "straightness_m"),
    *("last_without", "first_with", "observed_share", "before_id", "after_id"),
    *("flank_ratio", "evenness", "beyond_end1", "beyond_end2", "resumes", "hidden_ends", "hidden_end1", "hidden_end2"),
    *("joined", "lobe", "grain", "bareness", "contrast_before", "contrast_after", "contrast_noise", "pixel_m"),
    *("sar_darkening", "geometry"),
)


def _describe(
    candidate: Candidate, pair: AlignedPair, to_lonlat: Transformer, settings: TraceSettings, factor: int
) -> dict[str, object]:
    """One row as column values; the table is made of them at once."""
    segment = candidate.segment
    ends_px = [factor * (segment.line.locate(side * segment.half_length_px) + 0.5) for side in (-1, 1)]
    axis = [_to_map(pair, *end_px) for end_px in ends_px]
    beyond, hiding = [segment.beyond_start, segment.beyond_stop], [*candidate.hidden_by]
    ends = _order_ends(axis, to_lonlat)
    if ends.turned:
        axis.reverse()
        beyond.reverse()
        hiding.reverse()
    metre = ends.length_m / segment.length_px  # ground metres in a pixel, along this axis
    hidden_m = min(segment.hidden_px * metre, max(settings.max_length_m - ends.length_m, 0.0))
    length_sigma_m = math.sqrt(2) * segment.end_sigma_px * metre
    centre = to_lonlat.transform(*np.mean(axis, axis=0))
    before, after = (pd.Timestamp(scene.last_acquisition.moment) for scene in (pair.before, pair.after))
    seen_before, seen_after = _seen(segment)
    looked_before = segment.observed_before >= settings.min_observed_share
    return {
        **{name: getattr(segment, name) for name in _ALIKE},
        "verdict": _judge(segment, settings),
        "length_m": ends.length_m,
        "length_lo_m": ends.length_m - _90 * length_sigma_m,
        "length_hi_m": ends.length_m + _90 * length_sigma_m + _MOST_HIDDEN * hidden_m,
        "width_m": segment.width_px * metre,
        "width_lo_m": segment.width_lo_px * metre,
        "width_hi_m": segment.width_hi_px * metre,
        "area_ha": ends.length_m * segment.width_px * metre / 1e4,
        "azimuth_deg": ends.azimuth_deg,
        "designator": format_designator(ends.azimuth_deg),
        "end1_lon": ends.lon1,
        "end1_lat": ends.lat1,
        "end2_lon": ends.lon2,
        "end2_lat": ends.lat2,
        "mgrs": find_mgrs(*centre),
        "straightness_m": segment.straightness_px * metre,
        "last_without": pd.Timestamp(pair.before.acquired)
        if looked_before and seen_after and not seen_before
        else pd.NaT,
        "first_with": before if seen_before else after,
        "before_id": pair.before.name,
        "after_id": pair.after.name,
        "beyond_end1": beyond[0],
        "beyond_end2": beyond[1],
        "hidden_end1": hiding[0],
        "hidden_end2": hiding[1],
        "contrast_before": segment.before.size,
        "contrast_after": segment.after.size,
        "contrast_noise": max(segment.before.noise, segment.after.noise),
        "pixel_m": metre,
        "sar_darkening": math.nan,  # until radar images are looked at
        "geometry": LineString(axis),
    }


def find_seen_share(clearest: Any, noise: Any) -> Any:  # noqa: ANN401 - one strip or a column of them
    """Return the share of its clearest contrast from which on a strip counts as seen on the other date.

    Four standard errors, but no less than 0.2 and no more than 0.45: what is clear is seen even where a change of
    surface left it fainter, what is faint has to be nearly as clear.

    Examples
    --------
    >>> [float(find_seen_share(clearest, 0.1)) for clearest in (10.0, 1.0, 0.5)]
    [0.2, 0.4, 0.45]
    """
    return np.clip(_SEEN_SIGMA * np.divide(noise, np.maximum(clearest, 1e-9)), *_SEEN_SHARES)


def find_mgrs(lon_deg: float, lat_deg: float) -> str:
    """Return the reference of a WGS 84 position in the Military Grid Reference System, to the metre."""
    # Half a metre south of the equator the northing rounds to 10,000 km, which the system does not have.
    on_equator = -_HALF_METRE_DEG <= lat_deg < 0
    reference: str = mgrs.MGRS().toMGRS(0.0 if on_equator else lat_deg, lon_deg)
    return reference


def format_designator(azimuth_deg: float) -> str:
    """Return the runway numbers of a true azimuth in [0, 180), with a T for true; indicative.

    Examples
    --------
    >>> format_designator(88.0), format_designator(2.0), format_designator(177.0)
    ('09/27T', '18/36T', '18/36T')
    """
    number = round(azimuth_deg / 10) or 18
    return f"{number:02d}/{number + 18:02d}T"


def _to_map(pair: AlignedPair, row: float, col: float) -> tuple[float, float]:
    point = pixel_to_map(pair.grid, row, col)
    return point.east, point.north


def _order_ends(axis: Sequence[tuple[float, float]], to_lonlat: Transformer) -> _Ends:
    ends = [to_lonlat.transform(*point) for point in axis]
    azimuth, _, length = _GEOD.inv(*ends[0], *ends[1])
    turned = azimuth % 360 >= 180
    if turned:
        ends.reverse()
        azimuth, _, length = _GEOD.inv(*ends[0], *ends[1])
    return _Ends(*ends[0], *ends[1], azimuth % 180, length, turned)


def _seen(segment: Segment) -> tuple[bool, bool]:
    """Whether the strip is seen on the before and on the after date."""
    clearest = max(segment.before.size, segment.after.size)
    least = clearest * float(find_seen_share(clearest, max(segment.before.noise, segment.after.noise)))
    return segment.before.size >= least, segment.after.size >= least


def _judge(segment: Segment, settings: TraceSettings) -> str:
    if segment.observed_share < settings.min_observed_share:
        return "not_observed"
    match _seen(segment):
        case (False, True):
            return "new"
        case (True, False):
            return "regrowing"
        case _:
            return "unchanged"


def _set_types(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Give every column its type, also where the table is empty."""
    kinds = {name: "str" if name in _TEXTS else "float64" for name in _COLUMNS if name not in {*_TIMES, "geometry"}}
    times = {name: pd.to_datetime(table[name], utc=True) for name in _TIMES}
    return table.astype(kinds).assign(**times)
