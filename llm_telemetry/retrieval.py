"""The `retrieval` span and the metric `llm_retrieval_latency_ms`. Retrieval time is not part of model latency."""

from __future__ import annotations

import time
from collections.abc import Sequence

from opentelemetry.trace import SpanKind

from llm_telemetry import names
from llm_telemetry.errors import CANCELLATIONS, error_type
from llm_telemetry.request_context import NO_REQUEST, Attribution, current_request
from llm_telemetry.spans import CurrentSpan, ObservedBlock, elapsed_ms, without_none
from llm_telemetry.telemetry import Telemetry, current_telemetry, never_raises


def observe_retrieval(*, endpoint: str | None = None) -> Retrieval:
    """Observe one retrieval as a block (`with`, `async with`). Call `record` inside it with what was found.

    Args:
        endpoint: the route template, if no request context gives it.
    """
    return Retrieval(endpoint)


class Retrieval(ObservedBlock):
    """One observed retrieval, made by `observe_retrieval`.

    `chunks` and `latency_ms` (milliseconds, set when the block ends) are None until they are known.
    """

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._span = CurrentSpan()
        self._telemetry: Telemetry | None = None
        self._scores: tuple[float, ...] = ()
        self.chunks: int | None = None
        self.latency_ms: float | None = None

    @never_raises("trace")
    def record(self, chunks: int, scores: Sequence[float] = ()) -> None:
        """Record how many chunks were found, and their scores, best first."""
        self.chunks = chunks
        self._scores = tuple(scores)

    @never_raises("trace")
    def begin(self) -> None:
        telemetry = current_telemetry()
        self._attribution = Attribution.of(telemetry, self._endpoint)
        self._start = time.perf_counter()
        self._span.start(telemetry.tracer, names.SPAN_RETRIEVAL, SpanKind.INTERNAL)
        self._telemetry = telemetry

    def end(self, error: BaseException | None = None) -> None:
        self._span.detach()
        telemetry, self._telemetry = self._telemetry, None
        if telemetry is not None:
            self._finish(telemetry, error)

    @never_raises("trace")
    def _finish(self, telemetry: Telemetry, error: BaseException | None) -> None:
        self.latency_ms = elapsed_ms(self._start)
        request = current_request()
        if request is not NO_REQUEST:
            request.retrieval_ms, request.retrieval_chunks = self.latency_ms, self.chunks
        if error is None:  # a retrieval that fails at once would make retrieval look fast
            labels = (self._attribution.endpoint_label,)
            exemplar = telemetry.exemplar(self._span.span)
            telemetry.metrics.observe(names.RETRIEVAL_LATENCY, labels, self.latency_ms, exemplar)
        attributes = {
            names.LLM_RETRIEVAL_MS: self.latency_ms,
            names.LLM_RETRIEVAL_CHUNKS: self.chunks,
            names.LLM_RETRIEVAL_SCORES: self._scores or None,
            **self._attribution.span_attributes(),
        }
        failed = error is not None and not isinstance(error, CANCELLATIONS)
        self._span.end(without_none(attributes), error_type(error) if failed and error else None)
