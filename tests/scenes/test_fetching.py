"""Scenes fetched on request, from a catalogue and an API on this computer."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import shapely

from colibri_geo.errors import (
    AmbiguousInput,
    BadDate,
    BandsUnknown,
    ColibriError,
    DownloadError,
    IntegrityError,
    MissingExtra,
    OutputError,
    OutputExists,
    SettingsError,
    UnsupportedFormat,
)
from colibri_geo.scenes.fetching import fetch_scenes
from colibri_geo.scenes.opening import open_scene
from colibri_geo.scenes.stac import read_stac
from tests.support.products.ground import BANDS, GroundPair, make_ground
from tests.support.products.stac import Site, edit_item, redirect, refuse, serve, write_catalogue, write_stac

IDS = ("A_L2A", "B_L2A")
ANSWERED_KINDS = ("api", "catalogue", "collection", "api-collection")
FAR = (10.0, 10.0, 11.0, 11.0)
HERE = (-75.1, 0.8, -74.9, 1.0)


@cache
def small_pair() -> GroundPair:
    """Two dates of a ground of 600 m."""
    return make_ground(side_px=60, strips=())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of two scenes, before and after."""
    folder = tmp_path_factory.mktemp("made")
    pair = small_pair()
    items = [
        write_stac(folder / "a", pair.before, item_id=IDS[0], checksums=True),
        write_stac(folder / "b", pair.after, item_id=IDS[1], archive="planetary-computer", version="1.1.0"),
    ]
    write_catalogue(folder, items)
    return folder


@pytest.fixture
def site(made: Path, tmp_path: Path) -> Iterator[Site]:
    """A site of the two scenes."""
    with serve(Site(shutil.copytree(made, tmp_path / "site"))) as site:
        yield site


def address(site: Site, kind: str) -> str:
    """Return where the scenes of a site are found."""
    return (
        site.url
        + {
            "api": "/",
            "catalogue": "/files/catalog.json",
            "collection": "/files/scenes/collection.json",
            "api-collection": "/collections/sentinel-2-l2a",
            "item": "/files/a/item.json",
        }[kind]
    )


def fetch(site: Site, tmp_path: Path, *, kind: str = "item", **options: Any) -> tuple[Path, ...]:  # noqa: ANN401 - passed on
    """Fetch into a folder of its own."""
    return fetch_scenes(address(site, kind), tmp_path / "got", **{"timeout_s": 5, **options})


def left_behind(tmp_path: Path) -> list[str]:
    """Return what is in the folder that was fetched into."""
    folder = tmp_path / "got"
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")) if folder.exists() else []


# ----------------------------------------------------------------------------------------------------- what is fetched
@pytest.mark.parametrize("kind", ANSWERED_KINDS)
def test_fetched_scenes_open_offline(site: Site, tmp_path: Path, kind: str) -> None:
    """From an API and from a static catalogue the same scenes come, and open as those they were made from."""
    written = fetch(site, tmp_path, kind=kind)
    assert [path.parent.name for path in written] == list(IDS)
    site.asked.clear()
    for path, source in zip(written, ("a", "b"), strict=True):
        scene, original = open_scene(path), open_scene(site.folder / source / "item.json")
        assert scene.bands == BANDS
        assert (scene.grid, scene.acquired, scene.sensor) == (original.grid, original.acquired, original.sensor)
        assert scene.provenance.notes == original.provenance.notes
        assert (scene.read()[0] == original.read()[0]).all()
    assert site.asked == []


def test_only_what_is_read_is_fetched(site: Site, tmp_path: Path) -> None:
    """Bands, masks and metadata come; pictures and second choices stay where they are."""
    (path,) = fetch(site, tmp_path)
    names = {file.name for file in path.parent.iterdir()}
    assert names == {"item.json", "granule_metadata.xml", "scl.tif", *(f"{band}.tif" for band in BANDS)}
    assert not any("visual" in asked or "nir08" in asked for asked in site.asked)
    item = json.loads(path.read_text(encoding="utf-8"))
    assert {asset["href"] for asset in item["assets"].values()} == {f"./{name}" for name in names - {"item.json"}}


