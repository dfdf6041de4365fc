"""The wheel and the source archive: what is in them, and that the wheel works alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath

import pytest
from packaging.requirements import Requirement
from packaging.tags import sys_tags
from packaging.utils import canonicalize_name

import colibri_geo
from colibri_geo.core import compiled

pytestmark = pytest.mark.slow

PIP = (sys.executable, "-m", "pip")
IMPORT_ALL = """
import colibri_geo, sys
from pathlib import Path
for name in colibri_geo.__all__:
    getattr(colibri_geo, name)
print(Path(colibri_geo.__file__).resolve().is_relative_to(Path(sys.prefix).resolve()))
"""


@dataclass(frozen=True)
class Built:
    """What a release consists of."""

    wheel: Path
    archive: Path


@dataclass(frozen=True)
class Installed:
    """An environment that holds the wheel and what it asks for, and nothing else."""

    scripts: Path
    folder: Path

    def run(self, program: str, *arguments: str) -> str:
        """Run a program of the environment far from the checkout; return what it prints."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        ended = subprocess.run(
            [str(self.scripts / program), *arguments],
            cwd=self.folder,
            env=environment | {"PYTHONIOENCODING": "utf-8"},
            check=True,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=600,
        )
        return ended.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The source archive, and the wheel built from it."""
    root = Path(__file__).resolve().parents[2]
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(root)],
        check=True,
        capture_output=True,
        timeout=300,
    )
    (wheel,), (archive,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, archive)


@pytest.fixture(scope="module")
def installed(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel alone in a fresh environment."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder / "venv", with_pip=False)
    scripts = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [*PIP, "--python", str(scripts / "python"), "install", "--quiet", "--no-compile", str(built.wheel)],
        check=True,
        capture_output=True,
        timeout=900,
    )
    return Installed(scripts, folder)


def test_wheel_holds_the_package_alone(built: Built, project: Path) -> None:
    """The wheel holds each file of the package, its type marker and its licence, and nothing of the tests."""
    package = project / "src" / "colibri_geo"
    sources = {
        f"colibri_geo/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(built.wheel) as wheel:
        names = set(wheel.namelist())
    about = {name for name in names if PurePosixPath(name).parts[0].endswith(".dist-info")}
    assert names - about == sources
    assert "colibri_geo/py.typed" in names
    assert any(name.endswith("/LICENSE") for name in about)


def test_archive_holds_what_a_developer_needs(built: Built) -> None:
    """The source archive holds sources, tests, samples, documents and the words to type."""
    with tarfile.open(built.archive) as archive:
        names = {
            PurePosixPath(name).relative_to(PurePosixPath(name).parts[0]).as_posix() for name in archive.getnames()
        }
    assert names >= {
        *("pyproject.toml", "Makefile", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"),
        *("mkdocs.yml", "docs/index.md", "docs/site/hooks.py"),
        *(
            "src/colibri_geo/__init__.py",
            "tests/conftest.py",
            "data/samples/README.md",
            "docs/conventions.md",
            ".ci/run",
        ),
    }


def _list_libraries(wheel: Path) -> list[str]:
    """Names of what is compiled in a wheel."""
    with zipfile.ZipFile(wheel) as opened:
        return [name for name in opened.namelist() if name.endswith(".so")]


def _name_wheel(platform: str) -> str:
    return f"colibri_geo-{colibri_geo.__version__}-py3-none-{platform}.whl"


def test_release_is_named_after_the_version(built: Built) -> None:
    """Both files carry the version of the package; a wheel with compiled kernels is one of this kind of machine."""
    fits = {_name_wheel(tag.platform) for tag in sys_tags() if tag.interpreter == "py3"}
    if compiled.KERNELS is None:
        assert built.wheel.name == _name_wheel("any")
    else:
        assert built.wheel.name in fits - {_name_wheel("any")}
        assert len(_list_libraries(built.wheel)) == 1
    assert built.archive.name == f"colibri_geo-{colibri_geo.__version__}.tar.gz"


def test_wheel_installs_without_developer_tools(installed: Installed) -> None:
    """Nothing that only developers or notebooks need comes along."""
    listed = {path.name.partition("-")[0].lower() for path in installed.folder.glob("venv/**/*.dist-info")}
    assert "colibri_geo" in listed
    assert listed.isdisjoint({"pytest", "ruff", "mypy", "ipykernel", "matplotlib", "folium", "playwright"})


def test_wheel_without_a_compiler_is_for_any_machine(built: Built, tmp_path: Path) -> None:
    """Where no compiler works the wheel has the twins of the kernels alone, and fits any machine."""
    with tarfile.open(built.archive) as archive:
        archive.extractall(tmp_path, filter="data")
    (source,) = tmp_path.iterdir()
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(tmp_path / "dist"), str(source)],
        check=True,
        capture_output=True,
        timeout=300,
        env=os.environ | {"CC": "a-compiler-that-is-not-there"},
    )
    (wheel,) = (tmp_path / "dist").iterdir()
    assert wheel.name == _name_wheel("any")
    assert _list_libraries(wheel) == []
    assert list(source.rglob("*.so*")) == []


def _list_brought(names: Iterable[str]) -> set[str]:
    """Names of all that is installed along with some requirements, which is installed here."""
    brought: set[str] = set()
    waiting = [Requirement(name) for name in names]
    while waiting:
        asked = waiting.pop()
        for extra in ("", *asked.extras):
            name = canonicalize_name(asked.name)
            if f"{name}[{extra}]" not in brought:
                brought |= {name, f"{name}[{extra}]"}
                further = (Requirement(line) for line in metadata.requires(asked.name) or ())
                waiting += [one for one in further if one.marker is None or one.marker.evaluate({"extra": extra})]
    return brought


@pytest.mark.parametrize(
    ("extra", "modules"),
    [
        ("notebook", "matplotlib.pyplot, odc.geo.xr, xarray"),
        ("pdf", "pikepdf, typst"),
        ("scale", "distributed"),
        ("stac", "pystac, pystac_client"),
    ],
)
def test_an_extra_brings_all_that_it_is_for(extra: str, modules: str) -> None:
    """What an extra is for can be imported where nothing else is installed."""
    brought = _list_brought([f"colibri_geo[{extra}]"])
    others = sorted(
        module
        for module, owners in metadata.packages_distributions().items()
        if brought.isdisjoint(map(canonicalize_name, owners)) and module.isidentifier()
    )
    assert {"pytest", "ruff"} & set(others)
    program = f"import sys; sys.modules.update(dict.fromkeys({others!r})); import {modules}"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_wheel_answers(installed: Installed) -> None:
    """The installed command line tells its help and its version, and each public name is imported from there."""
    assert "compare" in installed.run("colibri-geo", "--help")
    assert installed.run("colibri-geo", "--version").split()[-1] == colibri_geo.__version__
    assert installed.run("python", "-W", "error", "-c", IMPORT_ALL).split() == ["True"]


def test_wheel_makes_a_report(installed: Installed, project: Path) -> None:
    """The wheel alone goes from two images to a report that verifies."""
    samples = installed.folder / "samples"
    shutil.copytree(project / "data" / "samples", samples)
    regions = f"admin1={samples / 'regions.gpkg'}"
    images = (str(samples / "forest_before.tif"), str(samples / "forest_after.tif"))
    installed.run("colibri-geo", "compare", *images, "--regions", regions, "--out", "out")
    assert (installed.folder / "out" / "report.html").is_file()
    assert "is what the run wrote" in installed.run("colibri-geo", "verify", "out")
