"""The map to move about in: it fetches nothing, holds what is known of each strip, and takes hostile names as text."""

from __future__ import annotations

import dataclasses
import datetime as dt
import html
import re
from pathlib import Path
from typing import Any

import pytest

from colibri_geo.exporting.coordinates import strip_centres
from colibri_geo.exporting.ranking import rank_positions
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.layers.findings import Findings
from colibri_geo.reporting import overview_picture
from colibri_geo.reporting.exploring import StripMap, draw_strip_map
from tests.reporting.fake_pair import make_pair
from tests.support.example_run import example_findings, example_record, example_strips
from tests.support.shouting import SHOUTED, find_spoken


@pytest.fixture(scope="module")
def shown() -> StripMap:
    """The map of the example run, over its image."""
    return draw_strip_map(example_findings(), example_record(), overview_picture(make_pair(example_strips())))


def test_map_names_nothing_to_fetch(shown: StripMap) -> None:
    """No address stands in the page but those of inline pictures, and its policy lets nothing else in."""
    targets = re.findall(r"""(?:src|href|url)\s*[=(]\s*["']?([^"')\s>]+)""", shown.page)
    assert {target[:16] for target in targets if not target.startswith("#")} == {"data:image/jpeg;"}
    assert "http" not in re.sub(r"http-equiv", "", shown.page)
    policy = html.unescape(re.search(r'Security-Policy" content="([^"]+)"', shown.page)[1])  # type: ignore[index]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'sha256-")
    assert "unsafe" not in policy


def test_map_tells_what_is_known_of_each_strip(shown: StripMap) -> None:
    """Each strip has dates, size with intervals and probability; the ground observed and the caution are there."""
    text, centres = html.unescape(shown.page), strip_centres(example_strips())
    for strip_id, strip in example_strips().iterrows():
        (card,) = re.findall(rf"<h2>\d\. Strip {strip_id}: .*?</section>", text, flags=re.DOTALL)
        card = card.replace("\N{NO-BREAK SPACE}", " ")
        assert f"{strip['probability']:.0%}".replace("%", " %") in card
        assert f"{strip['length_m']:,.0f} m ({strip['length_lo_m']:,.0f} to {strip['length_hi_m']:,.0f} m)" in card
        assert f"{centres[strip_id].y:.5f}, {centres[strip_id].x:.5f}" in card
        assert ("last clear look without it" in card) == (not strip.isna()["last_without"])
    assert "51.2 km² observed on both dates (80.0 % of 64.0 km² asked)." in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "not a basis for the use of force" in text


def test_map_numbers_strips_as_the_report_does(shown: StripMap) -> None:
    """The map has the numbers of the ranking; a strip's identity stands beside its number where it is pointed at."""
    strips = example_strips()
    signs = re.findall(r'class="number"[^>]*>([^<]*)</text>\s*<title>([^<]*)</title>', shown.page)
    ranked = strips.index[rank_positions(strips)]
    assert [number for number, _ in signs] == [str(number) for number in range(1, len(strips) + 1)]
    for (number, title), strip_id in zip(signs, ranked, strict=True):
        assert title.startswith(f"{number}. Strip {strip_id}: ")


def test_map_leaves_blank_what_was_not_asked(shown: StripMap) -> None:
    """Ground that was not asked about has no pattern and is not called unobserved; an image is seen through it."""
    findings = example_findings()
    blank = dataclasses.replace(findings, not_asked=findings.not_observed.iloc[:1].assign(reason="not_asked"))
    page = draw_strip_map(blank, example_record(), None).page
    told = "not asked about: beyond the images, or outside of the area"
    (path,) = re.findall(rf"<path [^>]*><title>{told}</title>", page)
    assert 'class="blank"' in path
    assert "url(" not in path
    assert f"</svg>{told}</li>" in page
    assert "not observed: not asked" not in page
    assert told not in shown.page
    assert '<svg id="map" class="on-image"' in shown.page
    assert 'class="on-image"' not in page
    assert ".on-image .blank { fill-opacity: var(--veil); }" in page


def test_map_takes_hostile_names_as_text(shown: StripMap) -> None:
    """Nothing from names or reasons becomes markup; a line break or a link in them does not survive."""
    findings = example_findings()
    strips = findings.strips.assign(reasons="</script><img src=x onerror=alert(1)> https://example.org")
    page = draw_strip_map(dataclasses.replace(findings, strips=strips), example_record(), None).page
    assert page.count("<script>") == shown.page.count("<script>") == 1
    assert "<img" not in page
    assert "https://" not in page


def test_map_of_nothing_found_says_so(tmp_path: Path) -> None:
    """Without strips, regions and pixels the map says that nothing was found on what was observed."""
    findings = dataclasses.replace(example_findings(strips=False), regions=None)
    shown = draw_strip_map(findings, example_record(), None)
    assert "Nothing new found, 350\N{NO-BREAK SPACE}m or longer, in 51.2\N{NO-BREAK SPACE}km² observed" in shown.page
    assert "<image" not in shown.page
    assert shown.save(tmp_path / "map.html").read_bytes() == shown.page.encode()


