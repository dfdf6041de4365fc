"""One palette: what a verdict looks like is the same on the page, on paper and in a notebook, and told apart by all."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
from skimage.color import deltaE_ciede2000, rgb2lab

from colibri_geo.exporting.colours import CASING, VERDICT_COLOURS
from colibri_geo.exporting.columns import VERDICTS
from colibri_geo.language import ENGLISH
from colibri_geo.reporting import build_model
from colibri_geo.reporting.exploring import draw_strip_map
from colibri_geo.reporting.html import read_asset, render_html
from colibri_geo.reporting.palette import BLANK, SEEN, style_colours
from colibri_geo.reporting.pdf import _gather_files
from tests.support.example_run import example_findings, example_record

DICHROMATS = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}
"""On linear red, green and blue, for readers without one kind of cone (https://doi.org/10.1109/TVCG.2009.113)."""
LEAST_DISTANCE = 12.0
"""In CIEDE2000 (https://doi.org/10.1002/col.20070), where 1 can just be seen side by side."""
FOREST = "#1f2b1a"
"""As bright as closed forest is in pictures of true colour."""


def test_black_letters_and_casings_stand_out() -> None:
    """Against each verdict's colour black has WCAG 2.2's contrast of small text, casing and forest that of lines."""
    assert list(VERDICT_COLOURS) == list(VERDICTS)
    for colour in VERDICT_COLOURS.values():
        assert _contrast(colour, "#000000") >= 4.5
        assert _contrast(colour, CASING) >= 3
        assert _contrast(colour, FOREST) >= 3
    for ground in (SEEN, BLANK, "#ffffff"):
        assert _contrast(ground, CASING) >= 3


@pytest.mark.parametrize("sight", [np.eye(3), *map(np.array, DICHROMATS.values())], ids=["usual", *DICHROMATS])
def test_verdicts_are_told_apart_without_red_or_green(sight: np.ndarray) -> None:
    """Any two verdicts have colours that are far apart, for readers who see no red or no green too."""
    seen = [rgb2lab(_encode(sight @ _decode(colour))) for colour in VERDICT_COLOURS.values()]
    assert min(deltaE_ciede2000(one, other) for one, other in itertools.combinations(seen, 2)) > LEAST_DISTANCE


def _contrast(one: str, other: str) -> float:
    darker, brighter = sorted(_decode(colour) @ (0.2126, 0.7152, 0.0722) for colour in (one, other))
    return float((brighter + 0.05) / (darker + 0.05))


def _decode(colour: str) -> np.ndarray:
    parts = np.array([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def _encode(linear: np.ndarray) -> np.ndarray:
    kept = linear.clip(0, 1)
    return np.where(kept <= 0.0031308, kept * 12.92, 1.055 * kept ** (1 / 2.4) - 0.055)


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
