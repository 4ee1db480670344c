"""Log lines in the browser: one row each, its fields on demand. All of it is data: nothing is read as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui
from nicegui.events import GenericEventArguments

from console.units import formatted
from llm_telemetry import names
from stores import LogLine
from stores.quoting import plain

# What a person reads of an event at first sight: field, its unit (empty: as it is), and what stands before it.
_FACTS: Final = (
    ("error_type", "", ""),
    ("endpoint", "", ""),
    ("model", "", ""),
    ("tenant_id", "", ""),
    ("latency_ms", "ms", ""),
    ("ttft_ms", "ms", "ttft "),
    ("input_tokens", "locale", "in "),
    ("output_tokens", "locale", "out "),
    ("cost_usd", "currencyUSD", ""),
    ("faithfulness_score", "none", "faithfulness "),
    ("answer_relevance_score", "none", "relevance "),
    ("value", "", ""),  # of a vote
    ("fallback_from", "", "fallback from "),
)
_BAD: Final = frozenset({"error_type"})

Chosen = Callable[[str, str], Awaitable[None]]


class LogLines(ui.element, component="lines.js"):
    """Rows in the order in which they are given."""

    def __init__(self, lines: Sequence[LogLine] = (), *, chosen: Chosen | None = None, with_trace: bool = True) -> None:
        """`chosen` is awaited with a field's name and value when a person wants only lines that have it."""
        super().__init__()
        self.props.update(
            {
                "lines": _told_apart([shown(line) for line in lines]),
                "choosing": bool(chosen),
                "traces": with_trace,
                "marked": "",
            }
        )
        if chosen:

            async def choose(event: GenericEventArguments) -> None:
                name, value = map(str, event.args)
                await chosen(name, value)

            self.on("choose", choose)

    def show(self, lines: Sequence[LogLine]) -> None:
        """These, instead of what is there."""
        self.props["lines"] = _told_apart([shown(line) for line in lines])
        self.update()

    def put_first(self, lines: Sequence[LogLine], most: int) -> None:
        """Newer ones above what is there, which is not repeated; the oldest beyond `most` go."""
        there = {line["id"] for line in self.props["lines"]}
        new = [one for line in lines if (one := shown(line, new=True))["id"] not in there]
        newest_first = sorted([*new, *self.props["lines"]], key=lambda one: one["ms"], reverse=True)
        self.props["lines"] = _told_apart(newest_first[:most])
        self.update()

    def point_out(self, span_id: str) -> None:
        """Make the lines of one span stand out; empty: of none."""
        self.props["marked"] = span_id
        self.update()


def shown(line: LogLine, *, new: bool = False) -> dict[str, Any]:
    """A line as the browser gets it. Names and values of fields are values here, never keys."""
    return {
        "id": f"{line.time:.6f} {line.span_id} {hash((line.body, frozenset(line.fields.items())))}",
        "ms": line.time * 1000,
        "severity": line.severity or "none",
        "body": line.body,
        "service": line.service,
        "trace": line.trace_id,
        "span": line.span_id,
        "facts": _facts(line),
        "fields": [[name, plain(value)] for name, value in sorted(line.fields.items())],
        "new": new,
    }


def _told_apart(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Lines have no id of their own: those that are the same in everything are numbered."""
    seen = Counter[str]()
    for row in rows:
        seen[row["id"]] += 1
        if seen[row["id"]] > 1:
            row["id"] += f" {seen[row['id']]}"
    return rows


def _facts(line: LogLine) -> list[list[str]]:
    """Text and look of each."""
    found = []
    for name, unit, before in _FACTS:
        value = line.fields.get(name)
        if value is None:
            continue
        numeric = unit and isinstance(value, int | float)
        text = formatted(float(value), unit) if numeric else plain(value)
        found.append([before + text, "bad" if name in _BAD else "number" if numeric else "", name])
    if line.fields.get("cache_hit") is True:
        found.append(["cache hit", "good", "cache_hit"])
    if line.fields.get("status") == names.STATUS_CANCELLED:
        found.append([names.STATUS_CANCELLED, "warn", "status"])
    return found