NAMES = {
    *("Colombia", "São", "João", "Orito", "Cía", "Aeródromo", "Río", "Guamués", "Paya"),
    *("script", "alert", "cmd", "calc", "before", "after", "tif"),
}
"""Names of the example run: of regions, of what lies around, and of files."""


def _read(page: str) -> set[str]:
    """Return every text that a page shows or tells to those who do not see it."""
    page = re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)
    told = re.findall(r'aria-label="([^"]*)"', page) + re.split(r"<[^>]*>", page)
    return {text for part in told if (text := html.unescape(part).strip())}


def _known_findings() -> Findings:
    """The example run with reasons in the words that a run records."""
    findings = example_findings()
    reasons = "a straight line of 1,860 m by 24 m on both images; would be false if it is a river bar: look for water"
    return dataclasses.replace(findings, strips=findings.strips.assign(reasons=f"{reasons} beside it"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_map_speaks_the_language_that_is_asked_for(language: str) -> None:
    """Headings, signs, cards, buttons and hints are those of the language; nothing but names stays English."""
    messages = load_messages(language)
    page = draw_strip_map(_known_findings(), example_record(), None, messages=messages).page
    texts = _read(page)
    assert f'<html lang="{language}">' in page
    days = {"before": messages.date(dt.date(2025, 1, 10)), "after": messages.date(dt.date(2025, 3, 21))}
    assert messages.say("figure.title", **days) in texts
    keys = ("explore.hint", "explore.close", "map.tools.in", "column.probability", "sheet.reasons", "fact.first_seen")
    assert {messages.say(key) for key in keys} <= texts
    assert any(text.startswith(messages.say("caution")) for text in texts)
    assert any(messages.number(1860) in text for text in texts)
    if language == "en":
        return
    english = _read(draw_strip_map(_known_findings(), example_record(), None).page)
    assert find_spoken((texts & english) - set(messages.texts.values())) <= NAMES
    assert "lang=" not in page.replace(f'<html lang="{language}">', "")


def test_no_text_of_the_map_comes_from_elsewhere() -> None:
    """Every word that is neither a name nor a unit stands in a catalogue, and numbers have the language's signs."""
    page = draw_strip_map(_known_findings(), example_record(), None, messages=SHOUTED).page
    assert find_spoken(_read(page)) <= NAMES | {"rivers", "settlements", "parks"}


def test_what_no_catalogue_knows_is_marked_as_english() -> None:
    """A reason of an unknown form stays as it was recorded, and the page says in which language that is."""
    page = draw_strip_map(example_findings(), example_record(), None, messages=load_messages("es")).page
    assert '<dd lang="en">bare line appeared between the dates' in page


def test_notebook_shows_the_whole_page_in_a_frame(shown: StripMap) -> None:
    """What a notebook gets is the page itself, kept apart from the notebook's own; its name in words is short."""
    (page,) = re.findall(r'<iframe srcdoc="([^"]*)"', shown._repr_html_())
    assert html.unescape(page) == shown.page
    assert len(repr(shown)) < 120


def test_same_run_gives_the_same_page(shown: StripMap) -> None:
    """The page holds no clock and no chance."""
    again = draw_strip_map(example_findings(), example_record(), overview_picture(make_pair(example_strips())))
    assert again.page == shown.page


# ------------------------------------------------------------------------------------------------------------- browser
@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1400])
def test_map_moves_and_tells(shown: StripMap, browser: Any, tmp_path: Path, width: int) -> None:  # noqa: ANN401
    """Buttons, keys and pointer move the map; a click and a key open a card; nothing is asked for or wrong."""
    page = browser.new_page(viewport={"width": width, "height": 800})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(shown.save(tmp_path / "map.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    def view() -> list[float]:
        return [float(part) for part in page.locator("#map").get_attribute("viewBox").split()]

    whole = view()
    page.get_by_role("button", name="Zoom in").click()
    near = view()
    assert near[2] < whole[2]
    page.locator("#map").press("ArrowRight")
    assert view()[0] > near[0]
    page.get_by_role("button", name="Whole map").click()
    assert view() == whole
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] * 0.4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2 - 50, box["y"] + box["height"] * 0.3, steps=3)
    page.mouse.up()
    assert view()[0] > whole[0]
    page.get_by_role("button", name="Whole map").click()
    first = page.locator(".strip").first
    first.focus()
    page.keyboard.press("Enter")
    assert page.locator("#cards section:visible").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("#cards section:visible").count() == 0
    first.locator(".reach").click(force=True)
    assert page.locator("#cards section:visible h2").inner_text().startswith("1. Strip S001: ")
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []
    page.close()
