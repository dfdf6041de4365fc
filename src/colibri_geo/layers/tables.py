"""Tables as comma-separated text, read within limits."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from colibri_geo.errors import CorruptInput, EncodingError, InputTooLarge, InvalidGeometry, VectorError
from colibri_geo.layers.headers import find_delimiter
from colibri_geo.layers.sources import MAX_TEXT_BYTES

MAX_ROWS = 300_000
"""The airports of the whole world are a hundred thousand."""
MAX_FIELD_CHARS = 10_000
HINT = "correct the table, or fetch it again"

_MAX_COLUMNS = 200
_DEGREES = re.compile(r"[+-]?(\d+[.,]?\d*|[.,]\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """A point: longitude and latitude, degrees."""

    lon: float
    lat: float


@dataclass(frozen=True)
class Row:
    """A row of a table.

    Attributes
    ----------
    cells : sequence of str
    at : mapping of str to int
        Which cell belongs to a column.
    source : str
        File and number of the row, the header being 1, for messages.
    """

    cells: Sequence[str]
    at: Mapping[str, int]
    source: str

    def text(self, column: str) -> str:
        """Return a cell without its outer blanks."""
        return self.cells[self.at[column]].strip()

    def place(self, lon: str, lat: str) -> Place:
        """Return the place that two columns tell; a comma before decimals is taken, no degrees have thousands.

        Raises
        ------
        InvalidGeometry
            No numbers, or none of a place on the globe.
        """
        texts = self.text(lon), self.text(lat)
        degrees = [float(text.replace(",", ".")) if _DEGREES.fullmatch(text) else math.nan for text in texts]
        if not (abs(degrees[0]) <= 180 and abs(degrees[1]) <= 90):
            raise InvalidGeometry(
                f"{self.source} has the longitude {texts[0][:40]!r} and latitude {texts[1][:40]!r}, expected degrees "
                f"within -180..180 and -90..90; {HINT}"
            )
        return Place(*degrees)


@dataclass(frozen=True)
class Table:
    """A table of text: its columns, which are those of each row; one without a name and without text is none."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path) -> Table:
    """Read a table of comma-separated text; semicolons separate where the header has them and no comma.

    A comma in quotes is part of a name. Lines without text are no rows.

    Raises
    ------
    InputTooLarge
        More text or rows than are read.
    EncodingError, CorruptInput
        Not UTF-8, rows that are no rows.
    VectorError
        Columns that are too many, two of one name, or a field that is too long.
    """
    if path.stat().st_size > MAX_TEXT_BYTES:
        raise InputTooLarge(
            f"{path.name}: {path.stat().st_size / 2**20:.0f} MiB of text, expected at most "
            f"{MAX_TEXT_BYTES / 2**20:.0f} MiB; cut the table to the region needed"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EncodingError(f"{path.name}: byte {error.start} is not UTF-8, expected UTF-8; export it again") from error
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=find_delimiter(text), strict=True)
    try:
        header = next(lines, [])
        if len(header) > _MAX_COLUMNS:
            raise VectorError(
                f"{path.name}: {len(header):,} columns, expected at most {_MAX_COLUMNS}; take those out that tell no "
                "place, name or kind"
            )
        numbered = list(_check_rows(path.name, lines, header))
    except csv.Error as error:
        raise CorruptInput(f"{path.name}: line {lines.line_num} is no row of a table ({error}); {HINT}") from error
    at = _find_columns(path.name, header, [cells for _, cells in numbered])
    return Table(tuple(at), tuple(Row(cells, at, f"{path.name}: row {number}") for number, cells in numbered))


def _find_columns(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Return where the columns are: the commas that spreadsheets put to the ends of rows make none."""
    at: dict[str, int] = {}
    for number, column in enumerate(map(str.strip, header)):
        if not column and not any(cells[number].strip() for cells in rows):
            continue
        if column.lower() in {known.lower() for known in at}:
            raise VectorError(
                f"{name}: two columns are called {column[:40]!r}, expected names that differ in more than case; "
                "rename one"
            )
        at[column] = number
    return at


def _check_rows(name: str, lines: Iterator[list[str]], columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows with their numbers, the header being 1; empty lines are none."""
    for number, cells in enumerate(lines, start=2):
        if number - 1 > MAX_ROWS:
            raise InputTooLarge(f"{name}: more than {MAX_ROWS:,} rows; cut the table to the region needed")
        if not any(map(str.strip, cells)):
            continue
        if len(cells) != len(columns):
            raise CorruptInput(f"{name}: row {number} has {len(cells)} fields, expected {len(columns)}; {HINT}")
        if max(map(len, cells)) > MAX_FIELD_CHARS:
            raise VectorError(f"{name}: row {number} has a field of more than {MAX_FIELD_CHARS:,} characters; {HINT}")
        yield number, cells
