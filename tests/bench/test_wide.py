"""The pairs that speed is measured on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from colibri_geo.bench import scenes, wide
from colibri_geo.bench.scenes import BRIEFS, SIX, Brief
from colibri_geo.bench.wide import make_wide_pair, plan_wide
from colibri_geo.errors import SettingsError
from colibri_geo.sim import Mix
from colibri_geo.sim.files import pair_files

FEW = dataclasses.replace(BRIEFS["ordinary"], new=1, old=0, regrowing=0)


def few_confusers(_rng: object, brief: Brief) -> Mix:
    """Return what a small block has room for."""
    return Mix(brief.new, brief.old, brief.regrowing, road=0, river=0, field=1, seam=1)


def test_blocks_are_ordinary_scenes_of_one_radiometry() -> None:
    """Each block has the strips of the group `ordinary` and a seed of its own; seams run through the whole alone."""
    spec = plan_wide(1400, 1400)
    assert len(spec.blocks) == 4
    assert len({block.seed for block in spec.blocks}) == 4
    for block in spec.blocks:
        assert [strip.kind for strip in block.strips].count("new") == BRIEFS["ordinary"].new
        assert "seam" not in {confuser.kind for confuser in block.confusers}
        assert block.rows == pytest.approx(BRIEFS["ordinary"].side_px, rel=0.1)
    assert spec.frame.before.haze == spec.frame.after.haze == 0
    assert spec.frame.after.shift_east_px != 0
    assert len(set(spec.swaths)) > 2
    assert spec == plan_wide(1400, 1400)


def test_large_pairs_repeat_blocks_evenly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the most blocks that are simulated, each of fewer comes about as often as another."""
    monkeypatch.setattr(wide, "MOST_BLOCKS", 11)
    monkeypatch.setattr(wide, "REPEATED_BLOCKS", 5)
    monkeypatch.setattr(scenes, "draw_mix", few_confusers)
    spec = plan_wide(480, 640, brief=FEW, block_px=160)
    assert (len(spec.order), len(spec.blocks)) == (12, 5)
    assert {spec.order.count(number) for number in range(5)} == {2, 3}
    monkeypatch.setattr(wide, "MOST_BLOCKS", 12)
    assert sorted(plan_wide(480, 640, brief=FEW, block_px=160).order) == list(range(12))


def test_six_bands_or_four() -> None:
    """Pairs have four bands or six; other numbers are refused."""
    assert plan_wide(700, 700, bands=6).blocks[0].bands == SIX
    with pytest.raises(SettingsError, match="expected 4 or 6"):
        plan_wide(700, 700, bands=5)


def test_pair_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pair that is in the folder is used as it is; where a file of it is missing, it is made again."""
    monkeypatch.setitem(scenes.BRIEFS, "ordinary", FEW)
    monkeypatch.setattr(scenes, "draw_mix", few_confusers)
    told: list[str] = []
    pair = make_wide_pair(tmp_path, 160, progress=told.append)
    assert (pair.rows, pair.bands, pair.blocks, pair.distinct, pair.mpx) == (160, 4, 1, 1, 0.0256)
    assert len(list(tmp_path.iterdir())) == len(pair_files())
    assert told
    told.clear()
    assert make_wide_pair(tmp_path, 160, progress=told.append) == pair
    assert not told
    kept = pair.truth.read_bytes()
    pair.truth.unlink()
    assert make_wide_pair(tmp_path, 160) == pair
    assert pair.truth.read_bytes() == kept
