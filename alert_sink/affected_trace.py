"""Finds one trace that an alert is about: an exemplar of a histogram in its index entry, checked in the trace store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from alert_sink.alert_index import BEFORE_S, AlertIndex, Evidence, Pick
from alert_sink.webhook import Notification
from llm_telemetry import names
from stores import MetricStore, StoreError, TraceFilter, TraceStore
from stores.metric_results import Exemplar
from stores.quoting import quoted

_MOST_CHECKED: Final = 10  # traces looked up, per alert
_HISTOGRAM_LABELS: Final = {"to_model": "model"}  # labels of alerts that histograms have under another name


class AffectedTraces:
    """Asks Prometheus for exemplars and, where there is one, the trace store."""

    def __init__(self, index: AlertIndex, metrics: MetricStore, traces: TraceStore | None) -> None:
        self._index = index
        self._metrics = metrics
        self._traces = traces

    def find(self, notification: Notification, now: float) -> str:
        """The id of an affected trace; empty where none is found (yet).

        Raises:
            StoreError: Prometheus gave no answer.
        """
        evidence = self._index.examples(notification.alert)
        if evidence is None:
            return ""
        labels = notification.labels
        start = min(notification.starts, now) - BEFORE_S
        for metric in evidence.exemplars:
            exemplars = self._metrics.exemplars(selector(metric, labels), start, now)
            for trace_id in _best_first(exemplars, evidence.pick):
                if self._fits(trace_id, evidence, labels):
                    return trace_id
        return self._search_failed(labels, start, now) if evidence.pick == "failed" else ""

    def _fits(self, trace_id: str, evidence: Evidence, labels: Mapping[str, str]) -> bool:
        """Whether the trace failed, if it has to. Without an answer of the trace store, any trace fits."""
        if evidence.pick != "failed" or self._traces is None:
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

    def _search_failed(self, labels: Mapping[str, str], start: float, now: float) -> str:
        """A failed trace from the trace store: while most requests succeed, few exemplars are of failed ones."""
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


def _best_first(exemplars: list[Exemplar], pick: Pick) -> Iterator[str]:
    with_trace = [exemplar for exemplar in exemplars if exemplar.trace_id]
    with_trace.sort(key=lambda exemplar: exemplar.time, reverse=True)
    if pick in ("highest", "lowest"):
        with_trace.sort(key=lambda exemplar: exemplar.value, reverse=pick == "highest")
    distinct = dict.fromkeys(exemplar.trace_id for exemplar in with_trace)
    yield from list(distinct)[:_MOST_CHECKED]


def selector(metric: names.Metric, labels: Mapping[str, str]) -> str:
    """A PromQL selector of the histogram's buckets, with the alert's labels that the histogram has."""
    renamed = {_HISTOGRAM_LABELS.get(name, name): value for name, value in labels.items()}
    known = [f"{name}={quoted(renamed[name])}" for name in (names.SERVICE_LABEL, *metric.labels) if renamed.get(name)]
    return f"{metric.name}_bucket{{{', '.join(known)}}}"
