"""From the results of scenes to the figures of a group."""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from colibri_geo.bench.evaluating import ALL, POINTS, SceneResult
from colibri_geo.bench.matching import APPEARED
from colibri_geo.bench.measures import (
    Calibration,
    Median,
    Proportion,
    Rate,
    measure_calibration,
    measure_median,
    measure_proportion,
    measure_rate,
)
from colibri_geo.bench.recipes import NEEDS_OPENCV, RECIPES, can_run
from colibri_geo.bench.scenes import Group

LENGTH_CLASSES_M = (350.0, 500.0, 800.0, math.inf)
WIDTH_CLASSES_M = (0.0, 15.0, 25.0, math.inf)
CONTRAST_CLASSES = (0.1, 0.2, 0.3, 0.4, 0.7, math.inf)
_NOT_FOUND = "not found"
_LIKELY = 0.1


@dataclass(frozen=True)
class Share:
    """A proportion within a class.

    Attributes
    ----------
    by : str
        Kind of class, as length or biome.
    name : str
        The class.
    share : Proportion
    """

    by: str
    name: str
    share: Proportion


@dataclass(frozen=True)
class Alarms:
    """False alarms of one cause.

    Attributes
    ----------
    obstacle : str
    rate : Rate
    """

    obstacle: str
    rate: Rate


@dataclass(frozen=True)
class Answer:
    """How often strips of a kind were given a verdict.

    Attributes
    ----------
    truth : str
        Verdict that a perfect detector gives.
    answer : str
        Verdict given, or ``not found``.
    count : int
    """

    truth: str
    answer: str
    count: int


@dataclass(frozen=True)
class Errors:
    """Median errors of the new strips that were found.

    Attributes
    ----------
    end_m : Median
        Mean distance of the two ends from the true ones.
    offset_m : Median
        Mean distance of the axis from the true one, where they overlap.
    azimuth_deg : Median
    length_percent : Median
        Size of the error over the true length.
    width_m : Median
        Size of the error.
    """

    end_m: Median
    offset_m: Median
    azimuth_deg: Median
    length_percent: Median
    width_m: Median


@dataclass(frozen=True)
class MethodReport:
    """What one method did on the scenes of a group: the detector at an operating point, or a recipe.

    Attributes
    ----------
    method, about : str
    not_run : str
        Why it did not run; empty where it did.
    scenes : int
    km2, observed_km2 : float
        Ground of its scenes; rates are over what was observed on both dates.
    recall : Proportion
        Of new strips of which 60 % or more was observed on both dates.
    recall_by : tuple of Share
    precision : Proportion
        Hits over hits, false alarms and old strips called new.
    false_alarms : Rate
    false_alarms_by : tuple of Alarms
    old_called_new : Proportion
        Of old and regrowing strips of which 60 % or more was observed.
    fragments, hidden : int
        Parts and second copies of new strips, and new strips of which too little was observed; see
        `colibri_geo.bench.matching`.
    errors : Errors
    length_coverage, width_coverage : Proportion
        Of the 90 % intervals.
    answers : tuple of Answer
    """

    method: str
    about: str
    not_run: str
    scenes: int
    km2: float
    observed_km2: float
    recall: Proportion
    recall_by: tuple[Share, ...]
    precision: Proportion
    false_alarms: Rate
    false_alarms_by: tuple[Alarms, ...]
    old_called_new: Proportion
    fragments: int
    hidden: int
    errors: Errors
    length_coverage: Proportion
    width_coverage: Proportion
    answers: tuple[Answer, ...]


@dataclass(frozen=True)
class GroupReport:
    """What was measured on the scenes of a group.

    Attributes
    ----------
    name, about : str
    scenes : int
    km2, observed_km2 : float
    refused : tuple of str
        Pairs that could not be compared, with the reason; their strips count as missed, their ground does not count.
    methods : tuple of MethodReport
        The operating points, then the recipes.
    calibration : Calibration
        Of every candidate with the verdict new, but for fragments and strips of which too little was observed.
    likely_calibration : Calibration
        Of those with a probability of 0.1 and more: the many that are unlikely flatter the former.
    """

    name: str
    about: str
    scenes: int
    km2: float
    observed_km2: float
    refused: tuple[str, ...]
    methods: tuple[MethodReport, ...]
    calibration: Calibration
    likely_calibration: Calibration


def sum_group(group: Group, results: Sequence[SceneResult]) -> GroupReport:
    """Sum the results of the scenes of one group.

    Parameters
    ----------
    group : Group
    results : sequence of SceneResult
        In the order of their seeds, at least one.

    Returns
    -------
    GroupReport
    """
    rows = pd.concat([result.rows for result in results], ignore_index=True)
    abouts = {
        "report": "colibri_geo, operating point report",
        "watch": "colibri_geo, operating point watch",
        **{recipe.name: recipe.about for recipe in RECIPES},
    }
    ran = {method for result in results for method in result.methods}
    asked = any(recipe.name in ran for recipe in RECIPES)
    methods = [sum_method(point, abouts[point], results) for point in POINTS]
    methods += [sum_method(recipe.name, abouts[recipe.name], results) for recipe in RECIPES if recipe.name in ran]
    if asked:
        methods += [
            sum_method(recipe.name, abouts[recipe.name], results, not_run=NEEDS_OPENCV)
            for recipe in RECIPES
            if recipe.name not in ran and not can_run(recipe)
        ]
    return GroupReport(
        name=group.name,
        about=group.about,
        scenes=len(results),
        km2=sum(result.km2 for result in results),
        observed_km2=sum(result.observed_km2 for result in results),
        refused=tuple(f"{result.name}: {result.refused}" for result in results if result.refused),
        methods=tuple(methods),
        calibration=_calibrate(rows, least=0.0),
        likely_calibration=_calibrate(rows, least=_LIKELY),
    )