def test_the_item_keeps_what_it_said(site: Site, tmp_path: Path) -> None:
    """Apart from its assets, links and extensions, the copy is the item; it says where it came from."""
    path = fetch(site, tmp_path)[0]
    item = json.loads(path.read_text(encoding="utf-8"))
    original = json.loads((site.folder / "a" / "item.json").read_text(encoding="utf-8"))
    for name in ("assets", "links", "stac_extensions"):
        item.pop(name)
        original.pop(name)
    assert item == original
    links = json.loads(path.read_text(encoding="utf-8"))["links"]
    assert {"rel": "via", "href": address(site, "item")} in links
    assert {"rel": "license", "href": "https://example.org/licence"} in links


def test_every_file_gets_a_checksum(site: Site, tmp_path: Path) -> None:
    """What the archive does not state is added, so that a file that is changed later is found out."""
    written = fetch(site, tmp_path, kind="catalogue")
    for path in written:
        for asset in json.loads(path.read_text(encoding="utf-8"))["assets"].values():
            content = (path.parent / asset["href"]).read_bytes()
            assert asset["file:checksum"] == f"1220{hashlib.sha256(content).hexdigest()}"
            assert asset["file:size"] == len(content)
    red = written[1].parent / "B04.tif"
    red.write_bytes(red.read_bytes()[:-1] + b"?")
    with pytest.raises(IntegrityError):
        open_scene(written[1])


def test_the_same_answers_give_the_same_bytes(site: Site, tmp_path: Path) -> None:
    """No clock goes into a folder, and all may read it."""
    first = fetch_scenes(address(site, "item"), tmp_path / "one", timeout_s=5)[0].parent
    time.sleep(0.01)
    second = fetch_scenes(address(site, "item"), tmp_path / "two", timeout_s=5)[0].parent
    for file in first.iterdir():
        assert file.read_bytes() == (second / file.name).read_bytes()
    assert os.name != "posix" or first.stat().st_mode & 0o777 == 0o755


def test_a_broken_fetch_goes_on(site: Site, tmp_path: Path) -> None:
    """Scenes that are whole stay, and are not fetched again."""
    site.answers["/files/b/B04.tif"] = refuse
    with pytest.raises(DownloadError, match="403"):
        fetch(site, tmp_path, kind="catalogue")
    assert {name.partition("/")[0] for name in left_behind(tmp_path)} == {"A_L2A"}
    del site.answers["/files/b/B04.tif"]
    site.asked.clear()
    assert [path.parent.name for path in fetch(site, tmp_path, kind="catalogue")] == list(IDS)
    assert not any(asked.startswith("/files/a/") and asked.endswith(".tif") for asked in site.asked)


def test_metadata_that_are_not_given_are_left_out(site: Site, tmp_path: Path) -> None:
    """Reading needs no metadata files: an archive that keeps them back is no failure."""
    site.answers["/files/a/metadata.xml"] = refuse
    (path,) = fetch(site, tmp_path)
    assert "granule_metadata" not in json.loads(path.read_text(encoding="utf-8"))["assets"]
    assert read_stac(path).product_id == IDS[0]


def test_an_alternate_on_the_web_serves(site: Site, tmp_path: Path) -> None:
    """Where an asset lies in a store, its other address is taken."""
    red = {"href": "s3://eodata/red.tif", "alternate": {"https": {"href": "./red.tif"}}}
    edit_item(site.folder / "a" / "item.json", lambda item: item["assets"]["red"].update(red))
    (path,) = fetch(site, tmp_path)
    assert "alternate" not in json.loads(path.read_text(encoding="utf-8"))["assets"]["red"]
    edit_item(site.folder / "a" / "item.json", lambda item: item["assets"]["red"].pop("alternate"))
    with pytest.raises(DownloadError, match="s3://eodata"):
        fetch_scenes(address(site, "item"), tmp_path / "other", timeout_s=5)


