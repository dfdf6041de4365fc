"""The colours that maps, figures and diagrams of a run share: pages, paper and notebooks take them from here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

VERDICT_COLOURS: Mapping[str, str] = MappingProxyType(
    {
        "new": "#b3261e",
        "extended": "#9a4600",
        "reopened": "#a3195b",
        "regrowing": "#1b6b35",
        "unchanged": "#47535f",
        "not_observed": "#5b3f8c",
    }
)
"""Dark enough for white letters on them."""
DATE_COLOURS: Mapping[str, str] = MappingProxyType({"before": "#2c5f9e", "after": "#b3261e"})
"""Of the lines of a profile."""
SEEN, BLANK = "#dcebd9", "#eef0ed"
"""Of ground that was observed on both dates, and of ground that was not asked about."""
VEIL = 0.5
"""How much of an image ground that was not asked about hides: the image goes on around what was asked."""


def style_colours() -> str:
    """Write the colours as variables of a style sheet.

    Examples
    --------
    >>> style_colours()[:43]
    ':root { --new: #b3261e; --extended: #9a4600'
    """
    colours = {**VERDICT_COLOURS, **DATE_COLOURS, "seen": SEEN, "blank": BLANK, "veil": f"{VEIL:g}"}
    return ":root { " + " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items()) + " }\n"
