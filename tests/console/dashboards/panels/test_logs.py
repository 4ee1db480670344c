"""Proves which fields of a log line a logs panel shows."""

from __future__ import annotations

from sample_dashboards import MARKUP, NOW, data_of, panel_of

from console.dashboards.panels import logs
from stores.logs import LogLine

PANEL = panel_of(
    "logs",
    {"datasource": {"type": "loki"}, "lite": {"logsql": "*", "fields": ["error_type", "latency_ms", "model"]}},
)


def test_a_line_shows_the_panels_fields_and_all_fields_when_it_is_opened() -> None:
    line = LogLine(NOW + 0.25, "llm_call", {"error_type": MARKUP, "latency_ms": 12.5, "cache_hit": False},
                   "a" * 32, "b" * 16, "demo-app", "error", "")  # fmt: skip
    data = data_of(PANEL, [line])
    view = logs.view(data.log_lines[0], logs.selected_fields(data), 0)
    assert view["selected"] == [("error_type", MARKUP), ("latency_ms", "12.5")]
    assert view["time"].endswith(".250")
    assert ("cache_hit", "false") in view["fields"]
    assert view["trace"] == "a" * 32
