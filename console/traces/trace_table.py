"""The results of a search for traces: a chart with one dot per trace, and a sortable table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from nicegui import ui

from alert_sink.console_pages import trace_page
from console.traces.waterfall import SpanUsage, cost_text, tokens_text, waterfall
from console.units import formatted
from llm_telemetry import names
from stores import Trace, TraceSummary


@dataclass(frozen=True)
class TraceDetail:
    """Values of a whole trace, which a search does not return."""

    spans: int
    errors: int
    usage: SpanUsage
    models: Sequence[str]
    tenant: str

    @classmethod
    def of(cls, trace: Trace) -> TraceDetail:
        shown = waterfall(trace)
        chats = [span for span in trace.spans if span.name == names.SPAN_GENERATE] or trace.spans
        return cls(
            len(trace.spans),
            shown.errors,
            shown.total,
            _values(chats, names.LLM_MODEL) or _values(trace.spans, names.LLM_MODEL),
            ", ".join(_values(trace.spans, names.LLM_TENANT_ID)),
        )


class TraceTable(ui.element, component="trace_table.js"):
    def __init__(self) -> None:
        super().__init__()
        self.show((), {}, 0.0, 1.0, truncated=False)

    def show(
        self, summaries: Iterable[TraceSummary], details: Mapping[str, TraceDetail | None],
        start: float, end: float, *, truncated: bool,
    ) -> None:  # fmt: skip
        """A trace without details is shown as loading. `start` and `end`: the chart's range, Unix seconds.

        `truncated`: there may be older traces.
        """
        traces = [row_of(one, details.get(one.trace_id)) for one in summaries]
        self.props.update(traces=traces, start=start * 1000, end=end * 1000, truncated=truncated)
        self.update()


def row_of(summary: TraceSummary, detail: TraceDetail | None) -> dict[str, Any]:
    row = {
        "id": summary.trace_id,
        "page": trace_page(summary.trace_id),
        "name": summary.root_name or "(root span missing)",
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
        "tokensText": tokens_text(usage),
        "cost": usage.dollars or 0.0,
        "costText": cost_text(usage),
    }


def _values(spans: Iterable[Any], name: str) -> list[str]:
    return list(dict.fromkeys(str(span.attributes[name]) for span in spans if span.attributes.get(name)))
