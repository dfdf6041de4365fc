"""STAC items as they are written, version 1.0 or 1.1: what one says of itself, its assets and their bands.

References
----------
SpatioTemporal Asset Catalog specification 1.0.0 and 1.1.0, item-spec and common metadata,
https://github.com/radiantearth/stac-spec

Extensions of it (https://stac-extensions.github.io): eo 1.x (``eo:bands``) and 2.0 (``eo:common_name``), raster 1.1
(``raster:bands``) and 2.0 (``raster:scale``, ``raster:offset``), file 2.1 (``file:checksum``, ``file:size``),
projection 1.x (``proj:epsg``) and 2.0 (``proj:code``), processing 1.x, sar 1.x, view 1.0 (``view:sun_elevation``,
``view:sun_azimuth``), sentinel-2 1.0 (``s2:mean_solar_zenith``, ``s2:mean_solar_azimuth``).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from colibri_geo.errors import (
    AmbiguousInput,
    BandError,
    CorruptInput,
    InputTooLarge,
    RadiometryError,
    UnsupportedFormat,
)
from colibri_geo.scenes.sky import Sky, Stated, gather_sky, read_azimuth, read_cloud, read_elevation, read_zenith

MAX_ASSETS = 1000
"""The richest archives have some 50 assets an item."""

_VERSION = re.compile(r"1\.\d+\.\d+")
_LARGEST = 1e300
_SHOWN = 5
_NOT_FINITE = ("nan", "inf", "-inf")


@dataclass(frozen=True)
class Fields:
    """The members of one JSON object, taken out by type; what has another type counts as missing.

    Attributes
    ----------
    members : mapping of str to object
    """

    members: Mapping[str, object]

    def text(self, *names: str) -> str:
        """Return the first of these members that is text, empty where none is; of a list of text its first."""
        for name in names:
            value = self.members.get(name)
            first = value[0] if isinstance(value, list) and value else value
            if isinstance(first, str) and first.strip():
                return first.strip()
        return ""

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the text in a list."""
        value = self.members.get(name)
        return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()

    def flag(self, name: str) -> bool | None:
        """Return a true or false, None where it says neither."""
        value = self.members.get(name)
        return value if isinstance(value, bool) else None

    def number(self, *names: str) -> float | None:
        """Return the first of these members that is a finite number."""
        for name in names:
            value = self.members.get(name)
            if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < math.inf:
                return float(value) if abs(value) <= _LARGEST else None
        return None

    def objects(self, name: str) -> tuple[Fields, ...]:
        """Return the objects in a list."""
        value = self.members.get(name)
        return tuple(Fields(entry) for entry in value if isinstance(entry, dict)) if isinstance(value, list) else ()

    def object(self, name: str) -> Fields:
        """Return an object, an empty one where it is missing."""
        value = self.members.get(name)
        return Fields(value if isinstance(value, dict) else {})

    def over(self, outer: Fields) -> Fields:
        """Return these members, and those of `outer` that are not among them: what STAC 1.1 calls inheritance."""
        return Fields({**outer.members, **self.members})


@dataclass(frozen=True)
class StacBand:
    """One band of an asset.

    Attributes
    ----------
    index : int
        Number in its file, from 1.
    name, common_name : str
        Empty where not stated.
    scale, offset : float or None
        ``value = stored * scale + offset``, None where not stated.
    nodata : float or None
    data_type : str
    resolution_m : float or None
        Side of a pixel.
    """

    index: int
    name: str
    common_name: str
    scale: float | None
    offset: float | None
    nodata: float | None
    data_type: str
    resolution_m: float | None


@dataclass(frozen=True)
class StacAsset:
    """One file of an item.

    Attributes
    ----------
    key : str
        By which the item calls it.
    href : str
        Where it lies, as written.
    others : tuple of str
        Other places of the same file (alternate assets extension).
    media_type, title : str
    roles, polarizations : tuple of str
    bands : tuple of StacBand
        At least one.
    checksum : str
        Multihash in hexadecimal digits, empty where not stated.
    size_bytes : int or None
    epsg : int or None
    """

    key: str
    href: str
    others: tuple[str, ...]
    media_type: str
    title: str
    roles: tuple[str, ...]
    polarizations: tuple[str, ...]
    bands: tuple[StacBand, ...]
    checksum: str
    size_bytes: int | None
    epsg: int | None

    @property
    def is_tiff(self) -> bool:
        """Whether it says that it is a GeoTIFF."""
        return self._is("image/tiff", "image/vnd.stac.geotiff", endings=("tif", "tiff"))

    @property
    def is_jp2(self) -> bool:
        """Whether it says that it is JPEG 2000."""
        return self._is("image/jp2", "image/jpeg2000", "image/jpx", endings=("jp2",))

    def _is(self, *types: str, endings: Sequence[str]) -> bool:
        if self.media_type:
            return self.media_type.partition(";")[0].strip().lower() in types
        return self.href.partition("?")[0].lower().endswith(tuple(f".{ending}" for ending in endings))


