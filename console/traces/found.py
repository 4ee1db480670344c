"""Traces that a search found, in the browser: a dot for each over time, and a table to sort and to choose two from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from alert_sink.console_pages import trace_page
from console.traces.fall import cost, tokens
from console.traces.waterfall import Usage, waterfall
from console.units import formatted
from llm_telemetry import names
from stores import Trace, TraceSummary


@dataclass(frozen=True)
class Detail:
    """What a search does not say of a trace."""

    spans: int
    errors: int
    usage: Usage
    models: Sequence[str]
    tenant: str

    @classmethod
    def of(cls, trace: Trace) -> Detail:
        """Of a whole trace."""
        shown = waterfall(trace)
        chats = [span for span in trace.spans if span.name == names.SPAN_GENERATE] or trace.spans
        return cls(
            len(trace.spans),
            shown.errors,
            shown.total,
            _values(chats, names.LLM_MODEL) or _values(trace.spans, names.LLM_MODEL),
            ", ".join(_values(trace.spans, names.LLM_TENANT_ID)),
        )


class Found(ui.element, component="found.js"):
    """The traces of one search."""

    def __init__(self) -> None:
        super().__init__()
        self.show((), {}, 0.0, 1.0, cut=False)

    def show(
        self,
        summaries: Iterable[TraceSummary],
        details: Mapping[str, Detail | None],
        start: float,
        end: float,
        *,
        cut: bool,
    ) -> None:
        """These, of that time (Unix seconds); a trace without details shows that they are on their way.

        `cut` says that there may be older ones.
        """
        found = list(summaries)
        self.props.update(
            {
                "traces": [row_of(one, details.get(one.trace_id)) for one in found],
                "start": start * 1000,
                "end": end * 1000,
                "cut": cut,
            }
        )
        self.update()


def row_of(summary: TraceSummary, detail: Detail | None) -> dict[str, Any]:
    """A trace as the browser gets it."""
    row = {
        "id": summary.trace_id,
        "page": trace_page(summary.trace_id),
        "name": summary.root_name or "(root has not arrived)",
        "service": summary.root_service,
        "ms": summary.start * 1000,
        "duration": summary.duration_ms,
        "durationText": formatted(summary.duration_ms, "ms"),
        "known": detail is not None,
    }
    if detail is None:
        return row
    usage = detail.usage
    return {
        **row,
        "spans": detail.spans,
        "errors": detail.errors,
        "model": ", ".join(detail.models),
        "tenant": detail.tenant,
        "tokens": (usage.input_tokens or 0) + (usage.output_tokens or 0),
        "tokensText": tokens(usage),
        "cost": usage.dollars or 0.0,
        "costText": cost(usage),
    }


def _values(spans: Iterable[Any], name: str) -> list[str]:
    return list(dict.fromkeys(str(span.attributes[name]) for span in spans if span.attributes.get(name)))
