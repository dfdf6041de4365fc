"""Which band is which: common names from a file's own descriptions or from the user's map."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from colibri_geo.errors import BandError, BandMismatch, BandsUnknown

COMMON_NAMES = ("blue", "green", "red", "nir", "swir16", "swir22", "vv", "vh")
"""Common band names, in the order in which a scene lists its bands (STAC electro-optical extension)."""

INFRARED = ("nir", "swir16", "swir22")
"""What tells bare soil from dry grass, bright vegetation and turbid water."""

LANDSAT47 = MappingProxyType({"blue": 1, "green": 2, "red": 3, "nir": 4, "swir16": 5, "swir22": 7})
LANDSAT89 = MappingProxyType({"blue": 2, "green": 3, "red": 4, "nir": 5, "swir16": 6, "swir22": 7})
"""Numbers of the bands of Landsat 4 to 7, and of 8 and 9."""

_ALIASES = {"nir08": "nir", "nir1": "nir", "near": "nir", "swir1": "swir16", "swir2": "swir22"}
_OTHER_COLOURS = frozenset({"coastal", "edge", "i"})  # coastal blue, red edge, and the green I of PlanetScope
_SENTINEL2 = {"b2": "blue", "b3": "green", "b4": "red", "b8": "nir", "b8a": "nir", "b11": "swir16", "b12": "swir22"}
_LANDSAT47, _LANDSAT89 = ({f"b{n}": name for name, n in bands.items()} for bands in (LANDSAT47, LANDSAT89))
_ALL = "--bands blue=1,green=2,..."

_Spellings = tuple[tuple[Mapping[str, str], re.Pattern[str]], ...]

# How tags and names spell the satellites whose bands have these numbers.
_SENSORS: _Spellings = (
    (_LANDSAT89, re.compile(r"landsat[-_ ]?[89](?!\d)|(?<![a-z])OLI(?![a-z])", re.IGNORECASE)),
    (_LANDSAT47, re.compile(r"landsat[-_ ]?[4-7](?!\d)|(?<![a-z])E?TM(?![a-z])", re.IGNORECASE)),
    (_SENTINEL2, re.compile(r"sentinel[-_ ]?2|(?<![a-z0-9])(S2[A-D]?|MSI)(?![a-z0-9])", re.IGNORECASE)),
)
_FILES: _Spellings = (
    (_LANDSAT89, re.compile(r"(?<![a-z0-9])L[CO]0[89](?![a-z0-9])", re.IGNORECASE)),
    (_LANDSAT47, re.compile(r"(?<![a-z0-9])L[TE]0[4-7](?![a-z0-9])", re.IGNORECASE)),
    (_SENTINEL2, re.compile(r"(?<![a-z0-9])S2[A-D](?![a-z0-9])", re.IGNORECASE)),
)


@dataclass(frozen=True)
class BandMap:
    """Common names and the file's band numbers that hold them, in the order of `COMMON_NAMES`."""

    names: tuple[str, ...]
    indexes: tuple[int, ...]

    def select(self, names: Sequence[str]) -> BandMap:
        """Return the map of some of its bands, in the order of `COMMON_NAMES`."""
        found = dict(zip(self.names, self.indexes, strict=True))
        return _ordered({name: found[name] for name in names})


def name_band(description: str | None, *, numbers: Mapping[str, str] | None = None) -> str | None:
    """Return the common name of a band from its description, None when it does not tell.

    Known are plain names (``red``, ``B4_red``), then numbers: by default those of Sentinel-2 (``B04``, ``B8A``), and
    those of Landsat 8 and 9 after ``SR`` (``SR_B4``).

    Parameters
    ----------
    description : str or None
    numbers : mapping of str to str, optional
        Common names by number, such as ``b4``, of the satellite where it is known.

    Examples
    --------
    >>> name_band("B08"), name_band("SR_B5"), name_band("B4_red"), name_band("AOT")
    ('nir', 'nir', 'red', None)
    """
    tokens = _split(description)
    found = _name_plainly(tokens)
    if found is not None:
        return found
    archive = numbers or (_LANDSAT89 if "sr" in tokens else _SENTINEL2)
    for token in tokens:
        number = re.sub(r"^b0", "b", token)
        if number in archive:
            return archive[number]
    return None


def _split(description: str | None) -> list[str]:
    return [token for token in re.split(r"[^a-z0-9]+", (description or "").lower()) if token]


def _name_plainly(tokens: Sequence[str]) -> str | None:
    """Return the common name that stands among words, whatever numbers stand beside it."""
    if _OTHER_COLOURS & set(tokens):
        return None
    return next((name for token in tokens if (name := _ALIASES.get(token, token)) in COMMON_NAMES), None)


