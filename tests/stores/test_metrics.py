"""Samples, exemplars, rules and alerts of a real Prometheus come back value by value."""

import math

import pytest
import store_sent as sent

from stack.stores import Stores
from stores import MetricStore, QueryRefused, poll_until
from stores.metric_results import Exemplar, Sample

COUNTER = {"__name__": "llm_requests_total", "instance": "one", "job": "demo-app", **sent.REQUESTS_LABELS}
LATE = sent.T0 + 30


@pytest.fixture
def metrics(stores: Stores) -> MetricStore:
    return stores.metrics


def test_an_instant_query_returns_samples(metrics: MetricStore) -> None:
    assert metrics.instant("llm_requests_total", at=LATE) == [Sample(COUNTER, LATE, 11.0)]
    assert metrics.instant("llm_requests_total", at=LATE - 1)[0].value == 5.0
    assert metrics.instant("no_such_metric") == []


def test_value_needs_a_query_with_one_result(metrics: MetricStore) -> None:
    assert metrics.value("sum(llm_requests_total)", at=LATE) == 11.0
    assert metrics.value("no_such_metric") is None
    with pytest.raises(QueryRefused, match="3 series where one was expected"):
        metrics.value("llm_latency_ms_bucket", at=LATE)


@pytest.mark.parametrize(("query", "value"), [("1/0", math.inf), ("-1/0", -math.inf), ("vector(1.5)", 1.5), ("2", 2)])
def test_scalars_and_infinities(metrics: MetricStore, query: str, value: float) -> None:
    assert metrics.value(query) == value


def test_nan_is_a_value(metrics: MetricStore) -> None:
    value = metrics.value("0/0")
    assert value is not None
    assert math.isnan(value)


def test_a_range_query_returns_points(metrics: MetricStore) -> None:
    (series,) = metrics.range("llm_requests_total", sent.T0, LATE, step_s=15)
    assert series.labels == COUNTER
    assert series.points == ((sent.T0, 3.0), (sent.T0 + 15, 5.0), (LATE, 11.0))


def test_points_are_the_stored_samples(metrics: MetricStore) -> None:
    (series,) = metrics.points("llm_requests_total[1h]", at=LATE)
    assert [value for _, value in series.points] == [3.0, 5.0, 11.0]
    with pytest.raises(Exception, match="gives a vector, and a matrix is needed"):
        metrics.points("llm_requests_total")


def test_exemplars_name_their_trace(metrics: MetricStore) -> None:
    found = metrics.exemplars("llm_latency_ms_bucket", sent.T0 - 1, LATE + 1)
    assert found
    for exemplar in found:
        assert exemplar == Exemplar(
            trace_id=sent.ASKED,
            labels={"trace_id": sent.ASKED, "span_id": sent.LOGGED, "tenant": "acme"},
            series={
                "__name__": "llm_latency_ms_bucket", "instance": "one", "job": "demo-app", "service": "demo-app",
                "model": "gpt-4o", "le": exemplar.series["le"],
            },
            value=1200.0,
            time=exemplar.time,
        )  # fmt: skip
        assert sent.T0 <= exemplar.time <= LATE
    assert metrics.exemplars("no_such_metric") == []


def test_label_values_are_sorted(metrics: MetricStore) -> None:
    assert metrics.label_values("tenant") == ["acme"]
    assert metrics.label_values("le", ['{__name__="llm_latency_ms_bucket"}']) == ["+Inf", "1000", "3000"]
    stored = {"llm_requests_total", "llm_latency_ms_sum", "up"}
    poll_until(lambda: metrics.label_values("__name__"), lambda found: stored <= set(found))
    assert metrics.label_values("no_such_label") == []


def test_rules_carry_state_and_alerts(metrics: MetricStore) -> None:
    rules = poll_until(
        metrics.rules, lambda rules: [rule.state for rule in rules] == ["", "firing", "pending", "inactive"]
    )
    assert [(rule.group, rule.name, rule.kind, rule.health) for rule in rules] == [
        ("tests", "test:one:sum", "recording", "ok"),
        ("tests", "LLMTestFires", "alerting", "ok"),
        ("tests", "LLMTestIsPending", "alerting", "ok"),
        ("tests", "LLMTestIsQuiet", "alerting", "ok"),
    ]
    assert [rule.for_s for rule in rules] == [0, 0, 3600, 300]
    fires = rules[1]
    assert (fires.query, fires.labels) == ("vector(2) > 1", {"severity": "warning"})
    assert fires.annotations == {"summary": "it fires", "description": "it is {{ $value }}"}
    assert [alert.state for alert in fires.alerts] == ["firing"]


def test_alerts_carry_state_and_value(metrics: MetricStore) -> None:
    alerts = {alert.name: alert for alert in poll_until(metrics.alerts, lambda alerts: len(alerts) == 2)}
    fires, pending = alerts["LLMTestFires"], alerts["LLMTestIsPending"]
    assert (fires.state, fires.value, pending.state, pending.value) == ("firing", 2.0, "pending", 3.0)
    assert fires.labels == {"alertname": "LLMTestFires", "severity": "warning"}
    assert fires.annotations == {"summary": "it fires", "description": "it is 2"}
    assert fires.active_since > sent.T0


def test_an_empty_period_is_refused(metrics: MetricStore) -> None:
    with pytest.raises(ValueError, match="ends"):
        metrics.range("up", 10, 10)
