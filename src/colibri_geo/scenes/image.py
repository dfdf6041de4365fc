"""One GeoTIFF or JPEG 2000 that holds all bands: what it says of itself, judged piece by piece.

A scene needs every piece; who only wants to know what a file is gets those that are there and what is wrong with the
others.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, TypeVar

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.errors import BandError, ColibriError, RadiometryError, TooSmall, UnsupportedDtype
from colibri_geo.hashing import hash_file
from colibri_geo.scenes.backscatter import BackscatterUnit, infer_backscatter
from colibri_geo.scenes.bands import INFRARED, BandMap, map_bands, name_band
from colibri_geo.scenes.dates import DATE_OPTION, Acquisition, find_date, note_conflict
from colibri_geo.scenes.declaration import Declaration
from colibri_geo.scenes.decoding import MOST_TAG_LETTERS, Header, StoredArray, read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.georeference import note_given_crs, read_grid
from colibri_geo.scenes.maskfile import MaskFile, note_mask, open_mask
from colibri_geo.scenes.offset import SENSOR_TAGS, find_baseline
from colibri_geo.scenes.paths import is_there
from colibri_geo.scenes.sampling import sample_stored
from colibri_geo.scenes.scaling import (
    GAMMA0_DB,
    NO_INFRARED_COST,
    RELATIVE,
    RELATIVE_COST,
    SURFACE,
    TOA,
    Scaling,
    infer_scaling,
    scale_backscatter,
)
from colibri_geo.scenes.scene import Provenance, Scene
from colibri_geo.scenes.sky import Sky, gather_sky, read_cloud
from colibri_geo.scenes.storage import BandPlace, RasterSource, Storage, StoredBands

P = ParamSpec("P")
T = TypeVar("T")

MIN_SIDE_PX = 16
_SIDE_ENDINGS = (".aux.xml", ".msk", ".ovr")  # metadata, mask and overviews
_WORLD_ENDINGS = (
    ".tfw",
    ".tifw",
    ".wld",
    ".j2w",
    ".rrd",
    ".aux",
)  # places on the ground, and what else old programs keep
_LICENCE_TAGS = ("LICENCE", "LICENSE", "TIFFTAG_COPYRIGHT", "attribution")
_NO_CLOUD_COVER = 999.0
_RADAR = ("vv", "vh")
_DARK_PERCENT = 2
_LANDSAT_DARK = 5000  # of numbers as delivered, where 7273 is a reflectance of 0 and noise reaches below it
_RADAR_NOTE = "backscatter taken as terrain-corrected gamma0, as its bands say vv or vh: the file does not tell"


@dataclass(frozen=True)
class Image:
    """What one file says of itself; None where it does not, with the reason among the problems.

    Attributes
    ----------
    file : RasterFile
    header : Header
    storage : Storage
        Of all bands where they are not known.
    grid : GeoBox or None
    bands : BandMap or None
    acquired : Acquisition or None
    sky : Sky
    scaling : Scaling or None
    mask : MaskFile or None
    notes : tuple of str
        What a reader of the result has to know.
    problems : tuple of ColibriError
        Why it makes no scene, the first reason first; empty where it does.
    """

    file: RasterFile
    header: Header
    storage: Storage
    grid: GeoBox | None
    bands: BandMap | None
    acquired: Acquisition | None
    sky: Sky
    scaling: Scaling | None
    mask: MaskFile | None
    notes: tuple[str, ...]
    problems: tuple[ColibriError, ...]


@dataclass
class _Attempts:
    """Tries what may fail, and keeps why it did."""

    problems: list[ColibriError]

    def run(self, function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T | None:
        try:
            return function(*args, **named)
        except ColibriError as error:
            self.problems.append(error)
            return None


def examine_image(
    file: RasterFile,
    *,
    declared: Declaration | None = None,
    mask: RasterFile | None = None,
    acquired: str | datetime | None = None,
    date_option: str = DATE_OPTION,
    assume_crs: str | None = None,
) -> Image:
    """Read what a file says: where it is, what it holds, when it was taken, at last what its values mean.

    Parameters
    ----------
    file : RasterFile
    declared : Declaration, optional
        Which band is which, and what the values mean.
    mask : RasterFile, optional
        In Sentinel-2 SCL codes.
    acquired : str or datetime, optional
    date_option : str
        By which the user gives it, for messages.
    assume_crs : str, optional

    Returns
    -------
    Image

    Raises
    ------
    InputError, UnsafeSource
        Where the file cannot be read at all.
    """
    declared = declared or Declaration()
    header = read_header(file)
    attempts = _Attempts([])
    attempts.run(check_pixels, header, name=file.name)
    readable = not any(isinstance(problem, UnsupportedDtype) for problem in attempts.problems)
    grid = attempts.run(read_grid, header, name=file.name, assume_crs=assume_crs)
    alpha = _find_alpha(header)
    bands = attempts.run(
        map_bands,
        _describe_bands(header, alpha),
        asked=declared.bands,
        source=file.name,
        option=f"the band map {declared.name}" if declared.name else "--bands",
        alpha=alpha,
        sensors=[header.tags[tag] for tag in SENSOR_TAGS if tag in header.tags],
    )
    when = attempts.run(find_date, header.tags, acquired, option=date_option, source=file.name)
    storage = _plan_storage(file, header, bands, alpha, declared)
    sample = attempts.run(sample_stored, storage, header.rows, header.cols) if readable else None
    scaling = None
    if sample is not None and bands is not None:
        attempts.run(_check_declared, header, bands, declared, name=file.name)
        scaling = attempts.run(_find_scaling, sample, header, bands, declared=declared, name=file.name)
    mask_file = None
    if mask is not None and grid is not None:
        mask_file = attempts.run(open_mask, mask, image=grid, assume_crs=assume_crs)
    sky = _read_sky(header)
    notes = _gather_notes(file, header, when, sky, acquired=acquired, assume_crs=assume_crs, declared=declared)
    if mask_file is not None and grid is not None:
        notes += note_mask(mask_file, grid, assume_crs)
    return Image(file, header, storage, grid, bands, when, sky, scaling, mask_file, notes, tuple(attempts.problems))


def make_scene(image: Image, *, declared: Declaration | None = None, sha256: str) -> Scene:
    """Make a scene of an image that says all that a scene needs.

    Raises
    ------
    ColibriError
        The first of its problems.
    """
    if image.problems:
        raise image.problems[0]
    if image.grid is None or image.bands is None or image.acquired is None or image.scaling is None:
        raise AssertionError("what is missing stands among the problems")
    declared = declared or Declaration()
    part = StoredBands(image.storage, image.grid, image.scaling)
    places = tuple(BandPlace(0, position) for position in range(len(image.bands.names)))
    masks = () if image.mask is None else (image.mask,)
    return Scene(
        grid=image.grid,
        bands=image.bands.names,
        quantity=image.scaling.quantity,
        sensor=declared.sensor or image.header.tags.get("SENSOR"),
        acquired=image.acquired.moment,
        provenance=_describe(image, image.scaling, image.bands, declared, acquired=image.acquired, sha256=sha256),
        source=RasterSource(image.grid, (part,), places, masks),
    )


def check_pixels(header: Header, *, name: str) -> None:
    """Refuse an image that is too small, or that holds no measurements.

    Raises
    ------
    UnsupportedDtype
        Of complex numbers, or of bands of different types.
    TooSmall
    """
    kinds = set(header.dtypes)
    if len(kinds) != 1 or not header.dtypes[0].startswith(("uint", "int", "float")):
        raise UnsupportedDtype(
            f"{name}: pixels of type {', '.join(sorted(kinds))}, expected one real integer or float type; "
            "convert it first"
        )
    if min(header.rows, header.cols) < MIN_SIDE_PX:
        raise TooSmall(
            f"{name}: {header.rows} x {header.cols} px, expected {MIN_SIDE_PX} px or more a side; give a larger image"
        )


def find_licence(header: Header) -> str | None:
    """Return the licence that a file's tags state."""
    return next((header.tags[tag] for tag in _LICENCE_TAGS if header.tags.get(tag)), None)


