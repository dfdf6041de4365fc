"""Tables of airports and of runways as OurAirports publishes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from colibri_geo.errors import VectorError
from colibri_geo.layers.headers import MAX_HEADER_BYTES, split_header
from colibri_geo.layers.sources import check_layer
from colibri_geo.layers.spelling import check_length, clean_name
from colibri_geo.layers.tables import HINT, Place, Row, read_table

_AIRPORTS = ("id", "ident", "type", "name", "latitude_deg", "longitude_deg")
_RUNWAYS = (
    *("airport_ref", "airport_ident", "closed"),
    *("le_latitude_deg", "le_longitude_deg", "he_latitude_deg", "he_longitude_deg"),
)


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


def has_columns(path: Path) -> bool:
    """Tell from the first line whether a file has the columns of a table of OurAirports.

    Raises
    ------
    NotAFile, InputTooLarge
    """
    check_layer(path)
    with path.open("rb") as file:
        columns = set(split_header(file.read(MAX_HEADER_BYTES)))
    return any(set(wanted) <= columns for wanted in (_AIRPORTS, _RUNWAYS))


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
    InputTooLarge, EncodingError, CorruptInput
        As `colibri_geo.layers.tables.read_table`.
    VectorError
        As that, or without the columns of either table, or with a name that is too long.
    InvalidGeometry
        A place that is none on the globe.

    References
    ----------
    OurAirports, https://ourairports.com/help/data-dictionary.html
    """
    table = read_table(path)
    columns = table.columns
    if set(_AIRPORTS) <= set(columns):
        placed = [_read_airport(row) for row in table.rows]
        airports = tuple(airport for airport in placed if airport is not None)
        missing = len(placed) - len(airports)
        return Aviation(columns, airports, notes=(f"{missing} airport(s) without a place left out",) if missing else ())
    if set(_RUNWAYS) <= set(columns):
        runways = tuple(_read_runway(row) for row in table.rows)
        missing = sum(runway.low is None or runway.high is None for runway in runways)
        note = (
            f"{missing} of {len(runways)} runway(s) state no ends or one: the points of their airports stand for them"
        )
        return Aviation(columns, runways=runways, notes=(note,) if missing else ())
    raise VectorError(
        f"{path.name}: a table with the columns {', '.join(columns)[:80]}, expected those of OurAirports' airports "
        f"({', '.join(_AIRPORTS)}) or runways ({', '.join(_RUNWAYS)}); convert others to GeoPackage"
    )


def _read_airport(row: Row) -> Airport | None:
    place = _find_place(row)
    if place is None:
        return None
    return Airport(_name(row, "id"), _name(row, "ident"), _name(row, "type"), _name(row, "name"), place)


def _read_runway(row: Row) -> Runway:
    return Runway(
        _name(row, "airport_ref"),
        _name(row, "airport_ident"),
        row.text("closed") not in {"", "0"},
        _find_place(row, "le_"),
        _find_place(row, "he_"),
    )


def _name(row: Row, column: str) -> str:
    name = clean_name(row.text(column), source=row.source)
    check_length(name, source=row.source, kind="name", hint=HINT)
    return name


def _find_place(row: Row, prefix: str = "") -> Place | None:
    """Return a place, None where a part of it is not given."""
    lon, lat = f"{prefix}longitude_deg", f"{prefix}latitude_deg"
    return row.place(lon, lat) if row.text(lon) and row.text(lat) else None
