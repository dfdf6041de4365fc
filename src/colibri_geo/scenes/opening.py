"""Open whatever an archive delivers as a scene: the content tells which reader serves."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from colibri_geo.errors import BandError, InputError, IntegrityError, NotAFile, SettingsError
from colibri_geo.hashing import hash_file
from colibri_geo.scenes.assembly import open_product
from colibri_geo.scenes.bundle import open_bundle
from colibri_geo.scenes.dates import DATE_OPTION, Acquisition, read_given_date
from colibri_geo.scenes.declaration import read_declaration
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.finding import find_input, name_masks
from colibri_geo.scenes.image import Image, examine_image, make_scene
from colibri_geo.scenes.paths import check_file, check_path, is_there
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.recognising import RasterKind, recognise_kind, refuse_kind
from colibri_geo.scenes.scaling import GAMMA0_DB
from colibri_geo.scenes.scene import Scene
from colibri_geo.scenes.screening import can_screen, screen_clouds

_NO_MASK = "no cloud mask: clouds and their shadows count as observed ground"


@dataclass(frozen=True)
class Options:
    """What a user says of an image, in place of what it says of itself, and by which option; see `open_scene`."""

    bands: str | None = None
    mask: str | Path | None = None
    acquired: str | datetime | None = None
    assume_crs: str | None = None
    date_option: str = DATE_OPTION

    def __post_init__(self) -> None:
        """Refuse a mask that is no path."""
        if not isinstance(self.mask, str | Path | None):
            raise NotAFile(
                f"a mask of type {type(self.mask).__name__}, expected a path; correct mask (before_mask or after_mask)"
            )
        if self.mask is not None:
            check_path(self.mask, expected="a mask")


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
    told = not image.problems or options.bands is not None
    kind = RasterKind.IMAGE if told else recognise_kind(image)
    if kind is not RasterKind.IMAGE:
        raise refuse_kind(kind, image.file.name, date_option=options.date_option)
    declared = read_declaration(options.bands)
    return _look_for_clouds(make_scene(image, declared=declared, sha256=check_hash(image.file.path)))


def _open_product(product: Product, options: Options) -> Scene:
    if options.bands is not None and options.bands.lower().endswith(".toml"):
        raise BandError(
            f"{product.path.name}: a band map, expected names of bands: the product's own metadata say which is which; "
            "give the map to the other image alone (--before-bands or --after-bands)"
        )
    if options.acquired is not None:
        given = read_given_date(options.acquired, option=options.date_option, source=product.path.name)
        stated = Acquisition(product.acquired, product.day_alone)
        note = f"its acquisition time was given by the user, {given}, in place of {stated} in its metadata"
        product = dataclasses.replace(
            product, acquired=given.moment, day_alone=given.day_alone, notes=(*product.notes, note)
        )
    mask = None if options.mask is None else RasterFile(check_file(Path(options.mask)))
    return open_product(product, bands=options.bands, mask=mask, assume_crs=options.assume_crs)


def examine(file: RasterFile, options: Options) -> Image:
    """Read what an image says of itself, with what the user says of it."""
    return examine_image(
        file,
        declared=read_declaration(options.bands),
        mask=_find_mask(file, options.mask),
        acquired=options.acquired,
        date_option=options.date_option,
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


def _find_mask(file: RasterFile, given: str | Path | None) -> RasterFile | None:
    """Return the mask that was given, or else the one beside the image, in its folder or its archive."""
    if given is not None:
        return RasterFile(check_file(Path(given)))
    if file.member:
        bundle = open_bundle(file.path)
        return next((bundle.raster(name) for name in name_masks(file.member) if name in bundle.names), None)
    beside = (file.path.with_name(name) for name in name_masks(file.path.name))
    return next((RasterFile(candidate) for candidate in beside if is_there(candidate)), None)


def check_hash(path: Path) -> str:
    """Return the SHA-256 of a file; where a ``.sha256`` file beside it says another, the content is not what it was."""
    digest = hash_file(path)
    beside = path.with_name(f"{path.name}.sha256")
    if is_there(beside):
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
