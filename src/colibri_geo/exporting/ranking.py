"""The order in which strips are shown and numbered, the same in every file of a run."""

from __future__ import annotations

import numpy as np
import pandas as pd

from colibri_geo.exporting.columns import VERDICTS


def rank_positions(strips: pd.DataFrame) -> list[int]:
    """Order strips by verdict, then by probability, then by identifier.

    Parameters
    ----------
    strips : DataFrame
        Index ``strip_id``, columns ``verdict`` and ``probability``.

    Returns
    -------
    list of int
        Positions in the table, the strip with number 1 first.

    Examples
    --------
    >>> columns = {"verdict": ["unchanged", "new", "new"], "probability": [0.9, 0.6, 0.8]}
    >>> rank_positions(pd.DataFrame(columns, index=["S001", "S002", "S003"]))
    [2, 1, 0]
    """
    order = pd.DataFrame(
        {
            "verdict": [VERDICTS.index(verdict) for verdict in strips["verdict"]],
            "doubt": -strips["probability"].to_numpy(dtype=np.float64),
            "strip_id": [str(strip_id) for strip_id in strips.index],
        }
    )
    return [int(position) for position in order.sort_values(["verdict", "doubt", "strip_id"], kind="stable").index]
