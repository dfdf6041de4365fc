"""Everything of one date, wherever it lies: a scene, a folder or list of scenes, a STAC item collection.

A folder is one scene where it holds one product, several where it holds several images, archives, folders or items.
The files that items lead to are theirs, wherever they lie below; an image that none leads to is a scene of its own.
What lies beside them is left aside only where its name says that it is no image (text, metadata, previews, vector
layers); anything else is an error, so that no image is passed over in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from colibri_geo.documents import METADATA
from colibri_geo.errors import (
    AmbiguousInput,
    NotAFile,
    ProductIncomplete,
    SettingsError,
    UnsafeSource,
    UnsupportedFormat,
)
from colibri_geo.isolation import count_children
from colibri_geo.scenes.archives import identify_archive
from colibri_geo.scenes.bundle import Bundle
from colibri_geo.scenes.dates import DATE_OPTION
from colibri_geo.scenes.files import IMAGE_ENDINGS, RasterFile
from colibri_geo.scenes.finding import find_input, recognise_item
from colibri_geo.scenes.layouts import recognise_layout
from colibri_geo.scenes.opening import Options, keep_open, open_found
from colibri_geo.scenes.paths import list_folder, name_folder
from colibri_geo.scenes.product import Product
from colibri_geo.scenes.scaling import SURFACE
from colibri_geo.scenes.scene import Scene

if TYPE_CHECKING:
    from colibri_geo.scenes.stac_document import StacDocument

Found = RasterFile | Product

MAX_DEPTH = 16
"""Folders below the one that is given; archives deliver five or six."""

_MASK = re.compile(r"(?P<image>.+)_scl", re.IGNORECASE)
_DOCUMENTS = frozenset({".json", ".geojson"})
_SIDE = frozenset(
    {
        *(".aux", ".csv", ".doc", ".docx", ".gif", ".htm", ".html", ".ini", ".jpeg", ".jpg", ".log", ".md", ".md5"),
        *(".meta4", ".odt", ".ods", ".pdf", ".png", ".qgs", ".qgz", ".rst", ".sh", ".sha256", ".sha512", ".toml"),
        *(".tsv", ".txt", ".xls", ".xlsx", ".xml", ".yaml", ".yml"),  # text, tables, checksums, previews
        *(".msk", ".ovr", ".prj", ".j2w", ".tfw", ".tifw", ".wld"),  # side files of images, which are not read
        *(".cpg", ".dbf", ".fgb", ".geojson", ".gpkg", ".json", ".kml", ".kmz", ".qix", ".qml", ".sbn", ".sbx"),
        *(".shp", ".shx"),  # vector layers
    }
)
_SIDE_NAMES = frozenset({"COPYING", "LICENCE", "LICENSE", "MD5SUMS", "README", "SHA256SUMS"})


def open_each(
    images: str | Path | Scene | Sequence[str | Path | Scene],
    *,
    bands: str | None = None,
    mask: str | Path | None = None,
    acquired: str | datetime | None = None,
    date_option: str = DATE_OPTION,
    assume_crs: str | None = None,
) -> list[Scene]:
    """Open everything of one date, scene by scene.

    Parameters
    ----------
    images : str, Path, Scene, or a sequence of these
        What `open_scene` reads; a folder of such, and of folders of such; a STAC item collection, all items of which
        are meant; or several of these.
    bands, acquired, assume_crs : optional
        As of `open_scene`, for each of the scenes.
    mask : str or Path, optional
        As of `open_scene`, where there is one scene. Of several, each has the mask that lies beside it or in it.
    date_option : str
        By which the user gives `acquired`, for messages.

    Returns
    -------
    list of Scene
        As `open_scene` opens them.

    Raises
    ------
    InputError
        As `open_scene`; UnsupportedFormat for a file in a folder that is neither an image nor clearly something else,
        ProductIncomplete for a mask without its image.
    UnsafeSource
        For a link in a folder of scenes, for folders nested deeper than `MAX_DEPTH`; as `open_scene`.
    GeoreferenceError, BandError, DateError, RadiometryError
        As `open_scene`.
    SettingsError
        For one mask of several scenes; for a mask or a time of a scene that is open.
    """
    given = list(images) if isinstance(images, Iterable) and not isinstance(images, str) else [images]
    for one in given:
        if not isinstance(one, str | Path | Scene):
            raise NotAFile(f"an image of type {type(one).__name__}, expected a path or an open scene; correct it")
    if not given:
        raise NotAFile("no image is given, expected one or more; check what was given")
    found = list(_find_all(given))
    if not found:
        raise NotAFile(f"{given[0]} and the others are masks, expected images too; give the images they belong to")
    if mask is not None and len(found) > 1:
        raise SettingsError(
            f"one mask is given for {len(found)} scenes, expected none: each has its own; put a mask beside its image, "
            "as NAME_scl.tif"
        )
    return _open_all(found, Options(bands, mask, acquired, assume_crs, date_option))


def join_scenes(scenes: Sequence[Scene]) -> Scene:
    """Return the scene where there is one, else the mosaic of several; see `mosaic_scenes`."""
    if len(scenes) == 1:
        return scenes[0]
    from colibri_geo.scenes.mosaic import mosaic_scenes  # of no use for one

    return mosaic_scenes(scenes)


def _open_all(found: Sequence[Scene | Found], options: Options) -> list[Scene]:
    """Open scenes, side by side where several children decode for them; of what goes wrong, the first is raised."""
    side_by_side = min(len(found), count_children())
    if side_by_side < 2:
        return [_open(one, options) for one in found]
    threads = ThreadPoolExecutor(side_by_side, thread_name_prefix="colibri-open")
    try:
        return list(threads.map(partial(_open, options=options), found))
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _open(one: Scene | Found, options: Options) -> Scene:
    return keep_open(one, options) if isinstance(one, Scene) else open_found(one, options)


def _find_all(given: Sequence[str | Path | Scene]) -> Iterator[Scene | Found]:
    for one in given:
        if isinstance(one, Scene):
            yield one
        elif len(given) == 1 or not _is_mask(Path(one)):
            yield from find_inputs(one)


def find_inputs(path: str | Path) -> tuple[Found, ...]:
    """Find out what a path leads to: one scene or several.

    Returns
    -------
    tuple of RasterFile or Product
        At least one, by name.

    Raises
    ------
    InputError, UnsafeSource, BandError, DateError, RadiometryError
        As `open_each`.
    """
    place = Path(path)
    if str(path) and place.is_dir():
        place = place if place.name else place.resolve()
        found = _search(place)
        return tuple(found) if len(found) > 1 else (_find_alone(place, found),)
    if place.suffix.lower() in _DOCUMENTS and place.is_file():
        document = _read_document(place)
        if document is not None and len(document.items) > 1:
            return document.read()
    return (find_input(path),)


def _find_alone(folder: Path, found: Sequence[Found]) -> Found:
    """Return the only scene in a folder as `open_scene` finds it, where that finds it: its checksum names its files."""
    if found and found[0].path == folder:
        return found[0]
    try:
        return find_input(folder)
    except (AmbiguousInput, UnsupportedFormat):
        if not found:
            raise
        return found[0]


def _read_document(path: Path) -> StacDocument | None:
    """Read a JSON file of STAC; None for other JSON."""
    try:
        with path.open("rb") as file:
            content = file.read(METADATA.size_bytes + 1)
    except OSError as error:
        raise NotAFile(f"{path}: cannot be opened ({error.strerror}), expected JSON; check its rights") from error
    if not recognise_item(content):
        return None
    from colibri_geo.scenes.stac_document import parse_document  # of no use for other files

    return parse_document(path, content)


def _search(folder: Path, *, led: frozenset[Path] = frozenset(), depth: int = 0) -> list[Found]:
    """Find the scenes in a folder; none in one that holds nothing but side files.

    Parameters
    ----------
    folder : Path
    led : frozenset of Path
        Files, resolved, that items in the folders above lead to: they are scenes already.
    depth : int
        How far below the folder that was given.
    """
    if depth > MAX_DEPTH:
        raise UnsafeSource(
            f"{folder.name[-120:]!r}: lies more than {MAX_DEPTH} folders deep, expected the scenes within "
            f"{MAX_DEPTH}; give a folder nearer to them"
        )
    entries = _list_entries(folder)
    files = {entry.name: entry for entry in entries if entry.is_file()}
    place = folder.resolve()
    explained = {entry.name for entry in entries if place / entry.name in led}
    found: list[Found] = []
    if _is_product(folder, files.values()):
        try:
            return _drop_led([find_input(folder)], led)
        except AmbiguousInput:  # several products, side by side
            products = _find_products(file for name, file in files.items() if name not in explained)
            found += _drop_led(products, led)
            leads = tuple(product.product_id.lower() for product in products if product.product_id)
            explained |= {name for name in files if name.lower().startswith(leads)}
        except ProductIncomplete:
            if not any(file.is_relative_to(place) for file in led):
                raise  # else an item tells which of the product's files are meant
    documents = [_read_document(file) for name, file in files.items() if _is_document(file) and name not in explained]
    for document in documents:
        if document is not None and document.items:
            found += _drop_led(document.read(), led)
            explained.add(document.path.name)
    led |= frozenset().union(*(document.list_led() for document in documents if document is not None))
    for entry in entries:
        if entry.name not in explained and place / entry.name not in led:
            found += _search(entry, led=led, depth=depth + 1) if entry.is_dir() else _find_in_file(entry)
    return found


def _drop_led(found: Iterable[Found], led: frozenset[Path]) -> list[Found]:
    """Return the scenes that are not made of files alone which an item leads to."""
    return [one for one in found if not all(file.path.resolve() in led for file in _list_files(one))]


def _list_files(found: Found) -> list[RasterFile]:
    return [band.file for band in found.bands] if isinstance(found, Product) else [found]


def _list_entries(folder: Path) -> list[Path]:
    """List files and folders by name; links and devices are refused."""
    entries = list_folder(folder, expected="a folder of scenes")
    for entry in entries:
        if entry.is_symlink():
            raise UnsafeSource(
                f"{name_folder(folder)}: {entry.name[-120:]!r} is a link, expected the scenes' own files; name the "
                "scenes one by one, or copy them to a folder of their own"
            )
        if not (entry.is_file() or entry.is_dir()):
            raise UnsafeSource(
                f"{name_folder(folder)}: {entry.name[-120:]!r} is neither a file nor a folder; remove it"
            )
    return entries


def _is_product(folder: Path, files: Iterable[Path]) -> bool:
    """Whether files of a product lie in a folder itself, not in folders below, nor in archives."""
    read = {*IMAGE_ENDINGS, *_DOCUMENTS, ".xml", ".txt"}
    shallow = Bundle(folder, tuple(file.name for file in files if file.suffix.lower() in read))
    return recognise_layout(shallow) is not None


def _find_products(files: Iterable[Path]) -> list[Product]:
    """Find the products whose files lie side by side; of one that is there as counts too, surface reflectance."""
    by_stem = {file.stem: file for file in sorted(files, reverse=True) if _may_lead(file)}
    products: dict[tuple[str, str | None], Product] = {}
    for stem in sorted(by_stem):
        found = find_input(by_stem[stem])
        if isinstance(found, Product):
            key = (found.layout, found.product_id)
            if key not in products or (found.quantity == SURFACE != products[key].quantity):
                products[key] = found
    return list(products.values())


def _may_lead(file: Path) -> bool:
    return file.suffix.lower() in {*IMAGE_ENDINGS, ".json", ".xml", ".txt"} and not _is_stac(file)


def _is_stac(file: Path) -> bool:
    return _is_document(file) and _read_document(file) is not None


def _is_document(file: Path) -> bool:
    return file.suffix.lower() in _DOCUMENTS


def _find_in_file(file: Path) -> list[Found]:
    suffix = file.suffix.lower()
    if suffix in IMAGE_ENDINGS:
        if _is_mask(file):
            return []
        matched = _MASK.fullmatch(file.stem)
        if matched is not None:
            raise ProductIncomplete(
                f"{file.name}: a mask without its image, expected {matched['image']}.tif beside it; put the image "
                "there, or take the mask away"
            )
        return [find_input(file)]
    if suffix in _SIDE or file.name in _SIDE_NAMES:
        return []
    if identify_archive(file) is not None:
        return [find_input(file)]
    raise UnsupportedFormat(
        f"{file.parent.name}: {file.name[-120:]!r} is neither an image nor an archive that is read here, expected "
        "scenes and text beside them; take it out of the folder"
    )


def _is_mask(file: Path) -> bool:
    """Whether it is the mask of an image that lies beside it."""
    matched = _MASK.fullmatch(file.stem) if file.suffix.lower() in IMAGE_ENDINGS else None
    if matched is None:
        return False
    return any(
        file.with_name(f"{matched['image']}{ending}").is_file() for ending in (*IMAGE_ENDINGS, ".TIF", ".TIFF", ".JP2")
    )
