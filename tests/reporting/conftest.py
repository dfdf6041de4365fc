"""The reports that are opened in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from colibri_geo.exporting import make_edition
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.reporting import build_edition_model, overview_picture, picture_strips, write_html, write_report
from tests.reporting.fake_pair import FakeChangeMap, make_pair
from tests.reporting.test_html import hostile_run
from tests.support.example_run import example_findings, example_record, example_strips
from tests.support.secret_run import secret_findings, secret_record


@pytest.fixture(scope="session")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report with strips in each language, one without strips, one with hostile text, and one of an edition."""
    folder = tmp_path_factory.mktemp("reports")
    pair = make_pair(example_strips())
    pictures = picture_strips(pair, example_strips(), change=FakeChangeMap(pair))
    for language in LANGUAGES:
        path, messages = folder / f"{'full' if language == 'en' else language}.html", load_messages(language)
        write_report(example_findings(), example_record(), pictures, overview_picture(pair), path, messages=messages)
    write_report(example_findings(strips=False), example_record(), (), None, folder / "empty.html")
    findings, record = hostile_run()
    write_report(findings, record, (), None, folder / "hostile.html")
    edition = make_edition(secret_findings(), secret_record(), "5km")
    write_html(build_edition_model(edition), folder / "edition.html")
    return folder
