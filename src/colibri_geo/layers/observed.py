"""What was looked at: pixels counted by region, cell by cell, and the table that is made of the counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from odc.geo.geobox import GeoBox

from colibri_geo.errors import InputError
from colibri_geo.layers.pixels import IntArray, Lattice, PixelCover
from colibri_geo.layers.regions import Regions
from colibri_geo.pairs import NOT_ASKED
from colibri_geo.scenes.masks import Unseen

VERDICTS = ("new", "unchanged", "regrowing", "extended", "not_observed")
"""Verdict columns of the observed table, in its order."""

BoolArray = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True)
class PixelCounts:
    """Pixels asked about and observed; counts of cells add up to the count of the whole, exactly, in any order.

    Attributes
    ----------
    asked_px, observed_px : (1 + R,) ndarray of int64
        All pixels first, then one number a row of the regions.
    asked_cm2 : (1 + R,) ndarray of int64
        Area on the ellipsoid of the pixels asked about, square centimetres.
    """

    asked_px: IntArray
    observed_px: IntArray
    asked_cm2: IntArray

    def __add__(self, other: PixelCounts) -> PixelCounts:
        return PixelCounts(
            self.asked_px + other.asked_px, self.observed_px + other.observed_px, self.asked_cm2 + other.asked_cm2
        )


def no_pixels(regions: Regions) -> PixelCounts:
    """Return the counts before the first cell."""
    size = 1 + len(regions.table)
    return PixelCounts(*(np.zeros(size, dtype=np.int64) for _ in range(3)))


def count_pixels(codes: np.ndarray[Any, np.dtype[np.uint8]], grid: GeoBox, regions: Regions) -> PixelCounts:
    """Count the pixels of one cell by region; a pixel belongs to the regions that hold its centre.

    Parameters
    ----------
    codes : (M, N) ndarray of uint8
        `Unseen` codes of the pair: 0 observed on both dates, else the reason; 255 (`NOT_ASKED`) outside of both
        scenes or of the area of interest.
    grid : GeoBox
        Place of these pixels: a window of the pair's grid.
    regions : Regions
        The same rows for all cells (`clip_regions` once makes it quick).

    Returns
    -------
    PixelCounts

    Raises
    ------
    InputError
        Codes and grid of different shapes.
    RotatedGrid, GeoreferenceError
        A grid that is not north up, or has no place on the globe.
    """
    if codes.shape != tuple(grid.shape):
        raise InputError(
            f"codes of {codes.shape} pixels on a grid of {tuple(grid.shape)}, expected the same; cut both alike"
        )
    counts = no_pixels(regions)
    asked = codes != NOT_ASKED
    if not asked.any():
        return counts
    observed = codes == Unseen.OBSERVED
    cover = PixelCover(grid)
    lattice = Lattice.of(grid)
    blocks = _Blocks(*lattice.area_edges(), lattice.measure_cm2())
    _record(counts, 0, asked, observed, blocks)
    for row in np.sort(regions.table.sindex.query(cover.bounds, predicate="intersects")):
        inside = cover.cover(regions.table.geometry.iloc[row])
        _record(counts, int(row) + 1, asked & inside, observed & inside, blocks)
    return counts


def observed_table(counts: PixelCounts, regions: Regions, strips: pd.DataFrame) -> pd.DataFrame:
    """Make the observed table of counts.

    Parameters
    ----------
    counts : PixelCounts
        Of all cells together.
    regions : Regions
        The rows that were counted by.
    strips : DataFrame
        With ``verdict`` and the region columns that `attach` appends; a strip counts in the region that holds
        most of it.

    Returns
    -------
    DataFrame
        ``level``, ``code``, ``name``, ``region_km2``, ``asked_km2``, ``observed_km2``, ``observed_share`` and a column
        a verdict. The first row is ``all``; then the regions of which something was asked, highest level first. Shares
        are pixels observed over pixels asked, missing where none was.
    """
    asked_px = counts.asked_px.astype(np.float64)
    share = np.divide(counts.observed_px, asked_px, out=np.full(len(asked_px), np.nan), where=asked_px > 0)
    asked_km2 = counts.asked_cm2 / 1e10
    table = pd.DataFrame(
        {
            "level": ["all", *regions.table["level"]],
            "code": ["", *regions.table["code"]],
            "name": ["all", *regions.table["name"]],
            "region_km2": [np.nan, *regions.table["region_km2"]],
            "asked_km2": asked_km2,
            "observed_km2": asked_km2 * np.nan_to_num(share),
            "observed_share": share,
        }
    )
    table = table.join(_count_verdicts(table, strips))
    touched = (counts.asked_px > 0) | (table[list(VERDICTS)].to_numpy().sum(axis=1) > 0)
    touched[0] = True
    chosen: pd.DataFrame = table[touched].reset_index(drop=True)
    return chosen


@dataclass(frozen=True)
class _Blocks:
    """Blocks of pixels of one area: where they begin, and the area of a pixel in each."""

    rows: IntArray
    cols: IntArray
    pixel_cm2: IntArray


def _record(counts: PixelCounts, place: int, asked: BoolArray, observed: BoolArray, blocks: _Blocks) -> None:
    """Write the counts of one region into its place of counts that are being made."""
    by_row = np.add.reduceat(asked, blocks.rows, axis=0, dtype=np.int64)
    by_block = np.add.reduceat(by_row, blocks.cols, axis=1)
    counts.asked_px[place] = by_block.sum()
    counts.observed_px[place] = np.count_nonzero(observed)
    counts.asked_cm2[place] = (by_block * blocks.pixel_cm2).sum()


def _count_verdicts(table: pd.DataFrame, strips: pd.DataFrame) -> pd.DataFrame:
    counts = pd.DataFrame(0, index=table.index, columns=list(VERDICTS), dtype=np.int64)
    for verdict in VERDICTS:
        chosen = strips[strips["verdict"] == verdict]
        counts.loc[0, verdict] = len(chosen)
        for place, level, code, name in table.iloc[1:][["level", "code", "name"]].itertuples():
            if level in chosen:
                counts.loc[place, verdict] = int(((chosen[level] == name) & (chosen[f"{level}_code"] == code)).sum())
    return counts