@dataclass(frozen=True)
class StacItem:
    """One item.

    Attributes
    ----------
    item_id, collection, title : str
    platform, constellation : str
        In lower case.
    level, product_type, correction : str
        What the archive made of the data: ``processing:level``, the product type, the correction of Landsat.
    baseline : str
    acquired, until : str
        Acquisition time as written, and the end where it is a span.
    offset_applied : bool or None
        Whether the Sentinel-2 offset is off the stored values already, as Earth Search says.
    licence : str
    sky : Sky
    assets : tuple of StacAsset
    """

    item_id: str
    collection: str
    title: str
    platform: str
    constellation: str
    level: str
    product_type: str
    correction: str
    baseline: str
    acquired: str
    until: str
    offset_applied: bool | None
    licence: str
    sky: Sky
    assets: tuple[StacAsset, ...]


def split_items(document: object, *, source: str) -> tuple[Fields, ...]:
    """Return the items in a JSON document.

    Parameters
    ----------
    document : object
        As parsed from JSON.
    source : str
        Name of the file for messages.

    Returns
    -------
    tuple of Fields
        At least one.

    Raises
    ------
    UnsupportedFormat
        For what is no item and no collection of items.
    """
    fields = Fields(document if isinstance(document, dict) else {})
    kind = fields.text("type")
    items = fields.objects("features") if kind == "FeatureCollection" else (fields,) if kind == "Feature" else ()
    if not items:
        what = f"a STAC {kind}" if kind in {"Catalog", "Collection"} else "JSON without a STAC item"
        raise UnsupportedFormat(
            f"{source}: {what}, expected an item (type Feature) or an item collection (FeatureCollection); "
            "give the file of one of its items"
        )
    return items


