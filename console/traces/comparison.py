"""`/traces/compare`: two traces span by span: durations, spans that only one trace has, and different attributes."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from nicegui import ui

from alert_sink.console_pages import trace_page
from console.query.tables import Link, table
from console.services import services
from console.states import failed, loading, no_data
from console.traces.waterfall import SpanRow, Waterfall, cost_text, tokens_text, value_text, waterfall
from console.units import formatted
from llm_telemetry import names
from stores import Span, StoreError, Trace
from stores.traces import Value

_MAX_LENGTH: Final = 120  # characters of an attribute's value


class ComparisonPage:
    def __init__(self, left: str, right: str) -> None:
        self._ids = (left.strip(), right.strip())
        self._body = ui.element("div")
        with self._body:
            if all(self._ids):
                loading("Loading traces…")
                ui.timer(0, self._load, once=True)
            else:
                no_data("a comparison needs two traces. Select two in the list of traces.")
                ui.link("Traces", "/traces")

    async def _load(self) -> None:
        store = services().stores.traces
        answers = await asyncio.gather(
            *(services().ask_or_error(store.trace, one.lower().rjust(32, "0")) for one in self._ids)
        )
        self._body.clear()
        with self._body:
            traces = [answer for answer in answers if isinstance(answer, Trace)]
            if len(traces) == len(answers):
                self._show(*map(waterfall, traces))
                return
            for trace_id, answer in zip(self._ids, answers, strict=True):
                if isinstance(answer, StoreError):
                    failed(answer)
                elif answer is None:
                    no_data(f"the store has no trace {trace_id}")

    def _show(self, left: Waterfall, right: Waterfall) -> None:
        links = [Link(trace_id, trace_page(trace_id)) for trace_id in self._ids]
        with ui.element("div").classes("card totals"):
            table(
                ("", "A", "B", "Difference"),
                [*totals(left, right), ("Trace", *links, "")],
                ("A", "B"),
                label="Totals of both traces",
            )
        with ui.element("section").classes("card").props('aria-label="Spans of both traces"'):
            ComparisonTable([row_of(pair) for pair in compare(left, right)])


class ComparisonTable(ui.element, component="comparison_table.js"):
    def __init__(self, pairs: list[dict[str, Any]]) -> None:
        super().__init__()
        self.props["pairs"] = pairs


def totals(left: Waterfall, right: Waterfall) -> list[tuple[str, str, str, str]]:
    """Rows of name, value in A, value in B, and difference."""

    def row(name: str, unit: str, a: float | None, b: float | None) -> tuple[str, str, str, str]:
        return name, formatted(a, unit), formatted(b, unit), difference(a, b, unit)

    total_a, total_b = left.total, right.total
    return [
        row("Duration", "ms", left.duration_ms, right.duration_ms),
        row("Cost", "currencyUSD", total_a.dollars, total_b.dollars),
        row("Input tokens", "locale", total_a.input_tokens, total_b.input_tokens),
        row("Output tokens", "locale", total_a.output_tokens, total_b.output_tokens),
        row("Spans", "locale", len(left.rows), len(right.rows)),
        row("Failed spans", "locale", left.errors, right.errors),
    ]


def difference(a: float | None, b: float | None, unit: str) -> str:
    """B minus A, with the share of A in percent."""
    if a is None or b is None:
        return "–"
    if a == b:
        return "same"
    sign = "+" if b > a else ""
    share = f" ({sign}{formatted((b - a) / a, 'percentunit')})" if a else ""
    return f"{sign}{formatted(b - a, unit)}{share}"


def row_of(pair: SpanPair) -> dict[str, Any]:
    sides = (pair.left, pair.right)
    longer = pair.longer_ms
    return {
        "name": pair.name,
        "depth": pair.depth,
        "only": "A" if pair.right is None else "B" if pair.left is None else "",
        "failed": [name for name, row in zip("AB", sides, strict=True) if row and row.span.status == "error"],
        "left": _duration(pair.left),
        "right": _duration(pair.right),
        "longer": longer,
        "longerText": "" if longer is None else f"{'+' if longer > 0 else ''}{formatted(longer, 'ms')}",
        "tokens": [tokens_text(row.usage) if row and row.usage else "" for row in sides],
        "costs": [cost_text(row.usage) if row and row.usage else "" for row in sides],
        "differences": [[name, _short(a), _short(b)] for name, (a, b) in pair.differences.items()],
    }


def _duration(row: SpanRow | None) -> str:
    return formatted(row.span.duration_ms, "ms") if row else ""


def _short(value: Value | None) -> str:
    text = "(none)" if value is None else value_text(value)
    return text if len(text) <= _MAX_LENGTH else text[: _MAX_LENGTH - 1] + "…"


# Names from the root down to a span; the number tells siblings of the same name apart.
SpanPath = tuple[tuple[str, int], ...]

# Attributes that differ between any two spans, or that have a column of their own.
_NOT_COMPARED = frozenset(
    {"network.peer.port", "client.port", "net.peer.port", "thread.id"}
    | {names.LLM_LATENCY_MS, names.LLM_QUEUE_MS, names.LLM_RETRIEVAL_MS, names.LLM_RETRIEVAL_SCORES}
    | {names.LLM_INPUT_TOKENS, names.GEN_AI_INPUT_TOKENS, names.LLM_OUTPUT_TOKENS, names.GEN_AI_OUTPUT_TOKENS}
    | {names.LLM_COST_USD}
)


@dataclass(frozen=True)
class SpanPair:
    """The spans with the same path in both traces; None if a trace has no such span."""

    name: str
    depth: int
    left: SpanRow | None
    right: SpanRow | None

    @property
    def longer_ms(self) -> float | None:
        if self.left is None or self.right is None:
            return None
        return self.right.span.duration_ms - self.left.span.duration_ms

    @property
    def differences(self) -> Mapping[str, tuple[Value | None, Value | None]]:
        """Attributes and status that differ: left and right value by name."""
        if self.left is None or self.right is None:
            return {}
        left, right = _attributes(self.left.span), _attributes(self.right.span)
        return {
            name: (left.get(name), right.get(name))
            for name in sorted({*left, *right} - _NOT_COMPARED)
            if left.get(name) != right.get(name)
        }


def compare(left: Waterfall, right: Waterfall) -> list[SpanPair]:
    """All spans in the order of the left trace; spans that only the right trace has are inserted by their path."""
    left_rows, right_rows = _by_path(left.rows), _by_path(right.rows)
    return [
        SpanPair(path[-1][0], len(path) - 1, left_rows.get(path), right_rows.get(path))
        for path in _merged(list(left_rows), list(right_rows))
    ]


def _attributes(span: Span) -> Mapping[str, Value]:
    return {**span.attributes, "status": span.status}


def _by_path(rows: Sequence[SpanRow]) -> dict[SpanPath, SpanRow]:
    """Rows are depth first, so a row's parent is the last row before it that is less deep."""
    by_path: dict[SpanPath, SpanRow] = {}
    same_name = Counter[tuple[SpanPath, str]]()
    ancestors: list[SpanPath] = []
    for row in rows:
        ancestors = ancestors[: row.depth]
        parent = ancestors[-1] if ancestors else ()
        name = row.span.name
        path = (*parent, (name, same_name[parent, name]))
        same_name[parent, name] += 1
        ancestors.append(path)
        by_path[path] = row
    return by_path


def _merged(left: Sequence[SpanPath], right: Sequence[SpanPath]) -> list[SpanPath]:
    """All paths. A path that only the right trace has comes after the path that precedes it in the right trace."""
    order = list(left)
    known = set(left)
    for index, path in enumerate(right):
        if path not in known:
            known.add(path)
            order.insert(_position_after(right[index - 1], path, order) if index else 0, path)
    return order


def _position_after(before: SpanPath, path: SpanPath, order: Sequence[SpanPath]) -> int:
    """The index for `path`: after `before`, and after the rest of the branch of `before` that `path` is not in."""
    shared = 0
    while shared < min(len(before), len(path)) and before[shared] == path[shared]:
        shared += 1
    branch = before[: shared + 1]
    index = order.index(before) + 1
    while shared < len(before) and index < len(order) and order[index][: shared + 1] == branch:
        index += 1
    return index
