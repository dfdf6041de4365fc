"""Sentinel-1, terrain-corrected (RTC) gamma0: products of ASF HyP3 and of OPERA; raw ones are told apart and refused.

References
----------
ASF HyP3, Sentinel-1 RTC Product Guide, product packaging and naming convention,
https://hyp3-docs.asf.alaska.edu/guides/rtc_product_guide/

OPERA, RTC-S1 Product Guide, product packaging and naming convention,
https://hyp3-docs.asf.alaska.edu/guides/opera_rtc_product_guide/ (Product Specification Document JPL D-108758)

ESA, Sentinel-1 Product Specification, S1-RS-MDA-52-7441, product and measurement data set names.

Small, D., 2011. Flattening gamma: radiometric terrain correction for SAR imagery. IEEE Transactions on Geoscience and
Remote Sensing 49(8). https://doi.org/10.1109/TGRS.2011.2120616
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import PurePosixPath
from typing import NoReturn

from colibri_geo.errors import (
    AmbiguousInput,
    BandError,
    NeedsOrthorectification,
    ProductIncomplete,
    RadiometryError,
    UnsupportedFormat,
)
from colibri_geo.scenes.backscatter import BackscatterUnit, describe_backscatter
from colibri_geo.scenes.bundle import Bundle
from colibri_geo.scenes.dates import parse_date
from colibri_geo.scenes.masks import MaskCode
from colibri_geo.scenes.product import BandFile, MaskBand, Product
from colibri_geo.scenes.scaling import GAMMA0_DB

_TIFF = r"\.tiff?$"
_BANDS = ("vv", "vh")
_UNITS = {"p": BackscatterUnit.POWER, "a": BackscatterUnit.AMPLITUDE, "d": BackscatterUnit.DB}
_PROMISED = {"SV": ("vv",), "DV": ("vv", "vh"), "SH": ("hh",), "DH": ("hh", "hv")}
"""Polarisations that a HyP3 product's name promises: single or dual, H or V sent."""
_HIDDEN = "layover and shadow of the radar"
_RAW_PRODUCT = re.compile(r"(^|/)S1[A-D]_[A-Z0-9]{2}_(?P<kind>GRD|SLC|RAW|OCN)[FHM_]_\d[SA][SD][HV]_")
_RAW_PART = re.compile(r"(^|/)(manifest\.safe|measurement/[^/]+)$", re.IGNORECASE)
_RAW_IMAGE = re.compile(r"(^|/)s1[a-d]-[a-z0-9]+-(?P<kind>grd|slc|raw|ocn)-[hv]{2}-[^/]*\.(tiff?|nc|dat)$")


@dataclass(frozen=True)
class _Archive:
    """How one archive names and stores its products.

    Attributes
    ----------
    layout : str
    pattern : re.Pattern
        Of a file name: the product's name, the facts in it, and what stands after it.
    mask_layer : str
        The layer that tells layover and shadow.
    mask_code : MaskCode
    nodata : float or None
    """

    layout: str
    pattern: re.Pattern[str]
    mask_layer: str
    mask_code: MaskCode
    nodata: float | None


_HYP3 = _Archive(
    layout="Sentinel-1 RTC, ASF HyP3",
    pattern=re.compile(
        r"^(?P<product>(?P<mission>S1[A-D])_[A-Z0-9]{2}_(?P<start>\d{8}T\d{6})_(?P<mode>[SD][HV])[PRO]_RTC\d+_[A-Z]"
        r"_(?P<radiometry>[gs])(?P<unit>[pda])(?P<water>[uw])(?P<filter>[nf])[ec][dm]_[0-9A-F]{4})(?P<rest>[._].*)?$"
    ),
    mask_layer="ls_map",
    mask_code=MaskCode.HYP3_LS,
    nodata=0.0,
)
_OPERA = _Archive(
    layout="Sentinel-1 RTC, OPERA RTC-S1",
    pattern=re.compile(
        r"^(?P<product>OPERA_L2_RTC-S1_T\d{3}-\d{6}-IW\d_(?P<start>\d{8}T\d{6}Z)_\d{8}T\d{6}Z_(?P<mission>S1[A-D])_\d+"
        r"_v(?P<version>\d+\.\d+))(?P<rest>[._].*)?$"
    ),
    mask_layer="mask",
    mask_code=MaskCode.OPERA_MASK,
    nodata=None,
)
_ARCHIVES = (_HYP3, _OPERA)


