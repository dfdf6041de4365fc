"""The only place where GDAL reads pixels: one file, one driver chosen by its first bytes, no side files.

What it gives is plain values, so that either function can run in a process of its own (`colibri_geo.isolation`). In a
hardened process GDAL keeps the decoded blocks that will be asked for again, and no more.
"""

from __future__ import annotations

import math
import os
import threading
import warnings
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import rasterio
from affine import Affine
from rasterio._err import CPLE_BaseError  # what its attributes raise as it comes from GDAL: it has no public name
from rasterio.enums import Interleaving, MaskFlags
from rasterio.env import setenv
from rasterio.errors import CRSError, NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window as RasterioWindow

from colibri_geo.core.windows import Window
from colibri_geo.errors import CorruptInput, InputTooLarge, NotAFile, UnsupportedFormat
from colibri_geo.hardening import CACHE
from colibri_geo.isolation import Lost, call
from colibri_geo.scenes.directory import AbsentBlocks, read_directory
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.jpeg2000 import is_jpeg2000, read_codestream

StoredArray = np.ndarray[Any, np.dtype[Any]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]

_OPTIONS = {
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_PAM_ENABLED": "NO",
    "GDAL_GEOREF_SOURCES": "INTERNAL",
    "GDAL_NUM_THREADS": "1",  # those that decode tiles of JPEG 2000 ahead leave zeros where they fail, in silence
}
MOST_TAG_LETTERS = 4096
RESULT_TAG = "COLIBRI_GEO_RESULT"
"""Of rasters that a run writes: what they hold, in a few words."""
_OPEN_FILES = 16  # a product's bands and masks
_LEAST_KEPT = 96 * 2**20  # bytes of blocks: the small windows of a survey are read again too
_BESIDE_BLOCK = 256  # bytes that GDAL counts for a block beside its pixels, and a few more


@dataclass(frozen=True)
class Header:
    """What a raster says of itself, in plain values.

    Attributes
    ----------
    driver : str
        ``GTiff`` or ``JP2OpenJPEG``.
    rows, cols : int
    dtypes : tuple of str
        One a band, as are descriptions, colours, scales, offsets and units.
    descriptions : tuple of str
        Empty where there is none.
    colours : tuple of str
        Colour interpretations, in lower case.
    nodata : float or None
    lost_nodata : str
        What the file gives for it where that is no value that its pixels can have; else empty.
    scales, offsets : tuple of float
        1 and 0 where none is declared.
    units : tuple of str
        Empty where none is declared.
    tags : Mapping of str to str
        Longer ones are cut to 4,096 letters.
    transform : Affine
        The identity where the file names no place.
    crs_wkt : str or None
    epsg : int or None
        Code that a TIFF gives for its coordinate reference system, known or not.
    control_points, sensor_model : bool
        Whether it has ground control points, or coefficients of a sensor model (RPC), instead of a grid.
    internal_mask : bool
    further_images : bool
        Whether the file holds more than one image.
    absent : AbsentBlocks or None
        Blocks that a TIFF leaves out.
    """

    driver: str
    rows: int
    cols: int
    dtypes: tuple[str, ...]
    descriptions: tuple[str, ...]
    colours: tuple[str, ...]
    nodata: float | None
    lost_nodata: str
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    units: tuple[str, ...]
    tags: Mapping[str, str]
    transform: Affine
    crs_wkt: str | None
    epsg: int | None
    control_points: bool
    sensor_model: bool
    internal_mask: bool
    further_images: bool
    absent: AbsentBlocks | None


@dataclass(frozen=True)
class Decoded:
    """Stored pixels of a window.

    Attributes
    ----------
    values : (B, M, N) ndarray of the file's dtype
    masked : (M, N) ndarray of bool or None
        Pixels that the file's internal mask leaves out, where it was asked for.
    """

    values: StoredArray
    masked: BoolArray | None = None


