"""Reads the generated index of alerts: where the requests that an alert is about can be found."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, get_args

from llm_telemetry import names
from stores import LogFilter, TraceFilter

_log = logging.getLogger(__name__)

BEFORE_S: Final = 900.0  # shown before an alert's start: covers the range of its expression and its `for`
AFTER_S: Final = 900.0

Pick = Literal["failed", "highest", "lowest", "newest"]
Labels = Mapping[str, str]

# Labels of an alert that say which requests it is about, and what log lines and spans call them.
_LOG_FIELDS: Final = {"endpoint": "endpoint", "model": "model", "tenant": "tenant_id", "to_model": "model"}
_SPAN_ATTRIBUTES: Final = {"endpoint": names.LLM_ENDPOINT, "model": names.LLM_MODEL, "to_model": names.LLM_MODEL}
_HISTOGRAMS: Final = {metric.name: metric for metric in names.METRICS if metric.kind == "histogram"}


@dataclass(frozen=True)
class Evidence:
    """Where the requests that an alert is about can be found."""

    exemplars: tuple[names.Metric, ...] = ()  # histograms whose exemplars name affected traces, best first
    pick: Pick = "newest"  # which of these traces is the best example
    event: str = ""  # of the log lines; empty: any
    failed_only: bool = False  # only log lines and traces of failed calls
    slower_than_ms: float = 0.0  # only traces that took at least this long
    always: bool = True  # False: requests rejected before a model was called leave no log line and no trace


_ANY_REQUEST: Final = Evidence()


@dataclass(frozen=True)
class AlertIndex:
    """What is known of each alert. An alert that is not in the index is searched by its labels alone."""

    evidence: Mapping[str, Evidence | None] = field(default_factory=dict)  # by alert; None: about no requests
    problem: str = ""  # why the index could not be read, and what to do

    @classmethod
    def load(cls, path: Path) -> AlertIndex:
        """The index of a file. A file that cannot be read gives an empty index, and the log says why."""
        try:
            alerts = json.loads(path.read_text(encoding="utf-8"))["alerts"]
            return cls({name: _evidence(alert["evidence"]) for name, alert in alerts.items()})
        except OSError as error:
            reason = error.strerror or str(error)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            reason = f"it is not an index of alerts ({type(error).__name__}: {error})"
        problem = (
            f"The index of alerts {path} cannot be read: {reason}. Links are made from labels alone and no affected"
            " trace is looked for. Generate the index with `make dashboards`, then restart."
        )
        _log.error("%s", problem)
        return cls(problem=problem)

    def concerns_requests(self, alert: str, labels: Labels) -> bool:
        """Whether there are log lines and traces to look at."""
        if alert in self.evidence:
            return self.evidence[alert] is not None
        return any(labels.get(name) for name in ("service", *_LOG_FIELDS))

    def examples(self, alert: str) -> Evidence | None:
        """Evidence with exemplars, to find one affected trace; None where an alert has none."""
        evidence = self.evidence.get(alert)
        return evidence if evidence and evidence.exemplars else None

    def log_filter(self, alert: str, labels: Labels, starts: float) -> LogFilter:
        evidence = self.evidence.get(alert) or _ANY_REQUEST
        fields: dict[str, str | int | float | bool] = {**_renamed(labels, _LOG_FIELDS)}
        if evidence.event:
            fields["event"] = evidence.event
        if evidence.failed_only:
            fields["status"] = names.STATUS_ERROR
        return LogFilter(labels.get("service", ""), fields, start=starts - BEFORE_S, end=starts + AFTER_S)

    def trace_filter(self, alert: str, labels: Labels, starts: float) -> TraceFilter:
        evidence = self.evidence.get(alert) or _ANY_REQUEST
        return TraceFilter(
            labels.get("service", ""),
            attributes=_renamed(labels, _SPAN_ATTRIBUTES),
            error_only=evidence.failed_only,
            min_duration_ms=evidence.slower_than_ms,
            start=starts - BEFORE_S,
            end=starts + AFTER_S,
        )


def _renamed(labels: Labels, new_names: Mapping[str, str]) -> dict[str, str]:
    return {name: labels[label] for label, name in new_names.items() if labels.get(label)}


def _evidence(entry: Any) -> Evidence | None:
    if entry is None:
        return None
    if entry["pick"] not in get_args(Pick):
        raise ValueError(f"pick {entry['pick']!r} is none of {', '.join(get_args(Pick))}")
    return Evidence(**{**entry, "exemplars": tuple(_HISTOGRAMS[name] for name in entry["exemplars"])})
