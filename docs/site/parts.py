"""What the site takes from the code and from other documents, as Markdown, so that nothing is written twice.

A page asks for a part by a line of its own, such as "`make docs` writes here: settings", which tells as much to who
reads it in the repository; `fill` puts the part in its place.
"""

from __future__ import annotations

import builtins
import dataclasses
import inspect
import os.path
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from posixpath import normpath
from typing import Any

import click

import colibri_geo.errors
from colibri_geo.cli.main import PROGRAM, main
from colibri_geo.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "README.md": "reference/files.md",  # which documents refer to for what a run writes
    "data/samples/README.md": "samples.md",
    "benchmarks/README.md": "benchmarks/index.md",
    "benchmarks/detection-2026-11-24.md": "benchmarks/detection-2026-11-24.md",
    "benchmarks/detection-2026-11-30.md": "benchmarks/detection-2026-11-30.md",
}
"""Documents of other folders, and the pages of the site that stand for them."""

_PART = re.compile(r"^`make docs` writes here: (?P<name>[a-z]+)(?: (?P<of>.+))?$", re.MULTILINE)
_LINK = re.compile(r"\[(?P<text>[^\[\]]*)\]\((?!\w+:|#|//)(?P<path>[^)#\s]+)(?P<anchor>#[^)\s]*)?\)")


def fill(text: str, *, home: str) -> str:
    """Put parts in the place of the lines that ask for them, and lead links to pages of the site.

    Parameters
    ----------
    text : str
        Markdown of a page.
    home : str
        Where it lies in the repository, as ``docs/method.md``.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        For a part that nobody writes.
    """
    return _PART.sub(
        lambda part: _WRITERS[part["name"]](*filter(None, [part["of"]])), relink(text, home=home, page=find_page(home))
    )


def relink(text: str, *, home: str, page: str | None) -> str:
    """Lead relative links to pages of the site; what is no part of it keeps its words and loses its link.

    Parameters
    ----------
    text : str
    home : str
        Document in the repository that the links start from.
    page : str
        Page of the site that shows the text.

    Returns
    -------
    str
    """

    def lead(link: re.Match[str]) -> str:
        document = normpath(os.path.join(os.path.dirname(home), link["path"]))  # noqa: PTH118, PTH120 - no file
        target = find_page(document)
        if target is None:
            return link["text"]
        path = os.path.relpath(target, os.path.dirname(page or "") or ".").replace(os.sep, "/")  # noqa: PTH120 - no file
        words = read_title(document) if link["text"].endswith(".md") else link["text"]
        return f"[{words}]({path}{link['anchor'] or ''})"

    return _LINK.sub(lead, text)


def read_title(document: str) -> str:
    """Return the first heading of a document, which tells a reader more than the name of its file."""
    return (ROOT / document).read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def find_page(document: str) -> str | None:
    """Return the page, or the picture, that stands for a document of the repository; None where there is none."""
    return document.removeprefix("docs/") if document.startswith("docs/") else PAGES.get(document)


# ------------------------------------------------------------------------------------------------------------- commands
def write_commands() -> str:
    """Write what each command takes, from the help that it prints itself."""
    return "\n\n".join(_write_command(context) for context in walk_commands())


def walk_commands(context: click.Context | None = None) -> Iterator[click.Context]:
    """Yield the program and each of its commands, in the order in which help lists them."""
    context = context or click.Context(main, info_name=PROGRAM)
    yield context
    if isinstance(context.command, click.Group):
        for name in context.command.list_commands(context):
            command = context.command.commands[name]
            yield from walk_commands(click.Context(command, info_name=name, parent=context))


def _write_command(context: click.Context) -> str:
    command = context.command
    usage = command.get_usage(context).removeprefix("Usage: ")
    text = [f"{_hash(context)} {context.command_path}", f"```text\n{' '.join(usage.split())}\n```"]
    text.append(_plain(inspect.cleandoc(command.help or "")))
    text += [_write_option(option, context) for option in command.params if isinstance(option, click.Option)]
    return "\n\n".join(text)


def _hash(context: click.Context) -> str:
    return "##" if context.parent is None else "#" * (context.command_path.count(" ") + 1)


def _write_option(option: click.Option, context: click.Context) -> str:
    record = option.get_help_record(context)
    names, told = record if record is not None else (", ".join(option.opts), "")
    return f"`{names}`\n:   {_plain(told)}"


def _plain(text: str) -> str:
    """Keep help from being read as markup: names of options as code, brackets as they are, code as it is."""
    return re.sub(
        r"`[^`]*`|(?<![\w-])--[a-z][a-z-]*|[\[<]",
        lambda found: {"[": r"\[", "<": "&lt;"}.get(found[0], f"`{found[0].strip('`')}`"),
        text,
    )


# ------------------------------------------------------------------------------------------------- settings and errors
def write_settings() -> str:
    """Write a table for each step: each setting with its default and what it means."""
    steps = ((step.name, getattr(Settings(), step.name)) for step in dataclasses.fields(Settings))
    return "\n\n".join(_write_step(name, step) for name, step in steps)


