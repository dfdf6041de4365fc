"""From a benchmark's report to the record that runs carry."""

from __future__ import annotations

from datetime import date

from colibri_geo.bench.detection import DetectionReport
from colibri_geo.bench.summing import GroupReport, MethodReport
from colibri_geo.errors import SettingsError
from colibri_geo.evidence.benchmark import BenchmarkGroup, BenchmarkRecord, Interval
from colibri_geo.settings import OPERATING_POINTS
from colibri_geo.tracing.scoring import hash_shape_model


def record_benchmark(report: DetectionReport, measured: date) -> tuple[BenchmarkRecord, ...]:
    """Take from a report what runs say of the detector.

    Parameters
    ----------
    report : DetectionReport
        Of the full form, of test seeds.
    measured : date

    Returns
    -------
    tuple of BenchmarkRecord
        One for each operating point.

    Raises
    ------
    SettingsError
        A report of development seeds, on which thresholds were chosen, or of the quick form, which has few scenes.
    """
    if report.seeds != "test" or report.form != "full":
        raise SettingsError(
            f"{report.form} report of {report.seeds} seeds, expected a full one of test seeds, which are kept for "
            "measuring; use it"
        )
    return tuple(
        BenchmarkRecord(
            measured=measured.isoformat(),
            version=report.version,
            shape_model_sha256=hash_shape_model(),
            operating_point=settings.score.operating_point,
            min_probability=settings.score.min_probability,
            groups=tuple(_record_group(group, settings.score.operating_point) for group in report.groups),
            settings=settings,
        )
        for settings in (report.settings.replace(operating_point=point) for point in OPERATING_POINTS)
    )


def _record_group(group: GroupReport, point: str) -> BenchmarkGroup:
    method = _pick(group, point)
    recall, alarms = method.recall, method.false_alarms
    return BenchmarkGroup(
        name=group.name,
        scenes=method.scenes,
        observed_km2=method.observed_km2,
        new_strips=recall.count,
        recall=Interval(recall.value, recall.lo, recall.hi) if recall.count else None,
        false_alarms=alarms.events,
        false_alarms_per_1000_km2=Interval(alarms.per_1000_km2, alarms.lo, alarms.hi),
    )


def _pick(group: GroupReport, point: str) -> MethodReport:
    return next(method for method in group.methods if method.method == point)
