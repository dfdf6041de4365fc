"""What holds for every file of the repository."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
MODULES = sorted([*SOURCES, *(ROOT / "tests").rglob("*.py"), *(ROOT / ".ci").rglob("*.py")])

LARGEST_BYTES = 5_000_000
NEVER_A_VALUE = re.compile("illicit|illegal|clandestin|narco", re.IGNORECASE)
"""An image cannot know any of these of a strip. Documentation may say so; no value may."""

POSIX_ONLY = frozenset({"fcntl", "grp", "pwd", "resource", "termios", "tty"})
"""Modules of the standard library that Windows does not have."""


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _docstrings(tree: ast.AST) -> set[int]:
    """Return the constants of a module that are documentation: texts that stand alone as statements."""
    return {
        id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def _imported(tree: ast.AST) -> set[str]:
    """Return the top modules that a module imports."""
    return {name.partition(".")[0] for name in _imported_names(tree)}


def _imported_names(tree: ast.AST) -> set[str]:
    """Return the whole names of the modules that a module imports."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def _repository_files() -> list[Path]:
    """Return what git holds or would take; without git, what lies in the folders that are shipped."""
    if (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        paths = [ROOT / os.fsdecode(name) for name in listed.stdout.split(b"\0") if name]
    else:
        paths = [
            path for folder in ("data", "docs", "notebooks", "src", "tests") for path in (ROOT / folder).rglob("*")
        ]
    return [path for path in paths if path.is_file()]


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_annotations_are_not_evaluated(path: Path) -> None:
    """Each module postpones its annotations, so that a type may be named without being imported."""
    tree = ast.parse(path.read_bytes())
    futures = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
    assert any(alias.name == "annotations" for node in futures for alias in node.names)


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_no_strip_is_judged(path: Path) -> None:
    """No text that the software can write calls a strip unlawful."""
    tree = ast.parse(path.read_bytes())
    documentation = _docstrings(tree)
    said = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation
    ]
    assert [text for text in said if NEVER_A_VALUE.search(text)] == []


def test_no_template_judges_a_strip() -> None:
    """What lies beside the modules, as templates and models, does not call a strip unlawful either."""
    beside = [path for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert beside
    assert [
        _name(path) for path in beside if NEVER_A_VALUE.search(path.read_text(encoding="utf-8", errors="replace"))
    ] == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_every_system_can_import_it(path: Path) -> None:
    """No module imports what Windows does not have, and none asks for a fork."""
    tree = ast.parse(path.read_bytes())
    assert POSIX_ONLY.isdisjoint(_imported(tree))
    assert not {"fork", "forkserver"} & {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    assert "fork" not in {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}


def test_network_is_used_in_one_place() -> None:
    """Only what fetches borders and scenes on request can open a connection; taking addresses apart opens none."""
    clients = {"aiohttp", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "urllib"}
    imported = {_name(path): _imported_names(ast.parse(path.read_bytes())) - {"urllib.parse"} for path in SOURCES}
    users = {path for path, names in imported.items() if clients & {name.partition(".")[0] for name in names}}
    assert users == {"src/colibri_geo/downloading.py"}


def test_no_file_is_large() -> None:
    """Nothing in the repository is larger than 5 MB."""
    files = _repository_files()
    assert len(files) > len(SOURCES)
    assert [_name(path) for path in files if path.stat().st_size > LARGEST_BYTES] == []


def test_each_module_has_a_home_for_its_tests() -> None:
    """Each package has a folder of tests of the same name."""
    packages = {path.parent.name for path in (ROOT / "src" / "colibri_geo").glob("*/__init__.py")}
    assert packages - {path.name for path in (ROOT / "tests").iterdir()} == set()
