"""What the page's script adds, each by mouse and by keyboard: moving the map, sorting, filtering, swiping."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from colibri_geo.language import ENGLISH
from colibri_geo.reporting import Messages, build_model, render_html, write_report
from tests.support.example_run import example_findings, example_record, example_strips

pytestmark = pytest.mark.slow

RANKS = ["1", "2", "3", "4", "5"]
# Where the scene of the map lies: its zoom, and where its upper left corner is, in units of the drawing.
VIEW = """() => {
  const placed = document.querySelector(".live .scene").getAttribute("transform");
  const [left, top, zoom] = placed.match(/-?[\\d.]+/g).map(Number);
  return { zoom, left, top };
}"""
ON_SCREEN = """selector => {
  const { x, y, width, height } = document.querySelector(selector).getBoundingClientRect();
  return { x, y, width, height };
}"""
METRES_PER_PX = """() => {
  const [number, unit] = document.querySelector(".live .text-scale").textContent.split("\\u00a0");
  return number * (unit === "km" ? 1000 : 1) / document.querySelector(".live .bar").getBBox().width;
}"""


@pytest.fixture
def page(browser: Any, reports: Path) -> Iterator[Any]:  # noqa: ANN401
    """The full report on a desk."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto((reports / "full.html").as_uri())
    yield page
    context.close()


# ----------------------------------------------------------------------------------------------------------------- map
def middle_of_map(page: Any) -> tuple[float, float]:  # noqa: ANN401
    """Bring the map into view, and return its middle on the screen."""
    page.locator(".live").scroll_into_view_if_needed()
    box = page.locator(".live").bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def wait_for_zoom(page: Any, condition: str) -> None:  # noqa: ANN401
    """Wait for the frame in which the zoom is as wanted; the page's policy forbids Playwright's own way to wait."""
    page.evaluate(
        f"""() => new Promise((found, missed) => {{
          let frames = 0;
          const look = () => {{
            const {{ zoom }} = ({VIEW})();
            if ({condition}) found();
            else if ((frames += 1) > 300) missed(new Error(`zoom is ${{zoom}}`));
            else requestAnimationFrame(look);
          }};
          look();
        }})"""
    )


def test_wheel_zooms_where_the_pointer_is(page: Any) -> None:  # noqa: ANN401
    """With Ctrl the wheel enlarges the map, and the ground under the pointer stays there; zooming has its ends."""
    across, down = middle_of_map(page)
    pointer = [round(across) + 100, round(down) - 50]  # a wheel's event has whole pixels
    under = """([x, y]) => {
      const place = new DOMPoint(x, y).matrixTransform(document.querySelector(".live .scene").getScreenCTM().inverse());
      return [place.x, place.y];
    }"""
    page.mouse.move(*pointer)
    before = page.evaluate(under, pointer)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -250)
    wait_for_zoom(page, "zoom > 1.9")
    assert page.evaluate(under, pointer) == pytest.approx(before, abs=0.5)
    page.mouse.wheel(0, -9000)
    wait_for_zoom(page, "zoom === 32")
    page.mouse.wheel(0, 9000)
    wait_for_zoom(page, "zoom === 1")
    assert page.evaluate(VIEW) == {"zoom": 1, "left": 0, "top": 0}


def test_page_keeps_its_own_wheel_and_keys(page: Any) -> None:  # noqa: ANN401
    """Without Ctrl the wheel stays the page's, as do the arrows on the whole map, and keys of no meaning to it."""
    page.evaluate("""() => {
      window.left = [];
      for (const kind of ["wheel", "keydown"]) {
        addEventListener(kind, event => window.left.push(`${event.key || kind} ${!event.defaultPrevented}`));
      }
    }""")
    page.locator(".live").focus()
    for key in ("ArrowDown", "Tab", "+", "ArrowDown"):
        page.locator(".live").press(key)
    assert page.evaluate("window.left") == ["ArrowDown true", "Tab true", "+ false", "ArrowDown false"]
    page.mouse.move(*middle_of_map(page))
    page.mouse.wheel(0, 200)
    page.keyboard.press("a")
    assert page.evaluate("window.left.slice(4).sort()") == ["a true", "wheel true"]
    assert page.evaluate(VIEW)["zoom"] == 1.5


