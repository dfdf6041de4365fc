"""A made-up run whose places are known, and a twin that differs from it only in what no edition may tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
from pyproj import Transformer
from shapely.geometry import LineString, box

from colibri_geo import Run
from colibri_geo.evidence import LayerRecord, RunRecord
from colibri_geo.layers.findings import Findings
from tests.support.example_run import METRE_CRS, example_findings, example_record

CENTRES = ((-75.8837, 7.6213), (-75.8712, 7.6391), (-75.8191, 7.5678), (-75.7766, 7.6617), (-75.8344, 7.5884))
"""Longitude and latitude; the first two lie in one square, and so do the third and the last."""
TWIN_CENTRES = ((-75.8537, 7.6413), (-75.8952, 7.6061), (-75.8441, 7.5921), (-75.7562, 7.6548), (-75.8093, 7.5602))
"""Elsewhere in the same squares, up to 4 km away; the first has changed sides of the border."""
LENGTHS_M = (743.4, 867.2, 1312.6, 1046.8, 921.7)
WIDTHS_M = (23.7, 18.4, 31.3, 27.6, 21.2)
AZIMUTHS_DEG = (37.3, 121.6, 78.4, 8.3, 153.2)
DISTANCES_KM = (12.37, 12.83, 11.91, 13.46, 14.28)
ELEVATIONS_M = (1371.4, 1402.7, 1388.2, 1417.9, 1365.6)
SLOPES_PERCENT = (3.17, 4.28, 6.43, 7.91, 2.86)
BORDER_LON = -75.86
"""Between two regions: through the first two strips' square and beside both of them."""
_SIZES = ("length_m", "length_lo_m", "length_hi_m", "width_m", "width_lo_m", "width_hi_m")


def secret_run() -> Run:
    """Make the run; it has aerodromes, layers of what lies around, clouds, tiles and images with telling names."""
    east, north = _to_metres(*CENTRES[0])
    tiles = gpd.GeoDataFrame(
        {name: [1] for name in ("tile", "row", "col", "rows", "cols", "asked_px", "observed_px", "candidates")},
        geometry=[box(east - 500, north - 500, east + 500, north + 500)],
        crs=METRE_CRS,
    )
    return Run(secret_record(), secret_findings(), tiles=tiles.assign(observed_share=1.0))


def secret_twin() -> Run:
    """Make the same run with every strip elsewhere in its square and all else changed that is nobody's business."""
    findings, record = secret_findings(TWIN_CENTRES), secret_record()
    strips = findings.strips.iloc[::-1].copy()
    strips.index = pd.Index([f"T{number}" for number in range(len(strips))], name="strip_id")
    strips[list(_SIZES)] += 1.3
    strips["azimuth_deg"] += 0.7
    terrain = ("elevation_m", "slope_percent", "slope_lo_percent", "slope_hi_percent", "relief_m")
    for name in ("border_km", "aerodrome_km", "area_ha", "snr", "straightness_m", "flank_ratio", "bareness", *terrain):
        strips[name] = strips[name] + 0.21
    strips = strips.assign(
        mgrs="", confuser="none", reasons="other", hidden_end1="shadow", hidden_ends=1.0, before_id="x", after_id="y",
        aerodrome="unknown", aerodrome_name="", aerodrome_code="", designator="", observed_share=0.77,
        admin1="", admin1_code="", country="Nowhere",
        later_column="what a run may learn to tell",
    )  # fmt: skip
    twin = dataclasses.replace(
        findings,
        strips=strips,
        strip_regions=findings.strip_regions.iloc[:0],
        observed=findings.observed.assign(
            asked_km2=[398.9, 161.3, 236.4],
            observed_km2=[358.6, 152.2, 207.9],
            observed_share=[0.899, 0.944, 0.879],
        ),
        not_observed=findings.not_observed.iloc[:1],
        strip_context=None,
    )
    before, after = (
        dataclasses.replace(
            scene, name="other.tif", sha256="9" * 64, size_bytes=7, acquired=f"{scene.acquired[:10]}T09:01:02Z",
            product_id="P", notes=("other",), rows=77, cols=78, crs="EPSG:4326", layout="x", mask_sha256=None,
            mask="none" if scene.mask == "none" else "m",
            pixel_m=9.9973, sun_elevation_deg=1.0, sun_azimuth_deg=2.0, product_cloud_share=0.3,
        )
        for scene in (record.before, record.after)
    )  # fmt: skip
    pair = dataclasses.replace(
        record.pair, crs="EPSG:3857", transform=(5.0, 0.0, 1.0, 0.0, -5.0, 2.0), rows=5, cols=6, shift_east_m=9.0,
        shift_north_m=8.0, gain=(2.0,), offset=(3.0,), residual=(4.0,), overlap_share=0.5, notes=("n",),
        pixel_m=10.0021,
    )  # fmt: skip
    layers = (*record.layers[:1], LayerRecord("layer wells", "wells.gpkg", "8" * 64, notes=("mended",)))
    return Run(dataclasses.replace(record, before=before, after=after, pair=pair, layers=layers, radar=()), twin)


