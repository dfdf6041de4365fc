"""Sentinel-2 Level-1C and Level-2A products in the SAFE layout, as a folder or an archive.

Files are found by their names below the product's own folder. Paths that the metadata name (IMAGE_FILE, MASK_FILENAME)
are never followed, so they cannot lead anywhere.

References
----------
ESA, Sentinel-2 Products Specification Document (S2-PDGS-TAS-DI-PSD), issue 14.9, the layouts of Level-1C and Level-2A
products, product and tile metadata; the radiometric offset, from processing baseline 04.00 on: sections on
RADIO_ADD_OFFSET and BOA_ADD_OFFSET; sun and cloud: Mean_Sun_Angle and Cloud_Coverage_Assessment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from colibri_geo.documents import parse_xml
from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    CorruptInput,
    MissingDate,
    ProductIncomplete,
    RadiometryError,
    UnsupportedFormat,
)
from colibri_geo.scenes.bundle import Bundle
from colibri_geo.scenes.dates import parse_date
from colibri_geo.scenes.gml import read_mask_polygons
from colibri_geo.scenes.masks import MaskCode, Unseen
from colibri_geo.scenes.product import BandFile, MaskBand, MaskPolygons, Product
from colibri_geo.scenes.scaling import SURFACE, TOA
from colibri_geo.scenes.sky import Sky, gather_sky, read_azimuth, read_cloud, read_zenith

_OFFSET_BASELINE = "04.00"
_SATURATED = 65535.0  # special value SATURATED of both levels
_LONGEST_TAKE = timedelta(hours=1)  # a datatake ends within 40 minutes; a tile lies in it
_BAND_IDS = ("B1", "B2", "B3", "B4", "B5", "B6", "B7", "B8", "B8A", "B9", "B10", "B11", "B12")
_CLOUD_TYPES = {"OPAQUE": Unseen.CLOUD, "CIRRUS": Unseen.CLOUD}
_SAFE = r"S2[A-Z]_MSI(?P<level>L1C|L2A)_[^/]+"
_OLD = r"(^|/)S2[A-Z]_(OPER|USER)_(MTD_SAFL(1C|2A)|PRD_MSIL(1C|2A))_"
_NO_SHADOW = "the Level-1C mask tells cloud and cirrus alone: cloud shadows count as observed ground"


@dataclass(frozen=True)
class _Band:
    """A band that is read: its common name, its number in file names, its pixels."""

    name: str
    number: str
    pixel_m: int

    @property
    def physical(self) -> str:
        """Its number as the metadata have it, ``B4`` for ``B04``."""
        return self.number.replace("B0", "B")


_BANDS = (
    _Band("blue", "B02", 10),
    _Band("green", "B03", 10),
    _Band("red", "B04", 10),
    _Band("nir", "B08", 10),
    _Band("swir16", "B11", 20),
    _Band("swir22", "B12", 20),
)


@dataclass(frozen=True)
class _Part:
    """A file that the product needs.

    Attributes
    ----------
    label : str
        What it is called when it is missing.
    patterns : tuple of str
        Regular expressions of its name below the product's folder, the preferred first.
    """

    label: str
    patterns: tuple[str, ...]


@dataclass(frozen=True)
class _Level:
    """A processing level: what its files and the elements of its metadata are called.

    Attributes
    ----------
    code : str
        ``L1C`` or ``L2A``.
    quantity : str
    quantification : tuple of str
        Elements that tell how many stored units are a reflectance of 1; the second of products before 2018.
    offset : str
        Element that tells what is to be added to a band's stored values.
    mask : _Part
    """

    code: str
    quantity: str
    quantification: tuple[str, ...]
    offset: str
    mask: _Part

    @property
    def metadata(self) -> str:
        """Name of the product metadata."""
        return f"MTD_MSI{self.code}.xml"

    def find_band(self, band: _Band) -> _Part:
        """Return the file of a band."""
        if self.code == "L1C":
            return _Part(band.number, (rf"GRANULE/[^/]+/IMG_DATA/(?P<stem>[^/]+)_{band.number}\.jp2",))
        pixel = f"{band.pixel_m}m"
        pattern = rf"GRANULE/[^/]+/IMG_DATA/(R{pixel}/)?(?P<stem>[^/]+)_{band.number}_{pixel}\.jp2"
        return _Part(f"{band.number} ({band.pixel_m} m)", (pattern,))


_SCL = _Part(
    "SCL (20 or 60 m)",
    tuple(rf"GRANULE/[^/]+/IMG_DATA/(R{size}m/)?(?P<stem>[^/]+)_SCL_{size}m\.jp2" for size in (20, 60)),
)
_CLOUDS = _Part(
    "MSK_CLASSI_B00.jp2 (or MSK_CLOUDS_B00.gml)",
    (r"GRANULE/[^/]+/QI_DATA/MSK_CLASSI_B00\.jp2", r"GRANULE/[^/]+/QI_DATA/MSK_CLOUDS_B00\.gml"),
)
_LEVELS = {
    "L1C": _Level("L1C", TOA, ("QUANTIFICATION_VALUE",), "RADIO_ADD_OFFSET", _CLOUDS),
    "L2A": _Level("L2A", SURFACE, ("BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE"), "BOA_ADD_OFFSET", _SCL),
}
_TILE = _Part("MTD_TL.xml", (r"GRANULE/[^/]+/MTD_TL\.xml",))


@dataclass(frozen=True)
class _Place:
    """Where a product begins in a bundle, and its level."""

    root: str
    level: str


@dataclass(frozen=True)
class _Safe:
    """One product in a bundle."""

    bundle: Bundle
    root: str
    level: _Level

    @property
    def name(self) -> str:
        """Name of its folder."""
        return self.root.rstrip("/").rpartition("/")[2] or self.bundle.path.name

    def find(self, pattern: str) -> tuple[str, ...]:
        """Return the names that a pattern matches below the product's folder."""
        whole = re.compile(re.escape(self.root) + pattern, re.IGNORECASE)
        return tuple(name for name in self.bundle.names if whole.fullmatch(name))

    def parse(self, name: str) -> Element:
        """Read one of its XML files."""
        return parse_xml(self.bundle.read(name), name=f"{self.name}: {name.rpartition('/')[2]}")

    def is_empty(self, name: str) -> bool:
        """Whether a file holds nothing."""
        with self.bundle.raster(name).open() as file:
            return not file.read(1)


