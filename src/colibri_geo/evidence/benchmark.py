"""What the benchmark measured of the detector of this version, for every run to carry and every report to say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from colibri_geo.errors import SettingsError
from colibri_geo.evidence.decoding import decode
from colibri_geo.settings import Settings

BENCHMARK = "benchmark.json"


@dataclass(frozen=True)
class Interval:
    """A figure with its central 90 % interval.

    Attributes
    ----------
    value, lo, hi : float
    """

    value: float
    lo: float
    hi: float


@dataclass(frozen=True)
class BenchmarkGroup:
    """What was measured on the scenes of one group.

    Attributes
    ----------
    name : str
        Of the group, as ``colibri-geo bench detection --group`` takes it.
    scenes : int
        Pairs.
    observed_km2 : float
        Ground that is observed on both dates, counted once for each pair.
    new_strips : int
        That could be found: 60 % or more of each was observed.
    recall : Interval or None
        Share of them that was found, in [0, 1]; None where there is none.
    false_alarms : int
    false_alarms_per_1000_km2 : Interval
    """

    name: str
    scenes: int
    observed_km2: float
    new_strips: int
    recall: Interval | None
    false_alarms: int
    false_alarms_per_1000_km2: Interval


@dataclass(frozen=True)
class BenchmarkRecord:
    """What was measured at one operating point, on test seeds.

    On simulated scenes of these no threshold and no model was chosen. Real ground is the same whatever the seed: it was
    looked at while choosing, in part with the same strips (`colibri_geo.bench.real`).

    Attributes
    ----------
    measured : str
        Day on which it was, ISO 8601.
    version : str
        Of colibri_geo.
    shape_model_sha256 : str
        Of the model that gave the probabilities.
    operating_point : str
    min_probability : float
        Of the operating point.
    groups : tuple of BenchmarkGroup
    settings : Settings or None
        That were measured; None in a run of an older version.
    """

    measured: str
    version: str
    shape_model_sha256: str
    operating_point: str
    min_probability: float
    groups: tuple[BenchmarkGroup, ...]
    settings: Settings | None = None


def load_benchmark(operating_point: str) -> BenchmarkRecord:
    """Load what was measured of this version at an operating point.

    Parameters
    ----------
    operating_point : str
        One of `colibri_geo.settings.OPERATING_POINTS`.

    Returns
    -------
    BenchmarkRecord

    Raises
    ------
    SettingsError
        For the name of no operating point.

    Examples
    --------
    >>> load_benchmark("watch").min_probability
    0.35
    """
    for record in _load():
        if record.operating_point == operating_point:
            return record
    expected = " or ".join(record.operating_point for record in _load())
    raise SettingsError(
        f"operating point {str(operating_point)[:60]!r} does not exist, expected {expected}; correct it"
    )


@lru_cache(maxsize=1)
def _load() -> tuple[BenchmarkRecord, ...]:
    """Load the file that ``benchmarks/record_detection.py`` wrote; a record for each operating point."""
    text = resources.files("colibri_geo.evidence").joinpath(BENCHMARK).read_text(encoding="utf-8")
    records: tuple[BenchmarkRecord, ...] = decode(
        tuple[BenchmarkRecord, ...], json.loads(text), place="records", source=BENCHMARK
    )
    return records
