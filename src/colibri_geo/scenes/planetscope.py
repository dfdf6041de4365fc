"""PlanetScope ortho scenes (PSScene), as Planet's orders deliver them: 4 or 8 bands in one GeoTIFF, UDM2, XML, JSON.

Layout and names: Planet, PlanetScope Product Specifications; https://docs.planet.com/data/imagery/planetscope/psscene/
and https://docs.planet.com/data/imagery/udm/. Cloud of a scene: Planet, Which Metadata Fields Can I Use to Filter for
Cloud Cover?, https://support.planet.com/hc/en-us/articles/360020676357
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element

from colibri_geo.documents import parse_json, parse_xml
from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    CorruptInput,
    InputError,
    NeedsOrthorectification,
    ProductIncomplete,
    RadiometryError,
    UnsupportedFormat,
)
from colibri_geo.scenes.bundle import Bundle
from colibri_geo.scenes.dates import parse_date
from colibri_geo.scenes.masks import MaskCode
from colibri_geo.scenes.product import BandFile, MaskBand, Product
from colibri_geo.scenes.scaling import SURFACE, TOA
from colibri_geo.scenes.sky import Sky, gather_sky, read_azimuth, read_cloud, read_elevation

LAYOUT = "PlanetScope ortho scene"
LICENCE = "Planet Labs PBC, licence of the order"
NODATA = 0.0
"""Stored value of pixels that were not imaged."""

_PER_UNIT = 1e-4  # surface reflectance is stored x 10000
_COEFFICIENTS = (1e-7, 1e-2)  # of counts to toa reflectance; true ones are near 2e-5
_FOUR = {"blue": 1, "green": 2, "red": 3, "nir": 4}
_EIGHT = {"blue": 2, "green": 4, "red": 6, "nir": 8}  # beside coastal blue, green I, yellow and red edge
_SAME_TIME = timedelta(minutes=1)  # the identifier has whole seconds
_NAMES_SHOWN = 4

_ITEM = r"(?P<item>\d{8}_\d{6}(?:_\d{1,2})?_[0-9a-z]{4})"
_EIGHT_BANDS = r"(?P<eight>_8b)?"
_TOOL_NAMES = ("harmonized", "clip", "reproject", "file_format")
_TOOLS = rf"(?P<tools>(?:_(?:{'|'.join(_TOOL_NAMES)}))*)"
_ANY = re.compile(rf"{_ITEM}_(?:(?P<level>[13]B)_.+\.(?:tiff?|xml)|metadata\.json)", re.IGNORECASE)
_IMAGE = re.compile(rf"{_ITEM}_3B_AnalyticMS(?P<surface>_SR)?{_EIGHT_BANDS}{_TOOLS}\.tiff?", re.IGNORECASE)
_ALMOST_IMAGE = re.compile(
    rf"{_ITEM}_3B_AnalyticMS(?:_SR)?(?:_8b)?(?!\w*_udm)(?P<parts>(?:_[a-z0-9]+)+)\.tiff?", re.IGNORECASE
)
_COMPOSITE = re.compile(r"(?:.*_)?composite(?!_udm)[^/]*\.tiff?", re.IGNORECASE)
_UDM2 = re.compile(rf"{_ITEM}_3B_udm2{_TOOLS}\.tiff?", re.IGNORECASE)
_UDM = re.compile(rf"{_ITEM}_3B_AnalyticMS(?:_8b)?_DN_udm{_TOOLS}\.tiff?", re.IGNORECASE)
_XML = re.compile(rf"{_ITEM}_3B_AnalyticMS{_EIGHT_BANDS}_metadata{_TOOLS}\.xml", re.IGNORECASE)
_JSON = re.compile(rf"{_ITEM}_metadata\.json", re.IGNORECASE)

_UDM2_BANDS = (
    (3, MaskCode.UDM2_SHADOW),
    (5, MaskCode.UDM2_CLOUD),
    (6, MaskCode.UDM2_CLOUD),
    (8, MaskCode.UDM2_UNUSABLE),
)
_UDM2_TEXT = "Planet UDM2 (cloud, heavy haze, shadow, unusable pixels; light haze and snow count as observed)"
_UDM_TEXT = "Planet UDM (bright cloud, unusable pixels)"
_UDM_NOTE = "only Planet's older mask (UDM) is there: haze and cloud shadow count as observed ground"
_NO_MASK_NOTE = "no usable data mask (UDM2) is beside the image"


@dataclass(frozen=True)
class _Image:
    """One image of one scene, told from its name.

    Attributes
    ----------
    name : str
    item : str
        Identifier of the scene.
    surface : bool
        Surface reflectance, else counts that metadata turn into top-of-atmosphere reflectance.
    eight : bool
        Eight bands, else four.
    tools : frozenset of str
        What was done to it when it was ordered.
    """

    name: str
    item: str
    surface: bool
    eight: bool
    tools: frozenset[str]

    @property
    def numbers(self) -> Mapping[str, int]:
        """Common names, and the number of the band that has each."""
        return _EIGHT if self.eight else _FOUR


@dataclass(frozen=True)
class _Metadata:
    """What the metadata files of one scene say.

    Attributes
    ----------
    names : tuple of str
        Of the files.
    root : Element or None
        Of the XML.
    properties : mapping of str to object
        Of the JSON.
    """

    names: tuple[str, ...]
    root: Element | None
    properties: Mapping[str, object]

    def find(self, tag: str) -> str:
        """Return the text of the first element of the XML with this name, empty where there is none."""
        return "" if self.root is None else (self.root.findtext(f".//{tag}") or "").strip()

    def ask(self, key: str) -> str:
        """Return a text of the JSON, empty where there is none."""
        value = self.properties.get(key)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class _Masks:
    """The masks of one image.

    Attributes
    ----------
    names : tuple of str
        Of the files.
    bands : tuple of MaskBand
    text : str
        The same in words.
    note : str
        What they do not tell, empty where they tell all.
    """

    names: tuple[str, ...]
    bands: tuple[MaskBand, ...]
    text: str
    note: str = ""


def recognise(bundle: Bundle) -> bool:
    """Tell from the names alone whether a folder or archive holds PlanetScope scenes, of any kind."""
    return any(_match(_ANY, name) for name in bundle.names)


def read_planetscope(bundle: Bundle, *, entry: str | None = None) -> Product:
    """Read the metadata of a PlanetScope ortho scene.

    Surface reflectance is taken where an order delivers it beside counts.

    Parameters
    ----------
    bundle : Bundle
        Folder or archive that holds its files, at any depth.
    entry : str, optional
        Name of one of the files: an image, or another file of a scene, to choose where the bundle holds several.

    Returns
    -------
    Product
        With blue, green, red and nir; as surface reflectance, or as toa reflectance from images without ``_SR``.

    Raises
    ------
    AmbiguousInput
        Several images, and none is chosen.
    NeedsOrthorectification
        Basic (1B) scenes alone.
    UnsupportedFormat
        Images of other kinds alone, such as Visual.
    ProductIncomplete
        Names the files that are missing.
    CorruptInput, UnsafeXML, InputError
        For metadata that cannot be read or belong to another scene.
    RadiometryError
        Where the XML does not state how counts become reflectance.
    BadDate

    Notes
    -----
    Surface reflectance is ``stored / 10000``; the coefficients of the XML are for the counts it was made from. Of
    images without ``_SR``, ``toa reflectance = stored * reflectanceCoefficient``.

    Light haze counts as observed: by Planet's definition the ground is seen through it. Heavy haze, which only masks
    before UDM2.1 have, counts as cloud: reflectance is not reliable there.

    References
    ----------
    Planet, PlanetScope Product Specifications. Planet, Usable Data Mask, https://docs.planet.com/data/imagery/udm/.
    """
    image = _choose(bundle, entry)
    metadata = _read_metadata(bundle, image)
    masks = _find_masks(bundle, image)
    used = (image.name, *metadata.names, *masks.names)
    return Product(
        path=bundle.path,
        layout=LAYOUT,
        bands=_list_bands(bundle, image, metadata),
        masks=masks.bands,
        mask_text=masks.text,
        quantity=SURFACE if image.surface else TOA,
        scaling=_describe_scaling(image),
        sensor=f"PlanetScope {metadata.ask('instrument') or metadata.find('Instrument/shortName')}".strip(),
        acquired=_find_time(metadata, image.item),
        sha256=bundle.digest(used),
        size_bytes=bundle.measure(used),
        product_id=image.item,
        processing_baseline=metadata.find("processorVersion") or None,
        licence=_find_licence(metadata),
        notes=_list_notes(metadata, masks),
        sky=_read_sky(metadata),
    )


def _match(pattern: re.Pattern[str], name: str) -> re.Match[str] | None:
    """Match the name of a file without its folder."""
    return pattern.fullmatch(PurePosixPath(name).name)


def _find_item(name: str) -> str:
    """Return the identifier of the scene that a file belongs to, empty for files of other names."""
    matched = _match(_ANY, name)
    return "" if matched is None else matched["item"].lower()


def _choose(bundle: Bundle, entry: str | None) -> _Image:
    """Return the one image, or the one that the entry is or belongs to; surface reflectance before counts."""
    names = bundle.names
    if entry is not None:
        is_image = _match(_IMAGE, entry) or _match(_ALMOST_IMAGE, entry)
        names = (entry,) if is_image else tuple(name for name in names if _is_beside(name, entry))
    images = [image for image in map(_read_name, names) if image is not None]
    if len({image.item for image in images}) == 1:
        images = [image for image in images if image.surface] or images
    if not images:
        raise _explain_none(bundle, names, entry)
    if len(images) > 1:
        shown = ", ".join(PurePosixPath(image.name).name for image in images[:_NAMES_SHOWN])
        more = ", ..." if len(images) > _NAMES_SHOWN else ""
        raise AmbiguousInput(
            f"{bundle.path.name}: holds {len(images)} PlanetScope images ({shown}{more}), expected one; "
            "name the image to read"
        )
    return images[0]


def _is_beside(name: str, entry: str) -> bool:
    """Whether two files belong to one scene and lie in one folder."""
    together = PurePosixPath(name).parent == PurePosixPath(entry).parent
    return together and _find_item(name) == _find_item(entry) != ""


def _read_name(name: str) -> _Image | None:
    """Return what the name of an image tells, None for other files."""
    matched = _match(_IMAGE, name)
    if matched is None:
        return None
    return _Image(
        name=name,
        item=matched["item"].lower(),
        surface=matched["surface"] is not None,
        eight=matched["eight"] is not None,
        tools=_read_tools(matched),
    )


def _read_tools(matched: re.Match[str]) -> frozenset[str]:
    return frozenset(matched["tools"].lower().removeprefix("_").replace("file_format", "format").split("_")) - {""}


def _explain_none(bundle: Bundle, names: Sequence[str], entry: str | None) -> InputError | NeedsOrthorectification:
    """Return the error that says why there is no image to read."""
    pictures = [name for name in names if re.search(r"\.tiff?$", name, re.IGNORECASE)]
    pictures = [name for name in pictures if not _match(_UDM2, name) and not _match(_UDM, name)]
    levels = {matched["level"].upper() for matched in (_match(_ANY, name) for name in pictures) if matched}
    if levels == {"1B"}:
        return NeedsOrthorectification(
            f"{bundle.path.name}: a basic scene (1B) that is not on a map grid, expected an ortho scene (3B); "
            "order ortho_analytic_4b_sr or ortho_analytic_8b_sr"
        )
    almost = next((name for name in pictures if _match(_ALMOST_IMAGE, name)), None)
    if almost is not None:
        return _explain_name(bundle, almost)
    if levels:
        return UnsupportedFormat(
            f"{bundle.path.name}: {PurePosixPath(pictures[0]).name} holds no reflectance in 4 or 8 bands, expected an "
            "image named ..._3B_AnalyticMS_SR.tif or ..._3B_AnalyticMS_SR_8b.tif; order that"
        )
    composite = next((name for name in bundle.names if _match(_COMPOSITE, name)), None)
    if composite is not None:
        return UnsupportedFormat(
            f"{bundle.path.name}: {PurePosixPath(composite).name} is put together from several scenes, expected one "
            "scene; give that file itself, unpacked, and name its bands with --bands"
        )
    item = next(filter(None, map(_find_item, (entry or "", *names))), "no PlanetScope scene")
    return ProductIncomplete(
        f"{bundle.path.name}: {item} lacks its image, expected ..._3B_AnalyticMS_SR.tif or ..._AnalyticMS_SR_8b.tif; "
        "fetch what is missing"
    )


def _explain_name(bundle: Bundle, name: str) -> UnsupportedFormat:
    """Return the error that says which part of an image's name is not known."""
    short, known = PurePosixPath(name).name, "|".join(_TOOL_NAMES)
    matched = _match(_ALMOST_IMAGE, name)
    parts = re.sub(rf"_(?:{known})(?=_|$)", "", matched["parts"] if matched else "", flags=re.IGNORECASE)
    return UnsupportedFormat(
        f"{bundle.path.name}: {parts[:40]} in the name {short} is not known, expected only {', '.join(_TOOL_NAMES)} "
        "after AnalyticMS_SR or AnalyticMS_SR_8b; order it without, or rename the image and name its bands with --bands"
    )


