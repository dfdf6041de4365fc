"""Borders fetched on request, from a server on this computer."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import shapely
from click.testing import CliRunner
from shapely.geometry import box

import colibri_geo
from colibri_geo.cli.fetch_regions import fetch_regions as command
from colibri_geo.errors import ColibriError, CorruptInput, DownloadError, OutputError, OutputExists, SettingsError
from colibri_geo.layers.geoboundaries import fetch_regions
from colibri_geo.layers.reading import read_regions

Answer = bytes | Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Site:
    """A small geoBoundaries: answers by path, and what was asked."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, country: str, level: str, *names: str, west: float = -78.0) -> None:
        """Publish one layer of squares."""
        facts = {
            "gjDownloadURL": f"{self.url}/files/{country}-{level}.geojson",
            "boundarySource": "Oficina Ñ",
            "boundaryLicense": "CC BY 4.0",
            "boundaryYearRepresented": "2020",
        }
        features = [
            {
                "type": "Feature",
                "properties": {"shapeName": name, "shapeISO": "", "shapeID": f"{country}{n}", "shapeGroup": country},
                "geometry": json.loads(shapely.to_geojson(box(west + n, 0, west + n + 1, 1))),
            }
            for n, name in enumerate(names)
        ]
        self.answers[f"/api/{country}/{level}/"] = json.dumps(facts).encode()
        self.answers[f"/files/{country}-{level}.geojson"] = json.dumps(
            {"type": "FeatureCollection", "features": features}, ensure_ascii=False
        ).encode()


