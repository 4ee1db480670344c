"""A webhook's body is accepted as a whole, or refused with the first field that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sink_live import alert, encoded, message, running_sink

from alert_sink.webhook import BadNotification, notifications


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'"\\ud800"', "not JSON"),
        (b"[]", '"alerts"'),
        (b'{"alerts": {}}', '"alerts"'),
        (b'{"alerts": [], "receiver": 7}', '"receiver"'),
        (b'{"alerts": [7]}', "alerts[0] must be an object"),
        (b'{"alerts": [{"status": "firing"}]}', "alerts[0].labels"),
        (b'{"alerts": [{"status": "firing", "labels": {"severity": "info"}}]}', "alertname"),
        (b'{"alerts": [{"status": "on", "labels": {"alertname": "A"}}]}', "alerts[0].status"),
        (b'{"alerts": [{"status": "firing", "labels": {"alertname": "A"}}]}', "startsAt"),
        (b'{"alerts": [{"status": "firing", "labels": {"alertname": "A"}, "startsAt": "today"}]}', "startsAt"),
        (b'{"alerts": [{"status": "firing", "labels": {"alertname": "A", "x": 1}}]}', "alerts[0].labels"),
    ],
)  # fmt: skip
async def test_a_bad_body_is_refused_with_the_reason(tmp_path: Path, body: bytes, says: str) -> None:
    async with running_sink(tmp_path) as sink:
        answer = await sink.http.post("/webhook", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert says in answer.json()["error"]
        assert await sink.delivered() == []
        assert 'failures_total{what="bad_notification"} 1.0' in (await sink.http.get("/metrics")).text


async def test_one_bad_alert_refuses_the_whole_body(tmp_path: Path) -> None:
    async with running_sink(tmp_path) as sink:
        assert (await sink.deliver(alert(), alert(startsAt="never"))).status_code == 400
        assert await sink.delivered() == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": {f"l{number}": "x" for number in range(200)}}, "entries"),
        ({"labels": {"long": "x" * 20_000}}, "longer"),
        ({"annotations": {"description": "x" * 20_000}}, "longer"),
        ({"fingerprint": 7}, "fingerprint must be text"),
        ({"generatorURL": []}, "generatorURL must be text"),
        ({"startsAt": "2026-11-24T14:23:05"}, "startsAt"),
    ],
)
def test_too_large_or_wrong_fields_are_refused(change: dict[str, Any], says: str) -> None:
    with pytest.raises(BadNotification, match=says):
        notifications(encoded(message(alert(**change))))