def _read_metadata(bundle: Bundle, image: _Image) -> _Metadata:
    documents = [name for name in _list_files(bundle, _XML, image) if _is_eight(name) == image.eight]
    xml, json = documents[:1], _list_files(bundle, _JSON, image)[:1]
    if not image.surface and not xml:
        missing = f"{image.item}_3B_AnalyticMS{'_8b' * image.eight}_metadata.xml"
        raise ProductIncomplete(
            f"{PurePosixPath(image.name).name}: lacks {missing}, expected the coefficients that turn its counts into "
            "reflectance; fetch it, or the image with _SR in its name"
        )
    root = _read_xml(bundle, xml[0], image.item) if xml else None
    properties = _read_json(bundle, json[0], image.item) if json else {}
    return _Metadata((*xml, *json), root, properties)


def _list_files(bundle: Bundle, pattern: re.Pattern[str], image: _Image) -> list[str]:
    """List the files of the image's scene that match: of those in its folder, those that were ordered as it was."""
    found = [(name, matched) for name in bundle.names if (matched := _match(pattern, name))]
    found = [(name, matched) for name, matched in found if matched["item"].lower() == image.item]
    folder, tools = PurePosixPath(image.name).parent, image.tools - {"harmonized"}
    found = [(name, matched) for name, matched in found if PurePosixPath(name).parent == folder] or found
    if "tools" in pattern.groupindex:
        found = [(name, matched) for name, matched in found if _read_tools(matched) - {"harmonized"} == tools] or found
    return [name for name, _ in found]


