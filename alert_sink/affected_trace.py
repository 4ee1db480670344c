"""Finds one request that an alert is about: through exemplars of a histogram that fits, checked in the trace store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from alert_sink.webhook import Notification
from llm_telemetry import names
from stores import MetricStore, StoreError, TraceFilter, TraceStore
from stores.metric_answers import Exemplar
from stores.quoting import quoted

LOOK_BACK_S: Final = 900.0  # before the alert's start: its window and its `for`
_MOST_CHECKED: Final = 10  # traces asked for, per alert

Wanted = Literal["highest", "lowest", "newest", "failed"]


@dataclass(frozen=True)
class TraceHint:
    """Where exemplars of an alert are, and which of them is the best example."""

    metrics: tuple[names.Metric, ...]
    wanted: Wanted


# A failed generation is in no latency histogram (it has no whole answer), its retrieval is.
_FAILED = TraceHint((names.RETRIEVAL_LATENCY, names.LATENCY, names.CONTEXT_UTILISATION), "failed")
_SLOW = TraceHint((names.LATENCY,), "highest")
_SLOW_START = TraceHint((names.TTFT,), "highest")
_LOW_SCORE = TraceHint((names.EVAL_SCORE,), "lowest")
CLUES: Final[Mapping[str, TraceHint]] = {
    "LLMHighErrorRate": _FAILED,
    "LLMAvailabilityBudgetBurn": _FAILED,
    "LLMProviderErrorRateHigh": _FAILED,
    "LLMRetryStorm": _FAILED,
    "LLMCircuitBreakerOpen": _FAILED,
    "LLMSafetyViolations": _FAILED,
    "LLMLatencyHigh": _SLOW,
    "LLMLatencyBudgetBurn": _SLOW,
    "LLMQueueSaturated": _SLOW,
    "LLMCostSpike": _SLOW,  # dear answers are long, and long ones slow
    "LLMCostPerRequestGrowing": _SLOW,
    "LLMTimeToFirstTokenHigh": _SLOW_START,
    "LLMTimeToFirstTokenBudgetBurn": _SLOW_START,
    "LLMRetrievalSlow": TraceHint((names.RETRIEVAL_LATENCY,), "highest"),
    "LLMContextNearlyFull": TraceHint((names.CONTEXT_UTILISATION,), "highest"),
    "LLMFallbackInUse": TraceHint((names.LATENCY,), "newest"),
    "LLMModelUnpriced": TraceHint((names.LATENCY,), "newest"),
    "LLMQualityDegradation": _LOW_SCORE,
    "LLMQualityBudgetBurn": _LOW_SCORE,
}
# What a label of an alert is called on the histogram.
_RENAMED: Final = {"to_model": "model"}


class AffectedTraces:
    """Asks Prometheus and, where it is given, the trace store."""

    def __init__(self, metrics: MetricStore, traces: TraceStore | None) -> None:
        self._metrics = metrics
        self._traces = traces

    def find(self, one: Notification, now: float) -> str:
        """The trace id of an affected request; empty where there is none (yet).

        Raises:
            StoreError: Prometheus gave no answer.
        """
        clue = CLUES.get(one.alert)
        if clue is None:
            return ""
        start = min(one.starts, now) - LOOK_BACK_S
        for metric in clue.metrics:
            found = self._metrics.exemplars(selector(metric, one.labels), start, now)
            for trace_id in self._best_first(found, clue.wanted):
                if clue.wanted != "failed" or self._has_failed(trace_id, one.labels):
                    return trace_id
        return self._search(one.labels, start, now) if clue.wanted == "failed" else ""

    def _best_first(self, found: list[Exemplar], wanted: Wanted) -> Iterator[str]:
        with_trace = [exemplar for exemplar in found if exemplar.trace_id]
        with_trace.sort(key=lambda exemplar: exemplar.time, reverse=True)
        if wanted in ("highest", "lowest"):
            with_trace.sort(key=lambda exemplar: exemplar.value, reverse=wanted == "highest")
        once = dict.fromkeys(exemplar.trace_id for exemplar in with_trace)
        yield from list(once)[:_MOST_CHECKED]

    def _has_failed(self, trace_id: str, labels: Mapping[str, str]) -> bool:
        """Whether a span says so; where nobody can be asked, an exemplar of the scope must do."""
        if self._traces is None:
            return True
        try:
            trace = self._traces.trace(trace_id)
        except StoreError:
            return True
        model = labels.get("model", "")
        return trace is not None and any(
            span.status == "error" and (not model or span.attributes.get(names.LLM_MODEL, model) == model)
            for span in trace.spans
        )

    def _search(self, labels: Mapping[str, str], start: float, now: float) -> str:
        """Failures are rare among exemplars while most requests go well: ask the trace store for one."""
        if self._traces is None:
            return ""
        try:
            services = [labels["service"]] if "service" in labels else self._traces.services()
            known = {names.LLM_ENDPOINT: labels.get("endpoint"), names.LLM_MODEL: labels.get("model")}
            attributes = {name: value for name, value in known.items() if value}
            for service in services:
                which = TraceFilter(service, attributes=attributes, error_only=True, start=start, end=now)
                for summary in self._traces.search(which, limit=1):
                    return summary.trace_id
        except StoreError:
            pass
        return ""


def selector(metric: names.Metric, labels: Mapping[str, str]) -> str:
    """The histogram's buckets, of what the alert's labels say."""
    renamed = {_RENAMED.get(name, name): value for name, value in labels.items()}
    known = [f"{name}={quoted(renamed[name])}" for name in (names.SERVICE_LABEL, *metric.labels) if renamed.get(name)]
    return f"{metric.name}_bucket{{{', '.join(known)}}}"
