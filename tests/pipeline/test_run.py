"""A run: saved whole or not at all, read back the same, the same bytes each time."""

from __future__ import annotations

import dataclasses
import html
import json
import re
import sqlite3
import zipfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
from affine import Affine

from colibri_geo import Run, compare, inspect_scene, read_run, verify
from colibri_geo.errors import ConfigError, NotARun, OutputError, OutputExists, SettingsError, UnsupportedFormat
from colibri_geo.evidence import LayerRecord, write_manifest
from colibri_geo.exporting import check_findings, check_strips
from colibri_geo.exporting.columns import STRIP_COLUMNS, STRIP_CONTEXT_COLUMNS
from colibri_geo.exporting.describing import say_share
from colibri_geo.exporting.geopackage import write_geopackage
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.language import ENGLISH, load_messages
from colibri_geo.layers.findings import Findings
from colibri_geo.settings import Settings
from tests.support.secret_run import secret_run
from tests.support.small_pair import make_scenes, small_spec, write_small_pair


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A small simulated pair with one new strip."""
    return write_small_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def run(pair: tuple[Path, Path]) -> Run:
    """Its comparison."""
    return compare(*pair)


def test_tables_keep_their_contract(run: Run) -> None:
    """All tables of a run have the columns, types and ranges that outputs rely on."""
    check_strips(run.strips)
    check_findings(run.findings)
    assert list(run.strips["verdict"]) == ["new"]


def test_read_back_gives_the_same_run(run: Run, tmp_path: Path) -> None:
    """What was saved is read back with equal record and equal tables, without pixels."""
    back = read_run(run.save(tmp_path / "out"))
    assert back.record == run.record
    assert back.aligned is None
    pd.testing.assert_frame_equal(
        pd.DataFrame(back.strips.drop(columns="geometry")),
        pd.DataFrame(run.strips.drop(columns="geometry"))[list(back.strips.columns.drop("geometry"))],
        check_dtype=False,
    )
    assert back.strips.geometry.geom_equals_exact(run.strips.geometry, tolerance=1e-6).all()
    assert back.strips.crs == run.strips.crs
    pd.testing.assert_frame_equal(back.observed, run.observed, check_dtype=False)
    pd.testing.assert_frame_equal(back.findings.strip_regions, run.findings.strip_regions, check_dtype=False)
    assert list(back.not_observed["reason"]) == list(run.not_observed["reason"])


def test_edited_tables_are_no_run(run: Run, tmp_path: Path) -> None:
    """Tables that somebody changed are not read, so that saving them again seals nothing that no run found."""
    folder = run.save(tmp_path / "out", report=False)
    with closing(sqlite3.connect(folder / "findings.gpkg")) as tables:
        tables.execute("DELETE FROM observed")
        tables.commit()
    with pytest.raises(NotARun, match=r"findings\.gpkg was edited after the run"):
        read_run(folder)


def test_tables_of_another_scan_are_no_run(run: Run, tmp_path: Path) -> None:
    """Tiles that were laid into a run, or taken out of one, are told: saved again either would be sealed."""
    scanned = dataclasses.replace(run, tiles=secret_run().tiles).save(tmp_path / "scanned", report=False)
    compared = run.save(tmp_path / "compared", report=False)
    (scanned / "tiles.gpkg").rename(compared / "tiles.gpkg")
    for folder, how in ((scanned, "removed"), (compared, "added")):
        with pytest.raises(NotARun, match=rf"tiles\.gpkg was {how} after the run"):
            read_run(folder)


@pytest.mark.parametrize("precision", ["exact", "5km", "region"])
def test_run_of_an_older_version_is_read_and_saved(tmp_path: Path, precision: str) -> None:
    """A run whose tables lack columns that came later is read, and written again: whole, and as editions."""
    older = tmp_path / "older"
    older.mkdir()
    later = [column.name for column in (*STRIP_COLUMNS, *STRIP_CONTEXT_COLUMNS) if not column.required]
    write_geopackage(
        drop_columns(secret_run().findings, later),
        older / "findings.gpkg",
        moment=pd.Timestamp(0, tz="UTC"),
        caution="",
    )
    write_manifest(older, secret_run().record)
    back = read_run(older)
    assert back.strips[[column.name for column in STRIP_COLUMNS if not column.required]].isna().all(axis=None)
    folder = back.save(tmp_path / "again", report=precision != "exact", precision=precision)
    assert verify(folder).ok
    assert "Puerto Secreto" not in (folder / "message.txt").read_text(encoding="utf-8")


def drop_columns(findings: Findings, names: Sequence[str]) -> Findings:
    """Leave columns out of the tables of strips and of what lies around them."""
    assert findings.strip_context is not None
    strips, around = (table.drop(columns=names, errors="ignore") for table in (findings.strips, findings.strip_context))
    return dataclasses.replace(findings, strips=strips, strip_context=around)


def test_run_read_back_can_be_saved_without_report_alone(run: Run, tmp_path: Path) -> None:
    """A run that was read back has no pixels: a report is refused, tables are written."""
    back = read_run(run.save(tmp_path / "out"))
    for options in ({}, {"report": False, "rasters": True}):
        with pytest.raises(OutputError, match="no pixels"):
            back.save(tmp_path / "again", **options)
    assert not (tmp_path / "again").exists()
    back.save(tmp_path / "again", report=False)
    assert (tmp_path / "again" / "findings.csv").read_bytes() == (tmp_path / "out" / "findings.csv").read_bytes()


def test_existing_folder_is_refused(run: Run, tmp_path: Path) -> None:
    """A folder that exists is refused and left alone; with overwrite an earlier run is replaced."""
    out = run.save(tmp_path / "out", report=False)
    with pytest.raises(OutputExists, match=r"\(overwrite=True\) to replace a run"):
        run.save(out)
    assert not (out / "report.html").exists()
    run.save(out, overwrite=True)
    assert (out / "report.html").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"out"}


def test_pdf_without_report_is_refused(run: Run, tmp_path: Path) -> None:
    """A PDF is the report on paper: there is none without it."""
    with pytest.raises(SettingsError, match="exclude each other"):
        run.save(tmp_path / "out", report=False, pdf=True)
    assert list(tmp_path.iterdir()) == []


def test_folder_holds_files_for_the_field(run: Run, tmp_path: Path) -> None:
    """A run has waypoints and a message, and with the report a map with pictures; the manifest holds all of them."""
    field = {"feedback.txt", "findings.kml", "findings.gpx", "message.txt"}
    folders = [run.save(tmp_path / name, report=report) for name, report in (("with", True), ("without", False))]
    names = [{path.name for path in folder.iterdir()} for folder in folders]
    assert field <= names[1]
    assert names[0] - names[1] == {"report.html", "findings.kmz"}
    listed = json.loads((folders[0] / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert {*field, "findings.kmz"} <= {file["name"] for file in listed}
    with zipfile.ZipFile(folders[0] / "findings.kmz") as archive:
        assert archive.namelist() == ["doc.kml", "files/dot.png", "files/1_before.jpg", "files/1_after.jpg"]
        assert archive.read("files/1_before.jpg") != archive.read("files/1_after.jpg")
    assert "1 new" in (folders[0] / "message.txt").read_text(encoding="utf-8")
    logs = [(folder / "run.log").read_text(encoding="utf-8") for folder in folders]
    assert ["draw the report" in log for log in logs] == [True, False]


def test_language_changes_what_readers_read_alone(run: Run, tmp_path: Path) -> None:
    """In another language map, waypoints, mails and forms differ, and no table does, in editions too."""
    folders = [run.save(tmp_path / lang, report=False, lang=lang) for lang in ("en", "pt")]
    spoken = {"findings.kml", "findings.gpx", "message.txt", "feedback.txt", "manifest.json"}
    assert list_differing(*folders) == spoken
    records = [json.loads((folder / "manifest.json").read_text(encoding="utf-8")) for folder in folders]
    own = {"files": None, "digest": None}
    assert records[0] | own == records[1] | own
    editions = [run.save(tmp_path / f"{lang}_5km", lang=lang, precision="5km") for lang in ("en", "pt")]
    assert list_differing(*editions) == spoken | {"report.html"}


@pytest.mark.parametrize("lang", ["es", "pt", "fr"])
def test_names_of_several_scenes_as_one_are_said(run: Run, tmp_path: Path, lang: str) -> None:
    """What a mosaic is called is said in the language of files for readers; tables and manifest keep it."""
    scenes = ["2 scenes of 2025-01-10", "3 scenes of 2025-03-21 to 2025-03-22"]
    before, after = (
        dataclasses.replace(scene, name=name, layout=f"mosaic of {name[0]} (GeoTIFF)")
        for scene, name in zip((run.before, run.after), scenes, strict=True)
    )
    record = dataclasses.replace(run.record, before=before, after=after)
    strips = run.strips.assign(before_id=scenes[0], after_id=scenes[1])
    mosaics = dataclasses.replace(run, record=record, findings=dataclasses.replace(run.findings, strips=strips))
    folder = mosaics.save(tmp_path / "out", lang=lang)
    with zipfile.ZipFile(folder / "findings.kmz") as archive:
        archive.extract("doc.kml", folder)
    for name in ("report.html", "message.txt", "findings.gpx", "findings.kml", "doc.kml"):
        text = re.sub(r"<Data.*?</Data>", "", (folder / name).read_text(encoding="utf-8"), flags=re.DOTALL)
        assert re.search(r"scenes of|mosaic of| to 2025", text) is None
        assert "2025-03-22" in text
    for name in ("findings.csv", "findings.geojson", "manifest.json"):
        assert scenes[1] in (folder / name).read_text(encoding="utf-8")


def list_differing(folder: Path, other: Path) -> set[str]:
    """List the files that two folders both hold, and that differ; the log always may."""
    names = {path.name for path in folder.iterdir()}
    assert names == {path.name for path in other.iterdir()}
    return {name for name in names - {"run.log"} if (folder / name).read_bytes() != (other / name).read_bytes()}


ENGLISH_WORDS = (
    *("the", "strip", "square", "about", "edition", "found", "to", "length", "before", "after", "azimuth", "true"),
    *("yes", "known", "where"),
)


@pytest.mark.parametrize("precision", ["5km", "region"])
def test_edition_speaks_one_language(run: Run, tmp_path: Path, precision: str) -> None:
    """What readers read of an edition is in the language asked for, with no English sentence in it."""
    given = (LayerRecord("admin1", "regions.gpkg", "0" * 64),)
    run = dataclasses.replace(run, record=dataclasses.replace(run.record, layers=given))
    folder = run.save(tmp_path / "out", lang="es", precision=precision)
    texts = [
        re.sub(r'#\w+|id="\w+"', "", path.read_text(encoding="utf-8"))
        for path in folder.iterdir()
        if path.name in {"message.txt", "feedback.txt", "findings.kml", "findings.gpx"}
    ]
    assert len(texts) == (4 if precision == "5km" else 2)
    for text in texts:
        assert "edición" in text
        assert re.findall(rf"(?i)\b(?:{'|'.join(ENGLISH_WORDS)})\b", text) == []
    assert '<html lang="es"' in (folder / "report.html").read_text(encoding="utf-8")


def test_day_alone_is_told_as_a_day(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Of a day that was given without a time no text says a time; tables count it from 00:00."""
    run = compare(*pair, before_date="2025-01-10", after_date="2025-03-21T15:20")
    assert (run.before.acquired, run.after.acquired) == ("2025-01-10", "2025-03-21T15:20:00Z")
    assert run.strips["last_without"].tolist() == [pd.Timestamp("2025-01-10T00:00:00Z")]
    folder = run.save(tmp_path / "out")
    assert read_run(folder).record == run.record
    for name in ("report.html", "message.txt", "findings.gpx"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "00:00:00" not in text
        assert "2025-01-10" in text
        assert "15:20:00Z" in text
    assert '"acquired": "2025-01-10"' in (folder / "manifest.json").read_text(encoding="utf-8")
    assert "2025-01-10T00:00:00Z" in (folder / "findings.csv").read_text(encoding="utf-8")
    assert "2025-01-10, " in run.plot_strip(1).axes[0].get_title()


def test_unknown_language_writes_nothing(run: Run, tmp_path: Path) -> None:
    """A language without a catalogue is refused with what there is."""
    with pytest.raises(ConfigError, match="'xx': not known, expected one of en, es, pt, fr"):
        run.save(tmp_path / "xx", report=False, lang="xx")
    assert not (tmp_path / "xx").exists()


@pytest.mark.slow
def test_same_inputs_give_the_same_bytes(pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Two runs of the same inputs write the same bytes in every file but the log."""
    folders = [compare(*pair).save(tmp_path / name, rasters=True) for name in ("one", "two")]
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names[0] == names[1]
    differing = {name for name in names[0] if len({(folder / name).read_bytes() for folder in folders}) > 1}
    assert differing <= {"run.log"}


def test_saved_run_verifies_until_it_is_touched(run: Run, tmp_path: Path) -> None:
    """A run as it was saved holds to its manifest; a changed file does not."""
    out = run.save(tmp_path / "out")
    assert verify(out).ok
    (out / "report.html").write_text("other")
    assert not verify(out).ok


def test_manifest_has_no_clock_and_no_folder(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """Neither the folder of the inputs nor that of the outputs stands in the manifest or the report."""
    out = run.save(tmp_path / "out")
    for name in ("manifest.json", "report.html"):
        text = (out / name).read_text(encoding="utf-8")
        assert str(pair[0].parent) not in text
        assert str(tmp_path) not in text
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))


def test_rasters_lie_on_the_grid_and_agree_with_the_table(run: Run, tmp_path: Path) -> None:
    """Change and validity have the pair's grid; the validity counts to the observed table; they are tiled."""
    out = run.save(tmp_path / "out", rasters=True, report=False)
    with rasterio.open(out / "validity.tif") as dataset:
        codes = dataset.read(1)
        assert dataset.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert Affine(*run.pair.transform).almost_equals(dataset.transform)
        assert dataset.crs.to_epsg() == 32618
        assert dataset.dtypes == ("uint8",)
    with rasterio.open(out / "change.tif") as dataset:
        change = dataset.read(1, masked=True)
        assert dataset.dtypes == ("float32",)
        assert Affine(*run.pair.transform).almost_equals(dataset.transform)
    observed = run.observed.iloc[0]
    assert (codes == 0).sum() / (codes != 255).sum() == observed["observed_share"]
    np.testing.assert_array_equal(np.ma.getmaskarray(change), codes != 0)
    assert np.isfinite(change.compressed()).all()
    assert 0.5 < 1.4826 * np.median(np.abs(change.compressed())) < 1.5


def test_rasters_of_a_run_are_no_input(run: Run, pair: tuple[Path, Path], tmp_path: Path) -> None:
    """What a run wrote is neither an image nor a mask nor an elevation model: it says what it is."""
    out = run.save(tmp_path / "out", rasters=True, report=False)
    for use in ({"elevation": out / "change.tif"}, {"before_mask": out / "validity.tif"}):
        with pytest.raises(UnsupportedFormat, match=r"\.tif: written by a run \("):
            compare(*pair, **use)
    with pytest.raises(UnsupportedFormat, match=r"change\.tif: written by a run \(change of bareness"):
        inspect_scene(out / "change.tif")


def test_change_is_positive_on_the_new_strip(run: Run, tmp_path: Path) -> None:
    """Where ground became bare the change is positive and large."""
    out = run.save(tmp_path / "out", rasters=True, report=False)
    centre = run.strips.geometry.iloc[0].interpolate(0.5, normalized=True)
    with rasterio.open(out / "change.tif") as dataset:
        value = next(dataset.sample([(centre.x, centre.y)]))[0]
    assert value > 3


def test_scenes_in_memory_make_a_run(tmp_path: Path) -> None:
    """Open scenes are compared as files are, and their run can be saved."""
    scenes = make_scenes(small_spec())
    run = compare(scenes.before, scenes.after)
    assert list(run.strips["verdict"]) == ["new"]
    assert (run.save(tmp_path / "out") / "report.html").exists()


def test_no_regions_leave_their_columns_empty(run: Run) -> None:
    """Without region layers the names are empty and the observed table has the one row of everything."""
    assert (run.strips[["country", "admin1", "admin2", "admin1_code"]] == "").all(axis=None)
    assert run.strips["border_km"].isna().all()
    assert list(run.observed["level"]) == ["all"]
    assert len(run.findings.strip_regions) == 0


def test_settings_are_recorded_and_count(pair: tuple[Path, Path]) -> None:
    """Settings are kept with the run, and a longer least length leaves the strip out."""
    settings = Settings().replace(min_length_m=1500.0)
    run = compare(*pair, settings=settings)
    assert run.record.settings == settings
    assert len(run.strips) == 0


def test_progress_is_told_in_words(pair: tuple[Path, Path]) -> None:
    """Each step is told before it begins, and each has its time."""
    told: list[str] = []
    run = compare(*pair, progress=told.append)
    assert told[0] == "read the inputs"
    assert [timing.step for timing in run.timings] == [step for step in told if " of " not in step]


def test_notebook_view_says_what_was_looked_at_first(run: Run) -> None:
    """The table in a notebook comes after the counts, the ground observed and the caution."""
    view = run._repr_html_()
    parts = ("1 new, in", "observed on both dates", "not a basis for the use of force", "synthetic images", "<table")
    assert sorted(parts, key=view.index) == list(parts)
    empty = dataclasses.replace(run, findings=dataclasses.replace(run.findings, strips=run.strips.iloc[:0]))
    share = say_share(run.observed.iloc[0], ENGLISH)
    assert f"Nothing new found, 350\N{NO-BREAK SPACE}m or longer, in {share}." in empty._repr_html_()
    assert "<table" not in empty._repr_html_()
    north = dataclasses.replace(
        run, findings=dataclasses.replace(run.findings, strips=run.strips.assign(azimuth_deg=179.96))
    )
    assert "<td>0.0</td>" in north._repr_html_()


def test_notebook_has_the_order_of_the_report() -> None:
    """The table of a notebook begins with the strip that has number 1 everywhere else."""
    run = secret_run()
    named = re.findall(r"<th>(S\d+)</th>", run._repr_html_())
    assert named == [run.strips.index[position] for position in rank_positions(run.strips)]
    assert named != sorted(named)


@pytest.mark.parametrize("lang", ["es", "pt", "fr"])
def test_notebook_view_speaks_the_language_that_is_asked_for(run: Run, lang: str) -> None:
    """What stands above the table is in that language, the table as in each; another language is refused."""
    view, english = run.show(lang=lang), run.show()
    head, _, table = view._repr_html_().partition("<table")
    assert f'lang="{lang}"' in head
    assert view.outcome in html.unescape(head)
    assert load_messages(lang).say("caution") in html.unescape(head)
    assert re.findall(r"\b(?:new|observed|the|and|report|change)\b", re.sub(r"<[^>]*>", "", head)) == []
    assert table == english._repr_html_().partition("<table")[2]
    assert run._repr_html_() == english._repr_html_()
    assert repr(view) == f"<RunView: {view.outcome}>"
    with pytest.raises(ConfigError, match="'de': not known"):
        run.show(lang="de")


def test_notebook_view_takes_names_as_text(run: Run) -> None:
    """Names of files and regions are text in a notebook, never markup."""
    before = dataclasses.replace(run.before, name="<script>a</script>.tif")
    strips = run.strips.assign(admin1="<img src=x>")
    hostile = dataclasses.replace(
        run,
        record=dataclasses.replace(run.record, before=before),
        findings=dataclasses.replace(run.findings, strips=strips),
    )
    assert not {"<script", "<img"} & {tag.partition(" ")[0] for tag in re.findall(r"<[a-z ]+", hostile._repr_html_())}


def test_values_show_themselves_in_a_line(run: Run, pair: tuple[Path, Path]) -> None:
    """Scenes, what was measured on a pair, and inspections are a short line each, with what an analyst asks first."""
    assert run.aligned is not None
    lines = [repr(value) for value in (run.aligned.before, run.aligned.model, inspect_scene(pair[1]), run)]
    assert [line for line in lines if len(line) > 200 or "\n" in line] == []
    assert "blue green red nir, 180 rows x 180 columns of 10 m, EPSG:32618" in lines[0]
    assert "clear on both dates" in lines[1]
    assert "makes a scene" in lines[2]
