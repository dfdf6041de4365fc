"""Sentences that several files share."""

from __future__ import annotations

import dataclasses

import pytest

from colibri_geo.evidence import SceneRecord
from colibri_geo.exporting.describing import say_unmasked
from colibri_geo.exporting.editions import EDITIONS, make_edition
from colibri_geo.language import ENGLISH
from colibri_geo.scenes.scaling import GAMMA0_DB
from tests.support.example_run import example_findings, example_record

MASKED = dataclasses.replace(example_record().before, mask="a_scl.tif, Sentinel-2 SCL")
BARE = dataclasses.replace(MASKED, mask="none")
RADAR = dataclasses.replace(BARE, quantity=GAMMA0_DB)


def _join(*parts: SceneRecord) -> SceneRecord:
    return dataclasses.replace(MASKED, mask="as a mosaic states it", parts=parts)


CASES = pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (MASKED, BARE, "The after image has no complete cloud mask: "),
        (_join(MASKED, BARE, MASKED), MASKED, "The before image has no complete cloud mask: "),
        (BARE, _join(BARE, BARE), "Neither image has a complete cloud mask: "),
        (_join(MASKED, MASKED), MASKED, None),
        (RADAR, dataclasses.replace(_join(RADAR), quantity=GAMMA0_DB), None),
    ],
)


@CASES
def test_images_without_a_mask_are_named(before: SceneRecord, after: SceneRecord, said: str | None) -> None:
    """Cloud that nothing tells counts as observed, and whoever reads how much was observed has to know.

    Of a mosaic one scene without a mask is enough; radar sees through cloud.
    """
    told = say_unmasked(dataclasses.replace(example_record(), before=before, after=after), ENGLISH)
    assert told == ([f"{said}ground under cloud or its shadow may count as observed."] if said else [])


@CASES
@pytest.mark.parametrize("precision", EDITIONS)
def test_editions_name_them_too(precision: str, before: SceneRecord, after: SceneRecord, said: str | None) -> None:
    """An edition tells no name of a mask, and of no scene, but that one was missing."""
    record = dataclasses.replace(example_record(), before=before, after=after)
    edition = make_edition(example_findings(), record, precision)
    assert say_unmasked(edition.record, ENGLISH) == say_unmasked(record, ENGLISH)
    assert bool(say_unmasked(edition.record, ENGLISH)) is (said is not None)
