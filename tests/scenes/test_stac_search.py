"""Items found on the web, from servers on this computer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import shapely

from colibri_geo.downloading import Downloader
from colibri_geo.errors import BadDate, DownloadError
from colibri_geo.scenes import stac_search
from colibri_geo.scenes.stac_item import Fields
from colibri_geo.scenes.stac_search import Question, Searcher, parse_interval
from tests.support.products.stac import Site, serve

HERE = (-75.1, 0.8, -74.9, 1.0)
POINT = {"type": "Point", "coordinates": [-75.0, 0.9]}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site of no files but two items."""
    for name in "ab":
        item = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": name,
            "collection": "scenes",
            "geometry": POINT,
            "bbox": [-75.0, 0.9, -75.0, 0.9],
            "properties": {"datetime": "2025-01-10T15:20:00Z"},
            "links": [],
            "assets": {},
        }
        (tmp_path / name).mkdir()
        (tmp_path / name / "item.json").write_text(json.dumps(item))
    with serve(Site(tmp_path)) as site:
        yield site


def find(site: Site, path: str, question: Question | None = None) -> list[str]:
    """Return the ids of what is found at a path."""
    downloader = Downloader(site.url, "STAC", "look", timeout_s=5, max_bytes=2**20, plain=True)
    found = Searcher(downloader, question or Question()).find(site.url + path)
    return [item.fields.text("id") for item in found]


def say(content: object) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answer with bytes, or with JSON."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(content if isinstance(content, bytes) else json.dumps(content).encode())

    return answer


def test_an_interval_takes_in_both_of_its_ends() -> None:
    """A day alone is the whole of that day, in UTC; an open end is open."""
    day = parse_interval("2025-03-21")
    assert day.text == "2025-03-21T00:00:00Z/2025-03-21T23:59:59Z"
    assert parse_interval("../2025-03-21T03:00:00+02:00").text == "../2025-03-21T01:00:00Z"
    first, last = parse_interval("2025-03-20/2025-03-21"), parse_interval("2025-03-21/..")
    assert first.end is not None
    assert last.start is not None
    assert day.meets(first.end, first.end)
    assert last.meets(first.end, first.end)
    assert not first.meets(parse_interval("2025-03-22").start, parse_interval("2025-03-22").end)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "..", "../..", "/", "2025-02-30", "2025-03-01/2025-02-01", "soon", "a/b/c"])
def test_intervals_that_cannot_be_meant_are_refused(text: str) -> None:
    """No end at all, days that are none, and an end before the start are no interval."""
    with pytest.raises(BadDate, match="correct them"):
        parse_interval(text)


@pytest.mark.parametrize(
    ("question", "accepted"),
    [
        (Question(), True),
        (Question(ids=("a", "b")), True),
        (Question(ids=("b",)), False),
        (Question(collections=("other",)), False),
        (Question(area=shapely.box(*HERE)), True),
        (Question(area=shapely.box(10, 10, 11, 11)), False),
        (Question(dates=parse_interval("2025-01-10")), True),
        (Question(dates=parse_interval("../2025-01-09")), False),
        (Question(dates=parse_interval("2025-01-11/..")), False),
    ],
)
def test_a_question_accepts_what_it_asks_for(question: Question, accepted: bool) -> None:
    """Names, collections, place and time each have to fit."""
    properties = {"datetime": "2025-01-10T15:20:00Z"}
    item = Fields({"id": "a", "collection": "scenes", "geometry": POINT, "properties": properties})
    assert question.accepts(item, source="s") is accepted


def test_items_that_do_not_say_where_or_when_are_refused() -> None:
    """Only where it was asked: an item without a time or of a broken place is told, one of no place lies nowhere."""
    dates, area = Question(dates=parse_interval("2025-01-10")), Question(area=shapely.box(*HERE))
    for geometry in ({"type": "Blob"}, "here", {"type": "Point", "coordinates": ["x"]}):
        item = Fields({"id": "a", "geometry": geometry})
        with pytest.raises(DownloadError, match="the time of item a is ''"):
            dates.accepts(item, source="s")
        with pytest.raises(DownloadError, match="the place of item a cannot be read"):
            area.accepts(item, source="s")
        assert Question().accepts(item, source="s")
    assert not area.accepts(Fields({"id": "a", "geometry": None}), source="s")