def test_drag_moves_the_map_and_follows_no_link(page: Any) -> None:  # noqa: ANN401
    """A zoomed map follows the pointer, never beyond its edge, and a drag that starts on a strip stays on the map."""
    page.locator(".live").press("+")
    page.locator(".live").press("+")
    middle_of_map(page)
    number = page.locator(".scene a text", has_text=re.compile("^2$"))
    for _ in range(8):
        page.locator("[data-act=down]").click()
    box = number.bounding_box()
    start = page.evaluate(VIEW)
    across, down = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(across, down)
    page.mouse.down()
    page.mouse.move(across + 30, down - 300, steps=4)
    page.mouse.move(across + 30, down + 60, steps=4)
    page.mouse.up()
    moved = number.bounding_box()
    assert moved["x"] - box["x"] == pytest.approx(30, abs=1)
    assert moved["y"] - box["y"] == pytest.approx(360, abs=1)  # the first part went beyond the edge, where the map ends
    assert page.evaluate(VIEW)["zoom"] == start["zoom"]
    assert page.evaluate("location.hash") == ""


def test_two_fingers_zoom(browser: Any, reports: Path) -> None:  # noqa: ANN401
    """On a phone two fingers that go apart enlarge the map."""
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True, offline=True)
    page = context.new_page()
    page.goto((reports / "full.html").as_uri())
    across, down = middle_of_map(page)
    driver = context.new_cdp_session(page)
    for kind, apart in (("Start", 20), ("Move", 30), ("Move", 60), ("Move", 80)):
        points = [{"x": across + side * apart, "y": down, "id": at} for at, side in enumerate((-1, 1))]
        driver.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points})
    driver.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate(VIEW)["zoom"] == pytest.approx(4, rel=0.2)
    context.close()


def test_keys_move_the_map(page: Any) -> None:  # noqa: ANN401
    """Plus, minus, arrows and 0 do what the buttons do."""
    page.locator(".live").focus()
    seen = []
    for key in ("+", "+", "ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp", "-", "0"):
        page.keyboard.press(key)
        seen.append(page.evaluate(VIEW))
    zooms, lefts, tops = ([view[name] for view in seen] for name in ("zoom", "left", "top"))
    assert zooms == pytest.approx([1.5, *[2.25] * 5, 1.5, 1])
    assert lefts[2] < lefts[1] == lefts[4]
    assert tops[3] < tops[2] == tops[5]
    assert seen[-1] == {"zoom": 1, "left": 0, "top": 0}


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_buttons_move_the_map(page: Any, hand: str) -> None:  # noqa: ANN401
    """Each button acts by a click and by the Enter key."""
    seen = {}
    for act in ("in", "out", "in", "right", "left", "down", "up", "whole"):
        button = page.locator(f"[data-act={act}]")
        before = page.evaluate(VIEW)
        if hand == "mouse":
            button.click()
        else:
            button.press("Enter")
        after = page.evaluate(VIEW)
        seen[act] = [after[name] - before[name] for name in ("zoom", "left", "top")]
    assert seen["in"][0] == pytest.approx(0.5)
    assert seen["out"][0] == pytest.approx(-0.5)
    assert (seen["right"][1], seen["down"][2]) == pytest.approx((-200, -0.2 * 1034), rel=0.05)
    assert (seen["left"][1], seen["up"][2]) == pytest.approx((200, 0.2 * 1034), rel=0.05)
    assert page.evaluate(VIEW) == {"zoom": 1, "left": 0, "top": 0}


