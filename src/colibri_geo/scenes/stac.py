"""STAC items on disk: a JSON file and the rasters beside it. Reading one never asks the network for anything.

An item, and one of an item collection, is read where its assets lie in the folder of the JSON file or below. What lies
at an address is fetched on request, by `fetch_scenes`.

References
----------
SpatioTemporal Asset Catalog specification 1.0.0 and 1.1.0, https://github.com/radiantearth/stac-spec, with the
extensions eo, raster, projection, file, processing and sar; see `colibri_geo.scenes.stac_item`.

What Earth Search says of the Sentinel-2 offset (``earthsearch:boa_offset_applied``), and where it is wrong:
Element84/earth-search issues 9, 66 and 71; cirrus-geo/cirrus-earth-search issue 33; that Planetary Computer leaves the
offset in the stored values and its items say nothing of it: microsoft/PlanetaryComputer issue 134.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from colibri_geo.documents import METADATA, parse_json
from colibri_geo.errors import (
    CorruptInput,
    InputTooLarge,
    IntegrityError,
    MissingDate,
    NotAFile,
    ProductIncomplete,
    RadiometryError,
    UnsafeSource,
)
from colibri_geo.scenes.backscatter import describe_backscatter
from colibri_geo.scenes.bundle import Bundle
from colibri_geo.scenes.dates import Acquisition, parse_date, read_acquisition
from colibri_geo.scenes.directory import read_directory
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.multihash import parse_multihash
from colibri_geo.scenes.offset import ADDED, PER_UNIT
from colibri_geo.scenes.product import BandFile, MaskBand, Product
from colibri_geo.scenes.stac_assets import NARROW, Choice, ChosenBand, choose_assets
from colibri_geo.scenes.stac_item import StacAsset, StacItem, parse_item, pick_item, split_items

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):")  # one letter alone is a drive
_BASELINE = re.compile(r"(?!99)\d\d\.\d\d")  # 99.99 is what processors at home write
_OFFSET_BASELINE = "04.00"
_LONGEST = timedelta(days=1)


def read_stac(path: Path, *, item: str | None = None) -> Product:
    """Turn a STAC item on disk into a `Product`.

    Parameters
    ----------
    path : Path
        JSON file with one item, or with a collection of items.
    item : str, optional
        Id of the item that is meant, where there are several.

    Returns
    -------
    Product

    Raises
    ------
    AmbiguousInput
        Several items, and none chosen.
    UnsafeSource
        Where an asset lies at an address, or outside of the folder of the JSON file.
    ProductIncomplete
        Where files are missing; all of them are named.
    IntegrityError
        Where a file is not what ``file:checksum`` or ``file:size`` says.
    CorruptInput, UnsupportedFormat, InputTooLarge, NotAFile
        For what is no item of STAC 1.0 or 1.1, whose assets are GeoTIFF or JPEG 2000.
    BandError, RadiometryError, NeedsOrthorectification
        Where the bands, or the meaning of their values, are not known.
    MissingDate, BadDate
    """
    source = path.name if item is None else f"{path.name}#{item[:80]}"
    chosen = pick_item(split_items(_parse_file(path), source=path.name), item, source=path.name)
    parsed = parse_item(chosen, source=source)
    choice = choose_assets(parsed, source=source)
    files = _find_files(choice, path, source=source)
    notes = [*_check_files(choice, files), *_check_crs(choice, files)]
    return _make_product(path, parsed, choice, files, notes, source=source)


def _parse_file(path: Path) -> object:
    if not path.is_file():
        raise NotAFile(f"{path}: no regular file, expected a STAC item (JSON); check the path")
    if path.stat().st_size > METADATA.size_bytes:
        raise InputTooLarge(
            f"{path.name}: {path.stat().st_size / 2**20:.0f} MiB of JSON, "
            f"expected at most {METADATA.size_bytes / 2**20:.0f} MiB; keep the items that are needed"
        )
    return parse_json(path.read_bytes(), name=path.name, expected="a STAC item")


def _find_files(choice: Choice, path: Path, *, source: str) -> Mapping[str, Path]:
    """Find the file of each asset that is read, by its key."""
    folder = path.parent.resolve()
    files = {asset.key: resolve_href(asset, folder, source=source) for asset in choice.assets}
    missing = [file.relative_to(folder).as_posix() for file in files.values() if not _holds_bytes(file)]
    if missing:
        raise ProductIncomplete(
            f"{source}: lacks {', '.join(missing)[:600]} (missing or empty), expected all assets that are read; "
            "fetch what is missing"
        )
    return files


def _holds_bytes(file: Path) -> bool:
    return file.is_file() and file.stat().st_size > 0


def resolve_href(asset: StacAsset, folder: Path, *, source: str) -> Path:
    """Return where a local asset lies.

    Parameters
    ----------
    asset : StacAsset
    folder : Path
        Of the item, resolved.
    source : str
        Name of the item's file for messages.

    Returns
    -------
    Path
        Inside of `folder`, with no link on the way; it may not exist.

    Raises
    ------
    UnsafeSource
        For an address, or a place outside of `folder`.
    CorruptInput
        Without a place.
    """
    href, name = asset.href, f"{source}: asset {asset.key[:80]}"
    if not href:
        raise CorruptInput(f"{name} has no href, expected the name of a file; correct the item")
    scheme = _SCHEME.match(href)
    if scheme is not None and scheme[1].lower() != "file":
        raise UnsafeSource(
            f"{name} lies at an address ({_shorten(href)}), expected a file beside the item; "
            "fetch it first with colibri-geo fetch-scenes"
        )
    written = _read_file_url(href, name=name) if scheme is not None else href
    if not written.isprintable():
        raise UnsafeSource(f"{name} has control characters in its href, expected the name of a file; correct the item")
    plain, decoded = folder / written, folder / unquote(written)
    try:
        place = (plain if plain.exists() else decoded).resolve()
    except (OSError, ValueError, RuntimeError) as error:
        raise UnsafeSource(f"{name} lies at {_shorten(href)}, which is no path ({error}); correct the item") from error
    if not place.is_relative_to(folder):
        raise UnsafeSource(
            f"{name} leads out of the item's folder ({_shorten(href)}), expected a file in it or below; "
            "put the files beside the item"
        )
    return place


def _shorten(href: str) -> str:
    """Return a place as a message may show it: not what an address holds behind its path, which may be a secret."""
    return href.partition("?")[0][:120]


def _read_file_url(href: str, *, name: str) -> str:
    try:
        parts = urlsplit(href)
    except ValueError as error:
        raise UnsafeSource(f"{name} lies at {_shorten(href)}, which is no address; correct the item") from error
    if parts.netloc not in {"", "localhost"}:
        raise UnsafeSource(
            f"{name} lies on another computer ({_shorten(href)}), expected a file beside the item; copy it there"
        )
    return unquote(parts.path)


def _check_files(choice: Choice, files: Mapping[str, Path]) -> list[str]:
    """Hold the files to the sizes and checksums that the item states; say which could not be."""
    unchecked = [asset.key[:40] for asset in choice.assets if not check_asset(asset, files[asset.key])]
    if not unchecked:
        return []
    return [f"file:checksum of {', '.join(unchecked)} is no multihash that is known here: not checked"]


def check_asset(asset: StacAsset, file: Path) -> bool:
    """Hold a file to the size and the checksum that its asset states.

    Returns
    -------
    bool
        False where there is a checksum of a kind that is not known here.

    Raises
    ------
    IntegrityError
    """
    size_bytes = file.stat().st_size
    if asset.size_bytes is not None and asset.size_bytes != size_bytes:
        raise IntegrityError(
            f"{file.name}: {size_bytes:,} bytes, expected {asset.size_bytes:,} (file:size); "
            "it was changed or cut short, fetch it again"
        )
    if not asset.checksum:
        return True
    multihash = parse_multihash(asset.checksum)
    if multihash is not None:
        multihash.check(file)
    return multihash is not None


def _check_crs(choice: Choice, files: Mapping[str, Path]) -> list[str]:
    """Say where an item and its GeoTIFFs name different coordinate reference systems."""
    for chosen in choice.bands:
        stated = chosen.asset.epsg
        if stated is None or not chosen.asset.is_tiff:
            continue
        found = read_directory(RasterFile(files[chosen.asset.key])).epsg
        if found not in {None, stated}:
            return [f"the item states EPSG:{stated}, its rasters EPSG:{found}: that of the rasters was used"]
    return []


def _make_product(
    path: Path, item: StacItem, choice: Choice, files: Mapping[str, Path], notes: list[str], *, source: str
) -> Product:
    folder = path.parent.resolve()
    radiometry = _read_radiometry(item, choice, source=source)
    used = tuple(sorted({path.name, *(file.relative_to(folder).as_posix() for file in files.values())}))
    bundle = Bundle(folder, used)
    acquired = _read_time(item, source=source)
    return Product(
        path=path,
        layout=f"STAC item, {'archive not known here' if choice.sensor is None else choice.sensor.name}",
        bands=tuple(
            BandFile(
                chosen.name,
                RasterFile(files[chosen.asset.key]),
                gain=scale.gain,
                offset=scale.offset,
                nodata=_find_nodata(chosen, choice),
                index=chosen.band.index,
                unit=None if choice.sensor is None else choice.sensor.unit,
            )
            for chosen, scale in zip(choice.bands, radiometry.scales, strict=True)
        ),
        masks=tuple(MaskBand(RasterFile(files[mask.asset.key]), mask.code) for mask in choice.masks),
        mask_text=", ".join(f"{files[mask.asset.key].name} ({mask.code})" for mask in choice.masks) or "none",
        quantity=choice.quantity,
        scaling=radiometry.text,
        sensor=_name_sensor(item, choice),
        acquired=acquired.moment,
        day_alone=acquired.day_alone,
        sha256=bundle.digest(used),
        size_bytes=bundle.measure(used),
        product_id=item.item_id[:200],
        processing_baseline=item.baseline[:40] or None,
        licence=item.licence[:200] or None,
        added=radiometry.added,
        sky=item.sky,
        notes=(*notes, *radiometry.notes, *_note_bands(choice), *_note_span(item, source=source)),
    )


def _find_nodata(chosen: ChosenBand, choice: Choice) -> float | None:
    stated = chosen.band.nodata
    return stated if stated is not None or choice.sensor is None else choice.sensor.nodata


def _note_bands(choice: Choice) -> list[str]:
    if choice.sensor is None:
        return []
    if choice.sensor.unit is not None and not choice.masks:
        return ["no map of layover and shadow of the radar beside it: they count as measured ground"]
    narrow = [chosen.asset.key for chosen in choice.bands if chosen.narrow]
    both = {"nir", NARROW} <= set(choice.sensor.bands.values())
    return [f"near infrared is the narrow band ({narrow[0][:40]}), the broad one is missing"] if narrow and both else []


def _note_span(item: StacItem, *, source: str) -> list[str]:
    if not item.until:
        return []
    start, end = (parse_date(text, source=f"{source} (span)") for text in (item.acquired, item.until))
    if end - start <= _LONGEST:
        return []
    return [f"made of images from {start:%Y-%m-%d} to {end:%Y-%m-%d}: dated by the first"]


def _read_time(item: StacItem, *, source: str) -> Acquisition:
    if not item.acquired:
        raise MissingDate(f"{source}: no acquisition time, expected datetime or start_datetime; correct the item")
    return read_acquisition(item.acquired, source=source)


def _name_sensor(item: StacItem, choice: Choice) -> str:
    """Return the satellite's name as other archives of it have it: ``Sentinel-2A``, ``Landsat 9``; HLS is neither."""
    if choice.sensor is not None and choice.sensor.name.startswith("HLS"):
        return choice.sensor.name
    sentinel = re.fullmatch(r"sentinel[-_ ]?([12])[-_ ]?([a-d])", item.platform)
    landsat = re.fullmatch(r"landsat[-_ ]?(\d)", item.platform)
    if sentinel is not None:
        return f"Sentinel-{sentinel[1]}{sentinel[2].upper()}"
    return f"Landsat {landsat[1]}" if landsat is not None else (item.platform or item.constellation or "unknown")[:60]


