"""The page in a real browser, with the network off: on a phone, on a desk, on paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.example_run import example_strips

pytestmark = pytest.mark.slow

SPLIT = """
() => [...document.querySelectorAll('.columns h4')].filter(heading => {
  const parts = [heading, heading.nextElementSibling].flatMap(part => [...part.getClientRects()]);
  return new Set(parts.map(part => part.left)).size > 1;
}).map(heading => heading.textContent)
"""
"""Headings of blocks that are not whole in one column."""
OVERFLOW = """() => [...document.querySelectorAll("body *")]
  .filter(part => !part.closest("svg") && part.getBoundingClientRect().right > innerWidth + 0.5)
  .map(part => part.tagName + "." + part.className)"""
WIDTHS = (320, 360, 390, 701, 768, 820, 901, 1024, 1400)
LOOKED_AT, FIGURES = (f"document.querySelector('#looked-at .{part}')" for part in ("statement", "figures"))
CONTRAST = """() => {
  const luminance = colour => {
    const [r, g, b] = colour.match(/[\\d.]+/g).map(Number)
      .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = part => {
    for (let p = part; p; p = p.parentElement) {
      const colour = getComputedStyle(p).backgroundColor;
      if (colour !== "rgba(0, 0, 0, 0)") return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("body *")]
    .filter(part => !part.closest("svg") && [...part.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(part => {
      const [a, b] = [luminance(getComputedStyle(part).color), luminance(ground(part))].sort((x, y) => y - x);
      return [(a + 0.05) / (b + 0.05), part.tagName + "." + part.className];
    })
    .filter(([ratio]) => ratio < 4.5);
}"""

BROKEN = """parts => [...document.querySelectorAll(parts)].flatMap(part => {
  const broken = [], words = document.createTreeWalker(part, NodeFilter.SHOW_TEXT), range = document.createRange();
  while (words.nextNode()) {
    for (const word of words.currentNode.data.matchAll(/\\p{L}+/gu)) {
      range.setStart(words.currentNode, word.index);
      range.setEnd(words.currentNode, word.index + word[0].length);
      const lines = new Set([...range.getClientRects()].map(line => Math.round(line.top)));
      if (lines.size > 1 && word[0].length < 30) broken.push(word[0]);  // no checksums
    }
  }
  return broken;
})"""


@pytest.mark.parametrize("name", ["full", "es", "pt", "fr", "empty", "hostile", "edition"])
@pytest.mark.parametrize("width", [390, 1400])
def test_page_opens_without_network(browser: Any, reports: Path, name: str, width: int) -> None:  # noqa: ANN401
    """Nothing is fetched, nothing is complained of, nothing sticks out at the side, and no text is faint."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((reports / f"{name}.html").as_uri())
    assert complaints == []
    assert [url for url in requests if not url.startswith("data:")] == [(reports / f"{name}.html").as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(OVERFLOW) == []
    assert page.evaluate(CONTRAST) == []
    context.close()


@pytest.mark.parametrize("name", ["full", "es", "pt", "fr", "hostile", "edition"])
def test_nothing_sticks_out_at_any_width(browser: Any, reports: Path, name: str) -> None:  # noqa: ANN401
    """In every language the page fits telephones, tablets upright and lying, and desks, without a sideways scroll."""
    page = browser.new_page()
    page.goto((reports / f"{name}.html").as_uri())
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth") > width or page.evaluate(OVERFLOW):
            found[width] = page.evaluate(OVERFLOW)
    assert found == {}
    page.close()


@pytest.mark.parametrize("name", ["full", "es", "pt", "fr"])
@pytest.mark.parametrize("width", [320, 390])
def test_words_about_the_images_are_whole_on_a_phone(browser: Any, reports: Path, name: str, width: int) -> None:  # noqa: ANN401
    """In the table of the scenes no word breaks, and both dates stand side by side below what they are dates of."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((reports / f"{name}.html").as_uri())
    assert page.evaluate(BROKEN, ".inputs") == []
    row = page.evaluate(
        "[...document.querySelectorAll('.inputs tbody tr:first-child > *')].map(cell => cell.getBoundingClientRect())"
    )
    item, before, after = row
    assert item["bottom"] <= before["top"] == after["top"]
    assert before["right"] <= after["left"] < after["right"] <= width
    page.close()


@pytest.mark.parametrize("name", ["full", "es", "pt", "fr", "empty", "edition"])
def test_bottom_line_is_on_the_first_screens(browser: Any, reports: Path, name: str) -> None:  # noqa: ANN401
    """What was found stands below how much was looked at, before figures and maps, and leads to the bottom line.

    On the second screen of a phone, on the first of a laptop.
    """
    found = "document.querySelector('.found')"
    context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
    page = context.new_page()
    page.goto((reports / f"{name}.html").as_uri())
    assert page.evaluate(f"{found}.getBoundingClientRect().bottom") < 2 * 844
    assert page.evaluate(f"{found}.getBoundingClientRect().top > {LOOKED_AT}.getBoundingClientRect().bottom")
    assert page.evaluate(f"{found}.getBoundingClientRect().bottom < {FIGURES}.getBoundingClientRect().top")
    assert page.evaluate(f"{found}.textContent === document.querySelector('#bottom-line .statement').textContent")
    page.click(".found a")
    assert page.evaluate("location.hash") == "#bottom-line"
    page.set_viewport_size({"width": 1400, "height": 900})
    assert page.evaluate(f"{found}.getBoundingClientRect().bottom + scrollY") < 900
    context.close()


def test_style_and_pictures_are_let_in(browser: Any, reports: Path) -> None:  # noqa: ANN401
    """The policy lets the page's own style and pictures through."""
    page = browser.new_page()
    page.goto((reports / "full.html").as_uri())
    assert page.evaluate("getComputedStyle(document.querySelector('.cover')).backgroundColor") == "rgb(11, 79, 74)"
    assert page.evaluate("[...document.images].every(image => image.naturalWidth === 420)")
    page.close()


def test_keyboard_reaches_the_report(browser: Any, reports: Path) -> None:  # noqa: ANN401
    """The first stop of the keyboard is the link that skips to the report, and it can be seen then."""
    page = browser.new_page()
    page.goto((reports / "full.html").as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#looked-at"
    page.close()


@pytest.mark.parametrize("name", ["full", "es", "pt", "fr"])
def test_each_sheet_has_a_page_of_paper(browser: Any, reports: Path, name: str) -> None:  # noqa: ANN401
    """Printed on A4, no sheet is longer than a page, none shares one, its blocks are whole, nothing sticks out."""
    context = browser.new_context(viewport={"width": 696, "height": 1000})
    page = context.new_page()
    page.goto((reports / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    heights = page.evaluate("[...document.querySelectorAll('.sheet')].map(s => s.getBoundingClientRect().height)")
    breaks = page.evaluate(
        "[...document.querySelectorAll('.sheet + .sheet')].map(s => getComputedStyle(s).breakBefore)"
    )
    assert len(heights) == len(example_strips())
    assert max(heights) < (297 - 30) / 25.4 * 96 - 40
    assert set(breaks) == {"page"}
    assert page.evaluate(SPLIT) == []
    assert page.evaluate(OVERFLOW) == []
    context.close()


@pytest.mark.parametrize("name", ["full", "empty", "hostile"])
def test_paper_holds_all_of_the_page(browser: Any, reports: Path, name: str) -> None:  # noqa: ANN401
    """On paper nothing sticks out at the side, and none of the controls of the screen is left."""
    page = browser.new_page(viewport={"width": 696, "height": 1000})
    page.goto((reports / f"{name}.html").as_uri())
    page.emulate_media(media="print")
    assert page.evaluate(OVERFLOW) == []
    assert page.locator(".screen-only").count() > 0
    assert page.locator(".screen-only:visible").count() == 0
    page.close()
