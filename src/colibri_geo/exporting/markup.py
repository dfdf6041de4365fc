"""Small helps for files that are XML."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from colibri_geo.exporting.wording import xml_text

_DECLARATION = "<?xml version='1.0' encoding='UTF-8'?>\n"


def add_text(parent: ET.Element, tag: str, text: str, **attributes: str) -> ET.Element:
    """Add an element that holds text; whatever no XML 1.0 document may hold is left out."""
    element = ET.SubElement(parent, tag, attributes)
    element.text = xml_text(text)
    return element


def write_xml(root: ET.Element) -> bytes:
    """Return a document as UTF-8, indented, with a line break at its end.

    It is encoded as a whole: the library would encode each tag by itself.
    """
    ET.indent(root)
    document = f"{_DECLARATION}{ET.tostring(root, encoding='unicode')}\n"
    return document.encode("utf-8", "xmlcharrefreplace")
