"""Which log lines a person wants to see: the form, the page's URL and the store's filter say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from alert_sink.console_pages import LOG_FIELD, log_parameters
from stores import LogFilter
from stores.log_fields import FieldValue, typed

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
                name.removeprefix(LOG_FIELD): value
                for name, value in asked.items()
                if name.startswith(LOG_FIELD) and name != LOG_FIELD
            },
            by=by if by in BY else SEVERITY,
            live=asked.get("live") == "true",
        )

    def parameters(self) -> dict[str, str]:
        """For the URL; what is empty or as always is left out."""
        which = LogFilter(self.service, self.fields, self.text, self.trace_id)
        shown = {"by": self.by if self.by != SEVERITY else "", "live": "true" if self.live else ""}
        return {**log_parameters(which), **{name: value for name, value in shown.items() if value}}

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
