"""How sure a candidate is, what else it could be, and why: from the columns of the strips table alone."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from scipy import special

from colibri_geo.language import ENGLISH
from colibri_geo.settings import ScoreSettings, take_settings
from colibri_geo.tracing.table import find_seen_share

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_STRAIGHT_PX = 0.1  # how far the pieces of a clear strip stray
_WANDER = 1.6  # how far noise alone makes them stray, for each unit of the grain of a piece
_AHEAD, _RESUMES = 0.5, 0.6  # what noise alone shows ahead of an end, for each unit of grain
_FINE_GRAIN = 0.15  # up to it, what is measured around the ends is trusted; above, the less the coarser
_NARROW_M = 9.0  # cleared runways are 15 m wide or more; a track is a few
_LONG_M = 1662.0  # 95 % of 154 digitised runways in Peru are shorter
_WORTH_SAYING, _MUCH = 0.25, 0.4


@dataclass(frozen=True)
class Curve:
    """What one measure adds to the log odds: straight between its knots, level beyond them, never against physics.

    Attributes
    ----------
    at : tuple of float
        Values of the measure, rising.
    log_odds : tuple of float
        One a knot; all rising or all falling.
    """

    at: tuple[float, ...]
    log_odds: tuple[float, ...]

    def read(self, values: Any) -> FloatArray:  # noqa: ANN401 - one value or many
        """Return the log odds of each value."""
        odds: FloatArray = np.interp(values, self.at, self.log_odds)
        return odds


@dataclass(frozen=True)
class ShapeModel:
    """A logistic additive model of measures of shape, each monotone in the direction that physics asks for.

    Attributes
    ----------
    intercept : float
    curves : dict of str to Curve
    typical : dict of str to float
        Median of each measure over planted strips: what a candidate is compared with to name its weakest side.
    strips_per_1000_km2 : float
        Density of strips in the training scenes.
    record : str
        What it was fitted on, in a few words.
    training : str
        The same in full.
    """

    intercept: float
    curves: dict[str, Curve]
    typical: dict[str, float]
    strips_per_1000_km2: float
    record: str
    training: str


@lru_cache(maxsize=1)
def load_shape_model() -> ShapeModel:
    """Load the model that comes with the package (plain JSON)."""
    parts = json.loads(_read_shape_model())
    curves = {name: Curve(tuple(c["at"]), tuple(c["log_odds"])) for name, c in parts.pop("curves").items()}
    return ShapeModel(curves=curves, **parts)


def hash_shape_model() -> str:
    """SHA-256 of the model that comes with the package."""
    return hashlib.sha256(_read_shape_model()).hexdigest()


def _read_shape_model() -> bytes:
    return resources.files("colibri_geo.tracing").joinpath("shape_model.json").read_bytes()


def score(strips: gpd.GeoDataFrame, settings: ScoreSettings | None = None) -> gpd.GeoDataFrame:
    """Add probability, strongest counter-hypothesis and reasons, and keep what is sure enough for the operating point.

    Parameters
    ----------
    strips : GeoDataFrame
        From `trace`.
    settings : ScoreSettings, optional

    Returns
    -------
    GeoDataFrame
        With ``probability`` in [0, 1], ``confuser`` and ``reasons``; rows below the least probability are left out.

    Notes
    -----
    The probability is that of the shape (a logistic additive model of `measure_shape`, each curve monotone) times that
    of the verdict (how clearly the strip's contrast on one date lies above or below the share at which a strip counts
    as seen).
    """
    settings = take_settings(settings, ScoreSettings)
    shape = measure_shape(strips)
    model = load_shape_model()
    density = np.log(settings.strips_per_1000_km2 / model.strips_per_1000_km2)
    odds = model.intercept + density + sum(curve.read(shape[name]) for name, curve in model.curves.items())
    probability = special.expit(odds) * _verdict_probability(strips)
    confuser = _name_confuser(strips, shape, model)
    scored = strips.assign(
        probability=probability.astype(np.float64), confuser=pd.Series(confuser, index=strips.index, dtype="str")
    )
    reasons = [_give_reasons(row) for row in scored.itertuples()]
    scored["reasons"] = pd.Series(reasons, index=strips.index, dtype="str")
    return scored[scored["probability"] >= settings.min_probability]


def describe_basis(settings: ScoreSettings) -> str:
    """Say in one sentence what the probabilities rest on."""
    return f"{load_shape_model().record}; for {settings.strips_per_1000_km2:g} strips in 1,000 km2"


def measure_shape(strips: pd.DataFrame) -> pd.DataFrame:
    """Turn columns of the strips table into the measures of the shape model.

    Parameters
    ----------
    strips : DataFrame
        With the columns that `trace` writes.

    Returns
    -------
    DataFrame
        Same index; ``strength`` (log of the signal-to-noise ratio, bounded at 60), ``straying`` (log of how far the
        pieces stray from the axis, over what noise alone explains), ``evenness``, ``flanks`` (flank ratio), ``goes_on``
        (contrast beyond the end where more goes on, less what noise shows), ``goes_on_both`` (at the other),
        ``resumes`` (further ahead), ``hidden`` (ends that are hidden), ``joined`` (what passes an end across),
        ``coarseness`` (grain: what cannot be measured is not believed), ``twin`` (lobe), ``breadth`` (log of the width
        over 30 m, where wider), ``narrowness`` (log of 9 m over the width, where narrower), ``overlong`` (log of the
        length over that of 95 % of real strips, where longer).
    """
    pixel_m = strips["pixel_m"]
    length_px: pd.Series[float] = strips["length_m"] / pixel_m
    pieces = np.clip(strips["snr"] ** 2 // 9, 3, np.maximum(length_px // 7, 3))
    wander = _WANDER * strips["grain"] / np.sqrt(length_px / pieces)
    unsure = np.hypot(1, strips["grain"] / _FINE_GRAIN)
    ahead = strips[["beyond_end1", "beyond_end2"]].sub(_AHEAD * strips["grain"], axis=0).div(unsure, axis=0).clip(0, 1)
    ahead = ahead.fillna(0.0)
    return pd.DataFrame(
        {
            "strength": np.log(np.clip(strips["snr"], 1, 60)),
            "straying": np.log(np.maximum(strips["straightness_m"] / pixel_m / np.hypot(_STRAIGHT_PX, wander), 0.7)),
            "evenness": strips["evenness"],
            "flanks": np.clip(strips["flank_ratio"], 0, 1),
            "goes_on": ahead.max(axis=1),
            "goes_on_both": ahead.min(axis=1),
            "resumes": np.clip((strips["resumes"] - _RESUMES * strips["grain"]) / unsure, 0, 1),
            "hidden": strips["hidden_ends"].astype(np.float64),
            "joined": np.clip(strips["joined"] / unsure, 0, 1),
            "coarseness": np.clip(strips["grain"], 0, 1),
            "twin": np.clip(strips["lobe"], 0, 1),
            "breadth": np.log(np.maximum(strips["width_m"], 30.0) / 30.0),
            "narrowness": np.log(_NARROW_M / np.minimum(strips["width_m"], _NARROW_M)),
            "overlong": np.log(np.maximum(strips["length_m"], _LONG_M) / _LONG_M),
        },
        index=strips.index,
    )


def _verdict_probability(strips: pd.DataFrame) -> FloatArray:
    """Probability that the strip is seen on the dates on which the verdict says so, and not on the others."""
    clearest = np.maximum(strips["contrast_before"], strips["contrast_after"])
    faintest = np.minimum(strips["contrast_before"], strips["contrast_after"])
    share = np.divide(faintest, clearest, out=np.ones(len(strips)), where=clearest > 0)
    noise = np.divide(strips["contrast_noise"], clearest, out=np.ones(len(strips)), where=clearest > 0)
    margin = (find_seen_share(clearest, strips["contrast_noise"]) - share) / np.hypot(_SHARE_SIGMA, noise)
    verdict = strips["verdict"]
    margin = np.where(verdict == "unchanged", -margin, margin)
    return np.where(verdict == "not_observed", 1.0, special.ndtr(margin))


_SIDES = {
    "straying": "road",
    "goes_on": "road",
    "goes_on_both": "power_line",
    "resumes": "power_line",
    "overlong": "power_line",
    "joined": "road",
    "narrowness": "road",
    "hidden": "road",
    "flanks": "field_edge",
    "breadth": "field_edge",
    "twin": "misregistration",
}
"""What each measure speaks for when it speaks against a strip."""
_SHARE_SIGMA = 0.06  # what two dates of one surface differ by
_SPEAKS = 1.0


def _name_confuser(strips: pd.DataFrame, shape: pd.DataFrame, model: ShapeModel) -> list[str]:
    """Name what the measure that speaks loudest against a strip speaks for; none where none does."""
    curves = {name: model.curves[name] for name in _SIDES}
    against = pd.DataFrame(
        {name: curve.read(model.typical[name]) - curve.read(shape[name]) for name, curve in curves.items()},
        index=shape.index,
    )
    loudest = against.idxmax(axis=1) if len(against) else pd.Series(dtype="str")
    loud = against.max(axis=1)
    names = [_SIDES[name] if value > _SPEAKS else "none" for name, value in zip(loudest, loud, strict=True)]
    long = strips["length_m"] > 2000
    return ["road" if name == "power_line" and not is_long else name for name, is_long in zip(names, long, strict=True)]


def _give_reasons(row: Any) -> str:  # noqa: ANN401 - a named tuple of the table's columns
    """Why a candidate was flagged, and what would make it false; clauses parted by a semicolon and a space.

    Each clause has the form that the catalogue has of it, so that files for readers can say it in their language.
    """
    clauses = [
        _say_seen(row),
        _say("why.contrast", times=f"{row.snr:.0f}"),
        _say("why.straight", distance=f"{row.straightness_m:.1f}"),
        _say("why.flanks", share=_percent(max(row.flank_ratio, 0))),
    ]
    clauses += [
        _say("why.beyond", number=number, share=_percent(min(share, 1)))
        for number, share in (("1", row.beyond_end1), ("2", row.beyond_end2))
        if share >= _WORTH_SAYING
    ]
    clauses += [
        _say(f"hidden.{reason}", number=number)
        for number, reason in (("1", row.hidden_end1), ("2", row.hidden_end2))
        if reason
    ]
    if row.resumes - _RESUMES * row.grain >= _MUCH:
        clauses.append(_say("why.resumes", share=_percent(min(row.resumes, 1))))
    if row.joined >= _WORTH_SAYING:
        clauses.append(_say("why.joined", share=_percent(min(row.joined, 1))))
    if row.lobe >= _MUCH:
        clauses.append(_say("why.lobe", share=_percent(min(row.lobe, 1))))
    if row.grain >= _MUCH:
        clauses.append(_say("why.grain", share=_percent(row.grain)))
    if row.observed_share < 0.995:
        clauses.append(_say("why.observed", share=_percent(row.observed_share)))
    clauses.append(_say("doubt", condition=_say(f"doubt.{row.confuser}")))
    return "; ".join(clauses)


def _say_seen(row: Any) -> str:  # noqa: ANN401 - a named tuple of the table's columns
    clearest = max(row.contrast_before, row.contrast_after, 1e-9)
    size = {"length": f"{row.length_m:.0f}", "width": f"{row.width_m:.0f}"}
    match row.verdict:
        case "new":
            return _say("why.new", **size, share=_percent(row.contrast_before / clearest))
        case "regrowing":
            return _say("why.regrowing", **size, share=_percent(row.contrast_after / clearest))
        case "not_observed":
            return _say("why.not_observed", **size)
        case _:
            return _say("why.both", **size)


def _say(key: str, **values: str) -> str:
    return ENGLISH.say(f"recorded.{key}", **values)


def _percent(share: float) -> str:
    return f"{share:.0%}".removesuffix("%")
