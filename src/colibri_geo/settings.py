"""One frozen settings object a step, with the source of each default, and their TOML form.

Examples
--------
>>> Settings().replace(min_length_m=500.0).trace.min_length_m
500.0
"""

from __future__ import annotations

import dataclasses
import difflib
import pickletools
import tomllib
from dataclasses import dataclass, field
from numbers import Integral, Real
from pathlib import Path
from typing import Any, TypeVar

from colibri_geo.errors import ConfigError, SettingsError, UnsafeModel

T = TypeVar("T")

OPERATING_POINTS = ("report", "watch")
PRECISIONS = ("exact", "5km", "region")
"""Of the positions in the folder of a run: the run itself, and its editions for wider audiences."""

_MOST_BYTES = 1_000_000
_LARGEST = 10**15
_LONGEST_M = 4000  # of a strip: around a cell, that much more is looked at
_MODELS = {
    b"\x80": "a pickle", b"PK\x03\x04": "a ZIP archive, as of PyTorch", b"\x89HDF": "an HDF5 file, as of Keras",
    b"\x93NUMPY": "a NumPy file, which may pickle", b"x\x01": "zlib, as of joblib", b"x\x9c": "zlib, as of joblib",
    b"x\xda": "zlib, as of joblib", b"\x1f\x8b": "gzip, as of joblib", b"BZh": "bzip2, as of joblib",
    b"\xfd7zXZ": "xz, as of joblib",
}  # fmt: skip


@dataclass(frozen=True)
class SurveySettings:
    """What is measured on a pair before anything is compared.

    Attributes
    ----------
    tile_px : int
        Side of the square tiles on which the shift is measured.
    max_tiles : int
        At most this many tiles, spread over the pair; their radiometry is sampled too.
    max_shift_px : float
        A pair that is shifted further is refused: beyond it, an image is misplaced rather than jittered
        (Sentinel-2 dates agree within 0.3 px for 95 % of products, ESA S2 L1C Data Quality Report).
    quality_shift_px : float
        A larger shift is removed, and noted as a quality flag.
    min_agreement : float
        Share of the tiles that must agree with the median shift within half a pixel for it to be removed.
    """

    tile_px: int = 128
    max_tiles: int = 25
    max_shift_px: float = 3.0
    quality_shift_px: float = 1.5
    min_agreement: float = 0.5

    def __post_init__(self) -> None:
        """Refuse values out of range, however the settings were made."""
        _check_range("tile_px", self.tile_px, 32, 1024, whole=True)
        _check_range("max_tiles", self.max_tiles, 1, 4096, whole=True)
        _check_range("max_shift_px", self.max_shift_px, 0, self.tile_px / 8)
        _check_range("quality_shift_px", self.quality_shift_px, 0, self.max_shift_px)
        _check_range("min_agreement", self.min_agreement, 0, 1)


@dataclass(frozen=True)
class TraceSettings:
    """Which shapes are looked for, and which are kept.

    Attributes
    ----------
    min_length_m : float
        Shortest strip. Of 154 digitised runways in Peru the shortest is 376 m long; 350 m loses none of them.
    max_length_m : float
        Longest strip; the longest of the 154 is 3,130 m.
    max_width_m : float
        Widest strip: clandestine runways are 15 to 30 m wide, grass shoulders and blur add to that.
    min_observed_share : float
        A strip of which less of the axis was observed on either date is called not observed.
    """

    min_length_m: float = 350.0
    max_length_m: float = 4000.0
    max_width_m: float = 60.0
    min_observed_share: float = 0.6

    def __post_init__(self) -> None:
        """Refuse values out of range, however the settings were made."""
        _check_range("min_length_m", self.min_length_m, 100, _LONGEST_M)
        _check_range("max_length_m", self.max_length_m, self.min_length_m, _LONGEST_M)
        _check_range("max_width_m", self.max_width_m, 10, 80)
        _check_range("min_observed_share", self.min_observed_share, 0, 1)


