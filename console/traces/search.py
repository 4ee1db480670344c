"""A search for traces: converts between the form, the page's address and the store's filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alert_sink.console_pages import SPAN_ATTRIBUTE, SPAN_SCOPE, trace_parameters
from stores import TraceFilter
from stores.trace_filter import AttributeValue

LIMITS: Final = (20, 50, 100)  # numbers of traces that can be shown


@dataclass(frozen=True)
class TraceSearch:
    """An empty value matches everything."""

    service: str = ""
    operation: str = ""
    scope: Mapping[str, str] = field(default_factory=dict)  # by parameter in SPAN_SCOPE
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)  # other attributes
    error_only: bool = False
    min_ms: float = 0.0
    limit: int = LIMITS[0]

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> TraceSearch:
        """Parse the address; its other parameters (time range, refresh) are ignored.

        Raises:
            ValueError: a value is invalid; the message tells valid ones.
        """
        return cls(
            service=parameters.get("service", ""),
            operation=parameters.get("operation", ""),
            scope={name: parameters[name] for name in SPAN_SCOPE if parameters.get(name)},
            attributes={
                name.removeprefix(SPAN_ATTRIBUTE): value
                for name, value in parameters.items()
                if name.startswith(SPAN_ATTRIBUTE) and name != SPAN_ATTRIBUTE and value
            },
            error_only=_boolean(parameters.get("error", "")),
            min_ms=_milliseconds(parameters.get("min_ms", "")),
            limit=_limit(parameters.get("limit", "")),
        )

    def parameters(self) -> dict[str, str]:
        """For the address; defaults are left out."""
        limit = {"limit": str(self.limit)} if self.limit != LIMITS[0] else {}
        return {**trace_parameters(self.filter()), **limit}

    def filter(self, start: float | None = None, end: float | None = None) -> TraceFilter:
        scope = {SPAN_SCOPE[name]: value for name, value in self.scope.items() if value}
        return TraceFilter(
            self.service, self.operation, {**scope, **self.attributes}, self.error_only, self.min_ms, start, end
        )


def _boolean(text: str) -> bool:
    if text not in ("", "true", "false"):
        raise ValueError(f"error must be true or false, not {text!r}")
    return text == "true"


def _milliseconds(text: str) -> float:
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise ValueError(f"min_ms must be a number of milliseconds, for example 1500, not {text!r}")
    return value


def _limit(text: str) -> int:
    if not text:
        return LIMITS[0]
    if text not in map(str, LIMITS):
        raise ValueError(f"limit must be one of {', '.join(map(str, LIMITS))}, not {text!r}")
    return int(text)
