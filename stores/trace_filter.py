"""A filter of traces, written for Tempo and for Jaeger."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from stores.quoting import number, plain, quoted
from stores.timestamps import resolve_period

AttributeValue = str | int | float | bool


@dataclass(frozen=True)
class TraceFilter:
    """Traces that began in the period (by default the last hour) and have a span that meets every condition.

    Attributes are the span's or its resource's, and must be equal. Lists cannot be searched for.
    """

    service: str  # empty: any; Jaeger searches one service only
    operation: str = ""  # the span's name; empty: any
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    error_only: bool = False
    min_duration_ms: float = 0.0  # of the span
    start: float | None = None  # Unix s
    end: float | None = None

    def period(self) -> tuple[float, float]:
        """Start and end, in Unix seconds. Raises ValueError: the period is empty."""
        return resolve_period(self.start, self.end)

    def traceql(self) -> str:
        """TraceQL, for Tempo. The period is a parameter of its own there."""
        conditions = [f"resource.service.name = {quoted(self.service)}"] if self.service else []
        if self.operation:
            conditions.append(f"name = {quoted(self.operation)}")
        conditions += [f"{_attribute(name)} = {_literal(value)}" for name, value in self.attributes.items()]
        if self.error_only:
            conditions.append("status = error")
        if self.min_duration_ms:
            conditions.append(f"duration >= {self._min_duration()}")
        return f"{{ {' && '.join(conditions) or 'true'} }} with (most_recent=true)"

    def jaeger_parameters(self) -> dict[str, str]:
        """Parameters for Jaeger. Its index may find each condition on another span of a trace: check the result.

        The index holds attributes as text, and the digits of a fraction differ between Jaeger's versions. So
        fractions are left to that check.
        """
        start, end = self.period()
        tags = {name: plain(value) for name, value in self.attributes.items() if not isinstance(value, float)}
        if self.error_only:
            tags["error"] = "true"
        parameters = {
            "service": self.service,
            "operation": self.operation,
            "tags": json.dumps(tags) if tags else "",
            "minDuration": self._min_duration() if self.min_duration_ms else "",
            "start": str(math.floor(start * 1e6)),
            "end": str(math.ceil(end * 1e6)),
        }
        return {name: value for name, value in parameters.items() if value}

    def _min_duration(self) -> str:
        return f"{round(self.min_duration_ms * 1000)}us"


def _attribute(name: str) -> str:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
        return f".{name}"
    escaped = re.sub(r'(["\\])', r"\\\1", name)  # TraceQL has no other escapes in a name
    return f'."{escaped}"'


def _literal(value: AttributeValue) -> str:
    if isinstance(value, str):
        return quoted(value)
    return plain(value) if isinstance(value, bool) else number(value)
