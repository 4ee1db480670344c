"""What the search for traces asks: the form, the page's URL and the store's filter say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from console.times import TimeRange
from llm_telemetry import names
from stores import TraceFilter
from stores.quoting import plain
from stores.trace_filter import AttributeValue

LIMITS: Final = (20, 50, 100)  # traces shown

# Parameter of the URL ⇔ attribute of the span. Any other attribute has the prefix before its name.
SCOPE: Final[Mapping[str, str]] = {
    "endpoint": names.LLM_ENDPOINT,
    "model": names.LLM_MODEL,
    "tenant": names.LLM_TENANT_ID,
}
_ATTRIBUTE: Final = "attribute."


@dataclass(frozen=True)
class TraceQuestion:
    """Which traces a person wants to see. What is empty does not matter."""

    service: str = ""
    operation: str = ""
    scope: Mapping[str, str] = field(default_factory=dict)  # by name in SCOPE
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)  # any other
    error_only: bool = False
    min_ms: float = 0.0
    limit: int = LIMITS[0]

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> TraceQuestion:
        """The question of a URL's parameters; those of the page's frame (time range, refresh) are not looked at.

        Raises:
            ValueError: with what to write instead.
        """
        return cls(
            service=asked.get("service", ""),
            operation=asked.get("operation", ""),
            scope={name: asked[name] for name in SCOPE if asked.get(name)},
            attributes={
                name.removeprefix(_ATTRIBUTE): value
                for name, value in asked.items()
                if name.startswith(_ATTRIBUTE) and name != _ATTRIBUTE and value
            },
            error_only=_yes_no(asked.get("error", "")),
            min_ms=_milliseconds(asked.get("min_ms", "")),
            limit=_limit(asked.get("limit", "")),
        )

    @classmethod
    def of(cls, which: TraceFilter) -> TraceQuestion:
        """The question that a filter asks."""
        by_attribute = {attribute: name for name, attribute in SCOPE.items()}
        return cls(
            which.service,
            which.operation,
            {by_attribute[name]: str(value) for name, value in which.attributes.items() if name in by_attribute},
            {name: value for name, value in which.attributes.items() if name not in by_attribute},
            which.error_only,
            which.min_duration_ms,
        )

    def parameters(self) -> dict[str, str]:
        """For the URL; what is empty or as always is left out."""
        said = {
            "service": self.service,
            "operation": self.operation,
            **self.scope,
            **{_ATTRIBUTE + name: plain(value) for name, value in self.attributes.items()},
            "error": "true" if self.error_only else "",
            "min_ms": f"{self.min_ms:.3f}".rstrip("0").rstrip(".") if self.min_ms else "",
            "limit": str(self.limit) if self.limit != LIMITS[0] else "",
        }
        return {name: value for name, value in said.items() if value}

    def filter(self, start: float, end: float) -> TraceFilter:
        """For the store."""
        scope = {SCOPE[name]: value for name, value in self.scope.items() if value}
        return TraceFilter(
            self.service, self.operation, {**scope, **self.attributes}, self.error_only, self.min_ms, start, end
        )


def page_of(which: TraceFilter) -> str:
    """Where the console shows what a filter finds."""
    period = TimeRange.between(*which.span()).parameters()
    return f"/traces?{urlencode({**TraceQuestion.of(which).parameters(), **period})}"


def page_of_trace(trace_id: str, span_id: str = "") -> str:
    """Where the console shows a trace, opened at a span."""
    chosen = f"?{urlencode({'span': span_id})}" if span_id else ""
    return f"/traces/{quote(trace_id, safe='')}{chosen}"


def page_of_comparison(left: str, right: str) -> str:
    """Where the console shows two traces beside each other."""
    return f"/traces/compare?{urlencode({'a': left, 'b': right})}"


def _yes_no(text: str) -> bool:
    if text not in ("", "true", "false"):
        raise ValueError(f"error is true or false, not {text!r}")
    return text == "true"


def _milliseconds(text: str) -> float:
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise ValueError(f"min_ms is a number of milliseconds such as 1500, not {text!r}")
    return value


def _limit(text: str) -> int:
    if not text:
        return LIMITS[0]
    if text not in map(str, LIMITS):
        raise ValueError(f"limit is one of {', '.join(map(str, LIMITS))}, not {text!r}")
    return int(text)
