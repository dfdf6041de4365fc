"""Scenes fetched from STAC catalogues on the web, when somebody asks; from then on everything works offline."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import shapely
from shapely.geometry.base import BaseGeometry

from colibri_geo.documents import Faults, parse_json
from colibri_geo.downloading import Downloader, is_web, join_url
from colibri_geo.errors import AmbiguousInput, DownloadError, OutputError, OutputExists, SettingsError
from colibri_geo.scenes.decoding import read_header
from colibri_geo.scenes.files import RasterFile
from colibri_geo.scenes.multihash import hash_multi
from colibri_geo.scenes.stac import check_asset
from colibri_geo.scenes.stac_assets import choose_assets
from colibri_geo.scenes.stac_item import Fields, StacAsset, parse_item
from colibri_geo.scenes.stac_search import FoundItem, Question, Searcher, parse_interval
from colibri_geo.writing import check_writable, output_errors

ITEM_NAME = "item.json"
"""Name of the item in its folder."""

MAX_FETCH_BYTES = 4 * 2**30
"""The largest band of an archive that is read here takes some 300 MiB."""

_DOCUMENT_BYTES = 32 * 2**20
_SMALL_BYTES = 16 * 2**20
_DOCUMENT_WAITS = 5
_FILE_WAITS = 60
_ADVICE = "check the address and the connection, or fetch the scene by other means"
_DENIED = (
    "the archive wants a login or a signed address: bring the files with its own tool, and open them from the JSON of "
    "the item beside them"
)
_TEXT_TYPES = {
    "application/json": "json",
    "application/geo+json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
    "text/plain": "txt",
}
_FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
_SHOWN = 5
_MOST = 1000


def fetch_scenes(
    url: str,
    into: str | Path,
    *,
    collections: Sequence[str] = (),
    ids: Sequence[str] = (),
    bbox: Sequence[float] | None = None,
    area: BaseGeometry | None = None,
    dates: str | None = None,
    limit: int = 10,
    timeout_s: float = 60.0,
    max_bytes: int = MAX_FETCH_BYTES,
) -> tuple[Path, ...]:
    """Fetch scenes from a STAC API or catalogue into folders that `open_scene` reads offline.

    Of each item the bands and masks that are read here are fetched, and its metadata where the archive gives them; what
    the item says of their sizes and checksums is checked, and checksums are added where it says nothing. A folder is
    written whole or not at all. One that is there already is kept, so that a fetch that was broken off goes on.

    Use it with open archives, such as Earth Search's Sentinel-2 L2A. Where one wants a login or a signed address, bring
    the files with its own tool and open them from the JSON of the item beside them.

    Parameters
    ----------
    url : str
        Of a STAC API (needs the extra ``stac``), a static catalogue or collection, an item collection or one item. Only
        http and https are asked, and only https where this is one.
    into : str or Path
        Folder to write to; made where it is missing. Each item becomes a folder in it, with ``item.json``.
    collections, ids : sequence of str
        Only items of these.
    bbox : sequence of float, optional
        West, south, east, north in degrees: only items that touch it. West may be greater than east, over the
        antimeridian.
    area : BaseGeometry, optional
        Longitude and latitude: only items that touch it; in place of `bbox`.
    dates : str, optional
        ``A/B``, two days or times in RFC 3339, or ``..`` for an open end; one day alone is that day.
    limit : int
        Where more items match, nothing is fetched: an archive's own order would choose.
    timeout_s : float
        Longest wait for the next bytes; a whole file may take 60 times as long.
    max_bytes : int
        Largest file.

    Returns
    -------
    tuple of Path
        The ``item.json`` of each scene, in the order of their acquisition times as written, then of their ids.

    Raises
    ------
    SettingsError, BadDate
        Options that cannot be meant, or a missing extra.
    AmbiguousInput
        More items than `limit`, or two of one name.
    UnsafeSource
        Where the catalogue leads from the web to this computer or a private network.
    IntegrityError
        Where a file is not what the item says; nothing of the item is left behind.
    DownloadError
        Anything else that went wrong on the way, no matching item among it.
    OutputError, OutputExists
        Where the folder cannot be written, or something else has the name of an item.
    InputError, BandError, RadiometryError, NeedsOrthorectification
        For an item that could not be read afterwards either.
    """
    question = Question(
        tuple(collections), tuple(ids), _find_area(bbox, area), None if dates is None else parse_interval(dates)
    )
    if not 1 <= limit <= _MOST:
        raise SettingsError(f"limit {limit}: expected 1 to {_MOST}; correct it")
    if not is_web(url):
        raise SettingsError(f"{url[:200]}: expected an http or https address; files on disk are opened as they are")
    out = Path(into)
    _check_target(out)
    documents = Downloader(
        *(url, "STAC", _ADVICE, timeout_s, _DOCUMENT_BYTES),
        whole_s=_DOCUMENT_WAITS * timeout_s,
        plain=True,
        denied=_DENIED,
    )
    plans = [_plan(item) for item in _collect(Searcher(documents, question), url, limit)]
    _check_names(plans)
    fetcher = Downloader(
        *(url, "a file of the scene", _ADVICE, timeout_s, max_bytes),
        whole_s=_FILE_WAITS * timeout_s,
        plain=True,
        denied=_DENIED,
    )
    with _made_folder(out):
        return tuple(_fetch_item(plan, out, fetcher) for plan in plans)


def _find_area(bbox: Sequence[float] | None, area: BaseGeometry | None) -> BaseGeometry | None:
    if bbox is None or area is not None:
        if bbox is not None:
            raise SettingsError("both a box and an area are given, expected one; leave out the other")
        return area
    sides = [float(side) for side in bbox]
    if len(sides) != 4 or not (all(-180 <= sides[n] <= 180 for n in (0, 2)) and -90 <= sides[1] <= sides[3] <= 90):
        shown = " ".join(f"{side:g}" for side in sides)
        raise SettingsError(f"bbox {shown}: expected west, south, east and north in degrees; correct it")
    west, south, east, north = sides
    if west <= east:
        return shapely.box(west, south, east, north)
    return shapely.union(shapely.box(west, south, 180, north), shapely.box(-180, south, east, north))


def _collect(searcher: Searcher, url: str, limit: int) -> list[FoundItem]:
    """Return the items that are wanted, in an order of their own."""
    found: list[FoundItem] = []
    for item in searcher.find(url):
        found.append(item)
        if len(found) > limit:
            shown = ", ".join(one.fields.text("id")[:80] for one in found[:_SHOWN])
            raise AmbiguousInput(
                f"{url}: more than {limit} items match ({shown}, ...), expected at most that many; choose some with "
                "--id, narrow the dates or the area, or raise --limit"
            )
    if not found:
        raise DownloadError(f"{url}: no item matches, expected at least one; widen the dates or the area")
    asked = [name for name in searcher.question.ids if name not in {item.fields.text("id") for item in found}]
    if asked:
        raise DownloadError(f"{url}: no item {', '.join(asked)[:300]} matches, expected each; correct the names")
    return sorted(
        found, key=lambda item: f"{item.fields.object('properties').text('datetime')} {item.fields.text('id')}"
    )


@dataclass(frozen=True)
class _Part:
    """An asset to fetch, from where, and the name it gets."""

    asset: StacAsset
    url: str
    name: str
    needed: bool


@dataclass(frozen=True)
class _Plan:
    """What of one item is to be fetched."""

    found: FoundItem
    folder: str
    parts: tuple[_Part, ...]

    @property
    def item_id(self) -> str:
        return self.found.fields.text("id")


def _plan(found: FoundItem) -> _Plan:
    source = found.url
    item = parse_item(found.fields, source=source)
    needed = choose_assets(item, source=source).assets
    extra = [asset for asset in item.assets if asset not in needed and _is_metadata(asset)]
    names: set[str] = {ITEM_NAME}
    parts = [_Part(asset, _find_url(asset, source), _name_file(asset, names), needed=True) for asset in needed]
    for asset in extra:
        address = join_url(source, asset.href)
        if is_web(address):
            parts.append(_Part(asset, address, _name_file(asset, names), needed=False))
    return _Plan(found, _plain_name(item.item_id, source=source), tuple(parts))


def _is_metadata(asset: StacAsset) -> bool:
    return "metadata" in asset.roles and asset.media_type.partition(";")[0].strip().lower() in _TEXT_TYPES


def _find_url(asset: StacAsset, source: str) -> str:
    """Return the first address of an asset on the web."""
    places = [join_url(source, href) for href in (asset.href, *asset.others) if href]
    on_web = [place for place in places if is_web(place)]
    if not on_web:
        lies = places[0].partition("?")[0][:120] if places else "nowhere"
        raise DownloadError(
            f"{source}: asset {asset.key[:80]} lies at {lies}, expected an http or https address; "
            "fetch it by other means, or ask another archive"
        )
    return on_web[0]


def _name_file(asset: StacAsset, taken: set[str]) -> str:
    """Return a name for an asset's file that no other has, whatever the item calls it."""
    if asset.is_tiff or asset.is_jp2:
        ending = "tif" if asset.is_tiff else "jp2"
    else:
        ending = _TEXT_TYPES[asset.media_type.partition(";")[0].strip().lower()]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", asset.key)[:60].strip("_") or "asset"
    stem = re.sub(rf"_{ending}$", "", stem)
    names = (f"{stem}{'' if number == 1 else f'_{number}'}.{ending}" for number in range(1, len(taken) + 2))
    name = next(name for name in names if name.lower() not in taken)
    taken.add(name.lower())
    return name


