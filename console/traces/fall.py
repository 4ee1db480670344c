"""The waterfall in the browser. Names and values of attributes are values there, never keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from nicegui import ui

from console.traces.waterfall import Row, Usage, Waterfall
from console.units import formatted
from llm_telemetry import names
from stores import Span
from stores.quoting import plain
from stores.traces import Attributes, Value

MOST_SPANS: Final = 1000  # shown
_LONGEST: Final = 20_000  # characters of a value
_FIRST: Final = ("llm.", "gen_ai.", "error.")  # attributes that a person looks for


class Fall(ui.element, component="fall.js"):
    """One row per span, at most 1,000; `opened` is called with the id of a span, or with nothing."""

    def __init__(self, shown: Waterfall, opened: Callable[[str], None], span_id: str = "") -> None:
        super().__init__()
        self.props.update(
            {
                "rows": [row_of(row, shown) for row in shown.rows[:MOST_SPANS]],
                "length": shown.duration_ms,
                "services": shown.services,
                "opened": span_id,
                "sum": {
                    "duration": formatted(shown.duration_ms, "ms"),
                    "tokens": tokens(shown.total),
                    "cost": cost(shown.total),
                },
            }
        )
        self.on("opened", lambda event: opened(str(event.args)))


def row_of(row: Row, shown: Waterfall) -> dict[str, Any]:
    """A row as the browser gets it."""
    span = row.span
    return {
        "id": span.span_id,
        "name": span.name,
        "about": about(row),
        "service": span.service,
        "depth": row.depth,
        "offset": row.offset,
        "width": row.width,
        "marks": [_share(event.time, shown) for event in span.events],
        "duration": formatted(span.duration_ms, "ms"),
        "tokens": tokens(row.usage) if row.usage else "",
        "cost": cost(row.usage) if row.usage else "",
        "unpriced": bool(row.usage and row.usage.unpriced),
        "error": error_of(span),
        "groups": [group for group in _groups(span, shown) if group["pairs"]],
        "links": [[link.trace_id, link.span_id] for link in span.links],
    }


def about(row: Row) -> str:
    """What is said behind a span's name."""
    said = row.span.attributes
    parts = [
        f"attempt {said[names.LLM_ATTEMPT]}" if said.get(names.LLM_ATTEMPT) not in (None, 1) else "",
        f"fallback from {said[names.LLM_FALLBACK_FROM]}" if said.get(names.LLM_FALLBACK_FROM) else "",
        f"{said[names.LLM_RETRIEVAL_CHUNKS]} chunks" if names.LLM_RETRIEVAL_CHUNKS in said else "",
        str(said.get(names.ERROR_TYPE, "")),
        "parent missing" if row.orphan else "",
    ]
    return " · ".join(part for part in parts if part)


def error_of(span: Span) -> str:
    """Why it failed; empty where it did not."""
    if span.status != "error":
        return ""
    return span.error or text_of(span.attributes.get(names.ERROR_TYPE, "failed"))


def tokens(usage: Usage) -> str:
    """`1,457 → 23`; a dash for what nobody knows."""
    if usage.input_tokens is None and usage.output_tokens is None:
        return ""
    return " → ".join("–" if count is None else f"{count:,}" for count in (usage.input_tokens, usage.output_tokens))


def cost(usage: Usage) -> str:
    """US dollars; a model without a price has no cost that could be shown."""
    if usage.dollars is None:
        return "unpriced" if usage.unpriced else ""
    return formatted(usage.dollars, "currencyUSD") + (" + unpriced" if usage.unpriced else "")


def text_of(value: Value) -> str:
    """A value of an attribute, as text."""
    text = ", ".join(map(str, value)) if isinstance(value, list) else plain(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def _groups(span: Span, shown: Waterfall) -> list[dict[str, Any]]:
    begun = formatted((span.start - shown.start) * 1000, "ms")
    itself = {"kind": span.kind, "status": span.status, "starts after": begun, "span id": span.span_id}
    events = [
        {
            "title": f"Event {event.name}, after {formatted((event.time - span.start) * 1000, 'ms')}",
            "pairs": _pairs(event.attributes),
        }
        for event in span.events
    ]
    return [
        {"title": "Attributes", "pairs": _pairs(span.attributes)},
        *events,
        {"title": "Span", "pairs": [[name, value] for name, value in itself.items() if value]},
        {"title": f"Resource of {span.service}", "pairs": _pairs(span.resource)},
    ]


def _pairs(attributes: Attributes) -> list[list[str]]:
    ordered = sorted(attributes, key=lambda name: (not name.startswith(_FIRST), name))
    return [[name, text_of(attributes[name])] for name in ordered]


def _share(at: float, shown: Waterfall) -> float:
    length_s = max(shown.duration_ms / 1000, 1e-6)
    return min(1.0, max(0.0, (at - shown.start) / length_s))