@pytest.mark.parametrize(
    "key", ["../../evil", "/etc/passwd", "a/b", ".", "con:", "item", "Ñ \u202e", "x" * 300, "ITEM"]
)
def test_keys_cannot_choose_a_place(site: Site, tmp_path: Path, key: str) -> None:
    """Whatever an item calls its asset, the file lies in the item's folder under a plain name of its own."""

    def rename(item: dict[str, Any]) -> None:
        assets = item["assets"]
        assets[key] = assets.pop("red") | {"bands": [{"eo:common_name": "red", "raster:scale": 1e-4}]}
        assets[f"{key}_"] = assets.pop("granule_metadata") | {"type": "application/json"}

    edit_item(site.folder / "a" / "item.json", rename)
    (path,) = fetch(site, tmp_path)
    names = [file.name for file in path.parent.iterdir()]
    assert len(names) == len(BANDS) + 3
    assert all(name.isascii() and len(name) <= 70 and not name.startswith(".") for name in names)
    assert open_scene(path).bands == BANDS
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["got", "site"]


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "..", "a/../../b", "\x00x", "x" * 500])
def test_ids_cannot_choose_a_place(site: Site, tmp_path: Path, name: str) -> None:
    """Whatever an item is called, its folder lies in the one that was named."""
    edit_item(site.folder / "a" / "item.json", lambda item: item.update(id=f"{name} L2A"))
    (path,) = fetch(site, tmp_path)
    assert path.parent.parent == tmp_path / "got"
    assert json.loads(path.read_text(encoding="utf-8"))["id"] == f"{name} L2A"


# --------------------------------------------------------------------------------------------------- which are fetched
@pytest.mark.parametrize("kind", ["api", "catalogue"])
@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"ids": ["B_L2A"]}, ["B_L2A"]),
        ({"dates": "2025-01-01/2025-01-31"}, ["A_L2A"]),
        ({"dates": "2025-03-21"}, ["B_L2A"]),
        ({"dates": "2025-02-01/.."}, ["B_L2A"]),
        ({"dates": "../2025-01-10T15:20:00Z"}, ["A_L2A"]),
        ({"bbox": HERE}, list(IDS)),
        ({"bbox": (170.0, -1.0, -74.0, 1.0)}, list(IDS)),
        ({"area": shapely.Point(-74.997, 0.907).buffer(0.001)}, list(IDS)),
        ({"collections": ["sentinel-2-l2a"], "ids": list(IDS)}, list(IDS)),
    ],
)
def test_items_are_chosen(site: Site, tmp_path: Path, kind: str, options: dict[str, Any], found: list[str]) -> None:
    """Names, times, boxes and areas choose the same items everywhere, also where the server does not heed them."""
    written = fetch(site, tmp_path, kind=kind, **options)
    assert [path.parent.name for path in written] == found


@pytest.mark.parametrize(
    "options",
    [
        {"bbox": FAR},
        {"area": shapely.box(*FAR)},
        {"dates": "2024-01-01/2024-12-31"},
        {"ids": ["C"]},
        {"ids": ["A_L2A", "C"]},
        {"collections": ["none"]},
    ],
)
def test_nothing_that_matches_is_told(site: Site, tmp_path: Path, options: dict[str, Any]) -> None:
    """Where nothing matches, or one of the names does not, that is an error and nothing is fetched."""
    for kind in ("api", "catalogue"):
        with pytest.raises(DownloadError, match="match"):
            fetch(site, tmp_path, kind=kind, **options)
    assert left_behind(tmp_path) == []
    assert not any(asked.endswith(".tif") for asked in site.asked)


def test_more_than_the_limit_is_refused(site: Site, tmp_path: Path) -> None:
    """Which of many items are meant is not left to the order of a server; nothing is fetched."""
    for kind in ANSWERED_KINDS:
        with pytest.raises(AmbiguousInput, match=r"more than 1 items match \(A_L2A, B_L2A"):
            fetch(site, tmp_path, kind=kind, limit=1)
    assert left_behind(tmp_path) == []
    assert not any(asked.endswith(".tif") for asked in site.asked)


def test_items_of_one_name_are_refused(site: Site, tmp_path: Path) -> None:
    """Two collections may have an item of the same name: one folder cannot hold both."""
    edit_item(site.folder / "b" / "item.json", lambda item: item.update(id=IDS[0], collection="other-l2a"))
    with pytest.raises(AmbiguousInput, match="sentinel-2-l2a and other-l2a"):
        fetch(site, tmp_path, kind="catalogue")
    assert [path.parent.name for path in fetch(site, tmp_path, kind="catalogue", collections=["other-l2a"])] == [IDS[0]]


