"""The report on paper: pages, bookmarks, what it must not hold, sameness, and what is said where it cannot be made."""

from __future__ import annotations

import dataclasses
import importlib
import io
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

import numpy as np
import pytest
from PIL import Image, ImageFile

from colibri_geo.errors import MissingExtra
from colibri_geo.exporting.wording import CAUTION
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.reporting import ENGLISH, ReportModel, build_model, overview_picture, picture_strips, render_html
from colibri_geo.reporting.pdf import (
    _draw_halos,
    _fit_for_pdf,
    _lay_out,
    _only_serve,
    _paint_drawings,
    write_pdf,
)
from tests.reporting.fake_pair import FakeChangeMap, make_pair
from tests.reporting.test_html import hostile_run
from tests.support.example_run import example_findings, example_record, example_strips

LETTERS = "Ñandú, Conceição, Œuvre, déjà, Київ, Ελλάδα"
SVG = "{http://www.w3.org/2000/svg}"
AGAIN = """
import sys
from pathlib import Path
from colibri_geo.reporting import build_model, write_pdf
from tests.support.example_run import example_findings, example_record
write_pdf(build_model(example_findings(), example_record(), (), None), Path(sys.argv[1]))
"""


@pytest.fixture(scope="module")
def model() -> ReportModel:
    """The example run with pictures, long enough for several pages of tables."""
    pair = make_pair(example_strips())
    pictures = picture_strips(pair, example_strips(), change=FakeChangeMap(pair))
    return build_model(example_findings(), example_record(), pictures, overview_picture(pair, max_px=200))


@pytest.fixture(scope="module")
def paper(weasyprint: Any, model: ReportModel) -> Any:  # noqa: ANN401 - of weasyprint
    """The example report, laid out."""
    ranking = dataclasses.replace(model.ranking, rows=model.ranking.rows * 12)
    long = dataclasses.replace(model, ranking=ranking)
    return _lay_out(weasyprint, render_html(long), long, ENGLISH)


@pytest.fixture(scope="module")
def nothing_new(weasyprint: Any) -> Any:  # noqa: ANN401 - of weasyprint
    """A report without a single strip, laid out."""
    model = build_model(example_findings(strips=False), example_record(), (), None)
    named = dataclasses.replace(model, cover=dataclasses.replace(model.cover, heading=LETTERS))
    return _lay_out(weasyprint, render_html(named), named, ENGLISH)


@pytest.fixture(scope="module")
def hostile(weasyprint: Any) -> Any:  # noqa: ANN401 - of weasyprint
    """A report with hostile text wherever a file could put it, laid out."""
    findings, record = hostile_run()
    scene = dataclasses.replace(record.before, name="https://example.org/?a=b", licence="mailto:a@example.org")
    model = build_model(findings, dataclasses.replace(record, before=scene), (), None)
    return _lay_out(weasyprint, render_html(model), model, ENGLISH)


def read_pages(document: Any) -> list[str]:  # noqa: ANN401 - of weasyprint
    """Return what stands on each page outside of drawings, lines joined."""
    return [
        " ".join(" ".join(box.text for box in page._page_box.descendants() if hasattr(box, "text")).split())
        for page in document.pages
    ]


def list_bookmarks(tree: list[tuple[Any, ...]], level: int = 1) -> Iterator[tuple[int, str]]:
    """Return level and title of each bookmark, in order."""
    for title, _, children, _ in tree:
        yield level, title
        yield from list_bookmarks(children, level + 1)


def unpack(content: bytes) -> bytes:
    """Return a PDF with its compressed parts readable."""

    def inflate(found: re.Match[bytes]) -> bytes:
        try:
            return zlib.decompress(found[1])
        except zlib.error:  # a picture
            return b""

    return re.sub(rb"stream\r?\n(.*?)\r?\nendstream", inflate, content, flags=re.DOTALL)


@pytest.mark.slow
def test_each_sheet_has_a_page(paper: Any, model: ReportModel) -> None:  # noqa: ANN401
    """Each strip has one page of its own, in the order of the ranks."""
    headings = [f"{sheet.number}. Strip {sheet.strip_id}" for sheet in model.sheets]
    holders = [[number for number, text in enumerate(read_pages(paper)) if heading in text] for heading in headings]
    assert all(len(pages) == 1 for pages in holders)
    assert [pages[0] - holders[0][0] for pages in holders] == list(range(len(headings)))
    care = [text.count(ENGLISH.say("sheet.care")) for text in read_pages(paper)]
    assert max(care) == 1


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sheet_fits_its_page_in_every_language(weasyprint: Any, language: str) -> None:  # noqa: ANN401
    """No sheet of the example runs on to a second page, however long the words of the language are."""
    messages, pair = load_messages(language), make_pair(example_strips())
    pictures = picture_strips(pair, example_strips(), change=FakeChangeMap(pair))
    model = build_model(example_findings(), example_record(), pictures, None, messages=messages)
    paper = _lay_out(weasyprint, render_html(model, messages=messages), model, messages)
    holders = [[at for at, page in enumerate(paper.pages) if sheet.anchor in page.anchors] for sheet in model.sheets]
    assert holders == [[holders[0][0] + at] for at in range(len(model.sheets))]


