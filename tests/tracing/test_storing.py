"""Candidates on their way between processes: nothing is lost, to the last bit."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.core.frames import Line
from colibri_geo.core.shape import Contrast, Segment
from colibri_geo.scenes.masks import Unseen
from colibri_geo.tracing.cells import Candidate
from colibri_geo.tracing.storing import from_array, to_array
from tests.tracing.segments import make_segment

NUMBERS = st.floats(allow_nan=False)
REASONS = ["", *(code.reason for code in Unseen if code is not Unseen.OBSERVED)]
PARTS: dict[str, type] = {"line": Line, "before": Contrast, "after": Contrast}


def fill(kind: type) -> st.SearchStrategy[Any]:
    """Fill a dataclass of numbers with any numbers, each field with its own."""
    fields = {
        field.name: fill(PARTS[field.name])
        if field.name in PARTS
        else (st.booleans() if field.type == "bool" else NUMBERS)
        for field in dataclasses.fields(kind)
    }
    return st.builds(kind, **fields)


CANDIDATES = st.builds(
    Candidate, fill(Segment), st.booleans(), st.tuples(st.sampled_from(REASONS), st.sampled_from(REASONS))
)


@given(st.lists(CANDIDATES, max_size=5))
def test_what_comes_back_is_what_was_stored(candidates: list[Candidate]) -> None:
    """Every number, truth value and reason comes back as it was, in its own field and of its own type."""
    rows = to_array(candidates)
    back = from_array(rows)
    assert back == candidates
    np.testing.assert_array_equal(to_array(back), rows)
    for one, other in zip(back, candidates, strict=True):
        assert [type(value) for value in dataclasses.astuple(one.segment)] == [
            type(value) for value in dataclasses.astuple(other.segment)
        ]


def test_nothing_is_an_array_without_rows() -> None:
    """No candidates have an array of as many columns, and are none again."""
    one = Candidate(make_segment(), of_change=True, hidden_by=("", "cloud"))
    nothing = to_array([])
    assert (nothing.shape, nothing.dtype) == ((0, to_array([one]).shape[1]), np.float64)
    assert from_array(nothing) == []


def test_missing_numbers_stay_missing() -> None:
    """A number that is not one stays so."""
    segment = dataclasses.replace(make_segment(), snr=math.nan)
    (back,) = from_array(to_array([Candidate(segment, of_change=False, hidden_by=("", ""))]))
    assert math.isnan(back.segment.snr)
    assert dataclasses.replace(back.segment, snr=1.0) == dataclasses.replace(segment, snr=1.0)


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_has_its_number(reason: str) -> None:
    """Each reason of an end comes back as itself."""
    (back,) = from_array(to_array([Candidate(make_segment(), of_change=True, hidden_by=(reason, ""))]))
    assert back.hidden_by == (reason, "")
