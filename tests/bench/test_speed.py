"""The benchmark of speed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest

from colibri_geo.bench import format_json, format_speed, scenes, speed, tasks
from colibri_geo.bench.counting import Found
from colibri_geo.bench.speed import (
    FORMS,
    METHODS,
    SpeedReport,
    StartUp,
    Step,
    bench_speed,
    measure_pair,
    measure_start_up,
    read_steps,
)
from colibri_geo.bench.timing import Ran
from colibri_geo.bench.wide import WidePair, make_wide_pair
from colibri_geo.errors import SettingsError
from colibri_geo.sim import Mix

FEW = dataclasses.replace(scenes.BRIEFS["ordinary"], new=1, old=0, regrowing=0)
FOUND = {"called_new": 9, "hits": 7, "there": 8}


def few_confusers(_rng: object, brief: scenes.Brief) -> Mix:
    """Return what a small block has room for."""
    return Mix(brief.new, brief.old, brief.regrowing, road=0, river=0, field=1, season=0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks with a strip each in place of those of the group ``ordinary``."""
    monkeypatch.setitem(scenes.BRIEFS, "ordinary", FEW)
    monkeypatch.setattr(scenes, "draw_mix", few_confusers)


class Commands:
    """Stands in for running commands: tasks take 2 seconds, the floor 1, 3, 5 and so on."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, words: Sequence[str], _environment: Mapping[str, str]) -> Ran:
        """Keep what is asked for, and answer as a task would."""
        name = words[3]
        self.names.append(name)
        seconds = 2.0 * self.names.count("read") - 1 if name == "read" else 8.0
        told = {"seconds": seconds} | ({} if name == "read" else FOUND)
        return Ran(seconds + 1, 100.0 + len(self.names), 300.0, json.dumps(told))


def pair_of(folder: Path, side_px: int) -> WidePair:
    """Return a pair whose files are there, and are none."""
    for name in ("before.tif", "after.tif"):
        (folder / name).write_bytes(b"")
    return WidePair(
        folder / "before.tif", folder / "after.tif", folder / "truth.geojson", side_px, side_px, 4, blocks=9, distinct=5
    )


def measured(folder: Path, monkeypatch: pytest.MonkeyPatch, *, repeats: int = 1) -> SpeedReport:
    """Return a report of two pairs on which nothing was measured."""
    monkeypatch.setattr(speed, "run_command", Commands())
    in_process = [method for method in METHODS if not method.command]
    sizes = tuple(
        measure_pair(pair_of(folder, side), in_process, folder, repeats=repeats, tell=lambda _: None)
        for side in (2000, 10_000)
    )
    return SpeedReport("0", "own", 2, 4, repeats, StartUp(128, 1.5, 1.25), sizes)


def test_floor_is_measured_before_and_after_everything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each thing is held to the mean of the floors before and after it; ratios and seconds are medians."""
    commands = Commands()
    monkeypatch.setattr(speed, "run_command", commands)
    in_process = [method for method in METHODS if not method.command]
    size = measure_pair(pair_of(tmp_path, 2000), in_process, tmp_path, repeats=2, tell=lambda _: None)
    assert commands.names == ["read", *["regionprops", "read", "compare", "read"] * 2]
    recipe, compared = size.methods
    assert (recipe.name, recipe.runs, recipe.seconds, recipe.mpx_per_s) == ("regionprops", 2, 8.0, 0.5)
    assert recipe.ratio == pytest.approx((8 / 2 + 8 / 6) / 2)  # floors 1 and 3, then 5 and 7
    assert compared.ratio == pytest.approx((8 / 4 + 8 / 8) / 2)
    assert (size.floor.seconds, size.floor.runs, size.floor.ratio) == (5.0, 5, 1.0)
    assert compared.found == Found(**FOUND)
    assert compared.peak_mb == 108.0


def test_what_does_not_fit_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe, which holds a whole pair, is not run on large ones."""
    small_one, large_one = measured(tmp_path, monkeypatch).sizes
    assert [method.name for method in small_one.methods] == ["regionprops", "compare"]
    assert [method.name for method in large_one.methods] == ["compare"]


def test_text_holds_ratios_growth_and_what_the_pairs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text says start-up apart, how memory is measured, that blocks are repeated, and how things grow."""
    report = measured(tmp_path, monkeypatch)
    text = format_speed(report)
    assert "1.5 s on its first run ever" in text
    assert "proportional set size" in text
    assert "Made of 9 simulated blocks, 5 of which differ." in text
    assert "0.875 (7/8)" in text
    assert "| compare | 200.0; 104 | 8.0; 107 |" in text
    for block in text.split("\n\n"):
        if block.startswith("|"):
            assert len({line.count("|") for line in block.splitlines()}) == 1
    read = json.loads(format_json(report))
    assert read["sizes"][0]["methods"][1]["found"] == FOUND
    assert read["sizes"][1]["floor"]["found"] is None


