"""`python -m dashboards_src [folder]` writes every generated file below the repository, or below `folder`."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards_src.alerts import generate_index, generate_rules
from dashboards_src.boards import generate_dashboards

ROOT = Path(__file__).resolve().parent.parent


def generate(root: Path) -> None:
    generate_rules(root)
    generate_index(root)
    generate_dashboards(root / "grafana" / "dashboards")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