@dataclass(frozen=True)
class _Files:
    """The files of one product in a bundle.

    Attributes
    ----------
    archive : _Archive
    facts : mapping of str to str
        The named parts of the product's name.
    names : mapping of str to str
        What stands after the product's name, such as ``_vv.tif``, in lower case, to the name in the bundle.
    """

    archive: _Archive
    facts: Mapping[str, str]
    names: Mapping[str, str]

    @property
    def product(self) -> str:
        """Name of the product."""
        return self.facts["product"]

    def find(self, layer: str) -> str | None:
        """Return the name in the bundle of a raster, None where it is missing."""
        return next((name for rest, name in self.names.items() if re.fullmatch(f"_{layer}{_TIFF}", rest)), None)

    @property
    def bands(self) -> Mapping[str, str]:
        """Polarisations that are there, to their name in the bundle."""
        return {band: name for band in (*_BANDS, "hh", "hv") if (name := self.find(band)) is not None}

    @property
    def promised(self) -> tuple[str, ...]:
        """Polarisations that the product's name promises; none where each is fetched by itself."""
        return _PROMISED[self.facts["mode"]] if self.archive is _HYP3 else ()

    @property
    def unit(self) -> BackscatterUnit:
        """What is stored; OPERA always stores power."""
        return _UNITS[self.facts.get("unit", "p")]


def recognise(bundle: Bundle) -> bool:
    """Tell from the names whether a bundle holds Sentinel-1 data, terrain-corrected or raw."""
    return bool(_gather(bundle)) or _find_raw(bundle) is not None


def read_sentinel1(bundle: Bundle, *, entry: str | None = None) -> Product:
    """Turn the files of a terrain-corrected Sentinel-1 product into a `Product` of gamma0 in decibels.

    Parameters
    ----------
    bundle : Bundle
    entry : str, optional
        Name inside the bundle of a file of the product that is meant, where it holds several.

    Returns
    -------
    Product

    Raises
    ------
    NeedsOrthorectification
        For a raw product (GRD, SLC) in the geometry of the radar.
    AmbiguousInput
        For several products, of which none was chosen.
    ProductIncomplete
        Where polarisations are missing that the product's name promises.
    BandError
        For HH and HV alone.
    RadiometryError
        For sigma0.
    BadDate
        Where the name holds an impossible time.
    UnsupportedFormat
        Where there is nothing of Sentinel-1.
    """
    products = _gather(bundle)
    if not products:
        _refuse(bundle)
    files = _choose(products, bundle, entry)
    _check_radiometry(files)
    _check_bands(files, bundle)
    bands = {band: name for band, name in files.bands.items() if band in _BANDS}
    mask = files.find(files.archive.mask_layer)
    read = tuple(sorted((*bands.values(), *(() if mask is None else (mask,)))))
    return Product(
        path=bundle.path if entry is None else bundle.path / entry,
        layout=files.archive.layout,
        bands=tuple(
            BandFile(band, bundle.raster(name), gain=1.0, nodata=files.archive.nodata, unit=files.unit)
            for band, name in bands.items()
        ),
        masks=() if mask is None else (MaskBand(bundle.raster(mask), files.archive.mask_code),),
        mask_text="none" if mask is None else f"{_file(mask)}, {_HIDDEN}",
        quantity=GAMMA0_DB,
        scaling=describe_backscatter(files.unit),
        sensor=f"Sentinel-1{files.facts['mission'][-1]}",
        acquired=parse_date(files.facts["start"], source=files.product),
        sha256=bundle.digest(read),
        size_bytes=bundle.measure(read),
        product_id=files.product,
        processing_baseline=files.facts.get("version"),
        licence=f"contains modified Copernicus Sentinel data {files.facts['start'][:4]}",
        notes=tuple(_take_notes(files, mask)),
    )


