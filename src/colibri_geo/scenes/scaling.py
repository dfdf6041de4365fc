"""What the numbers in a file mean: from stored values to reflectance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from colibri_geo.errors import RadiometryError
from colibri_geo.scenes.backscatter import BackscatterUnit, describe_backscatter, to_decibels
from colibri_geo.scenes.offset import (
    ADDED,
    OFFSET_TAGS,
    PER_UNIT,
    OffsetVerdict,
    find_baseline,
    judge_offset,
    recognise_sentinel2,
)
from colibri_geo.scenes.scene import BoolArray, FloatArray

SURFACE, TOA, RELATIVE, GAMMA0_DB = "surface reflectance", "toa reflectance", "relative", "gamma0_db"
QUANTITIES = (SURFACE, TOA, RELATIVE, GAMMA0_DB)
RELATIVE_COST = (
    "8-bit picture of unknown gain: brightness is relative, faint strips are lost to the 8-bit steps, "
    "and probabilities are less certain"
)
NO_INFRARED_COST = (
    "no near infrared: bare soil cannot be told from dry grass, bright vegetation or turbid water by its spectrum"
)

_QUANTITY_BY_TAG = {"BOA_ADD_OFFSET": SURFACE, "RADIO_ADD_OFFSET": TOA}
_MAX_REFLECTANCE = 2.0  # snow and glint reach above 1; a scene whose bright end lies beyond 2 holds no reflectance
_MAX_8BIT = 255
_PLAUSIBLE = (-0.5, 10.0)  # no sensor's smallest or largest stored value lies beyond; fill values (-9999, 1e20) do


@dataclass(frozen=True)
class Scaling:
    """Stored values to physical ones: ``value = stored * gain + offset``, or decibels.

    Attributes
    ----------
    gains, offsets : tuple of float
        One a band of the scene.
    quantity : str
        ``surface reflectance``, ``toa reflectance``, ``relative`` (8-bit pictures, 0 to 1) or ``gamma0_db``.
    text : str
        The same in words for tables.
    offset : OffsetVerdict or None
        What was found of the Sentinel-2 offset, None where the values cannot hold it.
    unit : BackscatterUnit or None
        Of radar: what is stored, in place of gains and offsets.
    """

    gains: tuple[float, ...]
    offsets: tuple[float, ...]
    quantity: str
    text: str
    offset: OffsetVerdict | None = None
    unit: BackscatterUnit | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the result has to know."""
        return () if self.offset is None or self.offset.note is None else (self.offset.note,)

    def to_physical(self, stored: np.ndarray[Any, Any], positions: Sequence[int]) -> FloatArray:
        """Scale the bands at `positions`, (B, M, N); what is not finite stays so, what has no decibels becomes NaN."""
        if self.unit is not None:
            return to_decibels(stored, self.unit)
        with np.errstate(over="ignore", invalid="ignore"):
            gains = np.array([self.gains[position] for position in positions], dtype=np.float32)[:, None, None]
            offsets = np.array([self.offsets[position] for position in positions], dtype=np.float32)[:, None, None]
            physical: FloatArray = np.multiply(stored, gains, dtype=np.float32)
            physical += offsets
        return physical

    def is_plausible(self, physical: FloatArray) -> BoolArray:
        """Find pixels that hold no fill value that the file fails to declare, (M, N) ndarray of bool."""
        low, high = (-math.inf, math.inf) if self.unit is not None else _PLAUSIBLE
        if physical.size and physical.min() >= low and physical.max() <= high:  # not where one is NaN
            return np.ones(physical.shape[1:], dtype=np.bool_)
        plausible: BoolArray = np.all((physical >= low) & (physical <= high), axis=0)
        return plausible


def scale_backscatter(unit: BackscatterUnit, *, bands: int) -> Scaling:
    """Return the scaling of radar bands."""
    return Scaling((1.0,) * bands, (0.0,) * bands, GAMMA0_DB, describe_backscatter(unit), unit=unit)


