"""Top-level packages import each other in one direction, and docs/development.md draws exactly those imports.

`python tests/test_imports.py` prints the picture.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "development.md"

# What a package may import of the others. The order is the direction: nothing imports a package further down.
MAY_IMPORT: Mapping[str, set[str]] = {
    "llm_telemetry": set(),
    "sim_provider": {"llm_telemetry"},
    "demo_app": {"llm_telemetry"},
    "stores": {"llm_telemetry"},
    "dashboards_src": {"llm_telemetry", "stores"},
    "stack": {"llm_telemetry", "stores", "dashboards_src"},
    "alert_sink": {"llm_telemetry", "stores"},
    "console": {"llm_telemetry", "stores", "stack", "alert_sink"},
    "loadtest": {"llm_telemetry", "sim_provider", "demo_app", "stores", "dashboards_src", "stack", "alert_sink"},
}


def packages() -> set[str]:
    return {file.parent.name for file in ROOT.glob("*/__init__.py")}


def imports_of(package: str) -> set[str]:
    """The other top-level packages that any file of `package` imports, wherever in the file."""
    found: set[str] = set()
    for file in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module.partition(".")[0])
    return (found & packages()) - {package}


def picture() -> str:
    """The imports as a mermaid graph: an arrow leads from a package to one that it imports."""
    arrows = [
        f"    {package} --> {other}" for package in MAY_IMPORT for other in MAY_IMPORT if other in imports_of(package)
    ]
    return "\n".join(["graph BT", *arrows])


def test_no_imports_go_in_a_circle() -> None:
    try:
        TopologicalSorter({package: imports_of(package) for package in packages()}).prepare()
    except CycleError as error:
        pytest.fail(f"these packages import each other: {' -> '.join(error.args[1])}")


def test_every_package_has_a_direction() -> None:
    assert packages() == set(MAY_IMPORT)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package: str) -> None:
    assert imports_of(package) <= MAY_IMPORT[package]


def test_the_picture_shows_the_real_imports() -> None:
    [drawn] = re.findall(r"```mermaid\n(graph BT\n.*?)\n```", PICTURE.read_text(encoding="utf-8"), re.DOTALL)
    assert drawn == picture(), "print the picture of today with `python tests/test_imports.py`"


if __name__ == "__main__":
    sys.stdout.write(picture() + "\n")
