"""The report on paper: pages, bookmarks, what it must not hold, sameness, and what is said where it cannot be made."""

from __future__ import annotations

import base64
import dataclasses
import importlib
import io
import os
import re
import subprocess
import sys
import tomllib
import zlib
from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader
from pypdf.generic import Destination

from colibri_geo.errors import LayoutError, MissingExtra
from colibri_geo.evidence.versions import PDF_LIBRARIES
from colibri_geo.exporting.wording import CAUTION
from colibri_geo.language import LANGUAGES, load_messages
from colibri_geo.reporting import ENGLISH, ReportModel, build_model, overview_picture, picture_strips, render_html
from colibri_geo.reporting.html import read_asset
from colibri_geo.reporting.parts import Table
from colibri_geo.reporting.pdf import _gather_files, _lay_out, _style_drawings, write_pdf
from colibri_geo.reporting.tagging import WORKING, finish_tags
from tests.reporting.fake_pair import FakeChangeMap, make_pair
from tests.reporting.test_html import hostile_run
from tests.support.example_run import example_findings, example_record, example_strips
from tests.support.importing import list_import_paths

LETTERS = "Ñandú, Conceição, Œuvre, déjà, Київ, Ελλάδα"
FOOT_PT = 17 / 25.4 * 72
"""Below it stand the caution and the number of the page."""
AGAIN = """
import sys
from pathlib import Path
from colibri_geo.reporting import build_model, write_pdf
from tests.support.example_run import example_findings, example_record
write_pdf(build_model(example_findings(), example_record(), (), None), Path(sys.argv[1]))
"""


def lay_out(model: ReportModel, folder: Path) -> PdfReader:
    """Write a report, and open it."""
    path = folder / "report.pdf"
    write_pdf(model, path, messages=load_messages(model.language))
    return PdfReader(path)


@pytest.fixture(scope="module")
def model() -> ReportModel:
    """The example run with pictures, long enough for several pages of tables."""
    pair = make_pair(example_strips())
    pictures = picture_strips(pair, example_strips(), change=FakeChangeMap(pair))
    return build_model(example_findings(), example_record(), pictures, overview_picture(pair, max_px=200))