def sum_method(method: str, about: str, results: Sequence[SceneResult], *, not_run: str = "") -> MethodReport:
    """Sum what one method did on the scenes that it ran on.

    Parameters
    ----------
    method, about : str
    results : sequence of SceneResult
        At least one.
    not_run : str
        Why it ran on none.

    Returns
    -------
    MethodReport
    """
    run_on = [result for result in results if method in result.methods]
    strips = _pick([result.strips for result in results], method)
    rows = _pick([result.rows for result in results], method)
    observed_km2 = sum(result.observed_km2 for result in run_on)
    hits, alarms, wrong = (rows[rows["kind"] == kind] for kind in ("hit", "false_alarm", "old_called_new"))
    seen = strips[strips["observable"]]
    new, old = seen[seen["kind"] == "new"], seen[seen["kind"] != "new"]
    return MethodReport(
        method=method,
        about=about,
        not_run=not_run,
        scenes=len(run_on),
        km2=sum(result.km2 for result in run_on),
        observed_km2=observed_km2,
        recall=_recall(new),
        recall_by=_recall_by(new),
        precision=measure_proportion(len(hits), len(hits) + len(alarms) + len(wrong)),
        false_alarms=measure_rate(len(alarms), observed_km2),
        false_alarms_by=_split_alarms(alarms, observed_km2),
        old_called_new=measure_proportion(int(np.isin(_key(old, "strip_id"), _key(wrong, "lies_on")).sum()), len(old)),
        fragments=int((rows["kind"] == "fragment").sum()),
        hidden=int((rows["kind"] == "hidden").sum()),
        errors=_measure_errors(hits),
        length_coverage=_cover(hits, "length"),
        width_coverage=_cover(hits, "width"),
        answers=_count_answers(strips),
    )


def _pick(tables: Sequence[pd.DataFrame], method: str) -> pd.DataFrame:
    """Return the rows of one method, of all scenes."""
    whole = pd.concat(tables, ignore_index=True)
    return whole[whole["method"] == method]


def _key(rows: pd.DataFrame, name: str) -> Any:  # noqa: ANN401 - an array of texts
    """Name a strip of a scene."""
    return (rows["scene"] + " " + rows[name]).to_numpy(dtype=object)


def _recall(strips: pd.DataFrame) -> Proportion:
    return measure_proportion(int(strips["answer"].isin(APPEARED).sum()), len(strips))


def _recall_by(strips: pd.DataFrame) -> tuple[Share, ...]:
    shares = []
    for by, classes in (("length", LENGTH_CLASSES_M), ("width", WIDTH_CLASSES_M), ("contrast", CONTRAST_CLASSES)):
        values = strips["contrast" if by == "contrast" else f"{by}_m"]
        for low, high in itertools.pairwise(classes):
            part = strips[(values >= low) & (values < high)]
            shares.append(Share(by, _name_class(low, high, "" if by == "contrast" else " m"), _recall(part)))
    for by in ("biome", "bands"):
        shares += [Share(by, str(name), _recall(part)) for name, part in strips.groupby(by, sort=True)]
    return tuple(share for share in shares if share.share.count)


def _name_class(low: float, high: float, unit: str) -> str:
    return f"{low:g}{unit} and more" if math.isinf(high) else f"{low:g} to {high:g}{unit}"


def _split_alarms(alarms: pd.DataFrame, km2: float) -> tuple[Alarms, ...]:
    counts = alarms.groupby("obstacle").size()
    ordered = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return tuple(Alarms(str(name), measure_rate(int(count), km2)) for name, count in ordered)


def _measure_errors(hits: pd.DataFrame) -> Errors:
    scenes = list(hits["scene"])

    def median(values: Any) -> Median:  # noqa: ANN401 - a Series
        return measure_median(values.to_numpy(dtype=np.float64), scenes)

    return Errors(
        end_m=median(hits["end_m"]),
        offset_m=median(hits["offset_m"]),
        azimuth_deg=median(hits["turn_deg"]),
        length_percent=median(100 * hits["length_error_m"].abs() / hits["true_length_m"]),
        width_m=median((hits["width_m"] - hits["true_width_m"]).abs()),
    )


def _cover(hits: pd.DataFrame, name: str) -> Proportion:
    """How often the 90 % interval holds the truth, of strips that have both."""
    known = hits[hits[f"{name}_lo_m"].notna() & hits[f"true_{name}_m"].notna()]
    true = known[f"true_{name}_m"]
    held = (known[f"{name}_lo_m"] <= true) & (true <= known[f"{name}_hi_m"])
    return measure_proportion(int(held.sum()), len(known))


_VERDICTS = {"new": "new", "old": "unchanged", "regrowing": "regrowing"}


def _count_answers(strips: pd.DataFrame) -> tuple[Answer, ...]:
    """Count the verdicts given, by the right one."""
    right = strips["kind"].map(_VERDICTS).where(strips["observable"], "not_observed")
    answers = strips["answer"].where(strips["answer"] != "", _NOT_FOUND)
    counts = Counter(zip(right.astype(str), answers.astype(str), strict=True))
    return tuple(Answer(*both, count) for both, count in sorted(counts.items()))


def _calibrate(rows: pd.DataFrame, *, least: float) -> Calibration:
    """Calibrate what is called new, whatever its probability; a hit is real, a false alarm and an old strip are not."""
    asked = rows[(rows["method"] == ALL) & rows["kind"].isin(["hit", "false_alarm", "old_called_new"])]
    asked = asked[asked["probability"] >= least]
    real = (asked["kind"] == "hit").to_numpy(dtype=bool)
    return measure_calibration(asked["probability"].to_numpy(dtype=np.float64), real)
