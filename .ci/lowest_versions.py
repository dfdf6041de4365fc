"""Print the oldest version of each direct dependency that pyproject.toml allows, one constraint a line."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"


def list_lowest(requirements: list[str]) -> list[str]:
    """Turn ``name>=version`` into ``name==version``; a requirement without a lower bound is refused."""
    lowest = []
    for requirement in requirements:
        bound = re.match(r"(?P<name>[A-Za-z0-9_.-]+)\s*>=\s*(?P<version>[0-9][0-9a-z.]*)", requirement)
        if bound is None:
            raise SystemExit(f"{requirement!r} has no lower bound; write it as name>=version")
        lowest.append(f"{bound['name']}=={bound['version']}")
    return lowest


if __name__ == "__main__":
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    print("\n".join(list_lowest(project["dependencies"])))
