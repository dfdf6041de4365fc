"""A band map in TOML: what the bands of an image are, and what its values mean, declared once by who knows.

::

    quantity = "surface reflectance"  # all but [bands] may be left out
    scale = 0.0001
    offset = -0.1
    nodata = 0
    sensor = "CBERS-4A WFI"
    licence = "CC BY-SA 4.0, INPE"

    [bands]
    blue = 1
    green = 2
    red = 3
    nir = 4
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from colibri_geo.errors import BandError, ConfigError
from colibri_geo.scenes.bands import COMMON_NAMES
from colibri_geo.scenes.scaling import QUANTITIES

_MOST_BYTES = 100_000
_LARGEST = 2**1023  # of whole numbers that can become others
_TEXTS = ("quantity", "sensor", "licence")
_NUMBERS = {"scale": "a finite number other than 0", "offset": "a finite number", "nodata": "a number"}
"""What is expected of each."""


@dataclass(frozen=True)
class Declaration:
    """What a user says of an image.

    Attributes
    ----------
    bands : str or None
        ``blue=1,green=2``, or names alone; see `colibri_geo.scenes.bands.map_bands`.
    scale, offset : float or None
        ``value = stored * scale + offset`` of all bands.
    nodata : float or None
        Stored value of pixels that were not measured.
    quantity, sensor, licence : str or None
    name : str or None
        Of the file that says so.
    """

    bands: str | None = None
    scale: float | None = None
    offset: float | None = None
    nodata: float | None = None
    quantity: str | None = None
    sensor: str | None = None
    licence: str | None = None
    name: str | None = None


def read_declaration(text: str | None) -> Declaration:
    """Take a band map as it was given: in words, or as the path of a TOML file.

    Raises
    ------
    BandError
        For what is no text.
    ConfigError
        For a file that cannot be read, or says what is not known.
    """
    if not (text is None or isinstance(text, str)):
        raise BandError(
            f"bands of type {type(text).__name__}, expected a text such as 'blue=1,green=2,red=3,nir=4' or the path of "
            "a band map in TOML; correct it"
        )
    if text is None or not text.lower().endswith(".toml"):
        return Declaration(bands=text)
    path = Path(text)
    content = _load(path)
    unknown = sorted(content.keys() - {"bands", *_TEXTS, *_NUMBERS})
    bands = content.get("bands")
    if unknown or not isinstance(bands, dict) or not bands:
        what = f"unknown {', '.join(unknown)}" if unknown else "no [bands]"
        raise ConfigError(
            f"{path.name}: {what}, expected [bands] with lines such as red = 3, and at most "
            f"{', '.join((*_TEXTS, *_NUMBERS))}; correct it"
        )
    return Declaration(
        bands=",".join(f"{name}={_read_index(path, name, index)}" for name, index in bands.items()),
        name=path.name,
        **{name: _read_text(path, content, name) for name in _TEXTS},  # type: ignore[arg-type]
        **{name: _read_number(path, content, name) for name in _NUMBERS},  # type: ignore[arg-type]
    )


def _load(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        _check_size(content)
        return tomllib.loads(content.decode("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path.name}: no band map can be read ({error.strerror}); check the path") from error
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:120]
        raise ConfigError(f"{path.name}: no band map in TOML ({reason}); correct it") from error


def _check_size(content: bytes) -> None:
    if len(content) > _MOST_BYTES:
        raise ValueError(f"more than {_MOST_BYTES:,} bytes")


def _read_index(path: Path, name: str, index: object) -> int:
    if name not in COMMON_NAMES or type(index) is not int or index < 1:
        raise ConfigError(
            f"{path.name}: band {name[:40]} = {str(index)[:40]}, expected one of {', '.join(COMMON_NAMES)} and a "
            "number from 1; correct it"
        )
    return index


def _read_text(path: Path, content: dict[str, Any], name: str) -> str | None:
    text = content.get(name)
    known = name != "quantity" or text in (None, *QUANTITIES)
    if not (text is None or isinstance(text, str)) or not known:
        expected = f"one of {', '.join(QUANTITIES)}" if name == "quantity" else "a text"
        raise ConfigError(f"{path.name}: {name} = {str(text)[:40]!r}, expected {expected}; correct it")
    return text


def _read_number(path: Path, content: dict[str, Any], name: str) -> float | None:
    number = content.get(name)
    if number is None:
        return None
    if (
        type(number) not in {int, float}
        or (type(number) is int and abs(number) >= _LARGEST)
        or (name != "nodata" and not math.isfinite(number))
        or (name == "scale" and not number)
    ):
        raise ConfigError(f"{path.name}: {name} = {str(number)[:40]!r}, expected {_NUMBERS[name]}; correct it")
    return float(number)
