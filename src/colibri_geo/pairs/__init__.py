"""Two scenes of the same ground: what was measured between them, both on one grid, and their change."""

from __future__ import annotations

from colibri_geo.pairs.aligned import NOT_ASKED, AlignedPair, PairBlock, align
from colibri_geo.pairs.changemap import ChangeBlock, ChangeMap, change
from colibri_geo.pairs.grid import find_metre_crs, measure_pixel
from colibri_geo.pairs.model import PairModel
from colibri_geo.pairs.surveying import survey

__all__ = [
    "NOT_ASKED",
    "AlignedPair",
    "ChangeBlock",
    "ChangeMap",
    "PairBlock",
    "PairModel",
    "align",
    "change",
    "find_metre_crs",
    "measure_pixel",
    "survey",
]