@dataclass(frozen=True)
class ScoreSettings:
    """How sure a candidate must be to be reported.

    Attributes
    ----------
    operating_point : str
        ``report`` (few false alarms) or ``watch`` (miss little).
    report_probability, watch_probability : float
        Least probability at each operating point; chosen on 36 simulated scenes of development seeds (each scored
        by a model fitted without it): watch gave 8 false alarms in 1,000 km2, report 4. On test seeds it was 20 and 8.
        That of watch is never the higher one.
    strips_per_1000_km2 : float
        Density of strips that probabilities are stated for; the default is that of the simulated scenes which the
        model was fitted on, far above that of most ground. A lower density makes every candidate less probable.
    """

    operating_point: str = "report"
    report_probability: float = 0.6
    watch_probability: float = 0.35
    strips_per_1000_km2: float = 186.0

    def __post_init__(self) -> None:
        """Refuse values out of range, however the settings were made."""
        _check_range("report_probability", self.report_probability, 0, 1)
        _check_range("watch_probability", self.watch_probability, 0, self.report_probability)
        _check_range("strips_per_1000_km2", self.strips_per_1000_km2, 1e-6, 1e6)
        if self.operating_point not in OPERATING_POINTS:
            raise SettingsError(
                f"operating_point is {_one_line(repr(self.operating_point))}, "
                f"expected {' or '.join(OPERATING_POINTS)}; correct it"
            )

    @property
    def min_probability(self) -> float:
        """The least probability at the operating point in force."""
        return self.report_probability if self.operating_point == "report" else self.watch_probability


@dataclass(frozen=True)
class TerrainSettings:
    """How far an elevation model can be trusted.

    Attributes
    ----------
    vertical_error_m : float
        By how much the height between two places of the model may be wrong, 90 % of the time; it bounds what a slope
        can mean. The default is that of Copernicus GLO-30 on slopes of 20 % or less (Copernicus DEM Product Handbook,
        GEO1988-CopernicusDEM-SPE-002: relative vertical accuracy < 2 m, absolute < 4 m). Of SRTM 10 m were asked (Farr
        et al. 2007, https://doi.org/10.1029/2005RG000183).
    """

    vertical_error_m: float = 2.0

    def __post_init__(self) -> None:
        """Refuse values out of range, however the settings were made."""
        _check_range("vertical_error_m", self.vertical_error_m, 0, 100)


