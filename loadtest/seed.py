"""Writes the days before a rehearsal: what the usual traffic just measured, once per day that rules compare with.

At rehearsal scale no rule records these series (dashboards_src/records.py, `seeded`): minutes ago there
were the faults of other scenarios, and no load test can wait for a week.
"""

from __future__ import annotations

import time
from typing import Any, Final

import requests

from dashboards_src import config, records
from loadtest.failure import LoadFailure
from loadtest.target import Target

SCALE: Final = "rehearsal"
# What is measured now, and the series of the days before that it is written to.
_SEEDED: Final = (
    (records.ENDPOINT_COST_PER_REQUEST, records.COST_PER_REQUEST_BEFORE),
    (records.ENDPOINT_CACHE_HIT_RATIO, records.CACHE_HIT_RATIO_BEFORE),
)
_AGAIN_AFTER_S: Final = 60.0  # a sample is seen for 5 minutes (Prometheus' lookback)


class Seed:
    """The days before, as one moment measured them."""

    def __init__(self, target: Target) -> None:
        """Measure.

        Raises:
            LoadFailure: there is nothing to measure yet.
        """
        self._target = target
        self._values: list[tuple[str, dict[str, str], float]] = []
        for now, before in _SEEDED:
            samples = target.stores.metrics.instant(now.at(SCALE))
            if not samples:
                raise LoadFailure(
                    f"{now.at(SCALE)} has no value: too little traffic to seed the days before.",
                    "Look whether the application answers: make status",
                )
            for sample in samples:
                labels = {name: sample.labels[name] for name in ("service", "endpoint")}
                self._values.append((before.at(SCALE), labels, sample.value))
        self._written = 0.0

    def write(self) -> None:
        """Write it for now, unless that was done within the last minute.

        Raises:
            LoadFailure: Prometheus does not take it.
        """
        if time.monotonic() - self._written < _AGAIN_AFTER_S and self._written:
            return
        self._send(
            [
                (name, {**labels, "day": day}, value)
                for name, labels, value in self._values
                for day in config.DAYS_BEFORE
            ]
        )
        self._written = time.monotonic()

    def end(self) -> None:
        """Take the days away again: a rule that is not tested must not compare with them."""
        self._send(
            [(name, {**labels, "day": day}, None) for name, labels, _ in self._values for day in config.DAYS_BEFORE]
        )

    def _send(self, samples: list[tuple[str, dict[str, str], float | None]]) -> None:
        now_ns = str(time.time_ns())
        metrics = [
            {"name": name, "gauge": {"dataPoints": [_point(labels, value, now_ns)]}} for name, labels, value in samples
        ]
        body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}
        try:
            url = self._target.url("PROMETHEUS_PORT", "/api/v1/otlp/v1/metrics")
            response = requests.post(url, json=body, timeout=10)
            response.raise_for_status()
        except requests.RequestException as error:
            raise LoadFailure(
                f"Prometheus does not take the days before: {error}.", "make logs SERVICE=prometheus"
            ) from error


def _point(labels: dict[str, str], value: float | None, now_ns: str) -> dict[str, Any]:
    attributes = [{"key": key, "value": {"stringValue": text}} for key, text in labels.items()]
    point: dict[str, Any] = {"attributes": attributes, "timeUnixNano": now_ns}
    # The flag "no recorded value" becomes a staleness mark (OpenTelemetry's metrics data model).
    return point | ({"flags": 1} if value is None else {"asDouble": value})
