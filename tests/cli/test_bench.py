"""``colibri-geo bench``."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from colibri_geo.bench import detection as benchmark
from colibri_geo.bench.detection import Size
from colibri_geo.bench.speed import SpeedReport, StartUp
from colibri_geo.cli.main import main


def test_unknown_groups_and_folders_end_in_one_line(tmp_path: Path) -> None:
    """A group that does not exist, one without its pictures, and a file that is there already end with status 2."""
    there = tmp_path / "there.md"
    there.write_text("kept")
    for options in (["--group", "nothing"], ["--group", "planted_peru"], ["--out", str(there)], ["--workers", "0"]):
        ended = CliRunner().invoke(main, ["bench", "detection", *options])
        assert ended.exit_code == 2
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stdout == ""
    assert there.read_text() == "kept"


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="there is no /proc")
@pytest.mark.parametrize("command", ["detection", "speed"])
@pytest.mark.parametrize("out", ["/proc/report.md", "x" * 300])
def test_places_that_cannot_be_written_are_refused_before_the_work(
    monkeypatch: pytest.MonkeyPatch, command: str, out: str
) -> None:
    """Neither the rights of a folder nor a name that is too long let minutes of work be lost at their end."""

    def work(**_: object) -> None:
        raise AssertionError("the work was begun")

    monkeypatch.setattr(f"colibri_geo.bench.bench_{command}", work)
    ended = CliRunner().invoke(main, ["bench", command, "--out", out])
    assert (ended.exit_code, ended.stdout, ended.stderr.count("\n")) == (2, "", 1)
    assert " cannot be written (" in ended.stderr


def test_every_option_is_explained() -> None:
    """Each command of the group, and each of its options, says what it does."""
    group = main.commands["bench"]
    assert isinstance(group, click.Group)
    for command in group.commands.values():
        assert command.help
        assert command.short_help
        assert all(option.help for option in command.params if isinstance(option, click.Option))


@pytest.mark.slow
def test_command_prints_json_and_writes_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command prints JSON alone on standard output, and writes the same figures as Markdown."""
    monkeypatch.setitem(benchmark.FORMS["quick"], "coarse", Size(1, 0))
    out = tmp_path / "detection.md"
    words = ["bench", "detection", "--group", "coarse", "--seeds", "development", "--workers", "1"]
    ended = CliRunner().invoke(main, [*words, "--json", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    report = json.loads(ended.stdout)
    assert (report["seeds"], report["form"]) == ("development", "quick")
    (group,) = report["groups"]
    assert (group["name"], group["scenes"]) == ("coarse", 1)
    recall = group["methods"][0]["recall"]
    assert f"{recall['hits']}/{recall['count']}" in out.read_text(encoding="utf-8")


def test_speed_refuses_in_one_line(tmp_path: Path) -> None:
    """Unknown methods, sizes out of range and a file that is there already end with status 2, nothing written."""
    there, folder = tmp_path / "there.md", tmp_path / "pairs"
    there.write_text("kept")
    for options in (["--method", "guess"], ["--mpx", "0"], ["--out", str(there)], ["--bands", "5"]):
        ended = CliRunner().invoke(main, ["bench", "speed", "--folder", str(folder), *options])
        assert ended.exit_code == 2
        assert len(ended.stderr.splitlines()) == 1
        assert ended.stdout == ""
    assert there.read_text() == "kept"
    assert not folder.exists()
    assert "choose of 'regionprops', " in CliRunner().invoke(main, ["bench", "speed", "--method", "guess"]).stderr


def test_speed_is_printed_as_json_and_written_as_markdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command passes its words on, prints JSON alone on standard output, and writes the text into a file."""
    asked: dict[str, object] = {}

    def bench_speed(**words: object) -> SpeedReport:
        asked.update(words)
        return SpeedReport("0", "own", 2, 6, 1, StartUp(128, 1.5, 1.25), ())

    monkeypatch.setattr("colibri_geo.bench.bench_speed", bench_speed)
    out = tmp_path / "speed.md"
    words = ["bench", "speed", "--mpx", "4", "--mpx", "16", "--bands", "6", "--method", "scan 1", "--repeats", "3"]
    ended = CliRunner().invoke(main, [*words, "--folder", str(tmp_path), "--json", "--out", str(out)])
    assert ended.exit_code == 0, ended.output
    assert json.loads(ended.stdout)["start_up"]["first_seconds"] == 1.5
    assert "1.5 s on its first run ever" in out.read_text(encoding="utf-8")
    assert (asked["mpx"], asked["bands"], asked["methods"], asked["repeats"]) == ((4, 16), 6, ("scan 1",), 3)
