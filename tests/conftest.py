"""What every test may use: where real data lie, and what a missing need means.

A test that needs something this machine may lack (a browser, real scenes) skips with its reason, by `pytest.skip` or by
``pytest.mark.skipif``. With ``COLIBRI_REQUIRE_ALL=1`` each such skip is a failure: continuous integration sets it, so
that nothing is left out there unnoticed.
"""

from __future__ import annotations

import importlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from colibri_geo.errors import MissingExtra
from tests.support.quiet import ROOM

SEED = 20_240_229
OFFLINE = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
]
"""Of a Chromium that finds no other machine."""


def _skip_to_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure that keeps the reason; an expected failure stays one."""
    if os.environ.get("COLIBRI_REQUIRE_ALL") != "1" or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{reason} (COLIBRI_REQUIRE_ALL=1 lets no test skip)"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """Run tests side by side, but for those that ask to be alone: see `tests.support.quiet`."""
    with ROOM.beside_others():
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:  # noqa: ARG001 - hook names
    """Hold skips inside tests and fixtures to ``COLIBRI_REQUIRE_ALL``."""
    report = yield
    _skip_to_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[None]:  # noqa: ARG001 - hook names
    """Hold skips of whole modules to ``COLIBRI_REQUIRE_ALL``."""
    report = yield
    _skip_to_failure(report)
    return report


def _folder_from_environment(variable: str, content: str) -> Path:
    """Return the folder that `variable` names, or skip when it is not set."""
    value = os.environ.get(variable)
    if not value:
        pytest.skip(f"{variable} is not set: no {content} on this machine")
    folder = Path(value)
    if not folder.is_dir():
        pytest.fail(f"{variable} is {value!r}, which is not a folder; set it to a folder of {content}, or unset it")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real scenes and layers (``COLIBRI_REAL_DATA``)."""
    return _folder_from_environment("COLIBRI_REAL_DATA", "real scenes and layers")


@pytest.fixture(scope="session")
def bad_inputs() -> Path:
    """Folder of damaged and hostile files (``COLIBRI_BAD_INPUTS``)."""
    return _folder_from_environment("COLIBRI_BAD_INPUTS", "damaged and hostile inputs")


@pytest.fixture(scope="session")
def project() -> Path:
    """Root of the checkout: the folder of ``pyproject.toml``."""
    return Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium without a network, driven by Playwright; of a module: the driver bears no other event loop."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no chromium on this machine: pages are not opened in a browser")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=program, args=OFFLINE)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def typst() -> Any:  # noqa: ANN401 - a module
    """The library that lays out the PDF, where it is installed."""
    from colibri_geo.reporting import check_libraries

    try:
        check_libraries()
    except MissingExtra as error:
        pytest.skip(str(error))
    return importlib.import_module("typst")


@pytest.fixture
def rng() -> np.random.Generator:
    """Random numbers that are the same in every run."""
    return np.random.default_rng(SEED)