def map_bands(
    descriptions: Sequence[str | None],
    *,
    asked: str | None,
    source: str,
    option: str = "--bands",
    alpha: int | None = None,
    sensors: Sequence[str] = (),
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
        Name of the file for error messages; one such as ``LT05_...`` tells the satellite.
    option : str
        By which the user gave `asked`, for messages.
    alpha : int, optional
        Number of a band that is no image band.
    sensors : sequence of str
        What the file says of its satellite and sensor, which tell what band numbers mean.

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
    meanings = _find_numbers(_SENSORS, sensors) or _find_numbers(_FILES, [source])
    if asked is not None:
        return _from_user(asked, described, meanings, source=source, option=option)
    known = _from_descriptions(described, meanings, source=source)
    if not known.names:
        raise BandsUnknown(
            f"{source}: {len(numbers)} band(s) without known names, expected descriptions such as blue, green, red, "
            f"nir or B02, B03, B04, B08; name them with {_ALL}"
        )
    return known


def _find_numbers(known: _Spellings, texts: Sequence[str]) -> Mapping[str, str] | None:
    """Return what band numbers mean by what names the satellite; None where none is named, or several are."""
    found = [numbers for numbers, spelling in known if any(spelling.search(text) for text in texts)]
    return found[0] if len(found) == 1 else None


def _from_descriptions(described: Mapping[int, str], meanings: Mapping[str, str] | None, *, source: str) -> BandMap:
    found: dict[str, int] = {}
    if meanings is None:
        _check_meaning(described.values(), source=source)
    for number, text in described.items():
        name = name_band(text, numbers=meanings)
        if name is None or (name in found and _is_narrow(text)):
            continue
        if name in found and not _is_narrow(described[found[name]]):
            raise BandError(
                f"{source}: bands {found[name]} and {number} are both called {name}, expected one band a name; "
                f"say which to use with {_ALL}"
            )
        found[name] = number
    return _ordered(found)


def _check_meaning(descriptions: Collection[str], *, source: str) -> None:
    """Refuse band numbers that mean other colours on another satellite, where nothing tells which it was.

    SR_B6 is of Landsat 8 and 9 alone. B8A and B12, and B08 with its zero, are of Sentinel-2 alone, whose B11 is
    short-wave infrared; B10 and B11 of Landsat 8 and 9 are thermal, and there B5 is near infrared, B8 panchromatic.
    """
    if not any(name_band(text) and not _name_plainly(_split(text)) for text in descriptions):
        return  # no band is told by its number
    told = set(re.findall(r"(?<![A-Z0-9])(?<!ST_)(?:SR_)?B\d+A?(?![A-Z0-9])", " ".join(descriptions).upper()))
    surface = {name for name in told if name.startswith("SR_")}
    if surface and "SR_B6" not in surface and ("SR_B1" in surface or "SR_B5" not in surface):
        without = "SR_B1 without SR_B6" if "SR_B1" in surface else "SR_B bands without SR_B5 and SR_B6"
        raise BandsUnknown(
            f"{source}: {without}, which is Landsat 4 to 7 or a part of Landsat 8 or 9, in which the numbers mean "
            f"other colours, expected a tag SPACECRAFT_ID or a name like LC08_... that tells; name them with {_ALL}"
        )
    near_infrared_is_b8 = told & {"B8A", "B12", "B08"} or ("B8" in told and "B5" not in told)
    if not surface and told & {"B10", "B11"} and not near_infrared_is_b8:
        raise BandsUnknown(
            f"{source}: B10 or B11 without B8A and B12, which is Landsat 8 or 9 or a part of Sentinel-2, in which the "
            f"numbers mean other colours, expected a tag SENSOR or a name that tells; name them with {_ALL}"
        )


def _is_narrow(description: str) -> bool:
    """Whether a near-infrared band is the narrow one (B8A), second choice beside the broad one."""
    return re.search(r"b8a|nir0?8", description.lower()) is not None


def choose_names(asked: str, have: Sequence[str], *, source: str) -> tuple[str, ...]:
    """Read a list of band names, all of which must be there.

    Raises
    ------
    BandError
        For names with numbers, or not known.
    BandMismatch
        For bands that are not there.
    """
    names = [name.strip().lower() for name in asked.split(",") if name.strip()]
    if not names or len(set(names)) != len(names) or not set(names) <= set(COMMON_NAMES):
        raise BandError(
            f"{source}: --bands {asked[:80]!r}, expected distinct names of {', '.join(have)}: its own metadata tell "
            "which is which; correct the list"
        )
    _check_there(names, have, source=source)
    return tuple(names)


def _check_there(names: Sequence[str], have: Sequence[str], *, source: str) -> None:
    missing = [name for name in names if name not in have]
    if missing:
        raise BandMismatch(
            f"{source}: --bands asks for {', '.join(missing)}, the file has {', '.join(have)}; "
            "ask for bands it has, or use name=number"
        )


def _from_user(
    asked: str, described: Mapping[int, str], meanings: Mapping[str, str] | None, *, source: str, option: str
) -> BandMap:
    pairs = [part.partition("=") for part in asked.split(",") if part.strip()]
    names = [name.strip().lower() for name, _, _ in pairs]
    if not names or len(set(names)) != len(names) or not set(names) <= set(COMMON_NAMES):
        raise BandError(
            f"--bands {asked[:80]!r}: expected distinct names of {', '.join(COMMON_NAMES)}, all with =NUMBER or none; "
            "correct the list"
        )
    if not any(equals for _, equals, _ in pairs):
        return _from_names(names, described, meanings, source=source)
    chosen = [int(number) if number.strip().isdecimal() else 0 for _, _, number in pairs]
    if len(set(chosen)) != len(chosen) or not set(chosen) <= set(described):
        raise BandError(
            f"{source}: {option} {asked[:80]!r}, expected distinct numbers of {', '.join(map(str, described))[:80]}; "
            "correct the list"
        )
    return _ordered(dict(zip(names, chosen, strict=True)))


def _from_names(
    names: Sequence[str], described: Mapping[int, str], meanings: Mapping[str, str] | None, *, source: str
) -> BandMap:
    known = _from_descriptions(described, meanings, source=source)
    if not known.names:
        if len(names) != len(described):
            raise BandError(
                f"{source}: --bands names {len(names)} bands, the file has {len(described)}; "
                "name each, or use name=number"
            )
        return _ordered(dict(zip(names, described, strict=True)))
    _check_there(names, known.names, source=source)
    return known.select(names)


def _ordered(found: Mapping[str, int]) -> BandMap:
    names = tuple(name for name in COMMON_NAMES if name in found)
    return BandMap(names, tuple(found[name] for name in names))
