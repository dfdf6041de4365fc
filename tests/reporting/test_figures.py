"""Figures for notebooks: they show what the tables hold, whatever the names in them."""

from __future__ import annotations

import dataclasses
import datetime as dt
import importlib
import io
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import LineCollection
from PIL import Image
from shapely import affinity
from shapely.geometry import LineString, box

from colibri_geo import Run, compare, plot_before_after, read_run
from colibri_geo.errors import ConfigError, MissingExtra, OutputError, SettingsError, TableError
from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.reporting import overview_picture, picture_strips
from colibri_geo.reporting.figures import plot_findings, plot_strip
from colibri_geo.reporting.palette import BLANK, VEIL
from colibri_geo.scenes.memory import scene_from_arrays
from colibri_geo.scenes.scene import Scene
from tests.reporting.fake_pair import make_pair
from tests.support.example_run import METRE_CRS, example_findings, example_record
from tests.support.shouting import SHOUTED, find_spoken
from tests.support.small_pair import make_scenes, pair_grid, small_spec

_BEFORE, _AFTER = dt.date(2025, 1, 10), dt.date(2025, 3, 21)


@pytest.fixture(autouse=True)
def _no_window() -> Iterator[None]:
    """Draw without a display, and leave no figure open."""
    with mpl.rc_context({"backend": "agg"}):
        yield
        plt.close("all")


@pytest.fixture(scope="module")
def run() -> Run:
    """The comparison of a small simulated pair with one new strip."""
    scenes = make_scenes(small_spec())
    return compare(scenes.before, scenes.after)


def _draw(figure: plt.Figure) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Draw a figure as a notebook does."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=50)
    return np.asarray(Image.open(buffer).convert("RGB"))


def _texts(axes: plt.Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


# ------------------------------------------------------------------------------------------------------------------ map
@pytest.fixture(scope="module")
def drawn() -> plt.Axes:
    """The map of the example run, without its image."""
    return plot_findings(example_findings(), example_record(), None)


def test_map_shows_every_strip_in_the_colour_of_its_verdict(drawn: plt.Axes) -> None:
    """Each strip has its verdict's colour, each verdict its count, and the caution stands below."""
    axes, findings = drawn, example_findings()
    colours = {mpl.colors.to_hex(colour) for part in axes.collections for colour in part.get_edgecolor()}
    assert {VERDICT_COLOURS[verdict] for verdict in findings.strips["verdict"]} <= colours
    signs = [text.get_text() for text in axes.get_legend().get_texts()]
    assert {"1 new", "1 not observed", "not observed: cloud", "not observed: no data"} <= set(signs)
    share = "51.2 km² observed on both dates (80.0 % of 64.0 km² asked)"
    assert share in " ".join(axes.get_xlabel().split())
    assert "not a basis for the use of force" in axes.get_xlabel()
    assert not axes.images


def test_map_numbers_strips_as_the_report_does(drawn: plt.Axes) -> None:
    """Beside the middle of each axis stands the strip's number in the ranking, in no order of the table."""
    strips = example_findings().strips
    at = {text.get_text(): text.xy for text in drawn.texts}
    order = rank_positions(strips)
    assert order != sorted(order)
    for number, position in enumerate(order, start=1):
        middle = strips.geometry.iloc[position].interpolate(0.5, normalized=True)
        assert at[str(number)] == pytest.approx((middle.x, middle.y))
    assert not set(strips.index) & set(_texts(drawn))


def test_numbers_of_strips_side_by_side_stand_apart() -> None:
    """Numbers of strips close to each other do not lie over each other, as on the map of the report."""
    findings = example_findings()
    crowd = findings.strips.iloc[[0] * 6]
    moved = [affinity.translate(axis, 60.0 * number, 60.0 * number) for number, axis in enumerate(crowd.geometry)]
    crowd = crowd.set_geometry(moved, crs=crowd.crs).set_axis([f"S{number}" for number in range(6)])
    axes = plot_findings(dataclasses.replace(findings, strips=crowd), example_record(), None)
    _draw(axes.figure)
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text() in set("123456")]
    assert len(boxes) == 6
    assert not any(one.overlaps(other) for one, other in itertools.combinations(boxes, 2))