def _read_sky(header: Header) -> Sky:
    """Return what a file's tags state of cloud; no tag that is widely used tells of the sun.

    References
    ----------
    GDAL, Raster Data Model, IMAGERY domain, https://gdal.org/user/raster_data_model.html
    """
    stated = header.tags.get("CLOUDCOVER")
    cloud = read_cloud(stated, source="CLOUDCOVER", unknown=_NO_CLOUD_COVER)
    return gather_sky(cloud=[cloud])


def is_synthetic(header: Header) -> bool:
    """Tell whether a file says that it was simulated."""
    return header.tags.get("SYNTHETIC", "").strip().lower() in {"yes", "true", "1"}


def name_layout(header: Header) -> str:
    """Name the format of a file."""
    return {"GTiff": "GeoTIFF", "JP2OpenJPEG": "JPEG 2000"}[header.driver]


def _find_alpha(header: Header) -> int | None:
    """Return the number of the alpha band, None where there is none; what a description says stands above colours."""
    texts = [text.strip().lower() for text in header.descriptions]
    if "alpha" in texts:
        return texts.index("alpha") + 1
    colours = enumerate(zip(header.colours, texts, strict=True), start=1)
    return next((number for number, (colour, text) in colours if colour == "alpha" and not name_band(text)), None)


