"""What is printed cannot steer the terminal, whatever a file of a stranger says."""

from __future__ import annotations


def to_printable(text: object) -> str:
    r"""Return a text as one line of printable characters.

    Examples
    --------
    >>> to_printable("a\x1b[2J b\n c")
    'a [2J b c'
    """
    line = "".join(character if character.isprintable() else " " for character in str(text))
    return " ".join(line.split())
