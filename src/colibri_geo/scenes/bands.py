"""Which band is which: common names from a file's own descriptions or from the user's map."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from colibri_geo.errors import BandError, BandMismatch, BandsUnknown

COMMON_NAMES = ("blue", "green", "red", "nir", "swir16", "swir22", "vv", "vh")
"""Common band names, in the order in which a scene lists its bands (STAC electro-optical extension)."""

_ALIASES = {"nir08": "nir", "nir1": "nir", "near": "nir", "swir1": "swir16", "swir2": "swir22"}
_SENTINEL2 = {"b2": "blue", "b3": "green", "b4": "red", "b8": "nir", "b8a": "nir", "b11": "swir16", "b12": "swir22"}
_LANDSAT89 = {"b2": "blue", "b3": "green", "b4": "red", "b5": "nir", "b6": "swir16", "b7": "swir22"}


@dataclass(frozen=True)
class BandMap:
    """Common names and the file's band numbers that hold them, in the order of `COMMON_NAMES`."""

    names: tuple[str, ...]
    indexes: tuple[int, ...]

    def select(self, names: Sequence[str]) -> BandMap:
        """Return the map of some of its bands, in the order of `COMMON_NAMES`."""
        found = dict(zip(self.names, self.indexes, strict=True))
        return _ordered({name: found[name] for name in names})


def name_band(description: str | None) -> str | None:
    """Return the common name of a band from its description, None when it does not tell.

    Known are Sentinel-2 names (``B04``, ``B8A``), Landsat 8/9 Collection 2 names (``SR_B4``) and plain ones (``red``,
    ``B4_red``).

    Examples
    --------
    >>> name_band("B08"), name_band("SR_B5"), name_band("B4_red"), name_band("AOT")
    ('nir', 'nir', 'red', None)
    """
    tokens = [token for token in re.split(r"[^a-z0-9]+", (description or "").lower()) if token]
    for token in tokens:
        plain = _ALIASES.get(token, token)
        if plain in COMMON_NAMES:
            return plain
    archive = _LANDSAT89 if "sr" in tokens else _SENTINEL2
    for token in tokens:
        number = re.sub(r"^b0", "b", token)
        if number in archive:
            return archive[number]
    return None


def map_bands(
    descriptions: Sequence[str | None], *, asked: str | None, source: str, alpha: int | None = None
) -> BandMap:
    """Find the common names of a file's bands.

    Parameters
    ----------
    descriptions : sequence of str or None
        One a band.
    asked : str or None
        The user's map: ``blue=1,green=2,...`` (name=number, counted from 1), or names alone: the subset to use where
        the file names its bands, else the names in the file's order, one for each band.
    source : str
        Name of the file for error messages.
    alpha : int, optional
        Number of a band that is no image band.

    Returns
    -------
    BandMap

    Raises
    ------
    BandsUnknown
        Where neither the file nor the user names the bands.
    BandError
        Where the user's map does not fit, or two bands have one name.
    """
    numbers = [number for number in range(1, len(descriptions) + 1) if number != alpha]
    described = {number: descriptions[number - 1] or "" for number in numbers}
    if asked is not None:
        return _from_user(asked, described, source=source)
    known = _from_descriptions(described, source=source)
    if not known.names:
        raise BandsUnknown(
            f"{source}: {len(numbers)} band(s) without known names, expected descriptions such as blue, green, red, "
            "nir or B02, B03, B04, B08; name them with --bands blue=1,green=2,..."
        )
    return known


def _from_descriptions(described: Mapping[int, str], *, source: str) -> BandMap:
    found: dict[str, int] = {}
    for number, text in described.items():
        name = name_band(text)
        if name is None or (name in found and _is_narrow(text)):
            continue
        if name in found and not _is_narrow(described[found[name]]):
            raise BandError(
                f"{source}: bands {found[name]} and {number} are both called {name}, expected one band a name; "
                "say which to use with --bands blue=1,green=2,..."
            )
        found[name] = number
    return _ordered(found)


def _is_narrow(description: str) -> bool:
    """Whether a near-infrared band is the narrow one (B8A), second choice beside the broad one."""
    return re.search(r"b8a|nir0?8", description.lower()) is not None


def _from_user(asked: str, described: Mapping[int, str], *, source: str) -> BandMap:
    pairs = [part.partition("=") for part in asked.split(",") if part.strip()]
    names = [name.strip().lower() for name, _, _ in pairs]
    if not names or len(set(names)) != len(names) or not set(names) <= set(COMMON_NAMES):
        raise BandError(
            f"--bands {asked[:80]!r}: expected distinct names of {', '.join(COMMON_NAMES)}, all with =NUMBER or none; "
            "correct the list"
        )
    if not any(equals for _, equals, _ in pairs):
        return _from_names(names, described, source=source)
    chosen = [int(number) if number.strip().isdecimal() else 0 for _, _, number in pairs]
    if len(set(chosen)) != len(chosen) or not set(chosen) <= set(described):
        raise BandError(
            f"{source}: --bands {asked[:80]!r}, expected distinct numbers of {', '.join(map(str, described))[:80]}; "
            "correct the list"
        )
    return _ordered(dict(zip(names, chosen, strict=True)))


def _from_names(names: Sequence[str], described: Mapping[int, str], *, source: str) -> BandMap:
    known = _from_descriptions(described, source=source)
    if not known.names:
        if len(names) != len(described):
            raise BandError(
                f"{source}: --bands names {len(names)} bands, the file has {len(described)}; "
                "name each, or use name=number"
            )
        return _ordered(dict(zip(names, described, strict=True)))
    missing = [name for name in names if name not in known.names]
    if missing:
        raise BandMismatch(
            f"{source}: --bands asks for {', '.join(missing)}, the file has {', '.join(known.names)}; "
            "ask for bands it has, or use name=number"
        )
    return known.select(names)


def _ordered(found: Mapping[str, int]) -> BandMap:
    names = tuple(name for name in COMMON_NAMES if name in found)
    return BandMap(names, tuple(found[name] for name in names))