def _describe_bands(header: Header, alpha: int | None) -> Sequence[str | None]:
    """Return the bands' descriptions; of an 8-bit picture without any that tell, its colours."""
    described = [text or None for text in header.descriptions]
    told = any(name_band(text) for number, text in enumerate(described, start=1) if number != alpha)
    if not told and header.dtypes[0] == "uint8":
        return list(header.colours)
    return described


def _plan_storage(
    file: RasterFile, header: Header, bands: BandMap | None, alpha: int | None, declared: Declaration
) -> Storage:
    nodata = header.nodata if declared.nodata is None else declared.nodata
    integers = header.dtypes[0].startswith(("uint", "int"))
    undeclared = nodata is None and alpha is None and not header.internal_mask
    every = tuple(number for number in range(1, len(header.dtypes) + 1) if number != alpha)
    return Storage(
        file=file,
        indexes=every if bands is None else bands.indexes,
        nodata=nodata or None,
        zero_is_nodata=nodata == 0 or (undeclared and integers),
        alpha=alpha,
        internal_mask=header.internal_mask,
        absent=header.absent,
    )


def _check_declared(header: Header, bands: BandMap, declared: Declaration, *, name: str) -> None:
    """Refuse what would be left aside or guessed: see the messages."""
    radar = set(bands.names) <= set(_RADAR)
    said = declared.scale is not None or declared.offset is not None
    if said and declared.quantity is None and not radar and header.dtypes[0] == "uint8":
        raise RadiometryError(
            f"{name}: scale or offset said of an 8-bit picture, expected what its values then are too: add quantity = "
            f"'{SURFACE}', '{TOA}' or '{RELATIVE}' to the band map"
        )
    if declared.quantity is not None and radar != (declared.quantity == GAMMA0_DB):
        raise RadiometryError(
            f"{name}: {declared.quantity} said of the bands {', '.join(bands.names)}, expected {GAMMA0_DB} of vv and "
            "vh and of no others; correct the band map"
        )
    scaled = any(header.scales[index - 1] != 1 or header.offsets[index - 1] != 0 for index in bands.indexes)
    if radar and (scaled or said):
        raise RadiometryError(
            f"{name}: scale or offset declared of backscatter, expected decibels or power as they are; convert it first"
        )


def _check_numbers(sample: StoredArray, header: Header, bands: BandMap, *, name: str) -> None:
    """Refuse Landsat's numbers as delivered: read as reflectance x 10000, all ground would be as bright as cloud."""
    landsat = any(header.descriptions[index - 1].upper().startswith("SR_B") for index in bands.indexes)
    if landsat and np.percentile(sample, _DARK_PERCENT) >= _LANDSAT_DARK:
        raise RadiometryError(
            f"{name}: bands called SR_B with hardly a value below {_LANDSAT_DARK:,} are Landsat Collection 2 as "
            "delivered, expected their scale; say scale = 0.0000275 and offset = -0.2 in a band map (TOML)"
        )


def _find_unit(sample: StoredArray, bands: BandMap, name: str) -> BackscatterUnit | None:
    radar = [band for band in bands.names if band in _RADAR]
    if not radar:
        return None
    if len(radar) < len(bands.names):
        raise BandError(
            f"{name}: bands {', '.join(bands.names)} mix radar with light, expected one of the two in an image; "
            "say which to use with --bands"
        )
    return infer_backscatter(sample, bands=bands.names, source=name)


