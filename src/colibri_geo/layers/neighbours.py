"""What lies around one strip, and which of it tells that a strip may serve people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from colibri_geo.language.formats import is_missing

COMMUNITY_KM = 5.0
"""How far people walk to a strip that serves them, an hour: a note costs nothing, a strip taken from a clinic does."""


@dataclass(frozen=True)
class Neighbour:
    """The nearest feature of one layer.

    Attributes
    ----------
    layer : str
    name : str
        Empty where the feature has none.
    distance_km : float
    overlap_share : float
        Of the axis inside of it; NaN where it is no area.
    community_name : str
        Of the nearest feature of the layer that is of people or of health; empty where it has none.
    community_km : float
        How far that is; NaN where the layer has none.
    """

    layer: str
    name: str
    distance_km: float
    overlap_share: float
    community_name: str
    community_km: float

    @property
    def is_community(self) -> bool:
        """Whether something of people or of health is within their reach."""
        return self.community_km <= COMMUNITY_KM


def group_neighbours(strip_context: pd.DataFrame | None) -> dict[str, tuple[Neighbour, ...]]:
    """Gather by strip what lies around, in the order of the table.

    Parameters
    ----------
    strip_context : DataFrame or None
        As in `Findings`.

    Returns
    -------
    dict of str to tuple of Neighbour
        By ``strip_id``; a strip with nothing around is left out.
    """
    if strip_context is None:
        return {}
    by_strip = strip_context.groupby(strip_context["strip_id"].astype(str), sort=False)
    return {str(strip_id): _list_neighbours(rows) for strip_id, rows in by_strip}


def _list_neighbours(rows: pd.DataFrame) -> tuple[Neighbour, ...]:
    return tuple(
        Neighbour(
            layer=str(row["layer"]),
            name=_read_name(row["name"]),
            distance_km=float(row["distance_km"]),
            overlap_share=float(row["overlap_share"]),
            community_name=_read_name(row["community_name"]),
            community_km=float(row["community_km"]),
        )
        for row in rows.to_dict("records")
    )


def _read_name(name: Any) -> str:  # noqa: ANN401 - a cell of a table
    return "" if is_missing(name) else str(name)