def test_an_item_collection_on_the_web_is_read(site: Site, tmp_path: Path) -> None:
    """The answer of a search serves as it is, unless it is one page of several."""
    site.page = 2
    written = fetch_scenes(f"{site.url}/search?limit=2", tmp_path / "got", timeout_s=5)
    assert [path.parent.name for path in written] == list(IDS)
    site.page = 1
    with pytest.raises(DownloadError, match="one page of several"):
        fetch_scenes(f"{site.url}/search?limit=1", tmp_path / "got", timeout_s=5)


# ---------------------------------------------------------------------------------------------------------- what fails
def _break_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b"II*\0")


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(100):
        try:
            request.wfile.write(b" ")
        except OSError:
            return
        time.sleep(0.05)


def _say(content: bytes) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(content)

    return answer


@pytest.mark.parametrize(
    ("path", "answer", "error", "text"),
    [
        ("/files/a/item.json", refuse, DownloadError, "403"),
        ("/files/a/item.json", _say(b"<html>"), DownloadError, "not JSON"),
        ("/files/a/item.json", _say(b'{"type": "Feature", "stac_version": "0.9.0"}'), UnsupportedFormat, "0.9.0"),
        ("/files/a/item.json", redirect("file:///etc/hostname"), DownloadError, "not allowed"),
        ("/files/a/red.tif", redirect("file:///etc/hostname"), DownloadError, "not allowed"),
        ("/files/a/red.tif", redirect("ftp://127.0.0.1/a"), DownloadError, "not an http or https"),
        ("/files/a/red.tif", redirect("/files/a/red.tif"), DownloadError, "redirect"),
        (
            "/files/a/red.tif",
            refuse,
            DownloadError,
            "403: Forbidden, .* wants a login or a signed address: bring the files",
        ),
        ("/files/a/red.tif", _break_off, DownloadError, "bytes came"),
        ("/files/a/red.tif", _say(b"II*\0"), IntegrityError, "file:size"),
        ("/files/a/metadata.xml", _say(b"<a/>"), IntegrityError, "file:size"),
    ],
)
def test_whatever_goes_wrong_leaves_nothing_behind(
    site: Site,
    tmp_path: Path,
    path: str,
    answer: Callable[[BaseHTTPRequestHandler], None],
    error: type[ColibriError],
    text: str,
) -> None:
    """Each failure on the way is one line, and no folder remains."""
    site.answers[path] = answer
    with pytest.raises(error, match=text) as caught:
        fetch(site, tmp_path)
    assert "\n" not in str(caught.value)
    assert left_behind(tmp_path) == []
    assert not (tmp_path / "got").exists()


def _forget(asset: dict[str, Any]) -> None:
    """Take out what an asset says of its file's size and checksum."""
    for name in ("file:size", "file:checksum"):
        asset.pop(name, None)


def test_a_page_in_place_of_an_image_is_refused(site: Site, tmp_path: Path) -> None:
    """What an archive that wants a login answers is no scene, even where the item states no size."""
    edit_item(site.folder / "a" / "item.json", lambda item: _forget(item["assets"]["red"]))
    site.answers["/files/a/red.tif"] = _say(b"<!DOCTYPE html><html>Log in</html>")
    with pytest.raises(UnsupportedFormat, match=r"red\.tif"):
        fetch(site, tmp_path)
    assert left_behind(tmp_path) == []


def test_wrong_checksums_leave_nothing_behind(site: Site, tmp_path: Path) -> None:
    """A file of the right size and other content is refused with its whole scene."""
    red = (site.folder / "a" / "red.tif").read_bytes()
    site.answers["/files/a/red.tif"] = _say(red[:-1] + bytes([red[-1] ^ 1]))
    with pytest.raises(IntegrityError, match="file:checksum"):
        fetch(site, tmp_path)
    assert left_behind(tmp_path) == []


