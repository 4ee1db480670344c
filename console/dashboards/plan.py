"""What a panel asks: its queries with everything filled in, for the times and the width that it is shown with."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from console.dashboards.intervals import Intervals
from console.dashboards.model import Panel, Target
from console.dashboards.questions import Question
from console.dashboards.variables import Variable, written
from console.times import BadTime, TimeRange, override, seconds

LINES: Final = 200
TRACES: Final = 20
_VARIABLE: Final = re.compile(r"\$(\w+)")


@dataclass(frozen=True)
class Shown:
    """What a page shows, the same for all its panels."""

    range: TimeRange
    now: float
    variables: tuple[Variable, ...]
    scrape_s: float
    log_store: str  # its server's name: the language of log queries
    page_px: int = 1440


@dataclass(frozen=True)
class Asked:
    """One query and its question; a question that cannot be asked says why."""

    target: Target
    question: Question | None = None
    exemplars: Question | None = None
    problem: str = ""


@dataclass(frozen=True)
class Plan:
    """All that one panel asks."""

    panel: Panel
    intervals: Intervals
    about_time: str  # of a panel that overrides the page's range; else empty
    asked: tuple[Asked, ...]
    problem: str = ""

    @property
    def questions(self) -> list[Question]:
        """Every question, once."""
        found = (one for asked in self.asked for one in (asked.question, asked.exemplars))
        return list(dict.fromkeys(one for one in found if one))


def plan(panel: Panel, shown: Shown, full: bool = False) -> Plan:
    """What `panel` asks; `full` where it has the whole page."""
    try:
        span, about = override(shown.range, panel.text("timeFrom"), panel.text("timeShift"), shown.now)
        smallest_s = seconds(panel.text("interval")) if panel.text("interval") else 0.0
    except BadTime as error:
        span = shown.range.absolute(shown.now)
        return Plan(panel, Intervals.of(span, 100, shown.scrape_s), "", (), str(error))
    points = _pixels(24 if full else panel.width, shown.page_px)
    intervals = Intervals.of(span, points, shown.scrape_s, smallest_s)
    return Plan(panel, intervals, about, tuple(_asked(target, intervals, shown) for target in panel.targets))


def _pixels(columns: int, page_px: int) -> int:
    """The width of a panel; on a narrow page each has all of it."""
    return max(100, page_px - 40 if page_px < 760 else (page_px - 32) * columns // 24 - 24)


def _asked(target: Target, intervals: Intervals, shown: Shown) -> Asked:
    match target.source:
        case "prometheus":
            return _promql(target, intervals, shown)
        case "loki":
            return _logs(target, intervals, shown)
        case "tempo":
            return _traces(target, intervals, shown)
    return Asked(target, problem=f"the console does not know the query language of {target.source!r}")


def _promql(target: Target, intervals: Intervals, shown: Shown) -> Asked:
    if not target.expr:
        return Asked(target, problem="the query is empty")
    text = written(target.expr, shown.variables, intervals.macros())
    span = intervals.span
    if target.instant:
        return Asked(target, Question("instant", text, span.start, span.end))
    whole = intervals.aligned
    exemplars = Question("exemplars", text, whole.start, span.end) if target.exemplars else None
    return Asked(target, Question("range", text, whole.start, whole.end, intervals.step), exemplars)


def _logs(target: Target, intervals: Intervals, shown: Shown) -> Asked:
    limit = int(target.json.get("maxLines") or LINES)
    if shown.log_store == "loki":
        text = written(target.expr, shown.variables, intervals.macros())
    elif logsql := (target.json.get("lite") or {}).get("logsql"):
        text = written(str(logsql), shown.variables)
    else:
        return Asked(target, problem=f"the query has no form for {shown.log_store}")
    return Asked(target, Question("logs", text, intervals.span.start, intervals.span.end, limit=limit))


def _traces(target: Target, intervals: Intervals, shown: Shown) -> Asked:
    wanted = (target.json.get("lite") or {}).get("jaeger")
    if wanted is None:
        return Asked(target, problem="the query has no form for this trace store")
    filters = list(_combinations(wanted, shown.variables))
    return Asked(
        target,
        Question(
            "traces", json.dumps(filters, sort_keys=True), intervals.span.start, intervals.span.end,
            limit=int(target.json.get("limit") or TRACES),
        ),
    )  # fmt: skip


def _combinations(wanted: dict[str, Any], variables: Sequence[Variable]) -> list[dict[str, Any]]:
    """One filter per combination of chosen values; what All is chosen for is no condition."""
    tags = {name: str(value) for name, value in (wanted.get("tags") or {}).items()}
    texts = {"": str(wanted.get("service", "")), **{name: value for name, value in tags.items() if name != "error"}}
    used = {match[1] for text in texts.values() for match in [_VARIABLE.fullmatch(text)] if match}
    known = {one.name: one for one in variables}
    choices = {name: known[name].chosen if name in known and not known[name].is_all else ("",) for name in used}
    found = []
    for values in itertools.product(*choices.values()):
        chosen = dict(zip(choices, values, strict=True))
        filled = {
            name: chosen[match[1]] if (match := _VARIABLE.fullmatch(text)) else text for name, text in texts.items()
        }
        found.append(
            {
                "service": filled.pop(""),
                "operation": str(wanted.get("operation", "")),
                "attributes": {name: value for name, value in filled.items() if value},
                "error_only": tags.get("error") == "true",
                "min_duration_ms": _milliseconds(str(wanted.get("minDuration") or "0us")),
            }
        )
    return found


def _milliseconds(length: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(us|µs|ms|s)", length)
    return float(match[1]) * {"us": 0.001, "µs": 0.001, "ms": 1.0, "s": 1000.0}[match[2]] if match else 0.0
