"""A product of an archive: which file holds which band, what its values mean, which masks tell what was not seen.

Each module of an archive's layout turns the files into a `Product`, from names and metadata alone;
`colibri_geo.scenes.assembly` reads the rasters' own headers, judges them, and makes the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from shapely import Polygon

from colibri_geo.scenes.backscatter import BackscatterUnit
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.masks import MaskCode, Unseen
from colibri_geo.scenes.sky import NOT_STATED, Sky


@dataclass(frozen=True)
class BandFile:
    """One band of a product: ``value = stored * gain + offset``.

    Attributes
    ----------
    band : str
        Common name: blue green red nir swir16 swir22 vv vh.
    file : RasterFile
    gain, offset : float
        To the product's quantity, the offset of `Product.added` left out.
    nodata : float or None
        Stored value of pixels that were not measured, as the product's specification has it.
    index : int
        Number of the band in its file, from 1.
    saturated : float or None
        Stored value that stands for saturation.
    unit : BackscatterUnit or None
        Of radar backscatter: what is stored, in place of gain and offset; the value is in decibels.
    """

    band: str
    file: RasterFile
    gain: float
    offset: float = 0.0
    nodata: float | None = None
    index: int = 1
    saturated: float | None = None
    unit: BackscatterUnit | None = None


@dataclass(frozen=True)
class MaskBand:
    """One mask of a product.

    Attributes
    ----------
    file : RasterFile
    code : MaskCode
        What its values mean.
    index : int
        Number of the band in its file, from 1.
    """

    file: RasterFile
    code: MaskCode
    index: int = 1


@dataclass(frozen=True)
class MaskPolygons:
    """One mask of a product that is drawn as polygons.

    Attributes
    ----------
    name : str
        File name.
    polygons : tuple of shapely.Polygon
        What was not seen: a pixel whose centre lies in one. None at all is a mask too: everything was seen.
    crs : str
        Such as ``EPSG:32618``.
    code : Unseen
        Why it was not seen.
    """

    name: str
    polygons: tuple[Polygon, ...]
    crs: str
    code: Unseen


@dataclass(frozen=True)
class Product:
    """One acquisition as an archive delivers it.

    Attributes
    ----------
    path : Path
        What the user named.
    layout : str
        Name of the layout, such as ``Sentinel-2 L2A SAFE``.
    bands : tuple of BandFile
        In any order; bands of several pixel sizes are brought onto the finest.
    masks : tuple of MaskBand
    mask_text : str
        The same in words, ``none`` where there is none.
    quantity : str
        One of `colibri_geo.scenes.scaling.QUANTITIES`.
    scaling : str
        What is applied to the stored values, in words.
    sensor : str
    acquired : datetime
        UTC.
    sha256 : str
    size_bytes : int
    product_id, processing_baseline, licence : str or None
    added : float or None
        Of Sentinel-2 reflectance: what the metadata say is to be added to stored values (-1000 from baseline 04.00 on,
        0 before), None where they do not say or for any other sensor. Judged against the values when it is opened.
    notes : tuple of str
        What a reader of the result has to know, one sentence each.
    outlines : tuple of MaskPolygons
        Masks that are drawn as polygons, beside `masks`.
    sky : Sky
        What the archive states of sun and cloud; nothing of radar.
    day_alone : bool
        Whether of the acquisition the day alone is known, which counts from 00:00.
    """

    path: Path
    layout: str
    bands: tuple[BandFile, ...]
    masks: tuple[MaskBand, ...]
    mask_text: str
    quantity: str
    scaling: str
    sensor: str
    acquired: datetime
    sha256: str
    size_bytes: int
    product_id: str | None = None
    processing_baseline: str | None = None
    licence: str | None = None
    added: float | None = None
    notes: tuple[str, ...] = ()
    outlines: tuple[MaskPolygons, ...] = ()
    sky: Sky = NOT_STATED
    day_alone: bool = False
