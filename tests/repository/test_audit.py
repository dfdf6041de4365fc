"""The audit of dependencies never claims more than a service told it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SILENT = {"name": "numpy", "skip_reason": "Dependency not found on PyPI and could not be audited: numpy (2.4.6)"}
SOUND = {"name": "affine", "version": "3.0.1", "vulns": []}
WEAK = {
    "name": "pillow",
    "version": "9.0.0",
    "vulns": [
        {"id": "PYSEC-2022-42979", "fix_versions": ["9.2.0"], "aliases": ["CVE-2022-45198"], "description": "..."}
    ],
}


@pytest.fixture
def audit(project: Path) -> Iterator[ModuleType]:
    """The script that audits."""
    spec = importlib.util.spec_from_file_location("audit", project / ".ci" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["audit"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["audit"]


def _tell(audit: ModuleType, *packages: dict[str, Any]) -> int:
    read = audit.read_report({"dependencies": list(packages), "fixes": []})
    status: int = audit.tell(audit.choose([None, read]), "no service answers")
    return status


def test_silence_is_no_audit(audit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A service that tells of no package, which pip-audit calls free of vulnerabilities, has audited nothing."""
    assert _tell(audit, SILENT, SILENT | {"name": "affine"}) == 0
    assert capsys.readouterr().out.startswith("audit: NOT AUDITED: no service answers")


def test_no_service_is_no_audit(audit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """Where none answers, that is what is said."""
    assert audit.tell(audit.choose([None, None]), "no service answers") == 0
    assert "NOT AUDITED" in capsys.readouterr().out


def test_packages_without_an_answer_are_named(audit: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    """A package of which a service does not tell is not counted among those that were audited."""
    assert _tell(audit, SOUND, SILENT) == 0
    output = capsys.readouterr().out
    assert "1 of 2 packages audited, 0 weakness(es) known" in output
    assert "NOT AUDITED: numpy" in output


def test_a_known_weakness_fails(
    audit: ModuleType, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A weakness fails the audit, and names the version that mends it, until somebody has judged it."""
    assert _tell(audit, SOUND, WEAK) == 1
    assert "pillow 9.0.0: PYSEC-2022-42979, mended in 9.2.0" in capsys.readouterr().out
    monkeypatch.setattr(audit, "ACCEPTED", {"CVE-2022-45198": "no such image is opened"})
    assert _tell(audit, SOUND, WEAK) == 0


def test_the_service_that_tells_most_is_believed(audit: ModuleType) -> None:
    """Of two services, one may know packages that the other does not."""
    little = audit.read_report({"dependencies": [SOUND, SILENT, SILENT]})
    much = audit.read_report({"dependencies": [SOUND, WEAK, SILENT]})
    assert audit.choose([little, None, much]) is much


def test_continuous_integration_audits(project: Path) -> None:
    """The audit is a step of `.ci/run`."""
    assert ".ci/audit.py" in (project / ".ci" / "run").read_text(encoding="utf-8")
