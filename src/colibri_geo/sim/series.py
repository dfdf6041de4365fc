"""Many dates of one synthetic ground: strips appear, fade, are cleared again and grow over."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np

from colibri_geo.errors import SettingsError
from colibri_geo.sim.confusers import Site
from colibri_geo.sim.pairs import (
    MIN_OBSERVED_SHARE,
    Acquisition,
    TruthStrip,
    acquire,
    check_spec,
    observed_share,
    true_strip,
)
from colibri_geo.sim.placing import draw_clouds, draw_look, random_spec
from colibri_geo.sim.spec import Confuser, Feature, Paint, SceneSpec, Strip

GONE_CONTRAST = 0.06
"""Below this a strip that grows over counts as gone."""
FADES_DAYS = {"new": (180.0, 700.0), "old": (300.0, 1200.0), "regrowing": (25.0, 90.0)}
"""Days in which the contrast falls to a third, by kind: grass in a few weeks, bare and used ground in years."""
REVISIT_DAYS = (5, 45)
_CLEARED_AGAIN = 0.45
_OPTICS = ("seam", "shade", "haze_front", "gap")


@dataclass(frozen=True)
class TruthLife:
    """A strip over many dates.

    Attributes
    ----------
    strip : TruthStrip
        Place and kind; its `observed_share` is that of what is seen on every date.
    contrasts : tuple of float
        On each date; 0 where the strip is not there.
    observed_shares : tuple of float
        Share of the axis that each date's mask leaves.
    """

    strip: TruthStrip
    contrasts: tuple[float, ...]
    observed_shares: tuple[float, ...]

    @property
    def present(self) -> tuple[bool, ...]:
        """Whether the strip is there on each date."""
        return tuple(contrast > 0 for contrast in self.contrasts)

    @property
    def observable(self) -> tuple[bool, ...]:
        """Whether each date sees enough of it to tell."""
        return tuple(share >= MIN_OBSERVED_SHARE for share in self.observed_shares)


@dataclass(frozen=True)
class SimulatedSeries:
    """Synthetic acquisitions of one ground in order of time, and the truth.

    Attributes
    ----------
    acquisitions : tuple of Acquisition
        Values (B, M, N) float32, surface reflectance, with their mask, one a date.
    truth : tuple of TruthLife
    spec : SceneSpec
    """

    acquisitions: tuple[Acquisition, ...]
    truth: tuple[TruthLife, ...]
    spec: SceneSpec


def simulate_series(spec: SceneSpec) -> SimulatedSeries:
    """Simulate all dates of a scene; a pair is the series of two.

    Parameters
    ----------
    spec : SceneSpec
        See `random_series_spec`; more than two dates where it has `later` looks. What is given for two dates alone
        (confusers, strips without a life) changes once, on a date drawn by seed.

    Returns
    -------
    SimulatedSeries
        The same for the same spec.

    Raises
    ------
    SettingsError, BandError
        Where the spec cannot be rendered.

    Examples
    --------
    >>> strip = Strip((200.0, 300.0), (800.0, 700.0), width_m=20.0)
    >>> series = simulate_series(SceneSpec(seed=1, rows=100, cols=100, strips=(strip,)))
    >>> len(series.acquisitions), series.truth[0].present
    (2, (False, True))
    """
    check_spec(spec)
    spread = _spread_over_dates(spec)
    acquisitions = acquire(spread)
    masks = [taken.scl for taken in acquisitions]
    truth = tuple(
        TruthLife(
            true_strip(spec, strip, number, masks),
            _contrasts(strip),
            tuple(observed_share(spec, strip, [mask]) for mask in masks),
        )
        for number, strip in enumerate(spread.strips, start=1)
    )
    return SimulatedSeries(acquisitions, truth, spec)


def random_series_spec(
    seed: int,
    *,
    dates: int,
    revisit_days: tuple[int, int] = REVISIT_DAYS,
    cloud_share: float = 0.04,
    max_shift_px: float = 0.5,
    **words: Any,  # noqa: ANN401 - handed on to random_spec, which checks them
) -> SceneSpec:
    """Make a scene of many dates from a seed and a few words.

    Parameters
    ----------
    seed : int
    dates : int
        At least 2; with 2, `random_spec` itself.
    revisit_days : tuple of int
        Fewest and most days between dates beyond the second.
    cloud_share, max_shift_px : float
        As in `random_spec`, of each date.
    **words
        Further words of `random_spec`.

    Returns
    -------
    SceneSpec
        The ground, and the first two looks, are those that `random_spec` gives. New strips appear at any date but the
        first; all fade, some are cleared again.

    Raises
    ------
    SettingsError
        For fewer than two dates, days out of order, and what `random_spec` refuses.
    """
    first, last = revisit_days
    if dates < 2 or not 1 <= first <= last:
        raise SettingsError(
            f"{dates} dates every {first} to {last} days, expected at least 2 dates and days in order; correct them"
        )
    spec = random_spec(seed, cloud_share=cloud_share, max_shift_px=max_shift_px, **words)
    if dates == 2:
        return spec
    rng, looks = np.random.default_rng([seed, 10]), list(spec.looks)
    for _ in range(dates - 2):
        acquired = looks[-1].acquired + timedelta(days=int(rng.integers(first, last + 1)))
        looks.append(draw_look(rng, acquired, len(spec.bands), max_shift_px))
    site = Site(spec.width_m, spec.height_m, spec.biome)
    clouds = (*spec.clouds, *draw_clouds(rng, site, cloud_share, dates=range(2, dates)))
    spec = dataclasses.replace(spec, later=tuple(looks[2:]), clouds=clouds)
    days = [(look.acquired - spec.before.acquired).days for look in spec.looks]
    strips = tuple(dataclasses.replace(strip, life=draw_life(rng, strip, days)) for strip in spec.strips)
    return dataclasses.replace(spec, strips=strips)


def draw_life(rng: np.random.Generator, strip: Strip, days: Sequence[int]) -> tuple[float, ...]:
    """Draw the contrast of a strip on each date.

    Parameters
    ----------
    rng : Generator
    strip : Strip
        Its kind says whether it is there on the first date (``old``, ``regrowing``) or comes later (``new``); its
        contrast is that of freshly cleared ground.
    days : sequence of int
        Days of the dates since the first.

    Returns
    -------
    tuple of float
        0 where it is not there.
    """
    count = len(days)
    start = int(rng.integers(1, count)) if strip.kind == "new" else 0
    scale = float(rng.uniform(*FADES_DAYS[strip.kind]))
    again = int(rng.integers(start + 1, count)) if start + 1 < count and rng.random() < _CLEARED_AGAIN else count
    if strip.kind == "regrowing":
        again = count
    fresh, since, life = strip.contrast, days[start], []
    for date, day in enumerate(days):
        if date == again:
            fresh, since = min(strip.contrast * float(rng.uniform(0.9, 1.05)), 1.0), day
        faded = fresh * math.exp(-(day - since) / scale) if date >= start else 0.0
        life.append(faded if faded >= GONE_CONTRAST * strip.contrast else 0.0)
    return tuple(life)


def _contrasts(strip: Strip) -> tuple[float, ...]:
    if strip.life:
        return strip.life
    later = strip.contrast if strip.later_contrast is None else strip.later_contrast
    return {"new": (0.0, strip.contrast), "old": (strip.contrast, later), "regrowing": (strip.contrast, 0.0)}[
        strip.kind
    ]


def _spread_over_dates(spec: SceneSpec) -> SceneSpec:
    """Give all that changes between two dates a date on which it does."""
    dates = len(spec.looks)
    if dates == 2:
        return spec
    rng = np.random.default_rng([spec.seed, 11])
    confusers = tuple(_spread_confuser(rng, confuser, dates) for confuser in spec.confusers)
    strips = tuple(_spread_strip(rng, strip, dates) for strip in spec.strips)
    return dataclasses.replace(spec, confusers=confusers, strips=strips)


def _spread_confuser(rng: np.random.Generator, confuser: Confuser, dates: int) -> Confuser:
    change = int(rng.integers(1, dates))
    passing = confuser.kind in _OPTICS
    return Confuser(confuser.kind, tuple(_spread_feature(f, change, dates, passing=passing) for f in confuser.features))


def _spread_feature(feature: Feature, change: int, dates: int, *, passing: bool) -> Feature:
    """Put what passes on one date; let anything else change for good."""
    early, late = feature.paints
    paints: tuple[Paint | None, ...] = tuple(late if date >= change else early for date in range(dates))
    if passing:
        paints = tuple((late or early) if date == change else None for date in range(dates))
    return dataclasses.replace(feature, paints=paints)


def _spread_strip(rng: np.random.Generator, strip: Strip, dates: int) -> Strip:
    if strip.life:
        return strip
    change = int(rng.integers(1, dates))
    early, late = _contrasts(strip)
    return dataclasses.replace(strip, life=tuple(late if date >= change else early for date in range(dates)))
