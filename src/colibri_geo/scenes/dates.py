"""When an image was acquired: from its tags, or from the user."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from colibri_geo.errors import BadDate, MissingDate

_TAGS = ("ACQUISITIONDATETIME", "TIFFTAG_DATETIME")
_TIFF_FORMATS = ("%Y:%m:%d %H:%M:%S", "%Y:%m:%d")
_IN_NAMES = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_]?)([01]\d)\2([0-3]\d)(?:\d{6})?(?!\d)")
DATE_OPTION = "--date (acquired)"
"""How a user gives the time of a single image: on the command line, and in Python."""
BEFORE_OPTION, AFTER_OPTION = "--before-date (before_date)", "--after-date (after_date)"
"""The same of the two images of a pair."""
EITHER_OPTION = f"{BEFORE_OPTION} or {AFTER_OPTION}"
"""The same of an image that may be either of the two."""
INSPECTED_OPTION = f"{EITHER_OPTION}, here with {DATE_OPTION}"
"""The same of such an image while it is inspected."""
_FIRST = datetime(1972, 7, 23, tzinfo=UTC)  # launch of Landsat 1, the first civil land imager


@dataclass(frozen=True, order=True)
class Acquisition:
    """When an image was acquired, as far as it is known; as text in ISO 8601 with a Z, or the day alone.

    They are ordered by the first moment at which it may have been.

    Attributes
    ----------
    moment : datetime
        UTC; of a day alone its 00:00.
    day_alone : bool
        Whether no time of that day is known.

    Examples
    --------
    >>> moment = datetime(2025, 3, 21, tzinfo=UTC)
    >>> print(Acquisition(moment), Acquisition(moment, day_alone=True))
    2025-03-21T00:00:00Z 2025-03-21
    """

    moment: datetime
    day_alone: bool = False

    @property
    def latest(self) -> datetime:
        """The last moment at which it may have been acquired: of a day alone its end."""
        return datetime.combine(self.moment, time.max, UTC) if self.day_alone else self.moment

    def __str__(self) -> str:
        return f"{self.moment:%Y-%m-%d}" if self.day_alone else f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"


def parse_date(text: str | datetime, *, source: str, remedy: str = "correct it") -> datetime:
    """Read a time in ISO 8601 or TIFF form; a time without zone is UTC, a date without time is its 00:00.

    Parameters
    ----------
    text : str or datetime
    source, remedy : str
        Where it stands and what the user can do about it, for messages.

    Returns
    -------
    datetime
        UTC.

    Raises
    ------
    BadDate
        Where the text is no date, or a date before 1972-07-23 or after today: no civil satellite image has it.

    Examples
    --------
    >>> parse_date("2025:03:21 15:20:00", source="example").isoformat()
    '2025-03-21T15:20:00+00:00'
    """
    when = text if isinstance(text, datetime) else _parse_text(str(text).strip(), source=source, remedy=remedy)
    try:
        when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    except OverflowError:  # of the first and the last day that a date can have: refused below, in its own zone
        when = when.replace(tzinfo=UTC)
    if not _FIRST <= when <= datetime.now(UTC) + timedelta(days=1):
        raise BadDate(
            f"{source}: acquisition time {when:%Y-%m-%dT%H:%MZ} cannot be true, expected 1972-07-23 to today; {remedy}"
        )
    return when


def _parse_text(text: str, *, source: str, remedy: str) -> datetime:
    for pattern in _TIFF_FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise BadDate(
            f"{source}: {text[:40]!r} is not a date, expected ISO 8601 such as 2024-03-21T15:20:00Z; {remedy}"
        ) from error


def read_acquisition(text: str | datetime, *, source: str, remedy: str = "correct it") -> Acquisition:
    """Read a time as `parse_date`, and whether it is a day without one.

    Raises
    ------
    BadDate
        As `parse_date`.

    Examples
    --------
    >>> print(read_acquisition("2025:03:21", source="example"), read_acquisition("20250321T15", source="example"))
    2025-03-21 2025-03-21T15:00:00Z
    """
    day_alone = len(str(text).strip()) <= len("2025-03-21")
    return Acquisition(parse_date(text, source=source, remedy=remedy), day_alone)


def read_given_date(given: str | datetime, *, option: str, source: str) -> Acquisition:
    """Read the time that the user gives of an image with an option.

    Raises
    ------
    BadDate
        As `parse_date`.
    """
    return read_acquisition(given, source=f"{source}, {option}")


def find_date(tags: Mapping[str, str], given: str | datetime | None, *, option: str, source: str) -> Acquisition:
    """Return when an image was acquired.

    The user's own date comes first (file tags often hold the time of processing), then the tags ACQUISITIONDATETIME and
    TIFFTAG_DATETIME.

    Parameters
    ----------
    tags : mapping of str to str
    given : str, datetime or None
    option : str
        By which the user gives it; empty where there is none.
    source : str
        Name of the image.

    Returns
    -------
    Acquisition

    Raises
    ------
    MissingDate
        Where neither tells.
    BadDate
        Where what is there is no possible date.
    """
    if given is not None:
        return read_given_date(given, option=option, source=source)
    tag = next((tag for tag in _TAGS if tags.get(tag, "").strip()), None)
    if tag is not None:
        remedy = f"correct it{f', or give the true one with {option}' if option else ''}"
        return read_acquisition(tags[tag], source=f"{source} (tag {tag})", remedy=remedy)
    raise MissingDate(
        f"{source}: no acquisition time, expected one in the tag {' or '.join(_TAGS)}; "
        f"{f'give it with {option}' if option else 'write it there'}"
    )


def note_conflict(name: str, acquired: datetime) -> str | None:
    """Say so where the dates in a name are not the day of the acquisition; None where they agree or there is none.

    Use it where the time came from the file: people rename files, and tags often hold the time of processing.

    Parameters
    ----------
    name : str
        Of a file or product. A product's name may hold several dates (acquired, processed): one that fits is enough.
    acquired : datetime
        UTC. A date of the day before or after counts as the same: names hold local dates too.

    Returns
    -------
    str or None

    Examples
    --------
    >>> note_conflict("S2_20240101_after.tif", datetime(2025, 3, 21, tzinfo=UTC))
    'its name says 2024-01-01, its metadata say that it was acquired on 2025-03-21: the metadata were believed'
    >>> note_conflict("S2_20250320_after.tif", datetime(2025, 3, 21, tzinfo=UTC))
    """
    named = list(dict.fromkeys(_find_dates(name)))
    if not named or any(abs(day - acquired.date()) <= timedelta(days=1) for day in named):
        return None
    return (
        f"its name says {', '.join(day.isoformat() for day in named[:3])}, its metadata say that it was acquired on "
        f"{acquired:%Y-%m-%d}: the metadata were believed"
    )


def _find_dates(name: str) -> Iterator[date]:
    """Find days in a name, as 20240101 or 2024-01-01, alone or before a time; what cannot be a day is a number."""
    for year, _, month, day in _IN_NAMES.findall(name):
        try:
            found = date(int(year), int(month), int(day))
        except ValueError:
            continue
        if found >= _FIRST.date():
            yield found
