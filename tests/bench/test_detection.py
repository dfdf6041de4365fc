"""The benchmark as a whole, on small scenes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from colibri_geo.bench import scenes
from colibri_geo.bench.detection import (
    FORMS,
    GROUPS,
    Size,
    bench_detection,
    build_pair,
    choose_groups,
    detect,
    evaluate,
    judge,
)
from colibri_geo.bench.real import REAL
from colibri_geo.bench.recipes import RECIPES, can_run
from colibri_geo.errors import ColibriError, SettingsError

SMALL = dataclasses.replace(scenes.BRIEFS["ordinary"], side_px=256, new=2, old=1, regrowing=0)


def few_confusers(_rng: object, brief: scenes.Brief) -> scenes.Mix:
    """Return what a small scene has room for."""
    return scenes.Mix(brief.new, brief.old, brief.regrowing, road=0, river=0, field=2)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scenes of a few square kilometres in place of the group ``ordinary``."""
    monkeypatch.setitem(scenes.BRIEFS, "ordinary", SMALL)
    monkeypatch.setattr(scenes, "draw_mix", few_confusers)


def test_forms_know_every_group() -> None:
    """Each form says how much of each group it takes; the recipes run on a part of it; the full form takes no less."""
    for form in FORMS.values():
        assert set(form) == {group.name for group in GROUPS}
        assert all(0 <= size.with_recipes <= size.scenes for size in form.values())
    assert all(FORMS["full"][name].scenes >= FORMS["quick"][name].scenes for name in FORMS["quick"])


def test_groups_of_real_pictures_need_their_folder(tmp_path: Path) -> None:
    """Without a folder, groups of real pictures are left out, and refused where they are asked for by name."""
    assert not any(group.real for group in choose_groups([], None))
    assert len(choose_groups([], tmp_path)) == len(GROUPS)
    assert [group.name for group in choose_groups(["faint", "ordinary"], None)] == ["ordinary", "faint"]
    with pytest.raises(SettingsError, match="--real DIR"):
        choose_groups([REAL[0].name], None)
    with pytest.raises(SettingsError, match="does not exist"):
        choose_groups(["ordinry"], None)
    with pytest.raises(SettingsError, match="no such folder"):
        choose_groups([], tmp_path / "nowhere")
    with pytest.raises(ColibriError):
        build_pair(REAL[0].name, 0, tmp_path)


@pytest.mark.parametrize("wrong", [{"form": "long"}, {"seeds": "train"}, {"workers": 0}])
def test_wrong_words_are_refused(wrong: dict[str, object]) -> None:
    """An unknown form, unknown seeds or no worker at all is refused before any work."""
    with pytest.raises(SettingsError):
        bench_detection(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_one_scene_is_evaluated_at_every_point() -> None:
    """One detection gives all candidates; each point keeps the probable ones, and answers for every strip."""
    pair = build_pair("ordinary", 1)
    table = detect(pair)
    found = evaluate(pair, recipes=True)
    assert (found.rows["method"] == "all").sum() == len(table)
    counts = found.rows.groupby("method").size()
    assert counts.get("report", 0) <= counts.get("watch", 0) <= counts["all"]
    assert found.methods == ("all", "report", "watch", *(recipe.name for recipe in RECIPES if can_run(recipe)))
    assert (found.strips.groupby("method").size() == len(pair.truth.strips)).all()
    assert 0 < found.observed_km2 < found.km2 == pytest.approx(2.56**2)
    judged = judge(table, pair.truth)
    assert list(judged["kind"]) == list(found.rows.loc[found.rows["method"] == "all", "kind"])


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_report_is_the_same_again() -> None:
    """The same call gives the same report; clear strips of a small scene are found."""
    options = {"groups": ["ordinary"], "seeds": "development", "workers": 1, "sizes": {"ordinary": Size(2, 1)}}
    first, again = (bench_detection(**options) for _ in range(2))  # type: ignore[arg-type]
    assert repr(first) == repr(again)
    (group,) = first.groups
    strips = [strip for seed in (0, 1) for strip in build_pair("ordinary", seed).truth.strips]
    assert group.scenes == 2
    assert group.methods[0].recall.count == sum(strip.kind == "new" and strip.observable for strip in strips) > 0
    assert group.methods[1].recall.hits >= 1
    recipe = next(method for method in group.methods if method.method == RECIPES[0].name)
    assert recipe.scenes == 1


@pytest.mark.slow
def test_processes_change_nothing() -> None:
    """Two processes give the report that one gives, in the same order of scenes."""
    options = {"groups": ["coarse"], "seeds": "development", "sizes": {"coarse": Size(2, 0)}}
    told: list[str] = []
    one = bench_detection(workers=1, **options)  # type: ignore[arg-type]
    two = bench_detection(workers=2, progress=told.append, **options)  # type: ignore[arg-type]
    assert repr(one) == repr(two)
    assert told == ["coarse: scene 1 of 2", "coarse: scene 2 of 2"]


@pytest.mark.slow
@pytest.mark.parametrize("group", [group.name for group in REAL])
def test_real_pictures_make_pairs(real_data: Path, group: str) -> None:
    """Each group of real pictures gives pairs whose strips are observable and lie in the picture."""
    pair = build_pair(group, 3, real_data)
    west, south, east, north = tuple(pair.after.grid.boundingbox)
    for strip in pair.truth.strips:
        assert strip.observable
        assert all(west < place[0] < east and south < place[1] < north for place in (strip.end1, strip.end2))
    assert bool(pair.truth.strips) == (group != "quiet_romania")
    assert pair.before.acquired < pair.after.acquired
    assert pair.observed_km2 > 0.9 * pair.km2
    assert build_pair(group, 3, real_data).after.provenance.sha256 == pair.after.provenance.sha256