@dataclass(frozen=True)
class _Scale:
    """``value = stored * gain + offset``; `stated` in the item or known of its archive."""

    gain: float
    offset: float
    stated: bool


@dataclass(frozen=True)
class _Radiometry:
    """What the stored values of an item mean."""

    scales: tuple[_Scale, ...]
    text: str
    added: float | None = None
    notes: tuple[str, ...] = ()


def _read_radiometry(item: StacItem, choice: Choice, *, source: str) -> _Radiometry:
    sensor = choice.sensor
    if sensor is not None and sensor.unit is not None:
        return _Radiometry(
            tuple(_Scale(1.0, 0.0, stated=False) for _ in choice.bands), describe_backscatter(sensor.unit)
        )
    scales = tuple(_find_scale(chosen, choice, source=source) for chosen in choice.bands)
    notes = () if all(scale.stated for scale in scales) else (_say_known(choice, scales),)
    if sensor is None or not sensor.moves:
        return _Radiometry(scales, _describe(scales), notes=notes)
    if any(not math.isclose(scale.gain, PER_UNIT) for scale in scales):  # not the stored values of ESA
        return _Radiometry(scales, _describe(scales), added=0.0, notes=notes)
    return _read_offset(item, choice, scales, notes, source=source)


def _find_scale(chosen: ChosenBand, choice: Choice, *, source: str) -> _Scale:
    """Return the scale of a band as the item states it, else as its archive is known to have it."""
    band, sensor = chosen.band, choice.sensor
    where = f"{source}: asset {chosen.asset.key[:80]}"
    if band.scale is not None:
        if not 0 < band.scale <= 1:
            raise RadiometryError(
                f"{where} states scale {band.scale:g}, expected one above 0 and up to 1; correct the item"
            )
        return _Scale(band.scale, band.offset or 0.0, stated=True)
    if band.offset or sensor is None:
        said = "an offset and no scale" if band.offset else "no scale, and its archive is not known here"
        raise RadiometryError(
            f"{where} states {said}, expected scale and offset (raster:bands, or raster:scale and raster:offset); "
            "state them in the item"
        )
    if band.data_type.startswith("float"):
        return _Scale(1.0, 0.0, stated=False)
    return _Scale(sensor.scale, sensor.offset, stated=False)


