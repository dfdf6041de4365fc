"""What an input is: everything that it says of itself, and what keeps it from being a scene."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from odc.geo.geobox import GeoBox
from pyproj import CRS, Transformer

from colibri_geo.core.windows import Window
from colibri_geo.errors import (
    BandError,
    ColibriError,
    DateError,
    GeoreferenceError,
    RadiometryError,
    TooSmall,
    UnsupportedDtype,
)
from colibri_geo.scenes.dates import DATE_OPTION, EITHER_OPTION, INSPECTED_OPTION, Acquisition
from colibri_geo.scenes.decoding import read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.finding import find_input
from colibri_geo.scenes.gathering import find_inputs
from colibri_geo.scenes.georeference import measure_pixel, pixel_to_map
from colibri_geo.scenes.image import Image, find_licence, is_synthetic, name_layout
from colibri_geo.scenes.masks import Unseen
from colibri_geo.scenes.opening import Options, check_hash, examine, finish_image, open_found
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.recognising import OPTIONS, RasterKind, find_faults, recognise_kind, refuse_kind
from colibri_geo.scenes.sampling import spread_windows
from colibri_geo.scenes.scene import Scene

_TELLABLE = (BandError, DateError, GeoreferenceError, RadiometryError, TooSmall, UnsupportedDtype)
"""What does not keep the rest of a file from being told."""
_COUNTED_PX = 2**24
_SIDE_PX = 1024
_EDGE_POINTS = 5  # a side, so that even on a map of the whole Earth neighbours lie less than half a turn apart
_TURN_DEG = 360.0
_WINDOWS = 24  # a side, where an image is too large to count every pixel


@dataclass(frozen=True, repr=False)
class Inspection:
    """What an input is; None where it does not say.

    Attributes
    ----------
    name, layout : str
        File or product name, and how the archive holds it.
    kind : str
        ``image``, or what it is where it is none: ``mask`` or ``elevation model``.
    uses : tuple of str
        Options that take it where it is no image; none where a warning says why they do not.
    sensor, product_id, processing_baseline, licence : str or None
    acquired : datetime or None
        UTC.
    day_alone : bool
        Whether its day alone is known, which counts from 00:00.
    sun_elevation_deg, sun_azimuth_deg, product_cloud_share : float or None
        As of `colibri_geo.scenes.sky.Sky`.
    bands : tuple of str
        Common names, empty where they are not known.
    quantity, scaling : str or None
        What the values are, and what is applied to the stored ones.
    mask : str
        Which mask tells cloud and shadow, ``none`` where none does.
    crs : str or None
        EPSG code where there is one, else WKT.
    rows, cols : int
    pixel_east_m, pixel_north_m : float or None
        Size of a pixel on the ground, at the centre.
    west, south, east, north : float or None
        Degrees; west is the larger number where 180 degrees lie between the two.
    measured_share : float or None
        Pixels that were measured over all, in [0, 1].
    clear_share : float or None
        Pixels that show the ground, not under cloud, shadow or saturation, over all, in [0, 1].
    shares_sampled : bool
        Whether the shares are of windows spread over the image, or of every pixel.
    sha256 : str
    size_bytes : int
    synthetic : bool
    notes : tuple of str
        What a reader of a result has to know.
    warnings : tuple of str
        Why it cannot be used as it is, each with the name of the error.
    """

    name: str
    layout: str
    kind: str
    uses: tuple[str, ...]
    sensor: str | None
    product_id: str | None
    processing_baseline: str | None
    licence: str | None
    acquired: datetime | None
    day_alone: bool
    sun_elevation_deg: float | None
    sun_azimuth_deg: float | None
    product_cloud_share: float | None
    bands: tuple[str, ...]
    quantity: str | None
    scaling: str | None
    mask: str
    crs: str | None
    rows: int
    cols: int
    pixel_east_m: float | None
    pixel_north_m: float | None
    west: float | None
    south: float | None
    east: float | None
    north: float | None
    measured_share: float | None
    clear_share: float | None
    shares_sampled: bool
    sha256: str
    size_bytes: int
    synthetic: bool
    notes: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def acquired_text(self) -> str | None:
        """When it was acquired as it is written: the day alone where no time of it is known."""
        return None if self.acquired is None else str(Acquisition(self.acquired, self.day_alone))

    def __repr__(self) -> str:
        if self.kind != RasterKind.IMAGE:
            return f"<Inspection: {self.name}, {self.layout}, {self.kind}, {self.rows} rows x {self.cols} columns>"
        acquired = self.acquired_text or "no date"
        bands = " ".join(self.bands) or "bands not known"
        state = f"makes no scene yet: {'; '.join(self.warnings)}" if self.warnings else "makes a scene"
        return (
            f"<Inspection: {self.name}, {self.layout}, {acquired}, {bands}, {self.rows} rows x {self.cols} columns, "
            f"{state}>"
        )


def inspect_scene(
    path: str | Path,
    *,
    bands: str | None = None,
    mask: str | Path | None = None,
    acquired: str | datetime | None = None,
    assume_crs: str | None = None,
) -> Inspection:
    """Find out what an input is, and what keeps it from being a scene.

    Use it first on what a stranger sent: where `open_scene` ends at the first thing that is missing, this tells all of
    them, beside everything that is there.

    Parameters
    ----------
    path, bands, mask, acquired, assume_crs
        As of `open_scene`.

    Returns
    -------
    Inspection

    Raises
    ------
    InputError, UnsafeSource
        Where the input cannot be read: not a file, no format read here, damaged, too large, incomplete, without a
        measured pixel.
    NoOverlap
        The mask lies elsewhere.
    """
    date_option = INSPECTED_OPTION if acquired is None else DATE_OPTION
    options = Options(bands, mask, acquired, assume_crs, date_option)
    found = find_input(path)
    if isinstance(found, Product):
        return _describe_scene(open_found(found, options))
    image = examine(found, options)
    for problem in image.problems:
        if not isinstance(problem, _TELLABLE) or _is_the_users(problem, options):
            raise problem
    return _describe_image(image, options) if image.problems else _describe_scene(finish_image(image, options))


@dataclass(frozen=True)
class FolderInspection:
    """What a folder of scenes is, or a collection of STAC items.

    Attributes
    ----------
    name : str
    layout : str
        ``folder of scenes``, ``folder of an elevation model`` or ``collection of STAC items``.
    scenes : tuple of str
        What each is called, in the order in which `scan` takes them; or each tile of an elevation model.
    uses : tuple of str
        Commands or options that take it; none where a warning says why they do not.
    notes : tuple of str
        None: what there is to say of a scene is said when it is inspected itself.
    warnings : tuple of str
        What lies there that is no scene and keeps `scan` from taking the folder, with the name of the error.
    """

    name: str
    layout: str
    scenes: tuple[str, ...]
    uses: tuple[str, ...] = ("scan",)
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def inspect_folder(path: str | Path) -> FolderInspection:
    """Find out which scenes a folder holds, or a collection of STAC items leads to.

    Use it where `inspect_scene` finds several scenes, or none that is one by itself.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    FolderInspection

    Raises
    ------
    InputError, UnsafeSource
        As `colibri_geo.scan`, where it cannot take the folder.
    """
    place = Path(path)
    found = find_inputs(place)
    name, names = place.resolve().name, [_name_input(one) for one in found]
    if not place.is_dir():
        return FolderInspection(name, "collection of STAC items", tuple(names))
    kinds = [_judge(one) for one in found]
    if set(kinds) == {RasterKind.ELEVATION} and all(one.path.parent == place for one in found):
        return FolderInspection(name, "folder of an elevation model", tuple(names), OPTIONS[RasterKind.ELEVATION])
    others = [
        refuse_kind(kind, one, date_option=EITHER_OPTION) if isinstance(kind, RasterKind) else kind
        for one, kind in zip(names, kinds, strict=True)
        if kind is not RasterKind.IMAGE
    ]
    scenes = [one for one, kind in zip(names, kinds, strict=True) if kind is RasterKind.IMAGE]
    uses = () if others else ("scan",)
    return FolderInspection(name, "folder of scenes", tuple(scenes), uses, warnings=tuple(map(_tell, others)))


def _judge(found: RasterFile | Product) -> RasterKind | ColibriError:
    """Tell what a raster is, or why nobody can read it; what options can mend counts as an image."""
    if isinstance(found, Product):
        return RasterKind.IMAGE
    try:
        header = read_header(found)
    except ColibriError as error:
        return error
    try:
        return RasterKind.IMAGE if len(header.dtypes) > 1 else recognise_kind(examine(found, Options()))
    except ColibriError:
        return RasterKind.IMAGE


def _tell(problem: ColibriError) -> str:
    return f"{type(problem).__name__}: {problem}"


def _name_input(found: RasterFile | Product) -> str:
    return found.name if isinstance(found, RasterFile) else found.product_id or found.path.name


def _is_the_users(problem: ColibriError, options: Options) -> bool:
    """Whether it is what the user said of the file, rather than the file, that is wrong."""
    said = ((BandError, options.bands), (DateError, options.acquired), (GeoreferenceError, options.assume_crs))
    return any(isinstance(problem, family) and given is not None for family, given in said)


@dataclass(frozen=True)
class _Place:
    """A grid in words and degrees."""

    crs: str | None = None
    pixel_east_m: float | None = None
    pixel_north_m: float | None = None
    west: float | None = None
    south: float | None = None
    east: float | None = None
    north: float | None = None


@dataclass(frozen=True)
class _Shares:
    """Shares of pixels that were measured, and that show the ground."""

    measured: float | None
    clear: float | None
    sampled: bool


def _describe_scene(scene: Scene) -> Inspection:
    source, shares = scene.provenance, _count_scene(scene)
    return Inspection(
        name=scene.name,
        layout=source.layout,
        kind=RasterKind.IMAGE,
        uses=OPTIONS[RasterKind.IMAGE],
        sensor=scene.sensor,
        product_id=source.product_id,
        processing_baseline=source.processing_baseline,
        licence=source.licence,
        acquired=scene.acquired,
        day_alone=source.day_alone,
        bands=scene.bands,
        quantity=scene.quantity,
        scaling=source.scaling,
        mask=source.mask,
        rows=int(scene.grid.shape[0]),
        cols=int(scene.grid.shape[1]),
        measured_share=shares.measured,
        clear_share=shares.clear,
        shares_sampled=shares.sampled,
        sha256=source.sha256,
        size_bytes=source.size_bytes,
        synthetic=source.synthetic,
        notes=source.notes,
        warnings=(),
        sun_elevation_deg=source.sky.sun_elevation_deg,
        sun_azimuth_deg=source.sky.sun_azimuth_deg,
        product_cloud_share=source.sky.product_cloud_share,
        **_fields(_find_place(scene.grid)),
    )


def _describe_image(image: Image, options: Options) -> Inspection:
    header, path, kind = image.header, image.file.path, recognise_kind(image)
    readable = not any(isinstance(problem, UnsupportedDtype) for problem in image.problems)
    shares = _count_image(image) if readable else _Shares(None, None, sampled=False)
    place = _Place() if image.grid is None else _find_place(image.grid)
    faults = find_faults(image, kind, assume_crs=options.assume_crs)
    acquired, sky = image.acquired, image.sky
    return Inspection(
        name=image.file.name,
        layout=name_layout(header),
        kind=kind,
        uses=() if faults else OPTIONS[kind],
        sensor=header.tags.get("SENSOR"),
        product_id=header.tags.get("PRODUCT_ID"),
        processing_baseline=header.tags.get("PROCESSING_BASELINE"),
        licence=find_licence(header),
        acquired=None if acquired is None else acquired.moment,
        day_alone=acquired is not None and acquired.day_alone,
        bands=() if image.bands is None else image.bands.names,
        quantity=None if image.scaling is None else image.scaling.quantity,
        scaling=None if image.scaling is None else image.scaling.text,
        mask="none" if image.mask is None else image.mask.file.name,
        rows=header.rows,
        cols=header.cols,
        measured_share=shares.measured,
        clear_share=shares.clear,
        shares_sampled=shares.sampled,
        sha256=check_hash(path),
        size_bytes=path.stat().st_size,
        synthetic=is_synthetic(header),
        notes=image.notes,
        warnings=tuple(map(_tell, faults)),
        sun_elevation_deg=sky.sun_elevation_deg,
        sun_azimuth_deg=sky.sun_azimuth_deg,
        product_cloud_share=sky.product_cloud_share,
        **_fields(place),
    )


def _fields(place: _Place) -> dict[str, Any]:
    return dataclasses.asdict(place)


def _find_place(grid: GeoBox) -> _Place:
    crs = CRS.from_user_input(str(grid.crs))
    code = crs.to_epsg(min_confidence=100)
    name = f"EPSG:{code}" if code else str(crs.to_wkt())
    rows, cols = (np.linspace(0, int(side), _EDGE_POINTS) for side in grid.shape)
    points = [pixel_to_map(grid, row, col) for row in rows for col in cols]
    to_lonlat = Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform
    lon, lat = (np.asarray(v) for v in to_lonlat([p.east for p in points], [p.north for p in points]))
    if not np.isfinite([lon, lat]).all() or (np.abs(lat) > 90).any():
        return _Place(name)
    size = measure_pixel(grid)
    lon = lon.reshape(_EDGE_POINTS, _EDGE_POINTS)
    for axis in (1, 0):  # without the step from 180 to -180 that may lie between neighbours
        lon = np.unwrap(lon, period=_TURN_DEG, axis=axis)
    west, east = float(lon.min()), float(lon.max())
    if east - west >= _TURN_DEG:
        west, east = -_TURN_DEG / 2, _TURN_DEG / 2
    return _Place(
        *(name, size.east_m, size.north_m),
        *(_turn_back(west), float(lat.min()), _turn_back(east), float(lat.max())),
    )


def _turn_back(lon: float) -> float:
    """Return a longitude in [-180, 180]; where a scene lies across 180 degrees, its west is the larger (RFC 7946)."""
    half = _TURN_DEG / 2
    return lon if abs(lon) <= half else (lon + half) % _TURN_DEG - half


def _count_scene(scene: Scene) -> _Shares:
    rows, cols = (int(side) for side in scene.grid.shape)
    measured = clear = count = 0
    for window in _choose_windows(rows, cols):
        unseen = scene.read_block(window).unseen
        count += unseen.size
        measured += int((unseen < Unseen.NODATA.value).sum())
        clear += int((unseen == Unseen.OBSERVED.value).sum())
    return _Shares(measured / count, clear / count, sampled=rows * cols > _COUNTED_PX)


def _count_image(image: Image) -> _Shares:
    rows, cols = image.header.rows, image.header.cols
    positions = range(len(image.storage.indexes))
    seen = [image.storage.read(window, positions).measured for window in _choose_windows(rows, cols)]
    share = sum(int(part.sum()) for part in seen) / sum(part.size for part in seen)
    return _Shares(share, None, sampled=rows * cols > _COUNTED_PX)


def _choose_windows(rows: int, cols: int) -> Iterator[Window]:
    if rows * cols > _COUNTED_PX:
        yield from spread_windows(rows, cols, _WINDOWS)
        return
    for row in range(0, rows, _SIDE_PX):
        for col in range(0, cols, _SIDE_PX):
            yield Window(row, col, _SIDE_PX, _SIDE_PX).clipped(rows, cols)
