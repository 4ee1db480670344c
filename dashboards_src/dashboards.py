"""Every dashboard, and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards_src import cost_board, incident_board, overview_board, quality_board, slo_board, stack_board
from dashboards_src.board import Board

BOARDS: Final[tuple[Board, ...]] = (
    overview_board.BOARD,
    cost_board.BOARD,
    quality_board.BOARD,
    slo_board.BOARD,
    incident_board.BOARD,
    stack_board.BOARD,
)
FOLDER: Final = "grafana/dashboards"


def generate_dashboards(out_dir: Path) -> list[Path]:
    """Write every dashboard into a folder, remove what is no longer generated, and say what was written."""
    out_dir.mkdir(parents=True, exist_ok=True)
    written = []
    for board in BOARDS:
        path = out_dir / f"{board.uid}.json"
        path.write_text(board.written(), encoding="utf-8")
        written.append(path)
    for path in out_dir.glob("*.json"):
        if path not in written:
            path.unlink()
    return written


def generate(root: Path) -> None:
    """Write them where Grafana is told to look (called by `python -m dashboards_src`)."""
    generate_dashboards(root / FOLDER)
