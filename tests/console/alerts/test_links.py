"""An alert links to its dashboard, log lines, traces, expression and runbook."""

from __future__ import annotations

from sample_alerts import SCOPE, T0, services

from alert_sink.client import Deliveries
from console.alerts.active_alerts import ActiveAlert
from console.alerts.links import links_of, runbook_page
from console.services import set_services


def test_links_of_an_alert() -> None:
    set_services(services([], [], [], Deliveries([], {})))
    labels = {"alertname": "LLMHighErrorRate", "severity": "critical", **SCOPE}
    urls = {"dashboard_url": "http://localhost:3000/d/llm-incident?var-endpoint=%2Fa"}
    alert = ActiveAlert("LLMHighErrorRate", "firing", labels, urls, T0, expression="a > 1")
    links = dict(links_of(alert))
    assert links["Dashboard"] == "/d/llm-incident?var-endpoint=%2Fa"
    assert links["Log lines"].startswith("/logs?service=demo-app&")
    assert "field.status=error" in links["Log lines"]
    assert links["Traces"].startswith("/traces?service=demo-app&")
    assert "error=true" in links["Traces"]
    assert f"from={(T0 - 900) * 1000:.0f}" in links["Traces"]
    assert links["Expression"] == "/query?expr=a+%3E+1"
    assert dict(links_of(ActiveAlert("StackTargetDown", "firing", {}, {}, T0))) == {}


def test_the_runbook_link_prefers_the_console_over_runbook_url() -> None:
    assert runbook_page("LLMHighErrorRate", {}, "http://x/") == "/runbooks/LLMHighErrorRate"
    about = {"service": "my app", "endpoint": "/a", "model": "m"}
    assert runbook_page("LLMHighErrorRate", about) == "/runbooks/LLMHighErrorRate?service=my+app&model=m"
    assert runbook_page("DiskFull", about, "https://wiki.example/disk") == "https://wiki.example/disk"
    assert runbook_page("DiskFull", {}, "javascript:alert(1)") == ""
