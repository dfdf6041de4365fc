"""Open whatever an archive delivers as a scene: the content tells which reader serves."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Protocol

from colibri_geo.documents import METADATA
from colibri_geo.errors import (
    AmbiguousInput,
    BandError,
    InputError,
    IntegrityError,
    NotAFile,
    SettingsError,
    UnsupportedFormat,
)
from colibri_geo.hashing import hash_file
from colibri_geo.scenes import landsat, planetscope, sentinel1, sentinel2, stac
from colibri_geo.scenes.archives import identify_archive
from colibri_geo.scenes.assembly import open_product
from colibri_geo.scenes.bundle import Bundle, open_bundle
from colibri_geo.scenes.dates import parse_date
from colibri_geo.scenes.declaration import read_declaration
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.image import Image, examine_image, make_scene
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.scaling import GAMMA0_DB
from colibri_geo.scenes.scene import Scene
from colibri_geo.scenes.screening import can_screen, screen_clouds

_NO_MASK = "no cloud mask: clouds and their shadows count as observed ground"
_HEAD_BYTES = 512
_MOST_ITEMS = 20
_ADDRESS = re.compile(r"(https?|s3|gs|ftp):/", re.IGNORECASE)
_IMAGE = r"\.(tiff?|jp2)$"


class _ReadProduct(Protocol):
    def __call__(self, bundle: Bundle, *, entry: str | None = None) -> Product: ...


@dataclass(frozen=True)
class _Layout:
    """One archive's layout.

    Attributes
    ----------
    name : str
    recognise : callable
        Tells it from the names of a bundle.
    read : callable
    entry : str
        Regular expression of the files that a user may name in place of their folder.
    deep : bool
        Whether the product's files lie in folders below the one of that file.
    """

    name: str
    recognise: Callable[[Bundle], bool]
    read: _ReadProduct
    entry: str
    deep: bool = False

    def is_led(self, bundle: Bundle) -> bool:
        """Whether one of those files is there: then a STAC item beside them, as archives add, is left aside."""
        return any(re.search(self.entry, PurePosixPath(name).name, re.IGNORECASE) for name in bundle.names)


_LAYOUTS = (
    _Layout(
        "Sentinel-1 RTC", sentinel1.recognise, sentinel1.read_sentinel1, r"(_RTC\d+_|^OPERA_L2_RTC-S1_).*_V[VH]\.tiff?$"
    ),
    _Layout("Sentinel-2 SAFE", sentinel2.recognise, sentinel2.read_sentinel2, r"^MTD_MSIL(1C|2A)\.xml$", deep=True),
    _Layout(
        "Landsat Collection 2 Level 2", landsat.recognise, landsat.read_landsat, r"^L[A-Z]0\d_.*_MTL\.(json|xml|txt)$"
    ),
    _Layout(
        "PlanetScope",
        planetscope.recognise,
        planetscope.read_planetscope,
        r"_3B_AnalyticMS.*\.(tiff?|xml)$|^\d{8}_\d{6}_.*_metadata\.json$",
    ),
)
_KNOWN = ", ".join(layout.name for layout in _LAYOUTS)


@dataclass(frozen=True)
class Options:
    """What a user says of an image, in place of what it says of itself; see `open_scene`."""

    bands: str | None = None
    mask: str | Path | None = None
    acquired: str | datetime | None = None
    assume_crs: str | None = None


def open_scene(
    path: str | Path,
    *,
    bands: str | None = None,
    mask: str | Path | None = None,
    acquired: str | datetime | None = None,
    assume_crs: str | None = None,
) -> Scene:
    """Open an image or the product of an archive as a scene; pixels are read later, by window.

    Parameters
    ----------
    path : str or Path
        A GeoTIFF, COG or JPEG 2000 that holds all bands, by itself, or in a ZIP or folder with at most its mask; a
        Sentinel-2 SAFE (L2A, L1C), folder or ZIP; a Landsat Collection 2 Level 2 product, folder or TAR; a PlanetScope
        scene with its UDM2; a terrain-corrected Sentinel-1 product (RTC gamma0); a STAC item or its folder, or
        ``FILE#ID`` for one of several in a collection of items.
    bands : str, optional
        Of an image ``blue=1,green=2,red=3,nir=4``, names alone, or the path of a band map in TOML
        (`colibri_geo.scenes.declaration`); by default the band descriptions tell. Of a product the names of those to
        use.
    mask : str or Path, optional
        Scene classification in Sentinel-2 SCL codes, on any grid. By default the product's own, or ``NAME_scl.tif``
        beside ``NAME.tif``, where there is one. An internal mask, an alpha band and nodata are honoured always. Where
        no mask tells of clouds, thick ones are recognised by their brightness (`colibri_geo.core.clouds`).
    acquired : str or datetime, optional
        Acquisition time, UTC; by default the metadata or the tags ACQUISITIONDATETIME or TIFFTAG_DATETIME tell.
    assume_crs : str, optional
        CRS such as ``EPSG:32618`` for a file that names none.

    Returns
    -------
    Scene

    Raises
    ------
    InputError
        Not a file, no format read here, damaged, too large, too small, incomplete, without a measured pixel; the same
        of the mask.
    UnsafeSource
        An input that names other files or addresses, an archive that cannot be trusted.
    GeoreferenceError
        No CRS, rotated, not orthorectified.
    BandError, DateError, RadiometryError
        Bands, time or scaling unknown or contradictory.
    NoOverlap
        The mask lies elsewhere.
    """
    return open_found(find_input(path), Options(bands, mask, acquired, assume_crs))


def keep_open(scene: Scene, options: Options) -> Scene:
    """Return a scene that is open already, where nothing is asked of it that only its opening could do.

    Raises
    ------
    SettingsError
        For a mask or a time.
    """
    if options.mask is not None or options.acquired is not None:
        raise SettingsError(
            f"{scene.name} is an open scene, which has its own mask and acquisition time, expected none for it here; "
            "give them to open_scene"
        )
    return scene


def open_found(found: RasterFile | Product, options: Options) -> Scene:
    """Open what `find_input` found; see `open_scene`."""
    if isinstance(found, Product):
        return _look_for_clouds(_open_product(found, options))
    return finish_image(examine(found, options), options)


def finish_image(image: Image, options: Options) -> Scene:
    """Make a scene of an image that was examined; see `open_scene`."""
    declared = read_declaration(options.bands)
    return _look_for_clouds(make_scene(image, declared=declared, sha256=check_hash(image.file.path)))


def find_input(path: str | Path) -> RasterFile | Product:
    """Find out what a path leads to: a raster that holds all bands, or the product of an archive.

    Raises
    ------
    InputError, UnsafeSource, BandError, DateError, RadiometryError
        As `open_scene`.
    """
    _check_path(path)
    choice = stac.parse_choice(path)
    path = _check_file(choice.path, or_folder=True)
    path = path if path.name else path.resolve()
    if path.is_file() and _is_stac(path):
        return stac.read_stac(path, item=choice.item)
    if choice.item is not None and not path.is_dir():
        raise NotAFile(
            f"{path.name}#{choice.item[:80]}: # names an item of a STAC collection, and {path.name} is none; give the "
            "path without it"
        )
    named = _find_layout(path)
    if named is not None and path.is_file():
        product = named.read(open_bundle(path.parent, deep=named.deep), entry=path.name)
        return product if named.deep else dataclasses.replace(product, path=path)
    if not path.is_dir() and identify_archive(path) is None:
        return RasterFile(path)
    bundle = open_bundle(path)
    layout = next((layout for layout in _LAYOUTS if layout.recognise(bundle)), None)
    item = None if layout is not None and layout.is_led(bundle) else _find_item(path)
    if item is not None:
        return stac.read_stac(item, item=choice.item)
    if layout is not None:
        return layout.read(bundle)
    rasters = bundle.find(_IMAGE)
    masks = {mask for name in rasters for mask in _name_masks(name)}
    images = [name for name in rasters if name not in masks]
    if len(images) == 1:
        bundle.digest(rasters)  # a damaged entry of an archive is found before it is decoded
        return bundle.raster(images[0])
    held = ", ".join(bundle.names[:3])[:120] or "nothing"
    if images:
        raise AmbiguousInput(
            f"{path.name}: {len(images)} images and no product known here (it holds {held}), expected one image or one "
            f"product ({_KNOWN}); name the image that is meant"
        )
    raise UnsupportedFormat(
        f"{path.name}: no image and no product known here (it holds {held}), expected GeoTIFF, JPEG 2000 or one of "
        f"{_KNOWN}; give one of these"
    )


def _check_path(path: str | Path) -> None:
    """Refuse what is no path: nothing at all, and addresses, which a path has lost a slash of."""
    text = str(path)
    if not text:
        raise NotAFile("the path is empty, expected that of an image or a product; check what was given")
    if _ADDRESS.match(text) and not Path(text).exists():
        raise NotAFile(
            f"{text[:200]}: an address, expected a file: images are read from files alone; download it first (STAC "
            "items with colibri-geo fetch-scenes)"
        )


def _find_layout(path: Path) -> _Layout | None:
    """Return the layout of which a file of that name may be given in place of its folder."""
    return next((layout for layout in _LAYOUTS if re.search(layout.entry, path.name, re.IGNORECASE)), None)


def _find_item(path: Path) -> Path | None:
    """Return the only STAC file that lies in a folder, as `fetch_scenes` writes it; an archive has none."""
    found = [file for file in sorted(path.glob("*.json"))[:_MOST_ITEMS] if file.is_file() and _is_stac(file)]
    return found[0] if len(found) == 1 else None


def _is_stac(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
            if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
                return False
            return stac.recognise_item(head + file.read(METADATA.size_bytes))
    except OSError as error:
        raise NotAFile(f"{path}: cannot be opened ({error.strerror}), expected JSON; check its rights") from error


def _open_product(product: Product, options: Options) -> Scene:
    if options.bands is not None and options.bands.lower().endswith(".toml"):
        raise BandError(
            f"{product.path.name}: a band map, expected names of bands: the product's own metadata say which is which; "
            "give the map to the other image alone (--before-bands or --after-bands)"
        )
    if options.acquired is not None:
        when = parse_date(options.acquired, source=f"{product.path.name} (date given)")
        note = (
            f"its acquisition time was given by the user, {when:%Y-%m-%dT%H:%MZ}, in place of "
            f"{product.acquired:%Y-%m-%dT%H:%MZ} in its metadata"
        )
        product = dataclasses.replace(product, acquired=when, notes=(*product.notes, note))
    mask = None if options.mask is None else RasterFile(_check_file(Path(options.mask)))
    return open_product(product, bands=options.bands, mask=mask, assume_crs=options.assume_crs)


def examine(file: RasterFile, options: Options) -> Image:
    """Read what an image says of itself, with what the user says of it."""
    return examine_image(
        file,
        declared=read_declaration(options.bands),
        mask=_find_mask(file, options.mask),
        acquired=options.acquired,
        assume_crs=options.assume_crs,
    )


def _look_for_clouds(scene: Scene) -> Scene:
    """Where no mask tells of clouds, recognise those that can be, or say that they count as ground."""
    provenance = scene.provenance
    if provenance.mask != "none" or scene.quantity == GAMMA0_DB:
        return scene
    if can_screen(scene):
        return screen_clouds(scene)
    return dataclasses.replace(scene, provenance=dataclasses.replace(provenance, notes=(*provenance.notes, _NO_MASK)))


def _check_file(path: Path, *, or_folder: bool = False) -> Path:
    try:
        if or_folder and path.is_dir():
            return path
        what = "is a folder" if path.is_dir() else "does not exist" if not path.exists() else "is not a regular file"
        if path.is_file():
            path.open("rb").close()
            return path
    except OSError as error:
        what = f"cannot be opened ({error.strerror})"
    expected = "an image, a product (a folder or an archive) or a STAC item" if or_folder else "an image or mask file"
    raise NotAFile(f"{path}: {what}, expected {expected}; check the path")


def _find_mask(file: RasterFile, given: str | Path | None) -> RasterFile | None:
    """Return the mask that was given, or else the one beside the image, in its folder or its archive."""
    if given is not None:
        return RasterFile(_check_file(Path(given)))
    if file.member:
        bundle = open_bundle(file.path)
        return next((bundle.raster(name) for name in _name_masks(file.member) if name in bundle.names), None)
    beside = (file.path.with_name(name) for name in _name_masks(file.path.name))
    return next((RasterFile(candidate) for candidate in beside if candidate.is_file()), None)


def _name_masks(image: str) -> list[str]:
    """Return the names that the mask of an image may have."""
    path = PurePosixPath(image)
    endings = [f"{ending}{suffix}" for suffix in (path.suffix, ".tif") for ending in ("_scl", "_SCL")]
    return [str(path.with_name(f"{path.stem}{ending}")) for ending in endings]


def check_hash(path: Path) -> str:
    """Return the SHA-256 of a file; where a ``.sha256`` file beside it says another, the content is not what it was."""
    digest = hash_file(path)
    beside = path.with_name(f"{path.name}.sha256")
    if beside.is_file():
        with beside.open("rb") as file:
            said = re.match(rb"\s*([0-9a-fA-F]{64})\b", file.read(4096))
        if said is None:
            raise InputError(
                f"{beside.name}: no SHA-256 in it, expected 64 hexadecimal digits; correct or remove the file"
            )
        if said[1].decode().lower() != digest:
            raise IntegrityError(
                f"{path.name}: its SHA-256 begins with {digest[:12]}, expected {said[1].decode().lower()[:12]} "
                f"({beside.name}); it was changed or damaged, fetch it again"
            )
    return digest
