"""Records of the stack's own telemetry, by signal."""

from __future__ import annotations

from typing import Final

from dashboards_src.records.record import Record

FILE: Final = "stack"


COLLECTOR: Final = "otel-collector"  # job of the collector's own metrics
# Signals: the word in the collector's metric names, and the usual word, which the collector's labels use.
SIGNALS: Final = {"spans": "traces", "metric_points": "metrics", "log_records": "logs"}


def _increase(series: str) -> str:
    """The increase of a counter of the collector, with the first value of a counter that did not exist before.

    Such a counter appears with its first event and without a creation time, so `increase` alone misses this event.
    `up` tells a new counter from a gap in the data.
    """
    return f"""
    (increase({series}[%(RATE)s]) > 0)
    or ({series} unless {series} offset %(RATE)s and on (job, instance) up offset %(RATE)s)
    """


def _by_signal(name: str, expr: str) -> tuple[Record, ...]:
    """One series per signal. In `expr`, NOUN is the word in metric names and SIGNAL the usual word."""
    return tuple(
        Record(FILE, name, expr.replace("NOUN", noun).replace("SIGNAL", signal), {"signal": signal})
        for noun, signal in SIGNALS.items()
    )


_SELF: Final = f'{{job="{COLLECTOR}"}}'
REFUSED: Final = _by_signal(  # senders retry
    "signal:telemetry_refused_items:increase%(RATE)s",
    f"""
    sum(increase(otelcol_receiver_refused_NOUN_total{_SELF}[%(RATE)s]))
    + sum(increase(otelcol_receiver_failed_NOUN_total{_SELF}[%(RATE)s]))
    """,
)
NOT_QUEUED: Final = _by_signal(  # the queue was full
    "signal:telemetry_not_queued_items:increase%(RATE)s",
    f"sum({_increase('otelcol_exporter_enqueue_failed_NOUN_total' + _SELF)})",
)
NOT_SENT: Final = _by_signal(  # the store rejected it for good
    "signal:telemetry_not_sent_items:increase%(RATE)s",
    f"sum({_increase('otelcol_exporter_send_failed_NOUN_total' + _SELF)})",
)
UNDELIVERED: Final = _by_signal(  # waits while nothing is delivered; a retry alone is no failure
    "signal:telemetry_undelivered_bytes:min%(DELIVERY_WINDOW)s",
    f"""
    max(min_over_time(otelcol_exporter_queue_size{{job="{COLLECTOR}", data_type="SIGNAL"}}[%(DELIVERY_WINDOW)s])) > 0
    unless sum(rate(otelcol_exporter_sent_NOUN_total{_SELF}[%(DELIVERY_WINDOW)s])) > 0
    """,
)
