"""A small made-up run, for tests of what comes after the pixels: every verdict, several regions, awkward names."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely.geometry import LineString, box

from colibri_geo.evidence import LayerRecord, PairRecord, RunRecord, SceneRecord
from colibri_geo.evidence.benchmark import BenchmarkGroup, BenchmarkRecord, Interval
from colibri_geo.exporting.columns import STRIP_CONTEXT_COLUMNS
from colibri_geo.layers.findings import Findings
from colibri_geo.settings import Settings

METRE_CRS = "EPSG:32618"
ORIGIN = (244_000.0, 132_000.0)
_BEFORE = pd.Timestamp("2025-01-10T15:20:00Z")
_AFTER = pd.Timestamp("2025-03-21T15:20:00Z")
_VERDICTS = ("new", "unchanged", "regrowing", "not_observed", "extended")


_REASONS = (
    "bare line appeared between the dates, 14 times the noise of its surroundings; "
    "both flanks differ from it; would be false if it goes on as a road beyond its ends"
)


def example_strips() -> gpd.GeoDataFrame:
    """Five strips, one a verdict; the first crosses a border."""
    count = len(_VERDICTS)
    start = np.arange(count) * 1000.0
    axes = [LineString([(ORIGIN[0] + s, ORIGIN[1]), (ORIGIN[0] + s + 700, ORIGIN[1] + 500 + s / 10)]) for s in start]
    ends = gpd.GeoSeries(axes, crs=METRE_CRS).to_crs(4326)
    coords = np.array([line.coords for line in ends])
    new = np.array([verdict in {"new", "extended"} for verdict in _VERDICTS])
    old = np.array([verdict == "unchanged" for verdict in _VERDICTS])
    length = np.array([line.length for line in axes])
    return gpd.GeoDataFrame(
        {
            "verdict": list(_VERDICTS),
            "probability": [0.97, 0.81, 0.64, 0.55, 0.7],
            "length_m": length,
            "length_lo_m": length - 12,
            "length_hi_m": length + 12,
            "width_m": 24.0,
            "width_lo_m": 19.0,
            "width_hi_m": 29.0,
            "area_ha": length * 24 / 1e4,
            "azimuth_deg": [54.0, 50.1, 46.6, 43.3, 0.3],
            "designator": ["05/23T", "05/23T", "05/23T", "04/22T", "18/36T"],
            "end1_lon": coords[:, 0, 0],
            "end1_lat": coords[:, 0, 1],
            "end2_lon": coords[:, 1, 0],
            "end2_lat": coords[:, 1, 1],
            "mgrs": ["18NTF4435032250", "18NTF4535032250", "18NTF4635032250", "18NTF4735032250", "18NTF4835032250"],
            "snr": [14.2, 6.1, 5.0, 4.4, 9.0],
            "straightness_m": [1.8, 2.6, 3.3, 4.0, 2.0],
            "confuser": ["none", "road", "field_edge", "none", "river"],
            "reasons": [
                _REASONS,
                *["seen on both dates; would be false if it is a road"] * (count - 1),
            ],
            "last_without": [_BEFORE if flag else pd.NaT for flag in new],
            "first_with": [_AFTER if flag else _BEFORE if was else pd.NaT for flag, was in zip(new, old, strict=True)],
            "observed_share": [1.0, 1.0, 0.92, 0.41, 0.88],
            "country": "Colombia",
            "country_code": "COL",
            "admin1": ["NARIÑO", "NARIÑO", "PUTUMAYO", "PUTUMAYO", "PUTUMAYO"],
            "admin1_code": ["52", "52", "86", "86", "86"],
            "admin2": ["São João", "São João", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "Orito & Cía"],
            "admin2_code": ["52001", "52001", "86001", "86002", "86003"],
            "border_km": [12.3, 12.1, 11.9, 11.7, np.nan],
            "before_id": "before.tif",
            "after_id": "after.tif",
            "flank_ratio": 0.97,
            "evenness": 1.0,
            "beyond_end1": [0.03, np.nan, 0.1, 0.05, 0.3],
            "beyond_end2": 0.02,
            "resumes": 0.1,
            "hidden_ends": [0.0, 1.0, 0.0, 0.0, 0.0],
            "hidden_end1": ["", "cloud", "", "", ""],
            "hidden_end2": "",
            "joined": 0.0,
            "lobe": 0.01,
            "grain": 0.1,
            "bareness": 0.8,
            "contrast_before": [0.0, 9.0, 12.0, 8.0, 5.0],
            "contrast_after": [20.0, 10.0, 0.0, 0.0, 14.0],
            "contrast_noise": 1.1,
            "pixel_m": 10.0,
            "sar_darkening": [2.13, 0.04, -3.2, np.nan, np.nan],
            "aerodrome": ["unknown", "registered", "known", "", "unknown"],
            "aerodrome_name": ["Orito", "Aeródromo São João", "", "", ""],
            "aerodrome_code": ["SKOR", "SKSJ", "P-7", "", ""],
            "aerodrome_km": [14.2, 0.0, 0.03, np.nan, np.nan],
            "elevation_m": [212.4, 0.0, 3104.6, 205.0, np.nan],
            "slope_percent": [1.42, 0.04, 6.3, np.nan, np.nan],
            "slope_lo_percent": [0.95, 0.0, 5.1, np.nan, np.nan],
            "slope_hi_percent": [1.89, 0.31, 7.5, np.nan, np.nan],
            "relief_m": [9.1, 1.2, 45.0, 3.0, np.nan],
        },
        geometry=axes,
        crs=METRE_CRS,
        index=pd.Index([f"S{number:03d}" for number in range(1, count + 1)], name="strip_id"),
    )


def example_findings(*, strips: bool = True) -> Findings:
    """The tables of the example run; without strips, those of a run that found nothing."""
    table = example_strips() if strips else example_strips().iloc[:0]
    counts = [int((table["verdict"] == verdict).sum()) for verdict in _VERDICTS]
    observed = pd.DataFrame(
        {
            "level": ["all", "admin1", "admin1"],
            "code": ["", "52", "86"],
            "name": ["all", "NARIÑO", "PUTUMAYO"],
            "region_km2": [np.nan, 33268.0, 24885.0],
            "asked_km2": [64.0, 24.0, 40.0],
            "observed_km2": [51.2, 24.0, 27.2],
            "observed_share": [0.8, 1.0, 0.68],
        }
    )
    for verdict, count in zip(_VERDICTS, counts, strict=True):
        observed[verdict] = [count, min(count, 1), count - min(count, 1)]
    strip_regions = pd.DataFrame(
        {
            "strip_id": ["S001", "S001", "S002"][: 3 if strips else 0],
            "level": ["admin1"] * (3 if strips else 0),
            "code": ["52", "86", "52"][: 3 if strips else 0],
            "name": ["NARIÑO", "PUTUMAYO", "NARIÑO"][: 3 if strips else 0],
            "share": [0.7, 0.3, 1.0][: 3 if strips else 0],
        }
    )
    east, north = ORIGIN
    not_observed = gpd.GeoDataFrame(
        {"reason": ["cloud", "nodata"]},
        geometry=[
            box(east, north + 2000, east + 3000, north + 4000),
            box(east, north + 5000, east + 900, north + 6000),
        ],
        crs=METRE_CRS,
    )
    regions = gpd.GeoDataFrame(
        {"level": ["admin1", "admin1"], "code": ["52", "86"], "name": ["NARIÑO", "PUTUMAYO"]},
        geometry=[
            box(east - 500, north - 500, east + 1500, north + 7500),
            box(east + 1500, north - 500, east + 7500, north + 7500),
        ],
        crs=METRE_CRS,
    ).to_crs(4326)
    return Findings(table, strip_regions, observed, not_observed, regions, example_context(strips=strips))


def example_context(*, strips: bool = True) -> pd.DataFrame:
    """What lies around two of the strips; the first is near people."""
    rows = [
        ("S001", "rivers", "Río Guamués", 0.43, np.nan, "", np.nan),
        ("S001", "settlements", "", 3.1, np.nan, "", 3.1),
        ("S002", "parks", "La Paya", 0.0, 0.4, "", np.nan),
    ]
    table = pd.DataFrame(rows, columns=[column.name for column in STRIP_CONTEXT_COLUMNS])
    return table if strips else table.iloc[:0]


def example_record() -> RunRecord:
    """What the example run was made of."""
    before = SceneRecord(
        name="before.tif",
        sha256="a" * 64,
        size_bytes=93_942,
        acquired="2025-01-10T15:20:00Z",
        bands=("blue", "green", "red", "nir"),
        quantity="surface reflectance",
        scaling="stored x 0.0001",
        mask="before_scl.tif, Sentinel-2 SCL",
        mask_sha256="b" * 64,
        sensor="Sentinel-2A",
        product_id=None,
        processing_baseline="05.11",
        licence="contains modified Copernicus Sentinel data 2025",
        crs=METRE_CRS,
        rows=800,
        cols=800,
        pixel_m=10.0,
        synthetic=True,
        notes=(),
        sun_elevation_deg=52.44,
        sun_azimuth_deg=131.7,
        product_cloud_share=0.123,
    )
    after = dataclasses.replace(
        before,
        name="after.tif",
        sha256="c" * 64,
        acquired="2025-03-21T15:20:00Z",
        notes=("no cloud mask",),
        mask="none",
        mask_sha256=None,
    )
    pair = PairRecord(
        crs=METRE_CRS,
        metre_crs=METRE_CRS,
        transform=(10.0, 0.0, ORIGIN[0], 0.0, -10.0, ORIGIN[1] + 8000),
        rows=800,
        cols=800,
        pixel_m=10.0,
        bands=("blue", "green", "red", "nir"),
        quantity="surface reflectance",
        shift_east_m=3.1,
        shift_north_m=-2.4,
        shift_spread_m=0.6,
        shift_tiles=31,
        gain=(1.02, 0.99, 1.01, 0.97),
        offset=(0.001, 0.0, -0.002, 0.004),
        residual=(0.004, 0.005, 0.006, 0.012),
        overlap_share=1.0,
        clear_share=0.8,
        notes=("shift of 3.9 m removed",),
    )
    layers = (LayerRecord("admin1", "regions.gpkg", "d" * 64, credit="made up for tests"),)
    versions = {"colibri_geo": "0.1.0", "python": "3.11.7", "numpy": "2.4.6"}
    basis = "fitted on 40 simulated pairs, for 1 strip per 1,000 km2"
    return RunRecord(before, after, pair, layers, Settings(), versions, basis, benchmark=example_benchmark())


def example_benchmark() -> BenchmarkRecord:
    """What a benchmark measured of the detector: on two groups that a report names, and on one that it does not."""
    groups = (
        BenchmarkGroup("ordinary", 72, 2389.4, 332, Interval(0.952, 0.929, 0.968), 21, Interval(8.8, 5.9, 12.7)),
        BenchmarkGroup("quiet", 66, 2170.2, 0, None, 1, Interval(0.5, 0.0, 2.2)),
        BenchmarkGroup("made_up", 1, 30.0, 4, Interval(1.0, 0.6, 1.0), 0, Interval(0.0, 0.0, 99.9)),
    )
    return BenchmarkRecord(
        "2025-11-30", "0.1.0", "5" * 64, "report", Settings().score.min_probability, groups, Settings()
    )
