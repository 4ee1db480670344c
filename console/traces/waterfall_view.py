"""The waterfall in the browser. Attribute names are values there, never keys: NiceGUI runs keys that begin with `:`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from console.traces.waterfall import SpanRow, SpanUsage, Waterfall
from console.units import formatted
from llm_telemetry import names
from stores import Span
from stores.quoting import plain
from stores.traces import Attributes, Value

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