@dataclass(frozen=True)
class Settings:
    """All steps' settings.

    Attributes
    ----------
    survey : SurveySettings
    trace : TraceSettings
    score : ScoreSettings
    terrain : TerrainSettings
    """

    survey: SurveySettings = field(default_factory=SurveySettings)
    trace: TraceSettings = field(default_factory=TraceSettings)
    score: ScoreSettings = field(default_factory=ScoreSettings)
    terrain: TerrainSettings = field(default_factory=TerrainSettings)

    def replace(self, **values: float | str) -> Settings:
        """Return settings with some values changed; each name belongs to one step.

        Raises
        ------
        SettingsError
            For a name that no step has, or a value that it cannot take.
        """
        tables: dict[str, dict[str, Any]] = {}
        for name, value in values.items():
            steps = [step.name for step in dataclasses.fields(self) if name in _names(getattr(self, step.name))]
            if not steps:
                raise SettingsError(f"setting {name[:60]!r} does not exist; {_suggest(name, _all_names(self))}")
            tables.setdefault(steps[0], {})[name] = value
        return _merge(self, tables, source="settings")

    def to_dict(self) -> dict[str, dict[str, Any]]:
        """Return plain tables, one a step, as in a settings file."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, tables: dict[str, Any], *, source: str = "settings") -> Settings:
        """Read plain tables, one a step; what is left out keeps its default.

        Raises
        ------
        SettingsError
            For unknown tables or names and for values out of range.
        """
        return _merge(cls(), tables, source=source)


def take_settings(given: T | None, kind: type[T]) -> T:
    """Return settings as they were given to a function, or their defaults.

    Raises
    ------
    SettingsError
        For anything but settings of the kind, such as the path of a file or a dict.
    """
    if given is None:
        return kind()
    if not isinstance(given, kind):
        name = kind.__name__
        whole = "colibri_geo.load_settings(path), " if kind is Settings else ""
        raise SettingsError(
            f"settings is {_one_line(repr(given))} ({type(given).__name__}), expected {name}; give {whole}{name}(...) "
            "or nothing"
        )
    return given


def load_settings(path: str | Path) -> Settings:
    """Read a settings file.

    Parameters
    ----------
    path : str or Path
        TOML with a table for each step, such as ``[trace]`` and ``min_length_m = 500``.

    Returns
    -------
    Settings

    Raises
    ------
    ConfigError
        Not a file, not TOML, unknown names, values out of range.
    UnsafeModel
        A model in a form that runs code when it is loaded, such as a pickle: it is not loaded.
    """
    path = Path(path)
    content = _read_file(path)
    try:
        tables = tomllib.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # tomllib's own, bytes that are no text, numbers and nests too large
        if _is_pickle(content):
            raise _unsafe(path, "a pickle") from error
        raise ConfigError(f"{path.name}: no settings in TOML ({_one_line(str(error))}); correct it") from error
    try:
        return Settings.from_dict(tables, source=path.name)
    except SettingsError as error:
        raise ConfigError(str(error)) from error


def _read_file(path: Path) -> bytes:
    try:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "no regular file" if path.exists() else "no such settings file"
            raise ConfigError(f"{path.name[:80]}: {what}, expected the path of a TOML file; check it")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path.name[:80]}: cannot be opened ({error.strerror}); check the path") from error
    for magic, kind in _MODELS.items():
        if content.startswith(magic):
            raise _unsafe(path, kind)
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{path.name}: more than {_MOST_BYTES:,} bytes, expected a few settings; check the path")
    return content


def _is_pickle(content: bytes) -> bool:
    """Tell a pickle of the oldest form, which is text without first bytes of its own; nothing of it is carried out."""
    try:
        names = {operation.name for operation, _, _ in pickletools.genops(content)}
    except (ValueError, IndexError, OverflowError):
        return False
    return not names.isdisjoint({"GLOBAL", "INST", "REDUCE", "STACK_GLOBAL", "BUILD"})


def _unsafe(path: Path, kind: str) -> UnsafeModel:
    return UnsafeModel(
        f"{path.name[:80]}: {kind}: a model in such a form would run code when loaded, and is not loaded; "
        "expected settings in TOML, give those"
    )


def _one_line(text: str) -> str:
    return " ".join(text.split())[:120]


def _merge(settings: Settings, tables: dict[str, Any], *, source: str) -> Settings:
    known = [step.name for step in dataclasses.fields(settings)]
    steps: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in known or not isinstance(table, dict):
            fault = f"{name} is no table" if name in known else f"unknown key {name[:60]!r}"
            home = next((step for step in known if name in _names(getattr(settings, step))), None)
            advice = f"put it below [{home}]" if home else _suggest(name, _all_names(settings))
            raise SettingsError(f"{source}: {fault}, expected tables [{'], ['.join(known)}]; {advice}")
        steps[name] = _replace_step(getattr(settings, name), table, source=source, place=f"[{name}]")
    return dataclasses.replace(settings, **steps)


def _names(step: Any) -> list[str]:  # noqa: ANN401 - any of the steps
    return [setting.name for setting in dataclasses.fields(step)]


def _all_names(settings: Settings) -> list[str]:
    return [name for step in dataclasses.fields(settings) for name in _names(getattr(settings, step.name))]


def _suggest(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name[:60], known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"


def _replace_step(step: Any, table: dict[str, Any], *, source: str, place: str) -> Any:  # noqa: ANN401 - any of the steps
    values = {}
    for name, value in table.items():
        if name not in _names(step):
            raise SettingsError(f"{source}: {place} unknown key {name[:60]!r}; {_suggest(name, _names(step))}")
        kind = type(getattr(step, name))
        whole = type(value) is int and abs(value) < _LARGEST
        if kind is float and (whole or isinstance(value, float)):
            values[name] = float(value)
        elif type(value) is kind and (whole or kind is not int):
            values[name] = value
        else:
            raise SettingsError(
                f"{source}: {place} {name} is {_one_line(repr(value))}, expected a value such as "
                f"{getattr(step, name)!r}; correct it"
            )
    try:
        return dataclasses.replace(step, **values)
    except SettingsError as error:
        raise SettingsError(f"{source}: {error}") from error


def _check_range(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> None:  # noqa: ANN401 - judged here
    fits = isinstance(value, Integral if whole else Real)
    if not fits or isinstance(value, bool):
        kind = "whole number" if whole else "number"
        raise SettingsError(
            f"{name} is {_one_line(repr(value))}, expected a {kind} from {low:g} to {high:g}; correct it"
        )
    if not low <= value <= high:
        shown = "beyond 1e15" if abs(value) >= _LARGEST else f"{value:g}"
        raise SettingsError(f"{name} is {shown}, expected {low:g} to {high:g}; correct it")
