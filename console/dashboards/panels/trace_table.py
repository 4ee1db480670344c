"""The traces that a search found, newest first. A trace id opens the trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from alert_sink.console_pages import trace_page
from console.dashboards.panels.grid import Column, Grid, GridCell
from console.times import format_datetime
from console.units import formatted
from stores.traces import TraceSummary

_COLUMNS: Final = (
    Column("Start (UTC)", flex=1.9, min_width_px=165),
    Column("Trace", flex=1.3),
    Column("Service"),
    Column("Name", flex=1.6),
    Column("Duration", number=True),
)


class TraceTable:
    def __init__(self) -> None:
        self._grid = Grid()

    def show(self, traces: Sequence[TraceSummary]) -> None:
        rows = [
            [
                GridCell(one.start, format_datetime(one.start)),
                GridCell(one.trace_id, f"{one.trace_id[:12]}…", url=trace_page(one.trace_id), title="Open trace"),
                GridCell(one.root_service, one.root_service or "root span not received yet"),
                GridCell(one.root_name, one.root_name),
                GridCell(float(one.duration_ms), formatted(float(one.duration_ms), "ms")),
            ]
            for one in traces
        ]
        self._grid.show(_COLUMNS, rows, {})
