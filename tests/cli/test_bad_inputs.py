"""The shared set of damaged, hostile and merely awkward files: what `info` and settings make of each, watched.

Each row of the manifest is one command of its own, as a user types it. What it may take, write, ask and tell is watched
by `tests.support.hostile`; what it has to say stands here. Pairs and areas of interest follow in `test_bad_pairs.py`.
"""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.support.hostile import Row, Watch, each, list_rows, listening, watching

pytestmark = pytest.mark.slow

COUNTS = {"raster": 146, "pair": 22, "aoi": 44, "report": 7, "archive": 8, "model": 3, "register": 5}
"""Rows by command. Those of the register wait for it: there is no such command yet."""
NO_LAYER = {"M006": "UnsupportedFormat"}
"""A row that no command reads: a notebook. It stands for what is written (a notebook without outputs), which is tested
where it is written."""


@dataclass(frozen=True)
class Facts:
    """What has to stand in an answer.

    Attributes
    ----------
    words : tuple of str
        In the error, or in the notes and warnings.
    values : dict
        Members of the JSON.
    """

    words: tuple[str, ...] = ()
    values: dict[str, Any] = field(default_factory=dict)


def said(*words: str, **values: Any) -> Facts:  # noqa: ANN401 - whatever JSON holds
    """State what has to stand in an answer."""
    return Facts(words, values)


REFERENCE: dict[str, Any] = {"rows": 160, "cols": 160, "crs": "EPSG:32618", "acquired": "2025-03-21T15:20:00Z"}
FACTS = {
    "R000": said(**REFERENCE, bands=["blue", "green", "red", "nir"], measured_share=1.0, warnings=[]),
    "R002": said("1 byte"),
    "R004": said("HTML page", "failed download", "login"),
    "R006": said("PNG", "GeoTIFF or JPEG 2000"),
    "R010": said("ends at byte 8, the file at 4"),
    "R012": said("the file at 48"),
    "R014": said("the file at 47159"),
    "R016": said("the file at 93374"),
    "R018": said("the file at 103151"),
    "R020": said("tag 42112 ends at byte 206302, the file at 206301"),
    "R022": said("SHA-256", "bitrot_uncompressed.tif.sha256"),
    "R030": said("10,000,000,000 bytes a block", "268,435,456 or fewer"),
    "R034": said("expected 10,000 or fewer"),
    "R036": said("expected 10,000 or fewer"),
    "R040": said("1 of 1 blocks"),
    "R046": said("65,535 bands"),
    "R048": said("compression 34712"),
    "R056": said("complex64"),
    "R058": said("expected reflectance"),
    "R060": said(rows=160, cols=160, measured_share=1.0),
    "R066": said(**REFERENCE, measured_share=pytest.approx(0.796, abs=0.001)),
    "R068": said("nodata", "-9999", "ignored"),
    "R070": said(**REFERENCE, measured_share=pytest.approx(0.965, abs=0.001)),
    "R072": said(**REFERENCE, measured_share=pytest.approx(0.75, abs=0.03)),
    "R074": said(**REFERENCE, measured_share=1.0),
    "R080": said("--assume-crs"),
    "R082": said("no geotransform"),
    "R084": said(crs="EPSG:3857", pixel_east_m=pytest.approx(10, abs=0.1), pixel_north_m=pytest.approx(10, abs=0.1)),
    "R086": said(pixel_east_m=pytest.approx(10, abs=0.1), pixel_north_m=pytest.approx(10, abs=0.1)),
    "R088": said("32999"),
    "R090": said("RotatedGrid"),
    "R092": said("flipped"),
    "R094": said("not a finite number"),
    "R096": said(rows=80, pixel_east_m=pytest.approx(10, abs=0.1), pixel_north_m=pytest.approx(20, abs=0.1)),
    "R098": said("gdalwarp -tps"),
    "R100": said("tfw_conflict.tfw", "was ignored", "SHA-256", **REFERENCE),
    "R102": said("ovr_corrupt.tif.ovr", "was ignored", "SHA-256", **REFERENCE, measured_share=1.0),
    "R110": said("expected 16 px or more"),
    "R114": said(**REFERENCE, measured_share=1.0),
    "R116": said(bands=["blue", "green", "red", "nir"], measured_share=pytest.approx(0.81, abs=0.01)),
    "R118": said("further images: the first was used"),
    "R122": said("--bands"),
    "R124": said(**REFERENCE),
    "R126": said("TIFFTAG_IMAGEDESCRIPTION", "the first 4,096 letters", **REFERENCE),
    "R130": said("'yesterday'", "-date"),
    "R132": said("2199-01-01", "-date"),
    "R134": said("'2025:02:30 10:00:00'", "-date"),
    "R136": said(**REFERENCE, measured_share=1.0),
    "A002": said("absolute name"),
    "A004": said("link"),
    "A006": said("entry limit"),
    "A008": said("case clash"),
    "A010": said("CRC"),
    "A012": said("password protected"),
    "A014": said("missing: ", "MTD_TL.xml", "B08", "empty: B04"),
    "A016": said("document type"),
    "G026": said(layout="GeoJSON", warnings=[]),
    "G034": said(layout="GeoJSON", warnings=[]),
    "G042": said(layout="CSV", shapes="1 Point", uses=["--layer", "--aerodromes"], warnings=[]),
    "D008": said(layout="GeoPackage", warnings=[]),
    "M002": said("not loaded"),
    "M004": said("not loaded"),
    "M008": said("unknown key 'min_lenght_m'", "did you mean 'min_length_m'"),
    "X041": said("gdalwarp"),
    "X042": said("NeedsOrthorectification"),
    "X044": said(measured_share=pytest.approx(2 / 3)),
    "X045": said(measured_share=pytest.approx(0.5, abs=0.49)),
    "X046": said(measured_share=pytest.approx(0.5, abs=0.49)),
    "X048": said("complex"),
    "X099": said(measured_share=pytest.approx(0.5, abs=0.49)),
}


