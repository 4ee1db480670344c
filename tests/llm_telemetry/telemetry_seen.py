"""What a test saw of each signal."""

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
WHO: dict[str, Any] = {"endpoint": ENDPOINT, "tenant_id": "acme", "user_id": "user-4711"}

# What a metric's labels are in these tests where a test does not say.
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
    """A whole stream: role, three contents, the reason to stop, usage."""
    first = chunk()
    first["choices"][0]["delta"] = {"role": "assistant", "content": ""}
    usage = {**chunk(usage=ANSWER["usage"]), "choices": []}
    return [first, chunk("Hold "), chunk("it "), chunk("for 5 s."), chunk(finish="stop"), usage]


class Clock:
    """A `time.perf_counter` that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def ms(self, milliseconds: float) -> None:
        """Let time pass."""
        self.now += milliseconds / 1e3


@dataclass
class Seen:
    """One test's telemetry."""

    spans_out: InMemorySpanExporter
    records_out: InMemoryLogRecordExporter
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
        """The value of one series; labels that are not given are those of LABELS, as far as it has them."""
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.name == name and sample.labels == {**self._defaults(sample.labels), **labels}:
                    return sample.value
        return None

    @staticmethod
    def _defaults(labels: dict[str, str]) -> dict[str, str]:
        return {label: value for label, value in LABELS.items() if label in labels}

    def changed(self) -> dict[str, float]:
        """Every series that is not 0, but for buckets and for what is set at the start."""
        at_start = ("llm_build_info", "llm_price_table_timestamp_seconds")
        found = {}
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.value and not sample.name.endswith(("_bucket", "_created")) and sample.name not in at_start:
                    found[series(sample.name, **sample.labels)] = sample.value
        return found

    def label_values(self) -> dict[str, set[str]]:
        """Every value of every label in use, buckets' `le` apart."""
        found: dict[str, set[str]] = {}
        for metric in self.registry.collect():
            for sample in metric.samples:
                for label, value in sample.labels.items():
                    if label != "le":
                        found.setdefault(label, set()).add(value)
        return found

    def spans(self, name: str | None = None) -> list[ReadableSpan]:
        """Finished spans in the order they ended."""
        return [span for span in self.spans_out.get_finished_spans() if name in (None, span.name)]

    def span(self, name: str) -> ReadableSpan:
        """The only span of that name."""
        (span,) = self.spans(name)
        return span

    def lines(self, event: str | None = None) -> list[dict[str, Any]]:
        """The JSON lines."""
        lines = [json.loads(line) for line in self.stream.getvalue().splitlines()]
        return [line for line in lines if event in (None, line["event"])]

    def line(self, event: str | None = None) -> dict[str, Any]:
        """The only JSON line (of that event)."""
        (line,) = self.lines(event)
        return line

    def records(self) -> list[Any]:
        """The OTLP log records."""
        return [entry.log_record for entry in self.records_out.get_finished_logs()]

    def exposition(self) -> str:
        """What a scrape that understands exemplars gets."""
        return llm_telemetry.exposition("application/openmetrics-text;version=1.0.0")[0].decode()

    def everything(self) -> str:
        """Every byte of every signal, to look for what must not be there."""
        spans = "".join(span.to_json() for span in self.spans())
        records = "".join(entry.to_json() for entry in self.records_out.get_finished_logs())
        return spans + records + self.stream.getvalue() + self.exposition()


def series(name: str, **labels: str) -> str:
    """A series as it is written, its labels sorted and without `service`, which every one has."""
    inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()) if label != "service")
    return f"{name}{{{inside}}}" if inside else name
