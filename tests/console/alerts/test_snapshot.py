"""A server that does not answer leaves its part of the alerts unknown, never empty."""

from __future__ import annotations

import pytest
from sample_alerts import alert, rule, rule_alert, services

from alert_sink.client import Deliveries
from console.alerts.snapshot import load_snapshot
from stores import StoreUnreachable


async def test_a_server_that_does_not_answer_leaves_its_part_out() -> None:
    fires, gone = rule_alert("LLMHighErrorRate"), StoreUnreachable("prometheus", "http://x", "refused")
    without_prometheus = await load_snapshot(services(gone, [alert(fires)], [], Deliveries([], {"age_s": 3})))
    assert [(one.name, one.state, one.value) for one in without_prometheus.alerts] == [
        ("LLMHighErrorRate", "firing", None)
    ]
    assert without_prometheus.prometheus_error is gone
    assert not without_prometheus.blind
    without_alertmanager = await load_snapshot(services([rule("LLMHighErrorRate", fires)], gone, gone, gone))
    assert [one.state for one in without_alertmanager.alerts] == ["firing"]
    assert (without_alertmanager.alertmanager_error, without_alertmanager.sink_error) == (gone, gone)
    assert (await load_snapshot(services(gone, gone, [], Deliveries([], {})))).blind


async def test_no_alerts_firing_is_known_only_while_prometheus_answers() -> None:
    gone, beat = StoreUnreachable("prometheus", "http://x", "refused"), Deliveries([], {"age_s": 3})
    fires = rule_alert("LLMHighErrorRate")
    both = await load_snapshot(services([], [], [], beat))
    assert not any(both.unknown(state) for state in ("firing", "pending", "silenced"))
    forgotten = await load_snapshot(services(gone, [], [], beat))  # Alertmanager dropped all alerts
    assert all(forgotten.unknown(state) for state in ("firing", "pending", "silenced"))
    told = await load_snapshot(services(gone, [alert(fires)], [], beat))
    assert (told.unknown("firing"), told.unknown("pending")) == (False, True)
    no_silences = await load_snapshot(services([], gone, gone, beat))
    assert (no_silences.unknown("firing"), no_silences.unknown("silenced", "inhibited")) == (False, True)


async def test_errors_that_are_no_store_errors_are_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        await load_snapshot(services(ZeroDivisionError(), [], [], Deliveries([], {})))
