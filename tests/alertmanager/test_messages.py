"""Slack messages have value, scope and links; labels cannot put mentions or links into them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from alertmanager_live import rendered_message

SCOPE = {"service": "demo-app", "endpoint": "/api/support/answer"}
EVERYWHERE = {"alertname": "LLMHighErrorRate", "severity": "critical", "team": "application"}


def alert(status: str = "firing", **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": {**EVERYWHERE, **SCOPE, **labels},
        "annotations": {
            "summary": "Too many requests get no usable answer.",
            "description": "demo-app /api/support/answer: 34.2% of the requests failed.",
            "runbook_url": "http://localhost:9095/runbooks/LLMHighErrorRate",
            "dashboard_url": "http://localhost:3000/d/llm-incident?var-service=demo-app&from=now-1h&to=now",
        },
        "startsAt": "2026-11-24T14:23:05Z",
        "endsAt": "2026-11-24T14:35:35Z" if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://localhost:9090/graph",
        "fingerprint": "a",
    }


def group(*alerts: dict[str, Any], **common: str) -> dict[str, Any]:
    firing = any(one["status"] == "firing" for one in alerts)
    return {
        "receiver": "application",
        "status": "firing" if firing else "resolved",
        "alerts": alerts,
        "groupLabels": {"alertname": "LLMHighErrorRate", "service": "demo-app"},
        "commonLabels": {**EVERYWHERE, **SCOPE, **common},
        "commonAnnotations": alerts[0]["annotations"],
        "externalURL": "http://localhost:9093",
    }


def test_message_of_a_firing_alert(tmp_path: Path) -> None:
    data = group(alert())
    assert rendered_message("stack.slack.title", data, tmp_path) == "[critical] LLMHighErrorRate in demo-app"
    assert rendered_message("stack.slack.color", data, tmp_path) == "#e01e5a"
    assert rendered_message("stack.slack.text", data, tmp_path) == (
        "*Too many requests get no usable answer.* <!here>\n"
        ":small_red_triangle: demo-app /api/support/answer: 34.2% of the requests failed.\n"
        "`endpoint=/api/support/answer service=demo-app` since 2026-11-24 14:23:05 UTC"
        " · <http://localhost:3000/d/llm-incident?var-service=demo-app&from=now-1h&to=now|Dashboard>"
        " · <http://localhost:9095/runbooks/LLMHighErrorRate|Runbook>"
    )


def test_message_of_a_resolved_alert_has_its_duration_and_no_mention(tmp_path: Path) -> None:
    data = group(alert("resolved"))
    text = rendered_message("stack.slack.text", data, tmp_path)
    assert "resolved after 12m30s" in text
    assert "<!here>" not in text
    assert rendered_message("stack.slack.color", data, tmp_path) == "#2eb67d"
    assert rendered_message("stack.slack.title", data, tmp_path).startswith("[resolved]")


def test_a_warning_mentions_nobody(tmp_path: Path) -> None:
    data = group(alert(severity="warning"), severity="warning")
    assert "<!here>" not in rendered_message("stack.slack.text", data, tmp_path)
    assert rendered_message("stack.slack.color", data, tmp_path) == "#ecb22e"


def test_labels_cannot_add_mentions_or_links(tmp_path: Path) -> None:
    evil = "<!channel> <https://evil.example|Runbook> & `x`"
    data = group(alert(endpoint=evil), endpoint=evil, service="<!here>")
    for template in ("stack.slack.title", "stack.slack.text"):
        text = rendered_message(template, data, tmp_path).replace("* <!here>\n", "*\n")
        assert "<!" not in text
        assert "<https" not in text


def test_links_to_logs_and_traces_carry_the_scope(tmp_path: Path) -> None:
    data = group(alert(endpoint="/a b&c"), endpoint="/a b&c")
    assert rendered_message("stack.scope.query", data, tmp_path) == (
        "alert=LLMHighErrorRate&endpoint=%2Fa+b%26c&service=demo-app&at=1795530185"
    )
    assert rendered_message("stack.runbook", data, tmp_path) == "http://localhost:9095/runbooks/LLMHighErrorRate"


@pytest.mark.parametrize(("count", "ending"), [(3, "… and more"), (25, "… and more, 25 in all")])
def test_many_alerts_fit_into_one_message(count: int, ending: str, tmp_path: Path) -> None:
    data = group(*(alert(endpoint=f"/{number}") for number in range(count)))
    text = rendered_message("stack.slack.text", data, tmp_path)
    assert text.count(":small_red_triangle:") == min(count, 10)
    assert (ending in text) == (count > 10)
    assert f"({count} firing, 0 resolved)" in rendered_message("stack.slack.title", data, tmp_path)


def test_an_alert_without_labels_has_the_scope_everything(tmp_path: Path) -> None:
    budget = alert()
    budget["labels"] = dict(EVERYWHERE)
    assert "`everything` since" in rendered_message("stack.slack.text", group(budget), tmp_path)
