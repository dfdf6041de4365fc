"""Tags and bookmarks of a PDF, where typst has no words for them: heads of rows, and bookmarks that are open.

Heads of rows (``pdf.header-cell``) are a feature of typst that its Python package cannot switch on, and bookmarks have
no setting. Both stand in the file as plain objects, so they are written anew there.
"""

from __future__ import annotations

import re

from colibri_geo.errors import LayoutError

WORKING = 'pip install "typst>=0.14,<0.16"'
"""What installs a typst whose files are known here: 0.14 is the oldest that tags them, 0.15 the newest tried."""


def _compile(pattern: str) -> re.Pattern[bytes]:
    """Compile a pattern in which a space is any white space, or none: versions of typst lay files out differently."""
    return re.compile(pattern.replace(" ", r"\s*").encode())


_PLACE = re.compile(rb"startxref\s+(\d+)\s+%%EOF\s*$")
_ENTRIES = re.compile(rb"xref\s+0 \d+\s+((?:\d{10} \d{5} [nf]\s*\n)+)trailer")
_NUMBER = _compile(r"(\d+) 0 obj")
_ROW = _compile(r"\d+ 0 obj << /Type /StructElem /S /TR /P \d+ 0 R /K \[(\d+) 0 R")
_CELL = _compile(r"(\d+ 0 obj << /Type /StructElem /S /T)D( /P \d+ 0 R /A \[ << /O /Table ) /Headers \[[^\]]*\]")
_OUTLINES = _compile(r"(\d+ 0 obj << /Type /Outlines /First )(\d+)( 0 R /Last \d+ 0 R /Count )1(?!\d)")
_CLOSED = _compile(r"(\d+ 0 obj << /Parent \d+ 0 R /First \d+ 0 R /Last \d+ 0 R /Count )-(\d+)")
"""From the beginning of an object, so that no text in it is taken for one of these."""


def finish_tags(pdf: bytes) -> bytes:
    """Make the first cell of each row its head, and open the bookmarks down to the parts of the report.

    Cells then have the heads of their column and of their row, by the scope of these.

    Parameters
    ----------
    pdf : bytes
        As typst wrote it, with one bookmark on top.

    Returns
    -------
    bytes

    Raises
    ------
    LayoutError
        It is not laid out as typst lays out a file.

    References
    ----------
    ISO 32000-1, 7.5.4 (cross-reference table), 12.3.3 (outline), 14.8.5.7 (attributes of tables).
    """
    objects = _split_objects(pdf)
    rows = (_ROW.match(content) for content in objects.values())
    heads = {int(row[1]) for row in rows if row is not None}
    finished = {number: _finish_cell(content, head=number in heads) for number, content in objects.items()}
    return _join_objects(pdf, _open_bookmarks(finished))


def _split_objects(pdf: bytes) -> dict[int, bytes]:
    """Cut a file into its objects, by number in the order of the file; what is no object has the number 0."""
    table = _find_table(pdf)
    entries = _ENTRIES.match(pdf, table)
    if entries is None:
        raise _unknown()
    offsets = sorted(int(line[:10]) for line in entries[1].splitlines() if line.rstrip().endswith(b"n"))
    objects = {0: pdf[: offsets[0]]}
    for start, stop in zip(offsets, [*offsets[1:], table], strict=True):
        number = _NUMBER.match(pdf, start)
        if number is None:
            raise _unknown()
        objects[int(number[1])] = pdf[start:stop]
    return objects


def _find_table(pdf: bytes) -> int:
    place = _PLACE.search(pdf[-64:])
    if place is None:
        raise _unknown()
    return int(place[1])


def _unknown() -> LayoutError:
    return LayoutError(
        "report.pdf: this typst writes files in another order, expected a table of objects at the end; install one "
        f"that is known to work: {WORKING}"
    )


def _finish_cell(content: bytes, *, head: bool) -> bytes:
    """Make a cell the head of its row, or let go of the list of heads that knows those of columns alone."""
    return _CELL.sub(rb"\g<1>H\g<2>/Scope/Row" if head else rb"\g<1>D\g<2>", content, count=1)


def _open_bookmarks(objects: dict[int, bytes]) -> dict[int, bytes]:
    """Open the bookmark on top: the parts below it are seen then, and what is below them is not."""
    outlines = {number: found for number, content in objects.items() if (found := _OUTLINES.match(content))}
    for number, found in outlines.items():
        first = int(found[2])
        if closed := _CLOSED.match(objects[first]):
            opened = _CLOSED.sub(rb"\g<1>\g<2>", objects[first], count=1)
            seen = b"%b%b%b%d" % (found[1], found[2], found[3], 1 + int(closed[2]))
            return objects | {first: opened, number: _OUTLINES.sub(seen, objects[number], count=1)}
    return objects


def _join_objects(pdf: bytes, objects: dict[int, bytes]) -> bytes:
    """Write a file of objects, and the table of where they begin."""
    offsets, place = {}, 0
    for number, content in objects.items():
        offsets[number] = place
        place += len(content)
    trailer = pdf[pdf.index(b"trailer", _find_table(pdf)) : pdf.rindex(b"startxref")]
    entries = [
        b"0000000000 65535 f\r\n",
        *(b"%010d 00000 n\r\n" % offsets[number] for number in range(1, len(objects))),
    ]
    head = b"xref\n0 %d\n" % len(objects)
    return b"".join([*objects.values(), head, *entries, trailer, b"startxref\n%d\n%%%%EOF" % place])
