"""Alerts on model providers, and on what the application does when they fail."""

from __future__ import annotations

from typing import Final

from dashboards_src import config
from dashboards_src.alerts.rules import Alert, RulesFile
from dashboards_src.records import PROVIDERS_FILE

ENOUGH: Final = "and %(PROVIDER_ATTEMPT_RATE)s * %(RATE.s)s >= %(LEAST_ATTEMPTS)s"

ALERTS: Final = (
    Alert(
        PROVIDERS_FILE,
        "LLMProviderErrorRateHigh",
        f"%(PROVIDER_ERROR_RATIO)s > %(PROVIDER_ERROR_RATE)s\n{ENOUGH}",
        config.PROVIDER_FOR,
        "critical",
        "application",
        config.INCIDENT_BOARD,
        "A provider fails too many attempts at a model.",
        "{{ $labels.provider }} {{ $labels.model }}: {{ $value | humanizePercentage }} of the attempts of the last"
        " %(RATE)s failed (limit %(PROVIDER_ERROR_RATE.percent)s).",
        ("provider", "model"),
    ),
    Alert(
        PROVIDERS_FILE,
        "LLMRetryStorm",
        f"%(PROVIDER_RETRY_RATIO)s > %(RETRY_SHARE)s\n{ENOUGH}",
        config.RETRY_FOR,
        "warning",
        "application",
        config.INCIDENT_BOARD,
        "Retries are a large part of the traffic to a provider.",
        "{{ $labels.provider }} {{ $labels.model }}: {{ $value | humanizePercentage }} of the attempts of the last"
        " %(RATE)s were retries (limit %(RETRY_SHARE.percent)s).",
        ("provider", "model"),
    ),
    Alert(
        PROVIDERS_FILE,
        "LLMCircuitBreakerOpen",
        # The highest of a while: a breaker that tries again for a moment is still open.
        "max by (service, provider, model) (max_over_time(%(BREAKER_STATE)s[%(FLAP)s])) == %(BREAKER_OPEN)s",
        config.BREAKER_FOR,
        "warning",
        "application",
        config.INCIDENT_BOARD,
        "A circuit breaker keeps a model from being called.",
        "{{ $labels.service }} does not call {{ $labels.model }} at {{ $labels.provider }}"
        " (state {{ $value | humanize }}).",
        ("service", "provider", "model"),
    ),
    Alert(
        PROVIDERS_FILE,
        "LLMFallbackInUse",
        "sum by (service, from_model, to_model) (increase(%(FALLBACKS)s[%(RATE)s])) >= %(LEAST_FALLBACKS)s",
        config.FALLBACK_FOR,
        "warning",
        "application",
        config.INCIDENT_BOARD,
        "Another model than the intended one answers.",
        "{{ $labels.service }} moved {{ $value | humanize }} requests from {{ $labels.from_model }} to"
        " {{ $labels.to_model }} in the last %(RATE)s.",
        ("service", "from_model", "to_model"),
        {"model": "from_model"},
    ),
)

FILE: Final = RulesFile(PROVIDERS_FILE, "Providers: errors, retries, breakers, fallbacks.", ALERTS)
