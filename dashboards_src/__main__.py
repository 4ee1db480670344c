"""`python -m dashboards_src [folder]` writes every generated file below the repository, or below `folder`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path

from dashboards_src.alerts import FILES
from dashboards_src.alerts.rules import generate_rules

ROOT = Path(__file__).resolve().parent.parent


def generate(root: Path) -> None:
    """Rules at both scales, and dashboards."""
    generate_rules(root, FILES)
    if importlib.util.find_spec("dashboards_src.boards"):
        importlib.import_module("dashboards_src.boards").generate(root)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
