"""Tables of airports and of runways as OurAirports publishes them: comma-separated text, read within limits."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from colibri_geo.errors import CorruptInput, EncodingError, InputTooLarge, InvalidGeometry, VectorError
from colibri_geo.layers.sources import MAX_TEXT_BYTES, check_layer
from colibri_geo.layers.spelling import check_name

MAX_ROWS = 300_000
"""The whole world has a hundred thousand."""
MAX_FIELD_CHARS = 10_000

_HEAD_BYTES = 4096
_MAX_COLUMNS = 200
_AIRPORTS = ("id", "ident", "type", "name", "latitude_deg", "longitude_deg")
_RUNWAYS = (
    *("airport_ref", "airport_ident", "closed"),
    *("le_latitude_deg", "le_longitude_deg", "he_latitude_deg", "he_longitude_deg"),
)
_HINT = "correct the table, or fetch it again"


@dataclass(frozen=True)
class Place:
    """A point: longitude and latitude, degrees."""

    lon: float
    lat: float


@dataclass(frozen=True)
class Airport:
    """A row of the table of airports.

    Attributes
    ----------
    number : str
        By which runways name it.
    ident, kind, name : str
        Code, type such as ``small_airport``, and name.
    place : Place
    """

    number: str
    ident: str
    kind: str
    name: str
    place: Place


@dataclass(frozen=True)
class Runway:
    """A row of the table of runways.

    Attributes
    ----------
    number, ident : str
        Of its airport.
    closed : bool
    low, high : Place or None
        Its ends, where they are given.
    """

    number: str
    ident: str
    closed: bool
    low: Place | None
    high: Place | None


@dataclass(frozen=True)
class Aviation:
    """What one table of OurAirports holds: airports or runways.

    Attributes
    ----------
    columns : tuple of str
        Of the table, those that are not read among them.
    airports : tuple of Airport
    runways : tuple of Runway
    notes : tuple of str
    """

    columns: tuple[str, ...] = ()
    airports: tuple[Airport, ...] = ()
    runways: tuple[Runway, ...] = ()
    notes: tuple[str, ...] = ()


def recognise_table(path: Path) -> bool:
    """Tell whether a file is to be read as a table of OurAirports.

    A file that is called ``.csv`` is taken for one too, so that its error speaks of columns.

    Raises
    ------
    NotAFile, InputTooLarge
    """
    return has_columns(path) or path.suffix.lower() == ".csv"


def has_columns(path: Path) -> bool:
    """Tell from the first line whether a file has the columns of a table of OurAirports.

    Raises
    ------
    NotAFile, InputTooLarge
    """
    check_layer(path)
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf")
    columns = {column.strip(b'"\r') for column in head.partition(b"\n")[0].split(b",")}
    return any({column.encode() for column in wanted} <= columns for wanted in (_AIRPORTS, _RUNWAYS))


def read_ourairports(path: Path) -> Aviation:
    """Read a table of airports or of runways.

    Parameters
    ----------
    path : Path
        ``airports.csv`` or ``runways.csv``, or a part of one with the same columns.

    Returns
    -------
    Aviation
        Airports without a place are left out; a note counts them, and the runways without both ends.

    Raises
    ------
    InputTooLarge
        More text or rows than are read.
    EncodingError, CorruptInput
        Not UTF-8, rows that are no rows.
    VectorError
        Without the columns of either table, or with a field that is too long.
    InvalidGeometry
        A place that is none on the globe.

    References
    ----------
    OurAirports, https://ourairports.com/help/data-dictionary.html
    """
    columns, rows = _read_rows(path)
    if not columns:
        raise CorruptInput(f"{path.name}: the file is empty, expected a table of OurAirports; fetch it again")
    if set(_AIRPORTS) <= set(columns):
        placed = [_read_airport(row) for row in rows]
        airports = tuple(airport for airport in placed if airport is not None)
        missing = len(placed) - len(airports)
        return Aviation(
            tuple(columns), airports, notes=(f"{missing} airport(s) without a place left out",) if missing else ()
        )
    if set(_RUNWAYS) <= set(columns):
        runways = tuple(_read_runway(row) for row in rows)
        missing = sum(runway.low is None or runway.high is None for runway in runways)
        note = (
            f"{missing} of {len(runways)} runway(s) state no ends or one: the points of their airports stand for them"
        )
        return Aviation(tuple(columns), runways=runways, notes=(note,) if missing else ())
    raise VectorError(
        f"{path.name}: a table with the columns {', '.join(columns)[:80]}, expected those of OurAirports' airports "
        f"({', '.join(_AIRPORTS)}) or runways ({', '.join(_RUNWAYS)}); convert others to GeoPackage"
    )


@dataclass(frozen=True)
class _Row:
    cells: dict[str, str]
    place: str

    def text(self, column: str) -> str:
        return check_name(self.cells[column], source=self.place, hint=_HINT)

    def position(self, prefix: str = "") -> Place | None:
        """Return a place, None where a part of it is not given."""
        texts = [self.cells[f"{prefix}{axis}_deg"].strip() for axis in ("longitude", "latitude")]
        if "" in texts:
            return None
        try:
            lon, lat = (float(text) for text in texts)
        except ValueError:
            lon = lat = math.nan
        if not (abs(lon) <= 180 and abs(lat) <= 90):
            raise InvalidGeometry(
                f"{self.place} has the longitude {texts[0][:40]!r} and latitude {texts[1][:40]!r}, expected degrees "
                f"within -180..180 and -90..90; {_HINT}"
            )
        return Place(lon, lat)


def _read_airport(row: _Row) -> Airport | None:
    place = row.position()
    if place is None:
        return None
    return Airport(row.text("id"), row.text("ident"), row.text("type"), row.text("name"), place)


def _read_runway(row: _Row) -> Runway:
    return Runway(
        row.text("airport_ref"),
        row.text("airport_ident"),
        row.text("closed") not in {"", "0"},
        row.position("le_"),
        row.position("he_"),
    )


def _read_rows(path: Path) -> tuple[list[str], list[_Row]]:
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise InputTooLarge(
            f"{path.name}: {path.stat().st_size / 2**20:.0f} MiB of text, expected at most "
            f"{MAX_TEXT_BYTES / 2**20:.0f} MiB; cut the table to the region needed"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EncodingError(f"{path.name}: byte {error.start} is not UTF-8, expected UTF-8; export it again") from error
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        columns = next(lines, [])
        if len(columns) > _MAX_COLUMNS or len(set(columns)) < len(columns):
            raise VectorError(f"{path.name}: columns that are too many, or twice the same; {_HINT}")
        places = {column: place for place, column in enumerate(columns) if column in {*_AIRPORTS, *_RUNWAYS}}
        rows = [
            _Row({column: cells[place] for column, place in places.items()}, f"{path.name}: row {number}")
            for number, cells in _check_rows(path.name, lines, columns)
        ]
    except csv.Error as error:
        raise CorruptInput(f"{path.name}: line {lines.line_num} is no row of a table ({error}); {_HINT}") from error
    return columns, rows


def _check_rows(name: str, lines: Iterator[list[str]], columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their numbers, the header being 1; empty lines are none."""
    for number, cells in enumerate(lines, start=2):
        if number - 1 > MAX_ROWS:
            raise InputTooLarge(f"{name}: more than {MAX_ROWS:,} rows; cut the table to the region needed")
        if not cells:
            continue
        if len(cells) != len(columns):
            raise CorruptInput(f"{name}: row {number} has {len(cells)} fields, expected {len(columns)}; {_HINT}")
        if max(map(len, cells)) > MAX_FIELD_CHARS:
            raise VectorError(f"{name}: row {number} has a field of more than {MAX_FIELD_CHARS:,} characters; {_HINT}")
        yield number, cells
