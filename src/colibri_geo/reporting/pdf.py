"""From the report model to a PDF for A4: its words and drawings are handed to a template for paper.

typst lays it out. It is an extra, so it is loaded when a PDF is asked for and not before. Names and sentences reach it
as data, never as markup; it sees the files of the report, and no others.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from colibri_geo.errors import LayoutError
from colibri_geo.evidence.versions import PDF_LIBRARIES, PDF_TEMPLATE
from colibri_geo.exporting.colours import VERDICT_COLOURS
from colibri_geo.exporting.wording import part_links, xml_text
from colibri_geo.extras import load_extra
from colibri_geo.language import ENGLISH, Messages, Untranslated
from colibri_geo.reporting.html import load_drawings, read_asset, read_style
from colibri_geo.reporting.palette import style_colours
from colibri_geo.reporting.parts import Chart, Charts, MapDrawing, Photo, Photos, ReportModel, Sheet
from colibri_geo.reporting.tagging import WORKING, finish_tags, tell_cause

_SVG = "http://www.w3.org/2000/svg"
_DRAWN = frozenset(
    {*("frame", "grid", "ground", "image", "image_box", "labels", "legend", "marks", "scale_bar", "shapes")}
)
"""Fields that a drawing shows and words do not tell."""
_COMMENT = re.compile(r"/[*].*?[*]/", flags=re.DOTALL)
_VARIABLE = re.compile(r"(--[\w-]+):\s*([^;]+);")
_MEDIA = re.compile(r"@media ([^{]*)\{((?:[^{}]*\{[^{}]*\})*)\s*\}")
_RULE = re.compile(r"[.][^{}]*\{[^{}]*\}")
_PAINT = re.compile(r"fill|stroke|^[^{]*[.\s]text\b")
_TEMPLATE = (PDF_TEMPLATE, "drawings.svg.j2", "report.css", "print.css")
_DIGITS = 16
_PANIC = "PanicException"
"""What typst raises where it breaks off: no Exception, and of a class that nothing can import."""


def write_pdf(model: ReportModel, path: str | Path, *, messages: Messages = ENGLISH) -> None:
    """Write a report as a PDF for A4: a sheet a strip, page numbers, bookmarks, the caution on every page.

    The same report gives the same bytes where the libraries and the fonts are the same. Nothing is fetched, and no
    address that stands in a name becomes a link.

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
        A library of the extra is not installed.
    LayoutError
        typst fails, or makes a file in another way than is known here.
    """
    typst, pikepdf = map(_load, PDF_LIBRARIES)
    path = Path(path)
    files = _gather_files(model, messages)
    try:
        laid_out = _lay_out(typst, files, beside=path.parent)
    except BaseException as error:
        if not isinstance(error, typst.TypstError) and type(error).__name__ != _PANIC:
            raise
        raise LayoutError(
            f"{path.name}: typst {version('typst')} cannot lay it out ({tell_cause(error)}); report.html beside it "
            f"holds the same, print that one, or try a version of typst that is known to work: {WORKING}"
        ) from error
    path.write_bytes(finish_tags(laid_out, pikepdf))


def list_pdf_versions() -> dict[str, str]:
    """List what decides the bytes of a PDF beside the run itself: libraries, and what a page is laid out by.

    Returns
    -------
    dict of str to str
        By name; the template by the first digits of the SHA-256 of its files.
    """
    template = hashlib.sha256("".join((style_colours(), *map(read_asset, _TEMPLATE))).encode())
    return {**{name: version(name) for name in PDF_LIBRARIES}, PDF_TEMPLATE: template.hexdigest()[:_DIGITS]}


def check_libraries() -> None:
    """Say what is missing for a PDF, before work whose result it shall show.

    Raises
    ------
    MissingExtra
        A library of the extra is not installed.
    """
    for name in PDF_LIBRARIES:
        _load(name)


def _load(name: str) -> Any:  # noqa: ANN401 - a module of an extra
    return load_extra(name, extra="pdf", purpose="a PDF of the report")


def _lay_out(typst: Any, files: Mapping[str, bytes], *, beside: Path) -> bytes:  # noqa: ANN401 - a module of an extra
    """Return the PDF that files make; typst sees them in a folder of their own, and nothing around it.

    That folder lies where the report is written: positions get to no other disk, and one that is full is the right one.
    """
    with tempfile.TemporaryDirectory(dir=beside, prefix=".report-") as folder:
        for name, content in files.items():
            Path(folder, name).write_bytes(content)
        laid_out: bytes = typst.compile(Path(folder, PDF_TEMPLATE), root=folder, format="pdf")
    return laid_out


def _gather_files(model: ReportModel, messages: Messages) -> dict[str, bytes]:
    """List what a report is laid out from: the template, what it says, its pictures and drawings."""
    paper = _Paper(
        load_drawings(messages), _style_drawings(read_style("report.css") + read_asset("print.css")), messages
    )
    caution = f"{messages.say('paper.caution')} {model.cover.synthetic}".rstrip()
    said = {"report": paper.tell(model), "words": dict(messages.texts), "caution": caution}
    said["colours"] = dict(VERDICT_COLOURS)
    return {
        PDF_TEMPLATE: read_asset(PDF_TEMPLATE).encode(),
        "report.json": json.dumps(said, ensure_ascii=False).encode(),
        **paper.files,
    }


@dataclass(frozen=True)
class _Paper:
    """Parts of a report in the form in which the template reads them.

    Attributes
    ----------
    drawings : module of a template
        What draws maps, marks and diagrams.
    style : str
        Style sheet of drawings.
    messages : Messages
    files : dict of str to bytes
        Pictures and drawings of the parts told so far; what looks the same is there once.
    """

    drawings: Any
    style: str
    messages: Messages
    files: dict[str, bytes] = field(default_factory=dict)

    def tell(self, part: object) -> Any:  # noqa: ANN401 - as JSON has it
        """Return a part as plain values; drawings and pictures are names of files, what stays in English says so."""
        match part:
            case Untranslated():
                return {"text": part_links(part), "language": part.language}
            case str():
                return part_links(part)
            case tuple():
                return [self.tell(item) for item in part]
            case None | bool():
                return part
        told = {name: self.tell(getattr(part, name)) for name in vars(part) if name not in _DRAWN}
        return told | self._show(part)

    def _show(self, part: object) -> dict[str, Any]:
        """Return what a part shows beyond its own words."""
        match part:
            case Sheet():
                heading = self.messages.say("sheet.heading", number=part.number, strip=part.strip_id)
                return {"heading": part_links(heading)}
            case Photo():
                head, _, content = part.image.partition(";base64,")
                return {"image": self._keep(base64.b64decode(content), head.rpartition("/")[2])}
            case Photos():
                return {"marks": self._draw(self.drawings.marks(part))}
            case Chart():
                return {"drawing": self._draw(self.drawings.chart_drawing(part, room=6))}
            case Charts():
                return {"legend": self._sign(part)}
            case MapDrawing():
                return {"drawing": self._draw(self.drawings.map_drawing(part)), "legend": self._sign(part)}
        return {}

    def _sign(self, part: MapDrawing | Charts) -> list[dict[str, Any]]:
        """List the signs of a legend, and which of them are drawn on a dark ground."""
        signs = [self.drawings.legend_sign(part, entry) for entry in part.legend]
        return [
            {"sign": self._draw(sign), "dark": 'class="on-image"' in sign, "text": part_links(entry.text)}
            for sign, entry in zip(signs, part.legend, strict=True)
        ]

    def _draw(self, markup: str) -> str:
        """Keep a drawing that stands in a page as a file of its own, with its style."""
        start, rest = xml_text(part_links(markup)).strip().split(">", 1)
        return self._keep(f'{start} xmlns="{_SVG}"><style>{self.style}</style>{rest}'.encode(), "svg")

    def _keep(self, content: bytes, suffix: str) -> str:
        name = f"{hashlib.sha256(content).hexdigest()}.{suffix}"
        self.files[name] = content
        return name


def _style_drawings(style: str) -> str:
    """Return the rules of a style sheet that drawings on paper need, in the words that typst knows of CSS."""
    values = dict(_VARIABLE.findall(style))
    plain = re.sub(r"var\((--[\w-]+)\)", lambda name: values.get(name[1], name[0]), _COMMENT.sub("", style))
    printed = _MEDIA.sub(lambda block: block[2] if "print" in block[1] else "", plain)
    return "".join(rule for rule in _RULE.findall(printed) if _PAINT.search(rule))
