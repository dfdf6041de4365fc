"""One palette: what a verdict looks like is the same on the page, on paper and in a notebook."""

from __future__ import annotations

import re

import pytest

from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.language import ENGLISH
from colibri_geo.reporting import build_model
from colibri_geo.reporting.exploring import draw_strip_map
from colibri_geo.reporting.html import read_asset, render_html
from colibri_geo.reporting.palette import VERDICT_COLOURS, style_colours
from colibri_geo.reporting.pdf import _gather_files
from tests.support.example_run import example_findings, example_record


def test_white_letters_can_be_read_on_every_verdict() -> None:
    """Each verdict has a colour of its own, on which white has the contrast that WCAG 2.2 asks of small text."""
    assert list(VERDICT_COLOURS) == list(VERDICTS)
    assert len(set(VERDICT_COLOURS.values())) == len(VERDICTS)
    assert [verdict for verdict, colour in VERDICT_COLOURS.items() if 1.05 / (_luminance(colour) + 0.05) < 4.5] == []


def _luminance(colour: str) -> float:
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_page_paper_and_notebook_have_the_same_colours() -> None:
    """Badges and lines of the report, its PDF and the map for notebooks take a verdict's colour from one place."""
    findings, record = example_findings(), example_record()
    model = build_model(findings, record, (), None)
    page = render_html(model)
    explored = draw_strip_map(findings, record, None).page
    paper = _gather_files(model, ENGLISH)
    drawings = [content.decode() for name, content in paper.items() if name.endswith(".svg")]
    for verdict in set(findings.strips["verdict"]):
        colour = VERDICT_COLOURS[verdict]
        variable = f"--{verdict.replace('_', '-')}"
        assert f"{variable}: {colour};" in page
        assert f".badge-{verdict} {{ background: var({variable}); }}" in page
        assert f".strip-{verdict} {{ stroke: var({variable}); }}" in page
        assert f'stroke="{colour}"' in explored
        assert any(f".strip-{verdict} {{ stroke: {colour}; }}" in drawing for drawing in drawings)
        assert f'"{verdict}": "{colour}"' in paper["report.json"].decode()


@pytest.mark.parametrize("name", ["report.css", "print.css", "explore.css"])
def test_style_sheets_name_no_colour_that_is_not_there(name: str) -> None:
    """Every variable of a style sheet is one of the palette or its own, and none is given twice."""
    sheet = style_colours() + read_asset(name)
    given = re.findall(r"(--[\w-]+):", sheet)
    assert len(given) == len(set(given))
    assert set(re.findall(r"var\((--[\w-]+)", sheet)) <= {*given, "--cut"}  # set by the script of the page