@pytest.fixture(scope="module")
def watch(bad_inputs: Path) -> Iterator[Watch]:
    """What runs the commands."""
    with watching(bad_inputs) as watch:
        yield watch


def test_every_row_is_counted(bad_inputs: Path) -> None:
    """Each row of the manifest belongs to a command that is tested, or to one that is not there yet."""
    assert (bad_inputs / "MANIFEST.csv").is_file()
    assert {op: len(list_rows(op)) for op in COUNTS} == COUNTS
    assert sum(COUNTS.values()) == len(list_rows())
    unnamed = {row.number for row in list_rows() if row.expect == "error" and row.op != "register" and not row.named}
    assert unnamed == {"R046"}  # "error: band count limit"


@each(list_rows("raster", "report", "archive"))
def test_info_says_what_the_manifest_says(watch: Watch, tmp_path: Path, row: Row) -> None:
    """The file is told, or refused by the right error; a fault that leaves the rest readable is a named warning."""
    ended = watch.run(tmp_path / "out", "info", str(watch.inputs / row.files[0]), "--json")
    told = ended.told if ended.status == 0 else {"notes": [], "warnings": []}
    named = {warning.partition(":")[0] for warning in told["warnings"]} | {ended.error} - {None}
    if row.number in NO_LAYER:
        assert named == {NO_LAYER[row.number]}
        return
    if row.expect == "ok":
        assert ended.status == 0, ended.errors
    if row.expect == "error":
        assert named & row.named or (named and not row.named), named
    facts = FACTS.get(row.number, Facts())
    text = " ".join((ended.errors, *told["notes"], *told["warnings"]))
    for words in facts.words:
        assert words in text
    for name, value in facts.values.items():
        assert told[name] == value


@each(list_rows("model"))
def test_settings_are_what_the_manifest_says(watch: Watch, tmp_path: Path, row: Row) -> None:
    """A file that is no settings is refused by name, and nothing of it is carried out."""
    pair = [str(watch.inputs / "pair" / name) for name in ("before.tif", "after.tif")]
    settings = str(watch.inputs / row.files[0])
    out = tmp_path / "out"
    ended = watch.run(out, "compare", *pair, "--settings", settings, "--out", str(out), "--json")
    assert ended.error in row.named
    for words in FACTS[row.number].words:
        assert words in ended.errors


# --------------------------------------------------------------------------------------- what watches is watched itself
def test_a_call_is_heard() -> None:
    """Who rings at the port is noted: so silence means something."""
    calls: list[str] = []
    with listening(calls) as port:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5):
            pass
        until = time.monotonic() + 5
        while not calls and time.monotonic() < until:
            time.sleep(0.01)
    assert len(calls) == 1


def _leave_in_home(_: Path) -> str:
    return "import pathlib; (pathlib.Path.home() / '.left').touch()"


def _leave_in_temporary_folder(_: Path) -> str:
    return "import tempfile; tempfile.mkstemp()"


def _leave_where_it_stands(_: Path) -> str:
    return "open('left', 'w')"


def _leave_beside_the_input(inputs: Path) -> str:
    return f"open({str(inputs / 'a.tif.aux.xml')!r}, 'w')"


def _change_the_input(inputs: Path) -> str:
    return f"open({str(inputs / 'a.tif')!r}, 'a').write('x')"


def _take_memory(_: Path) -> str:
    return "import time; held = b'1' * 600_000_000; time.sleep(1)"


def _take_time(_: Path) -> str:
    return "import time; time.sleep(5.1)"


def _tell_secrets(_: Path) -> str:
    return "print(open('/etc/passwd').read())"


def _fail(_: Path) -> str:
    return "raise ValueError"


@pytest.mark.parametrize(
    "fault",
    [
        _leave_in_home,
        _leave_in_temporary_folder,
        _leave_where_it_stands,
        _leave_beside_the_input,
        _change_the_input,
        _take_memory,
        _take_time,
        _tell_secrets,
        _fail,
    ],
)
def test_what_a_command_may_not_do_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Path], str]
) -> None:
    """A command that answers well, and does one forbidden thing besides, does not pass."""
    inputs = tmp_path / "inputs"
    inputs.mkdir()
    (inputs / "a.tif").write_bytes(b"II")
    package = tmp_path / "fake" / "colibri_geo"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    answer = f"print({json.dumps(json.dumps({'warnings': []}))})\n"
    (package / "__main__.py").write_text(answer)
    watch = Watch(inputs, 0)
    assert watch.run(tmp_path / "out", "info").status == 0
    (package / "__main__.py").write_text(answer + fault(inputs))
    with pytest.raises((AssertionError, json.JSONDecodeError)):
        watch.run(tmp_path / "again", "info")