def _say_known(choice: Choice, scales: tuple[_Scale, ...]) -> str:
    silent = [chosen.name for chosen, scale in zip(choice.bands, scales, strict=True) if not scale.stated]
    name = "" if choice.sensor is None else choice.sensor.name
    return f"the item states no scale of {', '.join(silent)}: that of {name} was used"


def _describe(scales: tuple[_Scale, ...]) -> str:
    first = scales[0]
    if len({(scale.gain, scale.offset) for scale in scales}) > 1:
        return "scale and offset of each band as in the STAC item"
    return f"stored x {first.gain:g} {first.offset:+g}" + (" (STAC item)" if first.stated else "")


def _read_offset(
    item: StacItem, choice: Choice, scales: tuple[_Scale, ...], notes: tuple[str, ...], *, source: str
) -> _Radiometry:
    """Find what is to be added to stored values of Sentinel-2; the values themselves have the last word, later on.

    The flag of Earth Search stands above the offset that its items state beside it: where the flag says that the offset
    is off the values, the stated one was left standing by mistake. Where nothing is stated, the processing baseline
    tells.
    """
    stated, known = _find_stated(choice, scales, source=source), _added_by_baseline(item)
    added = known if stated is None else stated
    if item.offset_applied:
        if added:
            notes += (f"the item says that the offset {added:+g} is off the stored values already",)
        added = 0.0
    elif added is None:
        notes += ("the item states neither an offset to stored values nor a processing baseline",)
    elif known is not None and added != known:
        differs = f"the item states {added:+g} to be added to stored values"
        notes += (f"{differs}, its processing baseline {item.baseline} has {known:+g}",)
    stored = f"(stored {added:+g})" if added else "stored"
    plain = tuple(_Scale(scale.gain, 0.0, stated=scale.stated) for scale in scales)
    return _Radiometry(plain, f"{stored} x {scales[0].gain:g}", added, notes)


def _find_stated(choice: Choice, scales: tuple[_Scale, ...], *, source: str) -> float | None:
    """Return what an item states that is to be added to stored values of Sentinel-2, None where it states nothing."""
    stated = {
        round(scale.offset / scale.gain, 3)
        for chosen, scale in zip(choice.bands, scales, strict=True)
        if chosen.band.offset is not None
    }
    if len(stated) > 1 or not all(-1 < added * scale.gain <= 0 for added in stated for scale in scales):
        raise RadiometryError(
            f"{source}: states {', '.join(f'{added:+g}' for added in sorted(stated))} to be added to stored values, "
            "expected the same for all bands, 0 or negative such as -1000; correct the item"
        )
    return stated.pop() if stated else None


def _added_by_baseline(item: StacItem) -> float | None:
    """Return what the processing baseline says is to be added to stored values, None where it is not known."""
    if _BASELINE.fullmatch(item.baseline) is None:
        return None
    return 0.0 if item.baseline < _OFFSET_BASELINE else ADDED
