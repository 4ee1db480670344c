"""What the sink says of itself to Prometheus. Each sink has its own registry."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

# Names of alerts come from outside: more than this count under `other`.
MOST_ALERTS = 200
OTHER = "other"
FAILURES = ("bad_notification", "storage", "trace", "forward")


class SinkMetrics:
    """The metrics of one sink.

    Args:
        watchdog_age: seconds since the watchdog came; NaN before.
        silent: 1 while it is missed.
    """

    def __init__(self, watchdog_age: Callable[[], float], silent: Callable[[], float]) -> None:
        self._registry = CollectorRegistry()
        self._alerts: set[str] = set()
        self._received = Counter(
            "alert_sink_notifications", "Alerts received, repetitions included.", ["alert", "status"],
            registry=self._registry,
        )  # fmt: skip
        self._repeated = Counter(
            "alert_sink_repetitions", "Alerts received that were known in that state.", registry=self._registry
        )
        self._failures = Counter(
            "alert_sink_failures", "What the sink could not do.", ["what"], registry=self._registry
        )
        for what in FAILURES:
            self._failures.labels(what)
        Gauge("alert_sink_watchdog_age_seconds", "Since the watchdog came.", registry=self._registry).set_function(
            watchdog_age
        )
        Gauge("alert_sink_watchdog_silent", "1 while the watchdog is missed.", registry=self._registry).set_function(
            silent
        )

    def received(self, alert: str, status: str, *, new: bool) -> None:
        """Count one."""
        if alert not in self._alerts and len(self._alerts) >= MOST_ALERTS:
            alert = OTHER
        self._alerts.add(alert)
        self._received.labels(alert, status).inc()
        if not new:
            self._repeated.inc()

    def failed(self, what: str) -> None:
        """Count a failure, one of FAILURES."""
        self._failures.labels(what).inc()

    def exposition(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)
