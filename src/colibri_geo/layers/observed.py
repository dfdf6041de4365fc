"""What was looked at: the table that is made of pixels counted by region."""

from __future__ import annotations

import numpy as np
import pandas as pd

from colibri_geo.layers.counting import PixelCounts
from colibri_geo.layers.regions import Regions

VERDICTS = ("new", "unchanged", "regrowing", "extended", "not_observed")
"""Verdict columns of the observed table, in its order."""


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


def _count_verdicts(table: pd.DataFrame, strips: pd.DataFrame) -> pd.DataFrame:
    counts = pd.DataFrame(0, index=table.index, columns=list(VERDICTS), dtype=np.int64)
    for verdict in VERDICTS:
        chosen = strips[strips["verdict"] == verdict]
        counts.loc[0, verdict] = len(chosen)
        for place, level, code, name in table.iloc[1:][["level", "code", "name"]].itertuples():
            if level in chosen:
                counts.loc[place, verdict] = int(((chosen[level] == name) & (chosen[f"{level}_code"] == code)).sum())
    return counts
