"""The telemetry that one test recorded, signal by signal, and the answer that most tests use."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.sdk._logs.export import InMemoryLogRecordExporter
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

import llm_telemetry

ENDPOINT = "/api/support/answer"
TRACE_ID, SPAN_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
CALLER: dict[str, Any] = {"endpoint": ENDPOINT, "tenant_id": "acme", "user_id": "user-4711"}

# Label values of Recorded.value, if a test gives no others.
LABELS = {
    "service": "svc",
    "endpoint": ENDPOINT,
    "model": "gpt-4o",
    "tenant": "acme",
    "provider": "openai",
}

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "model": "gpt-4o-2024-08-06",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hold it for 5 s."}}],
    "usage": {
        "prompt_tokens": 1847,
        "completion_tokens": 312,
        "total_tokens": 2159,
        "prompt_tokens_details": {"cached_tokens": 1024},
    },
}
# (1847 - 1024) * $2.50 + 1024 * $1.25 + 312 * $10, a million
ANSWER_COST = 0.0064575


def chunk(content: str | None = None, finish: str | None = None, **rest: Any) -> dict[str, Any]:
    """One chunk of a streamed chat completion."""
    delta = {} if content is None else {"content": content}
    return {
        "object": "chat.completion.chunk",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        **rest,
    }


def chunks() -> list[dict[str, Any]]:
    """A whole stream: role, three contents, the finish reason, usage."""
    first = chunk()
    first["choices"][0]["delta"] = {"role": "assistant", "content": ""}
    usage = {**chunk(usage=ANSWER["usage"]), "choices": []}
    return [first, chunk("Hold "), chunk("it "), chunk("for 5 s."), chunk(finish="stop"), usage]


class Clock:
    """A `time.perf_counter` that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def ms(self, milliseconds: float) -> None:
        self.now += milliseconds / 1e3


@dataclass
class Recorded:
    """Metrics, spans, log lines and log records of one test."""

    span_exporter: InMemorySpanExporter
    log_exporter: InMemoryLogRecordExporter
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    stream: io.StringIO = field(default_factory=io.StringIO)

    def configure(self, **changes: Any) -> llm_telemetry.Telemetry:
        """`configure` into this test's registry and stream."""
        given: dict[str, Any] = {
            "version": "1.4.0",
            "prompt_version": "v7",
            "user_salt": "salt",
            "registry": self.registry,
            "log_stream": self.stream,
        }
        return llm_telemetry.configure("svc", **{**given, **changes})

    def value(self, name: str, **labels: str) -> float | None:
        """The value of one series. Labels that are not given have the values of LABELS."""
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.name == name and sample.labels == {**self._defaults(sample.labels), **labels}:
                    return sample.value
        return None

    @staticmethod
    def _defaults(labels: dict[str, str]) -> dict[str, str]:
        return {label: value for label, value in LABELS.items() if label in labels}

    def changed(self) -> dict[str, float]:
        """All series that are not 0, except for buckets and for metrics that are set at start."""
        at_start = ("llm_build_info", "llm_price_table_timestamp_seconds")
        found = {}
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.value and not sample.name.endswith(("_bucket", "_created")) and sample.name not in at_start:
                    found[series(sample.name, **sample.labels)] = sample.value
        return found

    def label_values(self) -> dict[str, set[str]]:
        """The values of every label except `le`."""
        found: dict[str, set[str]] = {}
        for metric in self.registry.collect():
            for sample in metric.samples:
                for label, value in sample.labels.items():
                    if label != "le":
                        found.setdefault(label, set()).add(value)
        return found

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        """Finished spans in the order they ended."""
        return [span for span in self.span_exporter.get_finished_spans() if name in (None, span.name)]

    def span(self, name: str) -> ReadableSpan:
        """The only span of that name."""
        (span,) = self.spans(name)
        return span

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """The JSON lines, of one event if it is given."""
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    def line(self, event: str | None = None) -> dict[str, Any]:
        """The only JSON line, or the only one of that event."""
        (line,) = self.lines(event)
        return line

    def records(self) -> list[Any]:
        """The OTLP log records."""
        return [entry.log_record for entry in self.log_exporter.get_finished_logs()]

    def exposition(self) -> str:
        """The metrics in the format that has exemplars."""
        return llm_telemetry.exposition("application/openmetrics-text;version=1.0.0")[0].decode()

    def everything(self) -> str:
        """All signals as text, to search for what must not be there."""
        spans = "".join(span.to_json() for span in self.spans())
        records = "".join(entry.to_json() for entry in self.log_exporter.get_finished_logs())
        return spans + records + self.stream.getvalue() + self.exposition()


def series(name: str, **labels: str) -> str:
    """A series as text, with sorted labels and without `service`, which every series has."""
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()) if label != "service")
    return f"{name}{{{inside}}}" if inside else name
