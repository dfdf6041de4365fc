"""What lies around the ends of a strip."""

from __future__ import annotations

import math

import numpy as np
import pytest

from colibri_geo.core.fields import Extent, Field
from colibri_geo.core.surroundings import _FAN, _Rows, look_ahead, look_for_joins, look_past

OFFSETS = np.arange(-50, 51) * 0.5
STATIONS = np.arange(-200.0, 201.0)
END = 30.0


def field_of(values: np.ndarray, hidden: slice | None = None) -> Field:
    """A field along a line, not observed at some stations."""
    weight = np.ones(values.shape)
    if hidden is not None:
        weight[:, (hidden.start <= STATIONS) & (hidden.stop >= STATIONS)] = 0
    return Field(values, weight, OFFSETS, STATIONS)


def line_at(first: float, last: float, *, slope: float = 0.0) -> np.ndarray:
    """1 along a line two pixels wide that starts at the end and leaves the axis by `slope`."""
    away = np.abs(OFFSETS[:, None] - slope * np.maximum(STATIONS - END, 0))
    return ((away <= 1) & (first <= STATIONS) & (last >= STATIONS)).astype(float)


def test_what_is_kept_for_all_ends_is_not_written_to() -> None:
    """Rays, and the rows that they pass, are found once: one look cannot change them for the next."""
    rows = _Rows.under(_FAN, len(OFFSETS))
    assert rows is _Rows.under(_FAN, len(OFFSETS))
    assert not any(array.flags.writeable for array in (rows.near, rows.within, _FAN.degrees, _FAN.steps))


def test_strip_ends() -> None:
    """Nothing lies ahead of a line that ends, near or far."""
    field = field_of(line_at(-30, END))
    assert look_ahead(field, END, 1.0, outward=1) < 0.1
    past = look_past(field, END, 1.0, outward=1)
    assert past.nearest < 0.1
    assert past.strongest < 0.1


@pytest.mark.parametrize("slope", [0.0, 0.3, -0.8])
def test_line_goes_on(slope: float) -> None:
    """A line that goes on, straight or turned off, shows; mirrored, it shows at the other end."""
    values = line_at(-30, 120, slope=slope)
    assert look_ahead(field_of(values), END, 1.0, outward=1) > 0.5
    assert look_ahead(field_of(values[:, ::-1]), -END, 1.0, outward=-1) > 0.5


def test_what_is_hidden_is_unknown_until_looked_past() -> None:
    """Right behind a mask nothing is known; further on it is."""
    hidden = slice(END - 3, END + 60)
    goes_on, ends = field_of(line_at(-30, 150), hidden), field_of(line_at(-30, END), hidden)
    assert math.isnan(look_ahead(goes_on, END, 1.0, outward=1))
    assert look_past(goes_on, END, 1.0, outward=1).nearest == pytest.approx(1.0, abs=0.1)
    assert look_past(ends, END, 1.0, outward=1).nearest == 0
    assert look_past(ends, END, 1.0, outward=1).hidden_px == pytest.approx(61, abs=1)
    assert look_past(field_of(line_at(-30, END)), END, 1.0, outward=1).hidden_px == 0
    assert math.isnan(look_past(field_of(line_at(-30, END), slice(END, 201)), END, 1.0, outward=1).nearest)


def test_gap_is_looked_over() -> None:
    """A line that comes back after a gap is the strongest piece ahead, though not the nearest."""
    values = np.maximum(line_at(-30, END), line_at(END + 60, 150))
    past = look_past(field_of(values), END, 1.0, outward=1)
    assert past.strongest > 0.9
    assert past.nearest < 0.1


@pytest.mark.parametrize("end", [-30.0, END])
def test_road_across_an_end_joins_it(end: float) -> None:
    """A road across either end joins the strip; one that crosses its middle does not, nor does nothing."""
    extent, alone = Extent(-30.0, END), line_at(-30, END)
    across = np.where(np.abs(STATIONS - end) <= 1, 1.0, alone)
    assert look_for_joins(field_of(across), extent, 1.0) > 0.6
    assert look_for_joins(field_of(alone), extent, 1.0) == 0
    assert look_for_joins(field_of(np.where(np.abs(STATIONS) <= 1, 1.0, alone)), extent, 1.0) == 0


def test_join_is_seen_on_both_sides_or_not_at_all() -> None:
    """A line that leaves an end to one side only does not pass it, nor does one whose other half is hidden."""
    extent, alone = Extent(-30.0, END), line_at(-30, END)
    across = np.where(np.abs(STATIONS - END) <= 1, 1.0, alone)
    assert look_for_joins(field_of(np.where(OFFSETS[:, None] > 0, across, alone)), extent, 1.0) < 0.1
    weight = np.broadcast_to(OFFSETS[:, None] < 3, across.shape).astype(float)
    assert look_for_joins(Field(across, weight, OFFSETS, STATIONS), extent, 1.0) == 0


def test_ground_beyond_the_field_counts_as_hidden() -> None:
    """Where a field ends right at a strip, nothing is told of what passes there or goes on."""
    across = np.where(np.abs(STATIONS - END) <= 1, 1.0, line_at(-30, END))
    near = STATIONS <= END + 2
    cut = Field(across[:, near], np.ones((len(OFFSETS), int(near.sum()))), OFFSETS, STATIONS[near])
    assert math.isnan(look_ahead(cut, END, 1.0, outward=1))
    assert look_ahead(cut, -30.0, 1.0, outward=-1) < 0.1
    assert look_for_joins(cut, Extent(-30.0, END), 1.0) <= look_for_joins(field_of(across), Extent(-30.0, END), 1.0)
