"""The list of log lines: one row each, all fields on a click. All values are data and never read as markup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from nicegui import ui

from console.units import formatted
from llm_telemetry import names
from stores import LogLine
from stores.quoting import plain

# Fields that a row shows: name, unit (empty: as it is), and the text before the value.
_ROW_FIELDS: Final = (
    ("error_type", "", ""),
    ("endpoint", "", ""),
    ("model", "", ""),
    ("tenant_id", "", ""),
    ("latency_ms", "ms", ""),
    ("ttft_ms", "ms", "TTFT "),
    ("input_tokens", "locale", "in "),
    ("output_tokens", "locale", "out "),
    ("cost_usd", "currencyUSD", ""),
    ("faithfulness_score", "none", "faithfulness "),
    ("answer_relevance_score", "none", "relevance "),
    ("value", "", ""),  # of feedback
    ("fallback_from", "", "fallback from "),
)
_BAD: Final = frozenset({"error_type"})

OnFilter = Callable[[str, str], Awaitable[None]]


class LogLines(ui.element, component="lines.js"):
    """`on_filter` is awaited with a field's name and value when a person filters by it."""

    def __init__(
        self, lines: Sequence[LogLine] = (), *, on_filter: OnFilter | None = None, with_trace: bool = True
    ) -> None:
        super().__init__()
        self.props.update(filters=bool(on_filter), traces=with_trace, marked="")
        self.show(lines)
        if on_filter:
            self.on("filter", lambda event: on_filter(*map(str, event.args)))

    def show(self, lines: Sequence[LogLine]) -> None:
        self.props["lines"] = _with_unique_ids([row_of(line) for line in lines])
        self.update()

    def prepend(self, lines: Sequence[LogLine], limit: int) -> None:
        """Add newer lines above; lines that are shown already are skipped. Keep the newest `limit`."""
        known = {line["id"] for line in self.props["lines"]}
        new = [one for line in lines if (one := row_of(line, new=True))["id"] not in known]
        newest_first = sorted([*new, *self.props["lines"]], key=lambda one: one["ms"], reverse=True)
        self.props["lines"] = _with_unique_ids(newest_first[:limit])
        self.update()

    def highlight(self, span_id: str) -> None:
        self.props["marked"] = span_id
        self.update()


def row_of(line: LogLine, *, new: bool = False) -> dict[str, Any]:
    """A line for the browser. Field names are values here and never keys: NiceGUI runs keys that begin with `:`."""
    return {
        "id": f"{line.time:.6f} {line.span_id} {hash((line.body, frozenset(line.fields.items())))}",
        "ms": line.time * 1000,
        "severity": line.severity or "none",
        "body": line.body,
        "service": line.service,
        "trace": line.trace_id,
        "span": line.span_id,
        "facts": _row_fields(line),
        "fields": [[name, plain(value)] for name, value in sorted(line.fields.items())],
        "new": new,
    }


def _with_unique_ids(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Stores give lines no id: lines that are equal in everything are numbered."""
    seen = Counter[str]()
    for row in rows:
        seen[row["id"]] += 1
        if seen[row["id"]] > 1:
            row["id"] += f" {seen[row['id']]}"
    return rows


def _row_fields(line: LogLine) -> list[list[str]]:
    """Text, CSS class and name of each field."""
    found = []
    for name, unit, before in _ROW_FIELDS:
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
