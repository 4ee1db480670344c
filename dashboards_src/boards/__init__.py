"""Every dashboard, and writing them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dashboards_src.boards import cost, grafana, incident, overview, quality, slo, stack
from dashboards_src.boards.board import Board
from dashboards_src.boards.queries import Json

BOARDS: Final[tuple[Board, ...]] = (overview.BOARD, cost.BOARD, quality.BOARD, slo.BOARD, incident.BOARD, stack.BOARD)


COMMITTED: Final = Path(__file__).resolve().parents[2] / "grafana" / "dashboards"


def generate_dashboards(out_dir: Path) -> list[Path]:
    """Write every dashboard, remove files of dashboards that no longer exist, return the files written."""
    return _write({f"{board.uid}.json": board.as_json() for board in BOARDS}, out_dir)


def render_dashboards(out: Path, runbooks_url: str) -> None:
    """Write the committed dashboards with links to the runbooks of a running stack."""
    dashboards = {path.name: json.loads(path.read_text(encoding="utf-8")) for path in COMMITTED.glob("*.json")}
    for dashboard in dashboards.values():
        for variable in dashboard["templating"]["list"]:
            if variable["name"] == grafana.RUNBOOKS_VARIABLE:
                variable["query"] = runbooks_url
    _write(dashboards, out)


def _write(dashboards: Mapping[str, Json], folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    for name, dashboard in dashboards.items():
        path, text = folder / name, grafana.dumps(dashboard)
        if not path.exists() or path.read_text(encoding="utf-8") != text:  # Grafana and the console may be reading it
            path.write_text(text, encoding="utf-8")
    for path in folder.glob("*.json"):
        if path.name not in dashboards:
            path.unlink()
    return [folder / name for name in dashboards]