@pytest.mark.slow
def test_every_page_says_what_it_is(paper: Any, model: ReportModel) -> None:  # noqa: ANN401
    """Each page carries the caution, that the images are synthetic, and its number; all but the first the title."""
    pages = read_pages(paper)
    assert len(pages) > len(model.sheets) + 4
    for number, text in enumerate(pages, start=1):
        assert f"{CAUTION} {model.cover.synthetic}" in text
        assert f"{number} / {len(pages)}" in text
        assert (model.cover.page_title in text) == (number > 1)
    assert ENGLISH.say("paper.caution") == CAUTION


@pytest.mark.slow
def test_heads_of_tables_are_repeated_and_headings_stay_with_their_text(paper: Any) -> None:  # noqa: ANN401
    """A table that goes on has its columns named again, and no page ends in a heading."""
    pages = [page._page_box for page in paper.pages]
    ranked = [text for text in read_pages(paper) if re.search(r"No\. Strip Verdict Probability", text)]
    assert len(ranked) > 1
    for page in pages:
        lines = [box for box in page.descendants() if type(box).__name__ == "LineBox" and _is_in_flow(box, page)]
        assert max(lines, key=lambda box: box.position_y).element_tag not in {"h1", "h2", "h3", "h4"}


def _is_in_flow(box: Any, page: Any) -> bool:  # noqa: ANN401 - of weasyprint
    return bool(page.content_box_y() <= box.position_y <= page.content_box_y() + page.height)


@pytest.mark.slow
def test_bookmarks_are_the_headings(paper: Any, model: ReportModel) -> None:  # noqa: ANN401
    """The title, the parts and the strips are bookmarks; small headings of sheets are not."""
    marks = list(list_bookmarks(paper.make_bookmark_tree()))
    titles = [title for _, title in marks]
    assert marks[0] == (1, model.cover.heading)
    assert [level for level, title in marks if title == ENGLISH.say("sheets.heading")] == [2]
    assert [title for title in titles if title.startswith("1. Strip")] == [
        f"1. Strip {model.sheets[0].strip_id} {model.sheets[0].verdict_text}"
    ]
    assert sum(level == 3 and " Strip " in title for level, title in marks) == len(model.sheets)
    assert ENGLISH.say("sheet.size") not in titles


@pytest.mark.slow
def test_nothing_new_is_a_full_report(nothing_new: Any) -> None:  # noqa: ANN401
    """Without a strip the PDF says so with the share, and keeps its parts."""
    text = " ".join(read_pages(nothing_new))
    assert "Nothing new found in 51.2 km² observed (80.0 % of the 64.0 km² asked)." in text
    assert {ENGLISH.say("inputs.heading"), ENGLISH.say("method.heading"), ENGLISH.say("evidence.heading")} <= {
        title for _, title in list_bookmarks(nothing_new.make_bookmark_tree())
    }


@pytest.mark.slow
def test_letters_are_in_the_file(nothing_new: Any) -> None:  # noqa: ANN401
    """Letters of other languages and scripts can be shown and copied: their fonts are inside."""
    content = unpack(nothing_new.write_pdf())
    known = {code.lower() for code in re.findall(rb"<([0-9A-Fa-f]{4})>", content)}
    assert {f"{ord(letter):04x}".encode() for letter in LETTERS if letter.isalpha()} <= known
    assert b"/FontFile" in content


