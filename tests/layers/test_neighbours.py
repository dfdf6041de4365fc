"""What lies around a strip, and which of it is of people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from colibri_geo.exporting.columns import STRIP_CONTEXT_COLUMNS
from colibri_geo.layers.neighbours import Neighbour, group_neighbours


@pytest.mark.parametrize(("community_km", "near"), [(0.0, True), (5.0, True), (5.1, False), (np.nan, False)])
def test_people_within_an_hour_are_a_community(community_km: float, near: bool) -> None:
    """What is of people or of health counts within 5 km, whatever of its layer is nearer."""
    assert Neighbour("places", "", 0.0, np.nan, "", community_km).is_community is near


def test_each_strip_has_its_own() -> None:
    """Features are gathered by strip in the order of the table; a strip without one, or no table, has none."""
    table = pd.DataFrame(
        [
            ("S2", "roads", None, 1.0, np.nan, None, np.nan),
            ("S1", "parks", "A", 0.0, 0.4, "B", 0.2),
            ("S2", "rivers", "B", 2.0, np.nan, "", np.nan),
        ],
        columns=[column.name for column in STRIP_CONTEXT_COLUMNS],
    )
    groups = group_neighbours(table)
    assert [(each.layer, each.name) for each in groups["S2"]] == [("roads", ""), ("rivers", "B")]
    assert groups["S1"] == (Neighbour("parks", "A", 0.0, 0.4, "B", 0.2),)
    assert group_neighbours(table.iloc[:0]) == group_neighbours(None) == {}
