"""What lies around a strip, and which of it is of people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from colibri_geo.layers.neighbours import Neighbour, group_neighbours


@pytest.mark.parametrize(
    ("layer", "distance_km", "near"),
    [
        ("settlements", 5.0, True),
        ("Health", 0.0, True),
        ("saude", 1.0, True),
        ("health", 5.1, False),
        ("roads", 0.0, False),
    ],
)
def test_people_within_an_hour_are_a_community(layer: str, distance_km: float, near: bool) -> None:
    """A layer of people or of health counts within 5 km, whatever letters its name is in; no other counts."""
    assert Neighbour(layer, "", distance_km, np.nan).is_community is near


def test_each_strip_has_its_own() -> None:
    """Features are gathered by strip in the order of the table; a strip without one, or no table, has none."""
    table = pd.DataFrame(
        [("S2", "roads", None, 1.0, np.nan), ("S1", "parks", "A", 0.0, 0.4), ("S2", "rivers", "B", 2.0, np.nan)],
        columns=["strip_id", "layer", "name", "distance_km", "overlap_share"],
    )
    groups = group_neighbours(table)
    assert [(each.layer, each.name) for each in groups["S2"]] == [("roads", ""), ("rivers", "B")]
    assert groups["S1"] == (Neighbour("parks", "A", 0.0, 0.4),)
    assert group_neighbours(table.iloc[:0]) == group_neighbours(None) == {}
