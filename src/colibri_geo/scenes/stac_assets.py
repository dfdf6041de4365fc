"""Which assets of a STAC item serve: those that hold bands and masks that are read here, one of each.

Archives that describe their bands only by name, or leave scale and offset out, are known by a table: Sentinel-2 (Earth
Search, Planetary Computer, Copernicus Data Space), Landsat Collection 2, Sentinel-1 RTC, HLS.

References
----------
ESA, Sentinel-2 Products Specification Document, issue 14.9.

USGS, Landsat 8-9 Collection 2 Level 2 Science Product Guide, LSDS-1619; for Landsat 4 to 7 LSDS-1618.

NASA, Harmonized Landsat and Sentinel-2 (HLS) Product User Guide, version 2.0.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from colibri_geo.errors import BandsUnknown, NeedsOrthorectification, RadiometryError, UnsupportedFormat
from colibri_geo.scenes.backscatter import BackscatterUnit
from colibri_geo.scenes.bands import COMMON_NAMES
from colibri_geo.scenes.masks import MaskCode
from colibri_geo.scenes.scaling import GAMMA0_DB, SURFACE, TOA
from colibri_geo.scenes.stac_item import StacAsset, StacBand, StacItem

NARROW = "nir08"
"""Common name of the narrow near-infrared band: Sentinel-2 B8A, second choice beside the broad one; of Landsat the only
one."""

_PICTURES = re.compile(r"(visual|tci|preview|overview|thumbnail|rendered|browse|quicklook|true_?color)", re.IGNORECASE)
_PICTURE_ROLES = {"visual", "overview", "thumbnail"}
_RESOLUTION = re.compile(r"[_-](10m|20m|30m|60m|jp2)$")
_SURFACE_WORDS = re.compile(
    r"surface[ _-]?reflectance|bottom[ _-]of[ _-]atmosphere|\bboa\b|\bsr\b|\bl(evel-?)?2[a-z]*\b"
)
_TOA_WORDS = re.compile(r"top[ _-]of[ _-]atmosphere|\btoa\b|\bl(evel-?)?1[a-z]*\b")

_S2_BANDS = {
    "b02": "blue",
    "b03": "green",
    "b04": "red",
    "b08": "nir",
    "b8a": NARROW,
    "b11": "swir16",
    "b12": "swir22",
}
_OLI_BANDS = {"b2": "blue", "b3": "green", "b4": "red", "b5": "nir", "b6": "swir16", "b7": "swir22"}
_TM_BANDS = {"b1": "blue", "b2": "green", "b3": "red", "b4": "nir", "b5": "swir16", "b7": "swir22"}
_HLS_BANDS = {"b02": "blue", "b03": "green", "b04": "red"}


@dataclass(frozen=True)
class Sensor:
    """What is known of an archive beside what its items say.

    Attributes
    ----------
    name : str
    quantity : str
    bands : mapping of str to str
        Names of bands and assets, in lower case, to common names.
    masks : mapping of str to MaskCode
        Keys of assets, in lower case.
    scale, offset : float
        Of stored integers, where an item says nothing; the Sentinel-2 offset left out.
    nodata : float or None
    moves : bool
        Whether its stored values may or may not hold the Sentinel-2 offset.
    unit : BackscatterUnit or None
    """

    name: str
    quantity: str
    bands: Mapping[str, str]
    masks: Mapping[str, MaskCode] = field(default_factory=dict)
    scale: float = 1.0
    offset: float = 0.0
    nodata: float | None = 0.0
    moves: bool = False
    unit: BackscatterUnit | None = None


def _landsat(bands: Mapping[str, str], saturation: MaskCode) -> Sensor:
    names = {**bands, **{f"sr_{number}": name for number, name in bands.items()}}
    masks = {"qa_pixel": MaskCode.QA_PIXEL, "qa_radsat": saturation}
    return Sensor("Landsat Collection 2 Level 2", SURFACE, names, masks, scale=2.75e-5, offset=-0.2)


_FMASK = {"fmask": MaskCode.HLS_FMASK}
_S2_L2A = Sensor("Sentinel-2 L2A", SURFACE, _S2_BANDS, {"scl": MaskCode.SCL}, scale=1e-4, moves=True)
_S2_L1C = Sensor("Sentinel-2 L1C", TOA, _S2_BANDS, scale=1e-4, moves=True)
_OLI = _landsat(_OLI_BANDS, MaskCode.QA_RADSAT)
_TM = _landsat(_TM_BANDS, MaskCode.QA_RADSAT_TM)
_HLS_L30 = Sensor(
    *("HLS L30", SURFACE, {**_HLS_BANDS, "b05": "nir", "b06": "swir16", "b07": "swir22"}, _FMASK),
    scale=1e-4,
    nodata=-9999,
)
_HLS_S30 = Sensor("HLS S30", SURFACE, {**_S2_BANDS}, _FMASK, scale=1e-4, nodata=-9999)
_S1_RTC = Sensor(
    "Sentinel-1 RTC",
    GAMMA0_DB,
    {"vv": "vv", "vh": "vh", "gamma0_vv": "vv", "gamma0_vh": "vh"},
    nodata=None,
    unit=BackscatterUnit.POWER,
)


@dataclass(frozen=True)
class ChosenBand:
    """A band that is read.

    Attributes
    ----------
    name : str
        Common name.
    asset : StacAsset
    band : StacBand
    narrow : bool
        Whether it is the narrow near-infrared band in place of the broad one.
    """

    name: str
    asset: StacAsset
    band: StacBand
    narrow: bool = False


@dataclass(frozen=True)
class ChosenMask:
    """A mask that is read."""

    asset: StacAsset
    code: MaskCode


@dataclass(frozen=True)
class Choice:
    """What of an item is read.

    Attributes
    ----------
    sensor : Sensor or None
        None for an archive that is not known here.
    quantity : str
    bands : tuple of ChosenBand
        In the order of `COMMON_NAMES`.
    masks : tuple of ChosenMask
    """

    sensor: Sensor | None
    quantity: str
    bands: tuple[ChosenBand, ...]
    masks: tuple[ChosenMask, ...]

    @property
    def assets(self) -> tuple[StacAsset, ...]:
        """Assets of bands and masks, each once."""
        used = [*(chosen.asset for chosen in self.bands), *(chosen.asset for chosen in self.masks)]
        return tuple({asset.key: asset for asset in used}.values())


def choose_assets(item: StacItem, *, source: str) -> Choice:
    """Find the assets of an item that are read.

    Of several that hold one band, the finest is taken, a GeoTIFF before JPEG 2000; pictures for the eye count for
    nothing.

    Parameters
    ----------
    item : StacItem
    source : str
        Name of its file or address for messages.

    Returns
    -------
    Choice

    Raises
    ------
    BandsUnknown
        Where no asset holds a band that is read here.
    UnsupportedFormat
        Where those that do are neither GeoTIFF nor JPEG 2000.
    RadiometryError
        Where the item does not tell surface from top of atmosphere.
    NeedsOrthorectification
        For radar that is not terrain-corrected.
    """
    sensor = identify_sensor(item, source=source)
    quantity = sensor.quantity if sensor is not None else _find_quantity(item, source=source)
    bands = _choose_bands(item, sensor, source=source)
    return Choice(sensor, quantity, bands, _choose_masks(item, sensor))


def identify_sensor(item: StacItem, *, source: str) -> Sensor | None:
    """Tell from what an item says which known archive it is of, None for any other.

    Raises
    ------
    RadiometryError
        For a level of a known archive that is not read.
    NeedsOrthorectification
        For radar that is not terrain-corrected.
    """
    collection = item.collection.lower()
    mission = f"{item.platform} {item.constellation}"
    if re.match(r"hls", collection):
        return _HLS_S30 if re.search(r"s30", collection) else _HLS_L30
    if "sentinel-1" in mission or collection.startswith(("sentinel-1", "sentinel1", "sentinel-s1")):
        return _identify_sentinel1(item, source=source)
    if "sentinel-2" in mission or collection.startswith(("sentinel-2", "sentinel2", "sentinel-s2")):
        return _identify_sentinel2(item, source=source)
    if "landsat" in mission or collection.startswith("landsat"):
        return _identify_landsat(item, source=source)
    return None


def _identify_sentinel1(item: StacItem, *, source: str) -> Sensor:
    said = f"{item.collection} {item.product_type}".lower()
    if "rtc" not in said:
        raise NeedsOrthorectification(
            f"{source}: Sentinel-1 {item.product_type or item.collection or 'of no stated type'}, expected RTC "
            "(terrain-corrected gamma0); fetch it as RTC"
        )
    return _S1_RTC


def _identify_sentinel2(item: StacItem, *, source: str) -> Sensor:
    said = f"{item.collection} {item.product_type} {item.level} {item.item_id}".lower()
    surface, toa = re.search(r"l(evel-)?2a|msi2a", said), re.search(r"l(evel-)?1c|msi1c", said)
    if bool(surface) == bool(toa):
        raise RadiometryError(
            f"{source}: Sentinel-2 of {'two levels' if surface else 'no stated level'}, expected L2A or L1C in the "
            "collection, the product type or processing:level; correct the item"
        )
    return _S2_L2A if surface else _S2_L1C


def _identify_landsat(item: StacItem, *, source: str) -> Sensor:
    said = f"{item.collection} {item.correction} {item.level} {item.item_id}".lower()
    if re.search(r"c2[-_]?l2|l2s[pr]|\bl2\b", said) is None:
        raise RadiometryError(
            f"{source}: Landsat {item.correction or item.collection or 'of no stated level'}, expected Collection 2 "
            "Level 2 (surface reflectance); fetch that"
        )
    return _TM if re.search(r"landsat[-_][4-7]|\bl[te]0[4-7]_", f"{item.platform} {said}") else _OLI


def _find_quantity(item: StacItem, *, source: str) -> str:
    """Tell surface from top-of-atmosphere reflectance by what an item of an unknown archive says."""
    texts = (item.collection, item.level, item.product_type, item.title, *(asset.title for asset in item.assets))
    said = " ".join(texts).lower().replace("_", " ")
    surface, toa = _SURFACE_WORDS.search(said), _TOA_WORDS.search(said)
    if bool(surface) == bool(toa):
        said_both = "surface reflectance and top of atmosphere" if surface else "neither surface nor top of atmosphere"
        raise RadiometryError(
            f"{source}: says {said_both}, expected one; state processing:level (L2A or L1C) in the item"
        )
    return SURFACE if surface else TOA


def _choose_bands(item: StacItem, sensor: Sensor | None, *, source: str) -> tuple[ChosenBand, ...]:
    found = [
        ChosenBand("nir" if name == NARROW else name, asset, band, narrow=name == NARROW)
        for asset in item.assets
        if not _is_picture(asset)
        for band in asset.bands
        if (name := _name_band(band, asset, sensor)) is not None
    ]
    usable = [chosen for chosen in found if chosen.asset.is_tiff or chosen.asset.is_jp2]
    if not usable and found:
        kinds = ", ".join(sorted({chosen.asset.media_type[:60] or "no media type" for chosen in found}))
        raise UnsupportedFormat(
            f"{source}: the bands of item {item.item_id[:80]} are {kinds[:200]}, expected GeoTIFF or JPEG 2000; "
            "convert them, or fetch another version"
        )
    if not usable:
        keys = ", ".join(asset.key[:40] for asset in item.assets[:20])
        raise BandsUnknown(
            f"{source}: no asset of item {item.item_id[:80]} ({keys[:300]}) holds a known band, expected common names "
            f"such as {', '.join(COMMON_NAMES[:4])}; state them (eo:common_name) in the item"
        )
    usable.sort(key=lambda chosen: _rank(chosen.asset, chosen.band, narrow=chosen.narrow), reverse=True)
    best = {chosen.name: chosen for chosen in usable}
    return tuple(best[name] for name in COMMON_NAMES if name in best)


def _is_picture(asset: StacAsset) -> bool:
    return bool(_PICTURE_ROLES & set(asset.roles)) or _PICTURES.match(asset.key) is not None


@dataclass(frozen=True, order=True)
class _Rank:
    """Order of choice among assets that hold the same thing, the least first."""

    is_8bit: bool
    narrow: bool
    is_jp2: bool
    resolution_m: float
    bands: int
    key: str


def _rank(asset: StacAsset, band: StacBand, *, narrow: bool = False) -> _Rank:
    resolution_m = math.inf if band.resolution_m is None else band.resolution_m
    return _Rank(
        band.data_type in {"uint8", "int8"}, narrow, not asset.is_tiff, resolution_m, len(asset.bands), asset.key
    )


def _name_band(band: StacBand, asset: StacAsset, sensor: Sensor | None) -> str | None:
    """Return the common name of a band (``nir08`` for the narrow one), None for a band that is not read."""
    if band.common_name:
        return band.common_name if band.common_name in {*COMMON_NAMES, NARROW} else None
    texts = [band.name]
    if len(asset.bands) == 1:
        texts += [asset.key, *(asset.polarizations if len(asset.polarizations) == 1 else ())]
    for text in texts:
        plain = _plain(text)
        known = {} if sensor is None else sensor.bands
        name = known.get(plain, plain)
        if name in {*COMMON_NAMES, NARROW}:
            return name
    return None


def _plain(key: str) -> str:
    """Return a key in lower case, without the resolution or the format at its end."""
    return _RESOLUTION.sub("", key.strip().lower())


def _choose_masks(item: StacItem, sensor: Sensor | None) -> tuple[ChosenMask, ...]:
    chosen = []
    for key, code in ({} if sensor is None else sensor.masks).items():
        named = [asset for asset in item.assets if _plain(asset.key) == key and (asset.is_tiff or asset.is_jp2)]
        if named:
            chosen.append(ChosenMask(min(named, key=lambda asset: _rank(asset, asset.bands[0])), code))
    return tuple(chosen)
