"""Observed blocks and their spans. A span may end in another context than it started in."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from llm_telemetry.names import ERROR_TYPE
from llm_telemetry.telemetry import count_failure


class CurrentSpan:
    __slots__ = ("_context", "_previous", "span")

    def __init__(self) -> None:
        self.span: Span = INVALID_SPAN
        self._context: Context | None = None
        self._previous: Context | None = None

    def start(self, tracer: Tracer, name: str, kind: SpanKind, *context_values: tuple[str, object]) -> None:
        """Start the span as a child of the current span and make it current.

        `context_values` are (key, value) pairs that are added to the span's context. They are added even if the
        tracer fails and there is no span, because metrics and logs need them.
        """
        previous = context_api.get_current()
        try:
            self.span = tracer.start_span(name, previous, kind)
        except Exception:
            count_failure("trace")
        context = set_span_in_context(self.span, previous)
        for key, value in context_values:
            context = context_api.set_value(key, value, context)
        self._context, self._previous = context, previous
        context_api.attach(context)

    def attach(self) -> None:
        if self._context is not None:
            self._previous = context_api.get_current()
            context_api.attach(self._context)

    def detach(self) -> None:
        """Restore the previous span, if this span is current.

        The token of `attach` is not used: a stream may be closed by another task than the task that started
        it, and OpenTelemetry refuses a token of another task. In that task this span is not current, so there
        is nothing to restore.
        """
        if self._previous is not None and context_api.get_current() is self._context:
            context_api.attach(self._previous)
        self._previous = None

    def end(self, attributes: Mapping[str, Any], error_type: str | None) -> None:
        """End the span. Never raises.

        An error is recorded by its type only, because an exception's message may quote the prompt.
        """
        span = self.span
        try:
            if span.is_recording():
                span.set_attributes(attributes)
                if error_type is not None:
                    span.set_attribute(ERROR_TYPE, error_type)
                    span.set_status(Status(StatusCode.ERROR, error_type))
            span.end()
        except Exception:
            count_failure("trace")
        self._context = None  # breaks the reference cycle span -> context -> generation -> span


def without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return `fields` without the entries that are None: an unknown value is a missing attribute."""
    return {name: value for name, value in fields.items() if value is not None}


class ObservedBlock:
    """A `with` or `async with` block that is observed. It never changes what happens inside the block."""

    def begin(self) -> None:
        """Start the observation. Never raises."""
        raise NotImplementedError

    def end(self, error: BaseException | None = None) -> None:
        """Record the result. `error` is the exception that left the block.

        Never raises. Further calls do nothing.
        """
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(error)

    async def __aenter__(self) -> Self:
        self.begin()
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.end(error)


def elapsed_ms(start: float) -> float:
    """Milliseconds since `start`, a value of `time.perf_counter()`, which ignores changes of the system clock."""
    return (time.perf_counter() - start) * 1e3