def _find_scaling(
    sample: StoredArray,
    header: Header,
    bands: BandMap,
    *,
    declared: Declaration,
    name: str,
) -> Scaling:
    count = len(bands.indexes)
    unit = _find_unit(sample, bands, name)
    if unit is not None:
        return scale_backscatter(unit, bands=count)
    said = declared.scale is not None or declared.offset is not None
    if not said and all(header.scales[index - 1] == 1 for index in bands.indexes):
        _check_numbers(sample, header, bands, name=name)
    scale = 1.0 if declared.scale is None else declared.scale
    scaling = infer_scaling(
        sample,
        tags=header.tags,
        scales=[scale] * count if said else [header.scales[index - 1] for index in bands.indexes],
        offsets=[declared.offset or 0.0] * count if said else [header.offsets[index - 1] for index in bands.indexes],
        source=name,
        bands=bands.names,
        said=said,
    )
    return scaling if declared.quantity is None else dataclasses.replace(scaling, quantity=declared.quantity)


def _gather_notes(
    file: RasterFile,
    header: Header,
    when: Acquisition | None,
    sky: Sky,
    *,
    acquired: str | datetime | None,
    assume_crs: str | None,
    declared: Declaration,
) -> tuple[str, ...]:
    notes = list(note_given_crs([header], assume_crs))
    if acquired is not None and when is not None:
        notes.append(
            f"its day was given by the user, {when}, without a time"
            if when.day_alone
            else f"its acquisition time was given by the user, {when}"
        )
    elif when is not None and (conflict := note_conflict(file.name, when.moment)):
        notes.append(conflict)
    if declared.bands is not None:
        told = f"the band map {declared.name}" if declared.name else "the user"
        notes.append(f"its bands were named by {told}: {declared.bands[:120]}")
    if header.further_images:
        notes.append("the file holds further images: the first was used")
    if header.lost_nodata:
        notes.append(f"its nodata value {header.lost_nodata!r} is none that its pixels can have: it was ignored")
    cut = [name[:40] for name, text in header.tags.items() if len(text) >= MOST_TAG_LETTERS]
    if cut:
        notes.append(f"of its tags {', '.join(cut[:5])}, the first {MOST_TAG_LETTERS:,} letters were read")
    return (*notes, *sky.notes, *_note_side_files(file))


def _note_side_files(file: RasterFile) -> Iterator[str]:
    """Name the files beside an image that other programs would read along with it, and that say what it does not."""
    if file.member:
        return
    beside = [file.path.with_name(f"{file.name}{ending}") for ending in _SIDE_ENDINGS]
    for side in (*beside, *(file.path.with_suffix(ending) for ending in _WORLD_ENDINGS)):
        if side != file.path and is_there(side):
            yield f"the side file {side.name} beside it was ignored (SHA-256 {hash_file(side)})"


def _describe(
    image: Image, scaling: Scaling, bands: BandMap, declared: Declaration, *, acquired: Acquisition, sha256: str
) -> Provenance:
    tags, mask = image.header.tags, image.mask
    radar = scaling.quantity == GAMMA0_DB
    notes = [*image.notes, *scaling.notes]
    if scaling.quantity == RELATIVE:
        notes.append(RELATIVE_COST)
    if radar:
        notes.append(_RADAR_NOTE)
    elif not set(bands.names) & set(INFRARED):
        notes.append(NO_INFRARED_COST)
    return Provenance(
        path=image.file.path,
        sha256=sha256,
        size_bytes=image.file.path.stat().st_size,
        scaling=scaling.text,
        mask="none" if mask is None else f"{mask.file.name}, Sentinel-2 SCL",
        mask_path=None if mask is None else mask.file.path,
        product_id=tags.get("PRODUCT_ID"),
        processing_baseline=tags.get("PROCESSING_BASELINE") or find_baseline(tags.get("PRODUCT_ID"), image.file.name),
        licence=declared.licence or find_licence(image.header),
        synthetic=is_synthetic(image.header),
        layout=name_layout(image.header),
        offset=scaling.offset,
        notes=tuple(notes),
        sky=image.sky,
        day_alone=acquired.day_alone,
    )
