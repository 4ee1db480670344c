"""Telemetry that the tests send by OTLP, and the answers that Tempo and Loki would give with it."""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

import requests
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

NASTY = 'a"b\\c\nd|e} ]`é'
Attributes = Mapping[str, Any]

# A minute ago, so that everything is in the default period; all of it within one step of histograms.
STEP_S = 600.0
T0 = float(int(time.time()) - 60)
if T0 % STEP_S > STEP_S - 30:
    T0 -= 30
T0_NS = int(T0) * 10**9

ASKED = "0af7651916cd43dd8448eb211c80319c"  # POST /ask -> generate -> chat gpt-4o, twice
FAILED = "00000000000000001bf7651916cd43dd"  # with leading zeros; `chat` ended in an error
OTHER = "2cf7651916cd43dd8448eb211c80319c"  # of another service

RESOURCE = {"service.name": "demo-app", "service.instance.id": "one", "llm.telemetry.native": True}
CHAT = {
    "gen_ai.operation.name": "chat",
    "gen_ai.response.finish_reasons": ["stop"],
    "llm.retrieval.scores": [0.5, 0.25],
    "llm.input_tokens": 1847,
    "llm.cost_usd": 0.0000125,
    "llm.latency_ms": 1200.0,
    "llm.cache_hit": False,
    "nasty": NASTY,
    "a map": {"b": 1, "a": [1, "x"]},
    "http route": "with a blank",
}


def any_value(value: Any) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case str():
            return {"stringValue": value}
        case list():
            return {"arrayValue": {"values": [any_value(one) for one in value]}}
        case dict():
            return {"kvlistValue": {"values": key_values(value)}}
    raise TypeError(value)


def key_values(attributes: Attributes) -> list[dict[str, Any]]:
    return [{"key": key, "value": any_value(value)} for key, value in attributes.items()]


def _id(hex_digits: str) -> str:
    return base64.b64encode(bytes.fromhex(hex_digits)).decode()


def span(
    trace_id: str,
    number: int,
    name: str,
    attributes: Attributes,
    *,
    parent: int = 0,
    start_ms: int = 0,
    duration_ms: int = 100,
    kind: str = "SPAN_KIND_INTERNAL",
    **more: Any,
) -> dict[str, Any]:
    return {
        "traceId": _id(trace_id),
        "spanId": _id(f"{number:016x}"),
        **({"parentSpanId": _id(f"{parent:016x}")} if parent else {}),
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str(T0_NS + start_ms * 10**6),
        "endTimeUnixNano": str(T0_NS + (start_ms + duration_ms) * 10**6),
        "attributes": key_values(attributes),
        **more,
    }


_ERROR = {"status": {"code": "STATUS_CODE_ERROR", "message": "429 slow down"}}
_EXCEPTION = {"name": "exception", "timeUnixNano": str(T0_NS + 250 * 10**6), "attributes": key_values({"type": "X"})}
SPANS = {
    ASKED: [
        span(ASKED, 1, "POST /ask", {"http.route": "/ask"}, duration_ms=2000, kind="SPAN_KIND_SERVER"),
        span(ASKED, 2, "generate", {"llm.endpoint": "/ask"}, parent=1, start_ms=100, duration_ms=1500),
        span(ASKED, 4, "chat gpt-4o", CHAT, parent=2, start_ms=300, duration_ms=1200, kind="SPAN_KIND_CLIENT",
             links=[{"traceId": _id(OTHER), "spanId": _id(f"{9:016x}")}]),
        span(ASKED, 3, "chat gpt-4o", {"error.type": "rate_limit", "llm.attempt": 1}, parent=2, start_ms=200,
             duration_ms=90, kind="SPAN_KIND_CLIENT", events=[_EXCEPTION], **_ERROR),
    ],
    FAILED: [span(FAILED, 5, "chat gpt-4o", {"llm.input_tokens": 7}, start_ms=5000, duration_ms=3500, **_ERROR)],
}  # fmt: skip
_OTHER_SPANS = [span(OTHER, 9, "evaluate", {"llm.input_tokens": 1847}, start_ms=7000)]


def resource_spans(spans: Sequence[Mapping[str, Any]], resource: Attributes = RESOURCE) -> dict[str, Any]:
    return {
        "resource": {"attributes": key_values(resource)},
        "scopeSpans": [{"scope": {"name": "llm_telemetry"}, "spans": list(spans)}],
    }


def traces() -> dict[str, Any]:
    every = [one for spans in SPANS.values() for one in spans]
    return {"resourceSpans": [resource_spans(every), resource_spans(_OTHER_SPANS, {"service.name": "evaluation"})]}


def tempo_trace(trace_id: str) -> dict[str, Any]:
    """The answer of /api/v2/traces: protobuf's JSON, with ids in base64 and enumerations by name."""
    request = json_format.ParseDict({"resourceSpans": [resource_spans(SPANS[trace_id])]}, ExportTraceServiceRequest())
    return {"trace": json_format.MessageToDict(request), "metrics": {"inspectedBytes": "1234"}}


# --- logs ----------------------------------------------------------------------------------------

