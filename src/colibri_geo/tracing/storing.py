"""Candidates as plain arrays, as they are kept on disk and sent between processes; and back, exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from typing import Any

import numpy as np

from colibri_geo.core.frames import Line
from colibri_geo.core.shape import Contrast, Segment
from colibri_geo.scenes.masks import Unseen
from colibri_geo.tracing.cells import Candidate

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_PARTS = {"line": Line, "before": Contrast, "after": Contrast}
_REASONS = ("", *(code.reason for code in Unseen if code is not Unseen.OBSERVED))


def to_array(candidates: Sequence[Candidate]) -> FloatArray:
    """Put candidates into the rows of an array, (K, F) ndarray of float64."""
    rows = [
        [
            float(candidate.of_change),
            *(float(_REASONS.index(reason)) for reason in candidate.hidden_by),
            *(float(value) for value in _flatten(astuple(candidate.segment))),
        ]
        for candidate in candidates
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), _WIDTH)


def from_array(rows: FloatArray) -> list[Candidate]:
    """Return the candidates of `to_array`."""
    return [_restore(row.tolist()) for row in rows]


def is_sound(rows: np.ndarray[Any, Any] | None) -> bool:
    """Tell whether an array can be one of `to_array`."""
    if rows is None or rows.dtype != np.float64 or rows.ndim != 2 or rows.shape[1] != _WIDTH:
        return False
    reasons = rows[:, 1:3]
    return bool(np.isin(rows[:, 0], (0, 1)).all() and np.isin(reasons, range(len(_REASONS))).all())


def _flatten(values: tuple[Any, ...]) -> list[float]:
    return [number for value in values for number in (_flatten(value) if isinstance(value, tuple) else [float(value)])]


def _restore(row: list[float]) -> Candidate:
    of_change, first, last, *numbers = row
    left = iter(numbers)
    values: dict[str, Any] = {}
    for field in fields(Segment):
        part = _PARTS.get(field.name)
        if part is not None:
            values[field.name] = part(*(next(left) for _ in fields(part)))
        else:
            values[field.name] = bool(next(left)) if field.type == "bool" else next(left)
    return Candidate(Segment(**values), bool(of_change), (_REASONS[int(first)], _REASONS[int(last)]))


_WIDTH = 3 + sum(len(fields(_PARTS[field.name])) if field.name in _PARTS else 1 for field in fields(Segment))
