"""What an import costs, and what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.support.libraries import HEAVY

PROBE = """
import json, os, sys, warnings
environment, cwd, path, filters = dict(os.environ), os.getcwd(), list(sys.path), list(warnings.filters)
import colibri_geo
changed = [
    name
    for name, before, after in (
        ("environment", environment, dict(os.environ)),
        ("working directory", cwd, os.getcwd()),
        ("sys.path", path, sys.path),
        ("warning filters", filters, warnings.filters),
    )
    if before != after
]
if "compare" in sys.argv:
    import rasterio  # which names its certificates in the environment
    environment = dict(os.environ)
for name in sys.argv[1:]:
    getattr(colibri_geo, name)
if dict(os.environ) != environment:
    changed.append("environment, by a public name")
print(json.dumps({"changed": changed, "modules": sorted({name.partition(".")[0] for name in sys.modules})}))
"""


def _probe(*names: str) -> dict[str, list[str]]:
    ended = subprocess.run(
        [sys.executable, "-c", PROBE, *names], capture_output=True, text=True, check=True, timeout=60
    )
    found: dict[str, list[str]] = json.loads(ended.stdout)
    return found


def test_import_is_light_and_changes_nothing() -> None:
    """`import colibri_geo` loads no heavy library and leaves the process as it was."""
    found = _probe()
    assert found["changed"] == []
    assert HEAVY.isdisjoint(found["modules"])


def test_settings_and_errors_are_light() -> None:
    """Settings and errors can be used without the libraries that do the work."""
    found = _probe("Settings", "load_settings", "ColibriError")
    assert HEAVY.isdisjoint(found["modules"])


@pytest.mark.slow
def test_public_names_leave_the_environment_alone() -> None:
    """No public name changes the caller's environment when it is loaded."""
    import colibri_geo

    assert _probe(*colibri_geo.__all__)["changed"] == []
