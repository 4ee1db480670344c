"""Spans that are current while their block runs, and that may end in another context than they began."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opentelemetry import context as context_api
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, SpanKind, Status, StatusCode, Tracer, set_span_in_context

from llm_telemetry.guard import count_failure
from llm_telemetry.names import ERROR_TYPE


class CurrentSpan:
    """A span, and the context in which it is the current one."""

    __slots__ = ("_context", "_previous", "span")

    def __init__(self) -> None:
        self.span: Span = INVALID_SPAN
        self._context: Context | None = None
        self._previous: Context | None = None

    def start(self, tracer: Tracer, name: str, kind: SpanKind, *marks: tuple[str, object]) -> None:
        """Start the span as a child of the current one and make it current; `marks` go into its context.

        Where tracing fails there is no span, but the marks are made: metrics and logs go on.
        """
        around = context_api.get_current()
        try:
            self.span = tracer.start_span(name, around, kind)
        except Exception:
            count_failure("trace")
        context = set_span_in_context(self.span, around)
        for key, value in marks:
            context = context_api.set_value(key, value, context)
        self._context, self._previous = context, around
        context_api.attach(context)

    def attach(self) -> None:
        """Make the span current."""
        if self._context is not None:
            self._previous = context_api.get_current()
            context_api.attach(self._context)

    def detach(self) -> None:
        """Make current what was before.

        Not by the token of `attach`: a stream may be closed by another task than began it, where a token
        is refused; there this span is not current, and nothing has to be put back.
        """
        if self._previous is not None and context_api.get_current() is self._context:
            context_api.attach(self._previous)
        self._previous = None

    def end(self, attributes: Mapping[str, Any], error_type: str | None) -> None:
        """End the span; never raises. An error is named by its type alone: messages may quote prompts."""
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
        self._context = None  # it holds what its marks name, and that holds this: left to the garbage collector
