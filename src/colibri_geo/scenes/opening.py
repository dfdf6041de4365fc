"""Open an image as a scene: find out where, when and what it shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.enums import ColorInterp, MaskFlags

from colibri_geo.errors import InputError, IntegrityError, NotAFile, TooSmall, UnsupportedFormat
from colibri_geo.hashing import hash_file
from colibri_geo.scenes.bands import BandMap, map_bands, name_band
from colibri_geo.scenes.dates import find_date
from colibri_geo.scenes.decoding import open_unjudged
from colibri_geo.scenes.directory import ImageDirectory, read_directory
from colibri_geo.scenes.georeference import names_crs, read_grid
from colibri_geo.scenes.geotiff import GeoTiffSource, Storage
from colibri_geo.scenes.maskfile import MaskFile, open_mask
from colibri_geo.scenes.sampling import sample_stored
from colibri_geo.scenes.scaling import NO_INFRARED_COST, RELATIVE, RELATIVE_COST, Scaling, infer_scaling
from colibri_geo.scenes.scene import Provenance, Scene

_MIN_SIDE_PX = 16
_LICENCE_TAGS = ("LICENCE", "LICENSE", "TIFFTAG_COPYRIGHT", "attribution")
_INFRARED = ("nir", "swir16", "swir22")


def open_scene(
    path: str | Path,
    *,
    bands: str | None = None,
    mask: str | Path | None = None,
    acquired: str | datetime | None = None,
    assume_crs: str | None = None,
) -> Scene:
    """Open a GeoTIFF or COG as a scene; pixels are read later, by window.

    Parameters
    ----------
    path : str or Path
    bands : str, optional
        ``blue=1,green=2,red=3,nir=4``, or names alone; see `colibri_geo.scenes.bands.map_bands`. By default the band
        descriptions tell.
    mask : str or Path, optional
        Scene classification in Sentinel-2 SCL codes, on any grid. By default ``NAME_scl.tif`` beside ``NAME.tif``,
        where there is one. An internal mask, an alpha band and nodata are honoured always.
    acquired : str or datetime, optional
        Acquisition time, UTC; by default the tags ACQUISITIONDATETIME or TIFFTAG_DATETIME tell.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for a file that names none.

    Returns
    -------
    Scene

    Raises
    ------
    InputError
        Not a file, not a GeoTIFF, damaged, too large, too small, without a measured pixel; the same of the mask.
    GeoreferenceError
        No CRS, rotated, not orthorectified.
    BandError, DateError, RadiometryError
        Bands, time or scaling unknown.
    NoOverlap
        The mask lies elsewhere.
    """
    path = _find_file(path)
    directory = read_directory(path)
    with open_unjudged(path) as dataset:
        facts = _read_facts(dataset, directory, bands=bands, acquired=acquired, assume_crs=assume_crs)
    mask_path = _find_mask(path, mask)
    mask_file = None if mask_path is None else open_mask(mask_path, image=facts.grid, assume_crs=assume_crs)
    source = GeoTiffSource(path, facts.grid, facts.storage, facts.scaling, mask_file)
    provenance = _describe_provenance(path, facts, mask_file)
    return Scene(
        grid=facts.grid,
        bands=facts.bands.names,
        quantity=facts.scaling.quantity,
        sensor=facts.tags.get("SENSOR"),
        acquired=facts.acquired,
        provenance=provenance,
        source=source,
    )


@dataclass(frozen=True)
class _Facts:
    """What a file says of itself.

    Attributes
    ----------
    notes : tuple of str
        What a reader of the result has to know.
    """

    grid: GeoBox
    bands: BandMap
    acquired: datetime
    tags: Mapping[str, str]
    storage: Storage
    scaling: Scaling
    notes: tuple[str, ...]


def _read_facts(
    dataset: rasterio.DatasetReader,
    directory: ImageDirectory,
    *,
    bands: str | None,
    acquired: str | datetime | None,
    assume_crs: str | None,
) -> _Facts:
    """Read what a file says: where it is, what it holds, when it was taken, at last what its values mean."""
    name = directory.name
    _check_pixels(dataset, name)
    grid = read_grid(dataset, name=name, epsg=directory.epsg, assume_crs=assume_crs)
    alpha = _find_alpha(dataset)
    found = map_bands(_describe_bands(dataset, alpha), asked=bands, source=name, alpha=alpha)
    tags = {**dataset.tags(ns="IMAGERY"), **dataset.tags()}
    when = find_date(tags, acquired, source=name)
    storage = _describe_storage(dataset, directory, found.indexes, alpha)
    scaling = infer_scaling(
        sample_stored(dataset, storage, name=name),
        tags=tags,
        scales=[dataset.scales[index - 1] for index in found.indexes],
        offsets=[dataset.offsets[index - 1] for index in found.indexes],
        source=name,
    )
    notes = []
    if not names_crs(dataset):
        notes.append(f"its coordinate reference system was given, {assume_crs}: the file names none that is known")
    if acquired is not None:
        notes.append(
            f"its acquisition time was given by the user, {when:%Y-%m-%dT%H:%MZ} (a date alone counts from 00:00)"
        )
    if bands is not None:
        notes.append(f"its bands were named by the user: {bands[:120]}")
    if dataset.subdatasets:
        notes.append("the file holds further images: the first was used")
    return _Facts(grid, found, when, tags, storage, scaling, tuple(notes))


def _check_pixels(dataset: rasterio.DatasetReader, name: str) -> None:
    if min(dataset.shape) < _MIN_SIDE_PX:
        raise TooSmall(
            f"{name}: {dataset.height} x {dataset.width} px, expected {_MIN_SIDE_PX} px or more a side; "
            "give a larger image"
        )
    kinds = set(dataset.dtypes)
    if len(kinds) != 1 or np.dtype(dataset.dtypes[0]).kind not in "iuf":
        raise UnsupportedFormat(
            f"{name}: pixels of type {', '.join(sorted(kinds))}, expected one real integer or float type; "
            "convert it first"
        )


def _find_alpha(dataset: rasterio.DatasetReader) -> int | None:
    """Return the number of the alpha band, None where there is none; what a description says stands above colours."""
    texts = [(text or "").strip().lower() for text in dataset.descriptions]
    if "alpha" in texts:
        return texts.index("alpha") + 1
    colours = enumerate(zip(dataset.colorinterp, texts, strict=True), start=1)
    return next((n for n, (colour, text) in colours if colour == ColorInterp.alpha and not name_band(text)), None)


def _describe_bands(dataset: rasterio.DatasetReader, alpha: int | None) -> Sequence[str | None]:
    """Return the bands' descriptions; of an 8-bit picture without any that tell, its colours."""
    described = list(dataset.descriptions)
    told = any(name_band(text) for number, text in enumerate(described, start=1) if number != alpha)
    if not told and np.dtype(dataset.dtypes[0]) == np.uint8:
        return [colour.name for colour in dataset.colorinterp]
    return described


