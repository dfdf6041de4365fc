"""A language that shouts: every text in capitals, so that words in small letters come from no catalogue."""

from __future__ import annotations

import re
from collections.abc import Iterable

from colibri_geo.language import ENGLISH, Messages


def _shout(text: str) -> str:
    return re.sub(r"(\{\w+\})|[^{]", lambda part: part[1] or part[0].upper(), text)


SHOUTED = Messages("xx", {key: _shout(text) for key, text in ENGLISH.texts.items()}, decimal="·", thousands="~")


def find_spoken(texts: Iterable[str]) -> set[str]:
    """Find the words in texts that were not shouted; units and what is shorter are none."""
    return {word for text in texts for word in re.findall("[A-Za-zÀ-ÿ]{3,}", text) if word != word.upper()}
