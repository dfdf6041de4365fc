"""The first line of a table: which columns it has, and which of them tell a place."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

LONGITUDES = ("lon", "lng", "long", "longitude", "longitud", "x")
LATITUDES = ("lat", "latitude", "latitud", "y")
"""Names of columns of degrees, those that go first before others; case and accents do not count."""
MAX_HEADER_BYTES = 4096
"""Of a file, in which the first line is looked for."""

_QUOTED = re.compile(r'(?:^|(?<=[,;]))"(?:[^"]|"")*("|$)')


@dataclass(frozen=True)
class PlaceColumns:
    """The columns that hold longitude and latitude, degrees on WGS 84."""

    lon: str
    lat: str


def split_header(head: bytes) -> tuple[str, ...]:
    r"""Return the columns that the first line of a file names; of what is no table, whatever stands there.

    Examples
    --------
    >>> split_header(b"name;lat;lon\r\nUno;1,2;-77,3"), split_header(b'name,"lat"')
    (('name', 'lat', 'lon'), ('name', 'lat'))
    """
    text = head[:MAX_HEADER_BYTES].decode("utf-8-sig", errors="replace")
    return tuple(next(csv.reader([_take_line(text)], delimiter=find_delimiter(text)), ()))


def find_delimiter(text: str) -> str:
    """Return the delimiter of a table: a semicolon where its first line has some and no comma, else a comma.

    What stands in quotes is a name, and separates nothing; quotes begin where a field does.
    """
    line = _QUOTED.sub("", _take_line(text))
    return ";" if ";" in line and "," not in line else ","


def _take_line(text: str) -> str:
    return re.split(r"[\r\n]", text[:MAX_HEADER_BYTES], maxsplit=1)[0]


def find_place(columns: Sequence[str]) -> PlaceColumns | None:
    """Find the columns of longitude and latitude; None where either is missing.

    Examples
    --------
    >>> find_place(["x", "y", "Longitud", "LATITUD"]), find_place(["name", "lat"])
    (PlaceColumns(lon='Longitud', lat='LATITUD'), None)
    """
    plain = {_simplify(column): column for column in columns}
    lon, lat = (next((plain[name] for name in names if name in plain), None) for names in (LONGITUDES, LATITUDES))
    return None if lon is None or lat is None else PlaceColumns(lon, lat)


def _simplify(name: str) -> str:
    parts = unicodedata.normalize("NFD", name.strip().casefold())
    return "".join(sign for sign in parts if not unicodedata.combining(sign))
