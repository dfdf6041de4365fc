"""A benchmark's report as Markdown tables and as JSON."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Protocol

from colibri_geo.bench.detection import DetectionReport
from colibri_geo.bench.measures import Calibration, Median, Proportion, Rate
from colibri_geo.bench.summing import GroupReport, MethodReport

_NOTHING = "-"

_EXPLANATION = """\
- A found strip matches a true one when their axes overlap by 50 % of the longer or more, lie within 30 m and turn by
  at most 10 degrees, one to one (truth by eye: 40 %, 40 m, 12 degrees). Recall is of new strips of which 60 % or more
  was observed on both dates. What is said to have appeared (new, extended, reopened) is a hit, an old or regrowing
  strip called new, or a false alarm. Parts and second copies of a new strip (fragments) and new strips of which too
  little was observed (hidden) are neither, and counted.
- Rates are over the ground that is observed on both dates; their interval is exact (Garwood), that of proportions
  Wilson's, that of medians by bootstrap over scenes. All are central 90 %: the upper end is a 95 % bound. With no false
  alarm in 6,000 km2 it is 0.5 per 1,000 km2.
- Probabilities are compared with what is true as they are, for the density of strips in the settings.
- ECE is of candidates called new, without fragments and hidden ones: first of those with a probability of 0.1 or more,
  then of all; the many that are unlikely flatter the latter.
- Recipes get what the detector gets: shift removed, gain matched, cloud and shadow masked. They give neither verdicts
  nor probabilities: each line that they find counts as new. Their thresholds are those of most recall at 300 false
  alarms in 1,000 km2 on development seeds (see `colibri_geo.bench.recipes`).
- Groups of real pictures have the same ground whatever the seed: development and test differ in the strips that are
  planted, their areas are counted once a pair, and their intervals take pairs for independent. Their truth lies in the
  later image, so the error of registration is not in the errors of their ends."""


class Report(Protocol):
    """A benchmark's report: any dataclass."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


def format_json(report: Report) -> str:
    """Return a report of any benchmark as JSON (RFC 8259); what is missing is null."""
    return json.dumps(_plain(dataclasses.asdict(report)), indent=1, ensure_ascii=False, allow_nan=False)


def format_markdown(report: DetectionReport) -> str:
    """Return a report as Markdown tables."""
    seeds = {
        "test": "test seeds: kept for measuring, nothing may be fitted or chosen on them",
        "development": "development seeds: what was fitted and chosen on them is measured on them, do not publish",
    }
    score = report.settings.score
    head = [
        f"# Detection, {report.form} form, {report.seeds} seeds",
        f"colibri_geo {report.version}; {seeds[report.seeds]} (from {report.first_seed:,}).",
        f"Least probability: report {score.report_probability:g}, watch {score.watch_probability:g}; {report.basis}.",
        _EXPLANATION,
        "## Summary",
        _summary(report.groups),
    ]
    return "\n\n".join([*head, *(_group(group) for group in report.groups)]) + "\n"


def _plain(value: Any) -> Any:  # noqa: ANN401 - what JSON knows
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _summary(groups: Sequence[GroupReport]) -> str:
    head = (
        *("group", "method", "scenes", "km2 observed", "recall", "precision", "false alarms per 1,000 km2"),
        *("old called new", "end m", "ECE likely, all"),
    )
    rows = []
    for group in groups:
        for method in group.methods:
            own = method.method in {"report", "watch"}
            cells = (
                [_NOTHING] * 5
                if method.not_run
                else [
                    _proportion(method.recall),
                    _proportion(method.precision),
                    _rate(method.false_alarms),
                    _proportion(method.old_called_new),
                    _median(method.errors.end_m, 1),
                ]
            )
            area = method.not_run or f"{method.observed_km2:,.0f}"
            both = (group.likely_calibration.ece, group.calibration.ece)
            ece = ", ".join(_number(value, 3) for value in both) if own else _NOTHING
            rows.append([group.name, method.method, str(method.scenes), area, *cells, ece])
    return format_table(head, rows)