@contextmanager
def _serve(site: Site) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            answer = site.answers.get(self.path)
            if callable(answer):
                answer(self)
                return
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(answer or b"")))
            self.end_headers()
            self.wfile.write(answer or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as in the base class
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    """A site that publishes Colombia and Ecuador."""
    site = Site()
    with _serve(site):
        site.add("COL", "ADM0", "Colombia")
        site.add("COL", "ADM1", "Nariño", "Putumayo")
        site.add("ECU", "ADM0", "Ecuador", west=-77)
        site.add("ECU", "ADM1", "Carchi", west=-77)
        yield site


def _fetch(site: Site, out: Path, country: str | list[str] = "COL", **options: float) -> Path:
    return fetch_regions(country, out, base_url=f"{site.url}/api", timeout_s=options.pop("timeout_s", 5), **options)  # type: ignore[arg-type]


def test_fetched_borders_are_read_with_their_credit(site: Site, tmp_path: Path) -> None:
    """One file serves both levels, with names, codes, parents, and source and licence for the report."""
    out = _fetch(site, tmp_path / "col.gpkg")
    regions = read_regions([f"country={out}", f"admin1={out}"])
    assert regions.table[["level", "name", "code"]].to_numpy().tolist() == [
        ["country", "Colombia", "COL"],
        ["admin1", "Nariño", "COL0"],
        ["admin1", "Putumayo", "COL1"],
    ]
    assert regions.at("admin1")["country"].tolist() == ["Colombia", "Colombia"]
    assert regions.at("admin1")["country_code"].tolist() == ["COL", "COL"]
    assert regions.table.geometry.iloc[1].equals(box(-78, 0, -77, 1))
    told = {source.credit for source in regions.sources}
    assert told == {
        "geoBoundaries COL ADM0 2020 (Oficina Ñ; CC BY 4.0); geoBoundaries COL ADM1 2020 (Oficina Ñ; CC BY 4.0)"
    }


def test_side_file_keeps_address_and_checksums(site: Site, tmp_path: Path) -> None:
    """The side file tells what was fetched from where, with the checksum of each download and of the file."""
    out = _fetch(site, tmp_path / "col.gpkg")
    side = json.loads((tmp_path / "col.gpkg.json").read_text(encoding="utf-8"))
    assert side["sha256"] == hashlib.sha256(out.read_bytes()).hexdigest()
    assert [download["url"] for download in side["downloads"]] == [
        f"{site.url}/files/COL-ADM0.geojson",
        f"{site.url}/files/COL-ADM1.geojson",
    ]
    for download in side["downloads"]:
        content = site.answers[f"/files/COL-{'ADM0' if download['level'] == 'country' else 'ADM1'}.geojson"]
        assert isinstance(content, bytes)
        assert download["sha256"] == hashlib.sha256(content).hexdigest()


def test_several_countries_share_a_border(site: Site, tmp_path: Path) -> None:
    """Neighbours fetched together are two countries of one layer."""
    out = _fetch(site, tmp_path / "two.gpkg", ["COL", "ECU"])
    assert read_regions([f"country={out}"]).table["name"].tolist() == ["Colombia", "Ecuador"]


def test_same_answers_give_the_same_bytes(site: Site, tmp_path: Path) -> None:
    """No clock goes into the file or its side file."""
    (tmp_path / "later").mkdir()
    one = _fetch(site, tmp_path / "col.gpkg")
    time.sleep(0.01)
    other = _fetch(site, tmp_path / "later" / "col.gpkg")
    assert one.read_bytes() == other.read_bytes()
    assert (tmp_path / "col.gpkg.json").read_bytes() == (tmp_path / "later" / "col.gpkg.json").read_bytes()


def test_edited_layer_is_refused(site: Site, tmp_path: Path) -> None:
    """A layer that is not the one fetched is refused while its side file stands."""
    out = _fetch(site, tmp_path / "col.gpkg")
    with closing(sqlite3.connect(out)) as database, database:
        database.execute("UPDATE gpkg_contents SET description = 'edited'")
    with pytest.raises(CorruptInput, match="fetch it again"):
        read_regions([f"country={out}"])
    (tmp_path / "col.gpkg.json").unlink()
    assert read_regions([f"country={out}"]).sources[0].credit is None


def test_foreign_side_files_are_left_alone(site: Site, tmp_path: Path) -> None:
    """A file of somebody else that has the name of the side file says nothing about the layer."""
    out = _fetch(site, tmp_path / "col.gpkg")
    for content in (b"{", b"[]", b'{"sha256": "0"}', b"\xff"):
        (tmp_path / "col.gpkg.json").write_bytes(content)
        assert read_regions([f"country={out}"]).sources[0].credit is None


def _break_off(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"type": "FeatureCollection"')


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    for _ in range(40):
        try:
            request.wfile.write(b" ")
        except OSError:
            return
        time.sleep(0.05)


def _redirect(address: str) -> Callable[[BaseHTTPRequestHandler], None]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", address)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


@pytest.mark.parametrize(
    ("path", "answer", "text"),
    [
        ("/api/COL/ADM1/", None, "404"),
        ("/api/COL/ADM0/", b"<html>", "not JSON"),
        ("/api/COL/ADM0/", b"[]", "names no layer"),
        ("/api/COL/ADM0/", b'{"gjDownloadURL": "file:///etc/hostname"}', "not an https address"),
        ("/api/COL/ADM0/", b'{"gjDownloadURL": "http://example.org/a"}', "not an https address"),
        ("/files/COL-ADM0.geojson", _redirect("file:///etc/hostname"), "not allowed"),
        ("/files/COL-ADM0.geojson", _redirect("ftp://127.0.0.1/a"), "not an https address"),
        ("/files/COL-ADM1.geojson", _break_off, "bytes came"),
        ("/files/COL-ADM1.geojson", b"{", "not a usable layer"),
        ("/files/COL-ADM1.geojson", b'{"type": "FeatureCollection", "features": []}', "not a usable layer"),
        ("/files/COL-ADM1.geojson", b'{"type": "Point", "coordinates": [0, 0]}', "not a usable layer"),
        ("/files/COL-ADM1.geojson", b"version https://git-lfs.github.com/spec/v1", "not a usable layer"),
    ],
)
def test_whatever_goes_wrong_leaves_nothing_behind(
    site: Site, tmp_path: Path, path: str, answer: Answer | None, text: str
) -> None:
    """Each failure on the way is a DownloadError of one line, and the folder stays empty."""
    if answer is None:
        del site.answers[path]
    else:
        site.answers[path] = answer
    with pytest.raises(DownloadError, match=text) as caught:
        _fetch(site, tmp_path / "col.gpkg")
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_limits_hold(site: Site, tmp_path: Path) -> None:
    """Too many bytes and too slow an answer are cut off."""
    with pytest.raises(DownloadError, match="more than 100 bytes"):
        _fetch(site, tmp_path / "col.gpkg", max_bytes=100)
    site.answers["/files/COL-ADM0.geojson"] = _drip
    started = time.monotonic()
    with pytest.raises(DownloadError, match=r"not finished after 0\.2 s"):
        _fetch(site, tmp_path / "col.gpkg", timeout_s=0.2)
    assert time.monotonic() - started < 1.5
    assert list(tmp_path.iterdir()) == []


def test_dead_server_is_told(tmp_path: Path) -> None:
    """A server that is not there is one line that says what to do."""
    site = Site()
    with _serve(site):
        pass
    with pytest.raises(DownloadError, match="layer of your own"):
        _fetch(site, tmp_path / "col.gpkg")


@pytest.mark.parametrize("country", ["col", "CO", "COLO", "../", "C/L", "", []])
def test_codes_are_checked_before_anything_is_asked(site: Site, tmp_path: Path, country: str | list[str]) -> None:
    """Anything but three capital letters is refused, and no request goes out."""
    with pytest.raises(SettingsError, match="three capital letters"):
        _fetch(site, tmp_path / "col.gpkg", country)
    assert site.asked == []


def test_targets_are_checked_before_anything_is_asked(site: Site, tmp_path: Path) -> None:
    """An existing file is kept; a missing folder or another ending is refused; no request goes out."""
    kept = tmp_path / "col.gpkg"
    kept.write_bytes(b"mine")
    expected: dict[Path, type[ColibriError]] = {
        kept: OutputExists,
        tmp_path / "none" / "col.gpkg": OutputError,
        tmp_path / "col.geojson": SettingsError,
    }
    for out, error in expected.items():
        with pytest.raises(error):
            _fetch(site, out)
    assert site.asked == []
    assert kept.read_bytes() == b"mine"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc")
@pytest.mark.parametrize("out", [Path("/proc/col.gpkg"), Path(f"{'x' * 300}.gpkg")])
def test_places_that_cannot_be_written_are_refused_before_anything_is_asked(site: Site, out: Path) -> None:
    """Neither the rights of a folder nor a name that is too long let a download be lost at its end."""
    with pytest.raises(OutputError, match=r"cannot be written \(.+\); give "):
        _fetch(site, out)
    assert site.asked == []


def test_unencrypted_addresses_are_refused(tmp_path: Path) -> None:
    """Only this computer may be asked without encryption."""
    with pytest.raises(DownloadError, match="not an https address"):
        fetch_regions("COL", tmp_path / "col.gpkg", base_url="http://example.org/api")


def test_command_fetches_into_the_named_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command hands its countries and its file on, and prints the file."""
    calls: list[tuple[tuple[str, ...], Path]] = []
    monkeypatch.setattr(colibri_geo, "fetch_regions", lambda country, out: calls.append((country, out)), raising=False)
    out = tmp_path / "a.gpkg"
    result = CliRunner().invoke(command, ["COL", "ECU", "--out", str(out)])
    assert (result.exit_code, result.stdout) == (0, f"{out}\n")
    assert calls == [(("COL", "ECU"), out)]
