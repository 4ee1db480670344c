"""Logs panel: log lines, newest first, with selected fields. An opened line shows all fields and its trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from console.dashboards.annotations import Annotation
from console.dashboards.panel_data import PanelData
from console.dashboards.panels.plugin import OnZoom, ScriptElement
from console.times import format_datetime
from stores.logs import LogLine
from stores.quoting import plain

_MILLISECONDS: Final = 3


class Logs(ScriptElement, component="logs.js"):
    def __init__(self, _: OnZoom) -> None:
        super().__init__()

    def show(self, data: PanelData, annotations: Sequence[Annotation]) -> None:
        names = selected_fields(data)
        newest_first = sorted(data.log_lines, key=lambda line: line.time, reverse=True)
        self.set_view([view(line, names, index) for index, line in enumerate(newest_first)])


def selected_fields(data: PanelData) -> list[str]:
    targets = (one.target.json for one in data.queries.targets)
    return [str(name) for target in targets for name in (target.get("lite") or {}).get("fields") or ()]


def view(line: LogLine, names: Sequence[str], index: int) -> dict[str, Any]:
    """What logs.js shows of a line."""
    selected = [(name, line.value(name)) for name in names]
    return {
        "key": f"{line.time}-{line.trace_id}-{index}",
        "time": format_datetime(line.time) + f"{line.time % 1:.{_MILLISECONDS}f}"[1:],
        "level": line.severity,
        "body": line.body,
        "selected": [(name, plain(value)) for name, value in selected if value is not None],
        "fields": [
            ("service", line.service),
            ("trace_id", line.trace_id),
            ("span_id", line.span_id),
            ("message", line.body),
            *((name, plain(value)) for name, value in sorted(line.fields.items())),
        ],
        "trace": line.trace_id,
    }
