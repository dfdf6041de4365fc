"""The offset of Sentinel-2: whether the stored values hold it, by what the metadata say and by what the values are.

From processing baseline 04.00 on, 1000 is added to every stored value, so that slightly negative reflectance can be
kept [1]_. Collection 1 has put it on older acquisitions too, some archives have taken it off again, and some metadata
still say otherwise [2]_ [3]_: so the date does not tell, and what the metadata say is held against the values.

References
----------
.. [1] ESA, Sentinel-2 Products Specification Document, issue 14.9: BOA_ADD_OFFSET, RADIO_ADD_OFFSET.
.. [2] https://github.com/microsoft/PlanetaryComputer/issues/134
.. [3] https://github.com/Element84/earth-search/issues/66
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np

from colibri_geo.errors import RadiometryError

OFFSET_TAGS = ("BOA_ADD_OFFSET", "RADIO_ADD_OFFSET")
PER_UNIT = 1e-4
ADDED = -1000.0
"""What baseline 04.00 and later want added to stored values."""
BELOW_GROUND = -0.03
"""Reflectance below which no sizeable part of a scene lies, as a fraction: noise is ten times smaller, and atmospheric
correction that took too much off dark water or shade leaves some hundredths at most."""

_FIRST_BASELINE = 4.0
_FEW = 100  # pixels of which no share can be told
_DARK_PERCENT = 2  # of each band: water, shade, dense leaves; more than edges and single faults of a sensor
_DARK_SHADE = (-0.01, 0.01)  # shade and clear water in near infrared, once the offset is off
_DARK_LEAVES = (-0.01, 0.07)  # chlorophyll absorbs blue and red, whatever the plants
_GREEN = 0.15  # near infrared over red, medians of a scene of which plants cover the most; no offset changes it
_VISIBLE = ("blue", "green", "red")
SENSOR_TAGS = ("SENSOR", "SATELLITE", "SATELLITEID", "PLATFORM", "SPACECRAFT_ID", "SPACECRAFT_NAME")
_PRODUCT = re.compile(r"S2[A-D]_MSIL(?:1C|2A)_\w+?_N(?P<major>\d\d)(?P<minor>\d\d)_", re.IGNORECASE)
_SENTINEL2 = re.compile(r"sentinel[-_ ]?2|\bS2[A-D]?\b|\bMSI\b|S2[A-D]_MSI", re.IGNORECASE)


@dataclass(frozen=True)
class OffsetVerdict:
    """What was found of the Sentinel-2 offset of a scene.

    Attributes
    ----------
    added : float
        What is added to stored values: -1000 where they hold the offset, 0 where they do not.
    certain : bool
        Whether the values show that this is right; False where they would also fit the other way.
    stated : bool
        Whether the metadata say so; False where they are silent.
    text : str
        What is done, in words.
    note : str or None
        What a reader of the result has to know.
    """

    added: float
    certain: bool
    stated: bool
    text: str
    note: str | None = None


class _Values(Enum):
    """What the values themselves say."""

    WITHOUT = auto()  # with the offset taken off, ground would be darker than black
    WITH = auto()  # what is dark everywhere lies where the offset puts it
    OPEN = auto()  # bright ground, haze or the offset


def judge_offset(
    sample: np.ndarray[Any, Any],
    *,
    declared: float | None,
    baseline: str | None,
    source: str,
    bands: Sequence[str] = (),
    by_name: bool = False,
) -> OffsetVerdict:
    """Decide whether the Sentinel-2 offset is to be taken off stored values.

    Parameters
    ----------
    sample : (B, K) ndarray, reflectance x 10000, with or without the offset
        Pixels from all over the scene; those that are 0 in a band were not measured in it.
    declared : float or None
        What the metadata say is to be added to stored values, such as -1000 or 0; None where they do not say.
    baseline : str or None
        Processing baseline, such as ``05.09``.
    source : str
        Name of the scene for messages.
    bands : sequence of str
        Common names of the bands of `sample`. Where red and near infrared are among them, plants are looked for.
    by_name : bool
        Whether no more than a name (a product id, a file's name) tells the baseline, which stays when values change.

    Returns
    -------
    OffsetVerdict

    Raises
    ------
    RadiometryError
        Where the metadata contradict themselves and the values do not settle it.

    Notes
    -----
    The values refute the offset where 2 % of a band would lie below a reflectance of -0.03 without it. They bear it out
    where what is dark anywhere (shade and clear water in near infrared, leaves in blue and red [1]_) lies at 0 to some
    hundredths without it. Bright ground, snow, cloud and uniform haze do neither: then the metadata decide alone, and
    the verdict is not certain.

    References
    ----------
    .. [1] Tucker, C. J. (1979). Red and photographic infrared linear combinations for monitoring vegetation. Remote
       Sensing of Environment 8, 127-150. https://doi.org/10.1016/0034-4257(79)90013-0

    Examples
    --------
    >>> forest = np.array([[220, 190, 260, 210]] * 50).ravel()[None]
    >>> judge_offset(forest, declared=-1000.0, baseline="05.09", source="example").text
    'no offset applied: the values hold none any more'
    >>> judge_offset(forest + 1000, declared=-1000.0, baseline="05.09", source="example").text
    'offset -1000 applied'
    """
    number = _read_baseline(baseline)
    by_baseline = None if number is None else (ADDED if number >= _FIRST_BASELINE else 0.0)
    stated = declared if declared is not None else by_baseline
    held = -(stated or ADDED)
    dark = _find_dark(sample)
    values = _read_values(sample, dark, bands, held)
    if values is _Values.WITHOUT:
        return _leave_out(stated, baseline, held)
    if declared and by_baseline == 0.0:
        raise RadiometryError(
            f"{source}: its metadata add {declared:g} to stored values, but processing baseline {baseline} has no "
            "offset, and its values fit either; say scale and offset in a band map (TOML)"
        )
    if stated:
        certain = values is _Values.WITH
        doubt = _doubt_name(baseline, held) if by_name and declared is None and not certain else None
        return OffsetVerdict(stated, certain, stated=True, text=f"offset {stated:g} applied", note=doubt)
    return _keep(stated, dark)


def find_baseline(*texts: str | None) -> str | None:
    """Return the processing baseline that a product id, or a file's name, holds.

    Examples
    --------
    >>> find_baseline(None, "S2B_MSIL2A_20180101T143749_N0500_R096_T18NYL_20230101T000000")
    '05.00'
    """
    for text in texts:
        found = _PRODUCT.search(text or "")
        if found:
            return f"{found['major']}.{found['minor']}"
    return None


def recognise_sentinel2(tags: Mapping[str, str], name: str) -> bool | None:
    """Tell whether a file holds Sentinel-2 values, by its tags and its name; None where nothing names a sensor."""
    if any(tag in tags for tag in (*OFFSET_TAGS, "PROCESSING_BASELINE")):
        return True
    if any(_PRODUCT.search(text) for text in (tags.get("PRODUCT_ID", ""), name)):
        return True
    sensors = [tags[tag] for tag in SENSOR_TAGS if tags.get(tag, "").strip()]
    return any(_SENTINEL2.search(sensor) for sensor in sensors) if sensors else None


def _read_baseline(text: str | None) -> float | None:
    """Return a baseline as a number; None for none, and for what processors at home write (99.99)."""
    found = re.fullmatch(r"N?(\d{1,2})[._]?(\d\d)", (text or "").strip(), re.IGNORECASE)
    return None if found is None or found[1] == "99" else float(f"{found[1]}.{found[2]}")


def _find_dark(sample: np.ndarray[Any, Any]) -> float | None:
    """Return the dark end of the darkest band, in stored values; None where too few pixels were measured."""
    ends = [np.percentile(band[band != 0], _DARK_PERCENT) for band in sample if np.count_nonzero(band) >= _FEW]
    return float(min(ends)) if ends else None


def _read_values(sample: np.ndarray[Any, Any], dark: float | None, bands: Sequence[str], held: float) -> _Values:
    if dark is None:
        return _Values.OPEN
    if (dark - held) * PER_UNIT < BELOW_GROUND:
        return _Values.WITHOUT
    leaves = _find_leaves(sample, bands)
    level, (low, high) = (dark, _DARK_SHADE) if leaves is None else (leaves, _DARK_LEAVES)
    return _Values.WITH if low <= (level - held) * PER_UNIT < high else _Values.OPEN


def _find_leaves(sample: np.ndarray[Any, Any], bands: Sequence[str]) -> float | None:
    """Return how dark plants are in the darkest visible band, in stored values; None where they do not prevail."""
    if not {"red", "nir"} <= set(bands):
        return None
    middle = {name: float(np.median(band)) for name, band in zip(bands, sample, strict=True)}
    if (middle["nir"] - middle["red"]) * PER_UNIT < _GREEN:
        return None
    return min(middle[name] for name in _VISIBLE if name in middle)


def _leave_out(stated: float | None, baseline: str | None, held: float) -> OffsetVerdict:
    if not stated:
        return OffsetVerdict(0.0, certain=True, stated=stated is not None, text="no offset to apply")
    by = "" if baseline is None else f" (baseline {baseline})"
    note = (
        f"its metadata say that stored values hold the Sentinel-2 offset of {held:g}{by}, but without it some ground "
        "would be darker than black: it was taken off before, and was not taken off again"
    )
    return OffsetVerdict(
        0.0, certain=True, stated=True, text="no offset applied: the values hold none any more", note=note
    )


def _doubt_name(baseline: str | None, held: float) -> str:
    return (
        f"that stored values hold the Sentinel-2 offset of {held:g} is known only from its product id or file name "
        f"(baseline {baseline}), and the values fit either way: the offset was taken off"
    )


def _keep(stated: float | None, dark: float | None) -> OffsetVerdict:
    """Return the verdict of a scene whose metadata say none, or nothing, and whose values do not rule it out."""
    if dark is None:
        return OffsetVerdict(0.0, certain=False, stated=stated is not None, text="no offset to apply")
    say = "its metadata do not tell" if stated is None else "its metadata say that there is none"
    note = (
        f"hardly anything in it is darker than a reflectance of {dark * PER_UNIT:.2f}: bright ground, snow, cloud or "
        f"haze, or the Sentinel-2 offset of 0.1 left in ({say}); none was taken off"
    )
    return OffsetVerdict(0.0, certain=False, stated=stated is not None, text="no offset to apply", note=note)
