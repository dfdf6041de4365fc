"""The colours of a report beside those of verdicts, and all of them as a style sheet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from colibri_geo.exporting.colours import CASING, VERDICT_COLOURS

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
    ':root { --new: #d55e00; --extended: #e69f00'
    """
    colours = {**VERDICT_COLOURS, "casing": CASING, **DATE_COLOURS, "seen": SEEN, "blank": BLANK, "veil": f"{VEIL:g}"}
    return ":root { " + " ".join(f"--{name.replace('_', '-')}: {value};" for name, value in colours.items()) + " }\n"
