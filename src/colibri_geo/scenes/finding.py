"""Find out what a path leads to; what reads it is imported when that is known."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from colibri_geo.documents import METADATA
from colibri_geo.errors import AmbiguousInput, NotAFile, UnsupportedFormat
from colibri_geo.scenes.archives import identify_archive
from colibri_geo.scenes.bundle import open_bundle
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.layouts import LAYOUTS, find_layout, recognise_layout
from colibri_geo.scenes.paths import locate

if TYPE_CHECKING:
    from colibri_geo.scenes.product import Product

_HEAD_BYTES = 512
_MOST_ITEMS = 20
_IMAGE = r"\.(tiff?|jp2)$"
_SCAN = ", or give the folder to scan, where all are of one date"
_KNOWN = ", ".join(layout.name for layout in LAYOUTS)


def find_input(path: str | Path) -> RasterFile | Product:
    """Find out what a path leads to: a raster that holds all bands, or the product of an archive.

    Raises
    ------
    InputError, UnsafeSource, BandError, DateError, RadiometryError
        As `open_scene`.
    """
    choice = locate(path)
    path = choice.path if choice.path.name else choice.path.resolve()
    if path.is_file() and _is_stac(path):
        return _read_stac(path, choice.item)
    if choice.item is not None and not path.is_dir():
        raise NotAFile(
            f"{path.name}#{choice.item[:80]}: # names an item of a STAC collection, and {path.name} is none; give the "
            "path without it"
        )
    named = find_layout(path)
    if named is not None and path.is_file():
        product = named.read(open_bundle(path.parent, deep=named.deep), entry=path.name)
        return product if named.deep else dataclasses.replace(product, path=path)
    if not path.is_dir() and identify_archive(path) is None:
        return RasterFile(path)
    bundle = open_bundle(path)
    layout = recognise_layout(bundle)
    item = None if layout is not None and layout.is_led(bundle) else _find_item(path)
    if item is not None:
        return _read_stac(item, choice.item)
    if layout is not None:
        return layout.read(bundle)
    rasters = bundle.find(_IMAGE)
    masks = {mask for name in rasters for mask in name_masks(name)}
    images = [name for name in rasters if name not in masks]
    if len(images) == 1:
        bundle.digest(rasters)  # a damaged entry of an archive is found before it is decoded
        return bundle.raster(images[0])
    held = ", ".join(bundle.names[:3])[:120] or "nothing"
    if images:
        raise AmbiguousInput(
            f"{path.name}: {len(images)} images and no product known here (it holds {held}), expected one image or one "
            f"product ({_KNOWN}); name the image that is meant{_SCAN if path.is_dir() else ''}"
        )
    raise UnsupportedFormat(
        f"{path.name}: no image and no product known here (it holds {held}), expected GeoTIFF, JPEG 2000 or one of "
        f"{_KNOWN}; give one of these"
    )


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
            return recognise_item(head + file.read(METADATA.size_bytes))
    except OSError as error:
        raise NotAFile(
            f"{path}: cannot be read ({error.strerror}), expected an image or a product; check the path and its rights"
        ) from error


def recognise_item(content: bytes) -> bool:
    """Tell from its bytes whether a JSON file is of STAC: an item, a collection of items, or a catalogue.

    Parameters
    ----------
    content : bytes
        The whole file: its members may stand in any order.
    """
    text = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return text.startswith(b"{") and re.search(rb'"stac_version"\s*:', content) is not None


def _read_stac(path: Path, item: str | None) -> Product:
    from colibri_geo.scenes.stac import read_stac

    return read_stac(path, item=item)


def name_masks(image: str) -> list[str]:
    """Return the names that the mask of an image may have."""
    path = PurePosixPath(image)
    endings = [f"{ending}{suffix}" for suffix in (path.suffix, ".tif") for ending in ("_scl", "_SCL")]
    return [str(path.with_name(f"{path.stem}{ending}")) for ending in endings]
