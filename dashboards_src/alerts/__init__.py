"""All alerts, and writing the rules files and the index of the alerts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from dashboards_src.alerts import cost, providers, quality, requests, slo, stack
from dashboards_src.alerts.alert import Alert
from dashboards_src.alerts.rules import FOLDERS, RulesFile, render_file
from dashboards_src.config import SCALES, Scale

FILES: Final[tuple[RulesFile, ...]] = (
    requests.FILE,
    cost.FILE,
    cost.HISTORY,
    quality.FILE,
    providers.FILE,
    slo.FILE,
    stack.FILE,
)


def alerts_at(scale: Scale) -> tuple[Alert, ...]:
    return tuple(alert for file in FILES for alert in file.alerts_at(scale))


# Each name once, although an alert can have rules of several severities. Every name has a runbook.
ALERT_NAMES: Final = tuple(dict.fromkeys(alert.name for scale in SCALES for alert in alerts_at(scale)))

INDEX_FILE: Final = "prometheus/alerts.json"  # for processes that do not import dashboards_src
MARK: Final = "GENERATED - DO NOT EDIT. Change dashboards_src/alerts and run `make dashboards`."

_MOST_SEVERE_FIRST: Final = ("critical", "warning", "info")


def generate_rules(root: Path) -> None:
    """Write every rules file at both scales below `root`, and remove files that are no longer generated."""
    for scale in SCALES:
        folder = root / FOLDERS[scale]
        folder.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            (folder / f"{file.stem}.yaml").write_text(render_file(file, scale), encoding="utf-8")
        for path in folder.glob("*.yaml"):
            if path.stem not in {file.stem for file in FILES}:
                path.unlink()


def generate_index(root: Path) -> None:
    """Every alert by its name. An alert with rules of several severities is described by the most severe rule."""
    by_name: dict[str, list[Alert]] = {}
    for alert in sorted(alerts_at("production"), key=lambda one: _MOST_SEVERE_FIRST.index(one.severity)):
        by_name.setdefault(alert.name, []).append(alert)
    index = {"generated": MARK, "alerts": {name: _entry(by_name[name]) for name in sorted(by_name)}}
    path = root / INDEX_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(index, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


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
