"""The manifest: whole, without clock or path, and back again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from pathlib import Path

import pytest

from colibri_geo.errors import NotARun, OutputError
from colibri_geo.evidence import LayerRecord, read_manifest, verify, write_manifest
from colibri_geo.settings import Settings
from tests.support.example_run import example_record


def test_record_comes_back_equal(run_folder: Path) -> None:
    """A record read back equals the one written; tuples are tuples and not lists."""
    record = read_manifest(run_folder)
    assert record == example_record()
    assert isinstance(record.pair.gain, tuple)
    assert isinstance(record.settings, Settings)


def test_awkward_values_come_back(tmp_path: Path) -> None:
    """Missing numbers, absent layers, changed settings and undecodable file names survive the round trip."""
    example = example_record()
    record = dataclasses.replace(
        example,
        before=dataclasses.replace(example.before, name="caf\udce9.tif", notes=("NARIÑO \u2028 \x07", "")),
        pair=dataclasses.replace(example.pair, shift_spread_m=math.nan),
        layers=(LayerRecord("aoi", "área.gpkg", "e" * 64, None, ("mended",)),),
        settings=Settings().replace(min_length_m=512.5),
    )
    write_manifest(tmp_path, record)
    found = read_manifest(tmp_path)
    assert math.isnan(found.pair.shift_spread_m)
    assert dataclasses.replace(found, pair=example.pair) == dataclasses.replace(record, pair=example.pair)


def test_radar_images_come_back(tmp_path: Path) -> None:
    """Radar images that were given are recorded as scenes are, the earlier first."""
    example = example_record()
    looks = tuple(dataclasses.replace(scene, quantity="gamma0_db") for scene in (example.before, example.after))
    write_manifest(tmp_path, dataclasses.replace(example, radar=looks))
    assert read_manifest(tmp_path).radar == looks


def test_manifest_of_an_older_version_is_read(run_folder: Path) -> None:
    """What an older version did not write has its default; what it has to write is missed."""
    path = run_folder / "manifest.json"
    content = json.loads(path.read_bytes())
    for missing, expected in (("radar", None), ("versions", "versions")):
        del content["run"][missing]
        unsigned = {key: value for key, value in content.items() if key != "digest"}
        encoded = json.dumps(unsigned, ensure_ascii=False, indent=2).encode() + b"\n"
        digest = hashlib.sha256(encoded).hexdigest()
        path.write_bytes(json.dumps({**unsigned, "digest": digest}, ensure_ascii=False, indent=2).encode() + b"\n")
        if expected is None:
            assert read_manifest(run_folder) == example_record()
        else:
            with pytest.raises(NotARun, match=f"run differs in {expected};"):
                read_manifest(run_folder)


def test_scenes_of_an_older_version_state_no_sun(run_folder: Path) -> None:
    """A run of before sun and cloud were recorded is read, says that they are not stated, and still holds."""
    path = run_folder / "manifest.json"
    content = json.loads(path.read_bytes())
    del content["digest"]
    for scene in (content["run"]["before"], content["run"]["after"]):
        for name in ("sun_elevation_deg", "sun_azimuth_deg", "product_cloud_share"):
            del scene[name]
    encoded = json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n"
    content["digest"] = hashlib.sha256(encoded).hexdigest()
    path.write_bytes(json.dumps(content, ensure_ascii=False, indent=2).encode() + b"\n")
    before = read_manifest(run_folder).before
    assert (before.sun_elevation_deg, before.sun_azimuth_deg, before.product_cloud_share) == (None, None, None)
    assert before.sensor == example_record().before.sensor
    assert verify(run_folder).ok


def test_files_are_listed_with_size_and_checksum(run_folder: Path) -> None:
    """Every file but the manifest and the log is listed, sorted, with its size and SHA-256."""
    content = json.loads((run_folder / "manifest.json").read_text(encoding="utf-8"))
    assert [file["name"] for file in content["files"]] == ["findings.csv", "rasters/change.tif"]
    for file in content["files"]:
        raw = (run_folder / file["name"]).read_bytes()
        assert file["size_bytes"] == len(raw)
        assert file["sha256"] == hashlib.sha256(raw).hexdigest()


def test_same_run_gives_same_bytes_elsewhere_and_later(run_folder: Path, tmp_path: Path) -> None:
    """Neither the place, nor the log, nor the order of versions shows in the manifest."""
    other = tmp_path / "elsewhere"
    run_folder.rename(other)
    before = (other / "manifest.json").read_bytes()
    (other / "run.log").write_bytes(b"another clock\n")
    record = example_record()
    write_manifest(other, dataclasses.replace(record, versions=dict(reversed(record.versions.items()))))
    assert (other / "manifest.json").read_bytes() == before
    assert str(tmp_path).encode() not in before


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "damaged"),
        (b"{", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"[" * 100_000, "damaged"),
        (b"[]", "another program"),
        (b'{"format": "other"}', "another program"),
        (b'{"format": "colibri_geo run", "format_version": 99}', "format version 99"),
        (b'{"format": "colibri_geo run", "format_version": 1}', "files is nothing, expected a list; "),
        (
            b'{"format": "colibri_geo run", "format_version": 1, "files": [3]}',
            "files is a whole number, expected an object",
        ),
        (b'{"format": "colibri_geo run", "format_version": 1, "files": [{"name": "a"}]}', "sha256"),
        (b'{"format": "colibri_geo run", "format_version": 1, "files": [], "run": {}}', "run differs in"),
        (b'{"format": "colibri_geo run", "format_version": NaN}', "damaged"),
        (b'{"format": "colibri_geo run", "format_version": 1e999}', "damaged"),
    ],
)
def test_damage_is_one_line(tmp_path: Path, raw: bytes, word: str) -> None:
    """A damaged, foreign or newer manifest is refused in one line that names what is wrong."""
    (tmp_path / "manifest.json").write_bytes(raw)
    with pytest.raises(NotARun, match=word) as raised:
        read_manifest(tmp_path)
    assert "\n" not in str(raised.value)


def test_number_that_no_float_holds_is_one_line(run_folder: Path) -> None:
    """A whole number of hundreds of digits in the place of a float is damage."""
    path = run_folder / "manifest.json"
    edited = path.read_bytes().replace(b'"gain": [\n', b'"gain": [\n' + b"9" * 400 + b",\n")
    assert edited != path.read_bytes()
    path.write_bytes(edited)
    with pytest.raises(NotARun, match=r"run\.pair\.gain is a whole number, expected a decimal number"):
        read_manifest(run_folder)


def test_no_manifest_is_no_run(tmp_path: Path) -> None:
    """A missing folder, a file and a folder without a manifest hold no run."""
    (tmp_path / "file").write_bytes(b"")
    for place, what in (("", "holds no manifest.json"), ("missing", "no such folder"), ("file", "is no folder")):
        with pytest.raises(NotARun, match=f"{what}, expected the folder of a run"):
            read_manifest(tmp_path / place)


def test_edited_manifest_is_not_relied_on(run_folder: Path) -> None:
    """A manifest in which one value was edited is refused by who wants to rely on it."""
    path = run_folder / "manifest.json"
    path.write_bytes(path.read_bytes().replace(b'"shift_tiles": 31', b'"shift_tiles": 32'))
    with pytest.raises(NotARun, match="edited"):
        read_manifest(run_folder)


def test_edited_files_are_not_relied_on(run_folder: Path) -> None:
    """A file that is read next has to be as the run wrote it; one that is not asked for may be anything."""
    (run_folder / "findings.csv").write_bytes(b"strip_ic\n")
    assert read_manifest(run_folder, files=["rasters/change.tif", "tiles.gpkg"]) == read_manifest(run_folder)
    with pytest.raises(NotARun, match=r"findings\.csv was edited after the run, expected it as written"):
        read_manifest(run_folder, files=["findings.csv"])


def test_files_of_other_runs_are_not_relied_on(run_folder: Path) -> None:
    """A file that is read next and that the run did not write is refused, as is one that it wrote and that is gone."""
    (run_folder / "tiles.gpkg").write_bytes(b"of another run")
    with pytest.raises(NotARun, match=r"tiles\.gpkg was added after the run, expected it as written; get a fresh copy"):
        read_manifest(run_folder, files=["findings.csv", "tiles.gpkg"])
    (run_folder / "findings.csv").unlink()
    with pytest.raises(NotARun, match=r"findings\.csv was removed after the run, expected it as written; get a fresh"):
        read_manifest(run_folder, files=["findings.csv"])


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b'"min_length_m": 350.0', b'"min_length_m": -1.0', "min_length_m"),
        (b'"rows": 800', b'"rows": "800"', "rows is a text, expected a whole number"),
        (b'"synthetic": true', b'"synthetic": 1', "synthetic is a whole number, expected true or false"),
    ],
)
def test_values_of_another_type_are_damage(run_folder: Path, old: bytes, new: bytes, word: str) -> None:
    """A value that the record cannot hold is refused by name, not passed on."""
    path = run_folder / "manifest.json"
    raw = path.read_bytes()
    assert old in raw
    path.write_bytes(raw.replace(old, new))
    with pytest.raises(NotARun, match=word):
        read_manifest(run_folder)


def test_only_files_and_finite_numbers_are_written(tmp_path: Path) -> None:
    """An endless number and an empty folder are refused before a manifest is written."""
    record = example_record()
    endless = dataclasses.replace(record, pair=dataclasses.replace(record.pair, shift_east_m=math.inf))
    with pytest.raises(OutputError, match="finite"):
        write_manifest(tmp_path, endless)
    (tmp_path / "empty").mkdir()
    with pytest.raises(OutputError, match="no regular file"):
        write_manifest(tmp_path, record)
    assert not (tmp_path / "manifest.json").exists()
