"""The documentation site as it is built: without a warning, and without a word to the network when it is read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import colibri_geo

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
WIDTHS_PX = (390, 1400)
SHOWN = (
    *("index", "quickstart", "scale", "howto/imagery", "reference/python", "reference/commands", "reference/files"),
    *("method", "gallery", "benchmarks/index"),
)
"""Of each kind of page one, and those with the widest tables, code and formulas."""
LOADS = re.compile(
    r"""<(?:script|link|img|iframe|source|video|audio|object|embed)\b[^>]*?(?:src|href|data)=["']?(?P<url>[^"'\s>]+)"""
)
OPENS = re.compile(r"""(?:url\(|@import)\s*["']?(?P<url>(?:https?:)?//[^"')\s]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it; a warning is an error there."""
    for module in ("material", "mkdocstrings_handlers.python", "latex2mathml"):
        pytest.importorskip(module, reason=f"{module} is not installed: the site is not built")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return folder


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:  # noqa: ANN401 - of Playwright
    """A page of the browser."""
    return browser.new_page()


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    """No page and no style asks for a script, style, picture or font of another place."""
    pages, styles = sorted(site.rglob("*.html")), sorted(site.rglob("*.css"))
    assert len(pages) > 30
    assert styles
    asked = {found["url"] for path in pages for found in LOADS.finditer(path.read_text(encoding="utf-8"))}
    assert any(url.endswith(".js") for url in asked)
    assert [url for url in sorted(asked) if re.match(r"\w+:(?!image/)|//", url)] == []
    assert [found["url"] for path in styles for found in OPENS.finditer(path.read_text(encoding="utf-8"))] == []


def test_reference_says_what_the_code_says(site: Path) -> None:
    """Names of Python have their place and their docstring, and formulas are drawn without a script."""
    text = (site / "reference" / "python.html").read_text(encoding="utf-8")
    for name in set(colibri_geo.__all__) - {"__version__"}:
        assert f'id="colibri_geo.{name}"' in text
    assert "the whole road in one call" in text
    method = (site / "method.html").read_text(encoding="utf-8")
    assert "<math" in method
    assert "arithmatex" not in method


@pytest.mark.parametrize("name", SHOWN)
def test_page_is_sound_on_phone_and_desk(name: str, site: Path, page: Any) -> None:  # noqa: ANN401 - of Playwright
    """A page opens from the disk without a fault or a request, and is no wider than the screen."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
    page.on("request", lambda asked: faults.append(asked.url) if asked.url.startswith(("http", "ws")) else None)
    page.goto((site / f"{name}.html").as_uri())
    for width in WIDTHS_PX:
        page.set_viewport_size({"width": width, "height": 900})
        # It settles when the window has its width, which may take a moment; where it never does, this is a fault.
        page.wait_for_function(f"innerWidth === {width} && document.documentElement.scrollWidth <= {width}")
    assert faults == []


def test_search_works_from_the_disk(site: Path, page: Any) -> None:  # noqa: ANN401 - of Playwright
    """A word is found in pages that were opened from the disk."""
    page.set_viewport_size({"width": WIDTHS_PX[1], "height": 900})
    page.goto((site / "index.html").as_uri())
    page.click("input[name=query]")
    page.keyboard.type("straightness_m")
    page.wait_for_function("/[1-9]\\d* matching/.test(document.querySelector('.md-search-result__meta').innerText)")
    links = page.locator(".md-search-result__link").evaluate_all("all => all.map(link => link.getAttribute('href'))")
    assert any("reference/files.html" in link for link in links)
