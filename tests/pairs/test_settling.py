"""Scenes of one date that lie shifted against each other are put in their place."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from colibri_geo.core.coregister import Shift
from colibri_geo.core.windows import Window
from colibri_geo.pairs import settle_scenes, survey
from colibri_geo.pairs.reading import Placement
from colibri_geo.scenes.georeference import cut_grid
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.mosaic import mosaic_scenes
from colibri_geo.scenes.scene import Scene
from tests.support.products.ground import BANDS, Ground, make_ground

SIDE_PX = 264
WEST, EAST = Window(0, 0, SIDE_PX, 150), Window(0, 114, SIDE_PX, 150)
TOLERANCE_M = 2.0


@pytest.fixture(scope="module")
def grounds() -> dict[str, Ground]:
    """One ground on two dates, well registered."""
    pair = make_ground()
    return {"before": pair.before, "after": pair.after}


def cut(ground: Ground, name: str, window: Window, *, east_m: float = 0.0, north_m: float = 0.0) -> Scene:
    """A scene of a part of the ground, said to lie elsewhere than it does."""
    grid = cut_grid(ground.grid, window).translate_pix(east_m / 10, -north_m / 10)
    values = np.ascontiguousarray(ground.values[:, *window.slices])
    return scene_from_arrays(values, grid, bands=BANDS, acquired=ground.acquired, name=name)


def places(scenes: tuple[Scene, ...]) -> list[tuple[float, float]]:
    """Upper left corners, metres."""
    return [(scene.grid.affine.c, scene.grid.affine.f) for scene in scenes]


def test_a_scene_that_lies_off_the_others_is_moved_back(grounds: dict[str, Ground]) -> None:
    """Of three scenes of a date the one that lies 11 m off is moved, says so, and the pair then has one shift."""
    before = [cut(grounds["before"], "west", WEST), cut(grounds["before"], "east", EAST)]
    true = [cut(grounds["after"], "w", WEST), cut(grounds["after"], "e", EAST), cut(grounds["after"], "e2", EAST)]
    off = cut(grounds["after"], "e", EAST, east_m=11.0, north_m=-6.0)
    settled = settle_scenes(before, [true[0], off, true[2]])
    assert settled.before == (before[1], before[0])
    moved, *others = settled.after
    assert others == [true[2], true[0]]
    np.testing.assert_allclose(places((moved,)), places((true[1],)), atol=TOLERANCE_M)
    (note,) = set(moved.provenance.notes) - set(off.provenance.notes)
    assert note.startswith("it lay 12.")
    assert "towards 11" in note  # 119 degrees
    model = survey(mosaic_scenes(before), mosaic_scenes(settled.after))
    assert abs(model.shift_east_m) < TOLERANCE_M
    assert not any("another shift" in note for note in model.notes)


def test_a_scene_of_the_earlier_date_is_moved_too(grounds: dict[str, Ground]) -> None:
    """Which date the scene is of that lies off is told by the others that see both."""
    before = [
        cut(grounds["before"], "a-west", WEST, east_m=-15.0),
        cut(grounds["before"], "b-east", EAST),
        cut(grounds["before"], "c-whole", Window(0, 0, SIDE_PX, SIDE_PX)),
    ]
    after = [cut(grounds["after"], "east", EAST), cut(grounds["after"], "west", WEST)]
    settled = settle_scenes(before, after)
    assert settled.after == tuple(after)
    assert settled.before[1:] == tuple(before[1:])
    assert places(settled.before)[0] == pytest.approx(places((cut(grounds["before"], "w", WEST),))[0], abs=TOLERANCE_M)


def test_what_lies_alike_stays(grounds: dict[str, Ground]) -> None:
    """A shift that all scenes of a date have, or one below half a pixel, is left to the survey."""
    before = [cut(grounds["before"], "east", EAST), cut(grounds["before"], "west", WEST)]
    after = [cut(grounds["after"], "e", EAST, east_m=12.0), cut(grounds["after"], "w", WEST, east_m=9.0)]
    settled = settle_scenes(before, after)
    assert settled.before == tuple(before)
    assert settled.after == tuple(after)


def test_what_cannot_be_measured_stays(grounds: dict[str, Ground]) -> None:
    """A scene without ground of the other date, or that shows none, is left where it is."""
    before = [cut(grounds["before"], "west", WEST)]
    clouded = dataclasses.replace(grounds["after"], values=np.zeros_like(grounds["after"].values))
    far = cut(grounds["after"], "far", EAST, east_m=50_000.0)
    blind = cut(clouded, "blind", WEST, east_m=11.0)
    after = (blind, far, cut(grounds["after"], "w", WEST))
    assert settle_scenes(before, after).after == after


def test_the_order_given_does_not_show(grounds: dict[str, Ground]) -> None:
    """Of two scenes of which one lies off, that one is moved which lies off the other date, whichever comes first."""
    before = [cut(grounds["before"], "west", WEST), cut(grounds["before"], "east", EAST)]
    for off, true in (("a", "z"), ("z", "a")):
        after = [cut(grounds["after"], off, EAST, east_m=20.0), cut(grounds["after"], true, WEST)]
        for given in (after, after[::-1]):
            settled = {scene.name: scene for scene in settle_scenes(before[::-1], given).after}
            assert settled[true] is after[1]
            np.testing.assert_allclose(
                places((settled[off],)), places((cut(grounds["after"], "e", EAST),)), atol=TOLERANCE_M
            )


def test_bands_that_not_all_have_do_not_matter(grounds: dict[str, Ground]) -> None:
    """Scenes of which some lack a band are held against each other by those that both have."""
    visible = ("blue", "green", "red")
    before = (
        cut(grounds["before"], "a", EAST),
        dataclasses.replace(cut(grounds["before"], "b", WEST), bands=visible),
    )
    after = (
        dataclasses.replace(cut(grounds["after"], "a", EAST), bands=visible),
        cut(grounds["after"], "b", WEST, east_m=20.0),
    )
    settled = settle_scenes(before, after)
    assert settled.before == before
    assert settled.after[0] is after[0]
    np.testing.assert_allclose(places(settled.after[1:]), places((cut(grounds["after"], "b", WEST),)), atol=TOLERANCE_M)


def chain(count: int, off_m: Mapping[str, float]) -> list[Scene]:
    """Scenes side by side, each of which overlaps the next by half."""
    grid = GeoBox((60, 60), Affine(10, 0, 500_000, 0, -10, 0), "EPSG:32618")
    values = np.full((1, 60, 60), 0.1, np.float32)
    return [
        scene_from_arrays(
            values,
            grid.translate_pix(30 * number, 0),
            bands=["red"],
            acquired=datetime(2025, 1, 1, tzinfo=UTC),
            name=name,
        )
        for number, name in enumerate(sorted(off_m)[:count])
    ]


def test_a_long_chain_is_settled_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes that meet only over many others are put where those lie: what lies off is moved, and nothing else."""
    offs = [{f"{date}{n:02d}": 30.0 if date == "b" and n < 9 else 0.0 for n in range(40)} for date in ("b", "a")]
    before, after = chain(40, offs[0]), chain(40, offs[1])
    true = offs[0] | offs[1]

    def tell(first: Placement, second: Placement, *_: object) -> Shift:
        return Shift(0.0, (true[second.scene.name] - true[first.scene.name]) / 10, 0.1, 9, 9)

    monkeypatch.setattr("colibri_geo.pairs.settling.find_shift", tell)
    settled = settle_scenes(before, after)
    assert settled.after == tuple(after)
    assert [scene is other for scene, other in zip(settled.before, before, strict=True)] == [False] * 9 + [True] * 31
    moved = [scene.grid.affine.c - other.grid.affine.c for scene, other in zip(settled.before, before, strict=True)]
    np.testing.assert_allclose(moved, [-30.0] * 9 + [0.0] * 31, atol=0.05)


def test_one_scene_a_date_is_read_by_nobody(grounds: dict[str, Ground], monkeypatch: pytest.MonkeyPatch) -> None:
    """A common pair is left to its survey: nothing is measured."""
    monkeypatch.delattr("colibri_geo.pairs.settling.find_shift")
    before, after = cut(grounds["before"], "b", WEST), cut(grounds["after"], "a", WEST, east_m=20.0)
    settled = settle_scenes([before], [after])
    assert (settled.before, settled.after) == ((before,), (after,))
