"""A search for log lines: converts between the form, the page's address and the store's filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from alert_sink.console_pages import LOG_FIELD, log_parameters
from stores import LogFilter
from stores.log_fields import FieldValue, typed

SEVERITY: Final = "severity_text"  # as the application's logger wrote it; both stores use this name

# Fields that can colour the histogram, with their labels.
COLOR_FIELDS: Final[Mapping[str, str]] = {
    SEVERITY: "severity",
    **{name: name for name in ("event", "status", "error_type", "endpoint", "model", "tenant_id", "prompt_version")},
}


@dataclass(frozen=True)
class LogSearch:
    """An empty value matches everything."""

    service: str = ""
    text: str = ""
    trace_id: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)  # an empty value: only lines without the field
    color_by: str = SEVERITY
    live: bool = False

    @classmethod
    def read(cls, parameters: Mapping[str, str]) -> LogSearch:
        """Parse the address; its other parameters (time range, refresh) are ignored."""
        color_by = parameters.get("by", "")
        return cls(
            service=parameters.get("service", ""),
            text=parameters.get("text", ""),
            trace_id=parameters.get("trace_id", "").strip(),
            fields={
                name.removeprefix(LOG_FIELD): value
                for name, value in parameters.items()
                if name.startswith(LOG_FIELD) and name != LOG_FIELD
            },
            color_by=color_by if color_by in COLOR_FIELDS else SEVERITY,
            live=parameters.get("live") == "true",
        )

    def parameters(self) -> dict[str, str]:
        """For the address; defaults are left out."""
        log_filter = LogFilter(self.service, self.fields, self.text, self.trace_id)
        view = {"by": self.color_by if self.color_by != SEVERITY else "", "live": "true" if self.live else ""}
        return {**log_parameters(log_filter), **{name: value for name, value in view.items() if value}}

    def filter(self, start: float, end: float) -> LogFilter:
        fields: dict[str, FieldValue] = {name: typed(name, value) for name, value in self.fields.items()}
        return LogFilter(self.service, fields, self.text, self.trace_id, start, end)

    def without(self, name: str) -> LogSearch:
        return replace(self, fields={key: value for key, value in self.fields.items() if key != name})

    def with_field(self, name: str, value: str) -> LogSearch:
        return replace(self, fields={**self.fields, name: value})