def test_map_hatches_unseen_ground_and_lies_on_the_grid(drawn: plt.Axes) -> None:
    """Unseen ground is hatched, a pattern a reason; the map ends where the pair's grid does."""
    axes, record = drawn, example_record()
    hatches = [part.get_hatch() for part in axes.collections if part.get_hatch()]
    assert len(set(hatches)) == 2
    left, top = record.pair.transform[2], record.pair.transform[5]
    assert axes.get_xlim() == (left, left + record.pair.cols * 10)
    assert axes.get_ylim() == (top - record.pair.rows * 10, top)


@pytest.mark.parametrize("on_image", [False, True])
def test_map_leaves_blank_what_was_not_asked(on_image: bool) -> None:
    """Ground that was not asked about has no pattern and is not called unobserved; an image is seen through it."""
    findings = example_findings()
    blank = dataclasses.replace(findings, not_asked=findings.not_observed.iloc[:1].assign(reason="not_asked"))
    overview = overview_picture(make_pair(findings.strips)) if on_image else None
    axes = plot_findings(blank, example_record(), overview)
    signs = {sign.get_label(): sign for sign in axes.get_legend().get_patches()}
    sign = signs["not asked about: beyond the images, or outside of the area"]
    assert sign.get_hatch() is None
    assert sign.get_facecolor() == mpl.colors.to_rgba(BLANK, VEIL if on_image else 1.0)
    drawn = [part for part in axes.collections if sign.get_facecolor() in map(tuple, part.get_facecolor())]
    assert [part.get_hatch() for part in drawn] == [None]
    _draw(axes.figure)


def test_map_takes_names_as_they_are() -> None:
    """Names that are no formula for matplotlib, and scripts or line ends in them, are drawn as plain text."""
    findings = example_findings()
    names = ["$\\frac{", "<script>\n_x^2$"]
    hostile = dataclasses.replace(findings, regions=findings.regions.assign(name=names))
    axes = plot_findings(hostile, example_record(), None)
    assert {"$\\frac{", "<script> _x^2$"} <= set(_texts(axes))
    _draw(axes.figure)


def test_map_draws_borders_that_are_there() -> None:
    """The outline of a region around all of the map is not drawn along its edge; one across it is."""
    findings = example_findings()
    assert findings.regions is not None
    wide = findings.regions.assign(geometry=findings.regions.to_crs(METRE_CRS).buffer(90_000).to_crs(4326))
    drawn, bare = (
        plot_findings(dataclasses.replace(findings, regions=regions), example_record(), None)
        for regions in (findings.regions, wide)
    )
    assert _count_lines(drawn) > _count_lines(bare) == 0


def _count_lines(axes: plt.Axes) -> int:
    """Count the lines of borders in the frame of a map."""
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    lines = [c for c in axes.collections if isinstance(c, LineCollection) and c.get_zorder() in (3, 4)]
    frame = box(left, bottom, right, top)
    return sum(LineString(line).intersects(frame) for found in lines for line in found.get_segments())


def test_map_of_nothing_found_is_a_map() -> None:
    """A run without strips or regions says what was looked at all the same, on the axes that it is given."""
    findings = dataclasses.replace(example_findings(strips=False), regions=None)
    given = plt.subplots()[1]
    axes = plot_findings(findings, example_record(), None, given)
    assert axes is given
    assert "observed on both dates" in axes.get_xlabel()
    _draw(axes.figure)


def test_run_is_drawn_over_its_image_and_without(run: Run, tmp_path: Path) -> None:
    """A run has the after image behind; one that was read back the same strips on plain ground."""
    back = read_run(run.save(tmp_path / "out", report=False))
    with_image, plain = run.plot(), back.plot()
    assert len(with_image.images) == 1
    assert not plain.images
    assert _texts(with_image) == _texts(plain)
    assert with_image.get_xlim() == plain.get_xlim()


