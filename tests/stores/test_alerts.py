"""Alerts and silences of a real Alertmanager come back value by value."""

import time
from collections.abc import Iterator

import pytest
import requests
import store_sent as sent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from store_servers import Running

from stack.stores import Stores
from stores import AlertStore, Matcher, QueryRefused

WARNED = {"alertname": "LLMSlow", "severity": "warning", "nasty": sent.NASTY}
FAILED = {"alertname": "LLMFails", "severity": "critical"}


@pytest.fixture
def alerts(running: Running) -> Iterator[AlertStore]:
    """Alertmanager with two alerts. Its silences expire after the test."""
    store = running.stores.alerts
    posted = [{"labels": labels, "annotations": {"summary": "so"}} for labels in (WARNED, FAILED)]
    assert requests.post(f"{store.url}/api/v2/alerts", json=posted, timeout=5).ok
    yield store
    for silence in store.silences():
        if silence.state != "expired":
            store.expire_silence(silence.id)


def named(*labels: dict[str, str]) -> list[str]:
    return sorted(one["alertname"] for one in labels)


def test_alerts_come_back_value_by_value(alerts: AlertStore) -> None:
    (alert,) = alerts.alerts([Matcher("alertname", "LLMSlow")])
    assert (alert.name, alert.labels, alert.annotations) == ("LLMSlow", WARNED, {"summary": "so"})
    assert (alert.state, alert.silenced_by, alert.inhibited_by, alert.receivers) == ("active", (), (), ("default",))
    assert abs(alert.starts - time.time()) < 60
    assert alert.ends > alert.starts


@pytest.mark.parametrize(
    ("matchers", "found"),
    [
        ([Matcher("severity", "warning")], ["LLMSlow"]),
        (
            [Matcher("severity", "warning", is_equal=False), Matcher("alertname", "LLM[SF].*", is_regex=True)],
            ["LLMFails"],
        ),
        ([Matcher("alertname", "LLM[SF].*", is_regex=True), Matcher("severity", "c.*", False, True)], ["LLMSlow"]),
        ([Matcher("nasty", sent.NASTY)], ["LLMSlow"]),
        ([Matcher("severity", "nothing")], []),
    ],
)
def test_matchers_select_alerts(alerts: AlertStore, matchers: list[Matcher], found: list[str]) -> None:
    # On a busy machine rules of the stack itself fire as well.
    assert sorted(alert.name for alert in alerts.alerts(matchers) if alert.name in ("LLMSlow", "LLMFails")) == found


def test_a_silence_from_creation_to_expiry(alerts: AlertStore) -> None:
    slow = [Matcher("alertname", "LLMSlow"), Matcher("nasty", sent.NASTY)]
    silence_id = alerts.create_silence(slow, 3600, "we know", "tests")
    (silence,) = alerts.silences([Matcher("alertname", "LLMSlow")])
    assert (silence.id, silence.state, silence.author, silence.comment) == (silence_id, "active", "tests", "we know")
    assert sorted(silence.matchers, key=str) == sorted(slow, key=str)
    assert silence.ends - silence.starts == pytest.approx(3600, abs=5)
    (alert,) = alerts.alerts(slow)
    assert (alert.state, alert.silenced_by) == ("suppressed", (silence_id,))
    ours = [Matcher("alertname", "LLM(Slow|Fails)", is_regex=True)]
    states = {alert.name: alert.state for alert in alerts.alerts(ours)}
    assert states == {"LLMSlow": "suppressed", "LLMFails": "active"}
    alerts.expire_silence(silence_id)
    assert [alert.state for alert in alerts.alerts(slow)] == ["active"]
    assert [one.state for one in alerts.silences() if one.id == silence_id] == ["expired"]


def test_refused_requests_name_the_reason(alerts: AlertStore) -> None:
    with pytest.raises(QueryRefused, match=r"alertmanager refused.*at least 1 items"):
        alerts.create_silence([], 60, "c", "a")
    with pytest.raises(QueryRefused, match="uuid"):
        alerts.expire_silence("../alerts")
    with pytest.raises(QueryRefused, match="404"):
        alerts.expire_silence("3c0b0000-0000-4000-8000-000000000000")


def test_an_alert_that_prometheus_fires_arrives(stores: Stores) -> None:
    deadline = time.monotonic() + 15
    while not (found := stores.alerts.alerts([Matcher("alertname", "LLMTestFires")])):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert found[0].annotations["description"] == "it is 2"
    assert "vector" in found[0].generator_url


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.text(min_size=1, max_size=20))
def test_any_value_can_be_matched(alerts: AlertStore, value: str) -> None:
    assert alerts.alerts([Matcher("nasty", value)]) == []
    found = alerts.alerts([Matcher("nasty", value, is_equal=False), Matcher("alertname", "LLMSlow")])
    assert [alert.name for alert in found] == ["LLMSlow"]
