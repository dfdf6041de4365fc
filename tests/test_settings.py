"""One frozen settings object a step, and their TOML form."""

from __future__ import annotations

import csv
import dataclasses
import gzip
import os
import pickle
import tomllib
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import colibri_geo
from colibri_geo import errors
from colibri_geo.errors import ConfigError, SettingsError, UnsafeModel
from colibri_geo.settings import (
    OPERATING_POINTS,
    ScoreSettings,
    Settings,
    SurveySettings,
    TraceSettings,
    load_settings,
    take_settings,
)

STEPS = ("survey", "trace", "score", "terrain")
NUMBERS = {
    name: value
    for table in Settings().to_dict().values()
    for name, value in table.items()
    if not isinstance(value, str)
}


def write_toml(path: Path, tables: dict[str, dict[str, Any]]) -> Path:
    """Write tables of plain values as TOML."""
    lines = [
        f"[{step}]\n" + "".join(f"{name} = {value!r}\n" for name, value in table.items())
        for step, table in tables.items()
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_defaults_are_in_range_and_survive_toml(tmp_path: Path) -> None:
    """The defaults written as a settings file come back the same."""
    tables = Settings().to_dict()
    path = write_toml(tmp_path / "s.toml", tables)
    assert tomllib.loads(path.read_text(encoding="utf-8")) == tables
    assert load_settings(path) == Settings() == Settings.from_dict({}) == Settings.from_dict(tables)


def test_no_two_steps_share_a_name() -> None:
    """Each setting belongs to one step, so that its name alone finds it."""
    names = [name for table in Settings().to_dict().values() for name in table]
    assert len(set(names)) == len(names)
    assert tuple(Settings().to_dict()) == STEPS


def test_every_setting_is_documented() -> None:
    """Each step's docstring names each of its settings."""
    for step in (Settings().survey, Settings().trace, Settings().score):
        for setting in dataclasses.fields(step):
            assert setting.name in (type(step).__doc__ or ""), setting.name


@given(st.floats(100, 4000), st.floats(0, 1))
def test_replacing_changes_what_is_named_and_nothing_else(length: float, share: float) -> None:
    """New settings differ from the old ones in the named values alone; the old ones stay as they were."""
    before = Settings().replace(max_tiles=256)
    after = before.replace(min_length_m=length, min_agreement=share)
    assert (after.trace.min_length_m, after.survey.min_agreement) == (length, share)
    assert after.replace(min_length_m=350.0, min_agreement=0.5) == before
    assert before == Settings().replace(max_tiles=256)
    assert after.replace() == after


def test_settings_cannot_be_changed_in_place() -> None:
    """Settings are values."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().trace.min_length_m = 1.0  # type: ignore[misc]


def test_whole_numbers_serve_where_a_fraction_may_stand() -> None:
    """500 is 500.0 for a length, and comes out as a float; 0.5 is no number of pixels."""
    length = Settings().replace(min_length_m=500).trace.min_length_m
    assert (length, type(length)) == (500.0, float)
    with pytest.raises(SettingsError, match=r"tile_px is 64\.0, expected a value such as 128"):
        Settings().replace(tile_px=64.0)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [-1, 10**12, 10**400, float("nan"), float("inf"), True, "much"])
def test_no_number_takes_what_it_cannot_mean(name: str, value: object) -> None:
    """Negative, endless, missing and huge values, truth values and words are refused by the setting's name."""
    with pytest.raises(SettingsError, match=name):
        Settings().replace(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"min_length_m": 99.9}, "99.9, expected 100 to 4000"),
        ({"min_length_m": 4500.0}, "min_length_m is 4500, expected 100 to 4000"),
        ({"max_shift_px": 20.0}, "expected 0 to 16"),
        ({"max_shift_px": 1.0}, "quality_shift_px is 1.5, expected 0 to 1"),
        ({"min_observed_share": 1.01}, "expected 0 to 1"),
        ({"operating_point": "careful"}, "'careful', expected report or watch"),
        ({"operating_point": "x" * 999 + "\n"}, "expected report or watch"),
    ],
)
def test_values_out_of_range_are_refused_with_the_range(values: dict[str, Any], words: str) -> None:
    """The message says what came and what may come, also where one setting bounds another, in one line."""
    with pytest.raises(SettingsError, match=words) as caught:
        Settings().replace(**values)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


