"""The CSV opens in a spreadsheet, with every letter, and no cell becomes a formula."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.exporting.columns import STRIP_COLUMNS
from colibri_geo.exporting.spreadsheet import write_csv
from colibri_geo.exporting.wording import spreadsheet_text
from tests.support.example_run import example_record, example_strips

SIGNS = "=+-@\t\r\n＝＋－＠"


def _rows(folder: Path) -> list[dict[str, str]]:
    text = (folder / "findings.csv").read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_bytes_are_as_spreadsheets_need_them(folder: Path) -> None:
    """The file is UTF-8 with a byte order mark, and lines end as on Unix."""
    raw = (folder / "findings.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == 6
    assert b"\r" not in raw
    assert "NARIÑO" in raw.decode("utf-8")


def test_row_a_strip_with_all_columns(folder: Path, empty_folder: Path) -> None:
    """Each strip has a row with all columns and where it lies in the forms that people pass on."""
    rows = _rows(folder)
    assert [row["strip_id"] for row in rows] == example_strips().index.tolist()
    assert list(rows[0]) == [
        *("strip_id", *(column.name for column in STRIP_COLUMNS), "centre_lon", "centre_lat"),
        *("centre_dms", "end1_dms", "end2_dms", "end1_mgrs", "end2_mgrs", "caution"),
    ]
    assert rows[0]["end1_dms"] == "1°11'35.8\"N 77°18'01.7\"W"
    assert rows[0]["end1_mgrs"] == "18NTG4400032000"
    assert rows[0]["last_without"] == "2025-01-10T15:20:00Z"
    assert (rows[4]["border_km"], rows[4]["snr"]) == ("", "9.0")
    assert "use of force" in rows[0]["caution"]
    assert _rows(empty_folder) == []
    header = (folder / "findings.csv").read_bytes().splitlines()[0]
    assert (empty_folder / "findings.csv").read_bytes() == header + b"\n"


def test_hostile_cells_are_text(hostile_folder: Path) -> None:
    """No cell of text begins as a formula, however the file is parted, and every name is still there."""
    rows = _rows(hostile_folder)
    assert len(rows) == 5
    assert rows[0]["admin2"] == "'=cmd|' /C calc'!A0"
    assert rows[1]["admin2"].startswith("<script>")
    text = (hostile_folder / "findings.csv").read_bytes().decode("utf-8-sig")
    for names in zip(*([row["admin2"], row["reasons"]] for row in rows), strict=True):
        assert not any(name.startswith(tuple(SIGNS)) for name in names)
    for cells in csv.reader(io.StringIO(text, newline=""), delimiter=";"):
        assert not any(cell.lstrip(' "').startswith(tuple(SIGNS)) for cell in cells)


def test_cells_hold_no_sign_that_hides_or_turns_text(tmp_path: Path) -> None:
    """Control signs, line breaks and signs that turn the direction of text are replaced, so that they are seen."""
    strips = example_strips().assign(admin2="Puerto\x1b[31m\x07\r\nLim\u202eón", admin1="=1\n=2")
    write_csv(strips, example_record(), tmp_path / "findings.csv")
    row = _rows(tmp_path)[0]
    assert row["admin2"] == "Puerto\ufffd[31m\ufffd Lim\ufffdón"
    assert row["admin1"] == "'=1 =2"


@given(st.text(alphabet="=+-@\t\r\n;\"' aÑ＝", max_size=12))
def test_guarded_text_starts_no_formula(text: str) -> None:
    """Guarded text begins no formula, at its start or after a sign that parts cells, and loses no letter."""
    guarded = spreadsheet_text(text)
    assert not guarded.startswith(tuple(SIGNS))
    assert guarded.replace("'", "") == text.replace("'", "")
    for sign in ";\t\r\n":
        for part in guarded.split(sign)[1:]:
            assert not part.lstrip(' "').startswith(tuple("=+-@＝"))


@pytest.mark.parametrize(
    "text", ["", "São João", "18NTG4400032000", "2025-01-10T15:20:00Z", "a = b", "x;y", "Orito & Cía"]
)
def test_harmless_text_is_untouched(text: str) -> None:
    """Text that starts no formula stays as it is."""
    assert spreadsheet_text(text) == text