def _is_eight(name: str) -> bool:
    matched = _match(_XML, name)
    return matched is not None and matched["eight"] is not None


def _read_xml(bundle: Bundle, name: str, item: str) -> Element:
    short = PurePosixPath(name).name
    root = parse_xml(bundle.read(name), name=short)
    if root.tag != "EarthObservation":
        raise CorruptInput(
            f"{short}: begins with {root.tag[:40]!r}, expected Planet's EarthObservation; fetch the file again"
        )
    _check_item((root.findtext(".//EarthObservationMetaData/identifier") or "").strip(), item, source=short)
    return root


def _read_json(bundle: Bundle, name: str, item: str) -> Mapping[str, object]:
    short = PurePosixPath(name).name
    document = parse_json(bundle.read(name), name=short)
    properties = document.get("properties") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(properties, dict):
        raise CorruptInput(f"{short}: has no properties, expected Planet's metadata of a scene; fetch the file again")
    stated = document.get("id")
    _check_item(stated if isinstance(stated, str) else "", item, source=short)
    return properties


def _check_item(stated: str, item: str, *, source: str) -> None:
    """Check that metadata belong to the image; identifiers go on behind that of the scene."""
    if re.match(rf"{re.escape(item)}(?![0-9a-z])", stated, re.IGNORECASE) is None:
        raise InputError(
            f"{source}: describes {stated[:60] or 'no scene'}, expected {item} as in the name of the image; "
            "fetch the metadata of the same scene"
        )