def test_the_edges_of_a_range_are_in_it() -> None:
    """The smallest and largest values are accepted."""
    for share in (0, 1):
        assert Settings().replace(min_observed_share=share).trace.min_observed_share == share
    assert Settings().replace(min_length_m=100, max_length_m=100).trace.max_length_m == 100


def test_a_misspelt_name_is_answered_with_the_right_one(tmp_path: Path) -> None:
    """A name that is nearly one is corrected, by keyword, in its table and above all tables; others get the list."""
    with pytest.raises(SettingsError, match="did you mean 'min_length_m'"):
        Settings().replace(min_lenght_m=500.0)
    for text in ("[trace]\nmin_lenght_m = 500\n", "min_lenght_m = 500\n"):
        (tmp_path / "s.toml").write_text(text)
        with pytest.raises(ConfigError, match=r"s\.toml: .*unknown key 'min_lenght_m'.*did you mean 'min_length_m'"):
            load_settings(tmp_path / "s.toml")
    (tmp_path / "s.toml").write_text("min_length_m = 500\n")
    with pytest.raises(ConfigError, match=r"unknown key 'min_length_m', expected tables .*; put it below \[trace\]$"):
        load_settings(tmp_path / "s.toml")
    with pytest.raises(SettingsError, match="known are tile_px, max_tiles"):
        Settings().replace(colour="red")


@pytest.mark.parametrize(
    ("step", "values"),
    [
        (ScoreSettings, {"watch_probability": 0.7}),
        (ScoreSettings, {"report_probability": 0.1}),
        (ScoreSettings, {"report_probability": "0.5"}),
        (ScoreSettings, {"strips_per_1000_km2": 0.0}),
        (ScoreSettings, {"operating_point": "careful"}),
        (TraceSettings, {"min_length_m": 10.0}),
        (TraceSettings, {"max_length_m": 300.0}),
        (TraceSettings, {"max_width_m": float("nan")}),
        (TraceSettings, {"max_width_m": 10**400}),
        (SurveySettings, {"max_tiles": 200.5}),
        (SurveySettings, {"tile_px": True}),
        (SurveySettings, {"max_shift_px": 1.0}),
        (SurveySettings, {"min_agreement": None}),
    ],
)
def test_settings_made_by_hand_keep_the_ranges(step: type, values: dict[str, Any]) -> None:
    """A step's settings are judged however they were made, alone or with the others, in one line."""
    with pytest.raises(SettingsError, match=r", expected .*; correct it$") as caught:
        step(**values)
    assert "\n" not in str(caught.value)
    if not any(value is None or isinstance(value, bool | str) for value in values.values()):
        with pytest.raises(SettingsError):
            Settings().replace(**values)


def test_watch_never_asks_for_more_than_report(tmp_path: Path) -> None:
    """The two points may be one, also in a file that changes both at once; watching asks for no more."""
    path = write_toml(tmp_path / "s.toml", {"score": {"report_probability": 0.2, "watch_probability": 0.2}})
    assert load_settings(path).score.watch_probability == 0.2
    write_toml(path, {"score": {"report_probability": 0.2, "watch_probability": 0.3}})
    with pytest.raises(ConfigError, match=r"s\.toml: watch_probability is 0\.3, expected 0 to 0\.2"):
        load_settings(path)


