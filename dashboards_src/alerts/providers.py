"""Alerts on model providers, and on how applications react when providers fail."""

from __future__ import annotations

from functools import partial
from typing import Final

from dashboards_src import config
from dashboards_src.alerts.alert import FAILED_CALLS, NEWEST_CALLS, Alert
from dashboards_src.alerts.rules import RulesFile
from dashboards_src.records.llm import PROVIDERS_FILE

ENOUGH: Final = "and %(PROVIDER_ATTEMPT_RATE)s * %(RATE.s)s >= %(MIN_ATTEMPTS)s"

_alert = partial(Alert, severity="warning", team="application", dashboard=config.INCIDENT_BOARD)

ALERTS: Final = (
    _alert(
        name="LLMProviderErrorRateHigh",
        expr=f"%(PROVIDER_ERROR_RATIO)s > %(PROVIDER_ERROR_RATE)s\n{ENOUGH}",
        for_=config.PROVIDER_FOR,
        severity="critical",
        summary="Too many attempts at a provider fail.",
        description="{{ $labels.provider }} {{ $labels.model }}: {{ $value | humanizePercentage }} of attempts failed"
        " in the last %(RATE)s (limit %(PROVIDER_ERROR_RATE.percent)s).",
        labels=("provider", "model"),
        evidence=FAILED_CALLS,
        scenarios=("rate-limit", "retry-storm"),
    ),
    _alert(
        name="LLMRetryStorm",
        expr=f"%(PROVIDER_RETRY_RATIO)s > %(RETRY_SHARE)s\n{ENOUGH}",
        for_=config.RETRY_FOR,
        summary="Retries are a large part of the traffic to a provider.",
        description="{{ $labels.provider }} {{ $labels.model }}: {{ $value | humanizePercentage }} of attempts in"
        " the last %(RATE)s were retries (limit %(RETRY_SHARE.percent)s).",
        labels=("provider", "model"),
        evidence=FAILED_CALLS,
        scenarios=("retry-storm",),
    ),
    _alert(
        name="LLMCircuitBreakerOpen",
        # The highest state of a window: a breaker that is half-open for a moment does not resolve the alert.
        expr="max by (service, provider, model)"
        " (max_over_time(%(BREAKER_STATE)s[%(GAUGE_WINDOW)s])) == %(BREAKER_OPEN)s",
        for_=config.BREAKER_FOR,
        summary="A circuit breaker is open. The model is not called.",
        description="{{ $labels.service }} does not call {{ $labels.model }} at {{ $labels.provider }}:"
        " the circuit breaker is open (state {{ $value | humanize }}).",
        labels=("service", "provider", "model"),
        evidence=FAILED_CALLS,
        scenarios=("outage", "fallback"),
    ),
    _alert(
        name="LLMFallbackInUse",
        expr="sum by (service, from_model, to_model) (increase(%(FALLBACKS)s[%(RATE)s])) >= %(MIN_FALLBACKS)s",
        for_=config.FALLBACK_FOR,
        summary="A fallback model answers instead of the requested model.",
        description="{{ $labels.service }} sent {{ $value | humanize }} requests to {{ $labels.to_model }} instead of"
        " {{ $labels.from_model }} in the last %(RATE)s.",
        labels=("service", "from_model", "to_model"),
        evidence=NEWEST_CALLS,
        scenarios=("fallback",),
        dashboard_variables={"model": "from_model"},
    ),
)

FILE: Final = RulesFile(PROVIDERS_FILE, "Providers: errors, retries, breakers, fallbacks.", ALERTS)
