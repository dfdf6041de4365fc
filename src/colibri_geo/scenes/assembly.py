"""The rasters of a product as one scene: headers judged, bands of several pixel sizes on one grid, masks beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from odc.geo.geobox import GeoBox

from colibri_geo.errors import BadGeoreference, BandMismatch, RadiometryError
from colibri_geo.scenes.backscatter import BackscatterUnit
from colibri_geo.scenes.bands import COMMON_NAMES, INFRARED, choose_names
from colibri_geo.scenes.decoding import Header, StoredArray, read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.georeference import note_given_crs, read_grid
from colibri_geo.scenes.image import check_pixels
from colibri_geo.scenes.maskfile import MaskFile, OutlineMask, note_mask, open_mask
from colibri_geo.scenes.offset import OffsetVerdict, judge_offset
from colibri_geo.scenes.product import BandFile, Product
from colibri_geo.scenes.sampling import sample_stored
from colibri_geo.scenes.scaling import GAMMA0_DB, NO_INFRARED_COST, Scaling, check_values
from colibri_geo.scenes.scene import Provenance, Scene
from colibri_geo.scenes.storage import BandPlace, Mask, RasterSource, Storage, StoredBands

_LOWEST_DB = -60.0
_NEGATIVE_SHARE = 0.5  # of land nearly all decibels are negative; of power, a few that the removal of noise left so


def open_product(
    product: Product, *, bands: str | None = None, mask: RasterFile | None = None, assume_crs: str | None = None
) -> Scene:
    """Open the rasters of a product as one scene.

    Parameters
    ----------
    product : Product
    bands : str, optional
        Names of the bands to use, as ``red,nir``; all by default.
    mask : RasterFile, optional
        In Sentinel-2 SCL codes, in place of the product's own masks.
    assume_crs : str, optional
        For rasters that name no coordinate reference system.

    Returns
    -------
    Scene

    Raises
    ------
    InputError, GeoreferenceError, BandError, RadiometryError
        As `open_scene`.
    NoOverlap
        Where a mask lies elsewhere than the bands.
    """
    chosen = _choose_bands(product, bands)
    files = list(dict.fromkeys(band.file for band in chosen))
    rasters = [_open_raster(file, assume_crs) for file in files]
    grid = _find_finest(rasters)
    groups = [tuple(band for band in chosen if band.file == file) for file in files]
    storages = [_plan_storage(raster, group) for raster, group in zip(rasters, groups, strict=True)]
    sample = _join_samples([sample_stored(s, *r.grid.shape) for s, r in zip(storages, rasters, strict=True)])
    grouped = [band for group in groups for band in group]
    _check_power(grouped, sample, source=product.path.name)
    verdict = _judge_offset(product, grouped, sample)
    parts = tuple(
        StoredBands(storage, raster.grid, _plan_scaling(product, group, verdict))
        for storage, raster, group in zip(storages, rasters, groups, strict=True)
    )
    if product.quantity != GAMMA0_DB:
        check_values(_plan_scaling(product, grouped, verdict), sample, source=product.path.name)
    masks = _open_masks(product, mask, grid, assume_crs)
    notes = [*note_given_crs([raster.header for raster in rasters], assume_crs)]
    for opened in masks:
        if isinstance(opened, MaskFile) and opened.file == mask:  # masks of the product have its own system
            notes += note_mask(opened, grid, assume_crs)
    product = replace(product, notes=(*product.notes, *notes))
    return Scene(
        grid=grid,
        bands=tuple(band.band for band in chosen),
        quantity=product.quantity,
        sensor=product.sensor,
        acquired=product.acquired,
        provenance=_describe(product, chosen, masks, mask, verdict),
        source=RasterSource(grid, parts, _place_bands(chosen, groups), masks),
    )


def _choose_bands(product: Product, asked: str | None) -> tuple[BandFile, ...]:
    have = {band.band: band for band in product.bands}
    chosen = choose_names(asked, tuple(have), source=product.path.name) if asked is not None else tuple(have)
    return tuple(have[name] for name in COMMON_NAMES if name in chosen)


@dataclass(frozen=True)
class _Raster:
    """One file of the product, its header and its grid."""

    file: RasterFile
    header: Header
    grid: GeoBox


def _open_raster(file: RasterFile, assume_crs: str | None) -> _Raster:
    header = read_header(file)
    check_pixels(header, name=file.name)
    return _Raster(file, header, read_grid(header, name=file.name, assume_crs=assume_crs))


def _find_finest(rasters: Sequence[_Raster]) -> GeoBox:
    """Return the finest grid; all files must cover the same ground."""
    finest = min(rasters, key=lambda raster: abs(raster.grid.affine.a))
    whole = finest.grid.boundingbox
    for raster in rasters:
        box, pixel = raster.grid.boundingbox, abs(raster.grid.affine.a)
        apart = max(abs(one - other) for one, other in zip(box.bbox, whole.bbox, strict=True))
        if raster.grid.crs != finest.grid.crs or apart > pixel:
            raise BadGeoreference(
                f"{raster.file.name} does not cover the ground of {finest.file.name}, expected bands of one product "
                "on grids with the same edges; fetch the product again"
            )
    return finest.grid


def _plan_storage(raster: _Raster, bands: Sequence[BandFile]) -> Storage:
    most = len(raster.header.dtypes)
    if any(band.index > most for band in bands):
        raise BandMismatch(
            f"{raster.file.name}: {most} band(s), expected band {max(band.index for band in bands)} too; "
            "fetch the product again"
        )
    return Storage(
        file=raster.file,
        indexes=tuple(band.index for band in bands),
        nodata=bands[0].nodata,
        internal_mask=raster.header.internal_mask,
        absent=raster.header.absent,
        saturated=bands[0].saturated,
    )


def _join_samples(samples: Sequence[StoredArray]) -> StoredArray:
    """Join samples of several files, (B, K): as many pixels of each, spread over it."""
    count = min(sample.shape[1] for sample in samples)
    return np.concatenate([sample[:, np.arange(count) * sample.shape[1] // count] for sample in samples])


def _check_power(bands: Sequence[BandFile], sample: StoredArray, *, source: str) -> None:
    """Refuse decibels where metadata or names promise power or amplitude, which are never negative."""
    for band, values in zip(bands, sample, strict=True):
        known = values[(values > _LOWEST_DB) & (values != 0)]  # without what fills the rest of an image
        share = float(np.mean(known < 0)) if known.size else 0.0
        if band.unit in {BackscatterUnit.POWER, BackscatterUnit.AMPLITUDE} and share > _NEGATIVE_SHARE:
            raise RadiometryError(
                f"{source}: {100 * share:.0f} % of {band.band.upper()} is negative, as decibels are, expected "
                f"{band.unit}; turn decibels into power, 10^(dB / 10), or fetch the product again"
            )


def _judge_offset(product: Product, bands: Sequence[BandFile], sample: StoredArray) -> OffsetVerdict | None:
    """Hold what the metadata say of Sentinel-2's offset against the values."""
    if product.added is None and "Sentinel-2" not in product.sensor:
        return None
    return judge_offset(
        sample,
        declared=product.added,
        baseline=product.processing_baseline,
        source=product.path.name,
        bands=[band.band for band in bands],
    )