def _group(group: GroupReport) -> str:
    parts = [
        f"## {group.name}",
        f"{group.about}.",
        f"{group.scenes} scenes, {group.km2:,.0f} km2, of which {group.observed_km2:,.0f} observed on both dates.",
    ]
    parts += [f"Refused: {refused}" for refused in group.refused]
    ran = [method for method in group.methods if not method.not_run]
    parts.append(_overview(ran))
    parts += [f"{method.about} ({method.method}): {method.not_run}" for method in group.methods if method.not_run]
    own = [method for method in ran if method.method in {"report", "watch"}]
    if any(method.recall_by for method in own):
        parts += ["Recall by class:", _recall_by(own)]
    if any(method.false_alarms_by for method in ran):
        parts += ["False alarms by what lies there:", _alarms_by(ran)]
    parts += ["Verdicts (report), in rows what is true:", _answers(own[0])]
    if group.calibration.count:
        parts += ["Calibration of what is called new:", _calibration(group.calibration, group.likely_calibration)]
    return "\n\n".join(parts)


def _overview(methods: Sequence[MethodReport]) -> str:
    rows = [
        ["scenes", *(str(method.scenes) for method in methods)],
        ["km2 observed", *(f"{method.observed_km2:,.0f}" for method in methods)],
        ["recall", *(_proportion(method.recall) for method in methods)],
        ["precision", *(_proportion(method.precision) for method in methods)],
        ["false alarms per 1,000 km2", *(_rate(method.false_alarms) for method in methods)],
        ["old and regrowing called new", *(_proportion(method.old_called_new) for method in methods)],
        ["fragments, hidden", *(f"{method.fragments}, {method.hidden}" for method in methods)],
        ["end error, m", *(_median(method.errors.end_m, 1) for method in methods)],
        ["axis offset, m", *(_median(method.errors.offset_m, 1) for method in methods)],
        ["azimuth error, degrees", *(_median(method.errors.azimuth_deg, 2) for method in methods)],
        ["length error, %", *(_median(method.errors.length_percent, 1) for method in methods)],
        ["width error, m", *(_median(method.errors.width_m, 1) for method in methods)],
        ["length in its 90 % interval", *(_proportion(method.length_coverage) for method in methods)],
        ["width in its 90 % interval", *(_proportion(method.width_coverage) for method in methods)],
    ]
    return format_table(["", *(method.method for method in methods)], rows)


def _recall_by(methods: Sequence[MethodReport]) -> str:
    shares = [{(share.by, share.name): share.share for share in method.recall_by} for method in methods]
    rows = [
        [f"{by}: {name}", *(_proportion(share[by, name]) if (by, name) in share else _NOTHING for share in shares)]
        for by, name in shares[0]
    ]
    return format_table(["", *(method.method for method in methods)], rows)


def _alarms_by(methods: Sequence[MethodReport]) -> str:
    counts = [{alarms.obstacle: alarms.rate for alarms in method.false_alarms_by} for method in methods]
    names = sorted({name for count in counts for name in count})
    rows = [[name, *(_rate(count[name]) if name in count else "0" for count in counts)] for name in names]
    return format_table(["", *(method.method for method in methods)], rows)


def _answers(method: MethodReport) -> str:
    truths = sorted({answer.truth for answer in method.answers})
    answers = sorted({answer.answer for answer in method.answers})
    counts = {(answer.truth, answer.answer): answer.count for answer in method.answers}
    rows = [[truth, *(str(counts.get((truth, answer), 0)) for answer in answers)] for truth in truths]
    return format_table(["", *answers], rows) if rows else "no strips"


def _calibration(whole: Calibration, likely: Calibration) -> str:
    rows = [
        [f"{one.low:g} to {one.high:g}", str(one.count), _number(one.mean_probability, 3), _number(one.true_share, 3)]
        for one in whole.bins
        if one.count
    ]
    table = format_table(["probability", "candidates", "mean probability", "really new strips"], rows)
    return (
        f"{table}\n\nExpected calibration error {_number(whole.ece, 3)} over {whole.count} candidates; "
        f"{_number(likely.ece, 3)} over the {likely.count} of probability 0.1 and more."
    )


def format_table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float, digits: int) -> str:
    return _NOTHING if math.isnan(value) else f"{value:.{digits}f}"


def _proportion(share: Proportion) -> str:
    if not share.count:
        return _NOTHING
    return f"{share.value:.3f} ({share.lo:.3f} to {share.hi:.3f}; {share.hits}/{share.count})"


def _rate(rate: Rate) -> str:
    if math.isnan(rate.per_1000_km2):
        return _NOTHING
    return f"{rate.per_1000_km2:.1f} ({rate.lo:.1f} to {rate.hi:.1f}; {rate.events})"


def _median(median: Median, digits: int) -> str:
    if not median.count:
        return _NOTHING
    return f"{median.value:.{digits}f} ({median.lo:.{digits}f} to {median.hi:.{digits}f})"
