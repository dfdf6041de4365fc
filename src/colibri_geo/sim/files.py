"""A simulated pair as files: images, masks, truth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import rasterio
from pyproj import CRS, Geod, Transformer
from rasterio.transform import Affine

from colibri_geo.sim.ground import CodeArray
from colibri_geo.sim.pairs import SimulatedPair, TruthStrip
from colibri_geo.sim.spec import SceneSpec
from colibri_geo.sim.spectra import FloatArray

LICENCE = "CC0-1.0"
_PER_UNIT = 10_000
_BLOCK_PX = 128


def write_pair(pair: SimulatedPair, directory: Path, name: str, *, licence: str = LICENCE) -> tuple[Path, ...]:
    """Write both images of a pair, their masks and the truth.

    Parameters
    ----------
    pair : SimulatedPair
    directory : Path
        Exists; files in it are replaced.
    name : str
        Start of the file names: ``NAME_before.tif``, ``NAME_before_scl.tif``, ``NAME_after.tif``,
        ``NAME_after_scl.tif``, ``NAME_truth.geojson``.
    licence : str
        Written into the images.

    Returns
    -------
    tuple of Path
        The files written; the same bytes for the same pair.
    """
    paths = tuple(directory / f"{name}_{part}" for part in pair_files())
    for date, (values, scl) in enumerate(((pair.before, pair.before_scl), (pair.after, pair.after_scl))):
        _write_image(paths[2 * date], values, pair.spec, date, licence)
        _write_mask(paths[2 * date + 1], scl, pair.spec)
    paths[-1].write_bytes(format_truth(pair).encode())
    return paths


def pair_files() -> tuple[str, ...]:
    """Return the ends of the names that `write_pair` gives."""
    return "before.tif", "before_scl.tif", "after.tif", "after_scl.tif", "truth.geojson"


def format_truth(pair: SimulatedPair) -> str:
    """Return the planted strips of a pair as GeoJSON (RFC 7946), lengths and azimuths on the WGS 84 ellipsoid."""
    to_lonlat = Transformer.from_crs(CRS.from_user_input(pair.spec.crs), 4326, always_xy=True)
    features = [_truth_feature(strip, to_lonlat) for strip in pair.truth]
    collection = {"type": "FeatureCollection", "synthetic": True, "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1) + "\n"


def _truth_feature(strip: TruthStrip, to_lonlat: Transformer) -> dict[str, object]:
    (lon1, lat1), (lon2, lat2) = (to_lonlat.transform(*end) for end in (strip.end1, strip.end2))
    azimuth, _, length = Geod(ellps="WGS84").inv(lon1, lat1, lon2, lat2)
    return {
        "type": "Feature",
        "id": strip.strip_id,
        "geometry": {"type": "LineString", "coordinates": [_degrees(lon1, lat1), _degrees(lon2, lat2)]},
        "properties": {
            "strip_id": strip.strip_id,
            "kind": strip.kind,
            "verdict": strip.verdict,
            "observable": strip.observable,
            "observed_share": round(strip.observed_share, 3),
            "length_m": round(length, 1),
            "width_m": round(strip.width_m, 1),
            "azimuth_deg": round(azimuth % 180.0, 2) % 180.0,
            "surface": strip.surface,
            "contrast": round(strip.contrast, 2),
        },
    }


def _degrees(lon: float, lat: float) -> list[float]:
    return [round(lon, 7), round(lat, 7)]


def _write_image(path: Path, values: FloatArray, spec: SceneSpec, date: int, licence: str) -> None:
    stored = np.clip(np.rint(values * _PER_UNIT), 1, 65_535).astype(np.uint16)
    tags = {
        "TIFFTAG_DATETIME": spec.looks[date].acquired.strftime("%Y:%m:%d %H:%M:%S"),
        "TIFFTAG_IMAGEDESCRIPTION": "Synthetic image: no satellite took it, nothing in it is real.",
        "LICENCE": licence,
        "SENSOR": "synthetic",
        "SYNTHETIC": "yes",
    }
    profile = _profile(spec) | {"count": len(stored), "dtype": "uint16", "nodata": 0, "predictor": 2}
    with rasterio.open(path, "w", **profile) as dataset:
        dataset.write(stored)
        dataset.descriptions = spec.bands
        dataset.update_tags(**tags)


def _write_mask(path: Path, scl: CodeArray, spec: SceneSpec) -> None:
    with rasterio.open(path, "w", **_profile(spec), count=1, dtype="uint8") as dataset:
        dataset.write(scl, 1)
        dataset.descriptions = ("SCL",)
        dataset.update_tags(SYNTHETIC="yes")


def _profile(spec: SceneSpec) -> dict[str, object]:
    top_m = spec.bottom_m + spec.rows * spec.pixel_m
    return {
        "driver": "GTiff",
        "height": spec.rows,
        "width": spec.cols,
        "crs": spec.crs,
        "transform": Affine(spec.pixel_m, 0.0, spec.left_m, 0.0, -spec.pixel_m, top_m),
        "tiled": True,
        "blockxsize": _BLOCK_PX,
        "blockysize": _BLOCK_PX,
        "interleave": "band",
        "compress": "deflate",
        "zlevel": 9,
    }
