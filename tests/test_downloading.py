"""Files fetched on request: which addresses may be asked, and what is said where one may not have a file."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from colibri_geo.downloading import Downloader
from colibri_geo.errors import DownloadError, UnsafeSource
from tests.support.products.stac import Answer, Site, redirect, serve

WEB, HOME, OFFICE = "https://a.org/", "http://127.0.0.1:80/", "https://10.1.2.3/"


def make(base: str) -> Downloader:
    """Make one that asks a site."""
    return Downloader(base, "a file", "correct it", timeout_s=2, max_bytes=100, plain=True, denied="log in")


@pytest.mark.parametrize(
    ("base", "url"),
    [
        (WEB, "https://b.org/x"),
        ("http://a.org/", "http://b.org/x"),
        ("http://a.org/", "https://b.org/x"),
        (WEB, "https://8.8.8.8/x"),
        (WEB, "https://172.32.0.1/x"),
        (WEB, "https://[2001:4860::8888]/x"),
        (HOME, "http://localhost/x"),
        (HOME, "http://192.168.1.1/x"),
        (HOME, "https://b.org/x"),
        (OFFICE, "https://10.9.9.9/x"),
        (OFFICE, "https://[fd00::1]/x"),
    ],
)
def test_addresses_that_may_be_asked(base: str, url: str) -> None:
    """The web from anywhere, a private network from one, and this computer from this computer."""
    make(base).check_url(url)


@pytest.mark.parametrize(
    ("base", "url"),
    [(WEB, "http://a.org/x"), (OFFICE, "http://10.1.2.3/x"), (WEB, "file:///etc/hostname"), (WEB, "https://[")],
)
def test_addresses_that_are_none_or_not_encrypted_are_refused(base: str, url: str) -> None:
    """Nothing the user asked encrypted is asked in plain."""
    with pytest.raises(DownloadError, match="correct it"):
        make(base).check_url(url)


@pytest.mark.parametrize(
    "host",
    ["localhost", "LocalHost.", "a.localhost", "127.0.0.1", "127.1.2.3", "127.1", "2130706433", "0.0.0.0"],  # noqa: S104
)
@pytest.mark.parametrize("base", [WEB, OFFICE])
def test_nothing_leads_to_this_computer(base: str, host: str) -> None:
    """However its number is written, neither the web nor a private network leads here."""
    with pytest.raises(UnsafeSource, match=r"an address of this computer, .* correct it"):
        make(base).check_url(f"https://{host}/x")


@pytest.mark.parametrize("host", ["[::1]", "[::]", "[::ffff:127.0.0.1]"])
def test_nothing_leads_to_this_computer_by_ipv6(host: str) -> None:
    """The same in IPv6."""
    with pytest.raises(UnsafeSource, match=r"an address of this computer"):
        make(WEB).check_url(f"https://{host}/x")


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "10.1", "167772161", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254"),
        *("[fc00::1]", "[fd12:3456::1]", "[fe80::1]", "[fe80::1%25eth0]", "[::ffff:10.0.0.1]"),
    ],
)
def test_the_web_does_not_lead_to_a_private_network(host: str) -> None:
    """Private and link-local addresses are not asked because a catalogue on the web says so."""
    with pytest.raises(UnsafeSource, match=r"an address of a private network, .* correct it"):
        make(WEB).check_url(f"https://{host}/x")


def test_a_redirect_does_not_lead_inside_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that a server names is held to the same rule, and the refusal is not taken for a broken connection."""
    with serve(Site(tmp_path, answers={"/a": redirect("http://b.org/x")})) as site:
        downloader = make(site.url)
        monkeypatch.setattr(Downloader, "check_url", _refuse_others)
        with pytest.raises(UnsafeSource, match=r"^b\.org$"):
            downloader.read(f"{site.url}/a")


def _refuse_others(_: Downloader, url: str) -> None:
    if "b.org" in url:
        raise UnsafeSource("b.org")


def _answer(code: int) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(code)
        request.send_header("Content-Length", "0")
        request.end_headers()

    return answer


@pytest.mark.parametrize(
    ("code", "advice"), [(401, "log in"), (403, "log in"), (409, "log in"), (404, "correct it"), (500, "correct it")]
)
def test_the_advice_fits_the_refusal(tmp_path: Path, code: int, advice: str) -> None:
    """Where one may not have a file, that is said; the address is only to be corrected where it may be wrong."""
    with serve(Site(tmp_path, answers={"/a": _answer(code)})) as site:
        with pytest.raises(DownloadError, match=f"HTTP Error {code}.*; {advice}$"):
            make(site.url).read(f"{site.url}/a")
        plain = Downloader(site.url, "a file", "correct it", timeout_s=2, max_bytes=100)
        with pytest.raises(DownloadError, match="correct it"):
            plain.read(f"{site.url}/a")
