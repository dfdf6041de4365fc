"""What hides an end: looked up in the codes of the pixels around it."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from colibri_geo.core.frames import Line
from colibri_geo.core.shape import Segment
from colibri_geo.core.surroundings import AHEAD_PX, place_ahead
from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.pairs.aligned import PairBlock
from colibri_geo.scenes.masks import Unseen
from colibri_geo.tracing.ends import name_hiding


@dataclasses.dataclass(frozen=True)
class CodedPair:
    """A pair of which the codes are known, observed on the earlier date unless told otherwise."""

    codes_before: np.ndarray
    codes_after: np.ndarray

    def read(self, window: Window) -> PairBlock:
        """Cut codes; outside beyond the images."""
        nothing = np.zeros((1, window.rows, window.cols), dtype=np.float32)
        return PairBlock(
            nothing, nothing, *(self._cut(codes, window) for codes in (self.codes_before, self.codes_after))
        )

    @staticmethod
    def _cut(codes: np.ndarray, window: Window) -> np.ndarray:
        block = np.full((window.rows, window.cols), Unseen.OUTSIDE, dtype=np.uint8)
        inner = window.clipped(*codes.shape)
        if not inner.empty:
            block[inner.relative_to(window).slices] = codes[inner.slices]
        return block


def map_of(codes: np.ndarray, before: np.ndarray | None = None) -> ChangeMap:
    """What of a change map is looked at."""
    pair = CodedPair(np.zeros_like(codes) if before is None else before, codes)
    return cast("ChangeMap", SimpleNamespace(pair=pair))


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
    """The first end and the last are named apart, in pixels of what is measured."""
    codes = np.zeros((100 * factor, 200 * factor), dtype=np.uint8)
    codes[:, 140 * factor :] = reason
    codes[:, : 60 * factor] = Unseen.NODATA
    for change_map in (map_of(codes), map_of(np.zeros_like(codes), codes)):
        line = Line(50.0, 100.0, 90.0)
        ends = name_hiding(change_map, segment_of(line, 78, start=True, stop=True), factor)
        assert ends == ("nodata", reason.reason)
        ends = name_hiding(change_map, segment_of(line, 78, start=False, stop=True), factor)
        assert ends == ("", reason.reason)
        turned = dataclasses.replace(line, angle_deg=270.0)
        ends = name_hiding(change_map, segment_of(turned, 78, start=True, stop=True), factor)
        assert ends == (reason.reason, "nodata")


def test_beyond_the_images_is_outside() -> None:
    """Ground beyond the grid, and ground that an image does not reach, is outside."""
    codes = np.zeros((100, 100), dtype=np.uint8)
    codes[:, :20] = Unseen.OUTSIDE
    segment = segment_of(Line(50.0, 60.0, 90.0), 76, start=True, stop=True)
    assert name_hiding(map_of(codes), segment, 1) == ("outside", "outside")


def test_what_was_observed_after_all_hides_nothing() -> None:
    """An end that is said to be hidden where all of the ground was observed has no reason."""
    segment = segment_of(Line(50.0, 50.0, 90.0), 40, start=True, stop=True)
    assert name_hiding(map_of(np.zeros((100, 100), dtype=np.uint8)), segment, 1) == ("", "")


def test_most_of_the_pixels_decide_and_the_graver_of_equals() -> None:
    """A sliver of cloud before the edge of an image does not make it one; of equal parts the graver reason stands."""
    codes = np.zeros((100, 100), dtype=np.uint8)
    codes[:, 71:73], codes[:, 73:] = Unseen.CLOUD, Unseen.NODATA
    line = Line(50.0, 40.0, 90.0)
    assert name_hiding(map_of(codes), segment_of(line, 58, start=False, stop=True), 1) == ("", "nodata")
    codes[:, 69:80], codes[:, 80:] = Unseen.SHADOW, Unseen.CLOUD
    places = place_ahead(line, 29.0, outward=1)
    assert (places[:, 1] < 80).mean() == pytest.approx(0.4)
    codes[:, 80:82] = Unseen.SHADOW
    assert name_hiding(map_of(codes), segment_of(line, 58, start=False, stop=True), 1) == ("", "cloud")
