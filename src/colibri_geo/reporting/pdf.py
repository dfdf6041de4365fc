"""From the report model to a PDF for A4: the page, with a style sheet for paper.

weasyprint lays it out. It is an extra, heavy to import and wants libraries of the system, so it is loaded when a PDF is
asked for and not before. It shows no style of the page inside of drawings, which is why they are painted here first.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import importlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from PIL import Image, ImageFile

from colibri_geo.errors import MissingExtra
from colibri_geo.exporting.wording import part_links
from colibri_geo.extras import load_extra
from colibri_geo.language import ENGLISH, Messages
from colibri_geo.reporting.html import read_asset, render_html
from colibri_geo.reporting.painting import encode_jpeg
from colibri_geo.reporting.parts import ReportModel

_SVG = "{http://www.w3.org/2000/svg}"
_PAINT = frozenset(
    {
        *("display", "fill", "fill-opacity", "fill-rule", "font-family", "font-size", "font-style", "font-weight"),
        *("paint-order", "stroke", "stroke-dasharray", "stroke-linecap", "stroke-linejoin", "stroke-opacity"),
        "stroke-width",
    }
)
_INLINE_PICTURE = re.compile(r'"data:(image/[a-z]+);base64,([A-Za-z0-9+/=]+)"')


@dataclass(frozen=True)
class _Picture:
    """A picture of the report: its media type and its bytes."""

    media: str
    content: bytes


def write_pdf(model: ReportModel, path: str | Path, *, messages: Messages = ENGLISH) -> None:
    """Write a report as a PDF for A4: a sheet a strip, page numbers, bookmarks, the caution on every page.

    The same report gives the same bytes where weasyprint, its libraries and the fonts are the same. Nothing is fetched,
    and no address that stands in a name becomes a link.

    Parameters
    ----------
    model : ReportModel
    path : str or Path
        File to write; replaced when it exists.
    messages : Messages
        The same language as the model's.

    Raises
    ------
    MissingExtra
        weasyprint, or a library of the system that it wants, is not installed.
    """
    weasyprint = load_weasyprint()
    markup = render_html(model, messages=messages)
    digest = hashlib.sha256(markup.encode("utf-8")).hexdigest()
    document = _lay_out(weasyprint, markup, model, messages)
    document.write_pdf(path, pdf_identifier=digest[:32].encode("ascii"), pdf_tags=True)


def load_weasyprint() -> Any:  # noqa: ANN401 - a module of an extra
    """Import weasyprint, or say what is missing.

    Call it before work whose result a PDF shall show.

    Raises
    ------
    MissingExtra
        weasyprint, or a library of the system that it wants, is not installed.
    """
    try:
        with _import_in_peace():
            return load_extra("weasyprint", extra="pdf", purpose="a PDF of the report")
    except OSError as error:  # of cffi: a library of the system
        raise MissingExtra(
            "a PDF of the report needs the library Pango, which weasyprint cannot load here "
            f"({str(error).partition(': ')[0]}); install it, on Debian with: apt install libpango-1.0-0 "
            "libpangoft2-1.0-0 libharfbuzz-subset0, or leave the PDF out"
        ) from error


@contextmanager
def _import_in_peace() -> Iterator[None]:
    """Keep weasyprint from printing advice of its own, and from letting Pillow take damaged pictures for whole ones."""
    tolerant = ImageFile.LOAD_TRUNCATED_IMAGES
    try:
        with redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of libraries that later versions of it will want
            yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = tolerant


def _lay_out(weasyprint: Any, markup: str, model: ReportModel, messages: Messages) -> Any:  # noqa: ANN401 - of an extra
    """Return the sheets of paper that a page makes, not yet drawn."""
    pictures: dict[str, _Picture] = {}
    bare = _take_pictures_out(markup, pictures)
    page = weasyprint.HTML(string=bare, url_fetcher=_only_serve(weasyprint, pictures), media_type="print")
    _set_for_paper(page.etree_element, model, messages)
    return page.render(pdf_tags=True)


# ------------------------------------------------------------------------------------------------------------ pictures
def _take_pictures_out(markup: str, pictures: dict[str, _Picture]) -> str:
    """Put names in place of the pictures in a page, and fill `pictures`: long addresses are slow to parse."""

    def name_picture(found: re.Match[str]) -> str:
        name = f"picture:{len(pictures)}"
        pictures[name] = _fit_for_pdf(found[1], base64.b64decode(found[2]))
        return f'"{name}"'

    return _INLINE_PICTURE.sub(name_picture, markup)


def _fit_for_pdf(media: str, content: bytes) -> _Picture:
    """Return a picture as it is, but WebP as JPEG: a PDF holds no WebP, and would store it without its compression."""
    if media != "image/webp":
        return _Picture(media, content)
    with Image.open(io.BytesIO(content)) as picture:
        return _Picture("image/jpeg", encode_jpeg(np.asarray(picture.convert("RGB"))))


def _only_serve(weasyprint: Any, pictures: Mapping[str, _Picture]) -> Any:  # noqa: ANN401 - of an extra
    """Make what weasyprint asks for files by: it knows these pictures, and no file and no network."""

    def fetch(_fetcher: object, url: str, _headers: object = None) -> Any:  # noqa: ANN401 - of an extra
        if url not in pictures:
            raise ValueError(f"the report has no picture {url[:80]!r}, and a PDF asks for nothing else")
        picture = pictures[url]
        return weasyprint.urls.URLFetcherResponse(url, picture.content, {"Content-Type": picture.media})

    return type("Pictures", (weasyprint.urls.URLFetcher,), {"fetch": fetch})(fail_on_errors=True)


# --------------------------------------------------------------------------------------------------------------- paper
def _set_for_paper(root: Element, model: ReportModel, messages: Messages) -> None:
    """Give a page what it has on paper alone: its style, the lines at the head and foot of each sheet, painted maps."""
    style, body = root.find("head/style"), root.find("body")
    if style is None or body is None:
        raise ValueError("the page has no style or no body, expected those of the report's template")
    style.text = f"{style.text}{read_asset('print.css')}"
    caution = f"{messages.say('paper.caution')} {model.cover.synthetic}".rstrip()
    for kind, text in (("caution", caution), ("title", model.cover.page_title)):
        line = Element("p", {"class": f"running running-{kind}"})
        line.text = text
        body.insert(0, line)  # before the first page's content, so that the first page has it
    for part in body.iter():
        part.text, part.tail = _part_links(part.text), _part_links(part.tail)
    _paint_drawings(root, style.text)


def _part_links(text: str | None) -> str | None:
    """Keep programs that show a PDF from making links of addresses in names."""
    return text and part_links(text)


def _paint_drawings(root: Element, style: str) -> None:
    """Write on each part of a drawing what the style sheet says of it, and halos as parts of their own."""
    matcher = _read_rules(style)
    wrapped = importlib.import_module("cssselect2").ElementWrapper.from_html_root(root)
    drawn = [part for part in wrapped.iter_subtree() if part.etree_element.tag.startswith(_SVG)]
    for part in drawn:
        for *_, declarations in matcher.match(part):
            part.etree_element.attrib.update(declarations)
    for part in drawn:
        _draw_halos(part.etree_element)


def _draw_halos(parent: Element) -> None:
    """Draw what shall have its stroke behind its filling twice: weasyprint always draws the stroke last."""
    for child in list(parent):
        if child.attrib.pop("paint-order", "") == "stroke" and child.get("stroke", "none") != "none":
            halo = copy.deepcopy(child)
            halo.tail = None
            parent.insert(list(parent).index(child), halo)
            child.set("stroke", "none")


def _read_rules(style: str) -> Any:  # noqa: ANN401 - of a library that weasyprint brings
    """Gather what a style sheet says of fillings, strokes and letters on paper, with the variables that it sets."""
    cssselect2, tinycss2 = importlib.import_module("cssselect2"), importlib.import_module("tinycss2")
    values = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", style))
    bare = re.sub(r"var\((--[\w-]+)\)", lambda name: values.get(name[1], name[0]), style)
    matcher = cssselect2.Matcher()
    rules = tinycss2.parse_stylesheet(bare, skip_comments=True, skip_whitespace=True)
    while rules:
        rule = rules.pop(0)
        if rule.type == "at-rule" and rule.lower_at_keyword == "media" and "print" in tinycss2.serialize(rule.prelude):
            rules[:0] = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        if rule.type != "qualified-rule":
            continue
        declarations = {
            part.lower_name: tinycss2.serialize(part.value).strip()
            for part in tinycss2.parse_blocks_contents(rule.content)
            if part.type == "declaration" and part.lower_name in _PAINT
        }
        for selector in cssselect2.compile_selector_list(rule.prelude) if declarations else ():
            if selector.pseudo_element is None:
                matcher.add_selector(selector, declarations)
    return matcher
