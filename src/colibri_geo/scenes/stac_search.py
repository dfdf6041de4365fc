"""Find STAC items on the web: by a STAC API, in a static catalogue or collection, or at their own address.

References
----------
STAC API specification 1.0.0, https://github.com/radiantearth/stac-api-spec (Core, Item Search), asked through
pystac-client (extra ``stac``). Static catalogues and items are followed link by link, and need no extra.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import shapely
from shapely.geometry.base import BaseGeometry

from colibri_geo.documents import Faults, parse_json
from colibri_geo.downloading import Downloader, is_web, join_url
from colibri_geo.errors import BadDate, DownloadError
from colibri_geo.extras import load_extra
from colibri_geo.scenes.stac_item import Fields, split_items

MAX_REQUESTS = 2000
"""Documents that one search reads, at most."""

_PAGE = 100
_FAULTS = Faults(damaged=DownloadError, undecodable=DownloadError)
_SEARCH = re.compile(r"https://api\.stacspec\.org/v1\.[^/]+/item-search")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_OPEN = ("", "..")
_ADVICE = "check the address and the connection, or fetch the scenes by other means"


@dataclass(frozen=True)
class Interval:
    """From one time to another, both included; None where it is open.

    Attributes
    ----------
    start, end : datetime or None
        UTC.
    """

    start: datetime | None
    end: datetime | None

    @property
    def text(self) -> str:
        """The same as STAC APIs take it."""
        return "/".join(".." if when is None else f"{when:%Y-%m-%dT%H:%M:%SZ}" for when in (self.start, self.end))

    def meets(self, start: datetime, end: datetime) -> bool:
        """Whether a span of time has a moment in common with it."""
        return (self.end is None or start <= self.end) and (self.start is None or end >= self.start)


@dataclass(frozen=True)
class Question:
    """Which items are wanted: all of them where nothing is said.

    Attributes
    ----------
    collections, ids : tuple of str
    area : BaseGeometry or None
        Longitude and latitude; items that touch it.
    dates : Interval or None
    """

    collections: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    area: BaseGeometry | None = None
    dates: Interval | None = None

    def accepts(self, item: Fields, *, source: str) -> bool:
        """Whether an item is one of those wanted.

        Raises
        ------
        DownloadError
            Where the item does not say where or when it is.
        """
        named = not self.ids or item.text("id") in self.ids
        collected = not self.collections or item.text("collection") in self.collections
        return named and collected and self._accepts_time(item, source) and self._accepts_place(item, source)

    def _accepts_time(self, item: Fields, source: str) -> bool:
        if self.dates is None:
            return True
        properties = item.object("properties")
        start = properties.text("datetime", "start_datetime")
        end = properties.text("datetime", "end_datetime")
        try:
            return self.dates.meets(_read_time(start), _read_time(end))
        except ValueError as error:
            raise DownloadError(
                f"{source}: the time of item {item.text('id')[:80]} is {start[:40]!r}, expected RFC 3339; "
                "give no dates, or name the item with --id"
            ) from error

    def _accepts_place(self, item: Fields, source: str) -> bool:
        if self.area is None:
            return True
        geometry = item.members.get("geometry")
        if geometry is None:
            return False
        try:
            place = shapely.make_valid(shapely.from_geojson(json.dumps(geometry)))
            return bool(shapely.intersects(place, self.area))
        except (shapely.GEOSException, TypeError, ValueError) as error:
            raise DownloadError(
                f"{source}: the place of item {item.text('id')[:80]} cannot be read, expected a geometry; "
                "give no area, or name the item with --id"
            ) from error


@dataclass(frozen=True)
class FoundItem:
    """An item, and the address that its own places are relative to.

    Attributes
    ----------
    fields : Fields
    url : str
    """

    fields: Fields
    url: str


def parse_interval(text: str) -> Interval:
    """Read ``A/B``: two days or times in RFC 3339, or ``..`` for an open end; one day alone is that day.

    Raises
    ------
    BadDate

    Examples
    --------
    >>> parse_interval("2024-01-01/2024-01-31").text
    '2024-01-01T00:00:00Z/2024-01-31T23:59:59Z'
    >>> parse_interval("2024-01-01/..").text
    '2024-01-01T00:00:00Z/..'
    """
    first, slash, last = text.strip().partition("/")
    try:
        start = None if first in _OPEN else _read_time(first)
        end = None if (last if slash else first) in _OPEN else _read_end(last if slash else first)
    except ValueError as error:
        raise BadDate(
            f"dates {text[:60]!r}: expected A/B with days such as 2024-01-01 or times in RFC 3339; correct them"
        ) from error
    if (start is None and end is None) or (start is not None and end is not None and end < start):
        raise BadDate(f"dates {text[:60]!r}: expected a start and an end after it, one of them at least; correct them")
    return Interval(start, end)


def _read_time(text: str) -> datetime:
    when = datetime.fromisoformat(text)
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _read_end(text: str) -> datetime:
    when = _read_time(text)
    return when + timedelta(days=1) - timedelta(seconds=1) if _DAY.fullmatch(text) else when


@dataclass
class Searcher:
    """Reads the documents of one site and finds the items in them.

    Attributes
    ----------
    downloader : Downloader
    question : Question
    """

    downloader: Downloader
    question: Question
    _asked: int = field(default=0, init=False)

    def find(self, url: str) -> Iterator[FoundItem]:
        """Yield the items that the question accepts, each once.

        Parameters
        ----------
        url : str
            Of an item, an item collection, a catalogue, a collection, or the landing page of an API.

        Raises
        ------
        DownloadError
            Anything that went wrong on the way.
        MissingExtra
            For an API, where the extra ``stac`` is not installed.
        """
        seen: set[tuple[str, str]] = set()
        for found in self._list(url):
            key = (found.fields.text("collection"), found.fields.text("id"))
            if key not in seen and self.question.accepts(found.fields, source=found.url):
                seen.add(key)
                yield found

    def _list(self, url: str) -> Iterator[FoundItem]:
        document = self.read(url)
        kind = document.text("type")
        if kind in {"Feature", "FeatureCollection"}:
            _refuse_pages(document, url)
            return (FoundItem(item, _find_self(item, url)) for item in split_items(document.members, source=url))
        if kind == "Catalog" and any(_SEARCH.match(name) for name in document.texts("conformsTo")):
            return self._ask(document, url, self.question.collections)
        root = _find_link(document, "root", url)
        if kind == "Collection" and _find_link(document, "items", url) and root:
            return self._ask(self.read(root), root, (document.text("id"),))
        if kind in {"Catalog", "Collection"}:
            return self._walk(document, url)
        raise DownloadError(
            f"{url}: JSON of the type {kind[:40]!r}, expected a STAC API, catalogue, collection or item; {_ADVICE}"
        )

    def read(self, url: str, *, body: bytes | None = None) -> Fields:
        """Fetch one JSON object.

        Raises
        ------
        DownloadError
        """
        self._asked += 1
        if self._asked > MAX_REQUESTS:
            raise DownloadError(
                f"{self.downloader.base_url}: more than {MAX_REQUESTS:,} documents to read, expected fewer; "
                "give the address of a smaller catalogue, or ask an API"
            )
        content = self.downloader.read(url, body=body)
        document = parse_json(content, name=url, expected="STAC", faults=_FAULTS)
        if not isinstance(document, dict):
            raise DownloadError(f"{url}: JSON that is no object, expected STAC; {_ADVICE}")
        return Fields(document)

    def _walk(self, document: Fields, url: str) -> Iterator[FoundItem]:
        """Follow the links of a static catalogue, the nearest first; each document is read once."""
        waiting = deque([FoundItem(document, url)])
        seen = {url}
        while waiting:
            parent = waiting.popleft()
            for link in parent.fields.objects("links"):
                address = join_url(parent.url, link.text("href"))
                if link.text("rel") not in {"child", "item"} or address in seen:
                    continue
                seen.add(address)
                found = FoundItem(self.read(address), address)
                if found.fields.text("type") == "Feature":
                    yield found
                else:
                    waiting.append(found)

    def _ask(self, landing: Fields, url: str, collections: Sequence[str]) -> Iterator[FoundItem]:
        """Ask a STAC API, page by page."""
        links = [link for link in landing.objects("links") if link.text("rel") == "search"]
        if not links:
            raise DownloadError(f"{url}: a STAC API without a link to its search, expected one; {_ADVICE}")
        search = _load("pystac_client.item_search").ItemSearch(
            join_url(url, links[0].text("href")),
            method="POST" if any(link.text("method").upper() == "POST" for link in links) else "GET",
            stac_io=_make_io(self.read),
            limit=_PAGE,
            ids=list(self.question.ids) or None,
            collections=list(collections) or None,
            bbox=None if self.question.area is None else list(self.question.area.bounds),
            datetime=None if self.question.dates is None else self.question.dates.text,
        )
        return self._page(search, url)

    def _page(self, search: Any, url: str) -> Iterator[FoundItem]:  # noqa: ANN401 - of a library that may be missing
        try:
            for page in search.pages_as_dicts():
                yield from (FoundItem(item, _find_self(item, url)) for item in Fields(page).objects("features"))
        except (LookupError, TypeError, AttributeError) as error:
            raise DownloadError(
                f"{url}: its answer is not that of a STAC API ({type(error).__name__}: {str(error)[:80]}); {_ADVICE}"
            ) from error


def _refuse_pages(document: Fields, url: str) -> None:
    if _find_link(document, "next", url):
        raise DownloadError(
            f"{url}: one page of several, expected all items; give the address of the API or of the collection"
        )


def _find_link(document: Fields, relation: str, url: str) -> str:
    links = [link.text("href") for link in document.objects("links") if link.text("rel") == relation]
    return join_url(url, links[0]) if links else ""


def _find_self(item: Fields, url: str) -> str:
    """Return the address of an item itself, where it gives one on the web; else that of the document it came in."""
    own = _find_link(item, "self", url)
    return own if is_web(own) else url


def _load(module: str) -> Any:  # noqa: ANN401 - a module
    """Return a module of pystac-client, which comes with the extra ``stac`` alone."""
    return load_extra(module, extra="stac", purpose="asking a STAC API")


def _ask_page(
    read: Callable[..., Fields], url: str, method: str, parameters: Mapping[str, object]
) -> Mapping[str, object]:
    """Ask for one page: by POST the parameters are sent as JSON, by GET they stand in the address."""
    if method.upper() == "POST":
        return read(url, body=json.dumps(parameters).encode()).members
    query = f"{'&' if '?' in url else '?'}{urlencode(parameters, doseq=True)}" if parameters else ""
    return read(url + query).members


def _make_io(read: Callable[..., Fields]) -> Any:  # noqa: ANN401 - of a library that may be missing
    """Make what pystac-client asks by: it opens no connection and no file but through `read`."""
    library = _load("pystac_client.stac_api_io")

    def read_json(_io: object, source: object, *_: object, **options: object) -> Mapping[str, object]:
        """Ask an address, or follow a link to the next page."""
        asked = Fields(options)
        if not hasattr(source, "to_dict"):
            return _ask_page(read, str(source), asked.text("method"), asked.object("parameters").members)
        link = Fields(source.to_dict())
        method, body = link.text("method").upper(), link.object("body").members
        sent = {**asked.object("parameters").members, **body} if link.flag("merge") else body
        return _ask_page(read, link.text("href"), method, sent if method == "POST" else {})

    return type("CheckedStacIO", (library.StacApiIO,), {"read_json": read_json})(max_retries=None)