def _plain_name(item_id: str, *, source: str) -> str:
    """Return the name of an item's folder: its id, where that is a plain name."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", item_id).strip(".")[:120]
    if not name.strip("_"):
        raise DownloadError(f"{source}: the id of the item is {item_id[:40]!r}, expected a name; {_ADVICE}")
    return name


def _check_names(plans: Sequence[_Plan]) -> None:
    folders: dict[str, _Plan] = {}
    for plan in plans:
        other = folders.setdefault(plan.folder.lower(), plan)
        if other is not plan:
            raise AmbiguousInput(
                f"two items would be written to {plan.folder} ({other.found.fields.text('collection')[:80]} and "
                f"{plan.found.fields.text('collection')[:80]}), expected one; choose with --collection"
            )


def _check_target(out: Path) -> None:
    with output_errors(out):
        if out.exists() and not out.is_dir():
            raise OutputError(f"{out}: is no folder, expected one or a free name; give another folder")
        if not out.parent.is_dir():
            raise OutputError(f"{out.parent}: no such folder to write to; make it first")
        check_writable(out if out.exists() else out.parent)


@contextmanager
def _made_folder(out: Path) -> Iterator[None]:
    """Make the folder where it is missing; it is not left behind empty."""
    made = not out.exists()
    try:
        with output_errors(out):
            out.mkdir(exist_ok=True)
            yield
    finally:
        if made and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


def _fetch_item(plan: _Plan, out: Path, fetcher: Downloader) -> Path:
    """Fetch one item into a folder beside its place, then move it there."""
    target = out / plan.folder
    if target.exists() or target.is_symlink():
        _check_former(target, plan)
        return target / ITEM_NAME
    staging = Path(tempfile.mkdtemp(prefix=".fetch-", dir=out))
    try:
        staging.chmod(0o755)
        kept = [part for part in plan.parts if _fetch_part(part, staging, fetcher)]
        content = _rewrite(plan, kept, staging)
        (staging / ITEM_NAME).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        staging.rename(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return target / ITEM_NAME


def _check_former(target: Path, plan: _Plan) -> None:
    """Refuse a folder that holds something else than this item."""
    item = target / ITEM_NAME
    known = ""
    if item.is_file() and not target.is_symlink() and item.stat().st_size <= _DOCUMENT_BYTES:
        document = parse_json(
            item.read_bytes(), name=str(item), faults=Faults(damaged=OutputExists, undecodable=OutputExists)
        )
        known = Fields(document if isinstance(document, dict) else {}).text("id")
    if known != plan.item_id:
        raise OutputExists(
            f"{target}: exists already and is not item {plan.item_id[:80]}, expected a free name; "
            "remove it, or give another folder"
        )


def _fetch_part(part: _Part, folder: Path, fetcher: Downloader) -> bool:
    """Fetch one file and hold it to what its item says; False for metadata that the archive does not give."""
    place = folder / part.name
    limits = fetcher if part.needed else dataclasses.replace(fetcher, max_bytes=_SMALL_BYTES)
    try:
        limits.save(part.url, place)
    except DownloadError:
        if part.needed:
            raise
        place.unlink(missing_ok=True)
        return False
    check_asset(part.asset, place)
    if part.needed:
        read_header(RasterFile(place))  # archives that want a login answer with a page
    return True


def _rewrite(plan: _Plan, parts: Sequence[_Part], folder: Path) -> dict[str, object]:
    """Return the item with the assets that were fetched, each by its name beside it; links keep their addresses."""
    members = dict(plan.found.fields.members)
    written = plan.found.fields.object("assets").members
    assets = {}
    for part in sorted(parts, key=lambda part: list(written).index(part.asset.key)):
        asset = dict(Fields(written).object(part.asset.key).members) | {"href": f"./{part.name}"}
        asset.pop("alternate", None)
        asset["file:size"] = (folder / part.name).stat().st_size
        asset.setdefault("file:checksum", hash_multi(folder / part.name))
        assets[part.asset.key] = asset
    members["assets"] = assets
    links = [
        {**link.members, "href": join_url(plan.found.url, link.text("href")), "rel": _rename(link.text("rel"))}
        for link in plan.found.fields.objects("links")
    ]
    if not any(link["rel"] == "via" for link in links):
        links.append({"rel": "via", "href": plan.found.url.partition("?")[0]})
    members["links"] = links
    extensions = list(plan.found.fields.texts("stac_extensions"))
    known = any(name.startswith(_FILE_EXTENSION.partition("v2")[0]) for name in extensions)
    members["stac_extensions"] = extensions if known else [*extensions, _FILE_EXTENSION]
    return members


def _rename(relation: str) -> str:
    """Return what a link is to the copy: the item's own address is where the copy came from."""
    return "via" if relation == "self" else relation
