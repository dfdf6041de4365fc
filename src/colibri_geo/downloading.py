"""Files fetched on request: within limits, from the site that was asked, and by no other way than the web's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from http.client import HTTPException, HTTPMessage
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path
from socket import inet_aton
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from colibri_geo.errors import ColibriError, DownloadError, UnsafeSource

_CHUNK_BYTES = 2**16
_DENIED = (401, 403, 409)  # the last where a store is not open to the public
_PRIVATE = tuple(
    ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


class _Reach(IntEnum):
    """From where a host can be asked, the widest first."""

    WEB = 0
    PRIVATE = 1
    LOCAL = 2


_REACHES = {_Reach.PRIVATE: "a private network", _Reach.LOCAL: "this computer"}


@dataclass(frozen=True)
class Downloader:
    """Asks one site, within limits.

    Attributes
    ----------
    base_url : str
        What the user asked for. All addresses are https, unless `plain` and this one is not; addresses of this computer
        are asked only where this is one, those of private networks only where this is one or is of this computer.
    expected, advice : str
        What should have come, and what to do when it does not, in the words of error messages.
    timeout_s : float
        Longest wait for the next bytes.
    max_bytes : int
        Largest file.
    whole_s : float or None
        Longest time for a file; `timeout_s` where None.
    plain : bool
        Whether http may be asked where the user asked it.
    denied : str
        What to do where one may not have it (HTTP 401, 403 and 409); `advice` where empty.
    """

    base_url: str
    expected: str
    advice: str
    timeout_s: float
    max_bytes: int
    whole_s: float | None = None
    plain: bool = False
    denied: str = ""

    def read(self, url: str, *, body: bytes | None = None) -> bytes:
        """Fetch a small file.

        Parameters
        ----------
        url : str
        body : bytes, optional
            JSON to send along (POST).

        Raises
        ------
        DownloadError
            Anything that went wrong on the way.
        UnsafeSource
            For an address that leads inside; see `check_url`.
        """
        return b"".join(self._stream(url, body))

    def save(self, url: str, path: Path) -> None:
        """Fetch a file of any size to a place on disk.

        Raises
        ------
        DownloadError
            Anything that went wrong on the way.
        UnsafeSource
            For an address that leads inside; see `check_url`.
        OSError
            Where the disk refuses.
        """
        with path.open("wb") as file:
            for chunk in self._stream(url, None):
                file.write(chunk)

    def check_url(self, url: str) -> None:
        """Refuse an address that is not encrypted though the user's was, or that leads from the web inside.

        Raises
        ------
        DownloadError
            Not on the web, or not encrypted.
        UnsafeSource
            From the web to this computer or a private network, or from there to this computer.
        """
        try:
            parts, base = urlsplit(url), urlsplit(self.base_url)
            reach, base_reach = _find_reach(parts.hostname), _find_reach(base.hostname)
        except ValueError as error:
            raise DownloadError(f"{_shorten(url)}: no address ({error}), expected one; {self.advice}") from error
        plain = base.scheme == "http" and (self.plain or (reach is base_reach is _Reach.LOCAL))
        if parts.scheme != "https" and not (parts.scheme == "http" and plain):
            wanted = "an http or https" if base.scheme == "http" and self.plain else "an https"
            raise DownloadError(f"{_shorten(url)}: not {wanted} address, expected one; {self.advice}")
        if reach > base_reach:
            raise UnsafeSource(
                f"{_shorten(url)}: an address of {_REACHES[reach]}, expected one on the web; {self.advice}"
            )

    def _stream(self, url: str, body: bytes | None) -> Iterator[bytes]:
        """Yield what an address answers, piece by piece."""
        self.check_url(url)
        headers = {"User-Agent": "colibri_geo"} | ({} if body is None else {"Content-Type": "application/json"})
        try:
            request = Request(url, data=body, headers=headers)  # noqa: S310 - checked above
            with build_opener(_CheckedRedirects(self)).open(request, timeout=self.timeout_s) as answer:
                yield from self._limit(iter(lambda: answer.read1(_CHUNK_BYTES), b""), answer.headers, url)
        except ColibriError:
            raise
        except (OSError, HTTPException, ValueError) as error:
            if isinstance(error, HTTPError):
                error.close()
            told = str(error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error)
            reason = told.splitlines()[0][:120] if told else type(error).__name__
            advice = self._advise(error)
            raise DownloadError(f"{_shorten(url)}: {reason}, expected {self.expected}; {advice}") from error

    def _advise(self, error: Exception) -> str:
        """Say what to do: where one may not have a file, to look at the address again is no help."""
        return (isinstance(error, HTTPError) and error.code in _DENIED and self.denied) or self.advice

    def _limit(self, chunks: Iterator[bytes], headers: HTTPMessage, url: str) -> Iterator[bytes]:
        """Pass the pieces of a file on for as long as it stays within the limits; the whole has to come."""
        allowed_s = self.timeout_s if self.whole_s is None else self.whole_s
        deadline = time.monotonic() + allowed_s
        expected = headers.get("Content-Length")
        size = 0
        for chunk in chunks:
            size += len(chunk)
            if size > self.max_bytes:
                raise DownloadError(
                    f"{_shorten(url)}: more than {self.max_bytes:,} bytes, expected less; {self.advice}"
                )
            if time.monotonic() > deadline:
                raise DownloadError(f"{_shorten(url)}: not finished after {allowed_s:g} s; try again later")
            yield chunk
        if expected is not None and size != int(expected):
            raise DownloadError(f"{_shorten(url)}: {size:,} bytes came, expected {expected}; try again")


def is_web(url: str) -> bool:
    """Tell whether a text is an address on the web.

    Examples
    --------
    >>> is_web("https://example.org/a"), is_web("s3://bucket/a"), is_web("http://[")
    (True, False, False)
    """
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def join_url(base: str, place: str) -> str:
    """Return a place that is told relative to an address; what makes no address stays as it is.

    Examples
    --------
    >>> join_url("https://example.org/a/item.json", "../b.tif")
    'https://example.org/b.tif'
    """
    try:
        return urljoin(base, place)
    except ValueError:
        return place


def _shorten(url: str) -> str:
    """Return an address as a message may show it: without its query, which may hold a secret."""
    return url.partition("?")[0][:200]


def _find_reach(host: str | None) -> _Reach:
    """Tell whose a host is, in whatever form its number is written: ``127.1``, ``[::ffff:127.0.0.1]``.

    Names are not looked up: one that leads inside counts as one on the web.
    """
    name = (host or "").rstrip(".")
    try:
        address = ip_address(name if ":" in name else inet_aton(name))
    except (OSError, ValueError):
        return _Reach.LOCAL if name == "localhost" or name.endswith(".localhost") else _Reach.WEB
    plain = (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address
    if plain.is_loopback or plain.is_unspecified:
        return _Reach.LOCAL
    return _Reach.PRIVATE if any(plain in network for network in _PRIVATE) else _Reach.WEB


class _CheckedRedirects(HTTPRedirectHandler):
    """Follows a redirect only where the address itself would have been asked."""

    def __init__(self, downloader: Downloader) -> None:
        self._downloader = downloader

    def redirect_request(  # noqa: PLR0917 - as in the base class
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> Request | None:
        """Check the new address first."""
        try:
            self._downloader.check_url(newurl)
        except ColibriError:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)