@pytest.mark.slow
def test_hostile_text_stays_text(hostile: Any) -> None:  # noqa: ANN401
    """Names bring neither script nor link nor attachment nor form, and do not flood the reader with pages."""
    text = " ".join(read_pages(hostile))
    assert "<script>alert(1)" in text
    assert "{{ 7 * 7 }}" in text
    assert "://" not in text
    assert "a@example" not in text
    assert not set(text) & set("\x00\x1b\f\u202e")
    assert len(hostile.pages) < 40
    content = unpack(hostile.write_pdf())
    for word in (b"/URI", b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/AcroForm", b"/OpenAction", b"/AA"):
        assert not re.search(word + rb"\b", content), word
    assert b"/Dest" in content


def test_nothing_is_fetched(weasyprint: Any) -> None:  # noqa: ANN401
    """Whatever the layout asks for that is no picture of the report is refused, and ends the work."""
    serve = _only_serve(weasyprint, {"picture:0": _fit_for_pdf("image/jpeg", b"jpeg")})
    assert serve.fetch("picture:0").read() == b"jpeg"
    for url in ("file:///etc/passwd", "http://127.0.0.1/", "data:,a", "picture:1"):
        with pytest.raises(ValueError, match="asks for nothing else"):
            serve.fetch(url)
        with pytest.raises(weasyprint.urls.FatalURLFetchingError):
            weasyprint.HTML(string=f'<img src="{url}">', url_fetcher=serve).render()


@pytest.mark.slow
def test_same_run_same_bytes(weasyprint: Any, tmp_path: Path, project: Path) -> None:  # noqa: ANN401, ARG001
    """Two processes, whose sets have other orders, write the same bytes, which name title and language and no time."""
    contents = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.pdf"
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([*sys.path, str(project)])}
        subprocess.run([sys.executable, "-c", AGAIN, str(path)], env=environment, check=True, timeout=300)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    content = unpack(contents[0])
    assert b"/Lang (en)" in content
    assert b"/Title (Change report: before.tif" in content
    assert not re.search(rb"/(CreationDate|ModDate|Author)\b", content)


def test_drawings_are_painted_by_the_style_of_the_page(weasyprint: Any) -> None:  # noqa: ANN401, ARG001
    """Colours, variables and what holds on paper alone reach the parts of a drawing; letters get a halo behind."""
    style = """:root { --new: #b3261e; } .map .strip { stroke: #333; stroke-width: 5 } .strip-new { stroke: var(--new) }
    .map text { fill: #111; stroke: #fff; paint-order: stroke } @media screen { .strip { stroke-width: 1 } }
    @media print { .strip-new { stroke-width: 9 } }"""
    root = Element("html")
    drawing = SubElement(SubElement(root, "body"), f"{SVG}svg", {"class": "map"})
    SubElement(drawing, f"{SVG}path", {"class": "strip"})
    SubElement(drawing, f"{SVG}path", {"class": "strip strip-new"})
    SubElement(drawing, f"{SVG}text").text = "7"
    _paint_drawings(root, style)
    plain, new, halo, letters = drawing
    assert (plain.get("stroke"), plain.get("stroke-width")) == ("#333", "5")
    assert (new.get("stroke"), new.get("stroke-width")) == ("#333", "5")
    assert (halo.text, halo.get("stroke"), letters.text, letters.get("stroke")) == ("7", "#fff", "7", "none")


def test_what_has_no_stroke_has_no_halo() -> None:
    """Only what is drawn with a stroke behind its filling is drawn twice."""
    parent = Element("g")
    SubElement(parent, "text", {"fill": "red", "paint-order": "stroke", "stroke": "none"})
    SubElement(parent, "path")
    _draw_halos(parent)
    assert [child.tag for child in parent] == ["text", "path"]


def test_pictures_are_kept_but_webp_becomes_jpeg() -> None:
    """A picture that a PDF can hold goes in as it is; WebP, which it cannot, as JPEG of the same size."""
    assert _fit_for_pdf("image/jpeg", b"any bytes").content == b"any bytes"
    buffer = io.BytesIO()
    Image.fromarray(np.full((20, 30, 3), 90, np.uint8)).save(buffer, format="WEBP")
    turned = _fit_for_pdf("image/webp", buffer.getvalue())
    assert turned.media == "image/jpeg"
    with Image.open(io.BytesIO(turned.content)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (30, 20))


@pytest.mark.parametrize(
    ("missing", "remedies"),
    [
        (ModuleNotFoundError("No module named 'weasyprint'", name="weasyprint"), ['pip install "colibri_geo[pdf]"']),
        (
            OSError("cannot load library 'libpango-1.0-0': libpango-1.0-0: cannot open shared object file"),
            ["'libpango-1.0-0'", "apt install libpango-1.0-0 libpangoft2-1.0-0"],
        ),
    ],
)
def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    missing: Exception,
    remedies: list[str],
) -> None:
    """Without weasyprint, or a library of the system, one line says what misses and what to do; nothing is written."""

    def refuse(_name: str) -> None:
        print("advice of its own")  # noqa: T201 - as weasyprint does
        ImageFile.LOAD_TRUNCATED_IMAGES = True
        raise missing

    model = build_model(example_findings(strips=False), example_record(), (), None)
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", False)
    monkeypatch.setattr(importlib, "import_module", refuse)
    with pytest.raises(MissingExtra) as told:
        write_pdf(model, tmp_path / "report.pdf")
    assert all(remedy in str(told.value) for remedy in remedies)
    assert capsys.readouterr().out == ""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
    assert list(tmp_path.iterdir()) == []


def test_loading_leaves_pillow_strict(weasyprint: Any) -> None:  # noqa: ANN401, ARG001
    """Where weasyprint sets Pillow to take damaged pictures for whole ones, that is put back."""
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False
