"""The sink's own metrics. Each sink has its own registry."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

# Anyone who reaches the webhook chooses names of alerts. Names beyond this number count as `other`.
MOST_ALERTS = 200
OTHER = "other"
FAILURES = ("bad_notification", "storage", "trace", "forward")


class SinkMetrics:
    """The metrics of one sink.

    Args:
        watchdog_age: seconds since the watchdog last arrived; NaN before the first time.
        silent: 1 while the watchdog is missing.
    """

    def __init__(self, watchdog_age: Callable[[], float], silent: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self._alerts: set[str] = set()
        self._received = Counter(
            "alert_sink_notifications", "Alerts received, repetitions included.", ["alert", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._repeated = Counter(
            "alert_sink_repetitions", "Alerts received that were already stored in that state.", registry=self._registry
        )
        self._failures = Counter(
            "alert_sink_failures", "Failures of the sink, by kind.", ["what"], registry=self._registry
        )
        for what in FAILURES:
            self._failures.labels(what)
        Gauge(
            "alert_sink_watchdog_age_seconds", "Seconds since the watchdog last arrived.", registry=self._registry
        ).set_function(watchdog_age)
        Gauge("alert_sink_watchdog_silent", "1 while the watchdog is missing.", registry=self._registry).set_function(
            silent
        )

    def received(self, alert: str, status: str, *, new: bool) -> None:
        if alert not in self._alerts and len(self._alerts) >= MOST_ALERTS:
            alert = OTHER
        self._alerts.add(alert)
        self._received.labels(alert, status).inc()
        if not new:
            self._repeated.inc()

    def failed(self, what: str) -> None:
        """Count a failure; `what` is one of FAILURES."""
        self._failures.labels(what).inc()

    def exposition(self) -> bytes:
        return generate_latest(self._registry)
