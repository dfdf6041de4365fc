"""Sentences that several files share."""

from __future__ import annotations

import dataclasses

import pytest

from colibri_geo.exporting.describing import say_unmasked
from colibri_geo.language import ENGLISH
from colibri_geo.scenes.scaling import GAMMA0_DB
from tests.support.example_run import example_record


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("a_scl.tif, Sentinel-2 SCL", "none", "The after image has no complete cloud mask: "),
        ("each scene's own, none of 2 of 5", "udm", "The before image has no complete cloud mask: "),
        ("none", "none", "Neither image has a complete cloud mask: "),
        ("each scene's own", "", None),
    ],
)
def test_images_without_a_mask_are_named(before: str, after: str, said: str | None) -> None:
    """Cloud that nothing tells counts as observed, and whoever reads how much was observed has to know."""
    record = example_record()
    record = dataclasses.replace(
        record,
        before=dataclasses.replace(record.before, mask=before),
        after=dataclasses.replace(record.after, mask=after),
    )
    told = say_unmasked(record, ENGLISH)
    assert told == ([f"{said}ground under cloud or its shadow may count as observed."] if said else [])


def test_radar_needs_no_mask_of_clouds() -> None:
    """Radar sees through cloud."""
    record = example_record()
    radar = dataclasses.replace(record.after, mask="none", quantity=GAMMA0_DB)
    assert say_unmasked(dataclasses.replace(record, before=radar, after=radar), ENGLISH) == []
