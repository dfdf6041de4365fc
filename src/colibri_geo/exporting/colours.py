"""The colours of verdicts: maps, pages, paper, notebooks and field applications take them from here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VERDICT_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "new": "#d55e00",
        "extended": "#e69f00",
        "reopened": "#cc79a7",
        "regrowing": "#009e73",
        "unchanged": "#56b4e9",
        "not_observed": "#d9d9d9",
    }
)
"""Bright enough for black letters on them, and for lines on forest; messages ``colour.`` name them.

They stay apart for those who see no red or no green, for whom the pink is grey: that of strips that were not observed
is paler than in https://doi.org/10.1038/nmeth.1618, which the others are from."""
CASING = "#16211c"
"""Of lines in these colours: it keeps them apart from pale ground."""
