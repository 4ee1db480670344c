"""A trace as a waterfall: spans in tree order, with tokens and cost of each span and of the trace.

Attribute names are values in the browser, never keys: NiceGUI runs keys that begin with `:`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from nicegui import ui

from console.units import formatted
from llm_telemetry import names
from stores import Span, Trace
from stores.quoting import plain
from stores.traces import Attributes, Value

Number = TypeVar("Number", int, float)

# Our attribute first, then the attribute of the GenAI conventions.
_INPUT: Final = (names.LLM_INPUT_TOKENS, names.GEN_AI_INPUT_TOKENS)
_OUTPUT: Final = (names.LLM_OUTPUT_TOKENS, names.GEN_AI_OUTPUT_TOKENS)


@dataclass(frozen=True)
class SpanUsage:
    """Tokens and cost of one or more model calls. None means unknown, which is not 0."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    dollars: float | None = None
    unpriced: int = 0  # calls to models without a price

    @classmethod
    def of(cls, span: Span) -> SpanUsage | None:
        """Usage from the span's attributes; None if the span is no model call or its usage is unknown."""
        usage = cls(
            _whole(span, _INPUT),
            _whole(span, _OUTPUT),
            _whole(span, (names.GEN_AI_CACHED_TOKENS,)),
            _number(span, names.LLM_COST_USD),
        )
        if span.attributes.get(names.LLM_COST_SOURCE) == names.COST_UNPRICED:
            return cls(usage.input_tokens, usage.output_tokens, usage.cached_tokens, None, 1)
        return None if usage == cls() else usage

    @classmethod
    def total(cls, usages: Iterable[SpanUsage]) -> SpanUsage:
        """The sum. A value that no usage knows stays unknown."""
        found = list(usages)
        return cls(
            _sum(one.input_tokens for one in found),
            _sum(one.output_tokens for one in found),
            _sum(one.cached_tokens for one in found),
            _sum(one.dollars for one in found),
            sum(one.unpriced for one in found),
        )


@dataclass(frozen=True)
class SpanRow:
    span: Span
    depth: int
    orphan: bool  # its parent is missing
    usage: SpanUsage | None
    offset: float  # start, as a share of the trace's duration (0 to 1)
    width: float  # duration, as a share of the trace's duration


@dataclass(frozen=True)
class Waterfall:
    rows: Sequence[SpanRow]
    start: float  # Unix s
    duration_ms: float
    total: SpanUsage
    errors: int

    @property
    def services(self) -> list[str]:
        return list(dict.fromkeys(row.span.service for row in self.rows))


def waterfall(trace: Trace) -> Waterfall:
    """Each span below its parent, siblings in the order of their start."""
    start = min(span.start for span in trace.spans)
    end = max(span.start + span.duration_ms / 1000 for span in trace.spans)
    length_s = max(end - start, 1e-6)  # avoids a division by zero for a trace without duration
    children = _children(trace)
    known = {span.span_id for span in trace.spans}
    usages = _own_usages(trace, children)

    rows = [
        SpanRow(
            span=span,
            depth=depth,
            orphan=bool(span.parent_id) and span.parent_id not in known,
            usage=usages.get(span.span_id),
            offset=min(1.0, max(0.0, (span.start - start) / length_s)),
            width=min(1.0, span.duration_ms / 1000 / length_s),
        )
        for span, depth in _in_order(trace, children)
    ]
    errors = sum(span.status == "error" for span in trace.spans)
    return Waterfall(rows, start, (end - start) * 1000, SpanUsage.total(usages.values()), errors)


def _children(trace: Trace) -> defaultdict[str, list[Span]]:
    children = defaultdict[str, list[Span]](list)
    for span in trace.spans:
        children[span.parent_id].append(span)
    return children


def _in_order(trace: Trace, children: defaultdict[str, list[Span]]) -> Iterator[tuple[Span, int]]:
    """Spans with their depth, depth first. Spans whose parents form a cycle reach no root: they come last."""
    known = {span.span_id for span in trace.spans}
    roots = [span for span in trace.spans if span.parent_id not in known]
    seen = set[str]()
    for root in (*roots, *trace.spans):
        waiting = [(root, 0)]
        while waiting:
            span, depth = waiting.pop()
            if span.span_id in seen:
                continue
            seen.add(span.span_id)
            yield span, depth
            waiting += [(child, depth + 1) for child in reversed(children[span.span_id])]


def _own_usages(trace: Trace, children: defaultdict[str, list[Span]]) -> dict[str, SpanUsage]:
    """By span id. If a framework's span repeats the usage of a client's span below it, only the inner span counts."""
    found = {span.span_id: usage for span in trace.spans if (usage := SpanUsage.of(span))}
    parents = {span.span_id: span.parent_id for span in trace.spans}
    repeated = set[str]()
    for span_id in found:
        above, passed = parents[span_id], {span_id}
        while above in parents and above not in passed:
            passed.add(above)
            repeated.add(above)
            above = parents[above]
    return {span_id: usage for span_id, usage in found.items() if span_id not in repeated}