def _file(name: str) -> str:
    return PurePosixPath(name).name


def _gather(bundle: Bundle) -> dict[str, _Files]:
    """Sort the files by the product that their names begin with; where no raster is left, there is no product."""
    found: dict[str, _Files] = {}
    for archive, name in product(_ARCHIVES, bundle.names):
        match = archive.pattern.match(_file(name))
        if match is not None:
            facts, rest = match.groupdict(), (match["rest"] or "").lower()
            known = found[match["product"]].names if match["product"] in found else {}
            found[match["product"]] = _Files(archive, facts, {**known, rest: name})
    return {name: files for name, files in found.items() if any(re.search(_TIFF, rest) for rest in files.names)}


def _choose(products: Mapping[str, _Files], bundle: Bundle, entry: str | None) -> _Files:
    names = ", ".join(sorted(products))[:300]
    if entry is not None:
        chosen = next((files for files in products.values() if entry in files.names.values()), None)
        if chosen is None:
            raise AmbiguousInput(
                f"{bundle.path.name}: {_file(entry)} belongs to none of its Sentinel-1 products ({names}), expected a "
                "file of one; name such a file"
            )
        return chosen
    if len(products) > 1:
        raise AmbiguousInput(
            f"{bundle.path.name}: holds {len(products)} Sentinel-1 products ({names}), expected one; name a file of "
            "the one that is meant, or merge bursts of one pass into one image first"
        )
    return next(iter(products.values()))


def _check_radiometry(files: _Files) -> None:
    if files.facts.get("radiometry") == "s":
        raise RadiometryError(
            f"{files.product}: holds sigma0 (the s of {files.product.split('_')[-2]}), expected terrain-corrected "
            "gamma0; order it with the radiometry gamma0"
        )


def _check_bands(files: _Files, bundle: Bundle) -> None:
    polarisations = {*files.bands, *files.promised}
    if polarisations and not polarisations & set(_BANDS):
        raise BandError(
            f"{files.product}: holds {', '.join(sorted(polarisations)).upper()}, expected VV or VH; "
            "give a product of an acquisition that sent vertical polarisation"
        )
    missing = [band for band in files.promised or _BANDS if band not in files.bands]
    if missing and (files.promised or len(missing) == len(_BANDS)):
        lacking = ", ".join(f"{files.product}_{band.upper()}.tif" for band in missing)
        raise ProductIncomplete(
            f"{bundle.path.name}: lacks {lacking}, expected the whole product; fetch what is missing"
        )


def _take_notes(files: _Files, mask: str | None) -> Iterator[str]:
    if mask is None:
        yield f"no map of {_HIDDEN}: they count as measured ground"
    if files.facts.get("filter") == "f":
        yield "a speckle filter of 7 x 7 pixels was applied: narrow strips are smeared into their flanks"
    if files.facts.get("water") == "w":
        yield "water was masked out and counts as not measured"


def _find_raw(bundle: Bundle) -> str | None:
    """Return the kind of a raw product, None where none is.

    It is told by the name of a measurement file, or by that of the product where it has its manifest or measurements:
    archives name terrain-corrected images after the raw product too.
    """
    held = any(_RAW_PART.search(name) for name in bundle.names)
    for name in (bundle.path.name, *bundle.names):
        match = (_RAW_PRODUCT.search(name) if held else None) or _RAW_IMAGE.search(name.lower())
        if match is not None:
            return match["kind"].upper()
    return None


def _refuse(bundle: Bundle) -> NoReturn:
    """Raise what is to be said of a bundle without a terrain-corrected product."""
    raw = _find_raw(bundle)
    if raw is None:
        raise UnsupportedFormat(
            f"{bundle.path.name}: no Sentinel-1 product in it, expected one of ASF HyP3 or OPERA RTC-S1; check the path"
        )
    raise NeedsOrthorectification(
        f"{bundle.path.name}: Sentinel-1 {raw} in the geometry of the radar, expected terrain-corrected gamma0 (RTC); "
        "order it as RTC (ASF HyP3, OPERA RTC-S1), or flatten and terrain-correct it first"
    )