def _write_step(name: str, step: Any) -> str:  # noqa: ANN401 - any of the steps
    meanings = read_attributes(type(step))
    rows = [
        (f"`{setting.name}`", f"`{_toml(getattr(step, setting.name))}`", meanings[setting.name])
        for setting in dataclasses.fields(step)
    ]
    head = (inspect.getdoc(type(step)) or "").partition("\n")[0]
    return f"## `[{name}]`\n\n{head}\n\n{write_table(('setting', 'default', 'meaning'), rows)}"


def _toml(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def read_attributes(kind: type) -> dict[str, str]:
    """Read what the docstring of a class says of each attribute.

    Examples
    --------
    >>> read_attributes(type(Settings().trace))["max_length_m"]
    'Longest strip; the longest of the 154 is 3,130 m.'
    """
    section = (inspect.getdoc(kind) or "").partition("Attributes\n----------\n")[2]
    told: dict[str, str] = {}
    for names, text in re.findall(r"^(\w[\w, ]*) : [^\n]*\n((?:(?: .*)?\n?)*)", section, flags=re.MULTILINE):
        told |= dict.fromkeys(names.split(", "), " ".join(text.replace("``", "`").split()))
    return told


def write_errors() -> str:
    """Write a table of all errors: each below the one that it belongs to."""
    rows = [
        (_indent(depth) + f"`{error.__name__}`", _builtin(error), _first_line(error)) for depth, error in walk_errors()
    ]
    return write_table(("error", "also a", "meaning"), rows)


def walk_errors(
    error: type[Exception] = colibri_geo.errors.ColibriError, depth: int = 0
) -> Iterator[tuple[int, type[Exception]]]:
    """Yield each error with its depth below the root, in the order of the module."""
    yield depth, error
    for child in error.__subclasses__():
        if child.__module__ == colibri_geo.errors.__name__:
            yield from walk_errors(child, depth + 1)


def _indent(depth: int) -> str:
    return "&emsp;" * depth


def _builtin(error: type[Exception]) -> str:
    own = [base.__name__ for base in error.__bases__ if hasattr(builtins, base.__name__) and base is not Exception]
    return ", ".join(f"`{name}`" for name in own)


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").partition("\n")[0]


# -------------------------------------------------------------------------------------------------- files and columns
def write_section(place: str) -> str:
    """Return a section of another document, given as ``README.md: Heading``, for a page of ``docs/reference``.

    Raises
    ------
    KeyError
        Where the document has no such heading.
    """
    document, _, heading = place.partition(": ")
    return relink(read_section(document, heading), home=document, page="reference/files.md")


def read_section(document: str, heading: str) -> str:
    """Return what stands below a heading of the second level."""
    text = (ROOT / document).read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if section is None:
        raise KeyError(f"{document}: {heading}")
    return section[1].strip()


def write_columns(table: str) -> str:
    """Write the columns of a table as the code has them, with the meaning that ``docs/conventions.md`` gives.

    Raises
    ------
    KeyError
        For a column without a meaning there.
    """
    meanings = {
        name: relink(meaning, home="docs/conventions.md", page="reference/files.md")
        for name, meaning in read_meanings(table).items()
    }
    rows = [
        (
            f"`{column.name}`",
            column.kind + (f", {column.unit}" if column.unit else ""),
            _yes(column.required),
            meanings[column.name],
        )
        for column in list_columns()[table]
    ]
    return write_table(("column", "type", "always", "meaning"), rows)


def _yes(flag: bool) -> str:  # noqa: FBT001 - a value of a column
    return "yes" if flag else ""


def list_columns() -> dict[str, Sequence[Any]]:
    """Return the columns of each table that a run writes."""
    from colibri_geo.exporting import columns  # noqa: PLC0415 - loads pandas, which most parts do without

    return {
        "strips": (columns.STRIP_ID, *columns.STRIP_COLUMNS),
        "strip_regions": columns.STRIP_REGION_COLUMNS,
        "strip_context": columns.STRIP_CONTEXT_COLUMNS,
        "observed": columns.OBSERVED_COLUMNS,
        "not_observed": columns.NOT_OBSERVED_COLUMNS,
        "regions": columns.REGION_COLUMNS,
        "tiles": columns.TILE_COLUMNS,
    }


def read_meanings(table: str) -> dict[str, str]:
    """Read what ``docs/conventions.md`` says of each column of a table, `_code` as added to the names before it."""
    section = read_section("docs/conventions.md", f"Columns of `{table}`")
    told: dict[str, str] = {}
    for cell, meaning in re.findall(r"^\| (`[^|]+) \| (.+) \|$", section, flags=re.MULTILINE):
        words = re.findall(r"`(\w+)`", cell)
        names = [word for word in words if not word.startswith("_")]
        endings = [word for word in words if word.startswith("_")]
        told |= dict.fromkeys([*names, *(name + ending for name in names for ending in endings)], meaning)
    return told


def write_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Write a table in Markdown.

    Examples
    --------
    >>> print(write_table(("a", "b"), [("1", "2|3")]))
    | a | b |
    |---|---|
    | 1 | 2\|3 |
    """
    lines = [head, *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    texts = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([texts[0], "|" + "---|" * len(head), *texts[1:]])


_WRITERS: dict[str, Callable[..., str]] = {
    "columns": write_columns,
    "commands": write_commands,
    "errors": write_errors,
    "section": write_section,
    "settings": write_settings,
}
