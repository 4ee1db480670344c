"""Writes a rehearsal as report.html and report.json."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from loadtest.outcome import Outcome
from loadtest.rehearsal import Rehearsal
from loadtest.scenarios import BY_NAME


def write_report(rehearsal: Rehearsal, folder: Path) -> Path:
    """Write both files into `folder`; returns the path of report.html."""
    (folder / "report.json").write_text(json.dumps(as_json(rehearsal), indent=1), encoding="utf-8")
    templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined)
    templates.filters |= {"moment": _moment, "seconds": _seconds, "duration": _duration}
    page = folder / "report.html"
    text = templates.get_template("report.html.j2").render(
        rehearsal=rehearsal, alerts=matrix_columns(rehearsal), cell=cell, scenarios=BY_NAME
    )
    page.write_text(text, encoding="utf-8")
    return page


def as_json(rehearsal: Rehearsal) -> dict[str, Any]:
    """Points in time are Unix seconds, durations seconds."""
    return {
        "scale": rehearsal.scale,
        "started": rehearsal.started,
        "ended": rehearsal.ended,
        "passed": not rehearsal.failures,
        "failures": rehearsal.failures,
        "slowest_firing_s": rehearsal.slowest_firing_s,
        "fires_within_s": rehearsal.fires_within_s,
        "not_run": rehearsal.not_run,
        "scenarios": [
            asdict(outcome) | {"passed": outcome.passed, "failures": outcome.failures} for outcome in rehearsal.outcomes
        ],
    }


def matrix_columns(rehearsal: Rehearsal) -> list[str]:
    names: set[str] = set()
    for outcome in rehearsal.outcomes:
        names |= {alert.alert for alert in outcome.expected} | set(outcome.tolerated) | set(outcome.false_alarms)
    return sorted(names)


def cell(outcome: Outcome, alert: str) -> tuple[str, str, str]:
    """One cell of the matrix: its CSS class, its text (seconds until delivery), and its tooltip."""
    for one in outcome.expected:
        if one.alert == alert:
            if one.times.delivered is None:
                return "missed", "missed", f"{alert}: expected in {outcome.scenario}, not delivered"
            return "expected", f"{one.times.delivered:.0f}", f"{alert}: expected; seconds until delivery"
    if alert in outcome.tolerated:
        why = BY_NAME[outcome.scenario].tolerated.get(alert, "")
        return "tolerated", f"{outcome.tolerated[alert]:.0f}", f"{alert}: tolerated ({why})"
    if alert in outcome.false_alarms:
        return "false", f"{outcome.false_alarms[alert]:.0f}", f"{alert}: false alarm in {outcome.scenario}"
    return "none", "", f"{alert}: did not fire"


def _moment(unix_s: float) -> str:
    return f"{datetime.fromtimestamp(unix_s, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _duration(seconds: float) -> str:
    return f"{seconds // 60:.0f} min {seconds % 60:.0f} s" if seconds >= 60 else f"{seconds:.0f} s"
