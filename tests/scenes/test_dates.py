"""When an image was acquired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from colibri_geo.errors import BadDate, MissingDate
from colibri_geo.scenes.dates import (
    AFTER_OPTION,
    BEFORE_OPTION,
    DATE_OPTION,
    Acquisition,
    find_date,
    note_conflict,
    parse_date,
)

NOON = datetime(2024, 3, 21, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        *("2024-03-21T12:00:00Z", "2024-03-21T12:00:00", "2024-03-21 12:00", "20240321T120000Z", "2024:03:21 12:00:00"),
        *("2024-03-21T07:00:00-05:00", " 2024-03-21T12:00:00.000Z "),
    ],
)
def test_one_moment_in_many_spellings(text: str) -> None:
    """ISO 8601 and TIFF times are the same moment, UTC where no zone is given."""
    assert parse_date(text, source="f") == NOON


@pytest.mark.parametrize("text", ["2024-03-21", "20240321", "2024:03:21"])
def test_a_day_begins_at_midnight(text: str) -> None:
    """A date without a time is its 00:00 UTC."""
    assert parse_date(text, source="f") == datetime(2024, 3, 21, tzinfo=UTC)


def test_times_are_utc() -> None:
    """Times of other zones are moved to UTC, times without one are taken as UTC."""
    local = datetime(2024, 3, 21, 7, tzinfo=timezone(timedelta(hours=-5)))
    for given in (local, NOON.replace(tzinfo=None)):
        parsed = parse_date(given, source="f")
        assert (parsed, parsed.tzinfo) == (NOON, UTC)


@pytest.mark.parametrize(
    "text", ["yesterday", "2025:02:30 10:00:00", "", "2024-13-01", "21/03/2024", "2024112", "9" * 99]
)
def test_what_is_no_date_is_refused_by_name(text: str) -> None:
    """The message holds what came, cut to a line, and the way out."""
    with pytest.raises(BadDate, match="expected ISO 8601") as caught:
        parse_date(text, source="f.tif")
    assert repr(text[:40]) in str(caught.value)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:00:00-14:00"])
def test_a_date_at_the_end_of_time_is_refused(text: str) -> None:
    """In UTC it would lie beyond what a date can be."""
    with pytest.raises(BadDate, match="cannot be true"):
        parse_date(text, source="f.tif")


def test_no_image_is_older_than_landsat_or_from_the_future() -> None:
    """The day of the first civil land imager is accepted, the day before is not, nor is the day after tomorrow."""
    assert parse_date("1972-07-23", source="f").year == 1972
    for text in ("1972-07-22", (datetime.now(UTC) + timedelta(days=2)).isoformat(), "0001-01-01"):
        with pytest.raises(BadDate, match="cannot be true"):
            parse_date(text, source="f")


def test_the_users_date_stands_above_the_tags() -> None:
    """A date given comes first, then ACQUISITIONDATETIME, then TIFFTAG_DATETIME, which may tell of the processing."""
    tags = {"TIFFTAG_DATETIME": "2024:05:01 00:00:00", "ACQUISITIONDATETIME": "2024-03-21T12:00:00Z"}
    less = {"TIFFTAG_DATETIME": tags["TIFFTAG_DATETIME"]}
    for given, expected in ((tags, NOON), (less, datetime(2024, 5, 1, tzinfo=UTC))):
        assert find_date(given, None, option=DATE_OPTION, source="f") == Acquisition(expected)
    new_year = Acquisition(datetime(2023, 1, 1, tzinfo=UTC), day_alone=True)
    assert find_date(tags, "2023-01-01", option=DATE_OPTION, source="f") == new_year


def test_a_missing_date_is_not_made_up() -> None:
    """Without tag and option the message names both; where there is no option, the tag alone."""
    with pytest.raises(MissingDate, match=r"TIFFTAG_DATETIME; give it with --before-date \(before_date\)$"):
        find_date({"TIFFTAG_DATETIME": "  "}, None, option=BEFORE_OPTION, source="f")
    with pytest.raises(MissingDate, match=r"TIFFTAG_DATETIME; write it there$"):
        find_date({}, None, option="", source="f")


def test_a_wrong_tag_is_named() -> None:
    """A tag that cannot be read is an error, not a reason to look further."""
    tags = {"ACQUISITIONDATETIME": "soon", "TIFFTAG_DATETIME": "2024:03:21"}
    with pytest.raises(
        BadDate, match=r"f\.tif \(tag ACQUISITIONDATETIME\).*give the true one with --date \(acquired\)$"
    ):
        find_date(tags, None, option=DATE_OPTION, source="f.tif")


def test_a_wrong_option_is_named() -> None:
    """A date given that cannot be read is told with the option that gave it, and with no other."""
    with pytest.raises(BadDate, match=r"^f\.tif, --after-date \(after_date\): 'soon' .*; correct it$"):
        find_date({}, "soon", option=AFTER_OPTION, source="f.tif")


@pytest.mark.parametrize(
    "name",
    [
        "S2_20240320_after.tif",
        "S2_20240322_after.tif",
        "after_2024-03-21.tif",
        "S2A_MSIL2A_20240321T143749_N0510_R096_T18NYL_20240322T010000.SAFE",
        "S2A_MSIL2A_20240321T143749_N0510_R096_T18NYL_20250101T000000.SAFE",
        "LC09_L2SP_008060_20240321_20240330_02_T1",
        "20240321_151200_12_2495_3B_AnalyticMS_SR_8b.tif",
        "scene_20240321120000.tif",
        "after.tif",
        "tile_20241399_00000101.tif",
        "id_1234202401015678.tif",
        "mosaic_19500101.tif",
    ],
)
def test_a_name_without_another_date_is_no_conflict(name: str) -> None:
    """One date that fits to a day is enough; numbers that cannot be a day of an image are no dates."""
    assert note_conflict(name, NOON) is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("S2_20240101_after.tif", "2024-01-01"),
        ("after-2024-01-01.tif", "2024-01-01"),
        ("after_2024_01_01T101500.tif", "2024-01-01"),
        ("20230630_to_20240319.tif", "2023-06-30, 2024-03-19"),
    ],
)
def test_a_name_that_contradicts_the_metadata_is_told(name: str, said: str) -> None:
    """The dates of the name and of the metadata stand in the note, with which was believed."""
    note = note_conflict(name, NOON)
    assert note == (
        f"its name says {said}, its metadata say that it was acquired on 2024-03-21: the metadata were believed"
    )