def pick_item(items: Sequence[Fields], asked: str | None, *, source: str) -> Fields:
    """Return the item that is asked for, or the only one.

    Raises
    ------
    AmbiguousInput
        Several and none asked for, none of that name, or several of that name.
    """
    if asked is None and len(items) == 1:
        return items[0]
    names = [item.text("id") for item in items]
    shown = ", ".join(name[:80] for name in names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    if asked is None:
        raise AmbiguousInput(
            f"{source}: holds {len(items)} items ({shown}), expected one; name it as {source}#{names[0][:80]}"
        )
    found = [item for item, name in zip(items, names, strict=True) if name == asked]
    if len(found) != 1:
        raise AmbiguousInput(
            f"{source}: has {len(found)} items of the name {asked[:80]!r}, expected one; it holds {shown}"
        )
    return found[0]


def parse_item(item: Fields, *, source: str) -> StacItem:
    """Take an item apart.

    Parameters
    ----------
    item : Fields
    source : str
        Name of the file or address for messages.

    Raises
    ------
    UnsupportedFormat
        For a version before 1.0.
    CorruptInput
        Without an id or assets.
    InputTooLarge
        More than `MAX_ASSETS`.
    BandError, RadiometryError
        Where what is said of a band contradicts itself.
    """
    version = item.text("stac_version")
    if _VERSION.match(version) is None:
        raise UnsupportedFormat(
            f"{source}: stac_version is {version[:20]!r}, expected 1.0 or 1.1; fetch or export the item anew"
        )
    properties, assets = item.object("properties"), item.object("assets").members
    item_id = item.text("id")
    if not item_id or not assets:
        raise CorruptInput(
            f"{source}: an item without {'assets' if item_id else 'an id'}, expected both; fetch it again"
        )
    if len(assets) > MAX_ASSETS:
        raise InputTooLarge(
            f"{source}: item {item_id[:80]} has {len(assets):,} assets, expected at most {MAX_ASSETS:,}; "
            "keep those that are needed"
        )
    return StacItem(
        item_id=item_id,
        collection=item.text("collection"),
        title=properties.text("title"),
        platform=properties.text("platform").lower(),
        constellation=properties.text("constellation").lower(),
        level=properties.text("processing:level"),
        product_type=properties.text("s2:product_type", "product:type", "sar:product_type"),
        correction=properties.text("landsat:correction"),
        baseline=properties.text("s2:processing_baseline", "sentinel:processing_baseline", "processing:version"),
        acquired=properties.text("datetime", "start_datetime"),
        until="" if properties.text("datetime") else properties.text("end_datetime"),
        offset_applied=_first_flag(properties, "earthsearch:boa_offset_applied", "sentinel:boa_offset_applied"),
        licence=_find_licence(item, properties),
        sky=_read_sky(properties, source=source),
        assets=tuple(
            _parse_asset(key, Fields(asset), properties, source=source)
            for key, asset in assets.items()
            if isinstance(asset, dict)
        ),
    )


def _first_flag(fields: Fields, *names: str) -> bool | None:
    return next((flag for name in names if (flag := fields.flag(name)) is not None), None)


def _find_licence(item: Fields, properties: Fields) -> str:
    """Return the licence, or the address of its text where the item gives no licence that has a name."""
    stated = properties.text("license")
    links = [link.text("href") for link in item.objects("links") if link.text("rel") == "license"]
    named = stated and stated not in {"proprietary", "various", "other"}
    return stated if named or not links else links[0]


def _read_sky(properties: Fields, *, source: str) -> Sky:
    """Return the sun as the extension view has it, else as items of Sentinel-2 have it, and the cloud."""

    def read(reader: Callable[..., Stated], name: str) -> Stated:
        return reader(properties.members.get(name), source=f"{source}: {name}")

    return gather_sky(
        elevation=[read(read_elevation, "view:sun_elevation"), read(read_zenith, "s2:mean_solar_zenith")],
        azimuth=[read(read_azimuth, "view:sun_azimuth"), read(read_azimuth, "s2:mean_solar_azimuth")],
        cloud=[read(read_cloud, "eo:cloud_cover")],
    )


def _parse_asset(key: str, asset: Fields, properties: Fields, *, source: str) -> StacAsset:
    inherited = asset.over(properties)
    size = asset.number("file:size")
    return StacAsset(
        key=key,
        href=asset.text("href"),
        others=tuple(
            Fields(other).text("href")
            for other in asset.object("alternate").members.values()
            if isinstance(other, dict)
        ),
        media_type=asset.text("type"),
        title=asset.text("title"),
        roles=tuple(role.lower() for role in asset.texts("roles")),
        polarizations=tuple(name.lower() for name in asset.texts("sar:polarizations")),
        bands=_parse_bands(asset, properties, source=f"{source}, asset {key[:80]}"),
        checksum=asset.text("file:checksum"),
        size_bytes=None if size is None else int(size),
        epsg=_find_epsg(inherited),
    )


def _parse_bands(asset: Fields, properties: Fields, *, source: str) -> tuple[StacBand, ...]:
    """Take the bands of an asset: ``bands`` of 1.1, or ``eo:bands`` and ``raster:bands`` of 1.0 side by side.

    Fields that a band does not have are those of its asset, and then those of the item.
    """
    outer = asset.over(properties)
    bands = asset.objects("bands")
    if not bands:
        named, stored = asset.objects("eo:bands"), asset.objects("raster:bands")
        if named and stored and len(named) != len(stored):
            raise BandError(
                f"{source}: {len(named)} eo:bands and {len(stored)} raster:bands, expected as many; correct the item"
            )
        empty = Fields({})
        bands = tuple(one.over(other) for one, other in zip_longest(named, stored, fillvalue=empty)) or (empty,)
    return tuple(_parse_band(index, band, outer, source=source) for index, band in enumerate(bands, start=1))


def _parse_band(index: int, band: Fields, outer: Fields, *, source: str) -> StacBand:
    for name in ("scale", "offset", "raster:scale", "raster:offset"):
        if band.members.get(name, outer.members.get(name)) is not None and band.over(outer).number(name) is None:
            raise RadiometryError(
                f"{source}: {name} is {str(band.over(outer).members[name])[:40]!r}, expected a number; correct the item"
            )
    inherited = band.over(outer)
    return StacBand(
        index=index,
        name=band.text("name"),
        common_name=band.text("eo:common_name", "common_name").lower(),
        scale=inherited.number("raster:scale", "scale"),
        offset=inherited.number("raster:offset", "offset"),
        nodata=_find_nodata(inherited, source=source),
        data_type=inherited.text("data_type").lower(),
        resolution_m=_find_resolution(band, outer),
    )


def _find_nodata(band: Fields, *, source: str) -> float | None:
    """Return the stored value of what was not measured; what is not finite is never a measurement anyway."""
    value = band.members.get("nodata")
    number = band.number("nodata")
    if value is not None and number is None and value not in _NOT_FINITE:
        raise RadiometryError(
            f"{source}: nodata is {str(value)[:40]!r}, expected a number, nan, inf or -inf; correct the item"
        )
    return number


def _find_resolution(band: Fields, outer: Fields) -> float | None:
    stated = band.number("raster:spatial_resolution", "spatial_resolution")
    if stated is not None:
        return stated
    transform = outer.members.get("proj:transform")
    side = Fields({"side": transform[0]}).number("side") if isinstance(transform, list) and transform else None
    return outer.number("raster:spatial_resolution", "spatial_resolution") or side or outer.number("gsd")


def _find_epsg(fields: Fields) -> int | None:
    """Return the EPSG code of the coordinate reference system that is stated."""
    code = re.fullmatch(r"EPSG:(\d{4,6})", fields.text("proj:code"), re.IGNORECASE)
    number = fields.number("proj:epsg")
    return int(code[1]) if code is not None else None if number is None else int(number)
