"""When an image was acquired: from its tags, or from the user."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from colibri_geo.errors import DateInvalid, MissingDate

_TAGS = ("ACQUISITIONDATETIME", "TIFFTAG_DATETIME")
_TIFF_FORMATS = ("%Y:%m:%d %H:%M:%S", "%Y:%m:%d")
_FIRST = datetime(1972, 7, 23, tzinfo=UTC)  # launch of Landsat 1, the first civil land imager


def parse_date(text: str | datetime, *, source: str) -> datetime:
    """Read a time in ISO 8601 or TIFF form; a time without zone is UTC, a date without time is its 00:00.

    Raises
    ------
    DateInvalid
        Where the text is no date, or a date before 1972-07-23 or after today: no civil satellite image has it.

    Examples
    --------
    >>> parse_date("2025:03:21 15:20:00", source="example").isoformat()
    '2025-03-21T15:20:00+00:00'
    """
    when = text if isinstance(text, datetime) else _parse_text(text.strip(), source=source)
    when = when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)
    if not _FIRST <= when <= datetime.now(UTC) + timedelta(days=1):
        raise DateInvalid(
            f"{source}: acquisition time {when:%Y-%m-%dT%H:%MZ} cannot be true, expected 1972-07-23 to today; "
            "correct it, or give the true one with --before-date or --after-date"
        )
    return when


def _parse_text(text: str, *, source: str) -> datetime:
    for pattern in _TIFF_FORMATS:
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=UTC)
        except ValueError:
            continue
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise DateInvalid(
            f"{source}: {text[:40]!r} is not a date, expected ISO 8601 such as 2024-03-21T15:20:00Z; "
            "correct it, or give the true one with --before-date or --after-date"
        ) from error


def find_date(tags: Mapping[str, str], given: str | datetime | None, *, source: str) -> datetime:
    """Return the acquisition time of an image.

    The user's own date comes first (file tags often hold the time of processing), then the tags ACQUISITIONDATETIME and
    TIFFTAG_DATETIME.

    Raises
    ------
    MissingDate
        Where neither tells.
    DateInvalid
        Where what is there is no possible date.
    """
    if given is not None:
        return parse_date(given, source=f"{source} (date given)")
    for tag in _TAGS:
        if tags.get(tag, "").strip():
            return parse_date(tags[tag], source=f"{source} (tag {tag})")
    raise MissingDate(
        f"{source}: no acquisition time, expected one in the tag {' or '.join(_TAGS)}; "
        "give it with --before-date or --after-date (in Python: acquired=)"
    )
