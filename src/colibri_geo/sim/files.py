"""A simulated pair as files: images, masks, truth."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS, Geod, Transformer
from rasterio.transform import Affine

from colibri_geo.errors import OutputError, OutputExists
from colibri_geo.scenes.paths import is_utf8
from colibri_geo.sim.ground import CodeArray
from colibri_geo.sim.pairs import SimulatedPair, TruthStrip, simulate_pair
from colibri_geo.sim.rasters import create_raster
from colibri_geo.sim.series import SimulatedSeries, TruthLife, simulate_series
from colibri_geo.sim.spec import SceneSpec
from colibri_geo.sim.spectra import FloatArray
from colibri_geo.writing import OVERWRITE, output_errors

StoredArray = np.ndarray[Any, np.dtype[np.uint16]]

LICENCE = "CC0-1.0"
PER_UNIT = 10_000
"""What files hold is reflectance times this."""
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


def write_series(series: SimulatedSeries, directory: Path, name: str, *, licence: str = LICENCE) -> tuple[Path, ...]:
    """Write all images of a series, their masks and the truth.

    Parameters
    ----------
    series : SimulatedSeries
    directory : Path
        Exists; files in it are replaced.
    name : str
        Start of the file names: ``NAME_01.tif``, ``NAME_01_scl.tif`` and so on, ``NAME_truth.geojson``.
    licence : str
        Written into the images.

    Returns
    -------
    tuple of Path
        The files written; the same bytes for the same series.
    """
    paths = tuple(directory / f"{name}_{part}" for part in series_files(len(series.acquisitions)))
    for date, taken in enumerate(series.acquisitions):
        _write_image(paths[2 * date], taken.values, series.spec, date, licence)
        _write_mask(paths[2 * date + 1], taken.scl, series.spec)
    paths[-1].write_bytes(format_lives(series).encode())
    return paths


def series_files(dates: int) -> tuple[str, ...]:
    """Return the ends of the names that `write_series` gives."""
    images = [f"{date:02d}{part}.tif" for date in range(1, dates + 1) for part in ("", "_scl")]
    return (*images, "truth.geojson")


def write_scene(spec: SceneSpec, directory: str | Path, name: str, *, overwrite: bool = False) -> tuple[Path, ...]:
    """Simulate a scene and write it into a folder: all of its files, or none.

    Parameters
    ----------
    spec : SceneSpec
    directory : str or Path
        Made where it is missing; other files in it stay.
    name : str
        Start of the file names; see `write_pair`, or `write_series` for more than two dates.
    overwrite : bool
        Whether files of the scene that are there are replaced.

    Returns
    -------
    tuple of Path

    Raises
    ------
    SettingsError, BandError
        Where the spec cannot be rendered.
    OutputExists
        Files of the scene are there already.
    OutputError
        The folder cannot be written.
    """
    ends = series_files(len(spec.looks)) if spec.later else pair_files()
    names = tuple(f"{name}_{end}" for end in ends)

    def write(folder: Path) -> None:
        if spec.later:
            write_series(simulate_series(spec), folder, name)
        else:
            write_pair(simulate_pair(spec), folder, name)

    return publish(Path(directory), names, write, overwrite=overwrite)


def publish(
    directory: Path, names: Sequence[str], write: Callable[[Path], object], *, overwrite: bool
) -> tuple[Path, ...]:
    """Write files into a folder: all of them, or none.

    Parameters
    ----------
    directory : Path
        Made where it is missing; other files in it stay.
    names : sequence of str
        What `write` writes into the folder that it is given.
    write : callable
    overwrite : bool
        Whether files of these names that are there are replaced.

    Returns
    -------
    tuple of Path

    Raises
    ------
    OutputExists
        Files of these names are there already.
    OutputError
        The folder cannot be written.
    """
    with output_errors(directory):
        _check_free(directory, names, overwrite=overwrite)
        with _made_folders(directory), tempfile.TemporaryDirectory(dir=directory, prefix=".simulated-") as staging:
            write(Path(staging))
            for name in names:
                (Path(staging) / name).replace(directory / name)
    return tuple(directory / name for name in names)


def _check_free(directory: Path, names: Sequence[str], *, overwrite: bool) -> None:
    there = [name for name in names if (directory / name).exists()]
    if there and not overwrite:
        raise OutputExists(f"{directory}: holds {there[0]} already; give another folder, or {OVERWRITE}")
    folders = [name for name in there if not (directory / name).is_file()]
    if folders:
        raise OutputError(f"{directory}: {folders[0]} is not a file, expected one to replace; give another folder")
    if not is_utf8(str(directory)):
        raise OutputError(f"{directory}: its name is no text in UTF-8, expected one that is; name another")


@contextmanager
def _made_folders(folder: Path) -> Iterator[None]:
    """Make a folder and those above it; whatever ends the work leaves none of them behind empty."""
    made = [place for place in (folder, *folder.parents) if not place.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with suppress(OSError):
            for place in made:
                place.rmdir()
        raise


def pair_files() -> tuple[str, ...]:
    """Return the ends of the names that `write_pair` gives."""
    return "before.tif", "before_scl.tif", "after.tif", "after_scl.tif", "truth.geojson"


def format_truth(pair: SimulatedPair) -> str:
    """Return the planted strips of a pair as GeoJSON (RFC 7946), lengths and azimuths on the WGS 84 ellipsoid."""
    return format_strips(pair.truth, pair.spec.crs)


def format_strips(strips: Sequence[TruthStrip], crs: str) -> str:
    """Return planted strips, which lie in the metre system `crs`, as `format_truth` does."""
    to_lonlat = Transformer.from_crs(CRS.from_user_input(crs), 4326, always_xy=True)
    features = [_truth_feature(strip, to_lonlat) for strip in strips]
    collection = {"type": "FeatureCollection", "synthetic": True, "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1) + "\n"


def format_lives(series: SimulatedSeries) -> str:
    """Return the strips of a series as GeoJSON (RFC 7946), with what each is like on each date."""
    to_lonlat = Transformer.from_crs(CRS.from_user_input(series.spec.crs), 4326, always_xy=True)
    dates = [look.acquired.strftime("%Y-%m-%dT%H:%M:%SZ") for look in series.spec.looks]
    features = [_life_feature(life, to_lonlat) for life in series.truth]
    collection = {"type": "FeatureCollection", "synthetic": True, "acquired": dates, "features": features}
    return json.dumps(collection, ensure_ascii=False, indent=1) + "\n"


def _life_feature(life: TruthLife, to_lonlat: Transformer) -> dict[str, object]:
    feature = _truth_feature(life.strip, to_lonlat)
    whole = feature["properties"]
    kept = {key: value for key, value in whole.items() if key not in {"verdict", "observable", "observed_share"}}
    by_date = {
        "present": list(life.present),
        "contrasts": [round(contrast, 3) for contrast in life.contrasts],
        "observed_shares": [round(share, 3) for share in life.observed_shares],
    }
    return {**feature, "properties": kept | by_date}


def _truth_feature(strip: TruthStrip, to_lonlat: Transformer) -> dict[str, Any]:
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
    stored = to_stored(values)
    profile = image_profile(spec) | {"count": len(stored), "dtype": "uint16", "nodata": 0, "predictor": 2}
    with create_raster(path, **profile) as dataset:
        dataset.write(stored)
        dataset.descriptions = spec.bands
        dataset.update_tags(**image_tags(spec, date, licence))


def _write_mask(path: Path, scl: CodeArray, spec: SceneSpec) -> None:
    with create_raster(path, **image_profile(spec), count=1, dtype="uint8") as dataset:
        dataset.write(scl, 1)
        dataset.descriptions = ("SCL",)
        dataset.update_tags(SYNTHETIC="yes")


def to_stored(values: FloatArray) -> StoredArray:
    """Return reflectance as files hold it: (B, M, N) ndarray of uint16, 0 where nothing was measured."""
    stored: StoredArray = np.clip(np.rint(values * PER_UNIT), 1, 65_535).astype(np.uint16)
    stored[:, (values == 0).all(axis=0)] = 0
    return stored


def image_tags(spec: SceneSpec, date: int, licence: str) -> dict[str, str]:
    """Return the tags of an image of one date."""
    return {
        "TIFFTAG_DATETIME": spec.looks[date].acquired.strftime("%Y:%m:%d %H:%M:%S"),
        "TIFFTAG_IMAGEDESCRIPTION": "Synthetic image: no satellite took it, nothing in it is real.",
        "LICENCE": licence,
        "SENSOR": "synthetic",
        "SYNTHETIC": "yes",
    }


def image_profile(spec: SceneSpec) -> dict[str, Any]:
    """Return how the file of an image or mask of a scene is laid out: grid, blocks, compression."""
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