def _describe_storage(
    dataset: rasterio.DatasetReader, directory: ImageDirectory, indexes: tuple[int, ...], alpha: int | None
) -> Storage:
    nodata = dataset.nodata
    integers = np.dtype(dataset.dtypes[0]).kind in "iu"
    flags = dataset.mask_flag_enums[0]
    internal_mask = MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags
    undeclared = nodata is None and alpha is None and not internal_mask
    return Storage(
        indexes=indexes,
        nodata=nodata or None,
        zero_is_nodata=nodata == 0 or (undeclared and integers),
        alpha=alpha,
        internal_mask=internal_mask,
        absent=directory.find_absent(),
    )


def _describe_provenance(path: Path, facts: _Facts, mask: MaskFile | None) -> Provenance:
    tags = facts.tags
    notes = list(facts.notes)
    if facts.scaling.quantity == RELATIVE:
        notes.append(RELATIVE_COST)
    if not set(facts.bands.names) & set(_INFRARED):
        notes.append(NO_INFRARED_COST)
    if mask is None:
        notes.append("no cloud mask: clouds and their shadows count as observed ground")
    return Provenance(
        path=path,
        sha256=_check_hash(path),
        size_bytes=path.stat().st_size,
        scaling=facts.scaling.text,
        mask="none" if mask is None else f"{mask.path.name}, Sentinel-2 SCL",
        mask_path=None if mask is None else mask.path,
        product_id=tags.get("PRODUCT_ID"),
        processing_baseline=tags.get("PROCESSING_BASELINE"),
        licence=next((tags[tag] for tag in _LICENCE_TAGS if tags.get(tag)), None),
        synthetic=tags.get("SYNTHETIC", "").strip().lower() in {"yes", "true", "1"},
        notes=tuple(notes),
    )


def _find_file(given: str | Path) -> Path:
    path = Path(given)
    try:
        what = "is a folder" if path.is_dir() else "does not exist" if not path.exists() else "is not a regular file"
        if path.is_file():
            path.open("rb").close()
            return path
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
    raise NotAFile(f"{path}: {what}, expected an image or mask file; check the path")


def _find_mask(path: Path, given: str | Path | None) -> Path | None:
    if given is not None:
        return _find_file(given)
    endings = [f"{ending}{suffix}" for suffix in (path.suffix, ".tif") for ending in ("_scl", "_SCL")]
    beside = (path.with_name(f"{path.stem}{ending}") for ending in endings)
    return next((candidate for candidate in beside if candidate.is_file()), None)


def _check_hash(path: Path) -> str:
    """Return the SHA-256 of a file; where a ``.sha256`` file beside it says another, the content is not what it was."""
    digest = hash_file(path)
    beside = path.with_name(f"{path.name}.sha256")
    if beside.is_file():
        with beside.open("rb") as file:
            said = re.match(rb"\s*([0-9a-fA-F]{64})\b", file.read(4096))
        if said is None:
            raise InputError(
                f"{beside.name}: no SHA-256 in it, expected 64 hexadecimal digits; correct or remove the file"
            )
        if said[1].decode().lower() != digest:
            raise IntegrityError(
                f"{path.name}: its SHA-256 begins with {digest[:12]}, expected {said[1].decode().lower()[:12]} "
                f"({beside.name}); it was changed or damaged, fetch it again"
            )
    return digest
