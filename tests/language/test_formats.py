"""Values as text."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from colibri_geo.language import ENGLISH
from colibri_geo.language.formats import (
    format_interval,
    format_km2,
    format_number,
    format_probability,
    format_share,
    format_text,
    format_time,
)

UNKNOWN = ENGLISH.say("value.unknown")


@given(st.text(max_size=600))
def test_text_is_one_clean_line(text: str) -> None:
    """Whatever a file holds becomes one line that can be written as UTF-8 and turns no writing direction."""
    shown = format_text(text, ENGLISH, limit=200)
    shown.encode("utf-8")
    assert not set(shown) & set("\n\r\t\f\v\x00\x1b\u2028\u2029\u202e\u2066")


def test_long_text_is_cut_with_a_note() -> None:
    """A text of a million characters is cut, and says how long it was."""
    shown = format_text("x" * 1_000_000, ENGLISH)
    assert len(shown) < 400
    assert shown.endswith("… (cut, 1,000,000 characters)")


def test_text_keeps_letters() -> None:
    """Letters of other languages stay as they are."""
    assert format_text("NARIÑO, São João", ENGLISH) == "NARIÑO, São João"


@pytest.mark.parametrize("missing", [None, "", np.nan, pd.NaT, pd.NA])
def test_missing_text_is_said(missing: object) -> None:
    """Nothing is never printed as a code for nothing."""
    assert format_text(missing, ENGLISH) == UNKNOWN
    assert format_time(missing, ENGLISH) == UNKNOWN


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_none_are_said(value: float) -> None:
    """What is not a number is not printed as one."""
    texts = [format_number(value, ENGLISH, unit="m"), format_share(value, ENGLISH), format_probability(value, ENGLISH)]
    assert [*texts, format_km2(value, ENGLISH)] == [UNKNOWN] * 4


def test_interval_without_bounds_says_so() -> None:
    """A measured value without its interval does not borrow one."""
    assert format_interval(5.0, math.nan, 7.0, ENGLISH, unit="m") == f"5\N{NO-BREAK SPACE}m ({UNKNOWN})"


@given(st.floats(0, 1))
def test_share_is_whole_only_when_it_is(share: float) -> None:
    """All and none are said only when it is so."""
    shown = format_share(share, ENGLISH).replace("\N{NO-BREAK SPACE}", " ")
    assert (shown == "100 %") == (share * 100 == 100.0)
    assert (shown == "0 %") == (share == 0.0)


@given(st.floats(0, 1))
def test_probability_is_never_certain(probability: float) -> None:
    """No probability is printed as certain or impossible."""
    assert format_probability(probability, ENGLISH).split("\N{NO-BREAK SPACE}")[0].lstrip("<>") not in {"0", "100"}


def test_time_is_utc() -> None:
    """A time with another zone is brought to UTC."""
    assert format_time("2025-01-10T10:20:00-05:00", ENGLISH) == "2025-01-10 15:20:00Z"
