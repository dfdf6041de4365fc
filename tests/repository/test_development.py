"""What a developer relies on: words of the Makefile, rules with their reasons, versions said once."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import colibri_geo

PIN = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)>=(?P<version>[0-9][0-9.]*)")
MODULES_OF = {"jinja2": "jinja2", "odc-geo": "odc", "pillow": "PIL", "scikit-image": "skimage"}
"""Names of modules where they differ from that of their distribution."""


@pytest.fixture
def settings(project: Path) -> dict[str, Any]:
    """``pyproject.toml``."""
    return tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))


def test_version_is_said_once(project: Path, settings: dict[str, Any]) -> None:
    """The version stands in the package alone: the build reads it there, and no other file repeats it."""
    assert settings["project"]["dynamic"] == ["version"]
    assert "version" not in settings["project"]
    assert importlib.metadata.version("colibri_geo") == colibri_geo.__version__
    stated = [path for path in (project / "src").rglob("*.py") if colibri_geo.__version__ in path.read_text("utf-8")]
    assert stated == [project / settings["tool"]["hatch"]["version"]["path"]]


def test_changelog_has_the_version(project: Path) -> None:
    """The changelog has a place for what comes next, and a heading for each release."""
    changelog = (project / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in changelog
    if "dev" not in colibri_geo.__version__:
        assert f"## [{colibri_geo.__version__}]" in changelog


def test_dependencies_are_what_is_imported(project: Path, settings: dict[str, Any]) -> None:
    """The core install brings what the sources import from others, and nothing else."""
    imported: set[str] = set()
    for path in (project / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            names = [node.module] if isinstance(node, ast.ImportFrom) and not node.level else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            imported |= {name.partition(".")[0] for name in names if name}
    foreign = imported - sys.stdlib_module_names - {"colibri_geo"}
    names = [re.split(r"[>=<]", requirement)[0] for requirement in settings["project"]["dependencies"]]
    assert foreign == {MODULES_OF.get(name, name) for name in names}


def test_lowest_versions_are_the_stated_bounds(project: Path, settings: dict[str, Any]) -> None:
    """The lowest-versions job installs the lower bound of each dependency, which each of them has."""
    printed = subprocess.run(
        [sys.executable, str(project / ".ci" / "lowest_versions.py")], capture_output=True, text=True, check=True
    )
    expected = []
    for requirement in settings["project"]["dependencies"]:
        bound = PIN.fullmatch(requirement)
        assert bound, requirement
        expected.append(f"{bound['name']}=={bound['version']}")
    assert printed.stdout.splitlines() == expected


def _ignored_lines(project: Path) -> list[str]:
    """Return the lines of ``pyproject.toml`` that switch lint rules off."""
    lines = (project / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    start = lines.index("ignore = [")
    general = lines[start + 1 : lines.index("]", start)]
    start = lines.index("[tool.ruff.lint.per-file-ignores]")
    end = next(number for number in range(start + 1, len(lines)) if lines[number].startswith("[tool."))
    return [line.strip() for line in (*general, *lines[start:end]) if re.search(r'"[A-Z]+[0-9]*"', line)]


def test_each_ignored_rule_has_its_reason(project: Path, settings: dict[str, Any]) -> None:
    """Each line that switches a lint rule off says why."""
    lines = _ignored_lines(project)
    assert len(lines) > len(settings["tool"]["ruff"]["lint"]["per-file-ignores"])
    assert [line for line in lines if not re.search(r"# \w+", line)] == []


def test_each_exception_in_the_sources_has_its_reason(project: Path) -> None:
    """Each `noqa` in the sources names its rule and says why."""
    exceptions = [
        f"{path.name}: {line.strip()}"
        for path in sorted((project / "src").rglob("*.py"))
        for line in path.read_text(encoding="utf-8").splitlines()
        if "# noqa" in line and not re.search(r"# noqa: [A-Z]+[0-9]+(, [A-Z]+[0-9]+)* - \w+", line)
    ]
    assert exceptions == []


def _targets(makefile: str) -> set[str]:
    return set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))


def test_words_of_the_makefile_are_explained(project: Path) -> None:
    """The words that the Makefile explains, those it knows and those of CONTRIBUTING are the same."""
    makefile = (project / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r"^#   make ([a-z]+)", makefile, flags=re.MULTILINE))
    assert explained == _targets(makefile) - {"help"}
    contributing = (project / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`make ([a-z]+)`", contributing)) == explained


def test_continuous_integration_runs_the_words(project: Path) -> None:
    """`.ci/run` runs the words of the Makefile, and may be run."""
    script = project / ".ci" / "run"
    words = re.findall(r"^make ([a-z]+)\b", script.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert words == ["lint", "test", "lowest"]
    assert os.name != "posix" or os.access(script, os.X_OK)


def test_hooks_download_nothing(project: Path) -> None:
    """The hooks of pre-commit are the project's own, and run a word of the Makefile."""
    hooks = (project / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"repo: (\S+)", hooks)) == {"local"}
    words = re.findall(r"entry: make ([a-z]+)", hooks)
    assert words
    assert set(words) <= _targets((project / "Makefile").read_text(encoding="utf-8"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this system")
def test_continuous_integration_is_a_sound_script(project: Path) -> None:
    """`.ci/run` is free of syntax errors."""
    subprocess.run(["bash", "-n", str(project / ".ci" / "run")], check=True)


def test_every_decision_is_in_the_index(project: Path) -> None:
    """Each page of docs/adr is in its index and has the four headings."""
    folder = project / "docs" / "adr"
    index = (folder / "README.md").read_text(encoding="utf-8")
    pages = sorted(folder.glob("[0-9]*.md"))
    assert [int(page.name[:4]) for page in pages] == list(range(1, len(pages) + 1))
    for page in pages:
        assert f"]({page.name})" in index
        headings = re.findall(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
        assert headings == ["Context", "Decision", "Consequences"]


def test_links_between_documents_lead_somewhere(project: Path) -> None:
    """Each relative link of a document leads to a file that is there."""
    for document in (*project.glob("*.md"), *(project / "docs").rglob("*.md"), *(project / "data").rglob("*.md")):
        for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
