# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "genai-prices==0.2.3",
#   "openai==2.54.0", # below 3: opentelemetry-instrumentation-openai-v2 2.4b0 takes no later one
#   "openinference-instrumentation-openai==0.1.66",
#   "opentelemetry-instrumentation-openai-v2==2.4b0",
#   "opentelemetry-sdk==1.45.2",
#   "opentelemetry-util-genai==1.0b0",
#   "prometheus-client==0.26.0",
#   "pyyaml==6.0.4",
# ]
# ///
"""Measures one instrumentation, in a process of its own. Started by overhead.py.

For every line on stdin it makes one slice of calls and prints the CPU time per call, in µs.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import httpx
from openai import OpenAI

CALLS = 50  # per slice
CHUNKS = 200  # per stream
STREAMS = 2  # per slice

ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1_790_000_000,
    "model": "gpt-4o-2024-08-06",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hold the button for 5 s."}}
    ],
    "usage": {
        "prompt_tokens": 1847,
        "completion_tokens": 312,
        "total_tokens": 2159,
        "prompt_tokens_details": {"cached_tokens": 1024},
    },
}
MESSAGES: Any = [{"role": "user", "content": "How do I reset the device?"}]


def client() -> OpenAI:
    """OpenAI's client with a transport that answers at once."""
    body = json.dumps(ANSWER).encode()
    chunk = {**ANSWER, "object": "chat.completion.chunk", "usage": None}
    chunk["choices"] = [{"index": 0, "finish_reason": None, "delta": {"content": "word "}}]
    line = b"data: " + json.dumps(chunk).encode() + b"\n\n"
    last = b"data: " + json.dumps({**chunk, "choices": [], "usage": ANSWER["usage"]}).encode() + b"\n\n"
    stream = line * (CHUNKS - 1) + last + b"data: [DONE]\n\n"

    def answer(request: httpx.Request) -> httpx.Response:
        if b'"stream":true' in request.content:
            return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=stream)
        return httpx.Response(200, headers={"content-type": "application/json"}, content=body)

    http = httpx.Client(transport=httpx.MockTransport(answer))
    return OpenAI(api_key="none", base_url="http://mock/v1", http_client=http, max_retries=0)


class DiscardingExporter:
    def export(self, batch: Sequence[Any]) -> Any:
        from opentelemetry.sdk.trace.export import SpanExportResult

        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        pass

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return True


def providers(*, logs: bool = True) -> None:
    """Set up OpenTelemetry as in production: spans and logs in batches, and metrics."""
    from opentelemetry import metrics, trace
    from opentelemetry._logs import set_logger_provider
    from opentelemetry.sdk._logs import LoggerProvider
    from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    spans = TracerProvider()
    spans.add_span_processor(BatchSpanProcessor(DiscardingExporter()))  # type: ignore[arg-type]
    trace.set_tracer_provider(spans)
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))
    if logs:
        records = LoggerProvider()
        records.add_log_record_processor(BatchLogRecordProcessor(DiscardingExporter()))  # type: ignore[arg-type]
        set_logger_provider(records)


def plain_call() -> Callable[[], object]:
    create = client().chat.completions.create
    return lambda: create(model="gpt-4o", messages=MESSAGES)


