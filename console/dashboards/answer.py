"""The answers to a panel's questions, put together: series, tables, log lines, traces, or why there are none."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.dashboards.frames import CALCULATION_NAMES, Line, Table, lines_of, lines_of_now, table_of
from console.dashboards.plan import Asked, Plan, Shown
from console.dashboards.questions import Question
from console.dashboards.transformations import transformed
from console.times import clock
from stores.logs import LogLine
from stores.metric_results import Exemplar
from stores.traces import TraceSummary

_OF_TABLES = ("table", "barchart")


@dataclass(frozen=True)
class Answer:
    """What one panel shows."""

    plan: Plan
    shown: Shown
    lines: tuple[Line, ...] = ()
    tables: tuple[Table, ...] = ()
    exemplars: tuple[Exemplar, ...] = ()
    log_lines: tuple[LogLine, ...] = ()
    traces: tuple[TraceSummary, ...] = ()
    problems: tuple[Exception | str, ...] = ()  # queries that failed, and what the console does not know

    @property
    def empty(self) -> bool:
        """Whether the servers gave nothing to show: a series without a single number is nothing."""
        numbers = any(not all(math.isnan(value) for value in line.values) for line in self.lines)
        return not (numbers or self.log_lines or self.traces or any(table.rows for table in self.tables))

    @property
    def why_empty(self) -> str:
        """What was asked for and is not there."""
        narrowed = [
            f"{one.label.lower()} {one.about}"
            for one in self.shown.variables
            if not one.is_all and _uses(self.plan, one.name)
        ]
        what = {"logs": "no log line", "traces": "no trace"}.get(_kind(self.plan), "no value")
        when = f"in this range ({self.plan.about_time or self.shown.range.about})"
        if not self.plan.about_time and {one.kind for one in self.plan.questions} == {"instant"}:
            when = f"at {clock(self.plan.intervals.span.end)} UTC"
        return f"{what} {when}{' for ' + ', '.join(narrowed) if narrowed else ''}"


def put_together(plan: Plan, shown: Shown, got: Mapping[Question, Any]) -> Answer:
    """Of what was got for the plan's questions; an exception stands for a question that was not answered."""
    problems: list[Exception | str] = [plan.problem] if plan.problem else []
    lines: list[Line] = []
    tables: list[Table] = []
    exemplars: list[Exemplar] = []
    log_lines: list[LogLine] = []
    traces: list[TraceSummary] = []
    alone = len(plan.asked) == 1
    for asked in plan.asked:
        if asked.problem:
            problems.append(asked.problem)
        if asked.question is None:
            continue
        found = got[asked.question]
        if isinstance(found, Exception):
            problems.append(found)
            continue
        match asked.question.kind:
            case "range":
                lines += lines_of(asked.target, found)
            case "instant" if asked.target.as_table:
                tables.append(table_of(asked.target, found, alone))
            case "instant":
                lines += lines_of_now(asked.target, found)
            case "logs":
                log_lines += found
            case "traces":
                traces += found
        exemplars += _exemplars(asked, got)
    if plan.panel.type in _OF_TABLES and lines:
        problems.append("the console draws this type of panel from queries in the format Table only")
        lines = []
    elif plan.panel.type not in _OF_TABLES and tables:
        problems.append("the console draws this type of panel from queries in the format Time series only")
        tables = []
    done, unknown = transformed(tables, plan.panel.transformations)
    problems += [f"the console does not know the transformation {name!r}" for name in unknown]
    problems += [f"the console does not know the calculation {name!r}" for name in _unknown_calculations(plan)]
    return Answer(
        plan, shown, tuple(lines), done, tuple(exemplars), tuple(log_lines), tuple(traces), tuple(problems)
    )  # fmt: skip


def _exemplars(asked: Asked, got: Mapping[Question, Any]) -> list[Exemplar]:
    """Those that name a trace. A panel is not spoilt by exemplars that cannot be had."""
    found = got.get(asked.exemplars) if asked.exemplars else None
    return [one for one in found if one.trace_id] if isinstance(found, list) else []


def _unknown_calculations(plan: Plan) -> list[str]:
    parts = (plan.panel.options.get(part) or {} for part in ("reduceOptions", "legend"))
    return [str(name) for part in parts for name in part.get("calcs") or () if name not in CALCULATION_NAMES]


def _kind(plan: Plan) -> str:
    return next((asked.question.kind for asked in plan.asked if asked.question), "")


def _uses(plan: Plan, name: str) -> bool:
    texts = (str(asked.target.json) for asked in plan.asked)
    return any(f"${name}" in text or f"${{{name}" in text for text in texts)
