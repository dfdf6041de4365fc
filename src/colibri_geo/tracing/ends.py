"""What hides the ground beyond an end: the edge of an image is one thing, a cloud another."""

from __future__ import annotations

from typing import Any

import numpy as np

from colibri_geo.core.shape import Segment
from colibri_geo.core.surroundings import place_ahead
from colibri_geo.core.windows import Window
from colibri_geo.pairs import ChangeMap
from colibri_geo.scenes.masks import Unseen

IntArray = np.ndarray[Any, np.dtype[np.int64]]
CodeArray = np.ndarray[Any, np.dtype[np.uint8]]

_REASONS = len(Unseen)


def name_hiding(change_map: ChangeMap, segment: Segment, factor: int) -> tuple[str, str]:
    """Name what hides the ground beyond the first and beyond the last station of a strip.

    Parameters
    ----------
    change_map : ChangeMap
    segment : Segment
        In pixels of what is measured.
    factor : int
        Pixels of the pair that make one such pixel, in each direction.

    Returns
    -------
    tuple of str
        The reason of most of the unseen pixels ahead and beside, of equals the graver (`Unseen`); empty where the
        ground was observed.
    """
    first, last = (
        _name(change_map, segment, factor, outward=outward) if hidden else ""
        for hidden, outward in ((segment.hidden_start, -1), (segment.hidden_stop, 1))
    )
    return first, last


def _name(change_map: ChangeMap, segment: Segment, factor: int, *, outward: int) -> str:
    places = place_ahead(segment.line, outward * segment.half_length_px, outward=outward)
    codes = _look_up(change_map, np.floor(factor * (places + 0.5)).astype(np.int64))
    counts = np.bincount(codes, minlength=_REASONS)[Unseen.OBSERVED + 1 :]
    most = _REASONS - 1 - int(np.argmax(counts[::-1]))
    return Unseen(most).reason if counts.any() else ""


def _look_up(change_map: ChangeMap, places: IntArray) -> CodeArray:
    """Return the code of each pixel, (K, 2) rows and columns of the pair."""
    first, last = places.min(axis=0), places.max(axis=0)
    block = change_map.pair.read(Window(int(first[0]), int(first[1]), *(int(side) + 1 for side in last - first)))
    rows, cols = (places - first).T
    codes: CodeArray = block.unseen[rows, cols]
    return codes