# ---------------------------------------------------------------------------------------------------------------- strip
def test_strip_shows_both_dates_the_change_and_two_profiles(run: Run) -> None:
    """One call gives before, after and change with times, and the profiles; nothing stays open behind it."""
    figure = run.plot_strip(run.strips.index[0])
    titles = [axes.get_title() for axes in figure.axes]
    times = [f"{when}\n{scene.acquired:%Y-%m-%d %H:%M:%S}Z, " for when, scene in _dates(run)]
    assert [title.startswith(time) for title, time in zip(titles, times, strict=False)] == [True, True]
    assert titles[2:] == ["Change", "Across the axis: red", "Along the axis: red"]
    assert "candidate cleared strip, new" in figure.get_suptitle()
    assert "not a basis for the use of force" in figure.get_supxlabel()
    assert plt.get_fignums() == []
    assert _draw(figure).std() > 10


def _dates(run: Run) -> tuple[tuple[str, Scene], ...]:
    assert run.aligned is not None
    return ("Before", run.aligned.before), ("After", run.aligned.after)


def test_before_and_after_differ_on_the_strip_alone(run: Run) -> None:
    """A new strip is bright on the later of the two pictures, which are drawn with one stretch."""
    figure = plot_before_after(run.aligned, run.strips.iloc[0])
    before, after = (np.asarray(axes.images[0].get_array(), dtype=float).mean(axis=-1) for axes in figure.axes)
    changed = np.abs(after - before)
    middle = changed[190:230, 190:230]
    assert middle.max() > 80
    assert np.median(changed) < 15


def test_profiles_are_those_of_the_report_and_break_where_nothing_was_seen(run: Run) -> None:
    """Lines stand on the places and values that the report draws; what a cloud hides on a date is missing on it."""
    spec = small_spec()
    scl = np.full((spec.rows, spec.cols), 4, dtype=np.uint8)
    scl[:, 70:90] = 9
    later = run.aligned.after
    veiled = scene_from_arrays(later.read()[0], pair_grid(spec), bands=spec.bands, acquired=later.acquired, scl=scl)
    hidden = dataclasses.replace(run.aligned, after=veiled)
    figure = plot_strip(hidden, run.strips.iloc[0])
    (picture,) = picture_strips(hidden, run.strips)
    for axes, profile in zip(figure.axes[3:], (picture.profiles.across, picture.profiles.along), strict=True):
        before, after = axes.get_lines()
        for line, values in ((before, profile.before), (after, profile.after)):
            np.testing.assert_allclose(line.get_xdata(), profile.places_m, atol=1e-3)
            np.testing.assert_allclose(line.get_ydata(), np.array(values, dtype=float), atol=1e-6)
    assert not np.isnan(before.get_ydata()).any()
    assert np.isnan(after.get_ydata()).any()


def test_strip_is_found_by_its_number_in_the_report(run: Run) -> None:
    """The number that the report gives a strip does as its name does; a number beyond them is refused."""
    for number, position in enumerate(rank_positions(run.strips), start=1):
        assert run._find_strip(number).name == run.strips.index[position]
    for number in (0, len(run.strips) + 1):
        with pytest.raises(SettingsError, match=rf"'{number}' is not in this run.*a number of the report, 1 to"):
            run.plot_strip(number)


# ------------------------------------------------------------------------------------------------------------ languages
def _read(figure: plt.Figure) -> set[str]:
    """Return every text that a figure shows, once it is laid out."""
    figure.draw_without_rendering()
    return {text for part in figure.findobj(mpl.text.Text) if (text := part.get_text()) and part.get_visible()}


