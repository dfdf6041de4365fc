"""Segments made by hand, for tests that look at a few of their measures."""

from __future__ import annotations

import dataclasses
from typing import Any

from colibri_geo.core.frames import Line
from colibri_geo.core.shape import Contrast, Segment

_LINE = Line(100.0, 120.0, 30.0)


def make_segment() -> Segment:
    """A segment whose measures are 1, 2, 3 and so on; replace what matters."""
    values: dict[str, Any] = {}
    for number, field in enumerate(dataclasses.fields(Segment), start=1):
        match str(field.type):
            case "Line":
                values[field.name] = _LINE
            case "Contrast":
                contrast = dataclasses.fields(Contrast)
                values[field.name] = Contrast(*(number + 0.1 * place for place in range(len(contrast))))
            case "bool":
                values[field.name] = number % 2 == 0
            case _:
                values[field.name] = float(number)
    return Segment(**values)
