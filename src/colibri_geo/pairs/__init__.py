"""Two scenes of the same ground: what was measured between them, both on one grid, and their change."""

from __future__ import annotations

from colibri_geo.pairs.aligned import NOT_ASKED, AlignedPair, PairBlock, align
from colibri_geo.pairs.changemap import ChangeBlock, ChangeMap, CoarseChange, change
from colibri_geo.pairs.grid import find_metre_crs, measure_overlap_share
from colibri_geo.pairs.model import PairModel
from colibri_geo.pairs.settling import settle_scenes
from colibri_geo.pairs.surveying import check_order, survey
from colibri_geo.scenes.georeference import measure_pixel

__all__ = [
    "NOT_ASKED",
    "AlignedPair",
    "ChangeBlock",
    "ChangeMap",
    "CoarseChange",
    "PairBlock",
    "PairModel",
    "align",
    "change",
    "check_order",
    "find_metre_crs",
    "measure_overlap_share",
    "measure_pixel",
    "settle_scenes",
    "survey",
]
