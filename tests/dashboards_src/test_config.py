"""The values of config.py keep the rules that its first lines state, and limits are bucket boundaries."""

from __future__ import annotations

from dashboards_src import config, promql
from dashboards_src.config import PerScale


def test_the_rehearsal_column_keeps_its_promises() -> None:
    """Rates of 20 s or more, windows of 60 s or less, `for` of 10 s or less."""
    longer = {"EVALUATED"}  # what must have been, not what must happen
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


def test_alert_edges_are_bucket_edges() -> None:
    """A quantile is interpolated; at a bucket's edge it is exact."""
    from llm_telemetry import names

    for edge in (config.LATENCY_P95_MS, config.TTFT_P95_MS, config.RETRIEVAL_P95_MS):
        assert edge in names.LATENCY_BUCKETS_MS
    assert config.CONTEXT_P95 in names.RATIO_BUCKETS