def test_scale_bar_stays_true(page: Any) -> None:  # noqa: ANN401
    """At each zoom the bar stands for a round length that is as long on the ground as the bar says."""
    whole = page.evaluate(METRES_PER_PX)
    lengths = [page.locator(".live .text-scale").text_content()]
    for _ in range(9):
        page.locator(".live").press("+")
        assert page.evaluate(METRES_PER_PX) * page.evaluate(VIEW)["zoom"] == pytest.approx(whole, rel=1e-3)
        lengths.append(page.locator(".live .text-scale").text_content())
    assert [length.replace("\N{NO-BREAK SPACE}", " ") for length in lengths] == [
        *("2 km", "1 km", "500 m", "500 m", "200 m", "200 m", "100 m", "100 m", "50 m", "50 m"),
    ]
    page.locator(".live").press("0")
    assert page.locator(".live .text-scale").text_content() == lengths[0]
    assert page.evaluate(METRES_PER_PX) == whole


def test_letters_and_numbers_keep_their_size(page: Any) -> None:  # noqa: ANN401
    """Zooming draws the ground larger and its names not, and a number stays beside the middle of its strip."""
    offsets, heights, lengths = [], [], []
    for _ in range(5):
        number, strip = (page.evaluate(ON_SCREEN, f".scene a[href='#strip-5'] {part}") for part in ("text", ".strip"))
        offsets.append(number["x"] + number["width"] / 2 - strip["x"] - strip["width"] / 2)
        heights.append(number["height"])
        lengths.append(strip["width"])
        page.locator(".live").press("+")
    assert heights == pytest.approx(heights[:1] * 5, rel=0.05)
    assert offsets == pytest.approx(offsets[:1] * 5, abs=2)
    assert lengths[-1] > 4 * lengths[0]


def test_degrees_stay_where_their_lines_leave_the_map(page: Any) -> None:  # noqa: ANN401
    """A label of the graticule that is shown stands on its line at the edge, at any zoom."""
    shown = """() => {
      const svg = document.querySelector(".live"), lines = [...svg.querySelectorAll(".graticule")];
      return [...svg.querySelectorAll(".text-degrees")].map((text, at) => [text, lines[at]])
        .filter(([text]) => text.matches("[text-anchor=start]:not([visibility=hidden])"))
        .map(([text, line]) => text.getBoundingClientRect().bottom - line.getBoundingClientRect().bottom);
    }"""
    before = page.evaluate(shown)
    assert len(before) > 2
    page.locator(".live").press("+")
    page.locator(".live").press("+")
    after = page.evaluate(shown)
    assert 0 < len(after) < len(before)
    assert after == pytest.approx(before[: len(after)], abs=3)


