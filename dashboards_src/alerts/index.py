"""The index of all alerts, `prometheus/alerts.json`, for processes that do not import dashboards_src."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dashboards_src.alerts.alert import Alert

INDEX_FILE: Final = "prometheus/alerts.json"
MARK: Final = "GENERATED - DO NOT EDIT. Change dashboards_src/alerts and run `make dashboards`."

_MOST_SEVERE_FIRST: Final = ("critical", "warning", "info")


def index(alerts: Sequence[Alert]) -> dict[str, Any]:
    """Every alert by its name. An alert with rules of several severities is described by the most severe rule."""
    by_name: dict[str, list[Alert]] = {}
    for alert in sorted(alerts, key=lambda one: _MOST_SEVERE_FIRST.index(one.severity)):
        by_name.setdefault(alert.name, []).append(alert)
    return {"generated": MARK, "alerts": {name: _entry(by_name[name]) for name in sorted(by_name)}}


def _entry(rules: Sequence[Alert]) -> dict[str, Any]:
    alert = rules[0]
    return {
        "severities": list(dict.fromkeys(rule.severity for rule in rules)),
        "team": alert.team,
        "summary": alert.summary,
        "dashboard": alert.dashboard,
        "labels": list(alert.labels),
        "scenarios": list(alert.scenarios),
        "evidence": alert.evidence.as_json() if alert.evidence else None,
    }


def generate_index(root: Path, alerts: Sequence[Alert]) -> None:
    path = root / INDEX_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(index(alerts), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
