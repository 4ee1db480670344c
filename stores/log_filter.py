"""A filter of log lines, written for Loki and for VictoriaLogs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from stores.log_fields import FieldValue
from stores.quoting import number, plain, quoted
from stores.timestamps import resolve_period, rfc3339


@dataclass(frozen=True)
class LogFilter:
    """Log lines that meet every condition; start <= time < end, by default the last hour.

    A field has OpenTelemetry's name of the attribute (`model`, `http.route`). Texts must be equal. Numbers are
    compared as numbers, so 1200 finds 1200.0. An empty text finds lines without the field.
    """

    service: str = ""  # service.name of the resource; empty: any
    fields: Mapping[str, FieldValue] = field(default_factory=dict)
    text: str = ""  # anywhere in the body, case-sensitive
    trace_id: str = ""
    start: float | None = None  # Unix s
    end: float | None = None

    def __post_init__(self) -> None:
        if "" in self.fields:
            raise ValueError("a field without a name")

    def in_steps(self, step_s: float) -> LogFilter:
        """The same filter with its period widened to whole steps, counted from 1970.

        Raises:
            ValueError: the period is empty, or the step is not positive.
        """
        if not step_s > 0:
            raise ValueError(f"a step of {step_s} s")
        start, end = self.period()
        return replace(self, start=start // step_s * step_s, end=-(-end // step_s) * step_s)

    def period(self) -> tuple[float, float]:
        """Start and end, in Unix seconds. Raises ValueError: the period is empty."""
        return resolve_period(self.start, self.end)

    def logql(self) -> str:
        """LogQL, for Loki. The period is a parameter of its own there."""
        stages = [f"|= {quoted(self.text)}"] if self.text else []
        stages += [f"| {loki_name(name)} {_logql_equals(value)}" for name, value in self._conditions().items()]
        if any(_is_number(value) for value in self._conditions().values()):
            stages.append('| __error__ = ""')  # else Loki passes lines whose value is not a number
        selector = f"{{service_name={quoted(self.service)}}}" if self.service else '{service_name=~".+"}'
        return " ".join([selector, *stages])

    def logsql(self) -> str:
        """LogsQL, for VictoriaLogs, period included."""
        start, end = self.period()
        parts = [f"_time:[{rfc3339(start)}, {rfc3339(end)})"]
        if self.service:
            parts.append(f'"service.name":={quoted(self.service)}')
        parts += [f"{quoted(name)}:{_logsql_equals(value)}" for name, value in self._conditions().items()]
        if self.text:
            parts.append(f"_msg:*{quoted(self.text)}*")
        return " ".join(parts)

    def _conditions(self) -> dict[str, FieldValue]:
        return {**self.fields, **({"trace_id": self.trace_id} if self.trace_id else {})}


def loki_name(attribute: str) -> str:
    """Loki's name of an attribute: letters, digits and underscores, not starting with a digit."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", attribute)
    return f"key_{name}" if name[:1].isdigit() else name


def _is_number(value: FieldValue) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _logql_equals(value: FieldValue) -> str:
    return f"== {number(value)}" if _is_number(value) else f"= {quoted(plain(value))}"


def _logsql_equals(value: FieldValue) -> str:
    return f"range[{number(value)}, {number(value)}]" if _is_number(value) else f"={quoted(plain(value))}"