def _draw_all(run: Run, lang: str) -> tuple[plt.Figure, ...]:
    first = run.strips.iloc[0]
    assert run.aligned is not None
    map_figure = run.plot(lang=lang).figure
    return map_figure, run.plot_strip(1, lang=lang), plot_before_after(run.aligned, first, lang=lang)


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_speak_the_language_that_is_asked_for(run: Run, language: str) -> None:
    """Headings, signs, units and the caution of every figure are those of the language; nothing stays English."""
    messages = load_messages(language)
    whole, strip, pair = (_read(figure) for figure in _draw_all(run, language))
    assert messages.say("figure.title", before=messages.date(_BEFORE), after=messages.date(_AFTER)) in whole
    assert messages.count("counted.new", len(run.strips)) in whole
    for texts in (whole, strip, pair):
        assert " ".join(messages.say("caution").split()) in " ".join(" ".join(texts).split())
    parts = {"profile.across.places", "profile.along.places", "profile.sign.measured", "photo.change"}
    assert {messages.say(key) for key in parts} <= strip
    assert any(messages.say("verdict.new") in text for text in pair)
    if language == "en":
        return
    english = set().union(*map(_read, _draw_all(run, "en")))
    same = {text for text in (whole | strip | pair) & english if re.search(r"[^\W\d_]{2,}", text)}
    assert same - set(run.strips.index) - {"200\N{NO-BREAK SPACE}m", "1\N{NO-BREAK SPACE}km"} == set()


def test_no_text_of_a_figure_comes_from_elsewhere(run: Run) -> None:
    """Every word that is neither a name nor a unit stands in a catalogue, and numbers have the language's signs."""
    assert run.aligned is not None
    findings = example_findings()
    axes = plot_findings(findings, example_record(), None, messages=SHOUTED)
    texts = _read(axes.figure) | _read(plot_strip(run.aligned, run.strips.iloc[0], messages=SHOUTED))
    assert find_spoken(texts - set(findings.regions["name"])) == set()
    assert {text for text in texts if re.search(r"\d[.,]\d", text)} == set()


def test_unknown_language_is_told(run: Run) -> None:
    """A language without a catalogue is refused in one line by each figure."""
    assert run.aligned is not None
    for draw in (run.plot, run.explore, lambda **words: run.plot_strip(1, **words)):
        with pytest.raises(ConfigError, match="'de': not known, expected one of en, es, pt, fr"):
            draw(lang="de")
    with pytest.raises(ConfigError, match="'de': not known"):
        plot_before_after(run.aligned, run.strips.iloc[0], lang="de")


# ------------------------------------------------------------------------------------------------------------- refusal
def test_unknown_strip_is_told(run: Run) -> None:
    """A name that is no strip of the run is refused with those that are: all where they are few, else their range."""
    with pytest.raises(SettingsError, match=rf"'S999' is not in this run.*{run.strips.index[0]}"):
        run.plot_strip("S999")
    few = dataclasses.replace(run, findings=example_findings())
    with pytest.raises(
        SettingsError, match=r"expected S001, S002, S003, S004, S005, or a number of the report, 1 to 5$"
    ):
        few.plot_strip(99)
    strips = few.strips.iloc[[0] * 1200].set_axis([f"S{number:04d}" for number in range(1, 1201)])
    many = dataclasses.replace(run, findings=dataclasses.replace(few.findings, strips=strips))
    with pytest.raises(SettingsError, match=r"expected one of 1,200, such as S0001, or a number .* 1 to 1,200$"):
        many.plot_strip("S1")
    none = dataclasses.replace(run, findings=example_findings(strips=False))
    with pytest.raises(SettingsError, match=r"'1' is not in this run, which found none$"):
        none.plot_strip(1)


def test_run_without_pixels_is_told(run: Run, tmp_path: Path) -> None:
    """A run that was read back draws maps, and says why it draws no pictures."""
    back = read_run(run.save(tmp_path / "out", report=False))
    with pytest.raises(OutputError, match=r"no pixels.*run\.plot"):
        back.plot_strip(back.strips.index[0])


def test_what_is_no_strip_is_told(run: Run) -> None:
    """A whole table, or a row of another, is refused in one line."""
    for wrong in (run.strips, gpd.GeoDataFrame({"name": ["x"]}).iloc[0], "S001"):
        with pytest.raises(TableError, match=r"expected one row of the strips table"):
            plot_before_after(run.aligned, wrong)


def test_missing_library_names_the_extra(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without matplotlib each figure says what to install; it is an ImportError too."""

    def fail(name: str) -> object:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", fail)
    for draw in (run.plot, lambda: run.plot_strip(run.strips.index[0])):
        with pytest.raises(MissingExtra, match=r'needs matplotlib.*pip install "colibri_geo\[notebook\]"'):
            draw()
    assert issubclass(MissingExtra, ImportError)
