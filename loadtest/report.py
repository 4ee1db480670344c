"""The rehearsal as a page and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from loadtest.outcome import Outcome
from loadtest.rehearsal import MOST_OVERSHOOT_S, Rehearsal
from loadtest.scenarios import BY_NAME


def write_report(rehearsal: Rehearsal, folder: Path) -> Path:
    """Write report.html and report.json into `folder`; returns the page."""
    (folder / "report.json").write_text(json.dumps(as_json(rehearsal), indent=1), encoding="utf-8")
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    templates.filters |= {"moment": _moment, "seconds": _seconds, "duration": _duration}
    page = folder / "report.html"
    text = templates.get_template("report.html.j2").render(
        rehearsal=rehearsal,
        alerts=matrix_columns(rehearsal),
        cell=cell,
        scenarios=BY_NAME,
        most_overshoot_s=MOST_OVERSHOOT_S,
    )
    page.write_text(text, encoding="utf-8")
    return page


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """All of it, with what is derived. Times are Unix seconds, durations seconds."""
    return {
        "scale": rehearsal.scale,
        "started": rehearsal.started,
        "ended": rehearsal.ended,
        "passed": not rehearsal.failures,
        "failures": rehearsal.failures,
        "median_overshoot_s": rehearsal.median_overshoot,
        "not_run": rehearsal.not_run,
        "scenarios": [_outcome(one) for one in rehearsal.outcomes],
    }


def matrix_columns(rehearsal: Rehearsal) -> list[str]:
    """Alerts that came, or had to, in any scenario."""
    names: set[str] = set()
    for one in rehearsal.outcomes:
        names |= {alert.alert for alert in one.expected} | set(one.tolerated) | set(one.false_alarms)
    return sorted(names)


def cell(outcome: Outcome, alert: str) -> tuple[str, str, str]:
    """One cell of the matrix: its kind, its text (seconds until delivery), and what it says in words."""
    for one in outcome.expected:
        if one.alert == alert:
            if one.seconds.delivered is None:
                return "missed", "missed", f"{alert} had to come in {outcome.scenario} and did not"
            return "expected", f"{one.seconds.delivered:.0f}", f"{alert}: expected, delivered after this many seconds"
    if alert in outcome.tolerated:
        why = BY_NAME[outcome.scenario].tolerated.get(alert, "")
        return "tolerated", f"{outcome.tolerated[alert]:.0f}", f"{alert}: a consequence ({why})"
    if alert in outcome.false_alarms:
        return "false", f"{outcome.false_alarms[alert]:.0f}", f"{alert}: false alarm in {outcome.scenario}"
    return "none", "", f"{alert}: silent"


def _outcome(one: Outcome) -> dict[str, Any]:
    derived = {"passed": one.passed, "failures": one.failures}
    whole = asdict(one)
    for alert, kept in zip(one.expected, whole["expected"], strict=True):
        kept["seconds"]["overshoot"] = alert.seconds.overshoot
    whole["load"]["was_bottleneck"] = one.load.was_bottleneck
    return whole | derived


def _moment(unix_s: float) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _duration(seconds: float) -> str:
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s" if seconds >= 60 else f"{seconds:.0f} s"