def _list_bands(bundle: Bundle, image: _Image, metadata: _Metadata) -> tuple[BandFile, ...]:
    file = bundle.raster(image.name)
    gains = dict.fromkeys(image.numbers.values(), _PER_UNIT) if image.surface else _read_gains(image, metadata)
    return tuple(
        BandFile(band=band, file=file, gain=gains[number], nodata=NODATA, index=number)
        for band, number in image.numbers.items()
    )


def _read_gains(image: _Image, metadata: _Metadata) -> dict[int, float]:
    """Return the coefficients from counts to top-of-atmosphere reflectance, by band number."""
    elements = [] if metadata.root is None else metadata.root.findall(".//bandSpecificMetadata")
    stated = {(band.findtext("bandNumber") or "").strip(): band.findtext("reflectanceCoefficient") for band in elements}
    gains = {number: _to_number(stated.get(str(number))) for number in image.numbers.values()}
    low, high = _COEFFICIENTS
    wrong = [str(number) for number, gain in gains.items() if not low <= gain <= high]
    if wrong or len(stated) != len(elements):
        raise RadiometryError(
            f"{PurePosixPath(metadata.names[0]).name}: no usable reflectanceCoefficient of band "
            f"{', '.join(wrong) or 'that occurs twice'}, expected one from {low:g} to {high:g} for each band; "
            "fetch the metadata again, or the image with _SR in its name"
        )
    return gains


