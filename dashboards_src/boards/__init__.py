"""Every dashboard, and writing them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from dashboards_src.boards import cost, incident, overview, quality, slo, stack
from dashboards_src.boards.board import Board

BOARDS: Final[tuple[Board, ...]] = (
    overview.BOARD,
    cost.BOARD,
    quality.BOARD,
    slo.BOARD,
    incident.BOARD,
    stack.BOARD,
)


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