def read_header(file: RasterFile) -> Header:
    """Judge a raster by its own structure, then let GDAL read its header.

    Raises
    ------
    UnsupportedFormat, UnsafeSource
        Neither a GeoTIFF nor a JPEG 2000 by its first bytes, or a raster that a run wrote.
    CorruptInput, InputTooLarge, NoValidData
        Damaged, cut short, beyond the limits, or without a block of pixels.
    """
    with _lost_in_words(file):
        header = call(_read_header, file)
    if RESULT_TAG in header.tags:
        raise UnsupportedFormat(
            f"{file.name}: written by a run ({header.tags[RESULT_TAG][:60]}), expected an image, a mask or an "
            "elevation model; give what the run was made from"
        )
    return header


def decode(file: RasterFile, indexes: Sequence[int], window: Window, *, masked: bool = False) -> Decoded:
    """Read stored values of a window that lies inside the image.

    Parameters
    ----------
    file : RasterFile
        That `read_header` has passed.
    indexes : sequence of int
        Band numbers, from 1.
    window : Window
    masked : bool
        Whether to read the internal mask too.

    Raises
    ------
    CorruptInput
        Where GDAL fails.
    NotAFile
        Where the file has gone away since.
    """
    with _lost_in_words(file):
        return call(_decode, file, tuple(indexes), window, masked)


@contextmanager
def _lost_in_words(file: RasterFile) -> Iterator[None]:
    try:
        yield
    except Lost as error:
        raise CorruptInput(
            f"{file.name}: decoding it {error}; the file is damaged or made to do so, fetch it again"
        ) from error
    except MemoryError as error:
        raise InputTooLarge(
            f"{file.name}: decoding it takes more memory than there is, expected blocks of 256 MiB or less; "
            "cut it into smaller tiles"
        ) from error


def _read_header(file: RasterFile) -> Header:
    with file.open() as content:
        jpeg2000 = is_jpeg2000(content.read(12))
    directory = None if jpeg2000 else read_directory(file)
    if jpeg2000:
        read_codestream(file)
    absent = None if directory is None else directory.find_absent()
    with _open(file) as opened:
        dataset = opened.dataset
        flags = dataset.mask_flag_enums[0]
        return Header(
            driver=dataset.driver,
            rows=dataset.height,
            cols=dataset.width,
            dtypes=tuple(dataset.dtypes),
            descriptions=tuple((text or "")[:MOST_TAG_LETTERS] for text in dataset.descriptions),
            colours=tuple(colour.name for colour in dataset.colorinterp),
            nodata=None if dataset.nodata is None else float(dataset.nodata),
            lost_nodata=directory.nodata if directory is not None and dataset.nodata is None else "",
            scales=tuple(float(scale) for scale in dataset.scales),
            offsets=tuple(float(offset) for offset in dataset.offsets),
            units=tuple((unit or "")[:MOST_TAG_LETTERS] for unit in dataset.units),
            tags=_cut({**dataset.tags(ns="IMAGERY"), **dataset.tags()}),
            transform=dataset.transform,
            crs_wkt=dataset.crs.to_wkt() if dataset.crs else None,
            epsg=None if directory is None else directory.epsg,
            control_points=bool(dataset.gcps[0]),
            sensor_model=dataset.rpcs is not None,
            internal_mask=not flags or (MaskFlags.per_dataset in flags and MaskFlags.alpha not in flags),
            further_images=bool(dataset.subdatasets),
            absent=absent,
        )


def _decode(file: RasterFile, indexes: tuple[int, ...], window: Window, masked: bool) -> Decoded:  # noqa: FBT001 - sent to another process by position
    place = RasterioWindow(window.col, window.row, window.cols, window.rows)
    with _open(file) as opened:
        _keep_blocks(opened, len(indexes) + masked, max(window.rows, window.cols))
        values: StoredArray = opened.dataset.read(list(indexes), window=place)
        return Decoded(values, _read_mask(opened.dataset, indexes, place) if masked else None)


def _read_mask(dataset: rasterio.DatasetReader, indexes: tuple[int, ...], place: RasterioWindow) -> BoolArray:
    """Read which pixels the internal mask leaves out; where each band has its own, those that lack any of them."""
    own = not dataset.mask_flag_enums[0]
    masks: StoredArray = dataset.read_masks(list(indexes) if own else [1], window=place)
    left_out: BoolArray = (masks == 0).any(axis=0)
    return left_out


