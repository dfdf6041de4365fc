"""Ask a public service whether weaknesses are known of the packages that this environment holds.

Usage: ``.venv/bin/python .ci/audit.py``. The status is 1 where a weakness is known that nobody has judged. Where no
service answers, as behind a mirror that has packages and nothing else, it says that nothing was audited, and ends with
0: a machine without that service can still test, and does not claim more than it did. pip-audit itself calls such a run
"No known vulnerabilities found".
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICES = ("osv", "pypi")
ACCEPTED: Mapping[str, str] = {}
"""Weaknesses that do not matter here: number (GHSA, PYSEC or CVE) and the reason."""
_SECONDS = 600


@dataclass(frozen=True)
class Audit:
    """What a service said.

    Attributes
    ----------
    asked : int
        Packages it was asked about.
    known : tuple of str
        Weaknesses, one line each.
    untold : tuple of str
        Packages of which it does not tell.
    """

    asked: int
    known: tuple[str, ...]
    untold: tuple[str, ...]

    @property
    def told(self) -> int:
        """Packages of which it told."""
        return self.asked - len(self.untold)


def main() -> int:
    """Audit, tell, and return the status."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            auditor = _install_auditor(Path(folder) / "venv")
            packages = _list_packages(Path(folder) / "packages.txt")
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            return tell(None, f"pip-audit cannot be installed here ({error})")
        audits = [_ask(auditor, packages, service) for service in SERVICES]
    return tell(choose(audits), f"none of the services {', '.join(SERVICES)} told of a single package")


def choose(audits: Sequence[Audit | None]) -> Audit | None:
    """Return what the service said that told of most packages; None where none told of any."""
    answered = [audit for audit in audits if audit is not None and audit.told]
    return max(answered, key=lambda audit: audit.told, default=None)


def tell(audit: Audit | None, reason: str) -> int:
    """Print what is known; return the status."""
    if audit is None:
        print(f"audit: NOT AUDITED: {reason}; run it again where one can be reached")
        return 0
    print(f"audit: {audit.told} of {audit.asked} packages audited, {len(audit.known)} weakness(es) known")
    if audit.untold:
        print(f"audit: NOT AUDITED: {', '.join(audit.untold)}")
    for line in audit.known:
        print(f"audit: {line}")
    return int(bool(audit.known))


def read_report(report: Mapping[str, Any]) -> Audit:
    """Take a report of pip-audit apart."""
    packages = report["dependencies"]
    known = [
        f"{package['name']} {package['version']}: {weakness['id']}, mended in {_join(weakness['fix_versions'])}"
        for package in packages
        for weakness in package.get("vulns", ())
        if not ACCEPTED.keys() & {weakness["id"], *weakness.get("aliases", ())}
    ]
    untold = [package["name"] for package in packages if "skip_reason" in package]
    return Audit(len(packages), tuple(known), tuple(untold))


def _join(versions: Sequence[str]) -> str:
    return ", ".join(versions) or "no version yet"


def _install_auditor(folder: Path) -> Path:
    """Give pip-audit an environment of its own, so that it does not audit itself."""
    venv.create(folder, with_pip=True)
    programs = folder / ("Scripts" if sys.platform == "win32" else "bin")
    _run([str(programs / "python"), "-m", "pip", "install", "--quiet", "pip-audit>=2.7"])
    return programs / "pip-audit"


def _list_packages(path: Path) -> Path:
    frozen = _run([sys.executable, "-m", "pip", "freeze", "--exclude-editable"])
    path.write_text(frozen, encoding="utf-8")
    return path


def _ask(auditor: Path, packages: Path, service: str) -> Audit | None:
    """Ask one service; None where it does not answer."""
    options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "30", "--format", "json"]
    command = [str(auditor), "--requirement", str(packages), "--vulnerability-service", service, *options]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)  # noqa: S603 - ours
        return read_report(json.loads(ended.stdout))
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        return None


def _run(command: list[str]) -> str:
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=_SECONDS)  # noqa: S603 - ours
    return ended.stdout


if __name__ == "__main__":
    sys.exit(main())
