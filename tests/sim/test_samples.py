"""The samples in data/samples."""

from __future__ import annotations

import json
import os
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import rasterio

from colibri_geo.errors import OutputError, OutputExists
from colibri_geo.scenes.opening import open_scene
from colibri_geo.sim import sample_files, simulate_pair, write_pair, write_samples, write_scene
from colibri_geo.sim.samples import SAMPLES, sample_spec

MOST_BYTES = 5_000_000


@pytest.fixture
def samples(project: Path) -> Path:
    """The folder of the samples."""
    return project / "data" / "samples"


@pytest.mark.parametrize("name", ["forest", "savanna"])
def test_truth_holds_what_the_demo_must_show(samples: Path, name: str) -> None:
    """Each pair has three new strips to find, two old, one regrowing, and one under cloud that counts for none."""
    truth = gpd.read_file(samples / f"{name}_truth.geojson")
    counts = truth["verdict"].value_counts()
    assert counts["new"] >= 3
    assert counts["unchanged"] >= 2
    assert counts["regrowing"] >= 1
    assert counts["not_observed"] == 1
    assert (truth["observable"] == (truth["verdict"] != "not_observed")).all()
    assert (truth.loc[truth["observable"], "observed_share"] > 0.98).all()
    assert truth["length_m"].between(400, 905).all()
    assert truth["width_m"].between(15, 30).all()
    metres = truth.to_crs(32618).length
    np.testing.assert_allclose(truth["length_m"], metres, rtol=1e-3)


@pytest.mark.parametrize("name", ["forest", "savanna"])
def test_samples_say_that_they_are_synthetic(samples: Path, name: str) -> None:
    """Both images carry the mark, their dates, licence and masks; the pair is in order of time."""
    before, after = (open_scene(samples / f"{name}_{date}.tif") for date in ("before", "after"))
    for scene in (before, after):
        assert scene.provenance.synthetic
        assert scene.provenance.licence
        assert scene.provenance.mask_path is not None
        assert scene.bands == ("blue", "green", "red", "nir")
        assert scene.quantity == "surface reflectance"
    assert before.acquired < after.acquired
    assert json.loads((samples / f"{name}_truth.geojson").read_text(encoding="utf-8"))["synthetic"] is True


def test_regions_cover_the_scenes_and_one_border_crosses_a_strip(samples: Path) -> None:
    """Every strip lies in the made-up regions, whose Spanish names are whole; one strip lies in two."""
    regions = gpd.read_file(samples / "regions.gpkg")
    assert {"Región Ñandú", "Provincia Árbol Añil"} < set(regions["name"])
    assert regions["code"].is_unique
    for name in ("forest", "savanna"):
        strips = gpd.read_file(samples / f"{name}_truth.geojson")
        shares = gpd.overlay(strips, regions, keep_geom_type=False)
        assert shares.to_crs(32618).length.sum() == pytest.approx(strips.to_crs(32618).length.sum())
        assert (shares["strip_id"].value_counts() > 1).sum() == (name == "forest")


def test_samples_are_small_and_nothing_else_is_there(samples: Path) -> None:
    """The folder holds the files that the code writes, in less than 5 MB."""
    assert {path.name for path in samples.iterdir()} == set(sample_files())
    assert sum(path.stat().st_size for path in samples.iterdir()) < MOST_BYTES


@pytest.mark.slow
def test_samples_are_what_the_code_writes(samples: Path, tmp_path: Path) -> None:
    """Writing the samples again gives the same pixels, vectors and words."""
    write_samples(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(sample_files())
    for path in samples.glob("*.tif"):
        with rasterio.open(path) as kept, rasterio.open(tmp_path / path.name) as written:
            assert kept.tags() == written.tags()
            assert kept.descriptions == written.descriptions
            assert kept.transform == written.transform
            difference = np.abs(kept.read().astype(np.int32) - written.read())
        # other versions of the libraries below may round the last digit differently
        assert np.mean(difference > 0) < 0.001
        assert np.mean(difference > 2) < 0.0001
    for name in ("README.md", "forest_truth.geojson", "savanna_truth.geojson"):
        assert (samples / name).read_bytes() == (tmp_path / name).read_bytes()
    assert gpd.read_file(samples / "regions.gpkg").equals(gpd.read_file(tmp_path / "regions.gpkg"))


@pytest.mark.slow
def test_samples_are_the_same_bytes_every_time(tmp_path: Path) -> None:
    """Two runs differ in no byte, and leave GDAL's clock as it was."""
    clock = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    for path, again in zip(write_samples(tmp_path / "one"), write_samples(tmp_path / "two"), strict=True):
        assert path.read_bytes() == again.read_bytes(), path.name
    assert pyogrio.get_gdal_config_option("OGR_CURRENT_DATE") == clock


def test_files_of_the_samples_are_not_replaced_unasked(tmp_path: Path) -> None:
    """A folder that holds a sample already is refused, and stays as it is."""
    (tmp_path / "regions.gpkg").write_text("mine")
    with pytest.raises(OutputExists, match=r"--overwrite \(overwrite=True\)"):
        write_samples(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["regions.gpkg"]
    assert (tmp_path / "regions.gpkg").read_text() == "mine"


def test_place_that_is_no_folder_is_an_output_error(tmp_path: Path) -> None:
    """A file where the folder should be is one line, not a traceback."""
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_samples(tmp_path / "file" / "samples")


def test_name_that_is_too_long_is_an_output_error(tmp_path: Path) -> None:
    """What no system takes as a name is one line too."""
    with pytest.raises(OutputError, match=r"cannot be written \(.+\); give another folder"):
        write_samples(tmp_path / ("x" * 300))


@pytest.mark.parametrize("reason", [KeyboardInterrupt, OSError, OutputError])
def test_whatever_ends_it_leaves_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reason: type[BaseException]
) -> None:
    """Folders that were made for the files go with them."""

    def stop(*_: object) -> None:
        raise reason("stopped")

    monkeypatch.setattr("colibri_geo.sim.files.simulate_pair", stop)
    with pytest.raises((reason, OutputError), match="stopped"):
        write_scene(sample_spec(SAMPLES[0]), tmp_path / "some" / "deep" / "folder", "scene")
    assert not any(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="names are any bytes on POSIX")
def test_folder_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    """A name that GDAL cannot be told is one line, and no folder is left behind."""
    with pytest.raises(OutputError, match="no text in UTF-8"):
        write_samples(tmp_path / os.fsdecode(b"s\xff"))
    assert not any(tmp_path.iterdir())


def test_written_pair_reads_back_as_simulated(tmp_path: Path) -> None:
    """Files hold the pair's reflectance to the last stored digit, and its mask."""
    pair = simulate_pair(sample_spec(SAMPLES[0]))
    write_pair(pair, tmp_path, "here")
    with rasterio.open(tmp_path / "here_after.tif") as image, rasterio.open(tmp_path / "here_after_scl.tif") as mask:
        np.testing.assert_allclose(image.read() / 10_000, pair.after, atol=6e-5)
        np.testing.assert_array_equal(mask.read(1), pair.after_scl)
        assert image.transform == mask.transform
        assert image.bounds.bottom == pair.spec.bottom_m