def secret_findings(centres: Sequence[tuple[float, float]] = CENTRES) -> Findings:
    """The tables of the run, with the middles of its strips."""
    axes = [_draw_axis(*place) for place in zip(centres, LENGTHS_M, AZIMUTHS_DEG, strict=True)]
    ends = np.array([line.coords for line in gpd.GeoSeries(axes, crs=METRE_CRS).to_crs(4326)])
    example = example_findings()
    strips = example.strips.assign(
        verdict=["new", "unchanged", "regrowing", "not_observed", "new"], probability=[0.97, 0.81, 0.64, 0.55, 0.97],
        length_m=LENGTHS_M, length_lo_m=np.array(LENGTHS_M) - 12, length_hi_m=np.array(LENGTHS_M) + 12,
        width_m=WIDTHS_M, width_lo_m=np.array(WIDTHS_M) - 4, width_hi_m=np.array(WIDTHS_M) + 4,
        azimuth_deg=AZIMUTHS_DEG, border_km=DISTANCES_KM, aerodrome_km=DISTANCES_KM, mgrs="18NVN0123456789",
        elevation_m=ELEVATIONS_M, slope_percent=SLOPES_PERCENT,
        end1_lon=ends[:, 0, 0], end1_lat=ends[:, 0, 1], end2_lon=ends[:, 1, 0], end2_lat=ends[:, 1, 1],
        admin1=["CÓRDOBA", "CÓRDOBA", "ANTIOQUIA", "ANTIOQUIA", "ANTIOQUIA"], admin2="", admin2_code="",
        admin1_code=["23", "23", "05", "05", "05"], geometry=axes,
    )  # fmt: skip
    regions = gpd.GeoDataFrame(
        {"level": ["admin1", "admin1"], "code": ["05", "23"], "name": ["ANTIOQUIA", "CÓRDOBA"]},
        geometry=[box(BORDER_LON, 7.4, -75.5, 7.8), box(-76.1, 7.4, BORDER_LON, 7.8)],
        crs=4326,
    )
    observed = example.observed.assign(
        code=["", "23", "05"], name=["all", "CÓRDOBA", "ANTIOQUIA"], asked_km2=[400.0, 160.0, 240.0],
        observed_km2=[360.0, 150.0, 210.0], observed_share=[0.9, 0.9375, 0.875],
    )  # fmt: skip
    counts = {"new": [2, 1, 1], "unchanged": [1, 1, 0], "regrowing": [1, 0, 1], "extended": [0, 0, 0]}
    clear = axes[2].buffer(200)
    cloud = gpd.GeoDataFrame({"reason": ["cloud"] * 2}, geometry=[clear.buffer(900) - clear, axes[0].buffer(9)])
    rivers = pd.DataFrame({"strip_id": strips.index, "layer": "rivers", "name": "Río Guamués"})
    rivers = rivers.assign(distance_km=DISTANCES_KM, overlap_share=np.nan, community_name="", community_km=np.nan)
    near_km = np.array(DISTANCES_KM) % 5
    villages = rivers.assign(
        layer="settlements", name="Puerto", distance_km=near_km, community_name="Puerto Secreto", community_km=near_km
    )
    around = pd.concat([rivers, villages], ignore_index=True)
    return Findings(
        strips, example.strip_regions, observed.assign(**counts, not_observed=[1, 0, 1]),
        cloud.set_crs(METRE_CRS), regions, around,
    )  # fmt: skip


def secret_record() -> RunRecord:
    """The record of the run."""
    record = example_record()
    east, north = _to_metres(-75.95, 7.75)
    before = dataclasses.replace(record.before, name="chip_-75.8837_7.6213.tif", product_id="S2A_T18NVN", crs=METRE_CRS)
    after = dataclasses.replace(record.after, name="S2A_T18NVN_20250321.tif", notes=("NAME: cut at 7.6213 N",))
    pair = dataclasses.replace(
        record.pair, transform=(10.0, 0.0, east, 0.0, -10.0, north), rows=2400, cols=2400, notes=("at 7.6391",)
    )
    layers = (
        *record.layers,
        LayerRecord("aerodromes", "airports.csv", "e" * 64),
        LayerRecord("elevation", "Copernicus_DSM_COG_10_N07_00_W076_00_DEM.tif", "d" * 64),
        LayerRecord("aoi", "7.62.kml", "f" * 64),
    )
    return dataclasses.replace(record, before=before, after=after, pair=pair, layers=layers, radar=(before,))


def _draw_axis(centre: tuple[float, float], length_m: float, azimuth_deg: float) -> LineString:
    angle = np.radians(azimuth_deg)
    along = np.array([np.sin(angle), np.cos(angle)]) * length_m / 2
    middle = np.array(_to_metres(*centre))
    return LineString([middle - along, middle + along])


def _to_metres(lon: float, lat: float) -> tuple[float, float]:
    east, north = Transformer.from_crs(4326, METRE_CRS, always_xy=True).transform(lon, lat)
    return float(east), float(north)
