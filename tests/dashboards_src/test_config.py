"""The values of config.py keep the rules that its first lines state, and limits are bucket boundaries."""

from __future__ import annotations

from urllib.parse import urlsplit

from dashboard_queries import ROOT

from dashboards_src import config, promql
from dashboards_src.config import PerScale
from llm_telemetry import names


def test_rehearsal_rates_windows_and_for_are_within_their_bounds() -> None:
    """Rates of 20 s or more, windows of 60 s or less, `for` of 10 s or less."""
    longer = {"EVALUATED"}  # looks at the past, so the load test does not wait for it
    for name, value in vars(config).items():
        if not isinstance(value, PerScale) or not isinstance(value.rehearsal, str) or name in longer:
            continue
        length = promql.seconds(value.rehearsal)
        assert length <= promql.seconds(value.production), name
        if name.endswith("_FOR"):
            assert length <= 10, name
        else:
            assert 20 <= length <= 60, name
    for burn in config.BURNS:
        assert promql.seconds(burn.for_.rehearsal) <= 10
        assert promql.seconds(burn.long.rehearsal) <= 60
        assert promql.seconds(burn.short.rehearsal) >= 20


def test_limits_of_quantiles_are_bucket_boundaries() -> None:
    """Prometheus interpolates quantiles; at a bucket boundary they are exact."""
    for limit in (config.LATENCY_P95_MS, config.TTFT_P95_MS, config.RETRIEVAL_P95_MS):
        assert limit in names.LATENCY_BUCKETS_MS
    assert config.CONTEXT_P95 in names.RATIO_BUCKETS


def test_default_addresses_have_the_ports_of_env() -> None:
    env = (ROOT / ".env").read_text()
    assert f"GRAFANA_PORT={urlsplit(config.DASHBOARDS_URL).port}\n" in env
    assert f"ALERT_SINK_PORT={urlsplit(config.RUNBOOKS_URL).port}\n" in env
