"""Log lines, newest first: what it wants to be read, and on demand every field and the trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from console.dashboards.answer import Answer
from console.dashboards.elements import Lines
from console.dashboards.notes import Note
from console.dashboards.panels.body import Context
from console.times import clock
from stores.logs import LogLine
from stores.quoting import plain

_MILLISECONDS = 3


class Logs:
    """A list of lines."""

    def __init__(self, context: Context) -> None:
        self._lines: Lines | None = None

    def show(self, answer: Answer, notes: Sequence[Note]) -> None:
        """See Body."""
        wanted = fields_of(answer)
        ordered = sorted(answer.log_lines, key=lambda line: line.time, reverse=True)
        lines = [view(line, wanted, index) for index, line in enumerate(ordered)]
        if self._lines is None:
            self._lines = Lines(lines)
        else:
            self._lines.show(lines)


def fields_of(answer: Answer) -> list[str]:
    """The fields that the panel's query shows, in their order."""
    targets = (asked.target.json for asked in answer.plan.asked)
    return [str(name) for target in targets for name in (target.get("lite") or {}).get("fields") or ()]


def view(line: LogLine, wanted: Sequence[str], index: int) -> dict[str, Any]:
    """What panel_lines.js shows of a line."""
    shown = [(name, line.value(name)) for name in wanted]
    return {
        "key": f"{line.time}-{line.trace_id}-{index}",
        "time": clock(line.time) + f"{line.time % 1:.{_MILLISECONDS}f}"[1:],
        "level": line.severity,
        "body": line.body,
        "shown": [(name, plain(value)) for name, value in shown if value is not None],
        "fields": [
            ("service", line.service),
            ("trace_id", line.trace_id),
            ("span_id", line.span_id),
            ("message", line.body),
            *((name, plain(value)) for name, value in sorted(line.fields.items())),
        ],
        "trace": line.trace_id,
    }