LOGGED = "00000000000000a4"
CALL = {
    "event": "llm_call", "level": "info", "service": "demo-app", "endpoint": "/ask", "user_id": "0123",
    "model": "gpt-4o", "input_tokens": 1847, "output_tokens": 312, "latency_ms": 1200.0, "cost_usd": 0.0000125,
    "cache_hit": False, "attempts": 2, "prompt_hash": "7e10", "http.route": "/ask", "nasty": NASTY, "empty": "",
}  # fmt: skip
RECORDS = [
    {"ms": 0, "number": 9, "text": "info", "body": "llm_call", "trace": ASKED, "span": LOGGED, "attributes": CALL},
    {"ms": 1500, "number": 9, "text": "info", "body": "llm_call",
     "attributes": {"event": "llm_call", "model": "gpt-4o", "input_tokens": 7, "cache_hit": True}},
    {"ms": 1600, "number": 13, "text": "WARNING", "body": f"it said {NASTY} to us", "attributes": {"model": "small"}},
    {"ms": 9000, "number": 17, "text": "", "body": "Gave up", "attributes": {"code.lineno": 12}},
]  # fmt: skip


def log_request(records: Sequence[Mapping[str, Any]], resource: Attributes) -> dict[str, Any]:
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": key_values(resource)},
                "scopeLogs": [{"scope": {"name": "llm_telemetry"}, "logRecords": [_record(one) for one in records]}],
            }
        ]
    }


def _record(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timeUnixNano": str(T0_NS + one["ms"] * 10**6),
        "severityNumber": one["number"],
        "severityText": one["text"],
        **({"body": {"stringValue": one["body"]}} if "body" in one else {}),
        **({"traceId": _id(one["trace"]), "spanId": _id(one["span"])} if "trace" in one else {}),
        "attributes": key_values(one["attributes"]),
    }


def loki_streams(records: Sequence[Mapping[str, Any]], resource: Attributes = RESOURCE) -> list[dict[str, Any]]:
    """The answer of query_range: attributes are labels, with underscores for dots (pkg/loghttp/push/otlp.go)."""
    streams = []
    for one in records:
        labels = {**resource, **one["attributes"], "scope_name": "llm_telemetry"}
        labels |= {"severity_number": one["number"], "observed_timestamp": T0_NS, "detected_level": "info"}
        labels |= {"severity_text": one["text"]} if one["text"] else {}
        labels |= {"trace_id": one["trace"], "span_id": one["span"]} if "trace" in one else {}
        streams.append(
            {
                "stream": {re.sub(r"\W", "_", name): _go_text(value) for name, value in labels.items()},
                "values": [[str(T0_NS + one["ms"] * 10**6), one["body"]]],
            }
        )
    return streams


def _go_text(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:.10f}".rstrip("0").rstrip(".")
    return str(value)


# --- metrics -------------------------------------------------------------------------------------

REQUESTS_LABELS = {"service": "demo-app", "endpoint": "/ask", "model": "gpt-4o", "tenant": "acme", "status": "ok"}


def metrics(at_ns: int, total: int) -> dict[str, Any]:
    """A counter at `total`, and a histogram with two observations and an exemplar for the slower one."""
    times = {"startTimeUnixNano": str(T0_NS), "timeUnixNano": str(at_ns)}
    counter = {**times, "asInt": str(total), "attributes": key_values(REQUESTS_LABELS)}
    histogram = {
        **times,
        "count": "2",
        "sum": 1700.0,
        "explicitBounds": [1000.0, 3000.0],
        "bucketCounts": ["1", "1", "0"],
        "attributes": key_values({"service": "demo-app", "model": "gpt-4o"}),
        "exemplars": [
            {
                "timeUnixNano": str(at_ns),
                "asDouble": 1200.0,
                "traceId": _id(ASKED),
                "spanId": _id(LOGGED),
                "filteredAttributes": key_values({"tenant": "acme"}),
            }
        ],
    }
    cumulative = "AGGREGATION_TEMPORALITY_CUMULATIVE"
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": key_values({"service.name": "demo-app", "service.instance.id": "one"})},
                "scopeMetrics": [
                    {
                        "metrics": [
                            {
                                "name": "llm_requests_total",
                                "sum": {
                                    "dataPoints": [counter],
                                    "isMonotonic": True,
                                    "aggregationTemporality": cumulative,
                                },
                            },
                            {
                                "name": "llm_latency_ms",
                                "histogram": {"dataPoints": [histogram], "aggregationTemporality": cumulative},
                            },
                        ]
                    }
                ],
            }
        ]
    }


_REQUESTS: Mapping[str, type[Message]] = {
    "resourceSpans": ExportTraceServiceRequest,
    "resourceLogs": ExportLogsServiceRequest,
    "resourceMetrics": ExportMetricsServiceRequest,
}


def send(url: str, request: Mapping[str, Any]) -> None:
    """Send OTLP as protobuf."""
    message = json_format.ParseDict(dict(request), _REQUESTS[next(iter(request))]())
    headers = {"Content-Type": "application/x-protobuf"}
    answer = requests.post(url, data=message.SerializeToString(), headers=headers, timeout=10)
    assert answer.ok, answer.text