def infer_scaling(
    sample: np.ndarray[Any, Any],
    *,
    tags: Mapping[str, str],
    scales: Sequence[float],
    offsets: Sequence[float],
    source: str,
    bands: Sequence[str] = (),
    said: bool = False,
) -> Scaling:
    """Decide what stored values mean.

    GDAL's own scale and offset come first, then the Sentinel-2 offset tags, then the values themselves: 8-bit pictures
    are relative, floats up to 2 are reflectance, what reaches hundreds or thousands is reflectance x 10000. What is
    declared of the Sentinel-2 offset is held against the values; see `colibri_geo.scenes.offset.judge_offset`.

    Parameters
    ----------
    sample : (B, K) ndarray, stored values of measured pixels, K at least 1
        Its dtype is the file's.
    tags : mapping of str to str
    scales, offsets : sequence of float
        GDAL's band scale and offset, one a band; 1 and 0 where none is declared.
    source : str
        Name of the file for error messages; a Sentinel-2 product id in it tells the processing baseline.
    bands : sequence of str
        Common names of the bands of `sample`.
    said : bool
        Whether a user gave scale and offset, who has the last word: tags are not asked, the offset is not judged.

    Returns
    -------
    Scaling

    Raises
    ------
    RadiometryError
        Where the values fit none of these, or where what the file declares contradicts itself.

    Examples
    --------
    >>> sample = np.array([[1200, 3000]], dtype=np.uint16)
    >>> tags = {"BOA_ADD_OFFSET": "-1000"}
    >>> infer_scaling(sample, tags=tags, scales=[1.0], offsets=[0.0], source="example").text
    '(stored -1000) x 0.0001'
    """
    added = 0.0 if said else _find_added(tags, source=source)
    quantity = next((_QUANTITY_BY_TAG[tag] for tag in _QUANTITY_BY_TAG if tag in tags), SURFACE)
    if said or any(scale != 1 for scale in scales) or any(offset != 0 for offset in offsets):
        scaling = _declare(scales, offsets, added, quantity, by="by the user" if said else "in the file", source=source)
    elif sample.dtype == np.uint8:
        return _same(1 / _MAX_8BIT, 0.0, RELATIVE, "8-bit value / 255 (gain unknown)", bands=len(sample))
    else:
        scaling = _guess(sample, added, quantity, source=source)
    if not said:
        scaling = _judge(scaling, sample, tags=tags, bands=bands, source=source)
    return check_values(scaling, sample, source=source)


def _guess(sample: np.ndarray[Any, Any], added: float, quantity: str, *, source: str) -> Scaling:
    """Tell from the values of a file that declares no scale."""
    top = _find_top(sample)
    if sample.dtype.kind == "f" and top <= _MAX_REFLECTANCE:
        text = "stored as reflectance" + (f" (the offset {added:+g} in its tags is for integers)" if added else "")
        return _same(1.0, 0.0, quantity, text, bands=len(sample))
    if top <= _MAX_8BIT:
        raise RadiometryError(
            f"{source}: stored values reach {top:g} only, expected reflectance as float 0 to 1 or integer x 10000; "
            "save an 8-bit picture as 8-bit, or declare scale and offset in the file"
        )
    return _same(PER_UNIT, added * PER_UNIT, quantity, _word(added), bands=len(sample))


def _word(added: float) -> str:
    return f"(stored {added:+g}) x {PER_UNIT:g}" if added else f"stored x {PER_UNIT:g}"


