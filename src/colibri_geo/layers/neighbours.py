"""What lies around one strip, and which of it tells that a strip may serve people."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from colibri_geo.language.formats import is_missing

COMMUNITY_LAYERS = (
    *("settlements", "villages", "communities", "health", "indigenous"),
    *("asentamientos", "poblados", "comunidades", "salud", "indigenas"),
    *("povoados", "saude", "localites", "communautes", "sante", "autochtones"),
)  # fmt: skip
"""Names of layers of people, or of health, in whatever letters, as in ``--layer health=posts.gpkg``."""
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
    """

    layer: str
    name: str
    distance_km: float
    overlap_share: float

    @property
    def is_community(self) -> bool:
        """Whether it is of people or of health, and within their reach."""
        return self.layer.lower() in COMMUNITY_LAYERS and self.distance_km <= COMMUNITY_KM


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
        Neighbour(str(layer), "" if is_missing(name) else str(name), float(distance_km), float(share))
        for layer, name, distance_km, share in zip(
            rows["layer"], rows["name"], rows["distance_km"], rows["overlap_share"], strict=True
        )
    )
