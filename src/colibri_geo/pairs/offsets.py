"""Sentinel-2 pairs of which one scene holds the offset and the other does not: told, put right, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.normalize import RadiometricMatch, measure_spread
from colibri_geo.errors import RadiometryError
from colibri_geo.scenes.offset import ADDED, BELOW_GROUND, PER_UNIT
from colibri_geo.scenes.scene import Scene

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

STEP = -ADDED * PER_UNIT
"""The offset as reflectance."""

_VISIBLE = ("blue", "green", "red")
_VISIBLE_SLACK = 0.03  # what season and sun change in dark bands
_INFRARED_SLACK = 0.15  # leaves come and go
_CONTRAST = (
    2.0  # an offset leaves the contrast of the ground, give or take the season; haze that adds as much halves it
)
_LEAST_CONTRAST = 0.001
_DARK_PERCENT = 2
_ADVICE = "say scale and offset of the wrong one in a band map (TOML)"


@dataclass(frozen=True)
class Repair:
    """What is added to the reflectance of the two scenes of a pair.

    Attributes
    ----------
    added_before, added_after : float
    notes : tuple of str
    """

    added_before: float = 0.0
    added_after: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Side:
    """One scene of a pair with a sample of it.

    Attributes
    ----------
    scene : Scene
    sample : (B, K) ndarray of float64, reflectance
        Pixels that are observed on both dates.
    """

    scene: Scene
    sample: FloatArray

    @property
    def dark(self) -> float:
        """The dark end of the darkest band."""
        return float(np.percentile(self.sample, _DARK_PERCENT, axis=1).min())

    @property
    def may_hold(self) -> bool:
        """Whether the offset may be left in its values."""
        offset = self.scene.provenance.offset
        open_ = offset is not None and not offset.added and not offset.certain
        return open_ and self.dark >= STEP + BELOW_GROUND

    @property
    def may_lack(self) -> bool:
        """Whether the offset may have been taken off twice."""
        offset = self.scene.provenance.offset
        return offset is not None and offset.added < 0 and (not offset.certain or self.dark < BELOW_GROUND)


def reconcile_offsets(before: Side, after: Side, match: RadiometricMatch, bands: Sequence[str]) -> Repair:
    """Find out whether one Sentinel-2 offset lies between the scenes of a pair, and what puts it right.

    Parameters
    ----------
    before, after : Side
    match : RadiometricMatch
        ``before = after * gain + offset``, from the two samples.
    bands : sequence of str
        Common names of the samples' bands.

    Returns
    -------
    Repair
        Nothing to add where the scenes differ otherwise, or where the verdict on each of them is certain.

    Raises
    ------
    RadiometryError
        Where either could be the wrong one.

    Notes
    -----
    The offset adds 0.1 to each band and leaves the contrast of the ground. Season changes infrared more than visible
    bands; haze and thin cloud take contrast away where they add as much; brightening by a factor adds little to what
    is dark.
    """
    shift = np.median(after.sample, axis=1) * (match.gain - 1) + match.offset
    bright, dark = (before, after) if shift.sum() > 0 else (after, before)
    doubted = bright.may_hold or dark.may_lack
    if not (doubted and _is_step(shift, bands) and _keeps_contrast(before.sample, after.sample)):
        return Repair()
    repaired = _choose(bright, dark)
    added = -STEP if repaired is bright else STEP
    note = _describe(bright.scene.name, dark.scene.name, held=repaired is bright)
    return Repair(added, 0.0, (note,)) if repaired is before else Repair(0.0, added, (note,))


def _keeps_contrast(before: FloatArray, after: FloatArray) -> bool:
    """Whether the ground spreads about as much on both dates, in each band."""
    spreads = [np.maximum(measure_spread(values), _LEAST_CONTRAST) for values in (before, after)]
    ratio = spreads[0] / spreads[1]
    return bool(np.all((ratio > 1 / _CONTRAST) & (ratio < _CONTRAST)))


def _is_step(shift: FloatArray, bands: Sequence[str]) -> bool:
    """Whether every band shifts by the offset in one direction, as far as season lets it."""
    slack = np.array([_VISIBLE_SLACK if band in _VISIBLE else _INFRARED_SLACK for band in bands])
    return bool(np.all(np.abs(np.sign(shift.sum()) * shift - STEP) <= slack))


def _choose(bright: Side, dark: Side) -> Side:
    """Return the scene that is to be put right."""
    if not bright.may_hold:
        return dark
    offset = bright.scene.provenance.offset
    if dark.may_lack and offset is not None and offset.stated:
        raise RadiometryError(
            f"{bright.scene.name} is 0.1 brighter than {dark.scene.name} in every band, as by one Sentinel-2 offset, "
            "but by their metadata the first holds none and that of the second was taken off, and the values fit "
            f"either; {_ADVICE}"
        )
    return bright


def _describe(bright: str, dark: str, *, held: bool) -> str:
    seen = f"{bright} was 0.1 brighter than {dark} in every band, with the same contrast"
    if held:
        return f"{seen}: its values still held the Sentinel-2 offset, and 0.1 was taken off it"
    return f"{seen}: the Sentinel-2 offset of {dark} had been taken off twice, and 0.1 was added to it again"
