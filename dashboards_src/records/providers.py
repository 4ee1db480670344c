"""Records of providers, over all services. Rates are per second."""

from __future__ import annotations

from typing import Final

from dashboards_src.records.record import Record

FILE: Final = "llm-providers"


PROVIDER_ATTEMPT_RATE = Record(
    FILE,
    "provider_model:%(PROVIDER_ATTEMPTS.stem)s:rate%(RATE)s",
    "sum by (provider, model) (rate(%(PROVIDER_ATTEMPTS)s[%(RATE)s]))",
)
PROVIDER_ERROR_RATIO = Record(  # share of attempts that the provider failed
    FILE,
    "provider_model:%(PROVIDER_ATTEMPTS.stem)s_failed:ratio_rate%(RATE)s",
    """
    sum by (provider, model) (rate(%(PROVIDER_ATTEMPTS)s{outcome=~"%(PROVIDER_FAULTS)s"}[%(RATE)s]))
    / %(PROVIDER_ATTEMPT_RATE)s
    """,
)
PROVIDER_RETRY_RATIO = Record(
    FILE,
    "provider_model:%(RETRIES.stem)s:ratio_rate%(RATE)s",
    "sum by (provider, model) (rate(%(RETRIES)s[%(RATE)s])) / %(PROVIDER_ATTEMPT_RATE)s",
)
