"""Plain text that goes out as a mail: a head that says what it is, then blocks of short lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

MIME = ("MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
_WIDTH = 75
_INDENT = "  "


def write_mail(subject: str, blocks: Iterable[list[str]]) -> str:
    """Write the head, an empty line, and blocks of lines with an empty line after each.

    The head has four lines and no more: the subject, and three that never change.

    Parameters
    ----------
    subject : str
        Of the catalogue's words, numbers and dates: no text from a file, which could become a header.
    blocks : iterable of list of str

    References
    ----------
    RFC 6532, Internationalized Email Headers, https://www.rfc-editor.org/rfc/rfc6532: a subject may be UTF-8.
    """
    lines = [f"Subject: {subject}", *MIME, ""]
    for block in blocks:
        lines += [*block, ""]
    return "\n".join(lines)


def wrap(text: str, *, indent: str = _INDENT) -> list[str]:
    """Break a text into lines that stay inside their paragraph.

    Examples
    --------
    >>> wrap("word " * 20)
    ['  word word word word word word word word word word word word word word', '    word word word word word word']
    """
    return textwrap.wrap(text, _WIDTH, initial_indent=indent, subsequent_indent=2 * indent, break_on_hyphens=False)
