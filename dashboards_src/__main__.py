"""`python -m dashboards_src [folder]` writes every generated file below the repository, or below `folder`."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards_src.alerts import FILES, alerts_at
from dashboards_src.alerts.index import generate_index
from dashboards_src.alerts.rules import generate_rules
from dashboards_src.boards import generate_dashboards

ROOT = Path(__file__).resolve().parent.parent


def generate(root: Path) -> None:
    generate_rules(root, FILES)
    generate_index(root, alerts_at("production"))
    generate_dashboards(root / "grafana" / "dashboards")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
