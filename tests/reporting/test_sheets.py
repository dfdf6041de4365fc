"""The sheet of a strip: what stands on it only when it is known."""

from __future__ import annotations

import numpy as np
import pytest

from colibri_geo.reporting.messages import ENGLISH
from colibri_geo.reporting.sheets import build_sheet, rank_strips
from tests.support.example_run import example_findings, example_record, example_strips


@pytest.mark.parametrize(
    ("darkening_db", "lines"),
    [
        (2.13, ("2.1 dB darker after than before, relative to its flanks",)),
        (-0.84, ("0.8 dB brighter after than before, relative to its flanks",)),
        (np.nan, ()),
    ],
)
def test_radar_has_a_line_where_it_looked(darkening_db: float, lines: tuple[str, ...]) -> None:
    """A strip that radar measured has a line on it, darker or brighter; any other has none."""
    strips = example_strips().assign(sar_darkening=darkening_db)
    shares = example_findings().strip_regions.iloc[:0]
    sheet = build_sheet(rank_strips(strips)[0], shares, example_record(), None, ENGLISH)
    assert tuple(line for fact in sheet.size for line in fact.lines if fact.label == "Radar") == lines
