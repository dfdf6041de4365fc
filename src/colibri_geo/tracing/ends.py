"""What hides the ground beyond an end: the edge of an image is one thing, a cloud another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from colibri_geo.core.shape import Segment
from colibri_geo.core.surroundings import place_ahead
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes import Unseen
from colibri_geo.tracing.search import CellFindings

IntArray = np.ndarray[Any, np.dtype[np.int64]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

_REASONS = len(Unseen)


@dataclass(frozen=True)
class Cover:
    """What was not observed where, of a whole pair.

    Attributes
    ----------
    cells : sequence of CellFindings
        Of the whole pair; what lies beyond them lies outside of both images.
    factor : int
        Pixels of the pair that make one pixel of the search, in each direction.
    """

    cells: Sequence[CellFindings]
    factor: int

    def name_hiding(self, segment: Segment) -> list[str]:
        """Name what hides the ground beyond the first and beyond the last station of a strip.

        Parameters
        ----------
        segment : Segment
            In pixels of the search.

        Returns
        -------
        list of str, of length 2
            The reason of most of the unseen pixels ahead and beside, of equals the graver (`Unseen`); empty where the
            ground was observed.
        """
        ends = ((segment.hidden_start, -1), (segment.hidden_stop, 1))
        return [self._name(segment, outward) if hidden else "" for hidden, outward in ends]

    def _name(self, segment: Segment, outward: int) -> str:
        places = place_ahead(segment.line, outward * segment.half_length_px, outward=outward)
        codes = self._look_up(np.floor(self.factor * (places + 0.5)).astype(np.int64))
        counts = np.bincount(codes, minlength=_REASONS)[Unseen.OBSERVED + 1 :]
        most = _REASONS - 1 - int(np.argmax(counts[::-1]))
        return Unseen(most).reason if counts.any() else ""

    def _look_up(self, places: IntArray) -> CodeArray:
        """Return the code of each pixel, (K, 2) rows and columns of the pair."""
        codes = np.full(len(places), Unseen.OUTSIDE, dtype=np.uint8)
        first, last = places.min(axis=0), places.max(axis=0)
        for cell in self.cells:
            row, col = cell.window.row, cell.window.col
            end_row, end_col = row + cell.window.rows, col + cell.window.cols
            if last[0] < row or first[0] >= end_row or last[1] < col or first[1] >= end_col:
                continue
            rows, cols = places.T
            mine = (rows >= row) & (rows < end_row) & (cols >= col) & (cols < end_col)
            codes[mine] = cell.unseen[rows[mine] - row, cols[mine] - col]
        codes[codes == NOT_ASKED] = Unseen.OUTSIDE
        return codes