@pytest.mark.parametrize("script", [True, False])
@pytest.mark.parametrize("part", ["text", ".strip"])
def test_strip_on_the_map_leads_to_its_sheet(browser: Any, reports: Path, script: bool, part: str) -> None:  # noqa: ANN401
    """A click on a strip or its number goes to the sheet, with the script and without it."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, java_script_enabled=script)
    page = context.new_page()
    page.goto((reports / "full.html").as_uri())
    page.locator(f".scene a[href='#strip-3'] {part}").click()
    page.wait_for_url("**#strip-3")
    sheet = page.locator("#strip-3").bounding_box()
    assert -1 <= sheet["y"] < 900
    context.close()


# --------------------------------------------------------------------------------------------------------------- table
def ranks(page: Any) -> list[str]:  # noqa: ANN401
    """Return the numbers of the rows that are shown, in their order."""
    return [cell.strip() for cell in page.locator(".ranking tbody tr:visible th").all_text_contents()]


# Orders of the example run, first click and second click. Widths are all the same: they keep their rank both ways.
ORDERS = {
    "No.": ("54321", "12345"),
    "Strip": ("14352", "25341"),
    "Verdict": ("12345", "54321"),
    "Probability": ("53241", "14235"),
    "Length": ("14352", "25341"),
    "Width": ("12345", "12345"),
    "True azimuth": ("25341", "14352"),
    "Region": ("14532", "23514"),
}


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_columns_sort(page: Any, hand: str) -> None:  # noqa: ANN401
    """Each column sorts up and down, numbers as numbers, equals by rank, and says so to those who do not see it."""
    said = """() => [...document.querySelectorAll(".ranking [aria-sort]")]
      .map(head => head.textContent.trim() + " " + head.ariaSort)"""
    assert page.evaluate(said) == ["No. ascending"]
    found = {}
    for column, (first, _) in ORDERS.items():
        button = page.locator(".ranking thead").get_by_role("button", name=column, exact=True)
        orders = []
        for way in ("ascending", "descending") if column != "No." else ("descending", "ascending"):
            if hand == "mouse":
                button.click()
            else:
                button.press("Enter")
            orders.append("".join(ranks(page)))
            assert page.evaluate(said) == [f"{column} {way}"]
        assert orders[0] == first, column
        found[column] = tuple(orders)
    assert found == ORDERS


def test_what_is_not_known_comes_last(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """A strip without a measure stands at the end, whichever way the column is sorted."""
    strips = example_strips()
    findings = example_findings()
    strips.loc["S001", "width_m"] = float("nan")
    strips.loc["S003", "width_m"] = 9.5
    markup = render_html(
        build_model(type(findings)(strips, *list(vars(findings).values())[1:]), example_record(), (), None)
    )
    (tmp_path / "page.html").write_text(markup, encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    page.get_by_role("button", name="Width").click()
    assert ranks(page) == ["3", "2", "4", "5", "1"]
    page.get_by_role("button", name="Width").click()
    assert ranks(page) == ["2", "4", "5", "3", "1"]
    page.close()


def test_edition_sorts_and_filters(browser: Any, reports: Path) -> None:  # noqa: ANN401
    """The table of an edition has the same columns in the same places, so that the same hand works it."""
    page = browser.new_page()
    page.goto((reports / "edition.html").as_uri())
    lengths = "[...document.querySelectorAll('.ranking tbody tr')].map(row => parseFloat(row.cells[4].dataset.value))"
    page.get_by_role("button", name="Length").click()
    assert page.evaluate(lengths) == sorted(page.evaluate(lengths))
    panel = page.locator(".filter")
    regions = panel.get_by_label("Region", exact=True).locator("option").all_text_contents()
    assert any("ANTIOQUIA" in region for region in regions)
    assert not any("° " in region or " N," in region for region in regions)
    panel.get_by_label("Least probability, %", exact=True).fill("50")
    shown = page.evaluate(
        "[...document.querySelectorAll('.ranking tbody tr')].filter(row => row.getClientRects().length)"
        ".map(row => Number(row.cells[3].dataset.value))"
    )
    assert shown
    assert min(shown) >= 0.5
    assert "sheet" not in page.locator("main").inner_text()
    page.close()


def choose_by_mouse(page: Any, label: str, value: str) -> None:  # noqa: ANN401
    """Pick from a list, or click into a field and write."""
    field = page.locator(".filter").get_by_label(label, exact=True)
    if field.evaluate("field => field.tagName") == "SELECT":
        field.select_option(value)
    else:
        field.click()
        field.fill(value)


def choose_by_keyboard(page: Any, label: str, value: str) -> None:  # noqa: ANN401
    """Focus a field and type, or a list and go down it."""
    field = page.locator(".filter").get_by_label(label, exact=True)
    field.focus()
    if field.evaluate("field => field.tagName") != "SELECT":
        page.keyboard.type(value)
        return
    for _ in range(field.locator("option").count()):
        if field.input_value() != value:
            page.keyboard.press("ArrowDown")
    assert field.input_value() == value


FILTERS = (
    ("Verdict", "regrowing", "3"),
    ("Region", "Colombia (COL) › PUTUMAYO (86)", "235"),
    ("Region", "Colombia (COL) › NARIÑO (52) › São João (52001)", "14"),
    ("Least probability, %", "70", "124"),
    ("Text in the row", "narino", "14"),
    ("Text in the row", "<script>", "5"),
    ("Text in the row", "nowhere", ""),
)


@pytest.mark.parametrize("choose", [choose_by_mouse, choose_by_keyboard])
def test_filters_leave_rows_and_strips_out(page: Any, choose: Callable[[Any, str, str], None]) -> None:  # noqa: ANN401
    """A filter acts on the table and on the map, says how many are left, leaves the sheets alone, and can be undone."""
    status = page.locator(".filter [role=status]")
    for label, value, expected in FILTERS:
        choose(page, label, value)
        assert "".join(ranks(page)) == expected, value
        assert status.text_content() == f"{len(expected)} of 5 strips shown"
        shown = page.locator(".live a text:visible").all_text_contents()
        assert [number for number in RANKS if number in shown] == list(expected)
        assert page.locator(".live .strip:visible, .live .casing:visible").count() == 2 * len(expected)
        page.get_by_role("button", name="Show all").press("Enter")
        assert ranks(page) == RANKS
        assert status.text_content() == "5 of 5 strips shown"


def test_filters_leave_sheets_and_paper_alone(page: Any) -> None:  # noqa: ANN401
    """What a filter leaves out keeps its sheet, and its row and its line on paper."""
    choose_by_mouse(page, "Verdict", "regrowing")
    assert page.locator(".sheet:visible").count() == 5
    page.emulate_media(media="print")
    assert ranks(page) == RANKS
    assert page.locator(".live a text:visible").count() == 5


def test_filters_know_strips_without_a_sheet(
    browser: Any,  # noqa: ANN401
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A strip without a sheet is left out of table and map alike; on the map it leads to its row."""
    monkeypatch.setattr("colibri_geo.reporting.ranking.MOST_SHEETS", 2)
    path = tmp_path / "report.html"
    write_report(example_findings(), example_record(), (), None, path)
    context = browser.new_context(viewport={"width": 1400, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    choose_by_mouse(page, "Verdict", "regrowing")
    assert ranks(page) == ["3"]
    assert [number for number in RANKS if number in page.locator(".live a text:visible").all_text_contents()] == ["3"]
    page.get_by_role("button", name="Show all").press("Enter")
    page.evaluate("document.querySelector('.live a[href=\"#strip-5\"] text').parentNode.focus()")
    page.keyboard.press("Enter")
    page.wait_for_url("**#strip-5")
    assert page.locator("tr:has(#strip-5)").is_visible()
    assert page.locator(".sheet").count() == 2
    context.close()


def test_filters_add_up_and_keep_the_order(page: Any) -> None:  # noqa: ANN401
    """Two filters leave what both let through, in the order that was chosen."""
    page.get_by_role("button", name="Length").click()
    choose_by_mouse(page, "Least probability, %", "60")
    choose_by_mouse(page, "Region", "Colombia (COL) › PUTUMAYO (86)")
    assert ranks(page) == ["3", "2"]


# --------------------------------------------------------------------------------------------------------------- swipe
CLIP = "sheet => getComputedStyle(document.querySelectorAll(`#${sheet} .photo img`)[1]).clipPath"


def test_swipe_uncovers_the_before_picture(page: Any) -> None:  # noqa: ANN401
    """Before and after lie on one another; mouse and keyboard move the line between them, on that sheet alone."""
    swipe = page.locator("#strip-1 .swipe")
    pictures = [page.locator("#strip-1 .photo img").nth(at).bounding_box() for at in range(3)]
    assert pictures[0] == pictures[1]
    assert pictures[2]["x"] > pictures[0]["x"] + pictures[0]["width"]
    assert page.evaluate(CLIP, "strip-1") == "inset(0px 0px 0px 50%)"
    swipe.press("ArrowRight")
    assert page.evaluate(CLIP, "strip-1") == "inset(0px 0px 0px 51%)"
    assert swipe.get_attribute("aria-valuetext") == "before on the left 51 % of the picture, after on the rest"
    swipe.press("End")
    assert page.evaluate(CLIP, "strip-1") == "inset(0px 0px 0px 100%)"
    box = page.locator("#strip-1 .photo img").first.bounding_box()
    page.mouse.move(box["x"] + 0.9 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"], steps=3)
    page.mouse.up()
    assert page.evaluate(CLIP, "strip-1") == "inset(0px 0px 0px 20%)"
    assert page.evaluate(CLIP, "strip-2") == "inset(0px 0px 0px 50%)"
    assert page.get_by_label("Swipe: before on the left, after on the right of the line").count() == 5


def places_of_pictures(page: Any) -> list[float]:  # noqa: ANN401
    """Return where the pictures of the first sheet begin, from the left."""
    return [page.locator("#strip-1 .photo img").nth(at).bounding_box()["x"] for at in range(3)]


def test_paper_is_whole_whatever_was_done_on_the_screen(page: Any) -> None:  # noqa: ANN401
    """On paper the map is whole, the pictures stand side by side, and the screen is afterwards as it was."""
    page.locator(".live").press("+")
    page.locator(".live").press("ArrowRight")
    page.locator("#strip-1 .swipe").press("End")
    view = page.evaluate(VIEW)
    page.emulate_media(media="print")
    wait_for_zoom(page, "zoom === 1")
    assert page.evaluate(CLIP, "strip-1") == "none"
    assert places_of_pictures(page) == sorted(set(places_of_pictures(page)))
    page.emulate_media(media="screen")
    wait_for_zoom(page, "zoom > 1")
    assert page.evaluate(VIEW) == view


def test_each_page_of_a_long_ranking_has_its_heads(page: Any) -> None:  # noqa: ANN401
    """On paper the heads of columns stand on every page that the ranked table goes on over."""
    page.evaluate(
        """() => {
            document.querySelectorAll("main > section:not(#ranking)").forEach((part) => part.remove());
            const rows = [...document.querySelectorAll(".ranking tbody tr")];
            for (let copy = 0; copy < 30; copy++) rows[0].parentNode.append(...rows.map((row) => row.cloneNode(true)));
        }"""
    )
    printed = [" ".join(sheet.extract_text().split()) for sheet in PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]
    with_rows = [text for text in printed if "S001" in text]
    assert len(with_rows) > 3
    assert all("True azimuth" in text and "Probability" in text for text in with_rows)


def test_page_is_whole_without_script(browser: Any, reports: Path) -> None:  # noqa: ANN401
    """Without the script nothing of its controls is seen, and the pictures stand side by side."""
    context = browser.new_context(viewport={"width": 1400, "height": 900}, java_script_enabled=False)
    page = context.new_page()
    page.goto((reports / "full.html").as_uri())
    assert page.locator("button:visible, input:visible, select:visible, .screen-only:visible").count() == 0
    assert places_of_pictures(page) == sorted(set(places_of_pictures(page)))
    assert ranks(page) == RANKS
    context.close()


# --------------------------------------------------------------------------------------------------------------- words
def test_words_of_the_controls_are_those_of_the_language(browser: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """Whatever the controls say comes from the catalogue: in a marked language each of their words is marked."""
    marked = Messages("en", {key: f"§{text}" for key, text in ENGLISH.texts.items()})
    model = build_model(example_findings(), example_record(), (), None, messages=marked)
    (tmp_path / "page.html").write_text(render_html(model, messages=marked), encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "page.html").as_uri())
    said = page.evaluate("""() => [...document.querySelectorAll(".screen-only, .screen-only *, .ranking thead button")]
      .flatMap(part => [part.ariaLabel, part.title, part.getAttribute("aria-valuetext"),
        ...[...part.childNodes].filter(node => node.nodeType === 3).map(node => node.data)])
      .filter(text => text && /\\p{L}/u.test(text))""")
    names = {"Colombia", "NARIÑO", "PUTUMAYO"}
    assert len(said) > 30
    assert [text for text in said if "§" not in text and not any(name in text for name in names)] == []
    page.close()