def bare_span() -> Callable[[], object]:
    """A span with six attributes: the minimum of an instrumentation."""
    from opentelemetry import trace

    providers()
    tracer, call = trace.get_tracer("bare"), plain_call()

    def observed() -> None:
        with tracer.start_as_current_span("chat gpt-4o", kind=trace.SpanKind.CLIENT) as span:
            answer: Any = call()
            span.set_attribute("gen_ai.operation.name", "chat")
            span.set_attribute("gen_ai.request.model", "gpt-4o")
            span.set_attribute("gen_ai.response.model", answer.model)
            span.set_attribute("gen_ai.usage.input_tokens", answer.usage.prompt_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", answer.usage.completion_tokens)
            span.set_attribute("gen_ai.response.finish_reasons", (answer.choices[0].finish_reason,))

    return observed


def configured(*, logs: bool = True) -> Any:
    """llm_telemetry with spans, metrics with exemplars, cost and JSON lines; `logs`: also OTLP logs."""
    import llm_telemetry

    providers(logs=logs)
    llm_telemetry.configure(
        "bench",
        version="1",
        prompt_version="v7",
        user_salt="bench",
        log_stream=open(os.devnull, "w", encoding="utf-8"),  # noqa: SIM115 - for the life of the process
    )
    return llm_telemetry


def ours(*, logs: bool = True) -> Callable[[], object]:
    """`observe_llm_call` with endpoint, tenant, user and prompt: one generation with one attempt."""
    observe, call = configured(logs=logs).observe_llm_call, plain_call()

    def observed() -> None:
        with observe(
            "gpt-4o",
            provider="openai",
            endpoint="/api/support/answer",
            tenant_id="acme",
            user_id="user-4711",
            prompt=MESSAGES,
        ) as seen:
            seen.record_response(call())

    return observed


def openai_v2() -> Callable[[], object]:
    """opentelemetry-instrumentation-openai-v2: one span and its histograms; no cost, no log line."""
    from opentelemetry.instrumentation.openai_v2 import OpenAIInstrumentor

    providers()
    OpenAIInstrumentor().instrument()
    return plain_call()


def openinference() -> Callable[[], object]:
    """openinference-instrumentation-openai: one span with the contents; no metrics, no log line."""
    from openinference.instrumentation.openai import OpenAIInstrumentor

    providers()
    OpenAIInstrumentor().instrument()
    return plain_call()


def plain_stream() -> Callable[[], object]:
    create = client().chat.completions.create

    def read() -> None:
        for _ in create(model="gpt-4o", messages=MESSAGES, stream=True):
            pass

    return read


def our_stream() -> Callable[[], object]:
    """One stream, read to its end, with `observe_llm_call` as a decorator."""
    observe = configured().observe_llm_call
    create = client().chat.completions.create
    observed_create = observe("gpt-4o", provider="openai", endpoint="/api/support/stream")(create)

    def read() -> None:
        for _ in observed_create(model="gpt-4o", messages=MESSAGES, stream=True):
            pass

    return read


def our_price() -> Callable[[], object]:
    from llm_telemetry.prices import Prices, Usage

    prices, usage = Prices(), Usage(1847, 312, 1024)
    return lambda: prices.cost("gpt-4o", usage, provider="openai")


def genai_price() -> Callable[[], object]:
    from genai_prices import Usage, calc_price

    usage = Usage(input_tokens=1847, output_tokens=312, cache_read_tokens=1024)
    return lambda: calc_price(usage, "gpt-4o", provider_id="openai")


# name -> (makes the function to measure, calls per slice)
MEASURED: dict[str, tuple[Callable[[], Callable[[], object]], int]] = {
    "none": (plain_call, CALLS),
    "bare span": (bare_span, CALLS),
    "llm_telemetry": (partial(ours, logs=False), CALLS),
    "  and OTLP log": (ours, CALLS),
    "openai-v2": (openai_v2, CALLS),
    "openinference": (openinference, CALLS),
    "stream": (plain_stream, STREAMS),
    "stream, llm_telemetry": (our_stream, STREAMS),
    "price, llm_telemetry": (our_price, CALLS),
    "price, genai-prices": (genai_price, CALLS),
}


def main(name: str) -> None:
    make, calls = MEASURED[name]
    call = make()
    for _ in range(2 * calls):  # warm up imports, caches and connections
        call()
    for _ in sys.stdin:
        start = time.process_time()
        for _ in range(calls):
            call()
        sys.stdout.write(f"{(time.process_time() - start) / calls * 1e6}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1])