@dataclass
class _OpenFile:
    """A file that GDAL has open, and the bytes of its blocks that are worth keeping."""

    dataset: rasterio.DatasetReader
    worth: int = 0


class _OpenFiles(threading.local):
    """Files of one thread that GDAL has open, the oldest first: opening one anew loses the blocks it had decoded."""

    def __init__(self) -> None:
        self.kept: OrderedDict[tuple[int, str, int, int], _OpenFile] = OrderedDict()


_open_files = _OpenFiles()


def _keep_blocks(opened: _OpenFile, bands: int, side_px: int) -> None:
    """Let GDAL keep, of each open file, the blocks of a square as wide as the widest window that was asked for.

    A cell is read in rows as wide as it is, and then once more, place by place. What its blocks take is the file's
    matter: some more pixels than it has in small tiles, all of the image's columns in strips.
    """
    if os.environ.get("GDAL_CACHEMAX") != CACHE["GDAL_CACHEMAX"]:  # another program's process, or its user's choice
        return
    opened.worth = max(opened.worth, _measure_blocks(opened.dataset, bands, side_px))
    worth = opened.worth + sum(other.worth for other in _open_files.kept.values())
    most = int(CACHE["GDAL_CACHEMAX"]) * 2**20
    setenv(GDAL_CACHEMAX=min(max(worth, _LEAST_KEPT), most))  # bytes, unlike in the environment


def _measure_blocks(dataset: rasterio.DatasetReader, bands: int, side_px: int) -> int:
    """Return the bytes of all blocks that a square may lie on, wherever it lies."""
    if dataset.interleaving is not Interleaving.band:  # the bands of a block are decoded together
        bands = max(bands, dataset.count)
    block = dataset.block_shapes[0]
    down, right = (
        min(-(-(side_px - 1) // side) + 1, -(-length // side))
        for side, length in zip(block, dataset.shape, strict=True)
    )
    block_bytes = math.prod(block) * np.dtype(dataset.dtypes[0]).itemsize + _BESIDE_BLOCK
    return int(down * right * bands * block_bytes)


@contextmanager
def _open(file: RasterFile) -> Iterator[_OpenFile]:
    """Lend a dataset that is open, or open it; one that failed is not kept."""
    kept = _open_files.kept
    try:
        status = file.path.stat()
        key = (os.getpid(), file.gdal_path, status.st_mtime_ns, status.st_size)
        with rasterio.Env(**_OPTIONS):
            opened = kept.pop(key, None) or _OpenFile(_open_new(file))
            try:
                yield opened
            except BaseException:
                opened.dataset.close()
                raise
            kept[key] = opened
            while len(kept) > _OPEN_FILES:
                kept.popitem(last=False)[1].dataset.close()
    except (RasterioError, CPLE_BaseError, CRSError, UnicodeDecodeError) as error:
        raise CorruptInput(
            f"{file.name}: GDAL cannot read it ({_reason(error, file)}); it is damaged or cut short, fetch it again"
        ) from error
    except OSError as error:
        raise NotAFile(
            f"{file.name}: cannot be opened any more ({error.strerror}), expected an input that stays where it is; "
            "run it again when all of them are in place"
        ) from error


def _open_new(file: RasterFile) -> rasterio.DatasetReader:
    with file.open() as content:
        driver = "JP2OpenJPEG" if is_jpeg2000(content.read(12)) else "GTiff"
    if threading.current_thread() is not threading.main_thread():
        return rasterio.open(file.gdal_path, driver=driver)
    with warnings.catch_warnings():  # not in other threads: it would take the filters away from all of them
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a place on the ground is judged by its reader
        return rasterio.open(file.gdal_path, driver=driver)


def _cut(tags: Mapping[str, str]) -> Mapping[str, str]:
    return {name[:MOST_TAG_LETTERS]: text[:MOST_TAG_LETTERS] for name, text in tags.items()}


def _reason(error: Exception, file: RasterFile) -> str:
    """Return what GDAL says, in one line without the folder."""
    text = str(error.__cause__ or error).replace(file.gdal_path, file.name).replace(str(file.path), file.name)
    return " ".join(text.split())[:160]
