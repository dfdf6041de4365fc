"""``colibri-geo simulate``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import rasterio
from click.testing import CliRunner

from colibri_geo.cli.main import main
from colibri_geo.cli.simulate import BANDS, simulate
from colibri_geo.sim import sample_files
from colibri_geo.sim.spec import BIOMES
from colibri_geo.sim.spectra import band_positions


@pytest.mark.slow
def test_command_writes_the_samples(tmp_path: Path) -> None:
    """The command writes every sample, names each, and replaces them only when told to."""
    runner = CliRunner()
    first = runner.invoke(main, ["simulate", str(tmp_path / "samples")])
    assert first.exit_code == 0
    assert {Path(line).name for line in first.output.split()} == set(sample_files())
    assert runner.invoke(main, ["simulate", str(tmp_path / "samples")]).exit_code == 2
    assert runner.invoke(main, ["simulate", str(tmp_path / "samples"), "--overwrite"]).exit_code == 0


def test_options_describe_one_scene(tmp_path: Path) -> None:
    """Options give a scene of that size, pixel and bands, the same bytes each time, and strips as many as asked for."""
    options = ["--seed", "5", "--size", "230", "--bands", "rgb", "--new", "1", "--old", "0", "--clutter", "1"]
    runner = CliRunner()
    for folder in ("one", "two"):
        assert runner.invoke(main, ["simulate", str(tmp_path / folder), *options]).exit_code == 0
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == [
        f"scene_{part}" for part in ("after.tif", "after_scl.tif", "before.tif", "before_scl.tif", "truth.geojson")
    ]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    with rasterio.open(tmp_path / "one" / "scene_after.tif") as image:
        assert image.shape == (230, 230)
        assert image.descriptions == ("red", "green", "blue")
    truth = json.loads((tmp_path / "one" / "scene_truth.geojson").read_text(encoding="utf-8"))
    assert sorted(feature["properties"]["kind"] for feature in truth["features"]) == ["new", "regrowing"]


def test_more_dates_give_a_series(tmp_path: Path) -> None:
    """Three dates are three images with their masks."""
    options = ["--dates", "3", "--size", "230", "--new", "1", "--old", "0", "--regrowing", "0"]
    done = CliRunner().invoke(main, ["simulate", str(tmp_path / "series"), *options])
    assert done.exit_code == 0, done.output
    assert [Path(line).name for line in done.output.split()][:3] == ["scene_01.tif", "scene_01_scl.tif", "scene_02.tif"]


@pytest.mark.parametrize(
    "options",
    [
        ["--biome", "swamp"],
        ["--size", "3"],
        ["--contrast", "0.9", "0.2"],
        ["--clutter", "-1"],
        ["--dates", "1"],
        ["--bands", "nir"],
        ["--new", "40", "--size", "100"],
    ],
)
def test_bad_values_are_one_line(tmp_path: Path, options: list[str]) -> None:
    """What cannot be simulated is said in one line, exit status 2, and nothing is written."""
    done = CliRunner().invoke(main, ["simulate", str(tmp_path / "none"), *options])
    assert done.exit_code == 2
    assert done.output.strip().count("\n") == 0
    assert done.output
    assert not (tmp_path / "none").exists()


def test_choices_are_those_of_the_simulator() -> None:
    """The command offers every biome, and bands that have spectra."""
    (biome,) = (option for option in simulate.params if option.name == "biome")
    assert tuple(biome.type.choices) == BIOMES  # type: ignore[attr-defined]
    assert all(band_positions(bands) for bands in BANDS.values())


_WITHOUT_ROOM = """
import resource, sys
from colibri_geo.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
main(["simulate", *sys.argv[1:]])
"""


@pytest.mark.skipif(os.name != "posix", reason="room for files is limited so on POSIX")
@pytest.mark.parametrize("options", [(), ("--size", "256")])
def test_a_disk_without_room_is_one_line(tmp_path: Path, options: tuple[str, ...]) -> None:
    """The line has the reason and what to do; nothing of libraries stands beside it, and no file is left."""
    command = [sys.executable, "-c", _WITHOUT_ROOM, str(tmp_path / "out"), *options]
    ended = subprocess.run(command, check=False, capture_output=True, text=True)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("colibri-geo: error: OutputError: ")
    assert line.endswith("out: cannot be written (File too large); make room or give another folder")
    assert not any(tmp_path.iterdir())