@pytest.mark.parametrize("posts", [True, False])
def test_an_api_is_asked_what_was_asked(site: Site, posts: bool) -> None:
    """The search carries every choice, by POST where it is taken, and follows the pages."""
    site.posts = posts
    question = Question(("scenes",), ("a", "b"), shapely.box(*HERE), parse_interval("2025-01-01/.."))
    assert find(site, "/", question) == ["a", "b"]
    first, second = site.questions
    assert first | {"token": "1"} == second
    plain = {name: ",".join(map(str, value)) if isinstance(value, list) else value for name, value in first.items()}
    assert plain["ids"] == "a,b"
    assert plain["collections"] == "scenes"
    assert plain["bbox"] == ",".join(map(str, HERE))
    assert plain["datetime"] == "2025-01-01T00:00:00Z/.."


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"<html>", "not JSON"),
        (b"[]", "no object"),
        (b'{"type": "Point"}', "'Point'"),
        (b'{"a":' + b"[" * 10_000, "fetch"),
        (b'{"type": "Feature", "type": "Feature"}', "type"),
    ],
)
def test_documents_that_are_no_stac_are_told(site: Site, content: bytes, text: str) -> None:
    """Pages, lists and JSON of something else are one line."""
    site.answers["/other"] = say(content)
    with pytest.raises(DownloadError, match=text) as caught:
        find(site, "/other")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "links",
    [
        [{"rel": "item", "href": "file:///etc/hostname"}],
        [{"rel": "child", "href": "s3://bucket/catalog.json"}],
    ],
)
def test_catalogues_cannot_lead_elsewhere(site: Site, links: list[dict[str, str]]) -> None:
    """Links to files and stores are refused."""
    site.answers["/catalog.json"] = say({"type": "Catalog", "stac_version": "1.0.0", "id": "a", "links": links})
    with pytest.raises(DownloadError, match="not an http or https"):
        find(site, "/catalog.json")


@pytest.mark.parametrize("links", [[{"rel": "child", "href": "./catalog.json"}, {"rel": "item"}], "none", [7]])
def test_circles_are_walked_once(site: Site, links: object) -> None:
    """A catalogue that leads to itself, or nowhere, holds nothing."""
    site.answers["/catalog.json"] = say({"type": "Catalog", "stac_version": "1.0.0", "id": "a", "links": links})
    assert find(site, "/catalog.json") == []
    assert site.asked == ["/catalog.json"]


def test_a_catalogue_without_end_is_left(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A catalogue that makes up children forever is given up."""
    monkeypatch.setattr(stac_search, "MAX_REQUESTS", 20)

    def answer(request: BaseHTTPRequestHandler) -> None:
        links = [{"rel": "child", "href": f"/catalog.json?{len(site.asked)}-{n}"} for n in range(3)]
        say({"type": "Catalog", "id": "a", "links": links})(request)

    site.answers["/catalog.json"] = answer
    with pytest.raises(DownloadError, match="more than 20 documents"):
        find(site, "/catalog.json")
    assert len(site.asked) == 20


_FEATURES: list[Any] = [{"type": "Feature", "id": "a"}]


@pytest.mark.parametrize(
    "answer",
    [
        {"features": _FEATURES, "links": [{"rel": "next"}]},
        {"features": _FEATURES, "links": ["next"]},
        {"features": _FEATURES, "links": [{"rel": "next", "href": "file:///etc/hostname"}]},
        {"features": 3},
    ],
)
def test_answers_that_are_no_pages_are_told(site: Site, answer: object) -> None:
    """A search that answers nonsense is one line."""
    site.posts = False
    site.answers["/search"] = say(answer)
    with pytest.raises(DownloadError) as caught:
        find(site, "/")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("answer", [{"features": [7], "links": []}, {"features": {"a": 1}}, {"links": None}])
def test_features_that_are_none_are_not_found(site: Site, answer: object) -> None:
    """What stands in the place of items and is none, is none."""
    site.posts = False
    site.answers["/search"] = say(answer)
    assert find(site, "/") == []
