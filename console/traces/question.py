"""What the search for traces asks: the form, the page's URL and the store's filter say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from alert_sink.console_pages import SPAN_ATTRIBUTE, SPAN_SCOPE, trace_parameters
from stores import TraceFilter
from stores.trace_filter import AttributeValue

LIMITS: Final = (20, 50, 100)  # traces shown


@dataclass(frozen=True)
class TraceQuestion:
    """Which traces a person wants to see. What is empty does not matter."""

    service: str = ""
    operation: str = ""
    scope: Mapping[str, str] = field(default_factory=dict)  # by name in SPAN_SCOPE
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
            scope={name: asked[name] for name in SPAN_SCOPE if asked.get(name)},
            attributes={
                name.removeprefix(SPAN_ATTRIBUTE): value
                for name, value in asked.items()
                if name.startswith(SPAN_ATTRIBUTE) and name != SPAN_ATTRIBUTE and value
            },
            error_only=_yes_no(asked.get("error", "")),
            min_ms=_milliseconds(asked.get("min_ms", "")),
            limit=_limit(asked.get("limit", "")),
        )

    def parameters(self) -> dict[str, str]:
        """For the URL; what is empty or as always is left out."""
        limit = {"limit": str(self.limit)} if self.limit != LIMITS[0] else {}
        return {**trace_parameters(self.filter()), **limit}

    def filter(self, start: float | None = None, end: float | None = None) -> TraceFilter:
        """For the store."""
        scope = {SPAN_SCOPE[name]: value for name, value in self.scope.items() if value}
        return TraceFilter(
            self.service, self.operation, {**scope, **self.attributes}, self.error_only, self.min_ms, start, end
        )


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
