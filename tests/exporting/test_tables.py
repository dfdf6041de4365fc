"""All files together: the same tables give the same bytes, and faulty tables give none."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import pytest

from colibri_geo.errors import TableError
from colibri_geo.exporting import CAUTION, caution_for, write_tables
from tests.support.example_run import example_findings, example_record

FILES = ["feedback.txt", *(f"findings.{kind}" for kind in ("csv", "geojson", "gpkg", "gpx", "kml")), "message.txt"]
_WRITE = """
import sys
from pathlib import Path
from colibri_geo.evidence import write_manifest
from colibri_geo.exporting import write_tables
from tests.support.example_run import example_findings, example_record
folder = Path(sys.argv[1])
write_tables(example_findings(), example_record(), folder)
write_manifest(folder, example_record())
"""


def _digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


def test_all_files_are_written(folder: Path) -> None:
    """A file for each format is written, and no other stays beside them."""
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_same_tables_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    """The same tables, written once more, give the same bytes."""
    again = tmp_path / "again"
    again.mkdir()
    write_tables(example_findings(), example_record(), again)
    assert _digests(again) == _digests(folder)


def test_lengths_are_rounded_once(tmp_path: Path) -> None:
    """No file for people rounds a length that was rounded to decimetres: 606.5 and 482.5 would be 606 and 482."""
    example = example_findings()
    strips = example.strips.assign(length_m=606.52, length_lo_m=482.504, length_hi_m=700.0)
    write_tables(dataclasses.replace(example, strips=strips), example_record(), tmp_path)
    for name in ("message.txt", "findings.kml", "findings.gpx"):
        text = (tmp_path / name).read_text(encoding="utf-8")
        assert re.search(r"\b607\sm\b", text)
        assert re.search(r"\b483\b", text)
        assert not re.search(r"\b(606|482)\b(?!\.)", text)


def test_an_azimuth_just_below_a_half_turn_is_told_as_none(tmp_path: Path) -> None:
    """No file for people says 180 degrees, which is 0; the GeoPackage has the number as it was measured."""
    example = example_findings()
    strips = example.strips.assign(azimuth_deg=179.996)
    write_tables(dataclasses.replace(example, strips=strips), example_record(), tmp_path)
    table = csv.DictReader((tmp_path / "findings.csv").read_text(encoding="utf-8-sig").splitlines())
    assert {row["azimuth_deg"] for row in table} == {"0.0"}
    features = json.loads((tmp_path / "findings.geojson").read_text())["features"]
    assert {feature["properties"]["azimuth_deg"] for feature in features} == {0.0}
    for name in ("message.txt", "findings.kml", "findings.gpx"):
        told = re.findall(r"azimuth\s+(\S+)\s+true", (tmp_path / name).read_text(encoding="utf-8"))
        assert set(told) == {"0°"}
    assert set(gpd.read_file(tmp_path / "findings.gpkg", layer="strips")["azimuth_deg"]) == {179.996}


@pytest.mark.slow
def test_bytes_do_not_depend_on_the_process(project: Path, tmp_path: Path) -> None:
    """Another zone, another order of hashes and another language of the system give the same bytes."""
    digests = []
    for name, zone, seed, language in (("a", "America/Bogota", "1", "C"), ("b", "Asia/Kathmandu", "77", "C.UTF-8")):
        folder = tmp_path / name
        folder.mkdir()
        environment = os.environ | {"TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": language}
        subprocess.run([sys.executable, "-c", _WRITE, str(folder)], check=True, cwd=project, env=environment)
        digests.append(_digests(folder))
    assert list(digests[0]) == sorted([*FILES, "manifest.json"])
    assert digests[0] == digests[1]


@pytest.mark.parametrize("table", ["strips", "strip_regions", "observed", "not_observed", "regions"])
def test_faulty_table_is_refused_before_writing(tmp_path: Path, table: str) -> None:
    """A table that lacks a column is named, and nothing is written."""
    findings = example_findings()
    faulty = getattr(findings, table)
    column = next(name for name in faulty.columns if name != "geometry")
    broken = dataclasses.replace(findings, **{table: faulty.drop(columns=column)})
    with pytest.raises(TableError, match=rf"{table}: lacks {column}"):
        write_tables(broken, example_record(), tmp_path)
    assert not any(tmp_path.iterdir())


def test_caution_names_synthetic_images() -> None:
    """The caution is on every run; where an image is synthetic it says so."""
    record = example_record()
    real = dataclasses.replace(record.before, synthetic=False)
    assert "synthetic" in caution_for(dataclasses.replace(record, before=real))
    assert caution_for(dataclasses.replace(record, before=real, after=real)) == CAUTION