def test_scans_are_told_as_what_a_country_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one worker and two, the text says the pace for a country and what the second worker holds."""
    report = measured(tmp_path, monkeypatch)
    size = report.sizes[1]
    scans = tuple(
        dataclasses.replace(size.methods[0], name=name, mpx_per_s=pace, peak_mb=peak, steps=(Step("search", 9.0),))
        for name, pace, peak in (("scan 1", 2.0, 500.0), ("scan 2", 3.8, 640.0))
    )
    text = format_speed(dataclasses.replace(report, sizes=(dataclasses.replace(size, methods=scans),)))
    assert "take 0.83 hours" in text
    assert "second worker adds 140 MB" in text
    assert "(search 9.0 s)" in text
    silent = tuple(dataclasses.replace(scan, peak_mb=None, most_mb=None) for scan in scans)
    text = format_speed(dataclasses.replace(report, sizes=(dataclasses.replace(size, methods=silent),)))
    assert "second worker" not in text


def test_first_run_finds_no_caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start-up is that of two scans of a tiny pair, whose home and caches are empty before the first."""
    asked: list[Mapping[str, str]] = []
    outs: list[str] = []

    def run_command(words: Sequence[str], environment: Mapping[str, str]) -> Ran:
        homes = [Path(environment[name]) for name in ("HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR")]
        assert all(home.is_dir() and tmp_path in home.parents for home in homes)
        assert [any(home.iterdir()) for home in homes] == [bool(asked)] * 3
        for home in homes:
            (home / "compiled").touch()
        assert all(Path(word).is_file() for word in words[4:6])
        asked.append(environment)
        outs.append(words[words.index("--out") + 1])
        return Ran(3.0 / len(asked), None, None, "")

    monkeypatch.setattr(speed, "run_command", run_command)
    assert measure_start_up(tmp_path, lambda _: None) == StartUp(128, 3.0, 1.5)
    assert len(set(outs)) == 2
    assert {path.suffix for path in tmp_path.iterdir()} == {".tif", ".geojson"}


def test_steps_are_read_from_a_log(tmp_path: Path) -> None:
    """Steps of one name are added up; other lines are none."""
    log = tmp_path / "run.log"
    log.write_text(
        "2025-01-01T00:00:00.000Z read the inputs 0.250 s\n2025-01-01T00:00:01.000Z search 1.500 s\n"
        "2025-01-01T00:00:02.000Z search 2.000 s\n3 steps 3.750 s\n"
    )
    assert read_steps(log) == (Step("read the inputs", 0.25), Step("search", 3.5))


@pytest.mark.parametrize(
    "wrong",
    [{"form": "long"}, {"repeats": 0}, {"workers": 0}, {"methods": ["guess"]}, {"mpx": [0]}, {"mpx": [5000]},
     {"bands": 5}],
)  # fmt: skip
def test_wrong_words_are_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    """Unknown words and sizes that no disk has room for are refused before anything is written."""
    with pytest.raises(SettingsError):
        bench_speed(folder=tmp_path, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_every_form_measures_scans() -> None:
    """Each form holds a scan by one worker and by two; the full one grows from 4 to 400 megapixels."""
    for form in FORMS.values():
        assert {"scan 1", "scan 2"} <= {method.name for method in form.methods}
    assert [side**2 / 1e6 for side in FORMS["full"].sides_px] == [4, 16, 100, 400]
    assert FORMS["tile110"].sides_px == (10_980,)


@pytest.mark.usefixtures("small")
def test_floor_decodes_every_block_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The floor decodes all blocks of both images and both masks, once each."""
    pair = make_wide_pair(tmp_path, 160)
    seen: list[tuple[str, int]] = []

    class Counting:
        def __init__(self, path: Path, **options: object) -> None:
            self.path, self.dataset = path, tasks_open(path, **options)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            self.dataset.close()

        def block_windows(self, band: int) -> object:
            return self.dataset.block_windows(band)

        def read(self, **options: object) -> None:
            seen.append((self.path.name, self.dataset.read(**options).size))

    tasks_open = tasks.rasterio.open
    monkeypatch.setattr(tasks.rasterio, "open", Counting)
    tasks.main(["read", str(pair.before), str(pair.after)])
    assert json.loads(capsys.readouterr().out)["seconds"] > 0
    assert [size for _, size in seen] == [160 * 160 * 4, 160 * 160] * 2
    assert len({name for name, _ in seen}) == 4


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_small_pair_is_measured_as_a_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair is made, gone through in process and by command, and what was found is counted."""
    monkeypatch.setitem(scenes.BRIEFS, "ordinary", dataclasses.replace(FEW, new=3))  # not all under clouds
    monkeypatch.setitem(FORMS, "quick", dataclasses.replace(FORMS["quick"], sides_px=(360,)))
    names = ["regionprops", "compare", "compare command"]
    report = bench_speed(form="quick", methods=names, folder=tmp_path)
    (size,) = report.sizes
    truth = json.loads(next(tmp_path.glob("*_truth.geojson")).read_text(encoding="utf-8"))
    there = sum(feature["properties"]["verdict"] == "new" for feature in truth["features"])
    assert [method.name for method in size.methods] == names
    assert report.start_up is None
    assert size.floor.found is None
    for method in size.methods:
        assert method.seconds > 0
        assert method.found is not None
        assert method.found.hits <= method.found.there == there
    assert there
    assert size.methods[1].found == size.methods[2].found
    assert size.methods[2].steps
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]
    assert "360 x 360 px" in format_speed(report)