def _plan_scaling(product: Product, bands: Sequence[BandFile], verdict: OffsetVerdict | None) -> Scaling:
    added = 0.0 if verdict is None else verdict.added
    return Scaling(
        gains=tuple(band.gain for band in bands),
        offsets=tuple(band.offset + band.gain * added for band in bands),
        quantity=product.quantity,
        text=product.scaling,
        unit=bands[0].unit,
    )


def _open_masks(product: Product, given: RasterFile | None, grid: GeoBox, assume_crs: str | None) -> tuple[Mask, ...]:
    if given is not None:
        return (open_mask(given, image=grid, assume_crs=assume_crs),)
    rasters: list[MaskFile] = [
        open_mask(mask.file, image=grid, assume_crs=assume_crs, code=mask.code, index=mask.index, alone=False)
        for mask in product.masks
    ]
    outlines = [OutlineMask(outline.polygons, outline.crs, outline.code) for outline in product.outlines]
    return (*rasters, *outlines)


def _place_bands(chosen: Sequence[BandFile], groups: Sequence[tuple[BandFile, ...]]) -> tuple[BandPlace, ...]:
    places = {
        band.band: BandPlace(part, position) for part, group in enumerate(groups) for position, band in enumerate(group)
    }
    return tuple(places[band.band] for band in chosen)


def _describe(
    product: Product,
    chosen: Sequence[BandFile],
    masks: Sequence[Mask],
    given: RasterFile | None,
    verdict: OffsetVerdict | None,
) -> Provenance:
    notes = [*product.notes, *product.sky.notes]
    if verdict is not None and verdict.note:
        notes.append(verdict.note)
    if product.quantity != GAMMA0_DB and not {band.band for band in chosen} & set(INFRARED):
        notes.append(NO_INFRARED_COST)
    return Provenance(
        path=product.path,
        sha256=product.sha256,
        size_bytes=product.size_bytes,
        scaling=product.scaling if verdict is None else f"{product.scaling}; {verdict.text}",
        mask=f"{given.name}, Sentinel-2 SCL" if given is not None else product.mask_text if masks else "none",
        mask_path=given.path if given is not None else None,
        product_id=product.product_id,
        processing_baseline=product.processing_baseline,
        licence=product.licence,
        layout=product.layout,
        offset=verdict,
        notes=tuple(notes),
        sky=product.sky,
        day_alone=product.day_alone,
    )
