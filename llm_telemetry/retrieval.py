"""The `retrieval` span and its latency, apart from the model's."""

from __future__ import annotations

import time
from collections.abc import Sequence

from opentelemetry.trace import SpanKind

from llm_telemetry import names
from llm_telemetry.block import Block, Scope, present
from llm_telemetry.errors import CANCELLATIONS, error_type
from llm_telemetry.guard import never_raises
from llm_telemetry.request_context import NO_REQUEST, current_request
from llm_telemetry.spans import CurrentSpan
from llm_telemetry.state import Telemetry, duration_ms, telemetry


def observe_retrieval(*, endpoint: str | None = None) -> Retrieval:
    """Observe one retrieval as a block (`with`, `async with`); say what it found with `record`."""
    return Retrieval(endpoint)


class Retrieval(Block):
    """What becomes of one retrieval. See `observe_retrieval`."""

    def __init__(self, endpoint: str | None) -> None:
        self._endpoint = endpoint
        self._span = CurrentSpan()
        self._state: Telemetry | None = None
        self._scores: tuple[float, ...] = ()
        self.chunks: int | None = None
        self.latency_ms: float | None = None

    @never_raises("trace")
    def record(self, chunks: int, scores: Sequence[float] = ()) -> None:
        """Say how many chunks were found, and with which scores, best first."""
        self.chunks = chunks
        self._scores = tuple(scores)

    @never_raises("trace")
    def begin(self) -> None:
        """Begin to observe."""
        state = telemetry()
        self._scope = Scope.of(state, self._endpoint)
        self._start = time.perf_counter()
        self._span.start(state.tracer, names.SPAN_RETRIEVAL, SpanKind.INTERNAL)
        self._state = state

    def end(self, error: BaseException | None = None) -> None:
        """Record the retrieval."""
        self._span.detach()
        state, self._state = self._state, None
        if state is not None:
            self._finish(state, error)

    @never_raises("trace")
    def _finish(self, state: Telemetry, error: BaseException | None) -> None:
        self.latency_ms = duration_ms(self._start)
        request = current_request()
        if request is not NO_REQUEST:
            request.retrieval_ms, request.retrieval_chunks = self.latency_ms, self.chunks
        if error is None:  # a failed look-up's time would make retrieval look fast
            exemplar = state.exemplar(self._span.span)
            state.metrics.observe(names.RETRIEVAL_LATENCY, (self._scope.endpoint_label,), self.latency_ms, exemplar)
        attributes = {
            names.LLM_RETRIEVAL_MS: self.latency_ms,
            names.LLM_RETRIEVAL_CHUNKS: self.chunks,
            names.LLM_RETRIEVAL_SCORES: self._scores or None,
            **self._scope.attributes(),
        }
        failed = error is not None and not isinstance(error, CANCELLATIONS)
        self._span.end(present(attributes), error_type(error) if failed and error else None)