def test_limits_hold(site: Site, tmp_path: Path) -> None:
    """Too many bytes are cut off, and so is a server that sends a byte now and then."""
    with pytest.raises(DownloadError, match="more than 100 bytes"):
        fetch(site, tmp_path, max_bytes=100)
    site.answers["/files/a/item.json"] = _drip
    started = time.monotonic()
    with pytest.raises(DownloadError, match=r"not finished after 0\.5 s"):
        fetch(site, tmp_path, timeout_s=0.1)
    assert time.monotonic() - started < 3
    assert left_behind(tmp_path) == []


def test_scenes_that_could_not_be_read_are_not_fetched(site: Site, tmp_path: Path) -> None:
    """What `open_scene` would refuse is refused before anything is fetched."""
    edit_item(site.folder / "a" / "item.json", lambda item: item.update(assets={"other": {"href": "./red.tif"}}))
    with pytest.raises(BandsUnknown):
        fetch(site, tmp_path)
    assert not any(asked.endswith(".tif") for asked in site.asked)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"limit": 0}, SettingsError),
        ({"limit": 100_000}, SettingsError),
        ({"bbox": (0, 1, 2)}, SettingsError),
        ({"bbox": (0, 2, 1, 1)}, SettingsError),
        ({"bbox": (0, float("nan"), 1, 1)}, SettingsError),
        ({"bbox": (-400, 0, 1, 1)}, SettingsError),
        ({"bbox": HERE, "area": shapely.box(*HERE)}, SettingsError),
        ({"dates": "yesterday"}, BadDate),
    ],
)
def test_options_are_checked_before_anything_is_asked(
    site: Site, tmp_path: Path, options: dict[str, Any], error: type[ColibriError]
) -> None:
    """Options that cannot be meant are refused, and no request goes out."""
    with pytest.raises(error):
        fetch(site, tmp_path, **options)
    assert site.asked == []


@pytest.mark.parametrize("url", ["item.json", "file:///etc/hostname", "s3://bucket/item.json", "ftp://127.0.0.1/a", ""])
def test_only_the_web_is_asked(tmp_path: Path, url: str) -> None:
    """Files and stores are no addresses to fetch from."""
    with pytest.raises(SettingsError, match="http or https"):
        fetch_scenes(url, tmp_path / "got")


def test_targets_are_checked_before_anything_is_asked(site: Site, tmp_path: Path) -> None:
    """A file in the way and a missing parent are told first; another folder of the item's name is never touched."""
    (tmp_path / "file").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "none" / "got"):
        with pytest.raises(OutputError):
            fetch_scenes(address(site, "item"), out, timeout_s=5)
    assert site.asked == []
    other = tmp_path / "got" / IDS[0]
    other.mkdir(parents=True)
    for content in (None, "{", "[]", '{"id": "C"}'):
        if content is not None:
            (other / "item.json").write_text(content)
        with pytest.raises(OutputExists):
            fetch(site, tmp_path)
        assert [path.name for path in (tmp_path / "got").iterdir()] == [IDS[0]]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc")
@pytest.mark.parametrize("out", [Path("/proc/got"), Path("/proc"), Path("x" * 300)])
def test_places_that_cannot_be_written_are_refused_before_anything_is_asked(site: Site, out: Path) -> None:
    """Neither the rights of a folder nor a name that is too long let a download be lost at its end."""
    with pytest.raises(OutputError, match=r"cannot be written \(.+\); give "):
        fetch_scenes(address(site, "item"), out, timeout_s=5)
    assert site.asked == []


def test_a_missing_extra_is_told(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pystac-client an API cannot be asked, and a catalogue still can."""

    def fail(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    with pytest.raises(MissingExtra, match=r'pip install "colibri_geo\[stac\]"'):
        fetch(site, tmp_path, kind="api")
    assert len(fetch(site, tmp_path, kind="catalogue")) == 2


def test_a_dead_server_is_told(tmp_path: Path) -> None:
    """A server that is not there is one line that says what to do."""
    with serve(Site(tmp_path)) as site:
        pass
    with pytest.raises(DownloadError, match="check the address"):
        fetch_scenes(f"{site.url}/", tmp_path / "got", timeout_s=2)