def _to_number(text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError:
        return math.nan


def _find_masks(bundle: Bundle, image: _Image) -> _Masks:
    """Return the masks of the image: UDM2, else the older UDM, else none."""
    udm2, udm = _list_files(bundle, _UDM2, image), _list_files(bundle, _UDM, image)
    found = udm2 or udm
    if len(found) > 1:
        raise AmbiguousInput(
            f"{PurePosixPath(image.name).name}: {len(found)} masks fit it ({', '.join(found[:_NAMES_SHOWN])}), "
            "expected one; move the others away"
        )
    if not found:
        return _Masks((), (), "none", _NO_MASK_NOTE)
    file = bundle.raster(found[0])
    if udm2:
        return _Masks((found[0],), tuple(MaskBand(file, code, index) for index, code in _UDM2_BANDS), _UDM2_TEXT)
    return _Masks((found[0],), (MaskBand(file, MaskCode.UDM),), _UDM_TEXT, _UDM_NOTE)


def _describe_scaling(image: _Image) -> str:
    if not image.surface:
        return "stored x reflectanceCoefficient of each band (top of atmosphere)"
    return f"stored x {_PER_UNIT:g}{' (harmonized with Sentinel-2)' if 'harmonized' in image.tools else ''}"


def _find_time(metadata: _Metadata, item: str) -> datetime:
    """Return the time of acquisition: of the metadata, else of the identifier, which has whole seconds."""
    day, time, *_ = item.split("_")
    named = parse_date(f"{day}T{time}", source=item)
    stated = metadata.ask("acquired") or metadata.find("Acquisition/acquisitionDateTime")
    if not stated:
        return named
    source = PurePosixPath(metadata.names[-1 if metadata.ask("acquired") else 0]).name
    acquired = parse_date(stated, source=source)
    if abs(acquired - named) > _SAME_TIME:
        raise BadDate(
            f"{source}: acquired at {acquired:%Y-%m-%dT%H:%M:%SZ}, expected {named:%Y-%m-%dT%H:%M:%SZ} as in the name "
            "of the image; fetch the metadata of the same scene"
        )
    return acquired


def _read_sky(metadata: _Metadata) -> Sky:
    """Return sun and cloud of the JSON, else of the XML; cloud as UDM2 counts it, else as the older mask does."""
    names = [PurePosixPath(name).name for name in metadata.names] or [""]
    xml, json = names[0], names[-1]
    elevation, azimuth, cloud = "illuminationElevationAngle", "illuminationAzimuthAngle", "cloudCoverPercentage"
    told = metadata.properties
    return gather_sky(
        elevation=[
            read_elevation(told.get("sun_elevation"), source=f"{json}: sun_elevation"),
            read_elevation(metadata.find(elevation), source=f"{xml}: {elevation}"),
        ],
        azimuth=[
            read_azimuth(told.get("sun_azimuth"), source=f"{json}: sun_azimuth"),
            read_azimuth(metadata.find(azimuth), source=f"{xml}: {azimuth}"),
        ],
        cloud=[
            read_cloud(told.get("cloud_percent"), source=f"{json}: cloud_percent"),
            read_cloud(told.get("cloud_cover"), source=f"{json}: cloud_cover", whole=1.0),
            read_cloud(metadata.find(cloud), source=f"{xml}: {cloud}"),
        ],
    )


def _find_licence(metadata: _Metadata) -> str:
    stated = metadata.find("licenseType")
    return f"Planet Labs PBC, {stated}" if stated else LICENCE


def _list_notes(metadata: _Metadata, masks: _Masks) -> tuple[str, ...]:
    notes = [masks.note] if masks.note else []
    if not metadata.names:
        notes.append("no metadata are beside the image: the time of acquisition is that in its name")
    haze = metadata.properties.get("light_haze_percent")
    if masks.text == _UDM2_TEXT and isinstance(haze, int | float) and haze > 0:
        notes.append(f"light haze over {haze:g} % of the scene counts as observed; reflectance is less certain there")
    if metadata.properties.get("ground_control") is False:
        notes.append("located without ground control: its position may be wrong by more than 10 m")
    if metadata.ask("quality_category") == "test":
        notes.append("Planet rates the scene as test quality")
    if metadata.ask("publishing_stage") == "preview":
        notes.append("preview edition: Planet replaces it by a finalized one with better geometry and calibration")
    return tuple(notes)