@dataclass(frozen=True)
class _Files:
    """Names of a product's files that are read: bands in the order of `_BANDS`."""

    metadata: str
    tile: str
    bands: tuple[str, ...]
    mask: str

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, sorted."""
        return tuple(sorted((self.metadata, self.tile, *self.bands, self.mask)))


@dataclass(frozen=True)
class _Radiometry:
    """What the product metadata say of stored values."""

    per_unit: float
    added: float | None
    nodata: float

    @property
    def text(self) -> str:
        """The same in words; which offset is right is judged when the product is opened."""
        return f"(stored + offset) x {1 / self.per_unit:g}"


@dataclass(frozen=True)
class _Masks:
    """Masks of a product, and what is to be said of them."""

    bands: tuple[MaskBand, ...]
    outlines: tuple[MaskPolygons, ...]
    text: str
    notes: tuple[str, ...] = ()


def recognise(bundle: Bundle) -> bool:
    """Whether the names are those of a Sentinel-2 product in the SAFE layout."""
    return bool(_find_places(bundle)) or _is_old(bundle)


def read_sentinel2(bundle: Bundle, *, entry: str | None = None) -> Product:
    """Read what a Sentinel-2 SAFE product says of itself.

    Parameters
    ----------
    bundle : Bundle
        The product's folder, an archive of it, or a folder that holds it.
    entry : str, optional
        A file of the product that is meant, where the bundle holds several.

    Returns
    -------
    Product
        Bands B02, B03, B04, B08, B11 and B12; the mask is the scene classification (Level-2A) or the cloud mask
        (Level-1C).

    Raises
    ------
    ProductIncomplete
        Where metadata, bands or the mask are missing or empty; all of them are named.
    AmbiguousInput
        Where it holds several products, tiles or acquisitions.
    UnsupportedFormat
        For the layout before December 2016.
    RadiometryError
        Where the metadata do not say how to scale, or say it differently for the bands.
    MissingDate, BadDate
        Where the acquisition time is missing, impossible or contradicts itself.
    CorruptInput
        For metadata of something else.
    UnsafeXML
        For metadata with a document type or entities.
    ArchiveError
        Where the archive cannot give a file.
    """
    safe = _find_safe(bundle, entry)
    files = _find_files(safe)
    metadata, tile = safe.parse(files.metadata), safe.parse(files.tile)
    _check_level(safe, metadata)
    baseline = _read_baseline(safe, metadata)
    radiometry = _read_radiometry(safe, metadata, baseline)
    masks = _read_masks(safe, files.mask, _find_text(tile, "HORIZONTAL_CS_CODE"))
    acquired = _read_time(safe, metadata, tile)
    unsure = (_say_unsure(safe.level, baseline),) if radiometry.added is None else ()
    return Product(
        path=bundle.path,
        layout=f"Sentinel-2 {safe.level.code} SAFE",
        bands=tuple(
            BandFile(
                band.name,
                bundle.raster(name),
                1 / radiometry.per_unit,
                nodata=radiometry.nodata,
                saturated=_SATURATED,
            )
            for band, name in zip(_BANDS, files.bands, strict=True)
        ),
        masks=masks.bands,
        mask_text=masks.text,
        quantity=safe.level.quantity,
        scaling=radiometry.text,
        sensor=_read_sensor(safe, metadata),
        acquired=acquired,
        sha256=bundle.digest(files.names),
        size_bytes=bundle.measure(files.names),
        product_id=_read_identity(safe, metadata),
        processing_baseline=baseline,
        licence=f"Copernicus Sentinel data {acquired:%Y}: free, full and open (Regulation (EU) No 1159/2013)",
        added=radiometry.added,
        notes=(*masks.notes, *unsure),
        outlines=masks.outlines,
        sky=_read_sky(safe, metadata, tile),
    )


def _find_safe(bundle: Bundle, entry: str | None) -> _Safe:
    places = _find_places(bundle)
    if entry is not None:
        meant = [place for place in places if entry.startswith(place.root)]
        deepest = max((len(place.root) for place in meant), default=0)
        meant = [place for place in meant if len(place.root) == deepest]
        places = [place for place in meant if f"MTD_MSI{place.level}" in entry] or meant
    if not places and _is_old(bundle):
        raise UnsupportedFormat(
            f"{bundle.path.name}: a Sentinel-2 product in the layout before December 2016, expected one with "
            "MTD_MSIL1C.xml or MTD_MSIL2A.xml; fetch its reprocessed version (Collection 1)"
        )
    if not places:
        raise ProductIncomplete(
            f"{bundle.path.name}: no MTD_MSIL1C.xml or MTD_MSIL2A.xml, expected a Sentinel-2 product; check the path"
        )
    if len(places) > 1:
        listed = ", ".join(f"{place.root}MTD_MSI{place.level}.xml" for place in places)
        raise AmbiguousInput(
            f"{bundle.path.name}: holds {len(places)} Sentinel-2 products ({listed[:600]}), expected one; name the one "
            "that is meant"
        )
    return _Safe(bundle, places[0].root, _LEVELS[places[0].level])


def _find_places(bundle: Bundle) -> list[_Place]:
    """Find where products begin: by their metadata, or by the name of their folder where these are missing."""
    names = bundle.names
    stated = {_Place(m[1], m[2]) for name in names if (m := re.fullmatch(r"(|.*/)MTD_MSI(L1C|L2A)\.xml", name))}
    roots = {place.root for place in stated}
    folders = [re.match(rf"(?P<root>(|.*?/){_SAFE}\.SAFE/)", name) for name in names]
    named = {_Place(m["root"], m["level"]) for m in folders if m and not _within(m["root"], roots)}
    own = re.match(_SAFE, bundle.path.name)
    if own and not stated | named and any(name.startswith("GRANULE/") for name in names):
        named = {_Place("", own["level"])}
    return sorted(stated | named, key=lambda place: (place.root, place.level))


def _within(root: str, roots: set[str]) -> bool:
    return any(root.startswith(other) or other.startswith(root) for other in roots)


def _is_old(bundle: Bundle) -> bool:
    return any(re.search(_OLD, name) for name in (*bundle.names, bundle.path.name))


def _find_files(safe: _Safe) -> _Files:
    """Find all files that are read; where some are not there, name them all."""
    metadata = _Part(safe.level.metadata, (re.escape(safe.level.metadata),))
    bands = [safe.level.find_band(band) for band in _BANDS]
    parts = [metadata, _TILE, *bands, safe.level.mask]
    granules = sorted({name.removeprefix(safe.root).split("/")[1] for name in safe.find(r"GRANULE/[^/]+/.+")})
    if len(granules) > 1:
        raise AmbiguousInput(
            f"{safe.name}: holds {len(granules)} tiles ({', '.join(granules)[:400]}), expected one; "
            "give products of one tile"
        )
    found = [_find_part(safe, part) for part in parts]
    if not all(found):
        _refuse_incomplete(safe, parts, found)
    _check_stems(safe, (*bands, safe.level.mask), found[2:])
    return _Files(found[0], found[1], tuple(found[2:-1]), found[-1])


def _find_part(safe: _Safe, part: _Part) -> str:
    """Return the name of a part, empty where there is none that holds anything."""
    for pattern in part.patterns:
        names = [name for name in safe.find(pattern) if not safe.is_empty(name)]
        if len(names) > 1:
            raise AmbiguousInput(
                f"{safe.name}: {len(names)} files for {part.label} ({', '.join(names)[:400]}), expected one; "
                "remove those that do not belong to it"
            )
        if names:
            return names[0]
    return ""


def _refuse_incomplete(safe: _Safe, parts: Sequence[_Part], found: Sequence[str]) -> None:
    """Name what is missing and what is empty; metadata that are unsafe come first."""
    for name in found[:2]:
        if name:
            safe.parse(name)
    lacking = [part for part, name in zip(parts, found, strict=True) if not name]
    empty = [part.label for part in lacking if any(safe.find(pattern) for pattern in part.patterns)]
    missing = [part.label for part in lacking if part.label not in empty]
    told = [f"{word}: {', '.join(labels)}" for word, labels in (("missing", missing), ("empty", empty)) if labels]
    raise ProductIncomplete(
        f"{safe.name}: {'; '.join(told)}; expected a whole Sentinel-2 {safe.level.code} product; "
        "fetch it again, and unpack all of it"
    )


def _check_stems(safe: _Safe, parts: Sequence[_Part], found: Sequence[str]) -> None:
    """Refuse bands of several acquisitions in one folder: the tile and time in their names differ."""
    matches = [
        re.fullmatch(re.escape(safe.root) + pattern, name, re.IGNORECASE)
        for part, name in zip(parts, found, strict=True)
        for pattern in part.patterns
        if "(?P<stem>" in pattern
    ]
    stems = sorted({match["stem"] for match in matches if match})
    if len(stems) > 1:
        raise AmbiguousInput(
            f"{safe.name}: bands of {len(stems)} acquisitions ({', '.join(stems)[:200]}), expected one; "
            "fetch the product again"
        )


def _check_level(safe: _Safe, metadata: Element) -> None:
    expected = f"Level-{safe.level.code[1:]}_User_Product"
    if metadata.tag != expected:
        raise CorruptInput(
            f"{safe.name}: {safe.level.metadata} holds the element {metadata.tag[:40]!r}, expected {expected}; "
            "fetch it again"
        )


def _find_text(document: Element, *tags: str) -> str | None:
    """Return the text of the first element of these names that has any."""
    texts = ((element.text or "").strip() for tag in tags for element in document.iter(tag))
    return next((text for text in texts if text), None)


def _read_baseline(safe: _Safe, metadata: Element) -> str | None:
    """Return the processing baseline, such as ``05.09``; as texts they stand in order."""
    baseline = _find_text(metadata, "PROCESSING_BASELINE")
    if baseline is not None and not re.fullmatch(r"[0-9]{2}\.[0-9]{2}", baseline):
        raise CorruptInput(
            f"{safe.name}: its metadata state processing baseline {baseline[:20]!r}, expected one such as 05.09; "
            "fetch the product again"
        )
    return baseline


def _read_radiometry(safe: _Safe, metadata: Element, baseline: str | None) -> _Radiometry:
    level, source = safe.level, f"{safe.name}: {safe.level.metadata}"
    per_unit = _find_number(metadata, level.quantification, source=source)
    if not 1 <= per_unit <= 1e9:
        raise RadiometryError(
            f"{source}: {level.quantification[0]} is {per_unit:g}, expected a positive number such as 10000; "
            "fetch the product again"
        )
    specials = {_find_text(special, "SPECIAL_VALUE_TEXT"): special for special in metadata.iter("Special_Values")}
    stated = specials.get("NODATA")
    nodata = 0.0 if stated is None else _find_number(stated, ("SPECIAL_VALUE_INDEX",), source=source)
    if not 0 <= nodata <= 65_535:
        raise RadiometryError(f"{source}: NODATA is {nodata:g}, expected 0 to 65535; fetch the product again")
    return _Radiometry(per_unit, _read_added(level, metadata, baseline, source=source), nodata)


def _find_number(document: Element, tags: tuple[str, ...], *, source: str) -> float:
    return _to_number(_find_text(document, *tags), tags[0], source=source)


def _to_number(text: str | None, tag: str, *, source: str) -> float:
    try:
        number = math.nan if text is None else float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        held = "no" if text is None else repr(text[:40])
        raise RadiometryError(f"{source}: {held} {tag}, expected a number; fetch the product again")
    return number


def _read_added(level: _Level, metadata: Element, baseline: str | None, *, source: str) -> float | None:
    """Return what is to be added to the stored values of the six bands, None where that cannot be known from here."""
    elements = list(metadata.iter(level.offset))
    if not elements:
        return 0.0 if _is_before_offset(baseline) else None
    numbers = _number_bands(metadata)
    added: dict[str, float] = {}
    for element in elements:
        number = (element.get("band_id") or "").strip()
        band = numbers.get(number, "")
        if not band or band in added:
            raise RadiometryError(
                f"{source}: {level.offset} for band_id {number[:20]!r}, expected one for each of 0 to 12; "
                "fetch the product again"
            )
        added[band] = _to_number((element.text or "").strip() or None, level.offset, source=source)
    lacking = [band.number for band in _BANDS if band.physical not in added]
    if lacking:
        raise RadiometryError(
            f"{source}: no {level.offset} for {', '.join(lacking)}, expected one for each band; fetch the product again"
        )
    values = sorted({added[band.physical] for band in _BANDS})
    if len(values) > 1 or not -10_000 < values[0] <= 0:
        raise RadiometryError(
            f"{source}: {level.offset} is {', '.join(f'{value:g}' for value in values)}, expected one for all bands, "
            "0 or negative such as -1000; fetch the product again"
        )
    return values[0]


def _number_bands(metadata: Element) -> dict[str, str]:
    """Return which band each band_id of the metadata is: as they list it, else as the specification does."""
    listed = {element.get("bandId"): element.get("physicalBand") for element in metadata.iter("Spectral_Information")}
    return {str(number): listed.get(str(number)) or band for number, band in enumerate(_BAND_IDS)}


def _is_before_offset(baseline: str | None) -> bool:
    """Whether a processing baseline is known to be one that adds nothing to stored values."""
    return baseline is not None and baseline < _OFFSET_BASELINE


def _say_unsure(level: _Level, baseline: str | None) -> str:
    stated = f"processing baseline {baseline}" if baseline else "no processing baseline"
    return f"its metadata state {stated} and no {level.offset}"


def _read_masks(safe: _Safe, name: str, crs: str | None) -> _Masks:
    file = name.rpartition("/")[2]
    if safe.level.code == "L2A":
        coarse = "its scene classification is that of 60 m: the one of 20 m is missing"
        notes = (coarse,) if file.lower().endswith("_60m.jp2") else ()
        mask = MaskBand(safe.bundle.raster(name), MaskCode.SCL)
        return _Masks((mask,), (), f"{file}, Sentinel-2 SCL", notes)
    text = f"{file}, opaque cloud and cirrus"
    if file.lower().endswith(".jp2"):
        raster = safe.bundle.raster(name)
        bands = tuple(MaskBand(raster, MaskCode.S2_CLASSI, index) for index in (1, 2))
        return _Masks(bands, (), text, (_NO_SHADOW,))
    crs = crs if re.fullmatch(r"EPSG:[0-9]{4,6}", crs or "") else None
    outlines = read_mask_polygons(safe.bundle.read(name), name=f"{safe.name}: {file}", types=_CLOUD_TYPES, crs=crs)
    return _Masks((), outlines, text, (_NO_SHADOW,))


def _read_time(safe: _Safe, metadata: Element, tile: Element) -> datetime:
    """Return when the tile was seen; it lies within the datatake that the product names."""
    texts = {
        "SENSING_TIME": _find_text(tile, "SENSING_TIME"),
        "PRODUCT_START_TIME": _find_text(metadata, "PRODUCT_START_TIME", "DATATAKE_SENSING_START"),
    }
    missing = [tag for tag, text in texts.items() if text is None]
    if missing:
        raise MissingDate(
            f"{safe.name}: no {' and no '.join(missing)} in its metadata, expected the acquisition time; "
            "fetch the product again"
        )
    seen, start = (parse_date(text or "", source=f"{safe.name} ({tag})") for tag, text in texts.items())
    if abs(seen - start) > _LONGEST_TAKE:
        raise BadDate(
            f"{safe.name}: its tile was seen at {seen:%Y-%m-%dT%H:%MZ}, its datatake began at {start:%Y-%m-%dT%H:%MZ}, "
            "expected both within the hour; fetch the product again"
        )
    return seen


def _read_sky(safe: _Safe, metadata: Element, tile: Element) -> Sky:
    """Return the mean angles of the sun over the tile, and the cloud of the product."""
    sun, cloud = f"{_TILE.label}: Mean_Sun_Angle", "Cloud_Coverage_Assessment"
    zenith, azimuth = (tile.findtext(f".//Mean_Sun_Angle/{angle}_ANGLE") for angle in ("ZENITH", "AZIMUTH"))
    return gather_sky(
        elevation=[read_zenith(zenith, source=f"{sun}/ZENITH_ANGLE")],
        azimuth=[read_azimuth(azimuth, source=f"{sun}/AZIMUTH_ANGLE")],
        cloud=[read_cloud(_find_text(metadata, cloud), source=f"{safe.level.metadata}: {cloud}")],
    )


def _read_sensor(safe: _Safe, metadata: Element) -> str:
    name = _find_text(metadata, "SPACECRAFT_NAME") or ""
    if not re.fullmatch(r"Sentinel-2[A-Z]", name):
        raise CorruptInput(
            f"{safe.name}: {safe.level.metadata} names the spacecraft {name[:40]!r}, expected Sentinel-2A, -2B or the "
            "like; fetch the product again"
        )
    return name


def _read_identity(safe: _Safe, metadata: Element) -> str:
    """Return the product's own name, whatever its folder is called now."""
    stated = _find_text(metadata, "PRODUCT_URI", "PRODUCT_URI_2A") or safe.name
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,200}", stated):
        raise CorruptInput(
            f"{safe.name}: its metadata call it {stated[:80]!r}, expected a product name such as S2A_MSIL2A_...SAFE; "
            "fetch the product again"
        )
    return stated.removesuffix(".SAFE")
