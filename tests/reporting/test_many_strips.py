"""A report of three hundred strips: as a page in a real browser, and as a PDF."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pikepdf
import pytest

from colibri_geo.reporting import (
    ReportModel,
    StripPicture,
    build_model,
    overview_picture,
    picture_strips,
    write_html,
    write_pdf,
)
from tests.reporting.fake_pair import FakeChangeMap, FakePair, make_pair
from tests.support.example_run import example_findings, example_record, example_strips

pytestmark = pytest.mark.slow

COUNT = 300
MOST_BYTES = 15 * 10**6
OPENS_WITHIN_S = 3.0
"""Of the browser's main thread until the page can be used: what a reader waits for on an idle machine."""
LAID_OUT_WITHIN_S = 60.0
"""Of processor time, of all threads together."""


def repeat_strips() -> gpd.GeoDataFrame:
    """Spread the strips of the example run over its ground, until there are enough."""
    five = example_strips()
    copies = []
    for copy in range(COUNT // len(five)):
        moved = five.set_geometry(five.translate(copy % 10 * 70, copy * 120))
        first = copy * len(five) + 1
        copies.append(moved.set_axis(pd.Index([f"S{first + at:03d}" for at in range(len(five))], name="strip_id")))
    return pd.concat(copies)


def repeat_pictures(pair: FakePair, strips: gpd.GeoDataFrame) -> list[StripPicture]:
    """Give every strip the pictures of the strip that it repeats."""
    found = picture_strips(pair, example_strips(), change=FakeChangeMap(pair))
    return [dataclasses.replace(found[at % len(found)], strip_id=strip) for at, strip in enumerate(strips.index)]


@pytest.fixture(scope="module")
def long_model() -> ReportModel:
    """A report with three hundred sheets, in its final words."""
    pair, strips = make_pair(example_strips()), repeat_strips()
    findings = dataclasses.replace(example_findings(), strips=strips)
    return build_model(findings, example_record(), repeat_pictures(pair, strips), overview_picture(pair))


@pytest.fixture(scope="module")
def long_report(tmp_path_factory: pytest.TempPathFactory, long_model: ReportModel) -> Path:
    """The page."""
    path = tmp_path_factory.mktemp("long") / "report.html"
    write_html(long_model, path)
    return path


def test_long_report_can_be_sent(long_report: Path) -> None:
    """It stays below what mail systems take and phones open."""
    assert long_report.stat().st_size < MOST_BYTES


@pytest.mark.parametrize("width", [390, 1400])
def test_long_report_opens_quickly(browser: Any, long_report: Path, width: int) -> None:  # noqa: ANN401
    """It can be used within seconds; a filter and a link to a sheet far down do what they do on a short page."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    measures = context.new_cdp_session(page)
    measures.send("Performance.enable", {"timeDomain": "threadTicks"})  # processor time: other work does not count
    page.goto(long_report.as_uri())
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    measured = {metric["name"]: metric["value"] for metric in measures.send("Performance.getMetrics")["metrics"]}
    assert 0.05 < measured["TaskDuration"] < OPENS_WITHIN_S
    page.locator(".filter").get_by_label("Verdict", exact=True).select_option("regrowing")
    assert page.locator(".filter [role=status]").text_content() == "60 of 300 strips shown"
    page.evaluate("document.querySelector('.ranking a[href=\"#strip-170\"]').click()")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_url("**#strip-170")
    assert -50 < page.locator("#strip-170").bounding_box()["y"] < 450
    context.close()


def test_long_pdf_is_laid_out_within_a_minute(tmp_path: Path, long_model: ReportModel) -> None:
    """Its processor time counts, so that other work on the machine does not; each strip has its page."""
    start = time.process_time()
    write_pdf(long_model, tmp_path / "report.pdf")
    assert 0.05 < time.process_time() - start < LAID_OUT_WITHIN_S
    with pikepdf.open(tmp_path / "report.pdf") as document:
        assert len(document.pages) > COUNT