def _judge(
    scaling: Scaling, sample: np.ndarray[Any, Any], *, tags: Mapping[str, str], bands: Sequence[str], source: str
) -> Scaling:
    """Hold the offset of what may be Sentinel-2 values against the values, and apply it, or do not."""
    known = recognise_sentinel2(tags, source)
    if known and set(scaling.gains) == {1.0} and not any(scaling.offsets):
        # Integers became reflectance outside of any archive, so that no tag tells what was done to them.
        verdict = judge_offset(sample / PER_UNIT, declared=None, baseline=None, bands=bands, source=source)
        return replace(scaling, offset=verdict)
    alike = len(set(scaling.offsets)) == 1 and np.allclose(scaling.gains, PER_UNIT, rtol=1e-6, atol=0)
    declared = round(scaling.offsets[0] / PER_UNIT, 3) if alike else 0.0
    if known is False or not alike or not (known or declared in {0.0, ADDED}):
        return scaling
    silent = not declared and not any(tag in tags for tag in OFFSET_TAGS)
    baseline = tags.get("PROCESSING_BASELINE")
    verdict = judge_offset(
        sample,
        declared=None if silent else declared,
        baseline=baseline or find_baseline(tags.get("PRODUCT_ID"), source),
        by_name=not baseline,
        bands=bands,
        source=source,
    )
    if verdict.added == declared:
        return replace(scaling, offset=verdict)
    offsets = (verdict.added * PER_UNIT,) * len(scaling.offsets)
    return replace(scaling, offsets=offsets, text=_word(verdict.added), offset=verdict)


def _find_added(tags: Mapping[str, str], *, source: str) -> float:
    """Return what the Sentinel-2 tags say is to be added to stored values, 0 where they say nothing."""
    tag = next((tag for tag in _QUANTITY_BY_TAG if tag in tags), None)
    if tag is None:
        return 0.0
    try:
        added = float(tags[tag])
    except ValueError:
        added = math.nan
    if not -1 / PER_UNIT < added <= 0:
        raise RadiometryError(
            f"{source}: tag {tag} is {tags[tag][:40]!r}, expected 0 or a negative number such as -1000; correct the tag"
        )
    return added


def _declare(
    scales: Sequence[float], offsets: Sequence[float], added: float, quantity: str, *, by: str, source: str
) -> Scaling:
    """Scaling by GDAL's scale and offset; an offset in the tags counts once, whether or not it is declared too."""
    by_tag = [scale * added for scale in scales]
    if added and not any(offsets):
        offsets = by_tag
    elif added and not np.allclose(offsets, by_tag, rtol=1e-3, atol=0):
        raise RadiometryError(
            f"{source}: declares scale {scales[0]:g} and offset {offsets[0]:g}, its tags add {added:g} to stored "
            "values; expected one offset, correct the file"
        )
    if len(set(scales)) == len(set(offsets)) == 1:
        text = f"stored x {scales[0]:g} {offsets[0]:+g} (declared {by})"
    else:
        text = f"scale and offset of each band as declared {by}"
    return Scaling(tuple(scales), tuple(offsets), quantity, text)


def _same(gain: float, offset: float, quantity: str, text: str, *, bands: int) -> Scaling:
    return Scaling((gain,) * bands, (offset,) * bands, quantity, text)


def _find_top(values: np.ndarray[Any, Any]) -> float:
    """Return the bright end of a sample, a value that occurs in it."""
    return float(np.percentile(values, 99.5, method="nearest"))


def check_values(scaling: Scaling, sample: np.ndarray[Any, Any], *, source: str) -> Scaling:
    """Return a scaling that gives reflectance on a sample of stored values, (B, K).

    Raises
    ------
    RadiometryError
        Where the values that it gives are none.
    """
    physical = scaling.to_physical(sample[:, :, None], range(len(sample)))
    top = _find_top(physical)
    if not 0.0 < top <= _MAX_REFLECTANCE:
        raise RadiometryError(
            f"{source}: values reach {top:.3g} ({scaling.text}), expected reflectance of 0 to {_MAX_REFLECTANCE:g}: "
            "8-bit, float 0 to 1, integer x 10000, or scale and offset declared in the file; declare them, and nodata"
        )
    return scaling
