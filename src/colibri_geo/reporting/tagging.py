"""Tags and bookmarks of a PDF, where typst has no words for them: heads of rows, and bookmarks that are open.

Heads of rows (``pdf.header-cell``) are a feature of typst that its Python package cannot switch on, and bookmarks have
no setting. pikepdf, which comes with the same extra, changes both in the finished file.
"""

from __future__ import annotations

import io
from typing import Any

from colibri_geo.errors import LayoutError
from colibri_geo.language.formats import one_line

WORKING = 'pip install "typst>=0.14,<0.16"'
"""What installs a typst that is known to lay a report out: 0.14 is the oldest that tags it, 0.15 the newest tried."""
_MOST_TOLD = 160


def finish_tags(pdf: bytes, pikepdf: Any) -> bytes:  # noqa: ANN401 - a module of an extra
    """Make the first cell of each row its head, and open the bookmarks down to the parts of the report.

    The last rows of a table, which typst keeps together as a foot, are rows like the others. Cells then
    have the heads of their column and of their row, by the scope of these. The same file gives the same bytes.

    Parameters
    ----------
    pdf : bytes
        As typst wrote it, with one bookmark on top.
    pikepdf : module

    Returns
    -------
    bytes

    Raises
    ------
    LayoutError
        Tags or bookmarks are not made as typst makes them.

    References
    ----------
    ISO 32000-1, 12.3.3 (outline), 14.8.4.3.4 (tables), 14.8.5.7 (attributes of tables).
    """
    finished = io.BytesIO()
    try:
        with pikepdf.open(io.BytesIO(pdf)) as document:
            for tag in document.objects:
                kind = tag.get("/S") if isinstance(tag, pikepdf.Dictionary) else None
                if kind == pikepdf.Name.TR:
                    _head_row(tag, pikepdf.Name)
                elif kind == pikepdf.Name.TFoot:
                    tag.S = pikepdf.Name.TBody
            _open_bookmarks(document.Root.Outlines)
            document.save(finished, deterministic_id=True)
    except (pikepdf.PdfError, AttributeError, IndexError, TypeError, ValueError) as error:  # what pikepdf says of it
        raise LayoutError(
            f"report.pdf: this typst makes tags or bookmarks in another way ({tell_cause(error)}), "
            f"expected those of one that is known to work: {WORKING}"
        ) from error
    return finished.getvalue()


def tell_cause(error: BaseException) -> str:
    """Return what a library says of what it cannot do, in one line that is not too long."""
    return one_line(str(error))[:_MOST_TOLD]


def _head_row(row: Any, names: Any) -> None:  # noqa: ANN401 - of pikepdf
    """Make the first cell of a row its head; the others let go of the list of heads that knows those of columns alone.

    A row of heads stays as it is.
    """
    for place, cell in enumerate(row.K):
        if cell.S == names.TD:
            attributes = cell.A[0]
            if "/Headers" in attributes:
                del attributes.Headers
            if place == 0:
                cell.S, attributes.Scope = names.TH, names.Row


def _open_bookmarks(outlines: Any) -> None:  # noqa: ANN401 - of pikepdf
    """Open the bookmark on top: the parts below it are seen then, and what is below them is not."""
    top = outlines.First
    top.Count = abs(top.get("/Count", 0))
    outlines.Count = 1 + top.Count
