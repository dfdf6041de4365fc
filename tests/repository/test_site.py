"""The documentation site: what its pages take from the code is complete, and what they show runs."""

from __future__ import annotations

import dataclasses
import doctest
import re
import shlex
import shutil
from pathlib import Path

import click
import pytest

import colibri_geo
from colibri_geo.cli.main import main
from colibri_geo.exporting.spreadsheet import write_csv
from colibri_geo.pipeline.run import Run
from colibri_geo.settings import Settings
from docs.site import parts
from tests.support.example_run import example_findings, example_record, example_strips

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
EXAMPLES = [DOCS / "quickstart.md", *sorted((DOCS / "howto").glob("*.md"))]


def _name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def _read(name: str) -> str:
    return parts.fill((DOCS / name).read_text(encoding="utf-8"), home=f"docs/{name}")


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def _rows(text: str) -> list[str]:
    """Return the first name in code of each row of the tables of a text."""
    return re.findall(r"^\| [^`|]*`([^`]+)`", text, flags=re.MULTILINE)


def test_navigation_has_every_page() -> None:
    """Each page, and each document of another folder that is one, stands in the navigation once."""
    listed = re.findall(r"^ +- (?:\w+: )?([\w./-]+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), flags=re.MULTILINE)
    assert sorted(listed) == sorted({*map(_name, PAGES), *parts.PAGES.values()})
    assert all((ROOT / document).is_file() for document in parts.PAGES)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_page_can_be_filled(page: Path) -> None:
    """Each page gets the parts that it asks for, and nothing but links is changed in the others."""
    text = page.read_text(encoding="utf-8")
    filled = _read(_name(page))
    assert "writes here:" not in filled
    if "writes here:" not in text:
        assert re.sub(r"\[[^\]]*\]\([^)]*\)", "", filled).split() == re.sub(r"\[[^\]]*\]\([^)]*\)", "", text).split()


def test_examples_hold() -> None:
    """What the docstrings of the parts show is so."""
    assert doctest.testmod(parts) == (0, 2)


def test_unknown_parts_are_refused() -> None:
    """A page cannot ask for what nobody writes."""
    for part in ("nonsense", "section README.md: Nonsense", "columns nonsense"):
        with pytest.raises(KeyError):
            parts.fill(f"`make docs` writes here: {part}", home="docs/index.md")


def test_links_lead_to_pages() -> None:
    """A link leads to the page that stands for a document; where there is none its words stay."""
    text = (
        "in [0, 180): see [the log](../CHANGELOG.md#added), [licence](../LICENSE), [here](#x), [there](https://x.org/a)"
    )
    assert parts.relink(text, home="docs/method.md", page="method.md") == (
        "in [0, 180): see [the log](changelog.md#added), licence, [here](#x), [there](https://x.org/a)"
    )
    assert parts.relink("[docs/scale.md](docs/scale.md)", home="README.md", page="reference/files.md") == (
        "[Whole regions](../scale.md)"
    )


def test_python_has_every_public_name() -> None:
    """The page on Python shows each public name once, and no name that is not there."""
    shown = re.findall(r"^::: colibri_geo\.(\w+)$", (DOCS / "reference" / "python.md").read_text("utf-8"), re.MULTILINE)
    assert sorted(shown) == sorted(set(colibri_geo.__all__) - {"__version__"})


def test_commands_have_every_option() -> None:
    """The page on commands has each command with each of its options and their help."""
    text = parts.write_commands()
    contexts = list(parts.walk_commands())
    assert {context.command for context in contexts} > {main, *main.commands.values()}
    sections = re.split(r"^#+ (colibri-geo[a-z -]*)$", text, flags=re.MULTILINE)[1:]
    found = dict(zip(sections[::2], sections[1::2], strict=True))
    assert list(found) == [context.command_path for context in contexts]
    for context in contexts:
        section = found[context.command_path]
        for option in context.command.params:
            if isinstance(option, click.Option):
                names, told = re.search(
                    rf"^`([^`]*{option.opts[0]}\b[^`]*)`\n:   (.+)$", section, re.MULTILINE
                ).groups()  # type: ignore[union-attr]
                assert option.opts[0] in names
                assert (option.help or "").split()[0] in told


def test_settings_are_all_told() -> None:
    """Each setting has a row with its default and a meaning."""
    text = parts.write_settings()
    for step in dataclasses.fields(Settings):
        section = text.partition(f"## `[{step.name}]`")[2].partition("\n## ")[0]
        values = getattr(Settings(), step.name)
        assert _rows(section) == [setting.name for setting in dataclasses.fields(values)]
        assert all(re.fullmatch(r"\| `\w+` \| `[^`]+` \| .{20,} \|", row) for row in section.splitlines() if "`" in row)


def test_errors_are_all_told() -> None:
    """Each error of the module has a row."""
    own = {
        name
        for name, value in vars(colibri_geo.errors).items()
        if isinstance(value, type) and issubclass(value, colibri_geo.ColibriError)
    }
    rows = _rows(parts.write_errors())
    assert len(rows) == len(own)
    assert set(rows) == own


@pytest.mark.parametrize("table", parts.list_columns())
def test_columns_have_their_meaning(table: str) -> None:
    """Each column of a table has its row with a meaning, no meaning is told of a column that is not there."""
    names = [column.name for column in parts.list_columns()[table]]
    assert set(parts.read_meanings(table)) == set(names)
    assert _rows(parts.write_columns(table)) == names
    assert f"writes here: columns {table}\n" in (DOCS / "reference" / "files.md").read_text(encoding="utf-8")


def test_spreadsheet_has_the_columns_that_are_told(tmp_path: Path) -> None:
    """The header of findings.csv is what the pages say."""
    write_csv(example_strips(), example_record(), tmp_path / "findings.csv")
    header = (tmp_path / "findings.csv").read_text("utf-8-sig").partition("\n")[0].replace('"', "").split(",")
    told = [column.name for column in parts.list_columns()["strips"]]
    assert sorted(header) == sorted([*told, *parts.read_meanings("findings.csv")])


@pytest.mark.parametrize("page", [*EXAMPLES, DOCS / "scale.md"], ids=_name)
def test_shell_lines_fit_the_commands(page: Path) -> None:
    """Each command that a page shows takes the options and as many arguments as it is given there."""
    lines = [shlex.split(line, comments=True) for block in _blocks(page, "sh") for line in block.splitlines()]
    for line in lines:
        if line[:1] == ["colibri-geo"]:
            command = main.commands[line[1]]
            command.make_parser(click.Context(command)).parse_args(line[2:])


# --------------------------------------------------------------------------------------------------------- what runs
@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples, and a run, where the pages look for them."""
    folder = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "data" / "samples", folder / "data" / "samples")
    Run(example_record(), example_findings()).save(folder / "out" / "forest", report=False)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("page", EXAMPLES, ids=_name)
def test_python_runs(page: Path, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python that a page shows runs from top to bottom."""
    monkeypatch.chdir(work)
    code = "\n".join(_blocks(page, "python"))
    assert code
    exec(compile(code, _name(page), "exec"), {})  # noqa: S102 - the project's own pages
