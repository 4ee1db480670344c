"""Which log lines a person wants to see: the form, the page's URL and the store's filter say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import urlencode

from console.times import TimeRange
from stores import LogFilter
from stores.log_fields import FieldValue, typed
from stores.quoting import plain

_FIELD: Final = "field."  # before a field's name in the URL
SEVERITY: Final = "severity_text"  # as the line's logger wrote it; both stores keep it under this name

# What may give the histogram its colours, with its name for a person.
BY: Final[Mapping[str, str]] = {
    SEVERITY: "severity",
    **{name: name for name in ("event", "status", "error_type", "endpoint", "model", "tenant_id", "prompt_version")},
}


@dataclass(frozen=True)
class LogQuestion:
    """What is empty does not matter."""

    service: str = ""
    text: str = ""
    trace_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)  # an empty value: lines without the field
    by: str = SEVERITY
    live: bool = False

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> LogQuestion:
        """The question of a URL's parameters; those of the page's frame (time range, refresh) are not looked at."""
        by = asked.get("by", "")
        return cls(
            service=asked.get("service", ""),
            text=asked.get("text", ""),
            trace_id=asked.get("trace_id", "").strip(),
            fields={
                name.removeprefix(_FIELD): value
                for name, value in asked.items()
                if name.startswith(_FIELD) and name != _FIELD
            },
            by=by if by in BY else SEVERITY,
            live=asked.get("live") == "true",
        )

    @classmethod
    def of(cls, which: LogFilter) -> LogQuestion:
        """The question that a filter asks."""
        fields = {name: plain(value) for name, value in which.fields.items()}
        return cls(which.service, which.text, which.trace_id, fields)

    def parameters(self) -> dict[str, str]:
        """For the URL; what is empty or as always is left out."""
        said = {
            "service": self.service,
            "text": self.text,
            "trace_id": self.trace_id,
            "by": self.by if self.by != SEVERITY else "",
            "live": "true" if self.live else "",
        }
        fields = {_FIELD + name: value for name, value in self.fields.items()}
        return {**{name: value for name, value in said.items() if value}, **fields}

    def filter(self, start: float, end: float) -> LogFilter:
        """For the store."""
        fields: dict[str, FieldValue] = {name: typed(name, value) for name, value in self.fields.items()}
        return LogFilter(self.service, fields, self.text, self.trace_id, start, end)

    def without(self, name: str) -> LogQuestion:
        """The same, whatever that field is: what the field's own facet counts in."""
        return replace(self, fields={key: value for key, value in self.fields.items() if key != name})

    def with_field(self, name: str, value: str) -> LogQuestion:
        """The same, with that field equal to that value."""
        return replace(self, fields={**self.fields, name: value})


def page_of(which: LogFilter) -> str:
    """Where the console shows what a filter finds."""
    period = TimeRange.between(*which.span()).parameters()
    return f"/logs?{urlencode({**LogQuestion.of(which).parameters(), **period})}"