@pytest.fixture(scope="module")
def paper(typst: Any, model: ReportModel, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:  # noqa: ANN401, ARG001
    """The example report, laid out."""
    ranking = dataclasses.replace(model.ranking, rows=model.ranking.rows * 12)
    return lay_out(dataclasses.replace(model, ranking=ranking), tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="module")
def nothing_new(typst: Any, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:  # noqa: ANN401, ARG001
    """A report without a single strip, laid out."""
    model = build_model(example_findings(strips=False), example_record(), (), None)
    named = dataclasses.replace(model, cover=dataclasses.replace(model.cover, heading=LETTERS))
    return lay_out(named, tmp_path_factory.mktemp("nothing"))


@pytest.fixture(scope="module")
def hostile(typst: Any, tmp_path_factory: pytest.TempPathFactory) -> PdfReader:  # noqa: ANN401, ARG001
    """A report with hostile text wherever a file could put it, laid out."""
    findings, record = hostile_run()
    scene = dataclasses.replace(record.before, name="https://example.org/?a=b", licence="mailto:a@example.org")
    model = build_model(findings, dataclasses.replace(record, before=scene), (), None)
    return lay_out(model, tmp_path_factory.mktemp("hostile"))


def read_pages(document: PdfReader) -> list[str]:
    """Return what stands on each page, lines joined."""
    return [" ".join(page.extract_text().split()) for page in document.pages]


def list_bookmarks(outline: list[Any], level: int = 1) -> Iterator[tuple[int, Destination]]:
    """Return level and place of each bookmark, in order."""
    for entry in outline:
        if isinstance(entry, list):
            yield from list_bookmarks(entry, level + 1)
        else:
            yield level, entry


def list_titles(document: PdfReader) -> list[tuple[int, str]]:
    """Return level and title of each bookmark, in order."""
    return [(level, str(entry.title)) for level, entry in list_bookmarks(document.outline)]


def find_page(document: PdfReader, anchor: str) -> int | None:
    """Return the number of the page that a link to an anchor leads to."""
    return document.get_destination_page_number(document.named_destinations[anchor])


def unpack(content: bytes) -> bytes:
    """Return a PDF with its compressed parts readable."""

    def inflate(found: re.Match[bytes]) -> bytes:
        try:
            return zlib.decompress(found[1])
        except zlib.error:  # a picture
            return b""

    return re.sub(rb"stream\r?\n(.*?)\r?\nendstream", inflate, content, flags=re.DOTALL)


def read_bytes(document: PdfReader) -> bytes:
    """Return the file that was opened."""
    document.stream.seek(0)
    return document.stream.read()


def list_tags(document: PdfReader) -> list[Any]:
    """Return the elements of the tree of tags, in the order in which they are read."""
    tags, waiting = [], [document.trailer["/Root"]["/StructTreeRoot"]]
    while waiting:
        element = waiting.pop().get_object()
        if isinstance(element, dict):
            tags.append(element)
            children = element.get("/K", [])
            waiting += reversed(children if isinstance(children, list) else [children])
    return tags


@pytest.mark.slow
def test_each_sheet_has_a_page(paper: PdfReader, model: ReportModel) -> None:
    """Each strip has one page of its own, in the order of the ranks."""
    headings = [f"{sheet.number}. Strip {sheet.strip_id}" for sheet in model.sheets]
    pages = read_pages(paper)
    holders = [[number for number, text in enumerate(pages) if heading in text] for heading in headings]
    assert all(len(found) == 1 for found in holders)
    assert [found[0] - holders[0][0] for found in holders] == list(range(len(headings)))
    assert max(text.count(ENGLISH.say("sheet.care")) for text in pages) == 1


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_each_sheet_fits_its_page_in_every_language(
    typst: Any,  # noqa: ANN401, ARG001
    tmp_path: Path,
    language: str,
) -> None:
    """No sheet of the example runs on to a second page, however long the words of the language are."""
    messages, pair = load_messages(language), make_pair(example_strips())
    pictures = picture_strips(pair, example_strips(), change=FakeChangeMap(pair))
    model = build_model(example_findings(), example_record(), pictures, None, messages=messages)
    paper = lay_out(model, tmp_path)
    method = messages.say("method.heading")
    after = [
        paper.get_destination_page_number(mark) for _, mark in list_bookmarks(paper.outline) if mark.title == method
    ]
    holders = [find_page(paper, sheet.anchor) for sheet in model.sheets]
    assert [*holders, *after] == [(holders[0] or 0) + at for at in range(len(model.sheets) + 1)]
    pages = [paper.pages[at or 0] for at in holders]
    assert min(piece.height_pt for page in pages for piece in list_pieces(page)) < FOOT_PT + 40
    heads = {piece.size_pt for page in pages for piece in list_pieces(page) if messages.say("sheet.care") in piece.text}
    assert len(heads) == 1
    assert heads.pop() > 7


@pytest.mark.slow
def test_one_endless_sheet_makes_no_other_small(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """A sheet that no page holds goes on on the next one; the others are as large as without it."""
    first, *others = model.sheets
    endless = dataclasses.replace(first, reasons=("because " * 40,) * 60)
    papers = [
        lay_out(dataclasses.replace(model, sheets=sheets), tmp_path) for sheets in ((*others, endless), tuple(others))
    ]
    sizes = [
        [piece.size_pt for piece in list_pieces(paper.pages[find_page(paper, others[0].anchor) or 0])]
        for paper in papers
    ]
    assert sizes[0] == sizes[1]
    assert len(papers[0].pages) > len(papers[1].pages) + 1


@pytest.mark.slow
def test_every_page_says_what_it_is(paper: PdfReader, model: ReportModel) -> None:
    """Each page carries the caution, that the images are synthetic, and its number; all but the first the title."""
    pages = read_pages(paper)
    assert len(pages) > len(model.sheets) + 4
    for number, text in enumerate(pages, start=1):
        assert f"{CAUTION} {model.cover.synthetic}" in text
        assert f"{number} / {len(pages)}" in text
        assert (model.cover.page_title in text) == (number > 1)
    assert {(page.mediabox.width, page.mediabox.height) for page in paper.pages} == {(595.2756, 841.8898)}
    assert ENGLISH.say("paper.caution") == CAUTION


@pytest.mark.slow
def test_heads_of_tables_are_repeated_and_headings_stay_with_their_text(paper: PdfReader, model: ReportModel) -> None:
    """A table that goes on has its columns named again, and no page ends in a heading or in the title of a table."""
    ranked = [text for text in read_pages(paper) if re.search(r"No\. Strip Verdict Probability", text)]
    assert len(ranked) > 1
    found = re.findall(r"<h[1-4][^>]*>(.*?)</h", render_html(model))
    headings = {" ".join(re.sub(r"<[^>]*>", "", heading).split()) for heading in found}
    last_lines = [find_last_line(page) for page in paper.pages]
    assert {ENGLISH.say("method.heading"), ENGLISH.say("sheet.size")} <= headings
    assert all(last_lines)
    assert not headings & set(last_lines)
    titles = [" ".join(str(caption).split()) for caption in list_captions(model)]
    assert len(titles) > len(model.sheets) + 4
    assert not [(line, title) for line in last_lines for title in titles if title.endswith(line)]


@pytest.mark.slow
def test_no_table_begins_with_a_row_alone(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """Wherever a table begins on a page, its head has three rows below it, or the table begins on the next one."""
    # the foot of the page is met
    rows = [count_rows(model, tmp_path, rows=40, sentences=sentences)[0] for sentences in range(8, 16)]
    assert min(rows) in {3, 4}
    assert max(rows) > 10


@pytest.mark.slow
def test_no_table_ends_with_a_row_alone(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """Wherever a table ends on a page that it does not begin on, two rows or more are there."""
    rows = [count_rows(model, tmp_path, rows=rows, sentences=24) for rows in range(21, 31)]  # a page is met in full
    assert [sum(counts) for counts in rows] == list(range(21, 31))
    assert min(counts[-1] for counts in rows if len(counts) > 1) == 2


def count_rows(model: ReportModel, folder: Path, *, rows: int, sentences: int) -> list[int]:
    """Count the rows of the ranking on each page that it is on, below so many sentences."""
    ranking = dataclasses.replace(model.ranking, rows=(model.ranking.rows * rows)[:rows])
    others = (*model.bottom_line.others, *["One more sentence."] * sentences)
    bottom_line = dataclasses.replace(model.bottom_line, others=others)
    short = dataclasses.replace(model, inputs=None, map=None, sheets=(), evidence=None)
    pages = read_pages(lay_out(dataclasses.replace(short, ranking=ranking, bottom_line=bottom_line), folder))
    parts = [text.partition("No. Strip Verdict Probability")[2] for text in pages]
    counts = [len(re.findall(r"S00\d (?:new|extended|un|re|not)", part)) for part in parts]
    return [count for count in counts if count]


def list_captions(part: Any) -> Iterator[str]:  # noqa: ANN401 - any part of a report
    """Return the title of each table."""
    if isinstance(part, tuple):
        for item in part:
            yield from list_captions(item)
    elif dataclasses.is_dataclass(part):
        if isinstance(part, Table):
            yield part.caption
        for field in dataclasses.fields(part):
            yield from list_captions(getattr(part, field.name))


@dataclasses.dataclass(frozen=True)
class Piece:
    """A piece of text on a page: how far its line lies above the lower edge, and how large it is set."""

    height_pt: float
    size_pt: float
    text: str


def list_pieces(page: Any) -> list[Piece]:  # noqa: ANN401 - of pypdf
    """List the pieces of text above the foot of a page."""
    pieces: list[Piece] = []

    def note(text: str, current: list[float], matrix: list[float], _: object, size: float) -> None:
        height_pt = matrix[4] * current[1] + matrix[5] * current[3] + current[5]
        if text.strip() and height_pt > FOOT_PT:
            pieces.append(Piece(round(height_pt), round(size, 2), text))

    page.extract_text(visitor_text=note)
    return pieces


def find_last_line(page: Any) -> str:  # noqa: ANN401 - of pypdf
    """Return the lowest line of a page above its foot."""
    pieces = list_pieces(page)
    lowest = min(piece.height_pt for piece in pieces)
    return " ".join(" ".join(piece.text for piece in pieces if piece.height_pt == lowest).split())


@pytest.mark.slow
def test_long_tables_are_whole(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """A table of any part that takes more than a page goes on on the next one, down to its last row."""

    def lengthen(table: Table, word: str) -> Table:
        rows = [
            (dataclasses.replace(row[0], lines=(f"{word}{at}",)), *row[1:]) for at, row in enumerate(table.rows * 90)
        ]
        return dataclasses.replace(table, rows=tuple(rows[:90]))

    assert model.evidence is not None
    long = dataclasses.replace(
        model,
        looked_at=dataclasses.replace(model.looked_at, regions=lengthen(model.looked_at.regions, "asked")),
        bottom_line=dataclasses.replace(model.bottom_line, regions=lengthen(model.bottom_line.regions, "found")),
        evidence=dataclasses.replace(model.evidence, files=lengthen(model.evidence.files, "file")),
    )
    words = set(" ".join(read_pages(lay_out(long, tmp_path))).split())
    assert {f"{word}{at}" for word in ("asked", "found", "file") for at in range(90)} <= words


@pytest.mark.slow
def test_bookmarks_are_the_headings(paper: PdfReader, model: ReportModel) -> None:
    """The title, the parts and the strips are bookmarks; small headings of sheets are not."""
    marks = list_titles(paper)
    titles = [title for _, title in marks]
    assert marks[0] == (1, model.cover.heading)
    assert [level for level, title in marks if title == ENGLISH.say("sheets.heading")] == [2]
    assert [title for title in titles if title.startswith("1. Strip")] == [
        f"1. Strip {model.sheets[0].strip_id} {model.sheets[0].verdict_text}"
    ]
    assert sum(level == 3 and " Strip " in title for level, title in marks) == len(model.sheets)
    assert ENGLISH.say("sheet.size") not in titles


@pytest.mark.slow
def test_bookmarks_are_open_down_to_the_parts(paper: PdfReader) -> None:
    """A reader that opens the file sees the title and the parts; strips and small parts are a click away."""
    top, *parts = [mark for level, mark in list_bookmarks(paper.outline) if level < 3]
    assert top["/Count"] == len(parts)
    assert {mark["/Count"] < 0 for mark in parts if "/Count" in mark} == {True}
    assert paper.trailer["/Root"]["/Outlines"]["/Count"] == 1 + len(parts)


@pytest.mark.slow
def test_rows_of_tables_have_heads(paper: PdfReader, model: ReportModel) -> None:
    """The first cell of each row is its head, those of the first row are heads of their columns; no other cell is."""
    rows = [tag for tag in list_tags(paper) if tag.get("/S") == "/TR"]
    cells = [[cell.get_object() for cell in row["/K"]] for row in rows]
    heads = [[cell["/A"][0]["/Scope"] if cell["/S"] == "/TH" else "" for cell in row] for row in cells]
    assert {tuple(row) for row in heads} == {
        marks for row in heads for marks in (("/Column",) * len(row), ("/Row", *[""] * (len(row) - 1)))
    }
    assert sum(row[0] == "/Row" for row in heads) > len(model.ranking.rows) * 12
    assert not any("/Headers" in cell["/A"][0] for row in cells for cell in row if cell["/S"] == "/TD")


@pytest.mark.slow
def test_all_rows_but_the_heads_are_in_the_bodies_of_tables(paper: PdfReader) -> None:
    """The last rows of a table, which stay together, are data like the others: no table has a foot."""
    tags = list_tags(paper)
    kinds = Counter(tag.get("/S") for tag in tags)
    rows = {name: sum(len(tag["/K"]) for tag in tags if tag.get("/S") == name) for name in ("/THead", "/TBody")}
    assert "/TFoot" not in kinds
    assert kinds["/Table"] == rows["/THead"] > 10
    assert kinds["/TR"] == sum(rows.values())


def test_texts_that_look_like_tags_are_left_alone(typst: Any, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """Words of a file in the form of a row, a cell or a bookmark change nothing but what is read."""
    model = build_model(example_findings(strips=False), example_record(), (), None)
    words = "7 0 obj <</Type/StructElem/S/TR/P 1 0 R/K[3 0 R]>> xref 0 1 trailer startxref 5 %%EOF"
    names = (re.sub(r"[^\w ]", "x", words), words)
    covers = (dataclasses.replace(model.cover, page_title=name, heading=name) for name in names)
    plain, reader = (lay_out(dataclasses.replace(model, cover=cover), tmp_path) for cover in covers)
    assert reader.metadata.title == words
    assert list_titles(reader)[0] == (1, words)
    assert len(reader.pages) == len(plain.pages)


def test_a_file_made_in_another_way_is_told(typst: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """A file that is no PDF, or has no bookmark, is refused in one line that says what to do."""
    (tmp_path / "plain.typ").write_text("No heading.", encoding="utf-8")
    for content in (b"", typst.compile(tmp_path / "plain.typ", format="pdf")):
        with pytest.raises(
            LayoutError, match=r"^report\.pdf: this typst makes tags or bookmarks in another way"
        ) as told:
            finish_tags(content, importlib.import_module("pikepdf"))
        assert str(told.value).endswith(WORKING)
        assert "\n" not in str(told.value)


def test_the_typst_that_is_advised_is_one_that_is_held_to_it(typst: Any, project: Path) -> None:  # noqa: ANN401, ARG001
    """Advice names the oldest typst that the extra takes, and ends after the one that these tests run with."""
    extra = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    advised = re.search(r'pip install "(typst>=[\d.]+),<([\d.]+)"$', WORKING)
    assert advised is not None
    assert advised[1] in extra["pdf"]
    newest = tuple(map(int, version("typst").split(".")))
    assert newest < tuple(map(int, advised[2].split(".")))


@pytest.mark.slow
def test_what_is_typed_stays_whole(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """No line ends within a name of an attribute: Spanish would repeat the hyphen in the next."""
    assert model.evidence is not None
    trace = tuple("o " * count + "data-manifest" for count in range(40, 120))
    spanish = dataclasses.replace(model, language="es", evidence=dataclasses.replace(model.evidence, trace=trace))
    text = "".join(read_pages(lay_out(spanish, tmp_path)))
    assert text.count("data-manifest") == len(trace)


def test_links_lead_to_sheets(paper: PdfReader, model: ReportModel) -> None:
    """Each number of the ranked table leads to the page of its strip, and nothing leads elsewhere."""
    links = [note.get_object() for page in paper.pages for note in page.get("/Annots", [])]
    assert {link["/Subtype"] for link in links} == {"/Link"}
    assert {str(link["/Dest"]) for link in links} == {sheet.anchor for sheet in model.sheets}
    pages = read_pages(paper)
    for sheet in model.sheets:
        assert f"{sheet.number}. Strip {sheet.strip_id}" in pages[find_page(paper, sheet.anchor) or 0]


@pytest.mark.slow
def test_those_who_do_not_see_it_can_read_it(paper: PdfReader, model: ReportModel) -> None:
    """Headings, tables with their heads, lists and links are tagged; each picture and drawing says what it shows."""
    tags = list_tags(paper)
    count = {
        kind: sum(tag.get("/S") == f"/{kind}" for tag in tags) for kind in ("H1", "H2", "H3", "H4", "TH", "LI", "Link")
    }
    assert count["H1"] == 1
    assert count["H3"] > len(model.sheets)
    assert all(count.values())
    told = [str(tag.get("/Alt", "")) for tag in tags if tag.get("/S") == "/Figure"]
    photos = [photo for sheet in model.sheets if sheet.photos for photo in sheet.photos.photos]
    charts = [chart for sheet in model.sheets if sheet.profiles for chart in sheet.profiles.charts]
    assert {*(photo.alternative for photo in photos), *(chart.description for chart in charts)} <= set(told)
    assert all(told)
    assert paper.trailer["/Root"]["/Lang"] == "en"


def test_it_could_be_of_the_accessible_kind(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401
    """The typesetter finds all that PDF/UA-1 wants: texts for drawings, title, language, order of headings."""
    for name, content in _gather_files(model, ENGLISH).items():
        (tmp_path / name).write_bytes(content)
    accessible = typst.compile(tmp_path / "report.typ", root=tmp_path, format="pdf", pdf_standards="ua-1")
    assert PdfReader(io.BytesIO(accessible)).trailer["/Root"]["/ViewerPreferences"]["/DisplayDocTitle"]
    (tmp_path / "report.typ").write_text("= No title and no language")
    with pytest.raises(typst.TypstError, match="PDF/UA-1"):
        typst.compile(tmp_path / "report.typ", root=tmp_path, format="pdf", pdf_standards="ua-1")


@pytest.mark.slow
def test_nothing_new_is_a_full_report(nothing_new: PdfReader) -> None:
    """Without a strip the PDF says so with the share, and keeps its parts."""
    text = " ".join(read_pages(nothing_new))
    assert "Nothing new found in 51.2 km² observed (80.0 % of the 64.0 km² asked)." in text
    assert {ENGLISH.say("inputs.heading"), ENGLISH.say("method.heading"), ENGLISH.say("evidence.heading")} <= {
        title for _, title in list_titles(nothing_new)
    }


@pytest.mark.slow
def test_letters_are_in_the_file(nothing_new: PdfReader) -> None:
    """Letters of other languages and scripts can be shown and copied: their fonts are inside."""
    assert LETTERS in read_pages(nothing_new)[0]
    assert b"/FontFile" in unpack(read_bytes(nothing_new))


@pytest.mark.slow
def test_hostile_text_stays_text(hostile: PdfReader) -> None:
    """Names bring neither script nor link nor attachment nor form, and do not flood the reader with pages."""
    text = " ".join(read_pages(hostile))
    assert "<script>alert(1)" in text
    assert "{{ 7 * 7 }}" in text
    assert "://" not in text
    assert "a@example" not in text
    assert not set(text) & set("\x00\x1b\f\u202e")
    assert len(hostile.pages) < 40
    content = unpack(read_bytes(hostile))
    for word in (b"/URI", b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/AcroForm", b"/OpenAction", b"/AA"):
        assert not re.search(word + rb"\b", content), word
    assert b"/Dest" in content


def test_words_are_no_markup(typst: Any, tmp_path: Path) -> None:  # noqa: ANN401, ARG001
    """What would be code, a file or a heading in a template is shown as it is."""
    model = build_model(example_findings(strips=False), example_record(), (), None)
    words = '#read("/etc/passwd") = *bold* $x$ @strip-1 <label> \\ //'
    named = dataclasses.replace(model, cover=dataclasses.replace(model.cover, heading=words))
    assert words in read_pages(lay_out(named, tmp_path))[0]


def test_nothing_is_fetched(typst: Any, tmp_path: Path) -> None:  # noqa: ANN401
    """Files that are no part of the report are refused, which ends the work; the template asks for no package."""
    secret = tmp_path / "secret.txt"
    secret.write_text("secret", encoding="utf-8")
    above = "../" * 12
    for place in ("/etc/passwd", str(secret), f"{above}etc/passwd", f"{above}{secret}", "http://127.0.0.1/", "picture"):
        with pytest.raises(typst.TypstError):
            _lay_out(typst, {"report.typ": f'#read("{place}")'.encode()}, beside=tmp_path)
    files = {"report.typ": b'#read("picture")', "picture": b"seen"}
    assert _lay_out(typst, files, beside=tmp_path).startswith(b"%PDF-")
    assert list(tmp_path.iterdir()) == [secret]
    assert not re.search(r"@preview|import|include|eval|plugin", read_asset("report.typ"))


@pytest.mark.slow
def test_same_run_same_bytes(typst: Any, tmp_path: Path, project: Path) -> None:  # noqa: ANN401, ARG001
    """Two processes, whose sets have other orders, write the same bytes, which name title and language and no time."""
    contents = []
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.pdf"
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": list_import_paths(project)}
        subprocess.run([sys.executable, "-c", AGAIN, str(path)], env=environment, check=True, timeout=300)
        contents.append(path.read_bytes())
    assert contents[0] == contents[1]
    content = unpack(contents[0])
    assert re.search(rb"/Lang ?\(en\)", content)
    assert re.search(rb"/Title ?\(Change report: before.tif", content)
    assert not re.search(rb"/(CreationDate|ModDate|Author)\b|:(CreateDate|ModifyDate)\b", content)


def test_drawings_are_painted_by_the_style_of_the_page() -> None:
    """Colours, variables and what holds on paper alone reach the parts of a drawing; what is of screens does not."""
    style = """:root { --new: #b3261e; } /* .note { fill: red } */ .map .strip { stroke: #333; stroke-width: 5 }
    .strip-new { stroke: var(--new) } .note { color: red } @media screen { .strip { stroke-width: 1 } }
    @media print { .strip-new { stroke-width: 9 } .note { margin: 0 } } @page { .strip { margin: 0 } }"""
    assert _style_drawings(style) == (
        ".map .strip { stroke: #333; stroke-width: 5 }.strip-new { stroke: #b3261e }.strip-new { stroke-width: 9 }"
    )


def test_drawings_look_as_on_the_page(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401
    """Each drawing is a file of its own with that style, in which nothing is left to be looked up."""
    files = _gather_files(model, ENGLISH)
    drawings = [content.decode() for name, content in files.items() if name.endswith(".svg")]
    assert len(drawings) > len(model.sheets)
    assert not [drawing for drawing in drawings if "var(" in drawing or "@media" in drawing]
    assert b"0.7019608 0.14901961 0.11764706" in unpack(_lay_out(typst, files, beside=tmp_path))  # --new


def test_pictures_are_kept(typst: Any, model: ReportModel, tmp_path: Path) -> None:  # noqa: ANN401
    """Pictures go in as they are, each once."""
    files = _gather_files(model, ENGLISH)
    content = _lay_out(typst, files, beside=tmp_path)
    photos = [photo for sheet in model.sheets if sheet.photos for photo in sheet.photos.photos]
    for image in {photo.image for photo in photos}:
        assert content.count(base64.b64decode(image.partition(",")[2])) == 1


class PanicException(BaseException):
    """As typst raises it where it breaks off."""


@pytest.mark.parametrize("fault", [PanicException("index out of bounds\nnote: backtrace"), None])
def test_what_typst_cannot_lay_out_is_told(
    typst: Any,  # noqa: ANN401
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fault: BaseException | None,
) -> None:
    """An error of typst, and its breaking off, are one line; no part of a PDF is left. An interruption stays one."""
    model = build_model(example_findings(strips=False), example_record(), (), None)
    fault = fault or typst.TypstError("no such font")

    def fail(*_: object, **__: object) -> bytes:
        raise fault

    monkeypatch.setattr(typst, "compile", fail)
    with pytest.raises(
        LayoutError, match=r"^report\.pdf: typst [\d.]+ cannot lay it out \(.*\); report\.html.*"
    ) as told:
        write_pdf(model, tmp_path / "report.pdf")
    assert "\n" not in str(told.value)
    assert list(tmp_path.iterdir()) == []
    fault = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        write_pdf(model, tmp_path / "report.pdf")


@pytest.mark.parametrize("library", PDF_LIBRARIES)
def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, library: str) -> None:
    """Without one of the libraries one line says what misses and what to do; nothing is written."""
    model = build_model(example_findings(strips=False), example_record(), (), None)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(
        MissingExtra, match=re.escape(f'needs {library}, which is not installed; install it with: pip install "coli')
    ):
        write_pdf(model, tmp_path / "report.pdf")
    assert list(tmp_path.iterdir()) == []
