"""What hides an end: looked up in the codes of the cells around it."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from colibri_geo.core.frames import Line
from colibri_geo.core.lines import Peaks
from colibri_geo.core.shape import Segment
from colibri_geo.core.surroundings import AHEAD_PX, place_ahead
from colibri_geo.core.windows import Window
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes import Unseen
from colibri_geo.tracing.ends import Cover
from colibri_geo.tracing.search import CellFindings

SIDE = 64
NO_PEAKS = Peaks(*(np.zeros(0) for _ in range(4)))


def cover_of(codes: np.ndarray, *, factor: int = 1) -> Cover:
    """Cut codes into cells of 64 pixels."""
    rows, cols = codes.shape
    windows = [Window(r, c, SIDE, SIDE).clipped(rows, cols) for r in range(0, rows, SIDE) for c in range(0, cols, SIDE)]
    whitening = np.zeros((0, 0, 1, 1), dtype=np.float32)
    return Cover([CellFindings(w, NO_PEAKS, NO_PEAKS, whitening, codes[w.slices]) for w in windows], factor)


def segment_of(line: Line, length_px: float, *, start: bool, stop: bool) -> Segment:
    """What of a segment is looked at."""
    made = SimpleNamespace(line=line, half_length_px=length_px / 2, hidden_start=start, hidden_stop=stop)
    return cast("Segment", made)


def test_places_lie_ahead_and_beside() -> None:
    """All places lie beyond the end, no further than what is looked at, as many on one side as on the other."""
    line = Line(40.0, 70.0, 33.0)
    for outward in (-1, 1):
        away = place_ahead(line, outward * 25.0, outward=outward) - line.locate(outward * 25.0)
        along, across = outward * away @ line.along, away @ line.across
        assert (along > 0).all()
        assert along.max() == pytest.approx(AHEAD_PX)
        assert across.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("factor", [1, 3])
@pytest.mark.parametrize("reason", [code for code in Unseen if code is not Unseen.OBSERVED])
def test_each_end_gets_its_own_reason(factor: int, reason: Unseen) -> None:
    """The first end and the last are named apart, across borders of cells, in pixels of the search."""
    codes = np.zeros((100 * factor, 200 * factor), dtype=np.uint8)
    codes[:, 140 * factor :] = reason
    codes[:, : 60 * factor] = Unseen.NODATA
    cover, line = cover_of(codes, factor=factor), Line(50.0, 100.0, 90.0)
    assert cover.name_hiding(segment_of(line, 78, start=True, stop=True)) == ["nodata", reason.reason]
    assert cover.name_hiding(segment_of(line, 78, start=False, stop=True)) == ["", reason.reason]
    turned = dataclasses.replace(line, angle_deg=270.0)
    assert cover.name_hiding(segment_of(turned, 78, start=True, stop=True)) == [reason.reason, "nodata"]


def test_beyond_the_images_is_outside() -> None:
    """Ground beyond all cells, and ground that neither image reaches, is outside."""
    codes = np.zeros((100, 100), dtype=np.uint8)
    codes[:, :20] = NOT_ASKED
    segment = segment_of(Line(50.0, 60.0, 90.0), 76, start=True, stop=True)
    assert cover_of(codes).name_hiding(segment) == ["outside", "outside"]


def test_most_of_the_pixels_decide_and_the_graver_of_equals() -> None:
    """A sliver of cloud before the edge of an image does not make it one; of equal parts the graver reason stands."""
    codes = np.zeros((100, 100), dtype=np.uint8)
    codes[:, 71:73], codes[:, 73:] = Unseen.CLOUD, Unseen.NODATA
    line = Line(50.0, 40.0, 90.0)
    assert cover_of(codes).name_hiding(segment_of(line, 58, start=False, stop=True)) == ["", "nodata"]
    codes[:, 69:80], codes[:, 80:] = Unseen.SHADOW, Unseen.CLOUD
    places = place_ahead(line, 29.0, outward=1)
    assert (places[:, 1] < 80).mean() == pytest.approx(0.4)
    codes[:, 80:82] = Unseen.SHADOW
    assert cover_of(codes).name_hiding(segment_of(line, 58, start=False, stop=True)) == ["", "cloud"]
