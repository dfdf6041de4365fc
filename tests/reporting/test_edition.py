"""The report of an edition: whole, with squares or without a map, and nothing that leads nowhere."""

from __future__ import annotations

import dataclasses
import re

import pandas as pd
import pytest
import shapely

from colibri_geo.exporting import make_edition
from colibri_geo.reporting import ReportModel, build_edition_model, render_html
from colibri_geo.reporting.parts import MapDrawing, MapLabel
from tests.support.secret_run import CENTRES, secret_findings, secret_record


@pytest.fixture(scope="module")
def report() -> ReportModel:
    """The report of the secret run with squares."""
    return build_edition_model(make_edition(secret_findings(), secret_record(), "5km"))


def test_cover_says_edition_and_days(report: ReportModel) -> None:
    """The cover has the days without times and names, and what the edition is."""
    assert report.cover.page_title == "Change report: 2025-01-10 and 2025-03-21"
    assert report.cover.before.lines == ("2025-01-10", "Sentinel-2A")
    assert report.cover.handling.startswith("Edition 5km, for wider audiences")
    assert "not a basis for the use of force" in report.cover.caution


def test_ranking_has_squares_and_rounded_sizes(report: ReportModel) -> None:
    """A row has the number, the edition's name, rounded sizes, all regions that the square touches, and the square."""
    first = [cell.lines[0].replace("\N{NO-BREAK SPACE}", " ") for cell in report.ranking.rows[0]]
    square = "7.60 to 7.65 N, 75.85 to 75.90 W"
    assert first == ["1", "E001", "new", "97 %", "700 m", "20 m", "40°", "ANTIOQUIA / CÓRDOBA", square]


def test_figures_have_the_digits_that_hold() -> None:
    """Areas stand with two digits and shares with whole per cent, as they are in the tables; the caption says so."""
    findings = secret_findings()
    observed = findings.observed.assign(asked_km2=10.04, observed_km2=9.1993, observed_share=0.8812)
    edition = make_edition(dataclasses.replace(findings, observed=observed), secret_record(), "region")
    report = build_edition_model(edition)
    words = "\n".join([*report.looked_at.statement, report.bottom_line.statement]).replace("\N{NO-BREAK SPACE}", " ")
    assert "Of 10 km² asked, 9.2 km² was observed on both dates: 88 %." in words
    assert "The other 12 % was not seen" in words
    assert "The after image has no complete cloud mask" in words
    assert "in 9.2 km² observed (88 % of the 10 km² asked)" in words
    cells = [
        cell.lines[0] for table in (report.looked_at.regions, report.bottom_line.regions) for cell in table.rows[0]
    ]
    figures = [line for fact in report.looked_at.figures for line in fact.lines]
    shown = {text.replace("\N{NO-BREAK SPACE}", " ") for text in (*cells, *figures)}
    assert {"10 km²", "9.2 km²", "88 %", "12 %"} == {text for text in shown if text.endswith((" km²", " %"))}
    assert "then rounded" in report.looked_at.regions.caption


def test_map_draws_squares(report: ReportModel) -> None:
    """Every shape of a strip is a square of one size, with the numbers of its strips in it; nothing else is drawn."""
    assert report.map is not None
    boxes = [shapely.box(*shapely.LineString(_read_path(path)).bounds) for path in _strip_paths(report.map)]
    assert len(boxes) == 3
    assert all(square.area == pytest.approx(boxes[0].area, rel=0.02) for square in boxes)
    labels = _numbers(report.map)
    assert [label.text for label in labels] == ["1, 4", "2, 3", "5"]
    for square, label in zip(boxes, labels, strict=True):
        assert square.contains(shapely.Point(float(label.horizontal), float(label.vertical)))
    assert report.map.image == ""
    page = render_html(report)
    assert 'class="strip-' not in page  # what has no class of the style is filled black
    assert report.map.ground.kind == "blank"
    assert '<path class="observed"' not in page


def test_legend_says_of_which_strip_a_square_has_its_colour(report: ReportModel) -> None:
    """A square may hold strips of several verdicts: its colour is that of the first, and the legend says so."""
    assert report.map is not None
    verdicts = make_edition(secret_findings(), secret_record(), "5km").strips["verdict"]
    assert verdicts.iloc[0] != verdicts.iloc[3]  # numbers 1 and 4 share a square
    names = [entry.text for entry in report.map.legend]
    assert names[0] == "square, first strip new"
    assert all(name.startswith("square, first strip ") for name in names)


def test_number_stands_above_a_small_square() -> None:
    """On the map of a country a square is not hidden by its number."""
    far = secret_findings((*CENTRES[:-1], (-69.8344, 2.5884)))
    drawing = build_edition_model(make_edition(far, secret_record(), "5km")).map
    assert drawing is not None
    for path, label in zip(_strip_paths(drawing), _numbers(drawing), strict=True):
        assert float(label.vertical) < shapely.LineString(_read_path(path)).bounds[1]


def test_a_thousand_strips_are_numbered_as_in_the_table() -> None:
    """Numbers of a square are grouped as a reader writes them; a row of them stands as a range."""
    edition = make_edition(secret_findings(), secret_record(), "5km")
    squares = edition.strips.iloc[[0] * 999 + [1] * 3]
    squares.index = pd.Index([f"E{number:04d}" for number in range(1, 1003)], name=edition.strips.index.name)
    drawing = build_edition_model(dataclasses.replace(edition, strips=squares)).map
    assert drawing is not None
    assert [label.text for label in _numbers(drawing)] == ["1–999", "1,000–1,002"]


@pytest.mark.parametrize("name", ["5km", "region"])
def test_every_link_of_the_page_leads_somewhere(name: str) -> None:
    """Sections that an edition leaves out are not in the contents; neither sheets nor annex are there."""
    page = render_html(build_edition_model(make_edition(secret_findings(), secret_record(), name)))
    links = set(re.findall(r'href="#([\w-]+)"', page))
    assert links <= set(re.findall(r'id="([\w-]+)"', page))
    assert {"looked-at", "bottom-line", "ranking", "method"} <= links
    assert links.isdisjoint({"inputs", "sheets", "evidence"})
    assert ("overview" in links) == (name == "5km")


def _strip_paths(drawing: MapDrawing) -> list[str]:
    return [shape.path for shape in drawing.shapes if shape.kind.startswith("strip-")]


def _numbers(drawing: MapDrawing) -> list[MapLabel]:
    return [label for label in drawing.labels if label.kind == "number"]


def _read_path(path: str) -> list[tuple[float, float]]:
    points = [point.split() for point in path.lstrip("M").split("L")]
    return [(float(across), float(down)) for across, down in points]