class Harmful:
    """Would leave a file behind if it were loaded."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("pack", [bytes, zlib.compress, gzip.compress])
def test_pickles_are_refused_and_not_loaded(tmp_path: Path, protocol: int, pack: Callable[[bytes], bytes]) -> None:
    """A model that would run code is refused by its content, in every form, plain or compressed."""
    mark = tmp_path / "loaded"
    path = tmp_path / "s.toml"
    path.write_bytes(pack(pickle.dumps({"model": Harmful(mark)}, protocol=protocol)))
    with pytest.raises(UnsafeModel, match=r"^s\.toml: .*would run code when loaded"):
        load_settings(path)
    assert not mark.exists()


def test_large_models_are_refused_as_models(tmp_path: Path) -> None:
    """What matters of a large file is what it is, not that it is large."""
    with zipfile.ZipFile(tmp_path / "model.pt", "w") as archive:
        archive.writestr("archive/data.pkl", bytes(2_000_000))
    with pytest.raises(UnsafeModel, match=r"^model\.pt: a ZIP archive"):
        load_settings(tmp_path / "model.pt")


def test_bad_models_end_as_the_manifest_says(bad_inputs: Path) -> None:
    """Each hostile or misspelt settings file is refused with the named error and hint."""
    rows = list(csv.DictReader((bad_inputs / "MANIFEST.csv").read_text(encoding="utf-8").splitlines()))
    rows = [row for row in rows if row["op"] == "model"]
    assert len(rows) > 2
    for row in rows:
        named = row["must"].replace(":", ";").split(";")[0]
        with pytest.raises(getattr(errors, named)) as caught:
            load_settings(bad_inputs / row["files"])
        assert Path(row["files"]).name in str(caught.value)
        if "did you mean" in row["must"]:
            assert "did you mean" + row["must"].partition("did you mean")[2] in str(caught.value)


def test_operating_points_choose_their_probability() -> None:
    """The least probability is that of the operating point in force."""
    for point, least in zip(OPERATING_POINTS, (0.7, 0.1), strict=True):
        score = ScoreSettings(operating_point=point, report_probability=0.7, watch_probability=0.1)
        assert score.min_probability == least


@pytest.mark.parametrize(
    "content",
    [
        b"min_length_m",
        b"[trace]\nmin_length_m = \n",
        b"[trace\n",
        b"\xff\xfe\x00",
        b"[trace]\nmin_length_m = 1\nmin_length_m = 2\n",
        b"a = " + b"[" * 5000,
        b"[trace]\nmin_length_m = " + b"1" * 5000,
        b"[trace]\nmin_length_m = 2024-01-01\n",
        b"[trace]\nmin_length_m = [350]\n",
        b"trace = 5\n",
        b"[trace]\nmin_length_m = 1\n",
        b"A note of one line that ends in a full stop.",
        b"[weather]\nrain = true\n",
        b"#" * 2_000_000,
    ],
)
def test_files_that_hold_no_settings_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    """Whatever stands in the file, the answer is one line with its name."""
    path = tmp_path / "s.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"^s\.toml: ") as caught:
        load_settings(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nowhere.toml", "no such settings file, expected"),
        (".", "is a folder, expected"),
        ("x" * 300, "check the path"),
    ],
)
def test_a_settings_file_that_is_not_there_is_told(tmp_path: Path, name: str, words: str) -> None:
    """Missing files, folders and impossible names are answered with what was expected."""
    with pytest.raises(ConfigError, match=words):
        load_settings(tmp_path / name)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
def test_a_pipe_is_no_settings_file(tmp_path: Path) -> None:
    """What is there and no file is told as that, and is not waited for."""
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(ConfigError, match="no regular file, expected the path of a TOML file"):
        load_settings(tmp_path / "pipe.toml")


def test_a_byte_order_mark_is_no_setting(tmp_path: Path) -> None:
    """What editors of Windows put before UTF-8 is read over."""
    (tmp_path / "s.toml").write_text("[trace]\nmin_length_m = 500\n", encoding="utf-8-sig")
    assert load_settings(tmp_path / "s.toml").trace.min_length_m == 500


def test_text_of_other_languages_is_read_as_utf_8(tmp_path: Path) -> None:
    """Comments in Spanish do not depend on the machine's encoding."""
    (tmp_path / "s.toml").write_bytes("# pistas de Nariño, mínimo\n[trace]\nmin_length_m = 500\n".encode())
    assert load_settings(tmp_path / "s.toml").trace.min_length_m == 500


@pytest.mark.parametrize("wrong", ["s.toml", {"min_length_m": 500}, {}, TraceSettings()])
@pytest.mark.parametrize("how", [colibri_geo.compare, colibri_geo.scan])
def test_settings_that_are_none_are_refused_before_anything_is_read(how: Callable[..., object], wrong: object) -> None:
    """A path or a dict in place of settings is told what makes settings of it."""
    with pytest.raises(SettingsError, match=r"expected Settings; give colibri_geo\.load_settings\(path\), Settings\("):
        how("no.tif", "image.tif", settings=wrong)


@pytest.mark.parametrize("kind", [SurveySettings, TraceSettings])
def test_settings_of_another_step_are_refused(kind: type[SurveySettings | TraceSettings]) -> None:
    """Each step takes its own."""
    assert take_settings(None, kind) == take_settings(kind(), kind) == kind()
    with pytest.raises(
        SettingsError, match=rf"settings is Settings\(.*expected {kind.__name__}; give {kind.__name__}\("
    ):
        take_settings(Settings(), kind)
