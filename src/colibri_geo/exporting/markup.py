"""Small helps for files that are XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator

from colibri_geo.exporting.wording import xml_text

Pieces = Iterator[str]
"""An element of a document, as text in some pieces."""

_MARK = "more"  # stands where further children go: no element of these documents is called so
_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"


def add_text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    """Add an element that holds text; whatever no XML 1.0 document may hold is left out."""
    element = ET.SubElement(parent, tag, attributes)
    element.text = xml_text(text)
    return element


def write_xml(root: ET.Element) -> bytes:
    """Return a document as UTF-8, indented, with a line break at its end."""
    return b"".join(stream_xml(root))


def stream_xml(root: ET.Element, more: Iterable[Pieces] = (), *, parent: ET.Element | None = None) -> Iterator[bytes]:
    """Give a document piece by piece, as UTF-8, indented, with a line break at its end; see `stream_element`.

    Pieces are encoded as a whole: the library would encode each tag by itself.
    """
    yield _encode(_DECLARATION)
    for piece in stream_element(root, more, parent=parent, level=0):
        yield _encode(piece)
    yield b"\n"


def stream_element(
    element: ET.Element, more: Iterable[Pieces] = (), *, parent: ET.Element | None = None, level: int
) -> Pieces:
    """Give an element of a document piece by piece, without the indent of its first line.

    Parameters
    ----------
    element : Element
    more : iterable of iterables of str
        Further children, each from this function, one at a time: not all of them are held at once.
    parent : Element, optional
        Whose children they are: an element in this one; by default itself.
    level : int
        How deep the element lies in the document.

    Yields
    ------
    str
    """
    children = iter(more)
    first = next(children, None)
    if first is not None:
        ET.SubElement(element if parent is None else parent, _MARK)
    ET.indent(element, level=level)
    before, _, after = ET.tostring(element, encoding="unicode").partition(f"<{_MARK} />")
    yield before
    if first is not None:
        yield from first
        indent = before[before.rindex("\n") :]
        for child in children:
            yield indent
            yield from child
        yield after


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "xmlcharrefreplace")
