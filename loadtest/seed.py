"""Writes the days before: values of the usual traffic, stored as if they were measured on each of the last days.

At the rehearsal time scale no rule records these series (dashboards_src/records/, `seeded`): minutes ago other
scenarios had their faults, and no load test can wait for a week.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import requests

from dashboards_src import config
from dashboards_src.records.llm import (
    CACHE_HIT_RATIO_BEFORE,
    COST_PER_REQUEST_BEFORE,
    ENDPOINT_CACHE_HIT_RATIO,
    ENDPOINT_COST_PER_REQUEST,
)
from loadtest import LoadFailure
from loadtest.system import SystemUnderTest

SCALE: Final = "rehearsal"
# The record that is measured now, and the record of the days before that gets its value.
_SEEDED: Final = (
    (ENDPOINT_COST_PER_REQUEST, COST_PER_REQUEST_BEFORE),
    (ENDPOINT_CACHE_HIT_RATIO, CACHE_HIT_RATIO_BEFORE),
)
_WRITE_EVERY_S: Final = 60.0  # Prometheus sees a sample for 5 minutes (its lookback)


class SeededHistory:
    """The days before, with the values that were measured when the object was made."""

    def __init__(self, system: SystemUnderTest) -> None:
        """Measure the usual traffic. Raises LoadFailure if there is too little traffic."""
        self._system = system
        self._values: list[tuple[str, dict[str, str], float]] = []
        for now, before in _SEEDED:
            samples = system.stores.metrics.instant(now.at(SCALE))
            if not samples:
                raise LoadFailure(
                    f"{now.at(SCALE)} has no value: there is too little traffic to write the days before.",
                    "Check that the application answers: make status",
                )
            for sample in samples:
                labels = {name: sample.labels[name] for name in ("service", "endpoint")}
                self._values.append((before.at(SCALE), labels, sample.value))
        self._written = 0.0

    def write(self) -> None:
        """Write the days before, unless that was done within the last minute."""
        if time.monotonic() - self._written >= _WRITE_EVERY_S or not self._written:
            self._send(self._values)
            self._written = time.monotonic()

    def remove(self) -> None:
        """End the series, so that no rule of another scenario compares with them."""
        self._send([(name, labels, None) for name, labels, _ in self._values])

    def _send(self, samples: Sequence[tuple[str, dict[str, str], float | None]]) -> None:
        now_ns = str(time.time_ns())
        metrics = [
            {"name": name, "gauge": {"dataPoints": [_point({**labels, "day": day}, value, now_ns)]}}
            for name, labels, value in samples
            for day in config.DAYS_BEFORE
        ]
        body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": metrics}]}]}
        try:
            url = self._system.url("PROMETHEUS_PORT", "/api/v1/otlp/v1/metrics")
            response = requests.post(url, json=body, timeout=10)
            response.raise_for_status()
        except requests.RequestException as error:
            raise LoadFailure(
                f"Prometheus refuses the samples of the days before: {error}.", "make logs SERVICE=prometheus"
            ) from error


def _point(labels: dict[str, str], value: float | None, now_ns: str) -> dict[str, Any]:
    attributes = [{"key": key, "value": {"stringValue": text}} for key, text in labels.items()]
    point: dict[str, Any] = {"attributes": attributes, "timeUnixNano": now_ns}
    # Flag 1 means "no recorded value" in OpenTelemetry's metrics data model; Prometheus stores a staleness marker.
    return point | ({"flags": 1} if value is None else {"asDouble": value})
