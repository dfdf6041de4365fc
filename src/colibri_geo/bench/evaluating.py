"""One scene: detect once, judge at each operating point, run the recipes beside it."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import numpy as np
import pandas as pd

from colibri_geo.bench.matching import judge
from colibri_geo.bench.recipes import RECIPES, can_run, measure_plain_change, run_recipe
from colibri_geo.bench.scenes import BenchPair
from colibri_geo.bench.truth import measure_on_ground
from colibri_geo.errors import ColibriError
from colibri_geo.pairs import AlignedPair, align, change, survey
from colibri_geo.settings import Settings
from colibri_geo.tracing.scoring import score
from colibri_geo.tracing.tracing import trace

ALL = "all"
"""The point at which nothing is left out, whatever its probability."""
POINTS = ("report", "watch")


@dataclass(frozen=True)
class SceneResult:
    """What came of one scene.

    Attributes
    ----------
    group, name : str
    km2, observed_km2 : float
        The whole, and what is observed on both dates.
    strips : DataFrame
        A row a true strip and method: what is true, and ``answer``, the verdict given to it, empty for none.
    rows : DataFrame
        A row a found strip and method, as `judge` gives it.
    methods : tuple of str
        What ran: `ALL`, the operating points, recipes.
    refused : str
        Why the pair could not be compared; empty where it was.
    """

    group: str
    name: str
    km2: float
    observed_km2: float
    strips: pd.DataFrame
    rows: pd.DataFrame
    methods: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True)
class Detected:
    """All candidates of a pair, and the pair on one grid.

    Attributes
    ----------
    aligned : AlignedPair
    table : GeoDataFrame
        A strips table with ``probability``, of every candidate.
    """

    aligned: AlignedPair
    table: gpd.GeoDataFrame = field(repr=False)


def detect(pair: BenchPair, settings: Settings | None = None) -> gpd.GeoDataFrame:
    """Find all candidates of a benchmark pair, each with its probability; none is left out.

    Parameters
    ----------
    pair : BenchPair
    settings : Settings, optional

    Returns
    -------
    GeoDataFrame
        A strips table; cut it at a probability for an operating point.

    Raises
    ------
    ColibriError
        Where the two scenes cannot be compared.
    """
    return detect_aligned(pair, settings).table


def detect_aligned(pair: BenchPair, settings: Settings | None = None) -> Detected:
    """Find all candidates of a benchmark pair as `detect` does, and keep the pair on one grid."""
    settings = settings or Settings()
    aligned = align(pair.before, pair.after, survey(pair.before, pair.after, settings.survey))
    everything = settings.replace(operating_point="report", report_probability=0.0, watch_probability=0.0)
    return Detected(aligned, score(trace(change(aligned), settings.trace), everything.score))


def evaluate(pair: BenchPair, settings: Settings | None = None, *, recipes: bool = False) -> SceneResult:
    """Detect, judge at each operating point, and run the recipes on the same pair.

    Parameters
    ----------
    pair : BenchPair
    settings : Settings, optional
    recipes : bool

    Returns
    -------
    SceneResult
    """
    settings = settings or Settings()
    try:
        detected = detect_aligned(pair, settings)
    except ColibriError as error:
        nothing = pd.DataFrame({name: pd.Series(dtype="str") for name in ("true_id", "verdict")})
        return _gather(pair, dict.fromkeys((ALL, *POINTS), nothing), observed_km2=0.0, refused=str(error))
    least = {ALL: 0.0, "report": settings.score.report_probability, "watch": settings.score.watch_probability}
    tables = {point: detected.table[detected.table["probability"] >= value] for point, value in least.items()}
    if recipes:
        picture = measure_plain_change(detected.aligned)
        tables |= {recipe.name: run_recipe(recipe, detected.aligned, picture) for recipe in RECIPES if can_run(recipe)}
    model = detected.aligned.model
    truth = pair.truth.seen_from_before(shift_east_m=model.shift_east_m, shift_north_m=model.shift_north_m)
    judged = {method: judge(table, truth, rules=pair.rules) for method, table in tables.items()}
    return _gather(pair, judged, observed_km2=pair.observed_km2)


def _gather(pair: BenchPair, judged: dict[str, pd.DataFrame], *, observed_km2: float, refused: str = "") -> SceneResult:
    return SceneResult(
        group=pair.group,
        name=pair.name,
        km2=pair.km2,
        observed_km2=observed_km2,
        strips=pd.concat([_tell_truth(pair, rows, method) for method, rows in judged.items()], ignore_index=True),
        rows=pd.concat([_tell_rows(pair, rows, method) for method, rows in judged.items()], ignore_index=True),
        methods=tuple(judged),
        refused=refused,
    )


_TEXTS = ("verdict", "kind", "true_id", "true_kind", "true_verdict", "lies_on", "obstacle")
_NUMBERS = (
    *("probability", "overlap_share", "end_m", "offset_m", "turn_deg", "length_error_m", "true_length_m"),
    *("true_width_m", "length_m", "length_lo_m", "length_hi_m", "width_m", "width_lo_m", "width_hi_m"),
)


def _tell_rows(pair: BenchPair, judged: pd.DataFrame, method: str) -> pd.DataFrame:
    kept = judged.reindex(columns=[*_TEXTS, *_NUMBERS])
    typed = kept.astype(dict.fromkeys(_TEXTS, "str") | dict.fromkeys(_NUMBERS, "float64"))
    return typed.assign(scene=pair.name, method=method)


def _tell_truth(pair: BenchPair, judged: pd.DataFrame, method: str) -> pd.DataFrame:
    strips = pair.truth.strips
    answers = dict(zip(judged["true_id"], judged["verdict"], strict=True))
    axes = pair.truth.axes_in(pair.truth.crs)
    bands = len(pair.before.bands)
    return pd.DataFrame(
        {
            "scene": pair.name,
            "method": method,
            "biome": pair.biome,
            "bands": f"{bands}, 8-bit" if pair.before.quantity == "relative" else str(bands),
            "strip_id": [strip.strip_id for strip in strips],
            "kind": [strip.kind for strip in strips],
            "observable": np.array([strip.observable for strip in strips], dtype=bool),
            "contrast": np.array([strip.contrast for strip in strips], dtype=np.float64),
            "length_m": measure_on_ground(axes, pair.truth.crs).length_m,
            "width_m": np.array([strip.width_m for strip in strips], dtype=np.float64),
            "answer": [answers.get(strip.strip_id, "") for strip in strips],
        }
    )
