"""The page, the endpoints beside the API, and the metrics endpoint."""

from __future__ import annotations

from demo_live import ANSWER, QUESTION, App, series, tree
from prometheus_client.openmetrics.parser import text_string_to_metric_families


def test_exposition_is_openmetrics(app: App) -> None:
    app.ask()
    parsed = {
        series(sample.name, **sample.labels): sample.value
        for family in text_string_to_metric_families(app.scrape())
        for sample in family.samples
        if sample.labels.get("service") == "demo-app" and not sample.name.endswith(("_bucket", "_sum"))
    }
    assert parsed == app.metrics()


def test_metrics_in_prometheus_text_format_too(app: App) -> None:
    scraped = app.http.get(app.url + "/metrics")
    assert scraped.headers["content-type"].startswith("text/plain")
    assert "llm_requests_total{" in scraped.text


def test_build_info(app: App) -> None:
    assert [name for name in app.metrics() if name.startswith("llm_build_info")] == [
        series("llm_build_info", version="0.1.0", prompt_version="v1")
    ]


def test_scrapes_and_probes_leave_no_spans(app: App) -> None:
    app.metrics()
    app.http.get(app.url + "/healthz")
    app.ask()
    tree(app, ANSWER)
    assert not [span.name for span in app.spans() if "metrics" in span.name or "healthz" in span.name]


def test_the_page_and_its_endpoints_answer(app: App) -> None:
    assert "<html" in app.http.get(app.url + "/").text
    assert app.http.get(app.url + "/api/tenants").json() == ["acme", "globex", "initech"]
    assert QUESTION in app.http.get(app.url + "/api/examples").json()
    assert app.http.get(app.url + "/healthz").json() == {"status": "ok", "index": "ready"}
    assert app.http.get(app.url + "/openapi.json").status_code == 200