def _number(span: Span, name: str) -> float | None:
    value = span.attributes.get(name)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _whole(span: Span, candidates: Sequence[str]) -> int | None:
    values = (_number(span, name) for name in candidates)
    return next((int(value) for value in values if value is not None), None)


def _sum(values: Iterable[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


MAX_SPANS: Final = 1000  # shown
_MAX_LENGTH: Final = 20_000  # characters of an attribute's value
_SORTED_FIRST: Final = ("llm.", "gen_ai.", "error.")  # prefixes of the most important attributes


class WaterfallView(ui.element, component="waterfall_view.js"):
    """One row per span. `on_open` is called with the id of the span that was opened; empty: a span was closed."""

    def __init__(self, shown: Waterfall, on_open: Callable[[str], None], span_id: str = "") -> None:
        super().__init__()
        self.props.update(
            {
                "rows": [row_of(row, shown) for row in shown.rows[:MAX_SPANS]],
                "length": shown.duration_ms,
                "services": shown.services,
                "opened": span_id,
                "total": {
                    "duration": formatted(shown.duration_ms, "ms"),
                    "tokens": tokens_text(shown.total),
                    "cost": cost_text(shown.total),
                },
            }
        )
        self.on("opened", lambda event: on_open(str(event.args)))


def row_of(row: SpanRow, shown: Waterfall) -> dict[str, Any]:
    span = row.span
    return {
        "id": span.span_id,
        "name": span.name,
        "note": _note(row),
        "service": span.service,
        "depth": row.depth,
        "offset": row.offset,
        "width": row.width,
        "marks": [_share(event.time, shown) for event in span.events],
        "duration": formatted(span.duration_ms, "ms"),
        "tokens": tokens_text(row.usage) if row.usage else "",
        "cost": cost_text(row.usage) if row.usage else "",
        "unpriced": bool(row.usage and row.usage.unpriced),
        "error": _error(span),
        "groups": [group for group in _groups(span, shown) if group["pairs"]],
        "links": [[link.trace_id, link.span_id] for link in span.links],
    }


def _note(row: SpanRow) -> str:
    values = row.span.attributes
    parts = [
        f"attempt {values[names.LLM_ATTEMPT]}" if values.get(names.LLM_ATTEMPT) not in (None, 1) else "",
        f"fallback from {values[names.LLM_FALLBACK_FROM]}" if values.get(names.LLM_FALLBACK_FROM) else "",
        f"{values[names.LLM_RETRIEVAL_CHUNKS]} chunks" if names.LLM_RETRIEVAL_CHUNKS in values else "",
        str(values.get(names.ERROR_TYPE, "")),
        "parent span missing" if row.orphan else "",
    ]
    return " · ".join(part for part in parts if part)


def _error(span: Span) -> str:
    if span.status != "error":
        return ""
    return span.error or value_text(span.attributes.get(names.ERROR_TYPE, "failed"))


def tokens_text(usage: SpanUsage) -> str:
    """`1,457 → 23`; a dash for an unknown number."""
    if usage.input_tokens is None and usage.output_tokens is None:
        return ""
    return " → ".join("–" if count is None else f"{count:,}" for count in (usage.input_tokens, usage.output_tokens))


def cost_text(usage: SpanUsage) -> str:
    """US dollars; `unpriced` for models without a price."""
    if usage.dollars is None:
        return "unpriced" if usage.unpriced else ""
    return formatted(usage.dollars, "currencyUSD") + (" + unpriced" if usage.unpriced else "")


def value_text(value: Value) -> str:
    """An attribute's value as text, shortened if it is very long."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else plain(value)
    return text if len(text) <= _MAX_LENGTH else f"{text[:_MAX_LENGTH]}… ({len(text):,} characters)"


def _groups(span: Span, shown: Waterfall) -> list[dict[str, Any]]:
    start = formatted((span.start - shown.start) * 1000, "ms")
    fields = {"kind": span.kind, "status": span.status, "starts after": start, "span ID": span.span_id}
    events = [
        {
            "title": f"Event {event.name} after {formatted((event.time - span.start) * 1000, 'ms')}",
            "pairs": _pairs(event.attributes),
        }
        for event in span.events
    ]
    return [
        {"title": "Attributes", "pairs": _pairs(span.attributes)},
        *events,
        {"title": "Span", "pairs": [[name, value] for name, value in fields.items() if value]},
        {"title": f"Resource of {span.service}", "pairs": _pairs(span.resource)},
    ]


def _pairs(attributes: Attributes) -> list[list[str]]:
    ordered = sorted(attributes, key=lambda name: (not name.startswith(_SORTED_FIRST), name))
    return [[name, value_text(attributes[name])] for name in ordered]


def _share(at: float, shown: Waterfall) -> float:
    length_s = max(shown.duration_ms / 1000, 1e-6)
    return min(1.0, max(0.0, (at - shown.start) / length_s))
